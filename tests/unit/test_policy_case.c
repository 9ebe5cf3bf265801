/*
 * Arguments: that they say what the verdict says, for anybody; the days of both readings; how each rule fared.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "any_person.h"
#include "policies.h"
#include "zhanchi/civil.h"
#include "zhanchi/policy_case.h"

static int32_t day_of(const char *s)
{
    int32_t day;

    ck_assert_int_eq(civil_parse(s, strlen(s), &day), 0);
    return day;
}

/* ---- properties ---- */

/* The condition that a reason is about, or POLICY_CONDITIONS. */
static enum policy_condition condition_of(enum verdict_reason r)
{
    switch (r) {
    case VERDICT_LEVEL:
    case VERDICT_NO_LEVEL:
        return CONDITION_LEVEL;
    case VERDICT_ISSUED_EARLY:
        return CONDITION_ISSUED_FROM;
    case VERDICT_ISSUED_LATE:
        return CONDITION_ISSUED_TO;
    case VERDICT_CLAIMED:
        return CONDITION_CLAIMED;
    case VERDICT_EXPIRED:
        return CONDITION_LAST_DAY;
    case VERDICT_HIGHER:
        return CONDITION_HIGHER;
    case VERDICT_GROUP:
        return CONDITION_GROUP;
    case VERDICT_BENEFIT:
        return CONDITION_BENEFIT;
    case VERDICT_MONTHS:
    case VERDICT_NO_MONTHS:
        return CONDITION_MONTHS;
    case VERDICT_YEARLY:
        return CONDITION_YEARLY;
    default:
        return POLICY_CONDITIONS;
    }
}

/* Refused: that condition failed and none before it did. Unknown: it is unknown, and none failed at
 * all. Eligible: nothing failed, nothing is unknown. */
static void check_findings(const struct policy_case *k)
{
    enum policy_condition about = condition_of(k->verdict.reason);
    bool refused = k->verdict.outcome == VERDICT_NOT;

    for (int i = 0; i < POLICY_CONDITIONS; i++) {
        enum policy_finding f = k->finding[i];
        if (k->verdict.outcome == VERDICT_ELIGIBLE)
            ck_assert(f == FINDING_MET || f == FINDING_NOT_ASKED);
        else if (i == (int)about)
            ck_assert_int_eq(f, refused ? FINDING_FAILED : FINDING_UNKNOWN);
        else if (!refused || i < (int)about)
            ck_assert_int_ne(f, FINDING_FAILED);
    }
    ck_assert_int_lt(about, k->verdict.outcome == VERDICT_ELIGIBLE ? POLICY_CONDITIONS + 1
                                                                   : POLICY_CONDITIONS);
}

static void check_case(const struct policy *p, const struct policy_person *who, int32_t as_of,
                       int seen[POLICY_CONDITIONS])
{
    struct verdict v[6];
    enum policy_trial trials[32];
    size_t i = 0;

    ck_assert_uint_le(p->n_rules, 32);
    policy_judge(p, who, as_of, v);
    for (i = 0; i < who->n_certificates; i++) {
        struct policy_case k;
        size_t decides = 0;
        policy_argue(p, who, as_of, i, &v[i], &k, trials);
        ck_assert_mem_eq(&k.verdict, &v[i], sizeof v[i]);
        for (size_t t = 0; t < p->n_rules; t++) {
            ck_assert_int_eq(trials[t] == TRIAL_DECIDES, &p->rules[t] == v[i].rule);
            decides += trials[t] == TRIAL_DECIDES;
        }
        ck_assert_uint_eq(decides, v[i].rule != NULL);
        if (v[i].rule == NULL)
            continue;
        check_findings(&k);
        ck_assert_int_eq(k.last_by_read[v[i].rule->last_day_included], v[i].last_day);
        for (int f = 0; f < POLICY_CONDITIONS; f++)
            seen[f] |= 1 << k.finding[f];
    }
}

START_TEST(arguments_are_the_verdict)
{
    static const char *const regions[] = {"64", "43", "X", "X-A", "X-B", "X-C", "X-D", "X-E", ""};
    struct chance c = {UINT64_C(0x5eed20170011)};
    struct policy *national = policies_shipped("ningxia"), *own = policies_text(clauses);
    int seen[POLICY_CONDITIONS] = {0};

    for (int round = 0; round < 20000; round++) {
        struct any_person person;
        unsigned where = below(&c, 9);
        make_person(&c, regions[where], &person);
        check_case(where < 2 ? national : own, &person.who,
                   civil_day(2024, 1, 1) + (int)below(&c, 900), seen);
    }
    for (int f = 0; f < POLICY_CONDITIONS; f++) { /* each condition was met, and failed */
        ck_assert_msg(seen[f] & 1 << FINDING_MET, "%s",
                      policy_condition_name((enum policy_condition)f));
        ck_assert_msg(seen[f] & 1 << FINDING_FAILED, "%s",
                      policy_condition_name((enum policy_condition)f));
    }
    ck_assert(seen[CONDITION_LEVEL] & 1 << FINDING_UNKNOWN);
    ck_assert(seen[CONDITION_MONTHS] & 1 << FINDING_UNKNOWN);
    conf_policy_free(national);
    conf_policy_free(own);
}
END_TEST

/* ---- days ---- */

START_TEST(both_readings)
{
    static const struct {
        const char *issued, *day, *without, *with;
    } table[] = {
        {"2025-03-01", "2026-03-01", "2026-02-28", "2026-03-01"},
        {"2023-03-01", "2024-03-01", "2024-02-29", "2024-03-01"},
        {"2024-02-29", "2025-02-28", "2025-02-27", "2025-02-28"}, /* no 29th: its last day */
        {"2023-02-28", "2024-02-28", "2024-02-27", "2024-02-28"},
        {"2024-12-31", "2025-12-31", "2025-12-30", "2025-12-31"},
        {"2025-01-01", "2026-01-01", "2025-12-31", "2026-01-01"},
    };
    struct policy *p = policies_shipped("ningxia");

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct policy_certificate c = {"焊工", 4, day_of(table[i].issued)};
        struct policy_person who = {.region = "64",
                                    .paid_months = 36,
                                    .paid_months_day = CIVIL_NONE,
                                    .certificates = &c,
                                    .n_certificates = 1};
        struct verdict v;
        struct policy_case k;
        enum policy_trial trials[32];
        policy_judge(p, &who, c.issued_day, &v);
        policy_argue(p, &who, c.issued_day, 0, &v, &k, trials);
        ck_assert_int_eq(k.window_day, day_of(table[i].day));
        ck_assert_int_eq(k.last_by_read[0], day_of(table[i].without));
        ck_assert_int_eq(k.last_by_read[1], day_of(table[i].with));
        ck_assert_int_eq(v.last_day, day_of(table[i].without));
    }
    conf_policy_free(p);
}
END_TEST

/* ---- trials ---- */

static void check_trials(const struct policy *p, const char *region, const char *issued,
                         const char *as_of, const char *expected)
{
    struct policy_certificate c = {"电工", 5, issued[0] != '\0' ? day_of(issued) : CIVIL_NONE};
    struct policy_person who = {.region = region,
                                .paid_months = 36,
                                .paid_months_day = CIVIL_NONE,
                                .certificates = &c,
                                .n_certificates = 1};
    struct verdict v;
    struct policy_case k;
    enum policy_trial trials[32];
    char got[800] = "";

    policy_judge(p, &who, day_of(as_of), &v);
    policy_argue(p, &who, day_of(as_of), 0, &v, &k, trials);
    for (size_t i = 0; i < p->n_rules; i++) {
        if (trials[i] == TRIAL_OTHER_REGION)
            continue;
        size_t len = strlen(got);
        snprintf(got + len, sizeof got - len, "%s%s %s", len > 0 ? ", " : "", p->rules[i].id,
                 policy_trial_name(trials[i]));
    }
    ck_assert_msg(strcmp(got, expected) == 0, "%s %s: %s", region, issued, got);
}

START_TEST(how_rules_fared)
{
    struct policy *p = policies_shipped("ningxia");

    check_trials(
        p, "64", "2025-03-01", "2025-06-01",
        "cn-2017 over, cn-2019 over, cn-2021 over, cn-2022 over, cn-2023 over, cn-2024 over, "
        "cn-2025 nearer-region, ningxia-2025 decides");
    check_trials(p, "43", "2023-12-31", "2025-06-01",
                 "cn-2017 over, cn-2019 over, cn-2021 over, cn-2022 over, cn-2023 decides, "
                 "cn-2024 not-yet, cn-2025 not-yet");
    check_trials(
        p, "64", "2026-01-01", "2026-06-01",
        "cn-2017 over, cn-2019 over, cn-2021 over, cn-2022 over, cn-2023 over, cn-2024 over, "
        "cn-2025 over, ningxia-2025 over");
    check_trials(p, "某市", "2025-03-01", "2025-06-01", "");
    conf_policy_free(p);
    p = policies_text(clauses);
    check_trials(p, "X-C", "2021-06-01", "2022-01-01",
                 "x nearer-region, c1 later-rule, c2 decides");
    check_trials(p, "X-A", "2020-02-01", "2025-01-01", "x nearer-region, a1 over, a2 decides");
    check_trials(p, "X-A", "2024-02-01", "2023-01-01", "x no-day, a1 no-day, a2 no-day");
    check_trials(p, "X-A", "", "2023-01-01", "x no-day, a1 no-day, a2 no-day");
    conf_policy_free(p);
}
END_TEST

/* ---- facts ---- */

START_TEST(what_barred)
{
    struct policy_certificate c[] = {{"焊工", 5, day_of("2024-05-01")},
                                     {"焊工", 3, day_of("2023-06-20")}};
    struct policy_claim claims[] = {{"电工", 4, day_of("2024-02-01")},
                                    {"焊工", 4, day_of("2024-03-01")},
                                    {"焊工", 5, day_of("2024-05-10")}};
    struct policy_person who = {.region = "X",
                                .paid_months = 3,
                                .paid_months_day = day_of("2023-12-31"),
                                .certificates = c,
                                .n_certificates = 2,
                                .claims = claims,
                                .n_claims = 3};
    struct policy *p = policies_text(clauses);
    struct verdict v[2];
    struct policy_case k;
    enum policy_trial trials[32];

    policy_judge(p, &who, day_of("2024-06-01"), v);
    policy_argue(p, &who, day_of("2024-06-01"), 0, &v[0], &k, trials);
    ck_assert_ptr_eq(k.claim, &claims[2]);
    ck_assert_ptr_eq(k.higher_claim, &claims[1]);
    ck_assert_ptr_eq(k.higher_held, &c[1]);
    ck_assert_int_eq(k.months_since, 5);
    ck_assert_int_eq(k.paid_this_year, 3);
    ck_assert_int_eq(k.ordinary_this_year, 1);
    ck_assert(k.shortage);
    conf_policy_free(p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy_case");
    TCase *t = tcase_create("policy_case");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, arguments_are_the_verdict);
    tcase_add_test(t, both_readings);
    tcase_add_test(t, how_rules_fared);
    tcase_add_test(t, what_barred);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
