/*
 * heap: see heap.h. A binary heap; later.c keeps answers in one, reports.c callbacks.
 */
#include <stdlib.h>
#include "heap.h"
#include "zhanchi/err.h"

static int before(const struct heap_item *a, const struct heap_item *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

void heap_fini(struct heap *h)
{
    free(h->v);
}

void heap_put(struct heap *h, int64_t due_ms, void *what)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 256;
        h->v = realloc(h->v, h->cap * sizeof *h->v);
        if (h->v == NULL)
            panic("out of memory");
    }
    struct heap_item item = {due_ms, h->order++, what};
    size_t i = h->n++;
    for (; i > 0 && before(&item, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
        h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = item;
}

int64_t heap_due(const struct heap *h)
{
    return h->n ? h->v[0].due_ms : INT64_MAX;
}

void *heap_take(struct heap *h, int64_t now_ms)
{
    if (heap_due(h) > now_ms || h->n == 0)
        return NULL;
    void *what = h->v[0].what;
    struct heap_item last = h->v[--h->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && before(&h->v[child + 1], &h->v[child]))
            child++;
        if (!before(&h->v[child], &last))
            break;
        h->v[i] = h->v[child];
    }
    if (h->n)
        h->v[i] = last;
    return what;
}
