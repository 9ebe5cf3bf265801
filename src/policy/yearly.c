/*
 * yearly: the number of payments of a civil year, over all certificates of a person together. Pure;
 * called by judge.c when every certificate has been judged by itself.
 *
 * The state in between lives in the verdicts: eligible, but for the reason VERDICT_YEARLY, is still
 * to be counted.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

static bool counts_in(const struct policy_claim *c, int year)
{
    return c->day == CIVIL_NONE || civil_of(c->day).year == year;
}

/* Applied for and paid are two lines of a claims file and one payment. */
static bool one_payment(const struct policy_claim *a, const struct policy_claim *b)
{
    bool known = a->occupation[0] != '\0' && a->level != 0;

    return a->level == b->level && strcmp(a->occupation, b->occupation) == 0 &&
           (known || a->day == b->day);
}

struct tally tally_claims(const struct view *v)
{
    int year = civil_of(v->as_of).year;
    const struct policy_claim *claims = v->person->claims;
    struct tally t = {0, 0};

    for (size_t i = 0; i < v->person->n_claims; i++) {
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = counts_in(&claims[j], year) && one_payment(&claims[i], &claims[j]);
        if (again || !counts_in(&claims[i], year))
            continue;
        t.all++;
        t.ordinary += !in_shortage(v, claims[i].occupation);
    }
    return t;
}

static bool pending(const struct verdict *v)
{
    return v->outcome == VERDICT_ELIGIBLE && v->reason == VERDICT_YEARLY;
}

static bool sooner(const struct policy_certificate *a, const struct verdict *va,
                   const struct policy_certificate *b, const struct verdict *vb)
{
    if (va->last_day != vb->last_day)
        return last_of(va->last_day) < last_of(vb->last_day);
    if (a->level != b->level)
        return a->level < b->level;
    int order = strcmp(a->occupation, b->occupation);
    return order != 0 ? order < 0 : a->issued_day < b->issued_day;
}

/* The certificate to count next, or n. */
static size_t next_pending(const struct policy_person *who, const struct verdict *out)
{
    size_t best = who->n_certificates;

    for (size_t i = 0; i < who->n_certificates; i++)
        if (pending(&out[i]) &&
            (best == who->n_certificates ||
             sooner(&who->certificates[i], &out[i], &who->certificates[best], &out[best])))
            best = i;
    return best;
}

/* The same certificate twice in a list, or two of one occupation and level where only one is paid:
 * one payment. */
static bool shares_payment(const struct policy_person *who, const struct verdict *out, size_t i)
{
    const struct policy_certificate *c = &who->certificates[i];

    for (size_t j = 0; j < who->n_certificates; j++) {
        const struct policy_certificate *other = &who->certificates[j];
        if (out[j].outcome == VERDICT_ELIGIBLE && out[j].reason == VERDICT_OK &&
            other->level == c->level && strcmp(other->occupation, c->occupation) == 0 &&
            (out[i].rule->once_per_level || other->issued_day == c->issued_day))
            return true;
    }
    return false;
}

/* At most yearly_max payments for ordinary occupations, and so many more in all as shortage
 * occupations have extra ones. */
static bool within(const struct policy_rule *r, const struct tally *t, bool shortage)
{
    return r->yearly_max == 0 || (t->all < r->yearly_max + r->yearly_extra_shortage &&
                                  (shortage || t->ordinary < r->yearly_max));
}

void apply_yearly(const struct view *v, struct verdict *out)
{
    const struct policy_person *who = v->person;
    struct tally t = tally_claims(v);

    for (;;) {
        size_t i = next_pending(who, out);
        if (i == who->n_certificates)
            return;
        bool shortage = in_shortage(v, who->certificates[i].occupation);
        if (shares_payment(who, out, i)) {
            out[i].reason = VERDICT_OK;
        } else if (within(out[i].rule, &t, shortage)) {
            out[i].reason = VERDICT_OK;
            t.all++;
            t.ordinary += !shortage;
        } else {
            refuse(&out[i], VERDICT_YEARLY);
        }
    }
}
