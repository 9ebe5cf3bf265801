/*
 * crypt_method: digests and HMACs by the names that providers' protocols give them; see crypt.h.
 *
 * One-shot and without state, so that any thread may call it; crypt.c keeps contexts where speed
 * counts. Called by the signing schemes and recipes of src/gateway.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/err.h"

static const struct {
    const char *name;
    const char *library; /* OpenSSL's spelling */
} hashes[] = {[CRYPT_MD5] = {"md5", "MD5"},
              [CRYPT_SHA1] = {"sha1", "SHA1"},
              [CRYPT_SHA256] = {"sha256", "SHA256"},
              [CRYPT_SM3] = {"sm3", "SM3"}};

#define N_HASHES (sizeof hashes / sizeof hashes[0])

/* A library in FIPS mode has no MD5 and no SM3. */
static bool offered(enum crypt_hash hash)
{
    EVP_MD *md = EVP_MD_fetch(NULL, hashes[hash].library, NULL);

    EVP_MD_free(md);
    if (md == NULL)
        ERR_clear_error();
    return md != NULL;
}

bool crypt_method_find(const char *name, struct crypt_method *out)
{
    bool keyed = strncmp(name, "hmac-", 5) == 0;

    for (size_t i = 0; i < N_HASHES; i++) {
        if (strcmp(hashes[i].name, keyed ? name + 5 : name) != 0)
            continue;
        *out = (struct crypt_method){(enum crypt_hash)i, keyed};
        return offered(out->hash);
    }
    return false;
}

static size_t digest(const char *name, const void *data, size_t len, uint8_t *out)
{
    size_t n = 0;

    if (EVP_Q_digest(NULL, name, NULL, data, len, out, &n) != 1)
        panic("libcrypto: %s failed", name);
    return n;
}

static size_t hmac(const char *name, const void *key, size_t key_len, const void *data, size_t len,
                   uint8_t *out)
{
    size_t n = 0;

    /* A NULL key means "the key from before" to the library. */
    if (EVP_Q_mac(NULL, "HMAC", NULL, name, NULL, key != NULL ? key : "", key_len, data, len, out,
                  CRYPT_METHOD_BYTES, &n) == NULL)
        panic("libcrypto: HMAC-%s failed", name);
    return n;
}

size_t crypt_method_run(struct crypt_method m, const void *key, size_t key_len, const void *data,
                        size_t len, uint8_t out[CRYPT_METHOD_BYTES])
{
    const char *name = hashes[m.hash].library;

    return m.keyed ? hmac(name, key, key_len, data, len, out) : digest(name, data, len, out);
}
