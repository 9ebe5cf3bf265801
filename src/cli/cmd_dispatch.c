/*
 * cmd_dispatch: what cron runs. Exit status: 0 nothing more is due now, or a live dispatcher has
 * the lock and will take it; 75 due work remains, or the one that has the lock takes something else.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/dispatch.h"
#include "zhanchi/json.h"
#include "cli.h"
#include "catch_up.h"

enum { D_CAMPAIGN, D_RUNTIME, D_DRY, D_WAIT };

static const struct cli_option options[] = {
    {"campaign", "C", N_("only this campaign")},
    {"max-runtime", "10m", N_("end after this time (default: see dispatch.max_runtime)")},
    {"dry-run", NULL, N_("show what would go, and why the rest would not")},
    {"wait", NULL, N_("stay while messages become due later")},
    CLI_END};

static int fill(struct cli *c, const struct cli_args *a, struct dispatch_opts *o, struct err *e)
{
    const struct conf *f = c->conf;

    *o = (struct dispatch_opts){.dir = conf_path(f, "store.dir"),
                                .key_path = conf_path(f, "keys.file"),
                                .epoch_dir = conf_path(f, "store.epoch_dir"),
                                .campaign = a->value[D_CAMPAIGN],
                                .max_runtime_ms = conf_int(f, "dispatch.max_runtime"),
                                .claim_ttl_ms = conf_int(f, "dispatch.claim_ttl"),
                                .backoff_base_ms = conf_int(f, "dispatch.backoff_base"),
                                .backoff_cap_ms = conf_int(f, "dispatch.backoff_cap"),
                                .receipt_timeout_ms = conf_int(f, "receipts.timeout"),
                                .cap_per_day = (int)conf_int(f, "dispatch.cap_per_day"),
                                .breaker_failures = (int)conf_int(f, "dispatch.breaker_failures"),
                                .breaker_ms = conf_int(f, "dispatch.breaker_pause"),
                                .zone_min = c->zone_min,
                                .content_stop = (int)conf_int(f, "dispatch.content_stop"),
                                .commit_max = (size_t)conf_int(f, "dispatch.commit_max"),
                                .wait = a->value[D_WAIT] != NULL,
                                .stop = c->stop};
    if (a->value[D_RUNTIME] != NULL &&
        conf_parse_duration(a->value[D_RUNTIME], &o->max_runtime_ms) != 0)
        return err_set(e, ERR_USAGE, _("write 30s, 10m or 2h"),
                       _("--max-runtime %.20s is no duration"), a->value[D_RUNTIME]);
    return 0;
}

/* ---- --dry-run ---- */

static int plan_one(void *ctx, const struct dispatch_plan *p)
{
    struct table_out *t = ctx;

    tout_text(t, p->campaign);
    tout_text(t, p->gateway);
    tout_int(t, p->would_go);
    tout_int(t, p->later);
    tout_when(t, p->next_due_ms == INT64_MAX ? 0 : p->next_due_ms);
    tout_text(t, _(p->why));
    return 0;
}

static int dry_run(struct cli *c, const struct dispatch_opts *o, struct err *e)
{
    static const char *const keys[] = {"campaign", "gateway", "would_go", "later",
                                       "next",     "why_not", NULL};
    static const char *const titles[] = {
        N_("campaign"), N_("gateway"), N_("would go"), N_("later"), N_("next"),
        N_("why not"),  NULL};
    struct table_out *t = tout_new(c, keys, titles);
    int rc = dispatch_dry_run(o, plan_one, t, e);

    tout_end(t);
    return rc;
}

/* ---- a run ---- */

static void print_json(const struct dispatch_result *r)
{
    const struct {
        const char *key;
        int64_t v;
    } all[] = {{"locked", r->locked},
               {"claimed", r->claimed},
               {"handed", r->handed},
               {"accepted", r->accepted},
               {"rejected", r->rejected},
               {"retried", r->retried},
               {"unknown", r->unknown},
               {"suppressed", r->suppressed},
               {"capped", r->capped},
               {"unclaimed", r->unclaimed},
               {"lapsed", r->lapsed},
               {"recovered_queued", r->recovered[0]},
               {"recovered_unknown", r->recovered[1]},
               {"recovered_settled", r->recovered[2]},
               {"due_left", r->due_left}};
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 16);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        json_w_key(&w, all[i].key);
        json_w_int(&w, all[i].v);
    }
    json_w_key(&w, "why_left");
    json_w_str(&w, r->why_left);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void line(const char *what, int64_t v)
{
    char n[32];

    if (v == 0)
        return;
    fputs("  ", stdout);
    cli_label(what, 28);
    printf(" %12s\n", cli_number(v, n));
}

static void print_text(const struct cli *c, const struct dispatch_result *r)
{
    char when[32];

    if (r->locked_other) {
        printf(_("locked by a program that will not take it: %s\n"), r->why_left);
        return;
    }
    if (r->locked) {
        puts(_("another dispatcher is at work and will take it"));
        return;
    }
    line(_("accepted by the gateway"), r->accepted);
    line(_("refused for good"), r->rejected);
    line(_("answers \"not now\", tried again"), r->retried);
    line(_("unknown"), r->unknown);
    line(_("not sent: refused by people"), r->suppressed);
    line(_("put off: daily cap"), r->capped);
    line(_("lapsed"), r->lapsed);
    line(_("still due"), r->due_left);
    if (r->accepted + r->rejected + r->retried + r->unknown == 0)
        printf(_("nothing was sent%s%s\n"), r->why_left[0] != '\0' ? ": " : "", r->why_left);
    else if (r->why_left[0] != '\0')
        printf(_("note: %s\n"), r->why_left);
    if (r->next_due_ms != INT64_MAX)
        printf(_("next: %s\n"), civil_format_instant(r->next_due_ms, c->zone_min, when));
    if (r->unknown + r->recovered[1] > 0)
        puts(_("unknown messages are settled by receipts, or by `zhanchi message resolve`; they "
               "are never sent again by themselves"));
}

static int record(struct cli *c, const struct dispatch_result *r, struct err *e)
{
    char detail[256];

    if (r->handed == 0 && r->recovered[0] + r->recovered[1] + r->recovered[2] == 0)
        return 0;
    snprintf(detail, sizeof detail,
             "handed %lld, accepted %lld, rejected %lld, retried %lld, unknown %lld, recovered "
             "%lld/%lld/%lld",
             (long long)r->handed, (long long)r->accepted, (long long)r->rejected,
             (long long)r->retried, (long long)r->unknown, (long long)r->recovered[0],
             (long long)r->recovered[1], (long long)r->recovered[2]);
    if (cli_store(c, STORE_RW, e) != 0)
        return -1;
    return cli_audit(c, "dispatch.run", "dispatch", detail, e);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct dispatch_opts o;
    struct dispatch_result r;
    struct cli_gateways g;
    struct bar bar;

    if (cli_conf(c, e) != 0 || fill(c, a, &o, e) != 0 || cli_gateways(c, NULL, &g, e) != 0)
        return -1;
    o.gateways = g.list;
    o.n_gateways = g.n;
    if (a->value[D_DRY] != NULL) {
        int rc = dry_run(c, &o, e);
        cli_gateways_free(&g);
        return rc;
    }
    if (cli_audit_ready(c, e) != 0) {
        cli_gateways_free(&g);
        return -1;
    }
    struct catch_up *catch_up = catch_up_new(c->conf, &g);
    o.catch_up = catch_up_run;
    o.catch_up_ctx = catch_up;
    o.progress = bar_begin(&bar, c, _("sending"));
    int rc = dispatch_run(&o, &r, e);
    bar_end(&bar);
    catch_up_free(catch_up);
    cli_gateways_free(&g);
    if (rc != 0)
        return -1;
    if (record(c, &r, e) != 0)
        return -1;
    if (c->json)
        print_json(&r);
    else
        print_text(c, &r);
    return r.due_left > 0 || r.locked_other ? ERR_TEMP : 0;
}

const struct command cmd_dispatch = {
    "dispatch",
    "[--campaign C] [--max-runtime 10m] [--wait] [--dry-run]",
    N_("Send what is due. What cron runs; overlapping runs are harmless."),
    options,
    0,
    0,
    run,
    NULL};
