/*
 * What the files of policy share.
 *
 *   region.c      cells and the tree of regions       which.c   which rule decides
 *   conditions.c  what a rule asks of a certificate   yearly.c  payments of a year
 *   view.c        what it all looks at
 *   judge.c       all of it: the verdicts             argue.c   the same once more, for people
 *   compare.c     a policy with itself and with another one
 */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "zhanchi/civil.h"
#include "zhanchi/policy.h"
#include "zhanchi/policy_case.h"

/* ---- region.c ---- */

/* A region on the way from a person's own up to the nation. A code's parents are its leading
 * digits, so a place is a piece of text and needs no memory. len 0: above the nation. */
struct place {
    const char *s;
    size_t len;
};

struct place place_of(const char *region);
bool place_is(struct place at, const char *region);
struct place place_above(const struct policy *p, struct place at);
const struct policy_region *place_entry(const struct policy *p, struct place at); /* NULL if none */
/* No tree is deeper: walks stop here even where a policy made by hand has a circle of parents. */
#define PLACES_MAX 32

/* ---- one person before one policy ---- */

struct view {
    const struct policy *policy;
    const struct policy_person *person;
    const char *region;    /* of the policy; NULL: none is named */
    char *const *shortage; /* occupations, NULL-terminated; may be NULL */
    int32_t as_of;
};
struct view view_of(const struct policy *p, const struct policy_person *person, int32_t as_of);
bool in_shortage(const struct view *v, const char *occupation);

/* An open end lies after every day. */
static inline int64_t last_of(int32_t day)
{
    return day == CIVIL_NONE ? INT64_MAX : day;
}

/* ---- which.c ---- */

/* The rule that decides for a certificate of this day of issue, or NULL. */
const struct policy_rule *rule_of(const struct view *v, int32_t issued);
/* Whether a, not b, decides where both of a region are in force. */
bool rule_closer(const struct policy_rule *a, const struct policy_rule *b);
/* How every rule fared; decides: what rule_of said. */
void rule_trials(const struct view *v, int32_t issued, const struct policy_rule *decides,
                 enum policy_trial *out);

/* ---- conditions.c ---- */

/* The last day to apply, CIVIL_NONE without limit; by one of the two readings of "within". */
int32_t last_day_read(const struct policy_rule *r, int32_t issued, bool included);

/* The claim that bars this certificate, as its own or as a higher one's; the higher certificate
 * that does. NULL: none does. */
const struct policy_claim *claim_about(const struct view *v, const struct policy_rule *r,
                                       const struct policy_certificate *c);
const struct policy_claim *higher_claim(const struct view *v, const struct policy_rule *r,
                                        const struct policy_certificate *c);
const struct policy_certificate *higher_held(const struct view *v, const struct policy_rule *r,
                                             const struct policy_certificate *c);
/* Whole months since the paid months were counted, 0 where nothing says when. */
int months_since(const struct view *v);

/* VERDICT_OK, or why not: the first certain refusal, else the first thing that is unknown. */
enum verdict_reason refusal(const struct view *v, const struct policy_rule *r,
                            const struct policy_certificate *c);
/* One condition (not CONDITION_YEARLY) by itself; false: the rule does not ask it. */
bool condition_test(const struct view *v, const struct policy_rule *r,
                    const struct policy_certificate *c, enum policy_condition which,
                    enum verdict_reason *reason);
enum verdict_outcome outcome_of(enum verdict_reason r);
void refuse(struct verdict *out, enum verdict_reason reason);

/* ---- yearly.c ---- */

/* Payments of a civil year: all, and those that are not for shortage occupations. */
struct tally {
    int all, ordinary;
};
struct tally tally_claims(const struct view *v);
/* Settles what is eligible but for VERDICT_YEARLY. */
void apply_yearly(const struct view *v, struct verdict *out);

#endif
