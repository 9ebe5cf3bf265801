/*
 * crypt: OpenSSL's libcrypto, wrapped in this room.
 *
 * Sealing is AES-256-GCM with a random 96-bit nonce: nonce(12) | ciphertext | tag(16). The
 * associated data say where a blob belongs, so that it cannot be moved to another row unnoticed.
 * Failures of the library itself (not of a check) panic: they mean that the process has no memory
 * or no entropy.
 */
#ifndef ZHANCHI_CRYPT_H
#define ZHANCHI_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"

#define CRYPT_KEY_BYTES 32
#define CRYPT_HASH_BYTES 32
#define CRYPT_SEAL_BYTES 28 /* what sealing adds */

void crypt_random(void *out, size_t len);
void crypt_wipe(void *p, size_t len);
bool crypt_equal(const void *a, const void *b, size_t len); /* in constant time */

void crypt_sha256(const void *data, size_t len, uint8_t out[CRYPT_HASH_BYTES]);
void crypt_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                       uint8_t out[CRYPT_HASH_BYTES]);
/* HKDF-SHA256 without salt. */
void crypt_hkdf(const void *key, size_t key_len, const char *info, uint8_t *out, size_t out_len);

/* HMAC-SHA256 with a key kept ready: for many short inputs, or one long input in pieces. Not
 * thread-safe. */
struct crypt_mac;
struct crypt_mac *crypt_mac_new(const void *key, size_t key_len);
void crypt_mac_free(struct crypt_mac *m);
void crypt_mac_start(struct crypt_mac *m);
void crypt_mac_add(struct crypt_mac *m, const void *data, size_t len);
void crypt_mac_end(struct crypt_mac *m, uint8_t out[CRYPT_HASH_BYTES]);

/* SHA-256 of a long input in pieces. */
struct crypt_digest;
struct crypt_digest *crypt_digest_new(void);
void crypt_digest_free(struct crypt_digest *d);
void crypt_digest_add(struct crypt_digest *d, const void *data, size_t len);
void crypt_digest_end(struct crypt_digest *d, uint8_t out[CRYPT_HASH_BYTES]); /* and starts anew */

/* Methods that providers' protocols name: "md5", "sha1", "sha256", "sm3", and each with "hmac-" in
 * front. MD5 and SHA-1 are broken where someone chooses the input; they are here only because
 * providers ask for them, and nothing of our own may rest on them. */
#define CRYPT_METHOD_BYTES 64 /* room for any method's result */
enum crypt_hash { CRYPT_MD5, CRYPT_SHA1, CRYPT_SHA256, CRYPT_SM3 };
struct crypt_method {
    enum crypt_hash hash;
    bool keyed; /* an HMAC */
};
/* False if there is no such method, or if this system's library does not offer it. */
bool crypt_method_find(const char *name, struct crypt_method *out);
/* One whole input; the key counts for an HMAC only. Returns the result's length. */
size_t crypt_method_run(struct crypt_method m, const void *key, size_t key_len, const void *data,
                        size_t len, uint8_t out[CRYPT_METHOD_BYTES]);

/* AES-256-GCM with the key schedule kept ready. Not thread-safe; nonces are drawn ahead, so that
 * one must not be carried over a fork. */
struct crypt_aead;
struct crypt_aead *crypt_aead_new(const uint8_t key[CRYPT_KEY_BYTES]);
void crypt_aead_free(struct crypt_aead *a);
/* Appends nonce | ciphertext | tag to out. -1 if out is full. */
int crypt_seal(struct crypt_aead *a, const void *aad, size_t aad_len, const void *plain, size_t len,
               struct buf *out);
/* Appends the plain text to out; -1 if the blob is not what was sealed for this place under this
 * key (out is then as before). */
int crypt_open(struct crypt_aead *a, const void *aad, size_t aad_len, const void *blob, size_t len,
               struct buf *out);

/* Text forms. Encoders append; decoders are strict and return the length or -1. */
void crypt_hex(const void *data, size_t len, char *out); /* 2*len + 1 characters, lower case */
int crypt_unhex(const char *s, size_t len, uint8_t *out, size_t cap);
int crypt_base64(const void *data, size_t len, struct buf *out);
int crypt_unbase64(const char *s, size_t len, uint8_t *out, size_t cap);

#endif
