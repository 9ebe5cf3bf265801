/*
 * held: a row of a list as it stands in the store -> the cells of a row again, so that a repaired
 * value goes through the same reading (rows.c) as a file's. Of a row that was taken these are the
 * cleaned texts, of one that was not the cells as they were read.
 *
 * Called by fix.c and repair.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "internal.h"

int jobs_lock(struct store *s, int *fd, struct err *e)
{
    int64_t removed = 0;

    if (store_lock_jobs(s, fd, e))
        return -1;
    if (store_sweep(s, &removed, e)) {
        close(*fd);
        return -1;
    }
    if (removed > 0)
        log_info("intake", "removed what %lld interrupted jobs had left", (long long)removed);
    return 0;
}

struct stored_row *stored_new(const struct list_info *l, struct err *e)
{
    struct stored_row *r = calloc(1, sizeof *r);

    if (!r)
        panic("out of memory");
    buf_init(&r->plain, SEALED_MAX + 64);
    if (columns_parse(l->columns, &r->columns, e)) {
        stored_free(r);
        return NULL;
    }
    return r;
}

void stored_free(struct stored_row *r)
{
    if (!r)
        return;
    json_free(r->json);
    buf_fini(&r->plain);
    free(r);
}

static const char *text_of(const struct stored_row *r, const char *key)
{
    char tmp[40];
    const struct json *text = key[0] != '\0' ? json_get(r->json, key) : NULL;

    return text && json_type_of(text) == J_STRING ? json_text(text, tmp) : "";
}

static void fill_cells(struct stored_row *r)
{
    for (size_t i = 0; i < r->columns.n; i++) {
        enum column_field f = r->columns.col[i].field;
        const char *text =
            text_of(r, f == COLUMN_EXTRA ? r->columns.col[i].header : column_field_name(f));
        r->cells[i] = (struct table_cell){text, strlen(text)};
    }
    r->row.cells = r->cells;
    r->row.n_cells = r->columns.n;
}

/* sealed NULL: nothing was kept; that is no error. */
static int unseal(struct stored_row *r, struct keyring *k, enum seal_place place, int64_t id,
                  const void *sealed, size_t len, struct err *e)
{
    json_free(r->json);
    r->json = NULL;
    buf_reset(&r->plain);
    r->row.n_cells = 0;
    r->kept = sealed != NULL;
    plan_init(&r->plan, &r->columns);
    if (!r->kept)
        return 0;
    if (keyring_unseal(k, r->key_id, place, id, r->revision, sealed, len, &r->plain, e) != 0 ||
        !(r->json = json_parse(buf_cstr(&r->plain), r->plain.len, e)))
        return err_prefix(e, "line %lld of the list", (long long)r->row.line);
    fill_cells(r);
    return 0;
}

int stored_held(struct stored_row *r, struct keyring *k, const struct list_held *h, struct err *e)
{
    r->row.line = h->line;
    r->id = 0;
    r->revision = h->revision;
    r->state = h->state;
    r->key_id = h->key_id;
    if (unseal(r, k, SEAL_HELD, h->line, h->sealed, h->sealed_len, e))
        return -1;
    const char *day = r->kept ? text_of(r, column_field_name(COLUMN_MONTHS_DAY)) : "";
    if (r->plan.at[COLUMN_MONTHS_DAY] < 0 && day[0] != '\0')
        (void)civil_parse(day, strlen(day), &r->plan.months_day);
    return 0;
}

static int stored_taken(struct stored_row *r, struct keyring *k, const struct list_row *row,
                        struct err *e)
{
    r->row.line = row->line;
    r->id = row->id;
    r->revision = row->revision;
    r->state = HELD_TAKEN;
    r->key_id = row->key_id;
    if (unseal(r, k, SEAL_ROW, row->id, row->sealed, row->sealed_len, e))
        return -1;
    r->plan.months_in_years = false; /* cleaned: it says months */
    r->plan.months_day = row->months_day;
    return 0;
}

int stored_load(struct stored_row *r, struct store *s, struct keyring *k, int64_t list_id,
                int64_t line, struct err *e)
{
    struct list_held h;
    struct list_row row;
    int rc = store_held_at(s, list_id, line, &h, e);

    if (rc < 0 || (rc == 1 && h.state == HELD_DROPPED))
        return rc < 0 ? -1 : 0;
    if (rc == 1 && (h.state == HELD_REVIEW || h.state == HELD_REJECTED))
        return stored_held(r, k, &h, e) ? -1 : 1;
    rc = store_list_row_at(s, list_id, line, &row, e);
    if (rc <= 0)
        return rc;
    return stored_taken(r, k, &row, e) ? -1 : 1;
}
