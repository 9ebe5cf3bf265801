/*
 * scheme_callbacks: what providers put on their calls to us: Twilio's and Yunpian's signatures, HTTP
 * Basic; and what all checks share. Source: Twilio's "webhook security" and its SDK's validator
 * (tests/interop); Yunpian's "push of replies"; RFC 7617.
 */
#include <string.h>
#include <strings.h>
#include "canon.h"
#include "schemes.h"

/* ---- shared ---- */

int scheme_refuse(struct err *e, const char *why)
{
    return err_set(e, ERR_PERM, NULL, "a callback %s", why);
}

int scheme_has_secret(const struct scheme_callback *c, struct err *e)
{
    if (c->secret_len > 0)
        return 0;
    return err_set(e, ERR_CONFIG, "give the secret that the provider signs with",
                   "a callback cannot be verified without a secret");
}

bool scheme_same(const char *given, const char *expected, size_t len)
{
    return strlen(given) == len && crypt_equal(given, expected, len);
}

bool scheme_url_split(const char *url, struct scheme_url *out)
{
    const char *colon = url ? strstr(url, "://") : NULL;

    if (colon == NULL || colon == url)
        return false;
    const char *from = colon + 3, *end = from + strcspn(from, "/?#"), *at = end, *port;
    while (at > from && at[-1] != '@') /* no user in front, please; but do not stumble over one */
        at--;
    for (port = end; port > at && port[-1] != ':' && port[-1] != ']'; port--)
        ;
    *out = (struct scheme_url){.start = url, .host_at = (size_t)(at - url), .path = end};
    out->port_end = (size_t)(end - url);
    out->host_end = port > at && port[-1] == ':' ? (size_t)(port - 1 - url) : out->port_end;
    out->path_len = strcspn(end, "?#");
    out->query = end[out->path_len] == '?' ? end + out->path_len + 1 : "";
    return out->host_end > out->host_at;
}

static void add_port(const struct scheme_url *u, struct buf *out)
{
    if (u->port_end > u->host_end)
        buf_add(out, u->start + u->host_end, u->port_end - u->host_end);
    else
        buf_adds(out, strncasecmp(u->start, "https:", 6) == 0 ? ":443" : ":80");
}

void scheme_url_host(const struct scheme_url *u, bool port, struct buf *out)
{
    buf_add(out, u->start + u->host_at, u->host_end - u->host_at);
    if (port)
        add_port(u, out);
}

void scheme_url_write(const struct scheme_url *u, bool port, struct buf *out)
{
    buf_add(out, u->start, u->host_end);
    if (port)
        add_port(u, out);
    buf_adds(out, u->path);
}

/* ---- Twilio ---- */

/* The form's names and values, sorted; a value that a name has twice counts once. */
static void twilio_params(const struct pairs *form, struct buf *out)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct pair *p = &form->v[i], *before = i > 0 ? p - 1 : NULL;
        if (before && before->name_len == p->name_len && before->value_len == p->value_len &&
            memcmp(before->name, p->name, p->name_len) == 0 &&
            memcmp(before->value, p->value, p->value_len) == 0)
            continue;
        buf_add(out, p->name, p->name_len);
        buf_add(out, p->value, p->value_len);
    }
}

static bool twilio_signed(const struct scheme_callback *c, const struct scheme_url *url, bool port,
                          const struct pairs *form, const char *given)
{
    uint8_t mac[CRYPT_METHOD_BYTES];
    struct buf data, expected;

    buf_init(&data, CANON_MAX_BYTES);
    buf_init(&expected, 64);
    scheme_url_write(url, port, &data);
    twilio_params(form, &data);
    size_t n = crypt_method_run((struct crypt_method){CRYPT_SHA1, true}, c->secret, c->secret_len,
                                buf_cstr(&data), data.len, mac);
    crypt_base64(mac, n, &expected);
    bool same = !data.failed && scheme_same(given, buf_cstr(&expected), expected.len);
    buf_fini(&expected);
    buf_fini(&data);
    return same;
}

static bool is_form(const struct scheme_callback *c)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = c->header(c->ctx, "Content-Type");

    return type && strncasecmp(type, form, sizeof form - 1) == 0 &&
           strchr("; \t", type[sizeof form - 1]);
}

/* The body, where it is not a form, is signed by its hash in the URL. */
static int twilio_body(const struct scheme_callback *c, const struct scheme_url *url,
                       struct pairs *form, struct err *e)
{
    char hash[CANON_HEX_SHA256];
    struct pairs query;
    int rc = 0;

    pairs_init(&query);
    if (pairs_parse(&query, url->query, strlen(url->query), "the query", e) != 0) {
        pairs_fini(&query);
        return scheme_refuse(e, "cannot be read");
    }
    const struct pair *said = pairs_find(&query, "bodySHA256");
    if (said) {
        canon_sha256(c->body, c->body_len, hash);
        if (!scheme_same(said->value, hash, sizeof hash - 1))
            rc = scheme_refuse(e, "bears another body's hash");
    } else if (c->body_len > 0 && !is_form(c)) {
        rc = scheme_refuse(e, "has a body that its signature does not cover");
    } else if (pairs_parse(form, c->body, c->body_len, "the form", e) != 0) {
        rc = scheme_refuse(e, "cannot be read");
    }
    pairs_fini(&query);
    return rc;
}

int scheme_verify_twilio(const struct scheme_callback *c, struct err *e)
{
    const char *given = c->header(c->ctx, "X-Twilio-Signature");
    struct scheme_url url;
    struct pairs form;

    if (scheme_has_secret(c, e) != 0)
        return -1;
    if (given == NULL)
        return scheme_refuse(e, "bears no signature");
    if (!scheme_url_split(c->url, &url))
        return scheme_refuse(e, "came to an address that is no URL");
    pairs_init(&form);
    int rc = twilio_body(c, &url, &form, e);
    if (rc == 0) {
        pairs_sort(&form);
        if (!twilio_signed(c, &url, false, &form, given) &&
            !twilio_signed(c, &url, true, &form, given))
            rc = scheme_refuse(e, "bears a wrong signature");
    }
    pairs_fini(&form);
    return rc;
}

/* ---- Yunpian ---- */

static int yunpian_values(const struct json *object, struct pairs *out, struct err *e)
{
    void *iter = NULL;
    const char *key;
    const struct json *value;
    char tmp[40];

    while (json_each(object, &iter, &key, &value)) {
        const char *text = json_text(value, tmp);
        if (strcmp(key, "_sign") == 0)
            continue;
        if (text == NULL)
            return scheme_refuse(e, "holds a value that no signature covers");
        pairs_add(out, arena_strdup(out->arena, key), arena_strdup(out->arena, text));
    }
    pairs_sort(out);
    return 0;
}

int scheme_verify_yunpian(const struct scheme_callback *c, struct err *e)
{
    uint8_t digest[CRYPT_METHOD_BYTES];
    char hex[2 * CRYPT_METHOD_BYTES + 1], tmp[40];
    struct pairs values;
    struct buf data;

    if (scheme_has_secret(c, e) != 0)
        return -1;
    if (c->json == NULL || json_type_of(c->json) != J_OBJECT)
        return scheme_refuse(e, "is no object");
    const struct json *sign = json_get(c->json, "_sign");
    if (sign == NULL || json_type_of(sign) != J_STRING)
        return scheme_refuse(e, "bears no signature");
    pairs_init(&values);
    buf_init(&data, CANON_MAX_BYTES);
    int rc = yunpian_values(c->json, &values, e);
    if (rc == 0) {
        for (size_t i = 0; i < values.n; i++)
            buf_addf(&data, "%s,", values.v[i].value);
        buf_add(&data, c->secret, c->secret_len);
        size_t n = crypt_method_run((struct crypt_method){CRYPT_MD5, false}, NULL, 0,
                                    buf_cstr(&data), data.len, digest);
        crypt_hex(digest, n, hex);
        if (data.failed || !scheme_same(json_text(sign, tmp), hex, 2 * n))
            rc = scheme_refuse(e, "bears a wrong signature");
    }
    canon_wipe_buf(&data);
    pairs_fini(&values);
    return rc;
}

/* ---- Basic ---- */

int scheme_verify_basic(const struct scheme_callback *c, struct err *e)
{
    const char *given = c->header(c->ctx, "Authorization");
    struct buf pair, expected;

    if (scheme_has_secret(c, e) != 0)
        return -1;
    if (given == NULL || strncasecmp(given, "Basic ", 6) != 0)
        return scheme_refuse(e, "bears no user and password");
    given += 6 + strspn(given + 6, " ");
    buf_init(&pair, CANON_MAX_BYTES);
    buf_init(&expected, CANON_MAX_BYTES);
    buf_addf(&pair, "%s:", c->id ? c->id : "");
    buf_add(&pair, c->secret, c->secret_len);
    crypt_base64(buf_cstr(&pair), pair.len, &expected);
    bool same = scheme_same(given, buf_cstr(&expected), expected.len);
    canon_wipe_buf(&expected);
    canon_wipe_buf(&pair);
    return same ? 0 : scheme_refuse(e, "bears a wrong user or password");
}
