/*
 * cmd_doctor: every check that tells why tomorrow's run would fail, each with what to do.
 *
 * A check never stops the next one, save that nothing can be said about a database that does not
 * open. Opening it brings an older schema up to date. Exit status: that of the first failure.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/store_audit.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_measure.h"
#include "cli.h"

#define SPACE_WARN_BYTES (INT64_C(1) << 30)
#define SPACE_FAIL_BYTES (INT64_C(64) << 20)
#define BUILT_MS INT64_C(1767225600000) /* 2026-01-01: a clock before it is wrong */
#define CLOCK_SLACK_MS 300000

enum finding { OK, WARN, FAIL };

struct check {
    struct cli *c;
    struct table_out *t;
    int status; /* of the first failure */
};

static void say(struct check *k, const char *what, enum finding f, const char *detail)
{
    static const char *const words[] = {"ok", "warn", "FAIL"};

    tout_text(k->t, _(what));
    tout_text(k->t, words[f]);
    tout_text(k->t, detail);
    if (f == FAIL && k->status == 0)
        k->status = ERR_CONFIG;
}

static void fail(struct check *k, const char *what, const struct err *e)
{
    char text[sizeof e->what + sizeof e->remedy + 4];

    if (k->status == 0)
        k->status = (int)e->kind;
    snprintf(text, sizeof text, "%s%s%s", e->what, e->remedy[0] != '\0' ? "; " : "", e->remedy);
    say(k, what, FAIL, text);
}

/* ---- the machine ---- */

static void check_language(struct check *k)
{
    char text[256];

    if (k->c->language_missing == NULL)
        return;
    snprintf(text, sizeof text,
             _("texts stay English although %.40s is asked for: generate that locale "
               "(dpkg-reconfigure locales), or install the translation again"),
             k->c->language_missing);
    say(k, N_("language"), WARN, text);
}

/* ---- files ---- */

static void check_folder(struct check *k)
{
    const char *dir = conf_path(k->c->conf, "store.dir");
    struct stat st;
    char text[512];

    if (stat(dir, &st) != 0)
        return; /* the database will say so */
    if (st.st_uid != geteuid())
        snprintf(text, sizeof text, _("%.400s belongs to uid %u, you are %u: run it as its owner"),
                 dir, (unsigned)st.st_uid, (unsigned)geteuid());
    else if ((st.st_mode & 077) != 0)
        snprintf(text, sizeof text, _("others may look into %.400s: chmod 700 it"), dir);
    else {
        say(k, N_("work directory"), OK, dir);
        return;
    }
    say(k, N_("work directory"), WARN, text);
}

static void check_conf_file(struct check *k)
{
    struct stat st;
    char text[512];

    if (stat(k->c->conf_path, &st) == 0 && (st.st_mode & 022) != 0) {
        snprintf(text, sizeof text,
                 _("others may write %.300s, and so send through another gateway: chmod 600 it"),
                 k->c->conf_path);
        say(k, N_("configuration"), FAIL, text);
        return;
    }
    say(k, N_("configuration"), OK, k->c->conf_path);
}

static void check_key_file(struct check *k, const char *option)
{
    const char *path = conf_path(k->c->conf, option);
    struct stat st;
    char text[512];

    if (stat(path, &st) != 0)
        snprintf(text, sizeof text, _("%.400s is missing: put it back from its copy"), path);
    else if ((st.st_mode & 077) != 0)
        snprintf(text, sizeof text, _("others may read %.400s: chmod 600 it"), path);
    else {
        say(k, option, OK, path);
        return;
    }
    say(k, option, FAIL, text);
}

/* The copy that `init` wrote helps only where a fire or a thief does not find it too. */
static void check_recovery(struct check *k)
{
    char path[PATH_MAX], text[PATH_MAX + 96];

    snprintf(path, sizeof path, "%.4000s.recovery", conf_path(k->c->conf, "keys.file"));
    if (!fs_exists(path))
        return;
    snprintf(text, sizeof text, _("%.400s still lies beside the key: move it to a safe place"),
             path);
    say(k, N_("recovery copy"), WARN, text);
}

static void check_space(struct check *k)
{
    struct statvfs v;
    char text[160];

    if (statvfs(conf_path(k->c->conf, "store.dir"), &v) != 0)
        return;
    int64_t left = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    bool inodes = v.f_files == 0 || v.f_favail > 16;
    enum finding f = left < SPACE_FAIL_BYTES || !inodes ? FAIL
                     : left < SPACE_WARN_BYTES          ? WARN
                                                        : OK;
    snprintf(text, sizeof text, inodes ? _("%lld MiB free%s") : _("no files left (%lld MiB)%s"),
             (long long)(left >> 20), f == OK ? "" : _(": make room before the next import"));
    say(k, N_("disk"), f, text);
}

/* ---- what was configured ---- */

static void check_policies(struct check *k)
{
    const char *dir = conf_path(k->c->conf, "campaign.policy_dir");
    DIR *d = opendir(dir);
    char path[PATH_MAX], text[64];
    int good = 0, bad = 0;

    for (const struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        size_t n = strlen(f->d_name);
        struct err e = {0};
        if (f->d_name[0] == '.' || n < 6 || strcmp(f->d_name + n - 5, ".conf") != 0)
            continue;
        struct policy *p =
            fs_join(dir, f->d_name, path, sizeof path, &e) == 0 ? conf_policy_load(path, &e) : NULL;
        good += p != NULL;
        bad += p == NULL;
        if (p == NULL)
            fail(k, N_("policies"), &e);
        conf_policy_free(p);
    }
    if (d != NULL)
        closedir(d);
    snprintf(text, sizeof text, _("%d read"), good);
    if (bad == 0)
        say(k, N_("policies"), OK, text);
}

static void check_gateways(struct check *k)
{
    const char *const *names = conf_gateway_names(k->c->conf);

    if (*names == NULL)
        say(k, N_("gateways"), WARN, _("none is configured: add one to zhanchi.conf"));
    for (; *names != NULL; names++) {
        struct cli_gateways g;
        struct err e = {0};
        char what[96];
        snprintf(what, sizeof what, _("gateway %s"), *names);
        if (cli_gateways(k->c, *names, &g, &e) != 0) {
            fail(k, what, &e);
            continue;
        }
        cli_gateways_free(&g);
        say(k, what, OK, "");
    }
}

/* ---- the database ---- */

struct sums {
    int64_t v[MSG_STATES][32];
};

static int add_tally(void *ctx, enum msg_state s, enum msg_cause cause, int64_t n)
{
    ((struct sums *)ctx)->v[s][(int)cause & 31] += n;
    return 0;
}

static int sub_tally(void *ctx, enum msg_state s, enum msg_cause cause, int64_t n)
{
    ((struct sums *)ctx)->v[s][(int)cause & 31] -= n;
    return 0;
}

struct recount {
    struct check *k;
    struct err e;
    int64_t unknown;
    bool differs;
};

static int recount_one(void *ctx, const struct campaign_info *c)
{
    struct recount *r = ctx;
    struct sums sums = {0};

    if (store_tally(r->k->c->store, c->id, add_tally, &sums, &r->e) != 0)
        return -1;
    for (int i = 0; i < 32; i++)
        r->unknown += sums.v[MSG_UNKNOWN][i];
    if (store_tally_recount(r->k->c->store, c->id, sub_tally, &sums, &r->e) != 0)
        return -1;
    for (int s = 0; s < MSG_STATES; s++)
        for (int i = 0; i < 32; i++)
            r->differs = r->differs || sums.v[s][i] != 0;
    return 0;
}

static void check_counters(struct check *k)
{
    struct recount r = {.k = k};
    char text[128];

    if (store_campaign_each(k->c->store, recount_one, &r, &r.e) != 0) {
        fail(k, N_("counters"), &r.e);
        return;
    }
    say(k, N_("counters"), r.differs ? FAIL : OK,
        r.differs ? _("the tally differs from the rows: report this defect") : "");
    if (r.unknown > 0) {
        snprintf(
            text, sizeof text,
            _("%lld messages are unknown: receipts may settle them, or `zhanchi message resolve`"),
            (long long)r.unknown);
        say(k, N_("unknown"), WARN, text);
    }
}

struct overdue {
    int64_t before_ms, n;
};

static int count_overdue(void *ctx, const struct list_info *l)
{
    struct overdue *o = ctx;

    o->n += l->imported_at < o->before_ms;
    return 0;
}

/* Nobody's data are kept longer than the office has said. */
static void check_retention(struct check *k)
{
    int64_t days = conf_int(k->c->conf, "retention.lists_days");
    struct overdue o = {clock_now_ms() - days * 86400000, 0};
    struct err e = {0};
    char text[160];

    if (days == 0)
        return;
    if (store_list_each(k->c->store, count_overdue, &o, &e) != 0) {
        fail(k, N_("retention"), &e);
        return;
    }
    snprintf(text, sizeof text,
             _("%lld lists are older than %lld days: `zhanchi list rm --expired`"), (long long)o.n,
             (long long)days);
    say(k, N_("retention"), o.n > 0 ? WARN : OK, o.n > 0 ? text : "");
}

static void check_epoch(struct check *k)
{
    static const char *const findings[] = {
        [EPOCH_AGREES] = "",
        [EPOCH_BEHIND] = N_("messages were sent that this database does not know: it is an old "
                            "copy. The next dispatch sends nothing and asks"),
        [EPOCH_NO_FILE] = N_("the epoch file is missing: the database may be an old copy. The next "
                             "dispatch sends nothing and asks"),
        [EPOCH_DOUBT] = N_("a receipt bore a reference that this database never issued: it may be "
                           "an old copy. The next dispatch sends nothing and asks")};
    enum epoch_finding finding = EPOCH_AGREES;
    struct err e = {0};

    /* Looks only: a dispatcher may be at work. */
    if (epoch_look(k->c->store, conf_path(k->c->conf, "store.epoch_dir"), &finding, &e) != 0)
        fail(k, N_("epoch"), &e);
    else
        say(k, N_("epoch"), finding == EPOCH_AGREES ? OK : FAIL,
            finding == EPOCH_AGREES ? "" : _(findings[finding]));
}

static int keep_time(void *ctx, const struct audit_row *r)
{
    int64_t *last = ctx;

    *last = r->at_ms > *last ? r->at_ms : *last;
    return 0;
}

/* Windows, caps and last days hang on the clock. It runs forward: no act lies in the future. */
static void check_clock(struct check *k)
{
    struct err e = {0};
    char text[160], now[32];
    int64_t last = 0, now_ms = clock_now_ms();

    if (store_audit_each(k->c->store, keep_time, &last, &e) != 0) {
        fail(k, N_("clock"), &e);
        return;
    }
    civil_format_instant(now_ms, k->c->zone_min, now);
    bool sane = now_ms > BUILT_MS && last <= now_ms + CLOCK_SLACK_MS;
    snprintf(text, sizeof text,
             sane ? "%s" : _("%s: earlier than what has happened already; set the machine's clock"),
             now);
    say(k, N_("clock"), sane ? OK : FAIL, text);
}

static void check_audit(struct check *k)
{
    struct err e = {0};
    char head[65], text[128];
    int64_t n;

    if (store_audit_verify(k->c->store, conf_path(k->c->conf, "keys.audit_file"), &n, head, &e) !=
        0) {
        fail(k, N_("audit chain"), &e);
        return;
    }
    snprintf(text, sizeof text, _("%lld acts, head %.16s"), (long long)n, head);
    say(k, N_("audit chain"), OK, text);
}

static int interrupted(struct check *k, struct err *e)
{
    return *k->c->stop ? err_set(e, ERR_TEMP, NULL, _("interrupted")) : 0;
}

static void check_database(struct check *k, bool quick)
{
    struct err e = {0};

    if (quick)
        say(k, N_("database"), OK, _("opens; not read through (--quick)"));
    else if (store_integrity(k->c->store, &e) != 0)
        fail(k, N_("database"), &e);
    else
        say(k, N_("database"), OK, store_path(k->c->store));
    if (cli_keyring(k->c, &e) != 0)
        fail(k, N_("key"), &e);
    else
        say(k, N_("key"), OK, _("it opens this database"));
    check_epoch(k);
    check_clock(k);
    check_audit(k);
    if (!quick && !*k->c->stop)
        check_counters(k);
    check_retention(k);
}

enum { QUICK };
static const struct cli_option options[] = {{"quick", NULL, N_("do not read the whole database")},
                                            CLI_END};

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"check", "result", "detail", NULL};
    static const char *const titles[] = {N_("check"), N_("result"), N_("detail"), NULL};
    struct check k = {.c = c};
    struct err fault = {0};

    if (cli_conf(c, e) != 0)
        return -1;
    k.t = tout_new(c, keys, titles);
    check_language(&k);
    check_conf_file(&k);
    check_folder(&k);
    check_key_file(&k, "keys.file");
    check_key_file(&k, "keys.audit_file");
    check_recovery(&k);
    check_space(&k);
    check_gateways(&k);
    check_policies(&k);
    if (cli_store(c, STORE_RW, &fault) != 0)
        fail(&k, N_("database"), &fault);
    else
        check_database(&k, a->value[QUICK] != NULL);
    tout_end(k.t);
    return interrupted(&k, e) != 0 ? -1 : k.status;
}

const struct command cmd_doctor = {.name = "doctor",
                                   .args = "[--quick]",
                                   .help = N_("check everything that tomorrow's run needs"),
                                   .options = options,
                                   .run = run};
