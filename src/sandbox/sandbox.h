/*
 * sandbox: what the parts share. submit.c decides and answers; texts.c judges texts and numbers.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include "auth.h"
#include "chance.h"
#include "counters.h"
#include "later.h"
#include "ledger.h"
#include "numbers.h"
#include "options.h"
#include "reports.h"
#include "zhanchi/json.h"

#define ITEMS_MAX 100

struct sandbox {
    const struct options *o;
    struct auth *auth;
    struct ledger *ledger;
    struct numbers *numbers;
    struct later *later;
    struct reports *reports; /* NULL without --callback */
    struct counters counters;
    atomic_llong request, balance;
    pthread_mutex_t rate_lock;
    double tokens;
    int64_t filled_ms;
};

/* ---- submit.c ---- */

void submit_handle(void *sandbox, struct httpd_request *r);

/* ---- texts.c ---- */

struct item { /* texts are borrowed from the request's JSON */
    const char *ref, *to, *text;
    const char *code; /* the protocol's: "0" = taken */
    int64_t id;
    const char *state, *report; /* what the receipt will say */
};

/* 0, or -1 if the body is no submit of that kind: A05. */
int texts_read(const struct json *root, bool batch, struct item *items, size_t *n);
/* Verdict of one text: sets code, and for a text that may be taken state and report. Takes nothing. */
void texts_judge(struct sandbox *s, struct item *it);
/* Counts it against the daily cap and the balance: may turn code from "0" into L01 or A04. */
void texts_charge(struct sandbox *s, struct item *it, int64_t now_ms);
/* Queues what becomes of it: receipts, a reply. `early`: now. */
void texts_report(struct sandbox *s, const struct item *it, int64_t now_ms, bool early);
const char *texts_message(const char *code);

#endif
