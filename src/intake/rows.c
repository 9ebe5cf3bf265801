/*
 * rows: one row of a file -> cleaned texts, or every reason why it cannot be used. Pure.
 *
 * Each field has a function that cleans its cell into r->text and answers with a reason code where it cannot. A value that is missing is no reason, but for the
 * telephone number and for what says who the person is; a value that is there and is not understood always is one, because dropping it would lose it silently. All cells of a
 * row are looked at, so that a person who repairs the file sees everything at once.
 *
 * A row all of whose reasons want a person's decision is held for review instead of being refused.
 *
 * No row: rows without any text, totals (合计), and headers that a program repeated on every page. They are counted, not rejected.
 */
#include <stdio.h>
#include <string.h>
#include "zhanchi/cells.h"
#include "zhanchi/certificate.h"
#include "zhanchi/civil.h"
#include "zhanchi/mask.h"
#include "zhanchi/utf8.h"
#include "internal.h"

#define TEXT_MAX                                                                                   \
    (1u << 20) /* a cell's limit: what is too long for its field has a reason of its own */
#define REF_MAX 64
#define COUNT_DIGITS 7 /* a number of rows has fewer digits than any telephone number */

static const struct table_cell no_cell = {"", 0};

/* ---- the plan ---- */

void plan_init(struct plan *p, const struct columns *c)
{
    p->columns = c;
    p->months_day = CIVIL_NONE;
    p->accept = false;
    p->accept_not = -1;
    p->line_at = -1;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->col[i].header, rejects_line_header) == 0)
            p->line_at = (int)i;
    for (int f = 0; f < COLUMN_FIELDS; f++)
        p->at[f] = columns_of(c, (enum column_field)f);
    int months = p->at[COLUMN_MONTHS];
    p->months_in_years = months >= 0 && strstr(c->col[months].header, "年限") != NULL;
}

void reading_init(struct reading *r)
{
    memset(r, 0, sizeof *r);
    for (int f = 0; f < COLUMN_FIELDS; f++)
        buf_init(&r->text[f], TEXT_MAX);
}

void reading_fini(struct reading *r)
{
    for (int f = 0; f < COLUMN_FIELDS; f++)
        buf_fini(&r->text[f]);
}

bool reading_repaired(const struct reading *r)
{
    return r->phone.repaired || r->email.repaired || r->citizen.repaired;
}

/* ="110105..." is how spreadsheets are told that digits are a text, and an apostrophe how we tell them
 * that a cell is no formula (table_csv_field). */
struct table_cell cell_bare(const struct table_cell *c)
{
    struct table_cell b = *c;

    if (b.len > 1 && b.text[0] == '\'' && strchr("=+-@", b.text[1]))
        b = (struct table_cell){b.text + 1, b.len - 1};
    if (b.len > 3 && memcmp(b.text, "=\"", 2) == 0 && b.text[b.len - 1] == '"')
        b = (struct table_cell){b.text + 2, b.len - 3};
    return b;
}

static const struct table_cell *cell_of(const struct plan *p, const struct table_row *row,
                                        enum column_field f)
{
    int at = p->at[f];

    return at >= 0 && (size_t)at < row->n_cells ? &row->cells[at] : &no_cell;
}

/* ---- fields: NULL, or a reason code ---- */

static const char *clean_phone(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    (void)p;
    if (!phone_parse(c->text, c->len, &r->phone))
        return phone_reason_name(r->phone.reason);
    buf_adds(&r->text[COLUMN_PHONE], r->phone.number);
    return NULL;
}

/* Folded; what means "nothing" becomes "". */
static void clean_text(const struct table_cell *c, struct buf *out)
{
    cell_fold(c->text, c->len, out);
    if (cell_nothing(buf_cstr(out), out->len))
        buf_reset(out);
}

static const char *clean_email(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    struct buf *out = &r->text[COLUMN_EMAIL];

    (void)p;
    clean_text(c, out);
    if (out->len == 0)
        return NULL;
    buf_reset(out);
    if (!email_parse(c->text, c->len, &r->email))
        return email_reason_name(r->email.reason);
    buf_adds(out, r->email.address);
    return NULL;
}

static const char *clean_id(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    (void)p;
    if (citizen_parse(c->text, c->len, &r->citizen))
        buf_adds(&r->text[COLUMN_ID], r->citizen.number);
    else if (r->citizen.reason != CITIZEN_EMPTY)
        return citizen_reason_name(r->citizen.reason);
    return NULL;
}

/* U+E000 to U+F8FF and planes 15 and 16: every system draws its own there. */
static bool private_use(const struct buf *name)
{
    for (size_t i = 0; i < name->len;) {
        uint32_t cp = utf8_next(name->data, name->len, &i);
        if ((cp >= 0xE000 && cp <= 0xF8FF) || cp >= 0xF0000)
            return true;
    }
    return false;
}

bool reading_rare(const struct reading *r)
{
    const struct buf *name = &r->text[COLUMN_NAME];

    for (size_t i = 0; i < name->len; i++)
        if ((unsigned char)name->data[i] >= 0xF0) /* four bytes */
            return true;
    return false;
}

static const char *clean_name(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    struct buf *out = &r->text[COLUMN_NAME];
    int rc = utf8_name(c->text, c->len, out);

    (void)p;
    if (rc == 1)
        return private_use(out) ? "name-private" : "name-damaged";
    if (rc == 0)
        return NULL;
    clean_text(c, out);
    return out->len > 0 ? "name-long" : "name-empty";
}

static const char *clean_ref(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    (void)p;
    struct buf *out = &r->text[COLUMN_REF];

    clean_text(c, out);
    if (cell_rounded(buf_cstr(out), out->len))
        return "digits-lost"; /* two of these would be one person */
    return out->len > REF_MAX ? "ref-long" : NULL;
}

/* Most rows have the region of the row before. */
static bool region_like(struct reading *r, const char *text, size_t len)
{
    if (len >= sizeof r->region_seen)
        return false;
    if (strcmp(r->region_seen, text) != 0) {
        memcpy(r->region_seen, text, len + 1);
        r->region_seen_like = policy_region_like(text);
    }
    return r->region_seen_like;
}

/* The region is stored in the clear, so nothing of a person may pass for one (columns may be shifted): a number is refused; of other texts only what looks like a
 * region is kept in the clear. The rest is sealed with the row, whose people are then undetermined: a misspelt region is no reason to lose somebody. */
static const char *clean_region(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    struct buf *out = &r->text[COLUMN_REGION];
    struct phone phone;
    struct citizen citizen;
    size_t digits = 0;

    (void)p;
    clean_text(c, out);
    for (size_t i = 0; i < out->len; i++)
        digits += out->data[i] >= '0' && out->data[i] <= '9';
    if (digits >= 11 && (phone_parse(out->data, out->len, &phone) ||
                         citizen_parse(out->data, out->len, &citizen) || digits > 12))
        return "region-personal";
    r->region_like = out->len > 0 && region_like(r, out->data, out->len);
    return NULL;
}

static const char *clean_months(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    if (cell_months(c->text, c->len, p->months_in_years, &r->months) < 0)
        return "months-format";
    if (r->months >= 0)
        buf_addf(&r->text[COLUMN_MONTHS], "%d", r->months);
    return NULL;
}

static const char *clean_months_day(const struct plan *p, const struct table_cell *c,
                                    struct reading *r)
{
    char text[11];

    (void)p;
    int rc = cell_counted(c->text, c->len, &r->months_day);
    if (rc == 1)
        buf_adds(&r->text[COLUMN_MONTHS_DAY], civil_format(r->months_day, text));
    return rc < 0 ? "date-format" : NULL;
}

/* Nothing said is no: lists name those who draw it. */
static const char *clean_benefit(const struct plan *p, const struct table_cell *c,
                                 struct reading *r)
{
    (void)p;
    int rc = cell_yes(c->text, c->len, &r->benefit);
    if (rc == 1)
        buf_adds(&r->text[COLUMN_BENEFIT], r->benefit ? "是" : "否");
    return rc < 0 ? "benefit-unknown" : NULL;
}

/* A list has few spellings of levels: each is looked up once. */
static int level_of(struct level_cache *cache, const char *text, size_t len)
{
    struct level_seen *seen = &cache->seen[(len + (unsigned char)text[len - 1]) % LEVELS_SEEN];

    if (len >= sizeof seen->text)
        return policy_level_of(text);
    if (strcmp(seen->text, text) != 0) {
        memcpy(seen->text, text, len + 1);
        seen->level = policy_level_of(text);
    }
    return seen->level;
}

static const char *clean_level(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    struct buf *out = &r->text[COLUMN_LEVEL];

    (void)p;
    clean_text(c, out);
    r->level = out->len > 0 ? level_of(&r->levels, out->data, out->len) : 0;
    return out->len > 0 && r->level == 0 ? "level-unknown" : NULL;
}

static const char *clean_issued(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    char text[11];

    (void)p;
    if (cell_date(c->text, c->len, &r->issued_day) < 0)
        return "date-format";
    buf_adds(&r->text[COLUMN_ISSUED], civil_format(r->issued_day, text));
    return NULL;
}

/* 15 digits that would be a whole number (16: the year first, the level at the eleventh place) with a zero in front of
 * them: a certificate of 2000 to 2009 that was kept as a number. */
static bool zero_lost(const char *s, size_t len)
{
    return len == 15 && strspn(s, "0123456789") == 15 && s[9] >= '1' && s[9] <= '5';
}

static const char *clean_certificate(const struct plan *p, const struct table_cell *c,
                                     struct reading *r)
{
    struct buf *out = &r->text[COLUMN_CERTIFICATE];

    (void)p;
    clean_text(c, out);
    if (cell_rounded(buf_cstr(out), out->len))
        return "digits-lost";
    return zero_lost(buf_cstr(out), out->len) ? "certificate-zero" : NULL;
}

static const char *clean_occupation(const struct plan *p, const struct table_cell *c,
                                    struct reading *r)
{
    struct buf *out = &r->text[COLUMN_OCCUPATION];

    (void)p;
    cell_occupation(c->text, c->len, out);
    if (cell_nothing(buf_cstr(out), out->len))
        buf_reset(out);
    return NULL;
}

static const char *clean_group(const struct plan *p, const struct table_cell *c, struct reading *r)
{
    struct buf *out = &r->text[COLUMN_GROUP];

    (void)p;
    cell_occupation(c->text, c->len, out); /* as policies are read: folded, without blanks */
    if (cell_nothing(buf_cstr(out), out->len))
        buf_reset(out);
    return NULL;
}

static const char *clean_employer(const struct plan *p, const struct table_cell *c,
                                  struct reading *r)
{
    (void)p;
    clean_text(c, &r->text[COLUMN_EMPLOYER]);
    return NULL;
}

static const struct {
    enum column_field field;
    const char *(*clean)(const struct plan *p, const struct table_cell *c, struct reading *r);
    void (*mask)(const char *s, size_t len, char out[MASK_MAX]);
} fields[] = {
    {COLUMN_NAME, clean_name, mask_name},
    {COLUMN_ID, clean_id, mask_citizen},
    {COLUMN_PHONE, clean_phone, mask_phone},
    {COLUMN_EMAIL, clean_email, mask_cell},
    {COLUMN_REGION, clean_region, mask_cell},
    {COLUMN_MONTHS, clean_months, mask_cell},
    {COLUMN_CERTIFICATE, clean_certificate, mask_cell},
    {COLUMN_OCCUPATION, clean_occupation, mask_cell},
    {COLUMN_LEVEL, clean_level, mask_cell},
    {COLUMN_ISSUED, clean_issued, mask_cell},
    {COLUMN_EMPLOYER, clean_employer, mask_cell},
    {COLUMN_REF, clean_ref, mask_cell},
    {COLUMN_MONTHS_DAY, clean_months_day, mask_cell},
    {COLUMN_BENEFIT, clean_benefit, mask_cell},
    {COLUMN_GROUP, clean_group, mask_cell},
};

/* ---- no rows ---- */

static bool empty_row(const struct table_row *row)
{
    for (size_t i = 0; i < row->n_cells; i++) {
        const struct table_cell *c = &row->cells[i];
        for (size_t at = 0; at < c->len;) {
            uint32_t cp = utf8_next(c->text, c->len, &at);
            if (!utf8_blank(cp) && !utf8_invisible(cp))
                return false;
        }
    }
    return true;
}

/* The row's first text is a word for a sum, and no telephone number stands behind it: how many there are, perhaps. */
static bool total_row(const struct plan *p, const struct table_row *row, struct buf *scratch)
{
    static const char *const words[] = {"合计", "总计", "小计", "共计"};
    const struct table_cell *phone = cell_of(p, row, COLUMN_PHONE);
    bool count = phone->len < COUNT_DIGITS && strspn(phone->text, "0123456789") == phone->len;
    size_t i = 0;

    if (phone->len > 0 && !count && phone->text[0] >= '0' && phone->text[0] <= '9')
        return false; /* nearly every row */
    buf_reset(scratch);
    while (i < row->n_cells && scratch->len == 0) {
        cell_occupation(row->cells[i].text, row->cells[i].len, scratch); /* without blanks */
        i++;
    }
    if (i == 0 || (phone->len > 0 && !count && phone != &row->cells[i - 1]))
        return false;
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        if (strncmp(buf_cstr(scratch), words[w], strlen(words[w])) == 0)
            return true;
    return false;
}

static bool repeated_header(const struct plan *p, const struct table_row *row, struct buf *scratch)
{
    const struct table_cell *c = cell_of(p, row, COLUMN_PHONE);

    if (c->len == 0 || (c->text[0] >= '0' && c->text[0] <= '9'))
        return false;
    buf_reset(scratch);
    utf8_fold(c->text, c->len, scratch);
    return strcmp(buf_cstr(scratch), p->columns->col[p->at[COLUMN_PHONE]].header) == 0;
}

void row_tail(const struct table_row *row, size_t column, struct buf *out)
{
    for (size_t i = column; i < row->n_cells; i++) {
        if (i > column && row->cells[i].len == 0)
            continue;
        if (i > column)
            buf_addc(out, ',');
        buf_add(out, row->cells[i].text, row->cells[i].len);
    }
}

/* ---- rejects ---- */

static void reject(const struct plan *p, const struct table_row *row, int column,
                   const char *reason, const char *masked, struct reading *r)
{
    struct list_reject *j = &r->rejects[r->n_rejects++];

    memset(j, 0, sizeof *j);
    j->line = row->line;
    j->column = column + 1;
    if (column >= 0)
        memcpy(j->header, p->columns->col[column].header, sizeof j->header);
    snprintf(j->reason, sizeof j->reason, "%s", reason);
    snprintf(j->masked, sizeof j->masked, "%s", masked);
}

/* More cells than the header has: a delimiter inside a cell has shifted the columns, nobody knows from where on. */
bool row_shifted(const struct columns *c, const struct table_row *row)
{
    for (size_t i = c->width; i < row->n_cells; i++)
        if (row->cells[i].len > 0)
            return true;
    return false;
}

static const char *whole_row(const struct plan *p, const struct table_row *row)
{
    static const char *const faults[][2] = {{"quote", "row-quote"}, {"json", "row-json"}};

    for (size_t i = 0; row->fault && i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(row->fault, faults[i][0]) == 0)
            return faults[i][1];
    if (row->fault)
        return "row-long";
    return row_shifted(p->columns, row) ? "row-shifted" : NULL;
}

void row_refuse(const struct plan *p, const struct table_row *row, const char *reason,
                struct reading *r)
{
    reject(p, row, -1, reason, "", r);
}

static void read_fields(const struct plan *p, const struct table_row *row, struct reading *r)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        int column = p->at[fields[i].field];
        if (column < 0)
            continue;
        const struct table_cell c = cell_bare(cell_of(p, row, fields[i].field));
        const char *reason = cell_error(c.text, c.len) ? "cell-error" : fields[i].clean(p, &c, r);
        if (reason && p->accept && column != p->accept_not && intake_reason_review(reason) &&
            r->text[fields[i].field].len > 0)
            continue; /* a person has said so */
        if (reason) {
            char masked[MASK_MAX];
            fields[i].mask(c.text, c.len, masked);
            reject(p, row, column, reason, masked, r);
        }
    }
}

/* A certificate's number says its year and level, too. Only where both could be read. */
static void cross_check(const struct plan *p, const struct table_row *row, struct reading *r)
{
    int column = p->at[COLUMN_CERTIFICATE];
    const struct buf *number = &r->text[COLUMN_CERTIFICATE];
    char masked[MASK_MAX];

    if (column < 0 || number->len == 0 || (p->accept && column != p->accept_not))
        return;
    const char *reason =
        certificate_contradicts(number->data, number->len, r->level, r->issued_day);
    if (!reason)
        return;
    mask_cell(number->data, number->len, masked);
    reject(p, row, column, reason, masked, r);
}

/* Without an id number, a reference and a name nobody could be told from another with the same telephone. */
static bool anonymous(const struct reading *r)
{
    return r->text[COLUMN_ID].len == 0 && r->text[COLUMN_REF].len == 0 &&
           r->text[COLUMN_NAME].len == 0;
}

static void reading_reset(const struct plan *p, struct reading *r)
{
    for (int f = 0; f < COLUMN_FIELDS; f++)
        buf_reset(&r->text[f]);
    memset(&r->phone, 0, sizeof r->phone);
    memset(&r->email, 0, sizeof r->email);
    memset(&r->citizen, 0, sizeof r->citizen);
    r->level = 0;
    r->months = -1;
    r->issued_day = CIVIL_NONE;
    r->months_day = p->months_day;
    r->benefit = false;
    r->region_like = false;
    r->n_rejects = 0;
}

enum row_outcome row_read(const struct plan *p, const struct table_row *row, struct reading *r)
{
    struct buf *scratch = &r->text[COLUMN_EXTRA];

    reading_reset(p, r);
    const char *reason = whole_row(p, row);
    if (reason) {
        row_refuse(p, row, reason, r);
        return ROW_REJECTED;
    }
    if (empty_row(row) || total_row(p, row, scratch) || repeated_header(p, row, scratch))
        return ROW_SKIPPED;
    read_fields(p, row, r);
    cross_check(p, row, r);
    if (r->n_rejects == 0 && anonymous(r))
        row_refuse(p, row, "person-unknown", r);
    for (size_t i = 0; i < r->n_rejects; i++)
        if (!intake_reason_review(r->rejects[i].reason))
            return ROW_REJECTED;
    return r->n_rejects > 0 ? ROW_HELD : ROW_TAKEN;
}
