/*
 * stats.json: Wilson's and Newcombe's intervals and the normal distribution against R, relative 1e-9.
 */
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "zhanchi/stats.h"

#define RELATIVE 1e-9

static bool same_real(struct buf *why, const char *what, double got, double expected)
{
    if (cases_near(got, expected, RELATIVE))
        return true;
    buf_addf(why, "%s: got %.17g, expected %.17g; ", what, got, expected);
    return false;
}

static bool judge_wilson(const struct json *one, struct buf *why)
{
    struct interval ci =
        stats_wilson(cases_int(one, "x"), cases_int(one, "n"), cases_real(one, "level"));
    bool same = same_real(why, "low", ci.low, cases_real(one, "low"));

    return same_real(why, "high", ci.high, cases_real(one, "high")) && same;
}

/* Members newcombe90, newcombe95, newcombe99: the level is in the name. */
static bool judge_pair(const struct json *one, struct buf *why)
{
    static const char prefix[] = "newcombe";
    long long x1 = cases_int(one, "x1"), n1 = cases_int(one, "n1");
    long long x2 = cases_int(one, "x2"), n2 = cases_int(one, "n2");
    const struct json *value;
    const char *key;
    void *iter = NULL;
    int seen = 0;
    bool same = true;
    char low[40], high[40];

    while (json_each(one, &iter, &key, &value)) {
        if (strncmp(key, prefix, sizeof prefix - 1) != 0)
            continue;
        struct interval ci =
            stats_newcombe(x1, n1, x2, n2, strtod(key + sizeof prefix - 1, NULL) / 100.0);
        const char *lo = json_text(json_item(value, 0), low);
        const char *hi = json_text(json_item(value, 1), high);
        if (lo == NULL || hi == NULL)
            return false;
        same = same_real(why, key, ci.low, strtod(lo, NULL)) && same;
        same = same_real(why, key, ci.high, strtod(hi, NULL)) && same;
        seen++;
    }
    return cases_same_int(why, "intervals in the case", seen > 0, 1) && same;
}

static bool judge_normal(const struct json *one, struct buf *why)
{
    char tmp[40];
    const char *function = cases_text(one, "function", tmp);

    if (function != NULL && strcmp(function, "quantile") == 0)
        return same_real(why, "quantile", stats_normal_quantile(cases_real(one, "p")),
                         cases_real(one, "value"));
    if (function == NULL || strcmp(function, "cdf") != 0)
        return cases_same(why, "function", function, "quantile or cdf");
    double z = cases_real(one, "z"), p = 2.0 * stats_normal_cdf(z < 0 ? z : -z);
    bool same = same_real(why, "cdf", stats_normal_cdf(z), cases_real(one, "value"));
    return (json_get(one, "two_sided_p") == NULL ||
            same_real(why, "two_sided_p", p, cases_real(one, "two_sided_p"))) &&
           same;
}

int main(void)
{
    struct cases c;

    cases_init(&c, "stats");
    if (cases_open(&c, "stats.json")) {
        cases_run(&c, "/wilson", judge_wilson, NULL);
        cases_run(&c, "/pairs", judge_pair, NULL);
        cases_run(&c, "/normal", judge_normal, NULL);
        cases_close(&c);
    }
    return cases_end(&c);
}
