/*
 * gateway_signing: recipes and schemes on requests that profiles make. Expected values were made with Python's hashlib and hmac over the texts that
 * stand beside them; where a nonce is in it, the test signs again by itself.
 */
#include "gateway_world.h"
#include "zhanchi/crypt.h"

#define TEXT_1 "%E3%80%90%E6%9F%90%E5%B1%80%E3%80%91%E7%94%B2%20a%26b"
#define EACH_PHONE "{ each = 'message'; item = '{{phone}}'; join = ','; }"

static const struct {
    const char *name, *profile;
    size_t n;
    const char *query, *body, *s; /* s: the header S, if there is one */
} signed_ones[] = {
    /* md5("b=2&p=13800000001&t=...&v=1" "Jefe") */
    {"params of URL and form, sorted; {{sign}} stands last and is not signed",
     "sign = { method = 'md5'; parts = [ '{{params}}', '{{secret.secret}}' ]; };\n"
     "submit = { single = { path = '/m'; encoding = 'form'; query = { sign = '{{sign}}'; v = '1'; "
     "};"
     " body = { t = '{{text}}'; p = '{{phone}}'; b = '2'; }; }; };\n",
     1, "/m?v=1&sign=8f12e6402375844d1d3bac6762075158", "t=" TEXT_1 "&p=13800000001&b=2", NULL},
    {"the same at the form's end",
     "sign = { method = 'md5'; parts = [ '{{params}}', '{{secret.secret}}' ]; };\n"
     "submit = { single = { path = '/m'; encoding = 'form'; query = { v = '1'; };"
     " body = { s = 'x{{sign}}'; t = '{{text}}'; p = '{{phone}}'; b = '2'; }; }; };\n",
     1, "/m?v=1", "t=" TEXT_1 "&p=13800000001&b=2&s=x8f12e6402375844d1d3bac6762075158", NULL},
    /* hmac-sha1 of "GET\n/base/m\na=1&p=13800000001" */
    {"a GET; what is not in hex is percent-encoded",
     "sign = { method = 'hmac-sha1'; key = '{{secret.secret}}'; parts = [ '{{method}}', "
     "'{{path}}', '{{params}}' ]; join = '\\n'; encoding = 'base64'; };\n"
     "submit = { single = { path = '/m'; method = 'GET'; query = { s = '{{sign}}'; p = "
     "'{{phone}}'; a = 1; }; }; };\n",
     1, "/m?p=13800000001&a=1&s=kVIc%2BWkvZqvHLhmE4r2q0v%2BF2es%3D", "", NULL},
    {"the only parameter",
     "sign = { method = 'hmac-sha1'; key = '{{secret.secret}}'; parts = [ '{{timestamp}}', '|', "
     "'{{ref}}' ]; encoding = [ 'hex' ]; };\n"
     "submit = { single = { path = '/m'; method = 'GET'; query = { s = '{{sign}}'; }; }; };\n",
     1, "/m?s=4f6a24c653585330fac8efed7410b6abd8445965", "", NULL},
    /* hmac-sha1 of "1795428000|Z1" */
    {"a recipe before the body, in the body",
     "sign = { method = 'hmac-sha1'; key = '{{secret.secret}}'; parts = [ '{{timestamp}}', "
     "'{{ref}}' ]; join = '|'; };\n" SINGLE("{ s = '{{sign}}'; p = '{{phone}}'; }"),
     1, "/m", "{\"s\":\"4f6a24c653585330fac8efed7410b6abd8445965\",\"p\":\"13800000001\"}", NULL},
    {"and in a form, behind all others",
     "sign = { method = 'hmac-sha1'; key = '{{secret.secret}}'; parts = [ '{{timestamp}}', "
     "'{{batch_ref}}' ]; join = '|'; };\n" BATCH(
         "encoding = 'form'; body = { s = '{{sign}}'; p = " EACH_PHONE "; };"),
     2, "/b", "p=13800000001%2C13800000002&s=4f6a24c653585330fac8efed7410b6abd8445965", NULL},
    /* md5("13800000001,13800000002Jefe") */
    {"a loop in a recipe",
     "sign = { method = 'md5'; parts = ( " EACH_PHONE ", '{{secret.secret}}' ); };\n"
     "headers = { S = '{{sign}}'; };\n" BATCH("body = { each = 'message'; item = '{{ref}}'; };"),
     2, "/b", "[\"Z1\",\"Z2\"]", "6d1414cb90883e3908ef1b46a677199f"},
    /* sha256 of body and secret */
    {"over the body, in a header with other words",
     "sign = { method = 'sha256'; parts = [ '{{body}}', '{{secret.secret}}' ]; encoding = 'HEX'; "
     "};\n"
     "headers = { S = 'v1={{sign}}'; };\n" SINGLE("{ p = '{{phone}}'; }"),
     1, "/m", "{\"p\":\"13800000001\"}",
     "v1=4F9920A8166E1E4FAA04F48A2F45F1B639FC28139D5E6680232CDA99AA8AABD3"},
    {"of the operation, in place of the profile's",
     "sign = { method = 'tc3'; id = 'x'; key = 'x'; service = 's'; };\n"
     "submit = { single = { path = '/m'; sign = { method = 'md5'; parts = ( "
     "'13800000001,13800000002', 'Jefe' ); };"
     " headers = { S = '{{sign}}'; }; body = { }; }; };\n",
     1, "/m", "{}", "6d1414cb90883e3908ef1b46a677199f"},
    {"none",
     "sign = { method = 'bearer'; key = '{{secret.secret}}'; };\n"
     "submit = { single = { path = '/m'; sign = 'none'; body = { }; }; };\n",
     1, "/m", "{}", NULL},
    /* md5 of a=2&a-b=1&a1=3&b=&b=0 */
    {"params sorted by name, then value",
     "sign = { method = 'md5'; parts = [ '{{params}}' ]; };\n"
     "submit = { single = { path = '/m'; encoding = 'form'; headers = { S = '{{sign}}'; }; query = "
     "{ b = '0'; a1 = '3'; }; body = { a-b = '1'; b = ''; a = '2'; }; }; };\n",
     1, "/m?b=0&a1=3", "a-b=1&b=&a=2", "6947c61fd37c3c9a828ac4229a723388"},
    /* md5 of v=1 */
    {"params without a body that is encoded as a whole",
     "sign = { method = 'md5'; parts = [ '{{params}}' ]; };\n"
     "submit = { single = { path = '/m'; encoding = [ 'form', 'base64' ]; headers = { S = "
     "'{{sign}}'; }; query = { v = '1'; }; body = { a = '1'; }; }; };\n",
     1, "/m?v=1", "YT0x", "38609a28efe1da66fb338fe868fc4428"},
};

START_TEST(recipe)
{
    char text[2000];
    struct gw_request r;
    struct err e;

    snprintf(text, sizeof text, TOP ANSWER "%s", signed_ones[_i].profile);
    struct gateway *g = load(text);
    gw_request_init(&r);
    for (int again = 0; again < 2; again++) {
        ck_assert_msg(gateway_build(g, messages, signed_ones[_i].n, NOW, &r, &e) == 0, "%s",
                      e.what);
        ck_assert_str_eq(buf_cstr(&r.url) + strlen("http://h:1/base"), signed_ones[_i].query);
        ck_assert_str_eq(buf_cstr(&r.body), signed_ones[_i].body);
        const char *s = header_of(&r, "S");
        ck_assert_str_eq(s ? s : "-", signed_ones[_i].s ? signed_ones[_i].s : "-");
        ck_assert_ptr_null(header_of(&r, "Authorization"));
    }
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* ---- schemes ---- */

/* The request of a profile with this `sign` and this operation. */
static void build(const char *sign, const char *submit, struct gw_request *r)
{
    char text[2000];
    struct err e;

    snprintf(text, sizeof text, TOP ANSWER "sign = { method = %s; };\n%s", sign, submit);
    struct gateway *g = load(text);
    gw_request_init(r);
    ck_assert_msg(gateway_build(g, messages, 1, NOW, r, &e) == 0, "%s", e.what);
    gateway_free(g);
}

#define ID_KEY "; id = '{{secret.app}}'; key = '{{secret.secret}}'"
#define PHONE SINGLE("{ p = '{{phone}}'; }")

static const struct {
    const char *sign, *header, *begins, *ends;
} schemes[] = {
    {"'basic'" ID_KEY, "Authorization", "Basic ZGVtbzpKZWZl", "ZGVtbzpKZWZl"},
    {"'bearer'; key = '{{secret.secret}}'", "Authorization", "Bearer Jefe", "Jefe"},
    /* canonical request and key as Tencent's document has them, by Python */
    {"'tc3'; service = 'sms'" ID_KEY, "Authorization",
     "TC3-HMAC-SHA256 Credential=demo/2026-11-23/sms/tc3_request, SignedHeaders=content-type;host, "
     "Signature=",
     "07b6c3de42ad6b306bf0bfe6bb9354ba3dfed0783fc10d017d7161be3c942bf0"},
    {"'tc3'; service = 'sms'" ID_KEY, "X-TC-Timestamp", "1795428000", "1795428000"},
    {"'acs3'" ID_KEY, "Authorization",
     "ACS3-HMAC-SHA256 "
     "Credential=demo,SignedHeaders=content-type;host;x-acs-content-sha256;x-acs-date;x-acs-"
     "signature-nonce,Signature=",
     ""},
    {"'acs3'" ID_KEY, "x-acs-date", "2026-11-23T10:00:00Z", ""},
    {"'sdk-hmac'" ID_KEY, "Authorization", "SDK-HMAC-SHA256 Access=demo, SignedHeaders=", ""},
    {"'sdk-hmac'" ID_KEY, "X-Sdk-Date", "20261123T100000Z", ""},
    {"'wsse'" ID_KEY, "X-WSSE", "UsernameToken Username=\"demo\"", ""},
    {"'wsse'; digest = 'hex'" ID_KEY, "Authorization",
     "WSSE realm=\"SDP\",profile=\"UsernameToken\"", ""},
};

START_TEST(scheme)
{
    struct gw_request r;

    build(schemes[_i].sign, PHONE, &r);
    const char *value = header_of(&r, schemes[_i].header), *ends = schemes[_i].ends;
    ck_assert_ptr_nonnull(value);
    ck_assert_msg(strncmp(value, schemes[_i].begins, strlen(schemes[_i].begins)) == 0, "%s", value);
    ck_assert_msg(strlen(value) >= strlen(ends) &&
                      strcmp(value + strlen(value) - strlen(ends), ends) == 0,
                  "%s", value);
    ck_assert_str_eq(buf_cstr(&r.body), "{\"p\":\"13800000001\"}");
    ck_assert_str_eq(header_of(&r, "Content-Type"), "application/json; charset=utf-8");
    gw_request_fini(&r);
}
END_TEST

/* aliyun-rpc adds its parameters to the URL, whether the message's stand there or in a form, and signs both. */
static const struct {
    const char *submit, *method, *url, *body;
    const char *before, *after; /* the canonical parameters around the nonce */
} rpc[] = {
    {"submit = { single = { path = '/'; method = 'GET'; query = { Action = 'S'; Z = '{{text}}'; }; "
     "}; };\n",
     "GET", "http://h:1/base/?Action=S&Z=" TEXT_1 "&AccessKeyId=demo", "",
     "AccessKeyId=demo&Action=S&SignatureMethod=HMAC-SHA1&SignatureNonce=",
     "&SignatureVersion=1.0&Timestamp=2026-11-23T10%3A00%3A00Z&Z=" TEXT_1},
    {"submit = { single = { path = '/'; encoding = 'form'; query = { Action = 'S'; }; body = { Z = "
     "'{{text}}'; A = '{{phone}}'; }; }; };\n",
     "POST", "http://h:1/base/?Action=S&AccessKeyId=demo", "Z=" TEXT_1 "&A=13800000001",
     "A=13800000001&AccessKeyId=demo&Action=S&SignatureMethod=HMAC-SHA1&SignatureNonce=",
     "&SignatureVersion=1.0&Timestamp=2026-11-23T10%3A00%3A00Z&Z=" TEXT_1},
    {"submit = { single = { path = '/'; encoding = 'form'; body = { Z = '1'; }; }; };\n", "POST",
     "http://h:1/base/?AccessKeyId=demo", "Z=1",
     "AccessKeyId=demo&SignatureMethod=HMAC-SHA1&SignatureNonce=",
     "&SignatureVersion=1.0&Timestamp=2026-11-23T10%3A00%3A00Z&Z=1"},
};

/* RFC 3986 by hand, so that nothing of what is tested makes the expectation. */
static void percent(char *out, const char *s)
{
    for (; *s; s++)
        out += strchr("-._~", *s) || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
                       (*s >= 'a' && *s <= 'z')
                   ? sprintf(out, "%c", *s)
                   : sprintf(out, "%%%02X", (unsigned)(unsigned char)*s);
}

START_TEST(aliyun_rpc)
{
    struct gw_request r;
    char canonical[2000], to_sign[6000] = "", signature[200];
    uint8_t mac[CRYPT_METHOD_BYTES];
    struct buf base64;

    build("'aliyun-rpc'" ID_KEY, rpc[_i].submit, &r);
    const char *url = buf_cstr(&r.url), *nonce = strstr(url, "&SignatureNonce="),
               *sign = strstr(url, "&Signature=");
    ck_assert_str_eq(r.method, rpc[_i].method);
    ck_assert_str_eq(buf_cstr(&r.body), rpc[_i].body);
    ck_assert_msg(strncmp(url, rpc[_i].url, strlen(rpc[_i].url)) == 0, "%s", url);
    ck_assert(nonce && sign && sign > nonce);
    snprintf(canonical, sizeof canonical, "%s%.24s%s", rpc[_i].before, nonce + 16, rpc[_i].after);
    snprintf(to_sign, sizeof to_sign, "%s&%%2F&", rpc[_i].method);
    percent(to_sign + strlen(to_sign), canonical);
    buf_init(&base64, 100);
    crypt_base64(mac,
                 crypt_method_run((struct crypt_method){CRYPT_SHA1, true}, "Jefe&", 5, to_sign,
                                  strlen(to_sign), mac),
                 &base64);
    percent(signature, buf_cstr(&base64));
    ck_assert_str_eq(sign + strlen("&Signature="), signature);
    buf_fini(&base64);
    gw_request_fini(&r);
}
END_TEST

/* A scheme over a GET without parameters, and its & where it adds the first. */
START_TEST(rpc_alone)
{
    struct gw_request r;

    build("'aliyun-rpc'" ID_KEY, "submit = { single = { path = '/'; method = 'GET'; }; };\n", &r);
    ck_assert_msg(strncmp(buf_cstr(&r.url), "http://h:1/base/?AccessKeyId=demo&", 34) == 0, "%s",
                  buf_cstr(&r.url));
    gw_request_fini(&r);
}
END_TEST

/* One request object, gateways that come and go, perhaps at the same address. */
START_TEST(keys_do_not_stay)
{
    static const char *const keys[] = {"a", "b"};
    char text[600], first[2][80] = {"", ""};
    struct gw_request r;
    struct err e;

    gw_request_init(&r);
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text,
                 TOP ANSWER
                 "sign = { key = '%s'; parts = [ 'x' ]; }; headers = { S = '{{sign}}'; };\n" SINGLE(
                     "{ }"),
                 keys[i % 2]);
        struct gateway *g = load(text);
        ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
        if (i < 2)
            snprintf(first[i], sizeof first[i], "%s", header_of(&r, "S"));
        ck_assert_str_eq(header_of(&r, "S"), first[i % 2]);
        ck_assert_str_ne(header_of(&r, "S"), first[1 - i % 2]);
        gateway_free(g);
    }
    gw_request_fini(&r);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, recipe, 0, COUNT(signed_ones));
    tcase_add_loop_test(t, scheme, 0, COUNT(schemes));
    tcase_add_loop_test(t, aliyun_rpc, 0, COUNT(rpc));
    tcase_add_test(t, rpc_alone);
    tcase_add_test(t, keys_do_not_stay);
}

int main(void)
{
    return run_case("gateway_signing", add);
}
