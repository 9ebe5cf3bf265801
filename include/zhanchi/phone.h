/*
 * phone: mainland mobile numbers out of cells. Pure.
 *
 * Repair is only what cannot make another person's number: full-width digits, blanks, separators,
 * invisible characters, +86 / 0086 / 86 / trunk 0 / 17951 prefixes, a trailing ".0" of a
 * spreadsheet. Letters, digits left over, scientific notation, two numbers in one cell are refused,
 * never guessed. Prefix classes: facts of the numbering plan, January 2025 (Telecommunications
 * network numbering plan, MIIT).
 */
#ifndef ZHANCHI_PHONE_H
#define ZHANCHI_PHONE_H

#include <stdbool.h>
#include <stddef.h>

enum phone_class { PHONE_BASIC, PHONE_VIRTUAL, PHONE_DATA_CARD };

enum phone_reason {
    PHONE_OK,
    PHONE_EMPTY,
    PHONE_CHARS,  /* letters or other text in the cell */
    PHONE_LENGTH, /* too few or too many digits */
    PHONE_PREFIX, /* 11 digits, but no mobile prefix in use */
    PHONE_NO_SMS, /* machine, satellite or emergency numbers */
    PHONE_LANDLINE,
    PHONE_SERVICE,    /* 400, 800, 12333 ... */
    PHONE_FOREIGN,    /* +1 ..., Hong Kong, Macau, Taiwan */
    PHONE_SCIENTIFIC, /* 1.38E+10: digits are lost */
    PHONE_SEVERAL     /* two numbers in one cell: someone must choose */
};

struct phone {
    char number[12]; /* 11 digits and NUL; "" unless PHONE_OK */
    enum phone_reason reason;
    enum phone_class class;
    bool repaired; /* the cell's text differed from number */
};

/* Returns true if usable; `cell` is UTF-8 of any content, not NUL-terminated. */
bool phone_parse(const char *cell, size_t len, struct phone *out);
const char *phone_reason_name(enum phone_reason r); /* stable code: "phone-length" */

#endif
