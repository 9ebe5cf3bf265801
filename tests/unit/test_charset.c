/*
 * charset: what an encoding lacks, and where; limits.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/charset.h"
#include "zhanchi/crypt.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static const struct {
    const char *to, *text, *hex; /* hex NULL: what refuses it */
    const char *says;
} texts[] = {
    {"GBK", "", "", NULL},
    {"GBK", "测试A—·", "b2e2cad441a1aaa1a4", NULL},
    {"GBK", "ab€", NULL, "character 3 "},         /* code page 936 only */
    {"GBK", "你好𠮷", NULL, "character 3 "},      /* beyond the BMP */
    {"GBK", "a\U000E0041", NULL, "character 2 "}, /* glibc drops it silently */
    {"GBK", "a\xff", NULL, "character 2 "},
    {"GBK", "a\xe4\xbd", NULL, "character 2 "}, /* cut off */
    {"GB18030", "a€𠮷", "61a2e39534b235", NULL},
    {"UTF-16BE", "【A𠮷", "30100041d842dfb7", NULL},
    {"UTF-16BE", "\xed\xa0\x80", NULL, "character 1 "}, /* half a pair */
};

START_TEST(converted)
{
    struct buf out;
    struct err e;
    char hex[64];

    buf_init(&out, 100);
    buf_adds(&out, "x");
    int rc = charset_convert(texts[_i].to, texts[_i].text, strlen(texts[_i].text), &out, &e);
    ck_assert_int_eq(out.data[0], 'x');
    ck_assert_int_eq(out.data[out.len], '\0');
    if (texts[_i].hex != NULL) {
        ck_assert_int_eq(rc, 0);
        crypt_hex(out.data + 1, out.len - 1, hex);
        ck_assert_str_eq(hex, texts[_i].hex);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e.kind, ERR_DATA);
        ck_assert_msg(strstr(e.what, texts[_i].says) != NULL, "%s", e.what);
        ck_assert_uint_eq(out.len, 1);
    }
    buf_fini(&out);
}
END_TEST

START_TEST(charset_limits)
{
    struct buf out;
    struct err e;

    buf_init(&out, 3);
    ck_assert_int_eq(charset_convert("GBK", "你好", 6, &out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_uint_eq(out.len, 0);
    buf_reset(&out);
    ck_assert_int_eq(charset_convert("NO-SUCH", "a", 1, &out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_OS);
    buf_reset(&out); /* what stands behind the text does not belong to it */
    ck_assert_int_eq(charset_convert("GBK", "a\xe4\xbd\xa0", 3, &out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_ptr_null(charset_open("UTF-8", "NO-SUCH", &e));
    charset_close(NULL);
    buf_fini(&out);
}
END_TEST

static const struct {
    const char *from, *bytes;
    size_t len;
    const char *utf8; /* NULL: refused */
} decoded[] = {
    {"UTF-16BE", "\x90\x00\x8b\xa2", 4, "退订"},
    {"UTF-16BE", "\0T\0D", 4, "TD"},
    {"UTF-16BE", "\xd8\x40\xdc\x0b", 4, "𠀋"},
    {"GB18030", "\xcd\xcb", 2, "退"},
    {"UTF-8", "退", 3, "退"},
    {"UTF-16BE", "", 0, ""},
    {"UTF-16BE", "\x90", 1, NULL},
    {"UTF-16BE", "\xd8\x40\0T", 4, NULL},
    {"NO-SUCH", "a", 1, NULL},
    {"GBK//TRANSLIT", "a", 1, NULL},
    {"", "a", 1, NULL},
};

START_TEST(decoding)
{
    struct buf out;
    struct err e;

    buf_init(&out, 100);
    buf_adds(&out, "x");
    int rc = charset_decode(decoded[_i].from, decoded[_i].bytes, decoded[_i].len, &out, &e);
    ck_assert_int_eq(rc, decoded[_i].utf8 ? 0 : -1);
    if (rc != 0)
        ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_str_eq(buf_cstr(&out) + 1, decoded[_i].utf8 ? decoded[_i].utf8 : "");
    buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("charset");
    TCase *t = tcase_create("texts");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(t, converted, 0, COUNT(texts));
    tcase_add_test(t, charset_limits);
    tcase_add_loop_test(t, decoding, 0, COUNT(decoded));
    suite_add_tcase(suite, t);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
