/*
 * dispatch: claim - admit - hand over - judge - settle, until nothing more is due.
 *
 * One loop thread (pace, gateway, transport) and one store thread (claims, settlements, one commit
 * for both); a third makes checkpoints. The loop never waits for a disk. Overlapping runs: a kernel
 * lock on DIR/dispatch.lock. Hand-over marks: DIR/marks (shared mapping).
 */
#ifndef ZHANCHI_DISPATCH_H
#define ZHANCHI_DISPATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/progress.h"

struct dispatch_opts {
    const char *dir, *key_path, *epoch_dir;
    struct gateway *const *gateways; /* every configured one */
    size_t n_gateways;
    const char *campaign;   /* only this one; NULL = all approved and running */
    int64_t max_runtime_ms; /* 0 = until nothing is due */
    int64_t claim_ttl_ms, backoff_base_ms, backoff_cap_ms, receipt_timeout_ms;
    int cap_per_day, breaker_failures;
    int64_t breaker_ms;
    int zone_min;
    int content_stop;  /* CONTENT refusals in a row that pause a campaign; 0 = never */
    size_t commit_max; /* settlements a commit */
    bool wait;         /* stay while messages become due later within max_runtime */
    const volatile sig_atomic_t
        *stop; /* set by SIGTERM, SIGINT: finish what is on the wire, exit clean */
    struct progress progress;
    /* Applies what providers were told is taken (refusals!) and no `serve` has applied. Called
     * before the first claim, and twice a second from the store thread, outside of its transactions;
     * where it fails nothing is claimed. NULL: there is nothing of the kind. */
    int (*catch_up)(void *ctx, struct err *e);
    void *catch_up_ctx;
};
struct dispatch_result {
    bool locked;       /* a live dispatcher has the lock and will take it */
    bool locked_other; /* ... or will not: it is there for another campaign (why_left) */
    int64_t claimed, handed, accepted, rejected, retried, unknown, suppressed, capped, unclaimed,
        lapsed;
    int64_t recovered[3]; /* queued again, unknown, settled */
    int64_t due_left;     /* due now but not sent, also of campaigns that were refused */
    int64_t next_due_ms;  /* INT64_MAX = nothing waits */
    char why_left[200];   /* the first reason, for people */
};
/* 0, also when work is left (see due_left); -1 and ERR_PERM / ERR_CONFIG when it refuses to send at
 * all (epoch, approval, key). */
int dispatch_run(const struct dispatch_opts *o, struct dispatch_result *r, struct err *e);

/* What would go and why the rest would not; changes nothing. */
struct dispatch_plan {
    const char *campaign, *gateway;
    int64_t would_go, later, next_due_ms;
    const char *why; /* why not now; "" = would go */
};
int dispatch_dry_run(const struct dispatch_opts *o,
                     int (*each)(void *ctx, const struct dispatch_plan *p), void *ctx,
                     struct err *e);

#endif
