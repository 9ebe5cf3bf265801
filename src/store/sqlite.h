/*
 * The batch operations in SQLite's SQL, as driver_sqlite.c lists them. Contracts: the public
 * headers.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "driver.h"

int sqlite_list_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                     struct err *e);
int sqlite_list_flush(struct store *s, int64_t list_id, struct err *e);
int sqlite_list_rejects(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                        struct err *e);
int sqlite_list_scan(struct store *s, int64_t list_id, int64_t after_person, size_t max,
                     list_row_each each, void *ctx, int64_t *last, struct err *e);
int sqlite_verdicts_put(struct store *s, int64_t policy_id, int32_t as_of,
                        const struct verdict_row *v, size_t n, struct err *e);
int sqlite_responses_put(struct store *s, int64_t file_id, const struct response_row *r, size_t n,
                         bool *matched, struct response_stats *stats, struct err *e);
int sqlite_candidates(struct store *s, const struct campaign_info *c, int32_t today,
                      int64_t after_person, size_t max, candidate_each each, void *ctx,
                      int64_t *last, struct err *e);
int sqlite_freeze_put(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                      size_t n, struct err *e);
int64_t sqlite_cancel_chunk(struct store *s, int64_t campaign_id, size_t max, struct err *e);
int64_t sqlite_resolve_chunk(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                             size_t max, struct err *e);
int64_t sqlite_claim(struct store *s, const struct claim_query *q, struct arena *a,
                     struct claimed *out, struct claim_stats *stats, struct err *e);
int sqlite_settle(struct store *s, const struct settlement *v, size_t n, struct err *e);
int64_t sqlite_release(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                       struct err *e);
int64_t sqlite_lapse(struct store *s, int64_t campaign_id, size_t max, struct err *e);
int64_t sqlite_receipt_timeout(struct store *s, int64_t before_ms, size_t max, struct err *e);
int sqlite_recover(struct store *s, int64_t now_ms, mark_find find, void *ctx, int64_t counts[3],
                   struct err *e);
int sqlite_queue_depth(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);
int sqlite_route_depth(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);
int sqlite_failover(struct store *s, const struct failover_query *q, struct failover_place *place,
                    int64_t moved[ROUTE_GATEWAYS], struct err *e);
int64_t sqlite_doubt_all(struct store *s, int64_t now_ms, size_t max, struct err *e);
int sqlite_apply_reports(struct store *s, const struct receipt_row *r, size_t n,
                         const struct reply_row *p, size_t m, int64_t watermark,
                         struct apply_stats *stats, struct err *e);
int sqlite_gateway_joins(struct store *s, int64_t gateway_id, bool joins, struct err *e);
int sqlite_join_receipts(struct store *s, const struct provider_receipt *v, size_t n,
                         struct receipt_row *out, size_t *found, struct apply_stats *stats,
                         struct err *e);
int64_t sqlite_apply_parked(struct store *s, int64_t before_ms, struct apply_stats *stats,
                            bool *left, struct err *e);
int sqlite_tally(struct store *s, int64_t campaign_id, tally_each each, void *ctx, struct err *e);
int sqlite_tally_recount(struct store *s, int64_t campaign_id, tally_each each, void *ctx,
                         struct err *e);
int sqlite_measure(struct store *s, const struct campaign_info *c, enum measure_by by,
                   int32_t from_day, int32_t through_day, measure_each each, void *ctx,
                   struct err *e);
int sqlite_measure_arms(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                        measure_arm_each each, void *ctx, struct err *e);
int sqlite_ledger(struct store *s, int64_t list_id, int64_t policy_id, enum ledger_by by,
                  ledger_each each, void *ctx, struct err *e);

#endif
