/*
 * heap: things that are due at some time, earliest first; equal times in the order of their coming. No lock of its own.
 */
#ifndef SANDBOX_HEAP_H
#define SANDBOX_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
    int64_t due_ms;
    uint64_t order;
    void *what;
};
struct heap {
    struct heap_item *v;
    size_t n, cap;
    uint64_t order;
};

void heap_fini(struct heap *h); /* not what is in it */
void heap_put(struct heap *h, int64_t due_ms, void *what);
int64_t heap_due(const struct heap *h);          /* INT64_MAX if empty */
void *heap_take(struct heap *h, int64_t now_ms); /* NULL if nothing is due */

#endif
