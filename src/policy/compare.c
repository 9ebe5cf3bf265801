/*
 * compare: see policy_compare.h. Pure; called by cmd_policy.c and policy_diff.c.
 *
 * A difference is one of texts: every key of a rule has one function that writes it as a file
 * would, so that what is compared is what is shown, and a key that is added there is compared.
 */
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/policy_compare.h"
#include "internal.h"

#define TEXT_MAX (1u << 20) /* as a file */

/* ---- gaps and overlaps ---- */

static bool same_axis(const struct policy_rule *a, const struct policy_rule *b)
{
    return a->basis == b->basis && strcmp(a->region, b->region) == 0;
}

int policy_gaps(const struct policy *p, int (*each)(void *ctx, const struct policy_span *s),
                void *ctx)
{
    int rc = 0;

    for (size_t i = 0; i < p->n_rules && rc == 0; i++) {
        const struct policy_rule *r = &p->rules[i];
        struct policy_span s = {r, NULL, r->valid_to + 1, CIVIL_NONE};
        if (r->valid_to == CIVIL_NONE)
            continue;
        for (size_t k = 0; k < p->n_rules; k++) {
            const struct policy_rule *next = &p->rules[k];
            if (same_axis(next, r) && next->valid_from != CIVIL_NONE &&
                next->valid_from > r->valid_to &&
                (s.other == NULL || next->valid_from < s.other->valid_from))
                s.other = next;
        }
        if (s.other != NULL)
            s.to = s.other->valid_from - 1;
        if (s.other == NULL || s.to >= s.from)
            rc = each(ctx, &s);
    }
    return rc;
}

int policy_overlaps(const struct policy *p, int (*each)(void *ctx, const struct policy_span *s),
                    void *ctx)
{
    int rc = 0;

    for (size_t i = 0; i < p->n_rules; i++)
        for (size_t k = i + 1; k < p->n_rules && rc == 0; k++) {
            const struct policy_rule *a = &p->rules[i], *b = &p->rules[k];
            struct policy_span s = {a, b, a->valid_from, a->valid_to};
            if (a->basis == b->basis || strcmp(a->region, b->region) != 0)
                continue;
            if (b->valid_from > s.from) /* CIVIL_NONE lies before every day */
                s.from = b->valid_from;
            if (last_of(b->valid_to) < last_of(s.to))
                s.to = b->valid_to;
            if (last_of(s.to) < s.from)
                continue;
            if (rule_closer(b, a)) {
                s.rule = b;
                s.other = a;
            }
            rc = each(ctx, &s);
        }
    return rc;
}

/* ---- what a rule says, key by key ---- */

static void put_day(int32_t day, struct buf *out)
{
    char text[11];

    buf_adds(out, day == CIVIL_NONE ? "open" : civil_format(day, text));
}

static void put_bool(bool yes, struct buf *out)
{
    buf_adds(out, yes ? "true" : "false");
}

static void put_names(char *const *names, struct buf *out)
{
    for (char *const *n = names; n != NULL && *n != NULL; n++)
        buf_addf(out, "%s%s", n > names ? ", " : "", *n);
}

/* "5: 1000, 4: 1500" in yuan */
static void put_fen(const int64_t *fen, struct buf *out)
{
    size_t before = out->len;

    for (int level = POLICY_LEVELS - 1; level > 0; level--) {
        if (fen[level] == POLICY_AMOUNT_NONE)
            continue;
        buf_addf(out, "%s%d: %lld", out->len > before ? ", " : "", level,
                 (long long)(fen[level] / 100));
        if (fen[level] % 100 != 0)
            buf_addf(out, ".%02d", (int)(fen[level] % 100));
    }
}

static void put_levels(unsigned levels, struct buf *out)
{
    size_t before = out->len;

    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if ((levels & (1u << level)) != 0)
            buf_addf(out, "%s%d", out->len > before ? ", " : "", level);
}

const char *policy_basis_name(enum policy_basis b)
{
    return b == POLICY_ISSUED ? "issued" : "applied";
}

const char *policy_higher_name(enum policy_higher h)
{
    static const char *const names[] = {
        [POLICY_HIGHER_FREE] = "no", [POLICY_HIGHER_PAID] = "paid", [POLICY_HIGHER_HELD] = "held"};

    return names[h];
}

typedef void put_fn(const struct policy_rule *r, struct buf *out);

#define KEY(name, put)                                                                             \
    static void key_##name(const struct policy_rule *r, struct buf *out)                           \
    {                                                                                              \
        put;                                                                                       \
    }
/* clang-format off */
KEY(region, buf_adds(out, r->region))
KEY(source, buf_adds(out, r->source))
KEY(clause, buf_adds(out, r->clause))
KEY(confirmed, put_bool(r->confirmed, out))
KEY(note, buf_adds(out, r->note))
KEY(basis, buf_adds(out, policy_basis_name(r->basis)))
KEY(valid_from, put_day(r->valid_from, out))
KEY(valid_to, put_day(r->valid_to, out))
KEY(months_min, buf_addf(out, "%d", r->months_min))
KEY(levels, put_levels(r->levels, out))
KEY(issued_from, put_day(r->issued_from, out))
KEY(issued_to, put_day(r->issued_to, out))
KEY(window_months, buf_addf(out, "%d", r->window_months))
KEY(last_day_included, put_bool(r->last_day_included, out))
KEY(amounts, put_fen(r->amount_fen, out))
KEY(shortage, put_fen(r->shortage_fen, out))
KEY(ceiling, put_bool(r->ceiling, out))
KEY(yearly_max, buf_addf(out, "%d", r->yearly_max))
KEY(yearly_extra_shortage, buf_addf(out, "%d", r->yearly_extra_shortage))
KEY(once_per_level, put_bool(r->once_per_level, out))
KEY(higher_bars_lower, buf_adds(out, policy_higher_name(r->higher_bars_lower)))
KEY(benefit_included, put_bool(r->benefit_included, out))
KEY(excluded, put_names(r->excluded, out))

#define ROW(name) {#name, key_##name}
static const struct {
    const char *name;
    put_fn *put;
} keys[] = {ROW(region), ROW(source), ROW(clause), ROW(confirmed), ROW(note), ROW(basis),
            ROW(valid_from), ROW(valid_to), ROW(months_min), ROW(levels), ROW(issued_from),
            ROW(issued_to), ROW(window_months), ROW(last_day_included), ROW(amounts), ROW(shortage),
            ROW(ceiling), ROW(yearly_max), ROW(yearly_extra_shortage), ROW(once_per_level),
            ROW(higher_bars_lower), ROW(benefit_included), ROW(excluded)};
/* clang-format on */

/* ---- differences ---- */

struct differ {
    int (*each)(void *ctx, const struct policy_change *c);
    void *ctx;
    struct buf before, after;
};

static int tell(struct differ *d, struct policy_change *c, const char *key)
{
    if (strcmp(buf_cstr(&d->before), buf_cstr(&d->after)) == 0)
        return 0;
    c->kind = POLICY_CHANGED;
    c->key = key;
    c->before = buf_cstr(&d->before);
    c->after = buf_cstr(&d->after);
    return d->each(d->ctx, c);
}

static struct policy_change of_rule(const struct policy_rule *r, enum policy_change_kind kind)
{
    return (struct policy_change){kind, "rule", r->id, "", "", "", r->file, r->line};
}

static struct policy_change of_region(const struct policy_region *r, enum policy_change_kind kind)
{
    return (struct policy_change){kind, "region", r->name, "", "", "", r->file, r->line};
}

static int diff_rule(struct differ *d, const struct policy_rule *a, const struct policy_rule *b)
{
    struct policy_change c = of_rule(b, POLICY_CHANGED);
    int rc = 0;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && rc == 0; i++) {
        buf_reset(&d->before);
        buf_reset(&d->after);
        keys[i].put(a, &d->before);
        keys[i].put(b, &d->after);
        rc = tell(d, &c, keys[i].name);
    }
    return rc;
}

/* No list of its own is another thing than an empty one, which takes the parent's away. */
static void put_shortage(const struct policy_region *r, struct buf *out)
{
    if (r->shortage == NULL)
        buf_adds(out, "(of the region above)");
    else
        put_names(r->shortage, out);
}

static int diff_region(struct differ *d, const struct policy_region *a,
                       const struct policy_region *b)
{
    struct policy_change c = of_region(b, POLICY_CHANGED);
    const char *const texts[][3] = {{"title", a->title, b->title},
                                    {"parent", a->parent, b->parent}};
    int rc = 0;

    for (size_t i = 0; i < 2 && rc == 0; i++) {
        buf_reset(&d->before);
        buf_reset(&d->after);
        buf_adds(&d->before, texts[i][1]);
        buf_adds(&d->after, texts[i][2]);
        rc = tell(d, &c, texts[i][0]);
    }
    if (rc != 0)
        return rc;
    buf_reset(&d->before);
    buf_reset(&d->after);
    put_shortage(a, &d->before);
    put_shortage(b, &d->after);
    return tell(d, &c, "shortage");
}

static const struct policy_rule *find_rule(const struct policy *p, const char *id)
{
    for (size_t i = 0; i < p->n_rules; i++)
        if (strcmp(p->rules[i].id, id) == 0)
            return &p->rules[i];
    return NULL;
}

static int diff_rules(struct differ *d, const struct policy *a, const struct policy *b)
{
    int rc = 0;

    for (size_t i = 0; i < a->n_rules && rc == 0; i++) {
        struct policy_change gone = of_rule(&a->rules[i], POLICY_REMOVED);
        if (find_rule(b, a->rules[i].id) == NULL)
            rc = d->each(d->ctx, &gone);
    }
    for (size_t i = 0; i < b->n_rules && rc == 0; i++) {
        struct policy_change added = of_rule(&b->rules[i], POLICY_ADDED);
        const struct policy_rule *was = find_rule(a, b->rules[i].id);
        rc = was != NULL ? diff_rule(d, was, &b->rules[i]) : d->each(d->ctx, &added);
    }
    return rc;
}

static int diff_regions(struct differ *d, const struct policy *a, const struct policy *b)
{
    int rc = 0;

    for (size_t i = 0; i < a->n_regions && rc == 0; i++) {
        struct policy_change gone = of_region(&a->regions[i], POLICY_REMOVED);
        if (place_entry(b, place_of(a->regions[i].name)) == NULL)
            rc = d->each(d->ctx, &gone);
    }
    for (size_t i = 0; i < b->n_regions && rc == 0; i++) {
        struct policy_change added = of_region(&b->regions[i], POLICY_ADDED);
        const struct policy_region *was = place_entry(a, place_of(b->regions[i].name));
        rc = was != NULL ? diff_region(d, was, &b->regions[i]) : d->each(d->ctx, &added);
    }
    return rc;
}

int policy_diff(const struct policy *a, const struct policy *b,
                int (*each)(void *ctx, const struct policy_change *c), void *ctx)
{
    struct differ d = {.each = each, .ctx = ctx};

    buf_init(&d.before, TEXT_MAX);
    buf_init(&d.after, TEXT_MAX);
    int rc = diff_rules(&d, a, b);
    if (rc == 0)
        rc = diff_regions(&d, a, b);
    buf_fini(&d.before);
    buf_fini(&d.after);
    return rc;
}

const char *policy_change_name(enum policy_change_kind k)
{
    static const char *const names[] = {
        [POLICY_ADDED] = "added", [POLICY_REMOVED] = "removed", [POLICY_CHANGED] = "changed"};

    return names[k];
}
