/*
 * stats: intervals for figures from elsewhere, by the same functions as in reports. Wilson's
 * interval for a proportion, Newcombe's hybrid score interval for the difference of two. Only
 * counts are read, so they may stand in argv; no configuration is needed.
 */
#include <errno.h>
#include <stdlib.h>
#include "zhanchi/json.h"
#include "zhanchi/stats.h"
#include "cli.h"

#define COUNT_MAX 1000000000000 /* beyond it, doubles would round */

enum { STATS_LEVEL };
static const struct cli_option options[] = {{"level", "L", N_("confidence level (default 0.95)")},
                                            CLI_END};

static int parse_level(const struct cli_args *a, double *level, struct err *e)
{
    const char *s = a->value[STATS_LEVEL];
    char *end;

    *level = 0.95;
    if (s == NULL)
        return 0;
    *level = strtod(s, &end);
    if (*s == '\0' || *end != '\0' || !(*level > 0.0 && *level < 1.0))
        return err_set(e, ERR_USAGE, _("for example --level 0.99"),
                       _("the level must lie between 0 and 1"));
    return 0;
}

static int parse_count(const char *s, int64_t *n, struct err *e)
{
    char *end;

    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 || v > COUNT_MAX)
        return err_set(e, ERR_USAGE, NULL, _("not a count: %.40s"), s);
    *n = v;
    return 0;
}

/* x successes in n trials */
static int parse_pair(char **rest, int64_t *x, int64_t *n, struct err *e)
{
    if (parse_count(rest[0], x, e) != 0 || parse_count(rest[1], n, e) != 0)
        return -1;
    if (*n == 0)
        return err_set(e, ERR_USAGE, NULL, _("of nothing there is no proportion: N is 0"));
    if (*x > *n)
        return err_set(e, ERR_USAGE, _("write X N: successes, then trials"),
                       _("%lld of %lld: more successes than trials"), (long long)*x, (long long)*n);
    return 0;
}

static void print_json(const char *name, double value, struct interval ci, double level)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 4096);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_w_key(&w, name);
    json_w_real(&w, value);
    json_w_key(&w, "low");
    json_w_real(&w, ci.low);
    json_w_key(&w, "high");
    json_w_real(&w, ci.high);
    json_w_key(&w, "level");
    json_w_real(&w, level);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static int run_proportion(struct cli *cli, const struct cli_args *a, struct err *e)
{
    int64_t x, n;
    double level;

    if (parse_pair(a->rest, &x, &n, e) != 0 || parse_level(a, &level, e) != 0)
        return -1;
    double rate = (double)x / (double)n;
    struct interval ci = stats_wilson(x, n, level);
    if (cli->json)
        print_json("rate", rate, ci, level);
    else
        printf(_("%.2f %%  (%g %% interval %.2f %% to %.2f %%, Wilson)\n"), 100.0 * rate,
               100.0 * level, 100.0 * ci.low, 100.0 * ci.high);
    return 0;
}

static int run_difference(struct cli *cli, const struct cli_args *a, struct err *e)
{
    int64_t x1, n1, x2, n2;
    double level;

    if (parse_pair(a->rest, &x1, &n1, e) != 0 || parse_pair(a->rest + 2, &x2, &n2, e) != 0 ||
        parse_level(a, &level, e) != 0)
        return -1;
    double d = (double)x1 / (double)n1 - (double)x2 / (double)n2;
    struct interval ci = stats_newcombe(x1, n1, x2, n2, level);
    if (cli->json)
        print_json("difference", d, ci, level);
    else
        printf(_("%+.2f points  (%g %% interval %+.2f to %+.2f, Newcombe)\n"), 100.0 * d,
               100.0 * level, 100.0 * ci.low, 100.0 * ci.high);
    return 0;
}

static const struct command stats_proportion = {.name = "proportion",
                                                .args = "X N [--level L]",
                                                .help = N_("X of N, with its interval"),
                                                .options = options,
                                                .min_rest = 2,
                                                .max_rest = 2,
                                                .run = run_proportion};
static const struct command stats_difference = {
    .name = "difference",
    .args = "X1 N1 X2 N2 [--level L]",
    .help = N_("X1 of N1 against X2 of N2, with the interval of the difference"),
    .options = options,
    .min_rest = 4,
    .max_rest = 4,
    .run = run_difference};
static const struct command *const verbs[] = {&stats_proportion, &stats_difference, NULL};

extern const struct command cmd_stats;
const struct command cmd_stats = {.name = "stats",
                                  .args = "proportion|difference",
                                  .help = N_("intervals for proportions and their differences"),
                                  .verbs = verbs};
