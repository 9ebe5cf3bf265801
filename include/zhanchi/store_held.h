/*
 * store_held: rows of a list that were not taken, and what people do about rows: repair, accept,
 * drop.
 *
 * A row is known by its line. Its revisions count from 1; the newest is the one that holds, older
 * ones stay. A row that was not taken stands here with its cells as they were read, sealed, and is
 * in no screening, wave or count of persons; one that was taken is a list_row.
 *
 * What changes rows wants store_lock_jobs held and nothing left of a dead job (store_sweep): ids of
 * new persons must not be taken for those of a list in loading. ERR_TEMP otherwise.
 */
#ifndef ZHANCHI_STORE_HELD_H
#define ZHANCHI_STORE_HELD_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/store_list.h"

struct store;

/* Written to databases: never renumber. */
enum held_state {
    HELD_REVIEW = 1,   /* a person must decide */
    HELD_REJECTED = 2, /* refused: the list's owner must repair it */
    HELD_TAKEN = 3,    /* repaired or accepted: its next revision is a list_row */
    HELD_DROPPED = 4,
    HELD_REPLACED = 5 /* an older revision of a row that is still not taken */
};

struct list_held {
    int64_t line;
    int revision;
    enum held_state state;
    int64_t key_id;
    const void *sealed; /* SEAL_HELD, line, revision; NULL: too long to be kept, or deleted */
    size_t sealed_len;
};

/* Rows of a list in loading, one transaction; and their reasons (store_list_rejects) beside them. */
int store_held_put(struct store *s, int64_t list_id, const struct list_held *h, size_t n,
                   struct err *e);
/* The newest revision at a line: 1/0/-1; sealed points into memory that the next call replaces. */
int store_held_at(struct store *s, int64_t list_id, int64_t line, struct list_held *out,
                  struct err *e);
/* The first revision: as the file had it. */
int store_held_first(struct store *s, int64_t list_id, int64_t line, struct list_held *out,
                     struct err *e);
/* Those in review or rejected, by line. */
int store_held_each(struct store *s, int64_t list_id,
                    int (*each)(void *ctx, const struct list_held *h), void *ctx, struct err *e);
/* Open reasons of a line, or (line 0) of all rows in review. */
int store_held_reasons(struct store *s, int64_t list_id, int64_t line,
                       int (*each)(void *ctx, const struct list_reject *r), void *ctx,
                       struct err *e);

/* ---- acts: in the caller's transaction ---- */

/* The newest revision of a row, taken: `row` (id from store_list_row_ids, line, revision) becomes the
 * current one. old_id: the list_row that it replaces, or 0 where it was held or is new. Waiting
 * messages of members who were frozen with the old one are suppressed (row-changed), *suppressed
 * counts them; who was only held back so is a candidate again. The list counts as changed since its
 * screening. */
int store_row_revise(struct store *s, int64_t list_id, const struct list_row *row, int64_t old_id,
                     int64_t *suppressed, struct err *e);
/* Still not taken: h is the newest revision, with these reasons. */
int store_row_hold(struct store *s, int64_t list_id, const struct list_held *h,
                   const struct list_reject *r, size_t n, struct err *e);
/* Out of the list, held or taken. 1 done, 0 there is no such row (any more), -1. */
int store_row_drop(struct store *s, int64_t list_id, int64_t line, int64_t *suppressed,
                   struct err *e);
/* Does the list have this person's certificate (occupation, level, day of issue)? 1/0/-1. */
int store_row_known(struct store *s, int64_t list_id, const struct list_row *row, struct err *e);
/* The highest line that a row of the list has. */
int store_list_last_line(struct store *s, int64_t list_id, int64_t *line, struct err *e);

#endif
