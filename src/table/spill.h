/*
 * spill: bytes that are appended once and read at any place, in memory of a fixed size: what does
 * not fit goes into a temporary file without a name, sealed with a key that only this process has.
 */
#ifndef TABLE_SPILL_H
#define TABLE_SPILL_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

#define SPILL_MEMORY (4u << 20) /* bytes kept in memory; as many again for the cache of a file */

struct spill;
struct spill *spill_new(void);
void spill_free(struct spill *s);                                            /* NULL is fine */
int spill_add(struct spill *s, const void *data, size_t len, struct err *e); /* ERR_IO */
uint64_t spill_size(const struct spill *s);
/* Copies len bytes from `at`, all of which must have been added. ERR_IO. */
int spill_read(struct spill *s, uint64_t at, void *out, size_t len, struct err *e);

#endif
