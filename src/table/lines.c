/*
 * lines: see lines.h. Invariant: from <= pos <= end <= cap <= TABLE_ROW_MAX. Called by csv.c and jsonl.c.
 */
#include <stdlib.h>
#include <string.h>
#include "lines.h"

#define WINDOW_FIRST (SOURCE_BLOCK * 4)

/* More text behind `end`: 1, 0 if there is none (at_end), or no room for it; -1. */
static int more(struct lines *l, struct err *e)
{
    if (l->cap - l->end < SOURCE_BLOCK && l->from > 0) {
        memmove(l->text, l->text + l->from, l->end - l->from);
        l->pos -= l->from;
        l->end -= l->from;
        l->from = 0;
    }
    if (l->cap - l->end < SOURCE_BLOCK && l->cap < TABLE_ROW_MAX) {
        l->cap *= 2;
        l->text = realloc(l->text, l->cap);
        if (!l->text)
            panic("out of memory");
    }
    if (l->cap - l->end < 16)
        return 0;
    ptrdiff_t n = source_read(&l->source, l->text + l->end, l->cap - l->end, e);
    if (n < 0)
        return -1;
    l->at_end = n == 0;
    l->end += (size_t)n;
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

int lines_find(struct lines *l, size_t *len, struct err *e)
{
    size_t clean = 0; /* so many bytes from pos on hold no end */

    for (;;) {
        size_t n = line_length(l->text + l->pos + clean, l->end - l->pos - clean, l->at_end);
        *len = clean + n;
        if (n > 0)
            return 1;
        *len = clean = l->end - l->pos;
        if (l->at_end)
            return *len > 0;
        if (clean > 0 && l->text[l->end - 1] == '\r')
            clean--;
        int rc = more(l, e);
        if (rc < 0)
            return -1;
        if (rc == 0 && !l->at_end)
            return 2;
    }
}

int lines_skip(struct lines *l, struct err *e)
{
    size_t len;
    int rc;

    do {
        l->from = l->pos;
        rc = lines_find(l, &len, e);
        if (rc < 0)
            return -1;
        l->pos = rc == 2 ? l->end - 1 /* a CR may be its last byte */ : l->pos + len;
    } while (rc == 2);
    return 0;
}

int lines_init(struct lines *l, const struct reader_input *in, struct err *e)
{
    l->cap = WINDOW_FIRST;
    l->from = l->pos = l->end = 0;
    l->at_end = false;
    l->text = malloc(l->cap);
    if (!l->text)
        panic("out of memory");
    int rc = source_init(&l->source, in->path, in->fd, in->encoding, in->skip, e);
    while (rc >= 0 && !l->at_end && l->end < SOURCE_BLOCK)
        rc = more(l, e);
    return rc < 0 ? -1 : 0;
}

void lines_fini(struct lines *l)
{
    source_fini(&l->source);
    free(l->text);
}
