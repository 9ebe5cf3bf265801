/*
 * dialect_huawei: Huawei Cloud Message & SMS, X-WSSE (either digest) or SDK-HMAC-SHA256 (with or without quotation marks).
 *
 * One verdict and one smsMsgId a number; E200037 as soon as one fails. Reports by part: one a call, a form, to the statusCallback of a
 * request; of one that named none to --callback, as JSON and at most 50 at once. A nonce of X-WSSE is not remembered: no source says that it must be new. Statuses of HTTP and the codes of times, balance,
 * a malformed request and a malformed number are unconfirmed. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "zhanchi/crypt.h"

#define SKEW_MS 900000
#define WSSE_SKEW_MS 86400000
#define NUMBERS_MAX 500
#define NUMBER_BYTES 21
#define CONTENT_BYTES 65536

enum op { SEND, SEND_DIFF };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"000000", "Success", 200, NULL},
    [FATE_FLOW] = {"E200015", "Too many SMS messages are waiting.", 200, NULL},
    [FATE_BUSY] = {"E000000", "System error.", 400, NULL},
    [FATE_BALANCE] = {"E000112", "The user status is frozen.", 400, NULL},
    [FATE_ACCOUNT] = {"E000102", "The app_key is invalid.", 401, NULL},
    [FATE_SIGNATURE] = {"E000105", "The PasswordDigest is invalid.", 401, NULL},
    [FATE_CLOCK] = {"E000110", "The time is out of range.", 401, NULL},
    [FATE_SETTING] = {"E200018", "The channel check failed.", 200, NULL},
    [FATE_MALFORMED] = {"E000503", "Parameter format error.", 400, NULL},
    [FATE_MANY] = {"E000503", "Parameter format error: too many numbers.", 400, NULL},
    [FATE_PATH] = {"E000020", "The API does not exist.", 404, NULL},
    [FATE_INTERNAL] = {"E000000", "System error.", 500, NULL},
    [FATE_NUMBER] = {"E200022", "The number is invalid.", 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "2:12"},
    [FATE_BLACK] = {NULL, NULL, 0, "TDBLACK"},
    [FATE_CAP] = {NULL, NULL, 0, "LIMIT"},
    [FATE_KEYWORD] = {NULL, NULL, 0, "KEYWORD"},
    [FATE_LONG] = {"E200028", "The template variables do not match.", 200, NULL},
    [FATE_TWICE] = {"E200041", "The number is repeated.", 200, NULL},
};

static const struct setting settings[] = {
    {"from", "", "the channel number; empty: any"},
    {"push-aksk", "no", "yes: sign callbacks with SDK-HMAC-SHA256"},
    {NULL, NULL, NULL}};

/* ---- who is it ---- */

static enum errand route(struct call *c)
{
    c->op = strcmp(c->r.path, "/sms/batchSendDiffSms/v1") == 0 ? SEND_DIFF : SEND;
    if (c->op == SEND && strcmp(c->r.path, "/sms/batchSendSms/v1") != 0)
        return ERRAND_NONE;
    return strcmp(c->r.method, "POST") == 0 ? ERRAND_SUBMIT : ERRAND_NONE;
}

static enum fate near_enough(const struct call *c, const char *stamp, int64_t skew_ms)
{
    int64_t at_ms;

    if (wire_utc(stamp, &at_ms) != 0 || at_ms < c->now_ms - skew_ms || at_ms > c->now_ms + skew_ms)
        return FATE_CLOCK;
    return FATE_TAKEN;
}

/* Base64 of the 32 bytes of the digest, or of its 64 hexadecimal digits: both are in use. */
static bool wsse_digest(const struct call *c, const char *nonce, const char *created,
                        const char *given)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[WIRE_HEX];
    struct buf text, raw, long_way;

    buf_init(&text, 4096);
    buf_init(&raw, 256);
    buf_init(&long_way, 256);
    buf_addf(&text, "%s%s%s", nonce, created, account_secret(c->account));
    crypt_sha256(buf_cstr(&text), text.len, digest);
    crypt_hex(digest, sizeof digest, hex);
    crypt_base64(digest, sizeof digest, &raw);
    crypt_base64(hex, strlen(hex), &long_way);
    bool good = wire_same(buf_cstr(&raw), given) || wire_same(buf_cstr(&long_way), given);
    buf_fini(&text);
    buf_fini(&raw);
    buf_fini(&long_way);
    return good;
}

static enum fate verify_wsse(struct call *c, const char *header)
{
    const char *authorization = c->r.header(c->r.ctx, "Authorization");
    const char *user = wire_attribute(c->arena, header, "Username");
    const char *digest = wire_attribute(c->arena, header, "PasswordDigest");
    const char *nonce = wire_attribute(c->arena, header, "Nonce");
    const char *created = wire_attribute(c->arena, header, "Created");

    if (!authorization || strncmp(authorization, "WSSE ", 5) != 0 || !nonce || !created ||
        strncmp(header, "UsernameToken ", 14) != 0)
        return FATE_SIGNATURE;
    if (user == NULL || strcmp(user, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    if (!wsse_digest(c, nonce, created, digest))
        return FATE_SIGNATURE;
    return near_enough(c, created, WSSE_SKEW_MS);
}

/* hash: of the body, as the canonical request has it. */
static bool sdk_signature(const struct account *a, struct arena *arena, const struct request *r,
                          const char *stamp, const char *list, const char *hash, char hex[WIRE_HEX])
{
    struct buf text;

    buf_init(&text, 65536);
    buf_addf(&text, "%s\n%s%s\n", r->method, r->path,
             r->path[0] && r->path[strlen(r->path) - 1] == '/' ? "" : "/");
    wire_query(arena, r->query, true, &text);
    buf_addc(&text, '\n');
    bool whole = wire_headers(r, list, &text);
    buf_addf(&text, "\n%s\n%s", list, hash);
    wire_sha256(buf_cstr(&text), text.len, hex);
    buf_reset(&text);
    buf_addf(&text, "SDK-HMAC-SHA256\n%s\n%s", stamp, hex);
    wire_hmac(account_secret(a), buf_cstr(&text), text.len, hex);
    buf_fini(&text);
    return whole;
}

static enum fate verify_sdk(struct call *c, const char *given)
{
    const struct request *r = &c->r;
    const char *stamp = r->header(r->ctx, "X-Sdk-Date");
    const char *stated = r->header(r->ctx, "X-Sdk-Content-Sha256");
    char hex[WIRE_HEX], hash[WIRE_HEX];

    if (!given || !stamp || strncmp(given, "SDK-HMAC-SHA256 ", 16) != 0)
        return FATE_SIGNATURE;
    const char *key = wire_attribute(c->arena, given, "Access");
    const char *list = wire_attribute(c->arena, given, "SignedHeaders");
    if (key == NULL || strcmp(key, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    wire_sha256(r->body, r->len, hash);
    if (list == NULL || !wire_lists(list, "x-sdk-date") || (stated && !wire_same(stated, hash)) ||
        !sdk_signature(c->account, c->arena, r, stamp, list, hash, hex) ||
        !wire_same(hex, wire_attribute(c->arena, given, "Signature")))
        return FATE_SIGNATURE;
    return near_enough(c, stamp, SKEW_MS);
}

static enum fate verify(struct call *c)
{
    const char *wsse = c->r.header(c->r.ctx, "X-WSSE");

    return wsse ? verify_wsse(c, wsse) : verify_sdk(c, c->r.header(c->r.ctx, "Authorization"));
}

/* ---- what does it say ---- */

/* A stray character spoils the whole request; a number that is merely none fails alone. */
static bool number_characters(const char *s)
{
    return s[strspn(s, "0123456789+,")] == '\0';
}

static void mark_twice(struct call *c)
{
    for (size_t i = 1; i < c->n; i++)
        for (size_t k = 0; k < i && c->items[i].fate == FATE_TAKEN; k++)
            if (strcmp(c->items[i].to, c->items[k].to) == 0)
                c->items[i].fate = FATE_TWICE;
}

static const char *content(struct call *c, const char *template, const char *params)
{
    size_t len = strlen(template) + strlen(params) + 2;
    char *text = arena_alloc(c->arena, len);

    snprintf(text, len, "%s%s%s", template, *params ? " " : "", params);
    return text;
}

static bool extend_shape(const char *s)
{
    return s == NULL || (strlen(s) >= 1 && strlen(s) <= 128 && strpbrk(s, "{}") == NULL);
}

static enum fate read_form(struct call *c)
{
    fields_read(c->arena, &c->fields, c->r.body, c->r.len);
    const char *from = fields_get(&c->fields, "from"), *to = fields_get(&c->fields, "to");
    const char *template = fields_get(&c->fields, "templateId");
    const char *params = fields_get(&c->fields, "templateParas");
    struct item like = {.ref = fields_get(&c->fields, "extend"),
                        .sign = fields_get(&c->fields, "signature"),
                        .ext = from,
                        .callback = fields_get(&c->fields, "statusCallback")};

    if (!from || !to || !*to || !template || !number_characters(to) || !extend_shape(like.ref))
        return FATE_MALFORMED;
    if (params && *params && !json_valid(params, strlen(params)))
        return FATE_MALFORMED;
    if (!call_setting(c, "from", from))
        return FATE_SETTING;
    like.text = content(c, template, params ? params : "");
    return call_numbers(c, to, NUMBERS_MAX, &like);
}

/* One entry of smsContent: its numbers go behind the n items that are there. */
static enum fate read_entry(struct call *c, const struct json *entry, struct item like)
{
    const struct json *to = json_type_of(entry) == J_OBJECT ? json_get(entry, "to") : NULL;
    const struct json *params = to ? json_get(entry, "templateParas") : NULL;
    const char *template = to ? call_text(c, entry, "templateId") : NULL;
    struct buf b;

    if (!template || json_type_of(to) != J_ARRAY || (params && json_type_of(params) != J_ARRAY))
        return FATE_MALFORMED;
    buf_init(&b, CONTENT_BYTES);
    if (params && json_count(params))
        wire_json(&b, params);
    like.text = content(c, template, buf_cstr(&b));
    like.sign = call_text(c, entry, "signature");
    buf_fini(&b);
    for (size_t i = 0; i < json_count(to); i++) {
        const struct json *number = json_item(to, i);
        if (c->n == NUMBERS_MAX)
            return FATE_MANY;
        if (json_type_of(number) != J_STRING || !number_characters(json_text(number, NULL)))
            return FATE_MALFORMED;
        c->items[c->n] = like;
        c->items[c->n].given = json_text(number, NULL);
        c->items[c->n].to = wire_number(c->arena, json_text(number, NULL));
        c->n++;
    }
    return FATE_TAKEN;
}

static enum fate read_diff(struct call *c)
{
    enum fate fate = FATE_TAKEN;

    if (c->r.len > CONTENT_BYTES || !call_json(c))
        return FATE_MALFORMED;
    const struct json *list = json_get(c->root, "smsContent");
    struct item like = {.ref = call_text(c, c->root, "extend"),
                        .ext = call_text(c, c->root, "from"),
                        .callback = call_text(c, c->root, "statusCallback")};
    if (!list || json_type_of(list) != J_ARRAY || !like.ext || !extend_shape(like.ref))
        return FATE_MALFORMED;
    if (!call_setting(c, "from", like.ext))
        return FATE_SETTING;
    call_items(c, NUMBERS_MAX);
    c->n = 0;
    for (size_t i = 0; fate == FATE_TAKEN && i < json_count(list); i++)
        fate = read_entry(c, json_item(list, i), like);
    return fate == FATE_TAKEN && c->n == 0 ? FATE_MALFORMED : fate;
}

static enum fate read_items(struct call *c)
{
    enum fate fate = c->op == SEND ? read_form(c) : read_diff(c);

    for (size_t i = 0; fate == FATE_TAKEN && i < c->n; i++)
        if (strlen(c->items[i].given) > NUMBER_BYTES)
            fate = FATE_MALFORMED;
    if (fate == FATE_TAKEN)
        mark_twice(c);
    return fate;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    char uuid[37];

    (void)c;
    snprintf(out, ID_BYTES, "%s_%lld", wire_uuid((uint64_t)no, uuid), (long long)no);
}

/* ---- answers ---- */

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    const char *code = words[fate].code, *message = words[fate].message;
    bool wsse = c->r.header(c->r.ctx, "X-WSSE") != NULL;

    if (!wsse && c->r.header(c->r.ctx, "Authorization") == NULL && fate == FATE_SIGNATURE)
        code = "E000001", message = "There is no Authorization in the HTTP header.";
    else if (!wsse && fate == FATE_SIGNATURE)
        code = "E000045", message = "The Authorization check failed.";
    else if (!wsse && fate == FATE_CLOCK)
        code = "E000044", message = "The X-Sdk-Date has expired.";
    buf_adds(out, "{");
    wire_member(out, "code", code);
    wire_member(out, "description", message);
    buf_adds(out, "}");
}

static void answer(struct call *c, struct buf *out)
{
    char at[WIRE_TIME];
    bool all = true;

    for (size_t i = 0; i < c->n; i++)
        all = all && c->items[i].fate == FATE_TAKEN;
    buf_adds(out, "{\"result\":[");
    for (size_t i = 0; i < c->n; i += c->step) {
        const struct item *it = &c->items[i];
        buf_adds(out, i ? ",{" : "{");
        wire_member(out, "originTo", it->given);
        wire_member(out, "createTime", wire_time(c->now_ms, 0, "%Y-%m-%dT%H:%M:%SZ", at));
        wire_member(out, "from", it->ext);
        wire_member(out, "smsMsgId", it->fate == FATE_TAKEN ? it->id : "");
        wire_member(out, "status", it->fate == FATE_BALANCE ? "E000112" : words[it->fate].code);
        buf_adds(out, "}");
    }
    buf_adds(out, "]");
    wire_member(out, "code", all ? "000000" : "E200037");
    wire_member(out, "description", all ? "Success" : "See the status of each number.");
    buf_adds(out, "}");
}

/* ---- callbacks ---- */

typedef void member_fn(struct buf *out, const char *name, const char *value);

static void add_number(struct buf *out, member_fn *add, const char *name, int value)
{
    char text[16];

    snprintf(text, sizeof text, "%d", value);
    add(out, name, text);
}

static const char *international(const char *number, char out[32])
{
    snprintf(out, 32, "%s%s", strlen(number) == 11 ? "+86" : "", number);
    return out;
}

/* The number comes back only if `extend` was sent; reports that the platform makes itself have no updateTime. */
static void members(const struct report *v, member_fn *add, struct buf *out)
{
    char at[WIRE_TIME], number[32];
    bool undelivered = strcmp(v->state, "UNDELIV") == 0;
    const char *status = undelivered && *v->code ? v->code : v->state;
    bool platform =
        strstr(status, "BLACK") || strcmp(status, "LIMIT") == 0 || strcmp(status, "KEYWORD") == 0;

    add(out, "smsMsgId", v->id);
    add_number(out, add, "total", v->parts);
    add_number(out, add, "sequence", v->part);
    add(out, "status", status);
    add(out, "source", platform ? "3" : "2");
    if (!platform)
        add(out, "updateTime", wire_time(v->at_ms, 0, "%Y-%m-%dT%H:%M:%SZ", at));
    add(out, "orgCode", status);
    if (v->ref) {
        add(out, "extend", v->ref);
        add(out, "to", international(v->number, number));
    }
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    (void)a;
    if (v->callback) {
        members(v, wire_form, out);
        return;
    }
    buf_adds(out, "{");
    members(v, wire_member, out);
    buf_adds(out, "}");
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME], number[32], id[ID_BYTES], uuid[37];

    (void)a;
    snprintf(id, sizeof id, "%s_%lld", wire_uuid((uint64_t)v->no + (UINT64_C(1) << 62), uuid),
             (long long)v->no);
    wire_form(out, "smsMsgId", id);
    wire_form(out, "from", international(v->number, number));
    wire_form(out, "to", v->ext);
    wire_form(out, "body", v->text);
    wire_form(out, "createTime", wire_time(v->at_ms, 0, "%Y-%m-%dT%H:%M:%SZ", at));
}

/* A callback's own headers, for the signature. */
struct pushed {
    const struct push *p;
    char host[256], stamp[WIRE_TIME];
};

static const char *pushed_header(void *ctx, const char *name)
{
    const struct pushed *x = ctx;

    return strcmp(name, "host") == 0 ? x->host : strcmp(name, "x-sdk-date") == 0 ? x->stamp : NULL;
}

static void sign(const struct account *a, const struct push *p, struct buf *headers)
{
    struct pushed x = {.p = p};
    const char *host = strstr(p->url, "://") + 3, *path = host + strcspn(host, "/?");
    char hash[WIRE_HEX], hex[WIRE_HEX];
    struct arena *arena;

    if (strcmp(account_value(a, "push-aksk"), "yes") != 0)
        return;
    arena = arena_new(4096);
    snprintf(x.host, sizeof x.host, "%.*s", (int)(path - host), host);
    wire_time(p->now_ms, 0, "%Y%m%dT%H%M%SZ", x.stamp);
    const char *query = strchr(path, '?');
    struct request r = {p->method,
                        arena_memdup(arena, path, strcspn(path, "?")),
                        query ? query + 1 : "",
                        p->body,
                        p->len,
                        pushed_header,
                        &x};
    wire_sha256(p->body, p->len, hash);
    sdk_signature(a, arena, &r, x.stamp, "host;x-sdk-date", hash, hex);
    arena_free(arena);
    buf_addf(headers,
             "X-Sdk-Date: %s%cAuthorization: SDK-HMAC-SHA256 Access=%s, "
             "SignedHeaders=host;x-sdk-date, Signature=%s%c",
             x.stamp, 0, account_app(a), hex, 0);
}

static const struct frame batch_address = {
    "POST", "application/json", 50, "{\"statusReportList\":[", "]}", NULL};

const struct dialect dialect_huawei = {
    .name = "huawei",
    .about = "Huawei Cloud SMS, X-WSSE or SDK-HMAC-SHA256",
    .settings = settings,
    .words = words,
    .abroad = true,
    .by_part = true,
    .units_max = 500,
    .pending = "ACCEPTD",
    .retry_ms = {60000, 300000}, /* not documented */
    .frames = {{"POST", "application/x-www-form-urlencoded", 1, "", "", NULL},
               {"POST", "application/x-www-form-urlencoded", 1, "", "", NULL}},
    .home = &batch_address,
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
