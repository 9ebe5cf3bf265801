/*
 * verdict: one verdict, counts of a screening, and which screening of a list is the newest.
 * Verdicts go in by the driver (sqlite_verdict.c). Callers: intake, campaign, the list commands.
 */
#include "zhanchi/civil.h"
#include "zhanchi/store_list.h"
#include "internal.h"

static const char sql_counts[] =
    "SELECT v.outcome, v.reason, count(*) FROM list_row r"
    " JOIN verdict v ON v.policy_id = ?2 AND v.row_id = r.id"
    " WHERE r.list_id = ?1 AND r.current = 1 GROUP BY v.outcome, v.reason ORDER BY 1, 2";
static const char sql_one[] =
    "SELECT outcome, reason, rule_no, amount_fen, last_day, region FROM verdict"
    " WHERE policy_id = ?1 AND row_id = ?2";
static const char sql_screened[] =
    "SELECT policy_id, screened_day FROM list WHERE id = ?1 AND policy_id IS NOT NULL";
static const char sql_unscreened[] =
    "SELECT count(*) FROM list l CROSS JOIN list_row r ON r.list_id = l.id AND r.current = 1"
    " WHERE l.id = ?1 AND l.changed > 0 AND NOT EXISTS"
    " (SELECT 1 FROM verdict v WHERE v.policy_id = ?2 AND v.row_id = r.id)";
static const char sql_set_screened[] =
    "UPDATE list SET policy_id = ?2, screened_day = ?3 WHERE id = ?1";

int store_verdict_get(struct store *s, int64_t policy_id, int64_t row_id, struct verdict_row *out,
                      struct err *e)
{
    struct stmt *q = stmt_open(s, sql_one, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, policy_id);
    stmt_bind_int64(q, 2, row_id);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        *out = (struct verdict_row){.row_id = row_id,
                                    .outcome = (enum verdict_outcome)stmt_int(q, 0),
                                    .reason = (enum verdict_reason)stmt_int(q, 1),
                                    .rule_no = stmt_null(q, 2) ? -1 : stmt_int(q, 2),
                                    .amount_fen =
                                        stmt_null(q, 3) ? POLICY_AMOUNT_NONE : stmt_int64(q, 3),
                                    .last_day = stmt_null(q, 4) ? CIVIL_NONE : stmt_int(q, 4)};
        stmt_copy_text(q, 5, out->region, sizeof out->region);
    }
    stmt_close(q);
    return rc;
}

int store_verdict_counts(struct store *s, int64_t list_id, int64_t policy_id,
                         int (*each)(void *ctx, const struct verdict_count *c), void *ctx,
                         struct err *e)
{
    struct stmt *q = stmt_open(s, sql_counts, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, policy_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        struct verdict_count c = {(enum verdict_outcome)stmt_int(q, 0),
                                  (enum verdict_reason)stmt_int(q, 1), stmt_int64(q, 2)};
        if ((rc = each(ctx, &c)) != 0)
            break;
    }
    return stmt_end(q, rc);
}

int store_list_screened(struct store *s, int64_t list_id, int64_t *policy_id, int32_t *as_of,
                        struct err *e)
{
    struct stmt *q = stmt_open(s, sql_screened, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    int rc = stmt_step(q, e);
    if (rc == 1) {
        *policy_id = stmt_int64(q, 0);
        *as_of = stmt_null(q, 1) ? CIVIL_NONE : stmt_int(q, 1);
    }
    stmt_close(q);
    return rc;
}

int store_list_unscreened(struct store *s, int64_t list_id, int64_t policy_id, int64_t *n,
                          struct err *e)
{
    struct stmt *q = stmt_open(s, sql_unscreened, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, list_id);
    stmt_bind_int64(q, 2, policy_id);
    int rc = stmt_step(q, e);
    *n = rc == 1 ? stmt_int64(q, 0) : 0;
    return stmt_end(q, rc);
}

int store_list_set_screened(struct store *s, int64_t list_id, int64_t policy_id, int32_t as_of,
                            struct err *e)
{
    struct stmt *put = stmt_open(s, sql_set_screened, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, list_id);
    stmt_bind_int64(put, 2, policy_id);
    stmt_bind_int(put, 3, as_of);
    return stmt_end(put, stmt_run(put, e));
}
