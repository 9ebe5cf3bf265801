/*
 * policy_compare: a policy's rules against each other, and against another text of it: what
 * `policy check` and `policy diff` show. Pure.
 */
#ifndef ZHANCHI_POLICY_COMPARE_H
#define ZHANCHI_POLICY_COMPARE_H

#include "zhanchi/policy.h"

/* Days of one region; CIVIL_NONE = open. rule: the one that ends before a gap; the one that decides
 * in an overlap. other: the one that begins behind the gap, or NULL; the one that does not decide. */
struct policy_span {
    const struct policy_rule *rule, *other;
    int32_t from, to;
};

/* Days for which a region and basis that has a rule has none any more: there a region above
 * decides, at the top nobody. Non-zero from `each` stops and is returned. */
int policy_gaps(const struct policy *p, int (*each)(void *ctx, const struct policy_span *s),
                void *ctx);
/* Days on which rules of both bases are in force in one region (two of one basis are refused when a
 * file is read). For a certificate issued and applied for on that day `rule` decides. */
int policy_overlaps(const struct policy *p, int (*each)(void *ctx, const struct policy_span *s),
                    void *ctx);

enum policy_change_kind { POLICY_ADDED, POLICY_REMOVED, POLICY_CHANGED };
struct policy_change {
    enum policy_change_kind kind;
    const char *object;         /* "rule", "region" */
    const char *id;             /* its id, or name */
    const char *key;            /* of a changed one: "months_min", as in the file; else "" */
    const char *before, *after; /* of the key, as a person would write it; else "" */
    const char *file;           /* where it stands now; of a removed one, where it stood */
    int line;
};
/* Everything that differs between a and b, rules by their id, regions by their name: removed,
 * changed and added, in file order. Where something stands, and in which order, is no difference.
 * Texts live until `each` returns; non-zero from it stops and is returned. */
int policy_diff(const struct policy *a, const struct policy *b,
                int (*each)(void *ctx, const struct policy_change *c), void *ctx);
const char *policy_change_name(enum policy_change_kind k); /* "added" "removed" "changed" */

/* "issued" "applied"; "no" "paid" "held" */
const char *policy_basis_name(enum policy_basis b);
const char *policy_higher_name(enum policy_higher h);

#endif
