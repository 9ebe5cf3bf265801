/*
 * sqlite_verdict: verdicts in, in chunks. One per (policy, row); a new screening under the same
 * policy replaces it. Caller: intake_screen.
 */
#include "zhanchi/civil.h"
#include "feed.h"
#include "internal.h"
#include "sqlite.h"

static const char sql_put[] = "INSERT OR REPLACE INTO verdict (policy_id, row_id, outcome, reason, "
                              "rule_no, amount_fen, last_day, as_of, region)"
                              " SELECT ?1, c0, c1, c2, c3, c4, c5, c6, c7 FROM feed";

struct screening {
    const struct verdict_row *verdicts;
    int32_t as_of;
};

static void verdict_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct screening *s = f->ctx;
    const struct verdict_row *v = &s->verdicts[row];
    switch (column) {
    case 0:
        feed_int64(out, v->row_id);
        break;
    case 1:
        feed_int64(out, v->outcome);
        break;
    case 2:
        feed_int64(out, v->reason);
        break;
    case 3:
        if (v->rule_no >= 0)
            feed_int64(out, v->rule_no);
        break;
    case 4:
        if (v->amount_fen != POLICY_AMOUNT_NONE)
            feed_int64(out, v->amount_fen);
        break;
    case 5:
        if (v->last_day != CIVIL_NONE)
            feed_int64(out, v->last_day);
        break;
    case 6:
        feed_int64(out, s->as_of);
        break;
    case 7:
        if (v->region[0] != '\0')
            feed_text(out, v->region);
        break;
    }
}

int sqlite_verdicts_put(struct store *s, int64_t policy_id, int32_t as_of,
                        const struct verdict_row *v, size_t n, struct err *e)
{
    struct screening screening = {v, as_of};
    struct feed f = {n, verdict_cell, &screening};
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    return tx_leave(s, own, feed_run(s, sql_put, &f, policy_id, e), e);
}
