/*
 * judge: the verdict of a policy on every certificate of one person. Pure and without memory;
 * called by intake for each person of a list.
 *
 * 1. The rule: the nearest region upwards from the person's own that has a rule in force on the
 * rule's own date (of issue, or of application) decides alone; rules are not mixed. The loader
 * refuses two rules of one region and basis in force at once; where bases overlap, the one that
 * began later decides.
 * 2. The refusals, in the order of `refusal`: what is certain goes before what is unknown, so that
 * a value that a list lacks matters only where everything else fits.
 * 3. The yearly number of payments, over what is left of all certificates together.
 *
 * In doubt a certificate is refused or undetermined: undetermined is never sent, and a refusal can
 * be mended by a better list. The state between 2 and 3 lives in the verdicts themselves: eligible,
 * but for the reason VERDICT_YEARLY, is still to be counted.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

struct view {
    const struct policy *policy;
    const struct policy_person *person;
    char *const *shortage; /* occupations, NULL-terminated; may be NULL */
    int32_t as_of;
};

/* ---- which rule ---- */

static bool in_force(const struct policy_rule *r, int32_t issued, int32_t as_of)
{
    int32_t day = r->basis == POLICY_ISSUED ? issued : as_of;

    return (r->valid_from == CIVIL_NONE || day >= r->valid_from) &&
           (r->valid_to == CIVIL_NONE || day <= r->valid_to);
}

/* An open end lies after every day. */
static int64_t last_of(int32_t day)
{
    return day == CIVIL_NONE ? INT64_MAX : day;
}

/* A total order, so that the order in the file does not matter. */
static bool closer(const struct policy_rule *a, const struct policy_rule *b)
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
            (best == NULL || closer(r, best)))
            best = r;
    }
    return best;
}

static const struct policy_rule *rule_of(const struct view *v, const char *region, int32_t issued)
{
    const struct policy_rule *rule = NULL;
    struct place at = place_of(region);

    for (int i = 0; i < PLACES_MAX && at.len > 0 && rule == NULL; i++) {
        rule = rule_at(v, at, issued);
        at = place_above(v->policy, at);
    }
    return rule;
}

/* The list of the nearest region that has one. */
static char *const *shortage_of(const struct policy *p, const char *region)
{
    struct place at = place_of(region);

    for (int i = 0; i < PLACES_MAX && at.len > 0; i++) {
        const struct policy_region *entry = place_entry(p, at);
        if (entry != NULL && entry->shortage != NULL)
            return entry->shortage;
        at = place_above(p, at);
    }
    return NULL;
}

static bool in_shortage(const struct view *v, const char *occupation)
{
    for (char *const *s = v->shortage; s != NULL && *s != NULL; s++)
        if (strcmp(*s, occupation) == 0)
            return true;
    return false;
}

/* ---- refusals ---- */

static int32_t last_day_of(const struct policy_rule *r, int32_t issued)
{
    int32_t last = CIVIL_NONE;

    if (r->window_months > 0)
        last = civil_add_months(issued, r->window_months) - (r->last_day_included ? 0 : 1);
    if (r->basis == POLICY_APPLIED && last_of(r->valid_to) < last_of(last))
        last = r->valid_to;
    return last;
}

static bool may_be_same(const char *occupation, const char *other)
{
    return occupation[0] == '\0' || other[0] == '\0' || strcmp(occupation, other) == 0;
}

/* Known to be about this occupation and level: bars it for good where a rule pays once. Otherwise a
 * claim is about this certificate only if the certificate was there on its day. */
static bool claimed(const struct view *v, const struct policy_rule *r,
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
            return true;
    }
    return false;
}

static bool higher(int level, int than)
{
    return level >= 1 && than >= 1 && level < than;
}

static bool outranked(const struct view *v, const struct policy_rule *r,
                      const struct policy_certificate *c)
{
    const struct policy_person *who = v->person;

    if (r->higher_bars_lower == POLICY_HIGHER_FREE)
        return false;
    for (size_t i = 0; i < who->n_claims; i++)
        if (higher(who->claims[i].level, c->level) &&
            may_be_same(who->claims[i].occupation, c->occupation))
            return true;
    if (r->higher_bars_lower != POLICY_HIGHER_HELD)
        return false;
    for (size_t i = 0; i < who->n_certificates; i++) {
        const struct policy_certificate *held = &who->certificates[i];
        if (higher(held->level, c->level) && may_be_same(held->occupation, c->occupation) &&
            held->issued_day <= v->as_of) /* CIVIL_NONE lies before every day: held */
            return true;
    }
    return false;
}

static int months_between(int32_t from, int32_t to)
{
    struct civil a = civil_of(from), b = civil_of(to);
    int n = (b.year - a.year) * 12 + b.month - a.month;

    return civil_add_months(from, n) > to ? n - 1 : n;
}

/* Paid months only grow: enough once is enough for ever, too few may have become enough since they
 * were counted. */
static enum verdict_reason months_refusal(const struct view *v, const struct policy_rule *r)
{
    const struct policy_person *who = v->person;
    int since = 0;

    if (r->months_min <= 0 || who->paid_months >= r->months_min)
        return VERDICT_OK;
    if (who->paid_months < 0)
        return VERDICT_NO_MONTHS;
    if (who->paid_months_day != CIVIL_NONE && who->paid_months_day < v->as_of)
        since = months_between(who->paid_months_day, v->as_of);
    return who->paid_months + since >= r->months_min ? VERDICT_NO_MONTHS : VERDICT_MONTHS;
}

static enum verdict_reason refusal(const struct view *v, const struct policy_rule *r,
                                   const struct policy_certificate *c, int32_t last_day)
{
    bool known_level = c->level >= 1 && c->level < POLICY_LEVELS;

    if (known_level && (r->levels & (1u << c->level)) == 0)
        return VERDICT_LEVEL;
    if (r->issued_from != CIVIL_NONE && c->issued_day < r->issued_from)
        return VERDICT_ISSUED_EARLY;
    if (r->issued_to != CIVIL_NONE && c->issued_day > r->issued_to)
        return VERDICT_ISSUED_LATE;
    if (claimed(v, r, c))
        return VERDICT_CLAIMED;
    if (last_day != CIVIL_NONE && v->as_of > last_day)
        return VERDICT_EXPIRED;
    if (outranked(v, r, c))
        return VERDICT_HIGHER;
    if (v->person->draws_benefit && !r->benefit_included)
        return VERDICT_BENEFIT;
    enum verdict_reason months = months_refusal(v, r);
    if (months == VERDICT_MONTHS)
        return months;
    return known_level ? months : VERDICT_NO_LEVEL;
}

static enum verdict_outcome outcome_of(enum verdict_reason r)
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

static void refuse(struct verdict *out, enum verdict_reason reason)
{
    out->outcome = outcome_of(reason);
    out->reason = reason;
    out->amount_fen = POLICY_AMOUNT_NONE;
}

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
static void judge_one(const struct view *v, const char *region, const struct policy_certificate *c,
                      struct verdict *out)
{
    *out = (struct verdict){.amount_fen = POLICY_AMOUNT_NONE, .last_day = CIVIL_NONE};
    if (region == NULL) {
        refuse(out, VERDICT_NO_REGION);
        return;
    }
    if (c->issued_day == CIVIL_NONE || c->issued_day > v->as_of) {
        refuse(out, c->issued_day == CIVIL_NONE ? VERDICT_NO_DATE : VERDICT_FUTURE);
        return;
    }
    out->rule = rule_of(v, region, c->issued_day);
    if (out->rule == NULL) {
        refuse(out, VERDICT_NO_RULE);
        return;
    }
    out->last_day = last_day_of(out->rule, c->issued_day);
    enum verdict_reason reason = refusal(v, out->rule, c, out->last_day);
    if (reason != VERDICT_OK) {
        refuse(out, reason);
        return;
    }
    out->outcome = VERDICT_ELIGIBLE;
    out->reason = VERDICT_YEARLY; /* still to be counted */
    out->amount_fen = amount_of(v, out->rule, c);
}

/* ---- the yearly number of payments ---- */

/* Payments of the civil year: all, and those that are not for shortage occupations. */
struct tally {
    int all, ordinary;
};

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

static struct tally tally_claims(const struct view *v)
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

static void apply_yearly(const struct view *v, struct verdict *out)
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

void policy_judge(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  struct verdict *out)
{
    struct view v = {.policy = p, .person = person, .as_of = as_of};
    const char *region = policy_region_of(p, person->region);

    if (region != NULL)
        v.shortage = shortage_of(p, region);
    for (size_t i = 0; i < person->n_certificates; i++)
        judge_one(&v, region, &person->certificates[i], &out[i]);
    apply_yearly(&v, out);
}
