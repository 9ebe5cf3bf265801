/*
 * What the files of policy share: places in the tree of regions.
 */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "zhanchi/policy.h"

/* A region on the way from a person's own up to the nation. A code's parents are its leading
 * digits, so a place is a piece of text and needs no memory. len 0: above the nation. */
struct place {
    const char *s;
    size_t len;
};

struct place place_of(const char *region);
bool place_is(struct place at, const char *region);
struct place place_above(const struct policy *p, struct place at);
const struct policy_region *place_entry(const struct policy *p, struct place at); /* NULL if none */
/* No tree is deeper: walks stop here even where a policy made by hand has a circle of parents. */
#define PLACES_MAX 32

#endif
