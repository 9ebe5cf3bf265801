/*
 * callback: what the provider sends to us: receipts and replies.
 *
 * Verifying and reading are apart, because they happen at different times: serve verifies a request when it comes, stores it raw, and
 * the applier reads it later, perhaps again after a crash. Reading depends on the body alone. A receipt whose state the profile
 * does not know is passed on as "not final": it proves no more than that the gateway has the message.
 *
 * Called by serve (kind, verify, ack) and track (read), from several threads at once.
 */
#include <stdlib.h>
#include <string.h>
#include "profile.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"
#include "zhanchi/json.h"
#include "zhanchi/phone.h"
#include "zhanchi/utf8.h"

#define TO_SIGN_MAX (4U << 20)
#define PATH_MAX_BYTES 256

/* ---- the profile's part ---- */

static int parse_state(struct compiler *c, const struct conf_node *group, struct state_row *row,
                       struct err *e)
{
    static const char *const known[] = {"state", "class", "codes", "pending", NULL};
    const char *class;

    if (conf_node_type(group) != CONF_GROUP)
        return conf_node_err(group, e, "write it as { state = \"...\"; class = \"...\"; }",
                             "a state is a group");
    if (conf_node_known(group, known, e) != 0 || profile_need(group, "state", e) == NULL ||
        profile_str(c, group, "state", "", &row->state, e) != 0 ||
        conf_node_str(group, "class", "UNKNOWN", &class, e) != 0 ||
        conf_node_bool(group, "codes", false, &row->by_code, e) != 0 ||
        conf_node_bool(group, "pending", false, &row->pending, e) != 0)
        return -1;
    row->len = strlen(row->state);
    row->prefix = row->len > 0 && row->state[row->len - 1] == '*';
    if (row->prefix)
        row->len--;
    return class_parse(group, class, &row->class, e);
}

static int parse_states(struct compiler *c, const struct conf_node *group, struct report_rules *r,
                        struct err *e)
{
    const struct conf_node *states = profile_need(group, "states", e), *classes;

    if (states == NULL || profile_group(group, "classes", &classes, e) != 0)
        return -1;
    r->n_states = conf_node_count(states);
    r->states = arena_alloc(c->arena, (r->n_states + 1) * sizeof *r->states);
    for (size_t i = 0; i < r->n_states; i++)
        if (parse_state(c, conf_node_item(states, i), &r->states[i], e) != 0)
            return -1;
    return classes_parse(c, classes, &r->classes, e);
}

static int parse_path(struct compiler *c, const char *name, const struct conf_node *group,
                      struct report_rules *r, struct err *e)
{
    static const char *const methods[] = {"POST", "GET", NULL};
    struct buf whole;
    const char *path;
    int method;

    if (profile_need(group, "path", e) == NULL || conf_node_str(group, "path", "", &path, e) != 0 ||
        profile_choose(group, "method", methods, &method, e) != 0)
        return -1;
    buf_init(&whole, PATH_MAX_BYTES);
    buf_addf(&whole, "/%s%s", name, path);
    if (path[0] != '/' || whole.failed) {
        buf_fini(&whole);
        return conf_node_err(group, e, "write it as \"/receipt\"", "path is no path");
    }
    r->path = arena_strdup(c->arena, buf_cstr(&whole));
    buf_fini(&whole);
    memcpy(r->method, methods[method], strlen(methods[method]) + 1);
    return 0;
}

static int parse_time(const struct conf_node *group, struct report_rules *r, struct err *e)
{
    static const char *const forms[] = {"civil", "unix", "unix-ms", NULL};
    const char *zone;
    int form;

    if (profile_choose(group, "time", forms, &form, e) != 0 ||
        conf_node_str(group, "zone", "+08:00", &zone, e) != 0)
        return -1;
    r->time = (enum time_form)form;
    if (civil_parse_zone(zone, &r->zone_min) != 0)
        return conf_node_err(conf_node_get(group, "zone"), e, "write it as \"+08:00\"",
                             "zone \"%s\" is no offset", zone);
    return 0;
}

static int parse_report(struct compiler *c, const char *name, const struct conf_node *group,
                        enum gw_report_kind kind, struct report_rules *r, struct err *e)
{
    static const char *const receipt[] = {"method", "path",   "items",   "ref", "id",
                                          "phone",  "state",  "code",    "at",  "time",
                                          "zone",   "states", "classes", NULL};
    static const char *const reply[] = {"method", "path", "items", "id",   "phone",
                                        "text",   "at",   "time",  "zone", NULL};

    if (conf_node_known(group, kind == GW_RECEIPT ? receipt : reply, e) != 0 ||
        parse_path(c, name, group, r, e) != 0 || parse_time(group, r, e) != 0 ||
        profile_pointer(c, group, "items", &r->items, e) != 0 ||
        profile_pointer(c, group, "ref", &r->ref, e) != 0 ||
        profile_pointer(c, group, "id", &r->id, e) != 0 ||
        profile_pointer(c, group, "phone", &r->phone, e) != 0 ||
        profile_pointer(c, group, "state", &r->state, e) != 0 ||
        profile_pointer(c, group, "code", &r->code, e) != 0 ||
        profile_pointer(c, group, "text", &r->text, e) != 0 ||
        profile_pointer(c, group, "at", &r->at, e) != 0)
        return -1;
    r->present = true;
    if (kind == GW_REPLY)
        return profile_need(group, "phone", e) && profile_need(group, "text", e) ? 0 : -1;
    if (r->ref == NULL && r->id == NULL)
        return conf_node_err(group, e, "add ref = \"/...\" or id = \"/...\"",
                             "nothing tells which message a receipt is about");
    return profile_need(group, "state", e) ? parse_states(c, group, r, e) : -1;
}

/* Who signs nothing must be declared in so many words. */
static int parse_verify(struct compiler *c, const struct conf_node *group, struct callback_rules *r,
                        struct err *e)
{
    static const char *const further[] = {"signature", "timestamp", "tolerance", NULL};
    const struct conf_node *verify = conf_node_get(group, "verify");
    char tmp[40];

    if (verify && conf_node_type(verify) == CONF_STRING &&
        strcmp(conf_node_text(verify, tmp), "none") == 0)
        return 0;
    if (verify == NULL || conf_node_type(verify) != CONF_GROUP)
        return conf_node_err(
            verify ? verify : group, e,
            "add verify = { ... }, or verify = \"none\" if the provider does not sign",
            "callbacks do not say how the provider is verified");
    if (recipe_parse(c, verify, further, VARS_HTTP | VARS_INCOMING, &r->recipe, e) != 0 ||
        profile_need(verify, "signature", e) == NULL ||
        profile_str(c, verify, "signature", "", &r->signature_header, e) != 0 ||
        profile_str(c, verify, "timestamp", NULL, &r->timestamp_header, e) != 0 ||
        profile_duration(verify, "tolerance", 300000, &r->tolerance_ms, e) != 0)
        return -1;
    r->verify = true;
    return 0;
}

static int parse_ack(struct compiler *c, const struct conf_node *group, struct callback_rules *r,
                     struct err *e)
{
    static const char *const known[] = {"status", "type", "body", NULL};
    int64_t status;

    if (conf_node_known(group, known, e) != 0 ||
        conf_node_int(group, "status", 200, 200, 299, &status, e) != 0 ||
        profile_str(c, group, "type", "text/plain", &r->ack_type, e) != 0 ||
        profile_str(c, group, "body", "", &r->ack_body, e) != 0)
        return -1;
    r->ack_status = (int)status;
    return 0;
}

int callbacks_parse(struct compiler *c, const char *name, const struct conf_node *group,
                    struct callback_rules *out, struct err *e)
{
    static const char *const known[] = {"verify", "ack", "receipt", "reply", NULL};
    static const char *const kinds[] = {"receipt", "reply"};
    const struct conf_node *node;

    out->ack_status = 200;
    out->ack_type = "text/plain";
    out->ack_body = "";
    if (conf_node_known(group, known, e) != 0 || parse_verify(c, group, out, e) != 0 ||
        profile_group(group, "ack", &node, e) != 0 || (node && parse_ack(c, node, out, e) != 0))
        return -1;
    for (int kind = 0; kind < 2; kind++)
        if (profile_group(group, kinds[kind], &node, e) != 0 ||
            (node &&
             parse_report(c, name, node, (enum gw_report_kind)kind, &out->kinds[kind], e) != 0))
            return -1;
    return 0;
}

/* ---- a request of the provider ---- */

int gateway_callback_kind(const struct gateway *g, const char *method, const char *path)
{
    for (int kind = 0; kind < 2; kind++) {
        const struct report_rules *r = &g->callbacks.kinds[kind];
        if (r->present && strcmp(r->path, path) == 0 && strcmp(r->method, method) == 0)
            return kind;
    }
    return -1;
}

static int refuse(const struct gateway *g, struct err *e, const char *why)
{
    return err_set(e, ERR_PERM, "is the secret the provider's? are both clocks right?",
                   "gateway %s: a callback %s", g->name, why);
}

static int verify_time(const struct gateway *g, const struct gw_callback *c, int64_t now_ms,
                       struct err *e)
{
    const char *text = c->header(c->ctx, g->callbacks.timestamp_header);
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 12)
        return refuse(g, e, "bears no time stamp");
    int64_t at_ms = strtoll(text, &end, 10) * 1000;
    if (*end != '\0')
        return refuse(g, e, "bears no time stamp");
    if (at_ms > now_ms + g->callbacks.tolerance_ms || at_ms < now_ms - g->callbacks.tolerance_ms)
        return refuse(g, e, "bears a time stamp out of range");
    return 0;
}

static int expected_signature(const struct gateway *g, const struct gw_callback *c, struct buf *out,
                              struct err *e)
{
    const struct recipe *r = &g->callbacks.recipe;
    struct env env = {.in = c, .secrets = &g->compiler.secrets};
    uint8_t digest[CRYPT_HASH_BYTES];
    char hash[HEX_SHA256];
    struct buf tmp, to_sign;

    env.v[VAR_METHOD] = (struct text){c->method, strlen(c->method)};
    env.v[VAR_PATH] = (struct text){c->path, strlen(c->path)};
    env.v[VAR_BODY] = (struct text){c->body, c->body_len};
    if (r->parts.uses & VAR_BIT(VAR_BODY_SHA256)) {
        crypt_sha256(c->body, c->body_len, digest);
        crypt_hex(digest, sizeof digest, hash);
        env.v[VAR_BODY_SHA256] = (struct text){hash, HEX_SHA256 - 1};
    }
    buf_init(&tmp, TO_SIGN_MAX);
    buf_init(&to_sign, TO_SIGN_MAX);
    env.tmp = &tmp;
    struct crypt_mac *mac = recipe_take_mac(r);
    int rc = recipe_sign(r, mac, &env, &to_sign, out, e);
    recipe_put_mac(r, mac);
    buf_fini(&to_sign);
    buf_fini(&tmp);
    return rc;
}

int gateway_callback_verify(const struct gateway *g, enum gw_report_kind kind,
                            const struct gw_callback *c, int64_t now_ms, struct err *e)
{
    struct buf expected;
    struct err why;

    (void)kind; /* one way for both, as yet */
    if (!g->callbacks.verify)
        return 0;
    const char *given = c->header(c->ctx, g->callbacks.signature_header);
    if (given == NULL)
        return refuse(g, e, "bears no signature");
    if (g->callbacks.timestamp_header && verify_time(g, c, now_ms, e) != 0)
        return -1;
    buf_init(&expected, 1024);
    bool good = expected_signature(g, c, &expected, &why) == 0 && strlen(given) == expected.len &&
                crypt_equal(given, buf_cstr(&expected), expected.len);
    buf_fini(&expected);
    return good ? 0 : refuse(g, e, "bears a wrong signature");
}

/* ---- reading ---- */

int gateway_callback_check(const struct gateway *g, enum gw_report_kind kind, const char *body,
                           size_t len, struct err *e)
{
    const char *items = g->callbacks.kinds[kind].items, *name = items ? strrchr(items, '/') : NULL;
    size_t bad;

    if (!utf8_valid(body, len, &bad) || !json_valid(body, len))
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback is not JSON", g->name);
    if (name && memmem(body, len, name + 1, strlen(name + 1)) == NULL)
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback has no reports in it", g->name);
    return 0;
}

static const char *text_at(const struct json *n, const char *pointer, char tmp[40])
{
    const struct json *v = pointer ? json_at(n, pointer) : NULL;
    const char *s = v ? json_text(v, tmp) : NULL;

    return s ? s : "";
}

static int64_t time_at(const struct report_rules *r, const struct json *item)
{
    char tmp[40];
    int64_t ms = 0;
    const char *text = text_at(item, r->at, tmp);

    if (text[0] == '\0')
        return 0;
    if (r->time == TIME_CIVIL)
        return civil_parse_instant(text, r->zone_min, &ms) == 0 ? ms : 0;
    if (text[strspn(text, "0123456789")] != '\0' || strlen(text) > 15)
        return 0;
    ms = strtoll(text, NULL, 10);
    return r->time == TIME_UNIX_S ? ms * 1000 : ms;
}

static const struct state_row *find_state(const struct report_rules *r, const char *state)
{
    for (size_t i = 0; i < r->n_states; i++) {
        const struct state_row *row = &r->states[i];
        if (row->prefix ? strncmp(state, row->state, row->len) == 0
                        : strcmp(state, row->state) == 0)
            return row;
    }
    return NULL;
}

static void classify(const struct report_rules *r, const char *state, struct gw_report *out)
{
    const struct state_row *row = find_state(r, state);
    enum msg_class by_code = row && row->by_code ? classes_find(&r->classes, out->code) : 0;

    out->class = by_code ? by_code : row ? row->class : CLASS_UNKNOWN;
    out->pending = row == NULL || row->pending;
    if (out->pending)
        out->class = CLASS_UNKNOWN;
    if (out->code[0] == '\0')
        out->code = state;
}

/* 1 reported, 0 the item lacks what is needed, -1 the callee refused. */
static int read_item(const struct report_rules *r, enum gw_report_kind kind,
                     const struct json *item, int (*each)(void *ctx, const struct gw_report *r),
                     void *ctx)
{
    char tmp[5][40];
    struct phone phone = {.number = ""};
    struct gw_report report = {.kind = kind, .at_ms = time_at(r, item)};
    const char *number = text_at(item, r->phone, tmp[0]), *state = text_at(item, r->state, tmp[1]);

    report.ref = text_at(item, r->ref, tmp[2]);
    report.provider_id = text_at(item, r->id, tmp[3]);
    report.code = text_at(item, r->code, tmp[4]);
    report.text = "";
    if (phone_parse(number, strlen(number), &phone))
        number = phone.number;
    report.phone = number;
    if (kind == GW_RECEIPT) {
        if (state[0] == '\0' || (report.ref[0] == '\0' && report.provider_id[0] == '\0'))
            return 0;
        classify(r, state, &report);
        return each(ctx, &report) == 0 ? 1 : -1;
    }
    const struct json *text = json_at(item, r->text);
    if (phone.number[0] == '\0' || text == NULL || json_type_of(text) != J_STRING)
        return 0;
    report.text = json_text(text, tmp[1]);
    report.class = CLASS_OK;
    return each(ctx, &report) == 0 ? 1 : -1;
}

static int read_items(const struct report_rules *r, enum gw_report_kind kind,
                      const struct json *items, int (*each)(void *ctx, const struct gw_report *r),
                      void *ctx, size_t *skipped)
{
    size_t n =
        json_type_of(items) == J_ARRAY ? json_count(items) : 1; /* one report alone is an object */

    for (size_t i = 0; i < n; i++) {
        const struct json *item = json_type_of(items) == J_ARRAY ? json_item(items, i) : items;
        int rc = read_item(r, kind, item, each, ctx);
        if (rc < 0)
            return -1;
        *skipped += rc == 0;
    }
    return 0;
}

int gateway_callback_read(const struct gateway *g, enum gw_report_kind kind, const char *body,
                          size_t len, int (*each)(void *ctx, const struct gw_report *r), void *ctx,
                          size_t *skipped, struct err *e)
{
    const struct report_rules *r = &g->callbacks.kinds[kind];
    struct err why;
    struct json *root = json_parse(body, len, &why);

    *skipped = 0;
    if (root == NULL)
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback cannot be read: %s", g->name,
                       why.what);
    const struct json *items = r->items ? json_at(root, r->items) : root;
    if (items == NULL || (json_type_of(items) != J_ARRAY && json_type_of(items) != J_OBJECT)) {
        json_free(root);
        return err_set(e, ERR_PROTO, NULL, "gateway %s: a callback has no reports in it", g->name);
    }
    int rc = read_items(r, kind, items, each, ctx, skipped);
    json_free(root);
    return rc == 0 ? 0 : err_set(e, ERR_SOFTWARE, NULL, "gateway %s: reading was stopped", g->name);
}

void gateway_callback_ack(const struct gateway *g, enum gw_report_kind kind, int *status,
                          const char **content_type, const char **body)
{
    (void)kind;
    *status = g->callbacks.ack_status;
    *content_type = g->callbacks.ack_type;
    *body = g->callbacks.ack_body;
}
