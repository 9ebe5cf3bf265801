/*
 * stats: ends and symmetries that hold without a reference; the figures themselves are in tests/cases.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include "zhanchi/stats.h"

START_TEST(quantile_and_cdf_are_inverse)
{
    for (double p = 1e-12; p < 1.0; p = p < 0.01 ? p * 3.0 : p + 0.0137) {
        double z = stats_normal_quantile(p);
        ck_assert_double_eq_tol(stats_normal_cdf(z) / p, 1.0, 1e-12);
        if (p > 1e-4) /* 1 - p loses digits below */
            ck_assert_double_eq_tol(stats_normal_quantile(1.0 - p), -z, 1e-10);
    }
}
END_TEST

START_TEST(quantile_ends)
{
    ck_assert(isinf(stats_normal_quantile(0.0)) && stats_normal_quantile(0.0) < 0);
    ck_assert(isinf(stats_normal_quantile(1.0)) && stats_normal_quantile(1.0) > 0);
    ck_assert_double_eq(stats_normal_quantile(0.5), 0.0);
}
END_TEST

START_TEST(wilson_ends)
{
    struct interval none = stats_wilson(0, 0, 0.95), all = stats_wilson(7, 7, 0.95);
    struct interval zero = stats_wilson(0, 7, 0.95);

    ck_assert_double_eq(none.low, 0.0);
    ck_assert_double_eq(none.high, 1.0);
    ck_assert_double_eq(all.high, 1.0);
    ck_assert_double_eq(zero.low, 0.0);
    ck_assert_double_eq_tol(zero.high, 1.0 - all.low, 1e-15);
}
END_TEST

START_TEST(wilson_holds_the_rate)
{
    for (int64_t n = 1; n <= 60; n++)
        for (int64_t x = 0; x <= n; x++) {
            double p = (double)x / (double)n;
            struct interval a = stats_wilson(x, n, 0.95), b = stats_wilson(n - x, n, 0.95);
            struct interval wide = stats_wilson(x, n, 0.99);
            ck_assert(a.low >= 0.0 && a.low <= p && p <= a.high && a.high <= 1.0);
            ck_assert(wide.low <= a.low && a.high <= wide.high);
            ck_assert_double_eq_tol(a.low, 1.0 - b.high, 1e-12);
        }
}
END_TEST

START_TEST(large_counts)
{
    struct interval ci = stats_wilson(5000000000, 10000000000, 0.95);

    ck_assert_double_eq_tol(ci.high - 0.5, 1.959963984540054 * 0.5e-5, 1e-12);
    ck_assert_double_eq_tol(0.5 - ci.low, ci.high - 0.5, 1e-12);
}
END_TEST

START_TEST(newcombe_ends)
{
    struct interval none = stats_newcombe(0, 0, 5, 10, 0.95),
                    other = stats_newcombe(5, 10, 0, 0, 0.95);

    ck_assert_double_eq(none.low, -1.0);
    ck_assert_double_eq(none.high, 1.0);
    ck_assert_double_eq(other.low, -1.0);
    ck_assert_double_eq(other.high, 1.0);
}
END_TEST

START_TEST(newcombe_is_antisymmetric)
{
    for (int64_t x = 0; x <= 10; x++)
        for (int64_t y = 0; y <= 20; y++) {
            struct interval a = stats_newcombe(x, 10, y, 20, 0.95);
            struct interval b = stats_newcombe(y, 20, x, 10, 0.95);
            double d = (double)x / 10.0 - (double)y / 20.0;
            ck_assert(a.low >= -1.0 && a.low <= d && d <= a.high && a.high <= 1.0);
            ck_assert_double_eq_tol(a.low, -b.high, 1e-15);
            ck_assert_double_eq_tol(a.high, -b.low, 1e-15);
        }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stats");
    TCase *t = tcase_create("stats");

    tcase_add_test(t, quantile_and_cdf_are_inverse);
    tcase_add_test(t, quantile_ends);
    tcase_add_test(t, wilson_ends);
    tcase_add_test(t, wilson_holds_the_rate);
    tcase_add_test(t, large_counts);
    tcase_add_test(t, newcombe_ends);
    tcase_add_test(t, newcombe_is_antisymmetric);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
