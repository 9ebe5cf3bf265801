/*
 * sqlite_join: receipts without a reference of ours meet their attempts by (gateway, provider's id,
 * number).
 *
 * Where a profile reads the provider's id from receipts, settling notes each attempt by it
 * (sqlite_settle.c), and receipts ask here. One that comes before its attempt is settled is parked,
 * in the transaction that takes it off the inbox; every write transaction is alone, so either the
 * receipt finds the attempt, or whoever looks through the parked ones later finds both.
 * A number that is not known here can never have had a message: such a receipt is unmatched at once.
 * Caller: track, serve, dispatch (which gateways join).
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "internal.h"
#include "sqlite.h"

#define CHUNK 1000

enum { JOINS_NO, JOINS_FILLING, JOINS_YES };

static const char sql_joins[] = "SELECT joins FROM gateway WHERE id = ?1";
static const char sql_set_joins[] = "UPDATE gateway SET joins = ?2 WHERE id = ?1";
static const char sql_fill[] =
    "INSERT INTO attempt_provider (gateway_id, provider_id, address_id, attempt_id)"
    " SELECT a.gateway_id, o.provider_id, m.address_id, a.id"
    " FROM (SELECT id, gateway_id, message_id FROM attempt WHERE id > ?1 ORDER BY id LIMIT ?2) a"
    " CROSS JOIN outcome o ON o.id = a.id CROSS JOIN message m ON m.id = a.message_id"
    " WHERE a.gateway_id = ?3 AND o.provider_id IS NOT NULL ON CONFLICT DO NOTHING";
static const char sql_fill_to[] =
    "SELECT max(id) FROM (SELECT id FROM attempt WHERE id > ?1 ORDER BY id LIMIT ?2)";

static const char sql_address_of[] = "SELECT address_id FROM message WHERE id = ?1";
#define WHOSE " FROM attempt_provider WHERE gateway_id = ?1 AND provider_id = ?2"
static const char sql_of_number[] = "SELECT max(attempt_id)" WHOSE " AND address_id = ?3";
static const char sql_of_id[] =
    "SELECT CASE WHEN min(address_id) = max(address_id) THEN max(attempt_id) END" WHOSE;

#define PARKED                                                                                     \
    "p.gateway_id, p.provider_id, p.address_id, p.class, p.pending, p.code, p.part, p.parts,"      \
    " p.optout, p.at, p.received_at"
static const char sql_park[] =
    "INSERT INTO receipt_parked (gateway_id, provider_id, address_id, class, pending, code, part,"
    " parts, optout, at, received_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";
static const char sql_unpark[] =
    "DELETE FROM receipt_parked WHERE gateway_id = ?1 AND provider_id = ?2 AND address_id = ?3"
    " AND class = ?4 AND pending = ?5 AND code = ?6 AND part = ?7";
static const char sql_due[] =
    "SELECT " PARKED " FROM receipt_parked p WHERE p.received_at < ?1"
    " OR (p.address_id <> 0 AND EXISTS (SELECT 1 FROM attempt_provider t"
    "  WHERE t.gateway_id = p.gateway_id AND t.provider_id = p.provider_id"
    "  AND t.address_id = p.address_id))"
    " OR (p.address_id = 0 AND (SELECT min(t.address_id) = max(t.address_id)"
    "  FROM attempt_provider t WHERE t.gateway_id = p.gateway_id"
    "  AND t.provider_id = p.provider_id)) LIMIT ?2";
static const char sql_left[] = "SELECT 1 FROM receipt_parked LIMIT 1";

/* ---- which gateways ---- */

static int set_joins(struct store *s, int64_t gateway_id, int joins, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_set_joins, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, gateway_id);
    stmt_bind_int(st, 2, joins);
    return stmt_end(st, stmt_run(st, e));
}

static int fill_to(struct store *s, int64_t after, size_t n, int64_t *to, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_fill_to, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, after);
    stmt_bind_int64(q, 2, (int64_t)n);
    int rc = stmt_step(q, e);
    *to = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

static int fill_chunk(struct store *s, int64_t gateway_id, int64_t after, size_t n, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_fill, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, after);
    stmt_bind_int64(st, 2, (int64_t)n);
    stmt_bind_int64(st, 3, gateway_id);
    return stmt_end(st, stmt_run(st, e));
}

/* What was settled before settling noted it. */
static int fill(struct store *s, int64_t gateway_id, struct err *e)
{
    for (int64_t after = 0, to;; after = to) {
        size_t n = store_chunk(s);
        if (fill_to(s, after, n, &to, e))
            return -1;
        if (to == 0)
            return set_joins(s, gateway_id, JOINS_YES, e);
        int64_t began_us = clock_mono_us();
        if (fill_chunk(s, gateway_id, after, n, e))
            return -1;
        store_chunk_took(s, n, clock_mono_us() - began_us);
        failpoint("joins_filled_chunk");
    }
}

int sqlite_gateway_joins(struct store *s, int64_t gateway_id, bool joins, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_joins, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, gateway_id);
    int rc = stmt_step(q, e), is = rc == 1 ? stmt_int(q, 0) : JOINS_NO;
    stmt_close(q);
    if (rc < 0)
        return -1;
    if (is == (joins ? JOINS_YES : JOINS_NO))
        return 0;
    if (!joins)
        return set_joins(s, gateway_id, JOINS_NO, e);
    return set_joins(s, gateway_id, JOINS_FILLING, e) ? -1 : fill(s, gateway_id, e);
}

/* ---- whose receipt ---- */

static int address_of(struct store *s, int64_t message_id, int64_t *address_id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_address_of, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, message_id);
    int rc = stmt_step(q, e);
    *address_id = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

/* 1 and the row's message and attempt, 0 none. address_id 0: the id must be one number's. */
static int find_attempt(struct store *s, int64_t gateway_id, const char *provider_id,
                        int64_t address_id, struct receipt_row *row, struct err *e)
{
    struct stmt *q = stmt_open(s, address_id ? sql_of_number : sql_of_id, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, gateway_id);
    stmt_bind_text(q, 2, provider_id);
    if (address_id)
        stmt_bind_int64(q, 3, address_id);
    int rc = stmt_step(q, e);
    int64_t id = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    if (rc < 0)
        return -1;
    row->message_id = id >> ATTEMPT_BITS;
    row->attempt = (int32_t)(id & ATTEMPTS_MAX);
    return id != 0;
}

static int park(struct store *s, const struct provider_receipt *v, int64_t address_id,
                struct err *e)
{
    struct stmt *st = stmt_open(s, sql_park, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, v->gateway_id);
    stmt_bind_text(st, 2, v->provider_id);
    stmt_bind_int64(st, 3, address_id);
    stmt_bind_int(st, 4, (int)v->row.class);
    stmt_bind_int(st, 5, v->row.pending);
    stmt_bind_text(st, 6, v->row.code);
    stmt_bind_int(st, 7, v->row.part);
    stmt_bind_int(st, 8, v->row.parts);
    stmt_bind_int(st, 9, v->row.learn_optout);
    stmt_bind_int64(st, 10, v->row.at_ms);
    stmt_bind_int64(st, 11, v->row.received_ms);
    return stmt_end(st, stmt_run(st, e));
}

/* 1 and *row is whole, 0 parked or unmatched. */
static int join(struct store *s, const struct provider_receipt *v, struct receipt_row *row,
                struct apply_stats *stats, struct err *e)
{
    int64_t address_id = 0, owner = 0;
    int known = v->has_address ? address_find(s, v->address, &address_id, e) : 1;

    *row = v->row;
    if (known < 0)
        return -1;
    if (row->message_id && v->has_address && address_of(s, row->message_id, &owner, e))
        return -1;
    if (row->message_id && (!v->has_address || (known && owner == address_id)))
        return 1;
    int rc = known && v->provider_id[0]
                 ? find_attempt(s, v->gateway_id, v->provider_id, address_id, row, e)
                 : 0;
    if (rc)
        return rc;
    if (!known || !v->provider_id[0] || !v->may_wait) {
        stats->unmatched++;
        return 0;
    }
    if (park(s, v, address_id, e))
        return -1;
    stats->parked += stmt_changes(s);
    return 0;
}

int sqlite_join_receipts(struct store *s, const struct provider_receipt *v, size_t n,
                         struct receipt_row *out, size_t *found, struct apply_stats *stats,
                         struct err *e)
{
    struct apply_stats sum = *stats;
    bool own;
    int rc = 0;
    if (tx_enter(s, &own, e))
        return -1;
    *found = 0;
    for (size_t i = 0; i < n && rc >= 0; i++) {
        rc = join(s, &v[i], &out[*found], &sum, e);
        *found += rc == 1;
    }
    rc = tx_leave(s, own, rc < 0 ? -1 : 0, e);
    if (rc == 0)
        *stats = sum;
    return rc;
}

/* ---- what was parked ---- */

/* Parked receipts that are to be applied or given up, found outside of any transaction: with many
 * that wait this lasts. */
static int find_due(struct store *s, int64_t before_ms, struct provider_receipt *v,
                    int64_t *address_ids, size_t *n, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_due, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, before_ms);
    stmt_bind_int64(q, 2, CHUNK);
    int rc;
    for (*n = 0; (rc = stmt_step(q, e)) == 1; ++*n) {
        struct provider_receipt *p = &v[*n];
        *p = (struct provider_receipt){
            .gateway_id = stmt_int64(q, 0),
            .row = {.gateway_id = stmt_int64(q, 0),
                    .class = (enum msg_class)stmt_int(q, 3),
                    .pending = stmt_int(q, 4) != 0,
                    .part = stmt_int(q, 6),
                    .parts = stmt_int(q, 7),
                    .learn_optout = stmt_int(q, 8) != 0,
                    .at_ms = stmt_int64(q, 9),
                    .received_ms = stmt_int64(q, 10)},
        };
        stmt_copy_text(q, 1, p->provider_id, sizeof p->provider_id);
        stmt_copy_text(q, 5, p->row.code, sizeof p->row.code);
        address_ids[*n] = stmt_int64(q, 2);
    }
    return stmt_end(q, rc);
}

/* 1 it was still there. */
static int unpark(struct store *s, const struct provider_receipt *v, int64_t address_id,
                  struct err *e)
{
    struct stmt *st = stmt_open(s, sql_unpark, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, v->gateway_id);
    stmt_bind_text(st, 2, v->provider_id);
    stmt_bind_int64(st, 3, address_id);
    stmt_bind_int(st, 4, (int)v->row.class);
    stmt_bind_int(st, 5, v->row.pending);
    stmt_bind_text(st, 6, v->row.code);
    stmt_bind_int(st, 7, v->row.part);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    return stmt_changes(s) == 1;
}

static int take_due(struct store *s, const struct provider_receipt *v, const int64_t *address_ids,
                    size_t n, struct receipt_row *rows, size_t *m, struct apply_stats *stats,
                    struct err *e)
{
    *m = 0;
    for (size_t i = 0; i < n; i++) {
        struct receipt_row *row = &rows[*m];
        int there = unpark(s, &v[i], address_ids[i], e);
        if (there < 0)
            return -1;
        if (!there)
            continue;
        *row = v[i].row;
        int rc = find_attempt(s, v[i].gateway_id, v[i].provider_id, address_ids[i], row, e);
        if (rc < 0)
            return -1;
        *m += rc == 1;
        stats->unmatched += rc == 0;
    }
    return sqlite_apply_reports(s, rows, *m, NULL, 0, 0, stats, e);
}

struct due {
    struct provider_receipt v[CHUNK];
    int64_t address_ids[CHUNK];
    struct receipt_row rows[CHUNK];
};

/* What is due in one chunk: how many rows were looked at, and applied. */
static int64_t due_chunk(struct store *s, int64_t before_ms, struct due *d, int64_t *applied,
                         struct apply_stats *stats, struct err *e)
{
    struct apply_stats sum = *stats;
    size_t n, m;
    bool own;
    if (find_due(s, before_ms, d->v, d->address_ids, &n, e))
        return -1;
    if (n == 0)
        return 0;
    if (tx_enter(s, &own, e) ||
        tx_leave(s, own, take_due(s, d->v, d->address_ids, n, d->rows, &m, &sum, e), e))
        return -1;
    *stats = sum;
    *applied += (int64_t)m;
    return (int64_t)n;
}

int64_t sqlite_apply_parked(struct store *s, int64_t before_ms, struct apply_stats *stats,
                            bool *left, struct err *e)
{
    struct due *d = malloc(sizeof *d);
    int64_t applied = 0, n, one;
    if (!d)
        panic("out of memory");
    do
        n = due_chunk(s, before_ms, d, &applied, stats, e);
    while (n > 0);
    free(d);
    int rc = n < 0 ? -1 : stmt_number(s, sql_left, &one, e);
    *left = rc == 1;
    return rc < 0 ? -1 : applied;
}
