/*
 * value: JSON -> template values, for `template render --data` and for what a row of a list holds. Numbers keep their text form; null is missing, which
 * a text must not print.
 */
#include <string.h>
#include "zhanchi/template.h"

static struct tv text_value(struct arena *a, const struct json *n)
{
    char tmp[40];
    const char *text = json_text(n, tmp);

    if (text == tmp)
        text = arena_strdup(a, tmp);
    return (struct tv){.type = TV_TEXT, .text = text, .len = strlen(text)};
}

static struct tv list_value(struct arena *a, const struct json *n)
{
    size_t len = json_count(n);
    struct tv *items = arena_alloc(a, (len + 1) * sizeof *items);

    for (size_t i = 0; i < len; i++)
        items[i] = template_value(a, json_item(n, i));
    return (struct tv){.type = TV_LIST, .items = items, .len = len};
}

static struct tv map_value(struct arena *a, const struct json *n)
{
    size_t len = json_count(n), i = 0;
    struct tv_member *members = arena_alloc(a, (len + 1) * sizeof *members);
    const struct json *value;
    const char *key;
    void *iter = NULL;

    while (json_each(n, &iter, &key, &value))
        members[i++] = (struct tv_member){key, template_value(a, value)};
    return (struct tv){.type = TV_MAP, .members = members, .len = len};
}

struct tv template_value(struct arena *a, const struct json *n)
{
    switch (json_type_of(n)) {
    case J_OBJECT:
        return map_value(a, n);
    case J_ARRAY:
        return list_value(a, n);
    case J_BOOL:
        return (struct tv){.type = json_truth(n) ? TV_TRUE : TV_FALSE};
    case J_NULL:
        return (struct tv){.type = TV_MISSING};
    default:
        return text_value(a, n);
    }
}
