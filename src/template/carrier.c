/*
 * carrier: the variables of a text that a carrier keeps, in the carrier's order: "KEY", "KEY=NAME", each perhaps with ":TYPE" or ":TYPE(MAX)".
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/template.h"

static int bad(const char *item, size_t len, struct err *e)
{
    return err_set(e, ERR_DATA, "write NAME, KEY=NAME, NAME:TYPE or NAME:TYPE(MAX)",
                   "this is no variable of a carrier: %.*s", (int)(len < 60 ? len : 60), item);
}

/* Without the blanks around; -1 if it is empty or does not fit. */
static int take(const char *s, size_t len, char *out, size_t cap)
{
    while (len > 0 && *s == ' ') {
        s++;
        len--;
    }
    while (len > 0 && s[len - 1] == ' ')
        len--;
    if (len == 0 || len >= cap)
        return -1;
    memcpy(out, s, len);
    out[len] = '\0';
    return strcspn(out, " {}()=:") == len ? 0 : -1;
}

/* TYPE or TYPE(MAX) */
static int take_type(const char *s, size_t len, struct template_carrier *out)
{
    const char *paren = memchr(s, '(', len);
    char number[8];

    if (paren == NULL)
        return take(s, len, out->type, sizeof out->type);
    const char *close = memchr(paren, ')', len - (size_t)(paren - s));
    if (close == NULL || strspn(close + 1, " ") < len - (size_t)(close + 1 - s) ||
        take(paren + 1, (size_t)(close - paren - 1), number, sizeof number) != 0 ||
        number[strspn(number, "0123456789")] != '\0')
        return -1;
    out->max = 0;
    for (const char *d = number; *d != '\0'; d++)
        out->max = out->max * 10 + (*d - '0');
    return out->max > 0 ? take(s, (size_t)(paren - s), out->type, sizeof out->type) : -1;
}

int template_carrier_next(const char **p, struct template_carrier *out, struct err *e)
{
    *out = (struct template_carrier){.max = 0};
    *p += strspn(*p, " ,");
    const char *item = *p;
    size_t len = strcspn(item, ",");
    if (len == 0)
        return 0;
    *p += len;
    const char *colon = memchr(item, ':', len);
    size_t names = colon != NULL ? (size_t)(colon - item) : len;
    const char *equals = memchr(item, '=', names);
    size_t key = equals != NULL ? (size_t)(equals - item) : names;
    if (take(item, key, out->key, sizeof out->key) != 0 ||
        (colon != NULL && take_type(colon + 1, len - names - 1, out) != 0))
        return bad(item, len, e);
    if (equals == NULL) {
        memcpy(out->value, out->key, sizeof out->value);
        return 1;
    }
    return take(equals + 1, names - key - 1, out->value, sizeof out->value) == 0
               ? 1
               : bad(item, len, e);
}
