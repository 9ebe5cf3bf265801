/*
 * policy: rules of eligibility; each verb has a file of its own.
 */
#include "policies.h"

static const struct command *const verbs[] = {&policy_check, &policy_diff_verb, NULL};

extern const struct command cmd_policy;
const struct command cmd_policy = {
    .name = "policy", .args = "check|diff ...", .help = N_("rules of eligibility"), .verbs = verbs};
