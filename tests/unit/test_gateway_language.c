/*
 * gateway_language: what a profile may say of requests, to the byte: texts, groups that make texts, forms, bodies, settings, signatures.
 * Expected values were made with Python's hashlib, base64 and urllib, and with openssl dgst -sm3.
 */
#include "gateway_world.h"

#define TEXT_1                                                                                     \
    "%E3%80%90%E6%9F%90%E5%B1%80%E3%80%91%E7%94%B2%20a%26b" /* of message 1, percent-encoded */
#define EACH_PHONE "{ each = 'message'; item = '{{phone}}'; join = ','; }"

static const struct {
    const char *name, *submit;
    size_t n;
    const char *query, *body; /* the URL behind http://h:1/base */
} requests[] = {
    /* values in their places */
    {"json",
     SINGLE("{ t = '{{text}}'; n = 1; h = 0x10; r = 0.05; b = false; l = ( 'x', [ 1, 2 ] ); o = { "
            "}; }"),
     1, "/m",
     "{\"t\":\"【某局】甲 "
     "a&b\",\"n\":1,\"h\":16,\"r\":0.05,\"b\":false,\"l\":[\"x\",[1,2]],\"o\":{}}"},
    {"form", FORM("{ t = '{{text}}'; n = 1; a-b = 'x y'; c = '{{ref}} &'; }"), 1, "/m",
     "t=" TEXT_1 "&n=1&a-b=x%20y&c=Z1%20%26"},
    {"text",
     "submit = { single = { path = '/m'; encoding = 'text'; body = '{{phone}}: {{text}}'; }; };\n",
     1, "/m", "13800000001: 【某局】甲 a&b"},
    {"empty form",
     "submit = { single = { path = '/m'; encoding = 'form'; query = { a = '{{ref}}'; }; }; };\n", 1,
     "/m?a=Z1", ""},
    {"query and form",
     "submit = { single = { path = '/m'; encoding = 'form'; query = { a = '1'; t = '{{text}}'; }; "
     "body = { b = '2'; }; }; };\n",
     1, "/m?a=1&t=" TEXT_1, "b=2"},
    {"constants in a path", "submit = { single = { path = '/{{secret.app}}/m'; body = { }; }; };\n",
     1, "/demo/m", "{}"},
    {"sections",
     SINGLE("{ a = '{{#carrier_template}}<{{carrier_template}}>{{/carrier_template}}'; b = "
            "'{{^carrier_template}}none{{/carrier_template}}'; }"),
     1, "/m", "{\"a\":\"<T1>\",\"b\":\"\"}"},
    {"content", SINGLE("{ c = '{{content}}'; s = '{{signature}}'; }"), 1, "/m",
     "{\"c\":\"甲 a&b\",\"s\":\"某局\"}"},
    /* JSON inside of texts */
    {"json in a form", FORM("{ p = { json = { a = '{{ref}}\\\\'; b = [ 1 ]; }; }; }"), 1, "/m",
     "p=%7B%22a%22%3A%22Z1%5C%5C%22%2C%22b%22%3A%5B1%5D%7D"},
    {"json in json in a form", FORM("{ p = { json = { a = { json = [ '{{ref}}' ]; }; }; }; }"), 1,
     "/m", "p=%7B%22a%22%3A%22%5B%5C%22Z1%5C%22%5D%22%7D"},
    {"json in json", SINGLE("{ p = { json = { t = 'a\\'b'; }; }; }"), 1, "/m",
     "{\"p\":\"{\\\"t\\\":\\\"a\\\\\\\"b\\\"}\"}"},
    {"a member named json", SINGLE("{ p = { json = '1'; x = '2'; }; }"), 1, "/m",
     "{\"p\":{\"json\":\"1\",\"x\":\"2\"}}"},
    {"raw",
     SINGLE("{ a = { raw = '{{timestamp}}'; }; v = { raw = '{{carrier_variables}}'; }; w = { raw = "
            "'{{carrier_values}}'; }; }"),
     1, "/m", "{\"a\":1795428000,\"v\":{\"b\":\"张\\\"三\",\"a\":7},\"w\":[\"张\\\"三\",\"7\"]}"},
    {"raw out of texts", SINGLE("{ a = { raw = { encode = [ 'hex' ]; value = '1'; }; }; }"), 1,
     "/m", "{\"a\":31}"},
    /* encodings */
    {"gbk, percent in a form: once",
     FORM("{ t = { encode = [ 'gbk', 'percent' ]; value = '{{text}}'; }; }"), 1, "/m",
     "t=%A1%BE%C4%B3%BE%D6%A1%BF%BC%D7%20a%26b"},
    {"gbk, percent in JSON",
     SINGLE("{ t = { encode = [ 'gbk', 'percent-lower' ]; value = '{{text}}'; }; }"), 1, "/m",
     "{\"t\":\"%a1%be%c4%b3%be%d6%a1%bf%bc%d7%20a%26b\"}"},
    {"percent twice",
     FORM("{ t = { encode = [ 'percent', 'percent' ]; value = 'a b'; }; u = { encode = [ 'percent' "
          "]; value = { encode = [ 'percent' ]; value = 'a b'; }; }; }"),
     1, "/m", "t=a%2520b&u=a%2520b"},
    {"hex in a form", FORM("{ t = { encode = [ 'gbk', 'hex' ]; value = '{{content}}'; }; }"), 1,
     "/m", "t=bcd720612662"},
    {"base64 in a form", FORM("{ t = { encode = [ 'sha1', 'base64' ]; value = '{{phone}}'; }; }"),
     1, "/m", "t=7bPM3bHT5YjngpkaaFzKC0euLWo%3D"},
    {"utf-16be", SINGLE("{ t = { encode = [ 'utf-16be', 'HEX' ]; value = '{{text}}'; }; }"), 1,
     "/m", "{\"t\":\"301067D05C40301175320020006100260062\"}"},
    {"digests",
     SINGLE("{ a = { encode = [ 'md5', 'hex' ]; value = "
            "'{{secret.app}}{{secret.secret}}{{time_mdhms}}'; };"
            " b = { encode = [ 'sha256', 'hex' ]; value = '{{phone}}'; }; c = { encode = [ 'sm3', "
            "'hex' ]; value = '{{phone}}'; }; }"),
     1, "/m",
     "{\"a\":\"d0b6d628dc6a4f0df27acfe58e6947e1\",\"b\":"
     "\"b1c4769e3ad14f68ea1a96b73bbe5a83d90792f044828c5daf9d908b0738b177\","
     "\"c\":\"e6c929471b3a91da7df8764d778e6a222bcac6a5a45d8b1cfb30a829aea6568e\"}"},
    {"lists of texts",
     SINGLE("{ a = { encode = [ 'hex' ]; value = ( 'a', '{{ref}}', { json = [ 1 ]; }, 2 ); }; }"),
     1, "/m", "{\"a\":\"615a315b315d32\"}"},
    {"encoding of a constant",
     SINGLE("{ a = { encode = [ 'base64' ]; value = '{{secret.secret}}'; }; }"), 1, "/m",
     "{\"a\":\"SmVmZQ==\"}"},
    {"the whole body",
     "submit = { batch = { path = '/b'; encoding = [ 'json', 'base64' ]; body = { to = " EACH_PHONE
     "; }; }; };\n",
     2, "/b", "eyJ0byI6IjEzODAwMDAwMDAxLDEzODAwMDAwMDAyIn0="},
    /* loops */
    {"an array",
     BATCH("body = { n = 2; i = { each = 'message'; item = { r = '{{ref}}'; p = [ '{{phone}}' ]; "
           "}; }; };"),
     2, "/b",
     "{\"n\":2,\"i\":[{\"r\":\"Z1\",\"p\":[\"13800000001\"]},{\"r\":\"Z2\",\"p\":[\"13800000002\"]}"
     "]}"},
    {"joined in JSON",
     BATCH("body = { t = { each = 'message'; item = '{{signature}}\\''; join = '\\n'; }; };"), 3,
     "/b", "{\"t\":\"某局\\\"\\n某局\\\"\\n某局\\\"\"}"},
    {"joined in a form", BATCH("encoding = 'form'; body = { p = " EACH_PHONE "; };"), 3, "/b",
     "p=13800000001%2C13800000002%2C13800000003"},
    {"a list of texts each",
     BATCH("encoding = 'text'; body = { each = 'message'; item = ( '{{ref}}', '=', { encode = [ "
           "'hex' ]; value = '{{ref}}'; } ); join = ';'; };"),
     2, "/b", "Z1=5a31;Z2=5a32"},
    {"each text percent-encoded, and once more",
     BATCH("encoding = 'form'; body = { t = { encode = [ 'percent' ]; value = { each = 'message'; "
           "item = { encode = [ 'percent' ]; value = '{{content}}'; }; join = ','; }; }; };"),
     2, "/b", "t=%25E7%2594%25B2%2520a%2526b%2C%25E4%25B9%2599"},
    {"a loop in the query", BATCH("encoding = 'form'; query = { p = " EACH_PHONE "; };"), 2,
     "/b?p=13800000001%2C13800000002", ""},
    {"json of all messages in a form",
     BATCH("encoding = 'form'; body = { p = { json = { each = 'message'; item = '{{phone}}'; }; }; "
           "};"),
     2, "/b", "p=%5B%2213800000001%22%2C%2213800000002%22%5D"},
    {"variables joined",
     FORM("{ v = { each = 'variable'; item = '#{{name}}#={{value}}'; join = '&'; }; }"), 1, "/m",
     "v=%23b%23%3D%E5%BC%A0%22%E4%B8%89%26%23a%23%3D7"},
    {"variables as an array",
     SINGLE("{ v = { each = 'variable'; item = { k = '{{name}}'; v = '{{value}}'; r = '{{ref}}'; "
            "}; }; }"),
     1, "/m",
     "{\"v\":[{\"k\":\"b\",\"v\":\"张\\\"三\",\"r\":\"Z1\"},{\"k\":\"a\",\"v\":\"7\",\"r\":\"Z1\"}]"
     "}"},
    {"variables of each message",
     BATCH("body = { each = 'message'; item = { each = 'variable'; item = '{{value}}'; join = '|'; "
           "}; };"),
     2, "/b", "[\"张\\\"三|7\",\"李|8\"]"},
    {"no variables",
     BATCH("body = { each = 'message'; item = ( { each = 'variable'; item = '{{value}}'; }, { raw "
           "= '{{carrier_values}}'; } ); };"),
     3, "/b",
     "[[[\"张\\\"三\",\"7\"],[\"张\\\"三\",\"7\"]],[[\"李\",\"8\"],[\"李\",\"8\"]],[[],[]]]"},
    /* what all have in common */
    {"same",
     BATCH("same = [ 'signature', 'carrier_template' ]; body = { s = '{{signature}}'; t = "
           "'{{carrier_template}}'; f = '{{batch_ref}}'; p = " EACH_PHONE "; };"),
     2, "/b", "{\"s\":\"某局\",\"t\":\"T1\",\"f\":\"Z1\",\"p\":\"13800000001,13800000002\"}"},
    {"same behind a loop",
     BATCH("same = [ 'carrier_variables' ]; body = { p = " EACH_PHONE
           "; v = { raw = '{{carrier_values}}'; }; };"),
     1, "/b", "{\"p\":\"13800000001\",\"v\":[\"张\\\"三\",\"7\"]}"},
    /* numbers */
    {"+86", "number = '+86'; " SINGLE("{ p = '{{phone}}'; }"), 1, "/m",
     "{\"p\":\"+8613800000001\"}"},
    {"+86 in a form", "number = '+86'; " FORM("{ p = '{{phone}}'; }"), 1, "/m",
     "p=%2B8613800000001"},
    {"86", "number = '86'; " SINGLE("{ p = '{{phone}}'; }"), 1, "/m", "{\"p\":\"8613800000001\"}"},
    {"0086", "number = '0086'; " SINGLE("{ p = '{{phone}}'; }"), 1, "/m",
     "{\"p\":\"008613800000001\"}"},
    {"0086 each", "number = '0086'; " BATCH("body = { p = " EACH_PHONE "; };"), 2, "/b",
     "{\"p\":\"008613800000001,008613800000002\"}"},
    {"plain", "number = 'plain'; " SINGLE("{ p = '{{phone}}'; }"), 1, "/m",
     "{\"p\":\"13800000001\"}"},
    {"a whole form",
     "submit = { single = { path = '/m'; encoding = [ 'form', 'base64' ]; body = { a = '{{ref}}'; "
     "b = 'x y'; }; }; };\n",
     1, "/m", "YT1aMSZiPXglMjB5"},
    {"gbk, percent-lower in a form: once",
     FORM("{ t = { encode = [ 'gbk', 'percent-lower' ]; value = '{{text}}'; }; }"), 1, "/m",
     "t=%a1%be%c4%b3%be%d6%a1%bf%bc%d7%20a%26b"},
};

START_TEST(request)
{
    char text[2000];
    struct gw_request r;
    struct err e;

    snprintf(text, sizeof text, TOP ANSWER "%s", requests[_i].submit);
    struct gateway *g = load(text);
    gw_request_init(&r);
    for (int again = 0; again < 2; again++) {
        ck_assert_msg(gateway_build(g, messages, requests[_i].n, NOW, &r, &e) == 0, "%s: %s",
                      requests[_i].name, e.what);
        ck_assert_msg(strncmp(buf_cstr(&r.url), "http://h:1/base", 15) == 0 &&
                          strcmp(buf_cstr(&r.url) + 15, requests[_i].query) == 0,
                      "%s: %s", requests[_i].name, buf_cstr(&r.url));
        ck_assert_msg(strcmp(buf_cstr(&r.body), requests[_i].body) == 0, "%s: %s",
                      requests[_i].name, buf_cstr(&r.body));
    }
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* What a message cannot say is an error of that message. */
static const struct {
    const char *submit, *what;
} unsaid[] = {
    {SINGLE("{ t = { encode = [ 'gbk', 'hex' ]; value = '😀'; }; }"), ""},
    {BATCH("body = { each = 'message'; item = '{{carrier_template}}'; };"), "carrier_template"},
    {BATCH("body = { each = 'message'; item = 'x {{carrier_template}}'; };"), "carrier_template"},
};

START_TEST(no_value)
{
    char text[1000];
    struct gw_request r;
    struct err e = {0};

    snprintf(text, sizeof text, TOP ANSWER "%s", unsaid[_i].submit);
    struct gateway *g = load(text);
    gw_request_init(&r);
    size_t n = (size_t)gateway_limits(g)->batch > 1 ? 3 : 1;
    ck_assert_int_eq(gateway_build(g, messages, n, NOW, &r, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, unsaid[_i].what) != NULL, "%s", e.what);
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* ---- content without its signature ---- */

static const struct {
    const char *text, *signature, *content;
} contents[] = {
    {"【某局】甲", "某局", "甲"},
    {"【某局】【某局】甲", "某局", "【某局】甲"},
    {"甲", "某局", "甲"},
    {"【某局甲", "某局", "【某局甲"},
    {"【某】甲", "某局", "【某】甲"},
    {"【】甲", "", "甲"},
    {"甲【某局】", "某局", "甲【某局】"},
};

START_TEST(content)
{
    struct gateway *g = load(TOP ANSWER SINGLE("{ c = '{{content}}'; }"));
    struct gw_message m = messages[0];
    struct gw_request r;
    struct err e;
    char body[200];

    m.text = contents[_i].text;
    m.signature = contents[_i].signature;
    gw_request_init(&r);
    ck_assert_int_eq(gateway_build(g, &m, 1, NOW, &r, &e), 0);
    snprintf(body, sizeof body, "{\"c\":\"%s\"}", contents[_i].content);
    ck_assert_str_eq(buf_cstr(&r.body), body);
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* ---- times, around the midnight of both zones ---- */

static const struct {
    int64_t now_ms;
    const char *body;
} times[] = {
    {NOW, "1795428000 1795428000123 2026-11-23T10:00:00Z 1123180000 20261123"},
    {INT64_C(1795449599999), "1795449599 1795449599999 2026-11-23T15:59:59Z 1123235959 20261123"},
    {INT64_C(1795449600000), "1795449600 1795449600000 2026-11-23T16:00:00Z 1124000000 20261124"},
    {INT64_C(1795478399000), "1795478399 1795478399000 2026-11-23T23:59:59Z 1124075959 20261124"},
    {INT64_C(1795478400000), "1795478400 1795478400000 2026-11-24T00:00:00Z 1124080000 20261124"},
    {INT64_C(1798732800000), "1798732800 1798732800000 2026-12-31T16:00:00Z 0101000000 20270101"},
};

START_TEST(time_forms)
{
    struct gateway *g = load(TOP ANSWER "submit = { single = { path = '/m'; encoding = 'text';"
                                        " body = '{{timestamp}} {{timestamp_ms}} {{time_utc}} "
                                        "{{time_mdhms}} {{time_ymd}}'; }; };\n");
    struct gw_request r;
    struct err e;

    gw_request_init(&r);
    for (int i = 0; i < COUNT(times);
         i++) { /* one after the other: the second before is not kept */
        ck_assert_int_eq(gateway_build(g, messages, 1, times[i].now_ms, &r, &e), 0);
        ck_assert_str_eq(buf_cstr(&r.body), times[i].body);
    }
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* ---- constants ---- */

#define SETTINGS                                                                                   \
    TOP ANSWER                                                                                     \
        "settings = { from = ''; region = 'cn'; ext = ''; n = 5; }; optional = [ 'ext' ];\n"       \
        "submit = { single = { path = '/{{setting.region}}'; encoding = 'text'; body = '"          \
        "{{setting.from}} {{setting.n}} "                                                          \
        "{{#setting.ext}}{{setting.ext}}{{/setting.ext}}{{^setting.ext}}none{{/setting.ext}} "     \
        "{{callback.receipt}} {{ref}}'; }; };\n"                                                   \
        "callbacks = { verify = 'none'; receipt = { path = '/r/{{secret.app}}'; ref = '/r'; "      \
        "state = '/s'; states = ( ); }; };\n"

static void settings_body(struct world *w, const char *body)
{
    struct gw_request r;
    struct err e;

    gw_request_init(&r);
    struct gateway *g = world_load(w, SETTINGS, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.body), body);
    gw_request_fini(&r);
    gateway_free(g);
}

START_TEST(settings)
{
    struct world w;
    struct err e;

    world_init(&w);
    ck_assert_ptr_null(world_load(&w, SETTINGS, &e));
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(e.what, "setting from is missing"));
    world_set(&w, "from", "1069");
    settings_body(&w, "1069 5 none https://office.example/g/r/demo Z1");
    world_set(&w, "ext", "7");
    world_set(&w, "n", "6");
    settings_body(&w, "1069 6 7 https://office.example/g/r/demo Z1");
    world_set(&w, "regoin", "x");
    ck_assert_ptr_null(world_load(&w, SETTINGS, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "regoin; do you mean region?"));
    world_fini(&w);
}
END_TEST

/* What the file has goes before its base's; what is part of the digest: both files, address, settings. */
START_TEST(base)
{
    struct world w;
    struct gw_request r;
    struct err e;
    uint8_t first[32], second[32];

    world_init(&w);
    gw_request_init(&r);
    world_write(w.base, TOP ANSWER "number = '+86'; headers = { X = 'base'; };\n"
                                   "submit = { single = { path = '/m'; body = { p = '{{phone}}'; s "
                                   "= '{{secret.app}}'; }; }; };\n");
    struct gateway *g = world_load(&w, "language = 1; base = 'base.conf';\n", &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.body), "{\"p\":\"+8613800000001\",\"s\":\"demo\"}");
    ck_assert_str_eq(header_of(&r, "X"), "base");
    gateway_digest(g, first);
    gateway_free(g);

    g = world_load(&w, "language = 1; base = 'base.conf'; number = '86'; headers = { };\n", &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.body), "{\"p\":\"8613800000001\",\"s\":\"demo\"}");
    ck_assert_ptr_null(header_of(&r, "X"));
    gateway_free(g);

    world_write(w.base, TOP ANSWER "number = '+86'; headers = { X = 'other'; };\n" SINGLE("{ }"));
    g = world_load(&w, "language = 1; base = 'base.conf';\n", &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    gateway_digest(g, second);
    ck_assert_mem_ne(first, second, 32);
    gateway_free(g);
    gw_request_fini(&r);
    world_fini(&w);
}
END_TEST

/* ---- what may stand in one request ---- */

static const struct {
    const char *same;
    bool together[4]; /* with another text, signature, template, variables */
} sames[] = {
    {"", {true, true, true, true}},
    {"same = [ 'text' ];", {false, true, true, true}},
    {"same = [ 'signature' ];", {true, false, true, true}},
    {"same = [ 'carrier_template' ];", {true, true, false, true}},
    {"same = [ 'carrier_variables' ];", {true, true, true, false}},
    {"same = [ 'text', 'carrier_variables' ];", {false, true, true, false}},
};

START_TEST(together)
{
    char text[600];
    struct gw_message m[4] = {messages[0], messages[0], messages[0], messages[0]};

    m[0].text = "【某局】乙";
    m[1].signature = "别局";
    m[2].carrier_template = "T2";
    m[3].carrier_variables = "{}";
    snprintf(text, sizeof text, TOP ANSWER BATCH("%s body = { };"), sames[_i].same);
    struct gateway *g = load(text);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(gateway_together(g, &messages[0], &m[i]), sames[_i].together[i]);
    gateway_free(g);
}
END_TEST

/* ---- headers ---- */

static struct gateway *with_headers(struct world *w, const char *common, const char *own)
{
    char text[800];
    struct err e;

    snprintf(text, sizeof text,
             TOP ANSWER "headers = { %s };\nsubmit = { single = { path = '/m'; headers = { %s }; "
                        "body = { }; }; };\n",
             common, own);
    struct gateway *g = world_load(w, text, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

START_TEST(headers_replaced)
{
    struct world w;
    struct gw_request r;
    struct err e;

    world_init(&w);
    gw_request_init(&r);
    struct gateway *g =
        with_headers(&w, "X-One = '1'; X-Two = 'common'; content-type = 'a/b';", "x-two = 'own';");
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
    ck_assert_str_eq(header_of(&r, "X-One"), "1");
    ck_assert_str_eq(header_of(&r, "x-two"), "own");
    ck_assert_str_eq(header_of(&r, "content-type"), "a/b");
    ck_assert_ptr_null(header_of(&r, "X-Two"));
    ck_assert_ptr_null(header_of(&r, "Content-Type"));
    gw_request_fini(&r);
    gateway_free(g);
    world_fini(&w);
}
END_TEST

START_TEST(headers_of_messages)
{
    struct world w;
    struct gw_request r;
    struct gw_message m = messages[0];
    struct err e;

    world_init(&w);
    gw_request_init(&r);
    struct gateway *g = with_headers(&w, "X-Ref = '{{ref}}/{{phone}}';", "X-Text = '{{text}}';");
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), 0);
    ck_assert_str_eq(header_of(&r, "X-Ref"), "Z1/13800000001");
    ck_assert_str_eq(header_of(&r, "X-Text"), messages[0].text);
    m.text = "a\r\nX-Other: b";
    ck_assert_int_eq(gateway_build(g, &m, 1, NOW, &r, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    gateway_free(g);

    w.secrets[1].value = W("Jefe\n");
    g = with_headers(&w, "X-Key = '{{timestamp}} {{secret.secret}}';", "");
    ck_assert_int_eq(gateway_build(g, messages, 1, NOW, &r, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "control character"));
    gateway_free(g);
    gw_request_fini(&r);
    world_fini(&w);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, request, 0, COUNT(requests));
    tcase_add_loop_test(t, no_value, 0, COUNT(unsaid));
    tcase_add_loop_test(t, content, 0, COUNT(contents));
    tcase_add_test(t, time_forms);
    tcase_add_test(t, settings);
    tcase_add_test(t, base);
    tcase_add_loop_test(t, together, 0, COUNT(sames));
    tcase_add_test(t, headers_replaced);
    tcase_add_test(t, headers_of_messages);
}

int main(void)
{
    return run_case("gateway_language", add);
}
