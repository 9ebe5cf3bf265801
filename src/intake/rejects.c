/*
 * rejects: the rejects file: every row that was not taken as it stands in the list, and behind it
 * what is wrong and what to do. People repair it in a spreadsheet and import it again (repair.c).
 *
 * CSV with a byte order mark, so that a spreadsheet opens it as UTF-8; digits that it would round or
 * shorten are written as ="...", which it shows and saves as they are. The file holds personal data
 * in the clear, as the list does: 0600. It is written beside its place under a temporary name, and gets
 * its name when it is complete and on the disk: who finds it finds all of it.
 * Called by import.c, repair.c and fix.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/fsio.h"
#include "zhanchi/i18n.h"
#include "internal.h"

#define FLUSH_BYTES 65536
#define ROW_BYTES (16u << 20) /* more than a row has (table.h) */
#define EXACT_DIGITS 11       /* so many and fewer a spreadsheet shows as they are */
#define REASONS_BYTES 4096

const char rejects_line_header[] = "行号 line";
const char *const rejects_headers[REJECTS_HEADERS] = {rejects_line_header, "列 column",
                                                      "原因 reason", "处理办法 remedy"};

struct reject_file {
    const char *(*translate)(const char *);
    struct fs_draft file;
    bool open;
    const struct columns *columns;
    struct buf out;
};

static int flush(struct reject_file *f, struct err *e)
{
    int rc = fs_draft_put(&f->file, f->out.data, f->out.len, e);

    buf_reset(&f->out);
    return rc;
}

static void add_text(struct reject_file *f, const char *s, bool first)
{
    table_csv_field(&f->out, s, strlen(s), first);
}

/* Digits (and a final X) that a spreadsheet would change. */
static bool delicate(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((s[i] < '0' || s[i] > '9') && !(i + 1 == len && (s[i] == 'X' || s[i] == 'x')))
            return false;
    return len > EXACT_DIGITS || (len > 1 && s[0] == '0');
}

/* A cell that comes back as we wrote it is written so again, and not wrapped once more. */
static void add_cell(struct reject_file *f, const struct table_cell *c, bool first)
{
    struct table_cell bare = cell_bare(c);

    if (!delicate(bare.text, bare.len)) {
        table_csv_field(&f->out, c->text, c->len, first);
        return;
    }
    buf_adds(&f->out, first ? "\"=\"\"" : ",\"=\"\"");
    buf_add(&f->out, bare.text, bare.len);
    buf_adds(&f->out, "\"\"\"");
}

static void add_head(struct reject_file *f, const struct columns *c)
{
    buf_adds(&f->out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < c->n; i++)
        add_text(f, c->col[i].header, i == 0);
    for (size_t i = 0; i < REJECTS_HEADERS; i++)
        add_text(f, rejects_headers[i], false);
    buf_adds(&f->out, "\r\n");
}

static const char *as_it_is(const char *text)
{
    return text;
}

int rejects_open(const char *path, const char *(*translate)(const char *), const struct columns *c,
                 struct reject_file **out, struct err *e)
{
    *out = NULL;
    if (!path)
        return 0;
    struct reject_file *f = calloc(1, sizeof *f);
    if (!f)
        panic("out of memory");
    f->translate = translate ? translate : as_it_is;
    f->columns = c;
    buf_init(&f->out, 2 * ROW_BYTES);
    if (fs_draft_begin(&f->file, path, 0600, e) != 0) {
        buf_fini(&f->out);
        free(f);
        return -1;
    }
    f->open = true;
    add_head(f, c);
    *out = f;
    return 0;
}

/* ---- one row ---- */

static void add_cells(struct reject_file *f, const struct table_row *row)
{
    static const struct table_cell none = {"", 0};
    size_t n = f->columns->n;
    struct buf last;

    for (size_t i = 0; i + 1 < n; i++)
        add_cell(f, i < row->n_cells ? &row->cells[i] : &none, i == 0);
    /* What stands beyond the last column goes with it. */
    buf_init(&last, ROW_BYTES);
    if (row_shifted(f->columns, row))
        row_tail(row, n - 1, &last);
    else if (row->n_cells >= n)
        buf_add(&last, row->cells[n - 1].text, row->cells[n - 1].len);
    struct table_cell c = {buf_cstr(&last), last.len};
    add_cell(f, &c, n == 1);
    buf_fini(&last);
}

/* "手机号码; 身份证号" - the same for reasons and remedies; none twice in a row. */
static void add_joined(struct reject_file *f, const struct list_reject *r, size_t n, int what)
{
    struct buf all;
    const char *before = "";

    buf_init(&all, REASONS_BYTES);
    for (size_t i = 0; i < n; i++) {
        const char *text = what == 1   ? r[i].header
                           : what == 2 ? f->translate(intake_reason_text(r[i].reason))
                                       : f->translate(intake_reason_remedy(r[i].reason));
        if (text[0] == '\0' || strcmp(text, before) == 0)
            continue;
        buf_adds(&all, all.len > 0 ? "; " : "");
        buf_adds(&all, text);
        before = text;
    }
    table_csv_field(&f->out, buf_cstr(&all), all.len, false);
    buf_fini(&all);
}

int rejects_add(struct reject_file *f, const struct table_row *row, const struct list_reject *r,
                size_t n, struct err *e)
{
    char number[24];

    if (!f || n == 0)
        return 0;
    add_cells(f, row);
    snprintf(number, sizeof number, "%lld", (long long)r[0].line);
    add_text(f, number, false);
    for (int what = 1; what < REJECTS_HEADERS; what++)
        add_joined(f, r, n, what);
    buf_adds(&f->out, "\r\n");
    if (f->out.failed)
        panic("a reject of more than %u bytes", ROW_BYTES);
    return f->out.len >= FLUSH_BYTES ? flush(f, e) : 0;
}

int rejects_finish(struct reject_file *f, struct err *e)
{
    if (!f)
        return 0;
    f->open = false;
    return fs_draft_end(&f->file, flush(f, e), e);
}

void rejects_close(struct reject_file *f)
{
    struct err ignored;

    if (!f)
        return;
    if (f->open)
        (void)fs_draft_end(&f->file, -1, &ignored);
    buf_fini(&f->out);
    free(f);
}
