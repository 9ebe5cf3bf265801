/*
 * reports: receipts and replies on their way to the office's callback, with a queue and a thread of their own.
 */
#ifndef SANDBOX_REPORTS_H
#define SANDBOX_REPORTS_H

#include <stdbool.h>
#include <stdint.h>
#include "auth.h"
#include "counters.h"
#include "numbers.h"
#include "options.h"

struct reports;

struct receipt {
    int64_t id, at_ms;
    const char *ref, *number, *state, *code;
    int parts;
};

struct reports *reports_start(const struct options *o, const struct auth *a, struct numbers *n,
                              struct counters *c, struct err *e);
/* Any thread; copied. */
void reports_receipt(struct reports *r, const struct receipt *v, int64_t due_ms);
/* refuses: from the moment it is sent the gateway does not take texts for that number. */
void reports_reply(struct reports *r, int64_t id, const char *number, const char *text,
                   bool refuses, int64_t due_ms);
void reports_stop(struct reports *r); /* what waits is dropped; frees */

#endif
