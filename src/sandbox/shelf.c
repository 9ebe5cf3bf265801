/*
 * shelf: see shelf.h. Filled by reports.c, emptied by the dialects' `ask` on the server's threads.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"
#include "shelf.h"

#define SHELF_MAX 200000

struct shelf {
    pthread_mutex_t lock;
    struct heap heaps[KINDS];
};

struct shelf *shelf_new(void)
{
    struct shelf *s = calloc(1, sizeof *s);

    if (s == NULL)
        panic("out of memory");
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void shelf_free(struct shelf *s)
{
    void *what;

    if (s == NULL)
        return;
    for (size_t k = 0; k < KINDS; k++) {
        while ((what = heap_take(&s->heaps[k], INT64_MAX)) != NULL)
            free(what);
        heap_fini(&s->heaps[k]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* The report and its texts in one piece of memory. */
static struct report *copy(const struct report *v)
{
    const char *texts[] = {v->id,  v->ref,   v->number, v->given, v->sign,
                           v->ext, v->state, v->code,   v->text,  v->callback};
    size_t size = sizeof *v;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        size += texts[i] ? strlen(texts[i]) + 1 : 0;
    struct report *w = malloc(size);
    if (w == NULL)
        panic("out of memory");
    *w = *v;
    char *at = (char *)(w + 1);
    const char **slots[] = {&w->id,  &w->ref,   &w->number, &w->given, &w->sign,
                            &w->ext, &w->state, &w->code,   &w->text,  &w->callback};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i] == NULL)
            continue;
        *slots[i] = at;
        at = stpcpy(at, texts[i]) + 1;
    }
    return w;
}

void shelf_put(struct shelf *s, const struct report *v, int64_t due_ms)
{
    pthread_mutex_lock(&s->lock);
    if (s->heaps[v->kind].n < SHELF_MAX)
        heap_put(&s->heaps[v->kind], due_ms, copy(v));
    pthread_mutex_unlock(&s->lock);
}

size_t shelf_take(struct shelf *s, enum report_kind kind, size_t max, int64_t now_ms,
                  void (*fn)(void *ctx, size_t i, const struct report *v), void *ctx)
{
    struct report *v;
    size_t n = 0;

    pthread_mutex_lock(&s->lock);
    while (n < max && (v = heap_take(&s->heaps[kind], now_ms)) != NULL) {
        fn(ctx, n++, v);
        free(v);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static int compare_orders(const void *a, const void *b)
{
    const struct heap_item *x = *(const struct heap_item *const *)a,
                           *y = *(const struct heap_item *const *)b;

    return x->order < y->order ? -1 : x->order > y->order;
}

void shelf_each(struct shelf *s, enum report_kind kind, const char *number,
                void (*fn)(void *ctx, const struct report *v, int64_t due_ms), void *ctx)
{
    const struct heap *h = &s->heaps[kind];
    size_t n = 0;

    pthread_mutex_lock(&s->lock);
    const struct heap_item **found = calloc(h->n + 1, sizeof(struct heap_item *));
    if (found == NULL)
        panic("out of memory");
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(((const struct report *)h->v[i].what)->number, number) == 0)
            found[n++] = &h->v[i];
    qsort(found, n, sizeof *found, compare_orders);
    for (size_t i = 0; i < n; i++)
        fn(ctx, found[i]->what, found[i]->due_ms);
    free(found);
    pthread_mutex_unlock(&s->lock);
}
