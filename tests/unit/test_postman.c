/*
 * postman against a small mail server of its own that misbehaves on purpose: what "handed over", "unsent" and "complete" mean in each
 * case, that no message is ever sent twice, and that a server that thinks stands nobody still.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/transport.h"

/* ---- the server: where it does what, in its n-th session ---- */

enum where { GREETING, EHLO, MAIL, RCPT, DATA, END, NOWHERE };
struct deed {
    enum where at;
    const char *say;    /* NULL: closes; "": says nothing */
    int after_messages; /* of the session: only then */
};

static const struct deed *script;
static size_t script_len;
static atomic_size_t sessions, messages, mails;
static char last_message[65536];
static int listener;
static uint16_t port;

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* False: the session is over. */
static bool reply(int fd, const struct deed *d, enum where at, int done, const char *usual)
{
    if (d->at != at || done < d->after_messages) {
        say(fd, usual);
        return true;
    }
    if (d->say == NULL)
        return false;
    if (d->say[0] == '\0')
        sleep(60);
    say(fd, d->say);
    return true;
}

static bool line(FILE *in, char *out, size_t cap)
{
    return fgets(out, (int)cap, in) != NULL;
}

static void message(FILE *in)
{
    char text[2048];
    size_t n = 0;

    while (line(in, text, sizeof text) && strcmp(text, ".\r\n") != 0)
        n += (size_t)snprintf(last_message + n, sizeof last_message - n, "%s", text);
    atomic_fetch_add(&messages, 1);
}

static bool command(int fd, FILE *in, const struct deed *d, int *done, const char *text)
{
    if (strncmp(text, "EHLO", 4) == 0)
        return reply(fd, d, EHLO, *done, "250-here\r\n250 8BITMIME\r\n");
    if (strncmp(text, "MAIL", 4) == 0) {
        atomic_fetch_add(&mails, 1);
        return reply(fd, d, MAIL, *done, "250 2.1.0 Ok\r\n");
    }
    if (strncmp(text, "RCPT", 4) == 0)
        return reply(fd, d, RCPT, *done, "250 2.1.5 Ok\r\n");
    if (strncmp(text, "DATA", 4) == 0) {
        if (!reply(fd, d, DATA, *done, "354 go on\r\n"))
            return false;
        if (d->at == DATA && *done >= d->after_messages)
            return true;
        message(in);
        bool go = reply(fd, d, END, *done, "250-2.0.0 Ok\r\n250 2.0.0 queued as 4F1B\r\n");
        ++*done;
        return go;
    }
    if (strncmp(text, "QUIT", 4) == 0) {
        say(fd, "221 bye\r\n");
        return false;
    }
    say(fd, "502 what?\r\n");
    return true;
}

static void *serve_session(void *arg)
{
    int fd = (int)(intptr_t)arg, done = 0;
    size_t n = atomic_fetch_add(&sessions, 1);
    const struct deed *d = &script[n < script_len ? n : script_len - 1];
    FILE *in = fdopen(fd, "r");
    char text[2048];

    bool go = reply(fd, d, GREETING, done, "220 here\r\n");
    while (go && line(in, text, sizeof text))
        go = command(fd, in, d, &done, text);
    fclose(in);
    return NULL;
}

static void *accept_all(void *arg)
{
    pthread_t thread;

    (void)arg;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        pthread_create(&thread, NULL, serve_session, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

static void serve(const struct deed *deeds, size_t n)
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

/* ---- one email ---- */

static struct seen {
    int handovers, refuse, dones;
    struct gw_answer a;
    char body[512], end[64];
} seen;

static int on_handover(void *ctx, void *tag)
{
    (void)ctx, (void)tag;
    seen.handovers++;
    return seen.refuse ? -1 : 0;
}

static void on_done(void *ctx, void *tag, const struct gw_answer *a)
{
    (void)ctx, (void)tag;
    seen.dones++;
    seen.a = *a;
    snprintf(seen.body, sizeof seen.body, "%.*s", (int)a->body_len, a->body);
    snprintf(seen.end, sizeof seen.end, "%s", a->end);
}

static struct transport *open_transport(void)
{
    const struct transport_opts o = {
        .connections = 4, .answer_max = 65536, .handover = on_handover, .done = on_done};
    struct err e;

    memset(&seen, 0, sizeof seen);
    struct transport *t = transport_new(&o, &e);
    ck_assert_ptr_nonnull(t);
    return t;
}

static const struct gw_mail plain = {.tls = GW_TLS_NONE};

static void make(struct gw_request *r)
{
    gw_request_init(r);
    r->mail = &plain;
    buf_addf(&r->url, "smtp://127.0.0.1:%u", port);
    buf_adds(&r->sender, "a@office.test");
    buf_adds(&r->recipient, "li@office.test");
    buf_adds(&r->body, "Subject: x\r\n\r\n.dot\r\nFrom here\r\n");
}

static void submit(struct transport *t, struct gw_request *r, int64_t timeout_ms)
{
    struct err e;

    ck_assert_int_eq(transport_submit(t, r, timeout_ms, 2000, NULL, &e), 0);
}

static void finish(struct transport *t, int dones)
{
    struct err e;

    for (int i = 0; seen.dones < dones && i < 400; i++)
        ck_assert_int_eq(transport_poll(t, 50, &e), 0);
    ck_assert_int_eq(seen.dones, dones);
    ck_assert_int_eq(transport_open(t), 0);
}

static void send_one(struct transport *t, int64_t timeout_ms)
{
    struct gw_request r;
    int dones = seen.dones;

    make(&r);
    submit(t, &r, timeout_ms);
    finish(t, dones + 1);
    gw_request_fini(&r);
}

/* ---- the cases ---- */

START_TEST(good)
{
    static const struct deed deeds[] = {{NOWHERE, NULL, 0}};

    serve(deeds, 1);
    struct transport *t = open_transport();
    send_one(t, 5000);
    ck_assert(seen.a.complete && seen.a.handed_over && !seen.a.unsent && !seen.a.session);
    ck_assert_int_eq(seen.a.status, 250);
    ck_assert_str_eq(seen.body, "2.0.0 Ok\n2.0.0 queued as 4F1B");
    ck_assert_str_eq(last_message, "Subject: x\r\n\r\n..dot\r\nFrom here\r\n"); /* RFC 5321 4.5.2 */
    send_one(t, 5000);
    ck_assert_uint_eq(sessions, 1); /* the session goes on */
    ck_assert_uint_eq(messages, 2);
    ck_assert_int_eq(seen.handovers, 2);
    transport_free(t);
}
END_TEST

static const struct {
    struct deed deed;
    bool complete, handed_over, unsent, session;
    int status;
    const char *text; /* of the reply, or why there is none */
    size_t messages;
} cases[] = {
    {{GREETING, "554 5.7.1 go away\r\n", 0}, true, false, false, true, 554, "5.7.1 go away", 0},
    {{GREETING, "421 4.3.2 busy\r\n", 0}, true, false, false, true, 421, "4.3.2 busy", 0},
    {{GREETING, NULL, 0}, false, false, false, false, 0, "unreachable", 0},
    {{GREETING, "", 0}, false, false, false, false, 0, "timeout", 0},
    {{EHLO, NULL, 0}, false, false, false, false, 0, "unreachable", 0},
    {{MAIL, "550 5.7.1 not yours\r\n", 0}, true, true, true, true, 550, "5.7.1 not yours", 0},
    {{MAIL, NULL, 0}, false, true, true, false, 0, "before-data", 0},
    {{MAIL, "", 0}, false, true, true, false, 0, "before-data", 0},
    {{RCPT, "450 4.7.1 grey\r\n", 0}, true, true, true, false, 450, "4.7.1 grey", 0},
    {{RCPT, "550-5.1.1 no\r\n550 5.1.1 such user\r\n", 0},
     true,
     true,
     true,
     false,
     550,
     "5.1.1 no\n5.1.1 such user",
     0},
    {{RCPT, NULL, 0}, false, true, true, false, 0, "before-data", 0},
    {{DATA, "554 no\r\n", 0}, true, true, true, false, 554, "no", 0},
    {{DATA, NULL, 0}, false, true, true, false, 0, "before-data", 0},
    {{END, "554 5.7.1 spam\r\n", 0}, true, true, false, false, 554, "5.7.1 spam", 1},
    {{END, "451 4.3.0 later\r\n", 0}, true, true, false, false, 451, "4.3.0 later", 1},
    {{END, NULL, 0}, false, true, false, false, 0, "closed", 1},
    {{END, "", 0}, false, true, false, false, 0, "timeout", 1},
    {{END, "nonsense\r\n", 0}, false, true, false, false, 0, NULL, 1},
};

START_TEST(refusals)
{
    serve(&cases[_i].deed, 1);
    struct transport *t = open_transport();
    send_one(t, 1000);
    ck_assert_int_eq(seen.a.complete, cases[_i].complete);
    ck_assert_int_eq(seen.a.handed_over, cases[_i].handed_over);
    ck_assert_int_eq(seen.a.unsent, cases[_i].unsent);
    ck_assert_int_eq(seen.handovers, cases[_i].handed_over);
    if (cases[_i].complete) {
        ck_assert_int_eq(seen.a.status, cases[_i].status);
        ck_assert_int_eq(seen.a.session, cases[_i].session);
    }
    if (cases[_i].text)
        ck_assert_str_eq(cases[_i].complete ? seen.body : seen.end, cases[_i].text);
    ck_assert_uint_eq(messages, cases[_i].messages);
    transport_free(t);
}
END_TEST

/* A server ends idle sessions as it likes: the next message is not lost, not doubtful, and goes once. */
START_TEST(reused)
{
    static const struct deed deeds[] = {{MAIL, NULL, 1}, {NOWHERE, NULL, 0}};

    serve(deeds, 2);
    struct transport *t = open_transport();
    send_one(t, 5000);
    ck_assert(seen.a.complete);
    send_one(t, 5000);
    ck_assert(!seen.a.complete && seen.a.unsent);
    ck_assert_uint_eq(messages, 1);
    ck_assert_uint_eq(mails, 2); /* libcurl did not try again by itself */
    send_one(t, 5000);
    ck_assert(seen.a.complete);
    ck_assert_uint_eq(messages, 2);
    transport_free(t);
}
END_TEST

/* The same behind the end of the message: whoever sends it again sends it twice. */
START_TEST(reused_unknown)
{
    static const struct deed deeds[] = {{END, NULL, 1}, {NOWHERE, NULL, 0}};

    serve(deeds, 2);
    struct transport *t = open_transport();
    send_one(t, 5000);
    send_one(t, 5000);
    ck_assert(!seen.a.complete && seen.a.handed_over && !seen.a.unsent);
    ck_assert_uint_eq(messages, 2);
    ck_assert_uint_eq(sessions, 1);
    transport_free(t);
}
END_TEST

START_TEST(held)
{
    static const struct deed deeds[] = {{NOWHERE, NULL, 0}};

    serve(deeds, 1);
    struct transport *t = open_transport();
    seen.refuse = 1;
    send_one(t, 5000);
    ck_assert(!seen.a.complete && !seen.a.handed_over);
    ck_assert_str_eq(seen.end, "held");
    ck_assert_uint_eq(mails, 0);
    transport_free(t);
}
END_TEST

/* Nobody waits for a server that thinks, and what it thinks about can be left. */
START_TEST(thinking)
{
    static const struct deed deeds[] = {{END, "", 0}, {NOWHERE, NULL, 0}};
    struct gw_request r;
    struct err e;

    serve(deeds, 2);
    struct transport *t = open_transport();
    make(&r);
    submit(t, &r, 30000);
    for (int i = 0; messages == 0 && i < 400; i++)
        ck_assert_int_eq(transport_poll(t, 20, &e), 0);
    struct gw_request second;
    make(&second);
    submit(t, &second, 5000);
    int64_t began = clock_mono_us();
    for (int i = 0; seen.dones == 0 && i < 400; i++)
        ck_assert_int_eq(transport_poll(t, 20, &e), 0);
    ck_assert(seen.a.complete);
    ck_assert_int_eq(transport_open(t), 1);
    transport_free(t);
    ck_assert_int_lt(clock_mono_us() - began, 10000000);
    ck_assert_int_eq(seen.dones, 1);
    gw_request_fini(&r);
    gw_request_fini(&second);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("postman");
    TCase *t = tcase_create("postman");

    tcase_set_timeout(t, 30);
    tcase_add_test(t, good);
    tcase_add_loop_test(t, refusals, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(t, reused);
    tcase_add_test(t, reused_unknown);
    tcase_add_test(t, held);
    tcase_add_test(t, thinking);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
