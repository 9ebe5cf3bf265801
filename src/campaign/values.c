/*
 * values: what a text may print about a person: the sealed row, the verdict, the office. Pure.
 *
 * A value that is not known is not in the map, so that a text that prints it is refused for this
 * row rather than sent with a hole; an amount is there only where the verdict promises one. For
 * screens names and numbers are masked before a text is rendered, not after: a rendered text cannot
 * be searched for them reliably. Only what the texts ask for is made (struct value_wants): there are
 * millions of rows. Callers: freeze.c, texts.c; tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/citizen.h"
#include "zhanchi/mask.h"
#include "forms.h"

/* clang-format off */
const struct value_def value_table[] = {
    [VALUE_NAME]           = {"name",           FROM_LIST,   "name"},
    [VALUE_HONORIFIC]      = {"honorific",      FROM_LIST,   "id"},
    [VALUE_REGION]         = {"region",         FROM_LIST,   "region"},
    [VALUE_OCCUPATION]     = {"occupation",     FROM_LIST,   "occupation"},
    [VALUE_LEVEL_NAME]     = {"level_name",     FROM_LIST,   "level"},
    [VALUE_EMPLOYER]       = {"employer",       FROM_LIST,   "employer"},
    [VALUE_CERTIFICATE_NO] = {"certificate_no", FROM_LIST,   "certificate"},
    [VALUE_ISSUED]         = {"issued",         FROM_LIST,   "issued"},
    [VALUE_MONTHS]         = {"months",         FROM_LIST,   "months"},
    [VALUE_AMOUNT]         = {"amount",         FROM_POLICY, "amount"},
    [VALUE_DEADLINE]       = {"deadline",       FROM_POLICY, NULL},
    [VALUE_DAYS_LEFT]      = {"days_left",      FROM_POLICY, NULL},
    [VALUE_CLAUSE]         = {"clause",         FROM_POLICY, NULL},
    [VALUE_OFFICE]         = {"office",         FROM_OFFICE, NULL},
    [VALUE_PHONE12333]     = {"phone12333",     FROM_OFFICE, NULL},
    [VALUE_APPLY_WHERE]    = {"apply_where",    FROM_OFFICE, NULL},
    [VALUE_CERTIFICATES]   = {"certificates",   FROM_ROWS,   NULL},
    [VALUES]               = {NULL, FROM_LIST, NULL},
};
/* clang-format on */

/* Fields of the sealed row that are no further columns. */
static const char *const fields[] = {"name",        "id",         "phone",   "region", "months",
                                     "certificate", "occupation", "level",   "issued", "employer",
                                     "ref",         "months_day", "benefit", "date",   "kind",
                                     "amount",      "email",      "group",   NULL};

/* ---- what is asked for ---- */

void values_want(struct value_wants *w, const char *name)
{
    size_t first = strcspn(name, ".");

    for (int i = 0; i < VALUES; i++) {
        const char *known = value_table[i].name;
        if (strncmp(known, name, first) != 0 || known[first] != '\0')
            continue;
        w->values |= 1u << i;
        w->forms |= name[first] != '\0' ? 1u << i : 0;
        return;
    }
    /* A further column; or, in a section of a value, one of its forms. */
    w->forms = ~0u;
    w->further = true;
}

struct map {
    const struct person_facts *f;
    struct arena *arena;
    struct value_wants wants;
    struct tv_member *members;
    size_t n;
};

static bool wants(const struct map *m, enum value v)
{
    return (m->wants.values >> v & 1u) != 0;
}

static bool wants_forms(const struct map *m, enum value v)
{
    return (m->wants.forms >> v & 1u) != 0;
}

static struct tv text_of(const char *text)
{
    return (struct tv){.type = TV_TEXT, .text = text, .len = strlen(text)};
}

static void put_tv(struct map *m, const char *name, struct tv value)
{
    m->members[m->n++] = (struct tv_member){name, value};
}

/* A text that is not there is no value. */
static void put(struct map *m, enum value v, const char *text)
{
    if (text != NULL && text[0] != '\0' && wants(m, v))
        put_tv(m, value_table[v].name, text_of(text));
}

/* ---- values with forms ---- */

static void put_day(struct map *m, enum value v, int32_t day)
{
    if (day == CIVIL_NONE)
        return;
    struct tv t = text_of(form_day(m->arena, m->f->language, day));
    if (wants_forms(m, v)) {
        struct tv_member *forms = arena_alloc(m->arena, 2 * sizeof *forms);
        forms[0] =
            (struct tv_member){"short", text_of(form_day_short(m->arena, m->f->language, day))};
        forms[1] = (struct tv_member){"iso", text_of(form_day_iso(m->arena, day))};
        t.members = forms;
        t.n_forms = 2;
    }
    put_tv(m, value_table[v].name, t);
}

static void put_amount(struct map *m, int64_t fen)
{
    if (fen == POLICY_AMOUNT_NONE)
        return;
    struct tv t = text_of(form_amount(m->arena, m->f->language, fen));
    if (wants_forms(m, VALUE_AMOUNT)) {
        struct tv_member *plain = arena_alloc(m->arena, sizeof *plain);
        plain[0] = (struct tv_member){"plain", text_of(form_amount_plain(m->arena, fen))};
        t.members = plain;
        t.n_forms = 1;
    }
    put_tv(m, value_table[VALUE_AMOUNT].name, t);
}

/* ---- masks ---- */

typedef void (*mask_fn)(const char *s, size_t len, char out[MASK_MAX]);

static const char *mask_in(struct arena *a, const char *text, mask_fn mask)
{
    char out[MASK_MAX];

    mask(text, strlen(text), out);
    return arena_strdup(a, out);
}

static const char *shown(const struct map *m, const char *text, mask_fn mask)
{
    return m->f->masked && text[0] != '\0' ? mask_in(m->arena, text, mask) : text;
}

/* Five digits in a row: a number of some person, until somebody proves otherwise. */
static bool has_number(const char *s)
{
    int run = 0;

    for (; *s != '\0' && run < 5; s++)
        run = *s >= '0' && *s <= '9' ? run + 1 : 0;
    return run == 5;
}

/* ---- the row ---- */

static void put_name(struct map *m)
{
    const char *name = json_flat_get(m->f->row, "name");

    if (name[0] == '\0')
        return;
    struct tv t = text_of(shown(m, name, mask_name));
    if (wants_forms(m, VALUE_NAME)) {
        struct tv_member *masked = arena_alloc(m->arena, sizeof *masked);
        masked[0] = (struct tv_member){"masked", text_of(mask_in(m->arena, name, mask_name))};
        t.members = masked;
        t.n_forms = 1;
    }
    put_tv(m, value_table[VALUE_NAME].name, t);
}

/* Nobody's sex is guessed from a name: it stands in the citizen number, or in a column of its own.
 * Where the two differ it is not known. */
static char sex_of(const struct json_flat *row)
{
    const char *id = json_flat_get(row, "id"), *said = json_flat_get(row, "性别");
    struct citizen c;
    char by_id = id[0] != '\0' && citizen_parse(id, strlen(id), &c) ? c.sex : '\0';
    char by_list = strcmp(said, "男") == 0 ? 'M' : strcmp(said, "女") == 0 ? 'F' : '\0';

    if (by_id != '\0' && by_list != '\0' && by_id != by_list)
        return '\0';
    return by_id != '\0' ? by_id : by_list;
}

static void put_row(struct map *m)
{
    const struct person_facts *f = m->f;

    if (wants(m, VALUE_NAME))
        put_name(m);
    if (wants(m, VALUE_HONORIFIC))
        put(m, VALUE_HONORIFIC, form_honorific(f->language, sex_of(f->row)));
    if (wants(m, VALUE_REGION))
        put(m, VALUE_REGION, json_flat_get(f->row, "region"));
    if (wants(m, VALUE_OCCUPATION))
        put(m, VALUE_OCCUPATION, json_flat_get(f->row, "occupation"));
    if (wants(m, VALUE_LEVEL_NAME))
        put(m, VALUE_LEVEL_NAME, form_level(f->language, f->r->level));
    if (wants(m, VALUE_EMPLOYER))
        put(m, VALUE_EMPLOYER, json_flat_get(f->row, "employer"));
    if (wants(m, VALUE_CERTIFICATE_NO))
        put(m, VALUE_CERTIFICATE_NO, shown(m, json_flat_get(f->row, "certificate"), mask_cell));
    if (wants(m, VALUE_ISSUED))
        put_day(m, VALUE_ISSUED, f->r->issued_day);
    if (wants(m, VALUE_MONTHS) && f->r->months >= 0)
        put(m, VALUE_MONTHS, form_int(m->arena, f->r->months));
}

/* ---- verdict and office ---- */

/* What a list says, written like a policy's amount if it is a number of yuan, else as it stands. */
static void put_own_amount(struct map *m, const char *text)
{
    int64_t fen;

    if (!wants(m, VALUE_AMOUNT))
        return;
    if (form_read_amount(text, &fen))
        put_amount(m, fen);
    else
        put(m, VALUE_AMOUNT, text);
}

static void put_verdict(struct map *m)
{
    const struct verdict_row *v = m->f->verdict;

    if (v == NULL) { /* the list is the decision */
        put_own_amount(m, json_flat_get(m->f->row, "amount"));
        return;
    }
    if (wants(m, VALUE_AMOUNT))
        put_amount(m, v->amount_fen);
    if (wants(m, VALUE_DEADLINE))
        put_day(m, VALUE_DEADLINE, v->last_day);
    if (wants(m, VALUE_DAYS_LEFT) && v->last_day != CIVIL_NONE && v->last_day >= m->f->planned)
        put(m, VALUE_DAYS_LEFT, form_int(m->arena, (int64_t)v->last_day - m->f->planned));
    put(m, VALUE_CLAUSE, m->f->clause);
}

static const char *in_language(enum language l, const char *chinese, const char *english)
{
    return l == LANGUAGE_CHINESE || english == NULL || english[0] == '\0' ? chinese : english;
}

static void put_office(struct map *m)
{
    const struct campaign_office *o = m->f->office;
    enum language l = m->f->language;

    put(m, VALUE_OFFICE, in_language(l, o->office, o->office_en));
    put(m, VALUE_PHONE12333, o->phone12333);
    put(m, VALUE_APPLY_WHERE, in_language(l, o->apply_where, o->apply_where_en));
}

static struct tv certificate(const struct map *outer, const struct certificate_facts *c)
{
    struct map one = {.f = outer->f, .arena = outer->arena, .wants = outer->wants};

    one.members = arena_alloc(one.arena, 4 * sizeof *one.members);
    put(&one, VALUE_OCCUPATION, c->occupation);
    put(&one, VALUE_LEVEL_NAME, form_level(one.f->language, c->level));
    if (wants(&one, VALUE_AMOUNT))
        put_amount(&one, c->amount_fen);
    if (wants(&one, VALUE_DEADLINE))
        put_day(&one, VALUE_DEADLINE, c->last_day);
    return (struct tv){.type = TV_MAP, .members = one.members, .len = one.n};
}

static void put_certificates(struct map *m)
{
    size_t n = m->f->n_certificates;
    struct tv *items = arena_alloc(m->arena, (n + 1) * sizeof *items);

    for (size_t i = 0; i < n; i++)
        items[i] = certificate(m, &m->f->certificates[i]);
    if (n > 0)
        put_tv(m, value_table[VALUE_CERTIFICATES].name,
               (struct tv){.type = TV_LIST, .items = items, .len = n});
}

/* ---- further columns ---- */

static bool is_field(const char *key)
{
    for (const char *const *f = fields; *f != NULL; f++)
        if (strcmp(*f, key) == 0)
            return true;
    return false;
}

static void put_further(struct map *m)
{
    const struct json_flat *row = m->f->row;

    for (size_t i = 0; i < row->n; i++) {
        const char *text = row->pairs[i].value;
        if (text[0] == '\0' || is_field(row->pairs[i].key))
            continue;
        put_tv(m, row->pairs[i].key, text_of(has_number(text) ? shown(m, text, mask_cell) : text));
    }
}

struct tv values_of(struct arena *a, const struct person_facts *f)
{
    static const struct value_wants all = {~0u, ~0u, true};
    struct map m = {.f = f, .arena = a, .wants = f->wants != NULL ? *f->wants : all};
    size_t further = m.wants.further ? f->row->n : 0;

    m.members = arena_alloc(a, (VALUES + further) * sizeof *m.members);
    put_row(&m);
    put_verdict(&m);
    put_office(&m);
    if (wants(&m, VALUE_CERTIFICATES))
        put_certificates(&m);
    if (m.wants.further)
        put_further(&m);
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
