/*
 * reader: the seam between table.c and the formats of files.
 *
 * A format is one struct of functions. table.c opens the file, takes its digest and its first
 * bytes, asks each reader of its list in order, and hands everything to the first that knows the
 * file. The reader gives rows; it never sees the path but for errors.
 */
#ifndef TABLE_READER_H
#define TABLE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/table.h"

#define TABLE_CELL_MAX (1u << 20) /* bytes of a cell, as UTF-8 */
#define TABLE_ROW_MAX (4u << 20)  /* bytes of a row, as UTF-8 with its quotes and delimiters */
#define TABLE_CELLS_MAX 16384u    /* cells of a row: the columns of a spreadsheet */

struct reader_input {
    const char *path;             /* for errors */
    int fd;                       /* stays open as long as the reader */
    int64_t size;                 /* bytes */
    enum table_encoding encoding; /* of texts: decided, never TABLE_AUTO */
    int64_t skip;                 /* bytes of its byte order mark */
};

struct reader {
    const char *name;
    const char *form; /* what people call it; NULL: a text, told by its encoding */
    /* Whether a file that begins with these bytes is of this format. */
    bool (*knows)(const unsigned char *head, size_t len);
    bool text; /* the file as a whole is text in one encoding, which must be valid */
    void *(*open)(const struct reader_input *in, const struct table_opts *opts, struct err *e);
    int (*next)(void *r, struct table_row *row, struct err *e); /* as table_next */
    int64_t (*done)(const void *r);                             /* bytes of the file used so far */
    const char *(*sheet)(const void *r);                        /* NULL: files without sheets */
    void (*close)(void *r);
};

extern const struct reader reader_xlsx, reader_xls, reader_jsonl, reader_csv;

#endif
