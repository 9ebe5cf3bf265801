/*
 * forms: see forms.h. Pure. Caller: values.c.
 */
#include <stdio.h>
#include <string.h>
#include "forms.h"

/* A language is its tag's first part: zh-CN, zh-Hans and zh are written alike here. */
enum language language_of(const char *tag)
{
    size_t n = strcspn(tag, "-");

    if (n == 0 || (n == 2 && (tag[0] | 0x20) == 'z' && (tag[1] | 0x20) == 'h'))
        return LANGUAGE_CHINESE;
    if (n == 2 && (tag[0] | 0x20) == 'e' && (tag[1] | 0x20) == 'n')
        return LANGUAGE_ENGLISH;
    return LANGUAGE_OTHER;
}

/* ---- digits: printf is too slow for millions of rows ---- */

#define DIGITS_MAX 24

/* Digits of v >= 0 before `end`; returns where they begin. */
static char *digits(char *end, uint64_t v)
{
    do
        *--end = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    return end;
}

static char *add_int(char *out, uint64_t v)
{
    char tmp[DIGITS_MAX];
    char *from = digits(tmp + sizeof tmp, v);
    size_t n = (size_t)(tmp + sizeof tmp - from);

    memcpy(out, from, n);
    return out + n;
}

static char *add_two(char *out, int v)
{
    *out++ = (char)('0' + v / 10 % 10);
    *out++ = (char)('0' + v % 10);
    return out;
}

static char *add_text(char *out, const char *s)
{
    size_t n = strlen(s);

    memcpy(out, s, n);
    return out + n;
}

static const char *keep(struct arena *a, const char *from, const char *to)
{
    return arena_memdup(a, from, (size_t)(to - from));
}

const char *form_int(struct arena *a, int64_t v)
{
    char text[DIGITS_MAX], *p = text;

    if (v < 0)
        *p++ = '-';
    p = add_int(p, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    return keep(a, text, p);
}

/* ---- days ---- */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

static char *add_year(char *out, int year)
{
    return add_int(out, year > 0 ? (uint64_t)year : 0);
}

static char *add_day(char *out, enum language l, struct civil c)
{
    if (l == LANGUAGE_CHINESE) {
        out = add_text(add_int(out, (uint64_t)c.month), "月");
        return add_text(add_int(out, (uint64_t)c.day), "日");
    }
    if (l == LANGUAGE_ENGLISH) {
        out = add_text(add_int(out, (uint64_t)c.day), " ");
        return add_text(out, months[(c.month + 11) % 12]);
    }
    return add_two(add_text(add_two(out, c.month), "-"), c.day);
}

const char *form_day_short(struct arena *a, enum language l, int32_t day)
{
    char text[48];

    return keep(a, text, add_day(text, l, civil_of(day)));
}

const char *form_day_iso(struct arena *a, int32_t day)
{
    return form_day(a, LANGUAGE_OTHER, day);
}

const char *form_day(struct arena *a, enum language l, int32_t day)
{
    struct civil c = civil_of(day);
    char text[64], *p = text;

    if (l == LANGUAGE_CHINESE)
        p = add_day(add_text(add_year(p, c.year), "年"), l, c);
    else if (l == LANGUAGE_ENGLISH)
        p = add_year(add_text(add_day(p, l, c), " "), c.year);
    else
        p = add_day(add_text(add_year(p, c.year), "-"), l, c);
    return keep(a, text, p);
}

/* ---- amounts ---- */

static char *add_fen(char *out, int64_t fen)
{
    return fen % 100 != 0 ? add_two(add_text(out, "."), (int)(fen % 100)) : out;
}

static char *add_thousands(char *out, uint64_t yuan)
{
    char tmp[DIGITS_MAX];
    const char *from = digits(tmp + sizeof tmp, yuan);
    size_t n = (size_t)(tmp + sizeof tmp - from);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *out++ = ',';
        *out++ = from[i];
    }
    return out;
}

const char *form_amount(struct arena *a, enum language l, int64_t fen)
{
    char text[64], *p = text;

    if (l != LANGUAGE_CHINESE)
        p = add_text(p, "RMB ");
    p = add_fen(add_thousands(p, (uint64_t)(fen / 100)), fen);
    if (l == LANGUAGE_CHINESE)
        p = add_text(p, "元");
    return keep(a, text, p);
}

const char *form_amount_plain(struct arena *a, int64_t fen)
{
    char text[48];

    return keep(a, text, add_fen(add_int(text, (uint64_t)(fen / 100)), fen));
}

/* Thousands are parted everywhere or nowhere. */
static bool read_yuan(const char **s, int64_t *yuan)
{
    const char *p = *s;
    int run = 0, groups = 0;

    *yuan = 0;
    for (; (*p >= '0' && *p <= '9') || *p == ','; p++) {
        if (*p == ',') {
            if (run == 0 || run > 3 || (groups > 0 && run != 3))
                return false;
            groups++;
            run = 0;
            continue;
        }
        *yuan = *yuan * 10 + (*p - '0');
        if (++run > 9 || *yuan > INT64_C(999999999999))
            return false;
    }
    *s = p;
    return run > 0 && (groups == 0 || run == 3);
}

bool form_read_amount(const char *s, int64_t *fen)
{
    int64_t yuan, rest = 0;

    if (!read_yuan(&s, &yuan))
        return false;
    if (*s == '.') {
        if (s[1] < '0' || s[1] > '9')
            return false;
        rest = 10 * (s[1] - '0');
        s += 2;
        if (*s >= '0' && *s <= '9')
            rest += *s++ - '0';
    }
    if (strncmp(s, "元", sizeof "元" - 1) == 0)
        s += sizeof "元" - 1;
    *fen = 100 * yuan + rest;
    return *s == '\0';
}

/* ---- words ---- */

const char *form_level(enum language l, int level)
{
    static const char *const english[] = {
        NULL,           "senior technician", "technician", "senior worker", "intermediate worker",
        "junior worker"};

    if (level < 1 || level > 5)
        return NULL;
    return l == LANGUAGE_ENGLISH ? english[level] : policy_level_name(level);
}

const char *form_honorific(enum language l, char sex)
{
    if (sex == '\0')
        return NULL;
    if (l == LANGUAGE_ENGLISH)
        return sex == 'M' ? "Mr" : "Ms";
    return l == LANGUAGE_CHINESE ? (sex == 'M' ? "先生" : "女士") : NULL;
}
