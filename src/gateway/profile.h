/*
 * profile: a loaded gateway, and who reads and uses which part of it.
 *
 *   profile.c   the file as a whole, limits
 *   constants.c secrets, settings, our own addresses
 *   operation.c what requests look like: struct operation; build.c makes them
 *   sign.c      signatures: struct recipe
 *   answer.c    how answers are read: struct answer_rules; judge.c reads them
 *   callback.c  who may call, and what is answered: struct callback_rules; verify.c looks at calls
 *   report.c    receipts and replies: struct report_rules; reading.c reads them
 *   classes.c   code tables: struct class_table
 *   mail.c      gateways that are mail servers: struct mail_rules; message.c writes the messages, dsn.c reads what comes back
 *
 * A *_parse function reads its part from the profile at load (ERR_CONFIG with line), the rest only reads what was parsed.
 */
#ifndef GATEWAY_PROFILE_H
#define GATEWAY_PROFILE_H

#include "encode.h"
#include "program.h"
#include "scheme.h"
#include "zhanchi/crypt.h"

/* ---- codes to classes: exact code, then the longest prefix ("isv.*"), then nothing ---- */

struct class_row {
    const char *code; /* without the star */
    size_t len;
    bool prefix;
    enum msg_class class;
};
struct class_table {
    struct class_row *rows; /* exact ones first, sorted; then prefixes, longest first */
    size_t n, n_exact;
};
/* group: { CLASS = [ "code", ... ]; ... }; NULL gives an empty table. */
int classes_parse(struct compiler *c, const struct conf_node *group, struct class_table *out,
                  struct err *e);
enum msg_class classes_find(const struct class_table *t, const char *code); /* 0: not declared */
/* A class by its name, with the profile's line. */
int class_parse(const struct conf_node *at, const char *name, enum msg_class *out, struct err *e);

/* ---- signing ---- */

enum sign_kind { SIGN_NONE, SIGN_RECIPE, SIGN_SCHEME };

struct recipe {
    enum sign_kind kind;
    struct crypt_method method;
    bool fast;                     /* keyed SHA-256: contexts are kept */
    struct encode_chain *encoding; /* of the digest */
    char *key;                     /* wiped by recipe_fini */
    size_t key_len;
    struct program parts;
    bool before_body; /* nothing of the request is in it */
    struct mac_pool *pool;
    const struct scheme *scheme;
    char *id;
    const char *service; /* of schemes that ask for it, as for hex_digest */
    bool hex_digest;
};
/* further: keys that its group may hold besides; others: the i-th of the methods that are no recipes, NULL behind the last. */
int recipe_parse(struct compiler *c, const struct conf_node *group, const char *const *further,
                 const char *(*others)(size_t), uint32_t vars, bool loops, struct recipe *out,
                 struct err *e);
/* A constant, in memory of its own (malloc); len may be NULL. */
int recipe_key(struct compiler *c, const struct conf_node *group, const char *name, char **key,
               size_t *len, struct err *e);
void recipe_fini(struct recipe *r);
struct crypt_mac;
/* A context that holds the recipe's key, for a moment: keying anew costs more than a short message. Any thread. */
struct crypt_mac *recipe_take_mac(const struct recipe *r);
void recipe_put_mac(const struct recipe *r, struct crypt_mac *mac);
/* Runs the recipe and appends the signature's text to out. `mac` holds the recipe's key (NULL unless it is `fast`). */
int recipe_sign(const struct recipe *r, struct crypt_mac *mac, struct env *env, struct buf *tmp,
                struct buf *out, struct err *e);
/* Hex of SHA-256, where a recipe or a header names it. */
#define HEX_SHA256 65

/* ---- operations ---- */

enum operation_kind {
    OPERATION_SINGLE,
    OPERATION_BATCH,
    OPERATION_PULL, /* about no message */
    OPERATION_QUERY /* about one */
};
struct operation {
    bool present, form; /* form: the body is one, empty or not */
    char method[8];
    const char *path;                 /* as signed: the base URL's path and the operation's */
    struct program query, query_tail; /* tail: parameters that name the signature */
    struct program headers, body, body_tail;
    struct encode_chain *encoding; /* of the whole body; NULL: none */
    uint32_t uses;                 /* all programs and the recipe */
    int max;                       /* messages */
    enum operation_kind kind;
    uint32_t same; /* what the messages of a batch have in common */
    struct recipe sign;
    struct answer_rules *answer;
};
int operation_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    const char *const *further, enum operation_kind kind, struct operation *op,
                    struct err *e);
/* What it may name of messages outside of loops. */
uint32_t operation_vars(const struct operation *op);
int sign_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
               struct operation *op, struct err *e);

/* ---- answers ---- */

struct status_row {
    int status;
    enum msg_class class;
};
enum item_match { MATCH_REF, MATCH_ORDER, MATCH_PHONE };
struct pattern; /* answer.c: regular expressions over a plain text */
#define CODE_PLACES 4
struct answer_rules {
    struct pattern *text;          /* NULL: the answer is JSON */
    const char *code[CODE_PLACES]; /* JSON pointers, the first that leads somewhere */
    const char *id;                /* one; NULL = not there */
    int *statuses;                 /* under which the code is believed */
    size_t n_statuses;
    int *accepting; /* under which "accepted" is believed */
    size_t n_accepting;
    struct status_row *by_status; /* what a status says without a code */
    size_t n_by_status;
    enum msg_class absent; /* without a code, under an accepting status; 0: the status decides */
    struct class_table classes;
    const char *items, *item_ref, *item_phone, *item_code,
        *item_id; /* items NULL: one verdict for all */
    enum item_match match;
};
int answer_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                 struct answer_rules *out, struct err *e);
/* A plain text as JSON: {"code":..,"id":..}, what the expressions found. NULL if they found no code. */
struct json *answer_from_text(const struct answer_rules *r, const char *body, size_t len);
/* One expression of a group, NULL if absent; the gateway's. */
int pattern_parse(struct gateway *g, const struct conf_node *group, const char *key,
                  struct pattern **out, struct err *e);
/* What it finds in a text: the first group that matched, else all that matched; "" if nothing, or if it does not fit. */
void pattern_find(const struct pattern *p, const char *text, char *out, size_t cap);
void answers_fini(struct gateway *g); /* the expressions */

/* ---- reports ---- */

enum report_format {
    REPORT_JSON,
    REPORT_FORM,      /* fields of a form as an object */
    REPORT_FORM_JSON, /* JSON in one field of a form */
    REPORT_QUERY,     /* parameters of the URL as an object */
    REPORT_EITHER     /* a form as one object, or JSON */
};
enum time_form {
    TIME_CIVIL,  /* 2026-11-27 08:00:05, T and offset allowed */
    TIME_DIGITS, /* yyyyMMddHHmmss, yyMMddHHmmss or yyMMddHHmm */
    TIME_UNIX_S,
    TIME_UNIX_MS
};

struct state_row {
    const char *state;
    size_t len;
    bool prefix;
    enum msg_class class;
    bool by_code, pending;
};
#define PLACES 3
struct report_rules {
    bool present;
    enum report_format format;
    const char *field; /* REPORT_FORM_JSON */
    const char *items, *ref, *id, *phone, *code, *at;
    const char *state[PLACES];     /* the first that is listed counts */
    const char *text[PLACES];      /* the first that is there counts */
    const char *parts, *part;      /* of a long message: how many, and which (from 1) */
    const struct pattern *extract; /* the code within a text; NULL: the text is the code */
    const char *charset_field;     /* which field of a form names the charset of a reply's text */
    const char *text_field;        /* then: which field holds that text */
    bool percent;                  /* a reply's text is percent-encoded ... */
    const char *charset;           /* ... in this one, where it is not UTF-8 */
    enum time_form time;
    int zone_min;
    struct state_row *states;
    size_t n_states;
    struct class_table classes;
};
extern const char *const report_keys_receipt[], *const report_keys_reply[]; /* NULL-terminated */
/* like: whose states and classes hold where a receipt's group has none; NULL: nobody's. */
int report_parse(struct compiler *c, struct gateway *g, const struct conf_node *group, bool reply,
                 const struct report_rules *like, struct report_rules *r, struct err *e);

/* A body as JSON, whatever its format. ERR_DATA, ERR_PROTO. */
struct json *report_document(const struct report_rules *r, const char *body, size_t len,
                             struct err *e);

/* ---- callbacks ---- */

enum verify_kind {
    VERIFY_NONE,
    VERIFY_RECIPE,
    VERIFY_TOKEN, /* a header or parameter that must be equal */
    VERIFY_SCHEME
};
struct verify_rules {
    enum verify_kind kind;
    const struct scheme_proof
        *proof;           /* VERIFY_SCHEME; where it is over the URL, public_url is there */
    struct recipe recipe; /* its key also for the others, its id for VERIFY_SCHEME */
    const char *header, *parameter, *timestamp_header;
    int64_t tolerance_ms;
};
struct ack {
    int status;
    const char *type, *body;
};
struct network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    int bits;
};
struct callback {
    char method[8];
    char *path; /* "/12333/receipt" */
    struct verify_rules verify;
    struct ack ack;
    struct report_rules report;
};
struct callback_rules {
    struct callback kinds[2]; /* receipt, reply */
    struct network *allow;    /* none: from everywhere */
    size_t n_allow;
};
int callbacks_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    struct err *e);

/* ---- pulling and asking ---- */

struct pull {
    struct operation op;
    struct report_rules report;
};

/* ---- mail ---- */

struct mail_header {
    const char *name;
    struct program value;
};
struct mail_rules {
    bool present;
    struct gw_mail how;
    char *user, *password; /* of how, wiped by mail_fini */
    const char *helo;      /* "/name", behind the URL's origin; "" = this machine's */
    struct program from, from_name, sender, reply_to, subject, body, html, unsubscribe;
    struct mail_header *headers;
    size_t n_headers;
    uint32_t uses;
    struct class_table session, recipient, bounces;
    struct pattern *id; /* of an accepted message in the server's reply */
};
/* The groups mail, answer and bounces of a profile whose channel is email. */
int mail_parse(struct compiler *c, struct gateway *g, const struct conf_node *mail,
               const struct conf_node *answer, const struct conf_node *bounces, struct err *e);
void mail_fini(struct mail_rules *m);
/* One message with its envelope. ERR_DATA: what stands in a header would break it, or is no address. */
int mail_build(const struct gateway *g, struct env *env, const char *proof, int64_t now_ms,
               struct gw_request *out, struct err *e);
void mail_judge(const struct gateway *g, const struct gw_answer *a, struct gw_result *out);
/* Bounces: see dsn.c. *skipped counts those that are not ours. */
int dsn_read(const struct gateway *g, const char *data, size_t len,
             int (*each)(void *ctx, const struct gw_report *r), void *ctx, size_t *skipped,
             struct err *e);

/* ---- samples.c ---- */

struct sample {
    int kind, status, line;
    const char *body, *expect;
};
int samples_parse(struct compiler *c, struct gateway *g, const struct conf_node *root,
                  struct err *e);

/* ---- the whole ---- */

struct gateway {
    char *name;
    struct arena *arena;
    struct compiler compiler; /* keeps templates and constants */
    char **secret_values;     /* wiped by gateway_free */
    size_t n_secrets;
    uint8_t digest[32];
    struct gw_limits limits;
    const char *origin;    /* "http://host:port" */
    const char *host;      /* as a Host header has it */
    const char *base_path; /* "/prefix" or "" */
    const char *public_url, *number, *ca_file;
    const char *lint; /* name of a rule set */
    int zone_min;
    int sticky; /* of zhanchi.conf: 1 yes, -1 no, 0 not said */
    const struct conf_node *common_headers, *common_sign; /* while loading */
    struct operation single, batch;
    struct answer_rules answer;
    struct pattern *patterns; /* all, for answers_fini */
    struct callback_rules callbacks;
    struct pull pulls[3]; /* receipts, replies, query */
    struct mail_rules mail;
    struct sample *samples;
    size_t n_samples;
};
/* Where reports of a kind are described; NULL if nowhere. */
const struct report_rules *gateway_reports(const struct gateway *g, enum gw_report_kind kind);

/* ---- constants.c ---- */

int constants_secrets(struct gateway *g, const struct conf_node *root, const struct conf_gateway *s,
                      struct err *e);
int constants_settings(struct gateway *g, const struct conf_node *root,
                       const struct conf_node *optional, const struct conf_gateway *s,
                       struct err *e);
void constants_callbacks(struct gateway *g, const struct conf_gateway *s);

/* ---- helpers of the parsers (read.c); what they give is the arena's ---- */

/* A key that must be there: the node, or NULL and ERR_CONFIG. */
const struct conf_node *profile_need(const struct conf_node *group, const char *key, struct err *e);
/* *out = NULL if absent. */
int profile_group(const struct conf_node *group, const char *key, const struct conf_node **out,
                  struct err *e);
/* A list of texts or groups, ( ) or [ ]; *out = NULL if absent. */
int profile_list(const struct conf_node *group, const char *key, const struct conf_node **out,
                 struct err *e);
int profile_str(struct compiler *c, const struct conf_node *group, const char *key, const char *def,
                const char **out, struct err *e);
/* A JSON pointer (RFC 6901), NULL if absent. */
int profile_pointer(struct compiler *c, const struct conf_node *group, const char *key,
                    const char **out, struct err *e);
/* One, or a list of 1 to max: code = "/code", or [ "/Response/Error/Code", "/code" ]. out is all NULL before, and stays so if absent. */
int profile_pointers(struct compiler *c, const struct conf_node *group, const char *key,
                     const char **out, size_t max, struct err *e);
/* "10s" in ms. */
int profile_duration(const struct conf_node *group, const char *key, int64_t def, int64_t *out,
                     struct err *e);
/* HTTP statuses; `def` alone if absent. */
int profile_statuses(struct compiler *c, const struct conf_node *group, const char *key, int def,
                     int **out, size_t *n, struct err *e);
/* Encodings of a list, from its item `from` on. */
int profile_encodings(struct compiler *c, const struct conf_node *list, size_t from,
                      struct encode_chain **out, struct err *e);
/* One of the words, the first being the default: its index. */
int profile_choose(const struct conf_node *group, const char *key, const char *const *words,
                   int *out, struct err *e);
int profile_unknown_word(const struct conf_node *at, const char *what, const char *word,
                         const char *const *words, struct err *e);

#endif
