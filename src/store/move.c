/*
 * move: see move.h. A transition is `UPDATE ... WHERE id = ? AND state = <from>`; its row count must be 1, because the row was read in the same
 * transaction.
 */
#include <stdlib.h>
#include "move.h"

static const char sql_read[] =
    "SELECT id, campaign_id, address_id, state, cause, attempts FROM message WHERE id = ?1";
static const char sql_move[] =
    "UPDATE message SET state = ?3, cause = ?4 WHERE id = ?1 AND state = ?2";
static const char sql_move_due[] =
    "UPDATE message SET state = ?3, cause = ?4, due_at = ?5 WHERE id = ?1 AND state = ?2";

static void read_columns(struct stmt *q, struct message_row *out)
{
    *out = (struct message_row){.id = stmt_int64(q, 0),
                                .campaign_id = stmt_int64(q, 1),
                                .address_id = stmt_int64(q, 2),
                                .state = (enum msg_state)stmt_int(q, 3),
                                .cause = (enum msg_cause)stmt_int(q, 4),
                                .attempts = stmt_int(q, 5)};
}

int message_read(struct store *s, int64_t id, struct message_row *out, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_read, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    if (rc == 1)
        read_columns(q, out);
    stmt_close(q);
    return rc;
}

int message_move(struct store *s, struct message_row *m, enum msg_input in, enum msg_cause cause,
                 int64_t due_ms, struct err *e)
{
    struct msg_step step = message_step(m->state, in);

    if (step.effect == MSG_ILLEGAL)
        panic("message %lld is %s: %s is illegal", (long long)m->id, message_state_name(m->state),
              message_input_name(in));
    if (step.effect == MSG_KEEP)
        return 0;
    struct stmt *st = stmt_open(s, due_ms == DUE_AS_IT_IS ? sql_move : sql_move_due, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, m->id);
    stmt_bind_int(st, 2, m->state);
    stmt_bind_int(st, 3, step.next);
    stmt_bind_int(st, 4, cause);
    if (due_ms != DUE_AS_IT_IS)
        stmt_bind_int64(st, 5, due_ms);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    if (stmt_changes(s) != 1)
        panic("message %lld changed inside a transaction", (long long)m->id);
    tally_add(s, m->campaign_id, m->state, m->cause, -1);
    tally_add(s, m->campaign_id, step.next, cause, 1);
    m->state = step.next;
    m->cause = cause;
    return 1;
}

/* All at once: the walk must not meet rows that it has moved itself. */
static int find_all(struct store *s, const char *sql, int64_t a, int64_t b, struct message_row *out,
                    size_t max, size_t *n, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, a);
    stmt_bind_int64(q, 2, b);
    stmt_bind_int64(q, 3, (int64_t)max);
    int rc;
    while ((rc = stmt_step(q, e)) == 1 && *n < max)
        read_columns(q, &out[(*n)++]);
    return stmt_end(q, rc);
}

static int64_t move_all(struct store *s, struct message_row *m, size_t n, enum msg_input in,
                        enum msg_cause cause, int64_t due_ms, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (message_move(s, &m[i], in, cause, due_ms, e) < 0)
            return -1;
    return (int64_t)n;
}

int64_t message_move_found(struct store *s, const char *sql, int64_t a, int64_t b, size_t max,
                           enum msg_input in, enum msg_cause cause, int64_t due_ms, struct err *e)
{
    struct message_row *m = reallocarray(NULL, max, sizeof *m);
    size_t n = 0;
    bool own;

    if (!m)
        panic("out of memory");
    if (tx_enter(s, &own, e)) {
        free(m);
        return -1;
    }
    int64_t moved =
        find_all(s, sql, a, b, m, max, &n, e) ? -1 : move_all(s, m, n, in, cause, due_ms, e);
    free(m);
    return tx_leave(s, own, moved < 0 ? -1 : 0, e) ? -1 : moved;
}
