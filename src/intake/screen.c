/*
 * screen: list + policy -> one verdict a row. Persons are read in chunks by their id, judged, and their verdicts stored, replacing earlier ones of the same policy
 * version. Repeating an interrupted screening is harmless; a list counts as screened when the last chunk is stored.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/store.h"
#include "internal.h"

struct screening {
    struct store *store;
    const struct policy *policy;
    struct person *person;
    struct screen_result *result;
    char cell[64], label[POLICY_LABEL_MAX]; /* of the last row: most follow one of their region */
    struct verdict_row *verdicts;           /* of this chunk */
    size_t n, cap;
    struct err *e;
};

/* "" where reports call it as the row does. */
static void label(struct screening *sc, const struct list_row *row, char out[POLICY_LABEL_MAX])
{
    if (strcmp(sc->cell, row->region) != 0) {
        memcpy(sc->cell, row->region, sizeof sc->cell);
        policy_region_label(sc->policy, row->region, sc->label);
    }
    if (strcmp(sc->label, row->region) == 0)
        out[0] = '\0';
    else
        memcpy(out, sc->label, POLICY_LABEL_MAX);
}

static void keep(struct screening *sc, const struct list_row *row, const struct verdict *v)
{
    if (sc->n == sc->cap) {
        sc->cap = sc->cap ? 2 * sc->cap : 1024;
        sc->verdicts = reallocarray(sc->verdicts, sc->cap, sizeof *sc->verdicts);
        if (!sc->verdicts)
            panic("out of memory");
    }
    sc->verdicts[sc->n++] = (struct verdict_row){
        .row_id = row->id,
        .outcome = v->outcome,
        .reason = v->reason,
        .rule_no = v->rule ? (int)(v->rule - sc->policy->rules) : -1,
        .amount_fen = v->amount_fen,
        .last_day = v->last_day,
    };
    label(sc, row, sc->verdicts[sc->n - 1].region);
    sc->result->rows++;
    sc->result->eligible += v->outcome == VERDICT_ELIGIBLE;
    sc->result->not_eligible += v->outcome == VERDICT_NOT;
    sc->result->undetermined += v->outcome == VERDICT_UNDETERMINED;
}

static int judge_person(struct screening *sc)
{
    const struct list_row *rows;
    const struct verdict *verdicts;
    size_t n = person_rows(sc->person, &rows);

    if (n == 0)
        return 0;
    if (person_judge(sc->person, sc->store, &verdicts, sc->e))
        return -1;
    for (size_t i = 0; i < n; i++)
        keep(sc, &rows[i], &verdicts[i]);
    person_reset(sc->person);
    return 0;
}

static int on_row(void *ctx, const struct list_row *row)
{
    struct screening *sc = ctx;
    const struct list_row *rows;

    if (person_rows(sc->person, &rows) > 0 && rows[0].person_id != row->person_id &&
        judge_person(sc))
        return -1;
    person_add(sc->person, row);
    return 0;
}

static int put(struct screening *sc, int64_t policy_id, int32_t as_of)
{
    int64_t began = clock_mono_us();

    if (sc->n > 0 && store_verdicts_put(sc->store, policy_id, as_of, sc->verdicts, sc->n, sc->e))
        return -1;
    store_chunk_took(sc->store, sc->n, clock_mono_us() - began);
    sc->n = 0;
    return 0;
}

static int interrupted(const struct screening *sc, const struct list_info *l,
                       const struct progress *p)
{
    if (p && p->fn && p->fn(p->ctx, sc->result->rows, l->rows, NULL))
        return err_set(sc->e, ERR_TEMP, "screen it again when there is time",
                       "the screening of %s was interrupted", l->name);
    return 0;
}

static int finish(struct screening *sc, const struct list_info *l, int64_t policy_id, int32_t as_of,
                  const struct screen_record *record)
{
    if (store_begin(sc->store, sc->e))
        return -1;
    if (store_list_set_screened(sc->store, l->id, policy_id, as_of, sc->e) == 0 &&
        (!record || record->fn(record->ctx, sc->result, sc->e) == 0))
        return store_commit(sc->store, sc->e);
    store_rollback(sc->store);
    return -1;
}

static int run(struct screening *sc, const struct list_info *l, int64_t policy_id, int32_t as_of,
               const struct progress *progress, const struct screen_record *record)
{
    int64_t person = 0;

    do {
        if (store_list_scan(sc->store, l->id, person, store_chunk(sc->store), on_row, sc, &person,
                            sc->e) ||
            judge_person(sc) || put(sc, policy_id, as_of) || interrupted(sc, l, progress))
            return -1;
    } while (person);
    return finish(sc, l, policy_id, as_of, record);
}

int intake_screen(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct policy *p, const char *policy_path, int32_t as_of, int64_t now_ms,
                  struct progress *progress, const struct screen_record *record,
                  struct screen_result *r, struct err *e)
{
    int64_t policy_id;

    memset(r, 0, sizeof *r);
    if (store_policy_put(s, p, policy_path, now_ms, &policy_id, e))
        return -1;
    struct screening sc = {
        .store = s, .policy = p, .person = person_new(k, p, as_of), .result = r, .e = e};
    int rc = run(&sc, l, policy_id, as_of, progress, record);
    person_free(sc.person);
    free(sc.verdicts);
    return rc;
}
