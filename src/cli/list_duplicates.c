/*
 * list_duplicates: `list duplicates` says which rows are about a certificate that another row has, or about persons of another list. Lines alone:
 * no key is needed.
 */
#include <string.h>
#include "lists.h"

enum { OF };
static const struct cli_option options[] = {
    {"of", "M", N_("rows whose persons stand in list M, too (default: repeated certificates)")},
    CLI_END};

static int add(void *ctx, int64_t line, int64_t first_line)
{
    tout_int(ctx, line);
    tout_int(ctx, first_line);
    return 0;
}

static int run(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"line", "first_line", NULL};
    static const char *const titles[] = {N_("LINE"), N_("FIRST LINE"), NULL};
    static const char *const titles_of[] = {N_("LINE"), N_("FIRST LINE THERE"), NULL};
    struct list_info l, other;

    if (cli_store(c, STORE_RO, e) || cli_list(c, a->rest[0], &l, e))
        return -1;
    other = l;
    if (a->value[OF] && cli_list(c, a->value[OF], &other, e))
        return -1;
    if (a->value[OF] && other.id == l.id)
        return err_set(e, ERR_USAGE, _("name another list, or leave --of out"),
                       _("list %s cannot be compared with itself"), l.name);
    struct table_out *t = tout_new(c, keys, a->value[OF] ? titles_of : titles);
    int rc = store_list_repeats(c->store, l.id, other.id, add, t, e);
    tout_end(t);
    return rc;
}

const struct command list_duplicates = {
    .name = "duplicates",
    .args = "L [--of M]",
    .help = N_("which rows repeat a certificate, or have persons of another list"),
    .options = options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run};
