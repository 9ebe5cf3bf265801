/*
 * operation: what a profile says of one request that it can make: submit a message, submit a batch, pull reports, ask about a
 * message.
 *
 * A parameter of the URL or of a form that names {{sign}} is written behind all others and is no part of what is signed.
 * Called while a profile is loaded; build.c runs what is parsed here.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "profile.h"

static const char *const encodings[] = {"json", "form", "text", NULL};
static const char *const types[] = {"application/json; charset=utf-8",
                                    "application/x-www-form-urlencoded",
                                    "text/plain; charset=utf-8"};
static const char *const methods[] = {"POST", "GET", NULL};

uint32_t operation_vars(const struct operation *op)
{
    switch (op->kind) {
    case OPERATION_SINGLE:
        return VARS_MESSAGE;
    case OPERATION_BATCH:
        return op->same | VAR_BIT(VAR_BATCH_REF);
    case OPERATION_QUERY:
        return VAR_BIT(VAR_REF) | VAR_BIT(VAR_PHONE) | VAR_BIT(VAR_PROVIDER_ID) |
               VAR_BIT(VAR_SENT_YMD);
    default:
        return 0;
    }
}

/* What may be named outside of a loop. */
static uint32_t outer_vars(const struct operation *op)
{
    return VARS_TIME | operation_vars(op) | (op->sign.before_body ? VAR_BIT(VAR_SIGN) : 0);
}

/* ---- URL ---- */

static int parse_path(struct compiler *c, struct gateway *g, const struct conf_node *group,
                      struct operation *op, struct err *e)
{
    const struct conf_node *node = profile_need(group, "path", e);
    struct program none;
    const char *path;

    if (node == NULL || conf_node_str(group, "path", "", &path, e) != 0)
        return -1;
    if (path[0] != '/')
        return conf_node_err(node, e, NULL, "a path begins with /");
    compile_begin(c, &none, 0, false); /* constants only: the path is part of what is signed */
    compile_bytes(c, g->base_path, strlen(g->base_path));
    if (compile_leaf(c, node, path, template_escape_none, e) != 0)
        return -1;
    op->path = arena_strdup(c->arena, buf_cstr(&c->pending));
    for (const char *s = op->path; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == '?' || *s == '#')
            return conf_node_err(node, e, "parameters stand in query = { ... }",
                                 "a path cannot hold blanks, line breaks, ? or #");
    return 0;
}

static int parse_url(struct compiler *c, struct gateway *g, const struct conf_node *group,
                     struct operation *op, struct err *e)
{
    const struct conf_node *query;
    size_t n = 0;

    if (parse_path(c, g, group, op, e) != 0 || profile_group(group, "query", &query, e) != 0)
        return -1;
    compile_begin(c, &op->query, outer_vars(op), op->kind == OPERATION_BATCH);
    if (query && compile_form(c, query, false, &n, e) != 0)
        return -1;
    compile_end(c);
    compile_begin(c, &op->query_tail, outer_vars(op) | VAR_BIT(VAR_SIGN),
                  op->kind == OPERATION_BATCH);
    if (query && compile_form(c, query, true, &n, e) != 0)
        return -1;
    compile_end(c);
    return 0;
}

/* ---- headers ---- */

static int add_header(struct compiler *c, const char *name, const struct conf_node *node,
                      struct err *e)
{
    compile_bytes(c, name, strlen(name));
    compile_bytes(c, ": ", 2);
    size_t from = c->pending.len;
    if (compile_value(c, node, template_escape_none, e) != 0)
        return -1;
    for (size_t i = from; i < c->pending.len; i++)
        if ((unsigned char)c->pending.data[i] < ' ')
            return conf_node_err(node, e, "is there a line break at the end of a secret?",
                                 "header %s holds a control character", name);
    compile_bytes(c, "", 1);
    return 0;
}

/* Names of headers are the same in upper and lower case. */
static bool has_header(const struct conf_node *group, const char *name)
{
    for (size_t i = 0; group && i < conf_node_count(group); i++)
        if (strcasecmp(conf_node_name(conf_node_item(group, i)), name) == 0)
            return true;
    return false;
}

/* Headers of the operation in front; those of the profile that it does not repeat; the body's type unless given. */
static int parse_headers(struct compiler *c, struct gateway *g, const struct conf_node *group,
                         struct operation *op, const char *type, struct err *e)
{
    const struct conf_node *own, *common = g->common_headers;
    bool typed = type == NULL;

    if (profile_group(group, "headers", &own, e) != 0)
        return -1;
    compile_begin(c, &op->headers,
                  VARS_TIME | VAR_BIT(VAR_METHOD) | VAR_BIT(VAR_PATH) | VAR_BIT(VAR_BODY_SHA256) |
                      VAR_BIT(VAR_SIGN) | operation_vars(op),
                  false);
    for (int round = 0; round < 2; round++) {
        const struct conf_node *from = round == 0 ? own : common;
        for (size_t i = 0; from && i < conf_node_count(from); i++) {
            const struct conf_node *node = conf_node_item(from, i);
            const char *name = conf_node_name(node);
            if (round == 1 && has_header(own, name))
                continue;
            typed = typed || strcasecmp(name, "Content-Type") == 0;
            if (add_header(c, name, node, e) != 0)
                return -1;
        }
    }
    if (!typed) {
        compile_bytes(c, "Content-Type: ", 14);
        compile_bytes(c, type, strlen(type) + 1);
    }
    compile_end(c);
    return 0;
}

/* ---- body ---- */

/* encoding = "json" or [ "json", "base64" ]: what the body is, and what is then done with the whole of it. */
static int parse_encoding(struct compiler *c, const struct conf_node *group, struct operation *op,
                          int *encoding, struct err *e)
{
    const struct conf_node *node = conf_node_get(group, "encoding");
    char tmp[40];

    *encoding = 0;
    if (node == NULL || conf_node_type(node) != CONF_LIST)
        return profile_choose(group, "encoding", encodings, encoding, e);
    const char *first = conf_node_count(node) ? conf_node_text(conf_node_item(node, 0), tmp) : NULL;
    for (*encoding = 0; encodings[*encoding]; ++*encoding)
        if (first && strcmp(encodings[*encoding], first) == 0)
            break;
    if (encodings[*encoding] == NULL)
        return profile_unknown_word(node, "encoding", first ? first : "", encodings, e);
    return profile_encodings(c, node, 1, &op->encoding, e);
}

static int compile_body(struct compiler *c, const struct conf_node *body, int encoding,
                        struct operation *op, struct err *e)
{
    size_t n = 0;

    compile_begin(c, &op->body, outer_vars(op), op->kind == OPERATION_BATCH);
    int rc = encoding == 0   ? compile_json(c, body, e)
             : encoding == 1 ? compile_form(c, body, false, &n, e)
                             : compile_value(c, body, template_escape_none, e);
    if (rc != 0)
        return -1;
    compile_end(c);
    compile_begin(c, &op->body_tail, outer_vars(op) | VAR_BIT(VAR_SIGN),
                  op->kind == OPERATION_BATCH);
    if (encoding == 1 && compile_form(c, body, true, &n, e) != 0)
        return -1;
    compile_end(c);
    if (op->body_tail.n > 0 && op->encoding)
        return conf_node_err(body, e, "name {{sign}} in a header or in query",
                             "a body that is encoded as a whole cannot hold its signature");
    return 0;
}

static int parse_body(struct compiler *c, const struct conf_node *group, struct operation *op,
                      const char **type, struct err *e)
{
    const struct conf_node *body = conf_node_get(group, "body");
    int encoding;

    *type = NULL;
    if (parse_encoding(c, group, op, &encoding, e) != 0)
        return -1;
    if (strcmp(op->method, "GET") == 0)
        return body ? conf_node_err(body, e, "use query = { ... }", "a GET has no body") : 0;
    *type = types[encoding];
    op->form = encoding == 1 && op->encoding == NULL; /* encoded as a whole it is none any more */
    if (body == NULL && encoding == 1)                /* all parameters stand in the URL */
        return 0;
    if ((body = profile_need(group, "body", e)) == NULL)
        return -1;
    return compile_body(c, body, encoding, op, e);
}

/* ---- the whole ---- */

/* same = [ "text" ]: what all messages of a request have in common, and may therefore be named outside of loops. */
static int parse_same(const struct conf_node *group, struct operation *op, struct err *e)
{
    const struct conf_node *list = conf_node_get(group, "same");
    char tmp[40];

    if (list && conf_node_type(list) != CONF_LIST)
        return conf_node_err(list, e, "write same = [ \"text\" ]", "same is no list");
    for (size_t i = 0; list && i < conf_node_count(list); i++) {
        static const char *const words[] = {"text", "signature", "carrier_template",
                                            "carrier_variables", NULL};
        static const uint32_t bits[] = {VAR_BIT(VAR_TEXT) | VAR_BIT(VAR_CONTENT),
                                        VAR_BIT(VAR_SIGNATURE), VAR_BIT(VAR_CARRIER_TEMPLATE),
                                        VAR_BIT(VAR_CARRIER_VARIABLES) |
                                            VAR_BIT(VAR_CARRIER_VALUES)};
        const char *word = conf_node_text(conf_node_item(list, i), tmp);
        size_t k = 0;
        while (words[k] && (word == NULL || strcmp(words[k], word) != 0))
            k++;
        if (words[k] == NULL)
            return profile_unknown_word(conf_node_item(list, i), "same", word ? word : "", words,
                                        e);
        op->same |= bits[k];
    }
    return 0;
}

static int parse_max(const struct conf_node *group, struct operation *op, struct err *e)
{
    bool batch = op->kind == OPERATION_BATCH;
    int64_t max = 1;

    if (batch && conf_node_int(group, "max", 100, 2, 10000, &max, e) != 0)
        return -1;
    op->max = (int)max;
    if (batch)
        return parse_same(group, op, e);
    if (conf_node_get(group, "max") || conf_node_get(group, "same"))
        return conf_node_err(group, e, "put it into batch", "max and same have no meaning here");
    return 0;
}

/* What the request needs computed. */
static int find_uses(const struct conf_node *group, struct operation *op, struct err *e)
{
    op->uses = op->query.uses | op->query_tail.uses | op->headers.uses | op->body.uses |
               op->body_tail.uses;
    if (!(op->uses & VAR_BIT(VAR_SIGN)))
        return 0;
    if (op->sign.kind != SIGN_RECIPE)
        return conf_node_err(group, e, "add sign = { method = ...; parts = ...; }",
                             "{{sign}} is used, but nothing makes it");
    op->uses |= op->sign.parts.uses;
    if ((op->body.uses & VAR_BIT(VAR_SIGN)) && (op->sign.parts.uses & VARS_HTTP))
        return conf_node_err(group, e, "name {{sign}} in a header or as a parameter",
                             "the body holds a signature of itself");
    return 0;
}

int operation_parse(struct compiler *c, struct gateway *g, const struct conf_node *group,
                    const char *const *further, enum operation_kind kind, struct operation *op,
                    struct err *e)
{
    const char *known[24] = {"method", "path", "query", "headers", "encoding",
                             "body",   "max",  "same",  "sign",    "answer"};
    const struct conf_node *own;
    const char *type;
    int method;

    op->kind = kind;
    for (size_t n = 10; further && *further && n < 23; n++)
        known[n] = *further++;
    if (conf_node_known(group, known, e) != 0 ||
        profile_choose(group, "method", methods, &method, e) != 0 || parse_max(group, op, e) != 0)
        return -1;
    snprintf(op->method, sizeof op->method, "%s", methods[method]);
    if (sign_parse(c, g, group, op, e) != 0 || parse_url(c, g, group, op, e) != 0 ||
        parse_body(c, group, op, &type, e) != 0 || parse_headers(c, g, group, op, type, e) != 0 ||
        find_uses(group, op, e) != 0 || profile_group(group, "answer", &own, e) != 0)
        return -1;
    op->answer = &g->answer;
    if (own) {
        op->answer = arena_alloc(c->arena, sizeof *op->answer);
        memset(op->answer, 0, sizeof *op->answer);
        if (answer_parse(c, g, own, op->answer, e) != 0)
            return -1;
    }
    op->present = true;
    return 0;
}
