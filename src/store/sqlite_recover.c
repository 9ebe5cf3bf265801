/*
 * sqlite_recover: messages that a dead dispatcher left in `sending`, settled by its marks (dispatch/marks.h), in chunks. A crash in here is harmless: the marks
 * stay until every chunk is committed.
 */
#include <string.h>
#include "zhanchi/store_queue.h"
#include "move.h"
#include "sqlite.h"

#define CHUNK 500

static const char sql_sending[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message"
    " INDEXED BY message_sending WHERE state = 3 ORDER BY id LIMIT ?1";
static const char sql_attempt_unknown[] = "UPDATE attempt SET settled_at = ?3, class = ?4, code = "
                                          "'crash' WHERE message_id = ?1 AND no = ?2";

static int find_sending(struct store *s, struct message_row *out, size_t *n, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_sending, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, CHUNK);
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        out[(*n)++] = (struct message_row){.id = stmt_int64(q, 0),
                                           .campaign_id = stmt_int64(q, 1),
                                           .address_id = stmt_int64(q, 2),
                                           .state = (enum msg_state)stmt_int(q, 3),
                                           .cause = (enum msg_cause)stmt_int(q, 4),
                                           .attempts = stmt_int(q, 5)};
    return stmt_end(q, rc);
}

static int close_attempt(struct store *s, const struct message_row *m, int64_t now_ms,
                         struct err *e)
{
    struct stmt *st = stmt_open(s, sql_attempt_unknown, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, m->id);
    stmt_bind_int(st, 2, m->attempts);
    stmt_bind_int64(st, 3, now_ms);
    stmt_bind_int(st, 4, CLASS_UNKNOWN);
    return stmt_end(st, stmt_run(st, e));
}

static int recover_one(struct store *s, struct message_row *m, int64_t now_ms, mark_find find,
                       void *ctx, int64_t counts[3], struct err *e)
{
    struct settlement v;
    enum mark_finding mark = find ? find(ctx, m->id, m->attempts, &v) : MARK_HANDED;

    switch (mark) {
    case MARK_NONE:
        counts[0]++;
        v = (struct settlement){.message_id = m->id,
                                .address_id = m->address_id,
                                .attempt = m->attempts,
                                .input = IN_UNCLAIM,
                                .settled_ms = now_ms,
                                .due_ms = now_ms,
                                .give_back_cap = true};
        return sqlite_settle(s, &v, 1, e);
    case MARK_ANSWERED:
        counts[2]++;
        return sqlite_settle(s, &v, 1, e);
    default:
        counts[1]++;
        if (message_move(s, m, IN_RECOVER_HANDED, CAUSE_CRASH, DUE_AS_IT_IS, e) < 0)
            return -1;
        return close_attempt(s, m, now_ms, e);
    }
}

/* Moves at least one message out of `sending`, or *n is 0. */
static int recover_chunk(struct store *s, int64_t now_ms, mark_find find, void *ctx,
                         int64_t counts[3], size_t *n, struct err *e)
{
    struct message_row m[CHUNK];

    if (find_sending(s, m, n, e))
        return -1;
    for (size_t i = 0; i < *n; i++)
        if (recover_one(s, &m[i], now_ms, find, ctx, counts, e))
            return -1;
    return 0;
}

int sqlite_recover(struct store *s, int64_t now_ms, mark_find find, void *ctx, int64_t counts[3],
                   struct err *e)
{
    size_t n;

    do {
        bool own;
        n = 0;
        if (tx_enter(s, &own, e))
            return -1;
        if (tx_leave(s, own, recover_chunk(s, now_ms, find, ctx, counts, &n, e), e))
            return -1;
    } while (n > 0);
    return 0;
}
