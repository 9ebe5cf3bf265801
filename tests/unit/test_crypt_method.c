/*
 * crypt_method: known answers (RFC 1321, FIPS 180, GB/T 32905; RFC 2202, RFC 4231; HMAC-SM3 as
 * sm-crypto and OpenSSL agree on it) and names.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static const char key64[] = "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
                            "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1";
static const char key_aa[] = "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
                             "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
                             "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
                             "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
                             "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";
static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
static const char nothing[] = "what do ya want for nothing?";

static const struct {
    const char *name, *key, *data, *result;
} known[] = {
    {"md5", NULL, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {"md5", NULL, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"sha1", NULL, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"sha256", NULL, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sm3", NULL, "", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
    {"sm3", NULL, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
    {"hmac-md5", "Jefe", nothing, "750c783e6ab0b503eaa86e310a5db738"},
    {"hmac-md5", key_aa, larger, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
    {"hmac-sha1", "Jefe", nothing, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {"hmac-sha1", key_aa, larger, "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    {"hmac-sha1", "", "", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"},
    {"hmac-sha256", "Jefe", nothing,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"hmac-sm3", "key", "The quick brown fox",
     "8d54716c0553990422ad09e63a7237386696a8952f64e546a4dee3b89a931a35"},
    {"hmac-sm3", key64, "abc", "ef5e768c2536967c4ed4a612ad01a3aea82a63d58f7b7a01df53225557453a1c"},
};

START_TEST(known_answers)
{
    const char *key = known[_i].key;
    struct crypt_method m;
    uint8_t out[CRYPT_METHOD_BYTES];
    char hex[2 * CRYPT_METHOD_BYTES + 1];

    ck_assert(crypt_method_find(known[_i].name, &m));
    ck_assert_int_eq(m.keyed, key != NULL);
    size_t n = crypt_method_run(m, key, key != NULL ? strlen(key) : 0, known[_i].data,
                                strlen(known[_i].data), out);
    crypt_hex(out, n, hex);
    ck_assert_str_eq(hex, known[_i].result);
}
END_TEST

START_TEST(empty_keys)
{
    struct crypt_method m;
    uint8_t a[CRYPT_METHOD_BYTES], b[CRYPT_METHOD_BYTES];

    ck_assert(crypt_method_find("hmac-sha256", &m));
    ck_assert_uint_eq(crypt_method_run(m, NULL, 0, "x", 1, a), 32);
    ck_assert_uint_eq(crypt_method_run(m, "", 0, "x", 1, b), 32);
    ck_assert_mem_eq(a, b, 32);
}
END_TEST

static const char *const no_methods[] = {"",        "MD5",           "md4",     "hmac-", "hmac",
                                         "hmacmd5", "hmac-hmac-md5", "sha256 ", "sha512"};

START_TEST(unknown_methods)
{
    struct crypt_method m;

    ck_assert(!crypt_method_find(no_methods[_i], &m));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt_method");
    TCase *t = tcase_create("methods");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(t, known_answers, 0, COUNT(known));
    tcase_add_test(t, empty_keys);
    tcase_add_loop_test(t, unknown_methods, 0, COUNT(no_methods));
    suite_add_tcase(suite, t);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
