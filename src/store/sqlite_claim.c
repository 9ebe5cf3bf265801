/*
 * sqlite_claim: due messages become `sending`.
 *
 * A claim walks message_open in its order (due_at, id), gathers, and only then changes: a walk must
 * not meet its own changes. What it reads of `address` decides who is asked; the guarded statement
 * that raises the day's count asks again, in the same transaction: no refusal, below the cap, and long enough after the last one.
 * So no message is claimed after a refusal is committed. Numbers that have topics of their own to
 * refuse, or that stand twice in one claim, pass the guard one by one.
 *
 * Every message that is looked at leaves the front of the queue: claimed, suppressed, lapsed, or
 * put off because of its number. So the claim looks again until it has what was asked for, or nothing
 * is due, or it has looked at as many as one transaction may.
 * Caller: dispatch (store thread).
 */
#include <stdlib.h>
#include "feed.h"
#include "move.h"
#include "sqlite.h"

static const char sql_due[] =
    "SELECT " MESSAGE_ROW ", m.segments, m.last_day, a.optout, a.cap_day, a.cap_count,"
    " a.claimed_at,"
    " p.wave_id, p.key_id, p.blob FROM message m INDEXED BY message_open"
    " CROSS JOIN address a ON a.id = m.address_id LEFT JOIN payload p ON p.message_id = m.id"
    " WHERE m.campaign_id = ?1 AND m.state = 2 AND m.route = ?4 AND m.due_at <= ?2"
    " ORDER BY m.due_at, m.id LIMIT ?3";
#define GUARD                                                                                      \
    "UPDATE address SET cap_count = CASE WHEN cap_day = ?1 THEN cap_count + 1 ELSE 1 END,"         \
    " cap_day = ?1, claimed_at = ?3 WHERE (?2 = 0 OR cap_day <> ?1 OR cap_count < ?2)"             \
    " AND claimed_at <= ?4"
static const char sql_guard[] = GUARD " AND optout = 0 AND id IN (SELECT c0 FROM feed)";
static const char sql_guard_one[] = GUARD " AND optout = ?6 AND id = ?5";
static const char sql_number[] = "SELECT cap_day, cap_count, claimed_at FROM address WHERE id = ?1";
static const char sql_refuses[] = "SELECT 1 FROM optout WHERE address_id = ?1 AND topic = ?2";
static const char sql_claim[] = "UPDATE message SET state = ?1, cause = 0, due_at = NULL,"
                                " attempts = attempts + 1"
                                " WHERE id IN (SELECT c0 FROM feed) AND state = 2";
static const char sql_attempt[] = "INSERT INTO attempt (id, epoch, gateway_id, claimed_at)"
                                  " SELECT c1, ?1, ?2, ?3 FROM feed";

enum ruling { GO, ASK /* the guard decides on this one alone */, REFUSES, CAPPED, LAPSED };

struct due {
    struct message_row m;
    struct claimed claimed;
    int optout;
    enum ruling ruling;
    int64_t again_ms; /* CAPPED: when the number may be asked again */
};

struct claiming {
    struct store *s;
    const struct claim_query *q;
    struct arena *arena;
    struct due *due; /* of one look */
    size_t n;
    int64_t *numbers; /* scratch: address ids */
    struct claimed *out;
    size_t n_out;
    struct claim_stats stats;
    uint32_t epoch;
};

/* ---- what is due ---- */

/* The last claim after which a number may get one now. */
static int64_t claimed_until(const struct claim_query *q)
{
    return q->number_gap_ms ? q->now_ms - q->number_gap_ms : INT64_MAX;
}

/* What stands in the way of one more to a number, as its row (cap_day, cap_count, claimed_at from
 * column `at` on) says it; *again_ms: when that ends. */
static bool is_capped(const struct claim_query *q, struct stmt *st, int at, int64_t *again_ms)
{
    bool counted = stmt_int(st, at) == q->today;
    if (q->cap_per_day && counted && stmt_int(st, at + 1) >= q->cap_per_day)
        *again_ms = q->capped_until_ms;
    else if (stmt_int64(st, at + 2) > claimed_until(q))
        *again_ms = stmt_int64(st, at + 2) + q->number_gap_ms;
    else
        return false;
    return true;
}

static enum ruling first_ruling(const struct claim_query *q, struct stmt *st, int64_t *again_ms)
{
    int optout = stmt_int(st, MESSAGE_ROW_N + 2);
    if (!stmt_null(st, MESSAGE_ROW_N + 1) && stmt_int(st, MESSAGE_ROW_N + 1) < q->today)
        return LAPSED;
    if (optout == 1)
        return REFUSES;
    if (optout == 2)
        return ASK;
    return is_capped(q, st, MESSAGE_ROW_N + 3, again_ms) ? CAPPED : GO;
}

static void read_due(struct claiming *c, struct stmt *st, struct due *d)
{
    message_row_read(st, &d->m);
    d->optout = stmt_int(st, MESSAGE_ROW_N + 2);
    d->ruling = first_ruling(c->q, st, &d->again_ms);
    d->claimed = (struct claimed){.message_id = d->m.id,
                                  .campaign_id = d->m.campaign_id,
                                  .wave_id = stmt_int64(st, MESSAGE_ROW_N + 6),
                                  .address_id = d->m.address_id,
                                  .attempt = d->m.attempts + 1,
                                  .segments = stmt_int(st, MESSAGE_ROW_N),
                                  .key_id = stmt_int64(st, MESSAGE_ROW_N + 7)};
    if (d->ruling != GO && d->ruling != ASK)
        return;
    const void *blob = stmt_blob(st, MESSAGE_ROW_N + 8, &d->claimed.payload_len);
    d->claimed.payload = blob ? arena_memdup(c->arena, blob, d->claimed.payload_len) : NULL;
}

static int find_due(struct claiming *c, size_t max, struct err *e)
{
    struct stmt *st = stmt_open(c->s, sql_due, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, c->q->campaign_id);
    stmt_bind_int64(st, 2, c->q->now_ms);
    stmt_bind_int64(st, 3, (int64_t)max);
    stmt_bind_int(st, 4, c->q->route);
    int rc;
    for (c->n = 0; (rc = stmt_step(st, e)) == 1; c->n++)
        read_due(c, st, &c->due[c->n]);
    return stmt_end(st, rc);
}

/* ---- numbers: refusals and caps ---- */

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of a number that is there twice, every message must be asked for alone, in the order of the
 * queue. */
static void set_apart_shared(struct claiming *c)
{
    size_t n = 0;
    bool ascending = true;
    for (size_t i = 0; i < c->n; i++) {
        if (c->due[i].ruling != GO)
            continue;
        c->numbers[n++] = c->due[i].m.address_id;
        ascending = ascending && (n == 1 || c->numbers[n - 2] < c->numbers[n - 1]);
    }
    if (ascending)
        return;
    qsort(c->numbers, n, sizeof *c->numbers, by_number);
    size_t shared = 0;
    for (size_t i = 1; i < n; i++)
        if (c->numbers[i] == c->numbers[i - 1])
            c->numbers[shared++] = c->numbers[i];
    for (size_t i = 0; shared && i < c->n; i++)
        if (c->due[i].ruling == GO &&
            bsearch(&c->due[i].m.address_id, c->numbers, shared, sizeof *c->numbers, by_number))
            c->due[i].ruling = ASK;
}

static void number_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    (void)column;
    feed_int64(out, ((const int64_t *)f->ctx)[row]);
}

static void bind_guard(const struct claiming *c, struct stmt *st)
{
    stmt_bind_int(st, 1, c->q->today);
    stmt_bind_int(st, 2, c->q->cap_per_day);
    stmt_bind_int64(st, 3, c->q->now_ms);
    stmt_bind_int64(st, 4, claimed_until(c->q));
}

/* All that may simply go, at once. */
static int guard_many(struct claiming *c, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->due[i].ruling == GO)
            c->numbers[n++] = c->due[i].m.address_id;
    if (n == 0)
        return 0;
    struct feed f = {n, number_cell, c->numbers};
    struct stmt *st = feed_open(c->s, sql_guard, &f, e);
    if (!st)
        return -1;
    bind_guard(c, st);
    if (feed_close(c->s, st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(c->s) != (int64_t)n)
        panic("a number refused or was capped inside a transaction");
    return 0;
}

static int refuses_topic(struct claiming *c, int64_t address_id, struct err *e)
{
    struct stmt *st = stmt_open(c->s, sql_refuses, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, address_id);
    stmt_bind_text(st, 2, c->q->topic);
    int rc = stmt_step(st, e);
    stmt_close(st);
    return rc;
}

/* The guard let this one not go: why, and until when. */
static int read_number(struct claiming *c, struct due *d, struct err *e)
{
    struct stmt *st = stmt_open(c->s, sql_number, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, d->m.address_id);
    int rc = stmt_step(st, e);
    if (rc == 1 && !is_capped(c->q, st, 0, &d->again_ms))
        panic("a number that is not capped was not claimed");
    return stmt_end(st, rc);
}

static int guard_one(struct claiming *c, struct due *d, struct err *e)
{
    if (d->optout == 2) {
        int rc = refuses_topic(c, d->m.address_id, e);
        if (rc == 1)
            d->ruling = REFUSES;
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    struct stmt *st = stmt_open(c->s, sql_guard_one, e);
    if (!st)
        return -1;
    bind_guard(c, st);
    stmt_bind_int64(st, 5, d->m.address_id);
    stmt_bind_int(st, 6, d->optout);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    d->ruling = stmt_changes(c->s) == 1 ? GO : CAPPED;
    return d->ruling == GO ? 0 : read_number(c, d, e);
}

static int guard(struct claiming *c, struct err *e)
{
    set_apart_shared(c);
    if (guard_many(c, e))
        return -1;
    for (size_t i = 0; i < c->n; i++)
        if (c->due[i].ruling == ASK && guard_one(c, &c->due[i], e))
            return -1;
    return 0;
}

/* ---- writing ---- */

static void claimed_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct claimed *v = &((const struct claimed *)f->ctx)[row];
    feed_int64(out, column == 0 ? v->message_id : attempt_id(v->message_id, v->attempt));
}

static int write_claimed(struct claiming *c, size_t from, struct err *e)
{
    struct feed f = {c->n_out - from, claimed_cell, c->out + from};
    struct msg_step step = message_step(MSG_QUEUED, IN_CLAIM);
    if (f.n == 0)
        return 0;
    struct stmt *st = feed_open(c->s, sql_claim, &f, e);
    if (!st)
        return -1;
    stmt_bind_int(st, 1, (int)step.next);
    if (feed_close(c->s, st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(c->s) != (int64_t)f.n)
        panic("a message changed inside a transaction");
    st = feed_open(c->s, sql_attempt, &f, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, c->epoch);
    stmt_bind_int64(st, 2, c->q->gateway_id);
    stmt_bind_int64(st, 3, c->q->now_ms);
    return feed_close(c->s, st, stmt_run(st, e));
}

/* Out of the queue, or to its end. */
static void turn_away(struct claiming *c, struct moves *mv, struct due *d)
{
    int64_t next = d->again_ms > c->q->now_ms ? d->again_ms : c->q->now_ms + 1;
    switch (d->ruling) {
    case REFUSES:
        moves_add(mv, &d->m, IN_SUPPRESS, CAUSE_OPTOUT, 0);
        c->stats.suppressed++;
        break;
    case LAPSED:
        moves_add(mv, &d->m, IN_LAPSE, CAUSE_TIME, 0);
        c->stats.lapsed++;
        break;
    default:
        moves_put_off(mv, &d->m, CAUSE_LIMIT, next);
        c->stats.capped++;
    }
}

static int write_all(struct claiming *c, struct err *e)
{
    struct moves mv;
    size_t from = c->n_out;
    moves_init(&mv);
    for (size_t i = 0; i < c->n; i++) {
        struct due *d = &c->due[i];
        if (d->ruling != GO) {
            turn_away(c, &mv, d);
            continue;
        }
        if (attempt_id(d->m.id, d->claimed.attempt) == 0)
            panic("message %lld has been tried %d times", (long long)d->m.id, d->m.attempts);
        c->out[c->n_out++] = d->claimed;
        tally_add(c->s, d->m.campaign_id, MSG_QUEUED, (int)d->m.cause, -1);
        tally_add(c->s, d->m.campaign_id, MSG_SENDING, CAUSE_NONE, 1);
    }
    int rc = write_claimed(c, from, e);
    if (rc == 0)
        rc = moves_flush(c->s, &mv, e);
    moves_fini(&mv);
    return rc;
}

/* ---- the claim ---- */

static int claim(struct claiming *c, struct err *e)
{
    uint32_t tag;
    size_t wanted, left = c->q->look_max ? c->q->look_max : CLAIM_LOOK_MAX;
    do {
        c->stats.more = false;
        wanted = c->q->limit - c->n_out < left ? c->q->limit - c->n_out : left;
        if (find_due(c, wanted, e))
            return -1;
        if (c->n == 0)
            return 0;
        left -= c->n;
        c->stats.looked += (int64_t)c->n;
        if (claims_raise(c->s, e) || epoch_current(c->s, &tag, &c->epoch, e) || guard(c, e) ||
            write_all(c, e))
            return -1;
        c->stats.more = c->n == wanted && c->n_out < c->q->limit;
    } while (c->stats.more && left > 0);
    return 0;
}

int64_t sqlite_claim(struct store *s, const struct claim_query *q, struct arena *a,
                     struct claimed *out, struct claim_stats *stats, struct err *e)
{
    struct claiming c = {.s = s, .q = q, .arena = a, .out = out, .stats = *stats};
    bool own;
    if (q->limit == 0)
        return 0;
    if (tx_enter(s, &own, e))
        return -1;
    c.due = reallocarray(NULL, q->limit, sizeof *c.due);
    c.numbers = reallocarray(NULL, q->limit, sizeof *c.numbers);
    if (!c.due || !c.numbers)
        panic("out of memory");
    int rc = tx_leave(s, own, claim(&c, e), e);
    free(c.due);
    free(c.numbers);
    if (rc)
        return -1;
    *stats = c.stats;
    return (int64_t)c.n_out;
}
