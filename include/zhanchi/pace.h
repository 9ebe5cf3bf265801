/*
 * pace: everything that may delay a message, in one place. Pure: time and chance are arguments.
 *
 * It answers "go" or "not before T, because R". The dispatcher obeys and sleeps; nobody else
 * delays. schedule  of a campaign: window, not_before, not_after lane      of a gateway: token
 * bucket, concurrency, hold (Retry-After), breaker, quiet hours backoff   of a message: the time of
 * its next attempt
 */
#ifndef ZHANCHI_PACE_H
#define ZHANCHI_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pace_reason {
    PACE_GO,
    PACE_NOT_BEFORE,  /* the campaign begins later */
    PACE_WINDOW,      /* outside the campaign's window */
    PACE_QUIET,       /* the gateway's quiet hours */
    PACE_RATE,        /* token bucket */
    PACE_CONCURRENCY, /* as many requests in flight as allowed */
    PACE_HOLD,        /* the gateway asked for a pause */
    PACE_BREAKER,     /* the lane failed too often */
    PACE_STOPPED,     /* credentials, balance: stopped until a person acts (or the next run) */
    PACE_LAPSED       /* not_after has passed: never */
};

struct pace_answer {
    enum pace_reason reason;
    int64_t not_before_ms; /* PACE_GO: now; PACE_CONCURRENCY and PACE_STOPPED: INT64_MAX (an event,
                              not a time) */
};

const char *pace_reason_name(enum pace_reason r);

/* ---- schedule ---- */

struct pace_schedule {
    int window_from, window_to; /* minutes of the civil day, from < to, to <= 1440; [from, to) */
    int zone_min;
    int64_t not_before_ms; /* 0 = none */
    int64_t not_after_ms;  /* exclusive; must be set, before the year 10000: a schedule without end
                              fails closed (PACE_LAPSED) */
};

struct pace_answer pace_schedule_admit(const struct pace_schedule *s, int64_t now_ms);
/* Milliseconds inside the window between now and not_after: what a forecast divides by the rate. */
int64_t pace_schedule_room(const struct pace_schedule *s, int64_t now_ms);
/* When `need_ms` of sending time have passed inside the window, or -1 if not_after comes first. */
int64_t pace_schedule_finish(const struct pace_schedule *s, int64_t now_ms, int64_t need_ms);

/* ---- lane ---- */

struct pace_limits {
    double rate;              /* messages a second; 0 = unlimited */
    double burst;             /* bucket size; at least 1 */
    int concurrency;          /* requests in flight */
    int quiet_from, quiet_to; /* minutes; equal = none; from > to passes midnight */
    int zone_min;
    int breaker_failures; /* lane failures in a row that open the breaker; 0 = never */
    int64_t breaker_ms;   /* first pause; doubled at each further opening, at most 32 times */
};

struct pace_lane {
    struct pace_limits limits;
    double tokens; /* may go negative: a batch is let go whole and paid for afterwards */
    int64_t filled_ms;
    int in_flight;
    int failures; /* in a row, of the lane itself */
    int openings;
    int64_t hold_until_ms;
    enum pace_reason hold_reason; /* PACE_HOLD or PACE_BREAKER */
    bool stopped;
};

bool pace_quiet(const struct pace_limits *p, int64_t now_ms); /* its quiet hours hold */
void pace_lane_init(struct pace_lane *l, const struct pace_limits *limits, int64_t now_ms);
/* May a request of n messages start now? Changes nothing. */
struct pace_answer pace_lane_admit(struct pace_lane *l, int64_t now_ms);
/* Of that the quiet hours alone: a request that was let go may wait for its connection until they begin. */
struct pace_answer pace_lane_quiet(const struct pace_lane *l, int64_t now_ms);
void pace_lane_start(struct pace_lane *l, int64_t now_ms, int messages);

enum pace_lane_event {
    PACE_LANE_OK,     /* the gateway answered sensibly, for or against a message */
    PACE_LANE_SLOW,   /* flow control; retry_after_ms may be 0 */
    PACE_LANE_FAILED, /* connection refused, unreadable answer, 5xx, time-out */
    PACE_LANE_STOP    /* CONFIG: credential, signature, balance */
};
/* A request ended. retry_after_ms: what the gateway asked for (obeyed up to a day), 0 = nothing. */
void pace_lane_end(struct pace_lane *l, int64_t now_ms, enum pace_lane_event ev,
                   int64_t retry_after_ms);

/* ---- backoff ---- */

/* Delay before attempt n+1 after n attempts: base * 2^(n-1), at most cap, times a jitter in
 * [0.5, 1.0] taken from chance in [0, 1). */
int64_t pace_backoff_ms(int attempts, int64_t base_ms, int64_t cap_ms, double chance);

#endif
