/*
 * test_workbook: workbooks (.xlsx) that are made here part by part: what cells say, which sheet is read, merged cells, a table of strings
 * that no memory holds, and what is refused. Real programs' files are read by tests/integration/tables.sh.
 */
#include <check.h>
#include <sys/resource.h>
#include <zip.h>
#include "scratch.h"
#include "zhanchi/buf.h"
#include "zhanchi/table.h"

static struct scratch scratch;

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_fini(&scratch);
}

/* ---- making workbooks ---- */

struct part {
    const char *name;
    const char *text;
    size_t len; /* 0: strlen */
};

#define NS "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define NS_R "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELS                                                                                       \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
#define SHEET(rows) "<worksheet " NS "><sheetData>" rows "</sheetData></worksheet>"
#define ONE "<sheet name=\"名单\" sheetId=\"1\" r:id=\"rId1\"/>"
#define BOOK(properties, sheets)                                                                   \
    "<workbook " NS " " NS_R ">" properties "<sheets>" sheets "</sheets></workbook>"
#define SHEET_REL(id, file)                                                                        \
    "<Relationship Id=\"" id "\" Type=\"" REL "/worksheet\" Target=\"" file "\"/>"

static const char package_rels[] =
    RELS "<Relationship Id=\"rId1\" Type=\"" REL
         "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char book_rels[] = RELS SHEET_REL("rId1", "worksheets/sheet1.xml")
    SHEET_REL("rId2", "/xl/worksheets/sheet2.xml") SHEET_REL(
        "rId3", "worksheets/sheet3.xml") "<Relationship Id=\"rId8\" Type=\"" REL
                                         "/sharedStrings\" Target=\"sharedStrings.xml\"/>"
                                         "<Relationship Id=\"rId9\" Type=\"" REL
                                         "/styles\" Target=\"styles.xml\"/></Relationships>";
static const char one_book[] = BOOK("", ONE);

static void add(zip_t *z, const struct part *p)
{
    zip_source_t *s = zip_source_buffer(z, p->text, p->len ? p->len : strlen(p->text), 0);

    if (!s || zip_file_add(z, p->name, s, ZIP_FL_OVERWRITE) < 0)
        panic("cannot add %s", p->name);
}

/* The usual parts, and those given, which replace them; a NULL text leaves one out. Ended by {NULL}. */
static const char *make(const struct part *given)
{
    const struct part usual[] = {{"_rels/.rels", package_rels, 0},
                                 {"xl/workbook.xml", one_book, 0},
                                 {"xl/_rels/workbook.xml.rels", book_rels, 0}};
    const char *path = scratch_path(&scratch, "list.xlsx");
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        bool replaced = false;
        for (const struct part *p = given; p->name; p++)
            replaced = replaced || strcmp(p->name, usual[i].name) == 0;
        if (!replaced)
            add(z, &usual[i]);
    }
    for (const struct part *p = given; p->name; p++)
        if (p->text)
            add(z, p);
    if (zip_close(z))
        panic("cannot write %s", path);
    return path;
}

static const char *make_sheet(const char *sheet)
{
    return make((struct part[]){{"xl/worksheets/sheet1.xml", sheet, 0}, {NULL, NULL, 0}});
}

/* "line:cell|cell ..." as in test_table. */
static void dump(struct table *t, struct buf *out)
{
    struct table_row row;
    struct err e;
    int rc;

    while ((rc = table_next(t, &row, &e)) == 1) {
        buf_addf(out, "%s%lld:", out->len ? " " : "", (long long)row.line);
        if (row.fault)
            buf_addf(out, "!%s", row.fault);
        for (size_t i = 0; !row.fault && i < row.n_cells; i++) {
            ck_assert_uint_eq(strlen(row.cells[i].text), row.cells[i].len);
            buf_addf(out, "%s%s", i ? "|" : "", row.cells[i].text);
        }
    }
    if (rc < 0)
        buf_addf(out, " error %s", e.what);
}

static void expect(const char *path, const char *sheet, const char *want)
{
    struct err e;
    struct buf got;
    struct table *t = table_open(path, &(struct table_opts){.sheet = sheet}, &e);

    ck_assert_msg(t != NULL, "%s", e.what);
    buf_init(&got, 1 << 20);
    dump(t, &got);
    ck_assert_str_eq(buf_cstr(&got), want);
    ck_assert_str_eq(table_form(t), "XLSX");
    ck_assert_int_eq(table_bytes_done(t), table_bytes(t));
    buf_fini(&got);
    table_close(t);
}

/* Refused, at the latest by the last row. */
static void expect_refused(const char *path, const char *what)
{
    struct err e = {0};
    struct table_row row;
    struct table *t = table_open(path, &(struct table_opts){0}, &e);
    int rc = t ? 1 : -1;

    while (rc == 1)
        rc = table_next(t, &row, &e);
    table_close(t);
    ck_assert_msg(rc < 0, "was accepted: %s", what);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, what) != NULL, "\"%s\" does not say \"%s\"", e.what, what);
    ck_assert_str_ne(e.remedy, "");
}

/* ---- cells ---- */

static const char strings[] = "<sst " NS "><si><t>姓名</t></si><si><r><rPr><b/></rPr><t "
                              "xml:space=\"preserve\">张 </t></r><r><t>三</t></r>"
                              "<rPh sb=\"0\" "
                              "eb=\"1\"><t>ZHANG</t></rPh></si><si/"
                              "><si><t>a_x000D_b_x005F_x_xD83D__xDE00__x0000_</t></si></sst>";
static const char styles[] =
    "<styleSheet " NS "><numFmts count=\"5\"><numFmt numFmtId=\"164\" "
    "formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>"
    "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\"/><numFmt numFmtId=\"166\" "
    "formatCode=\"000000\"/>"
    "<numFmt numFmtId=\"167\" formatCode=\"[Red]0.00&quot;days&quot;\"/><numFmt numFmtId=\"168\" "
    "formatCode=\"[h]:mm:ss\"/></numFmts>"
    "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
    "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf "
    "numFmtId=\"165\"/><xf numFmtId=\"166\"/>"
    "<xf numFmtId=\"167\"/><xf numFmtId=\"168\"/><xf numFmtId=\"22\"/><xf numFmtId=\"57\"/><xf "
    "numFmtId=\"49\"/></cellXfs></styleSheet>";

static const struct {
    const char *cell, *text;
} cell_cases[] = {
    {"<c t=\"s\"><v>0</v></c>", "姓名"},
    {"<c t=\"s\"><v>1</v></c>", "张 三"}, /* runs joined; how it is read aloud is no text */
    {"<c t=\"s\"><v>3</v></c>", "a\rb_x😀_x0000_"},
    {"<c t=\"inlineStr\"><is><t>张</t></is></c>", "张"},
    {"<c t=\"inlineStr\"><is><r><t>张</t></r><r><t>三</t></r><rPh><t>x</t></rPh></is></c>", "张三"},
    {"<c t=\"str\"><f>A1&amp;\"x\"</f><v>ax</v></c>", "ax"},
    {"<c t=\"e\"><v>#N/A</v></c>", "#N/A"},
    {"<c t=\"b\"><v>1</v></c>", "TRUE"},
    {"<c t=\"b\"><v>0</v></c>", "FALSE"},
    {"<c t=\"d\"><v>2018-04-22</v></c>", "2018-04-22"},
    {"<c><f>A1+1</f></c>", "=A1+1"}, /* no result in the file: not silently empty */
    {"<c t=\"str\"><f>A1</f><v></v></c>", ""},
    {"<c><v>19900000001</v></c>", "19900000001"},
    {"<c><v>1.9900000001E10</v></c>", "19900000001"},
    {"<c><v>19900000001.0</v></c>", "19900000001"},
    {"<c><v>19900000001.5</v></c>", "19900000001.5"},
    {"<c><v>4.3499999999999996</v></c>", "4.35"},
    {"<c><v>36.000000000000007</v></c>", "36"},
    {"<c><v>-0.0</v></c>", "0"},
    {"<c><v>-12</v></c>", "-12"},
    {"<c><v>1E-7</v></c>", "1E-07"},
    {"<c><v>110105194912310021</v></c>", "110105194912310021"},  /* all digits are in the file */
    {"<c><v>110105194912310020</v></c>", "1.1010519491231E+17"}, /* perhaps they are not */
    {"<c><v>1.1010519491231002E+17</v></c>", "1.1010519491231E+17"},
    {"<c><v>nonsense</v></c>", "nonsense"},
    {"<c s=\"1\"><v>43212</v></c>", "2018-04-22"},
    {"<c s=\"2\"><v>43212</v></c>", "2018-04-22"},
    {"<c s=\"2\"><v>43212.4375</v></c>", "2018-04-22 10:30:00"},
    {"<c s=\"7\"><v>43212.999999999</v></c>", "2018-04-23"},
    {"<c s=\"3\"><v>43191</v></c>", "2018-04"},
    {"<c s=\"3\"><v>43212</v></c>",
     "2018-04-22"}, /* the day is in the file, and it is not the first */
    {"<c s=\"8\"><v>43191</v></c>", "2018-04"},
    {"<c s=\"6\"><v>0.4375</v></c>", "10:30:00"},
    {"<c s=\"1\"><v>59</v></c>", "1900-02-28"},
    {"<c s=\"1\"><v>60</v></c>", "60"}, /* the day that never was */
    {"<c s=\"1\"><v>61</v></c>", "1900-03-01"},
    {"<c s=\"1\"><v>-1</v></c>", "-1"},
    {"<c s=\"1\"><v>19900000001</v></c>",
     "19900000001"}, /* a telephone number in a column of dates */
    {"<c s=\"4\"><v>1234</v></c>", "001234"},
    {"<c s=\"4\"><v>1234567</v></c>", "1234567"},
    {"<c s=\"5\"><v>43212</v></c>", "43212"},
    {"<c s=\"9\"><v>43212</v></c>", "43212"},
    {"<c s=\"99999\"><v>43212</v></c>", "43212"},
    {"<x:c xmlns:x=\"u\"><x:v>7</x:v></x:c>", "7"},
    {"<c t=\"s\"><v>2</v></c>", ""},
};

static const char *make_cell(const char *cell, const char *book)
{
    char sheet[1024];

    snprintf(sheet, sizeof sheet, SHEET("<row r=\"1\">%s<c r=\"B1\"><v>1</v></c></row>"), cell);
    return make((struct part[]){{"xl/worksheets/sheet1.xml", sheet, 0},
                                {"xl/workbook.xml", book, 0},
                                {"xl/sharedStrings.xml", strings, 0},
                                {"xl/styles.xml", styles, 0},
                                {NULL, NULL, 0}});
}

START_TEST(test_cell)
{
    char want[256];

    snprintf(want, sizeof want, "1:%s|1", cell_cases[_i].text);
    expect(make_cell(cell_cases[_i].cell, one_book), NULL, want);
}
END_TEST

START_TEST(test_1904)
{
    expect(make_cell("<c s=\"1\"><v>41750</v></c>", BOOK("<workbookPr date1904=\"1\"/>", ONE)),
           NULL, "1:2018-04-22|1");
    expect(make_cell("<c s=\"1\"><v>0</v></c>", BOOK("<workbookPr date1904=\"true\"/>", ONE)), NULL,
           "1:1904-01-01|1");
    expect(make_cell("<c s=\"1\"><v>43212</v></c>", BOOK("<workbookPr date1904=\"0\"/>", ONE)),
           NULL, "1:2018-04-22|1");
}
END_TEST

/* ---- rows ---- */

static const struct {
    const char *sheet, *rows;
} row_cases[] = {
    {SHEET(""), ""},
    /* rows and cells without their names, and with gaps */
    {SHEET("<row><c><v>1</v></c><c><v>2</v></c></row><row r=\"5\"><c "
           "r=\"C5\"><v>3</v></c></row><row><c><v>4</v></c></row>"),
     "1:1|2 5:||3 6:4"},
    /* formatted to the last column and far down */
    {SHEET("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"1\"/></row><row r=\"2\"><c "
           "r=\"A2\"/></row><row r=\"1048576\"/>"),
     "1:1"},
    {"<worksheet " NS "><sheetData><row><c><v>1</v></c></row></sheetData><row><c><v>no "
     "row</v></c></row></worksheet>",
     "1:1"},
    {SHEET("<c><v>no row</v></c><row><c><v>1</v></c></row><c><v>no row</v></c>"), "1:1"},
    /* merged: down, not across; never over what a cell has; only beside something; not above its first row */
    {"<worksheet " NS
     "><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"B1\"><v>2</v></c></row>"
     "<row r=\"2\"><c r=\"B2\"><v>3</v></c></row><row r=\"3\"><c r=\"C3\"/></row><row r=\"4\"><c "
     "r=\"B4\"><v>5</v></c></row></sheetData>"
     "<mergeCells><mergeCell ref=\"A1:A3\"/></mergeCells></worksheet>",
     "1:1|2 2:1|3 4:|5"},
    {"<worksheet " NS "><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"2\"><c "
     "r=\"A2\"><v>2</v></c></row></sheetData>"
     "<mergeCells><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"B1:B2\"/><mergeCell "
     "ref=\"bad\"/><mergeCell/></mergeCells></worksheet>",
     "1:1 2:2"},
    {"<worksheet " NS
     "><sheetData><row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"D2\"><v>9</v></c></row>"
     "<row r=\"3\"><c r=\"A3\"><v>2</v></c></row><row r=\"4\"><c r=\"A4\"><v>3</v></c><c "
     "r=\"D4\"><v>8</v></c></row></sheetData>"
     "<mergeCells><mergeCell ref=\"D1:E9\"/><mergeCell ref=\"D2:E3\"/></mergeCells></worksheet>",
     "2:1|||9 3:2|||9 4:3|||8"},
};

START_TEST(test_rows)
{
    expect(make_sheet(row_cases[_i].sheet), NULL, row_cases[_i].rows);
}
END_TEST

static void many(struct buf *b, const char *s, size_t times)
{
    while (times--)
        buf_adds(b, s);
}

/* Cells above the limit are a fault of their row; what follows is read. */
START_TEST(test_long_cells)
{
    struct buf b;

    buf_init(&b, 64 << 20);
    buf_adds(&b, "<worksheet " NS "><sheetData><row><c t=\"inlineStr\"><is><t>");
    many(&b, "长", 400000);
    buf_adds(&b, "</t></is></c></row><row><c><v>1</v></c></row><row>");
    for (int i = 0; i < 5; i++) {
        buf_adds(&b, "<c t=\"inlineStr\"><is><t>");
        many(&b, "x", 1 << 20);
        buf_adds(&b, "</t></is></c>");
    }
    buf_adds(&b, "</row><row><c><v>2</v></c></row></sheetData></worksheet>");
    expect(make_sheet(buf_cstr(&b)), NULL, "1:!too-long 2:1 3:!too-long 4:2");
    buf_fini(&b);
}
END_TEST

/* Every row has a cell in the last column. */
START_TEST(test_all_columns)
{
    struct buf b, want;

    buf_init(&b, 64 << 20);
    buf_init(&want, 64 << 20);
    buf_adds(&b, "<worksheet " NS "><sheetData>");
    for (int i = 1; i <= 3; i++) {
        buf_addf(&b, "<row r=\"%d\"><c r=\"A%d\"><v>%d</v></c><c r=\"XFD%d\"><v>9</v></c></row>", i,
                 i, i, i);
        buf_addf(&want, "%s%d:%d", i > 1 ? " " : "", i, i);
        many(&want, "|", 16383);
        buf_adds(&want, "9");
    }
    buf_adds(&b, "</sheetData></worksheet>");
    struct err e;
    struct buf got;
    struct table *t = table_open(make_sheet(buf_cstr(&b)), &(struct table_opts){0}, &e);
    ck_assert_msg(t != NULL, "%s", e.what);
    buf_init(&got, 64 << 20);
    dump(t, &got);
    ck_assert_str_eq(buf_cstr(&got), buf_cstr(&want));
    table_close(t);
    buf_fini(&got);
    buf_fini(&b);
    buf_fini(&want);
}
END_TEST

/* ---- strings that no memory holds ---- */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static long peak_kib(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Not under the sanitizer, which keeps what was freed. */
static void expect_growth(long before_kib, long most_kib)
{
#ifndef SANITIZED
    ck_assert_int_le(peak_kib() - before_kib, most_kib);
#else
    (void)before_kib;
    (void)most_kib;
#endif
}

#define MANY 300000

/* 60 MB of different strings, asked for forwards and backwards. */
START_TEST(test_many_strings)
{
    struct buf sst, sheet;
    struct table_row row;
    struct err e;
    char filler[201], want[256];

    memset(filler, 'x', 200);
    filler[200] = '\0';
    buf_init(&sst, 256u << 20);
    buf_init(&sheet, 256u << 20);
    buf_adds(&sst, "<sst " NS ">");
    buf_adds(&sheet, "<worksheet " NS "><sheetData>");
    for (int i = 0; i < MANY; i++) {
        buf_addf(&sst, "<si><t>%d%s</t></si>", i, filler);
        buf_addf(&sheet, "<row><c t=\"s\"><v>%d</v></c><c t=\"s\"><v>%d</v></c></row>", i,
                 i / 3 % 2 ? MANY - 1 - i : i / 2);
    }
    buf_adds(&sst, "</sst>");
    buf_adds(&sheet, "</sheetData></worksheet>");
    const char *path = make((struct part[]){{"xl/worksheets/sheet1.xml", sheet.data, sheet.len},
                                            {"xl/sharedStrings.xml", sst.data, sst.len},
                                            {NULL, NULL, 0}});
    buf_fini(&sst);
    buf_fini(&sheet);
    long before = peak_kib();
    struct table *t = table_open(path, &(struct table_opts){0}, &e);
    ck_assert_msg(t != NULL, "%s", e.what);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(table_next(t, &row, &e), 1);
        ck_assert_uint_eq(row.n_cells, 2);
        snprintf(want, sizeof want, "%d%s", i, filler);
        ck_assert_str_eq(row.cells[0].text, want);
        snprintf(want, sizeof want, "%d%s", i / 3 % 2 ? MANY - 1 - i : i / 2, filler);
        ck_assert_str_eq(row.cells[1].text, want);
    }
    ck_assert_int_eq(table_next(t, &row, &e), 0);
    table_close(t);
    /* What was needed to make the file has come down to nothing: the peak stays where it was, or nearly. */
    expect_growth(before, 40 * 1024);
}
END_TEST

/* ---- sheets ---- */

static const char *make_sheets(const char *sheets, const char *second)
{
    static char book[1024];

    snprintf(book, sizeof book, BOOK("", "%s"), sheets);
    return make(
        (struct part[]){{"xl/workbook.xml", book, 0},
                        {"xl/worksheets/sheet1.xml", SHEET("<row><c><v>1</v></c></row>"), 0},
                        {"xl/worksheets/sheet2.xml", second, 0},
                        {"xl/worksheets/sheet3.xml", SHEET("<row><c s=\"1\"/></row>"), 0},
                        {NULL, NULL, 0}});
}

#define S(name, id, more) "<sheet name=\"" name "\" sheetId=\"1\" r:id=\"" id "\"" more "/>"

START_TEST(test_sheets)
{
    static const char two[] = SHEET("<row><c><v>2</v></c></row>");
    const char *path = make_sheets(
        S("空", "rId3", "") S("一", "rId1", "") S("二", "rId2", " state=\"hidden\""), two);

    expect(path, NULL, "1:1"); /* the visible one with anything in it */
    expect(path, "二", "1:2");
    expect(path, "3", "1:2"); /* by number, hidden ones counted */
    expect(path, "1", "");
    struct err e = {0};
    ck_assert_ptr_null(table_open(path, &(struct table_opts){.sheet = "四"}, &e));
    ck_assert_int_eq(e.kind, ERR_USAGE);
    ck_assert_str_eq(strstr(e.what, "no sheet"), "no sheet \"四\"; it has: 1 空, 2 一, 3 二");
    /* a name that is a number goes before the number */
    path = make_sheets(S("2", "rId1", "") S("1", "rId2", ""), two);
    expect(path, "2", "1:1");
    /* several: nobody's rows are left out in silence */
    expect_refused(path, "has 2 sheets with something in them: 1 2, 2 1");
    /* a chart is no sheet of rows */
    path = make_sheets(S("图", "rId7", "") S("一", "rId1", ""), two);
    expect(path, "1", "1:1");
}
END_TEST

START_TEST(test_options)
{
    struct err e = {0};
    const char *path = make_sheet(SHEET(""));

    ck_assert_ptr_null(table_open(path, &(struct table_opts){.encoding = TABLE_GB18030}, &e));
    ck_assert_int_eq(e.kind, ERR_USAGE);
    path = scratch_write(&scratch, "list.csv", "a,b\n", 4);
    ck_assert_ptr_null(table_open(path, &(struct table_opts){.sheet = "1"}, &e));
    ck_assert_int_eq(e.kind, ERR_USAGE);
}
END_TEST

/* ---- refused ---- */

static const struct {
    const char *sheet, *what;
} refused_sheets[] = {
    {"<worksheet><sheetData><row>", "no element found"},
    {"<worksheet><sheetData><row></sheetData></worksheet>", "mismatched tag"},
    {"not XML at all", "syntax error"},
    {"<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet/>", "document type"},
    {"<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><worksheet/>", "document type"},
    {"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
     "\"&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>",
     "document type"},
    {SHEET("<row><c><v>&undefined;</v></c></row>"), "undefined entity"},
    {"<?xml version=\"1.0\" encoding=\"GBK\"?><worksheet/>", "unknown encoding"},
    {SHEET("<row r=\"2\"><c><v>1</v></c></row><row r=\"2\"><c><v>1</v></c></row>"),
     "row 2 stands behind row 2"},
    {SHEET("<row><c><v>1</v></c><row r=\"9\"><c><v>1</v></c></row></row>"),
     "a row inside of row 1"},
    {SHEET("<row r=\"0\"/>"), "row 0"},
    {SHEET("<row r=\"1048577\"/>"), "row 1048577"},
    {SHEET("<row r=\"99999999999999999999\"/>"), "row 99999"},
    {SHEET("<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>"), "out of order"},
    {SHEET("<row r=\"1\"><c r=\"XFE1\"><v>1</v></c></row>"), "out of order"},
    {SHEET("<row r=\"1\"><c r=\"1A\"><v>1</v></c></row>"), "out of order"},
    {SHEET("<row r=\"1\"><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>"), "out of order"},
    {SHEET("<row><c t=\"s\"><v>0</v></c></row>"), "no such shared string"},
    {SHEET("<row><c t=\"s\"><v>-1</v></c></row>"), "no such shared string"},
    {SHEET("<row><c t=\"s\"><v>x</v></c></row>"), "no such shared string"},
};

START_TEST(test_refused_sheet)
{
    expect_refused(make_sheet(refused_sheets[_i].sheet), refused_sheets[_i].what);
}
END_TEST

static const struct {
    struct part parts[3];
    const char *what;
} refused_parts[] = {
    {{{"xl/workbook.xml", NULL, 0}}, "ZIP archive without a workbook"},
    {{{"xl/workbook.xml", NULL, 0}, {"word/document.xml", "x", 0}}, "a Word document"},
    {{{"xl/workbook.xml", NULL, 0}, {"content.xml", "x", 0}}, "an OpenDocument file"},
    {{{"xl/workbook.bin", "x", 0}}, ".xlsb"},
    {{{"xl/workbook.xml", BOOK("", ""), 0}}, "no worksheet"},
    {{{"xl/workbook.xml", "<!DOCTYPE a><workbook/>", 0}}, "document type"},
    {{{"xl/sharedStrings.xml", "<!DOCTYPE a><sst/>", 0},
      {"xl/worksheets/sheet1.xml", SHEET(""), 0}},
     "document type"},
    {{{"xl/styles.xml", "<!DOCTYPE a><sst/>", 0}, {"xl/worksheets/sheet1.xml", SHEET(""), 0}},
     "document type"},
    /* names that lead elsewhere */
    {{{"xl/_rels/workbook.xml.rels",
       RELS SHEET_REL("rId1", "../../../../etc/passwd") "</Relationships>", 0}},
     "outside of the workbook"},
    {{{"_rels/.rels",
       RELS "<Relationship Id=\"rId1\" Type=\"" REL
            "/officeDocument\" Target=\"../workbook.xml\"/></Relationships>",
       0}},
     "outside of the workbook"},
    {{{"xl/_rels/workbook.xml.rels",
       RELS "<Relationship Id=\"rId1\" Type=\"" REL
            "/worksheet\" TargetMode=\"External\" Target=\"file:///etc/passwd\"/></Relationships>",
       0}},
     "no worksheet"},
};

START_TEST(test_refused_parts)
{
    struct part parts[4] = {{NULL, NULL, 0}};

    for (size_t i = 0; i < 3; i++)
        parts[i] = refused_parts[_i].parts[i];
    expect_refused(make(parts), refused_parts[_i].what);
}
END_TEST

/* An entry that is named like a file elsewhere is nothing but a name. */
START_TEST(test_paths)
{
    const char *path =
        make((struct part[]){{"../../escape.txt", "x", 0},
                             {"/tmp/zhanchi-escape", "x", 0},
                             {"xl/worksheets/sheet1.xml", SHEET("<row><c><v>1</v></c></row>"), 0},
                             {NULL, NULL, 0}});
    expect(path, NULL, "1:1");
    ck_assert_int_ne(access("/tmp/zhanchi-escape", F_OK), 0);
    /* a workbook whose relations go by "." and ".." inside of it */
    path = make((struct part[]){
        {"xl/_rels/workbook.xml.rels",
         RELS SHEET_REL("rId1", "./../xl/worksheets\\sheet1.xml") "</Relationships>", 0},
        {"xl/worksheets/sheet1.xml", SHEET("<row><c><v>1</v></c></row>"), 0},
        {NULL, NULL, 0}});
    expect(path, NULL, "1:1");
}
END_TEST

/* Cut anywhere it is refused, before there is any row. */
START_TEST(test_truncated)
{
    char whole[65536];
    FILE *f = fopen(make_cell("<c t=\"s\"><v>1</v></c>", one_book), "rb");
    size_t len = fread(whole, 1, sizeof whole, f);

    fclose(f);
    for (size_t n = 4; n<len; n += n> len - 60 ? 1 : 37) {
        struct err e = {0};
        struct table *t =
            table_open(scratch_write(&scratch, "cut.xlsx", whole, n), &(struct table_opts){0}, &e);
        ck_assert_msg(t == NULL, "%zu of %zu bytes were accepted", n, len);
        ck_assert_int_eq(e.kind, ERR_DATA);
        ck_assert_str_ne(e.remedy, "");
    }
}
END_TEST

/* A bit that is wrong inside the sheet is found before the first row. */
START_TEST(test_flipped)
{
    static char whole[1 << 20];
    struct buf b;
    struct err e = {0};

    buf_init(&b, 16 << 20);
    buf_adds(&b, "<worksheet " NS "><sheetData>");
    for (unsigned i = 0; i < 5000; i++)
        buf_addf(&b, "<row><c><v>%u</v></c></row>", i * 2654435761u);
    buf_adds(&b, "</sheetData></worksheet>");
    FILE *f = fopen(make_sheet(buf_cstr(&b)), "rb");
    size_t len = fread(whole, 1, sizeof whole, f);
    fclose(f);
    buf_fini(&b);
    whole[len / 2] ^= 1;
    ck_assert_ptr_null(
        table_open(scratch_write(&scratch, "flip.xlsx", whole, len), &(struct table_opts){0}, &e));
    ck_assert_msg(strstr(e.what, "is damaged"), "%s", e.what);
}
END_TEST

/* ---- what would grow without end ---- */

/* Gigabytes out of megabytes, from wherever they come, in a fixed memory. */
START_TEST(test_bomb)
{
    static const char *const names[] = {"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml",
                                        "xl/styles.xml", "xl/workbook.xml"};
    struct buf b;

    buf_init(&b, 128u << 20);
    buf_adds(&b, _i == 0 ? "<worksheet><sheetData>" : "<a>");
    memset(buf_reserve(&b, 64 << 20), ' ', 64 << 20);
    b.len += 64 << 20;
    struct part parts[3] = {{names[_i], b.data, b.len}, {NULL, NULL, 0}};
    if (_i == 1 || _i == 2)
        parts[1] = (struct part){names[0], SHEET(""), 0};
    const char *path = make(parts);
    buf_fini(&b);
    long before = peak_kib();
    expect_refused(path, "expands to more than is read");
    expect_growth(before, 8 * 1024);
}
END_TEST

static const struct {
    const char *before, *each;
    size_t times;
    const char *what;
} growing[] = {
    {"<worksheet><sheetData><row><c r=\"", "AAAAAAAA", 400000, "a tag of more than"},
    {"<worksheet>", "<a>", 100000, "nested deeper"},
    {"<worksheet><sheetData><!--", "comment ", 400000, "a tag of more than"},
};

START_TEST(test_growing)
{
    struct buf b;

    buf_init(&b, 64 << 20);
    buf_adds(&b, growing[_i].before);
    many(&b, growing[_i].each, growing[_i].times);
    expect_refused(make_sheet(buf_cstr(&b)), growing[_i].what);
    buf_fini(&b);
}
END_TEST

START_TEST(test_many_names)
{
    struct buf b;

    buf_init(&b, 64 << 20);
    buf_adds(&b, "<worksheet><sheetData><row");
    for (int i = 0; i < 600; i++)
        buf_addf(&b, " a%d=\"\"", i);
    buf_adds(&b, "></row></sheetData></worksheet>");
    expect_refused(make_sheet(buf_cstr(&b)), "different names");
    buf_fini(&b);
}
END_TEST

/* An archive of more files than any workbook: its directory is never read. */
START_TEST(test_many_entries)
{
    const char *path = scratch_path(&scratch, "many.xlsx");
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    char name[32];

    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "f%d", i);
        add(z, &(struct part){name, "x", 1});
    }
    ck_assert_int_eq(zip_close(z), 0);
    expect_refused(path, "holds 20000 files");
}
END_TEST

START_TEST(test_many_merges)
{
    struct buf b;

    buf_init(&b, 64 << 20);
    buf_adds(&b, "<worksheet " NS "><sheetData/><mergeCells>");
    for (int i = 0; i < 262145; i++)
        buf_addf(&b, "<mergeCell ref=\"A%d:A%d\"/>", 2 * i + 1, 2 * i + 2);
    buf_adds(&b, "</mergeCells></worksheet>");
    expect_refused(make_sheet(buf_cstr(&b)), "merged areas");
    buf_fini(&b);
}
END_TEST

START_TEST(test_password)
{
    const char *path = make_sheet(SHEET(""));
    zip_t *z = zip_open(path, 0, NULL);
    zip_int64_t i = zip_name_locate(z, "xl/workbook.xml", 0);

    if (zip_file_set_encryption(z, (zip_uint64_t)i, ZIP_EM_AES_256, "secret"))
        panic("no encryption");
    ck_assert_int_eq(zip_close(z), 0);
    expect_refused(path, "protected by a password");
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof a[0]))

int main(void)
{
    Suite *s = suite_create("workbook");
    TCase *c = tcase_create("workbook");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, test_cell, 0, COUNT(cell_cases));
    tcase_add_test(c, test_1904);
    tcase_add_loop_test(c, test_rows, 0, COUNT(row_cases));
    tcase_add_test(c, test_long_cells);
    tcase_add_test(c, test_all_columns);
    tcase_add_test(c, test_many_strings);
    tcase_add_test(c, test_sheets);
    tcase_add_test(c, test_options);
    tcase_add_loop_test(c, test_refused_sheet, 0, COUNT(refused_sheets));
    tcase_add_loop_test(c, test_refused_parts, 0, COUNT(refused_parts));
    tcase_add_test(c, test_paths);
    tcase_add_test(c, test_truncated);
    tcase_add_test(c, test_flipped);
    tcase_add_loop_test(c, test_bomb, 0, 4);
    tcase_add_loop_test(c, test_growing, 0, COUNT(growing));
    tcase_add_test(c, test_many_names);
    tcase_add_test(c, test_many_entries);
    tcase_add_test(c, test_many_merges);
    tcase_add_test(c, test_password);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
