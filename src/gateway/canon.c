/*
 * canon: see canon.h. Whatever comes in is decoded first and encoded again by RFC 3986 (unreserved
 * characters stay, upper-case digits), because providers do the same with what they receive.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "canon.h"
#include "zhanchi/civil.h"
#include "zhanchi/template.h"

/* ---- names and values ---- */

void pairs_init(struct pairs *p)
{
    *p = (struct pairs){.arena = arena_new(4096)};
}

void pairs_fini(struct pairs *p)
{
    arena_free(p->arena);
    free(p->v);
    *p = (struct pairs){0};
}

static void push(struct pairs *p, struct pair pair)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->v = realloc(p->v, p->cap * sizeof *p->v);
        if (p->v == NULL)
            panic("out of memory");
    }
    p->v[p->n++] = pair;
}

void pairs_add(struct pairs *p, const char *name, const char *value)
{
    push(p, (struct pair){name, value, strlen(name), strlen(value)});
}

static int parse_pair(struct pairs *p, const char *text, size_t len, struct buf *tmp,
                      const char *what, struct err *e)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    struct pair pair;

    buf_reset(tmp);
    if (canon_decode(text, name_len, true, tmp, what, e) != 0)
        return -1;
    pair.name_len = tmp->len;
    pair.name = arena_memdup(p->arena, buf_cstr(tmp), tmp->len);
    buf_reset(tmp);
    if (equals && canon_decode(equals + 1, len - name_len - 1, true, tmp, what, e) != 0)
        return -1;
    pair.value_len = tmp->len;
    pair.value = arena_memdup(p->arena, buf_cstr(tmp), tmp->len);
    push(p, pair);
    return 0;
}

int pairs_parse(struct pairs *p, const char *text, size_t len, const char *what, struct err *e)
{
    struct buf tmp;
    int rc = 0;

    buf_init(&tmp, CANON_MAX_BYTES);
    for (size_t at = 0; rc == 0 && at < len;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        if (n > 0)
            rc = parse_pair(p, text + at, n, &tmp, what, e);
        at += n + 1;
    }
    buf_fini(&tmp);
    return rc;
}

const struct pair *pairs_find(const struct pairs *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->v[i].name, name) == 0)
            return &p->v[i];
    return NULL;
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = compare_bytes(x->name, x->name_len, y->name, y->name_len);

    return order ? order : compare_bytes(x->value, x->value_len, y->value, y->value_len);
}

void pairs_sort(struct pairs *p)
{
    if (p->n > 1)
        qsort(p->v, p->n, sizeof *p->v, compare_pairs);
}

void pairs_write(const struct pairs *p, struct buf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        if (i > 0)
            buf_addc(out, '&');
        canon_percent(out, p->v[i].name, p->v[i].name_len);
        buf_addc(out, '=');
        canon_percent(out, p->v[i].value, p->v[i].value_len);
    }
}

/* ---- headers ---- */

static char *lower(char *s)
{
    for (char *c = s; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return s;
}

static char *trimmed(struct arena *a, const char *s)
{
    s += strspn(s, " \t");
    size_t len = strlen(s);
    while (len > 0 && strchr(" \t", s[len - 1]))
        len--;
    return arena_memdup(a, s, len);
}

int headers_parse(struct pairs *p, const char *headers, size_t len,
                  bool (*wanted)(const char *lower_name), struct err *e)
{
    for (size_t at = 0; at < len; at += strlen(headers + at) + 1) {
        const char *colon = strchr(headers + at, ':');
        if (colon == NULL)
            continue;
        size_t name_len = (size_t)(colon - (headers + at));
        char *name = lower(arena_memdup(p->arena, headers + at, name_len));
        if (!wanted(name))
            continue;
        if (pairs_find(p, name))
            return err_set(e, ERR_CONFIG, "write it once", "header %s stands there twice", name);
        pairs_add(p, name, trimmed(p->arena, colon + 1));
    }
    return 0;
}

bool headers_have(const char *headers, size_t len, const char *name)
{
    size_t n = strlen(name);

    for (size_t at = 0; at < len; at += strlen(headers + at) + 1)
        if (strncasecmp(headers + at, name, n) == 0 && headers[at + n] == ':')
            return true;
    return false;
}

void headers_write(const struct pairs *p, struct buf *out)
{
    for (size_t i = 0; i < p->n; i++)
        buf_addf(out, "%s:%s\n", p->v[i].name, p->v[i].value);
}

void headers_list(const struct pairs *p, struct buf *out)
{
    for (size_t i = 0; i < p->n; i++)
        buf_addf(out, "%s%s", i > 0 ? ";" : "", p->v[i].name);
}

/* ---- pieces ---- */

int canon_decode(const char *s, size_t len, bool plus, struct buf *out, const char *what,
                 struct err *e)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)s[i];
        if (s[i] == '%') {
            if (len - i < 3 || crypt_unhex(s + i + 1, 2, &byte, 1) != 1)
                return err_set(e, ERR_DATA, "write %25 for a percent sign",
                               "%s is not percent-encoded at byte %zu", what, i + 1);
            i += 2;
        } else if (plus && s[i] == '+') {
            byte = ' ';
        }
        buf_addc(out, (char)byte);
    }
    return out->failed ? err_set(e, ERR_DATA, NULL, "%s is too long to be signed", what) : 0;
}

void canon_percent(struct buf *out, const void *s, size_t len)
{
    template_escape_url(out, s, len);
}

int canon_path(const char *path, struct buf *out, struct err *e)
{
    struct buf tmp;
    int rc = 0;

    buf_init(&tmp, CANON_MAX_BYTES);
    if (path[0] == '\0')
        path = "/";
    for (size_t n; rc == 0 && *path; path += n) {
        n = strcspn(path, "/");
        buf_reset(&tmp);
        rc = canon_decode(path, n, false, &tmp, "the path", e);
        canon_percent(out, buf_cstr(&tmp), tmp.len);
        if (path[n] == '/') {
            buf_addc(out, '/');
            n++;
        }
    }
    buf_fini(&tmp);
    return rc;
}

void canon_sha256(const void *data, size_t len, char hex[CANON_HEX_SHA256])
{
    uint8_t digest[CRYPT_HASH_BYTES];

    crypt_sha256(len > 0 ? data : "", len, digest);
    crypt_hex(digest, sizeof digest, hex);
}

void canon_hmac_sha256(const void *key, size_t key_len, const struct buf *data,
                       char hex[CANON_HEX_SHA256])
{
    uint8_t mac[CRYPT_HASH_BYTES];

    crypt_hmac_sha256(key, key_len, buf_cstr(data), data->len, mac);
    crypt_hex(mac, sizeof mac, hex);
}

void canon_time(int64_t at_ms, bool basic, char out[CANON_TIME])
{
    char full[32];
    size_t n = 0;

    civil_format_instant(at_ms, 0, full);
    for (size_t i = 0; i < strlen("2024-11-08T03:56:55"); i++)
        if (!basic || (full[i] != '-' && full[i] != ':'))
            out[n++] = full[i];
    out[n++] = 'Z';
    out[n] = '\0';
}

bool canon_token(const char *s)
{
    for (; *s; s++)
        if (*s <= ' ' || *s > '~' || *s == '"' || *s == '\\')
            return false;
    return true;
}

void canon_keep(struct buf *wanted, const struct buf *b)
{
    if (wanted)
        buf_add(wanted, buf_cstr(b), b->len);
}

void canon_wipe_buf(struct buf *b)
{
    if (b->cap > 0)
        crypt_wipe(b->data, b->cap);
    buf_fini(b);
}
