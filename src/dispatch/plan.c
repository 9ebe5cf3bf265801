/*
 * plan: `dispatch --dry-run`: what would go, and why the rest would not. Opens the database for
 * reading only; asks the same intent and pace as a run.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/i18n.h"
#include "zhanchi/store.h"
#include "internal.h"

struct plan {
    const struct dispatch_opts *o;
    struct store *store;
    struct intent *intent;
    int (*each)(void *ctx, const struct dispatch_plan *p);
    void *ctx;
    int64_t now_ms;
    struct err *e;
    int rc;
};

static const struct brief *find_brief(const struct intent *in, int64_t campaign_id, int route)
{
    for (size_t i = 0; i < intent_count(in); i++)
        if (intent_at(in, i)->campaign.id == campaign_id && intent_at(in, i)->route == route)
            return intent_at(in, i);
    return NULL;
}

static const char *why_refused(const struct intent *in, int64_t campaign_id)
{
    size_t n;
    const struct refusal *r = intent_refusals(in, &n);

    for (size_t i = 0; i < n; i++)
        if (r[i].campaign_id == campaign_id)
            return r[i].why.what;
    return N_("the campaign is refused");
}

static const char *why_not(const struct plan *p, const struct campaign_info *c,
                           const struct brief *b, int64_t due, int64_t *next_ms)
{
    if (c->state != CAMPAIGN_APPROVED && c->state != CAMPAIGN_RUNNING)
        return campaign_state_name(c->state);
    if (b == NULL)
        return why_refused(p->intent, c->id);
    struct pace_answer a = pace_schedule_admit(&c->schedule, p->now_ms);
    if (a.reason != PACE_GO) {
        if (a.not_before_ms > *next_ms || *next_ms == INT64_MAX)
            *next_ms = a.not_before_ms;
        return pace_reason_name(a.reason);
    }
    struct lane lane;
    lane_init(&lane, p->o, p->o->gateways[b->lane], p->now_ms);
    a = pace_lane_admit(&lane.pace, p->now_ms);
    lane_fini(&lane);
    if (a.reason != PACE_GO) {
        *next_ms = a.not_before_ms;
        return pace_reason_name(a.reason);
    }
    return due > 0 ? "" : N_("nothing is due");
}

static int plan_route(struct plan *p, const struct campaign_info *c, int route)
{
    int64_t due = 0, later = 0, next = INT64_MAX;

    if (store_route_depth(p->store, c->id, route, p->now_ms, INT64_MAX, &due, &later, &next,
                          p->e) != 0)
        return p->rc = -1;
    const struct brief *b = find_brief(p->intent, c->id, route);
    const char *why = why_not(p, c, b, due, &next);
    struct dispatch_plan line = {.campaign = c->name,
                                 .gateway = c->gateways[route],
                                 .would_go = why[0] == '\0' ? due : 0,
                                 .later = why[0] == '\0' ? later : later + due,
                                 .next_due_ms = next,
                                 .why = why};
    return p->each(p->ctx, &line);
}

static int plan_one(void *ctx, const struct campaign_info *c)
{
    struct plan *p = ctx;
    int rc = 0;

    if (p->o->campaign != NULL && strcmp(p->o->campaign, c->name) != 0)
        return 0;
    if (c->state == CAMPAIGN_DRAFT || c->state == CAMPAIGN_CANCELLED)
        return 0;
    for (int i = 0; i < c->n_gateways && rc == 0; i++)
        rc = plan_route(p, c, i);
    return rc;
}

int dispatch_dry_run(const struct dispatch_opts *o,
                     int (*each)(void *ctx, const struct dispatch_plan *p), void *ctx,
                     struct err *e)
{
    struct plan p = {.o = o, .each = each, .ctx = ctx, .now_ms = clock_now_ms(), .e = e};
    struct keyring *k = NULL;
    int rc = -1;

    p.store = store_open(o->dir, STORE_RO, e);
    if (p.store != NULL)
        k = keyring_open(p.store, o->key_path, e);
    if (k != NULL) {
        p.intent = intent_new(o, p.store, k);
        if (intent_refresh(p.intent, e) == 0 && store_campaign_each(p.store, plan_one, &p, e) == 0)
            rc = p.rc;
        intent_free(p.intent);
    }
    keyring_close(k);
    store_close(p.store);
    return rc;
}
