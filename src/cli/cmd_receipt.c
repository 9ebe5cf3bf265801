/*
 * receipt: what gateways reported on messages, for people to look at. Needs no key.
 */
#include <stdlib.h>
#include "zhanchi/store_report.h"
#include "cli.h"

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
        return err_set(e, ERR_USAGE, NULL, _("not a number: %.40s"), s);
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

static const struct command ls = {.name = "ls",
                                  .args = "[--message ID] [--limit N]",
                                  .help = N_("receipts by message"),
                                  .options = options,
                                  .run = run_ls};
static const struct command *const verbs[] = {&ls, NULL};

const struct command cmd_receipt = {.name = "receipt",
                                    .args = "COMMAND",
                                    .help = N_("what gateways reported on messages"),
                                    .verbs = verbs};
