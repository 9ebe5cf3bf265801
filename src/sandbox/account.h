/*
 * account: what the provider knows of its one customer: name, secret, further values, the nonces that it has used.
 */
#ifndef SANDBOX_ACCOUNT_H
#define SANDBOX_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct account;
struct dialect;

/* sets: NAME=VALUE each, kept. nonce_reuse: nonces are not looked at. NULL and ERR_USAGE if the dialect has no such setting. */
struct account *account_new(const struct dialect *d, const char *app, const char *secret,
                            const char *const *sets, size_t n, bool nonce_reuse, struct err *e);
void account_free(struct account *a); /* NULL is fine */
const struct dialect *account_dialect(const struct account *a);
const char *account_app(const struct account *a);
const char *account_secret(const struct account *a);
const char *account_value(const struct account *a, const char *name); /* must exist */
/* Was this nonce not seen for so long? Remembers it. Any thread. */
bool account_nonce(struct account *a, const char *nonce, int64_t now_ms);

#endif
