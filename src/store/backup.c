/*
 * backup: a consistent copy of the live database, while others write.
 *
 * A read transaction on the source holds one snapshot from beginning to end, so that the copy is of
 * one instant and never starts over however much is written meanwhile. The copy needs no journal of
 * its own: until it is whole and fsynced it is nothing, and a failed one is removed.
 * Callers: the backup command; restore reads what it wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "internal.h"

#define PAGES_A_STEP 256

static const char sql_snapshot[] = "SELECT count(*) FROM meta";

struct copy {
    struct store *from;
    const char *path;
    sqlite3 *to;
    void (*progress)(void *ctx, int64_t done, int64_t total);
    void *ctx;
};

static int fail_copy(struct copy *c, int rc, struct err *e)
{
    if ((rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN)
        return err_set(e, ERR_IO,
                       "free space on that disk, or name another path; the copy was removed",
                       "cannot write the copy %s: %s", c->path, sqlite3_errstr(rc));
    return store_fail(c->from, rc, "copy the database", e);
}

static int create_copy(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, ERR_CANTCREAT,
                         "a backup never overwrites: name a file that is not there yet",
                         "cannot create %s", path);
    close(fd);
    return 0;
}

static int sync_copy(const char *path, struct err *e)
{
    char dir[STORE_PATH_MAX];
    if (fs_sync(path, e))
        return -1;
    snprintf(dir, sizeof dir, "%s", path);
    return fs_sync(dirname(dir), e);
}

static int copy_pages(struct copy *c, struct err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(c->to, "main", c->from->db, "main");
    if (!b)
        return fail_copy(c, sqlite3_extended_errcode(c->to), e);
    int rc;
    while ((rc = sqlite3_backup_step(b, PAGES_A_STEP)) == SQLITE_OK) {
        int64_t total = sqlite3_backup_pagecount(b);
        if (c->progress)
            c->progress(c->ctx, total - sqlite3_backup_remaining(b), total);
    }
    int64_t total = sqlite3_backup_pagecount(b);
    sqlite3_backup_finish(b);
    if (rc != SQLITE_DONE)
        return fail_copy(c, rc, e);
    if (c->progress)
        c->progress(c->ctx, total, total);
    return 0;
}

static int open_copy(struct copy *c, struct err *e)
{
    int rc = sqlite3_open_v2(
        c->path, &c->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;", NULL, NULL,
                          NULL);
    return rc == SQLITE_OK ? 0 : fail_copy(c, rc, e);
}

static int copy_snapshot(struct copy *c, struct err *e)
{
    int64_t n;
    if (stmt_exec(c->from, "BEGIN", e))
        return -1;
    int rc = stmt_number(c->from, sql_snapshot, &n, e) < 0 ? -1 : 0;
    if (rc == 0)
        rc = open_copy(c, e);
    if (rc == 0)
        rc = copy_pages(c, e);
    sqlite3_close(c->to);
    struct err later;
    if (stmt_exec(c->from, "COMMIT", &later) && rc == 0) {
        *e = later;
        rc = -1;
    }
    return rc;
}

int store_backup(struct store *s, const char *path,
                 void (*progress)(void *ctx, int64_t done, int64_t total), void *ctx, struct err *e)
{
    struct copy c = {.from = s, .path = path, .progress = progress, .ctx = ctx};
    if (s->in_tx)
        panic("a backup inside a transaction");
    if (create_copy(path, e))
        return -1;
    if (copy_snapshot(&c, e) || sync_copy(path, e)) {
        unlink(path);
        return -1;
    }
    return 0;
}
