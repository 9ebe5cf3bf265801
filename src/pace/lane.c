/*
 * lane: when a gateway's lane may start its next request.
 *
 * The token bucket may go negative: a batch is let go whole and paid for afterwards. The breaker opens after `breaker_failures` failures of the
 * lane itself in a row; behind an opening only one request at a time goes (a probe) until one succeeds, and each further
 * opening doubles the pause. What a gateway asks for is obeyed up to a day: its word must not stop the lane for ever.
 *
 * Callers: the dispatcher's loop alone.
 */
#include <math.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/pace.h"

#define DOUBLINGS 5 /* 2^5 = 32 times the first pause */
#define RETRY_AFTER_MAX_MS INT64_C(86400000)

void pace_lane_init(struct pace_lane *l, const struct pace_limits *limits, int64_t now_ms)
{
    memset(l, 0, sizeof *l);
    l->limits = *limits;
    if (l->limits.burst < 1)
        l->limits.burst = 1;
    if (l->limits.concurrency < 1)
        l->limits.concurrency = 1;
    l->tokens = l->limits.burst;
    l->filled_ms = now_ms;
}

static void fill(struct pace_lane *l, int64_t now_ms)
{
    if (now_ms > l->filled_ms) /* a clock set back fills nothing */
        l->tokens += (double)(now_ms - l->filled_ms) * l->limits.rate / 1000.0;
    if (l->tokens > l->limits.burst)
        l->tokens = l->limits.burst;
    l->filled_ms = now_ms;
}

/* In quiet hours: when they end; else now. From > to passes midnight. */
static int64_t quiet_ends(const struct pace_limits *p, int64_t now_ms)
{
    if (p->quiet_from == p->quiet_to)
        return now_ms;
    int minute = civil_local_minute(now_ms, p->zone_min);
    int32_t day = civil_local_day(now_ms, p->zone_min);
    bool over_midnight = p->quiet_from > p->quiet_to;
    bool quiet = over_midnight ? minute >= p->quiet_from || minute < p->quiet_to
                               : minute >= p->quiet_from && minute < p->quiet_to;
    if (!quiet)
        return now_ms;
    if (over_midnight && minute >= p->quiet_from)
        day++;
    return civil_at_ms(day, p->quiet_to, p->zone_min);
}

bool pace_quiet(const struct pace_limits *p, int64_t now_ms)
{
    return quiet_ends(p, now_ms) > now_ms;
}

static struct pace_answer answer(enum pace_reason reason, int64_t at_ms)
{
    return (struct pace_answer){.reason = reason, .not_before_ms = at_ms};
}

struct pace_answer pace_lane_quiet(const struct pace_lane *l, int64_t now_ms)
{
    int64_t quiet = quiet_ends(&l->limits, now_ms);
    return quiet > now_ms ? answer(PACE_QUIET, quiet) : answer(PACE_GO, now_ms);
}

struct pace_answer pace_lane_admit(struct pace_lane *l, int64_t now_ms)
{
    if (l->stopped)
        return answer(PACE_STOPPED, INT64_MAX);
    struct pace_answer quiet = pace_lane_quiet(l, now_ms);
    if (quiet.reason != PACE_GO)
        return quiet;
    if (now_ms < l->hold_until_ms)
        return answer(l->hold_reason, l->hold_until_ms);
    int window = l->openings > 0 ? 1 : l->limits.concurrency;
    if (l->in_flight >= window)
        return answer(PACE_CONCURRENCY, INT64_MAX);
    if (l->limits.rate > 0) {
        fill(l, now_ms);
        /* Half a millionth of a token is rounding, not debt. */
        if (l->tokens < 1.0 - 5e-7) {
            double wait = ceil((1.0 - l->tokens) * 1000.0 / l->limits.rate - 1e-6);
            return answer(PACE_RATE, now_ms + (wait < 1 ? 1 : (int64_t)wait));
        }
    }
    return answer(PACE_GO, now_ms);
}

void pace_lane_start(struct pace_lane *l, int64_t now_ms, int messages)
{
    if (l->limits.rate > 0) {
        fill(l, now_ms);
        l->tokens -= messages;
    }
    l->in_flight++;
}

static void hold(struct pace_lane *l, int64_t until_ms, enum pace_reason reason)
{
    if (until_ms > l->hold_until_ms) {
        l->hold_until_ms = until_ms;
        l->hold_reason = reason;
    }
}

static void failed(struct pace_lane *l, int64_t now_ms)
{
    l->failures++;
    /* Requests that were under way when the breaker opened fail too: they do not open it again. */
    if (l->limits.breaker_failures <= 0 || now_ms < l->hold_until_ms)
        return;
    if (l->openings == 0 && l->failures < l->limits.breaker_failures)
        return;
    int doublings = l->openings < DOUBLINGS ? l->openings : DOUBLINGS;
    l->openings++;
    hold(l, now_ms + (l->limits.breaker_ms << doublings), PACE_BREAKER);
}

void pace_lane_end(struct pace_lane *l, int64_t now_ms, enum pace_lane_event ev,
                   int64_t retry_after_ms)
{
    if (l->in_flight > 0)
        l->in_flight--;
    switch (ev) {
    case PACE_LANE_OK:
        l->failures = 0;
        l->openings = 0;
        break;
    case PACE_LANE_SLOW: /* it answers: no failure, but it wants less */
        l->failures = 0;
        if (retry_after_ms > 0)
            hold(l,
                 now_ms +
                     (retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms : RETRY_AFTER_MAX_MS),
                 PACE_HOLD);
        break;
    case PACE_LANE_FAILED:
        failed(l, now_ms);
        break;
    case PACE_LANE_STOP:
        l->stopped = true;
        break;
    }
}
