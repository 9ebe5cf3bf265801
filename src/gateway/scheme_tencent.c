/*
 * scheme_tencent: TC3-HMAC-SHA256. Source: Tencent Cloud's "signature method v3"; the SDK
 * tencentcloud-sdk-nodejs-common signs the same (tests/interop).
 *
 * The key is derived in three steps from the secret, the UTC date and the service. Content type and
 * host are signed, in lower case as the document has it: a content type with upper-case letters is
 * sent as it is and signed in lower case.
 */
#include <string.h>
#include "canon.h"
#include "schemes.h"

static bool tc3_signs(const char *name)
{
    return strcmp(name, "content-type") == 0 || strcmp(name, "host") == 0;
}

static int tc3_headers(const struct scheme_request *r, struct pairs *headers, struct err *e)
{
    static const struct pairs none;

    if (canon_headers(r, tc3_signs, &none, headers, e) != 0)
        return -1;
    if (pairs_find(headers, "content-type"))
        return 0;
    return err_set(e, ERR_CONFIG, "add the header",
                   "scheme tc3 signs Content-Type, and there is none");
}

/* Path and query as they are sent. */
static void tc3_canonical(const struct scheme_request *r, const struct pairs *headers,
                          struct buf *out)
{
    char hash[CANON_HEX_SHA256];

    canon_sha256(r->body, r->body_len, hash);
    buf_addf(out, "%s\n%s\n", r->method, r->path[0] ? r->path : "/");
    buf_add(out, r->query, r->query_len);
    buf_addc(out, '\n');
    size_t from = out->len;
    headers_write(headers, out);
    for (size_t i = from; i < out->len; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] - 'A' + 'a');
    buf_addc(out, '\n');
    headers_list(headers, out);
    buf_addf(out, "\n%s", hash);
}

/* HMAC(HMAC(HMAC("TC3" secret, date), service), "tc3_request") */
static void tc3_key(const struct scheme_request *r, const char *date, uint8_t key[CRYPT_HASH_BYTES])
{
    struct buf first;

    buf_init(&first, CANON_MAX_BYTES);
    buf_adds(&first, "TC3");
    buf_add(&first, r->secret, r->secret_len);
    crypt_hmac_sha256(buf_cstr(&first), first.len, date, strlen(date), key);
    crypt_hmac_sha256(key, CRYPT_HASH_BYTES, r->service, strlen(r->service), key);
    crypt_hmac_sha256(key, CRYPT_HASH_BYTES, "tc3_request", 11, key);
    canon_wipe_buf(&first);
}

static void tc3_add(const struct scheme_request *r, const struct pairs *headers, const char *date,
                    const struct buf *to_sign, struct buf *out)
{
    uint8_t key[CRYPT_HASH_BYTES];
    char signature[CANON_HEX_SHA256];

    tc3_key(r, date, key);
    canon_hmac_sha256(key, sizeof key, to_sign, signature);
    crypt_wipe(key, sizeof key);
    buf_addf(out, "X-TC-Timestamp: %lld", (long long)(r->time_ms / 1000));
    buf_addc(out, '\0');
    buf_addf(out, "Authorization: TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=",
             r->id, date, r->service);
    headers_list(headers, out);
    buf_addf(out, ", Signature=%s", signature);
    buf_addc(out, '\0');
}

int sign_tc3(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    char date[CANON_TIME], hash[CANON_HEX_SHA256];
    struct buf canonical, to_sign;
    struct pairs headers;

    canon_time(r->time_ms, false, date);
    date[strlen("2024-11-08")] = '\0';
    buf_init(&canonical, CANON_MAX_BYTES);
    buf_init(&to_sign, CANON_MAX_BYTES);
    pairs_init(&headers);
    int rc = tc3_headers(r, &headers, e);
    if (rc == 0) {
        tc3_canonical(r, &headers, &canonical);
        canon_sha256(buf_cstr(&canonical), canonical.len, hash);
        buf_addf(&to_sign, "TC3-HMAC-SHA256\n%lld\n%s/%s/tc3_request\n%s",
                 (long long)(r->time_ms / 1000), date, r->service, hash);
        if (canonical.failed || to_sign.failed)
            rc = err_set(e, ERR_DATA, NULL, "the request is too long to be signed");
    }
    if (rc == 0) {
        tc3_add(r, &headers, date, &to_sign, out->headers);
        canon_keep(out->canonical, &canonical);
        canon_keep(out->to_sign, &to_sign);
    }
    pairs_fini(&headers);
    buf_fini(&to_sign);
    buf_fini(&canonical);
    return rc;
}
