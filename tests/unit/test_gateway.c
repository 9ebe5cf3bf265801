/*
 * gateway: profiles and their errors, requests to the byte, signatures, every kind of answer, callbacks.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/crypt.h"
#include "zhanchi/gateway.h"

static char dir[] = "/tmp/zc-gateway-XXXXXX", path[64];
static struct conf_secret secrets[] = {{(char *)(uintptr_t) "app", (char *)(uintptr_t) "demo"},
                                       {(char *)(uintptr_t) "secret", (char *)(uintptr_t) "Jefe"}};
static struct conf_gateway settings = {
    .name = "12333", .profile = path, .secrets = secrets, .n_secrets = 2};

static void make_dir(void)
{
    if (mkdtemp(dir) == NULL)
        abort();
    snprintf(path, sizeof path, "%s/p.conf", dir);
}

static void drop_dir(void)
{
    unlink(path);
    rmdir(dir);
}

static struct gateway *load_text(const char *text, struct err *e)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    settings.profile = path;
    return gateway_load(&settings, e);
}

static struct gateway *must_load(const char *text)
{
    struct err e;
    struct gateway *g = load_text(text, &e);

    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

static struct gateway *load_12333(void)
{
    static char file[512];
    struct err e;

    snprintf(file, sizeof file, "%s/conf/gateways/12333.conf", getenv("ZHANCHI_SOURCE_DIR"));
    settings.profile = file;
    struct gateway *g = gateway_load(&settings, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

static const struct gw_message messages[] = {
    {.id = 1, .ref = "Z1", .phone = "13800000001", .text = "【某局】\"甲\"", .signature = "某局"},
    {.id = 2, .ref = "Z2", .phone = "13800000002", .text = "【某局】乙\n", .signature = "某局"},
    {.id = 3, .ref = "Z3", .phone = "13800000003", .text = "【某局】丙", .signature = "某局"},
};

/* ---- profiles ---- */

#define LIMITS "limits = { };\n"
#define ANSWER "answer = { code = \"/code\"; classes = { OK = [ \"0\" ]; }; };\n"
#define HEAD                                                                                       \
    "language = 1;\nurl = \"http://h:1/base/\";\nsecrets = [ \"app\", \"secret\" ];\n" LIMITS
#define SINGLE(body) "submit = { single = { path = \"/m\"; body = " body "; }; };\n"
#define REST ANSWER

static const struct {
    const char *text, *where, *what;
} bad_profiles[] = {
    {"url = \"http://h\";\n" LIMITS, "", "language is missing"},
    {"language = 2;\n", ":1: ", "language"},
    {HEAD "sumbit = { };\n" REST, ":5: ", "submit"},
    {HEAD REST, "", "submit is missing"},
    {HEAD "submit = { };\n" REST, ":5: ", "no way to submit"},
    {HEAD SINGLE("{ a = \"{{phon}}\"; }") REST, ":5: ", "{{phone}}"},
    {HEAD SINGLE("{ a = \"{{body_sha256}}\"; }") REST, ":5: ", "has no value here"},
    {HEAD SINGLE("{ a = \"{{secret.x}}\"; }") REST, ":5: ", "{{secret.x}} is not declared"},
    {HEAD SINGLE("{ a = \"{{#x}}\"; }") REST, ":5: ", ""},
    {HEAD SINGLE("{ a = { each = \"item\"; item = 1; }; }") REST, ":5: ", "cannot loop"},
    {HEAD SINGLE("{ a = { each = \"message\"; }; }") REST, ":5: ", "no item"},
    {HEAD SINGLE("{ a = { each = \"message\"; item = { each = \"message\"; item = 1; }; }; }") REST,
     ":5: ", "inside another"},
    {HEAD SINGLE("{ a = { each = \"message\"; itme = 1; }; }") REST, ":5: ", "item"},
    {HEAD "submit = { batch = { path = \"/m\"; body = { a = \"{{ref}}\"; }; }; };\n" REST,
     ":5: ", "{{ref}} has no value here"},
    {HEAD "submit = { single = { path = \"m\"; body = { }; }; };\n" REST, ":5: ", "begins with /"},
    {HEAD "submit = { single = { path = \"/m\"; method = \"PUT\"; body = { }; }; };\n" REST,
     ":5: ", "PUT"},
    {HEAD "submit = { single = { path = \"/m\"; encoding = \"jsom\"; body = { }; }; };\n" REST,
     ":5: ", "json"},
    {HEAD "submit = { single = { path = \"/m\"; max = 3; body = { }; }; };\n" REST, ":5: ", "max"},
    {HEAD "submit = { single = { path = \"/m\"; headers = { X = \"{{sign}}\"; }; body = { }; }; "
          "};\n" REST,
     ":5: ", "nothing makes it"},
    {HEAD "headers = { X = \"a\\nb\"; };\n" SINGLE("{ }") REST, ":5: ", "control character"},
    {HEAD "submit = { single = { path = \"/m\"; encoding = \"form\"; body = { a = ( 1 ); }; }; "
          "};\n" REST,
     ":5: ", "texts only"},
    {HEAD SINGLE("{ }") "answer = { code = \"code\"; };\n", ":6: ", "JSON pointer"},
    {HEAD SINGLE("{ }") "answer = { };\n", ":6: ", "nothing tells"},
    {HEAD SINGLE("{ }") "answer = { code = \"/c\"; classes = { GOOD = [ \"0\" ]; }; };\n",
     ":6: ", "GOOD"},
    {HEAD SINGLE(
         "{ }") "answer = { code = \"/c\"; classes = { OK = [ \"0\" ]; RETRY = [ \"0\" ]; }; };\n",
     ":6: ", "twice"},
    {HEAD SINGLE("{ }") "answer = { code = \"/c\"; statuses = [ 99 ]; };\n",
     ":6: ", "no HTTP status"},
    {HEAD SINGLE("{ }") "answer = { code = \"/c\"; items = { at = \"/i\"; code = \"/c\"; }; };\n",
     ":6: ", "which item"},
    {HEAD "sign = { method = \"hmac-sha265\"; key = \"k\"; parts = [ \"a\" ]; };\n" SINGLE("{ }")
         REST,
     ":5: ", "\"hmac-sha265\" is not known"},
    {HEAD "sign = { parts = [ \"a\" ]; };\n" SINGLE("{ }") REST, ":5: ", "key is missing"},
    {HEAD "sign = { key = \"k\"; };\n" SINGLE("{ }") REST, ":5: ", "parts is missing"},
    {HEAD "sign = { key = \"k\"; parts = [ \"{{sign}}\" ]; };\n" SINGLE("{ }") REST,
     ":5: ", "has no value here"},
    {HEAD "sign = { key = \"{{method}}\"; parts = [ \"a\" ]; };\n" SINGLE("{ }") REST,
     ":5: ", "has no value here"},
    {"language = 1;\nurl = \"h:1\";\n" LIMITS, "", "no address"},
    {"language = 1;\nurl = \"http://u@h\";\n" LIMITS, "", "its url holds an @"},
    {"language = 1;\nurl = \"http://h\";\nlimits = { rate = -1.0; };\n", ":3: ", "rate"},
    {"language = 1;\nurl = \"http://h\";\nlimits = { timeout = \"soon\"; };\n",
     ":3: ", "no duration"},
    {"language = 1;\nurl = \"http://h\";\nlimits = { quiet = \"22:00\"; };\n", ":3: ", "no span"},
    {"language = 1;\nurl = \"http://h\";\nlimits = { tiemout = \"1s\"; };\n", ":3: ", "timeout"},
    {"language = 1;\nurl = \"http://h\";\nsecrets = [ \"none\" ];\n", "", "secret none is missing"},
    {HEAD SINGLE("{ }") REST "callbacks = { receipt = { }; };\n", ":7: ", "verified"},
    {HEAD SINGLE("{ }") REST "callbacks = { verify = \"no\"; receipt = { path = \"/r\"; ref = "
                             "\"/r\"; state = \"/s\"; states = ( ); }; };\n",
     ":7: ", "verified"},
    {HEAD SINGLE("{ }") REST
     "callbacks = { verify = \"none\"; receipt = { path = \"/r\"; state = \"/s\"; }; };\n",
     ":7: ", "which message"},
    {HEAD SINGLE("{ }") REST
     "callbacks = { verify = \"none\"; receipt = { path = \"/r\"; ref = \"/r\"; }; };\n",
     ":7: ", "state is missing"},
    {HEAD SINGLE("{ }") REST "callbacks = { verify = \"none\"; receipt = { path = \"/r\"; ref = "
                             "\"/r\"; state = \"/s\"; }; };\n",
     ":7: ", "states is missing"},
    {HEAD SINGLE("{ }") REST
     "callbacks = { verify = \"none\"; reply = { path = \"/r\"; phone = \"/p\"; }; };\n",
     ":7: ", "text is missing"},
    {HEAD SINGLE("{ }") REST "callbacks = { verify = \"none\"; reply = { path = \"/r\"; phone = "
                             "\"/p\"; text = \"/t\"; zone = \"8\"; }; };\n",
     ":7: ", "zone"},
    {HEAD SINGLE("{ }") REST "callbacks = { verify = { key = \"k\"; parts = [ \"x{{header.Y}}\" ]; "
                             "signature = \"S\"; }; receipt = { path = \"/r\"; ref = \"/r\"; state "
                             "= \"/s\"; states = ( ); }; };\n",
     ":7: ", "part of its own"},
    {HEAD SINGLE("{ }") REST
     "callbacks = { verify = \"none\"; reply = { path = \"/r\"; phone = \"/p\"; text = \"/t\"; "
     "charset = \"/c\"; }; };\n",
     ":7: ", "charset names a field"}, /* JSON has one charset */
    {HEAD SINGLE("{ }") REST
     "callbacks = { verify = \"none\"; receipt = { path = \"/r\"; ref = \"/r\"; extract = \"(\"; "
     "state = \"/s\"; states = ( ); }; };\n",
     ":7: ", "extract"},
};

START_TEST(profile_errors)
{
    struct err e = {0};
    struct gateway *g = load_text(bad_profiles[_i].text, &e);

    ck_assert_msg(g == NULL, "profile %d was taken", _i);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_msg(strstr(e.what, bad_profiles[_i].where), "no line %s in: %s",
                  bad_profiles[_i].where, e.what);
    ck_assert_msg(strstr(e.what, bad_profiles[_i].what), "no \"%s\" in: %s", bad_profiles[_i].what,
                  e.what);
    ck_assert_ptr_null(strstr(e.what, "Jefe"));
}
END_TEST

START_TEST(limits_and_settings)
{
    struct gateway *g = load_12333();
    const struct gw_limits *l = gateway_limits(g);
    uint8_t first[32], second[32];

    ck_assert_str_eq(gateway_name(g), "12333");
    ck_assert(l->rate > 199 && l->rate < 201);
    ck_assert_int_eq(l->concurrency, 32);
    ck_assert_int_eq(l->batch, 100);
    ck_assert_int_eq(l->price_microyuan, 50000);
    ck_assert_int_eq(l->timeout_ms, 10000);
    ck_assert_int_eq(l->connect_timeout_ms, 3000);
    ck_assert_int_eq(l->limit_pause_ms, 86400000);
    ck_assert_int_eq(l->text_units, 500);
    ck_assert_int_eq(l->quiet_from, l->quiet_to);
    gateway_digest(g, first);
    gateway_free(g);

    settings.rate = 7;
    settings.concurrency = 3;
    settings.batch = 20;
    settings.url = (char *)(uintptr_t) "https://other";
    g = load_12333();
    l = gateway_limits(g);
    ck_assert(l->rate > 6.9 && l->rate < 7.1);
    ck_assert_int_eq(l->concurrency, 3);
    ck_assert_int_eq(l->batch, 20);
    gateway_digest(g, second);
    ck_assert_mem_ne(first, second, 32); /* the address is part of what is approved */
    gateway_free(g);
    settings.rate = 0;
    settings.concurrency = settings.batch = 0;
    settings.url = NULL;

    g = must_load(
        "language = 1; url = \"http://h\"; limits = { quiet = \"22:00-08:00\"; };\n" SINGLE("{ }")
            ANSWER);
    ck_assert_int_eq(gateway_limits(g)->quiet_from, 1320);
    ck_assert_int_eq(gateway_limits(g)->quiet_to, 480);
    ck_assert_int_eq(gateway_limits(g)->batch, 1); /* no batch operation */
    gateway_free(g);
}
END_TEST

/* ---- requests ---- */

static const char *header_of(const struct gw_request *r, const char *name)
{
    const char *p = buf_cstr(&r->headers), *end = p + r->headers.len;

    for (; p < end; p += strlen(p) + 1)
        if (strncmp(p, name, strlen(name)) == 0 && strncmp(p + strlen(name), ": ", 2) == 0)
            return p + strlen(name) + 2;
    return NULL;
}

#define NOW INT64_C(1795428000123)

static void build(const struct gateway *g, size_t n, struct gw_request *r)
{
    struct err e;

    ck_assert_msg(gateway_build(g, messages, n, NOW, r, &e) == 0, "%s", e.what);
}

static const struct {
    const char *profile;
    size_t n;
    const char *method, *url, *body;
} golden[] = {
    {HEAD SINGLE("{ ref = \"{{ref}}\"; to = \"{{phone}}\"; text = \"{{text}}\"; }") REST, 1, "POST",
     "http://h:1/base/m",
     "{\"ref\":\"Z1\",\"to\":\"13800000001\",\"text\":\"【某局】\\\"甲\\\"\"}"},
    {HEAD "submit = { batch = { path = \"/ms\"; body = { n = 2; items = { each = \"message\"; item "
          "= { r = \"{{ref}}\"; t = "
          "\"{{text}}\"; }; }; ok = true; }; }; };\n" REST,
     2, "POST", "http://h:1/base/ms",
     "{\"n\":2,\"items\":[{\"r\":\"Z1\",\"t\":\"【某局】\\\"甲\\\"\"},{\"r\":\"Z2\",\"t\":"
     "\"【某局】乙\\n\"}],\"ok\":true}"},
    /* the batch operation with one message, when there is no single one */
    {HEAD "submit = { batch = { path = \"/ms\"; body = { each = \"message\"; item = \"{{ref}}\"; "
          "}; }; };\n" REST,
     1, "POST", "http://h:1/base/ms", "[\"Z1\"]"},
    {HEAD "submit = { batch = { path = \"/ms\"; body = { to = { each = \"message\"; item = "
          "\"{{phone}}\"; join = \",\"; }; x = ( "
          "1, \"a\\\"b\", { } ); t = { raw = \"{{timestamp}}\"; }; }; }; };\n" REST,
     3, "POST", "http://h:1/base/ms",
     "{\"to\":\"13800000001,13800000002,13800000003\",\"x\":[1,\"a\\\"b\",{}],\"t\":1795428000}"},
    {HEAD "submit = { batch = { path = \"/ms\"; encoding = \"form\"; body = { to = { each = "
          "\"message\"; item = \"{{phone}}\"; join "
          "= \",\"; }; app = \"{{secret.app}}&\"; }; }; };\n" REST,
     2, "POST", "http://h:1/base/ms", "to=13800000001%2C13800000002&app=demo%26"},
    {HEAD "submit = { single = { path = \"/{{secret.app}}/m\"; method = \"GET\"; query = { to = "
          "\"{{phone}}\"; t = \"{{text}}\"; "
          "ms = \"{{timestamp_ms}}\"; }; }; };\n" REST,
     1, "GET",
     "http://h:1/base/demo/"
     "m?to=13800000001&t=%E3%80%90%E6%9F%90%E5%B1%80%E3%80%91%22%E7%94%B2%22&ms=1795428000123",
     ""},
    {HEAD "submit = { single = { path = \"/m\"; encoding = \"text\"; body = \"{{phone}} "
          "{{secret.app}}: {{text}}\"; }; };\n" REST,
     1, "POST", "http://h:1/base/m", "13800000001 demo: 【某局】\"甲\""},
    /* a leaf that goes through the template engine is escaped as a whole */
    {HEAD SINGLE("{ a = \"\\\"{{ref}}\\\" {{^carrier_template}}-{{/carrier_template}}\"; }") REST,
     1, "POST", "http://h:1/base/m", "{\"a\":\"\\\"Z1\\\" -\"}"},
};

START_TEST(requests)
{
    struct gateway *g = must_load(golden[_i].profile);
    struct gw_request r;

    gw_request_init(&r);
    for (int again = 0; again < 2; again++) {
        build(g, golden[_i].n, &r);
        ck_assert_str_eq(r.method, golden[_i].method);
        ck_assert_str_eq(buf_cstr(&r.url), golden[_i].url);
        ck_assert_str_eq(buf_cstr(&r.body), golden[_i].body);
    }
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

START_TEST(headers)
{
    struct gateway *g = must_load(
        HEAD
        "headers = { X-App = \"{{secret.app}}\"; X-Two = \"common\"; };\n"
        "submit = { single = { path = \"/m\"; headers = { X-Two = \"own\"; }; body = { }; };\n"
        " batch = { path = \"/ms\"; encoding = \"form\"; headers = { content-type = \"x/y\"; }; "
        "body = { }; }; };\n" REST);
    struct gw_request r;

    gw_request_init(&r);
    build(g, 1, &r);
    ck_assert_str_eq(header_of(&r, "X-App"), "demo");
    ck_assert_str_eq(header_of(&r, "X-Two"), "own");
    ck_assert_str_eq(header_of(&r, "Content-Type"), "application/json; charset=utf-8");
    build(g, 2, &r);
    ck_assert_str_eq(header_of(&r, "X-Two"), "common");
    ck_assert_str_eq(header_of(&r, "content-type"), "x/y");
    ck_assert_ptr_null(header_of(&r, "Content-Type"));
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* What a profile cannot carry is an error of these messages, not a request with a hole. */
START_TEST(missing_value)
{
    struct gateway *g = must_load(HEAD SINGLE("{ t = \"{{carrier_template}}\"; }") REST);
    struct gw_request r;
    struct err e;

    gw_request_init(&r);
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_ptr_nonnull(strstr(e.what, "carrier_template"));
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?". */
START_TEST(rfc_4231)
{
    static const char *const profile =
        HEAD "sign = { key = \"{{secret.secret}}\"; parts = [ \"what do ya want\", \"for "
             "nothing?\" ]; join = \" \"; %s};\n"
             "headers = { S = \"{{sign}}\"; };\n" SINGLE("{ }") REST;
    char text[2000];
    struct gw_request r;

    gw_request_init(&r);
    snprintf(text, sizeof text, profile, "");
    struct gateway *g = must_load(text);
    build(g, 1, &r);
    ck_assert_str_eq(header_of(&r, "S"),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    gateway_free(g);
    /* printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -binary | base64 */
    snprintf(text, sizeof text, profile, "encoding = \"base64\"; ");
    g = must_load(text);
    build(g, 1, &r);
    ck_assert_str_eq(header_of(&r, "S"), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    gateway_free(g);
    gw_request_fini(&r);
}
END_TEST

/* body: {"ref":"Z1","to":"13800000001"}
 * h=$(printf '%s' '{"ref":"Z1","to":"13800000001"}' | sha256sum | cut -d' ' -f1)
 * printf 'POST\n/base/m\n1795428000\n%s' $h | openssl dgst -sha256 -hmac Jefe */
START_TEST(signed_request)
{
    struct gateway *g = must_load(
        HEAD
        "sign = { key = \"{{secret.secret}}\"; parts = [ \"{{method}}\", \"{{path}}\", "
        "\"{{timestamp}}\", \"{{body_sha256}}\" ]; join = \"\\n\"; };\n"
        "headers = { S = \"v1 {{sign}}\"; };\n" SINGLE("{ ref = \"{{ref}}\"; to = \"{{phone}}\"; }")
            REST);
    struct gw_request r;

    gw_request_init(&r);
    build(g, 1, &r);
    ck_assert_str_eq(header_of(&r, "S"),
                     "v1 98cca0dd9ce5066958ab03e2244494bed5381d7148d4f239e470603f3559d6f5");
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* The 12333 profile against the protocol's own words. */
START_TEST(signed_12333)
{
    struct gateway *g = load_12333();
    struct gw_request r;
    uint8_t digest[32];
    char hash[65], hex[65], text[512], first[64];

    gw_request_init(&r);
    build(g, 2, &r);
    ck_assert_str_eq(buf_cstr(&r.url), "http://127.0.0.1:12333/v1/messages");
    ck_assert_str_eq(
        buf_cstr(&r.body),
        "{\"items\":[{\"ref\":\"Z1\",\"to\":\"13800000001\",\"text\":\"【某局】\\\"甲\\\"\"},"
        "{\"ref\":\"Z2\",\"to\":\"13800000002\",\"text\":\"【某局】乙\\n\"}]}");
    const char *nonce = header_of(&r, "X-Nonce");
    ck_assert_uint_eq(strlen(nonce), 24);
    ck_assert_uint_eq(strspn(nonce, "0123456789abcdefABCDEFGHJKMNPQRSTVWXYZ"), 24);
    ck_assert_str_eq(header_of(&r, "X-App"), "demo");
    ck_assert_str_eq(header_of(&r, "X-Timestamp"), "1795428000");
    crypt_sha256(r.body.data, r.body.len, digest);
    crypt_hex(digest, 32, hash);
    snprintf(text, sizeof text, "POST\n/v1/messages\n1795428000\n%s\n%s", nonce, hash);
    crypt_hmac_sha256("Jefe", 4, text, strlen(text), digest);
    crypt_hex(digest, 32, hex);
    ck_assert_str_eq(header_of(&r, "X-Signature"), hex);
    snprintf(first, sizeof first, "%s", nonce);
    build(g, 1, &r);
    ck_assert_str_ne(header_of(&r, "X-Nonce"), first); /* never twice */
    ck_assert_str_eq(buf_cstr(&r.url), "http://127.0.0.1:12333/v1/message");
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* One request object, two gateways: keys do not mix. */
START_TEST(scratch_follows_gateway)
{
    struct gateway *one = must_load(
        HEAD
        "sign = { key = \"a\"; parts = [ \"x\" ]; }; headers = { S = \"{{sign}}\"; };\n" SINGLE(
            "{ }") REST);
    struct gateway *two = must_load(
        HEAD
        "sign = { key = \"b\"; parts = [ \"x\" ]; }; headers = { S = \"{{sign}}\"; };\n" SINGLE(
            "{ }") REST);
    struct gw_request r;
    char first[80];

    gw_request_init(&r);
    build(one, 1, &r);
    snprintf(first, sizeof first, "%s", header_of(&r, "S"));
    build(two, 1, &r);
    ck_assert_str_ne(header_of(&r, "S"), first);
    build(one, 1, &r);
    ck_assert_str_eq(header_of(&r, "S"), first);
    gw_request_fini(&r);
    gateway_free(one);
    gateway_free(two);
}
END_TEST

/* ---- answers ---- */

#define ITEM(ref, code, id) "{\"ref\":\"" ref "\",\"code\":\"" code "\",\"id\":\"" id "\"}"
#define RESULTS(items) "{\"code\":\"0\",\"message\":\"done\",\"results\":[" items "]}"

static const struct {
    const char *name;
    bool handed, complete;
    int status;
    const char *end, *body;
    size_t n;
    bool whole;
    const char *classes, *codes, *ids; /* of the messages, separated by blanks */
} answers[] = {
    {"never sent", false, false, 0, "unreachable", "", 2, false, "RETRY RETRY", "not-sent not-sent",
     "- -"},
    {"held back", false, false, 0, "held", "", 1, false, "RETRY", "not-sent", "-"},
    {"no answer", true, false, 0, "timeout", "", 2, false, "UNKNOWN UNKNOWN", "timeout timeout",
     "- -"},
    {"reset", true, false, 0, "closed", "", 1, false, "UNKNOWN", "closed", "-"},
    {"not repeated", true, false, 0, "not-repeated", "", 1, false, "UNKNOWN", "not-repeated", "-"},
    {"too long", true, false, 200, "too-long", "{\"code\":\"0\"}", 1, false, "UNKNOWN", "too-long",
     "-"},

    {"accepted", true, true, 200, "",
     "{\"code\":\"0\",\"message\":\"accepted\",\"id\":\"1000000000000000001\"}", 1, false, "OK",
     "0", "1000000000000000001"},
    {"id as a number", true, true, 200, "", "{\"code\":0,\"id\":1000000000000000001}", 1, false,
     "OK", "0", "1000000000000000001"},
    {"id missing", true, true, 200, "", "{\"code\":\"0\"}", 1, false, "OK", "0", "-"},
    {"flow", true, true, 429, "", "{\"code\":\"F01\"}", 1, true, "RETRY", "F01", "-"},
    {"busy", true, true, 503, "", "{\"code\":\"F02\"}", 1, true, "RETRY", "F02", "-"},
    {"cap", true, true, 200, "", "{\"code\":\"L01\"}", 1, true, "LIMIT", "L01", "-"},
    {"malformed number", true, true, 200, "", "{\"code\":\"N01\"}", 1, true, "NUMBER", "N01", "-"},
    {"vacant", true, true, 200, "", "{\"code\":\"N02\"}", 1, true, "NUMBER", "N02", "-"},
    {"black list", true, true, 200, "", "{\"code\":\"B01\"}", 1, true, "OPTOUT", "B01", "-"},
    {"keyword", true, true, 200, "", "{\"code\":\"C01\"}", 1, true, "CONTENT", "C01", "-"},
    {"no signature", true, true, 200, "", "{\"code\":\"C02\"}", 1, true, "CONTENT", "C02", "-"},
    {"too many units", true, true, 200, "", "{\"code\":\"C03\"}", 1, true, "CONTENT", "C03", "-"},
    {"wrong secret", true, true, 401, "", "{\"code\":\"A01\"}", 1, true, "CONFIG", "A01", "-"},
    {"clock", true, true, 401, "", "{\"code\":\"A02\"}", 1, true, "CONFIG", "A02", "-"},
    {"nonce", true, true, 401, "", "{\"code\":\"A03\"}", 1, false, "UNKNOWN", "A03", "-"},
    {"balance", true, true, 402, "", "{\"code\":\"A04\"}", 1, true, "CONFIG", "A04", "-"},
    {"malformed", true, true, 400, "", "{\"code\":\"A05\"}", 1, true, "CONFIG", "A05", "-"},
    {"internal", true, true, 500, "", "{\"code\":\"X01\"}", 1, false, "UNKNOWN", "X01", "-"},
    {"a code nobody declared", true, true, 200, "", "{\"code\":\"Q77\"}", 1, false, "UNKNOWN",
     "Q77", "-"},
    {"a code is no prefix", true, true, 200, "", "{\"code\":\"F011\"}", 1, false, "UNKNOWN", "F011",
     "-"},
    {"accepted under a status that does not accept", true, true, 503, "",
     "{\"code\":\"0\",\"id\":\"1\"}", 1, false, "UNKNOWN", "0", "1"},
    {"a proxy speaks", true, true, 502, "", "{\"code\":\"F01\"}", 1, false, "UNKNOWN", "http-502",
     "-"},
    {"gateway time-out", true, true, 504, "", "<html>", 1, false, "UNKNOWN", "http-504", "-"},
    {"undeclared 500", true, true, 500, "", "<html>", 2, false, "UNKNOWN UNKNOWN",
     "http-500 http-500", "- -"},
    {"503 without a code", true, true, 503, "", "", 1, false, "UNKNOWN", "http-503", "-"},
    {"429 without a code", true, true, 429, "", "slow down", 1, false, "UNKNOWN", "http-429", "-"},
    {"redirect", true, true, 302, "", "", 1, false, "UNKNOWN", "http-302", "-"},
    {"wrong address", true, true, 404, "", "<html>", 2, true, "CONFIG CONFIG", "http-404 http-404",
     "- -"},
    {"forbidden", true, true, 403, "", "", 1, true, "CONFIG", "http-403", "-"},
    {"garbage", true, true, 200, "", "\x16\x03 OK", 1, false, "UNKNOWN", "unreadable", "-"},
    {"half of it", true, true, 200, "", "{\"code\":\"0\",\"mess", 1, false, "UNKNOWN", "unreadable",
     "-"},
    {"empty", true, true, 200, "", "", 1, false, "UNKNOWN", "unreadable", "-"},
    {"another shape", true, true, 200, "", "[\"0\"]", 1, false, "UNKNOWN", "unreadable", "-"},
    {"code of another type", true, true, 200, "", "{\"code\":{}}", 1, false, "UNKNOWN",
     "unreadable", "-"},
    {"code twice", true, true, 200, "", "{\"code\":\"0\",\"code\":\"F01\"}", 1, false, "UNKNOWN",
     "unreadable", "-"},
    {"strange bytes in a code", true, true, 200, "", "{\"code\":\"忙 x\"}", 1, false, "UNKNOWN",
     "???_x", "-"},

    {"batch", true, true, 200, "", RESULTS(ITEM("Z1", "0", "11") "," ITEM("Z2", "0", "12")), 2,
     false, "OK OK", "0 0", "11 12"},
    {"batch in another order", true, true, 200, "",
     RESULTS(ITEM("Z3", "N01", "") "," ITEM("Z1", "0", "11") "," ITEM("Z2", "B01", "")), 3, false,
     "OK OPTOUT NUMBER", "0 B01 N01", "11 - -"},
    {"missing item", true, true, 200, "", RESULTS(ITEM("Z1", "0", "11") "," ITEM("Z3", "L01", "")),
     3, false, "OK UNKNOWN LIMIT", "0 no-item L01", "11 - -"},
    {"no items at all", true, true, 200, "", "{\"code\":\"0\"}", 2, false, "UNKNOWN UNKNOWN",
     "no-item no-item", "- -"},
    {"empty items", true, true, 200, "", RESULTS(""), 2, false, "UNKNOWN UNKNOWN",
     "no-item no-item", "- -"},
    {"items of another type", true, true, 200, "", "{\"code\":\"0\",\"results\":7}", 2, false,
     "UNKNOWN UNKNOWN", "no-item no-item", "- -"},
    {"foreign items", true, true, 200, "", RESULTS(ITEM("Q", "0", "1") ",7," ITEM("Z2", "0", "12")),
     2, false, "UNKNOWN OK", "no-item 0", "- 12"},
    {"item without a code", true, true, 200, "",
     RESULTS("{\"ref\":\"Z1\",\"id\":\"11\"}," ITEM("Z2", "0", "12")), 2, false, "UNKNOWN OK",
     "unreadable 0", "11 12"},
    {"item with a code nobody declared", true, true, 200, "",
     RESULTS(ITEM("Z1", "Q", "11") "," ITEM("Z2", "0", "12")), 2, false, "UNKNOWN OK", "Q 0",
     "11 12"},
    {"the same twice", true, true, 200, "",
     RESULTS(ITEM("Z1", "0", "11") "," ITEM("Z1", "0", "11") "," ITEM("Z2", "0", "12")), 2, false,
     "OK OK", "0 0", "11 12"},
    {"contradiction", true, true, 200, "",
     RESULTS(ITEM("Z1", "0", "11") "," ITEM("Z2", "0", "12") "," ITEM("Z1", "F01", "")), 2, false,
     "UNKNOWN OK", "ambiguous 0", "- 12"},
    {"whole batch refused", true, true, 200, "", "{\"code\":\"N01\"}", 3, true,
     "NUMBER NUMBER NUMBER", "N01 N01 N01", "- - -"},
    {"whole batch slowed", true, true, 429, "", "{\"code\":\"F01\"}", 2, true, "RETRY RETRY",
     "F01 F01", "- -"},
    {"refused as a whole, but items say otherwise", true, true, 200, "",
     "{\"code\":\"F01\",\"results\":[" ITEM("Z1", "0", "11") "]}", 2, false, "OK UNKNOWN",
     "0 no-item", "11 -"},
    {"items under a status that does not accept", true, true, 500, "",
     RESULTS(ITEM("Z1", "0", "11") "," ITEM("Z2", "N02", "")), 2, false, "UNKNOWN NUMBER", "0 N02",
     "11 -"},
    {"half a batch answer", true, true, 200, "",
     "{\"code\":\"0\",\"results\":[{\"ref\":\"Z1\",\"code\":\"0\"", 2, false, "UNKNOWN UNKNOWN",
     "unreadable unreadable", "- -"},
};

static void join(char *out, size_t cap, const struct gw_result *r, size_t n, int what)
{
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const char *s = what == 0   ? message_class_name(r[i].class)
                        : what == 1 ? r[i].code
                                    : r[i].provider_id;
        snprintf(out + strlen(out), cap - strlen(out), "%s%s", i ? " " : "", s[0] ? s : "-");
    }
}

static void judge(const struct gateway *g, int i)
{
    const struct gw_answer a = {.handed_over = answers[i].handed,
                                .complete = answers[i].complete,
                                .status = answers[i].status,
                                .retry_after_ms = 5000,
                                .end = answers[i].end,
                                .body = answers[i].body,
                                .body_len = strlen(answers[i].body),
                                .transport_error = ""};
    struct gw_result r[3];
    char text[3][256];
    bool whole;

    memset(r, 0x7f, sizeof r);
    gateway_judge(g, &a, messages, answers[i].n, r, &whole);
    for (int what = 0; what < 3; what++)
        join(text[what], sizeof text[what], r, answers[i].n, what);
    ck_assert_msg(strcmp(text[0], answers[i].classes) == 0, "%s: %s", answers[i].name, text[0]);
    ck_assert_msg(strcmp(text[1], answers[i].codes) == 0, "%s: %s", answers[i].name, text[1]);
    ck_assert_msg(strcmp(text[2], answers[i].ids) == 0, "%s: %s", answers[i].name, text[2]);
    ck_assert_msg(whole == answers[i].whole, "%s: whole", answers[i].name);
    for (size_t k = 0; k < answers[i].n; k++)
        ck_assert_int_eq(r[k].retry_after_ms, r[k].class == CLASS_RETRY ||
                                                      r[k].class == CLASS_LIMIT ||
                                                      r[k].class == CLASS_CONFIG
                                                  ? 5000
                                                  : 0);
}

START_TEST(judging)
{
    struct gateway *g = load_12333();

    judge(g, _i);
    gateway_free(g);
}
END_TEST

/* Other ways to read: prefixes, the longest first; by order; a status alone; one verdict for a whole batch. */
START_TEST(judging_otherwise)
{
    struct gateway *g = must_load(
        HEAD
        "submit = { batch = { path = \"/m\"; body = { }; }; };\n"
        "answer = { code = \"/c\"; classes = { OK = [ \"isv.ok\" ]; NUMBER = [ \"isv.*\" ]; LIMIT "
        "= [ "
        "\"isv.limit.*\" ]; }; items = { at = \"/r\"; match = \"order\"; code = \"\"; }; };\n");
    struct gw_answer a = {
        .handed_over = true, .complete = true, .status = 200, .end = "", .transport_error = ""};
    struct gw_result r[2];
    bool whole;

    a.body = "{\"r\":[\"isv.limit.day\",\"isv.x\"]}";
    a.body_len = strlen(a.body);
    gateway_judge(g, &a, messages, 2, r, &whole);
    ck_assert_int_eq(r[0].class, CLASS_LIMIT);
    ck_assert_int_eq(r[1].class, CLASS_NUMBER);
    a.body = "{\"r\":[\"isv.ok\"]}"; /* whose? */
    a.body_len = strlen(a.body);
    gateway_judge(g, &a, messages, 2, r, &whole);
    ck_assert_int_eq(r[0].class, CLASS_UNKNOWN);
    ck_assert_int_eq(r[1].class, CLASS_UNKNOWN);
    gateway_free(g);

    g = must_load(HEAD "submit = { batch = { path = \"/m\"; body = { }; }; };\n"
                       "answer = { id = \"/sid\"; statuses = [ 201 ]; http = { OK = [ 201 ]; RETRY "
                       "= [ 429 ]; }; };\n");
    a.status = 201;
    a.body = "{\"sid\":\"SM1\"}";
    a.body_len = strlen(a.body);
    gateway_judge(g, &a, messages, 2, r, &whole);
    ck_assert_int_eq(r[1].class, CLASS_OK);
    ck_assert_str_eq(r[1].provider_id, "SM1");
    ck_assert(!whole);
    a.status = 429;
    gateway_judge(g, &a, messages, 2, r, &whole);
    ck_assert_int_eq(r[0].class, CLASS_RETRY);
    ck_assert(whole);
    gateway_free(g);
}
END_TEST

/* ---- callbacks ---- */

struct fake {
    const char *stamp, *nonce, *sign;
};

static const char *fake_header(void *ctx, const char *name)
{
    const struct fake *f = ctx;

    return strcmp(name, "X-Timestamp") == 0   ? f->stamp
           : strcmp(name, "X-Nonce") == 0     ? f->nonce
           : strcmp(name, "X-Signature") == 0 ? f->sign
                                              : NULL;
}

static const char *fake_query(void *ctx, const char *key)
{
    (void)ctx, (void)key;
    return NULL;
}

static const char body_ok[] = "{\"receipts\":[]}";

static int verify(const struct gateway *g, struct fake *f, const char *callback_path,
                  const char *body, int64_t now_ms)
{
    struct gw_callback c = {.method = "POST",
                            .path = callback_path,
                            .body = body,
                            .body_len = strlen(body),
                            .header = fake_header,
                            .query = fake_query,
                            .ctx = f};
    struct err e = {0};
    int rc = gateway_callback_verify(g, GW_RECEIPT, &c, now_ms, &e);

    ck_assert_int_eq(e.kind, rc == 0 ? ERR_NONE : ERR_PERM);
    return rc;
}

/* printf 'POST\n/12333/receipt\n1795428000\nabcdefghijklmnop\n%s' $(printf '%s' '{"receipts":[]}' | sha256sum | cut -d' ' -f1) |
 * openssl dgst -sha256 -hmac Jefe */
START_TEST(callback_signature)
{
    struct gateway *g = load_12333();
    struct fake f = {"1795428000", "abcdefghijklmnop",
                     "a2a95856096d6772e4915ce2885a2e08883deee1dc61bbf9930f319f3106c5b5"};

    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/12333/receipt"), GW_RECEIPT);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/12333/reply"), GW_REPLY);
    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/12333/reply"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/other/reply"), -1);

    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), 0);
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW + 299000), 0);
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW + 301000), -1); /* old */
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW - 301000),
                     -1); /* from the future */
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", "{\"receipts\":[1]}", NOW), -1);
    ck_assert_int_eq(verify(g, &f, "/12333/reply", body_ok, NOW), -1); /* moved to another path */
    f.sign = "00cbeb3a9dbe1ecd8a0cd3a0e0c2e2c5c8ff24d30fb14ab2b1ee58ab0b7b4cc5";
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    f.sign = "";
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    f.sign = NULL;
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    f = (struct fake){NULL, "abcdefghijklmnop",
                      "a2a95856096d6772e4915ce2885a2e08883deee1dc61bbf9930f319f3106c5b5"};
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    f.stamp = "1795428000 ";
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    f.stamp = "-1";
    ck_assert_int_eq(verify(g, &f, "/12333/receipt", body_ok, NOW), -1);
    gateway_free(g);
}
END_TEST

static char seen[4096];

static int note(void *ctx, const struct gw_report *r)
{
    (void)ctx;
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "[%s|%s|%s|%s|%s%s|%s|%lld]", r->ref,
             r->provider_id, r->phone, message_class_name(r->class), r->pending ? "pending " : "",
             r->code, r->text, (long long)r->at_ms);
    return 0;
}

#define RECEIPT(state, code)                                                                       \
    "{\"receipts\":[{\"ref\":\"Z1\",\"id\":\"7\",\"to\":\"13800000001\",\"state\":\"" state        \
    "\",\"code\":\"" code "\",\"at\":\"2026-11-23 10:00:05\",\"parts\":2}]}"
#define SEEN(rest) "[Z1|7|13800000001|" rest "||1795399205000]"

static const struct {
    enum gw_report_kind kind;
    const char *body, *expect;
    int rc;
    size_t skipped;
} callbacks[] = {
    {GW_RECEIPT, RECEIPT("DELIVRD", "000"), SEEN("OK|000"), 0, 0},
    {GW_RECEIPT, RECEIPT("DELIVRD", ""), SEEN("OK|DELIVRD"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "MK:0001"), SEEN("NUMBER|MK:0001"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "MK:0005"), SEEN("NUMBER|MK:0005"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "MBBLACK"), SEEN("OPTOUT|MBBLACK"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "MK:0015"), SEEN("CONTENT|MK:0015"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "DB:0142"), SEEN("LIMIT|DB:0142"), 0, 0},
    {GW_RECEIPT, RECEIPT("UNDELIV", "IC:0151"), SEEN("UNKNOWN|IC:0151"), 0, 0},
    {GW_RECEIPT, RECEIPT("REJECTD", "MBBLACK"), SEEN("OPTOUT|MBBLACK"), 0, 0},
    {GW_RECEIPT, RECEIPT("REJECTD", "KEYWORD"), SEEN("CONTENT|KEYWORD"), 0, 0},
    {GW_RECEIPT, RECEIPT("EXPIRED", ""), SEEN("UNKNOWN|EXPIRED"), 0, 0},
    {GW_RECEIPT, RECEIPT("DELETED", ""), SEEN("UNKNOWN|DELETED"), 0, 0},
    {GW_RECEIPT, RECEIPT("ACCEPTD", ""), SEEN("UNKNOWN|pending ACCEPTD"), 0, 0},
    {GW_RECEIPT, RECEIPT("BUFFERD", ""), SEEN("UNKNOWN|pending BUFFERD"), 0, 0},
    {GW_RECEIPT, RECEIPT("delivrd", ""), SEEN("UNKNOWN|pending delivrd"), 0,
     0}, /* not declared: proves nothing final */
    {GW_RECEIPT, "{\"receipts\":[]}", "", 0, 0},
    {GW_RECEIPT,
     "{\"receipts\":[{\"ref\":\"Z1\"},7,{\"state\":\"DELIVRD\"},{\"ref\":\"Z2\",\"state\":"
     "\"DELIVRD\",\"at\":\"soon\"}]}",
     "[Z2|||OK|DELIVRD||0]", 0, 3},
    {GW_RECEIPT,
     "{\"receipts\":[{\"id\":12345678901234567890123,\"to\":\"+8613800000001\",\"state\":"
     "\"DELIVRD\"}]}",
     "[|12345678901234567890123|13800000001|OK|DELIVRD||0]", 0, 0},
    {GW_RECEIPT,
     "{\"receipts\":[{\"id\":1000000000000000001,\"to\":\"+8613800000001\",\"state\":\"DELIVRD\"}]"
     "}",
     "[|1000000000000000001|13800000001|OK|DELIVRD||0]", 0, 0},
    {GW_RECEIPT, "{\"receipts\":7}", "", -1, 0},
    {GW_RECEIPT, "{}", "", -1, 0},
    {GW_RECEIPT, "garbage", "", -1, 0},
    {GW_RECEIPT, "", "", -1, 0},
    {GW_REPLY,
     "{\"replies\":[{\"id\":\"9\",\"from\":\"13800000001\",\"text\":\" 退订\",\"at\":\"2026-11-23 "
     "10:00:05\",\"ext\":\"\"}]}",
     "[|9|13800000001|OK|| 退订|1795399205000]", 0, 0},
    {GW_REPLY,
     "{\"replies\":[{\"from\":\"13800000001\",\"text\":\"\"},{\"from\":\"12\",\"text\":\"R\"},{"
     "\"from\":\"13800000002\"},"
     "{\"from\":\"13800000002\",\"text\":7}]}",
     "[||13800000001|OK|||0]", 0, 3},
};

START_TEST(callback_reading)
{
    struct gateway *g = load_12333();
    struct err e = {0};
    size_t skipped = 0;

    seen[0] = '\0';
    int rc = gateway_callback_read(g, callbacks[_i].kind, callbacks[_i].body,
                                   strlen(callbacks[_i].body), note, NULL, &skipped, &e);
    ck_assert_int_eq(rc, callbacks[_i].rc);
    ck_assert_int_eq(e.kind, rc == 0 ? ERR_NONE : ERR_PROTO);
    ck_assert_str_eq(seen, callbacks[_i].expect);
    if (rc == 0)
        ck_assert_uint_eq(skipped, callbacks[_i].skipped);
    /* What can be read is never turned away at the door. */
    struct err why = {0};
    int check = gateway_callback_check(g, callbacks[_i].kind, callbacks[_i].body,
                                       strlen(callbacks[_i].body), &why);
    if (rc == 0)
        ck_assert_int_eq(check, 0);
    else if (strstr(callbacks[_i].body, "receipts") == NULL)
        ck_assert_int_eq(why.kind, ERR_PROTO);
    gateway_free(g);
}
END_TEST

START_TEST(callback_ack)
{
    struct gateway *g = load_12333();
    const char *type, *body;
    int status;

    gateway_callback_ack(g, GW_REPLY, &status, &type, &body);
    ck_assert_int_eq(status, 200);
    ck_assert_str_eq(type, "application/json");
    ck_assert_str_eq(body, "{\"code\":\"0\"}");
    gateway_free(g);
}
END_TEST

/* ---- Kannel ---- */

static struct gateway *load_kannel(void)
{
    static char file[512];
    static struct conf_secret kannel_secrets[] = {
        {(char *)(uintptr_t) "password", (char *)(uintptr_t) "p&w"},
        {(char *)(uintptr_t) "callback", (char *)(uintptr_t) "t+k"}};
    static struct conf_secret kannel_settings[] = {
        {(char *)(uintptr_t) "username", (char *)(uintptr_t) "zhanchi"}};
    static struct conf_gateway kannel = {.name = "kannel",
                                         .profile = file,
                                         .public_url = (char *)(uintptr_t) "http://h:18380/",
                                         .secrets = kannel_secrets,
                                         .n_secrets = 2,
                                         .settings = kannel_settings,
                                         .n_settings = 1};
    struct err e;

    snprintf(file, sizeof file, "%s/conf/gateways/kannel.conf", getenv("ZHANCHI_SOURCE_DIR"));
    struct gateway *g = gateway_load(&kannel, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

/* Kannel takes the outer encoding off and fills in what begins with a single per cent sign. */
START_TEST(kannel_request)
{
    struct gateway *g = load_kannel();
    struct gw_request r;

    gw_request_init(&r);
    build(g, 1, &r);
    ck_assert_str_eq(r.method, "GET");
    ck_assert_str_eq(
        buf_cstr(&r.url),
        "http://127.0.0.1:13013/cgi-bin/sendsms?username=zhanchi&password=p%26w&to=13800000001"
        "&text=%E3%80%90%E6%9F%90%E5%B1%80%E3%80%91%22%E7%94%B2%22&charset=UTF-8&coding=2"
        "&dlr-mask=31&dlr-url=http%3A%2F%2Fh%3A18380%2Fkannel%2Freceipt%3Ftoken%3Dt%252Bk"
        "%26ref%3DZ1%26state%3D%25d%26text%3D%25A%26at%3D%25T");
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

static const struct {
    int status;
    const char *body;
    enum msg_class class;
    const char *code;
} kannel_answers[] = {
    {202, "0: Accepted for delivery", CLASS_OK, "0"},
    {403, "Authorization failed for sendsms\n", CLASS_CONFIG, "Authorization_failed_for_sendsm"},
    {400, "Number(s) has/have been denied. Denied receivers are: 13800000001", CLASS_NUMBER,
     "Number(s)_has"}, /* no number gets into a log */
    {202, "13800000001 is odd", CLASS_UNKNOWN, "http-202"},
    {502, "0: Accepted for delivery", CLASS_UNKNOWN, "http-502"},
};

START_TEST(kannel_judging)
{
    struct gateway *g = load_kannel();
    struct gw_answer a = {.handed_over = true,
                          .complete = true,
                          .status = kannel_answers[_i].status,
                          .end = "",
                          .body = kannel_answers[_i].body,
                          .body_len = strlen(kannel_answers[_i].body),
                          .transport_error = ""};
    struct gw_result r;
    bool whole;

    gateway_judge(g, &a, messages, 1, &r, &whole);
    ck_assert_int_eq(r.class, kannel_answers[_i].class);
    ck_assert_str_eq(r.code, kannel_answers[_i].code);
    gateway_free(g);
}
END_TEST

static const struct {
    enum gw_report_kind kind;
    const char *query, *expect;
    size_t skipped;
} kannel_callbacks[] = {
    {GW_RECEIPT, "token=x&ref=Z1&state=2&text=id%3A5+stat%3AMK%3A0001+err%3A012&at=1795799586",
     "[Z1|||NUMBER|MK:0001||1795799586000]", 0},
    {GW_RECEIPT, "ref=Z1&state=16&text=NACK%2F0x58%2FThrottling+error&at=1795799586",
     "[Z1|||UNKNOWN|0x58||1795799586000]", 0},
    {GW_RECEIPT, "ref=Z1&state=8&text=ACK%2F&at=1795799586",
     "[Z1|||UNKNOWN|pending 8||1795799586000]", 0},
    {GW_RECEIPT, "ref=Z1&state=1", "[Z1|||OK|1||0]", 0},
    {GW_REPLY, "from=13800000001&text=%90%00%8B%A2&charset=UTF-16BE&id=7&at=1795799562",
     "[|7|13800000001|OK||退订|1795799562000]", 0},
    {GW_REPLY, "charset=utf-16be&from=13800000001&text=%00T%00D", "[||13800000001|OK||TD|0]",
     0}, /* in any order */
    {GW_REPLY, "from=13800000001&text=%E9%80%80%E8%AE%A2&charset=8-BIT",
     "[||13800000001|OK||退订|0]", 0},
    {GW_REPLY, "from=13800000001&text=R", "[||13800000001|OK||R|0]", 0},
    {GW_REPLY, "from=13800000001&text=%00T%00&charset=UTF-16BE", "", 1}, /* half a character */
};

START_TEST(kannel_reading)
{
    struct gateway *g = load_kannel();
    struct err e = {0};
    size_t skipped = 0;

    seen[0] = '\0';
    ck_assert_int_eq(gateway_callback_read(g, kannel_callbacks[_i].kind, kannel_callbacks[_i].query,
                                           strlen(kannel_callbacks[_i].query), note, NULL, &skipped,
                                           &e),
                     0);
    ck_assert_str_eq(seen, kannel_callbacks[_i].expect);
    ck_assert_uint_eq(skipped, kannel_callbacks[_i].skipped);
    gateway_free(g);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

int main(void)
{
    Suite *s = suite_create("gateway");
    TCase *t = tcase_create("gateway");

    make_dir();
    tcase_add_loop_test(t, profile_errors, 0, COUNT(bad_profiles));
    tcase_add_test(t, limits_and_settings);
    tcase_add_loop_test(t, requests, 0, COUNT(golden));
    tcase_add_test(t, headers);
    tcase_add_test(t, missing_value);
    tcase_add_test(t, rfc_4231);
    tcase_add_test(t, signed_request);
    tcase_add_test(t, signed_12333);
    tcase_add_test(t, scratch_follows_gateway);
    tcase_add_loop_test(t, judging, 0, COUNT(answers));
    tcase_add_test(t, judging_otherwise);
    tcase_add_test(t, callback_signature);
    tcase_add_loop_test(t, callback_reading, 0, COUNT(callbacks));
    tcase_add_test(t, callback_ack);
    tcase_add_test(t, kannel_request);
    tcase_add_loop_test(t, kannel_judging, 0, COUNT(kannel_answers));
    tcase_add_loop_test(t, kannel_reading, 0, COUNT(kannel_callbacks));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    drop_dir();
    return failed != 0;
}
