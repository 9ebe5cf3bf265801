/*
 * sign: how requests are signed and callbacks proved (build.c, verify.c): a recipe that the profile declares, or a provider's scheme by its name
 * (scheme.h), where no recipe can say it.
 *
 *   method = "hmac-sha256"; key = "{{secret.x}}"; parts = [ "{{method}}", "{{path}}", ... ]; join = "\n"; encoding = "hex";
 *   method = "tc3"; id = "{{secret.id}}"; key = "{{secret.key}}"; service = "sms";
 *
 * Keys are constants, kept outside the arena so that they can be wiped.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "scheme.h"
#include "zhanchi/crypt.h"

/* The key is rendered into the arena's pending bytes first and taken from there. */
int recipe_key(struct compiler *c, const struct conf_node *group, const char *name, char **key,
               size_t *len, struct err *e)
{
    struct program none;
    const struct conf_node *node = profile_need(group, name, e);
    const char *text;

    if (node == NULL || conf_node_str(group, name, "", &text, e) != 0)
        return -1;
    compile_begin(c, &none, 0, false);
    if (compile_leaf(c, node, text, template_escape_none, e) != 0)
        return -1;
    size_t n = c->pending.len;
    *key = malloc(n + 1);
    if (*key == NULL)
        panic("out of memory");
    memcpy(*key, buf_cstr(&c->pending), n + 1);
    if (c->pending.len)
        crypt_wipe(c->pending.data, c->pending.len);
    buf_reset(&c->pending);
    if (len)
        *len = n;
    return n > 0 ? 0 : conf_node_err(node, e, NULL, "%s is empty", name);
}

static int parse_parts(struct compiler *c, const struct conf_node *group, uint32_t vars, bool loops,
                       struct recipe *r, struct err *e)
{
    const struct conf_node *parts = profile_need(group, "parts", e);
    const char *join;

    if (parts == NULL || conf_node_str(group, "join", "", &join, e) != 0)
        return -1;
    if (conf_node_type(parts) != CONF_LIST || conf_node_count(parts) == 0)
        return conf_node_err(parts, e, "write it as [ \"{{method}}\", ... ]",
                             "parts is no list of texts");
    compile_begin(c, &r->parts, vars, loops);
    for (size_t i = 0; i < conf_node_count(parts); i++) {
        if (i > 0)
            compile_bytes(c, join, strlen(join));
        if (compile_value(c, conf_node_item(parts, i), template_escape_none, e) != 0)
            return -1;
    }
    compile_end(c);
    return 0;
}

/* encoding = "hex", "HEX", "base64", or a list of encodings. */
static int parse_encoding(struct compiler *c, const struct conf_node *group, struct recipe *r,
                          struct err *e)
{
    static const char *const words[] = {"hex", "HEX", "base64", NULL};
    const struct conf_node *node = conf_node_get(group, "encoding");
    int k;

    if (node && conf_node_type(node) == CONF_LIST)
        return profile_encodings(c, node, 0, &r->encoding, e);
    if (profile_choose(group, "encoding", words, &k, e) != 0)
        return -1;
    r->encoding = arena_alloc(c->arena, sizeof *r->encoding);
    memset(r->encoding, 0, sizeof *r->encoding);
    return encode_add(r->encoding, words[k], e);
}

static struct mac_pool *pool_new(void);

/* others: the i-th name of the methods that are no recipes, for who has misspelt one. */
static int parse_method(const struct conf_node *group, const char *(*others)(size_t),
                        struct recipe *r, struct err *e)
{
    const char *known[32] = {"md5",      "sha1",      "sha256",      "sm3",
                             "hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sm3"};
    const struct conf_node *node = conf_node_get(group, "method");
    const char *method;

    if (conf_node_str(group, "method", "hmac-sha256", &method, e) != 0)
        return -1;
    if (crypt_method_find(method, &r->method))
        return 0;
    size_t n = 0;
    for (; known[n]; n++)
        if (strcmp(known[n], method) == 0)
            return conf_node_err(node ? node : group, e, "is the library in FIPS mode?",
                                 "this system's libcrypto does not offer %s", method);
    for (size_t i = 0; others(i) && n + 1 < sizeof known / sizeof known[0]; i++)
        known[n++] = others(i);
    return profile_unknown_word(node, "method", method, known, e);
}

int recipe_parse(struct compiler *c, const struct conf_node *group, const char *const *further,
                 const char *(*others)(size_t), uint32_t vars, bool loops, struct recipe *out,
                 struct err *e)
{
    const char *known[16] = {"method", "key", "parts", "join", "encoding"};

    for (size_t n = 5; further && *further && n < 15; n++)
        known[n] = *further++;
    if (parse_method(group, others, out, e) != 0 || conf_node_known(group, known, e) != 0 ||
        parse_encoding(c, group, out, e) != 0)
        return -1;
    out->kind = SIGN_RECIPE;
    out->fast = out->method.keyed && out->method.hash == CRYPT_SHA256;
    out->pool = pool_new();
    if (out->method.keyed && recipe_key(c, group, "key", &out->key, &out->key_len, e) != 0)
        return -1;
    if (!out->method.keyed && conf_node_get(group, "key"))
        return conf_node_err(group, e, "name the secret in parts, or use an hmac",
                             "a plain digest has no key");
    return parse_parts(c, group, vars, loops, out, e);
}

/* ---- contexts that wait to be used again ---- */

#define POOL_MAX 8

struct mac_pool {
    pthread_mutex_t lock;
    struct crypt_mac *spare[POOL_MAX];
    size_t n;
};

static struct mac_pool *pool_new(void)
{
    struct mac_pool *p = calloc(1, sizeof *p);

    if (p == NULL)
        panic("out of memory");
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

struct crypt_mac *recipe_take_mac(const struct recipe *r)
{
    struct mac_pool *p = r->pool;

    pthread_mutex_lock(&p->lock);
    struct crypt_mac *mac = p->n > 0 ? p->spare[--p->n] : NULL;
    pthread_mutex_unlock(&p->lock);
    return mac ? mac : crypt_mac_new(r->key, r->key_len);
}

void recipe_put_mac(const struct recipe *r, struct crypt_mac *mac)
{
    struct mac_pool *p = r->pool;

    pthread_mutex_lock(&p->lock);
    bool room = p->n < POOL_MAX;
    if (room)
        p->spare[p->n++] = mac;
    pthread_mutex_unlock(&p->lock);
    if (!room)
        crypt_mac_free(mac);
}

void recipe_fini(struct recipe *r)
{
    if (r->key)
        crypt_wipe(r->key, r->key_len);
    free(r->key);
    free(r->id);
    r->key = r->id = NULL;
    if (r->pool == NULL)
        return;
    while (r->pool->n > 0)
        crypt_mac_free(r->pool->spare[--r->pool->n]);
    pthread_mutex_destroy(&r->pool->lock);
    free(r->pool);
    r->pool = NULL;
}

int recipe_sign(const struct recipe *r, struct crypt_mac *mac, struct env *env, struct buf *tmp,
                struct buf *out, struct err *e)
{
    uint8_t digest[CRYPT_METHOD_BYTES];
    size_t n = CRYPT_HASH_BYTES;

    buf_reset(tmp);
    if (program_run(&r->parts, env, tmp, e) != 0)
        return -1;
    if (r->fast) {
        crypt_mac_start(mac);
        crypt_mac_add(mac, buf_cstr(tmp), tmp->len);
        crypt_mac_end(mac, digest);
    } else {
        n = crypt_method_run(r->method, r->key, r->key_len, buf_cstr(tmp), tmp->len, digest);
    }
    return encode_run(r->encoding, (const char *)digest, n, out, e);
}

/* ---- of an operation ---- */

static int parse_scheme(struct compiler *c, const struct conf_node *group, struct recipe *r,
                        struct err *e)
{
    static const char *const known[] = {"method", "id", "key", "service", "digest", NULL};
    static const char *const digests[] = {"bytes", "hex", NULL};
    const struct scheme *s = r->scheme;
    int digest;

    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "digest", digests, &digest, e) != 0 ||
        profile_str(c, group, "service", NULL, &r->service, e) != 0 ||
        recipe_key(c, group, "key", &r->key, &r->key_len, e) != 0 ||
        ((s->uses & SCHEME_ID) && recipe_key(c, group, "id", &r->id, NULL, e) != 0))
        return -1;
    if ((s->uses & SCHEME_SERVICE) && r->service == NULL)
        return conf_node_err(group, e, "add service = \"sms\"", "service is missing");
    r->hex_digest = digest == 1;
    return 0;
}

/* sign = { ... } of the operation, or else of the profile. */
int sign_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
               struct operation *op, struct err *e)
{
    const struct conf_node *sign = conf_node_get(group, "sign");
    const char *method;
    char tmp[40];

    if (sign && conf_node_type(sign) == CONF_STRING &&
        strcmp(conf_node_text(sign, tmp), "none") == 0)
        return 0;
    if (sign == NULL)
        sign = g->common_sign;
    if (sign == NULL)
        return 0;
    if (conf_node_type(sign) != CONF_GROUP)
        return conf_node_err(sign, e, "write sign = { method = ...; }, or sign = \"none\"",
                             "sign is no group");
    if (conf_node_str(sign, "method", "", &method, e) != 0)
        return -1;
    if ((op->sign.scheme = scheme_find(method)) != NULL) {
        op->sign.kind = SIGN_SCHEME;
        return parse_scheme(c, sign, &op->sign, e);
    }
    if (recipe_parse(c, sign, NULL, scheme_name,
                     VARS_HTTP | VARS_TIME | VAR_BIT(VAR_PARAMS) | operation_vars(op),
                     op->kind == OPERATION_BATCH, &op->sign, e) != 0)
        return -1;
    op->sign.before_body = !(op->sign.parts.uses & (VARS_HTTP | VAR_BIT(VAR_PARAMS)));
    return 0;
}
