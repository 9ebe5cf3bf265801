/*
 * backoff of a message: exponential, capped, with jitter, so that a thousand refused messages do not return in the same instant.
 */
#include "zhanchi/pace.h"

int64_t pace_backoff_ms(int attempts, int64_t base_ms, int64_t cap_ms, double chance)
{
    int64_t delay = base_ms < cap_ms ? base_ms : cap_ms;

    for (int i = 1; i < attempts && delay < cap_ms; i++)
        delay = delay <= cap_ms / 2 ? delay * 2 : cap_ms;
    return (int64_t)((double)delay * (0.5 + 0.5 * chance));
}
