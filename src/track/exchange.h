/*
 * exchange: one request to a gateway and its answer, waited for. For pulls and questions, which go one by one.
 */
#ifndef TRACK_EXCHANGE_H
#define TRACK_EXCHANGE_H

#include "zhanchi/buf.h"
#include "zhanchi/gateway.h"

struct exchange;
struct exchange *exchange_new(struct err *e);
void exchange_free(struct exchange *x); /* NULL is fine */
/* To be built before exchange_run. */
struct gw_request *exchange_request(struct exchange *x);
/* The answer is valid until the next call. Fails only where nothing could be sent. */
int exchange_run(struct exchange *x, const struct gw_limits *limits, const struct gw_answer **out,
                 struct err *e);

#endif
