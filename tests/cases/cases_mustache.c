/*
 * The Mustache specification's required modules, under the HTML escaper: all of them hold. And once more as a text to a person is made, where the cases
 * that deviate are declared with their reason.
 */
#include <string.h>
#include "cases.h"
#include "zhanchi/template.h"

static int load(void *ctx, const char *name, struct buf *out, struct err *e)
{
    const struct json *partials = ctx, *text = partials ? json_get(partials, name) : NULL;
    char tmp[40];
    (void)e;

    if (text == NULL)
        return 0;
    buf_adds(out, json_text(text, tmp));
    return 1;
}

static bool render(const struct json *one, bool sms, struct buf *out, struct err *e)
{
    char tmp[40];
    const char *text = cases_text(one, "template", tmp);
    const struct template_loader l = {
        .load = load, .ctx = (void *)(uintptr_t)json_get(one, "partials"), .absent_is_empty = !sms};
    struct template *t = template_compile_with(text, strlen(text), 1, &l, e);

    if (t == NULL)
        return false;
    struct arena *a = arena_new(4096);
    struct tv root = template_value(a, json_get(one, "data"));
    int rc = template_render(t, &root, sms ? template_escape_none : template_escape_html,
                             sms ? TEMPLATE_MISSING_ERROR : TEMPLATE_MISSING_EMPTY, out, e);
    arena_free(a);
    template_free(t);
    return rc == 0;
}

static bool judge_as(const struct json *one, bool sms, struct buf *why)
{
    struct buf out;
    struct err e;
    char tmp[40];

    buf_init(&out, 65536);
    bool ok = render(one, sms, &out, &e);
    if (ok)
        ok = cases_same(why, "text", buf_cstr(&out), cases_text(one, "expected", tmp));
    else
        buf_adds(why, e.what);
    buf_fini(&out);
    return ok;
}

static bool judge(const struct json *one, struct buf *why)
{
    return judge_as(one, false, why);
}

static bool judge_sms(const struct json *one, struct buf *why)
{
    return judge_as(one, true, why);
}

#define HTML "an SMS is no HTML: nothing is escaped"
#define NO_VALUE "a variable without value stops the text instead of leaving a hole in it"
#define NO_PARTIAL "a partial that is not there is an error"

static const struct cases_deviation sms[] = {
    {"mu-030", HTML},       {"mu-039", NO_VALUE}, {"mu-040", NO_VALUE}, {"mu-041", NO_VALUE},
    {"mu-042", NO_VALUE},   {"mu-043", NO_VALUE}, {"mu-044", NO_VALUE}, {"mu-049", NO_VALUE},
    {"mu-050", NO_VALUE},   {"mu-052", NO_VALUE}, {"mu-053", NO_VALUE}, {"mu-056", HTML},
    {"mu-092", NO_PARTIAL}, {"mu-121", HTML},     {NULL, NULL}};

int main(void)
{
    struct cases c;

    cases_init(&c, "mustache");
    if (cases_open(&c, "mustache.json")) {
        cases_run(&c, "/cases", judge, NULL);
        cases_run(&c, "/cases", judge_sms, sms);
        cases_close(&c);
    }
    return cases_end(&c);
}
