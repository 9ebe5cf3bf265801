/*
 * civil: every day of two hundred years against a calendar that counts on its fingers, dates as lists carry them, instants and zones.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "zhanchi/civil.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static int days_in(int year, int month)
{
    switch (month) {
    case 4:
    case 6:
    case 9:
    case 11:
        return 30;
    case 2:
        if (year % 400 == 0)
            return 29;
        if (year % 100 == 0)
            return 28;
        return year % 4 == 0 ? 29 : 28;
    default:
        return 31;
    }
}

START_TEST(every_day)
{
    int32_t day = -25567; /* 1900-01-01 */
    char text[11];

    for (int y = 1900; y <= 2100; y++)
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= days_in(y, m); d++, day++) {
                int32_t back;
                struct civil c = civil_of(day);
                ck_assert_int_eq(civil_day(y, m, d), day);
                ck_assert(c.year == y && c.month == m && c.day == d);
                ck_assert(civil_valid(y, m, d));
                civil_format(day, text);
                ck_assert_int_eq(civil_parse(text, 10, &back), 0);
                ck_assert_int_eq(back, day);
            }
    ck_assert_int_eq(day, civil_day(2101, 1, 1));
}
END_TEST

/* The C library counts too. */
START_TEST(days_of_the_library)
{
    for (int32_t day = -719162; day < 2932896; day += 97) { /* 0001-01-01 ... 9999-12-31 */
        time_t t = (time_t)day * 86400;
        struct tm tm;
        struct civil c = civil_of(day);
        ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
        ck_assert(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 && c.day == tm.tm_mday);
        ck_assert_int_eq(civil_day(c.year, c.month, c.day), day);
    }
    ck_assert_int_eq(civil_day(1, 1, 1), -719162);
    ck_assert_int_eq(civil_day(9999, 12, 31), 2932896);
    ck_assert_int_eq(civil_day(1970, 1, 1), 0);
}
END_TEST

START_TEST(days_that_are_none)
{
    static const int none[][3] = {{2023, 2, 29}, {1900, 2, 29}, {2100, 2, 29}, {2024, 2, 30},
                                  {2024, 4, 31}, {2024, 0, 1},  {2024, 13, 1}, {2024, 1, 0},
                                  {2024, 1, 32}, {0, 1, 1},     {10000, 1, 1}, {2024, -1, 1}};

    for (int i = 0; i < COUNT(none); i++)
        ck_assert_msg(!civil_valid(none[i][0], none[i][1], none[i][2]), "%d-%d-%d", none[i][0],
                      none[i][1], none[i][2]);
    ck_assert(civil_valid(2000, 2, 29));
    ck_assert(civil_valid(2024, 2, 29));
    ck_assert(civil_valid(9999, 12, 31));
}
END_TEST

START_TEST(months_later)
{
    static const struct {
        const char *from;
        int months;
        const char *to;
    } cases[] = {
        {"2024-02-29", 12, "2025-02-28"},    {"2024-02-29", 48, "2028-02-29"},
        {"2025-02-28", 12, "2026-02-28"},    {"2024-01-31", 1, "2024-02-29"},
        {"2023-01-31", 1, "2023-02-28"},     {"2024-03-31", -1, "2024-02-29"},
        {"2024-05-31", 1, "2024-06-30"},     {"2024-11-30", 3, "2025-02-28"},
        {"2024-12-15", 1, "2025-01-15"},     {"2024-01-15", -1, "2023-12-15"},
        {"2024-01-15", -12, "2023-01-15"},   {"2024-06-30", 0, "2024-06-30"},
        {"2024-12-31", 2, "2025-02-28"},     {"1900-01-31", 1, "1900-02-28"},
        {"2000-02-29", -1200, "1900-02-28"}, {"0001-03-01", -3, "0000-12-01"},
        {"2024-08-31", 18, "2026-02-28"},
    };
    char text[11];

    for (int i = 0; i < COUNT(cases); i++) {
        int32_t from;
        ck_assert_int_eq(civil_parse(cases[i].from, 10, &from), 0);
        ck_assert_str_eq(civil_format(civil_add_months(from, cases[i].months), text), cases[i].to);
    }
    /* Twelve months later is the same day of the year, save on 29 February. */
    for (int32_t day = civil_day(1990, 1, 1); day < civil_day(2060, 1, 1); day++) {
        struct civil a = civil_of(day), b = civil_of(civil_add_months(day, 12));
        ck_assert_int_eq(b.year, a.year + 1);
        ck_assert_int_eq(b.month, a.month);
        ck_assert_int_eq(b.day, a.month == 2 && a.day == 29 ? 28 : a.day);
    }
}
END_TEST

/* ---- dates in lists ---- */

static const char *const dates[] = {
    "2018-04-22",    "2018/04/22",  "2018/4/22",      "2018.4.22",     "20180422",
    "2018-4-22",     " 2018-04-22", "2018-04-22\t",   "2018年4月22日", "2018年04月22日",
    "2018年4月22号", "2018年4月22", " 20180422 \r\n",
};

START_TEST(dates_of_lists)
{
    int32_t day;

    ck_assert_msg(civil_parse(dates[_i], strlen(dates[_i]), &day) == 0, "%s", dates[_i]);
    ck_assert_int_eq(day, civil_day(2018, 4, 22));
}
END_TEST

static const char *const no_dates[] = {
    "",
    " ",
    "2018",
    "2018-04",
    "2018-04-",
    "2018-04-31",
    "2018-02-29",
    "2018-00-01",
    "2018-13-01",
    "18-04-22",
    "22-04-2018",
    "2018-04/22",
    "2018.04-22",
    "2018--4-22",
    "201804",
    "2018042",
    "201804220",
    "2018-04-22x",
    "2018-004-22",
    "2018 04 22",
    "-2018-04-22",
    "2018年4-22",
    "2018-4月22日",
    "2018年4月",
    "2018-04-22日",
    "x2018-04-22",
    "0000-01-01",
    "2018-04-222",
    "+018-04-22",
    "20180229",
    "２０１８-04-22",
    "4月22日",
};

START_TEST(no_dates_of_lists)
{
    int32_t day = 77;

    ck_assert_msg(civil_parse(no_dates[_i], strlen(no_dates[_i]), &day) == -1, "%s", no_dates[_i]);
    ck_assert_int_eq(day, 77);
}
END_TEST

START_TEST(date_is_bounded_by_its_length)
{
    int32_t day;

    ck_assert_int_eq(civil_parse("2018-04-2299", 10, &day), 0);
    ck_assert_int_eq(day, civil_day(2018, 4, 22));
    ck_assert_int_eq(civil_parse("2018-04-22", 7, &day), -1);
    ck_assert_int_eq(civil_parse("2018-04-22\0", 11, &day), -1);
}
END_TEST

START_TEST(excel_serials)
{
    ck_assert_int_eq(civil_of_excel(61), civil_day(1900, 3, 1));
    ck_assert_int_eq(civil_of_excel(60), CIVIL_NONE); /* 29 February 1900 never was */
    ck_assert_int_eq(civil_of_excel(59), CIVIL_NONE);
    ck_assert_int_eq(civil_of_excel(0), CIVIL_NONE);
    ck_assert_int_eq(civil_of_excel(-5), CIVIL_NONE);
    ck_assert_int_eq(civil_of_excel(25569), 0);
    ck_assert_int_eq(civil_of_excel(43212), civil_day(2018, 4, 22));
    ck_assert_int_eq(civil_of_excel(2958465), civil_day(9999, 12, 31));
    ck_assert_int_eq(civil_of_excel(2958466), CIVIL_NONE);
}
END_TEST

START_TEST(format_of_none)
{
    char text[11] = "x";

    ck_assert_str_eq(civil_format(CIVIL_NONE, text), "");
    ck_assert_str_eq(civil_format(0, text), "1970-01-01");
    ck_assert_str_eq(civil_format(civil_day(987, 6, 5), text), "0987-06-05");
}
END_TEST

/* ---- wall clock ---- */

START_TEST(local_day_and_minute)
{
    static const struct {
        int64_t at_ms;
        int zone;
        int32_t day;
        int minute;
    } cases[] = {
        {0, 0, 0, 0},
        {0, 480, 0, 480},
        {-1, 0, -1, 1439},
        {-1, 480, 0, 479},
        {0, -1, -1, 1439},
        {57599999, 480, 0, 1439}, /* 15:59:59.999Z */
        {57600000, 480, 1, 0},
        {59999, 0, 0, 0},
        {60000, 0, 0, 1},
        {-86400000, 0, -1, 0},
        {-86400001, 0, -2, 1439},
    };

    for (int i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(civil_local_day(cases[i].at_ms, cases[i].zone), cases[i].day);
        ck_assert_int_eq(civil_local_minute(cases[i].at_ms, cases[i].zone), cases[i].minute);
    }
    for (int zone = -720; zone <= 840; zone += 15)
        for (int32_t day = -800; day < 800; day += 7) {
            int64_t at = civil_at_ms(day, 601, zone);
            ck_assert_int_eq(civil_local_day(at, zone), day);
            ck_assert_int_eq(civil_local_minute(at, zone), 601);
            ck_assert_int_eq(civil_local_minute(at + 59999, zone), 601);
            ck_assert_int_eq(civil_local_minute(at - 1, zone), 600);
        }
}
END_TEST

static const struct {
    const char *text;
    int64_t at_ms; /* zone +08:00 where the text has none */
} instants[] = {
    {"2026-11-23T10:15:00+08:00", 1795400100000},
    {"2026-11-23T10:15:00", 1795400100000},
    {"2026-11-23 10:15:00", 1795400100000},
    {"2026-11-23T10:15", 1795400100000},
    {"2026-11-23T02:15:00Z", 1795400100000},
    {"2026-11-23T02:15Z", 1795400100000},
    {"2026-11-22T21:15:00-05:00", 1795400100000},
    {"2026-11-23T10:15:00+0800", 1795400100000},
    {"2026-11-23T10:15:00.123", 1795400100123},
    {"2026-11-23T10:15:00.1+08:00", 1795400100100},
    {"2026-11-23T10:15:00.123999", 1795400100123},
    {"2026/11/23 10:15:00", 1795400100000},
    {"2026-11-23", 1795363200000},
    {"2026-11-23T24:00", 1795449600000},
    {"2026-11-23T24:00:00", 1795449600000},
    {"1969-12-31T23:59:59Z", -1000},
};

START_TEST(instants_are_read)
{
    int64_t at;

    ck_assert_msg(civil_parse_instant(instants[_i].text, 480, &at) == 0, "%s", instants[_i].text);
    ck_assert_int_eq(at, instants[_i].at_ms);
}
END_TEST

static const char *const no_instants[] = {
    "",
    "2026-11-2",
    "2026-11-23T",
    "2026-11-23T10",
    "2026-11-23T10:",
    "2026-11-23T1:15",
    "2026-11-23T25:00",
    "2026-11-23T24:01",
    "2026-11-23T24:00:01",
    "2026-11-23T24:00:00.001",
    "2026-11-23T10:60",
    "2026-11-23T10:15:61",
    "2026-11-23T10:15:00.",
    "2026-11-23T10:15:00+8",
    "2026-11-23T10:15:00+15:00",
    "2026-11-23T10:15:00+08:60",
    "2026-11-23T10:15:00 Z",
    "2026-11-23T10:15:00ZZ",
    "2026-11-23Z",
    "2026-02-30T10:15:00",
    "2026-11-23x10:15:00",
};

START_TEST(no_instants_are_refused)
{
    int64_t at = 77;

    ck_assert_msg(civil_parse_instant(no_instants[_i], 480, &at) == -1, "%s", no_instants[_i]);
    ck_assert_int_eq(at, 77);
}
END_TEST

START_TEST(instants_round_trip)
{
    static const int zones[] = {0, 480, -300, 345, -210, 840, -720};
    char text[32];

    ck_assert_str_eq(civil_format_instant(1795400100000, 480, text), "2026-11-23T10:15:00+08:00");
    ck_assert_str_eq(civil_format_instant(1795400100999, 0, text), "2026-11-23T02:15:00+00:00");
    ck_assert_str_eq(civil_format_instant(-1, -210, text), "1969-12-31T20:29:59-03:30");
    for (int64_t at = -100000000000; at < 4000000000000; at += 99999999000)
        for (int i = 0; i < COUNT(zones); i++) {
            int64_t back;
            civil_format_instant(at, zones[i], text);
            ck_assert_int_eq(civil_parse_instant(text, 99, &back), 0);
            ck_assert_int_eq(back, at);
        }
}
END_TEST

START_TEST(minutes)
{
    static const char *const bad[] = {"",      "9",     "09",    "9:",     "09:0", "09:60",
                                      "24:01", "25:00", "-9:00", "09:00 ", "9.00", "009:00"};
    int minute = 77;

    ck_assert_int_eq(civil_parse_minute("09:00", &minute), 0);
    ck_assert_int_eq(minute, 540);
    ck_assert_int_eq(civil_parse_minute("9:05", &minute), 0);
    ck_assert_int_eq(minute, 545);
    ck_assert_int_eq(civil_parse_minute("00:00", &minute), 0);
    ck_assert_int_eq(minute, 0);
    ck_assert_int_eq(civil_parse_minute("24:00", &minute), 0);
    ck_assert_int_eq(minute, 1440);
    for (int i = 0; i < COUNT(bad); i++)
        ck_assert_msg(civil_parse_minute(bad[i], &minute) == -1, "%s", bad[i]);
    ck_assert_int_eq(minute, 1440);
}
END_TEST

START_TEST(zones)
{
    static const char *const bad[] = {"", "8", "+8", "08:00", "+08:0", "+08:00x", "+15:00", "CST"};
    int zone = 77;

    ck_assert_int_eq(civil_parse_zone("+08:00", &zone), 0);
    ck_assert_int_eq(zone, 480);
    ck_assert_int_eq(civil_parse_zone("-03:30", &zone), 0);
    ck_assert_int_eq(zone, -210);
    ck_assert_int_eq(civil_parse_zone("Z", &zone), 0);
    ck_assert_int_eq(zone, 0);
    for (int i = 0; i < COUNT(bad); i++)
        ck_assert_msg(civil_parse_zone(bad[i], &zone) == -1, "%s", bad[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("civil");
    TCase *t = tcase_create("days");

    tcase_add_test(t, every_day);
    tcase_add_test(t, days_of_the_library);
    tcase_add_test(t, days_that_are_none);
    tcase_add_test(t, months_later);
    tcase_add_loop_test(t, dates_of_lists, 0, COUNT(dates));
    tcase_add_loop_test(t, no_dates_of_lists, 0, COUNT(no_dates));
    tcase_add_test(t, date_is_bounded_by_its_length);
    tcase_add_test(t, excel_serials);
    tcase_add_test(t, format_of_none);
    suite_add_tcase(suite, t);
    t = tcase_create("instants");
    tcase_add_test(t, local_day_and_minute);
    tcase_add_loop_test(t, instants_are_read, 0, COUNT(instants));
    tcase_add_loop_test(t, no_instants_are_refused, 0, COUNT(no_instants));
    tcase_add_test(t, instants_round_trip);
    tcase_add_test(t, minutes);
    tcase_add_test(t, zones);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
