/*
 * postman: SMTP out, one thread an email on its way. Part of transport, which calls all of this on its own thread.
 */
#ifndef GATEWAY_POSTMAN_H
#define GATEWAY_POSTMAN_H

#include "zhanchi/transport.h"

struct postman;

/* `wake` is called from any thread when postman_poll has something to do. */
struct postman *postman_new(const struct transport_opts *o, void (*wake)(void *ctx), void *ctx);
void postman_free(struct postman *p); /* aborts what is open, without calling done; NULL is fine */
int postman_submit(struct postman *p, const struct gw_request *r, int64_t timeout_ms,
                   int64_t connect_timeout_ms, void *tag, struct err *e);
int postman_open(const struct postman *p); /* emails on their way */
/* Calls handover and done of the transport's options for what has come so far; waits for nothing. */
void postman_poll(struct postman *p);

#endif
