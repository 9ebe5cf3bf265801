/*
 * lints: which rule sets are meant, and what they found, in words. Callers: the campaign and
 * template commands, the page of a preview.
 */
#include <string.h>
#include "zhanchi/fsio.h"
#include "zhanchi/nearest.h"
#include "zhanchi/utf8.h"
#include "lints.h"

#define REASON_MAX 240 /* bytes: wave.allowed keeps all of it, behind the names of all rules */

/* ---- rule sets ---- */

/* An office's own set stands before the shipped one of the same name. */
static int find_set(struct cli *c, const char *name, char path[PATH_MAX], struct err *e)
{
    char file[96], shipped[112];

    if (strchr(name, '/') != NULL) {
        snprintf(path, PATH_MAX, "%s", name);
        return 0;
    }
    snprintf(file, sizeof file, "%.64s.conf", name);
    if (cli_has_conf(c)) {
        if (cli_conf(c, e) != 0 ||
            fs_join(conf_path(c->conf, "campaign.lint_dir"), file, path, PATH_MAX, e) != 0)
            return -1;
        if (fs_exists(path))
            return 0;
    }
    snprintf(shipped, sizeof shipped, "lint/%s", file);
    if (cli_shipped(shipped, path))
        return 0;
    return err_set(e, ERR_NOINPUT, _("see campaign.lint_dir, and `lint` in the gateway's profile"),
                   _("there is no rule set %.64s"), name);
}

int lint_sets_add(struct cli *c, struct lint_sets *s, const char *name, struct err *e)
{
    char path[PATH_MAX];
    int n = s->lint.n_sets;

    if (n == ROUTE_GATEWAYS)
        panic("more rule sets than gateways");
    if (find_set(c, name, path, e) != 0 || (s->own[n] = conf_lint_load(path, e)) == NULL)
        return -1;
    s->lint.sets = (const struct lint_set *const *)s->own;
    s->lint.n_sets++;
    return 0;
}

int lint_sets_of(struct cli *c, struct lint_sets *s, const struct cli_gateways *g, struct err *e)
{
    for (size_t i = 0; i < g->n; i++)
        if (lint_sets_add(c, s, gateway_lint(g->list[i]), e) != 0)
            return err_prefix(e, "gateway %s", gateway_name(g->list[i]));
    return 0;
}

void lint_sets_free(struct lint_sets *s)
{
    for (int i = 0; i < s->lint.n_sets; i++)
        lint_set_free(s->own[i]);
    s->lint.n_sets = 0;
}

/* ---- what a person lets through ---- */

static int find_rule(const char *name, uint32_t *out, struct err *e)
{
    for (int r = 0; r < LINT_RULES; r++)
        if (strcmp(lint_rule_names[r], name) == 0) {
            *out |= UINT32_C(1) << r;
            return 0;
        }
    const char *near = nearest(name, lint_rule_names);
    return err_set(e, ERR_USAGE, _("see zhanchi-lint(5)"), _("there is no rule %.40s%s%s%s"), name,
                   near != NULL ? _("; did you mean ") : "", near != NULL ? near : "",
                   near != NULL ? "?" : "");
}

/* Not blanks alone; one line of text, because it stands in records. */
static bool is_reason(const char *why)
{
    size_t bad;

    if (why == NULL || why[strspn(why, " ")] == '\0' || !utf8_valid(why, strlen(why), &bad))
        return false;
    for (; *why != '\0'; why++)
        if ((unsigned char)*why < ' ' || *why == 0x7f)
            return false;
    return true;
}

int lint_allow(const struct cli_args *a, int allow, int why, uint32_t *out, struct err *e)
{
    *out = 0;
    for (int i = 0; i < a->n_more[allow]; i++)
        if (find_rule(a->more[allow][i], out, e) != 0)
            return -1;
    if (*out != 0 && !is_reason(a->value[why]))
        return err_set(e, ERR_USAGE, _("add --why TEXT: it is recorded"),
                       _("--allow needs a reason"));
    if (*out != 0 && strlen(a->value[why]) > REASON_MAX)
        return err_set(e, ERR_USAGE, _("say it shorter: the whole of it is recorded"),
                       _("--why is longer than %d bytes"), REASON_MAX);
    if (*out == 0 && a->value[why] != NULL)
        return err_set(e, ERR_USAGE, _("add --allow RULE"), _("--why without --allow"));
    return 0;
}

/* ---- findings ---- */

void lint_where(const struct campaign_finding *f, char *out, size_t cap)
{
    out[0] = '\0';
    if (f->rows > 0 && f->first_line > 0)
        snprintf(out, cap, _("%lld rows, the first in line %lld of the list"), (long long)f->rows,
                 (long long)f->first_line);
    else if (f->rows > 0)
        snprintf(out, cap, "%s", _("with invented values"));
    else if (f->line > 0 && f->partial[0] != '\0')
        snprintf(out, cap, _("partial %s, line %d, column %d"), f->partial, f->line, f->column);
    else if (f->line > 0)
        snprintf(out, cap, _("line %d, column %d"), f->line, f->column);
}

static const char *severity_of(const struct campaign_finding *f)
{
    return f->allowed ? N_("allowed") : lint_severity_name(f->severity);
}

static void tell_one(FILE *out, const struct campaign_finding *f)
{
    char where[160];

    lint_where(f, where, sizeof where);
    fprintf(out, "%s: %s: %s%s%s: %s%s%s%s\n", _(severity_of(f)), lint_rule_name(f->rule),
            f->template, where[0] != '\0' ? ", " : "", where, _(lint_rule_what(f->rule)),
            f->what[0] != '\0' ? " (" : "", f->what, f->what[0] != '\0' ? ")" : "");
    fprintf(out, "    %s\n", _(lint_rule_remedy(f->rule)));
}

void lint_tell(FILE *out, const struct campaign_lint *l)
{
    for (size_t i = 0; i < l->n; i++)
        tell_one(out, &l->found[i]);
    if (l->n == CAMPAIGN_FINDINGS)
        fputs(_("there is more; correct these first\n"), out);
}

static void json_one(struct json_w *w, const struct campaign_finding *f)
{
    json_w_open(w, '{');
    json_w_key(w, "rule");
    json_w_str(w, lint_rule_name(f->rule));
    json_w_key(w, "severity");
    json_w_str(w, lint_severity_name(f->severity));
    json_w_key(w, "allowed");
    json_w_bool(w, f->allowed);
    json_w_key(w, "set");
    json_w_str(w, f->set);
    json_w_key(w, "template");
    json_w_str(w, f->template);
    json_w_key(w, "partial");
    json_w_str(w, f->partial);
    json_w_key(w, "line");
    json_w_int(w, f->line);
    json_w_key(w, "column");
    json_w_int(w, f->column);
    json_w_key(w, "rows");
    json_w_int(w, f->rows);
    json_w_key(w, "first_row");
    json_w_int(w, f->first_line);
    json_w_key(w, "text");
    json_w_str(w, f->what);
    json_w_close(w, '}');
}

void lint_json(struct json_w *w, const struct campaign_lint *l)
{
    json_w_open(w, '[');
    for (size_t i = 0; i < l->n; i++)
        json_one(w, &l->found[i]);
    json_w_close(w, ']');
}
