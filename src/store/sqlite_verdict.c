/*
 * sqlite_verdict: verdicts in, in chunks. One per (policy, row); a new screening under the same policy replaces it.
 * Caller: intake_screen.
 */
#include "zhanchi/civil.h"
#include "internal.h"
#include "sqlite.h"

static const char sql_put[] =
    "INSERT OR REPLACE INTO verdict (policy_id, row_id, outcome, reason, rule_no, amount_fen,"
    " last_day, as_of) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static int put_verdict(struct stmt *put, const struct verdict_row *v, struct err *e)
{
    stmt_bind_int64(put, 2, v->row_id);
    stmt_bind_int(put, 3, v->outcome);
    stmt_bind_int(put, 4, v->reason);
    stmt_bind_int64_or_null(put, 5, v->rule_no >= 0, v->rule_no);
    stmt_bind_int64_or_null(put, 6, v->amount_fen != POLICY_AMOUNT_NONE, v->amount_fen);
    stmt_bind_int64_or_null(put, 7, v->last_day != CIVIL_NONE, v->last_day);
    return stmt_run(put, e);
}

int sqlite_verdicts_put(struct store *s, int64_t policy_id, int32_t as_of,
                        const struct verdict_row *v, size_t n, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *put = stmt_open(s, sql_put, e);
    int rc = put ? 0 : -1;
    if (put) {
        stmt_bind_int64(put, 1, policy_id);
        stmt_bind_int(put, 8, as_of);
    }
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = put_verdict(put, &v[i], e);
    stmt_close(put);
    return tx_leave(s, own, rc, e);
}
