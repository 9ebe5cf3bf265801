/*
 * message: the states of a message and everything that may happen to it. Pure.
 *
 * The table states x inputs is total and stands in src/message/table.c alone. What comes from
 * outside (an answer, a receipt, a query) always has a defined result, "recorded, no change"
 * included, so that a remote party can never stop the program. An illegal internal input is a
 * defect of ours: the caller panics.
 */
#ifndef ZHANCHI_MESSAGE_H
#define ZHANCHI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

/* The numbers are written to databases: never renumber. */
enum msg_state {
    MSG_PLANNED = 1,     /* waits for its step's day or its arm's release */
    MSG_QUEUED = 2,      /* waits for due_at, window, lane */
    MSG_SENDING = 3,     /* intent is durable, the request may be on the wire */
    MSG_ACCEPTED = 4,    /* the gateway took it */
    MSG_UNKNOWN = 5,     /* nobody can say whether the gateway took it */
    MSG_UNCONFIRMED = 6, /* no receipt in 72 h; a late one wins */
    MSG_DELIVERED = 7,
    MSG_UNDELIVERED = 8,
    MSG_REJECTED = 9,    /* the gateway refused it */
    MSG_SUPPRESSED = 10, /* opt-out, claimed, duplicate ...: we refused it */
    MSG_CANCELLED = 11,
    MSG_LAPSED = 12 /* not_after or the last day has passed */
};
#define MSG_STATES 13 /* array size: index 0 is unused */

enum msg_input {
    /* internal: illegal where the table says so */
    IN_RELEASE = 0, /* its day has come: planned -> queued */
    IN_CLAIM,       /* queued -> sending */
    IN_UNCLAIM,     /* not handed over: sending -> queued */
    IN_SUPPRESS,
    IN_CANCEL,
    IN_LAPSE,
    IN_RECEIPT_TIMEOUT, /* accepted -> unconfirmed */
    IN_RECOVER_HANDED,  /* the owner died, its mark is set or lost: sending -> unknown */
    IN_RECOVER_CLEAN,   /* the owner died, nothing was handed over: sending -> queued */
    IN_DOUBT,           /* the database may be an old copy: planned, queued, sending -> unknown */
    /* by a person */
    IN_RESEND, /* unknown -> queued */
    IN_DROP,   /* unknown -> cancelled */
    /* from outside: always defined */
    IN_ANSWER_ACCEPTED,
    IN_ANSWER_REFUSED, /* for good: number, text, opt-out */
    IN_ANSWER_RETRY,   /* declared "not accepted": may be sent again */
    IN_ANSWER_UNKNOWN,
    IN_RECEIPT_DELIVERED,
    IN_RECEIPT_UNDELIVERED,
    IN_RECEIPT_PENDING, /* on its way: proves acceptance, no more */
    IN_QUERY_ACCEPTED,
    IN_QUERY_REJECTED,
    MSG_INPUTS
};

enum msg_effect { MSG_MOVE, MSG_KEEP /* recorded, no change */, MSG_ILLEGAL };

struct msg_step {
    enum msg_effect effect;
    enum msg_state next; /* for MSG_KEEP the state itself */
};

struct msg_step message_step(enum msg_state s, enum msg_input in);

bool message_final(enum msg_state s); /* leaves only by a late success */
bool message_from_outside(enum msg_input in);
const char *message_state_name(enum msg_state s); /* "queued" */
int message_state_parse(const char *name, enum msg_state *out);
const char *message_input_name(enum msg_input in);

/* Whose failure an answer or a receipt tells of. Written to databases: never renumber. */
enum msg_class {
    CLASS_OK = 1,  /* accepted (submit), delivered (receipt) */
    CLASS_RETRY,   /* declared as "not accepted": may be sent again */
    CLASS_LIMIT,   /* a per-number cap: again after the cap's window */
    CLASS_NUMBER,  /* permanent for this number */
    CLASS_OPTOUT,  /* the recipient refused: learn it */
    CLASS_CONTENT, /* this text */
    CLASS_CONFIG,  /* this lane: credentials, signature, balance */
    CLASS_UNKNOWN  /* nobody can say; never resend by oneself */
};
const char *message_class_name(enum msg_class c); /* "OK" "RETRY" ... */
int message_class_parse(const char *name, enum msg_class *out);

/* Why a message ended or waits. Written to databases: never renumber. */
enum msg_cause {
    CAUSE_NONE = 0,
    CAUSE_OPTOUT = 1,        /* suppressed: the number refused */
    CAUSE_CLAIMED = 2,       /* suppressed: the person has claimed already */
    CAUSE_HELD_OUT = 3,      /* suppressed: another campaign of the topic holds this person out */
    CAUSE_NOT_ELIGIBLE = 4,  /* never a message; used in forecasts */
    CAUSE_MISSING_VALUE = 5, /* suppressed: a variable of the text has no value for this row */
    CAUSE_TOO_LONG = 6,      /* suppressed: the text is longer than the gateway carries */
    CAUSE_NUMBER = 7,        /* rejected or undelivered: the number */
    CAUSE_CONTENT = 8,       /* rejected or undelivered: the text */
    CAUSE_LIMIT = 9,         /* undelivered: a cap; queued: waits for a cap */
    CAUSE_CONFIG = 10,       /* undelivered: signature, filing */
    CAUSE_NETWORK = 11,      /* undelivered or unknown: nobody says why */
    CAUSE_PERSON = 12,       /* cancelled or resent by a person's word */
    CAUSE_DOUBT = 13,        /* unknown: restored database */
    CAUSE_CRASH = 14,        /* unknown: the dispatcher died with it on the wire */
    CAUSE_TIME = 15,         /* lapsed: not_after or the last day has passed */
    CAUSE_DUPLICATE = 16,    /* suppressed: the same person or number is in the campaign already */
    CAUSE_NO_ADDRESS = 17,   /* suppressed: the row has no address of the campaign's channel */
    CAUSE_ROW_CHANGED = 18,  /* suppressed: the list's row was repaired or dropped since */
    CAUSE_SHARED = 19,       /* suppressed: another person of this number is written to */
    CAUSE_SHARED_REVIEW = 20 /* suppressed: somebody must say whose this number is */
};
const char *message_cause_name(enum msg_cause c);

/* ---- client references ----
 *
 * What a gateway sees as the name of an attempt, and echoes in its receipt: no two attempts of any
 * timeline of any database share one. "Z" database tag (5) epoch (4) "-" message "-" attempt, in
 * Crockford's base32: at most 32 characters of [0-9A-Z-].
 */
#define MESSAGE_REF_MAX 33 /* NUL included */

struct msg_ref {
    uint32_t tag;   /* 25 bits, of the database */
    uint32_t epoch; /* 20 bits */
    int64_t message;
    int32_t attempt;
};

void message_ref_format(const struct msg_ref *r, char out[MESSAGE_REF_MAX]);
/* 0, or -1 if this is not a reference of ours. */
int message_ref_parse(const char *s, size_t len, struct msg_ref *out);

#endif
