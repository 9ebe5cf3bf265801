/*
 * scheme_aliyun: Aliyun's RPC signature (HMAC-SHA1 over all parameters) and ACS3-HMAC-SHA256
 * (headers). Source: the V2 and V3 request signatures of Aliyun's API documents; the SDKs pop-core and
 * openapi-core sign the same (tests/interop).
 */
#include <string.h>
#include "canon.h"
#include "schemes.h"

/* ---- RPC ---- */

static int rpc_collect(const struct scheme_request *r, const struct pairs *own, struct pairs *all,
                       struct err *e)
{
    if (pairs_parse(all, r->query, r->query_len, "the query", e) != 0 ||
        (r->form && pairs_parse(all, r->body, r->body_len, "the form", e) != 0))
        return -1;
    for (size_t i = 0; i < own->n; i++)
        if (pairs_find(all, own->v[i].name))
            return err_set(e, ERR_CONFIG, "leave the parameter away",
                           "scheme aliyun-rpc adds %s, which is there already", own->v[i].name);
    if (pairs_find(all, "Signature"))
        return err_set(e, ERR_CONFIG, "leave the parameter away",
                       "scheme aliyun-rpc adds Signature, which is there already");
    for (size_t i = 0; i < own->n; i++)
        pairs_add(all, own->v[i].name, own->v[i].value);
    pairs_sort(all);
    return 0;
}

/* "METHOD&%2F&" and the canonical query, encoded once more; keyed by the secret and "&". */
static void rpc_signature(const struct scheme_request *r, const struct buf *canonical,
                          struct buf *to_sign, struct buf *base64)
{
    struct crypt_method sha1 = {CRYPT_SHA1, true};
    uint8_t mac[CRYPT_METHOD_BYTES];
    struct buf key;

    buf_init(&key, CANON_MAX_BYTES);
    buf_add(&key, r->secret, r->secret_len);
    buf_addc(&key, '&');
    buf_addf(to_sign, "%s&%%2F&", r->method);
    canon_percent(to_sign, buf_cstr(canonical), canonical->len);
    size_t n =
        crypt_method_run(sha1, buf_cstr(&key), key.len, buf_cstr(to_sign), to_sign->len, mac);
    crypt_base64(mac, n, base64);
    canon_wipe_buf(&key);
}

static void rpc_add(const struct pairs *own, const struct buf *signature, struct buf *out)
{
    for (size_t i = 0; i <= own->n; i++) {
        const char *name = i < own->n ? own->v[i].name : "Signature";
        const char *value = i < own->n ? own->v[i].value : buf_cstr(signature);
        buf_addf(out, "&%s=", name);
        canon_percent(out, value, strlen(value));
    }
}

int sign_aliyun_rpc(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    struct pairs own, all;
    struct buf canonical, to_sign, signature;
    char time[CANON_TIME];

    canon_time(r->time_ms, false, time);
    buf_init(&canonical, CANON_MAX_BYTES);
    buf_init(&to_sign, CANON_MAX_BYTES);
    buf_init(&signature, 64);
    pairs_init(&own);
    pairs_init(&all);
    pairs_add(&own, "AccessKeyId", r->id);
    pairs_add(&own, "SignatureMethod", "HMAC-SHA1");
    pairs_add(&own, "SignatureNonce", r->nonce);
    pairs_add(&own, "SignatureVersion", "1.0");
    pairs_add(&own, "Timestamp", time);
    int rc = rpc_collect(r, &own, &all, e);
    if (rc == 0) {
        pairs_write(&all, &canonical);
        rpc_signature(r, &canonical, &to_sign, &signature);
        rpc_add(&own, &signature, out->params);
        canon_keep(out->canonical, &canonical);
        canon_keep(out->to_sign, &to_sign);
        if (canonical.failed || to_sign.failed)
            rc = err_set(e, ERR_DATA, NULL, "the request is too long to be signed");
    }
    pairs_fini(&all);
    pairs_fini(&own);
    buf_fini(&signature);
    buf_fini(&to_sign);
    buf_fini(&canonical);
    return rc;
}

/* ---- ACS3 ---- */

static bool acs3_signs(const char *name)
{
    return strcmp(name, "host") == 0 || strcmp(name, "content-type") == 0 ||
           strncmp(name, "x-acs-", 6) == 0;
}

static void acs3_add(const struct scheme_request *r, const struct pairs *own,
                     const struct pairs *headers, const char *signature, struct buf *out)
{
    for (size_t i = 0; i < own->n; i++) {
        buf_addf(out, "%s: %s", own->v[i].name, own->v[i].value);
        buf_addc(out, '\0');
    }
    buf_addf(out, "Authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=", r->id);
    headers_list(headers, out);
    buf_addf(out, ",Signature=%s", signature);
    buf_addc(out, '\0');
}

int sign_acs3(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    char time[CANON_TIME], hash[CANON_HEX_SHA256], signature[CANON_HEX_SHA256];
    struct buf canonical, to_sign;
    struct pairs own, headers;

    canon_time(r->time_ms, false, time);
    canon_sha256(r->body, r->body_len, hash);
    buf_init(&canonical, CANON_MAX_BYTES);
    buf_init(&to_sign, CANON_MAX_BYTES);
    pairs_init(&own);
    pairs_init(&headers);
    pairs_add(&own, "x-acs-date", time);
    pairs_add(&own, "x-acs-signature-nonce", r->nonce);
    pairs_add(&own, "x-acs-content-sha256", hash);
    int rc = canon_headers(r, acs3_signs, &own, &headers, e);
    if (rc == 0) {
        struct canon_request c = {.algorithm = "ACS3-HMAC-SHA256",
                                  .method = r->method,
                                  .path = r->path,
                                  .query = r->query,
                                  .query_len = r->query_len,
                                  .headers = &headers,
                                  .body_hash = hash,
                                  .secret = r->secret,
                                  .secret_len = r->secret_len};
        rc = canon_sign(&c, &canonical, &to_sign, signature, e);
    }
    if (rc == 0) {
        acs3_add(r, &own, &headers, signature, out->headers);
        canon_keep(out->canonical, &canonical);
        canon_keep(out->to_sign, &to_sign);
    }
    pairs_fini(&headers);
    pairs_fini(&own);
    buf_fini(&to_sign);
    buf_fini(&canonical);
    return rc;
}
