/*
 * schedule: a campaign's window, not_before and not_after. Fails closed: a schedule that makes no sense never goes.
 *
 * Callers: the dispatcher at claim and again at hand-over, the forecast.
 */
#include "zhanchi/civil.h"
#include "zhanchi/i18n.h"
#include "zhanchi/pace.h"

#define END_MS                                                                                     \
    INT64_C(                                                                                       \
        253402300800000) /* year 10000: the calendar ends, and so does arithmetic without care */

static const char *const reasons[] = {N_("go"),
                                      N_("the campaign begins later"),
                                      N_("outside the sending window"),
                                      N_("quiet hours of the gateway"),
                                      N_("rate limit"),
                                      N_("all connections are busy"),
                                      N_("the gateway asked for a pause"),
                                      N_("the gateway failed too often"),
                                      N_("stopped: the gateway refuses us"),
                                      N_("not_after has passed")};

const char *pace_reason_name(enum pace_reason r)
{
    return (size_t)r < sizeof reasons / sizeof reasons[0] ? reasons[r] : "?";
}

static struct pace_answer answer(enum pace_reason reason, int64_t at_ms)
{
    return (struct pace_answer){.reason = reason, .not_before_ms = at_ms};
}

static bool sane(const struct pace_schedule *s)
{
    return s->window_from >= 0 && s->window_from < s->window_to && s->window_to <= 1440 &&
           s->not_after_ms > 0 && s->not_after_ms < END_MS;
}

/* Milliseconds since the civil day's midnight. */
static int64_t ms_of_day(int64_t at_ms, int zone_min)
{
    return at_ms - civil_at_ms(civil_local_day(at_ms, zone_min), 0, zone_min);
}

/* The first instant at or after now that lies in the window. */
static int64_t window_opens(const struct pace_schedule *s, int64_t now_ms)
{
    int32_t day = civil_local_day(now_ms, s->zone_min);
    int64_t ms = ms_of_day(now_ms, s->zone_min);

    if (ms < (int64_t)s->window_from * 60000)
        return civil_at_ms(day, s->window_from, s->zone_min);
    if (ms >= (int64_t)s->window_to * 60000)
        return civil_at_ms(day + 1, s->window_from, s->zone_min);
    return now_ms;
}

struct pace_answer pace_schedule_admit(const struct pace_schedule *s, int64_t now_ms)
{
    if (!sane(s) || now_ms >= s->not_after_ms)
        return answer(PACE_LAPSED, INT64_MAX);
    int64_t from = now_ms < s->not_before_ms ? s->not_before_ms : now_ms;
    if (from >= s->not_after_ms)
        return answer(PACE_LAPSED, INT64_MAX);
    int64_t opens = window_opens(s, from);
    if (opens >= s->not_after_ms)
        return answer(PACE_LAPSED, INT64_MAX); /* the window does not open again before the end */
    if (opens > now_ms)
        return answer(opens == s->not_before_ms ? PACE_NOT_BEFORE : PACE_WINDOW, opens);
    return answer(PACE_GO, now_ms);
}

/* Walks the windows from now on; calls with each stretch. Returns the instant where `need_ms` are used up, or -1. */
static int64_t walk(const struct pace_schedule *s, int64_t now_ms, int64_t need_ms,
                    int64_t *room_ms)
{
    int64_t at = now_ms < s->not_before_ms ? s->not_before_ms : now_ms;

    *room_ms = 0;
    if (!sane(s))
        return -1;
    while (at < s->not_after_ms && (at = window_opens(s, at)) < s->not_after_ms) {
        int64_t closes = civil_at_ms(civil_local_day(at, s->zone_min), s->window_to, s->zone_min);
        int64_t end = closes < s->not_after_ms ? closes : s->not_after_ms;
        if (need_ms >= 0 && need_ms <= end - at)
            return at + need_ms;
        if (need_ms >= 0)
            need_ms -= end - at;
        *room_ms += end - at;
        at = end;
    }
    return -1;
}

int64_t pace_schedule_room(const struct pace_schedule *s, int64_t now_ms)
{
    int64_t room;

    walk(s, now_ms, -1, &room);
    return room;
}

int64_t pace_schedule_finish(const struct pace_schedule *s, int64_t now_ms, int64_t need_ms)
{
    int64_t room;

    return walk(s, now_ms, need_ms < 0 ? 0 : need_ms, &room);
}
