/*
 * reference: names of cells, A1 to XFD1048576. Pure.
 */
#ifndef TABLE_REFERENCE_H
#define TABLE_REFERENCE_H

#include <stdint.h>
#include "reader.h"

#define ROWS_MAX 1048576

/* The column (from 0) and the row (from 1) of "B12"; what stands behind a colon is not looked at. 0 or -1. */
static inline int reference_parse(const char *s, int32_t *column, int64_t *row)
{
    int32_t c = 0;
    int64_t r = 0;

    for (; (*s >= 'A' && *s <= 'Z') || *s == '$'; s++)
        if (*s != '$' && (c = c * 26 + (*s - 'A' + 1)) > (int32_t)TABLE_CELLS_MAX)
            return -1;
    for (; *s >= '0' && *s <= '9'; s++)
        if ((r = r * 10 + (*s - '0')) > ROWS_MAX)
            return -1;
    if (c == 0 || r == 0 || (*s != '\0' && *s != ':'))
        return -1;
    *column = c - 1;
    *row = r;
    return 0;
}

#endif
