/*
 * canon_sign: the signature that ACS3 and SDK-HMAC share; see canon.h.
 *
 * Called by scheme_aliyun.c and scheme_huawei.c.
 */
#include <string.h>
#include "canon.h"

static int write_canonical(const struct canon_request *r, struct buf *out, struct err *e)
{
    struct pairs query;

    buf_addf(out, "%s\n", r->method);
    if (canon_path(r->path, out, e) != 0)
        return -1;
    if (r->slash && out->data[out->len - 1] != '/')
        buf_addc(out, '/');
    buf_addc(out, '\n');
    pairs_init(&query);
    int rc = pairs_parse(&query, r->query, r->query_len, "the query", e);
    pairs_sort(&query);
    pairs_write(&query, out);
    pairs_fini(&query);
    buf_addc(out, '\n');
    headers_write(r->headers, out);
    buf_addc(out, '\n');
    headers_list(r->headers, out);
    buf_addf(out, "\n%s", r->body_hash);
    return rc;
}

int canon_sign(const struct canon_request *r, struct buf *canonical, struct buf *to_sign,
               char signature[CANON_HEX_SHA256], struct err *e)
{
    char hash[CANON_HEX_SHA256];

    if (write_canonical(r, canonical, e) != 0)
        return -1;
    canon_sha256(buf_cstr(canonical), canonical->len, hash);
    buf_addf(to_sign, "%s\n", r->algorithm);
    if (r->time)
        buf_addf(to_sign, "%s\n", r->time);
    buf_adds(to_sign, hash);
    if (canonical->failed || to_sign->failed)
        return err_set(e, ERR_DATA, NULL, "the request is too long to be signed");
    canon_hmac_sha256(r->secret, r->secret_len, to_sign, signature);
    return 0;
}

int canon_headers(const struct scheme_request *r, bool (*wanted)(const char *lower_name),
                  const struct pairs *own, struct pairs *all, struct err *e)
{
    if (headers_parse(all, r->headers, r->headers_len, wanted, e) != 0)
        return -1;
    if (pairs_find(all, "host") == NULL) {
        if (r->host == NULL || r->host[0] == '\0')
            return err_set(e, ERR_CONFIG, NULL, "a host must be signed, and there is none");
        pairs_add(all, "host", r->host);
    }
    for (size_t i = 0; i < own->n; i++)
        pairs_add(all, own->v[i].name, own->v[i].value);
    pairs_sort(all);
    return 0;
}
