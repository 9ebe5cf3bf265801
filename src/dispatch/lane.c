/*
 * lane: one gateway's sending path at run time. Called by loop.c on the loop thread only.
 *
 * Halving: a batch that is refused as a whole for what one message of it may have done goes back to
 * the queue with a cap of half its size for each of its messages, until the culprit stands alone.
 * The caps are kept in memory: after a restart the batch is simply refused once more.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"
#include "internal.h"

#define HALVES_SLOTS 8192 /* power of two */

struct halves {
    struct {
        int64_t message_id; /* 0 = empty */
        size_t cap;
    } slot[HALVES_SLOTS];
};

void lane_init(struct lane *l, const struct dispatch_opts *o, const struct gateway *g,
               int64_t now_ms)
{
    memset(l, 0, sizeof *l);
    l->gateway = g;
    l->limits = *gateway_limits(g);
    if (l->limits.batch < 1)
        l->limits.batch = 1;
    if (l->limits.concurrency < 1)
        l->limits.concurrency = 1;
    struct pace_limits p = {.rate = l->limits.rate,
                            .burst = l->limits.burst,
                            .concurrency = l->limits.concurrency,
                            .quiet_from = l->limits.quiet_from,
                            .quiet_to = l->limits.quiet_to,
                            .zone_min = o->zone_min,
                            .breaker_failures = o->breaker_failures,
                            .breaker_ms = o->breaker_ms};
    pace_lane_init(&l->pace, &p, now_ms);
}

void lane_fini(struct lane *l)
{
    while (l->idle != NULL) {
        struct flight *f = l->idle;
        l->idle = f->next;
        gw_request_fini(&f->request);
        free(f->jobs);
        free(f->messages);
        free(f);
    }
    for (struct job *j; (j = lane_pop(l)) != NULL;)
        free(j);
    free(l->halves);
}

void lane_push(struct lane *l, struct job *list)
{
    if (list == NULL)
        return;
    if (l->tail != NULL)
        l->tail->next = list;
    else
        l->head = list;
    for (;; list = list->next) {
        l->waiting++;
        if (list->next == NULL)
            break;
    }
    l->tail = list;
}

struct job *lane_pop(struct lane *l)
{
    struct job *j = l->head;

    if (j == NULL)
        return NULL;
    l->head = j->next;
    if (l->head == NULL)
        l->tail = NULL;
    l->waiting--;
    j->next = NULL;
    return j;
}

size_t lane_window(const struct lane *l)
{
    return (size_t)l->limits.concurrency * (size_t)l->limits.batch;
}

void lane_answered(struct lane *l, int64_t handed_ms, int64_t now_ms)
{
    int64_t took = now_ms - handed_ms;

    l->moved_ms = now_ms;
    if (handed_ms == 0)
        return;
    if (l->latency_ms == 0)
        l->latency_ms = took;
    else if (took > l->latency_ms) /* up soon, down slowly */
        l->latency_ms = (l->latency_ms + took) / 2;
    else
        l->latency_ms = (7 * l->latency_ms + took) / 8;
    if (l->latency_ms < 1)
        l->latency_ms = 1;
}

/* What may leave within `ms`: what is free now, and whole batches for those that land by then. */
static size_t lets_go(const struct lane *l, int64_t ms, int64_t now_ms)
{
    size_t window = lane_window(l), batch = (size_t)l->limits.batch;
    size_t free_now = l->flying < window ? window - l->flying : 0;
    int64_t latency = l->latency_ms;

    if (l->flying > 0 && now_ms - l->moved_ms > latency) /* it has become slower: nobody lands */
        latency = now_ms - l->moved_ms;
    if (latency <= 0)
        return SIZE_MAX;
    return free_now + (size_t)((double)window * (double)ms / (double)latency) / batch * batch;
}

size_t lane_appetite(const struct lane *l, int64_t claim_ttl_ms, int64_t now_ms)
{
    size_t most = 2 * lane_window(l), n = lets_go(l, claim_ttl_ms / 2, now_ms);

    if (l->pace.openings > 0) /* half-open: one request goes, and its answer is waited for */
        return l->waiting > 0 || l->flying > 0 ? 0 : (size_t)l->limits.batch;
    if (l->limits.rate > 0) { /* a batch at least */
        double by_rate = l->limits.rate * (double)claim_ttl_ms / 2000.0;
        size_t rated =
            by_rate < (double)l->limits.batch ? (size_t)l->limits.batch : (size_t)by_rate;
        n = rated < n ? rated : n;
    }
    if (n < most)
        return l->waiting > n / 2 || n == 0 ? 0 : n - l->waiting;
    /* The next claim is asked for while the last one still waits, or a slow disk's commits would
     * starve the lane. */
    return l->waiting > most ? 0 : most;
}

/* ---- halving ---- */

static size_t halves_at(const struct halves *h, int64_t message_id)
{
    size_t i =
        (size_t)((uint64_t)message_id * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (HALVES_SLOTS - 1);

    for (size_t probe = 0; probe < 8; probe++) {
        size_t at = (i + probe) & (HALVES_SLOTS - 1);
        if (h->slot[at].message_id == message_id || h->slot[at].message_id == 0)
            return at;
    }
    return i; /* crowded: the newest wins, the loser is refused with a full batch once more */
}

static size_t batch_cap(const struct lane *l, int64_t message_id)
{
    size_t full = (size_t)l->limits.batch;

    if (l->halves == NULL)
        return full;
    size_t at = halves_at(l->halves, message_id);
    return l->halves->slot[at].message_id == message_id ? l->halves->slot[at].cap : full;
}

void lane_halve(struct lane *l, struct job *const *jobs, size_t n)
{
    if (l->halves == NULL) {
        l->halves = calloc(1, sizeof *l->halves);
        if (l->halves == NULL)
            panic("out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = halves_at(l->halves, jobs[i]->message_id);
        l->halves->slot[at].message_id = jobs[i]->message_id;
        l->halves->slot[at].cap = (n + 1) / 2;
    }
}

void lane_message(const struct job *j, struct gw_message *out)
{
    *out = (struct gw_message){.id = j->message_id,
                               .ref = j->ref,
                               .proof = j->proof,
                               .phone = j->payload.phone,
                               .subject = j->payload.subject,
                               .html = j->payload.html,
                               .text = j->payload.text,
                               .signature = j->payload.signature,
                               .carrier_template = j->payload.carrier_template,
                               .carrier_variables = j->payload.carrier_variables};
}

/* One request is about one campaign; no number stands in it twice, because many gateways tell messages of a batch apart by the number alone. */
static bool joins(const struct lane *l, struct job *const *batch, size_t n, const struct job *j)
{
    struct gw_message first, next;

    if (j->brief != batch[0]->brief)
        return false;
    for (size_t i = 0; i < n; i++)
        if (batch[i]->address_id == j->address_id)
            return false;
    lane_message(batch[0], &first);
    lane_message(j, &next);
    return gateway_together(l->gateway, &first, &next);
}

size_t lane_batch(struct lane *l, struct job **out, size_t max)
{
    size_t n = 0;

    while (n < max && l->head != NULL) {
        size_t cap = batch_cap(l, l->head->message_id);
        if (n > 0 && (cap != batch_cap(l, out[0]->message_id) || !joins(l, out, n, l->head)))
            break;
        if (cap < max)
            max = cap;
        out[n++] = lane_pop(l);
    }
    return n;
}

/* ---- flights ---- */

struct flight *lane_flight(struct lane *l)
{
    struct flight *f = l->idle;

    if (f != NULL) {
        l->idle = f->next;
        gw_request_reset(&f->request);
    } else {
        f = calloc(1, sizeof *f);
        if (f == NULL)
            panic("out of memory");
        f->jobs = calloc((size_t)l->limits.batch, sizeof *f->jobs);
        f->messages = calloc((size_t)l->limits.batch, sizeof *f->messages);
        if (f->jobs == NULL || f->messages == NULL)
            panic("out of memory");
        gw_request_init(&f->request);
        f->lane = l;
    }
    f->n = 0;
    f->handed_ms = 0;
    f->held_back = false;
    f->due_ms = 0;
    return f;
}

void lane_land(struct lane *l, struct flight *f)
{
    f->next = l->idle;
    l->idle = f;
}

static bool hold_back(struct flight *f, int64_t due_ms)
{
    f->held_back = true;
    f->due_ms = due_ms;
    return false;
}

bool lane_may_leave(struct flight *f, int64_t claim_ttl_ms, int64_t now_ms)
{
    struct pace_answer a = pace_lane_quiet(&f->lane->pace, now_ms);

    if (a.reason != PACE_GO)
        return hold_back(f, a.not_before_ms);
    /* Mail servers greet when they please; a claim that is given up for it would be claimed again and again. */
    if (f->request.mail != NULL)
        claim_ttl_ms += f->lane->limits.connect_timeout_ms;
    for (size_t i = 0; i < f->n; i++) {
        const struct job *j = f->jobs[i];
        a = pace_schedule_admit(&j->brief->campaign.schedule, now_ms);
        if (a.reason == PACE_GO && j->claimed_ms + claim_ttl_ms > now_ms)
            continue;
        return hold_back(f,
                         a.reason == PACE_GO || a.reason == PACE_LAPSED ? now_ms : a.not_before_ms);
    }
    return true;
}
