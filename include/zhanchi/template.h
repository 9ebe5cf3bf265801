/*
 * template: Mustache texts, compiled once to a flat program, rendered many times. Pure.
 *
 * The required modules of the Mustache specification are here: interpolation, sections, inverted
 * sections, comments, partials, delimiters. For an SMS nothing is escaped; another escaper
 * makes the same program serve JSON, URLs and HTML
 * ({{{x}}} and {{&x}} never escape).
 *
 * Where a text to a person is stricter than the specification: a variable without value is an error
 * (TEMPLATE_MISSING_ERROR), a partial that is not there is one (template_loader), a name holds no
 * braces, and sections, partials, lengths and steps have bounds.
 */
#ifndef ZHANCHI_TEMPLATE_H
#define ZHANCHI_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include "zhanchi/arena.h"
#include "zhanchi/buf.h"
#include "zhanchi/err.h"
#include "zhanchi/json.h"

/* ---- values ---- */

enum tv_type { TV_MISSING, TV_FALSE, TV_TRUE, TV_TEXT, TV_LIST, TV_MAP };

struct tv { /* a value; everything is borrowed */
    enum tv_type type;
    const char *text; /* TV_TEXT: UTF-8, len bytes. An empty text is false in a section and is a
                         missing value when printed */
    size_t len;       /* TV_TEXT: bytes; TV_LIST: items; TV_MAP: members */
    const struct tv *items;
    const struct tv_member *members; /* TV_MAP; TV_TEXT: its other forms, {{name.masked}} */
    size_t n_forms;                  /* TV_TEXT: how many */
};

struct tv_member {
    const char *name;
    struct tv value;
};

/* A JSON value as template value: numbers as their text, null is missing. Lives in the arena and in
 * `n`. */
struct tv template_value(struct arena *a, const struct json *n);

/* ---- escapers ---- */

typedef int (*template_escape)(struct buf *out, const char *s,
                               size_t len); /* 0, or -1 when out is full */
int template_escape_none(struct buf *out, const char *s, size_t len);
int template_escape_html(struct buf *out, const char *s, size_t len);
int template_escape_json(struct buf *out, const char *s, size_t len); /* without the quotes */
int template_escape_url(struct buf *out, const char *s, size_t len);  /* RFC 3986 unreserved stay */

/* ---- programs ---- */

struct template; /* immutable: may be shared between threads */

/* Compiles `text` (valid UTF-8, at most 64 KiB). Errors (ERR_DATA) name line and column. */
struct template *template_compile(const char *text, size_t len, struct err *e);
/* The same for a text that begins at line `first_line` of its file: errors name the file's lines.
 */
struct template *template_compile_at(const char *text, size_t len, int first_line, struct err *e);

/* Where {{>name}} comes from. */
struct template_loader {
    /* Appends the partial's text (valid UTF-8, no NUL): 1; 0 if there is none; -1 (e is set). */
    int (*load)(void *ctx, const char *name, struct buf *out, struct err *e);
    void *ctx;
    bool absent_is_empty; /* as the specification has it; else ERR_DATA with the tag's place */
};
/* l NULL: a partial is an error. At most 63 partials, 256 KiB with the text; they may call each
 * other and themselves, 16 deep. Errors inside name the partial, its line and column. */
struct template *template_compile_with(const char *text, size_t len, int first_line,
                                       const struct template_loader *l, struct err *e);
/* The partials that a program has, by name as a JSON object; nothing if it has none. And a text with
 * its partials from there ("" = none). */
void template_pack_partials(const struct template *t, struct buf *out);
struct template *template_compile_packed(const char *text, size_t len, int first_line,
                                         const char *packed, struct err *e);
void template_free(struct template *t);

/* Names that the text uses, first use first; "." is left out. Dotted names whole. Inside a section
 * names may belong to its items. */
size_t template_names(const struct template *t, const char *const **names);

/* Every name must be in `known` (NULL-terminated; "certificates.*" allows what follows the dot, and
 * names used inside a section `certificates`); else ERR_DATA with line, column and the nearest
 * known name. */
int template_check(const struct template *t, const char *const *known, struct err *e);

/* What a text is made of, for who examines it without values. */
enum template_piece { TEMPLATE_LITERAL, TEMPLATE_VALUE, TEMPLATE_OPEN, TEMPLATE_CLOSE };
struct template_part {
    enum template_piece piece;
    const char *text; /* LITERAL: the text; VALUE, OPEN: the name */
    size_t len;
    bool inverted; /* OPEN: of a section that stands where there is no value */
    int line, column;
    const char *partial; /* where line and column are counted; NULL: in the text itself */
};
/* Calls `each` for the parts in their order, those of a partial where it is called. */
void template_each(const struct template *t, void (*each)(void *ctx, const struct template_part *p),
                   void *ctx);

enum template_missing { TEMPLATE_MISSING_ERROR, TEMPLATE_MISSING_EMPTY };

/* Appends the rendered text. With TEMPLATE_MISSING_ERROR a variable without value is ERR_DATA that
 * names the variable (not the row's content); so is a full buffer. */
int template_render(const struct template *t, const struct tv *root, template_escape escape,
                    enum template_missing missing, struct buf *out, struct err *e);

/* ---- files ---- */

enum template_kind { TEMPLATE_NOTICE, TEMPLATE_PROMOTION, TEMPLATE_STATUS };

/* A template file: "name: value" lines, a line of "---", the text; then perhaps a line of "--- html"
 * and an email's second body, and "--- carrier" and the text as it was filed with the carrier.
 *   name channel topic kind signature language columns carrier_template carrier_variables subject
 * The signature is written without 【】 and stands in front of the text when it is sent. Line
 * breaks at the end of the file do not count, and a line ends in LF however the file was saved.
 * An email (channel email) needs a subject. With a carrier_template (the provider's id of a text filed with it) the variables
 * go to the gateway: those of carrier_variables in their order, or all that the text uses. */
#define TEMPLATE_BODY_MAX 8191 /* bytes of a stored text, and of its partials together */
#define TEMPLATE_CARRIER_MAX 1024
#define TEMPLATE_HTML_MAX 16384

struct template_file {
    char name[64], channel[16], topic[64], signature[64], language[16], carrier_template[64];
    char subject[256]; /* of an email; a text like the body, on one line */
    char carrier_variables[TEMPLATE_CARRIER_MAX]; /* as it stands; see template_carrier_next */
    enum template_kind kind;
    char *columns[32]; /* further columns of the list that the text uses, NULL-terminated */
    char *text;        /* the body as it stands, NUL-terminated */
    size_t text_len;
    int text_line; /* line of the file where the body begins */
    char *html;    /* a text like the body, for emails; NULL: none */
    int html_line;
    char *carrier_text; /* see lint.h; NULL: not declared */
};

/* `data`: valid UTF-8 (the caller has looked; text/ stands beside this room). ERR_DATA with line on
 * unknown or repeated keys (nearest known key is named), missing name, topic or signature, a name
 * that a command line cannot carry (":" "/" blanks), 【】 in the body. */
int template_file_parse(const char *data, size_t len, struct template_file *out, struct err *e);
void template_file_fini(struct template_file *f);

/* A variable of a text that a carrier keeps: "KEY", "KEY=NAME", and behind it perhaps ":TYPE" or
 * ":TYPE(MAX)". */
struct template_carrier {
    char key[64];   /* what the carrier calls it */
    char value[64]; /* name of the value, {{...}} */
    char type[16];  /* "" if it says nothing */
    int max;        /* characters, 0 if it says nothing */
};
/* The next item of a list at *p: 1, 0 at its end, ERR_DATA. */
int template_carrier_next(const char **p, struct template_carrier *out, struct err *e);

/* The variables that every row offers, with their forms, NULL-terminated: see zhanchi-template(5). */
const char *const *template_known(void);

#endif
