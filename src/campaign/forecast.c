/*
 * forecast: what a submit would freeze, rendered row by row, stored nowhere.
 */
#include <string.h>
#include "zhanchi/mask.h"
#include "internal.h"

static int count(void *ctx, const struct candidate *k, const struct decision *d,
                 const struct written *t)
{
    struct campaign_forecast *f = ctx;

    f->persons++;
    if (d->state == MSG_SUPPRESSED) {
        f->suppressed[d->cause]++;
        return 0;
    }
    f->unconfirmed_rules += !t->confirmed;
    f->shared_addresses += k->address_sharers > 1;
    if (d->arm == ARM_HOLDOUT) {
        f->held_out++;
        f->segments_held += t->parts;
        return 0;
    }
    f->messages++;
    f->always += d->arm == ARM_ALWAYS;
    f->segments += t->parts;
    f->parts[t->parts < 7 ? t->parts : 7]++;
    f->per_variant[d->variant]++;
    return 0;
}

int campaign_forecast(struct store *s, struct keyring *k, const struct campaign_info *c,
                      const struct gateway *g, const struct campaign_office *o,
                      const struct progress *p, struct campaign_forecast *out, struct err *e)
{
    const struct gw_limits *limits = gateway_limits(g);
    struct campaign_office office = *o;
    struct writer w;

    memset(out, 0, sizeof *out);
    if (limits->text_units > 0 && (office.max_units == 0 || limits->text_units < office.max_units))
        office.max_units = limits->text_units;
    int rc = writer_init(&w, s, k, c, &office, e);
    if (rc == 0)
        rc = walk(&w, count, NULL, out, p, e);
    writer_fini(&w);
    out->cost_microyuan = out->segments * limits->price_microyuan;
    int64_t need = limits->rate > 0 ? (int64_t)((double)out->messages / limits->rate * 1000.0) : 0;
    out->finish_ms = pace_schedule_finish(&c->schedule, o->now_ms, need);
    return rc;
}

/* ---- preview ---- */

struct pick {
    bool taken;
    struct candidate k;
    struct decision d;
    void *sealed;
    size_t units;
    int parts;
};

enum {
    PICK_LONGEST,
    PICK_SHORTEST,
    PICK_PARTS,
    PICK_VARIANT,
    PICK_FIRST = PICK_VARIANT + CAMPAIGN_VARIANTS,
    PICKS = PICK_FIRST + 32
};

struct picking {
    struct arena *arena;
    struct pick pick[PICKS];
    int first, n;
};

static void take(struct picking *x, int i, const struct candidate *k, const struct decision *d,
                 const struct written *t)
{
    x->pick[i] =
        (struct pick){.taken = true, .k = *k, .d = *d, .units = t->units, .parts = t->parts};
    x->pick[i].k.row.sealed = arena_memdup(x->arena, k->row.sealed, k->row.sealed_len);
}

static int choose(void *ctx, const struct candidate *k, const struct decision *d,
                  const struct written *t)
{
    struct picking *x = ctx;

    if (d->state == MSG_SUPPRESSED)
        return 0;
    if (!x->pick[PICK_LONGEST].taken || t->units > x->pick[PICK_LONGEST].units)
        take(x, PICK_LONGEST, k, d, t);
    if (!x->pick[PICK_SHORTEST].taken || t->units < x->pick[PICK_SHORTEST].units)
        take(x, PICK_SHORTEST, k, d, t);
    if (!x->pick[PICK_PARTS].taken || t->parts > x->pick[PICK_PARTS].parts)
        take(x, PICK_PARTS, k, d, t);
    if (!x->pick[PICK_VARIANT + d->variant].taken)
        take(x, PICK_VARIANT + d->variant, k, d, t);
    if (x->first < 32 && x->first < x->n)
        take(x, PICK_FIRST + x->first++, k, d, t);
    return 0;
}

static const char *why_of(int i)
{
    static const char *const names[] = {"longest",   "shortest",  "most parts", "variant 1",
                                        "variant 2", "variant 3", "variant 4",  "variant 5",
                                        "variant 6", "variant 7", "variant 8"};

    return i < PICK_FIRST ? names[i] : "sample";
}

static bool shown_before(const struct picking *x, int i)
{
    for (int j = 0; j < i; j++)
        if (x->pick[j].taken && x->pick[j].k.row.id == x->pick[i].k.row.id)
            return true;
    return false;
}

static int show(struct writer *w, const struct picking *x, int n,
                int (*each)(void *ctx, const struct campaign_sample *m), void *ctx, struct err *e)
{
    for (int i = 0, shown = 0; i < PICKS && shown < n; i++) {
        const struct pick *p = &x->pick[i];
        struct written t;
        if (!p->taken || shown_before(x, i))
            continue;
        if (writer_write(w, &p->k, p->d.variant, p->d.planned_day, true, &t, e) != 0)
            return -1;
        struct campaign_sample m = {.line = p->k.row.line,
                                    .why = why_of(i),
                                    .variant = p->d.variant,
                                    .arm = p->d.arm,
                                    .text = t.text,
                                    .parts = p->parts,
                                    .units = p->units};
        mask_phone(t.phone, strlen(t.phone), m.phone);
        memcpy(m.name, t.name, strlen(t.name) < sizeof m.name ? strlen(t.name) + 1 : 0);
        shown++;
        int rc = each(ctx, &m);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return 0;
}

int campaign_preview(struct store *s, struct keyring *k, const struct campaign_info *c,
                     const struct campaign_office *o, int n,
                     int (*each)(void *ctx, const struct campaign_sample *m), void *ctx,
                     struct err *e)
{
    struct picking x = {.arena = arena_new(64 << 10), .n = n};
    struct writer w;
    int rc = writer_init(&w, s, k, c, o, e);

    if (rc == 0)
        rc = walk(&w, choose, NULL, &x, NULL, e);
    if (rc == 0)
        rc = show(&w, &x, n, each, ctx, e);
    writer_fini(&w);
    arena_free(x.arena);
    return rc;
}
