/*
 * inbox: raw reports as they came, sealed, one row a request, in DIR/inbox.db. Written only by
 * `serve`, in groups; what is in it is durable before the provider is answered. Applying to the
 * main database happens later and can be repeated.
 */
#ifndef ZHANCHI_INBOX_H
#define ZHANCHI_INBOX_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct inbox;

struct inbox_row {
    int64_t id;
    char gateway[64];
    int kind; /* enum gw_report_kind */
    int64_t received_ms;
    int64_t key_id;
    const void *sealed; /* SEAL_REPORT (id = row id, version = kind) */
    size_t sealed_len;
};

struct inbox *inbox_open(const char *dir,
                         struct err *e); /* creates it; ids rise even when the file was lost */
void inbox_close(struct inbox *i);
int64_t inbox_next_id(struct inbox *i); /* ids are given before sealing: one writer */
int inbox_put(struct inbox *i, const struct inbox_row *rows, size_t n,
              struct err *e); /* one durable transaction */
int inbox_read(struct inbox *i, int64_t after, size_t max,
               int (*each)(void *ctx, const struct inbox_row *r), void *ctx, struct err *e);
/* Deletes what is both applied (id < before_id) and old. */
int inbox_purge(struct inbox *i, int64_t before_id, int64_t received_before_ms,
                struct err *e); /* chunks */

#endif
