/*
 * gateway: a provider's API as a profile file: how to build a request, how to read its answer and
 * its callbacks.
 *
 * A profile is a tree (docs/man/zhanchi-gateway.5): method, path, headers, body tree with template
 * leaves, loops over the batch, an encoding, signing over a recipe, how to read the answer for the
 * whole request and for each recipient, code classes, callbacks, limits, price. No C code knows a
 * provider by name. Loaded once; then immutable and usable from several threads. This header owns
 * no socket: transport.h does.
 */
#ifndef ZHANCHI_GATEWAY_H
#define ZHANCHI_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/conf.h"
#include "zhanchi/err.h"
#include "zhanchi/message.h"

struct gateway;

/* Settings come from zhanchi.conf (profile path, url, secrets). ERR_CONFIG with file and line. */
struct gateway *gateway_load(const struct conf_gateway *settings, struct err *e);
void gateway_free(struct gateway *g);
const char *gateway_name(const struct gateway *g);
const char *gateway_channel(const struct gateway *g); /* "sms" or "email", as templates have it */
const char *gateway_lint(const struct gateway *g);    /* name of its rule set: zhanchi-lint(5) */
/* SHA-256 over the profile file and the URL (no secrets): part of what an approver signs. */
void gateway_digest(const struct gateway *g, uint8_t out[32]);

struct gw_limits {
    double rate, burst;       /* messages a second */
    int concurrency;          /* requests in flight */
    int batch;                /* messages a request; 1 = no batch operation */
    int quiet_from, quiet_to; /* minutes of the day; equal = none */
    int64_t price_microyuan;  /* a segment */
    int64_t timeout_ms, connect_timeout_ms;
    int64_t limit_pause_ms; /* LIMIT without a hint */
    int text_units; /* UTF-16 units that a text may have, signature included; 0 = the profile does
                       not say */
    int number_per_day; /* messages that a number may have had today, over all gateways, when one goes
                           over this; 0 = the profile does not say */
    int64_t number_gap_ms; /* between two messages to a number, whatever gateway the first one went
                              over; 0 = the profile does not say */
    int64_t pull_every_ms; /* serve pulls so often; 0 = never (zhanchi.conf alone says it) */
};
const struct gw_limits *gateway_limits(const struct gateway *g);
/* Sends texts only that are filed with it: a message must have a carrier_template. */
bool gateway_filed_only(const struct gateway *g);
/* Whether people who were written to over it keep it: the setting `sticky`, else whether their
 * replies come back through it. */
bool gateway_sticky(const struct gateway *g);
/* What its profile has, for listings. */
struct gw_abilities {
    bool single, batch;     /* ways to submit */
    bool receipts, replies; /* are pushed to us */
    bool pulls[3];          /* by enum gw_pull */
};
void gateway_abilities(const struct gateway *g, struct gw_abilities *out);

/* ---- out ---- */

struct gw_message {
    int64_t id;
    const char *ref; /* client reference */
    const char *
        proof; /* of an email: what stands behind the reference in its Message-ID; NULL = nothing */
    const char *phone;     /* of a gateway for email: the mail address */
    const char *subject;   /* of an email; may be NULL */
    const char *html;      /* an email's second body; may be NULL */
    const char *text;      /* signature in front */
    const char *signature; /* without brackets */
    const char *carrier_template,
        *carrier_variables;  /* "" if unused; variables as a JSON object's text */
    const char *provider_id; /* of a message that is asked about; may be NULL */
    int64_t sent_ms;         /* likewise */
};

struct gw_scratch; /* gateway_build's own: nonce, buffers */

/* How a mail server is spoken to. */
enum gw_tls { GW_TLS_REQUIRED, GW_TLS_OPPORTUNISTIC, GW_TLS_NONE };
struct gw_mail {
    enum gw_tls tls;             /* of smtp://; smtps:// is encrypted from its first byte */
    const char *user, *password; /* NULL: the server asks for none */
};

struct gw_request { /* reusable: gw_request_reset keeps the memory; belongs to one thread at a time
                     */
    char method[8];
    struct buf url;
    struct buf headers;           /* "Name: value" NUL "Name: value" NUL ... */
    struct buf body;              /* of an email: the whole message */
    const struct gw_mail *mail;   /* NULL: HTTP; the gateway's */
    const char *ca_file;          /* trusted besides the system's, or NULL; the gateway's */
    struct buf sender, recipient; /* envelope of an email */
    struct gw_scratch *scratch;
};
void gw_request_init(struct gw_request *r);
void gw_request_reset(struct gw_request *r);
void gw_request_fini(struct gw_request *r);

/* Builds and signs one request for n messages (1 <= n <= limits.batch). n == 1 uses the single
 * operation if the profile has one. ERR_CONFIG or ERR_DATA (a value that the profile cannot carry).
 */
int gateway_build(const struct gateway *g, const struct gw_message *m, size_t n, int64_t now_ms,
                  struct gw_request *out, struct err *e);

/* Which messages may stand in one request: the text or the template that the operation sends once is
 * the same, and the number is another one. `first` opened the batch. */
bool gateway_together(const struct gateway *g, const struct gw_message *first,
                      const struct gw_message *m);

/* How a transfer ended. */
struct gw_answer {
    bool handed_over; /* the request may have reached the gateway */
    bool unsent;      /* SMTP: and yet nothing was taken: no byte of the message itself had left */
    bool session;  /* SMTP: the reply speaks of us (greeting, login, sender), not of a recipient */
    bool complete; /* a whole answer was read: status, headers, body are valid */
    int status;
    int64_t retry_after_ms; /* from Retry-After (seconds or date); 0 = none */
    const char *body;
    size_t body_len;
    const char *end; /* why there is no whole answer: "timeout" "closed" "too-long" "not-repeated"
                        "held"; "" if complete */
    const char *transport_error; /* "" or what libcurl says: for the log */
};

struct gw_result {
    enum msg_class class;
    char code[32];        /* the provider's, or "http-503", "unreadable", "no-item", "ambiguous",
                             "not-sent", gw_answer.end */
    char provider_id[64]; /* "" if none */
    int64_t retry_after_ms;
};

/* A provider's code or id as it stands in the database and in logs, in answers and in reports alike: printable ASCII,
 * a blank as '_', other bytes as '?'; cut to cap - 1. */
void gateway_copy_code(char *out, size_t cap, const char *s);
/* One result for each message, always: not handed over is RETRY ("not-sent"), but what a mail server
 * said before it counts (a wrong password is CONFIG); handed over without a
 * complete answer is UNKNOWN; RETRY otherwise only where the profile declares it; a missing item of
 * a batch is UNKNOWN. *whole is true when the answer spoke of the request as a whole and refused
 * it. */
void gateway_judge(const struct gateway *g, const struct gw_answer *a, const struct gw_message *m,
                   size_t n, struct gw_result *out, bool *whole);

/* Pulling: what the provider keeps for us, and what it knows about one message. */
enum gw_pull { GW_PULL_RECEIPTS, GW_PULL_REPLIES, GW_PULL_QUERY };
bool gateway_can_pull(const struct gateway *g, enum gw_pull what);
/* m: the message that is asked about (GW_PULL_QUERY; its ref, phone), else NULL. */
int gateway_build_pull(const struct gateway *g, enum gw_pull what, const struct gw_message *m,
                       int64_t now_ms, struct gw_request *out, struct err *e);
/* What came back: the number of reports in it that can be read (with kind GW_PULLED_RECEIPT + what),
 * or ERR_TEMP, ERR_CONFIG, ERR_PROTO with the provider's code; ERR_PROTO also of a list of receipts
 * or replies none of which can be read. */
int gateway_judge_pull(const struct gateway *g, enum gw_pull what, const struct gw_answer *a,
                       size_t *reports, struct err *e);

/* ---- samples: what a profile says that it can read ---- */

struct gw_sample_texts { /* what a sample message points to */
    char ref[24], phone[48];
};
/* The i-th invented message, from 0. */
void gateway_sample_message(const struct gateway *g, size_t i, struct gw_message *m,
                            struct gw_sample_texts *t);

struct gw_sample {
    const char *of; /* "single" "batch" "receipt" "reply" ... */
    int line, status;
    const char *body, *expect;
    struct buf got; /* what was read, in the same words: buf_fini */
    bool good;
};
size_t gateway_samples(const struct gateway *g);
/* ERR_PROTO, ERR_CONFIG: it cannot be read at all; `got` must be freed even so. */
int gateway_sample_run(const struct gateway *g, size_t i, struct gw_sample *out, struct err *e);

/* ---- in: callbacks ---- */

/* Pushed to us, or pulled by us: described apart. Written to databases: never renumber. */
enum gw_report_kind { GW_RECEIPT, GW_REPLY, GW_PULLED_RECEIPT, GW_PULLED_REPLY, GW_QUERIED };
#define GW_REPORT_KINDS 5

struct gw_callback { /* one HTTP request of the provider, as it came */
    const char *method, *path, *body;
    size_t body_len;
    const char *query_string; /* "k=v&k=v", percent-encoded; may be NULL if query_len is 0 */
    size_t query_len;
    const char *peer; /* "192.0.2.7" */
    /* value of a header, or NULL; borrowed, valid until the call returns */
    const char *(*header)(void *ctx, const char *name);
    const char *(*query)(void *ctx, const char *key);
    void *ctx;
};

struct gw_report {            /* borrowed for the call */
    enum gw_report_kind kind; /* GW_RECEIPT or GW_REPLY, however it came */
    const char *ref;          /* client reference, "" if none */
    bool mailed; /* out of a mailbox, into which anybody may write: true only with its proof */
    const char *proof;       /* mailed: what stands behind the reference; "" if nothing */
    const char *provider_id; /* "" if none */
    const char *phone;       /* 11 digits, as the provider gave it; mailed: the address, or "" */
    enum msg_class class;    /* receipt: OK delivered; else why not. CLASS_UNKNOWN with pending: not
                                final */
    bool pending;            /* intermediate receipt */
    int parts, part; /* of a long message, part from 1; 0 = the receipt speaks of all of it */
    const char *code;
    const char *text; /* reply */
    int64_t at_ms;    /* the provider's time stamp in UTC; 0 if none */
};

/* Does this path belong to the gateway, and which kind? -1 if not. */
int gateway_callback_kind(const struct gateway *g, const char *method, const char *path);
/* Checks the provider's authentication (signature, time stamp). ERR_PERM. */
int gateway_callback_verify(const struct gateway *g, enum gw_report_kind kind,
                            const struct gw_callback *c, int64_t now_ms, struct err *e);
/* Whether a body looks as if it could be read: cheap, before it is stored and acknowledged.
 * ERR_PROTO. */
int gateway_callback_check(const struct gateway *g, enum gw_report_kind kind, const char *body,
                           size_t len, struct err *e);
/* Calls `each` for every report in a body. ERR_PROTO if it cannot be read; items that lack what is
 * needed are skipped and counted. */
int gateway_callback_read(const struct gateway *g, enum gw_report_kind kind, const char *body,
                          size_t len, int (*each)(void *ctx, const struct gw_report *r), void *ctx,
                          size_t *skipped, struct err *e);
/* How receipts are told: by our reference alone; or, where the profile reads no reference from them
 * or does not send each message with its own, by the provider's id too (then settled attempts are
 * noted by it: store_gateway_joins). An id may be that of a whole request, so that it says something
 * only together with the number, or of one message. */
enum gw_joining { GW_BY_REF, GW_BY_NUMBER, GW_BY_ID };
enum gw_joining gateway_joining(const struct gateway *g);
/* The acknowledgement that the provider expects. */
void gateway_callback_ack(const struct gateway *g, enum gw_report_kind kind, int *status,
                          const char **content_type, const char **body);

#endif
