/*
 * tray: what the two threads of the dispatcher pass to each other through the hatch: outcomes in a
 * tray, jobs in lists. No locks of their own: hatch.c says who may touch which, and when.
 */
#ifndef DISPATCH_TRAY_H
#define DISPATCH_TRAY_H

#include <stddef.h>
#include "internal.h"

struct tray {
    struct outcome *v;
    size_t n, cap;
};

void tray_add(struct tray *t, const struct outcome *v, size_t n); /* copies */
void tray_fini(struct tray *t);

void jobs_push(struct job **list, struct job *j);
struct job *jobs_pop(struct job **list); /* NULL: it is empty */
void jobs_free(struct job **list);
/* A job whose data hold `size` bytes, of the pool if its first one does. */
struct job *jobs_take(struct job **pool, size_t size);

#endif
