/*
 * lint: the texts of a campaign against the rule sets of its gateways: each text once as a template, and every row that is rendered. A row
 * is held against all sets, because failover may send it over any gateway.
 *
 * Rows are counted by text, set and rule; nothing of them is kept but the first one's line. Callers: freeze.c for the walk, submit.c,
 * forecast.c and preview.c for what it found; campaign_lint_text for the template commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/segment.h"
#include "internal.h"

struct count {
    int64_t rows, first_line;
};

struct pair { /* a text and a set */
    struct lint_text *lint;
    const struct lint_set *set;
    const struct text *text;
    struct count counts[LINT_RULES];
};

struct names {
    char (*text)[64];
    const char **list; /* NULL-terminated */
};

struct lints {
    struct campaign_lint *out;
    int n_sets; /* different ones */
    const struct lint_set *sets[ROUTE_GATEWAYS];
    int n_texts;
    struct names from_rows[CAMPAIGN_VARIANTS];
    struct pair pairs[CAMPAIGN_VARIANTS][ROUTE_GATEWAYS];
    char sample_length[48], sample_carrier[96]; /* what is wrong with invented values; "" */
};

/* ---- opening ---- */

/* The first part of a name; of certificates, what its items are asked for. */
static const char *value_name(const char *name, char out[64])
{
    if (strncmp(name, "certificates.", 13) == 0)
        name += 13;
    snprintf(out, 64, "%.*s", (int)strcspn(name, "."), name);
    return out;
}

/* What is no value of ours is a column that the text declares. */
static bool of_list(const char *name)
{
    for (const struct value_def *v = value_table; v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return v->source == FROM_LIST;
    return true;
}

static size_t add_names(const struct template *t, char (*out)[64], size_t n)
{
    const char *const *names;

    template_names(t, &names);
    for (; *names != NULL; names++)
        n += of_list(value_name(*names, out[n]));
    return n;
}

/* What goes to a carrier by name is read by people too. */
static size_t add_carrier_names(const char *variables, char (*out)[64], size_t n)
{
    struct template_carrier one;
    struct err none;

    while (template_carrier_next(&variables, &one, &none) == 1)
        n += of_list(value_name(one.value, out[n]));
    return n;
}

static size_t count_carrier_names(const char *variables)
{
    struct template_carrier one;
    struct err none;
    size_t n = 0;

    while (template_carrier_next(&variables, &one, &none) == 1)
        n++;
    return n;
}

/* Names of values that somebody typed into a list, and that go out. */
static void names_from_rows(struct names *out, const struct text *t)
{
    const char *const *none, *variables = t->info.carrier_variables;
    size_t n = template_names(t->program, &none) + count_carrier_names(variables);

    n += t->subject != NULL ? template_names(t->subject, &none) : 0;
    n += t->html != NULL ? template_names(t->html, &none) : 0;
    out->text = calloc(n + 1, sizeof *out->text);
    out->list = calloc(n + 1, sizeof *out->list);
    if (out->text == NULL || out->list == NULL)
        panic("out of memory");
    n = add_names(t->program, out->text, 0);
    n = t->subject != NULL ? add_names(t->subject, out->text, n) : n;
    n = t->html != NULL ? add_names(t->html, out->text, n) : n;
    n = add_carrier_names(variables, out->text, n);
    for (size_t i = 0; i < n; i++)
        out->list[i] = out->text[i];
}

static void open_text(struct lints *l, int v, const struct text *t)
{
    names_from_rows(&l->from_rows[v], t);
    const struct lint_source src = {.body = t->program,
                                    .subject = t->subject,
                                    .html = t->html,
                                    .carrier = t->carrier,
                                    .kind = (enum template_kind)t->info.kind,
                                    .from_rows = l->from_rows[v].list};
    for (int i = 0; i < l->n_sets; i++)
        l->pairs[v][i] =
            (struct pair){.lint = lint_text_new(l->sets[i], &src), .set = l->sets[i], .text = t};
}

static void add_set(struct lints *l, const struct lint_set *set)
{
    for (int i = 0; i < l->n_sets; i++)
        if (l->sets[i] == set || strcmp(lint_set_name(l->sets[i]), lint_set_name(set)) == 0)
            return;
    l->sets[l->n_sets++] = set;
}

struct lints *lints_open(struct campaign_lint *out, const struct texts *t)
{
    if (out == NULL)
        return NULL;
    struct lints *l = calloc(1, sizeof *l);
    if (l == NULL)
        panic("out of memory");
    l->out = out;
    for (int i = 0; i < out->n_sets && i < ROUTE_GATEWAYS; i++)
        add_set(l, out->sets[i]);
    l->n_texts = t->n;
    for (int v = 0; v < t->n; v++)
        open_text(l, v, &t->list[v]);
    return l;
}

void lints_close(struct lints *l)
{
    if (l == NULL)
        return;
    for (int v = 0; v < l->n_texts; v++) {
        for (int i = 0; i < l->n_sets; i++)
            lint_text_free(l->pairs[v][i].lint);
        free(l->from_rows[v].text);
        free(l->from_rows[v].list);
    }
    free(l);
}

/* ---- rows ---- */

void lints_row(struct lints *l, int variant, const struct lint_row *r, int64_t line)
{
    for (int i = 0; i < l->n_sets; i++) {
        struct pair *p = &l->pairs[variant][i];
        uint32_t hits = lint_row_check(p->lint, r);
        for (int rule = 0; hits != 0; rule++, hits >>= 1)
            if (hits & 1) {
                struct count *c = &p->counts[rule];
                c->rows++;
                if (c->first_line == 0 || line < c->first_line)
                    c->first_line = line;
            }
    }
}

/* ---- telling ---- */

/* What blocks comes first, then what was allowed, then warnings: there may be more than is kept. */
enum rank { RANK_BLOCKS, RANK_ALLOWED, RANK_WARNING, RANKS };

static enum rank rank_of(const struct campaign_lint *out, const struct pair *p, enum lint_rule rule)
{
    if (lint_set_severity(p->set, rule) != LINT_ERROR)
        return RANK_WARNING;
    return (out->allowed >> rule & 1) != 0 ? RANK_ALLOWED : RANK_BLOCKS;
}

static struct campaign_finding *add_finding(struct campaign_lint *out, const struct pair *p,
                                            enum lint_rule rule, enum rank rank)
{
    if (out->n == CAMPAIGN_FINDINGS || rank_of(out, p, rule) != rank)
        return NULL;
    struct campaign_finding *f = &out->found[out->n++];
    *f = (struct campaign_finding){.rule = rule,
                                   .severity = lint_set_severity(p->set, rule),
                                   .version = p->text->info.version};
    f->allowed = rank == RANK_ALLOWED;
    snprintf(f->set, sizeof f->set, "%s", lint_set_name(p->set));
    memcpy(f->template, p->text->info.name, sizeof f->template);
    return f;
}

static void tell_text(struct campaign_lint *out, const struct pair *p, enum rank rank)
{
    const struct lint_finding *list;
    size_t n = lint_text_findings(p->lint, &list);

    for (size_t i = 0; i < n; i++) {
        struct campaign_finding *f = add_finding(out, p, list[i].rule, rank);
        if (f == NULL)
            continue;
        f->line = list[i].line;
        f->column = list[i].column;
        memcpy(f->what, list[i].what, sizeof f->what);
        memcpy(f->partial, list[i].partial, sizeof f->partial);
    }
}

/* Of a text that was rendered with invented values it can be said; nothing is told of a row. */
static const char *sample_words(const struct lints *l, enum lint_rule r)
{
    return r == LINT_LENGTH ? l->sample_length : r == LINT_CARRIER ? l->sample_carrier : "";
}

static void tell_rows(const struct lints *l, const struct pair *p, enum rank rank)
{
    struct campaign_lint *out = l->out;

    for (int r = 0; r < LINT_RULES; r++) {
        const struct count *c = &p->counts[r];
        struct campaign_finding *f =
            c->rows > 0 ? add_finding(out, p, (enum lint_rule)r, rank) : NULL;
        if (f == NULL)
            continue;
        f->rows = c->rows;
        f->first_line = c->first_line;
        snprintf(f->what, sizeof f->what, "%s", sample_words(l, f->rule));
    }
}

void lints_tell(struct lints *l)
{
    l->out->n = 0;
    for (int rank = 0; rank < RANKS; rank++)
        for (int v = 0; v < l->n_texts; v++)
            for (int i = 0; i < l->n_sets; i++) {
                tell_text(l->out, &l->pairs[v][i], (enum rank)rank);
                tell_rows(l, &l->pairs[v][i], (enum rank)rank);
            }
}

size_t campaign_lint_errors(const struct campaign_lint *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++)
        n += l->found[i].severity == LINT_ERROR && !l->found[i].allowed;
    return n;
}

void lints_allowed(const struct campaign_lint *l, char *out, size_t cap)
{
    int64_t rows[LINT_RULES] = {0};
    uint32_t found = 0;
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < l->n; i++)
        if (l->found[i].allowed) {
            found |= UINT32_C(1) << l->found[i].rule;
            rows[l->found[i].rule] += l->found[i].rows;
        }
    for (int r = 0; r < LINT_RULES && n < cap; r++)
        if (found >> r & 1) {
            n += (size_t)snprintf(out + n, cap - n, "%s%s", n > 0 ? ", " : "",
                                  lint_rule_name((enum lint_rule)r));
            if (rows[r] > 0 && n < cap)
                n += (size_t)snprintf(out + n, cap - n, " (%lld rows)", (long long)rows[r]);
        }
    if (n > 0 && n < cap)
        snprintf(out + n, cap - n, " because %s", l->why != NULL ? l->why : "?");
}

/* ", amount (12 rows, the first in line 7)" */
static void add_words(char *out, size_t cap, const struct campaign_finding *f)
{
    size_t n = strlen(out);
    const char *comma = n > 0 ? ", " : "";

    if (f->rows > 0)
        snprintf(out + n, cap - n, "%s%s (%s: %lld rows, the first in line %lld)", comma,
                 lint_rule_name(f->rule), f->template, (long long)f->rows,
                 (long long)f->first_line);
    else if (f->line > 0)
        snprintf(out + n, cap - n, "%s%s (%s: line %d, column %d)", comma, lint_rule_name(f->rule),
                 f->template, f->line, f->column);
    else
        snprintf(out + n, cap - n, "%s%s (%s)", comma, lint_rule_name(f->rule), f->template);
}

int lints_check(const struct lints *l, const char *campaign, struct err *e)
{
    char words[360] = "", remedy[280];
    const struct campaign_finding *first = NULL;

    for (size_t i = 0; i < l->out->n; i++) {
        const struct campaign_finding *f = &l->out->found[i];
        if (f->severity != LINT_ERROR || f->allowed)
            continue;
        first = first != NULL ? first : f;
        if (strlen(words) < sizeof words - 140)
            add_words(words, sizeof words, f);
    }
    if (first == NULL)
        return 0;
    snprintf(remedy, sizeof remedy, "%s; or `--allow %s --why TEXT` (it is recorded)",
             lint_rule_remedy(first->rule), lint_rule_name(first->rule));
    return err_set(e, ERR_DATA, remedy, "campaign %s breaks rules of its gateways: %s", campaign,
                   words);
}

/* ---- one text, without rows ---- */

static int lint_sample(struct lints *l, const struct text *t, struct err *e)
{
    struct segments seg;
    struct arena *a = arena_new(4096);
    struct tv root = text_sample_values(a, &t->info);
    struct buf text, subject, html;

    buf_init(&text, 65536);
    buf_init(&subject, 4096);
    buf_init(&html, 256 << 10);
    int rc = text_render(t, &root, &text, e) == 0 && text_subject(t, &root, &subject, e) == 0
                 ? text_html(t, &root, &html, e)
                 : -1;
    if (rc == 0) {
        size_t head = strlen("【】") + strlen(t->info.signature);
        segment_count(buf_cstr(&text), text.len, SEGMENT_MAINLAND, &seg, NULL, 0);
        lint_set_too_long(l->sets[0], seg.units, (int)seg.parts, l->sample_length);
        if (t->carrier != NULL)
            lint_carrier_differs(t->carrier, &root, text.data + head, text.len - head,
                                 l->sample_carrier);
        lints_row(l, 0,
                  &(struct lint_row){.text = buf_cstr(&text),
                                     .len = text.len,
                                     .subject = buf_cstr(&subject),
                                     .html = buf_cstr(&html),
                                     .units = seg.units,
                                     .parts = (int)seg.parts,
                                     .root = &root},
                  0);
    }
    buf_fini(&text);
    buf_fini(&subject);
    buf_fini(&html);
    arena_free(a);
    return rc;
}

int campaign_lint_text(const struct template_info *t, struct campaign_lint *l, struct err *e)
{
    struct texts texts;

    l->n = 0;
    if (texts_load(NULL, NULL, t, &texts, e) != 0)
        return -1;
    struct lints *x = lints_open(l, &texts);
    int rc = lint_sample(x, &texts.list[0], e);
    lints_tell(x);
    lints_close(x);
    texts_fini(&texts);
    return rc;
}
