/*
 * json_write: writing straight into a buf; commas place themselves. No tree, no jansson.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/err.h"
#include "zhanchi/json.h"

#define DEPTH_MAX 30

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t sequence(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
               : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                             : 0;

    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

static void escape(struct buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(out, "\\\"", 2);
        break;
    case '\\':
        buf_add(out, "\\\\", 2);
        break;
    case '\n':
        buf_add(out, "\\n", 2);
        break;
    case '\r':
        buf_add(out, "\\r", 2);
        break;
    case '\t':
        buf_add(out, "\\t", 2);
        break;
    default:
        buf_addf(out, "\\u%04x", (unsigned)c);
        break;
    }
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != 0x7F;
}

void json_quote(struct buf *out, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t i = 0, from = 0;

    buf_addc(out, '"');
    while (i < len) {
        if (plain(p[i])) {
            i++;
            continue;
        }
        size_t n = p[i] >= 0x80 ? sequence(p + i, len - i) : 0;
        if (n > 0) {
            i += n;
            continue;
        }
        buf_add(out, s + from, i - from);
        if (p[i] >= 0x80)
            buf_adds(out, "\xEF\xBF\xBD");
        else
            escape(out, p[i]);
        from = ++i;
    }
    buf_add(out, s + from, i - from);
    buf_addc(out, '"');
}

void json_w_init(struct json_w *w, struct buf *out)
{
    *w = (struct json_w){.out = out};
}

/* Before any value: a comma unless it is the first of its bracket or follows its key. */
static void before(struct json_w *w)
{
    uint32_t bit = UINT32_C(1) << w->depth;

    if (w->after_key)
        w->after_key = false;
    else if (w->filled & bit)
        buf_addc(w->out, ',');
    w->filled |= bit;
}

void json_w_open(struct json_w *w, char bracket)
{
    before(w);
    if (w->depth >= DEPTH_MAX)
        panic("json_w: nested too deeply");
    buf_addc(w->out, bracket);
    w->depth++;
    w->filled &= ~(UINT32_C(1) << w->depth);
}

void json_w_close(struct json_w *w, char bracket)
{
    if (w->depth == 0)
        panic("json_w: closed more often than opened");
    w->depth--;
    buf_addc(w->out, bracket);
}

void json_w_key(struct json_w *w, const char *key)
{
    before(w);
    json_quote(w->out, key, strlen(key));
    buf_addc(w->out, ':');
    w->after_key = true;
}

void json_w_strn(struct json_w *w, const char *s, size_t len)
{
    before(w);
    json_quote(w->out, s, len);
}

void json_w_str(struct json_w *w, const char *s)
{
    json_w_strn(w, s, strlen(s));
}

void json_w_int(struct json_w *w, int64_t v)
{
    before(w);
    buf_addf(w->out, "%lld", (long long)v);
}

void json_w_real(struct json_w *w, double v)
{
    before(w);
    if (isfinite(v))
        buf_addf(w->out, "%.17g", v);
    else
        buf_adds(w->out, "null");
}

void json_w_micro(struct json_w *w, int64_t v)
{
    before(w);
    buf_add_micro(w->out, v);
}

void json_w_bool(struct json_w *w, bool v)
{
    before(w);
    buf_adds(w->out, v ? "true" : "false");
}

void json_w_null(struct json_w *w)
{
    before(w);
    buf_adds(w->out, "null");
}

void json_w_day(struct json_w *w, int32_t day)
{
    char text[11];

    if (day == CIVIL_NONE)
        json_w_null(w);
    else
        json_w_str(w, civil_format(day, text));
}
