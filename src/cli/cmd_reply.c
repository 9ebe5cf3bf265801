/*
 * reply: what recipients wrote back, for people to look at. The texts are sealed: it needs the key.
 */
#include <stdlib.h>
#include "zhanchi/store_report.h"
#include "cli.h"

#define TEXT_MAX 65536

struct listing {
    struct cli *cli;
    struct table_out *t;
    struct buf text;
    struct err *e;
};

static int list_one(void *ctx, const struct reply_info *r)
{
    struct listing *l = ctx;

    buf_reset(&l->text);
    if (keyring_unseal(l->cli->keyring, r->key_id, SEAL_REPLY, r->id, 0, r->sealed, r->sealed_len,
                       &l->text, l->e) != 0)
        return -1;
    for (size_t i = 0; i < l->text.len;
         i++) /* a stranger's text on a terminal: no control characters */
        if ((unsigned char)l->text.data[i] < ' ' || l->text.data[i] == 0x7f)
            l->text.data[i] = ' ';
    tout_int(l->t, r->id);
    tout_when(l->t, r->at_ms);
    tout_int(l->t, r->message_id);
    tout_text(l->t, r->is_optout ? _("yes") : _("no"));
    tout_text(l->t, buf_cstr(&l->text));
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"id", "at", "message", "refusal", "text", NULL};
    static const char *const titles[] = {N_("id"),      N_("at"),   N_("message"),
                                         N_("refusal"), N_("text"), NULL};
    struct listing l = {.cli = cli, .e = e};

    (void)a;
    if (cli_keyring(cli, e) != 0)
        return -1;
    buf_init(&l.text, TEXT_MAX + 1);
    l.t = tout_new(cli, keys, titles);
    int rc = store_replies_each(cli->store, list_one, &l, e);
    tout_end(l.t);
    buf_fini(&l.text);
    return rc;
}

static const struct command ls = {
    .name = "ls", .help = N_("replies with the message they probably answer"), .run = run_ls};
static const struct command *const verbs[] = {&ls, NULL};

const struct command cmd_reply = {
    .name = "reply", .args = "COMMAND", .help = N_("what recipients wrote back"), .verbs = verbs};
