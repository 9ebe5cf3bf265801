/*
 * cmd_doctor: every check that tells why tomorrow's run would fail, each with what to do.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "zhanchi/clock.h"
#include "zhanchi/store_audit.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_measure.h"
#include "cli.h"

#define SPACE_WARN_BYTES (INT64_C(1) << 30)
#define BUILT_MS INT64_C(1767225600000) /* 2026-01-01: a clock before it is wrong */

struct check {
    struct cli *c;
    struct table_out *t;
    int warnings, failures;
};

enum finding { OK, WARN, FAIL };

static void say(struct check *k, const char *what, enum finding f, const char *detail)
{
    static const char *const words[] = {"ok", "warn", "FAIL"};

    tout_text(k->t, what);
    tout_text(k->t, words[f]);
    tout_text(k->t, detail);
    k->warnings += f == WARN;
    k->failures += f == FAIL;
}

static void fail(struct check *k, const char *what, const struct err *e)
{
    char text[sizeof e->what + sizeof e->remedy + 4];

    snprintf(text, sizeof text, "%s%s%s", e->what, e->remedy[0] != '\0' ? "; " : "", e->remedy);
    say(k, what, FAIL, text);
}

static void check_permissions(struct check *k)
{
    static const char *const files[] = {"keys.file", "keys.audit_file", NULL};
    char text[512];

    for (const char *const *f = files; *f != NULL; f++) {
        struct stat st;
        const char *path = conf_path(k->c->conf, *f);
        if (stat(path, &st) != 0)
            snprintf(text, sizeof text, "%.400s is missing: put it back from its copy", path);
        else if ((st.st_mode & 077) != 0)
            snprintf(text, sizeof text, "others may read %.400s: chmod 600 it", path);
        else {
            say(k, *f, OK, "");
            continue;
        }
        say(k, *f, FAIL, text);
    }
}

static void check_space(struct check *k)
{
    struct statvfs v;
    char text[80];

    if (statvfs(conf_path(k->c->conf, "store.dir"), &v) != 0)
        return;
    int64_t left = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    snprintf(text, sizeof text, "%lld MiB free", (long long)(left >> 20));
    say(k, "disk", left < SPACE_WARN_BYTES ? WARN : OK, text);
}

static void check_clock(struct check *k)
{
    bool sane = clock_now_ms() > BUILT_MS;

    say(k, "clock", sane ? OK : FAIL,
        sane ? "" : "the machine's date is wrong: set it, or windows and last days are wrong");
}

static void check_gateways(struct check *k)
{
    const char *const *names = conf_gateway_names(k->c->conf);

    if (*names == NULL)
        say(k, "gateways", WARN, "none is configured: add one to zhanchi.conf");
    for (; *names != NULL; names++) {
        struct cli_gateways g;
        struct err e = {0};
        char what[96];
        snprintf(what, sizeof what, "gateway %s", *names);
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
        fail(k, "counters", &r.e);
        return;
    }
    say(k, "counters", r.differs ? FAIL : OK,
        r.differs ? "the tally differs from the rows: report this defect" : "");
    if (r.unknown > 0) {
        snprintf(
            text, sizeof text,
            "%lld messages are unknown: receipts may settle them, or `zhanchi message resolve`",
            (long long)r.unknown);
        say(k, "unknown", WARN, text);
    }
}

static void check_epoch(struct check *k)
{
    enum epoch_finding finding;
    struct err e = {0};
    struct epoch *ep =
        epoch_open(k->c->store, conf_path(k->c->conf, "store.epoch_dir"), &finding, &e);

    if (ep == NULL)
        fail(k, "epoch", &e);
    else
        say(k, "epoch", finding == EPOCH_AGREES ? OK : FAIL,
            finding == EPOCH_AGREES ? ""
                                    : "the database may be an old copy: the next dispatch sends "
                                      "nothing and asks; see zhanchi(1), RESTORING");
    epoch_close(ep);
}

static void check_audit(struct check *k)
{
    struct err e = {0};
    char head[65], text[128];
    int64_t n;

    if (store_audit_verify(k->c->store, conf_path(k->c->conf, "keys.audit_file"), &n, head, &e) !=
        0) {
        fail(k, "audit chain", &e);
        return;
    }
    snprintf(text, sizeof text, "%lld acts, head %.16s", (long long)n, head);
    say(k, "audit chain", OK, text);
}

static void check_store(struct check *k)
{
    struct err e = {0};

    if (cli_store(k->c, STORE_RW, &e) != 0) {
        fail(k, "database", &e);
        return;
    }
    if (store_integrity(k->c->store, &e) != 0)
        fail(k, "database", &e);
    else
        say(k, "database", OK, store_path(k->c->store));
    if (cli_keyring(k->c, &e) != 0)
        fail(k, "key", &e);
    else
        say(k, "key", OK, "it opens this database");
    check_epoch(k);
    check_counters(k);
    check_audit(k);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"check", "result", "detail", NULL};
    static const char *const titles[] = {N_("check"), N_("result"), N_("detail"), NULL};
    struct check k = {.c = c};
    (void)a;

    if (cli_conf(c, e) != 0)
        return -1;
    k.t = tout_new(c, keys, titles);
    say(&k, "configuration", OK, c->conf_path);
    check_permissions(&k);
    check_clock(&k);
    check_space(&k);
    check_gateways(&k);
    check_store(&k);
    tout_end(k.t);
    return k.failures > 0 ? ERR_CONFIG : 0;
}

const struct command cmd_doctor = {
    "doctor", "", N_("Check everything that tomorrow's run needs."), NULL, 0, 0, run, NULL};
