/*
 * later: a thread that does things at their time: answers that shall be late, connections that shall be dropped.
 */
#ifndef SANDBOX_LATER_H
#define SANDBOX_LATER_H

#include <stdint.h>
#include "zhanchi/err.h"

struct later;

struct later *later_start(struct err *e);
/* Any thread. After later_stop the thing is done at once. */
void later_at(struct later *l, int64_t due_ms, void (*fn)(void *arg), void *arg);
void later_stop(struct later *l); /* does at once what still waits; returns when it is done */
void later_free(struct later *l);

#endif
