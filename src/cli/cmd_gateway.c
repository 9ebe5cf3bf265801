/*
 * gateway: what gateways are configured, and whether a profile is right. `check` names file and
 * line of the first fault. `ls` also tells what each can do, and how much it has to do.
 */
#include <stdio.h>
#include <string.h>
#include "gateway_cmd.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/pace.h"
#include "zhanchi/store_route.h"

struct gateway *gateway_open(struct cli *cli, const char *name, struct err *e)
{
    struct conf_gateway settings;

    if (conf_gateway(cli->conf, name, &settings, e) != 0)
        return NULL;
    struct gateway *g = gateway_load(&settings, e);
    conf_gateway_fini(&settings);
    return g;
}

/* ---- ls ---- */

struct load {
    const char *name; /* of the one that is looked for */
    int64_t handed, waiting;
};

static int find_load(void *ctx, const struct gateway_load *l)
{
    struct load *out = ctx;

    if (strcmp(l->name, out->name) == 0) {
        out->handed = l->handed;
        out->waiting = l->waiting;
    }
    return 0;
}

/* "receipt, reply": those words whose flag is set. */
static void add_words(struct table_out *t, const bool *flags, const char *const *words)
{
    char text[64] = "";

    for (size_t i = 0; words[i]; i++)
        if (flags[i]) {
            size_t at = strlen(text);
            snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "", words[i]);
        }
    tout_text(t, text);
}

static void add_limits(struct table_out *t, const struct gateway *g)
{
    const struct gw_limits none = {0}, *l = g ? gateway_limits(g) : &none;
    char rate[32], price[32];

    snprintf(rate, sizeof rate, "%g", l->rate);
    snprintf(price, sizeof price, "%g", (double)l->price_microyuan / 1e6);
    tout_text(t, g ? rate : "");
    tout_int(t, l->concurrency);
    tout_int(t, l->batch);
    tout_text(t, g ? price : "");
}

static void add_abilities(struct table_out *t, const struct gateway *g)
{
    static const char *const ways[] = {"single", "batch", NULL};
    static const char *const kinds[] = {"receipt", "reply", "query", NULL};
    struct gw_abilities a = {0};

    if (g)
        gateway_abilities(g, &a);
    add_words(t, (const bool[]){a.single, a.batch}, ways);
    add_words(t, (const bool[]){a.receipts, a.replies, false}, kinds);
    add_words(t, a.pulls, kinds);
}

static bool quiet_now(const struct cli *cli, const struct gateway *g)
{
    const struct gw_limits *l = gateway_limits(g);
    const struct pace_limits p = {
        .quiet_from = l->quiet_from, .quiet_to = l->quiet_to, .zone_min = cli->zone_min};

    return pace_quiet(&p, clock_now_ms());
}

/* An office without a database has handed nothing over. */
static int look_up_load(struct cli *cli, struct load *l, struct err *e)
{
    int64_t midnight =
        civil_at_ms(civil_local_day(clock_now_ms(), cli->zone_min), 0, cli->zone_min);

    if (cli_store(cli, STORE_RO, e) != 0)
        return e->kind == ERR_NOINPUT ? 0 : -1;
    return store_gateway_loads(cli->store, midnight, find_load, l, e);
}

static int add_row(struct cli *cli, struct table_out *t, const char *name, struct err *e)
{
    struct load load = {.name = name};
    struct err fault = {0};

    if (look_up_load(cli, &load, e) != 0)
        return -1;
    struct gateway *g = gateway_open(cli, name, &fault);
    tout_text(t, name);
    tout_text(t, g ? "good" : "fault");
    add_limits(t, g);
    add_abilities(t, g);
    tout_text(t, g && quiet_now(cli, g) ? "quiet" : "");
    tout_int(t, load.handed);
    tout_int(t, load.waiting);
    tout_text(t, g ? "" : fault.what);
    gateway_free(g);
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {
        "name",      "state", "rate",        "concurrency",  "batch",   "price", "sends",
        "callbacks", "pulls", "quiet_hours", "handed_today", "waiting", "fault", NULL};
    static const char *const titles[] = {N_("gateway"),    N_("state"),
                                         N_("messages/s"), N_("in flight"),
                                         N_("batch"),      N_("yuan/segment"),
                                         N_("sends"),      N_("callbacks"),
                                         N_("pulls"),      N_("quiet hours"),
                                         N_("today"),      N_("waiting"),
                                         N_("fault"),      NULL};
    int rc = 0;

    (void)a;
    if (cli_conf(cli, e) != 0)
        return -1;
    struct table_out *t = tout_new(cli, keys, titles);
    for (const char *const *name = conf_gateway_names(cli->conf); rc == 0 && *name != NULL; name++)
        rc = add_row(cli, t, *name, e);
    tout_end(t);
    return rc;
}

static const struct command ls = {
    .name = "ls",
    .help = N_("configured gateways, what they can do, and how much they have to do"),
    .run = run_ls};
static const struct command check = {
    .name = "check",
    .args = "NAME|FILE",
    .help = N_("read a profile, show the requests that it makes and how it reads its samples; "
               "nothing is sent"),
    .min_rest = 1,
    .max_rest = 1,
    .run = gateway_check_run};
static const struct command test = {
    .name = "test",
    .args =
        "NAME [--text TEXT] [--signature NAME] [--carrier-template ID --carrier-variables JSON]",
    .help = N_("send one text to a number from standard input, and show the answer"),
    .options = gateway_test_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = gateway_test_run};
static const struct command *const verbs[] = {&ls, &check, &test, NULL};

const struct command cmd_gateway = {.name = "gateway",
                                    .args = "COMMAND",
                                    .help = N_("gateways and their profiles"),
                                    .verbs = verbs};
