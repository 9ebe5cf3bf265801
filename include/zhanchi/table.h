/*
 * table: one interface over files of rows; one reader a format (src/table/csv.c is the first).
 *
 * Streaming, in constant memory: a row is valid until the next call. Cells are valid UTF-8 whatever
 * the file's encoding was. A reader is a struct of functions (src/table/reader.h); a new format
 * adds one and is listed in table.c.
 */
#ifndef ZHANCHI_TABLE_H
#define ZHANCHI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

/* UTF-16 is never guessed: it needs its byte order mark, or to be said. */
enum table_encoding { TABLE_AUTO, TABLE_UTF8, TABLE_GB18030, TABLE_UTF16LE, TABLE_UTF16BE };

struct table_opts {
    enum table_encoding
        encoding; /* TABLE_AUTO: BOM, else decided over the whole file: UTF-8 if all of it is valid,
                     else GB18030; ERR_DATA with line and offset if neither */
    char delimiter;    /* 0: chosen among , TAB ; | by the first lines */
    const char *sheet; /* of a workbook: its name, or its number from 1; NULL: the only visible one
                          with anything in it, ERR_DATA if there are several */
};

struct table_cell {
    const char *text; /* UTF-8, untrimmed; NUL-terminated as well */
    size_t len;
};

struct table_row {
    const struct table_cell *cells;
    size_t n_cells; /* trailing empty cells are counted as the file has them, at most 16,384 */
    int64_t line;   /* where the row begins, from 1 */
    const char
        *fault; /* NULL, or why this row cannot be trusted: "quote" (malformed quoting), "too-long"
                   (a cell above 1 MiB, a row above 4 MiB or more than 16,384 cells); cells then
                   hold what was read. After a row with a fault reading goes on with the line after
                   the one where it began, so that a stray quote costs one line */
};

struct table;

/* Opens a regular file and reads it once: digest, encoding, validity of every byte (no NUL either).
 * ERR_NOINPUT, ERR_DATA with line and byte offset. */
struct table *table_open(const char *path, const struct table_opts *opts, struct err *e);
void table_close(struct table *t); /* NULL is fine */

/* 1 and a row, 0 at the end, -1 and ERR_DATA (the file changed since table_open) or ERR_IO. Rows
 * without any cell text are passed on as they are, except truly empty lines, which are skipped. */
int table_next(struct table *t, struct table_row *row, struct err *e);

enum table_encoding table_encoding_of(const struct table *t); /* never TABLE_AUTO */
const char *table_encoding_name(enum table_encoding enc);     /* "UTF-8", "GB18030" */
/* What people call the file's form: "XLSX", "XLS", "JSONL", of delimited text its encoding. */
const char *table_form(const struct table *t);
/* The sheet that is read; NULL for files without sheets. */
const char *table_sheet(const struct table *t);
/* "utf-8", "gb18030", "gbk", "auto" ... as people write it; 0 or -1. */
int table_encoding_parse(const char *name, enum table_encoding *out);
int64_t table_bytes(const struct table *t);      /* size of the file */
int64_t table_bytes_done(const struct table *t); /* read so far, for progress */
/* SHA-256 of the file's bytes, known after table_open. */
void table_digest(const struct table *t, uint8_t out[32]);

/* ---- writing ---- */

/* Appends one CSV field, quoted where RFC 4180 needs it, and defused where a spreadsheet would run
 * it as a formula (leading = + - @ TAB CR get an apostrophe unless the field is a plain number). */
struct buf;
int table_csv_field(struct buf *out, const char *s, size_t len, bool first);

#endif
