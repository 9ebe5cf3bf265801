/*
 * campaign_show: `zhanchi campaign show` and `ls`: what a campaign is, who signed it, how far it
 * is. Needs no key.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_route.h"
#include "campaigns.h"

/* ---- what belongs to it ---- */

struct around { /* names of what the campaign refers to; a removed list has none */
    char list[64], policy[96], texts[512];
    bool has_wave;
    struct wave_info wave;
    struct wave_gateway gateways[ROUTE_GATEWAYS]; /* of the wave */
    int n_gateways;
    struct {
        int from, to;
        int64_t n;
    } moved[ROUTE_GATEWAYS * ROUTE_GATEWAYS];
    int n_moved;
};

void campaigns_yuan(int64_t microyuan, char out[40])
{
    char whole[32];

    cli_number(microyuan / 1000000, whole);
    snprintf(out, 40, "%s.%02d", whole, (int)(microyuan / 10000 % 100));
}

static int find_list(struct store *s, int64_t id, char out[64], struct err *e)
{
    struct list_info *l = malloc(sizeof *l);

    if (l == NULL)
        panic("out of memory");
    int found = store_list_by_id(s, id, l, e);
    snprintf(out, 64, "%s", found == 1 ? l->name : "");
    free(l);
    return found < 0 ? -1 : 0;
}

static int find_texts(struct store *s, const struct campaign_info *k, char *out, size_t cap,
                      struct err *e)
{
    struct template_info *t = malloc(sizeof *t);
    size_t n = 0;
    int found = 0;

    if (t == NULL)
        panic("out of memory");
    for (int i = 0; i < k->n_variants && found >= 0 && n < cap; i++) {
        found = store_template_by_id(s, k->variants[i].template_id, t, e);
        if (found == 1)
            n += (size_t)snprintf(out + n, cap - n, _("%s%s (version %d) x %d"), i > 0 ? ", " : "",
                                  t->name, t->version, k->variants[i].weight);
    }
    free(t);
    return found < 0 ? -1 : 0;
}

static int add_gateway(void *ctx, const struct wave_gateway *g)
{
    struct around *a = ctx;

    if (a->n_gateways < ROUTE_GATEWAYS)
        a->gateways[a->n_gateways++] = *g;
    return 0;
}

static int add_moved(void *ctx, int from, int to, int64_t n)
{
    struct around *a = ctx;

    if (a->n_moved < ROUTE_GATEWAYS * ROUTE_GATEWAYS) {
        a->moved[a->n_moved].from = from;
        a->moved[a->n_moved].to = to;
        a->moved[a->n_moved++].n = n;
    }
    return 0;
}

static const char *gateway_of(const struct campaign_info *k, int no)
{
    return no >= 0 && no < k->n_gateways ? k->gateways[no] : "?";
}

static int look_around(struct store *s, const struct campaign_info *k, struct around *a,
                       struct err *e)
{
    struct policy_info p;

    memset(a, 0, sizeof *a);
    int found = store_wave_of(s, k->id, &a->wave, e);
    a->has_wave = found == 1;
    if (found < 0 || find_list(s, k->list_id, a->list, e) != 0 ||
        find_texts(s, k, a->texts, sizeof a->texts, e) != 0 ||
        (a->has_wave && store_wave_gateways_each(s, a->wave.id, add_gateway, a, e) != 0) ||
        store_failovers_each(s, k->id, add_moved, a, e) != 0)
        return -1;
    found = k->policy_id != 0 ? store_policy_by_id(s, k->policy_id, &p, e) : 0;
    if (found == 1)
        snprintf(a->policy, sizeof a->policy, _("%s, version %s"), p.name, p.version);
    return found < 0 ? -1 : 0;
}

/* ---- for people ---- */

static void show_wave(const struct cli *c, const struct wave_info *w)
{
    char n[32], m[32], when[32];

    printf(_("wave %d    %s messages, %s segments, %lld held out; submitted by %s %s\n"), w->no,
           cli_number(w->messages, n), cli_number(w->segments, m), (long long)w->held_out,
           w->submitted_by, civil_format_instant(w->submitted_at, c->zone_min, when));
    if (w->allowed[0] != '\0')
        printf(_("          allowed to break rules: %s\n"), w->allowed);
    if (w->state == WAVE_APPROVED)
        printf(_("          approved by %s %s\n"), w->approved_by,
               civil_format_instant(w->approved_at, c->zone_min, when));
}

static void show_holdout(const struct campaign_info *k)
{
    char day[11];

    if (k->holdout_permille > 0)
        printf(_("holdout   %d.%d%% until %s, only with %d days left then\n"),
               k->holdout_permille / 10, k->holdout_permille % 10,
               civil_format(k->holdout_until, day), k->holdout_margin_days);
}

/* The rules as they were at create: each on a line, the first that fits decides. */
static void show_routing(const struct campaign_info *k)
{
    const char *rule = k->routing;

    for (int i = 0; rule[0] != '\0'; i++) {
        size_t n = strcspn(rule, "\n");
        printf("%s", i == 0 ? _("route     ") : "          ");
        for (size_t j = 0; j < n; j++)
            putchar(rule[j] == '\t' ? ' ' : rule[j]);
        puts("");
        rule += n + (rule[n] != '\0');
    }
    if (k->failover)
        puts(_(
            "failover  what no gateway has taken goes over another one when its own has stopped"));
}

static void show_gateways(const struct cli *c, const struct campaign_info *k,
                          const struct around *a)
{
    char n[32], m[32], money[40], when[32];

    for (int i = 0; i < a->n_gateways && k->n_gateways > 1; i++) {
        const struct wave_gateway *g = &a->gateways[i];
        campaigns_yuan(g->cost_microyuan, money);
        printf(_("          over %s: %s messages, %s segments, %s yuan, %s\n"),
               gateway_of(k, g->no), cli_number(g->messages, n), cli_number(g->segments, m), money,
               g->finish_ms >= 0 ? civil_format_instant(g->finish_ms, c->zone_min, when)
                                 : _("not before not_after"));
    }
    for (int i = 0; i < a->n_moved; i++)
        printf(_("moved     %s messages from %s to %s\n"), cli_number(a->moved[i].n, n),
               gateway_of(k, a->moved[i].from), gateway_of(k, a->moved[i].to));
}

static void show_head(const struct cli *c, const struct campaign_info *k, const struct around *a)
{
    static const char *const shared[] = {"", N_("each gets a message"),
                                         N_("only the first gets a message"),
                                         N_("none gets a message before a decision")};
    char from[32], to[32], gateways[CAMPAIGNS_GATEWAYS_MAX];

    printf(_("campaign  %s (%s%s%s)\n"), k->name, campaign_state_name(k->state),
           k->pause_reason[0] != '\0' ? ": " : "", k->pause_reason);
    printf(_("list      %s\n"), a->list[0] != '\0' ? a->list : _("(removed)"));
    printf(_("policy    %s\n"), a->policy[0] != '\0' ? a->policy : _("none: everybody"));
    printf(_("texts     %s\n"), a->texts);
    printf(_("topic     %s, gateway %s, priority %d\n"), k->topic,
           campaigns_gateways(k, gateways, sizeof gateways), k->priority);
    show_routing(k);
    printf(_("window    %02d:%02d-%02d:%02d, until %s\n"), k->schedule.window_from / 60,
           k->schedule.window_from % 60, k->schedule.window_to / 60, k->schedule.window_to % 60,
           civil_format_instant(k->schedule.not_after_ms, c->zone_min, to));
    if (k->schedule.not_before_ms > 0)
        printf(_("          not before %s\n"),
               civil_format_instant(k->schedule.not_before_ms, c->zone_min, from));
    show_holdout(k);
    printf(_("shared    a number of several persons: %s\n"), _(shared[k->shared]));
    printf(_("seed      %llu\n"), (unsigned long long)k->seed);
    if (k->started_at != 0)
        printf(_("started   %s\n"), civil_format_instant(k->started_at, c->zone_min, from));
    if (a->has_wave)
        show_wave(c, &a->wave);
    show_gateways(c, k, a);
    puts("");
}

static int show_counter(void *ctx, enum msg_state s, enum msg_cause cause, int64_t n)
{
    struct table_out *t = ctx;

    tout_text(t, message_state_name(s));
    tout_text(t, cause != CAUSE_NONE ? message_cause_name(cause) : "");
    tout_int(t, n);
    return 0;
}

static int show_text(struct cli *c, const struct campaign_info *k, const struct around *a,
                     struct err *e)
{
    static const char *const keys[] = {"state", "cause", "messages", NULL};
    static const char *const titles[] = {N_("state"), N_("cause"), N_("messages"), NULL};

    show_head(c, k, a);
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_tally(c->store, k->id, show_counter, t, e);
    tout_end(t);
    return rc;
}

/* ---- for machines ---- */

static void member(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

static void instant(struct json_w *w, const struct cli *c, const char *key, int64_t at_ms)
{
    char text[32];

    json_w_key(w, key);
    if (at_ms > 0)
        json_w_str(w, civil_format_instant(at_ms, c->zone_min, text));
    else
        json_w_null(w);
}

static void json_head(struct json_w *w, const struct cli *c, const struct campaign_info *k,
                      const struct around *a)
{
    char text[32];

    member(w, "name", k->name);
    member(w, "state", campaign_state_name(k->state));
    member(w, "pause_reason", k->pause_reason);
    member(w, "list", a->list);
    member(w, "policy", a->policy);
    member(w, "texts", a->texts);
    member(w, "topic", k->topic);
    member(w, "gateway", k->gateway);
    snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", k->schedule.window_from / 60,
             k->schedule.window_from % 60, k->schedule.window_to / 60, k->schedule.window_to % 60);
    member(w, "window", text);
    instant(w, c, "not_before", k->schedule.not_before_ms);
    instant(w, c, "not_after", k->schedule.not_after_ms);
    json_w_key(w, "holdout_permille");
    json_w_int(w, k->holdout_permille);
    member(w, "holdout_until", k->holdout_permille > 0 ? civil_format(k->holdout_until, text) : "");
    member(w, "shared", campaign_shared_name(k->shared));
    json_w_key(w, "priority");
    json_w_int(w, k->priority);
    snprintf(text, sizeof text, "%llu", (unsigned long long)k->seed);
    member(w, "seed", text); /* as text: it has more digits than a double */
    member(w, "created_by", k->created_by);
    instant(w, c, "created", k->created_at);
    instant(w, c, "started", k->started_at);
}

static void json_wave(struct json_w *w, const struct cli *c, const struct wave_info *v)
{
    char digest[65];

    json_w_key(w, "wave");
    json_w_open(w, '{');
    json_w_key(w, "no");
    json_w_int(w, v->no);
    json_w_key(w, "members");
    json_w_int(w, v->members);
    json_w_key(w, "messages");
    json_w_int(w, v->messages);
    json_w_key(w, "segments");
    json_w_int(w, v->segments);
    json_w_key(w, "held_out");
    json_w_int(w, v->held_out);
    crypt_hex(v->digest, sizeof v->digest, digest);
    member(w, "digest", digest);
    member(w, "submitted_by", v->submitted_by);
    instant(w, c, "submitted", v->submitted_at);
    member(w, "allowed", v->allowed);
    member(w, "approved_by", v->approved_by);
    instant(w, c, "approved", v->approved_at);
    json_w_close(w, '}');
}

void campaigns_json_gateway(struct json_w *w, const struct cli *c, const struct campaign_info *k,
                            const struct wave_gateway *g)
{
    json_w_open(w, '{');
    member(w, "name", gateway_of(k, g->no));
    json_w_key(w, "messages");
    json_w_int(w, g->messages);
    json_w_key(w, "segments");
    json_w_int(w, g->segments);
    json_w_key(w, "cost_microyuan");
    json_w_int(w, g->cost_microyuan);
    instant(w, c, "finish", g->finish_ms);
    json_w_close(w, '}');
}

static void json_gateways(struct json_w *w, const struct cli *c, const struct campaign_info *k,
                          const struct around *a)
{
    json_w_key(w, "gateways");
    json_w_open(w, '[');
    for (int i = 0; i < k->n_gateways; i++) {
        struct wave_gateway none = {.no = i, .finish_ms = -1};
        campaigns_json_gateway(w, c, k, i < a->n_gateways ? &a->gateways[i] : &none);
    }
    json_w_close(w, ']');
    member(w, "route", k->routing);
    json_w_key(w, "failover");
    json_w_bool(w, k->failover);
    json_w_key(w, "moved");
    json_w_open(w, '[');
    for (int i = 0; i < a->n_moved; i++) {
        json_w_open(w, '{');
        member(w, "from", gateway_of(k, a->moved[i].from));
        member(w, "to", gateway_of(k, a->moved[i].to));
        json_w_key(w, "messages");
        json_w_int(w, a->moved[i].n);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static int json_counter(void *ctx, enum msg_state s, enum msg_cause cause, int64_t n)
{
    struct json_w *w = ctx;

    json_w_open(w, '{');
    member(w, "state", message_state_name(s));
    member(w, "cause", cause != CAUSE_NONE ? message_cause_name(cause) : "");
    json_w_key(w, "messages");
    json_w_int(w, n);
    json_w_close(w, '}');
    return 0;
}

static int show_json(struct cli *c, const struct campaign_info *k, const struct around *a,
                     struct err *e)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 20);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_head(&w, c, k, a);
    if (a->has_wave)
        json_wave(&w, c, &a->wave);
    json_gateways(&w, c, k, a);
    json_w_key(&w, "counters");
    json_w_open(&w, '[');
    int rc = store_tally(c->store, k->id, json_counter, &w, e);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    if (rc == 0)
        puts(buf_cstr(&out));
    buf_fini(&out);
    return rc;
}

static int run_show(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_info k;
    struct around around;

    if (cli_store(c, STORE_RO, e) != 0 || cli_campaign(c, a->rest[0], &k, e) != 0 ||
        look_around(c->store, &k, &around, e) != 0)
        return -1;
    return c->json ? show_json(c, &k, &around, e) : show_text(c, &k, &around, e);
}

/* ---- ls ---- */

static int list_one(void *ctx, const struct campaign_info *k)
{
    struct table_out *t = ctx;
    char day[11], gateways[CAMPAIGNS_GATEWAYS_MAX];

    tout_text(t, k->name);
    tout_text(t, campaign_state_name(k->state));
    tout_text(t, k->topic);
    tout_text(t, campaigns_gateways(k, gateways, sizeof gateways));
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

const struct command campaign_show_command = {.name = "show",
                                              .args = "C",
                                              .help = N_("State, approval and counters."),
                                              .min_rest = 1,
                                              .max_rest = 1,
                                              .run = run_show};
const struct command campaign_ls_command = {
    .name = "ls", .args = "", .help = N_("All campaigns."), .run = run_ls};
