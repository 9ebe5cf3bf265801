/*
 * headers: what columns are called in the lists of the field.
 */
#ifndef TABLE_HEADERS_H
#define TABLE_HEADERS_H

#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/columns.h"

/* A header as it is compared: folded, without blanks, marks of obligation, hyphens and underscores,
 * ASCII letters small. */
void header_key(const char *s, size_t len, struct buf *out);
/* What a key of header_key means; COLUMN_EXTRA if nothing is known. A remark in brackets at its end
 * is ignored if need be. */
enum column_field header_field(const char *key);
/* The field of that name ("phone", "extra"), or COLUMN_FIELDS. */
enum column_field header_field_named(const char *name);

/* Copies as many whole characters as fit, and a NUL. */
void header_copy(char *out, size_t cap, const char *s, size_t len);

#endif
