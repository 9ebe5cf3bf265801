/*
 * Certificate numbers: which have a form, and what contradicts their row.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/certificate.h"
#include "zhanchi/civil.h"

static const struct {
    const char *number;
    int year, level; /* 0: no form that is known */
} numbers[] = {
    {"1712003010300001", 2017, 3},       {"1712003010500001", 2017, 5},
    {"1712003010600001", 0, 0}, /* there is no level 6 */
    {"171200301030000", 0, 0},           {"17120030103000X1", 0, 0},
    {"S000043100000243000001", 2024, 3}, {"Y000043100000241000001", 2024, 1},
    {"s000043100000243000001", 0, 0},    {"0000043100000243000001", 0, 0},
    {"S00004310000024300000X", 0, 0},    {"", 0, 0},
};

START_TEST(forms)
{
    struct certificate c = {0, 0};
    bool known = certificate_parse(numbers[_i].number, strlen(numbers[_i].number), &c);
    ck_assert_int_eq(known, numbers[_i].year != 0);
    if (!known)
        return;
    ck_assert_int_eq(c.year, numbers[_i].year);
    ck_assert_int_eq(c.level, numbers[_i].level);
}
END_TEST

static const struct {
    const char *number;
    int level, year; /* 0: the row does not say it */
    const char *reason;
} rows[] = {
    {"1712003010300001", 3, 2017, NULL},
    {"1712003010300001", 3, 2018, NULL}, /* certified in the year after */
    {"1712003010300001", 3, 2019, "certificate-year"},
    {"1712003010300001", 3, 2016, "certificate-year"},
    {"1712003010300001", 4, 2017, "certificate-level"},
    {"1712003010300001", 4, 2016, "certificate-level"},
    {"1712003010300001", 0, 0, NULL},
    {"X-1", 4, 2016, NULL},
    {"S000043100000243000001", 3, 2024, NULL},
    {"S000043100000243000001", 5, 2024, "certificate-level"},
};

START_TEST(contradictions)
{
    int32_t day = rows[_i].year ? civil_day(rows[_i].year, 6, 30) : CIVIL_NONE;
    const char *got =
        certificate_contradicts(rows[_i].number, strlen(rows[_i].number), rows[_i].level, day);
    ck_assert_msg((got == NULL) == (rows[_i].reason == NULL) &&
                      (got == NULL || strcmp(got, rows[_i].reason) == 0),
                  "%s: %s", rows[_i].number, got ? got : "none");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("certificate");
    TCase *t = tcase_create("certificate");
    tcase_add_loop_test(t, forms, 0, (int)(sizeof numbers / sizeof numbers[0]));
    tcase_add_loop_test(t, contradictions, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
