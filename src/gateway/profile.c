/*
 * profile: a gateway's file as a whole: which parts it has, the address, secrets, limits.
 *
 * Loading compiles everything (program.h); afterwards the struct is never written, so that threads share it. Unknown keys are
 * errors with file, line and the nearest known key, in every group. What the settings of zhanchi.conf override is overridden here.
 *
 * Called once a gateway by the commands (dispatch, serve, campaign, gateway check).
 */
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"

#define PROFILE_MAX_BYTES (1U << 20)
#define LANGUAGE 1 /* of profiles: raised when an old file would be read differently */

/* ---- secrets ---- */

static const char *setting_secret(const struct conf_gateway *s, const char *name)
{
    for (size_t i = 0; i < s->n_secrets; i++)
        if (strcmp(s->secrets[i].name, name) == 0)
            return s->secrets[i].value;
    return NULL;
}

static int parse_secrets(struct gateway *g, const struct conf_node *root,
                         const struct conf_gateway *s, struct err *e)
{
    const struct conf_node *list = conf_node_get(root, "secrets");
    size_t n = list ? conf_node_count(list) : 0;
    struct tv_member *members = arena_alloc(g->arena, (n + 1) * sizeof *members);
    char tmp[40];

    g->secret_values = arena_alloc(g->arena, (n + 1) * sizeof *g->secret_values);
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        if (conf_node_type(item) != CONF_STRING)
            return conf_node_err(item, e, "write it as [ \"app\", \"secret\" ]",
                                 "a secret's name is a text");
        const char *name = arena_strdup(g->arena, conf_node_text(item, tmp));
        const char *value = setting_secret(s, name);
        if (value == NULL || value[0] == '\0')
            return err_set(e, ERR_CONFIG,
                           "add it to secret_files or secret_env of that gateway in zhanchi.conf",
                           "gateway %s: secret %s is missing", g->name, name);
        char *copy = strdup(value);
        if (copy == NULL)
            panic("out of memory");
        g->secret_values[g->n_secrets++] = copy;
        members[i].name = name;
        members[i].value = (struct tv){.type = TV_TEXT, .text = copy, .len = strlen(copy)};
    }
    g->compiler.secrets = (struct tv){.type = TV_MAP, .members = members, .len = n};
    return 0;
}

/* ---- address ---- */

static int parse_address(struct gateway *g, const struct conf_node *root,
                         const struct conf_gateway *s, struct err *e)
{
    const char *url;

    if (conf_node_str(root, "url", "", &url, e) != 0)
        return -1;
    if (s->url)
        url = s->url;
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) ||
        strcspn(host, "/") == 0 || strpbrk(host, "?#@ "))
        return err_set(e, ERR_CONFIG, "write it as https://host:port or https://host/prefix",
                       "gateway %s: url \"%s\" is no address", g->name, url);
    size_t origin = (size_t)(host - url) + strcspn(host, "/");
    size_t len = strlen(url);
    while (len > origin && url[len - 1] == '/')
        len--;
    g->origin = arena_memdup(g->arena, url, origin);
    g->base_path = arena_memdup(g->arena, url + origin, len - origin);
    return 0;
}

/* ---- limits ---- */

static int parse_quiet(const struct conf_node *group, struct gw_limits *l, struct err *e)
{
    const char *text, *dash;
    char from[8] = "";

    if (conf_node_str(group, "quiet", "", &text, e) != 0)
        return -1;
    if (text[0] == '\0')
        return 0;
    if ((dash = strchr(text, '-')) != NULL && dash - text < (int)sizeof from)
        memcpy(from, text, (size_t)(dash - text));
    if (dash == NULL || civil_parse_minute(from, &l->quiet_from) != 0 ||
        civil_parse_minute(dash + 1, &l->quiet_to) != 0)
        return conf_node_err(conf_node_get(group, "quiet"), e, "write it as \"22:00-08:00\"",
                             "quiet = \"%s\" is no span of the day", text);
    return 0;
}

static int parse_limits(struct gateway *g, const struct conf_node *root, struct err *e)
{
    static const char *const known[] = {"rate",       "burst",   "concurrency",     "quiet",
                                        "price",      "timeout", "connect_timeout", "limit_pause",
                                        "text_units", NULL};
    struct gw_limits *l = &g->limits;
    const struct conf_node *group = profile_need(root, "limits", e);
    int64_t concurrency, units;
    double price;

    if (group == NULL || conf_node_known(group, known, e) != 0 ||
        conf_node_real(group, "rate", 0, 0, 1e6, &l->rate, e) != 0 ||
        conf_node_real(group, "burst", 1, 1, 1e6, &l->burst, e) != 0 ||
        conf_node_int(group, "concurrency", 8, 1, 256, &concurrency, e) != 0 ||
        conf_node_real(group, "price", 0, 0, 100, &price, e) != 0 ||
        conf_node_int(group, "text_units", 0, 0, 100000, &units, e) != 0 ||
        profile_duration(group, "timeout", 10000, &l->timeout_ms, e) != 0 ||
        profile_duration(group, "connect_timeout", 5000, &l->connect_timeout_ms, e) != 0 ||
        profile_duration(group, "limit_pause", INT64_C(86400000), &l->limit_pause_ms, e) != 0 ||
        parse_quiet(group, l, e) != 0)
        return -1;
    l->concurrency = (int)concurrency;
    l->text_units = (int)units;
    l->price_microyuan = (int64_t)(price * 1e6 + 0.5);
    return 0;
}

/* What zhanchi.conf says goes before the profile; a batch cannot be larger than the operation's. */
static void apply_settings(struct gateway *g, const struct conf_gateway *s)
{
    int most = g->batch.present ? g->batch.max : 1;

    if (s->rate > 0)
        g->limits.rate = s->rate;
    if (s->concurrency > 0)
        g->limits.concurrency = s->concurrency;
    g->limits.batch = s->batch > 0 && s->batch < most ? s->batch : most;
}

/* ---- the file ---- */

static int parse_submit(struct gateway *g, const struct conf_node *root, struct err *e)
{
    static const char *const known[] = {"single", "batch", NULL};
    const struct conf_node *submit = profile_need(root, "submit", e), *single, *batch;

    if (submit == NULL || conf_node_known(submit, known, e) != 0 ||
        profile_group(submit, "single", &single, e) != 0 ||
        profile_group(submit, "batch", &batch, e) != 0)
        return -1;
    if (single == NULL && batch == NULL)
        return conf_node_err(submit, e, "add single = { ... } or batch = { ... }",
                             "there is no way to submit");
    if (single && operation_parse(&g->compiler, g, single, false, &g->single, e) != 0)
        return -1;
    return batch ? operation_parse(&g->compiler, g, batch, true, &g->batch, e) : 0;
}

static int parse_sign(struct gateway *g, const struct conf_node *root, struct err *e)
{
    const struct conf_node *sign;

    if (profile_group(root, "sign", &sign, e) != 0)
        return -1;
    return sign ? recipe_parse(&g->compiler, sign, NULL, VARS_HTTP | VARS_TIME, &g->sign, e) : 0;
}

static int parse_root(struct gateway *g, const struct conf_node *root, const struct conf_gateway *s,
                      struct err *e)
{
    static const char *const known[] = {"language", "title",     "url",     "secrets",
                                        "limits",   "sign",      "headers", "submit",
                                        "answer",   "callbacks", NULL};
    const struct conf_node *answer, *callbacks;
    int64_t language;
    const char *title;

    if (conf_node_known(root, known, e) != 0 || profile_need(root, "language", e) == NULL ||
        conf_node_int(root, "language", LANGUAGE, LANGUAGE, LANGUAGE, &language, e) != 0 ||
        conf_node_str(root, "title", "", &title, e) != 0 || parse_secrets(g, root, s, e) != 0 ||
        parse_address(g, root, s, e) != 0 || parse_limits(g, root, e) != 0 ||
        parse_sign(g, root, e) != 0 || profile_group(root, "headers", &g->common_headers, e) != 0 ||
        parse_submit(g, root, e) != 0)
        return -1;
    if ((answer = profile_need(root, "answer", e)) == NULL ||
        answer_parse(&g->compiler, answer, &g->answer, e) != 0 ||
        profile_group(root, "callbacks", &callbacks, e) != 0)
        return -1;
    return callbacks ? callbacks_parse(&g->compiler, g->name, callbacks, &g->callbacks, e) : 0;
}

static int digest_file(struct gateway *g, const char *path, struct err *e)
{
    struct buf file;

    buf_init(&file, PROFILE_MAX_BYTES);
    int rc = fs_read_file(path, &file, e);
    if (rc == 0) {
        struct crypt_digest *d = crypt_digest_new();
        crypt_digest_add(d, buf_cstr(&file), file.len);
        crypt_digest_add(d, "", 1);
        crypt_digest_add(d, g->origin, strlen(g->origin));
        crypt_digest_add(d, g->base_path, strlen(g->base_path));
        crypt_digest_end(d, g->digest);
        crypt_digest_free(d);
    }
    buf_fini(&file);
    return rc;
}

struct gateway *gateway_load(const struct conf_gateway *settings, struct err *e)
{
    struct conf_tree *tree = conf_tree_load(settings->profile, e);

    if (tree == NULL) {
        err_prefix(e, "gateway %s", settings->name);
        return NULL;
    }
    struct gateway *g = calloc(1, sizeof *g);
    if (g == NULL)
        panic("out of memory");
    g->arena = arena_new(16384);
    g->name = arena_strdup(g->arena, settings->name);
    g->compiler.arena = g->arena;
    buf_init(&g->compiler.pending, 2 * PROFILE_MAX_BYTES);
    int rc = parse_root(g, conf_tree_root(tree), settings, e);
    conf_tree_free(tree);
    g->common_headers = NULL;
    if (rc != 0 || digest_file(g, settings->profile, e) != 0) {
        gateway_free(g);
        return NULL;
    }
    apply_settings(g, settings);
    return g;
}

void gateway_free(struct gateway *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->n_secrets; i++) {
        crypt_wipe(g->secret_values[i], strlen(g->secret_values[i]));
        free(g->secret_values[i]);
    }
    for (size_t i = 0; i < g->compiler.n_templates; i++)
        template_free(g->compiler.templates[i]);
    free(g->compiler.templates);
    buf_fini(&g->compiler.pending);
    recipe_fini(&g->sign);
    recipe_fini(&g->callbacks.recipe);
    arena_free(g->arena);
    free(g);
}

const char *gateway_name(const struct gateway *g)
{
    return g->name;
}

void gateway_digest(const struct gateway *g, uint8_t out[32])
{
    memcpy(out, g->digest, sizeof g->digest);
}

const struct gw_limits *gateway_limits(const struct gateway *g)
{
    return &g->limits;
}
