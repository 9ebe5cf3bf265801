/*
 * ordinal: numbers for texts, 0, 1, 2 ... in the order of their first appearance, for counts by a
 * key of which nobody knows beforehand how many there are.
 */
#ifndef ZHANCHI_ORDINAL_H
#define ZHANCHI_ORDINAL_H

#include <stdbool.h>
#include <stddef.h>

struct ordinals {
    char **texts; /* by number; owned */
    size_t n, cap;
    size_t *slots; /* of a table by text: number + 1, or 0 */
    size_t n_slots;
};

/* Starts from {0}. The text's number; *fresh (may be NULL) tells whether it is a new one, which is
 * then n - 1. */
size_t ordinal_of(struct ordinals *o, const char *text, bool *fresh);
void ordinal_fini(struct ordinals *o);

#endif
