/*
 * report: a campaign's counts out of the store, put together. One read of the counters, one pass over the members for the arms, and one for each breakdown asked
 * for. No key is needed, and nothing here knows a person.
 *
 * Claims are counted from the day of the first hand-over through the day up to which the claims files are complete; before the release of a holdout its arm is
 * compared over that span, afterwards only up to the day before the release, when both arms had the same chances but for the message.
 *
 * Called by cmd_report.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "internal.h"

static const enum measure_by dimensions[MEASURE_DIMENSIONS] = {BY_VARIANT, BY_REGION, BY_LEVEL,
                                                               BY_HOUR};

const char *measure_by_name(enum measure_by by)
{
    static const char *const names[MEASURE_DIMENSIONS] = {
        [BY_VARIANT] = "variant", [BY_REGION] = "region", [BY_LEVEL] = "level", [BY_HOUR] = "hour"};

    return names[by];
}

bool measure_randomised(enum measure_by by)
{
    return by == BY_VARIANT;
}

/* ---- the span ---- */

struct files {
    bool any;
    int32_t complete_day;
};

static int on_file(void *ctx, const struct response_file *f)
{
    struct files *files = ctx;

    files->any = true;
    if (f->through > files->complete_day) /* CIVIL_NONE is less than any day */
        files->complete_day = f->through;
    return 0;
}

static int find_span(struct store *s, const struct measure_ask *ask, struct measure_report *out,
                     struct err *e)
{
    struct files files = {.complete_day = CIVIL_NONE};

    if (store_response_files_each(s, on_file, &files, e) != 0)
        return -1;
    out->complete_day = files.complete_day;
    out->from_day = out->through_day = CIVIL_NONE;
    if (out->campaign.started_at == 0)
        return 0;
    out->from_day = civil_local_day(out->campaign.started_at, out->campaign.schedule.zone_min);
    out->through_day = ask->today;
    if (files.complete_day != CIVIL_NONE && files.complete_day < ask->today)
        out->through_day = files.complete_day;
    out->claims_known = files.any && out->through_day >= out->from_day;
    return 0;
}

/* ---- counters ---- */

static int on_counter(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n)
{
    struct measure_report *r = ctx;

    r->states[state] += n;
    if (cause == CAUSE_NONE || n == 0 || r->n_causes == sizeof r->causes / sizeof r->causes[0])
        return 0;
    r->causes[r->n_causes++] = (struct measure_cause){state, cause, n};
    return 0;
}

static void sort_causes(struct measure_report *r)
{
    for (size_t i = 1; i < r->n_causes; i++) {
        struct measure_cause one = r->causes[i];
        size_t k = i;
        for (; k > 0 && r->causes[k - 1].n < one.n; k--)
            r->causes[k] = r->causes[k - 1];
        r->causes[k] = one;
    }
}

/* ---- breakdowns ---- */

struct gather {
    struct measure_breakdown *to;
    struct measure_line *total;
};

static int on_cell(void *ctx, const struct measure_cell *m)
{
    struct gather *g = ctx;
    struct measure_breakdown *b = g->to;

    struct measure_line *more = realloc(b->lines, (b->n + 1) * sizeof *more);
    if (more == NULL)
        panic("out of memory");
    b->lines = more;
    struct measure_line *l = &b->lines[b->n++];
    *l = (struct measure_line){.members = m->members,
                               .sent = m->sent,
                               .delivered = m->delivered,
                               .claimed = m->claimed,
                               .optouts = m->optouts};
    memcpy(l->key, m->key, sizeof l->key);
    return 0;
}

static void add_up(const struct measure_breakdown *b, struct measure_line *total)
{
    for (size_t i = 0; i < b->n; i++) {
        total->members += b->lines[i].members;
        total->sent += b->lines[i].sent;
        total->delivered += b->lines[i].delivered;
        total->claimed += b->lines[i].claimed;
        total->optouts += b->lines[i].optouts;
    }
}

static bool shares_template(const struct campaign_info *c, int variant)
{
    for (int i = 0; i < c->n_variants; i++)
        if (i != variant && c->variants[i].template_id == c->variants[variant].template_id)
            return true;
    return false;
}

/* The store knows a variant by its number, people by its text. */
static int name_variants(struct store *s, const struct campaign_info *c,
                         struct measure_breakdown *b, struct err *e)
{
    struct template_info t;

    for (size_t i = 0; i < b->n; i++) {
        long v = strtol(b->lines[i].key, NULL, 10);
        char number[16] = "";
        if (v < 0 || v >= c->n_variants)
            continue;
        int found = store_template_by_id(s, c->variants[v].template_id, &t, e);
        if (found < 0)
            return -1;
        if (found == 0)
            continue;
        if (shares_template(c, (int)v))
            snprintf(number, sizeof number, " #%d", (int)(v % 100) + 1);
        snprintf(b->lines[i].key, sizeof b->lines[i].key, "%.40s v%d%s", t.name, t.version, number);
    }
    return 0;
}

static int break_down(struct store *s, enum measure_by by, struct measure_report *out,
                      struct err *e)
{
    struct gather g = {.to = &out->by[by]};
    int32_t from = out->claims_known ? out->from_day : INT32_MAX;

    return store_measure(s, &out->campaign, by, from, out->through_day, on_cell, &g, e);
}

static void finish_lines(struct measure_report *out)
{
    withhold(&out->total, 1);
    line_rate(&out->total, out->claims_known);
    for (int d = 0; d < MEASURE_DIMENSIONS; d++) {
        withhold(out->by[d].lines, out->by[d].n);
        for (size_t i = 0; i < out->by[d].n; i++)
            line_rate(&out->by[d].lines[i], out->claims_known);
    }
}

/* The total is that of the variants, which are counted even where they are not shown: every member has one. */
static int all_breakdowns(struct store *s, unsigned asked, struct measure_report *out,
                          struct err *e)
{
    for (int d = 0; d < MEASURE_DIMENSIONS; d++) {
        enum measure_by by = dimensions[d];
        out->by[by].asked = (asked & 1u << by) != 0;
        if ((out->by[by].asked || by == BY_VARIANT) && break_down(s, by, out, e) != 0)
            return -1;
    }
    add_up(&out->by[BY_VARIANT], &out->total);
    if (!out->by[BY_VARIANT].asked)
        out->by[BY_VARIANT].n = 0;
    if (name_variants(s, &out->campaign, &out->by[BY_VARIANT], e) != 0)
        return -1;
    finish_lines(out);
    return 0;
}

/* ---- arms ---- */

struct arms {
    struct measure_arm of[ARM_NONE + 1];
};

static int on_arm(void *ctx, const struct measure_arm *a)
{
    struct arms *arms = ctx;

    if (a->arm >= ARM_SEND && a->arm <= ARM_NONE)
        arms->of[a->arm] = *a;
    return 0;
}

static int count_arms(struct store *s, const struct measure_ask *ask, struct measure_report *out,
                      struct err *e)
{
    struct arms arms = {0};
    const struct measure_arm *send = &arms.of[ARM_SEND], *hold = &arms.of[ARM_HOLDOUT];
    int32_t through = out->through_day, until = out->campaign.holdout_until;

    if (until != CIVIL_NONE && through >= until)
        through = until - 1;
    if (store_measure_arms(s, out->campaign.id, out->claims_known ? out->from_day : INT32_MAX,
                           through, on_arm, &arms, e) != 0)
        return -1;
    out->held_out = hold->members;
    out->always = arms.of[ARM_ALWAYS].members;
    out->members = send->members + out->held_out + out->always;
    out->segments = send->segments + hold->segments + arms.of[ARM_ALWAYS].segments;
    out->cost_microyuan = ask->price_microyuan > 0 ? out->segments * ask->price_microyuan : -1;
    out->has_lift =
        out->claims_known && through >= out->from_day && send->members > 0 && hold->members > 0;
    if (out->has_lift) {
        out->lift.through_day = through;
        lift_of(send, hold, ask->price_microyuan, &out->lift);
    }
    return 0;
}

int measure_report(struct store *s, const struct campaign_info *c, const struct measure_ask *ask,
                   struct measure_report *out, struct err *e)
{
    *out = (struct measure_report){.campaign = *c};
    if (find_span(s, ask, out, e) == 0 && store_tally(s, c->id, on_counter, out, e) == 0 &&
        all_breakdowns(s, ask->by, out, e) == 0 && count_arms(s, ask, out, e) == 0) {
        sort_causes(out);
        return 0;
    }
    measure_report_fini(out);
    return -1;
}

void measure_report_fini(struct measure_report *r)
{
    for (int d = 0; d < MEASURE_DIMENSIONS; d++) {
        free(r->by[d].lines);
        r->by[d] = (struct measure_breakdown){0};
    }
}
