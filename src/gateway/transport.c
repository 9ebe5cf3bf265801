/*
 * transport: HTTP out, and the way to postman.c, which sends emails. These two files are the ones that speak to libcurl.
 *
 * Invariant: a request leaves at most once. libcurl by itself sends a request again when a reused connection dies before the
 * first byte of the answer, and reports success; no option turns that off. CURLOPT_PREREQFUNCTION is called before each sending,
 * so its first call in a transfer is the hand-over and a second one aborts the transfer: the gateway may have taken the first
 * copy, so the attempt is "handed over, no answer", which the judge calls UNKNOWN. A transfer that ends without any call has
 * sent nothing.
 *
 * A slot is an easy handle with what belongs to one transfer; slots are used again, so that libcurl keeps its buffers.
 * Options that seldom change (URL, time-outs, method) are set only when they do. Called by dispatch and by `gateway test`.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include "postman.h"
#include "zhanchi/buf.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/transport.h"

#define URL_MAX_BYTES 8192
#define HEADERS_MAX 64
#define OWN_MAX_BYTES 16384

struct slot {
    struct transport *t;
    struct slot *next; /* in the list of free slots */
    CURL *easy;
    void *tag;
    bool open;
    bool handed_over, held, repeated, too_long; /* what happened to this transfer */
    struct buf answer;
    const char *ca_file;                        /* what the handle is set to */
    struct buf url;                             /* likewise */
    char method[8];                             /* likewise */
    int64_t timeout_ms, connect_timeout_ms;     /* likewise */
    struct curl_slist headers[HEADERS_MAX + 2]; /* point into the request, and to `own` */
    struct buf own;                             /* headers that are no affair of libcurl's */
    char error[CURL_ERROR_SIZE];
};

struct transport {
    struct transport_opts o;
    CURLM *multi;
    struct slot **slots; /* all */
    size_t n_slots, cap_slots;
    struct slot *free;
    int open;
    struct postman *postman; /* made for the first email */
    bool guard;              /* off only in a test that proves what it is for */
};

/* ---- what libcurl calls ---- */

static int on_prereq(void *ctx, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    struct slot *s = ctx;

    (void)primary_ip, (void)local_ip, (void)primary_port, (void)local_port;
    if (s->handed_over) {
        s->repeated = true;
        return s->t->guard ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
    }
    if (s->t->o.handover && s->t->o.handover(s->t->o.ctx, s->tag) != 0) {
        s->held = true;
        return CURL_PREREQFUNC_ABORT;
    }
    s->handed_over = true;
    return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct slot *s = ctx;

    if (buf_add(&s->answer, data, size * n) != 0) {
        s->too_long = true;
        return 0;
    }
    return size * n;
}

/* ---- slots ---- */

static int curl_check(CURLcode rc, const char *option, struct err *e)
{
    if (rc == CURLE_OK)
        return 0;
    return err_set(e, ERR_SOFTWARE, "the installed libcurl lacks something this program needs",
                   "libcurl refuses %s: %s", option, curl_easy_strerror(rc));
}

#define SET(s, option, value) curl_check(curl_easy_setopt((s)->easy, option, value), #option, e)

/* Options that hold for every transfer of a handle. */
static int slot_setup(struct slot *s, struct err *e)
{
    if (s->ca_file && SET(s, CURLOPT_CAINFO, s->ca_file) != 0)
        return -1;
    if (SET(s, CURLOPT_PRIVATE, s) != 0 || SET(s, CURLOPT_NOSIGNAL, 1L) != 0 ||
        SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != 0 ||
        SET(s, CURLOPT_PROTOCOLS_STR, "http,https") != 0 ||
        SET(s, CURLOPT_FOLLOWLOCATION, 0L) != 0 || SET(s, CURLOPT_PROXY, "") != 0 ||
        SET(s, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) != 0 ||
        SET(s, CURLOPT_SSL_VERIFYPEER, 1L) != 0 || SET(s, CURLOPT_SSL_VERIFYHOST, 2L) != 0 ||
        SET(s, CURLOPT_PREREQFUNCTION, on_prereq) != 0 || SET(s, CURLOPT_PREREQDATA, s) != 0 ||
        SET(s, CURLOPT_WRITEFUNCTION, on_body) != 0 || SET(s, CURLOPT_WRITEDATA, s) != 0 ||
        SET(s, CURLOPT_ERRORBUFFER, s->error) != 0)
        return -1;
    return 0;
}

static void slot_free(struct slot *s)
{
    curl_easy_cleanup(s->easy);
    buf_fini(&s->answer);
    buf_fini(&s->url);
    buf_fini(&s->own);
    free(s);
}

static struct slot *slot_new(struct transport *t, struct err *e)
{
    struct slot *s = calloc(1, sizeof *s);

    if (s == NULL)
        panic("out of memory");
    s->t = t;
    s->timeout_ms = s->connect_timeout_ms = -1;
    buf_init(&s->answer, t->o.answer_max);
    buf_init(&s->url, URL_MAX_BYTES);
    buf_init(&s->own, OWN_MAX_BYTES);
    s->easy = curl_easy_init();
    if (s->easy == NULL) {
        err_set(e, ERR_OS, NULL, "libcurl gives no handle");
        slot_free(s);
        return NULL;
    }
    if (slot_setup(s, e) != 0) {
        slot_free(s);
        return NULL;
    }
    if (t->n_slots == t->cap_slots) {
        t->cap_slots = t->cap_slots ? t->cap_slots * 2 : 32;
        t->slots = realloc(t->slots, t->cap_slots * sizeof *t->slots);
        if (t->slots == NULL)
            panic("out of memory");
    }
    t->slots[t->n_slots++] = s;
    return s;
}

/* ---- one transfer ---- */

/* libcurl looks through its list a dozen times a request for names that it knows, and passes lines on as they are. Headers of a provider's own (X-...) it
 * never looks for, so they stand in one node, with line ends between them (no value holds one: build.c). */
static bool is_own(const char *header)
{
    return (header[0] == 'X' || header[0] == 'x') && header[1] == '-';
}

/* The list is made of nodes of our own that point into the request: libcurl copies neither. */
static int set_headers(struct slot *s, const struct gw_request *r, struct err *e)
{
    const char *p = buf_cstr(&r->headers), *end = p + r->headers.len;
    size_t n = 0;

    buf_reset(&s->own);
    s->headers[n++].data = (char *)(uintptr_t) "Expect:"; /* an empty header is left out */
    for (; p < end; p += strlen(p) + 1) {
        if (is_own(p)) {
            if (s->own.len > 0)
                buf_adds(&s->own, "\r\n");
            buf_adds(&s->own, p);
            continue;
        }
        if (n == HEADERS_MAX)
            return err_set(e, ERR_CONFIG, NULL, "a request has more than %d headers",
                           HEADERS_MAX - 1);
        s->headers[n++].data = (char *)(uintptr_t)p;
    }
    if (s->own.failed)
        return err_set(e, ERR_CONFIG, NULL, "a request's headers are longer than allowed");
    if (s->own.len > 0)
        s->headers[n++].data = s->own.data;
    for (size_t i = 0; i < n; i++)
        s->headers[i].next = i + 1 < n ? &s->headers[i + 1] : NULL;
    return SET(s, CURLOPT_HTTPHEADER, s->headers);
}

static int set_target(struct slot *s, const struct gw_request *r, struct err *e)
{
    if (s->url.len != r->url.len || s->url.len == 0 ||
        memcmp(s->url.data, r->url.data, s->url.len) != 0) {
        buf_reset(&s->url);
        if (buf_add(&s->url, r->url.data, r->url.len) != 0)
            return err_set(e, ERR_CONFIG, NULL, "a URL has more than %d bytes", URL_MAX_BYTES);
        if (SET(s, CURLOPT_URL, buf_cstr(&s->url)) != 0) {
            buf_reset(&s->url);
            return -1;
        }
    }
    if (strcmp(s->method, r->method) == 0)
        return 0;
    s->method[0] = '\0';
    if (strcmp(r->method, "POST") == 0) {
        if (SET(s, CURLOPT_POST, 1L) != 0)
            return -1;
    } else if (strcmp(r->method, "GET") == 0) {
        if (SET(s, CURLOPT_HTTPGET, 1L) != 0)
            return -1;
    } else {
        return err_set(e, ERR_CONFIG, "use GET or POST", "method %s cannot be sent", r->method);
    }
    memcpy(s->method, r->method, sizeof s->method);
    return 0;
}

static int set_times(struct slot *s, int64_t timeout_ms, int64_t connect_timeout_ms, struct err *e)
{
    if (s->timeout_ms != timeout_ms && SET(s, CURLOPT_TIMEOUT_MS, (long)timeout_ms) != 0)
        return -1;
    if (s->connect_timeout_ms != connect_timeout_ms &&
        SET(s, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms) != 0)
        return -1;
    s->timeout_ms = timeout_ms;
    s->connect_timeout_ms = connect_timeout_ms;
    return 0;
}

/* Whom a handle trusts cannot be taken back but by beginning anew; its connections stay with the multi handle. */
static int set_trust(struct slot *s, const struct gw_request *r, struct err *e)
{
    if (s->ca_file == r->ca_file ||
        (s->ca_file && r->ca_file && strcmp(s->ca_file, r->ca_file) == 0))
        return 0;
    curl_easy_reset(s->easy);
    s->timeout_ms = s->connect_timeout_ms = -1;
    s->method[0] = '\0';
    buf_reset(&s->url);
    s->ca_file = r->ca_file;
    return slot_setup(s, e);
}

static int set_request(struct slot *s, const struct gw_request *r, struct err *e)
{
    if (set_trust(s, r, e) != 0)
        return -1;
    if (set_target(s, r, e) != 0 || set_headers(s, r, e) != 0)
        return -1;
    if (strcmp(s->method, "POST") != 0)
        return 0;
    if (SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) != 0)
        return -1;
    return SET(s, CURLOPT_POSTFIELDS, buf_cstr(&r->body));
}

static void release(struct transport *t, struct slot *s)
{
    s->open = false;
    s->next = t->free;
    t->free = s;
}

static void wake(void *ctx)
{
    transport_wakeup(ctx);
}

int transport_submit(struct transport *t, const struct gw_request *r, int64_t timeout_ms,
                     int64_t connect_timeout_ms, void *tag, struct err *e)
{
    if (r->mail != NULL) {
        if (t->postman == NULL)
            t->postman = postman_new(&t->o, wake, t);
        return postman_submit(t->postman, r, timeout_ms, connect_timeout_ms, tag, e);
    }
    struct slot *s = t->free;

    if (s != NULL)
        t->free = s->next;
    else if ((s = slot_new(t, e)) == NULL)
        return -1;
    s->tag = tag;
    s->handed_over = s->held = s->repeated = s->too_long = false;
    s->error[0] = '\0';
    buf_reset(&s->answer);
    if (set_request(s, r, e) != 0 || set_times(s, timeout_ms, connect_timeout_ms, e) != 0) {
        release(t, s);
        return -1;
    }
    CURLMcode rc = curl_multi_add_handle(t->multi, s->easy);
    if (rc != CURLM_OK) {
        release(t, s);
        return err_set(e, ERR_SOFTWARE, NULL, "libcurl refuses a transfer: %s",
                       curl_multi_strerror(rc));
    }
    s->open = true;
    t->open++;
    return 0;
}

static const char *end_of(const struct slot *s, CURLcode rc)
{
    if (rc == CURLE_OK)
        return "";
    if (s->held)
        return "held";
    if (s->too_long)
        return "too-long";
    if (rc == CURLE_OPERATION_TIMEDOUT)
        return "timeout";
    if (!s->handed_over)
        return "unreachable";
    return s->repeated ? "not-repeated" : "closed";
}

static const char *error_of(const struct slot *s, CURLcode rc)
{
    if (rc == CURLE_OK)
        return "";
    if (s->held)
        return "held back before it was sent";
    if (s->too_long)
        return "the answer is longer than allowed";
    if (s->repeated)
        return "the connection died before an answer; not sent again";
    return s->error[0] ? s->error : curl_easy_strerror(rc);
}

static void finish(struct transport *t, struct slot *s, CURLcode rc)
{
    struct gw_answer a = {.handed_over = s->handed_over, .end = end_of(s, rc), .body = ""};
    long status = 0;
    curl_off_t retry_s = 0;

    a.transport_error = error_of(s, rc);
    if (rc == CURLE_OK) {
        curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_s);
        a.complete = true;
        a.status = (int)status;
        a.body = buf_cstr(&s->answer);
        a.body_len = s->answer.len;
        if (retry_s > 0)
            a.retry_after_ms = (retry_s > 86400 ? 86400 : retry_s) * INT64_C(1000);
    }
    curl_multi_remove_handle(t->multi, s->easy);
    t->open--;
    s->open = false;
    t->o.done(t->o.ctx, s->tag, &a);
    release(t, s); /* only now: the answer was borrowed by done */
}

int transport_poll(struct transport *t, int timeout_ms, struct err *e)
{
    int running = 0, left = 0;
    CURLMcode rc = curl_multi_poll(t->multi, NULL, 0, timeout_ms, NULL);

    if (rc == CURLM_OK)
        rc = curl_multi_perform(t->multi, &running);
    if (rc != CURLM_OK)
        return err_set(e, ERR_SOFTWARE, NULL, "libcurl cannot go on: %s", curl_multi_strerror(rc));
    for (CURLMsg *m; (m = curl_multi_info_read(t->multi, &left)) != NULL;) {
        char *s = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode result = m->data.result; /* `m` dies with the handle's removal */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
        finish(t, (struct slot *)(void *)s, result);
    }
    if (t->postman)
        postman_poll(t->postman);
    return 0;
}

int transport_open(const struct transport *t)
{
    return t->open + (t->postman ? postman_open(t->postman) : 0);
}

void transport_wakeup(struct transport *t)
{
    curl_multi_wakeup(t->multi);
}

/* ---- life ---- */

struct transport *transport_new(const struct transport_opts *o, struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(e, ERR_OS, NULL, "libcurl cannot start");
        return NULL;
    }
    struct transport *t = calloc(1, sizeof *t);
    if (t == NULL)
        panic("out of memory");
    t->o = *o;
    t->guard = !sabotage("no-handover-guard");
    t->multi = curl_multi_init();
    if (t->multi == NULL) {
        err_set(e, ERR_OS, NULL, "libcurl cannot start");
        transport_free(t);
        return NULL;
    }
    curl_multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)o->connections);
    curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)o->connections);
    curl_multi_setopt(t->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return t;
}

void transport_free(struct transport *t)
{
    if (t == NULL)
        return;
    postman_free(t->postman);
    for (size_t i = 0; i < t->n_slots; i++) {
        if (t->slots[i]->open)
            curl_multi_remove_handle(t->multi, t->slots[i]->easy);
        slot_free(t->slots[i]);
    }
    free(t->slots);
    if (t->multi)
        curl_multi_cleanup(t->multi);
    free(t);
    curl_global_cleanup();
}
