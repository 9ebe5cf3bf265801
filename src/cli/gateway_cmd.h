/*
 * gateway_cmd: what the verbs of `zhanchi gateway` share.
 */
#ifndef CLI_GATEWAY_CMD_H
#define CLI_GATEWAY_CMD_H

#include "cli.h"

/* A configured gateway with its secrets. */
struct gateway *gateway_open(struct cli *c, const char *name, struct err *e);

int gateway_check_run(struct cli *c, const struct cli_args *a, struct err *e);
extern const struct cli_option gateway_test_options[];
int gateway_test_run(struct cli *c, const struct cli_args *a, struct err *e);

#endif
