/*
 * receipt: what gateways reported on messages: for people to look at (needs no key), pulled from a
 * provider, or read from its file.
 */
#include <stdlib.h>
#include "zhanchi/track.h"
#include "reports.h"

enum { LS_MESSAGE, LS_LIMIT };
static const struct cli_option options[] = {{"message", "ID", N_("of this message only")},
                                            {"limit", "N", N_("at most so many (default 1000)")},
                                            CLI_END};

struct listing {
    struct table_out *t;
    int64_t left;
};

static int list_one(void *ctx, const struct receipt_info *r)
{
    struct listing *l = ctx;

    if (l->left-- <= 0)
        return 1;
    tout_int(l->t, r->message_id);
    tout_int(l->t, r->attempt);
    tout_text(l->t, message_class_name((enum msg_class)r->class));
    tout_text(l->t, r->code);
    tout_when(l->t, r->at_ms);
    tout_when(l->t, r->received_ms);
    return 0;
}

static int parse_number(const char *s, int64_t def, int64_t *out, struct err *e)
{
    char *end;

    *out = def;
    if (s == NULL)
        return 0;
    *out = strtoll(s, &end, 10);
    if (*s < '0' || *s > '9' || *end != '\0')
        return err_set(e, ERR_USAGE, _("write digits, for example 100"), _("not a number: %.40s"),
                       s);
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"message", "attempt",  "class", "code",
                                       "at",      "received", NULL};
    static const char *const titles[] = {N_("message"), N_("attempt"),  N_("class"), N_("code"),
                                         N_("at"),      N_("received"), NULL};
    struct listing l;
    int64_t message;

    if (parse_number(a->value[LS_MESSAGE], 0, &message, e) != 0 ||
        parse_number(a->value[LS_LIMIT], 1000, &l.left, e) != 0 || cli_store(cli, STORE_RO, e) != 0)
        return -1;
    l.t = tout_new(cli, keys, titles);
    int rc = store_receipts_each(cli->store, message, list_one, &l, e);
    tout_end(l.t);
    return rc < 0 ? -1 : 0;
}

/* ---- pull ---- */

#define PAGES_DEFAULT 1000

enum { PULL_PAGES };
static const struct cli_option pull_options[] = {
    {"pages", "N", N_("stop after so many pages of each kind (default 1000)")}, CLI_END};

static int pull_kind(struct cli *cli, struct reports *r, enum gw_pull what, int64_t pages,
                     bool *more, struct err *e)
{
    struct pull_opts o = {.dir = conf_path(cli->conf, "store.dir"),
                          .gateway = r->gateway,
                          .what = what,
                          .max_pages = pages,
                          .stop = cli->stop};
    struct pull_stats st = {0};
    struct bar bar;

    if (!gateway_can_pull(r->gateway, what))
        return 0;
    o.progress = bar_begin(&bar, cli,
                           what == GW_PULL_RECEIPTS ? _("pulling receipts") : _("pulling replies"));
    int rc = track_pull(cli->store, cli->keyring, r->inbox, &o, &st, e);
    bar_end(&bar);
    printf(what == GW_PULL_RECEIPTS ? _("receipts pulled: %lld in %lld pages\n")
                                    : _("replies pulled: %lld in %lld pages\n"),
           (long long)st.reports, (long long)st.pages);
    *more = *more || st.more;
    return rc;
}

/* What was stored is applied whatever came then. */
static int pull(struct cli *cli, struct reports *r, int64_t pages, struct err *e)
{
    bool more = false;
    struct err why;

    if (!gateway_can_pull(r->gateway, GW_PULL_RECEIPTS) &&
        !gateway_can_pull(r->gateway, GW_PULL_REPLIES))
        return err_set(e, ERR_USAGE, _("its reports are pushed to `zhanchi serve`"),
                       _("the profile of gateway %s knows nothing that can be pulled"),
                       gateway_name(r->gateway));
    int rc = pull_kind(cli, r, GW_PULL_RECEIPTS, pages, &more, e);
    if (rc == 0)
        rc = pull_kind(cli, r, GW_PULL_REPLIES, pages, &more, e);
    int applied = reports_apply(cli, r, rc == 0 ? e : &why);
    if (rc != 0 || applied != 0)
        return -1;
    if (more)
        puts(_("there may be more: pull again"));
    return more ? ERR_TEMP : 0;
}

static int run_pull(struct cli *cli, const struct cli_args *a, struct err *e)
{
    struct reports r;
    int64_t pages;

    if (parse_number(a->value[PULL_PAGES], PAGES_DEFAULT, &pages, e) != 0 ||
        reports_open(cli, a->rest[0], &r, e) != 0)
        return -1;
    int rc = pull(cli, &r, pages, e);
    reports_close(&r);
    return rc;
}

/* ---- import ---- */

static const struct cli_option import_options[] = {{"gateway", "G", N_("whose file it is")},
                                                   CLI_END};

static int run_import(struct cli *cli, const struct cli_args *a, struct err *e)
{
    return reports_import(cli, a->rest[0], a->value[0], false, e);
}

static const struct command pull_command = {
    .name = "pull",
    .args = "GATEWAY [--pages N]",
    .help = N_("fetch the receipts and replies that a provider keeps for us, and apply them"),
    .options = pull_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_pull};
static const struct command import = {.name = "import",
                                      .args = "FILE --gateway G",
                                      .help = N_("take in a provider's file of receipts"),
                                      .options = import_options,
                                      .min_rest = 1,
                                      .max_rest = 1,
                                      .run = run_import};
static const struct command ls = {.name = "ls",
                                  .args = "[--message ID] [--limit N]",
                                  .help = N_("receipts by message"),
                                  .options = options,
                                  .run = run_ls};
extern const struct command receipt_bounces_command;
static const struct command *const verbs[] = {&ls, &pull_command, &import, &receipt_bounces_command,
                                              NULL};

const struct command cmd_receipt = {.name = "receipt",
                                    .args = "COMMAND",
                                    .help = N_("what gateways reported on messages"),
                                    .verbs = verbs};
