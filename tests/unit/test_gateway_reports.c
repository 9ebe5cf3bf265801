/*
 * gateway_reports: receipts and replies in every format, pushed and pulled: where things stand, what words mean, times, and what is let in at the door.
 */
#include "gateway_world.h"

#define CALLS(receipt, reply)                                                                      \
    TOP ANSWER SINGLE("{ }") "callbacks = { verify = 'none';\n receipt = { path = '/r'; " receipt  \
                             " };\n reply = { path = '/y'; " reply " }; };\n"
#define RECEIPT(rest)                                                                              \
    CALLS(rest " ref = '/r'; id = '/i'; phone = '/p'; code = '/c'; at = '/at'; " STATES,           \
          "phone = '/p'; text = '/t';")
#define REPLY(rest)                                                                                \
    CALLS("ref = '/r'; state = '/s'; states = ( );",                                               \
          rest " id = '/i'; phone = '/p'; text = '/t'; at = '/at';")
#define STATES                                                                                     \
    "states = ( { state = 'D'; class = 'OK'; }, { state = 'F*'; codes = true; class = 'CONTENT'; " \
    "}, { state = 'B'; pending = true; class = 'OK'; },"                                           \
    " { state = 'FX'; class = 'LIMIT'; }, { state = '5'; class = 'NUMBER'; } ); classes = { "      \
    "OPTOUT = [ 'X*' ]; NUMBER = [ 'X1' ]; };"

#define JSON RECEIPT("state = '/s';")
#define ITEMS RECEIPT("state = '/s'; items = '/list';")
#define DEEP RECEIPT("state = '/s'; items = '/data/list';")
#define FORMED RECEIPT("format = 'form'; state = '/s';")
#define EITHER RECEIPT("format = 'form-or-json'; items = '/list'; state = '/s';")
#define QUERY RECEIPT("format = 'query'; state = '/s';")
#define IN_FORM RECEIPT("format = 'form-json'; field = 'f'; state = '/s';")
#define PLACES RECEIPT("state = [ '/e', '/s', '/z' ];")
#define ANY_LAST                                                                                   \
    CALLS("ref = '/r'; state = [ '/e', '/s' ]; code = '/e'; states = ( { state = '*'; codes = "    \
          "true; class = 'CONTENT'; }, { state = 'D*'; class = 'OK'; } ); classes = { NUMBER = "   \
          "[ 'X1' ]; };",                                                                          \
          "phone = '/p'; text = '/t';")
#define PARTS RECEIPT("state = '/s'; parts = '/n'; part = '/k';")
#define DIGITS RECEIPT("state = '/s'; time = 'digits';")
#define DIGITS_UTC RECEIPT("state = '/s'; time = 'digits'; zone = '+00:00';")
#define UNIX RECEIPT("state = '/s'; time = 'unix';")
#define UNIX_MS RECEIPT("state = '/s'; time = 'unix-ms';")
#define CIVIL_UTC RECEIPT("state = '/s'; zone = '+00:00';")

#define AT(value) "{\"r\":1,\"s\":\"D\",\"at\":" value "}"
#define AT_IS(ms) "[1|||OK|D|" ms "]"

static const struct {
    const char *name, *profile;
    enum gw_report_kind kind;
    const char *body,
        *expect; /* [ref|id|phone|class|code|at part/parts text] of each; NULL: cannot be read */
    size_t skipped;
} reports[] = {
    /* formats */
    {"one object", JSON, GW_RECEIPT,
     "{\"r\":\"Z1\",\"i\":7,\"p\":\"+86 138 0000 0001\",\"s\":\"D\",\"c\":\"0\"}",
     "[Z1|7|13800000001|OK|0|0]", 0},
    {"an array", JSON, GW_RECEIPT,
     "[{\"r\":\"Z1\",\"s\":\"D\"},{\"r\":\"Z2\",\"s\":\"B\"},[],null,7]",
     "[Z1|||OK|D|0][Z2|||UNKNOWN|pending B|0]", 3},
    {"no JSON", JSON, GW_RECEIPT, "r=1&s=D", NULL, 0},
    {"a text alone", JSON, GW_RECEIPT, "\"D\"", NULL, 0},
    {"items", ITEMS, GW_RECEIPT, "{\"list\":[{\"r\":1,\"s\":\"D\"}]}", "[1|||OK|D|0]", 0},
    {"an item alone", ITEMS, GW_RECEIPT, "{\"list\":{\"r\":1,\"s\":\"D\"}}", "[1|||OK|D|0]", 0},
    {"no items", ITEMS, GW_RECEIPT, "{\"lists\":[]}", NULL, 0},
    {"items deeper", DEEP, GW_RECEIPT, "{\"data\":{\"list\":[{\"i\":1,\"s\":\"D\"}]}}",
     "[|1||OK|D|0]", 0},
    {"a form", FORMED, GW_RECEIPT, "r=Z+1%26&s=D&p=%2B8613800000001&c=&x",
     "[Z 1&||13800000001|OK|D|0]", 0},
    {"a form: the first of a name counts", FORMED, GW_RECEIPT, "r=1&r=2&s=D&s=B", "[1|||OK|D|0]",
     0},
    {"a form with broken percents", FORMED, GW_RECEIPT, "r=%4&s=D&c=%zz%", "[%4|||OK|%zz%|0]", 0},
    {"a form without names and with NULs", FORMED, GW_RECEIPT, "=1&&r=1&c=a%00b&%00=x&s=D",
     "[1|||OK|D|0]", 0},
    {"a form in another encoding", FORMED, GW_RECEIPT, "r=1&s=D&c=%CD%CB",
     "[1|||OK|\xef\xbf\xbd\xef\xbf\xbd|0]", 0},
    {"an empty form", FORMED, GW_RECEIPT, "", "", 1},
    {"a query", QUERY, GW_RECEIPT, "r=1&s=F&c=X1", "[1|||NUMBER|X1|0]", 0},
    {"JSON in a form", IN_FORM, GW_RECEIPT, "a=1&f=%5B%7B%22r%22%3A1%2C%22s%22%3A%22D%22%7D%5D&z=2",
     "[1|||OK|D|0]", 0},
    {"JSON in a form, as it is", IN_FORM, GW_RECEIPT, "f={\"r\":1,\"s\":\"D\",\"c\":\"a+b\"}",
     "[1|||OK|a b|0]", 0},
    {"JSON in a form, twice encoded", IN_FORM, GW_RECEIPT,
     "f=%257B%2522r%2522%253A1%252C%2522s%2522%253A%2522D%2522%252C%2522c%2522%253A%2522a%252Bb%"
     "2522%257D",
     "[1|||OK|a+b|0]", 0},
    {"JSON in another field", IN_FORM, GW_RECEIPT, "ff={\"r\":1,\"s\":\"D\"}", NULL, 0},
    {"either: a form", EITHER, GW_RECEIPT, "r=1&s=D&list=x", "[1|||OK|D|0]", 0},
    {"either: JSON", EITHER, GW_RECEIPT,
     " \n{\"list\":[{\"r\":1,\"s\":\"D\"},{\"r\":2,\"s\":\"B\"}]}",
     "[1|||OK|D|0][2|||UNKNOWN|pending B|0]", 0},
    {"either: JSON without items", EITHER, GW_RECEIPT, "{\"r\":1,\"s\":\"D\"}", NULL, 0},
    {"either: nothing", EITHER, GW_RECEIPT, "", "", 1},
    {"half of a JSON in a form", IN_FORM, GW_RECEIPT, "f={\"r\":1", NULL, 0},
    /* states and codes */
    {"by code, the exact one first", JSON, GW_RECEIPT,
     "[{\"r\":1,\"s\":\"F\",\"c\":\"X1\"},{\"r\":1,\"s\":\"Fail\",\"c\":\"X2\"},{\"r\":1,\"s\":"
     "\"F\",\"c\":\"Y\"},{\"r\":1,\"s\":\"F\"}]",
     "[1|||NUMBER|X1|0][1|||OPTOUT|X2|0][1|||CONTENT|Y|0][1|||CONTENT|F|0]", 0},
    {"the first state that fits", JSON, GW_RECEIPT, "{\"r\":1,\"s\":\"FX\"}", "[1|||CONTENT|FX|0]",
     0},
    {"an unlisted state is not final", JSON, GW_RECEIPT,
     "[{\"r\":1,\"s\":\"Q\",\"c\":\"X1\"},{\"r\":1,\"s\":\"DD\"}]",
     "[1|||UNKNOWN|pending X1|0][1|||UNKNOWN|pending DD|0]", 0},
    {"a star alone comes last", ANY_LAST, GW_RECEIPT,
     "[{\"r\":1,\"e\":\"X1\",\"s\":\"D1\"},{\"r\":2,\"e\":\"D1\",\"s\":\"Q\"},{\"r\":3,\"e\":"
     "\"X1\",\"s\":"
     "\"Q\"},{\"r\":4,\"s\":\"Q\"},{\"r\":5}]",
     "[1|||OK|X1|0][2|||OK|D1|0][3|||NUMBER|X1|0][4|||CONTENT|Q|0]", 1},
    {"a state that is a number", JSON, GW_RECEIPT, "{\"r\":1,\"s\":5}", "[1|||NUMBER|5|0]", 0},
    {"no state, or no reference", JSON, GW_RECEIPT,
     "[{\"r\":1},{\"s\":\"D\"},{\"r\":1,\"s\":\"\"},{\"r\":\"\",\"i\":\"\",\"s\":\"D\"},{\"r\":{},"
     "\"s\":\"D\"}]",
     "", 5},
    {"places: the first that is listed", PLACES, GW_RECEIPT,
     "[{\"r\":1,\"e\":\"?\",\"s\":\"D\"},{\"r\":1,\"e\":\"D\",\"s\":\"B\"},{\"r\":1,\"z\":\"D\"},{"
     "\"r\":1,\"e\":\"?\",\"s\":\"!\"}]",
     "[1|||OK|D|0][1|||OK|D|0][1|||OK|D|0][1|||UNKNOWN|pending ?|0]", 0},
    {"parts", PARTS, GW_RECEIPT,
     "[{\"r\":1,\"s\":\"D\",\"n\":2,\"k\":\"1\"},{\"r\":1,\"s\":\"D\",\"n\":-2,\"k\":1000},{\"r\":"
     "1,\"s\":\"D\",\"n\":\"x\",\"k\":null},{\"r\":1,\"s\":\"D\"}]",
     "[1|||OK|D|0 1/2][1|||OK|D|0][1|||OK|D|0][1|||OK|D|0]", 0},
    /* numbers */
    {"a number in an array", JSON, GW_RECEIPT,
     "[{\"r\":1,\"s\":\"D\",\"p\":[\"13800000001\"]},{\"r\":1,\"s\":\"D\",\"p\":[]},{\"r\":1,\"s\":"
     "\"D\",\"p\":[[]]}]",
     "[1||13800000001|OK|D|0][1|||OK|D|0][1|||OK|D|0]", 0},
    {"a number that is none", JSON, GW_RECEIPT, "{\"r\":1,\"s\":\"D\",\"p\":\"+85251234567\"}",
     "[1||+85251234567|OK|D|0]", 0},
    /* times: 2026-11-23 10:00:05 in China is 1795399205 */
    {"civil", JSON, GW_RECEIPT, AT("\"2026-11-23 10:00:05\""), AT_IS("1795399205000"), 0},
    {"civil with T and Z", JSON, GW_RECEIPT, AT("\"2026-11-23T02:00:05Z\""), AT_IS("1795399205000"),
     0},
    {"civil with an offset", JSON, GW_RECEIPT, AT("\"2026-11-23T10:00:05+08:00\""),
     AT_IS("1795399205000"), 0},
    {"civil in another zone", CIVIL_UTC, GW_RECEIPT, AT("\"2026-11-23 02:00:05\""),
     AT_IS("1795399205000"), 0},
    {"no time", JSON, GW_RECEIPT, AT("\"soon\""), AT_IS("0"), 0},
    {"14 digits", DIGITS, GW_RECEIPT, AT("\"20261123100005\""), AT_IS("1795399205000"), 0},
    {"14 digits as a number", DIGITS, GW_RECEIPT, AT("20261123100005"), AT_IS("1795399205000"), 0},
    {"12 digits", DIGITS, GW_RECEIPT, AT("\"261123100005\""), AT_IS("1795399205000"), 0},
    {"10 digits", DIGITS, GW_RECEIPT, AT("\"2611231000\""), AT_IS("1795399200000"), 0},
    {"digits in another zone", DIGITS_UTC, GW_RECEIPT, AT("\"20261123020005\""),
     AT_IS("1795399205000"), 0},
    {"digits that are no time", DIGITS, GW_RECEIPT, AT("\"20261323100005\""), AT_IS("0"), 0},
    {"11 digits", DIGITS, GW_RECEIPT, AT("\"26112310000\""), AT_IS("0"), 0},
    {"digits and more", DIGITS, GW_RECEIPT, AT("\"2026112310000x\""), AT_IS("0"), 0},
    {"unix", UNIX, GW_RECEIPT, AT("1795399205"), AT_IS("1795399205000"), 0},
    {"unix as a text", UNIX, GW_RECEIPT, AT("\"1795399205\""), AT_IS("1795399205000"), 0},
    {"unix-ms", UNIX_MS, GW_RECEIPT, AT("1795399205000"), AT_IS("1795399205000"), 0},
    {"unix before 1970", UNIX, GW_RECEIPT, AT("-1"), AT_IS("0"), 0},
    {"unix with a fraction", UNIX, GW_RECEIPT, AT("1.5"), AT_IS("0"), 0},
    {"unix without end", UNIX, GW_RECEIPT, AT("9999999999999999999"), AT_IS("0"), 0},
    /* replies */
    {"a reply", REPLY(""), GW_REPLY, "{\"i\":9,\"p\":\"8613800000001\",\"t\":\" 退订\"}",
     "[|9|13800000001|OK||0  退订]", 0},
    {"a reply's text must be one", REPLY(""), GW_REPLY,
     "[{\"p\":\"13800000001\",\"t\":1},{\"p\":\"13800000001\"},{\"p\":\"138\",\"t\":\"R\"},{\"t\":"
     "\"R\"}]",
     "", 4},
    {"a percent-encoded text", REPLY("percent = true;"), GW_REPLY,
     "{\"p\":\"13800000001\",\"t\":\"%E9%80%80%e8%ae%a2+1\"}", "[||13800000001|OK||0 退订 1]", 0},
    {"... in another encoding stays", REPLY("percent = true;"), GW_REPLY,
     "{\"p\":\"13800000001\",\"t\":\"%CD%CB%B6%A9+1\"}", "[||13800000001|OK||0 %CD%CB%B6%A9+1]", 0},
    {"a text that is not percent-encoded", REPLY(""), GW_REPLY,
     "{\"p\":\"13800000001\",\"t\":\"%52+1\"}", "[||13800000001|OK||0 %52+1]", 0},
    {"an empty text", REPLY("percent = true;"), GW_REPLY, "{\"p\":[\"13800000001\"],\"t\":\"\"}",
     "[||13800000001|OK||0 ]", 0},
    {"a number in the second place", PLACES, GW_RECEIPT, "{\"r\":1,\"e\":\"?\",\"s\":5}",
     "[1|||NUMBER|5|0]", 0},
    {"a name in which another ended", FORMED, GW_RECEIPT,
     "sr=x&ss=B&s=D&r=1&at=&t=", "[1|||OK|D|0]", 0},
    {"items under a name with escapes", ITEMS, GW_RECEIPT,
     "{\"l\\u0069st\":[{\"r\":1,\"s\":\"D\"}]}", "[1|||OK|D|0]", 0},
    {"items under a name with a slash, by index", RECEIPT("state = '/s'; items = '/a~1b/0';"),
     GW_RECEIPT, "{\"a/b\":[{\"r\":1,\"s\":\"D\"}]}", "[1|||OK|D|0]", 0},
    {"a percent-encoded NUL", REPLY("percent = true;"), GW_REPLY,
     "{\"p\":\"13800000001\",\"t\":\"R%00%52\"}", "[||13800000001|OK||0 R%00%52]", 0},
};

struct notes {
    char text[1000];
    int stop_at, n;
};

static int note(void *ctx, const struct gw_report *r)
{
    struct notes *s = ctx;
    char *out = s->text + strlen(s->text);
    size_t cap = sizeof s->text - strlen(s->text);

    snprintf(out, cap, "[%s|%s|%s|%s|%s%s|%lld", r->ref, r->provider_id, r->phone,
             message_class_name(r->class), r->pending ? "pending " : "", r->code,
             (long long)r->at_ms);
    if (r->part > 0)
        snprintf(out + strlen(out), cap - strlen(out), " %d/%d", r->part, r->parts);
    if (r->kind == GW_REPLY)
        snprintf(out + strlen(out), cap - strlen(out), " %s", r->text);
    snprintf(out + strlen(out), cap - strlen(out), "]");
    return ++s->n == s->stop_at ? -1 : 0;
}

START_TEST(report)
{
    struct gateway *g = load(reports[_i].profile);
    const char *body = reports[_i].body;
    struct notes s = {.text = ""};
    struct err e = {0}, why = {0};
    size_t skipped = 9;

    int rc = gateway_callback_read(g, reports[_i].kind, body, strlen(body), note, &s, &skipped, &e);
    int check = gateway_callback_check(g, reports[_i].kind, body, strlen(body), &why);
    if (reports[_i].expect) {
        ck_assert_msg(rc == 0, "%s: %s", reports[_i].name, e.what);
        ck_assert_msg(strcmp(s.text, reports[_i].expect) == 0, "%s: %s", reports[_i].name, s.text);
        ck_assert_msg(skipped == reports[_i].skipped, "%s: %zu skipped", reports[_i].name, skipped);
        ck_assert_msg(check == 0 || s.n == 0, "%s: turned away: %s", reports[_i].name, why.what);
    } else {
        ck_assert_msg(rc == -1 && e.kind == ERR_PROTO, "%s: %s", reports[_i].name, s.text);
        ck_assert_msg(check == 0 || why.kind == ERR_PROTO, "%s: %s", reports[_i].name, why.what);
    }
    gateway_free(g);
}
END_TEST

/* What cannot be ours is turned away before it is stored. */
static const struct {
    const char *profile, *body;
} turned_away[] = {
    {JSON, "r=1"},
    {JSON, ""},
    {JSON, "{\"r\":\"\xcd\xcb\"}"},
    {ITEMS, "{\"other\":[]}"},
    {FORMED, ""},
    {FORMED, "&&"},
    {IN_FORM, "g=[]"},
    {IN_FORM, "f=["},
};

START_TEST(door)
{
    struct gateway *g = load(turned_away[_i].profile);
    struct err e = {0};

    ck_assert_int_eq(gateway_callback_check(g, GW_RECEIPT, turned_away[_i].body,
                                            strlen(turned_away[_i].body), &e),
                     -1);
    ck_assert_int_eq(e.kind, ERR_PROTO);
    gateway_free(g);
}
END_TEST

/* Who reads may stop; the rest is not read. */
START_TEST(stopped)
{
    static const char body[] =
        "[{\"r\":1,\"s\":\"D\"},{\"r\":2,\"s\":\"D\"},{\"r\":3,\"s\":\"D\"}]";
    struct gateway *g = load(JSON);
    struct notes s = {.text = "", .stop_at = 2};
    struct err e = {0};
    size_t skipped;

    ck_assert_int_eq(
        gateway_callback_read(g, GW_RECEIPT, body, sizeof body - 1, note, &s, &skipped, &e), -1);
    ck_assert_int_eq(e.kind, ERR_SOFTWARE);
    ck_assert_int_eq(s.n, 2);
    gateway_free(g);
}
END_TEST

/* ---- pulled ---- */

#define PULLED                                                                                     \
    TOP ANSWER SINGLE(                                                                             \
        "{ }") "pull = { receipt = { path = '/p'; body = { }; reports = { items = '/l'; ref = "    \
               "'/r'; state = '/s'; states = ( { state = '0'; class = 'OK'; } ); }; };\n"          \
               " reply = { path = '/p'; body = { }; reports = { phone = '/p'; text = '/t'; "       \
               "percent = true; }; }; };\n"

START_TEST(pulled)
{
    struct gateway *g = load(PULLED);
    static const char receipts[] = "{\"l\":[{\"r\":18446744073709551616,\"s\":0}]}",
                      replies[] = "[{\"p\":13800000001,\"t\":\"%52\"}]";
    struct notes s = {.text = ""};
    struct err e = {0};
    size_t skipped;

    ck_assert_int_eq(gateway_callback_read(g, GW_PULLED_RECEIPT, receipts, sizeof receipts - 1,
                                           note, &s, &skipped, &e),
                     0);
    ck_assert_int_eq(gateway_callback_read(g, GW_PULLED_REPLY, replies, sizeof replies - 1, note,
                                           &s, &skipped, &e),
                     0);
    ck_assert_str_eq(s.text, "[18446744073709551616|||OK|0|0][||13800000001|OK||0 R]");
    ck_assert_int_eq(
        gateway_callback_read(g, GW_QUERIED, receipts, sizeof receipts - 1, note, &s, &skipped, &e),
        -1);
    ck_assert_int_eq(e.kind, ERR_PROTO);
    ck_assert_int_eq(
        gateway_callback_read(g, GW_RECEIPT, receipts, sizeof receipts - 1, note, &s, &skipped, &e),
        -1);
    gateway_free(g);
}
END_TEST

/* Its fields in the order in which it sends them. */
START_TEST(twilio_reply)
{
    static const char body[] =
        "ToCountry=CN&SmsMessageSid=SM02&NumMedia=0&SmsSid=SM02&SmsStatus=received&Body=TD&To=%"
        "2B12025550104&NumSegments=1&MessageSid=SM02&AccountSid=AC00&From=%2B8613800000001";
    struct gateway *g = load_shipped("twilio.conf", "from");
    struct notes s = {.text = ""};
    struct err e = {0};
    size_t skipped;

    ck_assert_int_eq(
        gateway_callback_read(g, GW_REPLY, body, sizeof body - 1, note, &s, &skipped, &e), 0);
    ck_assert_str_eq(s.text, "[|SM02|13800000001|OK||0 TD]");
    gateway_free(g);
}
END_TEST

START_TEST(many_fields)
{
    struct gateway *g = load(FORMED);
    struct notes s = {.text = ""};
    struct err e = {0};
    struct buf body;
    size_t skipped;

    buf_init(&body, 100000);
    buf_adds(&body, "r=1&s=D");
    for (int i = 2; i < 1000; i++)
        buf_addf(&body, "&x%d=", i);
    ck_assert_int_eq(
        gateway_callback_read(g, GW_RECEIPT, body.data, body.len, note, &s, &skipped, &e), 0);
    ck_assert_str_eq(s.text, "[1|||OK|D|0]");
    buf_adds(&body, "&y=");
    ck_assert_int_eq(
        gateway_callback_read(g, GW_RECEIPT, body.data, body.len, note, &s, &skipped, &e), -1);
    ck_assert_int_eq(gateway_callback_check(g, GW_RECEIPT, body.data, body.len, &e), -1);
    buf_fini(&body);
    gateway_free(g);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, report, 0, COUNT(reports));
    tcase_add_loop_test(t, door, 0, COUNT(turned_away));
    tcase_add_test(t, stopped);
    tcase_add_test(t, pulled);
    tcase_add_test(t, twilio_reply);
    tcase_add_test(t, many_fields);
}

int main(void)
{
    return run_case("gateway_reports", add);
}
