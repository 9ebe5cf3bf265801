/*
 * json: what is JSON and what is not, pointers, numbers as text however large, and a writer whose output reads back.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "zhanchi/json_flat.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static struct json *parse(const char *text)
{
    struct err e;
    struct json *j = json_parse(text, strlen(text), &e);

    ck_assert_msg(j != NULL, "%s: %s", text, e.what);
    return j;
}

/* ---- parsing ---- */

static const char *const good[] = {
    "null",
    "true",
    " false ",
    "0",
    "-0",
    "-1.5e+3",
    "\"\"",
    "[]",
    "{}",
    "[[[]]]",
    "{\"\":0}",
    "[1,2,3]",
    "\"\\u5c55\\u7fc5\"",
    "\"\xE5\xB1\x95\"",
    "\"\\ud83d\\ude00\"",
    "9223372036854775807",
    "-9223372036854775808",
};

START_TEST(json_that_is)
{
    json_free(parse(good[_i]));
}
END_TEST

static const struct {
    const char *text, *complaint;
} bad[] = {
    {"", "JSON that is cut off"},
    {"  ", "JSON that is cut off"},
    {"{\"a\":1", "JSON that is cut off"},
    {"[1,]", "not valid JSON"},
    {"{\"a\":1,}", "not valid JSON"},
    {"{a:1}", "not valid JSON"},
    {"{'a':1}", "not valid JSON"},
    {"[1] 2", "not valid JSON"},
    {"01", "not valid JSON"},
    {"+1", "not valid JSON"},
    {".5", "not valid JSON"},
    {"1.", "not valid JSON"},
    {"NaN", "not valid JSON"},
    {"Infinity", "not valid JSON"},
    {"tru", "not valid JSON"},
    {"// x\n1", "not valid JSON"},
    {"\"\n\"", "not valid JSON"},
    {"\"\\x41\"", "not valid JSON"},
    {"\"\\ud83d\"", "not valid JSON"},
    {"0012345678901234567890", "not valid JSON"},
    {"1-2345678901234567890123", "JSON with a number that is too large"},
    {"--12345678901234567890", "not valid JSON"},
    {"{\"a\":1,\"b\":2,\"a\":3}", "JSON with the same key twice"},
    {"\"a\\u0000b\"", "JSON with a NUL character in a string"},
    {"{\"a\\u0000b\":1}", "JSON with a NUL character in a string"},
    {"\"\xFF\"", "JSON that is not UTF-8"},
    {"\"\xC0\x80\"", "JSON that is not UTF-8"},
    {"1e999", "JSON with a number that is too large"},
    {"-1e999", "JSON with a number that is too large"},
};

START_TEST(json_that_is_not)
{
    struct err e = {0};
    size_t n = strlen(bad[_i].complaint);

    ck_assert_ptr_null(json_parse(bad[_i].text, strlen(bad[_i].text), &e));
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strncmp(e.what, bad[_i].complaint, n) == 0, "%s: %s", bad[_i].text, e.what);
    ck_assert_msg(strncmp(e.what + n, " at line ", 9) == 0, "%s", e.what);
}
END_TEST

START_TEST(errors_name_the_place_and_quote_nothing)
{
    static const char text[] = "{\n  \"phone\": \"13800000001\",\n  \"name\" 13800000002\n}";
    struct err e;

    ck_assert_ptr_null(json_parse(text, strlen(text), &e));
    ck_assert_ptr_nonnull(strstr(e.what, "line 3"));
    ck_assert_ptr_null(strstr(e.what, "138"));
    ck_assert_ptr_null(strstr(e.what, "name"));
}
END_TEST

START_TEST(nested_too_deeply)
{
    size_t depth = 100000;
    char *text = malloc(depth);
    struct err e;

    memset(text, '[', depth);
    ck_assert_ptr_null(json_parse(text, depth, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "nested too deeply"));
    free(text);
}
END_TEST

/* A NUL byte outside strings, and a length that ends before the text does. */
START_TEST(bounded_by_its_length)
{
    struct err e;
    struct json *j = json_parse("12345", 3, &e);
    char tmp[40];

    ck_assert_str_eq(json_text(j, tmp), "123");
    json_free(j);
    ck_assert_ptr_null(json_parse("1\0", 2, &e));
    ck_assert_ptr_null(json_parse("[1\0]", 4, &e));
    /* A big number at the very end of what is ours. */
    j = json_parse("[123456789012345678901234567890]12", 32, &e);
    ck_assert_ptr_nonnull(j);
    ck_assert_str_eq(json_text(json_item(j, 0), tmp), "123456789012345678901234567890");
    json_free(j);
}
END_TEST

/* ---- numbers ---- */

static const struct {
    const char *text, *shown;
    enum json_type type;
} numbers[] = {
    {"0", "0", J_NUMBER},
    {"-1", "-1", J_NUMBER},
    {"9007199254740993", "9007199254740993", J_NUMBER}, /* 2^53 + 1 */
    {"9223372036854775807", "9223372036854775807", J_NUMBER},
    {"-9223372036854775808", "-9223372036854775808", J_NUMBER},
    {"9223372036854775808", "9223372036854775808", J_STRING}, /* 2^63: seen from a provider */
    {"-9223372036854775809", "-9223372036854775809", J_STRING},
    {"18446744073709551616", "18446744073709551616", J_STRING},
    {"99999999999999999999999999999999999999999999999999",
     "99999999999999999999999999999999999999999999999999", J_STRING},
    {"1.1", "1.1", J_NUMBER},
    {"0.1", "0.1", J_NUMBER},
    {"1e2", "100", J_NUMBER},
    {"-2.50", "-2.5", J_NUMBER},
    {"3.141592653589793", "3.141592653589793", J_NUMBER},
    {"12345678901234567890123.5", "1.2345678901234568e+22", J_NUMBER},
};

START_TEST(numbers_keep_their_text)
{
    char tmp[40], text[200];
    struct json *j = parse(numbers[_i].text);

    ck_assert_str_eq(json_text(j, tmp), numbers[_i].shown);
    ck_assert_int_eq(json_type_of(j), numbers[_i].type);
    json_free(j);
    snprintf(text, sizeof text, "{\"12345678901234567890\":[\"\\\"98765432109876543210\",%s,%s]}",
             numbers[_i].text, numbers[_i].text);
    j = parse(text);
    ck_assert_str_eq(json_text(json_at(j, "/12345678901234567890/0"), tmp),
                     "\"98765432109876543210");
    ck_assert_str_eq(json_text(json_at(j, "/12345678901234567890/1"), tmp), numbers[_i].shown);
    ck_assert_str_eq(json_text(json_at(j, "/12345678901234567890/2"), tmp), numbers[_i].shown);
    json_free(j);
}
END_TEST

/* ---- looking ---- */

START_TEST(pointers_of_the_rfc)
{
    static const char text[] =
        "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
        "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}";
    static const struct {
        const char *pointer, *value;
    } cases[] = {{"/foo/0", "bar"}, {"/foo/1", "baz"}, {"/", "0"},    {"/a~1b", "1"},
                 {"/c%d", "2"},     {"/e^f", "3"},     {"/g|h", "4"}, {"/i\\j", "5"},
                 {"/k\"l", "6"},    {"/ ", "7"},       {"/m~0n", "8"}};
    static const char *const none[] = {"foo",
                                       "/bar",
                                       "/foo/2",
                                       "/foo/-",
                                       "/foo/00",
                                       "/foo/01",
                                       "/foo/",
                                       "/foo/0x",
                                       "/foo/+1",
                                       "/foo/0/x",
                                       "/foo/18446744073709551617",
                                       "/m~n/x",
                                       "//"};
    struct json *j = parse(text);
    char tmp[40];

    ck_assert_ptr_eq(json_at(j, ""), j);
    ck_assert_uint_eq(json_count(json_at(j, "/foo")), 2);
    for (int i = 0; i < COUNT(cases); i++)
        ck_assert_str_eq(json_text(json_at(j, cases[i].pointer), tmp), cases[i].value);
    for (int i = 0; i < COUNT(none); i++)
        ck_assert_msg(json_at(j, none[i]) == NULL, "%s", none[i]);
    ck_assert_ptr_null(json_at(NULL, ""));
    char longer[400];
    memset(longer, 'a', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    ck_assert_ptr_null(json_at(j, longer));
    json_free(j);
}
END_TEST

START_TEST(members_in_order)
{
    static const char *const keys[] = {"z", "a", "m", "\xE5\xB1\x95", "0"};
    struct json *j = parse("{\"z\":1,\"a\":2,\"m\":3,\"\xE5\xB1\x95\":4,\"0\":5}");
    void *iter = NULL;
    const char *key;
    const struct json *value;
    char tmp[40];
    int n = 0;

    while (json_each(j, &iter, &key, &value)) {
        ck_assert_str_eq(key, keys[n]);
        ck_assert_int_eq(atoi(json_text(value, tmp)), ++n);
    }
    ck_assert_int_eq(n, 5);
    iter = NULL;
    json_free(j);
    j = parse("[1]");
    ck_assert(!json_each(j, &iter, &key, &value));
    json_free(j);
}
END_TEST

START_TEST(types_texts_truths)
{
    static const struct {
        const char *text;
        enum json_type type;
        const char *shown;
        bool truth;
        size_t count;
    } cases[] = {
        {"null", J_NULL, NULL, false, 0},        {"true", J_BOOL, "true", true, 0},
        {"false", J_BOOL, "false", false, 0},    {"0", J_NUMBER, "0", false, 0},
        {"7", J_NUMBER, "7", true, 0},           {"0.5", J_NUMBER, "0.5", true, 0},
        {"0.0", J_NUMBER, "0", false, 0},        {"\"\"", J_STRING, "", false, 0},
        {"\"true\"", J_STRING, "true", true, 0}, {"\"1\"", J_STRING, "1", true, 0},
        {"\"yes\"", J_STRING, "yes", false, 0},  {"[1,2]", J_ARRAY, NULL, false, 2},
        {"{\"a\":1}", J_OBJECT, NULL, false, 1},
    };
    char tmp[40];

    for (int i = 0; i < COUNT(cases); i++) {
        struct json *j = parse(cases[i].text);
        ck_assert_int_eq(json_type_of(j), cases[i].type);
        if (cases[i].shown == NULL)
            ck_assert_ptr_null(json_text(j, tmp));
        else
            ck_assert_str_eq(json_text(j, tmp), cases[i].shown);
        ck_assert_int_eq(json_truth(j), cases[i].truth);
        ck_assert_uint_eq(json_count(j), cases[i].count);
        ck_assert_ptr_null(json_get(j, "none"));
        ck_assert_ptr_null(json_item(j, 9));
        json_free(j);
    }
    json_free(NULL);
}
END_TEST

/* ---- writing ---- */

START_TEST(writer_places_commas)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 4096);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_w_key(&w, "a");
    json_w_open(&w, '[');
    json_w_close(&w, ']');
    json_w_key(&w, "b");
    json_w_open(&w, '[');
    json_w_int(&w, INT64_MIN);
    json_w_int(&w, INT64_MAX);
    json_w_bool(&w, true);
    json_w_null(&w);
    json_w_open(&w, '{');
    json_w_close(&w, '}');
    json_w_str(&w, "x");
    json_w_close(&w, ']');
    json_w_key(&w, "c");
    json_w_real(&w, 0.5);
    json_w_key(&w, "d");
    json_w_real(&w, NAN);
    json_w_key(&w, "e");
    json_w_open(&w, '[');
    json_w_day(&w, civil_day(2024, 2, 29));
    json_w_day(&w, CIVIL_NONE);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    ck_assert_str_eq(buf_cstr(&out),
                     "{\"a\":[],\"b\":[-9223372036854775808,9223372036854775807,true,null,{},"
                     "\"x\"],\"c\":0.5,\"d\":null,\"e\":[\"2024-02-29\",null]}");
    buf_fini(&out);
}
END_TEST

START_TEST(writer_and_reader_agree)
{
    struct buf out;
    struct json_w w;
    struct err e;
    char tmp[40];

    buf_init(&out, 1 << 20);
    json_w_init(&w, &out);
    for (int i = 0; i < 30; i++)
        json_w_open(&w, '[');
    for (int c = 1; c < 256; c++) {
        char text[3] = {(char)c, 'x', '\0'};
        json_w_str(&w, text);
    }
    json_w_real(&w, 0.1);
    json_w_real(&w, -INFINITY);
    for (int i = 0; i < 30; i++)
        json_w_close(&w, ']');
    struct json *j = json_parse(out.data, out.len, &e);
    ck_assert_msg(j != NULL, "%s", e.what);
    const struct json *n = j;
    for (int i = 0; i < 29; i++)
        n = json_item(n, 0);
    ck_assert_uint_eq(json_count(n), 257);
    for (int c = 1; c < 256; c++) {
        char want[5] = {(char)c, 'x', '\0'};
        if (c >= 0x80)
            memcpy(want, "\xEF\xBF\xBDx", 5);
        ck_assert_str_eq(json_text(json_item(n, (size_t)c - 1), tmp), want);
    }
    ck_assert_str_eq(json_text(json_item(n, 255), tmp), "0.1");
    ck_assert_int_eq(json_type_of(json_item(n, 256)), J_NULL);
    json_free(j);
    buf_fini(&out);
}
END_TEST

START_TEST(writer_is_not_too_deep)
{
    struct buf out;
    struct json_w w;

    buf_init(&out, 4096);
    json_w_init(&w, &out);
    for (int i = 0; i < 31; i++)
        json_w_open(&w, '[');
}
END_TEST

static const struct {
    const char *in;
    size_t len;
    const char *out;
} quotes[] = {
    {"", 0, "\"\""},
    {"a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\""},
    {"\n\r\t\b\f\x01\x1f\x7f", 8, "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u001f\\u007f\""},
    {"a\0b", 3, "\"a\\u0000b\""},
    {"\xE5\xB1\x95\xF0\xA0\xAE\xB7", 7,
     "\"\xE5\xB1\x95\xF0\xA0\xAE\xB7\""}, /* 展 and a rare character */
    {"\xE5\xB1", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xC0\xAF", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* overlong */
    {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* surrogate */
    {"\xF4\x90\x80\x80", 4, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xF0\x8F\xBF\xBF", 4, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xE0\x9F\xBF", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xF4\x8F\xBF\xBF", 4, "\"\xF4\x8F\xBF\xBF\""},
    {"\xED\x9F\xBF", 3, "\"\xED\x9F\xBF\""},
    {"x\xFFy", 3, "\"x\xEF\xBF\xBDy\""},
};

START_TEST(quoting)
{
    struct buf out;

    buf_init(&out, 4096);
    json_quote(&out, quotes[_i].in, quotes[_i].len);
    ck_assert_str_eq(buf_cstr(&out), quotes[_i].out);
    buf_fini(&out);
}
END_TEST

static TCase *reading_tests(void)
{
    TCase *t = tcase_create("reading");

    tcase_add_loop_test(t, json_that_is, 0, COUNT(good));
    tcase_add_loop_test(t, json_that_is_not, 0, COUNT(bad));
    tcase_add_test(t, errors_name_the_place_and_quote_nothing);
    tcase_add_test(t, nested_too_deeply);
    tcase_add_test(t, bounded_by_its_length);
    tcase_add_loop_test(t, numbers_keep_their_text, 0, COUNT(numbers));
    tcase_add_test(t, pointers_of_the_rfc);
    tcase_add_test(t, members_in_order);
    tcase_add_test(t, types_texts_truths);
    return t;
}

static TCase *writing_tests(void)
{
    TCase *t = tcase_create("writing");

    tcase_add_test(t, writer_places_commas);
    tcase_add_test(t, writer_and_reader_agree);
    tcase_add_test_raise_signal(t, writer_is_not_too_deep, SIGABRT);
    tcase_add_loop_test(t, quoting, 0, COUNT(quotes));
    return t;
}

/* ---- flat objects, read in place ---- */

static const char *const flat_good[] = {
    "{}",
    " { } ",
    "{\"a\":\"b\"}",
    "{\"\":\"\"}",
    " {\n\"a\" : \"b\" ,\t\"c\":\"d\"\r}",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"b\":\"x\\ny\"}",
    "{\"\\u5c55\":\"\\u5c55\\u7fc5 \\ud83d\\ude00 \\u00e9 A\"}",
    "{\"展翅\":\"\xF0\xA0\xAE\xB7\"}",
    "{\"a\":1,\"b\":true,\"c\":null,\"d\":-1.5e+3,\"e\":\"x\",\"f\":false}",
};

START_TEST(flat_objects_as_the_tree_has_them)
{
    struct json *tree = parse(flat_good[_i]);
    struct json_flat f;
    char *text = strdup(flat_good[_i]);
    const struct json *value;
    const char *key;
    void *iter = NULL;
    struct err e;
    size_t n = 0;

    json_flat_init(&f);
    ck_assert_msg(json_flat_parse(&f, text, strlen(text), &e) == 0, "%s", flat_good[_i]);
    while (json_each(tree, &iter, &key, &value)) {
        if (json_type_of(value) != J_STRING) {
            ck_assert_str_eq(json_flat_get(&f, key), "");
            continue;
        }
        ck_assert_str_eq(f.pairs[n].key, key);
        ck_assert_str_eq(f.pairs[n++].value, json_text(value, NULL));
        ck_assert_str_eq(json_flat_get(&f, key), json_text(value, NULL));
    }
    ck_assert_uint_eq(f.n, n);
    ck_assert_str_eq(json_flat_get(&f, "nowhere"), "");
    json_flat_fini(&f);
    free(text);
    json_free(tree);
}
END_TEST

static const char *const flat_bad[] = {
    "",
    "{",
    "[]",
    "\"a\"",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":\"b\"",
    "{\"a\":\"b",
    "{\"a\":\"b\\",
    "{\"a\":\"b\",}",
    "{\"a\":\"b\"}x",
    "{\"a\":\"b\" \"c\":\"d\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u12g4\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\ud83d\"}",
    "{\"a\":\"\\ud83dx\"}",
    "{\"a\":\"\\ud83d\\u0041\"}",
    "{\"a\":\"\\ude00\"}",
    "{\"a\":\"line\nbreak\"}",
    "{\"a\":{}}",
    "{\"a\":[]}",
};

START_TEST(flat_objects_that_are_none)
{
    /* Of exactly its size, so that a sanitizer sees a step too far. */
    size_t len = strlen(flat_bad[_i]);
    char *text = malloc(len + 1);
    struct json_flat f;
    struct err e = {0};

    memcpy(text, flat_bad[_i], len + 1);
    json_flat_init(&f);
    ck_assert_msg(json_flat_parse(&f, text, len, &e) == -1, "%s", flat_bad[_i]);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_uint_eq(f.n, 0);
    json_flat_fini(&f);
    free(text);
}
END_TEST

/* Every string that our writer makes comes back, from the same memory again and again. */
START_TEST(flat_objects_of_the_writer)
{
    static const char *const texts[] = {"", "张三", "a\"b\\c/d", "\n\t\x01\x1f",
                                        "𠮷\xF0\x9F\x98\x80"};
    struct json_flat f;
    struct buf out;
    struct err e;

    json_flat_init(&f);
    buf_init(&out, 65536);
    for (int round = 1; round < 60; round++) {
        struct json_w w;
        buf_reset(&out);
        json_w_init(&w, &out);
        json_w_open(&w, '{');
        for (int i = 0; i < round; i++) {
            char key[32];
            snprintf(key, sizeof key, "%s%d", texts[i % COUNT(texts)], i);
            json_w_key(&w, key);
            json_w_str(&w, texts[(i + round) % COUNT(texts)]);
        }
        json_w_close(&w, '}');
        ck_assert_int_eq(json_flat_parse(&f, out.data, out.len, &e), 0);
        ck_assert_uint_eq(f.n, (size_t)round);
        for (int i = 0; i < round; i++)
            ck_assert_str_eq(f.pairs[i].value, texts[(i + round) % COUNT(texts)]);
    }
    json_flat_fini(&f);
    buf_fini(&out);
}
END_TEST

static TCase *flat_tests(void)
{
    TCase *t = tcase_create("flat");

    tcase_add_loop_test(t, flat_objects_as_the_tree_has_them, 0, COUNT(flat_good));
    tcase_add_loop_test(t, flat_objects_that_are_none, 0, COUNT(flat_bad));
    tcase_add_test(t, flat_objects_of_the_writer);
    return t;
}

int main(void)
{
    Suite *suite = suite_create("json");

    suite_add_tcase(suite, reading_tests());
    suite_add_tcase(suite, flat_tests());
    suite_add_tcase(suite, writing_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
