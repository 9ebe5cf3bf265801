/*
 * mask: see mask.h. What is shown never suffices to reach or to name a person.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "zhanchi/mask.h"
#include "zhanchi/utf8.h"

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

void mask_phone(const char *phone, size_t len, char out[MASK_MAX])
{
    if (len != 11 || !all_digits(phone, len)) {
        mask_cell(phone, len, out);
        return;
    }
    snprintf(out, MASK_MAX, "%.3s****%.4s", phone, phone + 7);
}

void mask_citizen(const char *id, size_t len, char out[MASK_MAX])
{
    if ((len != 18 && len != 15) || !all_digits(id, len - 1)) {
        mask_cell(id, len, out);
        return;
    }
    snprintf(out, MASK_MAX, "%.6s%s%.4s", id, len == 18 ? "********" : "*****", id + len - 4);
}

/* The first `shown` characters, then a star for each further one up to `most`. */
static void head_and_stars(const char *s, size_t len, size_t shown, size_t most, char out[MASK_MAX])
{
    size_t i = 0, n = 0, at = 0;
    bool bad = !utf8_valid(s, len, NULL);

    while (!bad && n < shown && i < len) {
        size_t from = i;
        uint32_t cp = utf8_next(s, len, &i);
        bool line = cp < 0x20;
        if (at + (i - from) >= MASK_MAX - most - 1)
            break;
        memcpy(out + at, line ? " " : s + from, line ? 1 : i - from);
        at += line ? 1 : i - from;
        n++;
    }
    size_t total = bad ? len : utf8_count(s, len);
    for (size_t stars = 0; n < total && stars < most; stars++, n++)
        out[at++] = '*';
    out[at] = '\0';
}

void mask_name(const char *name, size_t len, char out[MASK_MAX])
{
    head_and_stars(name, len, utf8_count(name, len) > 1 ? 1 : 0, 2, out);
}

void mask_cell(const char *cell, size_t len, char out[MASK_MAX])
{
    size_t quarter = utf8_count(cell, len) / 4;

    head_and_stars(cell, len, quarter > 3 ? 3 : quarter, 20, out);
}
