/*
 * json: the report as one JSON object. Pure.
 *
 * What is not known is null, never zero: claims without a claims file, rates of withheld lines, cost without a price. Proportions are fractions of one, money is
 * yuan. Keys are stable: scripts read them.
 *
 * Called by cmd_report.c.
 */
#include "internal.h"
#include "zhanchi/json.h"

static void key_int(struct json_w *w, const char *key, int64_t v)
{
    json_w_key(w, key);
    json_w_int(w, v);
}

static void key_int_or_null(struct json_w *w, const char *key, bool known, int64_t v)
{
    json_w_key(w, key);
    if (known)
        json_w_int(w, v);
    else
        json_w_null(w);
}

static void key_real_or_null(struct json_w *w, const char *key, bool known, double v)
{
    json_w_key(w, key);
    if (known)
        json_w_real(w, v);
    else
        json_w_null(w);
}

static void key_yuan(struct json_w *w, const char *key, int64_t microyuan)
{
    json_w_key(w, key);
    if (microyuan >= 0)
        json_w_micro(w, microyuan);
    else
        json_w_null(w);
}

static void key_day(struct json_w *w, const char *key, int32_t day)
{
    json_w_key(w, key);
    json_w_day(w, day);
}

static void key_interval(struct json_w *w, const char *key, bool known, struct interval ci)
{
    json_w_key(w, key);
    if (!known) {
        json_w_null(w);
        return;
    }
    json_w_open(w, '[');
    json_w_real(w, ci.low);
    json_w_real(w, ci.high);
    json_w_close(w, ']');
}

static void members_of_line(struct json_w *w, const struct measure_line *l, bool claims_known)
{
    bool shown = !l->withheld, claims = shown && claims_known;

    json_w_key(w, "withheld");
    json_w_bool(w, l->withheld);
    key_int_or_null(w, "members", shown, l->members);
    key_int_or_null(w, "sent", shown, l->sent);
    key_int_or_null(w, "delivered", shown, l->delivered);
    key_int_or_null(w, "optouts", shown, l->optouts);
    key_int_or_null(w, "claimed", claims, l->claimed);
    key_real_or_null(w, "rate", claims && l->members > 0, l->rate);
    key_interval(w, "ci", claims && l->members > 0, l->ci);
}

static void breakdowns(struct json_w *w, const struct measure_report *r)
{
    json_w_key(w, "by");
    json_w_open(w, '{');
    for (int d = 0; d < MEASURE_DIMENSIONS; d++) {
        const struct measure_breakdown *b = &r->by[d];
        if (!b->asked)
            continue;
        json_w_key(w, measure_by_name((enum measure_by)d));
        json_w_open(w, '[');
        for (size_t i = 0; i < b->n; i++) {
            json_w_open(w, '{');
            json_w_key(w, "key");
            json_w_str(w, b->lines[i].key);
            json_w_key(w, "randomised");
            json_w_bool(w, measure_randomised((enum measure_by)d));
            members_of_line(w, &b->lines[i], r->claims_known);
            json_w_close(w, '}');
        }
        json_w_close(w, ']');
    }
    json_w_close(w, '}');
}

static void arm(struct json_w *w, const char *name, int64_t members, int64_t claimed)
{
    struct measure_line l = {.members = members, .claimed = claimed};

    line_rate(&l, true);
    json_w_key(w, name);
    json_w_open(w, '{');
    key_int(w, "members", members);
    key_int(w, "claimed", claimed);
    json_w_key(w, "rate");
    json_w_real(w, l.rate);
    key_interval(w, "ci", true, l.ci);
    json_w_close(w, '}');
}

static void lift(struct json_w *w, const struct measure_report *r)
{
    const struct measure_lift *l = &r->lift;

    json_w_key(w, "lift");
    if (!r->has_lift) {
        json_w_null(w);
        return;
    }
    json_w_open(w, '{');
    key_day(w, "through", l->through_day);
    json_w_key(w, "withheld");
    json_w_bool(w, l->withheld);
    if (!l->withheld) {
        arm(w, "send", l->send_members, l->send_claimed);
        arm(w, "holdout", l->hold_members, l->hold_claimed);
        json_w_key(w, "difference");
        json_w_real(w, l->lift);
        key_interval(w, "ci", true, l->ci);
        json_w_key(w, "claims_extra");
        json_w_real(w, l->claims_extra);
        key_interval(w, "claims_extra_ci", true, l->extra_ci);
        key_yuan(w, "cost_yuan", l->cost_microyuan);
        key_real_or_null(w, "yuan_per_extra_claim", l->yuan_per_extra >= 0, l->yuan_per_extra);
    }
    json_w_close(w, '}');
}

static void states(struct json_w *w, const struct measure_report *r)
{
    json_w_key(w, "states");
    json_w_open(w, '{');
    for (int s = 1; s < MSG_STATES; s++)
        key_int(w, message_state_name((enum msg_state)s), r->states[s]);
    json_w_close(w, '}');
    json_w_key(w, "causes");
    json_w_open(w, '[');
    for (size_t i = 0; i < r->n_causes; i++) {
        json_w_open(w, '{');
        json_w_key(w, "state");
        json_w_str(w, message_state_name(r->causes[i].state));
        json_w_key(w, "cause");
        json_w_str(w, message_cause_name(r->causes[i].cause));
        key_int(w, "messages", r->causes[i].n);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

void measure_json(const struct measure_report *r, struct buf *out)
{
    struct json_w w;

    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_key(&w, "campaign");
    json_w_str(&w, r->campaign.name);
    json_w_key(&w, "topic");
    json_w_str(&w, r->campaign.topic);
    json_w_key(&w, "state");
    json_w_str(&w, campaign_state_name(r->campaign.state));
    key_day(&w, "from", r->from_day);
    key_day(&w, "through", r->through_day);
    key_day(&w, "claims_complete_through", r->complete_day);
    json_w_key(&w, "claims_known");
    json_w_bool(&w, r->claims_known);
    key_int(&w, "members", r->members);
    key_int(&w, "held_out", r->held_out);
    key_int(&w, "not_randomised", r->always);
    key_int(&w, "segments", r->segments);
    key_yuan(&w, "cost_yuan", r->cost_microyuan);
    states(&w, r);
    json_w_key(&w, "total");
    json_w_open(&w, '{');
    members_of_line(&w, &r->total, r->claims_known);
    json_w_close(&w, '}');
    breakdowns(&w, r);
    lift(&w, r);
    json_w_close(&w, '}');
}
