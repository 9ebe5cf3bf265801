/*
 * lift: what the campaign changed, from its two randomised arms. Pure.
 *
 * The denominator is everybody who was assigned, whether a message reached them or not: leaving out those who were not reached would compare chosen people with
 * everybody. The interval is Newcombe's; claims_extra scales it to the arm that was sent.
 *
 * Called by report.c.
 */
#include "internal.h"

const char *arm_name(enum member_arm arm)
{
    switch (arm) {
    case ARM_SEND:
        return "send";
    case ARM_HOLDOUT:
        return "holdout";
    case ARM_ALWAYS:
        return "always";
    default:
        return "none";
    }
}

void line_rate(struct measure_line *l, bool known)
{
    if (!known || l->withheld || l->members == 0)
        return;
    l->rate = (double)l->claimed / (double)l->members;
    l->ci = stats_wilson(l->claimed, l->members, MEASURE_LEVEL);
}

void lift_of(const struct measure_arm *send, const struct measure_arm *hold,
             int64_t price_microyuan, struct measure_lift *out)
{
    int32_t through = out->through_day;

    *out = (struct measure_lift){.through_day = through,
                                 .cost_microyuan = -1,
                                 .yuan_per_extra = -1,
                                 .withheld = send->members < MEASURE_SMALL ||
                                             hold->members < MEASURE_SMALL};
    if (out->withheld)
        return;
    double n = (double)send->members;
    out->send_members = send->members;
    out->send_claimed = send->claimed;
    out->hold_members = hold->members;
    out->hold_claimed = hold->claimed;
    out->lift = (double)send->claimed / n - (double)hold->claimed / (double)hold->members;
    out->ci =
        stats_newcombe(send->claimed, send->members, hold->claimed, hold->members, MEASURE_LEVEL);
    out->claims_extra = out->lift * n;
    out->extra_ci = (struct interval){out->ci.low * n, out->ci.high * n};
    if (price_microyuan <= 0)
        return;
    out->cost_microyuan = send->segments * price_microyuan;
    if (out->claims_extra > 0)
        out->yuan_per_extra = (double)out->cost_microyuan / 1e6 / out->claims_extra;
}
