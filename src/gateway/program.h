/*
 * program: a text with holes (a body, a URL, headers, a signing recipe), compiled once from the profile, run for each request.
 *
 * What never changes is encoded at load and stands as bytes; a leaf that is one variable is copied straight through its escaper;
 * only other leaves go through the template engine. No tree is walked while a request is built.
 */
#ifndef GATEWAY_PROGRAM_H
#define GATEWAY_PROGRAM_H

#include <stdint.h>
#include "zhanchi/arena.h"
#include "zhanchi/conf.h"
#include "zhanchi/gateway.h"
#include "zhanchi/template.h"

/* What a leaf may name. The spelling in a profile stands in program.c. */
enum var {
    VAR_REF,
    VAR_PHONE,
    VAR_TEXT,
    VAR_SIGNATURE,
    VAR_CARRIER_TEMPLATE,
    VAR_CARRIER_VARIABLES,
    VAR_TIMESTAMP,
    VAR_TIMESTAMP_MS,
    VAR_NONCE,
    VAR_METHOD,
    VAR_PATH,
    VAR_BODY,
    VAR_BODY_SHA256,
    VAR_SIGN,
    VARS
};

/* Where a leaf stands decides what it may name. `secret.NAME` is known everywhere. */
#define VAR_BIT(v) (1U << (v))
#define VARS_MESSAGE (VAR_BIT(VAR_TIMESTAMP) - 1U)
#define VARS_TIME (VAR_BIT(VAR_TIMESTAMP) | VAR_BIT(VAR_TIMESTAMP_MS) | VAR_BIT(VAR_NONCE))
#define VARS_HTTP                                                                                  \
    (VAR_BIT(VAR_METHOD) | VAR_BIT(VAR_PATH) | VAR_BIT(VAR_BODY) | VAR_BIT(VAR_BODY_SHA256))
#define VARS_INCOMING (1U << VARS) /* header.NAME and query.NAME of a callback */

struct text {
    const char *s;
    size_t len;
};

struct op; /* program.c */

struct program {
    struct op *ops;
    size_t n, cap;
    uint32_t uses; /* VAR_BITs */
};

/* What leaves mean in one run. */
struct env {
    struct text v[VARS];
    const struct gw_message *m; /* what `each` loops over */
    size_t n;
    const struct gw_callback *in; /* header.NAME, query.NAME */
    const struct tv *secrets;
    struct buf *tmp; /* for leaves that go through the template engine */
};

void env_message(struct env *env, const struct gw_message *m);

/* Appends to out. ERR_DATA: a variable without value, or more than out holds. */
int program_run(const struct program *p, struct env *env, struct buf *out, struct err *e);

/* ---- compiling: the memory is the arena's; templates are noted for gateway_free ---- */

struct compiler {
    struct arena *arena;
    struct tv secrets; /* map */
    struct template **templates;
    size_t n_templates, cap_templates;
    /* of the program in work */
    struct program *p;
    struct buf pending; /* bytes that the next op follows */
    uint32_t vars;      /* what may be named here */
    bool loops;         /* `each` is allowed here */
};

void compile_begin(struct compiler *c, struct program *p, uint32_t vars, bool loops);
void compile_bytes(struct compiler *c, const void *data, size_t len);
int compile_leaf(struct compiler *c, const struct conf_node *at, const char *text,
                 template_escape escape, struct err *e);
/* A body tree. json: any value. form: a group of leaves, name=value&... */
int compile_json(struct compiler *c, const struct conf_node *node, struct err *e);
int compile_form(struct compiler *c, const struct conf_node *node, struct err *e);
void compile_end(struct compiler *c);

#endif
