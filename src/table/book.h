/*
 * book: what a workbook (.xlsx) says about itself: its sheets, where their parts are, which day
 * dates count from.
 */
#ifndef TABLE_BOOK_H
#define TABLE_BOOK_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "pack.h"
#include "sheets.h"

#define BOOK_SHEETS_MAX 1024
#define BOOK_NAME_MAX 128 /* bytes with the NUL: Excel allows 31 characters */

struct book_sheet {
    char name[BOOK_NAME_MAX];
    int64_t entry; /* of the package; -1: no part, or no worksheet (a chart) */
    bool hidden;
};

struct book {
    struct book_sheet *sheets; /* worksheets only */
    size_t n;
    int64_t strings, styles; /* entries, -1: none */
    bool epoch_1904;
};

/* ERR_DATA: no workbook (and what it is instead), damaged. */
int book_load(const char *path, struct pack *p, struct book *b, struct err *e);
void book_fini(struct book *b);

/* Index of the sheet to read, which is the one that `want` names, by its name or its number (from 1);
 * NULL: the only visible one with anything in it. ERR_USAGE, ERR_DATA; says which there are. */
int book_choose(const char *path, struct pack *p, const struct book *b, const char *want,
                struct err *e);

#endif
