/*
 * utf8 and names: validation by the Unicode standard's table 3-7, folding of cells, keys of names.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/utf8.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const struct {
    const char *bytes;
    size_t len;
    bool valid;
    size_t bad;
} validity[] = {
    {"", 0, true, 0},
    {"abc", 3, true, 0},
    {"a\0b", 3, true, 0},
    {"\xC2\x80", 2, true, 0},
    {"\xDF\xBF", 2, true, 0},
    {"\xE0\xA0\x80", 3, true, 0},
    {"\xED\x9F\xBF", 3, true, 0},
    {"\xEE\x80\x80", 3, true, 0},
    {"\xF0\x90\x80\x80", 4, true, 0},
    {"\xF4\x8F\xBF\xBF", 4, true, 0},
    {"\x80", 1, false, 0},             /* lone continuation */
    {"ab\xC0\x80", 4, false, 2},       /* overlong NUL */
    {"\xC1\xBF", 2, false, 0},         /* overlong */
    {"\xE0\x9F\xBF", 3, false, 0},     /* overlong */
    {"\xED\xA0\x80", 3, false, 0},     /* surrogate */
    {"\xED\xBF\xBF", 3, false, 0},     /* surrogate */
    {"\xF0\x8F\xBF\xBF", 4, false, 0}, /* overlong */
    {"\xF4\x90\x80\x80", 4, false, 0}, /* above U+10FFFF */
    {"\xF5\x80\x80\x80", 4, false, 0},
    {"\xFF", 1, false, 0},
    {"x\xE5\xBC", 3, false, 1}, /* cut */
    {"\xE5\xBC"
     "a",
     3, false, 0},
    {"\xF0\x9F\x98", 3, false, 0},
};

START_TEST(valid)
{
    size_t bad = 999;

    ck_assert_int_eq(utf8_valid(validity[_i].bytes, validity[_i].len, &bad), validity[_i].valid);
    ck_assert_uint_eq(bad, validity[_i].valid ? 999 : validity[_i].bad);
    utf8_valid(validity[_i].bytes, validity[_i].len, NULL);
}
END_TEST

START_TEST(round_trip)
{
    static const uint32_t around[] = {0x00,   0x7F,   0x80,    0x7FF,   0x800,
                                      0xFFFF, 0xD7FF, 0x10000, 0x20BB7, 0x10FFFF};
    char bytes[4];

    for (int k = 0; k < COUNT(around); k++) {
        size_t i = 0, n = (size_t)utf8_put(bytes, around[k]);
        ck_assert(utf8_valid(bytes, n, NULL));
        ck_assert_uint_eq(utf8_next(bytes, n, &i), around[k]);
        ck_assert_uint_eq(i, n);
        ck_assert_uint_eq(utf8_count(bytes, n), 1);
        ck_assert_uint_eq(utf8_utf16_units(bytes, n), around[k] > 0xFFFF ? 2 : 1);
    }
}
END_TEST

/* Whatever the bytes, reading ends and never passes the end (the sanitizers watch). */
START_TEST(never_beyond_the_end)
{
    for (unsigned first = 0; first < 256; first++)
        for (size_t len = 1; len <= 4; len++) {
            char *exact = malloc(len);
            ck_assert_ptr_nonnull(exact);
            memset(exact, (int)first, len);
            size_t i = 0, steps = 0;
            while (i < len) {
                utf8_next(exact, len, &i);
                ck_assert_uint_le(++steps, len);
            }
            ck_assert_uint_eq(i, len);
            free(exact);
        }
}
END_TEST

static const struct {
    const char *in, *out;
} folds[] = {
    {"", ""},
    {"   \xE3\x80\x80\t ", ""},
    {"\xE2\x80\x8B\xEF\xBB\xBF", ""},
    {"１３８ａＺ－＋", "138aZ-+"},
    {" \xC2\xA0x y\xE3\x80\x80", "x y"},
    {"a\xE3\x80\x80"
     "b",
     "a b"},
    {"\xE2\x80\xAD"
     "138\xE2\x80\xAC",
     "138"}, /* copied from chat */
    {"13\xE2\x80\x8B"
     "8",
     "138"},
    {"\xC2\xAD"
     "1\xE2\x81\xA0"
     "2",
     "12"},
    {"张\n三\n", "张\n三"},
    {"｡￥", "｡￥"}, /* only the forms of ASCII are folded */
};

START_TEST(folding)
{
    const char *in = folds[_i].in;
    struct buf b;

    buf_init(&b, 256);
    buf_adds(&b, "before ");
    bool differs = utf8_fold(in, strlen(in), &b);
    ck_assert_str_eq(buf_cstr(&b) + strlen("before "), folds[_i].out);
    ck_assert_uint_eq(b.len, strlen("before ") + strlen(folds[_i].out));
    ck_assert_int_eq(differs, strcmp(in, folds[_i].out) != 0);
    buf_fini(&b);
}
END_TEST

START_TEST(folding_past_the_maximum)
{
    struct buf b;

    buf_init(&b, 4);
    utf8_fold("12345", 5, &b);
    ck_assert(b.failed);
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *in, *out;
    int rc;
} names[] = {
    {"张三", "张三", 0},
    {"  张三\xE3\x80\x80\n", "张三", 0},
    {"张\xE3\x80\x80三", "张三", 0},
    {"张  三", "张三", 0},
    {"欧阳 明 明", "欧阳明明", 0},
    {"\xEF\xBB\xBF张\xE2\x80\x8B三", "张三", 0},
    {"阿不都\xE2\x80\xA2热合曼", "阿不都·热合曼", 0},
    {"阿不都\xE3\x83\xBB热合曼", "阿不都·热合曼", 0},
    {"阿不都\xE2\x80\xA7热合曼", "阿不都·热合曼", 0},
    {"阿不都\xE2\x88\x99热合曼", "阿不都·热合曼", 0},
    {"阿不都．热合曼", "阿不都·热合曼", 0},
    {"阿不都\xEF\xBD\xA5热合曼", "阿不都·热合曼", 0},
    {"阿不都·热合曼", "阿不都·热合曼", 0},
    {"John  Smith", "John Smith", 0},
    {"Ren\x65\xCC\x81", "Ren\xC3\xA9", 0}, /* NFC */
    {"𠮷野", "𠮷野", 0},                   /* beyond the BMP */
    {"䶮", "䶮", 0},
    {"", "", -1},
    {" \xE2\x80\x8B ", "", -1},
    {"张?", "张?", 1},
    {"张？", "张？", 1},
    {"张\xEF\xBF\xBD", "张\xEF\xBF\xBD", 1},
    {"张\xEE\x80\x80", "张\xEE\x80\x80", 1}, /* U+E000 */
    {"张\x01三", "张\x01三", 1},
    {"Li\nWang", "Li Wang", 1}, /* two names in a cell */
    {"Li \n Wang", "Li Wang", 1},
    {"张\xED\xA0\x80", "", -1},
    {"\x80", "", -1},
};

START_TEST(name)
{
    struct buf b;

    buf_init(&b, 512);
    ck_assert_int_eq(utf8_name(names[_i].in, strlen(names[_i].in), &b), names[_i].rc);
    ck_assert_str_eq(buf_cstr(&b), names[_i].out);
    buf_fini(&b);
}
END_TEST

START_TEST(name_lengths)
{
    static const struct {
        size_t han;
        int rc;
    } lengths[] = {{50, 0}, {66, 0}, {67, -1}, {1000, -1}, {3000, -1}};
    char cell[9000];
    struct buf b;

    for (int i = 0; i < COUNT(lengths); i++) {
        for (size_t k = 0; k < lengths[i].han; k++)
            memcpy(cell + 3 * k, "汉", 3);
        buf_init(&b, 512);
        ck_assert_int_eq(utf8_name(cell, 3 * lengths[i].han, &b), lengths[i].rc);
        ck_assert_uint_eq(b.len, lengths[i].rc == 0 ? 3 * lengths[i].han : 0);
        buf_fini(&b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("utf8");
    TCase *t = tcase_create("utf8");

    tcase_add_loop_test(t, valid, 0, COUNT(validity));
    tcase_add_test(t, round_trip);
    tcase_add_test(t, never_beyond_the_end);
    tcase_add_loop_test(t, folding, 0, COUNT(folds));
    tcase_add_test(t, folding_past_the_maximum);
    tcase_add_loop_test(t, name, 0, COUNT(names));
    tcase_add_test(t, name_lengths);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
