/*
 * scheme: what a request must have, what may not be there, that every signed part counts, and odd characters. Whether the signatures are the
 * providers' own is asked by tests/cases and tests/interop.
 */
#include <stdlib.h>
#include "scheme_world.h"
#include "zhanchi/crypt.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static const char *const names[] = {"aliyun-rpc", "acs3",  "tc3",   "sdk-hmac",
                                    "wsse",       "basic", "bearer"};
#define TYPE "Content-Type: application/x-www-form-urlencoded"

/* A request that every scheme can sign. */
static struct scheme_request request(void)
{
    return (struct scheme_request){.method = "POST",
                                   .host = "sms.example.org",
                                   .path = "/v1/send",
                                   .query = "b=2&a=1",
                                   .query_len = 7,
                                   .headers = TYPE "\0X-Other: 1",
                                   .headers_len = sizeof TYPE "\0X-Other: 1",
                                   .body = "To=1&Text=x",
                                   .body_len = 11,
                                   .form = true,
                                   .id = "key01",
                                   .secret = "secret01",
                                   .secret_len = 8,
                                   .service = "sms",
                                   .time_ms = 1731038215000,
                                   .nonce = "n0"};
}

static void sign(const char *scheme, const struct scheme_request *r, struct outcome *s)
{
    struct err e;

    outcome_reset(s);
    ck_assert_msg(scheme_sign(scheme_find(scheme), r, &s->out, &e) == 0, "%s: %s", scheme, e.what);
}

static void cannot(const char *scheme, const struct scheme_request *r, enum err_kind kind,
                   const char *why)
{
    struct outcome s;
    struct err e = {.what = "(signed)"};

    outcome_init(&s);
    buf_adds(&s.headers, "h");
    buf_adds(&s.params, "p");
    int rc = scheme_sign(scheme_find(scheme), r, &s.out, &e);
    ck_assert_msg(rc == -1 && e.kind == kind && strstr(e.what, why) != NULL, "%s: got %d \"%s\"",
                  scheme, rc, e.what);
    ck_assert_str_eq(buf_cstr(&s.headers), "h");
    ck_assert_str_eq(buf_cstr(&s.params), "p");
    ck_assert_uint_eq(s.canonical.len + s.to_sign.len, 0);
    ck_assert_ptr_null(strstr(e.what, "secret01"));
    outcome_fini(&s);
}

START_TEST(table)
{
    size_t n = 0;

    for (; scheme_name(n); n++) {
        const struct scheme *s = scheme_find(scheme_name(n));
        ck_assert_str_eq(s->name, names[n]);
    }
    ck_assert_int_eq((int)n, COUNT(names));
    ck_assert_ptr_null(scheme_find("ACS3"));
    ck_assert_ptr_null(scheme_find(""));
    ck_assert_ptr_nonnull(scheme_proof_find("twilio"));
    ck_assert_ptr_null(scheme_proof_find("tc3"));
}
END_TEST

/* ---- every part counts ---- */

enum part { METHOD, HOST, PATH, QUERY, TYPE_HEADER, BODY, ID, SECRET, SERVICE, TIME, NONCE, PARTS };

static void change(struct scheme_request *r, enum part part)
{
    static const char type[] = "Content-Type: text/plain";

    switch (part) {
    case METHOD:
        r->method = "PUT";
        break;
    case HOST:
        r->host = "sms.example.net";
        break;
    case PATH:
        r->path = "/v1/sent";
        break;
    case QUERY:
        r->query = "b=2&a=0";
        break;
    case TYPE_HEADER:
        r->headers = type;
        r->headers_len = sizeof type;
        break;
    case BODY:
        r->body = "To=1&Text=y";
        break;
    case ID:
        r->id = "key02";
        break;
    case SECRET:
        r->secret = "secret02";
        break;
    case SERVICE:
        r->service = "cvm";
        break;
    case TIME:
        r->time_ms += 1000;
        break;
    case NONCE:
        r->nonce = "n1";
        break;
    case PARTS:
        break;
    }
}

static const struct {
    const char *scheme;
    unsigned counts; /* bits of enum part */
} parts[] = {
#define B(x) (1U << (x))
    {"aliyun-rpc", B(METHOD) | B(QUERY) | B(BODY) | B(ID) | B(SECRET) | B(TIME) | B(NONCE)},
    {"acs3", B(METHOD) | B(HOST) | B(PATH) | B(QUERY) | B(TYPE_HEADER) | B(BODY) | B(SECRET) |
                 B(TIME) | B(NONCE)},
    {"tc3", B(METHOD) | B(HOST) | B(PATH) | B(QUERY) | B(TYPE_HEADER) | B(BODY) | B(SECRET) |
                B(SERVICE) | B(TIME)},
    {"sdk-hmac",
     B(METHOD) | B(HOST) | B(PATH) | B(QUERY) | B(TYPE_HEADER) | B(BODY) | B(SECRET) | B(TIME)},
    {"wsse", B(SECRET) | B(TIME) | B(NONCE)},
    {"basic", B(ID) | B(SECRET)},
    {"bearer", B(SECRET)},
};

/* The signature alone, without the parts that are also said in clear. */
static void signature_of(const char *scheme, const struct scheme_request *r, char out[512])
{
    struct outcome s;

    outcome_init(&s);
    sign(scheme, r, &s);
    const char *wsse = header_in(&s.headers, "X-WSSE");
    const char *text = s.params.len ? buf_cstr(&s.params)
                       : wsse       ? wsse
                                    : header_in(&s.headers, "Authorization");
    const char *from = s.params.len ? strstr(text, "&Signature=")
                       : wsse       ? strstr(text, "PasswordDigest")
                                    : strstr(text, "Signature=");
    size_t len = wsse ? strcspn(from, ",") : strlen(from ? from : text);
    snprintf(out, 512, "%.*s", (int)len, from ? from : text);
    outcome_fini(&s);
}

START_TEST(every_part)
{
    char before[512], after[512];
    struct scheme_request r = request();

    signature_of(parts[_i].scheme, &r, before);
    for (enum part part = 0; part < PARTS; part++) {
        r = request();
        change(&r, part);
        signature_of(parts[_i].scheme, &r, after);
        bool differs = strcmp(before, after) != 0;
        ck_assert_msg(differs == ((parts[_i].counts >> part & 1) != 0), "%s, part %d: %s",
                      parts[_i].scheme, (int)part, after);
    }
    r = request();
    signature_of(parts[_i].scheme, &r, after);
    ck_assert_str_eq(before, after);
}
END_TEST

/* ---- bad requests ---- */

START_TEST(missing)
{
    for (int i = 0; i < COUNT(names); i++) {
        unsigned uses = scheme_find(names[i])->uses;
        struct scheme_request r = request();
        r.secret_len = 0;
        cannot(names[i], &r, ERR_CONFIG, "needs a secret");
        r = request();
        r.id = NULL;
        if (uses & SCHEME_ID)
            cannot(names[i], &r, ERR_CONFIG, "needs an id");
        r.id = "";
        if (uses & SCHEME_ID)
            cannot(names[i], &r, ERR_CONFIG, "needs an id");
        r = request();
        r.nonce = "";
        if (uses & SCHEME_NONCE)
            cannot(names[i], &r, ERR_CONFIG, "needs a nonce");
        r = request();
        r.service = NULL;
        if (uses & SCHEME_SERVICE)
            cannot(names[i], &r, ERR_CONFIG, "needs a service");
    }
    struct scheme_request r = request();
    r.headers_len = 0;
    cannot("tc3", &r, ERR_CONFIG, "Content-Type");
    r = request();
    r.host = NULL;
    cannot("acs3", &r, ERR_CONFIG, "host");
    cannot("tc3", &r, ERR_CONFIG, "host");
    cannot("sdk-hmac", &r, ERR_CONFIG, "host");
}
END_TEST

static const char *const no_tokens[] = {"a\r\nX: y", "a\n", "a\"b", "a b", "a\x7f", "é", "a\\b"};

START_TEST(no_header_injection)
{
    for (int i = 0; i < COUNT(names); i++) {
        struct scheme_request r = request();
        unsigned uses = scheme_find(names[i])->uses;
        r.id = no_tokens[_i];
        if ((uses & SCHEME_ID) && strcmp(names[i], "basic") != 0)
            cannot(names[i], &r, ERR_CONFIG, "no header may hold");
        r = request();
        r.nonce = no_tokens[_i];
        if (uses & SCHEME_NONCE)
            cannot(names[i], &r, ERR_CONFIG, "no header may hold");
    }
    struct scheme_request r = request();
    r.secret = no_tokens[_i];
    r.secret_len = strlen(r.secret);
    if (strpbrk(r.secret, "\"\\") == NULL)
        cannot("bearer", &r, ERR_CONFIG, "no header may hold");
}
END_TEST

START_TEST(there_already)
{
    char header[128];

    for (int i = 0; i < COUNT(names); i++)
        for (const char *const *name = scheme_find(names[i])->adds; *name; name++) {
            struct scheme_request r = request();
            int n = snprintf(header, sizeof header, TYPE "%c%s: x", 0, *name);
            for (char *c = header; c < header + n; c++) /* in whatever case */
                if (*c >= 'A' && *c <= 'Z')
                    *c = (char)(*c - 'A' + 'a');
            r.headers = header;
            r.headers_len = (size_t)n + 1;
            cannot(names[i], &r, ERR_CONFIG, "there already");
        }
    static const char *const queries[] = {"Signature=x", "AccessKeyId=x", "Timestamp",
                                          "SignatureMethod=x", "a=1&Signature%4Eonce=x"};
    for (int i = 0; i < COUNT(queries); i++) {
        struct scheme_request r = request();
        r.query = queries[i];
        r.query_len = strlen(r.query);
        cannot("aliyun-rpc", &r, ERR_CONFIG, "there already");
    }
    struct scheme_request r = request();
    r.headers = TYPE "\0content-type: text/plain";
    r.headers_len = sizeof TYPE "\0content-type: text/plain";
    cannot("acs3", &r, ERR_CONFIG, "twice");
    cannot("sdk-hmac", &r, ERR_CONFIG, "twice");
    cannot("tc3", &r, ERR_CONFIG, "twice");
}
END_TEST

static const char *const no_percent[] = {"a=%", "a=%2", "a=%g0", "%zz=1", "a=1&b=%1"};

START_TEST(badly_encoded)
{
    struct scheme_request r = request();

    r.query = no_percent[_i];
    r.query_len = strlen(r.query);
    cannot("aliyun-rpc", &r, ERR_DATA, "the query is not percent-encoded at byte");
    cannot("acs3", &r, ERR_DATA, "the query is not percent-encoded at byte");
    cannot("sdk-hmac", &r, ERR_DATA, "the query is not percent-encoded at byte");
    r = request();
    r.body = no_percent[_i];
    r.body_len = strlen(r.body);
    cannot("aliyun-rpc", &r, ERR_DATA, "the form is not percent-encoded at byte");
    r = request();
    r.path = "/a%/b";
    cannot("sdk-hmac", &r, ERR_DATA, "the path is not percent-encoded at byte 2");
}
END_TEST

START_TEST(no_room)
{
    for (int i = 0; i < COUNT(names); i++) {
        struct scheme_request r = request();
        struct buf small;
        struct scheme_out out = {.headers = &small, .params = &small};
        struct err e;
        buf_init(&small, 20);
        ck_assert_int_eq(scheme_sign(scheme_find(names[i]), &r, &out, &e), -1);
        ck_assert_int_eq(e.kind, ERR_DATA);
        ck_assert_uint_eq(small.len, 0);
        buf_fini(&small);
    }
}
END_TEST

/* ---- odd characters, empty and long ones ---- */

static void expect_query(const char *scheme, const char *query, const char *canonical)
{
    struct scheme_request r = request();
    struct outcome s;

    outcome_init(&s);
    r.query = query;
    r.query_len = strlen(query);
    r.form = false;
    sign(scheme, &r, &s);
    /* the third line */
    const char *line = strchr(strchr(buf_cstr(&s.canonical), '\n') + 1, '\n') + 1;
    ck_assert_uint_eq(strcspn(line, "\n"), strlen(canonical));
    ck_assert_int_eq(strncmp(line, canonical, strlen(canonical)), 0);
    outcome_fini(&s);
}

START_TEST(queries)
{
    static const struct {
        const char *query, *canonical;
    } rows[] = {
        {"", ""},
        {"a", "a="},
        {"&a=1&&b=2&", "a=1&b=2"},
        {"b=1&a=2&a=1", "a=1&a=2&b=1"},
        {"a=x+y", "a=x%20y"}, /* as a form has it */
        {"a=x%20y%2b*~%7E!'()", "a=x%20y%2B%2A~~%21%27%28%29"},
        {"a=%e5%bc%a0", "a=%E5%BC%A0"},
        {"a==b=", "a=%3Db%3D"},
        {"%61=1", "a=1"},
        {"a%00b=%00", "a%00b=%00"},
        {"B=1&a=2&A=3", "A=3&B=1&a=2"},       /* bytes, not letters */
        {"a-b=1&a=2&aa=3", "a=2&a-b=1&aa=3"}, /* names, not "name=" */
    };

    for (int i = 0; i < COUNT(rows); i++) {
        expect_query("acs3", rows[i].query, rows[i].canonical);
        expect_query("sdk-hmac", rows[i].query, rows[i].canonical);
    }
    expect_query("tc3", "b=1&a=%2b", "b=1&a=%2b"); /* as it is sent */
}
END_TEST

START_TEST(paths)
{
    static const struct {
        const char *path, *acs3, *sdk_hmac;
    } rows[] = {
        {"", "POST\n/\n", "POST\n/\n"},
        {"/", "POST\n/\n", "POST\n/\n"},
        {"/a/b", "POST\n/a/b\n", "POST\n/a/b/\n"},
        {"/a/b/", "POST\n/a/b/\n", "POST\n/a/b/\n"},
        {"/a%20b/~*+", "POST\n/a%20b/~%2A%2B\n", "POST\n/a%20b/~%2A%2B/\n"},
        {"/a%2fb//", "POST\n/a%2Fb//\n", "POST\n/a%2Fb//\n"},
    };
    struct outcome s;

    outcome_init(&s);
    for (int i = 0; i < COUNT(rows); i++) {
        struct scheme_request r = request();
        r.path = rows[i].path;
        sign("acs3", &r, &s);
        ck_assert_int_eq(strncmp(buf_cstr(&s.canonical), rows[i].acs3, strlen(rows[i].acs3)), 0);
        sign("sdk-hmac", &r, &s);
        ck_assert_int_eq(
            strncmp(buf_cstr(&s.canonical), rows[i].sdk_hmac, strlen(rows[i].sdk_hmac)), 0);
    }
    outcome_fini(&s);
}
END_TEST

/* Wherever the parameters of an RPC stand, they are signed alike. */
START_TEST(rpc_query_and_form)
{
    char a[512], b[512], c[512];
    struct scheme_request r = request();

    r.query = "A=1&B=2";
    r.query_len = 7;
    r.body = "C=3";
    r.body_len = 3;
    signature_of("aliyun-rpc", &r, a);
    r.query_len = 0;
    r.query = NULL;
    r.body = "C=3&B=2&A=1";
    r.body_len = 11;
    signature_of("aliyun-rpc", &r, b);
    ck_assert_str_eq(a, b);
    r.form = false; /* then the body is no parameter */
    signature_of("aliyun-rpc", &r, c);
    ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(rpc_adds)
{
    struct scheme_request r = request();
    struct outcome s;

    outcome_init(&s);
    r.id = "a+b/c";
    sign("aliyun-rpc", &r, &s);
    static const char want[] =
        "&AccessKeyId=a%2Bb%2Fc&SignatureMethod=HMAC-SHA1&SignatureNonce=n0"
        "&SignatureVersion=1.0&Timestamp=2024-11-08T03%3A56%3A55Z&Signature=";
    ck_assert_int_eq(strncmp(buf_cstr(&s.params), want, sizeof want - 1), 0);
    ck_assert_uint_eq(s.headers.len, 0);
    outcome_fini(&s);
}
END_TEST

/* HMAC hashes a key longer than a block first. */
START_TEST(long_secrets)
{
    char key[201], hash[32], one[512], two[512];
    struct scheme_request r = request();

    memset(key, 'k', 200);
    key[200] = '\0';
    r.secret = key;
    r.secret_len = 200;
    signature_of("acs3", &r, one);
    crypt_sha256(key, 200, (uint8_t *)hash);
    r.secret = hash;
    r.secret_len = 32;
    signature_of("acs3", &r, two);
    ck_assert_str_eq(one, two);
    for (int i = 0; i < COUNT(names); i++) {
        r = request();
        r.secret = key;
        r.secret_len = 200;
        signature_of(names[i], &r, one);
        r.secret_len = 199;
        signature_of(names[i], &r, two);
        ck_assert_msg(strcmp(one, two) != 0, "%s", names[i]);
    }
}
END_TEST

START_TEST(bodies)
{
    char *body = calloc(1, 4u << 20), one[512], two[512];
    struct scheme_request r = request();

    r.body = NULL;
    r.body_len = 0;
    signature_of("acs3", &r, one);
    r.body = "";
    signature_of("acs3", &r, two);
    ck_assert_str_eq(one, two);
    ck_assert_ptr_nonnull(body);
    memset(body, '!', 4u << 20);
    memcpy(body, "a=", 2);
    r.body = body;
    r.body_len = (4u << 20) - 1;
    struct outcome s;
    outcome_init(&s);
    struct scheme_out out = s.out;
    out.canonical = out.to_sign = NULL; /* nobody wants 24 MiB of percent signs */
    struct err e;
    ck_assert_int_eq(scheme_sign(scheme_find("aliyun-rpc"), &r, &out, &e), 0);
    ck_assert_int_eq(scheme_sign(scheme_find("acs3"), &r, &out, &e), 0);
    outcome_fini(&s);
    free(body);
}
END_TEST

START_TEST(headers_signed)
{
    static const char headers[] =
        "HOST:  other.example.org \0X-ACS-B:2\0x-acs-a: \t1 \0X-Sdk-Z: z\0"
        "Content-Type: Application/JSON\0Accept: */*\0nonsense";
    struct scheme_request r = request();
    struct outcome s;

    outcome_init(&s);
    r.headers = headers;
    r.headers_len = sizeof headers;
    sign("acs3", &r, &s);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&s.canonical),
                                 "\ncontent-type:Application/JSON\nhost:other.example.org\n"
                                 "x-acs-a:1\nx-acs-b:2\nx-acs-content-sha256:"));
    ck_assert_ptr_nonnull(strstr(header_in(&s.headers, "Authorization"),
                                 "SignedHeaders=content-type;host;x-acs-a;x-acs-b;"
                                 "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce,"));
    sign("sdk-hmac", &r, &s);
    ck_assert_ptr_nonnull(strstr(header_in(&s.headers, "Authorization"),
                                 "SignedHeaders=content-type;host;x-acs-a;x-acs-b;"
                                 "x-sdk-date;x-sdk-z,"));
    sign("tc3", &r, &s);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&s.canonical),
                                 "\ncontent-type:application/json\nhost:other.example.org\n\n"));
    outcome_fini(&s);
}
END_TEST

START_TEST(sdk_body_hash)
{
    char header[160], hex[65];
    uint8_t digest[32];
    struct scheme_request r = request();
    struct outcome s;

    crypt_sha256(r.body, r.body_len, digest);
    crypt_hex(digest, 32, hex);
    r.headers = header;
    r.headers_len = (size_t)snprintf(header, sizeof header, "X-Sdk-Content-Sha256: %s", hex) + 1;
    outcome_init(&s);
    sign("sdk-hmac", &r, &s);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&s.canonical), "\nx-sdk-content-sha256:"));
    r.body = "To=1&Text=z";
    cannot("sdk-hmac", &r, ERR_CONFIG, "not the body's hash");
    r.headers = "X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD";
    r.headers_len = strlen(r.headers) + 1;
    cannot("sdk-hmac", &r, ERR_CONFIG, "not the body's hash");
    outcome_fini(&s);
}
END_TEST

START_TEST(plain)
{
    struct scheme_request r = request();
    struct outcome s;

    outcome_init(&s);
    r.id = "Aladdin";
    r.secret = "open sesame"; /* RFC 7617 */
    r.secret_len = 11;
    sign("basic", &r, &s);
    ck_assert_str_eq(header_in(&s.headers, "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    r.id = "a:b";
    cannot("basic", &r, ERR_CONFIG, "colon");
    r.secret = "mF_9.B5f-4.1JqM"; /* RFC 6750 */
    r.secret_len = 15;
    sign("bearer", &r, &s);
    ck_assert_str_eq(header_in(&s.headers, "Authorization"), "Bearer mF_9.B5f-4.1JqM");
    ck_assert_int_eq(s.headers.data[s.headers.len - 1], '\0');
    outcome_fini(&s);
}
END_TEST

/* What is shown for finding faults never holds the secret. */
START_TEST(no_secret_is_shown)
{
    struct scheme_request r = request();
    struct outcome s;

    outcome_init(&s);
    for (int i = 0; i < COUNT(names); i++) {
        sign(names[i], &r, &s);
        ck_assert_ptr_null(strstr(buf_cstr(&s.canonical), "secret01"));
        ck_assert_ptr_null(strstr(buf_cstr(&s.to_sign), "secret01"));
    }
    outcome_fini(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheme");
    TCase *t = tcase_create("schemes"), *bad = tcase_create("bad"), *odd = tcase_create("odd");
    SRunner *runner = srunner_create(suite);

    tcase_add_test(t, table);
    tcase_add_loop_test(t, every_part, 0, COUNT(parts));
    tcase_add_test(t, rpc_query_and_form);
    tcase_add_test(t, rpc_adds);
    tcase_add_test(t, headers_signed);
    tcase_add_test(t, sdk_body_hash);
    tcase_add_test(t, plain);
    tcase_add_test(t, no_secret_is_shown);
    tcase_add_test(bad, missing);
    tcase_add_loop_test(bad, no_header_injection, 0, COUNT(no_tokens));
    tcase_add_test(bad, there_already);
    tcase_add_loop_test(bad, badly_encoded, 0, COUNT(no_percent));
    tcase_add_test(bad, no_room);
    tcase_add_test(odd, queries);
    tcase_add_test(odd, paths);
    tcase_add_test(odd, long_secrets);
    tcase_add_test(odd, bodies);
    suite_add_tcase(suite, t);
    suite_add_tcase(suite, bad);
    suite_add_tcase(suite, odd);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
