/*
 * export: a campaign's messages for analysts (pseudonymous, no key) or for staff (identified: the
 * key is needed, and the act is in the audit chain before the first line leaves).
 *
 * An identified file is readable by its owner only. A file appears whole under its name or not at
 * all; on standard output lines come as they are made.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/fsio.h"
#include "zhanchi/measure.h"
#include "cli.h"

enum { EXPORT_FORMAT, EXPORT_IDENTIFIED, EXPORT_OUTPUT };
static const struct cli_option options[] = {
    {"format", "csv|jsonl", N_("csv or jsonl")},
    {"identified", NULL, N_("with numbers; needs the key and is audited")},
    {"output", "FILE", N_("write to FILE, also -o (csv with a byte order mark, for spreadsheets)")},
    CLI_END};

struct target {
    const char *path; /* NULL: standard output */
    struct fs_draft file;
    struct err *e;
};

static int put(void *ctx, const char *text, size_t len)
{
    struct target *t = ctx;

    if (t->path != NULL)
        return fs_draft_put(&t->file, text, len, t->e);
    if (fwrite(text, 1, len, stdout) == len)
        return 0;
    return err_errno(t->e, ERR_IO, _("check the disk's space"), _("cannot write the export"));
}

static int parse_format(const struct cli_args *a, enum export_format *out, struct err *e)
{
    const char *name = a->value[EXPORT_FORMAT];

    if (name == NULL)
        return err_set(e, ERR_USAGE, _("--format csv or --format jsonl"), _("which format?"));
    if (strcmp(name, "csv") != 0 && strcmp(name, "jsonl") != 0)
        return err_set(e, ERR_USAGE, _("csv or jsonl"), _("no such format: %.40s"), name);
    *out = strcmp(name, "csv") == 0 ? EXPORT_CSV : EXPORT_JSONL;
    return 0;
}

static int open_all(struct cli *cli, bool identified, const char *name, struct campaign_info *c,
                    struct err *e)
{
    char object[128];

    if ((identified ? cli_keyring(cli, e) : cli_store(cli, STORE_RO, e)) != 0 ||
        cli_campaign(cli, name, c, e) != 0)
        return -1;
    snprintf(object, sizeof object, "campaign %s", c->name);
    return identified ? cli_audit(cli, "export.identified", object, "", e) : 0;
}

static int run_messages(struct cli *cli, const struct cli_args *a, struct err *e)
{
    bool identified = a->value[EXPORT_IDENTIFIED] != NULL;
    struct target t = {.path = a->value[EXPORT_OUTPUT], .e = e};
    enum export_format format = EXPORT_CSV;
    struct campaign_info c;

    if (parse_format(a, &format, e) != 0 || open_all(cli, identified, a->rest[0], &c, e) != 0 ||
        (t.path != NULL && fs_draft_begin(&t.file, t.path, identified ? 0600 : 0644, e) != 0))
        return -1;
    int rc = 0;
    if (t.path != NULL && format == EXPORT_CSV)
        rc = put(&t, "\xEF\xBB\xBF", 3);
    if (rc == 0)
        rc = measure_export(cli->store, identified ? cli->keyring : NULL, &c, format, put, &t, e);
    return t.path != NULL ? fs_draft_end(&t.file, rc, e) : rc;
}

static const struct command export_messages = {
    .name = "messages",
    .args = "C --format csv|jsonl [--identified] [-o FILE]",
    .help = N_("a line a message; pseudonymous unless --identified"),
    .options = options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_messages};
static const struct command *const verbs[] = {&export_messages, NULL};

extern const struct command cmd_export;
const struct command cmd_export = {
    .name = "export", .args = "messages", .help = N_("data for analysis"), .verbs = verbs};
