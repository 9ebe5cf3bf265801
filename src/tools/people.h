/*
 * people: invented persons with certificates, for trying out, tests and benchmarks. Nobody here exists: ids carry birth years 1900 to 1905, telephone numbers
 * begin with 1990000, places and employers are those of the example policy.
 *
 * A row is a function of (seed, number) alone: a list of 100 rows is the beginning of one of 1,000,000.
 */
#ifndef TOOLS_PEOPLE_H
#define TOOLS_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#define ROW_CELLS                                                                                  \
    10 /* name, id, phone, region, months, certificate, occupation, level, issued, employer */
#define ROW_TEXT 256

enum {
    CELL_NAME,
    CELL_ID,
    CELL_PHONE,
    CELL_REGION,
    CELL_MONTHS,
    CELL_CERTIFICATE,
    CELL_OCCUPATION,
    CELL_LEVEL,
    CELL_ISSUED,
    CELL_EMPLOYER
};
extern const char *const people_headers[ROW_CELLS];

struct person_row {
    int64_t person;                   /* number of the person: two rows may be one's */
    bool bad;                         /* a reader should refuse it */
    const char *raw_tail;             /* written behind the last cell as it is; NULL: nothing */
    char cell[ROW_CELLS][ROW_TEXT];   /* as the list has them, dirt included */
    char id[20], phone[12], name[32]; /* the truth */
    const char *occupation, *level;
    double chance; /* in [0, 1), another one a row: for those who decide something by lot */
};

struct people {
    uint64_t seed;
    double bad;    /* share of bad rows */
    int32_t today; /* civil day */
};

void people_row(const struct people *p, int64_t number, struct person_row *out);

#endif
