/*
 * cmd_template: texts as files, checked before they are used; each text that a campaign uses is a
 * version that never changes.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/json.h"
#include "zhanchi/segment.h"
#include "zhanchi/template.h"
#include "zhanchi/utf8.h"
#include "campaigns.h"
#include "templates.h"

#define FILE_MAX_BYTES (1u << 20)

const char *templates_kind(const struct template_info *t)
{
    static const char *const kinds[] = {"notice", "promotion", "status"};

    return kinds[t->kind];
}

/* ---- files ---- */

/* In an open transaction. What was there already keeps its maker and needs no record. */
static int put(struct cli *c, struct template_info *t, struct err *e)
{
    int64_t now = t->created_at;
    char object[128], detail[64];

    if (store_template_put(c->store, t, e) != 0)
        return -1;
    if (t->created_at != now)
        return 0;
    snprintf(detail, sizeof detail, "version %d", t->version);
    snprintf(object, sizeof object, "template %s", t->name);
    return cli_audit(c, "template.add", object, detail, e);
}

/* 1 and the path if there is a file of that name, 0 if not, -1. */
static int find_file(struct cli *c, const char *name, char path[4096], struct err *e)
{
    if (cli_conf(c, e) != 0 ||
        cli_find_file(c, "campaign.template_dir", name, ".tmpl", path, e) != 0)
        return -1;
    return fs_exists(path);
}

/* From its file, else the newest stored version. */
static int find_text(struct cli *c, const char *name, struct template_info *out, bool *from_file,
                     struct err *e)
{
    char path[4096];
    int found = find_file(c, name, path, e);

    *from_file = found == 1;
    if (found != 0)
        return found < 0 ? -1 : templates_read(c, path, out, e);
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    found = store_template_find(c->store, name, out, e);
    if (found == 0)
        return err_set(e, ERR_NOINPUT, _("see `zhanchi template ls`"),
                       _("there is no template %.60s (looked for %.200s)"), name, path);
    return found < 0 ? -1 : 0;
}

int templates_get(struct cli *c, const char *name, struct template_info *out, struct err *e)
{
    bool from_file;

    if (find_text(c, name, out, &from_file, e) != 0)
        return -1;
    return from_file ? put(c, out, e) : 0;
}

/* ---- ls, add ---- */

static int list_one(void *ctx, const struct template_info *t)
{
    struct table_out *out = ctx;

    tout_text(out, t->name);
    tout_int(out, t->version);
    tout_text(out, t->topic);
    tout_text(out, templates_kind(t));
    tout_text(out, t->channel);
    tout_text(out, t->language);
    tout_text(out, t->signature);
    tout_when(out, t->created_at);
    tout_text(out, t->created_by);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"name",     "version",   "topic",   "kind",       "channel",
                                       "language", "signature", "created", "created_by", NULL};
    static const char *const titles[] = {
        N_("template"), N_("version"),   N_("topic"),   N_("kind"), N_("channel"),
        N_("language"), N_("signature"), N_("created"), N_("by"),   NULL};
    (void)a;
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_template_each(c->store, list_one, t, e);
    tout_end(t);
    return rc;
}

static int add(struct cli *c, const char *path, struct template_info *t, struct err *e)
{
    if (cli_store(c, STORE_RW, e) != 0 || templates_read(c, path, t, e) != 0 ||
        store_begin(c->store, e) != 0)
        return -1;
    if (put(c, t, e) == 0)
        return store_commit(c->store, e);
    store_rollback(c->store);
    return -1;
}

static int run_add(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct template_info *t = malloc(sizeof *t);

    if (t == NULL)
        panic("out of memory");
    int rc = add(c, a->rest[0], t, e);
    if (rc == 0)
        printf(_("template %s, version %d\n"), t->name, t->version);
    free(t);
    return rc;
}

/* ---- check ---- */

enum { CHECK_LIST, CHECK_GATEWAY, CHECK_RULES };
static const struct cli_option check_options[] = {
    {"list", "L", N_("also: does this list, its screening and the office give every value?")},
    {"gateway", "G", N_("by the rules of this gateway (default: mainland, or email)")},
    {"rules", "SET", N_("by this rule set, or by this file of rules")},
    CLI_END};

struct checked {
    const struct template_info *t;
    struct template *program;
    struct segments segments;
    struct buf sample;
    struct lint_sets lint;
};

static void tell_json(const struct checked *k)
{
    const struct template_info *t = k->t;
    const char *const *names;
    struct buf out;
    struct json_w w;

    buf_init(&out, FILE_MAX_BYTES);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    json_w_key(&w, "name");
    json_w_str(&w, t->name);
    json_w_key(&w, "topic");
    json_w_str(&w, t->topic);
    json_w_key(&w, "kind");
    json_w_str(&w, templates_kind(t));
    json_w_key(&w, "channel");
    json_w_str(&w, t->channel);
    if (t->subject[0] != '\0') {
        json_w_key(&w, "subject");
        json_w_str(&w, t->subject);
    }
    json_w_key(&w, "variables");
    json_w_open(&w, '[');
    for (template_names(k->program, &names); *names != NULL; names++)
        json_w_str(&w, *names);
    json_w_close(&w, ']');
    json_w_key(&w, "units");
    json_w_int(&w, (int64_t)k->segments.units);
    json_w_key(&w, "parts");
    json_w_int(&w, (int64_t)k->segments.parts);
    json_w_key(&w, "sample");
    json_w_strn(&w, buf_cstr(&k->sample), k->sample.len);
    json_w_key(&w, "lint");
    lint_json(&w, &k->lint.lint);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

static void tell_text(const struct checked *k)
{
    const struct template_info *t = k->t;
    const char *const *names;

    if (campaign_lint_errors(&k->lint.lint) == 0)
        printf(_("%s is correct: %s, topic %s\n"), t->name, templates_kind(t), t->topic);
    if (t->subject[0] != '\0')
        printf(_("subject: %s\n"), t->subject);
    printf(_("variables:"));
    for (template_names(k->program, &names); *names != NULL; names++)
        printf(" %s", *names);
    printf(_("\nwith invented values: %zu characters, %zu segments\n%s\n"), k->segments.units,
           k->segments.parts, buf_cstr(&k->sample));
    lint_tell(stdout, &k->lint.lint);
}

/* The list's side of a check: which list (NULL: any), and whether a policy decides. */
static int check_against(struct cli *c, const char *list, const struct template_info *t,
                         struct buf *sample, struct err *e)
{
    struct list_info *l = NULL;
    int64_t policy_id = 0;
    int32_t as_of;
    int rc = -1;

    if (list == NULL)
        return campaign_check_text(t, NULL, true, NULL, sample, e);
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    l = malloc(sizeof *l);
    if (l == NULL)
        panic("out of memory");
    struct campaign_office o = campaigns_office(c);
    if (cli_list(c, list, l, e) == 0 &&
        store_list_screened(c->store, l->id, &policy_id, &as_of, e) >= 0)
        rc = campaign_check_text(t, l, policy_id != 0, &o, sample, e);
    free(l);
    return rc;
}

/* The rules of a gateway, of a set, or of what is usual for the channel. */
static int open_rules(struct cli *c, const struct cli_args *a, const struct template_info *t,
                      struct lint_sets *out, struct err *e)
{
    const char *gateway = a->value[CHECK_GATEWAY], *rules = a->value[CHECK_RULES];
    struct cli_gateways g = {0};

    if (gateway != NULL && rules != NULL)
        return err_set(e, ERR_USAGE, _("name one of them"),
                       _("--gateway and --rules exclude each other"));
    if (gateway == NULL)
        return lint_sets_add(c, out,
                             rules != NULL                      ? rules
                             : strcmp(t->channel, "email") == 0 ? "email"
                                                                : "mainland",
                             e);
    int rc = cli_gateways(c, gateway, &g, e) == 0 ? lint_sets_of(c, out, &g, e) : -1;
    cli_gateways_free(&g);
    return rc;
}

/* Of the body's first line in its file; 1 for a stored text. */
static int body_line(struct cli *c, const char *name)
{
    char path[4096];
    struct template_file f;
    struct err none;
    int line = 1;

    snprintf(path, sizeof path, "%s", name);
    if ((fs_exists(name) || find_file(c, name, path, &none) == 1) &&
        templates_load(path, &f, &none) == 0) {
        line = f.text_line;
        template_file_fini(&f);
    }
    return line;
}

static int lint(struct checked *k, int first_line, struct err *e)
{
    struct campaign_lint *l = &k->lint.lint;

    if (campaign_lint_text(k->t, l, e) != 0)
        return -1;
    for (size_t i = 0; i < l->n; i++)
        l->found[i].line +=
            l->found[i].line > 0 && l->found[i].partial[0] == '\0' ? first_line - 1 : 0;
    k->program = template_compile_packed(k->t->body, strlen(k->t->body), 1, k->t->partials, e);
    return k->program != NULL ? 0 : -1;
}

static int broken(const struct checked *k, struct err *e)
{
    size_t n = campaign_lint_errors(&k->lint.lint);

    return n == 0 ? 0
                  : err_set(e, ERR_DATA, _("correct the text; zhanchi-lint(5) describes the rules"),
                            _("template %s breaks %zu rules of %s"), k->t->name, n,
                            k->lint.lint.found[0].set);
}

static int check(struct cli *c, const struct cli_args *a, const struct template_info *t,
                 struct err *e)
{
    struct checked *k = calloc(1, sizeof *k);

    if (k == NULL)
        panic("out of memory");
    k->t = t;
    buf_init(&k->sample, FILE_MAX_BYTES);
    int rc = check_against(c, a->value[CHECK_LIST], t, &k->sample, e);
    if (rc == 0)
        rc = open_rules(c, a, t, &k->lint, e) == 0 ? lint(k, body_line(c, a->rest[0]), e) : -1;
    if (rc == 0) {
        segment_count(buf_cstr(&k->sample), k->sample.len, SEGMENT_MAINLAND, &k->segments, NULL, 0);
        if (strcmp(t->channel, "email") == 0)
            k->segments.parts = 1; /* however long */
        if (c->json)
            tell_json(k);
        else
            tell_text(k);
        rc = broken(k, e);
    }
    template_free(k->program);
    lint_sets_free(&k->lint);
    buf_fini(&k->sample);
    free(k);
    return rc;
}

/* A file needs no work directory, so that a text can be checked where it is written. */
static int run_check(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct template_info *t = malloc(sizeof *t);
    bool from_file;

    if (t == NULL)
        panic("out of memory");
    int rc = fs_exists(a->rest[0]) ? templates_read(c, a->rest[0], t, e)
                                   : find_text(c, a->rest[0], t, &from_file, e);
    if (rc == 0)
        rc = check(c, a, t, e);
    free(t);
    return rc;
}

/* ---- preview ---- */

enum { PREVIEW_LIST, PREVIEW_ROWS, PREVIEW_HTML };
static const struct cli_option preview_options[] = {
    {"list", "L", N_("list whose rows are shown, names and numbers masked")},
    {"rows", "N", N_("how many texts (default 12, at most 64)")},
    {"html", "FILE", N_("also as a page for a browser: bubbles, costs, warnings")},
    CLI_END};

/* A campaign that is nowhere: the whole list, now. */
static int nowhere(struct cli *c, const char *list, const struct template_info *t,
                   struct campaign_info *k, struct err *e)
{
    struct list_info *l = malloc(sizeof *l);
    int32_t as_of;

    if (l == NULL)
        panic("out of memory");
    *k = (struct campaign_info){.n_variants = 1, .holdout_until = CIVIL_NONE};
    k->variants[0].weight = 1;
    k->schedule = (struct pace_schedule){.window_to = 1440,
                                         .zone_min = c->zone_min,
                                         .not_after_ms = clock_now_ms() + INT64_C(86400000)};
    memcpy(k->topic, t->topic, sizeof k->topic);
    snprintf(k->name, sizeof k->name, "%s", t->name);
    int rc = cli_list(c, list, l, e);
    k->list_id = l->id;
    free(l);
    return rc == 0 && store_list_screened(c->store, k->list_id, &k->policy_id, &as_of, e) >= 0 ? 0
                                                                                               : -1;
}

static int preview(struct cli *c, const struct cli_args *a, struct template_info *t, int n,
                   struct err *e)
{
    struct campaign_info k;
    struct samples samples;
    struct bar bar;
    bool from_file;

    if (cli_keyring(c, e) != 0 || find_text(c, a->rest[0], t, &from_file, e) != 0 ||
        nowhere(c, a->value[0], t, &k, e) != 0)
        return -1;
    memcpy(k.channel, t->channel, sizeof k.channel);
    struct campaign_office o = campaigns_office(c);
    struct lint_sets *lint = calloc(1, sizeof *lint);
    if (lint == NULL)
        panic("out of memory");
    o.lint = &lint->lint;
    const char *html = a->value[PREVIEW_HTML];
    campaigns_samples_begin(&samples, c, html);
    int rc = lint_sets_add(c, lint, strcmp(t->channel, "email") == 0 ? "email" : "mainland", e);
    if (rc == 0) {
        struct progress p = bar_begin(&bar, c, _("preview"));
        rc = campaign_preview(c->store, c->keyring, &k, t, NULL, &o, n, &p, NULL,
                              campaigns_show_sample, &samples, e);
        bar_end(&bar);
    }
    if (rc == 0 && samples.shown == 0) /* nothing at all would look like success */
        rc = err_set(e, ERR_DATA, _("see `zhanchi template check T --list L`, and the list's rows"),
                     _("template %s can be written to nobody of list %s"), t->name,
                     a->value[PREVIEW_LIST]);
    if (rc == 0 && html != NULL)
        rc = page_write(samples.page, html, t->name, a->value[PREVIEW_LIST], &lint->lint, e);
    campaigns_samples_end(&samples, rc);
    if (rc == 0 && !c->json)
        lint_tell(stdout, &lint->lint);
    lint_sets_free(lint);
    free(lint);
    return rc;
}

static int run_preview(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct template_info *t = malloc(sizeof *t);
    int n, rc = -1;

    if (t == NULL)
        panic("out of memory");
    if (a->value[0] == NULL)
        err_set(e, ERR_USAGE, _("add --list L"), _("whose rows shall be shown?"));
    else if (campaigns_rows(a->value[1], &n, e) == 0)
        rc = preview(c, a, t, n, e);
    free(t);
    return rc;
}

/* ---- render: a text with values from JSON, for trying out ---- */

static const struct cli_option render_options[] = {
    {"data", "FILE", N_("values as a JSON object; - is standard input")}, CLI_END};

static struct json *read_json(const char *path, struct err *e)
{
    struct buf text;

    buf_init(&text, FILE_MAX_BYTES);
    int rc = fs_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text, e);
    struct json *data = rc == 0 ? json_parse(buf_cstr(&text), text.len, e) : NULL;
    buf_fini(&text);
    return data;
}

static int render(const char *path, const struct json *data, struct buf *out, struct err *e)
{
    struct template_file f;

    if (templates_load(path, &f, e) != 0)
        return -1;
    struct arena *arena = arena_new(4096);
    struct tv root = template_value(arena, data);
    struct template *t = templates_compile(path, &f, e);
    buf_addf(out, "【%s】", f.signature);
    int rc = t != NULL
                 ? template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, out, e)
                 : -1;
    template_free(t);
    arena_free(arena);
    template_file_fini(&f);
    return rc == 0 ? 0 : err_prefix(e, "%s", path);
}

static int run_render(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct buf out;
    (void)c;

    if (a->value[0] == NULL)
        return err_set(e, ERR_USAGE, _("add --data FILE"), _("values are missing"));
    struct json *data = read_json(a->value[0], e);
    if (data == NULL)
        return -1;
    buf_init(&out, FILE_MAX_BYTES);
    int rc = render(a->rest[0], data, &out, e);
    if (rc == 0)
        puts(buf_cstr(&out));
    buf_fini(&out);
    json_free(data);
    return rc;
}

/* ---- the table ---- */

static const struct command ls_command = {
    .name = "ls", .args = "", .help = N_("Stored templates and their versions."), .run = run_ls};
static const struct command check_command = {
    .name = "check",
    .args = "FILE|T [--list L] [--gateway G | --rules SET]",
    .help = N_("Check a text: names, syntax, length, rules."),
    .options = check_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_check};
static const struct command add_command = {.name = "add",
                                           .args = "FILE",
                                           .help = N_("Store a template file as a version."),
                                           .min_rest = 1,
                                           .max_rest = 1,
                                           .run = run_add};
static const struct command preview_command = {
    .name = "preview",
    .args = "FILE|T --list L [--rows N] [--html FILE]",
    .help = N_("The text with rows of a list, names and numbers masked."),
    .options = preview_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_preview};
static const struct command render_command = {.name = "render",
                                              .args = "FILE --data FILE|-",
                                              .help = N_("Write the text with values from JSON."),
                                              .options = render_options,
                                              .min_rest = 1,
                                              .max_rest = 1,
                                              .run = run_render};
static const struct command *const verbs[] = {&ls_command,  &template_show_command, &check_command,
                                              &add_command, &preview_command,       &render_command,
                                              NULL};

const struct command cmd_template = {.name = "template",
                                     .args = "VERB ...",
                                     .help = N_("Texts: checked before they go out."),
                                     .verbs = verbs};
