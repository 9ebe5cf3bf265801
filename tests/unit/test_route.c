/*
 * route: rules in order, weights, prices, what is kept; the text form; and properties over many people: everybody has exactly one
 * gateway, the same one in any order, weights hold within binomial bounds.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/route.h"

static const char names[][64] = {"a", "b", "c"};
static const int64_t prices[ROUTE_GATEWAYS] = {50, 40, 40};

static struct route parsed(const char *text)
{
    struct route r;
    struct err e;

    ck_assert_msg(route_parse(text, names, 3, &r, &e) == 0, "%s", e.what);
    return r;
}

static struct route_question question(void)
{
    return (struct route_question){.region = "430102",
                                   .cell = "",
                                   .topic = "skill",
                                   .class = ROUTE_BASIC,
                                   .able = 7,
                                   .price = prices,
                                   .keep = -1};
}

/* splitmix64's finaliser, as campaigns draw. */
static uint64_t chance_of(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

START_TEST(first_rule_that_fits)
{
    struct route r = parsed("region=4301\ta:1\ntopic=skill\tcarrier=virtual\tb:1\nc:1");
    struct route_question q = question();

    ck_assert_int_eq(route_decide(&r, &q), 0);
    q.region = "4401";
    ck_assert_int_eq(route_decide(&r, &q), 2);
    q.class = ROUTE_VIRTUAL;
    ck_assert_int_eq(route_decide(&r, &q), 1);
    q.topic = "other";
    ck_assert_int_eq(route_decide(&r, &q), 2);
    q.region = "43"; /* above the rule's */
    ck_assert_int_eq(route_decide(&r, &q), 2);
    q.region = "长沙市"; /* as a policy calls the code that the list has */
    q.cell = "430104";
    ck_assert_int_eq(route_decide(&r, &q), 0);
}
END_TEST

START_TEST(regions_by_name)
{
    struct route r = parsed("region=示例市\ta:1\nb:1");
    struct route_question q = question();

    q.region = "示例市";
    ck_assert_int_eq(route_decide(&r, &q), 0);
    q.region = "示例市东区"; /* no code: only the whole name is that region */
    ck_assert_int_eq(route_decide(&r, &q), 1);
    q.region = "";
    ck_assert_int_eq(route_decide(&r, &q), 1);
    r = parsed("region=43\ta:1\nb:1");
    ck_assert_int_eq(route_decide(&r, &q), 1);
    q.region = "43x";
    ck_assert_int_eq(route_decide(&r, &q), 1);
}
END_TEST

START_TEST(cheapest_that_can)
{
    struct route r = parsed("cheapest\ta:1\tb:1\tc:1");
    struct route_question q = question();

    ck_assert_int_eq(route_decide(&r, &q), 1); /* of b and c, alike: the first */
    q.able = 5;
    ck_assert_int_eq(route_decide(&r, &q), 2);
    q.able = 1;
    ck_assert_int_eq(route_decide(&r, &q), 0);
    q.able = 0;
    ck_assert_int_eq(route_decide(&r, &q), -1);
}
END_TEST

START_TEST(kept_before_rules)
{
    struct route r = parsed("region=43\ta:1\nb:1");
    struct route_question q = question();

    q.keep = 2; /* of the campaign, of no rule that fits */
    ck_assert_int_eq(route_decide(&r, &q), 2);
    q.able = 3;
    ck_assert_int_eq(route_decide(&r, &q), 0);
    q.keep = 7;
    ck_assert_int_eq(route_decide(&r, &q), 0);
}
END_TEST

START_TEST(text_there_and_back)
{
    static const char text[] =
        "region=示例市\ttopic=skill\tcarrier=data\tcheapest\ta:1\tc:7\nb:1000";
    struct route r = parsed(text);
    char out[ROUTE_TEXT_MAX];

    ck_assert_int_eq(route_format(&r, out, sizeof out), 0);
    ck_assert_str_eq(out, text);
    for (size_t cap = 0; cap < sizeof text; cap++)
        ck_assert_int_eq(route_format(&r, out, cap), -1);
    ck_assert_int_eq(route_format(&r, out, sizeof text), 0);
}
END_TEST

START_TEST(names_with_colons)
{
    static const char odd[][64] = {"a", "a:2", "a:2:3"};
    struct route r;
    struct err e;

    ck_assert_int_eq(route_parse("a:2:5\ta:2:3:4", odd, 3, &r, &e), 0);
    ck_assert_int_eq(r.rules[0].weight[0], 0);
    ck_assert_int_eq(r.rules[0].weight[1], 5);
    ck_assert_int_eq(r.rules[0].weight[2], 4);
}
END_TEST

static const char *const wrong[] = {
    "a",        "a:0",   "a:1001",         "a:-1",     "a:1x",
    "d:1",      ":1",    "region=43\ta:1", "a:1\nb:1", "carrier=mobile\ta:1\na:1",
    "cheapest", "a:1\n", "a:1\t",          "\ta:1",    "weight=3\ta:1"};

START_TEST(wrong_texts)
{
    struct route r;
    struct err e = {0};

    ck_assert_msg(route_parse(wrong[_i], names, 3, &r, &e) == -1, "%s is taken", wrong[_i]);
    ck_assert_int_eq(e.kind, ERR_DATA);
}
END_TEST

START_TEST(no_text_is_all_alike)
{
    struct route r = parsed("");

    ck_assert_int_eq(r.n_rules, 1);
    for (int g = 0; g < 3; g++)
        ck_assert_int_eq(r.rules[0].weight[g], 1);
    ck_assert_int_eq(r.rules[0].weight[3], 0);
}
END_TEST

START_TEST(at_most_eight)
{
    struct route r = {0};
    char name[8], longest[80];

    for (int i = 0; i < ROUTE_GATEWAYS; i++) {
        snprintf(name, sizeof name, "g%d", i);
        ck_assert_int_eq(route_gateway(&r, name), i);
    }
    ck_assert_int_eq(route_gateway(&r, "g3"), 3);
    ck_assert_int_eq(route_gateway(&r, "g8"), -1);
    r.n_gateways = 0;
    ck_assert_int_eq(route_gateway(&r, ""), -1);
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    ck_assert_int_eq(route_gateway(&r, longest), -1);
    longest[63] = '\0';
    ck_assert_int_eq(route_gateway(&r, longest), 0);
}
END_TEST

/* ---- properties ---- */

#define PEOPLE 100000

START_TEST(weights_hold)
{
    static const struct {
        const char *text;
        int share[3];
    } all[] = {
        {"a:3\tb:1", {3, 1, 0}}, {"a:1\tb:1\tc:1", {1, 1, 1}}, {"a:1\tc:1000", {1, 0, 1000}}};
    struct route r = parsed(all[_i].text);
    struct route_question q = question();
    int total = all[_i].share[0] + all[_i].share[1] + all[_i].share[2];
    int n[3] = {0};

    for (uint64_t p = 0; p < PEOPLE; p++) {
        q.chance = chance_of(p);
        int g = route_decide(&r, &q);
        ck_assert(g >= 0 && g < 3);
        n[g]++;
    }
    for (int g = 0; g < 3; g++) {
        double p = (double)all[_i].share[g] / total, sd = sqrt(PEOPLE * p * (1 - p));
        ck_assert_msg(fabs(n[g] - PEOPLE * p) <= 4.5 * sd, "gateway %d has %d of %d, p %f", g, n[g],
                      PEOPLE, p);
    }
}
END_TEST

/* Any rules, any questions: exactly one gateway, of the rule that decides, and able; whatever came before. */
START_TEST(one_gateway_each)
{
    static const char *const regions[] = {"", "43", "4301", "430102", "44", "示例市"};
    static const char *const topics[] = {"", "skill", "other"};
    uint64_t seed = (uint64_t)_i + 1;
    struct route r = {0};
    struct err e;

    for (int g = 0; g < 3; g++)
        route_gateway(&r, names[g]);
    r.n_rules = 1 + (int)(chance_of(seed) % 6);
    for (int i = 0; i < r.n_rules; i++) {
        struct route_rule *u = &r.rules[i];
        uint64_t c = chance_of(seed * 100 + (uint64_t)i);
        bool last = i + 1 == r.n_rules;
        snprintf(u->region, sizeof u->region, "%s", last ? "" : regions[1 + c % 5]);
        snprintf(u->topic, sizeof u->topic, "%s", last ? "" : topics[c / 8 % 3]);
        u->class = last ? ROUTE_ANY : (enum route_class)(c / 32 % 4);
        u->cheapest = c / 128 % 4 == 0;
        u->weight[c / 512 % 3] = 1 + (int)(c / 2048 % 9);
        u->weight[c / 32768 % 3] = 1 + (int)(c / 131072 % 9);
    }
    ck_assert_msg(route_check(&r, &e) == 0, "%s", e.what);
    int before[500];
    for (int round = 0; round < 2; round++)
        for (int k = 0; k < 500; k++) {
            int i = round == 0 ? k : 499 - k; /* the order of rows does not matter */
            uint64_t c = chance_of(seed * 1000000 + (uint64_t)i);
            struct route_question q = {.region = regions[c % 6],
                                       .cell = "",
                                       .topic = topics[c / 8 % 3],
                                       .class = (enum route_class)(1 + c / 32 % 3),
                                       .chance = chance_of(c),
                                       .able = 1 + (unsigned)(c / 128 % 7),
                                       .price = prices,
                                       .keep = c / 1024 % 4 == 0 ? (int)(c / 4096 % 3) : -1};
            int g = route_decide(&r, &q);
            ck_assert(g >= -1 && g < 3);
            ck_assert(g < 0 || (q.able & 1u << g) != 0);
            if (q.able == 7)
                ck_assert_int_ge(g, 0);
            if (round == 0)
                before[i] = g;
            else
                ck_assert_int_eq(g, before[i]);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route");
    TCase *t = tcase_create("rules");

    tcase_add_test(t, first_rule_that_fits);
    tcase_add_test(t, regions_by_name);
    tcase_add_test(t, cheapest_that_can);
    tcase_add_test(t, kept_before_rules);
    tcase_add_test(t, text_there_and_back);
    tcase_add_test(t, names_with_colons);
    tcase_add_loop_test(t, wrong_texts, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(t, no_text_is_all_alike);
    tcase_add_test(t, at_most_eight);
    suite_add_tcase(suite, t);
    t = tcase_create("properties");
    tcase_add_loop_test(t, weights_hold, 0, 3);
    tcase_add_loop_test(t, one_gateway_each, 0, 200);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
