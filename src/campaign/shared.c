/*
 * shared: one number, several persons, one message (--shared first): whose it is. The first in the order
 * of persons (as their lists had them) of those who would be written to, so that a refusal, a claim
 * or a passed last day of one does not silence the others.
 *
 * Only shared numbers are kept, as an array that is sorted by number; the walk meets persons in their
 * order. Caller: freeze.c, before its walk and only for SHARED_FIRST.
 */
#include <stdlib.h>
#include "internal.h"

#define PERSONS_A_CALL 4096

struct first {
    int64_t address_id, person_id;
};
struct firsts {
    struct first *v;
    size_t n, cap;
};

struct finding {
    const struct campaign_info *c;
    int32_t today;
    struct firsts *f;
};

static int look(void *ctx, const struct candidate *k)
{
    const struct finding *x = ctx;
    struct firsts *f = x->f;

    if (k->address_sharers < 2 || candidate_cause(x->c, k, x->today) != CAUSE_NONE)
        return 0;
    if (f->n == f->cap) {
        f->cap = f->cap * 2 + 256;
        f->v = reallocarray(f->v, f->cap, sizeof *f->v);
        if (f->v == NULL)
            panic("out of memory");
    }
    f->v[f->n++] = (struct first){k->row.address_id, k->row.person_id};
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct first *x = a, *y = b;
    int d = (x->address_id > y->address_id) - (x->address_id < y->address_id);

    return d != 0 ? d : (x->person_id > y->person_id) - (x->person_id < y->person_id);
}

static void keep_firsts(struct firsts *f)
{
    size_t kept = 0;

    if (f->n > 1)
        qsort(f->v, f->n, sizeof *f->v, by_number);
    for (size_t i = 0; i < f->n; i++)
        if (i == 0 || f->v[i].address_id != f->v[i - 1].address_id)
            f->v[kept++] = f->v[i];
    f->n = kept;
}

int firsts_find(struct store *s, const struct campaign_info *c, int32_t today, struct firsts **out,
                struct err *e)
{
    int64_t last = 0;

    *out = NULL;
    if (c->shared != SHARED_FIRST)
        return 0;
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        panic("out of memory");
    struct finding x = {.c = c, .today = today, .f = *out};
    do {
        if (store_candidates(s, c, today, last, PERSONS_A_CALL, look, &x, &last, e) != 0)
            return -1;
    } while (last != 0);
    keep_firsts(*out);
    return 0;
}

void firsts_free(struct firsts *f)
{
    if (f == NULL)
        return;
    free(f->v);
    free(f);
}

static int find_number(const void *key, const void *member)
{
    int64_t a = *(const int64_t *)key, b = ((const struct first *)member)->address_id;

    return (a > b) - (a < b);
}

bool firsts_other(const struct firsts *f, const struct candidate *k)
{
    if (f == NULL || f->n == 0 || k->address_sharers < 2)
        return false;
    const struct first *found = bsearch(&k->row.address_id, f->v, f->n, sizeof *f->v, find_number);
    return found != NULL && found->person_id != k->row.person_id;
}
