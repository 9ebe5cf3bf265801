/*
 * inbox: raw reports as they came, sealed, one row a request, in DIR/inbox.db. What is in it is
 * durable before a provider is answered or asked for its next page. Applying to the main database
 * happens later and can be repeated.
 *
 * `serve` writes it in groups; `receipt pull`, `receipt import` and their like write it too, also
 * while serve runs: an id is given inside the transaction that writes its row, so rows become
 * visible in the order of their ids and none appears behind a watermark.
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
/* Takes the lock of writers (waits; ERR_TEMP after 10 s). Then give ids, seal, and put: it commits
 * and lets go, also when it fails. Or cancel. */
int inbox_begin(struct inbox *i, struct err *e);
int64_t inbox_next_id(struct inbox *i); /* sealing needs it */
int inbox_put(struct inbox *i, const struct inbox_row *rows, size_t n,
              struct err *e); /* durable when it returns */
void inbox_cancel(struct inbox *i);
int inbox_read(struct inbox *i, int64_t after, size_t max,
               int (*each)(void *ctx, const struct inbox_row *r), void *ctx, struct err *e);
/* The newest id in it; 0 when nothing is. */
int inbox_top(struct inbox *i, int64_t *id, struct err *e);
/* Of this gateway, from `from` to `to`: how many there are, and how many of these are old. */
int inbox_count(struct inbox *i, const char *gateway, int64_t from, int64_t to,
                int64_t received_before_ms, int64_t *n, int64_t *old, struct err *e);
/* Deletes what is both behind the watermark (id < before_id) and old. */
int inbox_purge(struct inbox *i, int64_t before_id, int64_t received_before_ms,
                struct err *e); /* chunks */

#endif
