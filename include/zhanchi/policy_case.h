/*
 * policy_case: a verdict as a person would argue it. Pure, and by the same code that judges:
 * every rule that was tried with its outcome, then every condition of the rule that decided with
 * what was found and the days computed.
 */
#ifndef ZHANCHI_POLICY_CASE_H
#define ZHANCHI_POLICY_CASE_H

#include "zhanchi/policy.h"

/* How a rule fared when the one that decides was looked for. */
enum policy_trial {
    TRIAL_DECIDES,
    TRIAL_OTHER_REGION, /* of a region that is neither the person's nor above it */
    TRIAL_NOT_YET,      /* begins after the day that its basis names */
    TRIAL_OVER,         /* ended before that day */
    TRIAL_NEARER,       /* in force, but a nearer region has a rule in force */
    TRIAL_LATER,        /* in force, but another of its region began later */
    TRIAL_NO_DAY        /* the day of issue, which its basis names, is missing or to come */
};

/* In the order in which a verdict takes its reason from them. */
enum policy_condition {
    CONDITION_LEVEL,
    CONDITION_ISSUED_FROM,
    CONDITION_ISSUED_TO,
    CONDITION_CLAIMED, /* not claimed before */
    CONDITION_LAST_DAY,
    CONDITION_HIGHER, /* not barred by a higher level */
    CONDITION_GROUP,  /* not of a group that is left out */
    CONDITION_BENEFIT,
    CONDITION_MONTHS,
    CONDITION_YEARLY,
    POLICY_CONDITIONS
};
enum policy_finding {
    FINDING_NOT_ASKED, /* the rule does not ask it (yearly: another condition failed already) */
    FINDING_MET,
    FINDING_FAILED,
    FINDING_UNKNOWN
};

struct policy_case {
    const char *region; /* of the policy, borrowed; NULL: the cell names none */
    struct verdict verdict;
    /* The rest is zero where no rule decides. */
    enum policy_finding finding[POLICY_CONDITIONS];
    int32_t window_day;      /* day of issue + window_months; CIVIL_NONE: no window */
    int32_t last_by_read[2]; /* last day by both readings: [0] without that day, [1] with it */
    const struct policy_claim
        *claim; /* that is about this certificate; borrowed, as the next two */
    const struct policy_claim *higher_claim;      /* NULL: none */
    const struct policy_certificate *higher_held; /* NULL: none */
    int months_since;                             /* whole months since they were counted */
    int paid_this_year, ordinary_this_year;       /* of the year of as_of, by the claims */
    bool shortage; /* the occupation is in short supply where the person is */
};

/* Argues v, which policy_judge gave for certificate i of this very person on this day. trials: room
 * for p->n_rules. */
void policy_argue(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  size_t i, const struct verdict *v, struct policy_case *out,
                  enum policy_trial *trials);

/* Stable names, for machines: "decides", "other-region" ...; "level", "issued-from" ...; "met",
 * "failed" ... */
const char *policy_trial_name(enum policy_trial t);
const char *policy_condition_name(enum policy_condition c);
const char *policy_finding_name(enum policy_finding f);

#endif
