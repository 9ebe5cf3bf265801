/*
 * desk: takes requests of providers, makes them durable in groups, answers.
 *
 * A request is verified and checked on the server's threads and then kept (its connection is suspended). The clerk, one thread, takes all that
 * are kept, seals each, commits them in one transaction and only then answers. While a commit is written the next group gathers by
 * itself, so a slow disk makes larger groups and needs no timer. A commit that fails is answered 503: the provider repeats.
 *
 * Durable before answered: acknowledge stands in one place, behind commit.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"

#define GROUP_MAX 1000
#define SEALED_MAX (64U << 20)

struct kept {
    struct httpd_request *r;
    size_t gateway;
    enum gw_report_kind kind;
    int64_t received_ms;
};

struct desk {
    const struct serve_opts *o;
    struct metrics *m;
    struct applier *applier;
    pthread_t clerk;
    pthread_mutex_t lock; /* kept, stopping */
    pthread_cond_t came;
    struct kept kept[GROUP_MAX];
    size_t n;
    bool stopping;
    atomic_bool broken; /* the last commit failed */
    /* the clerk's */
    struct hands hands;
    struct kept group[GROUP_MAX];
    struct inbox_row rows[GROUP_MAX];
    struct httpd_reply replies[GROUP_MAX];
    size_t at[GROUP_MAX]; /* of a row's blob in sealed */
    struct buf sealed;
};

/* ---- on the server's threads ---- */

static void answer(struct httpd_request *r, int status, const char *text)
{
    httpd_answer(r, status, "text/plain", text, strlen(text), NULL);
}

static void refuse(struct desk *d, struct httpd_request *r, enum refusal why, int status,
                   const char *text)
{
    atomic_fetch_add(&d->m->refused[why], 1);
    answer(r, status, text);
}

static const char *header_of(void *ctx, const char *name)
{
    return httpd_header(ctx, name);
}

static const char *query_of(void *ctx, const char *key)
{
    return httpd_query(ctx, key);
}

/* False if the desk is full or closing: the provider comes again. */
static bool keep(struct desk *d, struct httpd_request *r, size_t gateway, enum gw_report_kind kind)
{
    pthread_mutex_lock(&d->lock);
    bool room = d->n < GROUP_MAX && !d->stopping;
    if (room) {
        httpd_defer(r);
        d->kept[d->n++] = (struct kept){r, gateway, kind, clock_now_ms()};
        if (d->n == 1)
            pthread_cond_signal(&d->came);
    }
    pthread_mutex_unlock(&d->lock);
    return room;
}

/* What a request says: its body; a GET says it in its query. Lives as long as the request. */
static const char *said(const struct httpd_request *r, size_t *len)
{
    if (strcmp(httpd_method(r), "GET") != 0)
        return httpd_body(r, len);
    const char *query = httpd_query_text(r);
    *len = strlen(query);
    return query;
}

static void take(struct desk *d, struct httpd_request *r, size_t gateway, enum gw_report_kind kind)
{
    const struct gateway *g = d->o->gateways[gateway];
    struct gw_callback c = {.method = httpd_method(r),
                            .path = httpd_path(r),
                            .header = header_of,
                            .query = query_of,
                            .peer = httpd_peer(r),
                            .ctx = r};
    struct err e;

    c.query_string = httpd_query_text(r);
    c.query_len = strlen(c.query_string);
    c.body = said(r, &c.body_len);
    if (gateway_callback_verify(g, kind, &c, clock_now_ms(), &e) != 0) {
        log_warn("serve", "%s; from %s", e.what, httpd_peer(r));
        refuse(d, r, REFUSED_SIGNATURE, 401, "not verified\n");
    } else if (gateway_callback_check(g, kind, c.body, c.body_len, &e) != 0) {
        log_warn("serve", "%s; from %s", e.what, httpd_peer(r));
        refuse(d, r, REFUSED_UNREADABLE, 400, "unreadable\n");
    } else if (!keep(d, r, gateway, kind)) {
        refuse(d, r, REFUSED_STORE, 503, "busy\n");
    }
}

static void show_metrics(struct desk *d, struct httpd_request *r)
{
    struct buf out;

    buf_init(&out, 1U << 20);
    metrics_print(d->m, d->o, &out);
    httpd_answer(r, 200, "text/plain; version=0.0.4", buf_cstr(&out), out.len, NULL);
    buf_fini(&out);
}

void desk_handle(void *desk, struct httpd_request *r)
{
    struct desk *d = desk;
    const char *method = httpd_method(r), *path = httpd_path(r);

    for (size_t i = 0; i < d->o->n_gateways; i++) {
        int kind = gateway_callback_kind(d->o->gateways[i], method, path);
        if (kind >= 0) {
            take(d, r, i, (enum gw_report_kind)kind);
            return;
        }
    }
    if (strcmp(method, "GET") == 0 && strcmp(path, "/metrics") == 0)
        show_metrics(d, r);
    else if (strcmp(method, "GET") == 0 && strcmp(path, "/healthz") == 0)
        answer(r, atomic_load(&d->broken) ? 503 : 200,
               atomic_load(&d->broken) ? "cannot store\n" : "ok\n");
    else
        answer(r, 404, "nothing here\n");
}

/* ---- the clerk ---- */

/* Takes all that is kept; 0 when the desk is closed and empty. */
static size_t next_group(struct desk *d)
{
    pthread_mutex_lock(&d->lock);
    while (d->n == 0 && !d->stopping)
        pthread_cond_wait(&d->came, &d->lock);
    size_t n = d->n;
    memcpy(d->group, d->kept, n * sizeof *d->group);
    d->n = 0;
    pthread_mutex_unlock(&d->lock);
    return n;
}

static int seal_one(struct desk *d, const struct kept *k, struct inbox_row *row, size_t *at,
                    struct err *e)
{
    size_t len;
    const char *body = said(k->r, &len);

    *row = (struct inbox_row){.id = inbox_next_id(d->hands.inbox),
                              .kind = (int)k->kind,
                              .received_ms = k->received_ms,
                              .key_id = keyring_id(d->hands.keyring, KEY_INBOX)};
    memcpy(row->gateway, gateway_name(d->o->gateways[k->gateway]),
           strnlen(gateway_name(d->o->gateways[k->gateway]), sizeof row->gateway - 1));
    *at = d->sealed.len;
    if (keyring_seal(d->hands.keyring, row->key_id, SEAL_REPORT, row->id, row->kind, body, len,
                     &d->sealed, e) != 0)
        return -1;
    row->sealed_len = d->sealed.len - *at;
    return 0;
}

/* The first m requests of the group that fit into `sealed` together. */
static int commit(struct desk *d, size_t n, size_t *m, struct err *e)
{
    buf_reset(&d->sealed);
    if (inbox_begin(d->hands.inbox, e) != 0)
        return -1;
    for (*m = 0; *m < n && (*m == 0 || d->sealed.len < SEALED_MAX / 2); ++*m)
        if (seal_one(d, &d->group[*m], &d->rows[*m], &d->at[*m], e) != 0) {
            inbox_cancel(d->hands.inbox);
            return -1;
        }
    for (size_t i = 0; i < *m; i++)
        d->rows[i].sealed = d->sealed.data + d->at[i];
    failpoint("serve_before_commit");
    int64_t began_us = clock_mono_us();
    if (inbox_put(d->hands.inbox, d->rows, *m, e) != 0)
        return -1;
    failpoint("serve_after_commit");
    atomic_fetch_add(&d->m->commits, 1);
    atomic_fetch_add(&d->m->commit_us, clock_mono_us() - began_us);
    return 0;
}

static void acknowledge(struct desk *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct kept *k = &d->group[i];
        struct httpd_reply *a = &d->replies[i];
        a->r = k->r;
        gateway_callback_ack(d->o->gateways[k->gateway], k->kind, &a->status, &a->content_type,
                             &a->body);
        a->len = strlen(a->body);
        atomic_fetch_add(&d->m->received[k->gateway][k->kind], 1);
    }
    httpd_answer_all(d->replies, n);
}

static void serve_group(struct desk *d, size_t n)
{
    struct err e;
    size_t m;

    while (n > 0) {
        if (commit(d, n, &m, &e) != 0) {
            log_error("serve", "reports cannot be stored, providers are told to come again: %s",
                      e.what);
            atomic_store(&d->broken, true);
            for (size_t i = 0; i < n; i++)
                refuse(d, d->group[i].r, REFUSED_STORE, 503, "cannot store\n");
            return;
        }
        atomic_store(&d->broken, false);
        acknowledge(d, m);
        n -= m;
        memmove(d->group, d->group + m, n * sizeof *d->group);
    }
    applier_wake(d->applier);
}

static void *clerk(void *arg)
{
    struct desk *d = arg;

    pthread_setname_np(pthread_self(), "serve-clerk");
    for (size_t n; (n = next_group(d)) > 0;)
        serve_group(d, n);
    return NULL;
}

/* ---- life ---- */

struct desk *desk_start(const struct serve_opts *o, struct metrics *m, struct applier *a,
                        struct err *e)
{
    struct desk *d = calloc(1, sizeof *d);

    if (d == NULL)
        panic("out of memory");
    d->o = o;
    d->m = m;
    d->applier = a;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->came, NULL);
    buf_init(&d->sealed, SEALED_MAX);
    if (hands_open(&d->hands, o, e) != 0) {
        desk_free(d);
        return NULL;
    }
    if (pthread_create(&d->clerk, NULL, clerk, d) != 0) {
        err_set(e, ERR_OS, NULL, "cannot start a thread");
        desk_free(d);
        return NULL;
    }
    return d;
}

void desk_stop(struct desk *d)
{
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->came);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->clerk, NULL);
}

void desk_free(struct desk *d)
{
    hands_close(&d->hands);
    buf_fini(&d->sealed);
    pthread_cond_destroy(&d->came);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
