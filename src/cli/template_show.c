/*
 * template_show: `zhanchi template show`: a stored version, as the file that it was made from, so that whoever compares variants, or asks what
 * somebody was written, can read the text itself. The partials that it was stored with stand above it as comments. Caller: cmd_template.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "templates.h"

#define OUT_MAX (1u << 18)

static const struct cli_option show_options[] = {
    {"version", "N", N_("this version (default: the newest)")}, CLI_END};

/* ---- which ---- */

struct wanted {
    const char *name;
    int version; /* 0: the newest */
    bool found;
    struct template_info *out;
};

static int look(void *ctx, const struct template_info *t)
{
    struct wanted *w = ctx;

    if (strcmp(t->name, w->name) == 0 && (w->version == 0 || t->version == w->version)) {
        *w->out = *t; /* versions come in their order */
        w->found = true;
    }
    return 0;
}

static int find(struct cli *c, const struct cli_args *a, struct template_info *out, struct err *e)
{
    const char *version = a->value[0];
    struct wanted w = {.name = a->rest[0], .out = out};
    char *end = NULL;
    long n = version != NULL ? strtol(version, &end, 10) : 0;

    if (version != NULL && (end == version || *end != '\0' || n < 1 || n > 1000000))
        return err_set(e, ERR_USAGE, _("see `zhanchi template ls`"),
                       _("--version %.20s is no number of a version"), version);
    w.version = (int)n;
    if (cli_store(c, STORE_RO, e) != 0 || store_template_each(c->store, look, &w, e) != 0)
        return -1;
    if (w.found)
        return 0;
    return version != NULL ? err_set(e, ERR_NOINPUT, _("see `zhanchi template ls`"),
                                     _("there is no version %ld of template %.60s"), n, a->rest[0])
                           : err_set(e, ERR_NOINPUT, _("see `zhanchi template ls`"),
                                     _("there is no stored template %.60s"), a->rest[0]);
}

/* ---- as text ---- */

/* Each line of a partial behind a #. */
static void comment(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, "# %s.part:\n", name);
    for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        buf_addf(out, "#   %.*s\n", (int)n, text);
    }
}

static int comment_partials(struct buf *out, const struct template_info *t, struct err *e)
{
    const struct json *value;
    const char *name;
    void *iter = NULL;

    if (t->partials[0] == '\0')
        return 0;
    struct json *all = json_parse(t->partials, strlen(t->partials), e);
    if (all == NULL)
        return -1;
    while (json_each(all, &iter, &name, &value))
        comment(out, name, json_text(value, NULL));
    json_free(all);
    return 0;
}

static const struct {
    const char *key;
    size_t at;
} metadata[] = {{"name", offsetof(struct template_info, name)},
                {"channel", offsetof(struct template_info, channel)},
                {"topic", offsetof(struct template_info, topic)},
                {"signature", offsetof(struct template_info, signature)},
                {"language", offsetof(struct template_info, language)},
                {"columns", offsetof(struct template_info, columns)},
                {"subject", offsetof(struct template_info, subject)},
                {"carrier_template", offsetof(struct template_info, carrier_template)},
                {"carrier_variables", offsetof(struct template_info, carrier_variables)}};
#define METADATA (sizeof metadata / sizeof metadata[0])

static const char *value_of(const struct template_info *t, size_t i)
{
    return (const char *)t + metadata[i].at;
}

static int as_file(const struct cli *c, const struct template_info *t, struct buf *out,
                   struct err *e)
{
    char when[32];

    buf_addf(out, _("# version %d, stored %s by %s\n"), t->version,
             civil_format_instant(t->created_at, c->zone_min, when), t->created_by);
    if (comment_partials(out, t, e) != 0)
        return -1;
    for (size_t i = 0; i < METADATA; i++)
        if (value_of(t, i)[0] != '\0')
            buf_addf(out, "%s: %s\n", metadata[i].key, value_of(t, i));
    buf_addf(out, "kind: %s\n---\n%s\n", templates_kind(t), t->body);
    if (t->html[0] != '\0')
        buf_addf(out, "--- html\n%s\n", t->html);
    if (t->carrier_text[0] != '\0')
        buf_addf(out, "--- carrier\n%s\n", t->carrier_text);
    return 0;
}

/* ---- as JSON ---- */

static void member(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_str(w, text);
}

static int json_partials(struct json_w *w, const struct template_info *t, struct err *e)
{
    const struct json *value;
    const char *name;
    void *iter = NULL;
    struct json *all =
        t->partials[0] != '\0' ? json_parse(t->partials, strlen(t->partials), e) : NULL;

    if (t->partials[0] != '\0' && all == NULL)
        return -1;
    json_w_key(w, "partials");
    json_w_open(w, '{');
    while (all != NULL && json_each(all, &iter, &name, &value))
        member(w, name, json_text(value, NULL));
    json_w_close(w, '}');
    json_free(all);
    return 0;
}

static int as_json(const struct cli *c, const struct template_info *t, struct buf *out,
                   struct err *e)
{
    struct json_w w;
    char when[32];

    json_w_init(&w, out);
    json_w_open(&w, '{');
    for (size_t i = 0; i < METADATA; i++)
        member(&w, metadata[i].key, value_of(t, i));
    member(&w, "kind", templates_kind(t));
    json_w_key(&w, "version");
    json_w_int(&w, t->version);
    member(&w, "created", civil_format_instant(t->created_at, c->zone_min, when));
    member(&w, "created_by", t->created_by);
    member(&w, "text", t->body);
    member(&w, "html", t->html);
    member(&w, "carrier", t->carrier_text);
    int rc = json_partials(&w, t, e);
    json_w_close(&w, '}');
    buf_addc(out, '\n');
    return rc;
}

static int run_show(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct template_info *t = malloc(sizeof *t);
    struct buf out;

    if (t == NULL)
        panic("out of memory");
    buf_init(&out, OUT_MAX);
    int rc = find(c, a, t, e);
    if (rc == 0)
        rc = c->json ? as_json(c, t, &out, e) : as_file(c, t, &out, e);
    if (rc == 0)
        fputs(buf_cstr(&out), stdout);
    buf_fini(&out);
    free(t);
    return rc;
}

const struct command template_show_command = {.name = "show",
                                              .args = "T [--version N]",
                                              .help = N_("A stored version, as its file was."),
                                              .options = show_options,
                                              .min_rest = 1,
                                              .max_rest = 1,
                                              .run = run_show};
