/*
 * list_screen: `list screen` judges every row of a list by a policy; `list explain` argues one
 * person's case.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
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

/* ---- explain ---- */

enum { EXPLAIN_ROW, EXPLAIN_POLICY, EXPLAIN_AS_OF };
static const struct cli_option explain_options[] = {
    {"row", "N", N_("line of the file")},
    {"policy", "P", N_("another policy than that of the newest screening")},
    {"as-of", "DATE", N_("another day than that of the newest screening")},
    CLI_END};

struct explaining {
    const struct cli *cli;
    int64_t line; /* asked for */
    int32_t as_of;
    struct json_w w; /* with --json */
};

static void yuan(int64_t fen, char out[48])
{
    char number[32];

    cli_number(fen / 100, number);
    if (fen % 100)
        snprintf(out, 48, "%s.%02d", number, (int)(fen % 100));
    else
        snprintf(out, 48, "%s", number);
}

static void rule_text(const struct policy_rule *r)
{
    char from[11], to[11];

    printf(_("  rule %s: %s %s%s\n"), r->id, r->source, r->clause,
           r->confirmed ? "" : _(" (UNCONFIRMED: the source text was not at hand)"));
    printf(_("    in force %s to %s by the day %s; region %s; at least %d paid months\n"),
           r->valid_from == CIVIL_NONE ? _("(open)") : civil_format(r->valid_from, from),
           r->valid_to == CIVIL_NONE ? _("(open)") : civil_format(r->valid_to, to),
           r->basis == POLICY_ISSUED ? _("of issue") : _("of application"), r->region,
           r->months_min);
}

static void verdict_text(const struct explaining *x, int64_t line,
                         const struct policy_certificate *c, const struct verdict *v)
{
    static const char *const outcomes[] = {[VERDICT_UNDETERMINED] = N_("undetermined"),
                                           [VERDICT_ELIGIBLE] = N_("eligible"),
                                           [VERDICT_NOT] = N_("not eligible")};
    char day[11], amount[48];
    const char *level = c->level ? policy_level_name(c->level) : _("(no level)");

    printf(_("line %lld%s: %s, %s, issued %s\n"), (long long)line,
           line == x->line ? "" : _(" (the same person)"),
           c->occupation[0] ? c->occupation : _("(no occupation)"), level,
           c->issued_day == CIVIL_NONE ? _("(no date)") : civil_format(c->issued_day, day));
    printf(_("  %s: %s\n"), _(outcomes[v->outcome]), lists_reason(v->reason));
    if (v->rule)
        rule_text(v->rule);
    if (v->last_day != CIVIL_NONE)
        printf(_("  last day to apply: %s\n"), civil_format(v->last_day, day));
    if (v->outcome != VERDICT_ELIGIBLE)
        return;
    if (v->amount_fen == POLICY_AMOUNT_NONE) {
        puts(_("  amount: none is promised (the rule names a ceiling, or nothing)"));
    } else {
        yuan(v->amount_fen, amount);
        printf(_("  amount: %s yuan\n"), amount);
    }
}

static void key_text(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

static void key_day(struct json_w *w, const char *key, int32_t day)
{
    char text[11];

    json_w_key(w, key);
    if (day == CIVIL_NONE)
        json_w_null(w);
    else
        json_w_str(w, civil_format(day, text));
}

static void verdict_json(struct json_w *w, int64_t line, const struct policy_certificate *c,
                         const struct verdict *v)
{
    json_w_open(w, '{');
    json_w_key(w, "line");
    json_w_int(w, line);
    key_text(w, "occupation", c->occupation);
    json_w_key(w, "level");
    json_w_int(w, c->level);
    key_day(w, "issued", c->issued_day);
    key_text(w, "outcome", verdict_outcome_name(v->outcome));
    key_text(w, "reason", verdict_reason_name(v->reason));
    key_day(w, "last_day", v->last_day);
    json_w_key(w, "amount_fen");
    if (v->amount_fen == POLICY_AMOUNT_NONE)
        json_w_null(w);
    else
        json_w_int(w, v->amount_fen);
    if (v->rule) {
        key_text(w, "rule", v->rule->id);
        key_text(w, "source", v->rule->source);
        key_text(w, "clause", v->rule->clause);
        json_w_key(w, "confirmed");
        json_w_bool(w, v->rule->confirmed);
    }
    json_w_close(w, '}');
}

static int explain_one(void *ctx, int64_t line, const struct policy_certificate *c,
                       const struct verdict *v)
{
    struct explaining *x = ctx;

    if (x->cli->json)
        verdict_json(&x->w, line, c, v);
    else
        verdict_text(x, line, c, v);
    return 0;
}

/* The policy and the day: as given, else those of the newest screening. */
static int choose(struct cli *c, const struct cli_args *a, const struct list_info *l,
                  char path[4096], int32_t *as_of, struct err *e)
{
    struct policy_info info;
    int64_t policy_id;
    int screened = store_list_screened(c->store, l->id, &policy_id, as_of, e);

    if (screened < 0)
        return -1;
    if (screened == 0)
        *as_of = lists_today(c);
    if (lists_day(a->value[EXPLAIN_AS_OF], as_of, e))
        return -1;
    if (a->value[EXPLAIN_POLICY])
        return cli_find_file(c, "campaign.policy_dir", a->value[EXPLAIN_POLICY], ".conf", path, e);
    if (screened == 0)
        return err_set(e, ERR_USAGE, _("say --policy P, or screen the list first"),
                       _("list %s was never screened"), l->name);
    if (store_policy_by_id(c->store, policy_id, &info, e) < 0)
        return -1;
    snprintf(path, 4096, "%s", info.path);
    return 0;
}

static int explain(struct cli *c, const struct list_info *l, const struct policy *p,
                   struct explaining *x, struct err *e)
{
    struct buf out;
    char day[11];

    buf_init(&out, 16 << 20);
    json_w_init(&x->w, &out);
    json_w_open(&x->w, '[');
    if (!c->json)
        printf(_("policy %s (version %s), as of %s\n"), p->name, p->version,
               civil_format(x->as_of, day));
    int rc = intake_explain(c->store, c->keyring, l, p, x->line, x->as_of, explain_one, x, e);
    json_w_close(&x->w, ']');
    if (rc == 0 && c->json)
        puts(buf_cstr(&out));
    buf_fini(&out);
    return rc;
}

static int run_explain(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct explaining x = {.cli = c};
    struct list_info l;
    char path[4096];

    if (lists_line(a->value[EXPLAIN_ROW], &x.line, e) || cli_keyring(c, e) ||
        cli_list(c, a->rest[0], &l, e) || choose(c, a, &l, path, &x.as_of, e))
        return -1;
    struct policy *p = conf_policy_load(path, e);
    if (!p)
        return -1;
    int rc = explain(c, &l, p, &x, e);
    conf_policy_free(p);
    return rc;
}

const struct command list_explain = {.name = "explain",
                                     .args = "L --row N [--policy P] [--as-of DATE]",
                                     .help = N_("argues the case of one row's person"),
                                     .options = explain_options,
                                     .min_rest = 1,
                                     .max_rest = 1,
                                     .run = run_explain};
