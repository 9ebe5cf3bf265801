/*
 * What the files of intake share.
 *
 *   rows.c     one row of a file: cells -> cleaned texts, or why not       reasons.c  reason code -> text and remedy
 *   seal.c     cleaned texts -> what is stored of a row                    rejects.c  the rejects file
 *   import.c   a whole file, in chunks                                     repair.c   a repaired file, into its list
 *   held.c     a stored row -> its cells again                             fix.c      what people do about one row
 *   accept.c   what they do about all rows of a reason
 *   screen.c, explain.c, person.c   list + policy -> verdicts
 */
#ifndef INTAKE_INTERNAL_H
#define INTAKE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/citizen.h"
#include "zhanchi/email.h"
#include "zhanchi/intake.h"
#include "zhanchi/phone.h"
#include "zhanchi/store_held.h"

/* ---- rows.c ---- */

struct plan { /* what is where in this file */
    const struct columns *columns;
    int at[COLUMN_FIELDS]; /* column, or -1 */
    bool months_in_years;  /* the header says 年限 */
    int32_t months_day;    /* where the row does not say it */
    int accept_not;        /* but for this column; or -1 */
    bool accept; /* what wants a person's decision has it: taken as it is, where it can be */
    int line_at; /* column of a rejects file: the row's line in its list; or -1 */
};
void plan_init(struct plan *p, const struct columns *c);

enum row_outcome { ROW_TAKEN, ROW_HELD, ROW_REJECTED, ROW_SKIPPED };

#define LEVELS_SEEN 64
struct level_cache { /* texts of levels and what they mean */
    struct level_seen {
        char text[40];
        int level;
    } seen[LEVELS_SEEN];
};

struct reading {                    /* one row, cleaned */
    struct buf text[COLUMN_FIELDS]; /* "" where the row says nothing */
    struct phone phone;
    struct email email; /* "" if the row has none */
    struct citizen citizen;
    int level, months;
    int32_t issued_day, months_day;
    bool benefit;
    bool region_like;     /* the region may stand in the clear */
    char region_seen[64]; /* the last one looked at: most rows repeat it */
    bool region_seen_like;
    struct level_cache levels;
    struct list_reject rejects[COLUMN_FIELDS + 2];
    size_t n_rejects;
};
void reading_init(struct reading *r);
void reading_fini(struct reading *r);
bool reading_repaired(const struct reading *r);
bool reading_rare(const struct reading *r); /* a name with characters beyond the basic plane */

enum row_outcome row_read(const struct plan *p, const struct table_row *row, struct reading *r);
/* Without the ="..." by which a spreadsheet is told that digits are a text, or the apostrophe of a
 * formula that is none. */
struct table_cell cell_bare(const struct table_cell *c);
/* More cells than the header has. */
bool row_shifted(const struct columns *c, const struct table_row *row);
/* The cells from `column` on, as a line of a file would have them. */
void row_tail(const struct table_row *row, size_t column, struct buf *out);
/* A reject of the whole row, found later. */
void row_refuse(const struct plan *p, const struct table_row *row, const char *reason,
                struct reading *r);

/* ---- seal.c ---- */

#define SEALED_MAX (256u << 10) /* JSON of a row */

struct sealer;
/* Borrows all of them. */
struct sealer *sealer_new(struct keyring *k, const struct plan *p, int64_t key_id);
void sealer_free(struct sealer *s); /* NULL is fine */
/* Fills *out for a row with this id; appends the sealed blob to *blobs (out->sealed is the caller's to set, the buffer may move). 1 if the
 * row is too long to be kept, 0, -1. */
int sealer_row(struct sealer *s, const struct table_row *row, const struct reading *r, int64_t id,
               int revision, struct list_row *out, struct buf *blobs, struct err *e);
/* The same for a row that is not taken: its cells as they were read. What is too long is not kept
 * (out->sealed_len 0). 0 or -1. */
int sealer_held(struct sealer *s, const struct table_row *row, int64_t line, int revision,
                struct list_held *out, struct buf *blobs, struct err *e);

/* ---- import.c ---- */

/* A file with a telephone column and something that says who, its header read; *t is the caller's to
 * close, also after an error (NULL then, if it was not opened). */
int file_open(const struct intake_opts *o, struct table **t, struct columns *c, struct plan *p,
              struct err *e);
void count_reason(struct intake_result *r, const char *code);
void count_taken(struct intake_result *r, const struct reading *row);

/* ---- rejects.c ---- */

/* Columns that a rejects file has behind the list's own, in every language the same, so that it is
 * known again. */
#define REJECTS_HEADERS 4
extern const char *const rejects_headers[REJECTS_HEADERS];
extern const char rejects_line_header[];

struct reject_file;
/* A temporary file beside `path`; path NULL: nothing is written, all calls are fine. The columns are
 * borrowed until it is finished. */
int rejects_open(const char *path, const char *(*translate)(const char *), const struct columns *c,
                 struct reject_file **out, struct err *e);
/* A row as it was read (n_cells 0: it was not kept), and every reason against it. */
int rejects_add(struct reject_file *f, const struct table_row *row, const struct list_reject *r,
                size_t n, struct err *e);
int rejects_finish(struct reject_file *f, struct err *e); /* durable, under its name */
void rejects_close(struct reject_file *f); /* removes what was not finished; NULL is fine */

/* ---- held.c ---- */

/* A row of a list as it stands in the store, as a file's row again. Too large for a stack. */
struct stored_row {
    struct columns columns; /* of the list */
    struct plan plan;
    struct table_row row; /* its cells are below */
    int64_t id;           /* of the list_row, or 0: it was not taken */
    int revision;
    enum held_state state; /* of a row that was not taken */
    int64_t key_id;
    bool kept; /* its cells are there */
    struct table_cell cells[COLUMNS_MAX];
    struct json *json;
    struct buf plain;
};
struct stored_row *stored_new(const struct list_info *l, struct err *e); /* NULL on error */
void stored_free(struct stored_row *r);                                  /* NULL is fine */
/* What is current at a line: 1/0/-1. A row that was dropped, or whose list was removed, is 0. */
int stored_load(struct stored_row *r, struct store *s, struct keyring *k, int64_t list_id,
                int64_t line, struct err *e);
/* The same for a row that is at hand. */
int stored_held(struct stored_row *r, struct keyring *k, const struct list_held *h, struct err *e);

/* fix.c: its next revision, as `reading` has it, taken; in the open transaction. */
int stored_take(struct stored_row *r, struct store *s, struct keyring *k, const struct list_info *l,
                const struct reading *reading, int64_t *suppressed, struct err *e);

/* The lock of jobs, with what a dead job left swept away. */
int jobs_lock(struct store *s, int *fd, struct err *e);

/* ---- reasons.c ---- */

const char *reason_constant(const char *code); /* the same text, as a constant */

/* ---- person.c ---- */

/* The rows of one person, as policy_judge wants them. Occupations are compared by their keyed hashes, so nothing is unsealed: the text that the policy sees is
 * the name of a shortage occupation where the hash is that name's, else the hash in hex. */
struct person;
struct person *person_new(struct keyring *k, const struct policy *p, int32_t as_of);
void person_free(struct person *p); /* NULL is fine */
void person_reset(struct person *p);
/* All of one person. The row is copied, without what is sealed. */
void person_add(struct person *p, const struct list_row *r);
/* One verdict a row, in their order, borrowed until the next reset. */
int person_judge(struct person *p, struct store *s, const struct verdict **verdicts, struct err *e);
size_t person_rows(const struct person *p, const struct list_row **rows);
/* After person_judge: the person as one of its rows says, borrowed until the next reset. */
struct policy_person person_as(const struct person *p, size_t row);

#endif
