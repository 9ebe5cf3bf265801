/*
 * xls_extra: what freexl leaves out of an old workbook: results of formulas, truth values and errors, and which sheets are hidden.
 */
#ifndef TABLE_XLS_EXTRA_H
#define TABLE_XLS_EXTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xls_extra;
/* NULL if the file is not what it seems. fd: the whole file. */
struct xls_extra *xls_extra_load(int fd);
void xls_extra_free(struct xls_extra *x); /* NULL is fine */
bool xls_extra_hidden(const struct xls_extra *x, size_t sheet);
/* Turns to a sheet: false if its records are damaged. */
bool xls_extra_select(struct xls_extra *x, size_t sheet);
/* The text of a cell of that sheet, NULL if freexl knows it. Borrowed until the next select. */
const char *xls_extra_text(const struct xls_extra *x, unsigned row, unsigned column);

#endif
