/*
 * test_columns: headers under title rows, names of the field, mapping files, what cannot be guessed.
 */
#include <check.h>
#include "scratch.h"
#include "zhanchi/buf.h"
#include "zhanchi/columns.h"

static struct scratch scratch;
static const enum column_field need_phone[] = {COLUMN_PHONE, COLUMN_EXTRA};
static const enum column_field need_date[] = {COLUMN_PHONE, COLUMN_DATE, COLUMN_EXTRA};

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_fini(&scratch);
}

static const char *map_write(const char *map)
{
    static char path[512];

    if (!map)
        return NULL;
    snprintf(path, sizeof path, "%s", scratch_write(&scratch, "map", map, strlen(map)));
    return path;
}

/* Finds the header; *next is the first cell of the row behind it. */
static int find(const char *text, const char *map, const enum column_field *need,
                struct columns *out, char next[64], struct err *e)
{
    struct table_opts opts = {.delimiter = ','};
    const char *map_path = map_write(map);
    struct table *t = table_open(scratch_write(&scratch, "list.csv", text, strlen(text)), &opts, e);
    struct table_row row;

    ck_assert_msg(t != NULL, "%s", e->what);
    int rc = columns_find(t, map_path, need, out, e);
    next[0] = '\0';
    if (rc == 0 && table_next(t, &row, e) == 1)
        snprintf(next, 64, "%s", row.cells[0].text);
    table_close(t);
    return rc;
}

static const struct {
    const char *text, *map;
    const char *json; /* columns_json, shortened: header>field */
    int line;
    const char *next;
} good[] = {
    {"姓名,身份证号码,手机号码,参保地,累计缴费月数,证书编号,职业(工种),技能等级,发证日期,"
     "单位名称\n张三\n",
     NULL,
     "姓名>name 身份证号码>id 手机号码>phone 参保地>region 累计缴费月数>months "
     "证书编号>certificate "
     "职业(工种)>occupation 技能等级>level 发证日期>issued 单位名称>employer",
     1, "张三"},
    {"某市技能提升名单,,\n制表人：某某,,\n\n姓名,手机号,备注\n张三\n", NULL,
     "姓名>name 手机号>phone 备注>", 4, "张三"},
    /* spelling: full-width, blanks, marks of obligation, remarks in brackets, capitals, invisible characters */
    {"*姓 名,联系电话：,职业（工种）,技能等级（必填）\n", NULL,
     "*姓 名>name 联系电话:>phone 职业(工种)>occupation 技能等级(必填)>level", 1, ""},
    {"Name,PHONE number,AAC002\n", NULL, "Name>name PHONE number>phone AAC002>id", 1, ""},
    {"姓\u200b名,\u202d手机号\n", NULL, "姓名>name 手机号>phone", 1, ""},
    /* one column, if one is all that is needed */
    {"手机号\n13800000001\n", NULL, "手机号>phone", 1, "13800000001"},
    /* columns without header in the middle and at the end */
    {"姓名,,手机号,,\n", NULL, "姓名>name > 手机号>phone", 1, ""},
    /* further columns of the same name, or with the name of a field */
    {"姓名,手机号,备注,备注,备注\n", NULL, "姓名>name 手机号>phone 备注> 备注 2> 备注 3>", 1, ""},
    {"姓名,mobile,手机\n", "# which one\nphone = 手机\n\n", "姓名>name mobile> 手机>phone", 1, ""},
    {"姓名,phone,手机\n", "phone = 手机\n", "姓名>name phone 2> 手机>phone", 1, ""},
    {"姓名,联系电话,手机\n", "extra = 联系电话\r\n", "姓名>name 联系电话> 手机>phone", 1, ""},
    {"谁,哪个 号码,别的\n", "name=谁\nphone = 哪个号码", "谁>name 哪个 号码>phone 别的>", 1, ""},
    /* dates and states of claims files are further columns where nobody needs them */
    {"姓名,手机号,申请日期,受理日期,状态,类型\n", NULL,
     "姓名>name 手机号>phone 申请日期> 受理日期> 状态> 类型>", 1, ""},
    /* a row that cannot be trusted is no header */
    {"姓名,手机号,\"备\"注\n姓名,电话\n", NULL, "姓名>name 电话>phone", 2, ""},
    {"姓名,手机号,申请日期,状态\n", NULL, "姓名>name 手机号>phone 申请日期>date 状态>kind", 1, ""},
};

START_TEST(test_found)
{
    struct columns c;
    struct err e;
    struct buf got;
    char next[64];

    int rc = find(good[_i].text, good[_i].map, need_phone, &c, next, &e);
    ck_assert_msg(rc == 0, "%s", e.what);
    buf_init(&got, 65536);
    for (size_t i = 0; i < c.n; i++)
        buf_addf(&got, "%s%s>%s", i ? " " : "", c.col[i].header,
                 c.col[i].field ? column_field_name(c.col[i].field) : "");
    ck_assert_str_eq(buf_cstr(&got), good[_i].json);
    ck_assert_int_eq(c.header_line, good[_i].line);
    ck_assert_str_eq(next, good[_i].next);
    buf_fini(&got);
}
END_TEST

static const struct {
    const char *text, *map;
    const enum column_field *need;
    const char *what, *remedy;
} bad[] = {
    {"姓名,身份证号\n", NULL, need_phone,
     "no column for phone in line 1, which has: 姓名, 身份证号", "phone = ..."},
    {"姓名,联系电话,手机号码\n", NULL, need_phone,
     "columns 2 (联系电话) and 3 (手机号码) of line 1 are both phone", "phone = 联系电话"},
    {"姓名,手机号,申请日期,受理日期\n", NULL, need_date, "are both date", "date = "},
    {"姓名,手机号\n", "phone = 移动\n", need_phone,
     "line 1: line 1 of the list has no column \"移动\"", "mapping"},
    {"姓名,手机号\n", "phonne = 手机号\n", need_phone, "line 1: there is no field \"phonne\"",
     "did you mean phone?"},
    {"姓名,手机号\n", "\nphone\n", need_phone, "line 2: no \"=\"", "field = header"},
    {"姓名,手机号\n", "phone =  \n", need_phone, "line 1: the header is empty", "field = header"},
    {"姓名,手机号\n", "phone = 手机号\nphone = 姓名\n", need_phone, "lines 1 and 2", "one of them"},
    {"姓名,手机号\n", "phone = \xFF\n", need_phone, "not valid UTF-8", "UTF-8"},
    {"甲,乙\n", NULL, need_phone, "no header within the first 20 rows", "--columns"},
    {"甲,乙\n", "phone = 移动\n", need_phone, "has the headers that", "as they stand"},
    {"", NULL, need_phone, "nothing stands in the first 20 rows", "right sheet"},
    {"\n\n", NULL, need_phone, "nothing stands in the first 20 rows", "right file"},
};

START_TEST(test_refused)
{
    struct columns c;
    struct err e = {0};
    char next[64];

    ck_assert_int_eq(find(bad[_i].text, bad[_i].map, bad[_i].need, &c, next, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, bad[_i].what) != NULL, "\"%s\"", e.what);
    ck_assert_msg(strstr(e.remedy, bad[_i].remedy) != NULL, "\"%s\"", e.remedy);
}
END_TEST

/* Without a header the first row is a person: nothing of it may be told. */
START_TEST(test_no_header_tells_nothing)
{
    struct columns c;
    struct err e = {0};
    char next[64];
    const char *text = "张三丰,13800000001,110105190402299977\n";

    ck_assert_int_eq(find(text, NULL, need_phone, &c, next, &e), -1);
    ck_assert_ptr_null(strstr(e.what, "张三丰"));
    ck_assert_ptr_null(strstr(e.what, "13800000001"));
    ck_assert_ptr_null(strstr(e.what, "1904"));
}
END_TEST

START_TEST(test_too_far_down)
{
    struct buf text;
    struct columns c;
    struct err e = {0};
    char next[64];

    buf_init(&text, 4096);
    for (int i = 0; i < 19; i++)
        buf_adds(&text, "title\n");
    buf_adds(&text, "姓名,手机号\n");
    ck_assert_int_eq(find(text.data, NULL, need_phone, &c, next, &e), 0);
    ck_assert_int_eq(c.header_line, 20);
    buf_reset(&text);
    for (int i = 0; i < 20; i++)
        buf_adds(&text, "title\n");
    buf_adds(&text, "姓名,手机号\n");
    ck_assert_int_eq(find(text.data, NULL, need_phone, &c, next, &e), -1);
    buf_fini(&text);
}
END_TEST

/* Spreadsheets save thousands of empty columns; too many with names are refused. */
START_TEST(test_many_columns)
{
    struct buf text;
    struct columns c;
    struct err e = {0};
    char next[64];

    buf_init(&text, 1 << 20);
    buf_adds(&text, "姓名,手机号");
    for (int i = 0; i < 10000; i++)
        buf_addc(&text, ',');
    buf_adds(&text, "\n");
    ck_assert_int_eq(find(text.data, NULL, need_phone, &c, next, &e), 0);
    ck_assert_uint_eq(c.n, 2);
    buf_reset(&text);
    buf_adds(&text, "姓名,手机号");
    for (int i = 0; i < 255; i++)
        buf_addf(&text, ",x%d", i);
    buf_adds(&text, "\n");
    ck_assert_int_eq(find(text.data, NULL, need_phone, &c, next, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "more than 256 columns"));
    buf_fini(&text);
}
END_TEST

START_TEST(test_json)
{
    struct columns c;
    struct err e;
    struct buf out;
    char next[64];

    ck_assert_int_eq(find("姓名,手机号,\"a\"\"b\"\n", NULL, need_phone, &c, next, &e), 0);
    buf_init(&out, 4096);
    ck_assert_int_eq(columns_json(&c, &out), 0);
    ck_assert_str_eq(out.data,
                     "[{\"header\":\"姓名\",\"field\":\"name\"},{\"header\":\"手机号\",\"field\":"
                     "\"phone\"},{\"header\":\"a\\\"b\",\"field\":\"\"}]");
    ck_assert_int_eq(columns_of(&c, COLUMN_PHONE), 1);
    ck_assert_int_eq(columns_of(&c, COLUMN_ID), -1);
    buf_fini(&out);
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof a[0]))

int main(void)
{
    Suite *s = suite_create("columns");
    TCase *c = tcase_create("columns");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, test_found, 0, COUNT(good));
    tcase_add_loop_test(c, test_refused, 0, COUNT(bad));
    tcase_add_test(c, test_no_header_tells_nothing);
    tcase_add_test(c, test_too_far_down);
    tcase_add_test(c, test_many_columns);
    tcase_add_test(c, test_json);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
