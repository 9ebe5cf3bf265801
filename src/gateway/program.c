/*
 * program: running (see program.h). Compiling stands in compile.c.
 *
 * Invariant: no op changes the program; everything that a run needs comes in through the env, so that threads share programs.
 * Called by build.c, sign.c and callback.c.
 */
#include <string.h>
#include "ops.h"
#include "zhanchi/err.h"

const char *const var_names[VARS + 1] = {
    "ref",
    "phone",
    "text",
    "signature",
    "carrier_template",
    "carrier_variables",
    "timestamp",
    "timestamp_ms",
    "nonce",
    "method",
    "path",
    "body",
    "body_sha256",
    "sign",
    NULL,
};

static struct text text_of(const char *s)
{
    if (s == NULL)
        s = "";
    return (struct text){s, strlen(s)};
}

void env_message(struct env *env, const struct gw_message *m)
{
    env->v[VAR_REF] = text_of(m->ref);
    env->v[VAR_PHONE] = text_of(m->phone);
    env->v[VAR_TEXT] = text_of(m->text);
    env->v[VAR_SIGNATURE] = text_of(m->signature);
    env->v[VAR_CARRIER_TEMPLATE] = text_of(m->carrier_template);
    env->v[VAR_CARRIER_VARIABLES] = text_of(m->carrier_variables);
}

static int full(struct err *e)
{
    return err_set(e, ERR_DATA, "send fewer messages in a request, or shorter ones",
                   "a request is longer than allowed");
}

static int put(const struct op *op, struct text t, const char *name, struct buf *out, struct err *e)
{
    if (t.len == 0)
        return err_set(e, ERR_DATA, NULL, "there is no value for {{%s}}", name);
    return op->escape(out, t.s, t.len) == 0 ? 0 : full(e);
}

static struct text incoming(const struct op *op, const struct env *env)
{
    const struct gw_callback *in = env->in;

    return text_of(op->kind == OP_HEADER ? in->header(in->ctx, op->text)
                                         : in->query(in->ctx, op->text));
}

static int put_template(const struct op *op, struct env *env, struct buf *out, struct err *e)
{
    struct tv_member members[VARS + 1];
    struct tv root = {.type = TV_MAP, .members = members, .len = VARS + 1};

    for (size_t i = 0; i < VARS; i++) {
        const struct text *t = &env->v[i];
        members[i].name = var_names[i];
        members[i].value =
            (struct tv){.type = t->len ? TV_TEXT : TV_MISSING, .text = t->s, .len = t->len};
    }
    members[VARS] = (struct tv_member){"secret", *env->secrets};
    buf_reset(env->tmp);
    if (template_render(op->tpl, &root, template_escape_none, TEMPLATE_MISSING_ERROR, env->tmp,
                        e) != 0)
        return -1;
    return op->escape(out, buf_cstr(env->tmp), env->tmp->len) == 0 ? 0 : full(e);
}

static int run(const struct op *ops, size_t n, struct env *env, struct buf *out, struct err *e);

static int run_each(const struct op *op, struct env *env, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < env->n; i++) {
        if (i > 0 && buf_add(out, op->text, op->len) != 0)
            return full(e);
        env_message(env, &env->m[i]);
        if (run(op + 1, op->inside, env, out, e) != 0)
            return -1;
    }
    return 0;
}

static int run_op(const struct op *op, struct env *env, struct buf *out, struct err *e)
{
    switch (op->kind) {
    case OP_BYTES:
        return buf_add(out, op->text, op->len) == 0 ? 0 : full(e);
    case OP_VAR:
        return put(op, env->v[op->var], var_names[op->var], out, e);
    case OP_HEADER:
    case OP_QUERY:
        return put(op, incoming(op, env), op->text, out, e);
    case OP_TEMPLATE:
        return put_template(op, env, out, e);
    case OP_EACH:
        return run_each(op, env, out, e);
    }
    panic("gateway: op %d", (int)op->kind);
}

static int run(const struct op *ops, size_t n, struct env *env, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < n; i += 1 + ops[i].inside)
        if (run_op(&ops[i], env, out, e) != 0)
            return -1;
    return 0;
}

int program_run(const struct program *p, struct env *env, struct buf *out, struct err *e)
{
    return run(p->ops, p->n, env, out, e);
}
