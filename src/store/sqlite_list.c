/*
 * sqlite_list: the rows of a list, in and out, in chunks.
 *
 * In: ids of persons and addresses come from sqlite_resolve.c; then list_row and list_row_sealed
 * grow at their ends, and the index over (list, person) nearly so, because ids of persons follow
 * first appearance. Out: by that same index, whole persons only.
 * Callers: intake (import, screening), campaign by way of candidates.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/failpoint.h"
#include "feed.h"
#include "internal.h"
#include "listcols.h"
#include "sqlite.h"

#define SLICE 8192 /* rows resolved at once; bounds the memory of a call */

static const char sql_rows[] =
    "INSERT INTO list_row (id, list_id, line, revision, person_id, address_id, region, "
    "employer_id, "
    "occupation, level,"
    " issued_day, months, months_day, benefit, email_id, people_group)"
    " SELECT c0, ?1, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c13, c14, c15, c16 FROM feed";
static const char sql_sealed[] =
    "INSERT INTO list_row_sealed (row_id, key_id, blob) SELECT c0, c11, c12 FROM feed";
static const char sql_reject[] =
    "INSERT INTO list_reject (list_id, line, column_no, header, reason, masked)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
static const char sql_scan[] =
    "SELECT " LIST_ROW_COLUMNS " FROM list_row r"
    " JOIN person p ON p.id = r.person_id JOIN address a ON a.id = r.address_id"
    " LEFT JOIN list_row_sealed x ON x.row_id = r.id"
    " WHERE r.list_id = ?1 AND r.person_id > ?2 AND r.current = 1"
    " ORDER BY r.person_id, r.id";

/* ---- in ---- */

struct rows {
    const struct list_row *rows;
    const int64_t *person_ids, *address_ids, *email_ids, *employer_ids;
};

static void row_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct rows *rows = f->ctx;
    const struct list_row *r = &rows->rows[row];
    switch (column) {
    case 0:
        feed_int64(out, r->id);
        break;
    case 1:
        feed_int64(out, r->line);
        break;
    case 2:
        feed_int64(out, r->revision);
        break;
    case 3:
        feed_int64(out, rows->person_ids[row]);
        break;
    case 4:
        feed_int64(out, rows->address_ids[row]);
        break;
    case 5:
        feed_text(out, r->region);
        break;
    case 6:
        if (rows->employer_ids[row] != 0)
            feed_int64(out, rows->employer_ids[row]);
        break;
    case 7:
        feed_blob(out, r->has_occupation ? r->occupation : NULL, KEYRING_HASH_BYTES);
        break;
    case 8:
        feed_int64(out, r->level);
        break;
    case 9:
        if (r->issued_day != CIVIL_NONE)
            feed_int64(out, r->issued_day);
        break;
    case 10:
        if (r->months >= 0)
            feed_int64(out, r->months);
        break;
    case 11:
        feed_int64(out, r->key_id);
        break;
    case 12:
        feed_blob(out, r->sealed, r->sealed_len);
        break;
    case 13:
        if (r->months >= 0 && r->months_day != CIVIL_NONE)
            feed_int64(out, r->months_day);
        break;
    case 14:
        feed_int64(out, r->benefit);
        break;
    case 15:
        if (rows->email_ids[row] != 0)
            feed_int64(out, rows->email_ids[row]);
        break;
    case 16:
        feed_blob(out, r->has_group ? r->group : NULL, KEYRING_HASH_BYTES);
        break;
    }
}

static int put_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                    const int64_t *ids, size_t slice, struct err *e)
{
    struct rows ctx = {rows, ids, ids + slice, ids + 2 * slice, ids + 3 * slice};
    struct feed f = {n, row_cell, &ctx};
    return feed_run(s, sql_rows, &f, list_id, e) || feed_run(s, sql_sealed, &f, 0, e) ? -1 : 0;
}

/* In the open transaction. */
static int put_slices(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                      struct err *e)
{
    size_t slice = n < SLICE ? n : SLICE; /* persons, numbers, mail addresses, employers */
    int64_t *ids = reallocarray(NULL, 4 * slice, sizeof *ids);
    if (!ids)
        panic("out of memory");
    int rc = 0;
    for (size_t done = 0; done < n && rc == 0;) {
        size_t part = n - done < SLICE ? n - done : SLICE;
        if (resolver_room(s, list_id, part, e) ||
            resolver_rows(s, list_id, rows + done, part, slice, ids, e) ||
            put_rows(s, list_id, rows + done, part, ids, slice, e))
            rc = -1;
        done += part;
    }
    free(ids);
    return rc;
}

int sqlite_list_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                     struct err *e)
{
    if (n == 0)
        return 0;
    /* A run of its own transactions, before ours begins. */
    if (resolver_room(s, list_id, n < SLICE ? n : SLICE, e))
        return -1;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = put_slices(s, list_id, rows, n, e);
    failpoint("list_rows");
    return tx_leave(s, own, rc, e);
}

int sqlite_list_flush(struct store *s, int64_t list_id, struct err *e)
{
    int rc = resolver_flush(s, list_id, e);
    resolver_drop(s);
    return rc;
}

static int put_reject(struct stmt *put, const struct list_reject *r, struct err *e)
{
    stmt_bind_int64(put, 2, r->line);
    stmt_bind_int(put, 3, r->column);
    stmt_bind_text(put, 4, r->header);
    stmt_bind_text(put, 5, r->reason);
    stmt_bind_text(put, 6, r->masked);
    return stmt_run(put, e);
}

int sqlite_list_rejects(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                        struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *put = stmt_open(s, sql_reject, e);
    int rc = put ? 0 : -1;
    if (put)
        stmt_bind_int64(put, 1, list_id);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = put_reject(put, &r[i], e);
    stmt_close(put);
    return tx_leave(s, own, rc, e);
}

/* ---- out ---- */

int sqlite_list_scan(struct store *s, int64_t list_id, int64_t after_person, size_t max,
                     list_row_each each, void *ctx, int64_t *last, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_scan, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, after_person);
    int64_t person = 0;
    size_t n = 0;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct list_row row;
        list_row_read(q, 0, &row);
        if (row.person_id != person && n >= max)
            break;
        person = row.person_id;
        n++;
        int stop = each(ctx, &row);
        if (stop) {
            rc = stop < 0 ? -1 : 1;
            break;
        }
    }
    *last = rc == 1 ? person : 0;
    return stmt_end(q, rc);
}
