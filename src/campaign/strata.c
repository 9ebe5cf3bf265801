/*
 * strata: which text a person gets. Among people of one region and level (a stratum) the texts are drawn from an urn that holds each as often as
 * its weight says and is filled again when it is empty: permuted blocks. So the texts' shares are right in every stratum, not only over all of
 * them, and no region or level tips a comparison. An arm is a stratum of its own, and so is a language.
 *
 * The draws follow the walk, which is always in the order of person ids: the same seed, list and refusals give the same variants. A household reads
 * one text: who shares a number takes what was drawn first for it. What was drawn stands with the member (member.variant) and holds for whatever is
 * sent to that member later. Memory: 40 bytes a stratum, 24 a shared number. Caller: freeze.c.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

struct stratum {
    uint64_t key; /* 0: free */
    uint64_t drawn;
    uint16_t left[CAMPAIGN_VARIANTS];
};

struct number { /* that several persons share */
    int64_t address_id;
    uint32_t texts;
    int variant;
};

struct strata {
    const struct campaign_info *c;
    uint16_t weight[CAMPAIGN_VARIANTS]; /* in lowest terms */
    struct stratum *strata;             /* open addressing; cap a power of two */
    size_t n, cap;
    struct number *numbers; /* address_id 0: free */
    size_t n_numbers, numbers_cap;
};

static unsigned gcd(unsigned a, unsigned b)
{
    while (b != 0) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL)
        panic("out of memory");
    return p;
}

struct strata *strata_new(const struct campaign_info *c)
{
    struct strata *s = zeroed(1, sizeof *s);
    unsigned common = 0;

    s->c = c;
    for (int i = 0; i < c->n_variants; i++)
        common = gcd((unsigned)c->variants[i].weight, common);
    for (int i = 0; i < c->n_variants && common > 0; i++)
        s->weight[i] = (uint16_t)((unsigned)c->variants[i].weight / common);
    s->cap = s->numbers_cap = 64;
    s->strata = zeroed(s->cap, sizeof *s->strata);
    s->numbers = zeroed(s->numbers_cap, sizeof *s->numbers);
    return s;
}

void strata_free(struct strata *s)
{
    if (s == NULL)
        return;
    free(s->strata);
    free(s->numbers);
    free(s);
}

/* ---- strata ---- */

/* FNV-1a. Two strata with one key would only be one stratum. */
static uint64_t key_of(const struct letter_draw *d)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (const char *p = d->region; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    h = (h ^ (unsigned)d->level) * UINT64_C(0x100000001b3);
    h = (h ^ (unsigned)d->arm) * UINT64_C(0x100000001b3);
    h = (h ^ d->texts) * UINT64_C(0x100000001b3);
    return h != 0 ? h : 1;
}

static struct stratum *slot(struct stratum *all, size_t cap, uint64_t key)
{
    size_t i = key & (cap - 1);

    while (all[i].key != 0 && all[i].key != key)
        i = (i + 1) & (cap - 1);
    return &all[i];
}

static struct stratum *find_stratum(struct strata *s, uint64_t key)
{
    if (2 * (s->n + 1) > s->cap) {
        struct stratum *larger = zeroed(2 * s->cap, sizeof *larger);
        for (size_t i = 0; i < s->cap; i++)
            if (s->strata[i].key != 0)
                *slot(larger, 2 * s->cap, s->strata[i].key) = s->strata[i];
        free(s->strata);
        s->strata = larger;
        s->cap *= 2;
    }
    struct stratum *found = slot(s->strata, s->cap, key);
    if (found->key == 0) {
        found->key = key;
        s->n++;
    }
    return found;
}

static unsigned fill(const struct strata *s, struct stratum *t, uint32_t texts)
{
    unsigned total = 0;

    for (int i = 0; i < s->c->n_variants; i++) {
        t->left[i] = texts >> i & 1 ? s->weight[i] : 0;
        total += t->left[i];
    }
    return total;
}

static int take_one(const struct strata *s, struct stratum *t, uint32_t texts)
{
    unsigned total = 0;

    for (int i = 0; i < s->c->n_variants; i++)
        total += t->left[i];
    if (total == 0)
        total = fill(s, t, texts);
    if (total == 0)
        return 0;
    unsigned at = (unsigned)(assign_stratum_chance(s->c, t->key, t->drawn++) % total);
    int i = 0;
    while (at >= t->left[i])
        at -= t->left[i++];
    t->left[i]--;
    return i;
}

/* ---- households ---- */

static struct number *number_slot(struct number *all, size_t cap, int64_t address_id,
                                  uint32_t texts)
{
    size_t i = ((uint64_t)address_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cap - 1);

    while (all[i].address_id != 0 && (all[i].address_id != address_id || all[i].texts != texts))
        i = (i + 1) & (cap - 1);
    return &all[i];
}

static struct number *find_number(struct strata *s, int64_t address_id, uint32_t texts)
{
    if (2 * (s->n_numbers + 1) > s->numbers_cap) {
        struct number *larger = zeroed(2 * s->numbers_cap, sizeof *larger);
        for (size_t i = 0; i < s->numbers_cap; i++) {
            const struct number *n = &s->numbers[i];
            if (n->address_id != 0)
                *number_slot(larger, 2 * s->numbers_cap, n->address_id, n->texts) = *n;
        }
        free(s->numbers);
        s->numbers = larger;
        s->numbers_cap *= 2;
    }
    return number_slot(s->numbers, s->numbers_cap, address_id, texts);
}

int strata_draw(struct strata *s, const struct letter_draw *d)
{
    if (s->c->n_variants < 2)
        return 0;
    if (!d->shared)
        return take_one(s, find_stratum(s, key_of(d)), d->texts);
    struct number *n = find_number(s, d->address_id, d->texts);
    if (n->address_id == 0) {
        *n = (struct number){d->address_id, d->texts,
                             take_one(s, find_stratum(s, key_of(d)), d->texts)};
        s->n_numbers++;
    }
    return n->variant;
}
