/*
 * chance: see chance.h. Called wherever the sandbox decides something.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "chance.h"

/* The finaliser of SplitMix64. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

uint64_t chance_hash(int64_t seed, enum choice what, uint64_t whom)
{
    return mix(mix(mix((uint64_t)seed) + (uint64_t)what) + whom);
}

bool chance_hit(int64_t seed, enum choice what, uint64_t whom, double part)
{
    if (part <= 0)
        return false;
    return (double)(chance_hash(seed, what, whom) >> 11) * 0x1p-53 < part;
}

int64_t chance_below(int64_t seed, enum choice what, uint64_t whom, int64_t below)
{
    return below > 0 ? (int64_t)(chance_hash(seed, what, whom) % (uint64_t)below) : 0;
}

uint64_t chance_whom(const char *number)
{
    uint64_t h = 0xcbf29ce484222325U;
    const char *digits = *number == '+' ? number + 1 : number;

    if (*digits && digits[strspn(digits, "0123456789")] == '\0' && strlen(digits) < 19)
        return strtoull(digits, NULL, 10);
    for (; *number; number++)
        h = (h ^ (unsigned char)*number) * 0x100000001b3U;
    return h | UINT64_C(1) << 63;
}

bool chance_number(int64_t seed, enum choice what, const char *number, const struct share *s)
{
    if (s->pattern)
        return fnmatch(s->pattern, number, 0) == 0;
    return s->part > 0 && chance_hit(seed, what, chance_whom(number), s->part);
}
