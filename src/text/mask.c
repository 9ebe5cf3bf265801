/*
 * mask: see mask.h. What is shown never suffices to reach or to name a person.
 *
 * Numbers of the expected form keep the parts that people compare by (138****0001). Everything else
 * is a cell of unknown content, which may be anybody's number with a letter too many: of that at
 * most a quarter and at most three characters are shown. What could move a terminal's cursor or
 * turn a line around is a question mark.
 *
 * Invariant: out is always NUL-terminated valid UTF-8 of less than MASK_MAX bytes. Called wherever
 * a value goes into a log, an error, a reject or a preview.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
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

/* Half of all addresses are of a few great providers: the domain tells a colleague what was meant, not who. A domain that is long or
 * holds anything but a host name is no domain. */
void mask_email(const char *address, size_t len, char out[MASK_MAX])
{
    const char *at = memchr(address, '@', len);
    size_t domain = at != NULL ? len - (size_t)(at - address) - 1 : 0;

    if (at == NULL || at == address || domain == 0 || domain > 48) {
        mask_cell(address, len, out);
        return;
    }
    for (const char *p = address; p < address + len; p++)
        if (*p <= ' ' || *p >= 0x7f) {
            mask_cell(address, len, out);
            return;
        }
    snprintf(out, MASK_MAX, "%c***%.*s", at - address > 1 ? address[0] : '*', (int)domain + 1, at);
}

void mask_address(const char *s, size_t len, char out[MASK_MAX])
{
    if (memchr(s, '@', len) != NULL)
        mask_email(s, len, out);
    else
        mask_phone(s, len, out);
}

void mask_citizen(const char *id, size_t len, char out[MASK_MAX])
{
    if ((len != 18 && len != 15) || !all_digits(id, len - 1)) {
        mask_cell(id, len, out);
        return;
    }
    snprintf(out, MASK_MAX, "%.6s%s%.4s", id, len == 18 ? "********" : "*****", id + len - 4);
}

/* What would move the cursor or turn the line around is shown as a question mark. */
static bool unprintable(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 || cp == 0x2029 ||
           utf8_invisible(cp);
}

/* The first `shown` characters, then a star for each further one, up to `most` stars. Of bytes that
 * are no UTF-8 nothing is shown. */
static void head_and_stars(const char *s, size_t len, size_t shown, size_t most, char out[MASK_MAX])
{
    bool valid = utf8_valid(s, len, NULL);
    size_t total = valid ? utf8_count(s, len) : len, i = 0, n = 0, at = 0;

    for (; valid && n < shown && i < len; n++) {
        uint32_t cp = utf8_next(s, len, &i);
        at += (size_t)utf8_put(out + at, unprintable(cp) ? '?' : cp);
    }
    for (size_t stars = 0; n < total && stars < most; stars++, n++)
        out[at++] = '*';
    out[at] = '\0';
}

/* Both callers stay far below MASK_MAX: at most 3 characters of 4 bytes and 20 stars. */
void mask_name(const char *name, size_t len, char out[MASK_MAX])
{
    head_and_stars(name, len, utf8_count(name, len) > 1 ? 1 : 0, 2, out);
}

void mask_cell(const char *cell, size_t len, char out[MASK_MAX])
{
    size_t quarter = utf8_count(cell, len) / 4;

    head_and_stars(cell, len, quarter > 3 ? 3 : quarter, 20, out);
}

/* The bytes of a character that may be shown as it is; 0: none begins here. */
static size_t printable(const char *s, size_t len)
{
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        size_t i = 0;
        if (utf8_valid(s, n, NULL))
            return unprintable(utf8_next(s, n, &i)) ? 0 : n;
    }
    return 0;
}

void mask_answer(const char *s, size_t len, const char *address, char *out, size_t cap)
{
    char piece[MASK_MAX];
    size_t at = 0, own = strlen(address);

    for (size_t i = 0; i < len;) {
        size_t n = printable(s + i, len - i), step = n > 0 ? n : 1;
        if (own > 0 && own <= len - i && strncasecmp(s + i, address, own) == 0) {
            mask_address(address, own, piece);
            step = own;
        } else if (n > 0) {
            snprintf(piece, sizeof piece, "%.*s", (int)n, s + i);
        } else {
            snprintf(piece, sizeof piece, "\\x%02X", (unsigned)(unsigned char)s[i]);
        }
        size_t more = strlen(piece);
        if (at + more >= cap)
            break;
        memcpy(out + at, piece, more);
        at += more;
        i += step;
    }
    out[at] = '\0';
}
