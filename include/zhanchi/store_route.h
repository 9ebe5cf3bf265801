/*
 * store_route: messages by gateway of their campaign (`route`: its number there). What a submit made
 * of each, how much waits for each, and what goes over to another one.
 */
#ifndef ZHANCHI_STORE_ROUTE_H
#define ZHANCHI_STORE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/route.h"

struct store;

/* What a wave sends over each gateway, as it was frozen. */
struct wave_gateway {
    int no;
    int64_t messages, segments, cost_microyuan;
    int64_t finish_ms; /* -1: not before the campaign ends */
};
/* Joins the transaction of store_wave_submit. */
int store_wave_gateways_put(struct store *s, int64_t wave_id, const struct wave_gateway *g, int n,
                            struct err *e);
/* In the order of numbers; none for waves of older programs. */
int store_wave_gateways_each(struct store *s, int64_t wave_id,
                             int (*each)(void *ctx, const struct wave_gateway *g), void *ctx,
                             struct err *e);

/* Each gateway that was ever named: messages that left for it since then, and those that wait for it
 * now (queued, of approved, running and paused campaigns). By name. Reads all results. */
struct gateway_load {
    const char *name; /* borrowed */
    int64_t handed, waiting;
};
int store_gateway_loads(struct store *s, int64_t since_ms,
                        int (*each)(void *ctx, const struct gateway_load *l), void *ctx,
                        struct err *e);

/* As store_queue_depth, for one gateway. later may be NULL: counting it reads all of them. */
int store_route_depth(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                      int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);

struct failover_query {
    int64_t campaign_id;
    int from;
    int to[ROUTE_GATEWAYS], n_to; /* in the order of preference */
    int64_t now_ms;
    size_t look_max; /* messages looked at in one call */
};
/* Where a pass over the queue is; all 0 = at its beginning. */
struct failover_place {
    int64_t due_ms, message_id;
    bool ended;
};
/* batch: of the queued messages of `from` that are due, those that no gateway may have taken go to
 * the first of `to` that can carry them: `UPDATE ... WHERE state = queued AND route = from`. May have
 * taken: an attempt whose result is not there, or that was handed over and not refused outright
 * (RETRY, LIMIT, CONFIG); such a message, and one that a person sends again, stays where it is. moved
 * is added to, by number of the gateway. Continues at *place, which ends when nothing more is due. */
int store_failover(struct store *s, const struct failover_query *q, struct failover_place *place,
                   int64_t moved[ROUTE_GATEWAYS], struct err *e);
/* What went over so far. */
int store_failovers_each(struct store *s, int64_t campaign_id,
                         int (*each)(void *ctx, int from, int to, int64_t n), void *ctx,
                         struct err *e);

#endif
