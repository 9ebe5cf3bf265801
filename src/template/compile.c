/*
 * compile: text -> program: the required modules of the Mustache specification. A partial is compiled once, however often it is called, so that it may
 * call itself; a delimiter that it sets ends with it. Number and size of partials are bounded here, depth and steps when a program runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "scan.h"

struct compiler {
    struct template *t;
    const struct template_loader *loader; /* may be NULL */
    size_t bytes;                         /* of all sources */
    /* of the source at hand: */
    struct scan scan;
    int part;
    size_t stack[TEMPLATE_DEPTH]; /* open sections */
    int depth;
};

static int fail(struct compiler *c, size_t at, struct err *e, const char *what, const char *name)
{
    return scan_fail(&c->scan, at, e, what, name);
}

static struct ins *emit(struct compiler *c, enum op op, const char *text, size_t len)
{
    struct template *t = c->t;

    if (t->n == t->cap) {
        t->cap = t->cap * 2 + 16;
        t->code = realloc(t->code, t->cap * sizeof *t->code);
        if (t->code == NULL)
            panic("out of memory");
    }
    struct ins *in = &t->code[t->n++];
    *in = (struct ins){.op = op, .text = text, .len = len, .part = c->part};
    return in;
}

static const char *own_name(struct template *t, const char *s, size_t len)
{
    char *name = strndup(s, len);

    t->owned = realloc(t->owned, (t->n_owned + 1) * sizeof *t->owned);
    if (name == NULL || t->owned == NULL)
        panic("out of memory");
    t->owned[t->n_owned++] = name;
    return name;
}

static void note_name(struct template *t, const char *name)
{
    if (strcmp(name, ".") == 0)
        return;
    for (size_t i = 0; i < t->n_names; i++)
        if (strcmp(t->names[i], name) == 0)
            return;
    t->names = realloc(t->names, (t->n_names + 2) * sizeof *t->names);
    if (t->names == NULL)
        panic("out of memory");
    t->names[t->n_names++] = name;
    t->names[t->n_names] = NULL;
}

/* ---- literal text ---- */

/* In a partial every line that is not empty begins with what the partial's tag was indented by. */
static void begin_line(struct compiler *c, size_t at)
{
    const char *s = c->scan.s;

    if (c->part > 0 && (at == 0 || s[at - 1] == '\n') && at < c->scan.len && s[at] != '\n' &&
        !(s[at] == '\r' && at + 1 < c->scan.len && s[at + 1] == '\n'))
        emit(c, OP_INDENT, "", 0);
}

static void emit_text(struct compiler *c, size_t from, size_t to)
{
    const char *s = c->scan.s;

    while (from < to) {
        const char *nl = c->part > 0 ? memchr(s + from, '\n', to - from) : NULL;
        size_t end = nl != NULL ? (size_t)(nl - s) + 1 : to;
        begin_line(c, from);
        struct ins *in = emit(c, OP_TEXT, s + from, end - from);
        in->line = scan_position(&c->scan, from, &in->column);
        from = end;
    }
}

/* ---- tags ---- */

static struct ins *emit_name(struct compiler *c, enum op op, const struct tag *tag)
{
    const char *name = own_name(c->t, tag->body, tag->body_len);
    struct ins *in = emit(c, op, name, tag->body_len);

    in->first = strcspn(name, ".");
    in->line = scan_position(&c->scan, tag->from, &in->column);
    note_name(c->t, name);
    return in;
}

static int open_section(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (c->depth == TEMPLATE_DEPTH)
        return fail(c, tag->from, e, "sections are nested too deeply", "");
    emit_name(c, tag->kind == '#' ? OP_SECTION : OP_INVERTED, tag);
    c->stack[c->depth++] = c->t->n - 1;
    return 0;
}

static int close_section(struct compiler *c, const struct tag *tag, struct err *e)
{
    char name[TEMPLATE_NAME_MAX + 1];

    memcpy(name, tag->body, tag->body_len);
    name[tag->body_len] = '\0';
    if (c->depth == 0)
        return fail(c, tag->from, e, "this closes no open section:", name);
    size_t begin = c->stack[--c->depth];
    if (strcmp(c->t->code[begin].text, name) != 0)
        return fail(c, tag->from, e, "the innermost open section is not", name);
    emit(c, OP_END, "", 0)->jump = begin;
    c->t->code[begin].jump = c->t->n - 1;
    return 0;
}

/* ---- partials ---- */

static int find_part(const struct template *t, const char *name)
{
    for (int i = 1; i < t->n_parts; i++)
        if (strcmp(t->part[i].name, name) == 0)
            return i;
    return -1;
}

static int add_part(struct compiler *c, const char *name, const char *text, size_t len,
                    struct err *e)
{
    struct template *t = c->t;

    if (len > TEMPLATE_TEXT_MAX)
        return err_set(e, ERR_DATA, "shorten it", "the template is longer than %d bytes",
                       TEMPLATE_TEXT_MAX);
    if (t->n_parts == TEMPLATE_PARTS_MAX || c->bytes + len > TEMPLATE_SOURCES_MAX)
        return err_set(e, ERR_DATA, "use fewer or shorter partials",
                       "the partials are more than %d, or longer than %d bytes together",
                       TEMPLATE_PARTS_MAX - 1, TEMPLATE_SOURCES_MAX);
    t->part = realloc(t->part, ((size_t)t->n_parts + 1) * sizeof *t->part);
    char *copy = malloc(len + 1), *own = name != NULL ? strdup(name) : NULL;
    if (t->part == NULL || copy == NULL || (name != NULL && own == NULL))
        panic("out of memory");
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    t->part[t->n_parts] = (struct part){.name = own, .source = copy, .len = len};
    c->bytes += len;
    return t->n_parts++;
}

/* Number of the partial that the tag names, 0 if there is none and that means nothing, -1. */
static int load_part(struct compiler *c, const struct tag *tag, struct err *e)
{
    char name[TEMPLATE_NAME_MAX + 1];
    struct buf text;

    memcpy(name, tag->body, tag->body_len);
    name[tag->body_len] = '\0';
    int found = find_part(c->t, name);
    if (found > 0)
        return found;
    if (c->loader == NULL)
        return fail(c, tag->from, e, "there are no partials here:", name);
    buf_init(&text, TEMPLATE_TEXT_MAX);
    int rc = c->loader->load(c->loader->ctx, name, &text, e);
    if (rc == 0 && !c->loader->absent_is_empty)
        rc = fail(c, tag->from, e, "there is no partial", name);
    else if (rc < 0 || (rc > 0 && (rc = add_part(c, name, buf_cstr(&text), text.len, e)) < 0))
        scan_place(&c->scan, tag->from, e);
    buf_fini(&text);
    return rc;
}

static int call_part(struct compiler *c, const struct tag *tag, struct err *e)
{
    int part = load_part(c, tag, e);

    if (part <= 0)
        return part;
    size_t indent = tag->standalone ? tag->from - tag->lines_from : 0;
    struct ins *in = emit(c, OP_CALL, c->scan.s + tag->from - indent, indent);
    in->target = part;
    in->standalone = tag->standalone;
    in->line = scan_position(&c->scan, tag->from, &in->column);
    return 0;
}

/* ---- sources ---- */

static int do_tag(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (tag->kind == '!')
        return 0;
    if (tag->kind == '=')
        return scan_delimiters(&c->scan, tag, e);
    if (scan_name(&c->scan, tag, e) != 0)
        return -1;
    switch (tag->kind) {
    case '>':
        return call_part(c, tag, e);
    case '#':
    case '^':
        return open_section(c, tag, e);
    case '/':
        return close_section(c, tag, e);
    default:
        emit_name(c, tag->kind == 0 ? OP_VAR : OP_RAW, tag);
        return 0;
    }
}

static int compile_tags(struct compiler *c, struct err *e)
{
    struct scan *s = &c->scan;
    struct tag tag;
    int rc;

    while ((rc = scan_tag(s, &tag, e)) == 1) {
        emit_text(c, s->at, tag.standalone ? tag.lines_from : tag.from);
        if (!tag.standalone)
            begin_line(c, tag.from);
        if (do_tag(c, &tag, e) != 0)
            return -1;
        s->at = tag.standalone ? tag.lines_to : tag.to;
    }
    if (rc == 0)
        emit_text(c, s->at, s->len);
    return rc;
}

static int compile_part(struct compiler *c, int part, int first_line, struct err *e)
{
    const struct part *p = &c->t->part[part];

    scan_init(&c->scan, p->source, p->len, p->name, first_line);
    c->part = part;
    c->depth = 0;
    c->t->part[part].begin = c->t->n;
    if (compile_tags(c, e) != 0)
        return -1;
    if (c->depth > 0) {
        char place[TEMPLATE_PLACE_MAX];
        const struct ins *in = &c->t->code[c->stack[c->depth - 1]];
        template_place(c->t, in, place, sizeof place);
        return err_set(e, ERR_DATA, "correct the template", "%s: the section %s is never closed",
                       place, in->text);
    }
    emit(c, OP_RETURN, "", 0);
    return 0;
}

void template_place(const struct template *t, const struct ins *in, char *out, size_t cap)
{
    const char *part = t->part[in->part].name;

    snprintf(out, cap, "%s%s%sline %d, column %d", part != NULL ? "partial " : "",
             part != NULL ? part : "", part != NULL ? ", " : "", in->line, in->column);
}

/* ---- programs ---- */

struct template *template_compile_with(const char *text, size_t len, int first_line,
                                       const struct template_loader *l, struct err *e)
{
    struct template *t = calloc(1, sizeof *t);
    struct compiler c = {.t = t, .loader = l};

    if (t == NULL)
        panic("out of memory");
    int rc = add_part(&c, NULL, text, len, e) == 0 ? 0 : -1;
    /* The list of parts grows meanwhile. */
    for (int i = 0; i < t->n_parts && rc == 0; i++)
        rc = compile_part(&c, i, i == 0 ? first_line : 1, e);
    for (size_t i = 0; i < t->n && rc == 0; i++)
        if (t->code[i].op == OP_CALL)
            t->code[i].jump = t->part[t->code[i].target].begin;
    if (rc == 0)
        return t;
    template_free(t);
    return NULL;
}

struct template *template_compile_at(const char *text, size_t len, int first_line, struct err *e)
{
    return template_compile_with(text, len, first_line, NULL, e);
}

struct template *template_compile(const char *text, size_t len, struct err *e)
{
    return template_compile_with(text, len, 1, NULL, e);
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n_owned; i++)
        free(t->owned[i]);
    for (int i = 0; i < t->n_parts; i++) {
        free(t->part[i].name);
        free(t->part[i].source);
    }
    free(t->part);
    free(t->owned);
    free(t->names);
    free(t->code);
    free(t);
}

size_t template_names(const struct template *t, const char *const **names)
{
    static const char *const none[] = {NULL};

    *names = t->names != NULL ? t->names : none;
    return t->n_names;
}
