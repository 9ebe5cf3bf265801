/*
 * store_audit: an HMAC chain over every act that changes something. mac(n) = HMAC(audit key,
 * mac(n-1) | fields of n). The audit key is a file of its own (an auditor verifies without the key
 * to personal data). The head goes to the log at every act.
 */
#ifndef ZHANCHI_STORE_AUDIT_H
#define ZHANCHI_STORE_AUDIT_H

#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"

struct store;

struct audit_row {
    int64_t id, at_ms;
    char actor[64];
    char act[48];      /* "campaign.approve" */
    char object[128];  /* "campaign spring" */
    char detail[2048]; /* no personal data; a submit with a reason is the longest */
    uint8_t mac[32];
};

int audit_create_key(const char *path, struct err *e);
/* Whether a record could be signed: for long acts, before anything changes. */
int audit_check_key(const char *path, struct err *e);
/* Joins an open transaction: the act and its record are one. head: hex of the new mac, for the log.
 */
int store_audit(struct store *s, const char *key_path, int64_t at_ms, const char *actor,
                const char *act, const char *object, const char *detail, char head[65],
                struct err *e);
int store_audit_each(struct store *s, int (*each)(void *ctx, const struct audit_row *r), void *ctx,
                     struct err *e);
/* 0 and the number of acts; ERR_DATA naming the first record that does not fit, or a gap. */
int store_audit_verify(struct store *s, const char *key_path, int64_t *count, char head[65],
                       struct err *e);

#endif
