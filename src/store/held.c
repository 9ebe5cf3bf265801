/*
 * held: rows that were not taken, and what people do about rows. Contract: store_held.h.
 *
 * Invariants: at a line the revisions of list_held and list_row are one chain; the newest of
 * list_held is the one that is not `replaced`; at most one list_row of a line is current, and none
 * while its held row is open (review, rejected). An act changes a row, its reasons, the list's counters
 * and the messages that wait in one transaction, the caller's.
 * Callers: intake.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/message.h"
#include "zhanchi/store_held.h"
#include "internal.h"
#include "listcols.h"

#define OPEN "state IN (1, 2)"

static const char sql_put[] = "INSERT INTO list_held (list_id, line, revision, state, key_id, blob)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_at[] = "SELECT line, revision, state, key_id, blob FROM list_held"
                             " WHERE list_id = ?1 AND line = ?2 AND state <> 5";
static const char sql_first[] = "SELECT line, revision, state, key_id, blob FROM list_held"
                                " WHERE list_id = ?1 AND line = ?2 ORDER BY revision LIMIT 1";
static const char sql_each[] = "SELECT line, revision, state, key_id, blob FROM list_held"
                               " WHERE list_id = ?1 AND " OPEN " ORDER BY line";
static const char sql_reasons_at[] =
    "SELECT line, column_no, header, reason, masked FROM list_reject"
    " WHERE list_id = ?1 AND line = ?2 AND closed = 0 ORDER BY column_no";
static const char sql_reasons_review[] =
    "SELECT r.line, r.column_no, r.header, r.reason, r.masked FROM list_held h"
    " CROSS JOIN list_reject r ON r.list_id = h.list_id AND r.line = h.line AND r.closed = 0"
    " WHERE h.list_id = ?1 AND h.state = 1 ORDER BY r.line, r.column_no";

static const char sql_loading[] = "SELECT id FROM list WHERE state = 0";
static const char sql_settle[] =
    "UPDATE list_held SET state = ?3 WHERE list_id = ?1 AND line = ?2 AND " OPEN;
static const char sql_close[] =
    "UPDATE list_reject SET closed = 1 WHERE list_id = ?1 AND line = ?2 AND closed = 0";
static const char sql_reason[] =
    "INSERT INTO list_reject (list_id, line, column_no, header, reason, masked)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET masked = excluded.masked, closed = "
    "0";
static const char sql_retire[] =
    "UPDATE list_row SET current = 0 WHERE id = ?1 AND list_id = ?2 AND current = 1";
static const char sql_row[] =
    "INSERT INTO list_row (id, list_id, line, revision, person_id, address_id, region, employer_id,"
    " occupation, level, issued_day, months, months_day, benefit, email_id,"
    " people_group)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
static const char sql_sealed[] =
    "INSERT INTO list_row_sealed (row_id, key_id, blob) VALUES (?1, ?2, ?3)";
static const char sql_counters[] = "UPDATE list SET rows = rows + ?2, rejects = rejects + ?3,"
                                   " changed = changed + ?4 WHERE id = ?1";
static const char sql_members[] =
    "SELECT m.id FROM list_row r CROSS JOIN member k ON k.person_id = r.person_id"
    " AND k.row_id = r.id CROSS JOIN message m ON m.member_id = k.id"
    " WHERE r.id = ?1 AND m.state IN (1, 2)";
static const char sql_current[] =
    "SELECT id FROM list_row WHERE list_id = ?1 AND line = ?2 AND current = 1";
static const char sql_known[] =
    "SELECT 1 FROM list_row WHERE list_id = ?1 AND person_id = ?2 AND current = 1"
    " AND occupation IS ?3 AND level = ?4 AND issued_day IS ?5 LIMIT 1";
static const char sql_last_line[] =
    "SELECT max(coalesce((SELECT max(line) FROM list_row WHERE list_id = ?1), 1),"
    " coalesce((SELECT max(line) FROM list_held WHERE list_id = ?1), 1))";

/* ---- rows that were not taken ---- */

static int put(struct stmt *st, const struct list_held *h, struct err *e)
{
    stmt_bind_int64(st, 2, h->line);
    stmt_bind_int(st, 3, h->revision);
    stmt_bind_int(st, 4, (int)h->state);
    stmt_bind_int64(st, 5, h->key_id);
    stmt_bind_blob(st, 6, h->sealed, h->sealed_len);
    return stmt_run(st, e);
}

int store_held_put(struct store *s, int64_t list_id, const struct list_held *h, size_t n,
                   struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *st = stmt_open(s, sql_put, e);
    int rc = st ? 0 : -1;
    if (st)
        stmt_bind_int64(st, 1, list_id);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = put(st, &h[i], e);
    stmt_close(st);
    return tx_leave(s, own, rc, e);
}

static struct list_held held_read(struct stmt *q)
{
    struct list_held h = {.line = stmt_int64(q, 0),
                          .revision = stmt_int(q, 1),
                          .state = (enum held_state)stmt_int(q, 2),
                          .key_id = stmt_int64(q, 3)};
    h.sealed = stmt_blob(q, 4, &h.sealed_len);
    if (h.sealed_len == 0)
        h.sealed = NULL;
    return h;
}

static int one_at(struct store *s, const char *sql, int64_t list_id, int64_t line,
                  struct list_held *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, line);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        *out = held_read(q);
        out->sealed = sealed_keep(s, out->sealed, out->sealed_len);
    }
    stmt_close(q);
    return rc;
}

int store_held_at(struct store *s, int64_t list_id, int64_t line, struct list_held *out,
                  struct err *e)
{
    return one_at(s, sql_at, list_id, line, out, e);
}

int store_held_first(struct store *s, int64_t list_id, int64_t line, struct list_held *out,
                     struct err *e)
{
    return one_at(s, sql_first, list_id, line, out, e);
}

int store_held_each(struct store *s, int64_t list_id,
                    int (*each)(void *ctx, const struct list_held *h), void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_each, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct list_held h = held_read(q);
        if ((rc = each(ctx, &h)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_held_reasons(struct store *s, int64_t list_id, int64_t line,
                       int (*each)(void *ctx, const struct list_reject *r), void *ctx,
                       struct err *e)
{
    struct stmt *q = stmt_open(s, line ? sql_reasons_at : sql_reasons_review, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    if (line)
        stmt_bind_int64(q, 2, line);
    return list_rejects_read(q, each, ctx, e);
}

/* ---- acts ---- */

static int begin_act(struct store *s, struct err *e)
{
    int64_t loading;
    if (!s->in_tx)
        panic("a row changed outside a transaction");
    int rc = stmt_number(s, sql_loading, &loading, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "wait until that import has ended",
                       "a list is being imported into %s, or its import was interrupted", s->path);
    return rc;
}

static int at_line(struct store *s, const char *sql, int64_t list_id, int64_t line, int state,
                   struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, list_id);
    stmt_bind_int64(st, 2, line);
    if (state)
        stmt_bind_int(st, 3, state);
    return stmt_end(st, stmt_run(st, e));
}

static int count(struct store *s, int64_t list_id, int rows, int rejects, int changed,
                 struct err *e)
{
    struct stmt *st = stmt_open(s, sql_counters, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, list_id);
    stmt_bind_int(st, 2, rows);
    stmt_bind_int(st, 3, rejects);
    stmt_bind_int(st, 4, changed);
    return stmt_end(st, stmt_run(st, e));
}

/* The open held row of a line ends in `state`; *was: what it was before, 0 if there is none. */
static int settle(struct store *s, int64_t list_id, int64_t line, enum held_state state, int *was,
                  struct err *e)
{
    struct list_held h;
    int rc = store_held_at(s, list_id, line, &h, e);
    *was = rc == 1 && (h.state == HELD_REVIEW || h.state == HELD_REJECTED) ? (int)h.state : 0;
    if (rc < 0 || (*was && (at_line(s, sql_settle, list_id, line, (int)state, e) ||
                            at_line(s, sql_close, list_id, line, 0, e))))
        return -1;
    return 0;
}

/* Messages that wait for members who were frozen with this row; to its end first: a walk must not
 * meet the changes that it causes. */
static int suppress_members(struct store *s, int64_t row_id, int64_t *suppressed, struct err *e)
{
    struct buf ids;
    struct stmt *q = stmt_open(s, sql_members, e);
    if (!q)
        return -1;
    buf_init(&ids, 1 << 20);
    stmt_bind_int64(q, 1, row_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        int64_t id = stmt_int64(q, 0);
        if (buf_add(&ids, &id, sizeof id))
            panic("one row is in more than 100,000 campaigns");
    }
    rc = stmt_end(q, rc);
    for (size_t i = 0; i < ids.len && rc == 0; i += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + i, sizeof id);
        int done = suppress_message(s, id, CAUSE_ROW_CHANGED, e);
        rc = done < 0 ? -1 : 0;
        *suppressed += done > 0;
    }
    buf_fini(&ids);
    return rc;
}

static int retire(struct store *s, int64_t list_id, int64_t row_id, int64_t *suppressed,
                  struct err *e)
{
    struct stmt *st = stmt_open(s, sql_retire, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, row_id);
    stmt_bind_int64(st, 2, list_id);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) != 1)
        panic("row %lld is not the current one", (long long)row_id);
    return suppress_members(s, row_id, suppressed, e);
}

static int insert_sealed(struct store *s, const struct list_row *r, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_sealed, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, r->id);
    stmt_bind_int64(st, 2, r->key_id);
    stmt_bind_blob(st, 3, r->sealed, r->sealed_len);
    return stmt_end(st, stmt_run(st, e));
}

struct resolved {
    int64_t person, address, email, employer;
};

static int resolve(struct store *s, const struct list_row *r, struct resolved *out, struct err *e)
{
    *out = (struct resolved){0};
    if (person_make(s, r->person_kind, r->person, &out->person, e) < 0 ||
        address_make(s, r->address, &out->address, e) < 0 ||
        (r->has_email && address_make(s, r->email, &out->email, e) < 0) ||
        (r->has_employer && employer_make(s, r->employer, &out->employer, e) < 0))
        return -1;
    return 0;
}

static int insert_row(struct store *s, int64_t list_id, const struct list_row *r, struct err *e)
{
    struct resolved ids;
    if (resolve(s, r, &ids, e))
        return -1;
    struct stmt *st = stmt_open(s, sql_row, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, r->id);
    stmt_bind_int64(st, 2, list_id);
    stmt_bind_int64(st, 3, r->line);
    stmt_bind_int(st, 4, r->revision);
    stmt_bind_int64(st, 5, ids.person);
    stmt_bind_int64(st, 6, ids.address);
    stmt_bind_text(st, 7, r->region);
    stmt_bind_int64_or_null(st, 8, ids.employer != 0, ids.employer);
    stmt_bind_blob(st, 9, r->has_occupation ? r->occupation : NULL, KEYRING_HASH_BYTES);
    stmt_bind_int(st, 10, r->level);
    stmt_bind_int64_or_null(st, 11, r->issued_day != CIVIL_NONE, r->issued_day);
    stmt_bind_int64_or_null(st, 12, r->months >= 0, r->months);
    stmt_bind_int64_or_null(st, 13, r->months >= 0 && r->months_day != CIVIL_NONE, r->months_day);
    stmt_bind_int(st, 14, r->benefit);
    stmt_bind_int64_or_null(st, 15, ids.email != 0, ids.email);
    stmt_bind_blob(st, 16, r->has_group ? r->group : NULL, KEYRING_HASH_BYTES);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    return insert_sealed(s, r, e);
}

int store_row_revise(struct store *s, int64_t list_id, const struct list_row *row, int64_t old_id,
                     int64_t *suppressed, struct err *e)
{
    int was;
    if (begin_act(s, e) || settle(s, list_id, row->line, HELD_TAKEN, &was, e) ||
        (old_id && retire(s, list_id, old_id, suppressed, e)) || insert_row(s, list_id, row, e))
        return -1;
    return count(s, list_id, old_id == 0, was == HELD_REJECTED ? -1 : 0, 1, e);
}

static int put_reasons(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                       struct err *e)
{
    struct stmt *st = stmt_open(s, sql_reason, e);
    int rc = st ? 0 : -1;
    for (size_t i = 0; i < n && rc == 0; i++) {
        stmt_bind_int64(st, 1, list_id);
        stmt_bind_int64(st, 2, r[i].line);
        stmt_bind_int(st, 3, r[i].column);
        stmt_bind_text(st, 4, r[i].header);
        stmt_bind_text(st, 5, r[i].reason);
        stmt_bind_text(st, 6, r[i].masked);
        rc = stmt_run(st, e);
    }
    stmt_close(st);
    return rc;
}

int store_row_hold(struct store *s, int64_t list_id, const struct list_held *h,
                   const struct list_reject *r, size_t n, struct err *e)
{
    int was;
    if (begin_act(s, e) || settle(s, list_id, h->line, HELD_REPLACED, &was, e) ||
        store_held_put(s, list_id, h, 1, e) || put_reasons(s, list_id, r, n, e))
        return -1;
    return count(s, list_id, 0, (h->state == HELD_REJECTED) - (was == HELD_REJECTED), 0, e);
}

int store_row_drop(struct store *s, int64_t list_id, int64_t line, int64_t *suppressed,
                   struct err *e)
{
    int64_t row_id;
    int was;
    if (begin_act(s, e) || settle(s, list_id, line, HELD_DROPPED, &was, e))
        return -1;
    if (was)
        return count(s, list_id, 0, was == HELD_REJECTED ? -1 : 0, 0, e) ? -1 : 1;
    struct stmt *q = stmt_open(s, sql_current, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, line);
    int rc = stmt_step(q, e);
    row_id = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    if (rc <= 0)
        return rc;
    return retire(s, list_id, row_id, suppressed, e) || count(s, list_id, -1, 0, 1, e) ? -1 : 1;
}

int store_row_known(struct store *s, int64_t list_id, const struct list_row *row, struct err *e)
{
    int64_t person;
    int rc = person_find(s, row->person_kind, row->person, &person, e);
    if (rc <= 0)
        return rc;
    struct stmt *q = stmt_open(s, sql_known, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, person);
    stmt_bind_blob(q, 3, row->has_occupation ? row->occupation : NULL, KEYRING_HASH_BYTES);
    stmt_bind_int(q, 4, row->level);
    stmt_bind_int64_or_null(q, 5, row->issued_day != CIVIL_NONE, row->issued_day);
    rc = stmt_step(q, e);
    stmt_close(q);
    return rc;
}

int store_list_last_line(struct store *s, int64_t list_id, int64_t *line, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_last_line, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc = stmt_step(q, e);
    *line = rc == 1 ? stmt_int64(q, 0) : 0;
    return stmt_end(q, rc);
}
