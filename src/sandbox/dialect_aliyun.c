/*
 * dialect_aliyun: Aliyun SMS (Dysmsapi 2017-05-25), with RPC signatures (HMAC-SHA1, aliyun-rpc) or ACS3 ones (aliyun).
 *
 * One verdict and one BizId a request. What only the carriers know (vacant, black list) comes in the receipt, as does a cap in a request with many
 * numbers. HTTP statuses of refusals are unconfirmed: 400 where the API's front door says no, 200 where the SMS service does.
 * Called through the dialects' tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "digest.h"
#include "shelf.h"
#include "zhanchi/crypt.h"

#define SKEW_MS 900000
#define SEND_MAX 1000
#define BATCH_MAX 100
#define TEXT_MAX (1U << 20)

enum op { SEND, SEND_BATCH, QUERY };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"OK", "OK", 200, NULL},
    [FATE_FLOW] = {"Throttling.User", "Request was denied due to user flow control.", 400, NULL},
    [FATE_BUSY] = {"InternalError", "The request processing has failed.", 500, NULL},
    [FATE_BALANCE] = {"isv.AMOUNT_NOT_ENOUGH", "账户余额不足", 200, NULL},
    [FATE_ACCOUNT] = {"InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404,
                      NULL},
    [FATE_SIGNATURE] = {"SignatureDoesNotMatch", "Specified signature is not matched.", 400, NULL},
    [FATE_CLOCK] = {"InvalidTimeStamp.Expired", "Specified time stamp is expired.", 400, NULL},
    [FATE_NONCE] = {"SignatureNonceUsed", "Specified signature nonce was used already.", 400, NULL},
    [FATE_SETTING] = {"isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名", 200, NULL},
    [FATE_MALFORMED] = {"isv.INVALID_PARAMETERS", "参数异常", 200, NULL},
    [FATE_MANY] = {"isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制", 200, NULL},
    [FATE_PATH] = {"InvalidAction.NotFound", "Specified api is not found.", 404, NULL},
    [FATE_INTERNAL] = {"isp.SYSTEM_ERROR", "系统错误", 200, NULL},
    [FATE_NUMBER] = {"isv.MOBILE_NUMBER_ILLEGAL", "号码格式非法", 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MOBILE_NOT_ON_SERVICE"},
    [FATE_BLACK] = {NULL, NULL, 0, "MOBILE_IN_BLACK"},
    [FATE_CAP] = {"isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", 200, "MOBILE_SEND_LIMIT"},
    [FATE_KEYWORD] = {"isv.SMS_CONTENT_ILLEGAL", "短信内容包含禁止发送内容", 200,
                      "CONTENT_KEYWORD"},
    [FATE_LONG] = {"isv.PARAM_LENGTH_LIMIT", "参数超过长度限制", 200, NULL},
};

static const char *const carrier[][2] = {{"000", "DELIVERED"},
                                         {"MK:0001", "MOBILE_NOT_ON_SERVICE"},
                                         {"MK:0005", "MOBILE_NOT_ON_SERVICE"},
                                         {"DB:0142", "MOBILE_SEND_LIMIT"},
                                         {"MK:0015", "CONTENT_KEYWORD"},
                                         {"IC:0151", "SP_UNKNOWN_ERROR"},
                                         {"KEYWORD", "CONTENT_KEYWORD"},
                                         {NULL, NULL}};

static const struct setting settings[] = {
    {"SignName", "", "the signature that is registered; empty: any"},
    {"spcode", "10690001", "the sender's number without extension, in dest_code of replies"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route_action(struct call *c, const char *action)
{
    static const char *const actions[] = {"SendSms", "SendBatchSms", "QuerySendDetails"};

    fields_read(c->arena, &c->fields, c->r.query, strlen(c->r.query));
    if (strcmp(c->r.method, "POST") == 0)
        fields_read(c->arena, &c->fields, c->r.body, c->r.len);
    if (action == NULL)
        action = fields_get(&c->fields, "Action");
    if (strcmp(c->r.path, "/") != 0 || action == NULL)
        return ERRAND_NONE;
    for (c->op = SEND; c->op <= QUERY; c->op++)
        if (strcmp(action, actions[c->op]) == 0)
            return c->op == QUERY ? ERRAND_ASK : ERRAND_SUBMIT;
    return ERRAND_NONE;
}

static enum errand route_rpc(struct call *c)
{
    return route_action(c, NULL);
}

static enum errand route_acs3(struct call *c)
{
    const char *action = c->r.header(c->r.ctx, "x-acs-action");

    return action ? route_action(c, action) : ERRAND_NONE;
}

/* Both styles end so. */
static enum fate fresh(struct call *c, const char *stamp, const char *nonce)
{
    int64_t at_ms;

    if (wire_utc(stamp, &at_ms) != 0 || at_ms < c->now_ms - SKEW_MS || at_ms > c->now_ms + SKEW_MS)
        return FATE_CLOCK;
    return nonce && account_nonce(c->account, nonce, c->now_ms) ? FATE_TAKEN : FATE_NONCE;
}

/* METHOD&%2F&(the parameters, sorted, encoded, joined, and encoded again) */
static void rpc_signature(struct call *c, struct buf *out)
{
    uint8_t digest[SHA1_BYTES];
    struct buf joined, text;
    char key[300];

    buf_init(&joined, TEXT_MAX);
    buf_init(&text, 4 * TEXT_MAX);
    fields_sort(&c->fields);
    for (size_t i = 0; i < c->fields.n; i++) {
        const struct field *f = &c->fields.v[i];
        if (strcmp(f->name, "Signature") == 0)
            continue;
        buf_adds(&joined, joined.len ? "&" : "");
        wire_percent(&joined, f->name, strlen(f->name));
        buf_addc(&joined, '=');
        wire_percent(&joined, f->value, strlen(f->value));
    }
    buf_addf(&text, "%s&%%2F&", c->r.method);
    wire_percent(&text, buf_cstr(&joined), joined.len);
    snprintf(key, sizeof key, "%s&", account_secret(c->account));
    digest_hmac_sha1(key, strlen(key), buf_cstr(&text), text.len, digest);
    crypt_base64(digest, sizeof digest, out);
    buf_fini(&joined);
    buf_fini(&text);
}

static enum fate verify_rpc(struct call *c)
{
    const char *key = fields_get(&c->fields, "AccessKeyId");
    const char *method = fields_get(&c->fields, "SignatureMethod");
    const char *version = fields_get(&c->fields, "SignatureVersion");
    struct buf mine;

    if (key == NULL || strcmp(key, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    if (!method || strcmp(method, "HMAC-SHA1") != 0 || !version || strcmp(version, "1.0") != 0)
        return FATE_SIGNATURE;
    buf_init(&mine, 64);
    rpc_signature(c, &mine);
    bool good = wire_same(buf_cstr(&mine), fields_get(&c->fields, "Signature"));
    buf_fini(&mine);
    if (!good)
        return FATE_SIGNATURE;
    return fresh(c, fields_get(&c->fields, "Timestamp"), fields_get(&c->fields, "SignatureNonce"));
}

/* Headers that must be signed: without them a signature protects nothing. */
static bool signs_enough(const char *list)
{
    static const char *const must[] = {
        "host",       "x-acs-action",          "x-acs-version",
        "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"};

    for (size_t i = 0; i < sizeof must / sizeof must[0]; i++)
        if (!wire_lists(list, must[i]))
            return false;
    return true;
}

static bool acs3_signature(struct call *c, const char *list, char hex[WIRE_HEX])
{
    struct buf text;
    bool whole;

    buf_init(&text, TEXT_MAX);
    buf_addf(&text, "%s\n%s\n", c->r.method, c->r.path);
    wire_query(c->arena, c->r.query, false, &text);
    buf_addc(&text, '\n');
    whole = wire_headers(&c->r, list, &text);
    wire_sha256(c->r.body, c->r.len, hex);
    buf_addf(&text, "\n%s\n%s", list, hex);
    wire_sha256(buf_cstr(&text), text.len, hex);
    buf_reset(&text);
    buf_addf(&text, "ACS3-HMAC-SHA256\n%s", hex);
    wire_hmac(account_secret(c->account), buf_cstr(&text), text.len, hex);
    buf_fini(&text);
    return whole;
}

static enum fate verify_acs3(struct call *c)
{
    const struct request *r = &c->r;
    const char *given = r->header(r->ctx, "Authorization");
    const char *hash = r->header(r->ctx, "x-acs-content-sha256");
    char hex[WIRE_HEX];

    if (given == NULL || strncmp(given, "ACS3-HMAC-SHA256 ", 17) != 0)
        return FATE_SIGNATURE;
    const char *key = wire_attribute(c->arena, given, "Credential");
    const char *list = wire_attribute(c->arena, given, "SignedHeaders");
    if (key == NULL || strcmp(key, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    wire_sha256(r->body, r->len, hex);
    if (list == NULL || !signs_enough(list) || !wire_same(hash, hex) ||
        !acs3_signature(c, list, hex) ||
        !wire_same(hex, wire_attribute(c->arena, given, "Signature")))
        return FATE_SIGNATURE;
    return fresh(c, r->header(r->ctx, "x-acs-date"), r->header(r->ctx, "x-acs-signature-nonce"));
}

/* ---- reading ---- */

static const char *content(struct call *c, const char *template, const char *param)
{
    size_t len = strlen(template) + strlen(param) + 2;
    char *text = arena_alloc(c->arena, len);

    snprintf(text, len, "%s%s%s", template, *param ? " " : "", param);
    return text;
}

static enum fate read_send(struct call *c, struct item *like, const char *template)
{
    const char *numbers = fields_get(&c->fields, "PhoneNumbers");
    const char *param = fields_get(&c->fields, "TemplateParam");

    like->sign = fields_get(&c->fields, "SignName");
    like->ext = fields_get(&c->fields, "SmsUpExtendCode");
    if (numbers == NULL || like->sign == NULL)
        return FATE_MALFORMED;
    like->text = content(c, template, param ? param : "");
    return call_numbers(c, numbers, SEND_MAX, like);
}

/* The i-th text of a parameter that holds a JSON array; "" if there is no such parameter. */
static const char *element(struct call *c, const struct json *list, size_t i)
{
    const struct json *v = list ? json_item(list, i) : NULL;
    struct buf b;

    if (v == NULL)
        return "";
    buf_init(&b, 65536);
    if (json_type_of(v) == J_STRING)
        buf_adds(&b, json_text(v, NULL));
    else
        wire_json(&b, v);
    char *text = arena_memdup(c->arena, buf_cstr(&b), b.len);
    buf_fini(&b);
    return text;
}

static enum fate read_batch(struct call *c, const struct item *like, const char *template,
                            const struct json *const lists[4])
{
    size_t n = lists[0] && json_type_of(lists[0]) == J_ARRAY ? json_count(lists[0]) : 0;

    for (size_t i = 1; i < 4; i++)
        if (lists[i] && (json_type_of(lists[i]) != J_ARRAY || json_count(lists[i]) != n))
            return FATE_MALFORMED;
    if (n == 0 || lists[1] == NULL)
        return FATE_MALFORMED;
    if (n > BATCH_MAX)
        return FATE_MANY;
    call_items(c, n);
    for (size_t i = 0; i < n; i++) {
        struct item *it = &c->items[i];
        *it = *like;
        it->given = element(c, lists[0], i);
        it->to = wire_number(c->arena, it->given);
        it->sign = element(c, lists[1], i);
        it->text = content(c, template, element(c, lists[2], i));
        it->ext = element(c, lists[3], i);
    }
    return FATE_TAKEN;
}

static enum fate read_lists(struct call *c, const struct item *like, const char *template)
{
    static const char *const names[] = {"PhoneNumberJson", "SignNameJson", "TemplateParamJson",
                                        "SmsUpExtendCodeJson"};
    struct json *lists[4] = {NULL};
    enum fate fate = FATE_TAKEN;
    struct err e;

    for (size_t i = 0; i < 4; i++) {
        const char *text = fields_get(&c->fields, names[i]);
        if (text && *text && (lists[i] = json_parse(text, strlen(text), &e)) == NULL)
            fate = FATE_MALFORMED;
    }
    if (fate == FATE_TAKEN)
        fate = read_batch(c, like, template, (const struct json *const *)lists);
    for (size_t i = 0; i < 4; i++)
        json_free(lists[i]);
    return fate;
}

static enum fate read_items(struct call *c)
{
    const char *template = fields_get(&c->fields, "TemplateCode");
    struct item like = {.ref = fields_get(&c->fields, "OutId")};
    enum fate fate;

    if (template == NULL)
        return FATE_MALFORMED;
    fate = c->op == SEND ? read_send(c, &like, template) : read_lists(c, &like, template);
    for (size_t i = 0; fate == FATE_TAKEN && i < c->n; i++)
        if (!call_setting(c, "SignName", c->items[i].sign))
            fate = FATE_SETTING;
    return fate;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "%lld^0", (long long)no);
}

/* ---- answers ---- */

static void say(const struct call *c, enum fate fate, struct buf *out)
{
    char id[37];

    buf_adds(out, "{");
    wire_member(out, "Code", words[fate].code);
    wire_member(out, "Message", words[fate].message);
    wire_member(out, "RequestId", wire_uuid(c->order, id));
}

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    say(c, fate, out);
    buf_adds(out, "}");
}

static void answer(struct call *c, struct buf *out)
{
    say(c, FATE_TAKEN, out);
    wire_member(out, "BizId", c->items[0].id);
    buf_adds(out, "}");
}

/* ---- QuerySendDetails: one number, one day; asked as often as one likes ---- */

struct page {
    const struct call *c;
    struct buf *out;
    const char *day, *id;
    size_t first, last, total;
};

static void detail(void *ctx, const struct report *v, int64_t due_ms)
{
    struct page *p = ctx;
    char at[WIRE_TIME];
    bool waits = due_ms > p->c->now_ms;

    if (strcmp(wire_time(v->sent_ms, CHINA_MIN, "%Y%m%d", at), p->day) != 0 ||
        (p->id && strcmp(p->id, v->id) != 0))
        return;
    if (p->total++ < p->first || p->total > p->last)
        return;
    buf_adds(p->out, p->total - 1 > p->first ? ",{" : "{");
    wire_member(p->out, "PhoneNum", v->number);
    buf_addf(p->out, ",\"SendStatus\":%d", waits ? 1 : strcmp(v->state, "DELIVRD") == 0 ? 3 : 2);
    if (!waits)
        wire_member(p->out, "ErrCode", dialect_code(account_dialect(p->c->account), v->code));
    wire_member(p->out, "TemplateCode", arena_memdup(p->c->arena, v->text, strcspn(v->text, " ")));
    wire_member(p->out, "Content", v->text);
    wire_member(p->out, "SendDate", wire_time(v->sent_ms, CHINA_MIN, WIRE_LOCAL, at));
    if (!waits)
        wire_member(p->out, "ReceiveDate", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(p->out, "OutId", v->ref ? v->ref : "");
    buf_adds(p->out, "}");
}

static void ask(struct call *c, struct buf *out)
{
    const char *number = fields_get(&c->fields, "PhoneNumber");
    const char *size = fields_get(&c->fields, "PageSize");
    const char *current = fields_get(&c->fields, "CurrentPage");
    struct page p = {.c = c,
                     .out = out,
                     .day = fields_get(&c->fields, "SendDate"),
                     .id = fields_get(&c->fields, "BizId")};
    size_t per = size ? strtoul(size, NULL, 10) : 0,
           page = current ? strtoul(current, NULL, 10) : 0;

    if (!number || !p.day || per < 1 || per > 50 || page < 1 || page > 1000000) {
        refuse(c, FATE_MALFORMED, out);
        return;
    }
    p.first = (page - 1) * per;
    p.last = p.first + per;
    say(c, FATE_TAKEN, out);
    buf_adds(out, ",\"SmsSendDetailDTOs\":{\"SmsSendDetailDTO\":[");
    shelf_each(c->shelf, RECEIPT, wire_number(c->arena, number), detail, &p);
    buf_addf(out, "]},\"TotalCount\":%zu}", p.total);
}

/* ---- callbacks ---- */

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME], parts[16];
    bool good = strcmp(v->state, "DELIVRD") == 0;
    const char *code = dialect_code(account_dialect(a), *v->code ? v->code : "IC:0151");

    snprintf(parts, sizeof parts, "%d", v->parts);
    buf_adds(out, "{");
    wire_member(out, "phone_number", v->number);
    wire_member(out, "send_time", wire_time(v->sent_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(out, "report_time", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    buf_addf(out, ",\"success\":%s", good ? "true" : "false");
    wire_member(out, "err_code", code);
    wire_member(out, "err_msg", good ? "用户接收成功" : "用户接收失败");
    wire_member(out, "sms_size", parts);
    wire_member(out, "biz_id", v->id);
    wire_member(out, "out_id", v->ref);
    buf_adds(out, "}");
}

/* The old page has a number for sequence_id, the new one a text: both come. */
static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME], code[64];
    const char *quote = v->no % 2 ? "" : "\"";

    snprintf(code, sizeof code, "%s%s", account_value(a, "spcode"), v->ext ? v->ext : "");
    buf_adds(out, "{");
    wire_member(out, "phone_number", v->number);
    wire_member(out, "send_time", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(out, "content", v->text);
    wire_member(out, "sign_name", v->sign);
    wire_member(out, "dest_code", code);
    buf_addf(out, ",\"sequence_id\":%s%lld%s}", quote, (long long)v->no, quote);
}

/* Only that `code` is a number is looked at. */
static bool acknowledged(long status, const char *body, size_t len)
{
    struct json *root;
    struct err e;

    if (status != 200 || (root = json_parse(body, len, &e)) == NULL)
        return false;
    const struct json *v = json_type_of(root) == J_OBJECT ? json_get(root, "code") : NULL;
    bool good = v && json_type_of(v) == J_NUMBER;
    json_free(root);
    return good;
}

#define COMMON                                                                                     \
    .settings = settings, .words = words, .whole = true, .keeps = true, .units_max = 500,          \
    .nonce_keep_ms = (int64_t)2 * SKEW_MS, .carrier = carrier,                                     \
    .retry_ms = {60000, 300000, 600000},                                                           \
    .frames = {{"POST", "application/json;charset=UTF-8", 100, "[", "]", NULL},                    \
               {"POST", "application/json;charset=UTF-8", 100, "[", "]", NULL}},                   \
    .read = read_items, .id = name_id, .answer = answer, .refuse = refuse, .ask = ask,             \
    .receipt = receipt, .reply = reply, .acknowledged = acknowledged

const struct dialect dialect_aliyun = {
    .name = "aliyun",
    .about = "Aliyun SMS, signatures ACS3-HMAC-SHA256",
    .route = route_acs3,
    .verify = verify_acs3,
    COMMON,
};

const struct dialect dialect_aliyun_rpc = {
    .name = "aliyun-rpc",
    .about = "Aliyun SMS, signatures of the RPC style (HMAC-SHA1)",
    .route = route_rpc,
    .verify = verify_rpc,
    COMMON,
};
