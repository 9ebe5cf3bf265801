/*
 * judge: the verdict of a policy on every certificate of one person. Pure and without memory;
 * called by intake for each person of a list.
 *
 * 1. The rule (which.c). 2. Its conditions (conditions.c). 3. The yearly number of payments, over
 * what is left of all certificates together (yearly.c); until then a verdict is eligible but for
 * the reason VERDICT_YEARLY.
 */
#include "zhanchi/civil.h"
#include "internal.h"

static int64_t amount_of(const struct view *v, const struct policy_rule *r,
                         const struct policy_certificate *c)
{
    if (r->ceiling)
        return POLICY_AMOUNT_NONE;
    if (in_shortage(v, c->occupation) && r->shortage_fen[c->level] != POLICY_AMOUNT_NONE)
        return r->shortage_fen[c->level];
    return r->amount_fen[c->level];
}

/* One certificate by itself. */
static void judge_one(const struct view *v, const struct policy_certificate *c, struct verdict *out)
{
    *out = (struct verdict){.amount_fen = POLICY_AMOUNT_NONE, .last_day = CIVIL_NONE};
    if (v->region == NULL) {
        refuse(out, VERDICT_NO_REGION);
        return;
    }
    if (c->issued_day == CIVIL_NONE || c->issued_day > v->as_of) {
        refuse(out, c->issued_day == CIVIL_NONE ? VERDICT_NO_DATE : VERDICT_FUTURE);
        return;
    }
    out->rule = rule_of(v, c->issued_day);
    if (out->rule == NULL) {
        refuse(out, VERDICT_NO_RULE);
        return;
    }
    out->last_day = last_day_read(out->rule, c->issued_day, out->rule->last_day_included);
    enum verdict_reason reason = refusal(v, out->rule, c);
    if (reason != VERDICT_OK) {
        refuse(out, reason);
        return;
    }
    out->outcome = VERDICT_ELIGIBLE;
    out->reason = VERDICT_YEARLY; /* still to be counted */
    out->amount_fen = amount_of(v, out->rule, c);
}

void policy_judge(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  struct verdict *out)
{
    struct view v = view_of(p, person, as_of);

    for (size_t i = 0; i < person->n_certificates; i++)
        judge_one(&v, &person->certificates[i], &out[i]);
    apply_yearly(&v, out);
}
