/*
 * report: what became of a campaign. Needs no key: the database is opened for reading, and nothing
 * in it names a person. The price of a segment comes from the gateway's profile; where that cannot
 * be read (its secrets are not for analysts) the report says nothing of cost.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/measure.h"
#include "cli.h"
#include "report_text.h"

#define REPORT_MAX (256u << 20)

enum { REPORT_FORMAT, REPORT_BY, REPORT_OUTPUT };
static const struct cli_option options[] = {
    {"format", "text|json|csv", N_("text (default), json or csv")},
    {"by", "D[,D]", N_("only these breakdowns: variant, region, level, hour, none (default: all)")},
    {"output", "FILE", N_("write to FILE, also -o (csv with a byte order mark, for spreadsheets)")},
    CLI_END};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

static int parse_format(const struct cli *cli, const struct cli_args *a, enum format *out,
                        struct err *e)
{
    static const char *const names[] = {"text", "json", "csv"};
    const char *name = a->value[REPORT_FORMAT];

    *out = cli->json ? FORMAT_JSON : FORMAT_TEXT;
    if (name == NULL)
        return 0;
    for (int f = FORMAT_TEXT; f <= FORMAT_CSV; f++)
        if (strcmp(names[f], name) == 0) {
            *out = (enum format)f;
            return 0;
        }
    return err_set(e, ERR_USAGE, _("text, json or csv"), _("no such format: %.40s"), name);
}

static int parse_dimension(const char *name, size_t len, unsigned *by, struct err *e)
{
    for (int d = 0; d < MEASURE_DIMENSIONS; d++) {
        const char *known = measure_by_name((enum measure_by)d);
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            *by |= 1u << d;
            return 0;
        }
    }
    if (len == 4 && memcmp(name, "none", 4) == 0)
        return 0;
    return err_set(e, ERR_USAGE, _("variant, region, level, hour or none"),
                   _("no such breakdown: %.*s"), len < 40 ? (int)len : 40, name);
}

static int parse_by(const struct cli_args *a, unsigned *by, struct err *e)
{
    *by = a->n_more[REPORT_BY] > 0 ? 0 : (1u << MEASURE_DIMENSIONS) - 1;
    for (int i = 0; i < a->n_more[REPORT_BY]; i++)
        for (const char *p = a->more[REPORT_BY][i];; p++) {
            size_t len = strcspn(p, ",");
            if (parse_dimension(p, len, by, e) != 0)
                return -1;
            p += len;
            if (*p == '\0')
                break;
        }
    return 0;
}

static int64_t price_of(struct cli *cli, const struct campaign_info *c)
{
    struct cli_gateways g;
    struct err why;

    if (cli_gateways(cli, c->gateway, &g, &why) != 0)
        return 0;
    int64_t price = gateway_limits(g.list[0])->price_microyuan;
    cli_gateways_free(&g);
    return price;
}

static void render(const struct measure_report *r, enum format format, bool to_file,
                   struct buf *out)
{
    switch (format) {
    case FORMAT_JSON:
        measure_json(r, out);
        buf_addc(out, '\n');
        break;
    case FORMAT_CSV:
        if (to_file)
            buf_adds(out, "\xEF\xBB\xBF");
        measure_csv(r, out);
        break;
    default:
        report_text(r, out);
    }
}

static int write_out(const struct buf *out, const char *path, struct err *e)
{
    if (out->failed)
        return err_set(e, ERR_DATA, _("ask for fewer breakdowns with --by"),
                       _("the report is too long"));
    if (path != NULL)
        return fs_write_atomic(path, 0644, buf_cstr(out), out->len, e);
    fwrite(buf_cstr(out), 1, out->len, stdout);
    return 0;
}

static int run(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct measure_ask ask;
    struct measure_report report;
    struct campaign_info c;
    enum format format;
    struct buf out;

    if (parse_format(cli, a, &format, e) != 0 || parse_by(a, &ask.by, e) != 0 ||
        cli_store(cli, STORE_RO, e) != 0 || cli_campaign(cli, a->rest[0], &c, e) != 0)
        return -1;
    ask.today = civil_local_day(clock_now_ms(), cli->zone_min);
    ask.price_microyuan = price_of(cli, &c);
    if (measure_report(cli->store, &c, &ask, &report, e) != 0)
        return -1;
    buf_init(&out, REPORT_MAX);
    render(&report, format, a->value[REPORT_OUTPUT] != NULL, &out);
    measure_report_fini(&report);
    int rc = write_out(&out, a->value[REPORT_OUTPUT], e);
    buf_fini(&out);
    return rc;
}

extern const struct command cmd_report;
const struct command cmd_report = {
    .name = "report",
    .args = "C [--format text|json|csv] [--by D[,D]] [-o FILE]",
    .help = N_("what became of a campaign: funnel, reasons, response rates, lift, cost"),
    .options = options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run};
