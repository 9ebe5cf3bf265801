/*
 * counters: what the sandbox did, printed as JSON when it stops.
 */
#ifndef SANDBOX_COUNTERS_H
#define SANDBOX_COUNTERS_H

#include <stdatomic.h>

#define COUNTERS(X)                                                                                \
    X(requests)                                                                                    \
    X(unauthorised)                                                                                \
    X(malformed)                                                                                   \
    X(accepted)                                                                                    \
    X(refused)                                                                                     \
    X(flow)                                                                                        \
    X(busy)                                                                                        \
    X(reset_before)                                                                                \
    X(reset_after)                                                                                 \
    X(never_before)                                                                                \
    X(never_after)                                                                                 \
    X(error_before)                                                                                \
    X(error_after)                                                                                 \
    X(garbage)                                                                                     \
    X(truncated)                                                                                   \
    X(cut)                                                                                         \
    X(partial)                                                                                     \
    X(receipts_lost)                                                                               \
    X(receipts_early)                                                                              \
    X(receipts_sent)                                                                               \
    X(replies_sent)                                                                                \
    X(refusals_sent)                                                                               \
    X(callbacks_repeated)                                                                          \
    X(callbacks_dropped)                                                                           \
    X(reports_left)

struct counters {
#define X(name) atomic_llong name;
    COUNTERS(X)
#undef X
};

#define COUNT(counters, name, n) atomic_fetch_add(&(counters)->name, (long long)(n))

void counters_print(struct counters *c);

#endif
