/*
 * values: what a text may print about a person: the sealed row, the verdict, the office. Pure.
 *
 * A value that is not known is not in the map, so that a text that prints it is refused for this
 * row rather than sent with a hole; an amount is there only where the verdict promises one. For
 * screens names and numbers are masked before a text is rendered, not after: a rendered text cannot
 * be searched for them reliably. Callers: freeze.c; tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/mask.h"
#include "zhanchi/policy.h"
#include "internal.h"

/* clang-format off */
const struct value_def value_table[] = {
    {"name",           FROM_LIST,   "name",        "张建国"},
    {"region",         FROM_LIST,   "region",      "示例市"},
    {"occupation",     FROM_LIST,   "occupation",  "电工"},
    {"level_name",     FROM_LIST,   "level",       "高级工"},
    {"employer",       FROM_LIST,   "employer",    "示例机械有限公司"},
    {"certificate_no", FROM_LIST,   "certificate", "2643001234300012"},
    {"issued",         FROM_LIST,   "issued",      "2026年1月15日"},
    {"months",         FROM_LIST,   "months",      "48"},
    {"amount",         FROM_POLICY, "amount",      "2,000元"},
    {"deadline",       FROM_POLICY, NULL,          "2027年1月14日"},
    {"days_left",      FROM_POLICY, NULL,          "90"},
    {"clause",         FROM_POLICY, NULL,          "人社部发〔2017〕40号 一、三"},
    {"office",         FROM_OFFICE, NULL,          "示例市人社局"},
    {"phone12333",     FROM_OFFICE, NULL,          "12333"},
    {"apply_where",    FROM_OFFICE, NULL,          "参保地经办机构"},
    {NULL, FROM_LIST, NULL, NULL},
};
/* clang-format on */

/* Fields of the sealed row that are no further columns. */
static const char *const fields[] = {"name",        "id",         "phone",   "region", "months",
                                     "certificate", "occupation", "level",   "issued", "employer",
                                     "ref",         "months_day", "benefit", "date",   "kind",
                                     "amount",      "email",      "group",   NULL};

#define FIXED 17 /* of value_table, and certificates */

struct map {
    struct arena *arena;
    struct tv_member *members;
    size_t n;
};

static void put(struct map *m, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    m->members[m->n++] =
        (struct tv_member){name, {.type = TV_TEXT, .text = text, .len = strlen(text)}};
}

const char *row_text(const struct json *row, const char *key)
{
    const struct json *n = json_get(row, key);

    return n != NULL && json_type_of(n) == J_STRING ? json_text(n, NULL) : "";
}

/* ---- forms ---- */

static const char *day_text(struct arena *a, int32_t day)
{
    char text[48];

    if (day == CIVIL_NONE)
        return NULL;
    struct civil c = civil_of(day);
    snprintf(text, sizeof text, "%d年%d月%d日", c.year, c.month, c.day);
    return arena_strdup(a, text);
}

static const char *int_text(struct arena *a, int64_t v)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)v);
    return arena_strdup(a, text);
}

/* 150000 -> 1,500元; 150050 -> 1,500.50元 */
static const char *amount_text(struct arena *a, int64_t fen)
{
    char digits[24], text[48];
    size_t n, o = 0;

    if (fen == POLICY_AMOUNT_NONE)
        return NULL;
    n = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)(fen / 100));
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            text[o++] = ',';
        text[o++] = digits[i];
    }
    if (fen % 100 != 0)
        o += (size_t)snprintf(text + o, sizeof text - o, ".%02d", (int)(fen % 100));
    memcpy(text + o, "元", sizeof "元");
    return arena_strdup(a, text);
}

static const char *level_text(int level)
{
    return level > 0 ? policy_level_name(level) : NULL;
}

/* ---- masks ---- */

typedef void (*mask_fn)(const char *s, size_t len, char out[MASK_MAX]);

static const char *shown(const struct map *m, const struct person_facts *f, const char *text,
                         mask_fn mask)
{
    char out[MASK_MAX];

    if (!f->masked || text[0] == '\0')
        return text;
    mask(text, strlen(text), out);
    return arena_strdup(m->arena, out);
}

/* Five digits in a row: a number of some person, until somebody proves otherwise. */
static bool has_number(const char *s)
{
    int run = 0;

    for (; *s != '\0' && run < 5; s++)
        run = *s >= '0' && *s <= '9' ? run + 1 : 0;
    return run == 5;
}

/* ---- the map ---- */

static void put_row(struct map *m, const struct person_facts *f)
{
    put(m, "name", shown(m, f, row_text(f->row, "name"), mask_name));
    put(m, "region", row_text(f->row, "region"));
    put(m, "occupation", row_text(f->row, "occupation"));
    put(m, "level_name", level_text(f->r->level));
    put(m, "employer", row_text(f->row, "employer"));
    put(m, "certificate_no", shown(m, f, row_text(f->row, "certificate"), mask_cell));
    put(m, "issued", day_text(m->arena, f->r->issued_day));
    put(m, "months", f->r->months >= 0 ? int_text(m->arena, f->r->months) : NULL);
}

static void put_verdict(struct map *m, const struct person_facts *f)
{
    const struct verdict_row *v = f->verdict;

    if (v == NULL) {
        put(m, "amount", row_text(f->row, "amount")); /* the list is the decision */
        return;
    }
    put(m, "amount", amount_text(m->arena, v->amount_fen));
    put(m, "deadline", day_text(m->arena, v->last_day));
    if (v->last_day != CIVIL_NONE && v->last_day >= f->planned)
        put(m, "days_left", int_text(m->arena, (int64_t)v->last_day - f->planned));
    put(m, "clause", f->clause);
}

static void put_certificates(struct map *m, const struct person_facts *f)
{
    struct tv *items = arena_alloc(m->arena, (f->n_certificates + 1) * sizeof *items);

    for (size_t i = 0; i < f->n_certificates; i++) {
        const struct certificate_facts *c = &f->certificates[i];
        struct map one = {.arena = m->arena,
                          .members = arena_alloc(m->arena, 4 * sizeof *one.members)};
        put(&one, "occupation", c->occupation);
        put(&one, "level_name", level_text(c->level));
        put(&one, "amount", amount_text(m->arena, c->amount_fen));
        put(&one, "deadline", day_text(m->arena, c->last_day));
        items[i] = (struct tv){.type = TV_MAP, .members = one.members, .len = one.n};
    }
    if (f->n_certificates > 0)
        m->members[m->n++] = (struct tv_member){
            "certificates", {.type = TV_LIST, .items = items, .len = f->n_certificates}};
}

static bool is_field(const char *key)
{
    for (const char *const *f = fields; *f != NULL; f++)
        if (strcmp(*f, key) == 0)
            return true;
    return false;
}

static void put_further(struct map *m, const struct person_facts *f)
{
    const struct json *value;
    const char *key;
    void *iter = NULL;

    while (json_each(f->row, &iter, &key, &value)) {
        if (is_field(key) || json_type_of(value) != J_STRING)
            continue;
        const char *text = json_text(value, NULL);
        put(m, key, has_number(text) ? shown(m, f, text, mask_cell) : text);
    }
}

struct tv values_of(struct arena *a, const struct person_facts *f)
{
    struct map m = {.arena = a};

    m.members = arena_alloc(a, (FIXED + json_count(f->row)) * sizeof *m.members);
    put_row(&m, f);
    put_verdict(&m, f);
    put(&m, "office", f->office->office);
    put(&m, "phone12333", f->office->phone12333);
    put(&m, "apply_where", f->office->apply_where);
    put_certificates(&m, f);
    put_further(&m, f);
    return (struct tv){.type = TV_MAP, .members = m.members, .len = m.n};
}

static int nearer(const void *a, const void *b)
{
    const struct certificate_facts *x = a, *y = b;
    int64_t dx = x->last_day == CIVIL_NONE ? INT64_MAX : x->last_day;
    int64_t dy = y->last_day == CIVIL_NONE ? INT64_MAX : y->last_day;

    if (dx != dy)
        return dx < dy ? -1 : 1;
    /* Levels count downwards, 0 is unknown. */
    int lx = x->level > 0 ? x->level : 9, ly = y->level > 0 ? y->level : 9;
    return (lx > ly) - (lx < ly);
}

void certificates_sort(struct certificate_facts *f, size_t n)
{
    if (n > 1)
        qsort(f, n, sizeof *f, nearer);
}
