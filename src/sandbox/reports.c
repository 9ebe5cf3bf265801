/*
 * reports: see reports.h. Fed by submit.c on the server's threads; one thread of its own sends.
 *
 * A report is rendered as JSON when it is made and waits in a heap. What is due goes out together, receipts apart from replies, at most
 * --receipt-batch a request. A request that is not acknowledged with 200 {"code":"0"} goes back into the heap whole and
 * is sent again after the next step of --retry, with a new signature; behind the last step it is dropped.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"
#include "reports.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/json.h"

#define POSTS 8 /* requests at once */
#define BODY_MAX (1U << 20)
#define ANSWER_MAX 4096
#define CHINA_MIN 480

enum kind { RECEIPT, REPLY, KINDS };
static const char *const kind_paths[KINDS] = {"/receipt", "/reply"};
static const char *const kind_names[KINDS] = {"receipts", "replies"};

struct event {
    enum kind kind;
    bool refuses;
    char number[12];
    size_t reports; /* 0: one report as JSON; else a body that was sent before, with so many */
    size_t attempt;
    char json[];
};

struct post {
    struct reports *owner;
    CURL *easy; /* NULL until first used */
    bool open;
    enum kind kind;
    size_t reports, attempt;
    struct buf body, headers, answer;
    struct curl_slist list[6];
};

struct reports {
    const struct options *o;
    const struct auth *auth;
    struct numbers *numbers;
    struct counters *counters;
    char *urls[KINDS], *paths[KINDS];
    pthread_t thread;
    pthread_mutex_t lock; /* heap, stopping */
    struct heap heap;
    bool stopping;
    CURLM *multi;
    struct post posts[POSTS];
};

/* ---- the queue ---- */

static struct event *event_new(enum kind kind, const char *json, size_t len)
{
    struct event *ev = calloc(1, sizeof *ev + len + 1);

    if (ev == NULL)
        panic("out of memory");
    ev->kind = kind;
    memcpy(ev->json, json, len);
    return ev;
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

static void china_time(int64_t at_ms, char out[32])
{
    civil_format_instant(at_ms, CHINA_MIN, out);
    out[10] = ' ';
    out[19] = '\0';
}

void reports_receipt(struct reports *r, const struct receipt *v, int64_t due_ms)
{
    struct buf b;
    char at[32], id[24];

    china_time(v->at_ms, at);
    snprintf(id, sizeof id, "%lld", (long long)v->id);
    buf_init(&b, 4096);
    buf_adds(&b, "{\"ref\":");
    json_quote(&b, v->ref, strlen(v->ref));
    buf_addf(
        &b,
        ",\"id\":\"%s\",\"to\":\"%s\",\"state\":\"%s\",\"code\":\"%s\",\"at\":\"%s\",\"parts\":%d}",
        id, v->number, v->state, v->code, at, v->parts);
    enqueue(r, event_new(RECEIPT, buf_cstr(&b), b.len), due_ms);
    buf_fini(&b);
}

void reports_reply(struct reports *r, int64_t id, const char *number, const char *text,
                   bool refuses, int64_t due_ms)
{
    struct buf b;
    char at[32];

    china_time(due_ms, at);
    buf_init(&b, 4096);
    buf_addf(&b, "{\"id\":\"%lld\",\"from\":\"%s\",\"text\":", (long long)id, number);
    json_quote(&b, text, strlen(text));
    buf_addf(&b, ",\"at\":\"%s\",\"ext\":\"\"}", at);
    struct event *ev = event_new(REPLY, buf_cstr(&b), b.len);
    buf_fini(&b);
    ev->refuses = refuses;
    snprintf(ev->number, sizeof ev->number, "%s", number);
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
    curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
    buf_init(&p->body, BODY_MAX);
    buf_init(&p->headers, 1024);
    buf_init(&p->answer, ANSWER_MAX);
}

/* The body is there: sign and send. */
static void post_send(struct reports *r, struct post *p)
{
    const char *h;
    size_t n = 0;

    buf_reset(&p->answer);
    buf_reset(&p->headers);
    buf_add(&p->headers, "Content-Type: application/json", 31);
    auth_sign(r->auth, "POST", r->paths[p->kind], buf_cstr(&p->body), p->body.len, clock_now_ms(),
              &p->headers);
    for (h = p->headers.data; h < p->headers.data + p->headers.len; h += strlen(h) + 1, n++) {
        p->list[n] = (struct curl_slist){.data = (char *)(uintptr_t)h};
        if (n > 0)
            p->list[n - 1].next = &p->list[n];
    }
    curl_easy_setopt(p->easy, CURLOPT_URL, r->urls[p->kind]);
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->list);
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)p->body.len);
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, buf_cstr(&p->body));
    p->open = true;
    curl_multi_add_handle(r->multi, p->easy);
}

static bool acknowledged(struct post *p, CURLcode rc)
{
    long status = 0;
    char tmp[40];
    struct err why;

    curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK || status != 200)
        return false;
    struct json *root = json_parse(buf_cstr(&p->answer), p->answer.len, &why);
    const struct json *code = root ? json_at(root, "/code") : NULL;
    const char *text = code ? json_text(code, tmp) : NULL;
    bool good = text && strcmp(text, "0") == 0;
    json_free(root);
    return good;
}

static void post_done(struct reports *r, struct post *p, CURLcode rc)
{
    curl_multi_remove_handle(r->multi, p->easy);
    p->open = false;
    if (acknowledged(p, rc))
        return;
    if (p->attempt >= RETRY_STEPS || r->o->retry_ms[p->attempt] == 0) {
        COUNT(r->counters, callbacks_dropped, 1);
        return;
    }
    struct event *ev = event_new(p->kind, buf_cstr(&p->body), p->body.len);
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

/* Fills a request with what is due: a body that waits to be repeated, or reports of one kind. False: nothing is due. */
static bool post_fill(struct reports *r, struct post *p, int64_t now_ms)
{
    struct event *ev;

    buf_reset(&p->body);
    p->reports = 0;
    pthread_mutex_lock(&r->lock);
    while (p->reports < (size_t)r->o->receipt_batch && heap_due(&r->heap) <= now_ms) {
        const struct event *next = r->heap.v[0].what;
        if (p->reports > 0 && (next->kind != p->kind || next->reports > 0))
            break;
        ev = heap_take(&r->heap, now_ms);
        p->kind = ev->kind;
        p->attempt = ev->attempt;
        if (ev->reports > 0) {
            buf_adds(&p->body, ev->json);
            p->reports = ev->reports;
            free(ev);
            break;
        }
        buf_addf(&p->body, "%s%s", p->reports == 0 ? "" : ",", ev->json);
        p->reports++;
        note_sent(r, ev);
        free(ev);
    }
    pthread_mutex_unlock(&r->lock);
    return p->reports > 0;
}

/* Reports were gathered bare: puts them into their frame. */
static void post_frame(struct post *p)
{
    struct buf whole;

    if (p->attempt > 0)
        return; /* it was sent before, whole */
    buf_init(&whole, BODY_MAX);
    buf_addf(&whole, "{\"%s\":[%s]}", kind_names[p->kind], buf_cstr(&p->body));
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

static char *joined(const char *a, size_t len, const char *b)
{
    char *s = NULL;

    while (len > 0 && a[len - 1] == '/')
        len--;
    if (asprintf(&s, "%.*s%s", (int)len, a, b) < 0)
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
    }
    for (size_t i = 0; i < KINDS; i++) {
        free(r->urls[i]);
        free(r->paths[i]);
    }
    curl_multi_cleanup(r->multi);
    heap_fini(&r->heap);
    pthread_mutex_destroy(&r->lock);
    free(r);
    curl_global_cleanup();
}

struct reports *reports_start(const struct options *o, const struct auth *a, struct numbers *n,
                              struct counters *c, struct err *e)
{
    struct reports *r = calloc(1, sizeof *r);
    const char *path = strchr(strstr(o->callback, "://") + 3, '/');

    if (r == NULL)
        panic("out of memory");
    r->o = o;
    r->auth = a;
    r->numbers = n;
    r->counters = c;
    for (size_t i = 0; i < KINDS; i++) {
        r->urls[i] = joined(o->callback, strlen(o->callback), kind_paths[i]);
        r->paths[i] = joined(path ? path : "", path ? strlen(path) : 0, kind_paths[i]);
    }
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
        free(ev);
    }
    free_all(r);
}
