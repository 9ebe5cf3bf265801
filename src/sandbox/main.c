/*
 * zhanchi-sandbox: an SMS gateway for trying out, for tests and for benchmarks: a 12333-style one (docs/protocol-12333.md), or one that
 * speaks as a public provider does (--profile).
 *
 * Its parts: dialect (how a provider speaks), account (who is it), submit (one request), texts (verdicts and fates), ledger (what was
 * taken), reports (receipts and replies back), shelf (the same, to be fetched), later (delayed answers), chance (all choices, from the seed). It shares no gateway code with the program that it tests.
 * SIGTERM or SIGINT: answers what is open, prints counters as JSON, exits 0.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox.h"
#include "zhanchi/fsio.h"
#include "zhanchi/log.h"

#define IDLE_S 120
#define BODY_MAX (1U << 20)

void counters_print(struct counters *c)
{
    const char *comma = "{";

#define X(name)                                                                                    \
    printf("%s\"%s\":%lld", comma, #name, (long long)atomic_load(&c->name));                       \
    comma = ",";
    COUNTERS(X)
#undef X
    puts("}");
    fflush(stdout);
}

static int read_secret(const struct options *o, char secret[256], struct err *e)
{
    struct buf b;

    snprintf(secret, 256, "sandbox");
    if (o->secret_file == NULL)
        return 0;
    buf_init(&b, 255);
    int rc = fs_read_file(o->secret_file, &b, e);
    if (rc == 0)
        snprintf(secret, 256, "%.*s", (int)strcspn(buf_cstr(&b), "\r\n"), buf_cstr(&b));
    buf_fini(&b);
    return rc;
}

static int write_port(const struct options *o, struct httpd *h, struct err *e)
{
    char text[16];

    snprintf(text, sizeof text, "%u\n", (unsigned)httpd_port(h));
    if (o->port_file && fs_write_atomic(o->port_file, 0644, text, strlen(text), e) != 0)
        return -1;
    log_info("sandbox", "listening on %s port %u", o->address, (unsigned)httpd_port(h));
    return 0;
}

static void wait_for_signal(void)
{
    sigset_t set;
    int got;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &got);
}

/* Blocked in every thread, so that wait_for_signal alone sees them; a peer that goes away is no reason to die. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int serve(struct sandbox *s, struct err *e)
{
    const struct httpd_opts opts = {
        .address = s->o->address,
        .port = (uint16_t)s->o->port,
        .body_max = BODY_MAX,
        .threads = (unsigned)s->o->threads,
        .idle_s = IDLE_S,
        .handle = submit_handle,
        .ctx = s,
    };
    struct httpd *h = httpd_start(&opts, e);

    if (h == NULL)
        return -1;
    int rc = write_port(s->o, h, e);
    if (rc == 0)
        wait_for_signal();
    httpd_close(h);
    later_stop(s->later);
    httpd_stop(h);
    return rc;
}

static int run(const struct options *o, struct err *e)
{
    struct sandbox s = {.o = o};
    char secret[256];
    int rc = -1;

    if (read_secret(o, secret, e) != 0)
        return -1;
    block_signals();
    pthread_mutex_init(&s.rate_lock, NULL);
    s.numbers = numbers_new();
    s.shelf = shelf_new();
    atomic_init(&s.balance, o->balance);
    if ((s.account = account_new(dialect_find(o->profile), o->app, secret, o->sets, o->n_sets,
                                 o->nonce_reuse, e)) != NULL &&
        (s.ledger = ledger_open(o->ledger, o->ledger_text, e)) != NULL &&
        (s.later = later_start(e)) != NULL &&
        (o->callback == NULL ||
         (s.reports = reports_start(o, s.account, s.numbers, &s.counters, e)) != NULL))
        rc = serve(&s, e);
    if (s.reports)
        reports_stop(s.reports);
    if (s.later)
        later_free(s.later);
    ledger_close(s.ledger);
    numbers_free(s.numbers);
    shelf_free(s.shelf);
    account_free(s.account);
    pthread_mutex_destroy(&s.rate_lock);
    if (rc == 0)
        counters_print(&s.counters);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o;
    struct err e = {0};
    int rc = options_parse(&o, argc, argv, &e);

    if (rc == 0 && o.help)
        options_help();
    else if (rc == 0 && o.version)
        puts("zhanchi-sandbox " ZHANCHI_VERSION);
    else if (rc == 0 && o.summary)
        rc = ledger_summary(o.summary, &e);
    else if (rc == 0)
        rc = run(&o, &e);
    if (rc == 0)
        return 0;
    fprintf(stderr, "zhanchi-sandbox: %s\n", e.what);
    if (e.remedy[0])
        fprintf(stderr, "zhanchi-sandbox: %s\n", e.remedy);
    return (int)e.kind;
}
