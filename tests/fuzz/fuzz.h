/*
 * fuzz: what the targets of this folder share: shipped profiles with invented settings, an input as a profile's file.
 *
 * A target is one function, LLVMFuzzerTestOneInput. It stands beside its dictionary (NAME.dict) and its seeds (NAME.seeds/), links either
 * with libFuzzer (scripts/fuzz) or with replay.c, which runs all seeds in every test run. What must always hold is said by fuzz_check: a
 * breach aborts, as the sanitizers do.
 */
#ifndef ZHANCHI_TESTS_FUZZ_H
#define ZHANCHI_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts with the condition's text unless it holds. */
#define fuzz_check(condition) fuzz_holds((condition), #condition, __FILE__, __LINE__)
void fuzz_holds(bool holds, const char *condition, const char *file, int line);

/* No secret of any profile here is without this word: it must never stand in a message of an error. */
#define FUZZ_SECRET "v3ry-s3cr3t"

/* Profiles by number: the shipped ones, and behind them some that are written here, for what no shipped one uses. */
size_t fuzz_profiles(void);
/* Loaded at its first use and kept. */
const struct gateway *fuzz_gateway(size_t i);
/* The file or the text of it; base: the file that it is based on, or NULL. */
struct fuzz_source {
    const char *file, *base, *text;
};
struct fuzz_source fuzz_source(size_t i);

/* A text as a profile's file; NULL as gateway_load. */
struct gateway *fuzz_load(const void *text, size_t len, struct err *e);

/* Sample messages, n at most FUZZ_MESSAGES; borrowed, the same at each call. */
#define FUZZ_MESSAGES 5
const struct gw_message *fuzz_messages(void);

#endif
