/*
 * preview: a few texts, chosen on purpose: the longest, the shortest, the one of most parts, the one of the rarest characters, one of each
 * variant and of each level, then the first ones. Who is chosen is decided by the real texts; what is shown is
 * rendered again with names and numbers masked.
 */
#include <string.h>
#include "zhanchi/i18n.h"
#include "zhanchi/mask.h"
#include "internal.h"

#define FIRST_MOST 64
#define LEVELS 6

enum {
    PICK_LONGEST,
    PICK_SHORTEST,
    PICK_PARTS,
    PICK_RAREST,
    PICK_VARIANT,
    PICK_LEVEL = PICK_VARIANT + CAMPAIGN_VARIANTS, /* 0: not known */
    PICK_FIRST = PICK_LEVEL + LEVELS,
    PICKS = PICK_FIRST + FIRST_MOST
};

struct pick {
    bool taken;
    int variant;        /* that was drawn */
    struct candidate k; /* sealed: in the arena */
    size_t units;
    int parts, rarity;
};

struct picking {
    struct arena *arena;
    struct pick pick[PICKS];
    int first, n;
    struct rarity *rarity;
    struct campaign_forecast *forecast; /* NULL: not asked for */
};

static void take(struct picking *x, int i, const struct drawn *d)
{
    struct pick *p = &x->pick[i];

    *p = (struct pick){
        .taken = true, .variant = d->variant, .k = *d->k, .units = d->units, .parts = d->parts};
    p->k.row.sealed = arena_memdup(x->arena, d->k->row.sealed, d->k->row.sealed_len);
}

static int level_of(const struct drawn *d)
{
    return d->k->row.level > 0 && d->k->row.level < LEVELS ? d->k->row.level : 0;
}

static void choose_rarest(struct picking *x, const struct drawn *d)
{
    int rarity = rarity_of(x->rarity, d->text, strlen(d->text));

    if (rarity <= x->pick[PICK_RAREST].rarity)
        return;
    take(x, PICK_RAREST, d);
    x->pick[PICK_RAREST].rarity = rarity;
}

static int choose(void *ctx, const struct drawn *d, struct err *e)
{
    struct picking *x = ctx;
    struct pick *p = x->pick;
    (void)e;

    if (x->forecast != NULL)
        forecast_count(x->forecast, d);
    if (d->cause != CAUSE_NONE)
        return 0;
    if (!p[PICK_LONGEST].taken || d->units > p[PICK_LONGEST].units)
        take(x, PICK_LONGEST, d);
    if (!p[PICK_SHORTEST].taken || d->units < p[PICK_SHORTEST].units)
        take(x, PICK_SHORTEST, d);
    if (!p[PICK_PARTS].taken || d->parts > p[PICK_PARTS].parts)
        take(x, PICK_PARTS, d);
    if (!p[PICK_VARIANT + d->variant].taken)
        take(x, PICK_VARIANT + d->variant, d);
    choose_rarest(x, d);
    if (!p[PICK_LEVEL + level_of(d)].taken)
        take(x, PICK_LEVEL + level_of(d), d);
    if (x->first < FIRST_MOST && x->first < x->n)
        take(x, PICK_FIRST + x->first++, d);
    return 0;
}

static const char *why_of(int i)
{
    static const char *const names[PICK_FIRST] = {
        N_("longest"),         N_("shortest"),  N_("most parts"), N_("rarest characters"),
        N_("variant 1"),       N_("variant 2"), N_("variant 3"),  N_("variant 4"),
        N_("variant 5"),       N_("variant 6"), N_("variant 7"),  N_("variant 8"),
        N_("level not known"), N_("level 1"),   N_("level 2"),    N_("level 3"),
        N_("level 4"),         N_("level 5")};

    return i < PICK_FIRST ? names[i] : N_("sample");
}

static bool shown_before(const struct picking *x, int i)
{
    for (int j = 0; j < i; j++)
        if (x->pick[j].taken && x->pick[j].k.row.id == x->pick[i].k.row.id)
            return true;
    return false;
}

static int show_one(struct freeze *z, const struct pick *p, const char *why,
                    int (*each)(void *ctx, const struct campaign_sample *m), void *ctx,
                    struct err *e)
{
    struct drawn d;

    if (freeze_again(z, &p->k, p->variant, &d, e) != 0)
        return -1;
    struct campaign_sample m = {.line = p->k.row.line,
                                .why = why,
                                .variant = d.variant,
                                .level = p->k.row.level,
                                .arm = d.arm,
                                .signature = freeze_text(z, d.variant)->info.signature,
                                .template = freeze_text(z, d.variant)->info.name,
                                .text = d.text,
                                .carrier_template =
                                    freeze_text(z, d.variant)->info.carrier_template,
                                .carrier_variables = d.carrier_variables,
                                .route = d.route,
                                .subject = d.subject,
                                .html = d.html,
                                .parts = p->parts,
                                .units = p->units};
    mask_address(d.phone, strlen(d.phone), m.phone);
    mask_name(d.name, strlen(d.name), m.name);
    return each(ctx, &m);
}

static int show(struct freeze *z, const struct picking *x,
                int (*each)(void *ctx, const struct campaign_sample *m), void *ctx, struct err *e)
{
    int rc = 0;

    for (int i = 0, shown = 0; i < PICKS && shown < x->n && rc == 0; i++) {
        if (!x->pick[i].taken || shown_before(x, i))
            continue;
        rc = show_one(z, &x->pick[i], why_of(i), each, ctx, e);
        shown++;
    }
    return rc < 0 ? -1 : 0;
}

static int look(struct freeze *z, struct store *s, const struct campaign_info *c,
                const struct campaign_office *o, struct picking *x, const struct progress *p,
                struct err *e)
{
    if (freeze_all(z, choose, x, p, e) != 0 || freeze_lint(z, false, e) != 0)
        return -1;
    return x->forecast != NULL ? forecast_finish(z, s, c, o, x->forecast, e) : 0;
}

int campaign_preview(struct store *s, struct keyring *k, const struct campaign_info *c,
                     const struct template_info *given, struct gateway *const *g,
                     const struct campaign_office *o, int n, const struct progress *p,
                     struct campaign_forecast *f,
                     int (*each)(void *ctx, const struct campaign_sample *m), void *ctx,
                     struct err *e)
{
    struct picking x = {.n = n, .forecast = f};
    struct freeze *z = freeze_open(s, k, c, given, g, o, e);

    if (z == NULL)
        return -1;
    if (f != NULL)
        memset(f, 0, sizeof *f);
    x.arena = arena_new(64 << 10);
    x.rarity = rarity_new();
    int rc = look(z, s, c, o, &x, p, e);
    if (rc == 0)
        rc = show(z, &x, each, ctx, e);
    rarity_free(x.rarity);
    arena_free(x.arena);
    freeze_close(z);
    return rc;
}
