/*
 * httpd: HTTP in. The one file that speaks to libmicrohttpd.
 *
 * Each thread runs a loop of its own around a daemon of the library (external epoll); all share the listening socket. A request is born in on_uri
 * (the raw path is kept there), filled in on_access while its body arrives, then given to the owner's handle(). The owner's answer is
 * only noted in the request; the library gets it in on_access, on the loop's thread. For a deferred request the answering thread puts
 * it on the loop's list; the loop resumes what is on the list all at once. So no library object is touched by
 * a foreign thread, and a group of answers costs one wake-up, not one each: that made deferred answers twice as fast as
 * MHD_resume_connection from another thread.
 *
 * Until it is on the list, the answering thread alone owns a deferred request; from then on the loop does.
 * Called by serve and by the sandbox.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/buf.h"
#include "zhanchi/httpd.h"

#define DRAIN_S 5
#define CONNECTIONS_MAX 4096
#define THREADS_MAX 64
#define POOL_BYTES 16384 /* a request's head must fit; the library clears it after each request */

enum ending { ENDING_NONE, ENDING_ANSWER, ENDING_RESET, ENDING_CUT };

struct loop {
    struct httpd *h;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool running;
    int wake; /* eventfd */
    pthread_mutex_t lock;
    struct httpd_request *answered; /* deferred ones whose answer is there; newest first */
};

struct httpd {
    struct httpd_opts o;
    int listener;
    uint16_t port;
    struct loop *loops;
    atomic_bool closing, stopping;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t active; /* requests between their first line and the end of their answer */
};

struct httpd_request {
    struct loop *loop;
    struct MHD_Connection *connection;
    struct httpd_request *next; /* in loop->answered */
    char *path, *query;
    const char *method;
    unsigned ordinal;
    char peer[INET6_ADDRSTRLEN];
    struct buf body;
    size_t dropped; /* bytes past the limit */
    bool handled, deferred;
    enum ending ending;
    struct MHD_Response *response;
    unsigned status;
};

static void *must(void *p)
{
    if (p == NULL)
        panic("out of memory");
    return p;
}

/* ---- answers ---- */

static struct MHD_Response *response_of(const char *type, const char *body, size_t len,
                                        const char *const *headers)
{
    void *copy = must(malloc(len ? len : 1));

    if (len)
        memcpy(copy, body, len);
    struct MHD_Response *p =
        must(MHD_create_response_from_buffer(len, copy, MHD_RESPMEM_MUST_FREE));
    if (type)
        MHD_add_response_header(p, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (; headers && headers[0]; headers += 2)
        MHD_add_response_header(p, headers[0], headers[1]);
    return p;
}

static void wake(struct loop *l)
{
    const uint64_t one = 1;

    (void)!write(l->wake, &one, sizeof one); /* only fails when it is awake 2^64 times */
}

static void note(struct httpd_request *r, enum ending ending)
{
    if (r->ending != ENDING_NONE)
        panic("httpd: a request was answered twice");
    r->ending = ending;
}

/* Hands a chain of answered requests of one loop back to it: the last touch of the answering thread. */
static void hand_back(struct loop *l, struct httpd_request *first, struct httpd_request *last)
{
    pthread_mutex_lock(&l->lock);
    bool idle = l->answered == NULL;
    last->next = l->answered;
    l->answered = first;
    pthread_mutex_unlock(&l->lock);
    if (idle)
        wake(l);
}

static void end_request(struct httpd_request *r, enum ending ending)
{
    note(r, ending);
    if (r->deferred)
        hand_back(r->loop, r, r);
}

void httpd_answer(struct httpd_request *r, int status, const char *content_type, const char *body,
                  size_t len, const char *const *headers)
{
    r->response = response_of(content_type, body, len, headers);
    r->status = (unsigned)status;
    end_request(r, ENDING_ANSWER);
}

void httpd_answer_all(const struct httpd_reply *replies, size_t n)
{
    struct httpd_request *first[THREADS_MAX] = {NULL}, *last[THREADS_MAX] = {NULL};
    struct httpd *h = n ? replies[0].r->loop->h : NULL;

    for (size_t i = 0; i < n; i++) {
        const struct httpd_reply *a = &replies[i];
        size_t k = (size_t)(a->r->loop - h->loops);
        a->r->response = response_of(a->content_type, a->body, a->len, NULL);
        a->r->status = (unsigned)a->status;
        note(a->r, ENDING_ANSWER);
        a->r->next = first[k];
        first[k] = a->r;
        last[k] = last[k] ? last[k] : a->r;
    }
    /* From here on a request may be gone at any time. */
    for (size_t k = 0; h && k < h->o.threads; k++)
        if (first[k])
            hand_back(&h->loops[k], first[k], last[k]);
}

void httpd_reset(struct httpd_request *r)
{
    end_request(r, ENDING_RESET);
}

/* A body that stops in the middle: the reader's context. */
struct cut {
    size_t len;
    char data[];
};

static ssize_t cut_read(void *ctx, uint64_t pos, char *out, size_t max)
{
    const struct cut *c = ctx;

    if (pos >= c->len)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = c->len - (size_t)pos;
    if (n > max)
        n = max;
    memcpy(out, c->data + pos, n);
    return (ssize_t)n;
}

void httpd_cut(struct httpd_request *r, const char *content_type, const char *body, size_t len,
               size_t sent)
{
    struct cut *c = must(malloc(sizeof *c + sent));

    c->len = sent;
    memcpy(c->data, body, sent);
    r->response = must(MHD_create_response_from_callback(len, 4096, cut_read, c, free));
    MHD_add_response_header(r->response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    r->status = MHD_HTTP_OK;
    end_request(r, ENDING_CUT);
}

void httpd_defer(struct httpd_request *r)
{
    r->deferred = true;
    MHD_suspend_connection(r->connection);
}

/* Dissolving a connected TCP socket sends a reset at once, whatever is still unread or unsent; the
 * library then closes the descriptor. (SO_LINGER would leave a FIN in front: the library shuts down first.) */
static void send_reset(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    if (info)
        (void)connect(info->connect_fd, &none, sizeof none);
}

/* On the connection's thread: hands the noted answer to the library. */
static enum MHD_Result deliver(struct httpd_request *r)
{
    if (r->ending == ENDING_RESET) {
        send_reset(r->connection);
        return MHD_NO; /* the library closes */
    }
    enum MHD_Result rc = MHD_queue_response(r->connection, r->status, r->response);
    MHD_destroy_response(r->response);
    r->response = NULL;
    return rc;
}

/* ---- requests ---- */

static void set_peer(struct httpd_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (info == NULL)
        return;
    const struct sockaddr *sa = info->client_addr;
    const void *address =
        sa->sa_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr;
    inet_ntop(sa->sa_family, address, r->peer, sizeof r->peer);
}

static void count_in(struct httpd *h)
{
    pthread_mutex_lock(&h->lock);
    h->active++;
    pthread_mutex_unlock(&h->lock);
}

static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct httpd_request *r = must(calloc(1, sizeof *r));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    r->loop = ctx;
    r->connection = connection;
    size_t path = strcspn(uri, "?");
    r->path = must(strndup(uri, path));
    r->query = must(strdup(uri[path] ? uri + path + 1 : ""));
    if (info && info->socket_context)
        r->ordinal = ++*(unsigned *)info->socket_context;
    buf_init(&r->body, r->loop->h->o.body_max);
    count_in(r->loop->h);
    return r;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **con,
                         enum MHD_RequestTerminationCode why)
{
    struct httpd *h = ((struct loop *)ctx)->h;
    struct httpd_request *r = *con;

    (void)connection, (void)why;
    if (r == NULL)
        return;
    *con = NULL;
    if (r->response)
        MHD_destroy_response(r->response);
    buf_fini(&r->body);
    free(r->path);
    free(r->query);
    free(r);
    pthread_mutex_lock(&h->lock);
    if (--h->active == 0)
        pthread_cond_broadcast(&h->idle);
    pthread_mutex_unlock(&h->lock);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)ctx, (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = must(calloc(1, sizeof(unsigned)));
    else
        free(*socket_context);
}

static void refuse(struct httpd_request *r, unsigned status, const char *text)
{
    static const char *const close_it[] = {"Connection", "close", NULL};

    httpd_answer(r, (int)status, "text/plain", text, strlen(text), close_it);
}

/* The body is complete: one call of handle, unless the request must be refused here. */
static void dispatch(struct httpd_request *r)
{
    struct httpd *h = r->loop->h;

    r->handled = true;
    if (atomic_load(&h->closing))
        refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "closing\n");
    else if (r->dropped > 0)
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large\n");
    else
        h->o.handle(h->o.ctx, r);
}

static enum MHD_Result on_head(struct httpd_request *r, const char *method)
{
    const char *length = httpd_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);

    r->method = method;
    set_peer(r);
    if (length == NULL || strtoull(length, NULL, 10) <= r->loop->h->o.body_max)
        return MHD_YES;
    r->handled = true;
    refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large\n");
    return deliver(r);
}

/* A body of unknown length is read to its end though it is too long, so that the client sees the answer; but not for ever. */
static enum MHD_Result on_upload(struct httpd_request *r, const char *data, size_t len)
{
    if (buf_add(&r->body, data, len) == 0)
        return MHD_YES;
    r->dropped += len;
    return r->dropped <= r->loop->h->o.body_max ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_len, void **con)
{
    struct httpd_request *r = *con;

    (void)ctx, (void)connection, (void)url, (void)version;
    if (r->method == NULL) /* the head alone */
        return on_head(r, method);
    if (*upload_len > 0) {
        enum MHD_Result rc = on_upload(r, upload, *upload_len);
        *upload_len = 0;
        return rc;
    }
    if (!r->handled) {
        dispatch(r);
        if (r->deferred) /* another thread may own it already; the library calls again after the resume */
            return MHD_YES;
    }
    return r->ending == ENDING_NONE ? MHD_YES : deliver(r);
}

const char *httpd_method(const struct httpd_request *r)
{
    return r->method;
}

const char *httpd_path(const struct httpd_request *r)
{
    return r->path;
}

const char *httpd_query_text(const struct httpd_request *r)
{
    return r->query;
}

const char *httpd_query(const struct httpd_request *r, const char *key)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *httpd_header(const struct httpd_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *httpd_peer(const struct httpd_request *r)
{
    return r->peer;
}

unsigned httpd_ordinal(const struct httpd_request *r)
{
    return r->ordinal;
}

const char *httpd_body(const struct httpd_request *r, size_t *len)
{
    *len = r->body.len;
    return buf_cstr(&r->body);
}

/* ---- loops ---- */

static void resume_answered(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct httpd_request *r = l->answered;
    l->answered = NULL;
    pthread_mutex_unlock(&l->lock);
    while (r) {
        struct httpd_request *next = r->next;
        MHD_resume_connection(r->connection);
        r = next;
    }
}

static void wait_for_work(struct loop *l, int epoll)
{
    struct pollfd fds[2] = {{.fd = epoll, .events = POLLIN}, {.fd = l->wake, .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG ms = 0;
    uint64_t count;
    int timeout = -1;

    if (MHD_get_timeout(l->daemon, &ms) == MHD_YES)
        timeout = ms > 60000 ? 60000 : (int)ms;
    if (poll(fds, 2, timeout) > 0 && (fds[1].revents & POLLIN))
        (void)!read(l->wake, &count, sizeof count);
}

static void *run_loop(void *arg)
{
    struct loop *l = arg;
    int epoll = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    bool quiet = false;

    pthread_setname_np(pthread_self(), "httpd");
    while (!atomic_load(&l->h->stopping)) {
        wait_for_work(l, epoll);
        if (!quiet && atomic_load(&l->h->closing)) {
            MHD_socket fd = MHD_quiesce_daemon(l->daemon);
            if (fd != MHD_INVALID_SOCKET)
                close(fd);
            quiet = true;
        }
        resume_answered(l);
        MHD_run(l->daemon);
    }
    return NULL;
}

/* ---- life ---- */

static int open_listener(struct httpd *h, struct err *e)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(h->o.port)};
    socklen_t len = sizeof sa;
    int one = 1;

    if (inet_pton(AF_INET, h->o.address, &sa.sin_addr) != 1)
        return err_set(e, ERR_CONFIG, "give an IPv4 address such as 127.0.0.1",
                       "%s is no address to listen on", h->o.address);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (h->listener < 0)
        return err_errno(e, ERR_OS, NULL, "cannot make a socket");
    setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(h->listener, (struct sockaddr *)&sa, sizeof sa) != 0 ||
        listen(h->listener, SOMAXCONN) != 0 ||
        getsockname(h->listener, (struct sockaddr *)&sa, &len) != 0)
        return err_errno(e, ERR_UNAVAIL, "is another server running there? choose another port",
                         "cannot listen on %s port %u", h->o.address, (unsigned)h->o.port);
    h->port = ntohs(sa.sin_port);
    return 0;
}

static int start_loop(struct httpd *h, struct loop *l, struct err *e)
{
    l->h = h;
    pthread_mutex_init(&l->lock, NULL);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, fcntl(h->listener, F_DUPFD_CLOEXEC, 0), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)h->o.idle_s, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, l},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, l},
        {MHD_OPTION_END, 0, NULL},
    };
    l->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, h->port, NULL, NULL,
                                 on_access, l, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (l->daemon == NULL || pthread_create(&l->thread, NULL, run_loop, l) != 0)
        return err_set(e, ERR_OS, NULL, "cannot start the server's threads");
    l->running = true;
    return 0;
}

static void free_all(struct httpd *h)
{
    atomic_store(&h->stopping, true);
    for (unsigned i = 0; i < h->o.threads; i++) {
        struct loop *l = &h->loops[i];
        if (l->running) {
            wake(l);
            pthread_join(l->thread, NULL);
        }
        if (l->daemon) {
            resume_answered(l); /* the library insists that nothing is suspended */
            MHD_stop_daemon(l->daemon);
        }
        if (l->h) {
            close(l->wake);
            pthread_mutex_destroy(&l->lock);
        }
    }
    if (h->listener >= 0)
        close(h->listener);
    pthread_cond_destroy(&h->idle);
    pthread_mutex_destroy(&h->lock);
    free(h->loops);
    free(h);
}

struct httpd *httpd_start(const struct httpd_opts *o, struct err *e)
{
    struct httpd *h = must(calloc(1, sizeof *h));

    if (o->threads < 1 || o->threads > THREADS_MAX)
        panic("httpd: %u threads", o->threads);
    h->o = *o;
    h->listener = -1;
    h->loops = must(calloc(o->threads, sizeof *h->loops));
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->idle, NULL);
    int rc = open_listener(h, e);
    for (unsigned i = 0; rc == 0 && i < o->threads; i++)
        rc = start_loop(h, &h->loops[i], e);
    if (rc == 0)
        return h;
    free_all(h);
    return NULL;
}

uint16_t httpd_port(const struct httpd *h)
{
    return h->port;
}

void httpd_close(struct httpd *h)
{
    if (atomic_exchange(&h->closing, true))
        return;
    for (unsigned i = 0; i < h->o.threads; i++)
        wake(&h->loops[i]);
}

void httpd_stop(struct httpd *h)
{
    struct timespec until;

    httpd_close(h);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DRAIN_S;
    pthread_mutex_lock(&h->lock);
    while (h->active > 0 && pthread_cond_timedwait(&h->idle, &h->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&h->lock);
    free_all(h);
}
