/*
 * charset: see charset.h.
 *
 * Called by src/table (files in, through charset_run) and src/gateway (requests out, through
 * charset_convert).
 */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/charset.h"

struct charset {
    iconv_t cd;
};

struct charset *charset_open(const char *to, const char *from, struct err *e)
{
    iconv_t cd = iconv_open(to, from);

    if (cd == (iconv_t)-1) {
        err_errno(e, ERR_OS, "install the C library's gconv modules",
                  "this system cannot turn %s into %s", from, to);
        return NULL;
    }
    struct charset *c = malloc(sizeof *c);
    if (c == NULL)
        panic("out of memory");
    c->cd = cd;
    return c;
}

void charset_close(struct charset *c)
{
    if (c == NULL)
        return;
    iconv_close(c->cd);
    free(c);
}

enum charset_status charset_run(struct charset *c, const char **in, size_t *in_left, char **out,
                                size_t *out_left)
{
    char *from = (char *)*in; /* iconv's prototype; it does not write there */
    size_t rc = iconv(c->cd, &from, in_left, out, out_left);

    *in = from;
    if (rc == 0)
        return CHARSET_ALL;
    if (rc != (size_t)-1)
        return CHARSET_BAD; /* something was replaced by its like */
    return errno == EINVAL ? CHARSET_PART : errno == E2BIG ? CHARSET_FULL : CHARSET_BAD;
}

/* ---- whole texts ---- */

static size_t utf8_step(unsigned char lead)
{
    return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* One character, by itself: glibc drops tag characters (U+E0000) without a word, and its GBK is
 * Microsoft's code page 936, whose euro sign is a single byte that other readers refuse. */
static bool convert_one(struct charset *c, const char *utf8, size_t len, struct buf *out)
{
    char bytes[16], *to = bytes;
    size_t room = sizeof bytes;
    bool ascii = len == 1;

    if (charset_run(c, &utf8, &len, &to, &room) != CHARSET_ALL || to == bytes)
        return false;
    if (!ascii && to - bytes == 1)
        return false;
    buf_add(out, bytes, (size_t)(to - bytes));
    return true;
}

int charset_convert(const char *to, const char *utf8, size_t len, struct buf *out, struct err *e)
{
    struct charset *c = charset_open(to, "UTF-8", e);
    size_t before = out->len, count = 0, at = 0;
    bool good = true;

    if (c == NULL)
        return -1;
    while (good && at < len && !out->failed) {
        size_t n = utf8_step((unsigned char)utf8[at]);
        good = n <= len - at && convert_one(c, utf8 + at, n, out);
        at += n;
        count++;
    }
    charset_close(c);
    if (good && !out->failed)
        return 0;
    out->len = before;
    if (out->data != NULL)
        out->data[before] = '\0';
    if (!good)
        return err_set(e, ERR_DATA, "use a character that the provider's encoding has",
                       "character %zu of a text is not in %s", count, to);
    return err_set(e, ERR_DATA, "shorten the text", "a text in %s has no room", to);
}

int charset_decode(const char *from, const char *s, size_t len, struct buf *out, struct err *e)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    enum charset_status status = CHARSET_FULL;
    size_t before = out->len;
    char block[1024];

    if (from[0] == '\0' ||
        from[strspn(from, letters)] != '\0') /* iconv's names may hold orders: //TRANSLIT */
        return err_set(e, ERR_DATA, NULL, "this is no name of an encoding");
    struct charset *c = charset_open("UTF-8", from, e);
    if (c == NULL)
        return err_set(e, ERR_DATA, NULL, "%s is not known here", from);
    while (status == CHARSET_FULL) {
        char *to = block;
        size_t room = sizeof block;
        status = charset_run(c, &s, &len, &to, &room);
        buf_add(out, block, (size_t)(to - block));
    }
    charset_close(c);
    if (status == CHARSET_ALL && !out->failed)
        return 0;
    out->len = before;
    if (out->data != NULL)
        out->data[before] = '\0';
    return err_set(e, ERR_DATA, NULL, "a text is not in %s, or too long", from);
}
