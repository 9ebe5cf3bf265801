/*
 * reports: see reports.h. What comes in goes into the inbox first and is applied from there, as serve does it; that serve does it at the
 * same time is harmless.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/track.h"
#include "zhanchi/utf8.h"
#include "reports.h"

char **reports_words(const struct conf *c)
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

void reports_words_free(char **words)
{
    for (char **w = words; *w != NULL; w++)
        free(*w);
    free(words);
}

/* ---- open, close ---- */

static int find_gateway(struct reports *r, const char *name, struct err *e)
{
    for (size_t i = 0; i < r->gateways.n; i++)
        if (strcmp(gateway_name(r->gateways.list[i]), name) == 0) {
            r->gateway = r->gateways.list[i];
            return 0;
        }
    return err_set(e, ERR_NOINPUT, _("see `zhanchi gateway ls`"), _("there is no gateway %.63s"),
                   name);
}

int reports_open(struct cli *c, const char *gateway, struct reports *r, struct err *e)
{
    memset(r, 0, sizeof *r);
    if (cli_gateways(c, NULL, &r->gateways, e) != 0)
        return -1;
    if ((gateway != NULL && find_gateway(r, gateway, e) != 0) || cli_keyring(c, e) != 0 ||
        (r->inbox = inbox_open(conf_path(c->conf, "store.dir"), e)) == NULL) {
        reports_close(r);
        return -1;
    }
    return 0;
}

void reports_close(struct reports *r)
{
    inbox_close(r->inbox);
    cli_gateways_free(&r->gateways);
    memset(r, 0, sizeof *r);
}

/* ---- applying ---- */

static void count(const char *label, int64_t n)
{
    char text[32];

    fputs("  ", stdout);
    cli_label(label, 32);
    printf("%14s\n", cli_number(n, text));
}

static void count_if(const char *label, int64_t n)
{
    if (n > 0)
        count(label, n);
}

static void print_applied(const struct track_stats *st)
{
    count(_("receipts that moved a message"), st->apply.moved);
    count(_("receipts that said nothing new"), st->apply.kept);
    count_if(_("receipts that wait"), st->apply.parked);
    count_if(_("receipts of no message of ours"), st->apply.unmatched + st->apply.never_issued);
    count(_("new replies"), st->apply.replies);
    count_if(_("refusals learnt"), st->apply.optouts);
    count_if(_("messages stopped by them"), st->apply.suppressed);
    count_if(_("reports that lack what is needed"), st->skipped);
    count_if(_("bodies that cannot be read"), st->unreadable);
}

int reports_take_in(struct cli *c, struct reports *r, struct track_stats *st, struct err *e)
{
    char **words = reports_words(c->conf);
    const struct track_opts o = {.gateways = r->gateways.list,
                                 .n_gateways = r->gateways.n,
                                 .optout_words = (const char *const *)words};
    bool left;

    int64_t n = track_apply(c->store, c->keyring, r->inbox, &o, st, e);
    reports_words_free(words);
    if (n < 0 ||
        store_apply_parked(c->store, clock_now_ms() - STORE_PARKED_MS, &st->apply, &left, e) < 0)
        return -1;
    return 0;
}

int reports_apply(struct cli *c, struct reports *r, struct err *e)
{
    struct track_stats st = {0};

    if (reports_take_in(c, r, &st, e) != 0)
        return -1;
    print_applied(&st);
    return 0;
}

/* ---- import ---- */

static int read_file(const char *path, struct buf *body, struct err *e)
{
    buf_init(body, TRACK_IMPORT_MAX);
    if (fs_read_file(path, body, e) == 0)
        return 0;
    buf_fini(body);
    return -1;
}

static int import(struct cli *c, struct reports *r, const char *path, const struct buf *body,
                  bool replies, struct err *e)
{
    const char *name = strrchr(path, '/');
    char detail[256];
    int64_t reports, skipped;

    if (cli_audit_ready(c, e) != 0)
        return -1;
    if (track_import(c->keyring, r->inbox, r->gateway, replies, body->data, body->len, &reports,
                     &skipped, e) != 0)
        return -1;
    snprintf(detail, sizeof detail, "%.100s, %lld reports", name ? name + 1 : path,
             (long long)reports);
    if (cli_audit(c, replies ? "reply.import" : "receipt.import", gateway_name(r->gateway), detail,
                  e) != 0)
        return -1;
    printf(_("%lld reports are taken in\n"), (long long)reports);
    return reports_apply(c, r, e);
}

int reports_import(struct cli *c, const char *path, const char *gateway, bool replies,
                   struct err *e)
{
    struct reports r;
    struct buf body;

    if (gateway == NULL)
        return err_set(e, ERR_USAGE, _("write --gateway NAME"),
                       _("whose file is it? a gateway is missing"));
    if (read_file(path, &body, e) != 0)
        return -1;
    int rc = reports_open(c, gateway, &r, e);
    if (rc == 0) {
        rc = import(c, &r, path, &body, replies, e);
        reports_close(&r);
    }
    buf_fini(&body);
    return rc;
}
