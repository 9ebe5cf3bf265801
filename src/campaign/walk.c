/*
 * walk: every candidate of a campaign's list, with what becomes of it. Used by forecast, preview and submit.
 *
 * Order of the decisions: who refused, claimed or is held out elsewhere is excluded before anything is drawn; only then arms and variants. A text that
 * cannot be written excludes its row too.
 */
#include "zhanchi/civil.h"
#include "internal.h"

static void exclude(struct decision *d, enum msg_cause cause)
{
    d->arm = ARM_NONE;
    d->state = MSG_SUPPRESSED;
    d->cause = cause;
}

void walk_decide(const struct campaign_info *c, const struct campaign_office *o,
                 const struct candidate *k, struct decision *d)
{
    int zone = c->schedule.zone_min;
    int64_t begin = c->schedule.not_before_ms > o->now_ms ? c->schedule.not_before_ms : o->now_ms;
    int32_t last = k->has_verdict ? k->verdict.last_day : CIVIL_NONE;

    *d = (struct decision){.state = MSG_QUEUED, .due_ms = begin};
    d->arm = campaign_arm(c, k->row.address_id, last);
    /* Whom another campaign of the topic reaches is no clean comparison. */
    if (d->arm != ARM_SEND && k->active_elsewhere)
        d->arm = ARM_ALWAYS;
    d->variant = campaign_variant_of(c, k->row.address_id);
    if (d->arm == ARM_HOLDOUT) {
        d->state = MSG_PLANNED;
        d->due_ms = civil_at_ms(c->holdout_until, c->schedule.window_from, zone);
    }
    d->planned_day = civil_local_day(d->due_ms, zone);
    if (k->opted_out)
        exclude(d, CAUSE_OPTOUT);
    else if (k->claimed)
        exclude(d, CAUSE_CLAIMED);
    else if (k->held_elsewhere)
        exclude(d, CAUSE_HELD_OUT);
    else if (last != CIVIL_NONE && last < d->planned_day)
        exclude(d, CAUSE_TIME);
}

struct walking {
    struct writer *w;
    walk_fn each;
    void *ctx;
    bool masked;
    int64_t seen;
    struct err *e;
};

static int visit(void *ctx, const struct candidate *k)
{
    struct walking *x = ctx;
    struct written t = {0};
    struct decision d;

    x->seen++;
    walk_decide(x->w->campaign, x->w->office, k, &d);
    if (d.state != MSG_SUPPRESSED) {
        if (writer_write(x->w, k, d.variant, d.planned_day, false, &t, x->e) != 0)
            return -1;
        if (t.cause != CAUSE_NONE)
            exclude(&d, t.cause);
    }
    return x->each(x->ctx, k, &d, &t);
}

int walk(struct writer *w, walk_fn each, int (*flush)(void *ctx, struct err *e), void *ctx,
         const struct progress *p, struct err *e)
{
    struct walking x = {.w = w, .each = each, .ctx = ctx, .e = e};
    struct list_counts counts;
    int64_t last = 0;

    if (store_list_counts(w->store, w->campaign->list_id, &counts, e) != 0)
        return -1;
    do {
        if (store_candidates(w->store, w->campaign, w->office->today, last, store_chunk(w->store),
                             visit, &x, &last, e) != 0)
            return -1;
        if (flush != NULL && flush(ctx, e) != 0)
            return -1;
        if (p != NULL && p->fn != NULL && p->fn(p->ctx, x.seen, counts.persons, NULL) != 0)
            return err_set(e, ERR_TEMP, "start it again", "interrupted; nothing was changed");
    } while (last != 0);
    return 0;
}
