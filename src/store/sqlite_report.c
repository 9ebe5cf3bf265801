/*
 * sqlite_report: receipts and replies meet messages. One transaction with the watermark: what was applied is applied once; and applying it twice would
 * change nothing, because the state table and the unique keys of receipt and reply say so.
 * Caller: track.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_people.h"
#include "move.h"
#include "sqlite.h"

static const char sql_receipt[] =
    "INSERT INTO receipt (message_id, attempt, class, pending, code, at, received_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
static const char sql_reply[] =
    "INSERT INTO reply (id, gateway_id, digest, address_id, at, received_at, is_optout, key_id, "
    "blob)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO NOTHING";
static const char sql_watermark[] = "INSERT INTO meta (name, value) VALUES ('watermark', ?1)"
                                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

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

static int by_message(const void *a, const void *b, void *ctx)
{
    const struct receipt_row *r = ctx;
    int64_t x = r[*(const size_t *)a].message_id, y = r[*(const size_t *)b].message_id;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;

    return x != y ? (x > y) - (x < y)
                  : (i > j) - (i < j); /* one message's reports keep their order */
}

static int record(struct store *s, const struct receipt_row *r, struct err *e)
{
    struct stmt *st = stmt_open(s, sql_receipt, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, r->message_id);
    stmt_bind_int(st, 2, r->attempt);
    stmt_bind_int(st, 3, r->class);
    stmt_bind_int(st, 4, r->pending);
    stmt_bind_text(st, 5, r->code);
    stmt_bind_int64(st, 6, r->at_ms);
    stmt_bind_int64(st, 7, r->received_ms);
    return stmt_end(st, stmt_run(st, e));
}

static int never_issued(struct store *s, const struct receipt_row *r, struct apply_stats *stats,
                        struct err *e)
{
    char why[96];

    stats->never_issued++;
    snprintf(why, sizeof why, "a receipt for attempt %d of message %lld", r->attempt,
             (long long)r->message_id);
    return store_doubt_raise(s, why, e);
}

static int apply_receipt(struct store *s, const struct receipt_row *r, struct apply_stats *stats,
                         struct err *e)
{
    struct message_row m;
    enum msg_input in = r->pending             ? IN_RECEIPT_PENDING
                        : r->class == CLASS_OK ? IN_RECEIPT_DELIVERED
                                               : IN_RECEIPT_UNDELIVERED;
    int rc = message_read(s, r->message_id, &m, e);

    if (rc < 0)
        return -1;
    if (rc == 0 || r->attempt < 1 || r->attempt > m.attempts)
        return never_issued(s, r, stats, e);
    if (record(s, r, e))
        return -1;
    rc = message_move(s, &m, in, r->pending ? CAUSE_NONE : cause_of(r->class), DUE_AS_IT_IS, e);
    if (rc < 0)
        return -1;
    stats->moved += rc;
    stats->kept += !rc;
    if (!r->learn_optout)
        return 0;
    struct refusal x = {.address_id = m.address_id,
                        .topic = "",
                        .origin = OPTOUT_GATEWAY,
                        .actor = "gateway",
                        .at_ms = r->received_ms};
    rc = optout_learn(s, &x, &stats->suppressed, e);
    stats->optouts += rc == 1;
    return rc < 0 ? -1 : 0;
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
    char text[24];
    struct stmt *st = stmt_open(s, sql_watermark, e);

    if (!st)
        return -1;
    snprintf(text, sizeof text, "%lld", (long long)watermark);
    stmt_bind_text(st, 1, text);
    return stmt_end(st, stmt_run(st, e));
}

static int apply(struct store *s, const struct receipt_row *r, const size_t *order, size_t n,
                 const struct reply_row *p, size_t m, int64_t watermark, struct apply_stats *stats,
                 struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (apply_receipt(s, &r[order[i]], stats, e))
            return -1;
    for (size_t i = 0; i < m; i++)
        if (apply_reply(s, &p[i], stats, e))
            return -1;
    return set_watermark(s, watermark, e);
}

int sqlite_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                         const struct reply_row *p, size_t m, int64_t watermark,
                         struct apply_stats *stats, struct err *e)
{
    struct apply_stats sum = *stats;
    size_t *order = reallocarray(NULL, n + 1, sizeof *order);
    bool own;

    if (!order)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, by_message, (void *)(uintptr_t)r);
    int rc = tx_enter(s, &own, e);
    if (rc == 0)
        rc = tx_leave(s, own, apply(s, r, order, n, p, m, watermark, &sum, e), e);
    free(order);
    if (rc == 0)
        *stats = sum;
    return rc;
}
