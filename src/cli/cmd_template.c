/*
 * cmd_template: texts as files, checked before they are used; each text that a campaign uses is a version that never changes.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/json.h"
#include "zhanchi/mask.h"
#include "zhanchi/segment.h"
#include "zhanchi/template.h"
#include "zhanchi/utf8.h"
#include "templates.h"

static int load(const char *path, struct template_file *f, struct err *e)
{
    struct buf data;
    size_t bad;

    buf_init(&data, 1 << 20);
    int rc = fs_read_file(path, &data, e);
    if (rc == 0 && !utf8_valid(buf_cstr(&data), data.len, &bad))
        rc =
            err_set(e, ERR_DATA, "save the file as UTF-8", "%s is not UTF-8 (byte %zu)", path, bad);
    if (rc == 0)
        rc = template_file_parse(data.data != NULL ? data.data : "", data.len, f, e) != 0
                 ? err_prefix(e, "%s", path)
                 : 0;
    buf_fini(&data);
    return rc;
}

/* Known names plus the columns that the file declares. */
static int check_names(const struct template_file *f, const struct template *t, struct err *e)
{
    const char *known[80];
    size_t n = 0;

    for (const char *const *k = template_known(); *k != NULL && n < 40; k++)
        known[n++] = *k;
    for (size_t i = 0; i < 32 && f->columns[i] != NULL; i++)
        known[n++] = f->columns[i];
    known[n] = NULL;
    return template_check(t, known, e);
}

static int compile(const char *path, const struct template_file *f, struct template **t,
                   struct err *e)
{
    *t = template_compile(f->text, f->text_len, e);
    if (*t != NULL && check_names(f, *t, e) == 0)
        return 0;
    template_free(*t);
    *t = NULL;
    return err_prefix(e, "%s (lines counted from the text, which begins at line %d)", path,
                      f->text_line);
}

static void to_info(const struct cli *c, const struct template_file *f, struct template_info *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->name, f->name, sizeof out->name);
    memcpy(out->topic, f->topic, sizeof out->topic);
    memcpy(out->channel, f->channel, sizeof out->channel);
    memcpy(out->signature, f->signature, sizeof out->signature);
    memcpy(out->language, f->language, sizeof out->language);
    memcpy(out->carrier_template, f->carrier_template, sizeof out->carrier_template);
    out->kind = f->kind;
    out->created_at = clock_now_ms();
    snprintf(out->created_by, sizeof out->created_by, "%s", c->actor);
    for (size_t i = 0; i < 32 && f->columns[i] != NULL; i++)
        snprintf(out->columns + strlen(out->columns), sizeof out->columns - strlen(out->columns),
                 "%s%s", i > 0 ? "," : "", f->columns[i]);
    snprintf(out->body, sizeof out->body, "%s", f->text);
}

static int put(struct cli *c, const char *path, struct template_info *out, struct err *e)
{
    struct template_file f;
    struct template *t = NULL;

    if (load(path, &f, e) != 0)
        return -1;
    int rc = compile(path, &f, &t, e);
    if (rc == 0 && f.text_len >= sizeof out->body)
        rc = err_set(e, ERR_DATA, "shorten it", "%s: the text is longer than %zu bytes", path,
                     sizeof out->body - 1);
    if (rc == 0) {
        to_info(c, &f, out);
        rc = store_template_put(c->store, out, e);
    }
    template_free(t);
    template_file_fini(&f);
    return rc;
}

int templates_get(struct cli *c, const char *name, struct template_info *out, struct err *e)
{
    char path[4096];

    if (cli_find_file(c, "campaign.template_dir", name, ".tmpl", path, e) != 0)
        return -1;
    if (fs_exists(path))
        return put(c, path, out, e);
    int found = store_template_find(c->store, name, out, e);
    if (found == 0)
        return err_set(e, ERR_NOINPUT, "see `zhanchi template ls`",
                       "there is no template %s (looked for %s)", name, path);
    return found < 0 ? -1 : 0;
}

/* ---- commands ---- */

static int list_one(void *ctx, const struct template_info *t)
{
    static const char *const kinds[] = {"notice", "promotion", "status"};
    struct table_out *out = ctx;

    tout_text(out, t->name);
    tout_int(out, t->version);
    tout_text(out, t->topic);
    tout_text(out, kinds[t->kind]);
    tout_text(out, t->signature);
    tout_when(out, t->created_at);
    tout_text(out, t->created_by);
    return 0;
}

static int run_ls(struct cli *c, const struct cli_args *a, struct err *e)
{
    static const char *const keys[] = {"name",      "version", "topic",      "kind",
                                       "signature", "created", "created_by", NULL};
    static const char *const titles[] = {N_("template"),  N_("version"), N_("topic"), N_("kind"),
                                         N_("signature"), N_("created"), N_("by"),    NULL};
    (void)a;
    if (cli_store(c, STORE_RO, e) != 0)
        return -1;
    struct table_out *t = tout_new(c, keys, titles);
    int rc = store_template_each(c->store, list_one, t, e);
    tout_end(t);
    return rc;
}

/* Values of plausible length, so that a text can be measured without a list. */
static const struct tv_member samples[] = {
    {"name", {.type = TV_TEXT, .text = "张**", .len = 5}},
    {"region", {.type = TV_TEXT, .text = "示例市", .len = 9}},
    {"occupation", {.type = TV_TEXT, .text = "电工", .len = 6}},
    {"level_name", {.type = TV_TEXT, .text = "高级工", .len = 9}},
    {"employer", {.type = TV_TEXT, .text = "示例机械有限公司", .len = 24}},
    {"certificate_no", {.type = TV_TEXT, .text = "2018000000300001", .len = 16}},
    {"issued", {.type = TV_TEXT, .text = "2026年3月12日", .len = 18}},
    {"months", {.type = TV_TEXT, .text = "48", .len = 2}},
    {"amount", {.type = TV_TEXT, .text = "2,000元", .len = 8}},
    {"deadline", {.type = TV_TEXT, .text = "2027年3月12日", .len = 18}},
    {"days_left", {.type = TV_TEXT, .text = "120", .len = 3}},
    {"clause", {.type = TV_TEXT, .text = "示例政策 一(二)", .len = 22}},
    {"office", {.type = TV_TEXT, .text = "示例市人社局", .len = 18}},
    {"phone12333", {.type = TV_TEXT, .text = "12333", .len = 5}},
    {"apply_where", {.type = TV_TEXT, .text = "参保地经办机构", .len = 21}}};

static int run_check(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct template_file f;
    struct template *t = NULL;
    const char *const *names;
    char path[4096];
    struct buf out;
    struct segments s;
    struct tv root = {
        .type = TV_MAP, .len = sizeof samples / sizeof samples[0], .members = samples};

    if (fs_exists(a->rest[0]))
        snprintf(path, sizeof path, "%s", a->rest[0]);
    else if (cli_conf(c, e) != 0 ||
             cli_find_file(c, "campaign.template_dir", a->rest[0], ".tmpl", path, e) != 0)
        return -1;
    if (load(path, &f, e) != 0)
        return -1;
    if (compile(path, &f, &t, e) != 0) {
        template_file_fini(&f);
        return -1;
    }
    buf_init(&out, 1 << 16);
    buf_addf(&out, "【%s】", f.signature);
    int rc = template_render(t, &root, template_escape_none, TEMPLATE_MISSING_EMPTY, &out, e);
    if (rc == 0) {
        segment_count(out.data, out.len, SEGMENT_MAINLAND, &s, NULL, 0);
        size_t n = template_names(t, &names);
        printf(_("%s: correct; topic %s; uses"), f.name, f.topic);
        for (size_t i = 0; i < n; i++)
            printf(" %s", names[i]);
        printf(_("\nwith sample values: %zu characters, %zu segments\n%s\n"), s.units, s.parts,
               out.data);
    }
    buf_fini(&out);
    template_free(t);
    template_file_fini(&f);
    return rc;
}

static int run_add(struct cli *c, const struct cli_args *a, struct err *e)
{
    char detail[64];
    struct template_info *t = malloc(sizeof *t);

    if (t == NULL)
        panic("out of memory");
    int rc = cli_store(c, STORE_RW, e) == 0 ? put(c, a->rest[0], t, e) : -1;
    if (rc == 0) {
        snprintf(detail, sizeof detail, "version %d", t->version);
        rc = cli_audit(c, "template.add", t->name, detail, e);
        if (rc == 0)
            printf(_("template %s, version %d\n"), t->name, t->version);
    }
    free(t);
    return rc;
}

/* ---- render: a text with values from JSON, for trying out ---- */

static struct tv tv_of(const struct json *n, struct arena *a);

static struct tv tv_list(const struct json *n, struct arena *a)
{
    struct tv *items = arena_alloc(a, (json_count(n) + 1) * sizeof *items);

    for (size_t i = 0; i < json_count(n); i++)
        items[i] = tv_of(json_item(n, i), a);
    return (struct tv){.type = TV_LIST, .len = json_count(n), .items = items};
}

static struct tv tv_map(const struct json *n, struct arena *a)
{
    struct tv_member *m = arena_alloc(a, (json_count(n) + 1) * sizeof *m);
    const struct json *value;
    const char *key;
    void *iter = NULL;
    size_t i = 0;

    while (json_each(n, &iter, &key, &value))
        m[i++] = (struct tv_member){key, tv_of(value, a)};
    return (struct tv){.type = TV_MAP, .len = i, .members = m};
}

static struct tv tv_of(const struct json *n, struct arena *a)
{
    char tmp[40];

    switch (json_type_of(n)) {
    case J_ARRAY:
        return tv_list(n, a);
    case J_OBJECT:
        return tv_map(n, a);
    case J_NULL:
        return (struct tv){.type = TV_MISSING};
    case J_BOOL:
        return (struct tv){.type = json_truth(n) ? TV_TRUE : TV_FALSE};
    default: {
        const char *text = arena_strdup(a, json_text(n, tmp));
        return (struct tv){.type = TV_TEXT, .text = text, .len = strlen(text)};
    }
    }
}

static const struct cli_option render_options[] = {
    {"data", "FILE", N_("values as a JSON object; - is standard input")}, CLI_END};

static int read_json(const char *path, struct json **out, struct err *e)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    int rc = fs_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text, e);
    *out = rc == 0 ? json_parse(text.data != NULL ? text.data : "", text.len, e) : NULL;
    buf_fini(&text);
    return *out != NULL ? 0 : -1;
}

static int run_render(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct arena *arena = arena_new(4096);
    struct template_file f = {.text = NULL};
    struct template *t = NULL;
    struct json *data = NULL;
    struct buf out;
    (void)c;

    buf_init(&out, 1 << 20);
    int rc = a->value[0] == NULL ? err_set(e, ERR_USAGE, "add --data FILE", "values are missing")
                                 : load(a->rest[0], &f, e);
    if (rc == 0)
        rc = read_json(a->value[0], &data, e);
    if (rc == 0 && (t = template_compile(f.text, f.text_len, e)) == NULL)
        rc = -1;
    if (rc == 0) {
        struct tv root = tv_of(data, arena);
        buf_addf(&out, "【%s】", f.signature);
        rc = template_render(t, &root, template_escape_none, TEMPLATE_MISSING_ERROR, &out, e);
    }
    if (rc == 0)
        puts(out.data);
    json_free(data);
    template_free(t);
    template_file_fini(&f);
    buf_fini(&out);
    arena_free(arena);
    return rc;
}

static const struct command ls = {
    "ls", "", N_("Stored templates and their versions."), NULL, 0, 0, run_ls, NULL};
static const struct command check = {
    "check",   "FILE|T", N_("Check a template file: names, syntax, length."), NULL, 1, 1,
    run_check, NULL};
static const struct command add = {
    "add", "FILE", N_("Store a template file as a version."), NULL, 1, 1, run_add, NULL};
static const struct command render = {"render",
                                      "FILE --data FILE|-",
                                      N_("Write the text with values from JSON."),
                                      render_options,
                                      1,
                                      1,
                                      run_render,
                                      NULL};
static const struct command *const verbs[] = {&ls, &check, &add, &render, NULL};

const struct command cmd_template = {
    "template", "VERB ...", N_("Texts: checked before they go out."), NULL, 0, 0, NULL, verbs};
