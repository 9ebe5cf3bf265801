/*
 * classes: a provider's codes and the classes they stand for.
 *
 * Exact code first, then the longest prefix (written with a star at its end), then "not declared", which the callers read as
 * UNKNOWN: nothing undeclared is ever a reason to send again. A code in two classes is an error.
 * Used for answers (judge.c) and for receipts (callback.c).
 */
#include <stdlib.h>
#include <string.h>
#include "profile.h"

int class_parse(const struct conf_node *at, const char *name, enum msg_class *out, struct err *e)
{
    const char *known[CLASS_UNKNOWN + 1] = {NULL};

    if (message_class_parse(name, out) == 0)
        return 0;
    for (int i = 0; i < CLASS_UNKNOWN; i++)
        known[i] = message_class_name((enum msg_class)(i + 1));
    return profile_unknown_word(at, "class", name, known, e);
}

/* Exact before prefixes; exact ones by bytes, prefixes longest first. */
static int compare(const void *pa, const void *pb)
{
    const struct class_row *a = pa, *b = pb;

    if (a->prefix != b->prefix)
        return a->prefix ? 1 : -1;
    if (a->prefix && a->len != b->len)
        return a->len < b->len ? 1 : -1;
    return strcmp(a->code, b->code);
}

static int parse_code(struct compiler *c, const struct conf_node *item, struct class_row *row,
                      struct err *e)
{
    char tmp[40];
    const char *text = conf_node_text(item, tmp);

    if (text == NULL || text[0] == '\0')
        return conf_node_err(item, e, "write codes as \"F01\" or \"isv.*\"", "this is no code");
    row->len = strlen(text);
    row->prefix = text[row->len - 1] == '*';
    if (row->prefix)
        row->len--;
    row->code = arena_memdup(c->arena, text, row->len);
    return 0;
}

static int parse_class(struct compiler *c, const struct conf_node *list, struct class_table *t,
                       struct err *e)
{
    enum msg_class class;

    if (class_parse(list, conf_node_name(list), &class, e) != 0)
        return -1;
    if (conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write it as [ \"F01\", \"F02\" ]", "%s is no list of codes",
                             conf_node_name(list));
    for (size_t i = 0; i < conf_node_count(list); i++) {
        struct class_row *row = &t->rows[t->n++];
        if (parse_code(c, conf_node_item(list, i), row, e) != 0)
            return -1;
        row->class = class;
    }
    return 0;
}

int classes_parse(struct compiler *c, const struct conf_node *group, struct class_table *out,
                  struct err *e)
{
    size_t total = 0;

    *out = (struct class_table){0};
    if (group == NULL)
        return 0;
    for (size_t i = 0; i < conf_node_count(group); i++)
        total += conf_node_count(conf_node_item(group, i));
    out->rows = arena_alloc(c->arena, (total + 1) * sizeof *out->rows);
    for (size_t i = 0; i < conf_node_count(group); i++)
        if (parse_class(c, conf_node_item(group, i), out, e) != 0)
            return -1;
    qsort(out->rows, out->n, sizeof *out->rows, compare);
    for (size_t i = 0; i < out->n; i++) {
        if (!out->rows[i].prefix)
            out->n_exact++;
        if (i > 0 && compare(&out->rows[i - 1], &out->rows[i]) == 0)
            return conf_node_err(group, e, "leave one of them", "code \"%s\" is there twice",
                                 out->rows[i].code);
    }
    return 0;
}

static int compare_code(const void *key, const void *row)
{
    return strcmp(key, ((const struct class_row *)row)->code);
}

enum msg_class classes_find(const struct class_table *t, const char *code)
{
    const struct class_row *row =
        t->n_exact ? bsearch(code, t->rows, t->n_exact, sizeof *t->rows, compare_code) : NULL;

    if (row)
        return row->class;
    for (size_t i = t->n_exact; i < t->n; i++)
        if (strncmp(code, t->rows[i].code, t->rows[i].len) == 0)
            return t->rows[i].class;
    return 0;
}
