/*
 * batch: the public batch operations.
 *
 * Each is one call through the connection's driver; contracts stand in the public headers, the work
 * in sqlite_*.c. Nothing else belongs here.
 */
#include "internal.h"

int store_list_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                    struct err *e)
{
    return s->driver->list_rows(s, list_id, rows, n, e);
}

int store_list_rejects(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                       struct err *e)
{
    return s->driver->list_rejects(s, list_id, r, n, e);
}

int store_list_scan(struct store *s, int64_t list_id, int64_t after_person, size_t max,
                    list_row_each each, void *ctx, int64_t *last, struct err *e)
{
    return s->driver->list_scan(s, list_id, after_person, max, each, ctx, last, e);
}

int store_verdicts_put(struct store *s, int64_t policy_id, int32_t as_of,
                       const struct verdict_row *v, size_t n, struct err *e)
{
    return s->driver->verdicts_put(s, policy_id, as_of, v, n, e);
}

int store_responses_put(struct store *s, int64_t file_id, const struct response_row *r, size_t n,
                        bool *matched, struct response_stats *stats, struct err *e)
{
    return s->driver->responses_put(s, file_id, r, n, matched, stats, e);
}

int store_candidates(struct store *s, const struct campaign_info *c, int32_t today,
                     int64_t after_person, size_t max, candidate_each each, void *ctx,
                     int64_t *last, struct err *e)
{
    return s->driver->candidates(s, c, today, after_person, max, each, ctx, last, e);
}

int store_freeze_put(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                     size_t n, struct err *e)
{
    return s->driver->freeze_put(s, campaign_id, wave_id, f, n, e);
}

int64_t store_cancel_chunk(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    return s->driver->cancel_chunk(s, campaign_id, max, e);
}

int64_t store_resolve_chunk(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                            size_t max, struct err *e)
{
    return s->driver->resolve_chunk(s, campaign_id, resend, now_ms, max, e);
}

int64_t store_claim(struct store *s, const struct claim_query *q, struct arena *a,
                    struct claimed *out, struct claim_stats *stats, struct err *e)
{
    return s->driver->claim(s, q, a, out, stats, e);
}

int store_settle(struct store *s, const struct settlement *v, size_t n, struct err *e)
{
    return s->driver->settle(s, v, n, e);
}

int64_t store_release(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                      struct err *e)
{
    return s->driver->release(s, campaign_id, now_ms, max, e);
}

int64_t store_lapse(struct store *s, int64_t campaign_id, size_t max, struct err *e)
{
    return s->driver->lapse(s, campaign_id, max, e);
}

int64_t store_receipt_timeout(struct store *s, int64_t before_ms, size_t max, struct err *e)
{
    return s->driver->receipt_timeout(s, before_ms, max, e);
}

int store_recover(struct store *s, int64_t now_ms, mark_find find, void *ctx, int64_t counts[3],
                  struct err *e)
{
    return s->driver->recover(s, now_ms, find, ctx, counts, e);
}

int store_queue_depth(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t max,
                      int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e)
{
    return s->driver->queue_depth(s, campaign_id, now_ms, max, due_now, later, next_due_ms, e);
}

int store_route_depth(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                      int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e)
{
    return s->driver->route_depth(s, campaign_id, route, now_ms, max, due_now, later, next_due_ms,
                                  e);
}

int store_failover(struct store *s, const struct failover_query *q, struct failover_place *place,
                   int64_t moved[ROUTE_GATEWAYS], struct err *e)
{
    return s->driver->failover(s, q, place, moved, e);
}

int64_t store_doubt_all(struct store *s, int64_t now_ms, size_t max, struct err *e)
{
    return s->driver->doubt_all(s, now_ms, max, e);
}

int store_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                        const struct reply_row *p, size_t m, int64_t watermark,
                        struct apply_stats *stats, struct err *e)
{
    return s->driver->apply_reports(s, r, n, p, m, watermark, stats, e);
}

int store_gateway_joins(struct store *s, int64_t gateway_id, bool joins, struct err *e)
{
    return s->driver->gateway_joins(s, gateway_id, joins, e);
}

int store_join_receipts(struct store *s, const struct provider_receipt *v, size_t n,
                        struct receipt_row *out, size_t *found, struct apply_stats *stats,
                        struct err *e)
{
    return s->driver->join_receipts(s, v, n, out, found, stats, e);
}

int64_t store_apply_parked(struct store *s, int64_t before_ms, struct apply_stats *stats,
                           bool *left, struct err *e)
{
    return s->driver->apply_parked(s, before_ms, stats, left, e);
}

int store_tally(struct store *s, int64_t campaign_id, tally_each each, void *ctx, struct err *e)
{
    return s->driver->tally(s, campaign_id, each, ctx, e);
}

int store_tally_recount(struct store *s, int64_t campaign_id, tally_each each, void *ctx,
                        struct err *e)
{
    return s->driver->tally_recount(s, campaign_id, each, ctx, e);
}

int store_measure(struct store *s, const struct campaign_info *c, enum measure_by by,
                  int32_t from_day, int32_t through_day, measure_each each, void *ctx,
                  struct err *e)
{
    return s->driver->measure(s, c, by, from_day, through_day, each, ctx, e);
}

int store_measure_arms(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                       measure_arm_each each, void *ctx, struct err *e)
{
    return s->driver->measure_arms(s, campaign_id, from_day, through_day, each, ctx, e);
}

int store_ledger(struct store *s, int64_t list_id, int64_t policy_id, enum ledger_by by,
                 ledger_each each, void *ctx, struct err *e)
{
    return s->driver->ledger(s, list_id, policy_id, by, each, ctx, e);
}
