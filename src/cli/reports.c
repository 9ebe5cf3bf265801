/*
 * reports: what `dispatch` applies itself of the inbox.
 *
 * A provider was told that a refusal is taken as soon as it stood in the inbox; if `serve` died
 * before it was applied, nobody stops the next text to that number. So before anything is claimed,
 * and while no `serve` is alive, the dispatcher has the inbox applied. It cannot do that by itself:
 * jobs of one layer do not include each other, they meet in the store; so the command gives it this
 * function. Applying is idempotent: a `serve` that starts meanwhile does no harm.
 * Callers: cmd_dispatch, cmd_serve (words).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "zhanchi/inbox.h"
#include "zhanchi/track.h"
#include "zhanchi/utf8.h"
#include "cli.h"
#include "reports.h"

struct reports {
    const char *dir, *key_path;
    const struct cli_gateways *gateways;
    char **words;
    struct store *store;
    struct keyring *keyring;
    struct inbox *inbox;
};

char **reports_optout_words(const struct conf *c)
{
    const char *const *words = conf_list(c, "serve.optout_words");
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    char **out = calloc(n + 1, sizeof *out);
    if (out == NULL)
        panic("out of memory");
    for (size_t i = 0; i < n; i++) {
        struct buf b;
        buf_init(&b, 1024);
        utf8_fold(words[i], strlen(words[i]), &b);
        for (size_t k = 0; k < b.len; k++)
            b.data[k] = (char)toupper((unsigned char)b.data[k]);
        out[i] = buf_take(&b, NULL);
    }
    return out;
}

void reports_free_words(char **words)
{
    for (char **w = words; *w != NULL; w++)
        free(*w);
    free(words);
}

struct reports *reports_new(const struct conf *c, const struct cli_gateways *g)
{
    struct reports *r = calloc(1, sizeof *r);

    if (r == NULL)
        panic("out of memory");
    r->dir = conf_path(c, "store.dir");
    r->key_path = conf_path(c, "keys.file");
    r->gateways = g;
    r->words = reports_optout_words(c);
    return r;
}

void reports_free(struct reports *r)
{
    inbox_close(r->inbox);
    keyring_close(r->keyring);
    store_close(r->store);
    reports_free_words(r->words);
    free(r);
}

/* 1, 0, -1. The lock is held for an instant only: serve waits longer than that for it. */
static int serve_is_alive(const struct reports *r, struct err *e)
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
static int open_inbox(struct reports *r, struct err *e)
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

int reports_catch_up(void *reports, struct err *e)
{
    struct reports *r = reports;
    const struct track_opts o = {.gateways = r->gateways->list,
                                 .n_gateways = r->gateways->n,
                                 .optout_words = (const char *const *)r->words};
    struct track_stats stats = {0};
    int rc = serve_is_alive(r, e);

    if (rc != 0)
        return rc == 1 ? 0 : -1;
    rc = open_inbox(r, e);
    if (rc == 1)
        rc = track_apply(r->store, r->keyring, r->inbox, &o, &stats, e) < 0 ? -1 : 0;
    return rc < 0 ? err_prefix(e, "%s", _("reports that wait in the inbox cannot be applied")) : 0;
}
