/*
 * answer: what a profile says about how answers are read; judge.c reads them.
 *
 * An answer is JSON (places are pointers) or a plain text (places are regular expressions, which make a small JSON document of it, so that
 * everything behind is the same). Called while a profile is loaded; answer_from_text by judge.c.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/json.h"

#define TEXT_MAX_BYTES 4096U

static int parse_items(struct compiler *c, const struct conf_node *group, struct answer_rules *r,
                       struct err *e)
{
    static const char *const known[] = {"at", "match", "ref", "phone", "code", "id", NULL};
    static const char *const matches[] = {"ref", "order", "phone", NULL};
    int match;

    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "match", matches, &match, e) != 0 ||
        profile_need(group, "at", e) == NULL || profile_need(group, "code", e) == NULL ||
        profile_pointer(c, group, "at", &r->items, e) != 0 ||
        profile_pointer(c, group, "ref", &r->item_ref, e) != 0 ||
        profile_pointer(c, group, "phone", &r->item_phone, e) != 0 ||
        profile_pointer(c, group, "code", &r->item_code, e) != 0 ||
        profile_pointer(c, group, "id", &r->item_id, e) != 0)
        return -1;
    r->match = (enum item_match)match;
    if (r->match == MATCH_PHONE && r->item_phone == NULL)
        return conf_node_err(group, e, "add phone = \"/...\"", "items bear no number");
    if (r->match == MATCH_REF && r->item_ref == NULL)
        return conf_node_err(group, e, "add ref = \"/...\", or say match = \"order\"",
                             "nothing tells which item belongs to which message");
    return 0;
}

static int parse_by_status(struct compiler *c, const struct conf_node *group,
                           struct answer_rules *r, struct err *e)
{
    size_t total = 0;

    for (size_t i = 0; i < conf_node_count(group); i++)
        total += conf_node_count(conf_node_item(group, i));
    r->by_status = arena_alloc(c->arena, (total + 1) * sizeof *r->by_status);
    for (size_t i = 0; i < conf_node_count(group); i++) {
        const struct conf_node *list = conf_node_item(group, i);
        enum msg_class class;
        int *statuses;
        size_t n;
        if (class_parse(list, conf_node_name(list), &class, e) != 0 ||
            profile_statuses(c, group, conf_node_name(list), 0, &statuses, &n, e) != 0)
            return -1;
        for (size_t k = 0; k < n; k++)
            r->by_status[r->n_by_status++] = (struct status_row){statuses[k], class};
    }
    return 0;
}

/* ---- plain texts ---- */

/* code = "^([0-9]+):"; id = "id=([0-9A-F]+)": POSIX extended expressions; the first group that matched, else all that matched. */
struct pattern {
    struct pattern *next; /* of the gateway */
    regex_t code, id;
    bool has_code, has_id;
};

static int compile_pattern(const struct conf_node *group, const char *key, regex_t *re, bool *has,
                           struct err *e)
{
    const char *text;
    char why[128];

    if (conf_node_str(group, key, NULL, &text, e) != 0 || text == NULL)
        return text == NULL ? 0 : -1;
    int rc = regcomp(re, text, REG_EXTENDED);
    if (rc != 0) {
        regerror(rc, re, why, sizeof why);
        return conf_node_err(conf_node_get(group, key), e, NULL, "%s: %s", key, why);
    }
    *has = true;
    return 0;
}

static struct pattern *pattern_new(struct gateway *g)
{
    struct pattern *p = calloc(1, sizeof *p);

    if (p == NULL)
        panic("out of memory");
    p->next = g->patterns;
    g->patterns = p;
    return p;
}

static int parse_text(struct gateway *g, const struct conf_node *group, struct answer_rules *r,
                      struct err *e)
{
    static const char *const known[] = {"code", "id", NULL};

    r->text = pattern_new(g);
    r->code[0] = "/code";
    r->id = "/id";
    if (conf_node_known(group, known, e) != 0 || profile_need(group, "code", e) == NULL ||
        compile_pattern(group, "code", &r->text->code, &r->text->has_code, e) != 0 ||
        compile_pattern(group, "id", &r->text->id, &r->text->has_id, e) != 0)
        return -1;
    return 0;
}

void answers_fini(struct gateway *g)
{
    while (g->patterns) {
        struct pattern *p = g->patterns;
        g->patterns = p->next;
        if (p->has_code)
            regfree(&p->code);
        if (p->has_id)
            regfree(&p->id);
        free(p);
    }
}

int pattern_parse(struct gateway *g, const struct conf_node *group, const char *key,
                  struct pattern **out, struct err *e)
{
    *out = conf_node_get(group, key) ? pattern_new(g) : NULL;
    return *out ? compile_pattern(group, key, &(*out)->code, &(*out)->has_code, e) : 0;
}

/* The first group that matched, else all that matched; NULL: nothing did. */
static const char *find(const regex_t *re, const char *text, size_t *len)
{
    regmatch_t m[10];
    size_t k = 1;

    if (regexec(re, text, 10, m, 0) != 0)
        return NULL;
    while (k < 10 && (m[k].rm_so < 0 || m[k].rm_so == m[k].rm_eo))
        k++;
    if (k == 10)
        k = 0;
    *len = (size_t)(m[k].rm_eo - m[k].rm_so);
    return text + m[k].rm_so;
}

void pattern_find(const struct pattern *p, const char *text, char *out, size_t cap)
{
    size_t len = 0;
    const char *found = find(&p->code, text, &len);

    if (found == NULL || len >= cap)
        len = 0;
    else
        memcpy(out, found, len);
    out[len] = '\0';
}

static bool match(const regex_t *re, const char *text, struct json_w *w, const char *key)
{
    size_t len;
    const char *found = find(re, text, &len);

    if (found == NULL)
        return false;
    json_w_key(w, key);
    json_w_strn(w, found, len);
    return true;
}

struct json *answer_from_text(const struct answer_rules *r, const char *body, size_t len)
{
    char text[TEXT_MAX_BYTES + 1];
    struct json_w w;
    struct buf out;
    struct err why;

    if (len > TEXT_MAX_BYTES)
        len = TEXT_MAX_BYTES;
    memcpy(text, body, len);
    text[len] = '\0';
    buf_init(&out, 4 * TEXT_MAX_BYTES * 6);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    bool found = match(&r->text->code, text, &w, "code");
    if (r->text->has_id)
        match(&r->text->id, text, &w, "id");
    json_w_close(&w, '}');
    struct json *root = found ? json_parse(buf_cstr(&out), out.len, &why) : NULL;
    buf_fini(&out);
    return root;
}

/* ---- the whole ---- */

/* absent = "OK": what it means when there is no code at all, as in the answers to pulls of some providers. */
static int parse_absent(const struct conf_node *group, struct answer_rules *r, struct err *e)
{
    const char *class;

    if (conf_node_str(group, "absent", NULL, &class, e) != 0)
        return -1;
    return class ? class_parse(conf_node_get(group, "absent"), class, &r->absent, e) : 0;
}

int answer_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                 struct answer_rules *out, struct err *e)
{
    static const char *const known[] = {"code",  "id",   "statuses", "accepting", "classes",
                                        "items", "http", "text",     "absent",    NULL};
    const struct conf_node *items, *http, *classes, *text;

    if (conf_node_known(group, known, e) != 0 || profile_group(group, "text", &text, e) != 0 ||
        (text ? parse_text(g, text, out, e)
              : profile_pointers(c, group, "code", out->code, CODE_PLACES, e)) != 0 ||
        (text == NULL && profile_pointer(c, group, "id", &out->id, e) != 0) ||
        profile_statuses(c, group, "statuses", 200, &out->statuses, &out->n_statuses, e) != 0 ||
        profile_statuses(c, group, "accepting", 200, &out->accepting, &out->n_accepting, e) != 0 ||
        profile_group(group, "classes", &classes, e) != 0 ||
        profile_group(group, "items", &items, e) != 0 ||
        profile_group(group, "http", &http, e) != 0 ||
        classes_parse(c, classes, &out->classes, e) != 0)
        return -1;
    if (parse_absent(group, out, e) != 0)
        return -1;
    if (text && (items || conf_node_get(group, "code") || conf_node_get(group, "id")))
        return conf_node_err(text, e, "leave code, id and items out, or text",
                             "an answer is a plain text or JSON");
    if (items && parse_items(c, items, out, e) != 0)
        return -1;
    if (http && parse_by_status(c, http, out, e) != 0)
        return -1;
    if (out->code[0] == NULL && items == NULL && http == NULL && out->absent == 0)
        return conf_node_err(group, e, "add code = \"/...\" and classes, or http",
                             "nothing tells what an answer means");
    return 0;
}
