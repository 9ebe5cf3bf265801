/*
 * hatch: the store thread, and the two trays between it and the loop thread.
 *
 * A round is one transaction: settle everything that came back, then claim what the lanes asked for. Only after its commit are claimed
 * messages passed on, the claim counter written outside, and marks freed. So a message leaves only if `sending` is durable, and a mark is gone only
 * if the settlement is durable. While a round runs, the next settlements gather: groups form by themselves; with little to do a round waits GATHER_US for
 * company, or until commit_max is reached.
 *
 * A round that cannot be committed (disk full) keeps its settlements and tries again for PATIENCE_US, claiming nothing. Then it gives up: the
 * marks still hold every answer, and the next run settles them.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/transport.h"
#include "claim.h"
#include "internal.h"
#include "tray.h"

#define GATHER_US 4000
#define EMPTY_US 20000 /* after a look that found too little; doubled while nothing moves */
#define EMPTY_MAX_US 320000
#define REFRESH_US 500000 /* campaigns, releases, lapses, depth */
#define PATIENCE_US 20000000
#define CHORE_ROWS 2000
#define FAILOVER_US 500000 /* between passes over what waits for a lane that is down */
#define LOOK_ROWS 10000    /* more that are due are not counted one by one */

struct hatch {
    struct hatch_opts o;
    struct intent *intent;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* of everything down to the next line */
    pthread_cond_t work;
    struct tray in; /* settled, not yet taken */
    size_t taken;   /* taken, not yet committed */
    int64_t oldest_us;
    size_t want[HATCH_LANES];
    uint32_t down; /* bit by lane */
    struct job *out[HATCH_LANES], *out_tail[HATCH_LANES];
    struct job *spent; /* given back, not yet fetched */
    struct hatch_status status;
    bool closing;

    /* the store thread's own */
    struct tray mine;
    struct arena *arena;
    struct claims *claims;
    size_t settled_now; /* by the last round */
    size_t turn;
    int64_t refreshed_us, empty_at_us, empty_for_us, failing_since_us;
    int64_t caught_up_us; /* set by success alone */
    struct failovers *failovers;
    int64_t failover_at_us; /* the next step */

    /* the loop thread's own, since the last flush */
    struct tray local;
    struct job *local_spent;
};

/* ---- the loop thread's side ---- */

void hatch_settle(struct hatch *d, struct job *take, const struct outcome *v)
{
    tray_add(&d->local, v, 1);
    jobs_push(&d->local_spent, take);
}

void hatch_flush(struct hatch *d)
{
    if (d->local.n == 0)
        return;
    pthread_mutex_lock(&d->lock);
    bool first = d->in.n == 0;
    if (first)
        d->oldest_us = clock_mono_us();
    tray_add(&d->in, d->local.v, d->local.n);
    /* In between, the store thread sleeps to a time that it knows. */
    if (first || d->in.n >= d->o.run->commit_max)
        pthread_cond_signal(&d->work);
    for (struct job *j; (j = jobs_pop(&d->local_spent)) != NULL;)
        jobs_push(&d->spent, j);
    pthread_mutex_unlock(&d->lock);
    d->local.n = 0;
}

void hatch_want(struct hatch *d, size_t lane, size_t n)
{
    pthread_mutex_lock(&d->lock);
    if (n > 0 && d->want[lane] == 0)
        pthread_cond_signal(&d->work);
    d->want[lane] = n;
    pthread_mutex_unlock(&d->lock);
}

void hatch_down(struct hatch *d, uint32_t lanes)
{
    pthread_mutex_lock(&d->lock);
    if (d->down != lanes)
        pthread_cond_signal(&d->work);
    d->down = lanes;
    pthread_mutex_unlock(&d->lock);
}

struct job *hatch_collect(struct hatch *d, size_t lane)
{
    pthread_mutex_lock(&d->lock);
    struct job *list = d->out[lane];
    d->out[lane] = d->out_tail[lane] = NULL;
    pthread_mutex_unlock(&d->lock);
    return list;
}

void hatch_status(struct hatch *d, struct hatch_status *out)
{
    pthread_mutex_lock(&d->lock);
    *out = d->status;
    pthread_mutex_unlock(&d->lock);
}

size_t hatch_pending(struct hatch *d)
{
    pthread_mutex_lock(&d->lock);
    size_t n = d->in.n + d->taken;
    pthread_mutex_unlock(&d->lock);
    return n + d->local.n;
}

/* ---- the store thread: waiting ---- */

static bool wants_claims(const struct hatch *d)
{
    for (size_t i = 0; i < d->o.lanes; i++)
        if (d->want[i] > 0)
            return true;
    return false;
}

/* Microseconds until the next round should begin; 0 = now. Lock held. */
static int64_t round_in_us(const struct hatch *d, int64_t now_us)
{
    int64_t at = d->refreshed_us + REFRESH_US;

    if (d->failing_since_us != 0)
        at = now_us + EMPTY_US * 10;
    else if (d->closing || d->in.n >= d->o.run->commit_max)
        return 0;
    else if (d->in.n > 0)
        at = d->oldest_us + GATHER_US < at ? d->oldest_us + GATHER_US : at;
    if (wants_claims(d) && d->failing_since_us == 0) {
        int64_t look = d->empty_at_us + d->empty_for_us;
        at = look < at ? look : at;
    }
    if (d->down != 0 && d->failing_since_us == 0 && d->failover_at_us < at)
        at = d->failover_at_us;
    return at > now_us ? at - now_us : 0;
}

static void wait_for_work(struct hatch *d)
{
    for (;;) {
        int64_t us = round_in_us(d, clock_mono_us());
        struct timespec until;

        if (us <= 0)
            return;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + (us % 1000000) * 1000;
        until.tv_sec += us / 1000000 + ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        bool failing = d->failing_since_us != 0;
        pthread_cond_timedwait(&d->work, &d->lock, &until);
        if (failing)
            return;
    }
}

/* ---- the store thread: a round ---- */

static int settle_all(struct hatch *d, struct err *e)
{
    static const size_t chunk = 4096;
    struct settlement *v = arena_alloc(d->arena, chunk * sizeof *v);

    for (size_t at = 0; at < d->mine.n;) {
        size_t n = 0;
        for (; n < chunk && at < d->mine.n; at++)
            v[n++] = d->mine.v[at].settlement;
        if (store_settle(d->o.store, v, n, e) != 0)
            return -1;
    }
    return 0;
}

static int pause_all(struct hatch *d, struct err *e)
{
    for (size_t i = 0; i < d->mine.n; i++)
        if (d->mine.v[i].pause != NULL &&
            campaign_pause(d->o.store, d->mine.v[i].campaign_id, d->mine.v[i].pause, e) != 0)
            return -1;
    return 0;
}

/* Releases, lapses and the count of what waits: twice a second. */
static int chores(struct hatch *d, int64_t now_ms, struct found *f, struct err *e)
{
    if (intent_refresh(d->intent, e) != 0)
        return -1;
    f->refreshed = true;
    int64_t left = CHORE_ROWS; /* of all campaigns: it is one transaction */
    for (size_t i = 0; i < intent_count(d->intent) && left > 0; i++) {
        const struct campaign_info *c = &intent_at(d->intent, i)->campaign;
        if (intent_at(d->intent, i)->route != 0)
            continue; /* once a campaign */
        bool over = pace_schedule_admit(&c->schedule, now_ms).reason == PACE_LAPSED;
        int64_t n = over ? store_lapse(d->o.store, c->id, (size_t)left, e)
                         : store_release(d->o.store, c->id, now_ms, (size_t)left, e);
        if (n < 0)
            return -1;
        left -= n;
        *(over ? &f->lapsed : &f->released) += n;
    }
    f->chores_left = left == 0;
    return 0;
}

static int add_tally(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n)
{
    (void)cause;
    if (state == MSG_QUEUED)
        *(int64_t *)ctx += n;
    return 0;
}

/* What is left, for progress and for the end of the run: after the commit, because counting lasts and others want to write. Only a look
 * that found too little counts, and only where a lane may take it: then little is left to count. */
static int look(struct hatch *d, int64_t now_ms, struct found *f, struct err *e)
{
    f->next_due_ms = INT64_MAX;
    for (size_t i = 0; i < intent_count(d->intent); i++) {
        const struct brief *b = intent_at(d->intent, i);
        struct pace_answer a = pace_schedule_admit(&b->campaign.schedule, now_ms);
        int64_t due = 0, next = INT64_MAX, waiting = 0;
        bool several = b->campaign.n_gateways > 1;

        /* The tally is the campaign's; its first route counts it. */
        if (b->route == 0 && store_tally(d->o.store, b->campaign.id, add_tally, &waiting, e) != 0)
            return -1;
        f->waiting += waiting;
        if (several) {
            if (store_route_depth(d->o.store, b->campaign.id, b->route, now_ms, LOOK_ROWS, &due,
                                  NULL, &next, e) != 0)
                return -1;
        } else if (!f->dry)
            due = waiting;
        else if (store_queue_depth(d->o.store, b->campaign.id, now_ms, LOOK_ROWS, &due, NULL, &next,
                                   e) != 0)
            return -1;
        if (due == LOOK_ROWS && waiting > due && !several)
            due = waiting;
        if (a.reason == PACE_GO) {
            f->due[b->lane] += due;
        } else if (due > 0 && a.reason != PACE_LAPSED) {
            next = a.not_before_ms < next ? a.not_before_ms : next;
            found_why(f, b, a.reason);
        }
        if (next < f->next_due_ms)
            f->next_due_ms = next;
    }
    return 0;
}

static int round_body(struct hatch *d, const size_t *want, uint32_t down, int64_t now_ms,
                      struct found *f, struct err *e)
{
    if (settle_all(d, e) != 0 || pause_all(d, e) != 0)
        return -1;
    if (clock_mono_us() - d->refreshed_us >= REFRESH_US && chores(d, now_ms, f, e) != 0)
        return -1;
    int doubt =
        store_doubted(d->o.store, e); /* in the claim's transaction: a receipt may have come */
    if (doubt != 0) {
        f->doubted = true;
        return doubt < 0 ? -1 : 0;
    }
    if (down != 0 && clock_mono_us() >= d->failover_at_us) {
        f->moving = true;
        if (failovers_step(d->failovers, down, now_ms, &f->moving_on, e) != 0)
            return -1;
    }
    size_t first = d->turn++; /* each is the first in its turn: one may use up the whole look */
    for (size_t i = 0; i < d->o.lanes; i++) {
        size_t lane = (first + i) % d->o.lanes;
        if (want[lane] > 0 && claims_lane(d->claims, lane, want[lane], now_ms, d->arena, f, e) != 0)
            return -1;
    }
    return 0;
}

/* The transaction. On failure everything is as before it, and the settlements are still in `mine`. */
static int commit_round(struct hatch *d, const size_t *want, uint32_t down, int64_t now_ms,
                        struct found *f, struct err *e)
{
    if (store_begin(d->o.store, e) != 0)
        return -1;
    if (round_body(d, want, down, now_ms, f, e) != 0) {
        store_rollback(d->o.store);
        found_drop(f);
        return -1;
    }
    if (d->mine.n > 0)
        failpoint("before_settle_commit");
    if (f->moving)
        failpoint("before_failover_commit");
    if (sabotage("slow-commit")) /* as on a slow disk */
        usleep(150000);
    if (sabotage("no-settle-commit") && d->mine.n > 0) { /* as on a full one */
        store_rollback(d->o.store);
        found_drop(f);
        return err_set(e, ERR_IO, NULL, "sabotage: no settlement can be committed");
    }
    if (store_commit(d->o.store, e) != 0) {
        store_rollback(d->o.store);
        found_drop(f);
        return -1;
    }
    /* Before a byte of what was claimed can leave, and before the marks of what is settled go. */
    if (f->claimed > 0 || d->mine.n > 0)
        epoch_note_claim(d->o.epoch, store_claims(d->o.store));
    if (f->moving)
        failpoint("after_failover_commit");
    if (f->claimed > 0)
        failpoint("after_claim_commit");
    return 0;
}

/* Lock held. */
static void publish(struct hatch *d, const struct found *f, bool looked)
{
    struct hatch_status *s = &d->status;

    for (size_t i = 0; i < d->o.lanes; i++) {
        if (f->list[i] == NULL)
            continue;
        if (d->out_tail[i] != NULL)
            d->out_tail[i]->next = f->list[i];
        else
            d->out[i] = f->list[i];
        d->out_tail[i] = f->tail[i];
        d->want[i] = 0;
    }
    s->claimed += f->claimed;
    s->suppressed += f->suppressed;
    s->capped += f->capped;
    s->released += f->released;
    s->lapsed += f->lapsed;
    if (f->refreshed)
        s->chores_left = f->chores_left;
    s->doubted = s->doubted || f->doubted;
    if (looked) {
        memcpy(s->due, f->due, sizeof s->due);
        s->waiting = f->waiting;
        s->next_due_ms = f->next_due_ms;
        s->looked++;
        if (f->moving) {
            s->down_seen = failovers_done(d->failovers);
            memcpy(s->stuck, f->due, sizeof s->stuck);
        }
        memcpy(s->why, f->why, sizeof s->why);
    }
}

/* A round that could not be committed. Lock held. Returns true when there is no hope. */
static bool failed_round(struct hatch *d, const struct err *e)
{
    int64_t now_us = clock_mono_us();

    if (d->failing_since_us == 0) {
        d->failing_since_us = now_us;
        log_warn("dispatch", "%s; trying again for %d s, claiming nothing", e->what,
                 (int)(PATIENCE_US / 1000000));
    }
    int64_t patience_us = sabotage("no-settle-commit") ? EMPTY_US : PATIENCE_US;
    if (now_us - d->failing_since_us < patience_us && !d->closing)
        return false;
    d->status.failed = true;
    d->status.error = *e;
    return true;
}

static void free_marks(struct hatch *d)
{
    for (size_t i = 0; i < d->mine.n; i++)
        if (d->mine.v[i].slot >= 0)
            marks_free(d->o.marks, d->mine.v[i].slot);
    d->mine.n = 0;
}

/* Also of the round that ran while the end was called. Lock held. */
static bool uncollected(const struct hatch *d)
{
    for (size_t i = 0; i < d->o.lanes; i++)
        if (d->out[i] != NULL)
            return true;
    return false;
}

/* The run ends: what was claimed and never collected goes back. Lock held. */
static void return_uncollected(struct hatch *d)
{
    int64_t now_ms = clock_now_ms();

    for (size_t i = 0; i < d->o.lanes; i++)
        for (struct job *j; (j = jobs_pop(&d->out[i])) != NULL;) {
            struct outcome v = {.slot = -1, .campaign_id = j->brief->campaign.id};
            settle_unclaim(j, now_ms, now_ms, &v.settlement);
            tray_add(&d->in, &v, 1);
            free(j);
        }
}

/* How long the next look for work may wait. */
static void rest(struct hatch *d, const struct found *f, int64_t now_us)
{
    bool idle = f->dry && f->claimed == 0 && d->settled_now == 0;

    if (f->refreshed) /* chores go on, but others want to write, too */
        d->refreshed_us = f->chores_left ? now_us - REFRESH_US + EMPTY_US : now_us;
    d->empty_at_us = f->dry || f->more ? now_us : 0;
    if (!f->dry && !f->more)
        d->empty_for_us = 0;
    else if (f->more) /* goes on, but others want to write, too */
        d->empty_for_us = EMPTY_US;
    else if (!idle || d->empty_for_us == 0)
        d->empty_for_us = EMPTY_US;
    else
        d->empty_for_us = d->empty_for_us * 2 < EMPTY_MAX_US ? d->empty_for_us * 2 : EMPTY_MAX_US;
}

/* Refusals that were acknowledged to a provider and not applied. What was caught up counts for
 * REFRESH_US: its own time, because rounds that failed to catch up commit, too, and refresh. */
static int catch_up(struct hatch *d, struct err *e)
{
    const struct dispatch_opts *o = d->o.run;
    int64_t now_us = clock_mono_us();

    if (o->catch_up == NULL || d->closing || now_us - d->caught_up_us < REFRESH_US)
        return 0;
    if (o->catch_up(o->catch_up_ctx, e) != 0)
        return -1;
    d->caught_up_us = now_us;
    return 0;
}

/* One round; lock held on entry and on return. False ends the thread. */
static bool do_round(struct hatch *d)
{
    struct found f = {0};
    struct err e = {0};
    size_t want[HATCH_LANES];

    if (d->closing)
        return_uncollected(d);
    tray_add(&d->mine, d->in.v, d->in.n);
    d->in.n = 0;
    d->taken = d->mine.n;
    claims_reuse(d->claims, &d->spent);
    for (size_t i = 0; i < HATCH_LANES; i++)
        want[i] = d->closing || d->failing_since_us != 0 ? 0 : d->want[i];
    uint32_t down = d->closing || d->failing_since_us != 0 ? 0 : d->down;
    pthread_mutex_unlock(&d->lock);

    failpoint("hatch_round");
    arena_reset(d->arena);
    struct err behind = {0};
    bool caught_up = catch_up(d, &behind) == 0;
    if (!caught_up)
        memset(want, 0, sizeof want);
    int64_t now_ms = clock_now_ms();
    int rc = commit_round(d, want, down, now_ms, &f, &e);
    d->settled_now = d->mine.n;
    if (rc == 0)
        free_marks(d);
    if (f.moving) {
        failovers_told(d->failovers, rc == 0);
        d->failover_at_us = clock_mono_us() + (f.moving_on ? EMPTY_US : FAILOVER_US);
    }
    bool looked = rc == 0 && (f.refreshed || f.dry || f.moving);
    int look_rc = looked ? look(d, now_ms, &f, &e) : 0;

    pthread_mutex_lock(&d->lock);
    if (rc != 0)
        return !failed_round(d, &e);
    d->taken = 0;
    rest(d, &f, clock_mono_us());
    publish(d, &f, looked && look_rc == 0);
    transport_wakeup(d->o.transport);
    if (look_rc != 0 || !caught_up) /* what was committed stands */
        return !failed_round(d, caught_up ? &e : &behind);
    d->failing_since_us = 0;
    return !d->closing || d->in.n > 0 || uncollected(d);
}

static void *hatch_main(void *arg)
{
    struct hatch *d = arg;

    pthread_mutex_lock(&d->lock);
    do
        wait_for_work(d);
    while (do_round(d));
    pthread_mutex_unlock(&d->lock);
    transport_wakeup(d->o.transport);
    return NULL;
}

/* ---- life ---- */

struct hatch *hatch_start(const struct hatch_opts *o, struct err *e)
{
    struct hatch *d = calloc(1, sizeof *d);
    pthread_condattr_t attr;

    if (d == NULL)
        panic("out of memory");
    d->o = *o;
    d->intent = intent_new(o->run, o->store, o->keyring);
    d->failovers = failovers_new(o->store, d->intent);
    d->arena = arena_new(1 << 20);
    d->claims = claims_new(&d->o, d->intent);
    d->status.next_due_ms = INT64_MAX;
    d->refreshed_us = d->caught_up_us = -REFRESH_US;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->work, &attr);
    pthread_condattr_destroy(&attr);
    int rc = pthread_create(&d->thread, NULL, hatch_main, d);
    if (rc != 0) {
        err_set(e, ERR_OS, NULL, "cannot start the store thread: %s", strerror(rc));
        hatch_free(d);
        return NULL;
    }
    d->started = true;
    return d;
}

void hatch_stop(struct hatch *d)
{
    if (!d->started)
        return;
    hatch_flush(d);
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_signal(&d->work);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    d->started = false;
}

const struct refusal *hatch_refusals(const struct hatch *d, size_t *n)
{
    return intent_refusals(d->intent, n);
}

void hatch_free(struct hatch *d)
{
    if (d == NULL)
        return;
    hatch_stop(d);
    for (size_t i = 0; i < HATCH_LANES; i++)
        jobs_free(&d->out[i]);
    jobs_free(&d->spent);
    jobs_free(&d->local_spent);
    failovers_free(d->failovers);
    claims_free(d->claims);
    intent_free(d->intent);
    arena_free(d->arena);
    tray_fini(&d->in);
    tray_fini(&d->mine);
    tray_fini(&d->local);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->work);
    free(d);
}
