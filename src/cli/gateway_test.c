/*
 * gateway test: one text to a number of the office's own, through the gateway as it is configured, and what the gateway says to it.
 *
 * The number comes from standard input: numbers are personal data. A number that has refused is not written to, not even now. Nothing of it
 * stands in the database but the audit's record; its receipt will be counted as unmatched. What the gateway says is shown without the number,
 * and with nothing in it that a terminal would obey.
 */
#include <stdio.h>
#include <string.h>
#include "gateway_cmd.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/mask.h"
#include "zhanchi/store_people.h"
#include "zhanchi/track.h"
#include "zhanchi/transport.h"

#define ANSWER_MAX 65536U
#define SHOWN_MAX 500 /* bytes of an answer */

enum { T_TEXT, T_SIGNATURE, T_TEMPLATE, T_VARIABLES };
const struct cli_option gateway_test_options[] = {
    {"text", "TEXT", N_("what to send, without its signature")},
    {"signature", "NAME", N_("who writes; by default office.name")},
    {"carrier-template", "ID", N_("the provider's template, where it sends nothing else")},
    {"carrier-variables", "JSON", N_("its variables, an object")},
    CLI_END};

struct exchange {
    const struct gateway *g;
    const struct gw_message *m;
    struct gw_result result;
    struct gw_answer answer;
    char shown[SHOWN_MAX + 1], end[64], error[256];
    bool ended;
};

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct exchange *x = ctx;
    bool whole;

    (void)tag;
    gateway_judge(x->g, a, x->m, 1, &x->result, &whole);
    x->answer = *a;
    mask_answer(a->body, a->complete ? a->body_len : 0, x->m->phone, x->shown, sizeof x->shown);
    snprintf(x->end, sizeof x->end, "%s", a->end);
    mask_answer(a->transport_error, strlen(a->transport_error), x->m->phone, x->error,
                sizeof x->error);
    x->ended = true;
}

static int send_one(struct exchange *x, struct err *e)
{
    const struct transport_opts o = {
        .connections = 1, .answer_max = ANSWER_MAX, .done = on_done, .ctx = x};
    const struct gw_limits *l = gateway_limits(x->g);
    struct transport *t = transport_new(&o, e);
    struct gw_request r;

    if (t == NULL)
        return -1;
    gw_request_init(&r);
    int rc = gateway_build(x->g, x->m, 1, clock_now_ms(), &r, e);
    if (rc == 0)
        rc = transport_submit(t, &r, l->timeout_ms, l->connect_timeout_ms, NULL, e);
    while (rc == 0 && !x->ended)
        rc = transport_poll(t, 200, e);
    transport_free(t);
    gw_request_fini(&r);
    return rc;
}

/* A number, or a mail address, from standard input that has not refused. */
static int read_number(struct cli *c, bool email, struct track_address *to, struct err *e)
{
    char line[4096];

    if (!c->json)
        fprintf(stderr, "%s", email ? _("mail address to write to: ") : _("number to write to: "));
    int got = cli_read_line(line, sizeof line, e);
    if (got < 0)
        return -1;
    if (got == 0 || !track_address(c->keyring, line, to) || to->email != email)
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

static int report(struct cli *c, const struct exchange *x, const char *masked, struct err *e)
{
    const struct gw_result *r = &x->result;

    if (c->json) {
        printf("{\"gateway\":\"%s\",\"class\":\"%s\",\"code\":\"%s\",\"provider_id\":\"%s\","
               "\"status\":%d}\n",
               gateway_name(x->g), message_class_name(r->class), r->code, r->provider_id,
               x->answer.status);
    } else {
        printf(_("to        %s\n"), masked);
        if (x->answer.complete)
            printf(_("answer    status %d: %s\n"), x->answer.status, x->shown);
        else
            printf(_("answer    none (%s%s%s)\n"), x->end, x->error[0] ? ": " : "", x->error);
        printf(_("read as   %s, code %s%s%s\n"), message_class_name(r->class), r->code,
               r->provider_id[0] ? _(", id ") : "", r->provider_id);
    }
    if (r->class == CLASS_OK)
        return 0;
    return err_set(e, r->class == CLASS_RETRY ? ERR_TEMP : ERR_UNAVAIL,
                   _("compare the answer with the provider's documents and the profile"),
                   _("gateway %s has not taken the text: %s"), gateway_name(x->g), r->code);
}

/* The text with its signature in front, as a campaign would have it. */
static void compose(struct cli *c, const struct cli_args *a, struct gw_message *m, char *text,
                    size_t cap)
{
    m->signature = a->value[T_SIGNATURE] ? a->value[T_SIGNATURE] : conf_str(c->conf, "office.name");
    const char *body = a->value[T_TEXT] ? a->value[T_TEXT] : "短信网关测试，请勿回复。";
    snprintf(text, cap, "【%s】%s", m->signature, body);
    m->text = text;
    m->subject = "邮件网关测试";
    m->carrier_template = a->value[T_TEMPLATE] ? a->value[T_TEMPLATE] : "";
    m->carrier_variables = a->value[T_VARIABLES] ? a->value[T_VARIABLES] : "";
}

int gateway_test_run(struct cli *c, const struct cli_args *a, struct err *e)
{
    char masked[MASK_MAX], text[4096], ref[40], object[96];
    uint8_t random[8];
    struct track_address to;
    struct gw_message m = {.id = 1, .ref = ref, .phone = to.text};
    struct exchange x = {.m = &m};

    if (cli_keyring(c, e) != 0)
        return -1;
    struct gateway *g = gateway_open(c, a->rest[0], e);
    if (g == NULL)
        return -1;
    crypt_random(random, sizeof random);
    memcpy(ref, "TEST-", 5);
    crypt_hex(random, sizeof random, ref + 5);
    compose(c, a, &m, text, sizeof text);
    x.g = g;
    snprintf(object, sizeof object, "gateway %s", gateway_name(g));
    int rc = read_number(c, strcmp(gateway_channel(g), "email") == 0, &to, e);
    if (rc == 0)
        rc = cli_audit(c, "gateway.test", object, "", e); /* before: it may be on the wire */
    if (rc == 0)
        rc = send_one(&x, e);
    if (rc == 0) {
        mask_address(to.text, strlen(to.text), masked);
        rc = report(c, &x, masked, e);
    }
    gateway_free(g);
    return rc;
}
