/*
 * forms: how values are written in a text's language. Chinese as Chinese official texts write them; English; any other language gets
 * what is the same everywhere (2026-03-01), and names as the standard has them.
 */
#ifndef CAMPAIGN_FORMS_H
#define CAMPAIGN_FORMS_H

#include "internal.h"
#include "zhanchi/civil.h"
#include "zhanchi/policy.h"

/* All in the arena or static. */
const char *form_day(struct arena *a, enum language l,
                     int32_t day); /* 2026年3月1日, 1 March 2026, 2026-03-01 */
const char *form_day_short(struct arena *a, enum language l,
                           int32_t day);                /* 3月1日, 1 March, 03-01 */
const char *form_day_iso(struct arena *a, int32_t day); /* 2026-03-01 */
const char *form_amount(struct arena *a, enum language l,
                        int64_t fen);                        /* 1,500元, 1,500.50元; RMB 1,500 */
const char *form_amount_plain(struct arena *a, int64_t fen); /* 1500, 1500.50 */
/* 1500, 1,500元, 1500.5: false if it is no such number. */
bool form_read_amount(const char *s, int64_t *fen);
const char *form_int(struct arena *a, int64_t v);
const char *form_level(enum language l, int level);    /* NULL: unknown */
const char *form_honorific(enum language l, char sex); /* 先生, Mr; NULL: unknown */

#endif
