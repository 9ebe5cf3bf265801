/*
 * transport: HTTP and SMTP out. The one module that owns libcurl (multi, curl_multi_poll, reused easy
 * handles, keep-alive).
 *
 * libcurl repeats a request by itself when a reused connection dies before the first answer byte
 * (seen with 7.88.1; no option turns it off). So CURLOPT_PREREQFUNCTION is set on every transfer:
 * its first call is the hand-over (nothing has been sent before it), a second call of the same
 * transfer aborts it. Redirects, negotiated authentication, Expect: 100-continue and proxies from
 * the environment are off. A failure before the first call means that no byte was sent. Emails are held to
 * the same on threads of their own (src/gateway/postman.c); handover and done are called on the caller's.
 *
 * Not thread-safe, except transport_wakeup.
 */
#ifndef ZHANCHI_TRANSPORT_H
#define ZHANCHI_TRANSPORT_H

#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"

struct transport;

struct transport_opts {
    int connections;   /* at once, over all hosts */
    size_t answer_max; /* bytes of an answer's body; more is "unreadable" */
    /* About to hand the request over (SMTP: the session stands, MAIL FROM is next): return 0 to go, -1 to abort (nothing was sent: window closed,
     * claim_ttl passed). */
    int (*handover)(void *ctx, void *tag);
    /* The transfer ended; `answer` is borrowed for the call. A new transport_submit is allowed
     * here. */
    void (*done)(void *ctx, void *tag, const struct gw_answer *answer);
    void *ctx;
};

struct transport *transport_new(const struct transport_opts *o, struct err *e);
void transport_free(struct transport *t); /* aborts what is still open, without calling done */

/* Starts a transfer. The request's memory must stay until done. timeouts in ms. */
int transport_submit(struct transport *t, const struct gw_request *r, int64_t timeout_ms,
                     int64_t connect_timeout_ms, void *tag, struct err *e);
int transport_open(const struct transport *t); /* transfers in flight */
/* Drives transfers; waits at most timeout_ms for something to happen. */
int transport_poll(struct transport *t, int timeout_ms, struct err *e);
void transport_wakeup(struct transport *t); /* from any thread: ends a waiting transport_poll */

#endif
