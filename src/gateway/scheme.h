/*
 * scheme: the signatures that providers define themselves, by name: a finished request in, headers
 * or parameters out; and the checks of what providers sign when they call us.
 *
 * Pure: time and nonce are arguments, nothing is kept between two calls, any thread may call. A
 * scheme signs exactly the bytes that it is given, so it comes last: nothing but what it adds may
 * be put into the request behind it.
 *
 *   scheme.c            the table; basic, bearer
 *   scheme_aliyun.c     aliyun-rpc, acs3
 *   scheme_tencent.c    tc3
 *   scheme_huawei.c     sdk-hmac (both ways), wsse
 *   scheme_callbacks.c  twilio, yunpian, basic, as they come in
 */
#ifndef GATEWAY_SCHEME_H
#define GATEWAY_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/json.h"

/* ---- out ---- */

/* A finished request that is not signed yet; everything is borrowed. Texts that a scheme does not
 * use may be NULL. */
struct scheme_request {
    const char *method; /* "POST" */
    const char *host;   /* as in the Host header: with its port only where it is not the default */
    const char *path;   /* percent-encoded; "" counts as "/" */
    const char *query;  /* "k=v&k=v" without the "?", percent-encoded, in any order; + is a space */
    size_t query_len;
    const char *headers; /* "Name: value" NUL "Name: value" NUL ..., as in struct gw_request */
    size_t headers_len;
    const char *body;
    size_t body_len;
    bool form;      /* the body is application/x-www-form-urlencoded */
    const char *id; /* access key, app key, user */
    const char *secret;
    size_t secret_len;
    const char *service; /* tc3: "sms" */
    bool hex_digest;     /* wsse: Base64 of the digest's hex text instead of its bytes */
    int64_t time_ms;
    const char *nonce; /* printable ASCII without quotes */
};

/* Where a signature goes. */
struct scheme_out {
    struct buf *headers;   /* "Name: value" NUL ... are appended */
    struct buf *params;    /* "&k=v", percent-encoded, for query or form; NULL: not for
                              aliyun-rpc, which adds nothing else */
    struct buf *canonical; /* what was hashed or encoded, for who must find out why a provider
                              refuses a signature; NULL: not wanted. Never holds a secret, but */
    struct buf *to_sign;   /* may hold a text or a phone number: not for logs. The same. */
};

/* What a scheme needs of a request besides method, host, path, query, headers and body. */
#define SCHEME_ID 1U
#define SCHEME_NONCE 2U
#define SCHEME_SERVICE 4U

struct scheme {
    const char *name;
    unsigned uses;
    const char *const *adds; /* headers, ended by NULL: a request may not hold them before */
    int (*sign)(const struct scheme_request *r, const struct scheme_out *out, struct err *e);
};

/* "aliyun-rpc" "acs3" "tc3" "sdk-hmac" "wsse" "basic" "bearer"; NULL if there is none. */
const struct scheme *scheme_find(const char *name);
/* The i-th name, NULL behind the last: for messages. */
const char *scheme_name(size_t i);
/* Appends what the scheme adds. ERR_CONFIG: the request lacks what the scheme needs, or already
 * holds what it adds. ERR_DATA: it cannot be read, or has no room. Then out is as before. */
int scheme_sign(const struct scheme *s, const struct scheme_request *r,
                const struct scheme_out *out, struct err *e);

/* ---- in ---- */

/* A request of the provider, as it came. */
struct scheme_callback {
    const char *method;
    const char *url; /* as the provider was told it, with what it added to the query:
                        "https://sms.example.org/dlr/twilio?m=1" */
    const char *body;
    size_t body_len;
    const char *(*header)(void *ctx, const char *name); /* value or NULL */
    void *ctx;
    const struct json *json; /* yunpian: the object that bears _sign */
    const char *id;          /* sdk-hmac: app key; basic: user */
    const char *secret;      /* twilio: auth token; yunpian: API key */
    size_t secret_len;
    int64_t now_ms;
    int64_t tolerance_ms; /* how far its clock may be off; 0: SCHEME_TOLERANCE_MS */
};
#define SCHEME_TOLERANCE_MS (15 * 60 * 1000LL) /* Huawei's own for SDK-HMAC */

/* ERR_PERM with the reason, which quotes nothing of the request. Comparisons take the same time
 * wherever the difference is. */
typedef int scheme_verify_fn(const struct scheme_callback *c, struct err *e);

/* A proof by name, and what it needs of a callback. */
struct scheme_proof {
    const char *name;
    scheme_verify_fn *verify;
    bool url;      /* as the provider was told it */
    bool document; /* the JSON object that bears the signature */
    bool id;
};
/* "twilio" "yunpian" "sdk-hmac" "basic"; NULL if there is none. */
const struct scheme_proof *scheme_proof_find(const char *name);
/* The i-th name, NULL behind the last: for messages. */
const char *scheme_proof_name(size_t i);

/* twilio: X-Twilio-Signature over the URL (with and without port) and the form's parameters
 * (sorted, distinct values); a body that is no form counts only through bodySHA256 in the URL. */
scheme_verify_fn scheme_verify_twilio;
/* yunpian: MD5 over the object's values, sorted by key, and the API key. Replies bear it; reports
 * do not. It knows no time: who has seen a request can send it again. */
scheme_verify_fn scheme_verify_yunpian;
/* sdk-hmac: Huawei's push with AK/SK. The body always counts, whatever X-Sdk-Content-Sha256 says. */
scheme_verify_fn scheme_verify_sdk_hmac;
scheme_verify_fn scheme_verify_basic;

#endif
