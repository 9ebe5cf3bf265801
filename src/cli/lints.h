/*
 * lints: rule sets of gateways for commands, and their findings on the terminal.
 */
#ifndef CLI_LINTS_H
#define CLI_LINTS_H

#include "zhanchi/campaign.h"
#include "zhanchi/json.h"
#include "cli.h"

struct lint_sets {
    struct lint_set *own[ROUTE_GATEWAYS];
    struct campaign_lint lint; /* points to them */
};
/* A set by its name (campaign.lint_dir, if there is a configuration; else as shipped) or by its
 * file. Adds it; lint_sets_free even after a failure. `s` is zeroed before the first one. */
int lint_sets_add(struct cli *c, struct lint_sets *s, const char *name, struct err *e);
int lint_sets_of(struct cli *c, struct lint_sets *s, const struct cli_gateways *g, struct err *e);
void lint_sets_free(struct lint_sets *s);

/* --allow RULE ... --why TEXT, as values `allow` and `why` of the arguments. */
int lint_allow(const struct cli_args *a, int allow, int why, uint32_t *out, struct err *e);

/* One or two lines a finding; nothing if there is none. */
void lint_tell(FILE *f, const struct campaign_lint *l);
/* An array. */
void lint_json(struct json_w *w, const struct campaign_lint *l);
/* "3 rows", "line 2, column 5", "" */
void lint_where(const struct campaign_finding *f, char *out, size_t cap);

#endif
