/*
 * sqlite_queue: what time does to messages, doubt, and how much waits.
 *
 * What waits or is unknown is found by message_open. What is accepted or sending has no index (it
 * would cost every message two changes of it): it is found by a walk over the messages of those
 * campaigns whose tally says that there is any. Such a walk can last; so it happens outside of any
 * write transaction, and what it found is read again in the transaction that moves it.
 * Caller: dispatch.
 */
#include <stdlib.h>
#include "covers.h"
#include "move.h"
#include "sqlite.h"

static const char sql_to_release[] =
    "SELECT " MESSAGE_ROW ", EXISTS (SELECT 1 FROM response p WHERE " RESPONSE_COVERS_ROW ")"
    " FROM campaign_gateway x CROSS JOIN message m INDEXED BY message_open"
    " ON m.campaign_id = x.campaign_id AND m.state = 1 AND m.route = x.no AND m.due_at <= ?2"
    " CROSS JOIN member k ON k.id = m.member_id CROSS JOIN list_row r ON r.id = k.row_id"
    " WHERE x.campaign_id = ?1 LIMIT ?3";
static const char sql_waiting[] =
    "SELECT " MESSAGE_ROW " FROM message m INDEXED BY message_open WHERE m.campaign_id = ?1"
    " AND m.state IN (1, 2) AND m.due_at IS NOT NULL LIMIT ?2";
static const char sql_accepted_in[] =
    "SELECT min(t.campaign_id) FROM tally t JOIN campaign c ON c.id = t.campaign_id"
    " WHERE t.campaign_id >= ?1 AND t.state = 4 AND t.n > 0 AND c.started_at < ?2";
static const char sql_timed_out[] =
    "SELECT m.id FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN max(w.message_from, ?2) AND w.message_to AND m.campaign_id = w.campaign_id"
    " LEFT JOIN outcome o ON o.id = (m.id << 24) + m.attempts"
    " WHERE w.campaign_id = ?1 AND w.state > 0 AND m.state = 4"
    " AND coalesce(o.settled_at, (SELECT max(received_at) FROM receipt WHERE message_id = m.id), 0)"
    " < ?3"
    " ORDER BY w.no, m.id LIMIT ?4";
static const char sql_queued[] =
    "SELECT " MESSAGE_ROW " FROM campaign c CROSS JOIN message m INDEXED BY message_open"
    " ON m.campaign_id = c.id AND m.state = 2 AND m.due_at IS NOT NULL LIMIT ?1";
static const char sql_planned[] =
    "SELECT " MESSAGE_ROW " FROM campaign_gateway x CROSS JOIN message m INDEXED BY message_open"
    " ON m.campaign_id = x.campaign_id AND m.state = 1 AND m.route = x.no AND m.due_at <= ?2"
    " LIMIT ?1";
static const char sql_sending[] =
    "SELECT m.id FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN w.message_from AND w.message_to AND m.campaign_id = w.campaign_id"
    " WHERE w.campaign_id IN (SELECT campaign_id FROM tally WHERE state = 3 AND n > 0)"
    " AND w.state > 0 AND m.state = 3 LIMIT ?1";
/* Of one route; tally knows no routes. */
static const char sql_depth[] =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM message INDEXED BY message_open"
    "  WHERE campaign_id = ?1 AND state IN (1, 2) AND route = ?4 AND due_at <= ?2 LIMIT ?3)),"
    " (SELECT min(due_at) FROM message INDEXED BY message_open"
    "  WHERE campaign_id = ?1 AND state = 1 AND route = ?4 AND due_at > ?2),"
    " (SELECT min(due_at) FROM message INDEXED BY message_open"
    "  WHERE campaign_id = ?1 AND state = 2 AND route = ?4 AND due_at > ?2)";
static const char sql_depth_later[] =
    "SELECT count(*) FROM message INDEXED BY message_open"
    " WHERE campaign_id = ?1 AND state IN (1, 2) AND route = ?3 AND due_at > ?2";
static const char sql_waits[] =
    "SELECT coalesce(sum(n), 0) FROM tally WHERE campaign_id = ?1 AND state <= 2";
static const char sql_routes[] =
    "SELECT coalesce(max(no), 0) + 1 FROM campaign_gateway WHERE campaign_id = ?1";

/* ---- by the index ---- */

static int64_t release(struct store *s, struct stmt *q, struct err *e)
{
    struct moves mv;
    int rc;
    moves_init(&mv);
    while ((rc = stmt_step(q, e)) == 1) {
        struct message_row m;
        message_row_read(q, &m);
        if (stmt_int(q, MESSAGE_ROW_N))
            moves_add(&mv, &m, IN_SUPPRESS, CAUSE_CLAIMED, 0);
        else
            moves_add(&mv, &m, IN_RELEASE, CAUSE_NONE, m.due_ms);
    }
    int64_t n = (int64_t)mv.n;
    if (stmt_end(q, rc) || moves_flush(s, &mv, e))
        n = -1;
    moves_fini(&mv);
    return n;
}

/* tx_leave for a count. */
static int64_t leave(struct store *s, bool own, int64_t n, struct err *e)
{
    return tx_leave(s, own, n < 0 ? -1 : 0, e) ? -1 : n;
}

int64_t sqlite_release(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                       struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *q = stmt_open(s, sql_to_release, e);
    if (q) {
        stmt_bind_int64(q, 1, campaign_id);
        stmt_bind_int64(q, 2, now_ms);
        stmt_bind_int64(q, 3, (int64_t)max);
    }
    return leave(s, own, q ? release(s, q, e) : -1, e);
}

int64_t sqlite_lapse(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *q = stmt_open(s, sql_waiting, e);
    if (q) {
        stmt_bind_int64(q, 1, campaign_id);
        stmt_bind_int64(q, 2, (int64_t)max);
    }
    return leave(s, own, q ? move_found(s, q, IN_LAPSE, CAUSE_TIME, DUE_AS_IT_IS, e) : -1, e);
}

/* ---- by a walk ---- */

/* The ids that a query gives; closes it. */
static int read_ids(struct stmt *q, int64_t *ids, size_t *n, struct err *e)
{
    int rc;
    for (*n = 0; (rc = stmt_step(q, e)) == 1; ++*n)
        ids[*n] = stmt_int64(q, 0);
    return stmt_end(q, rc);
}

static int64_t *ids_new(size_t max)
{
    int64_t *ids = reallocarray(NULL, max, sizeof *ids);
    if (!ids)
        panic("out of memory");
    return ids;
}

/* Those that are still in `from`. */
static int64_t move_ids(struct store *s, const int64_t *ids, size_t n, enum msg_state from,
                        enum msg_input in, enum msg_cause cause, struct err *e)
{
    struct message_row *m = reallocarray(NULL, n, sizeof *m);
    struct moves mv;
    bool own;
    if (!m)
        panic("out of memory");
    if (tx_enter(s, &own, e)) {
        free(m);
        return -1;
    }
    moves_init(&mv);
    int rc = message_get_all(s, ids, n, m, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (m[i].id && m[i].state == from)
            moves_add(&mv, &m[i], in, cause, 0);
    int64_t moved = (int64_t)mv.n;
    if (rc == 0)
        rc = moves_flush(s, &mv, e);
    moves_fini(&mv);
    free(m);
    return tx_leave(s, own, rc, e) ? -1 : moved;
}

/* 1 and the first campaign from *id on that has accepted messages which may have timed out, 0 none,
 * -1. */
static int next_accepted(struct store *s, int64_t *id, int64_t before_ms, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_accepted_in, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, *id);
    stmt_bind_int64(q, 2, before_ms);
    int rc = stmt_step(q, e);
    if (rc == 1 && stmt_null(q, 0))
        rc = 0;
    if (rc == 1)
        *id = stmt_int64(q, 0);
    stmt_close(q);
    return rc;
}

static int find_timed_out(struct store *s, int64_t before_ms, size_t max, int64_t *ids, size_t *n,
                          struct err *e)
{
    struct stmt *q = stmt_open(s, sql_timed_out, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, s->timeout.campaign_id);
    stmt_bind_int64(q, 2, s->timeout.message_id + 1);
    stmt_bind_int64(q, 3, before_ms);
    stmt_bind_int64(q, 4, (int64_t)max);
    return read_ids(q, ids, n, e);
}

/* A pass goes through the campaigns in turn and remembers where it is, or each chunk would begin
 * anew. */
static int64_t time_out_some(struct store *s, int64_t before_ms, size_t max, int64_t *ids,
                             struct err *e)
{
    int rc;
    for (;;) {
        int64_t campaign_id = s->timeout.campaign_id;
        size_t n = 0;
        if ((rc = next_accepted(s, &campaign_id, before_ms, e)) <= 0)
            break;
        if (campaign_id != s->timeout.campaign_id)
            s->timeout.message_id = 0;
        s->timeout.campaign_id = campaign_id;
        if (find_timed_out(s, before_ms, max, ids, &n, e))
            return -1;
        if (n) {
            int64_t moved = move_ids(s, ids, n, MSG_ACCEPTED, IN_RECEIPT_TIMEOUT, CAUSE_NONE, e);
            if (moved >= 0)
                s->timeout.message_id = ids[n - 1];
            if (moved)
                return moved;
        } else {
            s->timeout.campaign_id++;
            s->timeout.message_id = 0;
        }
    }
    s->timeout.campaign_id = s->timeout.message_id = 0;
    return rc;
}

int64_t sqlite_receipt_timeout(struct store *s, int64_t before_ms, size_t max, struct err *e)
{
    if (s->in_tx && tally_flush(s, e))
        return -1;
    int64_t *ids = ids_new(max);
    int64_t n = time_out_some(s, before_ms, max, ids, e);
    free(ids);
    return n;
}

static int64_t doubt_waiting(struct store *s, const char *sql, int64_t now_ms, size_t max,
                             struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *q = stmt_open(s, sql, e);
    if (q)
        stmt_bind_int64(q, 1, (int64_t)max);
    if (q && sql == sql_planned)
        stmt_bind_int64(q, 2, now_ms);
    return leave(s, own, q ? move_found(s, q, IN_DOUBT, CAUSE_DOUBT, 0, e) : -1, e);
}

static int64_t doubt_sending(struct store *s, size_t max, struct err *e)
{
    if (s->in_tx && tally_flush(s, e))
        return -1;
    struct stmt *q = stmt_open(s, sql_sending, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, (int64_t)max);
    int64_t *ids = ids_new(max);
    size_t n;
    int64_t moved = read_ids(q, ids, &n, e);
    if (moved == 0 && n)
        moved = move_ids(s, ids, n, MSG_SENDING, IN_DOUBT, CAUSE_DOUBT, e);
    free(ids);
    return moved;
}

int64_t sqlite_doubt_all(struct store *s, int64_t now_ms, size_t max, struct err *e)
{
    int64_t n = doubt_waiting(s, sql_queued, now_ms, max, e);
    if (n == 0)
        n = doubt_waiting(s, sql_planned, now_ms, max, e);
    return n == 0 ? doubt_sending(s, max, e) : n;
}

/* ---- how much waits ---- */

static int route_depth(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *next_due_ms, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_depth, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int64(q, 2, now_ms);
    stmt_bind_int64(q, 3, max);
    stmt_bind_int(q, 4, route);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        int64_t planned = stmt_null(q, 1) ? INT64_MAX : stmt_int64(q, 1);
        int64_t queued = stmt_null(q, 2) ? INT64_MAX : stmt_int64(q, 2);
        *due_now = stmt_int64(q, 0);
        *next_due_ms = planned < queued ? planned : queued;
    }
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

static int route_later(struct store *s, int64_t campaign_id, int route, int64_t now_ms,
                       int64_t *later, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_depth_later, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int64(q, 2, now_ms);
    stmt_bind_int(q, 3, route);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *later = stmt_int64(q, 0);
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

int sqlite_route_depth(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e)
{
    if (route_depth(s, campaign_id, route, now_ms, max, due_now, next_due_ms, e))
        return -1;
    return later ? route_later(s, campaign_id, route, now_ms, later, e) : 0;
}

/* The one number that a statement says of a campaign. */
static int ask_number(struct store *s, const char *sql, int64_t campaign_id, int64_t *out,
                      struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *out = stmt_int64(q, 0);
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

int sqlite_queue_depth(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e)
{
    int64_t waits = 0, routes = 1, due, next;
    if (ask_number(s, sql_routes, campaign_id, &routes, e) ||
        (later && s->in_tx && tally_flush(s, e)) ||
        (later && ask_number(s, sql_waits, campaign_id, &waits, e)))
        return -1;
    *due_now = 0;
    *next_due_ms = INT64_MAX;
    for (int64_t i = 0; i < routes; i++) {
        if (route_depth(s, campaign_id, (int)i, now_ms, max - *due_now, &due, &next, e))
            return -1;
        *due_now += due;
        *next_due_ms = next < *next_due_ms ? next : *next_due_ms;
    }
    if (later)
        *later = waits - *due_now;
    return 0;
}
