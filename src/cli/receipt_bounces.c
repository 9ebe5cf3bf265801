/*
 * receipt bounces: a mail server's bounces out of a mailbox, as receipts. What cron runs behind `dispatch` where campaigns go by email.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/track.h"
#include "reports.h"

enum { B_GATEWAY };
static const struct cli_option options[] = {
    {"gateway", "G", N_("the mail server whose bounces these are")}, CLI_END};

static void tell(const struct cli *c, const struct bounce_stats *b, const struct track_stats *t)
{
    char n[4][32];

    if (c->json)
        printf("{\"letters\":%lld,\"bounces\":%lld,\"foreign\":%lld,\"unreadable\":%lld,"
               "\"moved\":%lld}\n",
               (long long)b->letters, (long long)b->bounces, (long long)b->foreign,
               (long long)b->unreadable, (long long)t->apply.moved);
    else
        printf(_("letters: %s; bounces of ours: %s; bounces of others: %s; messages moved: %s\n"),
               cli_number(b->letters, n[0]), cli_number(b->bounces, n[1]),
               cli_number(b->foreign, n[2]), cli_number(t->apply.moved, n[3]));
}

static int take(struct cli *c, struct reports *r, const char *path, struct err *e)
{
    const struct bounce_opts o = {.path = path, .gateway = r->gateway, .stop = c->stop};
    struct bounce_stats bounces = {0};
    struct track_stats applied = {0};
    struct err later;

    if (strcmp(gateway_channel(r->gateway), "email") != 0)
        return err_set(e, ERR_USAGE, _("name one whose profile has channel = \"email\""),
                       _("gateway %.63s is no mail server"), gateway_name(r->gateway));
    int rc = track_bounces(c->keyring, r->inbox, &o, &bounces, e);
    /* What was stored is applied whatever came then. */
    if (reports_take_in(c, r, &applied, rc == 0 ? e : &later) != 0)
        rc = -1;
    if (rc == 0)
        tell(c, &bounces, &applied);
    return rc;
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct reports r;

    if (a->value[B_GATEWAY] == NULL)
        return err_set(e, ERR_USAGE, _("add --gateway G"), _("whose bounces are these?"));
    if (reports_open(c, a->value[B_GATEWAY], &r, e) != 0)
        return -1;
    int rc = take(c, &r, a->rest[0], e);
    reports_close(&r);
    return rc;
}

const struct command receipt_bounces_command = {
    .name = "bounces",
    .args = "MAILBOX --gateway G",
    .help = N_("take a mail server's bounces out of a Maildir, or out of one file"),
    .options = options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run};
