/*
 * ordinal: see ordinal.h. A table with open addressing, at most half full.
 */
#include "zhanchi/ordinal.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"

static size_t slot_of(const struct ordinals *o, const char *text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (const char *p = text; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    size_t slot = (size_t)h & (o->n_slots - 1);
    while (o->slots[slot] != 0 && strcmp(o->texts[o->slots[slot] - 1], text) != 0)
        slot = (slot + 1) & (o->n_slots - 1);
    return slot;
}

static void make_room(struct ordinals *o)
{
    if (o->n < o->cap)
        return;
    o->cap = o->cap != 0 ? 2 * o->cap : 64;
    free(o->slots);
    o->n_slots = 2 * o->cap;
    o->texts = reallocarray(o->texts, o->cap, sizeof *o->texts);
    o->slots = calloc(o->n_slots, sizeof *o->slots);
    if (o->texts == NULL || o->slots == NULL)
        panic("out of memory");
    for (size_t i = 0; i < o->n; i++)
        o->slots[slot_of(o, o->texts[i])] = i + 1;
}

size_t ordinal_of(struct ordinals *o, const char *text, bool *fresh)
{
    make_room(o);
    size_t slot = slot_of(o, text);
    if (fresh != NULL)
        *fresh = o->slots[slot] == 0;
    if (o->slots[slot] != 0)
        return o->slots[slot] - 1;
    o->texts[o->n] = strdup(text);
    if (o->texts[o->n] == NULL)
        panic("out of memory");
    o->slots[slot] = ++o->n;
    return o->n - 1;
}

void ordinal_fini(struct ordinals *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->texts[i]);
    free(o->texts);
    free(o->slots);
    *o = (struct ordinals){0};
}
