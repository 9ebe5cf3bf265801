/*
 * sandbox: what the parts share. submit.c decides and answers; texts.c judges texts and numbers.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include "account.h"
#include "chance.h"
#include "counters.h"
#include "dialect.h"
#include "later.h"
#include "ledger.h"
#include "numbers.h"
#include "options.h"
#include "reports.h"
#include "shelf.h"
#include "zhanchi/httpd.h"

struct sandbox {
    const struct options *o;
    struct account *account;
    struct ledger *ledger;
    struct numbers *numbers;
    struct later *later;
    struct reports *reports; /* NULL without --callback */
    struct shelf *shelf;
    struct counters counters;
    atomic_llong request, balance;
    pthread_mutex_t rate_lock;
    double tokens;
    int64_t filled_ms;
};

/* ---- submit.c ---- */

void submit_handle(void *sandbox, struct httpd_request *r);

/* ---- texts.c ---- */

/* Verdict of one text: sets its fate, and for a text that may be taken state and report. Takes nothing. */
void texts_judge(struct sandbox *s, const struct call *c, struct item *it);
/* Counts it against the daily cap and the balance: may turn its fate. */
void texts_charge(struct sandbox *s, const struct call *c, struct item *it);
/* Queues what becomes of it: receipts, a reply. `early`: now. */
void texts_report(struct sandbox *s, const struct call *c, const struct item *it, bool early);

#endif
