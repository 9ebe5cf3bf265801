/*
 * test_cells: dates and months as lists write them; what is hashed for persons and occupations.
 */
#include <check.h>
#include <string.h>
#include "zhanchi/cells.h"
#include "zhanchi/civil.h"
#include "zhanchi/keyring.h"

static const struct {
    const char *text;
    bool error, rounded;
} damage[] = {
    {"#N/A", true, false},    {"#VALUE!", true, false},   {"#DIV/0!", true, false},
    {"###", true, false},     {"Err:502", true, false},   {"#", false, false},
    {"##", false, false},     {"#N/A x", false, false},   {"#1", false, false},
    {"# 2", false, false},    {"Error", false, false},    {"", false, false},
    {"1.2E+15", false, true}, {"1E+15", false, true},     {"1.2e+17", false, true},
    {"1.2E15", false, false}, {"12.5E+15", false, false}, {"1.2E+15A", false, false},
    {"1.2E+", false, false},  {"E+15", false, false},     {"1E", false, false},
    {"1", false, false},
};

START_TEST(test_damage)
{
    const char *text = damage[_i].text;

    ck_assert_int_eq(cell_error(text, strlen(text)), damage[_i].error);
    ck_assert_int_eq(cell_rounded(text, strlen(text)), damage[_i].rounded);
}
END_TEST

static const struct {
    const char *text;
    int rc;
    const char *day;
} dates[] = {
    {"2018-04-22", 1, "2018-04-22"},
    {"2018/4/22", 1, "2018-04-22"},
    {"2018.4.22", 1, "2018-04-22"},
    {"20180422", 1, "2018-04-22"},
    {"2018年4月22日", 1, "2018-04-22"},
    {"２０１８年４月２２日", 1, "2018-04-22"},
    {" 2018-04-22\u200b", 1, "2018-04-22"},
    {"2018-04-22 00:00:00", 1, "2018-04-22"},
    {"2018/4/22 0:00", 1, "2018-04-22"},
    {"2018-04-22T08:15:00.000", 1, "2018-04-22"},
    {"43212", 1, "2018-04-22"},
    {"43212.5", 1, "2018-04-22"},
    {"43212.0", 1, "2018-04-22"},
    {"", 0, ""},
    {"  ", 0, ""},
    {"-", 0, ""},
    {"无", 0, ""},
    {"2018-02-30", -1, ""},
    {"2018-4", -1, ""},
    {"2018年4月", -1, ""},
    {"18/4/22", -1, ""},
    {"201804", -1, ""},
    {"4321", -1, ""},
    {"29999", -1, ""},
    {"60001", -1, ""},
    {"432120", -1, ""},
    {"43212.5x", -1, ""},
    {"2018-04-22 abc", -1, ""},
    {"2018-04-22 5", -1, ""},
    {"2018-04-22 2018-04-23 0:00", -1, ""},
    {"20180422000000000000000000000000000000000000000000000000000000000000000000000", -1, ""},
};

START_TEST(test_date)
{
    int32_t day = CIVIL_NONE;
    char text[11];

    ck_assert_int_eq(cell_date(dates[_i].text, strlen(dates[_i].text), &day), dates[_i].rc);
    if (dates[_i].rc == 1)
        ck_assert_str_eq(civil_format(day, text), dates[_i].day);
}
END_TEST

static const struct {
    const char *text;
    bool years;
    int rc, months;
} months[] = {
    {"36", false, 1, 36},     {"36.0", false, 1, 36},     {"36.00", false, 1, 36},
    {"３６", false, 1, 36},   {"36个月", false, 1, 36},   {"36月", false, 1, 36},
    {"3年", false, 1, 36},    {"3年2个月", false, 1, 38}, {"3年零2个月", false, 1, 38},
    {"3", true, 1, 36},       {"3年2月", true, 1, 38},    {"38个月", true, 1, 38},
    {"0", false, 1, 0},       {"", false, 0, 0},          {"/", false, 0, 0},
    {"1200", false, 1, 1200}, {"1201", false, -1, 0},     {"101", true, -1, 0},
    {"36.5", false, -1, 0},   {"-3", false, -1, 0},       {"三年", false, -1, 0},
    {"3年x", false, -1, 0},   {"36个", false, -1, 0},     {"99999999", false, -1, 0},
    {"36 24", false, -1, 0},
};

START_TEST(test_months)
{
    int got = 0;

    ck_assert_int_eq(cell_months(months[_i].text, strlen(months[_i].text), months[_i].years, &got),
                     months[_i].rc);
    ck_assert_int_eq(got, months[_i].months);
}
END_TEST

static const struct {
    const char *id, *ref, *phone, *name;
    enum cell_person kind;
    const char *text;
} persons[] = {
    {"110105190402299977", "R1", "13800000001", "张三", CELL_PERSON_ID, "110105190402299977"},
    {"", "R1", "13800000001", "张三", CELL_PERSON_REF, "R1"},
    {"", " Ｒ 1", NULL, NULL, CELL_PERSON_REF, "R1"},
    {NULL, NULL, "13800000001", "张三", CELL_PERSON_PHONE_NAME, "13800000001\n张三"},
    {NULL, "", "13800000001", "", CELL_PERSON_NONE, ""},
    {NULL, NULL, NULL, "张三", CELL_PERSON_NONE, ""},
};

START_TEST(test_person)
{
    struct buf out;

    buf_init(&out, 256);
    ck_assert_int_eq(
        cell_person(persons[_i].id, persons[_i].ref, persons[_i].phone, persons[_i].name, &out),
        persons[_i].kind);
    ck_assert_str_eq(buf_cstr(&out), persons[_i].text);
    buf_fini(&out);
}
END_TEST

START_TEST(test_kinds_are_those_of_hashes)
{
    ck_assert_int_eq(CELL_PERSON_ID, HASH_PERSON_ID);
    ck_assert_int_eq(CELL_PERSON_PHONE_NAME, HASH_PERSON_PHONE_NAME);
    ck_assert_int_eq(CELL_PERSON_REF, HASH_PERSON_REF);
}
END_TEST

START_TEST(test_occupation)
{
    struct buf out;
    const char *text = "　焊　工（ 电焊 ）";

    buf_init(&out, 256);
    cell_occupation(text, strlen(text), &out);
    ck_assert_str_eq(buf_cstr(&out), "焊工(电焊)");
    buf_fini(&out);
}
END_TEST

static const struct {
    const char *text;
    int rc;
    const char *day;
} counted[] = {
    {"2026-03-15", 1, "2026-03-15"},
    {"2026-03", 1, "2026-03-31"},
    {"2026/2", 1, "2026-02-28"},
    {"2024.02", 1, "2024-02-29"},
    {"202612", 1, "2026-12-31"},
    {"2026年3月", 1, "2026-03-31"},
    {"２０２６年３月份", 1, "2026-03-31"},
    {"20260301", 1, "2026-03-01"},
    {"46082", 1, "2026-03-01"},
    {"", 0, ""},
    {"无", 0, ""},
    {"2026-13", -1, ""},
    {"202600", -1, ""},
    {"2026", -1, ""},
    {"3月", -1, ""},
    {"2026年3", 1, "2026-03-31"},
    {"2026-3x", -1, ""},
};

START_TEST(test_counted)
{
    int32_t day = CIVIL_NONE;
    char text[11];

    ck_assert_int_eq(cell_counted(counted[_i].text, strlen(counted[_i].text), &day),
                     counted[_i].rc);
    if (counted[_i].rc == 1)
        ck_assert_str_eq(civil_format(day, text), counted[_i].day);
}
END_TEST

static const struct {
    const char *text;
    int rc;
    bool yes;
} answers[] = {
    {"是", 1, true},     {"领取中", 1, true},  {" ＹＥＳ ", 1, true}, {"1", 1, true},
    {"否", 1, false},    {"未领取", 1, false}, {"No", 1, false},      {"无", 1, false},
    {"", 0, false},      {"-", 0, false},      {"大概", -1, false},   {"2026-03", -1, false},
    {"是否", -1, false},
};

START_TEST(test_yes)
{
    bool yes = false;

    ck_assert_int_eq(cell_yes(answers[_i].text, strlen(answers[_i].text), &yes), answers[_i].rc);
    ck_assert(yes == answers[_i].yes);
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof a[0]))

int main(void)
{
    Suite *s = suite_create("cells");
    TCase *c = tcase_create("cells");

    tcase_add_loop_test(c, test_damage, 0, COUNT(damage));
    tcase_add_loop_test(c, test_date, 0, COUNT(dates));
    tcase_add_loop_test(c, test_months, 0, COUNT(months));
    tcase_add_loop_test(c, test_person, 0, COUNT(persons));
    tcase_add_loop_test(c, test_counted, 0, COUNT(counted));
    tcase_add_loop_test(c, test_yes, 0, COUNT(answers));
    tcase_add_test(c, test_kinds_are_those_of_hashes);
    tcase_add_test(c, test_occupation);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
