/*
 * templates: what cmd_template, template_file and campaign_create share.
 */
#ifndef CLI_TEMPLATES_H
#define CLI_TEMPLATES_H

#include "cli.h"
#include "zhanchi/store_list.h"
#include "zhanchi/template.h"

/* Reads NAME's file (template_dir, or a path), checks it and stores it as a version if it is new,
 * with a record; without a file, the newest stored version. Inside an open transaction. */
int templates_get(struct cli *c, const char *name, struct template_info *out, struct err *e);

const char *templates_kind(const struct template_info *t); /* "notice" ... */

/* ---- template_show.c ---- */

extern const struct command template_show_command;

/* ---- template_file.c ---- */

/* The file's parts; template_file_fini. */
int templates_load(const char *path, struct template_file *f, struct err *e);
/* Its text as a program, with the partials NAME.part of its folder. */
struct template *templates_compile(const char *path, const struct template_file *f, struct err *e);
/* All of it as a text that could be stored, its names checked. */
int templates_read(const struct cli *c, const char *path, struct template_info *out, struct err *e);
/* Does the file of its name in template_dir say something else by now, or is it no text any more? false without a file. */
bool templates_edited(struct cli *c, const struct template_info *stored);

#endif
