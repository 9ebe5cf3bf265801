/*
 * reports: see reports.h. Fed by submit.c on the server's threads; one thread of its own sends.
 *
 * A report is rendered in the provider's shape when it is made and waits in a heap. What is due goes out together, receipts apart from
 * replies, as many as the provider puts in a request and --receipt-batch allows. A request that is not acknowledged goes back into the heap
 * whole and is sent again after the next step of --retry, with a new signature; behind the last step it is dropped.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"
#include "reports.h"
#include "zhanchi/clock.h"

#define POSTS 8 /* requests at once */
#define BODY_MAX (1U << 20)
#define ANSWER_MAX 4096
#define HEADERS_MAX 8

static const char *const kind_names[KINDS] = {"receipt", "reply"};

struct event {
    enum report_kind kind;
    bool refuses;
    char number[24];
    char *url;                 /* where the request wanted it; NULL: where the options say */
    const struct frame *frame; /* of a body that was sent before */
    size_t reports;            /* 0: one report; else a body that was sent before, with so many */
    size_t attempt;
    char text[];
};

struct post {
    struct reports *owner;
    CURL *easy; /* NULL until first used */
    bool open;
    enum report_kind kind;
    char *url;
    const struct frame *frame;
    size_t reports, attempt;
    struct buf body, headers, answer, target;
    struct curl_slist list[HEADERS_MAX];
};

struct reports {
    const struct options *o;
    const struct account *account;
    const struct dialect *d;
    struct numbers *numbers;
    struct counters *counters;
    char *urls[KINDS];
    pthread_t thread;
    pthread_mutex_t lock; /* heap, stopping */
    struct heap heap;
    bool stopping;
    CURLM *multi;
    struct post posts[POSTS];
};

/* ---- the queue ---- */

static struct event *event_new(enum report_kind kind, const char *url, const char *text, size_t len)
{
    struct event *ev = calloc(1, sizeof *ev + len + 1);

    if (ev == NULL || (url && (ev->url = strdup(url)) == NULL))
        panic("out of memory");
    ev->kind = kind;
    memcpy(ev->text, text, len);
    return ev;
}

static void event_free(struct event *ev)
{
    free(ev->url);
    free(ev);
}

static void enqueue(struct reports *r, struct event *ev, int64_t due_ms)
{
    pthread_mutex_lock(&r->lock);
    bool first = due_ms < heap_due(&r->heap);
    heap_put(&r->heap, due_ms, ev);
    pthread_mutex_unlock(&r->lock);
    if (first)
        curl_multi_wakeup(r->multi);
}

void reports_put(struct reports *r, const struct report *v, int64_t due_ms)
{
    struct buf b;

    buf_init(&b, 65536);
    if (v->kind == RECEIPT)
        r->d->receipt(r->account, v, &b);
    else
        r->d->reply(r->account, v, &b);
    struct event *ev = event_new(v->kind, v->callback, buf_cstr(&b), b.len);
    buf_fini(&b);
    ev->refuses = v->refuses;
    snprintf(ev->number, sizeof ev->number, "%s", v->number);
    enqueue(r, ev, due_ms);
}

/* ---- sending ---- */

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct post *p = ctx;

    return buf_add(&p->answer, data, size * n) == 0 ? size * n : 0;
}

static void post_setup(struct post *p)
{
    p->easy = curl_easy_init();
    if (p->easy == NULL)
        panic("libcurl gives no handle");
    curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
    curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
    buf_init(&p->body, BODY_MAX);
    buf_init(&p->target, BODY_MAX);
    buf_init(&p->headers, 4096);
    buf_init(&p->answer, ANSWER_MAX);
}

/* A GET carries its body as the query. */
static void post_target(struct post *p, const struct frame *f)
{
    bool get = strcmp(f->method, "GET") == 0;

    buf_reset(&p->target);
    buf_adds(&p->target, p->url);
    if (get)
        buf_addf(&p->target, "%c%s", strchr(p->url, '?') ? '&' : '?', buf_cstr(&p->body));
    curl_easy_setopt(p->easy, CURLOPT_URL, buf_cstr(&p->target));
    if (get) {
        curl_easy_setopt(p->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)p->body.len);
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, buf_cstr(&p->body));
}

/* The body is there: sign and send. */
static void post_send(struct reports *r, struct post *p)
{
    const struct frame *f = p->frame;
    const struct push push = {p->kind,     f->method,     p->url, f->type, buf_cstr(&p->body),
                              p->body.len, clock_now_ms()};
    const char *h;
    size_t n = 0;

    buf_reset(&p->answer);
    buf_reset(&p->headers);
    if (f->type)
        buf_addf(&p->headers, "Content-Type: %s%c", f->type, 0);
    if (r->d->sign)
        r->d->sign(r->account, &push, &p->headers);
    /* a GET may have none */
    const char *end = buf_cstr(&p->headers) + p->headers.len;
    for (h = buf_cstr(&p->headers); n < HEADERS_MAX && h < end; h += strlen(h) + 1, n++) {
        p->list[n] = (struct curl_slist){.data = (char *)(uintptr_t)h};
        if (n > 0)
            p->list[n - 1].next = &p->list[n];
    }
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, n ? p->list : NULL);
    post_target(p, f);
    p->open = true;
    curl_multi_add_handle(r->multi, p->easy);
}

static bool acknowledged(const struct reports *r, struct post *p, CURLcode rc)
{
    long status = 0;

    curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
    return rc == CURLE_OK && r->d->acknowledged(status, buf_cstr(&p->answer), p->answer.len);
}

static const char *url_of(const struct reports *r, const struct event *ev)
{
    return ev->url ? ev->url : r->urls[ev->kind];
}

static const struct frame *frame_of(const struct reports *r, const struct event *ev)
{
    if (ev->frame)
        return ev->frame;
    return ev->kind == RECEIPT && !ev->url && r->d->home ? r->d->home : &r->d->frames[ev->kind];
}

static void post_done(struct reports *r, struct post *p, CURLcode rc)
{
    curl_multi_remove_handle(r->multi, p->easy);
    p->open = false;
    if (acknowledged(r, p, rc))
        return;
    if (p->attempt >= RETRY_STEPS_MAX || r->o->retry_ms[p->attempt] == 0) {
        COUNT(r->counters, callbacks_dropped, 1);
        return;
    }
    struct event *ev = event_new(p->kind, p->url, buf_cstr(&p->body), p->body.len);
    ev->frame = p->frame;
    ev->reports = p->reports;
    ev->attempt = p->attempt + 1;
    COUNT(r->counters, callbacks_repeated, 1);
    enqueue(r, ev, clock_now_ms() + r->o->retry_ms[p->attempt]);
}

static void note_sent(struct reports *r, const struct event *ev)
{
    if (ev->kind == RECEIPT) {
        COUNT(r->counters, receipts_sent, 1);
        return;
    }
    COUNT(r->counters, replies_sent, 1);
    if (ev->refuses) {
        COUNT(r->counters, refusals_sent, 1);
        numbers_refuse(r->numbers, ev->number);
    }
}

static size_t most(const struct reports *r, const struct frame *f)
{
    size_t asked = (size_t)r->o->receipt_batch;

    return asked < f->max ? asked : f->max;
}

/* May this event leave in the request that is being filled? */
static bool fits(const struct reports *r, const struct post *p, const struct event *ev)
{
    return p->reports == 0 ||
           (ev->kind == p->kind && ev->reports == 0 && frame_of(r, ev) == p->frame &&
            p->reports < most(r, p->frame) && strcmp(url_of(r, ev), p->url) == 0);
}

/* Fills a request with what is due: a body that waits to be repeated, or reports of one kind. False: nothing is due. */
static bool post_fill(struct reports *r, struct post *p, int64_t now_ms)
{
    struct event *ev;

    buf_reset(&p->body);
    p->reports = 0;
    pthread_mutex_lock(&r->lock);
    while (heap_due(&r->heap) <= now_ms && fits(r, p, r->heap.v[0].what)) {
        ev = heap_take(&r->heap, now_ms);
        if (p->reports == 0) {
            free(p->url);
            p->url = strdup(url_of(r, ev));
            p->kind = ev->kind;
            p->frame = frame_of(r, ev);
            p->attempt = ev->attempt;
        }
        if (p->url == NULL)
            panic("out of memory");
        if (ev->reports > 0) {
            buf_adds(&p->body, ev->text);
            p->reports = ev->reports;
            event_free(ev);
            break;
        }
        buf_addf(&p->body, "%s%s", p->reports == 0 ? "" : ",", ev->text);
        p->reports++;
        note_sent(r, ev);
        event_free(ev);
    }
    pthread_mutex_unlock(&r->lock);
    return p->reports > 0;
}

/* Reports were gathered bare: puts them into their frame. */
static void post_frame(struct post *p)
{
    const struct frame *f = p->frame;
    struct buf whole, field;

    if (p->attempt > 0)
        return; /* it was sent before, whole */
    buf_init(&whole, BODY_MAX);
    buf_addf(&whole, "%s%s%s", f->open, buf_cstr(&p->body), f->close);
    if (f->field) {
        buf_init(&field, BODY_MAX);
        wire_form(&field, f->field, buf_cstr(&whole));
        buf_fini(&whole);
        whole = field;
    }
    buf_fini(&p->body);
    p->body = whole;
}

static void send_due(struct reports *r)
{
    for (size_t i = 0; i < POSTS; i++) {
        struct post *p = &r->posts[i];
        if (p->open)
            continue;
        if (p->easy == NULL)
            post_setup(p);
        if (!post_fill(r, p, clock_now_ms()))
            return;
        post_frame(p);
        post_send(r, p);
    }
}

static int wait_ms(struct reports *r, bool *stopping)
{
    pthread_mutex_lock(&r->lock);
    int64_t left = heap_due(&r->heap) == INT64_MAX ? 1000 : heap_due(&r->heap) - clock_now_ms();
    *stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    if (*stopping)
        return 0;
    for (size_t i = 0; i < POSTS; i++)
        if (!r->posts[i].open)
            return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
    return 1000; /* all are busy: an answer is the next event */
}

static void *run(void *arg)
{
    struct reports *r = arg;
    bool stopping = false;
    int running, left;

    while (!stopping) {
        send_due(r);
        curl_multi_perform(r->multi, &running);
        curl_multi_poll(r->multi, NULL, 0, wait_ms(r, &stopping), NULL);
        curl_multi_perform(r->multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &left)) != NULL;) {
            char *p = NULL;
            CURLcode rc = m->data.result;
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
            post_done(r, (struct post *)(void *)p, rc);
        }
    }
    return NULL;
}

/* ---- life ---- */

/* The kind takes the place of a star, else the end. */
static char *url_for(const char *url, const char *kind)
{
    const char *star = strchr(url, '*');
    size_t len = star ? (size_t)(star - url) : strlen(url);
    char *s = NULL;

    while (len > 0 && url[len - 1] == '/')
        len--;
    if (asprintf(&s, "%.*s/%s%s", (int)len, url, kind, star ? star + 1 : "") < 0)
        panic("out of memory");
    return s;
}

static void free_all(struct reports *r)
{
    for (size_t i = 0; i < POSTS; i++) {
        struct post *p = &r->posts[i];
        if (p->easy == NULL)
            continue;
        if (p->open)
            curl_multi_remove_handle(r->multi, p->easy);
        curl_easy_cleanup(p->easy);
        buf_fini(&p->body);
        buf_fini(&p->headers);
        buf_fini(&p->answer);
        buf_fini(&p->target);
        free(p->url);
    }
    for (size_t i = 0; i < KINDS; i++)
        free(r->urls[i]);
    curl_multi_cleanup(r->multi);
    heap_fini(&r->heap);
    pthread_mutex_destroy(&r->lock);
    free(r);
    curl_global_cleanup();
}

struct reports *reports_start(const struct options *o, const struct account *a, struct numbers *n,
                              struct counters *c, struct err *e)
{
    struct reports *r = calloc(1, sizeof *r);

    if (r == NULL)
        panic("out of memory");
    r->o = o;
    r->account = a;
    r->d = account_dialect(a);
    r->numbers = n;
    r->counters = c;
    for (size_t i = 0; i < KINDS; i++)
        r->urls[i] = url_for(o->callback, kind_names[i]);
    pthread_mutex_init(&r->lock, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    r->multi = curl_multi_init();
    if (r->multi == NULL || pthread_create(&r->thread, NULL, run, r) != 0) {
        err_set(e, ERR_OS, NULL, "cannot start a thread");
        free_all(r);
        return NULL;
    }
    return r;
}

void reports_stop(struct reports *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
    curl_multi_wakeup(r->multi);
    pthread_join(r->thread, NULL);
    for (void *ev; (ev = heap_take(&r->heap, INT64_MAX)) != NULL;) {
        size_t reports = ((struct event *)ev)->reports;
        COUNT(r->counters, reports_left, reports ? reports : 1);
        event_free(ev);
    }
    free_all(r);
}
