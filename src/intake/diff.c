/*
 * diff: whom another policy adds or drops. Each person of a list is judged twice, as screening does;
 * rows whose verdicts differ are counted by region and the first of them told, masked. Nothing is
 * stored, so an interruption loses nothing.
 *
 * Sealed rows are kept only while somebody wants to see them, one person at a time. Called by
 * policy_diff.c.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"
#include "zhanchi/mask.h"
#include "zhanchi/ordinal.h"
#include "zhanchi/store.h"
#include "internal.h"

struct differing {
    struct store *store;
    struct keyring *keyring;
    const struct diff_ask *ask;
    struct person *before, *after;
    struct buf sealed; /* of this person's rows, one behind the other, and where each ends */
    size_t *ends, n_ends, cap_ends;
    struct buf plain;
    struct ordinals labels;
    struct diff_result *out;
    size_t cap, told;
    struct err *e;
};

/* ---- counts ---- */

static struct diff_counts *counts_of(struct differing *d, const char *label)
{
    struct diff_result *r = d->out;
    size_t i = ordinal_of(&d->labels, label, NULL);

    if (i < r->n_regions)
        return &r->regions[i];
    if (r->n_regions == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 64;
        r->regions = reallocarray(r->regions, d->cap, sizeof *r->regions);
        if (!r->regions)
            panic("out of memory");
    }
    struct diff_counts *c = &r->regions[r->n_regions++];
    *c = (struct diff_counts){.rows = 0};
    memcpy(c->region, label, strlen(label) + 1);
    return c;
}

static bool eligible(const struct verdict *v)
{
    return v->outcome == VERDICT_ELIGIBLE;
}

static bool same(const struct verdict *a, const struct verdict *b)
{
    return a->outcome == b->outcome && a->reason == b->reason && a->amount_fen == b->amount_fen &&
           a->last_day == b->last_day;
}

static void count(struct diff_counts *c, const struct verdict *a, const struct verdict *b)
{
    c->rows++;
    c->before += eligible(a);
    c->after += eligible(b);
    c->added += eligible(b) && !eligible(a);
    c->dropped += eligible(a) && !eligible(b);
    c->changed += eligible(a) == eligible(b) && !same(a, b);
}

static int by_moves(const void *a, const void *b)
{
    const struct diff_counts *x = a, *y = b;
    int64_t n = x->added + x->dropped, m = y->added + y->dropped;

    if (n != m)
        return n < m ? 1 : -1;
    return strcmp(x->region, y->region);
}

/* ---- who it is ---- */

static void masked(const struct json *j, enum column_field f,
                   void (*mask)(const char *, size_t, char[MASK_MAX]), char out[MASK_MAX])
{
    const struct json *text = j ? json_get(j, column_field_name(f)) : NULL;
    char tmp[40];

    out[0] = '\0';
    if (!text)
        return;
    const char *s = json_text(text, tmp);
    mask(s, strlen(s), out);
}

static int unseal(struct differing *d, const struct list_row *row, size_t i, struct diff_row *out)
{
    size_t from = i > 0 ? d->ends[i - 1] : 0;

    if (d->ends[i] == from)
        return 0; /* the list's data were deleted, its facts stay */
    buf_reset(&d->plain);
    if (keyring_unseal(d->keyring, row->key_id, SEAL_ROW, row->id, row->revision,
                       d->sealed.data + from, d->ends[i] - from, &d->plain, d->e))
        return -1;
    struct json *j = json_parse(d->plain.data, d->plain.len, d->e);
    if (!j)
        return -1;
    masked(j, COLUMN_NAME, mask_name, out->name);
    masked(j, COLUMN_PHONE, mask_phone, out->phone);
    json_free(j);
    return 0;
}

static bool wanted(const struct differing *d, const struct verdict *a, const struct verdict *b)
{
    if (d->told >= d->ask->rows)
        return false;
    return eligible(a) != eligible(b) || (d->ask->changed && !same(a, b));
}

static int tell(struct differing *d, const struct list_row *row, size_t i, const char *label,
                const struct verdict *a, const struct verdict *b)
{
    struct diff_row one = {.line = row->line,
                           .level = row->level,
                           .issued_day = row->issued_day,
                           .before = a,
                           .after = b};

    memcpy(one.region, label, strlen(label) + 1);
    if (unseal(d, row, i, &one))
        return -1;
    d->told++;
    return d->ask->each(d->ask->ctx, &one);
}

/* ---- one person ---- */

static int compare_rows(struct differing *d, const struct list_row *rows, size_t n,
                        const struct verdict *a, const struct verdict *b)
{
    bool had = false, has = false;

    for (size_t i = 0; i < n; i++) {
        char label[POLICY_LABEL_MAX];
        policy_region_label(d->ask->after, rows[i].region, label);
        count(&d->out->total, &a[i], &b[i]);
        count(counts_of(d, label), &a[i], &b[i]);
        had |= eligible(&a[i]);
        has |= eligible(&b[i]);
        if (wanted(d, &a[i], &b[i]) && tell(d, &rows[i], i, label, &a[i], &b[i]))
            return -1;
    }
    d->out->persons_added += has && !had;
    d->out->persons_dropped += had && !has;
    return 0;
}

static int judge_both(struct differing *d)
{
    const struct list_row *rows;
    const struct verdict *a, *b;
    size_t n = person_rows(d->before, &rows);

    if (n == 0)
        return 0;
    if (person_judge(d->before, d->store, &a, d->e) || person_judge(d->after, d->store, &b, d->e) ||
        compare_rows(d, rows, n, a, b))
        return -1;
    person_reset(d->before);
    person_reset(d->after);
    buf_reset(&d->sealed);
    d->n_ends = 0;
    return 0;
}

static int keep_sealed(struct differing *d, const struct list_row *row)
{
    if (d->n_ends == d->cap_ends) {
        d->cap_ends = d->cap_ends ? 2 * d->cap_ends : 8;
        d->ends = reallocarray(d->ends, d->cap_ends, sizeof *d->ends);
        if (!d->ends)
            panic("out of memory");
    }
    if (d->told < d->ask->rows && buf_add(&d->sealed, row->sealed, row->sealed_len))
        return err_set(d->e, ERR_DATA, "look for rows that are one person's by mistake",
                       "the person of line %lld has too many rows", (long long)row->line);
    d->ends[d->n_ends++] = d->sealed.len;
    return 0;
}

static int on_row(void *ctx, const struct list_row *row)
{
    struct differing *d = ctx;
    const struct list_row *rows;

    if (person_rows(d->before, &rows) > 0 && rows[0].person_id != row->person_id && judge_both(d))
        return -1;
    person_add(d->before, row);
    person_add(d->after, row);
    return keep_sealed(d, row);
}

/* ---- the list ---- */

static int interrupted(const struct differing *d, const struct list_info *l)
{
    const struct progress *p = d->ask->progress;

    if (p && p->fn && p->fn(p->ctx, d->out->total.rows, l->rows, NULL))
        return err_set(d->e, ERR_TEMP, "ask again when there is time",
                       "the comparison over list %s was interrupted", l->name);
    return 0;
}

static int run(struct differing *d, const struct list_info *l)
{
    int64_t person = 0;

    do {
        if (store_list_scan(d->store, l->id, person, store_chunk(d->store), on_row, d, &person,
                            d->e) ||
            judge_both(d) || interrupted(d, l))
            return -1;
    } while (person);
    if (d->out->n_regions)
        qsort(d->out->regions, d->out->n_regions, sizeof *d->out->regions, by_moves);
    return 0;
}

#define PERSON_MAX (64u << 20)

int intake_diff(struct store *s, struct keyring *k, const struct list_info *l,
                const struct diff_ask *ask, struct diff_result *out, struct err *e)
{
    struct differing d = {.store = s,
                          .keyring = k,
                          .ask = ask,
                          .before = person_new(k, ask->before, ask->as_of),
                          .after = person_new(k, ask->after, ask->as_of),
                          .out = out,
                          .e = e};

    *out = (struct diff_result){.n_regions = 0};
    buf_init(&d.sealed, PERSON_MAX);
    buf_init(&d.plain, SEALED_MAX + 1);
    int rc = run(&d, l);
    person_free(d.before);
    person_free(d.after);
    ordinal_fini(&d.labels);
    buf_fini(&d.sealed);
    buf_fini(&d.plain);
    free(d.ends);
    if (rc)
        diff_result_fini(out);
    return rc;
}

void diff_result_fini(struct diff_result *r)
{
    free(r->regions);
    *r = (struct diff_result){.n_regions = 0};
}
