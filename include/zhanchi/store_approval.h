/*
 * store_approval: the sealed payload of a message, and the signature over a wave. Campaign writes
 * both, dispatch checks both; they meet here.
 */
#ifndef ZHANCHI_STORE_APPROVAL_H
#define ZHANCHI_STORE_APPROVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/store_campaign.h"

/* Plain payload: a version byte, then each field with its NUL. Text has its signature in front. Which
 * gateway it was frozen for is sealed with it (two bytes behind the version, where a campaign has
 * several): what a database says of it later must agree, or be a failover that was approved. */
struct payload {
    const char *phone;   /* or the mail address */
    const char *subject; /* of an email, else "" or NULL */
    const char *html;    /* its second body, likewise */
    const char *text, *signature, *carrier_template, *carrier_variables;
    int route;         /* number of the gateway */
    unsigned carriers; /* bit by number: which can carry it; 0 = that one alone */
};
#define PAYLOAD_MAX_BYTES ((size_t)512 << 10) /* of a packed one */
/* May it go over this one of the campaign's gateways? */
bool payload_may_go(const struct payload *p, int route, bool failover);
int payload_pack(const struct payload *p, struct buf *out);
/* Points into `data` (which is NUL-separated inside); ERR_DATA. */
int payload_unpack(const char *data, size_t len, struct payload *out, struct err *e);

/* The digests of a campaign's gateways as one: of one gateway its own. */
void approval_gateways(const uint8_t (*digests)[32], int n, uint8_t out[32]);

/* HMAC over the wave's payload blobs in message order, with the campaign's topic, policy, schedule,
 * variants, holdout and seed, gateways, rules and failover, the list's digest and the gateways', and with what the approver is told
 * of the wave: its counts, its maker, and which rules its texts were allowed to break. Reads every payload. What
 * may change later without another approval (state, priority, pause) is not in it. */
int approval_digest(struct store *s, struct keyring *k, const struct campaign_info *c,
                    const struct wave_info *w, const uint8_t gateway_digest[32], uint8_t out[32],
                    struct err *e);
/* HMAC over digest, schedule, gateway, what was allowed, maker, approver and time: what is stored as wave.approval. */
void approval_sign(struct keyring *k, const struct campaign_info *c, const struct wave_info *w,
                   uint8_t out[32]);
/* ERR_PERM if the stored approval does not fit campaign, wave and the gateway profile as it is now.
 * Cheap: payloads are bound by their own seals. */
int approval_check(struct keyring *k, const struct campaign_info *c, const struct wave_info *w,
                   const uint8_t gateway_digest[32], struct err *e);

#endif
