/*
 * list_explain: `list explain` argues one person's case: every rule that was tried, then the one
 * that decided, clause by clause (explain_text.c), or the same as JSON.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/intake.h"
#include "zhanchi/json.h"
#include "explain_text.h"
#include "lists.h"
#include "pairs.h"

enum { EXPLAIN_ROW, EXPLAIN_POLICY, EXPLAIN_AS_OF, EXPLAIN_LAST_DAY };
static const struct cli_option explain_options[] = {
    {"row", "N", N_("line of the file")},
    {"policy", "P", N_("another policy than that of the newest screening")},
    {"as-of", "DATE", N_("another day than that of the newest screening")},
    {"last-day", "in|out",
     N_("count the last day of the months in, or out, whatever the rule says")},
    CLI_END};

struct explaining {
    const struct cli *cli;
    const struct policy *policy;
    int64_t line; /* asked for */
    int32_t as_of;
    char screened[17]; /* version of the newest screening, if its policy is the one; else "" */
    struct json_w w;   /* with --json */
    int told;          /* certificates, so far */
};

/* ---- for machines ---- */

static void json_rule(struct json_w *w, const struct policy_rule *r)
{
    pair_text(w, "rule", r->id);
    pair_text(w, "source", r->source);
    pair_text(w, "clause", r->clause);
    pair_bool(w, "confirmed", r->confirmed);
}

static void json_trials(const struct explaining *x, struct json_w *w, const struct explained *one)
{
    pair_open(w, "tried", '[');
    for (size_t i = 0; i < x->policy->n_rules; i++) {
        json_w_open(w, '{');
        pair_text(w, "rule", x->policy->rules[i].id);
        pair_text(w, "outcome", policy_trial_name(one->trials[i]));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_conditions(struct json_w *w, const struct policy_case *k)
{
    pair_open(w, "conditions", '{');
    for (int i = 0; i < POLICY_CONDITIONS; i++)
        pair_text(w, policy_condition_name((enum policy_condition)i),
                  policy_finding_name(k->finding[i]));
    json_w_close(w, '}');
    pair_day(w, "window_day", k->window_day);
    pair_day(w, "last_day_if_in", k->last_by_read[1]);
    pair_day(w, "last_day_if_out", k->last_by_read[0]);
    pair_bool(w, "last_day_included", k->verdict.rule->last_day_included);
    pair_int(w, "paid_this_year", k->paid_this_year);
    pair_bool(w, "shortage", k->shortage);
}

static void explain_json(struct explaining *x, const struct explained *one)
{
    const struct policy_case *k = &one->argument;
    const struct verdict *v = &k->verdict;
    struct json_w *w = &x->w;

    json_w_open(w, '{');
    pair_int(w, "line", one->line);
    pair_text(w, "occupation", one->certificate.occupation);
    pair_int(w, "level", one->certificate.level);
    pair_day(w, "issued", one->certificate.issued_day);
    pair_text(w, "outcome", verdict_outcome_name(v->outcome));
    pair_text(w, "reason", verdict_reason_name(v->reason));
    pair_day(w, "last_day", v->last_day);
    pair_fen(w, "amount_fen", v->amount_fen);
    if (v->rule != NULL)
        json_rule(w, v->rule);
    pair_text(w, "policy", x->policy->name);
    pair_text(w, "policy_version", x->policy->version);
    if (x->screened[0] != '\0')
        pair_text(w, "screened_version", x->screened);
    pair_day(w, "as_of", x->as_of);
    pair_text(w, "region", k->region != NULL ? k->region : "");
    json_trials(x, w, one);
    if (v->rule != NULL)
        json_conditions(w, k);
    json_w_close(w, '}');
}

static void head(const struct explaining *x)
{
    const struct policy *p = x->policy;
    char day[11];

    printf(_("policy %s (version %s), as of %s\n"), p->name, p->version,
           civil_format(x->as_of, day));
    if (x->screened[0] != '\0' && strcmp(x->screened, p->version) != 0)
        printf(
            _("(the stored verdicts are of version %s: the file has changed since; screen the list "
              "again)\n"),
            x->screened);
}

static int explain_one(void *ctx, const struct explained *one)
{
    struct explaining *x = ctx;

    if (!x->cli->json && x->told++ == 0)
        head(x);
    if (x->cli->json)
        explain_json(x, one);
    else
        explain_text(x->policy, one, x->as_of, one->line == x->line);
    return 0;
}

/* ---- the command ---- */

/* The policy and the day: as given, else those of the newest screening. */
static int choose(struct cli *c, const struct cli_args *a, const struct list_info *l,
                  char path[4096], struct explaining *x, struct err *e)
{
    struct policy_info info;
    int64_t policy_id;
    int screened = store_list_screened(c->store, l->id, &policy_id, &x->as_of, e);

    if (screened < 0)
        return -1;
    if (screened == 0)
        x->as_of = lists_today(c);
    if (lists_day(a->value[EXPLAIN_AS_OF], &x->as_of, e))
        return -1;
    if (a->value[EXPLAIN_POLICY])
        return cli_find_file(c, "campaign.policy_dir", a->value[EXPLAIN_POLICY], ".conf", path, e);
    if (screened == 0)
        return err_set(e, ERR_USAGE, _("say --policy P, or screen the list first"),
                       _("list %s was never screened"), l->name);
    if (store_policy_by_id(c->store, policy_id, &info, e) < 0)
        return -1;
    snprintf(path, 4096, "%s", info.path);
    memcpy(x->screened, info.version, sizeof x->screened);
    return 0;
}

static int read_by(const char *reading, struct policy *p, struct err *e)
{
    if (reading == NULL)
        return 0;
    if (strcmp(reading, "in") != 0 && strcmp(reading, "out") != 0)
        return err_set(e, ERR_USAGE, _("in or out"), _("no such reading of the last day: %.40s"),
                       reading);
    for (size_t i = 0; i < p->n_rules; i++)
        p->rules[i].last_day_included = strcmp(reading, "in") == 0;
    return 0;
}

static int explain(struct cli *c, const struct list_info *l, struct explaining *x, struct err *e)
{
    struct buf out;

    buf_init(&out, 16 << 20);
    json_w_init(&x->w, &out);
    json_w_open(&x->w, '[');
    int rc =
        intake_explain(c->store, c->keyring, l, x->policy, x->line, x->as_of, explain_one, x, e);
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
        cli_list(c, a->rest[0], &l, e) || choose(c, a, &l, path, &x, e))
        return -1;
    struct policy *p = conf_policy_load(path, e);
    if (!p)
        return -1;
    x.policy = p;
    int rc = read_by(a->value[EXPLAIN_LAST_DAY], p, e);
    if (rc == 0)
        rc = explain(c, &l, &x, e);
    conf_policy_free(p);
    return rc;
}

const struct command list_explain = {
    .name = "explain",
    .args = "L --row N [--policy P] [--as-of DATE] [--last-day in|out]",
    .help = N_("argues the case of one row's person, clause by clause"),
    .options = explain_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_explain};
