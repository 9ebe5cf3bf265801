/*
 * dialect_yunpian: Yunpian v2; the API key is the only authentication.
 *
 * One verdict and one sid (a bare 64-bit number) a number. Refusals of a whole request come with HTTP 400 (unconfirmed). Receipts and
 * replies are JSON in one field of a form. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"

#define NUMBERS_MAX 1000
#define PULL_MAX 100

enum op { SINGLE, BATCH, MULTI, TPL_SINGLE, TPL_BATCH, PULL_STATUS, PULL_REPLY };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"0", "发送成功", 200, NULL},
    [FATE_FLOW] = {"-5", "访问频率超限", 400, NULL},
    [FATE_BUSY] = {"-51", "系统繁忙", 400, NULL},
    [FATE_BALANCE] = {"3", "账户余额不足", 400, NULL},
    [FATE_ACCOUNT] = {"-1", "非法的apikey", 400, NULL},
    [FATE_SIGNATURE] = {"-1", "非法的apikey", 400, NULL},
    [FATE_MALFORMED] = {"1", "请求参数缺失", 400, NULL},
    [FATE_MANY] = {"2", "请求参数格式错误", 400, NULL},
    [FATE_PATH] = {"-2", "没有权限", 404, NULL},
    [FATE_SETTING] = {"25", "短信内容与手机号个数不匹配", 400, NULL},
    [FATE_INTERNAL] = {"-50", "未知异常", 400, NULL},
    [FATE_NUMBER] = {"2", "请求参数格式错误", 400, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MK:0001"},
    [FATE_BLACK] = {"10", "手机号防骚扰名单过滤", 400, NULL},
    [FATE_CAP] = {"17", "24小时内同一手机号发送次数超过限制", 400, NULL},
    [FATE_KEYWORD] = {"4", "包含敏感词", 400, NULL},
    [FATE_UNSIGNED] = {"15", "签名不匹配", 400, NULL},
    [FATE_LONG] = {"2", "请求参数格式错误", 400, NULL},
};

static const struct setting settings[] = {
    {"base_extend", "8888", "the sender's number without extension, in replies"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    static const struct path paths[] = {{"/v2/sms/single_send.json", SINGLE, ERRAND_SUBMIT},
                                        {"/v2/sms/batch_send.json", BATCH, ERRAND_SUBMIT},
                                        {"/v2/sms/multi_send.json", MULTI, ERRAND_SUBMIT},
                                        {"/v2/sms/tpl_single_send.json", TPL_SINGLE, ERRAND_SUBMIT},
                                        {"/v2/sms/tpl_batch_send.json", TPL_BATCH, ERRAND_SUBMIT},
                                        {"/v2/sms/pull_status.json", PULL_STATUS, ERRAND_ASK},
                                        {"/v2/sms/pull_reply.json", PULL_REPLY, ERRAND_ASK},
                                        {NULL, 0, ERRAND_NONE}};

    return call_route(c, paths);
}

/* The account's name does not occur: --app is not looked at. */
static enum fate verify(struct call *c)
{
    fields_read(c->arena, &c->fields, c->r.body, c->r.len);
    return wire_same(account_secret(c->account), fields_get(&c->fields, "apikey")) ? FATE_TAKEN
                                                                                   : FATE_SIGNATURE;
}

/* multi_send: as many texts as numbers, each percent-encoded by itself, joined with commas. */
static enum fate split_texts(struct call *c, const char *texts)
{
    size_t i = 0;

    for (const char *p = texts;; p++, i++) {
        size_t len = strcspn(p, ",");
        if (i == c->n)
            return FATE_SETTING;
        c->items[i].text = wire_unpercent(c->arena, p, len, true);
        p += len;
        if (*p == '\0')
            break;
    }
    return i + 1 == c->n ? FATE_TAKEN : FATE_SETTING;
}

/* The variables are encoded once more than the form: names with #, joined with &. */
static const char *template_text(struct call *c, const char *id, const char *value)
{
    char *plain = wire_unpercent(c->arena, value, strlen(value), true);
    size_t len = strlen(id) + strlen(plain) + 2;
    char *text = arena_alloc(c->arena, len);

    snprintf(text, len, "%s%s%s", id, *plain ? " " : "", plain);
    return text;
}

static enum fate read_items(struct call *c)
{
    const struct fields *f = &c->fields;
    const char *mobile = fields_get(f, "mobile"), *text = fields_get(f, "text");
    const char *id = fields_get(f, "tpl_id"), *value = fields_get(f, "tpl_value");
    bool template = c->op == TPL_SINGLE || c->op == TPL_BATCH;
    bool single = c->op == SINGLE || c->op == TPL_SINGLE;
    struct item like = {.ref = fields_get(f, "uid"),
                        .template = template,
                        .ext = fields_get(f, "extend"),
                        .callback = fields_get(f, "callback_url")};

    if (!mobile || !*mobile || (template ? !id : !text))
        return FATE_MALFORMED;
    like.text = template ? template_text(c, id, value ? value : "") : text;
    enum fate fate = call_numbers(c, mobile, single ? 1 : NUMBERS_MAX, &like);
    if (fate == FATE_TAKEN && c->op == MULTI)
        fate = split_texts(c, text);
    return fate;
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
    buf_addf(out, "{\"http_status_code\":%d,\"code\":%s", words[fate].status, words[fate].code);
    wire_member(out, "msg", words[fate].message);
    wire_member(out, "detail",
                fate == FATE_NUMBER ? "参数 mobile 格式不正确，mobile手机号格式不正确"
                                    : words[fate].message);
    buf_adds(out, "}");
}

static void answer_item(const struct item *it, struct buf *out)
{
    bool good = it->fate == FATE_TAKEN;

    buf_addf(out, "{\"code\":%s", words[it->fate].code);
    wire_member(out, "msg", words[it->fate].message);
    buf_addf(out, ",\"count\":%d,\"fee\":%s,\"unit\":\"RMB\"", good, good ? "0.05" : "0.0");
    wire_member(out, "mobile", it->to);
    buf_addf(out, ",\"sid\":%s}", good ? it->id : "0");
}

static void answer(struct call *c, struct buf *out)
{
    size_t taken = 0;

    if (c->op == SINGLE || c->op == TPL_SINGLE) {
        if (c->items[0].fate == FATE_TAKEN) {
            answer_item(&c->items[0], out);
            return;
        }
        c->status = words[c->items[0].fate].status;
        refuse(c, c->items[0].fate, out);
        return;
    }
    for (size_t i = 0; i < c->n; i++)
        taken += c->items[i].fate == FATE_TAKEN;
    buf_addf(out, "{\"total_count\":%zu,\"total_fee\":\"%.4f\",\"unit\":\"RMB\",\"data\":[", taken,
             0.05 * (double)taken);
    for (size_t i = 0; i < c->n; i += c->step) {
        buf_adds(out, i ? "," : "");
        answer_item(&c->items[i], out);
    }
    buf_adds(out, "]}");
}

/* ---- receipts and replies, pushed and pulled ---- */

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME];
    bool good = strcmp(v->state, "DELIVRD") == 0;

    (void)a;
    buf_addf(out, "{\"sid\":%s", v->id);
    wire_member(out, "uid", v->ref ? v->ref : "");
    wire_member(out, "user_receive_time", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(out, "error_msg", report_word(v));
    wire_member(out, "error_detail", good ? "" : "失败");
    wire_member(out, "mobile", v->number);
    wire_member(out, "report_status", good ? "SUCCESS" : "FAIL");
    buf_adds(out, "}");
}

/* _sign: MD5 of the values, in the order of their sorted names, with commas, and the key. */
static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME], id[37], hex[WIRE_HEX];
    const char *base = account_value(a, "base_extend"), *ext = v->ext ? v->ext : "";
    struct buf text;

    wire_uuid((uint64_t)v->no + (UINT64_C(1) << 62), id);
    wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at);
    buf_init(&text, 65536);
    buf_addf(&text, "%s,%s,%s,%s,%s,%s,%s", base, ext, id, v->number, at, v->text,
             account_secret(a));
    wire_md5(&text, hex);
    buf_fini(&text);
    buf_adds(out, "{");
    wire_member(out, "id", id);
    wire_member(out, "mobile", v->number);
    wire_member(out, "text", v->text);
    wire_member(out, "reply_time", at);
    wire_member(out, "extend", ext);
    wire_member(out, "base_extend", base);
    wire_member(out, "_sign", hex);
    buf_adds(out, "}");
}

static void ask(struct call *c, struct buf *out)
{
    const char *size = fields_get(&c->fields, "page_size");
    size_t max = size ? strtoul(size, NULL, 10) : 20;

    if (max < 1 || max > PULL_MAX) {
        c->status = words[FATE_MANY].status;
        refuse(c, FATE_MANY, out);
        return;
    }
    buf_adds(out, "[");
    if (c->op == PULL_STATUS)
        call_take(c, RECEIPT, max, receipt, out);
    else
        call_take(c, REPLY, max, reply, out);
    buf_adds(out, "]");
}

static bool acknowledged(long status, const char *body, size_t len)
{
    while (len && (body[len - 1] == '\n' || body[len - 1] == '\r' || body[len - 1] == ' '))
        len--;
    return status == 200 &&
           ((len == 7 && memcmp(body, "SUCCESS", 7) == 0) || (len == 1 && body[0] == '0'));
}

const struct dialect dialect_yunpian = {
    .name = "yunpian",
    .about = "Yunpian v2, an API key (--secret-file)",
    .settings = settings,
    .words = words,
    .signed_texts = true,
    .abroad = true,
    .units_max = 500,
    .retry_ms = {300000, 300000, 300000},
    .frames = {{"POST", "application/x-www-form-urlencoded", 100, "[", "]", "sms_status"},
               {"POST", "application/x-www-form-urlencoded", 1, "", "", "sms_reply"}},
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
