/*
 * measure: counts, intervals, lift, exports; claims files in. Works without the key, except
 * response import and identified export.
 *
 * Small cells: a line of a breakdown with fewer than MEASURE_SMALL members is withheld, and so are
 * further ones until the withheld lines together have at least MEASURE_SMALL members and are at
 * least two, so that no difference from the total tells them. What is withheld is zero in the
 * structs already: no output can leak it. States and causes of messages are the office's own work
 * and are always shown.
 */
#ifndef ZHANCHI_MEASURE_H
#define ZHANCHI_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/keyring.h"
#include "zhanchi/progress.h"
#include "zhanchi/stats.h"
#include "zhanchi/store_list.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_people.h"

#define MEASURE_SMALL 10
#define MEASURE_LEVEL 0.95 /* of every interval */
#define MEASURE_DIMENSIONS 4

/* ---- the report ---- */

struct measure_ask {
    int32_t today;
    int64_t price_microyuan; /* of a segment; 0 = cost unknown */
    unsigned by;             /* (1u << BY_REGION) | ...: one pass over the members each */
};

struct measure_line { /* of the people who were to be sent at once (arms send and always) */
    char key[64];     /* as measure_cell.key; of a variant its template, "spring-a v2", with " #2"
                         behind where two variants share one */
    bool withheld;
    int64_t members, sent, delivered, claimed, optouts;
    double rate;        /* claimed / members */
    struct interval ci; /* Wilson */
};

struct measure_lift {
    int32_t through_day; /* claims of both arms from the start to the day before the release */
    bool withheld;       /* an arm has fewer than MEASURE_SMALL members */
    int64_t send_members, send_claimed, hold_members, hold_claimed;
    double lift;         /* difference of the two proportions of members assigned */
    struct interval ci;  /* Newcombe */
    double claims_extra; /* lift * send_members */
    struct interval extra_ci;
    int64_t cost_microyuan; /* of the arm that was sent; -1 unknown */
    double yuan_per_extra;  /* -1: not defined (no price, or no more claims than without) */
};

struct measure_report {
    struct campaign_info campaign;
    int32_t from_day,
        through_day; /* claims counted in this span; CIVIL_NONE before the campaign has started */
    int32_t complete_day; /* newest day through which a claims file says it is complete; CIVIL_NONE:
                             none says */
    bool claims_known; /* started, and a claims file reaches into the span; else rates mean nothing
                          and are left out */
    int64_t states[MSG_STATES];
    struct measure_cause {
        enum msg_state state;
        enum msg_cause cause;
        int64_t n;
    } causes[64]; /* those with a cause, most frequent first */
    size_t n_causes;
    int64_t members, held_out, always; /* members: all arms but ARM_NONE */
    int64_t segments;                  /* of what gateways took */
    int64_t cost_microyuan;            /* -1 unknown */
    struct measure_line total;
    struct measure_breakdown {
        bool asked;
        struct measure_line *lines;
        size_t n;
    } by[MEASURE_DIMENSIONS]; /* index: enum measure_by. Hours are not randomised: no comparison of
                                 texts */
    bool has_lift;
    struct measure_lift lift;
};

int measure_report(struct store *s, const struct campaign_info *c, const struct measure_ask *ask,
                   struct measure_report *out, struct err *e);
void measure_report_fini(struct measure_report *r);
const char *measure_by_name(enum measure_by by); /* "variant" "region" "level" "hour" */

/* For machines; text for people is L4's. measure_csv: one table, its first column says what a line
 * is (total, variant, ..., state, cause, lift). */
void measure_json(const struct measure_report *r, struct buf *out);
void measure_csv(const struct measure_report *r, struct buf *out);

/* ---- the ledger (台账) ---- */

/* persons = eligible + undetermined + expired + other; of the eligible some were reached, have
 * claimed, were paid (store_ledger). Lines with few persons are withheld by the rule above. */
struct ledger_line {
    char key[64]; /* region; an employer's id; "" where the list says none */
    bool withheld;
    int64_t row_id; /* a row of this line; 0 of a withheld one */
    int64_t persons, certified, eligible, undetermined, expired, other;
    int64_t reached, claimed, paid;
    double coverage;   /* reached / eligible; -1: nobody is eligible */
    double claim_rate; /* claimed / eligible; likewise */
    double paid_rate;  /* paid / claimed; -1: nobody has claimed */
};
struct measure_ledger {
    struct list_info list;
    struct policy_info policy; /* whose verdicts they are */
    int32_t as_of;             /* of the screening */
    int64_t
        unscreened; /* rows repaired or added since: undetermined here, for no reason of theirs */
    int32_t complete_day; /* as in measure_report */
    bool claims_known;    /* a claims file was imported; else claimed and paid mean nothing */
    enum ledger_by by;
    struct ledger_line total;
    struct ledger_line *lines; /* greatest coverage first: the order of a progress notice (通报) */
    size_t n;
};
/* ERR_USAGE if the list was never screened. */
int measure_ledger(struct store *s, const struct list_info *l, enum ledger_by by,
                   struct measure_ledger *out, struct err *e);
void measure_ledger_fini(struct measure_ledger *r);
const char *measure_ledger_name(enum ledger_by by); /* "none" "region" "employer" */
/* name (may be NULL): what to call line i of employers, or NULL. */
struct ledger_names {
    const char *(*name)(void *ctx, size_t i);
    void *ctx;
};
void measure_ledger_json(const struct measure_ledger *r, const struct ledger_names *names,
                         struct buf *out);
void measure_ledger_csv(const struct measure_ledger *r, const struct ledger_names *names,
                        struct buf *out);

/* ---- claims files ---- */

/* Columns as in lists: who (id number; phone + name; the office's reference), date of the claim or
 * payment, kind (申领, 发放, claimed, paid; without the column: paid where the date's header speaks
 * of 发放 or 支付, else claimed), level, occupation, amount. A claim counts for every person that
 * the row identifies. */
struct response_opts {
    const char *path, *map_path, *sheet; /* map_path, sheet (table.h) may be NULL */
    const char *actor;
    int32_t through; /* the file is complete through this day; CIVIL_NONE: not said */
    int zone_min;
    int64_t now_ms;
    struct progress progress;
    void (*reject)(void *ctx,
                   const struct list_reject *r); /* each refused row, in file order; may be NULL */
    /* Writes the act's record, inside the transaction that stores the file's final counts; also
     * where the import fails (whole: false) and a part is in. May be NULL. */
    int (*record)(void *ctx, const struct response_file *f, const struct response_stats *st,
                  bool whole, struct err *e);
    void *ctx;
};
/* rows = added + known + unmatched + rejects, each row in one of them. Idempotent: the same file
 * again only finds known ones. Interrupted, it keeps what is in, and does not call the data
 * complete. out: what stands in the store about the file. st->suppressed: waiting messages that are
 * not sent now. */
int measure_responses(struct store *s, struct keyring *k, const struct response_opts *o,
                      struct response_file *out, struct response_stats *st, struct err *e);
/* What is wrong with a row and what to do, for codes that only claims files have; NULL for those of
 * phone.h and citizen.h. */
const char *measure_reason_text(const char *code);
const char *measure_reason_remedy(const char *code);

/* ---- exports ---- */

enum export_format { EXPORT_CSV, EXPORT_JSONL };
/* A line a message, in the order of pseudonyms. Pseudonymous: hours instead of times, days to the
 * claim instead of its date, and neither region nor level where fewer than MEASURE_SMALL messages
 * share both. With k: identified by number and message id, nothing withheld (the caller audits).
 * CSV begins with its header. `line` gets whole lines with their LF; non-zero stops. */
int measure_export(struct store *s, struct keyring *k, const struct campaign_info *c,
                   enum export_format f, int (*line)(void *ctx, const char *text, size_t len),
                   void *ctx, struct err *e);

#endif
