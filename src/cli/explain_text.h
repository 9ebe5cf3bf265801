/*
 * explain_text: a verdict as a person would argue it, on standard output.
 */
#ifndef CLI_EXPLAIN_TEXT_H
#define CLI_EXPLAIN_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/intake.h"

/* asked: it is the row that was asked for, not another one of the same person. */
void explain_text(const struct policy *p, const struct explained *x, int32_t as_of, bool asked);

#endif
