/*
 * cmd_audit: the chain of acts. Verifying needs the audit key only.
 */
#include <stdlib.h>
#include "zhanchi/store_audit.h"
#include "cli.h"

static int list_one(void *ctx, const struct audit_row *r)
{
    struct table_out *t = ctx;

    tout_int(t, r->id);
    tout_when(t, r->at_ms);
    tout_text(t, r->actor);
    tout_text(t, r->act);
    tout_text(t, r->object);
    tout_text(t, r->detail);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"id", "at", "actor", "act", "object", "detail", NULL};
    static const char *const titles[] = {N_("No."),    N_("at"),     N_("actor"), N_("act"),
                                         N_("object"), N_("detail"), NULL};
    (void)a;
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_audit_each(c->store, list_one, t, e);
    tout_end(t);
    return rc;
}

static int run_verify(struct cli *c, const struct cli_args *a, struct err *e)
{
    char head[65];
    int64_t n;
    (void)a;

    if (cli_store(c, STORE_RO, e) != 0 ||
        store_audit_verify(c->store, conf_path(c->conf, "keys.audit_file"), &n, head, e) != 0)
        return -1;
    if (c->json) {
        printf("{\"acts\":%lld,\"head\":\"%s\"}\n", (long long)n, head);
        return 0;
    }
    printf(_("%lld acts; the chain is whole; head %s\n"), (long long)n, head);
    puts(_("compare the head with the one in the log of the last act: a chain cut off at its end "
           "verifies too"));
    return 0;
}

static const struct command ls = {.name = "ls", .help = N_("acts, oldest first"), .run = run_ls};
static const struct command verify = {
    .name = "verify", .help = N_("verify the chain (needs the audit key only)"), .run = run_verify};
static const struct command *const verbs[] = {&ls, &verify, NULL};

const struct command cmd_audit = {
    .name = "audit",
    .args = "ls|verify",
    .help = N_("who did what, in a chain that cannot be changed unnoticed"),
    .verbs = verbs};
