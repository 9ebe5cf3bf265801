/*
 * dialect_12333: the protocol of docs/protocol-12333.md, and the default. Called through the dialect's table.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "zhanchi/crypt.h"

#define SKEW_MS 300000
#define ITEMS_MAX 100

enum op { SINGLE, BATCH };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"0", "accepted", 200, NULL},
    [FATE_FLOW] = {"F01", "flow control", 429, NULL},
    [FATE_BUSY] = {"F02", "busy", 503, NULL},
    [FATE_CAP] = {"L01", "daily cap", 200, NULL},
    [FATE_NUMBER] = {"N01", "malformed number", 200, NULL},
    [FATE_VACANT] = {"N02", "vacant number", 200, NULL},
    [FATE_BLACK] = {"B01", "black list", 200, NULL},
    [FATE_KEYWORD] = {"C01", "forbidden keyword", 200, NULL},
    [FATE_UNSIGNED] = {"C02", "signature missing", 200, NULL},
    [FATE_LONG] = {"C03", "text too long", 200, NULL},
    [FATE_ACCOUNT] = {"A01", "wrong signature", 401, NULL},
    [FATE_SIGNATURE] = {"A01", "wrong signature", 401, NULL},
    [FATE_CLOCK] = {"A02", "time stamp out of range", 401, NULL},
    [FATE_NONCE] = {"A03", "nonce used before", 401, NULL},
    [FATE_BALANCE] = {"A04", "no balance", 402, NULL},
    [FATE_MALFORMED] = {"A05", "malformed request", 400, NULL},
    [FATE_PATH] = {"A05", "malformed request", 404, NULL},
    [FATE_INTERNAL] = {"X01", "internal error", 500, NULL},
};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    c->op = strcmp(c->r.path, "/v1/messages") == 0 ? BATCH : SINGLE;
    if ((c->op == SINGLE && strcmp(c->r.path, "/v1/message") != 0) ||
        strcmp(c->r.method, "POST") != 0)
        return ERRAND_NONE;
    return ERRAND_SUBMIT;
}

static void signature(const struct account *a, const char *method, const char *path,
                      const char *stamp, const char *nonce, const char *body, size_t len,
                      char hex[WIRE_HEX])
{
    struct buf text;

    wire_sha256(body, len, hex);
    buf_init(&text, 65536);
    buf_addf(&text, "%s\n%s\n%s\n%s\n%s", method, path, stamp, nonce, hex);
    wire_hmac(account_secret(a), buf_cstr(&text), text.len, hex);
    buf_fini(&text);
}

static bool nonce_shape(const char *s)
{
    size_t n = 0;

    while (isalnum((unsigned char)s[n]))
        n++;
    return s[n] == '\0' && n >= 16 && n <= 40;
}

static enum fate verify(struct call *c)
{
    const struct request *r = &c->r;
    const char *app = r->header(r->ctx, "X-App"), *stamp = r->header(r->ctx, "X-Timestamp");
    const char *nonce = r->header(r->ctx, "X-Nonce"), *given = r->header(r->ctx, "X-Signature");
    char hex[WIRE_HEX];

    if (!app || !stamp || !nonce || !given || strcmp(app, account_app(c->account)) != 0 ||
        !nonce_shape(nonce))
        return FATE_SIGNATURE;
    signature(c->account, r->method, r->path, stamp, nonce, r->body, r->len, hex);
    if (!wire_same(hex, given))
        return FATE_SIGNATURE;
    int64_t at_ms = wire_seconds(stamp);
    if (at_ms < c->now_ms - SKEW_MS || at_ms > c->now_ms + SKEW_MS)
        return FATE_CLOCK;
    return account_nonce(c->account, nonce, c->now_ms) ? FATE_TAKEN : FATE_NONCE;
}

static const char *member(const struct json *n, const char *key)
{
    const struct json *v = json_get(n, key);

    return v && json_type_of(v) == J_STRING ? json_text(v, NULL) : NULL;
}

static bool ref_shape(const char *s)
{
    size_t n = 0;

    while (s[n] > ' ' && s[n] < 0x7f)
        n++;
    return s[n] == '\0' && n >= 1 && n <= 64;
}

static int read_item(const struct json *n, struct item *it)
{
    *it = (struct item){.ref = member(n, "ref"), .to = member(n, "to"), .text = member(n, "text")};
    it->given = it->to;
    return it->ref && it->to && it->text && ref_shape(it->ref) ? 0 : -1;
}

static enum fate read_items(struct call *c)
{
    if (!call_json(c))
        return FATE_MALFORMED;
    if (c->op == SINGLE) {
        call_items(c, 1);
        return read_item(c->root, c->items) == 0 ? FATE_TAKEN : FATE_MALFORMED;
    }
    const struct json *list = json_get(c->root, "items");
    size_t n = list && json_type_of(list) == J_ARRAY ? json_count(list) : 0;
    if (n < 2 || n > ITEMS_MAX)
        return FATE_MALFORMED;
    call_items(c, n);
    for (size_t i = 0; i < n; i++)
        if (read_item(json_item(list, i), &c->items[i]) != 0)
            return FATE_MALFORMED;
    return FATE_TAKEN;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "%lld", (long long)no);
}

/* ---- answers ---- */

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    (void)c;
    buf_addf(out, "{\"code\":\"%s\",\"message\":\"%s\"}", words[fate].code, words[fate].message);
}

static void answer_batch(const struct call *c, struct buf *out)
{
    buf_adds(out, "{\"code\":\"0\",\"message\":\"done\",\"results\":[");
    for (size_t i = 0; i < c->n; i += c->step) {
        const struct item *it = &c->items[i];
        buf_addf(out, "%s{\"ref\":", i ? "," : "");
        json_quote(out, it->ref, strlen(it->ref));
        buf_addf(out, ",\"code\":\"%s\"", words[it->fate].code);
        if (it->no)
            buf_addf(out, ",\"id\":\"%s\"", it->id);
        buf_adds(out, "}");
    }
    buf_adds(out, "]}");
}

static void answer(struct call *c, struct buf *out)
{
    const struct item *it = &c->items[0];

    if (c->op == BATCH) {
        answer_batch(c, out);
    } else if (it->fate != FATE_TAKEN) {
        c->status = words[it->fate].status;
        refuse(c, it->fate, out);
    } else {
        buf_addf(out, "{\"code\":\"0\",\"message\":\"accepted\",\"id\":\"%s\"}", it->id);
    }
}

/* ---- callbacks ---- */

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME];

    (void)a;
    buf_adds(out, "{\"ref\":");
    json_quote(out, v->ref, strlen(v->ref));
    buf_addf(
        out,
        ",\"id\":\"%s\",\"to\":\"%s\",\"state\":\"%s\",\"code\":\"%s\",\"at\":\"%s\",\"parts\":%d}",
        v->id, v->number, v->state, v->code, wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at),
        v->parts);
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME];

    (void)a;
    buf_addf(out, "{\"id\":\"%s\",\"from\":\"%s\",\"text\":", v->id, v->number);
    json_quote(out, v->text, strlen(v->text));
    buf_addf(out, ",\"at\":\"%s\",\"ext\":\"\"}", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
}

static void sign(const struct account *a, const struct push *p, struct buf *headers)
{
    char stamp[24], nonce[33], hex[WIRE_HEX];
    uint8_t random[16];
    const char *path = strchr(strstr(p->url, "://") + 3, '/');

    crypt_random(random, sizeof random);
    crypt_hex(random, sizeof random, nonce);
    snprintf(stamp, sizeof stamp, "%lld", (long long)(p->now_ms / 1000));
    signature(a, p->method, path, stamp, nonce, p->body, p->len, hex);
    buf_addf(headers, "X-App: %s%cX-Timestamp: %s%cX-Nonce: %s%cX-Signature: %s%c", account_app(a),
             0, stamp, 0, nonce, 0, hex, 0);
}

static bool acknowledged(long status, const char *body, size_t len)
{
    return acknowledged_json(status, body, len, "code", "0");
}

const struct dialect dialect_12333 = {
    .name = "12333",
    .about = "docs/protocol-12333.md; the default",
    .words = words,
    .signed_texts = true,
    .units_max = 500,
    .nonce_keep_ms = 600000,
    .pending = "BUFFERD",
    .retry_ms = {1000, 5000, 10000, 30000},
    .frames = {{"POST", "application/json", 100, "{\"receipts\":[", "]}", NULL},
               {"POST", "application/json", 100, "{\"replies\":[", "]}", NULL}},
    .route = route,
    .verify = verify,
    .read = read_items,
    .id = name_id,
    .answer = answer,
    .refuse = refuse,
    .receipt = receipt,
    .reply = reply,
    .sign = sign,
    .acknowledged = acknowledged,
};
