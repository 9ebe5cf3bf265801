/*
 * tree: from a profile's tree to a program: JSON bodies, forms, and texts that are made of other texts.
 *
 * Where a text may stand, a group may stand that makes one:
 *   { each = "message"; item = TEXT; join = ","; }    one a message of the batch, joined
 *   { each = "variable"; item = TEXT; join = ","; }   one a variable of a filed text: {{name}}, {{value}}
 *   { json = TREE; }                                  a JSON document as a text
 *   { encode = [ "gbk", "percent" ]; value = TEXT; }  through encodings and digests (encode.h)
 *   ( TEXT, TEXT ) as `value` or `item`               one behind the other
 * and in a JSON tree also:
 *   { each = "message"; item = TREE; }                an array
 *   { raw = TEXT; }                                   JSON as it stands: numbers from templates, prepared objects
 * In a form a text whose last encoding is percent is not encoded once more.
 */
#include <string.h>
#include "ops.h"
#include "profile.h"
#include "zhanchi/json.h"

static void put(struct compiler *c, const char *s)
{
    compile_bytes(c, s, strlen(s));
}

static int texts(struct compiler *c, const struct conf_node *node, template_escape escape,
                 struct err *e);

/* ---- loops ---- */

typedef int (*compile_fn)(struct compiler *c, const struct conf_node *node, template_escape escape,
                          struct err *e);

static int loop_kind(struct compiler *c, const struct conf_node *group, enum op_kind *kind,
                     struct err *e)
{
    static const char *const known[] = {"each", "item", "join", NULL};
    const char *over;

    if (conf_node_known(group, known, e) != 0 || conf_node_str(group, "each", "", &over, e) != 0)
        return -1;
    *kind = strcmp(over, "variable") == 0 ? OP_VARIABLE : OP_EACH;
    if (*kind == OP_EACH && strcmp(over, "message") != 0)
        return conf_node_err(group, e, "write each = \"message\" or each = \"variable\"",
                             "cannot loop over \"%s\"", over);
    if (conf_node_get(group, "item") == NULL)
        return conf_node_err(group, e, "add item = ...", "a loop has no item");
    if (*kind == OP_EACH && !c->loops)
        return conf_node_err(
            group, e, NULL,
            "a loop over messages cannot stand inside another, nor outside a batch");
    if (*kind == OP_VARIABLE && !(c->vars & VAR_BIT(VAR_CARRIER_VARIABLES)))
        return conf_node_err(group, e, "put it where a message is", "there are no variables here");
    if (*kind == OP_VARIABLE && (c->vars & VAR_BIT(VAR_NAME)))
        return conf_node_err(group, e, NULL, "a loop over variables cannot stand inside another");
    return 0;
}

static int compile_loop(struct compiler *c, const struct conf_node *group, const char *separator,
                        size_t len, compile_fn item, template_escape escape, struct err *e)
{
    uint32_t vars = c->vars;
    bool loops = c->loops;
    enum op_kind kind;

    if (loop_kind(c, group, &kind, e) != 0)
        return -1;
    struct op *op = compile_op(c, kind);
    size_t at = (size_t)(op - c->p->ops);
    op->text = arena_memdup(c->arena, separator, len);
    op->len = len;
    if (kind == OP_EACH) {
        c->vars |= VARS_MESSAGE;
        c->loops = false;
    } else {
        c->vars |= VARS_VARIABLE;
        c->p->uses |= VAR_BIT(VAR_CARRIER_VARIABLES);
    }
    int rc = item(c, conf_node_get(group, "item"), escape, e);
    c->vars = vars;
    c->loops = loops;
    compile_flush(c);
    c->p->ops[at].inside = c->p->n - at - 1;
    return rc;
}

static int joined(struct compiler *c, const struct conf_node *group, template_escape escape,
                  struct err *e)
{
    struct buf separator;
    const char *join;

    if (conf_node_str(group, "join", NULL, &join, e) != 0)
        return -1;
    if (join == NULL)
        return conf_node_err(group, e, "add join = \",\"", "a loop in a text needs join");
    buf_init(&separator, 1024);
    int rc = escape(&separator, join, strlen(join)) == 0
                 ? compile_loop(c, group, buf_cstr(&separator), separator.len, texts, escape, e)
                 : conf_node_err(group, e, NULL, "join is too long");
    buf_fini(&separator);
    return rc;
}

/* ---- texts of texts ---- */

/* Compiles `node` as the inside of a new OP_NEST. */
static int nest(struct compiler *c, const struct conf_node *node, compile_fn inner,
                const struct encode_chain *chain, template_escape escape, struct err *e)
{
    if (c->depth == NEST_MAX)
        return conf_node_err(node, e, NULL, "texts inside texts, deeper than %d", NEST_MAX);
    struct op *op = compile_op(c, OP_NEST);
    size_t at = (size_t)(op - c->p->ops);
    op->escape = escape;
    op->chain = chain;
    c->depth++;
    int rc = inner(c, node, template_escape_none, e);
    c->depth--;
    compile_flush(c);
    c->p->ops[at].inside = c->p->n - at - 1;
    return rc;
}

static int json_inside(struct compiler *c, const struct conf_node *node, template_escape escape,
                       struct err *e)
{
    (void)escape;
    return compile_json(c, node, e);
}

static int encoded(struct compiler *c, const struct conf_node *group, template_escape escape,
                   struct err *e)
{
    static const char *const known[] = {"encode", "value", NULL};
    const struct conf_node *value = conf_node_get(group, "value");
    struct encode_chain *chain;

    if (conf_node_known(group, known, e) != 0 ||
        profile_encodings(c, conf_node_get(group, "encode"), 0, &chain, e) != 0)
        return -1;
    if (value == NULL)
        return conf_node_err(group, e, "add value = ...", "nothing is encoded");
    if (escape == template_escape_url &&
        (encode_ends_in(chain, "percent") || encode_ends_in(chain, "percent-lower")))
        escape = template_escape_none;
    return nest(c, value, texts, chain, escape, e);
}

static int text_group(struct compiler *c, const struct conf_node *group, template_escape escape,
                      struct err *e)
{
    static const char *const known[] = {"json", NULL};

    if (conf_node_get(group, "each"))
        return joined(c, group, escape, e);
    if (conf_node_get(group, "encode"))
        return encoded(c, group, escape, e);
    if (conf_node_get(group, "json"))
        return conf_node_known(group, known, e) != 0
                   ? -1
                   : nest(c, conf_node_get(group, "json"), json_inside, NULL, escape, e);
    return conf_node_err(group, e,
                         "write a text, or { each = ...; }, { json = ...; }, { encode = ...; }",
                         "this group makes no text");
}

int compile_value(struct compiler *c, const struct conf_node *node, template_escape escape,
                  struct err *e)
{
    char tmp[40];

    if (conf_node_type(node) == CONF_GROUP)
        return text_group(c, node, escape, e);
    if (conf_node_type(node) == CONF_LIST)
        return conf_node_err(node, e, "write a text, or a group that makes one",
                             "a list is no text: here stand texts only");
    return compile_leaf(c, node, conf_node_text(node, tmp), escape, e);
}

/* One text, or a list of texts one behind the other. */
static int texts(struct compiler *c, const struct conf_node *node, template_escape escape,
                 struct err *e)
{
    if (conf_node_type(node) != CONF_LIST)
        return compile_value(c, node, escape, e);
    for (size_t i = 0; i < conf_node_count(node); i++)
        if (compile_value(c, conf_node_item(node, i), escape, e) != 0)
            return -1;
    return 0;
}

/* ---- JSON ---- */

static int quoted(struct compiler *c, const struct conf_node *node, struct err *e)
{
    put(c, "\"");
    int rc = compile_value(c, node, template_escape_json, e);
    put(c, "\"");
    return rc;
}

static int array(struct compiler *c, const struct conf_node *group, struct err *e)
{
    put(c, "[");
    int rc = compile_loop(c, group, ",", 1, json_inside, template_escape_json, e);
    put(c, "]");
    return rc;
}

static int raw(struct compiler *c, const struct conf_node *group, struct err *e)
{
    static const char *const known[] = {"raw", NULL};

    return conf_node_known(group, known, e) != 0
               ? -1
               : compile_value(c, conf_node_get(group, "raw"), template_escape_none, e);
}

static int object(struct compiler *c, const struct conf_node *group, struct err *e)
{
    put(c, "{");
    for (size_t i = 0; i < conf_node_count(group); i++) {
        const struct conf_node *member = conf_node_item(group, i);
        const char *key = conf_node_name(member);
        if (i > 0)
            put(c, ",");
        json_quote(&c->pending, key, strlen(key));
        put(c, ":");
        if (compile_json(c, member, e) != 0)
            return -1;
    }
    put(c, "}");
    return 0;
}

static int json_group(struct compiler *c, const struct conf_node *group, struct err *e)
{
    if (conf_node_get(group, "each") && conf_node_get(group, "join") == NULL)
        return array(c, group, e);
    if (conf_node_get(group, "raw"))
        return raw(c, group, e);
    if (conf_node_get(group, "each") || conf_node_get(group, "encode") ||
        (conf_node_get(group, "json") && conf_node_count(group) == 1))
        return quoted(c, group, e);
    return object(c, group, e);
}

int compile_json(struct compiler *c, const struct conf_node *node, struct err *e)
{
    char tmp[40];

    switch (conf_node_type(node)) {
    case CONF_GROUP:
        return json_group(c, node, e);
    case CONF_LIST:
        put(c, "[");
        for (size_t i = 0; i < conf_node_count(node); i++) {
            if (i > 0)
                put(c, ",");
            if (compile_json(c, conf_node_item(node, i), e) != 0)
                return -1;
        }
        put(c, "]");
        return 0;
    case CONF_STRING:
        return quoted(c, node, e);
    case CONF_REAL:
        if (strchr(conf_node_text(node, tmp), 'n')) /* inf, nan */
            return conf_node_err(node, e, NULL, "JSON has no such number");
        put(c, tmp);
        return 0;
    default:
        put(c, conf_node_text(node, tmp));
        return 0;
    }
}

/* ---- forms ---- */

/* Whether a value names the signature: it is then no part of what is signed. */
static bool names_sign(const struct conf_node *node)
{
    char tmp[40];

    if (conf_node_type(node) == CONF_GROUP || conf_node_type(node) == CONF_LIST) {
        for (size_t i = 0; i < conf_node_count(node); i++)
            if (names_sign(conf_node_item(node, i)))
                return true;
        return false;
    }
    return strstr(conf_node_text(node, tmp), "{{sign}}") != NULL;
}

int compile_form(struct compiler *c, const struct conf_node *node, bool signed_ones, size_t *n,
                 struct err *e)
{
    if (conf_node_type(node) != CONF_GROUP)
        return conf_node_err(node, e, "write { name = \"value\"; ... }", "a form is a group");
    for (size_t i = 0; i < conf_node_count(node); i++) {
        const struct conf_node *member = conf_node_item(node, i);
        const char *key = conf_node_name(member);
        if (names_sign(member) != signed_ones)
            continue;
        if ((*n)++ > 0)
            put(c, "&");
        template_escape_url(&c->pending, key, strlen(key));
        put(c, "=");
        if (compile_value(c, member, template_escape_url, e) != 0)
            return -1;
    }
    return 0;
}
