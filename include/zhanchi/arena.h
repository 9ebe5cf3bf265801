/*
 * arena: memory for one batch, freed at once. Exhaustion panics. Not thread-safe.
 */
#ifndef ZHANCHI_ARENA_H
#define ZHANCHI_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t chunk_bytes);
void arena_free(struct arena *a);                             /* NULL is fine */
void arena_reset(struct arena *a);                            /* keeps one chunk */
void *arena_alloc(struct arena *a, size_t n);                 /* aligned for any type, zeroed */
char *arena_memdup(struct arena *a, const void *p, size_t n); /* a NUL follows */
char *arena_strdup(struct arena *a, const char *s);

#endif
