/*
 * move: see move.h.
 *
 * Invariants: a message stands at most once among the gathered moves (a further input for the
 * message that was added last amends its move); rows were read in the transaction that writes them,
 * so a row count that differs is a defect and panics; due_at is set exactly where the schema's
 * CHECK wants it. Callers: sqlite_claim.c, sqlite_settle.c, sqlite_queue.c, sqlite_report.c,
 * sqlite_freeze.c; people.c (suppress_message).
 */
#include <stdlib.h>
#include "feed.h"
#include "move.h"

#define FEED_FROM 3 /* fewer like moves go one by one */

struct move {
    int64_t id, campaign_id, due_ms;
    uint8_t from, from_cause, to, cause;
};

static const char sql_get[] = "SELECT " MESSAGE_ROW " FROM message m WHERE m.id = ?1";
static const char sql_get_all[] =
    "SELECT " MESSAGE_ROW " FROM feed f LEFT JOIN message m ON m.id = f.c0";
static const char sql_one[] =
    "UPDATE message SET state = ?2, cause = ?3, due_at = ?4 WHERE id = ?5 AND state = ?1";
static const char sql_like[] = "UPDATE message SET state = ?2, cause = ?3, due_at = ?4"
                               " WHERE id IN (SELECT c0 FROM feed) AND state = ?1";

/* ---- reading ---- */

void message_row_read(struct stmt *q, struct message_row *out)
{
    *out = (struct message_row){.id = stmt_int64(q, 0),
                                .campaign_id = stmt_int64(q, 1),
                                .address_id = stmt_int64(q, 2),
                                .state = (enum msg_state)stmt_int(q, 3),
                                .cause = (enum msg_cause)stmt_int(q, 4),
                                .due_ms = stmt_int64(q, 5),
                                .attempts = stmt_int(q, 6)};
}

int message_get(struct store *s, int64_t id, struct message_row *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_get, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        message_row_read(q, out);
    stmt_close(q);
    return rc;
}

static void id_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    (void)column;
    feed_int64(out, ((const int64_t *)f->ctx)[row]);
}

int message_get_all(struct store *s, const int64_t *ids, size_t n, struct message_row *out,
                    struct err *e)
{
    struct feed f = {n, id_cell, ids};
    struct stmt *q = feed_open(s, sql_get_all, &f, e);
    if (!q)
        return -1;
    int rc;
    for (size_t i = 0; (rc = stmt_step(q, e)) == 1; i++)
        message_row_read(q, &out[i]);
    return feed_close(s, q, rc);
}

/* ---- gathering ---- */

void moves_init(struct moves *mv)
{
    *mv = (struct moves){NULL, 0, 0};
}

void moves_fini(struct moves *mv)
{
    free(mv->v);
}

/* The move of this message: the last one, or a new one. */
static struct move *move_of(struct moves *mv, const struct message_row *m)
{
    if (mv->n && mv->v[mv->n - 1].id == m->id)
        return &mv->v[mv->n - 1];
    if (mv->n == mv->cap) {
        mv->cap = mv->cap ? 2 * mv->cap : 64;
        mv->v = reallocarray(mv->v, mv->cap, sizeof *mv->v);
        if (!mv->v)
            panic("out of memory");
    }
    struct move *v = &mv->v[mv->n++];
    *v = (struct move){.id = m->id,
                       .campaign_id = m->campaign_id,
                       .from = (uint8_t)m->state,
                       .from_cause = (uint8_t)m->cause};
    return v;
}

static void move_to(struct moves *mv, struct message_row *m, enum msg_state to,
                    enum msg_cause cause, int64_t due_ms)
{
    struct move *v = move_of(mv, m);
    bool waits = to == MSG_PLANNED || to == MSG_QUEUED;
    v->to = (uint8_t)to;
    v->cause = (uint8_t)cause;
    v->due_ms = waits ? due_ms : 0;
    m->state = to;
    m->cause = cause;
    m->due_ms = v->due_ms;
}

bool moves_add(struct moves *mv, struct message_row *m, enum msg_input in, enum msg_cause cause,
               int64_t due_ms)
{
    struct msg_step step = message_step(m->state, in);
    if (step.effect == MSG_ILLEGAL)
        panic("message %lld is %s: %s is illegal", (long long)m->id, message_state_name(m->state),
              message_input_name(in));
    if (step.effect == MSG_KEEP)
        return false;
    move_to(mv, m, step.next, cause, due_ms);
    return true;
}

void moves_put_off(struct moves *mv, struct message_row *m, enum msg_cause cause, int64_t due_ms)
{
    move_to(mv, m, m->state, cause, due_ms);
}

/* ---- writing ---- */

static int compare(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    int d = (x->from - y->from) * 65536 + (x->to - y->to) * 256 + (x->cause - y->cause);
    if (d == 0)
        d = (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
    return d ? d : (x->id > y->id) - (x->id < y->id);
}

static bool alike(const struct move *x, const struct move *y)
{
    return x->from == y->from && x->to == y->to && x->cause == y->cause && x->due_ms == y->due_ms;
}

static void move_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    (void)column;
    feed_int64(out, ((const struct move *)f->ctx)[row].id);
}

/* due_at is NULL unless the message waits; of an unknown one it only says that it is open. */
static void bind_move(struct stmt *st, const struct move *v)
{
    bool open = v->to == MSG_PLANNED || v->to == MSG_QUEUED || v->to == MSG_UNKNOWN;
    stmt_bind_int(st, 1, v->from);
    stmt_bind_int(st, 2, v->to);
    stmt_bind_int(st, 3, v->cause);
    stmt_bind_int64_or_null(st, 4, open, v->due_ms);
}

static void must_have_moved(struct store *s, const struct move *v, size_t n)
{
    if (stmt_changes(s) != (int64_t)n)
        panic("message %lld or one of the %zu moved with it changed inside a transaction",
              (long long)v->id, n);
}

static int write_like(struct store *s, const struct move *v, size_t n, struct err *e)
{
    struct feed f = {n, move_cell, v};
    struct stmt *st = feed_open(s, sql_like, &f, e);
    if (!st)
        return -1;
    bind_move(st, v);
    if (feed_close(s, st, stmt_run(st, e)))
        return -1;
    must_have_moved(s, v, n);
    return 0;
}

static int write_each(struct store *s, const struct move *v, size_t n, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_one, e);
    if (!st)
        return -1;
    int rc = 0;
    bind_move(st, v);
    for (size_t i = 0; i < n && rc == 0; i++) {
        stmt_bind_int64(st, 5, v[i].id);
        rc = stmt_run(st, e);
        if (rc == 0)
            must_have_moved(s, &v[i], 1);
    }
    return stmt_end(st, rc);
}

int moves_flush(struct store *s, struct moves *mv, struct err *e)
{
    if (!s->in_tx)
        panic("messages moved outside a transaction");
    if (mv->n > 1)
        qsort(mv->v, mv->n, sizeof *mv->v, compare);
    for (size_t i = 0, n; i < mv->n; i += n) {
        const struct move *v = &mv->v[i];
        for (n = 1; i + n < mv->n && alike(v, &v[n]); n++)
            ;
        if (n < FEED_FROM ? write_each(s, v, n, e) : write_like(s, v, n, e))
            return -1;
        for (size_t j = 0; j < n; j++) {
            tally_add(s, v[j].campaign_id, v[j].from, v[j].from_cause, -1);
            tally_add(s, v[j].campaign_id, v[j].to, v[j].cause, 1);
        }
    }
    mv->n = 0;
    return 0;
}

/* ---- in one go ---- */

/* To its end first: a walk must not meet the changes that it causes. */
static int gather(struct moves *mv, struct stmt *q, enum msg_input in, enum msg_cause cause,
                  int64_t due_ms, struct err *e)
{
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct message_row m;
        message_row_read(q, &m);
        moves_add(mv, &m, in, cause, due_ms == DUE_AS_IT_IS ? m.due_ms : due_ms);
    }
    return stmt_end(q, rc);
}

int64_t move_found(struct store *s, struct stmt *q, enum msg_input in, enum msg_cause cause,
                   int64_t due_ms, struct err *e)
{
    struct moves mv;
    moves_init(&mv);
    int64_t n = -1;
    if (gather(&mv, q, in, cause, due_ms, e) == 0) {
        n = (int64_t)mv.n;
        if (moves_flush(s, &mv, e))
            n = -1;
    }
    moves_fini(&mv);
    return n;
}

int suppress_message(struct store *s, int64_t message_id, enum msg_cause cause, struct err *e)
{
    struct message_row m;
    int rc = message_get(s, message_id, &m, e);
    if (rc <= 0 || (m.state != MSG_PLANNED && m.state != MSG_QUEUED))
        return rc < 0 ? -1 : 0;
    struct moves mv;
    moves_init(&mv);
    moves_add(&mv, &m, IN_SUPPRESS, cause, 0);
    rc = moves_flush(s, &mv, e);
    moves_fini(&mv);
    return rc ? -1 : 1;
}
