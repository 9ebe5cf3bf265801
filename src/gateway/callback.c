/*
 * callback: what a profile says about the provider's requests to us: under which path they come, who may make them, what is answered.
 * verify.c looks at a request, reading.c at what it says. Called while a profile is loaded.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "scheme.h"

#define PATH_MAX_BYTES 256

static int parse_path(struct compiler *c, const char *name, const struct conf_node *group,
                      struct callback *k, struct err *e)
{
    static const char *const methods[] = {"POST", "GET", NULL};
    struct program none;
    const char *path;
    int method;

    if (profile_need(group, "path", e) == NULL || conf_node_str(group, "path", "", &path, e) != 0 ||
        profile_choose(group, "method", methods, &method, e) != 0)
        return -1;
    if (path[0] != '/' || strlen(name) + strlen(path) > PATH_MAX_BYTES)
        return conf_node_err(group, e, "write it as \"/receipt\"", "path is no path");
    compile_begin(c, &none, 0, false); /* constants only: a secret in it keeps strangers out */
    compile_bytes(c, "/", 1);
    compile_bytes(c, name, strlen(name));
    if (compile_leaf(c, conf_node_get(group, "path"), path, template_escape_none, e) != 0)
        return -1;
    k->path = arena_strdup(c->arena, buf_cstr(&c->pending));
    memcpy(k->method, methods[method], strlen(methods[method]) + 1);
    return 0;
}

/* ---- who may call ---- */

/* What is no recipe. */
static const char *verify_name(size_t i)
{
    return i == 0 ? "token" : scheme_proof_name(i - 1);
}

static int parse_named(struct compiler *c, const struct conf_node *group, struct verify_rules *v,
                       struct err *e)
{
    static const char *const known[] = {"method",    "id",        "key", "header",
                                        "parameter", "tolerance", NULL};
    bool with_id = v->proof && v->proof->id;

    if (conf_node_known(group, known, e) != 0 ||
        recipe_key(c, group, "key", &v->recipe.key, &v->recipe.key_len, e) != 0 ||
        (with_id && recipe_key(c, group, "id", &v->recipe.id, NULL, e) != 0) ||
        profile_str(c, group, "header", NULL, &v->header, e) != 0 ||
        profile_str(c, group, "parameter", NULL, &v->parameter, e) != 0 ||
        profile_duration(group, "tolerance", SCHEME_TOLERANCE_MS, &v->tolerance_ms, e) != 0)
        return -1;
    if (v->kind == VERIFY_TOKEN && (v->header == NULL) == (v->parameter == NULL))
        return conf_node_err(group, e, "add header = \"NAME\" or parameter = \"NAME\"",
                             "nothing tells where the token stands");
    return 0;
}

static int parse_recipe(struct compiler *c, const struct conf_node *group, struct verify_rules *v,
                        struct err *e)
{
    static const char *const further[] = {"signature", "timestamp", "tolerance", "parameter", NULL};

    if (recipe_parse(c, group, further, verify_name, VARS_HTTP | VARS_INCOMING, false, &v->recipe,
                     e) != 0 ||
        profile_str(c, group, "signature", NULL, &v->header, e) != 0 ||
        profile_str(c, group, "parameter", NULL, &v->parameter, e) != 0 ||
        profile_str(c, group, "timestamp", NULL, &v->timestamp_header, e) != 0 ||
        profile_duration(group, "tolerance", 300000, &v->tolerance_ms, e) != 0)
        return -1;
    if ((v->header == NULL) == (v->parameter == NULL))
        return conf_node_err(group, e, "add signature = \"HEADER\" or parameter = \"NAME\"",
                             "nothing tells where the signature stands");
    v->kind = VERIFY_RECIPE;
    return 0;
}

/* Who signs nothing must be declared in so many words. */
static int parse_verify(struct compiler *c, const struct conf_node *own,
                        const struct conf_node *common, struct verify_rules *v, struct err *e)
{
    const struct conf_node *group = own;
    const struct conf_node *verify = conf_node_get(own, "verify");
    const char *method;
    char tmp[40];

    if (verify == NULL)
        verify = conf_node_get(group = common, "verify");
    if (verify && conf_node_type(verify) == CONF_STRING &&
        strcmp(conf_node_text(verify, tmp), "none") == 0)
        return 0;
    if (verify == NULL || conf_node_type(verify) != CONF_GROUP)
        return conf_node_err(
            verify ? verify : group, e,
            "add verify = { ... }, or verify = \"none\" if the provider does not sign",
            "callbacks do not say how the provider is verified");
    if (conf_node_str(verify, "method", "", &method, e) != 0)
        return -1;
    v->proof = scheme_proof_find(method);
    if (v->proof == NULL && strcmp(method, verify_name(0)) != 0)
        return parse_recipe(c, verify, v, e);
    v->kind = v->proof ? VERIFY_SCHEME : VERIFY_TOKEN;
    return parse_named(c, verify, v, e);
}

/* "10.1.0.0/16", "2001:db8::/32", "192.0.2.7" */
static int parse_network(const struct conf_node *node, struct network *out, struct err *e)
{
    char tmp[40], text[64];
    const char *s = conf_node_text(node, tmp);
    char *end = NULL;

    *out = (struct network){.bits = 128};
    snprintf(text, sizeof text, "%s", s ? s : "");
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    bool v4 = inet_pton(AF_INET, text, out->address + 12) == 1;
    if (v4)
        out->address[10] = out->address[11] = 0xff;
    else if (inet_pton(AF_INET6, text, out->address) != 1)
        return conf_node_err(node, e, "write it as \"10.1.0.0/16\"", "this is no network");
    if (slash) {
        long bits = strtol(slash, &end, 10);
        if (end == slash || *end != '\0' || bits < 0 || bits > (v4 ? 32 : 128))
            return conf_node_err(node, e, "write it as \"10.1.0.0/16\"", "this is no network");
        out->bits = (int)bits + (v4 ? 96 : 0);
    }
    return 0;
}

static int parse_allow(struct compiler *c, const struct conf_node *group, struct callback_rules *r,
                       struct err *e)
{
    const struct conf_node *list = conf_node_get(group, "allow");

    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST || conf_node_count(list) == 0)
        return conf_node_err(list, e, "write allow = [ \"10.1.0.0/16\" ]",
                             "allow is no list of networks");
    r->n_allow = conf_node_count(list);
    r->allow = arena_alloc(c->arena, r->n_allow * sizeof *r->allow);
    for (size_t i = 0; i < r->n_allow; i++)
        if (parse_network(conf_node_item(list, i), &r->allow[i], e) != 0)
            return -1;
    return 0;
}

/* ---- what is answered ---- */

static int parse_ack(struct compiler *c, const struct conf_node *own,
                     const struct conf_node *common, struct ack *a, struct err *e)
{
    static const char *const known[] = {"status", "type", "body", NULL};
    const struct conf_node *group;
    int64_t status = 200;

    *a = (struct ack){200, "text/plain", ""};
    if (profile_group(own, "ack", &group, e) != 0 ||
        (group == NULL && profile_group(common, "ack", &group, e) != 0))
        return -1;
    if (group == NULL)
        return 0;
    if (conf_node_known(group, known, e) != 0 ||
        conf_node_int(group, "status", 200, 200, 299, &status, e) != 0 ||
        profile_str(c, group, "type", "text/plain", &a->type, e) != 0 ||
        profile_str(c, group, "body", "", &a->body, e) != 0)
        return -1;
    a->status = (int)status;
    return 0;
}

/* ---- the whole ---- */

static int parse_kind(struct compiler *c, struct gateway *g, const struct conf_node *common,
                      const struct conf_node *group, bool reply, struct callback *k, struct err *e)
{
    const char *known[32] = {"method", "path", "verify", "ack"};
    const char *const *keys = reply ? report_keys_reply : report_keys_receipt;

    for (size_t n = 4; *keys; n++)
        known[n] = *keys++;
    if (conf_node_known(group, known, e) != 0 ||
        parse_verify(c, group, common, &k->verify, e) != 0 ||
        parse_path(c, g->name, group, k, e) != 0 || parse_ack(c, group, common, &k->ack, e) != 0)
        return -1;
    if (k->verify.proof && k->verify.proof->url && g->public_url == NULL)
        return err_set(e, ERR_CONFIG, "add public_url = \"https://...\" to it in zhanchi.conf",
                       "gateway %s: callbacks are signed over their URL, which is not known",
                       g->name);
    return report_parse(c, g, group, reply, NULL, &k->report, e);
}

int callbacks_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    struct err *e)
{
    static const char *const known[] = {"verify", "ack", "allow", "receipt", "reply", NULL};
    static const char *const kinds[] = {"receipt", "reply"};
    const struct conf_node *node;

    if (conf_node_known(group, known, e) != 0 || parse_allow(c, group, &g->callbacks, e) != 0)
        return -1;
    for (size_t kind = 0; kind < 2; kind++)
        if (profile_group(group, kinds[kind], &node, e) != 0 ||
            (node && parse_kind(c, g, group, node, kind == 1, &g->callbacks.kinds[kind], e) != 0))
            return -1;
    const struct callback *k = g->callbacks.kinds;
    if (k[0].path && k[1].path && strcmp(k[0].path, k[1].path) == 0 &&
        strcmp(k[0].method, k[1].method) == 0)
        return conf_node_err(group, e, "give them different paths",
                             "receipts and replies come under one path");
    return 0;
}
