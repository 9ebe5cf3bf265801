/*
 * policy: policy files (zhanchi-policy(5)) -> struct policy. Called by L3 and L4 wherever a policy
 * is named.
 *
 * A policy is one file and those of its folder that it includes, each read once, depth first. Its
 * version is a digest over all of them, so that a verdict can say by which text it was made. Keys
 * are strict; every message names file and line. What can only be seen in the whole (regions
 * without a place in the tree, titles that cannot be told apart) is checked at the end; rules are
 * policy_rule.c's.
 *
 * Texts live in one arena beside the policy; the two arrays grow while files are read.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"
#include "zhanchi/utf8.h"
#include "policy.h"

#define FILE_MAX_BYTES (1u << 20)
#define FILES_MAX 32
#define NAME_MAX_BYTES 63
#define TITLE_MAX_BYTES 120

/* What conf_policy_load returns the first member of. */
struct loaded_policy {
    struct policy p;
    struct arena *arena;
};

char *loader_text(struct policy_loader *l, const char *s)
{
    return arena_strdup(l->arena, s);
}

int loader_str(struct policy_loader *l, const struct conf_node *group, const char *key,
               const char *def, size_t max, char **out, struct err *e)
{
    const char *text;

    if (conf_node_str(group, key, def, &text, e) != 0)
        return -1;
    if (text == NULL || (def == NULL && text[0] == '\0'))
        return conf_node_err(group, e, "add it", "%s is missing", key);
    if (strlen(text) > max)
        return conf_node_err(conf_node_get(group, key), e, "shorten it",
                             "%s is longer than %zu bytes", key, max);
    *out = loader_text(l, text);
    return 0;
}

char *loader_region(struct policy_loader *l, const char *name)
{
    char code[7];

    return loader_text(l, policy_region_code(name, code) == 0 ? code : name);
}

/* ---- regions ---- */

/* As lists are read: folded, without blanks. */
static char *bare_name(struct policy_loader *l, const char *text)
{
    struct buf folded, bare;

    buf_init(&folded, FILE_MAX_BYTES);
    buf_init(&bare, FILE_MAX_BYTES);
    utf8_fold(text, strlen(text), &folded);
    for (size_t i = 0; i < folded.len;) {
        size_t from = i;
        if (!utf8_blank(utf8_next(folded.data, folded.len, &i)))
            buf_add(&bare, folded.data + from, i - from);
    }
    char *copy = loader_text(l, buf_cstr(&bare));
    buf_fini(&folded);
    buf_fini(&bare);
    return copy;
}

int loader_names(struct policy_loader *l, const struct conf_node *group, const char *key,
                 const char *what, char ***out, struct err *e)
{
    const struct conf_node *list = conf_node_get(group, key);
    char tmp[40], remedy[80];

    if (list == NULL)
        return 0;
    snprintf(remedy, sizeof remedy, "write %s = [ \"...\", \"...\" ];", key);
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, remedy, "%s must be a list", key);
    size_t count = conf_node_count(list);
    char **names = arena_alloc(l->arena, (count + 1) * sizeof *names);
    names[count] = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        names[i] =
            bare_name(l, conf_node_type(item) == CONF_STRING ? conf_node_text(item, tmp) : "");
        if (names[i][0] == '\0')
            return conf_node_err(item, e, remedy, "%s must list %s", key, what);
    }
    *out = names;
    return 0;
}

static int read_region(struct policy_loader *l, const struct conf_node *n, struct err *e)
{
    static const char *const known[] = {"name", "title", "parent", "shortage", NULL};
    struct policy *p = l->p;
    char *name, *parent;

    if (conf_node_type(n) != CONF_GROUP)
        return conf_node_err(n, e, "write { name = \"43\"; title = \"...\"; }",
                             "a region must be a group");
    p->regions = realloc(p->regions, (p->n_regions + 1) * sizeof *p->regions);
    if (p->regions == NULL)
        panic("out of memory");
    struct policy_region *r = &p->regions[p->n_regions];
    *r = (struct policy_region){.file = l->file, .line = conf_node_line(n)};
    if (conf_node_known(n, known, e) != 0 ||
        loader_str(l, n, "name", NULL, NAME_MAX_BYTES, &name, e) != 0 ||
        loader_str(l, n, "title", "", TITLE_MAX_BYTES, &r->title, e) != 0 ||
        loader_str(l, n, "parent", "", NAME_MAX_BYTES, &parent, e) != 0 ||
        loader_names(l, n, "shortage", "occupations", &r->shortage, e) != 0)
        return -1;
    r->name = loader_region(l, name);
    r->parent = loader_region(l, parent);
    for (size_t i = 0; i < p->n_regions; i++)
        if (strcmp(p->regions[i].name, r->name) == 0)
            return conf_node_err(n, e, "remove one of them", "region %s stands twice (also %s:%d)",
                                 r->name, p->regions[i].file, p->regions[i].line);
    p->n_regions++;
    return 0;
}

static const struct policy_region *find_region(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_regions; i++)
        if (strcmp(p->regions[i].name, name) == 0)
            return &p->regions[i];
    return NULL;
}

/* Is there such a place at all: the nation, a code, or a region of this policy? */
static bool placed(const struct policy *p, const char *name)
{
    char code[7];

    return strcmp(name, "CN") == 0 || policy_region_code(name, code) == 0 ||
           find_region(p, name) != NULL;
}

/* Following parents never ends: more steps than there are regions. */
static bool circular(const struct policy *p, const struct policy_region *r)
{
    size_t steps = 0;

    while (r != NULL && r->parent[0] != '\0' && steps <= p->n_regions) {
        r = find_region(p, r->parent);
        steps++;
    }
    return steps > p->n_regions;
}

static int check_region(const struct policy *p, const struct policy_region *r, struct err *e)
{
    if (r->parent[0] != '\0' && !placed(p, r->parent))
        return err_set(e, ERR_CONFIG, "add that region, or correct the name",
                       "%s:%d: the parent %s of region %s is no region of this policy", r->file,
                       r->line, r->parent, r->name);
    if (circular(p, r))
        return err_set(e, ERR_CONFIG, "correct a parent",
                       "%s:%d: region %s is above itself by its parents", r->file, r->line,
                       r->name);
    const char *reads = r->title[0] != '\0' ? policy_region_of(p, r->title) : r->name;
    if (reads == NULL || strcmp(reads, r->name) != 0)
        return err_set(e, ERR_CONFIG, "make the titles different",
                       "%s:%d: the title %s of region %s also means region %s", r->file, r->line,
                       r->title, r->name, reads != NULL ? reads : "?");
    return 0;
}

static int check_whole(const struct policy *p, const char *path, struct err *e)
{
    if (p->n_rules == 0)
        return err_set(e, ERR_CONFIG, "add rules = ( ... );", "%s: the policy has no rules", path);
    for (size_t i = 0; i < p->n_regions; i++)
        if (check_region(p, &p->regions[i], e) != 0)
            return -1;
    for (size_t i = 0; i < p->n_rules; i++)
        if (!placed(p, p->rules[i].region))
            return err_set(e, ERR_CONFIG, "add it to regions, or correct the name",
                           "%s:%d: rule %s: %s is no region of this policy", p->rules[i].file,
                           p->rules[i].line, p->rules[i].id, p->rules[i].region);
    return 0;
}

/* ---- files ---- */

static int load_file(struct policy_loader *l, const char *path, struct err *e);

static bool is_name(const char *s)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    return s[0] != '\0' && strlen(s) <= NAME_MAX_BYTES && strspn(s, allowed) == strlen(s);
}

static bool is_loaded(const struct policy_loader *l, const char *name)
{
    for (size_t i = 0; i < l->n_loaded; i++)
        if (strcmp(l->loaded[i], name) == 0)
            return true;
    return false;
}

static int read_include(struct policy_loader *l, const struct conf_node *n, struct err *e)
{
    char folder[PATH_MAX], file[NAME_MAX_BYTES + 6], path[PATH_MAX], tmp[40];
    const char *name = conf_node_type(n) == CONF_STRING ? conf_node_text(n, tmp) : "";

    if (!is_name(name))
        return conf_node_err(n, e, "name a file of the same folder, without .conf",
                             "include must list names of policies");
    snprintf(file, sizeof file, "%s.conf", name);
    if (is_loaded(l, file))
        return 0;
    snprintf(folder, sizeof folder, "%s", l->file);
    if (fs_join(dirname(folder), file, path, sizeof path, e) != 0)
        return -1;
    if (load_file(l, path, e) == 0)
        return 0;
    if (e->kind == ERR_NOINPUT)
        return conf_node_err(n, e, "name a file of the same folder, without .conf",
                             "cannot open %s", path);
    return -1;
}

static int read_items(struct policy_loader *l, const struct conf_node *root, const char *key,
                      int (*read)(struct policy_loader *, const struct conf_node *, struct err *),
                      struct err *e)
{
    const struct conf_node *list = conf_node_get(root, key);

    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "see zhanchi-policy(5)", "%s must be a list", key);
    for (size_t i = 0; i < conf_node_count(list); i++)
        if (read(l, conf_node_item(list, i), e) != 0)
            return -1;
    return 0;
}

/* How this policy reads "within so many months": said by the file that was asked for, else by the
 * first of those that it includes. */
static int read_reading(struct policy_loader *l, const struct conf_node *root, struct err *e)
{
    bool included = false;

    if (conf_node_bool(root, "last_day_included", false, &included, e) != 0)
        return -1;
    if (l->last_day < 0 && conf_node_get(root, "last_day_included") != NULL)
        l->last_day = included;
    return 0;
}

/* Rules that say nothing of it follow the policy's reading. */
static void apply_reading(const struct policy_loader *l)
{
    for (size_t i = 0; i < l->p->n_rules && l->last_day >= 0; i++)
        if (!l->p->rules[i].last_day_stated)
            l->p->rules[i].last_day_included = l->last_day == 1;
}

static int read_root(struct policy_loader *l, const struct conf_node *root, struct err *e)
{
    static const char *const known[] = {"name",  "title", "last_day_included", "include", "regions",
                                        "rules", NULL};
    char *name, *title;

    if (conf_node_known(root, known, e) != 0 ||
        loader_str(l, root, "name", NULL, NAME_MAX_BYTES, &name, e) != 0 ||
        loader_str(l, root, "title", "", 4 * TITLE_MAX_BYTES, &title, e) != 0)
        return -1;
    if (!is_name(name))
        return conf_node_err(conf_node_get(root, "name"), e,
                             "use letters, digits, _ and - (title says it in Chinese)",
                             "name cannot be \"%s\"", name);
    if (l->p->name == NULL) { /* the file that was asked for, not one that it includes */
        l->p->name = name;
        l->p->title = title;
    }
    if (read_reading(l, root, e) != 0)
        return -1;
    return read_items(l, root, "include", read_include, e) != 0 ||
                   read_items(l, root, "regions", read_region, e) != 0 ||
                   read_items(l, root, "rules", loader_rule, e) != 0
               ? -1
               : 0;
}

static int digest_file(struct policy_loader *l, const char *path, struct err *e)
{
    struct buf text;

    buf_init(&text, FILE_MAX_BYTES);
    int rc = fs_read_file(path, &text, e);
    if (rc == 0) {
        crypt_digest_add(l->digest, buf_cstr(&text), text.len);
        crypt_digest_add(l->digest, "", 1); /* where one file ends */
    }
    buf_fini(&text);
    return rc;
}

static int load_file(struct policy_loader *l, const char *path, struct err *e)
{
    char *outer = l->file, *name = loader_text(l, path);

    if (l->n_loaded == FILES_MAX)
        return err_set(e, ERR_CONFIG, "include less", "%s: more than %d files in one policy",
                       l->file, FILES_MAX);
    l->file = loader_text(l, path);
    l->loaded[l->n_loaded++] = loader_text(l, basename(name));
    struct conf_tree *t = digest_file(l, path, e) == 0 ? conf_tree_load(path, e) : NULL;
    if (t == NULL)
        return -1;
    int rc = read_root(l, conf_tree_root(t), e);
    conf_tree_free(t);
    l->file = outer;
    return rc;
}

struct policy *conf_policy_load(const char *path, struct err *e)
{
    struct loaded_policy *made = calloc(1, sizeof *made);
    uint8_t hash[CRYPT_HASH_BYTES];
    char *loaded[FILES_MAX];

    if (made == NULL)
        panic("out of memory");
    made->arena = arena_new(16384);
    struct policy_loader l = {.p = &made->p,
                              .arena = made->arena,
                              .digest = crypt_digest_new(),
                              .loaded = loaded,
                              .last_day = -1};
    int rc = load_file(&l, path, e);
    apply_reading(&l);
    if (rc == 0)
        rc = check_whole(&made->p, path, e);
    crypt_digest_end(l.digest, hash);
    crypt_digest_free(l.digest);
    crypt_hex(hash, 8, made->p.version);
    if (rc == 0)
        return &made->p;
    conf_policy_free(&made->p);
    return NULL;
}

void conf_policy_free(struct policy *p)
{
    struct loaded_policy *made = (struct loaded_policy *)p;

    if (p == NULL)
        return;
    free(p->rules);
    free(p->regions);
    arena_free(made->arena);
    free(made);
}
