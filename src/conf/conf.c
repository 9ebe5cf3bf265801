/*
 * conf: zhanchi.conf. Every option has a value after loading: the file's or the default. Callers:
 * L4 (which hands values to the jobs).
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/conf.h"
#include "zhanchi/fsio.h"
#include "internal.h"
#include "options.h"

struct value {
    int64_t number;
    char *text;  /* strings, paths (absolute), choices */
    char **list; /* NULL-terminated */
};

struct conf {
    char dir[PATH_MAX];
    struct value *values;
    struct conf_gateways *gateways;
    struct conf_routes *routes;
};

/* ---- values ---- */

static char *copy(const char *s)
{
    char *c = strdup(s);

    if (c == NULL)
        panic("out of memory");
    return c;
}

/* Where epochs are kept when the file does not say: outside any work directory. */
static char *default_epoch_dir(void)
{
    char path[PATH_MAX];
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (geteuid() == 0)
        return copy("/var/lib/zhanchi/epoch");
    if (state != NULL && state[0] == '/')
        snprintf(path, sizeof path, "%s/zhanchi/epoch", state);
    else
        snprintf(path, sizeof path, "%s/.local/state/zhanchi/epoch",
                 home != NULL ? home : "/var/tmp");
    return copy(path);
}

static int set_path(const struct conf *c, const struct option_def *o, struct value *v,
                    const char *text, struct err *e)
{
    char path[PATH_MAX];

    if (text[0] == '\0' && strcmp(o->name, "store.epoch_dir") == 0) {
        v->text = default_epoch_dir();
        return 0;
    }
    if (strcmp(text, ".") == 0)
        text = c->dir;
    if (fs_join(c->dir, text, path, sizeof path, e) != 0)
        return -1;
    v->text = copy(path);
    return 0;
}

static int set_text(const struct conf *c, const struct option_def *o, struct value *v,
                    const char *text, struct err *e)
{
    switch (o->type) {
    case OPT_PATH:
        return set_path(c, o, v, text, e);
    case OPT_STRING:
    case OPT_CHOICE:
        v->text = copy(text);
        return 0;
    case OPT_LIST:
        v->list = calloc(1, sizeof *v->list);
        if (v->list == NULL)
            panic("out of memory");
        return 0;
    default:
        if (option_number(o, text, &v->number) != 0)
            panic("default of %s does not fit its own range", o->name);
        return 0;
    }
}

static int bad_value(const struct conf_node *n, const struct option_def *o, struct err *e)
{
    if (o->type == OPT_INT)
        return conf_node_err(n, e, "correct that line", "%s must be between %lld and %lld", o->name,
                             (long long)o->min, (long long)o->max);
    if (o->type == OPT_DURATION)
        return conf_node_err(n, e, "correct that line", "%s must be %s, from %lld ms to %lld ms",
                             o->name, option_type_name(o->type), (long long)o->min,
                             (long long)o->max);
    return conf_node_err(n, e, "correct that line", "%s must be %s", o->name,
                         option_type_name(o->type));
}

static int read_list(const struct conf_node *n, const struct option_def *o, struct value *v,
                     struct err *e)
{
    size_t count = conf_node_count(n);
    char tmp[40];

    if (conf_node_type(n) != CONF_LIST)
        return bad_value(n, o, e);
    v->list = calloc(count + 1, sizeof *v->list);
    if (v->list == NULL)
        panic("out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *item = conf_node_item(n, i);
        if (conf_node_type(item) != CONF_STRING)
            return bad_value(item, o, e);
        v->list[i] = copy(conf_node_text(item, tmp));
    }
    return 0;
}

static bool type_fits(enum option_type t, enum conf_type have)
{
    if (t == OPT_INT)
        return have == CONF_INT;
    if (t == OPT_BOOL)
        return have == CONF_BOOL;
    return have == CONF_STRING;
}

static int read_value(const struct conf *c, const struct conf_node *n, const struct option_def *o,
                      struct value *v, struct err *e)
{
    char tmp[40];

    if (o->type == OPT_LIST)
        return read_list(n, o, v, e);
    if (!type_fits(o->type, conf_node_type(n)))
        return bad_value(n, o, e);
    const char *text = conf_node_text(n, tmp);
    if (o->type == OPT_CHOICE) {
        const char *const *choice = o->choices;
        while (*choice != NULL && strcmp(*choice, text) != 0)
            choice++;
        const char *near = *choice == NULL ? conf_nearest(text, o->choices) : NULL;
        if (near != NULL)
            return conf_node_err(n, e, "correct that line",
                                 "%s cannot be \"%s\"; did you mean \"%s\"?", o->name, text, near);
        if (*choice == NULL)
            return conf_node_err(n, e, o->help, "%s cannot be \"%s\"", o->name, text);
    }
    if (o->type == OPT_PATH && text[0] == '\0' && o->def[0] != '\0')
        return conf_node_err(n, e, "name a file or a folder", "%s is empty", o->name);
    if (o->type == OPT_STRING || o->type == OPT_PATH || o->type == OPT_CHOICE)
        return set_text(c, o, v, text, e);
    return option_number(o, text, &v->number) == 0 ? 0 : bad_value(n, o, e);
}

/* ---- the file ---- */

/* Names of groups, or of the keys of one group, for "did you mean". */
static void names_of(const char *group, const char **out, char (*room)[48], size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < option_count() && n + 3 < cap; i++) {
        const char *name = option_table[i].name, *dot = strchr(name, '.');
        size_t len = (size_t)(dot - name);
        if (group != NULL && (strlen(group) != len || strncmp(group, name, len) != 0))
            continue;
        snprintf(room[n], sizeof room[n], "%.*s", group != NULL ? 47 : (int)len,
                 group != NULL ? dot + 1 : name);
        if (n > 0 && strcmp(room[n], room[n - 1]) == 0)
            continue;
        out[n] = room[n];
        n++;
    }
    if (group == NULL) {
        out[n++] = "gateways";
        out[n++] = "routes";
    }
    out[n] = NULL;
}

static int check_keys(const struct conf_node *root, struct err *e)
{
    const char *known[64];
    char room[64][48];

    names_of(NULL, known, room, 64);
    if (conf_node_known(root, known, e) != 0)
        return -1;
    for (size_t i = 0; i < conf_node_count(root); i++) {
        const struct conf_node *group = conf_node_item(root, i);
        if (strcmp(conf_node_name(group), "gateways") == 0 ||
            strcmp(conf_node_name(group), "routes") == 0)
            continue;
        if (conf_node_type(group) != CONF_GROUP)
            return conf_node_err(group, e, "write NAME = { key = value; };", "%s must be a group",
                                 conf_node_name(group));
        names_of(conf_node_name(group), known, room, 64);
        if (conf_node_known(group, known, e) != 0)
            return -1;
    }
    return 0;
}

static const struct conf_node *find_option(const struct conf_node *root, const char *name)
{
    char group[48];
    const char *dot = strchr(name, '.');

    snprintf(group, sizeof group, "%.*s", (int)(dot - name), name);
    const struct conf_node *g = conf_node_get(root, group);
    return g != NULL ? conf_node_get(g, dot + 1) : NULL;
}

static int read_all(struct conf *c, const struct conf_node *root, struct err *e)
{
    if (check_keys(root, e) != 0)
        return -1;
    for (size_t i = 0; i < option_count(); i++) {
        const struct option_def *o = &option_table[i];
        const struct conf_node *n = find_option(root, o->name);
        int rc = n != NULL ? read_value(c, n, o, &c->values[i], e)
                           : set_text(c, o, &c->values[i], o->def, e);
        if (rc != 0)
            return -1;
    }
    if (conf_int(c, "campaign.window_from") >= conf_int(c, "campaign.window_to")) {
        const struct conf_node *campaign = conf_node_get(root, "campaign");
        return conf_node_err(campaign != NULL ? campaign : root, e,
                             "correct campaign.window_from or campaign.window_to",
                             "the campaign window ends before it begins");
    }
    const struct conf_node *gateways = conf_node_get(root, "gateways");
    if (gateways != NULL && gateways_read(gateways, c->dir, &c->gateways, e) != 0)
        return -1;
    const struct conf_node *routes = conf_node_get(root, "routes");
    return routes != NULL ? routes_read(routes, c->gateways, &c->routes, e) : 0;
}

static int folder_of(const char *path, char out[PATH_MAX], struct err *e)
{
    char absolute[PATH_MAX];

    if (realpath(path, absolute) == NULL)
        return err_errno(
            e, ERR_NOINPUT,
            "make a work directory with `zhanchi init DIR`, or name the file with --config",
            "cannot open %s", path);
    snprintf(out, PATH_MAX, "%s", dirname(absolute));
    return 0;
}

struct conf *conf_load(const char *path, struct err *e)
{
    struct conf *c = calloc(1, sizeof *c);

    if (c == NULL || (c->values = calloc(option_count(), sizeof *c->values)) == NULL)
        panic("out of memory");
    struct conf_tree *t = folder_of(path, c->dir, e) == 0 ? conf_tree_load(path, e) : NULL;
    int rc = t != NULL ? read_all(c, conf_tree_root(t), e) : -1;
    conf_tree_free(t);
    if (rc == 0)
        return c;
    conf_free(c);
    return NULL;
}

void conf_free(struct conf *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < option_count(); i++) {
        free(c->values[i].text);
        for (char **s = c->values[i].list; s != NULL && *s != NULL; s++)
            free(*s);
        free(c->values[i].list);
    }
    routes_free(c->routes);
    gateways_free(c->gateways);
    free(c->values);
    free(c);
}

/* ---- getters ---- */

static const struct value *get(const struct conf *c, const char *name, unsigned types)
{
    int i = option_index(name);

    if (i < 0)
        panic("no option %s", name);
    if ((types & 1u << option_table[i].type) == 0)
        panic("option %s is of another type", name);
    return &c->values[i];
}

int64_t conf_int(const struct conf *c, const char *name)
{
    return get(c, name,
               1u << OPT_INT | 1u << OPT_BOOL | 1u << OPT_DURATION | 1u << OPT_MINUTE |
                   1u << OPT_ZONE)
        ->number;
}

const char *conf_str(const struct conf *c, const char *name)
{
    return get(c, name, 1u << OPT_STRING | 1u << OPT_CHOICE)->text;
}

const char *conf_path(const struct conf *c, const char *name)
{
    return get(c, name, 1u << OPT_PATH)->text;
}

const char *const *conf_list(const struct conf *c, const char *name)
{
    return (const char *const *)get(c, name, 1u << OPT_LIST)->list;
}

const char *conf_dir(const struct conf *c)
{
    return c->dir;
}

const char *const *conf_gateway_names(const struct conf *c)
{
    return gateways_names(c->gateways);
}

int conf_gateway(const struct conf *c, const char *name, struct conf_gateway *out, struct err *e)
{
    return gateways_get(c->gateways, name, out, e);
}

int conf_share(const struct conf *c, const char *text, char name[64], int *weight, struct err *e)
{
    return routes_share(c->gateways, text, name, weight, e);
}

int conf_route(const struct conf *c, const char *name, struct route *out, struct err *e)
{
    return routes_get(c->routes, name, out, e);
}
