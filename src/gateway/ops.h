/*
 * ops: what a program is made of; program.c runs it, compile.c and tree.c make it.
 */
#ifndef GATEWAY_OPS_H
#define GATEWAY_OPS_H

#include "encode.h"
#include "program.h"

enum op_kind {
    OP_BYTES,
    OP_VAR,
    OP_HEADER,
    OP_QUERY,
    OP_TEMPLATE,
    OP_EACH,     /* message of the batch */
    OP_VARIABLE, /* each variable of the message */
    OP_NEST      /* a text made of its inside, encoded */
};

struct op {
    enum op_kind kind;
    enum var var;           /* OP_VAR */
    template_escape escape; /* OP_VAR, OP_HEADER, OP_QUERY, OP_TEMPLATE, OP_NEST */
    const char *text; /* OP_BYTES: what; loops: between two rounds; OP_HEADER, OP_QUERY: whose */
    size_t len;
    const struct template *tpl;       /* OP_TEMPLATE */
    const struct encode_chain *chain; /* OP_NEST; NULL: the text as it is */
    size_t inside;                    /* how many of the next ops are its inside */
};

extern const char *const var_names[VARS + 1]; /* NULL-terminated */

/* Puts the pending bytes into the program, then an op. Valid until the next one. */
struct op *compile_op(struct compiler *c, enum op_kind kind);
void compile_flush(struct compiler *c);

#endif
