/*
 * report_text: see report_text.h. First what happened to the messages, then who claimed, by what,
 * and what the campaign changed.
 *
 * Rules of the text: a proportion never stands without its interval; what is not known is said, not
 * shown as zero; hours carry their warning, because nobody drew who is written to at which hour; a
 * difference is called one only where its interval leaves out zero.
 *
 * Called by cmd_report.c. Everything is translated here, nothing is counted here.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/civil.h"
#include "zhanchi/policy.h"
#include "cli.h"
#include "report_text.h"

#define BAR_WIDTH 24
#define KEY_WIDTH_MIN 12

/* ---- pieces ---- */

static void heading(struct buf *out, const char *text)
{
    buf_addf(out, "\n%s\n", text);
}

static void spaces(struct buf *out, int n)
{
    for (; n > 0; n--)
        buf_addc(out, ' ');
}

static void left(struct buf *out, const char *s, int width)
{
    buf_adds(out, s);
    spaces(out, width - cli_width(s));
}

static void right(struct buf *out, const char *s, int width)
{
    spaces(out, width - cli_width(s));
    buf_adds(out, s);
}

static void right_int(struct buf *out, int64_t v, int width)
{
    char text[32];

    right(out, cli_number(v, text), width);
}

static void percent(struct buf *out, double v)
{
    buf_addf(out, "%6.2f %%", 100.0 * v);
}

static void bar(struct buf *out, int64_t part, int64_t whole)
{
    int n = whole > 0 ? (int)((double)BAR_WIDTH * (double)part / (double)whole + 0.5) : 0;

    for (int i = 0; i < n && i < BAR_WIDTH; i++)
        buf_adds(out, i == 0 ? "  #" : "#");
}

static const char *day(int32_t d, char text[11])
{
    return civil_format(d, text);
}

/* ---- what the figures stand on ---- */

static void about_claims(const struct measure_report *r, struct buf *out)
{
    char a[11], b[11];

    if (r->from_day == CIVIL_NONE) {
        buf_addf(out, "%s\n", _("Not started: nothing has been sent yet."));
    } else if (r->claims_known) {
        buf_addf(out, _("Claims counted from %s through %s.\n"), day(r->from_day, a),
                 day(r->through_day, b));
        if (r->complete_day == CIVIL_NONE)
            buf_addf(out, "%s\n",
                     _("No claims file says through which day it is complete (response import "
                       "--through): late claims may be missing."));
    } else if (r->complete_day != CIVIL_NONE) {
        buf_addf(out,
                 _("Claims are known through %s only, before the campaign began (%s): nothing is "
                   "said about claims.\n"),
                 day(r->complete_day, a), day(r->from_day, b));
    } else {
        buf_addf(out, "%s\n",
                 _("No claims file has been imported (response import): nothing is said about "
                   "claims."));
    }
}

static void title(const struct measure_report *r, struct buf *out)
{
    buf_addf(out, _("Campaign %s (topic %s), %s\n"), r->campaign.name, r->campaign.topic,
             campaign_state_name(r->campaign.state));
    about_claims(r, out);
}

/* ---- funnel ---- */

/* A bar at the end, so that no line ends in blanks. */
static void step_begin(struct buf *out, const char *label, int64_t n, int64_t of)
{
    spaces(out, 2);
    left(out, label, 26);
    right_int(out, n, 12);
    buf_adds(out, "  ");
    percent(out, of > 0 ? (double)n / (double)of : 0.0);
}

static void step(struct buf *out, const char *label, int64_t n, int64_t of)
{
    step_begin(out, label, n, of);
    bar(out, n, of);
    buf_addc(out, '\n');
}

static void members(const struct measure_report *r, struct buf *out)
{
    char until[11];

    spaces(out, 2);
    left(out, _("members"), 26);
    right_int(out, r->members, 12);
    buf_addc(out, '\n');
    if (r->held_out > 0) {
        spaces(out, 2);
        left(out, _("  held out"), 26);
        right_int(out, r->held_out, 12);
        buf_addf(out, _("  until %s\n"), day(r->campaign.holdout_until, until));
    }
    if (r->always > 0 && r->held_out > 0) {
        spaces(out, 2);
        left(out, _("  not randomised"), 26);
        right_int(out, r->always, 12);
        buf_addf(out, "  %s\n", _("cannot wait so long: sent at once, left out of the lift"));
    }
}

static void funnel(const struct measure_report *r, struct buf *out)
{
    const struct measure_line *t = &r->total;

    heading(out, _("Funnel"));
    members(r, out);
    if (t->withheld) {
        buf_addf(out, _("  further figures are withheld: fewer than %d people\n"), MEASURE_SMALL);
        return;
    }
    step(out, _("to be sent at once"), t->members, t->members);
    step(out, _("taken by the gateway"), t->sent, t->members);
    step(out, _("delivered"), t->delivered, t->members);
    if (r->claims_known) {
        step_begin(out, _("claimed"), t->claimed, t->members);
        buf_addf(out, _("  (95 %% interval %.2f to %.2f %%)\n"), 100.0 * t->ci.low,
                 100.0 * t->ci.high);
    }
    step(out, _("refused further messages"), t->optouts, t->members);
}

/* ---- messages ---- */

static void states(const struct measure_report *r, struct buf *out)
{
    int64_t all = 0;

    for (int s = 1; s < MSG_STATES; s++)
        all += r->states[s];
    if (all == 0)
        return;
    heading(out, _("Messages"));
    for (int s = 1; s < MSG_STATES; s++)
        if (r->states[s] > 0)
            step(out, message_state_name((enum msg_state)s), r->states[s], all);
    if (r->states[MSG_UNKNOWN] > 0)
        buf_addf(out, "  %s\n",
                 _("unknown: nobody can say whether the gateway took them; see message resolve"));
}

static void causes(const struct measure_report *r, struct buf *out)
{
    if (r->n_causes == 0)
        return;
    heading(out, _("Reasons"));
    for (size_t i = 0; i < r->n_causes; i++) {
        spaces(out, 2);
        left(out, message_state_name(r->causes[i].state), 13);
        left(out, message_cause_name(r->causes[i].cause), 13);
        right_int(out, r->causes[i].n, 12);
        buf_addc(out, '\n');
    }
}

static void cost(const struct measure_report *r, struct buf *out)
{
    char n[32];

    if (r->segments == 0)
        return;
    buf_addf(out, _("\nSegments taken by the gateway: %s"), cli_number(r->segments, n));
    if (r->cost_microyuan >= 0)
        buf_addf(out, _(", %.2f yuan"), (double)r->cost_microyuan / 1e6);
    buf_addc(out, '\n');
}

/* ---- breakdowns ---- */

static const char *label(enum measure_by by, const char *key, char text[80])
{
    int level = by == BY_LEVEL ? (int)strtol(key, NULL, 10) : 0;

    if (by == BY_HOUR)
        snprintf(text, 80, "%s:00-%s:59", key, key);
    else if (by == BY_LEVEL && level > 0)
        snprintf(text, 80, "%d %s", level, policy_level_name(level));
    else if (by == BY_LEVEL || key[0] == '\0')
        snprintf(text, 80, "%s", _("(not known)"));
    else
        snprintf(text, 80, "%s", key);
    return text;
}

static int key_width(const struct measure_breakdown *b, enum measure_by by)
{
    int width = KEY_WIDTH_MIN;
    char text[80];

    for (size_t i = 0; i < b->n; i++) {
        int w = cli_width(label(by, b->lines[i].key, text));
        width = w > width ? w : width;
    }
    return width;
}

static void line_head(struct buf *out, int width, bool claims_known)
{
    spaces(out, 2 + width);
    right(out, _("members"), 12);
    right(out, _("taken"), 12);
    right(out, _("delivered"), 12);
    right(out, _("refused"), 10);
    if (claims_known) {
        right(out, _("claimed"), 12);
        right(out, _("rate"), 10);
        buf_addf(out, "   %s", /* xgettext:no-c-format */ _("95 % interval"));
    }
    buf_addc(out, '\n');
}

static void line(struct buf *out, const char *key, int width, const struct measure_line *l,
                 bool claims_known)
{
    spaces(out, 2);
    left(out, key, width);
    if (l->withheld) {
        right(out, "*", 12);
        buf_addc(out, '\n');
        return;
    }
    right_int(out, l->members, 12);
    right_int(out, l->sent, 12);
    right_int(out, l->delivered, 12);
    right_int(out, l->optouts, 10);
    if (claims_known) {
        right_int(out, l->claimed, 12);
        buf_adds(out, "  ");
        percent(out, l->rate);
        buf_addf(out, "   %5.2f-%.2f %%", 100.0 * l->ci.low, 100.0 * l->ci.high);
    }
    buf_addc(out, '\n');
}

static void breakdown(const struct measure_report *r, enum measure_by by, struct buf *out)
{
    static const char *const headings[MEASURE_DIMENSIONS] = {
        [BY_VARIANT] = N_("By text (drawn at random)"),
        [BY_REGION] = N_("By region"),
        [BY_LEVEL] = N_("By level"),
        [BY_HOUR] = N_("By hour of hand-over (not randomised: differences are not the hour's)")};
    const struct measure_breakdown *b = &r->by[by];
    int width = key_width(b, by);
    bool withheld = false;
    char text[80];

    if (!b->asked || b->n == 0)
        return;
    heading(out, _(headings[by]));
    line_head(out, width, r->claims_known);
    for (size_t i = 0; i < b->n; i++) {
        line(out, label(by, b->lines[i].key, text), width, &b->lines[i], r->claims_known);
        withheld = withheld || b->lines[i].withheld;
    }
    if (withheld)
        buf_addf(out,
                 _("  * withheld: fewer than %d people, or a difference from the total would tell "
                   "of fewer\n"),
                 MEASURE_SMALL);
}

/* ---- lift ---- */

static void arm(struct buf *out, const char *name, int64_t n, int64_t claimed)
{
    struct interval ci = stats_wilson(claimed, n, MEASURE_LEVEL);
    char a[32], b[32];

    spaces(out, 2);
    left(out, name, 16);
    buf_addf(out, _("%12s of %12s claimed  "), cli_number(claimed, a), cli_number(n, b));
    percent(out, (double)claimed / (double)n);
    buf_addf(out, "   %5.2f-%.2f %%\n", 100.0 * ci.low, 100.0 * ci.high);
}

static const char *verdict(struct interval ci)
{
    if (ci.low > 0)
        return _("Those who were written to claimed more often.");
    if (ci.high < 0)
        return _("Those who were written to claimed less often.");
    return _("No difference can be told from chance yet.");
}

static void lift_cost(const struct measure_lift *l, struct buf *out)
{
    if (l->cost_microyuan < 0)
        return;
    buf_addf(out, _("  cost of the arm that was sent: %.2f yuan"), (double)l->cost_microyuan / 1e6);
    if (l->yuan_per_extra >= 0)
        buf_addf(out, _("; %.2f yuan for each extra claim"), l->yuan_per_extra);
    buf_addc(out, '\n');
}

static void lift(const struct measure_report *r, struct buf *out)
{
    const struct measure_lift *l = &r->lift;
    char until[11];

    if (!r->has_lift)
        return;
    heading(out, _("Lift"));
    if (l->withheld) {
        buf_addf(out, _("  withheld: an arm has fewer than %d people\n"), MEASURE_SMALL);
        return;
    }
    buf_addf(out, _("  claims through %s, of everybody assigned\n"), day(l->through_day, until));
    arm(out, _("sent"), l->send_members, l->send_claimed);
    arm(out, _("held out"), l->hold_members, l->hold_claimed);
    buf_addf(out, _("  difference %+.2f points (95 %% interval %+.2f to %+.2f)\n"), 100.0 * l->lift,
             100.0 * l->ci.low, 100.0 * l->ci.high);
    buf_addf(out, "  %s\n", verdict(l->ci));
    buf_addf(out, _("  extra claims: %.0f (%.0f to %.0f)\n"), l->claims_extra, l->extra_ci.low,
             l->extra_ci.high);
    lift_cost(l, out);
}

void report_text(const struct measure_report *r, struct buf *out)
{
    title(r, out);
    funnel(r, out);
    states(r, out);
    causes(r, out);
    cost(r, out);
    for (int d = 0; d < MEASURE_DIMENSIONS; d++)
        breakdown(r, (enum measure_by)d, out);
    lift(r, out);
}
