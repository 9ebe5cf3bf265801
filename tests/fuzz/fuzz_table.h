/*
 * fuzz_table: any bytes as a file of rows.
 */
#ifndef ZHANCHI_TESTS_FUZZ_TABLE_H
#define ZHANCHI_TESTS_FUZZ_TABLE_H

#include <stddef.h>
#include "zhanchi/table.h"

/* Reads the file to its end, or to the error, and checks what table.h promises. */
void fuzz_table(const void *data, size_t len, const struct table_opts *opts);
/* Once: of what says something else each time. */
void fuzz_table_once(const void *data, size_t len, const struct table_opts *opts);

#endif
