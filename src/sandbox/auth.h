/*
 * auth: is a request really the office's? The sandbox's own reading of the protocol's section on authentication, from the raw
 * request; it shares no code with the side that signs.
 */
#ifndef SANDBOX_AUTH_H
#define SANDBOX_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/httpd.h"

struct auth;

/* nonce_reuse: nonces are not looked at, as with most providers. */
struct auth *auth_new(const char *app, const char *secret, bool nonce_reuse);
void auth_free(struct auth *a);
/* NULL if it is good, else the protocol's code: A01, A02 or A03. Any thread. */
const char *auth_check(struct auth *a, const struct httpd_request *r, int64_t now_ms);
/* The four headers ("Name: value" each) of a request of our own; appended to out, NUL after each. */
void auth_sign(const struct auth *a, const char *method, const char *path, const char *body,
               size_t len, int64_t now_ms, struct buf *out);

#endif
