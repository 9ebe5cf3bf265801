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
#include "zhanchi/mask.h"
#include "zhanchi/track.h"

enum { T_TEXT, T_SIGNATURE, T_TEMPLATE, T_VARIABLES };
const struct cli_option gateway_test_options[] = {
    {"text", "TEXT", N_("what to send, without its signature")},
    {"signature", "NAME", N_("who writes; by default office.name")},
    {"carrier-template", "ID", N_("the provider's template, where it sends nothing else")},
    {"carrier-variables", "JSON", N_("its variables, an object")},
    CLI_END};

/* A number, or a mail address, from standard input that has not refused. */
static int read_number(struct cli *c, bool email, struct track_address *to, struct err *e)
{
    char line[4096];

    if (!c->json)
        fprintf(stderr, "%s", email ? _("mail address to write to: ") : _("number to write to: "));
    int got = cli_read_line(line, sizeof line, e);
    return got < 0 ? -1 : gateway_test_address(c, got > 0 ? line : "", email, to, e);
}

static int report(struct cli *c, const struct gateway *g, const struct gateway_try *x,
                  const char *masked, struct err *e)
{
    const struct gw_result *r = &x->result;

    if (c->json) {
        printf("{\"gateway\":\"%s\",\"class\":\"%s\",\"code\":\"%s\",\"provider_id\":\"%s\","
               "\"status\":%d}\n",
               gateway_name(g), message_class_name(r->class), r->code, r->provider_id, x->status);
    } else {
        printf(_("to        %s\n"), masked);
        if (x->complete)
            printf(_("answer    status %d: %s\n"), x->status, x->shown);
        else
            printf(_("answer    none (%s%s%s)\n"), x->end, x->error[0] ? ": " : "", x->error);
        printf(_("read as   %s, code %s%s%s\n"), message_class_name(r->class), r->code,
               r->provider_id[0] ? _(", id ") : "", r->provider_id);
    }
    return gateway_test_verdict(g, x, e);
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
    struct track_address to;
    struct gw_message m = {.id = 1, .ref = ref, .phone = to.text};
    struct gateway_try x;

    if (cli_keyring(c, e) != 0)
        return -1;
    struct gateway *g = gateway_open(c, a->rest[0], e);
    if (g == NULL)
        return -1;
    gateway_test_ref(ref);
    compose(c, a, &m, text, sizeof text);
    snprintf(object, sizeof object, "gateway %s", gateway_name(g));
    int rc = read_number(c, strcmp(gateway_channel(g), "email") == 0, &to, e);
    if (rc == 0)
        rc = cli_audit(c, "gateway.test", object, "", e); /* before: it may be on the wire */
    if (rc == 0)
        rc = gateway_try(g, &m, &x, e);
    if (rc == 0) {
        mask_address(to.text, strlen(to.text), masked);
        rc = report(c, g, &x, masked, e);
    }
    gateway_free(g);
    return rc;
}
