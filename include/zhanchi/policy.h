/*
 * policy: who is eligible under which clause, for how much, until when. Pure.
 *
 * A policy is a set of dated rules by region. A region is a GB/T 2260 code (2, 4 or 6 leading
 * digits count: "43" is a province, "4301" a prefecture), "CN" for the nation, or a name of the
 * policy's own. A region inherits from its parent where it has no rule of its own in force;
 * national amounts are ceilings and promise nothing.
 *
 * Each rule names its date basis: `issued` (rule in force on the certificate's issue date) or
 * `applied` (in force on the day of application; judged at as_of). No rule in force: undetermined,
 * and never sent.
 */
#ifndef ZHANCHI_POLICY_H
#define ZHANCHI_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_basis { POLICY_ISSUED, POLICY_APPLIED };

/* What bars a certificate whose occupation the person has at a higher level too. */
enum policy_higher {
    POLICY_HIGHER_FREE, /* nothing */
    POLICY_HIGHER_PAID, /* the higher level was paid or applied for */
    POLICY_HIGHER_HELD  /* the higher level was paid, or its certificate is held */
};

/* Skill levels as the certificates number them: 5 初级, 4 中级, 3 高级, 2 技师, 1 高级技师; 0
 * unknown. */
#define POLICY_LEVELS 6
#define POLICY_AMOUNT_NONE (-1) /* no amount is promised */

struct policy_rule {
    char *id;       /* "cn-2019" */
    char *region;   /* normalised */
    char *source;   /* document, e.g. "人社部发〔2017〕40号" */
    char *clause;   /* "一、三" */
    bool confirmed; /* false: the source text was not at hand; blocks approval unless overridden */
    enum policy_basis basis;
    int32_t valid_from; /* civil days, both inclusive; CIVIL_NONE = open */
    int32_t valid_to;
    int months_min;      /* paid months, inclusive */
    unsigned levels;     /* bit (1u << level) */
    int32_t issued_from; /* certificates issued on or after; CIVIL_NONE = any */
    int32_t issued_to;
    int window_months;      /* apply within so many months of issue */
    bool last_day_included; /* whether issue date + window is itself the last day (else the day
                               before) */
    bool last_day_stated;   /* the rule says so; else it is the reading of the whole policy */
    int64_t amount_fen[POLICY_LEVELS]; /* by level; POLICY_AMOUNT_NONE where none */
    int64_t shortage_fen[POLICY_LEVELS];
    bool ceiling;              /* amounts are "at most": verdicts promise nothing */
    int yearly_max;            /* payments a civil year; 0 = no cap */
    int yearly_extra_shortage; /* further ones for shortage occupations */
    bool once_per_level;       /* once per occupation and level */
    enum policy_higher higher_bars_lower;
    bool benefit_included; /* people drawing 失业保险金 are included */
    char **excluded;       /* groups of people who are left out, NULL-terminated; NULL: none */
    char *note;            /* conditions that no list tells, for people to look at; "" if none */
    char *file;            /* where the rule stands, for messages */
    int line;
};

struct policy_region { /* inheritance that the codes do not tell: name -> parent */
    char *name;
    char *parent;
    char *title;     /* what lists write in 参保地: 示例市; "" if none */
    char **shortage; /* shortage occupations, NULL-terminated; NULL: those of the parent */
    char *file;      /* where the region stands, for messages */
    int line;
};

struct policy {
    char *name, *title;
    char version[17]; /* hex of the leading 8 bytes of the file's SHA-256 */
    struct policy_rule *rules;
    size_t n_rules;
    struct policy_region *regions;
    size_t n_regions;
};

struct policy_certificate {
    const char *occupation; /* UTF-8, folded; "" unknown */
    int level;              /* 1..5, 0 unknown */
    int32_t issued_day;     /* CIVIL_NONE unknown */
};

/* What the person was already paid or applied for. One whose occupation or level is unknown may be
 * about any certificate issued by its day, and is taken to be: in doubt nothing is sent. The same
 * occupation and level twice (applied for, then paid) is one payment. */
struct policy_claim {
    const char *occupation; /* as in certificates */
    int level;
    int32_t day; /* CIVIL_NONE unknown */
};

struct policy_person {
    const char *region;      /* as the list has it: code or title; "" unknown */
    int paid_months;         /* -1 unknown */
    int32_t paid_months_day; /* the day that the number is of; CIVIL_NONE unknown */
    bool draws_benefit;
    const char *group; /* what the list says: 公务员; folded; "" or NULL unknown */
    const struct policy_certificate *certificates;
    size_t n_certificates;
    const struct policy_claim *claims;
    size_t n_claims;
};

enum verdict_outcome { VERDICT_UNDETERMINED, VERDICT_ELIGIBLE, VERDICT_NOT };

enum verdict_reason {
    VERDICT_OK,
    VERDICT_NO_RULE,   /* undetermined: no rule in force for that region and date */
    VERDICT_NO_REGION, /* undetermined: region missing or unknown to the policy */
    VERDICT_NO_DATE,   /* undetermined: issue date missing */
    VERDICT_NO_LEVEL,  /* undetermined: level missing or unknown */
    VERDICT_NO_MONTHS, /* undetermined: paid months missing, or enough may have been paid since they
                          were counted */
    VERDICT_MONTHS,    /* not: too few paid months */
    VERDICT_LEVEL,     /* not: level outside the rule */
    VERDICT_ISSUED_EARLY, /* not: issued before the rule's first day */
    VERDICT_EXPIRED,      /* not: the last day to apply has passed */
    VERDICT_FUTURE,       /* not: issued after as_of */
    VERDICT_CLAIMED,      /* not: same occupation and level already claimed */
    VERDICT_HIGHER,       /* not: a higher level of the same occupation is held or was paid */
    VERDICT_YEARLY,       /* not: yearly number of payments reached */
    VERDICT_BENEFIT,      /* not: draws benefit and the rule does not include it */
    VERDICT_ISSUED_LATE,  /* not: issued after the rule's last day of issue */
    VERDICT_GROUP         /* not: of a group that the rule leaves out */
};
#define VERDICT_REASONS (VERDICT_GROUP + 1)

struct verdict {
    enum verdict_outcome outcome;
    enum verdict_reason reason;
    const struct policy_rule *rule; /* that decided; NULL if none; borrowed from the policy */
    int64_t amount_fen;             /* POLICY_AMOUNT_NONE: promises nothing */
    int32_t last_day;               /* CIVIL_NONE unless the rule gives one */
};

/* Judges every certificate of one person: out[i] belongs to certificates[i]. The verdicts do not
 * depend on the order of certificates, claims or rules. Needs no memory.
 *
 * Where the yearly number of payments does not reach for all, the nearest last day comes first,
 * then the higher level. rule and last_day are given with refusals too, once a rule was found; the
 * amount only where eligible. */
void policy_judge(const struct policy *p, const struct policy_person *person, int32_t as_of,
                  struct verdict *out);

/* The region of the policy that a list's cell names, or NULL: by name, by code (the nearest region
 * above that the policy knows), or by title, with the titles of regions above it in front or
 * without (示例省示例市, 示例市); else by a name of GB/T 2260 that leaves no doubt (长沙市: nearest region
 * above that the policy knows). Borrowed from the policy. */
const char *policy_region_of(const struct policy *p, const char *cell);

/* Whether a cell looks like a region and like nothing of a person: a code of 2, 4, 6, 9 or 12 digits,
 * a policy's own name (EX-01), a province's name, or Han characters that end as regions do (市, 县,
 * 区, 省, 自治州, 左旗 ..., or an agency or township of one). Only this may stand in the clear. */
bool policy_region_like(const char *cell);

/* What reports call the region that a list's cell names, so that one region is one line however it
 * was written. Of a region that the policy knows: its title (no two regions of a policy have the
 * same), or its name if it has none; a code stays a code where the policy knows only a region above
 * it. Otherwise, and without a policy (p NULL): the cell without blanks
 * and without a province in front of a city, county or banner (示例省示例市, 示例市), a code without
 * zeros at its end. Cut to whole characters. */
#define POLICY_LABEL_MAX 64
void policy_region_label(const struct policy *p, const char *cell, char out[POLICY_LABEL_MAX]);

/* A GB/T 2260 code without the pairs of zeros at its end: 430000 -> 43, 430100 -> 4301. 0, or -1 if
 * it is none. */
int policy_region_code(const char *text, char out[7]);

const char *
verdict_outcome_name(enum verdict_outcome o); /* "eligible", "not-eligible", "undetermined" */
const char *verdict_reason_name(enum verdict_reason r); /* "expired" */
int policy_level_of(const char *cell); /* "高级", "三级", "高级工", "3" ... -> 3; 0 if unknown */
const char *policy_level_name(int level); /* 初级工 中级工 高级工 技师 高级技师 */

#endif
