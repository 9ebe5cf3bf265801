/*
 * keyring: the key file outside the database wraps random data keys inside it.
 *
 * Purposes: one data key a list (its rows and the payloads made of them: dropping the key is
 * dropping the data), one for the index (keyed hashes of persons, addresses, employers,
 * occupations), one for opt-outs, one for raw reports and replies, one for approvals. Each has an
 * id; every sealed row names its key id, the first byte of every blob is the algorithm (1 =
 * AES-256-GCM). Rotation re-wraps; nothing is hashed again.
 *
 * A keyring belongs to one thread, and borrows its store: close it first. A wrong key file is
 * ERR_PERM before anything is touched.
 */
#ifndef ZHANCHI_KEYRING_H
#define ZHANCHI_KEYRING_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

struct store;
struct keyring;

/* Makes a key file (0600, refuses to overwrite) and its recovery copy. */
int keyring_create_file(const char *path, const char *recovery_path, struct err *e);
/* First data keys of a new database. */
int keyring_init(struct store *s, const char *key_path, int64_t now_ms, struct err *e);
/* Refuses a key file that others may read (ERR_PERM) or that is damaged (ERR_DATA). */
struct keyring *keyring_open(struct store *s, const char *key_path, struct err *e);
void keyring_close(struct keyring *k); /* wipes; NULL is fine */

enum key_purpose { KEY_INDEX = 1, KEY_LIST = 2, KEY_OPTOUT = 3, KEY_INBOX = 4, KEY_APPROVAL = 5 };
/* The id of the one key of a purpose (not KEY_LIST). */
int64_t keyring_id(const struct keyring *k, enum key_purpose p);
/* A new key for a list, stored (joins an open transaction). */
int keyring_new_list_key(struct keyring *k, struct store *s, int64_t list_id, int64_t now_ms,
                         int64_t *key_id, struct err *e);

/* Where a blob belongs: part of the associated data. */
enum seal_place {
    SEAL_ROW = 1,
    SEAL_PAYLOAD = 2,
    SEAL_OPTOUT = 3,
    SEAL_REPORT = 4,
    SEAL_REPLY = 5,
    SEAL_HELD = 6 /* a row that was not taken: its line and revision, under its list's key */
};

/* Appends alg(1) | nonce | ciphertext | tag. ERR_DATA if out is full; it is then as before, but
 * failed. */
int keyring_seal(struct keyring *k, int64_t key_id, enum seal_place place, int64_t id,
                 int64_t version, const void *plain, size_t len, struct buf *out, struct err *e);
/* Appends the plain text. ERR_DATA if the blob was changed or moved, ERR_PERM if its key is gone or
 * cannot be unwrapped. */
int keyring_unseal(struct keyring *k, int64_t key_id, enum seal_place place, int64_t id,
                   int64_t version, const void *blob, size_t len, struct buf *out, struct err *e);

/* Keyed hashes, 128 bits, domain-separated by kind. */
#define KEYRING_HASH_BYTES 16
enum hash_kind {
    HASH_PERSON_ID = 1,
    HASH_PERSON_PHONE_NAME = 2,
    HASH_PERSON_REF = 3,
    HASH_ADDRESS_SMS = 4,
    HASH_EMPLOYER = 5,
    HASH_OCCUPATION = 6,
    HASH_PSEUDONYM = 7,
    HASH_REPLY = 8,
    HASH_ADDRESS_EMAIL = 9, /* of the address in lower case (email.h: key) */
    HASH_GROUP = 11,        /* of people (policy_rule.excluded) */
    HASH_LETTER = 10        /* of a client reference: keyring_proof */
};
void keyring_hash(struct keyring *k, enum hash_kind kind, const void *data, size_t len,
                  uint8_t out[KEYRING_HASH_BYTES]);

/* What stands beside a client reference that everybody sees and anybody may send back (the Message-ID of an email): nobody else can
 * make it, so that a bounce which bears it speaks of a letter that its sender has seen. In hexadecimal. */
#define KEYRING_PROOF_MAX 17
void keyring_proof(struct keyring *k, const char *ref, char out[KEYRING_PROOF_MAX]);
/* proof may be NULL. */
bool keyring_proves(struct keyring *k, const char *ref, const char *proof);

/* HMAC-SHA256 under the approval key: begin, add, end. */
struct crypt_mac;
struct crypt_mac *
keyring_approval_mac(struct keyring *k); /* borrowed; call crypt_mac_start first */

/* Re-wraps every data key under a new key file (made by keyring_create_file), in one transaction.
 */
int keyring_rotate(struct store *s, const char *old_path, const char *new_path, struct err *e);

#endif
