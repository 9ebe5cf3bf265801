/*
 * dialect_webhook: a generic JSON webhook, such as an office's own app has for its users. No provider stands behind it.
 *
 * POST to any path, {"id","to","title","text"} with a Bearer token, is answered 202 {"id"}. `to` may be any name. A receipt is
 * {"id","ref","status"} with the ids of that answer and of the request, signed with HMAC-SHA256 over the body in X-Signature. Called through the dialect's table.
 */
#include <stdio.h>
#include <string.h>
#include "dialect.h"

static const struct word words[FATES] = {
    [FATE_TAKEN] = {NULL, NULL, 202, NULL},
    [FATE_FLOW] = {"too_many_requests", "slow down", 429, NULL},
    [FATE_BUSY] = {"unavailable", "try again later", 503, NULL},
    [FATE_BALANCE] = {"quota_exceeded", "no quota left", 402, NULL},
    [FATE_ACCOUNT] = {"unauthorized", "wrong token", 401, NULL},
    [FATE_SIGNATURE] = {"unauthorized", "wrong token", 401, NULL},
    [FATE_MALFORMED] = {"bad_request", "id, to and text are needed", 400, NULL},
    [FATE_PATH] = {"not_found", "POST only", 405, NULL},
    [FATE_INTERNAL] = {"internal", "internal error", 500, NULL},
    [FATE_NUMBER] = {"invalid_recipient", "no recipient", 422, NULL},
    [FATE_VACANT] = {"unknown_recipient", "no such user", 404, NULL},
    [FATE_BLACK] = {"opted_out", "the user does not want messages", 403, NULL},
    [FATE_CAP] = {"recipient_limit", "enough for today", 429, NULL},
    [FATE_KEYWORD] = {"content_rejected", "forbidden text", 422, NULL},
    [FATE_LONG] = {"too_long", "the text is too long", 413, NULL},
};

static const struct setting settings[] = {
    {"callback-secret", "", "key of X-Signature; empty: the secret"}, {NULL, NULL, NULL}};

static enum errand route(struct call *c)
{
    return strcmp(c->r.method, "POST") == 0 ? ERRAND_SUBMIT : ERRAND_NONE;
}

static enum fate verify(struct call *c)
{
    const char *given = c->r.header(c->r.ctx, "Authorization");

    if (given == NULL || strncmp(given, "Bearer ", 7) != 0)
        return FATE_SIGNATURE;
    return wire_same(given + 7, account_secret(c->account)) ? FATE_TAKEN : FATE_SIGNATURE;
}

/* The title belongs to the text: they reach the reader together. */
static enum fate read_items(struct call *c)
{
    if (!call_json(c))
        return FATE_MALFORMED;
    const char *id = call_text(c, c->root, "id"), *to = call_text(c, c->root, "to");
    const char *title = call_text(c, c->root, "title"), *text = call_text(c, c->root, "text");

    if (!id || !to || !text)
        return FATE_MALFORMED;
    size_t len = strlen(text) + (title ? strlen(title) : 0) + 2;
    char *whole = arena_alloc(c->arena, len);
    snprintf(whole, len, "%s%s%s", title ? title : "", title ? "\n" : "", text);
    call_items(c, 1);
    c->items[0] =
        (struct item){.ref = id, .to = wire_number(c->arena, to), .given = to, .text = whole};
    return FATE_TAKEN;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "m-%lld", (long long)no);
}

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    (void)c;
    buf_adds(out, "{");
    wire_member(out, "error", words[fate].code);
    wire_member(out, "message", words[fate].message);
    buf_adds(out, "}");
}

static void answer(struct call *c, struct buf *out)
{
    const struct item *it = &c->items[0];

    c->status = words[it->fate].status;
    if (it->fate != FATE_TAKEN)
        refuse(c, it->fate, out);
    else
        buf_addf(out, "{\"id\":\"%s\"}", it->id);
}

static const char *status_of(const char *state)
{
    static const char *const names[][2] = {{"DELIVRD", "delivered"},
                                           {"UNDELIV", "undelivered"},
                                           {"REJECTD", "rejected"},
                                           {"EXPIRED", "expired"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], state) == 0)
            return names[i][1];
    return state;
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    (void)a;
    buf_adds(out, "{");
    wire_member(out, "id", v->id);
    wire_member(out, "ref", v->ref);
    wire_member(out, "status", status_of(v->state));
    if (strcmp(v->state, "UNDELIV") == 0 || strcmp(v->state, "REJECTD") == 0)
        wire_member(out, "reason", v->code);
    buf_adds(out, "}");
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    (void)a;
    buf_adds(out, "{");
    wire_member(out, "from", v->given);
    wire_member(out, "text", v->text);
    buf_adds(out, "}");
}

static void sign(const struct account *a, const struct push *p, struct buf *headers)
{
    const char *key = account_value(a, "callback-secret");
    char hex[WIRE_HEX];

    wire_hmac(*key ? key : account_secret(a), p->body, p->len, hex);
    buf_addf(headers, "X-Signature: %s%c", hex, 0);
}

const struct dialect dialect_webhook = {
    .name = "webhook",
    .about = "a generic JSON webhook, a Bearer token (--secret-file)",
    .settings = settings,
    .words = words,
    .anyone = true,
    .units_max = 5000,
    .pending = "queued",
    .retry_ms = {1000, 5000, 10000, 30000},
    .frames = {{"POST", "application/json", 1, "", "", NULL},
               {"POST", "application/json", 1, "", "", NULL}},
    .route = route,
    .verify = verify,
    .read = read_items,
    .id = name_id,
    .answer = answer,
    .refuse = refuse,
    .receipt = receipt,
    .reply = reply,
    .sign = sign,
    .acknowledged = acknowledged_2xx,
};
