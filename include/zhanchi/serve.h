/*
 * serve: the daemon that takes receipts and replies, and shows counters.
 *
 *   POST /GATEWAY/receipt, /GATEWAY/reply   verified (401), readable (400), sealed, durable in
 * inbox.db, then acknowledged GET  /metrics                           Prometheus text, no personal
 * data GET  /healthz                           200 while it takes reports, 503 when it cannot store
 * them
 *
 * Gateways with a pull_every are pulled too, on a thread of their own.
 *
 * Taking and applying are apart: the provider is answered when its request is durable in the inbox;
 * an applier moves it into the main database afterwards. What a dead process left in the inbox is
 * applied at the next start. One serve a work directory: kernel lock on DIR/serve.lock.
 */
#ifndef ZHANCHI_SERVE_H
#define ZHANCHI_SERVE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/err.h"
#include "zhanchi/gateway.h"

struct serve_opts {
    const char *dir, *key_path;
    struct gateway *const *gateways;
    size_t n_gateways;
    const char *address;
    uint16_t port;         /* 0: the kernel chooses */
    const char *port_file; /* the port is written there once ready; or NULL */
    unsigned threads;
    const char *const *optout_words;   /* further ones, NULL-terminated; or NULL */
    int64_t inbox_keep_ms;             /* raw reports that are applied and older are removed */
    const volatile sig_atomic_t *stop; /* set by SIGTERM, SIGINT */
};
/* Runs until *stop: then takes no more, answers and applies what it has. ERR_TEMP: another one is
 * running. */
int serve_run(const struct serve_opts *o, struct err *e);

#endif
