/*
 * When the outside world fails: full disk, damaged file, other writers; and copies while somebody
 * writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "zhanchi/store_audit.h"
#include "contract.h"

/* ---- a disk that is full when we say so ---- */

static bool disk_full;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);

static ssize_t full_pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (disk_full) {
        errno = ENOSPC;
        return -1;
    }
    return real_pwrite(fd, data, len, at);
}

static void intercept_writes(void)
{
    static const char *const names[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (int i = 0; i < 2; i++) {
        if (!vfs->xGetSystemCall(vfs, names[i]))
            continue;
        real_pwrite = pwrite;
        vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)full_pwrite);
    }
    ck_assert_ptr_nonnull((void *)real_pwrite);
}

static int64_t rows_of(struct contract *c, int64_t list)
{
    struct list_counts n;
    OK(c, store_list_counts(c->store, list, &n, &c->e));
    return n.rows;
}

START_TEST(full_disk_loses_nothing)
{
    if (!contract_is("sqlite"))
        return;
    struct contract *c = contract_begin();
    struct list_row rows[500];
    char head[65];
    int64_t id, n;
    intercept_writes();
    contract_reopen(c);
    int64_t list = contract_list_begin(c, "spring");
    contract_rows(c, list, 2, 1, 500);
    OK(c, store_list_row_ids(c->store, 500, &id, &c->e));
    for (int i = 0; i < 500; i++)
        rows[i] = contract_row(id + i, 502 + i, (uint64_t)(501 + i), (uint64_t)(501 + i), 1);
    disk_full = true;
    FAILS(c, ERR_IO, store_list_rows(c->store, list, rows, 500, &c->e));
    ck_assert_ptr_nonnull(strstr(c->e.what, "full"));
    ck_assert_ptr_nonnull(strstr(c->e.what, "zhanchi.db"));
    ck_assert_int_ne(c->e.remedy[0], 0);
    FAILS(c, ERR_IO, store_audit(c->store, c->audit_key, 1, "a", "b", "c", "d", head, &c->e));
    FAILS(c, ERR_IO, store_meta_set(c->store, "x", "y", &c->e));
    ck_assert_int_eq(rows_of(c, list), 500);
    disk_full = false;
    OK(c, store_list_rows(c->store, list, rows, 500, &c->e));
    OK(c, store_list_finish(c->store, list, 1000, 0, &c->e));
    ck_assert_int_eq(rows_of(c, list), 1000);
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_int_eq(n, 0);
    contract_reopen(c);
    ck_assert_int_eq(rows_of(c, list), 1000);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

/* In the middle of somebody's transaction: all of it is taken back, also what went well before. */
START_TEST(full_disk_in_a_transaction)
{
    if (!contract_is("sqlite"))
        return;
    struct contract *c = contract_begin();
    char value[8];
    intercept_writes();
    contract_reopen(c);
    int64_t list = contract_list_begin(c, "spring");
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_meta_set(c->store, "x", "y", &c->e));
    contract_rows(c, list, 2, 1, 1000);
    disk_full = true;
    FAILS(c, ERR_IO, store_commit(c->store, &c->e));
    disk_full = false;
    ck_assert_int_eq(store_meta_get(c->store, "x", value, sizeof value, &c->e), 0);
    ck_assert_int_eq(rows_of(c, list), 0);
    contract_rows(c, list, 2, 1, 1000);
    OK(c, store_list_finish(c->store, list, 1000, 0, &c->e));
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(full_disk_leaves_no_half_backup)
{
    if (!contract_is("sqlite"))
        return;
    struct contract *c = contract_begin();
    char copy[CONTRACT_PATH];
    struct stat st;
    contract_list(c, "spring", 1, 1000);
    intercept_writes();
    contract_reopen(c);
    contract_path(c, "copy", copy);
    disk_full = true;
    FAILS(c, ERR_IO, store_backup(c->store, copy, NULL, NULL, &c->e));
    disk_full = false;
    ck_assert_ptr_nonnull(strstr(c->e.what, copy));
    ck_assert_int_ne(stat(copy, &st), 0);
    OK(c, store_backup(c->store, copy, NULL, NULL, &c->e));
    contract_end(c);
}
END_TEST

/* ---- damaged files ---- */

static void overwrite(const char *path, off_t at, size_t len)
{
    char junk[4096];
    int fd = open(path, O_WRONLY);
    ck_assert_int_ge(fd, 0);
    memset(junk, 0x5a, sizeof junk);
    for (; len; len -= len < sizeof junk ? len : sizeof junk, at += (off_t)sizeof junk)
        ck_assert_int_gt(pwrite(fd, junk, len < sizeof junk ? len : sizeof junk, at), 0);
    close(fd);
}

static int ignore_row(void *ctx, const struct list_row *r)
{
    (void)ctx;
    (void)r;
    return 0;
}

START_TEST(damage_in_the_middle_is_said)
{
    struct contract *c = contract_begin();
    struct stat st;
    char path[CONTRACT_PATH];
    int64_t last = 0;
    int rc;
    int64_t list = contract_list(c, "spring", 1, 5000);
    snprintf(path, sizeof path, "%s", store_path(c->store));
    contract_close(c);
    ck_assert_int_eq(stat(path, &st), 0);
    overwrite(path, st.st_size / 4, (size_t)st.st_size / 2);
    c->store = store_open(c->dir, STORE_RW, &c->e);
    ck_assert_ptr_nonnull(c->store); /* the beginning is whole */
    FAILS(c, ERR_IO, store_integrity(c->store, &c->e));
    ck_assert_ptr_nonnull(strstr(c->e.what, path));
    ck_assert_ptr_nonnull(strstr(c->e.what, "damaged"));
    ck_assert_ptr_nonnull(strstr(c->e.remedy, "restore"));
    do {
        rc = store_list_scan(c->store, list, last, 500, ignore_row, NULL, &last, &c->e);
    } while (rc == 0 && last);
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(c->e.kind, ERR_IO);
    contract_end(c);
}
END_TEST

static enum err_kind open_kind(struct contract *c)
{
    memset(&c->e, 0, sizeof c->e);
    struct store *s = store_open(c->dir, STORE_RW, &c->e);
    store_close(s);
    return s ? ERR_NONE : c->e.kind;
}

START_TEST(files_that_are_no_database)
{
    struct contract *c = contract_begin();
    char path[CONTRACT_PATH];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s", store_path(c->store));
    contract_close(c);
    FAILS(c, ERR_CANTCREAT, store_create(c->dir, CONTRACT_NOW, &c->e));
    overwrite(path, 0, 8192);
    ck_assert_int_eq(open_kind(c), ERR_IO);
    ck_assert_ptr_nonnull(strstr(c->e.what, "damaged"));
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(open_kind(c), ERR_CONFIG);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(open_kind(c), ERR_NOINPUT);
    ck_assert_int_ne(access(path, F_OK), 0); /* looking makes no file */
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_int_eq(open_kind(c), ERR_CONFIG);
    ck_assert_int_eq(unlink(path), 0);
    OK(c, store_create(c->dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(open_kind(c), ERR_NONE);
    contract_end(c);
}
END_TEST

START_TEST(newer_schema_is_refused)
{
    struct contract *c = contract_begin();
    OK(c, store_meta_set(c->store, "schema", "999", &c->e));
    contract_close(c);
    ck_assert_int_eq(open_kind(c), ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(c->e.what, "999"));
    contract_end(c);
}
END_TEST

START_TEST(files_are_private)
{
    static const char *const names[] = {"zhanchi.db", "zhanchi.db-wal", "zhanchi.db-shm"};
    struct contract *c = contract_begin();
    contract_list(c, "spring", 1, 10);
    for (size_t i = 0; i < 3; i++) {
        char path[CONTRACT_PATH + 32];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", c->dir, names[i]);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_msg((st.st_mode & 0777) == 0600, "%s has mode %o", path, (unsigned)st.st_mode);
    }
    contract_end(c);
}
END_TEST

/* ---- others at the same database ---- */

START_TEST(readers_read_while_one_writes)
{
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 100);
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_meta_set(c->store, "x", "y", &c->e));
    struct store *reader = store_open(c->dir, STORE_RO, &c->e);
    ck_assert_ptr_nonnull(reader);
    char value[8];
    struct list_counts n;
    ck_assert_int_eq(store_meta_get(reader, "x", value, sizeof value, &c->e), 0);
    OK(c, store_list_counts(reader, list, &n, &c->e));
    ck_assert_int_eq(n.rows, 100);
    FAILS(c, ERR_IO, store_meta_set(reader, "x", "z", &c->e));
    OK(c, store_commit(c->store, &c->e));
    ck_assert_int_eq(store_meta_get(reader, "x", value, sizeof value, &c->e), 1);
    store_close(reader);
    contract_end(c);
}
END_TEST

/* Lasts as long as a command is patient: 10 seconds. */
START_TEST(busy_is_try_again)
{
    struct contract *c = contract_begin();
    int ready[2];
    char byte;
    contract_close(c);
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        contract_reopen(c);
        OK(c, store_begin(c->store, &c->e));
        ck_assert_int_eq(write(ready[1], "x", 1), 1);
        pause();
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    contract_reopen(c);
    FAILS(c, ERR_TEMP, store_begin(c->store, &c->e));
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    OK(c, store_meta_set(c->store, "x", "y", &c->e));
    close(ready[0]);
    close(ready[1]);
    contract_end(c);
}
END_TEST

/* ---- backup ---- */

struct writing {
    struct contract *c;
    struct store *writer;
    int64_t list, line, calls;
};

/* Writes between two steps of the copy. */
static void write_more(void *ctx, int64_t done, int64_t total)
{
    struct writing *w = ctx;
    struct contract *c = w->c;
    struct list_row row;
    int64_t id;
    ck_assert_int_le(done, total);
    OK(c, store_list_row_ids(w->writer, 1, &id, &c->e));
    row = contract_row(id, w->line, (uint64_t)w->line, (uint64_t)w->line, 1);
    OK(c, store_list_rows(w->writer, w->list, &row, 1, &c->e));
    w->line++;
    w->calls++;
}

START_TEST(backup_is_of_one_instant)
{
    struct contract *c = contract_begin();
    char dir[CONTRACT_PATH], copy[CONTRACT_PATH];
    struct stat st;
    int64_t list = contract_list(c, "spring", 1, 40000), removed;
    struct list_info l;
    struct writing w = {.c = c, .line = 5};
    w.writer = store_open(c->dir, STORE_RW, &c->e);
    ck_assert_ptr_nonnull(w.writer);
    struct list_info loading = {.name = "summer", .encoding = "UTF-8", .columns = "[]"};
    OK(c, store_list_begin(w.writer, &loading, &w.list, &c->e));
    contract_path(c, "restored", dir);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_int_lt(snprintf(copy, sizeof copy, "%s/zhanchi.db", dir), (int)sizeof copy);
    OK(c, store_backup(c->store, copy, write_more, &w, &c->e));
    ck_assert_int_gt(w.calls, 2);
    FAILS(c, ERR_CANTCREAT, store_backup(c->store, copy, NULL, NULL, &c->e));
    ck_assert_int_eq(stat(copy, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    OK(c, store_list_abandon(w.writer, w.list, &c->e));
    store_close(w.writer);
    contract_close(c);
    strcpy(c->dir, dir);
    contract_reopen(c); /* the key opens it */
    OK(c, store_integrity(c->store, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    ck_assert_int_eq(rows_of(c, list), 40000);
    ck_assert_int_eq(rows_of(c, w.list), 0); /* written after the copy began */
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 1);
    contract_list(c, "autumn", 1, 10);
    contract_end(c);
}
END_TEST

/* ---- small things ---- */

START_TEST(meta_and_gateways)
{
    struct contract *c = contract_begin();
    char value[8];
    int64_t a, b, again;
    ck_assert_int_eq(store_meta_get(c->store, "none", value, sizeof value, &c->e), 0);
    OK(c, store_meta_set(c->store, "x", "1", &c->e));
    OK(c, store_meta_set(c->store, "x", "2", &c->e));
    ck_assert_int_eq(store_meta_get(c->store, "x", value, sizeof value, &c->e), 1);
    ck_assert_str_eq(value, "2");
    OK(c, store_gateway_id(c->store, "12333", &a, &c->e));
    OK(c, store_gateway_id(c->store, "backup", &b, &c->e));
    contract_reopen(c);
    OK(c, store_gateway_id(c->store, "12333", &again, &c->e));
    ck_assert_int_eq(a, again);
    ck_assert_int_ne(a, b);
    contract_end(c);
}
END_TEST

START_TEST(chunks_adapt)
{
    struct contract *c = contract_begin();
    size_t first = store_chunk(c->store);
    store_chunk_took(c->store, 1000, 200000); /* 200 us a row */
    size_t slow = store_chunk(c->store);
    ck_assert_uint_lt(slow, first);
    ck_assert_uint_gt(slow, 0);
    for (int i = 0; i < 100; i++)
        store_chunk_took(c->store, 1000, 5000);
    ck_assert_uint_gt(store_chunk(c->store), first);
    for (int i = 0; i < 100; i++)
        store_chunk_took(c->store, 1000, 1);
    ck_assert_uint_le(store_chunk(c->store), 100000);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {full_disk_loses_nothing,
                                  full_disk_in_a_transaction,
                                  full_disk_leaves_no_half_backup,
                                  damage_in_the_middle_is_said,
                                  files_that_are_no_database,
                                  newer_schema_is_refused,
                                  files_are_private,
                                  readers_read_while_one_writes,
                                  busy_is_try_again,
                                  backup_is_of_one_instant,
                                  meta_and_gateways,
                                  chunks_adapt};
    return contract_main("damage", tests, sizeof tests / sizeof tests[0]);
}
