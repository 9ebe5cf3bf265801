/*
 * explain_text: see explain_text.h. First the verdict; then every rule that was tried and why it did
 * not decide; then what the deciding one asks, clause by clause, each with what was found and the
 * days computed. + met, - failed, ? unknown; what a rule does not ask is left out.
 *
 * Nothing is judged here: all findings are policy_argue's. Called by list_explain.c.
 */
#include <string.h>
#include "zhanchi/civil.h"
#include "cli.h"
#include "explain_text.h"
#include "lists.h"

/* ---- pieces ---- */

static const char *open_or(int32_t day, char out[11])
{
    return day == CIVIL_NONE ? _("(open)") : civil_format(day, out);
}

static const char *level_or(int level)
{
    return level != 0 ? policy_level_name(level) : _("(no level)");
}

/* "初级工 中级工 高级工" */
static void levels_covered(const struct policy_rule *r, char out[128])
{
    size_t len = 0;

    out[0] = '\0';
    for (int level = POLICY_LEVELS - 1; level > 0; level--)
        if ((r->levels & (1u << level)) != 0)
            len += (size_t)snprintf(out + len, 128 - len, "%s%s", len > 0 ? " " : "",
                                    policy_level_name(level));
}

static void mark(enum policy_finding f)
{
    static const char marks[] = {
        [FINDING_MET] = '+', [FINDING_FAILED] = '-', [FINDING_UNKNOWN] = '?'};

    printf("    %c ", marks[f]);
}

/* ---- the rules that were tried ---- */

static void trial(const struct policy_rule *r, enum policy_trial t, int32_t issued, int32_t as_of)
{
    char a[11], b[11];
    int32_t day = r->basis == POLICY_ISSUED ? issued : as_of;
    const char *basis = r->basis == POLICY_ISSUED ? _("of issue") : _("of application");

    printf("    %s: ", r->id);
    switch (t) {
    case TRIAL_DECIDES:
        puts(_("in force, and the nearest: it decides"));
        return;
    case TRIAL_NOT_YET:
        printf(_("begins on %s, after the day %s, %s\n"), civil_format(r->valid_from, a), basis,
               civil_format(day, b));
        return;
    case TRIAL_OVER:
        printf(_("ended on %s, before the day %s, %s\n"), civil_format(r->valid_to, a), basis,
               civil_format(day, b));
        return;
    case TRIAL_NEARER:
        printf(_("in force, but of region %s; a nearer one has a rule of its own\n"), r->region);
        return;
    case TRIAL_LATER:
        puts(_("in force, but another one of the region began later"));
        return;
    case TRIAL_NO_DAY:
        puts(_("not looked at: the day of issue is missing or still to come"));
        return;
    default:
        printf(_("of another region, %s\n"), r->region);
    }
}

static void trials(const struct policy *p, const struct explained *x, int32_t as_of)
{
    puts(_("  rules tried:"));
    for (size_t i = 0; i < p->n_rules; i++)
        trial(&p->rules[i], x->trials[i], x->certificate.issued_day, as_of);
}

/* ---- clause by clause ---- */

typedef void clause_fn(const struct explained *x, const struct policy_rule *r, int32_t as_of);

static void clause_level(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    char covered[128];

    (void)as_of;
    levels_covered(r, covered);
    printf(_("level: %s; covered are %s\n"), level_or(x->certificate.level), covered);
}

static void clause_issued_from(const struct explained *x, const struct policy_rule *r,
                               int32_t as_of)
{
    char a[11], b[11];

    (void)as_of;
    printf(_("issued: %s; not before %s\n"), civil_format(x->certificate.issued_day, a),
           civil_format(r->issued_from, b));
}

static void clause_issued_to(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    char a[11], b[11];

    (void)as_of;
    printf(_("issued: %s; not after %s\n"), civil_format(x->certificate.issued_day, a),
           civil_format(r->issued_to, b));
}

static void clause_claimed(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    const struct policy_claim *claim = x->argument.claim;
    char day[11];

    (void)as_of;
    if (claim == NULL)
        printf(r->once_per_level
                   ? _("claims: none for this occupation and level, which is paid once\n")
                   : _("claims: none for this certificate\n"));
    else
        printf(_("claims: one of %s, level %s, is about this certificate or may be\n"),
               claim->day == CIVIL_NONE ? _("(no date)") : civil_format(claim->day, day),
               level_or(claim->level));
}

/* The addition, its result, and what the other reading would make of it. */
static void clause_last_day(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    const struct policy_case *k = &x->argument;
    char issued[11], end[11], last[11], other[11], today[11];

    civil_format(k->verdict.last_day, last);
    civil_format(as_of, today);
    if (r->window_months == 0) {
        printf(_("last day: %s, the rule's own last one; judged on %s\n"), last, today);
        return;
    }
    printf(_("last day: %s and %d months is %s; with that day %s it is %s (the other reading: %s); "
             "judged on %s\n"),
           civil_format(x->certificate.issued_day, issued), r->window_months,
           civil_format(k->window_day, end),
           r->last_day_included ? _("included") : _("not included"), last,
           civil_format(k->last_by_read[!r->last_day_included], other), today);
}

static void clause_higher(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    const struct policy_case *k = &x->argument;
    char day[11];

    (void)as_of;
    if (k->higher_claim != NULL)
        printf(_("higher level: %s was claimed on %s\n"), level_or(k->higher_claim->level),
               k->higher_claim->day == CIVIL_NONE ? _("(no date)")
                                                  : civil_format(k->higher_claim->day, day));
    else if (k->higher_held != NULL)
        printf(_("higher level: a certificate of %s, issued %s, is held\n"),
               level_or(k->higher_held->level),
               k->higher_held->issued_day == CIVIL_NONE
                   ? _("(no date)")
                   : civil_format(k->higher_held->issued_day, day));
    else
        puts(r->higher_bars_lower == POLICY_HIGHER_HELD
                 ? _("higher level: none of this occupation is held or was claimed")
                 : _("higher level: none of this occupation was claimed"));
}

static void clause_group(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    (void)as_of;
    printf(_("group: %s; left out are"),
           x->group[0] != '\0' ? x->group : _("(the list says none)"));
    for (char *const *name = r->excluded; *name != NULL; name++)
        printf("%s%s", name == r->excluded ? " " : ", ", *name);
    putchar('\n');
}

static void clause_benefit(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    (void)r;
    (void)as_of;
    puts(x->person->draws_benefit ? _("unemployment benefit: is drawn")
                                  : _("unemployment benefit: none is drawn"));
}

static void clause_months(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    const struct policy_person *who = x->person;
    char day[11];

    (void)as_of;
    if (who->paid_months < 0)
        printf(_("paid months: the list says none; at least %d are needed\n"), r->months_min);
    else if (who->paid_months >= r->months_min || who->paid_months_day == CIVIL_NONE)
        printf(_("paid months: %d; at least %d are needed\n"), who->paid_months, r->months_min);
    else
        printf(_("paid months: %d, counted through %s, %d months before; at least %d are needed\n"),
               who->paid_months, civil_format(who->paid_months_day, day), x->argument.months_since,
               r->months_min);
}

static void clause_yearly(const struct explained *x, const struct policy_rule *r, int32_t as_of)
{
    const struct policy_case *k = &x->argument;

    printf(_("payments in %d: %d known; at most %d"), civil_of(as_of).year, k->paid_this_year,
           r->yearly_max);
    if (r->yearly_extra_shortage > 0)
        printf(k->shortage ? _(", and %d more for occupations in short supply, as this one is")
                           : _(", and %d more for occupations in short supply, which this is not"),
               r->yearly_extra_shortage);
    putchar('\n');
}

static void clauses(const struct explained *x, int32_t as_of)
{
    static clause_fn *const texts[POLICY_CONDITIONS] = {
        [CONDITION_LEVEL] = clause_level,         [CONDITION_ISSUED_FROM] = clause_issued_from,
        [CONDITION_ISSUED_TO] = clause_issued_to, [CONDITION_CLAIMED] = clause_claimed,
        [CONDITION_LAST_DAY] = clause_last_day,   [CONDITION_HIGHER] = clause_higher,
        [CONDITION_GROUP] = clause_group,         [CONDITION_BENEFIT] = clause_benefit,
        [CONDITION_MONTHS] = clause_months,       [CONDITION_YEARLY] = clause_yearly};
    const struct policy_rule *r = x->argument.verdict.rule;

    for (int i = 0; i < POLICY_CONDITIONS; i++) {
        if (x->argument.finding[i] == FINDING_NOT_ASKED)
            continue;
        mark(x->argument.finding[i]);
        texts[i](x, r, as_of);
    }
    if (r->note[0] != '\0')
        printf(_("    to be looked at by a person: %s\n"), r->note);
}

/* ---- the verdict ---- */

static void yuan(int64_t fen, char out[48])
{
    char number[32];

    cli_number(fen / 100, number);
    if (fen % 100)
        snprintf(out, 48, "%s.%02d", number, (int)(fen % 100));
    else
        snprintf(out, 48, "%s", number);
}

static void rule_text(const struct policy_rule *r)
{
    char from[11], to[11];

    printf(_("  rule %s: %s %s%s\n"), r->id, r->source, r->clause,
           r->confirmed ? "" : _(" (UNCONFIRMED: the source text was not at hand)"));
    printf(_("    in force %s to %s by the day %s; region %s\n"), open_or(r->valid_from, from),
           open_or(r->valid_to, to),
           r->basis == POLICY_ISSUED ? _("of issue") : _("of application"), r->region);
}

static void outcome_text(const struct verdict *v)
{
    static const char *const outcomes[] = {[VERDICT_UNDETERMINED] = N_("undetermined"),
                                           [VERDICT_ELIGIBLE] = N_("eligible"),
                                           [VERDICT_NOT] = N_("not eligible")};
    char amount[48];

    printf(_("  %s: %s\n"), _(outcomes[v->outcome]), lists_reason(v->reason));
    if (v->outcome != VERDICT_ELIGIBLE)
        return;
    if (v->amount_fen == POLICY_AMOUNT_NONE) {
        puts(_("  amount: none is promised (the rule names a ceiling, or nothing)"));
    } else {
        yuan(v->amount_fen, amount);
        printf(_("  amount: %s yuan\n"), amount);
    }
}

static void region_text(const struct explained *x)
{
    const char *cell = x->person->region, *region = x->argument.region;

    if (region == NULL)
        printf(_("  region: %s, which is none of this policy's\n"),
               cell[0] != '\0' ? cell : _("(none that can be read)"));
    else
        printf(_("  region: %s, of the policy's regions %s\n"), cell, region);
}

void explain_text(const struct policy *p, const struct explained *x, int32_t as_of, bool asked)
{
    const struct policy_certificate *c = &x->certificate;
    const struct verdict *v = &x->argument.verdict;
    char day[11];

    printf(_("line %lld%s: %s, %s, issued %s\n"), (long long)x->line,
           asked ? "" : _(" (the same person)"),
           c->occupation[0] ? c->occupation : _("(no occupation)"), level_or(c->level),
           c->issued_day == CIVIL_NONE ? _("(no date)") : civil_format(c->issued_day, day));
    outcome_text(v);
    if (v->last_day != CIVIL_NONE)
        printf(_("  last day to apply: %s\n"), civil_format(v->last_day, day));
    region_text(x);
    trials(p, x, as_of);
    if (v->rule == NULL)
        return;
    rule_text(v->rule);
    clauses(x, as_of);
}
