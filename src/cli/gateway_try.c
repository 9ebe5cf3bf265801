/*
 * gateway_try: one message over a gateway outside of any campaign: to a number of the office's own, to see what the provider says. Nothing of it
 * stands in the database; its receipt will be counted as unmatched. What the gateway says is kept without the number, and with nothing in it
 * that a terminal would obey.
 *
 * Callers: gateway_test.c, campaign_test.c.
 */
#include <stdio.h>
#include <string.h>
#include "gateway_cmd.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/mask.h"
#include "zhanchi/store_people.h"
#include "zhanchi/transport.h"

#define ANSWER_MAX 65536U

struct exchange {
    const struct gateway *g;
    const struct gw_message *m;
    struct gateway_try *out;
    bool ended;
};

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct exchange *x = ctx;
    struct gateway_try *t = x->out;
    bool whole;

    (void)tag;
    gateway_judge(x->g, a, x->m, 1, &t->result, &whole);
    t->complete = a->complete;
    t->status = a->status;
    mask_answer(a->body, a->complete ? a->body_len : 0, x->m->phone, t->shown, sizeof t->shown);
    snprintf(t->end, sizeof t->end, "%s", a->end);
    mask_answer(a->transport_error, strlen(a->transport_error), x->m->phone, t->error,
                sizeof t->error);
    x->ended = true;
}

int gateway_try(const struct gateway *g, const struct gw_message *m, struct gateway_try *out,
                struct err *e)
{
    struct exchange x = {.g = g, .m = m, .out = out};
    const struct transport_opts o = {
        .connections = 1, .answer_max = ANSWER_MAX, .done = on_done, .ctx = &x};
    const struct gw_limits *l = gateway_limits(g);
    struct transport *t = transport_new(&o, e);
    struct gw_request r;

    if (t == NULL)
        return -1;
    gw_request_init(&r);
    int rc = gateway_build(g, m, 1, clock_now_ms(), &r, e);
    if (rc == 0)
        rc = transport_submit(t, &r, l->timeout_ms, l->connect_timeout_ms, NULL, e);
    while (rc == 0 && !x.ended)
        rc = transport_poll(t, 200, e);
    transport_free(t);
    gw_request_fini(&r);
    return rc;
}

void gateway_test_ref(char ref[GATEWAY_TEST_REF])
{
    uint8_t random[8];

    crypt_random(random, sizeof random);
    memcpy(ref, "TEST-", 5);
    crypt_hex(random, sizeof random, ref + 5);
}

int gateway_test_address(struct cli *c, const char *line, bool email, struct track_address *to,
                         struct err *e)
{
    if (line[0] == '\0' || !track_address(c->keyring, line, to) || to->email != email)
        return email ? err_set(e, ERR_DATA, _("write one mail address to standard input"),
                               _("that is no mail address"))
                     : err_set(e, ERR_DATA, _("write one mobile number to standard input"),
                               _("that is no mobile number"));
    int refused = store_optout_check(c->store, to->hash, "", e);
    if (refused < 0)
        return -1;
    if (refused)
        return err_set(e, ERR_PERM, _("use another number"),
                       _("that number has refused our messages"));
    return 0;
}

int gateway_test_verdict(const struct gateway *g, const struct gateway_try *t, struct err *e)
{
    if (t->result.class == CLASS_OK)
        return 0;
    return err_set(e, t->result.class == CLASS_RETRY ? ERR_TEMP : ERR_UNAVAIL,
                   _("compare the answer with the provider's documents and the profile"),
                   _("gateway %s has not taken the text: %s"), gateway_name(g), t->result.code);
}
