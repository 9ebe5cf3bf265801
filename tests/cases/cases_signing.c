/*
 * cases_signing: what the vendors' own SDKs and documents sign (signing-vectors.json), against our schemes, checks, digests and encodings; with
 * the canonical texts in between, so that a failure says where it went wrong. An algorithm that is not known here is a failure.
 *
 * tests/interop runs this program on vectors that the vendors' SDKs make at that moment; those say "intermediate": null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cases.h"
#include "encode.h"
#include "scheme.h"
#include "zhanchi/civil.h"
#include "zhanchi/crypt.h"

#define MAX (1u << 20)

/* ---- members ---- */

static const char *text_at(const struct json *one, const char *pointer)
{
    static char tmp[8][40];
    static int turn;
    const struct json *n = json_at(one, pointer);

    turn = (turn + 1) % 8;
    return n != NULL ? json_text(n, tmp[turn]) : NULL;
}

static int64_t instant(const char *iso)
{
    int64_t at_ms = -1;

    if (iso == NULL || civil_parse_instant(iso, 0, &at_ms) != 0)
        return -1;
    return at_ms;
}

static void percent(struct buf *out, const char *s)
{
    struct encode_chain chain = {0};
    struct err e;

    if (encode_add(&chain, "percent", &e) != 0 || encode_run(&chain, s, strlen(s), out, &e) != 0)
        out->failed = true;
}

static bool is_among(const char *key, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, key) == 0)
            return true;
    return false;
}

static void pair_of(const char *key, const struct json *value, struct buf *out)
{
    char tmp[40];

    if (out->len > 0)
        buf_addc(out, '&');
    percent(out, key);
    buf_addc(out, '=');
    percent(out, json_text(value, tmp));
}

/* "k=v&k=v" of an object's members, those in `without` left out; a list is a name that comes
 * several times, and a text is as it was sent. */
static void pairs_of(const struct json *object, const char *const *without, struct buf *out)
{
    void *iter = NULL;
    const char *key;
    const struct json *value;
    char tmp[40];

    if (object != NULL && json_type_of(object) == J_STRING)
        buf_adds(out, json_text(object, tmp));
    else if (object != NULL)
        while (json_each(object, &iter, &key, &value)) {
            bool list = json_type_of(value) == J_ARRAY;
            for (size_t i = 0; !is_among(key, without) && i < (list ? json_count(value) : 1); i++)
                pair_of(key, list ? json_item(value, i) : value, out);
        }
}

static void headers_of(const struct json *object, const char *const *without, struct buf *out)
{
    void *iter = NULL;
    const char *key;
    const struct json *value;
    char tmp[40];

    while (object != NULL && json_each(object, &iter, &key, &value)) {
        if (is_among(key, without))
            continue;
        buf_addf(out, "%s: %s", key, json_text(value, tmp));
        buf_addc(out, '\0');
    }
}

/* ---- one signature ---- */

struct work {
    struct scheme_request r;
    struct buf query, in, body; /* of the request */
    struct buf headers, params, canonical, to_sign;
    struct err e;
};

static void work_init(struct work *w, const struct json *one, const char *id, const char *secret)
{
    struct buf *const all[] = {&w->query,  &w->in,        &w->body,   &w->headers,
                               &w->params, &w->canonical, &w->to_sign};

    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_init(all[i], MAX);
    w->r.method = text_at(one, "/inputs/method");
    w->r.path = text_at(one, "/inputs/path");
    w->r.id = text_at(one, id);
    w->r.secret = text_at(one, secret);
    w->r.secret_len = strlen(w->r.secret);
}

static void work_fini(struct work *w)
{
    struct buf *const all[] = {&w->query,  &w->in,        &w->body,   &w->headers,
                               &w->params, &w->canonical, &w->to_sign};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_fini(all[i]);
}

static bool work_sign(struct work *w, const char *scheme, struct buf *why)
{
    struct scheme_out out = {&w->headers, &w->params, &w->canonical, &w->to_sign};
    const struct scheme *s = scheme_find(scheme);

    w->r.query = buf_cstr(&w->query);
    w->r.query_len = w->query.len;
    w->r.headers = buf_cstr(&w->in);
    w->r.headers_len = w->in.len;
    w->r.body = buf_cstr(&w->body);
    w->r.body_len = w->body.len;
    if (s != NULL && scheme_sign(s, &w->r, &out, &w->e) == 0)
        return true;
    buf_addf(why, "%s; ", s != NULL ? w->e.what : "no such scheme");
    return false;
}

static const char *find_header(const struct buf *headers, const char *name)
{
    size_t n = strlen(name);

    for (size_t at = 0; at < headers->len; at += strlen(headers->data + at) + 1)
        if (strncasecmp(headers->data + at, name, n) == 0 &&
            strncmp(headers->data + at + n, ": ", 2) == 0)
            return headers->data + at + n + 2;
    return NULL;
}

static bool same_hash(struct buf *why, const char *what, const struct buf *of, const char *expected)
{
    uint8_t digest[CRYPT_HASH_BYTES];
    char hex[2 * CRYPT_HASH_BYTES + 1];

    crypt_sha256(buf_cstr(of), of->len, digest);
    crypt_hex(digest, sizeof digest, hex);
    return cases_same(why, what, hex, expected);
}

/* False: the vector says what comes out, but not how. */
static bool tells_all(const struct json *one)
{
    return json_type_of(json_at(one, "/intermediate")) != J_NULL;
}

/* The canonical request and what follows from it, for the schemes with headers. */
static bool same_canonical(const struct work *w, const struct json *one, struct buf *why)
{
    const char *authorization = find_header(&w->headers, "Authorization");
    const char *signature = text_at(one, "/expected/signature");
    bool ok = true;

    if (tells_all(one)) {
        ok &= same_hash(why, "body", &w->body, text_at(one, "/intermediate/body_sha256"));
        ok &= cases_same(why, "canonical request", buf_cstr(&w->canonical),
                         text_at(one, "/intermediate/canonical_request"));
        ok &= same_hash(why, "canonical request's hash", &w->canonical,
                        text_at(one, "/intermediate/canonical_request_sha256"));
        ok &= cases_same(why, "string to sign", buf_cstr(&w->to_sign),
                         text_at(one, "/intermediate/string_to_sign"));
    }
    ok &= cases_same(why, "authorization", authorization, text_at(one, "/expected/authorization"));
    if (authorization == NULL || signature == NULL || strstr(authorization, signature) == NULL) {
        buf_adds(why, "the signature is not in it; ");
        ok = false;
    }
    return ok;
}

/* ---- schemes ---- */

static bool judge_rpc(const struct json *one, struct buf *why)
{
    static const char *const own[] = {"AccessKeyId",      "SignatureMethod", "SignatureNonce",
                                      "SignatureVersion", "Timestamp",       NULL};
    const char *sent = text_at(one, "/expected/query_string");
    struct work w;
    struct buf whole;

    work_init(&w, one, "/inputs/access_key_id", "/inputs/access_key_secret");
    w.r.form = strcmp(w.r.method, "POST") == 0;
    w.r.time_ms = instant(text_at(one, "/inputs/timestamp_utc"));
    w.r.nonce = text_at(one, "/inputs/nonce");
    pairs_of(json_at(one, "/inputs/parameters"), own, w.r.form ? &w.body : &w.query);
    bool ok = work_sign(&w, "aliyun-rpc", why);
    if (tells_all(one)) {
        ok &= cases_same(why, "canonical query", buf_cstr(&w.canonical),
                         text_at(one, "/intermediate/canonicalized_query"));
        ok &= cases_same(why, "string to sign", buf_cstr(&w.to_sign),
                         text_at(one, "/intermediate/string_to_sign"));
    }
    buf_init(&whole, MAX);
    buf_adds(&whole, "&Signature=");
    percent(&whole, text_at(one, "/expected/signature"));
    const char *signature = strstr(buf_cstr(&w.params), "&Signature=");
    ok &= cases_same(why, "signature", signature, buf_cstr(&whole));
    if (sent == NULL)
        sent = text_at(one, "/expected/form_body");
    if (sent != NULL && signature != NULL) {
        buf_reset(&whole);
        buf_addf(&whole, "%s%s", buf_cstr(&w.canonical), signature);
        ok &= cases_same(why, "as sent", buf_cstr(&whole), sent);
    }
    buf_fini(&whole);
    work_fini(&w);
    return ok;
}

static bool judge_acs3(const struct json *one, struct buf *why)
{
    static const char *const own[] = {"host", "x-acs-date", "x-acs-signature-nonce",
                                      "x-acs-content-sha256", NULL};
    struct work w;

    work_init(&w, one, "/inputs/access_key_id", "/inputs/access_key_secret");
    w.r.host = text_at(one, "/inputs/headers/host");
    w.r.time_ms = instant(text_at(one, "/inputs/headers/x-acs-date"));
    w.r.nonce = text_at(one, "/inputs/headers/x-acs-signature-nonce");
    pairs_of(json_at(one, "/inputs/query"), NULL, &w.query);
    headers_of(json_at(one, "/inputs/headers"), own, &w.in);
    buf_adds(&w.body, text_at(one, "/inputs/body"));
    bool ok = work_sign(&w, "acs3", why) && same_canonical(&w, one, why);
    for (size_t i = 1; ok && own[i] != NULL; i++) {
        char pointer[64] = "/inputs/headers/";
        strcat(pointer, own[i]);
        ok &= cases_same(why, own[i], find_header(&w.headers, own[i]), text_at(one, pointer));
    }
    work_fini(&w);
    return ok;
}

static bool judge_tc3(const struct json *one, struct buf *why)
{
    struct work w;

    work_init(&w, one, "/inputs/secret_id", "/inputs/secret_key");
    w.r.host = text_at(one, "/inputs/host");
    w.r.service = text_at(one, "/inputs/service");
    w.r.time_ms = cases_int(json_at(one, "/inputs"), "timestamp") * 1000 + 999;
    buf_adds(&w.query, text_at(one, "/inputs/query"));
    buf_addf(&w.in, "Content-Type: %s", text_at(one, "/inputs/content_type"));
    buf_addc(&w.in, '\0');
    headers_of(json_at(one, "/inputs/other_headers"), NULL, &w.in);
    buf_adds(&w.body, text_at(one, "/inputs/body"));
    bool ok = work_sign(&w, "tc3", why) && same_canonical(&w, one, why);
    ok = ok && cases_same(why, "X-TC-Timestamp", find_header(&w.headers, "X-TC-Timestamp"),
                          text_at(one, "/inputs/timestamp"));
    work_fini(&w);
    return ok;
}

/* Headers as the other side sees them: what was there and what the scheme added. */
static const char *either_header(void *ctx, const char *name)
{
    const struct work *w = ctx;
    const char *value = find_header(&w->headers, name);

    return value != NULL ? value : find_header(&w->in, name);
}

/* What we sign we also take, as a push from the same key. */
static bool taken(struct work *w, struct buf *why)
{
    struct buf url;
    struct err e;

    buf_init(&url, MAX);
    buf_addf(&url, "https://%s%s%s%s", w->r.host, w->r.path, w->query.len > 0 ? "?" : "",
             buf_cstr(&w->query));
    struct scheme_callback c = {.method = w->r.method,
                                .url = buf_cstr(&url),
                                .body = w->r.body,
                                .body_len = w->r.body_len,
                                .header = either_header,
                                .ctx = w,
                                .id = w->r.id,
                                .secret = w->r.secret,
                                .secret_len = w->r.secret_len,
                                .now_ms = w->r.time_ms};
    bool ok = scheme_verify_sdk_hmac(&c, &e) == 0;
    if (!ok)
        buf_addf(why, "as a push: %s; ", e.what);
    buf_fini(&url);
    return ok;
}

static bool judge_sdk_hmac(const struct json *one, struct buf *why)
{
    static const char *const own[] = {"host", "x-sdk-date", NULL};
    const char *date = text_at(one, "/inputs/headers/x-sdk-date");
    char iso[24] = "";
    struct work w;

    /* 20241108T035655Z */
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9,
             date + 11, date + 13);
    work_init(&w, one, "/inputs/app_key", "/inputs/app_secret");
    w.r.host = text_at(one, "/inputs/headers/host");
    w.r.time_ms = instant(iso);
    pairs_of(json_at(one, "/inputs/query"), NULL, &w.query);
    headers_of(json_at(one, "/inputs/headers"), own, &w.in);
    buf_adds(&w.body, text_at(one, "/inputs/body"));
    bool ok = work_sign(&w, "sdk-hmac", why) && same_canonical(&w, one, why) && taken(&w, why);
    ok = ok && cases_same(why, "X-Sdk-Date", find_header(&w.headers, "X-Sdk-Date"), date);
    work_fini(&w);
    return ok;
}

static bool judge_wsse(const struct json *one, struct buf *why)
{
    const char *variant = text_at(one, "/inputs/variant");
    const char *text = text_at(one, "/intermediate/sha256_input");
    struct work w;
    struct buf input;

    work_init(&w, one, "/inputs/app_key", "/inputs/app_secret");
    w.r.time_ms = instant(text_at(one, "/inputs/created"));
    w.r.nonce = text_at(one, "/inputs/nonce");
    w.r.hex_digest = strcmp(variant, "base64-of-hex-digest") == 0;
    bool ok = w.r.hex_digest || strcmp(variant, "base64-of-raw-digest") == 0;
    ok = ok && work_sign(&w, "wsse", why);
    ok = ok && cases_same(why, "authorization", find_header(&w.headers, "Authorization"),
                          text_at(one, "/expected/authorization"));
    ok = ok && cases_same(why, "X-WSSE", find_header(&w.headers, "X-WSSE"),
                          text_at(one, "/expected/x_wsse"));
    buf_init(&input, MAX);
    buf_adds(&input, text);
    ok = ok && same_hash(why, "digest", &input, text_at(one, "/intermediate/sha256_hex"));
    buf_fini(&input);
    work_fini(&w);
    return ok;
}

static bool judge_basic(const struct json *one, struct buf *why)
{
    struct work w;

    work_init(&w, one, "/inputs/user", "/inputs/password");
    bool ok = work_sign(&w, "basic", why);
    ok = ok && cases_same(why, "authorization", find_header(&w.headers, "Authorization"),
                          text_at(one, "/expected/authorization"));
    struct scheme_callback c = {.header = either_header,
                                .ctx = &w,
                                .id = w.r.id,
                                .secret = w.r.secret,
                                .secret_len = w.r.secret_len};
    if (ok && scheme_verify_basic(&c, &w.e) != 0) {
        buf_addf(why, "coming in: %s; ", w.e.what);
        ok = false;
    }
    work_fini(&w);
    return ok;
}

/* ---- digests over fields: what recipes of a profile do ---- */

static bool same_md5(struct buf *why, const char *what, const struct buf *text,
                     const char *expected)
{
    struct crypt_method md5;
    uint8_t digest[CRYPT_METHOD_BYTES];
    char hex[2 * CRYPT_METHOD_BYTES + 1];

    if (!crypt_method_find("md5", &md5)) {
        buf_adds(why, "no MD5; ");
        return false;
    }
    crypt_hex(digest, crypt_method_run(md5, NULL, 0, buf_cstr(text), text->len, digest), hex);
    return cases_same(why, what, hex, expected);
}

static bool same_encoded(struct buf *why, const char *what, const char *const *chain,
                         const char *text, const char *expected)
{
    struct encode_chain steps = {0};
    struct buf out;
    struct err e;
    int rc = 0;

    buf_init(&out, MAX);
    for (; rc == 0 && *chain != NULL; chain++)
        rc = encode_add(&steps, *chain, &e);
    if (rc == 0)
        rc = encode_run(&steps, text, strlen(text), &out, &e);
    if (rc != 0)
        buf_addf(why, "%s; ", e.what);
    bool ok = rc == 0 && cases_same(why, what, buf_cstr(&out), expected);
    buf_fini(&out);
    return ok;
}

static bool judge_mas(const struct json *one, struct buf *why)
{
    static const char *const chain[] = {"base64", NULL};
    const struct json *fields = json_at(one, "/inputs/fields"), *value;
    const struct json *order = json_at(one, "/inputs/mac_field_order");
    const char *mac = text_at(one, "/expected/mac"), *key;
    struct buf text, body;
    struct json_w json;
    void *iter = NULL;
    char tmp[40];

    buf_init(&text, MAX);
    buf_init(&body, MAX);
    for (size_t i = 0; i < json_count(order); i++)
        buf_adds(&text, cases_text(fields, json_text(json_item(order, i), tmp), tmp));
    bool ok = cases_same(why, "text", buf_cstr(&text), text_at(one, "/intermediate/mac_input"));
    ok &= same_md5(why, "mac", &text, mac);
    json_w_init(&json, &body);
    json_w_open(&json, '{');
    while (json_each(fields, &iter, &key, &value)) {
        if (strcmp(key, "secretKey") == 0)
            continue;
        json_w_key(&json, key);
        json_w_str(&json, json_text(value, tmp));
    }
    json_w_key(&json, "mac");
    json_w_str(&json, mac);
    json_w_close(&json, '}');
    ok &=
        cases_same(why, "JSON", buf_cstr(&body), text_at(one, "/intermediate/json_before_base64"));
    ok &= same_encoded(why, "body", chain, buf_cstr(&body), text_at(one, "/expected/request_body"));
    buf_fini(&body);
    buf_fini(&text);
    return ok;
}

static bool judge_montnets(const struct json *one, struct buf *why)
{
    struct buf text;

    buf_init(&text, MAX);
    buf_addf(&text, "%s%s%s%s", text_at(one, "/inputs/userid"), text_at(one, "/inputs/fixed"),
             text_at(one, "/inputs/password"), text_at(one, "/inputs/timestamp_mmddhhmmss"));
    bool ok = cases_same(why, "text", buf_cstr(&text), text_at(one, "/intermediate/md5_input"));
    ok &= same_md5(why, "pwd", &text, text_at(one, "/expected/pwd"));
    buf_fini(&text);
    return ok;
}

/* ---- callbacks ---- */

/* Good as it is, and refused when one digit of the signature is another. */
static bool verified(scheme_verify_fn *verify, const struct scheme_callback *good,
                     const struct scheme_callback *bad, struct buf *why)
{
    struct err e;

    if (verify(good, &e) != 0) {
        buf_addf(why, "%s; ", e.what);
        return false;
    }
    if (verify(bad, &e) == 0) {
        buf_adds(why, "a wrong signature was taken; ");
        return false;
    }
    return true;
}

static struct json *with_sign(const struct json *fields, const char *sign)
{
    struct json_w w;
    struct buf text;
    struct err e;
    void *iter = NULL;
    const char *key;
    const struct json *value;
    char tmp[40];

    buf_init(&text, MAX);
    json_w_init(&w, &text);
    json_w_open(&w, '{');
    json_w_key(&w, "_sign");
    json_w_str(&w, sign);
    while (json_each(fields, &iter, &key, &value)) {
        json_w_key(&w, key);
        json_w_str(&w, json_text(value, tmp));
    }
    json_w_close(&w, '}');
    struct json *root = json_parse(text.data, text.len, &e);
    buf_fini(&text);
    return root;
}

static void spoil(const char *signature, char out[128])
{
    snprintf(out, 128, "%s", signature);
    out[5] = out[5] == '0' ? '1' : '0';
}

static bool judge_yunpian(const struct json *one, struct buf *why)
{
    const char *sign = text_at(one, "/expected/_sign"), *key = text_at(one, "/inputs/apikey");
    char wrong[128];
    struct buf text;

    spoil(sign, wrong);
    buf_init(&text, MAX);
    buf_adds(&text, text_at(one, "/intermediate/md5_input"));
    bool ok = same_md5(why, "_sign", &text, sign);
    buf_fini(&text);
    struct json *good = with_sign(json_at(one, "/inputs/fields"), sign);
    struct json *bad = with_sign(json_at(one, "/inputs/fields"), wrong);
    struct scheme_callback a = {.json = good, .secret = key, .secret_len = strlen(key)}, b = a;
    b.json = bad;
    ok &= verified(scheme_verify_yunpian, &a, &b, why);
    json_free(bad);
    json_free(good);
    return ok;
}

static const char *twilio_header(void *ctx, const char *name)
{
    if (strcasecmp(name, "X-Twilio-Signature") == 0)
        return ctx;
    return strcasecmp(name, "Content-Type") == 0 ? "application/x-www-form-urlencoded" : NULL;
}

static bool judge_twilio(const struct json *one, struct buf *why)
{
    const char *token = text_at(one, "/inputs/auth_token"), *json = text_at(one, "/inputs/body");
    char signature[128], wrong[128];
    struct buf body;

    snprintf(signature, sizeof signature, "%s", text_at(one, "/expected/x_twilio_signature"));
    spoil(signature, wrong);
    buf_init(&body, MAX);
    if (json != NULL)
        buf_adds(&body, json);
    else
        pairs_of(json_at(one, "/inputs/form_parameters"), NULL, &body);
    struct scheme_callback a = {.method = "POST",
                                .url = text_at(one, "/inputs/url"),
                                .body = buf_cstr(&body),
                                .body_len = body.len,
                                .header = twilio_header,
                                .ctx = signature,
                                .secret = token,
                                .secret_len = strlen(token)},
                           b = a;
    b.ctx = wrong;
    bool ok = verified(scheme_verify_twilio, &a, &b, why);
    buf_fini(&body);
    return ok;
}

/* ---- encodings ---- */

static bool judge_encoding(const struct json *one, struct buf *why)
{
    static const struct {
        const char *algorithm;
        const char *const chain[3];
    } encodings[] = {{"encoding-percent-rfc3986", {"percent", NULL, NULL}},
                     {"encoding-gbk-percent", {"gbk", "percent-lower", NULL}},
                     {"encoding-utf16be-hex", {"utf-16be", "hex", NULL}}};
    const char *algorithm = text_at(one, "/algorithm");

    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
        if (strcmp(encodings[i].algorithm, algorithm) == 0)
            return same_encoded(why, "encoded", encodings[i].chain, text_at(one, "/inputs/text"),
                                text_at(one, "/expected/encoded"));
    return false;
}

static bool judge(const struct json *one, struct buf *why)
{
    static const struct {
        const char *algorithm;
        cases_judge_fn *judge;
    } known[] = {{"aliyun-rpc-hmac-sha1", judge_rpc},
                 {"aliyun-acs3-hmac-sha256", judge_acs3},
                 {"tencent-tc3-hmac-sha256", judge_tc3},
                 {"huawei-sdk-hmac-sha256", judge_sdk_hmac},
                 {"huawei-x-wsse", judge_wsse},
                 {"cmcc-mas-md5", judge_mas},
                 {"montnets-md5", judge_montnets},
                 {"yunpian-push-md5", judge_yunpian},
                 {"twilio-webhook-hmac-sha1", judge_twilio},
                 {"http-basic", judge_basic},
                 {"encoding-percent-rfc3986", judge_encoding},
                 {"encoding-gbk-percent", judge_encoding},
                 {"encoding-utf16be-hex", judge_encoding}};
    const char *algorithm = text_at(one, "/algorithm");

    for (size_t i = 0; algorithm != NULL && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].algorithm, algorithm) == 0)
            return known[i].judge(one, why);
    buf_addf(why, "unknown algorithm %s; ", algorithm != NULL ? algorithm : "(none)");
    return false;
}

int main(void)
{
    struct cases c;

    cases_init(&c, "signing");
    if (cases_open(&c, "signing-vectors.json")) {
        cases_run(&c, "/vectors", judge, NULL);
        cases_close(&c);
    }
    return cases_end(&c);
}
