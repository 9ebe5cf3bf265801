/*
 * sheets: which sheet of a workbook is read, whatever its format.
 */
#ifndef TABLE_SHEETS_H
#define TABLE_SHEETS_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/err.h"

struct sheets {
    size_t n; /* at least one */
    const char *(*name)(void *ctx, size_t i);
    bool (*hidden)(void *ctx, size_t i);
    int (*filled)(void *ctx, size_t i, struct err *e); /* has anything in it: 1, 0, -1 */
    void *ctx;
};

/* want: a sheet's name, or its number from 1, hidden ones counted; NULL: the only visible sheet that has anything in it,
 * because rows that nobody asked about must not be left out in silence. Its index, or -1: ERR_USAGE, ERR_DATA, with
 * the sheets that there are. */
int sheets_choose(const char *path, const struct sheets *s, const char *want, struct err *e);

#endif
