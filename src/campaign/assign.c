/*
 * assign: arms and variants. The same seed and number give the same arm and variant for ever, in
 * any order and on any machine: a forecast, a preview and the freezing agree, and an analyst can
 * draw again.
 *
 * The unit is the number, so that a household is one arm and reads one text. Arm and variant are
 * drawn from independent streams, or a variant would tell the arm. Callers: freeze.c; tests.
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

int campaign_variant_of(const struct campaign_info *c, int64_t address_id)
{
    unsigned total = 0;

    for (int i = 0; i < c->n_variants; i++)
        total += (unsigned)c->variants[i].weight;
    if (total == 0)
        return 0;
    unsigned at = draw(c->seed, STREAM_VARIANT, address_id, total);
    for (int i = 0; i < c->n_variants; i++) {
        if (at < (unsigned)c->variants[i].weight)
            return i;
        at -= (unsigned)c->variants[i].weight;
    }
    return c->n_variants - 1;
}
