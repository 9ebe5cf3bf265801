/*
 * canon: the canonical forms that signatures are made over: parameters and headers sorted, encoded
 * one way only. Shared by scheme_*.c.
 */
#ifndef GATEWAY_CANON_H
#define GATEWAY_CANON_H

#include "scheme.h"
#include "zhanchi/arena.h"
#include "zhanchi/crypt.h"

/* What a string to sign may take: a form of 4 MiB, encoded twice. */
#define CANON_MAX_BYTES (32U << 20)
#define CANON_HEX_SHA256 65
#define CANON_TIME 24

/* ---- names and values ---- */

struct pair {
    const char *name, *value; /* a NUL follows each */
    size_t name_len, value_len;
};
struct pairs {
    struct arena *arena;
    struct pair *v;
    size_t n, cap;
};
void pairs_init(struct pairs *p);
void pairs_fini(struct pairs *p);
void pairs_add(struct pairs *p, const char *name, const char *value); /* borrowed */
/* "k=v&k=v", decoded; `what` names the text in errors (ERR_DATA, without quoting it). */
int pairs_parse(struct pairs *p, const char *text, size_t len, const char *what, struct err *e);
const struct pair *pairs_find(const struct pairs *p, const char *name);
void pairs_sort(struct pairs *p); /* by name, then value, byte by byte */
/* "k=v&k=v", encoded. */
void pairs_write(const struct pairs *p, struct buf *out);

/* ---- headers as pairs: names in lower case, values trimmed ---- */

/* Those that `wanted` says. ERR_CONFIG: one is there twice. */
int headers_parse(struct pairs *p, const char *headers, size_t len,
                  bool (*wanted)(const char *lower_name), struct err *e);
bool headers_have(const char *headers, size_t len, const char *name);
/* "name:value\n" of each. */
void headers_write(const struct pairs *p, struct buf *out);
/* "a;b;c" */
void headers_list(const struct pairs *p, struct buf *out);

/* ---- pieces ---- */

/* Percent-encodes all but unreserved characters. */
void canon_percent(struct buf *out, const void *s, size_t len);
/* Segments decoded and encoded again; "/" for "". */
int canon_path(const char *path, struct buf *out, struct err *e);
/* Decodes %XX, and + as a space if `plus`. ERR_DATA names the byte (from 1). */
int canon_decode(const char *s, size_t len, bool plus, struct buf *out, const char *what,
                 struct err *e);
void canon_sha256(const void *data, size_t len, char hex[CANON_HEX_SHA256]);
void canon_hmac_sha256(const void *key, size_t key_len, const struct buf *data,
                       char hex[CANON_HEX_SHA256]);
/* UTC: "2024-11-08T03:56:55Z", or "20241108T035655Z" if basic. */
void canon_time(int64_t at_ms, bool basic, char out[CANON_TIME]);
/* Printable ASCII without quotation marks: may stand in a header's parameter. */
bool canon_token(const char *s);
void canon_keep(struct buf *wanted, const struct buf *b); /* a copy for who wants one */
/* Wipes before it frees. */
void canon_wipe_buf(struct buf *b);

/* ---- what ACS3 and SDK-HMAC share ----
 *
 *   canonical   METHOD \n path \n query \n (name:value \n)... \n names \n body's hash
 *   to sign     ALGORITHM \n [time \n] hash of that
 *   signature   hex HMAC-SHA256 of that; the secret is the key as it is
 */
struct canon_request {
    const char *algorithm, *time; /* NULL: no line for it */
    const char *method, *path, *query;
    size_t query_len;
    bool slash;                  /* the path ends in one, whatever was sent */
    const struct pairs *headers; /* sorted */
    const char *body_hash;
    const void *secret;
    size_t secret_len;
};
int canon_sign(const struct canon_request *r, struct buf *canonical, struct buf *to_sign,
               char signature[CANON_HEX_SHA256], struct err *e);
/* The headers that `wanted` says, the host, and `own`; sorted. */
int canon_headers(const struct scheme_request *r, bool (*wanted)(const char *lower_name),
                  const struct pairs *own, struct pairs *all, struct err *e);

#endif
