/*
 * track: reports are stored raw first, then applied; idempotent, in any order.
 */
#ifndef ZHANCHI_TRACK_H
#define ZHANCHI_TRACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/email.h"
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"
#include "zhanchi/inbox.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/store_report.h"

/* Applies what is in the inbox behind the watermark, in batches sorted by message, each one
 * transaction with the watermark. Returns reports applied (0 = nothing new). What cannot be read (a
 * body, a sealed row, a gateway that is no longer configured) is counted, logged without its
 * content and passed over; it stays in the inbox. What was passed over because of its gateway is applied
 * when that one is configured again. A receipt for a reference that was never issued
 * raises the doubt (store_epoch.h). */
struct track_opts {
    struct gateway *const *gateways;
    size_t n_gateways;
    const char *const *optout_words;   /* further ones, folded, NULL-terminated; or NULL */
    const volatile sig_atomic_t *stop; /* looked at between batches; may be NULL */
};
struct track_stats {
    struct apply_stats apply;
    int64_t rows, unreadable; /* requests; those that were passed over */
    int64_t skipped;          /* reports in readable requests that lacked what is needed */
};
/* total is added to. */
int64_t track_apply(struct store *s, struct keyring *k, struct inbox *i, const struct track_opts *o,
                    struct track_stats *total, struct err *e);

/* Pulls what the provider keeps for us (receipts or replies), page by page until one is empty. A page
 * is gone at the provider once it has answered: so each is stored raw and sealed, durable in the
 * inbox, before the next is asked for; track_apply comes afterwards. One who pulls a gateway at a
 * time, by a kernel lock in the work directory `dir`: ERR_TEMP. Stops between pages when *stop is
 * set, never inside one. What was stored stands in stats (added to) also on errors. */
struct pull_opts {
    const char *dir;
    const struct gateway *gateway;
    enum gw_pull what;                 /* receipts or replies */
    int64_t max_pages;                 /* then stats.more */
    const volatile sig_atomic_t *stop; /* may be NULL */
    struct progress progress;          /* reports so far, total unknown */
};
struct pull_stats {
    int64_t pages, reports; /* stored */
    bool more;              /* there may be more */
};
int track_pull(struct store *s, struct keyring *k, struct inbox *i, const struct pull_opts *o,
               struct pull_stats *stats, struct err *e);

/* A provider's file of reports (receipts, or replies), read by whichever of the profile's rules for
 * pushed, pulled or asked reports finds most in it; put into the inbox. ERR_DATA if none finds any. */
int track_import(struct keyring *k, struct inbox *i, const struct gateway *g, bool replies,
                 const char *body, size_t len, int64_t *reports, int64_t *skipped, struct err *e);
#define TRACK_IMPORT_MAX (15U << 20) /* bytes of such a file */

/* Asks about every message of a campaign in `state`, one by one at the gateway's rate, and puts what
 * is answered into the inbox; track_apply comes afterwards. A message that the provider does not
 * know stays as it is. Stops between questions, and when a gateway refuses (ERR_CONFIG) or fails
 * several times in a row; what was stored until then stands in stats. */
struct query_opts {
    struct gateway *const *gateways;
    size_t n_gateways;
    int64_t campaign_id;
    enum msg_state state;
    const volatile sig_atomic_t *stop; /* may be NULL */
    struct progress progress;          /* messages so far */
};
struct query_stats {
    int64_t asked, known, failed; /* known: the answer had reports in it */
    int64_t not_askable; /* never handed over, its payload is gone, its gateway is not configured or
                            offers no such question, or lacks what the question names */
};
int track_query(struct store *s, struct keyring *k, struct inbox *i, const struct query_opts *o,
                struct query_stats *stats, struct err *e);

/* Bounces out of a Maildir, or one file (a message, an mbox), into the inbox; track_apply comes afterwards. A letter that is none of ours
 * stays as it is; one of ours is marked as seen when it is durable. What was stored stands in stats also
 * on errors (ERR_NOINPUT: no Maildir; ERR_IO). Stops between letters. */
struct bounce_opts {
    const char *path;
    const struct gateway *gateway;     /* of channel email */
    const volatile sig_atomic_t *stop; /* may be NULL */
};
struct bounce_stats {
    int64_t letters;    /* looked at: those not marked as seen */
    int64_t bounces;    /* stored */
    int64_t foreign;    /* notifications about other senders' messages */
    int64_t unreadable; /* larger than 4 MiB (a file: 15 MiB), or not to be opened */
};
int track_bounces(struct keyring *k, struct inbox *i, const struct bounce_opts *o,
                  struct bounce_stats *stats, struct err *e);

/* A mobile number, or a mail address (whatever holds an @). False: `reason` says why (phone.h, email.h). */
struct track_address {
    bool email;
    char text[EMAIL_MAX]; /* canonical; "" if refused */
    uint8_t hash[KEYRING_HASH_BYTES];
    const char *reason;
};
bool track_address(struct keyring *k, const char *text, struct track_address *out);

/* Opt-outs by number or mail address: folded, checked, sealed. Joins an open transaction. topic "" =
 * all; origin: enum optout_origin. 1 new, 0 was there, -1 (ERR_DATA: it is neither; the text itself is
 * not told). suppressed may be NULL. */
int track_optout_add(struct store *s, struct keyring *k, const char *phone, const char *topic,
                     int origin, const char *actor, int64_t now_ms, int64_t *suppressed,
                     struct err *e);

#endif
