/*
 * steps: encodings and digests that a profile puts one behind the other: encode = [ "gbk", "percent" ].
 */
#ifndef GATEWAY_STEPS_H
#define GATEWAY_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

enum step {
    STEP_GBK,
    STEP_GB18030,
    STEP_UTF16BE,
    STEP_HEX,
    STEP_HEX_UPPER,
    STEP_BASE64,
    STEP_PERCENT,
    STEP_MD5, /* digests give bytes: hex or base64 comes next */
    STEP_SHA1,
    STEP_SHA256,
    STEP_SM3,
    STEPS
};
extern const char *const step_names[STEPS + 1]; /* NULL-terminated */

/* Appends the text after all steps to out. ERR_DATA: a character that an encoding lacks, or out is full. */
int steps_run(const enum step *steps, size_t n, const char *s, size_t len, struct buf *out,
              struct err *e);

#endif
