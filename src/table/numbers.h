/*
 * numbers: what a spreadsheet's number says to the person who typed it. Pure.
 */
#ifndef TABLE_NUMBERS_H
#define TABLE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"

/* What a number format shows: bits, and in the low five the digits that a format of zeros alone pads to. */
#define NUMBER_DIGITS 0x1F
#define NUMBER_DAY 0x20   /* a day, or a year and more than its month */
#define NUMBER_MONTH 0x40 /* a year and a month, no day */
#define NUMBER_TIME 0x80

uint8_t number_format(const char *code); /* of a format's text, as styles.xml has it */
uint8_t number_format_builtin(unsigned id);

/* Appends the text of the number `raw` (as the file writes it): digits as they stand; with a fraction or an exponent
 * what 15 digits tell, as spreadsheets show it; dates as 2018-04-22, 2018-04 or with a time behind. What is no number
 * is passed on. */
void number_text(const char *raw, size_t len, uint8_t format, bool epoch_1904, struct buf *out);

#endif
