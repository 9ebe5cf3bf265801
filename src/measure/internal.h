/*
 * What the files of measure share.
 *
 *   ledger.c    a list's persons by what became of them, and the ratios
 *   report.c    counts from the store -> measure_report      withhold.c  small cells (pure)
 *   lift.c      two arms -> difference, cost (pure)          json.c csv.c  output for machines (pure)
 *   claim.c     a row of a claims file -> who, what, when (pure)
 *   response.c claims file -> store                        reasons.c   why a row was refused (texts)
 *   export.c   messages, a line each                       rare.c      which combinations of region and level are rare (pure)
 */
#ifndef MEASURE_INTERNAL_H
#define MEASURE_INTERNAL_H

#include "zhanchi/columns.h"
#include "zhanchi/measure.h"

/* Marks and empties lines so that neither a line nor a difference from the total tells of fewer than MEASURE_SMALL members. */
void withhold(struct measure_line *lines, size_t n);

/* The same of any cells: withheld[i] says whether i is. */
void withhold_cells(const int64_t *members, bool *withheld, size_t n);

/* rate and interval; nothing where `known` is false */
void line_rate(struct measure_line *l, bool known);

/* send and hold have at least one member each; price as in measure_ask. */
void lift_of(const struct measure_arm *send, const struct measure_arm *hold,
             int64_t price_microyuan, struct measure_lift *out);

/* Whether who is in which line was drawn: of variants. A difference between others may have any
 * cause. */
bool measure_randomised(enum measure_by by);

const char *arm_name(enum member_arm arm);

/* ---- a row of a claims file ---- */

struct claim_form { /* where things stand in the file; made once */
    const struct columns *columns;
    int at[COLUMN_FIELDS]; /* column, or -1 */
    enum response_kind default_kind;
    int32_t today;
};
/* 0, or -1 and ERR_DATA: no column says who. */
int claim_form_init(struct claim_form *f, const struct columns *c, int32_t today, struct err *e);

enum { CLAIM_ID, CLAIM_REF, CLAIM_PHONE_NAME, CLAIM_KEYS };
#define CLAIM_REJECTS 12

struct claim {                  /* reusable */
    struct buf key[CLAIM_KEYS]; /* what cell_person gives; empty where the row does not say */
    struct buf occupation;      /* what cell_occupation gives */
    struct buf scratch;
    int level;
    enum response_kind kind;
    int32_t day;
    int64_t amount_fen;                        /* -1 unknown */
    struct list_reject rejects[CLAIM_REJECTS]; /* every reason why the row is refused */
    size_t n_rejects;
};
void claim_init(struct claim *c);
void claim_fini(struct claim *c);
/* 1 and a claim; 0: no row (empty, a total); -1: refused. */
int claim_read(const struct claim_form *f, const struct table_row *row, struct claim *c);

/* ---- rare combinations ---- */

struct rare;
struct rare *rare_new(void);
void rare_free(struct rare *r); /* NULL is fine */
void rare_add(struct rare *r, const char *region, int level);
bool rare_is(const struct rare *r, const char *region,
             int level); /* fewer than MEASURE_SMALL were added */

#endif
