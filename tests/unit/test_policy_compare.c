/*
 * Gaps and overlaps of one policy, differences of two.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "policies.h"
#include "zhanchi/buf.h"
#include "zhanchi/civil.h"
#include "zhanchi/policy_compare.h"

#define RULE(id, region, more)                                                                     \
    "{ id = \"" id "\"; region = \"" region "\"; source = \"s\"; confirmed = true; months_min = "  \
    "12; levels = [ 5, 4 ]; window_months = 12; " more "}"
#define ISSUED "basis = \"issued\"; "
#define APPLIED "basis = \"applied\"; "
#define POLICY(rules) "name = \"p\";\nrules = (\n" rules "\n);\n"

/* ---- gaps and overlaps ---- */

static int on_span(void *ctx, const struct policy_span *s)
{
    struct buf *out = ctx;
    char from[11], to[11];

    civil_format(s->from, from);
    civil_format(s->to, to);
    buf_addf(out, "%s %s-%s %s; ", s->rule->id, from, to, s->other != NULL ? s->other->id : "");
    return 0;
}

static void check_spans(const char *text, bool gaps, const char *expected)
{
    struct policy *p = policies_text(text);
    struct buf got;

    buf_init(&got, 65536);
    ck_assert_int_eq(gaps ? policy_gaps(p, on_span, &got) : policy_overlaps(p, on_span, &got), 0);
    ck_assert_msg(strcmp(buf_cstr(&got), expected) == 0, "expected %s\n  got %s", expected,
                  buf_cstr(&got));
    buf_fini(&got);
    conf_policy_free(p);
}

START_TEST(gaps)
{
    check_spans(
        POLICY(RULE("a", "CN", ISSUED "valid_to = \"2019-12-31\";") "," RULE(
            "b", "CN",
            ISSUED "valid_from = \"2020-01-02\"; valid_to = "
                   "\"2020-12-31\";") "," RULE("c", "43",
                                               ISSUED "valid_from = "
                                                      "\"2020-01-01\";"
                                                      " ") "," RULE("d",
                                                                    "C"
                                                                    "N",
                                                                    APPLIED
                                                                    "v"
                                                                    "a"
                                                                    "l"
                                                                    "i"
                                                                    "d"
                                                                    "_"
                                                                    "f"
                                                                    "r"
                                                                    "o"
                                                                    "m"
                                                                    " "
                                                                    "="
                                                                    " "
                                                                    "\"2019-06-01\"; valid_to = "
                                                                    "\"2024-02-28\";")),
        true, "a 2020-01-01-2020-01-01 b; b 2021-01-01- ; d 2024-02-29- ; ");
    check_spans(POLICY(RULE("a", "CN", ISSUED "valid_to = \"2019-12-31\";") "," RULE(
                    "b", "CN", ISSUED "valid_from = \"2020-01-01\";")),
                true, "");
}
END_TEST

START_TEST(overlaps)
{
    check_spans(
        POLICY(RULE("a", "CN", ISSUED "valid_to = \"2019-12-31\";") "," RULE(
            "b", "CN",
            APPLIED
            "valid_from = \"2019-06-01\"; valid_to = \"2020-12-31\";") "," RULE("c", "43",
                                                                                APPLIED
                                                                                "") "," RULE("d",
                                                                                             "CN",
                                                                                             ISSUED
                                                                                             "valid"
                                                                                             "_from"
                                                                                             " = "
                                                                                             "\"202"
                                                                                             "0-12-"
                                                                                             "31\""
                                                                                             ";")),
        false, "b 2019-06-01-2019-12-31 a; d 2020-12-31-2020-12-31 b; ");
    check_spans(POLICY(RULE("a", "CN", ISSUED "valid_to = \"2019-12-31\";") "," RULE(
                    "b", "CN", APPLIED "valid_from = \"2020-01-01\";")),
                false, "");
    check_spans(POLICY(RULE("a", "CN", ISSUED) "," RULE("b", "CN", APPLIED)), false, "a - b; ");
}
END_TEST

/* The national rules have neither hole nor overlap until the day on which nothing is known. */
START_TEST(shipped_nation)
{
    struct policy *p = policies_shipped("cn");
    struct buf got;

    buf_init(&got, 65536);
    ck_assert_int_eq(policy_gaps(p, on_span, &got), 0);
    ck_assert_str_eq(buf_cstr(&got), "cn-2025 2026-01-01- ; ");
    buf_reset(&got);
    ck_assert_int_eq(policy_overlaps(p, on_span, &got), 0);
    ck_assert_str_eq(buf_cstr(&got), "");
    buf_fini(&got);
    conf_policy_free(p);
}
END_TEST

/* ---- differences ---- */

static int on_change(void *ctx, const struct policy_change *c)
{
    buf_addf(ctx, "%s %s %s:%d %s [%s] [%s]\n", policy_change_name(c->kind), c->object, c->id,
             c->line, c->key, c->before, c->after);
    return 0;
}

static void check_diff(const char *before, const char *after, const char *expected)
{
    struct policy *a = policies_text(before), *b = policies_text(after);
    struct buf got;

    buf_init(&got, 65536);
    ck_assert_int_eq(policy_diff(a, b, on_change, &got), 0);
    ck_assert_msg(strcmp(buf_cstr(&got), expected) == 0, "expected\n%s\ngot\n%s", expected,
                  buf_cstr(&got));
    buf_fini(&got);
    conf_policy_free(a);
    conf_policy_free(b);
}

START_TEST(no_difference)
{
    static const char text[] = POLICY(RULE("a", "CN", ISSUED) ",\n" RULE("b", "43", ISSUED));

    check_diff(text, text, "");
    check_diff(text, POLICY(RULE("b", "43", ISSUED) "," RULE("a", "CN", ISSUED)), "");
}
END_TEST

START_TEST(added_and_removed)
{
    check_diff(POLICY(RULE("a", "CN", ISSUED) ",\n" RULE("b", "43", ISSUED)),
               "name = \"p\"; regions = ( { name = \"X\"; } ); rules = (\n" RULE(
                   "c", "44", ISSUED) ",\n" RULE("a", "CN", ISSUED) ");",
               "removed rule b:4  [] []\nadded rule c:2  [] []\nadded region X:1  [] []\n");
}
END_TEST

/* Every key of a rule, one after the other; a key that is not compared here has been forgotten. */
START_TEST(every_key)
{
    static const struct {
        const char *key, *before, *after, *says;
    } table[] = {
        {"region", "region = \"CN\";", "region = \"430100\";", "[CN] [4301]"},
        {"source", "source = \"s\";", "source = \"t\";", "[s] [t]"},
        {"clause", "", "clause = \"三\";", "[] [三]"},
        {"confirmed", "confirmed = true;", "confirmed = false;", "[true] [false]"},
        {"note", "", "note = \"n\";", "[] [n]"},
        {"basis", "basis = \"issued\";", "basis = \"applied\";", "[issued] [applied]"},
        {"valid_from", "", "valid_from = \"2020-01-01\";", "[open] [2020-01-01]"},
        {"valid_to", "valid_to = \"2020-12-31\";", "", "[2020-12-31] [open]"},
        {"months_min", "months_min = 12;", "months_min = 6;", "[12] [6]"},
        {"levels", "levels = [ 5 ];", "levels = [ 3, 5 ];", "[5] [5, 3]"},
        {"issued_from", "", "issued_from = \"2020-01-01\";", "[open] [2020-01-01]"},
        {"issued_to", "", "issued_to = \"2020-01-01\";", "[open] [2020-01-01]"},
        {"window_months", "window_months = 12;", "window_months = 0;", "[12] [0]"},
        {"last_day_included", "", "last_day_included = true;", "[false] [true]"},
        {"amounts", "amounts = { level5 = 1000; };", "amounts = { level5 = 1000.5; };",
         "[5: 1000] [5: 1000.50]"},
        {"ceiling", "", "ceiling = true;", "[false] [true]"},
        {"yearly_max", "", "yearly_max = 2;", "[0] [2]"},
        {"once_per_level", "", "once_per_level = false;", "[true] [false]"},
        {"higher_bars_lower", "higher_bars_lower = \"paid\";", "higher_bars_lower = \"held\";",
         "[paid] [held]"},
        {"benefit_included", "", "benefit_included = true;", "[false] [true]"},
        {"excluded", "", "excluded = [ \" 公务员 \", \"教师\" ];", "[] [公务员, 教师]"},
    };
    static const char *const needed[] = {
        "region = \"CN\";", "source = \"s\";", "confirmed = true;",  "basis = \"issued\";",
        "months_min = 12;", "levels = [ 5 ];", "window_months = 12;"};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char rest[300] = "", before[700], after[700], expected[300];
        for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++)
            if (strncmp(needed[k], table[i].key, strlen(table[i].key)) != 0)
                strcat(rest, needed[k]);
        snprintf(before, sizeof before, "name = \"p\"; rules = ({ id = \"a\"; %s %s });", rest,
                 table[i].before);
        snprintf(after, sizeof after, "name = \"p\"; rules = ({ id = \"a\"; %s %s });", rest,
                 table[i].after);
        snprintf(expected, sizeof expected, "changed rule a:1 %s %s\n", table[i].key,
                 table[i].says);
        check_diff(before, after, expected);
    }
}
END_TEST

START_TEST(money_and_regions)
{
    check_diff(
        "name = \"p\"; regions = ( { name = \"X\"; }, { name = \"Y\"; title = \"甲市\"; } ); rules "
        "= (" RULE("a", "X", ISSUED "yearly_max = 1; amounts = { level5 = 100; };") ");",
        "name = \"p\"; regions = ( { name = \"X\"; shortage = [ \"焊工\", \"电工\" ]; },"
        " { name = \"Y\"; title = \"乙市\"; parent = \"X\"; } ); rules = (" RULE(
            "a", "X",
            ISSUED "yearly_max = 1; yearly_extra_shortage = 2; amounts = { level5 = 100; }; "
                   "shortage_percent = 50;") ");",
        "changed rule a:1 shortage [] [5: 150]\n"
        "changed rule a:1 yearly_extra_shortage [0] [2]\n"
        "changed region X:1 shortage [(of the region above)] [焊工, 电工]\n"
        "changed region Y:1 title [甲市] [乙市]\n"
        "changed region Y:1 parent [] [X]\n");
}
END_TEST

/* ---- the reading of "within so many months" ---- */

START_TEST(readings)
{
    static const struct {
        const char *text;
        bool included[2];
    } table[] = {
        {POLICY(RULE("a", "CN", ISSUED) "," RULE("b", "43", ISSUED)), {false, false}},
        {"last_day_included = true;" POLICY(RULE("a", "CN", ISSUED) "," RULE("b", "43", ISSUED)),
         {true, true}},
        {"last_day_included = true;" POLICY(
             RULE("a", "CN", ISSUED "last_day_included = false;") "," RULE("b", "43", ISSUED)),
         {false, true}},
        {"last_day_included = true;" POLICY(RULE(
             "a", "CN",
             ISSUED "last_day_included = false;") ","
                                                  "{ id = \"b\"; like = \"a\"; region = \"43\"; "
                                                  "source = \"s\"; confirmed = true; }"),
         {false, false}},
        {"last_day_included = false;" POLICY(
             RULE("a", "CN", ISSUED "last_day_included = true;") "," RULE("b", "43", ISSUED)),
         {true, false}},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct policy *p = policies_text(table[i].text);
        for (size_t k = 0; k < 2; k++)
            ck_assert_msg(p->rules[k].last_day_included == table[i].included[k], "%zu %zu", i, k);
        conf_policy_free(p);
    }
}
END_TEST

/* An office's own file goes before the nation's, which it includes. */
START_TEST(reading_of_an_office)
{
    struct scratch s;
    char path[PATH_MAX];
    static const char own[] = "name = \"own\"; include = [ \"nation\" ]; last_day_included = true;";
    static const char nation[] =
        "name = \"nation\"; last_day_included = false; rules = (" RULE("a", "CN", ISSUED) ");";

    scratch_init(&s);
    scratch_write(&s, "nation.conf", nation, strlen(nation));
    snprintf(path, sizeof path, "%s", scratch_write(&s, "own.conf", own, strlen(own)));
    struct policy *p = policies_load(path);
    ck_assert(p->rules[0].last_day_included);
    conf_policy_free(p);
    p = policies_load(scratch_path(&s, "nation.conf"));
    ck_assert(!p->rules[0].last_day_included);
    conf_policy_free(p);
    scratch_fini(&s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy_compare");
    TCase *t = tcase_create("policy_compare");

    tcase_add_test(t, gaps);
    tcase_add_test(t, overlaps);
    tcase_add_test(t, shipped_nation);
    tcase_add_test(t, no_difference);
    tcase_add_test(t, added_and_removed);
    tcase_add_test(t, every_key);
    tcase_add_test(t, money_and_regions);
    tcase_add_test(t, readings);
    tcase_add_test(t, reading_of_an_office);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
