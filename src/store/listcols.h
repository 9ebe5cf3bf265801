/*
 * listcols: the columns of a row of a list, for every statement that reads whole rows (list_row r,
 * person p, address a, list_row_sealed x).
 */
#ifndef STORE_LISTCOLS_H
#define STORE_LISTCOLS_H

#include "zhanchi/store_list.h"
#include "stmt.h"

#define LIST_ROW_COLUMNS                                                                           \
    "r.id, r.line, r.revision, p.kind, p.hash, a.hash, r.person_id, r.address_id, r.region, "      \
    "r.employer_id, r.occupation,"                                                                 \
    " r.level, r.issued_day, r.months, x.key_id, x.blob, r.months_day, r.benefit, "                \
    "r.people_group"
#define LIST_ROW_N 19 /* columns of LIST_ROW_COLUMNS */

/* Reads them from column `first` on. sealed points into the statement: until its next step. */
void list_row_read(struct stmt *q, int first, struct list_row *out);
/* A copy that lives until the next one, in the store; NULL if len is 0. */
const void *sealed_keep(struct store *s, const void *sealed, size_t len);

#endif
