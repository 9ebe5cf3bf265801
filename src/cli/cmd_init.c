/*
 * cmd_init: a new work directory: configuration, keys, database, epoch, and the shipped profiles,
 * policies and templates. A zhanchi.conf that is there already is taken as it is; nothing is ever
 * overwritten.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/store_audit.h"
#include "zhanchi/store_epoch.h"
#include "cli.h"

#define SHIPPED_MAX (1u << 20)

static int make_dir(const char *path, mode_t mode, struct err *e)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0;
    return err_errno(e, ERR_CANTCREAT, "check the path and its permissions",
                     "cannot make the folder %s", path);
}

/* ---- shipped files: beside the program when it is installed, in the source tree when it is not
 * ---- */

static bool find_shipped(const char *installed, const char *source, char out[PATH_MAX])
{
    char exe[PATH_MAX], dir[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    snprintf(out, PATH_MAX, "%s/%s", ZHANCHI_DATADIR, installed);
    if (n <= 0)
        return fs_exists(out);
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    snprintf(dir, sizeof dir, "%.2000s/../share/zhanchi/%s", exe, installed);
    if (realpath(dir, out) != NULL)
        return true;
    snprintf(dir, sizeof dir, "%.2000s/../../../%s", exe, source);
    if (realpath(dir, out) != NULL)
        return true;
    snprintf(out, PATH_MAX, "%s/%s", ZHANCHI_DATADIR, installed);
    return fs_exists(out);
}

static int copy_file(const char *from, const char *to, struct err *e)
{
    struct buf data;

    if (fs_exists(to))
        return 0;
    buf_init(&data, SHIPPED_MAX);
    int rc = fs_read_file(from, &data, e);
    if (rc == 0)
        rc = fs_write_atomic(to, 0644, data.data, data.len, e);
    buf_fini(&data);
    return rc;
}

static int copy_shipped(const char *dir, const char *installed, const char *source, struct err *e)
{
    char from[PATH_MAX], to[PATH_MAX], path[PATH_MAX + 300], target[PATH_MAX + 300];
    int rc = 0;

    snprintf(to, sizeof to, "%.3000s/%s", dir, installed);
    if (make_dir(to, 0755, e) != 0)
        return -1;
    DIR *d = find_shipped(installed, source, from) ? opendir(from) : NULL;
    if (d == NULL) {
        fprintf(stderr, _("note: no shipped %s were found; copy them into %s yourself\n"),
                installed, to);
        return 0;
    }
    for (const struct dirent *f; rc == 0 && (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", from, f->d_name);
        snprintf(target, sizeof target, "%s/%s", to, f->d_name);
        rc = copy_file(path, target, e);
    }
    closedir(d);
    return rc;
}

/* ---- keys, database ---- */

static int write_conf(const char *path, struct err *e)
{
    struct buf sample;

    if (fs_exists(path))
        return 0;
    buf_init(&sample, 1 << 20);
    conf_sample(&sample);
    int rc = fs_write_atomic(path, 0600, sample.data, sample.len, e);
    buf_fini(&sample);
    return rc;
}

static int make_store(struct cli *c, const char *recovery, struct err *e)
{
    const char *dir = conf_path(c->conf, "store.dir"), *key = conf_path(c->conf, "keys.file");
    const char *audit = conf_path(c->conf, "keys.audit_file");
    int64_t now_ms = clock_now_ms();

    if (store_create(dir, now_ms, e) != 0 || keyring_create_file(key, recovery, e) != 0 ||
        audit_create_key(audit, e) != 0)
        return -1;
    c->store = store_open(dir, STORE_RW, e);
    if (c->store == NULL || keyring_init(c->store, key, now_ms, e) != 0 ||
        epoch_create(c->store, conf_path(c->conf, "store.epoch_dir"), now_ms, e) != 0)
        return -1;
    return cli_audit(c, "init", "work directory", "created", e);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    char dir[PATH_MAX], conf[PATH_MAX + 20], recovery[PATH_MAX + 20], secrets[PATH_MAX + 20];

    if (make_dir(a->rest[0], 0700, e) != 0)
        return -1;
    if (realpath(a->rest[0], dir) == NULL)
        return err_errno(e, ERR_CANTCREAT, NULL, "cannot find %s", a->rest[0]);
    snprintf(conf, sizeof conf, "%s/zhanchi.conf", dir);
    snprintf(secrets, sizeof secrets, "%s/secrets", dir);
    if (write_conf(conf, e) != 0 || make_dir(secrets, 0700, e) != 0)
        return -1;
    c->conf_path = conf;
    if (cli_conf(c, e) != 0)
        return -1;
    snprintf(recovery, sizeof recovery, "%s.recovery", conf_path(c->conf, "keys.file"));
    if (copy_shipped(dir, "gateways", "conf/gateways", e) != 0 ||
        copy_shipped(dir, "policies", "conf/policies", e) != 0 ||
        copy_shipped(dir, "templates", "templates", e) != 0 || make_store(c, recovery, e) != 0)
        return -1;
    printf(_("work directory: %s\n"), dir);
    printf(_("key file:       %s\n"), conf_path(c->conf, "keys.file"));
    printf(_("recovery copy:  %s\n"), recovery);
    puts(_("Move the recovery copy to a safe place outside this machine now: without the key "
           "nobody can read the lists, and"));
    puts(_("with it anybody can. Never keep it in one place with a backup of the database."));
    printf(_("Next: put the gateway's secrets into %s (chmod 600), look through zhanchi.conf, then "
             "`zhanchi doctor`.\n"),
           secrets);
    return 0;
}

const struct command cmd_init = {
    "init", "DIR", N_("Make a work directory: configuration, keys, database."), NULL, 1, 1,
    run,    NULL};
