/*
 * auth: see auth.h. Called by submit.c for each request and by reports.c for each callback.
 *
 * Nonces are remembered as 64-bit digests in two generations, the young and the old; a generation ends after 600 s, or early when it is
 * full (4 million), so that memory is bounded.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth.h"
#include "zhanchi/crypt.h"

#define SKEW_MS 300000
#define GENERATION_MS 600000
#define GENERATION_MAX (1U << 22)

struct nonces { /* open addressing; 0 = free */
    uint64_t *slots;
    size_t n, cap;
};

struct auth {
    char *app, *secret;
    bool nonce_reuse;
    pthread_mutex_t lock;
    struct nonces young, old;
    int64_t young_since_ms;
};

struct auth *auth_new(const char *app, const char *secret, bool nonce_reuse)
{
    struct auth *a = calloc(1, sizeof *a);

    if (a == NULL || (a->app = strdup(app)) == NULL || (a->secret = strdup(secret)) == NULL)
        panic("out of memory");
    a->nonce_reuse = nonce_reuse;
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

void auth_free(struct auth *a)
{
    pthread_mutex_destroy(&a->lock);
    free(a->young.slots);
    free(a->old.slots);
    free(a->app);
    free(a->secret);
    free(a);
}

/* ---- nonces ---- */

static bool nonces_has(const struct nonces *s, uint64_t key)
{
    for (size_t i = key; s->cap; i++) {
        uint64_t there = s->slots[i & (s->cap - 1)];
        if (there == key)
            return true;
        if (there == 0)
            return false;
    }
    return false;
}

static void nonces_add(struct nonces *s, uint64_t key)
{
    if (s->n * 2 >= s->cap) {
        struct nonces big = {.cap = s->cap ? s->cap * 2 : 4096};
        big.slots = calloc(big.cap, sizeof *big.slots);
        if (big.slots == NULL)
            panic("out of memory");
        for (size_t i = 0; i < s->cap; i++)
            if (s->slots[i])
                nonces_add(&big, s->slots[i]);
        free(s->slots);
        *s = big;
    }
    size_t i = key & (s->cap - 1);
    while (s->slots[i])
        i = (i + 1) & (s->cap - 1);
    s->slots[i] = key;
    s->n++;
}

static bool nonce_fresh(struct auth *a, const char *nonce, int64_t now_ms)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    uint64_t key;

    crypt_sha256(nonce, strlen(nonce), digest);
    memcpy(&key, digest, sizeof key);
    key |= 1; /* never 0 */
    pthread_mutex_lock(&a->lock);
    if (now_ms - a->young_since_ms > GENERATION_MS || a->young.n >= GENERATION_MAX) {
        free(a->old.slots);
        a->old = a->young;
        a->young = (struct nonces){0};
        a->young_since_ms = now_ms;
    }
    bool fresh = !nonces_has(&a->young, key) && !nonces_has(&a->old, key);
    if (fresh)
        nonces_add(&a->young, key);
    pthread_mutex_unlock(&a->lock);
    return fresh;
}

/* ---- signature ---- */

static void signature(const struct auth *a, const char *method, const char *path, const char *stamp,
                      const char *nonce, const char *body, size_t len,
                      char hex[2 * CRYPT_HASH_BYTES + 1])
{
    uint8_t digest[CRYPT_HASH_BYTES];
    struct buf text;

    crypt_sha256(body, len, digest);
    crypt_hex(digest, sizeof digest, hex);
    buf_init(&text, 65536);
    buf_addf(&text, "%s\n%s\n%s\n%s\n%s", method, path, stamp, nonce, hex);
    crypt_hmac_sha256(a->secret, strlen(a->secret), buf_cstr(&text), text.len, digest);
    buf_fini(&text);
    crypt_hex(digest, sizeof digest, hex);
}

static bool nonce_shape(const char *s)
{
    size_t n = 0;

    while (isalnum((unsigned char)s[n]))
        n++;
    return s[n] == '\0' && n >= 16 && n <= 40;
}

const char *auth_check(struct auth *a, const struct httpd_request *r, int64_t now_ms)
{
    const char *app = httpd_header(r, "X-App"), *stamp = httpd_header(r, "X-Timestamp");
    const char *nonce = httpd_header(r, "X-Nonce"), *given = httpd_header(r, "X-Signature");
    char hex[2 * CRYPT_HASH_BYTES + 1];
    size_t len;
    const char *body = httpd_body(r, &len);

    if (!app || !stamp || !nonce || !given || strcmp(app, a->app) != 0 || !nonce_shape(nonce))
        return "A01";
    signature(a, httpd_method(r), httpd_path(r), stamp, nonce, body, len, hex);
    if (strlen(given) != strlen(hex) || !crypt_equal(hex, given, strlen(hex)))
        return "A01";
    int64_t at_ms = strtoll(stamp, NULL, 10) * 1000;
    if (at_ms < now_ms - SKEW_MS || at_ms > now_ms + SKEW_MS)
        return "A02";
    return a->nonce_reuse || nonce_fresh(a, nonce, now_ms) ? NULL : "A03";
}

void auth_sign(const struct auth *a, const char *method, const char *path, const char *body,
               size_t len, int64_t now_ms, struct buf *out)
{
    char stamp[24], nonce[33], hex[2 * CRYPT_HASH_BYTES + 1];
    uint8_t random[16];

    crypt_random(random, sizeof random);
    crypt_hex(random, sizeof random, nonce);
    snprintf(stamp, sizeof stamp, "%lld", (long long)(now_ms / 1000));
    signature(a, method, path, stamp, nonce, body, len, hex);
    buf_addf(out, "X-App: %s%cX-Timestamp: %s%cX-Nonce: %s%cX-Signature: %s%c", a->app, 0, stamp, 0,
             nonce, 0, hex, 0);
}
