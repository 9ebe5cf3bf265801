/*
 * cmd_restore: a copy becomes the database, and nothing is sent twice because of it.
 *
 * A restored database has forgotten what happened after the copy was made: what was sent, who
 * refused, what was cancelled. Therefore
 *   - what was on its way in the copy becomes `unknown`: its answer may have come since;
 *   - where the claim counter outside (store_epoch.h) says that more was sent, or is missing,
 *     everything that waits becomes `unknown` too, and a new epoch begins;
 *   - every campaign that may send is paused, until a person has brought refusals and cancellations
 *     up to date and resumes it. Replies in inbox.db are applied again by `serve`.
 *
 * All that happens in a folder beside, where the copy is looked through first; then the database is
 * put aside, and the finished copy takes its name; only then is the new epoch written outside. A
 * crash leaves
 *   - before the change, the old database, which still agrees with the file outside;
 *   - in the midst of it, none and both under other names: the same command goes on;
 *   - after it, the copy, ahead of the file outside, which agrees and is brought up (store_epoch.h).
 * A failure before the change leaves nothing behind. Locks of dispatch, serve and jobs are held.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"
#include "zhanchi/store_audit.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_queue.h"
#include "cli.h"

#define SPACE_REMEDY _("check the disk's space")

static const char *const tails[] = {"", "-wal", "-shm"}; /* what a database consists of */
#define TAILS (sizeof tails / sizeof tails[0])

struct restoring {
    char dir[PATH_MAX], tmp[PATH_MAX], copy[PATH_MAX], db[PATH_MAX], aside[PATH_MAX];
    int locks[3], n_locks;
    int zone_min;
    char last_act[256]; /* of the copy */
    int paused;
    int64_t unknown;
    bool behind; /* more was sent than the copy knows */
    const char *epoch_dir;
    struct epoch_info epoch; /* the new one, if behind */
};

/* ---- locks ---- */

static int lock(struct restoring *r, const char *name, const char *who, struct err *e)
{
    char path[PATH_MAX];

    if (fs_join(r->dir, name, path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, &r->locks[r->n_locks], e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, _("stop it first"), _("%s is at work on this database"), who);
    r->n_locks += rc == 0;
    return rc;
}

/* A dispatcher that was killed has left in its lock what it would have taken: this program takes
 * nothing (dispatch's run.c reads it). */
static int unsign(const struct restoring *r, int fd, struct err *e)
{
    return ftruncate(fd, 0) == 0 ? 0
                                 : err_errno(e, ERR_IO, SPACE_REMEDY, _("cannot write %s"), r->dir);
}

/* After a power cut the file outside may be older than the database: then a copy in between would
 * seem to know everything. A database that does not open cannot tell. */
static void bring_up_epoch(const struct restoring *r, struct store *s)
{
    enum epoch_finding finding;
    struct err ignored = {0};

    epoch_close(epoch_open(s, r->epoch_dir, &finding, &ignored));
}

/* Imports and submits. A database that does not open has none. */
static int lock_jobs(struct restoring *r, struct err *e)
{
    struct err ignored = {0};
    struct store *s = fs_exists(r->db) ? store_open(r->dir, STORE_RW, &ignored) : NULL;
    int rc = s != NULL ? store_lock_jobs(s, &r->locks[r->n_locks], e) : 0;

    r->n_locks += s != NULL && rc == 0;
    if (s != NULL && rc == 0)
        bring_up_epoch(r, s);
    store_close(s); /* the last one out merges the log into the file */
    return rc;
}

/* ---- the copy, in a folder of its own ---- */

static int copy_bytes(int in, int out, const char *from, const char *to, const struct progress *p,
                      struct err *e)
{
    char block[65536];
    struct stat st;
    int64_t total = fstat(in, &st) == 0 ? st.st_size : 0, copied = 0;
    ssize_t n;

    while ((n = read(in, block, sizeof block)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_NOINPUT, NULL, _("cannot read %s"), from);
        for (ssize_t done = 0, m; done < n; done += m) {
            m = write(out, block + done, (size_t)(n - done));
            if (m < 0 && errno == EINTR)
                m = 0;
            else if (m < 0)
                return err_errno(e, ERR_IO, SPACE_REMEDY, _("cannot write %s"), to);
        }
        copied += n;
        if (p->fn(p->ctx, copied, total, NULL) != 0)
            return err_set(e, ERR_TEMP, NULL, _("interrupted; nothing was changed"));
    }
    if (fsync(out) != 0)
        return err_errno(e, ERR_IO, SPACE_REMEDY, _("cannot write %s"), to);
    return 0;
}

static int copy_file(struct cli *c, const char *from, const char *to, struct err *e)
{
    struct bar bar;
    int in = open(from, O_RDONLY | O_CLOEXEC);

    if (in < 0)
        return err_errno(e, ERR_NOINPUT, _("check the path"), _("cannot open %s"), from);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct progress p = bar_begin(&bar, c, _("restore"));
    int rc = out < 0 ? err_errno(e, ERR_CANTCREAT, SPACE_REMEDY, _("cannot create %s"), to)
                     : copy_bytes(in, out, from, to, &p, e);
    bar_end(&bar);
    close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int name_paths(struct cli *c, struct restoring *r, struct err *e)
{
    char name[64];
    int64_t second = clock_now_ms() / 1000;

    snprintf(r->dir, sizeof r->dir, "%s", conf_path(c->conf, "store.dir"));
    r->epoch_dir = conf_path(c->conf, "store.epoch_dir");
    snprintf(name, sizeof name, "zhanchi.db.replaced-%lld", (long long)second);
    return fs_join(r->dir, "zhanchi.db", r->db, sizeof r->db, e) != 0 ||
                   fs_join(r->dir, name, r->aside, sizeof r->aside, e) != 0 ||
                   fs_join(r->dir, "restore.XXXXXX", r->tmp, sizeof r->tmp, e) != 0
               ? -1
               : 0;
}

static int bring_copy(struct cli *c, struct restoring *r, const char *file, struct err *e)
{
    if (mkdtemp(r->tmp) == NULL) {
        r->tmp[0] = '\0';
        return err_errno(e, ERR_CANTCREAT, SPACE_REMEDY, _("cannot make a folder in %s"), r->dir);
    }
    if (fs_join(r->tmp, "zhanchi.db", r->copy, sizeof r->copy, e) != 0 ||
        copy_file(c, file, r->copy, e) != 0)
        return -1;
    /* Is it whole, is it ours, does the key fit? */
    c->store = store_open(r->tmp, STORE_RW, e);
    return c->store == NULL || store_integrity(c->store, e) != 0 || cli_keyring(c, e) != 0
               ? err_prefix(e, "%s", file)
               : 0;
}

static void remove_folder(const char *folder)
{
    char name[32], path[PATH_MAX];
    struct err ignored;

    for (size_t i = 0; i < TAILS; i++) {
        snprintf(name, sizeof name, "zhanchi.db%s", tails[i]);
        if (fs_join(folder, name, path, sizeof path, &ignored) == 0)
            unlink(path);
    }
    rmdir(folder);
}

/* Folders of restores that were killed: under our locks nobody works in them. */
static void remove_leftovers(const struct restoring *r)
{
    char path[PATH_MAX];
    struct err ignored;
    DIR *d = opendir(r->dir);

    for (const struct dirent *f; d != NULL && (f = readdir(d)) != NULL;)
        if (strncmp(f->d_name, "restore.", 8) == 0 && strlen(f->d_name) == 14 &&
            fs_join(r->dir, f->d_name, path, sizeof path, &ignored) == 0)
            remove_folder(path);
    if (d != NULL)
        closedir(d);
}

/* ---- what the copy must not do ---- */

struct running {
    struct {
        int64_t id;
        enum campaign_state state;
    } * list;
    size_t n;
};

static int note_running(void *ctx, const struct campaign_info *k)
{
    struct running *all = ctx;

    if (k->state != CAMPAIGN_APPROVED && k->state != CAMPAIGN_RUNNING)
        return 0;
    all->list = realloc(all->list, (all->n + 1) * sizeof *all->list);
    if (all->list == NULL)
        panic("out of memory");
    all->list[all->n].id = k->id;
    all->list[all->n++].state = k->state;
    return 0;
}

static int pause_campaigns(struct cli *c, struct restoring *r, struct err *e)
{
    struct running all = {0};
    int rc = store_campaign_each(c->store, note_running, &all, e);

    for (size_t i = 0; i < all.n && rc == 0; i++)
        rc = store_campaign_move(c->store, all.list[i].id, all.list[i].state, CAMPAIGN_PAUSED,
                                 "restored from a copy", e);
    r->paused = (int)all.n;
    free(all.list);
    return rc;
}

static int doubt(struct cli *c, struct restoring *r, struct err *e)
{
    int64_t moved;

    do {
        moved = store_doubt_all(c->store, clock_now_ms(), store_chunk(c->store), e);
        if (moved < 0)
            return -1;
        r->unknown += moved;
    } while (moved > 0);
    return epoch_begin(c->store, r->epoch_dir, clock_now_ms(), &r->epoch, e);
}

static int keep_act(void *ctx, const struct audit_row *row)
{
    struct restoring *r = ctx;
    char when[32];

    snprintf(r->last_act, sizeof r->last_act, "%.16s  %s  %s",
             civil_format_instant(row->at_ms, r->zone_min, when), row->actor, row->act);
    return 0;
}

static int disarm(struct cli *c, struct restoring *r, struct err *e)
{
    enum epoch_finding finding;
    int64_t counts[3] = {0};
    char detail[128];

    if (store_audit_each(c->store, keep_act, r, e) != 0 || pause_campaigns(c, r, e) != 0)
        return -1;
    if (epoch_look(c->store, r->epoch_dir, &finding, e) != 0)
        return -1;
    r->behind = finding != EPOCH_AGREES;
    if (store_recover(c->store, clock_now_ms(), NULL, NULL, counts, e) != 0)
        return -1;
    r->unknown = counts[1];
    if (r->behind && doubt(c, r, e) != 0)
        return -1;
    snprintf(detail, sizeof detail, "%lld messages became unknown, %d campaigns are paused",
             (long long)r->unknown, r->paused);
    return cli_audit(c, "restore", "database", detail, e);
}

/* ---- the change ---- */

static int rename_all(const char *from, const char *to, struct err *e)
{
    char a[PATH_MAX + 8], b[PATH_MAX + 8];

    for (size_t i = 0; i < TAILS; i++) {
        snprintf(a, sizeof a, "%s%s", from, tails[i]);
        snprintf(b, sizeof b, "%s%s", to, tails[i]);
        if (rename(a, b) != 0 && errno != ENOENT)
            return err_errno(e, ERR_IO, _("give the same command again"), _("cannot put %s aside"),
                             a);
    }
    return 0;
}

/* The database comes back to its place; if that fails too, it stands beside. */
static int put_back(const struct restoring *r)
{
    struct err why;

    if (rename_all(r->aside, r->db, &why) != 0)
        log_error("restore", "the database stands beside its place, as %s: %s", r->aside, why.what);
    return -1;
}

static void close_copy(struct cli *c)
{
    keyring_close(c->keyring);
    store_close(c->store);
    c->keyring = NULL;
    c->store = NULL;
}

/* Only the file takes the database's place: all that the copy must not do stands in it, and no log
 * beside it, or everything would be as in the backup, what waits and what may send. */
static int merge_log(struct cli *c, const struct restoring *r, struct err *e)
{
    char log[PATH_MAX + 8];

    int rc = store_merge(c->store, e);
    close_copy(c);
    snprintf(log, sizeof log, "%s-wal", r->copy);
    if (rc == 0 && fs_exists(log))
        rc = err_set(e, ERR_IO, SPACE_REMEDY, _("cannot write %s"), r->copy);
    return rc;
}

static int swap(struct cli *c, const struct restoring *r, struct err *e)
{
    if (merge_log(c, r, e) != 0)
        return -1;
    /* Also what an interrupted restore left: a log must never meet another database than its own. */
    if (rename_all(r->db, r->aside, e) != 0)
        return put_back(r);
    failpoint("restore_put_aside");
    if (rename(r->copy, r->db) != 0) {
        err_errno(e, ERR_IO, _("give the same command again"), _("cannot put the copy in place"));
        return put_back(r);
    }
    if (fs_sync(r->dir, e) != 0)
        return -1;
    failpoint("restore_in_place");
    return r->behind ? epoch_publish(r->epoch_dir, &r->epoch, e) : 0;
}

static void tell(const struct restoring *r)
{
    printf(_("restored; last act in the copy: %s\n"), r->last_act);
    if (fs_exists(r->aside))
        printf(_("the replaced database is kept: %s\n"), r->aside);
    if (r->behind)
        printf(_("messages may have been sent since the copy was made: %lld are unknown now and "
                 "will not go\nby themselves. Receipts settle some; for the rest: `zhanchi message "
                 "ls C --state unknown`,\n`zhanchi message resolve C --unknown resend` or "
                 "`drop`\n"),
               (long long)r->unknown);
    else if (r->unknown > 0)
        printf(_("nothing was claimed since the copy was made; %lld that were on their way are "
                 "unknown now:\nreceipts settle them, or `zhanchi message resolve C`\n"),
               (long long)r->unknown);
    else
        puts(_("nothing was sent since the copy was made"));
    if (r->paused > 0)
        printf(_("%d campaigns are paused. What was entered since then is gone: lists, refusals, "
                 "claims,\ncancellations. Enter it again, let `zhanchi serve` apply the replies, "
                 "then\n`zhanchi campaign resume C`\n"),
               r->paused);
}

static int restore(struct cli *c, struct restoring *r, const char *file, struct err *e)
{
    if (name_paths(c, r, e) != 0 || lock(r, "dispatch.lock", _("a dispatcher"), e) != 0 ||
        unsign(r, r->locks[0], e) != 0 || lock(r, "serve.lock", "`zhanchi serve`", e) != 0 ||
        lock_jobs(r, e) != 0)
        return -1;
    remove_leftovers(r);
    int rc = bring_copy(c, r, file, e);
    if (rc == 0)
        rc = disarm(c, r, e);
    failpoint("restore_disarmed");
    if (rc == 0)
        rc = swap(c, r, e);
    close_copy(c);
    if (r->tmp[0] != '\0')
        remove_folder(r->tmp);
    return rc;
}

enum { RESTORE_YES };
static const struct cli_option options[] = {{"yes", NULL, N_("do not ask")}, CLI_END};

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct restoring r = {0};

    if (cli_conf(c, e) != 0)
        return -1;
    r.zone_min = c->zone_min;
    if (!cli_confirm(a->value[RESTORE_YES] != NULL, _("replace the database by this copy?")))
        return err_set(e, ERR_USAGE, _("add --yes"), _("nothing was changed"));
    int rc = restore(c, &r, a->rest[0], e);
    for (int i = 0; i < r.n_locks; i++)
        close(r.locks[i]);
    if (rc == 0)
        tell(&r);
    return rc;
}

const struct command cmd_restore = {.name = "restore",
                                    .args = "FILE [--yes]",
                                    .help =
                                        N_("put a copy back; nothing is sent twice because of it"),
                                    .options = options,
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run};
