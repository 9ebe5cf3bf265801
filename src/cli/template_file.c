/*
 * template_file: a template's file as a text that could be stored: read, compiled with the partials of its folder, its names checked; errors name the
 * file's lines. Callers: the template commands, campaign_create.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/fsio.h"
#include "zhanchi/utf8.h"
#include "zhanchi/lint.h"
#include "templates.h"

#define FILE_MAX_BYTES (1u << 20)
#define NAMES_MOST 128

static int read_utf8(const char *path, struct buf *data, struct err *e)
{
    size_t bad;

    if (fs_read_file(path, data, e) != 0)
        return -1;
    if (!utf8_valid(buf_cstr(data), data->len, &bad))
        return err_set(e, ERR_DATA, _("save the file as UTF-8"), _("%s is not UTF-8 (byte %zu)"),
                       path, bad);
    return 0;
}

int templates_load(const char *path, struct template_file *f, struct err *e)
{
    struct buf data;

    buf_init(&data, FILE_MAX_BYTES);
    int rc = read_utf8(path, &data, e);
    if (rc == 0 && template_file_parse(buf_cstr(&data), data.len, f, e) != 0)
        rc = err_prefix(e, "%s", path);
    buf_fini(&data);
    return rc;
}

/* ---- partials ---- */

/* Line breaks at the end of the file do not count, as in a template's own text; a line ends in LF. */
static void add_lines(struct buf *out, const char *s, size_t len)
{
    if (len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        s += 3;
        len -= 3;
    }
    while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == '\r'))
        len--;
    for (size_t i = 0; i < len; i++)
        if (s[i] != '\r' || i + 1 == len || s[i + 1] != '\n')
            buf_addc(out, s[i]);
}

/* `folder` ends in a slash, or is "". A link may lead to another file of the folder, not out of it. */
static bool in_folder(const char *folder, const char *partial)
{
    char dir[PATH_MAX], file[PATH_MAX];

    if (realpath(folder[0] != '\0' ? folder : ".", dir) == NULL || realpath(partial, file) == NULL)
        return false;
    *strrchr(file, '/') = '\0';
    return strcmp(file, dir[1] != '\0' ? dir : "") == 0;
}

/* NAME.part beside the template and nowhere else: a name is no path. ctx: the template's path. */
static int load_partial(void *ctx, const char *name, struct buf *out, struct err *e)
{
    const char *slash = strrchr(ctx, '/');
    char folder[4096], path[4096];
    struct buf data;

    if (strchr(name, '/') != NULL || name[0] == '.' || strlen(name) > 63)
        return err_set(e, ERR_DATA, _("write the name of a file NAME.part beside the template"),
                       _("a partial's name has 1 to 63 bytes, no slash and no dot in front: %s"),
                       name);
    snprintf(folder, sizeof folder, "%.*s",
             slash != NULL ? (int)(slash - (const char *)ctx + 1) : 0, (const char *)ctx);
    int n = snprintf(path, sizeof path, "%s%s.part", folder, name);
    if (n < 0 || (size_t)n >= sizeof path || !fs_exists(path))
        return 0;
    if (!in_folder(folder, path))
        return err_set(e, ERR_DATA, _("put a copy of the file there"),
                       _("%s leads out of the template's folder"), path);
    buf_init(&data, FILE_MAX_BYTES);
    int rc = read_utf8(path, &data, e);
    if (rc == 0 && memchr(buf_cstr(&data), '\0', data.len) != NULL)
        rc = err_set(e, ERR_DATA, _("save the file as UTF-8"), _("%s holds NUL bytes"), path);
    if (rc == 0) {
        add_lines(out, buf_cstr(&data), data.len);
        rc = out->failed ? err_set(e, ERR_DATA, _("shorten it"), _("%s is too long"), path) : 1;
    }
    buf_fini(&data);
    return rc;
}

struct template *templates_compile(const char *path, const struct template_file *f, struct err *e)
{
    char ctx[4096];

    snprintf(ctx, sizeof ctx, "%s", path);
    const struct template_loader l = {.load = load_partial, .ctx = ctx};
    return template_compile_with(f->text, f->text_len, f->text_line, &l, e);
}

/* ---- names ---- */

/* A subject is one line: it has no partials. */
static int check_subject(const struct template_file *f, const char *const *known, struct err *e)
{
    struct template *t = template_compile(f->subject, strlen(f->subject), e);
    int rc = t != NULL && template_check(t, known, e) == 0 ? 0 : err_prefix(e, "subject");

    template_free(t);
    return rc;
}

/* An email's second body: it has no partials. */
static int check_html(const struct template_file *f, const char *const *known, struct err *e)
{
    if (f->html == NULL)
        return 0;
    struct template *t = template_compile_at(f->html, strlen(f->html), f->html_line, e);
    int rc = t != NULL ? template_check(t, known, e) : -1;

    template_free(t);
    return rc;
}

/* What the carrier gets must be a value that there is. */
static int check_carrier(const struct template_file *f, const char *const *known, struct err *e)
{
    const char *p = f->carrier_variables;
    struct template_carrier one;
    int rc;

    while ((rc = template_carrier_next(&p, &one, e)) == 1) {
        char tag[80];
        snprintf(tag, sizeof tag, "{{%s}}", one.value);
        struct template *t = template_compile(tag, strlen(tag), e);
        rc = t != NULL ? template_check(t, known, e) : -1;
        template_free(t);
        if (rc != 0)
            return err_prefix(e, "carrier_variables: %s", one.key);
    }
    if (rc != 0 || f->carrier_template[0] == '\0')
        return rc;
    struct lint_carrier *c =
        lint_carrier_new(f->carrier_variables, f->carrier_text != NULL ? f->carrier_text : "", e);
    lint_carrier_free(c);
    return c != NULL ? 0 : -1;
}

/* Known names and the columns that the file declares. */
static struct template *check_file(const char *path, const struct template_file *f, struct err *e)
{
    const char *known[NAMES_MOST];
    size_t n = 0;

    for (const char *const *k = template_known(); *k != NULL && n < NAMES_MOST - 1; k++)
        known[n++] = *k;
    for (size_t i = 0; f->columns[i] != NULL && n < NAMES_MOST - 1; i++)
        known[n++] = f->columns[i];
    known[n] = NULL;
    struct template *t = check_subject(f, known, e) == 0 && check_carrier(f, known, e) == 0 &&
                                 check_html(f, known, e) == 0
                             ? templates_compile(path, f, e)
                             : NULL;
    if (t != NULL && template_check(t, known, e) == 0)
        return t;
    template_free(t);
    err_prefix(e, "%s", path);
    return NULL;
}

/* ---- as a text that could be stored ---- */

static int join_columns(const char *path, const struct template_file *f, struct template_info *out,
                        struct err *e)
{
    struct buf joined;

    buf_init(&joined, sizeof out->columns - 1);
    for (size_t i = 0; f->columns[i] != NULL; i++)
        buf_addf(&joined, "%s%s", i > 0 ? "," : "", f->columns[i]);
    int rc = joined.failed ? err_set(e, ERR_DATA, _("declare fewer columns"),
                                     _("%s: the list of columns is too long"), path)
                           : 0;
    snprintf(out->columns, sizeof out->columns, "%s", buf_cstr(&joined));
    buf_fini(&joined);
    return rc;
}

static int pack(const char *path, const struct template *t, struct template_info *out,
                struct err *e)
{
    struct buf packed;

    buf_init(&packed, sizeof out->partials - 1);
    template_pack_partials(t, &packed);
    int rc = packed.failed
                 ? err_set(e, ERR_DATA, _("shorten them"),
                           _("%s: its partials are longer than %d bytes"), path, TEMPLATE_BODY_MAX)
                 : 0;
    snprintf(out->partials, sizeof out->partials, "%s", buf_cstr(&packed));
    buf_fini(&packed);
    return rc;
}

static int to_info(const struct cli *c, const char *path, const struct template_file *f,
                   struct template_info *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    memcpy(out->name, f->name, sizeof out->name);
    memcpy(out->topic, f->topic, sizeof out->topic);
    memcpy(out->channel, f->channel, sizeof out->channel);
    memcpy(out->signature, f->signature, sizeof out->signature);
    memcpy(out->language, f->language, sizeof out->language);
    memcpy(out->carrier_template, f->carrier_template, sizeof out->carrier_template);
    memcpy(out->carrier_variables, f->carrier_variables, sizeof out->carrier_variables);
    memcpy(out->subject, f->subject, sizeof out->subject);
    memcpy(out->body, f->text, f->text_len + 1);
    snprintf(out->html, sizeof out->html, "%s", f->html != NULL ? f->html : "");
    snprintf(out->carrier_text, sizeof out->carrier_text, "%s",
             f->carrier_text != NULL ? f->carrier_text : "");
    out->kind = (int)f->kind;
    out->created_at = clock_now_ms();
    snprintf(out->created_by, sizeof out->created_by, "%s", c->actor);
    return join_columns(path, f, out, e);
}

int templates_read(const struct cli *c, const char *path, struct template_info *out, struct err *e)
{
    struct template_file f;

    if (templates_load(path, &f, e) != 0)
        return -1;
    struct template *t = check_file(path, &f, e);
    int rc = t != NULL && to_info(c, path, &f, out, e) == 0 ? pack(path, t, out, e) : -1;
    template_free(t);
    template_file_fini(&f);
    return rc;
}

/* ---- since it was stored ---- */

static bool same_text(const struct template_info *a, const struct template_info *b)
{
    return a->kind == b->kind && strcmp(a->topic, b->topic) == 0 &&
           strcmp(a->channel, b->channel) == 0 && strcmp(a->signature, b->signature) == 0 &&
           strcmp(a->language, b->language) == 0 &&
           strcmp(a->carrier_template, b->carrier_template) == 0 &&
           strcmp(a->carrier_variables, b->carrier_variables) == 0 &&
           strcmp(a->carrier_text, b->carrier_text) == 0 && strcmp(a->columns, b->columns) == 0 &&
           strcmp(a->subject, b->subject) == 0 && strcmp(a->body, b->body) == 0 &&
           strcmp(a->html, b->html) == 0 && strcmp(a->partials, b->partials) == 0;
}

bool templates_edited(struct cli *c, const struct template_info *stored)
{
    struct template_info *now = malloc(sizeof *now);
    char path[4096];
    struct err e;

    if (now == NULL)
        panic("out of memory");
    bool there = cli_conf(c, &e) == 0 &&
                 cli_find_file(c, "campaign.template_dir", stored->name, ".tmpl", path, &e) == 0 &&
                 fs_exists(path);
    bool edited = there && (templates_read(c, path, now, &e) != 0 ||
                            (strcmp(now->name, stored->name) == 0 && !same_text(now, stored)));
    free(now);
    return edited;
}
