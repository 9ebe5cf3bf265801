/*
 * charset: text from one character encoding to another, strictly: nothing is replaced or dropped.
 * The C library's iconv, wrapped in this room.
 */
#ifndef ZHANCHI_CHARSET_H
#define ZHANCHI_CHARSET_H

#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

struct charset; /* a conversion in progress; not thread-safe */

enum charset_status {
    CHARSET_ALL,  /* the input is used up */
    CHARSET_PART, /* what is left of the input is the beginning of a character */
    CHARSET_FULL, /* the output has no room for the next character */
    CHARSET_BAD   /* the input now begins with bytes that are no character, or with one that the
                     other encoding lacks */
};

/* Names are iconv's: "UTF-8", "GB18030", "GBK", "UTF-16BE" ... NULL and ERR_OS if the system lacks
 * one of them. */
struct charset *charset_open(const char *to, const char *from, struct err *e);
void charset_close(struct charset *c); /* NULL is fine */
/* Moves both ends forward by what was done. */
enum charset_status charset_run(struct charset *c, const char **in, size_t *in_left, char **out,
                                size_t *out_left);

/* Appends a whole text, UTF-8. ERR_DATA names the place of the character (from 1) that is invalid or
 * that `to` lacks, but does not quote it; out is then as before. For encodings without state in
 * which ASCII alone takes one byte: GBK, GB18030, UTF-16BE ... */
int charset_convert(const char *to, const char *utf8, size_t len, struct buf *out, struct err *e);
/* The other way: appends a whole text as UTF-8. ERR_DATA: `from` is no name of an encoding, or the text is not in it; out is then as
 * before. */
int charset_decode(const char *from, const char *s, size_t len, struct buf *out, struct err *e);

#endif
