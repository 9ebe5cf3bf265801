/*
 * policies: what the files of the policy command share.
 */
#ifndef CLI_POLICIES_H
#define CLI_POLICIES_H

#include "zhanchi/policy.h"
#include "cli.h"

extern const struct command policy_check, policy_diff_verb;

/* A file, or a name in the policy folder, which then needs the configuration; where it was found
 * in path. Freed by conf_policy_free. */
struct policy *policies_load(struct cli *cli, const char *name, char path[4096], struct err *e);

#endif
