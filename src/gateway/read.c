/*
 * read: small readers that the profile's parsers share: texts into the arena, JSON pointers, durations, status lists.
 *
 * Every error names the profile's file and line. Called while a profile is loaded, never later.
 */
#include <string.h>
#include "profile.h"

const struct conf_node *profile_need(const struct conf_node *group, const char *key, struct err *e)
{
    const struct conf_node *n = conf_node_get(group, key);

    if (n == NULL)
        conf_node_err(group, e, "see zhanchi-gateway(5)", "%s is missing", key);
    return n;
}

int profile_group(const struct conf_node *group, const char *key, const struct conf_node **out,
                  struct err *e)
{
    *out = conf_node_get(group, key);
    if (*out && conf_node_type(*out) != CONF_GROUP)
        return conf_node_err(*out, e, "write it as { ... }", "%s is no group", key);
    return 0;
}

int profile_list(const struct conf_node *group, const char *key, const struct conf_node **out,
                 struct err *e)
{
    *out = conf_node_get(group, key);
    if (*out && conf_node_type(*out) != CONF_LIST)
        return conf_node_err(*out, e, "write it as [ ... ] or ( ... )", "%s is no list", key);
    return 0;
}

int profile_str(struct compiler *c, const struct conf_node *group, const char *key, const char *def,
                const char **out, struct err *e)
{
    if (conf_node_str(group, key, def, out, e) != 0)
        return -1;
    if (*out)
        *out = arena_strdup(c->arena, *out);
    return 0;
}

int profile_pointer(struct compiler *c, const struct conf_node *group, const char *key,
                    const char **out, struct err *e)
{
    if (profile_str(c, group, key, NULL, out, e) != 0)
        return -1;
    if (*out && (*out)[0] != '\0' && (*out)[0] != '/')
        return conf_node_err(conf_node_get(group, key), e, "write it as \"/name/of/member\"",
                             "%s is no JSON pointer", key);
    return 0;
}

int profile_pointers(struct compiler *c, const struct conf_node *group, const char *key,
                     const char **out, size_t max, struct err *e)
{
    const struct conf_node *node = conf_node_get(group, key);
    char tmp[40];

    if (node == NULL || conf_node_type(node) != CONF_LIST)
        return profile_pointer(c, group, key, out, e);
    size_t n = conf_node_count(node);
    if (n == 0)
        return conf_node_err(node, e, "write it as \"/name/of/member\"", "%s is an empty list",
                             key);
    if (n > max)
        return conf_node_err(node, e, "leave the others out", "%s has more than %zu places", key,
                             max);
    for (size_t i = 0; i < n; i++) {
        const char *text = conf_node_text(conf_node_item(node, i), tmp);
        if (text == NULL || text[0] != '/')
            return conf_node_err(node, e, "write it as \"/name/of/member\"",
                                 "%s is no JSON pointer", key);
        out[i] = arena_strdup(c->arena, text);
    }
    return 0;
}

int profile_duration(const struct conf_node *group, const char *key, int64_t def, int64_t *out,
                     struct err *e)
{
    const char *text;

    *out = def;
    if (conf_node_str(group, key, NULL, &text, e) != 0)
        return -1;
    if (text && (conf_parse_duration(text, out) != 0 || *out <= 0))
        return conf_node_err(conf_node_get(group, key), e, "write it as \"10s\", \"5m\" or \"24h\"",
                             "%s = \"%s\" is no duration", key, text);
    return 0;
}

int profile_statuses(struct compiler *c, const struct conf_node *group, const char *key, int def,
                     int **out, size_t *n, struct err *e)
{
    const struct conf_node *list = conf_node_get(group, key);

    *n = list ? conf_node_count(list) : 1;
    *out = arena_alloc(c->arena, (*n + 1) * sizeof **out);
    (*out)[0] = def;
    if (list == NULL)
        return 0;
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write it as [ 200, 429 ]", "%s is no list", key);
    for (size_t i = 0; i < *n; i++) {
        const struct conf_node *item = conf_node_item(list, i);
        char tmp[40];
        const char *text = conf_node_text(item, tmp);
        int status = 0;
        if (conf_node_type(item) == CONF_INT && text && strlen(text) == 3)
            status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
        if (status < 200 || status > 599)
            return conf_node_err(item, e, NULL,
                                 "%s holds something that is no HTTP status (200 to 599)", key);
        (*out)[i] = status;
    }
    return 0;
}

int profile_unknown_word(const struct conf_node *at, const char *what, const char *word,
                         const char *const *words, struct err *e)
{
    const char *near = conf_nearest(word, words);
    struct buf all;

    if (near)
        return conf_node_err(at, e, NULL, "%s \"%s\" is not known; do you mean \"%s\"?", what, word,
                             near);
    buf_init(&all, sizeof e->remedy);
    buf_adds(&all, "use one of");
    for (; *words; words++)
        buf_addf(&all, " %s", *words);
    conf_node_err(at, e, buf_cstr(&all), "%s \"%s\" is not known", what, word);
    buf_fini(&all);
    return -1;
}

int profile_choose(const struct conf_node *group, const char *key, const char *const *words,
                   int *out, struct err *e)
{
    const char *text;

    if (conf_node_str(group, key, words[0], &text, e) != 0)
        return -1;
    for (*out = 0; words[*out]; ++*out)
        if (strcmp(words[*out], text) == 0)
            return 0;
    return profile_unknown_word(conf_node_get(group, key), key, text, words, e);
}

int profile_encodings(struct compiler *c, const struct conf_node *list, size_t from,
                      struct encode_chain **out, struct err *e)
{
    struct err why;
    char tmp[40];

    if (conf_node_type(list) != CONF_LIST || conf_node_count(list) <= from)
        return conf_node_err(list, e, "write it as [ \"gbk\", \"percent\" ]",
                             "these are no encodings");
    *out = arena_alloc(c->arena, sizeof **out);
    memset(*out, 0, sizeof **out);
    for (size_t i = from; i < conf_node_count(list); i++) {
        const char *word = conf_node_text(conf_node_item(list, i), tmp);
        if (encode_add(*out, word ? word : "", &why) != 0)
            return conf_node_err(list, e, why.remedy, "%s", why.what);
    }
    return 0;
}
