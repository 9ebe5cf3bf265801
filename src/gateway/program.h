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
    /* of a message */
    VAR_REF,
    VAR_PHONE,   /* in the profile's number form */
    VAR_ADDRESS, /* as it is: of an email the mail address */
    VAR_SUBJECT,
    VAR_HTML,    /* an email's second body */
    VAR_TEXT,    /* signature in front */
    VAR_CONTENT, /* the text without it */
    VAR_SIGNATURE,
    VAR_CARRIER_TEMPLATE,
    VAR_CARRIER_VARIABLES, /* a JSON object's text */
    VAR_CARRIER_VALUES,    /* a JSON array's text: the values in their order */
    /* inside { each = "variable"; } */
    VAR_NAME,
    VAR_VALUE,
    /* of a request */
    VAR_BATCH_REF,   /* the first message's */
    VAR_PROVIDER_ID, /* of the message that is asked about */
    VAR_SENT_YMD,    /* the day on which it was handed over, likewise */
    VAR_TIMESTAMP,
    VAR_TIMESTAMP_MS,
    VAR_TIME_UTC,   /* 2026-11-27T08:00:05Z */
    VAR_TIME_MDHMS, /* 1127160005, the office's zone */
    VAR_TIME_YMD,   /* 20261127, the office's zone */
    VAR_NONCE,
    VAR_METHOD,
    VAR_PATH,
    VAR_BODY,
    VAR_BODY_SHA256,
    VAR_PARAMS, /* parameters of URL and form, sorted, without what names the signature */
    VAR_SIGN,
    VARS
};

/* Where a leaf stands decides what it may name. Constants (`secret.NAME`, `setting.NAME`, `callback.KIND`) are known everywhere. */
#define VAR_BIT(v) (1U << (v))
#define VARS_MESSAGE (VAR_BIT(VAR_NAME) - 1U)
#define VARS_VARIABLE (VAR_BIT(VAR_NAME) | VAR_BIT(VAR_VALUE))
#define VARS_TIME                                                                                  \
    (VAR_BIT(VAR_TIMESTAMP) | VAR_BIT(VAR_TIMESTAMP_MS) | VAR_BIT(VAR_TIME_UTC) |                  \
     VAR_BIT(VAR_TIME_MDHMS) | VAR_BIT(VAR_TIME_YMD) | VAR_BIT(VAR_NONCE))
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
    const struct compiler *constants;
    const char *number;         /* what stands before a phone number */
    uint32_t uses;              /* what is worth computing */
    struct buf *tmp;            /* for leaves that go through the template engine */
    struct buf *nest, *encoded; /* NEST_MAX each: texts inside texts */
    size_t depth;
    struct buf *values; /* of VAR_CARRIER_VALUES */
    char phone[64];
};
#define NEST_MAX 4

/* ERR_DATA: a number or variables that cannot be written. */
int env_message(struct env *env, const struct gw_message *m, struct err *e);

/* Appends to out. ERR_DATA: a variable without value, or more than out holds. */
int program_run(const struct program *p, struct env *env, struct buf *out, struct err *e);

/* ---- compiling: the memory is the arena's; templates are noted for gateway_free ---- */

struct compiler {
    struct arena *arena;
    struct tv secrets, settings, callbacks; /* maps */
    struct template **templates;
    size_t n_templates, cap_templates;
    /* of the program in work */
    struct program *p;
    struct buf pending; /* bytes that the next op follows */
    uint32_t vars;      /* what may be named here */
    uint32_t used;      /* what was named anywhere so far */
    bool loops;         /* `each = "message"` is allowed here */
    size_t depth;       /* of texts inside texts */
};

void compile_begin(struct compiler *c, struct program *p, uint32_t vars, bool loops);
void compile_bytes(struct compiler *c, const void *data, size_t len);
int compile_leaf(struct compiler *c, const struct conf_node *at, const char *text,
                 template_escape escape, struct err *e);
void compile_end(struct compiler *c);

/* ---- tree.c ---- */

/* A text: a leaf, or a group that makes one (see tree.c). */
int compile_value(struct compiler *c, const struct conf_node *node, template_escape escape,
                  struct err *e);
int compile_json(struct compiler *c, const struct conf_node *node, struct err *e); /* any value */
/* A group of values, name=value&...; parameters that name the signature are left out, or (signed_ones) are all there is, each
 * with & in front. *n: parameters before this form, and those written. */
int compile_form(struct compiler *c, const struct conf_node *node, bool signed_ones, size_t *n,
                 struct err *e);

#endif
