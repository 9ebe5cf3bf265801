/*
 * What the files of the dispatcher share.
 *
 *   run.c      the run: lock, keys, epoch, recovery, the two threads, the end
 *   loop.c     loop thread: lanes, pace, requests, answers
 *   lane.c     one gateway's sending path: its queue of claimed messages, batches, halving
 *   settle.c   answer -> settlement
 *   hatch.c    store thread: commits settlements and claims together
 *   claim.c    what it takes out of the queue, with payloads opened (claim.h)
 *   tray.c     outcomes and jobs on their way through the hatch (tray.h)
 *   failover.c what goes over to another gateway when a lane has stopped
 *   intent.c   which campaigns may send now, and whether their approval holds
 *   marks.c    hand-over marks
 *   plan.c     --dry-run
 *
 * Ownership of a job (a claimed message): the store thread makes it, `hatch_collect` moves it to
 * the loop thread, `hatch_settle` takes it back with its outcome. Briefs (a campaign as it was
 * approved) live until the end of the run.
 */
#ifndef DISPATCH_INTERNAL_H
#define DISPATCH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/dispatch.h"
#include "zhanchi/pace.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_route.h"
#include "marks.h"

struct transport;

/* A campaign over one of its gateways, as the loop needs it. Immutable; a changed campaign has new
 * briefs. Those of one campaign are neighbours, in the order of its gateways. */
struct brief {
    struct campaign_info campaign;
    int route;          /* number of the gateway in the campaign */
    int lane;           /* index of that gateway in opts->gateways */
    int64_t gateway_id; /* in the database */
    struct brief *next; /* all briefs of the run, for freeing */
};

struct job {
    const struct brief *brief;
    int64_t message_id, address_id;
    int32_t attempt;
    int slot; /* of its mark, -1 = none */
    int64_t claimed_ms;
    struct payload payload; /* points into data */
    char ref[MESSAGE_REF_MAX];
    char proof[KEYRING_PROOF_MAX]; /* of an email; else "" */
    struct job *next;
    size_t size; /* of data */
    char data[];
};

struct outcome {
    struct settlement settlement;
    int slot;          /* of its mark, -1 = none */
    const char *pause; /* not NULL: the campaign pauses, and why (a constant text) */
    int64_t campaign_id;
};

/* ---- settle.c ---- */

struct settle_rules {
    int64_t backoff_base_ms, backoff_cap_ms, limit_pause_ms;
};
/* What a result means for its message. `handed_ms` 0: the gateway could not be reached, no byte has left.
 * chance in [0, 1). */
void settle_result(const struct settle_rules *rules, const struct job *j, const struct gw_result *r,
                   int64_t handed_ms, int64_t now_ms, double chance, struct settlement *out);
/* Back to the queue, untouched, until due_ms: we held it back, it expired, or no request was made. */
void settle_unclaim(const struct job *j, int64_t now_ms, int64_t due_ms, struct settlement *out);
/* What a request's results say of its lane. */
enum pace_lane_event settle_lane_event(const struct gw_result *r, size_t n, bool handed_over,
                                       int64_t *retry_after_ms);

/* ---- intent.c: on the store thread ---- */

struct intent;
struct intent *intent_new(const struct dispatch_opts *o, struct store *s, struct keyring *k);
void intent_free(struct intent *in); /* and its briefs */
/* Reads the campaigns anew: approved and running ones whose approval holds, highest priority first;
 * refused ones are logged once. Inside the transaction of the claim, so that a pause, a cancel or a
 * changed row is seen before anything of it is claimed. */
int intent_refresh(struct intent *in, struct err *e);
/* Is this brief still what the database says? 1, or 0 (claim nothing, refresh). */
int intent_holds(struct intent *in, const struct brief *b, struct err *e);
size_t intent_count(const struct intent *in);
const struct brief *intent_at(const struct intent *in, size_t i);
/* Campaigns that were refused in this run (approval does not hold ...), each once. */
struct refusal {
    int64_t campaign_id;
    struct err why;
};
const struct refusal *intent_refusals(const struct intent *in, size_t *n);
bool intent_may_send(const struct campaign_info *c); /* by its state */

/* ---- failover.c: on the store thread ---- */

struct failovers;
struct failovers *failovers_new(struct store *s, struct intent *in);
void failovers_free(struct failovers *f);
/* One step, in the open transaction: of campaigns that allow it, what waits for a lane that is down
 * (bit by lane) and no gateway may have taken goes over to the next one that is not. *more: there is
 * more to look at. Says nothing yet. */
int failovers_step(struct failovers *f, uint32_t down, int64_t now_ms, bool *more, struct err *e);
void failovers_told(struct failovers *f, bool committed); /* one line for what one step moved */
/* Of that step: lanes that are down and for which nothing (more) goes over to another one. */
uint32_t failovers_done(const struct failovers *f);

/* ---- hatch.c: between the two threads ---- */

struct hatch;
#define HATCH_LANES 32 /* gateways that one run may serve */

struct hatch_opts {
    const struct dispatch_opts *run;
    struct store *store;
    struct keyring *keyring;
    struct epoch *epoch;
    struct marks *marks;
    struct transport *transport; /* woken when something has come */
    size_t lanes;
};

/* How the queue stood at the store thread's last look. */
struct hatch_status {
    int64_t claimed, suppressed, capped, lapsed, released;
    int64_t due[HATCH_LANES]; /* by lane: due, in an open window, of campaigns that may send */
    int64_t waiting;          /* queued, due or not */
    int64_t next_due_ms;      /* of what is not due now; INT64_MAX = none */
    uint64_t looked;          /* number of that look: rises with every transaction */
    bool chores_left;         /* not all is released or lapsed yet whose time has come */
    /* Bit by lane: it is down, and of `stuck` messages that were due there none could go over to another
     * one. */
    uint32_t down_seen;
    int64_t stuck[HATCH_LANES];
    bool doubted; /* a doubt was raised while we ran: nothing more is claimed */
    bool failed;  /* gave up: the database cannot be written */
    struct err error;
    char why[160]; /* why nothing could be claimed, for people */
};

struct hatch *hatch_start(const struct hatch_opts *o, struct err *e);
/* Commits what is left, ends the thread. */
void hatch_stop(struct hatch *d);
void hatch_free(struct hatch *d);

/* From the loop thread: never blocks on the disk. */
void hatch_settle(struct hatch *d, struct job *take, const struct outcome *v);
void hatch_want(struct hatch *d, size_t lane,
                size_t n); /* claims wanted for this lane at the next look; 0 = none */
void hatch_flush(
    struct hatch *d); /* what was settled since the last flush goes to the store thread */
/* The lane takes nothing more in this run (bit by lane). */
void hatch_down(struct hatch *d, uint32_t lanes);
struct job *hatch_collect(struct hatch *d,
                          size_t lane); /* list of claimed jobs in order, or NULL */
void hatch_status(struct hatch *d, struct hatch_status *out);
const struct refusal *hatch_refusals(const struct hatch *d, size_t *n); /* after hatch_stop */
size_t hatch_pending(struct hatch *d); /* settlements not yet committed */

/* ---- lane.c ---- */

struct lane;
struct loop;
struct halves;

struct flight { /* a request under way */
    struct lane *lane;
    struct gw_request request;
    struct job **jobs;
    struct gw_message *messages;
    size_t n;
    int64_t handed_ms; /* 0 = not yet */
    bool held_back;    /* we did not let it go: no fault of the lane */
    int64_t due_ms;    /* when held back: not before */
    struct flight *next;
};

struct lane {
    const struct gateway *gateway;
    struct gw_limits limits;
    struct pace_lane pace;
    struct job *head, *tail;
    size_t waiting;     /* in the list */
    size_t flying;      /* messages in flight */
    size_t wanted;      /* asked for, not yet answered */
    int64_t latency_ms; /* from hand-over to answer, as of late; 0 = nothing measured yet */
    int64_t moved_ms;   /* when the last answer came, or the first of these requests went */
    struct flight *idle;
    struct halves *halves; /* batch caps of messages whose batch was refused as a whole */
    int content_in_a_row;
    int64_t content_campaign;
    bool said_stop;
    char why[160];
};

void lane_init(struct lane *l, const struct dispatch_opts *o, const struct gateway *g,
               int64_t now_ms);
void lane_fini(struct lane *l);
void lane_push(struct lane *l, struct job *list);
struct job *lane_pop(struct lane *l);
size_t lane_window(const struct lane *l); /* messages that may be in flight */
/* How many to claim now: two windows at most, asked for again while as many wait; never more than the
 * rate, or the gateway's answers as of late, let go within half a claim_ttl; one request's worth behind an
 * opening of the breaker. */
size_t lane_appetite(const struct lane *l, int64_t claim_ttl_ms, int64_t now_ms);
void lane_answered(struct lane *l, int64_t handed_ms, int64_t now_ms); /* handed_ms 0: never left */
/* The message as the gateway is to see it; borrows from the job. */
void lane_message(const struct job *j, struct gw_message *out);
/* Takes the next batch off the queue: as large as the profile and the halving allow, of one campaign, of messages that may
 * stand in one request. */
size_t lane_batch(struct lane *l, struct job **out, size_t max);
void lane_halve(struct lane *l, struct job *const *jobs, size_t n);
struct flight *lane_flight(struct lane *l);
void lane_land(struct lane *l, struct flight *f);
/* The last look before a byte leaves: the lane's quiet hours, the campaign's window and end, the claims' age. False: it is held back,
 * until f->due_ms. */
bool lane_may_leave(struct flight *f, int64_t claim_ttl_ms, int64_t now_ms);

/* ---- loop.c ---- */

struct loop_opts {
    const struct dispatch_opts *run;
    struct lane *lanes;
    size_t n_lanes;
    struct hatch *hatch;
    struct marks *marks;
};
struct loop *loop_new(const struct loop_opts *o, struct dispatch_result *r, struct err *e);
struct transport *loop_transport(struct loop *l);
void loop_set_hatch(struct loop *l, struct hatch *d);
int loop_run(struct loop *l, struct err *e);
void loop_free(struct loop *l);

#endif
