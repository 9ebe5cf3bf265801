/*
 * phone: see phone.h. First the cell is folded to digits and separators (anything else refuses it),
 * then prefixes of the national network are removed, then what is left is judged by the numbering
 * plan.
 *
 * The order matters: letters are refused before anything is removed, because telephone libraries
 * that turn letters into keypad digits make other people's numbers (159OOOOOO28). Two whole numbers
 * in a cell are told apart from too many digits, because the remedy is another one.
 *
 * A prefix never proves the carrier (numbers are portable since 2019); classes are kept because
 * some gateways refuse data cards. Called by intake, measure, track and the commands.
 */
#include <string.h>
#include "zhanchi/phone.h"
#include "zhanchi/utf8.h"

#define CELL_MAX 64
#define DECIMALS_MAX 3 /* digits behind a point; more are a group of the number */

static const char *const names[] = {
    "ok",           "phone-empty",    "phone-chars",   "phone-length",  "phone-prefix",
    "phone-no-sms", "phone-landline", "phone-service", "phone-foreign", "phone-scientific",
    "phone-several"};

const char *phone_reason_name(enum phone_reason r)
{
    return (size_t)r < sizeof names / sizeof names[0] ? names[r] : "?";
}

static bool digits_at(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

/* "1.38E+10": whatever the digits, most of them are lost. */
static bool scientific(const char *s)
{
    const char *e = strpbrk(s, "Ee");

    return e != NULL && e > s && e[-1] >= '0' && e[-1] <= '9' &&
           ((e[1] == '+' && digits_at(e + 2, 1)) || digits_at(e + 1, 1));
}

/* Two whole mobile numbers in one cell, whatever stands between them. */
static bool several(const char *digits)
{
    size_t n = strlen(digits);

    return n == 22 && digits[0] == '1' && digits[11] == '1' && digits[1] >= '3' &&
           digits[12] >= '3';
}

static bool separator(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '\t' || c == '\n' ||
           c == '\r';
}

/* Digits of a folded cell; PHONE_CHARS if it holds anything but digits, separators and one leading
 * plus. */
static enum phone_reason squeeze(const char *s, char digits[CELL_MAX], bool *plus)
{
    size_t n = 0;
    bool foreign = false;

    *plus = false;
    for (; *s != '\0'; s++) {
        if (*s >= '0' && *s <= '9')
            digits[n++] = *s;
        else if (*s == '+' && n == 0 && !*plus)
            *plus = true;
        else if (*s == '/' || *s == ',' || *s == ';' || (unsigned char)*s >= 0x80)
            foreign = true; /* may stand between two numbers */
        else if (!separator(*s))
            return PHONE_CHARS;
    }
    digits[n] = '\0';
    if (several(digits))
        return PHONE_SEVERAL;
    return foreign ? PHONE_CHARS : PHONE_OK;
}

/* What a spreadsheet made of a number: zeros behind the point go, so that none of them becomes its
 * eleventh digit; with another digit there, nobody knows what the number was. Points that group
 * (138.0000.0001) are separators. */
static enum phone_reason drop_decimals(char *s)
{
    char *point = strchr(s, '.');
    size_t n = point ? strspn(point + 1, "0123456789") : 0;

    if (n == 0 || n > DECIMALS_MAX || point[1 + n] != '\0')
        return PHONE_OK;
    if (strspn(point + 1, "0") != n)
        return PHONE_LENGTH;
    *point = '\0';
    return PHONE_OK;
}

static const char *drop_prefixes(const char *d, bool plus, enum phone_reason *reason)
{
    if (plus) {
        if (strncmp(d, "86", 2) != 0) {
            *reason = PHONE_FOREIGN;
            return d;
        }
        d += 2;
    } else if (strncmp(d, "0086", 4) == 0) {
        d += 4;
    } else if (strncmp(d, "86", 2) == 0 && strlen(d) == 13) {
        d += 2;
    } else if (strncmp(d, "17951", 5) == 0 && strlen(d) == 16) {
        return d + 5;
    } else if (strncmp(d, "00", 2) == 0) {
        *reason = PHONE_FOREIGN;
        return d;
    }
    return d[0] == '0' && d[1] == '1' && strlen(d) == 12 ? d + 1 : d; /* trunk 0 */
}

static bool has_prefix(const char *d, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strncmp(d, *list, strlen(*list)) == 0)
            return true;
    return false;
}

/* Eleven digits beginning with 1. */
static enum phone_reason judge_mobile(const char *d, enum phone_class *class)
{
    static const char *const no_sms[] = {"1349", "1749", "17406", "17407", "17408", "17409", "1741",
                                         "1410", "1440", "1441",  "146",   "148",   NULL};
    static const char *const basic[] = {"13",  "150", "151", "152", "153", "155",  "156", "157",
                                        "158", "159", "166", "172", "173", "1740", "175", "176",
                                        "177", "178", "18",  "190", "191", "192",  "193", "195",
                                        "196", "197", "198", "199", NULL};
    static const char *const virtual[] = {"161", "162", "165", "167", "170", "171", NULL};
    static const char *const data[] = {"145", "147", "149", NULL};

    if (has_prefix(d, no_sms))
        return PHONE_NO_SMS;
    if (has_prefix(d, basic))
        *class = PHONE_BASIC;
    else if (has_prefix(d, virtual))
        *class = PHONE_VIRTUAL;
    else if (has_prefix(d, data))
        *class = PHONE_DATA_CARD;
    else
        return PHONE_PREFIX;
    return PHONE_OK;
}

static enum phone_reason judge(const char *d, enum phone_class *class)
{
    size_t n = strlen(d);

    if (n == 0)
        return PHONE_EMPTY;
    if (d[0] == '1' && n == 11)
        return judge_mobile(d, class);
    if (n == 13 && (strncmp(d, "1410", 4) == 0 || strncmp(d, "144", 3) == 0))
        return PHONE_NO_SMS;
    if ((n == 10 && (strncmp(d, "400", 3) == 0 || strncmp(d, "800", 3) == 0)) ||
        (n == 5 && d[0] != '0') || strncmp(d, "106", 3) == 0)
        return PHONE_SERVICE;
    if ((d[0] == '0' && n >= 10 && n <= 15) || ((n == 7 || n == 8) && d[0] >= '2'))
        return PHONE_LANDLINE;
    return PHONE_LENGTH;
}

bool phone_parse(const char *cell, size_t len, struct phone *out)
{
    char digits[CELL_MAX];
    struct buf folded;
    bool plus;

    memset(out, 0, sizeof *out);
    buf_init(&folded, CELL_MAX - 1);
    utf8_fold(cell, len < 4096 ? len : 4096, &folded);
    if (folded.failed || len >= 4096 || strlen(buf_cstr(&folded)) != folded.len) {
        out->reason = PHONE_CHARS;
    } else if (folded.len == 0) {
        out->reason = PHONE_EMPTY;
    } else if (scientific(folded.data)) {
        out->reason = PHONE_SCIENTIFIC;
    } else {
        out->reason = drop_decimals(folded.data);
        if (out->reason == PHONE_OK)
            out->reason = squeeze(folded.data, digits, &plus);
        if (out->reason == PHONE_OK) {
            const char *d = drop_prefixes(digits, plus, &out->reason);
            if (out->reason == PHONE_OK)
                out->reason = judge(d, &out->class);
            if (out->reason == PHONE_OK) {
                memcpy(out->number, d, 12);
                out->repaired = len != 11 || memcmp(cell, d, 11) != 0;
            }
        }
    }
    buf_fini(&folded);
    return out->reason == PHONE_OK;
}
