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
#include "lines.h"
#include "reader.h"
#include "rowbuf.h"
#include "sniff.h"

#define STRICT (CSV_STRICT | CSV_STRICT_FINI)

static const char fault_quote[] = "quote";

struct csv {
    struct lines in;
    struct csv_parser parser;
    bool skipping;   /* inside a line that was too long */
    int64_t line;    /* of window[pos] */
    int64_t doubted; /* up to this line a bare quote is a fault */
    bool done;       /* the row has ended */
    struct rowbuf row;
};

/* ---- libcsv ---- */

static int never(unsigned char c)
{
    (void)c;
    return 0;
}

static void on_cell(void *text, size_t len, void *ctx)
{
    struct csv *c = ctx;

    rowbuf_add(&c->row, text, len);
}

static void on_row(int c, void *ctx)
{
    struct csv *csv = ctx;

    (void)c;
    csv->done = true;
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
    struct rowbuf *b = &c->row;

    for (size_t used = 0; used < len && !b->fault;) {
        used += csv_parse(&c->parser, s + used, len - used, on_cell, on_row, c);
        if (used == len)
            break;
        if (csv_error(&c->parser) != CSV_EPARSE)
            panic("libcsv: %s", csv_strerror(csv_error(&c->parser)));
        if (s[used] != '"' || c->line <= c->doubted) {
            b->fault = fault_quote;
            break;
        }
        csv_set_opts(&c->parser, 0);
        used += csv_parse(&c->parser, s + used, 1, on_cell, on_row, c);
        csv_set_opts(&c->parser, STRICT);
    }
}

/* ---- lines ---- */

/* To the end of a line that no window holds. */
static int skip_line(struct csv *c, struct err *e)
{
    if (lines_skip(&c->in, e))
        return -1;
    c->line++;
    c->skipping = false;
    return 0;
}

/* ---- rows ---- */

struct beginning { /* of a row, and the end of its first line */
    int64_t line;
    size_t first_end; /* offset from `from`; 0 while the first line has not ended */
};

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
    c->in.pos = c->in.from + at->first_end;
    c->line = at->line + 1;
}

/* Lines without anything in them are no rows: 1 if there is a line that is, 0 at the end of the text, -1. */
static int find_beginning(struct csv *c, struct err *e)
{
    for (;;) {
        size_t len;
        c->in.from = c->in.pos;
        int rc = lines_find(&c->in, &len, e);
        if (rc <= 0)
            return rc;
        if (c->in.text[c->in.pos] != '\n' && c->in.text[c->in.pos] != '\r')
            return 1;
        c->in.pos += len;
        c->line++;
    }
}

/* Feeds one more line of the row: 0, -1. */
static int feed_line(struct csv *c, struct beginning *at, struct err *e)
{
    struct rowbuf *b = &c->row;
    size_t len;
    int rc = lines_find(&c->in, &len, e);

    if (rc < 0)
        return -1;
    if (rc == 2)
        b->fault = rowbuf_long;
    else if (rc == 0 && csv_fini(&c->parser, on_cell, on_row, c))
        b->fault = fault_quote;
    if (rc != 1)
        return 0;
    feed(c, c->in.text + c->in.pos, len);
    c->in.pos += len;
    if (at->first_end == 0)
        at->first_end = c->in.pos - c->in.from;
    if (!b->fault)
        c->line++;
    return 0;
}

static int csv_reader_next(void *r, struct table_row *row, struct err *e)
{
    struct csv *c = r;
    struct rowbuf *b = &c->row;

    if (c->skipping && skip_line(c, e))
        return -1;
    rowbuf_reset(b);
    c->done = false;
    int rc = find_beginning(c, e);
    if (rc <= 0)
        return rc;
    struct beginning at = {.line = c->line};
    while (!c->done && !b->fault)
        if (feed_line(c, &at, e))
            return -1;
    if (b->fault)
        step_back(c, &at);
    rowbuf_give(b, at.line, row);
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
    lines_fini(&c->in);
    rowbuf_fini(&c->row);
    free(c);
}

static void *csv_reader_open(const struct reader_input *in, const struct table_opts *opts,
                             struct err *e)
{
    struct csv *c = calloc(1, sizeof *c);

    if (!c)
        panic("out of memory");
    c->line = 1;
    rowbuf_init(&c->row);
    if (csv_init(&c->parser, STRICT))
        panic("libcsv cannot begin");
    csv_set_space_func(&c->parser, never); /* blanks belong to cells */
    csv_set_blk_size(&c->parser,
                     1 << 16); /* by 128 bytes at a time a long cell would be copied too often */
    if (lines_init(&c->in, in, e)) {
        csv_reader_close(c);
        return NULL;
    }
    char delimiter = opts->delimiter;
    if (!delimiter)
        delimiter = sniff_delimiter(c->in.text, c->in.end, c->in.at_end);
    csv_set_delim(&c->parser, (unsigned char)delimiter);
    return c;
}

static int64_t csv_reader_done(const void *r)
{
    const struct csv *c = r;

    return source_done(&c->in.source);
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
