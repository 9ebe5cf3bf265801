/*
 * ledger: the far side's own record of every text that it took, for comparing with what the near side believes.
 *
 * One line a text: time (UTC ms), id as the provider prints it, ref (- if the client gave none), number, SHA-256 of the text in hex, verdict
 * (what the receipt will say), and the text if asked for; separated by tabs. Every id ends in the sandbox's own number, 18 digits at least. A line is in the file (write(2), append) before the answer to the submit leaves, so it survives
 * SIGKILL; a write that fails means that the text is not taken.
 */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct ledger;

struct ledger_line {
    int64_t at_ms;
    const char *id, *ref, *number, *text, *verdict; /* ref may be NULL */
};

/* Goes on behind the highest id of an existing file. path NULL: ids only. */
struct ledger *ledger_open(const char *path, bool texts, struct err *e);
void ledger_close(struct ledger *l);
int64_t ledger_reserve(struct ledger *l, size_t n); /* first of n ids; any thread */
int ledger_put(struct ledger *l, const struct ledger_line *lines, size_t n,
               struct err *e); /* any thread */

/* Prints {"accepted":..,"refs":..,"refs_twice":..,"texts_twice":..} of a ledger file. A reference counts with its number: a request
 * may have one reference for many numbers. */
int ledger_summary(const char *path, struct err *e);

#endif
