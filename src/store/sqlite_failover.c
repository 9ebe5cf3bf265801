/*
 * sqlite_failover: messages go over to another gateway of their campaign.
 *
 * Only what waits (queued) is moved, and only its route changes: the state stays, so a claim that
 * looks at that moment finds it in one queue or in the other, never in both; a crash leaves either
 * the old row or the new one. What may have been taken by a gateway is never moved: see sql_due. A
 * pass remembers where it is, because what stays behind is not to be looked at again in each call.
 * Caller: dispatch (store thread).
 */
#include <stdlib.h>
#include "zhanchi/message.h"
#include "feed.h"
#include "internal.h"
#include "sqlite.h"

#define REFUSED_OUTRIGHT "(2, 3, 7)" /* classes RETRY, LIMIT, CONFIG */
/* An attempt that a gateway may have taken. */
#define IN_DOUBT                                                                                   \
    "o.id IS NULL OR (o.handed_at IS NOT NULL AND coalesce(o.class, 0) NOT IN " REFUSED_OUTRIGHT ")"
/* Cause 12: a person sends it again. */
#define DUE                                                                                        \
    "SELECT m.id, m.due_at, coalesce(p.carriers, 0), m.cause = 12 OR (m.attempts > 0 AND EXISTS"   \
    " (SELECT 1 FROM attempt a LEFT JOIN outcome o ON o.id = a.id"                                 \
    "  WHERE a.id BETWEEN (m.id << 24) + 1 AND (m.id << 24) + m.attempts AND (" IN_DOUBT ")))"     \
    " FROM message m INDEXED BY message_open LEFT JOIN payload p ON p.message_id = m.id"           \
    " WHERE m.campaign_id = ?1 AND m.state = 2 AND m.route = ?2"
/* Many are due at the same instant: a pass goes on among them by id. */
static const char sql_due_same[] = DUE " AND m.due_at = ?3 AND m.id > ?4 ORDER BY m.id LIMIT ?5";
static const char sql_due_next[] =
    DUE " AND m.due_at > ?3 AND m.due_at <= ?4 ORDER BY m.due_at, m.id LIMIT ?5";
static const char sql_move[] = "UPDATE message SET route = ?2"
                               " WHERE id IN (SELECT c0 FROM feed) AND state = 2 AND route = ?1";
static const char sql_count[] =
    "INSERT INTO failover (campaign_id, from_no, to_no, n) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n";

struct passing {
    struct store *s;
    const struct failover_query *q;
    struct failover_place *place;
    int64_t *ids[ROUTE_GATEWAYS]; /* by target */
    size_t n[ROUTE_GATEWAYS];
    size_t looked;
};

static void take(struct passing *p, int64_t id, unsigned carriers)
{
    for (int i = 0; i < p->q->n_to; i++) {
        int to = p->q->to[i];
        if (to == p->q->from || (carriers & 1u << to) == 0)
            continue;
        if (!p->ids[to]) {
            p->ids[to] = reallocarray(NULL, p->q->look_max, sizeof *p->ids[to]);
            if (!p->ids[to])
                panic("out of memory");
        }
        p->ids[to][p->n[to]++] = id;
        return;
    }
}

static int look(struct passing *p, const char *sql, int64_t a, int64_t b, struct err *e)
{
    struct stmt *q = stmt_open(p->s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, p->q->campaign_id);
    stmt_bind_int(q, 2, p->q->from);
    stmt_bind_int64(q, 3, a);
    stmt_bind_int64(q, 4, b);
    stmt_bind_int64(q, 5, (int64_t)(p->q->look_max - p->looked));
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        p->place->message_id = stmt_int64(q, 0);
        p->place->due_ms = stmt_int64(q, 1);
        p->looked++;
        if (!stmt_int(q, 3))
            take(p, p->place->message_id, (unsigned)stmt_int64(q, 2));
    }
    return stmt_end(q, rc);
}

static void id_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    (void)column;
    feed_int64(out, ((const int64_t *)f->ctx)[row]);
}

static int count(struct passing *p, int to, struct err *e)
{
    struct stmt *st = stmt_open(p->s, sql_count, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, p->q->campaign_id);
    stmt_bind_int(st, 2, p->q->from);
    stmt_bind_int(st, 3, to);
    stmt_bind_int64(st, 4, (int64_t)p->n[to]);
    return stmt_end(st, stmt_run(st, e));
}

static int move(struct passing *p, int to, struct err *e)
{
    struct feed f = {p->n[to], id_cell, p->ids[to]};
    if (f.n == 0)
        return 0;
    struct stmt *st = feed_open(p->s, sql_move, &f, e);
    if (!st)
        return -1;
    stmt_bind_int(st, 1, p->q->from);
    stmt_bind_int(st, 2, to);
    if (feed_close(p->s, st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(p->s) != (int64_t)f.n)
        panic("a message changed inside a transaction");
    return count(p, to, e);
}

static int pass(struct passing *p, struct err *e)
{
    if (p->place->message_id && look(p, sql_due_same, p->place->due_ms, p->place->message_id, e))
        return -1;
    if (p->looked < p->q->look_max &&
        look(p, sql_due_next, p->place->message_id ? p->place->due_ms : INT64_MIN, p->q->now_ms, e))
        return -1;
    p->place->ended = p->looked < p->q->look_max;
    for (int to = 0; to < ROUTE_GATEWAYS; to++)
        if (move(p, to, e))
            return -1;
    return 0;
}

int sqlite_failover(struct store *s, const struct failover_query *q, struct failover_place *place,
                    int64_t moved[ROUTE_GATEWAYS], struct err *e)
{
    struct failover_place at = *place;
    struct passing p = {.s = s, .q = q, .place = &at};
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = tx_leave(s, own, pass(&p, e), e);
    for (int to = 0; to < ROUTE_GATEWAYS; to++) {
        free(p.ids[to]);
        if (rc == 0)
            moved[to] += (int64_t)p.n[to];
    }
    if (rc == 0)
        *place = at;
    return rc;
}
