/*
 * httpd: HTTP in, through libmicrohttpd (wrapped in this room).
 *
 * Handlers run on the server's threads. A handler may answer at once or keep the request and answer later from any thread
 * (the connection is suspended meanwhile): that is how `serve` answers only when a report is durable.
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

struct httpd *httpd_start(const struct httpd_opts *o, struct err *e); /* ERR_UNAVAIL: port in use ... */
void httpd_stop(struct httpd *h); /* no new connections; open requests must have been answered; frees */
uint16_t httpd_port(const struct httpd *h);

/* Borrowed until the answer. */
const char *httpd_method(const struct httpd_request *r);
const char *httpd_path(const struct httpd_request *r);              /* without the query, percent-decoded by the library? no: raw */
const char *httpd_query(const struct httpd_request *r, const char *key);  /* decoded value or NULL */
const char *httpd_header(const struct httpd_request *r, const char *name); /* any case; NULL */
const char *httpd_peer(const struct httpd_request *r);              /* "127.0.0.1" */
const char *httpd_body(const struct httpd_request *r, size_t *len);

/* Answers and lets go of the request. headers: NULL-terminated name, value, name, value ... or NULL. body is copied. Thread-safe. */
void httpd_answer(struct httpd_request *r, int status, const char *content_type, const char *body, size_t len,
                  const char *const *headers);
/* Suspends the connection: must be called inside handle() if the answer comes later. */
void httpd_defer(struct httpd_request *r);
/* Closes the connection hard (TCP reset) without an answer: for the sandbox's misbehaviour. */
void httpd_reset(struct httpd_request *r);

#endif
