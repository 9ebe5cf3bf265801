/*
 * wire: see wire.h. Called by the dialects.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dialect.h"
#include "digest.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"

/* ---- fields ---- */

static void fields_add(struct arena *a, struct fields *f, const char *name, const char *value)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 16;
        struct field *v = arena_alloc(a, cap * sizeof *v);
        if (f->n)
            memcpy(v, f->v, f->n * sizeof *v);
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n++] = (struct field){name, value};
}

void fields_read(struct arena *a, struct fields *f, const char *text, size_t len)
{
    for (const char *end = text + len, *p = text, *next; p < end; p = next + 1) {
        next = memchr(p, '&', (size_t)(end - p));
        if (next == NULL)
            next = end;
        const char *equals = memchr(p, '=', (size_t)(next - p));
        if (next == p)
            continue;
        if (equals == NULL)
            equals = next;
        const char *value = equals < next ? equals + 1 : next;
        fields_add(a, f, wire_unpercent(a, p, (size_t)(equals - p), true),
                   wire_unpercent(a, value, (size_t)(next - value), true));
    }
}

const char *fields_get(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->v[i].name, name) == 0)
            return f->v[i].value;
    return NULL;
}

static int compare_fields(const void *a, const void *b)
{
    const struct field *x = a, *y = b;
    int by_name = strcmp(x->name, y->name);

    return by_name ? by_name : strcmp(x->value, y->value);
}

void fields_sort(struct fields *f)
{
    if (f->n)
        qsort(f->v, f->n, sizeof *f->v, compare_fields);
}

/* ---- encodings ---- */

void wire_percent(struct buf *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c)) && c != '\0')
            buf_addc(out, (char)c);
        else
            buf_addf(out, "%%%02X", (unsigned)c);
    }
}

char *wire_unpercent(struct arena *a, const char *s, size_t len, bool plus)
{
    char *text = arena_alloc(a, len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t byte;
        if (s[i] == '%' && i + 2 < len && crypt_unhex(s + i + 1, 2, &byte, 1) == 1) {
            text[n++] = (char)byte;
            i += 2;
        } else {
            text[n++] = plus && s[i] == '+' ? ' ' : s[i];
        }
    }
    return text;
}

void wire_form(struct buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (out->len)
        buf_addc(out, '&');
    buf_addf(out, "%s=", name);
    wire_percent(out, value, strlen(value));
}

void wire_member(struct buf *out, const char *key, const char *value)
{
    if (value == NULL)
        return;
    if (out->len && out->data[out->len - 1] != '{')
        buf_addc(out, ',');
    buf_addf(out, "\"%s\":", key);
    json_quote(out, value, strlen(value));
}

void wire_json(struct buf *out, const struct json *node)
{
    enum json_type type = json_type_of(node);
    const struct json *value;
    const char *key;
    char tmp[40];
    void *iter = NULL;

    if (type == J_ARRAY) {
        buf_addc(out, '[');
        for (size_t i = 0; i < json_count(node); i++) {
            buf_adds(out, i ? "," : "");
            wire_json(out, json_item(node, i));
        }
        buf_addc(out, ']');
    } else if (type == J_OBJECT) {
        buf_addc(out, '{');
        for (bool more = false; json_each(node, &iter, &key, &value); more = true) {
            buf_adds(out, more ? "," : "");
            json_quote(out, key, strlen(key));
            buf_addc(out, ':');
            wire_json(out, value);
        }
        buf_addc(out, '}');
    } else {
        const char *text = json_text(node, tmp);
        if (type == J_STRING)
            json_quote(out, text, strlen(text));
        else
            buf_adds(out, text ? text : "null");
    }
}

/* ---- headers ---- */

const char *wire_attribute(struct arena *a, const char *header, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = header; p && (p = strstr(p, name)) != NULL; p += len) {
        if (p[len] != '=' || (p > header && p[-1] != ' ' && p[-1] != ','))
            continue;
        const char *value = p + len + 1;
        if (*value == '"')
            return arena_memdup(a, value + 1, strcspn(value + 1, "\""));
        return arena_memdup(a, value, strcspn(value, ", "));
    }
    return NULL;
}

bool wire_lists(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = list; *p; p += strcspn(p, ";"), p += *p == ';')
        if (strncmp(p, name, len) == 0 && (p[len] == ';' || p[len] == '\0'))
            return true;
    return false;
}

bool wire_headers(const struct request *r, const char *list, struct buf *out)
{
    char name[128];

    for (const char *p = list; *p; p += strcspn(p, ";"), p += *p == ';') {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(p, ";"), p);
        const char *value = r->header(r->ctx, name);
        if (value == NULL)
            return false;
        while (isspace((unsigned char)*value))
            value++;
        size_t len = strlen(value);
        while (len && isspace((unsigned char)value[len - 1]))
            len--;
        buf_addf(out, "%s:%.*s\n", name, (int)len, value);
    }
    return true;
}

/* The query sorted and encoded anew; names: the names are encoded, too. */
void wire_query(struct arena *a, const char *query, bool names, struct buf *out)
{
    struct fields f = {0};

    fields_read(a, &f, query, strlen(query));
    fields_sort(&f);
    for (size_t i = 0; i < f.n; i++) {
        buf_adds(out, i ? "&" : "");
        if (names)
            wire_percent(out, f.v[i].name, strlen(f.v[i].name));
        else
            buf_adds(out, f.v[i].name);
        buf_addc(out, '=');
        wire_percent(out, f.v[i].value, strlen(f.v[i].value));
    }
}

bool wire_same(const char *a, const char *b)
{
    return a && b && strlen(a) == strlen(b) && crypt_equal(a, b, strlen(a));
}

/* ---- signing ---- */

void wire_sha256(const void *data, size_t len, char hex[WIRE_HEX])
{
    uint8_t digest[CRYPT_HASH_BYTES];

    crypt_sha256(data, len, digest);
    crypt_hex(digest, sizeof digest, hex);
}

void wire_hmac(const char *key, const void *data, size_t len, char hex[WIRE_HEX])
{
    uint8_t digest[CRYPT_HASH_BYTES];

    crypt_hmac_sha256(key, strlen(key), data, len, digest);
    crypt_hex(digest, sizeof digest, hex);
}

void wire_md5(const struct buf *text, char hex[WIRE_HEX])
{
    uint8_t digest[MD5_BYTES];

    digest_md5(buf_cstr(text), text->len, digest);
    crypt_hex(digest, sizeof digest, hex);
}

/* ---- numbers and times ---- */

const char *wire_number(struct arena *a, const char *given)
{
    const char *bare = given;

    if (strncmp(bare, "00", 2) == 0)
        bare += 2;
    else if (*bare == '+')
        bare++;
    if (strlen(bare) == 13 && strncmp(bare, "861", 3) == 0)
        return arena_strdup(a, bare + 2);
    return given;
}

char *wire_time(int64_t at_ms, int zone_min, const char *format, char out[WIRE_TIME])
{
    time_t t = (time_t)(at_ms / 1000 + zone_min * 60);
    struct tm tm;

    gmtime_r(&t, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    out[strftime(out, WIRE_TIME, format, &tm)] = '\0';
#pragma GCC diagnostic pop
    return out;
}

int wire_utc(const char *s, int64_t *at_ms)
{
    int y, mo, d, h, mi, sec;
    char z;

    if (s == NULL)
        return -1;
    if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%c", &y, &mo, &d, &h, &mi, &sec, &z) != 7 &&
        sscanf(s, "%4d%2d%2dT%2d%2d%2d%c", &y, &mo, &d, &h, &mi, &sec, &z) != 7)
        return -1;
    if (z != 'Z' || !civil_valid(y, mo, d) || h > 23 || mi > 59 || sec > 60)
        return -1;
    *at_ms = civil_at_ms(civil_day(y, mo, d), h * 60 + mi, 0) + sec * 1000;
    return 0;
}

int64_t wire_seconds(const char *s)
{
    const long long far = 100000000000;
    long long seconds = strtoll(s, NULL, 10);

    return (seconds < -far ? -far : seconds > far ? far : seconds) * 1000;
}

char *wire_uuid(uint64_t n, char out[37])
{
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[WIRE_HEX];

    crypt_sha256(&n, sizeof n, digest);
    crypt_hex(digest, sizeof digest, hex);
    snprintf(out, 37, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
    return out;
}
