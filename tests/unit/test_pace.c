/*
 * pace: schedules to the millisecond, lanes, backoff; and a whole day under a clock of our own, in which what was promised is
 * counted: never outside the window, never above the rate, never a busy loop.
 */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "zhanchi/pace.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))
#define ZONE 480
#define HOUR_MS INT64_C(3600000)

/* Milliseconds of China's wall clock, `day` days after Monday 2026-11-23. */
static int64_t at(int day, int hour, int minute, int ms)
{
    return civil_at_ms(civil_day(2026, 11, 23) + day, hour * 60 + minute, ZONE) + ms;
}

static void expect(struct pace_answer a, enum pace_reason reason, int64_t not_before_ms)
{
    ck_assert_msg(a.reason == reason, "%s instead of %s", pace_reason_name(a.reason),
                  pace_reason_name(reason));
    ck_assert_int_eq(a.not_before_ms, not_before_ms);
}

/* ---- schedule ---- */

static struct pace_schedule office_hours(void)
{
    return (struct pace_schedule){.window_from = 9 * 60,
                                  .window_to = 20 * 60,
                                  .zone_min = ZONE,
                                  .not_after_ms = at(30, 0, 0, 0)};
}

START_TEST(window_to_the_millisecond)
{
    struct pace_schedule s = office_hours();

    expect(pace_schedule_admit(&s, at(0, 0, 0, 0)), PACE_WINDOW, at(0, 9, 0, 0));
    expect(pace_schedule_admit(&s, at(0, 8, 59, 59999)), PACE_WINDOW, at(0, 9, 0, 0));
    expect(pace_schedule_admit(&s, at(0, 9, 0, 0)), PACE_GO, at(0, 9, 0, 0));
    expect(pace_schedule_admit(&s, at(0, 19, 59, 59999)), PACE_GO, at(0, 19, 59, 59999));
    expect(pace_schedule_admit(&s, at(0, 20, 0, 0)), PACE_WINDOW, at(1, 9, 0, 0));
    expect(pace_schedule_admit(&s, at(0, 23, 59, 59999)), PACE_WINDOW, at(1, 9, 0, 0));
}
END_TEST

START_TEST(window_in_other_zones)
{
    struct pace_schedule s = office_hours();
    int32_t day = civil_day(2026, 11, 23);

    s.zone_min = 0;
    expect(pace_schedule_admit(&s, civil_at_ms(day, 0, 0)), PACE_WINDOW,
           civil_at_ms(day, 9 * 60, 0));
    s.zone_min = -300; /* 00:00Z is 19:00 of the day before */
    expect(pace_schedule_admit(&s, civil_at_ms(day, 0, 0)), PACE_GO, civil_at_ms(day, 0, 0));
    expect(pace_schedule_admit(&s, civil_at_ms(day, 60, 0)), PACE_WINDOW,
           civil_at_ms(day, 9 * 60, -300));
}
END_TEST

START_TEST(window_of_a_whole_day)
{
    struct pace_schedule s = office_hours();

    s.window_from = 0;
    s.window_to = 1440;
    for (int hour = 0; hour < 24; hour++)
        expect(pace_schedule_admit(&s, at(0, hour, 59, 59999)), PACE_GO, at(0, hour, 59, 59999));
}
END_TEST

START_TEST(not_before)
{
    struct pace_schedule s = office_hours();

    s.not_before_ms = at(2, 10, 30, 7);
    expect(pace_schedule_admit(&s, at(0, 12, 0, 0)), PACE_NOT_BEFORE, at(2, 10, 30, 7));
    expect(pace_schedule_admit(&s, at(2, 10, 30, 6)), PACE_NOT_BEFORE, at(2, 10, 30, 7));
    expect(pace_schedule_admit(&s, at(2, 10, 30, 7)), PACE_GO, at(2, 10, 30, 7));
    s.not_before_ms = at(2, 22, 0, 0); /* then the window is closed */
    expect(pace_schedule_admit(&s, at(0, 12, 0, 0)), PACE_WINDOW, at(3, 9, 0, 0));
}
END_TEST

START_TEST(not_after)
{
    struct pace_schedule s = office_hours();

    s.not_after_ms = at(1, 11, 0, 0);
    expect(pace_schedule_admit(&s, at(1, 10, 59, 59999)), PACE_GO, at(1, 10, 59, 59999));
    expect(pace_schedule_admit(&s, at(1, 11, 0, 0)), PACE_LAPSED, INT64_MAX);
    expect(pace_schedule_admit(&s, at(9, 11, 0, 0)), PACE_LAPSED, INT64_MAX);
    s.not_after_ms = at(1, 9, 0, 0); /* the window does not open again before */
    expect(pace_schedule_admit(&s, at(0, 20, 0, 0)), PACE_LAPSED, INT64_MAX);
    s.not_after_ms = at(1, 9, 0, 1);
    expect(pace_schedule_admit(&s, at(0, 20, 0, 0)), PACE_WINDOW, at(1, 9, 0, 0));
    s.not_before_ms = at(2, 0, 0, 0); /* begins after its end */
    expect(pace_schedule_admit(&s, at(0, 12, 0, 0)), PACE_LAPSED, INT64_MAX);
}
END_TEST

static const struct pace_schedule senseless[] = {
    {.window_from = 540, .window_to = 1200, .zone_min = ZONE},
    {.window_from = 540, .window_to = 1200, .zone_min = ZONE, .not_after_ms = -1},
    {.window_from = 540, .window_to = 1200, .zone_min = ZONE, .not_after_ms = INT64_MAX},
    {.window_from = 540, .window_to = 540, .zone_min = ZONE, .not_after_ms = INT64_MAX / 100000},
    {.window_from = 600, .window_to = 540, .zone_min = ZONE, .not_after_ms = 1800000000000},
    {.window_from = -1, .window_to = 540, .zone_min = ZONE, .not_after_ms = 1800000000000},
    {.window_from = 0, .window_to = 1441, .zone_min = ZONE, .not_after_ms = 1800000000000},
    {.window_from = 0,
     .window_to = 1440,
     .zone_min = ZONE,
     .not_before_ms = INT64_MAX,
     .not_after_ms = 1800000000000},
};

START_TEST(fails_closed)
{
    const struct pace_schedule *s = &senseless[_i];

    expect(pace_schedule_admit(s, at(0, 10, 0, 0)), PACE_LAPSED, INT64_MAX);
    ck_assert_int_eq(pace_schedule_room(s, at(0, 10, 0, 0)), 0);
    ck_assert_int_eq(pace_schedule_finish(s, at(0, 10, 0, 0), 1), -1);
}
END_TEST

START_TEST(room_and_finish)
{
    struct pace_schedule s = office_hours();
    int64_t eight = at(0, 8, 0, 0);

    s.not_after_ms = at(1, 10, 0, 0);
    ck_assert_int_eq(pace_schedule_room(&s, eight), 12 * HOUR_MS);
    ck_assert_int_eq(pace_schedule_room(&s, at(0, 19, 30, 0)), HOUR_MS * 3 / 2);
    ck_assert_int_eq(pace_schedule_room(&s, at(1, 10, 0, 0)), 0);
    ck_assert_int_eq(pace_schedule_finish(&s, eight, 0), at(0, 9, 0, 0));
    ck_assert_int_eq(pace_schedule_finish(&s, eight, -5), at(0, 9, 0, 0));
    ck_assert_int_eq(pace_schedule_finish(&s, eight, 11 * HOUR_MS), at(0, 20, 0, 0));
    ck_assert_int_eq(pace_schedule_finish(&s, eight, 11 * HOUR_MS + 1), at(1, 9, 0, 1));
    ck_assert_int_eq(pace_schedule_finish(&s, eight, 12 * HOUR_MS), at(1, 10, 0, 0));
    ck_assert_int_eq(pace_schedule_finish(&s, eight, 12 * HOUR_MS + 1), -1);
    s.not_before_ms = at(0, 12, 0, 0);
    ck_assert_int_eq(pace_schedule_room(&s, eight), 9 * HOUR_MS);
}
END_TEST

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Room must be what admission grants, minute by minute; finish must be where room is used up. */
START_TEST(room_is_what_is_admitted)
{
    uint64_t seed = 20261123 + (uint64_t)_i;
    struct pace_schedule s = {.zone_min = (int)(next_random(&seed) % 56) * 30 - 840};

    s.window_from = (int)(next_random(&seed) % 1439);
    s.window_to = s.window_from + 1 + (int)(next_random(&seed) % (uint64_t)(1440 - s.window_from));
    int64_t now = at(0, 0, (int)(next_random(&seed) % 1440), 0);
    s.not_before_ms = now + ((int64_t)(next_random(&seed) % 2880) - 1440) * 60000;
    s.not_after_ms = now + (int64_t)(next_random(&seed) % 5760) * 60000;
    int64_t granted = 0, third = -1, room = pace_schedule_room(&s, now);
    for (int64_t t = now; t < s.not_after_ms; t += 60000) {
        if (pace_schedule_admit(&s, t).reason != PACE_GO)
            continue;
        granted += 60000;
        if (third < 0 && granted >= room / 3 / 60000 * 60000 + 60000)
            third = t;
    }
    ck_assert_int_eq(room, granted);
    if (room >= 180000)
        ck_assert_int_eq(pace_schedule_finish(&s, now, room / 3 / 60000 * 60000 + 1), third + 1);
    ck_assert_int_eq(pace_schedule_finish(&s, now, room + 1), -1);
}
END_TEST

/* ---- lane ---- */

static struct pace_lane lane_of(struct pace_limits limits)
{
    struct pace_lane l;

    pace_lane_init(&l, &limits, 0);
    return l;
}

START_TEST(rate)
{
    struct pace_lane l = lane_of((struct pace_limits){.rate = 4, .burst = 2, .concurrency = 100});

    for (int i = 0; i < 2; i++) {
        expect(pace_lane_admit(&l, 0), PACE_GO, 0);
        pace_lane_start(&l, 0, 1);
    }
    expect(pace_lane_admit(&l, 0), PACE_RATE, 250);
    expect(pace_lane_admit(&l, 249), PACE_RATE, 250);
    expect(pace_lane_admit(&l, 250), PACE_GO, 250);
    pace_lane_start(&l, 250, 1);
    expect(pace_lane_admit(&l, 250), PACE_RATE, 500);
    /* A long silence fills the bucket and no more. */
    pace_lane_start(&l, 100000, 1);
    pace_lane_start(&l, 100000, 1);
    expect(pace_lane_admit(&l, 100000), PACE_RATE, 100250);
}
END_TEST

START_TEST(bucket_holds_at_least_one)
{
    struct pace_lane l = lane_of((struct pace_limits){.rate = 2, .burst = 0.2, .concurrency = 9});

    expect(pace_lane_admit(&l, 0), PACE_GO, 0);
    pace_lane_start(&l, 0, 1);
    expect(pace_lane_admit(&l, 0), PACE_RATE, 500);
}
END_TEST

START_TEST(batch_is_paid_for_afterwards)
{
    struct pace_lane l = lane_of((struct pace_limits){.rate = 10, .burst = 10, .concurrency = 8});

    expect(pace_lane_admit(&l, 0), PACE_GO, 0);
    pace_lane_start(&l, 0, 100); /* ten in the bucket, ninety in debt */
    expect(pace_lane_admit(&l, 0), PACE_RATE, 9100);
    expect(pace_lane_admit(&l, 9099), PACE_RATE, 9100);
    expect(pace_lane_admit(&l, 9100), PACE_GO, 9100);
}
END_TEST

START_TEST(rates_that_do_not_divide)
{
    static const double rates[] = {0.1, 0.3, 1.0 / 3, 3, 7, 13.7, 333, 1000, 2500};
    struct pace_lane l =
        lane_of((struct pace_limits){.rate = rates[_i], .burst = 1, .concurrency = INT_MAX});
    int64_t now = 0;

    /* The time that is named is the first at which it goes. */
    for (int sent = 0; sent < 2000; sent++) {
        struct pace_answer a;
        while ((a = pace_lane_admit(&l, now)).reason != PACE_GO) {
            ck_assert_int_eq(a.reason, PACE_RATE);
            ck_assert_int_gt(a.not_before_ms, now);
            if (a.not_before_ms - 1 > now)
                ck_assert_int_eq(pace_lane_admit(&l, a.not_before_ms - 1).reason, PACE_RATE);
            now = a.not_before_ms;
            ck_assert_int_eq(pace_lane_admit(&l, now).reason, PACE_GO);
        }
        pace_lane_start(&l, now, 1);
    }
    double ideal = 1999 * 1000.0 / rates[_i];
    ck_assert_double_ge((double)now, ideal - 1);
    ck_assert_double_le((double)now, ideal * 1.000001 + 2000);
}
END_TEST

START_TEST(no_rate)
{
    struct pace_lane l = lane_of((struct pace_limits){.concurrency = 2000});

    for (int i = 0; i < 1000; i++) {
        expect(pace_lane_admit(&l, 5), PACE_GO, 5);
        pace_lane_start(&l, 5, 100);
    }
}
END_TEST

START_TEST(concurrency)
{
    struct pace_lane l = lane_of((struct pace_limits){.concurrency = 2});

    pace_lane_start(&l, 0, 1);
    expect(pace_lane_admit(&l, 0), PACE_GO, 0);
    pace_lane_start(&l, 0, 1);
    expect(pace_lane_admit(&l, 0), PACE_CONCURRENCY, INT64_MAX);
    pace_lane_end(&l, 1, PACE_LANE_OK, 0);
    expect(pace_lane_admit(&l, 1), PACE_GO, 1);
    pace_lane_end(&l, 2, PACE_LANE_OK, 0);
    pace_lane_end(&l, 3, PACE_LANE_OK, 0); /* one too many does no harm */
    ck_assert_int_eq(l.in_flight, 0);
    l = lane_of((struct pace_limits){.concurrency = 0}); /* at least one */
    expect(pace_lane_admit(&l, 0), PACE_GO, 0);
    pace_lane_start(&l, 0, 1);
    expect(pace_lane_admit(&l, 0), PACE_CONCURRENCY, INT64_MAX);
}
END_TEST

static void request(struct pace_lane *l, int64_t now_ms, enum pace_lane_event ev, int64_t retry_ms)
{
    pace_lane_start(l, now_ms, 1);
    pace_lane_end(l, now_ms, ev, retry_ms);
}

START_TEST(retry_after)
{
    struct pace_lane l = lane_of((struct pace_limits){.concurrency = 4});

    request(&l, 1000, PACE_LANE_SLOW, 30000);
    expect(pace_lane_admit(&l, 1000), PACE_HOLD, 31000);
    request(&l, 2000, PACE_LANE_SLOW, 1000); /* a shorter one shortens nothing */
    expect(pace_lane_admit(&l, 2000), PACE_HOLD, 31000);
    request(&l, 3000, PACE_LANE_SLOW, 60000);
    expect(pace_lane_admit(&l, 30999), PACE_HOLD, 63000);
    expect(pace_lane_admit(&l, 62999), PACE_HOLD, 63000);
    expect(pace_lane_admit(&l, 63000), PACE_GO, 63000);
    request(&l, 70000, PACE_LANE_SLOW, 0); /* no hint: the message waits, the lane does not */
    expect(pace_lane_admit(&l, 70000), PACE_GO, 70000);
    request(&l, 80000, PACE_LANE_SLOW, INT64_MAX); /* its word does not stop us for ever */
    expect(pace_lane_admit(&l, 80000), PACE_HOLD, 80000 + 24 * HOUR_MS);
}
END_TEST

static struct pace_lane lane_with_breaker(void)
{
    return lane_of(
        (struct pace_limits){.concurrency = 8, .breaker_failures = 3, .breaker_ms = 1000});
}

START_TEST(breaker_opens_and_doubles)
{
    struct pace_lane l = lane_with_breaker();
    int64_t now = 0, pause = 1000;

    request(&l, now, PACE_LANE_FAILED, 0);
    request(&l, now, PACE_LANE_FAILED, 0);
    expect(pace_lane_admit(&l, now), PACE_GO, now);
    for (int opening = 0; opening < 9; opening++) {
        request(&l, now, PACE_LANE_FAILED, 0);
        expect(pace_lane_admit(&l, now), PACE_BREAKER, now + pause);
        expect(pace_lane_admit(&l, now + pause - 1), PACE_BREAKER, now + pause);
        now += pause;
        expect(pace_lane_admit(&l, now), PACE_GO, now); /* one probe, and no second beside it */
        pace_lane_start(&l, now, 1);
        expect(pace_lane_admit(&l, now), PACE_CONCURRENCY, INT64_MAX);
        pace_lane_end(&l, now, PACE_LANE_FAILED, 0);
        pause = pause < 32000 ? pause * 2 : pause;
        expect(pace_lane_admit(&l, now), PACE_BREAKER, now + pause);
        now += pause;
        pause = pause < 32000 ? pause * 2 : pause;
    }
    request(&l, now, PACE_LANE_OK, 0);
    for (int i = 0; i < 8; i++) {
        expect(pace_lane_admit(&l, now), PACE_GO, now); /* all connections again */
        pace_lane_start(&l, now, 1);
    }
    for (int i = 0; i < 3; i++)
        pace_lane_end(&l, now, PACE_LANE_FAILED, 0);
    expect(pace_lane_admit(&l, now), PACE_BREAKER, now + 1000); /* and the first pause again */
}
END_TEST

/* What was on the wire when it opened fails too, and is no second opening. */
START_TEST(breaker_and_stragglers)
{
    struct pace_lane l = lane_with_breaker();

    for (int i = 0; i < 8; i++)
        pace_lane_start(&l, 0, 1);
    for (int i = 0; i < 8; i++)
        pace_lane_end(&l, 10 + i, PACE_LANE_FAILED, 0);
    ck_assert_int_eq(l.openings, 1);
    expect(pace_lane_admit(&l, 20), PACE_BREAKER, 1012);
}
END_TEST

START_TEST(breaker_counts_in_a_row)
{
    struct pace_lane l = lane_with_breaker();

    for (int i = 0; i < 10; i++) {
        request(&l, i, PACE_LANE_FAILED, 0);
        request(&l, i, PACE_LANE_FAILED, 0);
        request(&l, i, i % 2 ? PACE_LANE_OK : PACE_LANE_SLOW, 0);
    }
    expect(pace_lane_admit(&l, 10), PACE_GO, 10);
    l = lane_of((struct pace_limits){.concurrency = 1, .breaker_failures = 1, .breaker_ms = 1000});
    request(&l, 0, PACE_LANE_FAILED, 0);
    expect(pace_lane_admit(&l, 0), PACE_BREAKER, 1000);
    l = lane_of((struct pace_limits){.concurrency = 1, .breaker_failures = 0, .breaker_ms = 1000});
    for (int i = 0; i < 1000; i++)
        request(&l, 0, PACE_LANE_FAILED, 0);
    expect(pace_lane_admit(&l, 0), PACE_GO, 0); /* 0 = never */
}
END_TEST

START_TEST(stop)
{
    struct pace_lane l = lane_with_breaker();

    request(&l, 0, PACE_LANE_STOP, 0);
    expect(pace_lane_admit(&l, 0), PACE_STOPPED, INT64_MAX);
    request(&l, 1, PACE_LANE_OK, 0); /* an answer under way does not start it again */
    expect(pace_lane_admit(&l, 365 * 24 * HOUR_MS), PACE_STOPPED, INT64_MAX);
}
END_TEST

static const struct {
    int from, to; /* quiet hours */
    int hour, minute, ms;
    int day_until, hour_until; /* -1 = not quiet */
} quiet[] = {
    {22 * 60, 8 * 60, 21, 59, 59999, -1, -1}, /* over midnight */
    {22 * 60, 8 * 60, 22, 0, 0, 1, 8},
    {22 * 60, 8 * 60, 23, 59, 59999, 1, 8},
    {22 * 60, 8 * 60, 0, 0, 0, 0, 8},
    {22 * 60, 8 * 60, 7, 59, 59999, 0, 8},
    {22 * 60, 8 * 60, 8, 0, 0, -1, -1},
    {12 * 60, 14 * 60, 11, 59, 59999, -1, -1}, /* within a day */
    {12 * 60, 14 * 60, 12, 0, 0, 0, 14},
    {12 * 60, 14 * 60, 13, 59, 59999, 0, 14},
    {12 * 60, 14 * 60, 14, 0, 0, -1, -1},
    {0, 6 * 60, 0, 0, 0, 0, 6},
    {22 * 60, 1440, 23, 0, 0, 1, 0},
    {600, 600, 10, 0, 0, -1, -1}, /* equal = none */
    {0, 0, 0, 0, 0, -1, -1},
};

START_TEST(quiet_hours)
{
    struct pace_lane l = lane_of((struct pace_limits){.concurrency = 1,
                                                      .quiet_from = quiet[_i].from,
                                                      .quiet_to = quiet[_i].to,
                                                      .zone_min = ZONE});
    int64_t now = at(0, quiet[_i].hour, quiet[_i].minute, quiet[_i].ms);

    if (quiet[_i].day_until < 0)
        expect(pace_lane_admit(&l, now), PACE_GO, now);
    else
        expect(pace_lane_admit(&l, now), PACE_QUIET,
               at(quiet[_i].day_until, quiet[_i].hour_until, 0, 0));
}
END_TEST

START_TEST(clock_set_back)
{
    struct pace_lane l = lane_of((struct pace_limits){.rate = 1, .burst = 1, .concurrency = 9});

    pace_lane_start(&l, 1000000, 1);
    expect(pace_lane_admit(&l, 0), PACE_RATE, 1000); /* fills nothing, takes nothing */
    expect(pace_lane_admit(&l, 1000), PACE_GO, 1000);
}
END_TEST

/* ---- a day ---- */

#define FLYING 4
#define BATCH 10

struct day {
    struct pace_schedule schedule;
    struct pace_lane lane;
    int64_t now, ends[FLYING]; /* 0 = free */
    enum pace_lane_event events[FLYING];
    uint64_t seed;
    int64_t sent, asked, starts;
    double debt_floor; /* least of (sent before - rate * t) over all starts */
};

/* Between 10:00 and 10:10 the gateway is down; from 15:00 to 15:01 it asks for five minutes. */
static enum pace_lane_event weather(int64_t now)
{
    if (now >= at(0, 10, 0, 0) && now < at(0, 10, 10, 0))
        return PACE_LANE_FAILED;
    return now >= at(0, 15, 0, 0) && now < at(0, 15, 1, 0) ? PACE_LANE_SLOW : PACE_LANE_OK;
}

static void day_start(struct day *d)
{
    int slot = 0, n = 1 + (int)(next_random(&d->seed) % BATCH);
    double t = (double)d->now / 1000.0;
    int minute = civil_local_minute(d->now, ZONE);

    ck_assert_int_ge(minute, 9 * 60);
    ck_assert_int_lt(minute, 20 * 60);
    ck_assert(minute < 12 * 60 || minute >= 13 * 60 + 30);
    while (slot < FLYING && d->ends[slot] != 0)
        slot++;
    ck_assert_int_lt(slot, FLYING);
    /* However one cuts a stretch out of the day: no more than burst + rate * length, and the debt of its last batch. */
    double before = (double)d->sent - d->lane.limits.rate * t;
    d->debt_floor = before < d->debt_floor ? before : d->debt_floor;
    d->sent += n;
    d->starts++;
    ck_assert_double_le((double)d->sent - d->lane.limits.rate * t - d->debt_floor,
                        d->lane.limits.burst + BATCH - 1 + 1e-3);
    pace_lane_start(&d->lane, d->now, n);
    d->ends[slot] = d->now + 50 + (int64_t)(next_random(&d->seed) % 850);
    d->events[slot] = weather(d->now);
}

static int64_t day_land(struct day *d)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < FLYING; i++) {
        if (d->ends[i] != 0 && d->ends[i] <= d->now) {
            d->ends[i] = 0;
            pace_lane_end(&d->lane, d->now, d->events[i],
                          d->events[i] == PACE_LANE_SLOW ? 300000 : 0);
        }
        if (d->ends[i] != 0 && d->ends[i] < next)
            next = d->ends[i];
    }
    return next;
}

static struct pace_answer day_ask(struct day *d)
{
    d->asked++;
    struct pace_answer a = pace_schedule_admit(&d->schedule, d->now);
    return a.reason == PACE_GO ? pace_lane_admit(&d->lane, d->now) : a;
}

static void day_run(struct day *d, int64_t until)
{
    while (d->now < until) {
        int64_t next = day_land(d);
        struct pace_answer a = day_ask(d);
        if (a.reason == PACE_GO) {
            day_start(d);
            continue;
        }
        ck_assert_int_gt(a.not_before_ms, d->now); /* never a busy loop */
        d->now = a.not_before_ms < next ? a.not_before_ms : next;
        ck_assert_int_ne(d->now, INT64_MAX);
    }
}

START_TEST(a_day)
{
    struct pace_limits limits = {.rate = 13.7,
                                 .burst = 20,
                                 .concurrency = FLYING,
                                 .quiet_from = 12 * 60,
                                 .quiet_to = 13 * 60 + 30,
                                 .zone_min = ZONE,
                                 .breaker_failures = 5,
                                 .breaker_ms = 2000};
    struct day d = {.schedule = office_hours(), .now = at(0, 0, 0, 0), .seed = (uint64_t)_i};

    pace_lane_init(&d.lane, &limits, d.now);
    d.debt_floor = (double)INT64_MAX;
    day_run(&d, at(0, 10, 0, 0));
    /* In an hour without trouble nearly everything that the rate allows went. */
    ck_assert_double_ge((double)d.sent, 3600 * limits.rate * 0.999);
    int64_t sent = d.sent, starts = d.starts;
    day_run(&d, at(0, 10, 10, 0));
    /* Ten minutes of failure: a few requests, then probes further and further apart (2 4 8 ... 64 s). */
    ck_assert_int_le(d.starts - starts, 5 + FLYING + 16);
    ck_assert_int_ge(d.starts - starts, 10);
    day_run(&d, at(0, 10, 12, 0));
    ck_assert_int_eq(d.lane.openings, 0);
    sent = d.sent;
    day_run(&d, at(0, 12, 0, 0));
    ck_assert_double_ge((double)(d.sent - sent), 108 * 60 * limits.rate * 0.999);
    sent = d.sent;
    day_run(&d, at(0, 13, 30, 0));
    ck_assert_int_eq(d.sent, sent);
    day_run(&d, at(0, 15, 0, 0));
    sent = d.sent;
    starts = d.starts;
    day_run(&d, at(0, 15, 5, 0));
    ck_assert_int_le(d.starts - starts, FLYING); /* the pause is kept */
    sent = d.sent;
    day_run(&d, at(0, 20, 0, 0));
    ck_assert_double_ge((double)(d.sent - sent), (5 * 3600 - 305) * limits.rate * 0.999);
    sent = d.sent;
    day_run(&d, at(1, 8, 59, 59999));
    ck_assert_int_eq(d.sent, sent);
    /* Asked about as often as something happened. */
    ck_assert_int_le(d.asked, 4 * d.starts + 1000);
}
END_TEST

/* ---- backoff ---- */

START_TEST(backoff)
{
    static const struct {
        int attempts;
        int64_t base, cap, longest;
    } cases[] = {
        {1, 5000, 900000, 5000},
        {2, 5000, 900000, 10000},
        {3, 5000, 900000, 20000},
        {8, 5000, 900000, 640000},
        {9, 5000, 900000, 900000},
        {1000000, 5000, 900000, 900000},
        {INT_MAX, 1, 1000, 1000},
        {1, 5000, 1000, 1000},
        {0, 5000, 900000, 5000},
        {-3, 5000, 900000, 5000},
        {64, 3, INT64_MAX / 4, INT64_MAX / 4},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        double longest = (double)cases[i].longest;
        int64_t low = pace_backoff_ms(cases[i].attempts, cases[i].base, cases[i].cap, 0.0);
        int64_t high = pace_backoff_ms(cases[i].attempts, cases[i].base, cases[i].cap, 0.999999);
        ck_assert_double_ge_tol((double)low, longest * 0.5, 1);
        ck_assert_double_le_tol((double)low, longest * 0.5, 1);
        ck_assert_double_ge((double)high, longest * 0.9999 - 1);
        ck_assert_double_le((double)high, longest);
    }
}
END_TEST

START_TEST(reasons_have_names)
{
    for (int r = PACE_GO; r <= PACE_LAPSED; r++)
        ck_assert_str_ne(pace_reason_name((enum pace_reason)r), "?");
    ck_assert_str_eq(pace_reason_name((enum pace_reason)(PACE_LAPSED + 1)), "?");
    ck_assert_str_eq(pace_reason_name(PACE_LAPSED), "not_after has passed");
}
END_TEST

static TCase *schedule_tests(void)
{
    TCase *t = tcase_create("schedule");

    tcase_add_test(t, window_to_the_millisecond);
    tcase_add_test(t, window_in_other_zones);
    tcase_add_test(t, window_of_a_whole_day);
    tcase_add_test(t, not_before);
    tcase_add_test(t, not_after);
    tcase_add_loop_test(t, fails_closed, 0, COUNT(senseless));
    tcase_add_test(t, room_and_finish);
    tcase_add_loop_test(t, room_is_what_is_admitted, 0, 200);
    return t;
}

static TCase *lane_tests(void)
{
    TCase *t = tcase_create("lane");

    tcase_add_test(t, rate);
    tcase_add_test(t, bucket_holds_at_least_one);
    tcase_add_test(t, batch_is_paid_for_afterwards);
    tcase_add_loop_test(t, rates_that_do_not_divide, 0, 9);
    tcase_add_test(t, no_rate);
    tcase_add_test(t, concurrency);
    tcase_add_test(t, retry_after);
    tcase_add_test(t, breaker_opens_and_doubles);
    tcase_add_test(t, breaker_and_stragglers);
    tcase_add_test(t, breaker_counts_in_a_row);
    tcase_add_test(t, stop);
    tcase_add_loop_test(t, quiet_hours, 0, COUNT(quiet));
    tcase_add_test(t, clock_set_back);
    return t;
}

int main(void)
{
    Suite *suite = suite_create("pace");
    TCase *t = tcase_create("day");

    suite_add_tcase(suite, schedule_tests());
    suite_add_tcase(suite, lane_tests());
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_day, 1, 6);
    suite_add_tcase(suite, t);
    t = tcase_create("backoff");
    tcase_add_test(t, backoff);
    tcase_add_test(t, reasons_have_names);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
