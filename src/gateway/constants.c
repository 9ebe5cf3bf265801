/*
 * constants: what a profile's texts may name that never changes: secrets and settings of zhanchi.conf, and the addresses under which the provider
 * reaches us. Secrets are kept outside the arena, so that gateway_free can wipe them. Called while a profile is loaded.
 */
#include <stdlib.h>
#include <string.h>
#include "profile.h"

static const char *value_of(const struct conf_secret *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i].name, name) == 0)
            return v[i].value;
    return NULL;
}

static void add_constant(struct gateway *g, struct tv *map, struct tv_member *members,
                         const char *name, const char *value)
{
    members[map->len].name = arena_strdup(g->arena, name);
    members[map->len].value = (struct tv){.type = TV_TEXT, .text = value, .len = strlen(value)};
    map->len++;
}

int constants_secrets(struct gateway *g, const struct conf_node *root, const struct conf_gateway *s,
                      struct err *e)
{
    const struct conf_node *list;
    char tmp[40];

    if (profile_list(root, "secrets", &list, e) != 0)
        return -1;
    size_t n = list ? conf_node_count(list) : 0;
    struct tv_member *members = arena_alloc(g->arena, (n + 1) * sizeof *members);
    g->secret_values = arena_alloc(g->arena, (n + 1) * sizeof *g->secret_values);
    g->compiler.secrets = (struct tv){.type = TV_MAP, .members = members};
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        if (conf_node_type(item) != CONF_STRING)
            return conf_node_err(item, e, "write it as [ \"app\", \"secret\" ]",
                                 "a secret's name is a text");
        const char *name = conf_node_text(item, tmp);
        const char *value = value_of(s->secrets, s->n_secrets, name);
        if (value == NULL || value[0] == '\0')
            return err_set(e, ERR_CONFIG,
                           "add it to secret_files or secret_env of that gateway in zhanchi.conf",
                           "gateway %s: secret %s is missing", g->name, name);
        char *copy = strdup(value);
        if (copy == NULL)
            panic("out of memory");
        g->secret_values[g->n_secrets++] = copy;
        add_constant(g, &g->compiler.secrets, members, name, copy);
    }
    return 0;
}

static bool optional_setting(const struct conf_node *list, const char *name)
{
    char tmp[40];

    for (size_t i = 0; list && i < conf_node_count(list); i++) {
        const char *text = conf_node_text(conf_node_item(list, i), tmp);
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

static int unknown_setting(struct gateway *g, const char *name, struct err *e)
{
    const char *names[65];
    size_t n = 0;

    for (; n < g->compiler.settings.len && n < 64; n++)
        names[n] = g->compiler.settings.members[n].name;
    names[n] = NULL;
    const char *near = conf_nearest(name, names);
    return err_set(e, ERR_CONFIG, "name one that the profile asks for",
                   "gateway %s: its profile has no setting %s%s%s%s", g->name, name,
                   near ? "; do you mean " : "", near ? near : "", near ? "?" : "");
}

/* settings = { app_id = ""; from = "10690"; }: names with defaults; an empty one must be given in zhanchi.conf, unless
 * optional = [ ... ] names it. */
int constants_settings(struct gateway *g, const struct conf_node *root,
                       const struct conf_node *optional, const struct conf_gateway *s,
                       struct err *e)
{
    const struct conf_node *group, *list;
    char tmp[40];

    if (profile_group(root, "settings", &group, e) != 0 ||
        profile_list(optional, "optional", &list, e) != 0)
        return -1;
    size_t n = group ? conf_node_count(group) : 0;
    struct tv_member *members = arena_alloc(g->arena, (n + 1) * sizeof *members);
    g->compiler.settings = (struct tv){.type = TV_MAP, .members = members};
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(group, i);
        const char *name = conf_node_name(item), *def = conf_node_text(item, tmp);
        const char *value = value_of(s->settings, s->n_settings, name);
        if (def == NULL)
            return conf_node_err(item, e, NULL, "setting %s is no text", name);
        value = value ? value : def;
        if (value[0] == '\0' && !optional_setting(list, name))
            return err_set(e, ERR_CONFIG,
                           "add it to that gateway's settings = { ... } in zhanchi.conf",
                           "gateway %s: setting %s is missing", g->name, name);
        add_constant(g, &g->compiler.settings, members, name, arena_strdup(g->arena, value));
    }
    for (size_t i = 0; i < s->n_settings; i++)
        if (group == NULL || conf_node_get(group, s->settings[i].name) == NULL)
            return unknown_setting(g, s->settings[i].name, e);
    return 0;
}

/* {{callback.receipt}}, {{callback.reply}}: where the provider reaches serve. */
void constants_callbacks(struct gateway *g, const struct conf_gateway *s)
{
    static const char *const names[] = {"receipt", "reply"};
    struct tv_member *members = arena_alloc(g->arena, 2 * sizeof *members);
    struct buf url;

    g->compiler.callbacks = (struct tv){.type = TV_MAP, .members = members};
    if (s->public_url == NULL)
        return;
    size_t len = strlen(s->public_url);
    while (len > 0 && s->public_url[len - 1] == '/')
        len--;
    g->public_url = arena_strdup(g->arena, s->public_url);
    ((char *)(uintptr_t)g->public_url)[len] = '\0';
    for (size_t i = 0; i < 2; i++) {
        if (!g->callbacks.kinds[i].report.present)
            continue;
        buf_init(&url, 4096);
        buf_addf(&url, "%s%s", g->public_url, g->callbacks.kinds[i].path);
        add_constant(g, &g->compiler.callbacks, members, names[i],
                     arena_strdup(g->arena, buf_cstr(&url)));
        buf_fini(&url);
    }
}
