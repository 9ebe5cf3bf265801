/*
 * identity: the bytes of which keyring_hash makes the keys of persons, occupations and employers. Pure.
 *
 * Lists (intake) and claims files (measure) meet in these keys and in nothing else, so the canonical form stands here once:
 *   HASH_PERSON_ID          citizen.upgraded, 18 characters
 *   HASH_PERSON_PHONE_NAME  identity_phone_name
 *   HASH_PERSON_REF, HASH_OCCUPATION, HASH_EMPLOYER  identity_text
 *   HASH_ADDRESS_SMS        phone.number, 11 digits
 * A change here makes every stored key another one: it needs a migration.
 */
#ifndef ZHANCHI_IDENTITY_H
#define ZHANCHI_IDENTITY_H

#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/phone.h"

/* Appends number, LF, name. `name` is what utf8_name made. */
int identity_phone_name(const struct phone *p, const char *name, size_t len, struct buf *out);

/* Appends a code or a title so that its spellings meet: full-width forms folded, blanks and invisible characters dropped, ASCII letters in upper case, NFC.
 * 0; -1 if nothing is left, or more than 200 bytes are, or the cell is no UTF-8 (out is then as before). */
int identity_text(const char *cell, size_t len, struct buf *out);

#endif
