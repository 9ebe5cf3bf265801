/*
 * certificate: see certificate.h. Called by intake for each row.
 */
#include "zhanchi/certificate.h"
#include "zhanchi/civil.h"

static bool digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

bool certificate_parse(const char *text, size_t len, struct certificate *out)
{
    size_t year, level;

    if (len == 16 && digits(text, 16)) {
        year = 0;
        level = 10;
    } else if (len == 22 && text[0] >= 'A' && text[0] <= 'Z' && digits(text + 1, 21)) {
        year = 13;
        level = 15;
    } else {
        return false;
    }
    *out = (struct certificate){2000 + (text[year] - '0') * 10 + (text[year + 1] - '0'),
                                text[level] - '0'};
    return out->level >= 1 && out->level <= 5;
}

const char *certificate_contradicts(const char *text, size_t len, int level, int32_t issued_day)
{
    struct certificate c;

    if (!certificate_parse(text, len, &c))
        return NULL;
    if (level != 0 && level != c.level)
        return "certificate-level";
    if (issued_day == CIVIL_NONE)
        return NULL;
    int year = civil_of(issued_day).year;
    return year == c.year || year == c.year + 1 ? NULL : "certificate-year";
}
