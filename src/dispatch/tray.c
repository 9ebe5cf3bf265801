/*
 * tray: see tray.h. Called by hatch.c.
 *
 * Jobs are used again: memory that one thread takes and another frees is slow.
 */
#include <stdlib.h>
#include <string.h>
#include "tray.h"

void tray_add(struct tray *t, const struct outcome *v, size_t n)
{
    if (n == 0)
        return;
    if (t->n + n > t->cap) {
        t->cap = (t->n + n) * 2;
        t->v = realloc(t->v, t->cap * sizeof *t->v);
        if (t->v == NULL)
            panic("out of memory");
    }
    memcpy(t->v + t->n, v, n * sizeof *v);
    t->n += n;
}

void tray_fini(struct tray *t)
{
    free(t->v);
}

void jobs_push(struct job **list, struct job *j)
{
    j->next = *list;
    *list = j;
}

struct job *jobs_pop(struct job **list)
{
    struct job *j = *list;

    if (j != NULL)
        *list = j->next;
    return j;
}

void jobs_free(struct job **list)
{
    for (struct job *j; (j = jobs_pop(list)) != NULL;)
        free(j);
}

struct job *jobs_take(struct job **pool, size_t size)
{
    struct job *j = jobs_pop(pool);

    if (j != NULL && j->size >= size)
        return j;
    free(j);
    size = (size / 256 + 1) * 256; /* texts differ little: most jobs fit the next one */
    j = malloc(sizeof *j + size);
    if (j == NULL)
        panic("out of memory");
    j->size = size;
    return j;
}
