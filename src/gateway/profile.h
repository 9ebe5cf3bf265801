/*
 * profile: a loaded gateway, and who reads and uses which part of it.
 *
 *   profile.c   the file as a whole, limits, secrets
 *   build.c     operations: struct operation
 *   sign.c      recipes: struct recipe
 *   judge.c     answers: struct answer_rules
 *   callback.c  receipts and replies: struct callback_rules
 *   classes.c   code tables: struct class_table
 *
 * A *_parse function reads its part from the profile at load (ERR_CONFIG with line), the rest only reads what was parsed.
 */
#ifndef GATEWAY_PROFILE_H
#define GATEWAY_PROFILE_H

#include "program.h"

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

/* ---- signing: HMAC over parts ---- */

enum sign_method { SIGN_NONE, SIGN_HMAC_SHA256 };
enum sign_encoding { SIGN_HEX, SIGN_BASE64 };

struct recipe {
    enum sign_method method;
    enum sign_encoding encoding;
    char *key; /* wiped by recipe_fini */
    size_t key_len;
    struct program parts;
    struct mac_pool *pool;
};
int recipe_parse(struct compiler *c, const struct conf_node *group, const char *const *further,
                 uint32_t vars, struct recipe *out, struct err *e);
void recipe_fini(struct recipe *r);
struct crypt_mac;
struct crypt_mac;
/* A context that holds the recipe's key, for a moment: keying anew costs more than a short message. Any thread. */
struct crypt_mac *recipe_take_mac(const struct recipe *r);
void recipe_put_mac(const struct recipe *r, struct crypt_mac *mac);
/* Runs the recipe and appends the signature's text to out. `mac` holds the recipe's key. */
int recipe_sign(const struct recipe *r, struct crypt_mac *mac, struct env *env, struct buf *tmp,
                struct buf *out, struct err *e);
/* Hex of SHA-256, where a recipe or a header names it. */
#define HEX_SHA256 65

/* ---- operations ---- */

struct operation {
    bool present;
    char method[8];
    const char *path; /* as signed: the base URL's path and the operation's */
    struct program url, headers, body;
    uint32_t uses; /* all three */
    int max;       /* messages */
};
int operation_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    bool batch, struct operation *out, struct err *e);

/* ---- answers ---- */

struct status_row {
    int status;
    enum msg_class class;
};
struct answer_rules {
    const char *code, *id; /* JSON pointers; NULL = not there */
    int *statuses;         /* under which the code is believed */
    size_t n_statuses;
    int *accepting; /* under which "accepted" is believed */
    size_t n_accepting;
    struct status_row *by_status; /* what a status says without a code */
    size_t n_by_status;
    struct class_table classes;
    const char *items, *item_ref, *item_code, *item_id; /* items NULL: one verdict for all */
    bool by_order;
};
int answer_parse(struct compiler *c, const struct conf_node *group, struct answer_rules *out,
                 struct err *e);

/* ---- callbacks ---- */

enum time_form { TIME_CIVIL, TIME_UNIX_S, TIME_UNIX_MS };

struct state_row {
    const char *state;
    size_t len;
    bool prefix;
    enum msg_class class;
    bool by_code, pending;
};
struct report_rules {
    bool present;
    char method[8];
    char *path; /* "/12333/receipt" */
    const char *items, *ref, *id, *phone, *state, *code, *text, *at;
    enum time_form time;
    int zone_min;
    struct state_row *states;
    size_t n_states;
    struct class_table classes;
};
struct callback_rules {
    bool verify;
    struct recipe recipe;
    const char *signature_header, *timestamp_header;
    int64_t tolerance_ms;
    struct report_rules kinds[2]; /* by enum gw_report_kind */
    int ack_status;
    const char *ack_type, *ack_body;
};
int callbacks_parse(struct compiler *c, const char *name, const struct conf_node *group,
                    struct callback_rules *out, struct err *e);

/* ---- the whole ---- */

struct gateway {
    char *name;
    struct arena *arena;
    struct compiler compiler; /* keeps templates and secrets */
    char **secret_values;     /* wiped by gateway_free */
    size_t n_secrets;
    uint8_t digest[32];
    struct gw_limits limits;
    const char *origin;                     /* "http://host:port" */
    const char *base_path;                  /* "/prefix" or "" */
    const struct conf_node *common_headers; /* while loading */
    struct operation single, batch;
    struct recipe sign;
    struct answer_rules answer;
    struct callback_rules callbacks;
};

/* ---- helpers of the parsers (read.c); what they give is the arena's ---- */

/* A key that must be there: the node, or NULL and ERR_CONFIG. */
const struct conf_node *profile_need(const struct conf_node *group, const char *key, struct err *e);
/* *out = NULL if absent. */
int profile_group(const struct conf_node *group, const char *key, const struct conf_node **out,
                  struct err *e);
int profile_str(struct compiler *c, const struct conf_node *group, const char *key, const char *def,
                const char **out, struct err *e);
/* A JSON pointer (RFC 6901), NULL if absent. */
int profile_pointer(struct compiler *c, const struct conf_node *group, const char *key,
                    const char **out, struct err *e);
/* "10s" in ms. */
int profile_duration(const struct conf_node *group, const char *key, int64_t def, int64_t *out,
                     struct err *e);
/* HTTP statuses; `def` alone if absent. */
int profile_statuses(struct compiler *c, const struct conf_node *group, const char *key, int def,
                     int **out, size_t *n, struct err *e);
/* One of the words, the first being the default: its index. */
int profile_choose(const struct conf_node *group, const char *key, const char *const *words,
                   int *out, struct err *e);
int profile_unknown_word(const struct conf_node *at, const char *what, const char *word,
                         const char *const *words, struct err *e);

#endif
