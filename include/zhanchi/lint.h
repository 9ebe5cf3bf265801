/*
 * lint: what must not stand in a text, and what must. Pure.
 *
 * Rule sets are data (conf/lint, zhanchi-lint(5)): each rule has a severity, the kinds of text that
 * it is about, and its words or figures. A text is held against a set twice: as a template, where a
 * finding has a line and a column, and rendered, once for each row, where a finding is a bit: what a
 * row holds is never told.
 */
#ifndef ZHANCHI_LINT_H
#define ZHANCHI_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "zhanchi/template.h"

enum lint_rule {
    LINT_BRACKETS,     /* 【】 in the body: carriers take them for a second signature */
    LINT_ADJACENT,     /* two variables with nothing between them */
    LINT_LINK,         /* a link or a phone number that comes from a variable */
    LINT_FORBIDDEN,    /* characters that carriers refuse, invisible and control characters */
    LINT_LENGTH,       /* longer than the set allows, with real values */
    LINT_BANNED,       /* words of the set's lists */
    LINT_REFUSAL,      /* no hint how to refuse */
    LINT_ACCOUNT,      /* asks for account data or codes */
    LINT_COMPLAINT,    /* no phone number for complaints */
    LINT_LAST_DAY,     /* no last day */
    LINT_AMOUNT,       /* an amount that the verdict does not give */
    LINT_SUBSTITUTION, /* ??, U+FFFD, 锟斤拷: what is left of a character that was lost */
    LINT_RARE,         /* characters outside the gateway's repertoire */
    LINT_CARRIER,      /* is not what the carrier would put together from its filed text */
    LINT_RULES
};
enum lint_severity { LINT_OFF, LINT_WARNING, LINT_ERROR };

const char *lint_rule_name(enum lint_rule r);   /* "last_day" */
const char *lint_rule_what(enum lint_rule r);   /* one line of English: what is wrong */
const char *lint_rule_remedy(enum lint_rule r); /* what to do about it */
const char *lint_severity_name(enum lint_severity s);
extern const char *const lint_rule_names[];     /* NULL-terminated, by enum lint_rule */
extern const char *const lint_severity_names[]; /* likewise */

/* ---- rule sets ---- */

enum lint_list {
    LINT_WORDS_BANNED,
    LINT_WORDS_PROMOTION, /* banned in promotions only */
    LINT_WORDS_LINK,      /* beginnings and endings of links */
    LINT_WORDS_REFUSAL,
    LINT_WORDS_ASKS,   /* provide, reply ... */
    LINT_WORDS_DATA,   /* card number, code ... */
    LINT_WORDS_UNLESS, /* never, no need ... */
    LINT_WORDS_COMPLAINT,
    LINT_WORDS_SUBSTITUTION,
    LINT_LISTS
};

#define LINT_REPERTOIRE_BYTES 8192 /* a bit for each code point of the BMP */

struct lint_def { /* as read from a file; borrowed by lint_set_new for the call */
    const char *name;
    enum lint_severity severity[LINT_RULES];
    unsigned kinds[LINT_RULES];           /* bits by enum template_kind; 0 = all */
    const char *const *words[LINT_LISTS]; /* NULL-terminated, UTF-8, or NULL */
    const char *forbidden;                /* characters, UTF-8 */
    const uint8_t *repertoire;            /* NULL: all of the BMP but its private use */
    bool beyond;                          /* characters outside the BMP are fine */
    size_t units;                         /* longest text, signature included; 0 = no limit */
    int parts;                            /* likewise */
};

struct lint_set; /* immutable: may be shared between threads */
struct lint_set *lint_set_new(const struct lint_def *d);
void lint_set_free(struct lint_set *s); /* NULL is fine */
const char *lint_set_name(const struct lint_set *s);
/* 16 hex digits over what its rules say: another word or severity is another version, another comment is none. */
#define LINT_VERSION 17
const char *lint_set_version(const struct lint_set *s);
enum lint_severity lint_set_severity(const struct lint_set *s, enum lint_rule r);
/* "608 > 500": units, else segments, against what the rule length allows; "" if it is not longer. */
void lint_set_too_long(const struct lint_set *s, size_t units, int parts, char out[48]);

/* ---- texts that a carrier keeps ---- */

struct lint_carrier;
/* variables: as template_carrier_next reads them ("" = every value goes by its name); text: as it was
 * filed, with ${key} or {key} where a variable stands, key being a variable's key, its number from
 * 1, or a type and a length (TXT_20) for the next one; "" = not declared. ERR_DATA: a type or a key that there is not. */
struct lint_carrier *lint_carrier_new(const char *variables, const char *text, struct err *e);
void lint_carrier_free(struct lint_carrier *c); /* NULL is fine */
/* Are the variables of the types and lengths that were filed, and is `body` (signature left out) what
 * the carrier will put together? */
bool lint_carrier_fits(const struct lint_carrier *c, const struct tv *root, const char *body,
                       size_t len);
/* Why not, in a few words for the one who writes the text: "day:date" for a variable that is not of its type or length, else
 * "TEXT | FILED", what stands at the first difference. Tells values: for invented ones only. "" where it fits. */
void lint_carrier_differs(const struct lint_carrier *c, const struct tv *root, const char *body,
                          size_t len, char out[96]);

/* ---- a template against a set ---- */

struct lint_finding {
    enum lint_rule rule;
    int line, column; /* of the body, as compiled; 0: of the text as a whole */
    char partial[64]; /* then of this partial; "" */
    char what[96];    /* what was found there: words of the template, or "" */
};

struct lint_text; /* a template, prepared for rows; borrows the set and the programs */
struct lint_source {
    const struct template *body, *subject; /* subject: NULL unless an email */
    const struct template *html;           /* NULL: none */
    const struct lint_carrier *carrier;    /* NULL: no carrier keeps the text */
    enum template_kind kind;
    const char *const *from_rows; /* names of values that lists bring, NULL-terminated; borrowed */
};
struct lint_text *lint_text_new(const struct lint_set *set, const struct lint_source *src);
void lint_text_free(struct lint_text *t); /* NULL is fine */
/* Findings of rules that are not off: the first place that breaks each. */
size_t lint_text_findings(const struct lint_text *t, const struct lint_finding **out);

/* ---- a rendered text ---- */

struct lint_row {
    const char *text; /* signature in front */
    size_t len;
    const char *subject; /* "" unless an email */
    const char *html;    /* "" if there is none */
    size_t units;
    int parts;
    const struct tv *root; /* what it was rendered from: a map */
};
/* Bits by enum lint_rule. Rules that the template itself breaks, or that are off, are left out. No
 * allocation. */
uint32_t lint_row_check(const struct lint_text *t, const struct lint_row *r);

#endif
