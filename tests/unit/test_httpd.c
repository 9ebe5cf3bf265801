/*
 * httpd over real sockets: what a handler sees, limits, deferred answers, resets, cut answers, stopping.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "zhanchi/httpd.h"

#define BODY_MAX 1000
#define CLIENTS 16

static struct httpd *server;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static struct httpd_request *kept[CLIENTS];
static size_t n_kept;

/* ---- the server's side: the path says what shall happen ---- */

static void echo(struct httpd_request *r)
{
    static const char *const headers[] = {"X-Test", "yes", NULL};
    char text[2048];
    size_t len;
    const char *body = httpd_body(r, &len), *q = httpd_query(r, "q"),
               *h = httpd_header(r, "x-name");

    int n = snprintf(text, sizeof text, "%s %s q=%s h=%s peer=%s no=%u body=%.*s", httpd_method(r),
                     httpd_path(r), q ? q : "-", h ? h : "-", httpd_peer(r), httpd_ordinal(r),
                     (int)len, body);
    httpd_answer(r, 201, "text/plain", text, (size_t)n, headers);
}

static void keep(struct httpd_request *r)
{
    httpd_defer(r);
    pthread_mutex_lock(&lock);
    kept[n_kept++] = r;
    pthread_cond_signal(&came);
    pthread_mutex_unlock(&lock);
}

static void handle(void *ctx, struct httpd_request *r)
{
    const char *path = httpd_path(r);

    (void)ctx;
    if (strcmp(path, "/later") == 0)
        keep(r);
    else if (strcmp(path, "/reset") == 0)
        httpd_reset(r);
    else if (strcmp(path, "/cut") == 0)
        httpd_cut(r, "text/plain", "0123456789", 10, 4);
    else
        echo(r);
}

static void wait_kept(size_t n)
{
    pthread_mutex_lock(&lock);
    while (n_kept < n)
        pthread_cond_wait(&came, &lock);
    pthread_mutex_unlock(&lock);
}

static void setup(void)
{
    const struct httpd_opts o = {
        .address = "127.0.0.1", .body_max = BODY_MAX, .threads = 2, .idle_s = 30, .handle = handle};
    struct err e;

    n_kept = 0;
    server = httpd_start(&o, &e);
    ck_assert_ptr_nonnull(server);
}

static void teardown(void)
{
    if (server)
        httpd_stop(server);
}

/* ---- the client's side ---- */

static int dial(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(httpd_port(server))};
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.0.0.1", &sa.sin_addr);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void put(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until `until` is there, or the end. */
static ssize_t get(int fd, char *out, size_t cap, const char *until)
{
    size_t n = 0;
    ssize_t got;

    out[0] = '\0';
    while (n + 1 < cap && (until == NULL || strstr(out, until) == NULL)) {
        if ((got = recv(fd, out + n, cap - 1 - n, 0)) <= 0)
            return got;
        n += (size_t)got;
        out[n] = '\0';
    }
    return (ssize_t)n;
}

START_TEST(handler_sees)
{
    char answer[4096];
    int fd = dial();

    put(fd, "POST /a%20b?q=%E4%BA%BA&x=1 HTTP/1.1\r\nHost: x\r\nX-Name: v w\r\nContent-Length: "
            "5\r\n\r\nhello");
    get(fd, answer, sizeof answer, "hello");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 201"));
    ck_assert_ptr_nonnull(strstr(answer, "X-Test: yes\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/plain\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "POST /a%20b q=人 h=v w peer=127.0.0.1 no=1 body=hello"));
    put(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    get(fd, answer, sizeof answer, "body=");
    ck_assert_ptr_nonnull(strstr(answer, "GET / q=- h=- peer=127.0.0.1 no=2 body="));
    close(fd);
}
END_TEST

START_TEST(limits)
{
    char answer[4096], big[2 * BODY_MAX];
    int fd = dial();

    snprintf(big, sizeof big, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
             BODY_MAX + 1);
    put(fd, big);
    get(fd, answer, sizeof answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 413"));
    close(fd);

    fd = dial(); /* a length that is not told before */
    put(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    memset(big, 'x', sizeof big);
    for (int i = 0; i < 3; i++) {
        put(fd, "190\r\n"); /* 400 */
        ck_assert_int_eq(send(fd, big, 400, MSG_NOSIGNAL), 400);
        put(fd, "\r\n");
    }
    put(fd, "0\r\n\r\n");
    get(fd, answer, sizeof answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 413"));
    close(fd);

    fd = dial(); /* the largest that is allowed */
    snprintf(big, sizeof big, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_MAX);
    put(fd, big);
    memset(big, 'x', sizeof big);
    ck_assert_int_eq(send(fd, big, BODY_MAX, MSG_NOSIGNAL), BODY_MAX);
    get(fd, answer, sizeof answer, "body=xxx");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 201"));
    close(fd);
}
END_TEST

START_TEST(deferred)
{
    int fds[CLIENTS];
    char answer[1024];

    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial();
        put(fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    wait_kept(CLIENTS);
    for (int i = CLIENTS; i-- > 0;)
        httpd_answer(kept[i], 200, "text/plain", "done", 4, NULL);
    for (int i = 0; i < CLIENTS; i++) {
        get(fds[i], answer, sizeof answer, "done");
        ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
    }
    n_kept = 0; /* and again on the same connections */
    for (int i = 0; i < CLIENTS; i++)
        put(fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_kept(CLIENTS);
    struct httpd_reply replies[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        replies[i] = (struct httpd_reply){kept[i], 200, "text/plain", "more", 4};
    httpd_answer_all(replies, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        get(fds[i], answer, sizeof answer, "more");
        ck_assert_ptr_nonnull(strstr(answer, "more"));
        close(fds[i]);
    }
}
END_TEST

/* The client left while its request was kept. */
START_TEST(deferred_and_gone)
{
    int fd = dial();

    put(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_kept(1);
    close(fd);
    httpd_answer(kept[0], 200, "text/plain", "late", 4, NULL);
}
END_TEST

START_TEST(reset)
{
    char answer[1024];
    int fd = dial();

    put(fd, "GET /reset HTTP/1.1\r\nHost: x\r\n\r\n");
    ck_assert_int_eq(get(fd, answer, sizeof answer, NULL), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(fd);

    fd = dial(); /* kept first, reset by another thread */
    put(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_kept(1);
    httpd_reset(kept[0]);
    ck_assert_int_eq(get(fd, answer, sizeof answer, NULL), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(fd);
}
END_TEST

START_TEST(cut)
{
    char answer[1024];
    int fd = dial();

    put(fd, "GET /cut HTTP/1.1\r\nHost: x\r\n\r\n");
    get(fd, answer, sizeof answer, NULL);
    ck_assert_ptr_nonnull(strstr(answer, "Content-Length: 10\r\n"));
    ck_assert_str_eq(strstr(answer, "\r\n\r\n") + 4, "0123");
    close(fd);
}
END_TEST

START_TEST(port_taken)
{
    struct httpd_opts o = {
        .address = "127.0.0.1", .body_max = 1, .threads = 1, .idle_s = 1, .handle = handle};
    struct err e;

    o.port = httpd_port(server);
    ck_assert_ptr_null(httpd_start(&o, &e));
    ck_assert_int_eq(e.kind, ERR_UNAVAIL);
    o.address = "localhost.example";
    ck_assert_ptr_null(httpd_start(&o, &e));
    ck_assert_int_eq(e.kind, ERR_CONFIG);
}
END_TEST

static void *stop_it(void *arg)
{
    httpd_stop(arg);
    return NULL;
}

START_TEST(stopping)
{
    char answer[1024];
    pthread_t thread;
    int first = dial(), second = dial();

    put(second, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    get(second, answer, sizeof answer, "body=");
    put(first, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_kept(1);
    httpd_close(server);
    put(second,
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); /* an open connection gets no more work done */
    get(second, answer, sizeof answer, "\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 503"));
    pthread_create(&thread, NULL, stop_it, server);
    httpd_answer(kept[0], 200, "text/plain", "last", 4, NULL); /* what was taken is answered */
    get(first, answer, sizeof answer, "last");
    ck_assert_ptr_nonnull(strstr(answer, "last"));
    pthread_join(thread, NULL);
    server = NULL;
    close(first);
    close(second);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("httpd");
    TCase *t = tcase_create("httpd");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, handler_sees);
    tcase_add_test(t, limits);
    tcase_add_test(t, deferred);
    tcase_add_test(t, deferred_and_gone);
    tcase_add_test(t, reset);
    tcase_add_test(t, cut);
    tcase_add_test(t, port_taken);
    tcase_add_test(t, stopping);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
