/*
 * store_list: lists, their rows and rejects, verdicts, policies, templates.
 */
#ifndef ZHANCHI_STORE_LIST_H
#define ZHANCHI_STORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/policy.h"

struct store;

/* ---- lists ---- */

struct list_info {
    int64_t id;
    char name[64];
    char file[256]; /* base name only */
    uint8_t digest[32];
    char encoding[16];
    char columns[4096]; /* JSON array of {"header","field"} in file order; field "" = further column
                         */
    int64_t key_id;
    int64_t rows, rejects;
    int64_t imported_at;
    char imported_by[64];
    int64_t changed; /* acts on its rows so far (store_held.h) */
    bool ready;
};

/* A list in loading: invisible to everybody until store_list_finish. ERR_DATA if the name is taken,
 * ERR_TEMP while another list is loading (one at a time: its new persons are its own until it is
 * ready). */
int store_list_begin(struct store *s, const struct list_info *l, int64_t *id, struct err *e);
int store_list_set_key(struct store *s, int64_t id, int64_t key_id, struct err *e);
/* Puts everything of a list in loading where it belongs: before store_list_finish, outside a
 * transaction and in some of its own, so that finish is short and can join one. */
int store_list_flush(struct store *s, int64_t id, struct err *e);
int store_list_finish(struct store *s, int64_t id, int64_t rows, int64_t rejects, struct err *e);
/* Removes a list that never became visible, with the persons, addresses and employers that it made (chunks;
 * outside a transaction). */
int store_list_abandon(struct store *s, int64_t id, struct err *e);
/* 1 found, 0 not, -1. Only ready lists. */
int store_list_find(struct store *s, const char *name, struct list_info *out, struct err *e);
int store_list_by_id(struct store *s, int64_t id, struct list_info *out, struct err *e);
int store_list_by_digest(struct store *s, const uint8_t digest[32], struct list_info *out,
                         struct err *e);
int store_list_each(struct store *s, int (*each)(void *ctx, const struct list_info *l), void *ctx,
                    struct err *e);
/* Deletes sealed data (rows, held rows, payloads), rejects and the list's key; rows' facts, verdicts
 * and the list's counters stay.
 * ERR_TEMP while a wave of the list is open, ERR_NOINPUT if there is none such. Chunks, outside a
 * transaction: at its first step the list becomes invisible and its name free. That step's
 * transaction also has the act's record (may be NULL): if it fails, nothing has changed. */
int store_list_remove(struct store *s, int64_t id, int (*record)(void *ctx, struct err *e),
                      void *ctx, struct err *e);

struct list_row {
    int64_t id; /* set by store_list_rows when storing: first id of the chunk + index (see
                   store_list_row_ids) */
    int64_t line;
    int revision;    /* 1 */
    int person_kind; /* enum hash_kind: HASH_PERSON_* */
    uint8_t person[KEYRING_HASH_BYTES];
    uint8_t address[KEYRING_HASH_BYTES]; /* the telephone's */
    bool has_email;
    uint8_t email[KEYRING_HASH_BYTES]; /* when storing */
    int64_t person_id, address_id;     /* set when reading */
    char region[64];                   /* as the list has it, if it looks like a region; else "" */
    bool has_employer, has_occupation, has_group;
    uint8_t employer[KEYRING_HASH_BYTES]; /* when storing */
    int64_t employer_id;                  /* set when reading; 0 none */
    uint8_t occupation[KEYRING_HASH_BYTES];
    uint8_t group[KEYRING_HASH_BYTES]; /* of people */
    int level;                         /* 0 unknown */
    int32_t issued_day;                /* CIVIL_NONE unknown */
    int months;                        /* -1 unknown */
    int32_t months_day;                /* through when they were counted; CIVIL_NONE unknown */
    bool benefit;                      /* draws unemployment benefit */
    int64_t key_id;
    const void *sealed; /* SEAL_ROW, id, revision; JSON object field -> text */
    size_t sealed_len;
};

/* Reserves n row ids (sealing needs them) of the list in loading, on the connection that loads it.
 */
int store_list_row_ids(struct store *s, size_t n, int64_t *first, struct err *e);
/* batch: stores rows (one transaction); resolves person, address and employer hashes to ids, new ones in the
 * order of the rows. */
int store_list_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                    struct err *e);
/* Current rows grouped by person (order: person_id, id), starting after (after_person). Calls each
 * for whole persons only: stops after `max` rows at a person's end. Returns the last person_id in
 * *last (0 = no more). */
int store_list_scan(struct store *s, int64_t list_id, int64_t after_person, size_t max,
                    int (*each)(void *ctx, const struct list_row *r), void *ctx, int64_t *last,
                    struct err *e);
/* 1 found, 0 not, -1; sealed points into memory that the next call replaces. */
int store_list_row_at(struct store *s, int64_t list_id, int64_t line, struct list_row *out,
                      struct err *e);

int store_list_row_by_id(struct store *s, int64_t row_id, struct list_row *out, struct err *e);

struct list_reject {
    int64_t line;
    int column;      /* from 1; 0 = the whole row */
    char header[64]; /* of the column */
    char reason[32]; /* stable code: "phone-length" */
    char masked[64];
};
int store_list_rejects(struct store *s, int64_t list_id, const struct list_reject *r, size_t n,
                       struct err *e); /* batch */
/* Not those of rows in review (store_held_reasons). */
int store_list_rejects_each(struct store *s, int64_t list_id,
                            int (*each)(void *ctx, const struct list_reject *r), void *ctx,
                            struct err *e);

/* Counts of a list: rows by level and region, persons, addresses, shared addresses, duplicate
 * persons. */
struct list_counts {
    int64_t rows, persons, addresses, shared_addresses;
    int64_t duplicates; /* rows beyond the first about one certificate of a person */
    int64_t elsewhere;  /* persons who stand in another list, too */
    int64_t review;     /* rows that wait for a person's decision */
};
int store_list_counts(struct store *s, int64_t list_id, struct list_counts *out, struct err *e);
/* The rows that `duplicates` counts, in the order of lines, each with the line of the first row about
 * the same certificate. Where other_id is another list's and not list_id: the rows whose persons it has, each with
 * their first line there. `each` may stop it with a value that is not 0, which is returned. */
int store_list_repeats(struct store *s, int64_t list_id, int64_t other_id,
                       int (*each)(void *ctx, int64_t line, int64_t first_line), void *ctx,
                       struct err *e);
/* Other ready lists that have persons of this one, with how many; none that has none. */
int store_list_overlaps(struct store *s, int64_t list_id,
                        int (*each)(void *ctx, const char *name, int64_t persons), void *ctx,
                        struct err *e);

/* ---- policies and verdicts ---- */

/* Records the policy's version and rules (once); returns its id. */
int store_policy_put(struct store *s, const struct policy *p, const char *path, int64_t now_ms,
                     int64_t *id, struct err *e);
struct policy_info {
    int64_t id;
    char name[64], version[17], path[512];
};
int store_policy_find(struct store *s, const char *name, struct policy_info *out,
                      struct err *e); /* newest; 1/0/-1 */
int store_policy_by_id(struct store *s, int64_t id, struct policy_info *out, struct err *e);
/* source + clause of a rule as one text for people: "人社部发〔2017〕40号 一(二)" */
int store_policy_clause(struct store *s, int64_t policy_id, int rule_no, char *out, size_t cap,
                        bool *confirmed, struct err *e);

struct verdict_row {
    int64_t row_id;
    enum verdict_outcome outcome;
    enum verdict_reason reason;
    int rule_no; /* index in policy->rules, -1 none */
    int64_t amount_fen;
    int32_t last_day;
    char region[64]; /* as reports call it (policy_region_label); "" as the row has it */
};
/* batch: replaces the verdicts of these rows under this policy. */
int store_verdicts_put(struct store *s, int64_t policy_id, int32_t as_of,
                       const struct verdict_row *v, size_t n, struct err *e);
/* One row's verdict under a policy: 1 found, 0 not, -1. */
int store_verdict_get(struct store *s, int64_t policy_id, int64_t row_id, struct verdict_row *out,
                      struct err *e);
struct verdict_count {
    enum verdict_outcome outcome;
    enum verdict_reason reason;
    int64_t n;
};
int store_verdict_counts(struct store *s, int64_t list_id, int64_t policy_id,
                         int (*each)(void *ctx, const struct verdict_count *c), void *ctx,
                         struct err *e);
/* The newest screening of a list: 1 and the policy's id and as_of, 0 if never screened. */
int store_list_screened(struct store *s, int64_t list_id, int64_t *policy_id, int32_t *as_of,
                        struct err *e);
/* Rows that have no verdict under a policy: those repaired or added since it was screened. Looks at
 * rows only where there were acts on them. */
int store_list_unscreened(struct store *s, int64_t list_id, int64_t policy_id, int64_t *n,
                          struct err *e);
int store_list_set_screened(struct store *s, int64_t list_id, int64_t policy_id, int32_t as_of,
                            struct err *e);

/* ---- templates ---- */

struct template_info {
    int64_t id;
    char name[64];
    int version;
    char topic[64], channel[16], signature[64], language[16], carrier_template[64];
    char subject[256]; /* of an email, else "" */
    int kind;          /* enum template_kind */
    int64_t created_at;
    char created_by[64];
    char columns[1024];           /* comma list */
    char carrier_variables[1024]; /* as template_carrier_next reads them */
    char body[8192];
    char html[16384];        /* of an email, else "" */
    char carrier_text[1024]; /* as filed; "" not declared */
    char partials[8192]; /* those that the body uses, as template_pack_partials has them; "" none */
};
/* The same text again is the same version; another text is a new one. */
int store_template_put(struct store *s, struct template_info *t,
                       struct err *e); /* sets id and version */
int store_template_find(struct store *s, const char *name, struct template_info *out,
                        struct err *e); /* newest; 1/0/-1 */
int store_template_by_id(struct store *s, int64_t id, struct template_info *out, struct err *e);
int store_template_each(struct store *s, int (*each)(void *ctx, const struct template_info *t),
                        void *ctx, struct err *e);

#endif
