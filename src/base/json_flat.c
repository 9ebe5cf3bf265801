/*
 * json_flat: see json_flat.h. Strings are unescaped where they stand: an escape is never shorter than what it means. Callers: campaign.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json_flat.h"

struct reader {
    char *p, *end;
};

void json_flat_init(struct json_flat *f)
{
    *f = (struct json_flat){.n = 0};
}

void json_flat_fini(struct json_flat *f)
{
    free(f->pairs);
    json_flat_init(f);
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* ---- strings ---- */

static bool hex4(struct reader *r, uint32_t *out)
{
    *out = 0;
    if (r->end - r->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *r->p++;
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (v < 0)
            return false;
        *out = *out << 4 | (uint32_t)v;
    }
    return true;
}

/* Behind \u. A lone surrogate and U+0000 are no characters. */
static bool code_point(struct reader *r, uint32_t *cp)
{
    uint32_t low;

    if (!hex4(r, cp) || *cp == 0 || (*cp >= 0xDC00 && *cp <= 0xDFFF))
        return false;
    if (*cp < 0xD800 || *cp > 0xDBFF)
        return true;
    if (r->end - r->p < 2 || r->p[0] != '\\' || r->p[1] != 'u')
        return false;
    r->p += 2;
    if (!hex4(r, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static char *put_utf8(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        *out++ = (char)cp;
        return out;
    }
    int more = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    *out++ = (char)(lead[more] | (cp >> (6 * more)));
    while (more-- > 0)
        *out++ = (char)(0x80 | (cp >> (6 * more) & 0x3F));
    return out;
}

static bool escape(struct reader *r, char **out)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    uint32_t cp;

    if (r->p == r->end)
        return false;
    char c = *r->p++;
    if (c == 'u') {
        if (!code_point(r, &cp))
            return false;
        *out = put_utf8(*out, cp);
        return true;
    }
    const char *at = c != '\0' ? strchr(names, c) : NULL;
    if (at == NULL)
        return false;
    *(*out)++ = means[at - names];
    return true;
}

/* NULL: not a string. The closing quote becomes the NUL. */
static const char *string(struct reader *r)
{
    if (!take(r, '"'))
        return NULL;
    char *from = r->p, *out;
    while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= ' ')
        r->p++;
    for (out = r->p; r->p < r->end && *r->p != '"';) {
        if ((unsigned char)*r->p < ' ')
            return NULL;
        if (*r->p != '\\') {
            *out++ = *r->p++;
            continue;
        }
        r->p++;
        if (!escape(r, &out))
            return NULL;
    }
    if (r->p == r->end)
        return NULL;
    r->p++;
    *out = '\0';
    return from;
}

/* ---- members ---- */

/* A number, true, false or null. */
static bool skip_scalar(struct reader *r)
{
    char *from = r->p;

    while (r->p < r->end && strchr("+-.0123456789eEtrufalsn", *r->p) != NULL && *r->p != '\0')
        r->p++;
    return r->p > from;
}

static void add(struct json_flat *f, const char *key, const char *value)
{
    if (f->n == f->cap) {
        f->cap = f->cap * 2 + 16;
        f->pairs = reallocarray(f->pairs, f->cap, sizeof *f->pairs);
        if (f->pairs == NULL)
            panic("out of memory");
    }
    f->pairs[f->n++] = (struct json_pair){key, value};
}

static bool member(struct json_flat *f, struct reader *r)
{
    const char *key = string(r);

    if (key == NULL || !take(r, ':'))
        return false;
    skip_blanks(r);
    if (r->p == r->end || *r->p != '"')
        return skip_scalar(r);
    const char *value = string(r);
    if (value == NULL)
        return false;
    add(f, key, value);
    return true;
}

static bool object(struct json_flat *f, struct reader *r)
{
    if (!take(r, '{'))
        return false;
    if (take(r, '}'))
        return true;
    do
        if (!member(f, r))
            return false;
    while (take(r, ','));
    return take(r, '}');
}

int json_flat_parse(struct json_flat *f, char *text, size_t len, struct err *e)
{
    struct reader r = {.p = text, .end = text + len};

    f->n = 0;
    bool ok = object(f, &r);
    skip_blanks(&r);
    if (ok && r.p == r.end)
        return 0;
    f->n = 0;
    return err_set(e, ERR_DATA, NULL, "a row that is no JSON object of texts (byte %zu)",
                   (size_t)(r.p - text));
}

const char *json_flat_get(const struct json_flat *f, const char *key)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->pairs[i].key[0] == key[0] && strcmp(f->pairs[i].key, key) == 0)
            return f->pairs[i].value;
    return "";
}
