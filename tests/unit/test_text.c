/*
 * segments at their borders, masks (never more than allowed), words of refusal.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/mask.h"
#include "zhanchi/optword.h"
#include "zhanchi/segment.h"
#include "zhanchi/utf8.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

/* ---- segments ---- */

static const struct {
    const char *unit; /* repeated */
    size_t times;
    const char *tail;
    enum segment_mode mode;
    bool gsm7;
    size_t units, parts;
    uint32_t forces;
} borders[] = {
    {"", 0, "", SEGMENT_MAINLAND, false, 0, 0, 0},
    {"", 0, "", SEGMENT_GSM, true, 0, 0, 0},
    {"a", 70, "", SEGMENT_MAINLAND, false, 70, 1, 0},
    {"a", 71, "", SEGMENT_MAINLAND, false, 71, 2, 0},
    {"a", 134, "", SEGMENT_MAINLAND, false, 134, 2, 0},
    {"a", 135, "", SEGMENT_MAINLAND, false, 135, 3, 0},
    {"汉", 70, "", SEGMENT_MAINLAND, false, 70, 1, 0x6C49},
    {"汉", 71, "", SEGMENT_MAINLAND, false, 71, 2, 0x6C49},
    {"a", 160, "", SEGMENT_GSM, true, 160, 1, 0},
    {"a", 161, "", SEGMENT_GSM, true, 161, 2, 0},
    {"a", 306, "", SEGMENT_GSM, true, 306, 2, 0},
    {"a", 307, "", SEGMENT_GSM, true, 307, 3, 0},
    {"a", 158, "€", SEGMENT_GSM, true, 160, 1, 0},
    {"a", 159, "€", SEGMENT_GSM, true, 161, 2, 0},
    {"a", 69, "`", SEGMENT_GSM, false, 70, 1, '`'},
    {"汉", 68, "😀", SEGMENT_GSM, false, 70, 1, 0x6C49},
    {"汉", 69, "😀", SEGMENT_GSM, false, 71, 2, 0x6C49},
    {"😀", 67, "", SEGMENT_MAINLAND, false, 134, 3, 0x1F600}, /* plain division says 2 */
};

START_TEST(segment_border)
{
    struct buf text;
    struct segments s;

    buf_init(&text, 4096);
    for (size_t i = 0; i < borders[_i].times; i++)
        buf_adds(&text, borders[_i].unit);
    buf_adds(&text, borders[_i].tail);
    segment_count(buf_cstr(&text), text.len, borders[_i].mode, &s, NULL, 0);
    ck_assert_int_eq(s.gsm7, borders[_i].gsm7);
    ck_assert_uint_eq(s.units, borders[_i].units);
    ck_assert_uint_eq(s.parts, borders[_i].parts);
    ck_assert_uint_eq(s.forces_ucs2, borders[_i].forces);
    buf_fini(&text);
}
END_TEST

START_TEST(part_units_are_capped)
{
    uint16_t units[3] = {0, 0, 9};
    struct segments s;
    char text[300];

    memset(text, 'a', sizeof text);
    segment_count(text, sizeof text, SEGMENT_MAINLAND, &s, units, 2);
    ck_assert_uint_eq(s.parts, 5);
    ck_assert_uint_eq(units[0], 67);
    ck_assert_uint_eq(units[1], 67);
    ck_assert_uint_eq(units[2], 9); /* beyond cap: untouched */
}
END_TEST

static const struct {
    const char *text;
    enum segment_dear what;
    bool gsm7;
    size_t n;
    struct segment_char c[3];
} dears[] = {
    {"", SEGMENT_FORCING, true, 0, {{0, 0, 0}}},
    {"abc", SEGMENT_FORCING, true, 0, {{0, 0, 0}}},
    {"a`b张`", SEGMENT_FORCING, false, 2, {{'`', 2, 2}, {0x5F20, 1, 4}}},
    {"a€[€", SEGMENT_DOUBLE, true, 2, {{0x20AC, 2, 2}, {'[', 1, 3}}},
    {"a€[€", SEGMENT_DOUBLE, false, 0, {{0, 0, 0}}},
    {"张𠮷😀𠮷", SEGMENT_DOUBLE, false, 2, {{0x20BB7, 2, 2}, {0x1F600, 1, 3}}},
    {"一二三四一", SEGMENT_FORCING, false, 3, {{0x4E00, 2, 1}, {0x4E8C, 1, 2}, {0x4E09, 1, 3}}},
};

START_TEST(what_makes_it_dear)
{
    struct segment_char got[3];

    size_t n = segment_dear(dears[_i].text, strlen(dears[_i].text), dears[_i].what, dears[_i].gsm7,
                            got, 3);
    ck_assert_uint_eq(n, dears[_i].n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(got[i].cp, dears[_i].c[i].cp);
        ck_assert_uint_eq(got[i].times, dears[_i].c[i].times);
        ck_assert_uint_eq(got[i].at, dears[_i].c[i].at);
    }
}
END_TEST

/* ---- masks ---- */

typedef void mask_fn(const char *, size_t, char[MASK_MAX]);

static const struct {
    mask_fn *mask;
    const char *in, *out;
} masks[] = {
    {mask_phone, "13800000001", "138****0001"},
    {mask_phone, "", ""},
    {mask_phone, "1380000000", "13********"},
    {mask_phone, "138000000012", "138*********"},
    {mask_phone, "+8613800000001", "+86***********"},
    {mask_phone, "138OOOOOOO1", "13*********"},
    {mask_citizen, "11010519491231002X", "110105********002X"},
    {mask_citizen, "110105010101001", "110105*****1001"},
    {mask_citizen, "11010519491231002", "110**************"},
    {mask_citizen, "E12345678", "E1*******"},
    {mask_citizen, "", ""},
    {mask_name, "张三", "张*"},
    {mask_name, "张小三", "张**"},
    {mask_name, "欧阳明日香", "欧**"},
    {mask_name, "张", "*"},
    {mask_name, "", ""},
    {mask_name, "𠮷野家", "𠮷**"},
    {mask_name, "John Smith", "J**"},
    {mask_cell, "", ""},
    {mask_cell, "abc", "***"},
    {mask_cell, "abcd", "a***"},
    {mask_cell, "12345678", "12******"},
    {mask_cell, "湖南省长沙市芙蓉区五一大道一号", "湖南省************"},
    {mask_cell, "a\nbcdefgh", "a?*******"},
    {mask_cell,
     "\xE2\x80\xAE"
     "evil!!!",
     "?e******"}, /* would turn the line around */
    {mask_cell, "\x1B[31mred....", "?[3*********"},
    {mask_cell,
     "\xFF\xFE"
     "12345678",
     "**********"},
};

START_TEST(masked)
{
    char out[MASK_MAX];

    memset(out, 'x', sizeof out);
    masks[_i].mask(masks[_i].in, strlen(masks[_i].in), out);
    ck_assert_str_eq(out, masks[_i].out);
}
END_TEST

static const struct {
    const char *in, *address, *out;
    size_t cap;
} answers[] = {
    {"{\"to\":\"13812340001\",\"msg\":\"成功\"}", "13812340001",
     "{\"to\":\"138****0001\",\"msg\":\"成功\"}", 501},
    {"8613812340001,13812340001.", "13812340001", "86138****0001,138****0001.", 501},
    {"RCPT <LI@x.cn> no", "li@x.cn", "RCPT <l***@x.cn> no", 501},
    {"\x1B[2J\r\n\x07\x7F", "", "\\x1B[2J\\x0D\\x0A\\x07\\x7F", 501},
    {"\xC2\x9B"
     "31m\xE2\x80\xAE"
     "x\xFF\xE6\x88",
     "", "\\xC2\\x9B31m\\xE2\\x80\\xAEx\\xFF\\xE6\\x88", 501},
    {"成功", "1", "成", 6}, /* whole characters, and no half of a number */
    {"ab13812340001", "13812340001", "ab", 8},
    {"ab\x01", "", "ab", 6},
    {"", "", "", 1},
};

START_TEST(what_others_say)
{
    char *out = malloc(answers[_i].cap);

    mask_answer(answers[_i].in, strlen(answers[_i].in), answers[_i].address, out, answers[_i].cap);
    ck_assert_str_eq(out, answers[_i].out);
    free(out);
}
END_TEST

static size_t shown(const char *out)
{
    size_t n = 0;

    for (; *out != '\0'; out++)
        n += *out != '*' && ((unsigned char)*out & 0xC0) != 0x80 ? 1u : 0u;
    return n;
}

/* Of any cell of any length: at most a quarter and at most three characters; a name shows one and never the whole. */
START_TEST(never_more_than_allowed)
{
    static const char *const units[] = {"1", "汉", "𠮷", "\xFF"};
    char out[MASK_MAX];
    struct buf cell;

    for (int u = 0; u < COUNT(units); u++) {
        buf_init(&cell, 4096);
        for (size_t n = 1; n <= 200; n++) {
            buf_adds(&cell, units[u]);
            mask_cell(cell.data, cell.len, out);
            ck_assert_uint_le(shown(out), n / 4 < 3 ? n / 4 : 3);
            ck_assert_uint_lt(strlen(out), MASK_MAX);
            mask_name(cell.data, cell.len, out);
            ck_assert_uint_le(shown(out), n > 1 ? 1 : 0);
            mask_phone(cell.data, cell.len, out);
            ck_assert_uint_le(shown(out), n == 11 ? 7 : 3);
            mask_citizen(cell.data, cell.len, out);
            ck_assert_uint_le(shown(out), n == 18 || n == 15 ? 10 : 3);
            ck_assert_uint_lt(strlen(out), MASK_MAX);
        }
        buf_fini(&cell);
    }
}
END_TEST

/* ---- refusals ---- */

static const struct {
    const char *reply;
    bool refusal;
} replies[] = {
    {"R", true},
    {"r", true},
    {"T", true},
    {"TD", true},
    {"td", true},
    {" Ｔd。", true},
    {"“Ｒ”", true},
    {"N", true},
    {"QX", true},
    {"0000", true},
    {"00000", true},
    {"０００００", true},
    {"退订", true},
    {"退 订！", true},
    {"【退订】", true},
    {"T退订", true},
    {"TD退订", true},
    {"退订T", true},
    {"退订TD", true},
    {"退订 R", true},
    {"拒收", true},
    {"取消订阅", true},
    {"取消", true},
    {"R\n", true},
    {"\xE2\x80\x8BR", true},
    {"", false},
    {"。", false},
    {"   ", false},
    {"T恤", false},
    {"不退订", false},
    {"取消退订", false},
    {"退订吗", false},
    {"RR", false},
    {"TT", false},
    {"No", false},
    {"000", false},
    {"000000", false},
    {"收到", false},
    {"好的，谢谢", false},
    {"退订不了怎么办", false},
    {"怎么申请技能提升补贴？我去年拿的证", false},
    {"\xFF", false},
    {"T\xFF", false},
};

START_TEST(refusal)
{
    ck_assert_msg(optword_match(replies[_i].reply, strlen(replies[_i].reply), NULL) ==
                      replies[_i].refusal,
                  "%s", replies[_i].reply);
}
END_TEST

START_TEST(refusal_of_the_configuration)
{
    static const char *const extra[] = {"ENOUGH", "不要再发", NULL};
    char much[200];

    ck_assert(optword_match("enough", 6, extra));
    ck_assert(optword_match("不要再发！", strlen("不要再发！"), extra));
    ck_assert(!optword_match("enough", 6, NULL));
    ck_assert(!optword_match("enoughs", 7, extra));
    ck_assert(optword_match("R", 1, extra));
    memset(much, ' ', sizeof much);
    much[0] = 'R';
    ck_assert(!optword_match(much, sizeof much, extra));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");

    tcase_add_loop_test(t, segment_border, 0, COUNT(borders));
    tcase_add_test(t, part_units_are_capped);
    tcase_add_loop_test(t, what_makes_it_dear, 0, COUNT(dears));
    tcase_add_loop_test(t, masked, 0, COUNT(masks));
    tcase_add_loop_test(t, what_others_say, 0, (int)(sizeof answers / sizeof answers[0]));
    tcase_add_test(t, never_more_than_allowed);
    tcase_add_loop_test(t, refusal, 0, COUNT(replies));
    tcase_add_test(t, refusal_of_the_configuration);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
