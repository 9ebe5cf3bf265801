/*
 * rowbuf: the row that a reader builds: cells one after another, within the limits of reader.h.
 *
 * What passes a limit is cut between two characters and gives the row the fault "too-long".
 */
#ifndef TABLE_ROWBUF_H
#define TABLE_ROWBUF_H

#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/table.h"

struct rowbuf {
    struct buf text; /* cells one after another, a NUL behind each */
    struct table_cell *cells;
    size_t n, cap;
    const char *fault; /* NULL, or a constant */
};

extern const char rowbuf_long[]; /* "too-long" */

void rowbuf_init(struct rowbuf *b);
void rowbuf_fini(struct rowbuf *b);
void rowbuf_reset(struct rowbuf *b);
void rowbuf_add(struct rowbuf *b, const char *s, size_t len);
/* Empty cells until there are n. */
void rowbuf_pad(struct rowbuf *b, size_t n);
/* Cell i, until the next call that changes the row. */
struct table_cell rowbuf_cell(const struct rowbuf *b, size_t i);
/* Empty cells at the end go. */
void rowbuf_trim(struct rowbuf *b);
/* The row as table_next gives it; borrowed until the next change. */
void rowbuf_give(struct rowbuf *b, int64_t line, struct table_row *row);

#endif
