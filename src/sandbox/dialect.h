/*
 * dialect: how one provider speaks. The sandbox decides what happens to a text (a fate); a dialect reads the provider's requests
 * and has the provider's words, shapes and signatures for each fate. One file a provider, dialect_NAME.c, each listed in dialects.c.
 *
 * The readings are the sandbox's own, from the raw request: nothing is shared with the side that signs.
 */
#ifndef SANDBOX_DIALECT_H
#define SANDBOX_DIALECT_H

#include <stdbool.h>
#include <stdint.h>
#include "account.h"
#include "options.h"
#include "wire.h"
#include "zhanchi/arena.h"
#include "zhanchi/buf.h"
#include "zhanchi/json.h"

#define ID_BYTES 64

/* What becomes of a request or of one of its texts. */
enum fate {
    FATE_TAKEN,
    /* a request as a whole */
    FATE_FLOW,
    FATE_BUSY,
    FATE_BALANCE,
    FATE_ACCOUNT,   /* nobody of that name */
    FATE_SIGNATURE, /* wrong secret */
    FATE_CLOCK,     /* its time stamp is too far away */
    FATE_NONCE,     /* its nonce was used before */
    FATE_SETTING,   /* a value such as the code of the signature is not this customer's */
    FATE_MALFORMED,
    FATE_MANY, /* more numbers than a request may have */
    FATE_PATH, /* no such operation */
    FATE_INTERNAL,
    /* one text */
    FATE_NUMBER, /* no number at all */
    FATE_VACANT,
    FATE_BLACK,
    FATE_CAP,
    FATE_KEYWORD,
    FATE_UNSIGNED,
    FATE_LONG,
    FATE_TWICE, /* the number stands in the request before */
    FATES
};

/* The provider's word for a fate. */
struct word {
    const char *code, *message; /* code NULL: it does not say so at submit */
    int status;                 /* HTTP, where a whole request is refused with it; 0: 200 */
    const char *later;          /* the text is taken and the receipt says this */
};

struct item {        /* texts live as long as the call */
    const char *ref; /* the client's reference, NULL if it gave none */
    const char *to;  /* 11 digits where it is a mainland number, however it was written */
    const char *given, *text;
    const char *ext, *sign, *callback; /* NULL if there is none */
    bool silent;                       /* no receipt is wanted */
    bool template;                     /* the text is a template's name and its values */
    enum fate fate;
    int64_t no;                 /* the sandbox's own number; 0: not taken */
    const char *id;             /* the provider's id, as it prints it */
    const char *state, *report; /* what the receipt will say, in the carriers' words */
};

struct request {
    const char *method, *path, *query, *body; /* the query is "" if there is none; raw */
    size_t len;
    const char *(*header)(void *ctx, const char *name);
    void *ctx;
};

enum errand { ERRAND_NONE, ERRAND_SUBMIT, ERRAND_ASK };

enum report_kind { RECEIPT, REPLY, KINDS };

struct report {
    enum report_kind kind;
    int64_t no, sent_ms, at_ms;
    const char *id, *ref, *number, *given, *sign, *ext; /* ref, sign, ext may be NULL */
    const char *state, *code;                           /* of a receipt */
    const char *text;     /* of a reply; of a receipt: what was sent */
    const char *callback; /* where the request wanted it, or NULL */
    int parts, part;      /* part: 1 to parts, for dialects that report by part */
    bool refuses;
};

typedef void report_fn(const struct account *a, const struct report *v, struct buf *out);

/* An operation that is POSTed to a path. */
struct path {
    const char *path;
    int op;
    enum errand errand;
};

struct shelf;

/* One request on its way through a dialect. */
struct call {
    struct account *account;
    struct request r;
    int64_t now_ms;
    uint64_t order; /* how many requests came before */
    struct arena *arena;
    struct shelf *shelf; /* what an ERRAND_ASK may look at */
    int op;              /* the dialect's own */
    struct fields fields;
    struct json *root; /* freed with the call */
    struct item *items;
    size_t n;
    size_t step; /* 2: leave every other result out of the answer */
    int status;  /* HTTP status of the answer */
};

/* A callback about to leave. */
struct push {
    enum report_kind kind;
    const char *method, *url, *type;
    const char *body;
    size_t len;
    int64_t now_ms;
};

/* The frame around reports that leave together. */
struct frame {
    const char *method, *type; /* GET: the body becomes the query */
    size_t max;                /* reports in one */
    const char *open, *close;  /* commas between */
    const char *field;         /* all that is the value of this form field; NULL: it is the body */
};

struct setting {
    const char *name, *def, *help;
};

struct dialect {
    const char *name, *about;
    const struct setting *settings; /* ended by a NULL name */
    const struct word *words;       /* FATES of them */
    bool whole;                     /* one verdict and one id for all texts of a request */
    bool signed_texts;              /* texts bear 【signature】 in front */
    bool abroad;                    /* numbers of other countries, too */
    bool anyone;                    /* `to` need not be a number */
    bool by_part;                   /* a receipt for each part of a long text */
    bool keeps;                     /* what was sent can be asked for again and again */
    int units_max;                  /* of a text, UTF-16 */
    int64_t nonce_keep_ms;
    const char *pending;             /* state of --receipt-pending; NULL: it has none */
    const char *const *steps;        /* states reported before the last one; NULL: none */
    const char *const *refusals;     /* words of --refuse, ended by NULL; NULL: the usual ones */
    const char *const (*carrier)[2]; /* carriers' codes that it translates, ended by {NULL, NULL} */
    int64_t retry_ms[RETRY_STEPS_MAX]; /* 0 ends */
    struct frame frames[KINDS];
    const struct frame
        *home; /* of receipts that no request wanted elsewhere; NULL: as all others */

    /* Requests, in this order. route sets op. verify and read may say FATE_MALFORMED. */
    enum errand (*route)(struct call *c);
    enum fate (*verify)(struct call *c);
    enum fate (*read)(struct call *c);
    void (*id)(const struct call *c, int64_t no, char out[ID_BYTES]);
    void (*answer)(struct call *c, struct buf *out);
    void (*refuse)(struct call *c, enum fate fate, struct buf *out);
    void (*ask)(struct call *c, struct buf *out); /* NULL: no ERRAND_ASK */

    /* Callbacks. */
    report_fn *receipt, *reply;
    /* Headers, "Name: value" and a NUL each. NULL: none. */
    void (*sign)(const struct account *a, const struct push *p, struct buf *headers);
    bool (*acknowledged)(long status, const char *body, size_t len);
};

/* ---- dialects.c ---- */

const struct dialect *dialect_find(const char *name);
const struct dialect *dialect_next(size_t i); /* NULL behind the last */
const struct word *dialect_word(const struct call *c, enum fate fate);
/* DELIVRD, or the carrier's reason why not, else its state. */
const char *report_word(const struct report *v);
/* The provider's code in a receipt for a carrier's. */
const char *dialect_code(const struct dialect *d, const char *carrier);
/* Room for n items, with `to` still to be set. */
void call_items(struct call *c, size_t n);
/* The items of a comma list; text, ref and the rest are copied from `like`. */
enum fate call_numbers(struct call *c, const char *list, size_t max, const struct item *like);
/* Sets op to that of the request's path. The table ends with a NULL path. */
enum errand call_route(struct call *c, const struct path *paths);
/* The body as a JSON object into root; false if it is none. */
bool call_json(struct call *c);
/* Text of a scalar member of root, NULL if it is missing or empty. */
const char *call_text(const struct call *c, const struct json *object, const char *key);
/* Is the customer's setting empty or equal to this? */
bool call_setting(const struct call *c, const char *name, const char *given);
/* Up to max reports that wait on the shelf, with commas between; they are gone then. */
void call_take(struct call *c, enum report_kind kind, size_t max, report_fn *write,
               struct buf *out);
bool acknowledged_2xx(long status, const char *body, size_t len);
/* 200 and a JSON object whose member is one of two texts (numbers in their text form). */
bool acknowledged_json(long status, const char *body, size_t len, const char *key,
                       const char *value);

extern const struct dialect dialect_12333, dialect_aliyun, dialect_aliyun_rpc, dialect_tencent,
    dialect_huawei, dialect_mas, dialect_montnets, dialect_chuanglan, dialect_yunpian,
    dialect_twilio, dialect_webhook;

#endif
