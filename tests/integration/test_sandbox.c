/*
 * The near side (gateway, transport) against the far side (zhanchi-sandbox) over loopback, once for each way in which a gateway can
 * misbehave. After each run the two sides are compared text by text: what we call accepted must be in the far side's ledger, what we call refused
 * must not, and nothing may be there twice. Only what we call UNKNOWN may be either.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/httpd.h"
#include "zhanchi/transport.h"

#define MESSAGES 40
#define ARGS 24

static char dir[] = "/tmp/zc-sandbox-XXXXXX";
static pid_t sandbox;
static unsigned port;
static char ledger_path[64], port_path[64], profile_path[512], url[64];

/* ---- the far side ---- */

static void start_sandbox(const char *args)
{
    char words[512], *argv[ARGS] = {(char *)(uintptr_t)ZHANCHI_SANDBOX,
                                    (char *)(uintptr_t) "--port",
                                    (char *)(uintptr_t) "0",
                                    (char *)(uintptr_t) "--port-file",
                                    port_path,
                                    (char *)(uintptr_t) "--ledger",
                                    ledger_path};
    size_t n = 7;

    snprintf(words, sizeof words, "%s", args);
    for (char *save, *w = strtok_r(words, " ", &save); w && n + 1 < ARGS;
         w = strtok_r(NULL, " ", &save))
        argv[n++] = w;
    unlink(port_path);
    sandbox = fork();
    if (sandbox == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        execv(ZHANCHI_SANDBOX, argv);
        _exit(127);
    }
    FILE *f = NULL;
    for (int i = 0; i < 1000 && (f = fopen(port_path, "r")) == NULL; i++)
        usleep(10000);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%u", &port), 1);
    fclose(f);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
}

static int stop_sandbox(int sig)
{
    int status;

    kill(sandbox, sig);
    ck_assert_int_eq(waitpid(sandbox, &status, 0), sandbox);
    sandbox = 0;
    return status;
}

/* How often a ref is in the ledger. */
static int ledger_count(const char *ref, char id[24])
{
    char line[1024], got_id[24], got_ref[80];
    FILE *f = fopen(ledger_path, "r");
    int n = 0;

    while (f && fgets(line, sizeof line, f)) {
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        ck_assert_int_eq(sscanf(line, "%*s %23s %79s", got_id, got_ref), 2);
        if (strcmp(got_ref, ref) != 0)
            continue;
        n++;
        if (id)
            memcpy(id, got_id, sizeof got_id);
    }
    if (f)
        fclose(f);
    return n;
}

/* ---- the near side ---- */

struct sent { /* a request in flight and what became of its messages */
    struct gw_request request;
    size_t first, n;
};
struct near {
    struct gateway *g;
    struct transport *t;
    struct gw_message messages[MESSAGES];
    char refs[MESSAGES][24], phones[MESSAGES][16];
    struct gw_result results[MESSAGES];
    size_t done, whole;
};

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct near *near = ctx;
    struct sent *s = tag;
    bool whole;

    gateway_judge(near->g, a, &near->messages[s->first], s->n, &near->results[s->first], &whole);
    near->done++;
    near->whole += whole;
    gw_request_fini(&s->request);
    free(s);
}

static struct gateway *load(void)
{
    struct conf_secret secrets[] = {{(char *)(uintptr_t) "app", (char *)(uintptr_t) "sandbox"},
                                    {(char *)(uintptr_t) "secret", (char *)(uintptr_t) "sandbox"}};
    struct conf_gateway settings = {
        .name = "12333", .profile = profile_path, .url = url, .secrets = secrets, .n_secrets = 2};
    struct err e;
    struct gateway *g = gateway_load(&settings, &e);

    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

static void near_init(struct near *near)
{
    const struct transport_opts o = {
        .connections = 2, .answer_max = 1 << 20, .done = on_done, .ctx = near};
    struct err e;

    memset(near, 0, sizeof *near);
    near->g = load();
    near->t = transport_new(&o, &e);
    for (size_t i = 0; i < MESSAGES; i++) {
        snprintf(near->refs[i], sizeof near->refs[i], "Z%ld-%zu", (long)getpid(), i);
        snprintf(near->phones[i], sizeof near->phones[i], "1380000%04zu", i);
        near->messages[i] = (struct gw_message){
            .ref = near->refs[i], .phone = near->phones[i], .text = "【某局】补贴2000元"};
    }
}

/* Requests of `batch` messages, one after another: what is in flight and what is warm does not depend on luck. */
static void near_send(struct near *near, size_t batch, int64_t timeout_ms)
{
    struct err e;

    for (size_t i = 0; i < MESSAGES; i += batch) {
        struct sent *s = calloc(1, sizeof *s);
        size_t before = near->done;
        s->first = i;
        s->n = batch;
        gw_request_init(&s->request);
        ck_assert_msg(
            gateway_build(near->g, &near->messages[i], batch, clock_now_ms(), &s->request, &e) == 0,
            "%s", e.what);
        ck_assert_int_eq(transport_submit(near->t, &s->request, timeout_ms, 2000, s, &e), 0);
        while (near->done == before)
            ck_assert_int_eq(transport_poll(near->t, 1000, &e), 0);
    }
}

static void near_fini(struct near *near)
{
    transport_free(near->t);
    gateway_free(near->g);
}

/* ---- every misbehaviour ---- */

static const struct {
    const char *args;
    size_t batch;
    int64_t timeout_ms;
    const char *expect; /* classes and codes with their count; "*" = any number of them */
    int taken;          /* texts in the ledger, -1 = any number */
} runs[] = {
    {"", 1, 5000, "OK:0=40", 40},
    {"", 20, 5000, "OK:0=40", 40},
    {"--latency 5 --jitter 10", 4, 5000, "OK:0=40", 40},
    {"--flow 1 --retry-after 7", 1, 5000, "RETRY:F01=40", 0},
    {"--busy 100% --retry-after 7", 20, 5000, "RETRY:F02=40", 0},
    {"--rate 10", 10, 5000, "OK:0=* RETRY:F01=*", -1},
    {"--reset-fresh-before 1", 1, 5000, "UNKNOWN:closed=40", 0},
    {"--reset-fresh-after 1", 1, 5000, "UNKNOWN:closed=40", 40},
    {"--reset-warm-before 1", 1, 5000, "OK:0=20 UNKNOWN:not-repeated=* UNKNOWN:closed=*", 20},
    {"--reset-warm-after 1", 1, 5000, "OK:0=20 UNKNOWN:not-repeated=* UNKNOWN:closed=*", 40},
    {"--reset-warm-after 1", 4, 5000, "OK:0=20 UNKNOWN:not-repeated=* UNKNOWN:closed=*", 40},
    {"--never-before 1", 20, 300, "UNKNOWN:timeout=40", 0},
    {"--never-after 1", 20, 300, "UNKNOWN:timeout=40", 40},
    {"--error-before 1", 1, 5000, "UNKNOWN:http-500=40", 0},
    {"--error-after 1", 1, 5000, "UNKNOWN:http-502=40", 40},
    {"--garbage 1", 20, 5000, "UNKNOWN:unreadable=40", 40},
    {"--truncated 1", 20, 5000, "UNKNOWN:unreadable=40", 40},
    {"--cut 1", 20, 5000, "UNKNOWN:closed=40", 40},
    {"--partial 1", 20, 5000, "OK:0=20 UNKNOWN:no-item=20", 40},
    {"--vacant 1380000000?", 1, 5000, "OK:0=30 NUMBER:N02=10", 30},
    {"--vacant 1380000000?", 20, 5000, "OK:0=30 NUMBER:N02=10", 30},
    {"--vacant 1380000000? --strict-batch", 20, 5000, "OK:0=20 NUMBER:N02=20", 20},
    {"--black 13800000039", 20, 5000, "OK:0=39 OPTOUT:B01=1", 39},
    {"--black 50%", 20, 5000, "OK:0=* OPTOUT:B01=*", -1},
    {"--keyword 补贴", 20, 5000, "CONTENT:C01=40", 0},
    {"--balance 15", 1, 5000, "OK:0=15 CONFIG:A04=25", 15},
    {"--balance 15", 20, 5000, "OK:0=15 CONFIG:A04=25", 15},
    {"--app other", 1, 5000, "CONFIG:A01=40", 0},
    {"--garbage 20% --flow 20% --reset-warm-after 20% --cut 10% --partial 20% --error-after 10% "
     "--seed 7",
     4, 5000,
     "OK:0=* RETRY:F01=* UNKNOWN:unreadable=* UNKNOWN:not-repeated=* UNKNOWN:closed=* "
     "UNKNOWN:no-item=* UNKNOWN:http-502=*",
     -1},
};

static int expected_count(const char *expect, const char *key)
{
    const char *p = strstr(expect, key);

    if (p == NULL || p[strlen(key)] != '=')
        return 0;
    return p[strlen(key) + 1] == '*' ? -1 : atoi(p + strlen(key) + 1);
}

/* Every class and code that came is expected, as often as expected. */
static void check_results(const struct near *near, const char *expect)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        const struct gw_result *r = &near->results[i];
        char key[64];
        int n = 0;
        snprintf(key, sizeof key, "%s:%s", message_class_name(r->class), r->code);
        for (size_t k = 0; k < MESSAGES; k++)
            n += near->results[k].class == r->class && strcmp(near->results[k].code, r->code) == 0;
        int want = expected_count(expect, key);
        ck_assert_msg(want == -1 || want == n, "%s: %d", key, n);
    }
}

static void check_ledger(const struct near *near, int taken)
{
    int total = 0;

    for (size_t i = 0; i < MESSAGES; i++) {
        const struct gw_result *r = &near->results[i];
        char id[24];
        int n = ledger_count(near->refs[i], id);
        total += n;
        ck_assert_msg(n <= 1, "a text was taken %d times", n);
        if (r->class == CLASS_OK) {
            ck_assert_int_eq(n, 1);
            ck_assert_str_eq(r->provider_id, id);
        } else if (r->class != CLASS_UNKNOWN) {
            ck_assert_msg(n == 0, "%s was taken", r->code);
        }
        if (strcmp(r->code, "F01") == 0 || strcmp(r->code, "F02") == 0)
            ck_assert(r->retry_after_ms == 0 || r->retry_after_ms == 7000);
    }
    ck_assert(taken == -1 || taken == total);
}

START_TEST(misbehaviour)
{
    struct near near;

    start_sandbox(runs[_i].args);
    near_init(&near);
    near_send(&near, runs[_i].batch, runs[_i].timeout_ms);
    near_fini(&near);
    ck_assert_int_eq(stop_sandbox(SIGTERM), 0); /* stops clean in each case */
    check_results(&near, runs[_i].expect);
    check_ledger(&near, runs[_i].taken);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Proves that the comparison can fail: libcurl left to itself sends texts twice. */
START_TEST(doubles_without_guard)
{
    struct near near;
    int twice = 0;

    setenv("ZHANCHI_SABOTAGE", "no-handover-guard", 1);
    start_sandbox("--reset-warm-after 1 --nonce-reuse");
    near_init(&near);
    near_send(&near, 1, 5000);
    near_fini(&near);
    stop_sandbox(SIGTERM);
    for (size_t i = 0; i < MESSAGES; i++)
        twice += ledger_count(near.refs[i], NULL) > 1;
    ck_assert_int_gt(twice, 0);
}
END_TEST
#endif

START_TEST(daily_cap)
{
    struct near near;

    start_sandbox("--daily-cap 2");
    near_init(&near);
    for (size_t i = 0; i < MESSAGES; i++)
        near.messages[i].phone = "13800000001";
    near_send(&near, 1, 5000);
    check_results(&near, "OK:0=2 LIMIT:L01=38");
    near_fini(&near);
    stop_sandbox(SIGTERM);
}
END_TEST

/* What was answered is in the file, whatever happens to the process; ids go on behind it. */
START_TEST(ledger_survives)
{
    struct near near;
    char id[24];

    start_sandbox("");
    near_init(&near);
    near_send(&near, 4, 5000);
    stop_sandbox(SIGKILL);
    check_ledger(&near, MESSAGES);
    near_fini(&near);

    FILE *f = fopen(ledger_path, "a"); /* a torn last line is nobody's text */
    fputs("1795428000000\t1000000000000000041\tZtorn\n", f);
    fclose(f);
    start_sandbox("");
    near_init(&near);
    near.messages[0].ref = "Zagain";
    near_send(&near, 1, 5000);
    ck_assert_int_eq(near.results[0].class, CLASS_OK);
    ck_assert_int_eq(ledger_count("Zagain", id), 1);
    ck_assert_str_eq(id, "1000000000000000041");
    near_fini(&near);
    stop_sandbox(SIGTERM);
}
END_TEST

/* ---- receipts and replies: an office that keeps what comes ---- */

struct office {
    struct httpd *httpd;
    struct gateway *g;
    pthread_mutex_t lock;
    int refuse; /* so many requests are answered 500 */
    atomic_int requests;
    int bad;
    int receipts[MESSAGES], pending[MESSAGES], replies[MESSAGES], optouts;
    bool in_order;
    size_t last;
    char classes[MESSAGES][12];
};
static struct office office;

static const char *on_header(void *ctx, const char *name)
{
    return httpd_header(ctx, name);
}

static const char *on_query(void *ctx, const char *key)
{
    return httpd_query(ctx, key);
}

static int on_report(void *ctx, const struct gw_report *r)
{
    struct office *o = ctx;
    size_t i = strtoul(r->phone + 7, NULL, 10);

    if (i >= MESSAGES)
        return -1;
    if (r->kind == GW_REPLY) {
        o->replies[i]++;
    } else if (r->pending) {
        o->pending[i]++;
    } else {
        o->receipts[i]++;
        o->in_order = o->in_order && i >= o->last;
        o->last = i;
        snprintf(o->classes[i], sizeof o->classes[i], "%s", message_class_name(r->class));
    }
    return 0;
}

static void on_callback(void *ctx, struct httpd_request *r)
{
    struct office *o = ctx;
    size_t len, skipped = 0;
    const char *body = httpd_body(r, &len), *type, *ack;
    const struct gw_callback c = {.method = httpd_method(r),
                                  .path = httpd_path(r),
                                  .body = body,
                                  .body_len = len,
                                  .peer = httpd_peer(r),
                                  .header = on_header,
                                  .query = on_query,
                                  .ctx = r};
    struct err e;
    int kind = gateway_callback_kind(o->g, c.method, c.path), status;

    pthread_mutex_lock(&o->lock);
    o->requests++;
    bool refuse = o->refuse > 0 && o->refuse--;
    if (!refuse &&
        (kind < 0 ||
         gateway_callback_verify(o->g, (enum gw_report_kind)kind, &c, clock_now_ms(), &e) != 0 ||
         gateway_callback_read(o->g, (enum gw_report_kind)kind, body, len, on_report, o, &skipped,
                               &e) != 0 ||
         skipped))
        o->bad++;
    pthread_mutex_unlock(&o->lock);
    if (refuse) {
        httpd_answer(r, 500, "text/plain", "", 0, NULL);
        return;
    }
    gateway_callback_ack(o->g, (enum gw_report_kind)kind, &status, &type, &ack);
    httpd_answer(r, status, type, ack, strlen(ack), NULL);
}

static int sum(const int *v)
{
    int n = 0;

    pthread_mutex_lock(&office.lock);
    for (size_t i = 0; i < MESSAGES; i++)
        n += v[i];
    pthread_mutex_unlock(&office.lock);
    return n;
}

/* Everything is expected soon; a test that waits in vain fails by its own time-out. */
static void wait_for(const int *v, int n)
{
    while (sum(v) < n)
        usleep(5000);
}

static void run_office(const char *args, int refuse, struct near *near)
{
    const struct httpd_opts o = {.address = "127.0.0.1",
                                 .body_max = 1 << 20,
                                 .threads = 1,
                                 .idle_s = 60,
                                 .handle = on_callback,
                                 .ctx = &office};
    struct err e;
    char all[512];

    memset(&office, 0, sizeof office);
    pthread_mutex_init(&office.lock, NULL);
    office.refuse = refuse;
    office.in_order = true;
    snprintf(url, sizeof url, "http://127.0.0.1:1");
    office.g = load();
    office.httpd = httpd_start(&o, &e);
    ck_assert_ptr_nonnull(office.httpd);
    snprintf(all, sizeof all, "--callback http://127.0.0.1:%u/12333 %s",
             (unsigned)httpd_port(office.httpd), args);
    start_sandbox(all);
    near_init(near);
    near_send(near, 4, 5000);
}

static void close_office(struct near *near)
{
    near_fini(near);
    stop_sandbox(SIGTERM);
    httpd_stop(office.httpd);
    gateway_free(office.g);
    ck_assert_int_eq(office.bad, 0);
}

START_TEST(receipts)
{
    struct near near;

    run_office("--receipt-delay 0 --receipt-jitter 0 --undelivered 1380000000? --undelivered-code "
               "MK:0001 --rejected 13800000010",
               0, &near);
    wait_for(office.receipts, MESSAGES);
    close_office(&near);
    for (size_t i = 0; i < MESSAGES; i++)
        ck_assert_str_eq(office.classes[i], i < 10 ? "NUMBER" : i == 10 ? "CONTENT" : "OK");
}
END_TEST

START_TEST(receipts_again_after_refusal)
{
    struct near near;

    run_office("--receipt-delay 0 --receipt-jitter 0 --retry 20,20,20", 3, &near);
    wait_for(office.receipts, MESSAGES);
    close_office(&near);
    for (size_t i = 0; i < MESSAGES; i++)
        ck_assert_int_eq(office.receipts[i], 1);
}
END_TEST

START_TEST(receipts_dropped_in_the_end)
{
    struct near near;

    run_office("--receipt-delay 0 --receipt-jitter 0 --retry 5,5 --receipt-batch 100", 1000, &near);
    while (office.requests < 3)
        usleep(5000);
    usleep(100000);
    close_office(&near);
    ck_assert_int_eq(sum(office.receipts), 0);
    ck_assert_int_le(office.requests, 3 * MESSAGES); /* each three times, not for ever */
}
END_TEST

START_TEST(receipts_doubled_pending_reordered)
{
    struct near near;

    run_office("--receipt-delay 20 --receipt-jitter 200 --receipt-duplicate 1 --receipt-pending 1 "
               "--receipt-batch 1",
               0, &near);
    wait_for(office.receipts, 2 * MESSAGES);
    wait_for(office.pending, MESSAGES);
    close_office(&near);
    ck_assert(!office.in_order);
    for (size_t i = 0; i < MESSAGES; i++)
        ck_assert_int_eq(office.receipts[i], 2);
}
END_TEST

START_TEST(receipts_lost)
{
    struct near near;

    run_office("--receipt-delay 0 --receipt-jitter 0 --receipt-lost 50%", 0, &near);
    wait_for(office.receipts, 1);
    usleep(300000);
    close_office(&near);
    ck_assert_int_gt(sum(office.receipts), 0);
    ck_assert_int_lt(sum(office.receipts), MESSAGES);
}
END_TEST

/* The receipt is here before the answer to the submit. */
START_TEST(receipts_early)
{
    struct near near;

    run_office("--receipt-early 1 --receipt-delay 60000", 0, &near);
    ck_assert_int_ge(sum(office.receipts),
                     MESSAGES / 2); /* nearly all were there when the last answer came */
    wait_for(office.receipts, MESSAGES);
    close_office(&near);
}
END_TEST

START_TEST(replies_and_refusals)
{
    struct near near;

    run_office("--receipt-delay 0 --receipt-jitter 0 --reply-delay 5 --refuse 1380000000? --reply "
               "1380000001?",
               0, &near);
    wait_for(office.replies, 20);
    for (size_t i = 0; i < MESSAGES; i++) /* from now on these are on the black list */
        near.messages[i].ref += 1;
    near_send(&near, 4, 5000);
    check_results(&near, "OK:0=30 OPTOUT:B01=10");
    close_office(&near);
    for (size_t i = 0; i < MESSAGES; i++)
        ck_assert_int_eq(office.replies[i] > 0, i < 20);
}
END_TEST

static void clean(void)
{
    if (sandbox > 0)
        stop_sandbox(SIGKILL);
    unlink(ledger_path);
    unlink(port_path);
}

static void begin(void)
{
    clean();
}

int main(void)
{
    Suite *s = suite_create("sandbox");
    TCase *t = tcase_create("sandbox");

    if (mkdtemp(dir) == NULL)
        abort();
    snprintf(ledger_path, sizeof ledger_path, "%s/ledger", dir);
    snprintf(port_path, sizeof port_path, "%s/port", dir);
    snprintf(profile_path, sizeof profile_path, "%s/conf/gateways/12333.conf",
             getenv("ZHANCHI_SOURCE_DIR"));
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, begin, clean);
    tcase_add_loop_test(t, misbehaviour, 0, (int)(sizeof runs / sizeof runs[0]));
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_test(t, doubles_without_guard);
#endif
    tcase_add_test(t, daily_cap);
    tcase_add_test(t, ledger_survives);
    tcase_add_test(t, receipts);
    tcase_add_test(t, receipts_again_after_refusal);
    tcase_add_test(t, receipts_dropped_in_the_end);
    tcase_add_test(t, receipts_doubled_pending_reordered);
    tcase_add_test(t, receipts_lost);
    tcase_add_test(t, receipts_early);
    tcase_add_test(t, replies_and_refusals);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    rmdir(dir);
    return failed != 0;
}
