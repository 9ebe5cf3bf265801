/*
 * scheme_verify: what providers sign when they call: tampering with each signed part, clocks, ports, quotes, repeated parameters, bodies that
 * are not covered.
 */
#include <stdlib.h>
#include "scheme_world.h"
#include "zhanchi/crypt.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))
#define FORM "application/x-www-form-urlencoded"

/* ---- Twilio ---- */

static struct heard headers;

static struct scheme_callback twilio(const char *url, const char *body)
{
    memset(&headers, 0, sizeof headers);
    hear(&headers, "Content-Type", FORM "; charset=UTF-8");
    return (struct scheme_callback){.method = "POST",
                                    .url = url,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .header = heard,
                                    .ctx = &headers,
                                    .secret = "12345",
                                    .secret_len = 5};
}

/* Signs as Twilio does: the data are written out by the test. */
static void twilio_signs(const char *data)
{
    struct crypt_method m;
    uint8_t mac[CRYPT_METHOD_BYTES];
    struct buf text;

    ck_assert(crypt_method_find("hmac-sha1", &m));
    buf_init(&text, 64);
    crypt_base64(mac, crypt_method_run(m, "12345", 5, data, strlen(data), mac), &text);
    hear(&headers, "X-Twilio-Signature", buf_cstr(&text));
    buf_fini(&text);
}

static const struct {
    const char *url, *body, *data;
} good[] = {
    {"https://e.org/d?m=1", "", "https://e.org/d?m=1"},
    {"https://e.org/d?m=1", "b=2&a=1", "https://e.org/d?m=1a1b2"},
    {"https://e.org/d", "a=1",
     "https://e.org:443/da1"}, /* with the port that goes without saying */
    {"http://e.org/d", "a=1", "http://e.org:80/da1"},
    {"https://e.org:443/d", "a=1", "https://e.org/da1"},
    {"https://e.org:8443/d", "a=1", "https://e.org/da1"}, /* the SDK tries that, too */
    {"https://e.org:8443/d", "a=1", "https://e.org:8443/da1"},
    {"https://u:p@e.org/d", "a=1", "https://u:p@e.org:443/da1"},
    {"https://[::1]/d", "a=1", "https://[::1]:443/da1"},
    {"https://[::1]:9/d", "a=1", "https://[::1]/da1"},
    {"https://e.org", "a=1", "https://e.org:443a1"},
    {"https://e.org/d?x='%20y", "a=1", "https://e.org/d?x='%20ya1"}, /* as it is */
    {"https://e.org/d", "a=2&b=3&a=1&a=2", "https://e.org/da1a2b3"}, /* distinct, sorted */
    {"https://e.org/d", "a=x+y%2B%E5%BC%A0&b=", "https://e.org/dax y+张b"},
    {"https://e.org/d", "aa=1&a=2&A=3", "https://e.org/dA3a2aa1"},
};

START_TEST(twilio_good)
{
    struct scheme_callback c = twilio(good[_i].url, good[_i].body);

    twilio_signs(good[_i].data);
    taken(scheme_verify_twilio, &c);
    c.secret = "12346";
    refused(scheme_verify_twilio, &c, "wrong signature");
}
END_TEST

START_TEST(twilio_tampered)
{
    static const char data[] = "https://e.org/d?m=1a1b2";
    struct scheme_callback c = twilio("https://e.org/d?m=1", "a=1&b=2");

    refused(scheme_verify_twilio, &c, "bears no signature");
    twilio_signs(data);
    taken(scheme_verify_twilio, &c);
    static const struct {
        const char *url, *body;
    } changed[] = {
        {"https://e.org/d?m=2", "a=1&b=2"},     {"https://e.org/e?m=1", "a=1&b=2"},
        {"https://f.org/d?m=1", "a=1&b=2"},     {"http://e.org/d?m=1", "a=1&b=2"},
        {"https://e.org/d?m=1", "a=1&b=3"},     {"https://e.org/d?m=1", "a=1&c=2"},
        {"https://e.org/d?m=1", "a=1"},         {"https://e.org/d?m=1", "a=1&b=2&c=3"},
        {"https://e.org/d?m=1", "a=1&b=2&b=3"},
    };
    for (int i = 0; i < COUNT(changed); i++) {
        c.url = changed[i].url;
        c.body = changed[i].body;
        c.body_len = strlen(c.body);
        refused(scheme_verify_twilio, &c, "wrong signature");
    }
    c = twilio("https://e.org/d?m=1", "a=%zz");
    twilio_signs(data);
    refused(scheme_verify_twilio, &c, "cannot be read");
    static const char *const no_url[] = {"", "/d?m=1", "https://", "://e.org/", "https:///d"};
    for (int i = 0; i < COUNT(no_url); i++) {
        c = twilio(no_url[i], "");
        twilio_signs(no_url[i]);
        refused(scheme_verify_twilio, &c, "no URL");
    }
}
END_TEST

/* A length that is wrong, a case that is wrong: Base64 is compared as it is. */
START_TEST(twilio_signature_text)
{
    struct scheme_callback c = twilio("https://e.org/", "");
    char right[64], wrong[70];

    twilio_signs("https://e.org/");
    snprintf(right, sizeof right, "%s", heard(&headers, "X-Twilio-Signature"));
    for (size_t i = 0; i < strlen(right); i++) {
        strcpy(wrong, right);
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        hear(&headers, "X-Twilio-Signature", wrong);
        refused(scheme_verify_twilio, &c, "wrong signature");
    }
    snprintf(wrong, sizeof wrong, "%sA", right);
    hear(&headers, "X-Twilio-Signature", wrong);
    refused(scheme_verify_twilio, &c, "wrong signature");
    hear(&headers, "X-Twilio-Signature", "");
    refused(scheme_verify_twilio, &c, "wrong signature");
}
END_TEST

START_TEST(twilio_json)
{
    static const char body[] = "{\"a\":1}";
    char url[160], hex[65];
    uint8_t digest[32];

    crypt_sha256(body, strlen(body), digest);
    crypt_hex(digest, 32, hex);
    snprintf(url, sizeof url, "https://e.org/d?bodySHA256=%s", hex);
    struct scheme_callback c = twilio(url, body);
    hear(&headers, "Content-Type", "application/json");
    twilio_signs(url);
    taken(scheme_verify_twilio, &c);
    c.body = "{\"a\":2}";
    refused(scheme_verify_twilio, &c, "another body's hash");
    c.body_len = 0;
    refused(scheme_verify_twilio, &c, "another body's hash");

    /* without the hash nothing says whose the body is */
    c = twilio("https://e.org/d", body);
    twilio_signs("https://e.org/d");
    hear(&headers, "Content-Type", "application/json");
    refused(scheme_verify_twilio, &c, "does not cover");
    hear(&headers, "Content-Type", FORM "x");
    refused(scheme_verify_twilio, &c, "does not cover");
    c = twilio("https://e.org/d?bodySHA256=", "");
    twilio_signs("https://e.org/d?bodySHA256=");
    refused(scheme_verify_twilio, &c, "another body's hash");
}
END_TEST

/* ---- Yunpian ---- */

static int yunpian(const char *text, struct err *e)
{
    struct json *root = json_parse(text, strlen(text), e);
    struct scheme_callback c = {.json = root, .secret = "k", .secret_len = 1};

    ck_assert_msg(root != NULL, "%s", e->what);
    int rc = scheme_verify_yunpian(&c, e);
    json_free(root);
    return rc;
}

static const struct {
    const char *text, *why; /* NULL: good */
} pushes[] = {
    /* md5("2,x,k") */
    {"{\"_sign\":\"3470ea96b48d7a1fdb71b3bc5c5c6a85\",\"b\":\"x\",\"a\":2}", "wrong signature"},
    {"{\"_sign\":\"@\",\"b\":\"x\",\"a\":2}", NULL},
    {"{\"b\":\"x\",\"a\":2,\"_sign\":\"@\"}", NULL},
    {"{\"b\":\"x\",\"a\":3,\"_sign\":\"@\"}", "wrong signature"},
    {"{\"b\":\"x\",\"a\":2,\"c\":\"\",\"_sign\":\"@\"}", "wrong signature"},
    {"{\"a\":\"x\",\"b\":2,\"_sign\":\"@\"}", "wrong signature"},
    {"{\"b\":\"x\",\"a\":2}", "no signature"},
    {"{\"b\":\"x\",\"a\":2,\"_sign\":1}", "no signature"},
    {"{\"b\":\"x\",\"a\":2,\"_sign\":\"\"}", "wrong signature"},
    {"{\"b\":\"x\",\"a\":2,\"c\":{},\"_sign\":\"@\"}", "no signature covers"},
    {"{\"b\":\"x\",\"a\":2,\"c\":null,\"_sign\":\"@\"}", "no signature covers"},
    {"[]", "is no object"},
};

START_TEST(yunpian_pushes)
{
    struct crypt_method md5;
    uint8_t digest[CRYPT_METHOD_BYTES];
    char hex[2 * CRYPT_METHOD_BYTES + 1], text[256];
    struct err e = {.what = ""};
    const char *at = strchr(pushes[_i].text, '@');

    ck_assert(crypt_method_find("md5", &md5));
    crypt_hex(digest, crypt_method_run(md5, NULL, 0, "2,x,k", 5, digest), hex);
    if (at)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - pushes[_i].text), pushes[_i].text, hex,
                 at + 1);
    else
        snprintf(text, sizeof text, "%s", pushes[_i].text);
    int rc = yunpian(text, &e);
    ck_assert_msg(pushes[_i].why ? rc == -1 && strstr(e.what, pushes[_i].why) != NULL : rc == 0,
                  "%s: %s", text, e.what);
}
END_TEST

/* ---- SDK-HMAC ---- */

#define NOW 1731038215000 /* 2024-11-08T03:56:55Z */
#define BODY "smsMsgId=1&status=DELIVRD"

static struct outcome push;
static char authorization[400];

/* A push, signed by our own scheme; that this one is Huawei's is asked elsewhere. */
static struct scheme_callback huawei(const char *host, const char *more)
{
    char in[300];
    int n = snprintf(in, sizeof in, "Content-Type: " FORM "%c%s", 0, more);
    struct scheme_request r = {.method = "POST",
                               .host = host,
                               .path = "/dlr/huawei",
                               .query = "b=2&a=1",
                               .query_len = 7,
                               .headers = in,
                               .headers_len = (size_t)n + 1,
                               .body = BODY,
                               .body_len = strlen(BODY),
                               .id = "ak",
                               .secret = "sk",
                               .secret_len = 2,
                               .time_ms = NOW};
    struct err e;

    outcome_init(&push);
    ck_assert_msg(scheme_sign(scheme_find("sdk-hmac"), &r, &push.out, &e) == 0, "%s", e.what);
    memset(&headers, 0, sizeof headers);
    snprintf(authorization, sizeof authorization, "%s", header_in(&push.headers, "Authorization"));
    hear(&headers, "Authorization", authorization);
    hear(&headers, "X-Sdk-Date", header_in(&push.headers, "X-Sdk-Date"));
    hear(&headers, "Content-Type", " " FORM " ");
    hear(&headers, "Host", "10.0.0.1:8080"); /* behind a proxy */
    outcome_fini(&push);
    return (struct scheme_callback){.method = "POST",
                                    .url = "https://sms.example.org/dlr/huawei?a=1&b=2",
                                    .body = BODY,
                                    .body_len = strlen(BODY),
                                    .header = heard,
                                    .ctx = &headers,
                                    .id = "ak",
                                    .secret = "sk",
                                    .secret_len = 2,
                                    .now_ms = NOW};
}

START_TEST(huawei_good)
{
    struct scheme_callback c = huawei("sms.example.org", "X: y");

    taken(scheme_verify_sdk_hmac, &c);
    c.url = "https://sms.example.org:443/dlr/huawei?b=2&a=1";
    taken(scheme_verify_sdk_hmac, &c);
    c = huawei("sms.example.org:443", "X: y");
    taken(scheme_verify_sdk_hmac, &c);
    c = huawei("sms.example.org:8443", "X: y");
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c.url = "https://sms.example.org:8443/dlr/huawei?b=2&a=1";
    taken(scheme_verify_sdk_hmac, &c);
}
END_TEST

START_TEST(huawei_tampered)
{
    struct scheme_callback ok = huawei("sms.example.org", "X: y"), c = ok;

    c.method = "PUT";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c = ok;
    c.url = "https://sms.example.org/dlr/huawei?a=1&b=3";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c.url = "https://sms.example.org/dlr/other?a=1&b=2";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c.url = "https://sms.example.net/dlr/huawei?a=1&b=2";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c.url = "https://sms.example.org/dlr/huawei?a=%1&b=2";
    refused(scheme_verify_sdk_hmac, &c, "cannot be read");
    c.url = "dlr";
    refused(scheme_verify_sdk_hmac, &c, "no URL");
    c = ok;
    c.body = "smsMsgId=2&status=DELIVRD";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c = ok;
    c.secret = "sl";
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    c = ok;
    c.id = "al";
    refused(scheme_verify_sdk_hmac, &c, "another app key");
    c.id = NULL;
    refused(scheme_verify_sdk_hmac, &c, "another app key");
    hear(&headers, "Content-Type", "text/plain");
    refused(scheme_verify_sdk_hmac, &ok, "wrong signature");
}
END_TEST

/* The header that says the body's hash is no way around the body. */
START_TEST(huawei_body_hash)
{
    char line[120], hex[65];
    uint8_t digest[32];

    crypt_sha256(BODY, strlen(BODY), digest);
    crypt_hex(digest, 32, hex);
    snprintf(line, sizeof line, "X-Sdk-Content-Sha256: %s", hex);
    struct scheme_callback c = huawei("sms.example.org", line);
    refused(scheme_verify_sdk_hmac, &c, "lacks a header");
    hear(&headers, "X-Sdk-Content-Sha256", hex);
    taken(scheme_verify_sdk_hmac, &c);
    c.body = "smsMsgId=2&status=DELIVRD";
    refused(scheme_verify_sdk_hmac, &c, "another body's hash");
    hear(&headers, "X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD");
    refused(scheme_verify_sdk_hmac, &c, "another body's hash");
}
END_TEST

START_TEST(huawei_clock)
{
    struct scheme_callback c = huawei("sms.example.org", "X: y");

    c.now_ms = NOW + SCHEME_TOLERANCE_MS;
    taken(scheme_verify_sdk_hmac, &c);
    c.now_ms = NOW - SCHEME_TOLERANCE_MS;
    taken(scheme_verify_sdk_hmac, &c);
    c.now_ms = NOW + SCHEME_TOLERANCE_MS + 1;
    refused(scheme_verify_sdk_hmac, &c, "another time");
    c.now_ms = NOW - SCHEME_TOLERANCE_MS - 1;
    refused(scheme_verify_sdk_hmac, &c, "another time");
    c.tolerance_ms = SCHEME_TOLERANCE_MS + 1;
    taken(scheme_verify_sdk_hmac, &c);
    c.now_ms = NOW;
    hear(&headers, "X-Sdk-Date", "20241108T035656Z"); /* not the one that was signed */
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    static const char *const no_times[] = {"",
                                           "20241108T035655",
                                           "20241108 035655Z",
                                           "20241308T035655Z",
                                           "20241108T245655Z",
                                           "2024-11-08T03:56:55Z",
                                           "20241108T035655Zx",
                                           "2024110aT035655Z"};
    for (int i = 0; i < COUNT(no_times); i++) {
        hear(&headers, "X-Sdk-Date", no_times[i]);
        refused(scheme_verify_sdk_hmac, &c, "no readable X-Sdk-Date");
    }
}
END_TEST

/* Puts `with` for the first `what` in the Authorization header. */
static void rewrite(const char *what, const char *with)
{
    char text[500];
    const char *at = strstr(authorization, what);

    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - authorization), authorization, with,
             at + strlen(what));
    hear(&headers, "Authorization", text);
}

START_TEST(huawei_authorization)
{
    struct scheme_callback c = huawei("sms.example.org", "X: y");
    char quoted[400];
    const char *signature = strstr(authorization, "Signature=") + 10;

    snprintf(quoted, sizeof quoted,
             "SDK-HMAC-SHA256 Access=\"ak\" ,SignedHeaders=\"content-type;host;x-sdk-date\",  "
             "Signature=\"%s\"",
             signature);
    hear(&headers, "Authorization", quoted);
    taken(scheme_verify_sdk_hmac, &c);
    rewrite("content-type;host;x-sdk-date", "host;x-sdk-date;content-type");
    taken(scheme_verify_sdk_hmac, &c); /* the order of the list is not the order of signing */
    rewrite("content-type;host;", "content-type;");
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    rewrite("content-type;host;x-sdk-date", "");
    refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    rewrite("host;", "host;x-missing;");
    refused(scheme_verify_sdk_hmac, &c, "lacks a header");
    rewrite("SDK-HMAC-SHA256", "SDK-HMAC-SM3");
    refused(scheme_verify_sdk_hmac, &c, "bears no signature");
    rewrite("Access=ak", "Access=ak2");
    refused(scheme_verify_sdk_hmac, &c, "another app key");
    rewrite("Access=ak, ", "");
    refused(scheme_verify_sdk_hmac, &c, "cannot be read");
    rewrite("Signature=", "Signature=00");
    refused(scheme_verify_sdk_hmac, &c, "cannot be read");
    rewrite("Signature=", "Signature=x");
    refused(scheme_verify_sdk_hmac, &c, "cannot be read");
    for (size_t i = 0; i < 64; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s", authorization);
        char *digit = strstr(text, "Signature=") + 10 + i;
        *digit = *digit == '0' ? '1' : '0';
        hear(&headers, "Authorization", text);
        refused(scheme_verify_sdk_hmac, &c, "wrong signature");
    }
    hear(&headers, "Authorization", "SDK-HMAC-SHA256 ,,, Signature");
    refused(scheme_verify_sdk_hmac, &c, "cannot be read");
}
END_TEST

/* ---- Basic, and no secret at all ---- */

START_TEST(basic)
{
    struct scheme_callback c = {.header = heard,
                                .ctx = &headers,
                                .id = "Aladdin",
                                .secret = "open sesame",
                                .secret_len = 11};

    memset(&headers, 0, sizeof headers);
    refused(scheme_verify_basic, &c, "no user and password");
    hear(&headers, "Authorization", "basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    taken(scheme_verify_basic, &c);
    hear(&headers, "Authorization", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    refused(scheme_verify_basic, &c, "no user and password");
    static const char *const wrong[] = {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", "Basic ",
                                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==x",
                                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"};
    for (int i = 0; i < COUNT(wrong); i++) {
        hear(&headers, "Authorization", wrong[i]);
        refused(scheme_verify_basic, &c, "wrong user or password");
    }
    hear(&headers, "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    c.id = "Alladin";
    refused(scheme_verify_basic, &c, "wrong user or password");
}
END_TEST

START_TEST(no_secret)
{
    for (size_t i = 0; scheme_proof_name(i); i++) {
        struct scheme_callback c = twilio("https://e.org/", "");
        struct err e;
        c.secret = "";
        c.secret_len = 0;
        ck_assert_int_eq(scheme_proof_find(scheme_proof_name(i))->verify(&c, &e), -1);
        ck_assert_int_eq(e.kind, ERR_CONFIG);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheme_verify");
    TCase *t = tcase_create("verify");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(t, twilio_good, 0, COUNT(good));
    tcase_add_test(t, twilio_tampered);
    tcase_add_test(t, twilio_signature_text);
    tcase_add_test(t, twilio_json);
    tcase_add_loop_test(t, yunpian_pushes, 0, COUNT(pushes));
    tcase_add_test(t, huawei_good);
    tcase_add_test(t, huawei_tampered);
    tcase_add_test(t, huawei_body_hash);
    tcase_add_test(t, huawei_clock);
    tcase_add_test(t, huawei_authorization);
    tcase_add_test(t, basic);
    tcase_add_test(t, no_secret);
    suite_add_tcase(suite, t);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
