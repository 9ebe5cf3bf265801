/*
 * preview_page: see preview_page.h. The page is a Mustache text (pages/preview.html, compiled into the program) with the HTML escaper: whatever a row
 * holds stays text. Callers: the campaign and template commands.
 */
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/template.h"
#include "zhanchi/utf8.h"
#include "lints.h"
#include "preview_page.h"

#define PAGE_MAX_BYTES (8u << 20)
#define ITEMS_MAX 160 /* findings, samples, rows of costs: none has more */
#define MEMBERS_MAX 12

extern const unsigned char page_preview[]; /* made from pages/preview.html by CMake */
extern const size_t page_preview_len;

struct items {
    struct tv list[ITEMS_MAX];
    size_t n;
};

struct page {
    const struct cli *cli;
    struct arena *arena;
    struct items samples, cost, figures, findings;
};

struct page *page_new(const struct cli *c)
{
    struct arena *a = arena_new(64 << 10);
    struct page *p = arena_alloc(a, sizeof *p);

    p->cli = c;
    p->arena = a;
    return p;
}

void page_free(struct page *p)
{
    if (p != NULL)
        arena_free(p->arena);
}

/* ---- values ---- */

static struct tv text_of(struct page *p, const char *s)
{
    return (struct tv){.type = TV_TEXT, .text = arena_strdup(p->arena, s), .len = strlen(s)};
}

static struct tv flag_of(bool yes)
{
    return (struct tv){.type = yes ? TV_TRUE : TV_FALSE};
}

static struct tv list_of(const struct items *i)
{
    return (struct tv){.type = TV_LIST, .items = i->list, .len = i->n};
}

/* A map of its own as a further item; its members are filled by the caller. */
static struct tv_member *add_item(struct page *p, struct items *to)
{
    struct tv_member *m = arena_alloc(p->arena, MEMBERS_MAX * sizeof *m);

    if (to->n < ITEMS_MAX)
        to->list[to->n++] = (struct tv){.type = TV_MAP, .members = m, .len = MEMBERS_MAX};
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        m[i].name = "";
    return m;
}

static void put(struct page *p, struct tv_member *m, size_t i, const char *name, const char *text)
{
    m[i] = (struct tv_member){name, text_of(p, text)};
}

/* ---- items ---- */

void page_cost(struct page *p, const char *label, const char *value, const char *remark)
{
    struct tv_member *m = add_item(p, &p->cost);

    put(p, m, 0, "label", label + strspn(label, " "));
    put(p, m, 1, "value", value);
    put(p, m, 2, "remark", remark);
}

void page_figure(struct page *p, const char *label, const char *value)
{
    struct tv_member *m = add_item(p, &p->figures);

    put(p, m, 0, "label", label);
    put(p, m, 1, "value", value);
    m[2] = (struct tv_member){"when", flag_of(strlen(value) > 12)};
}

static void first_character(const char *s, char out[8])
{
    size_t i = 0, len = strlen(s);

    if (len > 0)
        utf8_next(s, len, &i);
    snprintf(out, 8, "%.*s", (int)(i < 7 ? i : 7), s);
}

void page_sample(struct page *p, const struct campaign_sample *m)
{
    static const char *const arms[] = {"", N_("now"), N_("held out"), N_("now (not randomised)"),
                                       ""};
    struct tv_member *v = add_item(p, &p->samples);
    char facts[256], size[96], initial[8];

    snprintf(facts, sizeof facts, _("line %lld, variant %d (%s), %s"), (long long)m->line,
             m->variant + 1, m->template, _(arms[m->arm]));
    snprintf(size, sizeof size, _("%zu characters, %d segments"), m->units, m->parts);
    first_character(m->signature, initial);
    put(p, v, 0, "why", _(m->why));
    put(p, v, 1, "facts", facts);
    put(p, v, 2, "initial", initial);
    put(p, v, 3, "sender", m->signature);
    put(p, v, 4, "to", m->phone);
    put(p, v, 5, "subject", m->subject);
    put(p, v, 6, "text", m->text);
    put(p, v, 7, "size", size);
    v[8] = (struct tv_member){"many", flag_of(m->parts > 2)};
}

static void add_finding(struct page *p, const struct campaign_finding *f)
{
    struct tv_member *m = add_item(p, &p->findings);
    const char *class = f->allowed ? N_("allowed") : lint_severity_name(f->severity);
    char where[160], place[320];

    lint_where(f, where, sizeof where);
    snprintf(place, sizeof place, "%s (%s): %s%s%s", lint_rule_name(f->rule), f->set, f->template,
             where[0] != '\0' ? ", " : "", where);
    put(p, m, 0, "class", class);
    put(p, m, 1, "severity", _(class));
    put(p, m, 2, "what", _(lint_rule_what(f->rule)));
    put(p, m, 3, "words", f->what);
    put(p, m, 4, "where", place);
    put(p, m, 5, "remedy", _(lint_rule_remedy(f->rule)));
}

/* ---- the page ---- */

static void about_line(const struct page *p, const char *about, char *out, size_t cap)
{
    char when[40];

    snprintf(out, cap, _("%s; made %s"), about,
             civil_format_instant(clock_now_ms(), p->cli->zone_min, when));
}

static struct tv root_of(struct page *p, const char *name, const char *about)
{
    struct tv_member *m = arena_alloc(p->arena, 20 * sizeof *m);
    char title[160], line[512];
    size_t n = 0;

    snprintf(title, sizeof title, _("Preview: %s"), name);
    about_line(p, about, line, sizeof line);
    const struct {
        const char *name, *text;
    } texts[] = {
        /* translators: the language of the page, as HTML names it */
        {"lang", _("en")},
        {"title", title},
        {"about", line},
        {"findings_title", _("What rules of the gateway say")},
        {"no_findings", _("Nothing: no text and no row breaks a rule.")},
        {"cost_title", _("What it costs")},
        {"samples_title", _("Texts of real rows, chosen on purpose")},
        {"note", _("Names and numbers are masked; characters and segments are those of the real "
                   "texts. Nothing was sent or stored.")}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put(p, m, n++, texts[i].name, texts[i].text);
    m[n++] = (struct tv_member){"samples", list_of(&p->samples)};
    m[n++] = (struct tv_member){"has_cost", flag_of(p->cost.n > 0)};
    m[n++] = (struct tv_member){"cost", list_of(&p->cost)};
    m[n++] = (struct tv_member){"has_figures", flag_of(p->figures.n > 0)};
    m[n++] = (struct tv_member){"figures", list_of(&p->figures)};
    m[n++] = (struct tv_member){"has_findings", flag_of(p->findings.n > 0)};
    m[n++] = (struct tv_member){"findings", list_of(&p->findings)};
    return (struct tv){.type = TV_MAP, .members = m, .len = n};
}

int page_write(struct page *p, const char *path, const char *name, const char *about,
               const struct campaign_lint *l, struct err *e)
{
    struct buf out;

    for (size_t i = 0; i < l->n; i++)
        add_finding(p, &l->found[i]);
    struct tv root = root_of(p, name, about);
    struct template *t = template_compile((const char *)page_preview, page_preview_len, e);
    if (t == NULL)
        panic("the page does not compile: %s", e->what);
    buf_init(&out, PAGE_MAX_BYTES);
    int rc = template_render(t, &root, template_escape_html, TEMPLATE_MISSING_EMPTY, &out, e);
    if (rc == 0)
        rc = fs_write_atomic(path, 0600, out.data, out.len, e);
    template_free(t);
    buf_fini(&out);
    return rc;
}
