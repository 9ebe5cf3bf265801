/*
 * serve: the daemon that takes receipts and replies (serve.h). Its unit file starts it, SIGTERM
 * stops it; nothing is lost in between.
 */
#include <stdlib.h>
#include "zhanchi/serve.h"
#include "reports.h"

#define DAY_MS INT64_C(86400000)

enum { SERVE_PORT, SERVE_PORT_FILE };
static const struct cli_option options[] = {
    {"port", "N", N_("listen there (default: serve.port)")},
    {"port-file", "FILE", N_("write the port into FILE once ready")},
    CLI_END};

static int parse_port(struct cli *cli, const struct cli_args *a, uint16_t *port, struct err *e)
{
    const char *s = a->value[SERVE_PORT];
    char *end;

    *port = (uint16_t)conf_int(cli->conf, "serve.port");
    if (s == NULL)
        return 0;
    unsigned long v = strtoul(s, &end, 10);
    if (*s < '0' || *s > '9' || *end != '\0' || v > 65535)
        return err_set(e, ERR_USAGE, _("for example --port 18380"), _("not a port: %.20s"), s);
    *port = (uint16_t)v;
    return 0;
}

static int run(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct cli_gateways gateways;
    uint16_t port;

    if (cli_conf(cli, e) != 0 || parse_port(cli, a, &port, e) != 0 ||
        cli_gateways(cli, NULL, &gateways, e) != 0)
        return -1;
    char **words = reports_words(cli->conf);
    const struct serve_opts o = {.dir = conf_path(cli->conf, "store.dir"),
                                 .key_path = conf_path(cli->conf, "keys.file"),
                                 .gateways = gateways.list,
                                 .n_gateways = gateways.n,
                                 .address = conf_str(cli->conf, "serve.address"),
                                 .port = port,
                                 .port_file = a->value[SERVE_PORT_FILE],
                                 .threads = 2,
                                 .optout_words = (const char *const *)words,
                                 .inbox_keep_ms =
                                     conf_int(cli->conf, "retention.inbox_days") * DAY_MS,
                                 .stop = cli->stop};
    int rc = serve_run(&o, e);
    reports_words_free(words);
    cli_gateways_free(&gateways);
    return rc;
}

const struct command cmd_serve = {.name = "serve",
                                  .args = "[--port N] [--port-file FILE]",
                                  .help = N_("take receipts and replies; show counters (a daemon)"),
                                  .options = options,
                                  .run = run};
