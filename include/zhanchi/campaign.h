/*
 * campaign: from a screened list and templates to frozen, approved messages. Dispatch opens and
 * sends; it renders nothing.
 */
#ifndef ZHANCHI_CAMPAIGN_H
#define ZHANCHI_CAMPAIGN_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/keyring.h"
#include "zhanchi/lint.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_route.h"

/* What texts are held against, and what was found: in the texts themselves, with a place, and in
 * rows, counted. Nothing of a row is told but its line in the list. */
struct campaign_finding {
    enum lint_rule rule;
    enum lint_severity severity;
    bool allowed; /* an error that a person let through */
    char set[64], template[64];
    int version;
    int line, column;         /* of the text's body; 0: of the text as a whole, or of rows */
    char partial[64];         /* then of this partial; "" */
    int64_t rows, first_line; /* rows that break it, and the first one's line; 0: the text does */
    char what[96];            /* the text's own words, or "" */
};
#define CAMPAIGN_FINDINGS 128
struct campaign_lint {
    const struct lint_set *const *sets; /* of the campaign's gateways; the same may stand twice */
    int n_sets;
    uint32_t allowed; /* rules whose errors do not block: bits */
    const char *why;  /* not NULL where something is allowed: stands with the wave */
    size_t n;
    struct campaign_finding found[CAMPAIGN_FINDINGS]; /* whatever stood there before is dropped */
};
/* How many errors stand there that nobody allowed. */
size_t campaign_lint_errors(const struct campaign_lint *l);

/* What every text of an office needs, from the configuration. */
struct campaign_office {
    const char *office, *phone12333, *apply_where;
    const char *office_en,
        *apply_where_en; /* in texts that are not Chinese; NULL or "": as above */
    int32_t today;
    int64_t now_ms;
    int max_units;              /* longest text in UTF-16 units, signature included; 0 = 500 */
    struct campaign_lint *lint; /* filled by forecast, preview and submit; NULL: not looked at */
};

/* Checks a draft as far as can be without rows: list ready and screened with this policy, texts
 * compiled, every value that they print given by list, policy or office, one topic and one
 * signature, window, not_after (0: 30 days after the first message, or after the holdout's release)
 * and holdout sane, one channel, which is the one that c->channel names (the gateway's; "" = any). Sets
 * topic, channel, seed (if 0) and id. The gateway's name is the caller's to check.
 * Joins an open transaction. */
int campaign_create(struct store *s, struct campaign_info *c, const struct campaign_office *o,
                    struct err *e);

/* Compiles a text and renders it into *sample (signature in front) with invented values of what
 * there is: ERR_DATA (line, column, nearest name) if a name is unknown, if the list lacks a column
 * that the text declares, or if something that the text prints comes from nowhere. l NULL: any
 * list; o NULL: any office. */
int campaign_check_text(const struct template_info *t, const struct list_info *l, bool policy,
                        const struct campaign_office *o, struct buf *sample, struct err *e);

/* One text against one set, as a template and with invented values (any list, any office). Adds to
 * l->found. */
int campaign_lint_text(const struct template_info *t, struct campaign_lint *l, struct err *e);

/* The unit of randomisation is the number: a household is one arm and reads one text. The arm is
 * deterministic in (seed, address id); variants are drawn within each region and level, in the order
 * of the persons (src/campaign/strata.c), and stay with the member. last_day: the earliest of the number's persons, CIVIL_NONE if one of them
 * cannot wait (then the arm is ARM_ALWAYS, if there is a holdout at all). */
enum member_arm campaign_arm(const struct campaign_info *c, int64_t address_id, int32_t last_day);

struct campaign_missing { /* rows without a value that their text prints */
    char value[128];
    int64_t rows, first_line;
};
#define CAMPAIGN_MISSING 8
struct campaign_forecast {
    int64_t persons;                    /* of the list */
    int64_t candidates;                 /* of them eligible */
    int64_t messages, held_out, always; /* messages: to be sent at once (arms send and always) */
    int64_t suppressed[32];             /* by enum msg_cause */
    int64_t segments, segments_held;    /* of messages, of held-out ones */
    int64_t cost_microyuan;             /* of `segments` */
    int64_t parts[8];                   /* messages by number of parts; [7] = 7 and more */
    int64_t to_shared_numbers;          /* messages whose number also serves another person */
    int64_t
        elsewhere; /* messages to members of another campaign of the topic that is not cancelled */
    int64_t per_variant[CAMPAIGN_VARIANTS];
    struct wave_gateway gateways[ROUTE_GATEWAYS]; /* of `messages`, in the campaign's order */
    int64_t finish_ms;                            /* -1: not before not_after */
    int64_t unconfirmed_rules; /* messages that rest on a rule marked unconfirmed */
    struct campaign_missing
        missing[CAMPAIGN_MISSING]; /* by value, as found; rows 0: no more. Of a row the first one */
};
/* Renders every row without storing anything. g, here and below: the campaign's gateways (c->gateways)
 * in its order. */
int campaign_forecast(struct store *s, struct keyring *k, const struct campaign_info *c,
                      struct gateway *const *g, const struct campaign_office *o,
                      const struct progress *p, struct campaign_forecast *out, struct err *e);

/* Shows texts of up to n members, chosen on purpose: longest, shortest, most parts, rarest characters,
 * one of each variant and of each level, then the first ones. `each` gets them masked. */
#define CAMPAIGN_ON_PURPOSE (4 + CAMPAIGN_VARIANTS + 6) /* at most so many, then the first ones */
struct campaign_sample {
    int64_t line;
    const char *why; /* "longest", "variant 2" ... */
    int variant, level;
    enum member_arm arm;
    char phone[64], name[64]; /* masked; phone: or the mail address */
    const char *signature, *template;
    const char *subject, *html; /* "" unless an email */
    const char *text; /* rendered with name and numbers masked; parts and units are those of the
                         real text */
    const char *carrier_template, *carrier_variables; /* "" if none; masked likewise */
    int route;                                        /* number of its gateway */
    int parts;
    size_t units;
};
/* g and p may be NULL. given (may be NULL) stands for the campaign's texts: with it a text can be
 * tried on a list without campaign (c: id 0, list, policy, topic, schedule) and without being
 * stored. f (may be NULL) becomes what campaign_forecast would say, by the same walk; it is there
 * before `each` is called. */
int campaign_preview(struct store *s, struct keyring *k, const struct campaign_info *c,
                     const struct template_info *given, struct gateway *const *g,
                     const struct campaign_office *o, int n, const struct progress *p,
                     struct campaign_forecast *f,
                     int (*each)(void *ctx, const struct campaign_sample *m), void *ctx,
                     struct err *e);

/* Writes the record of an act. Called inside the transaction that makes the act visible, so that
 * there is never one without the other; w is NULL for a cancelling. May be NULL. */
struct campaign_record {
    int (*fn)(void *ctx, const struct wave_info *w, struct err *e);
    void *ctx;
};

/* Freezes: members, arms, variants, sealed payloads in chunks, then HMAC digest, then draft ->
 * submitted in one transaction. Every text is held against o->lint: ERR_DATA if errors were found
 * that it does not allow. Interrupted (ERR_TEMP) or failed: nothing visible remains. Takes
 * store_lock_jobs. */
int campaign_submit(struct store *s, struct keyring *k, const struct campaign_info *c,
                    struct gateway *const *g, const struct campaign_office *o, const char *actor,
                    const struct campaign_record *r, const struct progress *p,
                    struct wave_info *out, struct err *e);
/* Recomputes the digest over what is stored, compares, signs. ERR_PERM: maker = checker (unless
 * allow_same), digest differs, gateway profile changed since. Unconfirmed rules block unless
 * allow_unconfirmed (the caller records the reason). */
int campaign_approve(struct store *s, struct keyring *k, const struct campaign_info *c,
                     struct gateway *const *g, const char *actor, bool allow_same,
                     bool allow_unconfirmed, int64_t now_ms, const struct campaign_record *r,
                     struct wave_info *out, struct err *e);
/* What dispatch asks before it sends anything of a campaign: is the stored approval the one for
 * exactly this digest, schedule, gateway profiles and URLs? ERR_PERM says what differs. (Lives in
 * src/store/approval.c, because jobs do not include each other: see store_approval.h.) */

/* Ends it: what waits is cancelled, what is on the wire ends. A cancelled campaign is gone over
 * again. */
int campaign_cancel(struct store *s, const struct campaign_info *c, const struct campaign_record *r,
                    int64_t *cancelled, const struct progress *p, struct err *e);

#endif
