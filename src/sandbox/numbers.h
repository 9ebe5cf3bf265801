/*
 * numbers: what the gateway remembers of a number: refusals, and how many texts it had today.
 */
#ifndef SANDBOX_NUMBERS_H
#define SANDBOX_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct numbers;

struct numbers *numbers_new(void);
void numbers_free(struct numbers *n);
/* All from any thread. */
void numbers_refuse(struct numbers *n, const char *number);
bool numbers_refused(struct numbers *n, const char *number);
/* Counts a text of that civil day; false (and no count) if the number has had `cap` already. */
bool numbers_count(struct numbers *n, const char *number, int64_t day, int64_t cap);

#endif
