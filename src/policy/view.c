/*
 * view: what a judgement looks at: a policy, a person, a day, and what follows from the person's region. Pure; for judge.c, yearly.c and argue.c.
 */
#include <string.h>
#include "internal.h"

/* The list of the nearest region that has one. */
static char *const *shortage_of(const struct policy *p, const char *region)
{
    struct place at = place_of(region);

    for (int i = 0; i < PLACES_MAX && at.len > 0; i++) {
        const struct policy_region *entry = place_entry(p, at);
        if (entry != NULL && entry->shortage != NULL)
            return entry->shortage;
        at = place_above(p, at);
    }
    return NULL;
}

bool in_shortage(const struct view *v, const char *occupation)
{
    for (char *const *s = v->shortage; s != NULL && *s != NULL; s++)
        if (strcmp(*s, occupation) == 0)
            return true;
    return false;
}

struct view view_of(const struct policy *p, const struct policy_person *person, int32_t as_of)
{
    struct view v = {.policy = p, .person = person, .as_of = as_of};

    v.region = policy_region_of(p, person->region);
    if (v.region != NULL)
        v.shortage = shortage_of(p, v.region);
    return v;
}
