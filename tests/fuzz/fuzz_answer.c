/*
 * fuzz_answer: what a provider, or somebody in between, answers to a submit: byte 0 the profile, byte 1 how many messages and how the transfer
 * ended, byte 2 the status, then the body.
 *
 * The rule that nothing is sent twice hangs on: no class but UNKNOWN is ever given unless the profile declares it. A second reader of the
 * profile's tables, which shares nothing with src/gateway but libconfig, looks at each verdict: its class must be declared for its code (or, without one, for
 * the status), "accepted" under an accepting status only; what was not answered in full is UNKNOWN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

/* ---- the profile's tables, read again ---- */

struct tables {
    struct conf_tree *tree;
    const struct conf_node *answer;
};

static const struct tables *tables_of(size_t profile)
{
    static struct tables all[64];
    struct tables *t = &all[profile];
    struct fuzz_source source = fuzz_source(profile);
    char path[1024];
    struct err e;

    if (t->answer)
        return t;
    if (source.text) {
        snprintf(path, sizeof path, "/tmp/zc-fuzz-%zu-XXXXXX", profile);
        int fd = mkstemp(path);
        FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
        fuzz_check(f != NULL);
        fputs(source.text, f);
        fclose(f);
    } else {
        snprintf(path, sizeof path, "%s/%s", ZHANCHI_GATEWAYS,
                 source.base ? source.base : source.file);
    }
    t->tree = conf_tree_load(path, &e);
    if (source.text)
        remove(path);
    fuzz_check(t->tree != NULL);
    t->answer = conf_node_get(conf_tree_root(t->tree), "answer");
    fuzz_check(t->answer != NULL);
    return t;
}

/* The class under whose name a text stands; a star at an end fits all that begins so, the longest first. "" if none. */
static const char *class_of(const struct conf_node *classes, const char *code)
{
    const char *best = "";
    size_t best_len = 0;
    bool any = false;
    char tmp[40];

    for (size_t i = 0; classes && i < conf_node_count(classes); i++) {
        const struct conf_node *list = conf_node_item(classes, i);
        for (size_t k = 0; k < conf_node_count(list); k++) {
            const char *text = conf_node_text(conf_node_item(list, k), tmp);
            size_t len = strlen(text);
            if (strcmp(text, code) == 0 && text[len - 1] != '*')
                return conf_node_name(list);
            if (text[len - 1] != '*' || strncmp(text, code, len - 1) != 0)
                continue;
            if (!any || len - 1 > best_len)
                best = conf_node_name(list);
            if (!any || len - 1 > best_len)
                best_len = len - 1;
            any = true;
        }
    }
    return best;
}

static bool has_status(const struct conf_node *answer, const char *key, int status)
{
    const struct conf_node *list = conf_node_get(answer, key);
    char tmp[40];

    if (list == NULL)
        return status == 200;
    for (size_t i = 0; i < conf_node_count(list); i++)
        if (atoi(conf_node_text(conf_node_item(list, i), tmp)) == status)
            return true;
    return false;
}

/* ---- what a verdict may be ---- */

/* Codes that were cut or whose bytes were replaced cannot be looked up again. A blank becomes '_', which is also a letter of codes. */
static bool whole_code(const struct gw_answer *a, const char *code)
{
    if (strchr(code, '?') != NULL || strlen(code) >= 31)
        return false;
    return strchr(code, '_') == NULL || memmem(a->body, a->body_len, code, strlen(code)) != NULL;
}

static void check_code(const struct tables *t, const struct gw_answer *a, const struct gw_result *r)
{
    const char *declared = class_of(conf_node_get(t->answer, "classes"), r->code);

    fuzz_check(has_status(t->answer, "statuses", a->status));
    fuzz_check(r->class != CLASS_OK || has_status(t->answer, "accepting", a->status));
    fuzz_check(!whole_code(a, r->code) || strcmp(declared, message_class_name(r->class)) == 0);
    /* The provider has said so: the code stands in the body, unless it is written in another way. */
    if (whole_code(a, r->code) && memchr(a->body, '\\', a->body_len) == NULL &&
        strspn(r->code, "-0123456789.") == 0)
        fuzz_check(memmem(a->body, a->body_len, r->code, strlen(r->code)) != NULL);
}

static void check_verdict(const struct tables *t, const struct gw_answer *a,
                          const struct gw_result *r)
{
    char status[16], http[24];
    const char *absent;
    struct err e;

    snprintf(status, sizeof status, "%d", a->status);
    snprintf(http, sizeof http, "http-%d", a->status);
    fuzz_check(r->class >= CLASS_OK && r->class <= CLASS_UNKNOWN);
    fuzz_check(r->retry_after_ms == 0 || r->class == CLASS_RETRY || r->class == CLASS_LIMIT ||
               r->class == CLASS_CONFIG);
    for (const char *s = r->code; *s; s++)
        fuzz_check(*s > ' ' && *s <= '~');
    for (const char *s = r->provider_id; *s; s++)
        fuzz_check(*s > ' ' && *s <= '~');
    if (r->class == CLASS_UNKNOWN)
        return;
    fuzz_check(conf_node_str(t->answer, "absent", "", &absent, &e) == 0);
    if (r->code[0] == '\0' && strcmp(absent, message_class_name(r->class)) == 0)
        fuzz_check(has_status(t->answer, "accepting", a->status));
    else if (strcmp(r->code, http) == 0)
        fuzz_check(strcmp(class_of(conf_node_get(t->answer, "http"), status),
                          message_class_name(r->class)) == 0);
    else
        check_code(t, a, r);
}

static const int statuses[] = {200, 201, 202, 204, 301, 400, 401, 402, 403, 404,
                               405, 410, 413, 422, 429, 500, 502, 503, 504, 599};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_result r[FUZZ_MESSAGES];
    bool whole;

    if (size < 3)
        return 0;
    size_t profile = data[0] % fuzz_profiles();
    size_t n = 1 + (size_t)(data[1] & 7) % FUZZ_MESSAGES;
    const struct gateway *g = fuzz_gateway(profile);
    if (n > (size_t)gateway_limits(g)->batch)
        n = 1;
    const struct gw_answer a = {.handed_over = !(data[1] & 0x80),
                                .complete = !(data[1] & 0xc0),
                                .status = statuses[data[2] % (sizeof statuses / sizeof *statuses)],
                                .retry_after_ms = data[1] & 0x20 ? 5000 : 0,
                                .body = (const char *)data + 3,
                                .body_len = size - 3,
                                .end = data[1] & 0x10 ? "timeout" : "",
                                .transport_error = ""};
    memset(r, 0x7f, sizeof r);
    gateway_judge(g, &a, fuzz_messages(), n, r, &whole);
    for (size_t i = 0; i < n; i++) {
        if (!a.handed_over)
            fuzz_check(r[i].class == CLASS_RETRY && strcmp(r[i].code, "not-sent") == 0);
        else if (!a.complete)
            fuzz_check(r[i].class == CLASS_UNKNOWN);
        else
            check_verdict(tables_of(profile), &a, &r[i]);
        if (whole)
            fuzz_check(r[i].class == r[0].class && r[i].class != CLASS_OK &&
                       r[i].class != CLASS_UNKNOWN);
    }
    for (enum gw_pull what = GW_PULL_RECEIPTS; what <= GW_PULL_QUERY; what++) {
        size_t reports;
        struct err e = {0};
        if (gateway_can_pull(g, what) && gateway_judge_pull(g, what, &a, &reports, &e) != 0)
            fuzz_check(e.kind != ERR_NONE && reports == 0);
    }
    return 0;
}
