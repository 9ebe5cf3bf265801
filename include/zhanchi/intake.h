/*
 * intake: file -> list; list + policy -> verdicts.
 */
#ifndef ZHANCHI_INTAKE_H
#define ZHANCHI_INTAKE_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/columns.h"
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/policy.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_list.h"
#include "zhanchi/table.h"

struct intake_opts {
    const char *path, *name, *map_path, *rejects_path; /* map_path, rejects_path may be NULL */
    struct table_opts table;
    bool dry_run;
    bool again;              /* take the same file a second time under another name */
    const char *actor;
    int64_t now_ms;
    struct progress progress;
    /* told once the header is known, before anything is stored; may be NULL */
    void (*header)(void *ctx, const struct columns *c, enum table_encoding enc);
    void *ctx;
};
struct intake_result {
    int64_t list_id, rows, taken, rejected_rows, repaired; /* rows = taken + rejected_rows */
    struct list_counts counts;
};
/* Imports in chunks under a loading header; interrupted or failed it leaves nothing. The same digest again: ERR_DATA naming the list that has
 * it. The rejects file is CSV with UTF-8 BOM, 0600: line, column, header, masked value, reason, remedy. */
int intake_import(struct store *s, struct keyring *k, const struct intake_opts *o, struct intake_result *r, struct err *e);

/* Reason code -> what is wrong and what to do, in English (L4 translates). */
const char *intake_reason_text(const char *code);
const char *intake_reason_remedy(const char *code);

/* Screens every person of a list; replaces earlier verdicts of the same policy version. */
struct screen_result {
    int64_t rows, eligible, not_eligible, undetermined;
};
int intake_screen(struct store *s, struct keyring *k, const struct list_info *l, const struct policy *p, const char *policy_path,
                  int32_t as_of, int64_t now_ms, struct progress *progress, struct screen_result *r, struct err *e);
/* One row's person, judged anew, for `list explain`. Calls each for every certificate of the person. */
int intake_explain(struct store *s, struct keyring *k, const struct list_info *l, const struct policy *p, int64_t line, int32_t as_of,
                   int (*each)(void *ctx, int64_t line, const struct policy_certificate *c, const struct verdict *v), void *ctx,
                   struct err *e);

#endif
