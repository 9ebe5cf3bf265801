/*
 * cmd_campaign: campaigns from draft to approval, and their brakes. Every act is audited.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/campaign.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/store_measure.h"
#include "cli.h"
#include "templates.h"

static struct campaign_office office_of(const struct cli *c)
{
    struct campaign_office o = {.office = conf_str(c->conf, "office.name"),
                                .phone12333 = conf_str(c->conf, "office.phone12333"),
                                .apply_where = conf_str(c->conf, "office.apply_where"),
                                .now_ms = clock_now_ms(),
                                .max_units = (int)conf_int(c->conf, "campaign.max_units")};
    o.today = civil_local_day(o.now_ms, c->zone_min);
    return o;
}

/* ---- create ---- */

enum {
    C_LIST,
    C_TEMPLATE,
    C_GATEWAY,
    C_POLICY,
    C_HOLDOUT,
    C_UNTIL,
    C_WINDOW,
    C_BEFORE,
    C_AFTER,
    C_PRIORITY,
    C_SEED
};

static const struct cli_option create_options[] = {
    {"list", "L", N_("list to write to (screened, if a policy is given)")},
    {"template", "T[:WEIGHT]", N_("text; several are variants, compared by weight")},
    {"gateway", "G", N_("gateway of zhanchi.conf")},
    {"policy", "P", N_("only those eligible under this policy; without it, everybody")},
    {"holdout", "10%", N_("share of people reached later, so that the effect can be measured")},
    {"holdout-until", "DATE", N_("day on which those held out are reached too")},
    {"window", "09:00-20:00", N_("hours of the day in which messages may go")},
    {"not-before", "TIME", N_("nothing goes before")},
    {"not-after", "TIME", N_("nothing goes afterwards (default: see campaign.not_after_days)")},
    {"priority", "N", N_("higher first (default 0)")},
    {"seed", "N", N_("draws arms and variants; the same seed draws the same (default: random)")},
    CLI_END};

static int parse_holdout(const char *text, int *permille, struct err *e)
{
    char *end;
    double share = strtod(text, &end);

    if (*end == '%')
        end++;
    if (*end != '\0' || !(share >= 0 && share <= 90))
        return err_set(e, ERR_USAGE, "write --holdout 10%",
                       "--holdout %.20s is no share from 0%% to 90%%", text);
    *permille = (int)(share * 10 + 0.5);
    return 0;
}

static int parse_window(const char *text, struct pace_schedule *s, struct err *e)
{
    char from[8];
    const char *dash = strchr(text, '-');
    size_t n = dash != NULL ? (size_t)(dash - text) : 0;

    if (n == 0 || n >= sizeof from)
        return err_set(e, ERR_USAGE, "write --window 09:00-20:00", "--window %.20s is no window",
                       text);
    memcpy(from, text, n);
    from[n] = '\0';
    if (civil_parse_minute(from, &s->window_from) != 0 ||
        civil_parse_minute(dash + 1, &s->window_to) != 0 || s->window_from >= s->window_to)
        return err_set(e, ERR_USAGE, "write --window 09:00-20:00", "--window %.20s is no window",
                       text);
    return 0;
}

static int parse_instant(const char *option, const char *text, int zone_min, int64_t *out,
                         struct err *e)
{
    if (civil_parse_instant(text, zone_min, out) == 0)
        return 0;
    return err_set(e, ERR_USAGE, "write 2026-03-01 or 2026-03-01T09:00", "--%s %.40s is no time",
                   option, text);
}

static int parse_schedule(struct cli *c, const struct cli_args *a, struct campaign_info *k,
                          struct err *e)
{
    struct pace_schedule *s = &k->schedule;
    int64_t day_ms;

    s->zone_min = c->zone_min;
    s->window_from = (int)conf_int(c->conf, "campaign.window_from");
    s->window_to = (int)conf_int(c->conf, "campaign.window_to");
    k->holdout_until = CIVIL_NONE;
    k->holdout_margin_days = (int)conf_int(c->conf, "campaign.holdout_margin_days");
    if ((a->value[C_WINDOW] != NULL && parse_window(a->value[C_WINDOW], s, e) != 0) ||
        (a->value[C_BEFORE] != NULL &&
         parse_instant("not-before", a->value[C_BEFORE], c->zone_min, &s->not_before_ms, e) != 0) ||
        (a->value[C_AFTER] != NULL &&
         parse_instant("not-after", a->value[C_AFTER], c->zone_min, &s->not_after_ms, e) != 0) ||
        (a->value[C_HOLDOUT] != NULL &&
         parse_holdout(a->value[C_HOLDOUT], &k->holdout_permille, e) != 0))
        return -1;
    if (a->value[C_UNTIL] != NULL) {
        if (parse_instant("holdout-until", a->value[C_UNTIL], c->zone_min, &day_ms, e) != 0)
            return -1;
        k->holdout_until = civil_local_day(day_ms, c->zone_min);
    }
    if (s->not_after_ms == 0) {
        int64_t from = s->not_before_ms > clock_now_ms() ? s->not_before_ms : clock_now_ms();
        int32_t day = civil_local_day(from, c->zone_min);
        if (k->holdout_permille > 0 && k->holdout_until != CIVIL_NONE && k->holdout_until > day)
            day = k->holdout_until;
        s->not_after_ms = civil_at_ms(day + (int32_t)conf_int(c->conf, "campaign.not_after_days"),
                                      0, c->zone_min);
    }
    return 0;
}

/* "skill-a:2" -> the template's newest version (from its file, if there is one) and weight 2. */
static int add_variant(struct cli *c, const char *text, struct campaign_info *k, struct err *e)
{
    char name[256];
    const char *colon = strrchr(text, ':');
    int weight = 1;

    if (colon != NULL) {
        char *end;
        weight = (int)strtol(colon + 1, &end, 10);
        if (*end != '\0' || weight < 1 || weight > 1000)
            return err_set(e, ERR_USAGE, "write --template NAME:WEIGHT",
                           "%.60s: the weight must be 1 to 1000", text);
    }
    snprintf(name, sizeof name, "%.*s", colon != NULL ? (int)(colon - text) : 255, text);
    struct template_info *t = malloc(sizeof *t);
    if (t == NULL)
        panic("out of memory");
    int rc = templates_get(c, name, t, e);
    if (rc == 0) {
        k->variants[k->n_variants].template_id = t->id;
        k->variants[k->n_variants++].weight = weight;
    }
    free(t);
    return rc;
}

static int fill(struct cli *c, const struct cli_args *a, struct campaign_info *k, struct err *e)
{
    struct list_info *l = malloc(sizeof *l);
    struct policy_info p;

    if (l == NULL)
        panic("out of memory");
    int rc = cli_list(c, a->value[C_LIST], l, e);
    k->list_id = rc == 0 ? l->id : 0;
    free(l);
    if (rc != 0 || parse_schedule(c, a, k, e) != 0)
        return -1;
    if (a->value[C_POLICY] != NULL) {
        int found = store_policy_find(c->store, a->value[C_POLICY], &p, e);
        if (found != 1)
            return found < 0
                       ? -1
                       : err_set(e, ERR_NOINPUT,
                                 "screen a list with it first: `zhanchi list screen L --policy P`",
                                 "policy %s is not known yet", a->value[C_POLICY]);
        k->policy_id = p.id;
    }
    for (int i = 0; i < a->n_more[C_TEMPLATE]; i++)
        if (add_variant(c, a->more[C_TEMPLATE][i], k, e) != 0)
            return -1;
    return 0;
}

static int run_create(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_info k = {0};
    char detail[512], from[32], to[32];

    if (a->value[C_LIST] == NULL || a->value[C_TEMPLATE] == NULL || a->value[C_GATEWAY] == NULL)
        return err_set(e, ERR_USAGE, "see `zhanchi campaign create --help`",
                       "--list, --template and --gateway are needed");
    if (strlen(a->rest[0]) >= sizeof k.name || strlen(a->value[C_GATEWAY]) >= sizeof k.gateway)
        return err_set(e, ERR_USAGE, "shorten it", "a name is longer than 63 bytes");
    if (cli_store(c, STORE_RW, e) != 0)
        return -1;
    struct cli_gateways g;
    if (cli_gateways(c, a->value[C_GATEWAY], &g, e) != 0)
        return -1;
    cli_gateways_free(&g);
    snprintf(k.name, sizeof k.name, "%s", a->rest[0]);
    snprintf(k.gateway, sizeof k.gateway, "%s", a->value[C_GATEWAY]);
    snprintf(k.created_by, sizeof k.created_by, "%s", c->actor);
    k.created_at = clock_now_ms();
    k.priority = a->value[C_PRIORITY] != NULL ? atoi(a->value[C_PRIORITY]) : 0;
    if (a->value[C_SEED] != NULL)
        k.seed = strtoull(a->value[C_SEED], NULL, 10);
    else
        crypt_random(&k.seed, sizeof k.seed);
    k.seed &= INT64_MAX;
    struct campaign_office o = office_of(c);
    if (fill(c, a, &k, e) != 0 || campaign_create(c->store, &k, &o, e) != 0)
        return -1;
    snprintf(detail, sizeof detail,
             "list %s, gateway %s, window %02d:%02d-%02d:%02d, holdout %d permille, variants %d",
             a->value[C_LIST], k.gateway, k.schedule.window_from / 60, k.schedule.window_from % 60,
             k.schedule.window_to / 60, k.schedule.window_to % 60, k.holdout_permille,
             k.n_variants);
    if (cli_audit(c, "campaign.create", k.name, detail, e) != 0)
        return -1;
    printf(_("campaign %s is a draft: %s\n"), k.name, detail);
    printf(_("messages may go from %s to %s\n"),
           civil_format_instant(k.schedule.not_before_ms > o.now_ms ? k.schedule.not_before_ms
                                                                    : o.now_ms,
                                c->zone_min, from),
           civil_format_instant(k.schedule.not_after_ms, c->zone_min, to));
    if (k.schedule.window_from == 0 && k.schedule.window_to == 1440)
        puts(_("note: the window is the whole day and night"));
    return 0;
}

/* ---- opening one ---- */

struct opened {
    struct campaign_info k;
    struct cli_gateways g;
    struct campaign_office o;
};

static int open_campaign(struct cli *c, const char *name, struct opened *x, struct err *e)
{
    memset(x, 0, sizeof *x);
    if (cli_keyring(c, e) != 0 || cli_campaign(c, name, &x->k, e) != 0 ||
        cli_gateways(c, x->k.gateway, &x->g, e) != 0)
        return -1;
    x->o = office_of(c);
    return 0;
}

/* ---- forecast ---- */

static void yuan(int64_t microyuan, char out[40])
{
    char whole[32];

    cli_number(microyuan / 1000000, whole);
    snprintf(out, 40, "%s.%02d", whole, (int)(microyuan / 10000 % 100));
}

static void forecast_json(const struct campaign_forecast *f)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 16);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    const struct {
        const char *key;
        int64_t v;
    } all[] = {{"persons", f->persons},
               {"messages", f->messages},
               {"held_out", f->held_out},
               {"always", f->always},
               {"segments", f->segments},
               {"segments_held", f->segments_held},
               {"cost_microyuan", f->cost_microyuan},
               {"shared_numbers", f->shared_addresses},
               {"unconfirmed", f->unconfirmed_rules},
               {"finish_ms", f->finish_ms}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        json_w_key(&w, all[i].key);
        json_w_int(&w, all[i].v);
    }
    json_w_key(&w, "suppressed");
    json_w_open(&w, '{');
    for (int i = 1; i < 32; i++)
        if (f->suppressed[i] > 0) {
            json_w_key(&w, message_cause_name((enum msg_cause)i));
            json_w_int(&w, f->suppressed[i]);
        }
    json_w_close(&w, '}');
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void forecast_text(const struct cli *c, const struct campaign_info *k,
                          const struct campaign_forecast *f)
{
    char n[32], money[40], when[32];

    printf(_("persons eligible        %10s\n"), cli_number(f->persons, n));
    for (int i = 1; i < 32; i++)
        if (f->suppressed[i] > 0)
            printf(_("  not written to        %10s  (%s)\n"), cli_number(f->suppressed[i], n),
                   message_cause_name((enum msg_cause)i));
    printf(_("messages now            %10s\n"), cli_number(f->messages, n));
    for (int i = 0; i < k->n_variants; i++)
        printf(_("  variant %d             %10s\n"), i + 1, cli_number(f->per_variant[i], n));
    if (k->holdout_permille > 0) {
        char day[11];
        printf(_("held out until %s %9s  (randomised, last day far enough)\n"),
               civil_format(k->holdout_until, day), cli_number(f->held_out, n));
        printf(_("  always sent           %10s  (last day too near: left out of the lift)\n"),
               cli_number(f->always, n));
    }
    printf(_("segments                %10s"), cli_number(f->segments, n));
    for (int i = 1; i < 8; i++)
        if (f->parts[i] > 0)
            printf("  %lld x %d%s", (long long)f->parts[i], i, i == 7 ? "+" : "");
    yuan(f->cost_microyuan, money);
    printf(_("\ncost                    %10s yuan\n"), money);
    if (f->shared_addresses > 0)
        printf(_("numbers shared          %10s  (each person gets a message)\n"),
               cli_number(f->shared_addresses, n));
    if (f->unconfirmed_rules > 0)
        printf(_("rules not confirmed     %10s  (approval will ask for a reason)\n"),
               cli_number(f->unconfirmed_rules, n));
    if (f->finish_ms >= 0)
        printf(_("finished at the earliest  %s\n"),
               civil_format_instant(f->finish_ms, c->zone_min, when));
    else
        puts(_(
            "finished                 not before not_after: widen the window, or raise the rate"));
}

static int run_forecast(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_forecast f;
    struct opened x;
    struct bar bar;
    int rc = open_campaign(c, a->rest[0], &x, e);

    if (rc == 0) {
        struct progress p = bar_begin(&bar, c, _("forecast"));
        rc = campaign_forecast(c->store, c->keyring, &x.k, x.g.list[0], &x.o, &p, &f, e);
        bar_end(&bar);
    }
    if (rc == 0) {
        if (c->json)
            forecast_json(&f);
        else
            forecast_text(c, &x.k, &f);
    }
    cli_gateways_free(&x.g);
    return rc;
}

/* ---- preview ---- */

static int show_sample(void *ctx, const struct campaign_sample *m)
{
    static const char *const arms[] = {"", "now", "held out", "now (always)", ""};
    struct cli *c = ctx;

    if (c->json) {
        struct buf out;
        struct json_w w;
        buf_init(&out, 1 << 20);
        json_w_init(&w, &out);
        json_w_open(&w, '{');
        json_w_key(&w, "line"), json_w_int(&w, m->line);
        json_w_key(&w, "why"), json_w_str(&w, m->why);
        json_w_key(&w, "variant"), json_w_int(&w, m->variant + 1);
        json_w_key(&w, "phone"), json_w_str(&w, m->phone);
        json_w_key(&w, "units"), json_w_int(&w, (int64_t)m->units);
        json_w_key(&w, "parts"), json_w_int(&w, m->parts);
        json_w_key(&w, "text"), json_w_str(&w, m->text);
        json_w_close(&w, '}');
        puts(buf_cstr(&out));
        buf_fini(&out);
        return 0;
    }
    printf(_("-- line %lld, %s, variant %d, %s, %s: %zu characters, %d segments\n%s\n\n"),
           (long long)m->line, m->why, m->variant + 1, arms[m->arm], m->phone, m->units, m->parts,
           m->text);
    return 0;
}

static const struct cli_option preview_options[] = {
    {"rows", "N", N_("how many texts (default 5, at most 40)")}, CLI_END};

static int run_preview(struct cli *c, const struct cli_args *a, struct err *e)
{
    int n = a->value[0] != NULL ? atoi(a->value[0]) : 5;
    struct opened x;
    int rc = open_campaign(c, a->rest[0], &x, e);

    if (rc == 0)
        rc = campaign_preview(c->store, c->keyring, &x.k, &x.o,
                              n < 1    ? 1
                              : n > 40 ? 40
                                       : n,
                              show_sample, c, e);
    cli_gateways_free(&x.g);
    return rc;
}

/* ---- submit, approve ---- */

static int run_submit(struct cli *c, const struct cli_args *a, struct err *e)
{
    char digest[65], detail[256], n[32], m[32];
    struct wave_info w;
    struct opened x;
    struct bar bar;
    int rc = open_campaign(c, a->rest[0], &x, e);

    if (rc == 0) {
        struct progress p = bar_begin(&bar, c, _("freezing"));
        rc = campaign_submit(c->store, c->keyring, &x.k, x.g.list[0], &x.o, c->actor, &p, &w, e);
        bar_end(&bar);
    }
    cli_gateways_free(&x.g);
    if (rc != 0)
        return -1;
    crypt_hex(w.digest, sizeof w.digest, digest);
    snprintf(detail, sizeof detail, "wave %d, %lld messages, %lld held out, digest %s", w.no,
             (long long)w.messages, (long long)w.held_out, digest);
    if (cli_audit(c, "campaign.submit", x.k.name, detail, e) != 0)
        return -1;
    printf(_("campaign %s is frozen: %s messages, %s segments; digest %.16s\n"), x.k.name,
           cli_number(w.messages, n), cli_number(w.segments, m), digest);
    puts(_("somebody else must approve it: `zhanchi campaign approve`"));
    return 0;
}

static const struct cli_option approve_options[] = {
    {"unconfirmed-because", "TEXT",
     N_("approve although a rule is not confirmed; the reason is audited")},
    CLI_END};

static int run_approve(struct cli *c, const struct cli_args *a, struct err *e)
{
    char digest[65], detail[512];
    struct wave_info w;
    struct opened x;
    struct bar bar;
    int rc = open_campaign(c, a->rest[0], &x, e);

    if (rc == 0 && a->value[0] != NULL && a->value[0][0] == '\0')
        rc = err_set(e, ERR_USAGE, "say why", "--unconfirmed-because needs a reason");
    if (rc == 0) {
        struct progress p = bar_begin(&bar, c, _("checking"));
        rc = campaign_approve(c->store, c->keyring, &x.k, x.g.list[0], c->actor,
                              conf_int(c->conf, "people.maker_is_checker") != 0,
                              a->value[0] != NULL, x.o.now_ms, &p, &w, e);
        bar_end(&bar);
    }
    cli_gateways_free(&x.g);
    if (rc != 0)
        return -1;
    crypt_hex(w.digest, sizeof w.digest, digest);
    snprintf(detail, sizeof detail, "wave %d, digest %s%s%.200s", w.no, digest,
             a->value[0] != NULL ? ", unconfirmed because: " : "",
             a->value[0] != NULL ? a->value[0] : "");
    if (cli_audit(c, "campaign.approve", x.k.name, detail, e) != 0)
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
        return err_set(e, ERR_DATA, NULL, "campaign %s is %s", name, campaign_state_name(from));
    if (!pause && from != CAMPAIGN_PAUSED)
        return err_set(e, ERR_DATA, NULL, "campaign %s is %s, not paused", name,
                       campaign_state_name(from));
    enum campaign_state to = pause               ? CAMPAIGN_PAUSED
                             : k.started_at != 0 ? CAMPAIGN_RUNNING
                                                 : CAMPAIGN_APPROVED;
    if (store_campaign_move(c->store, k.id, from, to, why, e) != 0 ||
        cli_audit(c, pause ? "campaign.pause" : "campaign.resume", name, why, e) != 0)
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
    struct campaign_info k;
    char detail[64];
    int64_t n;
    struct bar bar;

    if (cli_store(c, STORE_RW, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0)
        return -1;
    if (!cli_confirm(a->value[0] != NULL, _("cancel this campaign for good?")))
        return err_set(e, ERR_USAGE, "add --yes", "not cancelled");
    struct progress p = bar_begin(&bar, c, _("cancelling"));
    int rc = campaign_cancel(c->store, &k, &n, &p, e);
    bar_end(&bar);
    if (rc != 0)
        return -1;
    snprintf(detail, sizeof detail, "%lld waiting messages", (long long)n);
    if (cli_audit(c, "campaign.cancel", k.name, detail, e) != 0)
        return -1;
    printf(_("campaign %s is cancelled: %lld messages will not go\n"), k.name, (long long)n);
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

static const struct command create = {"create",
                                      "C --list L --template T[:WEIGHT] ... --gateway G [options]",
                                      N_("Make a draft."),
                                      create_options,
                                      1,
                                      1,
                                      run_create,
                                      NULL};
static const struct command forecast = {
    "forecast",   "C", N_("What a submit would send: people, segments, cost, finish."), NULL, 1, 1,
    run_forecast, NULL};
static const struct command preview = {"preview",
                                       "C [--rows N]",
                                       N_("Texts of real rows, chosen on purpose, names masked."),
                                       preview_options,
                                       1,
                                       1,
                                       run_preview,
                                       NULL};
static const struct command submit = {
    "submit", "C", N_("Freeze members and texts for approval."), NULL, 1, 1, run_submit, NULL};
static const struct command approve = {
    "approve",       "C", N_("Sign exactly what was frozen (not by the one who submitted)."),
    approve_options, 1,   1,
    run_approve,     NULL};
static const struct command hold = {"pause",
                                     "C [--why TEXT]",
                                     N_("Stop claiming; what is on the wire ends."),
                                     pause_options,
                                     1,
                                     1,
                                     run_pause,
                                     NULL};
static const struct command resume = {"resume", "C", N_("Go on."), NULL, 1, 1, run_resume, NULL};
static const struct command cancel = {
    "cancel",   "C [--yes]", N_("End it for good: what waits will not go."), cancel_options, 1, 1,
    run_cancel, NULL};
static const struct command show = {"show",   "C", N_("State, approval and counters."), NULL, 1, 1,
                                    run_show, NULL};
static const struct command ls = {"ls", "", N_("All campaigns."), NULL, 0, 0, run_ls, NULL};
static const struct command *const verbs[] = {
    &create, &forecast, &preview, &submit, &approve, &hold, &resume, &cancel, &show, &ls, NULL};

const struct command cmd_campaign = {
    "campaign", "VERB ...", N_("Campaigns: from draft to approval, and their brakes."), NULL, 0, 0,
    NULL,       verbs};
