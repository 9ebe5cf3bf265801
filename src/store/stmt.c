/*
 * stmt: statements, their cache, and SQLite's errors in words.
 *
 * Everything in src/store that runs SQL runs it through here. A statement belongs to its
 * connection's cache (struct store.stmts, keyed by the address of the SQL constant) from its first
 * use until store_close; `out` says that somebody holds it. Invariants: a statement in the cache is
 * reset and holds no bindings; a bind or an exhausted memory never fails softly.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

struct stmt {
    struct store *store;
    const char *sql; /* the key */
    sqlite3_stmt *handle;
    bool out;
    struct stmt *next;
};

/* ---- errors ---- */

static int fail_full(struct store *s, const char *doing, struct err *e)
{
    return err_set(e, ERR_IO,
                   "free space on that disk, then run the same command again: nothing is half-done",
                   "cannot %s: %s: database or disk is full", doing, s->path);
}

static int fail_io(struct store *s, const char *doing, struct err *e)
{
    int sys = sqlite3_system_errno(s->db);
    if (sys == ENOSPC || sys == EDQUOT)
        return fail_full(s, doing, e);
    return err_set(e, ERR_IO, "check the disk and the kernel's log; nothing is half-done",
                   "cannot %s: %s: %s%s%s", doing, s->path, sqlite3_errmsg(s->db), sys ? ": " : "",
                   sys ? strerror(sys) : "");
}

int store_fail(struct store *s, int rc, const char *doing, struct err *e)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        panic("out of memory in SQLite");
    case SQLITE_FULL:
        return fail_full(s, doing, e);
    case SQLITE_IOERR:
        return fail_io(s, doing, e);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(e, ERR_IO,
                       "keep the damaged file, check the disk, and bring back the newest backup "
                       "with `zhanchi restore`",
                       "cannot %s: %s is damaged: %s", doing, s->path, sqlite3_errmsg(s->db));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_TEMP, "another command is writing; try again in a moment",
                       "cannot %s: %s has been busy for 10 seconds", doing, s->path);
    case SQLITE_READONLY:
        return err_set(e, ERR_IO, "check owner and permissions of the file and its folder",
                       "cannot %s: %s cannot be written", doing, s->path);
    case SQLITE_CANTOPEN:
        return err_set(e, ERR_NOINPUT, "check the path, and owner and permissions of the folder",
                       "cannot %s: %s cannot be opened", doing, s->path);
    default:
        return err_set(e, ERR_SOFTWARE, "this is a defect: please report it", "cannot %s: %s: %s",
                       doing, s->path, sqlite3_errmsg(s->db));
    }
}

/* ---- the cache ---- */

static size_t bucket_of(const char *sql)
{
    uintptr_t p = (uintptr_t)sql;
    return (size_t)((p >> 4) ^ (p >> 10)) & (STORE_STMT_BUCKETS - 1);
}

struct stmt *stmt_open(struct store *s, const char *sql, struct err *e)
{
    struct stmt **bucket = &s->stmts[bucket_of(sql)];
    for (struct stmt *st = *bucket; st; st = st->next) {
        if (st->sql == sql && !st->out) {
            st->out = true;
            return st;
        }
    }
    sqlite3_stmt *handle;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (rc != SQLITE_OK) {
        store_fail(s, rc, "prepare a statement", e);
        return NULL;
    }
    struct stmt *st = calloc(1, sizeof *st);
    if (!st)
        panic("out of memory");
    *st = (struct stmt){.store = s, .sql = sql, .handle = handle, .out = true, .next = *bucket};
    *bucket = st;
    return st;
}

void stmt_close(struct stmt *st)
{
    if (!st)
        return;
    sqlite3_reset(st->handle);
    sqlite3_clear_bindings(st->handle);
    st->out = false;
}

void stmt_free_all(struct store *s)
{
    for (size_t i = 0; i < STORE_STMT_BUCKETS; i++) {
        while (s->stmts[i]) {
            struct stmt *st = s->stmts[i];
            s->stmts[i] = st->next;
            sqlite3_finalize(st->handle);
            free(st);
        }
    }
}

/* ---- binding ---- */

static void bound(struct stmt *st, int rc)
{
    if (rc != SQLITE_OK)
        panic("cannot bind: %s: %s", sqlite3_errstr(rc), st->sql);
}

void stmt_bind_int(struct stmt *st, int index, int v)
{
    bound(st, sqlite3_bind_int(st->handle, index, v));
}

void stmt_bind_int64(struct stmt *st, int index, int64_t v)
{
    bound(st, sqlite3_bind_int64(st->handle, index, v));
}

void stmt_bind_text(struct stmt *st, int index, const char *v)
{
    bound(st, sqlite3_bind_text(st->handle, index, v, -1, SQLITE_STATIC));
}

void stmt_bind_blob(struct stmt *st, int index, const void *v, size_t len)
{
    if (v)
        bound(st, sqlite3_bind_blob64(st->handle, index, v, len, SQLITE_STATIC));
    else
        stmt_bind_null(st, index);
}

void stmt_bind_null(struct stmt *st, int index)
{
    bound(st, sqlite3_bind_null(st->handle, index));
}

void stmt_bind_int64_or_null(struct stmt *st, int index, bool has, int64_t v)
{
    if (has)
        stmt_bind_int64(st, index, v);
    else
        stmt_bind_null(st, index);
}

/* ---- running ---- */

int stmt_step(struct stmt *st, struct err *e)
{
    int rc = sqlite3_step(st->handle);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(st->handle);
        return 0;
    }
    store_fail(st->store, rc, sqlite3_stmt_readonly(st->handle) ? "read" : "write", e);
    sqlite3_reset(st->handle);
    return -1;
}

int stmt_run(struct stmt *st, struct err *e)
{
    int rc = stmt_step(st, e);
    if (rc == 1)
        panic("a statement gave a row: %s", st->sql);
    return rc;
}

int stmt_end(struct stmt *st, int rc)
{
    stmt_close(st);
    return rc < 0 ? -1 : 0;
}

int64_t stmt_changes(const struct store *s)
{
    return sqlite3_changes64(s->db);
}

int64_t stmt_last_id(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

/* ---- columns ---- */

int64_t stmt_int64(struct stmt *st, int column)
{
    return sqlite3_column_int64(st->handle, column);
}

int stmt_int(struct stmt *st, int column)
{
    return sqlite3_column_int(st->handle, column);
}

const char *stmt_text(struct stmt *st, int column)
{
    const char *v = (const char *)sqlite3_column_text(st->handle, column);
    return v ? v : "";
}

const void *stmt_blob(struct stmt *st, int column, size_t *len)
{
    const void *v = sqlite3_column_blob(st->handle, column);
    *len = (size_t)sqlite3_column_bytes(st->handle, column);
    return v;
}

bool stmt_null(struct stmt *st, int column)
{
    return sqlite3_column_type(st->handle, column) == SQLITE_NULL;
}

void stmt_copy_text(struct stmt *st, int column, char *out, size_t cap)
{
    const char *v = stmt_text(st, column);
    size_t n = strnlen(v, cap - 1);
    memcpy(out, v, n);
    out[n] = '\0';
}

void stmt_copy_blob(struct stmt *st, int column, void *out, size_t n)
{
    size_t len;
    const void *v = stmt_blob(st, column, &len);
    if (v && len == n)
        memcpy(out, v, n);
    else
        memset(out, 0, n);
}

/* ---- single shots ---- */

int stmt_exec(struct store *s, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_fail(s, rc, "run a statement", e);
}

int stmt_number(struct store *s, const char *sql, int64_t *out, struct err *e)
{
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    int rc = stmt_step(st, e);
    if (rc == 1)
        *out = stmt_int64(st, 0);
    stmt_close(st);
    return rc;
}
