/*
 * civil: see civil.h. Day numbers by the usual era arithmetic (400 years are 146,097 days); no tables, no time zone database.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/civil.h"

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool civil_valid(int year, int month, int day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= month_days(year, month);
}

int32_t civil_day(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year; /* years begin in March: the leap day is last */
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

struct civil civil_of(int32_t day)
{
    int64_t z = (int64_t)day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = (int)(z - era * 146097);
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    int month = mp < 10 ? mp + 3 : mp - 9;

    return (struct civil){.year = (int)(yoe + era * 400) + (month <= 2),
                          .month = month,
                          .day = doy - (153 * mp + 2) / 5 + 1};
}

int32_t civil_add_months(int32_t day, int n)
{
    struct civil c = civil_of(day);
    int months = c.year * 12 + c.month - 1 + n;
    int year = months >= 0 ? months / 12 : -((11 - months) / 12);
    int month = months - year * 12 + 1;
    int last = month_days(year, month);

    return civil_day(year, month, c.day < last ? c.day : last);
}

/* ---- parsing ---- */

static bool digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Between min and max digits; -1 if there are fewer. */
static int number(const char **p, const char *end, int min, int max)
{
    int value = 0, n = 0;

    for (; n < max && digit(*p, end); n++, (*p)++)
        value = value * 10 + (**p - '0');
    return n >= min ? value : -1;
}

static bool eat(const char **p, const char *end, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(end - *p) < n || memcmp(*p, word, n) != 0)
        return false;
    *p += n;
    return true;
}

static bool separator(const char **p, const char *end, const char *han, char *seen)
{
    if (eat(p, end, han)) {
        *seen = 'h';
        return true;
    }
    if (*p < end && (**p == '-' || **p == '/' || **p == '.') && (*seen == 0 || *seen == **p)) {
        *seen = **p;
        (*p)++;
        return true;
    }
    return false;
}

static void blanks(const char **p, const char *end)
{
    while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r' || **p == '\n'))
        (*p)++;
}

int civil_parse(const char *s, size_t len, int32_t *day)
{
    const char *p = s, *end = s + len;
    int y, m, d;
    char seen = 0;

    blanks(&p, end);
    y = number(&p, end, 4, 4);
    if (y < 0)
        return -1;
    if (digit(p, end)) {
        m = number(&p, end, 2, 2);
        d = number(&p, end, 2, 2);
    } else {
        if (!separator(&p, end, "年", &seen))
            return -1;
        m = number(&p, end, 1, 2);
        char month_seen = seen;
        if (m < 0 || !separator(&p, end, "月", &seen) || seen != month_seen)
            return -1;
        d = number(&p, end, 1, 2);
        if (seen == 'h' && !eat(&p, end, "日"))
            eat(&p, end, "号");
    }
    blanks(&p, end);
    if (p != end || m < 0 || d < 0 || !civil_valid(y, m, d))
        return -1;
    *day = civil_day(y, m, d);
    return 0;
}

int32_t civil_of_excel(int serial)
{
    /* Serial 60 is the 29 February 1900 that never was: serials below 61 are not to be trusted. */
    int32_t day = serial - 25569;

    return serial >= 61 && day <= civil_day(9999, 12, 31) ? day : CIVIL_NONE;
}

char *civil_format(int32_t day, char out[11])
{
    if (day == CIVIL_NONE) {
        out[0] = '\0';
        return out;
    }
    struct civil c = civil_of(day);
    char text[40];
    snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    memcpy(out, text, 10);
    out[10] = '\0';
    return out;
}

/* ---- wall clock ---- */

#define DAY_MS INT64_C(86400000)

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t civil_local_day(int64_t at_ms, int zone_min)
{
    return (int32_t)floor_div(at_ms + (int64_t)zone_min * 60000, DAY_MS);
}

int civil_local_minute(int64_t at_ms, int zone_min)
{
    int64_t local = at_ms + (int64_t)zone_min * 60000;

    return (int)((local - floor_div(local, DAY_MS) * DAY_MS) / 60000);
}

int64_t civil_at_ms(int32_t day, int minute, int zone_min)
{
    return (int64_t)day * DAY_MS + ((int64_t)minute - zone_min) * 60000;
}

/* "Z", "+08:00", "+0800", or nothing. */
static int parse_offset(const char **p, const char *end, int *zone_min)
{
    if (*p == end)
        return 0;
    if (eat(p, end, "Z")) {
        *zone_min = 0;
        return 0;
    }
    if (**p != '+' && **p != '-')
        return -1;
    int sign = *(*p)++ == '-' ? -1 : 1;
    int hours = number(p, end, 2, 2);
    eat(p, end, ":");
    int minutes = number(p, end, 2, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return -1;
    *zone_min = sign * (hours * 60 + minutes);
    return 0;
}

/* ":SS" and ".fff", both optional. */
static int parse_seconds(const char **p, const char *end, int *seconds, int *ms)
{
    *seconds = *ms = 0;
    if (!eat(p, end, ":"))
        return 0;
    *seconds = number(p, end, 2, 2);
    if (*seconds < 0 || *seconds > 60)
        return -1;
    if (eat(p, end, ".")) {
        if (!digit(*p, end))
            return -1;
        for (int scale = 100; digit(*p, end); (*p)++, scale /= 10)
            *ms += (**p - '0') * scale;
    }
    return 0;
}

int civil_parse_instant(const char *s, int zone_min, int64_t *at_ms)
{
    const char *p = s, *end = s + strlen(s);
    int32_t day;
    int hour = 0, minute = 0, seconds = 0, ms = 0;

    if (end - p < 10 || civil_parse(p, 10, &day) != 0)
        return -1;
    p += 10;
    if (p != end) {
        if (*p != 'T' && *p != ' ')
            return -1;
        blanks(&p, end);
        eat(&p, end, "T");
        hour = number(&p, end, 2, 2);
        if (hour < 0 || hour > 24 || !eat(&p, end, ":"))
            return -1;
        minute = number(&p, end, 2, 2);
        if (minute < 0 || minute > 59 || parse_seconds(&p, end, &seconds, &ms) != 0 ||
            (hour == 24 && minute + seconds + ms > 0))
            return -1;
        if (parse_offset(&p, end, &zone_min) != 0 || p != end)
            return -1;
    }
    *at_ms = civil_at_ms(day, hour * 60 + minute, zone_min) + (int64_t)seconds * 1000 + ms;
    return 0;
}

char *civil_format_instant(int64_t at_ms, int zone_min, char out[32])
{
    struct civil c = civil_of(civil_local_day(at_ms, zone_min));
    int minute = civil_local_minute(at_ms, zone_min);
    int second = (int)(floor_div(at_ms, 1000) - floor_div(at_ms, 60000) * 60);
    int off = zone_min < 0 ? -zone_min : zone_min;
    char text[80] = "";

    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month, c.day,
             minute / 60, minute % 60, second, zone_min < 0 ? '-' : '+', off / 60, off % 60);
    memcpy(out, text, 31);
    out[31] = '\0';
    return out;
}

int civil_parse_minute(const char *s, int *minute)
{
    const char *p = s, *end = s + strlen(s);
    int hour = number(&p, end, 1, 2);

    if (hour < 0 || hour > 24 || !eat(&p, end, ":"))
        return -1;
    int m = number(&p, end, 2, 2);
    if (m < 0 || m > 59 || p != end || (hour == 24 && m > 0))
        return -1;
    *minute = hour * 60 + m;
    return 0;
}

int civil_parse_zone(const char *s, int *zone_min)
{
    const char *p = s, *end = s + strlen(s);
    int zone = 0;

    if (p == end || parse_offset(&p, end, &zone) != 0 || p != end)
        return -1;
    *zone_min = zone;
    return 0;
}
