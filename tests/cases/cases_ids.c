/*
 * ids.json: citizen numbers. Besides the verdict: normal and upgraded form, kind, birth, sex, and the reason, where ours may be finer than the table's (an
 * empty cell is no length, a number rounded to ...000 by a spreadsheet is no typing error).
 */
#include <string.h>
#include "cases.h"
#include "zhanchi/citizen.h"
#include "zhanchi/civil.h"

static void parse(const struct json *one, struct citizen *c)
{
    char tmp[40];
    const char *input = cases_text(one, "input", tmp);

    citizen_parse(input != NULL ? input : "", input != NULL ? strlen(input) : 0, c);
}

static bool same_reason(enum citizen_reason got, const char *expected, struct buf *why)
{
    static const struct {
        enum citizen_reason ours;
        const char *theirs;
    } finer[] = {{CITIZEN_EMPTY, "length"}, {CITIZEN_DAMAGED, "check"}};

    for (size_t i = 0; i < sizeof finer / sizeof finer[0]; i++)
        if (got == finer[i].ours && strcmp(expected, finer[i].theirs) == 0)
            return true;
    return cases_same(why, "reason", citizen_reason_name(got) + strlen("id-"), expected);
}

static bool same_person(const struct citizen *c, const struct json *one, struct buf *why)
{
    static const char *const kinds[] = {"citizen18", "citizen15", "residence-permit"};
    char tmp[40], day[11], sex[2] = {c->sex, '\0'};
    const char *upgraded = cases_text(one, "upgraded", tmp);
    bool same = cases_same(why, "number", c->number, cases_text(one, "normalised", tmp));

    same = cases_same(why, "kind", kinds[c->kind], cases_text(one, "kind", tmp)) && same;
    same =
        cases_same(why, "birth", civil_format(c->birth_day, day), cases_text(one, "birth", tmp)) &&
        same;
    same = cases_same(why, "sex", sex, cases_text(one, "sex", tmp)) && same;
    return cases_same(why, "upgraded", c->upgraded, upgraded != NULL ? upgraded : c->number) &&
           same;
}

static bool judge(const struct json *one, struct buf *why)
{
    char tmp[40], tmp2[40];
    const char *expect = cases_text(one, "expect", tmp);
    const char *reason = cases_text(one, "reason", tmp2);
    struct citizen c;

    parse(one, &c);
    if (expect == NULL)
        return cases_same(why, "expect", expect, "accept, reject or accept-or-review");
    if (strcmp(expect, "reject") == 0) {
        if (c.reason == CITIZEN_OK || c.number[0] != '\0' || c.upgraded[0] != '\0')
            return cases_same(why, "number", c.number, NULL);
        return reason == NULL || same_reason(c.reason, reason, why);
    }
    if (c.reason != CITIZEN_OK) {
        buf_addf(why, "refused as %s; ", citizen_reason_name(c.reason));
        return strcmp(expect, "accept-or-review") == 0;
    }
    return same_person(&c, one, why);
}

static void decide(const struct json *one, struct buf *decision)
{
    struct citizen c;

    parse(one, &c);
    if (c.reason == CITIZEN_OK)
        buf_addf(decision, "accepted as %s", c.upgraded);
    else
        buf_adds(decision, citizen_reason_name(c.reason));
}

int main(void)
{
    struct cases c;

    cases_init(&c, "ids");
    if (cases_open(&c, "ids.json")) {
        cases_run(&c, "/cases", judge, NULL);
        cases_show(&c, "/divergent/cases", decide);
        cases_close(&c);
    }
    return cases_end(&c);
}
