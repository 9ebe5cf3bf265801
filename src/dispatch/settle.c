/*
 * settle: what an answer means for a message, and for the lane it went through. Called by loop.c;
 * pure.
 *
 * A message goes back to the queue only where the gateway said that it did not take it (RETRY,
 * LIMIT, CONFIG are declared refusals) or where nothing was handed over. Everything else that is
 * not a clear yes or no is `unknown`. What we held back ourselves, or gave up before a request was
 * made, is undone (settle_unclaim); a gateway that could not be reached is an attempt with its
 * number, or the pauses would not grow.
 */
#include <string.h>
#include "internal.h"

static void base(const struct job *j, int64_t now_ms, struct settlement *out)
{
    memset(out, 0, sizeof *out);
    out->message_id = j->message_id;
    out->address_id = j->address_id;
    out->attempt = j->attempt;
    out->settled_ms = now_ms;
}

void settle_unclaim(const struct job *j, int64_t now_ms, int64_t due_ms, struct settlement *out)
{
    base(j, now_ms, out);
    out->input = IN_UNCLAIM;
    out->due_ms = due_ms;
    out->give_back_cap = true;
}

static void again(struct settlement *out, enum msg_cause cause, int64_t due_ms)
{
    out->input = IN_ANSWER_RETRY;
    out->cause = cause;
    out->due_ms = due_ms;
    out->give_back_cap = true;
}

static void refused(struct settlement *out, enum msg_cause cause)
{
    out->input = IN_ANSWER_REFUSED;
    out->cause = cause;
}

void settle_result(const struct settle_rules *rules, const struct job *j, const struct gw_result *r,
                   int64_t handed_ms, int64_t now_ms, double chance, struct settlement *out)
{
    int64_t backoff =
        pace_backoff_ms(j->attempt, rules->backoff_base_ms, rules->backoff_cap_ms, chance);
    int64_t pause = r->retry_after_ms > 0 ? r->retry_after_ms : rules->limit_pause_ms;

    base(j, now_ms, out);
    if (handed_ms == 0) { /* whatever was judged: nothing was handed over */
        bool config = r->class == CLASS_CONFIG;
        out->class = config ? CLASS_CONFIG : CLASS_RETRY;
        memcpy(out->code, r->code, sizeof out->code);
        again(out, config ? CAUSE_CONFIG : CAUSE_NETWORK, now_ms + backoff);
        return;
    }
    out->class = r->class;
    out->handed_ms = handed_ms;
    memcpy(out->code, r->code, sizeof out->code);
    memcpy(out->provider_id, r->provider_id, sizeof out->provider_id);
    switch (r->class) {
    case CLASS_OK:
        out->input = IN_ANSWER_ACCEPTED;
        break;
    case CLASS_RETRY:
        again(out, CAUSE_NETWORK,
              now_ms + (r->retry_after_ms > backoff ? r->retry_after_ms : backoff));
        break;
    case CLASS_LIMIT:
        again(out, CAUSE_LIMIT, now_ms + pause);
        break;
    case CLASS_CONFIG:
        again(out, CAUSE_CONFIG, now_ms + backoff);
        break;
    case CLASS_NUMBER:
        refused(out, CAUSE_NUMBER);
        break;
    case CLASS_OPTOUT:
        refused(out, CAUSE_OPTOUT);
        out->learn_optout = true;
        break;
    case CLASS_CONTENT:
        refused(out, CAUSE_CONTENT);
        break;
    case CLASS_UNKNOWN:
        out->input = IN_ANSWER_UNKNOWN;
        out->cause = CAUSE_NETWORK;
        break;
    }
}

enum pace_lane_event settle_lane_event(const struct gw_result *r, size_t n, bool handed_over,
                                       int64_t *retry_after_ms)
{
    enum pace_lane_event worst = PACE_LANE_OK;

    *retry_after_ms = 0;
    if (!handed_over) /* a mail server may refuse our login before anything is handed over */
        return n > 0 && r[0].class == CLASS_CONFIG ? PACE_LANE_STOP : PACE_LANE_FAILED;
    for (size_t i = 0; i < n; i++) {
        enum pace_lane_event ev = PACE_LANE_OK;
        if (r[i].class == CLASS_CONFIG) {
            ev = PACE_LANE_STOP;
        } else if (r[i].class == CLASS_UNKNOWN) {
            ev = PACE_LANE_FAILED;
        } else if (r[i].class == CLASS_RETRY) {
            ev = PACE_LANE_SLOW;
            if (r[i].retry_after_ms > *retry_after_ms)
                *retry_after_ms = r[i].retry_after_ms;
        }
        if (ev > worst)
            worst = ev;
    }
    return worst;
}
