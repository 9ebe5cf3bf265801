/*
 * crypt: see crypt.h. Contexts are kept: keying costs more than a short message.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/err.h"

#define NONCE 12
#define TAG 16

static void must(int ok, const char *what)
{
    if (ok != 1)
        panic("libcrypto: %s failed", what);
}

void crypt_random(void *out, size_t len)
{
    unsigned char *p = out;

    while (len > 0) {
        int n = len > 65536 ? 65536 : (int)len;
        must(RAND_bytes(p, n), "RAND_bytes");
        p += n;
        len -= (size_t)n;
    }
}

void crypt_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}

bool crypt_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

/* ---- digests and MACs ---- */

struct crypt_digest {
    EVP_MD_CTX *ctx;
    EVP_MD *md;
};

struct crypt_digest *crypt_digest_new(void)
{
    struct crypt_digest *d = malloc(sizeof *d);

    if (d == NULL)
        panic("out of memory");
    d->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->ctx = EVP_MD_CTX_new();
    if (d->md == NULL || d->ctx == NULL)
        panic("libcrypto: no SHA-256");
    must(EVP_DigestInit_ex(d->ctx, d->md, NULL), "SHA-256");
    return d;
}

void crypt_digest_free(struct crypt_digest *d)
{
    if (d == NULL)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->md);
    free(d);
}

void crypt_digest_add(struct crypt_digest *d, const void *data, size_t len)
{
    must(EVP_DigestUpdate(d->ctx, data, len), "SHA-256");
}

void crypt_digest_end(struct crypt_digest *d, uint8_t out[CRYPT_HASH_BYTES])
{
    must(EVP_DigestFinal_ex(d->ctx, out, NULL), "SHA-256");
    must(EVP_DigestInit_ex(d->ctx, d->md, NULL), "SHA-256");
}

void crypt_sha256(const void *data, size_t len, uint8_t out[CRYPT_HASH_BYTES])
{
    must(EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL), "SHA-256");
}

struct crypt_mac {
    EVP_MAC *mac;
    EVP_MAC_CTX *ctx;
};

struct crypt_mac *crypt_mac_new(const void *key, size_t key_len)
{
    struct crypt_mac *m = malloc(sizeof *m);
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};

    if (m == NULL)
        panic("out of memory");
    m->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    m->ctx = m->mac != NULL ? EVP_MAC_CTX_new(m->mac) : NULL;
    if (m->ctx == NULL)
        panic("libcrypto: no HMAC");
    must(EVP_MAC_init(m->ctx, key, key_len, params), "HMAC");
    return m;
}

void crypt_mac_free(struct crypt_mac *m)
{
    if (m == NULL)
        return;
    EVP_MAC_CTX_free(m->ctx);
    EVP_MAC_free(m->mac);
    free(m);
}

void crypt_mac_start(struct crypt_mac *m)
{
    /* Without a key: the one given before is kept, and so is its padding. */
    must(EVP_MAC_init(m->ctx, NULL, 0, NULL), "HMAC");
}

void crypt_mac_add(struct crypt_mac *m, const void *data, size_t len)
{
    must(EVP_MAC_update(m->ctx, data, len), "HMAC");
}

void crypt_mac_end(struct crypt_mac *m, uint8_t out[CRYPT_HASH_BYTES])
{
    size_t len = 0;

    must(EVP_MAC_final(m->ctx, out, &len, CRYPT_HASH_BYTES), "HMAC");
}

void crypt_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                       uint8_t out[CRYPT_HASH_BYTES])
{
    struct crypt_mac *m = crypt_mac_new(key, key_len);

    crypt_mac_add(m, data, len);
    crypt_mac_end(m, out);
    crypt_mac_free(m);
}

void crypt_hkdf(const void *key, size_t key_len, const char *info, uint8_t *out, size_t out_len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
                                          strlen(info)),
        OSSL_PARAM_construct_end()};

    if (ctx == NULL)
        panic("libcrypto: no HKDF");
    must(EVP_KDF_derive(ctx, out, out_len, params), "HKDF");
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* ---- sealing ---- */

struct crypt_aead {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *seal, *open;
    uint8_t nonces[64][NONCE]; /* drawn ahead: RAND_bytes has a price a call */
    size_t next;
};

struct crypt_aead *crypt_aead_new(const uint8_t key[CRYPT_KEY_BYTES])
{
    struct crypt_aead *a = malloc(sizeof *a);

    if (a == NULL)
        panic("out of memory");
    a->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    a->seal = EVP_CIPHER_CTX_new();
    a->open = EVP_CIPHER_CTX_new();
    if (a->cipher == NULL || a->seal == NULL || a->open == NULL)
        panic("libcrypto: no AES-256-GCM");
    must(EVP_EncryptInit_ex2(a->seal, a->cipher, key, NULL, NULL), "AES-256-GCM");
    must(EVP_DecryptInit_ex2(a->open, a->cipher, key, NULL, NULL), "AES-256-GCM");
    a->next = sizeof a->nonces / NONCE;
    return a;
}

void crypt_aead_free(struct crypt_aead *a)
{
    if (a == NULL)
        return;
    EVP_CIPHER_CTX_free(a->seal);
    EVP_CIPHER_CTX_free(a->open);
    EVP_CIPHER_free(a->cipher);
    crypt_wipe(a, sizeof *a);
    free(a);
}

static const uint8_t *next_nonce(struct crypt_aead *a)
{
    if (a->next == sizeof a->nonces / NONCE) {
        crypt_random(a->nonces, sizeof a->nonces);
        a->next = 0;
    }
    return a->nonces[a->next++];
}

int crypt_seal(struct crypt_aead *a, const void *aad, size_t aad_len, const void *plain, size_t len,
               struct buf *out)
{
    unsigned char *at = (unsigned char *)buf_reserve(out, len + CRYPT_SEAL_BYTES);
    int n = 0;

    if (at == NULL)
        return -1;
    if (len > INT32_MAX || aad_len > INT32_MAX)
        panic("crypt_seal: too long");
    memcpy(at, next_nonce(a), NONCE);
    must(EVP_EncryptInit_ex2(a->seal, NULL, NULL, at, NULL), "seal");
    must(EVP_EncryptUpdate(a->seal, NULL, &n, aad, (int)aad_len), "seal");
    must(EVP_EncryptUpdate(a->seal, at + NONCE, &n, plain, (int)len), "seal");
    must(EVP_EncryptFinal_ex(a->seal, at + NONCE + len, &n), "seal");
    must(EVP_CIPHER_CTX_ctrl(a->seal, EVP_CTRL_GCM_GET_TAG, TAG, at + NONCE + len), "seal");
    out->len += len + CRYPT_SEAL_BYTES;
    out->data[out->len] = '\0';
    return 0;
}

int crypt_open(struct crypt_aead *a, const void *aad, size_t aad_len, const void *blob, size_t len,
               struct buf *out)
{
    const unsigned char *in = blob;
    unsigned char tag[TAG];
    int n = 0;

    if (len < CRYPT_SEAL_BYTES || len > INT32_MAX || aad_len > INT32_MAX)
        return -1;
    size_t plain = len - CRYPT_SEAL_BYTES;
    unsigned char *at = (unsigned char *)buf_reserve(out, plain);
    if (at == NULL)
        return -1;
    memcpy(tag, in + NONCE + plain, TAG);
    must(EVP_DecryptInit_ex2(a->open, NULL, NULL, in, NULL), "open");
    must(EVP_DecryptUpdate(a->open, NULL, &n, aad, (int)aad_len), "open");
    must(EVP_DecryptUpdate(a->open, at, &n, in + NONCE, (int)plain), "open");
    must(EVP_CIPHER_CTX_ctrl(a->open, EVP_CTRL_GCM_SET_TAG, TAG, tag), "open");
    if (EVP_DecryptFinal_ex(a->open, at + plain, &n) != 1) {
        crypt_wipe(at, plain);
        out->data[out->len] = '\0';
        return -1;
    }
    out->len += plain;
    out->data[out->len] = '\0';
    return 0;
}

/* ---- text forms ---- */

void crypt_hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int crypt_unhex(const char *s, size_t len, uint8_t *out, size_t cap)
{
    if (len % 2 != 0 || len / 2 > cap || len > INT32_MAX)
        return -1;
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_digit(s[2 * i]), low = hex_digit(s[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(len / 2);
}

int crypt_base64(const void *data, size_t len, struct buf *out)
{
    size_t n = (len + 2) / 3 * 4;
    char *at = len > INT32_MAX ? NULL : buf_reserve(out, n + 1); /* the library writes a NUL */

    if (at == NULL)
        return -1;
    EVP_EncodeBlock((unsigned char *)at, data, (int)len);
    out->len += n;
    out->data[out->len] = '\0';
    return 0;
}

/* Strict: the library's own decoder lets blanks and padding pass where they do not belong. */
static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int crypt_unbase64(const char *s, size_t len, uint8_t *out, size_t cap)
{
    size_t pad = len > 0 && s[len - 1] == '=' ? (len > 1 && s[len - 2] == '=' ? 2 : 1) : 0;
    size_t digits = len - pad, n = 0;
    uint32_t bits = 0;
    int held = 0;

    if (len % 4 != 0 || len > INT32_MAX || len / 4 * 3 - pad > cap)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int d = base64_digit(s[i]);
        if (d < 0)
            return -1;
        bits = bits << 6 | (uint32_t)d;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    /* The bits left over must be zero: one text for one value. */
    return (bits & ((1u << held) - 1)) == 0 ? (int)n : -1;
}
