/*
 * receipt bounces: a mail server's bounces out of a mailbox, as receipts. What cron runs behind `dispatch` where campaigns go by email.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "zhanchi/track.h"
#include "cli.h"

enum { B_GATEWAY };
static const struct cli_option options[] = {
    {"gateway", "G", N_("the mail server whose bounces these are")}, CLI_END};

static const struct gateway *find(const struct cli_gateways *g, const char *name, struct err *e)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(gateway_name(g->list[i]), name) == 0) {
            if (strcmp(gateway_channel(g->list[i]), "email") == 0)
                return g->list[i];
            err_set(e, ERR_USAGE, _("name one whose profile has channel = \"email\""),
                    _("gateway %.63s is no mail server"), name);
            return NULL;
        }
    err_set(e, ERR_NOINPUT, _("see `zhanchi gateway ls`"), _("there is no gateway %.63s"), name);
    return NULL;
}

/* The inbox has one writer at a time. */
static int lock_inbox(struct cli *c, int *lock, struct err *e)
{
    char path[4096];

    if (fs_join(conf_path(c->conf, "store.dir"), "serve.lock", path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, lock, e);
    if (rc < 0)
        return -1;
    return rc == 0 ? 0
                   : err_set(e, ERR_TEMP, _("try again when it has ended"),
                             _("another process writes reports: `zhanchi serve`, or this command"));
}

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

static int take(struct cli *c, const struct cli_gateways *g, const struct bounce_opts *o,
                struct err *e)
{
    const struct track_opts apply = {.gateways = g->list, .n_gateways = g->n};
    struct bounce_stats bounces = {0};
    struct track_stats applied = {0};
    struct inbox *inbox = inbox_open(conf_path(c->conf, "store.dir"), e);

    if (inbox == NULL)
        return -1;
    int rc = track_bounces(c->keyring, inbox, o, &bounces, e);
    struct err later;
    if (track_apply(c->store, c->keyring, inbox, &apply, &applied, rc == 0 ? e : &later) < 0)
        rc = -1;
    inbox_close(inbox);
    if (rc == 0)
        tell(c, &bounces, &applied);
    return rc;
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct bounce_opts o = {.path = a->rest[0], .stop = c->stop};
    struct cli_gateways g;
    int lock;

    if (a->value[B_GATEWAY] == NULL)
        return err_set(e, ERR_USAGE, _("add --gateway G"), _("whose bounces are these?"));
    if (cli_keyring(c, e) != 0 || cli_gateways(c, NULL, &g, e) != 0)
        return -1;
    int rc = -1;
    if ((o.gateway = find(&g, a->value[B_GATEWAY], e)) != NULL && lock_inbox(c, &lock, e) == 0) {
        rc = take(c, &g, &o, e);
        close(lock);
    }
    cli_gateways_free(&g);
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
