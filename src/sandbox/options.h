/*
 * options: how the sandbox shall behave, from the command line alone.
 */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

/* Which numbers: a share of all ("5%", "0.05"), always the same ones for a seed, or a pattern ("1380000*"). */
struct share {
    double part;
    const char *pattern; /* NULL: part counts */
};

#define RETRY_STEPS_MAX 9
#define SETS_MAX 32

struct options {
    /* where */
    const char *profile, *address, *port_file, *app, *secret_file, *ledger, *callback, *summary;
    const char *sets[SETS_MAX]; /* NAME=VALUE */
    size_t n_sets;
    int64_t port, threads, seed;
    bool ledger_text, nonce_reuse;
    /* requests; each is a probability */
    double flow, busy, error_before, error_after, garbage, truncated, cut, partial;
    double reset_fresh_before, reset_fresh_after, reset_warm_before, reset_warm_after;
    double never_before, never_after;
    int64_t retry_after_s, latency_ms, jitter_ms, rate, never_ms;
    /* texts and numbers */
    struct share wrong, vacant, black, undelivered, rejected, expired;
    const char *undelivered_code, *keyword;
    int64_t daily_cap, balance; /* 0 = none, -1 = endless */
    bool strict_batch;
    /* receipts */
    int64_t receipt_delay_ms, receipt_jitter_ms, receipt_batch, receipt_late_ms;
    double receipt_lost, receipt_duplicate, receipt_early, receipt_late, receipt_pending;
    const char *retry;
    int64_t retry_ms[RETRY_STEPS_MAX]; /* 0 ends */
    /* replies */
    struct share reply, refuse;
    int64_t reply_delay_ms;
    bool help, version;
};

int options_parse(struct options *o, int argc, char **argv, struct err *e); /* ERR_USAGE */
void options_help(void);

#endif
