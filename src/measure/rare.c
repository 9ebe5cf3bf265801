/*
 * rare: counts combinations of region and level, to tell which are rare. Pure; a hash table that only grows.
 *
 * An export has a line a person. Somebody who knows that there is one 高级技师 in a small town would find that person's line: where fewer than MEASURE_SMALL lines
 * share region and level, neither is shown.
 *
 * Called by export.c: all lines are counted first, then written.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define FIRST_SLOTS 256 /* a power of two */

struct slot {
    char region[64];
    int level;
    int64_t n; /* 0 = free */
};

struct rare {
    struct slot *slots;
    size_t cap, used;
};

struct rare *rare_new(void)
{
    struct rare *r = calloc(1, sizeof *r);

    if (r == NULL || (r->slots = calloc(FIRST_SLOTS, sizeof *r->slots)) == NULL)
        panic("out of memory");
    r->cap = FIRST_SLOTS;
    return r;
}

void rare_free(struct rare *r)
{
    if (r != NULL)
        free(r->slots);
    free(r);
}

/* FNV-1a */
static size_t hash(const char *region, int level)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)(unsigned)level;

    for (; *region != '\0'; region++)
        h = (h ^ (unsigned char)*region) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static struct slot *find(const struct rare *r, const char *region, int level)
{
    size_t i = hash(region, level) & (r->cap - 1);

    while (r->slots[i].n != 0 &&
           (r->slots[i].level != level || strcmp(r->slots[i].region, region) != 0))
        i = (i + 1) & (r->cap - 1);
    return &r->slots[i];
}

static void grow(struct rare *r)
{
    struct rare bigger = {.cap = 2 * r->cap, .used = r->used};

    bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        panic("out of memory");
    for (size_t i = 0; i < r->cap; i++)
        if (r->slots[i].n != 0)
            *find(&bigger, r->slots[i].region, r->slots[i].level) = r->slots[i];
    free(r->slots);
    *r = bigger;
}

void rare_add(struct rare *r, const char *region, int level)
{
    struct slot *s = find(r, region, level);

    if (s->n++ > 0)
        return;
    size_t len = strnlen(region, sizeof s->region - 1);
    memcpy(s->region, region, len);
    s->level = level;
    if (++r->used > r->cap / 2)
        grow(r);
}

bool rare_is(const struct rare *r, const char *region, int level)
{
    return find(r, region, level)->n < MEASURE_SMALL;
}
