/*
 * inbox: raw reports, sealed, in a database file of their own.
 *
 * A file of its own, because a provider waits for the answer: a group of reports is one commit that
 * never waits behind the dispatcher's. Appliers read and keep their watermark in the main database,
 * so reading twice is harmless. Whoever writes takes SQLite's write lock before it gives an id: ids
 * are committed in their order, and a reader that has seen one has seen all before it.
 *
 * Ids only ever rise, through purges and through the loss of the file: AUTOINCREMENT remembers the
 * highest, and a new file begins at the clock. Otherwise new reports would fall behind a watermark
 * and never be applied.
 */
#include <stdio.h>
#include <stdlib.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/inbox.h"
#include "internal.h"

#define INBOX_NAME "inbox.db"

struct inbox {
    struct store *store;
    int64_t next;
};

static const char sql_schema[] = "CREATE TABLE IF NOT EXISTS report ("
                                 " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                 " gateway TEXT NOT NULL,"
                                 " kind INTEGER NOT NULL,"
                                 " received_at INTEGER NOT NULL,"
                                 " key_id INTEGER NOT NULL,"
                                 " blob BLOB NOT NULL) STRICT";
static const char sql_table[] = "SELECT 1 FROM sqlite_schema WHERE name = 'report'";
static const char sql_top[] = "SELECT seq FROM sqlite_sequence WHERE name = 'report'";
static const char sql_first[] = "INSERT INTO sqlite_sequence (name, seq) VALUES ('report', ?1)";
static const char sql_add[] = "INSERT INTO report (id, gateway, kind, received_at, key_id, blob) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_read[] = "SELECT id, gateway, kind, received_at, key_id, blob FROM report "
                               "WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char sql_newest[] = "SELECT coalesce(max(id), 0) FROM report";
static const char sql_count[] = "SELECT count(*), coalesce(sum(received_at < ?4), 0) FROM report"
                                " WHERE id BETWEEN ?2 AND ?3 AND gateway = ?1";
static const char sql_purge[] =
    "DELETE FROM report WHERE id IN (SELECT id FROM report WHERE id < ?1 AND received_at < ?2"
    " ORDER BY id LIMIT ?3)";

/* ---- open ---- */

/* In a transaction. */
static int create_table(struct inbox *i, struct err *e)
{
    if (stmt_exec(i->store, sql_schema, e))
        return -1;
    int64_t top;
    int rc = stmt_number(i->store, sql_top, &top, e);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    struct stmt *put = stmt_open(i->store, sql_first, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, clock_now_ms() * 1000);
    return stmt_end(put, stmt_run(put, e));
}

static int require_table(struct inbox *i, struct err *e)
{
    int64_t there;
    int rc = stmt_number(i->store, sql_table, &there, e);
    if (rc)
        return rc < 0 ? -1 : 0;
    if (store_begin(i->store, e))
        return -1;
    return tx_leave(i->store, true, create_table(i, e), e);
}

static int create_if_missing(struct inbox *i, struct err *e)
{
    if (fs_exists(i->store->path))
        return 0;
    if (store_create_file(i->store, e) == 0 || fs_exists(i->store->path))
        return 0; /* another process may have been faster */
    return -1;
}

struct inbox *inbox_open(const char *dir, struct err *e)
{
    struct inbox *i = calloc(1, sizeof *i);
    if (!i)
        panic("out of memory");
    i->store = store_new(dir, INBOX_NAME, STORE_RW, e);
    if (!i->store || create_if_missing(i, e) || store_connect(i->store, e) ||
        store_settings(i->store, e) || require_table(i, e)) {
        inbox_close(i);
        return NULL;
    }
    return i;
}

void inbox_close(struct inbox *i)
{
    if (!i)
        return;
    store_close(i->store);
    free(i);
}

/* ---- in ---- */

int inbox_begin(struct inbox *i, struct err *e)
{
    if (store_begin(i->store, e))
        return -1;
    i->next = 0;
    if (stmt_number(i->store, sql_top, &i->next, e) < 0) {
        inbox_cancel(i);
        return -1;
    }
    i->next++;
    return 0;
}

void inbox_cancel(struct inbox *i)
{
    store_rollback(i->store);
}

int64_t inbox_next_id(struct inbox *i)
{
    if (!i->store->in_tx)
        panic("an id of the inbox outside of a transaction");
    return i->next++;
}

static int put_row(struct stmt *add, const struct inbox_row *r, struct err *e)
{
    stmt_bind_int64(add, 1, r->id);
    stmt_bind_text(add, 2, r->gateway);
    stmt_bind_int(add, 3, r->kind);
    stmt_bind_int64(add, 4, r->received_ms);
    stmt_bind_int64(add, 5, r->key_id);
    stmt_bind_blob(add, 6, r->sealed ? r->sealed : "", r->sealed_len);
    return stmt_run(add, e);
}

int inbox_put(struct inbox *i, const struct inbox_row *rows, size_t n, struct err *e)
{
    struct stmt *add = stmt_open(i->store, sql_add, e);
    int rc = add ? 0 : -1;
    for (size_t k = 0; k < n && rc == 0; k++)
        rc = put_row(add, &rows[k], e);
    stmt_close(add);
    failpoint("inbox_put");
    return tx_leave(i->store, true, rc, e);
}

/* ---- out ---- */

int inbox_read(struct inbox *i, int64_t after, size_t max,
               int (*each)(void *ctx, const struct inbox_row *r), void *ctx, struct err *e)
{
    struct stmt *q = stmt_open(i->store, sql_read, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, after);
    stmt_bind_int64(q, 2, (int64_t)max);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct inbox_row r = {.id = stmt_int64(q, 0),
                              .kind = stmt_int(q, 2),
                              .received_ms = stmt_int64(q, 3),
                              .key_id = stmt_int64(q, 4)};
        stmt_copy_text(q, 1, r.gateway, sizeof r.gateway);
        r.sealed = stmt_blob(q, 5, &r.sealed_len);
        if ((rc = each(ctx, &r)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int inbox_count(struct inbox *i, const char *gateway, int64_t from, int64_t to,
                int64_t received_before_ms, int64_t *n, int64_t *old, struct err *e)
{
    struct stmt *q = stmt_open(i->store, sql_count, e);
    if (!q)
        return -1;
    stmt_bind_text(q, 1, gateway);
    stmt_bind_int64(q, 2, from);
    stmt_bind_int64(q, 3, to);
    stmt_bind_int64(q, 4, received_before_ms);
    int rc = stmt_step(q, e);
    *n = rc == 1 ? stmt_int64(q, 0) : 0;
    *old = rc == 1 ? stmt_int64(q, 1) : 0;
    stmt_close(q);
    return rc < 0 ? -1 : 0;
}

int inbox_top(struct inbox *i, int64_t *id, struct err *e)
{
    return stmt_number(i->store, sql_newest, id, e) < 0 ? -1 : 0;
}

static int purge_chunk(struct inbox *i, int64_t before_id, int64_t received_before_ms, int64_t n,
                       struct err *e)
{
    struct stmt *del = stmt_open(i->store, sql_purge, e);
    if (!del)
        return -1;
    stmt_bind_int64(del, 1, before_id);
    stmt_bind_int64(del, 2, received_before_ms);
    stmt_bind_int64(del, 3, n);
    return stmt_end(del, stmt_run(del, e));
}

int inbox_purge(struct inbox *i, int64_t before_id, int64_t received_before_ms, struct err *e)
{
    int64_t n;
    do {
        n = (int64_t)store_chunk(i->store);
        int64_t began = clock_mono_us();
        if (purge_chunk(i, before_id, received_before_ms, n, e))
            return -1;
        store_chunk_took(i->store, (size_t)stmt_changes(i->store), clock_mono_us() - began);
    } while (stmt_changes(i->store) == n);
    return 0;
}
