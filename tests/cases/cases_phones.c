/*
 * phones.json: what a cell becomes. accept: exactly this number; reject: none; accept-or-review: this number or none.
 */
#include <string.h>
#include "cases.h"
#include "zhanchi/phone.h"

static void parse(const struct json *one, struct phone *p)
{
    char tmp[40];
    const char *input = cases_text(one, "input", tmp);

    phone_parse(input != NULL ? input : "", input != NULL ? strlen(input) : 0, p);
}

static bool judge(const struct json *one, struct buf *why)
{
    char tmp[40], tmp2[40];
    const char *expect = cases_text(one, "expect", tmp);
    const char *national = cases_text(one, "national", tmp2);
    struct phone p;

    parse(one, &p);
    const char *got = p.reason == PHONE_OK ? p.number : NULL;
    if (expect == NULL)
        return cases_same(why, "expect", expect, "accept, reject or accept-or-review");
    if (strcmp(expect, "reject") == 0)
        return cases_same(why, "number", got, NULL) &&
               cases_same(why, "number left behind", p.number, "");
    if (strcmp(expect, "accept-or-review") == 0 && got == NULL)
        return true;
    if (got == NULL)
        buf_addf(why, "refused as %s; ", phone_reason_name(p.reason));
    return cases_same(why, "number", got, national);
}

static void decide(const struct json *one, struct buf *decision)
{
    struct phone p;

    parse(one, &p);
    buf_adds(decision, p.reason == PHONE_OK ? "accepted" : phone_reason_name(p.reason));
    if (p.reason == PHONE_OK)
        buf_addf(decision, ", class %d", (int)p.class);
}

int main(void)
{
    struct cases c;

    cases_init(&c, "phones");
    if (cases_open(&c, "phones.json")) {
        cases_run(&c, "/cases", judge, NULL);
        cases_show(&c, "/divergent/cases", decide);
        cases_close(&c);
    }
    return cases_end(&c);
}
