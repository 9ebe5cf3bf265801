/*
 * reasons: why a row of a claims file was refused, for people, and what to do. Codes that lists have too are explained by intake (intake_reason_text); a command
 * asks here first. English; the commands translate.
 *
 * Called by cmd_response.c.
 */
#include <string.h>
#include "zhanchi/i18n.h"
#include "internal.h"

static const struct {
    const char *code, *text, *remedy;
} reasons[] = {
    {"date-missing", N_("the day of the claim is missing"),
     N_("add the day, or leave the row out")},
    {"date-future", N_("the day of the claim is still to come"), N_("correct the day")},
    {"kind-unknown", N_("neither a claim nor a payment"),
     N_("write 申领 or 发放; leave rows out that are no claims (refused, withdrawn)")},
    {"amount-format", N_("not an amount of money"), N_("write yuan, such as 1500 or 1500.00")},
};

static size_t find(const char *code)
{
    size_t i = 0;

    while (i < sizeof reasons / sizeof reasons[0] && strcmp(reasons[i].code, code) != 0)
        i++;
    return i;
}

const char *measure_reason_text(const char *code)
{
    size_t i = find(code);

    return i < sizeof reasons / sizeof reasons[0] ? reasons[i].text : NULL;
}

const char *measure_reason_remedy(const char *code)
{
    size_t i = find(code);

    return i < sizeof reasons / sizeof reasons[0] ? reasons[i].remedy : NULL;
}
