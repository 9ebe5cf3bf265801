/*
 * gateway_errors: what is wrong in a profile is told with its line, and the nearest word that is known. What stands in the part under test is on line 3.
 */
#include "gateway_world.h"

#define GOOD TOP ANSWER
#define OP(rest) GOOD "submit = { single = { path = '/m'; " rest " }; };\n"
#define BODY(rest) OP("body = { a = " rest "; };")
#define ANSWERS(rest) TOP SINGLE("{ }") "answer = { " rest " };\n"
#define CALLS(rest) GOOD "callbacks = { " rest " };\n" SINGLE("{ }")
#define RECEIPT(rest) CALLS("verify = 'none'; receipt = { path = '/r'; " rest " };")
#define REPLY(rest) CALLS("verify = 'none'; reply = { path = '/r'; " rest " };")
#define PULL(rest) GOOD "pull = { " rest " };\n" SINGLE("{ }")

static const struct {
    const char *text, *where, *what;
} bad[] = {
    /* the file as a whole */
    {"language = 1;\nurl = ", ":", "syntax"},
    {GOOD "optoinal = [ ];\n", ":3: ", "optional?"},
    {GOOD "titel = 'x';\n", ":3: ", "title?"},
    {"language = '1';\n", ":1: ", "language"},
    {GOOD "title = 1;\n", ":3: ", "title"},
    {GOOD "number = '+85';\n", ":3: ", "\"+85\" is not known; do you mean \"+86\"?"},
    {GOOD "headers = 'x';\n" SINGLE("{ }"), ":3: ", "headers is no group"},
    {GOOD "settings = [ 'x' ];\n", ":3: ", "settings is no group"},
    {GOOD "settings = { a = { }; };\n", ":3: ", "setting a is no text"},
    {"language = 1; url = 'http://h'; limits = { };\nsecrets = [ 1 ];\n", ":2: ", "a text"},
    {GOOD "base = 'x/y.conf';\n", ":3: ", "base is no file's name"},
    {"language = 1; url = 'http://';\n", "", "is no address"},
    {"language = 1; url = 'http://h?x';\n", "", "is no address"},
    {"language = 1; url = 'ftp://h';\n", "", "is no address"},
    {"language = 1; url = 'http://u:Jefe@h';\n", "", "its url holds an @"},
    {"language = 1; url = 'ftp://u:Jefe@h/x?y';\n", "", "its url holds an @"},
    {"language = 1;\nurl = 'http://h';\n", "", "limits is missing"},
    {"language = 1; url = 'http://h';\nlimits = { concurrency = 0; };\n", ":2: ", "concurrency"},
    {"language = 1; url = 'http://h';\nlimits = { concurrency = 257; };\n",
     ":2: ", "concurrency must be between 1 and 256"},
    {"language = 1; url = 'http://h';\nlimits = { text_units = -1; };\n", ":2: ", "text_units"},
    {"language = 1; url = 'http://h';\nlimits = { number_per_day = 2000; };\n",
     ":2: ", "number_per_day"},
    {"language = 1; url = 'http://h';\nlimits = { number_gap = '30'; };\n", ":2: ", "number_gap"},
    {"language = 1; url = 'http://h';\nlimits = { quiet = '22:00-24:30'; };\n", ":2: ", "no span"},
    {"language = 1; url = 'http://h';\nlimits = { timeout = '0s'; };\n", ":2: ", "no duration"},
    {"language = 1; url = 'http://h'; limits = { };\n" SINGLE("{ }"), "", "answer is missing"},
    {"language = 1; url = 'http://h';\nlimits = [ 'app' ];\n", ":2: ", "limits is no group"},
    {"language = 1; url = 'http://h';\nlimits = 1;\n", ":2: ", "limits is no group"},
    {GOOD "submit = ( { single = 1; } );\n", ":3: ", "submit is no group"},
    /* operations */
    {GOOD "submit = { singel = { }; };\n", ":3: ", "single?"},
    {OP("pth = '/x';"), ":3: ", "path?"},
    {GOOD "submit = { single = { body = { }; }; };\n", ":3: ", "path is missing"},
    {OP(""), ":3: ", "body is missing"},
    {OP("method = 'GET'; body = { };"), ":3: ", "a GET has no body"},
    {OP("encoding = 'frm'; body = { };"), ":3: ", "\"form\"?"},
    {OP("encoding = [ ]; body = { };"), ":3: ", "encoding"},
    {OP("encoding = [ 'base64' ]; body = { };"), ":3: ", "encoding \"base64\" is not known"},
    {OP("encoding = [ 'json', 'base46' ]; body = { };"), ":3: ", "base46"},
    {OP("encoding = 'form'; body = 'x';"), ":3: ", "a form is a group"},
    {OP("encoding = 'text'; body = [ 'x' ];"), ":3: ", "a list is no text"},
    {OP("same = [ 'text' ]; body = { };"), ":3: ", "have no meaning here"},
    {OP("query = 'x'; body = { };"), ":3: ", "query is no group"},
    {OP("query = { a = [ 'x' ]; }; body = { };"), ":3: ", "a list is no text"},
    {GOOD BATCH("max = 1; body = { };"), ":3: ", "max"},
    {GOOD BATCH("same = 'text'; body = { };"), ":3: ", "same is no list"},
    {GOOD BATCH("same = [ 'txet' ]; body = { };"), ":3: ", "same \"txet\" is not known"},
    {GOOD "submit = { single = { path = '/{{ref}}'; body = { }; }; };\n",
     ":3: ", "{{ref}} has no value here"},
    /* texts */
    {BODY("'{{secert.app}}'"), ":3: ", "{{secert.app}} is not known"},
    {BODY("'{{secret.ap}}'"), ":3: ", "{{secret.ap}} is not declared"},
    {BODY("'{{callback.receipt}}'"), ":3: ", "{{callback.receipt}} is not known"},
    {BODY("'{{batch_ref}}'"), ":3: ", "{{batch_ref}} has no value here"},
    {BODY("'{{header.X}}'"), ":3: ", "{{header.X}} is not known"},
    {BODY("'{{provider_id}}'"), ":3: ", "has no value here"},
    {BODY("'{{name}}'"), ":3: ", "has no value here"},
    {BODY("'{{params}}'"), ":3: ", "has no value here"},
    {BODY("'{{ref'"), ":3: ", ""},
    {BODY("'{{tiemstamp}}'"), ":3: ", "{{timestamp}}?"},
    {GOOD BATCH("body = { a = '{{phone}}'; };"), ":3: ", "has no value here"},
    {GOOD BATCH("same = [ 'text' ]; body = { a = '{{signature}}'; };"),
     ":3: ", "has no value here"},
    /* groups that make texts */
    {OP("encoding = 'form'; body = { a = { }; };"), ":3: ", "this group makes no text"},
    {OP("encoding = 'form'; body = { a = { raw = 'x'; }; };"), ":3: ", "this group makes no text"},
    {OP("encoding = 'form'; body = { a = { json = 'x'; y = 1; }; };"), ":3: ", "unknown setting y"},
    {OP("encoding = 'form'; body = { a = { each = 'variable'; item = 'x'; }; };"),
     ":3: ", "needs join"},
    {BODY("{ each = 'variables'; item = 'x'; }"), ":3: ", "cannot loop over"},
    {BODY("{ each = 'message'; item = 'x'; }"), ":3: ", "nor outside a batch"},
    {BODY("{ each = 'variable'; item = 'x'; jion = ','; }"), ":3: ", "join?"},
    {GOOD BATCH("body = { each = 'variable'; item = 'x'; };"),
     ":3: ", "there are no variables here"},
    {BODY("{ raw = 'x'; more = 1; }"), ":3: ", "unknown setting more"},
    {BODY("{ raw = [ 'x' ]; }"), ":3: ", "a list is no text"},
    {BODY("{ encode = [ 'gbk' ]; }"), ":3: ", "nothing is encoded"},
    {BODY("{ encode = 'gbk'; value = 'x'; }"), ":3: ", "these are no encodings"},
    {BODY("{ encode = [ ]; value = 'x'; }"), ":3: ", "these are no encodings"},
    {BODY("{ encode = [ 'gkb' ]; value = 'x'; }"), ":3: ", "gkb"},
    {BODY("{ encode = [ 'md5', 'gbk' ]; value = 'x'; }"), ":3: ", "wants text"},
    {BODY("{ encode = [ 'md5', 'md5', 'md5', 'md5', 'hex' ]; value = 'x'; }"),
     ":3: ", "more than 4"},
    {BODY("{ encode = [ 'hex' ]; value = 'x'; join = ','; }"), ":3: ", "unknown setting join"},
    {BODY("{ json = { b = { json = { c = { json = { d = { json = { e = { json = 1; }; }; }; }; }; "
          "}; }; }; }"),
     ":3: ", "deeper than 4"},
    /* signatures */
    {GOOD "sign = 'md5';\n" SINGLE("{ }"), ":3: ", "sign is no group"},
    {GOOD "sign = { method = 'md6'; parts = [ 'x' ]; };\n" SINGLE("{ }"),
     ":3: ", "\"md6\" is not known"},
    {GOOD "sign = { method = 'tc33'; id = 'x'; key = 'y'; service = 'sms'; };\n" SINGLE("{ }"),
     ":3: ", "method \"tc33\" is not known; do you mean \"tc3\"?"},
    {GOOD "sign = { method = 'hmac-sha265'; key = 'x'; parts = [ 'x' ]; };\n" SINGLE("{ }"),
     ":3: ", "method \"hmac-sha265\" is not known; do you mean \"hmac-sha256\"?"},
    {GOOD "sign = { method = 'md5'; key = 'x'; parts = [ 'x' ]; };\n" SINGLE("{ }"),
     ":3: ", "has no key"},
    {GOOD "sign = { method = 'md5'; parts = [ ]; };\n" SINGLE("{ }"), ":3: ", "parts is no list"},
    {GOOD "sign = { method = 'md5'; parts = 'x'; };\n" SINGLE("{ }"), ":3: ", "parts is no list"},
    {GOOD "sign = { method = 'md5'; parts = [ 'x' ]; encoding = 'base46'; };\n" SINGLE("{ }"),
     ":3: ", "base64"},
    {GOOD
     "sign = { method = 'md5'; parts = [ 'x' ]; encoding = [ 'gbk' ]; sgin = 1; };\n" SINGLE("{ }"),
     ":3: ", "unknown setting sgin"},
    {GOOD "sign = { key = ''; parts = [ 'x' ]; };\n" SINGLE("{ }"), ":3: ", "key is empty"},
    {GOOD "sign = { method = 'tc3'; key = 'x'; id = 'y'; };\n" SINGLE("{ }"),
     ":3: ", "service is missing"},
    {GOOD "sign = { method = 'acs3'; key = 'x'; };\n" SINGLE("{ }"), ":3: ", "id is missing"},
    {GOOD "sign = { method = 'wsse'; key = 'x'; id = 'y'; digest = 'hx'; };\n" SINGLE("{ }"),
     ":3: ", "\"hex\"?"},
    {GOOD "sign = { method = 'md5'; parts = [ '{{body}}' ]; };\n" SINGLE("{ a = '{{sign}}'; }"),
     ":4: ", "{{sign}} has no value here"},
    {GOOD "sign = { method = 'acs3'; key = 'x'; id = 'y'; };\n" FORM("{ a = '{{sign}}'; }"),
     ":4: ", "nothing makes it"},
    /* answers */
    {ANSWERS("code = '/c'; calsses = { };"), ":3: ", "classes?"},
    {ANSWERS("code = '/c'; classes = { OK = '0'; };"), ":3: ", "OK is no list"},
    {ANSWERS("code = '/c'; classes = { OK = [ '' ]; };"), ":3: ", "this is no code"},
    {ANSWERS("code = '/c'; classes = { NUMEBR = [ '0' ]; };"), ":3: ", "\"NUMBER\"?"},
    {ANSWERS("code = '/c'; classes = { OK = [ 'a*' ]; LIMIT = [ 'a*' ]; };"),
     ":3: ", "is there twice"},
    {ANSWERS("code = [ '/a', 'b' ];"), ":3: ", "code is no JSON pointer"},
    {ANSWERS("code = [ '/a', '/b', '/c', '/d', '/e' ];"), ":3: ", "code has more than 4 places"},
    {ANSWERS("code = [ ];"), ":3: ", "code is an empty list"},
    {ANSWERS("code = '/c'; statuses = 200;"), ":3: ", "statuses is no list"},
    {ANSWERS("code = '/c'; accepting = [ 600 ];"), ":3: ", "no HTTP status"},
    {ANSWERS("code = '/c'; accepting = [ '200' ];"), ":3: ", "no HTTP status"},
    {ANSWERS("http = { CONFIG = [ 199 ]; };"), ":3: ", "no HTTP status"},
    {ANSWERS("http = { CONFIG = 401; };"), ":3: ", "CONFIG is no list"},
    {ANSWERS("http = { CONIFG = [ 401 ]; };"), ":3: ", "\"CONFIG\"?"},
    {ANSWERS("absent = 'OKAY';"), ":3: ", "class \"OKAY\" is not known"},
    {ANSWERS("text = { code = '('; };"), ":3: ", "code: "},
    {ANSWERS("text = { code = 'x'; id = '['; };"), ":3: ", "id: "},
    {ANSWERS("text = { id = 'x'; };"), ":3: ", "code is missing"},
    {ANSWERS("text = { code = 'x'; }; code = '/c';"), ":3: ", "a plain text or JSON"},
    {ANSWERS("text = { code = 'x'; }; items = { at = '/i'; code = '/c'; match = 'order'; };"),
     ":3: ", "a plain text or JSON"},
    {ANSWERS("items = { code = '/c'; };"), ":3: ", "at is missing"},
    {ANSWERS("items = { at = '/i'; };"), ":3: ", "code is missing"},
    {ANSWERS("items = { at = '/i'; code = '/c'; match = 'phone'; };"), ":3: ", "bear no number"},
    {ANSWERS("items = { at = '/i'; code = '/c'; match = 'phnoe'; };"), ":3: ", "\"phone\"?"},
    {OP("body = { }; answer = { };"), ":3: ", "nothing tells"},
    /* callbacks */
    {CALLS("verfiy = 'none';"), ":3: ", "verify?"},
    {CALLS("allow = [ ];"), ":3: ", "no list of networks"},
    {CALLS("allow = '10.0.0.0/8';"), ":3: ", "no list of networks"},
    {CALLS("allow = [ '10.0.0.0/33' ];"), ":3: ", "this is no network"},
    {CALLS("allow = [ '2001:db8::/129' ];"), ":3: ", "this is no network"},
    {CALLS("allow = [ '10.0.0' ];"), ":3: ", "this is no network"},
    {CALLS("allow = [ '10.0.0.0/' ];"), ":3: ", "this is no network"},
    {CALLS("verify = 'none'; receipt = { ref = '/r'; state = '/s'; states = ( ); };"),
     ":3: ", "path is missing"},
    {CALLS("verify = 'none'; receipt = { path = 'r'; ref = '/r'; state = '/s'; states = ( ); };"),
     ":3: ", "path is no path"},
    {CALLS("verify = 'none'; receipt = { path = '/r{{phone}}'; ref = '/r'; state = '/s'; states = "
           "( ); };"),
     ":3: ", "has no value here"},
    {CALLS("verify = { method = 'token'; key = 'x'; }; receipt = { path = '/r'; };"),
     ":3: ", "where the token stands"},
    {CALLS("verify = { method = 'token'; key = 'x'; header = 'A'; parameter = 'b'; }; receipt = { "
           "path = '/r'; };"),
     ":3: ", "where the token stands"},
    {CALLS("verify = { method = 'tokn'; key = 'x'; header = 'A'; }; receipt = { path = '/r'; };"),
     ":3: ", "method \"tokn\" is not known; do you mean \"token\"?"},
    {CALLS("verify = { method = 'basic'; key = 'x'; }; receipt = { path = '/r'; };"),
     ":3: ", "id is missing"},
    {CALLS("verify = { method = 'twilio'; }; receipt = { path = '/r'; };"),
     ":3: ", "key is missing"},
    {CALLS("verify = { key = 'x'; parts = [ '{{body}}' ]; }; receipt = { path = '/r'; };"),
     ":3: ", "where the signature stands"},
    {CALLS("verify = { key = 'x'; parts = [ '{{text}}' ]; signature = 'S'; }; receipt = { path = "
           "'/r'; };"),
     ":3: ", "has no value here"},
    {CALLS("verify = { key = 'x'; parts = [ '{{body}}' ]; signature = 'S'; tolerance = '5'; }; "
           "receipt = { path = '/r'; };"),
     ":3: ", "no duration"},
    {CALLS("verify = 'none'; ack = { status = 404; }; receipt = { path = '/r'; };"),
     ":3: ", "status"},
    {CALLS("verify = 'none'; receipt = { path = '/r'; ack = { boby = 'x'; }; };"), ":3: ", "body?"},
    {CALLS("verify = 'none'; receipt = { path = '/r'; method = 'PUT'; };"), ":3: ", "PUT"},
    /* reports */
    {RECEIPT("format = 'jsno'; ref = '/r'; state = '/s'; states = ( );"), ":3: ", "\"json\"?"},
    {RECEIPT("format = 'form-json'; ref = '/r'; state = '/s'; states = ( );"),
     ":3: ", "belong together"},
    {RECEIPT("field = 'f'; ref = '/r'; state = '/s'; states = ( );"), ":3: ", "belong together"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( 'x' );"), ":3: ", "a state is a group"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( { class = 'OK'; } );"),
     ":3: ", "state is missing"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( { state = 'x'; class = 'KO'; } );"),
     ":3: ", "class \"KO\""},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( { state = 'x'; pendign = true; } );"),
     ":3: ", "pending?"},
    {RECEIPT("ref = '/r'; state = [ '/a', '/b', '/c', '/d' ]; states = ( );"),
     ":3: ", "more than 3 places"},
    {RECEIPT("ref = '/r'; state = [ ]; states = ( );"), ":3: ", "state is an empty list"},
    {RECEIPT("ref = '/r'; state = [ 'a' ]; states = ( );"), ":3: ", "state is no JSON pointer"},
    {RECEIPT("ref = 'r'; state = '/s'; states = ( );"), ":3: ", "ref is no JSON pointer"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( ); parts = '/p';"), ":3: ", "belong together"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( ); time = 'digit';"), ":3: ", "\"digits\"?"},
    {RECEIPT("ref = '/r'; state = '/s'; states = ( ); percent = true;"),
     ":3: ", "unknown setting percent"},
    {REPLY("text = '/t';"), ":3: ", "phone is missing"},
    {REPLY("phone = '/p'; text = '/t'; percent = 'yes';"), ":3: ", "percent"},
    {REPLY("phone = '/p'; format = 'query'; text = [ ]; charset = '/c';"),
     ":3: ", "text is an empty list"},
    {REPLY("phone = '/p'; text = '/t'; parts = '/x'; part = '/y';"),
     ":3: ", "unknown setting part"},
    /* pulls, samples */
    {PULL("receipts = { };"), ":3: ", "receipt?"},
    {PULL("receipt = { path = '/p'; body = { }; };"), ":3: ", "reports is missing"},
    {PULL("receipt = { path = '/p'; body = { a = '{{ref}}'; }; reports = { ref = '/r'; state = "
          "'/s'; states = ( ); }; };"),
     ":3: ", "has no value here"},
    {PULL("query = { path = '/p'; body = { a = '{{text}}'; }; reports = { ref = '/r'; state = "
          "'/s'; states = ( ); }; };"),
     ":3: ", "has no value here"},
    {PULL("receipt = { path = '/p'; body = { }; reports = { path = '/r'; }; };"),
     ":3: ", "unknown setting path"},
    {PULL("reply = { path = '/p'; body = { }; reports = { phone = '/p'; }; };"),
     ":3: ", "text is missing"},
    {GOOD SINGLE("{ }") "samples = 'x';\n", ":4: ", "samples is no list"},
    {GOOD SINGLE("{ }") "samples = ( 'x' );\n", ":4: ", "a sample is a group"},
    {GOOD SINGLE("{ }") "samples = ( { of = 'singel'; } );\n", ":4: ", "\"single\"?"},
    {GOOD SINGLE("{ }") "samples = ( { of = 'single'; body = ''; } );\n",
     ":4: ", "expect is missing"},
    {GOOD SINGLE("{ }") "samples = ( { of = 'single'; expect = 'OK'; } );\n",
     ":4: ", "body is missing"},
    {GOOD SINGLE("{ }") "samples = ( { of = 'single'; staus = 200; } );\n", ":4: ", "status?"},
    {GOOD SINGLE("{ }") "samples = ( { of = 'single'; status = 99; } );\n", ":4: ", "status"},
    {BODY("{ each = 'variable'; item = { each = 'variable'; item = 'x'; }; }"),
     ":3: ", "inside another"},
    {GOOD BATCH("same = [ 'carrier_variables' ]; body = { each = 'variable'; item = { each = "
                "'message'; item = { each = 'variable'; item = 'x'; }; }; };"),
     ":3: ", "inside another"},
    {OP("encoding = [ 'form', 'base64' ]; sign = { method = 'md5'; parts = [ 'x' ]; }; body = { a "
        "= '{{sign}}'; };"),
     ":3: ", "encoded as a whole"},
    {BODY("1.0e999"), ":3: ", "JSON has no such number"},
    {"language = 1; url = 'http://h'; limits = { };\nsecrets = 'app';\n",
     ":2: ", "secrets is no list"},
    {GOOD "settings = { a = 'x'; }; optional = 'a';\n", ":3: ", "optional is no list"},
    {RECEIPT("ref = '/r'; state = '/s'; states = 'D';"), ":3: ", "states is no list"},
    {GOOD "submit = { single = { path = '/m?a=1'; body = { }; }; };\n",
     ":3: ", "a path cannot hold"},
    {GOOD "submit = { single = { path = '/{{secret.app}}\\n'; body = { }; }; };\n",
     ":3: ", "a path cannot hold"},
    {CALLS("verify = 'none'; receipt = { path = '/r'; ref = '/r'; state = '/s'; states = ( ); }; "
           "reply = { path = '/r'; phone = '/p'; text = '/t'; };"),
     ":3: ", "under one path"},
};

START_TEST(told)
{
    struct world w;
    struct err e = {0};

    world_init(&w);
    struct gateway *g = world_load(&w, bad[_i].text, &e);
    ck_assert_msg(g == NULL, "taken: %s", bad[_i].text);
    ck_assert_msg(e.kind == ERR_CONFIG, "%d: %s", (int)e.kind, e.what);
    ck_assert_msg(strstr(e.what, bad[_i].where) != NULL, "no %s in: %s", bad[_i].where, e.what);
    ck_assert_msg(strstr(e.what, bad[_i].what) != NULL, "no \"%s\" in: %s", bad[_i].what, e.what);
    ck_assert_msg(strstr(e.what, "Jefe") == NULL && strstr(e.remedy, "Jefe") == NULL, "%s", e.what);
    world_fini(&w);
}
END_TEST

/* Of the base, with its name. */
START_TEST(told_of_the_base)
{
    struct world w;
    struct err e;

    world_init(&w);
    ck_assert_ptr_null(world_load(&w, "language = 1; base = 'base.conf';\n", &e));
    ck_assert_ptr_nonnull(strstr(e.what, "base.conf"));
    world_write(w.base, TOP "\nanser = { };\n");
    ck_assert_ptr_null(world_load(&w, "language = 1; base = 'base.conf';\n", &e));
    ck_assert_ptr_nonnull(strstr(e.what, "base.conf:3: "));
    ck_assert_ptr_nonnull(strstr(e.what, "answer?"));
    world_write(w.base, "language = 1; base = 'p.conf';\n");
    ck_assert_ptr_null(world_load(&w, "language = 1; base = 'base.conf';\n", &e));
    ck_assert_ptr_nonnull(strstr(e.what, "p.conf:1: a base has a base of its own"));
    world_fini(&w);
}
END_TEST

/* A proof over the URL needs one; {{callback...}} too. */
START_TEST(public_url)
{
    static const char *const texts[] = {
        CALLS("verify = { method = 'twilio'; key = 'k'; }; receipt = { path = '/r'; ref = '/r'; "
              "state = '/s'; states = ( ); };"),
        CALLS("verify = { method = 'sdk-hmac'; id = 'i'; key = 'k'; }; receipt = { path = '/r'; "
              "ref = '/r'; state = '/s'; states = ( ); };"),
        GOOD "callbacks = { verify = 'none'; reply = { path = '/r'; phone = '/p'; text = '/t'; }; "
             "};\n" SINGLE("{ a = '{{callback.reply}}'; }"),
    };
    struct world w;
    struct err e;

    world_init(&w);
    for (int i = 0; i < COUNT(texts); i++) {
        w.conf.public_url = W("https://office.example");
        struct gateway *g = world_load(&w, texts[i], &e);
        ck_assert_msg(g != NULL, "%s", e.what);
        gateway_free(g);
        w.conf.public_url = NULL;
        ck_assert_ptr_null(world_load(&w, texts[i], &e));
        ck_assert_int_eq(e.kind, ERR_CONFIG);
        ck_assert_ptr_nonnull(strstr(e.remedy, "public_url"));
    }
    world_fini(&w);
}
END_TEST

/* A profile with `n` times `c` between two texts. */
static struct gateway *load_long(struct world *w, const char *before, char c, size_t n,
                                 const char *after, struct err *e)
{
    char *text = malloc(strlen(before) + n + strlen(after) + 1);

    strcpy(text, before);
    memset(text + strlen(before), c, n);
    strcpy(text + strlen(before) + n, after);
    struct gateway *g = world_load(w, text, e);
    free(text);
    return g;
}

START_TEST(long_join)
{
    static const char before[] = TOP ANSWER "submit = { batch = { path = '/b'; encoding = 'text'; "
                                            "body = { each = 'message'; item = 'x'; join = '";
    static const char after[] = "'; }; }; };\n";
    struct world w;
    struct err e;

    world_init(&w);
    struct gateway *g = load_long(&w, before, '-', 1000, after, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    gateway_free(g);
    ck_assert_ptr_null(load_long(&w, before, '-', 1100, after, &e));
    ck_assert_ptr_nonnull(strstr(e.what, ":3: join is too long"));
    world_fini(&w);
}
END_TEST

/* A secret that takes three times as much where it stands, and more than there is room for. */
START_TEST(long_constant)
{
    struct world w;
    struct err e;
    size_t n = 1500000;
    char *value = malloc(n + 1);

    memset(value, '%', n);
    value[n] = '\0';
    world_init(&w);
    w.secrets[0].value = value;
    ck_assert_ptr_null(world_load(&w, TOP ANSWER FORM("{ a = '{{secret.app}}'; }"), &e));
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_msg(strstr(e.what, ":3: constants are longer than allowed") != NULL, "%s", e.what);
    world_fini(&w);
    free(value);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, told, 0, COUNT(bad));
    tcase_add_test(t, told_of_the_base);
    tcase_add_test(t, public_url);
    tcase_add_test(t, long_join);
    tcase_add_test(t, long_constant);
}

int main(void)
{
    return run_case("gateway_errors", add);
}
