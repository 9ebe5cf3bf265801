/*
 * shared_strings: a workbook's table of shared strings, in bounded memory; and what both it and sheets do
 * with the text of a cell.
 */
#ifndef TABLE_SHARED_STRINGS_H
#define TABLE_SHARED_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "pack.h"

#define STRINGS_MAX (16u << 20)
#define STRINGS_BYTES_MAX (UINT64_C(1) << 30)

struct strings;
/* index: of the entry, or -1 if the workbook has none. ERR_DATA, ERR_IO. */
struct strings *strings_load(const char *path, struct pack *p, int64_t index, struct err *e);
void strings_free(struct strings *s); /* NULL is fine */
size_t strings_count(const struct strings *s);
/* Replaces *out by string i (i < count). ERR_IO. */
int strings_get(struct strings *s, size_t i, struct buf *out, struct err *e);

/* ---- texts of cells ---- */

/* Text in pieces: what is longer than a cell may be is dropped behind its limit, so that it is
 * still seen to be too long. */
void text_init(struct buf *b);
void text_add(struct buf *b, const char *s, size_t len);
/* _x000D_ is a carriage return, _x005F_ an underscore: how workbooks write what XML cannot. */
void text_unescape(struct buf *b);

#endif
