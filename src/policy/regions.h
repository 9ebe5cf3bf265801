/*
 * regions: the table that scripts/regions makes.
 */
#ifndef POLICY_REGIONS_H
#define POLICY_REGIONS_H

#include "zhanchi/region.h"

extern const struct region regions[]; /* by code, its newest name last */
extern const size_t regions_n;
extern const uint16_t regions_named[]; /* indexes, by the bytes of the name */

#endif
