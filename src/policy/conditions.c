/*
 * conditions: what a rule asks of a certificate. Pure.
 *
 * Each condition is one function in one table, in the order in which a verdict takes its reason: what is
 * certain goes before what is unknown, so that a value that a list lacks matters only where
 * everything else fits. judge.c takes the first that fails; argue.c shows all of them, so that no
 * explanation can say something else than the verdict.
 *
 * In doubt a certificate is refused or undetermined: undetermined is never sent, and a refusal can
 * be mended by a better list.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

/* ---- days ---- */

int32_t last_day_read(const struct policy_rule *r, int32_t issued, bool included)
{
    int32_t last = CIVIL_NONE;

    if (r->window_months > 0)
        last = civil_add_months(issued, r->window_months) - (included ? 0 : 1);
    if (r->basis == POLICY_APPLIED && last_of(r->valid_to) < last_of(last))
        last = r->valid_to;
    return last;
}

static int months_between(int32_t from, int32_t to)
{
    struct civil a = civil_of(from), b = civil_of(to);
    int n = (b.year - a.year) * 12 + b.month - a.month;

    return civil_add_months(from, n) > to ? n - 1 : n;
}

int months_since(const struct view *v)
{
    int32_t counted = v->person->paid_months_day;

    return counted != CIVIL_NONE && counted < v->as_of ? months_between(counted, v->as_of) : 0;
}

/* ---- what was claimed ---- */

static bool may_be_same(const char *occupation, const char *other)
{
    return occupation[0] == '\0' || other[0] == '\0' || strcmp(occupation, other) == 0;
}

/* Known to be about this occupation and level: bars it for good where a rule pays once. Otherwise a
 * claim is about this certificate only if the certificate was there on its day. */
const struct policy_claim *claim_about(const struct view *v, const struct policy_rule *r,
                                       const struct policy_certificate *c)
{
    for (size_t i = 0; i < v->person->n_claims; i++) {
        const struct policy_claim *claim = &v->person->claims[i];
        if (!may_be_same(c->occupation, claim->occupation) ||
            (c->level != 0 && claim->level != 0 && c->level != claim->level))
            continue;
        bool certain = c->occupation[0] != '\0' && claim->occupation[0] != '\0' && c->level != 0 &&
                       claim->level != 0;
        if ((certain && r->once_per_level) || claim->day == CIVIL_NONE ||
            claim->day >= c->issued_day)
            return claim;
    }
    return NULL;
}

static bool higher(int level, int than)
{
    return level >= 1 && than >= 1 && level < than;
}

const struct policy_claim *higher_claim(const struct view *v, const struct policy_rule *r,
                                        const struct policy_certificate *c)
{
    const struct policy_person *who = v->person;

    for (size_t i = 0; i < who->n_claims && r->higher_bars_lower != POLICY_HIGHER_FREE; i++)
        if (higher(who->claims[i].level, c->level) &&
            may_be_same(who->claims[i].occupation, c->occupation))
            return &who->claims[i];
    return NULL;
}

const struct policy_certificate *higher_held(const struct view *v, const struct policy_rule *r,
                                             const struct policy_certificate *c)
{
    const struct policy_person *who = v->person;

    for (size_t i = 0; i < who->n_certificates && r->higher_bars_lower == POLICY_HIGHER_HELD; i++) {
        const struct policy_certificate *held = &who->certificates[i];
        if (higher(held->level, c->level) && may_be_same(held->occupation, c->occupation) &&
            held->issued_day <= v->as_of) /* CIVIL_NONE lies before every day: held */
            return held;
    }
    return NULL;
}

/* ---- the conditions ---- */

static enum verdict_reason test_level(const struct view *v, const struct policy_rule *r,
                                      const struct policy_certificate *c)
{
    (void)v;
    if (c->level < 1 || c->level >= POLICY_LEVELS)
        return VERDICT_NO_LEVEL;
    return (r->levels & (1u << c->level)) != 0 ? VERDICT_OK : VERDICT_LEVEL;
}

static enum verdict_reason test_issued_from(const struct view *v, const struct policy_rule *r,
                                            const struct policy_certificate *c)
{
    (void)v;
    return c->issued_day < r->issued_from ? VERDICT_ISSUED_EARLY : VERDICT_OK;
}

static enum verdict_reason test_issued_to(const struct view *v, const struct policy_rule *r,
                                          const struct policy_certificate *c)
{
    (void)v;
    return c->issued_day > r->issued_to ? VERDICT_ISSUED_LATE : VERDICT_OK;
}

static enum verdict_reason test_claimed(const struct view *v, const struct policy_rule *r,
                                        const struct policy_certificate *c)
{
    return claim_about(v, r, c) != NULL ? VERDICT_CLAIMED : VERDICT_OK;
}

static enum verdict_reason test_last_day(const struct view *v, const struct policy_rule *r,
                                         const struct policy_certificate *c)
{
    return v->as_of > last_of(last_day_read(r, c->issued_day, r->last_day_included))
               ? VERDICT_EXPIRED
               : VERDICT_OK;
}

static enum verdict_reason test_higher(const struct view *v, const struct policy_rule *r,
                                       const struct policy_certificate *c)
{
    return higher_claim(v, r, c) != NULL || higher_held(v, r, c) != NULL ? VERDICT_HIGHER
                                                                         : VERDICT_OK;
}

/* Most lists hold insured workers alone and say nothing of groups: unknown is not excluded. */
static enum verdict_reason test_group(const struct view *v, const struct policy_rule *r,
                                      const struct policy_certificate *c)
{
    const char *group = v->person->group;

    (void)c;
    for (char *const *x = r->excluded; group != NULL && *x != NULL; x++)
        if (strcmp(*x, group) == 0)
            return VERDICT_GROUP;
    return VERDICT_OK;
}

static enum verdict_reason test_benefit(const struct view *v, const struct policy_rule *r,
                                        const struct policy_certificate *c)
{
    (void)r;
    (void)c;
    return v->person->draws_benefit ? VERDICT_BENEFIT : VERDICT_OK;
}

/* Paid months only grow: enough once is enough for ever, too few may have become enough since they
 * were counted. */
static enum verdict_reason test_months(const struct view *v, const struct policy_rule *r,
                                       const struct policy_certificate *c)
{
    int paid = v->person->paid_months;

    (void)c;
    if (paid >= r->months_min)
        return VERDICT_OK;
    return paid < 0 || paid + months_since(v) >= r->months_min ? VERDICT_NO_MONTHS : VERDICT_MONTHS;
}

/* ---- whether a rule asks it ---- */

static bool asks_issued_from(const struct policy_rule *r)
{
    return r->issued_from != CIVIL_NONE;
}

static bool asks_issued_to(const struct policy_rule *r)
{
    return r->issued_to != CIVIL_NONE;
}

static bool asks_last_day(const struct policy_rule *r)
{
    return r->window_months > 0 || (r->basis == POLICY_APPLIED && r->valid_to != CIVIL_NONE);
}

static bool asks_higher(const struct policy_rule *r)
{
    return r->higher_bars_lower != POLICY_HIGHER_FREE;
}

static bool asks_group(const struct policy_rule *r)
{
    return r->excluded != NULL;
}

static bool asks_benefit(const struct policy_rule *r)
{
    return !r->benefit_included;
}

static bool asks_months(const struct policy_rule *r)
{
    return r->months_min > 0;
}

static const struct {
    bool (*asked)(const struct policy_rule *r); /* NULL: by every rule */
    enum verdict_reason (*test)(const struct view *v, const struct policy_rule *r,
                                const struct policy_certificate *c);
} conditions[CONDITION_YEARLY] = {
    [CONDITION_LEVEL] = {NULL, test_level},
    [CONDITION_ISSUED_FROM] = {asks_issued_from, test_issued_from},
    [CONDITION_ISSUED_TO] = {asks_issued_to, test_issued_to},
    [CONDITION_CLAIMED] = {NULL, test_claimed},
    [CONDITION_LAST_DAY] = {asks_last_day, test_last_day},
    [CONDITION_HIGHER] = {asks_higher, test_higher},
    [CONDITION_GROUP] = {asks_group, test_group},
    [CONDITION_BENEFIT] = {asks_benefit, test_benefit},
    [CONDITION_MONTHS] = {asks_months, test_months},
};

bool condition_test(const struct view *v, const struct policy_rule *r,
                    const struct policy_certificate *c, enum policy_condition which,
                    enum verdict_reason *reason)
{
    if (conditions[which].asked != NULL && !conditions[which].asked(r))
        return false;
    *reason = conditions[which].test(v, r, c);
    return true;
}

enum verdict_reason refusal(const struct view *v, const struct policy_rule *r,
                            const struct policy_certificate *c)
{
    enum verdict_reason unknown = VERDICT_OK, reason;

    for (int i = 0; i < CONDITION_YEARLY; i++) {
        if (!condition_test(v, r, c, (enum policy_condition)i, &reason) || reason == VERDICT_OK)
            continue;
        if (outcome_of(reason) == VERDICT_NOT)
            return reason;
        if (unknown == VERDICT_OK)
            unknown = reason;
    }
    return unknown;
}

enum verdict_outcome outcome_of(enum verdict_reason r)
{
    switch (r) {
    case VERDICT_OK:
        return VERDICT_ELIGIBLE;
    case VERDICT_NO_RULE:
    case VERDICT_NO_REGION:
    case VERDICT_NO_DATE:
    case VERDICT_NO_LEVEL:
    case VERDICT_NO_MONTHS:
        return VERDICT_UNDETERMINED;
    default:
        return VERDICT_NOT;
    }
}

void refuse(struct verdict *out, enum verdict_reason reason)
{
    out->outcome = outcome_of(reason);
    out->reason = reason;
    out->amount_fen = POLICY_AMOUNT_NONE;
}
