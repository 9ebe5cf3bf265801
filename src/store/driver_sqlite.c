/*
 * driver_sqlite: the batch operations of the embedded database.
 *
 * The list of what sqlite_*.c offers; store_open hangs it on every connection.
 */
#include "driver.h"
#include "sqlite.h"

static const struct store_driver sqlite = {
    .name = "sqlite",
    .list_rows = sqlite_list_rows,
    .list_flush = sqlite_list_flush,
    .list_rejects = sqlite_list_rejects,
    .list_scan = sqlite_list_scan,
    .verdicts_put = sqlite_verdicts_put,
    .responses_put = sqlite_responses_put,
    .candidates = sqlite_candidates,
    .freeze_put = sqlite_freeze_put,
    .cancel_chunk = sqlite_cancel_chunk,
    .resolve_chunk = sqlite_resolve_chunk,
    .claim = sqlite_claim,
    .settle = sqlite_settle,
    .release = sqlite_release,
    .lapse = sqlite_lapse,
    .receipt_timeout = sqlite_receipt_timeout,
    .recover = sqlite_recover,
    .queue_depth = sqlite_queue_depth,
    .route_depth = sqlite_route_depth,
    .failover = sqlite_failover,
    .doubt_all = sqlite_doubt_all,
    .apply_reports = sqlite_apply_reports,
    .gateway_joins = sqlite_gateway_joins,
    .join_receipts = sqlite_join_receipts,
    .apply_parked = sqlite_apply_parked,
    .tally = sqlite_tally,
    .tally_recount = sqlite_tally_recount,
    .measure = sqlite_measure,
    .measure_arms = sqlite_measure_arms,
    .ledger = sqlite_ledger,
};

const struct store_driver *driver_sqlite(void)
{
    return &sqlite;
}
