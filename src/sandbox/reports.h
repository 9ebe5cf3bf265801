/*
 * reports: receipts and replies on their way to the office's callback, with a queue and a thread of their own.
 */
#ifndef SANDBOX_REPORTS_H
#define SANDBOX_REPORTS_H

#include "counters.h"
#include "dialect.h"
#include "numbers.h"
#include "options.h"

struct reports;

struct reports *reports_start(const struct options *o, const struct account *a, struct numbers *n,
                              struct counters *c, struct err *e);
/* Any thread; rendered at once. A reply that refuses: from the moment it is sent the gateway does not take texts for that number. */
void reports_put(struct reports *r, const struct report *v, int64_t due_ms);
void reports_stop(struct reports *r); /* what waits is dropped; frees */

#endif
