/*
 * dialect_montnets: Montnets v2/std, form or JSON.
 *
 * One verdict and one msgid a request: a bare JSON number beyond 2^63. `content` is percent-encoded GBK (--set charset=utf-8: UTF-8, as in the
 * international guide), in JSON and in forms, there also once more by the form itself. Reports by part. All codes but 0 and -100999 are
 * unconfirmed, and so is the shape of pushes: they carry what get_rpt and get_mo would have answered. Called through the dialect's table.
 */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"

#define NUMBERS_MAX 1000
#define MULTI_MAX 100
#define PULL_MAX 500
#define ID_BASE UINT64_C(9000000000000000000) /* puts the sandbox's numbers beyond 2^63 */

enum op { SINGLE, BATCH, MULTI, GET_RPT, GET_MO };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"0", NULL, 200, NULL},
    [FATE_FLOW] = {"-100999", NULL, 200, NULL},
    [FATE_BUSY] = {"-100999", NULL, 200, NULL},
    [FATE_BALANCE] = {"-100003", NULL, 200, NULL},
    [FATE_ACCOUNT] = {"-100001", NULL, 200, NULL},
    [FATE_SIGNATURE] = {"-100001", NULL, 200, NULL},
    [FATE_MALFORMED] = {"-100004", NULL, 200, NULL},
    [FATE_MANY] = {"-100014", NULL, 200, NULL},
    [FATE_PATH] = {"-100004", NULL, 404, NULL},
    [FATE_INTERNAL] = {"-100999", NULL, 200, NULL},
    [FATE_NUMBER] = {"-100012", NULL, 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MK:0001"},
    [FATE_BLACK] = {NULL, NULL, 0, "MBBLACK"},
    [FATE_CAP] = {NULL, NULL, 0, "DB:0142"},
    [FATE_KEYWORD] = {NULL, NULL, 0, "MK:0015"},
    [FATE_LONG] = {"-100011", NULL, 200, NULL},
};

static const struct setting settings[] = {
    {"apikey", "", "lets in instead of userid and pwd; empty: the secret does"},
    {"charset", "gbk", "of content: gbk or utf-8"},
    {"spno", "10690001", "the sender's number without extension"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    static const struct path paths[] = {{"/sms/v2/std/single_send", SINGLE, ERRAND_SUBMIT},
                                        {"/sms/v2/std/send_single", SINGLE, ERRAND_SUBMIT},
                                        {"/sms/v2/std/batch_send", BATCH, ERRAND_SUBMIT},
                                        {"/sms/v2/std/send_batch", BATCH, ERRAND_SUBMIT},
                                        {"/sms/v2/std/multi_send", MULTI, ERRAND_SUBMIT},
                                        {"/sms/v2/std/send_multi", MULTI, ERRAND_SUBMIT},
                                        {"/sms/v2/std/get_rpt", GET_RPT, ERRAND_ASK},
                                        {"/sms/v2/std/get_mo", GET_MO, ERRAND_ASK},
                                        {NULL, 0, ERRAND_NONE}};

    return call_route(c, paths);
}

/* A value of the request, from its JSON or its form. NULL if it is missing or empty. */
static const char *value(const struct call *c, const char *name)
{
    if (c->root)
        return call_text(c, c->root, name);
    const char *text = fields_get(&c->fields, name);
    return text && *text ? text : NULL;
}

/* MD5 of userid, 00000000, password, timestamp; or the password in clear text. */
static bool password(const struct call *c, const char *user, const char *given)
{
    const char *stamp = value(c, "timestamp");
    char hex[WIRE_HEX];
    struct buf text;

    if (wire_same(given, account_secret(c->account)))
        return true;
    if (stamp == NULL || strlen(stamp) != 10)
        return false;
    buf_init(&text, 4096);
    buf_addf(&text, "%s00000000%s%s", user, account_secret(c->account), stamp);
    wire_md5(&text, hex);
    buf_fini(&text);
    return wire_same(hex, given);
}

static enum fate verify(struct call *c)
{
    const char *type = c->r.header(c->r.ctx, "Content-Type");
    const char *key, *mine = account_value(c->account, "apikey");

    if (type && strstr(type, "json")) {
        if (!call_json(c))
            return FATE_MALFORMED;
    } else {
        fields_read(c->arena, &c->fields, c->r.body, c->r.len);
    }
    if ((key = value(c, "apikey")) != NULL)
        return wire_same(key, *mine ? mine : account_secret(c->account)) ? FATE_TAKEN
                                                                         : FATE_SIGNATURE;
    const char *user = value(c, "userid"), *pwd = value(c, "pwd");
    if (user == NULL || strcmp(user, account_app(c->account)) != 0)
        return FATE_ACCOUNT;
    return pwd && password(c, user, pwd) ? FATE_TAKEN : FATE_SIGNATURE;
}

/* To UTF-8; NULL if it is no such text. */
static const char *converted(struct call *c, char *bytes, const char *from, const char *to)
{
    size_t left = strlen(bytes), room = 2 * left + 1;
    char *text = arena_alloc(c->arena, room + 1), *at = text;
    iconv_t cd = iconv_open(to, from);

    if (cd == (iconv_t)-1)
        panic("sandbox: iconv knows no %s", from);
    bool good = iconv(cd, &bytes, &left, &at, &room) != (size_t)-1;
    iconv_close(cd);
    return good ? text : NULL;
}

/* Percent-encoded bytes, or (from a form that encoded once) the bytes themselves. */
static const char *content(struct call *c, const char *given)
{
    bool gbk = strcmp(account_value(c->account, "charset"), "utf-8") != 0;
    bool raw = false;

    for (const char *p = given; *p; p++)
        raw = raw || (unsigned char)*p >= 0x80;
    char *bytes =
        raw ? arena_strdup(c->arena, given) : wire_unpercent(c->arena, given, strlen(given), true);
    return converted(c, bytes, gbk ? "GB18030" : "UTF-8", "UTF-8");
}

static enum fate read_entry(struct call *c, const struct json *entry, struct item *it)
{
    const char *text = call_text(c, entry, "content"), *to = call_text(c, entry, "mobile");

    *it = (struct item){.ref = call_text(c, entry, "custid"),
                        .ext = call_text(c, entry, "exno"),
                        .sign = call_text(c, entry, "exdata")};
    if (text == NULL || to == NULL || (it->text = content(c, text)) == NULL)
        return FATE_MALFORMED;
    it->given = to;
    it->to = wire_number(c->arena, to);
    return FATE_TAKEN;
}

static enum fate read_multi(struct call *c)
{
    const char *text = c->root ? NULL : value(c, "multimt");
    const struct json *list = c->root ? json_get(c->root, "multimt") : NULL;
    enum fate fate = FATE_TAKEN;
    struct err e;

    if (text)
        list = c->root = json_parse(text, strlen(text), &e);
    size_t n = list && json_type_of(list) == J_ARRAY ? json_count(list) : 0;
    if (n == 0 || n > MULTI_MAX)
        return n ? FATE_MANY : FATE_MALFORMED;
    call_items(c, n);
    for (size_t i = 0; fate == FATE_TAKEN && i < n; i++)
        fate = read_entry(c, json_item(list, i), &c->items[i]);
    return fate;
}

/* exdata comes back in reports: it travels as the item's sign, which Montnets does not have. */
static enum fate read_items(struct call *c)
{
    const char *mobile = value(c, "mobile"), *text = value(c, "content");
    struct item like = {
        .ref = value(c, "custid"), .ext = value(c, "exno"), .sign = value(c, "exdata")};

    if (c->op == MULTI)
        return read_multi(c);
    if (mobile == NULL || text == NULL || (like.text = content(c, text)) == NULL)
        return FATE_MALFORMED;
    return call_numbers(c, mobile, c->op == SINGLE ? 1 : NUMBERS_MAX, &like);
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "%llu", (unsigned long long)(ID_BASE + (uint64_t)no));
}

/* ---- answers ---- */

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    (void)c;
    buf_addf(out, "{\"result\":%s,\"msgid\":0,\"custid\":\"\"}", words[fate].code);
}

static void answer(struct call *c, struct buf *out)
{
    buf_addf(out, "{\"result\":0,\"msgid\":%s", c->items[0].id);
    wire_member(out, "custid", c->op != MULTI && c->items[0].ref ? c->items[0].ref : "");
    buf_adds(out, "}");
}

/* ---- receipts and replies ---- */

static void sender(const struct account *a, const struct report *v, struct buf *out)
{
    char number[64];

    snprintf(number, sizeof number, "%s%s", account_value(a, "spno"), v->ext ? v->ext : "");
    wire_member(out, "mobile", v->number);
    wire_member(out, "spno", number);
    wire_member(out, "exno", v->ext ? v->ext : "");
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    char sent[WIRE_TIME], at[WIRE_TIME];
    bool good = strcmp(v->state, "DELIVRD") == 0;

    buf_addf(out, "{\"msgid\":%s", v->id);
    wire_member(out, "custid", v->ref ? v->ref : "");
    buf_addf(out, ",\"pknum\":%d,\"pktotal\":%d", v->part, v->parts);
    sender(a, v, out);
    wire_member(out, "stime", wire_time(v->sent_ms, CHINA_MIN, WIRE_LOCAL, sent));
    wire_member(out, "rtime", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    buf_addf(out, ",\"status\":%d", good ? 0 : 1);
    wire_member(out, "errcode", report_word(v));
    wire_member(out, "errdesc", good ? "success" : "failure");
    wire_member(out, "exdata", v->sign ? v->sign : "");
    buf_adds(out, "}");
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    bool gbk = strcmp(account_value(a, "charset"), "utf-8") != 0;
    struct call c = {.arena = arena_new(4096)};
    char at[WIRE_TIME];
    const char *text =
        gbk ? converted(&c, arena_strdup(c.arena, v->text), "UTF-8", "GB18030") : v->text;
    struct buf coded;

    buf_init(&coded, 65536);
    wire_percent(&coded, text, strlen(text));
    buf_addf(out, "{\"msgid\":%llu", (unsigned long long)(ID_BASE + (uint64_t)v->no));
    sender(a, v, out);
    wire_member(out, "rtime", wire_time(v->at_ms, CHINA_MIN, WIRE_LOCAL, at));
    wire_member(out, "content", buf_cstr(&coded));
    buf_adds(out, "}");
    buf_fini(&coded);
    arena_free(c.arena);
}

static void ask(struct call *c, struct buf *out)
{
    const char *size = value(c, "retsize");
    size_t max = size ? strtoul(size, NULL, 10) : PULL_MAX;

    if (max < 1 || max > PULL_MAX)
        max = PULL_MAX;
    buf_addf(out, "{\"result\":0,\"%s\":[", c->op == GET_RPT ? "rpts" : "mos");
    if (c->op == GET_RPT)
        call_take(c, RECEIPT, max, receipt, out);
    else
        call_take(c, REPLY, max, reply, out);
    buf_adds(out, "]}");
}

const struct dialect dialect_montnets = {
    .name = "montnets",
    .about = "Montnets v2/std, MD5 password or API key",
    .settings = settings,
    .words = words,
    .whole = true,
    .by_part = true,
    .units_max = 1000,
    .retry_ms = {60000, 300000}, /* not documented */
    .frames = {{"POST", "application/json", 100, "{\"rpts\":[", "]}", NULL},
               {"POST", "application/json", 100, "{\"mos\":[", "]}", NULL}},
    .route = route,
    .verify = verify,
    .read = read_items,
    .id = name_id,
    .answer = answer,
    .refuse = refuse,
    .ask = ask,
    .receipt = receipt,
    .reply = reply,
    .acknowledged = acknowledged_2xx,
};
