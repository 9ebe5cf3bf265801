/*
 * move: messages change their state here and nowhere else (the freezing, which makes them, and the
 * claim, which also counts attempts, apart).
 *
 * What is to move is gathered, then written: like moves are one statement over all of them, because
 * a statement a message costs more for starting and ending it than for the row. Each is `UPDATE
 * message SET state = ... WHERE ... AND state = <from>`, its row count must be that of the
 * messages, and the tally follows.
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "internal.h"

struct message_row { /* what a decision needs to know of a message */
    int64_t id, campaign_id, address_id;
    enum msg_state state;
    enum msg_cause cause;
    int64_t due_ms; /* 0 if none */
    int attempts;
};
/* The columns of a query that message_row_read reads, of a message m, from the statement's first
 * column on. */
#define MESSAGE_ROW                                                                                \
    "m.id, m.campaign_id, m.address_id, m.state, m.cause, coalesce(m.due_at, 0), m.attempts"
#define MESSAGE_ROW_N 7
void message_row_read(struct stmt *q, struct message_row *out);

/* 1 found, 0 not, -1. */
int message_get(struct store *s, int64_t id, struct message_row *out, struct err *e);
/* All of them, in the order of the ids; out[i].id is 0 where there is none. */
int message_get_all(struct store *s, const int64_t *ids, size_t n, struct message_row *out,
                    struct err *e);

struct move;
struct moves {
    struct move *v;
    size_t n, cap;
};
void moves_init(struct moves *mv);
void moves_fini(struct moves *mv);
/* Asks the state table: true, m is what it will be and moves_flush will write it; or false, the
 * input changes nothing. An illegal internal input panics. due_ms counts where the new state waits
 * (planned, queued). Several inputs for one message come one behind the other. */
bool moves_add(struct moves *mv, struct message_row *m, enum msg_input in, enum msg_cause cause,
               int64_t due_ms);
/* The same state, later. */
void moves_put_off(struct moves *mv, struct message_row *m, enum msg_cause cause, int64_t due_ms);
/* In the open transaction. */
int moves_flush(struct store *s, struct moves *mv, struct err *e);

/* Walks a query of MESSAGE_ROW to its end, then moves each message by `in`; closes the query. How
 * many, or -1. */
#define DUE_AS_IT_IS INT64_MIN
int64_t move_found(struct store *s, struct stmt *q, enum msg_input in, enum msg_cause cause,
                   int64_t due_ms, struct err *e);

#endif
