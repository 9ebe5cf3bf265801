/*
 * gateway_answers: how profiles read answers, beyond what 12333's does (test_gateway.c): plain texts, numbers as keys, answers without a code, lists of
 * places, answers of one operation, items that contradict each other, pulls, samples.
 */
#include "gateway_world.h"

#define BOTH                                                                                       \
    "submit = { single = { path = '/m'; body = { }; }; batch = { path = '/b'; body = { each = "    \
    "'message'; item = '{{ref}}'; }; }; };\n"
#define CLASSES                                                                                    \
    "classes = { OK = [ '0' ]; RETRY = [ 'busy', '-*' ]; NUMBER = [ 'N1' ]; LIMIT = [ '-5*' ]; "   \
    "UNKNOWN = [ '-500' ]; };"

/* What is under test stands in `answer`. */
#define TEXT                                                                                       \
    "answer = { text = { code = '^([a-z0-9-]+):|err=(-?[0-9]+)'; id = 'id=([0-9A-F]*)'; "          \
    "}; " CLASSES " };\n"
#define PHONE_ITEMS                                                                                \
    "answer = { code = '/code'; items = { at = '/r'; match = 'phone'; phone = '/p'; code = '/c'; " \
    "id = '/i'; }; " CLASSES " };\n"
#define REF_ITEMS                                                                                  \
    "answer = { code = '/code'; items = { at = '/r'; ref = '/f'; code = '/c'; id = '/i'; "         \
    "}; " CLASSES " };\n"
#define ORDER_ITEMS                                                                                \
    "answer = { code = '/code'; items = { at = '/r'; match = 'order'; code = '/c'; id = '/i'; "    \
    "}; " CLASSES " };\n"
#define ABSENT(class)                                                                              \
    "answer = { code = '/code'; id = '/id'; absent = '" class "'; statuses = [ 200, 202, 500 ]; "  \
                                                              "accepting = [ 202 ]; " CLASSES      \
                                                              " http = { CONFIG = [ 401 ]; RETRY " \
                                                              "= [ 500 ]; }; };\n"
#define PLACES                                                                                     \
    "answer = { code = [ '/error/code', '/error', '/status' ]; id = '/id'; " CLASSES " };\n"

static const struct {
    const char *name, *answer;
    int status;
    const char *body;
    size_t n;
    const char *expect; /* CLASS code id of each */
    bool whole;
} answers[] = {
    {"a text", TEXT, 200, "0:ok id=7F.", 1, "OK 0 7F", false},
    {"a text's second group", TEXT, 200, "sorry, err=-12", 1, "RETRY -12 -", true},
    {"a text without the code", TEXT, 200, "Welcome!", 1, "UNKNOWN unreadable -", false},
    {"a text with an empty id", TEXT, 200, "N1: id=", 1, "UNKNOWN unreadable -", false},
    {"an id that is all that matched", TEXT, 200, "busy: id=", 1, "RETRY busy id=", true},
    {"a text for many", TEXT, 200, "busy:", 2, "RETRY busy -, RETRY busy -", true},
    {"a text of JSON", TEXT, 200, "{\"err\":\"err=0\"}", 1, "OK 0 -", false},
    {"an empty text", TEXT, 200, "", 1, "UNKNOWN unreadable -", false},
    {"a text under another status", TEXT, 500, "0:", 1, "UNKNOWN http-500 -", false},
    {"a text with undeclared code", TEXT, 200, "77:", 1, "UNKNOWN 77 -", false},

    {"prefixes, the longest first", PLACES, 200, "{\"status\":-51}", 1, "LIMIT -51 -", true},
    {"... but the exact one before", PLACES, 200, "{\"status\":\"-500\"}", 1, "UNKNOWN -500 -",
     false},
    {"the first place that leads somewhere", PLACES, 200,
     "{\"status\":0,\"error\":{\"code\":\"N1\"}}", 1, "NUMBER N1 -", true},
    {"... to a text", PLACES, 200, "{\"status\":0,\"error\":{\"text\":\"N1\"}}", 1, "OK 0 -",
     false},
    {"... though it be empty", PLACES, 200, "{\"status\":0,\"error\":\"\"}", 1, "UNKNOWN - -",
     false},
    {"... but not to null", PLACES, 200, "{\"status\":0,\"error\":null,\"id\":null}", 1, "OK 0 -",
     false},
    {"a long code and a long id are cut", PLACES, 200,
     "{\"status\":\"0123456789012345678901234567890123456789\",\"id\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
     1,
     "UNKNOWN 0123456789012345678901234567890 "
     "012345678901234567890123456789012345678901234567890123456789012",
     false},

    {"no code: accepted", ABSENT("OK"), 202, "{\"id\":\"a\"}", 2, "OK - a, OK - a", false},
    {"no code: refused", ABSENT("CONTENT"), 202, "{}", 1, "CONTENT - -", true},
    {"no code under a status that does not accept", ABSENT("OK"), 200, "{}", 1,
     "UNKNOWN unreadable -", false},
    {"no code, but the status says it", ABSENT("OK"), 500, "{}", 1, "RETRY http-500 -", true},
    {"a code under a status that does not accept", ABSENT("OK"), 200, "{\"code\":0}", 1,
     "UNKNOWN 0 -", false},
    {"no JSON is not no code", ABSENT("OK"), 202, "ok", 1, "UNKNOWN http-202 -", false},
    {"a status alone", ABSENT("OK"), 401, "{\"code\":\"0\"}", 2,
     "CONFIG http-401 -, CONFIG http-401 -", true},

    {"by number, in all forms", PHONE_ITEMS, 200,
     "{\"r\":[{\"p\":\"+8613800000002\",\"c\":0,\"i\":2},{\"p\":8613800000001,\"c\":\"N1\"},{\"p\":"
     "\"0086 138-0000-0003\",\"c\":\"busy\"}]}",
     3, "NUMBER N1 -, OK 0 2, RETRY busy -", false},
    {"by number, another's", PHONE_ITEMS, 200,
     "{\"r\":[{\"p\":\"13800000009\",\"c\":0},{\"c\":0},7,null,[]]}", 1, "UNKNOWN no-item -",
     false},
    {"by number, one item as an object", PHONE_ITEMS, 200,
     "{\"code\":\"N1\",\"r\":{\"p\":\"13800000001\",\"c\":0}}", 1, "NUMBER N1 -", true},
    {"contradiction", PHONE_ITEMS, 200,
     "{\"r\":[{\"p\":\"13800000001\",\"c\":\"N1\"},{\"p\":\"+8613800000001\",\"c\":\"0\"},{\"p\":"
     "\"13800000001\",\"c\":\"0\"}]}",
     1, "UNKNOWN ambiguous -", false},
    {"contradiction with an undeclared code", REF_ITEMS, 200,
     "{\"r\":[{\"f\":\"Z1\",\"c\":\"0\",\"i\":1},{\"f\":\"Z1\",\"c\":\"?\"}]}", 2,
     "UNKNOWN ambiguous -, UNKNOWN no-item -", false},
    {"two refusals agree", REF_ITEMS, 200,
     "{\"r\":[{\"f\":\"Z1\",\"c\":\"busy\"},{\"f\":\"Z1\",\"c\":\"-1\"}]}", 1, "RETRY busy -",
     false},
    {"a reference is no prefix of another", REF_ITEMS, 200,
     "{\"r\":[{\"f\":\"Z11\",\"c\":\"0\"},{\"f\":\"Z\",\"c\":\"0\"}]}", 1, "UNKNOWN no-item -",
     false},
    {"in order", ORDER_ITEMS, 200, "{\"r\":[{\"c\":\"0\",\"i\":1},{\"c\":\"busy\",\"i\":2}]}", 2,
     "OK 0 1, RETRY busy 2", false},
    {"in order, one too few", ORDER_ITEMS, 200, "{\"r\":[{\"c\":\"busy\"}]}", 2,
     "UNKNOWN no-item -, UNKNOWN no-item -", false},
    {"in order, one too many", ORDER_ITEMS, 200, "{\"r\":[{\"c\":\"busy\"},{\"c\":\"busy\"}]}", 1,
     "UNKNOWN no-item -", false},
    {"accepted as a whole, but whom?", ORDER_ITEMS, 200, "{\"code\":\"0\"}", 2,
     "UNKNOWN no-item -, UNKNOWN no-item -", false},
    {"accepted as a whole, and it is one", ORDER_ITEMS, 200, "{\"code\":\"0\"}", 1, "OK 0 -",
     false},
    {"a code that is called no-item", REF_ITEMS, 200,
     "{\"r\":[{\"f\":\"Z1\",\"c\":\"no-item\"},{\"f\":\"Z1\",\"c\":\"0\"}]}", 1,
     "UNKNOWN ambiguous -", false},
};

/* Classes, codes and ids of n results. */
static void words(const struct gw_result *r, size_t n, char *out, size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        snprintf(out + strlen(out), cap - strlen(out), "%s%s %s %s", i ? ", " : "",
                 message_class_name(r[i].class), r[i].code[0] ? r[i].code : "-",
                 r[i].provider_id[0] ? r[i].provider_id : "-");
}

static void judge(const struct gateway *g, int status, const char *body, size_t n, char *out,
                  size_t cap, bool *whole)
{
    const struct gw_answer a = {.handed_over = true,
                                .complete = true,
                                .status = status,
                                .body = body,
                                .body_len = strlen(body),
                                .end = "",
                                .transport_error = ""};
    struct gw_result r[3];

    memset(r, 0x7f, sizeof r);
    gateway_judge(g, &a, messages, n, r, whole);
    words(r, n, out, cap);
}

START_TEST(answer)
{
    char text[1500], got[400];
    bool whole;

    snprintf(text, sizeof text, TOP BOTH "%s", answers[_i].answer);
    struct gateway *g = load(text);
    judge(g, answers[_i].status, answers[_i].body, answers[_i].n, got, sizeof got, &whole);
    ck_assert_msg(strcmp(got, answers[_i].expect) == 0, "%s: %s", answers[_i].name, got);
    ck_assert_msg(whole == answers[_i].whole, "%s: whole", answers[_i].name);
    gateway_free(g);
}
END_TEST

/* What an answer names and what a report names must be the same text, or the report finds no message. */
START_TEST(codes)
{
    char code[8], id[64];

    gateway_copy_code(id, sizeof id, "a b\tc\xC3\xA9~");
    ck_assert_str_eq(id, "a_b?c??~");
    gateway_copy_code(code, sizeof code, "12345678");
    ck_assert_str_eq(code, "1234567");
}
END_TEST

/* An operation's answer stands for the profile's, all of it. */
START_TEST(of_an_operation)
{
    struct gateway *g = load(TOP "answer = { code = '/code'; classes = { OK = [ '0' ]; }; };\n"
                                 "submit = { single = { path = '/m'; body = { }; answer = { code = "
                                 "'/c'; classes = { OK = [ 'yes' ]; CONFIG = [ '0' ]; }; }; };\n"
                                 " batch = { path = '/b'; body = { }; }; };\n");
    char got[400];
    bool whole;

    judge(g, 200, "{\"code\":\"0\",\"c\":\"yes\"}", 1, got, sizeof got, &whole);
    ck_assert_str_eq(got, "OK yes -");
    judge(g, 200, "{\"code\":\"0\",\"c\":\"0\"}", 1, got, sizeof got, &whole);
    ck_assert_str_eq(got, "CONFIG 0 -");
    judge(g, 200, "{\"code\":\"0\",\"c\":\"0\"}", 2, got, sizeof got, &whole);
    ck_assert_str_eq(got, "OK 0 -, OK 0 -");
    gateway_free(g);
}
END_TEST

/* ---- pulls ---- */

#define REPORTS                                                                                    \
    "reports = { items = '/list'; ref = '/r'; state = '/s'; states = ( { state = 'D'; class = "    \
    "'OK'; } ); };"
#define PULLS                                                                                      \
    TOP ANSWER SINGLE(                                                                             \
        "{ }") "pull = { receipt = { path = '/p'; body = { t = '{{timestamp}}'; }; answer = { "    \
               "code = '/c'; absent = 'OK'; classes = { OK = [ '0' ]; RETRY = [ '1' ]; CONFIG = "  \
               "[ '2' ]; }; }; " REPORTS " };\n"                                                   \
               " query = { path = '/q'; method = 'GET'; query = { r = '{{ref}}'; p = "             \
               "'{{phone}}'; i = '{{provider_id}}'; d = '{{sent_ymd}}'; }; " REPORTS " }; };\n"

START_TEST(pull_requests)
{
    struct gateway *g = load(PULLS);
    struct gw_request r;
    struct err e;
    struct gw_message m = messages[0];

    gw_request_init(&r);
    ck_assert(gateway_can_pull(g, GW_PULL_RECEIPTS));
    ck_assert(!gateway_can_pull(g, GW_PULL_REPLIES));
    ck_assert(gateway_can_pull(g, GW_PULL_QUERY));
    ck_assert_int_eq(gateway_build_pull(g, GW_PULL_RECEIPTS, NULL, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.url), "http://h:1/base/p");
    ck_assert_str_eq(buf_cstr(&r.body), "{\"t\":\"1795428000\"}");
    /* The day in China on which it was handed over, not today's. */
    ck_assert_int_eq(gateway_build_pull(g, GW_PULL_QUERY, &m, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.url), "http://h:1/base/q?r=Z1&p=13800000001&i=P1&d=20261123");
    ck_assert_uint_eq(r.body.len, 0);
    m.sent_ms++;
    ck_assert_int_eq(gateway_build_pull(g, GW_PULL_QUERY, &m, NOW, &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.url), "http://h:1/base/q?r=Z1&p=13800000001&i=P1&d=20261124");
    m.provider_id = NULL;
    ck_assert_int_eq(gateway_build_pull(g, GW_PULL_QUERY, &m, NOW, &r, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

static const struct {
    bool complete;
    int status;
    const char *body;
    enum err_kind kind;
    size_t reports;
} pulls[] = {
    {true, 200, "{\"list\":[{\"r\":1,\"s\":\"D\"},{\"r\":2,\"s\":\"?\"}]}", ERR_NONE, 2},
    {true, 200, "{\"list\":[{\"r\":1,\"s\":\"D\"},{}]}", ERR_NONE, 1},
    {true, 200, "{\"list\":[{},{}]}", ERR_PROTO, 0},
    {true, 200, "{\"c\":0,\"list\":[]}", ERR_NONE, 0},
    {true, 200, "{\"c\":0,\"list\":null}", ERR_NONE, 0},
    {true, 200, "{\"c\":0,\"list\":{}}", ERR_NONE, 0}, /* would be asked for for ever */
    {true, 200, "{\"c\":0,\"list\":{\"r\":1,\"s\":\"D\"}}", ERR_NONE, 1},
    {true, 200, "{\"c\":0}", ERR_NONE, 0},
    {true, 200, "{\"c\":1,\"list\":[{}]}", ERR_TEMP, 0},
    {true, 200, "{\"c\":2}", ERR_CONFIG, 0},
    {true, 200, "{\"c\":3}", ERR_TEMP, 0},
    {true, 200, "{\"li", ERR_PROTO, 0},
    {true, 502, "{\"c\":0}", ERR_PROTO, 0},
    {false, 200, "{\"c\":0}", ERR_TEMP, 0},
};

START_TEST(pull_answers)
{
    struct gateway *g = load(PULLS);
    const struct gw_answer a = {.handed_over = true,
                                .complete = pulls[_i].complete,
                                .status = pulls[_i].status,
                                .body = pulls[_i].body,
                                .body_len = strlen(pulls[_i].body),
                                .end = "timeout",
                                .transport_error = ""};
    size_t reports = 9;
    struct err e = {0};

    int rc = gateway_judge_pull(g, GW_PULL_RECEIPTS, &a, &reports, &e);
    ck_assert_int_eq(rc, pulls[_i].kind == ERR_NONE ? 0 : -1);
    ck_assert_int_eq(e.kind, pulls[_i].kind);
    ck_assert_uint_eq(reports, pulls[_i].reports);
    gateway_free(g);
}
END_TEST

/* ---- samples ---- */

static const struct {
    const char *sample, *got; /* NULL: an error */
    bool good;
} samples[] = {
    {"of = 'single'; body = '{\\'code\\':0}'; expect = 'OK';", "OK", true},
    {"of = 'single'; status = 500; body = ''; expect = 'UNKNOWN';", "UNKNOWN", true},
    {"of = 'single'; body = '{\\'code\\':1}'; expect = 'OK';", "UNKNOWN", false},
    {"of = 'batch'; body = '{\\'code\\':0}'; expect = 'OK, OK, OK, OK, OK';", "OK, OK, OK, OK, OK",
     true},
    {"of = 'batch'; body = '{\\'code\\':0}'; expect = 'OK, OK, OK, OK, OK, OK';", NULL, false},
    {"of = 'batch'; body = '{\\'code\\':0}'; expect = 'OK';", NULL, false},
    {"of = 'receipt'; body = '[{\\'r\\':1,\\'s\\':\\'D\\'},{\\'r\\':2,\\'s\\':\\'?\\'},{}]'; "
     "expect = 'OK, pending, skipped';",
     "OK, pending, skipped", true},
    {"of = 'receipt'; body = 'x'; expect = '';", NULL, false},
    {"of = 'receipt'; body = '[]'; expect = '';", "", true},
    {"of = 'reply'; body = '{\\'p\\':\\'19900000001\\',\\'t\\':\\'R, 1\\'}'; expect = 'R, 1';",
     "R, 1", true},
    {"of = 'pulled-reply'; body = '[]'; expect = '';", NULL, false},
    {"of = 'queried'; body = '{\\'list\\':[{\\'r\\':1,\\'s\\':\\'D\\'}]}'; expect = 'OK';", "OK",
     true},
    {"of = 'single'; body = ''; expect = 'OK, OK';", NULL, false},
};

START_TEST(sample)
{
    char text[2500];
    struct gw_sample s;
    struct err e = {0};

    snprintf(text, sizeof text,
             TOP ANSWER BOTH
             "pull = { query = { path = '/q'; body = { }; " REPORTS " }; };\n"
             "callbacks = { verify = 'none'; receipt = { path = '/r'; ref = '/r'; state = '/s'; "
             "states = ( { state = 'D'; class = 'OK'; } ); };"
             " reply = { path = '/y'; phone = '/p'; text = '/t'; }; };\nsamples = (\n { %s } );\n",
             samples[_i].sample);
    struct gateway *g = load(text);
    ck_assert_uint_eq(gateway_samples(g), 1);
    int rc = gateway_sample_run(g, 0, &s, &e);
    ck_assert_int_eq(s.line, 7);
    if (samples[_i].got) {
        ck_assert_msg(rc == 0, "%s", e.what);
        ck_assert_str_eq(buf_cstr(&s.got), samples[_i].got);
        ck_assert(s.good == samples[_i].good);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert(e.kind == ERR_PROTO || e.kind == ERR_CONFIG);
    }
    buf_fini(&s.got);
    gateway_free(g);
}
END_TEST

/* Those of the shipped profiles are run by integration_profiles through `gateway check`. */

static void add(TCase *t)
{
    tcase_add_loop_test(t, answer, 0, COUNT(answers));
    tcase_add_test(t, codes);
    tcase_add_test(t, of_an_operation);
    tcase_add_test(t, pull_requests);
    tcase_add_loop_test(t, pull_answers, 0, COUNT(pulls));
    tcase_add_loop_test(t, sample, 0, COUNT(samples));
}

int main(void)
{
    return run_case("gateway_answers", add);
}
