/*
 * xls_child: the side of the reader of .xls that touches the file: see xls.c.
 */
#ifndef TABLE_XLS_CHILD_H
#define TABLE_XLS_CHILD_H

#include <stdint.h>
#include <stdio.h>

/* What stands before each record of the pipe. */
enum xls_record {
    XLS_SHEET = 'S', /* then a text: the sheet's name; comes first */
    XLS_ROW = 'R',   /* then its line (int64_t), the number of its cells (uint32_t), their texts */
    XLS_ERROR = 'E', /* then a struct err; nothing follows */
    XLS_END = 'Z'
};
/* A text is its length (uint32_t) and its bytes. */

/* Writes records until the end of the sheet; 0, or -1 if nobody reads them. fd: the file, open. */
int xls_child(const char *path, int fd, const char *want, FILE *out);

#endif
