/*
 * dialects: the list of profiles, and what several dialects need. Called by options.c, submit.c, reports.c and the dialects.
 */
#include <string.h>
#include "dialect.h"
#include "shelf.h"

static const struct dialect *const dialects[] = {
    &dialect_12333,   &dialect_aliyun, &dialect_aliyun_rpc, &dialect_tencent,
    &dialect_huawei,  &dialect_mas,    &dialect_montnets,   &dialect_chuanglan,
    &dialect_yunpian, &dialect_twilio, &dialect_webhook,
};

const struct dialect *dialect_next(size_t i)
{
    return i < sizeof dialects / sizeof dialects[0] ? dialects[i] : NULL;
}

const struct dialect *dialect_find(const char *name)
{
    const struct dialect *d;

    for (size_t i = 0; (d = dialect_next(i)) != NULL; i++)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

const struct word *dialect_word(const struct call *c, enum fate fate)
{
    return &account_dialect(c->account)->words[fate];
}

const char *dialect_code(const struct dialect *d, const char *carrier)
{
    for (size_t i = 0; d->carrier && d->carrier[i][0]; i++)
        if (strcmp(d->carrier[i][0], carrier) == 0)
            return d->carrier[i][1];
    return carrier;
}

const char *report_word(const struct report *v)
{
    return strcmp(v->state, "DELIVRD") == 0 || *v->code == '\0' ? v->state : v->code;
}

/* ---- reading ---- */

enum errand call_route(struct call *c, const struct path *paths)
{
    if (strcmp(c->r.method, "POST") != 0)
        return ERRAND_NONE;
    for (; paths->path; paths++) {
        if (strcmp(c->r.path, paths->path) == 0) {
            c->op = paths->op;
            return paths->errand;
        }
    }
    return ERRAND_NONE;
}

void call_items(struct call *c, size_t n)
{
    c->items = arena_alloc(c->arena, (n ? n : 1) * sizeof *c->items);
    c->n = n;
}

enum fate call_numbers(struct call *c, const char *list, size_t max, const struct item *like)
{
    size_t n = 1;

    for (const char *p = list; *p; p++)
        n += *p == ',';
    if (n > max)
        return FATE_MANY;
    call_items(c, n);
    for (size_t i = 0; i < n; i++, list += *list == ',') {
        size_t len = strcspn(list, ",");
        c->items[i] = *like;
        c->items[i].given = arena_memdup(c->arena, list, len);
        c->items[i].to = wire_number(c->arena, c->items[i].given);
        list += len;
    }
    return FATE_TAKEN;
}

bool call_json(struct call *c)
{
    struct err e;

    c->root = json_parse(c->r.body, c->r.len, &e);
    return c->root && json_type_of(c->root) == J_OBJECT;
}

const char *call_text(const struct call *c, const struct json *object, const char *key)
{
    const struct json *v =
        object && json_type_of(object) == J_OBJECT ? json_get(object, key) : NULL;
    char tmp[40];
    const char *text = v ? json_text(v, tmp) : NULL;

    if (text == NULL || *text == '\0')
        return NULL;
    return text == tmp ? arena_strdup(c->arena, text) : text;
}

bool call_setting(const struct call *c, const char *name, const char *given)
{
    const char *mine = account_value(c->account, name);

    return *mine == '\0' || (given && strcmp(mine, given) == 0);
}

/* ---- pulls ---- */

struct take {
    const struct account *account;
    report_fn *write;
    struct buf *out;
};

static void take_one(void *ctx, size_t i, const struct report *v)
{
    const struct take *t = ctx;

    buf_adds(t->out, i ? "," : "");
    t->write(t->account, v, t->out);
}

void call_take(struct call *c, enum report_kind kind, size_t max, report_fn *write, struct buf *out)
{
    struct take t = {c->account, write, out};

    shelf_take(c->shelf, kind, max, c->now_ms, take_one, &t);
}

/* ---- acknowledgements ---- */

bool acknowledged_2xx(long status, const char *body, size_t len)
{
    (void)body, (void)len;
    return status >= 200 && status < 300;
}

bool acknowledged_json(long status, const char *body, size_t len, const char *key,
                       const char *value)
{
    struct json *root;
    char tmp[40];
    struct err e;

    if (status != 200 || (root = json_parse(body, len, &e)) == NULL)
        return false;
    const struct json *v = json_type_of(root) == J_OBJECT ? json_get(root, key) : NULL;
    const char *text = v ? json_text(v, tmp) : NULL;
    bool good = text && strcmp(text, value) == 0;
    json_free(root);
    return good;
}
