/*
 * sqlite_people: responses in, in chunks.
 *
 * Idempotent by (person, certificate, kind, day): the unique key of the table. A response that is
 * new suppresses what waits for that person, if it is about the certificate of the message
 * (covers.h: the same rule as `claimed` in store_candidates).
 * Caller: measure_responses.
 */
#include "covers.h"
#include "internal.h"
#include "sqlite.h"

static const char sql_add[] =
    "INSERT INTO response (file_id, person_id, occupation, level, kind, day, amount_fen)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
static const char sql_waiting[] =
    "SELECT m.id FROM response p CROSS JOIN member k ON k.person_id = p.person_id"
    " CROSS JOIN message m ON m.member_id = k.id CROSS JOIN list_row r ON r.id = k.row_id"
    " WHERE p.id = ?1 AND m.state IN (1, 2) AND " RESPONSE_COVERS_ROW;

static int suppress_covered(struct store *s, int64_t response_id, int64_t *suppressed,
                            struct err *e)
{
    struct stmt *q = stmt_open(s, sql_waiting, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, response_id);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        rc = suppress_message(s, stmt_int64(q, 0), CAUSE_CLAIMED, e);
        if (rc < 0)
            break;
        *suppressed += rc;
    }
    return stmt_end(q, rc);
}

/* 1 added, 0 known. */
static int add_response(struct store *s, struct stmt *add, int64_t person_id,
                        const struct response_row *r, struct err *e)
{
    stmt_bind_int64(add, 2, person_id);
    stmt_bind_blob(add, 3, r->has_occupation ? (const void *)r->occupation : "",
                   r->has_occupation ? KEYRING_HASH_BYTES : 0);
    stmt_bind_int(add, 4, r->level);
    stmt_bind_int(add, 5, (int)r->kind);
    stmt_bind_int(add, 6, r->day);
    stmt_bind_int64_or_null(add, 7, r->amount_fen >= 0, r->amount_fen);
    if (stmt_run(add, e))
        return -1;
    return stmt_changes(s) == 1 ? 1 : 0;
}

static int put_one(struct store *s, struct stmt *add, const struct response_row *r, bool *matched,
                   struct response_stats *stats, struct err *e)
{
    int64_t person_id;
    int rc = person_find(s, r->person_kind, r->person, &person_id, e);
    if (rc < 0)
        return -1;
    *matched = rc == 1;
    if (rc == 0) {
        stats->unmatched++;
        return 0;
    }
    rc = add_response(s, add, person_id, r, e);
    if (rc == 0)
        stats->known++;
    if (rc <= 0)
        return rc;
    stats->added++;
    return suppress_covered(s, stmt_last_id(s), &stats->suppressed, e);
}

int sqlite_responses_put(struct store *s, int64_t file_id, const struct response_row *r, size_t n,
                         bool *matched, struct response_stats *stats, struct err *e)
{
    struct response_stats sum = *stats;
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    struct stmt *add = stmt_open(s, sql_add, e);
    int rc = add ? 0 : -1;
    if (add)
        stmt_bind_int64(add, 1, file_id);
    for (size_t i = 0; i < n && rc == 0; i++) {
        bool known = false;
        rc = put_one(s, add, &r[i], &known, &sum, e);
        if (matched)
            matched[i] = known;
    }
    stmt_close(add);
    rc = tx_leave(s, own, rc, e);
    if (rc == 0)
        *stats = sum;
    return rc;
}
