/*
 * campaign_create: `zhanchi campaign create`: options -> a draft. Whether the draft makes sense is
 * campaign_create()'s to say; here words become numbers and names become rows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "campaigns.h"
#include "templates.h"

enum {
    C_LIST,
    C_TEMPLATE,
    C_GATEWAY,
    C_ROUTE,
    C_FAILOVER,
    C_POLICY,
    C_HOLDOUT,
    C_UNTIL,
    C_WINDOW,
    C_BEFORE,
    C_AFTER,
    C_SHARED,
    C_PRIORITY,
    C_SEED
};

static const struct cli_option options[] = {
    {"list", "L", N_("list to write to")},
    {"template", "T[:WEIGHT]", N_("text; several are variants, compared by weight")},
    {"gateway", "G[:WEIGHT]", N_("gateway of zhanchi.conf; several share the people by weight")},
    {"route", "NAME", N_("instead: gateways by the rules of that route in zhanchi.conf")},
    {"failover", NULL,
     N_("what no gateway has taken goes over another one when its own has stopped")},
    {"policy", "P", N_("only those eligible (default: the list's screening; none: everybody)")},
    {"holdout", "10%", N_("share of people reached later, so that the effect can be measured")},
    {"holdout-until", "DATE", N_("day on which those held out are reached too")},
    {"window", "09:00-20:00", N_("hours of the day in which messages may go")},
    {"not-before", "TIME", N_("nothing goes before")},
    {"not-after", "TIME", N_("nothing goes afterwards (default: see campaign.not_after_days)")},
    {"shared", "each|first|review",
     N_("where a number is several persons': each gets a message (default), the first alone, or "
        "none "
        "before a decision")},
    {"priority", "N", N_("higher first (default 0)")},
    {"seed", "N", N_("draws arms and variants; the same seed draws the same (default: random)")},
    CLI_END};

/* ---- words ---- */

static int parse_number(const char *option, const char *text, long long min, long long max,
                        long long *out, struct err *e)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && *out >= min && *out <= max)
        return 0;
    return err_set(e, ERR_USAGE, _("write a whole number"), _("--%s %.20s: from %lld to %lld"),
                   option, text, min, max);
}

static int parse_holdout(const char *text, int *permille, struct err *e)
{
    char *end;
    double share = strtod(text, &end);

    if (end != text && strcmp(end, "%") == 0 && share >= 0.1 && share <= 90) {
        *permille = (int)(share * 10 + 0.5);
        return 0;
    }
    return err_set(e, ERR_USAGE, _("write --holdout 10%"),
                   _("--holdout %.20s is no share from 0.1%% to 90%%"), text);
}

static int parse_window(const char *text, struct pace_schedule *s, struct err *e)
{
    char from[8] = "";
    const char *dash = strchr(text, '-');

    if (dash != NULL && dash - text < (int)sizeof from)
        memcpy(from, text, (size_t)(dash - text));
    if (dash != NULL && civil_parse_minute(from, &s->window_from) == 0 &&
        civil_parse_minute(dash + 1, &s->window_to) == 0 && s->window_from < s->window_to)
        return 0;
    return err_set(e, ERR_USAGE, _("write --window 09:00-20:00"),
                   _("--window %.20s is no window of a day"), text);
}

static int parse_instant(const char *option, const char *text, int zone_min, int64_t *out,
                         struct err *e)
{
    if (civil_parse_instant(text, zone_min, out) == 0)
        return 0;
    return err_set(e, ERR_USAGE, _("write 2026-03-01 or 2026-03-01T09:00"),
                   _("--%s %.40s is no time"), option, text);
}

static int parse_day(const char *option, const char *text, int32_t *out, struct err *e)
{
    if (civil_parse(text, strlen(text), out) == 0)
        return 0;
    return err_set(e, ERR_USAGE, _("write 2026-03-01"), _("--%s %.40s is no day"), option, text);
}

/* The end that the configuration gives: so many days after the first message, or after those held
 * out are released. */
static int64_t default_end(const struct cli *c, const struct campaign_info *k)
{
    int64_t now = clock_now_ms();
    int64_t from = k->schedule.not_before_ms > now ? k->schedule.not_before_ms : now;
    int32_t day = civil_local_day(from, c->zone_min);

    if (k->holdout_until != CIVIL_NONE && k->holdout_until > day)
        day = k->holdout_until;
    return civil_at_ms(day + (int32_t)conf_int(c->conf, "campaign.not_after_days"), 0, c->zone_min);
}

static int parse_schedule(const struct cli *c, const struct cli_args *a, struct campaign_info *k,
                          struct err *e)
{
    struct pace_schedule *s = &k->schedule;

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
         parse_holdout(a->value[C_HOLDOUT], &k->holdout_permille, e) != 0) ||
        (a->value[C_UNTIL] != NULL &&
         parse_day("holdout-until", a->value[C_UNTIL], &k->holdout_until, e) != 0))
        return -1;
    if (a->value[C_AFTER] == NULL)
        s->not_after_ms = default_end(c, k);
    return 0;
}

static int parse_rest(const struct cli_args *a, struct campaign_info *k, struct err *e)
{
    long long n = 0;

    if (a->value[C_PRIORITY] != NULL &&
        parse_number("priority", a->value[C_PRIORITY], -1000, 1000, &n, e) != 0)
        return -1;
    k->priority = (int)n;
    n = 0;
    if (a->value[C_SEED] != NULL &&
        parse_number("seed", a->value[C_SEED], 1, INT64_MAX, &n, e) != 0)
        return -1;
    k->seed = (uint64_t)n;
    k->shared = SHARED_EACH;
    if (a->value[C_SHARED] != NULL && campaign_shared_parse(a->value[C_SHARED], &k->shared) != 0)
        return err_set(e, ERR_USAGE, _("each, first or review"), _("--shared %.20s"),
                       a->value[C_SHARED]);
    return 0;
}

static int copy_name(const char *what, const char *text, char out[64], struct err *e)
{
    if (strlen(text) > 63 || text[0] == '\0' || strpbrk(text, "/ \t\n") != NULL)
        return err_set(e, ERR_USAGE, _("choose another one"),
                       _("a %s's name has 1 to 63 bytes, no blanks and no slash"), _(what));
    memmove(out, text, strlen(text) + 1);
    return 0;
}

/* ---- names ---- */

/* "skill-a:2" -> the text's newest version (from its file, if there is one) and weight 2. */
static int add_variant(struct cli *c, const char *text, struct campaign_info *k, struct err *e)
{
    char name[4096];
    const char *colon = strrchr(text, ':');
    long long weight = 1;

    if (k->n_variants == CAMPAIGN_VARIANTS)
        return err_set(e, ERR_USAGE, _("take fewer"), _("at most %d texts can be compared"),
                       CAMPAIGN_VARIANTS);
    if (colon != NULL && parse_number("template NAME:WEIGHT", colon + 1, 1, 1000, &weight, e) != 0)
        return -1;
    snprintf(name, sizeof name, "%.*s", colon != NULL ? (int)(colon - text) : 4095, text);
    struct template_info *t = malloc(sizeof *t);
    if (t == NULL)
        panic("out of memory");
    int rc = templates_get(c, name, t, e);
    if (rc == 0) {
        k->variants[k->n_variants].template_id = t->id;
        k->variants[k->n_variants++].weight = (int)weight;
    }
    free(t);
    return rc;
}

/* Whoever screened a list means those who are eligible, unless he says otherwise. */
static int find_policy(struct cli *c, const char *name, struct campaign_info *k, struct err *e)
{
    struct policy_info p;
    int32_t as_of;

    if (name != NULL && strcmp(name, "none") == 0)
        return 0;
    if (name == NULL)
        return store_list_screened(c->store, k->list_id, &k->policy_id, &as_of, e) < 0 ? -1 : 0;
    int found = store_policy_find(c->store, name, &p, e);
    if (found == 0)
        return err_set(e, ERR_NOINPUT,
                       _("screen the list with it first: `zhanchi list screen L --policy P`"),
                       _("policy %s is not known here yet"), name);
    k->policy_id = found == 1 ? p.id : 0;
    return found < 0 ? -1 : 0;
}

static int find_rows(struct cli *c, const struct cli_args *a, struct campaign_info *k,
                     struct err *e)
{
    struct list_info *l = malloc(sizeof *l);

    if (l == NULL)
        panic("out of memory");
    int rc = cli_list(c, a->value[C_LIST], l, e);
    k->list_id = l->id;
    free(l);
    if (rc != 0 || find_policy(c, a->value[C_POLICY], k, e) != 0)
        return -1;
    for (int i = 0; i < a->n_more[C_TEMPLATE]; i++)
        if (add_variant(c, a->more[C_TEMPLATE][i], k, e) != 0)
            return -1;
    return 0;
}

/* "a", "a:3": the draw among the gateways that are named. */
static int draw_among(struct cli *c, const struct cli_args *a, struct route *r, struct err *e)
{
    char name[64];
    int weight;

    r->n_rules = 1;
    for (int i = 0; i < a->n_more[C_GATEWAY]; i++) {
        if (conf_share(c->conf, a->more[C_GATEWAY][i], name, &weight, e) != 0)
            return -1;
        int at = route_gateway(r, name);
        if (at < 0)
            return err_set(e, ERR_USAGE, _("take fewer"), _("a campaign has at most %d gateways"),
                           ROUTE_GATEWAYS);
        if (r->rules[0].weight[at] > 0)
            return err_set(e, ERR_USAGE, _("name it once; weights say how often it is taken"),
                           _("gateway %s stands there twice"), name);
        r->rules[0].weight[at] = weight;
    }
    return 0;
}

/* A campaign has one channel, its gateways'. */
static int take_channel(const struct cli_gateways *g, struct campaign_info *k, struct err *e)
{
    snprintf(k->channel, sizeof k->channel, "%s", gateway_channel(g->list[0]));
    for (size_t i = 1; i < g->n; i++)
        if (strcmp(gateway_channel(g->list[i]), k->channel) != 0)
            return err_set(e, ERR_USAGE, _("make two campaigns"),
                           _("gateway %s is for %s, gateway %s is for %s"),
                           gateway_name(g->list[0]), k->channel, gateway_name(g->list[i]),
                           gateway_channel(g->list[i]));
    return 0;
}

static int find_gateways(struct cli *c, const struct cli_args *a, struct campaign_info *k,
                         struct err *e)
{
    struct route *r = calloc(1, sizeof *r);
    struct cli_gateways g;

    if (r == NULL)
        panic("out of memory");
    int rc = a->value[C_ROUTE] != NULL ? conf_route(c->conf, a->value[C_ROUTE], r, e)
                                       : draw_among(c, a, r, e);
    if (rc == 0 && route_format(r, k->routing, sizeof k->routing) != 0)
        rc = err_set(e, ERR_CONFIG, _("use fewer rules"), _("the route is too long"));
    if (rc == 0) {
        k->n_gateways = r->n_gateways;
        memcpy(k->gateways, r->gateways, sizeof k->gateways);
        memcpy(k->gateway, r->gateways[0], sizeof k->gateway);
        k->failover = a->value[C_FAILOVER] != NULL;
    }
    free(r);
    for (int i = 0; i < k->n_gateways && rc == 0; i++)
        rc = copy_name("gateway", k->gateways[i], k->gateways[i], e);
    if (rc != 0 || cli_gateways_named(c, k->gateways, k->n_gateways, &g, e) != 0)
        return -1;
    rc = take_channel(&g, k, e);
    cli_gateways_free(&g);
    return rc;
}

/* ---- the act ---- */

/* For the record, which is the same in every language. */
static void describe(const struct cli_args *a, const struct campaign_info *k, char *out, size_t cap)
{
    const struct pace_schedule *s = &k->schedule;
    char day[11], gateways[CAMPAIGNS_GATEWAYS_MAX];
    int n = snprintf(out, cap, "list %s, %s, gateway %s%s, window %02d:%02d-%02d:%02d, texts %d",
                     a->value[C_LIST], k->policy_id != 0 ? "eligible ones" : "everybody",
                     campaigns_gateways(k, gateways, sizeof gateways),
                     k->failover ? " with failover" : "", s->window_from / 60, s->window_from % 60,
                     s->window_to / 60, s->window_to % 60, k->n_variants);

    if (n > 0 && (size_t)n < cap)
        n += snprintf(out + n, cap - (size_t)n, ", shared numbers %s",
                      campaign_shared_name(k->shared));
    if (k->holdout_permille > 0 && n > 0 && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, ", %d.%d%% held out until %s", k->holdout_permille / 10,
                 k->holdout_permille % 10, civil_format(k->holdout_until, day));
}

/* The texts' versions, the draft and its record are one transaction. */
static int create(struct cli *c, const struct cli_args *a, struct campaign_info *k,
                  const struct campaign_office *o, struct err *e)
{
    char object[128], detail[1200];

    snprintf(object, sizeof object, "campaign %s", k->name);
    if (store_begin(c->store, e) != 0)
        return -1;
    if (find_rows(c, a, k, e) == 0 && campaign_create(c->store, k, o, e) == 0) {
        describe(a, k, detail, sizeof detail);
        if (cli_audit(c, "campaign.create", object, detail, e) == 0)
            return store_commit(c->store, e);
    }
    store_rollback(c->store);
    return -1;
}

/* Never silent: who did not say what becomes of shared numbers is told. */
static void tell_shared(const struct cli *c, const struct cli_args *a,
                        const struct campaign_info *k)
{
    struct list_counts n;
    struct err ignored;

    if (a->value[C_SHARED] == NULL && store_list_counts(c->store, k->list_id, &n, &ignored) == 0 &&
        n.shared_addresses > 0)
        printf(
            _("note: %lld numbers of the list are several persons': each gets a message (--shared "
              "first or review for another way)\n"),
            (long long)n.shared_addresses);
}

static void tell(const struct cli *c, const struct cli_args *a, const struct campaign_info *k)
{
    const struct pace_schedule *s = &k->schedule;
    int64_t now = clock_now_ms();
    char from[32], to[32], day[11], gateways[CAMPAIGNS_GATEWAYS_MAX];

    printf(_("campaign %s is a draft: list %s, %s, gateway %s, %d texts\n"), k->name,
           a->value[C_LIST], k->policy_id != 0 ? _("those eligible") : _("everybody"),
           campaigns_gateways(k, gateways, sizeof gateways), k->n_variants);
    if (k->holdout_permille > 0)
        printf(_("%d.%d%% are held out until %s\n"), k->holdout_permille / 10,
               k->holdout_permille % 10, civil_format(k->holdout_until, day));
    printf(_("messages may go from %s to %s, between %02d:%02d and %02d:%02d\n"),
           civil_format_instant(s->not_before_ms > now ? s->not_before_ms : now, c->zone_min, from),
           civil_format_instant(s->not_after_ms, c->zone_min, to), s->window_from / 60,
           s->window_from % 60, s->window_to / 60, s->window_to % 60);
    if (s->window_from == 0 && s->window_to == 1440)
        puts(_("note: the window is the whole day and night"));
    if (k->policy_id == 0)
        puts(_("note: no policy decides who is eligible: everybody on the list is written to"));
    tell_shared(c, a, k);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_info k = {.created_at = clock_now_ms()};

    if (a->value[C_LIST] == NULL || a->value[C_TEMPLATE] == NULL ||
        (a->value[C_GATEWAY] == NULL && a->value[C_ROUTE] == NULL))
        return err_set(e, ERR_USAGE, _("see `zhanchi campaign create --help`"),
                       _("--list, --template and --gateway (or --route) are needed"));
    if (a->value[C_GATEWAY] != NULL && a->value[C_ROUTE] != NULL)
        return err_set(e, ERR_USAGE, _("leave one of them away"),
                       _("--gateway and --route are two ways to say the same"));
    if (copy_name("campaign", a->rest[0], k.name, e) != 0 || cli_store(c, STORE_RW, e) != 0 ||
        parse_schedule(c, a, &k, e) != 0 || parse_rest(a, &k, e) != 0 ||
        find_gateways(c, a, &k, e) != 0)
        return -1;
    snprintf(k.created_by, sizeof k.created_by, "%s", c->actor);
    struct campaign_office o = campaigns_office(c);
    if (create(c, a, &k, &o, e) != 0)
        return -1;
    tell(c, a, &k);
    return 0;
}

const struct command campaign_create_command = {
    .name = "create",
    .args = "C --list L --template T[:WEIGHT] ... --gateway G[:WEIGHT] ... [options]",
    .help = N_("Make a draft."),
    .options = options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run};
