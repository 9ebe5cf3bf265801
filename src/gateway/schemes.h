/*
 * schemes: what the rows of scheme.c's table point to, and what both directions share.
 */
#ifndef GATEWAY_SCHEMES_H
#define GATEWAY_SCHEMES_H

#include "scheme.h"

typedef int scheme_sign_fn(const struct scheme_request *r, const struct scheme_out *out,
                           struct err *e);
scheme_sign_fn sign_aliyun_rpc, sign_acs3; /* scheme_aliyun.c */
scheme_sign_fn sign_tc3;                   /* scheme_tencent.c */
scheme_sign_fn sign_sdk_hmac, sign_wsse;   /* scheme_huawei.c */

/* ---- checks ---- */

/* A callback is refused: "a callback <why>". Returns -1. */
int scheme_refuse(struct err *e, const char *why);
/* An empty secret is anybody's: ERR_CONFIG. */
int scheme_has_secret(const struct scheme_callback *c, struct err *e);
/* In constant time, the lengths aside. */
bool scheme_same(const char *given, const char *expected, size_t len);

/* Parts of an absolute URL; nothing is decoded. */
struct scheme_url {
    const char *start;
    size_t host_at, host_end; /* without port */
    size_t port_end;          /* == host_end: no port */
    const char *path;         /* with the query */
    size_t path_len;          /* without it */
    const char *query;        /* behind the ?, or "" */
};
bool scheme_url_split(const char *url, struct scheme_url *out);
/* "host" or "host:port", where the port may be the scheme's own. */
void scheme_url_host(const struct scheme_url *u, bool port, struct buf *out);
/* The URL with or without its port. */
void scheme_url_write(const struct scheme_url *u, bool port, struct buf *out);

#endif
