/*
 * puller: pulls receipts and replies from providers that do not push them, on a thread and with connections of its own, each gateway
 * every pull_every of zhanchi.conf.
 *
 * A page is durable in the inbox before the next is asked for (track_pull); the applier is woken for it. A failure is logged once and
 * the pause doubles, up to ten minutes. At the end the request under way is waited for: its page would be lost with it.
 */
#include <stdlib.h>
#include <time.h>
#include "internal.h"
#include "zhanchi/clock.h"
#include "zhanchi/log.h"

#define PAGES_MAX 100 /* at a time: another gateway waits */
#define PAUSE_MAX_MS 600000
#define LOOK_MS 60000
#define MORE_MS 1000

struct pulled {
    int64_t next_ms, pause_ms; /* pause 0: the last pull was good */
};

struct puller {
    const struct serve_opts *o;
    struct metrics *m;
    struct applier *applier;
    struct hands hands;
    struct pulled *gateways;
    pthread_t thread;
    pthread_mutex_t lock; /* setting stop */
    pthread_cond_t changed;
    volatile sig_atomic_t stop; /* looked at between pages, too */
};

static int pull_kind(struct puller *p, const struct gateway *g, enum gw_pull what, bool *more,
                     struct err *e)
{
    const struct pull_opts o = {
        .dir = p->o->dir, .gateway = g, .what = what, .max_pages = PAGES_MAX, .stop = &p->stop};
    struct pull_stats stats = {0};

    if (!gateway_can_pull(g, what))
        return 0;
    int rc = track_pull(p->hands.store, p->hands.keyring, p->hands.inbox, &o, &stats, e);
    atomic_fetch_add(&p->m->pulled, stats.pages);
    if (stats.pages > 0)
        applier_wake(p->applier);
    *more = *more || stats.more;
    return rc;
}

static void failed(struct puller *p, struct pulled *d, const struct gateway *g, const struct err *e)
{
    int64_t every_ms = gateway_limits(g)->pull_every_ms;

    atomic_fetch_add(&p->m->pulls_failed, 1);
    if (d->pause_ms == 0)
        log_warn("serve", "cannot pull, and try again later: %s%s%s", e->what,
                 e->remedy[0] ? "; " : "", e->remedy);
    d->pause_ms = d->pause_ms == 0 ? every_ms : d->pause_ms * 2;
    if (d->pause_ms > PAUSE_MAX_MS)
        d->pause_ms = PAUSE_MAX_MS > every_ms ? PAUSE_MAX_MS : every_ms;
    d->next_ms = clock_now_ms() + d->pause_ms;
}

static void pull(struct puller *p, struct pulled *d, const struct gateway *g)
{
    bool more = false;
    struct err e;

    if (pull_kind(p, g, GW_PULL_RECEIPTS, &more, &e) != 0 ||
        pull_kind(p, g, GW_PULL_REPLIES, &more, &e) != 0) {
        failed(p, d, g, &e);
        return;
    }
    if (d->pause_ms > 0)
        log_info("serve", "gateway %s: pulls work again", gateway_name(g));
    d->pause_ms = 0;
    d->next_ms = clock_now_ms() + (more ? MORE_MS : gateway_limits(g)->pull_every_ms);
}

/* Waits until then; true: it is the end. */
static bool wait_until(struct puller *p, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rc = 0;

    pthread_mutex_lock(&p->lock);
    while (rc == 0 && !p->stop)
        rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    bool stopping = p->stop;
    pthread_mutex_unlock(&p->lock);
    return stopping;
}

static void *run(void *arg)
{
    struct puller *p = arg;
    int64_t next_ms;

    pthread_setname_np(pthread_self(), "serve-puller");
    do {
        next_ms = clock_now_ms() + LOOK_MS;
        for (size_t i = 0; i < p->o->n_gateways && !p->stop; i++) {
            struct pulled *d = &p->gateways[i];
            const struct gateway *g = p->o->gateways[i];
            if (gateway_limits(g)->pull_every_ms == 0)
                continue;
            if (d->next_ms <= clock_now_ms())
                pull(p, d, g);
            if (d->next_ms < next_ms)
                next_ms = d->next_ms;
        }
    } while (!wait_until(p, next_ms));
    return NULL;
}

static bool wanted(const struct serve_opts *o)
{
    for (size_t i = 0; i < o->n_gateways; i++)
        if (gateway_limits(o->gateways[i])->pull_every_ms > 0)
            return true;
    return false;
}

static void puller_free(struct puller *p)
{
    hands_close(&p->hands);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->gateways);
    free(p);
}

int puller_start(const struct serve_opts *o, struct metrics *m, struct applier *a,
                 struct puller **out, struct err *e)
{
    *out = NULL;
    if (!wanted(o))
        return 0;
    struct puller *p = calloc(1, sizeof *p);
    if (p == NULL || (p->gateways = calloc(o->n_gateways, sizeof *p->gateways)) == NULL)
        panic("out of memory");
    p->o = o;
    p->m = m;
    p->applier = a;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    int rc = hands_open(&p->hands, o, e);
    if (rc == 0 && pthread_create(&p->thread, NULL, run, p) != 0)
        rc = err_set(e, ERR_OS, NULL, "cannot start a thread");
    if (rc != 0) {
        puller_free(p);
        return -1;
    }
    *out = p;
    return 0;
}

void puller_stop(struct puller *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = 1;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    puller_free(p);
}
