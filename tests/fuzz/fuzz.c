/*
 * fuzz: see fuzz.h. Profiles are loaded once; an input that is a profile goes through a file without a name (memfd).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz.h"

#define W(s) ((char *)(uintptr_t)(s))

void fuzz_holds(bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* The scanner of libconfig 1.5 drops what it has read of a text when the file ends inside it: not ours to mend. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig\n";
}

/* ---- profiles ---- */

static const char text_answers[] =
    "language = 1; url = \"http://h\"; limits = { };\n"
    "submit = { single = { path = \"/m\"; encoding = \"text\"; body = \"{{text}}\"; };\n"
    " batch = { path = \"/b\"; encoding = \"text\"; same = [ \"text\" ]; body = \"{{text}}\"; }; "
    "};\n"
    "answer = { text = { code = \"^([a-z0-9.]+)[:;]|err=(-?[0-9]+)\"; id = \"id=([0-9A-F]*)\"; };\n"
    " statuses = [ 200, 202, 500 ]; accepting = [ 200, 202 ]; absent = \"CONTENT\";\n"
    " classes = { OK = [ \"0\", \"ok*\" ]; RETRY = [ \"ok.later\" ]; NUMBER = [ \"-1\" ]; LIMIT = "
    "[ \"ok.la*\" ]; };\n"
    " http = { OK = [ 204 ]; RETRY = [ 429 ]; }; };\n"
    "callbacks = { allow = [ \"192.0.2.0/24\", \"2001:db8::/33\" ];\n"
    " receipt = { verify = { method = \"sdk-hmac\"; id = \"{{secret.id}}\"; key = "
    "\"{{secret.key}}\"; };\n"
    "  path = \"/r\"; format = \"form-json\"; field = \"data\"; items = \"/list/0\"; ref = "
    "\"/ref\";\n"
    "  state = [ \"/a\", \"/b\", \"/c\" ]; code = \"/code\"; at = \"/at\"; time = \"digits\"; "
    "parts = \"/n\"; part = \"/k\";\n"
    "  states = ( { state = \"1\"; class = \"OK\"; }, { state = \"2*\"; codes = true; }, { state = "
    "\"3\"; pending = true; } );\n"
    "  classes = { NUMBER = [ \"7\" ]; OPTOUT = [ \"7*\" ]; }; };\n"
    " reply = { verify = { method = \"basic\"; id = \"{{secret.id}}\"; key = \"{{secret.key}}\"; "
    "};\n"
    "  path = \"/y\"; items = \"/a~1b/c\"; phone = \"/p\"; text = \"/t\"; percent = true; at = "
    "\"/at\"; time = \"unix-ms\"; }; };\n"
    "secrets = [ \"id\", \"key\" ];\n";

static const char order_answers[] =
    "language = 1; url = \"http://h\"; limits = { };\n"
    "submit = { batch = { path = \"/b\"; body = { each = \"message\"; item = \"{{ref}}\"; }; }; "
    "};\n"
    "answer = { code = [ \"/error/code\", \"/code\" ]; items = { at = \"/r\"; match = \"order\"; "
    "code = \"/c\"; id = \"/i\"; };\n"
    " classes = { OK = [ \"0\" ]; RETRY = [ \"busy\", \"no-item\" ]; CONFIG = [ \"*\" ]; }; };\n"
    "callbacks = { receipt = { verify = { method = \"hmac-sha1\"; key = \"{{secret.key}}\"; join = "
    "\"\\n\"; encoding = \"base64\";\n"
    "   parts = ( \"{{method}}\", \"{{query.ts}}\", { encode = [ \"md5\", \"hex\" ]; value = "
    "\"{{body}}\"; } ); parameter = \"sign\"; };\n"
    "  path = \"/r\"; items = \"\"; id = \"/id\"; phone = \"/to\"; state = \"/s\"; at = \"/at\"; "
    "time = \"unix\";\n"
    "  states = ( { state = \"*\"; class = \"OK\"; } ); };\n"
    " reply = { verify = \"none\"; method = \"GET\"; path = \"/y\"; format = \"query\"; phone = "
    "\"/p\"; text = \"/t\"; at = \"/at\"; zone = \"-03:30\"; }; };\n"
    "secrets = [ \"key\" ];\n";

static const struct {
    struct fuzz_source source;
    const char *settings[5];
} profiles[] = {
    {{"12333.conf", NULL, NULL}, {NULL}},
    {{"aliyun.conf", NULL, NULL}, {NULL}},
    {{"aliyun-rpc.conf", "aliyun.conf", NULL}, {NULL}},
    {{"chuanglan.conf", NULL, NULL}, {NULL}},
    {{"huawei.conf", NULL, NULL}, {"from"}},
    {{"mas.conf", NULL, NULL}, {"ec_name", "ap_id", "sign"}},
    {{"montnets.conf", NULL, NULL}, {"userid"}},
    {{"tencent.conf", NULL, NULL}, {"app_id"}},
    {{"twilio.conf", NULL, NULL}, {"from"}},
    {{"webhook.conf", NULL, NULL}, {NULL}},
    {{"yunpian.conf", NULL, NULL}, {NULL}},
    {{NULL, NULL, text_answers}, {NULL}},
    {{NULL, NULL, order_answers}, {NULL}},
};
#define N_PROFILES (sizeof profiles / sizeof profiles[0])

static struct conf_secret secrets[] = {
    {W("app"), W(FUZZ_SECRET "-app")},       {W("secret"), W(FUZZ_SECRET "-secret")},
    {W("id"), W(FUZZ_SECRET "-id")},         {W("key"), W(FUZZ_SECRET "-key")},
    {W("callback"), W(FUZZ_SECRET)},         {W("account"), W(FUZZ_SECRET "-account")},
    {W("password"), W(FUZZ_SECRET "-word")}, {W("pswd"), W(FUZZ_SECRET "-pswd")},
    {W("token"), W(FUZZ_SECRET "-token")},   {W("hmac"), W(FUZZ_SECRET "-hmac")},
    {W("apikey"), W(FUZZ_SECRET "-apikey")},
};
#define N_SECRETS (sizeof secrets / sizeof secrets[0])

size_t fuzz_profiles(void)
{
    return N_PROFILES;
}

struct fuzz_source fuzz_source(size_t i)
{
    return profiles[i].source;
}

static struct conf_gateway gateway_settings(char *profile)
{
    return (struct conf_gateway){.name = "g",
                                 .profile = profile,
                                 .public_url = W("https://office.example"),
                                 .secrets = secrets,
                                 .n_secrets = N_SECRETS};
}

struct gateway *fuzz_load(const void *text, size_t len, struct err *e)
{
    static int fd = -1;
    static char path[64];

    if (fd < 0) {
        fd = memfd_create("profile", MFD_CLOEXEC);
        fuzz_check(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    fuzz_check(ftruncate(fd, 0) == 0);
    fuzz_check(pwrite(fd, text, len, 0) == (ssize_t)len);
    struct conf_gateway s = gateway_settings(path);
    return gateway_load(&s, e);
}

const struct gateway *fuzz_gateway(size_t i)
{
    static struct gateway *loaded[N_PROFILES];
    struct conf_secret given[5];
    char path[1024];
    struct err e = {0};

    if (loaded[i])
        return loaded[i];
    if (profiles[i].source.text) {
        loaded[i] = fuzz_load(profiles[i].source.text, strlen(profiles[i].source.text), &e);
    } else {
        snprintf(path, sizeof path, "%s/%s", ZHANCHI_GATEWAYS, profiles[i].source.file);
        struct conf_gateway s = gateway_settings(path);
        s.settings = given;
        for (; s.n_settings < 5 && profiles[i].settings[s.n_settings]; s.n_settings++)
            given[s.n_settings] =
                (struct conf_secret){W(profiles[i].settings[s.n_settings]), W("10690001")};
        loaded[i] = gateway_load(&s, &e);
    }
    if (loaded[i] == NULL)
        fprintf(stderr, "profile %zu: %s\n", i, e.what);
    fuzz_check(loaded[i] != NULL);
    return loaded[i];
}

const struct gw_message *fuzz_messages(void)
{
    static struct gw_message m[FUZZ_MESSAGES];
    static struct gw_sample_texts t[FUZZ_MESSAGES];

    for (size_t i = 0; m[FUZZ_MESSAGES - 1].ref == NULL && i < FUZZ_MESSAGES; i++)
        gateway_sample_message(fuzz_gateway(0), i, &m[i], &t[i]);
    return m;
}
