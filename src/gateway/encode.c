/*
 * encode: see encode.h. An encoding is a row of the table below and one function.
 *
 * Called for recipes and bodies of profiles.
 */
#include <stdbool.h>
#include <string.h>
#include "encode.h"
#include "zhanchi/charset.h"
#include "zhanchi/template.h"

struct encode_step {
    const char *name;
    const char *charset; /* iconv's name: wants UTF-8 and gives bytes */
    const char *digest;  /* crypt_method's name: bytes in, bytes out */
    void (*run)(const char *in, size_t len, struct buf *out); /* bytes in, ASCII out */
};

static bool gives_bytes(const struct encode_step *s)
{
    return s->charset || s->digest;
}

static void run_hex(const char *in, size_t len, struct buf *out)
{
    char hex[3];

    for (size_t i = 0; i < len; i++) {
        crypt_hex(in + i, 1, hex);
        buf_add(out, hex, 2);
    }
}

/* The hex digits that a step has written from `from` on: all of them, or those behind a %. */
static void change_case(struct buf *out, size_t from, bool behind_percent, int shift, char a,
                        char z)
{
    for (size_t i = from; i < out->len; i++) {
        char *c = out->data + i;
        bool digit =
            !behind_percent || (i >= from + 1 && c[-1] == '%') || (i >= from + 2 && c[-2] == '%');
        if (digit && *c >= a && *c <= z)
            *c = (char)(*c + shift);
    }
}

static void run_hex_upper(const char *in, size_t len, struct buf *out)
{
    size_t from = out->len;

    run_hex(in, len, out);
    change_case(out, from, false, 'A' - 'a', 'a', 'f');
}

static void run_base64(const char *in, size_t len, struct buf *out)
{
    if (crypt_base64(in, len, out) != 0)
        out->failed = true;
}

static void run_percent(const char *in, size_t len, struct buf *out)
{
    template_escape_url(out, in, len);
}

static void run_percent_lower(const char *in, size_t len, struct buf *out)
{
    size_t from = out->len;

    run_percent(in, len, out);
    change_case(out, from, true, 'a' - 'A', 'A', 'F');
}

static const struct encode_step steps[] = {
    {"gbk", "GBK", NULL, NULL},           {"gb18030", "GB18030", NULL, NULL},
    {"utf-16be", "UTF-16BE", NULL, NULL}, {"hex", NULL, NULL, run_hex},
    {"HEX", NULL, NULL, run_hex_upper},   {"base64", NULL, NULL, run_base64},
    {"percent", NULL, NULL, run_percent}, {"percent-lower", NULL, NULL, run_percent_lower},
    {"md5", NULL, "md5", NULL},           {"sha1", NULL, "sha1", NULL},
    {"sha256", NULL, "sha256", NULL},     {"sm3", NULL, "sm3", NULL},
};
#define N_STEPS (sizeof steps / sizeof steps[0])

const char *encode_name(size_t i)
{
    return i < N_STEPS ? steps[i].name : NULL;
}

static int unknown(const char *name, struct err *e)
{
    struct buf all;

    buf_init(&all, sizeof e->remedy);
    buf_adds(&all, "use one of");
    for (size_t i = 0; i < N_STEPS; i++)
        buf_addf(&all, " %s", encode_name(i));
    err_set(e, ERR_CONFIG, buf_cstr(&all), "there is no encoding \"%s\"", name);
    buf_fini(&all);
    return -1;
}

int encode_add(struct encode_chain *c, const char *name, struct err *e)
{
    const struct encode_step *found = NULL, *last = c->n > 0 ? c->steps[c->n - 1] : NULL;

    for (size_t i = 0; found == NULL && i < N_STEPS; i++)
        if (strcmp(steps[i].name, name) == 0)
            found = &steps[i];
    if (found == NULL)
        return unknown(name, e);
    if (found->charset && last && gives_bytes(last))
        return err_set(e, ERR_CONFIG, "name one of the two",
                       "encoding %s wants text, but %s gives bytes", name, last->name);
    if (c->n == ENCODE_STEPS_MAX)
        return err_set(e, ERR_CONFIG, NULL, "more than %d encodings in a row", ENCODE_STEPS_MAX);
    if (found->digest && !crypt_method_find(found->digest, &c->digests[c->n]))
        return err_set(e, ERR_CONFIG, "is the library in FIPS mode?",
                       "this system's libcrypto does not offer %s", name);
    c->steps[c->n++] = found;
    return 0;
}

static void run_digest(struct crypt_method m, const char *in, size_t len, struct buf *out)
{
    uint8_t digest[CRYPT_METHOD_BYTES];

    buf_add(out, digest, crypt_method_run(m, NULL, 0, in, len, digest));
}

static int run_step(const struct encode_chain *c, size_t i, const char *in, size_t len,
                    struct buf *out, struct err *e)
{
    const struct encode_step *s = c->steps[i];

    if (s->charset)
        return charset_convert(s->charset, in, len, out, e);
    if (s->digest)
        run_digest(c->digests[i], in, len, out);
    else
        s->run(in, len, out);
    return out->failed
               ? err_set(e, ERR_DATA, "shorten the text", "a text as %s has no room", s->name)
               : 0;
}

int encode_run(const struct encode_chain *c, const char *in, size_t len, struct buf *out,
               struct err *e)
{
    struct buf between[2];
    size_t before = out->len;
    int rc = 0;

    if (c->n == 0 && buf_add(out, in, len) != 0)
        rc = err_set(e, ERR_DATA, "shorten the text", "a text has no room");
    buf_init(&between[0], out->max);
    buf_init(&between[1], out->max);
    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        struct buf *into = i + 1 < c->n ? &between[i % 2] : out;
        buf_reset(&between[i % 2]);
        rc = run_step(c, i, in, len, into, e);
        in = buf_cstr(into);
        len = into->len;
    }
    buf_fini(&between[0]);
    buf_fini(&between[1]);
    if (rc != 0 && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
    return rc;
}

bool encode_ends_in(const struct encode_chain *c, const char *name)
{
    return c->n > 0 && strcmp(c->steps[c->n - 1]->name, name) == 0;
}
