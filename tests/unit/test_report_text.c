/*
 * report_text: the report as people read it, against a golden file, and what it says where figures are missing or withheld.
 */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report_text.h"
#include "zhanchi/civil.h"
#include "zhanchi/fsio.h"
#include "zhanchi/i18n.h"

static struct measure_line variants[] = {
    {.key = "skill-a v1",
     .members = 450,
     .sent = 445,
     .delivered = 420,
     .claimed = 95,
     .optouts = 2,
     .rate = 95.0 / 450,
     .ci = {0.1759, 0.2512}},
    {.key = "skill-b v2",
     .members = 450,
     .sent = 445,
     .delivered = 430,
     .claimed = 85,
     .optouts = 1,
     .rate = 85.0 / 450,
     .ci = {0.1554, 0.2277}},
};
static struct measure_line regions[] = {
    {.key = "示例市",
     .members = 600,
     .sent = 590,
     .delivered = 550,
     .claimed = 150,
     .optouts = 2,
     .rate = 0.25,
     .ci = {0.2170, 0.2861}},
    {.key = "样本县", .withheld = true},
    {.key = "", .withheld = true},
};
static struct measure_line levels[] = {
    {.key = "3",
     .members = 880,
     .sent = 870,
     .delivered = 832,
     .claimed = 176,
     .optouts = 3,
     .rate = 0.2,
     .ci = {0.1749, 0.2277}},
    {.key = "0",
     .members = 20,
     .sent = 20,
     .delivered = 18,
     .claimed = 4,
     .rate = 0.2,
     .ci = {0.0807, 0.4160}},
};
static struct measure_line hours[] = {
    {.key = "09",
     .members = 900,
     .sent = 890,
     .delivered = 850,
     .claimed = 180,
     .optouts = 3,
     .rate = 0.2,
     .ci = {0.1752, 0.2274}},
};

static void sample(struct measure_report *r)
{
    *r = (struct measure_report){
        .from_day = civil_day(2026, 3, 1),
        .through_day = civil_day(2026, 4, 30),
        .complete_day = civil_day(2026, 4, 30),
        .claims_known = true,
        .members = 1000,
        .held_out = 100,
        .always = 12,
        .segments = 1780,
        .cost_microyuan = 89000000,
        .total = {.members = 900,
                  .sent = 890,
                  .delivered = 850,
                  .claimed = 180,
                  .optouts = 3,
                  .rate = 0.2,
                  .ci = {0.1752, 0.2274}},
        .by = {[BY_VARIANT] = {true, variants, 2},
               [BY_REGION] = {true, regions, 3},
               [BY_LEVEL] = {true, levels, 2},
               [BY_HOUR] = {true, hours, 1}},
        .n_causes = 2,
        .causes = {{MSG_UNDELIVERED, CAUSE_NUMBER, 30}, {MSG_UNKNOWN, CAUSE_NETWORK, 10}},
        .has_lift = true,
        .lift = {.through_day = civil_day(2026, 4, 30),
                 .send_members = 888,
                 .send_claimed = 178,
                 .hold_members = 100,
                 .hold_claimed = 10,
                 .lift = 0.1005,
                 .ci = {0.0260, 0.1510},
                 .claims_extra = 89.2,
                 .extra_ci = {23.1, 134.1},
                 .cost_microyuan = 87800000,
                 .yuan_per_extra = 0.98}};
    memcpy(r->campaign.name, "spring", sizeof "spring");
    memcpy(r->campaign.topic, "skill", sizeof "skill");
    r->campaign.state = CAMPAIGN_RUNNING;
    r->campaign.holdout_until = civil_day(2026, 6, 1);
    r->states[MSG_PLANNED] = 100;
    r->states[MSG_DELIVERED] = 850;
    r->states[MSG_UNDELIVERED] = 40;
    r->states[MSG_UNKNOWN] = 10;
}

/* The text is in `out`; the caller gives it back. */
static const char *text_of(const struct measure_report *r, struct buf *out)
{
    buf_init(out, 1 << 20);
    report_text(r, out);
    return buf_cstr(out);
}

static void compare(const char *golden)
{
    struct measure_report r;
    struct buf out, expected;
    struct err e;
    char path[4096];

    sample(&r);
    text_of(&r, &out);
    snprintf(path, sizeof path, "%s/tests/golden/%s", getenv("ZHANCHI_SOURCE_DIR"), golden);
    buf_init(&expected, 1 << 20);
    ck_assert_msg(fs_read_file(path, &expected, &e) == 0, "%s", e.what);
    ck_assert_str_eq(buf_cstr(&out), buf_cstr(&expected));
    buf_fini(&out);
    buf_fini(&expected);
}

START_TEST(golden)
{
    compare("report_spring.txt");
}
END_TEST

/* Columns stand as in English: Han characters are two wide. */
START_TEST(golden_in_chinese)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("LANGUAGE", "zh_CN", 1);
    bindtextdomain("zhanchi", getenv("ZHANCHI_LOCALE_DIR"));
    textdomain("zhanchi");
    compare("zh_CN/report_spring.txt");
    setlocale(LC_ALL, "C");
}
END_TEST

/* What is withheld is nowhere, not even as zero. */
START_TEST(withheld_lines_show_nothing)
{
    struct measure_report r;
    struct buf out;

    sample(&r);
    const char *text = text_of(&r, &out), *line = strstr(text, "样本县");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(memchr(line, '0', (size_t)(strchr(line, '\n') - line)));
    buf_fini(&out);
    r.total.withheld = r.lift.withheld = true;
    text = text_of(&r, &out);
    ck_assert_ptr_nonnull(strstr(text, "further figures are withheld: fewer than 10 people"));
    ck_assert_ptr_nonnull(strstr(text, "withheld: an arm has fewer than 10 people"));
    ck_assert_ptr_null(strstr(text, "difference +"));
    buf_fini(&out);
}
END_TEST

START_TEST(unknown_claims_are_not_zero)
{
    struct measure_report r;
    struct buf out;

    sample(&r);
    r.claims_known = r.has_lift = false;
    r.complete_day = CIVIL_NONE;
    const char *text = text_of(&r, &out);
    ck_assert_ptr_nonnull(strstr(text, "No claims file has been imported"));
    ck_assert_ptr_null(strstr(text, "interval"));
    ck_assert_ptr_null(strstr(text, "rate"));
    ck_assert_ptr_null(strstr(text, "Lift"));
    buf_fini(&out);
    r.complete_day = civil_day(2026, 2, 1);
    ck_assert_ptr_nonnull(strstr(text_of(&r, &out), "Claims are known through 2026-02-01 only"));
    buf_fini(&out);
    r.from_day = CIVIL_NONE;
    ck_assert_ptr_nonnull(strstr(text_of(&r, &out), "Not started"));
    buf_fini(&out);
    sample(&r);
    r.complete_day = CIVIL_NONE;
    ck_assert_ptr_nonnull(strstr(text_of(&r, &out), "late claims may be missing"));
    buf_fini(&out);
}
END_TEST

START_TEST(a_difference_is_called_one_only_where_it_is)
{
    static const struct {
        double low, high;
        const char *says;
    } cases[] = {{0.01, 0.2, "claimed more often"},
                 {-0.2, -0.01, "claimed less often"},
                 {-0.01, 0.2, "No difference can be told"},
                 {0.0, 0.2, "No difference can be told"}};
    struct measure_report r;
    struct buf out;

    sample(&r);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        r.lift.ci = (struct interval){cases[i].low, cases[i].high};
        ck_assert_ptr_nonnull(strstr(text_of(&r, &out), cases[i].says));
        buf_fini(&out);
    }
}
END_TEST

START_TEST(without_price)
{
    struct measure_report r;
    struct buf out;

    sample(&r);
    r.cost_microyuan = r.lift.cost_microyuan = -1;
    r.lift.yuan_per_extra = -1;
    ck_assert_ptr_null(strstr(text_of(&r, &out), "yuan"));
    buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("report_text");
    TCase *t = tcase_create("report_text");

    tcase_add_test(t, golden);
    tcase_add_test(t, golden_in_chinese);
    tcase_add_test(t, withheld_lines_show_nothing);
    tcase_add_test(t, unknown_claims_are_not_zero);
    tcase_add_test(t, a_difference_is_called_one_only_where_it_is);
    tcase_add_test(t, without_price);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
