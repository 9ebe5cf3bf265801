/*
 * scheme: the table of signatures and of checks; and the two that are no signature at all.
 *
 * scheme_sign looks after what all have in common: what must be there, what may stand in a header,
 * and that nothing is left behind when a scheme fails.
 *
 * Called by build.c (out) and callback.c (in).
 */
#include <string.h>
#include "canon.h"
#include "schemes.h"

static int sign_basic(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    struct buf pair;

    if (strchr(r->id, ':'))
        return err_set(e, ERR_CONFIG, NULL, "a user name with a colon cannot be sent by basic");
    buf_init(&pair, CANON_MAX_BYTES);
    buf_addf(&pair, "%s:", r->id);
    buf_add(&pair, r->secret, r->secret_len);
    buf_adds(out->headers, "Authorization: Basic ");
    crypt_base64(buf_cstr(&pair), pair.len, out->headers);
    buf_addc(out->headers, '\0');
    canon_wipe_buf(&pair);
    return 0;
}

static int sign_bearer(const struct scheme_request *r, const struct scheme_out *out, struct err *e)
{
    for (size_t i = 0; i < r->secret_len; i++)
        if (r->secret[i] <= ' ' || r->secret[i] > '~')
            return err_set(e, ERR_CONFIG, "is there a line break at the end of the secret?",
                           "a bearer token holds a character that no header may hold");
    buf_adds(out->headers, "Authorization: Bearer ");
    buf_add(out->headers, r->secret, r->secret_len);
    buf_addc(out->headers, '\0');
    return 0;
}

static const char *const adds_nothing[] = {NULL};
static const char *const adds_it[] = {"Authorization", NULL};
static const char *const adds_acs3[] = {"Authorization", "x-acs-date", "x-acs-signature-nonce",
                                        "x-acs-content-sha256", NULL};
static const char *const adds_tc3[] = {"Authorization", "X-TC-Timestamp", NULL};
static const char *const adds_sdk_hmac[] = {"Authorization", "X-Sdk-Date", NULL};
static const char *const adds_wsse[] = {"Authorization", "X-WSSE", NULL};

static const struct scheme schemes[] = {
    {"aliyun-rpc", SCHEME_ID | SCHEME_NONCE, adds_nothing, sign_aliyun_rpc},
    {"acs3", SCHEME_ID | SCHEME_NONCE, adds_acs3, sign_acs3},
    {"tc3", SCHEME_ID | SCHEME_SERVICE, adds_tc3, sign_tc3},
    {"sdk-hmac", SCHEME_ID, adds_sdk_hmac, sign_sdk_hmac},
    {"wsse", SCHEME_ID | SCHEME_NONCE, adds_wsse, sign_wsse},
    {"basic", SCHEME_ID, adds_it, sign_basic},
    {"bearer", 0, adds_it, sign_bearer},
};
#define N_SCHEMES (sizeof schemes / sizeof schemes[0])

const struct scheme *scheme_find(const char *name)
{
    for (size_t i = 0; i < N_SCHEMES; i++)
        if (strcmp(schemes[i].name, name) == 0)
            return &schemes[i];
    return NULL;
}

const char *scheme_name(size_t i)
{
    return i < N_SCHEMES ? schemes[i].name : NULL;
}

static int check_text(const struct scheme *s, const char *what, const char *text, struct err *e)
{
    if (text == NULL || text[0] == '\0')
        return err_set(e, ERR_CONFIG, NULL, "scheme %s needs %s", s->name, what);
    /* basic encodes its user name, and the names of real users hold blanks */
    if (s->sign != sign_basic && !canon_token(text))
        return err_set(e, ERR_CONFIG, "is there a line break or a quotation mark in it?",
                       "scheme %s: %s holds a character that no header may hold", s->name, what);
    return 0;
}

static int check(const struct scheme *s, const struct scheme_request *r, struct err *e)
{
    if (((s->uses & SCHEME_ID) && check_text(s, "an id", r->id, e) != 0) ||
        ((s->uses & SCHEME_NONCE) && check_text(s, "a nonce", r->nonce, e) != 0) ||
        ((s->uses & SCHEME_SERVICE) && check_text(s, "a service", r->service, e) != 0))
        return -1;
    if (r->secret_len == 0)
        return err_set(e, ERR_CONFIG, NULL, "scheme %s needs a secret", s->name);
    for (const char *const *name = s->adds; *name; name++)
        if (headers_have(r->headers, r->headers_len, *name))
            return err_set(e, ERR_CONFIG, "leave the header away",
                           "scheme %s adds header %s, which is there already", s->name, *name);
    return 0;
}

static void cut(struct buf *b, size_t len)
{
    if (b == NULL || b->data == NULL)
        return;
    b->len = len;
    b->data[len] = '\0';
}

int scheme_sign(const struct scheme *s, const struct scheme_request *r,
                const struct scheme_out *out, struct err *e)
{
    struct buf *const into[] = {out->headers, out->params, out->canonical, out->to_sign};
    size_t before[4];
    bool full = false;

    for (size_t i = 0; i < 4; i++)
        before[i] = into[i] ? into[i]->len : 0;
    if (check(s, r, e) != 0)
        return -1;
    int rc = s->sign(r, out, e);
    for (size_t i = 0; i < 4; i++)
        full = full || (into[i] && into[i]->failed);
    if (rc == 0 && full)
        rc = err_set(e, ERR_DATA, NULL, "what scheme %s adds has no room", s->name);
    for (size_t i = 0; rc != 0 && i < 4; i++)
        cut(into[i], before[i]);
    return rc;
}

static const struct scheme_proof proofs[] = {
    {"twilio", scheme_verify_twilio, .url = true},
    {"yunpian", scheme_verify_yunpian, .document = true},
    {"sdk-hmac", scheme_verify_sdk_hmac, .url = true, .id = true},
    {"basic", scheme_verify_basic, .id = true}};
#define N_PROOFS (sizeof proofs / sizeof proofs[0])

const struct scheme_proof *scheme_proof_find(const char *name)
{
    for (size_t i = 0; i < N_PROOFS; i++)
        if (strcmp(proofs[i].name, name) == 0)
            return &proofs[i];
    return NULL;
}

const char *scheme_proof_name(size_t i)
{
    return i < N_PROOFS ? proofs[i].name : NULL;
}
