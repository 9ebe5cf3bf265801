/*
 * names: what outcomes and reasons of verdicts are called in listings, exports and the database's
 * views. Stable: scripts read them.
 */
#include "zhanchi/policy.h"

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
