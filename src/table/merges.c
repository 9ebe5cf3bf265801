/*
 * merges: see merges.h.
 *
 * The areas stand behind the rows in a sheet's file, so the sheet is read once before: as bytes, which also proves
 * it whole before anybody stores a row; as XML only where the bytes speak of merged cells at all.
 *
 * Only an area's first column is filled, and only downwards: a title over eight columns is one cell to everybody. Rows
 * without anything of their own stay empty.
 *
 * Called by xlsx.c.
 */
#include <stdlib.h>
#include <string.h>
#include "merges.h"
#include "reader.h"
#include "reference.h"
#include "xml.h"

#define PIECE 65536

struct area {
    int32_t from, to; /* rows */
    int32_t column;   /* from 0 */
};

struct held { /* an area that the current row lies in */
    struct area area;
    struct buf text;
};

struct merges {
    struct area *areas; /* by `from` */
    size_t n, cap, next;
    struct held *held;
    size_t n_held, cap_held;
    size_t held_bytes;
    uint16_t at[TABLE_CELLS_MAX]; /* held area + 1 by column, while a row is filled */
    struct rowbuf filled;
    struct xml *xml;
};

/* ---- loading ---- */

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct merges *m = ctx;
    struct area a;
    int64_t row[2];

    if (strcmp(name, "mergeCell") != 0)
        return;
    const char *ref = xml_attribute(attributes, "ref");
    const char *colon = ref ? strchr(ref, ':') : NULL;
    int32_t last;
    if (!colon || reference_parse(ref, &a.column, &row[0]) ||
        reference_parse(colon + 1, &last, &row[1]) || row[1] <= row[0])
        return; /* of one row */
    a.from = (int32_t)row[0];
    a.to = (int32_t)row[1];
    if (m->n == MERGES_MAX) {
        xml_fail(m->xml, "unmerge the cells", "more than %u merged areas", MERGES_MAX);
        return;
    }
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 64;
        m->areas = reallocarray(m->areas, m->cap, sizeof *m->areas);
        if (!m->areas)
            panic("out of memory");
    }
    m->areas[m->n++] = a;
}

static void on_end(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
}

/* 1 if the bytes may speak of merged cells, 0, -1. */
static int look(struct pack *p, int64_t index, struct err *e)
{
    static const char word[] = "mergeCell";
    enum { KEEP = sizeof word - 2 };
    struct pack_entry *entry = pack_entry_open(p, index, e);
    char *piece = malloc(PIECE + KEEP);
    size_t kept = 0;
    bool found = false, first = true;
    ptrdiff_t n = -1;

    if (!piece)
        panic("out of memory");
    while (entry && (n = pack_entry_read(entry, piece + kept, PIECE, e)) > 0) {
        size_t len = kept + (size_t)n;
        /* UTF-16 is looked at as XML. */
        found =
            found ||
            (first && len >= 2 &&
             (piece[0] == '\0' || piece[1] == '\0' || piece[0] == '\xFF' || piece[0] == '\xFE'));
        found = found || memmem(piece, len, word, sizeof word - 1);
        first = false;
        kept = len < KEEP ? len : KEEP;
        memmove(piece, piece + len - kept, kept);
    }
    free(piece);
    pack_entry_close(entry);
    return n < 0 ? -1 : found;
}

static int by_row(const void *a, const void *b)
{
    const struct area *x = a, *y = b;

    return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : x->column - y->column;
}

struct merges *merges_load(const char *path, struct pack *p, int64_t index, const char *sheet,
                           struct err *e)
{
    static const struct xml_handlers handlers = {on_start, on_end, NULL};
    struct merges *m = calloc(1, sizeof *m);

    if (!m)
        panic("out of memory");
    rowbuf_init(&m->filled);
    int rc = look(p, index, e);
    if (rc == 1) {
        struct pack_entry *entry = pack_entry_open(p, index, e);
        rc = entry ? 0 : -1;
        if (entry) {
            m->xml = xml_open_take(path, entry, sheet, &handlers, m);
            rc = xml_run(m->xml, e);
            xml_close(m->xml);
        }
    }
    if (rc) {
        merges_free(m);
        return NULL;
    }
    if (m->n > 0)
        qsort(m->areas, m->n, sizeof *m->areas, by_row);
    return m;
}

void merges_free(struct merges *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->cap_held; i++)
        buf_fini(&m->held[i].text);
    free(m->held);
    free(m->areas);
    rowbuf_fini(&m->filled);
    free(m);
}

/* ---- rows ---- */

/* Areas that ended go; their buffers are used again. */
static void drop_old(struct merges *m, int64_t line)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->n_held; i++) {
        if (m->held[i].area.to < line) {
            m->held_bytes -= m->held[i].text.len;
            continue;
        }
        struct held h = m->held[kept];
        m->held[kept] = m->held[i];
        m->held[i] = h;
        kept++;
    }
    m->n_held = kept;
}

static void hold(struct merges *m, struct area a, const struct table_cell *cell)
{
    if (m->n_held == m->cap_held) {
        size_t cap = m->cap_held ? 2 * m->cap_held : 16;
        m->held = reallocarray(m->held, cap, sizeof *m->held);
        if (!m->held)
            panic("out of memory");
        for (size_t i = m->cap_held; i < cap; i++)
            buf_init(&m->held[i].text, TABLE_CELL_MAX + 1);
        m->cap_held = cap;
    }
    struct held *h = &m->held[m->n_held++];
    h->area = a;
    buf_reset(&h->text);
    buf_add(&h->text, cell->text, cell->len);
    m->held_bytes += h->text.len;
}

/* Areas that begin here. One whose first row has no text, or that is not seen at all, fills nothing. */
static void take_new(struct merges *m, int64_t line, const struct table_row *row)
{
    for (; m->next < m->n && m->areas[m->next].from <= line; m->next++) {
        struct area a = m->areas[m->next];
        if (a.from < line || (size_t)a.column >= row->n_cells || row->cells[a.column].len == 0)
            continue;
        if (m->n_held < TABLE_CELLS_MAX &&
            m->held_bytes + row->cells[a.column].len <= TABLE_ROW_MAX)
            hold(m, a, &row->cells[a.column]);
    }
}

static void fill(struct merges *m, struct rowbuf *row, const struct table_row *cells)
{
    size_t width = row->n;

    for (size_t i = 0; i < m->n_held; i++) {
        size_t column = (size_t)m->held[i].area.column;
        m->at[column] = (uint16_t)(i + 1);
        width = column >= width ? column + 1 : width;
    }
    rowbuf_reset(&m->filled);
    for (size_t i = 0; i < width; i++) {
        bool own = i < cells->n_cells && cells->cells[i].len > 0;
        const struct buf *text = !own && m->at[i] ? &m->held[m->at[i] - 1].text : NULL;
        if (own)
            rowbuf_add(&m->filled, cells->cells[i].text, cells->cells[i].len);
        else
            rowbuf_add(&m->filled, text ? buf_cstr(text) : "", text ? text->len : 0);
    }
    for (size_t i = 0; i < m->n_held; i++)
        m->at[m->held[i].area.column] = 0;
    struct rowbuf swap = *row;
    *row = m->filled;
    m->filled = swap;
}

void merges_apply(struct merges *m, int64_t line, struct rowbuf *row)
{
    struct table_row cells;

    if (m->n == 0 || row->fault)
        return;
    drop_old(m, line);
    rowbuf_give(row, line, &cells);
    if (row->n > 0 && m->n_held > 0)
        fill(m, row, &cells);
    rowbuf_give(row, line, &cells);
    take_new(m, line, &cells);
}
