/*
 * fuzz_table: see fuzz_table.h. The file has no name (memfd); that it is opened by its number in /proc is all that the reader sees.
 *
 * What must hold: an error says what is wrong and what to do; cells are valid UTF-8 without a NUL and with one behind; lines grow; nothing
 * is wider or longer than table.h says; the second reading gives as many rows as the first.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz.h"
#include "fuzz_table.h"
#include "zhanchi/utf8.h"

#define CELLS 16384
#define CELL_BYTES (1u << 20)

static void check_row(const struct table_row *row, int64_t before)
{
    fuzz_check(row->line > before || (row->line == 0 && before == -1));
    fuzz_check(row->n_cells <= CELLS);
    fuzz_check(row->fault == NULL || row->fault[0] != '\0');
    for (size_t i = 0; i < row->n_cells; i++) {
        const struct table_cell *c = &row->cells[i];
        fuzz_check(c->len <= CELL_BYTES);
        fuzz_check(strlen(c->text) == c->len);
        fuzz_check(utf8_valid(c->text, c->len, NULL));
    }
}

/* Rows, or -1. */
static int64_t read_all(const char *path, const struct table_opts *opts)
{
    struct err e = {0};
    struct table_row row;
    int64_t n = 0, line = -1;
    struct table *t = table_open(path, opts, &e);
    int rc = t ? 1 : -1;

    while (rc == 1 && (rc = table_next(t, &row, &e)) == 1) {
        check_row(&row, line);
        line = row.line;
        n++;
    }
    if (rc < 0)
        fuzz_check((e.kind == ERR_DATA || e.kind == ERR_USAGE) && e.what[0] != '\0' &&
                   e.remedy[0] != '\0');
    else
        fuzz_check(table_bytes_done(t) <= table_bytes(t) && table_form(t)[0] != '\0');
    table_close(t);
    return rc < 0 ? -1 : n;
}

/* How often it is read. */
static void read_times(const void *data, size_t len, const struct table_opts *opts, int times)
{
    char path[64];
    int fd = memfd_create("list", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        panic("no file in memory");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int64_t n = read_all(path, opts);
    while (--times > 0)
        fuzz_check(read_all(path, opts) == n);
    close(fd);
}

void fuzz_table(const void *data, size_t len, const struct table_opts *opts)
{
    read_times(data, len, opts, 2);
}

void fuzz_table_once(const void *data, size_t len, const struct table_opts *opts)
{
    read_times(data, len, opts, 1);
}
