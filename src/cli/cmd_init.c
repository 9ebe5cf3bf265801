/*
 * cmd_init: a new work directory: configuration, keys, database, epoch, and the shipped profiles,
 * rule sets, policies and templates.
 *
 * Nothing is ever overwritten: a zhanchi.conf that is there already is taken as it is, and so is
 * every shipped file. If a step fails, the keys and the database that this run has made are removed
 * again (nothing is sealed with them yet), so that the same command can be given once more.
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
    return err_errno(e, ERR_CANTCREAT, _("check the path and its permissions"),
                     _("cannot make the folder %s"), path);
}

/* The folder and what is missing above it. */
static int make_dirs(const char *path, mode_t mode, struct err *e)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (make_dir(part, 0755, e) != 0)
            return -1;
    }
    return make_dir(path, mode, e);
}

/* ---- shipped files ---- */

static int copy_file(const char *from, const char *to, struct err *e)
{
    struct stat st;
    struct buf data;

    if (fs_exists(to) || stat(from, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    buf_init(&data, SHIPPED_MAX);
    int rc = fs_read_file(from, &data, e);
    if (rc == 0)
        rc = fs_write_atomic(to, 0644, data.data, data.len, e);
    buf_fini(&data);
    return rc;
}

static int copy_shipped(const char *dir, const char *what, struct err *e)
{
    char from[PATH_MAX], to[PATH_MAX], source[PATH_MAX + 300], target[PATH_MAX + 300];
    int rc = 0;

    if (fs_join(dir, what, to, sizeof to, e) != 0 || make_dir(to, 0755, e) != 0)
        return -1;
    DIR *d = cli_shipped(what, from) ? opendir(from) : NULL;
    if (d == NULL) {
        fprintf(stderr, _("note: no shipped %s were found; copy them into %s yourself\n"), what,
                to);
        return 0;
    }
    for (const struct dirent *f; rc == 0 && (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.')
            continue;
        snprintf(source, sizeof source, "%s/%s", from, f->d_name);
        snprintf(target, sizeof target, "%s/%s", to, f->d_name);
        rc = copy_file(source, target, e);
    }
    closedir(d);
    return rc;
}

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

/* Folder, configuration, secrets, shipped files. */
static int make_folder(struct cli *c, const char *name, char dir[PATH_MAX], char conf[PATH_MAX],
                       struct err *e)
{
    char secrets[PATH_MAX];

    if (make_dir(name, 0700, e) != 0)
        return -1;
    if (realpath(name, dir) == NULL)
        return err_errno(e, ERR_CANTCREAT, NULL, _("cannot find %s"), name);
    if (fs_join(dir, "zhanchi.conf", conf, PATH_MAX, e) != 0 ||
        fs_join(dir, "secrets", secrets, sizeof secrets, e) != 0 || write_conf(conf, e) != 0 ||
        make_dir(secrets, 0700, e) != 0)
        return -1;
    c->conf_path = conf;
    if (cli_conf(c, e) != 0)
        return -1;
    return copy_shipped(dir, "gateways", e) != 0 || copy_shipped(dir, "lint", e) != 0 ||
                   copy_shipped(dir, "policies", e) != 0 || copy_shipped(dir, "templates", e) != 0
               ? -1
               : 0;
}

/* ---- keys, database ---- */

struct birth {
    char recovery[PATH_MAX], db[PATH_MAX];
    struct {
        const char *path;
        bool was_there;
    } files[4]; /* what is removed again if a step fails */
};

static int plan(const struct cli *c, struct birth *b, struct err *e)
{
    const char *key = conf_path(c->conf, "keys.file");

    if (fs_join(conf_path(c->conf, "store.dir"), "zhanchi.db", b->db, sizeof b->db, e) != 0)
        return -1;
    if (snprintf(b->recovery, sizeof b->recovery, "%s.recovery", key) >= (int)sizeof b->recovery)
        return err_set(e, ERR_CONFIG, _("use a shorter path"), _("the path is too long: %s"), key);
    const char *const paths[] = {b->db, key, b->recovery, conf_path(c->conf, "keys.audit_file")};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        b->files[i].path = paths[i];
        b->files[i].was_there = fs_exists(paths[i]);
    }
    return 0;
}

static int make_store(struct cli *c, const struct birth *b, struct err *e)
{
    const char *dir = conf_path(c->conf, "store.dir"), *key = conf_path(c->conf, "keys.file");
    const char *epoch_dir = conf_path(c->conf, "store.epoch_dir");
    int64_t now_ms = clock_now_ms();

    if (make_dirs(dir, 0700, e) != 0 || make_dirs(epoch_dir, 0700, e) != 0 ||
        store_create(dir, now_ms, e) != 0 || keyring_create_file(key, b->recovery, e) != 0 ||
        audit_create_key(conf_path(c->conf, "keys.audit_file"), e) != 0)
        return -1;
    c->store = store_open(dir, STORE_RW, e);
    if (c->store == NULL || keyring_init(c->store, key, now_ms, e) != 0 ||
        epoch_create(c->store, epoch_dir, now_ms, e) != 0)
        return -1;
    return cli_audit(c, "init", "work directory", "created", e);
}

static void undo(struct cli *c, const struct birth *b)
{
    store_close(c->store);
    c->store = NULL;
    for (size_t i = 0; i < sizeof b->files / sizeof b->files[0]; i++)
        if (!b->files[i].was_there)
            unlink(b->files[i].path);
}

static void tell(const struct cli *c, const char *dir, const struct birth *b)
{
    printf(_("work directory: %s\n"), dir);
    printf(_("key file:       %s\n"), conf_path(c->conf, "keys.file"));
    printf(_("recovery copy:  %s\n"), b->recovery);
    printf(_("epoch:          %s (stays on this machine, part of no backup)\n"),
           conf_path(c->conf, "store.epoch_dir"));
    puts(_("Move the recovery copy to a safe place outside this machine now: without the key "
           "nobody can\nread the lists, and with it anybody can. Never keep it in one place with a "
           "backup of the database."));
    printf(_("Next: put the gateway's secrets into %s/secrets (chmod 600), look through "
             "zhanchi.conf,\nthen `zhanchi doctor`.\n"),
           dir);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    char dir[PATH_MAX], conf[PATH_MAX];
    struct birth b = {0};

    int rc = make_folder(c, a->rest[0], dir, conf, e);
    if (rc == 0)
        rc = plan(c, &b, e);
    if (rc == 0 && (rc = make_store(c, &b, e)) != 0)
        undo(c, &b);
    if (rc == 0)
        tell(c, dir, &b);
    c->conf_path = NULL; /* it lies on this stack */
    return rc;
}

const struct command cmd_init = {.name = "init",
                                 .args = "DIR",
                                 .help = N_("make a work directory: configuration, keys, database"),
                                 .min_rest = 1,
                                 .max_rest = 1,
                                 .run = run};
