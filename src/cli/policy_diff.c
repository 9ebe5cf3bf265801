/*
 * policy_diff: `policy diff P1 P2` shows what differs between two policies, key by key;
 * `policy diff L P1 P2` also judges a list by both and shows whom the second adds or drops, counted
 * by region, the first of them by line, masked. Nothing is stored.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/intake.h"
#include "zhanchi/policy_compare.h"
#include "lists.h"
#include "pairs.h"
#include "policies.h"

#define ROWS_SHOWN 20
#define ROWS_MAX 100000
#define OUT_MAX (256u << 20)

enum { DIFF_ROWS, DIFF_CHANGED, DIFF_AS_OF };
static const struct cli_option diff_options[] = {
    {"rows", "N", N_("with a list: show so many people at most (default: 20)")},
    {"changed", NULL, N_("with a list: also show those whose amount, last day or reason changes")},
    {"as-of", "DATE", N_("judge as of this day (default: today)")},
    CLI_END};

struct diffing {
    struct cli *cli;
    struct policy *before, *after;
    char before_path[4096], after_path[4096];
    struct list_info list; /* id 0: files alone */
    int32_t as_of;
    size_t rows;
    bool changed;
    size_t n_changes; /* told */
    struct buf out;   /* the document; without --json, the lines about people */
    struct json_w w;
};

/* ---- the files ---- */

static int change_text(void *ctx, const struct policy_change *c)
{
    static const char marks[] = {
        [POLICY_ADDED] = '+', [POLICY_REMOVED] = '-', [POLICY_CHANGED] = '~'};
    struct diffing *d = ctx;
    bool rule = strcmp(c->object, "rule") == 0;

    d->n_changes++;
    printf("  %c %s %s", marks[c->kind], rule ? _("rule") : _("region"), c->id);
    if (c->kind == POLICY_CHANGED)
        printf("  %s: %s → %s", c->key, c->before[0] != '\0' ? c->before : _("(nothing)"),
               c->after[0] != '\0' ? c->after : _("(nothing)"));
    printf("  (%s:%d)\n", c->file, c->line);
    return 0;
}

static int change_json(void *ctx, const struct policy_change *c)
{
    struct json_w *w = &((struct diffing *)ctx)->w;

    json_w_open(w, '{');
    pair_text(w, "change", policy_change_name(c->kind));
    pair_text(w, c->object, c->id);
    if (c->kind == POLICY_CHANGED) {
        pair_text(w, "key", c->key);
        pair_text(w, "before", c->before);
        pair_text(w, "after", c->after);
    }
    pair_text(w, "file", c->file);
    pair_int(w, "line", c->line);
    json_w_close(w, '}');
    return 0;
}

static void policy_json(struct json_w *w, const char *key, const struct policy *p, const char *path)
{
    pair_open(w, key, '{');
    pair_text(w, "name", p->name);
    pair_text(w, "version", p->version);
    pair_text(w, "file", path);
    json_w_close(w, '}');
}

static void files(struct diffing *d)
{
    if (d->cli->json) {
        policy_json(&d->w, "before", d->before, d->before_path);
        policy_json(&d->w, "after", d->after, d->after_path);
        pair_open(&d->w, "changes", '[');
        policy_diff(d->before, d->after, change_json, d);
        json_w_close(&d->w, ']');
        return;
    }
    printf(_("%s (version %s) → %s (version %s)\n"), d->before->name, d->before->version,
           d->after->name, d->after->version);
    policy_diff(d->before, d->after, change_text, d);
    if (d->n_changes == 0)
        puts(_("  no rule and no region differs"));
}

/* ---- the people ---- */

static void outcome_json(struct json_w *w, const char *key, const struct verdict *v)
{
    pair_open(w, key, '{');
    pair_text(w, "outcome", verdict_outcome_name(v->outcome));
    pair_text(w, "reason", verdict_reason_name(v->reason));
    pair_text(w, "rule", v->rule != NULL ? v->rule->id : "");
    pair_day(w, "last_day", v->last_day);
    pair_fen(w, "amount_fen", v->amount_fen);
    json_w_close(w, '}');
}

static int row_json(void *ctx, const struct diff_row *r)
{
    struct json_w *w = &((struct diffing *)ctx)->w;

    json_w_open(w, '{');
    pair_int(w, "line", r->line);
    pair_text(w, "name", r->name);
    pair_text(w, "phone", r->phone);
    pair_text(w, "region", r->region);
    pair_int(w, "level", r->level);
    pair_day(w, "issued", r->issued_day);
    outcome_json(w, "before", r->before);
    outcome_json(w, "after", r->after);
    json_w_close(w, '}');
    return 0;
}

static void outcome_text(struct buf *out, const struct verdict *v)
{
    char day[11];

    buf_adds(out, verdict_reason_name(v->reason));
    if (v->outcome != VERDICT_ELIGIBLE)
        return;
    if (v->amount_fen != POLICY_AMOUNT_NONE)
        buf_addf(out, _(", %lld yuan"), (long long)(v->amount_fen / 100));
    if (v->last_day != CIVIL_NONE)
        buf_addf(out, _(", to %s"), civil_format(v->last_day, day));
}

/* Kept until the progress bar is gone. */
static int row_text(void *ctx, const struct diff_row *r)
{
    struct diffing *d = ctx;
    bool before = r->before->outcome == VERDICT_ELIGIBLE;
    bool after = r->after->outcome == VERDICT_ELIGIBLE;
    char day[11];

    buf_addf(&d->out, _("  %c line %lld  %s  %s  %s  %s, issued %s: "),
             before == after ? '~'
             : after         ? '+'
                             : '-',
             (long long)r->line, r->name, r->phone, r->region,
             r->level != 0 ? policy_level_name(r->level) : _("(no level)"),
             r->issued_day == CIVIL_NONE ? _("(no date)") : civil_format(r->issued_day, day));
    outcome_text(&d->out, r->before);
    buf_adds(&d->out, " → ");
    outcome_text(&d->out, r->after);
    buf_addc(&d->out, '\n');
    return 0;
}

static void counts_json(struct json_w *w, const struct diff_counts *c)
{
    pair_int(w, "rows", c->rows);
    pair_int(w, "eligible_before", c->before);
    pair_int(w, "eligible_after", c->after);
    pair_int(w, "added", c->added);
    pair_int(w, "dropped", c->dropped);
    pair_int(w, "changed", c->changed);
}

static void result_json(struct diffing *d, const struct diff_result *r)
{
    struct json_w *w = &d->w;

    pair_text(w, "list", d->list.name);
    pair_day(w, "as_of", d->as_of);
    counts_json(w, &r->total);
    pair_int(w, "persons_added", r->persons_added);
    pair_int(w, "persons_dropped", r->persons_dropped);
    pair_open(w, "regions", '[');
    for (size_t i = 0; i < r->n_regions; i++) {
        json_w_open(w, '{');
        pair_text(w, "region", r->regions[i].region);
        counts_json(w, &r->regions[i]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void counts_row(struct table_out *t, const char *name, const struct diff_counts *c)
{
    tout_text(t, name);
    tout_int(t, c->rows);
    tout_int(t, c->before);
    tout_int(t, c->after);
    tout_int(t, c->added);
    tout_int(t, c->dropped);
    tout_int(t, c->changed);
}

static void result_text(struct diffing *d, const struct diff_result *r)
{
    static const char *const keys[] = {"region", "rows",    "before",  "after",
                                       "added",  "dropped", "changed", NULL};
    static const char *const titles[] = {N_("REGION"),         N_("ROWS"),  N_("ELIGIBLE BEFORE"),
                                         N_("ELIGIBLE AFTER"), N_("ADDED"), N_("DROPPED"),
                                         N_("CHANGED"),        NULL};
    struct table_out *t = tout_new(d->cli, keys, titles);
    char a[32], b[32], day[11];

    printf(_("\nList %s, as of %s (certificates):\n"), d->list.name, civil_format(d->as_of, day));
    for (size_t i = 0; i < r->n_regions; i++)
        counts_row(t, r->regions[i].region[0] != '\0' ? r->regions[i].region : _("(no region)"),
                   &r->regions[i]);
    counts_row(t, _("all"), &r->total);
    tout_end(t);
    printf(_("persons: %s added, %s dropped\n"), cli_number(r->persons_added, a),
           cli_number(r->persons_dropped, b));
    if (d->out.len > 0)
        printf(_("\nPeople (+ added, - dropped, ~ changed):\n%s"), buf_cstr(&d->out));
}

static int people(struct diffing *d, struct err *e)
{
    bool json = d->cli->json;
    struct bar bar;
    struct progress progress = bar_begin(&bar, d->cli, _("compare"));
    struct diff_ask ask = {.before = d->before,
                           .after = d->after,
                           .as_of = d->as_of,
                           .rows = d->rows,
                           .changed = d->changed,
                           .each = json ? row_json : row_text,
                           .ctx = d,
                           .progress = &progress};
    struct diff_result r;

    if (json)
        pair_open(&d->w, "people", '[');
    int rc = intake_diff(d->cli->store, d->cli->keyring, &d->list, &ask, &r, e);
    bar_end(&bar);
    if (rc != 0)
        return -1;
    if (json) {
        json_w_close(&d->w, ']');
        result_json(d, &r);
    } else {
        result_text(d, &r);
    }
    diff_result_fini(&r);
    return 0;
}

/* ---- the command ---- */

static int show(struct diffing *d, struct err *e)
{
    int rc = 0;

    buf_init(&d->out, OUT_MAX);
    json_w_init(&d->w, &d->out);
    if (d->cli->json)
        json_w_open(&d->w, '{');
    files(d);
    if (d->list.id != 0)
        rc = people(d, e);
    if (d->cli->json)
        json_w_close(&d->w, '}');
    if (rc == 0 && d->out.failed)
        rc = err_set(e, ERR_DATA, _("ask for fewer with --rows"), _("the comparison is too long"));
    if (rc == 0 && d->cli->json)
        puts(buf_cstr(&d->out));
    buf_fini(&d->out);
    return rc;
}

static int parse(struct diffing *d, const struct cli_args *a, struct err *e)
{
    const char *rows = a->value[DIFF_ROWS];
    char *end = NULL;

    d->rows = ROWS_SHOWN;
    if (rows != NULL) {
        long n = strtol(rows, &end, 10);
        if (*rows == '\0' || *end != '\0' || n < 0 || n > ROWS_MAX)
            return err_set(e, ERR_USAGE, _("a number up to 100000"), _("no such number: %.40s"),
                           rows);
        d->rows = (size_t)n;
    }
    d->changed = a->value[DIFF_CHANGED] != NULL;
    d->as_of = lists_today(d->cli);
    return lists_day(a->value[DIFF_AS_OF], &d->as_of, e);
}

static int run_diff(struct cli *cli, const struct cli_args *a, struct err *e)
{
    static const struct diffing none;
    struct diffing *d = malloc(sizeof *d);
    bool listed = a->n_rest == 3;

    if (d == NULL)
        panic("out of memory");
    *d = none;
    d->cli = cli;
    int rc = listed && (cli_keyring(cli, e) != 0 || cli_list(cli, a->rest[0], &d->list, e) != 0)
                 ? -1
                 : parse(d, a, e);
    if (rc == 0)
        d->before = policies_load(cli, a->rest[a->n_rest - 2], d->before_path, e);
    if (rc == 0 && d->before != NULL)
        d->after = policies_load(cli, a->rest[a->n_rest - 1], d->after_path, e);
    rc = d->after != NULL ? show(d, e) : -1;
    conf_policy_free(d->before);
    conf_policy_free(d->after);
    free(d);
    return rc;
}

const struct command policy_diff_verb = {
    .name = "diff",
    .args = "[L] P1 P2 [--rows N] [--changed] [--as-of DATE]",
    .help = N_("what differs between two policies; with a list, whom the second adds or drops"),
    .options = diff_options,
    .min_rest = 2,
    .max_rest = 3,
    .run = run_diff};
