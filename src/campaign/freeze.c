/*
 * freeze: the one walk over a list's candidates. Forecast, preview and submit see the same persons
 * with the same arms and the same texts, because all of them get them from here.
 *
 * Order: first who is left out (refused, claimed, held out elsewhere, too late, no text possible),
 * then arms and variants: what is drawn is drawn among those who would get a message, so that both
 * arms are alike. Whose text lacks a value keeps the variant that was drawn. Nothing here writes to
 * the store.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/segment.h"
#include "internal.h"

#define ROW_MAX_BYTES (1u << 20)
#define TEXT_MAX_BYTES 65536
#define SUBJECT_MAX_BYTES 1000
#define HTML_MAX_BYTES (256u << 10)
#define EMAIL_UNITS 20000 /* of a gateway that does not say more precisely */
#define CERTIFICATES_MAX 64
#define CLAUSES_MAX 256

struct clause {
    bool read, confirmed;
    char text[256];
};

struct opened { /* a row, unsealed; its members stand in `plain` */
    struct buf plain;
    struct json_flat members;
};

struct freeze {
    struct store *store;
    struct keyring *keys;
    const struct campaign_info *c;
    struct campaign_office office;
    struct texts texts;
    struct lints *lints; /* NULL: no rule sets */
    struct strata *strata;
    struct households *households;
    struct firsts *firsts;
    bool others_open;
    int64_t send_ms, release_ms;
    int32_t send_day, release_day;
    struct gateways gateways;
    struct clause *clauses;   /* by rule */
    struct arena *arena;      /* of one person */
    struct opened row, other; /* the person's, and one of the person's other certificates */
    struct buf text, subject, html, variables;
};

/* ---- who is left out ---- */

/* candidate_cause, with what the walk before has found. */
static enum msg_cause cause_of(const struct freeze *z, const struct candidate *k)
{
    enum msg_cause cause = candidate_cause(z->c, k, z->send_day);

    return cause == CAUSE_NONE && firsts_other(z->firsts, k) ? CAUSE_SHARED : cause;
}

static enum member_arm draw_arm(const struct freeze *z, const struct candidate *k)
{
    bool free = candidate_randomises(z->c, k, z->others_open) &&
                !households_fixed(z->households, k->row.address_id);

    return campaign_arm(z->c, k->row.address_id, free ? candidate_last_day(k) : CIVIL_NONE);
}

/* ---- one person's facts ---- */

static const struct clause *clause_of(struct freeze *z, int rule_no, struct err *e)
{
    static const struct clause none = {.read = true, .confirmed = true};

    if (rule_no < 0 || rule_no >= CLAUSES_MAX)
        return &none;
    struct clause *c = &z->clauses[rule_no];
    if (!c->read) {
        int found = store_policy_clause(z->store, z->c->policy_id, rule_no, c->text, sizeof c->text,
                                        &c->confirmed, e);
        if (found < 0)
            return NULL;
        c->read = true;
    }
    return c;
}

static int open_row(struct freeze *z, const struct list_row *r, struct opened *o, struct err *e)
{
    buf_reset(&o->plain);
    buf_reserve(&o->plain, r->sealed_len);
    if (keyring_unseal(z->keys, r->key_id, SEAL_ROW, r->id, r->revision, r->sealed, r->sealed_len,
                       &o->plain, e) != 0 ||
        json_flat_parse(&o->members, o->plain.data, o->plain.len, e) != 0)
        return err_prefix(e, "line %lld of the list", (long long)r->line);
    return 0;
}

struct gathering {
    struct freeze *z;
    struct certificate_facts *list;
    size_t n;
    struct err *e;
};

static int gather_one(void *ctx, const struct list_row *r)
{
    struct gathering *g = ctx;
    struct opened *row = &g->z->other;
    struct verdict_row v;

    int found = store_verdict_get(g->z->store, g->z->c->policy_id, r->id, &v, g->e);
    if (found < 0)
        return -1;
    if (found == 0 || v.outcome != VERDICT_ELIGIBLE || g->n == CERTIFICATES_MAX)
        return 0;
    if (open_row(g->z, r, row, g->e) != 0)
        return -1;
    g->list[g->n++] = (struct certificate_facts){
        .occupation = arena_strdup(g->z->arena, json_flat_get(&row->members, "occupation")),
        .level = r->level,
        .amount_fen = v.amount_fen,
        .last_day = v.last_day};
    return 0;
}

/* Every eligible certificate of a person who has several, for texts that list them. */
static int gather(struct freeze *z, const struct candidate *k, struct person_facts *f,
                  struct err *e)
{
    struct gathering g = {.z = z, .e = e};
    int64_t last;

    g.list = arena_alloc(z->arena, CERTIFICATES_MAX * sizeof *g.list);
    if (k->n_certificates > 1 && k->has_verdict && z->texts.uses_certificates) {
        if (store_list_scan(z->store, z->c->list_id, k->row.person_id - 1, 1, gather_one, &g, &last,
                            e) != 0)
            return -1;
        certificates_sort(g.list, g.n);
    } else {
        g.list[g.n++] = (struct certificate_facts){
            .occupation = json_flat_get(f->row, "occupation"),
            .level = k->row.level,
            .amount_fen = k->has_verdict ? k->verdict.amount_fen : POLICY_AMOUNT_NONE,
            .last_day = candidate_last_day(k)};
    }
    f->certificates = g.list;
    f->n_certificates = g.n;
    return 0;
}

/* ---- one person's text ---- */

/* "occupation has no value" -> occupation */
static const char *missing_name(struct arena *a, const char *what)
{
    const char *end = strstr(what, " has no value");

    return end != NULL ? arena_memdup(a, what, (size_t)(end - what)) : "";
}

/* A text that cannot be written is this row's cause, no error. */
static void render(struct freeze *z, const struct text *t, const struct person_facts *f,
                   const struct candidate *k, struct drawn *d)
{
    struct segments seg;
    struct err why;
    struct tv root = values_of(z->arena, f);

    buf_reset(&z->text);
    buf_reset(&z->variables);
    buf_reset(&z->subject);
    buf_reset(&z->html);
    if (text_render(t, &root, &z->text, &why) != 0 ||
        text_subject(t, &root, &z->subject, &why) != 0 ||
        text_html(t, &root, &z->html, &why) != 0 ||
        text_carrier_variables(t, &root, &z->variables, &why) != 0) {
        d->cause = z->text.failed || z->subject.failed || z->html.failed ? CAUSE_TOO_LONG
                                                                         : CAUSE_MISSING_VALUE;
        if (d->cause == CAUSE_MISSING_VALUE)
            d->missing = missing_name(z->arena, why.what);
        return;
    }
    segment_count(buf_cstr(&z->text), z->text.len, SEGMENT_MAINLAND, &seg, NULL, 0);
    d->text = buf_cstr(&z->text);
    d->units = seg.units;
    d->parts = campaign_is_email(z->c) ? 1 : (int)seg.parts;
    d->subject = buf_cstr(&z->subject);
    d->html = buf_cstr(&z->html);
    d->carrier_variables = buf_cstr(&z->variables);
    if (z->lints != NULL && !f->masked)
        lints_row(z->lints, d->variant,
                  &(struct lint_row){.text = d->text,
                                     .len = z->text.len,
                                     .subject = d->subject,
                                     .html = d->html,
                                     .units = d->units,
                                     .parts = d->parts,
                                     .root = &root},
                  k->row.line);
    struct letter l = {.k = k,
                       .cell = json_flat_get(f->row, "region"),
                       .phone = d->phone,
                       .carrier_template = t->info.carrier_template,
                       .units = seg.units};
    d->cause = z->variables.failed ? CAUSE_TOO_LONG
                                   : gateways_pick(&z->gateways, z->c, &l, &d->route, &d->carriers);
}

static int write_text(struct freeze *z, const struct candidate *k, bool masked, struct drawn *d,
                      struct err *e)
{
    const struct json_flat *row = &z->row.members;
    const struct text *t = &z->texts.list[d->variant];
    struct person_facts f = {.row = row,
                             .r = &k->row,
                             .verdict = k->has_verdict ? &k->verdict : NULL,
                             .clause = "",
                             .office = &z->office,
                             .masked = masked,
                             .language = t->language,
                             .wants = &t->wants};

    f.planned = d->arm == ARM_HOLDOUT ? z->release_day : z->send_day;
    if (k->has_verdict) {
        const struct clause *c = clause_of(z, k->verdict.rule_no, e);
        if (c == NULL)
            return -1;
        f.clause = c->text;
        d->unconfirmed = !c->confirmed;
    }
    if (gather(z, k, &f, e) != 0)
        return -1;
    d->phone = json_flat_get(row, campaign_is_email(z->c) ? "email" : "phone");
    d->name = json_flat_get(row, "name");
    render(z, t, &f, k, d);
    return 0;
}

static void set_region(const struct candidate *k, struct drawn *d)
{
    if (k->has_verdict)
        memcpy(d->region, k->row.region, sizeof d->region);
    else
        policy_region_label(NULL, k->row.region, d->region);
}

/* Once the row is open: it may say which language its person reads. */
static int draw_variant(struct freeze *z, const struct drawn *d)
{
    const struct letter_draw l = {.region = d->region,
                                  .level = d->k->row.level,
                                  .arm = d->arm,
                                  .texts = languages_texts(&z->texts, &z->row.members),
                                  .address_id = d->k->row.address_id,
                                  .shared = d->k->address_sharers > 1};

    return strata_draw(z->strata, &l);
}

/* variant -1: it is drawn. */
static int draw(struct freeze *z, const struct candidate *k, int variant, bool masked,
                struct drawn *d, struct err *e)
{
    arena_reset(z->arena);
    *d = (struct drawn){.k = k,
                        .cause = cause_of(z, k),
                        .arm = draw_arm(z, k),
                        .phone = "",
                        .subject = "",
                        .html = "",
                        .name = "",
                        .text = "",
                        .carrier_variables = "",
                        .missing = ""};
    set_region(k, d);
    if (d->cause == CAUSE_NONE) {
        if (open_row(z, &k->row, &z->row, e) != 0)
            return -1;
        d->variant = variant >= 0 ? variant : draw_variant(z, d);
        if (write_text(z, k, masked, d, e) != 0)
            return -1;
    }
    d->due_ms = d->arm == ARM_HOLDOUT ? z->release_ms : z->send_ms;
    if (d->cause != CAUSE_NONE)
        d->arm = ARM_NONE;
    return 0;
}

int freeze_again(struct freeze *z, const struct candidate *k, int variant, struct drawn *d,
                 struct err *e)
{
    return draw(z, k, variant, true, d, e);
}

/* ---- the walk ---- */

struct walking {
    struct freeze *z;
    freeze_each each;
    void *ctx;
    struct err *e;
};

static int visit(void *ctx, const struct candidate *k)
{
    struct walking *w = ctx;
    struct drawn d;

    return draw(w->z, k, -1, false, &d, w->e) != 0 ? -1 : w->each(w->ctx, &d, w->e);
}

int freeze_walk(struct freeze *z, int64_t after, size_t max, freeze_each each, void *ctx,
                int64_t *last, struct err *e)
{
    struct walking w = {.z = z, .each = each, .ctx = ctx, .e = e};

    return store_candidates(z->store, z->c, z->send_day, after, max, visit, &w, last, e);
}

int freeze_all(struct freeze *z, freeze_each each, void *ctx, const struct progress *p,
               struct err *e)
{
    int64_t last = 0, done = 0, total = 0;

    if (freeze_expected(z, &total, e) != 0)
        return -1;
    do {
        size_t chunk = store_chunk(z->store);
        if (freeze_walk(z, last, chunk, each, ctx, &last, e) != 0)
            return -1;
        done += (int64_t)chunk;
        if (freeze_progress(p, last != 0 && done < total ? done : total, total, e) != 0)
            return -1;
    } while (last != 0);
    return 0;
}

static int add_count(void *ctx, const struct verdict_count *v)
{
    if (v->outcome == VERDICT_ELIGIBLE)
        *(int64_t *)ctx += v->n;
    return 0;
}

int freeze_expected(struct freeze *z, int64_t *n, struct err *e)
{
    struct list_counts counts;

    *n = 0;
    if (z->c->policy_id != 0)
        return store_verdict_counts(z->store, z->c->list_id, z->c->policy_id, add_count, n, e);
    if (store_list_counts(z->store, z->c->list_id, &counts, e) != 0)
        return -1;
    *n = counts.persons;
    return 0;
}

int freeze_progress(const struct progress *p, int64_t done, int64_t total, struct err *e)
{
    if (p == NULL || p->fn == NULL || p->fn(p->ctx, done, total, NULL) == 0)
        return 0;
    return err_set(e, ERR_TEMP, "start it again; nothing half-done remains", "interrupted");
}

/* ---- opening ---- */

struct others {
    const struct campaign_info *c;
    bool open;
};

static int look_at_other(void *ctx, const struct campaign_info *o)
{
    struct others *x = ctx;

    if (o->id != x->c->id && strcmp(o->topic, x->c->topic) == 0 &&
        (o->state == CAMPAIGN_SUBMITTED || o->state == CAMPAIGN_APPROVED ||
         o->state == CAMPAIGN_RUNNING || o->state == CAMPAIGN_PAUSED))
        x->open = true;
    return 0;
}

static int set_times(struct freeze *z, struct err *e)
{
    const struct pace_schedule *s = &z->c->schedule;
    struct pace_answer first = pace_schedule_admit(s, z->office.now_ms);

    if (first.reason == PACE_LAPSED)
        return err_set(e, ERR_DATA, "make a new campaign with a later --not-after",
                       "campaign %s could send nothing any more: its last moment has passed",
                       z->c->name);
    z->send_ms = s->not_before_ms > z->office.now_ms ? s->not_before_ms : z->office.now_ms;
    z->send_day = civil_local_day(first.reason == PACE_GO ? z->office.now_ms : first.not_before_ms,
                                  s->zone_min);
    z->release_day = z->c->holdout_permille > 0 ? z->c->holdout_until : z->send_day;
    z->release_ms = civil_at_ms(z->release_day, 0, s->zone_min);
    return 0;
}

/* The office's limit is about what an SMS costs. */
static size_t text_limit(const struct freeze *z)
{
    if (campaign_is_email(z->c))
        return EMAIL_UNITS;
    return z->office.max_units > 0 ? (size_t)z->office.max_units : 500;
}

/* A profile may have been changed since the campaign was made. */
static int check_gateways(const struct campaign_info *c, struct gateway *const *g, struct err *e)
{
    for (int i = 0; g != NULL && i < c->n_gateways; i++)
        if ((strcmp(gateway_channel(g[i]), "email") == 0) != campaign_is_email(c))
            return err_set(e, ERR_CONFIG, "make the campaign anew with gateways of its channel",
                           "campaign %s is for %s, gateway %s is for %s", c->name, c->channel,
                           gateway_name(g[i]), gateway_channel(g[i]));
    return 0;
}

/* Nobody may be left out because his row was repaired after the screening. */
static int check_screened(struct store *s, const struct campaign_info *c, struct err *e)
{
    int64_t n = 0;

    if (c->policy_id == 0 || store_list_unscreened(s, c->list_id, c->policy_id, &n, e) != 0)
        return c->policy_id == 0 ? 0 : -1;
    return n == 0 ? 0
                  : err_set(e, ERR_DATA, "screen it again: `zhanchi list screen`",
                            "%lld rows of the list were repaired or added since it was screened",
                            (long long)n);
}

static int prepare(struct freeze *z, const struct template_info *given, struct gateway *const *g,
                   struct err *e)
{
    struct others others = {.c = z->c};

    if (check_screened(z->store, z->c, e) != 0 ||
        gateways_open(z->store, z->c, g, text_limit(z), &z->gateways, e) != 0 ||
        set_times(z, e) != 0 || store_campaign_each(z->store, look_at_other, &others, e) != 0 ||
        texts_load(z->store, z->c, given, &z->texts, e) != 0)
        return -1;
    z->others_open = others.open;
    z->lints = lints_open(z->office.lint, &z->texts);
    if (firsts_find(z->store, z->c, z->send_day, &z->firsts, e) != 0)
        return -1;
    return households_find(z->store, z->c, z->send_day, z->others_open, z->firsts, &z->households,
                           e);
}

static void opened_init(struct opened *o)
{
    buf_init(&o->plain, ROW_MAX_BYTES);
    json_flat_init(&o->members);
}

static void opened_fini(struct opened *o)
{
    buf_fini(&o->plain);
    json_flat_fini(&o->members);
}

struct freeze *freeze_open(struct store *s, struct keyring *k, const struct campaign_info *c,
                           const struct template_info *given, struct gateway *const *g,
                           const struct campaign_office *o, struct err *e)
{
    struct freeze *z = calloc(1, sizeof *z);

    if (z == NULL || (z->clauses = calloc(CLAUSES_MAX, sizeof *z->clauses)) == NULL)
        panic("out of memory");
    z->store = s;
    z->keys = k;
    z->c = c;
    z->office = *o;
    z->arena = arena_new(16384);
    z->strata = strata_new(c);
    opened_init(&z->row);
    opened_init(&z->other);
    buf_init(&z->text, TEXT_MAX_BYTES);
    buf_init(&z->variables, TEXT_MAX_BYTES);
    buf_init(&z->subject, SUBJECT_MAX_BYTES);
    buf_init(&z->html, HTML_MAX_BYTES);
    if (check_gateways(c, g, e) == 0 && prepare(z, given, g, e) == 0)
        return z;
    freeze_close(z);
    return NULL;
}

void freeze_close(struct freeze *z)
{
    if (z == NULL)
        return;
    lints_close(z->lints);
    texts_fini(&z->texts);
    strata_free(z->strata);
    households_free(z->households);
    firsts_free(z->firsts);
    arena_free(z->arena);
    opened_fini(&z->row);
    opened_fini(&z->other);
    buf_fini(&z->text);
    buf_fini(&z->variables);
    buf_fini(&z->subject);
    buf_fini(&z->html);
    free(z->clauses);
    free(z);
}

const struct text *freeze_text(const struct freeze *z, int variant)
{
    return &z->texts.list[variant];
}

int freeze_lint(struct freeze *z, bool block, struct err *e)
{
    if (z->lints == NULL)
        return 0;
    lints_tell(z->lints);
    return block ? lints_check(z->lints, z->c->name, e) : 0;
}

const struct gateways *freeze_gateways(const struct freeze *z)
{
    return &z->gateways;
}
