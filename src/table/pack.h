/*
 * pack: a ZIP archive as workbooks use it, read from an open file through libzip, entry by entry and
 * within limits. Nothing is ever written under an entry's name.
 */
#ifndef TABLE_PACK_H
#define TABLE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

#define PACK_ENTRIES_MAX 16384
#define PACK_EXPANDED_MAX (INT64_C(4) << 30) /* bytes of one entry */
#define PACK_RATIO_MAX 400                   /* XML of real workbooks stays below 100 ... */
#define PACK_RATIO_FROM (INT64_C(16) << 20)  /* ... and what is small may be anything */

struct pack;
struct pack_entry;

/* fd is borrowed. ERR_DATA: truncated, damaged, too many entries. */
struct pack *pack_open(const char *path, int fd, struct err *e);
void pack_close(struct pack *p); /* NULL is fine */

/* Index of the entry of that name (letters may differ in case), or -1. */
int64_t pack_find(const struct pack *p, const char *name);
/* Whether some entry's name begins so. */
bool pack_has_folder(const struct pack *p, const char *prefix);

/* ERR_DATA: protected by a password, compressed in a way that workbooks do not use. */
struct pack_entry *pack_entry_open(struct pack *p, int64_t index, struct err *e);
void pack_entry_close(struct pack_entry *n); /* NULL is fine */
/* Bytes, 0 at the end (its checksum is right then), -1: ERR_DATA (damaged, expands above a limit). */
ptrdiff_t pack_entry_read(struct pack_entry *n, void *out, size_t cap, struct err *e);
int64_t pack_entry_done(const struct pack_entry *n); /* bytes given so far */
int64_t pack_entry_size(const struct pack_entry *n); /* bytes that there should be */

#endif
