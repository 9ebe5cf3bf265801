/*
 * texts: the texts of a campaign, compiled once; what a text needs, checked against what a list, a
 * policy and the office can give.
 *
 * What is missing for everybody is found here, by rendering the text with invented values of what
 * there is; what is missing for one row only is found when that row is rendered. Callers: create.c,
 * freeze.c; the template commands.
 */
#include <stdlib.h>
#include <string.h>
#include "forms.h"
#include "zhanchi/json.h"

#define NAMES_MOST 128

/* ---- rendering ---- */

int text_render(const struct text *t, const struct tv *root, struct buf *out, struct err *e)
{
    if (buf_addf(out, "【%s】", t->info.signature) != 0)
        return err_set(e, ERR_DATA, "shorten the template", "the text is too long");
    return template_render(t->program, root, template_escape_none, TEMPLATE_MISSING_ERROR, out, e);
}

/* What a list's cell holds of line breaks becomes a blank: a header is one line. */
int text_subject(const struct text *t, const struct tv *root, struct buf *out, struct err *e)
{
    if (t->subject == NULL)
        return 0;
    if (template_render(t->subject, root, template_escape_none, TEMPLATE_MISSING_ERROR, out, e) !=
        0)
        return -1;
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            out->data[i] = ' ';
    return 0;
}

int text_html(const struct text *t, const struct tv *root, struct buf *out, struct err *e)
{
    if (t->html == NULL)
        return 0;
    return template_render(t->html, root, template_escape_html, TEMPLATE_MISSING_ERROR, out, e);
}

/* The value of a dotted name; its first part may be a further column with dots in it. NULL: none. */
static const struct tv *find_value(const struct tv *root, const char *name)
{
    const struct tv *v = NULL;
    size_t first = strcspn(name, ".");

    for (size_t i = 0; i < root->len && v == NULL; i++)
        if (strncmp(root->members[i].name, name, first) == 0 &&
            root->members[i].name[first] == '\0')
            v = &root->members[i].value;
    if (v == NULL || name[first] == '\0')
        return v;
    for (size_t i = 0; i < v->n_forms; i++)
        if (strcmp(v->members[i].name, name + first + 1) == 0)
            return &v->members[i].value;
    return NULL;
}

/* In the carrier's order: it may number its variables. */
static int declared_variables(const struct text *t, const struct tv *root, struct json_w *w,
                              struct err *e)
{
    const char *p = t->info.carrier_variables;
    struct template_carrier one;
    int rc;

    while ((rc = template_carrier_next(&p, &one, e)) == 1) {
        const struct tv *v = find_value(root, one.value);
        if (v == NULL || v->type != TV_TEXT)
            return err_set(e, ERR_DATA, "fill the column, or take another text", "%s has no value",
                           one.value);
        json_w_key(w, one.key);
        json_w_strn(w, v->text, v->len);
    }
    return rc;
}

static void printed_variables(const struct text *t, const struct tv *root, struct json_w *w)
{
    const char *const *names;

    template_names(t->program, &names);
    for (; *names != NULL; names++) {
        const struct tv *v = find_value(root, *names);
        if (v == NULL || v->type != TV_TEXT)
            continue;
        json_w_key(w, *names);
        json_w_strn(w, v->text, v->len);
    }
}

int text_carrier_variables(const struct text *t, const struct tv *root, struct buf *out,
                           struct err *e)
{
    struct json_w w;
    int rc = 0;

    if (t->info.carrier_template[0] == '\0')
        return 0;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    if (t->info.carrier_variables[0] != '\0')
        rc = declared_variables(t, root, &w, e);
    else
        printed_variables(t, root, &w);
    json_w_close(&w, '}');
    return rc;
}

/* ---- loading ---- */

static void want_names(struct value_wants *w, const struct template *t)
{
    const char *const *names;

    for (template_names(t, &names); *names != NULL; names++)
        values_want(w, *names);
}

static int want_carrier(struct value_wants *w, const char *variables, struct err *e)
{
    struct template_carrier one;
    int rc;

    while ((rc = template_carrier_next(&variables, &one, e)) == 1)
        values_want(w, one.value);
    return rc;
}

static int compile_email(struct text *t, struct err *e)
{
    if (t->info.subject[0] != '\0') {
        t->subject = template_compile(t->info.subject, strlen(t->info.subject), e);
        if (t->subject == NULL)
            return err_prefix(e, "subject");
        want_names(&t->wants, t->subject);
    }
    if (t->info.html[0] != '\0') {
        t->html = template_compile(t->info.html, strlen(t->info.html), e);
        if (t->html == NULL)
            return err_prefix(e, "html");
        want_names(&t->wants, t->html);
    }
    return 0;
}

static int load_carrier(struct text *t, struct err *e)
{
    if (t->info.carrier_template[0] == '\0')
        return 0;
    t->carrier = lint_carrier_new(t->info.carrier_variables, t->info.carrier_text, e);
    return t->carrier != NULL ? 0 : -1;
}

static void text_fini(struct text *t)
{
    template_free(t->program);
    template_free(t->subject);
    template_free(t->html);
    lint_carrier_free(t->carrier);
    t->program = t->subject = t->html = NULL;
    t->carrier = NULL;
}

static int compile(struct text *t, struct err *e)
{
    t->language = language_of(t->info.language);
    t->program =
        template_compile_packed(t->info.body, strlen(t->info.body), 1, t->info.partials, e);
    if (t->program == NULL)
        return -1;
    want_names(&t->wants, t->program);
    if (want_carrier(&t->wants, t->info.carrier_variables, e) != 0)
        return -1;
    return compile_email(t, e) == 0 ? load_carrier(t, e) : -1;
}

static int compile_stored(struct text *t, struct err *e)
{
    if (compile(t, e) == 0)
        return 0;
    text_fini(t);
    return err_prefix(e, "template %s, version %d", t->info.name, t->info.version);
}

static int load_one(struct store *s, int64_t id, struct text *t, struct err *e)
{
    int found = store_template_by_id(s, id, &t->info, e);

    if (found == 0)
        return err_set(e, ERR_NOINPUT, "see `zhanchi template ls`", "there is no such template");
    return found < 0 ? -1 : compile_stored(t, e);
}

int texts_load(struct store *s, const struct campaign_info *c, const struct template_info *given,
               struct texts *out, struct err *e)
{
    int n = given != NULL ? 1 : c->n_variants;

    *out = (struct texts){.list = calloc(CAMPAIGN_VARIANTS, sizeof *out->list)};
    if (out->list == NULL)
        panic("out of memory");
    for (int i = 0; i < n; i++) {
        struct text *t = &out->list[i];
        if (given != NULL)
            t->info = *given;
        if ((given != NULL ? compile_stored(t, e)
                           : load_one(s, c->variants[i].template_id, t, e)) != 0) {
            texts_fini(out);
            return -1;
        }
        out->n++;
        out->uses_certificates |= (t->wants.values >> VALUE_CERTIFICATES & 1u) != 0;
    }
    return 0;
}

void texts_fini(struct texts *t)
{
    for (int i = 0; i < t->n; i++)
        text_fini(&t->list[i]);
    free(t->list);
    *t = (struct texts){0};
}

/* ---- what there is ---- */

struct given {
    struct arena *arena;
    const struct list_info *l; /* NULL: any list */
    struct json *columns;      /* of l */
    bool policy;
    const struct campaign_office *o; /* NULL: any office */
};

static bool has_column(const struct given *g, const char *member, const char *value)
{
    for (size_t i = 0; i < json_count(g->columns); i++) {
        const struct json *one = json_item(g->columns, i);
        const struct json *n = json_get(one, member);
        if (n != NULL && json_type_of(n) == J_STRING && strcmp(json_text(n, NULL), value) == 0)
            return true;
    }
    return false;
}

static bool office_gives(const struct campaign_office *o, const char *name)
{
    const char *text = strcmp(name, "office") == 0       ? o->office
                       : strcmp(name, "phone12333") == 0 ? o->phone12333
                                                         : o->apply_where;
    return text != NULL && text[0] != '\0';
}

/* Sex stands in the citizen number or in a column of its own. */
static bool list_gives(const struct given *g, const struct value_def *v)
{
    return g->l == NULL || has_column(g, "field", v->field) ||
           (strcmp(v->name, "honorific") == 0 && has_column(g, "header", "性别"));
}

static bool gives(const struct given *g, const struct value_def *v)
{
    switch (v->source) {
    case FROM_LIST:
        return list_gives(g, v);
    case FROM_POLICY:
        return g->policy || (v->field != NULL && list_gives(g, v));
    case FROM_OFFICE:
        return g->o == NULL || office_gives(g->o, v->name);
    default:
        return true;
    }
}

/* ---- invented values ---- */

/* Every value that there can be, of an invented person with two certificates. */
static struct tv sample_person(struct arena *a, enum language l)
{
    static const char row_json[] =
        "{\"name\":\"张建国\",\"性别\":\"男\",\"region\":\"示例市\",\"occupation\":\"电工\","
        "\"employer\":\"示例机械有限公司\",\"certificate\":\"2643001234300012\"}";
    static const struct campaign_office office = {.office = "示例市人社局",
                                                  .phone12333 = "12333",
                                                  .apply_where = "参保地经办机构",
                                                  .office_en = "Example City HR Bureau",
                                                  .apply_where_en = "your insurance agency"};
    struct certificate_facts certificates[2] = {{"电工", 3, 200000, civil_day(2027, 1, 14)},
                                                {"焊工", 4, 150000, civil_day(2027, 2, 14)}};
    struct list_row r = {.level = 3, .issued_day = civil_day(2026, 1, 15), .months = 48};
    struct verdict_row v = {.amount_fen = 200000, .last_day = certificates[0].last_day};
    struct json_flat row;
    struct err e;
    struct person_facts f = {.row = &row,
                             .r = &r,
                             .verdict = &v,
                             .clause = "人社部发〔2017〕40号 一、三",
                             .office = &office,
                             .planned = v.last_day - 90,
                             .certificates = certificates,
                             .n_certificates = 2,
                             .language = l};

    json_flat_init(&row);
    if (json_flat_parse(&row, arena_strdup(a, row_json), sizeof row_json - 1, &e) != 0)
        panic("the sample is no JSON: %s", e.what);
    struct tv all = values_of(a, &f);
    json_flat_fini(&row); /* its texts are in the arena */
    return all;
}

/* The comma list of a stored template, one by one. */
static const char *next_column(const char **p, struct arena *a)
{
    size_t n;

    *p += strspn(*p, ", ");
    n = strcspn(*p, ",");
    if (n == 0)
        return NULL;
    const char *one = arena_memdup(a, *p, n);
    *p += n;
    return one;
}

static const struct value_def *def_of(const char *name)
{
    for (const struct value_def *v = value_table; v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

static struct tv sample_values(const struct given *g, const char *columns, enum language l)
{
    struct tv all = sample_person(g->arena, l);
    struct tv_member *m = arena_alloc(g->arena, (all.len + 64) * sizeof *m);
    size_t n = 0, most = all.len + 64;
    const char *column;

    for (size_t i = 0; i < all.len; i++) {
        const struct value_def *v = def_of(all.members[i].name);
        if (v != NULL && gives(g, v))
            m[n++] = all.members[i];
    }
    while (n < most && (column = next_column(&columns, g->arena)) != NULL)
        m[n++] =
            (struct tv_member){column, {.type = TV_TEXT, .text = "示例", .len = sizeof "示例" - 1}};
    return (struct tv){.type = TV_MAP, .members = m, .len = n};
}

struct tv text_sample_values(struct arena *a, const struct template_info *t)
{
    const struct given any = {.arena = a, .policy = true};

    return sample_values(&any, t->columns, language_of(t->language));
}

/* ---- the check ---- */

static int check_columns(const struct given *g, const char *columns, struct err *e)
{
    const char *column;

    while (g->l != NULL && (column = next_column(&columns, g->arena)) != NULL)
        if (!has_column(g, "header", column))
            return err_set(e, ERR_DATA, "see `zhanchi list show` for its columns",
                           "list %s has no column %s", g->l->name, column);
    return 0;
}

static int check_names(const struct given *g, const struct text *t, struct err *e)
{
    const char *columns = t->info.columns, *column;
    const char **known = arena_alloc(g->arena, NAMES_MOST * sizeof *known);
    size_t n = 0;

    for (const char *const *k = template_known(); *k != NULL && n < NAMES_MOST - 1; k++)
        known[n++] = *k;
    while (n < NAMES_MOST - 1 && (column = next_column(&columns, g->arena)) != NULL)
        known[n++] = column;
    if (t->subject != NULL && template_check(t->subject, known, e) != 0)
        return err_prefix(e, "subject");
    if (t->html != NULL && template_check(t->html, known, e) != 0)
        return err_prefix(e, "html");
    return template_check(t->program, known, e);
}

/* "employer has no value" -> which of list, policy and office is to blame. */
static int explain_missing(const struct given *g, struct err *e)
{
    for (const struct value_def *v = value_table; v->name != NULL; v++) {
        size_t n = strlen(v->name);
        if (strncmp(e->what, v->name, n) != 0 || (e->what[n] != ' ' && e->what[n] != '.') ||
            gives(g, v))
            continue;
        if (v->source == FROM_LIST)
            return err_set(e, ERR_DATA, "take another text, or put the variable into a section",
                           "{{%s}}: list %s has no such column", v->name, g->l->name);
        if (v->source == FROM_POLICY)
            return err_set(e, ERR_DATA, "take another text, or a policy",
                           "{{%s}} comes from a policy, and there is none", v->name);
        return err_set(e, ERR_DATA, "set it in zhanchi.conf, in the group office",
                       "{{%s}} is not set", v->name);
    }
    return -1;
}

static int check_values(const struct given *g, const struct text *t, struct buf *sample,
                        struct err *e)
{
    struct tv root = sample_values(g, t->info.columns, t->language);

    if (text_subject(t, &root, sample, e) != 0 || text_html(t, &root, sample, e) != 0)
        return explain_missing(g, e);
    buf_reset(sample);
    return text_render(t, &root, sample, e) == 0 ? 0 : explain_missing(g, e);
}

int campaign_check_text(const struct template_info *info, const struct list_info *l, bool policy,
                        const struct campaign_office *o, struct buf *sample, struct err *e)
{
    struct given g = {.arena = arena_new(4096), .l = l, .policy = policy, .o = o};
    struct text *t = calloc(1, sizeof *t);
    int rc = -1;

    if (t == NULL)
        panic("out of memory");
    t->info = *info;
    bool compiled = compile(t, e) == 0;
    if (l != NULL && compiled)
        g.columns = json_parse(l->columns, strlen(l->columns), e);
    if (compiled && (l == NULL || g.columns != NULL) && check_columns(&g, info->columns, e) == 0 &&
        check_names(&g, t, e) == 0)
        rc = check_values(&g, t, sample, e);
    if (rc != 0)
        err_prefix(e, "template %s", info->name);
    json_free(g.columns);
    text_fini(t);
    free(t);
    arena_free(g.arena);
    return rc;
}
