/*
 * forecast: what a submit would freeze, row by row, stored nowhere.
 */
#include <stdio.h>
#include <string.h>
#include "internal.h"

#define PARTS_MOST 7 /* and more */

/* Which value is missing, and where first: that is what staff can correct. */
static void count_missing(struct campaign_forecast *f, const struct drawn *d)
{
    struct campaign_missing *m = f->missing;
    int i = 0;

    while (i < CAMPAIGN_MISSING && m[i].rows > 0 && strcmp(m[i].value, d->missing) != 0)
        i++;
    if (i == CAMPAIGN_MISSING)
        return;
    if (m[i].rows++ == 0)
        snprintf(m[i].value, sizeof m[i].value, "%s", d->missing);
    if (m[i].first_line == 0 || d->k->row.line < m[i].first_line)
        m[i].first_line = d->k->row.line;
}

void forecast_count(struct campaign_forecast *f, const struct drawn *d)
{
    f->candidates++;
    if (d->cause != CAUSE_NONE) {
        f->suppressed[d->cause]++;
        if (d->missing[0] != '\0')
            count_missing(f, d);
        return;
    }
    f->unconfirmed_rules += d->unconfirmed;
    f->to_shared_numbers += d->k->address_sharers > 1;
    f->elsewhere += d->k->active_elsewhere;
    if (d->arm == ARM_HOLDOUT) {
        f->held_out++;
        f->segments_held += d->parts;
        return;
    }
    f->messages++;
    f->always += d->arm == ARM_ALWAYS;
    f->segments += d->parts;
    f->parts[d->parts < PARTS_MOST ? d->parts : PARTS_MOST]++;
    f->per_variant[d->variant]++;
    f->gateways[d->route].messages++;
    f->gateways[d->route].segments += d->parts;
}

int forecast_finish(struct freeze *z, struct store *s, const struct campaign_info *c,
                    const struct campaign_office *o, struct campaign_forecast *out, struct err *e)
{
    int64_t now[ROUTE_GATEWAYS];
    struct list_counts counts;

    for (int i = 0; i < ROUTE_GATEWAYS; i++)
        now[i] = out->gateways[i].messages;
    out->finish_ms = gateways_finish(freeze_gateways(z), c, o->now_ms, now, out->gateways);
    for (int i = 0; i < c->n_gateways; i++)
        out->cost_microyuan += out->gateways[i].cost_microyuan;
    if (store_list_counts(s, c->list_id, &counts, e) != 0)
        return -1;
    out->persons = counts.persons;
    out->suppressed[CAUSE_NOT_ELIGIBLE] = counts.persons - out->candidates;
    return 0;
}

static int count_one(void *ctx, const struct drawn *d, struct err *e)
{
    (void)e;
    forecast_count(ctx, d);
    return 0;
}

int campaign_forecast(struct store *s, struct keyring *k, const struct campaign_info *c,
                      struct gateway *const *g, const struct campaign_office *o,
                      const struct progress *p, struct campaign_forecast *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct freeze *z = freeze_open(s, k, c, NULL, g, o, e);
    if (z == NULL)
        return -1;
    int rc = freeze_all(z, count_one, out, p, e);
    if (rc == 0)
        rc = freeze_lint(z, false, e);
    if (rc == 0)
        rc = forecast_finish(z, s, c, o, out, e);
    freeze_close(z);
    return rc;
}
