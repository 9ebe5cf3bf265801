/*
 * argue: see policy_case.h. Pure; called by intake for `list explain`.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

static enum policy_finding finding_of(enum verdict_reason reason)
{
    switch (outcome_of(reason)) {
    case VERDICT_ELIGIBLE:
        return FINDING_MET;
    case VERDICT_NOT:
        return FINDING_FAILED;
    default:
        return FINDING_UNKNOWN;
    }
}

/* The year is counted only over what every other condition let pass. */
static enum policy_finding yearly_finding(const struct verdict *v)
{
    if (v->rule->yearly_max == 0)
        return FINDING_NOT_ASKED;
    if (v->reason == VERDICT_YEARLY)
        return FINDING_FAILED;
    return v->reason == VERDICT_OK ? FINDING_MET : FINDING_NOT_ASKED;
}

static void argue_conditions(const struct view *v, const struct policy_certificate *c,
                             struct policy_case *out)
{
    const struct policy_rule *r = out->verdict.rule;
    enum verdict_reason reason;

    for (int i = 0; i < CONDITION_YEARLY; i++)
        if (condition_test(v, r, c, (enum policy_condition)i, &reason))
            out->finding[i] = finding_of(reason);
    out->finding[CONDITION_YEARLY] = yearly_finding(&out->verdict);
}

static void argue_facts(const struct view *v, const struct policy_certificate *c,
                        struct policy_case *out)
{
    const struct policy_rule *r = out->verdict.rule;
    struct tally t = tally_claims(v);

    if (r->window_months > 0)
        out->window_day = civil_add_months(c->issued_day, r->window_months);
    for (int included = 0; included < 2; included++)
        out->last_by_read[included] = last_day_read(r, c->issued_day, included == 1);
    out->claim = claim_about(v, r, c);
    out->higher_claim = higher_claim(v, r, c);
    out->higher_held = higher_held(v, r, c);
    out->months_since = months_since(v);
    out->paid_this_year = t.all;
    out->ordinary_this_year = t.ordinary;
    out->shortage = in_shortage(v, c->occupation);
}

void policy_argue(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  size_t i, const struct verdict *verdict, struct policy_case *out,
                  enum policy_trial *trials)
{
    struct view v = view_of(p, person, as_of);
    const struct policy_certificate *c = &person->certificates[i];

    *out = (struct policy_case){.region = v.region,
                                .verdict = *verdict,
                                .window_day = CIVIL_NONE,
                                .last_by_read = {CIVIL_NONE, CIVIL_NONE}};
    rule_trials(&v, c->issued_day, out->verdict.rule, trials);
    if (out->verdict.rule == NULL)
        return;
    argue_conditions(&v, c, out);
    argue_facts(&v, c, out);
}
