/*
 * tally: counters of messages by campaign, state and cause.
 *
 * Every change of a message's state calls tally_add twice (-1 for the old state, +1 for the new
 * one); the deltas are summed in memory and written by store_commit in the same transaction, one
 * statement a counter, however many messages moved. Discarded with the transaction at a rollback.
 */
#include <stdlib.h>
#include "internal.h"

static const char sql_tally[] =
    "INSERT INTO tally (campaign_id, state, cause, n) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (campaign_id, state, cause) DO UPDATE SET n = n + excluded.n";

static bool same_counter(const struct tally_delta *d, int64_t campaign_id, int state, int cause)
{
    return d->campaign_id == campaign_id && d->state == state && d->cause == cause;
}

static struct tally_delta *delta_new(struct store *s)
{
    if (s->tally_len == s->tally_cap) {
        size_t cap = s->tally_cap ? 2 * s->tally_cap : 16;
        struct tally_delta *more = reallocarray(s->tally, cap, sizeof *more);
        if (!more)
            panic("out of memory");
        s->tally = more;
        s->tally_cap = cap;
    }
    return &s->tally[s->tally_len++];
}

void tally_add(struct store *s, int64_t campaign_id, int state, int cause, int64_t n)
{
    if (!s->in_tx)
        panic("tally outside a transaction");
    /* Few counters move in one transaction, and mostly the same two in turn. */
    for (size_t i = s->tally_len; i-- > 0;) {
        if (same_counter(&s->tally[i], campaign_id, state, cause)) {
            s->tally[i].n += n;
            return;
        }
    }
    *delta_new(s) = (struct tally_delta){campaign_id, state, cause, n};
}

int tally_flush(struct store *s, struct err *e)
{
    if (s->tally_len == 0)
        return 0;
    struct stmt *put = stmt_open(s, sql_tally, e);
    if (!put)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < s->tally_len && rc == 0; i++) {
        const struct tally_delta *d = &s->tally[i];
        if (d->n == 0)
            continue;
        stmt_bind_int64(put, 1, d->campaign_id);
        stmt_bind_int(put, 2, d->state);
        stmt_bind_int(put, 3, d->cause);
        stmt_bind_int64(put, 4, d->n);
        rc = stmt_run(put, e);
    }
    stmt_close(put);
    if (rc == 0)
        s->tally_len = 0;
    return rc;
}

void tally_discard(struct store *s)
{
    s->tally_len = 0;
}
