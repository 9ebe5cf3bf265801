/*
 * sniff: which delimiter a text uses, by its first lines.
 */
#ifndef TABLE_SNIFF_H
#define TABLE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/* text: the beginning of a file, as UTF-8; whole: it is all of it. */
char sniff_delimiter(const char *text, size_t len, bool whole);

#endif
