/*
 * store_people: refusals and responses.
 */
#ifndef ZHANCHI_STORE_PEOPLE_H
#define ZHANCHI_STORE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/policy.h"

struct store;

/* ---- opt-outs ---- */

enum optout_origin { OPTOUT_REPLY = 1, OPTOUT_GATEWAY = 2, OPTOUT_STAFF = 3, OPTOUT_IMPORT = 4 };
struct optout_info {
    int64_t id, address_id, at_ms;
    char topic[64]; /* "" = all */
    enum optout_origin origin;
    char actor[64];
    int64_t key_id;
    const void *sealed; /* SEAL_OPTOUT; NULL when the gateway told us by a code */
    size_t sealed_len;
};
/* Reserves ids for sealing; nobody else gets them (replies come from the same counter). */
int store_reserve_optouts(struct store *s, size_t n, int64_t *first, struct err *e);
/* Flag on address, row in optout, waiting messages suppressed: one transaction. 1 new, 0 was there
 * (then a sealed number fills in where none was known). suppressed may be NULL. */
int store_optout_add(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                     const struct optout_info *o, int64_t *suppressed, struct err *e);
int store_optout_remove(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                        const char *topic, struct err *e); /* 1/0 */
int store_optout_check(struct store *s, const uint8_t address[KEYRING_HASH_BYTES],
                       const char *topic, struct err *e); /* 1/0 */
int store_optout_each(struct store *s, int (*each)(void *ctx, const struct optout_info *o),
                      void *ctx, struct err *e);

/* ---- responses ---- */

enum response_kind { RESPONSE_CLAIMED = 1, RESPONSE_PAID = 2 };
struct response_row {
    int person_kind;
    uint8_t person[KEYRING_HASH_BYTES];
    bool has_occupation;
    uint8_t occupation[KEYRING_HASH_BYTES];
    int level; /* 0 unknown */
    enum response_kind kind;
    int32_t day;
    int64_t amount_fen; /* -1 unknown */
};
struct response_stats {
    int64_t added, known, unmatched, suppressed;
};
/* batch: idempotent by person, certificate, kind and day. Waiting messages of persons with a new
 * response become suppressed, unless it is older than the certificate that the message is about.
 * matched[i] (may be NULL) tells whether row i belongs to a known person. Adds to *stats. */
int store_responses_put(struct store *s, int64_t file_id, const struct response_row *r, size_t n,
                        bool *matched, struct response_stats *stats, struct err *e);
struct response_file {
    int64_t id;
    char file[256];
    uint8_t digest[32];
    int64_t rows, added, known, unmatched, rejects;
    int32_t through; /* data are complete through this day; CIVIL_NONE unknown */
    int64_t imported_at;
    char imported_by[64];
};
int store_response_file_put(struct store *s, struct response_file *f,
                            struct err *e); /* insert (id 0) or update */
int store_response_files_each(struct store *s,
                              int (*each)(void *ctx, const struct response_file *f), void *ctx,
                              struct err *e);
/* What a person was paid or has claimed: for policy_judge. Occupations come as hashes. */
int store_claims_of(struct store *s, int64_t person_id,
                    int (*each)(void *ctx, bool has_occupation,
                                const uint8_t occupation[KEYRING_HASH_BYTES], int level,
                                int32_t day),
                    void *ctx, struct err *e);

#endif
