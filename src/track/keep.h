/*
 * keep: bodies that we fetched or were given go into the inbox as if a provider had pushed them.
 */
#ifndef TRACK_KEEP_H
#define TRACK_KEEP_H

#include "zhanchi/gateway.h"
#include "zhanchi/inbox.h"
#include "zhanchi/keyring.h"

/* One body, sealed and durable. */
int keep_body(struct keyring *k, struct inbox *i, const char *gateway, enum gw_report_kind kind,
              const char *body, size_t len, struct err *e);

#endif
