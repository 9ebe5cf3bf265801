/*
 * xls_child: see xls_child.h. Runs in a process of its own: freexl holds a whole workbook in memory and was not written for
 * files that mean harm.
 *
 * freexl gives dates as texts, by their style and in either date system. It passes over formulas, and knows nothing of hidden sheets: xls_extra.c
 * has those. Merged cells are not looked at: their value stays in the first one.
 */
#include <freexl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "numbers.h"
#include "reader.h"
#include "sheets.h"
#include "xls_child.h"
#include "xls_extra.h"

struct child {
    const char *path;
    int fd;
    const void *book;
    struct xls_extra *extra;
    unsigned sheets;
    unsigned selected; /* sheet + 1 */
    FILE *out;
    struct buf text;
};

/* ---- records ---- */

static void put_text(FILE *out, const char *s, size_t len)
{
    uint32_t n = (uint32_t)len;

    fwrite(&n, sizeof n, 1, out);
    fwrite(s, 1, len, out);
}

static int put_error(FILE *out, const struct err *e)
{
    fputc(XLS_ERROR, out);
    fwrite(e, sizeof *e, 1, out);
    return fflush(out) ? -1 : 0;
}

/* ---- opening ---- */

/* A workbook with a password for opening is an OLE file with another inside. */
static bool encrypted(int fd)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    enum { PIECE = 65536, KEEP = sizeof name };
    static char piece[PIECE + KEEP];
    size_t kept = 0;
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, piece + kept, PIECE, at)) > 0) {
        size_t len = kept + (size_t)n;
        if (memmem(piece, len, name, sizeof name - 1))
            return true;
        at += n;
        kept = len < KEEP ? len : KEEP;
        memmove(piece, piece + len - kept, kept);
    }
    return false;
}

static int refuse(const struct child *c, int code, struct err *e)
{
    static const char anew[] =
        "get it again from its source, or open it in a spreadsheet program and save it as .xlsx";

    if (encrypted(c->fd))
        return err_set(e, ERR_DATA, "save it without a password", "%s is protected by a password",
                       c->path);
    if (code == FREEXL_BIFF_WORKBOOK_NOT_FOUND)
        return err_set(e, ERR_DATA, "copy its table into a spreadsheet and save it as .xlsx",
                       "%s has no workbook in it: a Word document perhaps", c->path);
    if (code == FREEXL_INSUFFICIENT_MEMORY)
        return err_set(e, ERR_DATA, "open it in a spreadsheet program and save it as .xlsx",
                       "%s says that it is larger than is read", c->path);
    return err_set(e, ERR_DATA, anew, "%s is damaged (freexl %d)", c->path, code);
}

static int open_book(struct child *c, struct err *e)
{
    char path[64];
    unsigned password = 0, sheets = 0;

    snprintf(path, sizeof path, "/proc/self/fd/%d", c->fd);
    int code = freexl_open(path, &c->book);
    if (code != FREEXL_OK)
        return refuse(c, code, e);
    if (freexl_get_info(c->book, FREEXL_BIFF_PASSWORD, &password) == FREEXL_OK &&
        password == FREEXL_BIFF_OBFUSCATED)
        return err_set(e, ERR_DATA, "save it without a password", "%s is protected by a password",
                       c->path);
    code = freexl_get_info(c->book, FREEXL_BIFF_SHEET_COUNT, &sheets);
    if (code != FREEXL_OK || sheets == 0)
        return refuse(c, code, e);
    c->sheets = sheets;
    c->extra = xls_extra_load(c->fd);
    return c->extra ? 0 : refuse(c, FREEXL_CRAFTED_FILE, e);
}

/* ---- sheets ---- */

static const char *name_of(void *ctx, size_t i)
{
    const struct child *c = ctx;
    const char *name = NULL;

    if (freexl_get_worksheet_name(c->book, (unsigned short)i, &name) != FREEXL_OK || !name)
        return "?";
    return name;
}

static bool hidden(void *ctx, size_t i)
{
    return xls_extra_hidden(((const struct child *)ctx)->extra, i);
}

static int dimensions(struct child *c, size_t sheet, unsigned *rows, unsigned short *columns)
{
    if (c->selected != sheet + 1 &&
        freexl_select_active_worksheet(c->book, (unsigned short)sheet) != FREEXL_OK)
        return -1;
    c->selected = (unsigned)sheet + 1;
    return freexl_worksheet_dimensions(c->book, rows, columns) == FREEXL_OK ? 0 : -1;
}

static int filled(void *ctx, size_t i, struct err *e)
{
    struct child *c = ctx;
    unsigned rows = 0;
    unsigned short columns = 0;

    (void)e;
    if (dimensions(c, i, &rows, &columns))
        return 0; /* a chart */
    for (unsigned r = 0; r < rows; r++)
        for (unsigned short k = 0; k < columns; k++) {
            FreeXL_CellValue v;
            if (freexl_get_cell_value(c->book, r, k, &v) == FREEXL_OK && v.type != FREEXL_CELL_NULL)
                return 1;
        }
    return 0;
}

/* ---- rows ---- */

/* The text of a cell in c->text. */
static void cell(struct child *c, unsigned row, unsigned short column)
{
    FreeXL_CellValue v;
    char raw[40];

    buf_reset(&c->text);
    const char *extra = xls_extra_text(c->extra, row, column);
    if (extra) {
        buf_adds(&c->text, extra);
        return;
    }
    if (freexl_get_cell_value(c->book, row, column, &v) != FREEXL_OK)
        return;
    switch (v.type) {
    case FREEXL_CELL_INT:
        buf_addf(&c->text, "%d", v.value.int_value);
        break;
    case FREEXL_CELL_DOUBLE:
        snprintf(raw, sizeof raw, "%.17g", v.value.double_value);
        number_text(raw, strlen(raw), 0, false, &c->text);
        break;
    case FREEXL_CELL_TEXT:
    case FREEXL_CELL_SST_TEXT:
    case FREEXL_CELL_DATE:
    case FREEXL_CELL_DATETIME:
    case FREEXL_CELL_TIME:
        if (v.value.text_value)
            buf_adds(&c->text, v.value.text_value);
        break;
    default:
        break;
    }
}

/* Columns up to the last one with a text. */
static unsigned width_of(struct child *c, unsigned row, unsigned columns)
{
    while (columns > 0) {
        cell(c, row, (unsigned short)(columns - 1));
        if (c->text.len > 0)
            break;
        columns--;
    }
    return columns;
}

static void put_row(struct child *c, unsigned row, unsigned columns)
{
    uint32_t width = width_of(c, row, columns);
    int64_t line = (int64_t)row + 1;

    if (width == 0)
        return;
    fputc(XLS_ROW, c->out);
    fwrite(&line, sizeof line, 1, c->out);
    fwrite(&width, sizeof width, 1, c->out);
    for (unsigned k = 0; k < width; k++) {
        cell(c, row, (unsigned short)k);
        put_text(c->out, buf_cstr(&c->text), c->text.len);
    }
}

static int put_sheet(struct child *c, size_t sheet)
{
    unsigned rows = 0;
    unsigned short columns = 0;
    const char *name = name_of(c, sheet);

    if (!xls_extra_select(c->extra, sheet)) {
        struct err e;
        refuse(c, FREEXL_CRAFTED_FILE, &e);
        return put_error(c->out, &e);
    }
    fputc(XLS_SHEET, c->out);
    put_text(c->out, name, strlen(name));
    if (dimensions(c, sheet, &rows, &columns))
        rows = 0;
    for (unsigned r = 0; r < rows && !ferror(c->out); r++)
        put_row(c, r, columns);
    fputc(XLS_END, c->out);
    return fflush(c->out) ? -1 : 0;
}

int xls_child(const char *path, int fd, const char *want, FILE *out)
{
    struct child c = {.path = path, .fd = fd, .out = out};
    const struct sheets s = {0, name_of, hidden, filled, &c};
    struct sheets all = s;
    struct err e = {0};

    buf_init(&c.text, TABLE_ROW_MAX);
    int rc = open_book(&c, &e), sheet = -1;
    all.n = c.sheets;
    if (rc == 0)
        sheet = sheets_choose(path, &all, want, &e);
    rc = sheet < 0 ? put_error(out, &e) : put_sheet(&c, (size_t)sheet);
    if (c.book)
        freexl_close(c.book);
    xls_extra_free(c.extra);
    buf_fini(&c.text);
    return rc;
}
