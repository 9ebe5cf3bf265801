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
#include "internal.h"

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

static const struct tv *find_value(const struct tv *root, const char *name)
{
    for (size_t i = 0; i < root->len; i++)
        if (strcmp(root->members[i].name, name) == 0)
            return &root->members[i].value;
    return NULL;
}

void text_carrier_variables(const struct text *t, const struct tv *root, struct buf *out)
{
    const char *const *names;
    struct json_w w;

    if (t->info.carrier_template[0] == '\0')
        return;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    template_names(t->program, &names);
    for (; *names != NULL; names++) {
        const struct tv *v = find_value(root, *names);
        if (v == NULL || v->type != TV_TEXT)
            continue;
        json_w_key(&w, *names);
        json_w_strn(&w, v->text, v->len);
    }
    json_w_close(&w, '}');
}

/* ---- loading ---- */

static bool asks_certificates(const struct template *t)
{
    const char *const *names;

    template_names(t, &names);
    for (; *names != NULL; names++)
        if (strcmp(*names, "certificates") == 0 || strncmp(*names, "certificates.", 13) == 0)
            return true;
    return false;
}

static int compile(struct text *t, struct err *e)
{
    t->program = template_compile(t->info.body, strlen(t->info.body), e);
    if (t->program == NULL)
        return -1;
    if (t->info.subject[0] == '\0')
        return 0;
    t->subject = template_compile(t->info.subject, strlen(t->info.subject), e);
    return t->subject != NULL ? 0 : err_prefix(e, "subject");
}

static int compile_stored(struct text *t, struct err *e)
{
    if (compile(t, e) == 0)
        return 0;
    template_free(t->program);
    t->program = NULL;
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
        out->uses_certificates |=
            asks_certificates(t->program) || (t->subject != NULL && asks_certificates(t->subject));
    }
    return 0;
}

void texts_fini(struct texts *t)
{
    for (int i = 0; i < t->n; i++) {
        template_free(t->list[i].program);
        template_free(t->list[i].subject);
    }
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

static bool gives(const struct given *g, const struct value_def *v)
{
    switch (v->source) {
    case FROM_LIST:
        return g->l == NULL || has_column(g, "field", v->field);
    case FROM_POLICY:
        return g->policy ||
               (v->field != NULL && (g->l == NULL || has_column(g, "field", v->field)));
    default:
        return g->o == NULL || office_gives(g->o, v->name);
    }
}

static struct tv sample_text(const char *s)
{
    return (struct tv){.type = TV_TEXT, .text = s, .len = strlen(s)};
}

/* Two certificates, so that a loop over them shows what it does. */
static struct tv sample_certificates(struct arena *a)
{
    struct tv *items = arena_alloc(a, 2 * sizeof *items);
    struct tv_member *one = arena_alloc(a, 4 * sizeof *one);

    one[0] = (struct tv_member){"occupation", sample_text("电工")};
    one[1] = (struct tv_member){"level_name", sample_text("高级工")};
    one[2] = (struct tv_member){"amount", sample_text("2,000元")};
    one[3] = (struct tv_member){"deadline", sample_text("2027年1月14日")};
    items[0] = items[1] = (struct tv){.type = TV_MAP, .members = one, .len = 4};
    return (struct tv){.type = TV_LIST, .items = items, .len = 2};
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

static struct tv sample_values(const struct given *g, const char *columns)
{
    struct tv_member *m = arena_alloc(g->arena, 64 * sizeof *m);
    size_t n = 0;
    const char *column;

    for (const struct value_def *v = value_table; v->name != NULL; v++)
        if (gives(g, v))
            m[n++] = (struct tv_member){v->name, sample_text(v->sample)};
    m[n++] = (struct tv_member){"certificates", sample_certificates(g->arena)};
    while (n < 64 && (column = next_column(&columns, g->arena)) != NULL)
        m[n++] = (struct tv_member){column, sample_text("示例")};
    return (struct tv){.type = TV_MAP, .members = m, .len = n};
}

struct tv text_sample_values(struct arena *a, const struct template_info *t)
{
    const struct given any = {.arena = a, .policy = true};

    return sample_values(&any, t->columns);
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
    const char **known = arena_alloc(g->arena, 96 * sizeof *known);
    size_t n = 0;

    for (const char *const *k = template_known(); *k != NULL && n < 48; k++)
        known[n++] = *k;
    while (n < 95 && (column = next_column(&columns, g->arena)) != NULL)
        known[n++] = column;
    if (t->subject != NULL && template_check(t->subject, known, e) != 0)
        return err_prefix(e, "subject");
    return template_check(t->program, known, e);
}

/* "employer has no value" -> which of list, policy and office is to blame. */
static int explain_missing(const struct given *g, struct err *e)
{
    for (const struct value_def *v = value_table; v->name != NULL; v++) {
        size_t n = strlen(v->name);
        if (strncmp(e->what, v->name, n) != 0 || e->what[n] != ' ' || gives(g, v))
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
    struct tv root = sample_values(g, t->info.columns);

    if (text_subject(t, &root, sample, e) != 0)
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
    template_free(t->program);
    template_free(t->subject);
    free(t);
    arena_free(g.arena);
    return rc;
}
