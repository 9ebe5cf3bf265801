/*
 * json_valid against json_parse: on texts chosen by hand, and on a few thousand that are made from good ones by changing bytes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/json.h"

static bool parses(const char *text, size_t len)
{
    struct err e;
    struct json *root = json_parse(text, len, &e);

    json_free(root);
    return root != NULL;
}

START_TEST(chosen)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " 1 ",
                                       "-0",
                                       "0.5e-3",
                                       "1E+9",
                                       "\"\"",
                                       "true",
                                       "null",
                                       "[1,[2,{\"a\":[]}],\"b\"]",
                                       "{ \"a\" : 1 , \"b\" : false }",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                                       "\"人社\"",
                                       "\"\x7f\""};
    static const char *const bad[] = {
        "",           " ",       "{",           "[1,]",   "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{\"a\":1,}", "01",      "-",           "1.",     ".5",   "1e",      "+1",       "\"",
        "\"\\\"",     "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "tru",  "nulll",   "1 2",      "[1}",
        "{\"a\":1]",  "'a'",     "NaN",         "[1 2]",  "\"\\", "\x16\x03"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(json_valid(good[i], strlen(good[i])), "%s", good[i]);
        ck_assert_msg(parses(good[i], strlen(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!json_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
        ck_assert_msg(!parses(bad[i], strlen(bad[i])), "%s", bad[i]);
    }
    ck_assert(!json_valid("{}\0", 3));
    ck_assert(!json_valid("\0", 1));
    ck_assert(!json_valid("\"a\0b\"", 5));
}
END_TEST

START_TEST(depth)
{
    char text[4000];

    memset(text, '[', 2000);
    memset(text + 2000, ']', 2000);
    ck_assert(json_valid(text + 2000 - 64, 128));
    ck_assert(!json_valid(text + 2000 - 65, 130));
    ck_assert(!json_valid(text, 4000));
}
END_TEST

/* What is refused must be unreadable: else a good report would be refused. */
START_TEST(never_stricter)
{
    static const char seed[] = "{\"receipts\":[{\"ref\":\"Z1-\\u4eba\",\"id\":\"7\",\"to\":null,"
                               "\"n\":[-1.5e+3,0,12],\"at\":\"\\\"\"}]} ";
    static const char alphabet[] = "{}[]\",:\\u0019eE+-. tfn\n\x01";
    char text[sizeof seed];
    int refused = 0;

    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t len = sizeof seed - 1;
        memcpy(text, seed, sizeof seed);
        for (int k = rand() % 3; k >= 0; k--)
            text[(size_t)rand() % len] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        if (rand() % 8 == 0)
            len = (size_t)rand() % len;
        if (!json_valid(text, len)) {
            refused++;
            ck_assert_msg(!parses(text, len), "%.*s", (int)len, text);
        }
    }
    ck_assert_int_gt(refused, 1000);
    ck_assert_int_lt(refused, 19900);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json_valid");
    TCase *t = tcase_create("json_valid");

    tcase_add_test(t, chosen);
    tcase_add_test(t, depth);
    tcase_add_test(t, never_stricter);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
