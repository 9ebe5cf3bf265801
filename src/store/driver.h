/*
 * driver: the seam between the store and a database.
 *
 * One function for each batch operation of the public headers (the contract stands there): each
 * driver writes it in its own best SQL. batch.c calls through here; administration uses the
 * statement layer (stmt.h) directly.
 */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "zhanchi/arena.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_list.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_people.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"
#include "zhanchi/store_route.h"

typedef int (*tally_each)(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n);
typedef int (*list_row_each)(void *ctx, const struct list_row *r);
typedef int (*candidate_each)(void *ctx, const struct candidate *k);
typedef int (*measure_each)(void *ctx, const struct measure_cell *m);
typedef int (*measure_arm_each)(void *ctx, const struct measure_arm *a);
typedef int (*ledger_each)(void *ctx, const struct ledger_cell *c);
typedef enum mark_finding (*mark_find)(void *ctx, int64_t message_id, int32_t attempt,
                                       struct settlement *v);

struct store_driver {
    const char *name;

    /* lists */
    int (*list_rows)(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                     struct err *e);
    /* What list_rows put off, before the list becomes visible. */
    int (*list_flush)(struct store *s, int64_t list_id, struct err *e);
    int (*list_rejects)(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                        struct err *e);
    int (*list_scan)(struct store *s, int64_t list_id, int64_t after_person, size_t max,
                     list_row_each each, void *ctx, int64_t *last, struct err *e);
    int (*verdicts_put)(struct store *s, int64_t policy_id, int32_t as_of,
                        const struct verdict_row *v, size_t n, struct err *e);
    int (*responses_put)(struct store *s, int64_t file_id, const struct response_row *r, size_t n,
                         bool *matched, struct response_stats *stats, struct err *e);

    /* freezing */
    int (*candidates)(struct store *s, const struct campaign_info *c, int32_t today,
                      int64_t after_person, size_t max, candidate_each each, void *ctx,
                      int64_t *last, struct err *e);
    int (*freeze_put)(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                      size_t n, struct err *e);
    int64_t (*cancel_chunk)(struct store *s, int64_t campaign_id, size_t max, struct err *e);
    int64_t (*resolve_chunk)(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                             size_t max, struct err *e);

    /* the queue */
    int64_t (*claim)(struct store *s, const struct claim_query *q, struct arena *a,
                     struct claimed *out, struct claim_stats *stats, struct err *e);
    int (*settle)(struct store *s, const struct settlement *v, size_t n, struct err *e);
    int64_t (*release)(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                       struct err *e);
    int64_t (*lapse)(struct store *s, int64_t campaign_id, size_t max, struct err *e);
    int64_t (*receipt_timeout)(struct store *s, int64_t before_ms, size_t max, struct err *e);
    int (*recover)(struct store *s, int64_t now_ms, mark_find find, void *ctx, int64_t counts[3],
                   struct err *e);
    int (*queue_depth)(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);
    int (*route_depth)(struct store *s, int64_t campaign_id, int route, int64_t now_ms, int64_t max,
                       int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);
    int (*failover)(struct store *s, const struct failover_query *q, struct failover_place *place,
                    int64_t moved[ROUTE_GATEWAYS], struct err *e);
    int64_t (*doubt_all)(struct store *s, int64_t now_ms, size_t max, struct err *e);

    /* reports */
    int (*apply_reports)(struct store *s, const struct receipt_row *r, size_t n,
                         const struct reply_row *p, size_t m, int64_t watermark,
                         struct apply_stats *stats, struct err *e);
    int (*gateway_joins)(struct store *s, int64_t gateway_id, bool joins, struct err *e);
    int (*join_receipts)(struct store *s, const struct provider_receipt *v, size_t n,
                         struct receipt_row *out, size_t *found, struct apply_stats *stats,
                         struct err *e);
    int64_t (*apply_parked)(struct store *s, int64_t before_ms, struct apply_stats *stats,
                            bool *left, struct err *e);

    /* measures */
    int (*tally)(struct store *s, int64_t campaign_id, tally_each each, void *ctx, struct err *e);
    int (*tally_recount)(struct store *s, int64_t campaign_id, tally_each each, void *ctx,
                         struct err *e);
    int (*measure)(struct store *s, const struct campaign_info *c, enum measure_by by,
                   int32_t from_day, int32_t through_day, measure_each each, void *ctx,
                   struct err *e);
    int (*measure_arms)(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                        measure_arm_each each, void *ctx, struct err *e);
    int (*ledger)(struct store *s, int64_t list_id, int64_t policy_id, enum ledger_by by,
                  ledger_each each, void *ctx, struct err *e);
};

const struct store_driver *driver_sqlite(void);

#endif
