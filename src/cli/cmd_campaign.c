/*
 * cmd_campaign: campaigns from draft to approval, and their brakes. Every act is recorded in the transaction that makes it visible. (Making one:
 * campaign_create.c; forecast and preview: campaign_look.c.)
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/store_measure.h"
#include "campaigns.h"

struct campaign_office campaigns_office(const struct cli *c)
{
    struct campaign_office o = {.office = conf_str(c->conf, "office.name"),
                                .phone12333 = conf_str(c->conf, "office.phone12333"),
                                .apply_where = conf_str(c->conf, "office.apply_where"),
                                .now_ms = clock_now_ms(),
                                .max_units = (int)conf_int(c->conf, "campaign.max_units")};

    o.today = civil_local_day(o.now_ms, c->zone_min);
    return o;
}

int campaigns_open(struct cli *c, const char *name, struct opened *x, struct err *e)
{
    memset(x, 0, sizeof *x);
    if (cli_keyring(c, e) != 0 || cli_campaign(c, name, &x->k, e) != 0 ||
        cli_gateways(c, x->k.gateway, &x->g, e) != 0)
        return -1;
    x->o = campaigns_office(c);
    return 0;
}

void campaigns_close(struct opened *x)
{
    cli_gateways_free(&x->g);
}

/* ---- records ---- */

struct record {
    struct cli *c;
    const char *act, *campaign, *reason; /* reason: "" if none */
};

static int write_record(void *ctx, const struct wave_info *w, struct err *e)
{
    const struct record *r = ctx;
    char digest[65], detail[512] = "";

    if (w != NULL) {
        crypt_hex(w->digest, sizeof w->digest, digest);
        snprintf(detail, sizeof detail, "wave %d, %lld messages, %lld held out, digest %s", w->no,
                 (long long)w->messages, (long long)w->held_out, digest);
    }
    if (r->reason[0] != '\0')
        snprintf(detail + strlen(detail), sizeof detail - strlen(detail), "%s%.300s",
                 detail[0] != '\0' ? ", unconfirmed because: " : "", r->reason);
    return cli_audit(r->c, r->act, r->campaign, detail, e);
}

/* ---- submit, approve ---- */

static int run_submit(struct cli *c, const struct cli_args *a, struct err *e)
{
    char n[32], m[32], digest[65];
    struct record record = {c, "campaign.submit", a->rest[0], ""};
    struct campaign_record r = {write_record, &record};
    struct wave_info w;
    struct opened x;
    struct bar bar;
    int rc = campaigns_open(c, a->rest[0], &x, e);

    if (rc == 0) {
        struct progress p = bar_begin(&bar, c, _("freezing"));
        rc =
            campaign_submit(c->store, c->keyring, &x.k, x.g.list[0], &x.o, c->actor, &r, &p, &w, e);
        bar_end(&bar);
    }
    campaigns_close(&x);
    if (rc != 0)
        return -1;
    crypt_hex(w.digest, sizeof w.digest, digest);
    printf(_("campaign %s is frozen: %s messages, %s segments; digest %.16s\n"), x.k.name,
           cli_number(w.messages, n), cli_number(w.segments, m), digest);
    puts(_("somebody else must approve it: `zhanchi campaign approve`"));
    return 0;
}

static const struct cli_option approve_options[] = {
    {"unconfirmed-because", "TEXT",
     N_("approve although a rule is not confirmed; the reason is recorded")},
    CLI_END};

static int run_approve(struct cli *c, const struct cli_args *a, struct err *e)
{
    const char *reason = a->value[0];
    struct record record = {c, "campaign.approve", a->rest[0], reason != NULL ? reason : ""};
    struct campaign_record r = {write_record, &record};
    struct wave_info w;
    struct opened x;

    if (reason != NULL && reason[0] == '\0')
        return err_set(e, ERR_USAGE, "say why", "--unconfirmed-because needs a reason");
    int rc = campaigns_open(c, a->rest[0], &x, e);
    if (rc == 0)
        rc = campaign_approve(c->store, c->keyring, &x.k, x.g.list[0], c->actor,
                              conf_int(c->conf, "people.maker_is_checker") != 0, reason != NULL,
                              x.o.now_ms, &r, &w, e);
    campaigns_close(&x);
    if (rc != 0)
        return -1;
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
        return err_set(e, ERR_DATA, "only what is approved or running can be paused",
                       "campaign %s is %s", name, campaign_state_name(from));
    if (!pause && from != CAMPAIGN_PAUSED)
        return err_set(e, ERR_DATA, NULL, "campaign %s is %s, not paused", name,
                       campaign_state_name(from));
    enum campaign_state to = pause               ? CAMPAIGN_PAUSED
                             : k.started_at != 0 ? CAMPAIGN_RUNNING
                                                 : CAMPAIGN_APPROVED;
    if (store_begin(c->store, e) != 0)
        return -1;
    if (store_campaign_move(c->store, k.id, from, to, why, e) != 0 ||
        cli_audit(c, pause ? "campaign.pause" : "campaign.resume", name, why, e) != 0) {
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
    struct record record = {c, "campaign.cancel", a->rest[0], ""};
    struct campaign_record r = {write_record, &record};
    struct campaign_info k;
    char number[32];
    struct bar bar;
    int64_t n;

    if (cli_store(c, STORE_RW, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    if (!cli_confirm(a->value[0] != NULL, _("cancel this campaign for good?")))
        return err_set(e, ERR_USAGE, "add --yes", "not cancelled");
    struct progress p = bar_begin(&bar, c, _("cancelling"));
    int rc = campaign_cancel(c->store, &k, &r, &n, &p, e);
    bar_end(&bar);
    if (rc != 0)
        return -1;
    printf(_("campaign %s is cancelled: %s messages will not go\n"), k.name, cli_number(n, number));
    return 0;
}

/* ---- looking ---- */

static int list_one(void *ctx, const struct campaign_info *k)
{
    struct table_out *t = ctx;
    char day[11];

    tout_text(t, k->name);
    tout_text(t, campaign_state_name(k->state));
    tout_text(t, k->topic);
    tout_text(t, k->gateway);
    tout_int(t, k->n_variants);
    tout_text(t, k->holdout_permille > 0 ? civil_format(k->holdout_until, day) : "");
    tout_when(t, k->created_at);
    tout_text(t, k->pause_reason);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"name",    "state",        "topic",
                                       "gateway", "variants",     "holdout_until",
                                       "created", "pause_reason", NULL};
    static const char *const titles[] = {N_("campaign"), N_("state"),          N_("topic"),
                                         N_("gateway"),  N_("variants"),       N_("holdout until"),
                                         N_("created"),  N_("paused because"), NULL};
    (void)a;
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_campaign_each(c->store, list_one, t, e);
    tout_end(t);
    return rc;
}

static int show_counter(void *ctx, enum msg_state s, enum msg_cause cause, int64_t n)
{
    struct table_out *t = ctx;

    tout_text(t, message_state_name(s));
    tout_text(t, cause != CAUSE_NONE ? message_cause_name(cause) : "");
    tout_int(t, n);
    return 0;
}

static void show_head(const struct cli *c, const struct campaign_info *k, const struct wave_info *w,
                      bool has_wave)
{
    char from[32], to[32];

    printf(_("campaign  %s (%s%s%s)\n"), k->name, campaign_state_name(k->state),
           k->pause_reason[0] != '\0' ? ": " : "", k->pause_reason);
    printf(_("topic     %s, gateway %s, priority %d\n"), k->topic, k->gateway, k->priority);
    printf(_("window    %02d:%02d-%02d:%02d, until %s\n"), k->schedule.window_from / 60,
           k->schedule.window_from % 60, k->schedule.window_to / 60, k->schedule.window_to % 60,
           civil_format_instant(k->schedule.not_after_ms, c->zone_min, to));
    if (k->started_at != 0)
        printf(_("started   %s\n"), civil_format_instant(k->started_at, c->zone_min, from));
    if (has_wave)
        printf(_("wave %d    submitted by %s, approved by %s; %lld messages, %lld segments\n"),
               w->no, w->submitted_by, w->approved_by[0] != '\0' ? w->approved_by : "-",
               (long long)w->messages, (long long)w->segments);
    puts("");
}

static int run_show(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"state", "cause", "messages", NULL};
    static const char *const titles[] = {N_("state"), N_("cause"), N_("messages"), NULL};
    struct campaign_info k;
    struct wave_info w;

    if (cli_store(c, STORE_RO, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    int found = store_wave_of(c->store, k.id, &w, e);
    if (found < 0)
        return -1;
    if (!c->json)
        show_head(c, &k, &w, found == 1);
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_tally(c->store, k.id, show_counter, t, e);
    tout_end(t);
    return rc;
}

/* ---- the table ---- */

static const struct command submit = {.name = "submit",
                                      .args = "C",
                                      .help = N_("Freeze members and texts for approval."),
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
static const struct command show = {.name = "show",
                                    .args = "C",
                                    .help = N_("State, approval and counters."),
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run_show};
static const struct command ls = {
    .name = "ls", .args = "", .help = N_("All campaigns."), .run = run_ls};
static const struct command *const verbs[] = {&campaign_create_command,
                                              &campaign_forecast_command,
                                              &campaign_preview_command,
                                              &submit,
                                              &approve,
                                              &hold,
                                              &resume,
                                              &cancel,
                                              &show,
                                              &ls,
                                              NULL};

const struct command cmd_campaign = {.name = "campaign",
                                     .args = "VERB ...",
                                     .help =
                                         N_("Campaigns: from draft to approval, and their brakes."),
                                     .verbs = verbs};
