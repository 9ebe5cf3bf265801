/*
 * mkxlsx: workbooks that libxlsxwriter writes: for tests what LibreOffice and exceljs write too (tests/data/tables/list.fods), for benchmarks many rows.
 *
 *   mkxlsx list OUT.xlsx [inline]     the list of the tests; inline: strings in their cells (constant memory)
 *   mkxlsx rows N OUT.xlsx            N invented persons, ten columns, half of them text
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

static lxw_format *number_format(lxw_workbook *b, const char *code)
{
    lxw_format *f = workbook_add_format(b);

    format_set_num_format(f, code);
    return f;
}

static void text(lxw_worksheet *s, lxw_row_t row, lxw_col_t col, const char *t)
{
    worksheet_write_string(s, row, col, t, NULL);
}

static void number(lxw_worksheet *s, lxw_row_t row, lxw_col_t col, double v, lxw_format *f)
{
    worksheet_write_number(s, row, col, v, f);
}

static void date(lxw_worksheet *s, lxw_row_t row, lxw_col_t col, lxw_datetime d, lxw_format *f)
{
    worksheet_write_datetime(s, row, col, &d, f);
}

static void list_rows(lxw_workbook *b, lxw_worksheet *s, int merge)
{
    static const char *const heads[] = {"姓名",     "身份证号", "手机号码", "发证日期",
                                        "缴费月数", "单位名称", "备注"};
    lxw_format *day = number_format(b, "yyyy\"年\"m\"月\"d\"日\""),
               *month = number_format(b, "yyyy-mm");
    lxw_format *moment = number_format(b, "yyyy/m/d hh:mm"), *code = number_format(b, "000000");

    if (merge)
        worksheet_merge_range(s, 0, 0, 0, 6, "2026年职工名单", NULL);
    else
        text(s, 0, 0, "2026年职工名单");
    for (lxw_col_t i = 0; i < 7; i++)
        text(s, 1, i, heads[i]);
    text(s, 2, 0, "甲一");
    text(s, 2, 1, "110000190101010001");
    number(s, 2, 2, 19900000001.0, NULL);
    date(s, 2, 3, (lxw_datetime){2018, 4, 22, 0, 0, 0}, day);
    number(s, 2, 4, 36, NULL);
    if (merge)
        worksheet_merge_range(s, 2, 5, 3, 5, "某厂 & 某店", NULL);
    else
        text(s, 2, 5, "某厂 & 某店");
    number(s, 2, 6, 4.35, NULL);
    text(s, 3, 0, "乙二·𠮷");
    number(s, 3, 1, 440000200002290004.0, NULL);
    text(s, 3, 2, "19900000002");
    date(s, 3, 3, (lxw_datetime){2020, 2, 29, 0, 0, 0}, day);
    worksheet_write_formula_num(s, 3, 4, "=E3+4", NULL, 40);
    if (!merge)
        text(s, 3, 5, "某厂 & 某店");
    text(s, 3, 6, "两\n行");
    text(s, 6, 0, "丙三");
    worksheet_write_formula_str(s, 6, 2, "=\"199\"&\"00000003\"", NULL, "19900000003");
    date(s, 6, 3, (lxw_datetime){2018, 4, 22, 10, 30, 0}, moment);
    number(s, 6, 4, 48, code);
    worksheet_write_boolean(s, 6, 5, 1, NULL);
    date(s, 6, 6, (lxw_datetime){2020, 2, 1, 0, 0, 0}, month);
    worksheet_set_column(s, 7, 16383, 20, day); /* formatted to its end */
}

static int list(const char *path, int inlined)
{
    lxw_workbook_options options = {.constant_memory = (uint8_t)inlined};
    lxw_workbook *b = workbook_new_opt(path, &options);
    lxw_worksheet *s = workbook_add_worksheet(b, "名单");

    list_rows(b, s, !inlined); /* constant memory knows no going back for merged cells */
    workbook_add_worksheet(b, "空表");
    lxw_worksheet *hidden = workbook_add_worksheet(b, "字典");
    text(hidden, 0, 0, "初级工");
    worksheet_hide(hidden);
    return workbook_close(b) != LXW_NO_ERROR;
}

static int rows(const char *path, long n)
{
    static const char *const levels[] = {"初级工", "中级工", "高级工"};
    static const char *const heads[] = {"姓名",     "身份证号", "手机号码", "参保地",   "缴费月数",
                                        "证书编号", "职业名称", "技能等级", "发证日期", "单位名称"};
    lxw_workbook *b = workbook_new(path);
    lxw_worksheet *s = workbook_add_worksheet(b, "名单");
    lxw_format *day = number_format(b, "yyyy-mm-dd");
    char t[64];

    for (lxw_col_t i = 0; i < 10; i++)
        text(s, 0, i, heads[i]);
    for (long i = 1; i <= n; i++) {
        lxw_row_t r = (lxw_row_t)i;
        snprintf(t, sizeof t, "甲%ld", i);
        text(s, r, 0, t);
        snprintf(t, sizeof t, "11000019010101%04ld", i % 10000);
        text(s, r, 1, t);
        number(s, r, 2, 19900000000.0 + (double)i, NULL);
        text(s, r, 3, i % 2 ? "长沙市" : "岳阳市");
        number(s, r, 4, (double)(i % 400), NULL);
        snprintf(t, sizeof t, "18%014ld", i);
        text(s, r, 5, t);
        text(s, r, 6, i % 3 ? "电工" : "焊工");
        text(s, r, 7, levels[i % 3]);
        date(s, r, 8,
             (lxw_datetime){2017 + (int)(i % 9), 1 + (int)(i % 12), 1 + (int)(i % 28), 0, 0, 0},
             day);
        snprintf(t, sizeof t, "某厂%ld", i % 500);
        text(s, r, 9, t);
    }
    return workbook_close(b) != LXW_NO_ERROR;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "list") == 0)
        return list(argv[2], argc == 4);
    if (argc == 4 && strcmp(argv[1], "rows") == 0)
        return rows(argv[3], strtol(argv[2], NULL, 10));
    fprintf(stderr, "mkxlsx list OUT.xlsx [inline] | rows N OUT.xlsx\n");
    return 64;
}
