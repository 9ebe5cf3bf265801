/*
 * citizen: the order of reasons, the 15-digit form and what may stand for X. Numbers: the standard's printed examples, births before 1906, or
 * sequence 000.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/citizen.h"
#include "zhanchi/civil.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const struct {
    const char *cell;
    enum citizen_reason reason;
    const char *upgraded, *birth;
    char sex;
    enum citizen_kind kind;
    bool repaired;
} cells[] = {
    {"11010519491231002X", CITIZEN_OK, "11010519491231002X", "1949-12-31", 'F', CITIZEN_18, false},
    {"11010519491231002x", CITIZEN_OK, "11010519491231002X", "1949-12-31", 'F', CITIZEN_18, true},
    {"'11010519491231002X", CITIZEN_OK, "11010519491231002X", "1949-12-31", 'F', CITIZEN_18, true},
    {"=\"11010519491231002X\"", CITIZEN_OK, "11010519491231002X", "1949-12-31", 'F', CITIZEN_18,
     true},
    {"440524188001010014", CITIZEN_OK, "440524188001010014", "1880-01-01", 'M', CITIZEN_18, false},
    {"440000200002290004", CITIZEN_OK, "440000200002290004", "2000-02-29", 'F', CITIZEN_18, false},
    {"810000190203040012", CITIZEN_OK, "810000190203040012", "1902-03-04", 'M', CITIZEN_RESIDENCE,
     false},
    {"110105010101001", CITIZEN_OK, "110105190101010017", "1901-01-01", 'M', CITIZEN_15, false},
    {"110105990101998", CITIZEN_OK, "110105189901019986", "1899-01-01", 'F', CITIZEN_15, false},
    {"110105990101996", CITIZEN_OK, "11010518990101996X", "1899-01-01", 'F', CITIZEN_15, false},
    {"110105010101995", CITIZEN_OK, "110105190101019951", "1901-01-01", 'M', CITIZEN_15, false},
    {"110105 010101 001", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
    {"", CITIZEN_EMPTY, "", "", 0, CITIZEN_18, false},
    {" \xE3\x80\x80", CITIZEN_EMPTY, "", "", 0, CITIZEN_18, false},
    {"-", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
    {"无", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
    {"11010519491231002", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
    {"11010519491231002XX", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
    {"11010519491231X02X", CITIZEN_CHARSET, "", "", 0, CITIZEN_18, false},
    {"110105********002X", CITIZEN_CHARSET, "", "", 0, CITIZEN_18, false},
    {"11010519490230002X", CITIZEN_DATE, "", "", 0, CITIZEN_18, false},
    {"110105205012310025", CITIZEN_DATE, "", "", 0, CITIZEN_18, false},
    {"110105194912310021", CITIZEN_CHECK, "", "", 0, CITIZEN_18, false},
    {"110105094912310020", CITIZEN_CHECK, "", "", 0, CITIZEN_18, false},
    {"110105094912310021", CITIZEN_DATE, "", "", 0, CITIZEN_18,
     false}, /* the check fits, the year cannot */
    {"990101190101010015", CITIZEN_REGION, "", "", 0, CITIZEN_18, false},
    {"510107190402291000", CITIZEN_DAMAGED, "", "", 0, CITIZEN_18, false},
    {"1.10105E+17", CITIZEN_DAMAGED, "", "", 0, CITIZEN_18, false},
    {"510107190402291200.0", CITIZEN_DAMAGED, "", "", 0, CITIZEN_18, false},
    {"E12345678", CITIZEN_OTHER, "", "", 0, CITIZEN_18, false},
    {"91110000MA00000001", CITIZEN_OTHER, "", "", 0, CITIZEN_18, false},
    {"\xFF\x80", CITIZEN_LENGTH, "", "", 0, CITIZEN_18, false},
};

START_TEST(parse_cell)
{
    struct citizen c;
    char birth[11];
    bool ok = citizen_parse(cells[_i].cell, strlen(cells[_i].cell), &c);

    ck_assert_msg(c.reason == cells[_i].reason, "%s: %s", cells[_i].cell,
                  citizen_reason_name(c.reason));
    ck_assert_int_eq(ok, cells[_i].reason == CITIZEN_OK);
    ck_assert_str_eq(c.upgraded, cells[_i].upgraded);
    ck_assert_str_eq(civil_format(c.birth_day, birth), cells[_i].birth);
    ck_assert_int_eq(c.sex, cells[_i].sex);
    ck_assert_int_eq(c.repaired, cells[_i].repaired);
    if (ok)
        ck_assert_int_eq(c.kind, cells[_i].kind);
    else
        ck_assert_str_eq(c.number, "");
}
END_TEST

/* A wrong digit or two neighbours exchanged never pass: the promise of MOD 11-2. */
START_TEST(one_slip)
{
    static const char good[] = "11010519491231002X";
    struct citizen c;

    for (int i = 0; i < 17; i++) {
        char id[19];
        for (char d = '0'; d <= '9'; d++) {
            memcpy(id, good, sizeof id);
            id[i] = d;
            ck_assert_int_eq(citizen_parse(id, 18, &c), d == good[i]);
        }
        memcpy(id, good, sizeof id);
        id[i] = good[i + 1];
        id[i + 1] = good[i];
        ck_assert_int_eq(citizen_parse(id, 18, &c), good[i] == good[i + 1]);
    }
}
END_TEST

START_TEST(long_cells)
{
    static const size_t lengths[] = {63, 64, 4096, 100000};

    for (int i = 0; i < COUNT(lengths); i++) {
        char *cell = malloc(lengths[i]);
        struct citizen c;
        ck_assert_ptr_nonnull(cell);
        memset(cell, '1', lengths[i]);
        ck_assert(!citizen_parse(cell, lengths[i], &c));
        ck_assert_int_eq(c.reason, CITIZEN_LENGTH);
        free(cell);
    }
}
END_TEST

START_TEST(embedded_nul)
{
    struct citizen c;

    ck_assert(!citizen_parse("11010519491231002\0", 18, &c));
    ck_assert(!citizen_parse("11010519491231002X\0", 19, &c));
}
END_TEST

START_TEST(reason_names)
{
    ck_assert_str_eq(citizen_reason_name(CITIZEN_CHECK), "id-check");
    ck_assert_str_eq(citizen_reason_name(CITIZEN_OTHER), "id-other-document");
    ck_assert_str_eq(citizen_reason_name((enum citizen_reason)99), "?");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("citizen");
    TCase *t = tcase_create("citizen");

    tcase_add_loop_test(t, parse_cell, 0, COUNT(cells));
    tcase_add_test(t, one_slip);
    tcase_add_test(t, long_cells);
    tcase_add_test(t, embedded_nul);
    tcase_add_test(t, reason_names);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
