/*
 * outreach: campaigns with messages, for contract tests: made, frozen, sent, looked at.
 */
#ifndef TESTS_OUTREACH_H
#define TESTS_OUTREACH_H

#include "contract.h"
#include "zhanchi/arena.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_people.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"

#define OUTREACH_TODAY 19676 /* civil day of CONTRACT_NOW, in the campaigns' zone */

struct outreach {
    struct contract *c;
    struct campaign_info campaign;
    struct wave_info wave;
    int64_t gateway_id;
    int64_t first; /* messages first ... first + n - 1, in the order of persons */
    size_t n;
};

/* A draft over a list; topic "skills", gateway "12333", two variants. */
void outreach_draft(struct outreach *o, struct contract *c, const char *name, int64_t list_id);
/* Freezes every candidate as a queued message that is due at CONTRACT_NOW, with a sealed payload; `adjust` (may be NULL) may change what it likes before (a
 * suppressed one loses its payload). Draft to submitted. */
void outreach_freeze(struct outreach *o,
                     void (*adjust)(void *ctx, const struct candidate *k, struct frozen *f),
                     void *ctx);
/* Draft to running: freeze, submit, approve with a real signature, start. */
void outreach_run(struct outreach *o, struct contract *c, const char *name, int64_t list_id);
extern const uint8_t outreach_gateway_digest[32];

/* Claims at most `limit` messages at `now_ms`; how many. Payloads are copied nowhere: look at ids. */
size_t outreach_claim(struct outreach *o, int64_t now_ms, size_t limit, struct claimed *out);
/* The same with a query of the test's own. */
size_t outreach_claim_query(struct contract *c, const struct claim_query *q, struct claimed *out,
                            struct claim_stats *stats);
struct claim_query outreach_query(const struct outreach *o, int64_t now_ms, size_t limit);
struct settlement outreach_settlement(const struct claimed *m, enum msg_input in);
void outreach_settle(struct contract *c, const struct claimed *m, enum msg_input in);
struct receipt_row outreach_receipt(int64_t message_id, int32_t attempt, enum msg_class class);
void outreach_apply(struct contract *c, const struct receipt_row *r, size_t n,
                    struct apply_stats *stats);

/* What stands in the database. */
struct message_info outreach_message(struct contract *c, int64_t id); /* without payload */
enum msg_state outreach_state(struct contract *c, int64_t id);
int64_t outreach_count(struct contract *c, int64_t campaign_id, enum msg_state s);
/* The tally says what the rows say. */
void outreach_check(struct contract *c, int64_t campaign_id);

#endif
