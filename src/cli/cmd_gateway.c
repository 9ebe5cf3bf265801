/*
 * gateway: what gateways are configured, and whether a profile is right. `check` names file and
 * line of the first fault.
 */
#include <stdio.h>
#include <string.h>
#include "gateway_cmd.h"

struct gateway *gateway_open(struct cli *cli, const char *name, struct err *e)
{
    struct conf_gateway settings;

    if (conf_gateway(cli->conf, name, &settings, e) != 0)
        return NULL;
    struct gateway *g = gateway_load(&settings, e);
    conf_gateway_fini(&settings);
    return g;
}

static void add_row(struct table_out *t, const char *name, const struct gateway *g,
                    const struct err *fault)
{
    const struct gw_limits none = {0}, *l = g ? gateway_limits(g) : &none;
    char rate[32], price[32];

    snprintf(rate, sizeof rate, "%g", l->rate);
    snprintf(price, sizeof price, "%g", (double)l->price_microyuan / 1e6);
    tout_text(t, name);
    tout_text(t, g ? rate : "");
    tout_int(t, l->concurrency);
    tout_int(t, l->batch);
    tout_text(t, g ? price : "");
    tout_text(t, g ? "" : fault->what);
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"name",  "rate",  "concurrency", "batch",
                                       "price", "fault", NULL};
    static const char *const titles[] = {N_("gateway"), N_("messages/s"),   N_("in flight"),
                                         N_("batch"),   N_("yuan/segment"), N_("fault"),
                                         NULL};

    (void)a;
    if (cli_conf(cli, e) != 0)
        return -1;
    struct table_out *t = tout_new(cli, keys, titles);
    for (const char *const *name = conf_gateway_names(cli->conf); *name != NULL; name++) {
        struct err fault = {0};
        struct gateway *g = gateway_open(cli, *name, &fault);
        add_row(t, *name, g, &fault);
        gateway_free(g);
    }
    tout_end(t);
    return 0;
}

static const struct command ls = {.name = "ls", .help = N_("configured gateways"), .run = run_ls};
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
