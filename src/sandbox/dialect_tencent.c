/*
 * dialect_tencent: Tencent Cloud SMS (2021-01-11), TC3-HMAC-SHA256.
 *
 * One verdict and one SerialNo a number; partial success is normal. Every answer is HTTP 200. SessionContext comes back in receipts as `ext`.
 * Codes of caps, balance and a vacant number in receipts are partly unconfirmed. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "zhanchi/crypt.h"

#define SKEW_MS 300000
#define NUMBERS_MAX 200
#define PULL_MAX 100

enum op { SEND, PULL_STATUS, PULL_REPLY };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"Ok", "send success", 200, NULL},
    [FATE_FLOW] = {"RequestLimitExceeded", "请求的次数超过了频率限制。", 200, NULL},
    [FATE_BUSY] = {"InternalError.OtherError", "其他错误", 200, NULL},
    [FATE_BALANCE] = {"FailedOperation.InsufficientBalanceInSmsPackage", "套餐包余量不足", 200,
                      NULL},
    [FATE_ACCOUNT] = {"AuthFailure.SecretIdNotFound", "密钥不存在", 200, NULL},
    [FATE_SIGNATURE] = {"AuthFailure.SignatureFailure", "签名错误", 200, NULL},
    [FATE_CLOCK] = {"AuthFailure.SignatureExpire", "签名过期", 200, NULL},
    [FATE_SETTING] = {"InvalidParameterValue.SdkAppIdNotExist", "SdkAppId 不存在", 200, NULL},
    [FATE_MALFORMED] = {"InvalidParameter", "参数错误", 200, NULL},
    [FATE_MANY] = {"LimitExceeded.PhoneNumberCountLimit", "单次提交的手机号个数超过200个", 200,
                   NULL},
    [FATE_PATH] = {"InvalidAction", "接口不存在", 200, NULL},
    [FATE_INTERNAL] = {"InternalError", "内部错误", 200, NULL},
    [FATE_NUMBER] = {"InvalidParameterValue.IncorrectPhoneNumber", "手机号格式错误", 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MK:0001"},
    [FATE_BLACK] = {"FailedOperation.PhoneNumberInBlacklist", "手机号在免打扰名单库中", 200, NULL},
    [FATE_CAP] = {"LimitExceeded.PhoneNumberDailyLimit", "单个手机号日下发短信条数超过上限", 200,
                  NULL},
    [FATE_KEYWORD] = {"FailedOperation.ContainSensitiveWord", "短信内容中含有敏感词", 200, NULL},
    [FATE_UNSIGNED] = {"FailedOperation.SignatureIncorrectOrUnapproved", "签名未审批或格式错误",
                       200, NULL},
    [FATE_LONG] = {"InvalidParameterValue.ContentLengthLimit", "请求的短信内容太长", 200, NULL},
};

static const char *const refusals[] = {"T",     "t",  "N",  "TD",   "td", "退订",
                                       "T退订", "QX", "qx", "0000", NULL};

static const struct setting settings[] = {
    {"SmsSdkAppId", "", "the application; empty: any"},
    {"ext", "yes", "no: SessionContext is not activated and does not come back"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    static const char *const actions[] = {"SendSms", "PullSmsSendStatus", "PullSmsReplyStatus"};
    const char *action = c->r.header(c->r.ctx, "X-TC-Action");

    if (action == NULL || strcmp(c->r.path, "/") != 0 || strcmp(c->r.method, "POST") != 0)
        return ERRAND_NONE;
    for (c->op = SEND; c->op <= PULL_REPLY; c->op++)
        if (strcmp(action, actions[c->op]) == 0)
            return c->op == SEND ? ERRAND_SUBMIT : ERRAND_ASK;
    return ERRAND_NONE;
}

/* The chain of keys: date, service, tc3_request. */
static void chain(uint8_t key[CRYPT_HASH_BYTES], const char *text)
{
    uint8_t from[CRYPT_HASH_BYTES];

    memcpy(from, key, sizeof from);
    crypt_hmac_sha256(from, sizeof from, text, strlen(text), key);
}

static bool signature(const struct call *c, const char *stamp, const char *date, const char *list,
                      char hex[WIRE_HEX])
{
    uint8_t key[CRYPT_HASH_BYTES], digest[CRYPT_HASH_BYTES];
    char first[300];
    struct buf text;

    buf_init(&text, 65536);
    buf_addf(&text, "%s\n%s\n%s\n", c->r.method, c->r.path, c->r.query);
    bool whole = wire_headers(&c->r, list, &text);
    wire_sha256(c->r.body, c->r.len, hex);
    buf_addf(&text, "\n%s\n%s", list, hex);
    wire_sha256(buf_cstr(&text), text.len, hex);
    buf_reset(&text);
    buf_addf(&text, "TC3-HMAC-SHA256\n%s\n%s/sms/tc3_request\n%s", stamp, date, hex);
    snprintf(first, sizeof first, "TC3%s", account_secret(c->account));
    crypt_hmac_sha256(first, strlen(first), date, strlen(date), key);
    chain(key, "sms");
    chain(key, "tc3_request");
    crypt_hmac_sha256(key, sizeof key, buf_cstr(&text), text.len, digest);
    crypt_hex(digest, sizeof digest, hex);
    buf_fini(&text);
    return whole;
}

static enum fate verify(struct call *c)
{
    const struct request *r = &c->r;
    const char *given = r->header(r->ctx, "Authorization");
    const char *stamp = r->header(r->ctx, "X-TC-Timestamp");
    char hex[WIRE_HEX], date[WIRE_TIME], scope[512];

    if (!given || !stamp || strncmp(given, "TC3-HMAC-SHA256 ", 16) != 0)
        return FATE_SIGNATURE;
    int64_t at_ms = wire_seconds(stamp);
    const char *credential = wire_attribute(c->arena, given, "Credential");
    const char *list = wire_attribute(c->arena, given, "SignedHeaders");
    wire_time(at_ms, 0, "%Y-%m-%d", date);
    size_t key_len = credential ? strcspn(credential, "/") : 0;
    if (credential == NULL || strlen(account_app(c->account)) != key_len ||
        strncmp(credential, account_app(c->account), key_len) != 0)
        return FATE_ACCOUNT;
    snprintf(scope, sizeof scope, "/%s/sms/tc3_request", date);
    if (strcmp(credential + key_len, scope) != 0 || list == NULL || !wire_lists(list, "host") ||
        !wire_lists(list, "content-type") || !signature(c, stamp, date, list, hex) ||
        !wire_same(hex, wire_attribute(c->arena, given, "Signature")))
        return FATE_SIGNATURE;
    return at_ms < c->now_ms - SKEW_MS || at_ms > c->now_ms + SKEW_MS ? FATE_CLOCK : FATE_TAKEN;
}

static bool texts_only(const struct json *list)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (json_type_of(json_item(list, i)) != J_STRING)
            return false;
    return true;
}

static const char *content(struct call *c, const char *template, const struct json *params)
{
    struct buf b;

    buf_init(&b, 1U << 20);
    buf_adds(&b, template);
    if (params && json_count(params)) {
        buf_addc(&b, ' ');
        wire_json(&b, params);
    }
    char *text = arena_memdup(c->arena, buf_cstr(&b), b.len);
    buf_fini(&b);
    return text;
}

static enum fate read_items(struct call *c)
{
    if (!call_json(c))
        return FATE_MALFORMED;
    const struct json *numbers = json_get(c->root, "PhoneNumberSet");
    const struct json *params = json_get(c->root, "TemplateParamSet");
    const char *template = call_text(c, c->root, "TemplateId");
    struct item like = {.ref = call_text(c, c->root, "SessionContext"),
                        .sign = call_text(c, c->root, "SignName"),
                        .ext = call_text(c, c->root, "ExtendCode")};
    size_t n = numbers && json_type_of(numbers) == J_ARRAY ? json_count(numbers) : 0;

    if (n == 0 || template == NULL || !texts_only(numbers) ||
        !call_text(c, c->root, "SmsSdkAppId") ||
        (params && (json_type_of(params) != J_ARRAY || !texts_only(params))))
        return FATE_MALFORMED;
    if (n > NUMBERS_MAX)
        return FATE_MANY;
    if (!call_setting(c, "SmsSdkAppId", call_text(c, c->root, "SmsSdkAppId")))
        return FATE_SETTING;
    like.text = content(c, template, params);
    call_items(c, n);
    for (size_t i = 0; i < n; i++) {
        c->items[i] = like;
        c->items[i].given = json_text(json_item(numbers, i), NULL);
        c->items[i].to = wire_number(c->arena, c->items[i].given);
        if (like.sign == NULL && c->items[i].to[0] != '+') /* domestic ones need it */
            c->items[i].fate = FATE_UNSIGNED;
    }
    return FATE_TAKEN;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "2640:%lld", (long long)no);
}

/* ---- answers ---- */

/* +86 in front of a mainland number; others as they are. */
static const char *abroad(const char *number, char out[32])
{
    snprintf(out, 32, "%s%s", *number == '+' || strlen(number) != 11 ? "" : "+86", number);
    return out;
}

static void end(const struct call *c, struct buf *out)
{
    char id[37];

    buf_addf(out, ",\"RequestId\":\"%s\"}}", wire_uuid(c->order, id));
}

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    buf_adds(out, "{\"Response\":{\"Error\":{");
    wire_member(out, "Code", words[fate].code);
    wire_member(out, "Message", words[fate].message);
    buf_adds(out, "}");
    end(c, out);
}

static void answer(struct call *c, struct buf *out)
{
    char number[32];

    buf_adds(out, "{\"Response\":{\"SendStatusSet\":[");
    for (size_t i = 0; i < c->n; i += c->step) {
        const struct item *it = &c->items[i];
        bool good = it->fate == FATE_TAKEN;
        buf_adds(out, i ? ",{" : "{");
        wire_member(out, "SerialNo", good ? it->id : "");
        wire_member(out, "PhoneNumber", abroad(it->to, number));
        buf_addf(out, ",\"Fee\":%d", good);
        wire_member(out, "SessionContext", it->ref ? it->ref : "");
        wire_member(out, "Code", words[it->fate].code);
        wire_member(out, "Message", words[it->fate].message);
        wire_member(out, "IsoCode", good ? "CN" : "");
        buf_adds(out, "}");
    }
    buf_adds(out, "]");
    end(c, out);
}

/* ---- pulls: taken once, like a message queue ---- */

static void pulled_status(const struct account *a, const struct report *v, struct buf *out)
{
    char number[32];
    bool good = strcmp(v->state, "DELIVRD") == 0;

    buf_addf(out, "{\"UserReceiveTime\":%lld", (long long)(v->at_ms / 1000));
    wire_member(out, "CountryCode", "86");
    wire_member(out, "SubscriberNumber", v->number);
    wire_member(out, "PhoneNumber", abroad(v->number, number));
    wire_member(out, "SerialNo", v->id);
    wire_member(out, "ReportStatus", good ? "SUCCESS" : "FAIL");
    wire_member(out, "Description", report_word(v));
    wire_member(out, "SessionContext",
                v->ref && strcmp(account_value(a, "ext"), "yes") == 0 ? v->ref : "");
    buf_adds(out, "}");
}

static void pulled_reply(const struct account *a, const struct report *v, struct buf *out)
{
    char number[32];

    (void)a;
    buf_adds(out, "{");
    wire_member(out, "ExtendCode", v->ext ? v->ext : "");
    wire_member(out, "CountryCode", "86");
    wire_member(out, "PhoneNumber", abroad(v->number, number));
    wire_member(out, "SignName", v->sign ? v->sign : "");
    wire_member(out, "ReplyContent", v->text);
    buf_addf(out, ",\"ReplyTime\":%lld", (long long)(v->at_ms / 1000));
    wire_member(out, "SubscriberNumber", v->number);
    buf_adds(out, "}");
}

static void ask(struct call *c, struct buf *out)
{
    bool status = c->op == PULL_STATUS;
    const char *limit = call_json(c) ? call_text(c, c->root, "Limit") : NULL;
    size_t max = limit ? strtoul(limit, NULL, 10) : 0;

    if (max < 1 || max > PULL_MAX) {
        refuse(c, FATE_MALFORMED, out);
        return;
    }
    buf_addf(out, "{\"Response\":{\"%s\":[",
             status ? "PullSmsSendStatusSet" : "PullSmsReplyStatusSet");
    call_take(c, status ? RECEIPT : REPLY, max, status ? pulled_status : pulled_reply, out);
    buf_adds(out, "]");
    end(c, out);
}

/* ---- callbacks ---- */

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME];
    bool good = strcmp(v->state, "DELIVRD") == 0;

    buf_adds(out, "{");
    wire_member(out, "user_receive_time", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(out, "nationcode", "86");
    wire_member(out, "mobile", v->number);
    wire_member(out, "report_status", good ? "SUCCESS" : "FAIL");
    wire_member(out, "errmsg", report_word(v));
    wire_member(out, "description", good ? "用户短信送达成功" : "用户短信送达失败");
    wire_member(out, "sid", v->id);
    if (strcmp(account_value(a, "ext"), "yes") == 0)
        wire_member(out, "ext", v->ref);
    buf_adds(out, "}");
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    (void)a;
    buf_adds(out, "{");
    wire_member(out, "extend", v->ext ? v->ext : "");
    wire_member(out, "mobile", v->number);
    wire_member(out, "nationcode", "86");
    wire_member(out, "sign", v->sign ? v->sign : "");
    wire_member(out, "text", v->text);
    buf_addf(out, ",\"time\":%lld}", (long long)(v->at_ms / 1000));
}

static bool acknowledged(long status, const char *body, size_t len)
{
    return acknowledged_json(status, body, len, "result", "0");
}

const struct dialect dialect_tencent = {
    .name = "tencent",
    .about = "Tencent Cloud SMS, signatures TC3-HMAC-SHA256",
    .settings = settings,
    .words = words,
    .abroad = true,
    .units_max = 500,
    .refusals = refusals,
    .retry_ms = {60000, 60000}, /* two more tries; their pauses are not documented */
    .frames = {{"POST", "application/json", 100, "[", "]", NULL},
               {"POST", "application/json", 1, "", "", NULL}},
    .route = route,
    .verify = verify,
    .read = read_items,
    .id = name_id,
    .answer = answer,
    .refuse = refuse,
    .ask = ask,
    .receipt = receipt,
    .reply = reply,
    .acknowledged = acknowledged,
};
