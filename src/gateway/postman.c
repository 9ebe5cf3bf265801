/*
 * postman: SMTP out. Beside transport.c the one file that speaks to libcurl.
 *
 * libcurl 7.88 waits for the server's reply to a whole message inside its multi interface (smtp_done drives its state machine until it
 * is done): a mail server that thinks for a minute would stand all lanes still. So an email has a thread of its own with an easy
 * handle of its own, which keeps its connection for the next one. The threads decide nothing: they ask the transport's thread whether
 * the message may go, and wait for the answer.
 *
 * Invariant: a message leaves at most once. CURLOPT_PREREQFUNCTION is called when the session stands (greeting, STARTTLS, login) and
 * before MAIL FROM: its first call in a transfer is the hand-over, a second one aborts. libcurl asks for the message's first byte only
 * after the server's 354 to DATA, and ends the message only when all of it has been read; so a transfer that ends between the two was
 * handed over and yet "unsent": no server takes a message that did not begin. libcurl does not repeat an upload that is not HTTP; the
 * callback would stop it.
 *
 * After a transfer that failed its connection is cut: libcurl would keep one whose last reply is still to come, take that for the reply
 * to the next command, and at its end wait two minutes for a farewell.
 *
 * The server's replies are read as they come (CURLOPT_HEADERFUNCTION): the one that ended a transfer is the answer, whatever error
 * libcurl makes of it.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "postman.h"
#include "zhanchi/buf.h"

#define SOCKETS 8 /* at once: of several addresses that are tried */

enum stage {
    IDLE,
    GOING,   /* the thread's */
    ASKING,  /* may it go? the transport's to say */
    ALLOWED, /* the thread's again */
    HELD,    /* likewise, but it does not go */
    ARRIVED  /* the transport's to tell */
};

struct carrier {
    struct postman *p;
    struct carrier *next; /* in the list of all */
    pthread_t thread;
    pthread_cond_t changed;
    enum stage stage; /* under the postman's lock */
    CURL *easy;
    void *tag;
    /* The request's, which stays until done. */
    const struct gw_request *request;
    int64_t timeout_ms, connect_timeout_ms;
    /* The thread's while it goes. */
    const char *data; /* what is left of the message */
    size_t len;
    bool handed_over, held, repeated;
    bool begun;  /* the message's first byte was asked for */
    int replies; /* complete ones since the hand-over: to MAIL, RCPT, DATA, the message */
    int code;    /* of the last complete one, 0 = none */
    bool more;   /* the last line announced another one */
    struct buf reply;
    int sockets[SOCKETS]; /* open ones, -1 = free */
    CURLcode rc;
    char error[CURL_ERROR_SIZE];
};

struct postman {
    struct transport_opts o;
    void (*wake)(void *ctx);
    void *ctx;
    pthread_mutex_t lock;
    struct carrier *all;
    bool stopping; /* under the lock */
    int open;
};

/* ---- what libcurl calls, on a carrier's thread ---- */

static bool ask(struct carrier *c)
{
    struct postman *p = c->p;

    pthread_mutex_lock(&p->lock);
    c->stage = ASKING;
    p->wake(p->ctx);
    while (c->stage == ASKING && !p->stopping)
        pthread_cond_wait(&c->changed, &p->lock);
    bool go = c->stage == ALLOWED;
    c->stage = GOING;
    pthread_mutex_unlock(&p->lock);
    return go;
}

static int on_prereq(void *ctx, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    struct carrier *c = ctx;

    (void)primary_ip, (void)local_ip, (void)primary_port, (void)local_port;
    c->repeated = c->handed_over;
    if (c->repeated)
        return CURL_PREREQFUNC_ABORT;
    c->held = !ask(c);
    if (c->held)
        return CURL_PREREQFUNC_ABORT;
    c->handed_over = true;
    c->replies = 0;
    return CURL_PREREQFUNC_OK;
}

static size_t on_message(char *to, size_t size, size_t n, void *ctx)
{
    struct carrier *c = ctx;
    size_t room = size * n;

    if (c->len < room)
        room = c->len;
    c->begun = true;
    memcpy(to, c->data, room);
    c->data += room;
    c->len -= room;
    return room;
}

/* "550-first" CR LF, "550 last" CR LF: the text of a reply goes to `reply` without its digits. What is too long is cut: the beginning
 * tells. */
static size_t on_reply(char *line, size_t size, size_t n, void *ctx)
{
    struct carrier *c = ctx;
    size_t len = size * n;
    int code = 0;

    for (size_t i = 0; i < 3 && i < len; i++)
        code = line[i] >= '0' && line[i] <= '9' ? code * 10 + (line[i] - '0') : -1000;
    if (code < 100 || code == 221) /* 221: to QUIT, which follows a refusal at once */
        return len;
    if (!c->more)
        buf_reset(&c->reply);
    c->more = len > 3 && line[3] == '-';
    size_t text = len > 4 ? len - 4 : 0;
    while (text > 0 && (line[4 + text - 1] == '\r' || line[4 + text - 1] == '\n'))
        text--;
    if (c->reply.len + text + 1 < c->reply.max) {
        if (c->reply.len > 0)
            buf_addc(&c->reply, '\n');
        buf_add(&c->reply, line + 4, text);
    }
    if (!c->more) {
        c->code = code;
        c->replies++;
    }
    return len;
}

/* Called at least once a second: the way to stop a transfer. */
static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t x, curl_off_t y)
{
    struct carrier *c = ctx;

    (void)a, (void)b, (void)x, (void)y;
    pthread_mutex_lock(&c->p->lock);
    bool stop = c->p->stopping;
    pthread_mutex_unlock(&c->p->lock);
    return stop;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct carrier *c = ctx;
    int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

    (void)purpose;
    for (int i = 0; fd >= 0 && i < SOCKETS; i++)
        if (c->sockets[i] < 0) {
            c->sockets[i] = fd;
            break;
        }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close(void *ctx, curl_socket_t fd)
{
    struct carrier *c = ctx;

    for (int i = 0; i < SOCKETS; i++)
        if (c->sockets[i] == fd)
            c->sockets[i] = -1;
    return close(fd);
}

static size_t on_nothing(char *data, size_t size, size_t n, void *ctx)
{
    (void)data, (void)ctx;
    return size * n;
}

/* ---- one email, on its carrier's thread ---- */

static void cut(struct carrier *c)
{
    for (int i = 0; i < SOCKETS; i++)
        if (c->sockets[i] >= 0)
            shutdown(c->sockets[i], SHUT_RDWR);
}

#define SET(option, value) (curl_easy_setopt(c->easy, option, value) != CURLE_OK)

/* A handle keeps its connection through a reset. False: this libcurl lacks something. */
static bool set_up(struct carrier *c, struct curl_slist *recipient)
{
    static const long tls[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE};
    const struct gw_request *r = c->request;

    curl_easy_reset(c->easy);
    recipient->data = (char *)(uintptr_t)buf_cstr(&r->recipient);
    if (SET(CURLOPT_NOSIGNAL, 1L) || SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps") ||
        SET(CURLOPT_PROXY, "") || SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ||
        SET(CURLOPT_SSL_VERIFYPEER, 1L) || SET(CURLOPT_SSL_VERIFYHOST, 2L) ||
        (r->ca_file && SET(CURLOPT_CAINFO, r->ca_file)) || SET(CURLOPT_ERRORBUFFER, c->error) ||
        SET(CURLOPT_PREREQFUNCTION, on_prereq) || SET(CURLOPT_PREREQDATA, c) ||
        SET(CURLOPT_READFUNCTION, on_message) || SET(CURLOPT_READDATA, c) ||
        SET(CURLOPT_HEADERFUNCTION, on_reply) || SET(CURLOPT_HEADERDATA, c) ||
        SET(CURLOPT_WRITEFUNCTION, on_nothing) || SET(CURLOPT_NOPROGRESS, 0L) ||
        SET(CURLOPT_XFERINFOFUNCTION, on_progress) || SET(CURLOPT_XFERINFODATA, c) ||
        SET(CURLOPT_OPENSOCKETFUNCTION, on_open) || SET(CURLOPT_OPENSOCKETDATA, c) ||
        SET(CURLOPT_CLOSESOCKETFUNCTION, on_close) || SET(CURLOPT_CLOSESOCKETDATA, c) ||
        SET(CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) ||
        SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(c->timeout_ms / 1000 + 1)) ||
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms))
        return false;
    return !(SET(CURLOPT_URL, buf_cstr(&r->url)) || SET(CURLOPT_USE_SSL, tls[r->mail->tls]) ||
             SET(CURLOPT_USERNAME, r->mail->user) || SET(CURLOPT_PASSWORD, r->mail->password) ||
             SET(CURLOPT_MAIL_FROM, buf_cstr(&r->sender)) || SET(CURLOPT_MAIL_RCPT, recipient) ||
             SET(CURLOPT_UPLOAD, 1L) || SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body.len));
}

static void carry(struct carrier *c)
{
    struct curl_slist recipient = {0};

    c->data = buf_cstr(&c->request->body);
    c->len = c->request->body.len;
    c->handed_over = c->held = c->repeated = c->begun = c->more = false;
    c->replies = c->code = 0;
    c->error[0] = '\0';
    buf_reset(&c->reply);
    c->rc = set_up(c, &recipient) ? curl_easy_perform(c->easy) : CURLE_FAILED_INIT;
    if (c->rc != CURLE_OK)
        cut(c);
}

static void *run(void *arg)
{
    struct carrier *c = arg;
    struct postman *p = c->p;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (c->stage != GOING && !p->stopping)
            pthread_cond_wait(&c->changed, &p->lock);
        if (p->stopping)
            break;
        pthread_mutex_unlock(&p->lock);
        carry(c);
        pthread_mutex_lock(&p->lock);
        c->stage = ARRIVED;
        p->wake(p->ctx);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- carriers ---- */

/* No farewell is waited for. */
static void carrier_free(struct carrier *c)
{
    cut(c);
    curl_easy_cleanup(c->easy);
    buf_fini(&c->reply);
    pthread_cond_destroy(&c->changed);
    free(c);
}

/* Signals are the caller's threads' to see. */
static int start(struct carrier *c)
{
    sigset_t every, before;

    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int rc = pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static struct carrier *carrier_new(struct postman *p, struct err *e)
{
    struct carrier *c = calloc(1, sizeof *c);

    if (c == NULL)
        panic("out of memory");
    c->p = p;
    pthread_cond_init(&c->changed, NULL);
    for (int i = 0; i < SOCKETS; i++)
        c->sockets[i] = -1;
    buf_init(&c->reply, p->o.answer_max < 4096 ? p->o.answer_max : 4096);
    c->easy = curl_easy_init();
    if (c->easy == NULL || start(c) != 0) {
        carrier_free(c);
        err_set(e, ERR_OS, NULL, "no thread or no handle for an email");
        return NULL;
    }
    c->next = p->all;
    p->all = c;
    return c;
}

static struct carrier *idle(struct postman *p)
{
    struct carrier *c;

    pthread_mutex_lock(&p->lock);
    for (c = p->all; c != NULL && c->stage != IDLE; c = c->next)
        continue;
    pthread_mutex_unlock(&p->lock);
    return c;
}

int postman_submit(struct postman *p, const struct gw_request *r, int64_t timeout_ms,
                   int64_t connect_timeout_ms, void *tag, struct err *e)
{
    struct carrier *c = idle(p);

    if (c == NULL && (c = carrier_new(p, e)) == NULL)
        return -1;
    c->request = r;
    c->timeout_ms = timeout_ms;
    c->connect_timeout_ms = connect_timeout_ms;
    c->tag = tag;
    pthread_mutex_lock(&p->lock);
    c->stage = GOING;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&p->lock);
    p->open++;
    return 0;
}

int postman_open(const struct postman *p)
{
    return p->open;
}

/* ---- what became of it ---- */

static const char *end_of(const struct carrier *c)
{
    if (c->held)
        return "held";
    if (c->repeated)
        return "not-repeated";
    if (c->handed_over && !c->begun)
        return "before-data";
    if (c->rc == CURLE_OPERATION_TIMEDOUT)
        return "timeout";
    return c->handed_over ? "closed" : "unreachable";
}

/* A transfer that failed behind a reply of 400 and more failed because of it. */
static void tell(struct carrier *c)
{
    bool complete = c->rc == CURLE_OK || (c->code >= 400 && !c->held && !c->repeated);
    struct gw_answer a = {.handed_over = c->handed_over,
                          .unsent = c->handed_over && !c->begun && !c->repeated,
                          .complete = complete,
                          .body = "",
                          .end = "",
                          .transport_error = ""};

    if (complete) {
        a.status = c->code;
        a.session = !c->handed_over || c->replies < 2;
        a.body = buf_cstr(&c->reply);
        a.body_len = c->reply.len;
    } else {
        a.end = end_of(c);
        a.transport_error = c->held       ? "held back before it was sent"
                            : c->error[0] ? c->error
                                          : curl_easy_strerror(c->rc);
    }
    c->p->open--;
    c->p->o.done(c->p->o.ctx, c->tag, &a);
}

static enum stage stage_of(struct carrier *c)
{
    pthread_mutex_lock(&c->p->lock);
    enum stage s = c->stage;
    pthread_mutex_unlock(&c->p->lock);
    return s;
}

static void become(struct carrier *c, enum stage s)
{
    pthread_mutex_lock(&c->p->lock);
    c->stage = s;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->p->lock);
}

void postman_poll(struct postman *p)
{
    for (struct carrier *c = p->all; c != NULL; c = c->next) {
        enum stage s = stage_of(c);
        if (s == ASKING) {
            bool go = p->o.handover == NULL || p->o.handover(p->o.ctx, c->tag) == 0;
            become(c, go ? ALLOWED : HELD);
        } else if (s == ARRIVED) {
            tell(c); /* may submit another one: this carrier is still taken */
            become(c, IDLE);
        }
    }
}

/* ---- life ---- */

struct postman *postman_new(const struct transport_opts *o, void (*wake)(void *ctx), void *ctx)
{
    struct postman *p = calloc(1, sizeof *p);

    if (p == NULL)
        panic("out of memory");
    p->o = *o;
    p->wake = wake;
    p->ctx = ctx;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void postman_free(struct postman *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    for (struct carrier *c = p->all; c != NULL; c = c->next)
        pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&p->lock);
    while (p->all != NULL) {
        struct carrier *c = p->all;
        p->all = c->next;
        pthread_join(c->thread, NULL);
        carrier_free(c);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}
