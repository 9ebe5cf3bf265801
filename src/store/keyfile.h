/*
 * keyfile: a key as a small text file that a person can print, type in again, and recognise.
 *
 *     # comments
 *     zhanchi-key 1
 *     id 0f1e2d3c4b5a6978
 *     key BASE64
 *
 * The id is derived from the key, so that damage is noticed, and a wrong file can be named. Secret:
 * 0600 (or less), owned by us or root.
 */
#ifndef STORE_KEYFILE_H
#define STORE_KEYFILE_H

#include <stdint.h>
#include "zhanchi/crypt.h"
#include "zhanchi/err.h"

#define KEYFILE_ID_MAX 17 /* 16 hexadecimal digits and a NUL */

struct keyfile {
    uint8_t key[CRYPT_KEY_BYTES];
    char id[KEYFILE_ID_MAX];
};

/* kind: "zhanchi-key" or "zhanchi-audit-key" */
void keyfile_random(const char *kind, struct keyfile *out);
/* Refuses to overwrite. */
int keyfile_write(const char *path, const char *kind, const char *comment, const struct keyfile *k,
                  struct err *e);
/* ERR_NOINPUT not there, ERR_PERM others may read it, ERR_DATA damaged or of another kind. */
int keyfile_read(const char *path, const char *kind, struct keyfile *out, struct err *e);

#endif
