/*
 * open: what commands open, find and record. Nothing is opened that a command does not ask for.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/store_audit.h"
#include "cli.h"
#include "journal.h"

/* ---- who acts ---- */

/* The uid that logged in survives su and sudo; where there was no login (cron, containers) the real
 * uid stands. */
static uid_t login_uid(void)
{
    FILE *f = fopen("/proc/self/loginuid", "re");
    unsigned long uid = (unsigned long)(uid_t)-1;

    if (f != NULL) {
        if (fscanf(f, "%lu", &uid) != 1)
            uid = (unsigned long)(uid_t)-1;
        fclose(f);
    }
    return uid == (unsigned long)(uid_t)-1 ? getuid() : (uid_t)uid;
}

static int find_actor(struct cli *c, struct err *e)
{
    if (strcmp(conf_str(c->conf, "people.actor_source"), "environment") == 0) {
        const char *name = getenv("ZHANCHI_ACTOR");
        if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof c->actor)
            return err_set(e, ERR_PERM, _("set ZHANCHI_ACTOR to your name"),
                           _("who is acting? people.actor_source is \"environment\", and "
                             "ZHANCHI_ACTOR is not set"));
        snprintf(c->actor, sizeof c->actor, "%s", name);
        return 0;
    }
    uid_t uid = login_uid();
    const struct passwd *pw = getpwuid(uid);
    if (pw != NULL)
        snprintf(c->actor, sizeof c->actor, "%.63s", pw->pw_name);
    else
        snprintf(c->actor, sizeof c->actor, "uid-%lu", (unsigned long)uid);
    return 0;
}

/* ---- openers ---- */

static const char *find_conf(const struct cli *c)
{
    if (c->conf_path != NULL)
        return c->conf_path;
    const char *env = getenv("ZHANCHI_CONF");
    if (env != NULL && env[0] != '\0')
        return env;
    return fs_exists("zhanchi.conf") ? "zhanchi.conf" : "/etc/zhanchi/zhanchi.conf";
}

int cli_conf(struct cli *c, struct err *e)
{
    enum log_level level;

    if (c->conf != NULL)
        return 0;
    c->conf_path = find_conf(c);
    c->conf = conf_load(c->conf_path, e);
    if (c->conf == NULL)
        return -1;
    c->zone_min = (int)conf_int(c->conf, "office.zone");
    if (!c->level_given && log_parse_level(conf_str(c->conf, "log.level"), &level) == 0)
        log_set_level(level);
    return find_actor(c, e);
}

bool cli_has_conf(const struct cli *c)
{
    return c->conf != NULL || fs_exists(find_conf(c));
}

int cli_store(struct cli *c, enum store_mode mode, struct err *e)
{
    if (c->store != NULL)
        return 0;
    if (cli_conf(c, e) != 0)
        return -1;
    c->store = store_open(conf_path(c->conf, "store.dir"), mode, e);
    return c->store != NULL ? 0 : -1;
}

int cli_keyring(struct cli *c, struct err *e)
{
    if (c->keyring != NULL)
        return 0;
    if (cli_store(c, STORE_RW, e) != 0)
        return -1;
    c->keyring = keyring_open(c->store, conf_path(c->conf, "keys.file"), e);
    return c->keyring != NULL ? 0 : -1;
}

static int load_gateways(struct cli *c, const char *const *names, size_t n,
                         struct cli_gateways *out, struct err *e)
{
    out->list = calloc(n + 1, sizeof *out->list);
    if (out->list == NULL)
        panic("out of memory");
    for (size_t i = 0; i < n; i++) {
        struct conf_gateway settings;
        if (conf_gateway(c->conf, names[i], &settings, e) != 0)
            goto fail;
        out->list[out->n] = gateway_load(&settings, e);
        conf_gateway_fini(&settings);
        if (out->list[out->n] == NULL)
            goto fail;
        out->n++;
    }
    return 0;
fail:
    cli_gateways_free(out);
    return -1;
}

int cli_gateways(struct cli *c, const char *only, struct cli_gateways *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    if (cli_conf(c, e) != 0)
        return -1;
    const char *const *names = conf_gateway_names(c->conf);
    size_t n = 0;
    while (names[n] != NULL)
        n++;
    return load_gateways(c, only != NULL ? &only : names, only != NULL ? 1 : n, out, e);
}

int cli_gateways_named(struct cli *c, const char (*names)[64], int n, struct cli_gateways *out,
                       struct err *e)
{
    const char *list[ROUTE_GATEWAYS];

    memset(out, 0, sizeof *out);
    if (cli_conf(c, e) != 0)
        return -1;
    for (int i = 0; i < n; i++)
        list[i] = names[i];
    return load_gateways(c, list, (size_t)n, out, e);
}

void cli_gateways_free(struct cli_gateways *g)
{
    for (size_t i = 0; i < g->n; i++)
        gateway_free(g->list[i]);
    free(g->list);
    memset(g, 0, sizeof *g);
}

/* ---- names ---- */

int cli_list(struct cli *c, const char *name, struct list_info *out, struct err *e)
{
    int found = store_list_find(c->store, name, out, e);

    if (found == 0)
        return err_set(e, ERR_NOINPUT, _("see `zhanchi list ls`"), _("there is no list %s"), name);
    return found < 0 ? -1 : 0;
}

int cli_campaign(struct cli *c, const char *name, struct campaign_info *out, struct err *e)
{
    int found = store_campaign_find(c->store, name, out, e);

    if (found == 0)
        return err_set(e, ERR_NOINPUT, _("see `zhanchi campaign ls`"), _("there is no campaign %s"),
                       name);
    return found < 0 ? -1 : 0;
}

struct act {
    char *actor, *act, *object;
    char head[65];
};

static char *keep(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        panic("out of memory");
    return copy;
}

/* A head that the chain never had would look like a chain that was cut off. */
static void tell_act(void *ctx, bool committed)
{
    struct act *a = ctx;

    if (committed) {
        log_info("audit", "%s by %s: %s; head %s", a->act, a->actor, a->object, a->head);
        journal_act(a->actor, a->act, a->object, a->head);
    }
    free(a->actor);
    free(a->act);
    free(a->object);
    free(a);
}

int cli_audit(struct cli *c, const char *act, const char *object, const char *detail, struct err *e)
{
    char head[65];

    if (store_audit(c->store, conf_path(c->conf, "keys.audit_file"), clock_now_ms(), c->actor, act,
                    object, detail, head, e) != 0)
        return -1;
    struct act *a = malloc(sizeof *a);
    if (a == NULL)
        panic("out of memory");
    *a = (struct act){.actor = keep(c->actor), .act = keep(act), .object = keep(object)};
    memcpy(a->head, head, sizeof a->head);
    store_after(c->store, tell_act, a);
    return 0;
}

bool cli_share(const char *what, char out[PATH_MAX])
{
    char exe[PATH_MAX], path[PATH_MAX + 136];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    if (n <= 0)
        return false;
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    snprintf(path, sizeof path, "%s/../share/%.120s", exe, what);
    return realpath(path, out) != NULL;
}

bool cli_shipped(const char *what, char out[PATH_MAX])
{
    char name[128];

    snprintf(name, sizeof name, "zhanchi/%.110s", what);
    if (cli_share(name, out))
        return true;
    snprintf(out, PATH_MAX, "%s/%s", ZHANCHI_DATADIR, what);
    return fs_exists(out);
}

int cli_audit_ready(struct cli *c, struct err *e)
{
    return cli_conf(c, e) != 0 ? -1 : audit_check_key(conf_path(c->conf, "keys.audit_file"), e);
}

int cli_find_file(struct cli *c, const char *dir_option, const char *name, const char *ext,
                  char out[4096], struct err *e)
{
    char file[512];

    if (strchr(name, '/') != NULL || fs_exists(name)) {
        snprintf(out, 4096, "%s", name);
        return 0;
    }
    size_t n = strlen(name), m = strlen(ext);
    bool has = n > m && strcmp(name + n - m, ext) == 0;
    snprintf(file, sizeof file, "%.400s%s", name, has ? "" : ext);
    return fs_join(conf_path(c->conf, dir_option), file, out, 4096, e);
}

/* ---- people at the terminal ---- */

bool cli_confirm(bool yes, const char *question)
{
    char line[16];

    if (yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

int cli_read_line(char *out, size_t cap, struct err *e)
{
    if (fgets(out, (int)cap, stdin) == NULL)
        return ferror(stdin) ? err_errno(e, ERR_NOINPUT, NULL, _("cannot read standard input")) : 0;
    size_t n = strlen(out);
    if (n + 1 == cap && out[n - 1] != '\n')
        return err_set(e, ERR_DATA, _("one item a line"),
                       _("a line of standard input is too long"));
    while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r'))
        out[--n] = '\0';
    return 1;
}
