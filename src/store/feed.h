/*
 * feed: an array of the program as a table that SQL can read, one chunk of rows in one statement:
 *
 *     INSERT INTO person (id, hash) SELECT c0, c1 FROM feed
 *
 * A statement a row costs more for starting and ending it than for the row. The columns are c0 ...
 * c18; the feed is there only while feed_run or the walk lasts.
 */
#ifndef STORE_FEED_H
#define STORE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "stmt.h"

struct store;
struct feed_cell;

struct feed {
    size_t n; /* rows */
    /* Sets one cell by one of the functions below (none: NULL). What a text or blob points to lives
     * as long as the feed. */
    void (*cell)(const struct feed *f, size_t row, int column, struct feed_cell *out);
    const void *ctx;
};

void feed_int64(struct feed_cell *out, int64_t v);
void feed_text(struct feed_cell *out, const char *v);
void feed_blob(struct feed_cell *out, const void *v, size_t len); /* NULL: nothing */

int feed_attach(struct store *s, struct err *e); /* store_connect */

/* Runs a statement without rows over a feed. `bind` (may be 0) is its parameter ?1. */
int feed_run(struct store *s, const char *sql, const struct feed *f, int64_t bind, struct err *e);
/* A query over a feed: stmt_open with the feed in place; feed_close ends both. One at a time. */
struct stmt *feed_open(struct store *s, const char *sql, const struct feed *f, struct err *e);
int feed_close(struct store *s, struct stmt *st, int rc);

#endif
