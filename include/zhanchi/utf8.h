/*
 * utf8: UTF-8 as cells of spreadsheets carry it. Pure.
 */
#ifndef ZHANCHI_UTF8_H
#define ZHANCHI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"

/* True if valid (no surrogates, no overlong forms, <= U+10FFFF); else *bad is the offset of the
 * first bad byte. */
bool utf8_valid(const char *s, size_t len, size_t *bad);

/* Next code point of valid UTF-8; advances *i. */
uint32_t utf8_next(const char *s, size_t len, size_t *i);
int utf8_put(char out[4], uint32_t cp); /* number of bytes */
size_t utf8_count(const char *s, size_t len);
/* UTF-16 code units that the text takes. */
size_t utf8_utf16_units(const char *s, size_t len);

/* Invisible in a cell: zero-width, directional, BOM, soft hyphen ... (text copied from chat carries
 * them). */
bool utf8_invisible(uint32_t cp);
bool utf8_blank(uint32_t cp); /* Unicode white space, U+3000 included */

/* Appends s with full-width forms folded to half-width, invisible characters dropped and blanks at
 * both ends removed: for numbers, dates, codes and headers. Returns whether the result differs from
 * s. */
bool utf8_fold(const char *s, size_t len, struct buf *out);

/* Appends a person's name: trimmed, invisible characters dropped, blanks made one space (none
 * between two Han characters), NFC, the separators of foreign names (U+2022 U+30FB U+2027 U+2219
 * U+FF0E U+FF65) folded to U+00B7 (民委发〔2016〕33号). Returns 0; -1 if empty, longer than 200
 * bytes or no UTF-8; 1 if it holds U+FFFD, '?', a private-use or control character (someone must
 * look). */
int utf8_name(const char *s, size_t len, struct buf *out);

#endif
