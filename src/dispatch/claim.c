/*
 * claim: see claim.h. The order of campaigns is intent's; schedules and caps delay, neither suppresses. Called by the hatch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "claim.h"
#include "tray.h"

struct claims {
    const struct hatch_opts *o;
    struct intent *intent;
    struct buf plain;
    struct claimed *v;
    size_t cap;
    struct job *pool; /* to be used again */
};

/* ---- what a round has found ---- */

void found_drop(struct found *f)
{
    for (size_t i = 0; i < HATCH_LANES; i++)
        jobs_free(&f->list[i]);
}

void found_why(struct found *f, const struct brief *b, enum pace_reason r)
{
    if (f->why[0] == '\0')
        snprintf(f->why, sizeof f->why, "campaign %s: %s", b->campaign.name, pace_reason_name(r));
}

/* ---- campaigns that stop ---- */

int campaign_pause(struct store *s, int64_t campaign_id, const char *why, struct err *e)
{
    struct err ignored = {0};
    struct campaign_info c;

    if (store_campaign_by_id(s, campaign_id, &c, e) < 0)
        return -1;
    if (c.state == CAMPAIGN_RUNNING &&
        store_campaign_move(s, campaign_id, CAMPAIGN_RUNNING, CAMPAIGN_PAUSED, why, &ignored) == 0)
        log_error("dispatch", "campaign %s paused: %s", c.name, why);
    return 0;
}

/* ---- claiming ---- */

/* The claimed message with its payload opened; NULL and *e when the payload is not what was approved. */
static struct job *make_job(struct claims *cl, const struct brief *b, const struct claimed *c,
                            int64_t now_ms, struct err *e)
{
    const struct epoch_info *ep = epoch_info(cl->o->epoch);
    struct msg_ref ref = {
        .tag = ep->tag, .epoch = ep->epoch, .message = c->message_id, .attempt = c->attempt};

    buf_reset(&cl->plain);
    if (keyring_unseal(cl->o->keyring, c->key_id, SEAL_PAYLOAD, c->message_id, c->wave_id,
                       c->payload, c->payload_len, &cl->plain, e) != 0)
        return NULL;
    struct job *j = jobs_take(&cl->pool, cl->plain.len + 1);
    memcpy(j->data, cl->plain.data, cl->plain.len);
    j->data[cl->plain.len] = '\0';
    if (payload_unpack(j->data, cl->plain.len, &j->payload, e) != 0) {
        jobs_push(&cl->pool, j);
        return NULL;
    }
    if (!payload_may_go(&j->payload, b->route, b->campaign.failover)) {
        jobs_push(&cl->pool, j);
        err_set(e, ERR_DATA, NULL, "it was not approved for gateway %s",
                b->campaign.gateways[b->route]);
        return NULL;
    }
    j->brief = b;
    j->message_id = c->message_id;
    j->address_id = c->address_id;
    j->attempt = c->attempt;
    j->slot = -1;
    j->claimed_ms = now_ms;
    j->next = NULL;
    message_ref_format(&ref, j->ref);
    j->proof[0] = '\0';
    if (campaign_is_email(&b->campaign))
        keyring_proof(cl->o->keyring, j->ref, j->proof);
    return j;
}

static void append(struct found *f, int lane, struct job *j)
{
    if (f->tail[lane] != NULL)
        f->tail[lane]->next = j;
    else
        f->list[lane] = j;
    f->tail[lane] = j;
}

/* A payload that cannot be opened stops its campaign: the message goes back, untouched. */
static int spoiled(struct claims *cl, const struct brief *b, const struct claimed *c,
                   int64_t now_ms, const struct err *why, struct err *e)
{
    struct settlement v = {.message_id = c->message_id,
                           .address_id = c->address_id,
                           .attempt = c->attempt,
                           .input = IN_UNCLAIM,
                           .settled_ms = now_ms,
                           .due_ms = now_ms,
                           .give_back_cap = true};

    if (store_settle(cl->o->store, &v, 1, e) != 0)
        return -1;
    log_error("dispatch", "message %lld: %s", (long long)c->message_id, why->what);
    return campaign_pause(cl->o->store, b->campaign.id, "a payload is not what was approved", e);
}

/* The office's cap, or the gateway's own where that is lower: both delay, neither suppresses. */
static int cap_per_day(const struct dispatch_opts *o, const struct brief *b)
{
    int office = o->cap_per_day, own = gateway_limits(o->gateways[b->lane])->number_per_day;

    return office == 0 || (own > 0 && own < office) ? own : office;
}

/* From claim to claim; between a claim and its hand-over may lie as much as lane_may_leave allows. */
static int64_t number_gap_ms(const struct dispatch_opts *o, const struct brief *b)
{
    const struct gw_limits *l = gateway_limits(o->gateways[b->lane]);

    return l->number_gap_ms ? l->number_gap_ms + o->claim_ttl_ms + l->connect_timeout_ms : 0;
}

static int claim_from(struct claims *cl, const struct brief *b, size_t *wanted, int64_t now_ms,
                      struct arena *arena, struct found *f, struct err *e)
{
    const struct dispatch_opts *o = cl->o->run;
    const struct campaign_info *c = &b->campaign;
    int zone = c->schedule.zone_min;
    struct claim_stats stats = {0};
    struct claim_query q = {.campaign_id = c->id,
                            .gateway_id = b->gateway_id,
                            .route = b->route,
                            .topic = c->topic,
                            .now_ms = now_ms,
                            .today = civil_local_day(now_ms, zone),
                            .cap_per_day = cap_per_day(o, b),
                            .number_gap_ms = number_gap_ms(o, b),
                            .limit = *wanted,
                            .look_max = (size_t)(CLAIM_LOOK_MAX - f->looked)};
    q.capped_until_ms = civil_at_ms(q.today + 1, c->schedule.window_from, zone);

    if (*wanted > cl->cap) {
        cl->cap = *wanted;
        cl->v = realloc(cl->v, cl->cap * sizeof *cl->v);
        if (cl->v == NULL)
            panic("out of memory");
    }
    int64_t n = store_claim(cl->o->store, &q, arena, cl->v, &stats, e);
    if (n < 0)
        return -1;
    f->suppressed += stats.suppressed;
    f->capped += stats.capped;
    f->lapsed += stats.lapsed;
    f->looked += stats.looked;
    f->more = f->more || stats.more;
    f->claimed += n;
    *wanted -= (size_t)n;
    for (int64_t i = 0; i < n; i++) {
        struct err why = {0};
        struct job *j = make_job(cl, b, &cl->v[i], now_ms, &why);
        if (j != NULL)
            append(f, b->lane, j);
        else if (spoiled(cl, b, &cl->v[i], now_ms, &why, e) != 0)
            return -1;
    }
    return 0;
}

int claims_lane(struct claims *cl, size_t lane, size_t wanted, int64_t now_ms, struct arena *arena,
                struct found *f, struct err *e)
{
    for (size_t i = 0; i < intent_count(cl->intent) && wanted > 0; i++) {
        const struct brief *b = intent_at(cl->intent, i);
        if ((size_t)b->lane != lane)
            continue;
        if (f->looked >= CLAIM_LOOK_MAX) { /* of all lanes: it is one transaction */
            f->more = true;
            return 0;
        }
        struct pace_answer a = pace_schedule_admit(&b->campaign.schedule, now_ms);
        if (a.reason != PACE_GO) {
            found_why(f, b, a.reason);
            continue;
        }
        int holds = intent_holds(cl->intent, b, e);
        if (holds < 0)
            return -1;
        if (holds == 0)
            continue;
        if (store_campaign_started(cl->o->store, b->campaign.id, now_ms, e) != 0 ||
            claim_from(cl, b, &wanted, now_ms, arena, f, e) != 0)
            return -1;
    }
    if (wanted > 0 && !f->more)
        f->dry = true;
    return 0;
}

/* ---- life ---- */

struct claims *claims_new(const struct hatch_opts *o, struct intent *in)
{
    struct claims *cl = calloc(1, sizeof *cl);

    if (cl == NULL)
        panic("out of memory");
    cl->o = o;
    cl->intent = in;
    buf_init(&cl->plain, PAYLOAD_MAX_BYTES);
    return cl;
}

void claims_free(struct claims *cl)
{
    if (cl == NULL)
        return;
    jobs_free(&cl->pool);
    buf_fini(&cl->plain);
    free(cl->v);
    free(cl);
}

void claims_reuse(struct claims *cl, struct job **spent)
{
    if (cl->pool != NULL)
        return;
    cl->pool = *spent;
    *spent = NULL;
}
