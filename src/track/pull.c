/*
 * pull: takes from a provider what it keeps for us.
 *
 * Most providers delete a page once it is answered, so between the answer and our commit it exists in this process alone: nothing is
 * done there but sealing it. An answer that cannot be understood is stored too, for a better profile may read it one day; and one that
 * cannot be stored (disk full) is held and tried again for a minute before it is given up. A request is never broken off and never
 * sent twice. Two that pull at once would each get half of a queue, and a provider may refuse both: a kernel lock a gateway.
 *
 * Called by serve's puller and `receipt pull`.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "exchange.h"
#include "keep.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/track.h"

#define STORE_TRIES 60
#define STORE_PAUSE_MS 1000

static bool stopped(const struct pull_opts *o)
{
    return o->stop && *o->stop;
}

static int store_page(struct keyring *k, struct inbox *i, const struct pull_opts *o,
                      const struct gw_answer *a, struct err *e)
{
    const struct timespec pause = {.tv_sec = STORE_PAUSE_MS / 1000};
    const enum gw_report_kind kind = GW_PULLED_RECEIPT + (enum gw_report_kind)o->what;

    for (int tries = 1;; tries++) {
        if (keep_body(k, i, gateway_name(o->gateway), kind, a->body, a->body_len, e) == 0)
            return 0;
        if (tries == 1)
            log_error("track", "a page of gateway %s cannot be stored and is tried again: %s",
                      gateway_name(o->gateway), e->what);
        if (tries == STORE_TRIES)
            return err_prefix(e, "gateway %s: a pulled page is lost, ask the provider for it again",
                              gateway_name(o->gateway));
        nanosleep(&pause, NULL);
    }
}

/* What was understood, and what may be understood one day. A refusal holds no reports. */
static bool worth_keeping(const struct gw_answer *a, int judged, size_t reports,
                          const struct err *why)
{
    if (judged == 0)
        return reports > 0;
    return why->kind == ERR_PROTO && a->complete && a->body_len > 0 && a->status >= 200 &&
           a->status < 300;
}

/* 1 there may be more, 0 the page was empty. */
static int pull_page(struct exchange *x, struct keyring *k, struct inbox *i,
                     const struct pull_opts *o, struct pull_stats *stats, struct err *e)
{
    const struct gw_answer *a;
    struct err why = {0};
    size_t reports;

    if (gateway_build_pull(o->gateway, o->what, NULL, clock_now_ms(), exchange_request(x), e) !=
            0 ||
        exchange_run(x, gateway_limits(o->gateway), &a, e) != 0)
        return -1;
    int judged = gateway_judge_pull(o->gateway, o->what, a, &reports, &why);
    failpoint("pull_before_store");
    if (worth_keeping(a, judged, reports, &why)) {
        if (store_page(k, i, o, a, e) != 0)
            return -1;
        stats->pages++;
        stats->reports += (int64_t)reports;
    }
    failpoint("pull_stored");
    if (judged != 0) {
        *e = why;
        return -1;
    }
    return reports > 0;
}

static int pull_pages(struct keyring *k, struct inbox *i, const struct pull_opts *o,
                      struct pull_stats *stats, struct err *e)
{
    struct exchange *x = exchange_new(e);
    int rc = x ? 1 : -1;

    for (int64_t n = 0; rc == 1; n++) {
        if (n == o->max_pages || stopped(o)) {
            stats->more = true;
            break;
        }
        rc = pull_page(x, k, i, o, stats, e);
        if (rc == 1 && o->progress.fn && o->progress.fn(o->progress.ctx, stats->reports, 0, "")) {
            stats->more = true;
            break;
        }
    }
    exchange_free(x);
    return rc < 0 ? -1 : 0;
}

static int lock_gateway(struct store *s, const struct pull_opts *o, int *lock, struct err *e)
{
    char name[48], path[4096];
    int64_t id;

    if (store_gateway_id(s, gateway_name(o->gateway), &id, e) != 0)
        return -1;
    snprintf(name, sizeof name, "pull-%lld.lock", (long long)id);
    if (fs_join(o->dir, name, path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, lock, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "wait for it: serve pulls by itself where pull_every is set",
                       "gateway %s: another process is pulling from it", gateway_name(o->gateway));
    return rc;
}

int track_pull(struct store *s, struct keyring *k, struct inbox *i, const struct pull_opts *o,
               struct pull_stats *stats, struct err *e)
{
    int lock;

    if (lock_gateway(s, o, &lock, e) != 0)
        return -1;
    int rc = pull_pages(k, i, o, stats, e);
    close(lock);
    return rc;
}
