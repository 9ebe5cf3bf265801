/*
 * What the files of lint share.
 *
 *   rules.c   names, and what to do
 *   set.c     a rule set, compiled: a byte of marks for each code point, words by their first one
 *   scan.c    one pass over a text: what stands in it
 *   carrier.c texts that carriers keep
 *   text.c    templates and rows: what may not, and what must
 */
#ifndef LINT_INTERNAL_H
#define LINT_INTERNAL_H

#include <stdint.h>
#include "zhanchi/lint.h"

/* ---- set.c ---- */

enum mark { /* of a code point; most have none, and cost one look */
            MARK_WORD = 1,
            MARK_FORBIDDEN = 2,
            MARK_RARE = 4,
            MARK_DIGIT = 8,
            MARK_CLAUSE = 16,   /* ends a clause */
            MARK_SENTENCE = 32, /* ends a sentence, and so a clause */
            MARK_MONEY = 64,    /* 元 and its like, ¥ */
            MARK_BRACKET = 128
};

struct word {
    const char *text; /* ASCII letters small */
    size_t len;
    unsigned lists;          /* bits by enum lint_list */
    bool starts_az, ends_az; /* then a letter beside it is another word */
    uint32_t first;          /* its first code point */
};

struct lint_set {
    char *name;
    char version[LINT_VERSION];
    enum lint_severity severity[LINT_RULES];
    unsigned kinds[LINT_RULES];
    size_t units;
    int parts;
    bool beyond;
    struct word *words; /* by first code point, then longer first */
    size_t n_words;
    char *memory; /* of words and name */
    uint8_t marks[65536];
};

/* ---- scan.c ---- */

#define SCAN_AMOUNTS 16

struct scan { /* what stands in a text */
    const struct lint_set *set;
    const char *text;
    size_t len;
    unsigned banned;       /* set by the caller: bits of the lists whose words are banned */
    uint32_t hits;         /* rules that what stands there breaks: bits */
    size_t at[LINT_RULES]; /* where first */
    size_t end[LINT_RULES];
    bool refusal, complaint, date;
    struct {
        int64_t fen; /* -1: in words */
        size_t at, end;
    } amounts[SCAN_AMOUNTS];
    size_t n_amounts; /* at most SCAN_AMOUNTS; the last one stands for all that follow */
};
/* `from`: where the body begins: brackets before it are the signature's. text: valid UTF-8. */
void scan_text(struct scan *s, const struct lint_set *set, const char *text, size_t len,
               size_t from);
/* Does a value hold a link, or a number that could be called? */
bool scan_reachable(const struct lint_set *set, const char *s, size_t len);
/* A question mark beside a Han character: something was lost there. */
bool scan_lost(const char *s, size_t len);
/* "1,500.50元", "RMB 1,500.50" -> 150050; -1 without a number. */
int64_t scan_fen(const char *s, size_t len);

/* ---- carrier.c ---- */

bool carrier_declared(const struct lint_carrier *c); /* is the filed text known? */

/* The stand-in of a variable in a template's outline (U+FFFC): never a finding by itself. */
#define STAND_IN "\xEF\xBF\xBC"

#endif
