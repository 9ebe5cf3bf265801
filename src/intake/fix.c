/*
 * fix: what people do about single rows: a new value, acceptance, removal; and the rejects file of a
 * list at any time. Contracts: intake.h.
 *
 * A changed row is read again as a whole, by the rules of an import; it is taken, or (if it was not
 * taken before and another cell is still bad) held in its new revision. Each act and its record are one
 * transaction under the lock of jobs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/store.h"
#include "internal.h"

struct fixing {
    struct store *store;
    struct keyring *keyring;
    const struct list_info *list;
    const struct intake_fix *fix;
    struct intake_fixed *result;
    struct stored_row *stored;
    struct reading reading;
    int column; /* that gets a new value, or -1 */
};

/* ---- which row, which column ---- */

static int no_row(const struct list_info *l, int64_t line, struct err *e)
{
    return err_set(e, ERR_NOINPUT,
                   "lines count from 1 as in the file; see `zhanchi list review` and `zhanchi list "
                   "rejects`",
                   "line %lld of list %s is no row, or was dropped", (long long)line, l->name);
}

static void headers_of(const struct columns *c, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->n && n < cap; i++)
        if (c->col[i].header[0] != '\0')
            n += (size_t)snprintf(out + n, cap - n, "%s%s", n > 0 ? ", " : "", c->col[i].header);
}

/* A header, or a field's name. */
static int find_column(struct fixing *x, struct err *e)
{
    const struct columns *c = &x->stored->columns;
    char headers[256];

    x->column = -1;
    if (!x->fix->column)
        return 0;
    for (size_t i = 0; i < c->n && x->column < 0; i++)
        if (c->col[i].header[0] != '\0' && strcmp(c->col[i].header, x->fix->column) == 0)
            x->column = (int)i;
    for (size_t i = 0; i < c->n && x->column < 0; i++)
        if (c->col[i].field != COLUMN_EXTRA &&
            strcmp(column_field_name(c->col[i].field), x->fix->column) == 0)
            x->column = (int)i;
    headers_of(c, headers, sizeof headers);
    return x->column >= 0 ? 0
                          : err_set(e, ERR_USAGE, headers, "list %s has no column %.60s",
                                    x->list->name, x->fix->column);
}

static int refuse_whole(void *ctx, const struct list_reject *r)
{
    bool *whole = ctx;

    *whole = *whole || strncmp(r->reason, "row-", 4) == 0;
    return 0;
}

/* Where nobody can tell which cell is which, one cell is no repair. */
static int check_cells(struct fixing *x, struct err *e)
{
    bool whole = !x->stored->kept;

    if (x->stored->id == 0 &&
        store_held_reasons(x->store, x->list->id, x->fix->line, refuse_whole, &whole, e))
        return -1;
    if (!whole)
        return 0;
    return err_set(e, ERR_DATA,
                   "repair the line in the rejects file and bring it in with `zhanchi list import "
                   "FILE --into L`",
                   "line %lld of list %s cannot be repaired cell by cell", (long long)x->fix->line,
                   x->list->name);
}

static int load(struct fixing *x, struct err *e)
{
    int rc = stored_load(x->stored, x->store, x->keyring, x->list->id, x->fix->line, e);

    if (rc == 0)
        return no_row(x->list, x->fix->line, e);
    if (rc < 0 || check_cells(x, e) || find_column(x, e))
        return -1;
    if (x->fix->accept && x->stored->state != HELD_REVIEW)
        return err_set(e, ERR_DATA, "give a new value for --column instead",
                       "line %lld of list %s does not wait for a decision", (long long)x->fix->line,
                       x->list->name);
    return 0;
}

/* ---- reading it again ---- */

static const struct list_reject *against(const struct reading *r, int column)
{
    for (size_t i = 0; i < r->n_rejects; i++)
        if (column < 0 || r->rejects[i].column == column + 1)
            return &r->rejects[i];
    return NULL;
}

static int refuse_value(const struct fixing *x, const struct list_reject *r, struct err *e)
{
    if (!r)
        return err_set(e, ERR_DATA, "take the row out with `zhanchi list drop`",
                       "line %lld would be empty, or a total", (long long)x->fix->line);
    return err_set(e, ERR_DATA, intake_reason_remedy(r->reason), "line %lld%s%s: %s",
                   (long long)x->fix->line, r->header[0] != '\0' ? ", column " : "", r->header,
                   intake_reason_text(r->reason));
}

/* The new value itself must be good; so must all others, where the row was taken already or a person
 * accepts it as it is. */
static int read_again(struct fixing *x, enum row_outcome *outcome, struct err *e)
{
    struct stored_row *r = x->stored;

    if (x->column >= 0) {
        r->cells[x->column] = (struct table_cell){x->fix->value, strlen(x->fix->value)};
        if (x->column == r->plan.at[COLUMN_MONTHS])
            r->plan.months_in_years = strstr(r->columns.col[x->column].header, "年限") != NULL;
    }
    /* What stood in a row that was taken has been accepted before. */
    r->plan.accept = x->fix->accept || r->id != 0;
    r->plan.accept_not = x->column;
    *outcome = row_read(&r->plan, &r->row, &x->reading);
    if (*outcome == ROW_TAKEN)
        return 0;
    bool strict = r->id != 0 || x->fix->accept || *outcome == ROW_SKIPPED;
    const struct list_reject *bad = against(&x->reading, strict ? -1 : x->column);
    return bad || *outcome == ROW_SKIPPED ? refuse_value(x, bad, e) : 0;
}

/* ---- storing ---- */

int stored_take(struct stored_row *r, struct store *s, struct keyring *k, const struct list_info *l,
                const struct reading *reading, int64_t *suppressed, struct err *e)
{
    struct sealer *sealer = sealer_new(k, &r->plan, l->key_id);
    struct list_row row;
    struct buf blob;
    int64_t id;

    buf_init(&blob, SEALED_MAX + 64);
    int rc = store_list_row_ids(s, 1, &id, e);
    if (rc == 0)
        rc = sealer_row(sealer, &r->row, reading, id, r->revision + 1, &row, &blob, e);
    if (rc == 1)
        rc = err_set(e, ERR_DATA, "shorten it", "line %lld is too long to be kept",
                     (long long)r->row.line);
    if (rc == 0) {
        row.sealed = buf_cstr(&blob);
        rc = store_row_revise(s, l->id, &row, r->id, suppressed, e);
    }
    buf_fini(&blob);
    sealer_free(sealer);
    return rc;
}

static int store_held(struct fixing *x, enum row_outcome outcome, struct err *e)
{
    struct sealer *sealer = sealer_new(x->keyring, &x->stored->plan, x->list->key_id);
    struct list_held h;
    struct buf blob;

    buf_init(&blob, SEALED_MAX + 64);
    int rc =
        sealer_held(sealer, &x->stored->row, x->fix->line, x->stored->revision + 1, &h, &blob, e);
    h.state = outcome == ROW_HELD ? HELD_REVIEW : HELD_REJECTED;
    h.sealed = h.sealed_len > 0 ? buf_cstr(&blob) : NULL;
    if (rc == 0)
        rc = store_row_hold(x->store, x->list->id, &h, x->reading.rejects, x->reading.n_rejects, e);
    buf_fini(&blob);
    sealer_free(sealer);
    return rc;
}

static int put(struct fixing *x, enum row_outcome outcome, struct err *e)
{
    return outcome == ROW_TAKEN ? stored_take(x->stored, x->store, x->keyring, x->list, &x->reading,
                                              &x->result->suppressed, e)
                                : store_held(x, outcome, e);
}

/* In a transaction with the act's record. */
static int change(struct fixing *x, enum row_outcome outcome, struct err *e)
{
    struct intake_fixed *r = x->result;

    r->taken = outcome == ROW_TAKEN;
    r->revision = x->stored->revision + 1;
    if (x->column >= 0)
        memcpy(r->column, x->stored->columns.col[x->column].header, sizeof r->column);
    r->n_rejects = x->reading.n_rejects;
    memcpy(r->rejects, x->reading.rejects, r->n_rejects * sizeof r->rejects[0]);
    if (store_begin(x->store, e))
        return -1;
    if (put(x, outcome, e) == 0 && (!x->fix->record || x->fix->record(x->fix->ctx, r, e) == 0))
        return store_commit(x->store, e);
    store_rollback(x->store);
    return -1;
}

static int fix_locked(struct fixing *x, struct err *e)
{
    enum row_outcome outcome;

    return load(x, e) || read_again(x, &outcome, e) || change(x, outcome, e) ? -1 : 0;
}

int intake_fix(struct store *s, struct keyring *k, const struct list_info *l,
               const struct intake_fix *f, struct intake_fixed *r, struct err *e)
{
    struct fixing x = {
        .store = s, .keyring = k, .list = l, .fix = f, .result = r, .stored = stored_new(l, e)};
    int fd;

    memset(r, 0, sizeof *r);
    r->line = f->line;
    if (!x.stored)
        return -1;
    reading_init(&x.reading);
    int rc = jobs_lock(s, &fd, e);
    if (rc == 0) {
        rc = fix_locked(&x, e);
        close(fd);
    }
    reading_fini(&x.reading);
    stored_free(x.stored);
    return rc;
}

/* ---- dropping ---- */

static int drop_locked(struct store *s, const struct list_info *l, const struct intake_fix *f,
                       struct intake_fixed *r, struct err *e)
{
    if (store_begin(s, e))
        return -1;
    int rc = store_row_drop(s, l->id, f->line, &r->suppressed, e);
    if (rc == 0)
        rc = no_row(l, f->line, e);
    if (rc > 0 && (!f->record || f->record(f->ctx, r, e) == 0))
        return store_commit(s, e);
    store_rollback(s);
    return -1;
}

int intake_drop(struct store *s, const struct list_info *l, const struct intake_fix *f,
                struct intake_fixed *r, struct err *e)
{
    int fd;

    memset(r, 0, sizeof *r);
    r->line = f->line;
    if (jobs_lock(s, &fd, e))
        return -1;
    int rc = drop_locked(s, l, f, r, e);
    close(fd);
    return rc;
}

/* ---- the rejects file ---- */

struct writing {
    struct store *store;
    struct keyring *keyring;
    const struct list_info *list;
    struct stored_row *stored;
    struct reject_file *file;
    struct list_reject reasons[COLUMN_FIELDS + 2];
    size_t n_reasons;
    int64_t rows;
    struct err *e;
};

static int gather(void *ctx, const struct list_reject *r)
{
    struct writing *w = ctx;

    if (w->n_reasons < sizeof w->reasons / sizeof w->reasons[0])
        w->reasons[w->n_reasons++] = *r;
    return 0;
}

static int write_row(void *ctx, const struct list_held *h)
{
    struct writing *w = ctx;

    w->n_reasons = 0;
    w->rows++;
    if (stored_held(w->stored, w->keyring, h, w->e) ||
        store_held_reasons(w->store, w->list->id, h->line, gather, w, w->e))
        return -1;
    return rejects_add(w->file, &w->stored->row, w->reasons, w->n_reasons, w->e);
}

static int write_all(struct writing *w, const struct intake_rejects *o, struct err *e)
{
    if (rejects_open(o->path, o->translate, &w->stored->columns, &w->file, e))
        return -1;
    int rc = store_held_each(w->store, w->list->id, write_row, w, e);
    if (rc == 0 && o->record)
        rc = o->record(o->ctx, w->rows, e);
    if (rc == 0)
        rc = rejects_finish(w->file, e);
    rejects_close(w->file);
    return rc;
}

int intake_rejects(struct store *s, struct keyring *k, const struct list_info *l,
                   const struct intake_rejects *o, struct err *e)
{
    struct writing *w = calloc(1, sizeof *w);

    if (!w)
        panic("out of memory");
    *w = (struct writing){.store = s, .keyring = k, .list = l, .stored = stored_new(l, e), .e = e};
    int rc = w->stored ? write_all(w, o, e) : -1;
    stored_free(w->stored);
    free(w);
    return rc;
}
