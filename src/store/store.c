/*
 * store: the connection and its transactions.
 *
 * Settings of every connection: WAL with synchronous=FULL (a commit is durable when store_commit
 * returns), foreign keys on, 10 s of patience for another writer, a page cache of 16 MB and no
 * memory map (a damaged disk is then an error and no SIGBUS), schema functions untrusted.
 *
 * Checkpoints happen by themselves when the log has grown to 64 MB: after the commit, outside the
 * write lock. A dispatcher that must not pay for them calls store_checkpoint on a thread and a
 * connection of its own, long before that.
 *
 * Invariants: in_tx is true exactly between store_begin and its end; tally deltas, the claim
 * counter and the resolver never outlive a rollback. Callers: every job opens its own store.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "feed.h"
#include "internal.h"
#include "migrate.h"

#define DB_NAME "zhanchi.db"
#define BUSY_MS 10000
#define BUSY_PAUSE_US 1000
#define WAL_PAGES 16384       /* 64 MB: then a commit is followed by a checkpoint */
#define SEALED_MAX (1u << 24) /* far over the longest row that a table reader passes */
#define INIT_REMEDY "make a work directory with `zhanchi init DIR`, or name the right one"

static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";

/* 4 MiB of pages: everything large is read and written in order, so that more make nothing faster, and
 * memory is the same for a large database and a small one. */
static const char pragmas_rw[] = "PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL;"
                                 "PRAGMA foreign_keys = ON;"
                                 "PRAGMA cache_size = -4096;"
                                 "PRAGMA mmap_size = 0;"
                                 "PRAGMA trusted_schema = OFF;"
                                 "PRAGMA secure_delete = FAST;"
                                 "PRAGMA journal_size_limit = 67108864;";
static const char pragmas_ro[] = "PRAGMA query_only = ON;"
                                 "PRAGMA cache_size = -4096;"
                                 "PRAGMA mmap_size = 0;"
                                 "PRAGMA trusted_schema = OFF;";

/* ---- open, close ---- */

/* After every commit, outside the write lock. A checkpoint that fails is tried again after the next
 * one: the commit stands. */
static int after_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct store *s = ctx;
    if (pages < WAL_PAGES)
        return SQLITE_OK;
    int64_t began = clock_mono_us();
    sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    s->upkeep_us += clock_mono_us() - began;
    return SQLITE_OK;
}

int store_settings(struct store *s, struct err *e)
{
    if (stmt_exec(s, s->mode == STORE_RW ? pragmas_rw : pragmas_ro, e))
        return -1;
    sqlite3_wal_hook(s->db, after_commit, s);
    return 0;
}

/* Somebody else writes. SQLite's own handler sleeps ever longer, up to 100 ms, and so misses the pauses
 * between the chunks of an import; to ask every millisecond costs little and keeps a dispatcher
 * going. */
static int wait_turn(void *ctx, int times)
{
    struct store *s = ctx;
    const struct timespec pause = {.tv_nsec = BUSY_PAUSE_US * 1000};
    int64_t now = clock_mono_us();
    if (times == 0)
        s->busy_since_us = now;
    s->contended = true;
    if (now - s->busy_since_us > BUSY_MS * 1000)
        return 0;
    nanosleep(&pause, NULL);
    return 1;
}

int store_connect(struct store *s, struct err *e)
{
    int flags = s->mode == STORE_RW ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return store_fail(s, rc, "open the database", e);
    sqlite3_busy_handler(s->db, wait_turn, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return feed_attach(s, e);
}

struct store *store_new(const char *dir, const char *name, enum store_mode mode, struct err *e)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        panic("out of memory");
    s->mode = mode;
    s->driver = driver_sqlite();
    buf_init(&s->row_blob, SEALED_MAX);
    s->claims = -1;
    s->claims_tx = -1;
    if (fs_join(dir, name, s->path, sizeof s->path, e)) {
        free(s);
        return NULL;
    }
    return s;
}

/* The file must be there: SQLite would make an empty one in a folder that is not ours. */
static int require_file(const struct store *s, struct err *e)
{
    if (access(s->path, F_OK) == 0)
        return 0;
    return err_errno(e, ERR_NOINPUT, INIT_REMEDY, "cannot open %s", s->path);
}

struct store *store_open(const char *dir, enum store_mode mode, struct err *e)
{
    struct store *s = store_new(dir, DB_NAME, mode, e);
    if (!s)
        return NULL;
    if (require_file(s, e) || store_connect(s, e) || migrate_recognise(s, e) ||
        store_settings(s, e) || migrate_open(s, e)) {
        store_close(s);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->in_tx)
        store_rollback(s);
    resolver_drop(s);
    sharers_drop(s);
    stmt_free_all(s);
    sqlite3_close(s->db);
    free(s->tally);
    buf_fini(&s->row_blob);
    free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}

/* ---- create ---- */

int store_create_file(const struct store *s, struct err *e)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, ERR_CANTCREAT,
                         errno == EEXIST
                             ? "this work directory has a database already; name another directory"
                             : "check that the directory exists and is yours",
                         "cannot create %s", s->path);
    close(fd);
    return 0;
}

static void remove_files(const struct store *s)
{
    char path[STORE_PATH_MAX + 8];
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        snprintf(path, sizeof path, "%s%s", s->path, tails[i]);
        unlink(path);
    }
}

int store_create(const char *dir, int64_t now_ms, struct err *e)
{
    struct store *s = store_new(dir, DB_NAME, STORE_RW, e);
    if (!s)
        return -1;
    int rc = store_create_file(s, e);
    if (rc == 0) {
        rc = store_connect(s, e);
        if (rc == 0)
            rc = stmt_exec(s, "PRAGMA page_size = 4096;", e);
        if (rc == 0)
            rc = store_settings(s, e);
        if (rc == 0)
            rc = migrate_create(s, now_ms, e);
        if (rc)
            remove_files(s);
    }
    store_close(s);
    return rc;
}

/* ---- transactions ---- */

int store_begin(struct store *s, struct err *e)
{
    if (s->in_tx)
        panic("a transaction inside a transaction");
    struct stmt *begin = stmt_open(s, sql_begin, e);
    if (!begin)
        return -1;
    int rc = stmt_run(begin, e);
    stmt_close(begin);
    if (rc == 0)
        s->in_tx = true;
    return rc;
}

struct after {
    void (*fn)(void *ctx, bool committed);
    void *ctx;
    struct after *next;
};

void store_after(struct store *s, void (*fn)(void *ctx, bool committed), void *ctx)
{
    if (!s->in_tx) {
        fn(ctx, true);
        return;
    }
    struct after *a = malloc(sizeof *a);
    if (!a)
        panic("out of memory");
    *a = (struct after){fn, ctx, s->after};
    s->after = a;
}

static void tell_after(struct store *s, bool committed)
{
    struct after *list = NULL;
    for (struct after *a; (a = s->after) != NULL;) { /* oldest first */
        s->after = a->next;
        a->next = list;
        list = a;
    }
    for (struct after *a; (a = list) != NULL;) {
        list = a->next;
        a->fn(a->ctx, committed);
        free(a);
    }
}

static int commit_now(struct store *s, struct err *e)
{
    if (tally_flush(s, e))
        return -1;
    struct stmt *commit = stmt_open(s, sql_commit, e);
    if (!commit)
        return -1;
    failpoint("store_before_commit");
    int rc = stmt_run(commit, e);
    stmt_close(commit);
    failpoint("store_after_commit");
    return rc;
}

int store_commit(struct store *s, struct err *e)
{
    if (!s->in_tx)
        panic("commit without a transaction");
    if (sqlite3_get_autocommit(s->db)) {
        /* SQLite rolled back by itself after a failure whose error was not heeded. */
        panic("commit of a transaction that was rolled back");
    }
    if (commit_now(s, e)) {
        store_rollback(s);
        return -1;
    }
    s->in_tx = false;
    if (s->claims_tx >= 0)
        s->claims = s->claims_tx;
    s->claims_tx = -1;
    tell_after(s, true);
    return 0;
}

void store_rollback(struct store *s)
{
    /* After a full disk or a read error SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->in_tx = false;
    s->claims_tx = -1;
    tally_discard(s);
    resolver_drop(s);
    tell_after(s, false);
}

int tx_enter(struct store *s, bool *own, struct err *e)
{
    *own = !s->in_tx;
    return *own ? store_begin(s, e) : 0;
}

int tx_leave(struct store *s, bool own, int rc, struct err *e)
{
    if (!own)
        return rc;
    if (rc < 0) {
        store_rollback(s);
        return -1;
    }
    return store_commit(s, e) ? -1 : rc;
}

/* ---- upkeep ---- */

int store_checkpoint(struct store *s, struct err *e)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
        return 0;
    return store_fail(s, rc, "make a checkpoint", e);
}

int store_merge(struct store *s, struct err *e)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (sabotage("full-disk")) /* as where the file cannot grow */
        rc = SQLITE_FULL;
    return rc == SQLITE_OK ? 0 : store_fail(s, rc, "merge the log", e);
}

static const char sql_integrity[] = "SELECT integrity_check FROM pragma_integrity_check(1)";
static const char sql_dangling[] =
    "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1";
/* What the schema does not declare for speed's sake (rows of lists, ways from hash to id). */
static const char sql_undeclared[] =
    "SELECT 'list_row', r.id, 'list, person or address' FROM list_row r WHERE NOT EXISTS (SELECT 1 "
    "FROM list l"
    "  WHERE l.id = r.list_id) OR NOT EXISTS (SELECT 1 FROM person p WHERE p.id = r.person_id)"
    "  OR NOT EXISTS (SELECT 1 FROM address a WHERE a.id = r.address_id)"
    "  OR NOT EXISTS (SELECT 1 FROM address a WHERE a.id = coalesce(r.email_id, r.address_id))"
    " UNION ALL SELECT 'list_row', r.id, 'employer' FROM list_row r WHERE r.employer_id IS NOT NULL"
    "  AND NOT EXISTS (SELECT 1 FROM employer f WHERE f.id = r.employer_id)"
    " UNION ALL SELECT 'list_row_sealed', x.row_id, 'list_row' FROM list_row_sealed x"
    "  WHERE NOT EXISTS (SELECT 1 FROM list_row r WHERE r.id = x.row_id)"
    " UNION ALL SELECT 'person_hash', h.person_id, 'person' FROM person_hash h"
    "  WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id = h.person_id AND p.hash = h.hash)"
    " UNION ALL SELECT 'address_hash', h.address_id, 'address' FROM address_hash h"
    "  WHERE NOT EXISTS (SELECT 1 FROM address a WHERE a.id = h.address_id AND a.hash = h.hash)"
    " UNION ALL SELECT 'employer_hash', h.employer_id, 'employer' FROM employer_hash h"
    "  WHERE NOT EXISTS (SELECT 1 FROM employer f WHERE f.id = h.employer_id AND f.hash = h.hash) "
    "LIMIT 1";
static const char restore_remedy[] =
    "keep the damaged file and bring back the newest backup with `zhanchi restore`";

static int find_dangling(struct store *s, const char *sql, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    int rc = stmt_step(q, e);
    if (rc == 1)
        rc = err_set(e, ERR_IO, restore_remedy,
                     "%s: row %lld of %s refers to a %s that is not there", s->path,
                     (long long)stmt_int64(q, 1), stmt_text(q, 0), stmt_text(q, 2));
    return stmt_end(q, rc);
}

int store_integrity(struct store *s, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_integrity, e);
    if (!q)
        return -1;
    int rc = stmt_step(q, e);
    if (rc == 1 && strcmp(stmt_text(q, 0), "ok") != 0)
        rc = err_set(e, ERR_IO, restore_remedy, "%s is damaged: %s", s->path, stmt_text(q, 0));
    if (stmt_end(q, rc))
        return -1;
    return find_dangling(s, sql_dangling, e) || find_dangling(s, sql_undeclared, e) ? -1 : 0;
}
