/*
 * cmd_campaign: campaigns from draft to approval, and their brakes. Every act is recorded in the
 * transaction that makes it visible. (Making one: campaign_create.c; forecast and preview:
 * campaign_look.c; test: campaign_test.c; show and ls: campaign_show.c.)
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "campaigns.h"

struct campaign_office campaigns_office(const struct cli *c)
{
    struct campaign_office o = {.office = conf_str(c->conf, "office.name"),
                                .phone12333 = conf_str(c->conf, "office.phone12333"),
                                .apply_where = conf_str(c->conf, "office.apply_where"),
                                .office_en = conf_str(c->conf, "office.name_en"),
                                .apply_where_en = conf_str(c->conf, "office.apply_where_en"),
                                .now_ms = clock_now_ms(),
                                .max_units = (int)conf_int(c->conf, "campaign.max_units")};

    o.today = civil_local_day(o.now_ms, c->zone_min);
    return o;
}

int campaigns_open(struct cli *c, const char *name, struct opened *x, struct err *e)
{
    memset(x, 0, sizeof *x);
    if (cli_keyring(c, e) != 0 || cli_campaign(c, name, &x->k, e) != 0 ||
        cli_gateways_named(c, x->k.gateways, x->k.n_gateways, &x->g, e) != 0)
        return -1;
    x->o = campaigns_office(c);
    x->o.lint = &x->lint.lint;
    return lint_sets_of(c, &x->lint, &x->g, e);
}

const char *campaigns_gateways(const struct campaign_info *k, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < k->n_gateways && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%s", i > 0 ? ", " : "", k->gateways[i]);
    return out;
}

void campaigns_close(struct opened *x)
{
    cli_gateways_free(&x->g);
    lint_sets_free(&x->lint);
}

/* ---- records ---- */

struct record {
    struct cli *c;
    const char *act, *campaign, *reason; /* reason: "" if none */
    const char *because;                 /* what the reason is for */
    const struct campaign_lint *lint;    /* of a submit, else NULL */
};

static int audit(struct cli *c, const char *act, const char *campaign, const char *detail,
                 struct err *e)
{
    char object[128];

    snprintf(object, sizeof object, "campaign %s", campaign);
    return cli_audit(c, act, object, detail, e);
}

/* ", rules mainland 0123456789abcdef": by which version of which rules the texts were judged; each set once. */
static void add_rules(char *out, size_t cap, const struct campaign_lint *l)
{
    for (int i = 0; i < l->n_sets; i++) {
        size_t n = strlen(out);
        bool before = false;
        for (int k = 0; k < i; k++)
            before = before || strcmp(lint_set_name(l->sets[k]), lint_set_name(l->sets[i])) == 0;
        if (!before)
            snprintf(out + n, cap - n, "%s%s %s", i > 0 ? ", " : ", rules ",
                     lint_set_name(l->sets[i]), lint_set_version(l->sets[i]));
    }
}

static int write_record(void *ctx, const struct wave_info *w, struct err *e)
{
    const struct record *r = ctx;
    char digest[65], detail[2048] = "";

    if (w != NULL) {
        crypt_hex(w->digest, sizeof w->digest, digest);
        snprintf(detail, sizeof detail, "wave %d, %lld messages, %lld held out, digest %s", w->no,
                 (long long)w->messages, (long long)w->held_out, digest);
    }
    if (w != NULL && r->lint != NULL)
        add_rules(detail, sizeof detail, r->lint);
    if (w != NULL && r->lint != NULL && w->allowed[0] != '\0')
        snprintf(detail + strlen(detail), sizeof detail - strlen(detail), ", allowed %s",
                 w->allowed);
    size_t n = strlen(detail);
    if (r->reason[0] != '\0')
        snprintf(detail + n, sizeof detail - n, "%s%s: %.300s", n > 0 ? ", " : "", r->because,
                 r->reason);
    return audit(r->c, r->act, r->campaign, detail, e);
}

/* ---- submit, approve ---- */

enum { SUBMIT_ALLOW, SUBMIT_WHY };
static const struct cli_option submit_options[] = {
    {"allow", "RULE", N_("freeze although texts break this rule of their gateway")},
    {"why", "TEXT", N_("why; the reason is recorded")},
    CLI_END};

static int run_submit(struct cli *c, const struct cli_args *a, struct err *e)
{
    char n[32], m[32], digest[65];
    const char *why = a->value[SUBMIT_WHY];
    struct opened x;
    struct record record = {.c = c,
                            .act = "campaign.submit",
                            .campaign = a->rest[0],
                            .reason = "",
                            .lint = &x.lint.lint};
    struct campaign_record r = {write_record, &record};
    struct wave_info w;
    struct bar bar;
    uint32_t allowed;

    if (lint_allow(a, SUBMIT_ALLOW, SUBMIT_WHY, &allowed, e) != 0)
        return -1;
    int rc = campaigns_open(c, a->rest[0], &x, e);
    x.lint.lint.allowed = allowed;
    x.lint.lint.why = why;
    if (rc == 0)
        rc = cli_audit_ready(c, e);
    if (rc == 0) {
        campaigns_tell_edited(c, &x.k);
        struct progress p = bar_begin(&bar, c, _("freezing"));
        rc = campaign_submit(c->store, c->keyring, &x.k, x.g.list, &x.o, c->actor, &r, &p, &w, e);
        bar_end(&bar);
    }
    lint_tell(stderr, &x.lint.lint);
    campaigns_close(&x);
    if (rc != 0)
        return -1;
    crypt_hex(w.digest, sizeof w.digest, digest);
    printf(_("campaign %s is frozen: %s messages, %s segments; digest %.16s\n"), x.k.name,
           cli_number(w.messages, n), cli_number(w.segments, m), digest);
    puts(conf_int(c->conf, "people.maker_is_checker") != 0
             ? _("it waits for approval: `zhanchi campaign approve`")
             : _("somebody else must approve it: `zhanchi campaign approve`"));
    return 0;
}

static const struct cli_option approve_options[] = {
    {"unconfirmed-because", "TEXT",
     N_("approve although a rule is not confirmed; the reason is recorded")},
    CLI_END};

static int run_approve(struct cli *c, const struct cli_args *a, struct err *e)
{
    const char *reason = a->value[0];
    struct record record = {.c = c,
                            .act = "campaign.approve",
                            .campaign = a->rest[0],
                            .reason = reason != NULL ? reason : "",
                            .because = "unconfirmed because"};
    struct campaign_record r = {write_record, &record};
    struct wave_info w;
    struct opened x;

    if (reason != NULL && reason[0] == '\0')
        return err_set(e, ERR_USAGE, _("say why"), _("--unconfirmed-because needs a reason"));
    int rc = campaigns_open(c, a->rest[0], &x, e);
    if (rc == 0)
        rc = campaign_approve(c->store, c->keyring, &x.k, x.g.list, c->actor,
                              conf_int(c->conf, "people.maker_is_checker") != 0, reason != NULL,
                              x.o.now_ms, &r, &w, e);
    campaigns_close(&x);
    if (rc != 0)
        return -1;
    if (w.allowed[0] != '\0')
        printf(_("its texts were allowed to break rules: %s\n"), w.allowed);
    printf(_("campaign %s is approved by %s; `zhanchi dispatch` sends it\n"), x.k.name, c->actor);
    return 0;
}

/* ---- brakes ---- */

static int move(struct cli *c, const char *name, bool pause, const char *why, struct err *e)
{
    struct campaign_info k;

    if (cli_store(c, STORE_RW, e) != 0 || cli_campaign(c, name, &k, e) != 0)
        return -1;
    enum campaign_state from = k.state;
    if (pause && from != CAMPAIGN_RUNNING && from != CAMPAIGN_APPROVED)
        return err_set(e, ERR_DATA, _("only what is approved or running can be paused"),
                       _("campaign %s is %s"), name, campaign_state_name(from));
    if (!pause && from != CAMPAIGN_PAUSED)
        return err_set(e, ERR_DATA, NULL, _("campaign %s is %s, not paused"), name,
                       campaign_state_name(from));
    enum campaign_state to = pause               ? CAMPAIGN_PAUSED
                             : k.started_at != 0 ? CAMPAIGN_RUNNING
                                                 : CAMPAIGN_APPROVED;
    if (store_begin(c->store, e) != 0)
        return -1;
    if (store_campaign_move(c->store, k.id, from, to, why, e) != 0 ||
        audit(c, pause ? "campaign.pause" : "campaign.resume", name, why, e) != 0) {
        store_rollback(c->store);
        return -1;
    }
    if (store_commit(c->store, e) != 0)
        return -1;
    printf(_("campaign %s is %s\n"), name, campaign_state_name(to));
    return 0;
}

static const struct cli_option pause_options[] = {{"why", "TEXT", N_("reason, for the record")},
                                                  CLI_END};

static int run_pause(struct cli *c, const struct cli_args *a, struct err *e)
{
    return move(c, a->rest[0], true, a->value[0] != NULL ? a->value[0] : "", e);
}

static int run_resume(struct cli *c, const struct cli_args *a, struct err *e)
{
    return move(c, a->rest[0], false, "", e);
}

static const struct cli_option cancel_options[] = {{"yes", NULL, N_("do not ask")}, CLI_END};

static int run_cancel(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct record record = {.c = c, .act = "campaign.cancel", .campaign = a->rest[0], .reason = ""};
    struct campaign_record r = {write_record, &record};
    struct campaign_info k;
    char number[32];
    struct bar bar;
    int64_t n;

    if (cli_store(c, STORE_RW, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    if (!cli_confirm(a->value[0] != NULL, _("cancel this campaign for good?")))
        return err_set(e, ERR_USAGE, _("add --yes"), _("not cancelled"));
    struct progress p = bar_begin(&bar, c, _("cancelling"));
    int rc = campaign_cancel(c->store, &k, &r, &n, &p, e);
    bar_end(&bar);
    if (rc != 0)
        return -1;
    printf(_("campaign %s is cancelled: %s messages will not go\n"), k.name, cli_number(n, number));
    return 0;
}

/* ---- the table ---- */

static const struct command submit = {.name = "submit",
                                      .args = "C [--allow RULE ... --why TEXT]",
                                      .help = N_("Freeze members and texts for approval."),
                                      .options = submit_options,
                                      .min_rest = 1,
                                      .max_rest = 1,
                                      .run = run_submit};
static const struct command approve = {
    .name = "approve",
    .args = "C [--unconfirmed-because TEXT]",
    .help = N_("Sign exactly what was frozen (not by the one who submitted)."),
    .options = approve_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_approve};
static const struct command hold = {.name = "pause",
                                    .args = "C [--why TEXT]",
                                    .help = N_("Stop claiming; what is on the wire ends."),
                                    .options = pause_options,
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run_pause};
static const struct command resume = {.name = "resume",
                                      .args = "C",
                                      .help = N_("Go on."),
                                      .min_rest = 1,
                                      .max_rest = 1,
                                      .run = run_resume};
static const struct command cancel = {.name = "cancel",
                                      .args = "C [--yes]",
                                      .help = N_("End it for good: what waits will not go."),
                                      .options = cancel_options,
                                      .min_rest = 1,
                                      .max_rest = 1,
                                      .run = run_cancel};
static const struct command *const verbs[] = {&campaign_create_command,
                                              &campaign_forecast_command,
                                              &campaign_preview_command,
                                              &campaign_test_command,
                                              &submit,
                                              &approve,
                                              &hold,
                                              &resume,
                                              &cancel,
                                              &campaign_show_command,
                                              &campaign_ls_command,
                                              NULL};

const struct command cmd_campaign = {.name = "campaign",
                                     .args = "VERB ...",
                                     .help =
                                         N_("Campaigns: from draft to approval, and their brakes."),
                                     .verbs = verbs};
