/*
 * claim: one row of a claims file -> who, what, when, or every reason why not. Pure.
 *
 * Read like lists are (cells.h): a value that is there and is not understood refuses its row, because guessing would give a claim to somebody else or to another
 * day. A row counts for each key that it carries (id number, reference, telephone and name): the same person may stand in one list under one and in another list
 * under another.
 *
 * A row whose kind is neither claimed nor paid (退回, 不通过 ...) is refused, not dropped: whoever reads the rejects sees what was not counted.
 *
 * Called by response.c.
 */
#include <string.h>
#include <strings.h>
#include "internal.h"
#include "zhanchi/cells.h"
#include "zhanchi/citizen.h"
#include "zhanchi/civil.h"
#include "zhanchi/mask.h"
#include "zhanchi/phone.h"
#include "zhanchi/policy.h"
#include "zhanchi/utf8.h"

#define CELL_MAX (1u << 20) /* of table.h */
#define REF_MAX 64          /* as in lists */
#define YUAN_MAX 100000000

static const struct table_cell no_cell = {"", 0};

/* ---- the form ---- */

int claim_form_init(struct claim_form *f, const struct columns *c, int32_t today, struct err *e)
{
    *f = (struct claim_form){.columns = c, .default_kind = RESPONSE_CLAIMED, .today = today};
    for (int k = 0; k < COLUMN_FIELDS; k++)
        f->at[k] = columns_of(c, (enum column_field)k);
    int date = f->at[COLUMN_DATE];
    if (date >= 0 && (strstr(c->col[date].header, "发放") != NULL ||
                      strstr(c->col[date].header, "支付") != NULL))
        f->default_kind = RESPONSE_PAID;
    if (f->at[COLUMN_ID] < 0 && f->at[COLUMN_REF] < 0 &&
        (f->at[COLUMN_PHONE] < 0 || f->at[COLUMN_NAME] < 0))
        return err_set(e, ERR_DATA,
                       "the file needs a column of id numbers, of the office's references, or of "
                       "telephone numbers and names; --columns can say which",
                       "no column in line %lld says whose claim it is", (long long)c->header_line);
    return 0;
}

void claim_init(struct claim *c)
{
    memset(c, 0, sizeof *c);
    for (int k = 0; k < CLAIM_KEYS; k++)
        buf_init(&c->key[k], CELL_MAX);
    buf_init(&c->occupation, CELL_MAX);
    buf_init(&c->scratch, CELL_MAX);
}

void claim_fini(struct claim *c)
{
    for (int k = 0; k < CLAIM_KEYS; k++)
        buf_fini(&c->key[k]);
    buf_fini(&c->occupation);
    buf_fini(&c->scratch);
}

static void claim_reset(const struct claim_form *f, struct claim *c)
{
    for (int k = 0; k < CLAIM_KEYS; k++)
        buf_reset(&c->key[k]);
    buf_reset(&c->occupation);
    c->level = 0;
    c->kind = f->default_kind;
    c->day = CIVIL_NONE;
    c->amount_fen = -1;
    c->n_rejects = 0;
}

/* ---- cells ---- */

static const struct table_cell *cell_of(const struct claim_form *f, const struct table_row *row,
                                        enum column_field field)
{
    int at = f->at[field];

    return at >= 0 && (size_t)at < row->n_cells ? &row->cells[at] : &no_cell;
}

static void reject(const struct claim_form *f, const struct table_row *row, int column,
                   const char *reason, const char *masked, struct claim *c)
{
    struct list_reject *j = &c->rejects[c->n_rejects++];

    memset(j, 0, sizeof *j);
    j->line = row->line;
    j->column = column + 1;
    if (column >= 0)
        memcpy(j->header, f->columns->col[column].header, sizeof j->header);
    strncpy(j->reason, reason, sizeof j->reason - 1);
    strncpy(j->masked, masked, sizeof j->masked - 1);
}

typedef void mask_fn(const char *s, size_t len, char out[MASK_MAX]);

static void reject_cell(const struct claim_form *f, const struct table_row *row,
                        enum column_field field, const char *reason, mask_fn *mask, struct claim *c)
{
    const struct table_cell *cell = cell_of(f, row, field);
    char masked[MASK_MAX];

    mask(cell->text, cell->len, masked);
    reject(f, row, f->at[field], reason, masked, c);
}

/* Folded into the scratch; "" for what means nothing. */
static const char *fold_cell(const struct claim_form *f, const struct table_row *row,
                             enum column_field field, struct claim *c)
{
    const struct table_cell *cell = cell_of(f, row, field);

    buf_reset(&c->scratch);
    utf8_fold(cell->text, cell->len, &c->scratch);
    if (cell_nothing(buf_cstr(&c->scratch), c->scratch.len))
        buf_reset(&c->scratch);
    return buf_cstr(&c->scratch);
}

/* ---- who ---- */

static void read_id(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    const struct table_cell *cell = cell_of(f, row, COLUMN_ID);
    struct citizen id;

    if (citizen_parse(cell->text, cell->len, &id))
        cell_person(id.upgraded, NULL, NULL, NULL, &c->key[CLAIM_ID]);
    else if (id.reason != CITIZEN_EMPTY && fold_cell(f, row, COLUMN_ID, c)[0] != '\0')
        reject_cell(f, row, COLUMN_ID, citizen_reason_name(id.reason), mask_citizen, c);
}

static void read_ref(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    const char *ref = fold_cell(f, row, COLUMN_REF, c);

    if (c->scratch.len > REF_MAX)
        reject_cell(f, row, COLUMN_REF, "ref-long", mask_cell, c);
    else
        cell_person(NULL, ref, NULL, NULL, &c->key[CLAIM_REF]);
}

static bool otherwise_known(const struct claim *c)
{
    return c->key[CLAIM_ID].len > 0 || c->key[CLAIM_REF].len > 0;
}

/* Only needed together, and only where nothing better says who: a landline in an otherwise good row does no harm. */
static void read_phone_name(const struct claim_form *f, const struct table_row *row,
                            struct claim *c)
{
    const struct table_cell *phone = cell_of(f, row, COLUMN_PHONE);
    const struct table_cell *name = cell_of(f, row, COLUMN_NAME);
    struct phone p;

    buf_reset(&c->scratch);
    bool usable = phone_parse(phone->text, phone->len, &p);
    int named = utf8_name(name->text, name->len, &c->scratch);
    if (usable && named == 0)
        cell_person(NULL, NULL, p.number, buf_cstr(&c->scratch), &c->key[CLAIM_PHONE_NAME]);
    if (otherwise_known(c) || phone->len == 0 || name->len == 0)
        return;
    if (!usable)
        reject_cell(f, row, COLUMN_PHONE, phone_reason_name(p.reason), mask_phone, c);
    if (named != 0)
        reject_cell(f, row, COLUMN_NAME, named > 0 ? "name-damaged" : "name-long", mask_name, c);
}

/* ---- what and when ---- */

static void read_day(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    const struct table_cell *cell = cell_of(f, row, COLUMN_DATE);
    int rc = cell_date(cell->text, cell->len, &c->day);

    if (rc != 1)
        reject_cell(f, row, COLUMN_DATE, rc < 0 ? "date-format" : "date-missing", mask_cell, c);
    else if (c->day > f->today)
        reject_cell(f, row, COLUMN_DATE, "date-future", mask_cell, c);
}

static bool one_of(const char *s, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(s, *words) == 0)
            return true;
    return false;
}

static void read_kind(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    static const char *const claimed[] = {
        "claimed", "申领",     "已申领", "申请", "已申请", "受理",   "已受理", "审核中",
        "待审核",  "审核通过", "已审核", "公示", "公示中", "待发放", "待支付", NULL};
    static const char *const paid[] = {"paid", "发放",   "已发放", "支付",     "已支付",
                                       "到账", "已到账", "拨付",   "发放成功", NULL};
    const char *word = fold_cell(f, row, COLUMN_KIND, c);

    if (word[0] == '\0')
        return;
    if (one_of(word, paid))
        c->kind = RESPONSE_PAID;
    else if (one_of(word, claimed))
        c->kind = RESPONSE_CLAIMED;
    else
        reject_cell(f, row, COLUMN_KIND, "kind-unknown", mask_cell, c);
}

static void read_level(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    const char *word = fold_cell(f, row, COLUMN_LEVEL, c);

    c->level = word[0] != '\0' ? policy_level_of(word) : 0;
    if (word[0] != '\0' && c->level == 0)
        reject_cell(f, row, COLUMN_LEVEL, "level-unknown", mask_cell, c);
}

static void read_occupation(const struct claim_form *f, const struct table_row *row,
                            struct claim *c)
{
    const struct table_cell *cell = cell_of(f, row, COLUMN_OCCUPATION);

    cell_occupation(cell->text, cell->len, &c->occupation);
    if (cell_nothing(buf_cstr(&c->occupation), c->occupation.len))
        buf_reset(&c->occupation);
}

/* 1500, 1,500.00, ￥1500元 -> fen; -1 if it is none. */
static int64_t fen_of(const char *s)
{
    int64_t fen = 0;
    int digits = 0, decimals = -1;

    if (strncmp(s, "¥", strlen("¥")) == 0)
        s += strlen("¥");
    else if (strncmp(s, "￥", strlen("￥")) == 0)
        s += strlen("￥");
    for (; *s != '\0' && strcmp(s, "元") != 0; s++) {
        if (*s >= '0' && *s <= '9' && decimals < 2) {
            fen = fen * 10 + (*s - '0');
            digits++;
            decimals += decimals >= 0;
        } else if (*s == '.' && decimals < 0 && digits > 0) {
            decimals = 0;
        } else if (*s != ',' || digits == 0 || decimals >= 0) {
            return -1;
        }
        if (fen > YUAN_MAX * INT64_C(100))
            return -1;
    }
    for (decimals = decimals < 0 ? 0 : decimals; decimals < 2; decimals++)
        fen *= 10;
    return digits > 0 && fen <= YUAN_MAX * INT64_C(100) ? fen : -1;
}

static void read_amount(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    const char *text = fold_cell(f, row, COLUMN_AMOUNT, c);

    if (text[0] == '\0')
        return;
    c->amount_fen = fen_of(text);
    if (c->amount_fen < 0)
        reject_cell(f, row, COLUMN_AMOUNT, "amount-format", mask_cell, c);
}

/* ---- the row ---- */

static bool empty_row(const struct table_row *row, struct buf *scratch)
{
    for (size_t i = 0; i < row->n_cells; i++) {
        buf_reset(scratch);
        utf8_fold(row->cells[i].text, row->cells[i].len, scratch);
        if (scratch->len > 0)
            return false;
    }
    return true;
}

static bool has_digit(const struct table_cell *c)
{
    return strpbrk(c->text, "0123456789") != NULL;
}

/* The first text of a row without any number of a person is a word for a sum; it may well stand in the column of id numbers. */
static bool total_row(const struct claim_form *f, const struct table_row *row, struct buf *scratch)
{
    static const char *const words[] = {"合计", "总计", "小计", "共计"};

    if (has_digit(cell_of(f, row, COLUMN_PHONE)) || has_digit(cell_of(f, row, COLUMN_ID)))
        return false;
    buf_reset(scratch);
    for (size_t i = 0; i < row->n_cells && scratch->len == 0; i++)
        cell_occupation(row->cells[i].text, row->cells[i].len, scratch); /* without blanks */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(buf_cstr(scratch), words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* Text behind the last column: a delimiter inside a cell has shifted the others. */
static bool shifted(const struct claim_form *f, const struct table_row *row)
{
    for (size_t i = f->columns->n; i < row->n_cells; i++)
        if (row->cells[i].len > 0)
            return true;
    return false;
}

int claim_read(const struct claim_form *f, const struct table_row *row, struct claim *c)
{
    claim_reset(f, c);
    if (row->fault != NULL) {
        reject(f, row, -1, strcmp(row->fault, "quote") == 0 ? "row-quote" : "row-long", "", c);
        return -1;
    }
    if (empty_row(row, &c->scratch) || total_row(f, row, &c->scratch))
        return 0;
    if (shifted(f, row)) {
        reject(f, row, -1, "row-shifted", "", c);
        return -1;
    }
    read_id(f, row, c);
    read_ref(f, row, c);
    read_phone_name(f, row, c);
    read_day(f, row, c);
    read_kind(f, row, c);
    read_level(f, row, c);
    read_occupation(f, row, c);
    read_amount(f, row, c);
    if (c->n_rejects == 0 && !otherwise_known(c) && c->key[CLAIM_PHONE_NAME].len == 0)
        reject(f, row, -1, "person-unknown", "", c);
    return c->n_rejects == 0 ? 1 : -1;
}
