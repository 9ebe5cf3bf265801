/*
 * The compiled program: a flat array of instructions. A section's SECTION or INVERTED names the index behind its END, so that skipping it is one
 * assignment.
 */
#ifndef TEMPLATE_INTERNAL_H
#define TEMPLATE_INTERNAL_H

#include <stddef.h>
#include "zhanchi/template.h"

#define TEMPLATE_TEXT_MAX 65536
#define TEMPLATE_DEPTH 16
#define TEMPLATE_NAME_MAX 127

enum op { OP_TEXT, OP_VAR, OP_RAW, OP_SECTION, OP_INVERTED, OP_END };

struct ins {
    enum op op;
    const char *text; /* OP_TEXT: into source; else the name, NUL-terminated */
    size_t len;       /* of text */
    size_t jump;      /* SECTION, INVERTED: index of its END; END: index of its beginning */
    int line, column; /* of the tag or of the text's first byte */
};

struct template
{
    char *source; /* literal texts point into it */
    struct ins *code;
    size_t n, cap;
    char **owned; /* names */
    size_t n_owned;
    const char **names; /* distinct, first use first, NULL-terminated */
    size_t n_names;
};

#endif
