/*
 * compile: from a profile's body tree, header group or recipe to a program (program.h).
 *
 * A leaf is a string of the profile, a template. What it may name depends on where it stands; anything else is an error with the
 * profile's line and the nearest name. A leaf of constants and secrets is rendered here and encoded for ever.
 *
 * Groups with a meaning of their own inside a body tree:
 *   { each = "message"; item = TREE; }                a JSON array, one item a message of the batch
 *   { each = "message"; item = "LEAF"; join = ","; }  one string, the items joined
 *   { raw = "LEAF"; }                                 JSON text as it is (numbers from templates, prepared objects)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ops.h"
#include "zhanchi/json.h"

#define NAME_MAX_BYTES 128

/* ---- emitting ---- */

static struct op *emit(struct compiler *c, enum op_kind kind)
{
    struct program *p = c->p;

    if (c->pending.len > 0) {
        struct text t = {arena_memdup(c->arena, c->pending.data, c->pending.len), c->pending.len};
        buf_reset(&c->pending);
        struct op *bytes = emit(c, OP_BYTES);
        bytes->text = t.s;
        bytes->len = t.len;
    }
    if (p->n == p->cap) { /* the old array stays in the arena: programs are small */
        struct op *old = p->ops;
        p->cap = p->cap ? p->cap * 2 : 8;
        p->ops = arena_alloc(c->arena, p->cap * sizeof *p->ops);
        if (p->n)
            memcpy(p->ops, old, p->n * sizeof *p->ops);
    }
    struct op *op = &p->ops[p->n++];
    *op = (struct op){.kind = kind};
    return op;
}

void compile_begin(struct compiler *c, struct program *p, uint32_t vars, bool loops)
{
    *p = (struct program){0};
    c->p = p;
    c->vars = vars;
    c->loops = loops;
    buf_reset(&c->pending);
}

void compile_bytes(struct compiler *c, const void *data, size_t len)
{
    if (buf_add(&c->pending, data, len) != 0)
        panic("gateway: a profile of 1 MiB made more constants than that");
}

static void compile_text(struct compiler *c, const char *s)
{
    compile_bytes(c, s, strlen(s));
}

/* Pending bytes become an op of their own. */
static void flush(struct compiler *c)
{
    if (c->pending.len == 0)
        return;
    emit(c, OP_BYTES); /* puts what is pending in front of itself ... */
    c->p->n--;         /* ... and is not needed */
}

void compile_end(struct compiler *c)
{
    flush(c);
    c->p = NULL;
}

static void note_template(struct compiler *c, struct template *t)
{
    if (c->n_templates == c->cap_templates) {
        c->cap_templates = c->cap_templates ? c->cap_templates * 2 : 16;
        c->templates = realloc(c->templates, c->cap_templates * sizeof *c->templates);
        if (c->templates == NULL)
            panic("out of memory");
    }
    c->templates[c->n_templates++] = t;
}

/* ---- leaves ---- */

static bool has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool secret_known(const struct compiler *c, const char *name)
{
    for (size_t i = 0; i < c->secrets.len; i++)
        if (strcmp(c->secrets.members[i].name, name) == 0)
            return true;
    return false;
}

static int var_find(const char *name)
{
    for (int i = 0; i < VARS; i++)
        if (strcmp(var_names[i], name) == 0)
            return i;
    return -1;
}

static int no_such_name(struct compiler *c, const struct conf_node *at, const char *name,
                        struct err *e)
{
    const char *candidates[VARS + 1];
    size_t n = 0;
    int v = var_find(name);

    if (v >= 0)
        return conf_node_err(at, e, "see zhanchi-gateway(5) for what may be named where",
                             "{{%s}} has no value here", name);
    for (size_t i = 0; i < VARS; i++)
        if (c->vars & VAR_BIT(i))
            candidates[n++] = var_names[i];
    candidates[n] = NULL;
    const char *near = conf_nearest(name, candidates);
    if (near)
        return conf_node_err(at, e, NULL, "{{%s}} is not known; do you mean {{%s}}?", name, near);
    return conf_node_err(at, e, "see zhanchi-gateway(5) for what may be named where",
                         "{{%s}} is not known", name);
}

/* What the names of one leaf come to. */
struct leaf_names {
    size_t n;
    bool only_secrets, incoming;
    const char *first;
};

static int check_names(struct compiler *c, const struct conf_node *at, const struct template *t,
                       struct leaf_names *out, struct err *e)
{
    const char *const *names;

    out->n = template_names(t, &names);
    out->first = out->n ? names[0] : NULL;
    out->only_secrets = true;
    out->incoming = false;
    for (size_t i = 0; i < out->n; i++) {
        if (has_prefix(names[i], "secret.")) {
            if (!secret_known(c, names[i] + strlen("secret.")))
                return conf_node_err(at, e, "add it to the list `secrets` of the profile",
                                     "{{%s}} is not declared", names[i]);
            continue;
        }
        out->only_secrets = false;
        if ((c->vars & VARS_INCOMING) &&
            (has_prefix(names[i], "header.") || has_prefix(names[i], "query."))) {
            out->incoming = true;
            continue;
        }
        int v = var_find(names[i]);
        if (v < 0 || !(c->vars & VAR_BIT(v)))
            return no_such_name(c, at, names[i], e);
        c->p->uses |= VAR_BIT(v);
    }
    return 0;
}

static int constant_leaf(struct compiler *c, const struct conf_node *at, const struct template *t,
                         template_escape escape, struct err *e)
{
    struct tv_member member = {"secret", c->secrets};
    struct tv root = {.type = TV_MAP, .members = &member, .len = 1};
    struct buf out;
    struct err why;

    buf_init(&out, c->pending.max);
    if (template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, &why) != 0) {
        buf_fini(&out);
        return conf_node_err(at, e, NULL, "%s", why.what);
    }
    if (escape(&c->pending, buf_cstr(&out), out.len) != 0)
        panic("gateway: a constant is too long");
    buf_fini(&out);
    return 0;
}

static void variable_leaf(struct compiler *c, const char *name, template_escape escape)
{
    struct op *op;

    if (has_prefix(name, "header.") || has_prefix(name, "query.")) {
        op = emit(c, name[0] == 'h' ? OP_HEADER : OP_QUERY);
        op->text = arena_strdup(c->arena, strchr(name, '.') + 1);
    } else {
        op = emit(c, OP_VAR);
        op->var = (enum var)var_find(name);
    }
    op->escape = escape;
}

static bool is_one_variable(const char *text, const struct leaf_names *names)
{
    char whole[NAME_MAX_BYTES];

    if (names->n != 1 || strlen(names->first) + 5 > sizeof whole)
        return false;
    snprintf(whole, sizeof whole, "{{%s}}", names->first);
    return strcmp(whole, text) == 0;
}

int compile_leaf(struct compiler *c, const struct conf_node *at, const char *text,
                 template_escape escape, struct err *e)
{
    struct err why;
    struct leaf_names names;
    struct template *t = template_compile(text, strlen(text), &why);

    if (t == NULL)
        return conf_node_err(at, e, why.remedy, "%s", why.what);
    note_template(c, t);
    if (check_names(c, at, t, &names, e) != 0)
        return -1;
    if (names.only_secrets)
        return constant_leaf(c, at, t, escape, e);
    if (is_one_variable(text, &names)) {
        variable_leaf(c, names.first, escape);
        return 0;
    }
    if (names.incoming)
        return conf_node_err(at, e, "split the text into several parts",
                             "{{%s}} must be a part of its own", names.first);
    struct op *op = emit(c, OP_TEMPLATE);
    op->tpl = t;
    op->escape = escape;
    return 0;
}

/* ---- trees ---- */

static int leaf_json(struct compiler *c, const struct conf_node *node, struct err *e)
{
    char tmp[40];

    compile_text(c, "\"");
    if (compile_leaf(c, node, conf_node_text(node, tmp), template_escape_json, e) != 0)
        return -1;
    compile_text(c, "\"");
    return 0;
}

/* { each = "message"; item = ...; [join = ","] }: `value` compiles an item. */
static int compile_each(struct compiler *c, const struct conf_node *group, const char *separator,
                        int (*value)(struct compiler *c, const struct conf_node *node,
                                     struct err *e),
                        struct err *e)
{
    static const char *const known[] = {"each", "item", "join", NULL};
    const struct conf_node *item = conf_node_get(group, "item");
    const char *over;

    if (conf_node_known(group, known, e) != 0 || conf_node_str(group, "each", "", &over, e) != 0)
        return -1;
    if (strcmp(over, "message") != 0)
        return conf_node_err(group, e, "write each = \"message\"", "cannot loop over \"%s\"", over);
    if (item == NULL)
        return conf_node_err(group, e, "add item = ...", "a loop has no item");
    if (!c->loops)
        return conf_node_err(group, e, NULL,
                             "a loop cannot stand inside another, nor outside a body");
    uint32_t vars = c->vars;
    struct op *each = emit(c, OP_EACH);
    size_t at = (size_t)(each - c->p->ops);
    each->text = arena_strdup(c->arena, separator);
    each->len = strlen(separator);
    c->vars |= VARS_MESSAGE;
    c->loops = false;
    int rc = value(c, item, e);
    c->vars = vars;
    c->loops = true;
    flush(c);
    c->p->ops[at].inside = c->p->n - at - 1;
    return rc;
}

static int joined_json(struct compiler *c, const struct conf_node *node, struct err *e)
{
    char tmp[40];

    if (conf_node_type(node) == CONF_GROUP || conf_node_type(node) == CONF_LIST)
        return conf_node_err(node, e, NULL, "only texts can be joined");
    return compile_leaf(c, node, conf_node_text(node, tmp), template_escape_json, e);
}

static int loop_json(struct compiler *c, const struct conf_node *group, struct err *e)
{
    const char *join;

    if (conf_node_str(group, "join", NULL, &join, e) != 0)
        return -1;
    if (join == NULL) {
        compile_text(c, "[");
        if (compile_each(c, group, ",", compile_json, e) != 0)
            return -1;
        compile_text(c, "]");
        return 0;
    }
    struct buf separator;
    buf_init(&separator, 1024);
    template_escape_json(&separator, join, strlen(join));
    compile_text(c, "\"");
    int rc = compile_each(c, group, buf_cstr(&separator), joined_json, e);
    compile_text(c, "\"");
    buf_fini(&separator);
    return rc;
}

static int raw_json(struct compiler *c, const struct conf_node *group, struct err *e)
{
    static const char *const known[] = {"raw", NULL};
    const char *text;

    if (conf_node_known(group, known, e) != 0 || conf_node_str(group, "raw", "", &text, e) != 0)
        return -1;
    return compile_leaf(c, conf_node_get(group, "raw"), text, template_escape_none, e);
}

static int group_json(struct compiler *c, const struct conf_node *group, struct err *e)
{
    if (conf_node_get(group, "each"))
        return loop_json(c, group, e);
    if (conf_node_get(group, "raw"))
        return raw_json(c, group, e);
    compile_text(c, "{");
    for (size_t i = 0; i < conf_node_count(group); i++) {
        const struct conf_node *member = conf_node_item(group, i);
        const char *key = conf_node_name(member);
        if (i > 0)
            compile_text(c, ",");
        json_quote(&c->pending, key, strlen(key));
        compile_text(c, ":");
        if (compile_json(c, member, e) != 0)
            return -1;
    }
    compile_text(c, "}");
    return 0;
}

int compile_json(struct compiler *c, const struct conf_node *node, struct err *e)
{
    char tmp[40];

    switch (conf_node_type(node)) {
    case CONF_GROUP:
        return group_json(c, node, e);
    case CONF_LIST:
        compile_text(c, "[");
        for (size_t i = 0; i < conf_node_count(node); i++) {
            if (i > 0)
                compile_text(c, ",");
            if (compile_json(c, conf_node_item(node, i), e) != 0)
                return -1;
        }
        compile_text(c, "]");
        return 0;
    case CONF_STRING:
        return leaf_json(c, node, e);
    case CONF_INT:
    case CONF_REAL:
    case CONF_BOOL:
        compile_text(c, conf_node_text(node, tmp));
        return 0;
    }
    panic("gateway: node type");
}

static int leaf_form(struct compiler *c, const struct conf_node *node, struct err *e)
{
    char tmp[40];

    if (conf_node_type(node) == CONF_GROUP || conf_node_type(node) == CONF_LIST)
        return conf_node_err(node, e, NULL, "a form holds texts only");
    return compile_leaf(c, node, conf_node_text(node, tmp), template_escape_url, e);
}

static int loop_form(struct compiler *c, const struct conf_node *group, struct err *e)
{
    const char *join;
    struct buf separator;

    if (conf_node_str(group, "join", NULL, &join, e) != 0)
        return -1;
    if (join == NULL)
        return conf_node_err(group, e, "add join = \",\"", "a loop in a form needs join");
    buf_init(&separator, 1024);
    template_escape_url(&separator, join, strlen(join));
    int rc = compile_each(c, group, buf_cstr(&separator), leaf_form, e);
    buf_fini(&separator);
    return rc;
}

int compile_form(struct compiler *c, const struct conf_node *node, struct err *e)
{
    if (conf_node_type(node) != CONF_GROUP)
        return conf_node_err(node, e, "write { name = \"value\"; ... }", "a form is a group");
    for (size_t i = 0; i < conf_node_count(node); i++) {
        const struct conf_node *member = conf_node_item(node, i);
        const char *key = conf_node_name(member);
        if (i > 0)
            compile_text(c, "&");
        template_escape_url(&c->pending, key, strlen(key));
        compile_text(c, "=");
        int rc = conf_node_type(member) == CONF_GROUP ? loop_form(c, member, e)
                                                      : leaf_form(c, member, e);
        if (rc != 0)
            return -1;
    }
    return 0;
}
