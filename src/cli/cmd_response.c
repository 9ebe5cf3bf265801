/*
 * response: claims files in, and which ones came. Importing is idempotent; refused rows are listed
 * with line, column, masked value, reason and remedy, and stop nothing. With --json every refused
 * row is listed, otherwise the first ones.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "zhanchi/measure.h"
#include "cli.h"

#define REJECTS_SHOWN 20

enum { RESPONSE_THROUGH, RESPONSE_COLUMNS, RESPONSE_SHEET };
static const struct cli_option import_options[] = {
    {"through", "DATE", N_("the file has every claim through this day")},
    {"columns", "MAP", N_("file of \"field = header\" lines, for columns under other names")},
    {"sheet", "NAME|N", N_("the sheet of a workbook (default: the only one with anything in it)")},
    CLI_END};

/* Refused rows as they come: printed at once for machines, the first ones kept for people. */
struct rejects {
    struct cli *cli;
    bool json;
    struct buf out;
    struct json_w w;
    struct list_reject first[REJECTS_SHOWN];
    size_t n;
    int64_t more;
};

static const char *text_of(const char *code)
{
    const char *text = measure_reason_text(code);

    return _(text != NULL ? text : intake_reason_text(code));
}

static const char *remedy_of(const char *code)
{
    const char *text = measure_reason_remedy(code);

    return _(text != NULL ? text : intake_reason_remedy(code));
}

static void print_reject(struct rejects *x, const struct list_reject *r)
{
    json_w_open(&x->w, '{');
    json_w_key(&x->w, "line");
    json_w_int(&x->w, r->line);
    json_w_key(&x->w, "column");
    json_w_int(&x->w, r->column);
    json_w_key(&x->w, "header");
    json_w_str(&x->w, r->header);
    json_w_key(&x->w, "value");
    json_w_str(&x->w, r->masked);
    json_w_key(&x->w, "reason");
    json_w_str(&x->w, r->reason);
    json_w_close(&x->w, '}');
    fwrite(x->out.data, 1, x->out.len, stdout);
    buf_reset(&x->out);
}

static void on_reject(void *ctx, const struct list_reject *r)
{
    struct rejects *x = ctx;

    if (x->json)
        print_reject(x, r);
    else if (x->n < REJECTS_SHOWN)
        x->first[x->n++] = *r;
    else
        x->more++;
}

static void rejects_begin(struct rejects *x, struct cli *cli)
{
    *x = (struct rejects){.cli = cli, .json = cli->json};
    buf_init(&x->out, 1u << 20);
    json_w_init(&x->w, &x->out);
    if (!x->json)
        return;
    json_w_open(&x->w, '{');
    json_w_key(&x->w, "rejects");
    json_w_open(&x->w, '[');
}

static void json_totals(struct rejects *x, const struct response_file *f,
                        const struct response_stats *st)
{
    json_w_close(&x->w, ']');
    json_w_key(&x->w, "file");
    json_w_str(&x->w, f->file);
    json_w_key(&x->w, "rows");
    json_w_int(&x->w, f->rows);
    json_w_key(&x->w, "added");
    json_w_int(&x->w, f->added);
    json_w_key(&x->w, "known");
    json_w_int(&x->w, f->known);
    json_w_key(&x->w, "unmatched");
    json_w_int(&x->w, f->unmatched);
    json_w_key(&x->w, "rejected");
    json_w_int(&x->w, f->rejects);
    json_w_key(&x->w, "suppressed");
    json_w_int(&x->w, st->suppressed);
    json_w_key(&x->w, "through");
    json_w_day(&x->w, f->through);
    json_w_close(&x->w, '}');
    puts(buf_cstr(&x->out));
}

static void count(const char *label, int64_t n)
{
    char text[32];

    fputs("  ", stdout);
    cli_label(label, 12);
    printf("%14s\n", cli_number(n, text));
}

static void text_rejects(const struct cli *cli, const struct rejects *x)
{
    static const char *const keys[] = {"line",   "column", "header", "value",
                                       "reason", "what",   "remedy", NULL};
    static const char *const titles[] = {N_("line"),   N_("column"), N_("header"),     N_("value"),
                                         N_("reason"), N_("what"),   N_("what to do"), NULL};

    if (x->n == 0)
        return;
    puts("");
    struct table_out *t = tout_new(cli, keys, titles);
    for (size_t i = 0; i < x->n; i++) {
        const struct list_reject *r = &x->first[i];
        tout_int(t, r->line);
        tout_int(t, r->column);
        tout_text(t, r->header);
        tout_text(t, r->masked);
        tout_text(t, r->reason);
        tout_text(t, text_of(r->reason));
        tout_text(t, remedy_of(r->reason));
    }
    tout_end(t);
    if (x->more > 0)
        printf(_("and %lld more; --json lists them all\n"), (long long)x->more);
}

static void text_totals(const struct cli *cli, const struct rejects *x,
                        const struct response_file *f, const struct response_stats *st)
{
    char day[11];

    if (f->through != CIVIL_NONE)
        printf(_("%s: claims through %s\n"), f->file, civil_format(f->through, day));
    else
        printf("%s\n", f->file);
    count(_("rows"), f->rows);
    count(_("added"), f->added);
    count(_("known"), f->known);
    count(_("unmatched"), f->unmatched);
    count(_("rejected"), f->rejects);
    if (st->suppressed > 0)
        printf(_("%lld waiting messages are not sent any more: their people have claimed\n"),
               (long long)st->suppressed);
    text_rejects(cli, x);
}

static int parse_through(const struct cli *cli, const char *text, int64_t now_ms, int32_t *day,
                         struct err *e)
{
    *day = CIVIL_NONE;
    if (text == NULL)
        return 0;
    if (civil_parse(text, strlen(text), day) != 0)
        return err_set(e, ERR_USAGE, _("for example --through 2026-03-31"), _("not a day: %.40s"),
                       text);
    if (*day > civil_local_day(now_ms, cli->zone_min))
        return err_set(e, ERR_USAGE, _("name the last day that the file covers"),
                       _("no file is complete through a day to come: %.40s"), text);
    return 0;
}

static int audit(void *ctx, const struct response_file *f, const struct response_stats *st,
                 bool whole, struct err *e)
{
    const struct rejects *x = ctx;
    char object[128], detail[256];

    snprintf(object, sizeof object, "responses %lld", (long long)f->id);
    snprintf(detail, sizeof detail,
             "%srows %lld, added %lld, known %lld, unmatched %lld, rejected %lld, suppressed %lld",
             whole ? "" : "not to the end: ", (long long)f->rows, (long long)f->added,
             (long long)f->known, (long long)f->unmatched, (long long)f->rejects,
             (long long)st->suppressed);
    return cli_audit(x->cli, "response.import", object, detail, e);
}

static int run_import(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct response_opts o = {.path = a->rest[0],
                              .map_path = a->value[RESPONSE_COLUMNS],
                              .sheet = a->value[RESPONSE_SHEET],
                              .now_ms = clock_now_ms(),
                              .reject = on_reject,
                              .record = audit};
    struct response_stats st = {0};
    struct response_file f;
    struct rejects rejects;
    struct bar bar;

    if (cli_conf(cli, e) != 0 ||
        parse_through(cli, a->value[RESPONSE_THROUGH], o.now_ms, &o.through, e) != 0 ||
        cli_keyring(cli, e) != 0 || cli_audit_ready(cli, e) != 0)
        return -1;
    rejects_begin(&rejects, cli);
    o.actor = cli->actor;
    o.zone_min = cli->zone_min;
    o.ctx = &rejects;
    o.progress = bar_begin(&bar, cli, _("importing claims"));
    int rc = measure_responses(cli->store, cli->keyring, &o, &f, &st, e);
    bar_end(&bar);
    if (rc == 0 && cli->json)
        json_totals(&rejects, &f, &st);
    else if (rc == 0)
        text_totals(cli, &rejects, &f, &st);
    buf_fini(&rejects.out);
    return rc;
}

/* ---- ls ---- */

static int on_file(void *ctx, const struct response_file *f)
{
    struct table_out *t = ctx;
    char day[11];

    tout_int(t, f->id);
    tout_text(t, f->file);
    tout_int(t, f->rows);
    tout_int(t, f->added);
    tout_int(t, f->known);
    tout_int(t, f->unmatched);
    tout_int(t, f->rejects);
    tout_text(t, civil_format(f->through, day));
    tout_when(t, f->imported_at);
    tout_text(t, f->imported_by);
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"id",          "file",        "rows",     "added",
                                       "known",       "unmatched",   "rejected", "through",
                                       "imported_at", "imported_by", NULL};
    static const char *const titles[] = {
        N_("id"),       N_("file"),    N_("rows"),     N_("added"), N_("known"), N_("unmatched"),
        N_("rejected"), N_("through"), N_("imported"), N_("by"),    NULL};

    (void)a;
    if (cli_store(cli, STORE_RO, e) != 0)
        return -1;
    struct table_out *t = tout_new(cli, keys, titles);
    int rc = store_response_files_each(cli->store, on_file, t, e);
    tout_end(t);
    return rc;
}

static const struct command response_import = {
    .name = "import",
    .args = "FILE [--through DATE] [--columns MAP] [--sheet NAME|N]",
    .help = N_("claims and payments from a file"),
    .options = import_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_import};
static const struct command response_ls = {
    .name = "ls", .help = N_("claims files that were imported"), .run = run_ls};
static const struct command *const verbs[] = {&response_import, &response_ls, NULL};

extern const struct command cmd_response;
const struct command cmd_response = {.name = "response",
                                     .args = "import|ls",
                                     .help = N_("what people did afterwards: claims and payments"),
                                     .verbs = verbs};
