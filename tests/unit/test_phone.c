/*
 * phone: what the tables of cases do not hold: reasons, classes, several numbers, odd cells. No digits may ever come from letters.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/phone.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const struct {
    const char *cell;
    enum phone_reason reason;
    const char *number;
    enum phone_class class;
    bool repaired;
} cells[] = {
    {"13800000001", PHONE_OK, "13800000001", PHONE_BASIC, false},
    {" 13800000001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"138-0000-0001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"+86 138 0000 0001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"0086-13800000001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"013800000001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"1795113800000001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"13800000001.0", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"+86 13800000001.00", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"138.0000.0001", PHONE_OK, "13800000001", PHONE_BASIC, true},
    {"1380000000.0", PHONE_LENGTH, "", PHONE_BASIC, false}, /* ten digits: not 13800000000 */
    {"138-0000-000.0", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"1380000000.1", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"138000000.01", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"１３８００００００００１", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"１３８００００００１０", PHONE_OK, "13800000010", PHONE_BASIC, true},
    {"17000000001", PHONE_OK, "17000000001", PHONE_VIRTUAL, false},
    {"16100000001", PHONE_OK, "16100000001", PHONE_VIRTUAL, false},
    {"14700000001", PHONE_OK, "14700000001", PHONE_DATA_CARD, false},
    {"14900000001", PHONE_OK, "14900000001", PHONE_DATA_CARD, false},
    {"17400000001", PHONE_OK, "17400000001", PHONE_BASIC, false},
    {"17405000001", PHONE_OK, "17405000001", PHONE_BASIC, false},
    {"17406000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"17412000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"17420000001", PHONE_PREFIX, "", PHONE_BASIC, false},
    {"13490000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"17490000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"14600000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"14800000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"1410000000001", PHONE_NO_SMS, "", PHONE_BASIC, false},
    {"15400000001", PHONE_PREFIX, "", PHONE_BASIC, false},
    {"19400000001", PHONE_PREFIX, "", PHONE_BASIC, false},
    {"12300000001", PHONE_PREFIX, "", PHONE_BASIC, false},
    {"", PHONE_EMPTY, "", PHONE_BASIC, false},
    {"  \xE3\x80\x80", PHONE_EMPTY, "", PHONE_BASIC, false},
    {"\xE2\x80\x8B", PHONE_EMPTY, "", PHONE_BASIC, false},
    {"-", PHONE_EMPTY, "", PHONE_BASIC, false},
    {"无", PHONE_CHARS, "", PHONE_BASIC, false},
    {"159OOOOOO28", PHONE_CHARS, "", PHONE_BASIC, false}, /* keypad letters are no digits */
    {"138OOOOOOO1", PHONE_CHARS, "", PHONE_BASIC, false},
    {"l3800000001", PHONE_CHARS, "", PHONE_BASIC, false},
    {"张三13800000001", PHONE_CHARS, "", PHONE_BASIC, false},
    {"13800000001 ext 5", PHONE_CHARS, "", PHONE_BASIC, false},
    {"1380000000", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"138000000012", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"868613800000001", PHONE_LENGTH, "", PHONE_BASIC, false},
    {"1.38E+10", PHONE_SCIENTIFIC, "", PHONE_BASIC, false},
    {"1.38000E10", PHONE_SCIENTIFIC, "", PHONE_BASIC, false},
    {"13800000001/18600000003", PHONE_SEVERAL, "", PHONE_BASIC, false},
    {"13800000001 18600000003", PHONE_SEVERAL, "", PHONE_BASIC, false},
    {"13800000001，18600000003", PHONE_SEVERAL, "", PHONE_BASIC, false},
    {"13800000001、18600000003", PHONE_SEVERAL, "", PHONE_BASIC, false},
    {"13800000001\n18600000003", PHONE_SEVERAL, "", PHONE_BASIC, false},
    {"010-12345678", PHONE_LANDLINE, "", PHONE_BASIC, false},
    {"62345678", PHONE_LANDLINE, "", PHONE_BASIC, false},
    {"4000000001", PHONE_SERVICE, "", PHONE_BASIC, false},
    {"12333", PHONE_SERVICE, "", PHONE_BASIC, false},
    {"+12025550104", PHONE_FOREIGN, "", PHONE_BASIC, false},
    {"0085251234567", PHONE_FOREIGN, "", PHONE_BASIC, false},
    {"+85251234567", PHONE_FOREIGN, "", PHONE_BASIC, false},
    {"++8613800000001", PHONE_CHARS, "", PHONE_BASIC, false},
    {"138+00000001", PHONE_CHARS, "", PHONE_BASIC, false},
    {"\x80\xFF", PHONE_CHARS, "", PHONE_BASIC, false}, /* no UTF-8 at all */
};

START_TEST(parse_cell)
{
    struct phone p;
    bool ok = phone_parse(cells[_i].cell, strlen(cells[_i].cell), &p);

    ck_assert_msg(p.reason == cells[_i].reason, "%s: %s", cells[_i].cell,
                  phone_reason_name(p.reason));
    ck_assert_int_eq(ok, cells[_i].reason == PHONE_OK);
    ck_assert_str_eq(p.number, cells[_i].number);
    ck_assert_int_eq(p.class, cells[_i].class);
    ck_assert_msg(p.repaired == cells[_i].repaired, "%s", cells[_i].cell);
}
END_TEST

/* Every prefix of three digits, against the table of the numbering plan spelled out. */
START_TEST(plan)
{
    static const char basic[] =
        "130 131 132 133 134 135 136 137 138 139 150 151 152 153 155 156 157 "
        "158 159 166 172 173 174 175 176 177 178 180 181 182 183 184 185 186 "
        "187 188 189 190 191 192 193 195 196 197 198 199 ";
    static const char virtual[] = "161 162 165 167 170 171 ", data[] = "145 147 149 ";
    char number[12] = "10000000001", prefix[5] = "   ";

    for (int i = 0; i < 100; i++) {
        struct phone p;
        number[1] = prefix[1] = (char)('0' + i / 10);
        number[2] = prefix[2] = (char)('0' + i % 10);
        prefix[0] = '1';
        prefix[3] = ' ';
        phone_parse(number, 11, &p);
        if (strstr(basic, prefix) != NULL)
            ck_assert_msg(p.reason == PHONE_OK && p.class == PHONE_BASIC, "%s", number);
        else if (strstr(virtual, prefix) != NULL)
            ck_assert_msg(p.reason == PHONE_OK && p.class == PHONE_VIRTUAL, "%s", number);
        else if (strstr(data, prefix) != NULL)
            ck_assert_msg(p.reason == PHONE_OK && p.class == PHONE_DATA_CARD, "%s", number);
        else
            ck_assert_msg(p.reason != PHONE_OK && p.number[0] == '\0', "%s", number);
    }
}
END_TEST

START_TEST(long_cells)
{
    static const size_t lengths[] = {63, 64, 65, 4095, 4096, 100000};

    for (int i = 0; i < COUNT(lengths); i++) {
        char *cell = malloc(lengths[i]);
        struct phone p;
        ck_assert_ptr_nonnull(cell);
        memset(cell, '1', lengths[i]);
        ck_assert(!phone_parse(cell, lengths[i], &p));
        ck_assert_str_eq(p.number, "");
        free(cell);
    }
}
END_TEST

START_TEST(embedded_nul)
{
    struct phone p;

    ck_assert(!phone_parse("13800000001\0"
                           "18600000003",
                           23, &p));
    ck_assert(!phone_parse("1380000\0"
                           "0001",
                           12, &p));
}
END_TEST

START_TEST(reason_names)
{
    ck_assert_str_eq(phone_reason_name(PHONE_OK), "ok");
    ck_assert_str_eq(phone_reason_name(PHONE_LENGTH), "phone-length");
    ck_assert_str_eq(phone_reason_name(PHONE_SEVERAL), "phone-several");
    ck_assert_str_eq(phone_reason_name((enum phone_reason)99), "?");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("phone");
    TCase *t = tcase_create("phone");

    tcase_add_loop_test(t, parse_cell, 0, COUNT(cells));
    tcase_add_test(t, plan);
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
