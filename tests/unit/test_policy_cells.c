/*
 * What lists write in the columns of region and level, and what verdicts are called.
 */
#include <check.h>
#include <string.h>
#include "policies.h"
#include "zhanchi/policy.h"

START_TEST(cells_name_regions)
{
    static const char text[] =
        "name = \"r\";"
        "regions = ( { name = \"43\"; title = \"湖南省\"; }, { name = \"430100\"; title = "
        "\"长沙市\"; },"
        "  { name = \"430102\"; title = \"芙蓉区\"; }, { name = \"hightech\"; parent = \"4301\"; "
        "title = \"高新区\"; } );"
        "rules = ( { id = \"r\"; region = \"4302\"; source = \"s\"; confirmed = true; basis = "
        "\"issued\"; months_min = 0; levels = [ 5 ]; window_months = 12; } );";
    static const struct {
        const char *cell, *region;
    } table[] = {
        {"43", "43"},
        {"430000", "43"},
        {"430100", "4301"},
        {"4301", "4301"},
        {"430102", "430102"},
        {"430103", "4301"},
        {"430200", "4302"},
        {"430281", "4302"},
        {"430381", "43"},
        {"430102001", "430102"},
        {"430102001002", "430102"},
        {"440000", NULL},
        {"", NULL},
        {"4", NULL},
        {"430", NULL},
        {"43010", NULL},
        {"990000", NULL},
        {" 430100 ", "4301"},
        {"湖南省", "43"},
        {"长沙市", "4301"},
        {"湖南省长沙市", "4301"},
        {"湖南省 长沙市", "4301"},
        {"湖南省长沙市芙蓉区", "430102"},
        {"湖南省芙蓉区", "430102"},
        {"芙蓉区", "430102"},
        {"长沙市高新区", "hightech"},
        {"hightech", "hightech"},
        {"长沙市湖南省", NULL},
        {"长沙市某区", NULL},
        {"湖南", "43"}, /* by the standard's table */
        {"省", NULL},
        {"　长沙市", "4301"},
        {"长沙市　", "4301"},
    };
    struct policy *p = policies_text(text);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *got = policy_region_of(p, table[i].cell);
        ck_assert_msg((got == NULL) == (table[i].region == NULL) &&
                          (got == NULL || strcmp(got, table[i].region) == 0),
                      "%s: %s instead of %s", table[i].cell, got != NULL ? got : "none",
                      table[i].region != NULL ? table[i].region : "none");
        if (got != NULL)
            ck_assert_str_eq(policy_region_of(p, got), got); /* what is stored can be read again */
    }
    conf_policy_free(p);
}
END_TEST

START_TEST(one_region_is_one_label)
{
    static const char text[] =
        "name = \"r\";"
        "regions = ( { name = \"43\"; title = \"湖南省\"; }, { name = \"430100\"; title = "
        "\"长沙市\"; }, { name = \"430102\"; title = \"新区\"; }, { name = \"EX\"; title = "
        "\"示例省\"; },"
        "  { name = \"EX-01\"; parent = \"EX\"; title = \"老区\"; }, { name = \"bare\"; } );"
        "rules = ( { id = \"r\"; region = \"4302\"; source = \"s\"; confirmed = true; basis = "
        "\"issued\"; months_min = 0; levels = [ 5 ]; window_months = 12; } );";
    static const struct {
        const char *cell, *with, *without;
    } table[] = {
        {"长沙市", "长沙市", "长沙市"},
        {"湖南省长沙市", "长沙市", "长沙市"},
        {"湖南省　长沙市 ", "长沙市", "长沙市"},
        {"430100", "长沙市", "4301"},
        {"4301", "长沙市", "4301"},
        {"430000", "湖南省", "43"},
        {"430200", "4302", "4302"},
        {"430281", "430281", "430281"}, /* the policy knows only what is above it */
        {"湖南省长沙市新区", "新区", "长沙市新区"},
        {"示例省老区", "老区", "老区"},
        {"bare", "bare", "bare"},
        {"别处市", "别处市", "别处市"},
        {"某省别处市", "别处市", "别处市"},
        {"某自治区某自治州", "某自治州", "某自治州"},
        {"湖南省", "湖南省", "湖南省"},
        {"湖南省本级", "湖南省本级", "湖南省本级"},
        {"", "", ""},
        {"一二三四五六七八九十一二三四五六七八九十一二",
         "一二三四五六七八九十一二三四五六七八九十一",
         "一二三四五六七八九十一二三四五六七八九十一"},
    };
    struct policy *p = policies_text(text);
    char got[POLICY_LABEL_MAX];

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        policy_region_label(p, table[i].cell, got);
        ck_assert_msg(strcmp(got, table[i].with) == 0, "%s: %s", table[i].cell, got);
        policy_region_label(NULL, table[i].cell, got);
        ck_assert_msg(strcmp(got, table[i].without) == 0, "%s without: %s", table[i].cell, got);
    }
    conf_policy_free(p);
}
END_TEST

START_TEST(what_may_stand_in_the_clear)
{
    static const char *const yes[] = {"43",
                                      "4301",
                                      "430102",
                                      "430102001002",
                                      "EX-01",
                                      "EX",
                                      "CN",
                                      "示例市",
                                      "示例省",
                                      "示例县",
                                      "示例省示例市",
                                      "示例省 示例市",
                                      "沛县",
                                      "北京",
                                      "内蒙古",
                                      "市本级",
                                      "某市高新区",
                                      "湖南湘江新区",
                                      "苏州工业园区",
                                      "湘西土家族苗族自治州",
                                      "延边州",
                                      "兴安盟",
                                      "阿巴嘎左旗",
                                      "阿荣旗",
                                      "宁夏回族自治区",
                                      "示例市社会保险事业管理局",
                                      "示例县城关镇",
                                      "新疆生产建设兵团第一师阿拉尔市",
                                      "示例市医保经办中心"};
    static const char *const no[] = {"",
                                     "张三",
                                     "李四",
                                     "王五六",
                                     "欧阳娜娜",
                                     "李红旗",
                                     "王神州",
                                     "陈州",
                                     "张盟",
                                     "赵省",
                                     "广州",
                                     "阿依古丽·买买提",
                                     "Zhang San",
                                     "zhangsan",
                                     "ZHANG",
                                     "幸福小区",
                                     "示例市幸福路12号",
                                     "4",
                                     "990000",
                                     "13800000001",
                                     "X12345678",
                                     "示例机械有限公司",
                                     "焊工",
                                     "张三市?",
                                     "𠮷田区",
                                     "一二三四五六七八九十一二三四五六七八九十一市"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        ck_assert_msg(policy_region_like(yes[i]), "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        ck_assert_msg(!policy_region_like(no[i]), "%s", no[i]);
}
END_TEST

START_TEST(cells_name_levels)
{
    static const struct {
        const char *cell;
        int level;
    } table[] = {
        {"初级", 5},
        {"初级工", 5},
        {"五级", 5},
        {"5", 5},
        {"5级", 5},
        {"五级/初级工", 5},
        {"中级", 4},
        {"四级", 4},
        {"中级工", 4},
        {"高级", 3},
        {"高级工", 3},
        {"三级", 3},
        {"3", 3},
        {"三", 3},
        {"三级/高级工", 3},
        {"高级工(三级)", 3},
        {"高级技工", 3},
        {"国家职业资格三级", 3},
        {"职业技能等级三级", 3},
        {"高级（国家职业资格三级）", 3},
        {"第三级", 3},
        {"技师", 2},
        {"二级", 2},
        {"技师 二级", 2},
        {"高级技师", 1},
        {"一级/高级技师", 1},
        {"Ⅲ", 3},
        {"", 0},
        {"级", 0},
        {"中级/三级", 0},
        {"高级工程师", 0},
        {"特级技师", 0},
        {"首席技师", 0},
        {"6", 0},
        {"0", 0},
        {"33", 0},
        {"35", 0},
        {"学徒工", 0},
        {"初级会计", 0},
        {"专项能力", 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        ck_assert_msg(policy_level_of(table[i].cell) == table[i].level, "%s: %d instead of %d",
                      table[i].cell, policy_level_of(table[i].cell), table[i].level);
    for (int level = 1; level < POLICY_LEVELS; level++)
        ck_assert_int_eq(policy_level_of(policy_level_name(level)), level);
    ck_assert_str_eq(policy_level_name(0), "");
    ck_assert_str_eq(policy_level_name(6), "");
}
END_TEST

START_TEST(names_are_distinct)
{
    for (int a = VERDICT_OK; a < VERDICT_REASONS; a++)
        for (int b = VERDICT_OK; b < a; b++)
            ck_assert_str_ne(verdict_reason_name((enum verdict_reason)a),
                             verdict_reason_name((enum verdict_reason)b));
    ck_assert_str_eq(verdict_reason_name((enum verdict_reason)VERDICT_REASONS), "?");
    ck_assert_str_eq(verdict_outcome_name(VERDICT_NOT), "not-eligible");
    ck_assert_str_eq(verdict_outcome_name(VERDICT_UNDETERMINED), "undetermined");
    ck_assert_str_eq(verdict_outcome_name(VERDICT_ELIGIBLE), "eligible");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy_cells");
    TCase *t = tcase_create("policy_cells");

    tcase_add_test(t, cells_name_regions);
    tcase_add_test(t, one_region_is_one_label);
    tcase_add_test(t, what_may_stand_in_the_clear);
    tcase_add_test(t, cells_name_levels);
    tcase_add_test(t, names_are_distinct);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
