/*
 * xlsx: rows of a sheet of a workbook (.xlsx), through libzip and expat.
 *
 * Opening reads the workbook's lists, its styles, its strings (shared_strings.c: bounded memory) and the whole sheet once (merges.c), so that a
 * damaged file is refused before the first row. Then the sheet is read as a stream: the parser pauses behind each row.
 *
 * A cell gives what a person sees in it: shared and inline strings, numbers as they were typed (numbers.c), dates by their style, TRUE
 * and FALSE, the text of an error. A formula gives its last result; where the file has none, its own text, so that nothing is silently
 * empty. Empty cells at a row's end and rows without any text are not given: sheets are often formatted to their last column.
 *
 * Callers: table.c only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "book.h"
#include "merges.h"
#include "numbers.h"
#include "reader.h"
#include "reference.h"
#include "rowbuf.h"
#include "shared_strings.h"
#include "styles.h"
#include "xml.h"

static const char save_anew[] = "open it in a spreadsheet program and save it anew as .xlsx";

enum cell_type { CELL_NUMBER, CELL_SHARED, CELL_TEXT, CELL_BOOL };
enum inside { INSIDE_NOTHING, INSIDE_VALUE, INSIDE_FORMULA, INSIDE_TEXT };

struct xlsx {
    char *path;
    int64_t size;
    struct pack *pack;
    struct book book;
    size_t sheet;
    struct styles *styles;
    struct strings *strings;
    struct merges *merges;
    struct xml *xml;
    char part[BOOK_NAME_MAX + 16];
    struct rowbuf row;
    int64_t line;
    bool in_rows, in_row;
    /* the cell */
    int32_t column;
    enum cell_type type;
    uint8_t format;
    bool in_cell, inlined, has_value, has_formula;
    int phonetic;
    enum inside inside;
    struct buf value, formula, scratch;
    struct err err;
    bool failed; /* with err */
};

/* ---- cells ---- */

static void begin_row(struct xlsx *x, const char **attributes)
{
    const char *r = xml_attribute(attributes, "r");
    int64_t line = r ? strtoll(r, NULL, 10) : x->line + 1;

    if (x->in_row) {
        xml_fail(x->xml, save_anew, "there is a row inside of row %lld", (long long)x->line);
        return;
    }
    if (line <= x->line || line > ROWS_MAX) {
        xml_fail(x->xml, save_anew, "row %.12s stands behind row %lld", r ? r : "?",
                 (long long)x->line);
        return;
    }
    x->line = line;
    x->in_row = true;
    x->column = -1;
    rowbuf_reset(&x->row);
}

static enum cell_type type_of(const char *t)
{
    if (strcmp(t, "s") == 0)
        return CELL_SHARED;
    if (strcmp(t, "b") == 0)
        return CELL_BOOL;
    return strcmp(t, "n") == 0 ? CELL_NUMBER : CELL_TEXT; /* str, inlineStr, e, d */
}

static void begin_cell(struct xlsx *x, const char **attributes)
{
    int32_t column = x->column + 1;
    int64_t row;
    size_t style = 0;

    x->type = CELL_NUMBER;
    for (const char **a = attributes; *a; a += 2) {
        if (a[0][0] == '\0' || a[0][1] != '\0')
            continue;
        if (a[0][0] == 'r' && reference_parse(a[1], &column, &row))
            column = -1;
        else if (a[0][0] == 't')
            x->type = type_of(a[1]);
        else if (a[0][0] == 's')
            style = strtoul(a[1], NULL, 10);
    }
    if (column <= x->column || column >= (int32_t)TABLE_CELLS_MAX) {
        xml_fail(x->xml, save_anew, "the cells of row %lld are out of order", (long long)x->line);
        return;
    }
    x->column = column;
    x->format = styles_format(x->styles, style);
    x->in_cell = true;
    x->inlined = x->has_value = x->has_formula = false;
    x->phonetic = 0;
    buf_reset(&x->value);
    buf_reset(&x->formula);
}

static void put(struct xlsx *x, const char *s, size_t len)
{
    if (len == 0)
        return;
    rowbuf_pad(&x->row, (size_t)x->column);
    rowbuf_add(&x->row, s, len);
}

static void put_shared(struct xlsx *x)
{
    char *end;
    unsigned long long i = strtoull(buf_cstr(&x->value), &end, 10);

    if (x->value.len == 0 || *end != '\0' || i >= strings_count(x->strings)) {
        xml_fail(x->xml, save_anew, "row %lld, column %d: there is no such shared string",
                 (long long)x->line, (int)x->column + 1);
    } else if (strings_get(x->strings, (size_t)i, &x->scratch, &x->err)) {
        x->failed = true;
        xml_fail(x->xml, NULL, "%s", x->err.what);
    } else {
        put(x, x->scratch.data, x->scratch.len);
    }
}

static void end_cell(struct xlsx *x)
{
    x->in_cell = false;
    if (x->has_formula && !x->has_value) {
        buf_reset(&x->scratch);
        buf_addc(&x->scratch, '=');
        buf_add(&x->scratch, buf_cstr(&x->formula), x->formula.len);
        put(x, buf_cstr(&x->scratch), x->scratch.len);
    } else if (x->inlined || (x->type == CELL_TEXT && x->has_value)) {
        text_unescape(&x->value);
        put(x, buf_cstr(&x->value), x->value.len);
    } else if (x->has_value && x->type == CELL_SHARED) {
        put_shared(x);
    } else if (x->has_value && x->type == CELL_BOOL) {
        bool yes = strcmp(buf_cstr(&x->value), "0") != 0;
        put(x, yes ? "TRUE" : "FALSE", yes ? 4 : 5);
    } else if (x->has_value) {
        buf_reset(&x->scratch);
        number_text(buf_cstr(&x->value), x->value.len, x->format, x->book.epoch_1904, &x->scratch);
        put(x, buf_cstr(&x->scratch), x->scratch.len);
    }
}

/* ---- the sheet's elements ---- */

static void on_inside_cell(struct xlsx *x, const char *name)
{
    x->inside = INSIDE_NOTHING;
    if (strcmp(name, "v") == 0) {
        x->has_value = true;
        x->inside = INSIDE_VALUE;
    } else if (strcmp(name, "f") == 0) {
        x->has_formula = true;
        x->inside = INSIDE_FORMULA;
    } else if (strcmp(name, "is") == 0) {
        x->has_value = x->inlined = true;
    } else if (strcmp(name, "rPh") == 0) {
        x->phonetic++;
    } else if (strcmp(name, "t") == 0 && x->inlined && x->phonetic == 0) {
        x->inside = INSIDE_TEXT;
    }
}

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct xlsx *x = ctx;

    if (x->in_cell)
        on_inside_cell(x, name);
    else if (x->in_row && strcmp(name, "c") == 0)
        begin_cell(x, attributes);
    else if (x->in_rows && strcmp(name, "row") == 0)
        begin_row(x, attributes);
    else if (strcmp(name, "sheetData") == 0)
        x->in_rows = true;
}

static void end_row(struct xlsx *x)
{
    x->in_row = false;
    merges_apply(x->merges, x->line, &x->row);
    if (x->row.n > 0 || x->row.fault)
        xml_pause(x->xml);
}

static void on_end(void *ctx, const char *name)
{
    struct xlsx *x = ctx;

    x->inside = INSIDE_NOTHING;
    if (x->in_cell && strcmp(name, "c") == 0)
        end_cell(x);
    else if (x->in_cell && strcmp(name, "rPh") == 0)
        x->phonetic--;
    else if (x->in_cell)
        return;
    else if (x->in_row && strcmp(name, "row") == 0)
        end_row(x);
    else if (strcmp(name, "sheetData") == 0)
        x->in_rows = false;
}

static void on_text(void *ctx, const char *s, size_t len)
{
    struct xlsx *x = ctx;

    if (x->inside == INSIDE_FORMULA)
        text_add(&x->formula, s, len);
    else if (x->inside == INSIDE_TEXT || (x->inside == INSIDE_VALUE && !x->inlined))
        text_add(&x->value, s, len);
}

/* ---- the format ---- */

static bool xlsx_knows(const unsigned char *head, size_t len)
{
    return len >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

static void xlsx_close(void *r)
{
    struct xlsx *x = r;

    xml_close(x->xml);
    merges_free(x->merges);
    strings_free(x->strings);
    styles_free(x->styles);
    book_fini(&x->book);
    pack_close(x->pack);
    rowbuf_fini(&x->row);
    buf_fini(&x->value);
    buf_fini(&x->formula);
    buf_fini(&x->scratch);
    free(x->path);
    free(x);
}

static int open_sheet(struct xlsx *x, const char *want, struct err *e)
{
    static const struct xml_handlers handlers = {on_start, on_end, on_text};
    int sheet = book_choose(x->path, x->pack, &x->book, want, e);

    if (sheet < 0)
        return -1;
    x->sheet = (size_t)sheet;
    const struct book_sheet *s = &x->book.sheets[sheet];
    snprintf(x->part, sizeof x->part, "sheet %s", s->name);
    x->styles = styles_load(x->path, x->pack, x->book.styles, e);
    x->strings = x->styles ? strings_load(x->path, x->pack, x->book.strings, e) : NULL;
    x->merges = x->strings ? merges_load(x->path, x->pack, s->entry, x->part, e) : NULL;
    struct pack_entry *entry = x->merges ? pack_entry_open(x->pack, s->entry, e) : NULL;
    if (!entry)
        return -1;
    x->xml = xml_open_take(x->path, entry, x->part, &handlers, x);
    return 0;
}

static void *xlsx_open(const struct reader_input *in, const struct table_opts *opts, struct err *e)
{
    struct xlsx *x = calloc(1, sizeof *x);

    if (!x || !(x->path = strdup(in->path)))
        panic("out of memory");
    x->size = in->size;
    rowbuf_init(&x->row);
    text_init(&x->value);
    text_init(&x->formula);
    text_init(&x->scratch);
    x->pack = pack_open(x->path, in->fd, e);
    if (!x->pack || book_load(x->path, x->pack, &x->book, e) || open_sheet(x, opts->sheet, e)) {
        xlsx_close(x);
        return NULL;
    }
    return x;
}

static int xlsx_next(void *r, struct table_row *row, struct err *e)
{
    struct xlsx *x = r;
    int rc = xml_run(x->xml, e);

    if (rc < 0 && x->failed)
        *e = x->err;
    if (rc == 1)
        rowbuf_give(&x->row, x->line, row);
    return rc;
}

static int64_t xlsx_done(const void *r)
{
    const struct xlsx *x = r;
    int64_t all = xml_size(x->xml), done = xml_done(x->xml);

    return done >= all ? x->size : (int64_t)((double)x->size * (double)done / (double)all);
}

static const char *xlsx_sheet(const void *r)
{
    const struct xlsx *x = r;

    return x->book.sheets[x->sheet].name;
}

const struct reader reader_xlsx = {
    .name = "xlsx",
    .form = "XLSX",
    .knows = xlsx_knows,
    .open = xlsx_open,
    .next = xlsx_next,
    .done = xlsx_done,
    .sheet = xlsx_sheet,
    .close = xlsx_close,
};
