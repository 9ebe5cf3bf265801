/*
 * encode: a chain of named encodings that bytes go through, in order: for what a provider wants to
 * have in another form than UTF-8. Pure.
 *
 *   gbk gb18030 utf-16be     UTF-8 in; strict: nothing is replaced
 *   hex HEX                  two digits a byte, in lower or upper case
 *   base64                   RFC 4648, with padding, without line breaks
 *   percent percent-lower    RFC 3986: unreserved characters stay; digits in upper or lower case
 *   md5 sha1 sha256 sm3      a digest's bytes: hex or base64 comes next
 */
#ifndef GATEWAY_ENCODE_H
#define GATEWAY_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/crypt.h"
#include "zhanchi/err.h"

#define ENCODE_STEPS_MAX 4

struct encode_step; /* a row of encode.c's table */
struct encode_chain {
    const struct encode_step *steps[ENCODE_STEPS_MAX];
    struct crypt_method digests[ENCODE_STEPS_MAX]; /* of the steps that are digests */
    size_t n;
};

/* Adds a step behind those that are there (a chain begins as {0}). ERR_CONFIG: there is no such
 * encoding, or this system's library lacks it; or it wants text and stands behind one that gives no
 * text; or too many. */
int encode_add(struct encode_chain *c, const char *name, struct err *e);
/* The i-th name, NULL behind the last: for messages. */
const char *encode_name(size_t i);
/* Appends the result; an empty chain copies. ERR_DATA names the place of a character (from 1) that an
 * encoding lacks, without quoting it, or says that there is no room; out is then as before. */
int encode_run(const struct encode_chain *c, const char *in, size_t len, struct buf *out,
               struct err *e);
/* Whether the last encoding is this one. */
bool encode_ends_in(const struct encode_chain *c, const char *name);

#endif
