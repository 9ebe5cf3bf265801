/*
 * list_import: `list import`: shows which column was taken for what, then imports, then says what
 * became of every row.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "zhanchi/log.h"
#include "lists.h"

#define IMPORT_NICE 10

enum { NAME, INTO, COLUMNS, ENCODING, SHEET, REJECTS, DRY_RUN, AGAIN, MONTHS_DAY };
static const struct cli_option options[] = {
    {"name", "L", N_("the list's name from now on")},
    {"into", "L", N_("instead: repaired rows of list L, a rejects file or the list itself")},
    {"columns", "MAP", N_("a file of \"field = header\" lines for columns with unusual names")},
    {"encoding", "E", N_("utf-8, gb18030 ... (default: found out over the whole file)")},
    {"sheet", "NAME|N", N_("the sheet of a workbook (default: the only one with anything in it)")},
    {"rejects", "OUT.csv", N_("write what was rejected, why, and what to do")},
    {"dry-run", NULL, N_("read and check only")},
    {"again", NULL, N_("take a file that is a list already")},
    {"months-day", "DATE",
     N_("paid months were counted through this day (default: today; a column goes before)")},
    CLI_END};

struct importing {
    struct cli *cli;
    const struct intake_opts *opts;
    const struct list_info *into; /* NULL: a new list */
    struct columns columns;       /* as recognised */
    const char *form;             /* of the file */
    char sheet[256];              /* "" if it has none */
};

static void on_header(void *ctx, const struct columns *c, const struct table *t)
{
    struct importing *im = ctx;

    im->columns = *c;
    const char *sheet = table_sheet(t);
    im->form = table_form(t);
    snprintf(im->sheet, sizeof im->sheet, "%s", sheet ? sheet : "");
    if (im->cli->json)
        return;
    if (sheet)
        printf(_("%s, sheet %s, header in line %lld:\n"), im->form, sheet,
               (long long)c->header_line);
    else if (c->header_line > 0)
        printf(_("%s, header in line %lld:\n"), im->form, (long long)c->header_line);
    else
        printf(_("%s, columns by their keys:\n"), im->form);
    for (size_t i = 0; i < c->n; i++)
        if (c->col[i].header[0] != '\0')
            printf("  %s = %s\n", c->col[i].header,
                   c->col[i].field == COLUMN_EXTRA ? _("(kept for texts)")
                                                   : column_field_name(c->col[i].field));
    fflush(stdout);
}

static const char *translate(const char *text)
{
    return _(text);
}

static void print_reasons(const struct cli *c, const struct intake_result *r)
{
    static const char *const keys[] = {"reason", "cells", "meaning", "remedy", NULL};
    static const char *const titles[] = {N_("REJECTED"), N_("CELLS"), N_("MEANING"), N_("REMEDY"),
                                         NULL};
    struct table_out *t = tout_new(c, keys, titles);

    for (size_t i = 0; i < r->n_reasons; i++) {
        tout_text(t, r->reasons[i].code);
        tout_int(t, r->reasons[i].n);
        tout_text(t, _(intake_reason_text(r->reasons[i].code)));
        tout_text(t, _(intake_reason_remedy(r->reasons[i].code)));
    }
    tout_end(t);
}

static void print_duplicates(const struct list_counts *n)
{
    char a[32];

    if (n->duplicates > 0)
        printf(_("%s rows repeat a certificate that the list has already\n"),
               cli_number(n->duplicates, a));
    if (n->elsewhere > 0)
        printf(_("%s persons are in other lists, too\n"), cli_number(n->elsewhere, a));
}

static void print_text(const struct importing *im, const struct intake_opts *o,
                       const struct intake_result *r)
{
    char a[32], b[32], d[32], f[32];

    printf(_("%s rows: %s taken (%s of them repaired), %s rejected\n"), cli_number(r->rows, a),
           cli_number(r->taken, b), cli_number(r->repaired, d), cli_number(r->rejected_rows, f));
    if (r->held_rows > 0 && o->dry_run)
        printf(_("%s rows would wait for a person's decision\n"), cli_number(r->held_rows, a));
    else if (r->held_rows > 0)
        printf(_("%s rows wait for a decision: see `zhanchi list review %s`\n"),
               cli_number(r->held_rows, a), o->name);
    if (r->known > 0)
        printf(_("%s rows are in the list already\n"), cli_number(r->known, a));
    if (r->skipped > 0)
        printf(_("%s more are no rows: empty ones, totals, repeated headers\n"),
               cli_number(r->skipped, a));
    if (r->no_regions > 0)
        printf(_("%s rows have a region that looks like none: it is kept sealed, and their people "
                 "are undetermined\n"),
               cli_number(r->no_regions, a));
    if (r->rare_names > 0)
        printf(
            _("%s names hold rare characters (beyond U+FFFF): look at a preview, older telephones "
              "may not show them\n"),
            cli_number(r->rare_names, a));
    if (!o->dry_run) {
        printf(_("%s persons; %s further rows are theirs too\n"), cli_number(r->counts.persons, a),
               cli_number(r->counts.rows - r->counts.persons, b));
        printf(_("%s numbers, %s of them shared by several persons\n"),
               cli_number(r->counts.addresses, a), cli_number(r->counts.shared_addresses, b));
        print_duplicates(&r->counts);
    }
    if (r->n_reasons > 0)
        print_reasons(im->cli, r);
    if (o->dry_run)
        puts(_("Dry run: nothing was stored."));
    else
        printf(im->into ? _("List %s has them.\n") : _("List %s is ready.\n"), o->name);
}

static void print_json(const struct importing *im, const struct intake_opts *o,
                       const struct intake_result *r)
{
    struct buf out, columns;
    struct json_w w;

    buf_init(&out, 1 << 20);
    buf_init(&columns, 1 << 18);
    columns_json(&im->columns, &columns);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
#define NUMBER(key, value) (json_w_key(&w, key), json_w_int(&w, value))
    json_w_key(&w, "list");
    json_w_str(&w, o->name);
    json_w_key(&w, "dry_run");
    json_w_bool(&w, o->dry_run);
    json_w_key(&w, "encoding");
    json_w_str(&w, im->form);
    if (im->sheet[0] != '\0') {
        json_w_key(&w, "sheet");
        json_w_str(&w, im->sheet);
    }
    NUMBER("header_line", im->columns.header_line);
    json_w_key(&w, "columns");
    lists_columns(&w, buf_cstr(&columns));
    NUMBER("rows", r->rows);
    NUMBER("taken", r->taken);
    NUMBER("repaired", r->repaired);
    NUMBER("rejected", r->rejected_rows);
    NUMBER("review", r->held_rows);
    NUMBER("known", r->known);
    NUMBER("skipped", r->skipped);
    NUMBER("no_regions", r->no_regions);
    NUMBER("rare_names", r->rare_names);
    if (!o->dry_run) {
        NUMBER("persons", r->counts.persons);
        NUMBER("numbers", r->counts.addresses);
        NUMBER("shared_numbers", r->counts.shared_addresses);
        NUMBER("duplicates", r->counts.duplicates);
        NUMBER("elsewhere", r->counts.elsewhere);
    }
    json_w_key(&w, "reasons");
    json_w_open(&w, '{');
    for (size_t i = 0; i < r->n_reasons; i++)
        NUMBER(r->reasons[i].code, r->reasons[i].n);
    json_w_close(&w, '}');
#undef NUMBER
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
    buf_fini(&columns);
}

static int audit(void *ctx, const struct intake_result *r, struct err *e)
{
    struct importing *im = ctx;
    char object[128], detail[160];

    snprintf(object, sizeof object, "list %s", im->opts->name);
    if (im->into)
        snprintf(detail, sizeof detail, "taken %lld, known %lld, review %lld, rejected %lld so far",
                 (long long)r->taken, (long long)r->known, (long long)r->held_rows,
                 (long long)r->rejected_rows);
    else
        snprintf(detail, sizeof detail, "rows %lld, review %lld, rejected %lld, persons %lld",
                 (long long)r->taken, (long long)r->held_rows, (long long)r->rejected_rows,
                 (long long)r->counts.persons);
    return cli_audit(im->cli, im->into ? "list.repair" : "list.import", object, detail, e);
}

/* The job says how many bytes it has read; people count rows. */
struct watch {
    struct progress bar;
    const struct intake_result *result;
    int64_t began_us;
};

static int on_progress(void *ctx, int64_t done, int64_t total, const char *note)
{
    const struct watch *w = ctx;
    const struct intake_result *r = w->result;
    int64_t us = clock_mono_us() - w->began_us;
    char rows[32], rate[32], left[32], text[160];

    (void)note;
    snprintf(text, sizeof text, _("%s rows, %s/s, %s not taken"), cli_number(r->rows, rows),
             cli_number(us > 0 ? r->rows * 1000000 / us : 0, rate),
             cli_number(r->rejected_rows + r->held_rows, left));
    return w->bar.fn(w->bar.ctx, done, total, text);
}

static int import(struct cli *c, struct importing *im, struct intake_opts *o, struct err *e)
{
    struct intake_result r = {0};
    struct bar bar;
    struct watch watch = {bar_begin(&bar, c, _("import")), &r, clock_mono_us()};

    /* Two threads on what may be two processors: a dispatcher beside goes first. */
    if (setpriority(PRIO_PROCESS, 0, IMPORT_NICE))
        log_debug("list", "the priority stays as it is: %s", strerror(errno));
    o->progress = (struct progress){on_progress, &watch};
    int rc = im->into ? intake_repair(c->store, c->keyring, im->into, o, &r, e)
                      : intake_import(c->store, c->keyring, o, &r, e);
    bar_end(&bar);
    if (rc) {
        /* Nothing could be taken: the reasons are what there is to tell. */
        if (!c->json && e->kind == ERR_DATA && r.taken == 0 && r.n_reasons > 0)
            print_reasons(c, &r);
        return -1;
    }
    if (c->json)
        print_json(im, o, &r);
    else
        print_text(im, o, &r);
    return 0;
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    bool dry_run = a->value[DRY_RUN] != NULL;
    struct intake_opts o = {.path = a->rest[0],
                            .name = a->value[INTO] ? a->value[INTO] : a->value[NAME],
                            .map_path = a->value[COLUMNS],
                            .rejects_path = a->value[REJECTS],
                            .table.sheet = a->value[SHEET],
                            .dry_run = dry_run,
                            .again = a->value[AGAIN] != NULL,
                            .now_ms = clock_now_ms(),
                            .header = on_header,
                            .record = audit,
                            .translate = translate};

    int32_t months_day = CIVIL_NONE;
    if (lists_day(a->value[MONTHS_DAY], &months_day, e))
        return -1;
    if (months_day != CIVIL_NONE)
        o.months_day = &months_day;
    if (a->value[INTO] && (a->value[NAME] || a->value[AGAIN]))
        return err_set(e, ERR_USAGE, _("leave --name and --again away"),
                       _("--into brings rows into a list that is there"));
    if (!o.name && !dry_run)
        return err_set(e, ERR_USAGE, _("say --name L"), _("the list needs a name"));
    if (!o.name)
        o.name = "dry-run";
    /* A dry run needs no work directory: anybody may try a file. */
    if (lists_encoding(a->value[ENCODING], &o.table, e) ||
        ((!dry_run || a->value[INTO]) && (cli_keyring(c, e) || cli_audit_ready(c, e))))
        return -1;
    struct list_info into;
    if (a->value[INTO] && cli_list(c, a->value[INTO], &into, e))
        return -1;
    struct importing *im = calloc(1, sizeof *im);
    if (!im)
        panic("out of memory");
    im->cli = c;
    im->into = a->value[INTO] ? &into : NULL;
    im->opts = &o;
    o.actor = c->actor;
    o.zone_min = c->zone_min;
    o.ctx = im;
    int rc = import(c, im, &o, e);
    free(im);
    return rc;
}

const struct command list_import = {.name = "import",
                                    .args =
                                        "FILE --name L|--into L [--columns MAP] [--encoding E] "
                                        "[--sheet NAME|N] [--rejects OUT.csv] [--months-day DATE]"
                                        " [--dry-run] [--again]",
                                    .help = N_("brings in a list of people"),
                                    .options = options,
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run};
