/*
 * move: one message takes one step of the state table. The only place that writes message.state after the freezing (beside suppress_message, which
 * people.c needs, and the claim, which has a statement of its own).
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "internal.h"

struct message_row {
    int64_t id, campaign_id, address_id;
    enum msg_state state;
    enum msg_cause cause;
    int attempts;
};

/* 1 found, 0 not, -1. */
int message_read(struct store *s, int64_t id, struct message_row *out, struct err *e);
/* Consults the table and moves (state, cause, and due_at unless INT64_MIN); keeps the tally. 1 moved, 0 kept, -1. An illegal internal input
 * panics. In the open transaction; `m` is updated. */
int message_move(struct store *s, struct message_row *m, enum msg_input in, enum msg_cause cause, int64_t due_ms,
                 struct err *e);
#define DUE_AS_IT_IS INT64_MIN

/* Messages that a query names: `sql` selects id, campaign_id, address_id, state, cause, attempts; parameters a, b, limit. Moves each by `in`; how many. */
int64_t message_move_found(struct store *s, const char *sql, int64_t a, int64_t b, size_t max, enum msg_input in,
                           enum msg_cause cause, int64_t due_ms, struct err *e);

#endif
