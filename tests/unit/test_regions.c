/*
 * The table of GB/T 2260: codes, names, what stands in front of them, and what is nobody's.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/policy.h"
#include "zhanchi/region.h"

static const struct {
    const char *code, *name; /* name NULL: unknown */
    bool now;
} codes[] = {
    {"110101", "东城区", true},
    {"110103", "崇文区", false}, /* abolished in 2010, in id numbers for life */
    {"43", NULL, false},
    {"430000", "湖南省", true},
    {"430102199001", "芙蓉区", true},
    {"429004", "仙桃市", true},
    {"659011", "新星市", true}, /* later changes */
    {"542400", "那曲地区", false},
    {"540600", "那曲市", true},
    {"130502", "襄都区", true}, /* was 桥东区 */
    {"810000", "香港特别行政区", true},
    {"999999", NULL, false},
    {"11010x", NULL, false},
};

START_TEST(by_code)
{
    const struct region *r = region_by_code(codes[_i].code);
    if (codes[_i].name == NULL) {
        ck_assert_ptr_null(r);
        return;
    }
    ck_assert_msg(r != NULL, "%s", codes[_i].code);
    ck_assert_str_eq(r->name, codes[_i].name);
    ck_assert_int_eq(r->now, codes[_i].now);
}
END_TEST

static const struct {
    const char *text;
    unsigned code; /* 0: none, or in doubt */
} names[] = {
    {"湖南省", 430000},
    {"湖南", 430000},
    {"长沙市", 430100},
    {"长沙", 430100},
    {"湖南省长沙市", 430100},
    {"湖南长沙", 430100},
    {"湖南省 长沙市", 430100},
    {"湖南省长沙市芙蓉区", 430102},
    {"长沙市芙蓉区", 430102},
    {"湖南芙蓉区", 430102},
    {"芙蓉区", 430102},
    {"北京市芙蓉区", 0},
    {"长沙市湖南省", 0},
    {"朝阳区", 0}, /* Beijing's or Changchun's */
    {"北京市朝阳区", 110105},
    {"长春市朝阳区", 220104},
    {"朝阳市", 211300},
    {"吉林", 220000},
    {"吉林市", 220200},
    {"吉林省吉林市", 220200},
    {"鼓楼区", 0},
    {"南京市鼓楼区", 320106},
    {"崇文区", 110103}, /* a former name, and the only one */
    {"崇川区", 320613}, /* today's code goes before the former one */
    {"湖北省仙桃市", 429004},
    {"仙桃市", 429004},
    {"广西南宁", 450100},
    {"广西壮族自治区南宁市", 450100},
    {"内蒙古兴安盟", 152200},
    {"新疆维吾尔自治区石河子市", 659001},
    {"恩施州", 422800},
    {"恩施土家族苗族自治州恩施市", 422801},
    {"恩施州恩施市", 422801},
    {"重庆市云阳县", 500235},
    {"市辖区", 0},
    {"县", 0},
    {"示例市", 0},
    {"张长沙", 0},
    {"", 0},
};

START_TEST(by_name)
{
    const char *text = names[_i].text;
    const struct region *r = region_by_name(text, strlen(text));
    ck_assert_msg((r ? r->code : 0) == names[_i].code, "%s: %u, not %u", text, r ? r->code : 0,
                  names[_i].code);
}
END_TEST

#define TEXT(s) ((char *)(uintptr_t)(s))

/* A list writes names, the policy has rules by code: the nearest region above. */
START_TEST(as_the_policy_knows_them)
{
    struct policy_rule rules[] = {{.region = TEXT("CN")},
                                  {.region = TEXT("43")},
                                  {.region = TEXT("4301")},
                                  {.region = TEXT("EX-1")}};
    struct policy_region own[] = {
        {.name = TEXT("EX-1"), .parent = TEXT("43"), .title = TEXT("株洲市")}};
    struct policy p = {.rules = rules, .n_rules = 4, .regions = own, .n_regions = 1};
    static const struct {
        const char *cell, *region, *label;
    } cells[] = {{"湖南省长沙市芙蓉区", "4301", "长沙市芙蓉区"},
                 {"长沙", "4301", "长沙"},
                 {"岳阳市", "43", "岳阳市"},
                 {"株洲市", "EX-1", "株洲市"}, /* the policy's own title goes before */
                 {"430602", "43", "430602"},
                 {"广东省广州市", "CN", "广州市"},
                 {"朝阳区", NULL, "朝阳区"},
                 {"某某市", NULL, "某某市"}};
    char label[POLICY_LABEL_MAX];
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const char *region = policy_region_of(&p, cells[i].cell);
        if (cells[i].region == NULL)
            ck_assert_msg(region == NULL, "%s: %s", cells[i].cell, region);
        else
            ck_assert_msg(region && strcmp(region, cells[i].region) == 0, "%s: %s", cells[i].cell,
                          region ? region : "none");
        policy_region_label(&p, cells[i].cell, label);
        ck_assert_str_eq(label, cells[i].label);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("regions");
    TCase *t = tcase_create("regions");
    tcase_add_loop_test(t, by_code, 0, (int)(sizeof codes / sizeof codes[0]));
    tcase_add_loop_test(t, by_name, 0, (int)(sizeof names / sizeof names[0]));
    tcase_add_test(t, as_the_policy_knows_them);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
