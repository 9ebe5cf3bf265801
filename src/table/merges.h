/*
 * merges: merged cells. The value of an area stands in its first cell alone; whoever reads the sheet
 * sees it beside every row of the area, and so do we.
 */
#ifndef TABLE_MERGES_H
#define TABLE_MERGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "pack.h"
#include "rowbuf.h"

#define MERGES_MAX (1u << 18)

struct merges;
/* Reads the whole sheet once: its checksum is right then. ERR_DATA. */
struct merges *merges_load(const char *path, struct pack *p, int64_t index, const char *sheet,
                           struct err *e);
void merges_free(struct merges *m); /* NULL is fine */
/* Rows in ascending order, each once: fills the first column of areas that began above, where the row has anything of
 * its own; keeps what later rows need. */
void merges_apply(struct merges *m, int64_t line, struct rowbuf *row);

#endif
