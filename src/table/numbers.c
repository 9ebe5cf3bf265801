/*
 * numbers: see numbers.h.
 *
 * Spreadsheets keep binary floating point: 4.35 is written as 4.3499999999999996, and some programs write a telephone
 * number as 1.3800000001E10. 15 digits are what was typed. Whole digits are never touched, where a program wrote all 18 of an
 * id number; but a number that lost its last digits is shown as spreadsheets show it (1.10105194912310E+17), so that nobody takes it for one.
 *
 * A serial counts days from 1899-12-31 (with a 29 February 1900 that never was) or from 1904-01-01.
 *
 * Callers: styles.c, xlsx.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "zhanchi/civil.h"
#include "numbers.h"

#define SERIAL_END 2958466 /* 10000-01-01 */
#define DAYS_1904 1462
#define DIGITS 15

/* ---- formats ---- */

/* What may stand in a format as text: behind \ _ or *, in quotes, in brackets (but for [h], elapsed time). */
static const char *skip_text(const char *c, bool *time)
{
    if ((*c == '\\' || *c == '_' || *c == '*') && c[1] != '\0')
        return c + 2;
    if (*c == '"' || *c == '[') {
        const char *end = strchr(c + 1, *c == '"' ? '"' : ']');
        *time = *time || (*c == '[' && c[1] != '\0' && strchr("hHmMsS", c[1]) && end &&
                          strspn(c + 1, "hHmMsS") == (size_t)(end - c - 1));
        return end ? end + 1 : c + strlen(c);
    }
    return NULL;
}

uint8_t number_format(const char *code)
{
    bool year = false, month = false, day = false, time = false, digits = false;
    size_t zeros = strspn(code, "0");

    if (zeros >= 2 && zeros <= 30 && code[zeros] == '\0')
        return (uint8_t)zeros;
    if (strncasecmp(code, "General", 7) == 0)
        return 0;
    for (const char *c = code; *c != '\0' && *c != ';';) {
        const char *next = skip_text(c, &time);
        if (next) {
            c = next;
            continue;
        }
        digits = digits || *c == '0' || *c == '#' || *c == '?';
        year = year || *c == 'y' || *c == 'Y' || (*c == 'e' && !digits);
        month = month || *c == 'm' || *c == 'M';
        day = day || *c == 'd' || *c == 'D';
        time = time || *c == 'h' || *c == 'H' || *c == 's' || *c == 'S';
        c++;
    }
    if (year && month && !day)
        return (uint8_t)(NUMBER_MONTH | (time ? NUMBER_TIME : 0));
    return (uint8_t)((year || day || (month && !time) ? NUMBER_DAY : 0) | (time ? NUMBER_TIME : 0));
}

/* 27 to 36 and 50 to 58 are those of Chinese Excel. */
uint8_t number_format_builtin(unsigned id)
{
    if (id == 17 || id == 36 || id == 52 || id == 55 || id == 57)
        return id == 55 ? NUMBER_TIME : NUMBER_MONTH;
    if ((id >= 14 && id <= 16) || (id >= 27 && id <= 31) || id == 50 || id == 51 || id == 53 ||
        id == 54 || id == 58)
        return NUMBER_DAY;
    if (id == 22)
        return NUMBER_DAY | NUMBER_TIME;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) || id == 56)
        return NUMBER_TIME;
    return 0;
}

/* ---- dates ---- */

/* The day of a serial; CIVIL_NONE. */
static int32_t day_of(int64_t serial, bool epoch_1904)
{
    if (epoch_1904)
        serial += DAYS_1904;
    if (serial < 1 || serial >= SERIAL_END || serial == 60)
        return CIVIL_NONE;
    return serial < 60 ? civil_day(1899, 12, 31) + (int32_t)serial : civil_of_excel((int)serial);
}

static bool date_text(double v, uint8_t format, bool epoch_1904, struct buf *out)
{
    char text[11];

    if (!(v >= 0 && v < SERIAL_END))
        return false;
    int64_t seconds = (int64_t)floor(v * 86400 + 0.5), serial = seconds / 86400,
            rest = seconds % 86400;
    bool clock_only = serial == 0 && (format & NUMBER_TIME);
    int32_t day = day_of(serial, epoch_1904);
    if (!clock_only && day == CIVIL_NONE)
        return false;
    if (!clock_only)
        buf_adds(out, civil_format(day, text));
    if ((format & NUMBER_MONTH) && !clock_only && civil_of(day).day == 1 && rest == 0)
        out->len -= 3; /* 2018-04 */
    if (clock_only || rest != 0)
        buf_addf(out, "%s%02d:%02d:%02d", clock_only ? "" : " ", (int)(rest / 3600),
                 (int)(rest / 60 % 60), (int)(rest % 60));
    return true;
}

/* ---- numbers ---- */

static bool digits_only(const char *s, size_t len)
{
    size_t i = len > 0 && s[0] == '-' ? 1 : 0;

    for (size_t k = i; k < len; k++)
        if (s[k] < '0' || s[k] > '9')
            return false;
    return len > i;
}

/* More than 15 digits with a zero at the end: kept as a number, which has lost what stood there. (A program that kept them as an
 * integer wrote all of them, but whoever writes a floating number gives at most 17 digits.) */
static bool rounded(const char *s, size_t len)
{
    return len > DIGITS && s[len - 1] == '0';
}

/* 15 digits, and whole numbers without an exponent as long as they have no more. */
static void general(double v, struct buf *out)
{
    char text[64];

    snprintf(text, sizeof text, "%.*e", DIGITS - 1, v);
    double shown = strtod(text, NULL);
    if (fabs(shown) < 1e15 && floor(shown) == shown)
        buf_addf(out, "%.0f", shown == 0 ? 0 : shown);
    else
        buf_addf(out, "%.*G", DIGITS, shown);
}

void number_text(const char *raw, size_t len, uint8_t format, bool epoch_1904, struct buf *out)
{
    char text[64], *end;

    if (len >= sizeof text || len == 0) {
        buf_add(out, raw, len);
        return;
    }
    memcpy(text, raw, len);
    text[len] = '\0';
    size_t digits = format & NUMBER_DIGITS;
    bool whole = digits_only(raw, len) && !rounded(raw, len);
    if (whole && digits > len && text[0] != '-')
        for (size_t i = len; i < digits; i++)
            buf_addc(out, '0');
    if (whole && (format & ~NUMBER_DIGITS) == 0) {
        buf_add(out, raw, len);
        return;
    }
    double v = strtod(text, &end);
    if (*end != '\0' || !isfinite(v) || text[strspn(text, "+-.0123456789eE")] != '\0')
        buf_add(out, raw, len);
    else if ((format & ~NUMBER_DIGITS) == 0 || !date_text(v, format, epoch_1904, out))
        whole ? (void)buf_add(out, raw, len) : general(v, out);
}
