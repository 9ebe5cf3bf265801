#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdint.h>
#include "zhanchi/err.h"

struct store;

int migrate_create(struct store *s, int64_t now_ms,
                   struct err *e); /* every table, in one transaction */
int migrate_recognise(struct store *s,
                      struct err *e); /* ERR_CONFIG if the file is not a database of ours */
/* Brings an older database up to date (RW), refuses a newer one, or an older one in RO mode
 * (ERR_CONFIG). */
int migrate_open(struct store *s, struct err *e);

#endif
