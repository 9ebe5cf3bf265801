/*
 * list_screen: `list screen` judges every row of a list by a policy.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/intake.h"
#include "lists.h"

/* ---- screen ---- */

enum { SCREEN_POLICY, SCREEN_AS_OF };
static const struct cli_option screen_options[] = {
    {"policy", "P", N_("name in the policy folder, or a file")},
    {"as-of", "DATE", N_("judge as of this day (default: today)")},
    CLI_END};

static void print_screened(const struct cli *c, const struct list_info *l, const struct policy *p,
                           int32_t as_of, const struct screen_result *r)
{
    static const char *const keys[] = {"list",     "policy",       "version",      "as_of", "rows",
                                       "eligible", "not_eligible", "undetermined", NULL};
    static const char *const titles[] = {N_("LIST"),         N_("POLICY"),       N_("VERSION"),
                                         N_("AS OF"),        N_("ROWS"),         N_("ELIGIBLE"),
                                         N_("NOT ELIGIBLE"), N_("UNDETERMINED"), NULL};
    char day[11];
    struct table_out *t = tout_new(c, keys, titles);

    tout_text(t, l->name);
    tout_text(t, p->name);
    tout_text(t, p->version);
    tout_text(t, civil_format(as_of, day));
    tout_int(t, r->rows);
    tout_int(t, r->eligible);
    tout_int(t, r->not_eligible);
    tout_int(t, r->undetermined);
    tout_end(t);
    if (!c->json)
        printf(_("`zhanchi list show %s` counts the reasons.\n"), l->name);
}

struct screen_act {
    struct cli *cli;
    const struct list_info *list;
    const struct policy *policy;
};

static int audit_screen(void *ctx, const struct screen_result *r, struct err *e)
{
    const struct screen_act *act = ctx;
    const struct policy *p = act->policy;
    char object[128], detail[256];

    snprintf(object, sizeof object, "list %s", act->list->name);
    snprintf(detail, sizeof detail,
             "policy %.64s %s, eligible %lld, not eligible %lld, undetermined %lld", p->name,
             p->version, (long long)r->eligible, (long long)r->not_eligible,
             (long long)r->undetermined);
    return cli_audit(act->cli, "list.screen", object, detail, e);
}

static int screen(struct cli *c, const struct list_info *l, const struct policy *p,
                  const char *path, int32_t as_of, struct err *e)
{
    struct screen_act act = {c, l, p};
    struct screen_record record = {audit_screen, &act};
    struct screen_result r;
    struct bar bar;
    struct progress progress = bar_begin(&bar, c, _("screen"));

    int rc = intake_screen(c->store, c->keyring, l, p, path, as_of, clock_now_ms(), &progress,
                           &record, &r, e);
    bar_end(&bar);
    if (rc)
        return -1;
    print_screened(c, l, p, as_of, &r);
    return 0;
}

static int run_screen(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct list_info l;
    char path[4096];

    if (!a->value[SCREEN_POLICY])
        return err_set(e, ERR_USAGE, _("say --policy P"), _("which policy decides?"));
    if (cli_keyring(c, e) || cli_audit_ready(c, e) || cli_list(c, a->rest[0], &l, e) ||
        cli_find_file(c, "campaign.policy_dir", a->value[SCREEN_POLICY], ".conf", path, e))
        return -1;
    int32_t as_of = lists_today(c);
    if (lists_day(a->value[SCREEN_AS_OF], &as_of, e))
        return -1;
    struct policy *p = conf_policy_load(path, e);
    if (!p)
        return -1;
    int rc = screen(c, &l, p, path, as_of, e);
    conf_policy_free(p);
    return rc;
}

const struct command list_screen = {.name = "screen",
                                    .args = "L --policy P [--as-of DATE]",
                                    .help = N_("judges every row by a policy"),
                                    .options = screen_options,
                                    .min_rest = 1,
                                    .max_rest = 1,
                                    .run = run_screen};
