/*
 * render: runs a program against a tree of values. No allocation but the output's; stacks of contexts, loops and calls of fixed depth, and a bound for
 * the steps, because partials that call partials multiply.
 */
#include <string.h>
#include "internal.h"

struct frame {             /* an open section */
    const struct tv *list; /* NULL: no loop */
    size_t next;
};

struct call { /* an open partial: where it goes on, and the indentation there */
    size_t back, indent_from, indent_to;
};

struct run {
    const struct template *t;
    template_escape escape;
    enum template_missing missing;
    struct buf *out;
    const struct tv *context[TEMPLATE_RUN_DEPTH + 1];
    struct frame frame[TEMPLATE_RUN_DEPTH];
    int depth;
    struct call call[TEMPLATE_CALLS];
    int calls;
    size_t indent_from, indent_to;
    char indent[TEMPLATE_INDENT_MAX];
};

static const struct tv missing = {.type = TV_MISSING};

/* ---- values ---- */

/* A text may have members too: its other forms. */
static const struct tv *member(const struct tv *of, const char *name, size_t len)
{
    size_t n = of->type == TV_MAP ? of->len : of->type == TV_TEXT ? of->n_forms : 0;

    for (size_t i = 0; i < n; i++) {
        const char *known = of->members[i].name;
        if (known[0] == name[0] && strncmp(known, name, len) == 0 && known[len] == '\0')
            return &of->members[i].value;
    }
    return NULL;
}

/* The first part of a dotted name is looked for from the innermost context outwards, the rest in what was found. */
static const struct tv *lookup(const struct run *r, const struct ins *in)
{
    const char *name = in->text;
    size_t len = in->first;
    const struct tv *v = NULL;

    if (name[0] == '.' && name[1] == '\0')
        return r->context[r->depth];
    for (int i = r->depth; i >= 0 && v == NULL; i--)
        v = member(r->context[i], name, len);
    while (v != NULL && name[len] == '.') {
        name += len + 1;
        len = strcspn(name, ".");
        v = member(v, name, len);
    }
    return v != NULL ? v : &missing;
}

static bool truth(const struct tv *v)
{
    switch (v->type) {
    case TV_MISSING:
    case TV_FALSE:
        return false;
    case TV_TEXT:
    case TV_LIST:
        return v->len > 0;
    default:
        return true;
    }
}

/* ---- instructions ---- */

static int too_long(const struct buf *out, struct err *e)
{
    return err_set(e, ERR_DATA, "shorten the template or the values",
                   "the text is longer than %zu bytes", out->max);
}

static int too_deep(const struct run *r, const struct ins *in, struct err *e)
{
    char place[TEMPLATE_PLACE_MAX];

    template_place(r->t, in, place, sizeof place);
    return err_set(e, ERR_DATA, "correct the template: does a partial call itself for ever?",
                   "%s: sections and partials are nested too deeply", place);
}

static int print(const struct run *r, const struct ins *in, struct err *e)
{
    const struct tv *v = lookup(r, in);
    const char *text = v->text;
    size_t len = v->len;

    if (v->type == TV_TRUE || v->type == TV_FALSE) {
        text = v->type == TV_TRUE ? "true" : "false";
        len = strlen(text);
    } else if (v->type != TV_TEXT) {
        len = 0;
    }
    if (len == 0) {
        if (r->missing == TEMPLATE_MISSING_ERROR)
            return err_set(e, ERR_DATA, "fill the column, or put the variable into a section",
                           "%s has no value", in->text);
        return 0;
    }
    int rc = in->op == OP_RAW ? buf_add(r->out, text, len) : r->escape(r->out, text, len);
    return rc == 0 ? 0 : too_long(r->out, e);
}

static int push(struct run *r, const struct ins *in, const struct tv *context,
                const struct tv *list, struct err *e)
{
    if (r->depth == TEMPLATE_RUN_DEPTH)
        return too_deep(r, in, e);
    r->frame[r->depth] = (struct frame){.list = list, .next = 1};
    r->context[++r->depth] = context;
    return 0;
}

/* Index of the instruction before the next one, in *at. */
static int section(struct run *r, const struct ins *in, size_t *at, struct err *e)
{
    const struct tv *v = lookup(r, in);

    if (truth(v) != (in->op == OP_SECTION)) {
        *at = in->jump;
        return 0;
    }
    if (in->op == OP_INVERTED)
        return push(r, in, r->context[r->depth], NULL, e);
    return v->type == TV_LIST ? push(r, in, &v->items[0], v, e) : push(r, in, v, NULL, e);
}

static void end_section(struct run *r, const struct ins *in, size_t *at)
{
    struct frame *f = &r->frame[r->depth - 1];

    if (f->list != NULL && f->next < f->list->len) {
        r->context[r->depth] = &f->list->items[f->next++];
        *at = in->jump;
    } else {
        r->depth--;
    }
}

/* A partial on a line of its own is indented as its tag, and as the lines around that. */
static int call(struct run *r, const struct ins *in, size_t *at, struct err *e)
{
    if (r->calls == TEMPLATE_CALLS || r->indent_to + in->len > sizeof r->indent)
        return too_deep(r, in, e);
    r->call[r->calls++] = (struct call){*at, r->indent_from, r->indent_to};
    if (!in->standalone)
        r->indent_from = r->indent_to;
    if (in->len > 0)
        memcpy(r->indent + r->indent_to, in->text, in->len);
    r->indent_to += in->len;
    *at = in->jump - 1;
    return 0;
}

static void end_call(struct run *r, size_t *at)
{
    const struct call *c = &r->call[--r->calls];

    *at = c->back;
    r->indent_from = c->indent_from;
    r->indent_to = c->indent_to;
}

static int step(struct run *r, const struct ins *in, size_t *at, struct err *e)
{
    switch (in->op) {
    case OP_TEXT:
        return buf_add(r->out, in->text, in->len) == 0 ? 0 : too_long(r->out, e);
    case OP_INDENT:
        return buf_add(r->out, r->indent + r->indent_from, r->indent_to - r->indent_from) == 0
                   ? 0
                   : too_long(r->out, e);
    case OP_VAR:
    case OP_RAW:
        return print(r, in, e);
    case OP_SECTION:
    case OP_INVERTED:
        return section(r, in, at, e);
    case OP_END:
        end_section(r, in, at);
        return 0;
    case OP_CALL:
        return call(r, in, at, e);
    default:
        end_call(r, at);
        return 0;
    }
}

int template_render(const struct template *t, const struct tv *root, template_escape escape,
                    enum template_missing m, struct buf *out, struct err *e)
{
    struct run r;
    unsigned steps = 0;

    /* Only what is read before it is written: the stacks are large. */
    r.t = t;
    r.escape = escape;
    r.missing = m;
    r.out = out;
    r.context[0] = root;
    r.depth = r.calls = 0;
    r.indent_from = r.indent_to = 0;
    for (size_t i = 0;; i++) {
        const struct ins *in = &t->code[i];
        if (in->op == OP_RETURN && r.calls == 0)
            return 0;
        if (++steps > TEMPLATE_STEPS_MAX)
            return err_set(e, ERR_DATA, "use fewer partials, or shorter lists",
                           "the template takes more than %u steps", TEMPLATE_STEPS_MAX);
        if (step(&r, in, &i, e) != 0)
            return -1;
    }
}
