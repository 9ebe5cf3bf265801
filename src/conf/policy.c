/*
 * policy: policy files -> struct policy. Keys are strict, messages name file and line; two rules of one region and basis that are in force on
 * the same day are an error (gaps are not: then nobody is eligible).
 *
 *   name = "hunan"; title = "..."; include = [ "cn" ];
 *   regions = ( { name = "43"; title = "湖南省"; parent = "CN"; shortage = [ "焊工" ]; } );
 *   rules = ( { id = "..."; region = "43"; valid_from = "2019-01-01"; ... } );
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/conf.h"
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"
#include "zhanchi/policy.h"

#define INCLUDE_DEPTH 4

struct loader {
    struct policy *p;
    struct crypt_digest *digest;
    int depth;
};

static char *copy(const char *s)
{
    char *c = strdup(s);

    if (c == NULL)
        panic("out of memory");
    return c;
}

static int read_day(const struct conf_node *group, const char *key, int32_t *out, struct err *e)
{
    const char *text;

    *out = CIVIL_NONE;
    if (conf_node_str(group, key, NULL, &text, e) != 0)
        return -1;
    if (text != NULL && (strlen(text) != 10 || civil_parse(text, 10, out) != 0))
        return conf_node_err(conf_node_get(group, key), e, "write it as \"2019-01-31\"",
                             "%s is no date", key);
    return 0;
}

static int need_str(const struct conf_node *group, const char *key, char **out, struct err *e)
{
    const char *text;

    if (conf_node_str(group, key, NULL, &text, e) != 0)
        return -1;
    if (text == NULL || text[0] == '\0')
        return conf_node_err(group, e, "add it", "%s is missing", key);
    *out = copy(text);
    return 0;
}

/* "430100" -> "43", "4301"... pairs of zeros at the end say nothing. */
static void normalise_region(char *region)
{
    size_t n = strlen(region);

    if (n != 6 || strspn(region, "0123456789") != 6)
        return;
    while (n > 2 && strcmp(region + n - 2, "00") == 0)
        region[n -= 2] = '\0';
}

/* { level5 = 1000; level4 = 1500; level3 = 2000; } in yuan. */
static int read_amounts(const struct conf_node *rule, const char *key, int64_t out[POLICY_LEVELS],
                        struct err *e)
{
    static const char *const known[] = {"level1", "level2", "level3", "level4", "level5", NULL};
    const struct conf_node *group = conf_node_get(rule, key);

    for (int level = 0; level < POLICY_LEVELS; level++)
        out[level] = POLICY_AMOUNT_NONE;
    if (group == NULL)
        return 0;
    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e, "write { level5 = 1000; }", "%s must be a group", key);
    if (conf_node_known(group, known, e) != 0)
        return -1;
    for (int level = 1; level < POLICY_LEVELS; level++) {
        double yuan;
        if (conf_node_real(group, known[level - 1], -1, 0, 1e6, &yuan, e) != 0)
            return -1;
        if (yuan >= 0)
            out[level] = (int64_t)(yuan * 100 + 0.5);
    }
    return 0;
}

static int read_levels(const struct conf_node *rule, unsigned *out, struct err *e)
{
    const struct conf_node *list = conf_node_get(rule, "levels");
    char tmp[40];

    *out = 0;
    if (list == NULL || conf_node_type(list) != CONF_LIST || conf_node_count(list) == 0)
        return conf_node_err(rule, e, "write levels = [ 5, 4, 3 ];", "levels is missing");
    for (size_t i = 0; i < conf_node_count(list); i++) {
        const struct conf_node *n = conf_node_item(list, i);
        const char *text = conf_node_type(n) == CONF_INT ? conf_node_text(n, tmp) : "";
        if (strlen(text) != 1 || text[0] < '1' || text[0] > '5')
            return conf_node_err(n, e, "levels are 1 to 5", "this is no level");
        *out |= 1u << (text[0] - '0');
    }
    return 0;
}

static int read_basis(const struct conf_node *rule, enum policy_basis *out, struct err *e)
{
    const char *text;

    if (conf_node_str(rule, "basis", "issued", &text, e) != 0)
        return -1;
    if (strcmp(text, "issued") != 0 && strcmp(text, "applied") != 0)
        return conf_node_err(conf_node_get(rule, "basis"), e, "write \"issued\" or \"applied\"",
                             "basis cannot be \"%s\"", text);
    *out = strcmp(text, "issued") == 0 ? POLICY_ISSUED : POLICY_APPLIED;
    return 0;
}

static int read_numbers(const struct conf_node *n, struct policy_rule *r, struct err *e)
{
    int64_t months, window, yearly, extra;

    if (conf_node_int(n, "months_min", 0, 0, 600, &months, e) != 0 ||
        conf_node_int(n, "window_months", 12, 1, 120, &window, e) != 0 ||
        conf_node_int(n, "yearly_max", 0, 0, 100, &yearly, e) != 0 ||
        conf_node_int(n, "yearly_extra_shortage", 0, 0, 100, &extra, e) != 0)
        return -1;
    r->months_min = (int)months;
    r->window_months = (int)window;
    r->yearly_max = (int)yearly;
    r->yearly_extra_shortage = (int)extra;
    return 0;
}

static int read_flags(const struct conf_node *n, struct policy_rule *r, struct err *e)
{
    if (conf_node_get(n, "confirmed") == NULL)
        return conf_node_err(n, e, "add confirmed = true; or false;", "confirmed is missing");
    return conf_node_bool(n, "confirmed", false, &r->confirmed, e) != 0 ||
                   conf_node_bool(n, "last_day_included", false, &r->last_day_included, e) != 0 ||
                   conf_node_bool(n, "ceiling", false, &r->ceiling, e) != 0 ||
                   conf_node_bool(n, "once_per_level", true, &r->once_per_level, e) != 0 ||
                   conf_node_bool(n, "higher_bars_lower", false, &r->higher_bars_lower, e) != 0 ||
                   conf_node_bool(n, "benefit_included", false, &r->benefit_included, e) != 0
               ? -1
               : 0;
}

static bool overlap(const struct policy_rule *a, const struct policy_rule *b)
{
    bool a_first =
        b->valid_from == CIVIL_NONE || a->valid_to == CIVIL_NONE || a->valid_to >= b->valid_from;
    bool b_first =
        a->valid_from == CIVIL_NONE || b->valid_to == CIVIL_NONE || b->valid_to >= a->valid_from;

    return strcmp(a->region, b->region) == 0 && a->basis == b->basis && a_first && b_first;
}

static int read_rule(struct loader *l, const struct conf_node *n, struct err *e)
{
    static const char *const known[] = {"id",
                                        "region",
                                        "source",
                                        "clause",
                                        "confirmed",
                                        "basis",
                                        "valid_from",
                                        "valid_to",
                                        "months_min",
                                        "levels",
                                        "issued_from",
                                        "issued_to",
                                        "window_months",
                                        "last_day_included",
                                        "amounts",
                                        "shortage",
                                        "ceiling",
                                        "yearly_max",
                                        "yearly_extra_shortage",
                                        "once_per_level",
                                        "higher_bars_lower",
                                        "benefit_included",
                                        NULL};
    struct policy *p = l->p;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { id = \"...\"; ... }", "a rule must be a group");
    if (conf_node_known(n, known, e) != 0)
        return -1;
    p->rules = realloc(p->rules, (p->n_rules + 1) * sizeof *p->rules);
    if (p->rules == NULL)
        panic("out of memory");
    struct policy_rule *r = &p->rules[p->n_rules++];
    *r = (struct policy_rule){.line = conf_node_line(n)};
    if (need_str(n, "id", &r->id, e) != 0 || need_str(n, "region", &r->region, e) != 0 ||
        need_str(n, "source", &r->source, e) != 0 || need_str(n, "clause", &r->clause, e) != 0 ||
        read_basis(n, &r->basis, e) != 0 || read_day(n, "valid_from", &r->valid_from, e) != 0 ||
        read_day(n, "valid_to", &r->valid_to, e) != 0 ||
        read_day(n, "issued_from", &r->issued_from, e) != 0 ||
        read_day(n, "issued_to", &r->issued_to, e) != 0 || read_levels(n, &r->levels, e) != 0 ||
        read_numbers(n, r, e) != 0 || read_flags(n, r, e) != 0 ||
        read_amounts(n, "amounts", r->amount_fen, e) != 0 ||
        read_amounts(n, "shortage", r->shortage_fen, e) != 0)
        return -1;
    normalise_region(r->region);
    if (r->valid_from != CIVIL_NONE && r->valid_to != CIVIL_NONE && r->valid_to < r->valid_from)
        return conf_node_err(n, e, "correct the dates", "rule %s ends before it begins", r->id);
    for (size_t i = 0; i + 1 < p->n_rules; i++) {
        if (strcmp(p->rules[i].id, r->id) == 0)
            return conf_node_err(n, e, "rename one of them", "rule %s stands twice (also line %d)",
                                 r->id, p->rules[i].line);
        if (overlap(&p->rules[i], r))
            return conf_node_err(
                n, e, "correct the dates of one of them",
                "rule %s and rule %s (line %d) are in force on the same day in region %s", r->id,
                p->rules[i].id, p->rules[i].line, r->region);
    }
    return 0;
}

static int read_shortage(const struct conf_node *n, struct policy_region *r, struct err *e)
{
    const struct conf_node *list = conf_node_get(n, "shortage");
    size_t count = list != NULL ? conf_node_count(list) : 0;
    char tmp[40];

    r->shortage = calloc(count + 1, sizeof *r->shortage);
    if (r->shortage == NULL)
        panic("out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        if (conf_node_type(item) != CONF_STRING)
            return conf_node_err(item, e, "write occupations in quotes",
                                 "shortage must be a list of texts");
        r->shortage[i] = copy(conf_node_text(item, tmp));
    }
    return 0;
}

static int read_region(struct loader *l, const struct conf_node *n, struct err *e)
{
    static const char *const known[] = {"name", "title", "parent", "shortage", NULL};
    struct policy *p = l->p;
    const char *title, *parent;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { name = \"43\"; title = \"...\"; }",
                             "a region must be a group");
    if (conf_node_known(n, known, e) != 0)
        return -1;
    p->regions = realloc(p->regions, (p->n_regions + 1) * sizeof *p->regions);
    if (p->regions == NULL)
        panic("out of memory");
    struct policy_region *r = &p->regions[p->n_regions++];
    memset(r, 0, sizeof *r);
    if (need_str(n, "name", &r->name, e) != 0 || conf_node_str(n, "title", "", &title, e) != 0 ||
        conf_node_str(n, "parent", "", &parent, e) != 0)
        return -1;
    normalise_region(r->name);
    r->title = copy(title);
    r->parent = copy(parent);
    normalise_region(r->parent);
    if (strlen(r->name) > 63 || strlen(r->parent) > 63)
        return conf_node_err(n, e, "shorten it", "the region's name is too long");
    return read_shortage(n, r, e);
}

static int load_file(struct loader *l, const char *path, struct err *e);

static int read_includes(struct loader *l, const struct conf_node *root, const char *path,
                         struct err *e)
{
    const struct conf_node *list = conf_node_get(root, "include");
    char folder[PATH_MAX], other[PATH_MAX], name[128], tmp[40];

    if (list == NULL)
        return 0;
    snprintf(folder, sizeof folder, "%s", path);
    const char *dir = dirname(folder);
    for (size_t i = 0; i < conf_node_count(list); i++) {
        const struct conf_node *n = conf_node_item(list, i);
        const char *text = conf_node_type(n) == CONF_STRING ? conf_node_text(n, tmp) : "";
        if (text[0] == '\0' || strchr(text, '/') != NULL || strlen(text) > 100)
            return conf_node_err(n, e, "name a file of the same folder without .conf",
                                 "include is not a name");
        snprintf(name, sizeof name, "%s.conf", text);
        if (fs_join(dir, name, other, sizeof other, e) != 0 || load_file(l, other, e) != 0)
            return -1;
    }
    return 0;
}

static int read_items(struct loader *l, const struct conf_node *root, const char *key,
                      int (*read_one)(struct loader *, const struct conf_node *, struct err *),
                      struct err *e)
{
    const struct conf_node *list = conf_node_get(root, key);

    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write ( { ... }, { ... } );", "%s must be a list", key);
    for (size_t i = 0; i < conf_node_count(list); i++)
        if (read_one(l, conf_node_item(list, i), e) != 0)
            return -1;
    return 0;
}

static int read_root(struct loader *l, const struct conf_node *root, const char *path,
                     struct err *e)
{
    static const char *const known[] = {"name", "title", "include", "regions", "rules", NULL};
    const char *title;

    if (conf_node_known(root, known, e) != 0)
        return -1;
    if (l->depth == 1 && (need_str(root, "name", &l->p->name, e) != 0 ||
                          conf_node_str(root, "title", "", &title, e) != 0))
        return -1;
    if (l->depth == 1)
        l->p->title = copy(title);
    return read_includes(l, root, path, e) != 0 ||
                   read_items(l, root, "regions", read_region, e) != 0
               ? -1
               : read_items(l, root, "rules", read_rule, e);
}

static int load_file(struct loader *l, const char *path, struct err *e)
{
    struct buf text;

    if (++l->depth > INCLUDE_DEPTH)
        return err_set(e, ERR_CONFIG, "remove an include", "%s: includes are nested too deeply",
                       path);
    struct conf_tree *t = conf_tree_load(path, e);
    if (t == NULL)
        return -1;
    buf_init(&text, 1u << 20);
    int rc = fs_read_file(path, &text, e);
    if (rc == 0) {
        crypt_digest_add(l->digest, text.data, text.len);
        rc = read_root(l, conf_tree_root(t), path, e);
    }
    buf_fini(&text);
    conf_tree_free(t);
    l->depth--;
    return rc;
}

struct policy *conf_policy_load(const char *path, struct err *e)
{
    struct loader l = {.p = calloc(1, sizeof *l.p), .digest = crypt_digest_new()};
    uint8_t hash[CRYPT_HASH_BYTES];

    if (l.p == NULL)
        panic("out of memory");
    int rc = load_file(&l, path, e);
    crypt_digest_end(l.digest, hash);
    crypt_digest_free(l.digest);
    if (rc == 0 && l.p->n_rules == 0)
        rc = err_set(e, ERR_CONFIG, "add rules = ( ... );", "%s: the policy has no rules", path);
    if (rc == 0) {
        crypt_hex(hash, 8, l.p->version);
        return l.p;
    }
    conf_policy_free(l.p);
    return NULL;
}

void conf_policy_free(struct policy *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n_rules; i++) {
        free(p->rules[i].id);
        free(p->rules[i].region);
        free(p->rules[i].source);
        free(p->rules[i].clause);
    }
    for (size_t i = 0; i < p->n_regions; i++) {
        free(p->regions[i].name);
        free(p->regions[i].parent);
        free(p->regions[i].title);
        for (char **s = p->regions[i].shortage; s != NULL && *s != NULL; s++)
            free(*s);
        free(p->regions[i].shortage);
    }
    free(p->rules);
    free(p->regions);
    free(p->name);
    free(p->title);
    free(p);
}
