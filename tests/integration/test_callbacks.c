/*
 * callbacks as providers make them: URLs, forms, JSON in forms, JSON; tokens and networks; to the real daemon. Each is durable before its
 * own acknowledgement, and only then acknowledged.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"
#include "zhanchi/gateway.h"
#include "zhanchi/serve.h"
#include "zhanchi/store_report.h"
#include "zhanchi/transport.h"

static struct gateway *gateways[5];
static struct world *w;
static pid_t server;
static unsigned port;
static volatile sig_atomic_t stop;
static struct transport *transport;

/* ---- the daemon ---- */

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static void start(const char *failpoint)
{
    char port_file[CONTRACT_PATH];
    struct err e = {0};
    FILE *f = NULL;

    contract_close(w->c);
    contract_path(w->c, "port", port_file);
    unlink(port_file);
    server = fork();
    if (server == 0) {
        const struct serve_opts o = {.dir = w->c->dir,
                                     .key_path = w->c->key,
                                     .gateways = gateways,
                                     .n_gateways = 5,
                                     .address = "127.0.0.1",
                                     .port_file = port_file,
                                     .threads = 2,
                                     .stop = &stop};
        signal(SIGTERM, on_term);
        if (failpoint)
            setenv("ZHANCHI_FAILPOINT", failpoint, 1);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        _exit(serve_run(&o, &e) == 0 ? 0 : (int)e.kind);
    }
    for (int i = 0; i < 2000 && (f = fopen(port_file, "r")) == NULL; i++)
        usleep(5000);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%u", &port), 1);
    fclose(f);
}

static int ended(void)
{
    int status;

    ck_assert_int_eq(waitpid(server, &status, 0), server);
    server = 0;
    contract_reopen(w->c);
    return status;
}

static void stop_clean(void)
{
    kill(server, SIGTERM);
    ck_assert_int_eq(ended(), 0);
}

/* ---- the providers ---- */

static char said[1024]; /* the answer's body */
static char refs[2][MESSAGE_REF_MAX];

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    (void)ctx;
    *(int *)tag = a->complete ? a->status : 0;
    snprintf(said, sizeof said, "%.*s", (int)a->body_len, a->body);
}

/* The status, 0 without an answer. In texts REF, REF1 and PHONE, PHONE1 are persons 0 and 1. */
static int send_call(const char *method, const char *target, const char *header, const char *body)
{
    static const char *const names[] = {"REF1", "PHONE1", "REF", "PHONE"};
    struct gw_request r;
    char words[4][64], text[4096];
    int status = -1;
    struct err e;

    for (size_t i = 0; i < 2; i++) {
        snprintf(words[i == 1 ? 0 : 2], sizeof words[0], "%s", refs[i]);
        world_phone(i, words[i == 1 ? 1 : 3]);
    }
    gw_request_init(&r);
    snprintf(r.method, sizeof r.method, "%s", method);
    buf_addf(&r.url, "http://127.0.0.1:%u", port);
    if (header)
        buf_add(&r.headers, header, strlen(header) + 1);
    for (int part = 0; part < 2; part++) {
        snprintf(text, sizeof text, "%s", part == 0 ? target : body);
        for (const char *p = text; *p;) {
            size_t k = 0;
            while (k < 4 && strncmp(p, names[k], strlen(names[k])) != 0)
                k++;
            if (k < 4) {
                buf_adds(part == 0 ? &r.url : &r.body, words[k]);
                p += strlen(names[k]);
            } else {
                buf_addc(part == 0 ? &r.url : &r.body, *p++);
            }
        }
    }
    ck_assert_int_eq(transport_submit(transport, &r, 10000, 2000, &status, &e), 0);
    while (transport_open(transport) > 0)
        ck_assert_int_eq(transport_poll(transport, 1000, &e), 0);
    gw_request_fini(&r);
    return status;
}

static const struct call {
    const char *method, *target, *header, *body;
    int status;
    const char *ack;
} calls[] = {
    {"GET",
     "/query/receipt?receiver=r&pswd=s%2Bcret%20&msgid=18446744073709551616&reportTime=2311150613&"
     "mobile=86PHONE&status=DELIVRD&notifyTime=231115061325&statusDesc=%E6%88%90%E5%8A%9F+x&uid="
     "REF&"
     "length=1",
     NULL, "", 200, "{\"clcode\":\"000000\"}"},
    {"POST", "/form/receipt", "Content-Type: application/x-www-form-urlencoded",
     "smsMsgId=5&total=1&sequence=1&status=DELIVRD&source=2&updateTime=2023-11-15T06%3A13%3A25Z&"
     "orgCode=000&extend=REF&to=%2B86PHONE",
     204, ""},
    {"POST", "/formjson/receipt", "X-Token: tok",
     "sms_status=%5B%7B%22sid%22%3A1%2C%22uid%22%3A%22REF%22%2C%22mobile%22%3A%22PHONE%22%2C%"
     "22report_"
     "status%22%3A%22SUCCESS%22%2C%22error_msg%22%3A%22DELIVRD%22%7D%5D",
     200, "SUCCESS"},
    {"POST", "/formjson/receipt", "X-Token: tok", /* encoded twice */
     "sms_status=%255B%257B%2522sid%2522%253A1%252C%2522uid%2522%253A%2522REF%2522%252C%2522report_"
     "status%2522%253A%2522SUCCESS%2522%257D%255D",
     200, "SUCCESS"},
    {"POST", "/12333/receipt", "Content-Type: application/json",
     "[{\"msgid\":7,\"mobile\":\"+86PHONE\",\"status\":0},{\"msgid\":7,\"mobile\":\"PHONE1\","
     "\"status\":1}]",
     200, "{\"code\":0,\"msg\":\"ok\"}"},
};
#define CALLS (int)(sizeof calls / sizeof calls[0])

static int make(const struct call *c)
{
    return send_call(c->method, c->target, c->header, c->body);
}

static int count_receipt(void *ctx, const struct receipt_info *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

/* Once, however often it was told. */
static void expect_delivered(void)
{
    int n = 0;

    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    OK(w->c, store_receipts_each(w->c->store, w->message[0], count_receipt, &n, &w->c->e));
    ck_assert_int_eq(n, 1);
}

static void setup(void)
{
    const struct transport_opts o = {.connections = 2, .answer_max = 1 << 16, .done = on_done};
    struct err e;

    w = world_begin(4);
    transport = transport_new(&o, &e);
    ck_assert_ptr_nonnull(transport);
}

/* Persons 0 and 1 were written to over the gateway of this path. */
static void sent_over(const char *target)
{
    char name[32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(target + 1, "/"), target + 1);
    OK(w->c, store_gateway_id(w->c->store, name, &w->gateway_id, &w->c->e));
    world_claim(w, 2);
    for (size_t i = 0; i < 2; i++)
        world_ref(w, i, 1, refs[i]);
    OK(w->c, store_gateway_joins(w->c->store, w->gateway_id, true, &w->c->e)); /* dispatch does */
    world_settle(w, 0, CLASS_OK, "7");
    world_settle(w, 1, CLASS_OK, "7");
}

static void teardown(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        ended();
    }
    transport_free(transport);
    world_end(w);
}

START_TEST(taken_and_acknowledged)
{
    const struct call *c = &calls[_i];

    sent_over(c->target);
    start(NULL);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(make(c), c->status);
        ck_assert_str_eq(said, c->ack);
    }
    stop_clean();
    expect_delivered();
    if (_i == CALLS - 1)
        ck_assert_int_eq(world_state(w, 1), MSG_UNDELIVERED);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Not durable: not acknowledged, so the provider comes again. */
START_TEST(killed_before_it_is_durable)
{
    const struct call *c = &calls[_i];

    sent_over(c->target);
    start("serve_before_commit");
    ck_assert_int_eq(make(c), 0);
    ck_assert(WIFSIGNALED(ended()));
    start(NULL);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED);
    start(NULL);
    ck_assert_int_eq(make(c), c->status);
    stop_clean();
    expect_delivered();
}
END_TEST

START_TEST(killed_before_it_is_acknowledged)
{
    const struct call *c = &calls[_i];

    sent_over(c->target);
    start("serve_after_commit");
    ck_assert_int_eq(make(c), 0);
    ck_assert(WIFSIGNALED(ended()));
    start(NULL);
    stop_clean();
    expect_delivered();
}
END_TEST
#endif

START_TEST(who_may_call)
{
    static const struct {
        struct call call;
        int status;
    } cases[] = {
        {{"GET", "/query/receipt?pswd=wrong&uid=REF&status=DELIVRD", NULL, "", 0, ""}, 401},
        {{"GET", "/query/receipt?uid=REF&status=DELIVRD", NULL, "", 0, ""}, 401},
        {{"GET", "/query/receipt?pswd=s%2Bcret%20", NULL, "", 0, ""}, 200}, /* nothing in it */
        {{"POST", "/query/receipt?pswd=s%2Bcret%20", NULL, "uid=REF&status=DELIVRD", 0, ""}, 404},
        {{"POST", "/formjson/receipt", NULL, "sms_status=%5B%5D", 0, ""}, 401},
        {{"POST", "/formjson/receipt", "X-Token: to", "sms_status=%5B%5D", 0, ""}, 401},
        {{"POST", "/formjson/receipt", "X-Token: tok", "other=%5B%5D", 0, ""}, 400},
        {{"POST", "/formjson/receipt", "X-Token: tok", "sms_status=%5B", 0, ""}, 400},
        {{"POST", "/form/receipt", NULL, "", 0, ""}, 400},
        {{"GET", "/form/receipt?extend=REF&status=DELIVRD", NULL, "", 0, ""}, 404},
        {{"POST", "/elsewhere/receipt", NULL, "extend=REF&status=DELIVRD", 0, ""}, 401},
        {{"POST", "/12333/receipt", NULL, "extend=REF&status=DELIVRD", 0, ""}, 400},
    };

    sent_over("/12333/");
    start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(make(&cases[i].call) == cases[i].status, "%zu: %s", i, said);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED);
}
END_TEST

/* The parts of one message come one a call, a reply in the URL. */
START_TEST(parts_and_replies)
{
    sent_over("/form/");
    start(NULL);
    for (int part = 3; part >= 1; part--) {
        char body[256];
        snprintf(body, sizeof body, "total=3&sequence=%d&status=DELIVRD&extend=REF&to=PHONE", part);
        ck_assert_int_eq(send_call("POST", "/form/receipt", NULL, body), 204);
        if (part == 1)
            break;
        stop_clean();
        ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED);
        start(NULL);
    }
    ck_assert_int_eq(send_call("GET",
                               "/query/reply?pswd=s%2Bcret%20&mobile=13800000003&msg=%E9%80%80%E8%"
                               "AE%A2&moTime=2311150613&destcode=106",
                               NULL, ""),
                     200);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 2), MSG_QUEUED);
    ck_assert_int_eq(world_state(w, 3), MSG_SUPPRESSED);
}
END_TEST

static void load(size_t i, const char *name, const char *file, const char *secret,
                 const char *value)
{
    char profile[512];
    struct conf_secret secrets[] = {{(char *)(uintptr_t)secret, (char *)(uintptr_t)value}};
    struct conf_gateway settings = {
        .name = name, .profile = profile, .secrets = secrets, .n_secrets = secret != NULL};
    struct err e;

    snprintf(profile, sizeof profile, "%s/tests/data/gateways/%s", getenv("ZHANCHI_SOURCE_DIR"),
             file);
    gateways[i] = gateway_load(&settings, &e);
    if (gateways[i] == NULL)
        panic("%s", e.what);
}

int main(void)
{
    Suite *s = suite_create("callbacks");
    TCase *t = tcase_create("callbacks");

    load(0, "12333", "many.conf", NULL, NULL);
    load(1, "query", "query.conf", "password", "s+cret ");
    load(2, "form", "form.conf", NULL, NULL);
    load(3, "elsewhere", "elsewhere.conf", NULL, NULL);
    load(4, "formjson", "formjson.conf", "token", "tok");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, taken_and_acknowledged, 0, CALLS);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_loop_test(t, killed_before_it_is_durable, 0, CALLS);
    tcase_add_loop_test(t, killed_before_it_is_acknowledged, 0, CALLS);
#endif
    tcase_add_test(t, who_may_call);
    tcase_add_test(t, parts_and_replies);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    for (size_t i = 0; i < 5; i++)
        gateway_free(gateways[i]);
    return failed != 0;
}
