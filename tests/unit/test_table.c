/*
 * test_table: files of rows: encodings, delimiters, rows and their lines, faults, what is refused; fields of written files.
 */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "scratch.h"
#include "zhanchi/buf.h"
#include "zhanchi/crypt.h"
#include "zhanchi/table.h"
#include "zhanchi/utf8.h"

static struct scratch scratch;

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_fini(&scratch);
}

static struct table *open_bytes(const void *data, size_t len, struct table_opts opts, struct err *e)
{
    return table_open(scratch_write(&scratch, "list.csv", data, len), &opts, e);
}

/* "line:cell|cell ..." of every row, a fault in front of the cells: what a row looks like in the tables below. */
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
    ck_assert_msg(rc == 0, "%s", e.what);
}

static void expect_rows(const void *data, size_t len, struct table_opts opts, const char *want)
{
    struct err e;
    struct buf got;
    struct table *t = open_bytes(data, len, opts, &e);

    ck_assert_msg(t != NULL, "%s", e.what);
    buf_init(&got, 1 << 20);
    dump(t, &got);
    ck_assert_str_eq(buf_cstr(&got), want);
    buf_fini(&got);
    table_close(t);
}

static void expect_refused(const void *data, size_t len, struct table_opts opts, const char *what)
{
    struct err e = {0};
    struct table *t = open_bytes(data, len, opts, &e);

    ck_assert_msg(t == NULL, "was accepted: %s", what);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, what) != NULL, "\"%s\" does not say \"%s\"", e.what, what);
    ck_assert_str_ne(e.remedy, "");
}

/* ---- rows and lines ---- */

static const struct {
    const char *text, *rows;
} row_cases[] = {
    {"a,b\n1,2\n", "1:a|b 2:1|2"},
    {"a,b\n\n\n1,2\n\n", "1:a|b 4:1|2"},
    {"a,b\r\n\r\n1,2", "1:a|b 3:1|2"},
    {"a,b\r\r1,2\r", "1:a|b 3:1|2"},
    {"a,\"x\ny\"\nc,d\n", "1:a|x\ny 3:c|d"},
    {"a,\"x\r\n\r\ny\"\r\nc,d\r\n", "1:a|x\r\n\r\ny 4:c|d"},
    {"a,\"x\ry\"\rc,d\r", "1:a|x\ry 3:c|d"},
    {"a,,\n,,\n", "1:a|| 2:||"},
    {"a;b\n1;2\n", "1:a|b 2:1|2"},
    {"a\tb\n1\t2\n", "1:a|b 2:1|2"},
    {"a|b\n1|2\n", "1:a|b 2:1|2"},
    {"a;b,c;d\n", "1:a;b|c;d"},
    {"title, with a comma\na;b;c\n1;2,5;3\n2;3;4\n",
     "1:title, with a comma 2:a|b|c 3:1|2,5|3 4:2|3|4"},
    {"a;\"x,y\"\n1;\"2,3\"\n", "1:a|x,y 2:1|2,3"},
    {"", ""},
    {"\n\n", ""},
    {"one", "1:one"},
    {" a , b\n", "1: a | b"},
    /* malformed quoting: one line is lost, not what follows */
    {"a,b\n1,\"2\"x\n3,4\n", "1:a|b 2:!quote 3:3|4"},
    {"a,b\n1,\"2\n3,4\n5,6\n", "1:a|b 2:!quote 3:3|4 4:5|6"},
    {"a,b\n1,\"2\"\" \n3,4", "1:a|b 2:!quote 3:3|4"},
    {"a,b\n\"1,2\n3,4\n5,\"6\"\n", "1:a|b 2:!quote 3:3|4 4:5|6"},
    /* what a broken quote had swallowed is no place for bare quotes; elsewhere they are text */
    {"a,b\n1,\"x\ny\"z,2\n3\",4\n", "1:a|b 2:!quote 3:!quote 4:3\"|4"},
    {"a,b\n5\" pipe,2\n", "1:a|b 2:5\" pipe|2"},
};

START_TEST(test_rows)
{
    const char *text = row_cases[_i].text;

    expect_rows(text, strlen(text), (struct table_opts){0}, row_cases[_i].rows);
}
END_TEST

START_TEST(test_told_delimiter)
{
    expect_rows("a;b,c\n", 6, (struct table_opts){.delimiter = ';'}, "1:a|b,c");
}
END_TEST

/* ---- JSON lines ---- */

static const struct {
    const char *text, *rows;
} json_cases[] = {
    /* keys of all lines, in the order in which the file first has them */
    {"{\"a\":1,\"b\":\"x\"}\n\n{\"c\":true,\"a\":null}\n", "0:a|b|c 1:1|x| 3:||true"},
    {"{\"a\":\"\\u5f20\\ud83d\\ude00\\ud800\\n\\\"\\\\\"}", "0:a 1:张😀\xEF\xBF\xBD\n\"\\"},
    /* numbers and what is nested as the file has them */
    {"{\"a\":13800000001.0,\"b\":110105194912310021,\"c\":1.38E10}\n",
     "0:a|b|c 1:13800000001.0|110105194912310021|1.38E10"},
    {"{\"a\" : {\"b\": [1, \"}]\\\"\"]} , \"d\" : [ ] }\r\n",
     "0:a|d 1:{\"b\": [1, \"}]\\\"\"]}|[ ]"},
    /* arrays, and what list convert prints: nothing is added */
    {"[\"a\",\"b\"]\n[1,2,3]\n", "1:a|b 2:1|2|3"},
    {"{\"line\":7,\"cells\":[\"a\",\"b\"]}\n{\"line\":9,\"fault\":\"quote\",\"cells\":[]}\n",
     "1:a|b 2:"},
    /* what is no record costs its line */
    {"{\"a\":1}\n{\"a\":\n[1]\nnull\n{\"a\":2} x\n{\"a\":3}",
     "0:a 1:1 2:!json 3:!json 4:!json 5:!json 6:3"},
    {"{\"a\":1}\n{\"a\":1,\"a\":2}\n{\"a\":\"\\u0000\"}\n", "0:a 1:1 2:!json 3:!json"},
    {"[\"a\"]\n{\"a\":1}\n", "1:a 2:!json"},
    {"\xEF\xBB\xBF{\"a\":\"b\"}\n", "0:a 1:b"},
    {"{\"\xD0\xD5\xC3\xFB\":\"\xD5\xC5\xC8\xFD\"}\n", "0:姓名 1:张三"},
    {"{}\n{\"a\":1}\n", "0:a 1: 2:1"},
    /* no JSON */
    {"[1] remarks,b\n1,2\n", "1:[1] remarks|b 2:1|2"},
    {"{x},b\n1,2\n", "1:{x}|b 2:1|2"},
};

START_TEST(test_json)
{
    const char *text = json_cases[_i].text;

    expect_rows(text, strlen(text), (struct table_opts){0}, json_cases[_i].rows);
}
END_TEST

START_TEST(test_json_utf16)
{
    static const char text[] = "\xFF\xFE{\0\"\0a\0\"\0:\0\"\0 _\"\0}\0\n\0";

    expect_rows(text, sizeof text - 1, (struct table_opts){0}, "0:a 1:张");
}
END_TEST

START_TEST(test_json_long)
{
    struct buf file;

    buf_init(&file, 64 << 20);
    buf_adds(&file, "{\"a\":1}\n{\"a\":\"");
    for (int i = 0; i < 1 << 18; i++)
        buf_adds(&file, "xxxxxxxxxxxxxxxxxxxxxxx ");
    buf_adds(&file, "\"}\n{\"a\":\"");
    for (int i = 0; i < (1 << 17) + 1; i++)
        buf_adds(&file, "xxxxxxxx");
    buf_adds(&file, "\"}\n{\"a\":2}\n");
    expect_rows(file.data, file.len, (struct table_opts){0}, "0:a 1:1 2:!too-long 3:!too-long 4:2");
    buf_fini(&file);
}
END_TEST

START_TEST(test_json_columns)
{
    struct buf file;

    expect_refused("[\n {\"a\":1}\n]\n", 13, (struct table_opts){0},
                   "line 1 is no JSON object or array by itself");
    expect_refused("{\"a\":1\n}\n", 9, (struct table_opts){0}, "line 1 is no JSON object");
    buf_init(&file, 64 << 20);
    for (int i = 0; i <= 16384; i++)
        buf_addf(&file, "{\"k%d\":1}\n", i);
    expect_refused(file.data, file.len, (struct table_opts){0}, "line 16385: more different keys");
    buf_fini(&file);
}
END_TEST

/* ---- encodings ---- */

struct bytes {
    const char *data;
    size_t len;
};
#define BYTES(s)                                                                                   \
    {                                                                                              \
        s, sizeof s - 1                                                                            \
    }

static const struct {
    struct bytes file;
    enum table_encoding decided;
    const char *rows;
} encoding_cases[] = {
    {BYTES("姓名,电话\n张三,1\n"), TABLE_UTF8, "1:姓名|电话 2:张三|1"},
    {BYTES("\xEF\xBB\xBF\"姓名\",电话\n"), TABLE_UTF8, "1:姓名|电话"},
    {BYTES("\xD0\xD5\xC3\xFB,\xB5\xE7\xBB\xB0\n\xD5\xC5\xC8\xFD,1\n"), TABLE_GB18030,
     "1:姓名|电话 2:张三|1"},
    {BYTES("\x84\x31\x95\x33\xD0\xD5,1\n"), TABLE_GB18030, "1:姓|1"},
    /* bytes that are UTF-8 too, then some that are not: what came before must be read again */
    {BYTES("\xC3\xAB\xC7\xBF,1\n\xD5\xC5,2\n"), TABLE_GB18030, "1:毛强|1 2:张|2"},
    /* a comma inside a character of GBK: 0x7C, 0x5C and digits of four-byte codes */
    {BYTES("\x81\x7C,\x81\x5C\n\x95\x32\x82\x36,1\n"), TABLE_GB18030, "1:亅|乗 2:𠀀|1"},
    {BYTES("\xFF\xFE"
           "\xD3\x59,\0"
           "1\0\n\0"),
     TABLE_UTF16LE, "1:姓|1"},
    {BYTES("\xFE\xFF"
           "\x59\xD3\0,\0"
           "1\0\n"),
     TABLE_UTF16BE, "1:姓|1"},
    {BYTES(""), TABLE_UTF8, ""},
};

START_TEST(test_encoding)
{
    struct bytes f = encoding_cases[_i].file;
    struct err e;
    struct table *t = open_bytes(f.data, f.len, (struct table_opts){0}, &e);

    ck_assert_msg(t != NULL, "%s", e.what);
    ck_assert_int_eq(table_encoding_of(t), encoding_cases[_i].decided);
    table_close(t);
    expect_rows(f.data, f.len, (struct table_opts){0}, encoding_cases[_i].rows);
}
END_TEST

static const struct {
    struct bytes file;
    enum table_encoding told;
    const char *what;
} refused_cases[] = {
    /* "neither": the place where the better reading ends */
    {BYTES("a,b\n1,\xFF\n"), TABLE_AUTO, "line 2, byte offset 6: not valid UTF-8"},
    {BYTES("姓名\n张\n三\xE5\xBC\n"), TABLE_AUTO, "line 3, byte offset 14: not valid UTF-8"},
    {BYTES("\xD0\xD5\xC3\xFB\r\n\xD5\xC5\xFF\n"), TABLE_AUTO,
     "line 2, byte offset 8: not valid GB18030"},
    {BYTES("\xEF\xBB\xBF"
           "a\n\xD5\xC5\n"),
     TABLE_AUTO, "line 2, byte offset 5: not valid UTF-8"},
    {BYTES("a\n\xD5\xC5\n"), TABLE_UTF8, "line 2, byte offset 2: not valid UTF-8"},
    {BYTES("a\r\xD5"), TABLE_GB18030, "line 2, byte offset 2: not valid GB18030"},
    {BYTES("a,b\n1,\0\n"), TABLE_AUTO, "line 2, byte offset 6: a NUL byte"},
    {BYTES("\xFF\xFE"
           "a\0\n\0\x00\xD8,\0"),
     TABLE_AUTO, "line 2, byte offset 6: not valid UTF-16LE"},
    {BYTES("\xFF\xFE"
           "a\0\n\0\0\0b\0"),
     TABLE_AUTO, "line 2, byte offset 6: a NUL character"},
    {BYTES("\0\n\x01\0\0\x01\0\0"), TABLE_UTF16BE, "line 2, byte offset 6: a NUL character"},
    {BYTES("PK\003\004xxxx"), TABLE_AUTO, "ends too early for a workbook"},
    {BYTES("\xD0\xCF\x11\xE0xxxx"), TABLE_AUTO, "is damaged"},
    {BYTES("%PDF-1.7"), TABLE_AUTO, "a PDF"},
    {BYTES("<html><table><tr><td>1"), TABLE_AUTO, "a web page"},
    {BYTES("\xEF\xBB\xBF\r\n<TABLE border=1>"), TABLE_AUTO, "a web page"},
    {BYTES("<?xml version=\"1.0\"?><Workbook>"), TABLE_AUTO, "an XML file"},
    {BYTES("Rar!\x1A\x07\x01"), TABLE_AUTO, "a RAR archive"},
};

START_TEST(test_refused)
{
    struct bytes f = refused_cases[_i].file;

    expect_refused(f.data, f.len, (struct table_opts){.encoding = refused_cases[_i].told},
                   refused_cases[_i].what);
}
END_TEST

/* A character on each side of every block border, in rows that tell where something went wrong. */
static void borders(const char *row, size_t row_len, const char *utf8, enum table_encoding enc)
{
    struct buf file;
    struct table_row r;
    struct err e;
    int64_t n = 0;

    for (size_t shift = 0; shift < 4; shift++, n = 0) {
        buf_init(&file, 4 << 20);
        buf_add(&file, "abc", shift);
        buf_addc(&file, '\n');
        while (file.len < 600000)
            buf_add(&file, row, row_len);
        struct table *t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
        ck_assert_msg(t != NULL, "%s", e.what);
        ck_assert_int_eq(table_encoding_of(t), enc);
        if (shift)
            ck_assert_int_eq(table_next(t, &r, &e), 1);
        for (; table_next(t, &r, &e) == 1; n++) {
            ck_assert_int_eq(r.line, n + 2);
            ck_assert_str_eq(r.cells[0].text, utf8);
            ck_assert_str_eq(r.cells[1].text, "x");
        }
        ck_assert_int_eq(n, (int64_t)((file.len - shift - 1) / row_len));
        ck_assert_int_eq(table_bytes_done(t), (int64_t)file.len);
        ck_assert_int_eq(table_bytes(t), (int64_t)file.len);
        table_close(t);
        buf_fini(&file);
    }
}

START_TEST(test_borders)
{
    borders("\xD5\xC5\x95\x32\x82\x36,x\r\n", 10, "张𠀀", TABLE_GB18030);
    borders("张𠀀é,x\r\n", 13, "张𠀀é", TABLE_UTF8);
}
END_TEST

/* Valid as both: UTF-8 only without signs of misreading. */
static const struct {
    const char *text;
    enum table_encoding decided;
} both_cases[] = {
    {"name,phone\n\xC3\xAB\xC7\xBF,1\n", TABLE_GB18030},         /* 毛强 */
    {"name,phone\n\xC2\xBD\xC3\xB7\xC7\xAE,1\n", TABLE_GB18030}, /* 陆梅钱: ½÷Ǯ */
    {"name,phone\n\xC2\xBD,1\n", TABLE_GB18030},                 /* 陆: ½ alone */
    {"\xD1\xA7\xD0\xA1,1\n", TABLE_GB18030},                     /* 学小 */
    {"\xC2\x82\xC3\xB7,1\n", TABLE_GB18030},                     /* a control character */
    {"姓名,姓名\n1,1\n", TABLE_UTF8},                            /* 濮撳悕 as GBK */
    {"姓名,姓名\n\xD5\xB8\xD0\xA1,1\n", TABLE_GB18030},          /* two scripts in a word */
    {"姓名,姓名\n\xC3\xAB\xC7\xBF,1\n", TABLE_UTF8},             /* Han beside it: ëǿ it is */
    {"name,phone\nJos\xC3\xA9,1\n", TABLE_UTF8},
    {"name,phone\n\xC3\x89mile,1\n", TABLE_UTF8},
    {"name,tolerance\na,5\xC2\xB1"
     "1\n",
     TABLE_UTF8},
    {"name,phone\n\xD8\xA3\xD8\xAD\xD9\x85\xD8\xAF,1\n", TABLE_UTF8}, /* Arabic letters */
    {"name,phone\na,1\n", TABLE_UTF8},
};

START_TEST(test_valid_as_both)
{
    const char *text = both_cases[_i].text;
    struct buf file;
    struct err e;

    /* ... and the same where characters lie across the borders of blocks. */
    for (size_t head = 0; head < 2; head++) {
        buf_init(&file, 1 << 20);
        for (size_t i = 0; head && i < 262143; i++)
            buf_addc(&file, i % 64 == 63 ? '\n' : ',');
        buf_adds(&file, text);
        struct table *t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
        ck_assert_msg(t != NULL, "%s", e.what);
        ck_assert_int_eq(table_encoding_of(t), both_cases[_i].decided);
        table_close(t);
        struct table_opts told = {.encoding = TABLE_UTF8};
        t = open_bytes(file.data, file.len, told, &e);
        ck_assert_msg(t != NULL, "%s", e.what);
        ck_assert_int_eq(table_encoding_of(t), TABLE_UTF8);
        table_close(t);
        buf_fini(&file);
    }
}
END_TEST

/* The whole file counts: one byte at the very end decides. */
START_TEST(test_last_byte_decides)
{
    struct buf file;
    struct err e;

    buf_init(&file, 4 << 20);
    while (file.len < 600000)
        buf_adds(&file, "Jos\xC3\xA9,1\n"); /* José, and valid GBK */
    struct table *t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
    ck_assert_int_eq(table_encoding_of(t), TABLE_UTF8);
    table_close(t);
    buf_adds(&file, "\xD5\xC5");
    t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
    ck_assert_msg(t != NULL, "%s", e.what);
    ck_assert_int_eq(table_encoding_of(t), TABLE_GB18030);
    table_close(t);
    buf_addc(&file, '\xD5');
    char want[96];
    snprintf(want, sizeof want, "byte offset %zu: not valid GB18030", file.len - 1);
    expect_refused(file.data, file.len, (struct table_opts){0}, want);
    buf_fini(&file);
}
END_TEST

/* UTF-8 fails late; the beginning, which GB18030 cannot read, must not be forgotten. */
START_TEST(test_beginning_counts)
{
    struct buf file;

    buf_init(&file, 4 << 20);
    buf_adds(&file, "€,1\n");
    while (file.len < 600000)
        buf_adds(&file, "a,1\n");
    buf_adds(&file, "\xD5\xC5\n");
    expect_refused(file.data, file.len, (struct table_opts){0}, "not valid UTF-8 (nor");
    buf_fini(&file);
}
END_TEST

/* ---- what is too long ---- */

static void add_many(struct buf *b, const char *s, size_t times)
{
    while (times--)
        buf_adds(b, s);
}

static void expect_faults(struct buf *file, const char *rows)
{
    struct table_opts opts = {.delimiter = ','};

    expect_rows(file->data, file->len, opts, rows);
    buf_fini(file);
}

START_TEST(test_long_cell)
{
    struct buf file;

    buf_init(&file, 64 << 20);
    add_many(&file, "x", (1 << 20) + 1);
    buf_adds(&file, ",b\nc,d\n");
    expect_faults(&file, "1:!too-long 2:c|d");
}
END_TEST

/* What was read of it is cut between two characters. */
START_TEST(test_long_cell_cut)
{
    struct buf file;
    struct table_row row;
    struct err e;

    buf_init(&file, 64 << 20);
    add_many(&file, "长", 1 << 19);
    struct table *t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_str_eq(row.fault, "too-long");
    ck_assert_uint_eq(row.cells[0].len, (1 << 20) / 3 * 3);
    table_close(t);
    buf_fini(&file);
}
END_TEST

/* A line end of its own at the very end of the window. */
START_TEST(test_long_line_border)
{
    struct buf file;

    buf_init(&file, 64 << 20);
    memset(buf_reserve(&file, 4 << 20), 'x', 4 << 20);
    file.len = (4u << 20) - (size_t)_i;
    buf_adds(&file, "\rc,d\r");
    expect_faults(&file, "1:!too-long 2:c|d");
}
END_TEST

START_TEST(test_longest_cell)
{
    struct buf file;
    struct table_row row;
    struct err e;

    buf_init(&file, 64 << 20);
    add_many(&file, "x", 1 << 20);
    struct table *t = open_bytes(file.data, file.len, (struct table_opts){0}, &e);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_ptr_null(row.fault);
    ck_assert_uint_eq(row.cells[0].len, 1 << 20);
    table_close(t);
    buf_fini(&file);
}
END_TEST

START_TEST(test_cells)
{
    struct buf file;
    struct table_row row;
    struct err e;

    buf_init(&file, 64 << 20);
    add_many(&file, ",", 16383);
    buf_adds(&file, "\n");
    add_many(&file, ",", 16384);
    buf_adds(&file, "\na,b\n");
    struct table *t = open_bytes(file.data, file.len, (struct table_opts){.delimiter = ','}, &e);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_ptr_null(row.fault);
    ck_assert_uint_eq(row.n_cells, 16384);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_str_eq(row.fault, "too-long");
    ck_assert_uint_eq(row.n_cells, 16384);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_str_eq(row.cells[1].text, "b");
    table_close(t);
    buf_fini(&file);
}
END_TEST

/* A line without end, in memory that does not follow it; what comes after is read. */
START_TEST(test_endless_line)
{
    struct buf file;

    buf_init(&file, 64 << 20);
    buf_adds(&file, "a,b\n");
    add_many(&file, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,", 400000);
    buf_adds(&file, "\r\nc,d\n");
    expect_faults(&file, "1:a|b 2:!too-long 3:c|d");
}
END_TEST

START_TEST(test_endless_quote)
{
    struct buf file, want;

    buf_init(&file, 64 << 20);
    buf_init(&want, 64 << 20);
    buf_adds(&file, "a,b\n\"1,2\n");
    buf_adds(&want, "1:a|b 2:!too-long");
    for (int i = 0; i < 3; i++) {
        add_many(&file, "x", 2 << 20);
        buf_adds(&file, "\n");
        buf_addf(&want, " %d:!too-long", i + 3);
    }
    buf_adds(&file, "c,d\n");
    buf_adds(&want, " 6:c|d");
    expect_faults(&file, buf_cstr(&want));
    buf_fini(&want);
}
END_TEST

/* ---- by chance ---- */

struct dice {
    uint64_t x;
};

static unsigned roll(struct dice *d, unsigned below)
{
    d->x = d->x * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(d->x >> 33) % below;
}

/* Whatever the bytes: an end, lines that grow, cells that are UTF-8 with a NUL behind them; or a refusal. */
START_TEST(test_any_bytes)
{
    static const char *const pieces[] = {"a",        ",",    "\"",    "\n",   "\r",  "\"\"",
                                         ";",        "\t",   "张",    "\n\"", ",\"", "\"\r\n",
                                         "\xD5\xC5", "\xFF", "\"a\"", " "};
    struct dice d = {(uint64_t)_i};

    for (int round = 0; round < 300; round++) {
        struct buf file;
        struct table_row row;
        struct err e;
        int64_t line = 0, lines = 1;
        unsigned kinds = 4 + roll(&d, 13);
        buf_init(&file, 65536);
        for (unsigned n = roll(&d, 60); n > 0; n--)
            buf_adds(&file, pieces[roll(&d, kinds)]);
        for (size_t i = 0; i < file.len; i++)
            lines += file.data[i] == '\n' || file.data[i] == '\r';
        struct table *t = open_bytes(buf_cstr(&file), file.len, (struct table_opts){0}, &e);
        int rc = t ? 1 : 0;
        while (rc == 1 && (rc = table_next(t, &row, &e)) == 1) {
            ck_assert_int_gt(row.line, line);
            line = row.line;
            for (size_t i = 0; i < row.n_cells; i++) {
                ck_assert(utf8_valid(row.cells[i].text, row.cells[i].len, NULL));
                ck_assert_int_eq(row.cells[i].text[row.cells[i].len], '\0');
            }
        }
        ck_assert_int_eq(rc, 0);
        ck_assert_int_le(line, lines);
        table_close(t);
        buf_fini(&file);
    }
}
END_TEST

#define GRID 6

/* What is written with every cell in quotes, or only where needed, is read back cell by cell. */
START_TEST(test_back)
{
    static const char *const texts[] = {"",     "a",    "张三",       "1,5",  "\"",
                                        "\"\"", "x\"y", "two\nlines", "\r\n", " ",
                                        "=1",   "𠮷\t", "\"\n\""};
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    struct dice d = {(uint64_t)_i + 1000};

    for (int round = 0; round < 100; round++) {
        const char *grid[GRID][GRID];
        const char *end = ends[roll(&d, 3)];
        bool always = roll(&d, 2) == 0;
        struct buf file;
        struct table_row row;
        struct err e;
        buf_init(&file, 65536);
        for (int r = 0; r < GRID; r++) {
            for (int c = 0; c < GRID; c++) {
                const char *s = grid[r][c] = texts[roll(&d, 13)];
                bool quote = always || strpbrk(s, ",\"\r\n");
                buf_adds(&file, c ? "," : "");
                buf_adds(&file, quote ? "\"" : "");
                for (; *s; s++)
                    buf_adds(&file, *s == '"' ? "\"\"" : (char[2]){*s, '\0'});
                buf_adds(&file, quote ? "\"" : "");
            }
            buf_adds(&file, r + 1 < GRID || roll(&d, 2) ? end : "");
        }
        struct table *t =
            open_bytes(file.data, file.len, (struct table_opts){.delimiter = ','}, &e);
        ck_assert_msg(t != NULL, "%s", e.what);
        for (int r = 0; r < GRID; r++) {
            ck_assert_int_eq(table_next(t, &row, &e), 1);
            ck_assert_ptr_null(row.fault);
            ck_assert_uint_eq(row.n_cells, GRID);
            for (int c = 0; c < GRID; c++)
                ck_assert_str_eq(row.cells[c].text, grid[r][c]);
        }
        ck_assert_int_eq(table_next(t, &row, &e), 0);
        table_close(t);
        buf_fini(&file);
    }
}
END_TEST

/* ---- files ---- */

START_TEST(test_no_file)
{
    struct err e = {0};
    struct table_opts opts = {0};

    ck_assert_ptr_null(table_open(scratch_path(&scratch, "none.csv"), &opts, &e));
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    ck_assert_int_eq(mkfifo(scratch_path(&scratch, "pipe"), 0600), 0);
    ck_assert_ptr_null(table_open(scratch.path, &opts, &e));
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    ck_assert_ptr_null(table_open(scratch.dir, &opts, &e));
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
}
END_TEST

START_TEST(test_digest)
{
    struct err e;
    uint8_t got[32], want[32];
    struct table *t = open_bytes("a,b\n1,2\n", 8, (struct table_opts){0}, &e);

    table_digest(t, got);
    crypt_sha256("a,b\n1,2\n", 8, want);
    ck_assert_mem_eq(got, want, 32);
    table_close(t);
}
END_TEST

START_TEST(test_changed_meanwhile)
{
    struct err e;
    struct table_row row;
    struct table *t = open_bytes("a,b\n1,2\n", 8, (struct table_opts){0}, &e);

    ck_assert_int_eq(table_next(t, &row, &e), 1);
    FILE *f = fopen(scratch.path, "a");
    fputs("3,4\n", f);
    fclose(f);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_int_eq(table_next(t, &row, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    table_close(t);
}
END_TEST

START_TEST(test_encoding_names)
{
    enum table_encoding enc;

    ck_assert_str_eq(table_encoding_name(TABLE_UTF8), "UTF-8");
    ck_assert_str_eq(table_encoding_name(TABLE_GB18030), "GB18030");
    ck_assert_int_eq(table_encoding_parse("gb18030", &enc), 0);
    ck_assert_int_eq(enc, TABLE_GB18030);
    ck_assert_int_eq(table_encoding_parse("GBK", &enc), 0);
    ck_assert_int_eq(enc, TABLE_GB18030);
    ck_assert_int_eq(table_encoding_parse("auto", &enc), 0);
    ck_assert_int_eq(enc, TABLE_AUTO);
    ck_assert_int_eq(table_encoding_parse("latin1", &enc), -1);
}
END_TEST

/* ---- written fields ---- */

static const struct {
    const char *field, *written;
} field_cases[] = {
    {"", ""},
    {"张三", "张三"},
    {"a,b", "\"a,b\""},
    {"he said \"好\"", "\"he said \"\"好\"\"\""},
    {"\"", "\"\"\"\""},
    {"two\nlines", "\"two\nlines\""},
    {" blank", "\" blank\""},
    {"-12", "-12"},
    {"+8.5", "+8.5"},
    {"=1+1", "'=1+1"},
    {"+86 138", "'+86 138"},
    {"-a", "'-a"},
    {"-", "'-"},
    {"@x", "'@x"},
    {"\tx", "\"'\tx\""},
    {"\rx", "\"'\rx\""},
    {"=\"a\",b", "\"'=\"\"a\"\",b\""},
    {"＝1", "'＝1"},
    {"1-2", "1-2"},
    {"1.2.3", "1.2.3"},
    {"-1.2.3", "'-1.2.3"},
};

START_TEST(test_field)
{
    struct buf out;

    buf_init(&out, 4096);
    ck_assert_int_eq(
        table_csv_field(&out, field_cases[_i].field, strlen(field_cases[_i].field), true), 0);
    ck_assert_str_eq(out.len ? out.data : "", field_cases[_i].written);
    ck_assert_int_eq(table_csv_field(&out, "x", 1, false), 0);
    ck_assert_str_eq(out.data + out.len - 2, ",x");
    buf_fini(&out);
}
END_TEST

/* What is written is read again, but for the apostrophe. */
START_TEST(test_field_back)
{
    struct buf out;
    struct table_row row;
    struct err e;
    size_t n = sizeof field_cases / sizeof field_cases[0];

    buf_init(&out, 65536);
    for (size_t i = 0; i < n; i++)
        table_csv_field(&out, field_cases[i].field, strlen(field_cases[i].field), i == 0);
    buf_addc(&out, '\n');
    struct table *t = open_bytes(out.data, out.len, (struct table_opts){.delimiter = ','}, &e);
    ck_assert_int_eq(table_next(t, &row, &e), 1);
    ck_assert_ptr_null(row.fault);
    ck_assert_uint_eq(row.n_cells, n);
    for (size_t i = 0; i < n; i++) {
        const char *got = row.cells[i].text;
        ck_assert_str_eq(got + (got[0] == '\''), field_cases[i].field);
    }
    table_close(t);
    buf_fini(&out);
}
END_TEST

START_TEST(test_field_full)
{
    struct buf out;

    buf_init(&out, 3);
    ck_assert_int_eq(table_csv_field(&out, "abcd", 4, true), -1);
    buf_fini(&out);
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof a[0]))

int main(void)
{
    Suite *s = suite_create("table");
    TCase *c = tcase_create("table");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, test_rows, 0, COUNT(row_cases));
    tcase_add_test(c, test_told_delimiter);
    tcase_add_loop_test(c, test_json, 0, COUNT(json_cases));
    tcase_add_test(c, test_json_utf16);
    tcase_add_test(c, test_json_long);
    tcase_add_test(c, test_json_columns);
    tcase_add_loop_test(c, test_encoding, 0, COUNT(encoding_cases));
    tcase_add_loop_test(c, test_refused, 0, COUNT(refused_cases));
    tcase_add_test(c, test_borders);
    tcase_add_loop_test(c, test_valid_as_both, 0, COUNT(both_cases));
    tcase_add_test(c, test_last_byte_decides);
    tcase_add_test(c, test_beginning_counts);
    tcase_add_test(c, test_long_cell);
    tcase_add_test(c, test_long_cell_cut);
    tcase_add_loop_test(c, test_long_line_border, 0, 20);
    tcase_add_test(c, test_longest_cell);
    tcase_add_test(c, test_cells);
    tcase_add_test(c, test_endless_line);
    tcase_add_test(c, test_endless_quote);
    tcase_add_loop_test(c, test_any_bytes, 0, 10);
    tcase_add_loop_test(c, test_back, 0, 10);
    tcase_add_test(c, test_no_file);
    tcase_add_test(c, test_digest);
    tcase_add_test(c, test_changed_meanwhile);
    tcase_add_test(c, test_encoding_names);
    tcase_add_loop_test(c, test_field, 0, COUNT(field_cases));
    tcase_add_test(c, test_field_back);
    tcase_add_test(c, test_field_full);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
