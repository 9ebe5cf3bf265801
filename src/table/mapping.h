/*
 * mapping: the file in which a person says which column is what.
 */
#ifndef TABLE_MAPPING_H
#define TABLE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/columns.h"
#include "zhanchi/err.h"

#define MAPPING_MAX 64 /* lines that say something: bits of a word */
#define HEADER_KEY_MAX 256

struct mapping {
    const char *path; /* NULL: there is none */
    size_t n;
    struct {
        enum column_field field;
        char key[HEADER_KEY_MAX];
        char header[64];
        int line;
    } entry[MAPPING_MAX];
};

/* path may be NULL: nothing is mapped. ERR_NOINPUT, ERR_DATA with line. */
int mapping_load(const char *path, struct mapping *m, struct err *e);
/* Entry of a header's key (header_key), or m->n. */
size_t mapping_find(const struct mapping *m, const char *key);
/* Whether an entry names this field. */
bool mapping_names(const struct mapping *m, enum column_field f);
/* One bit an entry. */
uint64_t mapping_all(const struct mapping *m);

#endif
