/*
 * feed: a virtual table over an array of the caller. See feed.h.
 *
 * It exists on every connection without being created, is read from its first row to its last, and
 * knows no constraints: put it first in a join (CROSS JOIN). Invariant: at most one feed is in
 * place at a time (struct store.feed), and none outside of a call.
 * Callers: the sqlite_*.c files.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include "feed.h"
#include "internal.h"

struct table {
    sqlite3_vtab base;
    struct store *store;
};

struct cursor {
    sqlite3_vtab_cursor base;
    const struct feed *feed;
    size_t row;
};

/* ---- the module ---- */

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE feed (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, "
                                      "c10, c11, c12, c13, c14, c15, c16, c17, c18)");
    if (rc != SQLITE_OK)
        return rc;
    struct table *t = calloc(1, sizeof *t);
    if (!t)
        return SQLITE_NOMEM;
    t->store = aux;
    *out = &t->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    free(base);
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    struct cursor *c = calloc(1, sizeof *c);
    if (!c)
        return SQLITE_NOMEM;
    *out = &c->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    free(base);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int argc,
                         sqlite3_value **argv)
{
    (void)plan;
    (void)text;
    (void)argc;
    (void)argv;
    struct cursor *c = (struct cursor *)base;
    c->feed = ((struct table *)base->pVtab)->store->feed;
    c->row = 0;
    if (!c->feed)
        panic("a feed is read that is not there");
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->row++;
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *c = (const struct cursor *)base;
    return c->row >= c->feed->n;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *c = (const struct cursor *)base;
    c->feed->cell(c->feed, c->row, column, (struct feed_cell *)out);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((const struct cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 1, /* no xCreate: it is there without being made */
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

int feed_attach(struct store *s, struct err *e)
{
    int rc = sqlite3_create_module(s->db, "feed", &module, s);
    return rc == SQLITE_OK ? 0 : store_fail(s, rc, "set up the connection", e);
}

/* ---- cells ---- */

void feed_int64(struct feed_cell *out, int64_t v)
{
    sqlite3_result_int64((sqlite3_context *)out, v);
}

void feed_text(struct feed_cell *out, const char *v)
{
    sqlite3_result_text((sqlite3_context *)out, v, -1, SQLITE_STATIC);
}

void feed_blob(struct feed_cell *out, const void *v, size_t len)
{
    if (v)
        sqlite3_result_blob64((sqlite3_context *)out, v, len, SQLITE_STATIC);
}

/* ---- running ---- */

struct stmt *feed_open(struct store *s, const char *sql, const struct feed *f, struct err *e)
{
    if (s->feed)
        panic("a feed inside a feed");
    struct stmt *st = stmt_open(s, sql, e);
    if (st)
        s->feed = f;
    return st;
}

int feed_close(struct store *s, struct stmt *st, int rc)
{
    rc = stmt_end(st, rc);
    s->feed = NULL;
    return rc;
}

int feed_run(struct store *s, const char *sql, const struct feed *f, int64_t bind, struct err *e)
{
    struct stmt *st = feed_open(s, sql, f, e);
    if (!st)
        return -1;
    if (bind)
        stmt_bind_int64(st, 1, bind);
    return feed_close(s, st, stmt_run(st, e));
}
