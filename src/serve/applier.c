/*
 * applier: moves reports from the inbox into the main database, on a thread and with connections of its own.
 *
 * It runs at start (for what a dead process left), after commits of the desk, and once a minute in any case. New reports gather for a
 * moment, because large batches sorted by message are what makes applying cheap. Parked receipts are looked through each time too, but
 * never for more than a twentieth of the time. A failure (database busy, disk full) is logged once
 * and tried again after a pause that doubles; the inbox keeps everything meanwhile. Once a day old reports behind the watermark
 * are removed; what was passed over because its gateway is not configured waits for it so long, and is counted when it goes.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "internal.h"
#include "zhanchi/clock.h"
#include "zhanchi/log.h"
#include "zhanchi/store_report.h"

#define GATHER_MS 50
#define NICE 10
#define IDLE_MS 60000
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 60000
#define IDLE_PARKED_MS 5000 /* while receipts wait for their attempts */
#define PARKED_SHARE 20
#define PURGE_EVERY_MS INT64_C(86400000)

struct applier {
    const struct serve_opts *o;
    struct metrics *m;
    struct hands hands;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool news, stopping;
    int64_t pause_ms, purged_ms; /* the thread's own, like the next two */
    int64_t parked_next_ms;
    bool parked_left;
};

/* Waits until `ms` have passed, or for news if asked to, or for the end. True: it is the end. */
static bool wait(struct applier *a, int64_t ms, bool until_news)
{
    int64_t due = clock_now_ms() + ms;
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    int rc = 0;

    pthread_mutex_lock(&a->lock);
    while (rc == 0 && !a->stopping && !(until_news && a->news))
        rc = pthread_cond_timedwait(&a->changed, &a->lock, &until);
    bool stopping = a->stopping;
    pthread_mutex_unlock(&a->lock);
    return stopping;
}

static void apply(struct applier *a)
{
    const struct track_opts opts = {.gateways = a->o->gateways,
                                    .n_gateways = a->o->n_gateways,
                                    .optout_words = a->o->optout_words};
    struct track_stats stats = {0};
    struct err e;

    pthread_mutex_lock(&a->lock);
    a->news = false;
    pthread_mutex_unlock(&a->lock);
    int64_t n = track_apply(a->hands.store, a->hands.keyring, a->hands.inbox, &opts, &stats, &e);
    metrics_add_applied(a->m, &stats, n > 0 ? n : 0);
    a->parked_left = a->parked_left || stats.apply.parked > 0;
    if (n >= 0) {
        a->pause_ms = 0;
        return;
    }
    atomic_fetch_add(&a->m->applies_failed, 1);
    if (a->pause_ms == 0)
        log_error("serve", "reports cannot be applied and wait in the inbox: %s", e.what);
    a->pause_ms = a->pause_ms == 0 ? PAUSE_FIRST_MS : a->pause_ms * 2;
    if (a->pause_ms > PAUSE_MAX_MS)
        a->pause_ms = PAUSE_MAX_MS;
}

static void apply_parked(struct applier *a)
{
    int64_t began_ms = clock_now_ms();
    struct track_stats stats = {0};
    struct err e;

    if (began_ms < a->parked_next_ms)
        return;
    int64_t n = store_apply_parked(a->hands.store, began_ms - STORE_PARKED_MS, &stats.apply,
                                   &a->parked_left, &e);
    a->parked_next_ms = began_ms + 1000 + PARKED_SHARE * (clock_now_ms() - began_ms);
    metrics_add_applied(a->m, &stats, n > 0 ? n : 0);
    if (n < 0)
        log_warn("serve", "receipts that wait cannot be applied: %s", e.what);
    if (stats.apply.unmatched > 0)
        log_warn("serve", "%lld receipts of 72 hours ago belong to no message of ours",
                 (long long)stats.apply.unmatched);
}

struct passed { /* requests of gateways that are not configured */
    struct applier *a;
    int64_t old_before_ms, kept, expired;
    struct err *e;
};

static int count_passed(void *ctx, const char *gateway, int64_t from, int64_t to)
{
    struct passed *p = ctx;
    int64_t n, old;

    if (inbox_count(p->a->hands.inbox, gateway, from, to, p->old_before_ms, &n, &old, p->e) != 0)
        return -1;
    p->kept += n - old;
    p->expired += old;
    return 0;
}

static void tell_passed(struct applier *a, const struct passed *p)
{
    if (p->kept > 0)
        log_warn("serve",
                 "%lld requests are kept whose gateway is not configured; configure it again and "
                 "they are applied",
                 (long long)p->kept);
    if (p->expired == 0)
        return;
    log_warn("serve",
             "%lld requests were removed unapplied: their gateway was not configured for "
             "retention.inbox_days",
             (long long)p->expired);
    atomic_fetch_add(&a->m->expired, p->expired);
}

/* Not while applying fails: what was passed over then may be of a gateway that is back. */
static void purge(struct applier *a)
{
    int64_t now_ms = clock_now_ms(), watermark;
    struct err e;
    struct passed p = {.a = a, .old_before_ms = now_ms - a->o->inbox_keep_ms, .e = &e};

    if (a->o->inbox_keep_ms <= 0 || now_ms - a->purged_ms < PURGE_EVERY_MS || a->pause_ms > 0)
        return;
    a->purged_ms = now_ms;
    if (store_passed_each(a->hands.store, count_passed, &p, &e) != 0 ||
        store_watermark(a->hands.store, &watermark, &e) != 0 ||
        inbox_purge(a->hands.inbox, watermark, p.old_before_ms, &e) != 0)
        log_warn("serve", "old reports cannot be removed: %s", e.what);
    else
        tell_passed(a, &p);
}

static void *run(void *arg)
{
    struct applier *a = arg;
    bool stopping = false;

    pthread_setname_np(pthread_self(), "serve-applier");
    /* Where the processor is short, taking reports goes before applying them. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    do {
        apply(a);
        apply_parked(a);
        purge(a);
        if (a->pause_ms > 0)
            stopping = wait(a, a->pause_ms, false);
        else
            stopping = wait(a, a->parked_left ? IDLE_PARKED_MS : IDLE_MS, true) ||
                       wait(a, GATHER_MS, false);
    } while (!stopping);
    apply(a); /* what came before the end */
    return NULL;
}

struct applier *applier_start(const struct serve_opts *o, struct metrics *m, struct err *e)
{
    struct applier *a = calloc(1, sizeof *a);

    if (a == NULL)
        panic("out of memory");
    a->o = o;
    a->m = m;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    int rc = hands_open(&a->hands, o, e);
    if (rc == 0 && pthread_create(&a->thread, NULL, run, a) != 0)
        rc = err_set(e, ERR_OS, NULL, "cannot start a thread");
    if (rc == 0)
        return a;
    hands_close(&a->hands);
    free(a);
    return NULL;
}

void applier_wake(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    bool first = !a->news;
    a->news = true;
    if (first)
        pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void applier_stop(struct applier *a)
{
    pthread_mutex_lock(&a->lock);
    a->stopping = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    hands_close(&a->hands);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
