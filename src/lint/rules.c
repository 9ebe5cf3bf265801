/*
 * rules: what rules are called, and what to do about each. One table.
 */
#include "zhanchi/i18n.h"
#include "internal.h"

/* clang-format off */
static const struct {
    const char *what, *remedy;
} rules[LINT_RULES] = {
    [LINT_BRACKETS] = {N_("【 or 】 in the text: carriers take them for a second signature"), N_("use other brackets")},
    [LINT_ADJACENT] = {N_("two variables with nothing between them"), N_("put words between them: carriers refuse such texts")},
    [LINT_LINK] = {N_("a link or a phone number that comes from a variable"), N_("write links and numbers into the text itself, and correct the rows")},
    [LINT_FORBIDDEN] = {N_("characters that carriers refuse, or that cannot be seen"), N_("take them out")},
    [LINT_LENGTH] = {N_("longer than the rule set allows"), N_("shorten the text")},
    [LINT_BANNED] = {N_("words that carriers refuse"), N_("say it in other words")},
    [LINT_REFUSAL] = {N_("no word how to refuse further messages"), N_("add 拒收请回复R")},
    [LINT_ACCOUNT] = {N_("asks for account data, codes or identity numbers"), N_("take it out: no office asks for them by message")},
    [LINT_COMPLAINT] = {N_("no phone number for complaints"), N_("add 咨询投诉电话：{{phone12333}}")},
    [LINT_LAST_DAY] = {N_("no last day"), N_("add {{deadline}}")},
    [LINT_AMOUNT] = {N_("an amount that the verdict does not give"), N_("write {{amount}}, inside {{#amount}} ... {{/amount}}")},
    [LINT_SUBSTITUTION] = {N_("remains of lost characters: ??, U+FFFD, 锟斤拷"), N_("save the file as UTF-8, and correct the rows")},
    [LINT_RARE] = {N_("characters that the gateway does not carry"), N_("write these rows over another gateway, or a text without the name")},
    [LINT_CARRIER] = {N_("not what the carrier would put together from its filed text"), N_("compare the text and its variables with what was filed")},
};

const char *const lint_rule_names[] = {"brackets", "adjacent", "link", "forbidden", "length", "banned", "refusal", "account",
                                       "complaint", "last_day", "amount", "substitution", "rare", "carrier", NULL};
const char *const lint_severity_names[] = {N_("off"), N_("warning"), N_("error"), NULL};
/* clang-format on */

const char *lint_rule_name(enum lint_rule r)
{
    return lint_rule_names[r];
}

const char *lint_rule_what(enum lint_rule r)
{
    return rules[r].what;
}

const char *lint_rule_remedy(enum lint_rule r)
{
    return rules[r].remedy;
}

const char *lint_severity_name(enum lint_severity s)
{
    return lint_severity_names[s];
}
