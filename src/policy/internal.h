#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "zhanchi/policy.h"

#define REGION_MAX 64

/* The region above this one, into `out`; false at the top. A named region has the parent that the file gives it; a code loses two digits;
 * a province's parent is "CN". */
bool region_parent(const struct policy *p, const char *region, char out[REGION_MAX]);
const struct policy_region *region_find(const struct policy *p, const char *name);
/* Is this occupation on the shortage list of the region, or of one above it? */
bool region_shortage(const struct policy *p, const char *region, const char *occupation);

#endif
