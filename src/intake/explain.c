/*
 * explain: the person of one row, judged anew and argued, certificate by certificate: what `list explain` shows. The occupations are unsealed, because a person reads them.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"
#include "internal.h"

struct explaining {
    struct keyring *keyring;
    struct person *person;
    char **occupations; /* one a row */
    size_t n, cap;
    struct err *e;
};

static char *unseal_occupation(struct explaining *x, const struct list_row *row)
{
    struct buf plain;
    char tmp[40], *out = NULL;

    if (row->sealed_len == 0)
        return strdup(""); /* the list's data were deleted, its facts stay */
    buf_init(&plain, SEALED_MAX + 1);
    if (keyring_unseal(x->keyring, row->key_id, SEAL_ROW, row->id, row->revision, row->sealed,
                       row->sealed_len, &plain, x->e) == 0) {
        struct json *j = json_parse(plain.data, plain.len, x->e);
        const struct json *text = j ? json_get(j, column_field_name(COLUMN_OCCUPATION)) : NULL;
        if (j)
            out = strdup(text ? json_text(text, tmp) : "");
        json_free(j);
    }
    buf_fini(&plain);
    return out;
}

static int on_row(void *ctx, const struct list_row *row)
{
    struct explaining *x = ctx;

    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 8;
        x->occupations = reallocarray(x->occupations, x->cap, sizeof *x->occupations);
        if (!x->occupations)
            panic("out of memory");
    }
    char *text = unseal_occupation(x, row);
    if (!text)
        return -1;
    x->occupations[x->n++] = text;
    person_add(x->person, row);
    return 0;
}

static int tell(struct explaining *x, struct store *s, const struct policy *p, int32_t as_of,
                int (*each)(void *ctx, const struct explained *x), void *ctx)
{
    enum policy_trial *trials = calloc(p->n_rules, sizeof *trials);
    const struct verdict *verdicts;
    const struct list_row *rows;
    int rc = person_judge(x->person, s, &verdicts, x->e);

    if (!trials)
        panic("out of memory");
    person_rows(x->person, &rows);
    for (size_t i = 0; i < x->n && rc == 0; i++) {
        struct policy_person who = person_as(x->person, i);
        struct explained one = {
            .line = rows[i].line,
            .certificate = {x->occupations[i], rows[i].level, rows[i].issued_day},
            .person = &who,
            .trials = trials};
        policy_argue(p, &who, as_of, i, &verdicts[i], &one.argument, trials);
        rc = each(ctx, &one);
    }
    free(trials);
    return rc;
}

int intake_explain(struct store *s, struct keyring *k, const struct list_info *l,
                   const struct policy *p, int64_t line, int32_t as_of,
                   int (*each)(void *ctx, const struct explained *x), void *ctx, struct err *e)
{
    struct list_row row;
    int64_t last;
    int rc = store_list_row_at(s, l->id, line, &row, e);

    if (rc == 0)
        return err_set(e, ERR_NOINPUT,
                       "lines count from 1 as in the file; rejected ones are in `zhanchi list "
                       "rejects`",
                       "line %lld of list %s is no row", (long long)line, l->name);
    if (rc < 0)
        return -1;
    struct explaining x = {.keyring = k, .person = person_new(k, p, as_of), .e = e};
    rc = store_list_scan(s, l->id, row.person_id - 1, 1, on_row, &x, &last, e);
    if (rc == 0)
        rc = tell(&x, s, p, as_of, each, ctx);
    for (size_t i = 0; i < x.n; i++)
        free(x.occupations[i]);
    free(x.occupations);
    person_free(x.person);
    return rc;
}
