/*
 * cmd_backup: copies of a live database, and back, so that nothing is sent twice.
 *
 * A restored database has forgotten what was sent after the copy was made. The claim counter
 * outside the work directory remembers: where it disagrees, everything that waits becomes `unknown`
 * and a new epoch begins (store_epoch.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_queue.h"
#include "cli.h"

/* ---- backup ---- */

static void on_pages(void *ctx, int64_t done, int64_t total)
{
    const struct progress *p = ctx;

    p->fn(p->ctx, done, total, NULL);
}

static int run_backup(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct bar bar;

    if (cli_store(c, STORE_RW, e) != 0)
        return -1;
    struct progress p = bar_begin(&bar, c, _("backup"));
    int rc = store_backup(c->store, a->rest[0], on_pages, &p, e);
    bar_end(&bar);
    if (rc != 0 || cli_audit(c, "backup", "database", "copied", e) != 0)
        return -1;
    printf(_("the database is copied to %s; personal data in it are sealed. Keep the key file "
             "elsewhere.\n"),
           a->rest[0]);
    return 0;
}

/* ---- restore ---- */

struct restoring {
    char dir[PATH_MAX], tmp[PATH_MAX + 32], copy[PATH_MAX + 64], db[PATH_MAX + 32],
        aside[PATH_MAX + 96];
    int dispatch_fd, serve_fd;
};

static int take_lock(const char *dir, const char *name, const char *who, int *fd, struct err *e)
{
    char path[PATH_MAX];

    if (fs_join(dir, name, path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, fd, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "stop it first", "%s is at work on this database", who);
    return rc;
}

static int copy_bytes(const char *from, const char *to, struct err *e)
{
    static const char remedy[] = "check the disk's space";
    FILE *in = fopen(from, "re"), *out = in != NULL ? fopen(to, "wxe") : NULL;
    char block[65536];
    size_t n;
    int rc = 0;

    if (in == NULL)
        return err_errno(e, ERR_NOINPUT, "check the path", "cannot open %s", from);
    if (out == NULL) {
        err_errno(e, ERR_CANTCREAT, remedy, "cannot create %s", to);
        fclose(in);
        return -1;
    }
    chmod(to, 0600);
    while (rc == 0 && (n = fread(block, 1, sizeof block, in)) > 0)
        if (fwrite(block, 1, n, out) != n)
            rc = err_errno(e, ERR_IO, remedy, "cannot write %s", to);
    if (rc == 0 && (ferror(in) || fflush(out) != 0 || fsync(fileno(out)) != 0))
        rc = err_errno(e, ERR_IO, remedy, "cannot copy %s", from);
    fclose(in);
    fclose(out);
    return rc;
}

/* The copy is looked at before anything is replaced: is it whole, of our kind, and does the key
 * fit? */
static int examine(struct cli *c, const struct restoring *r, struct err *e)
{
    struct store *s = store_open(r->tmp, STORE_RW, e);
    struct keyring *k = NULL;
    int rc = -1;

    if (s != NULL && store_integrity(s, e) == 0 &&
        (k = keyring_open(s, conf_path(c->conf, "keys.file"), e)) != NULL)
        rc = 0;
    keyring_close(k);
    store_close(s);
    return rc;
}

static int prepare(struct cli *c, struct restoring *r, const char *file, struct err *e)
{
    snprintf(r->dir, sizeof r->dir, "%s", conf_path(c->conf, "store.dir"));
    snprintf(r->db, sizeof r->db, "%s/zhanchi.db", r->dir);
    snprintf(r->tmp, sizeof r->tmp, "%s/restore.XXXXXX", r->dir);
    snprintf(r->aside, sizeof r->aside, "%s.replaced-%lld", r->db,
             (long long)(clock_now_ms() / 1000));
    if (mkdtemp(r->tmp) == NULL)
        return err_errno(e, ERR_CANTCREAT, "check the disk's space", "cannot make a folder in %s",
                         r->dir);
    snprintf(r->copy, sizeof r->copy, "%s/zhanchi.db", r->tmp);
    return copy_bytes(file, r->copy, e) != 0 || examine(c, r, e) != 0 ? -1 : 0;
}

/* Opening and closing merges the log into the file that is put aside. */
static int put_aside(const struct restoring *r, struct err *e)
{
    char path[PATH_MAX + 64];
    struct err ignored = {0};

    if (!fs_exists(r->db))
        return 0;
    store_close(store_open(r->dir, STORE_RW, &ignored));
    if (rename(r->db, r->aside) != 0)
        return err_errno(e, ERR_IO, NULL, "cannot put %s aside", r->db);
    /* A log that could not be merged stays with its database. */
    static const char *const tails[] = {"-wal", "-shm"};
    for (size_t i = 0; i < 2; i++) {
        char to[PATH_MAX + 128];
        snprintf(path, sizeof path, "%s%s", r->db, tails[i]);
        snprintf(to, sizeof to, "%s%s", r->aside, tails[i]);
        if (rename(path, to) != 0 && errno != ENOENT)
            return err_errno(e, ERR_IO, NULL, "cannot put %s aside", path);
    }
    return 0;
}

static int doubt(struct cli *c, int64_t *n, struct err *e)
{
    int64_t moved;

    *n = 0;
    do {
        moved = store_doubt_all(c->store, store_chunk(c->store), e);
        if (moved < 0)
            return -1;
        *n += moved;
    } while (moved > 0);
    return epoch_renew(c->store, conf_path(c->conf, "store.epoch_dir"), clock_now_ms(), e);
}

static int install(struct cli *c, const struct restoring *r, struct err *e)
{
    enum epoch_finding finding;
    int64_t n = 0;
    char detail[96];

    if (put_aside(r, e) != 0)
        return -1;
    if (rename(r->copy, r->db) != 0)
        return err_errno(e, ERR_IO, NULL, "cannot put the copy in place");
    if (cli_store(c, STORE_RW, e) != 0)
        return -1;
    struct epoch *ep = epoch_open(c->store, conf_path(c->conf, "store.epoch_dir"), &finding, e);
    if (ep == NULL)
        return -1;
    epoch_close(ep);
    if (finding != EPOCH_AGREES && doubt(c, &n, e) != 0)
        return -1;
    snprintf(detail, sizeof detail, "%lld waiting messages became unknown", (long long)n);
    if (cli_audit(c, "restore", "database", detail, e) != 0)
        return -1;
    printf(_("restored; the replaced database is %s\n"), r->aside);
    if (finding == EPOCH_AGREES)
        puts(_("nothing was sent since this copy was made: what waits still waits"));
    else
        printf(_("messages may have been sent since this copy was made: %lld waiting ones are "
                 "unknown now and will not go by\n"
                 "themselves. Receipts settle some; for the rest: `zhanchi message ls C --state "
                 "unknown`, `zhanchi message resolve C`\n"),
               (long long)n);
    return 0;
}

static const struct cli_option restore_options[] = {{"yes", NULL, N_("do not ask")}, CLI_END};

static int run_restore(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct restoring r = {.dispatch_fd = -1, .serve_fd = -1};

    if (cli_conf(c, e) != 0)
        return -1;
    if (!cli_confirm(a->value[0] != NULL, _("replace the database by this copy?")))
        return err_set(e, ERR_USAGE, "add --yes", "nothing was changed");
    const char *dir = conf_path(c->conf, "store.dir");
    int rc = take_lock(dir, "dispatch.lock", "a dispatcher", &r.dispatch_fd, e);
    if (rc == 0)
        rc = take_lock(dir, "serve.lock", "`zhanchi serve`", &r.serve_fd, e);
    if (rc == 0)
        rc = prepare(c, &r, a->rest[0], e);
    if (rc == 0)
        rc = install(c, &r, e);
    if (r.copy[0] != '\0') {
        unlink(r.copy);
        rmdir(r.tmp);
    }
    if (r.dispatch_fd >= 0)
        close(r.dispatch_fd);
    if (r.serve_fd >= 0)
        close(r.serve_fd);
    return rc;
}

const struct command cmd_backup = {
    "backup", "FILE", N_("Copy the live database into FILE."), NULL, 1, 1, run_backup, NULL};
const struct command cmd_restore = {"restore",
                                    "FILE [--yes]",
                                    N_("Put a copy back; nothing is sent twice because of it."),
                                    restore_options,
                                    1,
                                    1,
                                    run_restore,
                                    NULL};
