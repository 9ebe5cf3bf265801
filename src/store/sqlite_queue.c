/*
 * sqlite_queue: what the dispatcher does to messages, in SQLite's SQL.
 *
 * Claims walk the partial index message_waiting in its order, gather, and only then change: a walk must not meet its own changes. Opt-out flag and
 * cap stand on `address` and are looked at and raised by one guarded statement in the same transaction, so no message is claimed after a refusal is
 * committed. Message ids, addresses and attempts grow together: neighbours in the queue are neighbours on disk.
 * Caller: dispatch (store thread).
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_people.h"
#include "move.h"
#include "sqlite.h"

static const char sql_due[] =
    "SELECT m.id, m.address_id, m.attempts, m.segments, m.cause, k.wave_id, k.last_day, p.key_id,"
    " p.blob FROM message m INDEXED BY message_waiting JOIN member k ON k.id = m.member_id"
    " JOIN payload p ON p.message_id = m.id"
    " WHERE m.campaign_id = ?1 AND m.state = 2 AND m.due_at <= ?2"
    " ORDER BY m.due_at, m.id LIMIT ?3";
/* The guard: no refusal of any kind, and below the cap (or nothing counted on this day). */
static const char sql_guard[] =
    "UPDATE address SET cap_count = CASE WHEN cap_day = ?2 THEN cap_count + 1 ELSE 1 END,"
    " cap_day = ?2 WHERE id = ?1 AND optout = 0 AND (?3 = 0 OR cap_day <> ?2 OR cap_count < ?3)";
static const char sql_guard_topic[] =
    "UPDATE address SET cap_count = CASE WHEN cap_day = ?2 THEN cap_count + 1 ELSE 1 END,"
    " cap_day = ?2 WHERE id = ?1 AND optout <> 1 AND (?3 = 0 OR cap_day <> ?2 OR cap_count < ?3)"
    " AND NOT EXISTS (SELECT 1 FROM optout o WHERE o.address_id = ?1 AND o.topic = ?4)";
static const char sql_refuses[] =
    "SELECT optout = 1 OR EXISTS (SELECT 1 FROM optout o WHERE o.address_id = ?1 AND o.topic = ?2)"
    " FROM address WHERE id = ?1";
static const char sql_claim[] =
    "UPDATE message SET state = 3, cause = 0, attempts = attempts + 1 WHERE id = ?1 AND state = 2";
static const char sql_attempt[] = "INSERT INTO attempt (message_id, no, epoch, gateway_id, "
                                  "claimed_at) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char sql_put_off[] =
    "UPDATE message SET due_at = ?2, cause = ?3 WHERE id = ?1 AND state = 2";
static const char sql_settled[] =
    "UPDATE attempt SET handed_at = ?3, settled_at = ?4, class = ?5, code = ?6, provider_id = ?7"
    " WHERE message_id = ?1 AND no = ?2";
static const char sql_uncap[] =
    "UPDATE address SET cap_count = cap_count - 1 WHERE id = ?1 AND cap_count > 0";
static const char sql_final[] =
    "UPDATE message SET state = ?2, cause = ?3 WHERE id = ?1 AND state = 3"
    " RETURNING campaign_id";
static const char sql_again[] =
    "UPDATE message SET state = 2, cause = ?2, due_at = ?3 WHERE id = ?1 AND state = 3"
    " RETURNING campaign_id";
static const char sql_to_release[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " INDEXED BY message_waiting WHERE campaign_id = ?1 AND state = 1 AND due_at <= ?2"
    " ORDER BY due_at, id LIMIT ?3";
static const char sql_to_lapse[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " INDEXED BY message_waiting WHERE campaign_id = ?1 AND state IN (1, 2) AND ?2 = 0 LIMIT ?3";
static const char sql_timed_out[] =
    "SELECT m.id, m.campaign_id, m.address_id, m.state, m.cause, m.attempts FROM message m"
    " JOIN attempt a ON a.message_id = m.id AND a.no = m.attempts"
    " WHERE m.state = 4 AND a.settled_at < ?1 AND ?2 = 0 LIMIT ?3";
static const char sql_depth_due[] = "SELECT count(*) FROM message INDEXED BY message_waiting"
                                    " WHERE campaign_id = ?1 AND state = 2 AND due_at <= ?2";
static const char sql_depth_later[] =
    "SELECT count(*), min(due_at) FROM message INDEXED BY message_waiting"
    " WHERE campaign_id = ?1 AND ((state = 2 AND due_at > ?2) OR state = 1)";
static const char sql_doubtful[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " WHERE state IN (2, 3) AND ?1 = 0 AND ?2 = 0 LIMIT ?3";

/* ---- claim ---- */

struct due {
    struct claimed c;
    int cause;
    bool lapsed;
};

struct claiming {
    struct store *s;
    const struct claim_query *q;
    uint32_t epoch;
    struct claimed *out;
    int64_t n;
    struct claim_stats *stats;
    struct stmt *guard, *guard_topic, *refuses, *claim, *attempt;
};

static int find_due(struct claiming *c, struct arena *a, struct due *d, size_t max, size_t *n,
                    struct err *e)
{
    struct stmt *q = stmt_open(c->s, sql_due, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, c->q->campaign_id);
    stmt_bind_int64(q, 2, c->q->now_ms);
    stmt_bind_int64(q, 3, (int64_t)max);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct due *x = &d[(*n)++];
        size_t len;
        const void *blob = stmt_blob(q, 8, &len);
        *x = (struct due){.c = {.message_id = stmt_int64(q, 0),
                                .campaign_id = c->q->campaign_id,
                                .address_id = stmt_int64(q, 1),
                                .attempt = stmt_int(q, 2) + 1,
                                .segments = stmt_int(q, 3),
                                .wave_id = stmt_int64(q, 5),
                                .key_id = stmt_int64(q, 7),
                                .payload = arena_memdup(a, blob, len),
                                .payload_len = len},
                          .cause = stmt_int(q, 4),
                          .lapsed = !stmt_null(q, 6) && stmt_int(q, 6) < c->q->today};
    }
    return stmt_end(q, rc);
}

static int run_guard(struct claiming *c, struct stmt *st, int64_t address_id, struct err *e)
{
    stmt_bind_int64(st, 1, address_id);
    stmt_bind_int(st, 2, c->q->today);
    stmt_bind_int(st, 3, c->q->cap_per_day);
    if (stmt_run(st, e))
        return -1;
    return stmt_changes(c->s) == 1;
}

/* 1 may go (and is counted), 0 capped, 2 refuses, -1. */
static int admit(struct claiming *c, int64_t address_id, struct err *e)
{
    int rc = run_guard(c, c->guard, address_id, e);
    if (rc != 0)
        return rc;
    stmt_bind_text(c->guard_topic, 4, c->q->topic);
    rc = run_guard(c, c->guard_topic, address_id, e);
    if (rc != 0)
        return rc;
    stmt_bind_int64(c->refuses, 1, address_id);
    stmt_bind_text(c->refuses, 2, c->q->topic);
    rc = stmt_step(c->refuses, e);
    if (rc == 1)
        rc = stmt_int(c->refuses, 0) ? 2 : 0;
    stmt_reset(c->refuses);
    return rc;
}

static int take(struct claiming *c, const struct due *d, struct err *e)
{
    stmt_bind_int64(c->claim, 1, d->c.message_id);
    if (stmt_run(c->claim, e))
        return -1;
    if (stmt_changes(c->s) != 1)
        panic("message %lld changed inside a transaction", (long long)d->c.message_id);
    stmt_bind_int64(c->attempt, 1, d->c.message_id);
    stmt_bind_int(c->attempt, 2, d->c.attempt);
    if (stmt_run(c->attempt, e))
        return -1;
    tally_add(c->s, c->q->campaign_id, MSG_QUEUED, d->cause, -1);
    tally_add(c->s, c->q->campaign_id, MSG_SENDING, CAUSE_NONE, 1);
    c->out[c->n++] = d->c;
    return 0;
}

static int put_off(struct claiming *c, const struct due *d, struct err *e)
{
    struct stmt *st = stmt_open(c->s, sql_put_off, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, d->c.message_id);
    stmt_bind_int64(st, 2, c->q->capped_until_ms);
    stmt_bind_int(st, 3, CAUSE_LIMIT);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    tally_add(c->s, c->q->campaign_id, MSG_QUEUED, d->cause, -1);
    tally_add(c->s, c->q->campaign_id, MSG_QUEUED, CAUSE_LIMIT, 1);
    c->stats->capped++;
    return 0;
}

static int end_waiting(struct claiming *c, const struct due *d, enum msg_input in,
                       enum msg_cause cause, struct err *e)
{
    struct message_row m = {.id = d->c.message_id,
                            .campaign_id = c->q->campaign_id,
                            .address_id = d->c.address_id,
                            .state = MSG_QUEUED,
                            .cause = (enum msg_cause)d->cause};
    return message_move(c->s, &m, in, cause, DUE_AS_IT_IS, e) < 0 ? -1 : 0;
}

static int claim_one(struct claiming *c, const struct due *d, struct err *e)
{
    if (d->lapsed) {
        c->stats->lapsed++;
        return end_waiting(c, d, IN_LAPSE, CAUSE_TIME, e);
    }
    switch (admit(c, d->c.address_id, e)) {
    case 1:
        return take(c, d, e);
    case 0:
        return put_off(c, d, e);
    case 2:
        c->stats->suppressed++;
        return end_waiting(c, d, IN_SUPPRESS, CAUSE_OPTOUT, e);
    default:
        return -1;
    }
}

static int claim_all(struct claiming *c, struct arena *a, struct err *e)
{
    size_t limit = c->q->limit;
    struct due *d = reallocarray(NULL, limit + 1, sizeof *d);
    int rc = 0;

    if (!d)
        panic("out of memory");
    /* Those that were looked at and not claimed leave the front of the queue: look again for the rest. */
    for (size_t n = 1; n > 0 && (size_t)c->n < limit && rc == 0;) {
        size_t wanted = limit - (size_t)c->n;
        n = 0;
        rc = find_due(c, a, d, wanted, &n, e);
        for (size_t i = 0; i < n && rc == 0; i++)
            rc = claim_one(c, &d[i], e);
        if (n < wanted)
            break;
    }
    free(d);
    return rc;
}

static int open_statements(struct claiming *c, struct err *e)
{
    if (!(c->guard = stmt_open(c->s, sql_guard, e)) ||
        !(c->guard_topic = stmt_open(c->s, sql_guard_topic, e)) ||
        !(c->refuses = stmt_open(c->s, sql_refuses, e)) ||
        !(c->claim = stmt_open(c->s, sql_claim, e)) ||
        !(c->attempt = stmt_open(c->s, sql_attempt, e)))
        return -1;
    stmt_bind_int64(c->attempt, 3, c->epoch);
    stmt_bind_int64(c->attempt, 4, c->q->gateway_id);
    stmt_bind_int64(c->attempt, 5, c->q->now_ms);
    return 0;
}

static void close_statements(struct claiming *c)
{
    stmt_close(c->guard);
    stmt_close(c->guard_topic);
    stmt_close(c->refuses);
    stmt_close(c->claim);
    stmt_close(c->attempt);
}

int64_t sqlite_claim(struct store *s, const struct claim_query *q, struct arena *a,
                     struct claimed *out, struct claim_stats *stats, struct err *e)
{
    struct claiming c = {.s = s, .q = q, .out = out, .stats = stats};
    uint32_t tag;
    bool own;

    if (tx_enter(s, &own, e))
        return -1;
    int rc = claims_raise(s, e) || epoch_current(s, &tag, &c.epoch, e) || open_statements(&c, e)
                 ? -1
                 : claim_all(&c, a, e);
    close_statements(&c);
    return tx_leave(s, own, rc, e) ? -1 : c.n;
}

/* ---- settle ---- */

static int by_message(const void *a, const void *b, void *ctx)
{
    const struct settlement *v = ctx;
    int64_t x = v[*(const size_t *)a].message_id, y = v[*(const size_t *)b].message_id;

    return (x > y) - (x < y);
}

struct settling {
    struct store *s;
    struct stmt *final, *again, *settled, *uncap;
};

/* The usual case: the message is still `sending`. 1 moved, 0 it is not, -1. */
static int settle_sending(struct settling *t, const struct settlement *v, struct err *e)
{
    struct msg_step step = message_step(MSG_SENDING, v->input);
    bool again = step.next == MSG_QUEUED;
    struct stmt *st = again ? t->again : t->final;

    if (step.effect != MSG_MOVE)
        panic("a settlement must move what is sending: %s", message_input_name(v->input));
    stmt_bind_int64(st, 1, v->message_id);
    if (again) {
        stmt_bind_int(st, 2, v->cause);
        stmt_bind_int64(st, 3, v->due_ms);
    } else {
        stmt_bind_int(st, 2, step.next);
        stmt_bind_int(st, 3, v->cause);
    }
    int rc = stmt_step(st, e);
    if (rc != 1)
        return rc;
    int64_t campaign_id = stmt_int64(st, 0);
    rc = stmt_step(st, e); /* to the end: only then is it done */
    if (rc < 0)
        return -1;
    tally_add(t->s, campaign_id, MSG_SENDING, CAUSE_NONE, -1);
    tally_add(t->s, campaign_id, step.next, v->cause, 1);
    return 1;
}

/* An early receipt, or a person, was here first: the table decides. */
static int settle_other(struct settling *t, const struct settlement *v, struct err *e)
{
    struct message_row m;
    int rc = message_read(t->s, v->message_id, &m, e);
    if (rc <= 0)
        return rc;
    return message_move(t->s, &m, v->input, v->cause, DUE_AS_IT_IS, e) < 0 ? -1 : 0;
}

static int settle_attempt(struct settling *t, const struct settlement *v, struct err *e)
{
    struct stmt *st = t->settled;

    stmt_bind_int64(st, 1, v->message_id);
    stmt_bind_int(st, 2, v->attempt);
    stmt_bind_int64_or_null(st, 3, v->handed_ms != 0, v->handed_ms);
    stmt_bind_int64(st, 4, v->settled_ms);
    stmt_bind_int64_or_null(st, 5, v->class != 0, v->class);
    stmt_bind_text(st, 6, v->code[0] ? v->code : NULL);
    stmt_bind_text(st, 7, v->provider_id[0] ? v->provider_id : NULL);
    return stmt_run(st, e);
}

static int settle_one(struct settling *t, const struct settlement *v, struct err *e)
{
    int rc = settle_sending(t, v, e);
    if (rc == 0)
        rc = settle_other(t, v, e);
    if (rc < 0 || settle_attempt(t, v, e))
        return -1;
    if (v->give_back_cap) {
        stmt_bind_int64(t->uncap, 1, v->address_id);
        if (stmt_run(t->uncap, e))
            return -1;
    }
    if (!v->learn_optout)
        return 0;
    struct refusal r = {.address_id = v->address_id,
                        .topic = "",
                        .origin = OPTOUT_GATEWAY,
                        .actor = "gateway",
                        .at_ms = v->settled_ms};
    int64_t suppressed = 0;
    return optout_learn(t->s, &r, &suppressed, e) < 0 ? -1 : 0;
}

static int settle_all(struct settling *t, const struct settlement *v, const size_t *order, size_t n,
                      struct err *e)
{
    if (!(t->final = stmt_open(t->s, sql_final, e)) ||
        !(t->again = stmt_open(t->s, sql_again, e)) ||
        !(t->settled = stmt_open(t->s, sql_settled, e)) ||
        !(t->uncap = stmt_open(t->s, sql_uncap, e)))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (settle_one(t, &v[order[i]], e))
            return -1;
    return 0;
}

int sqlite_settle(struct store *s, const struct settlement *v, size_t n, struct err *e)
{
    struct settling t = {.s = s};
    size_t *order = reallocarray(NULL, n + 1, sizeof *order);
    bool own;

    if (!order)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, by_message, (void *)(uintptr_t)v);
    int rc = tx_enter(s, &own, e);
    if (rc == 0) {
        rc = settle_all(&t, v, order, n, e);
        stmt_close(t.final);
        stmt_close(t.again);
        stmt_close(t.settled);
        stmt_close(t.uncap);
        rc = tx_leave(s, own, rc, e);
    }
    free(order);
    return rc;
}

/* ---- the clock's work, and doubt ---- */

int64_t sqlite_release(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                       struct err *e)
{
    return message_move_found(s, sql_to_release, campaign_id, now_ms, max, IN_RELEASE, CAUSE_NONE,
                              DUE_AS_IT_IS, e);
}

int64_t sqlite_lapse(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    return message_move_found(s, sql_to_lapse, campaign_id, 0, max, IN_LAPSE, CAUSE_TIME,
                              DUE_AS_IT_IS, e);
}

int64_t sqlite_receipt_timeout(struct store *s, int64_t before_ms, size_t max, struct err *e)
{
    return message_move_found(s, sql_timed_out, before_ms, 0, max, IN_RECEIPT_TIMEOUT, CAUSE_NONE,
                              DUE_AS_IT_IS, e);
}

int64_t sqlite_doubt_all(struct store *s, size_t max, struct err *e)
{
    return message_move_found(s, sql_doubtful, 0, 0, max, IN_DOUBT, CAUSE_DOUBT, DUE_AS_IT_IS, e);
}

static int depth_of(struct store *s, const char *sql, int64_t campaign_id, int64_t now_ms,
                    int64_t *n, int64_t *next, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int64(q, 2, now_ms);
    int rc = stmt_step(q, e);
    *n = stmt_int64(q, 0);
    if (next)
        *next = stmt_null(q, 1) ? INT64_MAX : stmt_int64(q, 1);
    stmt_close(q);
    return rc == 1 ? 0 : -1;
}

int sqlite_queue_depth(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t *due_now,
                       int64_t *later, int64_t *next_due_ms, struct err *e)
{
    return depth_of(s, sql_depth_due, campaign_id, now_ms, due_now, NULL, e) ||
                   depth_of(s, sql_depth_later, campaign_id, now_ms, later, next_due_ms, e)
               ? -1
               : 0;
}
