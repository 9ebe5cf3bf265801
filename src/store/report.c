/*
 * report: receipts and replies for people to look at; the watermark.
 */
#include <stdio.h>
#include <stdlib.h>
#include "zhanchi/store_report.h"
#include "internal.h"

static const char sql_replies[] =
    "SELECT p.id, p.at, coalesce(p.address_id, 0), p.is_optout, p.key_id, p.blob,"
    " (SELECT m.id FROM message m CROSS JOIN outcome o"
    "  ON o.id BETWEEN (m.id << 24) + 1 AND (m.id << 24) + m.attempts"
    "  WHERE m.address_id = p.address_id AND m.attempts > 0"
    "  AND o.handed_at BETWEEN p.received_at - 259200000 AND p.received_at"
    "  ORDER BY o.handed_at DESC, o.id DESC LIMIT 1) FROM reply p ORDER BY p.id";
static const char sql_passed_each[] =
    "SELECT substr(name, 8), value FROM meta WHERE name >= 'passed:' AND name < 'passed;'"
    " AND CAST(value AS INTEGER) > 0 ORDER BY 1";
/* A message that is unknown by doubt alone has no attempt: nothing of it has left. */
static const char sql_asked[] =
    "SELECT m.id, coalesce(p.wave_id, 0), coalesce(a.gateway_id, 0), coalesce(o.handed_at, 0),"
    " m.attempts, coalesce(a.epoch, 0), o.provider_id, coalesce(p.key_id, 0), p.blob"
    " FROM wave w CROSS JOIN message m"
    " ON m.id BETWEEN max(w.message_from, ?3 + 1) AND w.message_to"
    " AND m.campaign_id = w.campaign_id"
    " LEFT JOIN attempt a ON a.id = (m.id << 24) + m.attempts"
    " LEFT JOIN outcome o ON o.id = a.id LEFT JOIN payload p ON p.message_id = m.id"
    " WHERE w.campaign_id = ?1 AND w.state > 0 AND m.state = ?2 ORDER BY w.no, m.id LIMIT ?4";
static const char sql_campaign_of[] = "SELECT campaign_id FROM message WHERE id = ?1";
#define RECEIPT "SELECT message_id, at, received_at, attempt, class, code FROM receipt"
static const char sql_receipts[] = RECEIPT " ORDER BY message_id, received_at";
static const char sql_receipts_of[] = RECEIPT " WHERE message_id = ?1 ORDER BY received_at";

int store_watermark(struct store *s, int64_t *watermark, struct err *e)
{
    char text[24];
    int rc = store_meta_get(s, "watermark", text, sizeof text, e);

    *watermark = rc == 1 ? strtoll(text, NULL, 10) : 0;
    return rc < 0 ? -1 : 0;
}

/* meta 'passed:GATEWAY' = "FROM TO" */
static void passed_name(const char *gateway, char out[96])
{
    snprintf(out, 96, "passed:%.64s", gateway);
}

int store_passed_get(struct store *s, const char *gateway, int64_t *from, int64_t *to,
                     struct err *e)
{
    char name[96], text[48], *end = text;

    *from = *to = 0;
    passed_name(gateway, name);
    int rc = store_meta_get(s, name, text, sizeof text, e);
    if (rc == 1) {
        *from = strtoll(text, &end, 10);
        *to = strtoll(end, NULL, 10);
    }
    return rc < 0 ? -1 : 0;
}

int store_passed_set(struct store *s, const char *gateway, int64_t from, int64_t to, struct err *e)
{
    char name[96], text[48];

    passed_name(gateway, name);
    snprintf(text, sizeof text, "%lld %lld", (long long)from, (long long)to);
    return store_meta_set(s, name, text, e);
}

int store_passed_each(struct store *s,
                      int (*each)(void *ctx, const char *gateway, int64_t from, int64_t to),
                      void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_passed_each, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        char gateway[64], text[48], *end;
        stmt_copy_text(q, 0, gateway, sizeof gateway);
        stmt_copy_text(q, 1, text, sizeof text);
        int64_t from = strtoll(text, &end, 10);
        if ((rc = each(ctx, gateway, from, strtoll(end, NULL, 10))) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_reserve_replies(struct store *s, size_t n, int64_t *first, struct err *e)
{
    return reserve_ids(s, RESERVE_PEOPLE, n, first, e);
}

static int campaign_of(struct store *s, int64_t message_id, int64_t *campaign_id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_campaign_of, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, message_id);
    int rc = stmt_step(q, e);
    *campaign_id = rc == 1 ? stmt_int64(q, 0) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

int store_replies_each(struct store *s, int (*each)(void *ctx, const struct reply_info *r),
                       void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_replies, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct reply_info r = {.id = stmt_int64(q, 0),
                               .at_ms = stmt_int64(q, 1),
                               .address_id = stmt_int64(q, 2),
                               .is_optout = stmt_int(q, 3) != 0,
                               .key_id = stmt_int64(q, 4),
                               .message_id = stmt_int64(q, 6)};
        r.sealed = stmt_blob(q, 5, &r.sealed_len);
        if (r.message_id != 0 && campaign_of(s, r.message_id, &r.campaign_id, e)) {
            rc = -1;
            break;
        }
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

static void read_asked(struct stmt *q, struct asked *a)
{
    *a = (struct asked){.message_id = stmt_int64(q, 0),
                        .wave_id = stmt_int64(q, 1),
                        .gateway_id = stmt_int64(q, 2),
                        .handed_ms = stmt_int64(q, 3),
                        .attempt = stmt_int(q, 4),
                        .epoch = (uint32_t)stmt_int64(q, 5),
                        .key_id = stmt_int64(q, 7)};
    stmt_copy_text(q, 6, a->provider_id, sizeof a->provider_id);
    if (!stmt_null(q, 8))
        a->payload = stmt_blob(q, 8, &a->payload_len);
}

int store_asked_each(struct store *s, int64_t campaign_id, enum msg_state state, int64_t after,
                     size_t max, int (*each)(void *ctx, const struct asked *a), void *ctx,
                     struct err *e)
{
    struct stmt *q = stmt_open(s, sql_asked, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, campaign_id);
    stmt_bind_int(q, 2, (int)state);
    stmt_bind_int64(q, 3, after);
    stmt_bind_int64(q, 4, (int64_t)max);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct asked a;
        read_asked(q, &a);
        if ((rc = each(ctx, &a)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_receipts_each(struct store *s, int64_t message_id,
                        int (*each)(void *ctx, const struct receipt_info *r), void *ctx,
                        struct err *e)
{
    struct stmt *q = stmt_open(s, message_id ? sql_receipts_of : sql_receipts, e);
    if (!q)
        return -1;
    if (message_id)
        stmt_bind_int64(q, 1, message_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct receipt_info r = {.message_id = stmt_int64(q, 0),
                                 .at_ms = stmt_int64(q, 1),
                                 .received_ms = stmt_int64(q, 2),
                                 .attempt = stmt_int(q, 3),
                                 .class = stmt_int(q, 4)};
        stmt_copy_text(q, 5, r.code, sizeof r.code);
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}
