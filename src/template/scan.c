/*
 * scan: finds the tags of a source: delimiters, kinds, and Mustache's rule for standalone lines (a line that holds one tag that prints nothing, and
 * blanks, disappears whole). Caller: compile.c.
 */
#include <string.h>
#include "scan.h"

void scan_init(struct scan *c, const char *s, size_t len, const char *part, int first_line)
{
    *c = (struct scan){.s = s,
                       .len = len,
                       .part = part,
                       .first_line = first_line,
                       .seen_line = first_line,
                       .open = "{{",
                       .close = "}}"};
}

int scan_position(struct scan *c, size_t at, int *column)
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

int scan_place(struct scan *c, size_t at, struct err *e)
{
    int column, line = scan_position(c, at, &column);

    return err_prefix(e, "%s%s%sline %d, column %d", c->part != NULL ? "partial " : "",
                      c->part != NULL ? c->part : "", c->part != NULL ? ", " : "", line, column);
}

int scan_fail(struct scan *c, size_t at, struct err *e, const char *what, const char *name)
{
    err_set(e, ERR_DATA, "correct the template", "%s%s%s", what, name[0] != '\0' ? " " : "", name);
    return scan_place(c, at, e);
}

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

/* Takes the kind off the body, and what must stand at its end. */
static int take_kind(struct scan *c, struct tag *tag, struct err *e)
{
    char end = '\0';

    if (tag->body_len == 0 || strchr("&{#^/!=>", tag->body[0]) == NULL)
        return 0;
    tag->kind = tag->body[0];
    tag->body++;
    tag->body_len--;
    if (tag->kind == '{' || tag->kind == '=')
        end = tag->kind == '{' ? '}' : '=';
    if (end != '\0') {
        if (tag->body_len == 0 || tag->body[tag->body_len - 1] != end)
            return end == '}' ? scan_fail(c, tag->from, e, "the tag is not closed by", "}}}")
                              : scan_fail(c, tag->from, e, "a set-delimiter tag must end in", "=");
        tag->body_len--;
    }
    trim(&tag->body, &tag->body_len);
    return 0;
}

/* The tag that begins at `from`. */
static int read_tag(struct scan *c, size_t from, struct tag *tag, struct err *e)
{
    size_t body = from + strlen(c->open), close_len = strlen(c->close);
    bool triple = body < c->len && c->s[body] == '{' && strcmp(c->open, "{{") == 0;
    const char *end = memmem(c->s + body, c->len - body, c->close, close_len);

    if (triple && end != NULL && end[close_len] == '}')
        end++; /* "}}}": the first brace belongs to the tag */
    if (end == NULL)
        return scan_fail(c, from, e, "the tag is not closed by", c->close);
    *tag = (struct tag){.from = from, .to = (size_t)(end - c->s) + close_len};
    tag->body = c->s + body;
    tag->body_len = (size_t)(end - c->s) - body;
    trim(&tag->body, &tag->body_len);
    return take_kind(c, tag, e);
}

static void look_around(const struct scan *c, struct tag *tag)
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
    tag->standalone = true;
    tag->lines_from = a;
    tag->lines_to = b < c->len ? b + 1 : b;
}

int scan_tag(struct scan *c, struct tag *tag, struct err *e)
{
    const char *found = memmem(c->s + c->at, c->len - c->at, c->open, strlen(c->open));

    if (found == NULL)
        return 0;
    if (read_tag(c, (size_t)(found - c->s), tag, e) != 0)
        return -1;
    if (tag->kind != 0 && tag->kind != '&' && tag->kind != '{')
        look_around(c, tag);
    return 1;
}

int scan_name(struct scan *c, const struct tag *tag, struct err *e)
{
    if (tag->body_len == 0)
        return scan_fail(c, tag->from, e, "the tag has no name", "");
    if (tag->body_len > TEMPLATE_NAME_MAX)
        return scan_fail(c, tag->from, e, "the name is too long", "");
    for (size_t i = 0; i < tag->body_len; i++)
        if (blank(tag->body[i]) || tag->body[i] == '{' || tag->body[i] == '}')
            return scan_fail(c, tag->from, e, "a name must not hold blanks or braces", "");
    return 0;
}

int scan_delimiters(struct scan *c, const struct tag *tag, struct err *e)
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
        return scan_fail(c, tag->from, e, "these are no delimiters", "");
    memcpy(c->open, s, a);
    c->open[a] = '\0';
    memcpy(c->close, p, b);
    c->close[b] = '\0';
    return 0;
}
