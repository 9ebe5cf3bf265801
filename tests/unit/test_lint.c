/*
 * lint: the shipped rule sets against texts that break one rule each, as templates with a place and as rows; what looks alike and is right;
 * rule sets that are wrong, with the line that says so.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "scratch.h"
#include "zhanchi/conf.h"
#include "zhanchi/lint.h"

static struct lint_set *shipped(const char *name)
{
    char path[512];
    struct err e;

    snprintf(path, sizeof path, "%s/conf/lint/%s.conf", getenv("ZHANCHI_SOURCE_DIR"), name);
    struct lint_set *s = conf_lint_load(path, &e);
    ck_assert_msg(s != NULL, "%s", e.what);
    return s;
}

/* What every notice has, so that a table's row breaks the rule that it is about and no other. */
#define REST "，最迟{{deadline}}。咨询投诉电话：{{phone12333}}"

struct tried {
    struct lint_set *set;
    struct template *program;
    struct lint_text *text;
};

static const char *const from_rows[] = {"name", "occupation", "employer", "column", NULL};

static struct tried try_text(const char *set, enum template_kind kind, const char *body)
{
    struct err e;
    struct tried t = {.set = shipped(set), .program = template_compile(body, strlen(body), &e)};

    ck_assert_msg(t.program != NULL, "%s: %s", body, e.what);
    const struct lint_source src = {.body = t.program, .kind = kind, .from_rows = from_rows};
    t.text = lint_text_new(t.set, &src);
    return t;
}

static void tried_free(struct tried *t)
{
    lint_text_free(t->text);
    template_free(t->program);
    lint_set_free(t->set);
}

/* "rule:line:column rule ..." */
static const char *told(const struct tried *t)
{
    static char out[512];
    const struct lint_finding *f;
    size_t n = lint_text_findings(t->text, &f);

    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(out);
        snprintf(out + at, sizeof out - at, "%s%s", at ? " " : "", lint_rule_name(f[i].rule));
        at = strlen(out);
        if (f[i].line > 0)
            snprintf(out + at, sizeof out - at, ":%d:%d", f[i].line, f[i].column);
    }
    return out;
}

START_TEST(templates)
{
    static const struct {
        const char *set;
        enum template_kind kind;
        const char *body, *findings;
    } table[] = {
        {"mainland", TEMPLATE_NOTICE, "您好{{name}}" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "您好\n  {{name}}，【重要】" REST, "brackets:2:12"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}{{occupation}}" REST, "adjacent:1:9"},
        {"mainland-filed", TEMPLATE_NOTICE, "{{name}}{{occupation}}" REST, "adjacent:1:9"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}{{#amount}}{{amount}}{{/amount}}" REST,
         "adjacent:1:20"},
        {"mainland", TEMPLATE_NOTICE,
         "{{#amount}}领{{amount}}{{/amount}}{{^amount}}{{name}}{{/amount}}" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "详见www.example.gov.cn，{{name}}" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "★{{name}}" REST, "forbidden:1:1"},
        {"mainland", TEMPLATE_NOTICE, "您好\xE2\x80\x8B{{name}}" REST, "forbidden:1:3"},
        {"mainland", TEMPLATE_NOTICE, "恭喜，中奖！{{name}}" REST, "banned:1:4"},
        {"mainland", TEMPLATE_NOTICE, "失业保险技能提升{{name}}" REST, ""},
        {"mainland", TEMPLATE_PROMOTION, "失业保险技能提升{{name}}" REST, "banned:1:3 refusal"},
        {"mainland", TEMPLATE_PROMOTION, "{{name}}" REST "拒收请回复R", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请回复您的银行卡号" REST, "account:1:14"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请提供以下材料：身份证号、密码。" REST,
         "account:1:17"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}办理不收费，也不会索要银行卡号和验证码。" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请把您的卡号发给我们" REST, "account:1:13"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请勿向任何人提供验证码。" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}资金发至社会保障卡银行账户。如有疑问请回复1" REST,
         ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}，最迟{{deadline}}。电话{{phone12333}}",
         "complaint"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}，最迟{{deadline}}。12345监督投诉", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请尽快。投诉电话{{phone12333}}", "last_day"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请于2026年12月31日前。投诉电话12333", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}请于{{deadline.short}}前。投诉电话12333", ""},
        {"mainland", TEMPLATE_NOTICE, "{{#deadline}}请于{{.}}前{{/deadline}}。投诉电话12333", ""},
        {"mainland", TEMPLATE_NOTICE,
         "{{#certificates}}{{level_name}}：{{deadline.iso}}。{{/certificates}}投诉12333", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}，{{issued}}发证。投诉电话12333", "last_day"},
        {"mainland", TEMPLATE_STATUS, "{{name}}已受理", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}可领2000元" REST, "amount:1:11"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}可领1.5 万元" REST, "amount:1:11"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}可领两千元" REST, "amount:1:11"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}到三元区社保中心" REST, ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}到3楼，公元2026年" REST, ""},
        {"mainland", TEMPLATE_STATUS, "{{name}}已发2000元", ""},
        {"mainland", TEMPLATE_NOTICE, "{{name}}您好??" REST, "substitution:1:11"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}锟斤拷" REST, "substitution:1:9"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}\xEF\xBF\xBD" REST, "substitution:1:9"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}𠮷" REST, "rare:1:9"},
        {"mainland", TEMPLATE_NOTICE, "{{name}}䶮" REST, ""},
        {"mainland-gbk", TEMPLATE_NOTICE, "{{name}}䶮" REST, "rare:1:9"},
        {"mainland-gbk", TEMPLATE_NOTICE, "{{name}}镕" REST, ""},
        {"email", TEMPLATE_NOTICE, "{{name}}𠮷【一】" REST, ""},
        {"international", TEMPLATE_NOTICE,
         "Dear {{name}}, by {{deadline}}. Complaints: {{phone12333}}", ""},
        {"mainland", TEMPLATE_NOTICE,
         "Dear {{name}}, please reply with your card number. Apply by 14 January 2027. Complaints: "
         "12333",
         "account:1:39"},
        {"mainland", TEMPLATE_NOTICE,
         "{{name}}, we never ask for card numbers. Apply by 14 January 2027. Complaints: 12333",
         ""},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tried t = try_text(table[i].set, table[i].kind, table[i].body);
        ck_assert_msg(strcmp(told(&t), table[i].findings) == 0, "%s: told %s, expected %s",
                      table[i].body, told(&t), table[i].findings);
        tried_free(&t);
    }
}
END_TEST

/* Where a partial says it, its own line counts. */
START_TEST(partials_have_their_own_lines)
{
    static const char packed[] = "{\"end\":\"投诉电话\\n12333，★\"}";
    struct lint_set *set = shipped("mainland");
    const struct lint_finding *f;
    struct err e;

    struct template *t =
        template_compile_packed("{{name}}，{{deadline}}。\n{{>end}}", 35, 1, packed, &e);
    ck_assert_msg(t != NULL, "%s", e.what);
    const struct lint_source src = {.body = t, .kind = TEMPLATE_NOTICE, .from_rows = from_rows};
    struct lint_text *l = lint_text_new(set, &src);
    ck_assert_uint_eq(lint_text_findings(l, &f), 1);
    ck_assert_int_eq(f->rule, LINT_FORBIDDEN);
    ck_assert_str_eq(f->partial, "end");
    ck_assert_int_eq(f->line, 2);
    ck_assert_int_eq(f->column, 7);
    ck_assert_str_eq(f->what, "★");
    lint_text_free(l);
    template_free(t);
    lint_set_free(set);
}
END_TEST

/* ---- rows ---- */

static struct tv text_value(const char *s)
{
    return (struct tv){.type = TV_TEXT, .text = s, .len = strlen(s)};
}

struct values {
    const char *name, *amount, *column;
};

static uint32_t check_row(const struct tried *t, const struct values *v, const char *body)
{
    struct tv_member certificate[] = {{"amount", text_value("1,000元")}};
    struct tv items[] = {{.type = TV_MAP, .members = certificate, .len = 1}};
    struct tv_member m[] = {{"name", text_value(v->name)},
                            {"deadline", text_value("2027年1月14日")},
                            {"phone12333", text_value("12333")},
                            {"column", text_value(v->column)},
                            {"certificates", {.type = TV_LIST, .items = items, .len = 1}},
                            {"amount", text_value(v->amount ? v->amount : "")}};
    struct tv root = {.type = TV_MAP, .members = m, .len = v->amount ? 6 : 5};
    struct lint_row r = {.subject = "", .html = "", .root = &root, .parts = 1};
    struct buf out;
    struct err e;

    (void)body;
    buf_init(&out, 65536);
    buf_adds(&out, "【某局】");
    ck_assert_msg(template_render(t->program, &root, template_escape_none, TEMPLATE_MISSING_ERROR,
                                  &out, &e) == 0,
                  "%s", e.what);
    r.text = buf_cstr(&out);
    r.len = out.len;
    r.units = out.len;
    uint32_t hits = lint_row_check(t->text, &r);
    buf_fini(&out);
    return hits;
}

static const char *hit_names(uint32_t hits)
{
    static char out[256];

    out[0] = '\0';
    for (int r = 0; r < LINT_RULES; r++)
        if (hits >> r & 1)
            snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", out[0] ? " " : "",
                     lint_rule_name((enum lint_rule)r));
    return out;
}

START_TEST(rows)
{
    static const struct {
        const char *body;
        struct values v;
        const char *rules;
    } table[] = {
        {"{{name}}" REST, {"张建国", NULL, ""}, ""},
        {"{{name}}" REST, {"张【建】国", NULL, ""}, "brackets"},
        {"{{name}}" REST, {"张建国13800000001", NULL, ""}, "link"},
        {"{{name}}" REST, {"张 138-0000 0001", NULL, ""}, "link"},
        {"{{name}}" REST, {"张０７３１８８８８１２３４", NULL, ""}, "link"},
        {"{{name}}" REST, {"张400-800-1234", NULL, ""}, "link"},
        {"{{name}}" REST, {"详见 WWW.example.xyz", NULL, ""}, "link"},
        {"{{name}}" REST, {"a.com", NULL, ""}, "link"},
        {"{{name}}" REST, {"J.Comer", NULL, ""}, ""},
        {"{{name}}" REST,
         {"2643001234300012", NULL, ""},
         ""}, /* a certificate's number is none to call */
        {"{{name}}" REST, {"第20260301批", NULL, ""}, ""},
        {"{{name}}" REST, {"张★", NULL, ""}, "forbidden"},
        {"{{name}}" REST, {"中奖", NULL, ""}, "banned"},
        {"{{name}}" REST, {"张?国", NULL, ""}, "substitution"},
        {"{{name}}" REST, {"Zhang?", NULL, ""}, ""},
        {"{{name}}" REST, {"张锟斤拷", NULL, ""}, "substitution"},
        {"{{name}}" REST, {"张𠮷", NULL, ""}, "rare"},
        {"{{name}}" REST, {"张\xEE\xA0\x80", NULL, ""}, "rare"}, /* private use */
        {"{{name}}{{#amount}}领{{amount}}{{/amount}}" REST, {"张三", "2,000元", ""}, ""},
        {"{{name}}{{#amount}}领{{amount}}{{/amount}}" REST, {"张三", NULL, ""}, ""},
        {"{{name}}领{{column}}" REST, {"张三", "2,000元", "2000元"}, ""},
        {"{{name}}领{{column}}" REST, {"张三", "RMB 2,000", "RMB 2000"}, ""},
        {"{{name}}领{{column}}" REST, {"张三", "RMB 2,000", "RMB 200"}, "amount"},
        {"{{name}}领{{column}}" REST, {"张三", "2,000元", "0.2万元"}, ""},
        {"{{name}}领{{column}}" REST,
         {"张三", "2,000元", "1,000元"},
         ""}, /* another certificate's */
        {"{{name}}领{{column}}" REST, {"张三", "2,000元", "2500元"}, "amount"},
        {"{{name}}领{{column}}" REST, {"张三", "2,000元", "99999999999999999999亿元"}, "amount"},
        {"{{name}}领{{column}}" REST, {"张三", NULL, "2,000.00 元"}, "amount"},
        {"{{name}}领{{column}}" REST, {"张三", "2,000元", "¥ 2500"}, "forbidden amount"},
        {"{{name}}{{#deadline}}，{{deadline}}{{/deadline}}，投诉12333", {"张三", NULL, ""}, ""},
        {"{{name}}{{#column}}，{{deadline}}{{/column}}，投诉12333", {"张三", NULL, ""}, "last_day"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tried t = try_text("mainland", TEMPLATE_NOTICE, table[i].body);
        const char *got = hit_names(check_row(&t, &table[i].v, table[i].body));
        ck_assert_msg(strcmp(got, table[i].rules) == 0, "%s with %s, %s: broke %s, expected %s",
                      table[i].body, table[i].v.name, table[i].v.column, got, table[i].rules);
        tried_free(&t);
    }
}
END_TEST

/* Whatever stands beside whatever: no reading past the ends (the sanitizers look), and what is broken stays broken when more is said. */
START_TEST(any_mixture)
{
    static const char *const pieces[] = {
        "元",           "万元",   "2,000", "１２３", "¥",  "3月",   "日",   "2026-12-", "2026/1/1",
        "Jan",          " 14 ",   "?",     "【",     "】", "12333", "投诉", "。",       "，",
        "请回复",       "银行卡", "不会",  "RMB ",   "百", "一千",  ".",    ",",        "𠮷",
        "\xEF\xBF\xBC", "www.",   ".cn",   "https:", "a",  "-",     "\n"};
    struct tried t = try_text("mainland-filed", TEMPLATE_NOTICE, "{{name}}" REST);
    unsigned seed = 7;

    for (int i = 0; i < 20000; i++) {
        struct buf text;
        buf_init(&text, 4096);
        for (int k = 0; k < 12; k++) {
            seed = seed * 1103515245u + 12345u;
            buf_adds(&text, pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
        char *exact = malloc(text.len); /* without a NUL behind it */
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, text.data, text.len);
        struct tv_member m[] = {{"name", {.type = TV_TEXT, .text = exact, .len = text.len}}};
        struct tv root = {.type = TV_MAP, .members = m, .len = 1};
        struct lint_row r = {
            .text = buf_cstr(&text), .len = text.len, .subject = "", .html = "", .root = &root};
        uint32_t hits = lint_row_check(t.text, &r);
        ck_assert_uint_eq(hits, lint_row_check(t.text, &r));
        buf_adds(&text, "。★");
        r.text = buf_cstr(&text);
        r.len = text.len;
        uint32_t more = lint_row_check(t.text, &r);
        ck_assert(more >> LINT_FORBIDDEN & 1);
        ck_assert_msg((hits & ~more) == 0, "%s: %s", r.text, hit_names(hits & ~more));
        free(exact);
        buf_fini(&text);
    }
    tried_free(&t);
}
END_TEST

/* What the template breaks is told once, with its place, and not for every row. */
START_TEST(rows_do_not_repeat_the_template)
{
    struct tried t = try_text("mainland", TEMPLATE_NOTICE, "{{name}}★" REST);
    struct values v = {"张★", NULL, ""};

    ck_assert_str_eq(told(&t), "forbidden:1:9");
    ck_assert_str_eq(hit_names(check_row(&t, &v, "")), "");
    tried_free(&t);
}
END_TEST

START_TEST(lengths)
{
    struct tried t = try_text("mainland", TEMPLATE_NOTICE, "{{name}}" REST);
    struct tv root = {.type = TV_MAP};
    struct lint_row r = {.text = "【某局】投诉12333",
                         .len = strlen("【某局】投诉12333"),
                         .subject = "",
                         .html = "",
                         .units = 500,
                         .parts = 8,
                         .root = &root};

    ck_assert_str_eq(hit_names(lint_row_check(t.text, &r)), "");
    r.units = 501;
    ck_assert_str_eq(hit_names(lint_row_check(t.text, &r)), "length");
    tried_free(&t);
}
END_TEST

/* ---- texts that a carrier keeps ---- */

START_TEST(carriers)
{
    static const struct {
        const char *variables, *text, *body;
        const char *differs; /* "": it fits */
    } table[] = {
        {"name", "${name}您好", "张建国您好", ""},
        {"name", "{name}您好", "张建国您好", ""},
        {"", "${name}您好", "张建国您好", ""},
        {"name", "${name}您好", "张建国您好。", "。 | "},
        {"name", "${name}您好。", "张建国您好", " | 。"},
        {"name", "", "whatever", ""},
        {"a=name, b=amount", "${b}元，${a}", "1500元，张建国", ""},
        {"a=name, b=amount", "{2}元，{1}", "1500元，张建国", ""},
        {"a=name, b=amount", "${TXT_20}，${NUM_6}元", "张建国，1500元", ""},
        {"a=name, b=amount", "${TXT_20}，${NUM_6}元", "1500，张建国元", "1500，张建国元 | 张建国"},
        /* Whole characters: 好 and 女 begin with the same byte. */
        {"name", "${name}女士", "张建国好", "好 | 女士"},
        {"name", "请${name}于截止日期之前到参保地的经办机构办理申领手续", "请张建国来",
         "来 | 于截止日期之前到参保地的"},
        {"d=deadline.iso:date", "${d}", "2027-01-14", ""},
        {"name:text(3)", "", "", ""},
        {"name:text(2)", "", "", "name:text"},
        {"name:name", "", "", ""},
        {"name:number", "", "", "name:number"},
        {"amount:number(4)", "", "", ""},
        {"amount:number(3)", "", "", "amount:number"},
        {"deadline:date", "", "", ""},
        {"deadline:number", "", "", "deadline:number"},
        {"column", "", "", "column:any"}, /* no value */
    };
    struct tv_member forms[] = {{"iso", text_value("2027-01-14")}};
    struct tv_member m[] = {{"name", text_value("张建国")},
                            {"amount", text_value("1500")},
                            {"deadline", text_value("2027年1月14日")}};
    const struct tv root = {.type = TV_MAP, .members = m, .len = 3};
    struct err e;

    m[2].value.members = forms;
    m[2].value.n_forms = 1;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct lint_carrier *c = lint_carrier_new(table[i].variables, table[i].text, &e);
        ck_assert_msg(c != NULL, "%s: %s", table[i].text, e.what);
        const char *body = table[i].body;
        char differs[96];
        ck_assert_msg(lint_carrier_fits(c, &root, body, strlen(body)) ==
                          (table[i].differs[0] == '\0'),
                      "%s of %s and %s", table[i].text, table[i].variables, body);
        lint_carrier_differs(c, &root, body, strlen(body), differs);
        ck_assert_str_eq(differs, table[i].differs);
        lint_carrier_free(c);
    }
}
END_TEST

START_TEST(carriers_refused)
{
    static const struct {
        const char *variables, *text, *says;
    } table[] = {
        {"name", "${name}，${nmae}", "a variable nmae, and there is none"},
        {"name", "${TXT_20}，${TXT_10}", "a variable TXT_10, and there is none"},
        {"name", "{2}", "a variable 2, and there is none"},
        {"", "{1}", "a variable 1, and there is none"},
        {"name:nunber(3)", "", "name: there is no type nunber; did you mean number?"},
    };
    struct err e;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ck_assert_msg(lint_carrier_new(table[i].variables, table[i].text, &e) == NULL,
                      "%s was taken", table[i].text);
        ck_assert_msg(strstr(e.what, table[i].says) != NULL, "%s: %s", table[i].text, e.what);
    }
}
END_TEST

/* On every row; and a text whose filed form is not known is told as a template. */
START_TEST(carriers_of_rows)
{
    const char *body = "{{name}}您好，{{deadline}}，投诉{{phone12333}}";
    struct values v = {"张建国", NULL, ""};
    struct err e;

    for (int known = 0; known < 3; known++) {
        struct tried t = {.set = shipped("mainland-filed"),
                          .program = template_compile(body, strlen(body), &e)};
        struct lint_carrier *c =
            lint_carrier_new("",
                             known == 2   ? "${name}您好，${deadline}，投诉${phone12333}"
                             : known == 1 ? "${name}好"
                                          : "",
                             &e);
        const struct lint_source src = {.body = t.program, .from_rows = from_rows, .carrier = c};
        t.text = lint_text_new(t.set, &src);
        ck_assert_str_eq(told(&t), known == 0 ? "carrier" : "");
        ck_assert_str_eq(hit_names(check_row(&t, &v, body)), known == 1 ? "carrier" : "");
        tried_free(&t);
        lint_carrier_free(c);
    }
}
END_TEST

/* ---- files ---- */

START_TEST(refused)
{
    static const struct {
        const char *text, *says;
    } table[] = {
        {"language = 1;", "there are no rules"},
        {"language = 2;\nrules = { };", ":1: "},
        {"rules = { };", "language is missing"},
        {"language = 1;\nrule = { };", ":2: unknown setting rule; did you mean rules?"},
        {"language = 1;\nrules = {\n amont = { severity = \"error\"; }; };",
         ":3: unknown setting amont; did you mean amount?"},
        {"language = 1;\nrules = {\n amount = { }; };", ":3: rule amount has no severity"},
        {"language = 1;\nrules = {\n amount = { severity = \"fatal\"; }; };",
         ":3: rule amount: there is no severity fatal"},
        {"language = 1;\nrules = {\n amount = { severity = \"off\"; words = [ \"a\" ]; }; };",
         ":3: unknown setting words"},
        {"language = 1;\nrules = {\n banned = { severity = \"off\"; words = [ 1 ]; }; };",
         ":3: words must hold words"},
        {"language = 1;\nrules = {\n banned = { severity = \"off\"; words = [ \"1a\" ]; }; };",
         ":3: words: a word must not begin with a digit"},
        {"language = 1;\nrules = {\n refusal = { severity = \"off\"; kinds = [ \"ad\" ]; }; };",
         ":3: there is no such kind of text"},
        {"language = 1;\nrules = {\n rare = { severity = \"off\"; repertoire = \"big5\"; }; };",
         ":3: there is no repertoire big5"},
        {"language = 1;\nrules = {\n length = { severity = \"off\"; units = -1; }; };", ":3: "},
        {"language = 1;\nbase = \"../x.conf\";", ":2: base is no file's name"},
    };
    struct scratch s;
    struct err e;

    scratch_init(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *path = scratch_write(&s, "x.conf", table[i].text, strlen(table[i].text));
        ck_assert_msg(conf_lint_load(path, &e) == NULL, "%s was taken", table[i].text);
        ck_assert_msg(strstr(e.what, table[i].says) != NULL, "%s: says %s", table[i].text, e.what);
    }
    scratch_fini(&s);
}
END_TEST

/* A set has the other's rules where it has none of its own. */
START_TEST(bases)
{
    struct lint_set *own = shipped("mainland-gbk"), *base = shipped("mainland");

    ck_assert_str_eq(lint_set_name(own), "mainland-gbk");
    ck_assert_int_eq(lint_set_severity(own, LINT_RARE), LINT_ERROR);
    ck_assert_int_eq(lint_set_severity(base, LINT_RARE), LINT_WARNING);
    ck_assert_int_eq(lint_set_severity(own, LINT_AMOUNT), LINT_ERROR);
    lint_set_free(own);
    lint_set_free(base);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lint");
    TCase *t = tcase_create("lint");

    tcase_add_test(t, templates);
    tcase_add_test(t, partials_have_their_own_lines);
    tcase_add_test(t, rows);
    tcase_add_test(t, any_mixture);
    tcase_add_test(t, rows_do_not_repeat_the_template);
    tcase_add_test(t, lengths);
    tcase_add_test(t, carriers);
    tcase_add_test(t, carriers_refused);
    tcase_add_test(t, carriers_of_rows);
    tcase_add_test(t, refused);
    tcase_add_test(t, bases);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
