/*
 * sqlite_settle: what came of attempts, and of those whose dispatcher died.
 *
 * A settlement speaks of one attempt. Where that is the message's newest one, the state table
 * decides what becomes of the message: mostly it is still `sending`; an early receipt may have
 * moved it already. An older attempt's result is recorded and moves nothing. Settlements are sorted
 * by message, so that neighbours are written together, and like ones go in one statement (move.h).
 *
 * An attempt that the dispatcher held back, let expire or gave up (IN_UNCLAIM) is undone: its row
 * goes, and its number is given again, because nobody outside has seen it. So attempts are what was
 * tried, and a gateway that is slower than claims live does not make rows for ever. One that could
 * not be reached was tried: its number is used up, and the pauses grow.
 *
 * Recovery is settling too: the marks of the dead dispatcher say what each message in `sending` is
 * to be settled with. A crash in here is harmless: the marks stay until every chunk is committed.
 * Caller: dispatch.
 */
#include <stdlib.h>
#include "zhanchi/store_people.h"
#include "feed.h"
#include "move.h"
#include "sqlite.h"

#define RECOVER_CHUNK 2000

static const char sql_outcome[] =
    "INSERT INTO outcome (id, handed_at, settled_at, class, code, provider_id)"
    " SELECT c0, c1, c2, c3, c4, c5 FROM feed WHERE true ON CONFLICT DO NOTHING";
/* A whole request's numbers often bear one id of the provider's; receipts then name it and the
 * number (sqlite_join.c). */
static const char sql_joins[] = "SELECT 1 FROM gateway WHERE joins > 0";
static const char sql_provider[] =
    "INSERT INTO attempt_provider (gateway_id, provider_id, address_id, attempt_id)"
    " SELECT a.gateway_id, f.c5, m.address_id, a.id FROM feed f"
    " CROSS JOIN attempt a ON a.id = f.c0 CROSS JOIN gateway g ON g.id = a.gateway_id"
    " CROSS JOIN message m ON m.id = a.message_id"
    " WHERE f.c5 IS NOT NULL AND g.joins > 0 ON CONFLICT DO NOTHING";
/* Of the day on which the claim counted: by midnight the count may be another day's. A number that
 * was claimed for nothing has no gap to keep. */
static const char sql_give_back[] =
    "UPDATE address SET cap_count = cap_count - (cap_count > 0 AND cap_day ="
    "  (t.claimed_at + c.zone_min * 60000) / 86400000),"
    " claimed_at = iif(address.claimed_at = t.claimed_at, 0, address.claimed_at)"
    " FROM attempt t CROSS JOIN campaign c WHERE address.id = ?1 AND t.id = ?2 AND c.id = ?3";
static const char sql_campaign[] = "SELECT state FROM campaign WHERE id = ?1";
static const char sql_undo[] =
    "UPDATE message SET attempts = attempts - 1 WHERE id IN (SELECT c0 FROM feed)";
static const char sql_undo_attempt[] = "DELETE FROM attempt WHERE id IN (SELECT c1 FROM feed)";
/* Only a dispatcher that died leaves any, so there is no index of them; the tally says where to
 * look. */
static const char sql_sending[] =
    "SELECT " MESSAGE_ROW ", t.claimed_at FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN w.message_from AND w.message_to AND m.campaign_id = w.campaign_id"
    " LEFT JOIN attempt t ON t.id = (m.id << 24) + m.attempts"
    " WHERE w.campaign_id IN (SELECT campaign_id FROM tally WHERE state = 3 AND n > 0)"
    " AND w.state > 0 AND m.state = 3";

/* ---- settle ---- */

struct settling {
    struct store *s;
    const struct settlement **v; /* by message */
    size_t n;
    int64_t *ids;
    struct message_row *m; /* of each, as it is after its settlement */
    bool *gave_back;       /* went back to the queue and was not counted after all */
    const struct settlement **undone, **recorded; /* each is one of the two */
    size_t n_undone, n_recorded;
    int64_t campaign_id; /* asked for last */
    bool cancelled;
    struct moves moves;
};

static int by_message(const void *a, const void *b)
{
    const struct settlement *x = *(const struct settlement *const *)a;
    const struct settlement *y = *(const struct settlement *const *)b;
    if (x->message_id != y->message_id)
        return x->message_id > y->message_id ? 1 : -1;
    if (x->attempt != y->attempt)
        return x->attempt > y->attempt ? 1 : -1;
    return (x > y) - (x < y);
}

/* What is to be recovered was found before this transaction: a receipt may have come in between. */
static bool too_late(const struct settlement *v, const struct message_row *m)
{
    return (v->input == IN_RECOVER_HANDED || v->input == IN_RECOVER_CLEAN) &&
           m->state != MSG_SENDING;
}

/* 1, 0, -1 */
static int is_cancelled(struct settling *z, int64_t campaign_id, struct err *e)
{
    if (campaign_id == z->campaign_id)
        return z->cancelled;
    struct stmt *q = stmt_open(z->s, sql_campaign, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    int rc = stmt_step(q, e);
    z->campaign_id = campaign_id;
    z->cancelled = rc == 1 && stmt_int(q, 0) == CAMPAIGN_CANCELLED;
    stmt_close(q);
    return rc < 0 ? -1 : z->cancelled;
}

/* While it was on its way its campaign may have been cancelled: nobody would look at it again. */
static int cancel_too(struct settling *z, struct message_row *m, struct err *e)
{
    int cancelled = m->state == MSG_QUEUED ? is_cancelled(z, m->campaign_id, e) : 0;
    if (cancelled == 1)
        moves_add(&z->moves, m, IN_CANCEL, CAUSE_PERSON, 0);
    return cancelled < 0 ? -1 : 0;
}

static int decide(struct settling *z, struct err *e)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct settlement *v = z->v[i];
        struct message_row *m = &z->m[i];
        if (i && z->ids[i] == z->ids[i - 1])
            *m = z->m[i - 1];
        z->gave_back[i] = false;
        bool newest = m->id != 0 && v->attempt == m->attempts && !too_late(v, m);
        bool moved = newest && moves_add(&z->moves, m, v->input, v->cause, v->due_ms);
        z->gave_back[i] = moved && m->state == MSG_QUEUED && v->give_back_cap;
        if (moved && v->input == IN_UNCLAIM) {
            m->attempts--;
            z->undone[z->n_undone++] = v;
        } else {
            z->recorded[z->n_recorded++] = v;
        }
        if (moved && cancel_too(z, m, e))
            return -1;
    }
    return 0;
}

static void outcome_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct settlement *v = ((const struct settlement *const *)f->ctx)[row];
    if (column == 0)
        feed_int64(out, attempt_id(v->message_id, v->attempt));
    else if (column == 1 && v->handed_ms)
        feed_int64(out, v->handed_ms);
    else if (column == 2)
        feed_int64(out, v->settled_ms);
    else if (column == 3 && v->class)
        feed_int64(out, v->class);
    else if (column == 4 && v->code[0])
        feed_text(out, v->code);
    else if (column == 5 && v->provider_id[0])
        feed_text(out, v->provider_id);
}

static void undone_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct settlement *v = ((const struct settlement *const *)f->ctx)[row];
    feed_int64(out, column == 0 ? v->message_id : attempt_id(v->message_id, v->attempt));
}

static int undo(struct settling *z, struct err *e)
{
    struct feed f = {z->n_undone, undone_cell, z->undone};
    if (f.n == 0)
        return 0;
    if (feed_run(z->s, sql_undo, &f, 0, e))
        return -1;
    if (stmt_changes(z->s) != (int64_t)f.n)
        panic("an attempt vanished inside a transaction");
    return feed_run(z->s, sql_undo_attempt, &f, 0, e);
}

static int give_back(struct settling *z, const struct settlement *v, int64_t campaign_id,
                     struct err *e)
{
    struct stmt *st = stmt_open(z->s, sql_give_back, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, v->address_id);
    stmt_bind_int64(st, 2, attempt_id(v->message_id, v->attempt));
    stmt_bind_int64(st, 3, campaign_id);
    return stmt_end(st, stmt_run(st, e));
}

static int learn(struct settling *z, const struct settlement *v, struct err *e)
{
    struct refusal r = {.address_id = v->address_id,
                        .topic = "",
                        .origin = OPTOUT_GATEWAY,
                        .actor = "gateway",
                        .at_ms = v->settled_ms};
    int64_t suppressed = 0;
    return optout_learn(z->s, &r, &suppressed, e) < 0 ? -1 : 0;
}

/* Where no gateway joins this is one look at a table of a few rows. */
static int note_providers(struct settling *z, const struct feed *outcomes, struct err *e)
{
    struct stmt *q = stmt_open(z->s, sql_joins, e);
    if (!q)
        return -1;
    int rc = stmt_step(q, e);
    stmt_close(q);
    return rc == 1 ? feed_run(z->s, sql_provider, outcomes, 0, e) : rc;
}

static int settle(struct settling *z, struct err *e)
{
    if (message_get_all(z->s, z->ids, z->n, z->m, e) || decide(z, e))
        return -1;
    struct feed outcomes = {z->n_recorded, outcome_cell, z->recorded};
    if (moves_flush(z->s, &z->moves, e) ||
        (outcomes.n &&
         (feed_run(z->s, sql_outcome, &outcomes, 0, e) || note_providers(z, &outcomes, e))))
        return -1;
    /* Behind the moves: what has just gone back to the queue waits too. */
    for (size_t i = 0; i < z->n; i++)
        if ((z->gave_back[i] && give_back(z, z->v[i], z->m[i].campaign_id, e)) ||
            (z->v[i]->learn_optout && learn(z, z->v[i], e)))
            return -1;
    return undo(z, e);
}

static void settling_init(struct settling *z, struct store *s, const struct settlement *v, size_t n)
{
    *z = (struct settling){.s = s, .n = n};
    z->v = reallocarray(NULL, n, sizeof *z->v);
    z->ids = reallocarray(NULL, n, sizeof *z->ids);
    z->m = reallocarray(NULL, n, sizeof *z->m);
    z->gave_back = reallocarray(NULL, n, sizeof *z->gave_back);
    z->undone = reallocarray(NULL, n, sizeof *z->undone);
    z->recorded = reallocarray(NULL, n, sizeof *z->recorded);
    if (!z->v || !z->ids || !z->m || !z->gave_back || !z->undone || !z->recorded)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        z->v[i] = &v[i];
    qsort(z->v, n, sizeof *z->v, by_message);
    for (size_t i = 0; i < n; i++)
        z->ids[i] = z->v[i]->message_id;
    moves_init(&z->moves);
}

static void settling_fini(struct settling *z)
{
    moves_fini(&z->moves);
    free(z->v);
    free(z->ids);
    free(z->m);
    free(z->gave_back);
    free(z->undone);
    free(z->recorded);
}

int sqlite_settle(struct store *s, const struct settlement *v, size_t n, struct err *e)
{
    struct settling z;
    bool own;
    if (n == 0)
        return 0;
    if (tx_enter(s, &own, e))
        return -1;
    settling_init(&z, s, v, n);
    /* A copy made while these were `sending` is an old copy from now on (store_epoch.h). */
    int rc = tx_leave(s, own, claims_raise(s, e) || settle(&z, e) ? -1 : 0, e);
    settling_fini(&z);
    return rc;
}

/* ---- recover ---- */

struct recovery {
    struct store *s;
    int64_t now_ms;
    mark_find find;
    void *ctx;
    struct settlement *v; /* what is `sending`, to be settled so */
    size_t n, cap;
    int64_t counts[3];
};

static void unknown(struct recovery *r, struct settlement *v)
{
    v->input = IN_RECOVER_HANDED;
    v->class = CLASS_UNKNOWN;
    v->cause = CAUSE_CRASH;
    r->counts[1]++;
}

static void clean(struct recovery *r, struct settlement *v)
{
    v->input = IN_RECOVER_CLEAN;
    v->handed_ms = 0;
    v->due_ms = r->now_ms;
    v->give_back_cap = true;
    r->counts[0]++;
}

/* What a mark may say; anything else was not written by marks_answered. */
static bool is_answer(const struct settlement *v)
{
    switch (v->input) {
    case IN_ANSWER_ACCEPTED:
    case IN_ANSWER_REFUSED:
    case IN_ANSWER_RETRY:
    case IN_ANSWER_UNKNOWN:
        return true;
    default:
        return false;
    }
}

/* handed_ms: if it was handed over at all, then soon after the claim. */
static void judge(struct recovery *r, const struct message_row *m, int64_t claimed_ms,
                  struct settlement *v)
{
    struct settlement answered;
    *v = (struct settlement){.message_id = m->id,
                             .address_id = m->address_id,
                             .attempt = m->attempts,
                             .handed_ms = claimed_ms,
                             .settled_ms = r->now_ms};
    enum mark_finding mark = r->find ? r->find(r->ctx, m->id, m->attempts, &answered) : MARK_HANDED;
    if (mark == MARK_NONE) {
        clean(r, v);
    } else if (mark == MARK_ANSWERED && is_answer(&answered)) {
        answered.message_id = m->id;
        answered.address_id = m->address_id;
        answered.attempt = m->attempts;
        *v = answered;
        r->counts[2]++;
    } else {
        unknown(r, v);
    }
}

static int find_sending(struct recovery *r, struct err *e)
{
    if (r->s->in_tx && tally_flush(r->s, e))
        return -1;
    struct stmt *q = stmt_open(r->s, sql_sending, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct message_row m;
        if (r->n == r->cap) {
            r->cap = r->cap ? 2 * r->cap : 1024;
            r->v = reallocarray(r->v, r->cap, sizeof *r->v);
            if (!r->v)
                panic("out of memory");
        }
        message_row_read(q, &m);
        judge(r, &m, stmt_int64(q, MESSAGE_ROW_N), &r->v[r->n++]);
    }
    return stmt_end(q, rc);
}

int sqlite_recover(struct store *s, int64_t now_ms, mark_find find, void *ctx, int64_t counts[3],
                   struct err *e)
{
    struct recovery r = {.s = s, .now_ms = now_ms, .find = find, .ctx = ctx};
    int rc = find_sending(&r, e);
    for (size_t done = 0, n; done < r.n && rc == 0; done += n) {
        n = r.n - done < RECOVER_CHUNK ? r.n - done : RECOVER_CHUNK;
        rc = sqlite_settle(s, r.v + done, n, e);
    }
    free(r.v);
    for (int i = 0; i < 3 && rc == 0; i++)
        counts[i] += r.counts[i];
    return rc;
}
