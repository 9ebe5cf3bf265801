/*
 * crypt: known answers (FIPS 180-2, RFC 4231, RFC 5869, RFC 4648, the GCM specification's AES-256 cases), tampering at every bit, and contexts
 * that are used again and again.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
    int n = crypt_unhex(hex, strlen(hex), out, cap);

    ck_assert_msg(n >= 0, "%s", hex);
    return (size_t)n;
}

static void expect_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[512];

    crypt_hex(data, len, text);
    ck_assert_str_eq(text, hex);
}

/* ---- digests ---- */

START_TEST(sha256)
{
    uint8_t out[32];

    crypt_sha256("", 0, out);
    expect_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypt_sha256("abc", 3, out);
    expect_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(sha256_in_pieces)
{
    struct crypt_digest *d = crypt_digest_new();
    uint8_t out[32];
    char a[1000];

    memset(a, 'a', sizeof a);
    for (int round = 0; round < 2; round++) { /* end starts anew */
        for (int i = 0; i < 1000; i++)
            crypt_digest_add(d, a, sizeof a);
        crypt_digest_end(d, out);
        expect_hex(out, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    crypt_digest_add(d, "a", 1);
    crypt_digest_add(d, "", 0);
    crypt_digest_add(d, "bc", 2);
    crypt_digest_end(d, out);
    expect_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypt_digest_free(d);
    crypt_digest_free(NULL);
}
END_TEST

/* RFC 4231; its case 5 is about truncation, which is left to the caller. */
static const struct {
    const char *key, *data, *mac;
} hmacs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "ddd"
     "dddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
     "dcd"
     "cdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6"
     "579"
     "204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206"
     "b65"
     "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6"
     "565"
     "647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d4143206"
     "16c"
     "676f726974686d2e",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

START_TEST(hmac)
{
    uint8_t key[200], data[200], out[32];
    size_t key_len = unhex(hmacs[_i].key, key, sizeof key);
    size_t len = unhex(hmacs[_i].data, data, sizeof data);

    crypt_hmac_sha256(key, key_len, data, len, out);
    expect_hex(out, 32, hmacs[_i].mac);
    struct crypt_mac *m = crypt_mac_new(key, key_len);
    for (int round = 0; round < 3; round++) {
        crypt_mac_start(m);
        for (size_t i = 0; i < len; i++)
            crypt_mac_add(m, data + i, 1);
        crypt_mac_end(m, out);
        expect_hex(out, 32, hmacs[_i].mac);
    }
    crypt_mac_start(m); /* given up half-way: nothing of it is left */
    crypt_mac_add(m, "rubbish", 7);
    crypt_mac_start(m);
    crypt_mac_add(m, data, len);
    crypt_mac_end(m, out);
    expect_hex(out, 32, hmacs[_i].mac);
    crypt_mac_free(m);
    crypt_mac_free(NULL);
}
END_TEST

/* RFC 5869, test case 3 (no salt, no info); then info against the RFC's own formula. */
START_TEST(hkdf)
{
    uint8_t ikm[22], okm[42], zeros[32] = {0}, prk[32], t1[32], t2[32], block[64];

    memset(ikm, 0x0b, sizeof ikm);
    crypt_hkdf(ikm, sizeof ikm, "", okm, sizeof okm);
    expect_hex(
        okm, sizeof okm,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    crypt_hkdf(ikm, sizeof ikm, "wrap", okm, sizeof okm);
    crypt_hmac_sha256(zeros, sizeof zeros, ikm, sizeof ikm, prk);
    crypt_hmac_sha256(prk, sizeof prk, "wrap\x01", 5, t1);
    memcpy(block, t1, 32);
    memcpy(block + 32, "wrap\x02", 5);
    crypt_hmac_sha256(prk, sizeof prk, block, 37, t2);
    ck_assert_mem_eq(okm, t1, 32);
    ck_assert_mem_eq(okm + 32, t2, 10);
}
END_TEST

/* ---- sealing ---- */

/* D. McGrew, J. Viega: The Galois/Counter Mode of Operation, test cases 13, 14 and 16. */
static const struct {
    const char *key, *nonce, *aad, *plain, *sealed; /* ciphertext and tag */
} gcm[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "525"
     "b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838"
     "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

START_TEST(gcm_known_answers)
{
    uint8_t key[32], aad[64], plain[128], blob[256];
    struct buf out;

    ck_assert_uint_eq(unhex(gcm[_i].key, key, sizeof key), 32);
    size_t aad_len = unhex(gcm[_i].aad, aad, sizeof aad);
    size_t len = unhex(gcm[_i].plain, plain, sizeof plain);
    size_t blob_len = unhex(gcm[_i].nonce, blob, 12);
    blob_len += unhex(gcm[_i].sealed, blob + 12, sizeof blob - 12);
    ck_assert_uint_eq(blob_len, len + CRYPT_SEAL_BYTES);
    struct crypt_aead *a = crypt_aead_new(key);
    buf_init(&out, 1000);
    for (int round = 0; round < 3; round++) {
        buf_reset(&out);
        ck_assert_int_eq(crypt_open(a, aad, aad_len, blob, blob_len, &out), 0);
        ck_assert_uint_eq(out.len, len);
        if (len > 0)
            ck_assert_mem_eq(out.data, plain, len);
    }
    buf_fini(&out);
    crypt_aead_free(a);
    crypt_aead_free(NULL);
}
END_TEST

START_TEST(seal_and_open)
{
    uint8_t key[32] = {1}, aad[32] = {2};
    struct crypt_aead *a = crypt_aead_new(key), *b = crypt_aead_new(key);
    struct buf sealed, plain;
    char text[300];

    buf_init(&sealed, 4096);
    buf_init(&plain, 4096);
    for (size_t len = 0; len < sizeof text; len++) {
        memset(text, (int)len, sizeof text);
        buf_reset(&sealed);
        buf_reset(&plain);
        buf_adds(&sealed, "front");
        ck_assert_int_eq(crypt_seal(a, aad, len % 33, text, len, &sealed), 0);
        ck_assert_uint_eq(sealed.len, 5 + len + CRYPT_SEAL_BYTES);
        ck_assert_int_eq(strncmp(sealed.data, "front", 5), 0);
        buf_adds(&plain, "kept");
        ck_assert_int_eq(crypt_open(b, aad, len % 33, sealed.data + 5, sealed.len - 5, &plain), 0);
        ck_assert_uint_eq(plain.len, 4 + len);
        ck_assert_mem_eq(plain.data + 4, text, len);
        ck_assert_int_eq(plain.data[plain.len], '\0');
    }
    buf_fini(&sealed);
    buf_fini(&plain);
    crypt_aead_free(a);
    crypt_aead_free(b);
}
END_TEST

static void must_not_open(struct crypt_aead *a, const uint8_t *aad, size_t aad_len,
                          const uint8_t *blob, size_t len)
{
    struct buf out;

    buf_init(&out, 1000);
    buf_adds(&out, "before");
    ck_assert_int_eq(crypt_open(a, aad, aad_len, blob, len, &out), -1);
    ck_assert_uint_eq(out.len, 6);
    ck_assert_str_eq(out.data, "before");
    /* And nothing of the plain text is left behind the end. */
    for (size_t i = 6; i < out.cap && len >= CRYPT_SEAL_BYTES && i < 6 + len - CRYPT_SEAL_BYTES;
         i++)
        ck_assert_int_eq(out.data[i], 0);
    buf_fini(&out);
}

START_TEST(every_bit_counts)
{
    static const char plain[] = "13800000001 and a name";
    uint8_t key[32], aad[] = "list_row 17 1";
    struct buf sealed;

    crypt_random(key, sizeof key);
    struct crypt_aead *a = crypt_aead_new(key);
    buf_init(&sealed, 1000);
    ck_assert_int_eq(crypt_seal(a, aad, sizeof aad, plain, sizeof plain, &sealed), 0);
    uint8_t *blob = (uint8_t *)sealed.data;
    for (size_t i = 0; i < sealed.len * 8; i++) {
        blob[i / 8] ^= (uint8_t)(1 << i % 8);
        must_not_open(a, aad, sizeof aad, blob, sealed.len);
        blob[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t i = 0; i < sizeof aad * 8; i++) {
        aad[i / 8] ^= (uint8_t)(1 << i % 8);
        must_not_open(a, aad, sizeof aad, blob, sealed.len);
        aad[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t len = 0; len < sealed.len; len++)
        must_not_open(a, aad, sizeof aad, blob, len);
    must_not_open(a, aad, sizeof aad - 1, blob, sealed.len);
    must_not_open(a, aad, 0, blob, sealed.len);
    key[31] ^= 1;
    struct crypt_aead *other = crypt_aead_new(key);
    must_not_open(other, aad, sizeof aad, blob, sealed.len);
    crypt_aead_free(other);
    struct buf out; /* after all these failures it still opens */
    buf_init(&out, 1000);
    ck_assert_int_eq(crypt_open(a, aad, sizeof aad, blob, sealed.len, &out), 0);
    ck_assert_str_eq(out.data, plain);
    buf_fini(&out);
    buf_fini(&sealed);
    crypt_aead_free(a);
}
END_TEST

START_TEST(full_buffers)
{
    uint8_t key[32] = {0};
    struct crypt_aead *a = crypt_aead_new(key);
    struct buf sealed, out;

    buf_init(&sealed, CRYPT_SEAL_BYTES + 3);
    ck_assert_int_eq(crypt_seal(a, "", 0, "four", 4, &sealed), -1);
    buf_reset(&sealed);
    ck_assert_int_eq(crypt_seal(a, "", 0, "all", 3, &sealed), 0);
    buf_init(&out, 2);
    ck_assert_int_eq(crypt_open(a, "", 0, sealed.data, sealed.len, &out), -1);
    ck_assert_uint_eq(out.len, 0);
    buf_fini(&out);
    buf_fini(&sealed);
    crypt_aead_free(a);
}
END_TEST

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(a, b, 12);
}

/* A nonce that came twice would open both texts. */
START_TEST(nonces_never_repeat)
{
    enum { EACH = 20000 };
    uint8_t key[32] = {0}, (*nonces)[12] = calloc(2 * EACH, 12);
    struct crypt_aead *a = crypt_aead_new(key), *b = crypt_aead_new(key);
    struct buf sealed;

    buf_init(&sealed, 100);
    for (int i = 0; i < 2 * EACH; i++) {
        buf_reset(&sealed);
        ck_assert_int_eq(crypt_seal(i % 2 ? a : b, "", 0, "", 0, &sealed), 0);
        memcpy(nonces[i], sealed.data, 12);
    }
    qsort(nonces, 2 * EACH, 12, compare_nonces);
    for (int i = 1; i < 2 * EACH; i++)
        ck_assert_mem_ne(nonces[i - 1], nonces[i], 12);
    free(nonces);
    buf_fini(&sealed);
    crypt_aead_free(a);
    crypt_aead_free(b);
}
END_TEST

/* ---- small things ---- */

START_TEST(random_wipe_equal)
{
    size_t len = 200000; /* more than the library gives at once */
    uint8_t *p = calloc(1, len);
    int seen[256] = {0};

    crypt_random(p, len);
    for (size_t i = 0; i < len; i++)
        seen[p[i]]++;
    for (int i = 0; i < 256; i++) {
        ck_assert_int_gt(seen[i], 500); /* 781 are expected */
        ck_assert_int_lt(seen[i], 1100);
    }
    crypt_wipe(p, len);
    for (size_t i = 0; i < len; i++)
        ck_assert_uint_eq(p[i], 0);
    free(p);
    crypt_random(NULL, 0);
    ck_assert(crypt_equal("abc", "abc", 3));
    ck_assert(!crypt_equal("abc", "abd", 3));
    ck_assert(!crypt_equal("xbc", "abc", 3));
    ck_assert(crypt_equal("abc", "abd", 2));
    ck_assert(crypt_equal("a", "b", 0));
}
END_TEST

START_TEST(hex)
{
    uint8_t data[256], back[256];
    char text[513];

    for (int i = 0; i < 256; i++)
        data[i] = (uint8_t)i;
    crypt_hex(data, 256, text);
    ck_assert_int_eq(strncmp(text, "000102030405060708090a0b0c0d0e0f10", 34), 0);
    ck_assert_uint_eq(strlen(text), 512);
    ck_assert_int_eq(crypt_unhex(text, 512, back, 256), 256);
    ck_assert_mem_eq(back, data, 256);
    ck_assert_int_eq(crypt_unhex("DeadBEEF", 8, back, 4), 4);
    ck_assert_mem_eq(back, "\xDE\xAD\xBE\xEF", 4);
    ck_assert_int_eq(crypt_unhex("", 0, back, 0), 0);
    ck_assert_int_eq(crypt_unhex("abc", 3, back, 256), -1);
    ck_assert_int_eq(crypt_unhex("abcd", 4, back, 1), -1);
    ck_assert_int_eq(crypt_unhex("0g", 2, back, 256), -1);
    ck_assert_int_eq(crypt_unhex(" 0", 2, back, 256), -1);
    ck_assert_int_eq(crypt_unhex("0x", 2, back, 256), -1);
}
END_TEST

START_TEST(base64)
{
    static const struct {
        const char *plain, *text;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"},
                 {"\xFB\xFF\xFE", "+//+"}};
    uint8_t back[16];
    struct buf out;

    buf_init(&out, 1000);
    for (int i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].plain);
        buf_reset(&out);
        ck_assert_int_eq(crypt_base64(cases[i].plain, len, &out), 0);
        ck_assert_str_eq(buf_cstr(&out), cases[i].text);
        ck_assert_int_eq(crypt_unbase64(cases[i].text, strlen(cases[i].text), back, len), (int)len);
        ck_assert_mem_eq(back, cases[i].plain, len);
        if (len > 0)
            ck_assert_int_eq(crypt_unbase64(cases[i].text, strlen(cases[i].text), back, len - 1),
                             -1);
    }
    buf_fini(&out);
}
END_TEST

static const char *const no_base64[] = {
    "Z",
    "Zg",
    "Zg=",
    "Zm9",
    "Zg===",
    "====",
    "=Zg=",
    "Z===",
    "Zm9vYg==Zg==",
    "Zm=v",
    " Zg==",
    "Zg== ",
    "Zg==\n",
    "    Zg==",
    "Zm9v    ",
    "Zm-_",
    "Zh==" /* bits left over */,
    "Zm9=",
    "Zm9v\0\0\0\0",
};

START_TEST(base64_is_strict)
{
    uint8_t out[64];
    size_t len = _i == COUNT(no_base64) - 1 ? 8 : strlen(no_base64[_i]);

    ck_assert_msg(crypt_unbase64(no_base64[_i], len, out, sizeof out) == -1, "%s", no_base64[_i]);
}
END_TEST

START_TEST(text_forms_round_trip)
{
    uint8_t data[200], back[200];
    char hexed[401];
    struct buf out;

    buf_init(&out, 1000);
    for (size_t len = 0; len <= sizeof data; len++) {
        crypt_random(data, len);
        buf_reset(&out);
        crypt_base64(data, len, &out);
        ck_assert_int_eq(crypt_unbase64(buf_cstr(&out), out.len, back, len), (int)len);
        ck_assert_mem_eq(back, data, len);
        crypt_hex(data, len, hexed);
        ck_assert_int_eq(crypt_unhex(hexed, 2 * len, back, len), (int)len);
        ck_assert_mem_eq(back, data, len);
    }
    buf_fini(&out);
}
END_TEST

static TCase *sealing_tests(void)
{
    TCase *t = tcase_create("sealing");

    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, gcm_known_answers, 0, COUNT(gcm));
    tcase_add_test(t, seal_and_open);
    tcase_add_test(t, every_bit_counts);
    tcase_add_test(t, full_buffers);
    tcase_add_test(t, nonces_never_repeat);
    return t;
}

static TCase *digest_tests(void)
{
    TCase *t = tcase_create("digests");

    tcase_add_test(t, sha256);
    tcase_add_test(t, sha256_in_pieces);
    tcase_add_loop_test(t, hmac, 0, COUNT(hmacs));
    tcase_add_test(t, hkdf);
    return t;
}

static TCase *text_tests(void)
{
    TCase *t = tcase_create("text forms");

    tcase_add_test(t, random_wipe_equal);
    tcase_add_test(t, hex);
    tcase_add_test(t, base64);
    tcase_add_loop_test(t, base64_is_strict, 0, COUNT(no_base64));
    tcase_add_test(t, text_forms_round_trip);
    return t;
}

int main(void)
{
    Suite *suite = suite_create("crypt");

    suite_add_tcase(suite, digest_tests());
    suite_add_tcase(suite, sealing_tests());
    suite_add_tcase(suite, text_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
