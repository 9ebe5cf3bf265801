/*
 * test_intake: one row of a file: what it says after cleaning, or every reason why it cannot be used; reasons and their texts.
 */
#include <check.h>
#include "../../src/intake/internal.h"
#include "scratch.h"
#include "zhanchi/civil.h"

static struct scratch scratch;

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_fini(&scratch);
}

#define HEAD                                                                                       \
    "姓名,身份证号码,手机号码,参保地,累计缴费月数,证书编号,职业(工种),技能等级,发证日期,单位名称"
#define GOOD_ID "110105190402299977"

static const char *const outcomes[] = {[ROW_TAKEN] = "taken",
                                       [ROW_HELD] = "held",
                                       [ROW_REJECTED] = "rejected",
                                       [ROW_SKIPPED] = "skipped"};

/* What the row behind the header says: outcome, fields that are not empty, rejects as column:reason:masked. */
static void say(const struct plan *p, const struct table_row *row, struct buf *out)
{
    struct reading r;

    reading_init(&r);
    enum row_outcome o = row_read(p, row, &r);
    buf_adds(out, outcomes[o]);
    for (int f = COLUMN_EXTRA + 1; f < COLUMN_FIELDS && o == ROW_TAKEN; f++)
        if (r.text[f].len > 0)
            buf_addf(out, " %s=%s", column_field_name((enum column_field)f), r.text[f].data);
    for (size_t i = 0; i < r.n_rejects; i++) {
        ck_assert_int_eq(r.rejects[i].line, row->line);
        buf_addf(out, " %d:%s:%s", r.rejects[i].column, r.rejects[i].reason, r.rejects[i].masked);
        ck_assert_str_eq(r.rejects[i].header, r.rejects[i].column
                                                  ? p->columns->col[r.rejects[i].column - 1].header
                                                  : "");
    }
    if (o == ROW_TAKEN && reading_repaired(&r))
        buf_adds(out, " repaired");
    reading_fini(&r);
}

static void read_one(const char *text, struct buf *out)
{
    static const enum column_field need[] = {COLUMN_PHONE, COLUMN_EXTRA};
    struct table_opts opts = {.delimiter = ','};
    struct table_row row;
    struct columns c;
    struct plan plan;
    struct err e;
    struct table *t = table_open(scratch_write(&scratch, "l.csv", text, strlen(text)), &opts, &e);

    ck_assert_msg(t && columns_find(t, NULL, need, &c, &e) == 0, "%s", e.what);
    plan_init(&plan, &c);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    say(&plan, &row, out);
    table_close(t);
}

static const struct {
    const char *text, *want;
} rows[] = {
    {HEAD "\n张三," GOOD_ID
          ",13800000001,示例市,36,2600000000300001,焊工,高级工,2026-03-01,示例厂\n",
     "taken name=张三 id=" GOOD_ID
     " phone=13800000001 region=示例市 months=36 certificate=2600000000300001 occupation=焊工"
     " level=高级工 issued=2026-03-01 employer=示例厂"},
    /* repaired where that cannot make another person's value */
    {HEAD "\n　张 三 ,１１０１０５１９０４０２２９９９７７,+86 138-0000-0001,示例市,3年,,焊 "
          "工,３级,46082,\n",
     "taken name=张三 id=" GOOD_ID " phone=13800000001 region=示例市 months=36 occupation=焊工 "
     "level=3级 issued=2026-03-01 repaired"},
    {HEAD "\n阿依古丽•买买提," GOOD_ID ",13800000001,,36.0,,,,2026/3/1 0:00,\n",
     "taken name=阿依古丽·买买提 id=" GOOD_ID " phone=13800000001 months=36 issued=2026-03-01"},
    /* names: private use is somebody's to decide, rare ones and long ones are names */
    {HEAD "\n张\xEE\x80\x80," GOOD_ID ",13800000001,,,,,,,\n", "held 1:name-private:张*"},
    {HEAD "\n𠮷·娜," GOOD_ID ",13800000001,,,,,,,\n",
     "taken name=𠮷·娜 id=" GOOD_ID " phone=13800000001"},
    {HEAD "\n一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三"
          "四五六七八"
          "九十," GOOD_ID ",13800000001,,,,,,,\n",
     "taken name=一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"
     "一二三四五六七八九十 id=" GOOD_ID " phone=13800000001"},
    /* a certificate's number against its row: somebody must look */
    {HEAD "\n张三," GOOD_ID ",13800000001,,,1900000000300001,,高级工,2026-03-01,\n",
     "held 6:certificate-year:190*************"},
    {HEAD "\n张三," GOOD_ID ",13800000001,,,S000043100000264000001,,高级工,2026-03-01,\n",
     "held 6:certificate-level:S00*******************"},
    {HEAD "\n张三," GOOD_ID ",13800000001,,,S000043100000253000001,,,2026-03-01,\n",
     "taken name=张三 id=" GOOD_ID
     " phone=13800000001 certificate=S000043100000253000001 issued=2026-03-01"},
    {HEAD "\n张三," GOOD_ID ",13800000001/13800000002,,,1900000000300001,,四级,,\n",
     "held 3:phone-several:138******************** 6:certificate-level:190*************"},
    {HEAD "\n张三," GOOD_ID ",1380000000,,,1900000000300001,,四级,,\n",
     "rejected 3:phone-length:13******** 6:certificate-level:190*************"},
    /* what is missing rejects nothing, but for the number */
    {HEAD "\n张三,,13800000001,,,,,,,\n", "taken name=张三 phone=13800000001"},
    {HEAD "\n张三," GOOD_ID ",13800000001,-,无,/,-,不详,--,无\n",
     "taken name=张三 id=" GOOD_ID " phone=13800000001"},
    {HEAD "\n张三," GOOD_ID ",,,,,,,,\n", "rejected 3:phone-empty:"},
    {HEAD "\n," GOOD_ID ",13800000001,,,,,,,\n", "rejected 1:name-empty:"},
    /* every reason of a row at once, masked */
    {HEAD "\n?三,1.10105E+17,1.38E+10,示例市,36.5,,,高级工程师,昨天,\n",
     "rejected 1:name-damaged:?* 2:id-damaged:1.********* 3:phone-scientific:1.******"
     " 5:months-format:3*** 8:level-unknown:高**** 9:date-format:**"},
    {HEAD "\n张三,110105190402299978,1380000000,,,,,,,\n",
     "rejected 2:id-check:110105********9978 3:phone-length:13********"},
    {HEAD "\n张三," GOOD_ID ",13800000001,13800000002,,,,,,\n",
     "rejected 4:region-personal:13*********"},
    {HEAD "\n张三," GOOD_ID ",13800000001," GOOD_ID ",,,,,,\n",
     "rejected 4:region-personal:110***************"},
    {HEAD "\n张三," GOOD_ID ",13800000001,430102,,,,,,\n",
     "taken name=张三 id=" GOOD_ID " phone=13800000001 region=430102"},
    {HEAD "\n张三," GOOD_ID ",13800000001,430102001001,,,,,,\n",
     "taken name=张三 id=" GOOD_ID " phone=13800000001 region=430102001001"},
    /* rows that cannot be trusted as a whole */
    {HEAD "\n张三,\"" GOOD_ID "\"x,13800000001\n", "rejected 0:row-quote:"},
    {HEAD "\n张三," GOOD_ID ",13800000001,示例市,36,,焊工,电焊,高级工,2026-03-01,示例厂\n",
     "rejected 0:row-shifted:"},
    {HEAD "\n张三," GOOD_ID ",13800000001,,,,,,,,,\n",
     "taken name=张三 id=" GOOD_ID " phone=13800000001"},
    /* no rows */
    {HEAD "\n,,,,,,,,,\n", "skipped"},
    {HEAD "\n ,　,\u200b,,,,,,,\n", "skipped"},
    {HEAD "\n合计,,,,1200,,,,,\n", "skipped"},
    {HEAD "\n,合 计：35人\n", "skipped"},
    {"手机号,姓名\n小计3人,\n", "skipped"},
    {HEAD "\n合计," GOOD_ID ",13800000001\n", "taken name=合计 id=" GOOD_ID " phone=13800000001"},
    {HEAD "\n" HEAD "\n", "skipped"},
    /* who it is */
    {"手机号,个人编号\n13800000001,A 1\n", "taken phone=13800000001 ref=A 1"},
    {"手机号,个人编号\n13800000001,\n", "rejected 0:person-unknown:"},
    {"手机号,身份证号\n13800000001,\n", "rejected 0:person-unknown:"},
    {"手机号,个人编号\n13800000001,"
     "01234567890123456789012345678901234567890123456789012345678901234\n",
     "rejected 2:ref-long:012********************"},
    /* years, when the header says so */
    {"姓名,手机号,累计缴费年限\n张三,13800000001,3\n",
     "taken name=张三 phone=13800000001 months=36"},
    {"姓名,手机号,累计缴费月数\n张三,13800000001,3\n",
     "taken name=张三 phone=13800000001 months=3"},
    /* through when they were counted; who draws benefit */
    {"姓名,手机号,缴费月数,缴费截止年月,是否领取失业保险金\n张三,13800000001,30,202603,是\n",
     "taken name=张三 phone=13800000001 months=30 months_day=2026-03-31 benefit=是"},
    {"姓名,手机号,统计截止日期,领金状态\n张三,13800000001,,\n",
     "taken name=张三 phone=13800000001"},
    {"姓名,手机号,统计截止日期,领金状态\n张三,13800000001,前天,大概\n",
     "rejected 3:date-format:** 4:benefit-unknown:**"},
    /* groups of people, as policies are read */
    {"姓名,手机号,人员类别\n张三,13800000001, 公务 员\n",
     "taken name=张三 phone=13800000001 group=公务员"},
    {"姓名,手机号,人员类别\n张三,13800000001,无\n", "taken name=张三 phone=13800000001"},
};

START_TEST(test_row)
{
    struct buf got;

    buf_init(&got, 65536);
    read_one(rows[_i].text, &got);
    ck_assert_str_eq(buf_cstr(&got), rows[_i].want);
    buf_fini(&got);
}
END_TEST

/* A reading is used for row after row: nothing of one may show in the next. */
START_TEST(test_rows_do_not_leak)
{
    static const enum column_field need[] = {COLUMN_PHONE, COLUMN_EXTRA};
    static const char text[] =
        HEAD "\n张三," GOOD_ID
             ",13800000001,示例市,36,1,焊工,高级工,2026-03-01,示例厂\n李四,,13800000002\n";
    struct table_opts opts = {0};
    struct table_row row;
    struct columns c;
    struct plan plan;
    struct reading r;
    struct err e;
    struct table *t = table_open(scratch_write(&scratch, "l.csv", text, strlen(text)), &opts, &e);

    ck_assert_msg(t && columns_find(t, NULL, need, &c, &e) == 0, "%s", e.what);
    plan_init(&plan, &c);
    reading_init(&r);
    while (table_next(t, &row, &e) == 1)
        ck_assert_int_eq(row_read(&plan, &row, &r), ROW_TAKEN);
    ck_assert_str_eq(r.text[COLUMN_NAME].data, "李四");
    for (int f = COLUMN_EXTRA + 1; f < COLUMN_FIELDS; f++)
        if (f != COLUMN_NAME && f != COLUMN_PHONE)
            ck_assert_uint_eq(r.text[f].len, 0);
    ck_assert_int_eq(r.level, 0);
    ck_assert_int_eq(r.months, -1);
    ck_assert_int_eq(r.issued_day, CIVIL_NONE);
    ck_assert_str_eq(r.citizen.upgraded, "");
    reading_fini(&r);
    table_close(t);
}
END_TEST

/* Every code that phone.c, citizen.c and rows.c can give has a text and a remedy. */
START_TEST(test_reasons)
{
    static const char *const own[] = {"name-empty",    "name-long",       "name-damaged",
                                      "ref-long",      "region-personal", "months-format",
                                      "level-unknown", "date-format",     "person-unknown",
                                      "row-quote",     "row-long",        "row-shifted"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        ck_assert_str_ne(intake_reason_text(own[i]), own[i]);
        ck_assert_str_ne(intake_reason_remedy(own[i]), "");
    }
    for (int i = PHONE_EMPTY; i <= PHONE_SEVERAL; i++) {
        const char *code = phone_reason_name((enum phone_reason)i);
        ck_assert_str_ne(intake_reason_text(code), code);
        ck_assert_str_ne(intake_reason_remedy(code), "");
    }
    for (int i = CITIZEN_LENGTH; i <= CITIZEN_OTHER; i++) {
        const char *code = citizen_reason_name((enum citizen_reason)i);
        ck_assert_str_ne(intake_reason_text(code), code);
        ck_assert_str_ne(intake_reason_remedy(code), "");
    }
    ck_assert_str_eq(intake_reason_text("no-such"), "no-such");
    ck_assert_str_eq(intake_reason_remedy("no-such"), "");
    ck_assert_str_eq(reason_constant("row-quote"), "row-quote");
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof a[0]))

int main(void)
{
    Suite *s = suite_create("intake");
    TCase *c = tcase_create("rows");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, test_row, 0, COUNT(rows));
    tcase_add_test(c, test_rows_do_not_leak);
    tcase_add_test(c, test_reasons);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
