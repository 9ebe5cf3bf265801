/*
 * digest: the old digests that providers still use, MD5 (RFC 1321) and SHA-1 (RFC 3174, 2104). For playing them only; nothing of our own
 * rests on them, which is why they do not stand in crypt.
 */
#ifndef SANDBOX_DIGEST_H
#define SANDBOX_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define MD5_BYTES 16
#define SHA1_BYTES 20

void digest_md5(const void *data, size_t len, uint8_t out[MD5_BYTES]);
void digest_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                      uint8_t out[SHA1_BYTES]);

#endif
