/*
 * judge: which encoding a file has, decided over all of it while its digest is taken.
 */
#ifndef TABLE_JUDGE_H
#define TABLE_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/table.h"

struct judge;

/* head: the first bytes (up to 4) for the byte order mark. want: what the caller said, or
 * TABLE_AUTO. fd is borrowed. */
struct judge *judge_new(const char *path, int fd, enum table_encoding want,
                        const unsigned char *head, size_t len, struct err *e);
void judge_free(struct judge *j); /* NULL is fine */
/* The next bytes of the file, in order, from its first on. */
void judge_add(struct judge *j, const char *data, size_t len);
/* Encoding and length of the byte order mark; -1 and ERR_DATA. */
int judge_end(struct judge *j, enum table_encoding *encoding, int64_t *mark, struct err *e);

#endif
