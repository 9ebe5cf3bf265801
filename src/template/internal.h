/*
 * The compiled program: a flat array of instructions, the text's own first, then each partial once, every one of them ended by a RETURN. A
 * section's SECTION or INVERTED names the index of its END, so that skipping it is one assignment; a CALL names the index of its partial's first
 * instruction.
 */
#ifndef TEMPLATE_INTERNAL_H
#define TEMPLATE_INTERNAL_H

#include <stddef.h>
#include "zhanchi/template.h"

#define TEMPLATE_TEXT_MAX 65536
#define TEMPLATE_PARTS_MAX 64       /* sources of a program, its own text included */
#define TEMPLATE_SOURCES_MAX 262144 /* bytes of all of them */
#define TEMPLATE_DEPTH 16           /* sections open in one source */
#define TEMPLATE_RUN_DEPTH 64       /* sections open at a time, those of callers included */
#define TEMPLATE_CALLS 16           /* partials within partials */
#define TEMPLATE_INDENT_MAX 256
#define TEMPLATE_STEPS_MAX (1u << 22) /* instructions of one rendering: partials can multiply */
#define TEMPLATE_NAME_MAX 127

enum op { OP_TEXT, OP_INDENT, OP_VAR, OP_RAW, OP_SECTION, OP_INVERTED, OP_END, OP_CALL, OP_RETURN };

struct ins {
    enum op op;
    bool standalone; /* OP_CALL: its lines are indented as it stands itself */
    const char *
        text; /* OP_TEXT: into a source; OP_CALL: what it is indented by; else the name, NUL-terminated */
    size_t len;   /* of text */
    size_t first; /* bytes of the name before its first dot */
    size_t
        jump; /* SECTION, INVERTED: index of its END; END: index of its beginning; CALL: see above */
    int part;         /* source in which it stands, 0 the text itself; CALL: see target */
    int target;       /* OP_CALL: the source that is called */
    int line, column; /* of the tag or of the text's first byte */
};

struct part {
    char *name;   /* NULL: the text itself */
    char *source; /* literal texts point into it */
    size_t len, begin;
};

struct template
{
    struct part *part;
    int n_parts;
    struct ins *code;
    size_t n, cap;
    char **owned; /* names */
    size_t n_owned;
    const char **names; /* distinct, first use first, NULL-terminated */
    size_t n_names;
};

#define TEMPLATE_PLACE_MAX (TEMPLATE_NAME_MAX + 64)
/* "partial NAME, line L, column C" in front of an error about this instruction. */
void template_place(const struct template *t, const struct ins *in, char *out, size_t cap);

/* ---- sections.c: files ---- */

/* Takes `--- html` and `--- carrier` out of what stands below the metadata; *len becomes the text's own. f->text_line is there. ERR_DATA with the
 * file's line. */
int file_sections(struct template_file *f, const char *body, size_t *len, struct err *e);
size_t file_unix_lines(char *s, size_t len); /* in place, NUL-terminated; the new length */

#endif
