/*
 * render: runs a program against a tree of values. No allocation but the output's; a stack of contexts and of loops of fixed depth.
 */
#include <string.h>
#include "internal.h"

struct frame {             /* an open section */
    const struct tv *list; /* NULL: no loop */
    size_t next;
};

struct run {
    const struct tv *context[TEMPLATE_DEPTH + 1];
    struct frame frame[TEMPLATE_DEPTH];
    int depth;
};

static const struct tv missing = {.type = TV_MISSING};

static const struct tv *member(const struct tv *map, const char *name, size_t len)
{
    if (map->type != TV_MAP)
        return NULL;
    for (size_t i = 0; i < map->len; i++)
        if (strncmp(map->members[i].name, name, len) == 0 && map->members[i].name[len] == '\0')
            return &map->members[i].value;
    return NULL;
}

/* The first part of a dotted name is looked for from the innermost context outwards, the rest in what was found. */
static const struct tv *lookup(const struct run *r, const char *name)
{
    if (strcmp(name, ".") == 0)
        return r->context[r->depth];
    const char *dot = strchr(name, '.');
    size_t len = dot != NULL ? (size_t)(dot - name) : strlen(name);
    const struct tv *v = NULL;
    for (int i = r->depth; i >= 0 && v == NULL; i--)
        v = member(r->context[i], name, len);
    while (v != NULL && dot != NULL) {
        name = dot + 1;
        dot = strchr(name, '.');
        len = dot != NULL ? (size_t)(dot - name) : strlen(name);
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

static int too_long(const struct buf *out, struct err *e)
{
    return err_set(e, ERR_DATA, "shorten the template or the values",
                   "the text is longer than %zu bytes", out->max);
}

static int print(const struct ins *in, const struct tv *v, template_escape escape,
                 enum template_missing m, struct buf *out, struct err *e)
{
    const char *text = v->text;
    size_t len = v->len;

    if (v->type == TV_TRUE || v->type == TV_FALSE) {
        text = v->type == TV_TRUE ? "true" : "false";
        len = strlen(text);
    } else if (v->type != TV_TEXT) {
        len = 0;
    }
    if (len == 0) {
        if (m == TEMPLATE_MISSING_ERROR)
            return err_set(e, ERR_DATA, "fill the column, or put the variable into a section",
                           "%s has no value", in->text);
        return 0;
    }
    if (escape(out, text, len) != 0)
        return too_long(out, e);
    return 0;
}

static void push(struct run *r, const struct tv *context, const struct tv *list)
{
    r->frame[r->depth] = (struct frame){.list = list, .next = 1};
    r->context[++r->depth] = context;
}

int template_render(const struct template *t, const struct tv *root, template_escape escape,
                    enum template_missing m, struct buf *out, struct err *e)
{
    struct run r = {.context = {root}};

    for (size_t i = 0; i < t->n; i++) {
        const struct ins *in = &t->code[i];
        const struct tv *v =
            in->op == OP_TEXT || in->op == OP_END ? &missing : lookup(&r, in->text);
        switch (in->op) {
        case OP_TEXT:
            if (buf_add(out, in->text, in->len) != 0)
                return too_long(out, e);
            break;
        case OP_VAR:
        case OP_RAW:
            if (print(in, v, in->op == OP_VAR ? escape : template_escape_none, m, out, e) != 0)
                return -1;
            break;
        case OP_SECTION:
            if (!truth(v))
                i = in->jump;
            else
                push(&r, v->type == TV_LIST ? &v->items[0] : v, v->type == TV_LIST ? v : NULL);
            break;
        case OP_INVERTED:
            if (truth(v))
                i = in->jump;
            else
                push(&r, r.context[r.depth], NULL);
            break;
        case OP_END: {
            struct frame *f = &r.frame[r.depth - 1];
            if (f->list != NULL && f->next < f->list->len) {
                r.context[r.depth] = &f->list->items[f->next++];
                i = in->jump;
            } else {
                r.depth--;
            }
            break;
        }
        }
    }
    return 0;
}
