/*
 * ref: client references: "Z", tag (5), epoch (4), "-", message, "-", attempt, in Crockford's base32 (no I L O U).
 *
 * One text for one reference: parsing refuses lower case, look-alikes and leading zeros, so that the parsed form may be compared instead of the
 * text. What a gateway echoes in another case is foreign, not ours. Callers: dispatch makes them, track reads them.
 */
#include <string.h>
#include "zhanchi/message.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char *fixed(char *out, uint32_t v, int width)
{
    for (int i = width - 1; i >= 0; i--, v >>= 5)
        out[i] = digits[v & 31];
    return out + width;
}

static char *shortest(char *out, uint64_t v)
{
    int width = 1;

    for (uint64_t rest = v >> 5; rest != 0; rest >>= 5)
        width++;
    for (int i = width - 1; i >= 0; i--, v >>= 5)
        out[i] = digits[v & 31];
    return out + width;
}

void message_ref_format(const struct msg_ref *r, char out[MESSAGE_REF_MAX])
{
    char *p = out;

    *p++ = 'Z';
    p = fixed(p, r->tag, 5);
    p = fixed(p, r->epoch, 4);
    *p++ = '-';
    p = shortest(p, (uint64_t)r->message);
    *p++ = '-';
    p = shortest(p, (uint64_t)(uint32_t)r->attempt);
    *p = '\0';
}

/* Digits up to `stop` (or the end); -1 if none, too many, or not canonical. */
static int number(const char **p, const char *end, char stop, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    const char *from = *p;

    for (; *p < end && **p != stop; (*p)++) {
        const char *d = memchr(digits, **p, 32);
        if (d == NULL || v > max >> 5)
            return -1;
        v = v << 5 | (uint64_t)(d - digits);
    }
    if (*p == from || v > max || (*from == '0' && *p - from > 1))
        return -1;
    *out = v;
    return 0;
}

static int fixed_number(const char **p, int width, uint32_t *out)
{
    uint32_t v = 0;

    for (int i = 0; i < width; i++) {
        const char *d = memchr(digits, *(*p)++, 32);
        if (d == NULL)
            return -1;
        v = v << 5 | (uint32_t)(d - digits);
    }
    *out = v;
    return 0;
}

int message_ref_parse(const char *s, size_t len, struct msg_ref *out)
{
    const char *p = s, *end = s + len;
    uint64_t message, attempt;

    if (len < 14 || len >= MESSAGE_REF_MAX || *p++ != 'Z')
        return -1;
    if (fixed_number(&p, 5, &out->tag) != 0 || fixed_number(&p, 4, &out->epoch) != 0 || *p++ != '-')
        return -1;
    if (number(&p, end, '-', INT64_MAX, &message) != 0 || p == end || *p++ != '-')
        return -1;
    if (number(&p, end, '\0', INT32_MAX, &attempt) != 0 || p != end)
        return -1;
    out->message = (int64_t)message;
    out->attempt = (int32_t)attempt;
    return 0;
}
