/*
 * campaign_test: `zhanchi campaign test`: each text of a campaign, as a real row has it, to telephones of the office's own, before anybody is
 * written to.
 *
 * It goes outside of the wave: nothing of it is a message of the campaign, and no cap counts it. Names and numbers of the row are masked, because
 * the office's telephones are not the person's; the text is marked as a test behind its signature, except where the carrier puts it together from
 * its filed text. The numbers come from standard input, are looked at before the first one is written to, and are recorded by their count.
 */
#include <stdlib.h>
#include <string.h>
#include "campaigns.h"
#include "gateway_cmd.h"
#include "zhanchi/mask.h"

#define NUMBERS_MAX 20
#define MARK "（测试）"

enum { TEST_GATEWAY, TEST_VARIANT };
static const struct cli_option test_options[] = {
    {"gateway", "G", N_("over this one of the campaign's gateways (default: the first)")},
    {"variant", "N", N_("this text only (default: each)")},
    CLI_END};

struct letter { /* what one variant sends */
    bool there;
    char *text, *subject, *html, *signature, *carrier_template, *carrier_variables;
};

struct test {
    struct cli *c;
    struct opened x;
    const struct gateway *g;
    int only; /* variant from 0; -1: all */
    struct letter letters[CAMPAIGN_VARIANTS];
    struct track_address to[NUMBERS_MAX];
    size_t n;
};

/* ---- what is sent ---- */

static char *keep(const char *s)
{
    char *copy = strdup(s);

    if (copy == NULL)
        panic("out of memory");
    return copy;
}

/* "【某局】text" -> "【某局】（测试）text" */
static char *marked(const char *text)
{
    const char *end = strncmp(text, "【", 3) == 0 ? strstr(text, "】") : NULL;
    size_t head = end != NULL ? (size_t)(end - text) + 3 : 0;
    char *out = NULL;

    if (asprintf(&out, "%.*s%s%s", (int)head, text, MARK, text + head) < 0)
        panic("out of memory");
    return out;
}

/* The first one of each variant: the longest comes first. */
static int take(void *ctx, const struct campaign_sample *m)
{
    struct test *t = ctx;
    struct letter *l = &t->letters[m->variant];

    if (l->there || (t->only >= 0 && m->variant != t->only))
        return 0;
    *l = (struct letter){.there = true,
                         .text = marked(m->text),
                         .subject = m->subject[0] != '\0' ? marked(m->subject) : keep(""),
                         .html = keep(m->html),
                         .signature = keep(m->signature),
                         .carrier_template = keep(m->carrier_template),
                         .carrier_variables = keep(m->carrier_variables)};
    return 0;
}

static int find_letters(struct test *t, struct err *e)
{
    struct bar bar;
    struct progress p = bar_begin(&bar, t->c, _("preview"));
    int rc = campaign_preview(t->c->store, t->c->keyring, &t->x.k, NULL, t->x.g.list, &t->x.o,
                              CAMPAIGN_ON_PURPOSE, &p, NULL, take, t, e);

    bar_end(&bar);
    for (int v = 0; rc == 0 && v < t->x.k.n_variants; v++)
        if ((t->only < 0 || v == t->only) && t->letters[v].there)
            return 0;
    return rc != 0 ? rc
                   : err_set(e, ERR_DATA, _("see `zhanchi campaign forecast` for the reasons"),
                             _("campaign %s has nobody to write to"), t->x.k.name);
}

/* ---- to whom, over what ---- */

static int read_numbers(struct test *t, struct err *e)
{
    bool email = strcmp(gateway_channel(t->g), "email") == 0;
    char line[4096];
    int got, at = 0;

    if (!t->c->json)
        fputs(email ? _("mail addresses to write to, one a line:\n")
                    : _("numbers to write to, one a line:\n"),
              stderr);
    while ((got = cli_read_line(line, sizeof line, e)) == 1) {
        at++;
        if (line[strspn(line, " \t\r")] == '\0')
            continue;
        if (t->n == NUMBERS_MAX)
            return err_set(e, ERR_DATA, _("write fewer: a test is for the office's own telephones"),
                           _("more than %d numbers"), NUMBERS_MAX);
        if (gateway_test_address(t->c, line, email, &t->to[t->n], e) != 0)
            return err_prefix(e, _("line %d of standard input"), at);
        t->n++;
    }
    if (got == 0 && t->n == 0)
        return err_set(e, ERR_DATA, _("write them to standard input, one a line"),
                       _("no number to write to"));
    return got;
}

static int choose(struct test *t, const struct cli_args *a, struct err *e)
{
    const char *gateway = a->value[TEST_GATEWAY], *variant = a->value[TEST_VARIANT];
    char *end;

    t->only = -1;
    if (variant != NULL) {
        long n = strtol(variant, &end, 10);
        if (*end != '\0' || n < 1 || n > t->x.k.n_variants)
            return err_set(e, ERR_USAGE, _("see `zhanchi campaign show`"),
                           _("--variant %.20s: from 1 to %d"), variant, t->x.k.n_variants);
        t->only = (int)n - 1;
    }
    for (size_t i = 0; i < t->x.g.n && t->g == NULL; i++)
        if (gateway == NULL || strcmp(gateway_name(t->x.g.list[i]), gateway) == 0)
            t->g = t->x.g.list[i];
    return t->g != NULL
               ? 0
               : err_set(e, ERR_USAGE, _("see `zhanchi campaign show`"),
                         _("campaign %s does not go over gateway %.60s"), t->x.k.name, gateway);
}

static int record(struct test *t, int variants, struct err *e)
{
    char object[128], detail[128];

    snprintf(object, sizeof object, "campaign %s", t->x.k.name);
    snprintf(detail, sizeof detail, "%d texts to %zu numbers over gateway %s", variants, t->n,
             gateway_name(t->g));
    return cli_audit(t->c, "campaign.test", object, detail, e);
}

/* ---- sending ---- */

static int send_one(struct test *t, int v, const struct track_address *to, struct table_out *out,
                    bool *taken, struct err *e)
{
    const struct letter *l = &t->letters[v];
    char ref[GATEWAY_TEST_REF], masked[MASK_MAX];
    struct gw_message m = {.id = 1,
                           .ref = ref,
                           .phone = to->text,
                           .text = l->text,
                           .subject = l->subject,
                           .html = l->html,
                           .signature = l->signature,
                           .carrier_template = l->carrier_template,
                           .carrier_variables = l->carrier_variables};
    struct gateway_try answer;

    gateway_test_ref(ref);
    if (gateway_try(t->g, &m, &answer, e) != 0)
        return -1;
    mask_address(to->text, strlen(to->text), masked);
    tout_text(out, masked);
    tout_int(out, v + 1);
    tout_text(out, message_class_name(answer.result.class));
    tout_text(out, answer.result.code);
    tout_text(out, answer.result.provider_id);
    if (*taken && gateway_test_verdict(t->g, &answer, e) != 0)
        *taken = false;
    return 0;
}

/* One after the other: an office has a few telephones. The first that is not taken is the error. */
static int send_all(struct test *t, struct err *e)
{
    static const char *const keys[] = {"to", "variant", "class", "code", "provider_id", NULL};
    static const char *const titles[] = {N_("to"),   N_("variant"), N_("read as"),
                                         N_("code"), N_("id"),      NULL};
    struct table_out *out = tout_new(t->c, keys, titles);
    bool taken = true;
    int rc = 0;

    for (int v = 0; v < t->x.k.n_variants; v++)
        for (size_t i = 0; i < t->n && rc == 0 && t->letters[v].there; i++)
            rc = send_one(t, v, &t->to[i], out, &taken, e);
    tout_end(out);
    return rc == 0 && taken ? 0 : -1;
}

static int run(struct test *t, const struct cli_args *a, struct err *e)
{
    int variants = 0;

    if (campaigns_open(t->c, a->rest[0], &t->x, e) != 0 || choose(t, a, e) != 0 ||
        cli_audit_ready(t->c, e) != 0 || read_numbers(t, e) != 0 || find_letters(t, e) != 0)
        return -1;
    for (int v = 0; v < CAMPAIGN_VARIANTS; v++)
        variants += t->letters[v].there;
    campaigns_tell_edited(t->c, &t->x.k);
    lint_tell(stderr, &t->x.lint.lint);
    if (gateway_filed_only(t->g) && !t->c->json)
        fputs(_("this gateway sends its filed text: it cannot be marked as a test\n"), stderr);
    if (record(t, variants, e) != 0) /* before: it may be on the wire */
        return -1;
    return send_all(t, e);
}

static int run_test(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct test *t = calloc(1, sizeof *t);

    if (t == NULL)
        panic("out of memory");
    t->c = c;
    int rc = run(t, a, e);
    for (int v = 0; v < CAMPAIGN_VARIANTS; v++) {
        free(t->letters[v].text);
        free(t->letters[v].subject);
        free(t->letters[v].html);
        free(t->letters[v].signature);
        free(t->letters[v].carrier_template);
        free(t->letters[v].carrier_variables);
    }
    campaigns_close(&t->x);
    free(t);
    return rc;
}

const struct command campaign_test_command = {
    .name = "test",
    .args = "C [--gateway G] [--variant N]",
    .help = N_("Send the texts to telephones of the office's own (numbers on standard input)."),
    .options = test_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_test};
