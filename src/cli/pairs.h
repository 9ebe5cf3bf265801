/*
 * pairs: members of a JSON object, a key and its value in one call.
 */
#ifndef CLI_PAIRS_H
#define CLI_PAIRS_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/json.h"

void pair_text(struct json_w *w, const char *key, const char *text);
void pair_int(struct json_w *w, const char *key, int64_t n);
void pair_bool(struct json_w *w, const char *key, bool flag);
void pair_day(struct json_w *w, const char *key, int32_t day); /* CIVIL_NONE: null */
void pair_fen(struct json_w *w, const char *key, int64_t fen); /* POLICY_AMOUNT_NONE: null */
/* The key and an opening brace or bracket. */
void pair_open(struct json_w *w, const char *key, char brace);

#endif
