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
#include "zhanchi/mask.h"
#include "zhanchi/policy_case.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_list.h"
#include "zhanchi/table.h"

struct intake_result;
struct intake_opts {
    const char *path, *name, *map_path, *rejects_path; /* map_path, rejects_path may be NULL */
    struct table_opts table;
    bool dry_run; /* reads, checks and writes the rejects file; s and k may be NULL */
    bool again;   /* take the same file a second time under another name */
    const char *actor;
    int64_t now_ms;
    int zone_min;
    /* Through when the paid months were counted, where no column says it; NULL: through the day of
     * the import, which is the latest that it can have been. */
    const int32_t *months_day;
    struct progress progress; /* bytes of the file */
    /* told once the header is known, before anything is stored; may be NULL */
    void (*header)(void *ctx, const struct columns *c, enum table_encoding enc);
    void *ctx;
    const char *(*translate)(const char *text); /* for the rejects file: gettext; NULL = English */
    /* Writes the act's record, inside the transaction that makes the list visible: if it fails,
     * nothing of the list remains. May be NULL. */
    int (*record)(void *ctx, const struct intake_result *r, struct err *e);
};
#define INTAKE_REASONS 64
struct intake_result {
    int64_t list_id, rows, taken, rejected_rows, repaired;
    int64_t held_rows; /* for review; rows = taken + rejected_rows + held_rows (+ known) */
    int64_t known;     /* intake_repair: rows that the list has already */
    int64_t
        no_regions; /* taken rows whose region looks like none: kept sealed only, undetermined */
    int64_t rare_names; /* taken rows whose name has characters beyond U+FFFF */
    int64_t skipped; /* not in rows: empty rows, totals (合计), headers repeated on every page */
    struct {         /* a row may have several */
        const char *code; /* constant */
        int64_t n;
    } reasons[INTAKE_REASONS];
    size_t n_reasons;
    struct list_counts counts; /* zeros after a dry run */
};
/* Imports in chunks under a loading header; interrupted (ERR_TEMP) or failed it leaves nothing. It
 * holds the lock of jobs (store_lock_jobs: ERR_TEMP); what a killed job left is removed first. The
 * same digest again: ERR_DATA naming the list that has it.
 *
 * A row is taken whole or rejected whole: a telephone number is needed, and something that says who
 * it is (cells.h); a value that is there but cannot be read rejects its row, a value that is
 * missing does not. A region that does not look like one (policy_region_like) is not stored in the
 * clear, where a slipped name could be read: it is sealed with the row. Identical rows are taken as they come: a person is one member of a campaign
 * however many rows there are, and `counts` tells rows from persons. Memory does not depend on the
 * size of the file. The rejects file is CSV with UTF-8 BOM, 0600, and appears when it is complete:
 * the rows that were not taken with the file's own columns, and line, column, reason and remedy
 * behind them. What wants a person's decision (intake_reason_review) is held for it. */
int intake_import(struct store *s, struct keyring *k, const struct intake_opts *o,
                  struct intake_result *r, struct err *e);

/* The rows of a file into a list that is ready: a repaired rejects file, or the repaired list itself.
 * o->name and o->again are not looked at; the file must have every column of the list. A row that
 * names its line (as rejects files do), or agrees with the held row of its line in all cells that were
 * good, is that row's next revision; one whose certificate the list has already is `known`; others
 * come in behind the last line. Each row is complete in itself, so it works in chunks that can be
 * seen at once; interrupted, it is begun again and finds what was taken. record is called in every
 * chunk's transaction, with what was done so far. Takes the lock of jobs. */
int intake_repair(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct intake_opts *o, struct intake_result *r, struct err *e);

/* ---- single rows ---- */

struct intake_fixed;
struct intake_fix {
    int64_t line;
    const char *column; /* header or field name; NULL with accept */
    const char *value;  /* personal data, as typed */
    bool accept;        /* the row in review is taken as it is */
    int (*record)(void *ctx, const struct intake_fixed *r, struct err *e); /* as above */
    void *ctx;
};
struct intake_fixed {
    int64_t line;
    char column[64];
    int revision;
    bool taken;         /* else it is still held: rejects */
    int64_t suppressed; /* waiting messages of members frozen with the older revision */
    struct list_reject rejects[COLUMN_FIELDS + 2];
    size_t n_rejects;
};
/* A new revision of a row, held or taken. ERR_DATA if the value cannot be used either, if the row
 * cannot be accepted as it is, or if its cells cannot be told apart; ERR_NOINPUT if there is no such
 * row; ERR_USAGE with the columns there are; nothing has changed then. */
int intake_fix(struct store *s, struct keyring *k, const struct list_info *l,
               const struct intake_fix *f, struct intake_fixed *r, struct err *e);
/* Every row in review for this reason alone, taken as it is; those that cannot be used so are `left`.
 * Works in chunks, as intake_repair does; record gets what was done so far. */
struct intake_accepted {
    int64_t taken, left;
};
struct intake_accept {
    const char *reason;
    struct progress progress; /* rows */
    int (*record)(void *ctx, const struct intake_accepted *r, struct err *e);
    void *ctx;
};
int intake_accept(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct intake_accept *o, struct intake_accepted *r, struct err *e);
/* Takes a row out of the list, held or taken; what was frozen with it and still waits is suppressed. */
int intake_drop(struct store *s, const struct list_info *l, const struct intake_fix *f,
                struct intake_fixed *r, struct err *e);

/* The rejects file of a list as it is now: rows rejected and in review, as intake_import writes it.
 * record (may be NULL) gets the number of rows before the file gets its name. */
struct intake_rejects {
    const char *path;
    const char *(*translate)(const char *text);
    int (*record)(void *ctx, int64_t rows, struct err *e);
    void *ctx;
};
int intake_rejects(struct store *s, struct keyring *k, const struct list_info *l,
                   const struct intake_rejects *o, struct err *e);

/* Reason code -> what is wrong and what to do, in English (L4 translates). */
const char *intake_reason_text(const char *code);
const char *intake_reason_remedy(const char *code);
/* Whether a person must decide: a row all of whose reasons are such is held for review. */
bool intake_reason_review(const char *code);

/* Screens every person of a list; replaces earlier verdicts of the same policy version. record: in
 * the last transaction, after which the list counts as screened; may be NULL. */
struct screen_result {
    int64_t rows, eligible, not_eligible, undetermined;
};
struct screen_record {
    int (*fn)(void *ctx, const struct screen_result *r, struct err *e);
    void *ctx;
};
int intake_screen(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct policy *p, const char *policy_path, int32_t as_of, int64_t now_ms,
                  struct progress *progress, const struct screen_record *record,
                  struct screen_result *r, struct err *e);
/* One row's person, judged anew and argued, for `list explain`. Calls each for every certificate of
 * the person; what it gets lives until it returns. */
struct explained {
    int64_t line;
    struct policy_certificate certificate; /* its occupation as the list has it */
    const char *group;                     /* of people, as the list has it; "" none */
    const struct policy_person *person;    /* as this row says; other names in it are no texts */
    struct policy_case argument;
    const enum policy_trial *trials; /* one a rule of the policy */
};
int intake_explain(struct store *s, struct keyring *k, const struct list_info *l,
                   const struct policy *p, int64_t line, int32_t as_of,
                   int (*each)(void *ctx, const struct explained *x), void *ctx, struct err *e);

/* Whom another policy adds or drops: every row judged by both, nothing stored. A row is an
 * addition or a loss where it is eligible by one alone; otherwise changed where amount, last day,
 * outcome or reason differ. */
struct diff_counts { /* rows; of the whole list, or of a region as the second policy calls it */
    char region[POLICY_LABEL_MAX];
    int64_t rows, before, after; /* eligible by the first, by the second */
    int64_t added, dropped, changed;
};
struct diff_result {
    struct diff_counts total; /* its region is "" */
    int64_t persons_added,
        persons_dropped;         /* who have any eligible certificate by one policy alone */
    struct diff_counts *regions; /* most additions and losses first */
    size_t n_regions;
};
struct diff_row {
    int64_t line;
    char name[MASK_MAX], phone[MASK_MAX]; /* masked; "" where the list's data were deleted */
    char region[POLICY_LABEL_MAX];
    int level;
    int32_t issued_day;
    const struct verdict *before, *after;
};
struct diff_ask {
    const struct policy *before, *after;
    int32_t as_of;
    size_t rows;  /* tell so many at most */
    bool changed; /* tell the changed, too; else additions and losses alone */
    /* In the order of persons; what it gets lives until it returns. */
    int (*each)(void *ctx, const struct diff_row *r);
    void *ctx;
    struct progress *progress; /* rows of the list; may be NULL */
};
int intake_diff(struct store *s, struct keyring *k, const struct list_info *l,
                const struct diff_ask *ask, struct diff_result *out, struct err *e);
void diff_result_fini(struct diff_result *r);

#endif
