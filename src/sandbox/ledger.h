/*
 * ledger: the far side's own record of every text that it took, for comparing with what the near side believes.
 *
 * One line a text: time (UTC ms), id, ref, number, SHA-256 of the text in hex, verdict (what the receipt will say), and the text if asked
 * for; separated by tabs. A line is in the file (write(2), append) before the answer to the submit leaves, so it survives
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
    int64_t at_ms, id;
    const char *ref, *number, *text, *verdict;
};

/* Goes on behind the highest id of an existing file. path NULL: ids only. */
struct ledger *ledger_open(const char *path, bool texts, struct err *e);
void ledger_close(struct ledger *l);
int64_t ledger_reserve(struct ledger *l, size_t n); /* first of n ids; any thread */
int ledger_put(struct ledger *l, const struct ledger_line *lines, size_t n,
               struct err *e); /* any thread */

/* Prints {"accepted":..,"refs":..,"refs_twice":..,"texts_twice":..} of a ledger file. */
int ledger_summary(const char *path, struct err *e);

#endif
