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
#include "zhanchi/phone.h"

void gateway_copy_code(char *out, size_t cap, const char *s)
{
    size_t i;

    for (i = 0; i + 1 < cap && s[i]; i++)
        out[i] = s[i] > ' ' && s[i] < 0x7f ? s[i] : s[i] == ' ' ? '_' : '?';
    out[i] = '\0';
}

static struct gw_result verdict(enum msg_class class, const char *code, const char *id,
                                const struct gw_answer *a)
{
    struct gw_result r = {.class = class};

    gateway_copy_code(r.code, sizeof r.code, code);
    gateway_copy_code(r.provider_id, sizeof r.provider_id, id ? id : "");
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

/* Whose item it is: n if nobody's. Usually they are in order. */
static size_t find_ref(const struct gw_message *m, size_t n, size_t hint, const char *ref)
{
    if (hint < n && strcmp(m[hint].ref, ref) == 0)
        return hint;
    for (size_t i = 0; i < n; i++)
        if (strcmp(m[i].ref, ref) == 0)
            return i;
    return n;
}

static size_t find_phone(const struct gw_message *m, size_t n, size_t hint, const char *text)
{
    struct phone p;

    if (phone_parse(text, strlen(text), &p))
        text = p.number;
    if (hint < n && strcmp(m[hint].phone, text) == 0)
        return hint;
    for (size_t i = 0; i < n; i++)
        if (strcmp(m[i].phone, text) == 0)
            return i;
    return n;
}

static size_t find_item(const struct answer_rules *r, const struct json *item, size_t i,
                        const struct gw_message *m, size_t n)
{
    char tmp[40];
    const char *text;

    if (r->match == MATCH_ORDER)
        return i;
    text = text_at(item, r->match == MATCH_REF ? r->item_ref : r->item_phone, tmp);
    if (text == NULL)
        return n;
    return r->match == MATCH_REF ? find_ref(m, n, i, text) : find_phone(m, n, i, text);
}

static void settle_item(const struct answer_rules *r, const struct gw_answer *a,
                        const struct json *item, struct gw_result *out)
{
    char tmp[40], tmp_id[40];
    const char *code = text_at(item, r->item_code, tmp), *id = text_at(item, r->item_id, tmp_id);
    struct gw_result now = code ? verdict(class_of(r, code, a->status), code, id, a)
                                : verdict(CLASS_UNKNOWN, "unreadable", id, a);

    if (out->class == 0)
        *out = now;
    else if (out->class != now.class)
        *out = verdict(CLASS_UNKNOWN, "ambiguous", NULL, a);
}

static void judge_items(const struct answer_rules *r, const struct gw_answer *a,
                        const struct json *items, const struct gw_message *m, size_t n,
                        struct gw_result *out)
{
    size_t count = json_count(items);

    all(out, n, (struct gw_result){0}); /* no class: no item yet */
    if (r->match == MATCH_ORDER && count != n)
        count = 0; /* no telling which is missing */
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_item(items, i);
        size_t k = find_item(r, item, i, m, n);
        if (k < n)
            settle_item(r, a, item, &out[k]);
    }
    for (size_t i = 0; i < n; i++)
        if (out[i].class == 0)
            out[i] = verdict(CLASS_UNKNOWN, "no-item", NULL, a);
}

/* The body is JSON, the status one under which codes are believed. */
static bool judge_body(const struct operation *op, const struct gw_answer *a,
                       const struct json *root, const struct gw_message *m, size_t n,
                       struct gw_result *out)
{
    const struct answer_rules *r = op->answer;
    bool batch = op->max > 1;
    char tmp[40], tmp_id[40];
    const char *code = NULL, *id = text_at(root, r->id, tmp_id);
    const struct json *items = r->items ? json_at(root, r->items) : NULL;

    for (size_t i = 0; code == NULL && i < sizeof r->code / sizeof r->code[0]; i++)
        code = text_at(root, r->code[i], tmp);

    /* Items speak for themselves, whatever stands above them: a refusal "as a whole" beside accepted items refuses nothing. */
    if (m && items && json_type_of(items) == J_ARRAY && json_count(items) > 0) {
        judge_items(r, a, items, m, n, out);
        return false;
    }
    if (code == NULL && r->absent && listed(r->accepting, r->n_accepting, a->status)) {
        all(out, n, verdict(r->absent, "", id, a));
        return refusal(r->absent);
    }
    if (code == NULL)
        return judge_status(r, a, id, n, out);
    enum msg_class class = class_of(r, code, a->status);
    if (class == CLASS_OK && batch && r->items) /* accepted, but whom? */
        all(out, n, verdict(CLASS_UNKNOWN, "no-item", NULL, a));
    else
        all(out, n, verdict(class, code, id, a));
    return refusal(class);
}

static struct json *parse(const struct answer_rules *r, const struct gw_answer *a)
{
    struct err why;

    return r->text ? answer_from_text(r, a->body, a->body_len)
                   : json_parse(a->body, a->body_len, &why);
}

void gateway_judge(const struct gateway *g, const struct gw_answer *a, const struct gw_message *m,
                   size_t n, struct gw_result *out, bool *whole)
{
    const struct operation *op = n == 1 && g->single.present ? &g->single : &g->batch;
    const struct answer_rules *r = op->answer;
    struct json *root;

    *whole = false;
    if (g->mail.present) {
        for (size_t i = 0; i < n; i++)
            mail_judge(g, a, &out[i]);
    } else if (!a->handed_over) {
        all(out, n, verdict(CLASS_RETRY, "not-sent", NULL, a));
    } else if (!a->complete) {
        all(out, n, verdict(CLASS_UNKNOWN, a->end && a->end[0] ? a->end : "closed", NULL, a));
    } else if (!listed(r->statuses, r->n_statuses, a->status) || (root = parse(r, a)) == NULL) {
        *whole = judge_status(r, a, NULL, n, out);
    } else {
        *whole = judge_body(op, a, root, m, n, out);
        json_free(root);
    }
}

static int count_one(void *ctx, const struct gw_report *r)
{
    (void)r;
    ++*(size_t *)ctx;
    return 0;
}

/* Only what reading.c can read makes another request worth while: an answer that says nothing but "success" would be asked for for
 * ever. A list in which nothing can be read is to be kept and told, for the provider may have deleted it. */
static int count_reports(const struct gateway *g, enum gw_pull what, const struct gw_answer *a,
                         const struct json *items, size_t *reports, struct err *e)
{
    enum gw_report_kind kind = GW_PULLED_RECEIPT + (enum gw_report_kind)what;
    size_t skipped;

    if (items == NULL || (json_type_of(items) != J_ARRAY && json_type_of(items) != J_OBJECT))
        return 0;
    if (gateway_callback_read(g, kind, a->body, a->body_len, count_one, reports, &skipped, e) != 0)
        return -1;
    if (what != GW_PULL_QUERY && json_type_of(items) == J_ARRAY && *reports == 0 && skipped > 0)
        return err_set(e, ERR_PROTO, "look at the profile's reports",
                       "gateway %s: none of the reports that were pulled can be read", g->name);
    return 0;
}

/* A pull asks again and again: a refusal is the operator's to know, a broken answer is tried again. */
int gateway_judge_pull(const struct gateway *g, enum gw_pull what, const struct gw_answer *a,
                       size_t *reports, struct err *e)
{
    const struct pull *p = &g->pulls[what];
    const struct answer_rules *r = p->op.answer;
    struct gw_result whole;
    struct json *root;

    *reports = 0;
    if (!a->complete)
        return err_set(e, ERR_TEMP, "try again", "gateway %s: no answer to a pull: %s", g->name,
                       a->transport_error[0] ? a->transport_error : a->end);
    if (!listed(r->statuses, r->n_statuses, a->status) || (root = parse(r, a)) == NULL)
        return err_set(e, ERR_PROTO, "look at the profile's answer and statuses",
                       "gateway %s: the answer to a pull (status %d) cannot be read", g->name,
                       a->status);
    judge_body(&p->op, a, root, NULL, 1, &whole);
    const struct json *items = p->report.items ? json_at(root, p->report.items) : root;
    int rc = whole.class == CLASS_OK ? count_reports(g, what, a, items, reports, e) : 0;
    json_free(root);
    if (whole.class == CLASS_OK)
        return rc;
    return err_set(e, whole.class == CLASS_CONFIG ? ERR_CONFIG : ERR_TEMP,
                   whole.class == CLASS_CONFIG ? "look at the account" : "try again",
                   "gateway %s: a pull is refused with code %s", g->name, whole.code);
}
