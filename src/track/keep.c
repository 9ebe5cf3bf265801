/*
 * keep: see keep.h. Called by pull.c, query.c and import.c.
 */
#include "keep.h"
#include <string.h>
#include "zhanchi/clock.h"

#define SEALED_OVERHEAD 64

int keep_body(struct keyring *k, struct inbox *i, const char *gateway, enum gw_report_kind kind,
              const char *body, size_t len, struct err *e)
{
    struct inbox_row row = {.kind = (int)kind, .received_ms = clock_now_ms()};
    struct buf sealed;

    if (inbox_begin(i, e) != 0)
        return -1;
    buf_init(&sealed, len + SEALED_OVERHEAD);
    memcpy(row.gateway, gateway, strnlen(gateway, sizeof row.gateway - 1));
    row.id = inbox_next_id(i);
    row.key_id = keyring_id(k, KEY_INBOX);
    int rc = keyring_seal(k, row.key_id, SEAL_REPORT, row.id, row.kind, body, len, &sealed, e);
    row.sealed = sealed.data;
    row.sealed_len = sealed.len;
    if (rc == 0)
        rc = inbox_put(i, &row, 1, e);
    else
        inbox_cancel(i);
    buf_fini(&sealed);
    return rc;
}
