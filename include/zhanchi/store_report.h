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
    bool weak; /* its source can be written to by anyone: what was never issued raises no doubt */
    int64_t gateway_id; /* whose report it is: of no other's attempts; 0 = not known */
    char code[32];
    int64_t at_ms, received_ms;
    int parts, part; /* of a long message, part from 1; 0 = it speaks of the whole message */
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
    int64_t parked;    /* receipts that wait for their attempt's provider id */
    int64_t elsewhere; /* of the unmatched: speak of an attempt that went over another gateway */
};
/* One transaction: receipts (any order; sorted by message id inside, those of one message in the
 * order given) and replies, opt-outs of replies at once on address and on waiting messages, and the
 * watermark, which is never lowered (0 leaves it). Idempotent: the same again changes nothing. A
 * receipt for an attempt that was never made here (nor in a lost timeline) is counted in never_issued,
 * raises the doubt (unless it is weak) and is not kept. One for an attempt that went over another gateway than the one
 * that reports is unmatched, not kept, and raises none. Receipts for parts: the message is delivered when all its parts are, undelivered when
 * one failed for good; until then a delivered part proves acceptance. */
int store_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                        const struct reply_row *p, size_t m, int64_t watermark,
                        struct apply_stats *stats, struct err *e);

/* ---- receipts without a reference of ours: told by (gateway, provider's id, number) ---- */

/* Whether attempts at this gateway are to be found by their provider's ids (gateway_joins). Settling
 * notes them from now on; turned on, it also notes what was settled before (chunks, outside of a
 * transaction; repeated if it was interrupted). */
int store_gateway_joins(struct store *s, int64_t gateway_id, bool joins, struct err *e);

struct provider_receipt {
    struct receipt_row row; /* message_id and attempt of a reference of ours that it bears; or 0 */
    int64_t gateway_id;
    char provider_id[64];                /* "" if none */
    bool has_address;                    /* it names a number */
    uint8_t address[KEYRING_HASH_BYTES]; /* its keyed hash */
    bool may_wait;                       /* else it is unmatched when no attempt is known */
};
/* Batch, joins an open transaction. The reference goes first, if the number is that of its message
 * (a request for many numbers bears one reference); then the provider's id with the number; the id
 * alone if only one number has it. What is found goes to out (room for n), in order, for
 * store_apply_reports in the same transaction. What is not found yet is parked if it may wait and
 * its number is known here (repeats once); else it is unmatched. */
int store_join_receipts(struct store *s, const struct provider_receipt *v, size_t n,
                        struct receipt_row *out, size_t *found, struct apply_stats *stats,
                        struct err *e);
/* Applies parked receipts whose attempts are known by now, and gives up (unmatched) those that came
 * before `before_ms`. Chunks, outside of a transaction. *left: some still wait. Returns how many
 * were applied. */
int64_t store_apply_parked(struct store *s, int64_t before_ms, struct apply_stats *stats,
                           bool *left, struct err *e);
#define STORE_PARKED_MS                                                                            \
    INT64_C(259200000) /* how long they wait: 72 h, as long as providers report */

int store_watermark(struct store *s, int64_t *watermark, struct err *e);
/* Requests of the inbox behind which the watermark has gone unapplied, because their gateway is not
 * configured: ids from..to (0, 0: none). They are applied when it is configured again. each: those
 * there are. */
int store_passed_get(struct store *s, const char *gateway, int64_t *from, int64_t *to,
                     struct err *e);
int store_passed_set(struct store *s, const char *gateway, int64_t from, int64_t to, struct err *e);
int store_passed_each(struct store *s,
                      int (*each)(void *ctx, const char *gateway, int64_t from, int64_t to),
                      void *ctx, struct err *e);
int store_reserve_replies(struct store *s, size_t n, int64_t *first, struct err *e);

/* The newest attempts of a campaign's messages in `state`, for asking the provider about them: in the
 * order of messages, behind `after`, at most max. */
struct asked {
    int64_t message_id, wave_id, gateway_id, handed_ms; /* handed_ms 0: it never left */
    int32_t attempt;
    uint32_t epoch;
    char provider_id[64]; /* "" if none */
    int64_t key_id;
    const void *payload; /* valid during the call; NULL if it is gone */
    size_t payload_len;
};
int store_asked_each(struct store *s, int64_t campaign_id, enum msg_state state, int64_t after,
                     size_t max, int (*each)(void *ctx, const struct asked *a), void *ctx,
                     struct err *e);

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
