/*
 * csv_out: fields of CSV files that people open in a spreadsheet (rejects, reports, exports).
 *
 * Quoted where RFC 4180 needs it, and where blanks at an end would be lost. A text that a
 * spreadsheet would run as a formula gets an apostrophe in front (CWE-1236); a plain number keeps
 * its sign. Called by intake, measure and the commands.
 */
#include <string.h>
#include "zhanchi/buf.h"
#include "zhanchi/table.h"

/* -12, +3.5: what no spreadsheet can misread. */
static bool plain_number(const char *s, size_t len)
{
    size_t i = s[0] == '-' || s[0] == '+' ? 1 : 0, digits = 0, dots = 0;

    for (; i < len; i++) {
        if (s[i] >= '0' && s[i] <= '9')
            digits++;
        else if (s[i] == '.' && digits > 0)
            dots++;
        else
            return false;
    }
    return digits > 0 && dots <= 1 && s[len - 1] != '.';
}

static bool formula(const char *s, size_t len)
{
    /* ... and the full-width forms, which some localisations take for the same. */
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t n = strlen(starts[i]);
        if (len >= n && memcmp(s, starts[i], n) == 0)
            return !plain_number(s, len);
    }
    return false;
}

static bool needs_quotes(const char *s, size_t len)
{
    if (len > 0 && (s[0] == ' ' || s[0] == '\t' || s[len - 1] == ' ' || s[len - 1] == '\t'))
        return true;
    for (size_t i = 0; i < len; i++)
        if (s[i] == '"' || s[i] == ',' || s[i] == '\n' || s[i] == '\r')
            return true;
    return false;
}

int table_csv_field(struct buf *out, const char *s, size_t len, bool first)
{
    bool defuse = formula(s, len), quote = needs_quotes(s, len);

    if (!first)
        buf_addc(out, ',');
    if (quote)
        buf_addc(out, '"');
    if (defuse)
        buf_addc(out, '\'');
    for (size_t from = 0; from < len;) {
        const char *q = memchr(s + from, '"', len - from);
        size_t n = q ? (size_t)(q - s) - from + 1 : len - from;
        buf_add(out, s + from, n);
        if (q)
            buf_addc(out, '"');
        from += n;
    }
    if (quote)
        buf_addc(out, '"');
    return out->failed ? -1 : 0;
}
