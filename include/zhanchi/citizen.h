/*
 * citizen: citizen identification numbers (公民身份号码, GB 11643-1999, check by ISO 7064 MOD
 * 11-2), the 15-digit form of before 1999, and the numbers of residence permits of Hong Kong, Macau
 * and Taiwan residents (81/82/83). Pure: no rule on age, no clock.
 */
#ifndef ZHANCHI_CITIZEN_H
#define ZHANCHI_CITIZEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum citizen_kind { CITIZEN_18, CITIZEN_15, CITIZEN_RESIDENCE };

enum citizen_reason {
    CITIZEN_OK,
    CITIZEN_EMPTY,
    CITIZEN_LENGTH,
    CITIZEN_CHARSET,
    CITIZEN_DATE,
    CITIZEN_CHECK,
    CITIZEN_REGION,
    CITIZEN_DAMAGED, /* scientific notation, or rounded to ...000 by a spreadsheet */
    CITIZEN_OTHER    /* another document: passport, foreigner's permit ... */
};

struct citizen {
    char number[19];   /* normalised, 18 or 15 characters, X upper case; "" unless CITIZEN_OK */
    char upgraded[19]; /* 18-character form (equal to number unless CITIZEN_15): the person key */
    enum citizen_reason reason;
    enum citizen_kind kind;
    int32_t birth_day; /* civil day number; CIVIL_NONE unless CITIZEN_OK */
    char sex;          /* 'M' or 'F' */
    bool repaired;
};

bool citizen_parse(const char *cell, size_t len, struct citizen *out);
const char *citizen_reason_name(enum citizen_reason r); /* stable code: "id-check" */

#endif
