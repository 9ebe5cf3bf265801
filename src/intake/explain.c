/*
 * explain: the person of one row, judged anew and argued, certificate by certificate: what `list explain` shows. Occupation and group are unsealed, because a person reads them.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"
#include "internal.h"

struct explaining {
    struct keyring *keyring;
    struct person *person;
    struct told {
        char *occupation, *group;
    } * told; /* one a row */
    size_t n, cap;
    struct err *e;
};

static char *text_of(const struct json *j, enum column_field f)
{
    const struct json *text = json_get(j, column_field_name(f));
    char tmp[40];
    char *copy = strdup(text ? json_text(text, tmp) : "");

    if (!copy)
        panic("out of memory");
    return copy;
}

static int unseal(struct explaining *x, const struct list_row *row, struct told *out)
{
    struct buf plain;
    struct json *j = NULL;

    *out = (struct told){NULL, NULL};
    if (row->sealed_len == 0)
        return 0; /* the list's data were deleted, its facts stay */
    buf_init(&plain, SEALED_MAX + 1);
    if (keyring_unseal(x->keyring, row->key_id, SEAL_ROW, row->id, row->revision, row->sealed,
                       row->sealed_len, &plain, x->e) == 0)
        j = json_parse(plain.data, plain.len, x->e);
    if (j) {
        out->occupation = text_of(j, COLUMN_OCCUPATION);
        out->group = text_of(j, COLUMN_GROUP);
    }
    json_free(j);
    buf_fini(&plain);
    return j ? 0 : -1;
}

static int on_row(void *ctx, const struct list_row *row)
{
    struct explaining *x = ctx;

    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 8;
        x->told = reallocarray(x->told, x->cap, sizeof *x->told);
        if (!x->told)
            panic("out of memory");
    }
    if (unseal(x, row, &x->told[x->n]))
        return -1;
    x->n++;
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
        struct explained one = {.line = rows[i].line,
                                .certificate = {x->told[i].occupation ? x->told[i].occupation : "",
                                                rows[i].level, rows[i].issued_day},
                                .group = x->told[i].group ? x->told[i].group : "",
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
                       "lines count from 1 as in the file; see `zhanchi list review` and "
                       "`zhanchi list rejects`",
                       "line %lld of list %s is no row", (long long)line, l->name);
    if (rc < 0)
        return -1;
    struct explaining x = {.keyring = k, .person = person_new(k, p, as_of), .e = e};
    rc = store_list_scan(s, l->id, row.person_id - 1, 1, on_row, &x, &last, e);
    if (rc == 0)
        rc = tell(&x, s, p, as_of, each, ctx);
    for (size_t i = 0; i < x.n; i++) {
        free(x.told[i].occupation);
        free(x.told[i].group);
    }
    free(x.told);
    person_free(x.person);
    return rc;
}
