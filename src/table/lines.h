/*
 * lines: the physical lines of a text, in a window of bounded size.
 */
#ifndef TABLE_LINES_H
#define TABLE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include "decode.h"
#include "reader.h"

struct lines {
    struct source source;
    char *
        text; /* UTF-8 from `from` on, which the caller moves forward when it is done with what lies before */
    size_t from, pos, end, cap;
    bool at_end; /* the source has no more */
};

/* The first block is read. fini also after a failure. */
int lines_init(struct lines *l, const struct reader_input *in, struct err *e);
void lines_fini(struct lines *l);
/* 1 and the length of the line at pos, its end included (the last one may have none); 0 at the end of the text; 2: it is
 * longer than the window; -1. LF, CRLF and CR end a line. */
int lines_find(struct lines *l, size_t *len, struct err *e);
/* Behind the line at pos, however long; nothing of it is kept. */
int lines_skip(struct lines *l, struct err *e);

#endif
