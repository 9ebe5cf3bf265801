/*
 * person: all rows of one person, judged together: a higher certificate bars a lower one, and payments of a year are counted over all of them.
 *
 * Claims come from the store by person, their occupations as keyed hashes, and those of the rows are hashes too. The policy compares texts. Equal hashes become
 * equal texts here; the names of the policy's shortage occupations and excluded groups are hashed once, so that they are recognised. Rows of a person may differ in
 * region, months, benefit or group: then each is judged as its own row says, with all certificates and claims in view.
 *
 * Called by screen.c and explain.c.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/cells.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/store_people.h"
#include "internal.h"

#define HEX_MAX (2 * KEYRING_HASH_BYTES + 1)

/* Names that the policy knows, by their hash. */
struct known {
    uint8_t hash[KEYRING_HASH_BYTES];
    const char *name; /* borrowed from the policy */
};
struct names {
    struct known *v;
    size_t n, cap;
};

struct claimed { /* a claim and the room for its occupation's text */
    struct policy_claim claim;
    char hex[HEX_MAX];
};

struct person {
    const struct policy *policy;
    int32_t as_of;
    struct names shortages, groups;

    size_t n, cap;
    struct list_row *rows;
    struct policy_certificate *certificates;
    char (*hex)[HEX_MAX];
    struct verdict *verdicts, *round; /* round: of one call of the policy */
    bool *done;

    size_t n_claims, cap_claims;
    struct claimed *claimed;
    struct policy_claim *claims;
};

static void *must(void *p)
{
    if (!p)
        panic("out of memory");
    return p;
}

/* ---- names that the policy knows ---- */

static int by_hash(const void *a, const void *b)
{
    const struct known *x = a, *y = b;

    return memcmp(x->hash, y->hash, KEYRING_HASH_BYTES);
}

static void know(struct names *names, struct keyring *k, enum hash_kind kind, char *const *texts)
{
    struct buf text;

    buf_init(&text, 65536);
    for (char *const *s = texts; s && *s; s++) {
        if (names->n == names->cap) {
            names->cap = names->cap ? 2 * names->cap : 16;
            names->v = must(reallocarray(names->v, names->cap, sizeof *names->v));
        }
        struct known *to = &names->v[names->n++];
        buf_reset(&text);
        cell_occupation(*s, strlen(*s), &text);
        keyring_hash(k, kind, buf_cstr(&text), text.len, to->hash);
        to->name = *s;
    }
    buf_fini(&text);
}

static void know_all(struct person *p, struct keyring *k)
{
    for (size_t i = 0; i < p->policy->n_regions; i++)
        know(&p->shortages, k, HASH_OCCUPATION, p->policy->regions[i].shortage);
    for (size_t i = 0; i < p->policy->n_rules; i++)
        know(&p->groups, k, HASH_GROUP, p->policy->rules[i].excluded);
    if (p->shortages.n)
        qsort(p->shortages.v, p->shortages.n, sizeof *p->shortages.v, by_hash);
    if (p->groups.n)
        qsort(p->groups.v, p->groups.n, sizeof *p->groups.v, by_hash);
}

/* NULL: the policy does not know it. */
static const char *known_name(const struct names *names, const uint8_t hash[KEYRING_HASH_BYTES])
{
    struct known key = {.name = NULL};

    memcpy(key.hash, hash, sizeof key.hash);
    const struct known *found =
        names->n ? bsearch(&key, names->v, names->n, sizeof *names->v, by_hash) : NULL;
    return found ? found->name : NULL;
}

/* The text that stands for an occupation. */
static const char *occupation_text(const struct person *p, bool has,
                                   const uint8_t hash[KEYRING_HASH_BYTES], char hex[HEX_MAX])
{
    if (!has)
        return "";
    const char *name = known_name(&p->shortages, hash);
    if (name)
        return name;
    crypt_hex(hash, KEYRING_HASH_BYTES, hex);
    return hex;
}

/* ---- rows ---- */

struct person *person_new(struct keyring *k, const struct policy *policy, int32_t as_of)
{
    struct person *p = must(calloc(1, sizeof *p));

    p->policy = policy;
    p->as_of = as_of;
    know_all(p, k);
    return p;
}

void person_free(struct person *p)
{
    if (!p)
        return;
    free(p->shortages.v);
    free(p->groups.v);
    free(p->rows);
    free(p->certificates);
    free(p->hex);
    free(p->verdicts);
    free(p->round);
    free(p->done);
    free(p->claimed);
    free(p->claims);
    free(p);
}

void person_reset(struct person *p)
{
    p->n = 0;
}

static void grow(struct person *p)
{
    p->cap = p->cap ? 2 * p->cap : 8;
    p->rows = must(reallocarray(p->rows, p->cap, sizeof *p->rows));
    p->certificates = must(reallocarray(p->certificates, p->cap, sizeof *p->certificates));
    p->hex = must(reallocarray(p->hex, p->cap, sizeof *p->hex));
    p->verdicts = must(reallocarray(p->verdicts, p->cap, sizeof *p->verdicts));
    p->round = must(reallocarray(p->round, p->cap, sizeof *p->round));
    p->done = must(reallocarray(p->done, p->cap, sizeof *p->done));
}

void person_add(struct person *p, const struct list_row *r)
{
    if (p->n == p->cap)
        grow(p);
    p->rows[p->n] = *r;
    p->rows[p->n].sealed = NULL;
    p->rows[p->n].sealed_len = 0;
    p->n++;
}

size_t person_rows(const struct person *p, const struct list_row **rows)
{
    *rows = p->rows;
    return p->n;
}

/* ---- claims ---- */

static int add_claim(void *ctx, bool has_occupation, const uint8_t occupation[KEYRING_HASH_BYTES],
                     int level, int32_t day)
{
    struct person *p = ctx;

    if (p->n_claims == p->cap_claims) {
        p->cap_claims = p->cap_claims ? 2 * p->cap_claims : 8;
        p->claimed = must(reallocarray(p->claimed, p->cap_claims, sizeof *p->claimed));
        p->claims = must(reallocarray(p->claims, p->cap_claims, sizeof *p->claims));
    }
    struct claimed *c = &p->claimed[p->n_claims++];
    c->claim = (struct policy_claim){NULL, level, day};
    /* The text may stand in c, which may move yet: a mark until all are there. */
    const char *text = occupation_text(p, has_occupation, occupation, c->hex);
    if (text != c->hex)
        c->claim.occupation = text;
    return 0;
}

static int load_claims(struct person *p, struct store *s, struct err *e)
{
    p->n_claims = 0;
    if (store_claims_of(s, p->rows[0].person_id, add_claim, p, e))
        return -1;
    for (size_t i = 0; i < p->n_claims; i++) {
        p->claims[i] = p->claimed[i].claim;
        if (!p->claims[i].occupation)
            p->claims[i].occupation = p->claimed[i].hex;
    }
    return 0;
}

/* ---- judging ---- */

static bool alike(const struct list_row *a, const struct list_row *b)
{
    return a->months == b->months && a->months_day == b->months_day && a->benefit == b->benefit &&
           strcmp(a->region, b->region) == 0 && a->has_group == b->has_group &&
           memcmp(a->group, b->group, sizeof a->group) == 0;
}

struct policy_person person_as(const struct person *p, size_t row)
{
    const struct list_row *r = &p->rows[row];

    return (struct policy_person){.region = r->region,
                                  .group = r->has_group ? known_name(&p->groups, r->group) : NULL,
                                  .paid_months = r->months,
                                  .paid_months_day = r->months_day,
                                  .draws_benefit = r->benefit,
                                  .certificates = p->certificates,
                                  .n_certificates = p->n,
                                  .claims = p->claims,
                                  .n_claims = p->n_claims};
}

/* Judges all rows as row `first` says of region, months and benefit, and keeps what concerns rows that say the same. */
static void judge_as(struct person *p, size_t first)
{
    struct policy_person who = person_as(p, first);

    policy_judge(p->policy, &who, p->as_of, p->round);
    for (size_t i = first; i < p->n; i++) {
        if (!p->done[i] && alike(&p->rows[first], &p->rows[i])) {
            p->verdicts[i] = p->round[i];
            p->done[i] = true;
        }
    }
}

int person_judge(struct person *p, struct store *s, const struct verdict **verdicts, struct err *e)
{
    if (load_claims(p, s, e))
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        const struct list_row *r = &p->rows[i];
        p->certificates[i] = (struct policy_certificate){
            occupation_text(p, r->has_occupation, r->occupation, p->hex[i]), r->level,
            r->issued_day};
        p->done[i] = false;
    }
    for (size_t i = 0; i < p->n; i++)
        if (!p->done[i])
            judge_as(p, i);
    *verdicts = p->verdicts;
    return 0;
}
