/*
 * serve over HTTP, as a process that is stopped, killed and started again: what was acknowledged is applied, what was not is sent
 * again by the provider and counts once.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/serve.h"
#include "zhanchi/store_report.h"
#include "zhanchi/transport.h"

static struct gateway *gateway;
static struct world *w;
static pid_t server;
static unsigned port;
static volatile sig_atomic_t stop;
static char first_ref[MESSAGE_REF_MAX]; /* of person 0 */

/* ---- the server's process ---- */

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static void serve_here(const char *port_file)
{
    const struct serve_opts o = {.dir = w->c->dir,
                                 .key_path = w->c->key,
                                 .gateways = &gateway,
                                 .n_gateways = 1,
                                 .address = "127.0.0.1",
                                 .port_file = port_file,
                                 .threads = 2,
                                 .stop = &stop};
    struct err e = {0};

    signal(SIGTERM, on_term);
    signal(SIGXFSZ, SIG_IGN);
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(1);
    _exit(serve_run(&o, &e) == 0 ? 0 : (int)e.kind);
}

/* max_bytes: a disk that is full behind that size of file; 0 = none. */
static void start(const char *failpoint, rlim_t max_bytes)
{
    const struct rlimit limit = {max_bytes, max_bytes};
    char port_file[CONTRACT_PATH];
    FILE *f = NULL;

    contract_close(w->c);
    contract_path(w->c, "port", port_file);
    unlink(port_file);
    server = fork();
    if (server == 0) {
        if (failpoint)
            setenv("ZHANCHI_FAILPOINT", failpoint, 1);
        if (max_bytes)
            setrlimit(RLIMIT_FSIZE, &limit);
        serve_here(port_file);
    }
    for (int i = 0; i < 2000 && (f = fopen(port_file, "r")) == NULL; i++)
        usleep(5000);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%u", &port), 1);
    fclose(f);
}

static int wait_server(void)
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
    ck_assert_int_eq(wait_server(), 0);
}

static void expect_killed(void)
{
    int status = wait_server();

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- the provider ---- */

#define REQUESTS 100

struct sent {
    struct gw_request r;
    int status; /* 0: no answer */
    char body[8192];
};
static struct transport *transport;

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct sent *s = tag;

    (void)ctx;
    s->status = a->complete ? a->status : 0;
    snprintf(s->body, sizeof s->body, "%.*s", (int)a->body_len, a->body);
}

static void sign(struct gw_request *r, const char *path, const char *secret)
{
    uint8_t random[12], digest[32];
    char nonce[25], hex[65];
    struct buf text;
    long long now = clock_now_ms() / 1000;

    crypt_random(random, sizeof random);
    crypt_hex(random, sizeof random, nonce);
    crypt_sha256(buf_cstr(&r->body), r->body.len, digest);
    crypt_hex(digest, 32, hex);
    buf_init(&text, 1000);
    buf_addf(&text, "POST\n%s\n%lld\n%s\n%s", path, now, nonce, hex);
    crypt_hmac_sha256(secret, strlen(secret), buf_cstr(&text), text.len, digest);
    buf_fini(&text);
    crypt_hex(digest, 32, hex);
    buf_addf(&r->headers, "X-App: sandbox%cX-Timestamp: %lld%cX-Nonce: %s%cX-Signature: %s%c", 0,
             now, 0, nonce, 0, hex, 0);
}

static void send_all(struct sent *s, size_t n)
{
    struct err e;

    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(transport_submit(transport, &s[i].r, 10000, 2000, &s[i], &e), 0);
    while (transport_open(transport) > 0)
        ck_assert_int_eq(transport_poll(transport, 1000, &e), 0);
    for (size_t i = 0; i < n; i++)
        gw_request_fini(&s[i].r);
}

static void prepare(struct sent *s, const char *method, const char *path, const char *body,
                    const char *secret)
{
    memset(s, 0, sizeof *s);
    gw_request_init(&s->r);
    snprintf(s->r.method, sizeof s->r.method, "%s", method);
    buf_addf(&s->r.url, "http://127.0.0.1:%u%s", port, path);
    buf_adds(&s->r.body, body);
    if (secret)
        sign(&s->r, path, secret);
}

static struct sent last;

static int post(const char *path, const char *body, const char *secret)
{
    prepare(&last, "POST", path, body, secret);
    send_all(&last, 1);
    return last.status;
}

static int get(const char *path)
{
    prepare(&last, "GET", path, "", NULL);
    send_all(&last, 1);
    return last.status;
}

static void receipt_body(char out[512], const char *ref)
{
    snprintf(out, 512,
             "{\"receipts\":[{\"ref\":\"%s\",\"id\":\"7\",\"to\":\"13800000000\",\"state\":"
             "\"DELIVRD\",\"code\":\"000\","
             "\"at\":\"2023-11-15 06:13:25\",\"parts\":1}]}",
             ref);
}

/* Of person 0. */
static int post_receipt(void)
{
    char body[512];

    receipt_body(body, first_ref);
    return post("/12333/receipt", body, "sandbox");
}

/* ---- */

static void setup(void)
{
    const struct transport_opts o = {.connections = 16, .answer_max = 1 << 20, .done = on_done};
    struct err e;

    w = world_begin(REQUESTS + 2);
    world_claim(w, REQUESTS);
    world_ref(w, 0, 1, first_ref);
    transport = transport_new(&o, &e);
    ck_assert_ptr_nonnull(transport);
}

static void teardown(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        wait_server();
    }
    transport_free(transport);
    world_end(w);
}

static int count_receipt(void *ctx, const struct receipt_info *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

static int receipts_of(size_t person)
{
    int n = 0;

    OK(w->c, store_receipts_each(w->c->store, w->message[person], count_receipt, &n, &w->c->e));
    return n;
}

START_TEST(routes)
{
    char body[512];

    receipt_body(body, first_ref);
    start(NULL, 0);
    ck_assert_int_eq(get("/healthz"), 200);
    ck_assert_int_eq(get("/nothing"), 404);
    ck_assert_int_eq(get("/12333/receipt"), 404);
    ck_assert_int_eq(post("/other/receipt", body, "sandbox"), 404);
    ck_assert_int_eq(post("/12333/receipt", body, NULL), 401);
    ck_assert_int_eq(post("/12333/receipt", body, "wrong"), 401);
    ck_assert_int_eq(post("/12333/receipt", "garbage", "sandbox"), 400);
    ck_assert_int_eq(post("/12333/receipt", "{\"other\":1}", "sandbox"), 400);
    ck_assert_int_eq(post("/12333/receipt", body, "sandbox"), 200);
    ck_assert_str_eq(last.body, "{\"code\":\"0\"}");
    ck_assert_int_eq(get("/metrics"), 200);
    ck_assert_ptr_nonnull(strstr(
        last.body, "zhanchi_requests_received_total{gateway=\"12333\",kind=\"receipt\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(last.body, "zhanchi_requests_refused_total{reason=\"signature\"} 2\n"));
    ck_assert_ptr_nonnull(
        strstr(last.body, "zhanchi_requests_refused_total{reason=\"unreadable\"} 2\n"));
    ck_assert_ptr_null(strstr(last.body, "1380"));
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_SENDING);
}
END_TEST

/* Many at once, all of them twice. */
START_TEST(together_and_again)
{
    struct sent *s = calloc(2 * REQUESTS, sizeof *s);
    char body[512], refs[REQUESTS][MESSAGE_REF_MAX];

    for (size_t i = 0; i < REQUESTS; i++)
        world_ref(w, i, 1, refs[i]);
    start(NULL, 0);
    for (size_t i = 0; i < 2 * REQUESTS; i++) {
        receipt_body(body, refs[i % REQUESTS]);
        prepare(&s[i], "POST", "/12333/receipt", body, "sandbox");
    }
    send_all(s, 2 * REQUESTS);
    for (size_t i = 0; i < 2 * REQUESTS; i++)
        ck_assert_int_eq(s[i].status, 200);
    stop_clean();
    for (size_t i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(world_state(w, i), MSG_DELIVERED);
        ck_assert_int_eq(receipts_of(i), 1);
    }
    free(s);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Died with the report in its hands: not durable, so not acknowledged; the provider comes again. */
START_TEST(killed_before_commit)
{
    start("serve_before_commit", 0);
    ck_assert_int_eq(post_receipt(), 0);
    expect_killed();
    start(NULL, 0);
    ck_assert_int_eq(post_receipt(), 200);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(receipts_of(0), 1);
}
END_TEST

/* Durable, but not acknowledged: applied at the next start, and once, though the provider comes again. */
START_TEST(killed_after_commit)
{
    start("serve_after_commit", 0);
    ck_assert_int_eq(post_receipt(), 0);
    expect_killed();
    start(NULL, 0);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    start(NULL, 0);
    ck_assert_int_eq(post_receipt(), 200);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(receipts_of(0), 1);
}
END_TEST

/* Acknowledged, not yet applied: the provider will never come again. */
START_TEST(killed_before_applied)
{
    static const char *const points[] = {"apply_before_commit", "apply_after_commit"};

    start(points[_i], 0);
    ck_assert_int_eq(post_receipt(), 200);
    expect_killed();
    if (_i == 0)
        ck_assert_int_eq(world_state(w, 0), MSG_SENDING);
    start(NULL, 0);
    stop_clean();
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(receipts_of(0), 1);
}
END_TEST
#endif

START_TEST(refusal_by_reply)
{
    char phone[12], body[256];

    ck_assert_int_eq(world_state(w, REQUESTS), MSG_QUEUED);
    world_phone(REQUESTS, phone);
    snprintf(body, sizeof body,
             "{\"replies\":[{\"id\":\"1\",\"from\":\"%s\",\"text\":\"退订\",\"at\":\"2023-11-15 "
             "06:13:25\"}]}",
             phone);
    start(NULL, 0);
    ck_assert_int_eq(post("/12333/reply", body, "sandbox"), 200);
    stop_clean();
    ck_assert_int_eq(world_state(w, REQUESTS), MSG_SUPPRESSED);
    ck_assert_int_eq(world_cause(w, REQUESTS), CAUSE_OPTOUT);
    ck_assert_int_eq(world_state(w, REQUESTS + 1), MSG_QUEUED);
}
END_TEST

START_TEST(one_at_a_time)
{
    int status;

    start(NULL, 0);
    pid_t second = fork();
    if (second == 0)
        serve_here(NULL);
    ck_assert_int_eq(waitpid(second, &status, 0), second);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), ERR_TEMP);
    stop_clean();
}
END_TEST

/* A full disk: the provider is told to come again, and nothing else breaks. */
START_TEST(disk_full)
{
    char *big = malloc(200001);

    memset(big, ' ', 200000);
    memcpy(big + 200000 - 15, "{\"receipts\":[]}", 16);
    start(NULL, 120000);
    ck_assert_int_eq(post("/12333/receipt", big, "sandbox"), 503);
    ck_assert_int_eq(get("/healthz"), 503);
    ck_assert_int_eq(post_receipt(), 200); /* a small one still fits */
    ck_assert_int_eq(get("/healthz"), 200);
    stop_clean();
    free(big);
}
END_TEST

static void load_gateway(void)
{
    static char profile[512];
    struct conf_secret secrets[] = {{(char *)(uintptr_t) "app", (char *)(uintptr_t) "sandbox"},
                                    {(char *)(uintptr_t) "secret", (char *)(uintptr_t) "sandbox"}};
    struct conf_gateway settings = {
        .name = "12333", .profile = profile, .secrets = secrets, .n_secrets = 2};
    struct err e;

    snprintf(profile, sizeof profile, "%s/conf/gateways/12333.conf", getenv("ZHANCHI_SOURCE_DIR"));
    gateway = gateway_load(&settings, &e);
    if (gateway == NULL)
        panic("%s", e.what);
}

int main(void)
{
    Suite *s = suite_create("serve");
    TCase *t = tcase_create("serve");

    load_gateway();
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, routes);
    tcase_add_test(t, together_and_again);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_test(t, killed_before_commit);
    tcase_add_test(t, killed_after_commit);
    tcase_add_loop_test(t, killed_before_applied, 0, 2);
#endif
    tcase_add_test(t, refusal_by_reply);
    tcase_add_test(t, one_at_a_time);
    tcase_add_test(t, disk_full);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    gateway_free(gateway);
    return failed != 0;
}
