/*
 * utf8: see utf8.h. Validation by the ranges of the Unicode standard, table 3-7.
 *
 * Invariant: whatever the bytes, no function reads beyond s + len, and every step advances; on text
 * that is not valid the values mean nothing, but nothing breaks. Readers validate once (table.h),
 * everything above relies on it.
 *
 * Called everywhere that text is looked at character by character.
 */
#include <string.h>
#include "zhanchi/utf8.h"

/* Length of the valid sequence at s[i], 0 if there is none. */
static size_t sequence(const unsigned char *s, size_t len, size_t i)
{
    unsigned char c = s[i];
    size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    if (n == 0 || n > len - i)
        return 0;
    for (size_t k = 1; k < n; k++)
        if ((s[i + k] & 0xC0) != 0x80)
            return 0;
    if (n > 2) {
        unsigned char d = s[i + 1];
        if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) ||
            (c == 0xF4 && d > 0x8F))
            return 0;
    }
    return n;
}

bool utf8_valid(const char *s, size_t len, size_t *bad)
{
    const unsigned char *p = (const unsigned char *)s;

    for (size_t i = 0; i < len;) {
        size_t n = p[i] < 0x80 ? 1 : sequence(p, len, i);
        if (n == 0) {
            if (bad != NULL)
                *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

uint32_t utf8_next(const char *s, size_t len, size_t *i)
{
    const unsigned char *p = (const unsigned char *)s + *i;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

    if (n > len - *i) { /* not valid UTF-8 after all: one byte at a time, never beyond the end */
        (*i)++;
        return 0xFFFD;
    }
    *i += n;
    switch (n) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3Fu);
    default:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
               (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3Fu);
    }
}

int utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t utf8_count(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80 ? 1u : 0u;
    return n;
}

size_t utf8_utf16_units(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += (((unsigned char)s[i] & 0xC0) != 0x80 ? 1u : 0u) +
             ((unsigned char)s[i] >= 0xF0 ? 1u : 0u);
    return n;
}

bool utf8_invisible(uint32_t cp)
{
    return cp == 0x00AD || cp == 0x061C || cp == 0x180E || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x2064) ||
           (cp >= 0x2066 && cp <= 0x206F) || cp == 0xFEFF;
}

bool utf8_blank(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

static uint32_t fold(uint32_t cp)
{
    if (cp >= 0xFF01 && cp <= 0xFF5E)
        return cp - 0xFEE0;
    return cp == 0x3000 || cp == 0xA0 ? ' ' : cp;
}

bool utf8_fold(const char *s, size_t len, struct buf *out)
{
    size_t from = out->len, end = out->len; /* end: behind the last character that is no blank */
    char bytes[4];

    for (size_t i = 0; i < len;) {
        uint32_t cp = utf8_next(s, len, &i);
        if (utf8_invisible(cp) || (utf8_blank(cp) && out->len == from))
            continue;
        int n = utf8_put(bytes, fold(cp));
        buf_add(out, bytes, (size_t)n);
        if (!utf8_blank(cp))
            end = out->len;
    }
    out->len = end;
    if (out->data != NULL)
        out->data[end] = '\0';
    return end - from != len || (len > 0 && memcmp(out->data + from, s, len) != 0);
}
