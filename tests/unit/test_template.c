/*
 * template: what the Mustache specification leaves to us (missing values, bounds, errors with their place), names and their check, escapers, files.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/fsio.h"
#include "zhanchi/template.h"

static const char data[] =
    "{\"name\":\"张三\",\"empty\":\"\",\"yes\":true,\"no\":false,\"nothing\":null,\"n\":3,"
    "\"map\":{\"a\":\"x\",\"deep\":{\"b\":\"y\"}},"
    "\"certificates\":[{\"occupation\":\"焊工\",\"amount\":\"1,000元\"},{\"occupation\":\"钳工\"}],"
    "\"none\":[]}";

static int render(const char *text, enum template_missing missing, struct buf *out, struct err *e)
{
    struct json *j = json_parse(data, sizeof data - 1, e);
    struct template *t = template_compile(text, strlen(text), e);
    struct arena *a = arena_new(4096);

    ck_assert_ptr_nonnull(j);
    ck_assert_msg(t != NULL, "%s: %s", text, e->what);
    struct tv root = template_value(a, j);
    int rc = template_render(t, &root, template_escape_none, missing, out, e);
    arena_free(a);
    template_free(t);
    json_free(j);
    return rc;
}

/* ---- rendering ---- */

static const struct {
    const char *text, *strict, *lenient; /* strict: NULL = an error */
} texts[] = {
    {"", "", ""},
    {"您好，{{name}}！", "您好，张三！", "您好，张三！"},
    {"{{ name }}|{{&name}}|{{{name}}}", "张三|张三|张三", "张三|张三|张三"},
    {"{{n}}{{yes}}{{no}}", "3truefalse", "3truefalse"},
    {"{{map.a}}{{map.deep.b}}", "xy", "xy"},
    {"a{{missing}}b", NULL, "ab"},
    {"a{{empty}}b", NULL, "ab"},
    {"a{{nothing}}b", NULL, "ab"},
    {"a{{map}}b", NULL, "ab"},
    {"a{{map.none.b}}b", NULL, "ab"},
    {"a{{certificates}}b", NULL, "ab"},
    {"{{#missing}}a{{/missing}}b", "b", "b"},
    {"{{#empty}}a{{/empty}}b", "b", "b"},
    {"{{#none}}a{{/none}}b", "b", "b"},
    {"{{#no}}a{{/no}}{{#nothing}}a{{/nothing}}b", "b", "b"},
    {"{{^missing}}a{{/missing}}{{^empty}}b{{/empty}}{{^name}}c{{/name}}", "ab", "ab"},
    {"{{#name}}可领{{.}}{{/name}}", "可领张三", "可领张三"},
    {"{{#map}}{{a}}{{name}}{{#deep}}{{b}}{{a}}{{/deep}}{{/map}}", "x张三yx", "x张三yx"},
    {"{{#certificates}}{{occupation}}；{{/certificates}}", "焊工；钳工；", "焊工；钳工；"},
    {"{{#certificates}}{{amount}}；{{/certificates}}", NULL, "1,000元；；"},
    {"{{#certificates}}{{#amount}}{{occupation}}{{/amount}}{{/certificates}}", "焊工", "焊工"},
    {"a\n  {{#yes}}\nb\n{{/yes}}\nc", "a\nb\nc", "a\nb\nc"},
    {"a {{! 注 }} b", "a  b", "a  b"},
    {"{{=<% %>=}}<%name%>{{name}}", "张三{{name}}", "张三{{name}}"},
};

START_TEST(renders)
{
    struct buf out;
    struct err e = {0};

    buf_init(&out, 4096);
    int rc = render(texts[_i].text, TEMPLATE_MISSING_ERROR, &out, &e);
    if (texts[_i].strict == NULL) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e.kind, ERR_DATA);
        ck_assert_ptr_nonnull(strstr(e.what, "has no value"));
    } else {
        ck_assert_int_eq(rc, 0);
        ck_assert_str_eq(buf_cstr(&out), texts[_i].strict);
    }
    buf_reset(&out);
    ck_assert_int_eq(render(texts[_i].text, TEMPLATE_MISSING_EMPTY, &out, &e), 0);
    ck_assert_str_eq(buf_cstr(&out), texts[_i].lenient);
    buf_fini(&out);
}
END_TEST

START_TEST(a_missing_value_is_named_but_not_the_row)
{
    struct buf out;
    struct err e;

    buf_init(&out, 4096);
    ck_assert_int_eq(render("{{name}}，{{deadline}}", TEMPLATE_MISSING_ERROR, &out, &e), -1);
    ck_assert_str_eq(e.what, "deadline has no value");
    ck_assert_ptr_null(strstr(e.what, "张三"));
    buf_fini(&out);
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
    struct buf out;
    struct err e;

    buf_init(&out, 10);
    ck_assert_int_eq(render("{{name}}{{name}}", TEMPLATE_MISSING_ERROR, &out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    buf_fini(&out);
    buf_init(&out, 10);
    ck_assert_int_eq(render("0123456789a", TEMPLATE_MISSING_ERROR, &out, &e), -1);
    buf_fini(&out);
}
END_TEST

/* ---- compiling ---- */

static const struct {
    const char *text, *what;
} bad_texts[] = {
    {"{{name", "line 1, column 1: the tag is not closed by }}"},
    {"ab\n张{{name", "line 2, column 2: the tag is not closed by }}"},
    {"{{{name}}", "line 1, column 1: the tag is not closed by }}}"},
    {"{{}}", "line 1, column 1: the tag has no name"},
    {"{{#}}{{/}}", "line 1, column 1: the tag has no name"},
    {"a{{two words}}", "line 1, column 2: a name must not hold blanks or braces"},
    {"{{a{b}}", "line 1, column 1: a name must not hold blanks or braces"},
    {"\n\n{{#a}}x", "line 3, column 1: the section a is never closed"},
    {"{{/a}}", "line 1, column 1: this closes no open section: a"},
    {"{{#a}}{{^b}}{{/a}}{{/b}}", "line 1, column 13: the innermost open section is not a"},
    {"x{{>part}}", "line 1, column 2: there are no partials here: part"},
    {"{{=<% %>}}", "line 1, column 1: a set-delimiter tag must end in ="},
    {"{{=a=}}", "line 1, column 1: these are no delimiters"},
    {"{{=== ===}}", "line 1, column 1: these are no delimiters"},
};

START_TEST(errors_name_their_place)
{
    struct err e;

    ck_assert_ptr_null(template_compile(bad_texts[_i].text, strlen(bad_texts[_i].text), &e));
    ck_assert_str_eq(e.what, bad_texts[_i].what);
    ck_assert_int_eq(e.kind, ERR_DATA);
}
END_TEST

START_TEST(lines_of_the_file)
{
    struct err e;

    ck_assert_ptr_null(template_compile_at("a\n{{", 4, 7, &e));
    ck_assert_str_eq(e.what, "line 8, column 1: the tag is not closed by }}");
}
END_TEST

START_TEST(depth_and_length_are_bounded)
{
    struct buf text;
    struct err e;

    buf_init(&text, 200000);
    for (int i = 0; i < 16; i++)
        buf_adds(&text, "{{#yes}}");
    size_t open = text.len;
    buf_adds(&text, "x");
    for (int i = 0; i < 16; i++)
        buf_adds(&text, "{{/yes}}");
    struct buf out;
    buf_init(&out, 100);
    ck_assert_int_eq(render(buf_cstr(&text), TEMPLATE_MISSING_ERROR, &out, &e), 0);
    ck_assert_str_eq(buf_cstr(&out), "x");
    buf_fini(&out);
    text.len = open;
    buf_adds(&text, "{{#yes}}");
    ck_assert_ptr_null(template_compile(buf_cstr(&text), text.len, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "nested too deeply"));
    buf_reset(&text);
    for (int i = 0; i < 65537; i++)
        buf_addc(&text, 'x');
    ck_assert_ptr_null(template_compile(buf_cstr(&text), text.len, &e));
    buf_reset(&text);
    buf_adds(&text, "{{");
    for (int i = 0; i < 128; i++)
        buf_addc(&text, 'x');
    buf_adds(&text, "}}");
    ck_assert_ptr_null(template_compile(buf_cstr(&text), text.len, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "too long"));
    buf_fini(&text);
}
END_TEST

/* ---- partials ---- */

/* Invented files. */
static const struct {
    const char *name, *text;
} files[] = {
    {"hello", "{{name}}您好"},
    {"lines", "a\n\n{{name}}\n  {{>inner}}\nz\n"},
    {"inner", "i\nj"},
    {"inline", "x {{>inner}}\n"},
    {"blocks", "{{#yes}}\nb{{#yes}}c{{/yes}}\n{{/yes}}\n"},
    {"comment", "{{! a }}b\n"},
    {"tree", "{{content}}<{{#nodes}}{{>tree}}{{/nodes}}>"},
    {"delimiters", "{{=| |=}}|n|"},
    {"loop", "{{>loop}}"},
    {"growing", "\n {{>growing}}"},
    {"double", "{{#yes}}{{>half}}{{>half}}{{/yes}}"},
    {"half", "{{>quarter}}{{>quarter}}"},
    {"quarter", "{{#certificates}}{{>eighth}}{{>eighth}}{{/certificates}}"},
    {"eighth", "."},
    {"broken", "ab\n {{#yes}}"},
    {"typo", "ab\n{{nmae}}"},
    {"inside", "{{occupation}}"},
    {"lost", "{{>nowhere}}"},
    {"p0", "{{>p1}}{{>p1}}"},
    {"p1", "{{>p2}}{{>p2}}"},
    {"p2", "{{>p3}}{{>p3}}"},
    {"p3", "{{>p4}}{{>p4}}"},
    {"p4", "{{>p5}}{{>p5}}"},
    {"p5", "{{>p6}}{{>p6}}"},
    {"p6", "{{>p7}}{{>p7}}"},
    {"p7", "{{>p8}}{{>p8}}"},
    {"p8", "{{>p9}}{{>p9}}"},
    {"p9", "{{>pa}}{{>pa}}"},
    {"pa", "{{>pb}}{{>pb}}"},
    {"pb", "{{>pc}}{{>pc}}"},
    {"pc", "{{>pd}}{{>pd}}"},
    {"pd", "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"
           "{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}{{#no}}{{/no}}"},
};

static int load_file(void *ctx, const char *name, struct buf *out, struct err *e)
{
    (void)ctx;
    if (strcmp(name, "unreadable") == 0)
        return err_set(e, ERR_NOINPUT, "", "no permission");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, name) == 0) {
            buf_adds(out, files[i].text);
            return 1;
        }
    if (strncmp(name, "many", 4) == 0) { /* many0 calls many1 ... */
        buf_addf(out, "{{>many%d}}", atoi(name + 4) + 1);
        return 1;
    }
    if (strncmp(name, "long", 4) != 0)
        return 0;
    for (int i = 0; i < 60000; i++)
        buf_addc(out, 'x');
    return 1;
}

static const struct template_loader folder = {.load = load_file};

/* text == NULL: what the error says is `what`. */
static const struct {
    const char *template, *text, *what;
} partials[] = {
    {"{{>hello}}！{{> hello }}", "张三您好！张三您好", NULL},
    {"-\n  {{>lines}}\n-", "-\n  a\n\n  张三\n    i\n    j  z\n-", NULL},
    {"-\n{{>lines}}\n-", "-\na\n\n张三\n  i\n  jz\n-", NULL},
    {"\t{{>inline}}", "\tx i\nj\n", NULL},
    {" {{>inline}} .", " x i\nj\n .", NULL},
    {" {{>blocks}}", " bc\n", NULL},
    {" {{>comment}}", " b\n", NULL},
    {"{{>delimiters}}{{n}}|n|", "33|n|", NULL},
    {"{{#map}}{{>tree}}{{/map}}", NULL, "content has no value"},
    {"{{>loop}}", NULL, "nested too deeply"},
    {" {{>growing}}", NULL, "nested too deeply"},
    {"{{>double}}", "................", NULL},
    {"{{#certificates}}{{>p0}}{{>p0}}{{>p0}}{{>p0}}{{>p0}}{{>p0}}{{/certificates}}", NULL, "steps"},
    {"{{>broken}}", NULL, "partial broken, line 2, column 2: the section yes is never closed"},
    {"a{{>nowhere}}", NULL, "line 1, column 2: there is no partial nowhere"},
    {"{{>lost}}", NULL, "partial lost, line 1, column 1: there is no partial nowhere"},
    {"{{>unreadable}}", NULL, "no permission"},
    {"{{>many0}}", NULL, "more than 63"},
    {"{{>long0}}{{>long1}}{{>long2}}{{>long3}}{{>long4}}", NULL, "longer than 262144 bytes"},
    {"{{>}}", NULL, "line 1, column 1: the tag has no name"},
    {"{{>a b}}", NULL, "line 1, column 1: a name must not hold blanks"},
};

static int render_partials(const char *text, struct buf *out, struct err *e)
{
    struct template *t = template_compile_with(text, strlen(text), 1, &folder, e);
    struct json *j = json_parse(data, sizeof data - 1, e);
    struct arena *a = arena_new(4096);
    struct tv root = template_value(a, j);
    int rc = t == NULL
                 ? -1
                 : template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, out, e);

    arena_free(a);
    json_free(j);
    template_free(t);
    return rc;
}

START_TEST(partials_are_called)
{
    struct buf out;
    struct err e = {0};

    buf_init(&out, 65536);
    int rc = render_partials(partials[_i].template, &out, &e);
    if (partials[_i].text != NULL) {
        ck_assert_msg(rc == 0, "%s: %s", partials[_i].template, e.what);
        ck_assert_str_eq(buf_cstr(&out), partials[_i].text);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_ne(e.kind, ERR_NONE);
        ck_assert_msg(strstr(e.what, partials[_i].what) != NULL, "%s: %s", partials[_i].template,
                      e.what);
    }
    buf_fini(&out);
}
END_TEST

/* What a program depends on goes with it. */
START_TEST(partials_are_packed)
{
    static const char text[] = "-\n  {{>lines}}\n{{>hello}}";
    struct buf packed, one, two;
    struct err e = {0};
    struct template *t = template_compile_with(text, sizeof text - 1, 1, &folder, &e);

    ck_assert_ptr_nonnull(t);
    buf_init(&packed, 4096);
    buf_init(&one, 4096);
    buf_init(&two, 4096);
    template_pack_partials(t, &packed);
    struct template *again =
        template_compile_packed(text, sizeof text - 1, 1, buf_cstr(&packed), &e);
    ck_assert_msg(again != NULL, "%s", e.what);
    struct tv_member name = {"name", {.type = TV_TEXT, .text = "李四", .len = strlen("李四")}};
    struct tv root = {.type = TV_MAP, .members = &name, .len = 1};
    ck_assert_int_eq(
        template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &one, &e), 0);
    ck_assert_int_eq(
        template_render(again, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &two, &e), 0);
    ck_assert_str_eq(buf_cstr(&one), "-\n  a\n\n  李四\n    i\n    j  z\n李四您好");
    ck_assert_str_eq(buf_cstr(&one), buf_cstr(&two));
    template_free(t);
    template_free(again);
    ck_assert_ptr_null(template_compile_packed(text, sizeof text - 1, 1, "", &e));
    ck_assert_ptr_null(template_compile_packed(text, sizeof text - 1, 1, "{}", &e));
    ck_assert_ptr_null(template_compile_packed(text, sizeof text - 1, 1, "{", &e));
    t = template_compile("x", 1, &e);
    buf_reset(&packed);
    template_pack_partials(t, &packed);
    ck_assert_uint_eq(packed.len, 0);
    template_free(t);
    buf_fini(&packed);
    buf_fini(&one);
    buf_fini(&two);
}
END_TEST

/* A text may have other forms, which are found behind a dot and in its section. */
START_TEST(texts_with_forms)
{
    static const char text[] = "{{a}}|{{a.b}}|{{#a}}{{.}}{{b}}{{/a}}";
    struct tv_member form = {"b", {.type = TV_TEXT, .text = "form", .len = 4}};
    struct tv_member one = {
        "a", {.type = TV_TEXT, .text = "text", .len = 4, .members = &form, .n_forms = 1}};
    struct tv root = {.type = TV_MAP, .members = &one, .len = 1};
    struct template *t;
    struct buf out;
    struct err e;

    t = template_compile(text, sizeof text - 1, &e);
    buf_init(&out, 100);
    ck_assert_int_eq(
        template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, &e), 0);
    ck_assert_str_eq(buf_cstr(&out), "text|form|textform");
    template_free(t);
    buf_fini(&out);
}
END_TEST

/* ---- names ---- */

START_TEST(names_in_order_of_first_use)
{
    static const char text[] = "{{name}}{{#certificates}}{{.}}{{amount}}{{name}}{{/certificates}}"
                               "{{^map.a}}{{/map.a}}{{&office}}";
    static const char *const expected[] = {"name", "certificates", "amount", "map.a", "office"};
    const char *const *names;
    struct err e;
    struct template *t = template_compile(text, sizeof text - 1, &e);

    ck_assert_ptr_nonnull(t);
    ck_assert_uint_eq(template_names(t, &names), 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(names[i], expected[i]);
    ck_assert_ptr_null(names[5]);
    template_free(t);
    t = template_compile("x", 1, &e);
    ck_assert_uint_eq(template_names(t, &names), 0);
    ck_assert_ptr_null(names[0]);
    template_free(t);
}
END_TEST

static const struct {
    const char *text, *what; /* what: NULL = fine */
} checks[] = {
    {"{{name}}{{deadline}}{{office}}{{phone12333}}", NULL},
    {"{{#certificates}}{{occupation}}{{deadline}}{{name}}{{/certificates}}", NULL},
    {"{{#amount}}{{.}}{{/amount}}{{^amount}}{{apply_where}}{{/amount}}", NULL},
    {"{{certificates.amount}}", NULL},
    {"ab\n {{nmae}}", "line 2, column 2: unknown variable nmae; did you mean name?"},
    {"{{Amount}}", "line 1, column 1: unknown variable Amount; did you mean amount?"},
    {"{{xyzzy}}", "line 1, column 1: unknown variable xyzzy"},
    {"{{#certificates}}{{certificate}}{{/certificates}}",
     "line 1, column 18: unknown variable certificate"},
    {"{{#certifcates}}{{/certifcates}}", "line 1, column 1: unknown variable certifcates"},
};

START_TEST(unknown_names_are_refused)
{
    struct err e = {0};
    struct template *t = template_compile(checks[_i].text, strlen(checks[_i].text), &e);

    ck_assert_ptr_nonnull(t);
    int rc = template_check(t, template_known(), &e);
    if (checks[_i].what == NULL) {
        ck_assert_msg(rc == 0, "%s", e.what);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert_msg(strncmp(e.what, checks[_i].what, strlen(checks[_i].what)) == 0, "%s", e.what);
    }
    template_free(t);
}
END_TEST

START_TEST(names_in_partials_are_checked)
{
    static const struct {
        const char *text, *what;
    } texts_with[] = {
        {"{{>hello}}{{#certificates}}{{>inside}}{{/certificates}}", NULL},
        {"{{#certificates}}x{{/certificates}}\n {{>typo}}",
         "partial typo, line 2, column 1: unknown variable nmae; did you mean name?"},
        {"{{>loop}}{{>growing}}", NULL},
        {"{{>p0}}", "line 1, column 1: unknown variable no"},
    };
    static const char *const narrow[] = {"name", "certificates.occupation", NULL};

    for (size_t i = 0; i < sizeof texts_with / sizeof texts_with[0]; i++) {
        const char *text = texts_with[i].text;
        struct err e = {0};
        struct template *t = template_compile_with(text, strlen(text), 1, &folder, &e);
        ck_assert_msg(t != NULL, "%s", e.what);
        int rc = template_check(t, narrow, &e);
        if (texts_with[i].what == NULL)
            ck_assert_msg(rc == 0, "%s", e.what);
        else
            ck_assert_msg(rc == -1 && strstr(e.what, texts_with[i].what) != NULL, "%s", e.what);
        template_free(t);
    }
    /* The same partial may be right in one place and wrong in another. */
    static const char both[] = "{{#certificates}}{{>inside}}{{/certificates}}{{>inside}}";
    struct err e;
    struct template *t = template_compile_with(both, sizeof both - 1, 1, &folder, &e);
    ck_assert_int_eq(template_check(t, narrow, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "partial inside, line 1, column 1: unknown variable"));
    template_free(t);
}
END_TEST

/* ---- escapers ---- */

static const struct {
    template_escape escape;
    const char *in, *out;
} escapes[] = {
    {template_escape_none, "<a&\"", "<a&\""},
    {template_escape_html, "<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
    {template_escape_json, "a\"b\\\n张", "a\\\"b\\\\\\n张"},
    {template_escape_json, "", ""},
    {template_escape_url, "aZ09-._~", "aZ09-._~"},
    {template_escape_url, "张 +/&=", "%E5%BC%A0%20%2B%2F%26%3D"},
};

START_TEST(escapers)
{
    struct buf out;

    buf_init(&out, 256);
    buf_adds(&out, "|");
    ck_assert_int_eq(escapes[_i].escape(&out, escapes[_i].in, strlen(escapes[_i].in)), 0);
    ck_assert_str_eq(buf_cstr(&out) + 1, escapes[_i].out);
    ck_assert_int_eq(buf_cstr(&out)[0], '|');
    buf_fini(&out);
    if (escapes[_i].in[0] == '\0')
        return;
    buf_init(&out, strlen(escapes[_i].out) - 1);
    ck_assert_int_eq(escapes[_i].escape(&out, escapes[_i].in, strlen(escapes[_i].in)), -1);
    buf_fini(&out);
}
END_TEST

/* ---- files ---- */

#define HEAD "name: a\ntopic: t\nsignature: 某局\n"

START_TEST(a_file)
{
    static const char file[] =
        "\xEF\xBB\xBF# a comment\r\nname: skill-a\r\n topic : skill-subsidy\r\n"
        "kind: promotion\nsignature: 示例市人社局 \nlanguage: zh\n"
        "columns: 社区, 网点 ,\ncarrier_template: 123\n\n---\r\n"
        "第一行 {{name}}\r\n第二行\r\n\n";
    struct template_file f;
    struct err e;

    ck_assert_msg(template_file_parse(file, sizeof file - 1, &f, &e) == 0, "%s", e.what);
    ck_assert_str_eq(f.name, "skill-a");
    ck_assert_str_eq(f.topic, "skill-subsidy");
    ck_assert_int_eq(f.kind, TEMPLATE_PROMOTION);
    ck_assert_str_eq(f.signature, "示例市人社局");
    ck_assert_str_eq(f.channel, "sms");
    ck_assert_str_eq(f.language, "zh");
    ck_assert_str_eq(f.carrier_template, "123");
    ck_assert_str_eq(f.columns[0], "社区");
    ck_assert_str_eq(f.columns[1], "网点");
    ck_assert_ptr_null(f.columns[2]);
    ck_assert_str_eq(f.text, "第一行 {{name}}\n第二行");
    ck_assert_uint_eq(f.text_len, strlen(f.text));
    ck_assert_int_eq(f.text_line, 11);
    template_file_fini(&f);
    ck_assert_int_eq(template_file_parse(HEAD "---\nx", sizeof HEAD - 1 + 5, &f, &e), 0);
    ck_assert_int_eq(f.kind, TEMPLATE_NOTICE);
    ck_assert_str_eq(f.language, "zh-CN");
    template_file_fini(&f);
}
END_TEST

/* What stands behind the text, in any order; a rule of hyphens is none of it. */
START_TEST(further_parts)
{
    static const char file[] =
        "name: a\ntopic: t\nsignature: s\nchannel: email\nsubject: x\n---\r\n"
        "一\n---\n--- 二 ---\n\n--- html\r\n<p>{{name}}</p>\r\n<p>二</p>\n\n";
    static const char filed[] = HEAD "carrier_template: 1\n---\n一\n--- carrier\n${name}\n二";
    struct template_file f;
    struct err e;

    ck_assert_msg(template_file_parse(file, sizeof file - 1, &f, &e) == 0, "%s", e.what);
    ck_assert_str_eq(f.text, "一\n---\n--- 二 ---");
    ck_assert_str_eq(f.html, "<p>{{name}}</p>\n<p>二</p>");
    ck_assert_int_eq(f.text_line, 7);
    ck_assert_int_eq(f.html_line, 12);
    ck_assert_ptr_null(f.carrier_text);
    template_file_fini(&f);
    ck_assert_msg(template_file_parse(filed, sizeof filed - 1, &f, &e) == 0, "%s", e.what);
    ck_assert_str_eq(f.text, "一");
    ck_assert_str_eq(f.carrier_text, "${name}\n二");
    ck_assert_ptr_null(f.html);
    template_file_fini(&f);
}
END_TEST

#define MAIL HEAD "channel: email\nsubject: x\n"

static const struct {
    const char *file, *what;
} bad_files[] = {
    {HEAD "---\nx\n--- html\ny", "only an email has a part `--- html`"},
    {HEAD "---\nx\n--- carrier\ny", "a filed text belongs to a carrier_template"},
    {MAIL "---\nx\n--- html\na\n--- html\nb", "line 10: `--- html` stands twice"},
    {MAIL "---\nx\n--- html\n\n", "line 8: `--- html` is empty"},
    {MAIL "---\nx\n--- html", "line 8: `--- html` is empty"},
    {MAIL "---\nx\n--- htm\ny", "line 8: there is no part htm; did you mean html?"},
    {MAIL "---\n--- html\ny", "the template has no text"},
    {"", "no line of ---"},
    {"name: a\n", "no line of ---"},
    {HEAD "---\n", "has no text"},
    {HEAD "---\n\n\r\n", "has no text"},
    {"topic: t\nsignature: s\n---\nx", "needs name, topic and signature"},
    {"name: a\nsignature: s\n---\nx", "needs name, topic and signature"},
    {"name: a\ntopic: t\n---\nx", "needs name, topic and signature"},
    {HEAD "signatur: x\n---\nx", "line 4: unknown key; did you mean signature?"},
    {HEAD "qwertyuiop: x\n---\nx", "line 4: unknown key qwertyuiop"},
    {HEAD "name: b\n---\nx", "line 4: this key stands twice: name"},
    {HEAD "kind: advert\n---\nx", "line 4: kind must be notice, promotion or status, not advert"},
    {HEAD "channel: fax\n---\nx", "line 4: channel must be sms or email, not fax"},
    {HEAD "channel: email\n---\nx", "an email needs a subject"},
    {HEAD "subject: x\n---\nx", "only an email has a subject"},
    {HEAD "channel: email\nsubject: x\ncarrier_template: y\n---\nx", "no carrier keeps"},
    {HEAD "language: chinese\n---\nx", "line 4: a language is written like zh-CN or en, not"},
    {HEAD "language: zh_CN\n---\nx", "line 4: a language is written like"},
    {HEAD "language: zh-CN!\n---\nx", "line 4: a language is written like"},
    {HEAD "carrier_variables: name\n---\nx", "belong to a carrier_template"},
    {HEAD "carrier_template: 1\ncarrier_variables: a b\n---\nx",
     "line 5: this is no variable of a carrier: a b"},
    {HEAD "carrier_template: 1\ncarrier_variables: name,=x\n---\nx",
     "line 5: this is no variable of a carrier: =x"},
    {HEAD "no colon\n---\nx", "line 4: expected `name: value`"},
    {"name: a:2\n---\nx", "line 1: a name holds no colon"},
    {"name: a/b\n---\nx", "line 1: a name holds no colon"},
    {"name: -a\n---\nx", "line 1: a name holds no colon"},
    {"name: 0123456789012345678901234567890123456789012345678901234567890123\n---\nx",
     "line 1: the value is too long"},
    {"signature: 【某局】\n---\nx", "line 1: write the signature without"},
    {HEAD "---\n【某局】x", "second signature"},
};

START_TEST(files_with_errors)
{
    struct template_file f;
    struct err e = {0};

    ck_assert_int_eq(template_file_parse(bad_files[_i].file, strlen(bad_files[_i].file), &f, &e),
                     -1);
    ck_assert_msg(strstr(e.what, bad_files[_i].what) != NULL, "%s", e.what);
    ck_assert_int_eq(e.kind, ERR_DATA);
}
END_TEST

static const struct {
    const char *list, *key, *value, *type;
    int max; /* -1: an error */
} carriers[] = {
    {"name", "name", "name", "", 0},
    {" , n = name.masked ", "n", "name.masked", "", 0},
    {"1=deadline:date", "1", "deadline", "date", 0},
    {"name:other(20) , x", "name", "name", "other", 20},
    {"姓名=name : text ( 6 )", "姓名", "name", "text", 6},
    {"name:", "", "", "", -1},
    {"name:x(", "", "", "", -1},
    {"name:x()", "", "", "", -1},
    {"name:x(0)", "", "", "", -1},
    {"name:x(-1)", "", "", "", -1},
    {"name:x(6)y", "", "", "", -1},
    {"name:x(99999999)", "", "", "", -1},
    {"name:abcdefghijklmnopq", "", "", "", -1},
    {"a=", "", "", "", -1},
    {"a=b=c", "", "", "", -1},
    {"{{name}}", "", "", "", -1},
};

START_TEST(variables_of_a_carrier)
{
    const char *p = carriers[_i].list;
    struct template_carrier one;
    struct err e;

    int rc = template_carrier_next(&p, &one, &e);
    if (carriers[_i].max < 0) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e.kind, ERR_DATA);
        return;
    }
    ck_assert_int_eq(rc, 1);
    ck_assert_str_eq(one.key, carriers[_i].key);
    ck_assert_str_eq(one.value, carriers[_i].value);
    ck_assert_str_eq(one.type, carriers[_i].type);
    ck_assert_int_eq(one.max, carriers[_i].max);
    p = " , ";
    ck_assert_int_eq(template_carrier_next(&p, &one, &e), 0);
}
END_TEST

START_TEST(a_text_that_the_store_cannot_hold)
{
    struct buf b;
    struct template_file f;
    struct err e;

    buf_init(&b, 20000);
    buf_adds(&b, HEAD "---\n");
    for (int i = 0; i < TEMPLATE_BODY_MAX; i++)
        buf_addc(&b, 'x');
    ck_assert_int_eq(template_file_parse(b.data, b.len, &f, &e), 0);
    template_file_fini(&f);
    buf_addc(&b, 'x');
    ck_assert_int_eq(template_file_parse(b.data, b.len, &f, &e), -1);
    buf_fini(&b);
    ck_assert_int_eq(template_file_parse(HEAD "---\na\0b", sizeof HEAD - 1 + 7, &f, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "NUL"));
}
END_TEST

static const char *const shipped[] = {"skill-a", "skill-b", "skill-status"};

START_TEST(the_shipped_ones)
{
    char path[4096];
    struct template_file f;
    struct buf text;
    struct err e = {0};

    snprintf(path, sizeof path, "%s/templates/%s.tmpl", getenv("ZHANCHI_SOURCE_DIR"), shipped[_i]);
    buf_init(&text, 65536);
    ck_assert_msg(fs_read_file(path, &text, &e) == 0, "%s", e.what);
    ck_assert_msg(template_file_parse(text.data, text.len, &f, &e) == 0, "%s: %s", path, e.what);
    ck_assert_str_eq(f.name, shipped[_i]);
    struct template *t = template_compile_at(f.text, f.text_len, f.text_line, &e);
    ck_assert_msg(t != NULL, "%s: %s", path, e.what);
    if (f.columns[0] == NULL)
        ck_assert_msg(template_check(t, template_known(), &e) == 0, "%s: %s", path, e.what);
    ck_assert_ptr_nonnull(strstr(f.text, "{{phone12333}}"));
    ck_assert_ptr_nonnull(strstr(f.text, "拒收请回复R"));
    template_free(t);
    template_file_fini(&f);
    buf_fini(&text);
}
END_TEST

/* The example of zhanchi-template(5). */
START_TEST(the_manuals_example)
{
    char path[4096];
    struct template_file f;
    struct buf text;
    struct err e;

    snprintf(path, sizeof path, "%s/docs/man/zhanchi-template.5", getenv("ZHANCHI_SOURCE_DIR"));
    buf_init(&text, 65536);
    ck_assert_msg(fs_read_file(path, &text, &e) == 0, "%s", e.what);
    const char *from = strchr(strstr(text.data, "\n.Bd ") + 1, '\n') + 1;
    ck_assert_msg(template_file_parse(from, (size_t)(strstr(from, ".Ed\n") - from), &f, &e) == 0,
                  "%s", e.what);
    struct template *t = template_compile_at(f.text, f.text_len, f.text_line, &e);
    ck_assert_msg(t != NULL && template_check(t, template_known(), &e) == 0, "%s", e.what);
    /* Every variable that there is stands in the manual. */
    for (const char *const *k = template_known(); *k != NULL; k++)
        if (strncmp(*k, "certificates.", 13) != 0)
            ck_assert_msg(strstr(text.data, *k) != NULL, "%s", *k);
    template_free(t);
    template_file_fini(&f);
    buf_fini(&text);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *s = suite_create("template");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, renders, 0, COUNT(texts));
    tcase_add_test(t, a_missing_value_is_named_but_not_the_row);
    tcase_add_test(t, a_full_buffer_is_an_error);
    tcase_add_loop_test(t, errors_name_their_place, 0, COUNT(bad_texts));
    tcase_add_test(t, lines_of_the_file);
    tcase_add_test(t, depth_and_length_are_bounded);
    tcase_add_loop_test(t, partials_are_called, 0, COUNT(partials));
    tcase_add_test(t, partials_are_packed);
    tcase_add_test(t, texts_with_forms);
    tcase_add_test(t, names_in_order_of_first_use);
    tcase_add_test(t, names_in_partials_are_checked);
    tcase_add_loop_test(t, variables_of_a_carrier, 0, COUNT(carriers));
    tcase_add_loop_test(t, unknown_names_are_refused, 0, COUNT(checks));
    tcase_add_loop_test(t, escapers, 0, COUNT(escapes));
    tcase_add_test(t, a_file);
    tcase_add_test(t, further_parts);
    tcase_add_loop_test(t, files_with_errors, 0, COUNT(bad_files));
    tcase_add_test(t, a_text_that_the_store_cannot_hold);
    tcase_add_loop_test(t, the_shipped_ones, 0, COUNT(shipped));
    tcase_add_test(t, the_manuals_example);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
