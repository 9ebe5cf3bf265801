/*
 * cells: see cells.h. Everything is folded to half-width first; nothing is guessed: a cell that is
 * not understood whole is refused.
 */
#include <string.h>
#include "zhanchi/cells.h"
#include "zhanchi/civil.h"
#include "zhanchi/utf8.h"

#define SHORT_CELL 64 /* no date and no number of months is longer */
#define MONTHS_MAX 1200
#define SERIAL_FIRST 30000 /* 1982-02-18 */
#define SERIAL_LAST 60000  /* 2064-04-08 */

struct scan {
    const char *p, *end;
};

/* Bytes of characters that folding leaves alone wherever they stand: visible ASCII, continuations,
 * and U+4000 to U+9FFF. */
static bool plain(unsigned char c)
{
    return (c > 0x20 && c < 0x7F) || (c >= 0x80 && c < 0xC0) || (c >= 0xE4 && c <= 0xE9);
}

void cell_fold(const char *s, size_t len, struct buf *out)
{
    size_t i = 0;

    while (i < len && plain((unsigned char)s[i]))
        i++;
    if (i == len)
        buf_add(out, s, len);
    else
        utf8_fold(s, len, out);
}

bool cell_nothing(const char *s, size_t len)
{
    static const char *const words[] = {"-", "--", "—", "/", "\\", "无", "不详", "未知", "暂无"};

    if (len > sizeof "不详" - 1)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && memcmp(words[i], s, len) == 0)
            return true;
    return len == 0;
}

/* ---- damage ---- */

bool cell_error(const char *s, size_t len)
{
    static const char *const words[] = {"#N/A",    "#REF!",  "#VALUE!", "#NAME?",
                                        "#DIV/0!", "#NULL!", "#NUM!",   "Err:"};

    if (len < 3 || (s[0] != '#' && s[0] != 'E'))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (len >= n && memcmp(words[i], s, n) == 0 && (len == n || words[i][n - 1] == ':'))
            return true;
    }
    return strspn(s, "#") == len;
}

bool cell_rounded(const char *s, size_t len)
{
    size_t i = 0, digits, fraction = 0;

    while (i < len && s[i] >= '0' && s[i] <= '9')
        i++;
    digits = i;
    if (i < len && s[i] == '.')
        while (++i < len && s[i] >= '0' && s[i] <= '9')
            fraction++;
    if (digits != 1 || i + 2 >= len || (s[i] != 'E' && s[i] != 'e') || s[i + 1] != '+')
        return false;
    for (i += 2; i < len && s[i] >= '0' && s[i] <= '9'; i++)
        fraction++;
    return i == len && fraction > 0;
}

/* Folded into text; 1, 0 if it says nothing, -1 if it is too long to be anything. */
static int fold_short(const char *s, size_t len, char text[SHORT_CELL])
{
    struct buf b;
    int rc = -1;

    if (len > 4 * SHORT_CELL)
        return -1;
    buf_init(&b, 5 * SHORT_CELL);
    cell_fold(s, len, &b);
    if (b.len < SHORT_CELL) {
        memcpy(text, buf_cstr(&b), b.len + 1);
        rc = !cell_nothing(text, b.len);
    }
    buf_fini(&b);
    return rc;
}

static bool eat(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

/* Up to six digits; -1 if there is none. */
static int digits(struct scan *s)
{
    const char *from = s->p;
    int v = 0;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9' && s->p - from < 6)
        v = v * 10 + (*s->p++ - '0');
    return s->p > from ? v : -1;
}

/* ".0", ".00": what spreadsheets append. */
static void eat_zeros(struct scan *s)
{
    struct scan at = *s;

    if (eat(&at, ".") && at.p < at.end && *at.p == '0') {
        while (eat(&at, "0"))
            ;
        *s = at;
    }
}

/* ---- dates ---- */

/* 45000, or 45000.5 where a time of day stands behind. */
static bool excel(const char *text, size_t len, int32_t *day)
{
    struct scan s = {text, text + len};
    int serial = digits(&s);

    if (serial < SERIAL_FIRST || serial > SERIAL_LAST)
        return false;
    if (eat(&s, "."))
        while (s.p < s.end && *s.p >= '0' && *s.p <= '9')
            s.p++;
    if (s.p != s.end)
        return false;
    *day = civil_of_excel(serial);
    return *day != CIVIL_NONE;
}

/* Length of the date in "2018-04-22 00:00:00" and "2018-04-22T00:00:00.000"; 0 if nothing stands
 * behind it. */
static size_t before_time(const char *text)
{
    size_t n = strcspn(text, " T");
    const char *time = text + n + 1;

    if (text[n] == '\0' || !strchr(time, ':') || time[strspn(time, "0123456789:.")] != '\0')
        return 0;
    return n;
}

int cell_date(const char *s, size_t len, int32_t *day)
{
    char text[SHORT_CELL];
    int rc = fold_short(s, len, text);

    if (rc <= 0)
        return rc;
    size_t n = strlen(text), date = before_time(text);
    if (civil_parse(text, n, day) == 0 || (date && civil_parse(text, date, day) == 0))
        return 1;
    return excel(text, n, day) ? 1 : -1;
}

/* ---- months ---- */

int cell_months(const char *s, size_t len, bool years, int *months)
{
    char text[SHORT_CELL];
    int rc = fold_short(s, len, text);

    if (rc <= 0)
        return rc;
    struct scan at = {text, text + strlen(text)};
    int n = digits(&at), total = 0;
    if (n < 0 || n > MONTHS_MAX)
        return -1;
    eat_zeros(&at);
    bool bare = at.p == at.end;
    if (eat(&at, "年")) {
        total = 12 * n;
        eat(&at, "零");
        n = at.p < at.end ? digits(&at) : 0;
    }
    if (n < 0)
        return -1;
    total += bare && years ? 12 * n : n;
    if (!eat(&at, "个月"))
        eat(&at, "月");
    if (at.p != at.end || total > MONTHS_MAX)
        return -1;
    *months = total;
    return 1;
}

/* ---- through when ---- */

/* 2026-03, 2026/3, 2026.3, 202603, 2026年3月 or 2026年03月份. */
static bool month(const char *text, int *year, int *number)
{
    struct scan s = {text, text + strlen(text)};

    *year = digits(&s);
    if (s.p - text == 6) {
        *number = *year % 100;
        *year /= 100;
    } else if (s.p - text == 4 && (eat(&s, "-") || eat(&s, "/") || eat(&s, ".") || eat(&s, "年"))) {
        *number = digits(&s);
        if (eat(&s, "月"))
            eat(&s, "份");
    } else {
        return false;
    }
    return s.p == s.end && *year >= 1900 && civil_valid(*year, *number, 1);
}

int cell_counted(const char *s, size_t len, int32_t *day)
{
    char text[SHORT_CELL];
    int year, number, rc = fold_short(s, len, text);

    if (rc <= 0)
        return rc;
    if (!month(text, &year, &number))
        return cell_date(s, len, day);
    *day = civil_add_months(civil_day(year, number, 1), 1) - 1;
    return 1;
}

/* ---- yes and no ---- */

int cell_yes(const char *s, size_t len, bool *yes)
{
    static const struct {
        const char *word;
        bool yes;
    } words[] = {{"是", true},      {"有", true},       {"领取", true},    {"在领", true},
                 {"领取中", true},  {"正在领取", true}, {"在领取", true},  {"享受", true},
                 {"享受中", true},  {"正在享受", true}, {"1", true},       {"yes", true},
                 {"y", true},       {"true", true},     {"否", false},     {"不是", false},
                 {"没有", false},   {"未领取", false},  {"未领", false},   {"未享受", false},
                 {"不领取", false}, {"停领", false},    {"停发", false},   {"已停发", false},
                 {"终止", false},   {"已终止", false},  {"已领完", false}, {"0", false},
                 {"no", false},     {"n", false},       {"false", false},  {"无", false}};
    char text[SHORT_CELL];
    int rc = fold_short(s, len, text);

    for (char *c = text; rc >= 0 && *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
    for (size_t i = 0; rc >= 0 && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, text) == 0) {
            *yes = words[i].yes;
            return 1;
        }
    return rc == 1 ? -1 : rc;
}

/* ---- persons, occupations ---- */

void cell_occupation(const char *s, size_t len, struct buf *out)
{
    size_t from = out->len, to = from;

    cell_fold(s, len, out); /* blanks go in place: what is left moves forward */
    for (size_t i = from; i < out->len;) {
        size_t at = i;
        if (utf8_blank(utf8_next(out->data, out->len, &i)))
            continue;
        memmove(out->data + to, out->data + at, i - at);
        to += i - at;
    }
    if (out->data) {
        out->len = to;
        out->data[to] = '\0';
    }
}

enum cell_person cell_person(const char *id18, const char *ref, const char *phone, const char *name,
                             struct buf *out)
{
    if (id18 && id18[0] != '\0') {
        buf_adds(out, id18);
        return CELL_PERSON_ID;
    }
    if (ref && ref[0] != '\0') {
        cell_occupation(ref, strlen(ref), out);
        return CELL_PERSON_REF;
    }
    if (phone && phone[0] != '\0' && name && name[0] != '\0') {
        buf_adds(out, phone);
        buf_addc(out, '\n');
        buf_adds(out, name);
        return CELL_PERSON_PHONE_NAME;
    }
    return CELL_PERSON_NONE;
}
