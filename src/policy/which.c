/*
 * which: the rule that decides. The nearest region upwards from the person's own that has a rule in
 * force on the rule's own date (of issue, or of application) decides alone; rules are not mixed.
 * The loader refuses two rules of one region and basis in force at once; where bases overlap, the
 * one that began later decides. Pure; called by judge.c, and by argue.c for how all others fared.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

static int32_t day_of(const struct policy_rule *r, int32_t issued, int32_t as_of)
{
    return r->basis == POLICY_ISSUED ? issued : as_of;
}

static bool begun(const struct policy_rule *r, int32_t day)
{
    return r->valid_from == CIVIL_NONE || day >= r->valid_from;
}

static bool in_force(const struct policy_rule *r, int32_t issued, int32_t as_of)
{
    int32_t day = day_of(r, issued, as_of);

    return begun(r, day) && (r->valid_to == CIVIL_NONE || day <= r->valid_to);
}

/* A total order, so that the order in the file does not matter. */
bool rule_closer(const struct policy_rule *a, const struct policy_rule *b)
{
    if (a->valid_from != b->valid_from)
        return a->valid_from > b->valid_from; /* CIVIL_NONE lies before every day */
    if (a->valid_to != b->valid_to)
        return last_of(a->valid_to) < last_of(b->valid_to);
    return strcmp(a->id, b->id) < 0;
}

static const struct policy_rule *rule_at(const struct view *v, struct place at, int32_t issued)
{
    const struct policy_rule *best = NULL;

    for (size_t i = 0; i < v->policy->n_rules; i++) {
        const struct policy_rule *r = &v->policy->rules[i];
        if (place_is(at, r->region) && in_force(r, issued, v->as_of) &&
            (best == NULL || rule_closer(r, best)))
            best = r;
    }
    return best;
}

const struct policy_rule *rule_of(const struct view *v, int32_t issued)
{
    const struct policy_rule *rule = NULL;
    struct place at = place_of(v->region);

    for (int i = 0; i < PLACES_MAX && at.len > 0 && rule == NULL; i++) {
        rule = rule_at(v, at, issued);
        at = place_above(v->policy, at);
    }
    return rule;
}

/* ---- how the others fared ---- */

static bool on_the_way(const struct view *v, const char *region)
{
    struct place at = place_of(v->region);

    for (int i = 0; i < PLACES_MAX && at.len > 0; i++) {
        if (place_is(at, region))
            return true;
        at = place_above(v->policy, at);
    }
    return false;
}

static enum policy_trial trial(const struct view *v, const struct policy_rule *r, int32_t issued,
                               const struct policy_rule *decides)
{
    if (r == decides)
        return TRIAL_DECIDES;
    if (v->region == NULL || !on_the_way(v, r->region))
        return TRIAL_OTHER_REGION;
    /* The verdict looked at no rule, whatever its basis. */
    if (issued == CIVIL_NONE || issued > v->as_of)
        return TRIAL_NO_DAY;
    if (!in_force(r, issued, v->as_of))
        return begun(r, day_of(r, issued, v->as_of)) ? TRIAL_OVER : TRIAL_NOT_YET;
    return strcmp(r->region, decides->region) == 0 ? TRIAL_LATER : TRIAL_NEARER;
}

void rule_trials(const struct view *v, int32_t issued, const struct policy_rule *decides,
                 enum policy_trial *out)
{
    for (size_t i = 0; i < v->policy->n_rules; i++)
        out[i] = trial(v, &v->policy->rules[i], issued, decides);
}
