/*
 * account: see account.h. Made by main; asked by the dialects on the server's threads and on that of reports.c.
 *
 * Nonces are remembered as 64-bit digests in two generations, the young and the old; a generation ends after the dialect's time, or early
 * when it is full (4 million), so that memory is bounded.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "account.h"
#include "dialect.h"
#include "zhanchi/crypt.h"

#define GENERATION_MAX (1U << 22)
#define SETTINGS_MAX 16

struct nonces { /* open addressing; 0 = free */
    uint64_t *slots;
    size_t n, cap;
};

struct account {
    const struct dialect *d;
    char *app, *secret;
    const char *values[SETTINGS_MAX]; /* in the order of the dialect's settings */
    bool nonce_reuse;
    pthread_mutex_t lock;
    struct nonces young, old;
    int64_t young_since_ms;
};

/* ---- settings ---- */

static int setting_find(const struct dialect *d, const char *name, size_t len)
{
    for (size_t i = 0; d->settings && d->settings[i].name && i < SETTINGS_MAX; i++)
        if (strlen(d->settings[i].name) == len && strncmp(d->settings[i].name, name, len) == 0)
            return (int)i;
    return -1;
}

static int account_set(struct account *a, const char *pair, struct err *e)
{
    const char *equals = strchr(pair, '=');
    int i = equals ? setting_find(a->d, pair, (size_t)(equals - pair)) : -1;

    if (equals == NULL)
        return err_set(e, ERR_USAGE, "write it as --set NAME=VALUE", "--set %s has no =", pair);
    if (i < 0)
        return err_set(e, ERR_USAGE, "see --help", "--profile %s has no setting %.*s", a->d->name,
                       (int)(equals - pair), pair);
    a->values[i] = equals + 1;
    return 0;
}

const char *account_value(const struct account *a, const char *name)
{
    int i = setting_find(a->d, name, strlen(name));

    if (i < 0)
        panic("sandbox: %s has no setting %s", a->d->name, name);
    return a->values[i];
}

/* ---- life ---- */

struct account *account_new(const struct dialect *d, const char *app, const char *secret,
                            const char *const *sets, size_t n, bool nonce_reuse, struct err *e)
{
    struct account *a = calloc(1, sizeof *a);

    if (a == NULL || (a->app = strdup(app)) == NULL || (a->secret = strdup(secret)) == NULL)
        panic("out of memory");
    a->d = d;
    a->nonce_reuse = nonce_reuse;
    pthread_mutex_init(&a->lock, NULL);
    for (size_t i = 0; d->settings && d->settings[i].name; i++)
        a->values[i] = d->settings[i].def;
    for (size_t i = 0; i < n; i++) {
        if (account_set(a, sets[i], e) == 0)
            continue;
        account_free(a);
        return NULL;
    }
    return a;
}

void account_free(struct account *a)
{
    if (a == NULL)
        return;
    pthread_mutex_destroy(&a->lock);
    free(a->young.slots);
    free(a->old.slots);
    free(a->app);
    free(a->secret);
    free(a);
}

const struct dialect *account_dialect(const struct account *a)
{
    return a->d;
}

const char *account_app(const struct account *a)
{
    return a->app;
}

const char *account_secret(const struct account *a)
{
    return a->secret;
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

bool account_nonce(struct account *a, const char *nonce, int64_t now_ms)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    uint64_t key;

    if (a->nonce_reuse)
        return true;
    crypt_sha256(nonce, strlen(nonce), digest);
    memcpy(&key, digest, sizeof key);
    key |= 1; /* never 0 */
    pthread_mutex_lock(&a->lock);
    if (now_ms - a->young_since_ms > a->d->nonce_keep_ms || a->young.n >= GENERATION_MAX) {
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
