/*
 * mask: what of a person may be shown in logs, errors, rejects and on screens. Pure.
 */
#ifndef ZHANCHI_MASK_H
#define ZHANCHI_MASK_H

#include <stddef.h>

#define MASK_MAX 64 /* bytes that any masked value takes, NUL included */

void mask_phone(const char *phone, size_t len, char out[MASK_MAX]);   /* 138****0001 */
void mask_email(const char *address, size_t len, char out[MASK_MAX]); /* l***@example.com */
/* A number, or what holds an @. */
void mask_address(const char *s, size_t len, char out[MASK_MAX]);
void mask_citizen(const char *id, size_t len, char out[MASK_MAX]); /* 110105********002X */
void mask_name(const char *name, size_t len, char out[MASK_MAX]);  /* 张** */
/* A cell of unknown content: keeps kind and length, no more than a quarter of the characters, at
 * most 3. */
void mask_cell(const char *cell, size_t len, char out[MASK_MAX]);
/* What another program says, for a terminal: printable UTF-8 as it is, all else as \xNN; the address (a number, or what holds an @)
 * masked wherever it stands. Cut between characters so that it takes at most cap bytes, NUL included. */
void mask_answer(const char *s, size_t len, const char *address, char *out, size_t cap);

#endif
