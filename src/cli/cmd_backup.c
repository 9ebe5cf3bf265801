/*
 * cmd_backup: a copy of the live database into a file, while others work. What stands in it is of
 * one instant (store_backup). `zhanchi restore` brings it back (cmd_restore.c).
 */
#include "cli.h"

static void on_pages(void *ctx, int64_t done, int64_t total)
{
    const struct progress *p = ctx;

    p->fn(p->ctx, done, total, NULL);
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct bar bar;

    if (cli_store(c, STORE_RW, e) != 0 || cli_audit_ready(c, e) != 0)
        return -1;
    struct progress p = bar_begin(&bar, c, _("backup"));
    int rc = store_backup(c->store, a->rest[0], on_pages, &p, e);
    bar_end(&bar);
    if (rc != 0 || cli_audit(c, "backup", "database", "copied", e) != 0)
        return -1;
    printf(_("the database is copied to %s; personal data in it are sealed.\n"
             "Keep the key file elsewhere.\n"),
           a->rest[0]);
    return 0;
}

const struct command cmd_backup = {.name = "backup",
                                   .args = "FILE",
                                   .help = N_("copy the live database into FILE"),
                                   .min_rest = 1,
                                   .max_rest = 1,
                                   .run = run};
