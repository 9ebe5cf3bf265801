/*
 * shelf: reports that wait to be fetched, for providers whose customers pull. Bounded; behind the bound the newest are dropped.
 */
#ifndef SANDBOX_SHELF_H
#define SANDBOX_SHELF_H

#include <stddef.h>
#include <stdint.h>
#include "dialect.h"

struct shelf;

struct shelf *shelf_new(void);
void shelf_free(struct shelf *s); /* NULL is fine */
/* All from any thread. Copies the report; it can be taken from due_ms on. */
void shelf_put(struct shelf *s, const struct report *v, int64_t due_ms);
/* Hands over up to max reports that are due, oldest first, and forgets them. Returns how many. */
size_t shelf_take(struct shelf *s, enum report_kind kind, size_t max, int64_t now_ms,
                  void (*fn)(void *ctx, size_t i, const struct report *v), void *ctx);
/* Every report of a kind that is about a number, due or not, in the order of their coming. */
void shelf_each(struct shelf *s, enum report_kind kind, const char *number,
                void (*fn)(void *ctx, const struct report *v, int64_t due_ms), void *ctx);

#endif
