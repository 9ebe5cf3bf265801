/*
 * pairs: see pairs.h.
 */
#include "pairs.h"
#include "zhanchi/policy.h"

void pair_text(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

void pair_int(struct json_w *w, const char *key, int64_t n)
{
    json_w_key(w, key);
    json_w_int(w, n);
}

void pair_bool(struct json_w *w, const char *key, bool flag)
{
    json_w_key(w, key);
    json_w_bool(w, flag);
}

void pair_day(struct json_w *w, const char *key, int32_t day)
{
    json_w_key(w, key);
    json_w_day(w, day);
}

void pair_fen(struct json_w *w, const char *key, int64_t fen)
{
    json_w_key(w, key);
    if (fen == POLICY_AMOUNT_NONE)
        json_w_null(w);
    else
        json_w_int(w, fen);
}

void pair_open(struct json_w *w, const char *key, char brace)
{
    json_w_key(w, key);
    json_w_open(w, brace);
}
