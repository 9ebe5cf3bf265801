/*
 * verify: whether a request that claims to be the provider's is: from where it comes, and what proof it bears.
 *
 * Comparisons of secrets take the same time wherever the difference is. Why a request is refused is told to our log, not to whoever sent it.
 * Called by serve for each request, from several threads at once.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/json.h"

#define TO_SIGN_MAX (4U << 20)
#define URL_MAX_BYTES (1U << 20)

int gateway_callback_kind(const struct gateway *g, const char *method, const char *path)
{
    for (int kind = 0; kind < 2; kind++) {
        const struct callback *k = &g->callbacks.kinds[kind];
        size_t len = k->report.present ? strlen(k->path) : 0;
        if (len > 0 && strlen(path) == len && crypt_equal(k->path, path, len) &&
            strcmp(k->method, method) == 0)
            return kind;
    }
    return -1;
}

static int refuse(const struct gateway *g, struct err *e, const char *why)
{
    return err_set(e, ERR_PERM, "is the secret the provider's? are both clocks right?",
                   "gateway %s: a callback %s", g->name, why);
}

static int verify_time(const struct gateway *g, const struct verify_rules *v,
                       const struct gw_callback *c, int64_t now_ms, struct err *e)
{
    const char *text = c->header(c->ctx, v->timestamp_header);
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 12)
        return refuse(g, e, "bears no time stamp");
    int64_t at_ms = strtoll(text, &end, 10) * 1000;
    if (*end != '\0')
        return refuse(g, e, "bears no time stamp");
    if (at_ms > now_ms + v->tolerance_ms || at_ms < now_ms - v->tolerance_ms)
        return refuse(g, e, "bears a time stamp out of range");
    return 0;
}

/* ---- from where ---- */

static bool within(const struct network *n, const uint8_t address[16])
{
    int whole = n->bits / 8, rest = n->bits % 8;

    if (memcmp(n->address, address, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool allowed(const struct callback_rules *r, const char *peer)
{
    uint8_t address[16] = {0};

    if (r->n_allow == 0)
        return true;
    if (peer && inet_pton(AF_INET, peer, address + 12) == 1)
        address[10] = address[11] = 0xff;
    else if (peer == NULL || inet_pton(AF_INET6, peer, address) != 1)
        return false;
    for (size_t i = 0; i < r->n_allow; i++)
        if (within(&r->allow[i], address))
            return true;
    return false;
}

/* ---- with what proof ---- */

static const char *given(const struct verify_rules *v, const struct gw_callback *c)
{
    return v->header ? c->header(c->ctx, v->header) : c->query(c->ctx, v->parameter);
}

static int expected_signature(const struct gateway *g, const struct recipe *r,
                              const struct gw_callback *c, struct buf *out, struct err *e)
{
    struct buf tmp, to_sign, nest[NEST_MAX], encoded[NEST_MAX];
    struct env env = {
        .in = c, .constants = &g->compiler, .tmp = &tmp, .nest = nest, .encoded = encoded};
    uint8_t digest[CRYPT_HASH_BYTES];
    char hash[HEX_SHA256];

    env.v[VAR_METHOD] = (struct text){c->method, strlen(c->method)};
    env.v[VAR_PATH] = (struct text){c->path, strlen(c->path)};
    env.v[VAR_BODY] = (struct text){c->body, c->body_len};
    if (r->parts.uses & VAR_BIT(VAR_BODY_SHA256)) {
        crypt_sha256(c->body, c->body_len, digest);
        crypt_hex(digest, sizeof digest, hash);
        env.v[VAR_BODY_SHA256] = (struct text){hash, HEX_SHA256 - 1};
    }
    buf_init(&tmp, TO_SIGN_MAX);
    buf_init(&to_sign, TO_SIGN_MAX);
    for (size_t i = 0; i < NEST_MAX; i++) {
        buf_init(&nest[i], TO_SIGN_MAX);
        buf_init(&encoded[i], TO_SIGN_MAX);
    }
    struct crypt_mac *mac = r->fast ? recipe_take_mac(r) : NULL;
    int rc = recipe_sign(r, mac, &env, &to_sign, out, e);
    if (mac)
        recipe_put_mac(r, mac);
    for (size_t i = 0; i < NEST_MAX; i++) {
        buf_fini(&nest[i]);
        buf_fini(&encoded[i]);
    }
    buf_fini(&to_sign);
    buf_fini(&tmp);
    return rc;
}

static int by_recipe(const struct gateway *g, const struct verify_rules *v,
                     const struct gw_callback *c, int64_t now_ms, struct err *e)
{
    const char *signature = given(v, c);
    struct buf expected;
    struct err why;

    if (signature == NULL)
        return refuse(g, e, "bears no signature");
    if (v->timestamp_header && verify_time(g, v, c, now_ms, e) != 0)
        return -1;
    buf_init(&expected, 1024);
    bool good = expected_signature(g, &v->recipe, c, &expected, &why) == 0 &&
                strlen(signature) == expected.len &&
                crypt_equal(signature, buf_cstr(&expected), expected.len);
    buf_fini(&expected);
    return good ? 0 : refuse(g, e, "bears a wrong signature");
}

static int by_token(const struct gateway *g, const struct verify_rules *v,
                    const struct gw_callback *c, struct err *e)
{
    const char *token = given(v, c);

    if (token == NULL)
        return refuse(g, e, "bears no token");
    return strlen(token) == v->recipe.key_len &&
                   crypt_equal(token, v->recipe.key, v->recipe.key_len)
               ? 0
               : refuse(g, e, "bears a wrong token");
}

/* The URL as the provider was told it: behind a proxy we see another one. */
static void whole_url(const struct gateway *g, const struct gw_callback *c, struct buf *out)
{
    buf_adds(out, g->public_url);
    buf_adds(out, c->path);
    if (c->query_len > 0) {
        buf_addc(out, '?');
        buf_add(out, c->query_string, c->query_len);
    }
}

static int by_scheme(const struct gateway *g, const struct callback *k, const struct gw_callback *c,
                     int64_t now_ms, struct err *e)
{
    const struct verify_rules *v = &k->verify;
    struct scheme_callback in = {.method = c->method,
                                 .body = c->body,
                                 .body_len = c->body_len,
                                 .header = c->header,
                                 .ctx = c->ctx,
                                 .id = v->recipe.id,
                                 .secret = v->recipe.key,
                                 .secret_len = v->recipe.key_len,
                                 .now_ms = now_ms,
                                 .tolerance_ms = v->tolerance_ms};
    struct json *root = NULL;
    struct buf url;

    if (v->proof->document) {
        root = report_document(&k->report, c->body, c->body_len, e);
        if (root == NULL)
            return err_prefix(e, "gateway %s", g->name);
        in.json = k->report.items ? json_at(root, k->report.items) : root;
    }
    buf_init(&url, URL_MAX_BYTES);
    if (v->proof->url) {
        whole_url(g, c, &url);
        in.url = buf_cstr(&url);
    }
    int rc = v->proof->verify(&in, e);
    buf_fini(&url);
    json_free(root);
    return rc == 0 ? 0 : err_prefix(e, "gateway %s", g->name);
}

int gateway_callback_verify(const struct gateway *g, enum gw_report_kind kind,
                            const struct gw_callback *c, int64_t now_ms, struct err *e)
{
    const struct callback *k = &g->callbacks.kinds[kind];

    if (!allowed(&g->callbacks, c->peer))
        return err_set(e, ERR_PERM, "is that address the provider's? see callbacks.allow",
                       "gateway %s: a callback comes from an address that is not allowed", g->name);
    switch (k->verify.kind) {
    case VERIFY_NONE:
        return 0;
    case VERIFY_RECIPE:
        return by_recipe(g, &k->verify, c, now_ms, e);
    case VERIFY_TOKEN:
        return by_token(g, &k->verify, c, e);
    default:
        return by_scheme(g, k, c, now_ms, e);
    }
}

void gateway_callback_ack(const struct gateway *g, enum gw_report_kind kind, int *status,
                          const char **content_type, const char **body)
{
    const struct ack *a = &g->callbacks.kinds[kind].ack;

    *status = a->status;
    *content_type = a->type;
    *body = a->body;
}
