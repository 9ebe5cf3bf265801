/*
 * Policy files: what is taken over, what is refused and with which line, versions over several files, and that all shipped files load.
 */
#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policies.h"
#include "zhanchi/civil.h"
#include "zhanchi/fsio.h"
#include "zhanchi/policy.h"

static struct scratch scratch; /* of the test that runs; check forks for each */

static void set_up(void)
{
    scratch_init(&scratch);
}

static void tear_down(void)
{
    scratch_fini(&scratch);
}

static void put(const char *name, const char *text)
{
    scratch_write(&scratch, name, text, strlen(text));
}

static const char *path_of(const char *name)
{
    return scratch_path(&scratch, name);
}

static struct policy *load(const char *name)
{
    return policies_load(path_of(name));
}

/* A rule that is right, on one line; the tables add to it. */
#define RULE(id, region, more)                                                                     \
    "{ id = \"" id "\"; region = \"" region "\"; source = \"s\"; confirmed = true; basis = "       \
    "\"issued\"; months_min = 12; levels = [ 5, 4 ]; window_months = 12; " more "}"
#define POLICY(rules) "name = \"p\";\nrules = (\n" rules "\n);\n"

START_TEST(refused)
{
    static const struct {
        const char *text, *says;
    } table[] = {
        {"name = \"p\"\nrules = (", ":2: "},
        {"name = \"p\";\n", "no rules"},
        {POLICY(""), "no rules"},
        {"rules = ( " RULE("a", "CN", "") " );", ":0: name is missing"},
        {"\nname = \"a/b\";", ":2: name cannot be \"a/b\""},
        {"name = \"p\";\nrule = ();", ":2: unknown setting rule; did you mean rules?"},
        {"name = \"p\";\nrules = { };", ":2: rules must be a list"},
        {POLICY("\"x\""), "a rule must be a group"},
        {POLICY(RULE("a", "CN", "\n\nmonth_min = 3;")),
         ":5: unknown setting month_min; did you mean months_min?"},
        {POLICY("{ id = \"a\"; }"), ":3: region is missing"},
        {POLICY("{ id = \"a\"; region = \"CN\"; basis = \"issued\"; levels = [5]; window_months = "
                "1; }"),
         ":3: months_min is missing"},
        {POLICY(
             "{ region = \"CN\"; basis = \"issued\"; levels = [5]; months_min = 1; window_months = "
             "1; }"),
         ":3: id is missing"},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"s\"; basis = \"issued\"; levels = [5]; "
                "months_min = 1; window_months = 1; }"),
         ":3: confirmed is missing"},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"\"; basis = \"issued\"; levels = [5]; "
                "months_min = 1; window_months = 1; }"),
         ":3: source is missing"},
        {POLICY(RULE("a", "CN", "\nvalid_from = \"2019-1-1\";")), ":4: valid_from is no date"},
        {POLICY(RULE("a", "CN", "\nvalid_from = \"2019-02-29\";")), ":4: valid_from is no date"},
        {POLICY(RULE("a", "CN", "\nvalid_to = \"2019/01/01\";")), ":4: valid_to is no date"},
        {POLICY(RULE("a", "CN", "\nvalid_to = 2019;")), ":4: valid_to must be text"},
        {POLICY(RULE("a", "CN", "valid_from = \"2020-01-02\"; valid_to = \"2020-01-01\";")),
         ":3: rule a ends before it begins"},
        {POLICY(RULE("a", "CN", "issued_from = \"2020-01-02\"; issued_to = \"2020-01-01\";")),
         ":3: rule a ends before it begins"},
        {POLICY(RULE("a", "CN", "\nyearly_max = 101;")), ":4: yearly_max must be between"},
        {POLICY(RULE("a", "CN", "\nyearly_max = \"1\";")), ":4: yearly_max must be a whole number"},
        {POLICY(RULE("a", "CN", "\nexcluded = \"x\";")), ":4: excluded must be a list"},
        {POLICY(RULE("a", "CN", "\nexcluded = [ \" \" ];")),
         ":4: excluded must list groups of people"},
        {"name = \"p\";\nlast_day_included = 1;", ":2: last_day_included must be true or false"},
        {POLICY(RULE("a", "CN", "yearly_extra_shortage = 1;")), ":3: yearly_extra_shortage means"},
        {POLICY(RULE("a", "CN", "\nceiling = 1;")), ":4: ceiling must be true or false"},
        {POLICY(RULE("a", "CN", "\nhigher_bars_lower = \"yes\";")),
         ":4: higher_bars_lower must be one of \"no\", \"paid\", \"held\", not \"yes\""},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"s\"; confirmed = true; months_min = 1; "
                "window_months = 1; levels = [ 5 ];\nbasis = \"birth\"; }"),
         ":4: basis must be one of"},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"s\"; confirmed = true; months_min = 1; "
                "window_months = 1; basis = \"issued\";\nlevels = [ 5, 6 ]; }"),
         ":4: levels holds no level"},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"s\"; confirmed = true; months_min = 1; "
                "window_months = 1; basis = \"issued\";\nlevels = [ ]; }"),
         ":4: levels must be a list"},
        {POLICY(RULE("a", "CN", "\namounts = 1000;")), ":4: amounts must be a group"},
        {POLICY(RULE("a", "CN", "amounts = {\nlevel6 = 1; };")), ":4: unknown setting level6"},
        {POLICY(RULE("a", "CN", "amounts = {\nlevel5 = -1; };")),
         ":4: level5 must be between 0 and 1000000"},
        {POLICY(RULE("a", "CN", "amounts = { level3 = 1; };")), ":3: level 3 has an amount and is"},
        {POLICY(RULE("a", "CN", "shortage = { level5 = 1; };")),
         ":3: level 5 has an amount for sh"},
        {POLICY(RULE("a", "CN",
                     "amounts = { level5 = 1; }; shortage = { level5 = 2; };\n"
                     "shortage_percent = 10;")),
         ":4: shortage and shortage_percent"},
        {POLICY(RULE("a", "CN", "") ",\n" RULE("a", "43", "")), ":4: rule a stands twice"},
        {POLICY(RULE("a", "CN", "valid_to = \"2020-01-01\";") ",\n\n" RULE(
             "b", "CN", "valid_from = \"2020-01-01\";")),
         ":5: rule b and rule a ("},
        {POLICY(RULE("a", "430000", "") ",\n" RULE("b", "43", "")),
         "p.conf:3) are both in force in region 43"},
        {POLICY(RULE("a", "CN", "valid_to = \"2020-01-01\";") ",\n" RULE(
             "b", "CN", "valid_from = \"2020-01-01\";")),
         "in region CN on 2020-01-01"},
        {POLICY(RULE("a", "XY", "")), "p.conf:3: rule a: XY is no region"},
        {POLICY(RULE("a", "4", "")), "4 is no region"},
        {POLICY(RULE("a", "99", "")), "99 is no region"},
        {POLICY("{ id = \"a\";\nlike = \"b\"; }"), ":4: there is no rule b"},
        {POLICY("{ id = \"a\"; region = \"CN\"; source = \"s\"; confirmed = false; basis = "
                "\"issued\"; "
                "months_min = 1; levels = [5]; window_months = 1; },\n{ id = \"b\"; like = \"a\"; "
                "region = \"43\"; source = \"s\"; confirmed = true; }"),
         ":4: rule b cannot be confirmed"},
        {"name = \"p\";\nregions = (\n{ name = \"43\"; },\n{ name = \"430000\"; } );",
         ":4: region 43 stands twice"},
        {"name = \"p\";\nregions = (\n{ title = \"x\"; } );", ":3: name is missing"},
        {"name = \"p\";\nregions = ( { name = \"A\";\nparents = \"B\"; } );",
         ":3: unknown setting parents; did you mean parent?"},
        {"name = \"p\";\nregions = ( { name = \"A\";\nshortage = \"x\"; } );",
         ":3: shortage must be a list"},
        {"name = \"p\";\nregions = ( { name = \"A\";\nshortage = ( 1 ); } );",
         ":3: shortage must list occupations"},
        {"name = \"p\";\nregions = (\n{ name = \"A\"; parent = \"B\"; } );\nrules = ( " RULE(
             "a", "A", "") " );",
         ":3: the parent B of region A"},
        {"name = \"p\";\nregions = (\n{ name = \"A\"; parent = \"B\"; },\n{ name = \"B\"; parent = "
         "\"A\"; } );\nrules = ( " RULE("a", "A", "") " );",
         ":3: region A is above itself"},
        {"name = \"p\";\nregions = (\n{ name = \"A\"; title = \"市\"; },\n{ name = \"B\"; title = "
         "\"市\"; } );\nrules = ( " RULE("a", "A", "") " );",
         ":4: the title 市 of region B also means region A"},
        {"name = \"p\";\ninclude = [ \"../a\" ];", ":2: include must list names"},
        {"name = \"p\";\ninclude = [ \"a\" ];", ":2: cannot open "},
        {"name = \"p\";\n@include \"a.conf\"\n", ":2: @include is not allowed"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err e = {0};
        put("p.conf", table[i].text);
        struct policy *p = conf_policy_load(path_of("p.conf"), &e);
        ck_assert_msg(p == NULL, "taken: %s", table[i].text);
        ck_assert_msg(strstr(e.what, table[i].says) != NULL, "%s\n  does not say: %s\n  but: %s",
                      table[i].text, table[i].says, e.what);
        ck_assert_msg(strstr(e.what, "p.conf") != NULL, "no file: %s", e.what);
        ck_assert_int_eq(e.kind, ERR_CONFIG);
        ck_assert_msg(e.remedy[0] != '\0', "no remedy: %s", e.what);
    }
}
END_TEST

START_TEST(neighbours_do_not_overlap)
{
    put("p.conf",
        POLICY(RULE("a", "CN", "valid_to = \"2019-12-31\";") "," RULE(
            "b", "CN",
            "valid_from = \"2020-01-01\"; valid_to = \"2020-12-31\";") "," RULE("c", "43",
                                                                                "") ","
                                                                                    "{ id = \"d\"; "
                                                                                    "like = \"c\"; "
                                                                                    "source = "
                                                                                    "\"s\"; "
                                                                                    "confirmed = "
                                                                                    "true; "
                                                                                    "basis = "
                                                                                    "\"applied\"; "
                                                                                    "}"));
    struct policy *p = load("p.conf");
    ck_assert_uint_eq(p->n_rules, 4);
    conf_policy_free(p);
}
END_TEST

START_TEST(like_takes_over)
{
    put("p.conf",
        POLICY(RULE("a", "CN",
                    "clause = \"c\"; note = \"n\"; yearly_max = 3; yearly_extra_shortage = 2; "
                    "higher_bars_lower = \"held\"; benefit_included = true; ceiling = true; "
                    "excluded = [ \"公务员\" ]; "
                    "once_per_level = false; last_day_included = true; valid_to = \"2020-12-31\"; "
                    "issued_from = \"2017-01-01\"; amounts = { level5 = 1000; level4 = 1500; }; "
                    "shortage_percent = 10;") ",\n"
                                              "{ id = \"b\"; like = \"a\"; region = \"43\"; source "
                                              "= \"t\"; confirmed = true; },\n"
                                              "{ id = \"c\"; like = \"a\"; region = \"44\"; source "
                                              "= \"t\"; confirmed = false; "
                                              "amounts = { level5 = 800.5; }; valid_to = \"open\"; "
                                              "levels = [ 5 ]; }"));
    struct policy *p = load("p.conf");
    const struct policy_rule *a = &p->rules[0], *b = &p->rules[1], *c = &p->rules[2];

    ck_assert_int_eq(a->shortage_fen[5], 110000);
    ck_assert_int_eq(a->shortage_fen[4], 165000);
    ck_assert_int_eq(a->shortage_fen[3], POLICY_AMOUNT_NONE);
    ck_assert_int_eq(b->line, 4);
    ck_assert_str_eq(b->region, "43");
    ck_assert_str_eq(b->source, "t");
    ck_assert_str_eq(b->clause, ""); /* sources are never taken over */
    ck_assert_str_eq(b->note, "");
    ck_assert(b->confirmed && b->ceiling && b->benefit_included && b->last_day_included);
    ck_assert(!b->once_per_level);
    ck_assert_str_eq(b->excluded[0], "公务员");
    ck_assert_ptr_null(b->excluded[1]);
    ck_assert_int_eq(b->higher_bars_lower, POLICY_HIGHER_HELD);
    ck_assert_int_eq(b->yearly_max, 3);
    ck_assert_int_eq(b->yearly_extra_shortage, 2);
    ck_assert_int_eq(b->months_min, 12);
    ck_assert_int_eq(b->window_months, 12);
    ck_assert_int_eq(b->levels, 1u << 5 | 1u << 4);
    ck_assert_int_eq(b->valid_from, CIVIL_NONE);
    ck_assert_int_eq(b->valid_to, civil_day(2020, 12, 31));
    ck_assert_int_eq(b->issued_from, civil_day(2017, 1, 1));
    ck_assert_int_eq(b->amount_fen[4], 150000);
    ck_assert_int_eq(b->shortage_fen[4], 165000);
    /* amounts of its own replace all that was said of money */
    ck_assert(!c->ceiling && !c->confirmed);
    ck_assert_int_eq(c->amount_fen[5], 80050);
    ck_assert_int_eq(c->amount_fen[4], POLICY_AMOUNT_NONE);
    ck_assert_int_eq(c->shortage_fen[5], POLICY_AMOUNT_NONE);
    ck_assert_int_eq(c->valid_to, CIVIL_NONE);
    conf_policy_free(p);
}
END_TEST

START_TEST(includes_and_versions)
{
    static const char included[] =
        "name = \"a\"; title = \"A\"; include = [ \"b\", \"p\" ]; rules = ( " RULE("a", "CN",
                                                                                   "") " );";
    char version[17];

    put("p.conf", "name = \"p\"; title = \"P\"; include = [ \"a\", \"b\" ];"
                  "regions = ( { name = \"X\"; shortage = [ \" 焊　工 \" ]; }, { name = \"Y\"; "
                  "shortage = [ ]; }, { name = \"Z\"; } );"
                  "rules = ( " RULE("p", "X", "") " );");
    put("a.conf", included);
    put("b.conf", "name = \"b\"; rules = ( " RULE("b", "43", "") " );");
    struct policy *p = load("p.conf");
    ck_assert_str_eq(p->name, "p");
    ck_assert_str_eq(p->title, "P");
    ck_assert_uint_eq(p->n_rules, 3); /* each file once, circles included */
    ck_assert_str_eq(p->rules[0].id, "b");
    ck_assert_str_eq(p->rules[2].id, "p");
    ck_assert(strstr(p->rules[0].file, "/b.conf") != NULL);
    ck_assert_str_eq(p->regions[0].shortage[0], "焊工"); /* as lists are read */
    ck_assert(p->regions[1].shortage != NULL && p->regions[1].shortage[0] == NULL);
    ck_assert(p->regions[2].shortage == NULL);
    ck_assert_uint_eq(strlen(p->version), 16);
    memcpy(version, p->version, sizeof version);
    conf_policy_free(p);

    p = load("p.conf");
    ck_assert_str_eq(p->version, version);
    conf_policy_free(p);
    put("b.conf", "name = \"b\"; rules = ( " RULE("b", "43", "") " );\n");
    p = load("p.conf");
    ck_assert_str_ne(p->version, version);
    conf_policy_free(p);
    put("b.conf", "name = \"b\"; rules = ( " RULE("p", "43", "") " );\n");
    struct err e = {0};
    ck_assert(conf_policy_load(path_of("p.conf"), &e) == NULL);
    ck_assert_msg(strstr(e.what, "rule p stands twice") != NULL &&
                      strstr(e.what, "b.conf:1") != NULL,
                  "%s", e.what);
}
END_TEST

START_TEST(no_such_file)
{
    struct err e = {0};

    ck_assert(conf_policy_load(path_of("none.conf"), &e) == NULL);
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    conf_policy_free(NULL);
}
END_TEST

START_TEST(shipped_files_load)
{
    char folder[PATH_MAX - 300], path[PATH_MAX];
    int n = 0;

    snprintf(folder, sizeof folder, "%s/conf/policies", getenv("ZHANCHI_SOURCE_DIR"));
    DIR *d = opendir(folder);
    ck_assert(d != NULL);
    for (struct dirent *f = readdir(d); f != NULL; f = readdir(d)) {
        struct err e = {0};
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        struct policy *p = conf_policy_load(path, &e);
        ck_assert_msg(p != NULL, "%s", e.what);
        ck_assert_msg(strncmp(f->d_name, p->name, strlen(p->name)) == 0 &&
                          strcmp(f->d_name + strlen(p->name), ".conf") == 0,
                      "%s calls itself %s", f->d_name, p->name);
        conf_policy_free(p);
        n++;
    }
    closedir(d);
    ck_assert_int_ge(n, 4);
}
END_TEST

/* The example of the man page is a policy, and says of its worker what the page says. */
START_TEST(man_page)
{
    static const char begin[] = ".Bd -literal -offset indent\n";
    char path[PATH_MAX];
    struct buf page, cn;
    struct err e = {0};
    struct policy_certificate c[] = {{"焊工", 4, civil_day(2025, 3, 10)}};
    struct policy_claim claim = {"电工", 4, civil_day(2025, 2, 1)};
    struct policy_person who = {.region = "某市高新区",
                                .paid_months = 30,
                                .paid_months_day = CIVIL_NONE,
                                .certificates = c,
                                .n_certificates = 1,
                                .claims = &claim,
                                .n_claims = 1};
    struct verdict v;

    buf_init(&page, 1 << 20);
    buf_init(&cn, 1 << 20);
    snprintf(path, sizeof path, "%s/docs/man/zhanchi-policy.5", getenv("ZHANCHI_SOURCE_DIR"));
    ck_assert_int_eq(fs_read_file(path, &page, &e), 0);
    snprintf(path, sizeof path, "%s/conf/policies/cn.conf", getenv("ZHANCHI_SOURCE_DIR"));
    ck_assert_int_eq(fs_read_file(path, &cn, &e), 0);
    char *example = strstr(page.data, begin) + strlen(begin);
    *strstr(example, "\n.Ed") = '\0';
    put("p.conf", example);
    put("cn.conf", buf_cstr(&cn));
    struct policy *p = load("p.conf");
    policy_judge(p, &who, civil_day(2025, 9, 1), &v);
    ck_assert_str_eq(v.rule->id, "mycity-2025");
    ck_assert_int_eq(v.outcome, VERDICT_ELIGIBLE);
    ck_assert_int_eq(v.amount_fen, 195000);
    ck_assert_int_eq(v.last_day, civil_day(2026, 3, 9));
    c[0].issued_day = civil_day(2026, 3, 10);
    policy_judge(p, &who, civil_day(2026, 9, 1), &v);
    ck_assert_int_eq(v.reason, VERDICT_NO_RULE);
    conf_policy_free(p);
    buf_fini(&page);
    buf_fini(&cn);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy_files");
    TCase *t = tcase_create("policy_files");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, refused);
    tcase_add_test(t, neighbours_do_not_overlap);
    tcase_add_test(t, like_takes_over);
    tcase_add_test(t, includes_and_versions);
    tcase_add_test(t, no_such_file);
    tcase_add_test(t, shipped_files_load);
    tcase_add_test(t, man_page);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
