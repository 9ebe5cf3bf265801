/*
 * routes: `routes = ( { name = "default"; rules = ( { region = "4301"; to = "a"; }, ... ); } );` of
 * zhanchi.conf: a rule says over which gateways the messages go that fit its conditions; route.h says
 * what that means. Read once; every gateway that a rule names must be configured.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

struct named {
    const char *name;
    struct route route;
};

struct conf_routes {
    struct named *list;
    size_t n;
};

/* ---- "a", "a:3" ---- */

static bool known_gateway(const struct conf_gateways *g, const char *name, size_t len)
{
    for (const char *const *n = gateways_names(g); *n != NULL; n++)
        if (strlen(*n) == len && memcmp(*n, name, len) == 0)
            return true;
    return false;
}

int routes_share(const struct conf_gateways *g, const char *text, char name[64], int *weight,
                 struct err *e)
{
    const char *colon = strrchr(text, ':');
    size_t len = strlen(text);
    char *end = NULL;
    long n = 1;

    if (colon != NULL && !known_gateway(g, text, len)) { /* a name may have a colon */
        n = strtol(colon + 1, &end, 10);
        if (end == colon + 1 || *end != '\0' || n < 1 || n > 1000)
            return err_set(e, ERR_CONFIG, "write NAME:WEIGHT", "%.80s: a weight is from 1 to 1000",
                           text);
        len = (size_t)(colon - text);
    }
    if (len > 63 || !known_gateway(g, text, len)) {
        char copy[64] = "";
        memcpy(copy, text, len < 63 ? len : 63);
        const char *near = conf_nearest(copy, gateways_names(g));
        return err_set(e, ERR_CONFIG, "name a gateway of zhanchi.conf",
                       "gateway %s is not configured%s%s%s", copy,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                       near != NULL ? "?" : "");
    }
    memcpy(name, text, len);
    name[len] = '\0';
    *weight = (int)n;
    return 0;
}

/* ---- rules ---- */

static int add_target(const struct conf_node *n, const struct conf_gateways *g, struct route *r,
                      struct route_rule *u, struct err *e)
{
    char tmp[40], name[64];
    struct err why;
    int weight;

    if (conf_node_type(n) != CONF_STRING)
        return conf_node_err(n, e, "write to = [ \"a:3\", \"b:1\" ];",
                             "a gateway's name is a text");
    if (routes_share(g, conf_node_text(n, tmp), name, &weight, &why) != 0)
        return conf_node_err(n, e, why.remedy, "%s", why.what);
    int at = route_gateway(r, name);
    if (at < 0)
        return conf_node_err(n, e, "use fewer", "a route may name %d gateways", ROUTE_GATEWAYS);
    if (u->weight[at] > 0)
        return conf_node_err(n, e, "name it once; its weight says how often it is taken",
                             "gateway %s stands in a rule twice", name);
    u->weight[at] = weight;
    return 0;
}

static int read_condition(const struct conf_node *n, const char *key, char out[64], struct err *e)
{
    const char *text;

    if (conf_node_str(n, key, "", &text, e) != 0)
        return -1;
    if (strlen(text) > 63 || strpbrk(text, "\t\r\n") != NULL)
        return conf_node_err(n, e, NULL, "%s has at most 63 bytes and no tabs", key);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int read_rule(const struct conf_node *n, const struct conf_gateways *g, struct route *r,
                     struct err *e)
{
    static const char *const known[] = {"region", "topic", "carrier", "cheapest", "to", NULL};
    struct route_rule *u = &r->rules[r->n_rules];
    const struct conf_node *to;
    const char *class;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { region = \"4301\"; to = \"NAME\"; }",
                             "a rule must be a group");
    if (conf_node_known(n, known, e) != 0 || read_condition(n, "region", u->region, e) != 0 ||
        read_condition(n, "topic", u->topic, e) != 0 ||
        conf_node_str(n, "carrier", "", &class, e) != 0 ||
        conf_node_bool(n, "cheapest", false, &u->cheapest, e) != 0)
        return -1;
    if (class[0] != '\0' && route_class_parse(class, &u->class) != 0)
        return conf_node_err(n, e, "the carrier itself cannot be told from a number",
                             "carrier is \"basic\", \"virtual\" or \"data\"");
    to = conf_node_get(n, "to");
    if (to == NULL)
        return conf_node_err(n, e, "add to = \"NAME\";", "a rule needs a gateway");
    r->n_rules++;
    if (conf_node_type(to) != CONF_LIST)
        return add_target(to, g, r, u, e);
    for (size_t i = 0; i < conf_node_count(to); i++)
        if (add_target(conf_node_item(to, i), g, r, u, e) != 0)
            return -1;
    return 0;
}

static int read_route(const struct conf_node *n, const struct conf_gateways *g, struct named *out,
                      struct err *e)
{
    static const char *const known[] = {"name", "rules", NULL};
    char text[ROUTE_TEXT_MAX];
    const char *name;
    struct err why;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { name = \"...\"; rules = ( ... ); }",
                             "a route must be a group");
    if (conf_node_known(n, known, e) != 0 || conf_node_str(n, "name", "", &name, e) != 0)
        return -1;
    const struct conf_node *rules = conf_node_get(n, "rules");
    if (name[0] == '\0' || strlen(name) > 63 || rules == NULL || conf_node_type(rules) != CONF_LIST)
        return conf_node_err(n, e, "add what is missing",
                             "a route needs a name (at most 63 bytes) and a list of rules");
    if (conf_node_count(rules) > ROUTE_RULES)
        return conf_node_err(rules, e, "use fewer", "a route has at most %d rules", ROUTE_RULES);
    out->name = strdup(name);
    if (out->name == NULL)
        panic("out of memory");
    for (size_t i = 0; i < conf_node_count(rules); i++)
        if (read_rule(conf_node_item(rules, i), g, &out->route, e) != 0)
            return -1;
    if (route_check(&out->route, &why) != 0)
        return conf_node_err(rules, e, why.remedy, "route %s: %s", name, why.what);
    if (route_format(&out->route, text, sizeof text) != 0)
        return conf_node_err(rules, e, "use fewer rules", "route %s is too long", name);
    return 0;
}

int routes_read(const struct conf_node *list, const struct conf_gateways *g,
                struct conf_routes **out, struct err *e)
{
    size_t n = conf_node_count(list);

    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write routes = ( { name = \"...\"; rules = ( ... ); } );",
                             "routes must be a list");
    struct conf_routes *r = calloc(1, sizeof *r);
    if (r == NULL || (r->list = calloc(n + 1, sizeof *r->list)) == NULL)
        panic("out of memory");
    *out = r;
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        r->n++;
        if (read_route(item, g, &r->list[i], e) != 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (strcmp(r->list[j].name, r->list[i].name) == 0)
                return conf_node_err(item, e, "rename one of them", "route %s stands twice",
                                     r->list[i].name);
    }
    return 0;
}

void routes_free(struct conf_routes *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n; i++)
        free((char *)(uintptr_t)r->list[i].name);
    free(r->list);
    free(r);
}

int routes_get(const struct conf_routes *r, const char *name, struct route *out, struct err *e)
{
    const char *names[65];
    size_t n = 0;

    for (size_t i = 0; r != NULL && i < r->n; i++) {
        if (strcmp(r->list[i].name, name) == 0) {
            *out = r->list[i].route;
            return 0;
        }
        if (n < 64)
            names[n++] = r->list[i].name;
    }
    names[n] = NULL;
    const char *near = conf_nearest(name, names);
    return err_set(e, ERR_CONFIG, "name a route of zhanchi.conf",
                   "route %s is not configured%s%s%s", name, near != NULL ? "; did you mean " : "",
                   near != NULL ? near : "", near != NULL ? "?" : "");
}
