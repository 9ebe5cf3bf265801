/*
 * scheme_huawei: SDK-HMAC-SHA256, which Huawei Cloud takes with requests and puts on its pushes, and
 * X-WSSE. Source: Huawei Cloud's "AK/SK signing" and the Message & SMS API reference; the SDK
 * huaweicloud-sdk-core signs the same (tests/interop).
 *
 * X-WSSE has two forms in the field: Base64 of the digest's 32 bytes, and Base64 of its hex text. The
 * server takes both; the profile chooses.
 */
#include <string.h>
#include "canon.h"
#include "schemes.h"
#include "zhanchi/civil.h"

#define ALGORITHM "SDK-HMAC-SHA256"
#define BODY_HASH "x-sdk-content-sha256"

/* ---- SDK-HMAC, out ---- */

static bool sdk_signs(const char *name)
{
    return strcmp(name, "host") == 0 || strcmp(name, "content-type") == 0 ||
           strncmp(name, "x-", 2) == 0;
}

/* A header may say the body's hash, but not another one. Compared in hex of either case. */
static bool true_hash(const char *said, const void *body, size_t len)
{
    uint8_t digest[CRYPT_HASH_BYTES], given[CRYPT_HASH_BYTES];

    crypt_sha256(len > 0 ? body : "", len, digest);
    return crypt_unhex(said, strlen(said), given, sizeof given) == CRYPT_HASH_BYTES &&
           crypt_equal(digest, given, sizeof given);
}

static int sdk_headers(const struct scheme_request *r, const char *time, struct pairs *headers,
                       struct err *e)
{
    struct pairs own;

    pairs_init(&own);
    pairs_add(&own, "x-sdk-date", time);
    int rc = canon_headers(r, sdk_signs, &own, headers, e);
    pairs_fini(&own);
    if (rc != 0)
        return -1;
    const struct pair *said = pairs_find(headers, BODY_HASH);
    if (said && !true_hash(said->value, r->body, r->body_len))
        return err_set(e, ERR_CONFIG, "leave the header away or write the body's SHA-256",
                       "header %s is not the body's hash", BODY_HASH);
    return 0;
}

static void sdk_add(const char *id, const char *time, const struct pairs *headers,
                    const char *signature, struct buf *out)
{
    buf_addf(out, "X-Sdk-Date: %s", time);
    buf_addc(out, '\0');
    buf_addf(out, "Authorization: " ALGORITHM " Access=%s, SignedHeaders=", id);
    headers_list(headers, out);
    buf_addf(out, ", Signature=%s", signature);
    buf_addc(out, '\0');
}

int sign_sdk_hmac(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    char time[CANON_TIME], hash[CANON_HEX_SHA256], signature[CANON_HEX_SHA256];
    struct buf canonical, to_sign;
    struct pairs headers;

    canon_time(r->time_ms, true, time);
    canon_sha256(r->body, r->body_len, hash);
    buf_init(&canonical, CANON_MAX_BYTES);
    buf_init(&to_sign, CANON_MAX_BYTES);
    pairs_init(&headers);
    int rc = sdk_headers(r, time, &headers, e);
    if (rc == 0) {
        const struct pair *said = pairs_find(&headers, BODY_HASH);
        struct canon_request c = {.algorithm = ALGORITHM,
                                  .time = time,
                                  .method = r->method,
                                  .path = r->path,
                                  .query = r->query,
                                  .query_len = r->query_len,
                                  .slash = true,
                                  .headers = &headers,
                                  .body_hash = said ? said->value : hash,
                                  .secret = r->secret,
                                  .secret_len = r->secret_len};
        rc = canon_sign(&c, &canonical, &to_sign, signature, e);
    }
    if (rc == 0) {
        sdk_add(r->id, time, &headers, signature, out->headers);
        canon_keep(out->canonical, &canonical);
        canon_keep(out->to_sign, &to_sign);
    }
    pairs_fini(&headers);
    buf_fini(&to_sign);
    buf_fini(&canonical);
    return rc;
}

/* ---- SDK-HMAC, in ---- */

/* "Access=x, SignedHeaders=y, Signature=z", with or without quotation marks; kept in the arena. */
static const char *field(struct arena *a, const char *fields, const char *name)
{
    size_t name_len = strlen(name);

    while (*fields) {
        fields += strspn(fields, ", \t");
        size_t len = strcspn(fields, ",");
        const char *value = fields + name_len + 1;
        if (len > name_len && strncmp(fields, name, name_len) == 0 && fields[name_len] == '=') {
            size_t n = len - name_len - 1;
            while (n > 0 && strchr(" \t", value[n - 1]))
                n--;
            if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
                return arena_memdup(a, value + 1, n - 2);
            return arena_memdup(a, value, n);
        }
        fields += len;
    }
    return NULL;
}

/* "20241108T035655Z" */
static bool sdk_time(const char *s, int64_t *at_ms)
{
    static const char form[] = "dddddddd"
                               "T"
                               "dddddd"
                               "Z";
    char iso[CANON_TIME];
    size_t n = 0;

    if (s == NULL || strlen(s) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
            return false;
        if (i == 4 || i == 6)
            iso[n++] = '-';
        if (i == 11 || i == 13)
            iso[n++] = ':';
        iso[n++] = s[i];
    }
    iso[n] = '\0';
    return civil_parse_instant(iso, 0, at_ms) == 0;
}

/* The headers that the request says were signed; the host is the one that the provider was told. */
static int signed_headers(const struct scheme_callback *c, const char *list, const char *host,
                          struct pairs *headers, struct err *e)
{
    for (size_t n; *list; list += n + (list[n] == ';')) {
        n = strcspn(list, ";");
        char *name = arena_memdup(headers->arena, list, n);
        const char *value = strcmp(name, "host") == 0 ? host : c->header(c->ctx, name);
        if (value == NULL)
            return scheme_refuse(e, "lacks a header that its signature names");
        size_t len = strlen(value += strspn(value, " \t"));
        while (len > 0 && strchr(" \t", value[len - 1]))
            len--;
        pairs_add(headers, name, arena_memdup(headers->arena, value, len));
    }
    pairs_sort(headers);
    return 0;
}

struct sdk_claim { /* what the request says of itself */
    const char *list, *time, *body_hash;
    uint8_t signature[CRYPT_HASH_BYTES];
};

static int sdk_read(const struct scheme_callback *c, struct arena *a, struct sdk_claim *out,
                    struct err *e)
{
    const char *given = c->header(c->ctx, "Authorization");
    size_t skip = strlen(ALGORITHM " ");
    int64_t at_ms, tolerance = c->tolerance_ms ? c->tolerance_ms : SCHEME_TOLERANCE_MS;

    if (given == NULL || strncmp(given, ALGORITHM " ", skip) != 0)
        return scheme_refuse(e, "bears no signature");
    const char *access = field(a, given + skip, "Access");
    const char *signature = field(a, given + skip, "Signature");
    out->list = field(a, given + skip, "SignedHeaders");
    out->time = c->header(c->ctx, "X-Sdk-Date");
    out->body_hash = c->header(c->ctx, BODY_HASH);
    if (access == NULL || out->list == NULL || signature == NULL ||
        crypt_unhex(signature, strlen(signature), out->signature, CRYPT_HASH_BYTES) !=
            CRYPT_HASH_BYTES)
        return scheme_refuse(e, "bears a signature that cannot be read");
    if (c->id == NULL || !scheme_same(access, c->id, strlen(c->id)))
        return scheme_refuse(e, "is signed with another app key");
    if (!sdk_time(out->time, &at_ms))
        return scheme_refuse(e, "has no readable X-Sdk-Date");
    if (at_ms < c->now_ms - tolerance || at_ms > c->now_ms + tolerance)
        return scheme_refuse(e, "was signed at another time; is a clock wrong?");
    if (out->body_hash && !true_hash(out->body_hash, c->body, c->body_len))
        return scheme_refuse(e, "bears another body's hash");
    return 0;
}

static int sdk_compare(const struct scheme_callback *c, const struct sdk_claim *claim,
                       const struct scheme_url *url, bool port, struct err *e)
{
    char hash[CANON_HEX_SHA256], signature[CANON_HEX_SHA256];
    uint8_t expected[CRYPT_HASH_BYTES];
    struct buf canonical, to_sign, host;
    struct pairs headers;

    buf_init(&canonical, CANON_MAX_BYTES);
    buf_init(&to_sign, CANON_MAX_BYTES);
    buf_init(&host, CANON_MAX_BYTES);
    pairs_init(&headers);
    scheme_url_host(url, port, &host);
    canon_sha256(c->body, c->body_len, hash);
    int rc = signed_headers(c, claim->list, buf_cstr(&host), &headers, e);
    if (rc == 0) {
        struct canon_request r = {.algorithm = ALGORITHM,
                                  .time = claim->time,
                                  .method = c->method,
                                  .path = arena_memdup(headers.arena, url->path, url->path_len),
                                  .query = url->query,
                                  .query_len = strcspn(url->query, "#"),
                                  .slash = true,
                                  .headers = &headers,
                                  .body_hash = claim->body_hash ? claim->body_hash : hash,
                                  .secret = c->secret,
                                  .secret_len = c->secret_len};
        if (canon_sign(&r, &canonical, &to_sign, signature, e) != 0)
            rc = scheme_refuse(e, "cannot be read");
        else if (crypt_unhex(signature, 2 * CRYPT_HASH_BYTES, expected, sizeof expected) < 0 ||
                 !crypt_equal(expected, claim->signature, sizeof expected))
            rc = scheme_refuse(e, "bears a wrong signature");
    }
    pairs_fini(&headers);
    buf_fini(&host);
    buf_fini(&to_sign);
    buf_fini(&canonical);
    return rc;
}

int scheme_verify_sdk_hmac(const struct scheme_callback *c, struct err *e)
{
    struct scheme_url url;
    struct sdk_claim claim;
    struct err why;

    if (scheme_has_secret(c, e) != 0)
        return -1;
    if (!scheme_url_split(c->url, &url))
        return scheme_refuse(e, "came to an address that is no URL");
    struct arena *a = arena_new(1024);
    int rc = sdk_read(c, a, &claim, &why);
    if (rc == 0 && sdk_compare(c, &claim, &url, false, &why) != 0)
        rc = sdk_compare(c, &claim, &url, true, &why);
    if (rc != 0)
        *e = why;
    arena_free(a);
    return rc;
}

/* ---- X-WSSE ---- */

static void wsse_digest(const struct scheme_request *r, const char *created, struct buf *out)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[CANON_HEX_SHA256];
    struct buf text;

    buf_init(&text, CANON_MAX_BYTES);
    buf_addf(&text, "%s%s", r->nonce, created);
    buf_add(&text, r->secret, r->secret_len);
    crypt_sha256(buf_cstr(&text), text.len, digest);
    crypt_hex(digest, sizeof digest, hex);
    if (r->hex_digest)
        crypt_base64(hex, strlen(hex), out);
    else
        crypt_base64(digest, sizeof digest, out);
    canon_wipe_buf(&text);
}

int sign_wsse(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    static const char realm[] =
        "Authorization: WSSE realm=\"SDP\",profile=\"UsernameToken\",type=\"Appkey\"";
    char created[CANON_TIME];

    (void)e;
    canon_time(r->time_ms, false, created);
    buf_add(out->headers, realm, sizeof realm);
    buf_addf(out->headers, "X-WSSE: UsernameToken Username=\"%s\",PasswordDigest=\"", r->id);
    wsse_digest(r, created, out->headers);
    buf_addf(out->headers, "\",Nonce=\"%s\",Created=\"%s\"", r->nonce, created);
    buf_addc(out->headers, '\0');
    return 0;
}
