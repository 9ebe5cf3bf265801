/*
 * arena: see arena.h. Chunks in a list; a request larger than a chunk gets one of its own.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/err.h"

struct chunk {
    struct chunk *next;
    size_t used, size;
    alignas(max_align_t) char data[];
};

struct arena {
    struct chunk *head;
    size_t chunk_bytes;
};

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);

    if (c == NULL)
        panic("out of memory");
    c->next = NULL;
    c->used = 0;
    c->size = size;
    return c;
}

struct arena *arena_new(size_t chunk_bytes)
{
    struct arena *a = malloc(sizeof *a);

    if (a == NULL)
        panic("out of memory");
    a->chunk_bytes = chunk_bytes < 256 ? 256 : chunk_bytes;
    a->head = chunk_new(a->chunk_bytes);
    return a;
}

static void free_behind(struct chunk *c)
{
    while (c->next != NULL) {
        struct chunk *next = c->next;
        c->next = next->next;
        free(next);
    }
}

void arena_reset(struct arena *a)
{
    free_behind(a->head);
    if (a->head->size > a->chunk_bytes) {
        free(a->head);
        a->head = chunk_new(a->chunk_bytes);
    }
    a->head->used = 0;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    free_behind(a->head);
    free(a->head);
    free(a);
}

static void *take(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 4)
        panic("arena: request too large");
    size_t aligned = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (aligned > a->head->size - a->head->used) {
        struct chunk *c = chunk_new(aligned > a->chunk_bytes ? aligned : a->chunk_bytes);
        c->next = a->head;
        a->head = c;
    }
    void *p = a->head->data + a->head->used;
    a->head->used += aligned;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(take(a, n), 0, n);
}

char *arena_memdup(struct arena *a, const void *p, size_t n)
{
    char *copy = take(a, n < SIZE_MAX ? n + 1 : n);

    if (n > 0)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_memdup(a, s, strlen(s));
}
