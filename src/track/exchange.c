/*
 * exchange: see exchange.h. Called by pull.c and query.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include "exchange.h"
#include "zhanchi/transport.h"

#define ANSWER_MAX (16U << 20)
#define POLL_MS 1000

struct exchange {
    struct transport *transport;
    struct gw_request request;
    struct gw_answer answer;
    struct buf body;
    char error[256];
};

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct exchange *x = ctx;

    (void)tag;
    buf_reset(&x->body);
    buf_add(&x->body, a->body, a->body_len);
    snprintf(x->error, sizeof x->error, "%s", a->transport_error);
    x->answer = *a;
    x->answer.body = buf_cstr(&x->body);
    x->answer.transport_error = x->error;
}

struct exchange *exchange_new(struct err *e)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (x == NULL)
        panic("out of memory");
    const struct transport_opts o = {
        .connections = 1, .answer_max = ANSWER_MAX, .done = on_done, .ctx = x};
    gw_request_init(&x->request);
    buf_init(&x->body, ANSWER_MAX + 1);
    if ((x->transport = transport_new(&o, e)) == NULL) {
        exchange_free(x);
        return NULL;
    }
    return x;
}

void exchange_free(struct exchange *x)
{
    if (x == NULL)
        return;
    transport_free(x->transport);
    gw_request_fini(&x->request);
    buf_fini(&x->body);
    free(x);
}

struct gw_request *exchange_request(struct exchange *x)
{
    return &x->request;
}

int exchange_run(struct exchange *x, const struct gw_limits *limits, const struct gw_answer **out,
                 struct err *e)
{
    if (transport_submit(x->transport, &x->request, limits->timeout_ms, limits->connect_timeout_ms,
                         x, e) != 0)
        return -1;
    while (transport_open(x->transport) > 0)
        if (transport_poll(x->transport, POLL_MS, e) != 0)
            return -1;
    *out = &x->answer;
    return 0;
}
