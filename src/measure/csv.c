/*
 * csv: the report as one table for spreadsheets and statistics programs. Pure.
 *
 * The first column says what a line is, the second which one; a field that does not belong to a line, is not known or is withheld is empty, never zero. Single
 * figures (cost, extra claims) stand in the column before the last. The last one says of a breakdown's line whether who is in it was drawn.
 *
 * Called by cmd_report.c.
 */
#include <string.h>
#include "internal.h"
#include "zhanchi/civil.h"
#include "zhanchi/table.h"

static void field(struct buf *out, const char *s, bool first)
{
    table_csv_field(out, s, strlen(s), first);
}

static void field_int(struct buf *out, bool known, int64_t v)
{
    buf_addc(out, ',');
    if (known)
        buf_addf(out, "%lld", (long long)v);
}

static void field_real(struct buf *out, bool known, double v)
{
    buf_addc(out, ',');
    if (known)
        buf_addf(out, "%.12g", v);
}

/* A line whose every figure may be missing. */
struct figures {
    bool has_members, has_messages, has_sent, has_claimed, has_rate, has_value, has_yuan;
    const char *randomised; /* NULL: not of a breakdown */
    int64_t microyuan;
    int64_t members, messages, sent, delivered, optouts, claimed;
    double rate, value;
    struct interval ci;
};

static void put(struct buf *out, const char *section, const char *key, bool withheld,
                const struct figures *f)
{
    field(out, section, true);
    field(out, key, false);
    field(out, withheld ? "1" : "0", false);
    field_int(out, f->has_members, f->members);
    field_int(out, f->has_messages, f->messages);
    field_int(out, f->has_sent, f->sent);
    field_int(out, f->has_sent, f->delivered);
    field_int(out, f->has_sent, f->optouts);
    field_int(out, f->has_claimed, f->claimed);
    field_real(out, f->has_rate, f->rate);
    field_real(out, f->has_rate, f->ci.low);
    field_real(out, f->has_rate, f->ci.high);
    field_real(out, f->has_value, f->value);
    if (f->has_yuan)
        buf_add_micro(out, f->microyuan);
    field(out, f->randomised != NULL ? f->randomised : "", false);
    buf_adds(out, "\r\n");
}

static void put_value(struct buf *out, const char *section, const char *key, bool known, double v)
{
    put(out, section, key, false, &(struct figures){.has_value = known, .value = v});
}

static void put_yuan(struct buf *out, const char *section, const char *key, int64_t microyuan)
{
    put(out, section, key, false,
        &(struct figures){.has_yuan = microyuan >= 0, .microyuan = microyuan});
}

static void put_line(struct buf *out, const char *section, const struct measure_line *l,
                     const char *randomised, bool claims_known)
{
    bool shown = !l->withheld, claims = shown && claims_known;

    put(out, section, l->key, l->withheld,
        &(struct figures){.has_members = shown,
                          .members = l->members,
                          .has_sent = shown,
                          .sent = l->sent,
                          .delivered = l->delivered,
                          .optouts = l->optouts,
                          .has_claimed = claims,
                          .claimed = l->claimed,
                          .has_rate = claims && l->members > 0,
                          .rate = l->rate,
                          .ci = l->ci,
                          .randomised = randomised});
}

static void put_arm(struct buf *out, const char *name, int64_t members, int64_t claimed)
{
    struct measure_line l = {.members = members, .claimed = claimed};

    line_rate(&l, true);
    put(out, "lift", name, false,
        &(struct figures){.has_members = true,
                          .members = members,
                          .has_claimed = true,
                          .claimed = claimed,
                          .has_rate = true,
                          .rate = l.rate,
                          .ci = l.ci});
}

static void put_lift(struct buf *out, const struct measure_lift *l)
{
    if (l->withheld) {
        put(out, "lift", "difference", true, &(struct figures){0});
        return;
    }
    put_arm(out, "send", l->send_members, l->send_claimed);
    put_arm(out, "holdout", l->hold_members, l->hold_claimed);
    put(out, "lift", "difference", false,
        &(struct figures){.has_rate = true, .rate = l->lift, .ci = l->ci});
    put_value(out, "lift", "claims-extra", true, l->claims_extra);
    put_yuan(out, "lift", "cost-yuan", l->cost_microyuan);
    put_value(out, "lift", "yuan-per-extra-claim", l->yuan_per_extra >= 0, l->yuan_per_extra);
}

static void put_messages(const struct measure_report *r, struct buf *out)
{
    struct buf key;

    buf_init(&key, 64);
    for (int s = 1; s < MSG_STATES; s++)
        put(out, "state", message_state_name((enum msg_state)s), false,
            &(struct figures){.has_messages = true, .messages = r->states[s]});
    for (size_t i = 0; i < r->n_causes; i++) {
        buf_reset(&key);
        buf_addf(&key, "%s/%s", message_state_name(r->causes[i].state),
                 message_cause_name(r->causes[i].cause));
        put(out, "cause", buf_cstr(&key), false,
            &(struct figures){.has_messages = true, .messages = r->causes[i].n});
    }
    buf_fini(&key);
}

static void put_span(const struct measure_report *r, struct buf *out)
{
    char from[11], through[11], span[24] = "";

    if (r->from_day != CIVIL_NONE) {
        civil_format(r->from_day, from);
        civil_format(r->through_day, through);
        memcpy(span, from, 10);
        span[10] = '/';
        memcpy(span + 11, through, 11);
    }
    put(out, "span", span, false, &(struct figures){0});
}

void measure_csv(const struct measure_report *r, struct buf *out)
{
    buf_adds(out, "section,key,withheld,members,messages,sent,delivered,optouts,claimed,rate,"
                  "ci_low,ci_high,value,randomised\r\n");
    put(out, "campaign", r->campaign.name, false,
        &(struct figures){.has_members = true, .members = r->members});
    put_span(r, out);
    put_value(out, "cost", "segments", true, (double)r->segments);
    put_yuan(out, "cost", "yuan", r->cost_microyuan);
    put_messages(r, out);
    put_line(out, "total", &r->total, NULL, r->claims_known);
    for (int d = 0; d < MEASURE_DIMENSIONS; d++)
        for (size_t i = 0; r->by[d].asked && i < r->by[d].n; i++)
            put_line(out, measure_by_name((enum measure_by)d), &r->by[d].lines[i],
                     measure_randomised((enum measure_by)d) ? "1" : "0", r->claims_known);
    if (r->has_lift)
        put_lift(out, &r->lift);
}
