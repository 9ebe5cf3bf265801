/*
 * compile: from a profile's body tree, header group or recipe to a program (program.h).
 *
 * A leaf is a string of the profile, a template. What it may name depends on where it stands; anything else is an error with the
 * profile's line and the nearest name. A leaf of constants is rendered here and encoded for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ops.h"

#define NAME_MAX_BYTES 128

/* ---- emitting ---- */

struct op *compile_op(struct compiler *c, enum op_kind kind)
{
    struct program *p = c->p;

    if (c->pending.len > 0) {
        struct text t = {arena_memdup(c->arena, c->pending.data, c->pending.len), c->pending.len};
        buf_reset(&c->pending);
        struct op *bytes = compile_op(c, OP_BYTES);
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
    c->depth = 0;
    buf_reset(&c->pending);
}

void compile_bytes(struct compiler *c, const void *data, size_t len)
{
    if (buf_add(&c->pending, data, len) != 0)
        panic("gateway: a profile of 1 MiB made more constants than that");
}

/* Pending bytes become an op of their own. */
void compile_flush(struct compiler *c)
{
    if (c->pending.len == 0)
        return;
    compile_op(c, OP_BYTES); /* puts what is pending in front of itself ... */
    c->p->n--;               /* ... and is not needed */
}

void compile_end(struct compiler *c)
{
    compile_flush(c);
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

/* Constants: the map that a name's first part stands for, or NULL. */
static const struct tv *constants_of(const struct compiler *c, const char *name, const char **rest)
{
    static const char *const prefixes[] = {"secret.", "setting.", "callback."};
    const struct tv *const maps[] = {&c->secrets, &c->settings, &c->callbacks};

    for (size_t i = 0; i < 3; i++)
        if (has_prefix(name, prefixes[i])) {
            *rest = name + strlen(prefixes[i]);
            return maps[i];
        }
    return NULL;
}

static int check_constant(const struct conf_node *at, const struct tv *map, const char *name,
                          const char *rest, struct err *e)
{
    for (size_t i = 0; i < map->len; i++)
        if (strcmp(map->members[i].name, rest) == 0)
            return 0;
    if (has_prefix(name, "callback."))
        return conf_node_err(at, e,
                             "give the gateway a public_url in zhanchi.conf, and the profile "
                             "callbacks of that kind",
                             "{{%s}} is not known", name);
    return conf_node_err(at, e, "add it to the profile's `secrets` or `settings`",
                         "{{%s}} is not declared", name);
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
    bool constant, incoming;
    const char *first;
};

static int check_names(struct compiler *c, const struct conf_node *at, const struct template *t,
                       struct leaf_names *out, struct err *e)
{
    const char *const *names;

    out->n = template_names(t, &names);
    out->first = out->n ? names[0] : NULL;
    out->constant = true;
    out->incoming = false;
    for (size_t i = 0; i < out->n; i++) {
        const char *rest;
        const struct tv *map = constants_of(c, names[i], &rest);
        if (map) {
            if (check_constant(at, map, names[i], rest, e) != 0)
                return -1;
            continue;
        }
        out->constant = false;
        if ((c->vars & VARS_INCOMING) &&
            (has_prefix(names[i], "header.") || has_prefix(names[i], "query."))) {
            out->incoming = true;
            continue;
        }
        int v = var_find(names[i]);
        if (v < 0 || !(c->vars & VAR_BIT(v)))
            return no_such_name(c, at, names[i], e);
        c->p->uses |= VAR_BIT(v);
        c->used |= VAR_BIT(v);
    }
    return 0;
}

static int constant_leaf(struct compiler *c, const struct conf_node *at, const struct template *t,
                         template_escape escape, struct err *e)
{
    struct tv_member members[] = {
        {"secret", c->secrets}, {"setting", c->settings}, {"callback", c->callbacks}};
    struct tv root = {.type = TV_MAP, .members = members, .len = 3};
    struct buf out;
    struct err why;

    buf_init(&out, c->pending.max);
    if (template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, &why) != 0) {
        buf_fini(&out);
        return conf_node_err(at, e, NULL, "%s", why.what);
    }
    int rc = escape(&c->pending, buf_cstr(&out), out.len);
    buf_fini(&out);
    /* Half is left for what stands between constants, which is never longer than the file. */
    if (rc != 0 || c->pending.len > c->pending.max / 2)
        return conf_node_err(at, e, "shorten it", "constants are longer than allowed");
    return 0;
}

static void variable_leaf(struct compiler *c, const char *name, template_escape escape)
{
    struct op *op;

    if (has_prefix(name, "header.") || has_prefix(name, "query.")) {
        op = compile_op(c, name[0] == 'h' ? OP_HEADER : OP_QUERY);
        op->text = arena_strdup(c->arena, strchr(name, '.') + 1);
    } else {
        op = compile_op(c, OP_VAR);
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
    if (names.constant)
        return constant_leaf(c, at, t, escape, e);
    if (is_one_variable(text, &names)) {
        variable_leaf(c, names.first, escape);
        return 0;
    }
    if (names.incoming)
        return conf_node_err(at, e, "split the text into several parts",
                             "{{%s}} must be a part of its own", names.first);
    struct op *op = compile_op(c, OP_TEMPLATE);
    op->tpl = t;
    op->escape = escape;
    return 0;
}
