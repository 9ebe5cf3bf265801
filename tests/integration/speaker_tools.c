/*
 * speaker_tools: digests and encodings of the speakers, straight from libcrypto: the sandbox has its own.
 */
#include <check.h>
#include <ctype.h>
#include <iconv.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "speakers.h"

/* Tests are processes of their own: what is not freed goes with them. Kept in a list, so that no leak checker complains. */
static struct kept {
    struct kept *next;
    char text[];
} * kept;

static char *keep(size_t len)
{
    struct kept *k = calloc(1, sizeof *k + len + 1);

    ck_assert_ptr_nonnull(k);
    k->next = kept;
    kept = k;
    return k->text;
}

char *text_of(const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = keep((size_t)n);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

static char *percent_bytes(const char *s, size_t len)
{
    char *out = keep(3 * len), *at = out;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c)))
            *at++ = (char)c;
        else
            at += sprintf(at, "%%%02X", c);
    }
    return out;
}

char *percent(const char *s)
{
    return percent_bytes(s, strlen(s));
}

char *gbk_percent(const char *s)
{
    size_t left = strlen(s), room = 2 * left;
    char *in = text_of("%s", s), *out = keep(room), *at = out;
    iconv_t cd = iconv_open("GBK", "UTF-8");

    ck_assert_uint_ne(iconv(cd, &in, &left, &at, &room), (size_t)-1);
    iconv_close(cd);
    return percent_bytes(out, (size_t)(at - out));
}

static char *hex_of(const unsigned char *data, size_t len)
{
    char *out = keep(2 * len);

    for (size_t i = 0; i < len; i++)
        sprintf(out + 2 * i, "%02x", data[i]);
    return out;
}

static char *digest_hex(const EVP_MD *md, const char *s)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len;

    ck_assert_int_eq(EVP_Digest(s, strlen(s), out, &len, md, NULL), 1);
    return hex_of(out, len);
}

char *md5_hex(const char *s)
{
    return digest_hex(EVP_md5(), s);
}

char *sha256_hex(const char *s)
{
    return digest_hex(EVP_sha256(), s);
}

char *hmac_sha256_hex(const char *key, const char *s)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len;

    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)s, strlen(s), out, &len);
    return hex_of(out, len);
}

char *base64_of(const void *data, size_t len)
{
    char *out = keep((len + 2) / 3 * 4);

    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    return out;
}

char *hmac_sha1_base64(const char *key, const char *s)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len;

    HMAC(EVP_sha1(), key, (int)strlen(key), (const unsigned char *)s, strlen(s), out, &len);
    return base64_of(out, len);
}

char *time_text(int64_t at_ms, int zone_min, const char *format)
{
    time_t t = (time_t)(at_ms / 1000 + zone_min * 60);
    char *out = keep(32);
    struct tm tm;

    gmtime_r(&t, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    strftime(out, 32, format, &tm);
#pragma GCC diagnostic pop
    return out;
}
