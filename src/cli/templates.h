/*
 * templates: what cmd_template and campaign_create share.
 */
#ifndef CLI_TEMPLATES_H
#define CLI_TEMPLATES_H

#include "cli.h"

/* Reads NAME's file (template_dir, or a path), checks it and stores it as a version if it is new,
 * with a record; without a file, the newest stored version. Inside an open transaction. */
int templates_get(struct cli *c, const char *name, struct template_info *out, struct err *e);

#endif
