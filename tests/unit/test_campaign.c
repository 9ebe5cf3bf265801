/*
 * campaign: arms and variants, what a text may print about a person, texts against lists. What needs a store is in tests/integration/test_campaign.c.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "zhanchi/civil.h"

/* ---- arms and variants ---- */

#define N 100000

static struct campaign_info holdout(int permille)
{
    return (struct campaign_info){.seed = 42,
                                  .holdout_permille = permille,
                                  .holdout_until = 20000,
                                  .holdout_margin_days = 60,
                                  .n_variants = 2,
                                  .variants = {{1, 1}, {2, 3}}};
}

START_TEST(arms_are_for_ever)
{
    /* These answers must never change: a frozen campaign is drawn again by analysts. */
    static const struct {
        int64_t address;
        enum member_arm arm;
    } drawn[] = {{1, ARM_SEND},    {2, ARM_HOLDOUT}, {3, ARM_HOLDOUT},
                 {4, ARM_HOLDOUT}, {5, ARM_HOLDOUT}, {1000000007, ARM_SEND}};
    struct campaign_info c = holdout(500), again = holdout(500), other = holdout(500);
    int differ = 0;

    other.seed = 43;
    for (int64_t a = 1; a <= 1000; a++) {
        ck_assert_int_eq(campaign_arm(&c, a, 30000), campaign_arm(&again, a, 30000));
        differ += campaign_arm(&c, a, 30000) != campaign_arm(&other, a, 30000);
    }
    ck_assert_int_gt(differ, 400);
    ck_assert_int_lt(differ, 600);
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++)
        ck_assert_int_eq(campaign_arm(&c, drawn[i].address, 30000), drawn[i].arm);
}
END_TEST

/* Within five standard deviations of what the share says. */
static void expect_share(int64_t got, double share)
{
    double sd = sqrt(N * share * (1 - share));

    ck_assert_msg(fabs((double)got - N * share) < 5 * sd + 0.5, "%lld of %d, expected %g",
                  (long long)got, N, share);
}

static const int permilles[] = {1, 50, 100, 500, 900};

START_TEST(shares_are_kept)
{
    struct campaign_info c = holdout(permilles[_i]);
    int64_t held = 0;

    for (int64_t a = 1; a <= N; a++)
        held += campaign_arm(&c, a, 30000) == ARM_HOLDOUT;
    expect_share(held, permilles[_i] / 1000.0);
}
END_TEST

START_TEST(only_who_can_wait_is_randomised)
{
    struct campaign_info c = holdout(500);
    struct campaign_info none = holdout(0);
    int held = 0;

    for (int64_t a = 1; a <= 1000; a++) {
        ck_assert_int_eq(campaign_arm(&c, a, 20059), ARM_ALWAYS);
        ck_assert_int_eq(campaign_arm(&c, a, CIVIL_NONE), ARM_ALWAYS);
        ck_assert_int_ne(campaign_arm(&c, a, 20060), ARM_ALWAYS);
        held += campaign_arm(&c, a, 20060) == ARM_HOLDOUT;
        ck_assert_int_eq(campaign_arm(&none, a, CIVIL_NONE), ARM_SEND);
        ck_assert_int_eq(campaign_arm(&none, a, 20000), ARM_SEND);
    }
    ck_assert_int_gt(held, 400);
}
END_TEST

/* ---- variants ---- */

static struct letter_draw person_at(int64_t address, const char *region, int level)
{
    return (struct letter_draw){
        .region = region, .level = level, .arm = ARM_SEND, .texts = 0xFF, .address_id = address};
}

/* Shares are right in each region and level, and not only over all of them. */
START_TEST(variants_are_balanced_in_each_stratum)
{
    static const char *const regions[] = {"甲市", "乙市", "", "丙市"};
    struct campaign_info c = {.seed = 7, .n_variants = 3, .variants = {{1, 2}, {2, 4}, {3, 6}}};
    struct strata *s = strata_new(&c);
    int n[4][6][3] = {{{0}}};

    for (int64_t a = 1; a <= 24 * 600; a++) {
        int r = (int)(a % 4), level = (int)(a / 4 % 6);
        struct letter_draw d = person_at(a, regions[r], level);
        n[r][level][strata_draw(s, &d)]++;
        /* Never further from its share than one block of 1 + 2 + 3. */
        int all = n[r][level][0] + n[r][level][1] + n[r][level][2];
        for (int v = 0; v < 3; v++)
            ck_assert_int_le(abs(6 * n[r][level][v] - (v + 1) * all), 6 * 3);
    }
    for (int r = 0; r < 4; r++)
        for (int level = 0; level < 6; level++)
            for (int v = 0; v < 3; v++)
                ck_assert_int_eq(n[r][level][v], 100 * (v + 1));
    strata_free(s);
}
END_TEST

/* The same seed gives the same variants, another one others; nobody can tell the next one. */
START_TEST(variants_are_seeded)
{
    struct campaign_info c = {.seed = 42, .n_variants = 2, .variants = {{1, 1}, {2, 1}}}, o = c;
    /* These answers must never change: a frozen campaign is drawn again by analysts. */
    static const int first[] = {1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0};
    int differ = 0, repeats = 0, last = -1;

    o.seed = 43;
    struct strata *s = strata_new(&c), *same = strata_new(&c), *other = strata_new(&o);
    for (int64_t a = 1; a <= 1000; a++) {
        struct letter_draw d = person_at(a, "甲市", 3);
        int v = strata_draw(s, &d);
        ck_assert_int_eq(v, strata_draw(same, &d));
        differ += v != strata_draw(other, &d);
        repeats += v == last;
        last = v;
        if (a <= (int64_t)(sizeof first / sizeof first[0]))
            ck_assert_int_eq(v, first[a - 1]);
    }
    ck_assert_int_gt(differ, 400);
    ck_assert_int_lt(differ, 600);
    ck_assert_int_gt(repeats, 180); /* a quarter: blocks of two follow each other by chance */
    ck_assert_int_lt(repeats, 320);
    strata_free(s);
    strata_free(same);
    strata_free(other);
}
END_TEST

/* An arm does not tell the variant. */
START_TEST(arms_are_strata)
{
    struct campaign_info c = holdout(500);
    struct strata *s = strata_new(&c);
    int64_t n[5][2] = {{0}};

    for (int64_t a = 1; a <= N; a++) {
        struct letter_draw d = person_at(a, "甲市", 3);
        d.arm = campaign_arm(&c, a, 30000);
        n[d.arm][strata_draw(s, &d)]++;
    }
    for (int arm = ARM_SEND; arm <= ARM_HOLDOUT; arm++)
        ck_assert_int_le(llabs(3 * n[arm][0] - n[arm][1]), 4);
    strata_free(s);
}
END_TEST

/* Whoever shares a number reads what was drawn first for it, whatever the region and level. */
START_TEST(households_read_one_text)
{
    struct campaign_info c = {.seed = 1, .n_variants = 8};
    int64_t n[8] = {0};

    for (int i = 0; i < 8; i++)
        c.variants[i].weight = i + 1;
    struct strata *s = strata_new(&c);
    int *drawn = calloc(N + 1, sizeof *drawn);
    for (int64_t a = 1; a <= N; a++) {
        struct letter_draw d = person_at(a, "甲市", 3);
        d.shared = true;
        drawn[a] = strata_draw(s, &d);
        n[drawn[a]]++;
    }
    for (int64_t a = N; a >= 1; a--) {
        struct letter_draw d = person_at(a, "乙市", 5);
        d.shared = true;
        ck_assert_int_eq(strata_draw(s, &d), drawn[a]);
    }
    for (int i = 0; i < 8; i++)
        expect_share(n[i], (i + 1) / 36.0);
    free(drawn);
    strata_free(s);
}
END_TEST

START_TEST(one_text_and_large_weights)
{
    struct campaign_info one = {.seed = 7, .n_variants = 1, .variants = {{1, 5}}};
    struct campaign_info large = {
        .seed = 7, .n_variants = 3, .variants = {{1, 1000}, {2, 999}, {3, 1}}};
    struct strata *s = strata_new(&one), *t = strata_new(&large);
    int n[3] = {0};

    for (int64_t a = 1; a <= 2000; a++) {
        struct letter_draw d = person_at(a, "甲市", 3);
        ck_assert_int_eq(strata_draw(s, &d), 0);
        n[strata_draw(t, &d)]++;
    }
    ck_assert_int_eq(n[0], 1000);
    ck_assert_int_eq(n[1], 999);
    ck_assert_int_eq(n[2], 1);
    /* Only among those that the person can read. */
    for (int64_t a = 1; a <= 1000; a++) {
        struct letter_draw d = person_at(a, "甲市", 3);
        d.texts = 1u << 1 | 1u << 2;
        ck_assert_int_ge(strata_draw(t, &d), 1);
    }
    strata_free(s);
    strata_free(t);
    strata_free(NULL);
}
END_TEST

/* ---- languages ---- */

static const struct {
    const char *texts[3]; /* their languages */
    const char *row;
    unsigned mask;
} readers[] = {
    {{"zh-CN", "zh-CN", NULL}, "{\"语言\":\"英语\"}", 3},
    {{"zh-CN", "zh", NULL}, "{\"语言\":\"en\"}", 3},
    {{"zh-CN", "en", NULL}, "{}", 1},
    {{"zh-CN", "en", NULL}, "{\"语言\":\"\"}", 1},
    {{"zh-CN", "en", NULL}, "{\"语言\":\"英语\"}", 2},
    {{"zh-CN", "en-GB", NULL}, "{\"language\":\"EN\"}", 2},
    {{"zh-CN", "en-GB", NULL}, "{\"语种\":\"English\"}", 2},
    {{"zh-CN", "en", NULL}, "{\"语言\":\"中文\"}", 1},
    {{"zh-CN", "en", NULL}, "{\"语言\":\"藏语\"}", 1},
    {{"en", "zh-CN", NULL}, "{\"语言\":\"藏语\"}", 1},
    {{"zh-CN", "en", "zh"}, "{\"语言\":\"zh-Hans\"}", 5},
    {{"zh-CN", "en", "bo"}, "{\"语言\":\"藏语\"}", 4},
    {{"", "en", NULL}, "{\"语言\":\"zh\"}", 1},
};

static struct texts texts_with(const char *const languages[3])
{
    struct texts t = {.list = calloc(3, sizeof *t.list)};

    for (; t.n < 3 && languages[t.n] != NULL; t.n++) {
        strcpy(t.list[t.n].info.language, languages[t.n]);
        snprintf(t.list[t.n].info.name, sizeof t.list[t.n].info.name, "t%d", t.n);
    }
    return t;
}

START_TEST(who_reads_which)
{
    struct texts t = texts_with(readers[_i].texts);
    struct json_flat row;
    char *text = strdup(readers[_i].row);
    struct err e;

    json_flat_init(&row);
    ck_assert_int_eq(json_flat_parse(&row, text, strlen(text), &e), 0);
    ck_assert_uint_eq(languages_texts(&t, &row), readers[_i].mask);
    json_flat_fini(&row);
    free(text);
    free(t.list);
}
END_TEST

START_TEST(several_languages_need_a_column)
{
    static const char *const one[3] = {"zh", "zh-CN", NULL}, *const two[3] = {"zh", "zh-CN", "en"};
    struct texts t = texts_with(one), u = texts_with(two);
    struct err e = {0};

    ck_assert_int_eq(languages_check(&t, "[]", &e), 0);
    ck_assert_int_eq(languages_check(&u, "[{\"header\":\"语言\",\"field\":\"\"}]", &e), 0);
    ck_assert_int_eq(languages_check(&u, "[{\"header\":\"姓名\",\"field\":\"name\"}]", &e), -1);
    ck_assert_str_eq(
        e.what, "template t0 is in zh, template t2 in en: the list does not say who reads which");
    free(t.list);
    free(u.list);
}
END_TEST

/* ---- values ---- */

static const char row_json[] =
    "{\"name\":\"张三\",\"phone\":\"13800000001\",\"id\":\"110000190101010001\","
    "\"region\":\"示例市\",\"occupation\":\"焊工\",\"level\":\"四级\",\"employer\":\"示例厂\","
    "\"certificate\":\"2643001234300012\",\"issued\":\"2026-03-01\",\"months\":\"36\","
    "\"批次\":\"第3批\",\"备用电话\":\"13800000002\",\"空\":\"\"}";
static const struct campaign_office office = {
    .office = "示例市人社局", .phone12333 = "12333", .apply_where = "经办大厅"};

struct person {
    struct arena *arena;
    char *text; /* the row's, which is read in place */
    struct json_flat json;
    struct list_row row;
    struct verdict_row verdict;
    struct certificate_facts certificates[4];
    struct person_facts facts;
};

static void person_init(struct person *p)
{
    struct err e;

    *p = (struct person){.arena = arena_new(4096),
                         .row = {.level = 4, .issued_day = civil_day(2026, 3, 1), .months = 36},
                         .verdict = {.outcome = VERDICT_ELIGIBLE,
                                     .amount_fen = 150000,
                                     .last_day = civil_day(2027, 2, 28)}};
    p->text = strdup(row_json);
    json_flat_init(&p->json);
    ck_assert_int_eq(json_flat_parse(&p->json, p->text, sizeof row_json - 1, &e), 0);
    p->certificates[0] = (struct certificate_facts){"焊工", 4, 150000, civil_day(2027, 2, 28)};
    p->facts = (struct person_facts){.row = &p->json,
                                     .r = &p->row,
                                     .verdict = &p->verdict,
                                     .clause = "示例文件 一",
                                     .office = &office,
                                     .planned = civil_day(2026, 12, 1),
                                     .certificates = p->certificates,
                                     .n_certificates = 1};
}

static void person_fini(struct person *p)
{
    json_flat_fini(&p->json);
    free(p->text);
    arena_free(p->arena);
}

/* The text that a template makes of a person; NULL if a value is missing. */
static const char *say(struct person *p, const char *text)
{
    static struct buf out;
    struct err e;
    struct template *t = template_compile(text, strlen(text), &e);
    struct value_wants wants = {0};
    const char *const *names;

    ck_assert_ptr_nonnull(t);
    for (template_names(t, &names); *names != NULL; names++)
        values_want(&wants, *names);
    p->facts.wants = &wants;
    struct tv root = values_of(p->arena, &p->facts);
    p->facts.wants = NULL;
    buf_fini(&out);
    buf_init(&out, 4096);
    int rc = template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, &e);
    template_free(t);
    return rc == 0 ? buf_cstr(&out) : NULL;
}

static void expect(struct person *p, const char *text, const char *expected)
{
    const char *got = say(p, text);

    if (expected == NULL)
        ck_assert_msg(got == NULL, "%s: %s", text, got);
    else
        ck_assert_msg(got != NULL && strcmp(got, expected) == 0, "%s: %s, expected %s", text,
                      got != NULL ? got : "missing", expected);
}

static const struct {
    const char *text, *expected;
} sayings[] = {
    {"{{name}}", "张三"},
    {"{{region}}", "示例市"},
    {"{{occupation}}", "焊工"},
    {"{{level_name}}", "中级工"},
    {"{{employer}}", "示例厂"},
    {"{{certificate_no}}", "2643001234300012"},
    {"{{name.masked}}", "张*"},
    {"{{name}}{{honorific}}", "张三女士"}, /* the number's: sequence 000 is even */
    {"{{issued.short}}|{{issued.iso}}", "3月1日|2026-03-01"},
    {"{{deadline.short}}|{{deadline.iso}}", "2月28日|2027-02-28"},
    {"{{#deadline}}{{.}}{{short}}{{/deadline}}", "2027年2月28日2月28日"},
    {"{{amount.plain}}", "1500"},
    {"{{name.iso}}", NULL},
    {"{{issued}}", "2026年3月1日"},
    {"{{months}}", "36"},
    {"{{amount}}", "1,500元"},
    {"{{deadline}}", "2027年2月28日"},
    {"{{days_left}}", "89"},
    {"{{clause}}", "示例文件 一"},
    {"{{office}}", "示例市人社局"},
    {"{{phone12333}}", "12333"},
    {"{{apply_where}}", "经办大厅"},
    {"{{批次}}", "第3批"},
    {"{{空}}", NULL},
    {"{{phone}}", NULL}, /* numbers are no values: a text never carries them */
    {"{{id}}", NULL},
    {"{{level}}", NULL},
    {"{{#certificates}}{{occupation}}|{{level_name}}|{{amount}}|{{deadline}}{{/certificates}}",
     "焊工|中级工|1,500元|2027年2月28日"},
    {"{{#certificates}}{{amount.plain}}|{{deadline.short}}{{/certificates}}", "1500|2月28日"},
};

START_TEST(values)
{
    struct person p;

    person_init(&p);
    expect(&p, sayings[_i].text, sayings[_i].expected);
    person_fini(&p);
}
END_TEST

static const struct {
    int64_t fen;
    const char *expected;
} amounts[] = {
    {0, "0元"},
    {100, "1元"},
    {99900, "999元"},
    {100000, "1,000元"},
    {150050, "1,500.50元"},
    {5, "0.05元"},
    {123456789000, "1,234,567,890元"},
    {POLICY_AMOUNT_NONE, NULL},
};

START_TEST(amounts_are_written)
{
    struct person p;

    person_init(&p);
    p.verdict.amount_fen = amounts[_i].fen;
    expect(&p, "{{amount}}", amounts[_i].expected);
    expect(&p, "{{#amount}}有{{/amount}}{{^amount}}无{{/amount}}",
           amounts[_i].expected != NULL ? "有" : "无");
    person_fini(&p);
}
END_TEST

/* Without a policy the list decides. */
static const struct {
    const char *cell, *expected;
} own_amounts[] = {
    {"1500", "1,500元"},
    {"1500元", "1,500元"},
    {"1,500", "1,500元"},
    {"1,234,567.80", "1,234,567.80元"},
    {"1500.5", "1,500.50元"},
    {"1500.00元", "1,500元"},
    {"0", "0元"},
    {"", NULL},
    {"约1500元", "约1500元"},
    {"1500-2000元", "1500-2000元"},
    {"15,00", "15,00"},
    {"1500,", "1500,"},
    {",500", ",500"},
    {"1500.", "1500."},
    {"1500.555", "1500.555"},
    {"12345678901234567890", "12345678901234567890"},
    {"1,5000", "1,5000"},
};

START_TEST(amounts_of_a_list)
{
    struct person p;
    char row[128];
    struct err e;

    person_init(&p);
    snprintf(row, sizeof row, "{\"amount\":\"%s\"}", own_amounts[_i].cell);
    free(p.text);
    p.text = strdup(row);
    ck_assert_int_eq(json_flat_parse(&p.json, p.text, strlen(p.text), &e), 0);
    p.facts.verdict = NULL;
    expect(&p, "{{amount}}", own_amounts[_i].expected);
    person_fini(&p);
}
END_TEST

/* Everything is made where nobody says what is asked for, and what is asked for is the same. */
START_TEST(everything_without_wants)
{
    struct person p;
    char first[512];

    person_init(&p);
    struct tv root = values_of(p.arena, &p.facts);
    ck_assert_uint_ge(root.len, VALUES);
    for (size_t i = 0; i < root.len; i++) {
        const struct tv_member *m = &root.members[i];
        if (m->value.type != TV_TEXT)
            continue;
        char text[160];
        snprintf(text, sizeof text, "{{%s}}", m->name);
        snprintf(first, sizeof first, "%.*s", (int)m->value.len, m->value.text);
        expect(&p, text, first);
    }
    person_fini(&p);
}
END_TEST

/* Every name that a text may use is a value or a form of one, and the other way round. */
START_TEST(known_names_are_values)
{
    struct person p;
    int n = 0;

    person_init(&p);
    for (const char *const *k = template_known(); *k != NULL; k++) {
        char text[160];
        if (strncmp(*k, "certificates.", 13) == 0)
            snprintf(text, sizeof text, "{{#certificates}}{{%s}}{{/certificates}}", *k + 13);
        else
            snprintf(text, sizeof text, "{{%s}}", *k);
        ck_assert_msg(say(&p, text) != NULL, "%s", *k);
        n += strchr(*k, '.') == NULL;
    }
    ck_assert_int_eq(n, VALUES - 1); /* certificates stands for its members */
    person_fini(&p);
}
END_TEST

static const struct {
    const char *language, *text, *expected;
} languages[] = {
    {"zh-CN", "{{deadline}}", "2027年2月28日"},
    {"ZH", "{{deadline}}", "2027年2月28日"},
    {"", "{{deadline}}", "2027年2月28日"},
    {"en", "{{deadline}}|{{deadline.short}}|{{deadline.iso}}",
     "28 February 2027|28 February|2027-02-28"},
    {"en-GB", "{{amount}}|{{amount.plain}}", "RMB 1,500|1500"},
    {"en", "{{level_name}}", "intermediate worker"},
    {"en", "{{honorific}} {{name}}", "Ms 张三"},
    {"en", "{{office}}, {{apply_where}}", "Example Bureau, 经办大厅"},
    {"en", "{{#certificates}}{{level_name}}, {{deadline}}{{/certificates}}",
     "intermediate worker, 28 February 2027"},
    {"ug", "{{deadline}}|{{deadline.short}}|{{amount}}|{{level_name}}",
     "2027-02-28|02-28|RMB 1,500|中级工"},
    {"ug", "{{honorific}}", NULL},
    {"zha", "{{deadline}}", "2027-02-28"},
};

START_TEST(values_in_a_language)
{
    static const struct campaign_office english = {.office = "示例市人社局",
                                                   .phone12333 = "12333",
                                                   .apply_where = "经办大厅",
                                                   .office_en = "Example Bureau",
                                                   .apply_where_en = ""};
    struct person p;

    person_init(&p);
    p.facts.office = &english;
    p.facts.language = language_of(languages[_i].language);
    expect(&p, languages[_i].text, languages[_i].expected);
    person_fini(&p);
}
END_TEST

/* Nobody's sex is guessed. */
static const struct {
    const char *row, *expected;
} sexes[] = {
    {"{\"name\":\"张三\"}", NULL},
    {"{\"name\":\"李娟\",\"id\":\"X1234567\"}", NULL},
    {"{\"id\":\"440000200002290004\"}", "女士"},
    {"{\"id\":\"440000200002290012\"}", "先生"},
    {"{\"性别\":\"男\"}", "先生"},
    {"{\"性别\":\"女\"}", "女士"},
    {"{\"性别\":\"不详\"}", NULL},
    {"{\"id\":\"440000200002290004\",\"性别\":\"女\"}", "女士"},
    {"{\"id\":\"440000200002290004\",\"性别\":\"男\"}", NULL},
};

START_TEST(honorifics)
{
    struct person p;
    struct err e;

    person_init(&p);
    free(p.text);
    p.text = strdup(sexes[_i].row);
    ck_assert_int_eq(json_flat_parse(&p.json, p.text, strlen(p.text), &e), 0);
    expect(&p, "{{honorific}}", sexes[_i].expected);
    expect(&p, "您{{#honorific}}{{.}}{{/honorific}}",
           sexes[_i].expected == NULL                ? "您"
           : strcmp(sexes[_i].expected, "先生") == 0 ? "您先生"
                                                     : "您女士");
    person_fini(&p);
}
END_TEST

START_TEST(what_is_not_known_is_missing)
{
    struct person p;

    person_init(&p);
    p.row.level = 0;
    p.row.issued_day = CIVIL_NONE;
    p.row.months = -1;
    p.verdict.last_day = CIVIL_NONE;
    p.facts.clause = "";
    expect(&p, "{{level_name}}", NULL);
    expect(&p, "{{issued}}", NULL);
    expect(&p, "{{months}}", NULL);
    expect(&p, "{{deadline}}", NULL);
    expect(&p, "{{days_left}}", NULL);
    expect(&p, "{{clause}}", NULL);
    p.verdict.last_day = p.facts.planned;
    expect(&p, "{{days_left}}", "0");
    p.verdict.last_day = p.facts.planned - 1;
    expect(&p, "{{days_left}}", NULL);
    p.facts.verdict = NULL;
    expect(&p, "{{deadline}}", NULL);
    expect(&p, "{{amount}}", NULL);
    expect(&p, "{{name}}", "张三");
    person_fini(&p);
}
END_TEST

START_TEST(screens_see_masks)
{
    struct person p;

    person_init(&p);
    p.facts.masked = true;
    const char *text =
        say(&p, "{{name}}|{{name.masked}}|{{certificate_no}}|{{备用电话}}|{{批次}}|{{employer}}");
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_null(strstr(text, "张三"));
    ck_assert_ptr_null(strstr(text, "2643001234300012"));
    ck_assert_ptr_null(strstr(text, "13800000002"));
    ck_assert_ptr_nonnull(strstr(text, "第3批"));
    person_fini(&p);
}
END_TEST

START_TEST(certificates_by_last_day)
{
    struct certificate_facts f[] = {{"a", 5, 1, CIVIL_NONE}, {"b", 5, 1, 300}, {"c", 3, 1, 200},
                                    {"d", 0, 1, 200},        {"e", 4, 1, 200}, {"f", 3, 1, 100}};
    char order[7] = "";

    certificates_sort(f, 6);
    for (int i = 0; i < 6; i++)
        order[i] = f[i].occupation[0];
    ck_assert_str_eq(order, "fcedba");
    certificates_sort(f, 0);
}
END_TEST

/* ---- texts against lists ---- */

#define ALL                                                                                         \
    "[{\"header\":\"姓名\",\"field\":\"name\"},{\"header\":\"工种\",\"field\":\"occupation\"}," \
    "{\"header\":\"等级\",\"field\":\"level\"},{\"header\":\"批次\",\"field\":\"\"}]"

static const struct {
    const char *body, *columns;
    bool any_list, policy, bare_office;
    const char *what; /* NULL: fine */
} checks[] = {
    {"{{name}}{{occupation}}{{level_name}}{{deadline}}", "", false, true, false, NULL},
    {"{{name}}{{employer}}", "", false, true, false, "{{employer}}: list l has no such column"},
    {"{{name}}{{#employer}}{{employer}}{{/employer}}", "", false, true, false, NULL},
    {"{{name}}{{employer}}", "", true, true, false, NULL},
    {"{{deadline}}", "", false, false, false, "{{deadline}} comes from a policy"},
    {"{{^deadline}}x{{/deadline}}", "", false, false, false, NULL},
    {"{{office}}", "", false, true, true, "{{office}} is not set"},
    {"{{office}}", "", false, true, false, NULL},
    {"{{批次}}", "批次", false, true, false, NULL},
    {"{{批次}}", "", false, true, false, "line 1, column 1: unknown variable 批次"},
    {"x", "网点", false, true, false, "list l has no column 网点"},
    {"{{网点}}", "批次, 网点", true, true, false, NULL},
    {"a\n{{nmae}}", "", false, true, false,
     "line 2, column 1: unknown variable nmae; did you mean"},
    {"{{#name}}", "", false, true, false, "line 1, column 1: the section name is never closed"},
    {"{{#certificates}}{{occupation}}{{/certificates}}", "", false, true, false, NULL},
    {"{{deadline.short}}{{name.masked}}{{amount.plain}}", "", false, true, false, NULL},
    {"{{deadline.shrt}}", "", false, true, false,
     "line 1, column 1: unknown variable deadline.shrt; did you mean deadline.short?"},
    {"{{deadline.iso}}", "", false, false, false, "{{deadline}} comes from a policy"},
    {"{{honorific}}", "", false, true, false, "{{honorific}}: list l has no such column"},
};

START_TEST(texts_against_lists)
{
    static const struct campaign_office bare = {
        .office = "", .phone12333 = "12333", .apply_where = "x"};
    struct template_info *t = calloc(1, sizeof *t);
    struct list_info *l = calloc(1, sizeof *l);
    struct buf sample;
    struct err e = {0};

    ck_assert(t != NULL && l != NULL);
    strcpy(t->name, "t");
    strcpy(t->signature, "某局");
    strcpy(t->body, checks[_i].body);
    strcpy(t->columns, checks[_i].columns);
    strcpy(l->name, "l");
    strcpy(l->columns, ALL);
    buf_init(&sample, 4096);
    int rc = campaign_check_text(t, checks[_i].any_list ? NULL : l, checks[_i].policy,
                                 checks[_i].bare_office ? &bare : &office, &sample, &e);
    if (checks[_i].what == NULL) {
        ck_assert_msg(rc == 0, "%s", e.what);
        ck_assert_int_eq(strncmp(buf_cstr(&sample), "【某局】", strlen("【某局】")), 0);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e.kind, ERR_DATA);
        ck_assert_msg(strncmp(e.what, "template t: ", 12) == 0, "%s", e.what);
        ck_assert_msg(strstr(e.what, checks[_i].what) != NULL, "%s", e.what);
    }
    buf_fini(&sample);
    free(t);
    free(l);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *s = suite_create("campaign");
    TCase *t = tcase_create("core");

    tcase_add_test(t, arms_are_for_ever);
    tcase_add_loop_test(t, shares_are_kept, 0, COUNT(permilles));
    tcase_add_test(t, only_who_can_wait_is_randomised);
    tcase_add_test(t, variants_are_balanced_in_each_stratum);
    tcase_add_test(t, variants_are_seeded);
    tcase_add_test(t, arms_are_strata);
    tcase_add_test(t, households_read_one_text);
    tcase_add_test(t, one_text_and_large_weights);
    tcase_add_loop_test(t, who_reads_which, 0, COUNT(readers));
    tcase_add_test(t, several_languages_need_a_column);
    tcase_add_loop_test(t, values, 0, COUNT(sayings));
    tcase_add_loop_test(t, amounts_are_written, 0, COUNT(amounts));
    tcase_add_loop_test(t, amounts_of_a_list, 0, COUNT(own_amounts));
    tcase_add_test(t, everything_without_wants);
    tcase_add_test(t, known_names_are_values);
    tcase_add_loop_test(t, values_in_a_language, 0, COUNT(languages));
    tcase_add_loop_test(t, honorifics, 0, COUNT(sexes));
    tcase_add_test(t, what_is_not_known_is_missing);
    tcase_add_test(t, screens_see_masks);
    tcase_add_test(t, certificates_by_last_day);
    tcase_add_loop_test(t, texts_against_lists, 0, COUNT(checks));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
