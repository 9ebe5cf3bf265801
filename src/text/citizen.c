/*
 * citizen: see citizen.h. Order of the checks: other documents, damage, length and characters,
 * date, check character, region. The first failure is the reason; a year before 1850 is only judged
 * behind the check character, because a slip of the pen (1901 -> 1091) is what the check is for.
 * Regions are judged by province: county codes that were abolished stay valid for life, so only a
 * table with its history could refuse more.
 *
 * Births are accepted from 1850 to 2049: wide enough for any living person, and no clock is needed
 * to refuse the far future. A 15-digit number whose sequence is 996..999 was given to people born
 * before 1900; it is read as 18yy (the packages that read it as 19yy are wrong).
 */
#include <string.h>
#include "zhanchi/citizen.h"
#include "zhanchi/civil.h"
#include "zhanchi/utf8.h"

#define CELL_MAX 64
#define YEAR_MIN 1850
#define YEAR_MAX 2049

static const char *const names[] = {"ok",         "id-empty",   "id-length",
                                    "id-charset", "id-date",    "id-check",
                                    "id-region",  "id-damaged", "id-other-document"};

const char *citizen_reason_name(enum citizen_reason r)
{
    return (size_t)r < sizeof names / sizeof names[0] ? names[r] : "?";
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static char check_character(const char *s)
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;

    for (int i = 0; i < 17; i++)
        sum += (s[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

/* Provinces of GB/T 2260, and 81..83 for residence permits. */
static bool region_known(const char *s)
{
    static const char provinces[] =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
        "61 62 63 64 65 71 81 82 83 ";
    for (const char *p = provinces; *p != '\0'; p += 3)
        if (memcmp(p, s, 2) == 0)
            return true;
    return false;
}

static int two(const char *s)
{
    return (s[0] - '0') * 10 + s[1] - '0';
}

static bool scientific(const char *s)
{
    const char *e = strpbrk(s, "Ee");

    return e != NULL && e > s && e[-1] >= '0' && e[-1] <= '9' && strchr(s, '.') != NULL;
}

/* Passports, travel permits, social credit codes, Hong Kong cards: letters with digits, or eight
 * digits. */
static bool other_document(const char *s, size_t n)
{
    if (n == 8 && all_digits(s, 8))
        return true;
    if (n == 18 && !all_digits(s, 17) && s[0] == '9' && strpbrk(s, "ABCDEFGHJKLMNPQRTUWY") != NULL)
        return true;
    return n >= 8 && n <= 10 && ((s[0] >= 'A' && s[0] <= 'Z') || (s[0] >= 'a' && s[0] <= 'z'));
}

/* What stands for a final X, and what spreadsheets and people put around and between digits. */
static void undress(struct buf *b)
{
    char *s = b->data;
    size_t n = b->len;

    if (n > 3 && s[0] == '=' && s[1] == '"' && s[n - 1] == '"') {
        memmove(s, s + 2, n - 3);
        n -= 3;
    } else if (n > 1 && s[0] == '\'') {
        memmove(s, s + 1, --n);
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '-' && !(s[i] == ',' && i + 1 < n))
            s[kept++] = s[i];
    if (kept > 0 && s[kept - 1] == 'x')
        s[kept - 1] = 'X';
    s[kept] = '\0';
    b->len = kept;
}

static enum citizen_reason judge_18(const char *s, struct citizen *out)
{
    if (!all_digits(s, 17) || (s[17] != 'X' && !all_digits(s + 17, 1)))
        return CITIZEN_CHARSET;
    int year = two(s + 6) * 100 + two(s + 8);
    if (year > YEAR_MAX || !civil_valid(year, two(s + 10), two(s + 12)))
        return CITIZEN_DATE;
    if (check_character(s) != s[17])
        return CITIZEN_CHECK;
    if (year < YEAR_MIN)
        return CITIZEN_DATE;
    if (!region_known(s))
        return CITIZEN_REGION;
    memcpy(out->number, s, 19);
    memcpy(out->upgraded, s, 19);
    out->kind = s[0] == '8' ? CITIZEN_RESIDENCE : CITIZEN_18;
    out->birth_day = civil_day(year, two(s + 10), two(s + 12));
    out->sex = (s[16] - '0') % 2 ? 'M' : 'F';
    return CITIZEN_OK;
}

static enum citizen_reason judge_15(const char *s, struct citizen *out)
{
    if (!all_digits(s, 15))
        return CITIZEN_CHARSET;
    int year = (memcmp(s + 12, "996", 3) >= 0 ? 1800 : 1900) + two(s + 6);
    if (!civil_valid(year, two(s + 8), two(s + 10)))
        return CITIZEN_DATE;
    if (!region_known(s))
        return CITIZEN_REGION;
    memcpy(out->number, s, 16);
    memcpy(out->upgraded, s, 6);
    out->upgraded[6] = '1';
    out->upgraded[7] = year < 1900 ? '8' : '9';
    memcpy(out->upgraded + 8, s + 6, 9);
    out->upgraded[17] = check_character(out->upgraded);
    out->upgraded[18] = '\0';
    out->kind = CITIZEN_15;
    out->birth_day = civil_day(year, two(s + 8), two(s + 10));
    out->sex = (s[14] - '0') % 2 ? 'M' : 'F';
    return CITIZEN_OK;
}

static enum citizen_reason judge(struct buf *b, struct citizen *out)
{
    if (b->len == 0)
        return CITIZEN_EMPTY;
    if (scientific(b->data) || (b->len > 2 && strcmp(b->data + b->len - 2, ".0") == 0))
        return CITIZEN_DAMAGED;
    if (other_document(b->data, b->len))
        return CITIZEN_OTHER;
    bool spaced = strchr(b->data, ' ') != NULL || strchr(b->data, '-') != NULL;
    undress(b);
    if (b->len == 18)
        return judge_18(b->data, out);
    /* A 15-digit number has no check character: with blanks inside it could be a rest of something
     * longer. */
    if (b->len == 15 && !spaced)
        return judge_15(b->data, out);
    return CITIZEN_LENGTH;
}

bool citizen_parse(const char *cell, size_t len, struct citizen *out)
{
    struct buf folded;

    memset(out, 0, sizeof *out);
    out->birth_day = CIVIL_NONE;
    buf_init(&folded, CELL_MAX - 1);
    utf8_fold(cell, len < 4096 ? len : 4096, &folded);
    out->reason = folded.failed ? CITIZEN_LENGTH : judge(&folded, out);
    /* Rounded by a spreadsheet: a number that fails its check and ends in 000. */
    if (out->reason == CITIZEN_CHECK && strcmp(folded.data + 15, "000") == 0)
        out->reason = CITIZEN_DAMAGED;
    buf_fini(&folded);
    out->repaired = out->reason == CITIZEN_OK &&
                    (strlen(out->number) != len || memcmp(out->number, cell, len) != 0);
    return out->reason == CITIZEN_OK;
}
