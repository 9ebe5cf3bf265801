/*
 * intent: which campaigns may send now. Called by hatch.c (store thread), and by plan.c for
 * --dry-run.
 *
 * Fails closed: a campaign is in only if it is approved or running, its wave's approval fits
 * campaign, digest, schedule and the gateway profiles as they are now, and each of those gateways is
 * configured. What is refused is logged once a run and reported at its end.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "internal.h"

struct intent {
    const struct dispatch_opts *opts;
    struct store *store;
    struct keyring *keyring;
    uint8_t (*digest)[32]; /* of each gateway's profile */
    struct brief **now;
    size_t n_now, cap_now;
    struct brief *all;
    struct refusal *refused; /* those that were logged */
    size_t n_refused;
};

struct intent *intent_new(const struct dispatch_opts *o, struct store *s, struct keyring *k)
{
    struct intent *in = calloc(1, sizeof *in);

    if (in == NULL || (in->digest = calloc(o->n_gateways + 1, 32)) == NULL)
        panic("out of memory");
    in->opts = o;
    in->store = s;
    in->keyring = k;
    for (size_t i = 0; i < o->n_gateways; i++)
        gateway_digest(o->gateways[i], in->digest[i]);
    return in;
}

void intent_free(struct intent *in)
{
    if (in == NULL)
        return;
    while (in->all != NULL) {
        struct brief *b = in->all;
        in->all = b->next;
        free(b);
    }
    free(in->now);
    free(in->digest);
    free(in->refused);
    free(in);
}

size_t intent_count(const struct intent *in)
{
    return in->n_now;
}

const struct brief *intent_at(const struct intent *in, size_t i)
{
    return in->now[i];
}

const struct refusal *intent_refusals(const struct intent *in, size_t *n)
{
    *n = in->n_refused;
    return in->refused;
}

static void refuse(struct intent *in, int64_t campaign_id, const struct err *why)
{
    for (size_t i = 0; i < in->n_refused; i++)
        if (in->refused[i].campaign_id == campaign_id)
            return;
    struct refusal *grown = realloc(in->refused, (in->n_refused + 1) * sizeof *grown);
    if (grown == NULL)
        panic("out of memory");
    in->refused = grown;
    in->refused[in->n_refused++] = (struct refusal){campaign_id, *why};
    log_error("dispatch", "%s", why->what);
}

/* Everything that an approver signed, and what the loop uses; state and start may change while it
 * runs. */
static bool same_campaign(const struct campaign_info *a, const struct campaign_info *b)
{
    for (int i = 0; i < a->n_gateways && i < b->n_gateways; i++)
        if (strcmp(a->gateways[i], b->gateways[i]) != 0)
            return false;
    return a->id == b->id && a->n_gateways == b->n_gateways && a->failover == b->failover &&
           strcmp(a->routing, b->routing) == 0 && strcmp(a->topic, b->topic) == 0 &&
           a->schedule.window_from == b->schedule.window_from &&
           a->schedule.window_to == b->schedule.window_to &&
           a->schedule.zone_min == b->schedule.zone_min &&
           a->schedule.not_before_ms == b->schedule.not_before_ms &&
           a->schedule.not_after_ms == b->schedule.not_after_ms && a->priority == b->priority;
}

bool intent_may_send(const struct campaign_info *c)
{
    return c->state == CAMPAIGN_APPROVED || c->state == CAMPAIGN_RUNNING;
}

int intent_holds(struct intent *in, const struct brief *b, struct err *e)
{
    struct campaign_info c;
    int found = store_campaign_by_id(in->store, b->campaign.id, &c, e);

    if (found < 0)
        return -1;
    return found == 1 && intent_may_send(&c) && same_campaign(&c, &b->campaign);
}

static int lane_of(const struct intent *in, const char *gateway)
{
    for (size_t i = 0; i < in->opts->n_gateways; i++)
        if (strcmp(gateway_name(in->opts->gateways[i]), gateway) == 0)
            return (int)i;
    return -1;
}

/* 1, or 0 when the campaign is refused: one of its gateways is not there, or not as it was approved,
 * or nobody approved. */
static int check(struct intent *in, const struct campaign_info *c, int lanes[ROUTE_GATEWAYS],
                 struct err *e)
{
    uint8_t each[ROUTE_GATEWAYS][32], digest[32];
    struct wave_info w;
    struct err why = {0};

    for (int i = 0; i < c->n_gateways; i++) {
        lanes[i] = lane_of(in, c->gateways[i]);
        if (lanes[i] < 0) {
            err_set(&why, ERR_CONFIG, "add the gateway to zhanchi.conf",
                    "campaign %s: gateway %s is not configured", c->name, c->gateways[i]);
            refuse(in, c->id, &why);
            return 0;
        }
        memcpy(each[i], in->digest[lanes[i]], 32);
    }
    int found = store_wave_of(in->store, c->id, &w, e);
    if (found < 0)
        return -1;
    if (found == 0 || w.state != WAVE_APPROVED) {
        err_set(&why, ERR_PERM, NULL, "campaign %s: has no approved wave", c->name);
        refuse(in, c->id, &why);
        return 0;
    }
    approval_gateways((const uint8_t(*)[32])each, c->n_gateways, digest);
    if (approval_check(in->keyring, c, &w, digest, &why) != 0) {
        refuse(in, c->id, &why);
        return 0;
    }
    return 1;
}

static struct brief *brief_new(struct intent *in, const struct campaign_info *c, int route,
                               int lane, struct err *e)
{
    struct brief *b = calloc(1, sizeof *b);

    if (b == NULL)
        panic("out of memory");
    b->campaign = *c;
    b->route = route;
    b->lane = lane;
    b->next = in->all;
    in->all = b;
    return store_gateway_id(in->store, c->gateways[route], &b->gateway_id, e) == 0 ? b : NULL;
}

static struct brief *known_brief(const struct intent *in, const struct campaign_info *c, int route)
{
    for (size_t i = 0; i < in->n_now; i++)
        if (in->now[i]->route == route && same_campaign(&in->now[i]->campaign, c))
            return in->now[i];
    return NULL;
}

/* Of each gateway of the campaign; how many (0: it is refused), or -1. */
static int briefs_of(struct intent *in, const struct campaign_info *c,
                     struct brief *out[ROUTE_GATEWAYS], struct err *e)
{
    int lanes[ROUTE_GATEWAYS];

    out[0] = known_brief(in, c, 0);
    if (out[0] != NULL) {
        for (int i = 1; i < c->n_gateways; i++)
            if ((out[i] = known_brief(in, c, i)) == NULL)
                panic("a campaign lost a brief");
        return c->n_gateways;
    }
    int rc = check(in, c, lanes, e);
    for (int i = 0; i < c->n_gateways && rc == 1; i++)
        if ((out[i] = brief_new(in, c, i, lanes[i], e)) == NULL)
            rc = -1;
    return rc == 1 ? c->n_gateways : rc;
}

struct collect {
    struct campaign_info *list;
    size_t n, cap;
    const char *only;
};

static int collect_one(void *ctx, const struct campaign_info *c)
{
    struct collect *list = ctx;

    if (!intent_may_send(c) || (list->only != NULL && strcmp(list->only, c->name) != 0))
        return 0;
    if (list->n == list->cap) {
        list->cap = list->cap * 2 + 8;
        list->list = realloc(list->list, list->cap * sizeof *list->list);
        if (list->list == NULL)
            panic("out of memory");
    }
    list->list[list->n++] = *c;
    return 0;
}

static int by_priority(const void *a, const void *b)
{
    const struct campaign_info *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

int intent_refresh(struct intent *in, struct err *e)
{
    struct collect list = {.only = in->opts->campaign};
    struct brief **fresh = NULL;
    size_t n = 0;
    int result = -1;

    if (store_campaign_each(in->store, collect_one, &list, e) != 0)
        goto out;
    if (list.n > 1)
        qsort(list.list, list.n, sizeof *list.list, by_priority);
    fresh = calloc(list.n * ROUTE_GATEWAYS + 1, sizeof *fresh);
    if (fresh == NULL)
        panic("out of memory");
    for (size_t i = 0; i < list.n; i++) {
        int more = briefs_of(in, &list.list[i], fresh + n, e);
        if (more < 0)
            goto out;
        n += (size_t)more;
    }
    free(in->now);
    in->now = fresh;
    in->n_now = n;
    fresh = NULL;
    result = 0;
out:
    free(fresh);
    free(list.list);
    return result;
}
