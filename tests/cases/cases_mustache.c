/*
 * The Mustache specification's required modules, under the HTML escaper. Partials are not built; every other case holds.
 */
#include <string.h>
#include "cases.h"
#include "zhanchi/template.h"

static bool render(const struct json *one, struct buf *out, struct err *e)
{
    char tmp[40];
    const char *text = cases_text(one, "template", tmp);
    struct template *t = template_compile(text, strlen(text), e);

    if (t == NULL)
        return false;
    struct arena *a = arena_new(4096);
    struct tv root = template_value(a, json_get(one, "data"));
    int rc = template_render(t, &root, template_escape_html, TEMPLATE_MISSING_EMPTY, out, e);
    arena_free(a);
    template_free(t);
    return rc == 0;
}

static bool judge(const struct json *one, struct buf *why)
{
    struct buf out;
    struct err e;
    char tmp[40];

    buf_init(&out, 65536);
    bool ok = render(one, &out, &e);
    if (ok)
        ok = cases_same(why, "text", buf_cstr(&out), cases_text(one, "expected", tmp));
    else
        buf_adds(why, e.what);
    buf_fini(&out);
    return ok;
}

#define PARTIALS "partials are not built"

static const struct cases_deviation deviations[] = {
    {"mu-017", PARTIALS}, {"mu-018", PARTIALS}, {"mu-091", PARTIALS}, {"mu-092", PARTIALS},
    {"mu-093", PARTIALS}, {"mu-094", PARTIALS}, {"mu-095", PARTIALS}, {"mu-096", PARTIALS},
    {"mu-097", PARTIALS}, {"mu-098", PARTIALS}, {"mu-099", PARTIALS}, {"mu-100", PARTIALS},
    {"mu-101", PARTIALS}, {"mu-102", PARTIALS}, {NULL, NULL}};

int main(void)
{
    struct cases c;

    cases_init(&c, "mustache");
    if (cases_open(&c, "mustache.json")) {
        cases_run(&c, "/cases", judge, deviations);
        cases_close(&c);
    }
    return cases_end(&c);
}
