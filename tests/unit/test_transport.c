/*
 * transport against a small TCP server of its own that misbehaves on purpose: what "handed over" and "complete" mean in each case, and
 * above all that no request is ever sent twice.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/transport.h"

/* ---- the server: what it does to its n-th request ---- */

enum deed { GOOD, CLOSE, RESET, HANG, CUT, LONG, REDIRECT, SECONDS, DATE, BAD_GATEWAY };

static const enum deed *script; /* the last one goes on for ever */
static size_t script_len;
static atomic_size_t requests, connections;
static char last_request[8192];
static int listener;
static uint16_t port;

static size_t content_length(const char *head)
{
    const char *p = strcasestr(head, "\r\nContent-Length:");

    return p ? strtoul(p + 17, NULL, 10) : 0;
}

/* A whole request into last_request; false at the end. */
static bool read_request(int fd)
{
    char text[8192];
    size_t n = 0;

    for (;;) {
        text[n] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        if (end && n >= (size_t)(end + 4 - text) + content_length(text))
            break;
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    memcpy(last_request, text, n + 1);
    return true;
}

static void send_text(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void send_date(int fd)
{
    char text[256], date[64];
    time_t at = time(NULL) + 100;
    struct tm tm;

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
    snprintf(text, sizeof text, "HTTP/1.1 503 X\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
             date);
    send_text(fd, text);
}

/* False: the connection is over. */
static bool do_deed(int fd, enum deed deed)
{
    const struct linger hard = {.l_onoff = 1};

    switch (deed) {
    case GOOD:
        send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"code\":\"0\"}");
        return true;
    case CLOSE:
        return false;
    case RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        return false;
    case HANG:
        sleep(60);
        return false;
    case CUT:
        send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"co");
        return false;
    case LONG:
        send_text(fd,
                  "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789");
        return true;
    case REDIRECT:
        send_text(fd, "HTTP/1.1 307 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        return true;
    case SECONDS:
        send_text(fd, "HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}");
        return true;
    case DATE:
        send_date(fd);
        return true;
    case BAD_GATEWAY:
        send_text(fd, "HTTP/1.1 502 X\r\nContent-Length: 4\r\n\r\noops");
        return true;
    }
    return false;
}

static void *serve_connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    bool go = true;

    while (go && read_request(fd)) {
        size_t n = atomic_fetch_add(&requests, 1);
        go = do_deed(fd, script[n < script_len ? n : script_len - 1]);
    }
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    pthread_t thread;

    (void)arg;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        atomic_fetch_add(&connections, 1);
        pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

static void serve(const enum deed *deeds, size_t n)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof sa;
    pthread_t thread;

    script = deeds;
    script_len = n;
    inet_pton(AF_INET, "127.0.0.1", &sa.sin_addr);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&sa, sizeof sa), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    getsockname(listener, (struct sockaddr *)&sa, &len);
    port = ntohs(sa.sin_port);
    pthread_create(&thread, NULL, accept_all, NULL);
    pthread_detach(thread);
}

#define SERVE(...)                                                                                 \
    static const enum deed deeds[] = {__VA_ARGS__};                                                \
    serve(deeds, sizeof deeds / sizeof deeds[0])

/* ---- the client ---- */

struct seen {
    int done, handovers, again; /* again: submits to make inside done */
    bool hold;
    struct transport *t;
    struct gw_request *request;
    struct gw_answer answer;
    char body[64], end[32], error[256];
};

static int on_handover(void *ctx, void *tag)
{
    struct seen *s = ctx;

    ck_assert_ptr_eq(tag, s);
    s->handovers++;
    return s->hold ? -1 : 0;
}

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct seen *s = ctx;
    struct err e;

    ck_assert_ptr_eq(tag, s);
    s->done++;
    s->answer = *a;
    snprintf(s->body, sizeof s->body, "%.*s", (int)a->body_len, a->body);
    snprintf(s->end, sizeof s->end, "%s", a->end);
    snprintf(s->error, sizeof s->error, "%s", a->transport_error);
    if (s->again > 0) {
        s->again--;
        ck_assert_int_eq(transport_submit(s->t, s->request, 5000, 1000, s, &e), 0);
    }
}

static void request_to(struct gw_request *r, const char *method, uint16_t to_port)
{
    memset(r, 0, sizeof *r);
    snprintf(r->method, sizeof r->method, "%s", method);
    buf_init(&r->url, 1000);
    buf_init(&r->headers, 1000);
    buf_init(&r->body, 100000);
    buf_addf(&r->url, "http://127.0.0.1:%u/v1/message?a=b", to_port);
    buf_add(&r->headers, "Content-Type: application/json\0X-App: me\0", 41);
    buf_adds(&r->body, "{\"ref\":\"Z1\"}");
}

static void request_fini(struct gw_request *r)
{
    buf_fini(&r->url);
    buf_fini(&r->headers);
    buf_fini(&r->body);
}

static struct transport *new_transport(struct seen *s)
{
    const struct transport_opts o = {
        .connections = 4, .answer_max = 20, .handover = on_handover, .done = on_done, .ctx = s};
    struct err e;

    s->t = transport_new(&o, &e);
    ck_assert_ptr_nonnull(s->t);
    return s->t;
}

static void run_until(struct seen *s, int done)
{
    struct err e;

    while (s->done < done)
        ck_assert_int_eq(transport_poll(s->t, 100, &e), 0);
}

/* One transfer after another, n of them; what the last one saw stays in s. */
static void exchange(struct seen *s, const char *method, int n, int64_t timeout_ms)
{
    struct gw_request r;
    struct err e;
    bool mine = s->t == NULL;

    if (mine)
        new_transport(s);
    request_to(&r, method, port);
    for (int i = 0; i < n; i++) {
        int before = s->done;
        ck_assert_int_eq(transport_submit(s->t, &r, timeout_ms, 1000, s, &e), 0);
        ck_assert_int_eq(transport_open(s->t), 1);
        run_until(s, before + 1);
        ck_assert_int_eq(transport_open(s->t), 0);
    }
    request_fini(&r);
    transport_free(s->t);
    s->t = NULL;
}

/* ---- */

START_TEST(good_answer)
{
    struct seen s = {0};

    SERVE(GOOD);
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not count */
    exchange(&s, "POST", 3, 5000);
    ck_assert(s.answer.handed_over && s.answer.complete);
    ck_assert_int_eq(s.answer.status, 200);
    ck_assert_str_eq(s.body, "{\"code\":\"0\"}");
    ck_assert_str_eq(s.end, "");
    ck_assert_int_eq(s.handovers, 3);
    ck_assert_uint_eq(requests, 3);
    ck_assert_uint_eq(connections, 1); /* kept alive */
    ck_assert_ptr_nonnull(strstr(last_request, "POST /v1/message?a=b HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(last_request, "Content-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(last_request, "X-App: me\r\n"));
    ck_assert_ptr_null(strcasestr(last_request, "Expect:"));
    ck_assert_ptr_null(strcasestr(last_request, "urlencoded"));
    ck_assert_ptr_nonnull(strstr(last_request, "\r\n\r\n{\"ref\":\"Z1\"}"));
}
END_TEST

START_TEST(get_has_no_body)
{
    struct seen s = {0};

    SERVE(GOOD);
    exchange(&s, "GET", 1, 5000);
    ck_assert_int_eq(s.answer.status, 200);
    ck_assert_ptr_nonnull(strstr(last_request, "GET /v1/message?a=b HTTP/1.1\r\n"));
    ck_assert_ptr_null(strstr(last_request, "Z1"));
}
END_TEST

/* The heart of the matter. The connection is warm, the request was read, the connection dies without an answer: libcurl would connect
 * again, send again and report success. */
static void warm_death(enum deed how, bool guarded)
{
    static enum deed deeds[] = {GOOD, CLOSE, GOOD};
    struct seen s = {0};

    deeds[1] = how;
    serve(deeds, 3);
    exchange(&s, "POST", 2, 5000);
    ck_assert_int_eq(s.done, 2);
    ck_assert(s.answer.handed_over);
    ck_assert_int_eq(s.answer.complete, !guarded);
    ck_assert_str_eq(s.end, guarded ? "not-repeated" : "");
    ck_assert_uint_eq(requests, guarded ? 2 : 3); /* what the gateway got */
    ck_assert_int_eq(s.handovers, 2);
}

START_TEST(guard_against_repetition)
{
    warm_death(_i == 0 ? CLOSE : RESET, true);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Shows that the test above can fail: without the guard the gateway gets the text twice. */
START_TEST(repetition_without_guard)
{
    setenv("ZHANCHI_SABOTAGE", "no-handover-guard", 1);
    warm_death(_i == 0 ? CLOSE : RESET, false);
}
END_TEST
#endif

START_TEST(fresh_death)
{
    struct seen s = {0};

    static enum deed deeds[1];
    deeds[0] = _i == 0 ? CLOSE : RESET;
    serve(deeds, 1);
    exchange(&s, "POST", 1, 5000);
    ck_assert(s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "closed");
    ck_assert_uint_eq(requests, 1);
}
END_TEST

START_TEST(nobody_there)
{
    struct seen s = {0};

    port = 1; /* nobody listens on the first port */
    exchange(&s, "POST", 1, 5000);
    ck_assert(!s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "unreachable");
    ck_assert_int_eq(s.handovers, 0);
    ck_assert_int_ne(s.error[0], '\0');
}
END_TEST

START_TEST(held_back)
{
    struct seen s = {.hold = true};

    SERVE(GOOD);
    exchange(&s, "POST", 1, 5000);
    ck_assert(!s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "held");
    ck_assert_uint_eq(requests, 0);
    s = (struct seen){0}; /* the slot is as good as before */
    exchange(&s, "POST", 1, 5000);
    ck_assert(s.answer.complete);
}
END_TEST

START_TEST(no_answer)
{
    struct seen s = {0};

    SERVE(HANG);
    exchange(&s, "POST", 1, 200);
    ck_assert(s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "timeout");
    ck_assert_uint_eq(requests, 1);
}
END_TEST

START_TEST(broken_answers)
{
    struct seen s = {0};

    SERVE(CUT, LONG, GOOD);
    exchange(&s, "POST", 1, 5000);
    ck_assert(s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "closed");
    exchange(&s, "POST", 1, 5000);
    ck_assert(s.answer.handed_over && !s.answer.complete);
    ck_assert_str_eq(s.end, "too-long");
    ck_assert_uint_eq(requests, 2);
    exchange(&s, "POST", 1, 5000);
    ck_assert(s.answer.complete);
}
END_TEST

START_TEST(statuses)
{
    struct seen s = {0};

    SERVE(REDIRECT, SECONDS, DATE, BAD_GATEWAY);
    exchange(&s, "POST", 1, 5000);
    ck_assert_int_eq(s.answer.status, 307); /* not followed */
    ck_assert_uint_eq(requests, 1);
    exchange(&s, "POST", 1, 5000);
    ck_assert_int_eq(s.answer.status, 429);
    ck_assert_int_eq(s.answer.retry_after_ms, 7000);
    exchange(&s, "POST", 1, 5000);
    ck_assert_int_eq(s.answer.status, 503);
    ck_assert_int_gt(s.answer.retry_after_ms, 80000);
    ck_assert_int_le(s.answer.retry_after_ms, 100000);
    exchange(&s, "POST", 1, 5000);
    ck_assert_int_eq(s.answer.status, 502);
    ck_assert(s.answer.complete);
    ck_assert_int_eq(s.answer.retry_after_ms, 0);
}
END_TEST

START_TEST(submit_inside_done)
{
    struct seen s = {.again = 50};
    struct gw_request r;
    struct err e;

    SERVE(GOOD);
    new_transport(&s);
    request_to(&r, "POST", port);
    s.request = &r;
    ck_assert_int_eq(transport_submit(s.t, &r, 5000, 1000, &s, &e), 0);
    run_until(&s, 51);
    ck_assert_uint_eq(requests, 51);
    transport_free(s.t);
    request_fini(&r);
}
END_TEST

START_TEST(freed_while_open)
{
    struct seen s = {0};
    struct gw_request r;
    struct err e;

    SERVE(HANG);
    new_transport(&s);
    request_to(&r, "POST", port);
    ck_assert_int_eq(transport_submit(s.t, &r, 5000, 1000, &s, &e), 0);
    while (s.handovers == 0)
        ck_assert_int_eq(transport_poll(s.t, 10, &e), 0);
    transport_free(s.t);
    ck_assert_int_eq(s.done, 0);
    request_fini(&r);
}
END_TEST

START_TEST(refused_methods)
{
    struct seen s = {0};
    struct gw_request r;
    struct err e;

    port = 1;
    new_transport(&s);
    request_to(&r, "PATCH", port);
    ck_assert_int_eq(transport_submit(s.t, &r, 5000, 1000, &s, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert_int_eq(transport_open(s.t), 0);
    transport_free(s.t);
    request_fini(&r);
}
END_TEST

static void *wake(void *arg)
{
    usleep(50000);
    transport_wakeup(arg);
    return NULL;
}

START_TEST(wakeup)
{
    struct seen s = {0};
    pthread_t thread;
    struct err e;

    new_transport(&s);
    pthread_create(&thread, NULL, wake, s.t);
    ck_assert_int_eq(transport_poll(s.t, 50000, &e), 0); /* longer than the test may last */
    pthread_join(thread, NULL);
    transport_free(s.t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport");
    TCase *t = tcase_create("transport");

    tcase_set_timeout(t, 40);
    tcase_add_test(t, good_answer);
    tcase_add_test(t, get_has_no_body);
    tcase_add_loop_test(t, guard_against_repetition, 0, 2);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_loop_test(t, repetition_without_guard, 0, 2);
#endif
    tcase_add_loop_test(t, fresh_death, 0, 2);
    tcase_add_test(t, nobody_there);
    tcase_add_test(t, held_back);
    tcase_add_test(t, no_answer);
    tcase_add_test(t, broken_answers);
    tcase_add_test(t, statuses);
    tcase_add_test(t, submit_inside_done);
    tcase_add_test(t, freed_while_open);
    tcase_add_test(t, refused_methods);
    tcase_add_test(t, wakeup);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
