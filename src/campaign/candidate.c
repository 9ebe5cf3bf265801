/*
 * candidate: what is known of a candidate from the store alone, before anything is drawn or opened. Callers: freeze.c, and the walks before it
 * (households.c, shared.c); approve.c.
 */
#include "zhanchi/civil.h"
#include "internal.h"

int32_t candidate_last_day(const struct candidate *k)
{
    return k->has_verdict ? k->verdict.last_day : CIVIL_NONE;
}

enum msg_cause candidate_cause(const struct campaign_info *c, const struct candidate *k,
                               int32_t planned)
{
    int32_t last = candidate_last_day(k);

    if (k->no_address)
        return CAUSE_NO_ADDRESS;
    if (k->opted_out)
        return CAUSE_OPTOUT;
    if (k->claimed)
        return CAUSE_CLAIMED;
    if (k->held_elsewhere)
        return CAUSE_HELD_OUT;
    if (c->shared == SHARED_REVIEW && k->address_sharers > 1)
        return CAUSE_SHARED_REVIEW;
    return last != CIVIL_NONE && last < planned ? CAUSE_TIME : CAUSE_NONE;
}

bool candidate_randomises(const struct campaign_info *c, const struct candidate *k,
                          bool others_open)
{
    /* What another campaign of the topic still has in its queue would reach a held-out person
     * before the release. */
    return assign_randomises(c, candidate_last_day(k)) && !(others_open && k->active_elsewhere);
}
