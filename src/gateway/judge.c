/*
 * judge: from what came back to one class a message.
 *
 * The rule that everything here serves: "not accepted" must have been said in words that the profile declares. A request that was not
 * handed over is RETRY. Anything else that is not declared (no answer, a broken one, a status or code that the profile does not
 * know, a missing item, two items that contradict each other) is UNKNOWN, for exactly the messages that it concerns, and never sent again
 * by itself. "Accepted" is believed only under the statuses that the profile names for it.
 *
 * Called by dispatch for each transfer that ended.
 */
#include <stdio.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/json.h"

/* ---- the profile's part ---- */

static int parse_items(struct compiler *c, const struct conf_node *group, struct answer_rules *r,
                       struct err *e)
{
    static const char *const known[] = {"at", "match", "ref", "code", "id", NULL};
    static const char *const matches[] = {"ref", "order", NULL};
    int match;

    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "match", matches, &match, e) != 0 ||
        profile_need(group, "at", e) == NULL || profile_need(group, "code", e) == NULL ||
        profile_pointer(c, group, "at", &r->items, e) != 0 ||
        profile_pointer(c, group, "ref", &r->item_ref, e) != 0 ||
        profile_pointer(c, group, "code", &r->item_code, e) != 0 ||
        profile_pointer(c, group, "id", &r->item_id, e) != 0)
        return -1;
    r->by_order = match == 1;
    if (!r->by_order && r->item_ref == NULL)
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

int answer_parse(struct compiler *c, const struct conf_node *group, struct answer_rules *out,
                 struct err *e)
{
    static const char *const known[] = {"code",    "id",    "statuses", "accepting",
                                        "classes", "items", "http",     NULL};
    const struct conf_node *items, *http, *classes;

    if (conf_node_known(group, known, e) != 0 ||
        profile_pointer(c, group, "code", &out->code, e) != 0 ||
        profile_pointer(c, group, "id", &out->id, e) != 0 ||
        profile_statuses(c, group, "statuses", 200, &out->statuses, &out->n_statuses, e) != 0 ||
        profile_statuses(c, group, "accepting", 200, &out->accepting, &out->n_accepting, e) != 0 ||
        profile_group(group, "classes", &classes, e) != 0 ||
        profile_group(group, "items", &items, e) != 0 ||
        profile_group(group, "http", &http, e) != 0 ||
        classes_parse(c, classes, &out->classes, e) != 0)
        return -1;
    if (items && parse_items(c, items, out, e) != 0)
        return -1;
    if (http && parse_by_status(c, http, out, e) != 0)
        return -1;
    if (out->code == NULL && http == NULL)
        return conf_node_err(group, e, "add code = \"/...\" and classes, or http",
                             "nothing tells what an answer means");
    return 0;
}

/* ---- an answer ---- */

/* Codes and ids go to the database and to logs: printable ASCII, the rest as '?'. */
static void copy_code(char *out, size_t cap, const char *s)
{
    size_t i;

    for (i = 0; i + 1 < cap && s[i]; i++)
        out[i] = s[i] > ' ' && s[i] < 0x7f ? s[i] : '?';
    out[i] = '\0';
}

static struct gw_result verdict(enum msg_class class, const char *code, const char *id,
                                const struct gw_answer *a)
{
    struct gw_result r = {.class = class};

    copy_code(r.code, sizeof r.code, code);
    copy_code(r.provider_id, sizeof r.provider_id, id ? id : "");
    if (class == CLASS_RETRY || class == CLASS_LIMIT || class == CLASS_CONFIG)
        r.retry_after_ms = a->retry_after_ms;
    return r;
}

static void all(struct gw_result *out, size_t n, struct gw_result r)
{
    for (size_t i = 0; i < n; i++)
        out[i] = r;
}

static bool refusal(enum msg_class class)
{
    return class != CLASS_OK && class != CLASS_UNKNOWN;
}

static bool listed(const int *statuses, size_t n, int status)
{
    for (size_t i = 0; i < n; i++)
        if (statuses[i] == status)
            return true;
    return false;
}

/* What an item's or an answer's code is worth under this status. */
static enum msg_class class_of(const struct answer_rules *r, const char *code, int status)
{
    enum msg_class class = classes_find(&r->classes, code);

    if (class == 0 || (class == CLASS_OK && !listed(r->accepting, r->n_accepting, status)))
        return CLASS_UNKNOWN;
    return class;
}

static const char *text_at(const struct json *n, const char *pointer, char tmp[40])
{
    const struct json *v = pointer ? json_at(n, pointer) : NULL;

    return v ? json_text(v, tmp) : NULL;
}

/* The answer says nothing that can be read: at most its status tells something. */
static bool judge_status(const struct answer_rules *r, const struct gw_answer *a, const char *id,
                         size_t n, struct gw_result *out)
{
    char code[16];

    snprintf(code, sizeof code, "http-%d", a->status);
    for (size_t i = 0; i < r->n_by_status; i++)
        if (r->by_status[i].status == a->status) {
            all(out, n, verdict(r->by_status[i].class, code, id, a));
            return refusal(r->by_status[i].class);
        }
    all(out, n, verdict(CLASS_UNKNOWN, a->status == 200 ? "unreadable" : code, NULL, a));
    return false;
}

static size_t find_ref(const struct gw_message *m, size_t n, size_t hint, const char *ref)
{
    if (hint < n && strcmp(m[hint].ref, ref) == 0) /* usually in order */
        return hint;
    for (size_t i = 0; i < n; i++)
        if (strcmp(m[i].ref, ref) == 0)
            return i;
    return n;
}

static void settle_item(const struct answer_rules *r, const struct gw_answer *a,
                        const struct json *item, struct gw_result *out)
{
    char tmp[40], tmp_id[40];
    const char *code = text_at(item, r->item_code, tmp), *id = text_at(item, r->item_id, tmp_id);
    struct gw_result now = code ? verdict(class_of(r, code, a->status), code, id, a)
                                : verdict(CLASS_UNKNOWN, "unreadable", id, a);

    if (strcmp(out->code, "no-item") == 0)
        *out = now;
    else if (out->class != now.class)
        *out = verdict(CLASS_UNKNOWN, "ambiguous", NULL, a);
}

static void judge_items(const struct answer_rules *r, const struct gw_answer *a,
                        const struct json *items, const struct gw_message *m, size_t n,
                        struct gw_result *out)
{
    size_t count = json_count(items);
    char tmp[40];

    all(out, n, verdict(CLASS_UNKNOWN, "no-item", NULL, a));
    if (r->by_order && count != n)
        return; /* no telling which is missing */
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_item(items, i);
        const char *ref = r->by_order ? NULL : text_at(item, r->item_ref, tmp);
        size_t k = r->by_order ? i : ref ? find_ref(m, n, i, ref) : n;
        if (k < n)
            settle_item(r, a, item, &out[k]);
    }
}

/* The body is JSON, the status one under which codes are believed. */
static bool judge_body(const struct gateway *g, const struct gw_answer *a, const struct json *root,
                       const struct gw_message *m, size_t n, struct gw_result *out)
{
    const struct answer_rules *r = &g->answer;
    bool batch = n > 1 || !g->single.present;
    char tmp[40], tmp_id[40];
    const char *code = text_at(root, r->code, tmp), *id = text_at(root, r->id, tmp_id);
    const struct json *items = batch && r->items ? json_at(root, r->items) : NULL;

    /* Items speak for themselves, whatever stands above them: a refusal "as a whole" beside accepted items refuses nothing. */
    if (items && json_type_of(items) == J_ARRAY && json_count(items) > 0) {
        judge_items(r, a, items, m, n, out);
        return false;
    }
    if (code == NULL)
        return judge_status(r, a, id, n, out);
    enum msg_class class = class_of(r, code, a->status);
    if (class == CLASS_OK && batch && r->items)
        all(out, n, verdict(CLASS_UNKNOWN, "no-item", NULL, a));
    else
        all(out, n, verdict(class, code, id, a));
    return refusal(class);
}

void gateway_judge(const struct gateway *g, const struct gw_answer *a, const struct gw_message *m,
                   size_t n, struct gw_result *out, bool *whole)
{
    const struct answer_rules *r = &g->answer;
    struct json *root;
    struct err why;

    *whole = false;
    if (!a->handed_over) {
        all(out, n, verdict(CLASS_RETRY, "not-sent", NULL, a));
    } else if (!a->complete) {
        all(out, n, verdict(CLASS_UNKNOWN, a->end && a->end[0] ? a->end : "closed", NULL, a));
    } else if (!listed(r->statuses, r->n_statuses, a->status) ||
               (root = json_parse(a->body, a->body_len, &why)) == NULL) {
        *whole = judge_status(r, a, NULL, n, out);
    } else {
        *whole = judge_body(g, a, root, m, n, out);
        json_free(root);
    }
}
