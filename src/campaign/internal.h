/*
 * What the files of campaign share.
 *
 *   assign.c      chances and arms: arithmetic, no state
 *   strata.c      variants, balanced within each region and level
 *   languages.c   which of the texts are in a person's language
 *   values.c      a person's row, verdict and office -> what a text may print
 *   forms.c       how days, amounts and words are written in a text's language
 *   texts.c       the campaign's texts, compiled; a text's check against a list
 *   shared.c      of a number that several persons share, who is written to
 *   households.c  numbers that must not be randomised because of one of their persons
 *   gateways.c    what a campaign's gateways can carry and cost; which one a message gets
 *   lint.c        texts and rows against the gateways' rule sets
 *   rarity.c      how rare the characters of a text are
 *   freeze.c      the one walk over candidates: who is left out and why, arm, variant, rendered
 * text create.c forecast.c preview.c submit.c approve.c    the acts
 */
#ifndef CAMPAIGN_INTERNAL_H
#define CAMPAIGN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/arena.h"
#include "zhanchi/campaign.h"
#include "zhanchi/json_flat.h"
#include "zhanchi/store.h"
#include "zhanchi/store_route.h"
#include "zhanchi/template.h"

/* ---- assign.c ---- */

/* Whether a person with this last day may be randomised: the holdout's release must leave time to
 * apply. */
bool assign_randomises(const struct campaign_info *c, int32_t last_day);

/* The n-th draw of a stratum. */
uint64_t assign_stratum_chance(const struct campaign_info *c, uint64_t stratum, uint64_t n);

/* For the draw of a gateway: independent of arm and variant. */
uint64_t assign_route_chance(const struct campaign_info *c, int64_t address_id);

/* ---- gateways.c ---- */

struct gateways {
    struct gateway *const *list;
    int n; /* 0: none is known yet (a text is tried) */
    struct route route;
    size_t max_units[ROUTE_GATEWAYS]; /* of the gateway and of the office */
    int64_t price[ROUTE_GATEWAYS], id[ROUTE_GATEWAYS];
};
/* list: the campaign's, in its order, or NULL. */
int gateways_open(struct store *s, const struct campaign_info *c, struct gateway *const *list,
                  size_t max_units, struct gateways *out, struct err *e);
void gateways_digest(const struct campaign_info *c, struct gateway *const *list, uint8_t out[32]);

struct letter { /* a message that looks for its gateway */
    const struct candidate *k;
    const char *cell;             /* the row's region as the list wrote it */
    const char *phone;            /* 11 digits */
    const char *carrier_template; /* "" if the text is filed nowhere */
    size_t units;
};
/* CAUSE_NONE and its gateway, or why there is none: CAUSE_TOO_LONG, or CAUSE_MISSING_VALUE where only
 * the text's number at the carrier is missing. */
enum msg_cause gateways_pick(const struct gateways *w, const struct campaign_info *c,
                             const struct letter *l, int *route, unsigned *carriers);
/* Cost, and the time by which `now` messages of each have gone; messages and segments are there. The
 * latest of them (-1: not before the campaign ends). */
int64_t gateways_finish(const struct gateways *w, const struct campaign_info *c, int64_t now_ms,
                        const int64_t now[ROUTE_GATEWAYS],
                        struct wave_gateway sums[ROUTE_GATEWAYS]);

/* ---- values.c ---- */

struct certificate_facts {
    const char *occupation; /* "" unknown */
    int level;              /* 0 unknown */
    int64_t amount_fen;     /* POLICY_AMOUNT_NONE: promises nothing */
    int32_t last_day;       /* CIVIL_NONE: none */
};

enum language { LANGUAGE_CHINESE, LANGUAGE_ENGLISH, LANGUAGE_OTHER };
enum language language_of(const char *tag); /* zh-CN; "" is Chinese */

/* What the values are called and where they come from, for checks without rows. */
enum value {
    VALUE_NAME,
    VALUE_HONORIFIC,
    VALUE_REGION,
    VALUE_OCCUPATION,
    VALUE_LEVEL_NAME,
    VALUE_EMPLOYER,
    VALUE_CERTIFICATE_NO,
    VALUE_ISSUED,
    VALUE_MONTHS,
    VALUE_AMOUNT,
    VALUE_DEADLINE,
    VALUE_DAYS_LEFT,
    VALUE_CLAUSE,
    VALUE_OFFICE,
    VALUE_PHONE12333,
    VALUE_APPLY_WHERE,
    VALUE_CERTIFICATES,
    VALUES
};
enum value_source { FROM_LIST, FROM_POLICY, FROM_OFFICE, FROM_ROWS };
struct value_def {
    const char *name;
    enum value_source source;
    const char *field; /* FROM_LIST: the field of the sealed row */
};
extern const struct value_def value_table[]; /* by enum value, ended by a NULL name */

struct value_wants {        /* which of them a text asks for */
    unsigned values, forms; /* bit by enum value */
    bool further;           /* columns that are no values */
};
void values_want(struct value_wants *w, const char *name); /* adds a name of a text */

struct person_facts {
    const struct json_flat *row; /* what intake sealed: field name or header -> text */
    const struct list_row *r;
    const struct verdict_row *verdict; /* NULL without policy */
    const char *clause;                /* "" if there is none */
    const struct campaign_office *office;
    int32_t planned; /* civil day on which the message is to go: days_left counts from it */
    const struct certificate_facts *certificates; /* nearest last day first */
    size_t n_certificates;
    bool masked; /* for a screen: names and numbers are masked */
    enum language language;
    const struct value_wants *wants; /* NULL: everything */
};
/* A map, in the arena; texts are borrowed from the facts. A member without value is not in it. */
struct tv values_of(struct arena *a, const struct person_facts *f);
/* Nearest last day first, none last; then the higher level. */
void certificates_sort(struct certificate_facts *f, size_t n);

/* ---- texts.c ---- */

struct text {
    struct template_info info;
    struct template *program, *subject; /* subject NULL: no email */
    struct template *html;              /* NULL: no second body */
    struct lint_carrier *carrier;       /* NULL: no carrier keeps it */
    enum language language;
    struct value_wants wants;
};
struct texts {
    int n;
    struct text *list;
    bool uses_certificates;
};
/* The campaign's, or `given` alone (not stored) if it is not NULL. */
int texts_load(struct store *s, const struct campaign_info *c, const struct template_info *given,
               struct texts *out, struct err *e);
void texts_fini(struct texts *t);
/* Signature and text, appended. ERR_DATA names what is missing. */
int text_render(const struct text *t, const struct tv *root, struct buf *out, struct err *e);
/* The subject, on one line; nothing where there is none. */
int text_subject(const struct text *t, const struct tv *root, struct buf *out, struct err *e);
/* The second body, everything from rows escaped for HTML; nothing where there is none. */
int text_html(const struct text *t, const struct tv *root, struct buf *out, struct err *e);
/* A JSON object of the carrier's variables in their order, or else of the values that the text
 * prints, for a text that the carrier keeps; nothing where it keeps none. ERR_DATA names what is
 * missing. */
int text_carrier_variables(const struct text *t, const struct tv *root, struct buf *out,
                           struct err *e);

/* Invented values of everything that there could be, in the arena. */
struct tv text_sample_values(struct arena *a, const struct template_info *t);

/* ---- lint.c ---- */

struct lints;
/* Examines the texts. out NULL: nothing is looked at, and NULL is returned. */
struct lints *lints_open(struct campaign_lint *out, const struct texts *t);
void lints_close(struct lints *l); /* NULL is fine */
/* One rendered row of a text; `line` is that of the list. */
void lints_row(struct lints *l, int variant, const struct lint_row *r, int64_t line);
/* What was counted so far, into out->found. */
void lints_tell(struct lints *l);
/* "amount (12 rows), adjacent because ...": what was found and allowed (without rows: the text itself); "" if nothing was. */
void lints_allowed(const struct campaign_lint *l, char *out, size_t cap);
/* ERR_DATA if out holds errors that nobody allowed. */
int lints_check(const struct lints *l, const char *campaign, struct err *e);

/* ---- languages.c ---- */

/* Which texts a person may get: bit by variant, never 0. */
uint32_t languages_texts(const struct texts *t, const struct json_flat *row);
/* ERR_DATA if there are several languages and the list (its columns as JSON) does not say who reads
 * which. */
int languages_check(const struct texts *t, const char *columns, struct err *e);

/* ---- strata.c ---- */

struct strata;
struct strata *strata_new(const struct campaign_info *c); /* c is borrowed */
void strata_free(struct strata *s);                       /* NULL is fine */
struct letter_draw {
    const char *region; /* as the member has it */
    int level;
    enum member_arm arm;
    uint32_t texts; /* among which: languages_texts */
    int64_t address_id;
    bool shared; /* with other persons of the list */
};
/* The next one's variant. */
int strata_draw(struct strata *s, const struct letter_draw *d);

/* ---- households.c ---- */

struct households;
/* Numbers shared by several persons of whom one cannot be randomised; NULL without a holdout. 0 or
 * -1. `others_open`: another campaign of the topic is not over yet. */
struct firsts;
int households_find(struct store *s, const struct campaign_info *c, int32_t today, bool others_open,
                    const struct firsts *firsts, struct households **out, struct err *e);
void households_free(struct households *h); /* NULL is fine */
bool households_fixed(const struct households *h, int64_t address_id);

/* ---- shared.c ---- */

/* Of every number that several persons share, who is written to; NULL unless the campaign writes to the
 * first alone. 0 or -1. */
int firsts_find(struct store *s, const struct campaign_info *c, int32_t today, struct firsts **out,
                struct err *e);
void firsts_free(struct firsts *f); /* NULL is fine */
/* Is it somebody else than this one? */
bool firsts_other(const struct firsts *f, const struct candidate *k);

/* ---- candidate.c ---- */

/* By its verdict; CIVIL_NONE: none. */
int32_t candidate_last_day(const struct candidate *k);
/* Left out before anything is drawn? Known from the store alone; CAUSE_NONE = no. */
enum msg_cause candidate_cause(const struct campaign_info *c, const struct candidate *k,
                               int32_t planned);
/* May this person wait, as far as it concerns the person alone? */
bool candidate_randomises(const struct campaign_info *c, const struct candidate *k,
                          bool others_open);

/* ---- freeze.c ---- */

struct drawn { /* one candidate, decided; valid during the call */
    const struct candidate *k;
    enum msg_cause cause; /* CAUSE_NONE: a message is made */
    enum member_arm arm;  /* ARM_NONE when left out */
    int variant;          /* 0 where nothing was drawn */
    char region[64];      /* the member's */
    int64_t due_ms;
    const char *phone, *name;             /* "" where no text was tried; phone: or mail address */
    const char *subject, *html;           /* "" unless an email */
    const char *text, *carrier_variables; /* "" where there is no message; the signature is in front
                                             of the text */
    size_t units;
    int parts;
    int route; /* number of its gateway */
    unsigned carriers;
    bool unconfirmed;    /* rests on a rule whose source was not at hand */
    const char *missing; /* CAUSE_MISSING_VALUE: the value's name; else "" */
};
typedef int (*freeze_each)(void *ctx, const struct drawn *d, struct err *e);

struct freeze;
/* given: instead of the campaign's texts, or NULL. g: the campaign's gateways in its order; may be
 * NULL: then only the office's limit counts. ERR_DATA if nothing could be sent any more (not_after). */
struct freeze *freeze_open(struct store *s, struct keyring *k, const struct campaign_info *c,
                           const struct template_info *given, struct gateway *const *g,
                           const struct campaign_office *o, struct err *e);
const struct gateways *freeze_gateways(const struct freeze *z);
void freeze_close(struct freeze *z); /* NULL is fine */
/* A candidate of the walk once more, with the variant that was drawn then, for a screen: the text is
 * masked (phone and name are not). */
int freeze_again(struct freeze *z, const struct candidate *k, int variant, struct drawn *d,
                 struct err *e);
/* At most `max` persons behind `after`; *last as in store_candidates. */
int freeze_walk(struct freeze *z, int64_t after, size_t max, freeze_each each, void *ctx,
                int64_t *last, struct err *e);
/* The whole list, with progress. */
int freeze_all(struct freeze *z, freeze_each each, void *ctx, const struct progress *p,
               struct err *e);
const struct text *freeze_text(const struct freeze *z, int variant);
/* What the rule sets found so far into the office's lint; ERR_DATA if `block` and there are errors. */
int freeze_lint(struct freeze *z, bool block, struct err *e);

/* ---- forecast.c ---- */

/* One candidate more; then what follows from all of them. out is zeroed before the first. */
void forecast_count(struct campaign_forecast *out, const struct drawn *d);
int forecast_finish(struct freeze *z, struct store *s, const struct campaign_info *c,
                    const struct campaign_office *o, struct campaign_forecast *out, struct err *e);

/* ---- rarity.c ---- */

struct rarity;
struct rarity *rarity_new(void);
void rarity_free(struct rarity *r);
/* 0: common characters only; else the higher, the rarer the rarest, then how many of its kind. */
int rarity_of(struct rarity *r, const char *s, size_t len);
/* How many candidates there will be, about: for progress. */
int freeze_expected(struct freeze *z, int64_t *n, struct err *e);
/* Tells `p` (may be NULL) how far it is; ERR_TEMP when a person interrupted. */
int freeze_progress(const struct progress *p, int64_t done, int64_t total, struct err *e);

#endif
