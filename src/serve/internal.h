/*
 * serve's parts: desk.c takes requests and commits them, applier.c applies them, puller.c pulls, metrics.c counts.
 */
#ifndef SERVE_INTERNAL_H
#define SERVE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "zhanchi/buf.h"
#include "zhanchi/httpd.h"
#include "zhanchi/inbox.h"
#include "zhanchi/keyring.h"
#include "zhanchi/serve.h"
#include "zhanchi/store.h"
#include "zhanchi/track.h"

#define SERVE_BODY_MAX (1U << 20)

/* ---- metrics.c: counters; any thread ---- */

enum refusal { REFUSED_SIGNATURE, REFUSED_UNREADABLE, REFUSED_STORE, REFUSALS };

struct metrics {
    atomic_llong (*received)[2]; /* by gateway and kind: requests that are durable */
    atomic_llong refused[REFUSALS];
    atomic_llong commits, commit_us, applies_failed, expired;
    atomic_llong pulled, pulls_failed; /* pages */
    pthread_mutex_t lock;              /* applied */
    struct track_stats applied;
    int64_t applied_reports;
};
void metrics_init(struct metrics *m, size_t gateways);
void metrics_fini(struct metrics *m);
void metrics_add_applied(struct metrics *m, const struct track_stats *s, int64_t reports);
void metrics_print(struct metrics *m, const struct serve_opts *o, struct buf *out);

/* What a thread needs to touch the databases: connections of its own. */
struct hands {
    struct store *store;
    struct keyring *keyring;
    struct inbox *inbox;
};
int hands_open(struct hands *h, const struct serve_opts *o, struct err *e);
void hands_close(struct hands *h);

/* ---- applier.c ---- */

struct applier;
struct applier *applier_start(const struct serve_opts *o, struct metrics *m, struct err *e);
void applier_wake(struct applier *a); /* there is something new */
void applier_stop(struct applier *a); /* applies what is left; frees */

/* ---- puller.c ---- */

struct puller;
/* *out = NULL if no gateway is to be pulled. */
int puller_start(const struct serve_opts *o, struct metrics *m, struct applier *a,
                 struct puller **out, struct err *e);
void puller_stop(struct puller *p); /* waits for the answer under way; frees; NULL is fine */

/* ---- desk.c ---- */

struct desk;
struct desk *desk_start(const struct serve_opts *o, struct metrics *m, struct applier *a,
                        struct err *e);
void desk_handle(void *desk, struct httpd_request *r); /* httpd's threads */
void desk_stop(struct desk *d); /* commits and answers what waits; later requests are refused */
void desk_free(struct desk *d);

#endif
