/*
 * program: running (see program.h). Compiling stands in compile.c.
 *
 * Invariant: no op changes the program; everything that a run needs comes in through the env, so that threads share programs.
 * Called by build.c, sign.c and callback.c.
 */
#include <stdio.h>
#include <string.h>
#include "ops.h"
#include "zhanchi/err.h"
#include "zhanchi/json.h"

const char *const var_names[VARS + 1] = {
    "ref",
    "phone",
    "address",
    "subject",
    "html",
    "text",
    "content",
    "signature",
    "carrier_template",
    "carrier_variables",
    "carrier_values",
    "name",
    "value",
    "batch_ref",
    "provider_id",
    "sent_ymd",
    "timestamp",
    "timestamp_ms",
    "time_utc",
    "time_mdhms",
    "time_ymd",
    "nonce",
    "method",
    "path",
    "body",
    "body_sha256",
    "params",
    "sign",
    NULL,
};

static struct text text_of(const char *s)
{
    if (s == NULL)
        s = "";
    return (struct text){s, strlen(s)};
}

static int full(struct err *e)
{
    return err_set(e, ERR_DATA, "send fewer messages in a request, or shorter ones",
                   "a request is longer than allowed");
}

/* The text behind its signature: some gateways put the signature in front themselves. */
static struct text content_of(const struct gw_message *m)
{
    static const char open[] = "\xe3\x80\x90", close[] = "\xe3\x80\x91"; /* the brackets */
    struct text t = text_of(m->text), s = text_of(m->signature);
    size_t frame = 2 * (sizeof open - 1);

    if (t.len >= s.len + frame && memcmp(t.s, open, sizeof open - 1) == 0 &&
        memcmp(t.s + sizeof open - 1, s.s, s.len) == 0 &&
        memcmp(t.s + sizeof open - 1 + s.len, close, sizeof close - 1) == 0)
        return (struct text){t.s + s.len + frame, t.len - s.len - frame};
    return t;
}

/* Filed texts: their variables without their names, as a JSON array. */
static int values_of(struct env *env, const char *variables, struct err *e)
{
    struct buf *out = env->values;
    struct json *root = NULL;
    const struct json *value;
    void *iter = NULL;
    const char *name, *comma = "";
    char tmp[40];

    buf_reset(out);
    buf_addc(out, '[');
    if (variables[0] != '\0' && (root = json_parse(variables, strlen(variables), e)) == NULL)
        return -1;
    while (root && json_each(root, &iter, &name, &value)) {
        const char *text = json_text(value, tmp);
        buf_adds(out, comma);
        json_quote(out, text ? text : "", text ? strlen(text) : 0);
        comma = ",";
    }
    json_free(root);
    buf_addc(out, ']');
    env->v[VAR_CARRIER_VALUES] = (struct text){buf_cstr(out), out->len};
    return out->failed ? full(e) : 0;
}

static int number_of(struct env *env, const char *phone, struct err *e)
{
    env->v[VAR_PHONE] = text_of(phone);
    if (env->number == NULL || env->number[0] == '\0' || phone == NULL || phone[0] == '\0')
        return 0;
    int n = snprintf(env->phone, sizeof env->phone, "%s%s", env->number, phone);
    if (n < 0 || (size_t)n >= sizeof env->phone)
        return err_set(e, ERR_DATA, NULL, "a number is too long");
    env->v[VAR_PHONE] = (struct text){env->phone, (size_t)n};
    return 0;
}

int env_message(struct env *env, const struct gw_message *m, struct err *e)
{
    env->v[VAR_REF] = text_of(m->ref);
    env->v[VAR_ADDRESS] = text_of(m->phone);
    env->v[VAR_SUBJECT] = text_of(m->subject);
    env->v[VAR_HTML] = text_of(m->html);
    env->v[VAR_TEXT] = text_of(m->text);
    env->v[VAR_SIGNATURE] = text_of(m->signature);
    env->v[VAR_CARRIER_TEMPLATE] = text_of(m->carrier_template);
    env->v[VAR_CARRIER_VARIABLES] = text_of(m->carrier_variables);
    if (env->uses & VAR_BIT(VAR_CONTENT))
        env->v[VAR_CONTENT] = content_of(m);
    if ((env->uses & VAR_BIT(VAR_CARRIER_VALUES)) &&
        values_of(env, m->carrier_variables ? m->carrier_variables : "", e) != 0)
        return -1;
    return number_of(env, m->phone, e);
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
    struct tv_member members[VARS + 3];
    struct tv root = {.type = TV_MAP, .members = members, .len = VARS + 3};

    for (size_t i = 0; i < VARS; i++) {
        const struct text *t = &env->v[i];
        members[i].name = var_names[i];
        members[i].value =
            (struct tv){.type = t->len ? TV_TEXT : TV_MISSING, .text = t->s, .len = t->len};
    }
    members[VARS] = (struct tv_member){"secret", env->constants->secrets};
    members[VARS + 1] = (struct tv_member){"setting", env->constants->settings};
    members[VARS + 2] = (struct tv_member){"callback", env->constants->callbacks};
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
        if (env_message(env, &env->m[i], e) != 0 || run(op + 1, op->inside, env, out, e) != 0)
            return -1;
    }
    return 0;
}

static int run_variables(const struct op *op, struct env *env, struct buf *out, struct err *e)
{
    struct text variables = env->v[VAR_CARRIER_VARIABLES];
    const struct json *value;
    struct json *root;
    void *iter = NULL;
    const char *name;
    char tmp[40];
    int rc = 0;

    if (variables.len == 0)
        return 0;
    if ((root = json_parse(variables.s, variables.len, e)) == NULL)
        return -1;
    for (size_t i = 0; rc == 0 && json_each(root, &iter, &name, &value); i++) {
        if (i > 0 && buf_add(out, op->text, op->len) != 0)
            rc = full(e);
        env->v[VAR_NAME] = text_of(name);
        env->v[VAR_VALUE] = text_of(json_text(value, tmp));
        if (rc == 0)
            rc = run(op + 1, op->inside, env, out, e);
    }
    json_free(root);
    return rc;
}

static int run_nest(const struct op *op, struct env *env, struct buf *out, struct err *e)
{
    struct buf *inner = &env->nest[env->depth], *encoded = &env->encoded[env->depth];

    if (env->depth == NEST_MAX)
        panic("gateway: texts inside texts deeper than compiled");
    buf_reset(inner);
    buf_reset(encoded);
    env->depth++;
    int rc = run(op + 1, op->inside, env, inner, e);
    env->depth--;
    if (rc != 0)
        return -1;
    if (op->chain == NULL)
        return op->escape(out, buf_cstr(inner), inner->len) == 0 ? 0 : full(e);
    if (encode_run(op->chain, buf_cstr(inner), inner->len, encoded, e) != 0)
        return -1;
    return op->escape(out, buf_cstr(encoded), encoded->len) == 0 ? 0 : full(e);
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
    case OP_VARIABLE:
        return run_variables(op, env, out, e);
    case OP_NEST:
        return run_nest(op, env, out, e);
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
