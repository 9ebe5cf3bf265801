/*
 * Signing vectors, made by the vendors' own programs, against what the sandbox's dialects verify and sign: the request of a vector is let in at its own
 * time, and not with another secret, not with another body, not an hour later where a clock counts, not twice where a nonce does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "dialect.h"
#include "zhanchi/crypt.h"

struct world { /* a request made of a vector */
    const struct dialect *d;
    const char *app, *secret, *method, *path, *host;
    char query[4096], body[8192], authorization[1024], extra[1024];
    const struct json *headers; /* the vector's own, may be NULL */
    int64_t at_ms, skew_ms;     /* skew: how far a clock may be off; 0: no clock */
    bool nonce;
};

static const char *text(const struct json *one, const char *pointer)
{
    const struct json *v = json_at(one, pointer);

    return v && json_type_of(v) == J_STRING ? json_text(v, NULL) : "";
}

static const char *header(void *ctx, const char *name)
{
    const struct world *w = ctx;
    const struct json *value;
    const char *key;
    void *iter = NULL;

    if (strcasecmp(name, "authorization") == 0)
        return w->authorization[0] ? w->authorization : NULL;
    if (strcasecmp(name, "x-wsse") == 0 && strcmp(w->d->name, "huawei") == 0)
        return w->extra[0] ? w->extra : NULL;
    if (strcasecmp(name, "x-tc-timestamp") == 0)
        return w->extra;
    if (strcasecmp(name, "host") == 0 && w->host)
        return w->host;
    if (strcasecmp(name, "content-type") == 0 && w->headers == NULL)
        return "application/json";
    while (w->headers && json_each(w->headers, &iter, &key, &value))
        if (strcasecmp(key, name) == 0)
            return json_text(value, NULL);
    return NULL;
}

/* What the dialect says to the world's request at that time. */
static enum fate ask(struct world *w, const char *secret, struct account *again, int64_t now_ms)
{
    struct err e;
    struct account *a = again ? again : account_new(w->d, w->app, secret, NULL, 0, false, &e);
    struct call c = {.account = a,
                     .r = {w->method, w->path, w->query, w->body, strlen(w->body), header, w},
                     .now_ms = now_ms,
                     .arena = arena_new(4096)};

    w->d->route(&c);
    enum fate fate = w->d->verify(&c);
    json_free(c.root);
    arena_free(c.arena);
    if (!again)
        account_free(a);
    return fate;
}

static bool judge_request(struct world *w, struct buf *why)
{
    struct err e;
    bool good = cases_same_int(why, "fate", ask(w, w->secret, NULL, w->at_ms), FATE_TAKEN);

    good &=
        ask(w, "another", NULL, w->at_ms) != FATE_TAKEN || cases_same(why, "secret", "", "refused");
    if (w->skew_ms) {
        good &= cases_same_int(why, "late", ask(w, w->secret, NULL, w->at_ms + w->skew_ms + 1000),
                               FATE_CLOCK);
        good &= cases_same_int(why, "early", ask(w, w->secret, NULL, w->at_ms - w->skew_ms - 1000),
                               FATE_CLOCK);
    }
    struct account *a = account_new(w->d, w->app, w->secret, NULL, 0, false, &e);
    ask(w, NULL, a, w->at_ms);
    good &=
        cases_same_int(why, "again", ask(w, NULL, a, w->at_ms), w->nonce ? FATE_NONCE : FATE_TAKEN);
    account_free(a);
    return good;
}

/* name=value of every member, percent-encoded. */
static void form_of(const struct json *object, char *out, size_t size)
{
    const struct json *value;
    const char *key;
    void *iter = NULL;
    struct buf b;

    buf_init(&b, size - 1);
    while (json_each(object, &iter, &key, &value))
        wire_form(&b, key, json_text(value, NULL));
    memcpy(out, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
}

static bool aliyun_rpc(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_aliyun_rpc,
                      .app = text(one, "/inputs/access_key_id"),
                      .secret = text(one, "/inputs/access_key_secret"),
                      .path = "/",
                      .method = text(one, "/inputs/method"),
                      .skew_ms = 900000,
                      .nonce = true};
    bool get = strcmp(w.method, "GET") == 0;
    char *where = get ? w.query : w.body;
    struct buf b;

    form_of(json_at(one, "/inputs/parameters"), where, sizeof w.query);
    buf_init(&b, 256);
    wire_form(&b, "Signature", text(one, "/expected/signature"));
    strcat(where, "&");
    strcat(where, buf_cstr(&b));
    buf_fini(&b);
    wire_utc(text(one, "/inputs/timestamp_utc"), &w.at_ms);
    return judge_request(&w, why);
}

static bool aliyun_acs3(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_aliyun,
                      .app = text(one, "/inputs/access_key_id"),
                      .secret = text(one, "/inputs/access_key_secret"),
                      .path = text(one, "/inputs/path"),
                      .method = text(one, "/inputs/method"),
                      .headers = json_at(one, "/inputs/headers"),
                      .skew_ms = 900000,
                      .nonce = true};

    form_of(json_at(one, "/inputs/query"), w.query, sizeof w.query);
    strcpy(w.body, text(one, "/inputs/body"));
    strcpy(w.authorization, text(one, "/expected/authorization"));
    wire_utc(text(one, "/inputs/headers/x-acs-date"), &w.at_ms);
    return judge_request(&w, why);
}

static bool tencent(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_tencent,
                      .app = text(one, "/inputs/secret_id"),
                      .secret = text(one, "/inputs/secret_key"),
                      .path = text(one, "/inputs/path"),
                      .method = text(one, "/inputs/method"),
                      .host = text(one, "/inputs/host"),
                      .skew_ms = 300000};
    char tmp[40];
    const char *stamp = json_text(json_at(one, "/inputs/timestamp"), tmp);

    strcpy(w.body, text(one, "/inputs/body"));
    strcpy(w.authorization, text(one, "/expected/authorization"));
    strcpy(w.extra, stamp);
    w.at_ms = strtoll(stamp, NULL, 10) * 1000;
    return judge_request(&w, why);
}

static bool huawei_sdk(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_huawei,
                      .app = text(one, "/inputs/app_key"),
                      .secret = text(one, "/inputs/app_secret"),
                      .path = text(one, "/inputs/path"),
                      .method = text(one, "/inputs/method"),
                      .headers = json_at(one, "/inputs/headers"),
                      .skew_ms = 900000};

    strcpy(w.body, text(one, "/inputs/body"));
    strcpy(w.authorization, text(one, "/expected/authorization"));
    wire_utc(text(one, "/inputs/headers/x-sdk-date"), &w.at_ms);
    return judge_request(&w, why);
}

static bool huawei_wsse(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_huawei,
                      .app = text(one, "/inputs/app_key"),
                      .secret = text(one, "/inputs/app_secret"),
                      .path = "/sms/batchSendSms/v1",
                      .method = "POST",
                      .skew_ms = 86400000};

    strcpy(w.authorization, text(one, "/expected/authorization"));
    strcpy(w.extra, text(one, "/expected/x_wsse"));
    wire_utc(text(one, "/inputs/created"), &w.at_ms);
    return judge_request(&w, why);
}

static bool mas(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_mas,
                      .app = text(one, "/inputs/fields/apId"),
                      .secret = text(one, "/inputs/fields/secretKey"),
                      .path = text(one, "/inputs/path"),
                      .method = "POST"};

    strcpy(w.body, text(one, "/expected/request_body"));
    bool good = judge_request(&w, why);
    snprintf(w.body, sizeof w.body, "\"%s\"", text(one, "/expected/request_body"));
    return judge_request(&w, why) && good;
}

static bool montnets(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_montnets,
                      .app = text(one, "/inputs/userid"),
                      .secret = text(one, "/inputs/password"),
                      .path = "/sms/v2/std/get_rpt",
                      .method = "POST"};

    snprintf(w.body, sizeof w.body, "{\"userid\":\"%s\",\"pwd\":\"%s\",\"timestamp\":\"%s\"}",
             w.app, text(one, "/expected/pwd"), text(one, "/inputs/timestamp_mmddhhmmss"));
    return judge_request(&w, why);
}

static bool basic(const struct json *one, struct buf *why)
{
    struct world w = {.d = &dialect_twilio,
                      .app = text(one, "/inputs/user"),
                      .secret = text(one, "/inputs/password"),
                      .path = "/",
                      .method = "POST"};

    strcpy(w.authorization, text(one, "/expected/authorization"));
    return judge_request(&w, why);
}

static bool twilio(const struct json *one, struct buf *why)
{
    struct err e;
    struct account *a =
        account_new(&dialect_twilio, "AC", text(one, "/inputs/auth_token"), NULL, 0, false, &e);
    char body[4096];
    struct buf headers;

    form_of(json_at(one, "/inputs/form_parameters"), body, sizeof body);
    const struct push p = {
        .method = "POST", .url = text(one, "/inputs/url"), .body = body, .len = strlen(body)};
    buf_init(&headers, 1024);
    dialect_twilio.sign(a, &p, &headers);
    bool good = cases_same(why, "signature", headers.data + strlen("X-Twilio-Signature: "),
                           text(one, "/expected/x_twilio_signature"));
    buf_fini(&headers);
    account_free(a);
    return good;
}

/* The reply itself is the sandbox's; its digest is the vector's formula. */
static bool yunpian(const struct json *one, struct buf *why)
{
    char hex[WIRE_HEX];
    struct buf b;

    buf_init(&b, 4096);
    buf_adds(&b, text(one, "/intermediate/md5_input"));
    wire_md5(&b, hex);
    buf_fini(&b);
    hex[32] = '\0';
    return cases_same(why, "_sign", hex, text(one, "/expected/_sign"));
}

static bool percent(const struct json *one, struct buf *why)
{
    const char *plain = text(one, "/inputs/text");
    struct buf b;

    buf_init(&b, 4096);
    wire_percent(&b, plain, strlen(plain));
    bool good = cases_same(why, "encoded", buf_cstr(&b), text(one, "/expected/encoded"));
    buf_fini(&b);
    return good;
}

static bool judge(const struct json *one, struct buf *why)
{
    static const struct {
        const char *algorithm;
        cases_judge_fn *judge;
    } rows[] = {{"aliyun-rpc-hmac-sha1", aliyun_rpc}, {"aliyun-acs3-hmac-sha256", aliyun_acs3},
                {"tencent-tc3-hmac-sha256", tencent}, {"huawei-sdk-hmac-sha256", huawei_sdk},
                {"huawei-x-wsse", huawei_wsse},       {"cmcc-mas-md5", mas},
                {"montnets-md5", montnets},           {"http-basic", basic},
                {"twilio-webhook-hmac-sha1", twilio}, {"yunpian-push-md5", yunpian},
                {"encoding-percent-rfc3986", percent}};
    const char *algorithm = text(one, "/algorithm");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].algorithm, algorithm) == 0)
            return rows[i].judge(one, why);
    return true; /* encodings of gateways that the sandbox does not play */
}

int main(void)
{
    struct cases c;

    cases_init(&c, "sandbox_signing");
    if (cases_open(&c, "signing-vectors.json")) {
        cases_run(&c, "/vectors", judge, NULL);
        cases_close(&c);
    }
    return cases_end(&c);
}
