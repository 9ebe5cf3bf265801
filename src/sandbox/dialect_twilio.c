/*
 * dialect_twilio: Twilio Messages, HTTP Basic.
 *
 * One recipient a request. The first state (queued, or accepted with a MessagingServiceSid) is in the answer; each later one is a signed callback of its
 * own. The client's reference is the value of `ref`, else of the first parameter, in the query of StatusCallback. The fields of answers and callbacks
 * and HTTP 201 are unconfirmed. Called through the dialect's table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dialect.h"
#include "digest.h"
#include "zhanchi/crypt.h"

#define VERSION "2010-04-01"

static const struct word words[FATES] = {
    [FATE_TAKEN] = {NULL, NULL, 201, NULL},
    [FATE_FLOW] = {"20429", "Too many requests", 429, NULL},
    [FATE_BUSY] = {"20503", "Service unavailable", 503, NULL},
    [FATE_BALANCE] = {"20005", "Account is not active", 401, NULL},
    [FATE_ACCOUNT] = {"20003", "Authenticate", 401, NULL},
    [FATE_SIGNATURE] = {"20003", "Authenticate", 401, NULL},
    [FATE_SETTING] = {"21606", "The 'From' phone number is not a valid sender", 400, NULL},
    [FATE_MALFORMED] = {"21602", "Message body is required.", 400, NULL},
    [FATE_PATH] = {"20404", "The requested resource was not found", 404, NULL},
    [FATE_INTERNAL] = {"20500", "Internal server error", 500, NULL},
    [FATE_NUMBER] = {"21211", "The 'To' number is not a valid phone number.", 400, NULL},
    [FATE_VACANT] = {NULL, NULL, 0, "30005"},
    [FATE_BLACK] = {"21610", "Attempt to send to unsubscribed recipient", 400, NULL},
    [FATE_CAP] = {"20429", "Too many requests", 429, NULL},
    [FATE_KEYWORD] = {NULL, NULL, 0, "30007"},
    [FATE_LONG] = {"21617", "The concatenated message body exceeds the 1600 character limit.", 400,
                   NULL},
};

static const char *const carrier[][2] = {
    {"MK:0001", "30005"}, {"MK:0005", "30003"}, {"DB:0142", "30003"}, {"MK:0015", "30007"},
    {"IC:0151", "30008"}, {"KEYWORD", "30007"}, {"", "30003"},        {NULL, NULL}};

static const char *const steps[] = {"queued", "sent", NULL};
static const char *const refusals[] = {"STOP", "stop", "Stop", "UNSUBSCRIBE", "END", "QUIT", NULL};

static const struct setting settings[] = {{"From", "", "the sender's number; empty: any"},
                                          {NULL, NULL, NULL}};

/* ---- requests ---- */

static enum errand route(struct call *c)
{
    char path[512];

    snprintf(path, sizeof path, "/" VERSION "/Accounts/%s/Messages.json", account_app(c->account));
    return strcmp(c->r.path, path) == 0 && strcmp(c->r.method, "POST") == 0 ? ERRAND_SUBMIT
                                                                            : ERRAND_NONE;
}

static enum fate verify(struct call *c)
{
    const char *given = c->r.header(c->r.ctx, "Authorization");
    struct buf plain, mine;

    buf_init(&plain, 1024);
    buf_init(&mine, 2048);
    buf_addf(&plain, "%s:%s", account_app(c->account), account_secret(c->account));
    buf_adds(&mine, "Basic ");
    crypt_base64(buf_cstr(&plain), plain.len, &mine);
    bool good = wire_same(buf_cstr(&mine), given);
    buf_fini(&plain);
    buf_fini(&mine);
    return good ? FATE_TAKEN : FATE_SIGNATURE;
}

static const char *reference(struct call *c, const char *callback)
{
    const char *query = callback ? strchr(callback, '?') : NULL;
    struct fields f = {0};

    if (query == NULL)
        return NULL;
    fields_read(c->arena, &f, query + 1, strcspn(query + 1, "#"));
    const char *ref = fields_get(&f, "ref");
    return ref ? ref : f.n ? f.v[0].value : NULL;
}

static enum fate read_items(struct call *c)
{
    fields_read(c->arena, &c->fields, c->r.body, c->r.len);
    const char *to = fields_get(&c->fields, "To"), *body = fields_get(&c->fields, "Body");
    const char *from = fields_get(&c->fields, "From");
    const char *service = fields_get(&c->fields, "MessagingServiceSid");
    const char *callback = fields_get(&c->fields, "StatusCallback");

    if (to == NULL || body == NULL || *body == '\0' || (from == NULL && service == NULL))
        return FATE_MALFORMED;
    if (from && !call_setting(c, "From", from))
        return FATE_SETTING;
    call_items(c, 1);
    c->items[0] = (struct item){.ref = reference(c, callback),
                                .to = wire_number(c->arena, to),
                                .given = to,
                                .text = body,
                                .ext = from,
                                .sign = service,
                                .callback = callback};
    if (*to != '+') /* E.164 only */
        c->items[0].fate = FATE_NUMBER;
    return FATE_TAKEN;
}

static void name_id(const struct call *c, int64_t no, char out[ID_BYTES])
{
    (void)c;
    snprintf(out, ID_BYTES, "SM%032lld", (long long)no);
}

/* ---- answers ---- */

static void refuse(struct call *c, enum fate fate, struct buf *out)
{
    (void)c;
    buf_addf(out, "{\"code\":%s", words[fate].code);
    wire_member(out, "message", words[fate].message);
    buf_addf(out, ",\"more_info\":\"https://www.twilio.com/docs/errors/%s\",\"status\":%d}",
             words[fate].code, words[fate].status);
}

static void answer(struct call *c, struct buf *out)
{
    const struct item *it = &c->items[0];

    if (it->fate != FATE_TAKEN) {
        c->status = words[it->fate].status;
        refuse(c, it->fate, out);
        return;
    }
    c->status = words[FATE_TAKEN].status;
    buf_adds(out, "{");
    wire_member(out, "sid", it->id);
    wire_member(out, "account_sid", account_app(c->account));
    wire_member(out, "api_version", VERSION);
    wire_member(out, "to", it->given);
    wire_member(out, "from", it->ext);
    wire_member(out, "messaging_service_sid", it->sign);
    wire_member(out, "body", it->text);
    wire_member(out, "status", it->sign ? "accepted" : "queued");
    wire_member(out, "num_segments", "1");
    wire_member(out, "direction", "outbound-api");
    buf_adds(out, ",\"error_code\":null,\"error_message\":null}");
}

/* ---- callbacks ---- */

static const char *status_of(const struct report *v)
{
    if (strcmp(v->state, "DELIVRD") == 0)
        return "delivered";
    if (strcmp(v->state, "REJECTD") == 0)
        return "failed";
    return v->state[0] >= 'a' ? v->state : "undelivered";
}

static void receipt(const struct account *a, const struct report *v, struct buf *out)
{
    const char *status = status_of(v);

    wire_form(out, "SmsSid", v->id);
    wire_form(out, "SmsStatus", status);
    wire_form(out, "MessageStatus", status);
    wire_form(out, "To", v->given);
    wire_form(out, "MessageSid", v->id);
    wire_form(out, "AccountSid", account_app(a));
    wire_form(out, "MessagingServiceSid", v->sign);
    wire_form(out, "From", v->ext);
    wire_form(out, "ApiVersion", VERSION);
    if (strcmp(status, "undelivered") == 0 || strcmp(status, "failed") == 0)
        wire_form(out, "ErrorCode", dialect_code(account_dialect(a), v->code));
}

static void reply(const struct account *a, const struct report *v, struct buf *out)
{
    char sid[ID_BYTES];

    snprintf(sid, sizeof sid, "SM9%031lld", (long long)v->no);
    wire_form(out, "MessageSid", sid);
    wire_form(out, "SmsSid", sid);
    wire_form(out, "SmsMessageSid", sid);
    wire_form(out, "AccountSid", account_app(a));
    wire_form(out, "From", v->given);
    wire_form(out, "To", v->ext);
    wire_form(out, "Body", v->text);
    wire_form(out, "NumMedia", "0");
    wire_form(out, "NumSegments", "1");
    wire_form(out, "SmsStatus", "received");
    wire_form(out, "ApiVersion", VERSION);
}

/* Base64 of HMAC-SHA1 over the URL as configured and each parameter, sorted by name. */
static void sign(const struct account *a, const struct push *p, struct buf *headers)
{
    struct arena *arena = arena_new(4096);
    uint8_t digest[SHA1_BYTES];
    struct fields f = {0};
    struct buf text;

    fields_read(arena, &f, p->body, p->len);
    fields_sort(&f);
    buf_init(&text, 1U << 20);
    buf_adds(&text, p->url);
    for (size_t i = 0; i < f.n; i++)
        buf_addf(&text, "%s%s", f.v[i].name, f.v[i].value);
    digest_hmac_sha1(account_secret(a), strlen(account_secret(a)), buf_cstr(&text), text.len,
                     digest);
    buf_adds(headers, "X-Twilio-Signature: ");
    crypt_base64(digest, sizeof digest, headers);
    buf_addc(headers, '\0');
    buf_fini(&text);
    arena_free(arena);
}

const struct dialect dialect_twilio = {
    .name = "twilio",
    .about = "Twilio Messages, HTTP Basic",
    .settings = settings,
    .words = words,
    .abroad = true,
    .units_max = 1600,
    .pending = "sending",
    .steps = steps,
    .refusals = refusals,
    .carrier = carrier,
    .retry_ms = {1000}, /* unconfirmed */
    .frames = {{"POST", "application/x-www-form-urlencoded", 1, "", "", NULL},
               {"POST", "application/x-www-form-urlencoded", 1, "", "", NULL}},
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
