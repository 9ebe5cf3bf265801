/*
 * names: what outcomes and reasons of verdicts are called in listings, exports and the database's
 * views. Stable: scripts read them.
 */
#include "zhanchi/policy_case.h"

static const char *const outcomes[] = {
    [VERDICT_UNDETERMINED] = "undetermined",
    [VERDICT_ELIGIBLE] = "eligible",
    [VERDICT_NOT] = "not-eligible",
};

static const char *const reasons[] = {
    [VERDICT_OK] = "ok",
    [VERDICT_NO_RULE] = "no-rule",
    [VERDICT_NO_REGION] = "no-region",
    [VERDICT_NO_DATE] = "no-issue-date",
    [VERDICT_NO_LEVEL] = "no-level",
    [VERDICT_NO_MONTHS] = "no-months",
    [VERDICT_MONTHS] = "too-few-months",
    [VERDICT_LEVEL] = "level",
    [VERDICT_ISSUED_EARLY] = "issued-too-early",
    [VERDICT_EXPIRED] = "expired",
    [VERDICT_FUTURE] = "issued-in-future",
    [VERDICT_CLAIMED] = "claimed",
    [VERDICT_HIGHER] = "higher-level",
    [VERDICT_YEARLY] = "yearly-cap",
    [VERDICT_BENEFIT] = "draws-benefit",
    [VERDICT_ISSUED_LATE] = "issued-too-late",
    [VERDICT_GROUP] = "excluded-group",
};

const char *verdict_outcome_name(enum verdict_outcome o)
{
    size_t i = (size_t)o;

    return i < sizeof outcomes / sizeof outcomes[0] ? outcomes[i] : "?";
}

const char *verdict_reason_name(enum verdict_reason r)
{
    size_t i = (size_t)r;

    return i < sizeof reasons / sizeof reasons[0] ? reasons[i] : "?";
}

const char *policy_trial_name(enum policy_trial t)
{
    static const char *const names[] = {
        [TRIAL_DECIDES] = "decides",      [TRIAL_OTHER_REGION] = "other-region",
        [TRIAL_NOT_YET] = "not-yet",      [TRIAL_OVER] = "over",
        [TRIAL_NEARER] = "nearer-region", [TRIAL_LATER] = "later-rule",
        [TRIAL_NO_DAY] = "no-day"};

    return names[t];
}

const char *policy_condition_name(enum policy_condition c)
{
    static const char *const names[POLICY_CONDITIONS] = {
        [CONDITION_LEVEL] = "level",         [CONDITION_ISSUED_FROM] = "issued-from",
        [CONDITION_ISSUED_TO] = "issued-to", [CONDITION_CLAIMED] = "not-claimed",
        [CONDITION_LAST_DAY] = "last-day",   [CONDITION_HIGHER] = "no-higher-level",
        [CONDITION_GROUP] = "group",         [CONDITION_BENEFIT] = "draws-no-benefit",
        [CONDITION_MONTHS] = "months",       [CONDITION_YEARLY] = "yearly-cap"};

    return names[c];
}

const char *policy_finding_name(enum policy_finding f)
{
    static const char *const names[] = {[FINDING_NOT_ASKED] = "not-asked",
                                        [FINDING_MET] = "met",
                                        [FINDING_FAILED] = "failed",
                                        [FINDING_UNKNOWN] = "unknown"};

    return names[f];
}
