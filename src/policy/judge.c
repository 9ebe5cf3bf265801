/*
 * judge: see policy.h. Pure, no memory. Called by intake (screening, explain).
 *
 * Three passes over the certificates of one person:
 *   1. each by itself: region, rule, months, level, dates, what was paid, higher levels;
 *   2. among those still eligible: one per occupation and level, and the yearly number of payments, in the order nearest last day, higher level,
 *      earlier issue, occupation. Only certificates that come strictly before count, so that equal ones get equal verdicts;
 *   3. what pass 2 marked is turned down. (Pass 2 itself reads the outcomes of pass 1 only: the order of the input does not matter.)
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

struct judging {
    const struct policy *p;
    const struct policy_person *person;
    const char *region;
    int32_t as_of;
};

/* ---- which rule ---- */

static bool in_force(const struct policy_rule *r, int32_t issued, int32_t as_of)
{
    int32_t day = r->basis == POLICY_ISSUED ? issued : as_of;

    return (r->valid_from == CIVIL_NONE || day >= r->valid_from) &&
           (r->valid_to == CIVIL_NONE || day <= r->valid_to);
}

/* Of two rules of one region in force the one that began later wins; then the id decides, so that the order of rules does not. */
static bool beats(const struct policy_rule *a, const struct policy_rule *b)
{
    if (b == NULL)
        return true;
    if (a->valid_from != b->valid_from)
        return a->valid_from > b->valid_from;
    return strcmp(a->id, b->id) < 0;
}

static const struct policy_rule *find_rule(const struct judging *j, int32_t issued)
{
    char at[REGION_MAX], up[REGION_MAX];

    snprintf(at, sizeof at, "%s", j->region);
    for (int depth = 0; depth < 8; depth++) {
        const struct policy_rule *best = NULL;
        for (size_t i = 0; i < j->p->n_rules; i++) {
            const struct policy_rule *r = &j->p->rules[i];
            if (strcmp(r->region, at) == 0 && in_force(r, issued, j->as_of) && beats(r, best))
                best = r;
        }
        if (best != NULL)
            return best;
        if (!region_parent(j->p, at, up))
            return NULL;
        memcpy(at, up, sizeof at);
    }
    return NULL;
}

/* ---- one certificate by itself ---- */

static int32_t last_day(const struct policy_rule *r, int32_t issued)
{
    int32_t day = civil_add_months(issued, r->window_months) - (r->last_day_included ? 0 : 1);

    /* Where the day of application decides, the rule's own end does too. */
    if (r->basis == POLICY_APPLIED && r->valid_to != CIVIL_NONE && r->valid_to < day)
        day = r->valid_to;
    return day;
}

static bool same_occupation(const char *a, const char *b)
{
    return a[0] != '\0' && strcmp(a, b) == 0;
}

static bool paid_before(const struct judging *j, const struct policy_certificate *c)
{
    for (size_t i = 0; i < j->person->n_claims; i++) {
        const struct policy_claim *k = &j->person->claims[i];
        if (same_occupation(k->occupation, c->occupation) && k->level == c->level &&
            k->day >= c->issued_day)
            return true;
    }
    return false;
}

/* A smaller number is a higher level. */
static bool higher_held(const struct judging *j, const struct policy_certificate *c)
{
    for (size_t i = 0; i < j->person->n_certificates; i++) {
        const struct policy_certificate *o = &j->person->certificates[i];
        if (same_occupation(o->occupation, c->occupation) && o->level > 0 && o->level < c->level &&
            o->issued_day != CIVIL_NONE && o->issued_day <= j->as_of)
            return true;
    }
    for (size_t i = 0; i < j->person->n_claims; i++) {
        const struct policy_claim *k = &j->person->claims[i];
        if (same_occupation(k->occupation, c->occupation) && k->level > 0 && k->level < c->level)
            return true;
    }
    return false;
}

static enum verdict_reason unknown_part(const struct judging *j, const struct policy_certificate *c)
{
    if (c->level <= 0 || c->level >= POLICY_LEVELS)
        return VERDICT_NO_LEVEL;
    if (c->issued_day == CIVIL_NONE)
        return VERDICT_NO_DATE;
    return j->region == NULL ? VERDICT_NO_REGION : VERDICT_OK;
}

static enum verdict_reason why_not(const struct judging *j, const struct policy_certificate *c,
                                   const struct policy_rule *r)
{
    if (j->person->paid_months < r->months_min)
        return VERDICT_MONTHS;
    if ((r->levels & 1u << c->level) == 0)
        return VERDICT_LEVEL;
    if ((r->issued_from != CIVIL_NONE && c->issued_day < r->issued_from) ||
        (r->issued_to != CIVIL_NONE && c->issued_day > r->issued_to))
        return VERDICT_ISSUED_EARLY;
    if (j->person->draws_benefit && !r->benefit_included)
        return VERDICT_BENEFIT;
    if (j->as_of > last_day(r, c->issued_day))
        return VERDICT_EXPIRED;
    if (r->once_per_level && paid_before(j, c))
        return VERDICT_CLAIMED;
    if (r->higher_bars_lower && higher_held(j, c))
        return VERDICT_HIGHER;
    return VERDICT_OK;
}

static int64_t amount_of(const struct judging *j, const struct policy_certificate *c,
                         const struct policy_rule *r)
{
    if (r->ceiling)
        return POLICY_AMOUNT_NONE;
    if (r->shortage_fen[c->level] != POLICY_AMOUNT_NONE &&
        region_shortage(j->p, j->region, c->occupation))
        return r->shortage_fen[c->level];
    return r->amount_fen[c->level];
}

static struct verdict by_itself(const struct judging *j, const struct policy_certificate *c)
{
    struct verdict v = {
        .outcome = VERDICT_UNDETERMINED, .amount_fen = POLICY_AMOUNT_NONE, .last_day = CIVIL_NONE};

    v.reason = unknown_part(j, c);
    if (v.reason != VERDICT_OK)
        return v;
    if (c->issued_day > j->as_of) {
        v.outcome = VERDICT_NOT;
        v.reason = VERDICT_FUTURE;
        return v;
    }
    v.rule = find_rule(j, c->issued_day);
    if (v.rule == NULL) {
        v.reason = VERDICT_NO_RULE;
        return v;
    }
    if (j->person->paid_months < 0) {
        v.reason = VERDICT_NO_MONTHS;
        return v;
    }
    v.reason = why_not(j, c, v.rule);
    v.outcome = v.reason == VERDICT_OK ? VERDICT_ELIGIBLE : VERDICT_NOT;
    if (v.outcome == VERDICT_ELIGIBLE || v.reason == VERDICT_EXPIRED)
        v.last_day = last_day(v.rule, c->issued_day);
    if (v.outcome == VERDICT_ELIGIBLE)
        v.amount_fen = amount_of(j, c, v.rule);
    return v;
}

/* ---- among the person's certificates ---- */

/* Does certificate a come strictly before b? */
static bool before(const struct judging *j, const struct verdict *out, size_t a, size_t b)
{
    const struct policy_certificate *x = &j->person->certificates[a],
                                    *y = &j->person->certificates[b];

    if (out[a].last_day != out[b].last_day)
        return out[a].last_day < out[b].last_day;
    if (x->level != y->level)
        return x->level < y->level;
    if (x->issued_day != y->issued_day)
        return x->issued_day < y->issued_day;
    return strcmp(x->occupation, y->occupation) < 0;
}

static int claims_in_year(const struct judging *j)
{
    int year = civil_of(j->as_of).year, n = 0;

    for (size_t i = 0; i < j->person->n_claims; i++)
        n += civil_of(j->person->claims[i].day).year == year;
    return n;
}

static enum verdict_reason among(const struct judging *j, const struct verdict *out, size_t i,
                                 int claimed)
{
    const struct policy_certificate *c = &j->person->certificates[i];
    const struct policy_rule *r = out[i].rule;
    int rank = 0;

    for (size_t k = 0; k < j->person->n_certificates; k++) {
        if (k == i || out[k].outcome != VERDICT_ELIGIBLE || !before(j, out, k, i))
            continue;
        if (r->once_per_level && j->person->certificates[k].level == c->level &&
            same_occupation(j->person->certificates[k].occupation, c->occupation))
            return VERDICT_CLAIMED;
        rank++;
    }
    int most = r->yearly_max;
    if (most > 0 && r->yearly_extra_shortage > 0 && region_shortage(j->p, j->region, c->occupation))
        most += r->yearly_extra_shortage;
    return most > 0 && claimed + rank >= most ? VERDICT_YEARLY : VERDICT_OK;
}

void policy_judge(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  struct verdict *out)
{
    struct judging j = {
        .p = p, .person = person, .region = policy_region_of(p, person->region), .as_of = as_of};
    int claimed = claims_in_year(&j);

    for (size_t i = 0; i < person->n_certificates; i++)
        out[i] = by_itself(&j, &person->certificates[i]);
    for (size_t i = 0; i < person->n_certificates; i++)
        if (out[i].outcome == VERDICT_ELIGIBLE)
            out[i].reason = among(&j, out, i, claimed);
    for (size_t i = 0; i < person->n_certificates; i++)
        if (out[i].outcome == VERDICT_ELIGIBLE && out[i].reason != VERDICT_OK) {
            out[i].outcome = VERDICT_NOT;
            out[i].amount_fen = POLICY_AMOUNT_NONE;
        }
}
