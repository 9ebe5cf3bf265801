/*
 * httpd: HTTP in, through libmicrohttpd (wrapped in this room).
 *
 * Handlers run on the server's threads. A handler may answer at once or keep the request and answer
 * later from any thread (the connection is suspended meanwhile): that is how `serve` answers only
 * when a report is durable.
 */
#ifndef ZHANCHI_HTTPD_H
#define ZHANCHI_HTTPD_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct httpd;
struct httpd_request; /* alive until it is answered */

struct httpd_opts {
    const char *address; /* "127.0.0.1" */
    uint16_t port;       /* 0: the kernel chooses; see httpd_port */
    size_t body_max;     /* larger bodies are answered 413 */
    unsigned threads;    /* at least 1 */
    unsigned idle_s;     /* connections idle so long are closed */
    /* Called once a request, when its body is complete. Must lead to exactly one httpd_answer. */
    void (*handle)(void *ctx, struct httpd_request *r);
    void *ctx;
};

struct httpd *httpd_start(const struct httpd_opts *o,
                          struct err *e); /* ERR_UNAVAIL: port in use ... */
uint16_t httpd_port(const struct httpd *h);
/* Stops in two steps, so that deferred requests can be answered between them. httpd_close: no new
 * connections, further requests on open ones are answered 503 without a call of handle. httpd_stop:
 * closes, waits (5 s at most) until the answers have left, frees; every request must have been
 * answered. */
void httpd_close(struct httpd *h);
void httpd_stop(struct httpd *h);

/* Borrowed until the answer. */
const char *httpd_method(const struct httpd_request *r);
const char *
httpd_path(const struct httpd_request *r); /* without the query, as it came (not decoded) */
const char *httpd_query_text(const struct httpd_request *r); /* all of it as it came; "" */
const char *httpd_query(const struct httpd_request *r, const char *key); /* decoded value or NULL */
const char *httpd_header(const struct httpd_request *r, const char *name); /* any case; NULL */
const char *httpd_peer(const struct httpd_request *r);                     /* "127.0.0.1" */
unsigned
httpd_ordinal(const struct httpd_request *r); /* 1 for the first request of its connection */
const char *httpd_body(const struct httpd_request *r, size_t *len);

/* Answers and lets go of the request. headers: NULL-terminated name, value, name, value ... or
 * NULL. body is copied. Thread-safe. */
void httpd_answer(struct httpd_request *r, int status, const char *content_type, const char *body,
                  size_t len, const char *const *headers);
/* The same for n deferred requests at once: one wake-up of the server's threads instead of n. */
struct httpd_reply {
    struct httpd_request *r;
    int status;
    const char *content_type, *body;
    size_t len;
};
void httpd_answer_all(const struct httpd_reply *replies, size_t n);
/* Suspends the connection: must be called inside handle() if the answer comes later, before another
 * thread learns of r. */
void httpd_defer(struct httpd_request *r);

/* Two other ways to end a request, for the sandbox's misbehaviour; as thread-safe as httpd_answer.
 */
void httpd_reset(struct httpd_request *r); /* TCP reset, no answer */
/* A 200 that promises len bytes, sends `sent` of them and closes. */
void httpd_cut(struct httpd_request *r, const char *content_type, const char *body, size_t len,
               size_t sent);

#endif
