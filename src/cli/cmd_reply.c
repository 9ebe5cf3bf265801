/*
 * reply: what recipients wrote back, for people to look at, or from a provider's file. The texts are sealed: it needs the key.
 *
 * A text may name a person or tell of one: it is shown only where --text asks for it, and that look
 * is audited, as `message show` does.
 */
#include <stdlib.h>
#include "zhanchi/store_report.h"
#include "zhanchi/utf8.h"
#include "reports.h"

#define TEXT_MAX 65536

static const struct cli_option ls_options[] = {
    {"text", NULL, N_("the texts as they came: they may name people, and the look is audited")},
    CLI_END};

struct listing {
    struct cli *cli;
    bool with_text;
    struct table_out *t;
    struct buf text;
    struct err *e;
};

/* A stranger's text on a terminal: no control characters. */
static void show_text(struct listing *l)
{
    for (size_t i = 0; i < l->text.len; i++)
        if ((unsigned char)l->text.data[i] < ' ' || l->text.data[i] == 0x7f)
            l->text.data[i] = ' ';
    tout_text(l->t, buf_cstr(&l->text));
}

static int list_one(void *ctx, const struct reply_info *r)
{
    struct listing *l = ctx;

    buf_reset(&l->text);
    if (keyring_unseal(l->cli->keyring, r->key_id, SEAL_REPLY, r->id, 0, r->sealed, r->sealed_len,
                       &l->text, l->e) != 0)
        return -1;
    tout_int(l->t, r->id);
    tout_when(l->t, r->at_ms);
    tout_int(l->t, r->message_id);
    tout_text(l->t, r->is_optout ? _("yes") : _("no"));
    tout_int(l->t, (int64_t)utf8_count(buf_cstr(&l->text), l->text.len));
    if (l->with_text)
        show_text(l);
    return 0;
}

static int run_ls(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const char *const all_keys[] = {"id",         "at",   "message", "refusal",
                                           "characters", "text", NULL};
    static const char *const all_titles[] = {
        N_("id"), N_("at"), N_("message"), N_("refusal"), N_("characters"), N_("text"), NULL};
    struct listing l = {.cli = cli, .with_text = a->value[0] != NULL, .e = e};
    const char *keys[7] = {0}, *titles[7] = {0};

    for (size_t i = 0; i < (l.with_text ? 6u : 5u); i++) {
        keys[i] = all_keys[i];
        titles[i] = all_titles[i];
    }
    if (cli_keyring(cli, e) != 0 ||
        (l.with_text && cli_audit(cli, "reply.read", "replies", "", e) != 0))
        return -1;
    buf_init(&l.text, TEXT_MAX + 1);
    l.t = tout_new(cli, keys, titles);
    int rc = store_replies_each(cli->store, list_one, &l, e);
    tout_end(l.t);
    buf_fini(&l.text);
    return rc;
}

static const struct cli_option import_options[] = {{"gateway", "G", N_("whose file it is")},
                                                   CLI_END};

static int run_import(struct cli *cli, const struct cli_args *a, struct err *e)
{
    return reports_import(cli, a->rest[0], a->value[0], true, e);
}

static const struct command import = {.name = "import",
                                      .args = "FILE --gateway G",
                                      .help = N_("take in a provider's file of replies"),
                                      .options = import_options,
                                      .min_rest = 1,
                                      .max_rest = 1,
                                      .run = run_import};
static const struct command ls = {.name = "ls",
                                  .args = "[--text]",
                                  .help = N_("replies with the message they probably answer"),
                                  .options = ls_options,
                                  .run = run_ls};
static const struct command *const verbs[] = {&ls, &import, NULL};

const struct command cmd_reply = {
    .name = "reply", .args = "COMMAND", .help = N_("what recipients wrote back"), .verbs = verbs};
