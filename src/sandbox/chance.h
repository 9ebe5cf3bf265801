/*
 * chance: the sandbox's choices. All come from a hash of the seed, what is decided and whom it is about, so that a run can be repeated and a
 * number has the same fate each time. Pure.
 */
#ifndef SANDBOX_CHANCE_H
#define SANDBOX_CHANCE_H

#include <stdbool.h>
#include <stdint.h>
#include "options.h"

enum choice {
    CHOICE_FLOW,
    CHOICE_BUSY,
    CHOICE_RESET_BEFORE,
    CHOICE_RESET_AFTER,
    CHOICE_NEVER_BEFORE,
    CHOICE_NEVER_AFTER,
    CHOICE_ERROR_BEFORE,
    CHOICE_ERROR_AFTER,
    CHOICE_GARBAGE,
    CHOICE_TRUNCATED,
    CHOICE_CUT,
    CHOICE_PARTIAL,
    CHOICE_JITTER,
    CHOICE_VACANT,
    CHOICE_BLACK,
    CHOICE_UNDELIVERED,
    CHOICE_CODE,
    CHOICE_REJECTED,
    CHOICE_EXPIRED,
    CHOICE_LOST,
    CHOICE_DUPLICATE,
    CHOICE_EARLY,
    CHOICE_LATE,
    CHOICE_PENDING,
    CHOICE_RECEIPT_JITTER,
    CHOICE_AGAIN_JITTER,
    CHOICE_REPLY,
    CHOICE_REFUSE,
    CHOICE_WORDS,
    CHOICE_WRONG
};

uint64_t chance_hash(int64_t seed, enum choice what, uint64_t whom);
bool chance_hit(int64_t seed, enum choice what, uint64_t whom, double part);
/* 0 .. below - 1; 0 if below is 0 */
int64_t chance_below(int64_t seed, enum choice what, uint64_t whom, int64_t below);
/* A number as a number; other names (user ids) by a hash. Never 0. */
uint64_t chance_whom(const char *number);
/* Is this number among them? */
bool chance_number(int64_t seed, enum choice what, const char *number, const struct share *s);

#endif
