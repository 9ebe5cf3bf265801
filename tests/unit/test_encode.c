/*
 * encode: every encoding alone, chains, what one lacks, limits.
 */
#include <check.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "encode.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static int chain_of(struct encode_chain *c, const char *names, struct err *e)
{
    char copy[128], *save = NULL;

    *c = (struct encode_chain){0};
    strcpy(copy, names);
    for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save))
        if (encode_add(c, name, e) != 0)
            return -1;
    return 0;
}

static const struct {
    const char *chain, *in, *out;
} rows[] = {
    {"", "张", "张"},
    {"", "", ""},
    {"hex", "", ""},
    {"hex", "\x01\xAB", "01ab"},
    {"HEX", "\x01\xAB", "01AB"},
    {"base64", "f", "Zg=="},
    {"base64", "foobar", "Zm9vYmFy"},
    {"percent", "~-_. !*'()+/%张", "~-_.%20%21%2A%27%28%29%2B%2F%25%E5%BC%A0"},
    {"percent-lower", "ABC~ !*'()+/%张", "ABC~%20%21%2a%27%28%29%2b%2f%25%e5%bc%a0"},
    {"percent-lower", "%AB", "%25AB"}, /* AB is text */
    {"gbk HEX", "测试A—", "B2E2CAD441A1AA"},
    {"gbk percent", "测试短信", "%B2%E2%CA%D4%B6%CC%D0%C5"},
    {"gbk percent", "丂A丄", "%81%40A%81A"}, /* a second byte may be a letter */
    {"gb18030 hex", "€𠮷", "a2e39534b235"},
    {"utf-16be hex", "你A𠮷", "4f600041d842dfb7"},
    {"utf-16be base64", "你", "T2A="},
    {"utf-16be hex HEX base64", "A", "MzAzMDM0MzE="},
    {"md5 hex", "", "d41d8cd98f00b204e9800998ecf8427e"},
    {"md5 base64", "abc", "kAFQmDzST7DWlj99KOF/cg=="},
    {"sha1 hex", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"sha256 HEX", "abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
    {"sm3 hex", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
    {"gbk md5 hex", "测试", "ff13f7f55f7154f6984d9a26d8a317f9"},
};

START_TEST(known)
{
    struct encode_chain c;
    struct buf out;
    struct err e;

    buf_init(&out, 200);
    buf_adds(&out, "ABC");
    ck_assert_msg(chain_of(&c, rows[_i].chain, &e) == 0, "%s", e.what);
    ck_assert_msg(encode_run(&c, rows[_i].in, strlen(rows[_i].in), &out, &e) == 0, "%s", e.what);
    ck_assert_int_eq(strncmp(out.data, "ABC", 3), 0); /* what stood there keeps its case */
    ck_assert_str_eq(out.data + 3, rows[_i].out);
    buf_fini(&out);
}
END_TEST

static const struct {
    const char *chain, *in, *says;
} lacking[] = {
    {"gbk percent", "你好🙂", "character 3 of a text is not in GBK"},
    {"gbk", "€", "character 1 of a text is not in GBK"},
    {"gbk hex", "ab\xC3(", "character 3 of a text is not in GBK"},
    {"gb18030", "a\xF0\x9F", "character 2 of a text is not in GB18030"},
    {"utf-16be", "\xC0\x80", "character 1 of a text is not in UTF-16BE"},
    {"hex hex", "0123456789", "no room"},
    {"gbk", "0123456789012345678901234567890", "no room"},
    {"base64", "0123456789012345678901234567890", "no room"},
    {"percent", "张张张张张张", "no room"},
    {"", "0123456789012345678901234567890", "no room"},
};

START_TEST(refused)
{
    struct encode_chain c;
    struct buf out;
    struct err e;

    buf_init(&out, 30);
    buf_adds(&out, "x");
    ck_assert_int_eq(chain_of(&c, lacking[_i].chain, &e), 0);
    ck_assert_int_eq(encode_run(&c, lacking[_i].in, strlen(lacking[_i].in), &out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, lacking[_i].says) != NULL, "%s", e.what);
    ck_assert_str_eq(buf_cstr(&out), "x");
    buf_fini(&out);
}
END_TEST

static const struct {
    const char *chain, *says;
} bad[] = {
    {"GBK", "no encoding \"GBK\""},
    {"md5-hex", "no encoding \"md5-hex\""},
    {"gbk utf-16be", "utf-16be wants text, but gbk gives bytes"},
    {"md5 gbk", "gbk wants text, but md5 gives bytes"},
    {"hex hex hex hex hex", "more than 4"},
};

START_TEST(bad_chains)
{
    struct encode_chain c;
    struct err e;

    ck_assert_int_eq(chain_of(&c, bad[_i].chain, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_msg(strstr(e.what, bad[_i].says) != NULL, "%s", e.what);
}
END_TEST

/* When a chain is made, not when it runs: FIPS mode has no MD5. */
START_TEST(not_offered)
{
    struct encode_chain c = {0};
    struct err e;

    ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
    int rc = encode_add(&c, "md5", &e);
    ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_msg(strstr(e.what, "does not offer md5") != NULL, "%s", e.what);
    ck_assert_uint_eq(c.n, 0);
}
END_TEST

/* All of them, in the order of the table, where one is not known. */
START_TEST(names)
{
    struct encode_chain none = {0};
    struct err why;
    size_t n = 0;

    for (; encode_name(n); n++) {
        struct encode_chain c = {0};
        struct err e;
        ck_assert_int_eq(encode_add(&c, encode_name(n), &e), 0);
    }
    ck_assert_uint_eq(n, 12);
    ck_assert_int_eq(encode_add(&none, "GBK", &why), -1);
    ck_assert_str_eq(why.remedy, "use one of gbk gb18030 utf-16be hex HEX base64 percent "
                                 "percent-lower md5 sha1 sha256 sm3");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("encode");
    TCase *t = tcase_create("encode");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(t, known, 0, COUNT(rows));
    tcase_add_loop_test(t, refused, 0, COUNT(lacking));
    tcase_add_loop_test(t, bad_chains, 0, COUNT(bad));
    tcase_add_test(t, not_offered);
    tcase_add_test(t, names);
    suite_add_tcase(suite, t);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
