/*
 * ledger: the persons of a list by what became of them, and the ratios that the notice asks for: coverage is the reached of the eligible, by 统筹地区. One pass over the
 * list (store_ledger); small lines are withheld by the house's rule, so that a line of an employer cannot tell what a known colleague did. No key is needed.
 *
 * The total is added up before anything is withheld. Called by list_ledger.c.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

const char *measure_ledger_name(enum ledger_by by)
{
    static const char *const names[] = {
        [LEDGER_ALL] = "none", [LEDGER_REGION] = "region", [LEDGER_EMPLOYER] = "employer"};

    return names[by];
}

/* ---- counts ---- */

struct gathering {
    struct measure_ledger *to;
    size_t cap;
};

static int on_cell(void *ctx, const struct ledger_cell *c)
{
    struct gathering *g = ctx;
    struct measure_ledger *r = g->to;

    if (r->n == g->cap) {
        g->cap = g->cap != 0 ? 2 * g->cap : 64;
        r->lines = reallocarray(r->lines, g->cap, sizeof *r->lines);
        if (r->lines == NULL)
            panic("out of memory");
    }
    struct ledger_line *l = &r->lines[r->n++];
    *l = (struct ledger_line){.row_id = c->row_id,
                              .persons = c->persons,
                              .certified = c->certified,
                              .eligible = c->eligible,
                              .undetermined = c->undetermined,
                              .expired = c->expired,
                              .other = c->persons - c->eligible - c->undetermined - c->expired,
                              .reached = c->reached,
                              .claimed = c->claimed,
                              .paid = c->paid};
    memcpy(l->key, c->key, sizeof l->key);
    return 0;
}

static void add_up(struct measure_ledger *r)
{
    struct ledger_line *t = &r->total;

    for (size_t i = 0; i < r->n; i++) {
        const struct ledger_line *l = &r->lines[i];
        t->persons += l->persons;
        t->certified += l->certified;
        t->eligible += l->eligible;
        t->undetermined += l->undetermined;
        t->expired += l->expired;
        t->other += l->other;
        t->reached += l->reached;
        t->claimed += l->claimed;
        t->paid += l->paid;
    }
}

/* ---- small lines ---- */

static void withhold_lines(struct ledger_line *lines, size_t n)
{
    int64_t *persons = calloc(n + 1, sizeof *persons);
    bool *withheld = calloc(n + 1, sizeof *withheld);

    if (persons == NULL || withheld == NULL)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        persons[i] = lines[i].persons;
    withhold_cells(persons, withheld, n);
    for (size_t i = 0; i < n; i++) {
        struct ledger_line kept = {.withheld = true};
        memcpy(kept.key, lines[i].key, sizeof kept.key);
        if (withheld[i])
            lines[i] = kept;
    }
    free(persons);
    free(withheld);
}

/* ---- ratios ---- */

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : -1;
}

static void rate(struct ledger_line *l, bool claims_known)
{
    l->coverage = ratio(l->reached, l->eligible);
    l->claim_rate = claims_known ? ratio(l->claimed, l->eligible) : -1;
    l->paid_rate = claims_known ? ratio(l->paid, l->claimed) : -1;
}

/* Withheld ones at the end, by their key: their place must not tell their coverage. */
static int by_coverage(const void *a, const void *b)
{
    const struct ledger_line *x = a, *y = b;

    if (x->withheld != y->withheld)
        return x->withheld ? 1 : -1;
    if (x->coverage < y->coverage || x->coverage > y->coverage)
        return x->coverage < y->coverage ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void finish(struct measure_ledger *r)
{
    add_up(r);
    withhold_lines(r->lines, r->n);
    withhold_lines(&r->total, 1);
    rate(&r->total, r->claims_known);
    for (size_t i = 0; i < r->n; i++)
        rate(&r->lines[i], r->claims_known);
    if (r->n > 0)
        qsort(r->lines, r->n, sizeof *r->lines, by_coverage);
    if (r->by == LEDGER_ALL)
        r->n = 0;
}

/* ---- what it stands on ---- */

static int on_file(void *ctx, const struct response_file *f)
{
    struct measure_ledger *r = ctx;

    r->claims_known = true;
    if (f->through > r->complete_day) /* CIVIL_NONE is less than any day */
        r->complete_day = f->through;
    return 0;
}

static int find_screening(struct store *s, struct measure_ledger *r, struct err *e)
{
    int64_t policy_id;
    int screened = store_list_screened(s, r->list.id, &policy_id, &r->as_of, e);

    if (screened == 0)
        return err_set(e, ERR_USAGE, "zhanchi list screen it first", "list %s was never screened",
                       r->list.name);
    if (screened < 0 || store_policy_by_id(s, policy_id, &r->policy, e) < 0 ||
        store_list_unscreened(s, r->list.id, policy_id, &r->unscreened, e))
        return -1;
    return store_response_files_each(s, on_file, r, e);
}

int measure_ledger(struct store *s, const struct list_info *l, enum ledger_by by,
                   struct measure_ledger *out, struct err *e)
{
    struct gathering g = {.to = out};

    *out = (struct measure_ledger){.list = *l, .complete_day = CIVIL_NONE, .by = by};
    if (find_screening(s, out, e) == 0 &&
        store_ledger(s, l->id, out->policy.id, by, on_cell, &g, e) == 0) {
        finish(out);
        return 0;
    }
    measure_ledger_fini(out);
    return -1;
}

void measure_ledger_fini(struct measure_ledger *r)
{
    free(r->lines);
    r->lines = NULL;
    r->n = 0;
}
