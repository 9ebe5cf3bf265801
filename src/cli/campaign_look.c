/*
 * campaign_look: what a campaign would be before it is frozen: `zhanchi campaign forecast` and
 * `preview`. Changes nothing.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/json.h"
#include "campaigns.h"
#include "templates.h"

#define LABEL_COLUMNS 26
#define ROWS_USUAL 12

void campaigns_tell_edited(struct cli *c, const struct campaign_info *k)
{
    struct template_info *t = malloc(sizeof *t);
    struct err ignored;

    if (t == NULL)
        panic("out of memory");
    for (int i = 0; i < k->n_variants && k->state == CAMPAIGN_DRAFT; i++)
        if (store_template_by_id(c->store, k->variants[i].template_id, t, &ignored) == 1 &&
            templates_edited(c, t))
            fprintf(stderr,
                    _("note: the file of template %s was edited; this campaign keeps version %d "
                      "(for the new text make a new campaign)\n"),
                    t->name, t->version);
    free(t);
}

/* ---- forecast ---- */

static void json_counts(struct json_w *w, const char *key, const int64_t *v, int from, int to)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (int i = from; i < to; i++)
        json_w_int(w, v[i]);
    json_w_close(w, ']');
}

static void json_missing(struct json_w *w, const struct campaign_forecast *f)
{
    json_w_key(w, "missing");
    json_w_open(w, '[');
    for (int i = 0; i < CAMPAIGN_MISSING && f->missing[i].rows > 0; i++) {
        json_w_open(w, '{');
        json_w_key(w, "value");
        json_w_str(w, f->missing[i].value);
        json_w_key(w, "rows");
        json_w_int(w, f->missing[i].rows);
        json_w_key(w, "first_row");
        json_w_int(w, f->missing[i].first_line);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void forecast_json(const struct cli *c, const struct campaign_info *k,
                          const struct campaign_forecast *f, const struct campaign_lint *l)
{
    char when[32];
    struct buf out;
    struct json_w w;

    buf_init(&out, 1 << 18);
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    const struct {
        const char *key;
        int64_t v;
    } all[] = {{"persons", f->persons},
               {"candidates", f->candidates},
               {"messages", f->messages},
               {"held_out", f->held_out},
               {"always", f->always},
               {"segments", f->segments},
               {"segments_held", f->segments_held},
               {"cost_microyuan", f->cost_microyuan},
               {"to_shared_numbers", f->to_shared_numbers},
               {"elsewhere", f->elsewhere},
               {"unconfirmed", f->unconfirmed_rules}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        json_w_key(&w, all[i].key);
        json_w_int(&w, all[i].v);
    }
    json_w_key(&w, "suppressed");
    json_w_open(&w, '{');
    for (int i = 1; i < 32; i++)
        if (f->suppressed[i] > 0) {
            json_w_key(&w, message_cause_name((enum msg_cause)i));
            json_w_int(&w, f->suppressed[i]);
        }
    json_w_close(&w, '}');
    json_missing(&w, f);
    json_w_key(&w, "shared");
    json_w_str(&w, campaign_shared_name(k->shared));
    json_counts(&w, "variants", f->per_variant, 0, k->n_variants);
    json_counts(&w, "parts", f->parts, 1, 8);
    json_w_key(&w, "gateways");
    json_w_open(&w, '[');
    for (int i = 0; i < k->n_gateways; i++)
        campaigns_json_gateway(&w, c, k, &f->gateways[i]);
    json_w_close(&w, ']');
    json_w_key(&w, "finish");
    if (f->finish_ms >= 0)
        json_w_str(&w, civil_format_instant(f->finish_ms, c->zone_min, when));
    else
        json_w_null(&w);
    json_w_key(&w, "lint");
    lint_json(&w, l);
    json_w_close(&w, '}');
    puts(buf_cstr(&out));
    buf_fini(&out);
}

/* Where a forecast goes: the terminal, or the page of a preview. */
struct sheet {
    const struct cli *cli;
    struct page *page; /* NULL: the terminal */
};

/* One line: a label, a figure, and a remark or "". */
static void figure(const struct sheet *s, const char *label, const char *value, const char *remark)
{
    if (s->page != NULL) {
        page_cost(s->page, label, value, remark);
        return;
    }
    cli_label(label, LABEL_COLUMNS);
    printf("%12s%s%s\n", value, remark[0] != '\0' ? "  " : "", remark);
}

static void missing_text(const struct sheet *s, const struct campaign_forecast *f)
{
    char n[32], label[160], remark[96];

    for (int i = 0; i < CAMPAIGN_MISSING && f->missing[i].rows > 0; i++) {
        snprintf(label, sizeof label, _("    without %s"), f->missing[i].value);
        snprintf(remark, sizeof remark, _("the first in line %lld of the list"),
                 (long long)f->missing[i].first_line);
        figure(s, label, cli_number(f->missing[i].rows, n), remark);
    }
}

static void people_text(const struct sheet *s, const struct campaign_info *k,
                        const struct campaign_forecast *f)
{
    char n[32], label[96], day[11];

    figure(s, _("persons of the list"), cli_number(f->persons, n), "");
    for (int i = 1; i < 32; i++)
        if (f->suppressed[i] > 0) {
            figure(s, _("  not written to"), cli_number(f->suppressed[i], n),
                   message_cause_name((enum msg_cause)i));
            if (i == CAUSE_MISSING_VALUE)
                missing_text(s, f);
        }
    figure(s, _("messages now"), cli_number(f->messages, n), "");
    for (int i = 0; i < k->n_variants; i++) {
        snprintf(label, sizeof label, _("  variant %d"), i + 1);
        figure(s, label, cli_number(f->per_variant[i], n), "");
    }
    if (k->holdout_permille == 0)
        return;
    snprintf(label, sizeof label, _("held out until %s"), civil_format(k->holdout_until, day));
    figure(s, label, cli_number(f->held_out, n), _("randomised, last day far enough"));
    figure(s, _("  always sent"), cli_number(f->always, n),
           _("last day too near: left out of the lift"));
}

static void cost_text(const struct sheet *s, const struct campaign_forecast *f)
{
    char n[32], money[40], remark[160] = "";
    size_t len = 0;

    for (int i = 1; i < 8; i++)
        if (f->parts[i] > 0)
            len +=
                (size_t)snprintf(remark + len, sizeof remark - len, "%s%lld x %d%s",
                                 len > 0 ? "  " : "", (long long)f->parts[i], i, i == 7 ? "+" : "");
    figure(s, _("segments"), cli_number(f->segments, n), remark);
    campaigns_yuan(f->cost_microyuan, money);
    figure(s, _("cost in yuan"), money, "");
}

static void gateways_text(const struct sheet *s, const struct campaign_info *k,
                          const struct campaign_forecast *f)
{
    char n[32], m[32], money[40], when[32], label[96], remark[200];

    for (int i = 0; i < k->n_gateways && k->n_gateways > 1; i++) {
        const struct wave_gateway *g = &f->gateways[i];
        campaigns_yuan(g->cost_microyuan, money);
        snprintf(remark, sizeof remark, _("%s segments, %s yuan, %s"), cli_number(g->segments, m),
                 money,
                 g->messages == 0    ? "-"
                 : g->finish_ms >= 0 ? civil_format_instant(g->finish_ms, s->cli->zone_min, when)
                                     : _("not before not_after"));
        snprintf(label, sizeof label, _("  over %s"), k->gateways[i]);
        figure(s, label, cli_number(g->messages, n), remark);
    }
}

static void forecast_text(const struct sheet *s, const struct campaign_info *k,
                          const struct campaign_forecast *f)
{
    char n[32], when[32];

    people_text(s, k, f);
    cost_text(s, f);
    gateways_text(s, k, f);
    if (f->to_shared_numbers > 0)
        figure(s, _("to shared numbers"), cli_number(f->to_shared_numbers, n),
               k->shared == SHARED_FIRST ? _("only the first of its persons gets a message")
                                         : _("each person gets a message"));
    if (f->elsewhere > 0)
        figure(s, _("in another campaign"), cli_number(f->elsewhere, n),
               _("members of one of the same topic"));
    if (f->unconfirmed_rules > 0)
        figure(s, _("rules not confirmed"), cli_number(f->unconfirmed_rules, n),
               _("approval will ask for a reason"));
    if (s->page != NULL && f->finish_ms >= 0) /* stands on top */
        return;
    figure(s, _("finished at the earliest"),
           f->finish_ms >= 0 ? civil_format_instant(f->finish_ms, s->cli->zone_min, when) : "-",
           f->finish_ms >= 0 ? "" : _("not before not_after: widen the window, or raise the rate"));
}

static int run_forecast(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct campaign_forecast f;
    struct opened x;
    struct bar bar;
    int rc = campaigns_open(c, a->rest[0], &x, e);

    if (rc == 0) {
        campaigns_tell_edited(c, &x.k);
        struct progress p = bar_begin(&bar, c, _("forecast"));
        rc = campaign_forecast(c->store, c->keyring, &x.k, x.g.list, &x.o, &p, &f, e);
        bar_end(&bar);
    }
    if (rc == 0) {
        if (c->json)
            forecast_json(c, &x.k, &f, &x.lint.lint);
        else
            forecast_text(&(struct sheet){c, NULL}, &x.k, &f);
        if (!c->json)
            lint_tell(stdout, &x.lint.lint);
    }
    campaigns_close(&x);
    return rc;
}

/* ---- preview ---- */

static void sample_json(struct json_w *w, const struct campaign_sample *m)
{
    static const char *const arms[] = {"", "send", "holdout", "always", "none"};

    json_w_open(w, '{');
    json_w_key(w, "line");
    json_w_int(w, m->line);
    json_w_key(w, "why");
    json_w_str(w, m->why);
    json_w_key(w, "variant");
    json_w_int(w, m->variant + 1);
    json_w_key(w, "arm");
    json_w_str(w, arms[m->arm]);
    json_w_key(w, strchr(m->phone, '@') != NULL ? "email" : "phone");
    json_w_str(w, m->phone);
    if (m->subject[0] != '\0') {
        json_w_key(w, "subject");
        json_w_str(w, m->subject);
    }
    json_w_key(w, "units");
    json_w_int(w, (int64_t)m->units);
    json_w_key(w, "parts");
    json_w_int(w, m->parts);
    json_w_key(w, "text");
    json_w_str(w, m->text);
    json_w_close(w, '}');
}

void campaigns_samples_begin(struct samples *s, const struct cli *c, const char *html)
{
    s->cli = c;
    s->shown = 0;
    s->page = html != NULL ? page_new(c) : NULL;
    buf_init(&s->out, 1 << 20);
    json_w_init(&s->w, &s->out);
    json_w_open(&s->w, '[');
}

void campaigns_samples_end(struct samples *s, int rc)
{
    json_w_close(&s->w, ']');
    if (rc == 0 && s->cli->json)
        puts(buf_cstr(&s->out));
    buf_fini(&s->out);
    page_free(s->page);
}

int campaigns_show_sample(void *ctx, const struct campaign_sample *m)
{
    static const char *const arms[] = {"", N_("now"), N_("held out"), N_("now (not randomised)"),
                                       ""};
    struct samples *s = ctx;

    s->shown++;
    if (s->page != NULL)
        page_sample(s->page, m);
    if (s->cli->json) {
        sample_json(&s->w, m);
        return 0;
    }
    printf(_("-- line %lld, %s, variant %d, %s, %s: %zu characters, %d segments\n"),
           (long long)m->line, _(m->why), m->variant + 1, _(arms[m->arm]), m->phone, m->units,
           m->parts);
    if (m->subject[0] != '\0')
        printf(_("subject: %s\n"), m->subject);
    printf("%s\n\n", m->text);
    return 0;
}

int campaigns_rows(const char *text, int *n, struct err *e)
{
    char *end;
    long rows = text != NULL ? strtol(text, &end, 10) : ROWS_USUAL;

    if (text != NULL && (*end != '\0' || end == text || rows < 1 || rows > 64))
        return err_set(e, ERR_USAGE, _("write --rows 10"), _("--rows %.20s: from 1 to 64"), text);
    *n = (int)rows;
    return 0;
}

enum { PREVIEW_ROWS, PREVIEW_HTML };
static const struct cli_option preview_options[] = {
    {"rows", "N", N_("how many texts (default 12, at most 64)")},
    {"html", "FILE", N_("also as a page for a browser: bubbles, costs, warnings")},
    CLI_END};

static int write_page(struct samples *s, const struct opened *x, const struct campaign_forecast *f,
                      const char *path, struct err *e)
{
    char n[32], money[40], when[64], gateways[CAMPAIGNS_GATEWAYS_MAX], about[512];

    page_figure(s->page, _("messages now"), cli_number(f->messages, n));
    page_figure(s->page, _("segments"), cli_number(f->segments, n));
    campaigns_yuan(f->cost_microyuan, money);
    page_figure(s->page, _("cost in yuan"), money);
    snprintf(when, sizeof when, "%s", _("not before not_after"));
    if (f->finish_ms >= 0) { /* 2026-11-28 09:06: a figure is short */
        civil_format_instant(f->finish_ms, s->cli->zone_min, when);
        when[10] = ' ';
        when[16] = '\0';
    }
    page_figure(s->page, _("finished at the earliest"), when);
    forecast_text(&(struct sheet){s->cli, s->page}, &x->k, f);
    snprintf(about, sizeof about, _("topic %s, gateway %.300s"), x->k.topic,
             campaigns_gateways(&x->k, gateways, sizeof gateways));
    return page_write(s->page, path, x->k.name, about, &x->lint.lint, e);
}

static int preview(struct cli *c, struct opened *x, int n, const char *html, struct err *e)
{
    struct campaign_forecast f;
    struct samples samples;
    struct bar bar;
    struct progress p = bar_begin(&bar, c, _("preview"));

    campaigns_samples_begin(&samples, c, html);
    int rc = campaign_preview(c->store, c->keyring, &x->k, NULL, x->g.list, &x->o, n, &p, &f,
                              campaigns_show_sample, &samples, e);
    bar_end(&bar);
    if (rc == 0 && html != NULL)
        rc = write_page(&samples, x, &f, html, e);
    campaigns_samples_end(&samples, rc);
    if (rc == 0 && !c->json) {
        forecast_text(&(struct sheet){c, NULL}, &x->k, &f);
        lint_tell(stdout, &x->lint.lint);
    }
    return rc;
}

static int run_preview(struct cli *c, const struct cli_args *a, struct err *e)
{
    struct opened x;
    int n;

    if (campaigns_rows(a->value[PREVIEW_ROWS], &n, e) != 0)
        return -1;
    int rc = campaigns_open(c, a->rest[0], &x, e);
    if (rc == 0)
        campaigns_tell_edited(c, &x.k);
    if (rc == 0)
        rc = preview(c, &x, n, a->value[PREVIEW_HTML], e);
    campaigns_close(&x);
    return rc;
}

const struct command campaign_forecast_command = {
    .name = "forecast",
    .args = "C",
    .help = N_("What a submit would send: people, segments, cost, finish."),
    .min_rest = 1,
    .max_rest = 1,
    .run = run_forecast};

const struct command campaign_preview_command = {
    .name = "preview",
    .args = "C [--rows N] [--html FILE]",
    .help = N_("Texts of real rows, chosen on purpose, names and numbers masked."),
    .options = preview_options,
    .min_rest = 1,
    .max_rest = 1,
    .run = run_preview};
