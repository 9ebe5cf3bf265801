/*
 * policy_check: `policy check FILE` loads a policy as every other command does and shows what it
 * says: rules with their sources, regions, the days for which a region has no rule or two, and the
 * rules that nobody has confirmed. Needs no work directory; a name without a folder is looked for
 * where campaign.policy_dir says.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/fsio.h"
#include "zhanchi/json.h"
#include "zhanchi/policy_compare.h"
#include "pairs.h"
#include "policies.h"

/* ---- texts ---- */

static void period(int32_t from, int32_t to, char out[40])
{
    char a[11], b[11];

    civil_format(from, a);
    civil_format(to, b);
    snprintf(out, 40, "%s..%s", from != CIVIL_NONE ? a : "", to != CIVIL_NONE ? b : "");
}

/* "5 4 3" */
static void levels_text(const struct policy_rule *r, char out[16])
{
    size_t len = 0;

    out[0] = '\0';
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if ((r->levels & (1u << level)) != 0)
            len += (size_t)snprintf(out + len, 16 - len, "%s%d", len > 0 ? " " : "", level);
}

/* "1000/1500/2000", in the order of the levels; "" if no amount is given. */
static void yuan_text(const struct policy_rule *r, const int64_t *fen, char out[128])
{
    size_t len = 0;
    bool any = false;

    for (int level = POLICY_LEVELS - 1; level > 0; level--) {
        const char *slash = len > 0 ? "/" : "";
        if ((r->levels & (1u << level)) == 0)
            continue;
        any = any || fen[level] != POLICY_AMOUNT_NONE;
        if (fen[level] == POLICY_AMOUNT_NONE)
            len += (size_t)snprintf(out + len, 128 - len, "%s-", slash);
        else if (fen[level] % 100 == 0)
            len += (size_t)snprintf(out + len, 128 - len, "%s%lld", slash,
                                    (long long)fen[level] / 100);
        else
            len +=
                (size_t)snprintf(out + len, 128 - len, "%s%.2f", slash, (double)fen[level] / 100);
    }
    if (!any)
        out[0] = '\0';
}

/* ---- for people ---- */

static void show_rules(const struct cli *cli, const struct policy *p)
{
    static const char *const keys[] = {"id",   "region",   "in_force", "basis",  "months", "levels",
                                       "yuan", "shortage", "window",   "source", NULL};
    static const char *const titles[] = {
        N_("RULE"), N_("REGION"),   N_("IN FORCE"), N_("BASIS"),  N_("MONTHS"), N_("LEVELS"),
        N_("YUAN"), N_("SHORTAGE"), N_("WINDOW"),   N_("SOURCE"), NULL};
    struct table_out *t = tout_new(cli, keys, titles);

    for (size_t i = 0; i < p->n_rules; i++) {
        const struct policy_rule *r = &p->rules[i];
        char when[40], levels[16], yuan[128], at_most[160], shortage[128];
        period(r->valid_from, r->valid_to, when);
        levels_text(r, levels);
        yuan_text(r, r->amount_fen, yuan);
        yuan_text(r, r->shortage_fen, shortage);
        snprintf(at_most, sizeof at_most, "%s%s", r->ceiling ? "≤ " : "", yuan);
        tout_text(t, r->id);
        tout_text(t, r->region);
        tout_text(t, when);
        tout_text(t, policy_basis_name(r->basis));
        tout_int(t, r->months_min);
        tout_text(t, levels);
        tout_text(t, yuan[0] != '\0' ? at_most : "");
        tout_text(t, shortage);
        tout_int(t, r->window_months);
        tout_text(t, r->source);
    }
    tout_end(t);
}

static void show_regions(const struct policy *p)
{
    if (p->n_regions > 0)
        puts(_("\nRegions:"));
    for (size_t i = 0; i < p->n_regions; i++) {
        const struct policy_region *r = &p->regions[i];
        size_t n = 0;
        while (r->shortage != NULL && r->shortage[n] != NULL)
            n++;
        printf("  %s  %s", r->name, r->title);
        if (r->shortage != NULL)
            printf(_("  (%zu shortage occupations)"), n);
        putchar('\n');
    }
}

/* A heading before the first span, a line for each. */
struct spans {
    const char *heading;
    struct json_w *w;
};

static void begin_span(struct spans *s, const struct policy_span *span, char when[40])
{
    if (s->heading != NULL)
        puts(s->heading);
    s->heading = NULL;
    period(span->from, span->to, when);
}

static int show_gap(void *ctx, const struct policy_span *span)
{
    char when[40];

    begin_span(ctx, span, when);
    printf("  %s  %s  (%s)  %s:%d\n", span->rule->region, when,
           policy_basis_name(span->rule->basis), span->rule->file, span->rule->line);
    return 0;
}

static int show_overlap(void *ctx, const struct policy_span *span)
{
    char when[40];

    begin_span(ctx, span, when);
    printf(_("  %s  %s  %s (%s:%d) before %s (%s:%d)\n"), span->rule->region, when, span->rule->id,
           span->rule->file, span->rule->line, span->other->id, span->other->file,
           span->other->line);
    return 0;
}

static void show_spans(const struct policy *p)
{
    struct spans gaps = {
        .heading =
            _("\nDays without a rule (a region above decides; at the top nobody is eligible):")};
    struct spans overlaps = {
        .heading =
            _("\nDays with rules by issue and by application (the first one named decides):")};

    policy_gaps(p, show_gap, &gaps);
    policy_overlaps(p, show_overlap, &overlaps);
}

static void show_remarks(const struct policy *p)
{
    size_t unconfirmed = 0;

    for (size_t i = 0; i < p->n_rules; i++)
        unconfirmed += !p->rules[i].confirmed;
    if (unconfirmed > 0)
        puts(_("\nNot confirmed (campaigns that rest on these are approved only with a reason):"));
    for (size_t i = 0; i < p->n_rules; i++)
        if (!p->rules[i].confirmed)
            printf("  %s  %s:%d\n", p->rules[i].id, p->rules[i].file, p->rules[i].line);
    bool notes = false;
    for (size_t i = 0; i < p->n_rules; i++) {
        if (p->rules[i].note[0] == '\0')
            continue;
        if (!notes)
            puts(_("\nNotes (conditions that no list tells):"));
        notes = true;
        printf("  %s  %s\n", p->rules[i].id, p->rules[i].note);
    }
}

/* ---- for machines ---- */

static void json_fen_of(struct json_w *w, const char *key, const int64_t *fen)
{
    static const char *const names[] = {"", "1", "2", "3", "4", "5"};

    json_w_key(w, key);
    json_w_open(w, '{');
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if (fen[level] != POLICY_AMOUNT_NONE)
            pair_int(w, names[level], fen[level]);
    json_w_close(w, '}');
}

static void json_rule(struct json_w *w, const struct policy_rule *r)
{
    json_w_open(w, '{');
    pair_text(w, "id", r->id);
    pair_text(w, "region", r->region);
    pair_text(w, "source", r->source);
    pair_text(w, "clause", r->clause);
    pair_bool(w, "confirmed", r->confirmed);
    pair_text(w, "basis", policy_basis_name(r->basis));
    pair_day(w, "valid_from", r->valid_from);
    pair_day(w, "valid_to", r->valid_to);
    pair_day(w, "issued_from", r->issued_from);
    pair_day(w, "issued_to", r->issued_to);
    pair_int(w, "months_min", r->months_min);
    json_w_key(w, "levels");
    json_w_open(w, '[');
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if ((r->levels & (1u << level)) != 0)
            json_w_int(w, level);
    json_w_close(w, ']');
    pair_int(w, "window_months", r->window_months);
    pair_bool(w, "last_day_included", r->last_day_included);
    pair_bool(w, "ceiling", r->ceiling);
    json_fen_of(w, "amount_fen", r->amount_fen);
    json_fen_of(w, "shortage_fen", r->shortage_fen);
    pair_int(w, "yearly_max", r->yearly_max);
    pair_int(w, "yearly_extra_shortage", r->yearly_extra_shortage);
    pair_bool(w, "once_per_level", r->once_per_level);
    pair_text(w, "higher_bars_lower", policy_higher_name(r->higher_bars_lower));
    pair_bool(w, "benefit_included", r->benefit_included);
    pair_open(w, "excluded", '[');
    for (char *const *x = r->excluded; x != NULL && *x != NULL; x++)
        json_w_str(w, *x);
    json_w_close(w, ']');
    pair_text(w, "note", r->note);
    pair_text(w, "file", r->file);
    pair_int(w, "line", r->line);
    json_w_close(w, '}');
}

static void json_region(struct json_w *w, const struct policy_region *r)
{
    json_w_open(w, '{');
    pair_text(w, "name", r->name);
    pair_text(w, "title", r->title);
    pair_text(w, "parent", r->parent);
    json_w_key(w, "shortage");
    if (r->shortage == NULL) {
        json_w_null(w);
    } else {
        json_w_open(w, '[');
        for (char **s = r->shortage; *s != NULL; s++)
            json_w_str(w, *s);
        json_w_close(w, ']');
    }
    json_w_close(w, '}');
}

static int json_span(void *ctx, const struct policy_span *span)
{
    struct json_w *w = ((struct spans *)ctx)->w;

    json_w_open(w, '{');
    pair_text(w, "region", span->rule->region);
    pair_text(w, "basis", policy_basis_name(span->rule->basis));
    pair_day(w, "from", span->from);
    pair_day(w, "to", span->to);
    pair_text(w, "rule", span->rule->id);
    pair_text(w, "other", span->other != NULL ? span->other->id : "");
    json_w_close(w, '}');
    return 0;
}

static void json_spans(struct json_w *w, const struct policy *p)
{
    struct spans s = {.w = w};

    pair_open(w, "gaps", '[');
    policy_gaps(p, json_span, &s);
    json_w_close(w, ']');
    pair_open(w, "overlaps", '[');
    policy_overlaps(p, json_span, &s);
    json_w_close(w, ']');
}

static void print_json(const struct policy *p)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, SIZE_MAX / 2);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    pair_text(&w, "name", p->name);
    pair_text(&w, "title", p->title);
    pair_text(&w, "version", p->version);
    json_w_key(&w, "rules");
    json_w_open(&w, '[');
    for (size_t i = 0; i < p->n_rules; i++)
        json_rule(&w, &p->rules[i]);
    json_w_close(&w, ']');
    json_w_key(&w, "regions");
    json_w_open(&w, '[');
    for (size_t i = 0; i < p->n_regions; i++)
        json_region(&w, &p->regions[i]);
    json_w_close(&w, ']');
    json_spans(&w, p);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

/* ---- the command ---- */

struct policy *policies_load(struct cli *cli, const char *name, char path[4096], struct err *e)
{
    snprintf(path, 4096, "%s", name);
    if (strchr(name, '/') == NULL && !fs_exists(name) &&
        (cli_conf(cli, e) != 0 ||
         cli_find_file(cli, "campaign.policy_dir", name, ".conf", path, e) != 0))
        return NULL;
    return conf_policy_load(path, e);
}

static int run_check(struct cli *cli, const struct cli_args *a, struct err *e)
{
    char path[4096];
    struct policy *p = policies_load(cli, a->rest[0], path, e);

    if (p == NULL)
        return -1;
    if (cli->json) {
        print_json(p);
    } else {
        printf(_("%s  %s  version %s\n\n"), p->name, p->title, p->version);
        show_rules(cli, p);
        show_regions(p);
        show_spans(p);
        show_remarks(p);
    }
    conf_policy_free(p);
    return 0;
}

const struct command policy_check = {
    .name = "check",
    .args = "FILE",
    .help =
        N_("check a policy file; show its rules, regions, gaps, overlaps and what is unconfirmed"),
    .min_rest = 1,
    .max_rest = 1,
    .run = run_check};
