/*
 * csv: rows of delimited text (RFC 4180 and what spreadsheets make of it), through libcsv.
 *
 * The window holds UTF-8 text from the beginning of the current row on. libcsv is fed one physical line at a time: that counts lines, shows where a row ends, and
 * keeps the line ends inside quotes. LF, CRLF and CR end a line.
 *
 * Nothing is repaired. A quoted cell must end at its closing quote, and the quote must close: else the row carries the fault "quote". A quote
 * inside a cell that does not begin with one is text: there is no doubt where that cell ends. After a row with a fault, reading goes on with the line
 * after the one where it began, because a stray opening quote swallows everything up to the next quote, or to the end of the file; in the lines that it had
 * swallowed a bare quote is a fault too. Going back costs no more than reading twice: a line that swallows others leaves none in its reach that could.
 *
 * Invariants: from <= pos <= end <= cap <= TABLE_ROW_MAX; a row longer than the window is "too-long", and what is left of its line is
 * skipped without being kept. Called by table.c only.
 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/buf.h"
#include "decode.h"
#include "reader.h"
#include "sniff.h"

#define WINDOW_FIRST (SOURCE_BLOCK * 4)
#define STRICT (CSV_STRICT | CSV_STRICT_FINI)

static const char fault_quote[] = "quote";
static const char fault_long[] = "too-long";

struct building {    /* the row that libcsv's callbacks fill */
    struct buf text; /* cells one after another, a NUL behind each */
    struct table_cell *cells;
    size_t n, cap;
    const char *fault;
    bool done;
};

struct csv {
    struct source source;
    struct csv_parser parser;
    char *window;
    size_t from, pos, end, cap;
    bool at_end;     /* the source has no more */
    bool skipping;   /* inside a line that was too long */
    int64_t line;    /* of window[pos] */
    int64_t doubted; /* up to this line a bare quote is a fault */
    struct building row;
};

/* ---- libcsv ---- */

static int never(unsigned char c)
{
    (void)c;
    return 0;
}

/* Length of the longest prefix that does not cut a character. */
static size_t whole_characters(const char *s, size_t len)
{
    while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static void on_cell(void *text, size_t len, void *ctx)
{
    struct building *b = ctx;

    if (b->n == TABLE_CELLS_MAX) {
        b->fault = fault_long;
        return;
    }
    if (len > TABLE_CELL_MAX) {
        b->fault = fault_long;
        len = whole_characters(text, TABLE_CELL_MAX);
    }
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->cells = reallocarray(b->cells, b->cap, sizeof *b->cells);
        if (!b->cells)
            panic("out of memory");
    }
    b->cells[b->n++].len = len;
    if (buf_add(&b->text, text, len) || buf_addc(&b->text, '\0'))
        panic("a row outgrew its window");
}

static void on_row(int c, void *ctx)
{
    struct building *b = ctx;

    (void)c;
    b->done = true;
}

/* Forgets a row in the middle. */
static void parser_reset(struct csv *c)
{
    csv_set_opts(&c->parser, 0);
    csv_fini(&c->parser, NULL, NULL, NULL);
    csv_set_opts(&c->parser, STRICT);
}

/* A strict parser stops at a quote inside an unquoted cell, and at text behind a closing quote; the byte tells which. */
static void feed(struct csv *c, const char *s, size_t len)
{
    struct building *b = &c->row;

    for (size_t used = 0; used < len && !b->fault;) {
        used += csv_parse(&c->parser, s + used, len - used, on_cell, on_row, b);
        if (used == len)
            break;
        if (csv_error(&c->parser) != CSV_EPARSE)
            panic("libcsv: %s", csv_strerror(csv_error(&c->parser)));
        if (s[used] != '"' || c->line <= c->doubted) {
            b->fault = fault_quote;
            break;
        }
        csv_set_opts(&c->parser, 0);
        used += csv_parse(&c->parser, s + used, 1, on_cell, on_row, b);
        csv_set_opts(&c->parser, STRICT);
    }
}

/* ---- the window ---- */

/* More text behind `end`: 1, 0 if there is none (at_end), or no room for it; -1. */
static int more(struct csv *c, struct err *e)
{
    if (c->cap - c->end < SOURCE_BLOCK && c->from > 0) {
        memmove(c->window, c->window + c->from, c->end - c->from);
        c->pos -= c->from;
        c->end -= c->from;
        c->from = 0;
    }
    if (c->cap - c->end < SOURCE_BLOCK && c->cap < TABLE_ROW_MAX) {
        c->cap *= 2;
        c->window = realloc(c->window, c->cap);
        if (!c->window)
            panic("out of memory");
    }
    if (c->cap - c->end < 16)
        return 0;
    ptrdiff_t n = source_read(&c->source, c->window + c->end, c->cap - c->end, e);
    if (n < 0)
        return -1;
    c->at_end = n == 0;
    c->end += (size_t)n;
    return n > 0;
}

/* Length of the line at s, its end included; 0 if the end is not in sight. A CR at the very end may be half of a CRLF. */
static size_t line_length(const char *s, size_t len, bool at_end)
{
    const char *lf = memchr(s, '\n', len);
    size_t reach = lf ? (size_t)(lf - s) + 1 : len;
    const char *cr = memchr(s, '\r', reach);

    if (!cr)
        return lf ? reach : 0;
    size_t n = (size_t)(cr - s) + 1;
    if (n == len)
        return at_end ? n : 0;
    return cr[1] == '\n' ? n + 1 : n;
}

/* 1 and the length of the line at pos (the last one may have no end), 0 at the end of the text, -1; 2: it is longer than the window. */
static int find_line(struct csv *c, size_t *len, struct err *e)
{
    size_t clean = 0; /* so many bytes from pos on hold no end */

    for (;;) {
        size_t n = line_length(c->window + c->pos + clean, c->end - c->pos - clean, c->at_end);
        *len = clean + n;
        if (n > 0)
            return 1;
        *len = clean = c->end - c->pos;
        if (c->at_end)
            return *len > 0;
        if (clean > 0 && c->window[c->end - 1] == '\r')
            clean--;
        int rc = more(c, e);
        if (rc < 0)
            return -1;
        if (rc == 0 && !c->at_end)
            return 2;
    }
}

/* To the end of a line that no window holds. */
static int skip_line(struct csv *c, struct err *e)
{
    size_t len;

    while (c->skipping) {
        c->from = c->pos;
        int rc = find_line(c, &len, e);
        if (rc < 0)
            return -1;
        if (rc == 2) {
            c->pos = c->end - 1; /* a CR may be its last byte */
            continue;
        }
        c->pos += len;
        c->line++;
        c->skipping = false;
    }
    return 0;
}

/* ---- rows ---- */

struct beginning { /* of a row, and the end of its first line */
    int64_t line;
    size_t first_end; /* offset from `from`; 0 while the first line has not ended */
};

static void row_reset(struct building *b)
{
    buf_reset(&b->text);
    b->n = 0;
    b->fault = NULL;
    b->done = false;
}

/* After a fault: behind the first line of the row. */
static void step_back(struct csv *c, const struct beginning *at)
{
    parser_reset(c);
    if (at->first_end == 0) {
        c->skipping = true;
        return;
    }
    if (c->line > c->doubted)
        c->doubted = c->line;
    c->pos = c->from + at->first_end;
    c->line = at->line + 1;
}

/* Lines without anything in them are no rows: 1 if there is a line that is, 0 at the end of the text, -1. */
static int find_beginning(struct csv *c, struct err *e)
{
    for (;;) {
        size_t len;
        c->from = c->pos;
        int rc = find_line(c, &len, e);
        if (rc <= 0)
            return rc;
        if (c->window[c->pos] != '\n' && c->window[c->pos] != '\r')
            return 1;
        c->pos += len;
        c->line++;
    }
}

/* Feeds one more line of the row: 0, -1. */
static int feed_line(struct csv *c, struct beginning *at, struct err *e)
{
    struct building *b = &c->row;
    size_t len;
    int rc = find_line(c, &len, e);

    if (rc < 0)
        return -1;
    if (rc == 2)
        b->fault = fault_long;
    else if (rc == 0 && csv_fini(&c->parser, on_cell, on_row, b))
        b->fault = fault_quote;
    if (rc != 1)
        return 0;
    feed(c, c->window + c->pos, len);
    c->pos += len;
    if (at->first_end == 0)
        at->first_end = c->pos - c->from;
    if (!b->fault)
        c->line++;
    return 0;
}

static void give(struct building *b, int64_t line, struct table_row *row)
{
    const char *text = buf_cstr(&b->text);

    for (size_t i = 0; i < b->n; i++) {
        b->cells[i].text = text;
        text += b->cells[i].len + 1;
    }
    *row = (struct table_row){b->cells, b->n, line, b->fault};
}

static int csv_reader_next(void *r, struct table_row *row, struct err *e)
{
    struct csv *c = r;
    struct building *b = &c->row;

    if (c->skipping && skip_line(c, e))
        return -1;
    row_reset(b);
    int rc = find_beginning(c, e);
    if (rc <= 0)
        return rc;
    struct beginning at = {.line = c->line};
    while (!b->done && !b->fault)
        if (feed_line(c, &at, e))
            return -1;
    if (b->fault)
        step_back(c, &at);
    give(b, at.line, row);
    return 1;
}

/* ---- the format ---- */

/* Any text may be one. */
static bool csv_reader_knows(const unsigned char *head, size_t len)
{
    (void)head;
    (void)len;
    return true;
}

static void csv_reader_close(void *r)
{
    struct csv *c = r;

    csv_free(&c->parser);
    source_fini(&c->source);
    buf_fini(&c->row.text);
    free(c->row.cells);
    free(c->window);
    free(c);
}

static void *csv_reader_open(const struct reader_input *in, const struct table_opts *opts,
                             struct err *e)
{
    struct csv *c = calloc(1, sizeof *c);

    if (!c)
        panic("out of memory");
    c->cap = WINDOW_FIRST;
    c->window = malloc(c->cap);
    if (!c->window)
        panic("out of memory");
    c->line = 1;
    buf_init(&c->row.text, TABLE_ROW_MAX + TABLE_CELLS_MAX + 1);
    if (csv_init(&c->parser, STRICT))
        panic("libcsv cannot begin");
    csv_set_space_func(&c->parser, never); /* blanks belong to cells */
    csv_set_blk_size(&c->parser,
                     1 << 16); /* by 128 bytes at a time a long cell would be copied too often */
    int rc = source_init(&c->source, in->path, in->fd, in->encoding, in->skip, e);
    while (rc >= 0 && !c->at_end && c->end < SOURCE_BLOCK)
        rc = more(c, e);
    if (rc < 0) {
        csv_reader_close(c);
        return NULL;
    }
    char delimiter = opts->delimiter;
    if (!delimiter)
        delimiter = sniff_delimiter(c->window, c->end, c->at_end);
    csv_set_delim(&c->parser, (unsigned char)delimiter);
    return c;
}

static int64_t csv_reader_done(const void *r)
{
    const struct csv *c = r;

    return source_done(&c->source);
}

const struct reader reader_csv = {
    .name = "csv",
    .knows = csv_reader_knows,
    .text = true,
    .open = csv_reader_open,
    .next = csv_reader_next,
    .done = csv_reader_done,
    .close = csv_reader_close,
};
