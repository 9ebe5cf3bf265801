/*
 * region: the codes of GB/T 2260 with their names: provinces, prefectures, counties, with those
 * that were abolished since December 2002 (they stand in id numbers for life). Pure.
 *
 * What a person's id number begins with is where it was first given out, and says nothing of where he
 * is insured: never take it for his 参保地.
 */
#ifndef ZHANCHI_REGION_H
#define ZHANCHI_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region {
    uint32_t code; /* six digits */
    bool now;      /* this is its name now; else it was abolished, or had this name before */
    const char *name;
};

/* The newest name of a code (its first six characters are read), or NULL: codes that were abolished
 * before 2002 are unknown, so an unknown one proves nothing. */
const struct region *region_by_code(const char *code);

/* The place that a text names: 长沙市, 湖南省长沙市芙蓉区, 湖南长沙, 芙蓉区 ... Names above it may stand in
 * front, as far as they are there; today's names go before former ones. NULL if there is no such
 * place, or if it could be several (朝阳区): nothing is guessed. */
const struct region *region_by_name(const char *text, size_t len);

#endif
