/*
 * outreach: see outreach.h.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_approval.h"
#include "outreach.h"

#define MANY 8192

const uint8_t outreach_gateway_digest[32] = "profile and URL of the gateway";

/* ---- made ---- */

static int64_t template_of(struct contract *c, const char *name)
{
    struct template_info t = {.topic = "skills",
                              .channel = "sms",
                              .signature = "example",
                              .language = "zh",
                              .created_by = "maker",
                              .body = "text"};
    snprintf(t.name, sizeof t.name, "%s", name);
    OK(c, store_template_put(c->store, &t, &c->e));
    return t.id;
}

void outreach_draft(struct outreach *o, struct contract *c, const char *name, int64_t list_id)
{
    *o = (struct outreach){.c = c};
    o->campaign =
        (struct campaign_info){.topic = "skills",
                               .gateway = "12333",
                               .list_id = list_id,
                               .schedule = {.window_from = 540,
                                            .window_to = 1200,
                                            .zone_min = 480,
                                            .not_before_ms = CONTRACT_NOW,
                                            .not_after_ms = CONTRACT_NOW + 86400000 * 30LL},
                               .holdout_until = CIVIL_NONE,
                               .seed = 42,
                               .n_variants = 2,
                               .created_at = CONTRACT_NOW,
                               .created_by = "maker"};
    snprintf(o->campaign.name, sizeof o->campaign.name, "%s", name);
    for (int i = 0; i < 2; i++) {
        o->campaign.variants[i].template_id = template_of(c, i ? "notice" : "reminder");
        o->campaign.variants[i].weight = 1 + i;
    }
    OK(c, store_campaign_create(c->store, &o->campaign, &c->e));
    OK(c, store_gateway_id(c->store, o->campaign.gateway, &o->gateway_id, &c->e));
}

struct gathering {
    struct outreach *o;
    void (*adjust)(void *ctx, const struct candidate *k, struct frozen *f);
    void *ctx;
    struct frozen f[MANY];
    size_t n;
};

static int take(void *ctx, const struct candidate *k)
{
    struct gathering *g = ctx;
    ck_assert_uint_lt(g->n, MANY);
    struct frozen *f = &g->f[g->n++];
    *f = (struct frozen){.person_id = k->row.person_id,
                         .address_id = k->row.address_id,
                         .row_id = k->row.id,
                         .arm = ARM_SEND,
                         .variant = (int)(g->n & 1),
                         .level = k->row.level,
                         .last_day = CIVIL_NONE,
                         .state = MSG_QUEUED,
                         .due_ms = CONTRACT_NOW,
                         .segments = 2,
                         .key_id = k->row.key_id};
    snprintf(f->region, sizeof f->region, "%s", k->row.region);
    memcpy(f->pseudonym, &k->row.person_id, sizeof f->pseudonym);
    if (g->adjust)
        g->adjust(g->ctx, k, f);
    return 0;
}

static void seal(struct outreach *o, struct frozen *f, struct buf *plain, struct buf *sealed)
{
    char text[64];
    struct payload p = {.phone = "13800000001",
                        .text = text,
                        .signature = "example",
                        .carrier_template = "",
                        .carrier_variables = ""};
    snprintf(text, sizeof text, "text for person %lld", (long long)f->person_id);
    buf_reset(plain);
    buf_reset(sealed);
    ck_assert_int_eq(payload_pack(&p, plain), 0);
    OK(o->c, keyring_seal(o->c->keys, f->key_id, SEAL_PAYLOAD, f->message_id, o->wave.id,
                          plain->data, plain->len, sealed, &o->c->e));
}

/* One by one: the contract must not depend on how many come at once. */
static void put(struct gathering *g)
{
    struct outreach *o = g->o;
    struct buf plain, sealed;
    buf_init(&plain, 4096);
    buf_init(&sealed, 4096);
    OK(o->c, store_reserve_messages(o->c->store, g->n, &o->first, &o->c->e));
    OK(o->c, store_begin(o->c->store, &o->c->e));
    for (size_t i = 0; i < g->n; i++) {
        struct frozen *f = &g->f[i];
        f->message_id = o->first + (int64_t)i;
        if (f->state != MSG_SUPPRESSED) {
            seal(o, f, &plain, &sealed);
            f->payload = sealed.data;
            f->payload_len = sealed.len;
        }
        OK(o->c, store_freeze_put(o->c->store, o->campaign.id, o->wave.id, f, 1, &o->c->e));
    }
    OK(o->c, store_commit(o->c->store, &o->c->e));
    o->n = g->n;
    buf_fini(&plain);
    buf_fini(&sealed);
}

void outreach_freeze(struct outreach *o,
                     void (*adjust)(void *ctx, const struct candidate *k, struct frozen *f),
                     void *ctx)
{
    struct contract *c = o->c;
    struct gathering *g = calloc(1, sizeof *g);
    int64_t last = 0;
    g->o = o;
    g->adjust = adjust;
    g->ctx = ctx;
    o->wave = (struct wave_info){.campaign_id = o->campaign.id,
                                 .list_id = o->campaign.list_id,
                                 .submitted_at = CONTRACT_NOW,
                                 .submitted_by = "maker"};
    OK(c, store_wave_begin(c->store, &o->wave, &c->e));
    do {
        OK(c, store_candidates(c->store, &o->campaign, OUTREACH_TODAY, last, 7, take, g, &last,
                               &c->e));
    } while (last);
    put(g);
    free(g);
    memcpy(o->wave.gateway_digest, outreach_gateway_digest, 32);
    OK(c, approval_digest(c->store, c->keys, &o->campaign, &o->wave, outreach_gateway_digest,
                          o->wave.digest, &c->e));
    OK(c, store_wave_submit(c->store, &o->wave, &c->e));
    ck_assert_int_eq(store_wave_of(c->store, o->campaign.id, &o->wave, &c->e), 1);
    ck_assert_int_eq(store_campaign_by_id(c->store, o->campaign.id, &o->campaign, &c->e), 1);
    ck_assert_int_eq(o->campaign.state, CAMPAIGN_SUBMITTED);
}

static void start(struct outreach *o)
{
    struct contract *c = o->c;
    o->wave.approved_at = CONTRACT_NOW;
    snprintf(o->wave.approved_by, sizeof o->wave.approved_by, "checker");
    approval_sign(c->keys, &o->campaign, &o->wave, o->wave.approval);
    OK(c, store_wave_approve(c->store, &o->wave, &c->e));
    OK(c, store_campaign_started(c->store, o->campaign.id, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(store_wave_of(c->store, o->campaign.id, &o->wave, &c->e), 1);
    ck_assert_int_eq(store_campaign_by_id(c->store, o->campaign.id, &o->campaign, &c->e), 1);
    ck_assert_int_eq(o->campaign.state, CAMPAIGN_RUNNING);
}

void outreach_run(struct outreach *o, struct contract *c, const char *name, int64_t list_id)
{
    outreach_draft(o, c, name, list_id);
    outreach_freeze(o, NULL, NULL);
    start(o);
}

/* ---- sent ---- */

struct claim_query outreach_query(const struct outreach *o, int64_t now_ms, size_t limit)
{
    return (struct claim_query){.campaign_id = o->campaign.id,
                                .gateway_id = o->gateway_id,
                                .topic = "skills",
                                .now_ms = now_ms,
                                .today = OUTREACH_TODAY,
                                .capped_until_ms = now_ms + 86400000,
                                .limit = limit};
}

size_t outreach_claim_query(struct contract *c, const struct claim_query *q, struct claimed *out,
                            struct claim_stats *stats)
{
    struct arena *a = arena_new(4096);
    int64_t n = store_claim(c->store, q, a, out, stats, &c->e);
    OK(c, n);
    arena_free(a);
    return (size_t)n;
}

size_t outreach_claim(struct outreach *o, int64_t now_ms, size_t limit, struct claimed *out)
{
    struct claim_query q = outreach_query(o, now_ms, limit);
    struct claim_stats stats = {0};
    return outreach_claim_query(o->c, &q, out, &stats);
}

struct settlement outreach_settlement(const struct claimed *m, enum msg_input in)
{
    struct settlement v = {.message_id = m->message_id,
                           .address_id = m->address_id,
                           .attempt = m->attempt,
                           .input = in,
                           .settled_ms = CONTRACT_NOW + 20,
                           .due_ms = CONTRACT_NOW + 30};
    if (in == IN_UNCLAIM) {
        v.give_back_cap = true;
        return v;
    }
    v.handed_ms = CONTRACT_NOW + 10;
    v.class = in == IN_ANSWER_ACCEPTED  ? CLASS_OK
              : in == IN_ANSWER_REFUSED ? CLASS_NUMBER
              : in == IN_ANSWER_RETRY   ? CLASS_RETRY
                                        : CLASS_UNKNOWN;
    v.cause = in == IN_ANSWER_ACCEPTED  ? CAUSE_NONE
              : in == IN_ANSWER_REFUSED ? CAUSE_NUMBER
                                        : CAUSE_NETWORK;
    v.give_back_cap = in == IN_ANSWER_RETRY;
    strcpy(v.code, "code");
    snprintf(v.provider_id, sizeof v.provider_id, "provider-%lld", (long long)m->message_id);
    return v;
}

void outreach_settle(struct contract *c, const struct claimed *m, enum msg_input in)
{
    struct settlement v = outreach_settlement(m, in);
    OK(c, store_settle(c->store, &v, 1, &c->e));
}

struct receipt_row outreach_receipt(int64_t message_id, int32_t attempt, enum msg_class class)
{
    struct receipt_row r = {.message_id = message_id,
                            .attempt = attempt,
                            .class = class,
                            .at_ms = CONTRACT_NOW + 40,
                            .received_ms = CONTRACT_NOW + 50};
    snprintf(r.code, sizeof r.code, "%s", class == CLASS_OK ? "DELIVRD" : "UNDELIV");
    return r;
}

void outreach_apply(struct contract *c, const struct receipt_row *r, size_t n,
                    struct apply_stats *stats)
{
    struct apply_stats ignored = {0};
    OK(c, store_apply_reports(c->store, r, n, NULL, 0, 0, stats ? stats : &ignored, &c->e));
}

/* ---- looked at ---- */

static int copy_message(void *ctx, const struct message_info *m)
{
    struct message_info *out = ctx;
    *out = *m;
    out->payload = NULL;
    return 0;
}

struct message_info outreach_message(struct contract *c, int64_t id)
{
    struct message_info m = {0};
    ck_assert_int_eq(store_message_get(c->store, id, copy_message, &m, &c->e), 1);
    return m;
}

enum msg_state outreach_state(struct contract *c, int64_t id)
{
    return outreach_message(c, id).state;
}

struct counters {
    int64_t n[MSG_STATES][32];
};

static int add(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n)
{
    ((struct counters *)ctx)->n[state][cause] += n;
    return 0;
}

int64_t outreach_count(struct contract *c, int64_t campaign_id, enum msg_state s)
{
    struct counters k = {0};
    int64_t n = 0;
    OK(c, store_tally(c->store, campaign_id, add, &k, &c->e));
    for (int cause = 0; cause < 32; cause++)
        n += k.n[s][cause];
    return n;
}

void outreach_check(struct contract *c, int64_t campaign_id)
{
    struct counters kept = {0}, counted = {0};
    OK(c, store_tally(c->store, campaign_id, add, &kept, &c->e));
    OK(c, store_tally_recount(c->store, campaign_id, add, &counted, &c->e));
    for (int s = 0; s < MSG_STATES; s++)
        for (int cause = 0; cause < 32; cause++)
            ck_assert_msg(kept.n[s][cause] == counted.n[s][cause],
                          "campaign %lld, %s, %s: the tally says %lld, the rows %lld",
                          (long long)campaign_id, message_state_name((enum msg_state)s),
                          message_cause_name((enum msg_cause)cause), (long long)kept.n[s][cause],
                          (long long)counted.n[s][cause]);
}
