/*
 * lists: what the files of the list command share. Each verb is one `struct command`.
 */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H

#include "zhanchi/policy.h"
#include "cli.h"

extern const struct command list_import, list_screen, list_explain, list_ledger, list_convert,
    list_review, list_fix, list_drop, list_duplicates;

/* --encoding E; NULL is TABLE_AUTO. */
struct table_opts;
int lists_encoding(const char *name, struct table_opts *out, struct err *e);
/* --as-of DATE; NULL leaves *day alone. */
int lists_day(const char *text, int32_t *day, struct err *e);
int32_t lists_today(const struct cli *c);
/* --row N */
int lists_line(const char *text, int64_t *line, struct err *e);
/* A table of what speaks against rows, and one line of it. */
struct table_out *lists_rejects(const struct cli *c);
void lists_reject(struct table_out *t, const struct list_reject *r);
/* Columns as columns_json made them, into a document. */
struct json_w;
void lists_columns(struct json_w *w, const char *columns);
/* What a verdict's reason means, translated. */
const char *lists_reason(enum verdict_reason r);

#endif
