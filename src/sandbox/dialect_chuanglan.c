/*
 * dialect_chuanglan: Chuanglan (253), account and password in the body.
 *
 * One verdict and one msgId a request; a malformed number spoils all of it (107). Receipts and replies come as GET with a query. No
 * receipt unless the request said "report":"true". Field names of replies and of pulls are unconfirmed. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"

#define NUMBERS_MAX 50000 /* 1000 in the blog, 50,000 in the older list of codes */
#define PULL_MAX 100
#define PULL_MIN 20

enum op { SEND, VARIABLE, PULL_REPORT, PULL_MO };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"0", "", 200, NULL},
    [FATE_FLOW] = {"103", "提交过快", 200, NULL},
    [FATE_BUSY] = {"104", "系统忙", 200, NULL},
    [FATE_BALANCE] = {"109", "无发送额度", 200, NULL},
    [FATE_ACCOUNT] = {"101", "无此用户", 200, NULL},
    [FATE_SIGNATURE] = {"102", "密码错", 200, NULL},
    [FATE_SETTING] = {"121", "report参数错误", 200, NULL},
    [FATE_MALFORMED] = {"123", "发送类型错误", 200, NULL},
    [FATE_MANY] = {"108", "手机号码个数错", 200, NULL},
    [FATE_PATH] = {"118", "用户没有相应的发送权限", 404, NULL},
    [FATE_INTERNAL] = {"104", "系统忙", 200, NULL},
    [FATE_NUMBER] = {"107", "包含错误的手机号码", 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MK:0001"},
    [FATE_BLACK] = {NULL, NULL, 0, "MBBLACK"},
    [FATE_CAP] = {NULL, NULL, 0, "DB:0142"},
    [FATE_KEYWORD] = {"105", "敏感短信", 200, NULL},
    [FATE_UNSIGNED] = {"116", "签名不合法或未带签名", 200, NULL},
    [FATE_LONG] = {"106", "消息长度错", 200, NULL},
};

static const struct setting settings[] = {
    {"receiver", "", "goes with every callback, a shared secret"},
    {"pswd", "", "the same"},
    {"spCode", "10690001", "the sender's number without extension, in replies"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    static const struct path paths[] = {{"/msg/v1/send/json", SEND, ERRAND_SUBMIT},
                                        {"/msg/send/json", SEND, ERRAND_SUBMIT},
                                        {"/msg/v1/variable/json", VARIABLE, ERRAND_SUBMIT},
                                        {"/msg/variable/json", VARIABLE, ERRAND_SUBMIT},
                                        {"/msg/pull/report", PULL_REPORT, ERRAND_ASK},
                                        {"/msg/pull/mo", PULL_MO, ERRAND_ASK},
                                        {NULL, 0, ERRAND_NONE}};

    return call_route(c, paths);
}

static enum fate verify(struct call *c)
{
    const char *account, *password;

    if (!call_json(c))
        return FATE_MALFORMED;
    account = call_text(c, c->root, "account");
    password = call_text(c, c->root, "password");
    if (account == NULL || strcmp(account, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    return wire_same(password, account_secret(c->account)) ? FATE_TAKEN : FATE_SIGNATURE;
}

/* The text with its variables, {$...} each, in their order; what is left over of either stays out. */
static const char *rendered(struct call *c, const char *msg, const char *values)
{
    struct buf b;

    buf_init(&b, 65536);
    while (*msg) {
        const char *close = strncmp(msg, "{$", 2) == 0 ? strchr(msg, '}') : NULL;
        if (close == NULL) {
            buf_addc(&b, *msg++);
            continue;
        }
        size_t len = strcspn(values, ",");
        buf_add(&b, values, len);
        values += len + (values[len] == ',');
        msg = close + 1;
    }
    char *text = arena_memdup(c->arena, buf_cstr(&b), b.len);
    buf_fini(&b);
    return text;
}

/* number,var1,var2;number,var1,var2 */
static enum fate read_groups(struct call *c, const char *params, const struct item *like)
{
    size_t n = 1;

    for (const char *p = params; *p; p++)
        n += *p == ';' && p[1] != '\0';
    if (n > NUMBERS_MAX)
        return FATE_MANY;
    call_items(c, n);
    for (size_t i = 0; i < n; i++, params += *params == ';') {
        size_t len = strcspn(params, ";");
        char *group = arena_memdup(c->arena, params, len);
        size_t number = strcspn(group, ",");
        c->items[i] = *like;
        c->items[i].text = rendered(c, like->text, group + number + (group[number] == ','));
        c->items[i].given = arena_memdup(c->arena, group, number);
        c->items[i].to = wire_number(c->arena, c->items[i].given);
        params += len;
    }
    return FATE_TAKEN;
}

static enum fate read_items(struct call *c)
{
    const char *report = call_text(c, c->root, "report"), *msg = call_text(c, c->root, "msg");
    const char *phone = call_text(c, c->root, "phone"), *params = call_text(c, c->root, "params");
    struct item like = {.ref = call_text(c, c->root, "uid"),
                        .ext = call_text(c, c->root, "extend"),
                        .text = msg,
                        .silent = report == NULL || strcmp(report, "true") != 0};

    if (report && strcmp(report, "true") != 0 && strcmp(report, "false") != 0)
        return FATE_SETTING;
    if (msg == NULL)
        return FATE_LONG;
    if (c->op == VARIABLE)
        return params ? read_groups(c, params, &like) : FATE_MANY;
    return phone ? call_numbers(c, phone, NUMBERS_MAX, &like) : FATE_MANY;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "%lld", (long long)no);
}

/* ---- answers ---- */

static void say(const struct call *c, enum fate fate, const char *id, struct buf *out)
{
    char at[WIRE_TIME];

    buf_adds(out, "{");
    wire_member(out, "code", words[fate].code);
    wire_member(out, "msgId", id);
    wire_member(out, "errorMsg", words[fate].message);
    wire_member(out, "time", wire_time(c->now_ms, CHINA_MIN, "%Y%m%d%H%M%S", at));
}

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    say(c, fate, "", out);
    buf_adds(out, "}");
}

static void answer(struct call *c, struct buf *out)
{
    char n[24];

    say(c, FATE_TAKEN, c->items[0].id, out);
    if (c->op == VARIABLE) {
        snprintf(n, sizeof n, "%zu", c->n);
        wire_member(out, "failNum", "0");
        wire_member(out, "successNum", n);
    }
    buf_adds(out, "}");
}

/* ---- receipts and replies: the same members, pushed in a query and pulled as JSON ---- */

typedef void member_fn(struct buf *out, const char *name, const char *value);

static void receipt_members(const struct report *v, member_fn *add, struct buf *out)
{
    char at[WIRE_TIME], notify[WIRE_TIME], length[16];
    bool good = strcmp(v->state, "DELIVRD") == 0;

    snprintf(length, sizeof length, "%d", v->parts);
    add(out, "msgid", v->id);
    add(out, "reportTime", wire_time(v->at_ms, CHINA_MIN, "%y%m%d%H%M", at));
    add(out, "mobile", v->number);
    add(out, "status", report_word(v));
    add(out, "notifyTime", wire_time(v->at_ms, CHINA_MIN, "%y%m%d%H%M%S", notify));
    add(out, "statusDesc", good ? "短信发送成功" : "短信发送失败");
    add(out, "length", length);
    add(out, "uid", v->ref ? v->ref : "");
}

static void reply_members(const struct account *a, const struct report *v, member_fn *add,
                          struct buf *out)
{
    char at[WIRE_TIME], code[64];

    snprintf(code, sizeof code, "%s%s", account_value(a, "spCode"), v->ext ? v->ext : "");
    add(out, "moTime", wire_time(v->at_ms, CHINA_MIN, "%y%m%d%H%M", at));
    add(out, "destcode", code);
    add(out, "mobile", v->number);
    add(out, "spCode", account_value(a, "spCode"));
    add(out, "msg", v->text);
    add(out, "isems", "0");
    add(out, "emshead", "");
}

static void shared_secret(const struct account *a, struct buf *out)
{
    wire_form(out, "receiver", account_value(a, "receiver"));
    wire_form(out, "pswd", account_value(a, "pswd"));
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    shared_secret(a, out);
    receipt_members(v, wire_form, out);
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    shared_secret(a, out);
    reply_members(a, v, wire_form, out);
}

static void pulled_receipt(const struct account *a, const struct report *v, struct buf *out)
{
    (void)a;
    buf_adds(out, "{");
    receipt_members(v, wire_member, out);
    buf_adds(out, "}");
}

static void pulled_reply(const struct account *a, const struct report *v, struct buf *out)
{
    buf_adds(out, "{");
    reply_members(a, v, wire_member, out);
    buf_adds(out, "}");
}

static void ask(struct call *c, struct buf *out)
{
    const char *count = call_text(c, c->root, "count");
    size_t max = count ? strtoul(count, NULL, 10) : PULL_MIN;

    if (max < PULL_MIN || max > PULL_MAX) {
        buf_adds(out, "{\"ret\":\"1\",\"error\":\"count\",\"result\":[]}");
        return;
    }
    buf_adds(out, "{\"ret\":\"0\",\"error\":\"\",\"result\":[");
    if (c->op == PULL_REPORT)
        call_take(c, RECEIPT, max, pulled_receipt, out);
    else
        call_take(c, REPLY, max, pulled_reply, out);
    buf_adds(out, "]}");
}

static bool acknowledged(long status, const char *body, size_t len)
{
    return acknowledged_json(status, body, len, "clcode", "000000");
}

const struct dialect dialect_chuanglan = {
    .name = "chuanglan",
    .about = "Chuanglan (253), account and password in the body",
    .settings = settings,
    .words = words,
    .whole = true,
    .signed_texts = true,
    .units_max = 536,
    .retry_ms = {60000, 60000},
    .frames = {{"GET", NULL, 1, "", "", NULL}, {"GET", NULL, 1, "", "", NULL}},
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
