/*
 * rowbuf: see rowbuf.h. Called by the readers.
 */
#include <stdlib.h>
#include <string.h>
#include "reader.h"
#include "rowbuf.h"

const char rowbuf_long[] = "too-long";

void rowbuf_init(struct rowbuf *b)
{
    memset(b, 0, sizeof *b);
    buf_init(&b->text, TABLE_ROW_MAX + TABLE_CELLS_MAX + 1);
}

void rowbuf_fini(struct rowbuf *b)
{
    buf_fini(&b->text);
    free(b->cells);
}

void rowbuf_reset(struct rowbuf *b)
{
    buf_reset(&b->text);
    b->n = 0;
    b->fault = NULL;
}

/* Length of the longest prefix that does not cut a character. */
static size_t whole_characters(const char *s, size_t len)
{
    while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
        len--;
    return len;
}

void rowbuf_add(struct rowbuf *b, const char *s, size_t len)
{
    if (b->n == TABLE_CELLS_MAX || b->text.len + len > TABLE_ROW_MAX + b->n) {
        b->fault = rowbuf_long;
        return;
    }
    if (len > TABLE_CELL_MAX) {
        b->fault = rowbuf_long;
        len = whole_characters(s, TABLE_CELL_MAX);
    }
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->cells = reallocarray(b->cells, b->cap, sizeof *b->cells);
        if (!b->cells)
            panic("out of memory");
    }
    /* `text` may yet move: the place is told by the lengths before it until the row is given. */
    b->cells[b->n].text = NULL;
    b->cells[b->n++].len = len;
    if (buf_add(&b->text, s, len) || buf_addc(&b->text, '\0'))
        panic("a row outgrew its buffer");
}

void rowbuf_pad(struct rowbuf *b, size_t n)
{
    while (b->n < n && !b->fault)
        rowbuf_add(b, "", 0);
}

struct table_cell rowbuf_cell(const struct rowbuf *b, size_t i)
{
    const char *text = buf_cstr(&b->text);

    for (size_t k = 0; k < i; k++)
        text += b->cells[k].len + 1;
    return (struct table_cell){text, b->cells[i].len};
}

void rowbuf_trim(struct rowbuf *b)
{
    while (b->n > 0 && b->cells[b->n - 1].len == 0) {
        b->n--;
        b->text.len--;
    }
}

void rowbuf_give(struct rowbuf *b, int64_t line, struct table_row *row)
{
    const char *text = buf_cstr(&b->text);

    for (size_t i = 0; i < b->n; i++) {
        b->cells[i].text = text;
        text += b->cells[i].len + 1;
    }
    *row = (struct table_row){b->cells, b->n, line, b->fault};
}
