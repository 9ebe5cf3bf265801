/*
 * styles: which cells of a workbook hold dates: its table of cell styles (xl/styles.xml).
 */
#ifndef TABLE_STYLES_H
#define TABLE_STYLES_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "pack.h"

struct styles;
/* index: of the entry, or -1 if the workbook has none. ERR_DATA. */
struct styles *styles_load(const char *path, struct pack *p, int64_t index, struct err *e);
void styles_free(struct styles *s); /* NULL is fine */
/* Bits of numbers.h. */
uint8_t styles_format(const struct styles *s, size_t style);

#endif
