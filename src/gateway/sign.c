/*
 * sign: an HMAC over a recipe that the profile declares, for requests (build.c) and for callbacks (callback.c).
 *
 *   method = "hmac-sha256"; key = "{{secret.x}}"; parts = [ "{{method}}", "{{path}}", ... ]; join = "\n"; encoding = "hex";
 *
 * The key is a constant made of secrets, kept outside the arena so that it can be wiped. Further methods are rows of `methods`.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/crypt.h"

static const char *const methods[] = {"hmac-sha256", NULL};
static const char *const encodings[] = {"hex", "base64", NULL};

/* The key is rendered into the arena's pending bytes first and taken from there. */
static int parse_key(struct compiler *c, const struct conf_node *group, struct recipe *r,
                     struct err *e)
{
    struct program none;
    const struct conf_node *node = profile_need(group, "key", e);
    const char *text;

    if (node == NULL || conf_node_str(group, "key", "", &text, e) != 0)
        return -1;
    compile_begin(c, &none, 0, false);
    if (compile_leaf(c, node, text, template_escape_none, e) != 0)
        return -1;
    r->key_len = c->pending.len;
    r->key = malloc(r->key_len + 1);
    if (r->key == NULL)
        panic("out of memory");
    memcpy(r->key, buf_cstr(&c->pending), r->key_len + 1);
    if (c->pending.len)
        crypt_wipe(c->pending.data, c->pending.len);
    buf_reset(&c->pending);
    if (r->key_len == 0)
        return conf_node_err(node, e, NULL, "the key is empty");
    return 0;
}

static int parse_parts(struct compiler *c, const struct conf_node *group, uint32_t vars,
                       struct recipe *r, struct err *e)
{
    const struct conf_node *parts = profile_need(group, "parts", e);
    const char *join;
    char tmp[40];

    if (parts == NULL || conf_node_str(group, "join", "", &join, e) != 0)
        return -1;
    if (conf_node_type(parts) != CONF_LIST || conf_node_count(parts) == 0)
        return conf_node_err(parts, e, "write it as [ \"{{method}}\", ... ]",
                             "parts is no list of texts");
    compile_begin(c, &r->parts, vars, false);
    for (size_t i = 0; i < conf_node_count(parts); i++) {
        const struct conf_node *part = conf_node_item(parts, i);
        if (conf_node_type(part) != CONF_STRING)
            return conf_node_err(part, e, NULL, "a part must be a text");
        if (i > 0)
            compile_bytes(c, join, strlen(join));
        if (compile_leaf(c, part, conf_node_text(part, tmp), template_escape_none, e) != 0)
            return -1;
    }
    compile_end(c);
    return 0;
}

static struct mac_pool *pool_new(void);

int recipe_parse(struct compiler *c, const struct conf_node *group, const char *const *further,
                 uint32_t vars, struct recipe *out, struct err *e)
{
    const char *known[16] = {"method", "key", "parts", "join", "encoding"};
    int method, encoding;

    for (size_t n = 5; further && *further && n < 15; n++)
        known[n] = *further++;
    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "method", methods, &method, e) != 0 ||
        profile_choose(group, "encoding", encodings, &encoding, e) != 0)
        return -1;
    out->method = SIGN_HMAC_SHA256;
    out->pool = pool_new();
    out->encoding = (enum sign_encoding)encoding;
    if (parse_key(c, group, out, e) != 0)
        return -1;
    return parse_parts(c, group, vars, out, e);
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
    r->key = NULL;
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
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[HEX_SHA256];

    buf_reset(tmp);
    if (program_run(&r->parts, env, tmp, e) != 0)
        return -1;
    crypt_mac_start(mac);
    crypt_mac_add(mac, buf_cstr(tmp), tmp->len);
    crypt_mac_end(mac, digest);
    if (r->encoding == SIGN_BASE64) {
        crypt_base64(digest, sizeof digest, out);
    } else {
        crypt_hex(digest, sizeof digest, hex);
        buf_adds(out, hex);
    }
    return out->failed ? err_set(e, ERR_SOFTWARE, NULL, "a signature has no room") : 0;
}
