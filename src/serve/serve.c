/*
 * serve: puts the daemon together and takes it apart.
 *
 * Start: lock, applier (begins with what a dead process left), desk, HTTP. Stop, in the other direction: no new requests, the desk commits and
 * answers what it holds, HTTP drains, the applier applies the rest. Signals are blocked in every thread but this one, and seen
 * only in sigsuspend, so none is missed. The puller ends before the applier does, after what it asked for has come. Called by the serve command.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "internal.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"

#define IDLE_S 120
#define LOCK_NAME "serve.lock"
#define LOCK_TRIES 20

int hands_open(struct hands *h, const struct serve_opts *o, struct err *e)
{
    memset(h, 0, sizeof *h);
    if ((h->store = store_open(o->dir, STORE_RW, e)) == NULL ||
        (h->keyring = keyring_open(h->store, o->key_path, e)) == NULL ||
        (h->inbox = inbox_open(o->dir, e)) == NULL) {
        hands_close(h);
        return -1;
    }
    return 0;
}

void hands_close(struct hands *h)
{
    inbox_close(h->inbox);
    keyring_close(h->keyring);
    store_close(h->store);
    memset(h, 0, sizeof *h);
}

static int write_port(const struct serve_opts *o, struct httpd *h, struct err *e)
{
    char text[16];

    snprintf(text, sizeof text, "%u\n", (unsigned)httpd_port(h));
    if (o->port_file && fs_write_atomic(o->port_file, 0644, text, strlen(text), e) != 0)
        return -1;
    log_info("serve", "listening on %s port %u", o->address, (unsigned)httpd_port(h));
    return 0;
}

static int serve_http(const struct serve_opts *o, struct desk *d, const sigset_t *outside,
                      struct err *e)
{
    const struct httpd_opts opts = {.address = o->address,
                                    .port = o->port,
                                    .body_max = SERVE_BODY_MAX,
                                    .threads = o->threads,
                                    .idle_s = IDLE_S,
                                    .handle = desk_handle,
                                    .ctx = d};
    struct httpd *h = httpd_start(&opts, e);

    if (h == NULL) {
        desk_stop(d);
        return -1;
    }
    int rc = write_port(o, h, e);
    while (rc == 0 && !*o->stop)
        sigsuspend(outside);
    httpd_close(h);
    desk_stop(d);
    httpd_stop(h);
    return rc;
}

static int run(const struct serve_opts *o, const sigset_t *outside, struct err *e)
{
    struct metrics m = {0};
    struct applier *a;
    struct puller *p;
    struct desk *d;
    int rc = -1;

    metrics_init(&m, o->n_gateways);
    if ((a = applier_start(o, &m, e)) != NULL) {
        if ((d = desk_start(o, &m, a, e)) != NULL) {
            if (puller_start(o, &m, a, &p, e) == 0) {
                rc = serve_http(o, d, outside, e);
                puller_stop(p);
            } else {
                desk_stop(d);
            }
            desk_free(d);
        }
        applier_stop(a);
    }
    metrics_fini(&m);
    return rc;
}

int serve_run(const struct serve_opts *o, struct err *e)
{
    char path[4096];
    sigset_t set, outside;
    int lock;

    if (fs_join(o->dir, LOCK_NAME, path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, &lock, e);
    for (int i = 0; rc == 1 && i < LOCK_TRIES; i++) {
        usleep(10000); /* a dispatcher that looks whether we live holds it for an instant */
        rc = fs_lock(path, &lock, e);
    }
    if (rc == 1)
        return err_set(e, ERR_TEMP, NULL, "another serve is running in %s", o->dir);
    if (rc != 0)
        return -1;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, &outside);
    rc = run(o, &outside, e);
    pthread_sigmask(SIG_SETMASK, &outside, NULL);
    close(lock);
    return rc;
}
