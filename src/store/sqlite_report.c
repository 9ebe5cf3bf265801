/*
 * sqlite_report: receipts and replies meet messages. One transaction with the watermark: what was
 * applied is applied once; and applying it twice would change nothing, because the state table and
 * the unique keys of receipt and reply say so. Caller: track.
 */
#include <stdio.h>
#include <stdlib.h>
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_people.h"
#include "feed.h"
#include "move.h"
#include "parts.h"
#include "sqlite.h"

static const char sql_receipt[] =
    "INSERT INTO receipt (message_id, attempt, class, pending, code, at, received_at)"
    " SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed WHERE true ON CONFLICT DO NOTHING";
static const char sql_via[] =
    "SELECT coalesce(a.gateway_id, 0) FROM feed f LEFT JOIN attempt a ON a.id = f.c0";
static const char sql_reply[] =
    "INSERT INTO reply (id, gateway_id, digest, address_id, at, received_at, is_optout, key_id, "
    "blob)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO NOTHING";
/* Never lower: what was imported by hand has none. */
static const char sql_watermark[] =
    "INSERT INTO meta (name, value) VALUES ('watermark', CAST(?1 AS TEXT)) ON CONFLICT (name)"
    " DO UPDATE SET value = excluded.value WHERE CAST(value AS INTEGER) < ?1";

static enum msg_cause cause_of(enum msg_class class)
{
    switch (class) {
    case CLASS_OK:
        return CAUSE_NONE;
    case CLASS_NUMBER:
        return CAUSE_NUMBER;
    case CLASS_OPTOUT:
        return CAUSE_OPTOUT;
    case CLASS_CONTENT:
        return CAUSE_CONTENT;
    case CLASS_LIMIT:
        return CAUSE_LIMIT;
    case CLASS_CONFIG:
        return CAUSE_CONFIG;
    default:
        return CAUSE_NETWORK;
    }
}

/* ---- receipts ---- */

struct applying {
    struct store *s;
    const struct receipt_row **r; /* by message; of one message in the order of their coming */
    size_t n;
    int64_t *ids;
    struct message_row *m; /* of each, as it is after its receipt */
    int64_t *via; /* of each: the gateway that its attempt went over; 0 = no such attempt */
    bool *open;   /* of each: it is not final for the whole message */
    struct moves moves;
    struct apply_stats *stats;
};

static int by_message(const void *a, const void *b)
{
    const struct receipt_row *x = *(const struct receipt_row *const *)a;
    const struct receipt_row *y = *(const struct receipt_row *const *)b;
    if (x->message_id != y->message_id)
        return x->message_id > y->message_id ? 1 : -1;
    return (x > y) - (x < y);
}

static int never_issued(struct applying *a, const struct receipt_row *r, struct err *e)
{
    char why[96];
    if (r->weak) {
        a->stats->unmatched++;
        return 0;
    }
    a->stats->never_issued++;
    snprintf(why, sizeof why, "a receipt for attempt %d of message %lld", r->attempt,
             (long long)r->message_id);
    return store_doubt_raise(a->s, why, e);
}

/* An attempt that a lost timeline made has a number that was not given here, or was given to another
 * one since: it says what became of the message all the same. */
static bool was_made(const struct receipt_row *r, const struct message_row *m)
{
    return m->id != 0 && r->attempt >= 1 && (r->lost || r->attempt <= m->attempts);
}

/* Nobody speaks of what another one carried. A lost timeline's attempts have no rows of their own. */
static bool is_elsewhere(const struct receipt_row *r, int64_t via)
{
    return r->gateway_id != 0 && !r->lost && via != 0 && via != r->gateway_id;
}

/* What each receipt does to its message; drops those that speak of attempts that this database
 * never made, or that another gateway carried. */
static int decide(struct applying *a, struct err *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct receipt_row *r = a->r[i];
        struct message_row m = a->m[i];
        if (kept && a->m[kept - 1].id == r->message_id)
            m = a->m[kept - 1];
        if (!was_made(r, &m)) {
            if (never_issued(a, r, e))
                return -1;
            continue;
        }
        if (is_elsewhere(r, a->via[i])) {
            a->stats->unmatched++;
            a->stats->elsewhere++;
            continue;
        }
        enum msg_input in;
        if (parts_input(a->s, r, &m, &in, e))
            return -1;
        a->open[kept] = in == IN_RECEIPT_PENDING;
        enum msg_cause cause = a->open[kept] ? CAUSE_NONE : cause_of(r->class);
        if (moves_add(&a->moves, &m, in, cause, 0))
            a->stats->moved++;
        else
            a->stats->kept++;
        a->r[kept] = r;
        a->m[kept++] = m;
    }
    a->n = kept;
    return 0;
}

static void receipt_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct applying *a = f->ctx;
    const struct receipt_row *r = a->r[row];
    switch (column) {
    case 0:
        feed_int64(out, r->message_id);
        break;
    case 1:
        feed_int64(out, r->attempt);
        break;
    case 2:
        feed_int64(out, r->class);
        break;
    case 3:
        feed_int64(out, a->open[row]);
        break;
    case 4:
        feed_text(out, r->code);
        break;
    case 5:
        feed_int64(out, r->at_ms);
        break;
    default:
        feed_int64(out, r->received_ms);
    }
}

static int learn(struct applying *a, const struct receipt_row *r, const struct message_row *m,
                 struct err *e)
{
    struct refusal x = {.address_id = m->address_id,
                        .topic = "",
                        .origin = OPTOUT_GATEWAY,
                        .actor = "gateway",
                        .at_ms = r->received_ms};
    int rc = optout_learn(a->s, &x, &a->stats->suppressed, e);
    a->stats->optouts += rc == 1;
    return rc < 0 ? -1 : 0;
}

static void attempt_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct receipt_row *r = ((const struct applying *)f->ctx)->r[row];
    (void)column;
    /* A number beyond all that are given would be another message's. */
    feed_int64(out, r->attempt >= 1 && r->attempt <= ATTEMPTS_MAX
                        ? attempt_id(r->message_id, r->attempt)
                        : 0);
}

static int find_gateways(struct applying *a, struct err *e)
{
    struct feed f = {a->n, attempt_cell, a};
    struct stmt *q = feed_open(a->s, sql_via, &f, e);
    if (!q)
        return -1;
    int rc;
    for (size_t i = 0; (rc = stmt_step(q, e)) == 1; i++)
        a->via[i] = stmt_int64(q, 0);
    return feed_close(a->s, q, rc);
}

static int apply_receipts(struct applying *a, struct err *e)
{
    if (a->n == 0)
        return 0;
    if (message_get_all(a->s, a->ids, a->n, a->m, e) || find_gateways(a, e) || decide(a, e))
        return -1;
    struct feed receipts = {a->n, receipt_cell, a};
    if (moves_flush(a->s, &a->moves, e) || feed_run(a->s, sql_receipt, &receipts, 0, e))
        return -1;
    for (size_t i = 0; i < a->n; i++)
        if (a->r[i]->learn_optout && learn(a, a->r[i], &a->m[i], e))
            return -1;
    return 0;
}

static void applying_init(struct applying *a, struct store *s, const struct receipt_row *r,
                          size_t n, struct apply_stats *stats)
{
    *a = (struct applying){.s = s, .n = n, .stats = stats};
    a->r = reallocarray(NULL, n + 1, sizeof *a->r);
    a->ids = reallocarray(NULL, n + 1, sizeof *a->ids);
    a->m = reallocarray(NULL, n + 1, sizeof *a->m);
    a->via = reallocarray(NULL, n + 1, sizeof *a->via);
    a->open = reallocarray(NULL, n + 1, sizeof *a->open);
    if (!a->r || !a->ids || !a->m || !a->via || !a->open)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        a->r[i] = &r[i];
    qsort(a->r, n, sizeof *a->r, by_message);
    for (size_t i = 0; i < n; i++)
        a->ids[i] = a->r[i]->message_id;
    moves_init(&a->moves);
}

static void applying_fini(struct applying *a)
{
    moves_fini(&a->moves);
    free(a->r);
    free(a->ids);
    free(a->m);
    free(a->via);
    free(a->open);
}

/* ---- replies ---- */

/* 1 new, 0 known. */
static int record_reply(struct store *s, const struct reply_row *p, bool has_address,
                        int64_t address_id, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_reply, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, p->id);
    stmt_bind_int64(st, 2, p->gateway_id);
    stmt_bind_blob(st, 3, p->digest, sizeof p->digest);
    stmt_bind_int64_or_null(st, 4, has_address, address_id);
    stmt_bind_int64(st, 5, p->at_ms);
    stmt_bind_int64(st, 6, p->received_ms);
    stmt_bind_int(st, 7, p->is_optout);
    stmt_bind_int64(st, 8, p->key_id);
    stmt_bind_blob(st, 9, p->sealed, p->sealed_len);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    return stmt_changes(s) == 1;
}

static int apply_reply(struct store *s, const struct reply_row *p, struct apply_stats *stats,
                       struct err *e)
{
    int64_t address_id = 0;
    /* A refusal of a number that no list has yet must hold when one has it. */
    int rc = p->is_optout ? address_make(s, p->address, &address_id, e)
                          : address_find(s, p->address, &address_id, e);

    if (rc < 0)
        return -1;
    int known = record_reply(s, p, p->is_optout || rc == 1, address_id, e);
    if (known <= 0)
        return known;
    stats->replies++;
    if (!p->is_optout)
        return 0;
    struct refusal x = {.id = p->id,
                        .address_id = address_id,
                        .topic = "",
                        .origin = OPTOUT_REPLY,
                        .actor = "reply",
                        .at_ms = p->received_ms,
                        .key_id = p->optout_key_id,
                        .sealed = p->sealed_number,
                        .sealed_len = p->sealed_number_len};
    rc = optout_learn(s, &x, &stats->suppressed, e);
    stats->optouts += rc == 1;
    return rc < 0 ? -1 : 0;
}

/* ---- both ---- */

static int set_watermark(struct store *s, int64_t watermark, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_watermark, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, watermark);
    return stmt_end(st, stmt_run(st, e));
}

static int apply(struct applying *a, const struct reply_row *p, size_t m, int64_t watermark,
                 struct err *e)
{
    if (apply_receipts(a, e))
        return -1;
    for (size_t i = 0; i < m; i++)
        if (apply_reply(a->s, &p[i], a->stats, e))
            return -1;
    return set_watermark(a->s, watermark, e);
}

int sqlite_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                         const struct reply_row *p, size_t m, int64_t watermark,
                         struct apply_stats *stats, struct err *e)
{
    struct apply_stats sum = *stats;
    struct applying a;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    applying_init(&a, s, r, n, &sum);
    int rc = tx_leave(s, own, apply(&a, p, m, watermark, e), e);
    applying_fini(&a);
    if (rc == 0)
        *stats = sum;
    return rc;
}
