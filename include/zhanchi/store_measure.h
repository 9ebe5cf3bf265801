/*
 * store_measure: counts for reports. Works without the key; returns no personal data.
 */
#ifndef ZHANCHI_STORE_MEASURE_H
#define ZHANCHI_STORE_MEASURE_H

#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/message.h"
#include "zhanchi/store_campaign.h"

struct store;

/* Counters (tally): messages by state and cause, as the open transaction has them; a wave in
 * freezing counts too. O(number of counters). */
int store_tally(struct store *s, int64_t campaign_id,
                int (*each)(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n),
                void *ctx, struct err *e);
/* The same counted from the rows: tests and `doctor` compare. */
int store_tally_recount(struct store *s, int64_t campaign_id,
                        int (*each)(void *ctx, enum msg_state state, enum msg_cause cause,
                                    int64_t n),
                        void *ctx, struct err *e);

enum measure_by { BY_VARIANT, BY_REGION, BY_LEVEL, BY_HOUR /* civil hour of the last hand-over */ };
struct measure_cell {
    char key[64];    /* variant index, region, level, hour */
    int64_t members; /* of arms send and always */
    int64_t sent;    /* with a message accepted, unconfirmed, delivered or undelivered */
    int64_t delivered;
    int64_t claimed; /* members with a claim on or after `from_day`, through `through_day` */
    int64_t optouts; /* members whose number refused since the start */
};
int store_measure(struct store *s, const struct campaign_info *c, enum measure_by by,
                  int32_t from_day, int32_t through_day,
                  int (*each)(void *ctx, const struct measure_cell *m), void *ctx, struct err *e);

struct measure_arm {
    enum member_arm arm;
    int64_t members, claimed, optouts;
    int64_t segments; /* of messages that the gateway took */
};
/* Members assigned and claims of both arms in [from_day, through_day]. */
int store_measure_arms(struct store *s, int64_t campaign_id, int32_t from_day, int32_t through_day,
                       int (*each)(void *ctx, const struct measure_arm *a), void *ctx,
                       struct err *e);

/* The ledger of a list: its persons by what became of them, under one policy's verdicts. A person
 * is counted once: eligible where a certificate is eligible or was claimed or paid (a response that
 * covers the row), else undetermined where one is (or has no verdict yet), else expired where one's
 * last day is over, else none of these. */
enum ledger_by { LEDGER_ALL, LEDGER_REGION, LEDGER_EMPLOYER };
struct ledger_cell {
    char key[64];   /* region as reports call it; an employer's id; "" where the row says none */
    int64_t row_id; /* a row of this cell */
    int64_t persons, certified; /* certified: with an occupation, a level or a day of issue */
    int64_t eligible, undetermined, expired;
    int64_t reached, claimed, paid; /* of the eligible; reached: a message to them was delivered */
};
/* One pass over the list in the order of persons; a person stands where the row stands that counts.
 * Cells in the order of first appearance. */
int store_ledger(struct store *s, int64_t list_id, int64_t policy_id, enum ledger_by by,
                 int (*each)(void *ctx, const struct ledger_cell *c), void *ctx, struct err *e);

/* One line a message for pseudonymous export, in the order of pseudonyms: that of the list would
 * tell who is who. */
struct export_row {
    uint8_t pseudonym[8];
    enum member_arm arm;
    int variant, level, attempts, segments;
    char region[64];
    enum msg_state state;
    enum msg_cause cause;
    int64_t handed_ms;   /* 0 = never */
    int32_t claimed_day; /* first claim since from_day; CIVIL_NONE */
    int64_t message_id;  /* not for pseudonymous output */
};
int store_export_each(struct store *s, int64_t campaign_id, int32_t from_day,
                      int (*each)(void *ctx, const struct export_row *r), void *ctx, struct err *e);

#endif
