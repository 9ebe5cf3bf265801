/*
 * conf: defaults, every kind of error with file, line and nearest key, the sample, durations, gateways and their secrets, trees.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "options.h"
#include "zhanchi/conf.h"
#include "zhanchi/fsio.h"

static char dir[] = "/tmp/zc-conf-XXXXXX", path[64], secret[64];

static void make_dir(void)
{
    if (mkdtemp(dir) == NULL || chmod(dir, 0755) != 0)
        abort();
    snprintf(path, sizeof path, "%s/zhanchi.conf", dir);
    snprintf(secret, sizeof secret, "%s/secret", dir);
}

static void drop_dir(void)
{
    unlink(path);
    unlink(secret);
    rmdir(dir);
}

static void write_file(const char *file, const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen(file, "w");

    ck_assert_ptr_nonnull(f);
    fwrite(text, 1, len, f);
    fclose(f);
    ck_assert_int_eq(chmod(file, mode), 0);
}

static struct conf *load(const char *text, struct err *e)
{
    write_file(path, text, strlen(text), 0644);
    return conf_load(path, e);
}

static struct conf *must_load(const char *text)
{
    struct err e;
    struct conf *c = load(text, &e);

    ck_assert_msg(c != NULL, "%s", e.what);
    return c;
}

/* ---- defaults ---- */

static const struct {
    const char *name;
    int64_t value;
} numbers[] = {
    {"people.maker_is_checker", 0},
    {"office.zone", 480},
    {"campaign.window_from", 540},
    {"campaign.window_to", 1200},
    {"campaign.not_after_days", 30},
    {"campaign.holdout_margin_days", 60},
    {"campaign.max_units", 500},
    {"dispatch.claim_ttl", 2000},
    {"dispatch.commit_max", 1000},
    {"dispatch.backoff_base", 5000},
    {"dispatch.backoff_cap", 900000},
    {"dispatch.cap_per_day", 3},
    {"dispatch.breaker_failures", 10},
    {"dispatch.breaker_pause", 10000},
    {"dispatch.content_stop", 50},
    {"dispatch.max_runtime", 0},
    {"receipts.timeout", INT64_C(259200000)},
    {"serve.port", 18380},
    {"retention.inbox_days", 180},
    {"retention.lists_days", 0},
};

static const struct {
    const char *name, *value;
} texts[] = {
    {"people.actor_source", "loginuid"},
    {"office.name", ""},
    {"office.phone12333", "12333"},
    {"office.apply_where", "参保地经办机构"},
    {"office.name_en", ""},
    {"office.apply_where_en", "your social insurance agency"},
    {"serve.address", "127.0.0.1"},
    {"log.level", "info"},
};

static const struct {
    const char *name, *file;
} paths[] = {
    {"store.dir", ""},
    {"keys.file", "/zhanchi.key"},
    {"keys.audit_file", "/audit.key"},
    {"campaign.policy_dir", "/policies"},
    {"campaign.template_dir", "/templates"},
    {"campaign.lint_dir", "/lint"},
};

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

static void expect_defaults(const struct conf *c)
{
    char file[128];

    for (int i = 0; i < COUNT(numbers); i++)
        ck_assert_msg(conf_int(c, numbers[i].name) == numbers[i].value, "%s: %lld", numbers[i].name,
                      (long long)conf_int(c, numbers[i].name));
    for (int i = 0; i < COUNT(texts); i++)
        ck_assert_str_eq(conf_str(c, texts[i].name), texts[i].value);
    for (int i = 0; i < COUNT(paths); i++) {
        snprintf(file, sizeof file, "%s%s", dir, paths[i].file);
        ck_assert_str_eq(conf_path(c, paths[i].name), file);
    }
    ck_assert_ptr_null(conf_list(c, "serve.optout_words")[0]);
    ck_assert_str_eq(conf_dir(c), dir);
}

START_TEST(an_empty_file_has_the_defaults)
{
    struct conf *c = must_load("");

    expect_defaults(c);
    ck_assert_ptr_null(conf_gateway_names(c)[0]);
    conf_free(c);
}
END_TEST

START_TEST(epochs_stand_outside_the_work_directory)
{
    setenv("XDG_STATE_HOME", "/x/state", 1);
    setenv("HOME", "/home/a", 1);
    struct conf *c = must_load("");
    if (geteuid() == 0) {
        ck_assert_str_eq(conf_path(c, "store.epoch_dir"), "/var/lib/zhanchi/epoch");
        ck_assert_int_eq(seteuid(65534), 0);
    }
    conf_free(c);
    struct err e;
    ck_assert_ptr_nonnull(c = conf_load(path, &e));
    ck_assert_str_eq(conf_path(c, "store.epoch_dir"), "/x/state/zhanchi/epoch");
    conf_free(c);
    unsetenv("XDG_STATE_HOME");
    ck_assert_ptr_nonnull(c = conf_load(path, &e));
    ck_assert_str_eq(conf_path(c, "store.epoch_dir"), "/home/a/.local/state/zhanchi/epoch");
    conf_free(c);
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
        prctl(PR_SET_DUMPABLE, 1); /* or the leak checker may not look at this process */
    }
}
END_TEST

START_TEST(the_sample_loads_and_equals_the_defaults)
{
    struct buf text;

    buf_init(&text, 65536);
    conf_sample(&text);
    struct conf *c = must_load(buf_cstr(&text));
    expect_defaults(c);
    ck_assert_str_eq(conf_gateway_names(c)[0], "12333");
    ck_assert_ptr_null(conf_gateway_names(c)[1]);
    conf_free(c);
    /* What it shows as defaults, said aloud. */
    int said = 0;
    for (char *p = strstr(text.data, "\n  # "); p != NULL; p = strstr(p + 1, "\n  # ")) {
        char *end = strchr(p + 1, '\n');
        if (end[-1] == ';' && memmem(p, (size_t)(end - p), " = ", 3) != NULL) {
            p[3] = ' ';
            said++;
        }
    }
    ck_assert_int_eq(said, COUNT(numbers) + COUNT(texts) + COUNT(paths) + 2);
    c = must_load(buf_cstr(&text));
    expect_defaults(c);
    conf_free(c);
    buf_fini(&text);
}
END_TEST

START_TEST(the_file_decides)
{
    struct conf *c =
        must_load("\xEF\xBB\xBFstore = { dir = \"/srv/z\"; epoch_dir = \"e\"; };\n"
                  "people = { actor_source = \"environment\"; maker_is_checker = true; };\n"
                  "office = { zone = \"-03:30\"; name = \"某市人社局\"; };\n"
                  "campaign = { window_from = \"00:00\"; window_to = \"24:00\"; };\n"
                  "dispatch = { claim_ttl = \"500ms\"; cap_per_day = 0; max_runtime = \"7d\"; };\n"
                  "serve = { optout_words = [ \"不要\", \"STOP\" ]; };\n");
    char file[128];

    ck_assert_str_eq(conf_path(c, "store.dir"), "/srv/z");
    snprintf(file, sizeof file, "%s/e", dir);
    ck_assert_str_eq(conf_path(c, "store.epoch_dir"), file);
    ck_assert_str_eq(conf_str(c, "people.actor_source"), "environment");
    ck_assert_int_eq(conf_int(c, "people.maker_is_checker"), 1);
    ck_assert_int_eq(conf_int(c, "office.zone"), -210);
    ck_assert_str_eq(conf_str(c, "office.name"), "某市人社局");
    ck_assert_int_eq(conf_int(c, "campaign.window_from"), 0);
    ck_assert_int_eq(conf_int(c, "campaign.window_to"), 1440);
    ck_assert_int_eq(conf_int(c, "dispatch.claim_ttl"), 500);
    ck_assert_int_eq(conf_int(c, "dispatch.cap_per_day"), 0);
    ck_assert_int_eq(conf_int(c, "dispatch.max_runtime"), 7 * INT64_C(86400000));
    ck_assert_str_eq(conf_list(c, "serve.optout_words")[0], "不要");
    ck_assert_str_eq(conf_list(c, "serve.optout_words")[1], "STOP");
    ck_assert_ptr_null(conf_list(c, "serve.optout_words")[2]);
    conf_free(c);
}
END_TEST

/* ---- errors ---- */

#define GATEWAY "gateways = ( { name = \"g\"; profile = \"p.conf\"; "

static const struct {
    const char *text;
    int line;
    const char *what;
} bad[] = {
    {"store = {", 1, "syntax error"},
    {"\nserve = { port = 1; port = 2; };", 2, "duplicate setting name"},
    {"\n\ndispach = { };\n", 3, "unknown setting dispach; did you mean dispatch?"},
    {"xyzzyxyzzy = 1;\n", 1, "unknown setting xyzzyxyzzy"},
    {"dispatch = {\n  claim_tll = \"2s\";\n};\n", 2,
     "unknown setting claim_tll; did you mean claim_ttl?"},
    {"dispatch = {\n  claim_ttl = 2;\n};\n", 2, "dispatch.claim_ttl must be a duration"},
    {"dispatch = {\n  claim_ttl = \"2\";\n};\n", 2, "dispatch.claim_ttl must be a duration"},
    {"dispatch = {\n  claim_ttl = \"99ms\";\n};\n", 2, "from 100 ms to 3600000 ms"},
    {"serve = {\n\n  port = \"80\";\n};\n", 3, "serve.port must be between 0 and 65535"},
    {"serve = { port = 65536; };\n", 1, "serve.port must be between 0 and 65535"},
    {"serve = { port = 80.0; };\n", 1, "serve.port must be between"},
    {"serve = { optout_words = \"R\"; };\n", 1, "serve.optout_words must be a list of texts"},
    {"serve = { optout_words = [ 1 ]; };\n", 1, "serve.optout_words must be a list of texts"},
    {"people = { maker_is_checker = \"yes\"; };\n", 1,
     "people.maker_is_checker must be true or false"},
    {"people = { actor_source = \"enviroment\"; };\n", 1,
     "people.actor_source cannot be \"enviroment\"; did you mean \"environment\"?"},
    {"log = { level = \"debgu\"; };\n", 1,
     "log.level cannot be \"debgu\"; did you mean \"debug\"?"},
    {"log = { level = \"zzz\"; };\n", 1, "log.level cannot be \"zzz\""},
    {"people = { actor_source = 1; };\n", 1, "people.actor_source must be text"},
    {"office = { zone = \"8\"; };\n", 1, "office.zone must be an offset"},
    {"office = { name = 1; };\n", 1, "office.name must be text"},
    {"campaign = { window_from = \"25:00\"; };\n", 1, "must be a time of day"},
    {"\ncampaign = { window_from = \"20:00\"; };\n", 2, "ends before it begins"},
    {"keys = {\n  file = \"\";\n};\n", 2, "keys.file is empty"},
    {"store = 1;\n", 1, "store must be a group"},
    {"\n@include \"x\"\n", 2, "@include is not allowed"},
    {"a = 1;\n  @include \"x\"\n", 2, "@include is not allowed"},
    {"office = {\n  name = \"\xC3\x28\";\n};\n", 2, "not UTF-8"},
    {"gateways = { };\n", 1, "gateways must be a list"},
    {"gateways = ( 1 );\n", 1, "a gateway must be a group"},
    {"gateways = (\n  { profile = \"x\"; }\n);\n", 2, "needs a name"},
    {"gateways = (\n  { name = \"x\"; }\n);\n", 2, "and a profile"},
    {GATEWAY "} ,\n { name = \"g\"; profile = \"q\"; } );\n", 2, "gateway g stands twice"},
    {GATEWAY "\n ratee = 1; } );\n", 2, "unknown setting ratee; did you mean rate?"},
    {GATEWAY "\n rate = -1; } );\n", 2, "rate must be between"},
    {GATEWAY "\n rate = \"x\"; } );\n", 2, "rate must be a number"},
    {GATEWAY "\n batch = 100000; } );\n", 2, "batch must be between"},
    {GATEWAY "\n concurrency = 257; } );\n", 2, "concurrency must be between 0 and 256"},
    {GATEWAY "\n secret_files = \"x\"; } );\n", 2, "secret_files must be a group"},
    {GATEWAY "\n secret_env = { a = 1; }; } );\n", 2, "a must be text"},
};

START_TEST(errors_name_file_and_line)
{
    struct err e;
    char where[96];

    ck_assert_ptr_null(load(bad[_i].text, &e));
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    snprintf(where, sizeof where, "%s:%d: ", path, bad[_i].line);
    ck_assert_msg(strncmp(e.what, where, strlen(where)) == 0, "%s", e.what);
    ck_assert_msg(strstr(e.what, bad[_i].what) != NULL, "%s", e.what);
    ck_assert(e.remedy[0] != '\0');
}
END_TEST

START_TEST(remedies_name_the_setting)
{
    static const char *const keys[] = {"secret_files", "secret_env", "settings"};
    struct err e;
    char text[160], remedy[64];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        snprintf(text, sizeof text, "%s %s = 1; } );\n", GATEWAY, keys[i]);
        snprintf(remedy, sizeof remedy, "write %s = { NAME = ", keys[i]);
        ck_assert_ptr_null(load(text, &e));
        ck_assert_msg(strstr(e.remedy, remedy) != NULL, "%s", e.remedy);
    }
}
END_TEST

START_TEST(files_that_are_none)
{
    struct err e;
    char *big = malloc((1u << 20) + 2);

    ck_assert_ptr_null(conf_load("/nonexistent/zhanchi.conf", &e));
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    write_file(path, "a = 1;\nb\0c", 10, 0644);
    ck_assert_ptr_null(conf_load(path, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "zhanchi.conf:2: this line holds NUL bytes"));
    memset(big, ' ', (1u << 20) + 1);
    write_file(path, big, (1u << 20) + 1, 0644);
    ck_assert_ptr_null(conf_load(path, &e));
    ck_assert_ptr_nonnull(strstr(e.what, path));
    write_file(path, big, 1u << 20, 0644);
    struct conf *c = conf_load(path, &e);
    ck_assert_ptr_nonnull(c);
    conf_free(c);
    free(big);
}
END_TEST

START_TEST(asking_for_another_type_is_a_defect)
{
    struct conf *c = must_load("");

    conf_str(c, "serve.port");
}
END_TEST

START_TEST(asking_for_an_unknown_option_is_a_defect)
{
    struct conf *c = must_load("");

    conf_int(c, "serve.prot");
}
END_TEST

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} durations[] = {
    {"0s", 0},
    {"500ms", 500},
    {"2s", 2000},
    {"10m", 600000},
    {"72h", 259200000},
    {"3d", 259200000},
    {"", -1},
    {"2", -1},
    {"s", -1},
    {"-2s", -1},
    {"2 s", -1},
    {" 2s", -1},
    {"2S", -1},
    {"2sec", -1},
    {"1.5s", -1},
    {"+2s", -1},
    {"99999999999d", -1},
    {"9223372036854775807ms", -1},
    {"2w", -1},
    {"2ss", -1},
};

START_TEST(durations_are_read)
{
    int64_t ms = -7;
    int rc = conf_parse_duration(durations[_i].text, &ms);

    ck_assert_int_eq(rc, durations[_i].ms < 0 ? -1 : 0);
    ck_assert_int_eq(ms, durations[_i].ms < 0 ? -7 : durations[_i].ms);
}
END_TEST

/* ---- gateways ---- */

START_TEST(a_gateway)
{
    struct err e;
    char file[128];
    struct conf_gateway g;
    struct conf *c = must_load("gateways = ( { name = \"12333\"; profile = \"/etc/p.conf\"; },\n"
                               "  { name = \"g\"; profile = \"p.conf\"; url = \"http://h:1\";\n"
                               "    rate = 2.5; concurrency = 3; batch = 4; pull_every = \"90s\";\n"
                               "    secret_files = { a = \"secret\"; };\n"
                               "    secret_env = { b = \"ZC_TEST_SECRET\"; }; } );\n");

    ck_assert_str_eq(conf_gateway_names(c)[0], "12333");
    ck_assert_str_eq(conf_gateway_names(c)[1], "g");
    ck_assert_ptr_null(conf_gateway_names(c)[2]);
    write_file(secret, "s3 cret \r\n\n", 11, 0600);
    setenv("ZC_TEST_SECRET", "two", 1);
    ck_assert_msg(conf_gateway(c, "g", &g, &e) == 0, "%s", e.what);
    snprintf(file, sizeof file, "%s/p.conf", dir);
    ck_assert_str_eq(g.name, "g");
    ck_assert_str_eq(g.profile, file);
    ck_assert_str_eq(g.url, "http://h:1");
    ck_assert_double_eq(g.rate, 2.5);
    ck_assert_int_eq(g.concurrency, 3);
    ck_assert_int_eq(g.pull_every_ms, 90000);
    ck_assert_int_eq(g.batch, 4);
    ck_assert_uint_eq(g.n_secrets, 2);
    ck_assert_str_eq(g.secrets[0].name, "a");
    ck_assert_str_eq(g.secrets[0].value, "s3 cret ");
    ck_assert_str_eq(g.secrets[1].name, "b");
    ck_assert_str_eq(g.secrets[1].value, "two");
    conf_gateway_fini(&g);
    ck_assert_int_eq(conf_gateway(c, "12333", &g, &e), 0);
    ck_assert_str_eq(g.profile, "/etc/p.conf");
    ck_assert_ptr_null(g.url);
    ck_assert_uint_eq(g.n_secrets, 0);
    conf_gateway_fini(&g);
    ck_assert_int_eq(conf_gateway(c, "12334", &g, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "did you mean 12333?"));
    conf_free(c);
}
END_TEST

START_TEST(a_route)
{
    struct err e;
    struct conf_gateway g;
    struct route r;
    char text[ROUTE_TEXT_MAX], name[64];
    int weight;
    struct conf *c = must_load(
        "gateways = ( { name = \"a\"; profile = \"p\"; sticky = false; }, { name = \"b:2\"; "
        "profile = \"p\"; sticky = true; },\n"
        "  { name = \"c\"; profile = \"p\"; } );\n"
        "routes = ( { name = \"x\"; rules = ( { to = \"a\"; } ); },\n"
        "  { name = \"regions\"; rules = ( { region = \"4301\"; topic = \"t\"; to = \"c\"; },\n"
        "    { carrier = \"data\"; cheapest = true; to = [ \"a\", \"b:2\" ]; }, { to = [ "
        "\"b:2:7\", \"a:1000\" ]; } ); } );\n");

    ck_assert_msg(conf_route(c, "regions", &r, &e) == 0, "%s", e.what);
    ck_assert_int_eq(route_format(&r, text, sizeof text), 0);
    ck_assert_str_eq(
        text, "region=4301\ttopic=t\tc:1\ncarrier=data\tcheapest\ta:1\tb:2:1\na:1000\tb:2:7");
    ck_assert_str_eq(r.gateways[0], "c"); /* as they first appear */
    ck_assert_int_eq(conf_route(c, "regios", &r, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "did you mean regions?"));
    ck_assert_int_eq(conf_share(c, "b:2", name, &weight, &e), 0);
    ck_assert_str_eq(name, "b:2");
    ck_assert_int_eq(weight, 1);
    ck_assert_int_eq(conf_share(c, "a:2", name, &weight, &e), 0);
    ck_assert_str_eq(name, "a");
    ck_assert_int_eq(weight, 2);
    ck_assert_int_eq(conf_share(c, "a:0", name, &weight, &e), -1);
    ck_assert_int_eq(conf_share(c, "d:2", name, &weight, &e), -1);
    ck_assert_int_eq(conf_share(c, "", name, &weight, &e), -1);
    static const struct {
        const char *name;
        int sticky;
    } all[] = {{"a", -1}, {"b:2", 1}, {"c", 0}};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(conf_gateway(c, all[i].name, &g, &e), 0);
        ck_assert_int_eq(g.sticky, all[i].sticky);
        conf_gateway_fini(&g);
    }
    conf_free(c);
}
END_TEST

static const struct {
    const char *rules, *what;
} bad_routes[] = {
    {"", "has no rules"},
    {"{ region = \"43\"; to = \"a\"; }", "fit none of its rules"},
    {"{ to = \"a\"; }, { to = \"a\"; }", "never looked at"},
    {"{ to = \"b\"; }", "gateway b is not configured"},
    {"{ to = [ ]; }", "names no gateway"},
    {"{ to = [ \"a\", \"a:2\" ]; }", "twice"},
    {"{ to = \"a:1001\"; }", "a weight is from 1"},
    {"{ region = \"43\"; }", "a rule needs a gateway"},
    {"{ carrier = \"mobile\"; to = \"a\"; }, { to = \"a\"; }", "carrier is"},
    {"{ gateway = \"a\"; }", "gateway"},
    {"{ region = \"4\\t3\"; to = \"a\"; }, { to = \"a\"; }", "no tabs"},
};

START_TEST(routes_that_are_none)
{
    char text[512];
    struct err e = {0};

    snprintf(text, sizeof text,
             "gateways = ( { name = \"a\"; profile = \"p\"; } );\n"
             "routes = ( { name = \"x\"; rules = ( %s ); } );\n",
             bad_routes[_i].rules);
    write_file(path, text, strlen(text), 0600);
    ck_assert_ptr_null(conf_load(path, &e));
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_msg(strstr(e.what, bad_routes[_i].what) != NULL, "%s", e.what);
    ck_assert_msg(strstr(e.what, ":2: ") != NULL, "%s", e.what);
}
END_TEST

static void expect_secret_error(const struct conf *c, const char *what, const char *remedy)
{
    struct conf_gateway g;
    struct err e;
    char where[96];

    ck_assert_int_eq(conf_gateway(c, "g", &g, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    snprintf(where, sizeof where, "%s:1: gateway g: ", path);
    ck_assert_msg(strncmp(e.what, where, strlen(where)) == 0, "%s", e.what);
    ck_assert_msg(strstr(e.what, what) != NULL, "%s", e.what);
    ck_assert_msg(strstr(e.remedy, remedy) != NULL, "%s", e.remedy);
}

START_TEST(secrets_that_are_none)
{
    struct conf *c = must_load(GATEWAY "secret_files = { a = \"secret\"; }; } );\n");

    unlink(secret);
    expect_secret_error(c, "secret a: cannot open", "chmod 600");
    write_file(secret, "x\n", 2, 0640);
    expect_secret_error(c, "others may read", "chmod 600");
    write_file(secret, "x\n", 2, 0604);
    expect_secret_error(c, "others may read", "chmod 600");
    write_file(secret, "\n", 1, 0600);
    expect_secret_error(c, "secret a is empty", "put the secret there");
    conf_free(c);
    c = must_load(GATEWAY "secret_env = { a = \"ZC_TEST_NONE\"; }; } );\n");
    unsetenv("ZC_TEST_NONE");
    expect_secret_error(c, "ZC_TEST_NONE is not set", "set that variable");
    setenv("ZC_TEST_NONE", "", 1);
    expect_secret_error(c, "secret a is empty", "put the secret there");
    conf_free(c);
}
END_TEST

/* ---- trees ---- */

START_TEST(trees)
{
    static const char text[] = "a = 1;\nb = \"t\";\nc = 2.5;\nd = true;\n"
                               "e = ( { x = 1; },\n 2 );\nf = 12345678901L;\n";
    const char *s;
    int64_t i;
    double r;
    bool b;
    char tmp[40];
    struct err e;

    write_file(path, text, sizeof text - 1, 0644);
    struct conf_tree *t = conf_tree_load(path, &e);
    ck_assert_ptr_nonnull(t);
    const struct conf_node *root = conf_tree_root(t), *list = conf_node_get(root, "e");
    ck_assert_int_eq(conf_node_type(root), CONF_GROUP);
    ck_assert_uint_eq(conf_node_count(root), 6);
    ck_assert_str_eq(conf_node_name(conf_node_item(root, 1)), "b");
    ck_assert_int_eq(conf_node_line(conf_node_item(root, 2)), 3);
    ck_assert_int_eq(conf_node_type(list), CONF_LIST);
    ck_assert_uint_eq(conf_node_count(list), 2);
    ck_assert_ptr_null(conf_node_name(conf_node_item(list, 1)));
    ck_assert_int_eq(conf_node_line(conf_node_item(list, 1)), 6);
    ck_assert_ptr_null(conf_node_get(list, "x"));
    ck_assert_ptr_null(conf_node_get(root, "z"));
    ck_assert_str_eq(conf_node_text(conf_node_get(root, "f"), tmp), "12345678901");
    ck_assert_str_eq(conf_node_text(conf_node_get(root, "c"), tmp), "2.5");
    ck_assert_str_eq(conf_node_text(conf_node_get(root, "d"), tmp), "true");
    ck_assert_ptr_null(conf_node_text(list, tmp));
    ck_assert(conf_node_str(root, "b", "", &s, &e) == 0 && strcmp(s, "t") == 0);
    ck_assert(conf_node_str(root, "z", "def", &s, &e) == 0 && strcmp(s, "def") == 0);
    ck_assert(conf_node_int(root, "a", 9, 0, 5, &i, &e) == 0 && i == 1);
    ck_assert(conf_node_int(root, "z", 9, 0, 5, &i, &e) == 0 && i == 9);
    ck_assert(conf_node_real(root, "a", 0, 0, 5, &r, &e) == 0 && r == 1.0);
    ck_assert(conf_node_bool(root, "d", false, &b, &e) == 0 && b);
    ck_assert_int_eq(conf_node_str(root, "a", "", &s, &e), -1);
    ck_assert_int_eq(conf_node_int(root, "c", 0, 0, 9, &i, &e), -1);
    ck_assert_int_eq(conf_node_int(root, "a", 0, 2, 9, &i, &e), -1);
    ck_assert_int_eq(conf_node_real(root, "b", 0, 0, 9, &r, &e), -1);
    ck_assert_int_eq(conf_node_bool(root, "a", false, &b, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "zhanchi.conf:1: a must be true or false"));
    conf_tree_free(t);
}
END_TEST

/* ---- the manual page ---- */

static char *read_manual(void)
{
    char file[4096];
    struct buf text;
    struct err e;

    snprintf(file, sizeof file, "%s/docs/man/zhanchi.conf.5", getenv("ZHANCHI_SOURCE_DIR"));
    buf_init(&text, 1 << 20);
    ck_assert_msg(fs_read_file(file, &text, &e) == 0, "%s", e.what);
    return buf_take(&text, NULL);
}

START_TEST(the_manual_has_every_option_and_its_default)
{
    char *text = read_manual(), line[256];
    size_t items = 0;

    for (size_t i = 0; i < option_count(); i++) {
        const struct option_def *o = &option_table[i];
        bool bare = o->type == OPT_INT || o->type == OPT_BOOL;
        snprintf(line, sizeof line, "\n.It Cm %s\n", o->name);
        const char *at = strstr(text, line);
        ck_assert_msg(at != NULL, "%s is not in the manual", o->name);
        const char *next = strstr(at + 1, "\n.It Cm "), *end = strstr(at + 1, "default ");
        ck_assert_msg(end != NULL && (next == NULL || end < next), "%s: no default", o->name);
        snprintf(line, sizeof line, "default %s%s%s\n", bare || o->def[0] == '\0' ? "" : "\"",
                 o->def[0] != '\0' ? o->def : "none", bare || o->def[0] == '\0' ? "" : "\"");
        ck_assert_msg(strncmp(end, line, strlen(line)) == 0, "%s: not %s", o->name, line);
    }
    for (const char *at = strstr(text, "\n.It Cm "); at != NULL; at = strstr(at + 1, "\n.It Cm ")) {
        size_t n = strcspn(at + 8, "\n");
        items += memchr(at + 8, '.', n) != NULL;
    }
    ck_assert_uint_eq(items, option_count()); /* and no other */
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conf");
    TCase *t = tcase_create("core");

    tcase_add_unchecked_fixture(t, make_dir, drop_dir);
    tcase_add_test(t, an_empty_file_has_the_defaults);
    tcase_add_test(t, epochs_stand_outside_the_work_directory);
    tcase_add_test(t, the_sample_loads_and_equals_the_defaults);
    tcase_add_test(t, the_file_decides);
    tcase_add_loop_test(t, errors_name_file_and_line, 0, COUNT(bad));
    tcase_add_test(t, remedies_name_the_setting);
    tcase_add_test(t, files_that_are_none);
    tcase_add_test_raise_signal(t, asking_for_another_type_is_a_defect, SIGABRT);
    tcase_add_test_raise_signal(t, asking_for_an_unknown_option_is_a_defect, SIGABRT);
    tcase_add_loop_test(t, durations_are_read, 0, COUNT(durations));
    tcase_add_test(t, a_gateway);
    tcase_add_test(t, a_route);
    tcase_add_loop_test(t, routes_that_are_none, 0,
                        (int)(sizeof bad_routes / sizeof bad_routes[0]));
    tcase_add_test(t, secrets_that_are_none);
    tcase_add_test(t, trees);
    tcase_add_test(t, the_manual_has_every_option_and_its_default);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
