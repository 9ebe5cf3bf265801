/*
 * far: the far side in a test: a zhanchi-sandbox process, raw HTTP to it, its ledger, and an office that keeps the callbacks that come.
 */
#ifndef ZHANCHI_TESTS_FAR_H
#define ZHANCHI_TESTS_FAR_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/buf.h"

/* Words separated by blanks; %s of the callback's URL is put in by far_start when office is true. */
void far_start(const char *profile, const char *args, bool office);
void far_stop(void); /* SIGTERM; its exit status must be 0 */
void far_clean(void);

struct far_answer {
    int status; /* 0: no answer */
    char body[65536];
};
/* headers: lines that end in \r\n, without Host, Content-Length and Connection. */
void far_http(const char *method, const char *target, const char *headers, const char *body,
              struct far_answer *out);
const char *far_host(void); /* what Host says */

/* Column i (from 0) of line n (from 0) of the ledger; "" if there is none. */
const char *far_ledger(size_t n, size_t i);
size_t far_ledger_lines(void);
const char *far_ledger_path(void);

/* ---- the office ---- */

struct far_call {
    char method[8], path[256], query[4096], type[96], body[65536];
    char signature[256], authorization[512], sdk_date[32], host[64];
};
/* How the office answers from now on; the first `refuse` calls get a 500. */
void office_answers(int status, const char *body, int refuse);
size_t office_calls(void);
void office_wait(
    size_t n); /* until so many have come; a test that waits in vain ends by its own time-out */
const struct far_call *office_call(size_t i);
const char *office_url(void); /* http://127.0.0.1:PORT */

#endif
