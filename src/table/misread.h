/*
 * misread: does a text look like GBK that was read as UTF-8? Pure.
 */
#ifndef TABLE_MISREAD_H
#define TABLE_MISREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct misread {
    uint32_t half;   /* what is known of a character that a piece cut */
    int missing;     /* its bytes to come */
    uint32_t before; /* the character before, 0 at the beginning */
    int64_t wide;    /* characters of three and four bytes */
    int64_t strange; /* letters of two bytes that stand where no text has them */
    int64_t certain; /* control characters of two bytes, two scripts in one word */
    bool pending;    /* the last one would be at home if an ASCII letter followed */
};

/* The next bytes of valid UTF-8, cut anywhere; *m begins as zeros. */
void misread_add(struct misread *m, const char *s, size_t len);
bool misread_signs(const struct misread *m);

#endif
