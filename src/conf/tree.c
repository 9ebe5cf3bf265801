/*
 * tree: libconfig files as trees of nodes; libconfig stays in this room.
 *
 * A node is a config_setting_t under another name. @include is refused (a file is what its digest
 * says), files are bounded and must be UTF-8 without NUL bytes. Every reader names file and line.
 */
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/conf.h"
#include "zhanchi/fsio.h"
#include "zhanchi/nearest.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define FILE_MAX_BYTES (1u << 20)

struct conf_tree {
    config_t config;
    char *path; /* the root setting's hook points here, for messages */
};

static const config_setting_t *setting(const struct conf_node *n)
{
    return (const config_setting_t *)n;
}

/* libconfig takes non-const settings in accessors that change nothing. */
static config_setting_t *loose(const struct conf_node *n)
{
    return (config_setting_t *)(uintptr_t)n;
}

static const struct conf_node *wrap(const config_setting_t *s)
{
    return (const struct conf_node *)s;
}

const char *node_path(const struct conf_node *n)
{
    const char *path = config_setting_get_hook(setting(n)->config->root);

    return path != NULL ? path : "?";
}

/* ---- loading ---- */

static int line_of(const char *text, const char *at)
{
    int line = 1;

    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

/* libconfig opens @include files by itself: none may reach it. */
static const char *find_include(const char *text)
{
    for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
        if (*p == '\n')
            p++;
        const char *q = p + strspn(p, " \t");
        if (strncmp(q, "@include", 8) == 0)
            return q;
    }
    return NULL;
}

static int check_text(const char *path, const struct buf *text, struct err *e)
{
    size_t bad;

    if (!utf8_valid(buf_cstr(text), text->len, &bad))
        return err_set(e, ERR_CONFIG, "save it as UTF-8 text", "%s:%d: this line is not UTF-8",
                       path, line_of(buf_cstr(text), buf_cstr(text) + bad));
    if (text->len != strlen(buf_cstr(text)))
        return err_set(e, ERR_CONFIG, "save it as UTF-8 text", "%s:%d: this line holds NUL bytes",
                       path, line_of(buf_cstr(text), strchr(buf_cstr(text), '\0')));
    const char *include = find_include(buf_cstr(text));
    if (include != NULL)
        return err_set(e, ERR_CONFIG, "write the settings into the file itself",
                       "%s:%d: @include is not allowed", path, line_of(buf_cstr(text), include));
    return 0;
}

struct conf_tree *conf_tree_load(const char *path, struct err *e)
{
    struct conf_tree *t = calloc(1, sizeof *t);
    struct buf text;

    if (t == NULL || (t->path = strdup(path)) == NULL)
        panic("out of memory");
    buf_init(&text, FILE_MAX_BYTES);
    config_init(&t->config);
    config_set_options(&t->config, 0);
    int rc = fs_read_file(path, &text, e);
    if (rc == 0)
        rc = check_text(path, &text, e);
    /* A byte order mark is what some editors put in front of UTF-8. */
    const char *settings = buf_cstr(&text);
    if (strncmp(settings, "\xEF\xBB\xBF", 3) == 0)
        settings += 3;
    if (rc == 0 && config_read_string(&t->config, settings) != CONFIG_TRUE)
        rc = err_set(e, ERR_CONFIG, "correct that line", "%s:%d: %s", path,
                     config_error_line(&t->config), config_error_text(&t->config));
    buf_fini(&text);
    if (rc == 0) {
        config_setting_set_hook(config_root_setting(&t->config), t->path);
        return t;
    }
    conf_tree_free(t);
    return NULL;
}

void conf_tree_free(struct conf_tree *t)
{
    if (t == NULL)
        return;
    config_destroy(&t->config);
    free(t->path);
    free(t);
}

const struct conf_node *conf_tree_root(const struct conf_tree *t)
{
    return wrap(config_root_setting(&t->config));
}

/* ---- nodes ---- */

enum conf_type conf_node_type(const struct conf_node *n)
{
    switch (config_setting_type(setting(n))) {
    case CONFIG_TYPE_GROUP:
        return CONF_GROUP;
    case CONFIG_TYPE_LIST:
    case CONFIG_TYPE_ARRAY:
        return CONF_LIST;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return CONF_INT;
    case CONFIG_TYPE_FLOAT:
        return CONF_REAL;
    case CONFIG_TYPE_BOOL:
        return CONF_BOOL;
    default:
        return CONF_STRING;
    }
}

const char *conf_node_name(const struct conf_node *n)
{
    return config_setting_name(setting(n));
}

int conf_node_line(const struct conf_node *n)
{
    return (int)config_setting_source_line(setting(n));
}

size_t conf_node_count(const struct conf_node *n)
{
    int count = config_setting_length(setting(n));

    return count > 0 ? (size_t)count : 0;
}

const struct conf_node *conf_node_item(const struct conf_node *n, size_t i)
{
    return wrap(config_setting_get_elem(loose(n), (unsigned)i));
}

const struct conf_node *conf_node_get(const struct conf_node *group, const char *key)
{
    if (conf_node_type(group) != CONF_GROUP)
        return NULL;
    return wrap(config_setting_get_member(loose(group), key));
}

const char *conf_node_text(const struct conf_node *n, char tmp[40])
{
    switch (conf_node_type(n)) {
    case CONF_STRING:
        return config_setting_get_string(setting(n));
    case CONF_INT:
        snprintf(tmp, 40, "%lld", config_setting_get_int64(setting(n)));
        return tmp;
    case CONF_REAL:
        snprintf(tmp, 40, "%.15g", config_setting_get_float(setting(n)));
        return tmp;
    case CONF_BOOL:
        snprintf(tmp, 40, "%s", config_setting_get_bool(setting(n)) ? "true" : "false");
        return tmp;
    default:
        return NULL;
    }
}

/* ---- errors and typed readers ---- */

int conf_node_err(const struct conf_node *n, struct err *e, const char *remedy, const char *fmt,
                  ...)
{
    va_list ap;
    char text[400];

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(e, ERR_CONFIG, remedy, "%s:%d: %s", node_path(n), conf_node_line(n), text);
}

static int wrong_type(const struct conf_node *n, const char *key, const char *wanted, struct err *e)
{
    return conf_node_err(n, e, "correct that line", "%s must be %s", key, wanted);
}

int conf_node_str(const struct conf_node *group, const char *key, const char *def, const char **out,
                  struct err *e)
{
    const struct conf_node *n = conf_node_get(group, key);

    *out = def;
    if (n == NULL)
        return 0;
    if (conf_node_type(n) != CONF_STRING)
        return wrong_type(n, key, "text in double quotes", e);
    *out = config_setting_get_string(setting(n));
    return 0;
}

int conf_node_int(const struct conf_node *group, const char *key, int64_t def, int64_t min,
                  int64_t max, int64_t *out, struct err *e)
{
    const struct conf_node *n = conf_node_get(group, key);

    *out = def;
    if (n == NULL)
        return 0;
    if (conf_node_type(n) != CONF_INT)
        return wrong_type(n, key, "a whole number", e);
    *out = config_setting_get_int64(setting(n));
    if (*out < min || *out > max)
        return conf_node_err(n, e, "correct that line", "%s must be between %lld and %lld", key,
                             (long long)min, (long long)max);
    return 0;
}

int conf_node_real(const struct conf_node *group, const char *key, double def, double min,
                   double max, double *out, struct err *e)
{
    const struct conf_node *n = conf_node_get(group, key);

    *out = def;
    if (n == NULL)
        return 0;
    if (conf_node_type(n) == CONF_INT)
        *out = (double)config_setting_get_int64(setting(n));
    else if (conf_node_type(n) == CONF_REAL)
        *out = config_setting_get_float(setting(n));
    else
        return wrong_type(n, key, "a number", e);
    if (!(*out >= min && *out <= max))
        return conf_node_err(n, e, "correct that line", "%s must be between %.10g and %.10g", key,
                             min, max);
    return 0;
}

int conf_node_bool(const struct conf_node *group, const char *key, bool def, bool *out,
                   struct err *e)
{
    const struct conf_node *n = conf_node_get(group, key);

    *out = def;
    if (n == NULL)
        return 0;
    if (conf_node_type(n) != CONF_BOOL)
        return wrong_type(n, key, "true or false", e);
    *out = config_setting_get_bool(setting(n)) != 0;
    return 0;
}

int conf_node_known(const struct conf_node *group, const char *const *known, struct err *e)
{
    if (conf_node_type(group) != CONF_GROUP) /* its items would have no names */
        return conf_node_err(group, e, "write it as { ... }", "%s is no group",
                             conf_node_name(group) ? conf_node_name(group) : "this");
    for (size_t i = 0; i < conf_node_count(group); i++) {
        const struct conf_node *n = conf_node_item(group, i);
        const char *name = conf_node_name(n);
        const char *const *k = known;

        while (*k != NULL && strcmp(*k, name) != 0)
            k++;
        if (*k != NULL)
            continue;
        const char *near = nearest(name, known);
        if (near != NULL)
            return conf_node_err(n, e, "correct or remove that line",
                                 "unknown setting %s; did you mean %s?", name, near);
        return conf_node_err(n, e, "correct or remove that line", "unknown setting %s", name);
    }
    return 0;
}

const char *conf_nearest(const char *word, const char *const *candidates)
{
    return nearest(word, candidates);
}

int conf_parse_duration(const char *s, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;

    if (*s < '0' || *s > '9')
        return -1;
    long long n = strtoll(s, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0 && n <= INT64_MAX / 86400000 / 2) {
            *ms = n * units[i].ms;
            return 0;
        }
    return -1;
}
