/*
 * store_report: receipts and replies, applied to messages. Batch operations.
 */
#ifndef ZHANCHI_STORE_REPORT_H
#define ZHANCHI_STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/message.h"

struct store;

struct receipt_row {
    int64_t message_id;
    int32_t attempt;
    enum msg_class class;
    bool pending;
    bool learn_optout;
    bool lost; /* REF_LOST: the attempt was made by a lost timeline, and has no row here */
    char code[32];
    int64_t at_ms, received_ms;
};
struct reply_row {
    int64_t gateway_id;
    char provider_id[64]; /* "" if none: then (address, at, text digest) tells repeats */
    uint8_t address[KEYRING_HASH_BYTES];
    int64_t at_ms, received_ms;
    bool is_optout;
    int64_t id; /* from store_reserve_replies: sealing needs it */
    int64_t key_id;
    const void *sealed; /* SEAL_REPLY: the text */
    size_t sealed_len;
    const void *sealed_number; /* SEAL_OPTOUT (id = reply id): the number, if is_optout */
    size_t sealed_number_len;
    int64_t optout_key_id;
    uint8_t digest[16]; /* of (gateway, provider id or phone + time + text), keyed: repeats */
};
struct apply_stats {
    int64_t moved, kept, unmatched, never_issued, replies, optouts, suppressed;
};
/* One transaction: receipts (any order; sorted by message id inside, those of one message in the
 * order given) and replies, opt-outs of replies at once on address and on waiting messages, and the
 * watermark, which is never lowered (0 leaves it). Idempotent: the same again changes nothing. A
 * receipt for an attempt that was never made here (nor in a lost timeline) is counted in
 * never_issued, raises the doubt and is not kept. */
int store_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                        const struct reply_row *p, size_t m, int64_t watermark,
                        struct apply_stats *stats, struct err *e);
int store_watermark(struct store *s, int64_t *watermark, struct err *e);
/* Requests of the inbox behind which the watermark has gone unapplied, because their gateway is not
 * configured: ids from..to (0, 0: none). They are applied when it is configured again; until then
 * nothing from store_passed_first on (INT64_MAX: none) may be purged. */
int store_passed_get(struct store *s, const char *gateway, int64_t *from, int64_t *to,
                     struct err *e);
int store_passed_set(struct store *s, const char *gateway, int64_t from, int64_t to, struct err *e);
int store_passed_first(struct store *s, int64_t *first, struct err *e);
int store_reserve_replies(struct store *s, size_t n, int64_t *first, struct err *e);

struct reply_info {
    int64_t id, at_ms, address_id, campaign_id,
        message_id; /* of the newest message to that number within 72 h; 0 = none */
    bool is_optout;
    int64_t key_id;
    const void *sealed;
    size_t sealed_len;
};
int store_replies_each(struct store *s, int (*each)(void *ctx, const struct reply_info *r),
                       void *ctx, struct err *e);
struct receipt_info {
    int64_t message_id, at_ms, received_ms;
    int32_t attempt;
    int class;
    char code[32];
};
int store_receipts_each(struct store *s, int64_t message_id /* 0 = all */,
                        int (*each)(void *ctx, const struct receipt_info *r), void *ctx,
                        struct err *e);

#endif
