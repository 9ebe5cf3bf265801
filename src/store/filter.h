/*
 * filter: "certainly not" or "perhaps" for keyed hashes (a blocked Bloom filter of fixed size).
 */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct filter;

/* With so many hashes one stranger in fifty is "perhaps"; with more it gets worse. */
#define FILTER_GOOD 1500000

struct filter *filter_new(void); /* 2 MiB */
void filter_free(struct filter *f);
void filter_add(struct filter *f, const uint8_t hash[16]);
bool filter_has(const struct filter *f, const uint8_t hash[16]); /* false: never added */

#endif
