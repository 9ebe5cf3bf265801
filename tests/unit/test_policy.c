/*
 * Verdicts: tables of persons and dates for each national year and for a policy made to meet every clause; and
 * properties that must hold for any person (seeded generator, so a failure can be repeated).
 *
 * Certificates and claims are written "occupation/level/day", separated by blanks; "?" is an unknown occupation or day, 0 an unknown level.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "any_person.h"
#include "policies.h"
#include "zhanchi/civil.h"
#include "zhanchi/policy.h"

#define ITEMS_MAX 16

static int32_t day_of(const char *s)
{
    int32_t day;

    if (strcmp(s, "?") == 0)
        return CIVIL_NONE;
    ck_assert_msg(civil_parse(s, strlen(s), &day) == 0, "no date: %s", s);
    return day;
}

/* ---- the little language of the tables ---- */

struct items {
    char text[512];
    struct {
        const char *occupation;
        int level;
        int32_t day;
    } item[ITEMS_MAX];
    size_t n;
};

static void parse_items(const char *text, struct items *out)
{
    out->n = 0;
    snprintf(out->text, sizeof out->text, "%s", text);
    char *save, *word = strtok_r(out->text, " ", &save);
    for (; word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *level = strchr(word, '/'), *day = strrchr(word, '/');
        *level = *day = '\0';
        out->item[out->n].occupation = strcmp(word, "?") == 0 ? "" : word;
        out->item[out->n].level = atoi(level + 1);
        out->item[out->n].day = day_of(day + 1);
        out->n++;
    }
}

struct row {
    const char *what;
    const char
        *who; /* "36", "10@2024-06-30" (counted on that day), and "in=REGION", "draws" (benefit) */
    const char *certificates, *claims, *as_of;
    const char *expected; /* "reason rule last-day yuan", "; " between certificates */
};

static void describe(const struct verdict *v, char *out, size_t cap)
{
    char day[11], yuan[24] = "-";

    if (v->amount_fen != POLICY_AMOUNT_NONE)
        snprintf(yuan, sizeof yuan, "%lld", (long long)v->amount_fen / 100);
    civil_format(v->last_day, day);
    snprintf(out, cap, "%s %s %s %s", verdict_reason_name(v->reason),
             v->rule != NULL ? v->rule->id : "-", day[0] != '\0' ? day : "-", yuan);
    bool ok = v->reason == VERDICT_OK;
    bool open = v->rule == NULL || v->reason == VERDICT_NO_LEVEL || v->reason == VERDICT_NO_MONTHS;
    if (v->reason == VERDICT_FUTURE)
        open = false;
    ck_assert_int_eq(v->outcome, ok ? VERDICT_ELIGIBLE : open ? VERDICT_UNDETERMINED : VERDICT_NOT);
}

static void parse_who(const char *text, char region[64], struct policy_person *out)
{
    const char *at = strchr(text, '@'), *in = strstr(text, "in=");
    char day[11];

    out->paid_months = atoi(text);
    out->paid_months_day = CIVIL_NONE;
    if (at != NULL) {
        snprintf(day, sizeof day, "%s", at + 1);
        out->paid_months_day = day_of(day);
    }
    if (in != NULL)
        snprintf(region, 64, "%.*s", (int)strcspn(in + 3, " "), in + 3);
    out->draws_benefit = strstr(text, "draws") != NULL;
    out->group = strstr(text, "公务员") != NULL ? "公务员" : "";
}

static void judge_row(const struct policy *p, const struct row *row, const char *usual, char *got,
                      size_t cap)
{
    struct items certificates, claims;
    struct policy_certificate c[ITEMS_MAX];
    struct policy_claim k[ITEMS_MAX];
    struct verdict out[ITEMS_MAX];
    char region[64];

    parse_items(row->certificates, &certificates);
    parse_items(row->claims, &claims);
    for (size_t i = 0; i < certificates.n; i++)
        c[i] = (struct policy_certificate){certificates.item[i].occupation,
                                           certificates.item[i].level, certificates.item[i].day};
    for (size_t i = 0; i < claims.n; i++)
        k[i] = (struct policy_claim){claims.item[i].occupation, claims.item[i].level,
                                     claims.item[i].day};
    struct policy_person who = {.region = region,
                                .certificates = c,
                                .n_certificates = certificates.n,
                                .claims = k,
                                .n_claims = claims.n};
    snprintf(region, sizeof region, "%s", usual);
    parse_who(row->who, region, &who);
    policy_judge(p, &who, day_of(row->as_of), out);
    size_t len = 0;
    got[0] = '\0';
    for (size_t i = 0; i < certificates.n; i++) {
        char one[120];
        describe(&out[i], one, sizeof one);
        len += (size_t)snprintf(got + len, cap - len, "%s%s", i > 0 ? "; " : "", one);
    }
}

static void check_rows(const struct policy *p, const char *region, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char got[1024];
        judge_row(p, &rows[i], region, got, sizeof got);
        ck_assert_msg(strcmp(got, rows[i].expected) == 0, "%s:\n  expected %s\n  got      %s",
                      rows[i].what, rows[i].expected, got);
    }
}

#define ROWS(p, region, rows) check_rows(p, region, rows, sizeof(rows) / sizeof(rows)[0])

/* ---- the national rules ---- */

START_TEST(national_years)
{
    static const struct row rows[] = {
        {"2016: before the first day", "36", "焊工/5/2016-12-31", "", "2017-06-01",
         "issued-too-early cn-2017 2017-12-30 -"},
        {"2017: the 36th month counts", "36", "焊工/5/2017-01-01", "", "2017-06-01",
         "ok cn-2017 2017-12-31 -"},
        {"2017: 35 months", "35", "焊工/5/2017-01-01", "", "2017-06-01",
         "too-few-months cn-2017 2017-12-31 -"},
        {"2018: its last day of issue", "36", "焊工/4/2018-12-31", "", "2019-01-01",
         "ok cn-2017 2019-12-30 -"},
        {"2018: 12 months do not reach", "12", "焊工/4/2018-12-31", "", "2019-01-01",
         "too-few-months cn-2017 2019-12-30 -"},
        {"2019: 12 months reach from its first day", "12", "焊工/4/2019-01-01", "", "2019-01-01",
         "ok cn-2019 2019-12-31 -"},
        {"2019: 11 months", "11", "焊工/4/2019-01-01", "", "2019-01-01",
         "too-few-months cn-2019 2019-12-31 -"},
        {"2020: last day of issue", "12", "焊工/3/2020-12-31", "", "2021-02-01",
         "ok cn-2019 2021-12-30 -"},
        {"2021", "12", "焊工/3/2021-01-01", "", "2021-12-31", "ok cn-2021 2021-12-31 -"},
        {"2021: draws benefit", "12 draws", "焊工/3/2021-01-01", "", "2021-12-31",
         "draws-benefit cn-2021 2021-12-31 -"},
        {"2021: no worker of an enterprise", "12 公务员", "焊工/3/2021-01-01", "", "2021-12-31",
         "excluded-group cn-2021 2021-12-31 -"},
        {"2022: draws benefit", "12 draws", "焊工/3/2022-12-31", "", "2023-12-30",
         "ok cn-2022 2023-12-30 -"},
        {"2023: a third payment", "12", "焊工/3/2023-05-05", "钳工/5/2023-01-05 钳工/4/2023-01-05",
         "2023-12-30", "ok cn-2023 2024-05-04 -"},
        {"2023: no fourth one", "12", "焊工/3/2023-05-05",
         "钳工/5/2023-01-05 钳工/4/2023-01-05 电工/4/2023-12-30", "2023-12-30",
         "yearly-cap cn-2023 2024-05-04 -"},
        {"2023: another year's payments do not count", "12", "焊工/3/2023-05-05",
         "钳工/5/2023-01-05 钳工/4/2023-01-05 电工/4/2023-12-31", "2024-01-01",
         "ok cn-2023 2024-05-04 -"},
        {"2023: a lower level after a higher one", "12", "焊工/5/2023-05-05", "焊工/4/2022-01-01",
         "2023-06-01", "ok cn-2023 2024-05-04 -"},
        {"2024: barred by a higher level that was paid", "12", "焊工/5/2024-05-05",
         "焊工/4/2022-01-01", "2024-06-01", "higher-level cn-2024 2025-05-04 -"},
        {"2024: not by one of another occupation", "12", "焊工/5/2024-05-05", "电工/4/2022-01-01",
         "2024-06-01", "ok cn-2024 2025-05-04 -"},
        {"2024: not by a higher certificate alone", "12", "焊工/5/2024-05-05 焊工/2/2010-01-01", "",
         "2024-06-01", "ok cn-2024 2025-05-04 -; level cn-2017 2010-12-31 -"},
        {"2025: barred by a higher certificate too", "12", "焊工/5/2025-05-05 焊工/2/2010-01-01",
         "", "2025-06-01", "higher-level cn-2025 2026-05-04 -; level cn-2017 2010-12-31 -"},
        {"2025: one payment a year, the nearest last day first", "12",
         "焊工/5/2025-05-05 电工/5/2025-05-04", "", "2025-06-01",
         "yearly-cap cn-2025 2026-05-04 -; ok cn-2025 2026-05-03 -"},
        {"no such province", "12 in=990000", "焊工/5/2025-05-05", "", "2025-06-01",
         "no-region - - -"},
        {"2026: no rule", "120", "焊工/5/2026-01-01", "", "2026-06-01", "no-rule - - -"},
        {"2025: still judged in 2026", "120", "焊工/5/2025-12-31", "", "2026-06-01",
         "ok cn-2025 2026-12-30 -"},
        {"technicians are outside", "120", "焊工/2/2025-06-01 电工/1/2025-06-01", "", "2025-06-01",
         "level cn-2025 2026-05-31 -; level cn-2025 2026-05-31 -"},
    };
    struct policy *p = policies_shipped("cn");

    ROWS(p, "430102", rows);
    conf_policy_free(p);
}
END_TEST

static const char *const shipped[] = {"cn",    "anhui",   "example",  "guangdong", "guizhou",
                                      "hunan", "jiangsu", "liaoning", "ningxia"};
#define SHIPPED (sizeof shipped / sizeof shipped[0])

/* Somebody of its region, with a certificate of its last or first day. */
static void hit(const struct policy *p, const struct policy_rule *r, const char *file)
{
    int32_t day = r->valid_to != CIVIL_NONE ? r->valid_to : r->valid_from;
    struct policy_certificate c = {"电工", 4, day};
    struct policy_person who = {.region = r->region,
                                .paid_months = r->months_min,
                                .paid_months_day = CIVIL_NONE,
                                .certificates = &c,
                                .n_certificates = 1};
    struct verdict v;

    policy_judge(p, &who, day, &v);
    ck_assert_msg(v.rule == r, "%s: %s decides instead of %s", file,
                  v.rule != NULL ? v.rule->id : "nothing", r->id);
    ck_assert_msg(v.outcome == VERDICT_ELIGIBLE, "%s: %s", r->id, verdict_reason_name(v.reason));
    ck_assert_int_eq(v.last_day, r->last_day_included
                                     ? civil_add_months(day, r->window_months)
                                     : civil_add_months(day, r->window_months) - 1);
    if (r->ceiling) /* promises nothing */
        ck_assert_int_eq(v.amount_fen, POLICY_AMOUNT_NONE);
    else
        ck_assert_int_eq(v.amount_fen, r->amount_fen[4]);
}

START_TEST(every_shipped_rule_decides_for_someone)
{
    struct policy *p = policies_shipped(shipped[_i]);

    for (size_t i = 0; i < p->n_rules; i++)
        hit(p, &p->rules[i], shipped[_i]);
    conf_policy_free(p);
}
END_TEST

/* "≤ 1000" promises nothing, and neither does what the nation says: in no file has a rule of the
 * nation an amount to promise. */
START_TEST(national_amounts_are_ceilings)
{
    struct policy *p = policies_shipped(shipped[_i]);

    for (size_t i = 0; i < p->n_rules; i++)
        if (strcmp(p->rules[i].region, "CN") == 0)
            ck_assert_msg(p->rules[i].ceiling, "%s: %s", shipped[_i], p->rules[i].id);
    conf_policy_free(p);
}
END_TEST

/* A rule is confirmed only where its own text was at hand: not by a report, a district's page or a
 * transmittal. */
START_TEST(confirmed_is_what_was_read)
{
    static const char *const confirmed[] = {"cn-2017", "cn-2024", "ex-2017"};
    size_t seen = 0;

    for (size_t f = 0; f < SHIPPED; f++) {
        struct policy *p = policies_shipped(shipped[f]);
        for (size_t i = 0; i < p->n_rules; i++) {
            bool may = false;
            for (size_t k = 0; k < sizeof confirmed / sizeof confirmed[0]; k++)
                may |= strcmp(p->rules[i].id, confirmed[k]) == 0;
            ck_assert_msg(p->rules[i].confirmed == may, "%s", p->rules[i].id);
            seen += may;
        }
        conf_policy_free(p);
    }
    ck_assert_uint_eq(seen, 17); /* the nation's two in all files but that of the invented region */
}
END_TEST

/* Region, a certificate of level 5 and its year's amounts: 5/4/3, then those of shortage occupations. */
START_TEST(provinces)
{
    static const struct {
        const char *file, *in, *issued, *rule;
        int yuan[3], shortage[3]; /* 0: none is promised */
    } table[] = {
        {"hunan", "430100", "2025-03-01", "hunan-2025", {1000, 1500, 2000}, {1100, 1650, 2200}},
        {"guangdong",
         "4401",
         "2023-03-01",
         "guangdong-2023",
         {1000, 1500, 2000},
         {1300, 1950, 2600}},
        {"jiangsu",
         "321000",
         "2019-03-01",
         "yangzhou-2019",
         {1000, 1500, 2000},
         {1300, 1950, 2600}},
        {"jiangsu",
         "321003",
         "2019-03-01",
         "yangzhou-2019",
         {1000, 1500, 2000},
         {1300, 1950, 2600}},
        {"jiangsu",
         "320100",
         "2019-03-01",
         "cn-2019",
         {0},
         {0}}, /* only Yangzhou's notice is known */
        {"anhui", "341200", "2017-06-01", "fuyang-2017", {1000, 1500, 2000}, {1500, 2250, 3000}},
        {"anhui", "340100", "2017-06-01", "cn-2017", {0}, {0}},
        {"ningxia", "640100", "2025-03-01", "ningxia-2025", {800, 1200, 1600}, {1000, 1500, 2000}},
        {"ningxia",
         "宁夏回族自治区",
         "2025-03-01",
         "ningxia-2025",
         {800, 1200, 1600},
         {1000, 1500, 2000}},
        {"ningxia", "640100", "2024-03-01", "cn-2024", {0}, {0}}, /* another year: the nation's */
        {"ningxia", "430000", "2025-03-01", "cn-2025", {0}, {0}},
        {"guizhou", "520100", "2025-03-01", "guizhou-2025", {0}, {0}}, /* "≤": a ceiling itself */
        {"liaoning", "210200", "2023-03-01", "dalian-2023", {1000, 1500, 2000}, {1000, 1500, 2000}},
        {"liaoning", "210100", "2023-03-01", "cn-2023", {0}, {0}},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct policy *p = policies_shipped(table[i].file);
        for (int level = 5; level >= 3; level--) {
            char got[1024], expected[200], certificate[64], yuan[16] = "-", last[11];
            const struct row row = {"", "36", certificate, "", table[i].issued, expected};
            if (table[i].yuan[5 - level] > 0)
                snprintf(yuan, sizeof yuan, "%d", table[i].yuan[5 - level]);
            snprintf(certificate, sizeof certificate, "电工/%d/%s", level, table[i].issued);
            civil_format(civil_add_months(day_of(table[i].issued), 12) - 1, last);
            snprintf(expected, sizeof expected, "ok %s %s %s", table[i].rule, last, yuan);
            judge_row(p, &row, table[i].in, got, sizeof got);
            ck_assert_msg(strcmp(got, expected) == 0, "%s %s:\n  expected %s\n  got      %s",
                          table[i].file, table[i].in, expected, got);
            const struct policy_rule *r = NULL;
            for (size_t k = 0; k < p->n_rules; k++)
                if (strcmp(p->rules[k].id, table[i].rule) == 0)
                    r = &p->rules[k];
            int64_t more = r->shortage_fen[level];
            if (more == POLICY_AMOUNT_NONE)
                more = r->amount_fen[level]; /* none stated: as any other occupation */
            if (!r->ceiling)
                ck_assert_int_eq(more, table[i].shortage[5 - level] * 100);
        }
        conf_policy_free(p);
    }
}
END_TEST

/* ---- days ---- */

START_TEST(days)
{
    static const struct row rows[] = {
        {"the last day itself", "12", "电工/5/2023-06-15", "", "2024-06-15",
         "ok ex-2017 2024-06-15 1000"},
        {"the day after", "12", "电工/5/2023-06-15", "", "2024-06-16",
         "expired ex-2017 2024-06-15 -"},
        {"leap day", "12", "电工/5/2024-02-29", "", "2025-02-28", "ok ex-2017 2025-02-28 1000"},
        {"leap day, the day after", "12", "电工/5/2024-02-29", "", "2025-03-01",
         "expired ex-2017 2025-02-28 -"},
        {"into a leap year", "12", "电工/5/2023-02-28", "", "2024-02-28",
         "ok ex-2017 2024-02-28 1000"},
        {"the day of issue", "12", "电工/5/2024-12-31", "", "2024-12-31",
         "ok ex-2017 2025-12-31 1000"},
        {"tomorrow's certificate", "12", "电工/5/2025-01-01", "", "2024-12-31",
         "issued-in-future - - -"},
        {"no date", "12", "电工/5/?", "", "2024-12-31", "no-issue-date - - -"},
        {"no level", "12", "电工/0/2024-05-01", "", "2024-12-31", "no-level ex-2017 2025-05-01 -"},
        {"no level, and expired", "12", "电工/0/2022-05-01", "", "2024-12-31",
         "expired ex-2017 2023-05-01 -"},
        {"no level, and too few months", "11", "电工/0/2024-05-01", "", "2024-12-31",
         "too-few-months ex-2017 2025-05-01 -"},
        {"no months", "-1", "电工/5/2024-05-01", "", "2024-12-31",
         "no-months ex-2017 2025-05-01 -"},
        {"no months, and claimed", "-1", "电工/5/2024-05-01", "电工/5/2024-06-01", "2024-12-31",
         "claimed ex-2017 2025-05-01 -"},
        {"shortage occupation", "12", "焊工/4/2024-05-01", "", "2024-12-31",
         "ok ex-2017 2025-05-01 2000"},
        {"before the first rule", "12", "焊工/4/2016-12-31", "", "2017-02-01", "no-rule - - -"},
        {"no region", "12 in=", "焊工/4/2024-05-01", "", "2024-12-31", "no-region - - -"},
        {"unknown region", "12 in=某市", "焊工/4/2024-05-01", "", "2024-12-31", "no-region - - -"},
        {"a county", "12 in=示例市示例县", "电工/3/2024-05-01", "", "2024-12-31",
         "ok ex-2017 2025-05-01 2000"},
    };
    struct policy *p = policies_shipped("example");

    ROWS(p, "EX-01", rows);
    conf_policy_free(p);
}
END_TEST

START_TEST(months_as_of_their_day)
{
    static const struct row rows[] = {
        {"too few on the day they were counted", "10@2024-06-30", "电工/5/2024-05-01", "",
         "2024-06-30", "too-few-months ex-2017 2025-05-01 -"},
        {"one month on, still too few", "10@2024-06-30", "电工/5/2024-05-01", "", "2024-07-30",
         "too-few-months ex-2017 2025-05-01 -"},
        {"not yet two months on", "10@2024-06-30", "电工/5/2024-05-01", "", "2024-08-29",
         "too-few-months ex-2017 2025-05-01 -"},
        {"two months on nobody knows", "10@2024-06-30", "电工/5/2024-05-01", "", "2024-08-30",
         "no-months ex-2017 2025-05-01 -"},
        {"enough stays enough", "12@2020-01-01", "电工/5/2024-05-01", "", "2025-05-01",
         "ok ex-2017 2025-05-01 1000"},
        {"a number without a day is today's", "11", "电工/5/2024-05-01", "", "2025-05-01",
         "too-few-months ex-2017 2025-05-01 -"},
    };
    struct policy *p = policies_shipped("example");

    ROWS(p, "EX", rows);
    conf_policy_free(p);
}
END_TEST

/* ---- what was claimed ---- */

START_TEST(what_was_claimed)
{
    static const struct row rows[] = {
        {"the same occupation and level, once for ever", "12", "电工/5/2024-05-01",
         "电工/5/2018-01-01", "2024-06-01", "claimed ex-2017 2025-05-01 -"},
        {"another level", "12", "电工/4/2024-05-01", "电工/5/2024-05-20", "2024-06-01",
         "ok ex-2017 2025-05-01 1500"},
        {"another occupation", "12", "电工/5/2024-05-01", "焊工/5/2024-05-20", "2024-06-01",
         "ok ex-2017 2025-05-01 1000"},
        {"unknown occupation, after issue", "12", "电工/5/2024-05-01", "?/5/2024-05-01",
         "2024-06-01", "claimed ex-2017 2025-05-01 -"},
        {"unknown occupation, before issue", "12", "电工/5/2024-05-01", "?/5/2024-04-30",
         "2024-06-01", "ok ex-2017 2025-05-01 1000"},
        {"unknown level, after issue", "12", "电工/5/2024-05-01", "电工/0/2024-05-20", "2024-06-01",
         "claimed ex-2017 2025-05-01 -"},
        {"nothing known but the day", "12", "电工/5/2024-05-01 焊工/4/2024-05-25", "?/0/2024-05-20",
         "2024-06-01", "claimed ex-2017 2025-05-01 -; ok ex-2017 2025-05-25 2000"},
        {"nothing known at all", "12", "电工/5/2024-05-01", "?/0/?", "2024-06-01",
         "claimed ex-2017 2025-05-01 -"},
        {"claimed goes before expired", "12", "电工/5/2022-05-01", "电工/5/2022-05-20",
         "2024-06-01", "claimed ex-2017 2023-05-01 -"},
    };
    struct policy *p = policies_shipped("example");

    ROWS(p, "EX", rows);
    conf_policy_free(p);
}
END_TEST

START_TEST(yearly)
{
    static const struct row rows[] = {
        {"one ordinary, two more for shortage occupations", "0",
         "电工/5/2024-05-01 钳工/5/2024-05-02 焊工/5/2024-05-03 焊工/4/2023-06-20", "",
         "2024-06-01",
         "ok x 2025-04-30 100; yearly-cap x 2025-05-01 -; higher-level x 2025-05-02 -; ok x "
         "2024-06-19 200"},
        {"the order of payments does not matter", "0", "电工/5/2024-05-01",
         "焊工/4/2024-01-05 焊工/5/2024-01-05", "2024-06-01", "ok x 2025-04-30 100"},
        {"three in all", "0", "电工/5/2024-05-01 焊工/3/2024-05-01",
         "焊工/4/2024-01-05 焊工/5/2024-01-05 铣工/5/2024-02-02", "2024-06-01",
         "yearly-cap x 2025-04-30 -; yearly-cap x 2025-04-30 -"},
        {"an ordinary one fills the place of the ordinary", "0",
         "电工/5/2024-05-01 焊工/5/2024-05-01", "钳工/5/2024-01-05", "2024-06-01",
         "yearly-cap x 2025-04-30 -; ok x 2025-04-30 150"},
        {"applied for and paid is one payment", "0", "焊工/5/2024-05-01",
         "钳工/5/2024-01-05 钳工/5/2024-03-05 铣工/5/2024-02-02 铣工/5/2024-04-04", "2024-06-01",
         "ok x 2025-04-30 150"},
        {"equal last days: the higher level", "0", "电工/5/2024-05-01 钳工/4/2024-05-01", "",
         "2024-06-01", "yearly-cap x 2025-04-30 -; ok x 2025-04-30 200"},
        {"the same certificate twice is one", "0", "电工/5/2024-05-01 电工/5/2024-05-01", "",
         "2024-06-01", "ok x 2025-04-30 100; ok x 2025-04-30 100"},
        {"one level at two times is one payment", "0", "电工/5/2024-05-01 电工/5/2023-09-01", "",
         "2024-06-01", "ok x 2025-04-30 100; ok x 2024-08-31 100"},
        {"where it is paid again they are two", "0 in=X-B",
         "电工/5/2024-05-01 电工/5/2023-09-01 电工/5/2023-08-01", "", "2024-06-01",
         "yearly-cap b 2025-04-30 -; ok b 2024-08-31 100; ok b 2024-07-31 100"},
        {"an empty list takes the parent's away", "0 in=X-B", "焊工/5/2024-05-01", "", "2024-06-01",
         "ok b 2025-04-30 100"},
        {"paid before, and again", "0 in=X-B", "电工/5/2024-05-01", "电工/5/2023-05-01",
         "2024-06-01", "ok b 2025-04-30 100"},
        {"equal in all but the day of issue: the earlier one", "0 in=X-B",
         "电工/5/2024-02-29 电工/5/2024-02-28", "钳工/5/2024-01-05", "2024-06-01",
         "yearly-cap b 2025-02-27 -; ok b 2025-02-27 100"},
        {"a payment of an unknown day may be this year's", "0", "电工/5/2024-05-01", "钳工/5/?",
         "2024-06-01", "yearly-cap x 2025-04-30 -"},
        {"payments of which little is known are as many as their days", "0 in=X-B",
         "电工/5/2024-05-01", "?/0/2024-01-05 ?/0/2024-02-05", "2024-06-01",
         "yearly-cap b 2025-04-30 -"},
        {"on one day they are one", "0 in=X-B", "电工/5/2024-05-01",
         "?/0/2024-01-05 ?/0/2024-01-05", "2024-06-01", "ok b 2025-04-30 100"},
        {"a claim of an unknown level is no higher one", "0", "电工/5/2024-05-01",
         "电工/0/2023-04-30", "2024-06-01", "ok x 2025-04-30 100"},
        {"this very certificate was paid", "0 in=X-B", "电工/5/2024-05-01", "电工/5/2024-05-02",
         "2024-06-01", "claimed b 2025-04-30 -"},
    };
    struct policy *p = policies_text(clauses);

    ROWS(p, "X", rows);
    conf_policy_free(p);
}
END_TEST

START_TEST(which_rule)
{
    static const struct row rows[] = {
        {"judged at application: the rule's end is the last day", "0 in=X-A", "电工/5/2020-02-01",
         "", "2024-12-31", "ok a1 2024-12-31 100"},
        {"the next year's rule has a window", "0 in=X-A", "电工/5/2024-09-01", "", "2025-01-01",
         "ok a2 2025-02-28 100"},
        {"before its first rule the region has its parent's", "0 in=X-A", "电工/5/2023-09-01", "",
         "2023-12-31", "ok x 2024-08-31 100"},
        {"of two bases the later one", "0 in=X-C", "电工/5/2021-06-01", "", "2022-01-01",
         "ok c2 2022-05-31 100"},
        {"both from the same day: the one that ends first", "0 in=X-D", "电工/5/2021-06-01", "",
         "2021-12-31", "ok d2 2022-05-31 100"},
        {"both without any date: by id", "0 in=X-E", "电工/5/2021-06-01", "", "2021-12-31",
         "ok e1 2022-05-31 100"},
        {"only one is in force", "0 in=X-C", "电工/5/2021-06-01", "", "2021-12-31",
         "ok c1 2022-05-31 100"},
        {"issued too late", "0", "电工/5/2025-07-01", "", "2025-08-01",
         "issued-too-late x 2026-06-30 -"},
        {"issued on the last day", "0", "电工/5/2025-06-30", "", "2025-08-01",
         "ok x 2026-06-29 100"},
        {"a level without an amount", "0", "电工/2/2025-06-30", "", "2025-08-01",
         "ok x 2026-06-29 -"},
        {"shortage without an amount of its own", "0", "焊工/4/2025-06-01", "", "2025-08-01",
         "ok x 2026-05-31 200"},
        {"a higher certificate without a date is held", "0", "电工/5/2025-06-01 电工/2/?", "",
         "2025-08-01", "higher-level x 2026-05-31 -; no-issue-date - - -"},
        {"one of the future is not", "0", "电工/5/2025-06-01 电工/2/2025-08-02", "", "2025-08-01",
         "ok x 2026-05-31 100; issued-in-future - - -"},
        {"one of an unknown occupation may be the same", "0", "电工/5/2025-06-01 ?/4/2024-05-01",
         "", "2025-06-01", "higher-level x 2026-05-31 -; expired x 2025-04-30 -"},
    };
    struct policy *p = policies_text(clauses);

    ROWS(p, "X", rows);
    conf_policy_free(p);
}
END_TEST

/* ---- properties ---- */

static void mix(struct chance *c, void *items, size_t n, size_t size)
{
    unsigned char *at = items, tmp[sizeof(struct policy_rule)];

    ck_assert(size <= sizeof tmp);
    for (size_t i = n; i > 1; i--) {
        size_t j = below(c, (unsigned)i);
        memcpy(tmp, at + (i - 1) * size, size);
        memmove(at + (i - 1) * size, at + j * size, size);
        memcpy(at + j * size, tmp, size);
    }
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* All verdicts with the certificates that they are about, in an order of their own. */
static void fingerprint(const struct policy *p, const struct policy_person *who, int32_t as_of,
                        char out[6][200])
{
    struct verdict v[6];

    policy_judge(p, who, as_of, v);
    for (size_t i = 0; i < who->n_certificates; i++) {
        char text[120];
        describe(&v[i], text, sizeof text);
        snprintf(out[i], 200, "%s/%d/%d %s", who->certificates[i].occupation,
                 who->certificates[i].level, who->certificates[i].issued_day, text);
    }
    qsort(out, who->n_certificates, sizeof out[0], compare_text);
}

static void check_order(struct chance *c, struct policy *p, const char *const *regions,
                        unsigned n_regions)
{
    for (int round = 0; round < 20000; round++) {
        struct any_person person;
        char first[6][200], second[6][200];
        int32_t as_of = civil_day(2025, 1, 1) + (int)below(c, 400);
        make_person(c, regions[below(c, n_regions)], &person);
        fingerprint(p, &person.who, as_of, first);
        mix(c, person.certificates, person.who.n_certificates, sizeof person.certificates[0]);
        mix(c, person.claims, person.who.n_claims, sizeof person.claims[0]);
        mix(c, p->rules, p->n_rules, sizeof p->rules[0]);
        mix(c, p->regions, p->n_regions, sizeof p->regions[0]);
        fingerprint(p, &person.who, as_of, second);
        for (size_t i = 0; i < person.who.n_certificates; i++)
            ck_assert_msg(strcmp(first[i], second[i]) == 0, "round %d: %s, then %s", round,
                          first[i], second[i]);
    }
}

START_TEST(order_does_not_matter)
{
    static const char *const cn[] = {"43", "440106"}, *const x[] = {"X",   "X-A", "X-B",
                                                                    "X-C", "X-D", "X-E"};
    struct chance c = {UINT64_C(0x5eed20170001)};
    struct policy *p = policies_shipped("ningxia");

    check_order(&c, p, cn, 2);
    conf_policy_free(p);
    p = policies_text(clauses);
    check_order(&c, p, x, 6);
    conf_policy_free(p);
}
END_TEST

/* A day later never makes an expired certificate eligible: under any shipped policy, and where rules of
 * both bases meet. */
START_TEST(expired_stays_expired)
{
    static const char *const regions[] = {"43",  "64",  "2102", "X",  "X-A",
                                          "X-B", "X-C", "X-D",  "X-E"};
    struct chance c = {UINT64_C(0x5eed20170002) + (uint64_t)_i};
    struct policy *p = _i < (int)SHIPPED ? policies_shipped(shipped[_i]) : policies_text(clauses);
    unsigned first = _i < (int)SHIPPED ? 0 : 3, n = _i < (int)SHIPPED ? 3 : 6;
    int seen = 0;

    for (int round = 0; round < 20000; round++) {
        struct any_person person;
        struct verdict before[6], after[6];
        int32_t as_of = civil_day(2024, 6, 1) + (int)below(&c, 700);
        make_person(&c, strcmp(p->name, "example") == 0 ? "EX-01" : regions[first + below(&c, n)],
                    &person);
        policy_judge(p, &person.who, as_of, before);
        policy_judge(p, &person.who, as_of + 1 + (int)(below(&c, 2) * below(&c, 400)), after);
        for (size_t i = 0; i < person.who.n_certificates; i++) {
            if (before[i].reason != VERDICT_EXPIRED)
                continue;
            seen++;
            ck_assert_int_ne(after[i].outcome, VERDICT_ELIGIBLE);
        }
    }
    ck_assert_int_gt(seen, 1000);
    conf_policy_free(p);
}
END_TEST

/* A further claim never makes anybody eligible. */
START_TEST(a_claim_takes_away)
{
    static const char *const regions[] = {"X", "X-A", "X-B", "X-C"};
    struct chance c = {UINT64_C(0x5eed20170003)};
    struct policy *p = policies_text(clauses);

    for (int round = 0; round < 20000; round++) {
        struct any_person person;
        struct verdict before[6], after[6];
        size_t n = 0, m = 0;
        int32_t as_of = civil_day(2024, 6, 1) + (int)below(&c, 700);
        make_person(&c, regions[below(&c, 4)], &person);
        policy_judge(p, &person.who, as_of, after);
        if (person.who.n_claims == 0)
            continue;
        person.who.n_claims--;
        policy_judge(p, &person.who, as_of, before);
        for (size_t i = 0; i < person.who.n_certificates; i++) {
            n += before[i].outcome == VERDICT_ELIGIBLE;
            m += after[i].outcome == VERDICT_ELIGIBLE;
        }
        ck_assert_msg(m <= n, "round %d: %zu eligible, with one claim more %zu", round, n, m);
    }
    conf_policy_free(p);
}
END_TEST

/* A policy made by hand with a circle of parents must not hang. */
START_TEST(circles_end)
{
    char a[] = "A", b[] = "B", title_a[] = "甲", title_b[] = "乙";
    struct policy_region regions[] = {{.name = a, .parent = b, .title = title_a},
                                      {.name = b, .parent = a, .title = title_b}};
    struct policy p = {.regions = regions, .n_regions = 2};
    struct policy_certificate c = {"焊工", 5, 20000};
    struct policy_person who = {.region = "A",
                                .paid_months = 12,
                                .paid_months_day = CIVIL_NONE,
                                .certificates = &c,
                                .n_certificates = 1};
    struct verdict v;

    policy_judge(&p, &who, 20001, &v);
    ck_assert_int_eq(v.reason, VERDICT_NO_RULE);
    ck_assert_str_eq(policy_region_of(&p, "乙甲"), "A");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy");
    TCase *t = tcase_create("policy");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, national_years);
    tcase_add_loop_test(t, every_shipped_rule_decides_for_someone, 0, SHIPPED);
    tcase_add_loop_test(t, national_amounts_are_ceilings, 0, SHIPPED);
    tcase_add_test(t, confirmed_is_what_was_read);
    tcase_add_test(t, provinces);
    tcase_add_test(t, days);
    tcase_add_test(t, months_as_of_their_day);
    tcase_add_test(t, what_was_claimed);
    tcase_add_test(t, yearly);
    tcase_add_test(t, which_rule);
    tcase_add_test(t, order_does_not_matter);
    tcase_add_loop_test(t, expired_stays_expired, 0, SHIPPED + 1);
    tcase_add_test(t, a_claim_takes_away);
    tcase_add_test(t, circles_end);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
