/*
 * policy_rule: one rule of a policy file. Called by policy.c for each item of `rules`, in file
 * order.
 *
 * A rule states everything itself, or names an earlier one that it is `like` and states only what
 * differs: what a province writes about amounts must not force anyone to copy the nation's
 * conditions. Source and confirmation are never taken over, and a rule that rests on an unconfirmed
 * one cannot call itself confirmed.
 *
 * Two rules of one region and basis in force on the same day are an error; days without a rule are
 * not (people are undetermined then).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "policy.h"

#define TEXT_MAX_BYTES 255
#define NOTE_MAX_BYTES 1000
#define YUAN_MAX 1e6

static const char *const known_keys[] = {"id",
                                         "like",
                                         "region",
                                         "source",
                                         "clause",
                                         "confirmed",
                                         "note",
                                         "basis",
                                         "valid_from",
                                         "valid_to",
                                         "months_min",
                                         "levels",
                                         "issued_from",
                                         "issued_to",
                                         "window_months",
                                         "last_day_included",
                                         "amounts",
                                         "shortage",
                                         "shortage_percent",
                                         "ceiling",
                                         "yearly_max",
                                         "yearly_extra_shortage",
                                         "once_per_level",
                                         "higher_bars_lower",
                                         "benefit_included",
                                         "excluded",
                                         NULL};

/* Which keys a rule must have that is like no other. */
static const char *const needed_keys[] = {"region", "basis",         "months_min",
                                          "levels", "window_months", NULL};

/* ---- single values; each leaves what is there if the key is absent ---- */

static int read_day(const struct conf_node *n, const char *key, int32_t *out, struct err *e)
{
    const char *text;
    int32_t day = CIVIL_NONE;

    if (conf_node_str(n, key, NULL, &text, e) != 0)
        return -1;
    if (text == NULL)
        return 0;
    bool iso = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    if (strcmp(text, "open") != 0 && (!iso || civil_parse(text, 10, &day) != 0))
        return conf_node_err(conf_node_get(n, key), e, "write it as \"2019-01-31\", or \"open\"",
                             "%s is no date: \"%s\"", key, text);
    *out = day;
    return 0;
}

static int read_number(const struct conf_node *n, const char *key, int max, int *out, struct err *e)
{
    int64_t value;

    if (conf_node_int(n, key, *out, 0, max, &value, e) != 0)
        return -1;
    *out = (int)value;
    return 0;
}

static int read_bool(const struct conf_node *n, const char *key, bool *out, struct err *e)
{
    return conf_node_bool(n, key, *out, out, e);
}

/* One of some words, by its index. */
static int read_word(const struct conf_node *n, const char *key, const char *const *words, int *out,
                     struct err *e)
{
    const char *text;
    char allowed[80] = "";

    if (conf_node_str(n, key, words[*out], &text, e) != 0)
        return -1;
    for (int i = 0; words[i] != NULL; i++) {
        size_t len = strlen(allowed);
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return 0;
        }
        snprintf(allowed + len, sizeof allowed - len, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
    }
    return conf_node_err(conf_node_get(n, key), e, "correct that line",
                         "%s must be one of %s, not \"%s\"", key, allowed, text);
}

static int read_levels(const struct conf_node *n, unsigned *out, struct err *e)
{
    const struct conf_node *list = conf_node_get(n, "levels");
    unsigned levels = 0;
    char tmp[40];

    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST || conf_node_count(list) == 0)
        return conf_node_err(list, e, "write levels = [ 5, 4, 3 ];", "levels must be a list");
    for (size_t i = 0; i < conf_node_count(list); i++) {
        const struct conf_node *item = conf_node_item(list, i);
        const char *text = conf_node_type(item) == CONF_INT ? conf_node_text(item, tmp) : "";
        if (strlen(text) != 1 || text[0] < '1' || text[0] > '5')
            return conf_node_err(item, e, "levels are 1 to 5", "levels holds no level");
        levels |= 1u << (text[0] - '0');
    }
    *out = levels;
    return 0;
}

/* ---- amounts ---- */

static void no_amounts(int64_t fen[POLICY_LEVELS])
{
    for (int level = 0; level < POLICY_LEVELS; level++)
        fen[level] = POLICY_AMOUNT_NONE;
}

/* { level5 = 1000; level4 = 1500; } in yuan. Whole or nothing: levels that are not there have no
 * amount. */
static int read_amounts(const struct conf_node *n, const char *key, int64_t fen[POLICY_LEVELS],
                        struct err *e)
{
    static const char *const known[] = {"level1", "level2", "level3", "level4", "level5", NULL};
    const struct conf_node *group = conf_node_get(n, key);

    if (group == NULL)
        return 0;
    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e, "write { level5 = 1000; level4 = 1500; }",
                             "%s must be a group", key);
    if (conf_node_known(group, known, e) != 0)
        return -1;
    no_amounts(fen);
    for (int level = 1; level < POLICY_LEVELS; level++) {
        double yuan;
        if (conf_node_real(group, known[level - 1], -1, 0, YUAN_MAX, &yuan, e) != 0)
            return -1;
        if (yuan >= 0)
            fen[level] = (int64_t)(yuan * 100 + 0.5);
    }
    return 0;
}

static int read_percent(const struct conf_node *n, struct policy_rule *r, struct err *e)
{
    const struct conf_node *node = conf_node_get(n, "shortage_percent");
    int percent = 0;

    if (node == NULL)
        return 0;
    if (conf_node_get(n, "shortage") != NULL)
        return conf_node_err(node, e, "keep one of them",
                             "shortage and shortage_percent say the same");
    if (read_number(n, "shortage_percent", 1000, &percent, e) != 0)
        return -1;
    for (int level = 1; level < POLICY_LEVELS; level++)
        if (r->amount_fen[level] != POLICY_AMOUNT_NONE)
            r->shortage_fen[level] = r->amount_fen[level] * (100 + percent) / 100;
    return 0;
}

/* Amounts of its own replace everything that the rule it is like says of money. */
static int read_money(const struct conf_node *n, struct policy_rule *r, struct err *e)
{
    if (conf_node_get(n, "amounts") != NULL) {
        no_amounts(r->shortage_fen);
        r->ceiling = false;
    }
    if (read_amounts(n, "amounts", r->amount_fen, e) != 0 ||
        read_amounts(n, "shortage", r->shortage_fen, e) != 0 || read_percent(n, r, e) != 0 ||
        read_bool(n, "ceiling", &r->ceiling, e) != 0)
        return -1;
    for (int level = 1; level < POLICY_LEVELS; level++) {
        if (r->shortage_fen[level] != POLICY_AMOUNT_NONE &&
            r->amount_fen[level] == POLICY_AMOUNT_NONE)
            return conf_node_err(n, e, "add it to amounts",
                                 "level %d has an amount for shortage occupations only", level);
        if (r->amount_fen[level] != POLICY_AMOUNT_NONE && (r->levels & (1u << level)) == 0)
            return conf_node_err(n, e, "add it to levels, or remove the amount",
                                 "level %d has an amount and is not among the levels", level);
    }
    return 0;
}

/* ---- the whole rule ---- */

/* What the rule starts from: nothing, or the rule that it is like. */
static int read_like(struct policy_loader *l, const struct conf_node *n, struct policy_rule *r,
                     const struct policy_rule **like, struct err *e)
{
    const char *id;

    *like = NULL;
    *r = (struct policy_rule){.valid_from = CIVIL_NONE,
                              .valid_to = CIVIL_NONE,
                              .issued_from = CIVIL_NONE,
                              .issued_to = CIVIL_NONE,
                              .once_per_level = true};
    no_amounts(r->amount_fen);
    no_amounts(r->shortage_fen);
    if (conf_node_str(n, "like", NULL, &id, e) != 0)
        return -1;
    for (size_t i = 0; id != NULL && i < l->p->n_rules; i++)
        if (strcmp(l->p->rules[i].id, id) == 0)
            *like = &l->p->rules[i];
    if (id != NULL && *like == NULL)
        return conf_node_err(conf_node_get(n, "like"), e,
                             "name a rule that stands before this one or in an included file",
                             "there is no rule %s", id);
    if (*like != NULL)
        *r = **like;
    for (const char *const *key = needed_keys; *like == NULL && *key != NULL; key++)
        if (conf_node_get(n, *key) == NULL)
            return conf_node_err(n, e, "add it, or say which rule this one is like",
                                 "%s is missing", *key);
    return 0;
}

static int read_source(struct policy_loader *l, const struct conf_node *n, struct policy_rule *r,
                       const struct policy_rule *like, struct err *e)
{
    char *region;

    r->file = l->file;
    r->line = conf_node_line(n);
    if (loader_str(l, n, "id", NULL, 63, &r->id, e) != 0 ||
        loader_str(l, n, "region", like != NULL ? like->region : NULL, 63, &region, e) != 0 ||
        loader_str(l, n, "source", NULL, TEXT_MAX_BYTES, &r->source, e) != 0 ||
        loader_str(l, n, "clause", "", TEXT_MAX_BYTES, &r->clause, e) != 0 ||
        loader_str(l, n, "note", "", NOTE_MAX_BYTES, &r->note, e) != 0)
        return -1;
    r->region = loader_region(l, region);
    if (conf_node_get(n, "confirmed") == NULL)
        return conf_node_err(n, e, "add confirmed = true; if you have read the source",
                             "confirmed is missing");
    if (conf_node_bool(n, "confirmed", false, &r->confirmed, e) != 0)
        return -1;
    if (r->confirmed && like != NULL && !like->confirmed)
        return conf_node_err(n, e, "state all conditions in this rule, or confirm the other",
                             "rule %s cannot be confirmed: it is like rule %s, which is not", r->id,
                             like->id);
    return 0;
}

static int read_conditions(struct policy_loader *l, const struct conf_node *n,
                           struct policy_rule *r, struct err *e)
{
    static const char *const bases[] = {"issued", "applied", NULL};
    static const char *const highers[] = {"no", "paid", "held", NULL};
    int basis = (int)r->basis, higher = (int)r->higher_bars_lower;

    if (read_word(n, "basis", bases, &basis, e) != 0 ||
        read_word(n, "higher_bars_lower", highers, &higher, e) != 0 ||
        read_day(n, "valid_from", &r->valid_from, e) != 0 ||
        read_day(n, "valid_to", &r->valid_to, e) != 0 ||
        read_day(n, "issued_from", &r->issued_from, e) != 0 ||
        read_day(n, "issued_to", &r->issued_to, e) != 0 || read_levels(n, &r->levels, e) != 0 ||
        read_number(n, "months_min", 600, &r->months_min, e) != 0 ||
        read_number(n, "window_months", 240, &r->window_months, e) != 0 ||
        read_bool(n, "last_day_included", &r->last_day_included, e) != 0 ||
        read_number(n, "yearly_max", 100, &r->yearly_max, e) != 0 ||
        read_number(n, "yearly_extra_shortage", 100, &r->yearly_extra_shortage, e) != 0 ||
        read_bool(n, "once_per_level", &r->once_per_level, e) != 0 ||
        read_bool(n, "benefit_included", &r->benefit_included, e) != 0 ||
        loader_names(l, n, "excluded", "groups of people", &r->excluded, e) != 0)
        return -1;
    r->last_day_stated |= conf_node_get(n, "last_day_included") != NULL;
    r->basis = (enum policy_basis)basis;
    r->higher_bars_lower = (enum policy_higher)higher;
    return 0;
}

static bool reversed(int32_t from, int32_t to)
{
    return from != CIVIL_NONE && to != CIVIL_NONE && to < from;
}

static int check_conditions(const struct conf_node *n, const struct policy_rule *r, struct err *e)
{
    if (reversed(r->valid_from, r->valid_to) || reversed(r->issued_from, r->issued_to))
        return conf_node_err(n, e, "correct the dates", "rule %s ends before it begins", r->id);
    if (r->yearly_extra_shortage > 0 && r->yearly_max == 0)
        return conf_node_err(n, e, "add yearly_max",
                             "yearly_extra_shortage means nothing without yearly_max");
    return 0;
}

/* The first day of both rules, in *day. */
static bool overlap(const struct policy_rule *a, const struct policy_rule *b, int32_t *day)
{
    if (strcmp(a->region, b->region) != 0 || a->basis != b->basis)
        return false;
    *day = a->valid_from > b->valid_from ? a->valid_from : b->valid_from;
    return (a->valid_to == CIVIL_NONE || a->valid_to >= *day) &&
           (b->valid_to == CIVIL_NONE || b->valid_to >= *day);
}

static int check_others(const struct policy *p, const struct conf_node *n,
                        const struct policy_rule *r, struct err *e)
{
    char text[11];
    int32_t day;

    for (size_t i = 0; i < p->n_rules; i++) {
        const struct policy_rule *other = &p->rules[i];
        if (strcmp(other->id, r->id) == 0)
            return conf_node_err(n, e, "rename one of them", "rule %s stands twice (also %s:%d)",
                                 r->id, other->file, other->line);
        if (overlap(other, r, &day))
            return conf_node_err(n, e, "correct the dates of one of them",
                                 "rule %s and rule %s (%s:%d) are both in force in region %s%s%s",
                                 r->id, other->id, other->file, other->line, r->region,
                                 day != CIVIL_NONE ? " on " : "", civil_format(day, text));
    }
    return 0;
}

int loader_rule(struct policy_loader *l, const struct conf_node *n, struct err *e)
{
    struct policy *p = l->p;
    const struct policy_rule *like;
    struct policy_rule r;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { id = \"...\"; ... }", "a rule must be a group");
    if (conf_node_known(n, known_keys, e) != 0 || read_like(l, n, &r, &like, e) != 0 ||
        read_source(l, n, &r, like, e) != 0 || read_conditions(l, n, &r, e) != 0 ||
        read_money(n, &r, e) != 0 || check_conditions(n, &r, e) != 0 ||
        check_others(p, n, &r, e) != 0)
        return -1;
    p->rules = realloc(p->rules, (p->n_rules + 1) * sizeof *p->rules);
    if (p->rules == NULL)
        panic("out of memory");
    p->rules[p->n_rules++] = r;
    return 0;
}
