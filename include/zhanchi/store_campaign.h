/*
 * store_campaign: campaigns, waves, freezing, single messages for people to look at.
 */
#ifndef ZHANCHI_STORE_CAMPAIGN_H
#define ZHANCHI_STORE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/message.h"
#include "zhanchi/pace.h"
#include "zhanchi/route.h"
#include "zhanchi/store_list.h"

struct store;

/* Written to databases: never renumber. `finished` is derived: running, and no message waits any
 * more. */
enum campaign_state {
    CAMPAIGN_DRAFT = 1,
    CAMPAIGN_SUBMITTED = 2,
    CAMPAIGN_APPROVED = 3,
    CAMPAIGN_RUNNING = 4,
    CAMPAIGN_PAUSED = 5,
    CAMPAIGN_CANCELLED = 6,
    CAMPAIGN_FINISHED = 7
};
const char *campaign_state_name(enum campaign_state s);

/* What becomes of several persons of the list who have one number. Written to databases. */
enum campaign_shared {
    SHARED_EACH = 1,  /* each gets a message */
    SHARED_FIRST = 2, /* the first of those who would get one; the others are suppressed (shared) */
    SHARED_REVIEW = 3 /* none, until somebody has decided whose it is (shared-review) */
};
const char *campaign_shared_name(enum campaign_shared s); /* "each" */
int campaign_shared_parse(const char *name, enum campaign_shared *out);

#define CAMPAIGN_VARIANTS 8
struct campaign_info {
    int64_t id;
    char name[64], topic[64], gateway[64]; /* gateway: gateways[0] */
    char channel[16];                      /* of its texts: "sms" or "email" */
    enum campaign_state state;
    int64_t list_id, policy_id; /* policy_id 0 = none: every row is sent */
    struct pace_schedule schedule;
    int holdout_permille;
    int32_t holdout_until; /* civil day of release; CIVIL_NONE if no holdout */
    int32_t holdout_margin_days;
    uint64_t seed; /* decides arms and variants, for ever */
    int priority;  /* higher first */
    int n_variants;
    struct {
        int64_t template_id;
        int weight;
    } variants[CAMPAIGN_VARIANTS];
    int n_gateways; /* 0 for store_campaign_create: `gateway` alone */
    char gateways[ROUTE_GATEWAYS][64];
    char routing[ROUTE_TEXT_MAX]; /* route_format; "" with one gateway */
    bool failover; /* what no gateway has taken may go over another one when its own has stopped */
    enum campaign_shared shared; /* 0 for store_campaign_create: SHARED_EACH */
    char pause_reason[128];
    int64_t created_at, started_at; /* started: first claim, 0 = not yet */
    char created_by[64];
};

bool campaign_is_email(const struct campaign_info *c);

int store_campaign_create(struct store *s, struct campaign_info *c,
                          struct err *e); /* sets id; ERR_DATA if the name is taken */
int store_campaign_find(struct store *s, const char *name, struct campaign_info *out,
                        struct err *e); /* 1/0/-1 */
int store_campaign_by_id(struct store *s, int64_t id, struct campaign_info *out, struct err *e);
int store_campaign_each(struct store *s, int (*each)(void *ctx, const struct campaign_info *c),
                        void *ctx, struct err *e);
/* from -> to; ERR_TEMP if the campaign is not in `from` any more. */
int store_campaign_move(struct store *s, int64_t id, enum campaign_state from,
                        enum campaign_state to, const char *reason, struct err *e);
int store_campaign_started(struct store *s, int64_t id, int64_t now_ms,
                           struct err *e); /* approved -> running, first time */

/* ---- waves ---- */

enum wave_state { WAVE_FREEZING = 0, WAVE_SUBMITTED = 1, WAVE_APPROVED = 2 };
struct wave_info {
    int64_t id, campaign_id;
    int no;
    enum wave_state state;
    int64_t list_id;
    int64_t members, messages, suppressed, segments, held_out, always;
    uint8_t digest[32]; /* HMAC over the ordered payloads, schedule and gateway */
    uint8_t gateway_digest[32];
    uint8_t approval[32]; /* HMAC over digest, schedule, gateway, approver, time */
    int64_t submitted_at, approved_at;
    char submitted_by[64], approved_by[64];
    char allowed[640]; /* rules that its texts were allowed to break, on how many rows, and why; ""
                          none. Room for all rules and a reason of 240 bytes. */
};
/* FREEZING; sets id, no. ERR_TEMP if the campaign is no draft, or another wave of it is freezing. */
int store_wave_begin(struct store *s, struct wave_info *w, struct err *e);
/* One transaction: the wave becomes visible, the campaign moves draft -> submitted. */
int store_wave_submit(struct store *s, const struct wave_info *w, struct err *e);
/* One transaction: approval is stored, the campaign moves submitted -> approved. */
int store_wave_approve(struct store *s, const struct wave_info *w, struct err *e);
int store_wave_abandon(struct store *s, int64_t wave_id, struct err *e); /* chunks */
int store_wave_of(struct store *s, int64_t campaign_id, struct wave_info *out,
                  struct err *e); /* newest that is not freezing; 1/0/-1 */

/* ---- freezing ---- */

/* One person of the list (the certificate with the nearest last day among the eligible ones; every
 * eligible one counts in n_certificates). */
struct candidate {
    struct list_row row; /* sealed blob included; address_id is that of the campaign's channel */
    bool no_address;     /* the row has none of that channel: address_id is the telephone's */
    bool has_verdict;
    struct verdict_row verdict;
    int n_certificates; /* eligible ones of this person */
    bool opted_out;     /* all, or this campaign's topic */
    /* A response since the certificate's issue day, of its occupation and level or of unknown ones
     * (what the row does not say counts as the same). */
    bool claimed;
    /* row.region is that of the verdict, where there is one. The person, or the phone by whomever it was listed: in the holdout arm of another campaign of
     * the topic, not yet released on `today`; */
    bool held_elsewhere;
    bool active_elsewhere; /* member of another campaign of the topic that is not cancelled */
    /* Over which gateway the number was first written to by a campaign of the topic that still runs, or
     * within 72 h; 0 = none. Only for campaigns of several gateways. */
    int64_t known_gateway_id;
    int address_sharers; /* persons of the list with this address */
};
/* Candidates in the order of person ids, after `after_person`, at most max. *last as in
 * store_list_scan. policy_id 0: every row, the first of each person. Persons without an eligible
 * verdict are not passed. */
int store_candidates(struct store *s, const struct campaign_info *c, int32_t today,
                     int64_t after_person, size_t max,
                     int (*each)(void *ctx, const struct candidate *k), void *ctx, int64_t *last,
                     struct err *e);

enum member_arm {
    ARM_SEND = 1,    /* randomised, sent at once */
    ARM_HOLDOUT = 2, /* randomised, sent after the release */
    ARM_ALWAYS = 3,  /* not randomised: sent, left out of the lift */
    ARM_NONE =
        4 /* excluded before anything was drawn (refused, claimed ...): not sent, not counted */
};
struct frozen {         /* a member with its message (step 1, channel sms) */
    int64_t message_id; /* from store_reserve_messages */
    int64_t person_id, address_id, row_id;
    enum member_arm arm;
    int variant; /* index */
    int stratum; /* level, 0 unknown */
    char region[64];
    int level;
    int32_t last_day;
    uint8_t pseudonym[8];
    enum msg_state state; /* planned, queued or suppressed */
    enum msg_cause cause;
    int64_t due_ms;
    int segments;
    int route;         /* number of its gateway */
    unsigned carriers; /* bit by number: which could carry it; 0 = its own alone */
    int64_t key_id;
    const void *payload; /* SEAL_PAYLOAD, message id, wave id; NULL if suppressed */
    size_t payload_len;
};
int store_reserve_messages(struct store *s, size_t n, int64_t *first, struct err *e);
int store_freeze_put(struct store *s, int64_t campaign_id, int64_t wave_id, const struct frozen *f,
                     size_t n, struct err *e); /* batch */
/* The wave's payloads in the order of message ids, for the digest. */
int store_payloads_each(struct store *s, int64_t wave_id,
                        int (*each)(void *ctx, int64_t message_id, int64_t key_id, const void *blob,
                                    size_t len),
                        void *ctx, struct err *e);

/* batch, chunks: planned and queued messages of a campaign -> cancelled; returns how many of at
 * most `max` were moved. */
int64_t store_cancel_chunk(struct store *s, int64_t campaign_id, size_t max, struct err *e);

/* ---- single messages ---- */

struct message_info {
    int64_t id, campaign_id, wave_id, member_id, address_id;
    enum msg_state state;
    enum msg_cause cause;
    int64_t due_ms;
    int attempts, segments, variant, route;
    enum member_arm arm;
    char region[64];
    int level;
    uint8_t pseudonym[8];
    int64_t key_id;
    const void *payload; /* valid during the call; NULL if none */
    size_t payload_len;
};
/* state 0 = any; region NULL = any. */
int store_messages_each(struct store *s, int64_t campaign_id, int state, const char *region,
                        int (*each)(void *ctx, const struct message_info *m), void *ctx,
                        struct err *e);
int store_message_get(struct store *s, int64_t id,
                      int (*each)(void *ctx, const struct message_info *m), void *ctx,
                      struct err *e); /* 1/0/-1 */
struct attempt_info {
    int no;
    uint32_t epoch;
    int64_t claimed_at, handed_at, settled_at; /* 0 = not */
    int class;                                 /* enum msg_class, 0 = open */
    char code[32], provider_id[64], gateway[64];
};
int store_attempts_each(struct store *s, int64_t message_id,
                        int (*each)(void *ctx, const struct attempt_info *a), void *ctx,
                        struct err *e);
/* batch, chunks: unknown messages of a campaign -> queued (resend) or cancelled (drop); how many of
 * at most max. */
int64_t store_resolve_chunk(struct store *s, int64_t campaign_id, bool resend, int64_t now_ms,
                            size_t max, struct err *e);

#endif
