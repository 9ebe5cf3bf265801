/*
 * measure: its pure parts. Small cells and differences from the total, lift and cost, output for machines, rare combinations, rows of claims files.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "zhanchi/civil.h"
#include "zhanchi/json.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

/* ---- small cells ---- */

static const struct {
    int64_t members[8];   /* 0 ends */
    const char *withheld; /* x or . for each */
} breakdowns[] = {
    {{0}, ""},
    {{10}, "."},
    {{9}, "x"},
    {{100, 200, 300}, "..."},
    {{100, 9, 300}, "xx."},     /* alone it would be the difference from the total */
    {{100, 5, 6, 300}, ".xx."}, /* two, eleven together */
    {{100, 5, 4, 300}, "xxx."}, /* two, but nine together */
    {{100, 1, 1, 1, 300}, "xxxx."},
    {{3, 4}, "xx"}, /* nothing is left to hide behind */
    {{9, 10}, "xx"},
    {{50, 40, 2, 45}, ".xx."}, /* the smallest of the others goes */
    {{10, 10, 9}, "x.x"},
};

START_TEST(small_cells)
{
    struct measure_line lines[8] = {0};
    size_t n = 0;

    for (; breakdowns[_i].members[n] != 0; n++) {
        lines[n] = (struct measure_line){.members = breakdowns[_i].members[n],
                                         .sent = 7,
                                         .delivered = 6,
                                         .claimed = 5,
                                         .optouts = 4,
                                         .rate = 0.5,
                                         .ci = {0.25, 0.75}};
        lines[n].key[0] = (char)('a' + n);
    }
    withhold(lines, n);
    ck_assert_uint_eq(n, strlen(breakdowns[_i].withheld));
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(lines[i].key[0], (char)('a' + i));
        ck_assert_int_eq(lines[i].withheld, breakdowns[_i].withheld[i] == 'x');
        if (!lines[i].withheld)
            continue;
        ck_assert_int_eq(lines[i].members, 0);
        ck_assert_int_eq(lines[i].sent, 0);
        ck_assert_int_eq(lines[i].delivered, 0);
        ck_assert_int_eq(lines[i].claimed, 0);
        ck_assert_int_eq(lines[i].optouts, 0);
        ck_assert_double_eq(lines[i].rate, 0.0);
        ck_assert_double_eq(lines[i].ci.high, 0.0);
    }
}
END_TEST

/* Whatever the cells: what is withheld is nothing, or at least two lines with ten members, or everything. */
START_TEST(no_difference_tells)
{
    uint32_t seed = 1;

    for (int round = 0; round < 3000; round++) {
        struct measure_line lines[6] = {0};
        int64_t members[6], hidden = 0;
        size_t n = 1 + (size_t)round % 6, count = 0;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            lines[i].members = members[i] = 1 + (seed >> 16) % 25;
        }
        withhold(lines, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(members[i] >= MEASURE_SMALL || lines[i].withheld);
            count += lines[i].withheld;
            hidden += lines[i].withheld ? members[i] : 0;
        }
        ck_assert(count == 0 || count == n || (count >= 2 && hidden >= MEASURE_SMALL));
    }
}
END_TEST

/* ---- lift ---- */

static const struct measure_arm sent = {
    .arm = ARM_SEND, .members = 900, .claimed = 180, .segments = 1800};
static const struct measure_arm held = {.arm = ARM_HOLDOUT, .members = 100, .claimed = 10};

START_TEST(lift_and_cost)
{
    struct measure_lift l = {.through_day = 20000};
    struct interval ci = stats_newcombe(180, 900, 10, 100, 0.95);

    lift_of(&sent, &held, 50000, &l);
    ck_assert(!l.withheld);
    ck_assert_int_eq(l.through_day, 20000);
    ck_assert_double_eq_tol(l.lift, 0.1, 1e-12);
    ck_assert_double_eq(l.ci.low, ci.low);
    ck_assert_double_eq(l.ci.high, ci.high);
    ck_assert_double_eq_tol(l.claims_extra, 90.0, 1e-9);
    ck_assert_double_eq_tol(l.extra_ci.low, 900 * ci.low, 1e-9);
    ck_assert_int_eq(l.cost_microyuan, 90000000);
    ck_assert_double_eq_tol(l.yuan_per_extra, 1.0, 1e-9);
}
END_TEST

START_TEST(lift_without_price_or_effect)
{
    struct measure_arm none = {.arm = ARM_SEND, .members = 900, .claimed = 90, .segments = 900};
    struct measure_arm less = {.arm = ARM_SEND, .members = 900, .claimed = 9, .segments = 900};
    struct measure_lift l = {0};

    lift_of(&sent, &held, 0, &l);
    ck_assert_int_eq(l.cost_microyuan, -1);
    ck_assert_double_eq(l.yuan_per_extra, -1.0);
    lift_of(&none, &held, 50000, &l);
    ck_assert_double_eq(l.yuan_per_extra, -1.0);
    ck_assert_int_eq(l.cost_microyuan, 45000000);
    lift_of(&less, &held, 50000, &l);
    ck_assert(l.lift < 0);
    ck_assert_double_eq(l.yuan_per_extra, -1.0);
}
END_TEST

START_TEST(lift_of_a_small_arm)
{
    struct measure_arm few = {.arm = ARM_HOLDOUT, .members = 9, .claimed = 3};
    struct measure_lift l = {.through_day = 20000};

    lift_of(&sent, &few, 50000, &l);
    ck_assert(l.withheld);
    ck_assert_int_eq(l.hold_members, 0);
    ck_assert_int_eq(l.hold_claimed, 0);
    ck_assert_int_eq(l.send_claimed, 0);
    ck_assert_double_eq(l.lift, 0.0);
    lift_of(&few, &held, 50000, &l);
    ck_assert(l.withheld);
}
END_TEST

/* ---- output ---- */

static struct measure_line region_lines[] = {
    {.key = "430100", .members = 600, .sent = 590, .delivered = 550, .claimed = 150, .optouts = 2},
    {.key = "=cmd", .withheld = true},
    {.key = "", .withheld = true},
};

static struct measure_line hour_line = {
    .key = "09", .members = 500, .sent = 500, .delivered = 500, .claimed = 100};
static struct measure_line variant_line = {
    .key = "a", .members = 450, .sent = 450, .delivered = 450, .claimed = 90};

static void sample(struct measure_report *r)
{
    *r = (struct measure_report){.from_day = civil_day(2026, 3, 1),
                                 .through_day = civil_day(2026, 4, 30),
                                 .complete_day = civil_day(2026, 4, 30),
                                 .claims_known = true,
                                 .members = 1000,
                                 .held_out = 100,
                                 .segments = 1800,
                                 .cost_microyuan = 133100000,
                                 .n_causes = 1,
                                 .has_lift = true};
    memcpy(r->campaign.name, "spring", sizeof "spring");
    memcpy(r->campaign.topic, "skill", sizeof "skill");
    r->campaign.state = CAMPAIGN_RUNNING;
    r->states[MSG_DELIVERED] = 850;
    r->states[MSG_UNDELIVERED] = 50;
    r->causes[0] = (struct measure_cause){MSG_UNDELIVERED, CAUSE_NUMBER, 50};
    r->total = (struct measure_line){
        .members = 900, .sent = 900, .delivered = 850, .claimed = 180, .optouts = 3};
    line_rate(&r->total, true);
    r->by[BY_REGION] = (struct measure_breakdown){.asked = true, .lines = region_lines, .n = 3};
    line_rate(&region_lines[0], true);
    r->by[BY_HOUR] = (struct measure_breakdown){.asked = true, .lines = &hour_line, .n = 1};
    line_rate(&hour_line, true);
    r->by[BY_VARIANT] = (struct measure_breakdown){.asked = true, .lines = &variant_line, .n = 1};
    line_rate(&variant_line, true);
    r->lift.through_day = r->through_day;
    lift_of(&sent, &held, 50000, &r->lift);
}

static const struct {
    const char *pointer, *text; /* NULL: null */
} json_facts[] = {
    {"/campaign", "spring"},
    {"/state", "running"},
    {"/from", "2026-03-01"},
    {"/through", "2026-04-30"},
    {"/claims_known", "true"},
    {"/members", "1000"},
    {"/cost_yuan", "133.1"},
    {"/by/region/0/randomised", "false"},
    {"/by/hour/0/key", "09"},
    {"/by/hour/0/randomised", "false"},
    {"/by/variant/0/randomised", "true"},
    {"/states/delivered", "850"},
    {"/states/queued", "0"},
    {"/causes/0/state", "undelivered"},
    {"/causes/0/messages", "50"},
    {"/total/claimed", "180"},
    {"/by/region/0/key", "430100"},
    {"/by/region/0/claimed", "150"},
    {"/by/region/1/withheld", "true"},
    {"/by/region/1/members", NULL},
    {"/by/region/1/claimed", NULL},
    {"/by/region/1/rate", NULL},
    {"/by/region/1/ci", NULL},
    {"/lift/send/members", "900"},
    {"/lift/holdout/claimed", "10"},
    {"/lift/through", "2026-04-30"},
};

static struct json *parsed(const struct measure_report *r)
{
    struct buf out;
    struct err e;

    buf_init(&out, 1 << 20);
    measure_json(r, &out);
    struct json *j = json_parse(buf_cstr(&out), out.len, &e);
    ck_assert_msg(j != NULL, "%s: %s", e.what, buf_cstr(&out));
    if (r->cost_microyuan >= 0) /* to the letter, not as a number that comes near */
        ck_assert_ptr_nonnull(strstr(out.data, "\"cost_yuan\":133.1,"));
    buf_fini(&out);
    return j;
}

START_TEST(report_json)
{
    struct measure_report r;
    char tmp[40];

    sample(&r);
    struct json *j = parsed(&r);
    for (int i = 0; i < COUNT(json_facts); i++) {
        const struct json *n = json_at(j, json_facts[i].pointer);
        ck_assert_msg(n != NULL, "%s", json_facts[i].pointer);
        if (json_facts[i].text == NULL)
            ck_assert_msg(json_type_of(n) == J_NULL, "%s", json_facts[i].pointer);
        else
            ck_assert_msg(strtod(json_text(n, tmp), NULL) == strtod(json_facts[i].text, NULL) &&
                              (strcmp(json_text(n, tmp), json_facts[i].text) == 0 ||
                               json_type_of(n) == J_NUMBER),
                          "%s is %s", json_facts[i].pointer, json_text(n, tmp));
    }
    ck_assert_ptr_null(json_at(j, "/by/level"));
    ck_assert_double_eq_tol(strtod(json_text(json_at(j, "/lift/difference"), tmp), NULL), 0.1,
                            1e-12);
    json_free(j);
}
END_TEST

/* Without a claims file nothing is said about claims. */
START_TEST(report_json_without_claims)
{
    static const char *const nulls[] = {
        "/total/claimed",           "/total/rate", "/total/ci", "/by/region/0/claimed", "/lift",
        "/claims_complete_through", "/cost_yuan"};
    struct measure_report r;

    sample(&r);
    r.claims_known = r.has_lift = false;
    r.complete_day = CIVIL_NONE;
    r.cost_microyuan = -1;
    struct json *j = parsed(&r);
    for (int i = 0; i < COUNT(nulls); i++) {
        const struct json *n = json_at(j, nulls[i]);
        ck_assert_msg(n != NULL && json_type_of(n) == J_NULL, "%s", nulls[i]);
    }
    json_free(j);
}
END_TEST

START_TEST(report_csv)
{
    static const char *const lines[] = {
        ("section,key,withheld,members,messages,sent,delivered,optouts,claimed,rate,ci_low,ci_high,"
         "value,randomised\r\n"),
        "\r\ncampaign,spring,0,1000,,,,,,,,,,\r\n",
        "\r\nspan,2026-03-01/2026-04-30,0,,,,,,,,,,,\r\n",
        "\r\ncost,segments,0,,,,,,,,,,1800,\r\n",
        "\r\ncost,yuan,0,,,,,,,,,,133.1,\r\n",
        "\r\nstate,delivered,0,,850,,,,,,,,,\r\n",
        "\r\ncause,undelivered/number,0,,50,,,,,,,,,\r\n",
        "\r\ntotal,,0,900,,900,850,3,180,0.2,",
        "\r\nregion,430100,0,600,,590,550,2,150,0.25,",
        "\r\nregion,'=cmd,1,,,,,,,,,,,0\r\n",
        "\r\nregion,,1,,,,,,,,,,,0\r\n",
        "\r\nhour,09,0,500,,500,500,0,100,0.2,",
        "\r\nvariant,a,0,450,,450,450,0,90,0.2,",
        ",,1\r\nregion,430100,",
        ",,0\r\nlift,send,",
        "\r\nlift,send,0,900,,,,,180,0.2,",
        "\r\nlift,holdout,0,100,,,,,10,0.1,",
        "\r\nlift,difference,0,,,,,,,0.1,",
        "\r\nlift,claims-extra,0,,,,,,,,,,90,\r\n",
        "\r\nlift,yuan-per-extra-claim,0,,,,,,,,,,1,\r\n",
    };
    struct measure_report r;
    struct buf out;

    sample(&r);
    buf_init(&out, 1 << 20);
    measure_csv(&r, &out);
    for (int i = 0; i < COUNT(lines); i++)
        ck_assert_msg(strstr(buf_cstr(&out), lines[i]) != NULL, "%s is not in\n%s", lines[i],
                      buf_cstr(&out));
    size_t commas = 0;
    for (const char *p = out.data; *p != '\0'; p++) {
        commas += *p == ',';
        if (*p == '\n') {
            ck_assert_uint_eq(commas, 13);
            commas = 0;
        }
    }
    buf_reset(&out);
    r.lift.withheld = true;
    measure_csv(&r, &out);
    ck_assert_ptr_nonnull(strstr(out.data, "\r\nlift,difference,1,,,,,,,,,,,\r\n"));
    ck_assert_ptr_null(strstr(out.data, "lift,send"));
    buf_fini(&out);
}
END_TEST

/* ---- rare combinations ---- */

START_TEST(rare_combinations)
{
    struct rare *r = rare_new();
    char region[64];

    for (int i = 0; i < 3000; i++) { /* far over the first table */
        snprintf(region, sizeof region, "region %d", i);
        for (int k = 0; k < i % 20; k++)
            rare_add(r, region, i % 6);
    }
    for (int i = 0; i < 3000; i++) {
        snprintf(region, sizeof region, "region %d", i);
        ck_assert_int_eq(rare_is(r, region, i % 6), i % 20 < MEASURE_SMALL);
        ck_assert(rare_is(r, region, i % 6 + 1));
    }
    ck_assert(rare_is(r, "", 0));
    rare_free(r);
    rare_free(NULL);
}
END_TEST

/* ---- rows of claims files ---- */

static struct columns form_columns = {.header_line = 1,
                                      .n = 9,
                                      .col = {{COLUMN_ID, "身份证号"},
                                              {COLUMN_PHONE, "手机号"},
                                              {COLUMN_NAME, "姓名"},
                                              {COLUMN_REF, "个人编号"},
                                              {COLUMN_DATE, "申领日期"},
                                              {COLUMN_KIND, "状态"},
                                              {COLUMN_LEVEL, "等级"},
                                              {COLUMN_OCCUPATION, "工种"},
                                              {COLUMN_AMOUNT, "金额"}}};

#define ID "11010519491231002X"
static const struct {
    const char *cells[10];
    const char *id, *ref, *phone_name, *day, *occupation;
    enum response_kind kind;
    int level;
    int64_t fen;
} taken[] = {
    {{ID, "13800000001", "张三", "A-1", "2026-03-01", "申领", "高级", "电 工", "1500"},
     ID,
     "A-1",
     "13800000001\n张三",
     "2026-03-01",
     "电工",
     RESPONSE_CLAIMED,
     3,
     150000},
    {{ID, "", "", "", "2026/3/1 10:20:00"}, ID, "", "", "2026-03-01", "", RESPONSE_CLAIMED, 0, -1},
    {{"", "138-0000-0001", "张 三", "", "20260301", "已发放", "", "", "￥1,500.50元"},
     "",
     "",
     "13800000001\n张三",
     "2026-03-01",
     "",
     RESPONSE_PAID,
     0,
     150050},
    {{"110105010101001", "", "", "", "46082", "PAID", "-", "-", "-"},
     "110105190101010017",
     "",
     "",
     "2026-03-01",
     "",
     RESPONSE_PAID,
     0,
     -1},
    {{"-", "", "", "B 2", "2026-03-01"}, "", "B2", "", "2026-03-01", "", RESPONSE_CLAIMED, 0, -1},
    /* a bad telephone does no harm where the id number says who it is */
    {{ID, "010-12345678", "张三", "", "2026-03-01"},
     ID,
     "",
     "",
     "2026-03-01",
     "",
     RESPONSE_CLAIMED,
     0,
     -1},
    {{ID, "13800000001", "张?", "", "2026-03-01"},
     ID,
     "",
     "",
     "2026-03-01",
     "",
     RESPONSE_CLAIMED,
     0,
     -1},
    {{ID, "", "", "", "2026-04-01"}, ID, "", "", "2026-04-01", "", RESPONSE_CLAIMED, 0, -1},
};

static const struct {
    const char *cells[10];
    const char *fault;
    int rc;
    const char *reasons; /* "column reason;" for each */
} refused[] = {
    {{"", "", "", "", "", ""}, NULL, 0, ""},
    {{"\xE3\x80\x80", "\xE2\x80\x8B"}, NULL, 0, ""},
    {{"", "", "合 计", "", "2026-03-01"}, NULL, 0, ""},
    {{"合计：", "", "", "", "", "", "", "", "99"}, NULL, 0, ""},
    {{"110105194912310021", "13800000001", "张三", "", "2026-03-01"}, NULL, -1, "1 id-check;"},
    {{"5.10107E+17", "13800000001", "张三", "", "2026-03-01"}, NULL, -1, "1 id-damaged;"},
    {{"", "138OOOOOOO1", "张三", "", "2026-03-01"}, NULL, -1, "2 phone-chars;"},
    {{"", "1380000", "张?", "", "bad", "退回", "x", "", "y"},
     NULL,
     -1,
     "2 phone-length;3 name-damaged;5 date-format;6 kind-unknown;7 level-unknown;9 amount-format;"},
    {{"", "13800000001", "", "", "2026-03-01"}, NULL, -1, "0 person-unknown;"},
    {{ID, "", "", "", ""}, NULL, -1, "5 date-missing;"},
    {{ID, "", "", "", "2026-04-02"}, NULL, -1, "5 date-future;"},
    {{ID, "", "", "", "2026-03-01", "审核不通过"}, NULL, -1, "6 kind-unknown;"},
    {{ID, "", "", "", "2026-03-01", "", "", "", "1.234"}, NULL, -1, "9 amount-format;"},
    {{ID, "", "", "", "2026-03-01", "", "", "", "-5"}, NULL, -1, "9 amount-format;"},
    {{ID, "", "", "", "2026-03-01", "", "", "", "99999999999"}, NULL, -1, "9 amount-format;"},
    {{ID, "", "", "", "2026-03-01", "", "", "", "", "one too many"}, NULL, -1, "0 row-shifted;"},
    {{ID}, "quote", -1, "0 row-quote;"},
    {{ID}, "too-long", -1, "0 row-long;"},
};

static void give(const struct claim_form *f, const char *const *texts, const char *fault,
                 struct claim *c, int rc)
{
    struct table_cell cells[10];
    struct table_row row = {.cells = cells, .line = 7, .fault = fault};

    for (; row.n_cells < 10 && texts[row.n_cells] != NULL; row.n_cells++)
        cells[row.n_cells] = (struct table_cell){texts[row.n_cells], strlen(texts[row.n_cells])};
    ck_assert_int_eq(claim_read(f, &row, c), rc);
}

static void reasons_of(const struct claim *c, struct buf *out)
{
    for (size_t i = 0; i < c->n_rejects; i++) {
        ck_assert_int_eq(c->rejects[i].line, 7);
        buf_addf(out, "%d %s;", c->rejects[i].column, c->rejects[i].reason);
    }
}

START_TEST(claim_taken)
{
    struct claim_form f;
    struct claim c;
    struct err e;
    char day[11];

    ck_assert_int_eq(claim_form_init(&f, &form_columns, civil_day(2026, 4, 1), &e), 0);
    claim_init(&c);
    give(&f, taken[0].cells, NULL, &c, 1); /* what an earlier row left must not stay */
    give(&f, taken[_i].cells, NULL, &c, 1);
    ck_assert_str_eq(buf_cstr(&c.key[CLAIM_ID]), taken[_i].id);
    ck_assert_str_eq(buf_cstr(&c.key[CLAIM_REF]), taken[_i].ref);
    ck_assert_str_eq(buf_cstr(&c.key[CLAIM_PHONE_NAME]), taken[_i].phone_name);
    ck_assert_str_eq(civil_format(c.day, day), taken[_i].day);
    ck_assert_str_eq(buf_cstr(&c.occupation), taken[_i].occupation);
    ck_assert_int_eq(c.kind, taken[_i].kind);
    ck_assert_int_eq(c.level, taken[_i].level);
    ck_assert_int_eq(c.amount_fen, taken[_i].fen);
    claim_fini(&c);
}
END_TEST

START_TEST(claim_refused)
{
    struct claim_form f;
    struct claim c;
    struct buf reasons;
    struct err e;

    ck_assert_int_eq(claim_form_init(&f, &form_columns, civil_day(2026, 4, 1), &e), 0);
    claim_init(&c);
    buf_init(&reasons, 4096);
    give(&f, refused[_i].cells, refused[_i].fault, &c, refused[_i].rc);
    reasons_of(&c, &reasons);
    ck_assert_str_eq(buf_cstr(&reasons), refused[_i].reasons);
    buf_fini(&reasons);
    claim_fini(&c);
}
END_TEST

/* Rejects are masked: neither number nor id number is told. */
START_TEST(claim_rejects_are_masked)
{
    static const char *const texts[] = {"110105194912310021", NULL};
    struct claim_form f;
    struct claim c;
    struct err e;

    ck_assert_int_eq(claim_form_init(&f, &form_columns, civil_day(2026, 4, 1), &e), 0);
    claim_init(&c);
    give(&f, texts, NULL, &c, -1);
    ck_assert_str_eq(c.rejects[0].masked, "110105********0021");
    ck_assert_str_eq(c.rejects[0].header, "身份证号");
    claim_fini(&c);
}
END_TEST

START_TEST(claim_forms)
{
    struct columns two = {
        .header_line = 3, .n = 2, .col = {{COLUMN_PHONE, "手机号"}, {COLUMN_DATE, "发放日期"}}};
    struct claim_form f;
    struct err e;

    ck_assert_int_eq(claim_form_init(&f, &two, 0, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    two.col[0].field = COLUMN_REF;
    ck_assert_int_eq(claim_form_init(&f, &two, 0, &e), 0);
    ck_assert_int_eq(f.default_kind, RESPONSE_PAID);
    ck_assert_int_eq(claim_form_init(&f, &form_columns, 0, &e), 0);
    ck_assert_int_eq(f.default_kind, RESPONSE_CLAIMED);
}
END_TEST

START_TEST(reason_texts)
{
    ck_assert_ptr_nonnull(measure_reason_text("kind-unknown"));
    ck_assert_ptr_nonnull(measure_reason_remedy("kind-unknown"));
    ck_assert_ptr_null(measure_reason_text("phone-length"));
    ck_assert_ptr_null(measure_reason_remedy("phone-length"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("measure");
    TCase *t = tcase_create("measure");

    tcase_add_loop_test(t, small_cells, 0, COUNT(breakdowns));
    tcase_add_test(t, no_difference_tells);
    tcase_add_test(t, lift_and_cost);
    tcase_add_test(t, lift_without_price_or_effect);
    tcase_add_test(t, lift_of_a_small_arm);
    tcase_add_test(t, report_json);
    tcase_add_test(t, report_json_without_claims);
    tcase_add_test(t, report_csv);
    tcase_add_test(t, rare_combinations);
    tcase_add_loop_test(t, claim_taken, 0, COUNT(taken));
    tcase_add_loop_test(t, claim_refused, 0, COUNT(refused));
    tcase_add_test(t, claim_rejects_are_masked);
    tcase_add_test(t, claim_forms);
    tcase_add_test(t, reason_texts);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
