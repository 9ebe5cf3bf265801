/*
 * assign: chances and arms. The same seed and number give the same arm for ever, in any order and on
 * any machine: a forecast, a preview and the freezing agree, and an analyst can draw again.
 *
 * The unit is the number, so that a household is one arm. Arms, variants (strata.c) and gateways are
 * drawn from independent streams, or a variant would tell the arm. Callers: freeze.c, strata.c; tests.
 */
#include "zhanchi/civil.h"
#include "internal.h"

enum stream { STREAM_ARM = 1, STREAM_VARIANT = 2, STREAM_ROUTE = 3 };

/* The finaliser of splitmix64 (Steele, Lea and Flood 2014): a bijection in which every input bit
 * moves every output bit. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t chance(uint64_t seed, enum stream stream, int64_t address_id)
{
    uint64_t h = mix(seed + UINT64_C(0x9e3779b97f4a7c15) * stream);

    return mix(h ^ mix((uint64_t)address_id + UINT64_C(0x9e3779b97f4a7c15)));
}

/* [0, n); n is small, so that the bias of % is below 1 in 2^50. */
static unsigned draw(uint64_t seed, enum stream stream, int64_t address_id, unsigned n)
{
    return (unsigned)(chance(seed, stream, address_id) % n);
}

uint64_t assign_route_chance(const struct campaign_info *c, int64_t address_id)
{
    return chance(c->seed, STREAM_ROUTE, address_id);
}

uint64_t assign_stratum_chance(const struct campaign_info *c, uint64_t stratum, uint64_t n)
{
    return mix(chance(c->seed, STREAM_VARIANT, (int64_t)stratum) ^
               mix(n + UINT64_C(0x9e3779b97f4a7c15)));
}

bool assign_randomises(const struct campaign_info *c, int32_t last_day)
{
    if (c->holdout_permille == 0)
        return true;
    return last_day != CIVIL_NONE && (int64_t)last_day - c->holdout_until >= c->holdout_margin_days;
}

enum member_arm campaign_arm(const struct campaign_info *c, int64_t address_id, int32_t last_day)
{
    if (c->holdout_permille == 0)
        return ARM_SEND;
    if (!assign_randomises(c, last_day))
        return ARM_ALWAYS;
    return draw(c->seed, STREAM_ARM, address_id, 1000) < (unsigned)c->holdout_permille ? ARM_HOLDOUT
                                                                                       : ARM_SEND;
}
