/*
 * gateway_callbacks: who may call, with what proof, and what is answered. Proofs were made with Python's hashlib and hmac over the texts that stand
 * beside them; each must fail when one thing is changed.
 */
#include "gateway_world.h"

#define STATES "ref = '/r'; state = '/s'; states = ( );"
/* The profile whose receipts are proved like this. */
#define VERIFY(how)                                                                                \
    TOP ANSWER SINGLE(                                                                             \
        "{ }") "callbacks = { receipt = { verify = { " how " }; path = '/r'; " STATES              \
               " };\n reply = { verify = 'none'; path = '/y'; phone = '/p'; text = '/t'; }; };\n"
#define KEY " key = '{{secret.secret}}'; "
#define ID " id = '{{secret.app}}'; "

#define TOKEN_HEADER VERIFY("method = 'token'; header = 'X-Token';" KEY)
#define TOKEN_PARAMETER VERIFY("method = 'token'; parameter = 'pwd';" KEY)
#define BASIC VERIFY("method = 'basic';" ID KEY)
#define TWILIO VERIFY("method = 'twilio';" KEY)
#define SDK VERIFY("method = 'sdk-hmac';" ID KEY)
#define YUNPIAN                                                                                    \
    TOP ANSWER SINGLE(                                                                             \
        "{ }") "callbacks = { verify = 'none'; reply = { path = '/y'; verify = { method = "        \
               "'yunpian';" KEY                                                                    \
               "}; format = 'form-json'; field = 'f'; phone = '/mobile'; text = '/text'; }; };\n"
#define RECIPE                                                                                     \
    VERIFY(KEY "parts = [ '{{method}}', '{{path}}', '{{header.X-Time}}', '{{body}}' ]; join = "    \
               "'\\n'; signature = 'X-Sign'; timestamp = 'X-Time'; tolerance = '60s';")
#define RECIPE_PARAMETER                                                                           \
    VERIFY("method = 'md5'; parts = [ 'q', '{{query.q}}', '{{body}}', '{{secret.secret}}' ]; "     \
           "encoding = 'HEX'; parameter = 'sign';")
#define RECIPE_NESTED                                                                              \
    VERIFY("method = 'hmac-sha1';" KEY                                                             \
           "parts = ( '{{query.t}}', { encode = [ 'md5', 'hex' ]; value = '{{body}}'; } ); "       \
           "encoding = 'base64'; signature = 'X-Sign';")

#define BODY "{\"r\":1}"
#define FORM_TYPE "Content-Type=application/x-www-form-urlencoded"
#define YUNPIAN_BODY(sign, text)                                                                   \
    "f={\"id\":1,\"mobile\":\"13800000001\",\"reply_time\":\"2026-11-23 "                          \
    "10:00:00\",\"text\":\"" text "\",\"_sign\":\"" sign "\"}"
#define SDK_HEAD(key, signature)                                                                   \
    "Authorization=SDK-HMAC-SHA256 Access=" key                                                    \
    ", SignedHeaders=host;x-sdk-date, Signature=" signature
#define SDK_SIGN "f7fd60feee05a9d4fa7fc98e234e6cf1cc6d8e2cd67431530f50eeee5c6ec493"
#define TWILIO_SIGN "X-Twilio-Signature=lB0+MFEqqvv8iM2JRxhXbV5/EoE="
#define RECIPE_SIGN "X-Sign=a0edd76addd239941c353869e69e6ce22c5e1dbdbb887ffbc723ebc9048180df"

static const struct {
    const char *name, *profile;
    enum gw_report_kind kind;
    const char *headers[3]; /* name=value */
    const char *query, *body;
    bool good;
} calls[] = {
    {"token", TOKEN_HEADER, GW_RECEIPT, {"X-Token=Jefe"}, "", BODY, true},
    {"another token", TOKEN_HEADER, GW_RECEIPT, {"X-Token=jefe"}, "", BODY, false},
    {"half a token", TOKEN_HEADER, GW_RECEIPT, {"X-Token=Jef"}, "", BODY, false},
    {"more than a token", TOKEN_HEADER, GW_RECEIPT, {"X-Token=Jefe "}, "", BODY, false},
    {"no token", TOKEN_HEADER, GW_RECEIPT, {NULL}, "X-Token=Jefe", BODY, false},
    {"an empty token", TOKEN_HEADER, GW_RECEIPT, {"X-Token="}, "", BODY, false},
    {"token as a parameter", TOKEN_PARAMETER, GW_RECEIPT, {NULL}, "pwd=Jefe", BODY, true},
    {"another parameter", TOKEN_PARAMETER, GW_RECEIPT, {"pwd=Jefe"}, "pwd=x", BODY, false},
    {"of the other kind: none", TOKEN_HEADER, GW_REPLY, {NULL}, "", BODY, true},

    {"basic", BASIC, GW_RECEIPT, {"Authorization=Basic ZGVtbzpKZWZl"}, "", BODY, true},
    {"basic, another password",
     BASIC,
     GW_RECEIPT,
     {"Authorization=Basic ZGVtbzpKZWZm"},
     "",
     BODY,
     false},
    {"basic, without padding",
     BASIC,
     GW_RECEIPT,
     {"Authorization=Basic ZGVtbzpKZW"},
     "",
     BODY,
     false},
    {"no basic", BASIC, GW_RECEIPT, {NULL}, "", BODY, false},
    {"bearer", BASIC, GW_RECEIPT, {"Authorization=Bearer ZGVtbzpKZWZl"}, "", BODY, false},

    /* hmac-sha1 of https://office.example/g/r?x=1AfirstBsecond & */
    {"twilio", TWILIO, GW_RECEIPT, {TWILIO_SIGN, FORM_TYPE}, "x=1", "B=second+%26&A=first", true},
    {"twilio, another value",
     TWILIO,
     GW_RECEIPT,
     {TWILIO_SIGN, FORM_TYPE},
     "x=1",
     "B=second+%26&A=first2",
     false},
    {"twilio, another query",
     TWILIO,
     GW_RECEIPT,
     {TWILIO_SIGN, FORM_TYPE},
     "x=2",
     "B=second+%26&A=first",
     false},
    {"twilio, no form",
     TWILIO,
     GW_RECEIPT,
     {TWILIO_SIGN, "Content-Type=text/plain"},
     "x=1",
     "B=second+%26&A=first",
     false},
    {"twilio, no signature", TWILIO, GW_RECEIPT, {FORM_TYPE}, "x=1", "B=second+%26&A=first", false},

    /* md5 of 1,13800000001,2026-11-23 10:00:00,退订,Jefe */
    {"yunpian",
     YUNPIAN,
     GW_REPLY,
     {NULL},
     "",
     YUNPIAN_BODY("6ec29a61db5a85062e7691de53b5af50", "退订"),
     true},
    {"yunpian, another text",
     YUNPIAN,
     GW_REPLY,
     {NULL},
     "",
     YUNPIAN_BODY("6ec29a61db5a85062e7691de53b5af50", "好的"),
     false},
    {"yunpian, no signature", YUNPIAN, GW_REPLY, {NULL}, "", "f={\"id\":1}", false},
    {"yunpian, no JSON", YUNPIAN, GW_REPLY, {NULL}, "", "f=x", false},

    {"sdk-hmac",
     SDK,
     GW_RECEIPT,
     {SDK_HEAD("demo", SDK_SIGN), "X-Sdk-Date=20261123T100000Z"},
     "",
     BODY,
     true},
    {"sdk-hmac, another body",
     SDK,
     GW_RECEIPT,
     {SDK_HEAD("demo", SDK_SIGN), "X-Sdk-Date=20261123T100000Z"},
     "",
     "{\"r\":2}",
     false},
    {"sdk-hmac, another key",
     SDK,
     GW_RECEIPT,
     {SDK_HEAD("dem", SDK_SIGN), "X-Sdk-Date=20261123T100000Z"},
     "",
     BODY,
     false},
    {"sdk-hmac, another time",
     SDK,
     GW_RECEIPT,
     {SDK_HEAD("demo", SDK_SIGN), "X-Sdk-Date=20261123T100001Z"},
     "",
     BODY,
     false},
    {"sdk-hmac, no time", SDK, GW_RECEIPT, {SDK_HEAD("demo", SDK_SIGN)}, "", BODY, false},

    /* hmac-sha256 of POST\n/g/r\n1795428000\n{"r":1} */
    {"recipe", RECIPE, GW_RECEIPT, {RECIPE_SIGN, "X-Time=1795428000"}, "", BODY, true},
    {"recipe, another body",
     RECIPE,
     GW_RECEIPT,
     {RECIPE_SIGN, "X-Time=1795428000"},
     "",
     BODY " ",
     false},
    {"recipe, another time",
     RECIPE,
     GW_RECEIPT,
     {RECIPE_SIGN, "X-Time=1795428001"},
     "",
     BODY,
     false},
    {"recipe, no time", RECIPE, GW_RECEIPT, {RECIPE_SIGN}, "", BODY, false},
    {"recipe, a time that is none",
     RECIPE,
     GW_RECEIPT,
     {RECIPE_SIGN, "X-Time=1795428000x"},
     "",
     BODY,
     false},
    {"recipe, no signature", RECIPE, GW_RECEIPT, {"X-Time=1795428000"}, "", BODY, false},
    {"recipe, no body", RECIPE, GW_RECEIPT, {RECIPE_SIGN, "X-Time=1795428000"}, "", "", false},
    /* md5 of q7{"r":1}Jefe */
    {"recipe over parameters, in one",
     RECIPE_PARAMETER,
     GW_RECEIPT,
     {NULL},
     "q=7&sign=9B239AF8AFF6C92DD5F10379A5BBBED6",
     BODY,
     true},
    {"... without the parameter",
     RECIPE_PARAMETER,
     GW_RECEIPT,
     {NULL},
     "sign=9B239AF8AFF6C92DD5F10379A5BBBED6",
     BODY,
     false},
    {"... signature in a header",
     RECIPE_PARAMETER,
     GW_RECEIPT,
     {"sign=9B239AF8AFF6C92DD5F10379A5BBBED6"},
     "q=7",
     BODY,
     false},
    /* hmac-sha1 of 1795428000 and md5 of the body in hex */
    {"recipe with a digest in it",
     RECIPE_NESTED,
     GW_RECEIPT,
     {"X-Sign=TpgXd848DTN4RKw4e39n28HXP9A="},
     "t=1795428000",
     BODY,
     true},
    {"... another body",
     RECIPE_NESTED,
     GW_RECEIPT,
     {"X-Sign=TpgXd848DTN4RKw4e39n28HXP9A="},
     "t=1795428000",
     "{}",
     false},
};

struct heard {
    const char *const *headers;
    const char *query;
    char value[4][200]; /* what was asked for last stays */
    size_t n;
};

static const char *header(void *ctx, const char *name)
{
    const struct heard *h = ctx;
    size_t len = strlen(name);

    for (int i = 0; i < 3 && h->headers[i]; i++)
        if (strncasecmp(h->headers[i], name, len) == 0 && h->headers[i][len] == '=')
            return h->headers[i] + len + 1;
    return NULL;
}

static const char *query(void *ctx, const char *name)
{
    struct heard *h = ctx;
    size_t len = strlen(name);

    for (const char *p = h->query; *p; p += strcspn(p, "&"), p += *p == '&')
        if (strncmp(p, name, len) == 0 && p[len] == '=') {
            char *value = h->value[h->n++ % 4];
            snprintf(value, sizeof h->value[0], "%.*s", (int)strcspn(p + len + 1, "&"),
                     p + len + 1);
            return value;
        }
    return NULL;
}

static int verify(const struct gateway *g, int i, const char *peer, int64_t now_ms)
{
    struct heard h = {.headers = calls[i].headers, .query = calls[i].query};
    const struct gw_callback c = {.method = "POST",
                                  .path = calls[i].kind == GW_RECEIPT ? "/g/r" : "/g/y",
                                  .body = calls[i].body,
                                  .body_len = strlen(calls[i].body),
                                  .query_string = calls[i].query,
                                  .query_len = strlen(calls[i].query),
                                  .peer = peer,
                                  .header = header,
                                  .query = query,
                                  .ctx = &h};
    struct err e = {0};
    int rc = gateway_callback_verify(g, calls[i].kind, &c, now_ms, &e);

    ck_assert(rc == 0 || e.kind != ERR_NONE);
    ck_assert_msg(strstr(e.what, "Jefe") == NULL, "%s", e.what);
    return rc;
}

START_TEST(proof)
{
    struct gateway *g = load(calls[_i].profile);

    for (int again = 0; again < 3; again++)
        ck_assert_msg(verify(g, _i, "192.0.2.7", NOW) == (calls[_i].good ? 0 : -1), "%s",
                      calls[_i].name);
    if (calls[_i].good && strstr(calls[_i].profile, "tolerance")) {
        ck_assert_int_eq(verify(g, _i, "192.0.2.7", NOW + 59000), 0);
        ck_assert_int_eq(verify(g, _i, "192.0.2.7", NOW + 61000), -1);
        ck_assert_int_eq(verify(g, _i, "192.0.2.7", NOW - 61000), -1);
    }
    gateway_free(g);
}
END_TEST

/* ---- from where ---- */

static const struct {
    const char *allow, *peer;
    bool good;
} peers[] = {
    {"'192.0.2.7'", "192.0.2.7", true},
    {"'192.0.2.7'", "192.0.2.8", false},
    {"'192.0.2.7'", "::ffff:192.0.2.7", true}, /* as a socket for both families names it */
    {"'192.0.2.7'", "::ffff:192.0.2.8", false},
    {"'192.0.2.7'", "::192.0.2.7", false},
    {"'::ffff:192.0.2.7'", "192.0.2.7", true},
    {"'10.1.0.0/16'", "10.1.255.255", true},
    {"'10.1.0.0/16'", "10.2.0.0", false},
    {"'10.1.2.3/16'", "10.1.9.9", true},
    {"'10.1.0.0/17'", "10.1.127.255", true},
    {"'10.1.0.0/17'", "10.1.128.0", false},
    {"'192.0.2.7/31'", "192.0.2.6", true},
    {"'192.0.2.7/31'", "192.0.2.8", false},
    {"'192.0.2.7/32'", "192.0.2.6", false},
    {"'0.0.0.0/0'", "203.0.113.9", true},
    {"'0.0.0.0/0'", "2001:db8::1", false},
    {"'0.0.0.0/0'", "::ffff:203.0.113.9", true},
    {"'2001:db8::/32'", "2001:db8:ffff::1", true},
    {"'2001:db8::/32'", "2001:db9::1", false},
    {"'2001:db8::/33'", "2001:db8:7fff::1", true},
    {"'2001:db8::/33'", "2001:db8:8000::1", false},
    {"'2001:db8::1'", "2001:0db8:0::0:1", true},
    {"'2001:db8::1/128'", "2001:db8::2", false},
    {"'2001:db8::/32'", "192.0.2.7", false},
    {"'192.0.2.7', '10.0.0.0/8'", "10.9.9.9", true},
    {"'192.0.2.7', '10.0.0.0/8'", "11.9.9.9", false},
    {"'0.0.0.0/0', '::/0'", "nobody", false},
    {"'0.0.0.0/0', '::/0'", "", false},
    {"'0.0.0.0/0', '::/0'", NULL, false},
};

START_TEST(networks)
{
    static const char *const none[3];
    struct heard h = {.headers = none, .query = ""};
    const struct gw_callback c = {.method = "POST",
                                  .path = "/g/y",
                                  .body = "",
                                  .peer = peers[_i].peer,
                                  .header = header,
                                  .query = query,
                                  .ctx = &h};
    char text[800];
    struct err e = {0};

    snprintf(text, sizeof text,
             TOP ANSWER SINGLE("{ }") "callbacks = { verify = 'none'; allow = [ %s ]; reply = { "
                                      "path = '/y'; phone = '/p'; text = '/t'; }; };\n",
             peers[_i].allow);
    struct gateway *g = load(text);
    ck_assert_int_eq(gateway_callback_verify(g, GW_REPLY, &c, NOW, &e), peers[_i].good ? 0 : -1);
    ck_assert_int_eq(e.kind, peers[_i].good ? ERR_NONE : ERR_PERM);
    gateway_free(g);
}
END_TEST

/* ---- under which path ---- */

START_TEST(paths)
{
    struct gateway *g =
        load(TOP ANSWER SINGLE("{ }") "callbacks = { verify = 'none'; receipt = { method = 'GET'; "
                                      "path = '/r/{{secret.secret}}'; " STATES " };\n"
                                      " reply = { path = '/y'; phone = '/p'; text = '/t'; }; };\n");

    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/g/r/Jefe"), GW_RECEIPT);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/g/r/Jefe"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/g/r/jefe"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/g/r/Jef"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/g/r/Jefe/"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "GET", "/g/r/"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/g/y"), GW_REPLY);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/h/y"), -1);
    ck_assert_int_eq(gateway_callback_kind(g, "POST", ""), -1);
    gateway_free(g);
    g = load(TOP ANSWER SINGLE("{ }"));
    ck_assert_int_eq(gateway_callback_kind(g, "POST", "/g/y"), -1);
    gateway_free(g);
}
END_TEST

/* ---- what is answered ---- */

static void ack_is(const struct gateway *g, enum gw_report_kind kind, int status, const char *type,
                   const char *body)
{
    const char *got_type, *got_body;
    int got;

    gateway_callback_ack(g, kind, &got, &got_type, &got_body);
    ck_assert_int_eq(got, status);
    ck_assert_str_eq(got_type, type);
    ck_assert_str_eq(got_body, body);
}

START_TEST(ack)
{
    static const char calls_of[] = TOP ANSWER SINGLE(
        "{ }") "callbacks = { verify = 'none'; %s receipt = { path = '/r'; %s " STATES
               " }; reply = { path = '/y'; phone = '/p'; text = '/t'; }; };\n";
    char text[1000];

    snprintf(text, sizeof text, calls_of, "", "");
    struct gateway *g = load(text);
    ack_is(g, GW_RECEIPT, 200, "text/plain", "");
    gateway_free(g);
    snprintf(text, sizeof text, calls_of, "ack = { body = 'ok'; };",
             "ack = { status = 204; type = 'application/json'; };");
    g = load(text);
    ack_is(g, GW_RECEIPT, 204, "application/json", ""); /* all of its own */
    ack_is(g, GW_REPLY, 200, "text/plain", "ok");
    gateway_free(g);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, proof, 0, COUNT(calls));
    tcase_add_loop_test(t, networks, 0, COUNT(peers));
    tcase_add_test(t, paths);
    tcase_add_test(t, ack);
}

int main(void)
{
    return run_case("gateway_callbacks", add);
}
