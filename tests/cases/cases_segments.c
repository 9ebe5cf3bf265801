/*
 * segments.json: encoding, parts, and units in each part, by GSM rules and as mainland gateways bill (every text in UCS-2). gsm0338.json: the alphabet.
 */
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "zhanchi/segment.h"
#include "zhanchi/utf8.h"

#define PARTS 64

static bool same_parts(const struct segments *s, const uint16_t *units, const struct json *expected,
                       struct buf *why)
{
    char tmp[40];

    if (!cases_same_int(why, "length of part_units", (long long)s->parts,
                        (long long)json_count(expected)))
        return false;
    for (size_t i = 0; i < s->parts && i < PARTS; i++) {
        const char *want = json_text(json_item(expected, i), tmp);
        if (want == NULL ||
            !cases_same_int(why, "units of a part", units[i], strtoll(want, NULL, 10)))
            return false;
    }
    return true;
}

static bool judge_text(const struct json *one, struct buf *why)
{
    char tmp[40], tmp2[40];
    const char *text = cases_text(one, "text", tmp), *encoding = cases_text(one, "encoding", tmp2);
    uint16_t units[PARTS] = {0};
    struct segments gsm, ucs2;
    size_t bad;

    if (text == NULL || !utf8_valid(text, strlen(text), &bad))
        return cases_same(why, "text", text, "valid UTF-8");
    segment_count(text, strlen(text), SEGMENT_GSM, &gsm, units, PARTS);
    segment_count(text, strlen(text), SEGMENT_MAINLAND, &ucs2, NULL, 0);
    bool same = cases_same(why, "encoding", gsm.gsm7 ? "GSM-7" : "UCS-2", encoding);
    same = cases_same_int(why, "units", (long long)gsm.units, cases_int(one, "units")) && same;
    same =
        cases_same_int(why, "segments", (long long)gsm.parts, cases_int(one, "segments")) && same;
    same = same_parts(&gsm, units, json_get(one, "part_units"), why) && same;
    same = cases_same_int(why, "ucs2_units", (long long)ucs2.units, cases_int(one, "ucs2_units")) &&
           same;
    return cases_same_int(why, "ucs2_segments", (long long)ucs2.parts,
                          cases_int(one, "ucs2_segments")) &&
           same;
}

static void decide_text(const struct json *one, struct buf *decision)
{
    char tmp[40];
    const char *text = cases_text(one, "text", tmp);
    uint16_t units[PARTS] = {0};
    struct segments s;

    if (text == NULL)
        return;
    segment_count(text, strlen(text), SEGMENT_GSM, &s, units, PARTS);
    buf_addf(decision, "%s, %zu parts:", s.gsm7 ? "GSM-7" : "UCS-2", s.parts);
    for (size_t i = 0; i < s.parts && i < PARTS; i++)
        buf_addf(decision, " %u", units[i]);
}

static uint32_t code_point(const char *s)
{
    return s != NULL && strncmp(s, "U+", 2) == 0 ? (uint32_t)strtoul(s + 2, NULL, 16) : UINT32_MAX;
}

static bool judge_septets(const struct json *one, struct buf *why)
{
    char tmp[40], tmp2[40];
    uint32_t cp = code_point(cases_text(one, "code_point", tmp));
    const struct json *expected = json_get(one, "septets");
    uint8_t septets[2] = {0, 0};
    int n = segment_gsm7(cp, septets);

    if (!cases_same_int(why, "number of septets", n,
                        expected != NULL ? (long long)json_count(expected) : -1))
        return false;
    for (int i = 0; i < n; i++) {
        const char *want = json_text(json_item(expected, (size_t)i), tmp2);
        if (want == NULL || !cases_same_int(why, "septet", septets[i], strtoll(want, NULL, 10)))
            return false;
    }
    return true;
}

static bool judge_outside(const struct json *one, struct buf *why)
{
    char tmp[40];
    uint8_t septets[2];

    return cases_same_int(why, "number of septets",
                          segment_gsm7(code_point(json_text(one, tmp)), septets), 0);
}

int main(void)
{
    struct cases c;

    cases_init(&c, "segments");
    if (cases_open(&c, "segments.json")) {
        cases_run(&c, "/cases", judge_text, NULL);
        cases_show(&c, "/divergent/cases", decide_text);
        cases_close(&c);
    }
    if (cases_open(&c, "gsm0338.json")) {
        cases_run(&c, "/cases", judge_septets, NULL);
        cases_run(&c, "/not_in_table", judge_outside, NULL);
        cases_close(&c);
    }
    return cases_end(&c);
}
