/*
 * track: reports are stored raw first, then applied; idempotent, in any order.
 */
#ifndef ZHANCHI_TRACK_H
#define ZHANCHI_TRACK_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/inbox.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_report.h"

/* Applies what is in the inbox behind the watermark, in batches sorted by message, each one
 * transaction with the watermark. Returns reports applied (0 = nothing new). What cannot be read (a
 * body, a sealed row, a gateway that is no longer configured) is counted, logged without its
 * content and passed over; it stays in the inbox. What was passed over because of its gateway is applied
 * when that one is configured again. A receipt for a reference that was never issued
 * raises the doubt (store_epoch.h). */
struct track_opts {
    struct gateway *const *gateways;
    size_t n_gateways;
    const char *const *optout_words;   /* further ones, folded, NULL-terminated; or NULL */
    const volatile sig_atomic_t *stop; /* looked at between batches; may be NULL */
};
struct track_stats {
    struct apply_stats apply;
    int64_t rows, unreadable; /* requests; those that were passed over */
    int64_t skipped;          /* reports in readable requests that lacked what is needed */
};
/* total is added to. */
int64_t track_apply(struct store *s, struct keyring *k, struct inbox *i, const struct track_opts *o,
                    struct track_stats *total, struct err *e);

/* Opt-outs by number: folded, checked, sealed. Joins an open transaction. topic "" = all; origin:
 * enum optout_origin. 1 new, 0 was there, -1 (ERR_DATA: no mobile number; the number itself is not
 * told). suppressed may be NULL. */
int track_optout_add(struct store *s, struct keyring *k, const char *phone, const char *topic,
                     int origin, const char *actor, int64_t now_ms, int64_t *suppressed,
                     struct err *e);

#endif
