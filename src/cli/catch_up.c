/*
 * catch_up: what `dispatch` applies itself of the inbox.
 *
 * A provider was told that a refusal is taken as soon as it stood in the inbox. Where `serve` died
 * before it was applied, nobody stops the next text to that number; where it lives it may hang, or
 * be far behind. So before anything is claimed the dispatcher has the inbox applied: all of it
 * before its first claim, and where no `serve` is alive; beside one that keeps up nothing, beside
 * one that has not applied by now what stood there at the last look, all again. It cannot do that
 * by itself: jobs of one layer do not include each other, they meet in the store; so the command
 * gives it this function. Applying is idempotent: a `serve` at the same work does no harm.
 * Caller: cmd_dispatch.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/inbox.h"
#include "zhanchi/track.h"
#include "catch_up.h"
#include "reports.h"

struct catch_up {
    const char *dir, *key_path;
    const struct cli_gateways *gateways;
    char **words;
    struct store *store;
    struct keyring *keyring;
    struct inbox *inbox;
    int64_t seen; /* the newest report at the last look */
    int calls;
};

struct catch_up *catch_up_new(const struct conf *c, const struct cli_gateways *g)
{
    struct catch_up *r = calloc(1, sizeof *r);

    if (r == NULL)
        panic("out of memory");
    r->dir = conf_path(c, "store.dir");
    r->key_path = conf_path(c, "keys.file");
    r->gateways = g;
    r->words = reports_words(c);
    return r;
}

void catch_up_free(struct catch_up *r)
{
    inbox_close(r->inbox);
    keyring_close(r->keyring);
    store_close(r->store);
    reports_words_free(r->words);
    free(r);
}

/* 1, 0, -1. The lock is held for an instant only: serve waits longer than that for it. */
static int serve_is_alive(const struct catch_up *r, struct err *e)
{
    char path[PATH_MAX];
    int fd;

    if (fs_join(r->dir, "serve.lock", path, sizeof path, e) != 0)
        return -1;
    int rc = fs_lock(path, &fd, e);
    if (rc == 0)
        close(fd);
    return rc;
}

/* 1 open, 0 there is no inbox, -1. */
static int open_inbox(struct catch_up *r, struct err *e)
{
    char path[PATH_MAX];

    if (r->inbox != NULL)
        return 1;
    if (fs_join(r->dir, "inbox.db", path, sizeof path, e) != 0)
        return -1;
    if (!fs_exists(path))
        return 0;
    if ((r->store == NULL && (r->store = store_open(r->dir, STORE_RW, e)) == NULL) ||
        (r->keyring == NULL && (r->keyring = keyring_open(r->store, r->key_path, e)) == NULL) ||
        (r->inbox = inbox_open(r->dir, e)) == NULL)
        return -1;
    return 1;
}

/* 1, 0, -1. A `serve` that began earlier may not know that the gateway is configured again. */
static int waits_for_us(const struct catch_up *r, struct err *e)
{
    for (size_t i = 0; i < r->gateways->n; i++) {
        int64_t from, to;
        if (store_passed_get(r->store, gateway_name(r->gateways->list[i]), &from, &to, e) != 0)
            return -1;
        if (from > 0)
            return 1;
    }
    return 0;
}

/* Does the `serve` that is alive keep up? 1, 0, -1. */
static int keeps_up(struct catch_up *r, struct err *e)
{
    int64_t top, applied;
    int passed = waits_for_us(r, e);

    if (passed < 0 || inbox_top(r->inbox, &top, e) != 0 ||
        store_watermark(r->store, &applied, e) != 0)
        return -1;
    bool up = passed == 0 && applied >= (r->calls == 1 ? top : r->seen);
    r->seen = top;
    return up;
}

static int apply(struct catch_up *r, struct err *e)
{
    const struct track_opts o = {.gateways = r->gateways->list,
                                 .n_gateways = r->gateways->n,
                                 .optout_words = (const char *const *)r->words};
    struct track_stats stats = {0};

    return track_apply(r->store, r->keyring, r->inbox, &o, &stats, e) < 0 ? -1 : 0;
}

static int look(struct catch_up *r, struct err *e)
{
    int rc = open_inbox(r, e);

    if (rc != 1)
        return rc;
    rc = serve_is_alive(r, e);
    if (rc == 1)
        rc = keeps_up(r, e);
    return rc != 0 ? rc : apply(r, e);
}

int catch_up_run(void *catch_up, struct err *e)
{
    struct catch_up *r = catch_up;

    if (r->calls++ > 0 && sabotage("no-catch-up")) /* what works at the start may fail later */
        return err_set(e, ERR_IO, NULL, "sabotage: the inbox cannot be applied");
    return look(r, e) < 0
               ? err_prefix(e, "%s", _("reports that wait in the inbox cannot be applied"))
               : 0;
}
