/*
 * stmt: the thin statement layer over SQLite.
 *
 * A statement is a named constant (`static const char sql_x[] = "..."`): its address is the key of
 * the connection's cache, so that each is prepared once a connection. stmt_open takes it out,
 * stmt_close gives it back; a statement that is out already (a callback that asks the same again)
 * is prepared a second time, and both stay in the cache.
 *
 *     struct stmt *q = stmt_open(s, sql_find, e);
 *     if (!q)
 *         return -1;
 *     stmt_bind_text(q, 1, name);
 *     int rc = stmt_step(q, e);         // 1 a row, 0 done, -1 error
 *     if (rc == 1)
 *         *id = stmt_int64(q, 0);
 *     stmt_close(q);
 *     return rc;
 *
 * Texts and blobs are bound by reference: they must live until the next stmt_step is over (for a
 * query: until stmt_close). Bindings stay through stmt_step and stmt_run, so that a loop binds only
 * what changes. A bind that fails is a defect and panics, as does exhausted memory.
 */
#ifndef STORE_STMT_H
#define STORE_STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct store;
struct stmt;

struct stmt *stmt_open(struct store *s, const char *sql, struct err *e); /* NULL on error */
void stmt_close(struct stmt *st);                                        /* NULL is fine */

void stmt_bind_int(struct stmt *st, int index, int v); /* index from 1 */
void stmt_bind_int64(struct stmt *st, int index, int64_t v);
void stmt_bind_text(struct stmt *st, int index, const char *v); /* NULL binds NULL */
void stmt_bind_blob(struct stmt *st, int index, const void *v, size_t len);
void stmt_bind_null(struct stmt *st, int index);
void stmt_bind_int64_or_null(struct stmt *st, int index, bool has, int64_t v);

int stmt_step(struct stmt *st, struct err *e); /* 1 row, 0 done (and reset), -1 error (and reset) */
int stmt_run(struct stmt *st, struct err *e);  /* a statement without rows, to its end: 0 or -1 */
/* The end of a walk over rows: closes. rc is what the last step or the callback returned; 0, or -1
 * if rc < 0. */
int stmt_end(struct stmt *st, int rc);

int64_t stmt_int64(struct stmt *st, int column); /* column from 0; NULL reads as 0 */
int stmt_int(struct stmt *st, int column);
const char *stmt_text(struct stmt *st, int column); /* "" for NULL; until the next step */
const void *stmt_blob(struct stmt *st, int column, size_t *len);
bool stmt_null(struct stmt *st, int column);
void stmt_copy_text(struct stmt *st, int column, char *out, size_t cap); /* cut at cap - 1 */
/* n bytes exactly, else zeros. */
void stmt_copy_blob(struct stmt *st, int column, void *out, size_t n);

/* One statement without parameters that is not worth keeping: pragmas, schema. Several are fine. */
int stmt_exec(struct store *s, const char *sql, struct err *e);
/* One statement, one number out: 1, 0 (no row), -1. */
int stmt_number(struct store *s, const char *sql, int64_t *out, struct err *e);

/* Of the last statement that ran to its end. */
int64_t stmt_changes(const struct store *s);
int64_t stmt_last_id(const struct store *s);

#endif
