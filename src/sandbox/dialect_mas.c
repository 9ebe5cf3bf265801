/*
 * dialect_mas: China Mobile cloud MAS over HTTP. The body is the Base64 text of a JSON object, bare or as a JSON string.
 *
 * One verdict and one msgGroup a request; the client has no reference of its own. All answers are HTTP 200. The form of pulls (a JSON array),
 * many-to-many texts, the codes for a wrong secret of a pull and for no balance are unconfirmed. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "zhanchi/crypt.h"

#define NUMBERS_MAX 5000
#define MANY_TO_MANY_MAX 1000
#define PULL_MAX 500
#define TEXT_MAX (1U << 20)

enum op { NORSUBMIT, TMPSUBMIT, PULL_REPORT, PULL_DELIVER };

static const struct word words[FATES] = {
    [FATE_TAKEN] = {"success", NULL, 200, NULL},
    [FATE_FLOW] = {"FlowOverLimit", NULL, 200, NULL},
    [FATE_BUSY] = {"SystemBusy", NULL, 200, NULL},
    [FATE_BALANCE] = {"IllegalState", NULL, 200, NULL},
    [FATE_ACCOUNT] = {"InvalidUsrOrPwd", NULL, 200, NULL},
    [FATE_SIGNATURE] = {"IllegalMac", NULL, 200, NULL},
    [FATE_SETTING] = {"NoSignId", NULL, 200, NULL},
    [FATE_MALFORMED] = {"InvalidMessage", NULL, 200, NULL},
    [FATE_MANY] = {"TooManyMobiles", NULL, 200, NULL},
    [FATE_PATH] = {"IllegalProtocol", NULL, 404, NULL},
    [FATE_INTERNAL] = {"InternalError", NULL, 200, NULL},
    [FATE_NUMBER] = {"InvalidMobile", NULL, 200, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "MK:0001"},
    [FATE_BLACK] = {NULL, NULL, 0, "DB:0144"},
    [FATE_CAP] = {NULL, NULL, 0, "DB:0142"},
    [FATE_KEYWORD] = {NULL, NULL, 0, "MK:0015"},
    [FATE_LONG] = {"InvalidMessage", NULL, 200, NULL},
};

static const struct setting settings[] = {
    {"ecName", "", "the enterprise's name; empty: any"},
    {"sign", "", "the code of the signature; empty: any"},
    {"delivered", "CM:0000", "reportStatus of a delivered text; sources also have DELIVRD"},
    {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    static const struct path paths[] = {
        {"/sms/norsubmit", NORSUBMIT, ERRAND_SUBMIT}, {"/sms/submit", NORSUBMIT, ERRAND_SUBMIT},
        {"/sms/tmpsubmit", TMPSUBMIT, ERRAND_SUBMIT}, {"/sms/report", PULL_REPORT, ERRAND_ASK},
        {"/sms/deliver", PULL_DELIVER, ERRAND_ASK},   {NULL, 0, ERRAND_NONE}};

    return call_route(c, paths);
}

/* Base64, bare or as a JSON string, blanks around; then JSON. */
static bool decode(struct call *c)
{
    const char *text = c->r.body;
    size_t len = c->r.len;
    struct json *quoted = NULL;
    struct err e;

    if (len && text[0] == '"') {
        quoted = json_parse(text, len, &e);
        text = quoted && json_type_of(quoted) == J_STRING ? json_text(quoted, NULL) : "";
        len = strlen(text);
    }
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    uint8_t *plain = arena_alloc(c->arena, len + 1);
    int n = crypt_unbase64(text, len, plain, len + 1);
    json_free(quoted);
    c->root = n > 0 ? json_parse((const char *)plain, (size_t)n, &e) : NULL;
    return c->root && json_type_of(c->root) == J_OBJECT;
}

static const char *value(const struct call *c, const char *key)
{
    const char *text = call_text(c, c->root, key);

    return text ? text : "";
}

static bool has(const struct call *c, const char *key)
{
    const struct json *v = json_get(c->root, key);

    return v && json_type_of(v) == J_STRING;
}

/* MD5 over the values in their order; the secret is in it, though not in the JSON. */
static void mac(const struct call *c, char hex[WIRE_HEX])
{
    struct buf text;

    buf_init(&text, 2 * TEXT_MAX);
    buf_addf(&text, "%s%s%s", value(c, "ecName"), value(c, "apId"), account_secret(c->account));
    if (c->op == TMPSUBMIT)
        buf_addf(&text, "%s%s%s", value(c, "templateId"), value(c, "mobiles"), value(c, "params"));
    else
        buf_addf(&text, "%s%s", value(c, "mobiles"), value(c, "content"));
    buf_addf(&text, "%s%s", value(c, "sign"), value(c, "addSerial"));
    wire_md5(&text, hex);
    buf_fini(&text);
}

static enum fate verify(struct call *c)
{
    char hex[WIRE_HEX];

    if (!decode(c))
        return FATE_MALFORMED;
    if (strcmp(value(c, "apId"), account_app(c->account)) != 0 ||
        !call_setting(c, "ecName", value(c, "ecName")))
        return FATE_ACCOUNT;
    if (c->op >= PULL_REPORT)
        return wire_same(value(c, "secretKey"), account_secret(c->account)) ? FATE_TAKEN
                                                                            : FATE_ACCOUNT;
    mac(c, hex);
    if (!wire_same(hex, value(c, "mac")))
        return FATE_SIGNATURE;
    return call_setting(c, "sign", value(c, "sign")) ? FATE_TAKEN : FATE_SETTING;
}

/* `content` is a JSON map, number to text, and `mobiles` is empty. */
static enum fate read_map(struct call *c, const struct item *like)
{
    const char *content = value(c, "content");
    const struct json *text;
    const char *number;
    void *iter = NULL;
    struct err e;
    struct json *map = json_parse(content, strlen(content), &e);
    enum fate fate = FATE_TAKEN;

    if (map == NULL || json_type_of(map) != J_OBJECT || json_count(map) == 0)
        fate = FATE_MALFORMED;
    else if (json_count(map) >= MANY_TO_MANY_MAX)
        fate = FATE_MANY;
    else
        call_items(c, json_count(map));
    for (size_t i = 0; fate == FATE_TAKEN && json_each(map, &iter, &number, &text); i++) {
        c->items[i] = *like;
        c->items[i].given = arena_strdup(c->arena, number);
        c->items[i].to = wire_number(c->arena, c->items[i].given);
        if (json_type_of(text) != J_STRING)
            fate = FATE_MALFORMED;
        else
            c->items[i].text = arena_strdup(c->arena, json_text(text, NULL));
    }
    json_free(map);
    return fate;
}

static enum fate read_items(struct call *c)
{
    const char *mobiles = value(c, "mobiles"), *params = value(c, "params");
    struct item like = {
        .ext = value(c, "addSerial"), .sign = value(c, "sign"), .text = value(c, "content")};

    if (!has(c, "mobiles") || !has(c, "sign") || !has(c, "addSerial"))
        return FATE_MALFORMED;
    if (c->op == TMPSUBMIT) {
        size_t len = strlen(value(c, "templateId")) + strlen(params) + 2;
        char *text = arena_alloc(c->arena, len);
        if (!has(c, "templateId") || !has(c, "params") || !json_valid(params, strlen(params)))
            return FATE_MALFORMED;
        snprintf(text, len, "%s %s", value(c, "templateId"), params);
        like.text = text;
    } else if (!has(c, "content")) {
        return FATE_MALFORMED;
    } else if (*mobiles == '\0') {
        return read_map(c, &like);
    }
    return call_numbers(c, mobiles, NUMBERS_MAX, &like);
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "%022lld", (long long)no);
}

/* ---- answers ---- */

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    (void)c;
    buf_addf(out, "{\"msgGroup\":\"\",\"rspcod\":\"%s\",\"success\":false}", words[fate].code);
}

/* `success` is a boolean in the guide and a text in the field: both come. */
static void answer(struct call *c, struct buf *out)
{
    const char *quote = c->items[0].no % 2 ? "" : "\"";

    buf_addf(out, "{\"msgGroup\":\"%s\",\"rspcod\":\"success\",\"success\":%strue%s}",
             c->items[0].id, quote, quote);
}

/* ---- receipts and replies ---- */

static void receipt_members(const struct account *a, const struct report *v, bool list,
                            struct buf *out)
{
    char sent[WIRE_TIME], at[WIRE_TIME];
    bool good = strcmp(v->state, "DELIVRD") == 0;
    const char *word = report_word(v);

    buf_adds(out, "{");
    wire_member(out, "msgGroup", v->id);
    if (list)
        buf_addf(out, ",\"mobile\":[\"%s\"]", v->number);
    else
        wire_member(out, "mobile", v->number);
    wire_member(out, "reportStatus", good ? account_value(a, "delivered") : word);
    wire_member(out, "errorCode", word);
    wire_member(out, "submitDate", wire_time(v->sent_ms, CHINA_MIN, "%Y%m%d%H%M%S", sent));
    wire_member(out, "receiveDate", wire_time(v->at_ms, CHINA_MIN, "%Y%m%d%H%M%S", at));
    buf_adds(out, "}");
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    receipt_members(a, v, false, out);
}

static void pulled_receipt(const struct account *a, const struct report *v, struct buf *out)
{
    receipt_members(a, v, true, out);
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char at[WIRE_TIME];

    (void)a;
    buf_adds(out, "{");
    wire_member(out, "mobile", v->number);
    wire_member(out, "smsContent", v->text);
    wire_member(out, "sendTime", wire_time(v->at_ms, CHINA_MIN, "%Y%m%d%H%M%S", at));
    wire_member(out, "addSerial", v->ext ? v->ext : "");
    buf_adds(out, "}");
}

static void ask(struct call *c, struct buf *out)
{
    buf_adds(out, "[");
    if (c->op == PULL_REPORT)
        call_take(c, RECEIPT, PULL_MAX, pulled_receipt, out);
    else
        call_take(c, REPLY, PULL_MAX, reply, out);
    buf_adds(out, "]");
}

const struct dialect dialect_mas = {
    .name = "mas",
    .about = "China Mobile cloud MAS, MD5 mac",
    .settings = settings,
    .words = words,
    .whole = true,
    .units_max = 1000,
    .retry_ms = {60000, 300000}, /* not documented */
    .frames = {{"POST", "application/json", 1, "", "", NULL},
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
    .acknowledged = acknowledged_2xx,
};
