/*
 * lint: rule sets (zhanchi-lint(5)) -> struct lint_set. Keys are strict; every message names file and
 * line. A set that says base = "other.conf" has the other's rules where it has none of its own; a
 * rule that is in neither is off.
 *
 * Called by the commands for the gateways of a campaign, and by `template check`.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/charset.h"
#include "zhanchi/nearest.h"
#include "zhanchi/segment.h"
#include "internal.h"

#define LANGUAGE 1 /* of rule sets: raised when an old file would be read differently */

struct reading {
    struct arena *arena;
    struct lint_def *def;
    uint8_t repertoire[LINT_REPERTOIRE_BYTES];
};

/* ---- words ---- */

static int read_words(struct reading *r, const struct conf_node *rule, const char *key,
                      enum lint_list list, struct err *e)
{
    const struct conf_node *node = conf_node_get(rule, key);
    char tmp[40];

    if (node == NULL)
        return 0;
    if (conf_node_type(node) != CONF_LIST)
        return conf_node_err(node, e, "write [ \"...\", \"...\" ]", "%s must be a list of texts",
                             key);
    size_t n = conf_node_count(node);
    const char **words = arena_alloc(r->arena, (n + 1) * sizeof *words);
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *item = conf_node_item(node, i);
        const char *text = conf_node_type(item) == CONF_STRING ? conf_node_text(item, tmp) : "";
        if (text[0] == '\0')
            return conf_node_err(item, e, "write words in quotes", "%s must hold words", key);
        if (text[0] >= '0' && text[0] <= '9')
            return conf_node_err(item, e, "begin it with a letter or a Han character",
                                 "%s: a word must not begin with a digit", key);
        words[i] = arena_strdup(r->arena, text);
    }
    r->def->words[list] = words;
    return 0;
}

/* ---- characters that a gateway carries ---- */

static void add_bit(uint8_t *bits, uint32_t cp)
{
    bits[cp >> 3] |= (uint8_t)(1u << (cp & 7));
}

/* Every two bytes that the encoding knows. */
static int add_encoding(uint8_t *bits, const char *encoding, struct err *e)
{
    struct charset *c = charset_open("UTF-16BE", encoding, e);

    if (c == NULL)
        return -1;
    for (unsigned hi = 0x81; hi <= 0xFE; hi++)
        for (unsigned lo = 0x40; lo <= 0xFE; lo++) {
            const char in[2] = {(char)hi, (char)lo}, *from = in;
            unsigned char out[8];
            char *to = (char *)out;
            size_t in_left = sizeof in, out_left = sizeof out;
            if (charset_run(c, &from, &in_left, &to, &out_left) == CHARSET_ALL && out_left == 6)
                add_bit(bits, (uint32_t)out[0] << 8 | out[1]);
        }
    charset_close(c);
    return 0;
}

static void add_gsm(uint8_t *bits)
{
    uint8_t septets[2];

    for (uint32_t cp = 0; cp < 65536; cp++)
        if (segment_gsm7(cp, septets) > 0)
            add_bit(bits, cp);
}

static int read_repertoire(struct reading *r, const struct conf_node *rule, struct err *e)
{
    static const char *const names[] = {"bmp", "gbk", "gb2312", "gsm7", "all", NULL};
    const char *name;
    int i = 0;

    if (conf_node_str(rule, "repertoire", names[0], &name, e) != 0)
        return -1;
    while (names[i] != NULL && strcmp(names[i], name) != 0)
        i++;
    if (names[i] == NULL)
        return conf_node_err(conf_node_get(rule, "repertoire"), e,
                             "write bmp, gbk, gb2312, gsm7 or all", "there is no repertoire %.40s",
                             name);
    r->def->beyond = strcmp(name, "all") == 0;
    r->def->repertoire = i >= 1 && i <= 3 ? r->repertoire : NULL;
    memset(r->repertoire, 0, sizeof r->repertoire);
    if (i == 3)
        add_gsm(r->repertoire);
    return i == 1 || i == 2 ? add_encoding(r->repertoire, i == 1 ? "GBK" : "GB2312", e) : 0;
}

/* ---- rules ---- */

static int read_severity(const struct conf_node *rule, enum lint_severity *out, struct err *e)
{
    const char *text;

    if (conf_node_str(rule, "severity", NULL, &text, e) != 0)
        return -1;
    for (int i = 0; text != NULL && lint_severity_names[i] != NULL; i++)
        if (strcmp(lint_severity_names[i], text) == 0) {
            *out = (enum lint_severity)i;
            return 0;
        }
    if (text == NULL)
        return conf_node_err(rule, e, "write severity = \"error\", \"warning\" or \"off\"",
                             "rule %s has no severity", conf_node_name(rule));
    return conf_node_err(conf_node_get(rule, "severity"), e,
                         "write severity = \"error\", \"warning\" or \"off\"",
                         "rule %s: there is no severity %.40s", conf_node_name(rule), text);
}

static int read_kinds(const struct conf_node *rule, unsigned *out, struct err *e)
{
    static const char *const kinds[] = {"notice", "promotion", "status", NULL};
    const struct conf_node *list = conf_node_get(rule, "kinds");
    char tmp[40];

    *out = 0;
    for (size_t i = 0; list != NULL && i < conf_node_count(list); i++) {
        const char *text = conf_node_text(conf_node_item(list, i), tmp);
        int k = 0;
        while (kinds[k] != NULL && (text == NULL || strcmp(kinds[k], text) != 0))
            k++;
        if (kinds[k] == NULL)
            return conf_node_err(conf_node_item(list, i), e, "write notice, promotion or status",
                                 "there is no such kind of text");
        *out |= 1u << k;
    }
    return list == NULL || *out != 0
               ? 0
               : conf_node_err(list, e, "name a kind, or leave kinds away", "kinds is empty");
}

struct list_key {
    const char *key;
    enum lint_rule rule;
    enum lint_list list;
};
static const struct list_key list_keys[] = {{"words", LINT_BANNED, LINT_WORDS_BANNED},
                                            {"promotion", LINT_BANNED, LINT_WORDS_PROMOTION},
                                            {"words", LINT_LINK, LINT_WORDS_LINK},
                                            {"words", LINT_REFUSAL, LINT_WORDS_REFUSAL},
                                            {"asks", LINT_ACCOUNT, LINT_WORDS_ASKS},
                                            {"data", LINT_ACCOUNT, LINT_WORDS_DATA},
                                            {"unless", LINT_ACCOUNT, LINT_WORDS_UNLESS},
                                            {"words", LINT_COMPLAINT, LINT_WORDS_COMPLAINT},
                                            {"words", LINT_SUBSTITUTION, LINT_WORDS_SUBSTITUTION}};
#define LIST_KEYS (sizeof list_keys / sizeof list_keys[0])

static int check_keys(const struct conf_node *rule, enum lint_rule r, struct err *e)
{
    const char *known[8] = {"severity", "kinds"};
    size_t n = 2;

    for (size_t i = 0; i < LIST_KEYS; i++)
        if (list_keys[i].rule == r)
            known[n++] = list_keys[i].key;
    if (r == LINT_FORBIDDEN)
        known[n++] = "characters";
    if (r == LINT_RARE)
        known[n++] = "repertoire";
    if (r == LINT_LENGTH) {
        known[n++] = "units";
        known[n++] = "parts";
    }
    return conf_node_known(rule, known, e);
}

static int read_figures(struct reading *r, const struct conf_node *rule, struct err *e)
{
    int64_t units, parts;

    if (conf_node_int(rule, "units", 0, 0, 100000, &units, e) != 0 ||
        conf_node_int(rule, "parts", 0, 0, 255, &parts, e) != 0)
        return -1;
    r->def->units = (size_t)units;
    r->def->parts = (int)parts;
    return 0;
}

static int read_characters(struct reading *r, const struct conf_node *rule, struct err *e)
{
    const char *text;

    if (conf_node_str(rule, "characters", "", &text, e) != 0)
        return -1;
    r->def->forbidden = arena_strdup(r->arena, text);
    return 0;
}

static int read_rule(struct reading *r, const struct conf_node *rule, enum lint_rule i,
                     struct err *e)
{
    if (check_keys(rule, i, e) != 0 || read_severity(rule, &r->def->severity[i], e) != 0 ||
        read_kinds(rule, &r->def->kinds[i], e) != 0)
        return -1;
    for (size_t k = 0; k < LIST_KEYS; k++)
        if (list_keys[k].rule == i &&
            read_words(r, rule, list_keys[k].key, list_keys[k].list, e) != 0)
            return -1;
    switch (i) {
    case LINT_FORBIDDEN:
        return read_characters(r, rule, e);
    case LINT_RARE:
        return read_repertoire(r, rule, e);
    case LINT_LENGTH:
        return read_figures(r, rule, e);
    default:
        return 0;
    }
}

/* ---- the file ---- */

static int read_head(const struct conf_node *root, struct err *e)
{
    static const char *const known[] = {"language", "title", "base", "rules", NULL};
    int64_t language;
    const char *title;

    if (conf_node_known(root, known, e) != 0)
        return -1;
    if (conf_node_get(root, "language") == NULL)
        return conf_node_err(root, e, "add language = 1;", "language is missing");
    return conf_node_int(root, "language", LANGUAGE, LANGUAGE, LANGUAGE, &language, e) != 0 ||
                   conf_node_str(root, "title", "", &title, e) != 0
               ? -1
               : 0;
}

static int read_rules(struct reading *r, const struct conf_node *root, const struct conf_node *base,
                      struct err *e)
{
    const struct conf_node *none = NULL, *own = conf_node_get(root, "rules");
    const struct conf_node *theirs = base != NULL ? conf_node_get(base, "rules") : none;

    if ((own != NULL && conf_node_known(own, lint_rule_names, e) != 0) ||
        (theirs != NULL && conf_node_known(theirs, lint_rule_names, e) != 0))
        return -1;
    if (own == NULL && theirs == NULL)
        return conf_node_err(root, e, "add rules = { ... };", "there are no rules");
    for (int i = 0; i < LINT_RULES; i++) {
        const char *name = lint_rule_name((enum lint_rule)i);
        const struct conf_node *rule = own != NULL ? conf_node_get(own, name) : NULL;
        if (rule == NULL && theirs != NULL)
            rule = conf_node_get(theirs, name);
        if (rule != NULL && read_rule(r, rule, (enum lint_rule)i, e) != 0)
            return -1;
    }
    return 0;
}

static int read_set(struct reading *r, const struct conf_node *root, const char *path,
                    struct err *e)
{
    char beside[PATH_MAX];
    const char *name, *slash = strrchr(path, '/');

    if (read_head(root, e) != 0 || conf_node_str(root, "base", "", &name, e) != 0)
        return -1;
    if (name[0] == '\0')
        return read_rules(r, root, NULL, e);
    if (strchr(name, '/') != NULL ||
        snprintf(beside, sizeof beside, "%.*s%s", slash != NULL ? (int)(slash - path + 1) : 0, path,
                 name) >= PATH_MAX)
        return conf_node_err(conf_node_get(root, "base"), e, "name a file of the same folder",
                             "base is no file's name");
    struct conf_tree *base = conf_tree_load(beside, e);
    if (base == NULL)
        return -1;
    const struct conf_node *theirs = conf_tree_root(base);
    int rc = conf_node_get(theirs, "base") != NULL
                 ? conf_node_err(conf_node_get(root, "base"), e, "take that one's base",
                                 "a base has a base of its own")
                 : read_head(theirs, e);
    if (rc == 0)
        rc = read_rules(r, root, theirs, e);
    conf_tree_free(base);
    return rc;
}

/* NAME of ".../NAME.conf" */
static char *name_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t len = strlen(name);

    return arena_memdup(a, name, len > 5 && strcmp(name + len - 5, ".conf") == 0 ? len - 5 : len);
}

struct lint_set *conf_lint_load(const char *path, struct err *e)
{
    struct lint_def def = {0};
    struct reading r = {.def = &def};
    struct lint_set *set = NULL;
    struct conf_tree *tree = conf_tree_load(path, e);

    if (tree == NULL)
        return NULL;
    r.arena = arena_new(4096);
    def.name = name_of(r.arena, path);
    if (read_set(&r, conf_tree_root(tree), path, e) == 0)
        set = lint_set_new(&def);
    conf_tree_free(tree);
    arena_free(r.arena);
    return set;
}
