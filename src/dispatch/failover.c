/*
 * failover: when a lane has stopped for this run, what waits for it goes over to another gateway of
 * its campaign, if that was approved. Called by hatch.c on the store thread.
 *
 * Which messages may go is the store's to say (store_route.h): queued ones that no gateway may have
 * taken, over gateways that can carry their text. Here is decided where to: the next gateway in the
 * campaign's order whose lane is not down. A pass over a queue goes on in steps of STEP_ROWS, so that
 * no transaction lasts; what came back to the queue behind it is found by the next pass.
 */
#include <stdlib.h>
#include "zhanchi/log.h"
#include "internal.h"

#define STEP_ROWS 2000

struct pass { /* over what waits for one gateway of one campaign */
    int64_t campaign_id;
    int route;
    struct failover_place place, before; /* before: the step that is not committed yet */
    int64_t moved[ROUTE_GATEWAYS];       /* by that step */
    int64_t in_pass, in_pass_before;     /* by the pass so far */
    const struct brief *brief;           /* not NULL: of that step */
};

struct failovers {
    struct store *store;
    struct intent *intent;
    struct pass *list;
    size_t n;
    uint32_t done;
};

struct failovers *failovers_new(struct store *s, struct intent *in)
{
    struct failovers *f = calloc(1, sizeof *f);

    if (f == NULL)
        panic("out of memory");
    f->store = s;
    f->intent = in;
    return f;
}

void failovers_free(struct failovers *f)
{
    if (f == NULL)
        return;
    free(f->list);
    free(f);
}

static struct pass *pass_of(struct failovers *f, const struct brief *b)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].campaign_id == b->campaign.id && f->list[i].route == b->route)
            return &f->list[i];
    f->list = realloc(f->list, (f->n + 1) * sizeof *f->list);
    if (f->list == NULL)
        panic("out of memory");
    f->list[f->n] = (struct pass){.campaign_id = b->campaign.id, .route = b->route};
    return &f->list[f->n++];
}

static bool is_down(uint32_t down, int lane)
{
    return (down & UINT32_C(1) << lane) != 0;
}

/* The campaign's other gateways whose lanes work, the next one first. `at`: the brief's place. */
static void targets(const struct intent *in, size_t at, uint32_t down, struct failover_query *q)
{
    const struct brief *b = intent_at(in, at);
    int n = b->campaign.n_gateways;

    for (int i = 1; i < n; i++) {
        int to = (b->route + i) % n;
        const struct brief *other = intent_at(in, at - (size_t)b->route + (size_t)to);
        if (!is_down(down, other->lane))
            q->to[q->n_to++] = to;
    }
}

/* *fruitless stays true where a pass came to its end and has moved nothing. */
static int step_one(struct failovers *f, size_t at, uint32_t down, int64_t now_ms, bool *more,
                    bool *fruitless, struct err *e)
{
    const struct brief *b = intent_at(f->intent, at);
    struct failover_query q = {
        .campaign_id = b->campaign.id, .from = b->route, .now_ms = now_ms, .look_max = STEP_ROWS};
    struct pass *p = pass_of(f, b);

    targets(f->intent, at, down, &q);
    if (q.n_to == 0)
        return 0;
    int holds = intent_holds(f->intent, b, e);
    if (holds <= 0)
        return holds;
    if (p->place.ended) {
        p->place = (struct failover_place){0};
        p->in_pass = 0;
    }
    if (store_failover(f->store, &q, &p->place, p->moved, e) != 0)
        return -1;
    p->brief = b;
    for (int to = 0; to < ROUTE_GATEWAYS; to++)
        p->in_pass += p->moved[to];
    *more = *more || !p->place.ended;
    *fruitless = *fruitless && p->place.ended && p->in_pass == 0;
    return 0;
}

int failovers_step(struct failovers *f, uint32_t down, int64_t now_ms, bool *more, struct err *e)
{
    *more = false;
    f->done = down;
    for (size_t i = 0; i < f->n; i++) {
        f->list[i].before = f->list[i].place;
        f->list[i].in_pass_before = f->list[i].in_pass;
    }
    for (size_t i = 0; i < intent_count(f->intent); i++) {
        const struct brief *b = intent_at(f->intent, i);
        bool fruitless = true;
        if (!b->campaign.failover || !is_down(down, b->lane))
            continue;
        if (step_one(f, i, down, now_ms, more, &fruitless, e) != 0)
            return -1;
        if (!fruitless)
            f->done &= ~(UINT32_C(1) << b->lane);
    }
    return 0;
}

void failovers_told(struct failovers *f, bool committed)
{
    for (size_t i = 0; i < f->n; i++) {
        struct pass *p = &f->list[i];
        for (int to = 0; to < ROUTE_GATEWAYS; to++) {
            if (committed && p->moved[to] > 0)
                log_warn("dispatch", "campaign %s: %lld messages go over %s: %s has stopped",
                         p->brief->campaign.name, (long long)p->moved[to],
                         p->brief->campaign.gateways[to], p->brief->campaign.gateways[p->route]);
            p->moved[to] = 0;
        }
        if (!committed) {
            p->place = p->before;
            p->in_pass = p->in_pass_before;
        }
        p->brief = NULL;
    }
    if (!committed)
        f->done = 0;
}

uint32_t failovers_done(const struct failovers *f)
{
    return f->done;
}
