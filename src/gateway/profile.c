/*
 * profile: a gateway's file as a whole: which parts it has, the address, limits.
 *
 * Loading compiles everything (program.h); afterwards the struct is never written, so that threads share it. Unknown keys are
 * errors with file, line and the nearest known key, in every group. What the settings of zhanchi.conf override is overridden here.
 *
 * Called once a gateway by the commands (dispatch, serve, campaign, gateway check).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"

#define PROFILE_MAX_BYTES (1U << 20)
#define LANGUAGE 1 /* of profiles: raised when an old file would be read differently */

/* ---- address ---- */

/* Of a mail server: no path, and the port that its scheme stands for. */
static int parse_server(struct gateway *g, const char *url, const char *host, struct err *e)
{
    if ((strncmp(url, "smtp://", 7) != 0 && strncmp(url, "smtps://", 8) != 0) || host[0] == '\0' ||
        strpbrk(host, "/?# "))
        return err_set(e, ERR_CONFIG, "write it as smtp://host:587 or smtps://host:465",
                       "gateway %s: url \"%s\" is no mail server's address", g->name, url);
    g->origin = arena_strdup(g->arena, url);
    g->host = arena_strdup(g->arena, host);
    g->base_path = "";
    return 0;
}

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
    if (strchr(url, '@') != NULL) /* told without the text: it may hold a password */
        return err_set(e, ERR_CONFIG,
                       "take it out; what a gateway asks for stands in secret_files or secret_env",
                       "gateway %s: its url holds an @, as if a name and a password stood in it",
                       g->name);
    if (g->mail.present)
        return parse_server(g, url, host, e);
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) ||
        strcspn(host, "/") == 0 || strpbrk(host, "?# "))
        return err_set(e, ERR_CONFIG, "write it as https://host:port or https://host/prefix",
                       "gateway %s: url \"%s\" is no address", g->name, url);
    size_t origin = (size_t)(host - url) + strcspn(host, "/");
    size_t len = strlen(url);
    while (len > origin && url[len - 1] == '/')
        len--;
    g->origin = arena_memdup(g->arena, url, origin);
    g->base_path = arena_memdup(g->arena, url + origin, len - origin);
    /* As a Host header has it: without the port that is its scheme's. */
    size_t host_len = strcspn(host, "/");
    const char *usual = url[4] == 's' ? ":443" : ":80";
    if (host_len > strlen(usual) &&
        memcmp(host + host_len - strlen(usual), usual, strlen(usual)) == 0)
        host_len -= strlen(usual);
    g->host = arena_memdup(g->arena, host, host_len);
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
    static const char *const known[] = {
        "rate",       "burst",          "concurrency",     "quiet",
        "price",      "timeout",        "connect_timeout", "limit_pause",
        "text_units", "number_per_day", "number_gap",      NULL};
    struct gw_limits *l = &g->limits;
    const struct conf_node *group = profile_need(root, "limits", e);
    int64_t concurrency, units, per_day;
    double price;

    if (group == NULL || conf_node_known(group, known, e) != 0 ||
        conf_node_real(group, "rate", 0, 0, 1e6, &l->rate, e) != 0 ||
        conf_node_real(group, "burst", 1, 1, 1e6, &l->burst, e) != 0 ||
        conf_node_int(group, "concurrency", 8, 1, CONF_CONCURRENCY_MAX, &concurrency, e) != 0 ||
        conf_node_real(group, "price", 0, 0, 100, &price, e) != 0 ||
        conf_node_int(group, "text_units", 0, 0, 100000, &units, e) != 0 ||
        conf_node_int(group, "number_per_day", 0, 0, 1000, &per_day, e) != 0 ||
        profile_duration(group, "timeout", 10000, &l->timeout_ms, e) != 0 ||
        profile_duration(group, "connect_timeout", 5000, &l->connect_timeout_ms, e) != 0 ||
        profile_duration(group, "limit_pause", INT64_C(86400000), &l->limit_pause_ms, e) != 0 ||
        profile_duration(group, "number_gap", 0, &l->number_gap_ms, e) != 0 ||
        parse_quiet(group, l, e) != 0)
        return -1;
    l->concurrency = (int)concurrency;
    l->text_units = (int)units;
    l->number_per_day = (int)per_day;
    l->price_microyuan = (int64_t)(price * 1e6 + 0.5);
    return 0;
}

/* What zhanchi.conf says goes before the profile; a batch cannot be larger than the operation's. */
static void apply_settings(struct gateway *g, const struct conf_gateway *s)
{
    int most = g->batch.present ? g->batch.max : 1;

    g->sticky = s->sticky;
    if (s->rate > 0)
        g->limits.rate = s->rate;
    if (s->concurrency > 0)
        g->limits.concurrency = s->concurrency;
    g->limits.batch = s->batch > 0 && s->batch < most ? s->batch : most;
    g->limits.pull_every_ms = s->pull_every_ms;
}

/* ---- the file ---- */

struct roots {
    const struct conf_node *own, *base; /* base may be NULL */
};

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
    if (single &&
        operation_parse(&g->compiler, g, single, NULL, OPERATION_SINGLE, &g->single, e) != 0)
        return -1;
    return batch ? operation_parse(&g->compiler, g, batch, NULL, OPERATION_BATCH, &g->batch, e) : 0;
}

static int parse_number(struct gateway *g, const struct conf_node *root, struct err *e)
{
    static const char *const forms[] = {"plain", "+86", "86", "0086", NULL};
    int form;

    if (profile_choose(root, "number", forms, &form, e) != 0)
        return -1;
    g->number = form == 0 ? "" : forms[form];
    return 0;
}

/* pull = { receipt = { ... }; reply = { ... }; query = { ... }; }: an operation and, beside it, what the reports look like. */
static int parse_pulls(struct gateway *g, const struct conf_node *root, struct err *e)
{
    static const char *const known[] = {"receipt", "reply", "query", NULL};
    const struct report_rules *pushed = gateway_reports(g, GW_RECEIPT);
    const struct conf_node *pull, *group;

    if (profile_group(root, "pull", &pull, e) != 0)
        return -1;
    if (pull == NULL)
        return 0;
    if (conf_node_known(pull, known, e) != 0)
        return -1;
    for (size_t i = 0; i < 3; i++) {
        const char *const further[] = {"reports", NULL};
        const struct conf_node *reports;
        struct pull *p = &g->pulls[i];
        if (profile_group(pull, known[i], &group, e) != 0)
            return -1;
        if (group == NULL)
            continue;
        if (profile_need(group, "reports", e) == NULL ||
            profile_group(group, "reports", &reports, e) != 0 ||
            conf_node_known(reports, i == 1 ? report_keys_reply : report_keys_receipt, e) != 0 ||
            operation_parse(&g->compiler, g, group, further, OPERATION_PULL + (i == 2), &p->op,
                            e) != 0 ||
            report_parse(&g->compiler, g, reports, i == 1, i == 1 ? NULL : pushed, &p->report, e) !=
                0)
            return -1;
    }
    return 0;
}

/* A profile that says base = "other.conf" has the other's parts where it has none of its own. */
static const struct conf_node *part(const struct roots *r, const char *key)
{
    return r->base && conf_node_get(r->own, key) == NULL ? r->base : r->own;
}

static const char *const root_keys[] = {"language",  "title",   "base",     "channel",  "url",
                                        "lint",      "secrets", "settings", "optional", "number",
                                        "limits",    "sign",    "headers",  "submit",   "answer",
                                        "callbacks", "pull",    "samples",  NULL};
static const char *const root_keys_mail[] = {
    "language", "title",  "base", "channel", "url",     "lint",    "secrets", "settings",
    "optional", "limits", "mail", "answer",  "bounces", "samples", NULL};

/* The rules that texts are held against before they go: a file's name, without its folder. */
static int parse_lint(struct gateway *g, const struct conf_node *root, struct err *e)
{
    const char *name;

    if (conf_node_str(root, "lint", g->mail.present ? "email" : "mainland", &name, e) != 0)
        return -1;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL || strlen(name) > 63)
        return conf_node_err(conf_node_get(root, "lint"), e,
                             "name a rule set, as \"mainland\" (see zhanchi-lint(5))",
                             "lint is no name of a rule set");
    g->lint = arena_strdup(g->arena, name);
    return 0;
}

static int parse_head(struct gateway *g, const struct roots *r, const struct conf_gateway *s,
                      struct err *e)
{
    const struct conf_node *const all[] = {r->own, r->base};
    static const char *const channels[] = {"sms", "email", NULL};
    int64_t language;
    const char *title;
    int channel;

    if (profile_choose(part(r, "channel"), "channel", channels, &channel, e) != 0)
        return -1;
    g->mail.present = channel == 1;
    for (size_t i = 0; i < 2 && all[i]; i++)
        if (conf_node_known(all[i], channel == 1 ? root_keys_mail : root_keys, e) != 0 ||
            profile_need(all[i], "language", e) == NULL ||
            conf_node_int(all[i], "language", LANGUAGE, LANGUAGE, LANGUAGE, &language, e) != 0 ||
            conf_node_str(all[i], "title", "", &title, e) != 0)
            return -1;
    return constants_secrets(g, part(r, "secrets"), s, e) != 0 ||
                   constants_settings(g, part(r, "settings"), part(r, "optional"), s, e) != 0 ||
                   parse_lint(g, part(r, "lint"), e) != 0 ||
                   parse_address(g, part(r, "url"), s, e) != 0 ||
                   parse_number(g, part(r, "number"), e) != 0 ||
                   parse_limits(g, part(r, "limits"), e) != 0
               ? -1
               : 0;
}

static int parse_mail(struct gateway *g, const struct roots *r, struct err *e)
{
    const struct conf_node *mail, *answer, *bounces;

    if (profile_need(part(r, "mail"), "mail", e) == NULL ||
        profile_need(part(r, "answer"), "answer", e) == NULL ||
        profile_group(part(r, "mail"), "mail", &mail, e) != 0 ||
        profile_group(part(r, "answer"), "answer", &answer, e) != 0 ||
        profile_group(part(r, "bounces"), "bounces", &bounces, e) != 0 ||
        mail_parse(&g->compiler, g, mail, answer, bounces, e) != 0)
        return -1;
    return samples_parse(&g->compiler, g, part(r, "samples"), e);
}

static int parse_root(struct gateway *g, const struct roots *r, const struct conf_gateway *s,
                      struct err *e)
{
    const struct conf_node *answer, *callbacks, *at;

    if (parse_head(g, r, s, e) != 0)
        return -1;
    if (s->ca_file)
        g->ca_file = arena_strdup(g->arena, s->ca_file);
    if (g->mail.present)
        return parse_mail(g, r, e);
    if (profile_group(part(r, "callbacks"), "callbacks", &callbacks, e) != 0)
        return -1;
    if (s->public_url)
        g->public_url = s->public_url;
    if (callbacks && callbacks_parse(&g->compiler, g, callbacks, e) != 0)
        return -1;
    constants_callbacks(g, s); /* before requests: they tell the provider where to call */
    g->common_sign = conf_node_get(part(r, "sign"), "sign");
    at = part(r, "answer");
    if (profile_group(part(r, "headers"), "headers", &g->common_headers, e) != 0 ||
        profile_need(at, "answer", e) == NULL || profile_group(at, "answer", &answer, e) != 0)
        return -1;
    if (answer_parse(&g->compiler, g, answer, &g->answer, e) != 0 ||
        parse_submit(g, part(r, "submit"), e) != 0 || parse_pulls(g, part(r, "pull"), e) != 0)
        return -1;
    return samples_parse(&g->compiler, g, part(r, "samples"), e);
}

static int add_file(struct crypt_digest *d, const char *path, struct err *e)
{
    struct buf file;

    buf_init(&file, PROFILE_MAX_BYTES);
    int rc = fs_read_file(path, &file, e);
    crypt_digest_add(d, buf_cstr(&file), file.len);
    crypt_digest_add(d, "", 1);
    buf_fini(&file);
    return rc;
}

/* What an approver signs of a gateway: all but its secrets. */
static int digest(struct gateway *g, const char *path, const char *base, struct err *e)
{
    struct crypt_digest *d = crypt_digest_new();
    int rc = add_file(d, path, e);

    if (rc == 0 && base[0] != '\0')
        rc = add_file(d, base, e);
    crypt_digest_add(d, g->origin, strlen(g->origin));
    crypt_digest_add(d, g->base_path, strlen(g->base_path));
    for (size_t i = 0; i < g->compiler.settings.len; i++) {
        const struct tv_member *m = &g->compiler.settings.members[i];
        crypt_digest_add(d, m->name, strlen(m->name) + 1);
        crypt_digest_add(d, m->value.text, m->value.len + 1);
    }
    crypt_digest_end(d, g->digest);
    crypt_digest_free(d);
    return rc;
}

/* The file that a profile is based on: beside it. "" if there is none. */
static int base_path(const struct conf_node *root, const char *path, char out[PATH_MAX],
                     struct err *e)
{
    const char *name;

    out[0] = '\0';
    if (conf_node_str(root, "base", "", &name, e) != 0)
        return -1;
    if (name[0] == '\0')
        return 0;
    const char *slash = strrchr(path, '/');
    if (strchr(name, '/') || snprintf(out, PATH_MAX, "%.*s%s", slash ? (int)(slash - path + 1) : 0,
                                      path, name) >= PATH_MAX)
        return conf_node_err(conf_node_get(root, "base"), e, "name a file of the same folder",
                             "base is no file's name");
    return 0;
}

static int load(struct gateway *g, const struct conf_tree *tree,
                const struct conf_gateway *settings, struct err *e)
{
    struct roots r = {.own = conf_tree_root(tree)};
    struct conf_tree *base = NULL;
    char path[PATH_MAX];

    if (base_path(r.own, settings->profile, path, e) != 0)
        return -1;
    if (path[0] != '\0') {
        if ((base = conf_tree_load(path, e)) == NULL)
            return -1;
        r.base = conf_tree_root(base);
        if (conf_node_get(r.base, "base")) {
            conf_tree_free(base);
            return conf_node_err(conf_node_get(r.own, "base"), e, "take that one's base",
                                 "a base has a base of its own");
        }
    }
    int rc = parse_root(g, &r, settings, e);
    conf_tree_free(base);
    g->common_headers = g->common_sign = NULL;
    return rc != 0 ? -1 : digest(g, settings->profile, path, e);
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
    g->zone_min = 480;
    buf_init(&g->compiler.pending, 4 * PROFILE_MAX_BYTES);
    int rc = load(g, tree, settings, e);
    conf_tree_free(tree);
    if (rc != 0) {
        gateway_free(g);
        return NULL;
    }
    if (settings->pull_every_ms > 0 && !gateway_can_pull(g, GW_PULL_RECEIPTS) &&
        !gateway_can_pull(g, GW_PULL_REPLIES)) {
        err_set(e, ERR_CONFIG, "take pull_every out of that gateway in zhanchi.conf",
                "gateway %s: its profile knows nothing that can be pulled", g->name);
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
    recipe_fini(&g->single.sign);
    recipe_fini(&g->batch.sign);
    for (size_t i = 0; i < 3; i++)
        recipe_fini(&g->pulls[i].op.sign);
    for (size_t i = 0; i < 2; i++)
        recipe_fini(&g->callbacks.kinds[i].verify.recipe);
    answers_fini(g);
    mail_fini(&g->mail);
    arena_free(g->arena);
    free(g);
}

const char *gateway_name(const struct gateway *g)
{
    return g->name;
}

const char *gateway_channel(const struct gateway *g)
{
    return g->mail.present ? "email" : "sms";
}

const char *gateway_lint(const struct gateway *g)
{
    return g->lint;
}

void gateway_digest(const struct gateway *g, uint8_t out[32])
{
    memcpy(out, g->digest, sizeof g->digest);
}

const struct gw_limits *gateway_limits(const struct gateway *g)
{
    return &g->limits;
}

bool gateway_filed_only(const struct gateway *g)
{
    return (g->compiler.used & VAR_BIT(VAR_CARRIER_TEMPLATE)) != 0 &&
           (g->compiler.used & VAR_BIT(VAR_TEXT)) == 0;
}

bool gateway_sticky(const struct gateway *g)
{
    return g->sticky != 0 ? g->sticky > 0 : gateway_reports(g, GW_REPLY) != NULL;
}

void gateway_abilities(const struct gateway *g, struct gw_abilities *out)
{
    *out = (struct gw_abilities){.single = g->single.present,
                                 .batch = g->batch.present,
                                 .receipts = g->callbacks.kinds[GW_RECEIPT].path != NULL,
                                 .replies = g->callbacks.kinds[GW_REPLY].path != NULL};
    for (size_t i = 0; i < 3; i++)
        out->pulls[i] = gateway_can_pull(g, (enum gw_pull)i);
}
