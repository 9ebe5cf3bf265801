/*
 * households: a number is randomised as a whole. Where one of its persons cannot wait (the last day
 * is too near, or another open campaign of the topic writes to that person), the message to that
 * person reaches the phone of all of them, so that none of them is a clean comparison: all are sent
 * and left out of the lift.
 *
 * Only shared numbers are kept, as a sorted array: a few of a hundred persons.
 * Caller: freeze.c, before its walk and only for a holdout.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "internal.h"

#define PERSONS_A_CALL 4096

struct households {
    int64_t *ids;
    size_t n, cap;
};

struct finding {
    const struct campaign_info *c;
    int32_t today;
    bool others_open;
    const struct firsts *firsts;
    struct households *h;
};

static void add(struct households *h, int64_t address_id)
{
    if (h->n == h->cap) {
        h->cap = h->cap * 2 + 256;
        h->ids = realloc(h->ids, h->cap * sizeof *h->ids);
        if (h->ids == NULL)
            panic("out of memory");
    }
    h->ids[h->n++] = address_id;
}

static int look(void *ctx, const struct candidate *k)
{
    struct finding *f = ctx;

    if (k->address_sharers > 1 && candidate_cause(f->c, k, f->today) == CAUSE_NONE &&
        !firsts_other(f->firsts, k) && !candidate_randomises(f->c, k, f->others_open))
        add(f->h, k->row.address_id);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int households_find(struct store *s, const struct campaign_info *c, int32_t today, bool others_open,
                    const struct firsts *firsts, struct households **out, struct err *e)
{
    int64_t last = 0;

    *out = NULL;
    if (c->holdout_permille == 0)
        return 0;
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        panic("out of memory");
    struct finding f = {
        .c = c, .today = today, .others_open = others_open, .firsts = firsts, .h = *out};
    do {
        if (store_candidates(s, c, today, last, PERSONS_A_CALL, look, &f, &last, e) != 0)
            return -1;
    } while (last != 0);
    if ((*out)->n > 1)
        qsort((*out)->ids, (*out)->n, sizeof *(*out)->ids, by_id);
    return 0;
}

void households_free(struct households *h)
{
    if (h == NULL)
        return;
    free(h->ids);
    free(h);
}

bool households_fixed(const struct households *h, int64_t address_id)
{
    return h != NULL && h->n > 0 &&
           bsearch(&address_id, h->ids, h->n, sizeof *h->ids, by_id) != NULL;
}
