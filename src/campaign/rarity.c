/*
 * rarity: how rare the rarest character of a text is, so that a preview shows the text in which it stands. What GB2312 has is common, then
 * what GBK has, then the rest of the BMP, then what takes two UTF-16 units, then private use. Asked of the C library once a character.
 *
 * Caller: preview.c.
 */
#include <stdlib.h>
#include "zhanchi/charset.h"
#include "zhanchi/utf8.h"
#include "internal.h"

enum { UNKNOWN, COMMON, OF_GBK, OF_BMP, BEYOND, PRIVATE };

struct rarity {
    struct charset *gb2312, *gbk; /* NULL: the system lacks it */
    uint8_t class[65536];
};

struct rarity *rarity_new(void)
{
    struct rarity *r = calloc(1, sizeof *r);
    struct err none;

    if (r == NULL)
        panic("out of memory");
    r->gb2312 = charset_open("GB2312", "UTF-8", &none);
    r->gbk = charset_open("GBK", "UTF-8", &none);
    return r;
}

void rarity_free(struct rarity *r)
{
    charset_close(r->gb2312);
    charset_close(r->gbk);
    free(r);
}

static bool has(struct charset *c, const char *s, size_t len)
{
    char out[8], *to = out;
    size_t left = sizeof out;

    return c != NULL && charset_run(c, &s, &len, &to, &left) == CHARSET_ALL;
}

static uint8_t class_of(struct rarity *r, uint32_t cp, const char *s, size_t len)
{
    if (cp >= 65536)
        return BEYOND;
    if (r->class[cp] == UNKNOWN)
        r->class[cp] = cp >= 0xE000 && cp <= 0xF8FF ? PRIVATE
                       : has(r->gb2312, s, len)     ? COMMON
                       : has(r->gbk, s, len)        ? OF_GBK
                                                    : OF_BMP;
    return r->class[cp];
}

int rarity_of(struct rarity *r, const char *s, size_t len)
{
    int worst = COMMON, n = 0;

    for (size_t i = 0; i < len;) {
        size_t at = i;
        uint32_t cp = utf8_next(s, len, &i);
        int class = cp < 0x80 ? COMMON : class_of(r, cp, s + at, i - at);
        n = class > worst ? 1 : n + (class == worst);
        worst = class > worst ? class : worst;
    }
    return worst == COMMON ? 0 : worst * 1000 + (n < 999 ? n : 999);
}
