/*
 * catch_up: the inbox, for a command that must not go past it. See catch_up.c.
 */
#ifndef CLI_CATCH_UP_H
#define CLI_CATCH_UP_H

#include "cli.h"

struct catch_up;

struct catch_up *catch_up_new(const struct conf *c,
                              const struct cli_gateways *g); /* borrows both */
void catch_up_free(struct catch_up *r);
/* For dispatch_opts.catch_up: applies what is in the inbox, unless a `serve` keeps up with it. 0 or -1. */
int catch_up_run(void *catch_up, struct err *e);

#endif
