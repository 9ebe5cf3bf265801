/*
 * cases: runs tables of cases that were made elsewhere (tests/data/cases, or the folder in ZHANCHI_CASES_DIR) against our code.
 *
 * A table is a JSON file with one or more arrays of cases. A test program gives a function that judges one case; reading,
 * counting, naming and the exit status are here. A file that is not there is named ("skipped: NAME"); a program that found none of its files exits
 * with CASES_SKIPPED, so that ctest says Skipped, never Passed. Expectations come from the data alone; where we decided otherwise, the test declares the case's id with a reason, and a declared case that does not deviate any
 * more is a failure, so that the declarations stay true.
 *
 *     struct cases c;
 *     cases_init(&c, "phones");
 *     if (cases_open(&c, "phones.json")) {
 *         cases_run(&c, "/cases", judge, NULL);
 *         cases_show(&c, "/divergent/cases", decide);
 *         cases_close(&c);
 *     }
 *     return cases_end(&c);
 */
#ifndef ZHANCHI_TESTS_CASES_H
#define ZHANCHI_TESTS_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/buf.h"
#include "zhanchi/json.h"

#define CASES_SKIPPED 77 /* zc_cases: SKIP_RETURN_CODE */

struct cases_deviation {
    const char *id;
    const char *reason;
};

struct cases {
    const char *program;
    char file[128]; /* that is open */
    struct json *root;
    int failed, passed, deviated, skipped, opened;
};

void cases_init(struct cases *c, const char *program);
/* False if the file is missing (skipped) or unreadable (a failure). */
bool cases_open(struct cases *c, const char *file);
void cases_close(struct cases *c);

/* True if the case holds; else says in *why what was expected and what came. */
typedef bool cases_judge_fn(const struct json *one, struct buf *why);
/* Judges every item of the array at `pointer`; a missing or empty array is a failure. The id is the member "id", else "code_point", "name",
 * or the index. deviations: ended by {NULL, NULL}, may be NULL; ids that the file does not hold are passed over. */
void cases_run(struct cases *c, const char *pointer, cases_judge_fn *judge,
               const struct cases_deviation *deviations);

/* Cases without expectation: prints what we decide. A missing array is fine. */
typedef void cases_decide_fn(const struct json *one, struct buf *decision);
void cases_show(struct cases *c, const char *pointer, cases_decide_fn *decide);

/* Prints the totals; returns the exit status: CASES_SKIPPED when every file was missing. */
int cases_end(const struct cases *c);

/* ---- reading members ---- */

/* Text of a member; NULL if it is missing or null (tmp holds numbers). */
const char *cases_text(const struct json *one, const char *member, char tmp[40]);
double cases_real(const struct json *one, const char *member);   /* NaN if missing or null */
long long cases_int(const struct json *one, const char *member); /* LLONG_MIN if missing or null */
bool cases_near(double got, double want, double relative); /* also true where both are 0 or NaN */
/* Adds "what: got X, expected Y; " to *why and returns false if the texts differ; NULL stands for null. */
bool cases_same(struct buf *why, const char *what, const char *got, const char *expected);
bool cases_same_int(struct buf *why, const char *what, long long got, long long expected);

#endif
