/*
 * loop: the loop thread. Takes claimed messages from the hatch, asks pace, hands requests to the
 * transport, judges answers, puts settlements on the hatch. It never touches the database and never
 * waits for a disk.
 *
 * The hand-over is the transport's callback: window, not_after, quiet hours and claim_ttl are looked at for the
 * last time there, marks are set, and only then may a byte leave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"
#include "zhanchi/transport.h"
#include "internal.h"

#define ANSWER_MAX (1u << 20)
#define TICK_MS 200      /* longest sleep: campaigns, signals and time limits are looked at */
#define LINGER_MS 15000  /* a message due again so soon is waited for */
#define STATUS_MS 20     /* how the queue stands is asked so often */
#define BATCH_WAIT_MS 20 /* an unfilled batch waits so long for claims under way */
#define STALLED_OPENINGS                                                                           \
    3 /* breaker openings in a row after which a lane is given up for this run */

struct loop {
    struct loop_opts o;
    struct transport *transport;
    struct dispatch_result *result;
    struct settle_rules rules;
    uint64_t chance; /* state of the jitter's generator */
    int64_t began_ms;
    bool draining;
    uint32_t down;            /* bit by lane: given up, as the hatch was told */
    bool busy;                /* since it was quiet last */
    uint64_t looked_at_flush; /* hatch's look count when it became quiet */
    int64_t batch_waits_since_ms;
};

/* xorshift64*: jitter needs no better. */
static double next_chance(struct loop *l)
{
    l->chance ^= l->chance >> 12;
    l->chance ^= l->chance << 25;
    l->chance ^= l->chance >> 27;
    return (double)(l->chance * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

static void finish_job(struct loop *l, struct job *j, struct outcome *v)
{
    v->slot = j->slot;
    v->campaign_id = j->brief->campaign.id;
    if (v->slot >= 0 && v->settlement.handed_ms != 0)
        marks_answered(l->o.marks, v->slot, &v->settlement);
    hatch_settle(l->o.hatch, j, v);
}

static void unclaim(struct loop *l, struct job *j, int64_t now_ms, int64_t due_ms,
                    const char *pause)
{
    struct outcome v = {.pause = pause};

    settle_unclaim(j, now_ms, due_ms, &v.settlement);
    l->result->unclaimed++;
    finish_job(l, j, &v);
}

/* ---- hand-over and answer: called by the transport ---- */

static int handover(void *ctx, void *tag)
{
    struct loop *l = ctx;
    struct flight *f = tag;
    int64_t now_ms = clock_now_ms();

    if (!lane_may_leave(f, l->o.run->claim_ttl_ms, now_ms))
        return -1;
    f->handed_ms = now_ms;
    for (size_t i = 0; i < f->n; i++)
        marks_handed(l->o.marks, f->jobs[i]->slot, f->jobs[i]->message_id, f->jobs[i]->attempt,
                     now_ms);
    failpoint("at_handover");
    return 0;
}

static void count_result(struct dispatch_result *r, const struct settlement *v)
{
    switch (v->input) {
    case IN_ANSWER_ACCEPTED:
        r->accepted++;
        break;
    case IN_ANSWER_REFUSED:
        r->rejected++;
        break;
    case IN_ANSWER_RETRY:
        r->retried++;
        break;
    case IN_ANSWER_UNKNOWN:
        r->unknown++;
        break;
    default:
        r->unclaimed++;
        break;
    }
}

/* CONTENT refusals in a row say that the text is at fault, not the message. */
static const char *content_stop(struct loop *l, struct lane *lane, const struct job *j,
                                enum msg_class class)
{
    if (lane->content_campaign != j->brief->campaign.id) {
        lane->content_campaign = j->brief->campaign.id;
        lane->content_in_a_row = 0;
    }
    if (class != CLASS_CONTENT) {
        lane->content_in_a_row = 0;
        return NULL;
    }
    lane->content_in_a_row++;
    return lane->content_in_a_row == l->o.run->content_stop ? "the gateway refuses the text" : NULL;
}

static void settle_flight(struct loop *l, struct flight *f, const struct gw_result *r, bool halve,
                          int64_t now_ms)
{
    struct lane *lane = f->lane;

    if (halve)
        lane_halve(lane, f->jobs, f->n);
    l->rules.limit_pause_ms = lane->limits.limit_pause_ms;
    for (size_t i = 0; i < f->n; i++) {
        struct outcome v = {0};
        struct gw_result again = r[i];

        if (f->held_back) {
            unclaim(l, f->jobs[i], now_ms, f->due_ms, NULL);
            continue;
        }
        if (halve) /* nothing was accepted; whose fault it was shows when the culprit stands alone
                    */
            again.class = CLASS_RETRY;
        settle_result(&l->rules, f->jobs[i], &again, f->handed_ms, now_ms, next_chance(l),
                      &v.settlement);
        if (halve)
            v.settlement.due_ms = now_ms;
        else if (f->handed_ms != 0)
            v.pause = content_stop(l, lane, f->jobs[i], r[i].class);
        count_result(l->result, &v.settlement);
        finish_job(l, f->jobs[i], &v);
    }
}

static void note_lane(struct loop *l, struct lane *lane, const struct gw_result *r,
                      enum pace_lane_event ev, const char *transport_error)
{
    if (ev == PACE_LANE_OK)
        return;
    snprintf(lane->why, sizeof lane->why, "gateway %s: %s%s%s", gateway_name(lane->gateway),
             r->code, transport_error[0] != '\0' ? ": " : "", transport_error);
    if (ev == PACE_LANE_STOP && !lane->said_stop) {
        lane->said_stop = true;
        log_error("dispatch", "%s: the gateway refuses us (code %s); stopped for this run",
                  lane->why, r->code);
    }
    if (l->result->why_left[0] == '\0')
        snprintf(l->result->why_left, sizeof l->result->why_left, "%s", lane->why);
}

/* The result that explains the event best. */
static const struct gw_result *telling(const struct gw_result *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (r[i].class == CLASS_CONFIG)
            return &r[i];
    for (size_t i = 0; i < n; i++)
        if (r[i].class == CLASS_UNKNOWN || r[i].class == CLASS_RETRY)
            return &r[i];
    return r;
}

static void done(void *ctx, void *tag, const struct gw_answer *a)
{
    struct loop *l = ctx;
    struct flight *f = tag;
    struct lane *lane = f->lane;
    struct gw_result stack[16], *r = stack;
    struct gw_answer answer = *a;
    int64_t now_ms = clock_now_ms(), retry_after = 0;
    int openings = lane->pace.openings;
    bool whole = false;

    failpoint("after_request");
    if (f->n > 16 && (r = calloc(f->n, sizeof *r)) == NULL)
        panic("out of memory");
    /* Our own mark decides, not the library's word: no mark, no byte. */
    answer.handed_over = f->handed_ms != 0;
    gateway_judge(lane->gateway, &answer, f->messages, f->n, r, &whole);
    bool halve =
        whole && f->n > 1 &&
        (r[0].class == CLASS_NUMBER || r[0].class == CLASS_CONTENT || r[0].class == CLASS_OPTOUT);
    enum pace_lane_event ev =
        f->held_back ? PACE_LANE_OK : settle_lane_event(r, f->n, answer.handed_over, &retry_after);
    pace_lane_end(&lane->pace, now_ms, ev, retry_after);
    note_lane(l, lane, telling(r, f->n), ev, answer.transport_error);
    if (lane->pace.openings > openings)
        log_warn("dispatch", "%s; pausing this lane", lane->why);
    lane->flying -= f->n;
    lane_answered(lane, f->handed_ms, now_ms);
    settle_flight(l, f, r, halve, now_ms);
    if (r != stack)
        free(r);
    lane_land(lane, f);
    failpoint("before_settle");
}

/* ---- feeding ---- */

static bool lane_given_up(const struct lane *lane)
{
    return lane->pace.stopped || lane->pace.openings >= STALLED_OPENINGS;
}

/* What a lane that was given up has not sent goes back at once: it may go over to another one. */
static void give_back(struct loop *l, struct lane *lane, int64_t now_ms)
{
    for (struct job *j; (j = lane_pop(lane)) != NULL;)
        unclaim(l, j, now_ms, now_ms, NULL);
}

/* Claims that waited too long go back: another run, or this one later, takes them when the lane is
 * free. */
static void expire(struct loop *l, struct lane *lane, int64_t now_ms)
{
    struct pace_answer a = pace_lane_admit(&lane->pace, now_ms);
    int64_t due =
        a.not_before_ms == INT64_MAX || a.not_before_ms < now_ms ? now_ms : a.not_before_ms;

    while (lane->head != NULL && lane->head->claimed_ms + l->o.run->claim_ttl_ms <= now_ms)
        unclaim(l, lane_pop(lane), now_ms, due, NULL);
}

static bool take_marks(struct loop *l, struct flight *f)
{
    for (size_t i = 0; i < f->n; i++) {
        f->jobs[i]->slot = marks_take(l->o.marks);
        if (f->jobs[i]->slot < 0)
            return false;
    }
    return true;
}

/* The batch does not go: everything of it returns to the queue. */
static void abandon(struct loop *l, struct flight *f, int64_t now_ms, int64_t due_ms,
                    const char *pause)
{
    for (size_t i = 0; i < f->n; i++)
        unclaim(l, f->jobs[i], now_ms, due_ms, pause);
    lane_land(f->lane, f);
}

/* A value that the profile cannot carry: halve until the message stands alone, then stop its
 * campaign. */
static void unbuildable(struct loop *l, struct flight *f, int64_t now_ms, const struct err *e)
{
    if (f->n > 1) {
        lane_halve(f->lane, f->jobs, f->n);
        abandon(l, f, now_ms, now_ms, NULL);
        return;
    }
    log_error("dispatch", "message %lld: %s", (long long)f->jobs[0]->message_id, e->what);
    abandon(l, f, now_ms, now_ms, "a message cannot be written in the gateway's form");
}

static bool launch(struct loop *l, struct lane *lane, int64_t now_ms)
{
    struct flight *f = lane_flight(lane);
    struct err e = {0};

    f->n = lane_batch(lane, f->jobs, (size_t)lane->limits.batch);
    if (!take_marks(l, f)) {
        abandon(l, f, now_ms, now_ms, NULL);
        return false;
    }
    for (size_t i = 0; i < f->n; i++)
        lane_message(f->jobs[i], &f->messages[i]);
    if (gateway_build(lane->gateway, f->messages, f->n, now_ms, &f->request, &e) != 0) {
        unbuildable(l, f, now_ms, &e);
        return true;
    }
    if (transport_submit(l->transport, &f->request, lane->limits.timeout_ms,
                         lane->limits.connect_timeout_ms, f, &e) != 0) {
        log_error("dispatch", "%s", e.what);
        abandon(l, f, now_ms, now_ms + l->rules.backoff_base_ms, NULL);
        return false;
    }
    if (lane->flying == 0)
        lane->moved_ms = now_ms;
    lane->flying += f->n;
    l->result->handed += (int64_t)f->n;
    pace_lane_start(&lane->pace, now_ms, (int)f->n);
    return true;
}

/* A batch that is not full waits a moment if more is being claimed. */
static bool wait_for_more(struct loop *l, const struct lane *lane, int64_t now_ms)
{
    if (lane->limits.batch == 1 || lane->waiting >= (size_t)lane->limits.batch || lane->wanted == 0)
        return false;
    if (l->batch_waits_since_ms == 0)
        l->batch_waits_since_ms = now_ms;
    return now_ms - l->batch_waits_since_ms < BATCH_WAIT_MS;
}

/* Starts what may start; returns when the lane should be looked at again. */
static int64_t feed(struct loop *l, struct lane *lane, int64_t now_ms)
{
    if (lane_given_up(lane))
        give_back(l, lane, now_ms);
    expire(l, lane, now_ms);
    while (lane->waiting > 0) {
        struct pace_answer a = pace_lane_admit(&lane->pace, now_ms);
        if (a.reason != PACE_GO)
            return a.not_before_ms;
        if (wait_for_more(l, lane, now_ms))
            return now_ms + BATCH_WAIT_MS;
        l->batch_waits_since_ms = 0;
        if (!launch(l, lane, now_ms))
            return now_ms + TICK_MS;
    }
    return INT64_MAX;
}

static void ask(struct loop *l, size_t i, int64_t now_ms)
{
    struct lane *lane = &l->o.lanes[i];
    struct pace_answer a = pace_lane_admit(&lane->pace, now_ms);
    bool soon = a.reason == PACE_GO || a.reason == PACE_CONCURRENCY ||
                (a.reason == PACE_RATE && a.not_before_ms - now_ms < l->o.run->claim_ttl_ms / 2);

    lane->wanted = soon && !l->draining && !lane_given_up(lane)
                       ? lane_appetite(lane, l->o.run->claim_ttl_ms, now_ms)
                       : 0;
    hatch_want(l->o.hatch, i, lane->wanted);
}

/* ---- the loop ---- */

static void report(struct loop *l, const struct hatch_status *s)
{
    const struct progress *p = &l->o.run->progress;
    const struct dispatch_result *r = l->result;
    int64_t ended = r->accepted + r->rejected + r->unknown;

    if (p->fn != NULL && p->fn(p->ctx, ended, ended + s->waiting, NULL) != 0)
        l->draining = true;
}

static bool time_is_up(const struct loop *l, int64_t now_ms)
{
    const struct dispatch_opts *o = l->o.run;

    return (o->stop != NULL && *o->stop) ||
           (o->max_runtime_ms > 0 && now_ms - l->began_ms >= o->max_runtime_ms);
}

static bool all_quiet(const struct loop *l)
{
    for (size_t i = 0; i < l->o.n_lanes; i++)
        if (l->o.lanes[i].waiting > 0 || l->o.lanes[i].flying > 0)
            return false;
    return hatch_pending(l->o.hatch) == 0;
}

static bool nothing_flies(const struct loop *l)
{
    for (size_t i = 0; i < l->o.n_lanes; i++)
        if (l->o.lanes[i].flying > 0)
            return false;
    return true;
}

/* Nothing moves, and nothing will soon. */
static bool finished(struct loop *l, const struct hatch_status *s, int64_t now_ms)
{
    if (!all_quiet(l)) {
        l->busy = true;
        return false;
    }
    if (l->draining)
        return true;
    if (l->busy) { /* quiet since now: `s` may be some looks old, and what counts are looks from here on */
        struct hatch_status now;
        hatch_status(l->o.hatch, &now);
        l->busy = false;
        l->looked_at_flush = now.looked;
        return false;
    }
    if (s->chores_left || s->looked <= l->looked_at_flush + 1)
        return false; /* the hatch has not looked since the last settlement */
    for (size_t i = 0; i < l->o.n_lanes; i++)
        if (s->due[i] > 0 && !lane_given_up(&l->o.lanes[i]))
            return false;
    bool any_open = false, left = false;
    for (size_t i = 0; i < l->o.n_lanes; i++) {
        any_open = any_open || !lane_given_up(&l->o.lanes[i]);
        left = left || s->due[i] > 0;
    }
    /* With every lane given up nothing goes any more. What these refused a moment ago is waited for even
     * so, till it is due again: the run must tell that work is left. */
    if (!any_open && (left || s->next_due_ms == INT64_MAX || s->next_due_ms - now_ms > LINGER_MS))
        return true;
    if (!any_open)
        return false;
    /* What waits for a lane that is down may still go over to another one. */
    for (size_t i = 0; i < l->o.n_lanes; i++)
        if (s->due[i] > 0 && lane_given_up(&l->o.lanes[i]) &&
            ((s->down_seen & UINT32_C(1) << i) == 0 || s->due[i] > s->stuck[i]))
            return false;
    int64_t linger = l->o.run->wait ? INT64_MAX / 2 : LINGER_MS;
    return s->next_due_ms == INT64_MAX || s->next_due_ms - now_ms > linger;
}

static int wait_ms(int64_t next_ms, int64_t now_ms)
{
    int64_t ms = next_ms - now_ms;

    return ms < 0 ? 0 : ms > TICK_MS ? TICK_MS : (int)ms;
}

static void drain(struct loop *l, int64_t now_ms)
{
    for (size_t i = 0; i < l->o.n_lanes; i++)
        give_back(l, &l->o.lanes[i], now_ms);
}

static void tell_down(struct loop *l)
{
    uint32_t down = 0;

    for (size_t i = 0; i < l->o.n_lanes; i++)
        down |= lane_given_up(&l->o.lanes[i]) ? UINT32_C(1) << i : 0;
    if (down != l->down)
        hatch_down(l->o.hatch, down);
    l->down = down;
}

int loop_run(struct loop *l, struct err *e)
{
    struct hatch_status status = {0};
    int64_t looked_ms = 0;

    l->began_ms = clock_now_ms();
    for (;;) {
        int64_t now_ms = clock_now_ms(), next_ms = INT64_MAX;

        failpoint("loop_turn");
        if (now_ms - looked_ms >= STATUS_MS || all_quiet(l)) {
            hatch_status(l->o.hatch, &status);
            looked_ms = now_ms;
        }
        if (status.failed && nothing_flies(l)) {
            *e = status.error;
            return -1;
        }
        /* Also where nothing can be committed any more: answers that come go into the marks. */
        if (time_is_up(l, now_ms) || status.doubted || status.failed)
            l->draining = true;
        for (size_t i = 0; i < l->o.n_lanes; i++)
            lane_push(&l->o.lanes[i], hatch_collect(l->o.hatch, i));
        if (l->draining)
            drain(l, now_ms);
        for (size_t i = 0; i < l->o.n_lanes; i++) {
            int64_t at = feed(l, &l->o.lanes[i], now_ms);
            next_ms = at < next_ms ? at : next_ms;
            ask(l, i, now_ms);
        }
        tell_down(l);
        hatch_flush(l->o.hatch);
        report(l, &status);
        if (finished(l, &status, now_ms))
            break;
        if (transport_poll(l->transport, wait_ms(next_ms, now_ms), e) != 0)
            return -1;
    }
    return 0;
}

struct loop *loop_new(const struct loop_opts *o, struct dispatch_result *r, struct err *e)
{
    struct loop *l = calloc(1, sizeof *l);
    struct transport_opts t = {
        .answer_max = ANSWER_MAX, .handover = handover, .done = done, .ctx = l};

    if (l == NULL)
        panic("out of memory");
    l->o = *o;
    l->result = r;
    l->rules.backoff_base_ms = o->run->backoff_base_ms;
    l->rules.backoff_cap_ms = o->run->backoff_cap_ms;
    l->chance = (uint64_t)clock_mono_us() * 2 + 1;
    for (size_t i = 0; i < o->n_lanes; i++)
        t.connections += o->lanes[i].limits.concurrency;
    l->transport = transport_new(&t, e);
    if (l->transport == NULL) {
        free(l);
        return NULL;
    }
    return l;
}

struct transport *loop_transport(struct loop *l)
{
    return l->transport;
}

void loop_set_hatch(struct loop *l, struct hatch *d)
{
    l->o.hatch = d;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    transport_free(l->transport);
    free(l);
}
