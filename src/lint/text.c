/*
 * text: templates and rows against a rule set.
 *
 * A template is examined by its outline: its literal texts in order, sections and inverted sections alike, and for each variable a
 * stand-in: a last day for {{deadline}}, a number for {{phone12333}}, for others a character that means nothing. So the same pass serves
 * both, and every finding has a place. What the template breaks is not counted again for its rows.
 *
 * Callers: campaign, for the template once and for each row; the template commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define OUTLINE_MAX (1u << 18)
#define ADJACENT_MAX LINT_RULES
#define FINDINGS_MAX (3 * LINT_RULES + ADJACENT_MAX) /* one a rule of subject, body, html */
#define BIT(r) (1u << (r))

/* What a text must have; looked at in the body alone. */
#define MISSING (BIT(LINT_REFUSAL) | BIT(LINT_COMPLAINT) | BIT(LINT_LAST_DAY) | BIT(LINT_LENGTH))

struct lint_text {
    const struct lint_set *set;
    const char *const *from_rows;
    const struct lint_carrier *carrier;
    unsigned banned;
    uint32_t active;    /* rules that are not off and about this kind of text */
    uint32_t broken;    /* by the template itself */
    bool says_last_day; /* whatever the row: {{deadline}} stands outside of sections */
    struct lint_finding findings[FINDINGS_MAX];
    size_t n;
    int n_adjacent; /* the only rule that a text is told of several times */
};

/* ---- outlines ---- */

struct piece { /* of the outline: where it stands in the template */
    size_t at;
    int line, column;
    const char *partial;
};
#define SECTIONS_MAX 64

struct outline {
    struct buf text;
    struct piece *pieces;
    size_t n, cap;
    struct lint_text *t;
    int depth; /* of sections */
    const char *sections[SECTIONS_MAX];
    bool after_value; /* nothing stands between the last variable and here */
};

static void find(struct lint_text *t, enum lint_rule r, const struct piece *at, const char *what,
                 size_t len)
{
    if (!(t->active & BIT(r)) || t->n == FINDINGS_MAX)
        return;
    struct lint_finding *f = &t->findings[t->n++];
    *f = (struct lint_finding){.rule = r, .line = at->line, .column = at->column};
    while (len >= sizeof f->what || (len > 0 && ((unsigned char)what[len] & 0xC0) == 0x80))
        len--;
    memcpy(f->what, what, len);
    snprintf(f->partial, sizeof f->partial, "%s", at->partial != NULL ? at->partial : "");
    t->broken |= BIT(r);
}

/* deadline, certificates.deadline, and their forms. */
static bool is_last_day(const char *name)
{
    if (strncmp(name, "certificates.", 13) == 0)
        name += 13;
    return strncmp(name, "deadline", 8) == 0 && (name[8] == '\0' || name[8] == '.');
}

static const char *stand_in(const char *name)
{
    if (strcmp(name, "phone12333") == 0)
        return "12333";
    return is_last_day(name) ? "2027-01-01" : STAND_IN; /* a date in every repertoire */
}

static void add_piece(struct outline *o, const struct template_part *p, const char *text,
                      size_t len)
{
    if (o->n == o->cap) {
        o->cap = o->cap * 2 + 16;
        o->pieces = reallocarray(o->pieces, o->cap, sizeof *o->pieces);
        if (o->pieces == NULL)
            panic("out of memory");
    }
    o->pieces[o->n++] = (struct piece){o->text.len, p->line, p->column, p->partial};
    buf_add(&o->text, text, len);
}

/* {{#deadline}}{{.}}{{/deadline}} */
static const char *name_of(const struct outline *o, const char *name)
{
    bool inner = strcmp(name, ".") == 0 && o->depth > 0 && o->depth <= SECTIONS_MAX;

    return inner ? o->sections[o->depth - 1] : name;
}

static void on_value(struct outline *o, const struct template_part *p)
{
    const char *name = name_of(o, p->text), *text = stand_in(name);
    struct piece at = {0, p->line, p->column, p->partial};

    if (o->after_value && o->t->n_adjacent++ < ADJACENT_MAX)
        find(o->t, LINT_ADJACENT, &at, p->text, strlen(p->text));
    o->after_value = true;
    if (o->depth == 0 && is_last_day(name))
        o->t->says_last_day = true;
    add_piece(o, p, text, strlen(text));
}

static void on_part(void *ctx, const struct template_part *p)
{
    struct outline *o = ctx;

    switch (p->piece) {
    case TEMPLATE_LITERAL:
        o->after_value = o->after_value && p->len == 0;
        add_piece(o, p, p->text, p->len);
        break;
    case TEMPLATE_VALUE:
        on_value(o, p);
        break;
    case TEMPLATE_OPEN:
        if (o->depth < SECTIONS_MAX)
            o->sections[o->depth] = p->text;
        o->depth++;
        /* {{#a}}..{{a}}{{/a}}{{^a}}{{b}}{{/a}}: only one of them stands */
        o->after_value = o->after_value && !p->inverted;
        break;
    case TEMPLATE_CLOSE:
        o->depth--;
        break;
    }
}

/* ---- the template ---- */

/* Of a byte of the outline. */
static struct piece place(const struct outline *o, size_t at)
{
    size_t i = o->n;

    while (i > 0 && o->pieces[i - 1].at > at)
        i--;
    if (i == 0)
        return (struct piece){0};
    struct piece p = o->pieces[i - 1];
    for (; p.at < at; p.at++) {
        unsigned char c = (unsigned char)o->text.data[p.at];
        p.line += c == '\n';
        p.column = c == '\n' ? 1 : p.column + ((c & 0xC0) != 0x80);
    }
    return p;
}

static void find_at(const struct outline *o, enum lint_rule r, size_t at, size_t end)
{
    struct piece p = place(o, at);
    char code[16];
    size_t i = at;
    uint32_t cp = utf8_next(o->text.data, end, &i);

    if (r != LINT_FORBIDDEN || !(cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || utf8_invisible(cp))) {
        find(o->t, r, &p, o->text.data + at, end - at);
        return;
    }
    /* Nobody sees it, and a terminal may obey it. */
    snprintf(code, sizeof code, "U+%04X", (unsigned)cp);
    find(o->t, r, &p, code, strlen(code));
}

static void find_missing(struct lint_text *t, const struct scan *s)
{
    const struct piece whole = {0};

    if (!s->refusal)
        find(t, LINT_REFUSAL, &whole, "", 0);
    if (!s->complaint)
        find(t, LINT_COMPLAINT, &whole, "", 0);
    if (!s->date)
        find(t, LINT_LAST_DAY, &whole, "", 0);
}

static void examine(struct lint_text *t, const struct template *program, bool body)
{
    struct outline o = {.t = t};
    struct scan s = {.banned = t->banned};

    buf_init(&o.text, OUTLINE_MAX);
    template_each(program, on_part, &o);
    if (!o.text.failed) {
        scan_text(&s, t->set, buf_cstr(&o.text), o.text.len, 0);
        for (int r = 0; r < LINT_RULES; r++)
            if (s.hits & BIT(r))
                find_at(&o, (enum lint_rule)r, s.at[r], s.end[r]);
        if (s.n_amounts > 0)
            find_at(&o, LINT_AMOUNT, s.amounts[0].at, s.amounts[0].end);
        if (body)
            find_missing(t, &s);
    }
    buf_fini(&o.text);
    free(o.pieces);
}

struct lint_text *lint_text_new(const struct lint_set *set, const struct lint_source *src)
{
    struct lint_text *t = calloc(1, sizeof *t);

    if (t == NULL)
        panic("out of memory");
    t->set = set;
    t->from_rows = src->from_rows;
    t->banned =
        BIT(LINT_WORDS_BANNED) | (src->kind == TEMPLATE_PROMOTION ? BIT(LINT_WORDS_PROMOTION) : 0);
    for (int r = 0; r < LINT_RULES; r++)
        if (set->severity[r] != LINT_OFF &&
            (set->kinds[r] == 0 || set->kinds[r] & BIT((unsigned)src->kind)))
            t->active |= BIT(r);
    t->carrier = src->carrier;
    if (src->subject != NULL)
        examine(t, src->subject, false);
    examine(t, src->body, true);
    if (src->html != NULL)
        examine(t, src->html, false);
    if (t->carrier != NULL && !carrier_declared(t->carrier))
        find(t, LINT_CARRIER, &(const struct piece){0}, "", 0);
    return t;
}

void lint_text_free(struct lint_text *t)
{
    free(t);
}

size_t lint_text_findings(const struct lint_text *t, const struct lint_finding **out)
{
    *out = t->findings;
    return t->n;
}

/* ---- rows ---- */

struct values { /* what a row's values tell */
    const struct lint_text *t;
    int64_t amounts[SCAN_AMOUNTS];
    size_t n_amounts;
    uint32_t hits;
};

static bool from_row(const struct lint_text *t, const char *name)
{
    for (const char *const *n = t->from_rows; n != NULL && *n != NULL; n++)
        if (strcmp(*n, name) == 0)
            return true;
    return false;
}

static void look_at_value(struct values *v, const char *name, const struct tv *x)
{
    if (strcmp(name, "amount") == 0 && v->n_amounts < SCAN_AMOUNTS)
        v->amounts[v->n_amounts++] = scan_fen(x->text, x->len);
    if (!from_row(v->t, name))
        return;
    if (scan_reachable(v->t->set, x->text, x->len))
        v->hits |= BIT(LINT_LINK);
    if (scan_lost(x->text, x->len))
        v->hits |= BIT(LINT_SUBSTITUTION);
}

/* Maps and lists of them: two levels, as values have them. */
static void look_at_values(struct values *v, const struct tv *map, int depth)
{
    for (size_t i = 0; map->type == TV_MAP && i < map->len; i++) {
        const struct tv *x = &map->members[i].value;
        if (x->type == TV_TEXT)
            look_at_value(v, map->members[i].name, x);
        for (size_t k = 0; x->type == TV_LIST && depth > 0 && k < x->len; k++)
            look_at_values(v, &x->items[k], depth - 1);
    }
}

static bool given(const struct values *v, int64_t fen)
{
    for (size_t i = 0; i < v->n_amounts; i++)
        if (v->amounts[i] == fen && fen >= 0)
            return true;
    return false;
}

static uint32_t missing(const struct lint_text *t, const struct scan *s, const struct lint_row *r)
{
    const struct lint_set *set = t->set;
    bool too_long =
        (set->units > 0 && r->units > set->units) || (set->parts > 0 && r->parts > set->parts);

    return (s->refusal ? 0 : BIT(LINT_REFUSAL)) | (s->complaint ? 0 : BIT(LINT_COMPLAINT)) |
           (s->date || t->says_last_day ? 0 : BIT(LINT_LAST_DAY)) |
           (too_long ? BIT(LINT_LENGTH) : 0);
}

static uint32_t promises(const struct values *v, const struct scan *s)
{
    for (size_t i = 0; i < s->n_amounts; i++)
        if (!given(v, s->amounts[i].fen))
            return BIT(LINT_AMOUNT);
    return 0;
}

/* Where the body begins: the signature's brackets are no finding. */
static size_t behind_signature(const struct lint_row *r)
{
    const char *end = r->len >= 3 && memcmp(r->text, "【", 3) == 0 ? strstr(r->text, "】") : NULL;

    return end != NULL ? (size_t)(end - r->text) + 3 : 0;
}

/* A subject or a second body: what must stand somewhere is looked for in the text. */
static uint32_t check_beside(const struct lint_text *t, const struct values *v, const char *text)
{
    struct scan s;

    if (text[0] == '\0')
        return 0;
    s.banned = t->banned;
    scan_text(&s, t->set, text, strlen(text), 0);
    return (s.hits | promises(v, &s)) & ~MISSING;
}

static uint32_t check_carrier(const struct lint_text *t, const struct lint_row *r, size_t body)
{
    return t->carrier != NULL && t->active & BIT(LINT_CARRIER) &&
                   !lint_carrier_fits(t->carrier, r->root, r->text + body, r->len - body)
               ? BIT(LINT_CARRIER)
               : 0;
}

uint32_t lint_row_check(const struct lint_text *t, const struct lint_row *r)
{
    struct values v = {.t = t};
    struct scan s;
    uint32_t wanted = t->active & ~t->broken, hits;
    size_t body = behind_signature(r);

    if (wanted == 0)
        return 0;
    s.banned = t->banned;
    look_at_values(&v, r->root, 1);
    scan_text(&s, t->set, r->text, r->len, body);
    hits = s.hits | v.hits | missing(t, &s, r) | promises(&v, &s) | check_carrier(t, r, body) |
           check_beside(t, &v, r->subject) | check_beside(t, &v, r->html);
    return hits & wanted;
}
