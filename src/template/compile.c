/*
 * compile: text -> program. Mustache's variables, sections, inverted sections, comments and set-delimiter tags, with its rule for standalone
 * lines (a line that holds one such tag and blanks disappears whole). Partials are refused.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

struct compiler {
    struct template *t;
    const char *s; /* source */
    size_t len, at;
    int first_line; /* of the source, in the file that it stands in */
    /* The last position asked for: tags come in order, so that a long text is walked once. */
    size_t seen, seen_line_from;
    int seen_line;
    char open[8], close[8];
    size_t stack[TEMPLATE_DEPTH]; /* open sections */
    int depth;
};

static int position(struct compiler *c, size_t at, int *column)
{
    if (at < c->seen) {
        c->seen = c->seen_line_from = 0;
        c->seen_line = c->first_line;
    }
    for (; c->seen < at; c->seen++)
        if (c->s[c->seen] == '\n') {
            c->seen_line++;
            c->seen_line_from = c->seen + 1;
        }
    *column = 1;
    for (size_t i = c->seen_line_from; i < at; i++)
        *column += ((unsigned char)c->s[i] & 0xC0) != 0x80;
    return c->seen_line;
}

static int fail(struct compiler *c, size_t at, struct err *e, const char *what, const char *name)
{
    int column, line = position(c, at, &column);

    return err_set(e, ERR_DATA, "correct the template", "line %d, column %d: %s%s%s", line, column,
                   what, name[0] != '\0' ? " " : "", name);
}

static struct ins *emit(struct template *t, enum op op, const char *text, size_t len)
{
    if (t->n == t->cap) {
        t->cap = t->cap * 2 + 16;
        t->code = realloc(t->code, t->cap * sizeof *t->code);
        if (t->code == NULL)
            panic("out of memory");
    }
    struct ins *in = &t->code[t->n++];
    *in = (struct ins){.op = op, .text = text, .len = len};
    return in;
}

/* Literal text, with its place: who examines a text names it. */
static void emit_text(struct compiler *c, size_t from, size_t to)
{
    struct ins *in = emit(c->t, OP_TEXT, c->s + from, to - from);

    in->line = position(c, from, &in->column);
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

/* ---- tags ---- */

struct tag {
    size_t from, to;  /* in the source, delimiters included */
    char kind;        /* 0 variable, & { # ^ / ! = > */
    const char *body; /* trimmed */
    size_t body_len;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **s, size_t *len)
{
    while (*len > 0 && blank(**s)) {
        (*s)++;
        (*len)--;
    }
    while (*len > 0 && blank((*s)[*len - 1]))
        (*len)--;
}

/* The tag that begins at `from`. */
static int read_tag(struct compiler *c, size_t from, struct tag *tag, struct err *e)
{
    size_t body = from + strlen(c->open), close_len = strlen(c->close);
    bool triple = body < c->len && c->s[body] == '{' && strcmp(c->open, "{{") == 0;
    const char *end = memmem(c->s + body, c->len - body, c->close, close_len);

    if (triple && end != NULL && end[close_len] == '}')
        end++; /* "}}}": the first brace belongs to the tag */
    if (end == NULL)
        return fail(c, from, e, "the tag is not closed by", c->close);
    *tag = (struct tag){.from = from, .to = (size_t)(end - c->s) + close_len};
    size_t len = (size_t)(end - c->s) - body;
    tag->body = c->s + body;
    tag->body_len = len;
    trim(&tag->body, &tag->body_len);
    if (tag->body_len > 0 && strchr("&{#^/!=>", tag->body[0]) != NULL) {
        tag->kind = tag->body[0];
        tag->body++;
        tag->body_len--;
        if (tag->kind == '{') {
            if (tag->body_len == 0 || tag->body[tag->body_len - 1] != '}')
                return fail(c, from, e, "the tag is not closed by", "}}}");
            tag->body_len--;
        } else if (tag->kind == '=') {
            if (tag->body_len == 0 || tag->body[tag->body_len - 1] != '=')
                return fail(c, from, e, "a set-delimiter tag must end in", "=");
            tag->body_len--;
        }
        trim(&tag->body, &tag->body_len);
    }
    return 0;
}

/* A tag that alone stands on its line takes the line with it. Widens *from and *to. */
static void standalone(const struct compiler *c, const struct tag *tag, size_t *from, size_t *to)
{
    size_t a = tag->from, b = tag->to;

    while (a > 0 && (c->s[a - 1] == ' ' || c->s[a - 1] == '\t'))
        a--;
    if (a > 0 && c->s[a - 1] != '\n')
        return;
    while (b < c->len && (c->s[b] == ' ' || c->s[b] == '\t'))
        b++;
    if (b < c->len && c->s[b] == '\r' && b + 1 < c->len && c->s[b + 1] == '\n')
        b++;
    if (b < c->len && c->s[b] != '\n')
        return;
    *from = a;
    *to = b < c->len ? b + 1 : b;
}

static int name_ok(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (tag->body_len == 0)
        return fail(c, tag->from, e, "the tag has no name", "");
    if (tag->body_len > TEMPLATE_NAME_MAX)
        return fail(c, tag->from, e, "the name is too long", "");
    for (size_t i = 0; i < tag->body_len; i++)
        if (blank(tag->body[i]) || tag->body[i] == '{' || tag->body[i] == '}')
            return fail(c, tag->from, e, "a name must not hold blanks or braces", "");
    return 0;
}

static int open_section(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (c->depth == TEMPLATE_DEPTH)
        return fail(c, tag->from, e, "sections are nested too deeply", "");
    const char *name = own_name(c->t, tag->body, tag->body_len);
    struct ins *in = emit(c->t, tag->kind == '#' ? OP_SECTION : OP_INVERTED, name, tag->body_len);
    in->line = position(c, tag->from, &in->column);
    note_name(c->t, name);
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
    emit(c->t, OP_END, "", 0)->jump = begin;
    c->t->code[begin].jump = c->t->n - 1;
    return 0;
}

static int set_delimiters(struct compiler *c, const struct tag *tag, struct err *e)
{
    const char *s = tag->body, *end = s + tag->body_len, *p = s;

    while (p < end && !blank(*p))
        p++;
    size_t a = (size_t)(p - s);
    while (p < end && blank(*p))
        p++;
    size_t b = (size_t)(end - p);
    if (a == 0 || b == 0 || a >= sizeof c->open || b >= sizeof c->close ||
        memchr(p, '=', b) != NULL || memchr(p, ' ', b) != NULL)
        return fail(c, tag->from, e, "these are no delimiters", "");
    memcpy(c->open, s, a);
    c->open[a] = '\0';
    memcpy(c->close, p, b);
    c->close[b] = '\0';
    return 0;
}

static int do_tag(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (tag->kind == '!')
        return 0;
    if (tag->kind == '=')
        return set_delimiters(c, tag, e);
    if (tag->kind == '>')
        return fail(c, tag->from, e, "partials are not supported", "");
    if (name_ok(c, tag, e) != 0)
        return -1;
    if (tag->kind == '#' || tag->kind == '^')
        return open_section(c, tag, e);
    if (tag->kind == '/')
        return close_section(c, tag, e);
    const char *name = own_name(c->t, tag->body, tag->body_len);
    struct ins *in = emit(c->t, tag->kind == 0 ? OP_VAR : OP_RAW, name, tag->body_len);
    in->line = position(c, tag->from, &in->column);
    note_name(c->t, name);
    return 0;
}

static int compile(struct compiler *c, struct err *e)
{
    while (c->at < c->len) {
        const char *found = memmem(c->s + c->at, c->len - c->at, c->open, strlen(c->open));
        if (found == NULL)
            break;
        struct tag tag;
        if (read_tag(c, (size_t)(found - c->s), &tag, e) != 0)
            return -1;
        size_t from = tag.from, to = tag.to;
        if (tag.kind != 0 && tag.kind != '&' && tag.kind != '{')
            standalone(c, &tag, &from, &to);
        if (from > c->at)
            emit_text(c, c->at, from);
        if (do_tag(c, &tag, e) != 0)
            return -1;
        c->at = to;
    }
    if (c->at < c->len)
        emit_text(c, c->at, c->len);
    if (c->depth > 0) {
        const struct ins *in = &c->t->code[c->stack[c->depth - 1]];
        return err_set(e, ERR_DATA, "correct the template",
                       "line %d, column %d: the section %s is never closed", in->line, in->column,
                       in->text);
    }
    return 0;
}

struct template *template_compile_at(const char *text, size_t len, int first_line, struct err *e)
{
    if (len > TEMPLATE_TEXT_MAX) {
        err_set(e, ERR_DATA, "shorten it", "the template is longer than %d bytes",
                TEMPLATE_TEXT_MAX);
        return NULL;
    }
    struct template *t = calloc(1, sizeof *t);
    if (t == NULL || (t->source = malloc(len + 1)) == NULL)
        panic("out of memory");
    memcpy(t->source, text, len);
    t->source[len] = '\0';
    struct compiler c = {.t = t,
                         .s = t->source,
                         .len = len,
                         .first_line = first_line,
                         .seen_line = first_line,
                         .open = "{{",
                         .close = "}}"};
    if (compile(&c, e) == 0)
        return t;
    template_free(t);
    return NULL;
}

struct template *template_compile(const char *text, size_t len, struct err *e)
{
    return template_compile_at(text, len, 1, e);
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n_owned; i++)
        free(t->owned[i]);
    free(t->owned);
    free(t->names);
    free(t->code);
    free(t->source);
    free(t);
}

size_t template_names(const struct template *t, const char *const **names)
{
    static const char *const none[] = {NULL};

    *names = t->names != NULL ? t->names : none;
    return t->n_names;
}
