/*
 * scan: one pass over a text, for all rules at once.
 *
 * It is done for every row of a campaign: no allocation, and one table look for a character that means nothing. Numbers are read where
 * they begin, because an amount, a date and a telephone number are told apart by what stands around them.
 *
 * Asking for account data is judged by the sentence: a word of asking and a word of data in one sentence, unless the clause of
 * the data word says that they are not wanted ("不会索要银行卡号").
 *
 * Called by text.c.
 */
#include <string.h>
#include "zhanchi/utf8.h"
#include "internal.h"

#define BESIDE 48 /* bytes between a word of complaint and its number: a dozen characters */
#define NOWHERE ((size_t)-1)
#define DIGITS_MOST 9 /* 亿 times as much still fits */

struct state {
    struct scan *s;
    size_t complaint_end, number_end; /* NOWHERE: none yet */
    size_t complaint_at;
    bool asked;               /* in this sentence */
    bool unless;              /* in this clause */
    size_t clause_data, data; /* a data word of this clause, of the sentence: its place */
    size_t clause_data_end, data_end;
    size_t money_done; /* the end of an amount that was read with its number */
};

static void hit(struct scan *s, enum lint_rule r, size_t at, size_t end)
{
    if (s->hits & 1u << r)
        return;
    s->hits |= 1u << r;
    s->at[r] = at;
    s->end[r] = end;
}

/* ---- sentences ---- */

static void end_clause(struct state *x)
{
    if (x->clause_data != NOWHERE && !x->unless) {
        x->data = x->clause_data;
        x->data_end = x->clause_data_end;
    }
    x->clause_data = NOWHERE;
    x->unless = false;
}

static void end_sentence(struct state *x)
{
    end_clause(x);
    if (x->asked && x->data != NOWHERE)
        hit(x->s, LINT_ACCOUNT, x->data, x->data_end);
    x->asked = false;
    x->data = NOWHERE;
}

/* ---- words ---- */

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool letter_at(const struct scan *s, size_t i)
{
    char c = i < s->len ? small(s->text[i]) : ' ';

    return c >= 'a' && c <= 'z';
}

static bool stands(const struct scan *s, size_t at, const struct word *w)
{
    if (w->len > s->len - at)
        return false;
    for (size_t i = 0; i < w->len; i++)
        if (small(s->text[at + i]) != w->text[i])
            return false;
    return !(w->starts_az && at > 0 && letter_at(s, at - 1)) &&
           !(w->ends_az && letter_at(s, at + w->len));
}

static void on_complaint(struct state *x, size_t at, size_t end)
{
    x->complaint_end = end;
    if (x->number_end != NOWHERE && at - x->number_end <= BESIDE)
        x->s->complaint = true;
}

static void on_word(struct state *x, const struct word *w, size_t at)
{
    struct scan *s = x->s;
    size_t end = at + w->len;

    if (w->lists & s->banned)
        hit(s, LINT_BANNED, at, end);
    if (w->lists & 1u << LINT_WORDS_SUBSTITUTION)
        hit(s, LINT_SUBSTITUTION, at, end);
    if (w->lists & 1u << LINT_WORDS_REFUSAL)
        s->refusal = true;
    if (w->lists & 1u << LINT_WORDS_COMPLAINT)
        on_complaint(x, at, end);
    if (w->lists & 1u << LINT_WORDS_ASKS)
        x->asked = true;
    if (w->lists & 1u << LINT_WORDS_UNLESS)
        x->unless = true;
    if (w->lists & 1u << LINT_WORDS_DATA && x->clause_data == NOWHERE) {
        x->clause_data = at;
        x->clause_data_end = end;
    }
}

static const struct word *first_word(const struct lint_set *set, uint32_t cp)
{
    size_t lo = 0, hi = set->n_words;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (set->words[mid].first < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    return &set->words[lo];
}

static void look_up(struct state *x, uint32_t cp, size_t at)
{
    const struct lint_set *set = x->s->set;
    uint32_t first = cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;

    for (const struct word *w = first_word(set, first);
         w < set->words + set->n_words && w->first == first; w++)
        if (stands(x->s, at, w))
            on_word(x, w, at);
}

/* ---- numbers ---- */

static bool starts(const char *s, size_t len, size_t at, const char *what)
{
    size_t n = strlen(what);

    return at <= len && n <= len - at && memcmp(s + at, what, n) == 0;
}

/* A digit at *i, ASCII or full-width: its value and *i behind it, or -1. */
static int digit(const char *s, size_t len, size_t *i)
{
    if (*i < len && s[*i] >= '0' && s[*i] <= '9')
        return s[(*i)++] - '0';
    if (len - *i >= 3 && memcmp(s + *i, "\xEF\xBC", 2) == 0 && (unsigned char)s[*i + 2] >= 0x90 &&
        (unsigned char)s[*i + 2] <= 0x99) {
        *i += 3;
        return (unsigned char)s[*i - 1] - 0x90;
    }
    return -1;
}

struct number {
    int64_t hundredths; /* of the first DIGITS_MOST digits: nobody is paid more */
    int digits;         /* before the point */
    size_t end;
};

static void fraction(const char *s, size_t len, struct number *n)
{
    size_t i = n->end + 1;
    int d, place = 10;

    while ((d = digit(s, len, &i)) >= 0) {
        n->hundredths += d * place;
        place /= 10;
        n->end = i;
    }
}

/* 1500, 1,500, 1,500.50 */
static struct number read_number(const char *s, size_t len, size_t at)
{
    struct number n = {.end = at};
    size_t i = at;
    int d;

    for (;;) {
        size_t before = i;
        if ((d = digit(s, len, &i)) < 0) {
            bool comma = before < len && s[before] == ',' && n.digits > 0;
            i = before + 1;
            if (!comma || (d = digit(s, len, &i)) < 0)
                break;
        }
        if (n.digits < DIGITS_MOST)
            n.hundredths = n.hundredths * 10 + d * 100;
        n.digits++;
        n.end = i;
    }
    if (n.end < len && s[n.end] == '.')
        fraction(s, len, &n);
    return n;
}

int64_t scan_fen(const char *s, size_t len)
{
    size_t at = 0, i = 0;

    for (; i < len && digit(s, len, &i) < 0; at = i)
        i++;
    struct number n = read_number(s, len, at);

    return n.digits > 0 && n.digits <= DIGITS_MOST ? n.hundredths : -1;
}

static void add_amount(struct scan *s, int64_t fen, size_t at, size_t end)
{
    size_t i = s->n_amounts < SCAN_AMOUNTS ? s->n_amounts++ : SCAN_AMOUNTS - 1;

    s->amounts[i].fen = fen;
    s->amounts[i].at = at;
    s->amounts[i].end = end;
}

static bool currency_before(const struct scan *s, size_t at)
{
    static const char *const signs[] = {"¥", "￥", "RMB", "CNY", "yuan", NULL};

    while (at > 0 && s->text[at - 1] == ' ')
        at--;
    for (size_t i = 0; signs[i] != NULL; i++)
        if (strlen(signs[i]) <= at && starts(s->text, s->len, at - strlen(signs[i]), signs[i]))
            return true;
    return false;
}

/* 万元, 元, yuan ... behind a number: its factor and the end; 0: no money. */
static int64_t currency_behind(const struct scan *s, size_t *at)
{
    static const struct {
        const char *text;
        int64_t factor;
    } units[] = {{"亿", 100000000}, {"万", 10000}, {"千", 1000}, {"百", 100}, {"", 1}};
    static const char *const names[] = {"元", "圆", "块钱", "yuan", "Yuan", "RMB", "CNY", NULL};
    size_t i = *at;

    while (i < s->len && s->text[i] == ' ')
        i++;
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        for (size_t k = 0; starts(s->text, s->len, i, units[u].text) && names[k] != NULL; k++)
            if (starts(s->text, s->len, i + strlen(units[u].text), names[k])) {
                *at = i + strlen(units[u].text) + strlen(names[k]);
                return units[u].factor;
            }
    return 0;
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                     "Aug", "Sep", "Oct", "Nov", "Dec", NULL};

/* 14 January, January 14 */
static bool month_beside(const struct scan *s, size_t at, size_t end)
{
    size_t word = at;

    while (word > 0 && (s->text[word - 1] == ' ' || s->text[word - 1] == '.'))
        word--;
    while (word > 0 && letter_at(s, word - 1))
        word--;
    for (size_t i = 0; months[i] != NULL; i++)
        if ((word < at && starts(s->text, s->len, word, months[i])) ||
            (starts(s->text, s->len, end, " ") && starts(s->text, s->len, end + 1, months[i])))
            return true;
    return false;
}

/* 3月1日, 2026-03-01, 14 January */
static bool is_date(const struct scan *s, size_t at, const struct number *n)
{
    size_t i = n->end;

    if (n->digits > 4)
        return false;
    if (starts(s->text, s->len, i, "月")) {
        struct number day = read_number(s->text, s->len, i + 3);
        return day.digits > 0 &&
               (starts(s->text, s->len, day.end, "日") || starts(s->text, s->len, day.end, "号"));
    }
    if (n->digits == 4 && i < s->len && (s->text[i] == '-' || s->text[i] == '/')) {
        struct number month = read_number(s->text, s->len, i + 1);
        return month.digits > 0 && month.digits <= 2 && month.end < s->len &&
               s->text[month.end] == s->text[i] &&
               read_number(s->text, s->len, month.end + 1).digits > 0;
    }
    return n->digits <= 2 && month_beside(s, at, i);
}

/* The number at `at`; returns where it ends. */
static size_t on_number(struct state *x, size_t at)
{
    struct scan *s = x->s;
    struct number n = read_number(s->text, s->len, at);
    size_t end = n.end;
    int64_t factor = currency_behind(s, &end);

    if (factor > 0) {
        add_amount(s, n.digits > DIGITS_MOST ? -1 : n.hundredths * factor, at, end);
        x->money_done = end;
    } else if (currency_before(s, at)) {
        add_amount(s, n.digits > DIGITS_MOST ? -1 : n.hundredths, at, n.end);
    }
    s->date = s->date || is_date(s, at, &n);
    if (n.digits >= 5 && factor == 0) {
        x->number_end = n.end;
        if (x->complaint_end != NOWHERE && at - x->complaint_end <= BESIDE)
            s->complaint = true;
    }
    return n.end;
}

/* 两千元: a number in words. The unit must be there: 三元区 is a district. */
static void on_money(struct state *x, size_t at, size_t end)
{
    static const char *const units[] = {"百", "千", "万", "佰", "仟", "萬", NULL};
    static const char *const numerals[] = {"一", "二", "两", "三", "四", "五", "六",
                                           "七", "八", "九", "十", "几", "数", "百",
                                           "千", "壹", "贰", "叁", "伍", NULL};
    struct scan *s = x->s;
    bool unit = false;

    if (end == x->money_done || at < 6 || !starts(s->text, s->len, at, "元"))
        return;
    for (size_t i = 0; units[i] != NULL; i++)
        unit = unit || starts(s->text, s->len, at - 3, units[i]);
    for (size_t i = 0; unit && numerals[i] != NULL; i++)
        if (starts(s->text, s->len, at - 6, numerals[i])) {
            add_amount(s, -1, at - 6, end);
            return;
        }
}

/* ---- the pass ---- */

static void on_marks(struct state *x, uint32_t cp, uint8_t marks, size_t at, size_t end,
                     size_t from)
{
    struct scan *s = x->s;

    if (marks & MARK_WORD)
        look_up(x, cp, at);
    if (marks & MARK_FORBIDDEN)
        hit(s, LINT_FORBIDDEN, at, end);
    if (marks & MARK_RARE)
        hit(s, LINT_RARE, at, end);
    if (marks & MARK_BRACKET && at >= from)
        hit(s, LINT_BRACKETS, at, end);
    if (marks & MARK_MONEY)
        on_money(x, at, end);
    if (marks & MARK_CLAUSE)
        end_clause(x);
    if (marks & MARK_SENTENCE && (cp != '.' || end == s->len || s->text[end] == ' '))
        end_sentence(x);
}

void scan_text(struct scan *s, const struct lint_set *set, const char *text, size_t len,
               size_t from)
{
    struct state x = {.s = s,
                      .complaint_end = NOWHERE,
                      .number_end = NOWHERE,
                      .clause_data = NOWHERE,
                      .data = NOWHERE,
                      .money_done = NOWHERE};

    s->set = set;
    s->text = text;
    s->len = len;
    s->hits = 0;
    s->refusal = s->complaint = s->date = false;
    s->n_amounts = 0;
    for (size_t i = 0; i < len;) {
        size_t at = i;
        uint32_t cp = utf8_next(text, len, &i);
        if (cp >= 65536) {
            if (!set->beyond)
                hit(s, LINT_RARE, at, i);
            continue;
        }
        if (cp == 0xFFFD)
            hit(s, LINT_SUBSTITUTION, at, i);
        uint8_t marks = set->marks[cp];
        if (marks == 0)
            continue;
        if (marks & MARK_DIGIT)
            i = on_number(&x, at);
        else
            on_marks(&x, cp, marks, at, i, from);
    }
    end_sentence(&x);
}

/* ---- values ---- */

/* 138 0000 0001, 0731-88881234, 400-800-1234: with what people put between. */
static bool callable(const char *digits, size_t n)
{
    if (n > 2 && memcmp(digits, "86", 2) == 0 && n > 11) {
        digits += 2;
        n -= 2;
    }
    if (n == 11 && digits[0] == '1' && digits[1] >= '3')
        return true;
    if (n == 10 && (memcmp(digits, "400", 3) == 0 || memcmp(digits, "800", 3) == 0))
        return true;
    return n >= 10 && n <= 12 && digits[0] == '0' && digits[1] != '0';
}

static bool has_number(const char *s, size_t len)
{
    char run[24];
    size_t n = 0;

    for (size_t i = 0; i <= len;) {
        int d = i < len ? digit(s, len, &i) : -1;
        if (d >= 0) {
            if (n < sizeof run)
                run[n] = (char)('0' + d);
            n++;
            continue;
        }
        bool between = i < len && n > 0 && (s[i] == '-' || s[i] == ' ');
        if (!between) {
            if (n <= sizeof run && callable(run, n))
                return true;
            n = 0;
        }
        i++;
    }
    return false;
}

/* ".cn" in "某.cn/x": letters beside it make another word. */
static bool has_link(const struct lint_set *set, const char *s, size_t len)
{
    struct scan at = {.set = set, .text = s, .len = len};

    for (size_t i = 0; i < len; i++) {
        uint32_t cp = (unsigned char)small(s[i]);
        if (cp >= 0x80 || !(set->marks[cp] & MARK_WORD))
            continue;
        for (const struct word *w = first_word(set, cp);
             w < set->words + set->n_words && w->first == cp; w++)
            if (w->lists & 1u << LINT_WORDS_LINK && stands(&at, i, w))
                return true;
    }
    return false;
}

/* Most values are Han characters alone. */
static bool all_han(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x80 || (unsigned char)s[i] == 0xEF)
            return false;
    return true;
}

bool scan_reachable(const struct lint_set *set, const char *s, size_t len)
{
    return !all_han(s, len) && (has_number(s, len) || has_link(set, s, len));
}

bool scan_lost(const char *s, size_t len)
{
    const char *mark = memchr(s, '?', len);

    if (mark == NULL)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0xE3 && (unsigned char)s[i] < 0xEF)
            return true;
    return false;
}
