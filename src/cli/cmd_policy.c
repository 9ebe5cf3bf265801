/*
 * policy: `policy check FILE` loads a policy as every other command does and shows what it says:
 * rules with their sources, regions, the days for which a region has no rule, and the rules that
 * nobody has confirmed. Needs no work directory; a name without a folder is looked for where
 * campaign.policy_dir says.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/fsio.h"
#include "zhanchi/json.h"
#include "zhanchi/policy.h"
#include "cli.h"

static const char *basis_name(enum policy_basis b)
{
    return b == POLICY_ISSUED ? "issued" : "applied";
}

/* ---- gaps ---- */

/* From the day after one rule's end to the day before the next of the same region and basis begins.
 */
struct gap {
    const char *region;
    enum policy_basis basis;
    int32_t from, to; /* to: CIVIL_NONE = open */
};

static bool gap_after(const struct policy *p, const struct policy_rule *r, struct gap *out)
{
    if (r->valid_to == CIVIL_NONE)
        return false;
    *out = (struct gap){r->region, r->basis, r->valid_to + 1, CIVIL_NONE};
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct policy_rule *next = &p->rules[i];
        if (strcmp(next->region, r->region) == 0 && next->basis == r->basis &&
            next->valid_from > r->valid_to &&
            (out->to == CIVIL_NONE || next->valid_from - 1 < out->to))
            out->to = next->valid_from - 1;
    }
    return out->to == CIVIL_NONE || out->to >= out->from;
}

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
        tout_text(t, basis_name(r->basis));
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

static void show_gaps(const struct policy *p)
{
    struct gap gap;
    char when[40];
    bool any = false;

    for (size_t i = 0; i < p->n_rules; i++) {
        if (!gap_after(p, &p->rules[i], &gap))
            continue;
        if (!any)
            puts(_(
                "\nDays without a rule (a region above decides; at the top nobody is eligible):"));
        any = true;
        period(gap.from, gap.to, when);
        printf("  %s  %s  (%s)\n", gap.region, when, basis_name(gap.basis));
    }
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

static void json_text_of(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

static void json_number_of(struct json_w *w, const char *key, int64_t n)
{
    json_w_key(w, key);
    json_w_int(w, n);
}

static void json_flag_of(struct json_w *w, const char *key, bool flag)
{
    json_w_key(w, key);
    json_w_bool(w, flag);
}

static void json_day_of(struct json_w *w, const char *key, int32_t day)
{
    char text[11];

    json_w_key(w, key);
    if (day == CIVIL_NONE)
        json_w_null(w);
    else
        json_w_str(w, civil_format(day, text));
}

static void json_fen_of(struct json_w *w, const char *key, const int64_t *fen)
{
    static const char *const names[] = {"", "1", "2", "3", "4", "5"};

    json_w_key(w, key);
    json_w_open(w, '{');
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if (fen[level] != POLICY_AMOUNT_NONE)
            json_number_of(w, names[level], fen[level]);
    json_w_close(w, '}');
}

static void json_rule(struct json_w *w, const struct policy_rule *r)
{
    static const char *const highers[] = {"no", "paid", "held"};

    json_w_open(w, '{');
    json_text_of(w, "id", r->id);
    json_text_of(w, "region", r->region);
    json_text_of(w, "source", r->source);
    json_text_of(w, "clause", r->clause);
    json_flag_of(w, "confirmed", r->confirmed);
    json_text_of(w, "basis", basis_name(r->basis));
    json_day_of(w, "valid_from", r->valid_from);
    json_day_of(w, "valid_to", r->valid_to);
    json_day_of(w, "issued_from", r->issued_from);
    json_day_of(w, "issued_to", r->issued_to);
    json_number_of(w, "months_min", r->months_min);
    json_w_key(w, "levels");
    json_w_open(w, '[');
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if ((r->levels & (1u << level)) != 0)
            json_w_int(w, level);
    json_w_close(w, ']');
    json_number_of(w, "window_months", r->window_months);
    json_flag_of(w, "last_day_included", r->last_day_included);
    json_flag_of(w, "ceiling", r->ceiling);
    json_fen_of(w, "amount_fen", r->amount_fen);
    json_fen_of(w, "shortage_fen", r->shortage_fen);
    json_number_of(w, "yearly_max", r->yearly_max);
    json_number_of(w, "yearly_extra_shortage", r->yearly_extra_shortage);
    json_flag_of(w, "once_per_level", r->once_per_level);
    json_text_of(w, "higher_bars_lower", highers[r->higher_bars_lower]);
    json_flag_of(w, "benefit_included", r->benefit_included);
    json_text_of(w, "note", r->note);
    json_text_of(w, "file", r->file);
    json_number_of(w, "line", r->line);
    json_w_close(w, '}');
}

static void json_region(struct json_w *w, const struct policy_region *r)
{
    json_w_open(w, '{');
    json_text_of(w, "name", r->name);
    json_text_of(w, "title", r->title);
    json_text_of(w, "parent", r->parent);
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

static void json_gaps(struct json_w *w, const struct policy *p)
{
    struct gap gap;

    json_w_key(w, "gaps");
    json_w_open(w, '[');
    for (size_t i = 0; i < p->n_rules; i++) {
        if (!gap_after(p, &p->rules[i], &gap))
            continue;
        json_w_open(w, '{');
        json_text_of(w, "region", gap.region);
        json_text_of(w, "basis", basis_name(gap.basis));
        json_day_of(w, "from", gap.from);
        json_day_of(w, "to", gap.to);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void print_json(const struct policy *p)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, SIZE_MAX / 2);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_text_of(&w, "name", p->name);
    json_text_of(&w, "title", p->title);
    json_text_of(&w, "version", p->version);
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
    json_gaps(&w, p);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

/* ---- the command ---- */

static int run_check(struct cli *cli, const struct cli_args *a, struct err *e)
{
    const char *name = a->rest[0];
    char path[4096];

    snprintf(path, sizeof path, "%s", name);
    if (strchr(name, '/') == NULL && !fs_exists(name) &&
        (cli_conf(cli, e) != 0 ||
         cli_find_file(cli, "campaign.policy_dir", name, ".conf", path, e) != 0))
        return -1;
    struct policy *p = conf_policy_load(path, e);
    if (p == NULL)
        return -1;
    if (cli->json) {
        print_json(p);
    } else {
        printf(_("%s  %s  version %s\n\n"), p->name, p->title, p->version);
        show_rules(cli, p);
        show_regions(p);
        show_gaps(p);
        show_remarks(p);
    }
    conf_policy_free(p);
    return 0;
}

static const struct command policy_check = {
    .name = "check",
    .args = "FILE",
    .help = N_("check a policy file; show its rules, regions, gaps and what is unconfirmed"),
    .min_rest = 1,
    .max_rest = 1,
    .run = run_check};
static const struct command *const verbs[] = {&policy_check, NULL};

extern const struct command cmd_policy;
const struct command cmd_policy = {
    .name = "policy", .args = "check FILE", .help = N_("rules of eligibility"), .verbs = verbs};
