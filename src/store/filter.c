/*
 * filter: see filter.h. One cache line a hash; the hash is keyed and random already, so its own
 * bits choose the line and the bits in it.
 * Caller: sqlite_resolve.c, which need not ask the database for what is certainly new.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"
#include "filter.h"

#define LINES 32768u
#define WORDS 8 /* of 64 bits: a cache line */
#define BITS 5  /* set for each hash */

struct filter {
    uint64_t lines[LINES][WORDS];
};

struct filter *filter_new(void)
{
    struct filter *f = calloc(1, sizeof *f);
    if (!f)
        panic("out of memory");
    return f;
}

void filter_free(struct filter *f)
{
    free(f);
}

static uint32_t line_of(const uint8_t *hash)
{
    return ((uint32_t)hash[0] << 8 | hash[1]) & (LINES - 1);
}

/* The next 9 bits choose a bit of the line. */
static uint64_t bits_of(const uint8_t *hash)
{
    uint64_t v;
    memcpy(&v, hash + 2, sizeof v);
    return v;
}

void filter_add(struct filter *f, const uint8_t hash[16])
{
    uint64_t *line = f->lines[line_of(hash)], v = bits_of(hash);
    for (int i = 0; i < BITS; i++, v >>= 9)
        line[(v >> 6) & (WORDS - 1)] |= 1ull << (v & 63);
}

bool filter_has(const struct filter *f, const uint8_t hash[16])
{
    const uint64_t *line = f->lines[line_of(hash)];
    uint64_t v = bits_of(hash);
    for (int i = 0; i < BITS; i++, v >>= 9) {
        if (!(line[(v >> 6) & (WORDS - 1)] & 1ull << (v & 63)))
            return false;
    }
    return true;
}
