/*
 * any_person: persons by chance, and a policy made to meet every clause, for properties that must hold for all. Seeded, so that a failure can be repeated.
 */
#ifndef ZHANCHI_TESTS_ANY_PERSON_H
#define ZHANCHI_TESTS_ANY_PERSON_H

#include <stdint.h>
#include "zhanchi/civil.h"
#include "zhanchi/policy.h"

/* A policy for the clauses that no shipped one has. X: caps with extra ones; X-A: judged at application, no deadline of its own but the rule's
 * end; X-B: pays the same level again, a list of its own; X-C, X-D, X-E: two rules in force at once (bases differ). */
static const char clauses[] =
    "name = \"clauses\";"
    "regions = ( { name = \"X\"; shortage = [ \"焊工\" ]; },"
    "  { name = \"X-A\"; parent = \"X\"; }, { name = \"X-B\"; parent = \"X\"; shortage = [ ]; },"
    "  { name = \"X-C\"; parent = \"X\"; }, { name = \"X-D\"; parent = \"X\"; },"
    "  { name = \"X-E\"; parent = \"X\"; } );"
    "rules = ("
    " { id = \"x\"; region = \"X\"; source = \"s\"; confirmed = true; basis = \"issued\";"
    "   months_min = 0; levels = [ 5, 4, 3, 2 ]; window_months = 12;"
    "   amounts = { level5 = 100; level4 = 200; level3 = 300; }; shortage = { level5 = 150; };"
    "   yearly_max = 1; yearly_extra_shortage = 2; higher_bars_lower = \"held\";"
    "   issued_from = \"2020-01-01\"; issued_to = \"2025-06-30\"; },"
    " { id = \"a1\"; like = \"x\"; region = \"X-A\"; source = \"s\"; confirmed = true;"
    "   basis = \"applied\"; valid_from = \"2024-01-01\"; valid_to = \"2024-12-31\";"
    "   window_months = 0; yearly_max = 0; yearly_extra_shortage = 0; },"
    " { id = \"a2\"; like = \"a1\"; source = \"s\"; confirmed = true;"
    "   valid_from = \"2025-01-01\"; valid_to = \"open\"; window_months = 6; },"
    " { id = \"b\"; like = \"x\"; region = \"X-B\"; source = \"s\"; confirmed = true;"
    "   once_per_level = false; yearly_extra_shortage = 0; yearly_max = 2; },"
    " { id = \"c1\"; like = \"x\"; region = \"X-C\"; source = \"s\"; confirmed = true;"
    "   valid_from = \"2021-01-01\"; },"
    " { id = \"c2\"; like = \"c1\"; source = \"s\"; confirmed = true; basis = \"applied\";"
    "   valid_from = \"2022-01-01\"; },"
    " { id = \"d1\"; like = \"c1\"; region = \"X-D\"; source = \"s\"; confirmed = true; },"
    " { id = \"d2\"; like = \"c2\"; region = \"X-D\"; source = \"s\"; confirmed = true;"
    "   valid_from = \"2021-01-01\"; valid_to = \"2023-12-31\"; },"
    " { id = \"e2\"; like = \"x\"; region = \"X-E\"; source = \"s\"; confirmed = true; },"
    " { id = \"e1\"; like = \"x\"; region = \"X-E\"; source = \"s\"; confirmed = true;"
    "   basis = \"applied\"; } );";

struct chance {
    uint64_t state;
};

static inline unsigned below(struct chance *c, unsigned n)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (unsigned)((c->state >> 20) % n);
}

static inline const char *any_occupation(struct chance *c)
{
    static const char *const occupations[] = {"", "焊工", "电工", "钳工"};

    return occupations[below(c, 4)];
}

/* Days crowd around the ends of rules and windows. */
static inline int32_t any_day(struct chance *c)
{
    if (below(c, 12) == 0)
        return CIVIL_NONE;
    if (below(c, 12) == 0)
        return civil_day(2016, 12, 31); /* before every rule's first day of issue */
    return civil_day(2023 + (int)below(c, 3), 1 + 11 * (int)below(c, 2),
                     1 + 30 * (int)below(c, 2)) +
           (int)below(c, 3);
}

struct any_person {
    struct policy_person who;
    struct policy_certificate certificates[6];
    struct policy_claim claims[6];
};

static inline void make_person(struct chance *c, const char *region, struct any_person *out)
{
    size_t n = 1 + below(c, 6), k = below(c, 7);

    for (size_t i = 0; i < n; i++)
        out->certificates[i] =
            (struct policy_certificate){any_occupation(c), (int)below(c, 6), any_day(c)};
    for (size_t i = 0; i < k; i++)
        out->claims[i] = (struct policy_claim){any_occupation(c), (int)below(c, 6), any_day(c)};
    out->who = (struct policy_person){.region = region,
                                      .paid_months = below(c, 8) == 0 ? -1 : 10 + (int)below(c, 4),
                                      .paid_months_day = any_day(c),
                                      .draws_benefit = below(c, 8) == 0,
                                      .group = below(c, 8) == 0 ? "公务员" : "",
                                      .certificates = out->certificates,
                                      .n_certificates = n,
                                      .claims = out->claims,
                                      .n_claims = k};
}

#endif
