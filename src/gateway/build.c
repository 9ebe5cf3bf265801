/*
 * build: from messages to a signed HTTP request.
 *
 * The order is fixed: body, then its digest, then the recipe, then headers. What an operation does not name is not
 * computed. The gateway is shared by threads and never written; everything that changes from request to request (nonce, key context,
 * string to sign) lives in the request's scratch.
 *
 * Called by dispatch for each request and by `gateway test`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "profile.h"
#include "zhanchi/crypt.h"

#define URL_MAX_BYTES 8192
#define HEADERS_MAX_BYTES 16384
#define BODY_MAX_BYTES (4U << 20)
#define NONCE_RANDOM 12
#define NONCE_LEN 24

/* ---- the profile's part: an operation ---- */

static const char *const body_encodings[] = {"json", "form", "text", NULL};
static const char *const body_types[] = {"application/json; charset=utf-8",
                                         "application/x-www-form-urlencoded",
                                         "text/plain; charset=utf-8"};
static const char *const body_methods[] = {"POST", "GET", NULL};

static int parse_url(struct compiler *c, struct gateway *g, const struct conf_node *group,
                     struct operation *op, struct err *e)
{
    const struct conf_node *node = profile_need(group, "path", e), *query;
    const char *path;
    struct program none;

    if (node == NULL || conf_node_str(group, "path", "", &path, e) != 0 ||
        profile_group(group, "query", &query, e) != 0)
        return -1;
    if (path[0] != '/')
        return conf_node_err(node, e, NULL, "a path begins with /");
    compile_begin(c, &none, 0, false); /* constants only: the path is part of what is signed */
    compile_bytes(c, g->base_path, strlen(g->base_path));
    if (compile_leaf(c, node, path, template_escape_none, e) != 0)
        return -1;
    op->path = arena_strdup(c->arena, buf_cstr(&c->pending));
    compile_begin(c, &op->url, VARS_TIME | VAR_BIT(VAR_SIGN) | (op->max == 1 ? VARS_MESSAGE : 0),
                  true);
    compile_bytes(c, g->origin, strlen(g->origin));
    compile_bytes(c, op->path, strlen(op->path));
    if (query) {
        compile_bytes(c, "?", 1);
        if (compile_form(c, query, e) != 0)
            return -1;
    }
    compile_end(c);
    return 0;
}

static int add_header(struct compiler *c, const char *name, const struct conf_node *node,
                      struct err *e)
{
    const char *text;
    char tmp[40];

    text = conf_node_text(node, tmp);
    if (text == NULL)
        return conf_node_err(node, e, NULL, "header %s is no text", name);
    compile_bytes(c, name, strlen(name));
    compile_bytes(c, ": ", 2);
    size_t from = c->pending.len;
    if (compile_leaf(c, node, text, template_escape_none, e) != 0)
        return -1;
    for (size_t i = from; i < c->pending.len; i++)
        if ((unsigned char)c->pending.data[i] < ' ')
            return conf_node_err(node, e, "is there a line break at the end of a secret?",
                                 "header %s holds a control character", name);
    compile_bytes(c, "", 1);
    return 0;
}

/* Headers of the operation in front; those of the profile that it does not repeat; the body's type unless given. */
static int parse_headers(struct compiler *c, struct gateway *g, const struct conf_node *group,
                         struct operation *op, const char *type, struct err *e)
{
    const struct conf_node *own, *common = g->common_headers;
    bool typed = type == NULL;

    if (profile_group(group, "headers", &own, e) != 0)
        return -1;
    compile_begin(c, &op->headers,
                  VARS_TIME | VAR_BIT(VAR_METHOD) | VAR_BIT(VAR_PATH) | VAR_BIT(VAR_BODY_SHA256) |
                      VAR_BIT(VAR_SIGN),
                  false);
    for (int round = 0; round < 2; round++) {
        const struct conf_node *from = round == 0 ? own : common;
        for (size_t i = 0; from && i < conf_node_count(from); i++) {
            const struct conf_node *node = conf_node_item(from, i);
            const char *name = conf_node_name(node);
            if (round == 1 && own && conf_node_get(own, name))
                continue;
            typed = typed || strcasecmp(name, "Content-Type") == 0;
            if (add_header(c, name, node, e) != 0)
                return -1;
        }
    }
    if (!typed) {
        compile_bytes(c, "Content-Type: ", 14);
        compile_bytes(c, type, strlen(type) + 1);
    }
    compile_end(c);
    return 0;
}

static int parse_body(struct compiler *c, const struct conf_node *group, struct operation *op,
                      const char **type, struct err *e)
{
    const struct conf_node *body = conf_node_get(group, "body");
    char tmp[40];
    int encoding;
    int rc;

    *type = NULL;
    if (profile_choose(group, "encoding", body_encodings, &encoding, e) != 0)
        return -1;
    if (strcmp(op->method, "GET") == 0) {
        compile_begin(c, &op->body, 0, false);
        compile_end(c);
        return body ? conf_node_err(body, e, "use query = { ... }", "a GET has no body") : 0;
    }
    if ((body = profile_need(group, "body", e)) == NULL)
        return -1;
    compile_begin(c, &op->body, VARS_TIME | (op->max == 1 ? VARS_MESSAGE : 0), true);
    if (encoding == 0)
        rc = compile_json(c, body, e);
    else if (encoding == 1)
        rc = compile_form(c, body, e);
    else if (conf_node_type(body) != CONF_STRING)
        rc = conf_node_err(body, e, NULL, "a body with encoding = \"text\" is one text");
    else
        rc = compile_leaf(c, body, conf_node_text(body, tmp), template_escape_none, e);
    compile_end(c);
    *type = body_types[encoding];
    return rc;
}

int operation_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    bool batch, struct operation *out, struct err *e)
{
    static const char *const known[] = {"method",   "path", "query", "headers",
                                        "encoding", "body", "max",   NULL};
    int64_t max = 1;
    int method;
    const char *type;

    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "method", body_methods, &method, e) != 0)
        return -1;
    if (batch && conf_node_int(group, "max", 100, 2, 10000, &max, e) != 0)
        return -1;
    if (!batch && conf_node_get(group, "max"))
        return conf_node_err(group, e, "put it into batch", "max has no meaning here");
    out->max = (int)max;
    snprintf(out->method, sizeof out->method, "%s", body_methods[method]);
    if (parse_url(c, g, group, out, e) != 0 || parse_body(c, group, out, &type, e) != 0 ||
        parse_headers(c, g, group, out, type, e) != 0)
        return -1;
    out->uses = out->url.uses | out->body.uses | out->headers.uses;
    if ((out->uses & VAR_BIT(VAR_SIGN)) && g->sign.method == SIGN_NONE)
        return conf_node_err(group, e, "add sign = { ... }",
                             "{{sign}} is used, but the profile does not sign");
    if (out->uses & VAR_BIT(VAR_SIGN))
        out->uses |= g->sign.parts.uses;
    out->present = true;
    return 0;
}

/* ---- a request ---- */

struct gw_scratch {
    const struct gateway *owner; /* whose key `mac` holds */
    struct crypt_mac *mac;
    struct crypt_digest *sha256;
    struct buf to_sign, tmp, sign;
    uint64_t count;
    int64_t stamped_s;
    char nonce[NONCE_LEN + 1], stamp[24], stamp_ms[24], hash[HEX_SHA256];
};

static void scratch_fini(struct gw_scratch *s)
{
    if (s == NULL)
        return;
    crypt_mac_free(s->mac);
    crypt_digest_free(s->sha256);
    buf_fini(&s->to_sign);
    buf_fini(&s->tmp);
    buf_fini(&s->sign);
    free(s);
}

static struct gw_scratch *scratch_new(void)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[NONCE_RANDOM];
    struct gw_scratch *s = calloc(1, sizeof *s);

    if (s == NULL)
        panic("out of memory");
    s->sha256 = crypt_digest_new();
    s->stamped_s = INT64_MIN;
    buf_init(&s->to_sign, BODY_MAX_BYTES + 4096);
    buf_init(&s->tmp, BODY_MAX_BYTES);
    buf_init(&s->sign, 256);
    crypt_random(random, sizeof random);
    for (size_t i = 0; i < NONCE_RANDOM; i++)
        s->nonce[i] = digits[random[i] % 32];
    return s;
}

/* Sixty random bits of this scratch and a count: not used before by anyone, and cheap. */
static void next_nonce(struct gw_scratch *s)
{
    uint64_t n = s->count++;

    for (size_t i = NONCE_LEN; i-- > NONCE_RANDOM; n >>= 4)
        s->nonce[i] = "0123456789abcdef"[n & 15];
}

static void set(struct env *env, enum var v, const char *s, size_t len)
{
    env->v[v] = (struct text){s, len};
}

static void set_times(struct env *env, const struct operation *op, struct gw_scratch *s,
                      int64_t now_ms)
{
    if (s->stamped_s != now_ms / 1000) {
        s->stamped_s = now_ms / 1000;
        snprintf(s->stamp, sizeof s->stamp, "%lld", (long long)s->stamped_s);
    }
    if (op->uses & VAR_BIT(VAR_TIMESTAMP_MS)) {
        snprintf(s->stamp_ms, sizeof s->stamp_ms, "%lld", (long long)now_ms);
        set(env, VAR_TIMESTAMP_MS, s->stamp_ms, strlen(s->stamp_ms));
    }
    next_nonce(s);
    set(env, VAR_TIMESTAMP, s->stamp, strlen(s->stamp));
    set(env, VAR_NONCE, s->nonce, NONCE_LEN);
}

static int sign_request(const struct gateway *g, const struct operation *op, struct env *env,
                        struct gw_request *r, struct err *e)
{
    struct gw_scratch *s = r->scratch;

    if (op->uses & VAR_BIT(VAR_BODY_SHA256)) {
        uint8_t digest[CRYPT_HASH_BYTES];
        crypt_digest_add(s->sha256, buf_cstr(&r->body), r->body.len);
        crypt_digest_end(s->sha256, digest);
        crypt_hex(digest, sizeof digest, s->hash);
        set(env, VAR_BODY_SHA256, s->hash, HEX_SHA256 - 1);
    }
    if (!(op->uses & VAR_BIT(VAR_SIGN)))
        return 0;
    if (s->owner != g) {
        crypt_mac_free(s->mac);
        s->mac = crypt_mac_new(g->sign.key, g->sign.key_len);
        s->owner = g;
    }
    set(env, VAR_METHOD, op->method, strlen(op->method));
    set(env, VAR_PATH, op->path, strlen(op->path));
    set(env, VAR_BODY, buf_cstr(&r->body), r->body.len);
    buf_reset(&s->sign);
    if (recipe_sign(&g->sign, s->mac, env, &s->to_sign, &s->sign, e) != 0)
        return -1;
    set(env, VAR_SIGN, buf_cstr(&s->sign), s->sign.len);
    return 0;
}

int gateway_build(const struct gateway *g, const struct gw_message *m, size_t n, int64_t now_ms,
                  struct gw_request *out, struct err *e)
{
    const struct operation *op = n == 1 && g->single.present ? &g->single : &g->batch;
    struct env env = {.m = m, .n = n, .secrets = &g->compiler.secrets};

    if (n < 1 || n > (size_t)g->limits.batch)
        panic("gateway: %zu messages in a request", n);
    gw_request_reset(out);
    if (out->scratch == NULL)
        out->scratch = scratch_new();
    env.tmp = &out->scratch->tmp;
    set_times(&env, op, out->scratch, now_ms);
    if (n == 1)
        env_message(&env, &m[0]);
    memcpy(out->method, op->method, sizeof out->method);
    if (program_run(&op->body, &env, &out->body, e) != 0 || sign_request(g, op, &env, out, e) != 0)
        return err_prefix(e, "gateway %s", g->name);
    if (program_run(&op->url, &env, &out->url, e) != 0 ||
        program_run(&op->headers, &env, &out->headers, e) != 0)
        return err_prefix(e, "gateway %s", g->name);
    return 0;
}

void gw_request_init(struct gw_request *r)
{
    memset(r, 0, sizeof *r);
    buf_init(&r->url, URL_MAX_BYTES);
    buf_init(&r->headers, HEADERS_MAX_BYTES);
    buf_init(&r->body, BODY_MAX_BYTES);
}

void gw_request_reset(struct gw_request *r)
{
    r->method[0] = '\0';
    buf_reset(&r->url);
    buf_reset(&r->headers);
    buf_reset(&r->body);
}

void gw_request_fini(struct gw_request *r)
{
    buf_fini(&r->url);
    buf_fini(&r->headers);
    buf_fini(&r->body);
    scratch_fini(r->scratch);
    r->scratch = NULL;
}
