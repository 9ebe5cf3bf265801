/*
 * cells: what the cells of people's files mean, where more than one job must read them alike: lists
 * (intake) and claims files (measure). Pure.
 *
 * A person and an occupation of a claims file are found again only if the same text is hashed:
 * cell_person and cell_occupation are that text.
 */
#ifndef ZHANCHI_CELLS_H
#define ZHANCHI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"

/* utf8_fold, at once where there is nothing to fold: most cells are plain digits or plain Han.
 * Appends. */
void cell_fold(const char *s, size_t len, struct buf *out);

/* What people write where they know nothing: "", "-", "/", "无", "不详" ... (folded text). */
bool cell_nothing(const char *s, size_t len);

/* What a spreadsheet shows where it has no value: #N/A, #REF!, #VALUE! ..., or ###### for a column
 * that was too narrow. */
bool cell_error(const char *s, size_t len);

/* A long number that a spreadsheet has rounded: 1.2E+15 (folded text). */
bool cell_rounded(const char *s, size_t len);

/* A date as civil_parse reads it, with a time of day behind it, or an Excel serial of 1982 to 2064.
 * 1 and the day, 0 nothing, -1 no date. */
int cell_date(const char *s, size_t len, int32_t *day);

/* Months: 36, 36.0, 36个月, 3年, 3年2个月. A bare number counts years if the column's header says
 * 年限. 1, 0 nothing, -1 (above 1,200 too). */
int cell_months(const char *s, size_t len, bool years, int *months);

/* The day through which something was counted: a date as cell_date reads it, or a month (2026-03,
 * 202603, 2026年3月), which means its last day. 1, 0 nothing, -1. */
int cell_counted(const char *s, size_t len, int32_t *day);

/* Yes or no: 是, 否, 领取中, 未领取, 停领, yes, no, 1, 0 ... 1, 0 nothing, -1 neither. */
int cell_yes(const char *s, size_t len, bool *yes);

/* An occupation as it is compared and hashed (HASH_OCCUPATION): folded, without blanks. Appends. */
void cell_occupation(const char *s, size_t len, struct buf *out);

/* What is hashed for a person, appended to out; returns the kind, whose values are those of enum
 * hash_kind (HASH_PERSON_*), or 0 if nothing says who it is. Each may be NULL or "": the
 * 18-character id number (citizen.upgraded) decides; else the office's reference, compared as
 * occupations are; else telephone number (phone.number) and name (utf8_name) together. */
enum cell_person {
    CELL_PERSON_NONE = 0,
    CELL_PERSON_ID = 1,
    CELL_PERSON_PHONE_NAME = 2,
    CELL_PERSON_REF = 3
};
enum cell_person cell_person(const char *id18, const char *ref, const char *phone, const char *name,
                             struct buf *out);

#endif
