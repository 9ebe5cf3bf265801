/*
 * columns: which column of a file is what. Jobs that read people's files (intake, measure) share
 * it.
 */
#ifndef ZHANCHI_COLUMNS_H
#define ZHANCHI_COLUMNS_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/table.h"

/* COLUMN_EXTRA columns are kept under their header for templates. */
enum column_field {
    COLUMN_EXTRA,
    COLUMN_NAME,
    COLUMN_ID,
    COLUMN_PHONE,
    COLUMN_EMAIL,
    COLUMN_REGION,
    COLUMN_MONTHS,
    COLUMN_CERTIFICATE,
    COLUMN_OCCUPATION,
    COLUMN_LEVEL,
    COLUMN_ISSUED,
    COLUMN_EMPLOYER,
    COLUMN_REF,        /* the office's own reference */
    COLUMN_MONTHS_DAY, /* through when the paid months were counted */
    COLUMN_BENEFIT,    /* draws unemployment benefit: yes or no */
    COLUMN_GROUP,      /* of people, which a policy may leave out: 公务员 */
    COLUMN_DATE,       /* claims files: day of the claim or payment */
    COLUMN_KIND,       /* claims files: claimed or paid */
    COLUMN_AMOUNT,
    COLUMN_FIELDS
};
/* "phone": the key in sealed rows, the name in templates and mapping files. */
const char *column_field_name(enum column_field f);

#define COLUMNS_MAX 256
struct columns {
    int64_t header_line;
    size_t width; /* cells that the header's row has: in a longer row the columns are shifted */
    size_t n;     /* columns up to the last one with a header */
    struct {
        enum column_field field;
        char header[64]; /* as written, folded and trimmed; COLUMN_EXTRA: none twice; "" = none */
    } col[COLUMNS_MAX];
};

/* Looks for the header under title rows (within the first 20 rows) by the names that lists use
 * (facts of the field: 姓名, 手机号 ...; folded, without blanks), and leaves the table behind it.
 * map_path (may be NULL): a file of "field = header" lines that decides for the columns it names.
 * need: fields that must be there, ended by COLUMN_EXTRA. ERR_DATA: no header found, a needed field
 * is missing, a field stands twice; says which headers were seen. */
int columns_find(struct table *t, const char *map_path, const enum column_field *need,
                 struct columns *out, struct err *e);
/* Index of a field's column, or -1. */
int columns_of(const struct columns *c, enum column_field f);
/* JSON array of {"header","field"}, for list_info.columns. */
/* The other way: what columns_json wrote. ERR_DATA if it did not. */
int columns_parse(const char *json, struct columns *out, struct err *e);
struct buf;
int columns_json(const struct columns *c, struct buf *out);

#endif
