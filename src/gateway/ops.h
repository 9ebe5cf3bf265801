/*
 * ops: what a program is made of; shared by program.c (runs) and compile.c (makes).
 */
#ifndef GATEWAY_OPS_H
#define GATEWAY_OPS_H

#include "program.h"

enum op_kind { OP_BYTES, OP_VAR, OP_HEADER, OP_QUERY, OP_TEMPLATE, OP_EACH };

struct op {
    enum op_kind kind;
    enum var var;           /* OP_VAR */
    template_escape escape; /* OP_VAR, OP_HEADER, OP_QUERY, OP_TEMPLATE */
    const char *text; /* OP_BYTES: what; OP_EACH: between two rounds; OP_HEADER, OP_QUERY: whose */
    size_t len;
    const struct template *tpl; /* OP_TEMPLATE */
    size_t inside;              /* OP_EACH: how many of the next ops are its inside; others 0 */
};

extern const char *const var_names[VARS + 1]; /* NULL-terminated */

#endif
