/*
 * query: asks providers what became of single messages.
 *
 * Questions harm nothing and may be repeated; answers are kept raw and applied as receipts, so what is known is known by one way alone.
 * Messages are read in chunks: no statement stays open while a provider thinks. A message is asked about with what the provider may
 * know it by (its id, our reference, number and day); the profile says which. Called by `message query`.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "exchange.h"
#include "keep.h"
#include "zhanchi/arena.h"
#include "zhanchi/clock.h"
#include "zhanchi/log.h"
#include "zhanchi/store.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/track.h"

#define CHUNK 100
#define FAILURES_MAX 5 /* in a row: the gateway is down */
#define PAYLOAD_MAX (1U << 20)

struct querying {
    struct store *s;
    struct keyring *k;
    struct inbox *i;
    const struct query_opts *o;
    struct query_stats *stats;
    struct exchange *x;
    int64_t *gateway_ids;
    uint32_t tag;
    struct arena *arena;
    struct asked chunk[CHUNK]; /* payloads in the arena */
    size_t n;
    struct buf plain;
    int64_t next_us; /* not before */
    int in_a_row;    /* failures */
    bool interrupted;
};

static int take(void *ctx, const struct asked *a)
{
    struct querying *z = ctx;
    struct asked *to = &z->chunk[z->n++];

    *to = *a;
    if (a->payload)
        to->payload = arena_memdup(z->arena, a->payload, a->payload_len);
    return 0;
}

static const struct gateway *gateway_of(const struct querying *z, int64_t id)
{
    for (size_t g = 0; g < z->o->n_gateways; g++)
        if (z->gateway_ids[g] == id)
            return z->o->gateways[g];
    return NULL;
}

/* At the gateway's rate, as submitting is. */
static void wait_turn(struct querying *z, const struct gateway *g)
{
    double rate = gateway_limits(g)->rate;
    int64_t now_us = clock_mono_us(), left_us = z->next_us - now_us;

    if (left_us > 0) {
        const struct timespec pause = {.tv_sec = left_us / 1000000,
                                       .tv_nsec = left_us % 1000000 * 1000};
        nanosleep(&pause, NULL);
        now_us = clock_mono_us();
    }
    z->next_us = rate > 0 ? now_us + (int64_t)(1e6 / rate) : 0;
}

/* 1 built, 0 this one cannot be asked about. */
static int build(struct querying *z, const struct gateway *g, const struct asked *a)
{
    const struct msg_ref id = {z->tag, a->epoch, a->message_id, a->attempt};
    struct payload p;
    char ref[MESSAGE_REF_MAX];
    struct err why;

    buf_reset(&z->plain);
    if (keyring_unseal(z->k, a->key_id, SEAL_PAYLOAD, a->message_id, a->wave_id, a->payload,
                       a->payload_len, &z->plain, &why) != 0 ||
        payload_unpack(buf_cstr(&z->plain), z->plain.len, &p, &why) != 0)
        return 0;
    message_ref_format(&id, ref);
    const struct gw_message m = {.id = a->message_id,
                                 .ref = ref,
                                 .phone = p.phone,
                                 .text = p.text,
                                 .signature = p.signature,
                                 .carrier_template = p.carrier_template,
                                 .carrier_variables = p.carrier_variables,
                                 .provider_id = a->provider_id,
                                 .sent_ms = a->handed_ms};
    return gateway_build_pull(g, GW_PULL_QUERY, &m, clock_now_ms(), exchange_request(z->x), &why) ==
           0;
}

static int failed(struct querying *z, const struct err *why, struct err *e)
{
    z->stats->failed++;
    if (z->in_a_row++ == 0)
        log_warn("track", "a question is not answered: %s", why->what);
    if (why->kind != ERR_CONFIG && z->in_a_row < FAILURES_MAX)
        return 0;
    *e = *why;
    return -1;
}

static int ask(struct querying *z, const struct asked *a, struct err *e)
{
    const struct gateway *g = gateway_of(z, a->gateway_id);
    const struct gw_answer *answer;
    size_t reports = 0;
    struct err why;

    if (g == NULL || !gateway_can_pull(g, GW_PULL_QUERY) || a->handed_ms == 0 ||
        a->payload == NULL || !build(z, g, a)) {
        z->stats->not_askable++;
        return 0;
    }
    wait_turn(z, g);
    z->stats->asked++;
    if (exchange_run(z->x, gateway_limits(g), &answer, e) != 0)
        return -1;
    if (gateway_judge_pull(g, GW_PULL_QUERY, answer, &reports, &why) != 0)
        return failed(z, &why, e);
    z->in_a_row = 0;
    z->stats->known += reports > 0;
    return reports == 0 ? 0
                        : keep_body(z->k, z->i, gateway_name(g), GW_QUERIED, answer->body,
                                    answer->body_len, e);
}

static bool stopped(const struct querying *z)
{
    return z->interrupted || (z->o->stop && *z->o->stop);
}

static int ask_chunk(struct querying *z, struct err *e)
{
    const struct query_stats *st = z->stats;

    for (size_t i = 0; i < z->n && !stopped(z); i++) {
        if (ask(z, &z->chunk[i], e) != 0)
            return -1;
        if (z->o->progress.fn &&
            z->o->progress.fn(z->o->progress.ctx, st->asked + st->not_askable, 0, ""))
            z->interrupted = true;
    }
    return 0;
}

static int ask_all(struct querying *z, struct err *e)
{
    int64_t after = 0;

    do {
        z->n = 0;
        arena_reset(z->arena);
        if (store_asked_each(z->s, z->o->campaign_id, z->o->state, after, CHUNK, take, z, e) != 0 ||
            ask_chunk(z, e) != 0)
            return -1;
        if (z->n > 0)
            after = z->chunk[z->n - 1].message_id;
    } while (z->n > 0 && !stopped(z));
    return 0;
}

static int prepare(struct querying *z, struct err *e)
{
    char tag[16] = "";

    if (store_meta_get(z->s, "tag", tag, sizeof tag, e) < 0)
        return -1;
    z->tag = (uint32_t)strtoul(tag, NULL, 10);
    for (size_t g = 0; g < z->o->n_gateways; g++)
        if (store_gateway_id(z->s, gateway_name(z->o->gateways[g]), &z->gateway_ids[g], e) != 0)
            return -1;
    return (z->x = exchange_new(e)) ? 0 : -1;
}

int track_query(struct store *s, struct keyring *k, struct inbox *i, const struct query_opts *o,
                struct query_stats *stats, struct err *e)
{
    struct querying *z = calloc(1, sizeof *z);

    if (z == NULL || (z->gateway_ids = calloc(o->n_gateways + 1, sizeof *z->gateway_ids)) == NULL)
        panic("out of memory");
    z->s = s;
    z->k = k;
    z->i = i;
    z->o = o;
    z->stats = stats;
    z->arena = arena_new(65536);
    buf_init(&z->plain, PAYLOAD_MAX);
    int rc = prepare(z, e) != 0 ? -1 : ask_all(z, e);
    exchange_free(z->x);
    buf_fini(&z->plain);
    arena_free(z->arena);
    free(z->gateway_ids);
    free(z);
    return rc;
}
