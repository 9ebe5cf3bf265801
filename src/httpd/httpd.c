/*
 * httpd: HTTP in. The one file that speaks to libmicrohttpd.
 *
 * A request goes through three steps on its connection's thread: born in on_uri (the raw path is kept there), filled in on_access
 * while its body arrives, then given to the owner's handle(). The owner's answer is only noted in the request (struct answer);
 * the library gets it in on_access on the connection's own thread: at once, or, for a deferred request, after the answering thread has
 * resumed the connection. So no library object but MHD_resume_connection is touched from another thread. Until the resume, the
 * answering thread alone owns the request; from then on the connection's thread does.
 *
 * Called by serve and by the sandbox.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/buf.h"
#include "zhanchi/httpd.h"

#define DRAIN_S 5
#define CONNECTIONS_MAX 4096

enum ending { ENDING_NONE, ENDING_ANSWER, ENDING_RESET, ENDING_CUT };

struct httpd {
    struct httpd_opts o;
    struct MHD_Daemon *daemon;
    int listener; /* ours again after httpd_close; else -1 */
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t active; /* requests between their first line and the end of their answer */
    bool closing;
};

struct httpd_request {
    struct httpd *h;
    struct MHD_Connection *connection;
    char *path;
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

/* The last touch of the answering thread. */
static void end_request(struct httpd_request *r, enum ending ending)
{
    if (r->ending != ENDING_NONE)
        panic("httpd: a request was answered twice");
    r->ending = ending;
    if (r->deferred)
        MHD_resume_connection(r->connection);
}

void httpd_answer(struct httpd_request *r, int status, const char *content_type, const char *body,
                  size_t len, const char *const *headers)
{
    r->response = response_of(content_type, body, len, headers);
    r->status = (unsigned)status;
    end_request(r, ENDING_ANSWER);
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

static void count_in(struct httpd_request *r)
{
    pthread_mutex_lock(&r->h->lock);
    r->h->active++;
    pthread_mutex_unlock(&r->h->lock);
}

static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct httpd_request *r = must(calloc(1, sizeof *r));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    r->h = ctx;
    r->connection = connection;
    r->path = must(strndup(uri, strcspn(uri, "?")));
    if (info && info->socket_context)
        r->ordinal = ++*(unsigned *)info->socket_context;
    buf_init(&r->body, r->h->o.body_max);
    count_in(r);
    return r;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **con,
                         enum MHD_RequestTerminationCode why)
{
    struct httpd *h = ctx;
    struct httpd_request *r = *con;

    (void)connection, (void)why;
    if (r == NULL)
        return;
    *con = NULL;
    if (r->response)
        MHD_destroy_response(r->response);
    buf_fini(&r->body);
    free(r->path);
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
    struct httpd *h = r->h;

    r->handled = true;
    pthread_mutex_lock(&h->lock);
    bool closing = h->closing;
    pthread_mutex_unlock(&h->lock);
    if (closing)
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
    if (length == NULL || strtoull(length, NULL, 10) <= r->h->o.body_max)
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
    return r->dropped <= r->h->o.body_max ? MHD_YES : MHD_NO;
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

/* ---- life ---- */

static int address_of(const struct httpd_opts *o, struct sockaddr_in *sa, struct err *e)
{
    memset(sa, 0, sizeof *sa);
    sa->sin_family = AF_INET;
    sa->sin_port = htons(o->port);
    if (inet_pton(AF_INET, o->address, &sa->sin_addr) != 1)
        return err_set(e, ERR_CONFIG, "give an IPv4 address such as 127.0.0.1",
                       "%s is no address to listen on", o->address);
    return 0;
}

static struct MHD_Daemon *start_daemon(struct httpd *h, struct sockaddr_in *sa)
{
    const struct httpd_opts *o = &h->o;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_SOCK_ADDR, 0, sa},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)o->idle_s, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, h},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, h},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, h},
        {o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)o->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, o->port, NULL,
                            NULL, on_access, h, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

struct httpd *httpd_start(const struct httpd_opts *o, struct err *e)
{
    struct sockaddr_in sa;

    if (address_of(o, &sa, e) != 0)
        return NULL;
    struct httpd *h = must(calloc(1, sizeof *h));
    h->o = *o;
    h->listener = -1;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->idle, NULL);
    h->daemon = start_daemon(h, &sa);
    if (h->daemon == NULL) {
        err_set(e, ERR_UNAVAIL, "is another server running there? choose another port",
                "cannot listen on %s port %u", o->address, (unsigned)o->port);
        pthread_cond_destroy(&h->idle);
        pthread_mutex_destroy(&h->lock);
        free(h);
        return NULL;
    }
    return h;
}

uint16_t httpd_port(const struct httpd *h)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info ? info->port : 0;
}

void httpd_close(struct httpd *h)
{
    pthread_mutex_lock(&h->lock);
    bool first = !h->closing;
    h->closing = true;
    pthread_mutex_unlock(&h->lock);
    if (first)
        h->listener = MHD_quiesce_daemon(h->daemon);
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
    MHD_stop_daemon(h->daemon);
    if (h->listener >= 0)
        close(h->listener);
    pthread_cond_destroy(&h->idle);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
