/*
 * gateways: `gateways = ( { name = "12333"; profile = "..."; ... } );` of zhanchi.conf. A list,
 * because libconfig's group names cannot begin with a digit. Secrets are read when a gateway is
 * asked for, not before: `list import` needs none.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"
#include "internal.h"

#define SECRET_MAX 4096

struct secret_place {
    char *name;
    char *file; /* absolute, or NULL */
    char *env;  /* or NULL */
};

struct entry {
    char *name, *profile, *url, *ca_file, *public_url;
    double rate;
    int concurrency, batch, sticky;
    int64_t pull_every_ms;
    struct secret_place *secrets;
    size_t n_secrets;
    struct conf_secret *settings;
    size_t n_settings;
    char where[PATH_MAX + 32]; /* "file:line" */
};

struct conf_gateways {
    struct entry *list;
    size_t n;
    const char **names;
};

static char *copy(const char *s)
{
    char *c = s != NULL ? strdup(s) : NULL;

    if (s != NULL && c == NULL)
        panic("out of memory");
    return c;
}

static int read_secrets(const struct conf_node *gateway, const char *key, const char *dir,
                        struct entry *g, struct err *e)
{
    const struct conf_node *group = conf_node_get(gateway, key);
    bool files = strcmp(key, "secret_files") == 0;
    char path[PATH_MAX], tmp[40];

    if (group == NULL)
        return 0;
    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e,
                             files ? "write secret_files = { NAME = \"FILE\"; };"
                                   : "write secret_env = { NAME = \"VARIABLE\"; };",
                             "%s must be a group", key);
    size_t more = conf_node_count(group);
    g->secrets = realloc(g->secrets, (g->n_secrets + more + 1) * sizeof *g->secrets);
    if (g->secrets == NULL)
        panic("out of memory");
    for (size_t i = 0; i < more; i++) {
        const struct conf_node *n = conf_node_item(group, i);
        if (conf_node_type(n) != CONF_STRING)
            return conf_node_err(n, e, "correct that line", "%s must be text", conf_node_name(n));
        const char *text = conf_node_text(n, tmp);
        if (files && fs_join(dir, text, path, sizeof path, e) != 0)
            return -1;
        g->secrets[g->n_secrets++] = (struct secret_place){.name = copy(conf_node_name(n)),
                                                           .file = files ? copy(path) : NULL,
                                                           .env = files ? NULL : copy(text)};
    }
    return 0;
}

static int read_settings(const struct conf_node *gateway, struct entry *g, struct err *e)
{
    const struct conf_node *group = conf_node_get(gateway, "settings");
    char tmp[40];

    if (group == NULL)
        return 0;
    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e, "write settings = { NAME = \"VALUE\"; };",
                             "settings must be a group");
    g->settings = calloc(conf_node_count(group) + 1, sizeof *g->settings);
    if (g->settings == NULL)
        panic("out of memory");
    for (size_t i = 0; i < conf_node_count(group); i++) {
        const struct conf_node *n = conf_node_item(group, i);
        const char *text = conf_node_text(n, tmp);
        if (text == NULL)
            return conf_node_err(n, e, "correct that line", "%s must be text", conf_node_name(n));
        g->settings[g->n_settings++] =
            (struct conf_secret){.name = copy(conf_node_name(n)), .value = copy(text)};
    }
    return 0;
}

static int read_entry(const struct conf_node *n, const char *dir, struct entry *g, struct err *e)
{
    static const char *const known[] = {
        "name",   "profile", "url",        "public_url", "rate",         "concurrency", "batch",
        "sticky", "ca_file", "pull_every", "settings",   "secret_files", "secret_env",  NULL};
    const char *name, *profile, *url, *ca_file, *public_url, *pull_every;
    int64_t concurrency, batch;
    bool sticky = false;
    char path[PATH_MAX];

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { name = \"...\"; profile = \"...\"; }",
                             "a gateway must be a group");
    if (conf_node_known(n, known, e) != 0 || conf_node_str(n, "name", NULL, &name, e) != 0 ||
        conf_node_str(n, "profile", NULL, &profile, e) != 0 ||
        conf_node_str(n, "url", NULL, &url, e) != 0 ||
        conf_node_str(n, "ca_file", NULL, &ca_file, e) != 0 ||
        conf_node_str(n, "public_url", NULL, &public_url, e) != 0 ||
        conf_node_str(n, "pull_every", NULL, &pull_every, e) != 0 ||
        conf_node_real(n, "rate", 0, 0, 1e6, &g->rate, e) != 0 ||
        conf_node_int(n, "concurrency", 0, 0, CONF_CONCURRENCY_MAX, &concurrency, e) != 0 ||
        conf_node_int(n, "batch", 0, 0, 10000, &batch, e) != 0 ||
        conf_node_bool(n, "sticky", false, &sticky, e) != 0)
        return -1;
    if (name == NULL || name[0] == '\0' || strlen(name) > 63 || profile == NULL)
        return conf_node_err(n, e, "add what is missing",
                             "a gateway needs a name (at most 63 bytes) and a profile");
    if (pull_every != NULL &&
        (conf_parse_duration(pull_every, &g->pull_every_ms) != 0 || g->pull_every_ms < 1000))
        return conf_node_err(conf_node_get(n, "pull_every"), e, "write pull_every = \"60s\"",
                             "pull_every must be a duration of at least a second");
    if (fs_join(dir, profile, path, sizeof path, e) != 0)
        return -1;
    g->name = copy(name);
    g->profile = copy(path);
    g->url = copy(url);
    if (ca_file != NULL && fs_join(dir, ca_file, path, sizeof path, e) != 0)
        return -1;
    g->ca_file = ca_file != NULL ? copy(path) : NULL;
    g->public_url = copy(public_url);
    g->concurrency = (int)concurrency;
    g->batch = (int)batch;
    g->sticky = conf_node_get(n, "sticky") == NULL ? 0 : sticky ? 1 : -1;
    snprintf(g->where, sizeof g->where, "%s:%d", node_path(n), conf_node_line(n));
    return read_settings(n, g, e) != 0 || read_secrets(n, "secret_files", dir, g, e) != 0 ||
                   read_secrets(n, "secret_env", dir, g, e) != 0
               ? -1
               : 0;
}

int gateways_read(const struct conf_node *list, const char *dir, struct conf_gateways **out,
                  struct err *e)
{
    size_t n = conf_node_count(list);

    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write gateways = ( { name = \"...\"; ... } );",
                             "gateways must be a list");
    struct conf_gateways *g = calloc(1, sizeof *g);
    if (g == NULL || (g->list = calloc(n + 1, sizeof *g->list)) == NULL ||
        (g->names = calloc(n + 1, sizeof *g->names)) == NULL)
        panic("out of memory");
    *out = g;
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        g->n++;
        if (read_entry(item, dir, &g->list[i], e) != 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (strcmp(g->list[j].name, g->list[i].name) == 0)
                return conf_node_err(item, e, "rename one of them", "gateway %s stands twice",
                                     g->list[i].name);
        g->names[i] = g->list[i].name;
    }
    return 0;
}

static void settings_free(struct conf_secret *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(v[i].name);
        free(v[i].value);
    }
    free(v);
}

void gateways_free(struct conf_gateways *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->n; i++) {
        struct entry *en = &g->list[i];
        for (size_t j = 0; j < en->n_secrets; j++) {
            free(en->secrets[j].name);
            free(en->secrets[j].file);
            free(en->secrets[j].env);
        }
        free(en->secrets);
        settings_free(en->settings, en->n_settings);
        free(en->name);
        free(en->profile);
        free(en->url);
        free(en->ca_file);
        free(en->public_url);
    }
    free(g->list);
    free(g->names);
    free(g);
}

const char *const *gateways_names(const struct conf_gateways *g)
{
    static const char *const none[] = {NULL};

    return g != NULL ? g->names : none;
}

/* ---- one gateway, with its secrets ---- */

static int secret_from_file(const struct entry *g, const struct secret_place *p, char **value,
                            struct err *e)
{
    struct buf text;
    struct stat st;

    if (stat(p->file, &st) != 0)
        return err_errno(e, ERR_CONFIG, "put the secret into that file and `chmod 600` it",
                         "%s: gateway %s: secret %s: cannot open %s", g->where, g->name, p->name,
                         p->file);
    if ((st.st_mode & 077) != 0)
        return err_set(e, ERR_CONFIG, "chmod 600 the file", "%s: gateway %s: others may read %s",
                       g->where, g->name, p->file);
    buf_init(&text, SECRET_MAX);
    if (fs_read_file(p->file, &text, e) != 0) {
        buf_fini(&text);
        return -1;
    }
    while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]) != NULL)
        text.data[--text.len] = '\0';
    *value = buf_take(&text, NULL);
    return 0;
}

static int read_secret(const struct entry *g, const struct secret_place *p, char **value,
                       struct err *e)
{
    if (p->file != NULL) {
        if (secret_from_file(g, p, value, e) != 0)
            return -1;
    } else {
        const char *text = getenv(p->env);
        if (text == NULL)
            return err_set(e, ERR_CONFIG, "set that variable",
                           "%s: gateway %s: secret %s: %s is not set", g->where, g->name, p->name,
                           p->env);
        *value = copy(text);
    }
    if ((*value)[0] == '\0')
        return err_set(e, ERR_CONFIG, "put the secret there", "%s: gateway %s: secret %s is empty",
                       g->where, g->name, p->name);
    return 0;
}

int gateways_get(const struct conf_gateways *g, const char *name, struct conf_gateway *out,
                 struct err *e)
{
    const struct entry *en = NULL;

    for (size_t i = 0; g != NULL && i < g->n; i++)
        if (strcmp(g->list[i].name, name) == 0)
            en = &g->list[i];
    if (en == NULL) {
        const char *near = conf_nearest(name, gateways_names(g));
        return err_set(e, ERR_CONFIG, "name a gateway of zhanchi.conf",
                       "gateway %s is not configured%s%s%s", name,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                       near != NULL ? "?" : "");
    }
    memset(out, 0, sizeof *out);
    out->name = en->name;
    out->profile = copy(en->profile);
    out->url = copy(en->url);
    out->ca_file = copy(en->ca_file);
    out->public_url = copy(en->public_url);
    out->rate = en->rate;
    out->concurrency = en->concurrency;
    out->batch = en->batch;
    out->pull_every_ms = en->pull_every_ms;
    out->sticky = en->sticky;
    out->secrets = calloc(en->n_secrets + 1, sizeof *out->secrets);
    out->settings = calloc(en->n_settings + 1, sizeof *out->settings);
    if (out->secrets == NULL || out->settings == NULL)
        panic("out of memory");
    for (; out->n_settings < en->n_settings; out->n_settings++)
        out->settings[out->n_settings] =
            (struct conf_secret){.name = copy(en->settings[out->n_settings].name),
                                 .value = copy(en->settings[out->n_settings].value)};
    for (size_t i = 0; i < en->n_secrets; i++) {
        out->n_secrets++;
        out->secrets[i].name = copy(en->secrets[i].name);
        if (read_secret(en, &en->secrets[i], &out->secrets[i].value, e) != 0) {
            conf_gateway_fini(out);
            return -1;
        }
    }
    return 0;
}

void conf_gateway_fini(struct conf_gateway *g)
{
    for (size_t i = 0; i < g->n_secrets; i++) {
        free(g->secrets[i].name);
        if (g->secrets[i].value != NULL)
            crypt_wipe(g->secrets[i].value, strlen(g->secrets[i].value));
        free(g->secrets[i].value);
    }
    free(g->secrets);
    settings_free(g->settings, g->n_settings);
    free(g->profile);
    free(g->url);
    free(g->ca_file);
    free(g->public_url);
    memset(g, 0, sizeof *g);
}
