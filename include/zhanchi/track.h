/*
 * track: reports are stored raw first, then applied; idempotent, in any order.
 */
#ifndef ZHANCHI_TRACK_H
#define ZHANCHI_TRACK_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/inbox.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_report.h"

/* Applies what is in the inbox behind the watermark, in batches sorted by message. Returns reports applied (0 = nothing new). A body that cannot be read is counted, logged once
 * without its content and passed over (it stays in the inbox). */
struct track_opts {
    struct gateway *const *gateways;
    size_t n_gateways;
    const char *const *optout_words; /* further ones */
};
int64_t track_apply(struct store *s, struct keyring *k, struct inbox *i, const struct track_opts *o, struct apply_stats *total,
                    struct err *e);

/* Opt-outs by number: folded, checked, sealed. 1 new, 0 was there, -1. topic "" = all. */
int track_optout_add(struct store *s, struct keyring *k, const char *phone, const char *topic, int origin, const char *actor, int64_t now_ms,
                     int64_t *suppressed, struct err *e);

#endif
