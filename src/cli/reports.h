/*
 * reports: the inbox, for a command that must not go past it. See reports.c.
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "cli.h"

struct reports;

struct reports *reports_new(const struct conf *c, const struct cli_gateways *g); /* borrows both */
void reports_free(struct reports *r);
/* For dispatch_opts.catch_up: where no `serve` is alive, applies what is in the inbox. 0 or -1. */
int reports_catch_up(void *reports, struct err *e);

/* serve.optout_words in the folded form in which replies are compared, NULL-terminated. */
char **reports_optout_words(const struct conf *c);
void reports_free_words(char **words);

#endif
