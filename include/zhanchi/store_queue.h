/*
 * store_queue: what the dispatcher does to messages. All are batch operations and join an open
 * transaction, so that one commit settles what came back and claims what goes next.
 */
#ifndef ZHANCHI_STORE_QUEUE_H
#define ZHANCHI_STORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/arena.h"
#include "zhanchi/err.h"
#include "zhanchi/message.h"

struct store;

struct claim_query {
    int64_t campaign_id, gateway_id;
    int route; /* number of that gateway in the campaign: its messages alone are looked at */
    const char *topic;
    int64_t now_ms;
    int32_t today;   /* civil day of now_ms in the campaign's zone, for caps */
    int cap_per_day; /* messages a number may get in a civil day over all campaigns; 0 = none */
    int64_t capped_until_ms; /* where a capped message goes (the next day's window) */
    int64_t number_gap_ms; /* least time since the number's last claim, of any campaign; 0 = none */
    size_t limit;
    size_t look_max; /* messages looked at, at most; 0 = CLAIM_LOOK_MAX */
};
#define CLAIM_LOOK_MAX 4096 /* what one transaction can do in 50 ms */
struct claimed {
    int64_t message_id, campaign_id, wave_id, address_id;
    int32_t attempt; /* number of this attempt, from 1 */
    int segments;
    int64_t key_id;
    const void *payload; /* in the arena */
    size_t payload_len;
};
struct claim_stats {
    int64_t suppressed, capped,
        lapsed; /* looked at, not claimed; lapsed: the person's last day has passed */
    int64_t looked;
    bool more; /* of the last call: it ended because of look_max, and more may be due */
};
/* Due messages in order (due_at, id): checks opt-out (all, topic) and cap in the same transaction
 * by one guarded statement on `address`, writes `sending` and the attempt row. Opted-out ones
 * become suppressed, those whose person's last day has passed lapse; capped ones wait until
 * capped_until_ms, those of a number that got one just now until number_gap_ms has passed (cause
 * LIMIT). Raises the database's claim counter by one a transaction that
 * claims or settles. Whole stretches of the queue may have to be turned away (a cap, refusals): then it ends at
 * look_max, says so, and the caller comes again. A payload that is gone is NULL. stats are added to. Returns the number claimed or -1. */
int64_t store_claim(struct store *s, const struct claim_query *q, struct arena *a,
                    struct claimed *out, struct claim_stats *stats, struct err *e);

struct settlement {
    int64_t message_id, address_id;
    int32_t attempt;
    enum msg_input
        input; /* IN_ANSWER_*, IN_UNCLAIM (held back, expired, given up); IN_LAPSE after unclaim is
                             two steps: use IN_UNCLAIM with due in the past */
    enum msg_class class; /* 0 when never handed over */
    enum msg_cause cause;
    int64_t handed_ms; /* 0 = not handed over */
    int64_t settled_ms;
    int64_t due_ms;     /* new due time for IN_UNCLAIM and IN_ANSWER_RETRY */
    bool give_back_cap; /* it did not go: the day's count of the address goes down again */
    bool learn_optout;  /* class OPTOUT: the number goes on the list of refusals (origin gateway) */
    char code[32], provider_id[64];
};
/* Applies each by the state table: if the message is no longer `sending` (an early receipt), the
 * table decides; an attempt that is not the message's newest is recorded and moves nothing. An
 * attempt that IN_UNCLAIM brings back to the queue leaves no row: its number is given again. What
 * goes back to the queue of a campaign that was cancelled meanwhile is cancelled, too. Raises the claim
 * counter (store_epoch.h). The day's
 * count goes down only where the message went back to the queue. Sorted by message id inside.
 */
int store_settle(struct store *s, const struct settlement *v, size_t n, struct err *e);

/* planned -> queued where due_at (of a held-out one: the release) <= now; claimed persons' ->
 * suppressed. At most max; returns how many. */
int64_t store_release(struct store *s, int64_t campaign_id, int64_t now_ms, size_t max,
                      struct err *e);
/* planned, queued -> lapsed, for a campaign whose not_after has passed. At most max; returns how
 * many. (A person's own last day is looked at by store_claim.) */
int64_t store_lapse(struct store *s, int64_t campaign_id, size_t max, struct err *e);
/* accepted -> unconfirmed where the newest attempt was settled before `before_ms`. At most max;
 * returns how many, 0 at the end of a pass. A pass reads every message of the campaigns that have
 * accepted ones: for once an hour, outside of a transaction. */
int64_t store_receipt_timeout(struct store *s, int64_t before_ms, size_t max, struct err *e);

/* What became of a handing-over whose owner died. */
enum mark_finding { MARK_NONE, MARK_HANDED, MARK_ANSWERED };
/* Every `sending` message: `find` tells what its mark says (MARK_ANSWERED fills the settlement), or
 * NULL if the marks are lost: then every one is unknown. counts[0] queued again, counts[1] unknown,
 * counts[2] settled (added to). Chunks. */
int store_recover(struct store *s, int64_t now_ms,
                  enum mark_finding (*find)(void *ctx, int64_t message_id, int32_t attempt,
                                            struct settlement *v),
                  void *ctx, int64_t counts[3], struct err *e);

/* How many messages of this campaign (queued or planned) are due now (counted to max: a count reads
 * every one of them), how many later (later may be NULL),
 * and when the first of these is (INT64_MAX: none). */
int store_queue_depth(struct store *s, int64_t campaign_id, int64_t now_ms, int64_t max,
                      int64_t *due_now, int64_t *later, int64_t *next_due_ms, struct err *e);

/* The database may be an old copy: what may have been sent since it was made -> unknown: everything
 * queued or sending, and what is planned for now_ms or earlier (it may have been released). What is
 * planned for later stays. Chunks; returns how many. */
int64_t store_doubt_all(struct store *s, int64_t now_ms, size_t max, struct err *e);

#endif
