/*
 * list_convert: `list convert` writes what the reader sees of a file to standard output: UTF-8
 * whatever it was. Nothing is stored, no work directory is needed.
 */
#include <string.h>
#include <unistd.h>
#include "zhanchi/json.h"
#include "zhanchi/table.h"
#include "lists.h"

enum { TO, ENCODING, SHEET };
static const struct cli_option options[] = {
    {"to", "jsonl|csv", N_("one JSON object a row with its line, or CSV")},
    {"encoding", "E", N_("utf-8, gb18030 ... (default: found out over the whole file)")},
    {"sheet", "NAME|N", N_("the sheet of a workbook (default: the only one with anything in it)")},
    CLI_END};

static void to_jsonl(const struct table_row *row, struct buf *out)
{
    struct json_w w;

    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_key(&w, "line");
    json_w_int(&w, row->line);
    if (row->fault) {
        json_w_key(&w, "fault");
        json_w_str(&w, row->fault);
    }
    json_w_key(&w, "cells");
    json_w_open(&w, '[');
    for (size_t i = 0; i < row->n_cells; i++)
        json_w_strn(&w, row->cells[i].text, row->cells[i].len);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    buf_addc(out, '\n');
}

/* A row with a fault is no row: it is told on standard error. */
static void to_csv(const struct table_row *row, struct buf *out)
{
    if (row->fault) {
        fprintf(stderr, _("line %lld is left out: %s\n"), (long long)row->line, row->fault);
        return;
    }
    for (size_t i = 0; i < row->n_cells; i++)
        table_csv_field(out, row->cells[i].text, row->cells[i].len, i == 0);
    buf_addc(out, '\n');
}

static int convert(const struct cli *c, struct table *t,
                   void (*write)(const struct table_row *, struct buf *), struct err *e)
{
    struct table_row row;
    struct buf out;
    struct bar bar;
    struct progress p = bar_begin(&bar, c, _("convert"));
    int rc;

    bar.tty = bar.tty && !isatty(STDOUT_FILENO); /* the rows are there */
    buf_init(&out, 64u << 20);
    while ((rc = table_next(t, &row, e)) == 1) {
        buf_reset(&out);
        write(&row, &out);
        if (fwrite(buf_cstr(&out), 1, out.len, stdout) != out.len)
            rc = err_errno(e, ERR_IO, _("check the disk's space"), _("cannot write the output"));
        else if (p.fn(p.ctx, table_bytes_done(t), table_bytes(t), NULL))
            rc = err_set(e, ERR_TEMP, NULL, _("interrupted"));
        if (rc < 0)
            break;
    }
    bar_end(&bar);
    buf_fini(&out);
    return rc;
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct table_opts opts = {.sheet = a->value[SHEET]};
    const char *to = a->value[TO] ? a->value[TO] : "jsonl";
    bool csv = strcmp(to, "csv") == 0;

    if (!csv && strcmp(to, "jsonl") != 0)
        return err_set(e, ERR_USAGE, _("jsonl or csv"), _("cannot convert to %.40s"), to);
    if (lists_encoding(a->value[ENCODING], &opts, e))
        return -1;
    struct table *t = table_open(a->rest[0], &opts, e);
    if (!t)
        return -1;
    int rc = convert(c, t, csv ? to_csv : to_jsonl, e);
    table_close(t);
    return rc;
}

const struct command list_convert = {.name = "convert",
                                     .args = "FILE --to jsonl|csv [--encoding E] [--sheet NAME|N]",
                                     .help = N_("shows what the reader sees; nothing is stored"),
                                     .options = options,
                                     .min_rest = 1,
                                     .max_rest = 1,
                                     .run = run};
