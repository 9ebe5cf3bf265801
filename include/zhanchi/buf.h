/*
 * buf: a growing byte buffer that is born with a maximum.
 *
 * An append that would pass the maximum appends nothing, marks the buffer failed and returns -1;
 * later appends fail too, so that a caller may check once at the end. Memory exhaustion panics.
 * The bytes are always followed by a NUL that is not counted.
 */
#ifndef ZHANCHI_BUF_H
#define ZHANCHI_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL before the first append */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

void buf_init(struct buf *b, size_t max_bytes); /* allocates nothing */
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* len = 0, failed = false; keeps the memory */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_addc(struct buf *b, char c);
int buf_adds(struct buf *b, const char *s);
/* Millionths as a decimal, exactly and without zeros at its end: 133100000 is 133.1. */
int buf_add_micro(struct buf *b, int64_t v);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Makes room for n bytes behind len and returns where they go (NULL past the maximum); the caller
 * raises len by what it wrote. */
char *buf_reserve(struct buf *b, size_t n);
const char *buf_cstr(const struct buf *b);  /* "" when empty; borrowed until the next append */
char *buf_take(struct buf *b, size_t *len); /* moves the memory out (free() it); b becomes empty */

#endif
