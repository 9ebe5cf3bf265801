/*
 * set: a rule set, compiled for scanning. What a character can mean stands in one byte, so that a text is walked once whatever the number
 * of rules; only characters with which a word of a list begins cost more.
 *
 * Callers: conf, which reads the files; tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/err.h"
#include "zhanchi/utf8.h"
#include "internal.h"

static void *need(void *p)
{
    if (p == NULL)
        panic("out of memory");
    return p;
}

static void mark_each(struct lint_set *s, const char *characters, enum mark mark)
{
    size_t len = characters != NULL ? strlen(characters) : 0;

    for (size_t i = 0; i < len;) {
        uint32_t cp = utf8_next(characters, len, &i);
        if (cp < 65536)
            s->marks[cp] |= (uint8_t)mark;
    }
}

static void mark_repertoire(struct lint_set *s, const uint8_t *repertoire)
{
    for (uint32_t cp = 0x80; cp < 65536; cp++) {
        bool there = repertoire != NULL ? (repertoire[cp >> 3] >> (cp & 7) & 1) != 0
                                        : cp < 0xE000 || cp > 0xF8FF; /* private use */
        if (!there && cp != 0xFFFC && cp != 0xFFFD)
            s->marks[cp] |= MARK_RARE;
    }
}

static void mark_hidden(struct lint_set *s)
{
    for (uint32_t cp = 0; cp < 65536; cp++)
        if ((cp < 0x20 && cp != '\n' && cp != '\r') || (cp >= 0x7F && cp < 0xA0) ||
            utf8_invisible(cp))
            s->marks[cp] |= MARK_FORBIDDEN;
}

/* ---- words ---- */

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t count_words(const struct lint_def *d, size_t *bytes)
{
    size_t n = 0;

    for (int l = 0; l < LINT_LISTS; l++)
        for (const char *const *w = d->words[l]; w != NULL && *w != NULL; w++, n++)
            *bytes += strlen(*w) + 1;
    return n;
}

static char *add_word(struct lint_set *s, const char *text, int list, char *to)
{
    size_t len = strlen(text), i = 0;
    struct word *w = &s->words[s->n_words];

    if (len == 0)
        return to;
    for (size_t k = 0; k <= len; k++)
        to[k] = text[k] >= 'A' && text[k] <= 'Z' ? (char)(text[k] + 32) : text[k];
    *w = (struct word){.text = to,
                       .len = len,
                       .lists = 1u << list,
                       .starts_az = letter(to[0]),
                       .ends_az = letter(to[len - 1]),
                       .first = utf8_next(to, len, &i)};
    if (w->first < 65536) {
        s->marks[w->first] |= MARK_WORD;
        if (w->starts_az)
            s->marks[w->first - 32] |= MARK_WORD;
        s->n_words++;
    }
    return to + len + 1;
}

static int by_first(const void *a, const void *b)
{
    const struct word *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->len < y->len) - (x->len > y->len);
}

static void add_words(struct lint_set *s, const struct lint_def *d, size_t n, char *to)
{
    s->words = need(calloc(n + 1, sizeof *s->words));
    for (int l = 0; l < LINT_LISTS; l++)
        for (const char *const *w = d->words[l]; w != NULL && *w != NULL; w++)
            to = add_word(s, *w, l, to);
    qsort(s->words, s->n_words, sizeof *s->words, by_first);
}

/* ---- its version ---- */

static void digest_text(struct crypt_digest *d, const char *text)
{
    crypt_digest_add(d, text, strlen(text) + 1);
}

/* Over what the rules say, not over the file: a comment changes nothing, a base's word does. */
static void digest_def(const struct lint_def *d, char out[LINT_VERSION])
{
    struct crypt_digest *h = crypt_digest_new();
    uint8_t hash[CRYPT_HASH_BYTES];
    char figures[96];

    for (int r = 0; r < LINT_RULES; r++) {
        snprintf(figures, sizeof figures, "%s %d %u", lint_rule_name((enum lint_rule)r),
                 (int)d->severity[r], d->kinds[r]);
        digest_text(h, figures);
    }
    for (int l = 0; l < LINT_LISTS; l++) {
        for (const char *const *w = d->words[l]; w != NULL && *w != NULL; w++)
            digest_text(h, *w);
        digest_text(h, ""); /* where a list ends */
    }
    snprintf(figures, sizeof figures, "%zu %d %d %d", d->units, d->parts, (int)d->beyond,
             (int)(d->repertoire != NULL));
    digest_text(h, figures);
    digest_text(h, d->forbidden != NULL ? d->forbidden : "");
    if (d->repertoire != NULL)
        crypt_digest_add(h, d->repertoire, LINT_REPERTOIRE_BYTES);
    crypt_digest_end(h, hash);
    crypt_digest_free(h);
    crypt_hex(hash, (LINT_VERSION - 1) / 2, out);
}

const char *lint_set_version(const struct lint_set *s)
{
    return s->version;
}

/* ---- the set ---- */

struct lint_set *lint_set_new(const struct lint_def *d)
{
    struct lint_set *s = need(calloc(1, sizeof *s));
    size_t bytes = strlen(d->name) + 1, n = count_words(d, &bytes);

    memcpy(s->severity, d->severity, sizeof s->severity);
    memcpy(s->kinds, d->kinds, sizeof s->kinds);
    s->units = d->units;
    s->parts = d->parts;
    s->beyond = d->beyond;
    s->memory = need(malloc(bytes));
    s->name = s->memory;
    memcpy(s->name, d->name, strlen(d->name) + 1);
    digest_def(d, s->version);
    add_words(s, d, n, s->memory + strlen(d->name) + 1);
    mark_repertoire(s, d->repertoire);
    mark_hidden(s);
    mark_each(s, d->forbidden, MARK_FORBIDDEN);
    mark_each(s, "0123456789０１２３４５６７８９", MARK_DIGIT);
    mark_each(s, "，,；;：:", MARK_CLAUSE);
    mark_each(s, "。！？!?\n.", MARK_SENTENCE);
    mark_each(s, "元圆¥￥", MARK_MONEY);
    mark_each(s, "【】", MARK_BRACKET);
    return s;
}

void lint_set_free(struct lint_set *s)
{
    if (s == NULL)
        return;
    free(s->words);
    free(s->memory);
    free(s);
}

const char *lint_set_name(const struct lint_set *s)
{
    return s->name;
}

enum lint_severity lint_set_severity(const struct lint_set *s, enum lint_rule r)
{
    return s->severity[r];
}

void lint_set_too_long(const struct lint_set *s, size_t units, int parts, char out[48])
{
    out[0] = '\0';
    if (s->units > 0 && units > s->units)
        snprintf(out, 48, "%zu > %zu", units, s->units);
    else if (s->parts > 0 && parts > s->parts)
        snprintf(out, 48, "%d > %d", parts, s->parts);
}
