/*
 * measure: counts, intervals, lift, exports. Works without the key, except response import and identified export.
 */
#ifndef ZHANCHI_MEASURE_H
#define ZHANCHI_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/stats.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_people.h"

#define MEASURE_SMALL 10 /* cells with fewer members are withheld, and a second one where totals would reveal them */

struct measure_line {
    char key[64];
    bool withheld;
    int64_t members, sent, delivered, claimed, optouts;
    double rate;           /* claimed / members */
    struct interval ci;    /* Wilson, 95 % */
};
struct measure_report {
    struct campaign_info campaign;
    int32_t from_day, through_day;  /* claims counted in this span */
    int64_t states[MSG_STATES];
    struct { enum msg_state state; enum msg_cause cause; int64_t n; } causes[64];
    size_t n_causes;
    int64_t members, held_out, segments;
    struct measure_line *variants, *regions, *levels, *hours; /* hours are not randomised */
    size_t n_variants, n_regions, n_levels, n_hours;
    bool has_lift;
    struct { int64_t send_members, send_claimed, hold_members, hold_claimed; double lift; struct interval ci;
             double claims_extra; double yuan_per_extra; } lift; /* yuan_per_extra < 0: not defined */
};
/* price_microyuan: of a segment; 0 = cost unknown. */
int measure_report(struct store *s, const struct campaign_info *c, int32_t today, int64_t price_microyuan, struct measure_report *out,
                   struct err *e);
void measure_report_fini(struct measure_report *r);
/* For machines; text for people is L4's. */
void measure_json(const struct measure_report *r, struct buf *out);
void measure_csv(const struct measure_report *r, struct buf *out);

/* Claims file: columns as in intake (id number, or phone + name), date, kind (claimed|paid, 申领|发放), level, occupation, amount. */
struct response_opts {
    const char *path, *actor;
    int32_t through;
    int64_t now_ms;
    struct progress progress;
};
int measure_responses(struct store *s, struct keyring *k, const struct response_opts *o, struct response_file *out, struct response_stats *st,
                      struct err *e);

enum export_format { EXPORT_CSV, EXPORT_JSONL };
/* Pseudonymous unless k is given (identified: the caller audits). */
int measure_export(struct store *s, struct keyring *k, const struct campaign_info *c, enum export_format f, int zone_min,
                   int (*line)(void *ctx, const char *text, size_t len), void *ctx, struct err *e);

#endif
