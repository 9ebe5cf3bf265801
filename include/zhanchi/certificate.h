/*
 * certificate: numbers of vocational skill certificates (职业技能等级证书, 职业资格证书). Pure.
 *
 * 16 digits: year at 1 and 2, level at 11. 22 characters: a letter, issuer 2 to 5, province 6 and 7,
 * site 8 to 13, year 14 and 15, level 16, serial 17 to 22. Both forms are known from secondary
 * sources, so a number that contradicts its row is a question to a person, no error; a number of
 * another form says nothing.
 */
#ifndef ZHANCHI_CERTIFICATE_H
#define ZHANCHI_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct certificate {
    int year;  /* 2017 */
    int level; /* 1..5 */
};

/* text: folded. False if it has neither form. */
bool certificate_parse(const char *text, size_t len, struct certificate *out);

/* What the row says (level 0, CIVIL_NONE: nothing) against its number: NULL, or the stable code
 * "certificate-level" or "certificate-year". An examination of December may be certified in the
 * year after, so one year earlier is no contradiction. */
const char *certificate_contradicts(const char *text, size_t len, int level, int32_t issued_day);

#endif
