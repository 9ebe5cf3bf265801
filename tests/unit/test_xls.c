/*
 * test_xls: old workbooks (.xls) that are made here record by record ([MS-XLS] in [MS-CFB]): results of formulas, which sheet is read, and what a damaged or
 * malicious file comes to. Files that LibreOffice wrote are read by tests/integration/tables.sh.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "confine.h"
#include "scratch.h"
#include "zhanchi/buf.h"
#include "zhanchi/table.h"

#define SECTOR 512

static struct scratch scratch;

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_fini(&scratch);
}

/* ---- records ---- */

static void little(struct buf *b, uint64_t v, int n)
{
    for (; n-- > 0; v >>= 8)
        buf_addc(b, (char)(v & 0xFF));
}

static void set32(struct buf *b, size_t at, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8)
        b->data[at + (size_t)i] = (char)(v & 0xFF);
}

static void head(struct buf *b, unsigned type, size_t len)
{
    little(b, type, 2);
    little(b, len, 2);
}

static void bof(struct buf *b, unsigned kind)
{
    head(b, 0x0809, 16);
    little(b, 0x0600, 2);
    little(b, kind, 2);
    little(b, 0, 12);
}

static void end(struct buf *b)
{
    head(b, 0x000A, 0);
}

static void place(struct buf *b, unsigned row, unsigned column)
{
    little(b, row, 2);
    little(b, column, 2);
    little(b, 0, 2);
}

static void label(struct buf *b, unsigned row, unsigned column, const char *ascii)
{
    head(b, 0x0204, 9 + strlen(ascii));
    place(b, row, column);
    little(b, strlen(ascii), 2);
    little(b, 0, 1);
    buf_adds(b, ascii);
}

static void number(struct buf *b, unsigned row, unsigned column, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    head(b, 0x0203, 14);
    place(b, row, column);
    little(b, bits, 8);
}

static void formula(struct buf *b, unsigned row, unsigned column, uint64_t result)
{
    head(b, 0x0006, 22);
    place(b, row, column);
    little(b, result, 8);
    little(b, 0, 8);
}

/* The result of a formula: 0 a string (which follows), 1 truth, 2 an error, 3 nothing. */
static uint64_t special(unsigned kind, unsigned value)
{
    return UINT64_C(0xFFFF) << 48 | (uint64_t)value << 16 | kind;
}

static uint64_t bits_of(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* ---- workbooks ---- */

struct sheet {
    const char *name;
    bool hidden;
    void (*rows)(struct buf *b);
    unsigned n_rows, n_columns;
};

/* The workbook's stream. */
static void records(const struct sheet *sheets, size_t n, struct buf *b)
{
    size_t offsets[8];

    bof(b, 5);
    head(b, 0x0042, 2);
    little(b, 1200, 2);
    for (size_t i = 0; i < n; i++) {
        head(b, 0x0085, 8 + strlen(sheets[i].name));
        offsets[i] = b->len;
        little(b, 0, 4);
        little(b, sheets[i].hidden, 1);
        little(b, 0, 1);
        little(b, strlen(sheets[i].name), 1);
        little(b, 0, 1);
        buf_adds(b, sheets[i].name);
    }
    end(b);
    for (size_t i = 0; i < n; i++) {
        set32(b, offsets[i], (uint32_t)b->len);
        bof(b, 0x10);
        head(b, 0x0200, 14);
        little(b, 0, 4);
        little(b, sheets[i].n_rows, 4);
        little(b, 0, 2);
        little(b, sheets[i].n_columns, 2);
        little(b, 0, 2);
        if (sheets[i].rows)
            sheets[i].rows(b);
        end(b);
    }
    while (b->len < 4096 || b->len % SECTOR != 0)
        buf_addc(b, '\0');
}

/* Header, one sector of the table of chains, one of the directory, the stream. */
static void container(const struct buf *stream, const char *name, struct buf *b)
{
    size_t n = stream->len / SECTOR;

    buf_add(b, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    little(b, 0, 16);
    little(b, 0x0003003E, 4);
    little(b, 0xFFFE, 2);
    little(b, 9, 2);
    little(b, 6, 2);
    little(b, 0, 10);
    little(b, 1, 4); /* sectors of the table */
    little(b, 1, 4); /* the directory */
    little(b, 0, 4);
    little(b, 4096, 4);
    little(b, 0xFFFFFFFE, 4); /* no short streams */
    little(b, 0, 4);
    little(b, 0xFFFFFFFE, 4);
    little(b, 0, 4);
    little(b, 0, 4);
    for (int i = 1; i < 109; i++)
        little(b, 0xFFFFFFFF, 4);
    little(b, 0xFFFFFFFD, 4);
    little(b, 0xFFFFFFFE, 4);
    for (size_t i = 2; i < SECTOR / 4; i++)
        little(b, i - 2 + 1 < n ? i + 1 : i - 2 + 1 == n ? 0xFFFFFFFE : 0xFFFFFFFF, 4);
    const char *const names[] = {"Root Entry", name, "", ""};
    for (size_t e = 0; e < 4; e++) {
        for (size_t i = 0; i < 32; i++)
            little(b, i < strlen(names[e]) ? (unsigned char)names[e][i] : 0, 2);
        little(b, names[e][0] ? 2 * strlen(names[e]) + 2 : 0, 2);
        little(b, e == 0 ? 5 : e == 1 ? 2 : 0, 1);
        little(b, 1, 1);
        little(b, 0xFFFFFFFF, 4);
        little(b, 0xFFFFFFFF, 4);
        little(b, e == 0 ? 1 : 0xFFFFFFFF, 4);
        little(b, 0, 36);
        little(b, e == 1 ? 2 : 0xFFFFFFFE, 4);
        little(b, e == 1 ? stream->len : 0, 8);
    }
    buf_add(b, stream->data, stream->len);
}

static void make(const struct sheet *sheets, size_t n, struct buf *file)
{
    struct buf stream;

    buf_init(&stream, 1 << 16);
    buf_init(file, 1 << 20);
    records(sheets, n, &stream);
    container(&stream, "Workbook", file);
    buf_fini(&stream);
}

static void expect(const struct buf *file, const char *sheet, const char *want)
{
    struct err e = {0};
    struct table_row row;
    struct buf got;
    int rc = -1;
    struct table *t = table_open(scratch_write(&scratch, "list.xls", file->data, file->len),
                                 &(struct table_opts){.sheet = sheet}, &e);

    buf_init(&got, 1 << 20);
    while (t && (rc = table_next(t, &row, &e)) == 1) {
        buf_addf(&got, "%s%lld:", got.len ? " " : "", (long long)row.line);
        for (size_t i = 0; i < row.n_cells; i++)
            buf_addf(&got, "%s%s", i ? "|" : "", row.cells[i].text);
    }
    ck_assert_msg(rc == 0, "%s", e.what);
    ck_assert_str_eq(buf_cstr(&got), want);
    ck_assert_int_eq(table_bytes_done(t), table_bytes(t));
    ck_assert_str_eq(table_form(t), "XLS");
    table_close(t);
    buf_fini(&got);
}

static void expect_refused(const struct buf *file, const char *what)
{
    struct err e = {0};
    struct table_row row;
    struct table *t = table_open(scratch_write(&scratch, "list.xls", file->data, file->len),
                                 &(struct table_opts){0}, &e);
    int rc = t ? 1 : -1;

    while (rc == 1)
        rc = table_next(t, &row, &e);
    table_close(t);
    ck_assert_msg(rc < 0, "was accepted: %s", what);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_msg(strstr(e.what, what) != NULL, "\"%s\" does not say \"%s\"", e.what, what);
    ck_assert_str_ne(e.remedy, "");
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}

/* ---- cells ---- */

static void plain_rows(struct buf *b)
{
    label(b, 0, 0, "name");
    number(b, 0, 1, 19900000001);
    number(b, 0, 2, 4.35);
    number(b, 0, 3, 1.1010519491231002e17);
    label(b, 4, 1, "x");
}

START_TEST(test_plain)
{
    const struct sheet one = {"a", false, plain_rows, 5, 5};
    struct buf file;

    make(&one, 1, &file);
    expect(&file, NULL, "1:name|19900000001|4.35|1.1010519491231E+17 5:|x");
    buf_fini(&file);
}
END_TEST

static void formula_rows(struct buf *b)
{
    label(b, 0, 0, "first");
    formula(b, 0, 1, bits_of(40));
    formula(b, 0, 2, special(0, 0));
    head(b, 0x0207, 3 + 3); /* one byte a character */
    little(b, 3, 2);
    little(b, 0, 1);
    buf_adds(b, "abc");
    formula(b, 0, 3, special(1, 1));
    formula(b, 0, 4, special(2, 0x2A));
    formula(b, 0, 5, special(3, 0));
    formula(b, 1, 0, special(0, 0));
    head(b, 0x04BC, 2); /* a shared formula stands between */
    little(b, 0, 2);
    head(b, 0x0207, 3 + 2); /* two bytes, continued with one */
    little(b, 3, 2);
    little(b, 1, 1);
    little(b, 0x5F20, 2);
    head(b, 0x003C, 1 + 2);
    little(b, 0, 1);
    buf_adds(b, "de");
    head(b, 0x0205, 8);
    place(b, 1, 1);
    little(b, 0, 2);
    head(b, 0x0205, 8);
    place(b, 1, 2);
    little(b, 0x0107, 2);            /* an error */
    formula(b, 1, 3, special(0, 0)); /* its string is missing */
    label(b, 1, 4, "last");
}

START_TEST(test_formulas)
{
    const struct sheet one = {"a", false, formula_rows, 2, 6};
    struct buf file;

    make(&one, 1, &file);
    expect(&file, NULL, "1:first|40|abc|TRUE|#N/A 2:张de|FALSE|#DIV/0!||last");
    buf_fini(&file);
}
END_TEST

START_TEST(test_sheets)
{
    const struct sheet several[] = {{"empty", false, NULL, 0, 0},
                                    {"hid", true, plain_rows, 5, 5},
                                    {"list", false, formula_rows, 2, 6}};
    const struct sheet two[] = {{"a", false, plain_rows, 5, 5}, {"b", false, plain_rows, 5, 5}};
    struct buf file;

    make(several, 3, &file);
    expect(&file, NULL, "1:first|40|abc|TRUE|#N/A 2:张de|FALSE|#DIV/0!||last");
    expect(&file, "hid", "1:name|19900000001|4.35|1.1010519491231E+17 5:|x");
    expect(&file, "1", "");
    buf_fini(&file);
    make(two, 2, &file);
    expect_refused(&file, "has 2 sheets with something in them: 1 a, 2 b");
    buf_fini(&file);
}
END_TEST

/* ---- refused ---- */

START_TEST(test_no_workbook)
{
    const struct sheet one = {"a", false, plain_rows, 5, 5};
    struct buf stream, file;

    buf_init(&stream, 1 << 16);
    buf_init(&file, 1 << 20);
    records(&one, 1, &stream);
    container(&stream, "WordDocument", &file);
    expect_refused(&file, "no workbook in it");
    buf_fini(&file);
    container(&stream, "EncryptedPackage", &file);
    expect_refused(&file, "protected by a password");
    buf_fini(&file);
    buf_fini(&stream);
}
END_TEST

/* Chains that run in circles or out of the file; a million rows in a few bytes: an end, and quickly. */
START_TEST(test_hostile)
{
    static const struct {
        size_t at;
        uint32_t value;
    } edits[] = {
        {SECTOR + 8, 2},                      /* the stream's first sector follows itself */
        {SECTOR + 8, 0x7FFFFFFF},             /* ... or leads out of the file */
        {SECTOR + 4, 1},                      /* the directory follows itself */
        {0x30, 0x7FFFFFFF},                   /* there is no directory */
        {0x44, 1},                            /* the table goes on in the directory */
        {0x4C, 0x00FFFFFF},                   /* the table is elsewhere */
        {0x1E, 0x0006000F},                   /* sectors of 32 KiB */
        {0x38, 0xFFFFFFFF},                   /* every stream is a short one */
        {2 * SECTOR + 128 + 120, 0x7FFFFFFF}, /* the stream says that it is 2 GiB long */
        {2 * SECTOR + 128 + 116, 0x00FFFFFF}, /* ... or begins outside */
    };
    const struct sheet one = {"a", false, plain_rows, 5, 5};
    const struct sheet vast = {"a", false, plain_rows, 0x7FFFFFFF, 0xFFFF};
    struct err e = {0};
    struct table_row row;
    struct buf file;

    make(&one, 1, &file);
    set32(&file, edits[_i].at, edits[_i].value);
    struct table *t = table_open(scratch_write(&scratch, "list.xls", file.data, file.len),
                                 &(struct table_opts){0}, &e);
    while (t && table_next(t, &row, &e) == 1)
        ck_assert_uint_le(row.n_cells, 5);
    ck_assert(t != NULL || e.kind == ERR_DATA);
    table_close(t);
    buf_fini(&file);
    make(&vast, 1, &file);
    t = table_open(scratch_write(&scratch, "list.xls", file.data, file.len),
                   &(struct table_opts){0}, &e);
    ck_assert(t != NULL || e.kind == ERR_DATA);
    table_close(t);
    buf_fini(&file);
}
END_TEST

/* Cut in what says something it is refused; behind that there are but zeros. */
START_TEST(test_truncated)
{
    const struct sheet one = {"a", false, plain_rows, 5, 5};
    struct buf file;

    make(&one, 1, &file);
    for (size_t n = 4; n < file.len; n += 61) {
        struct err e = {0};
        struct table_row row;
        struct table *t = table_open(scratch_write(&scratch, "cut.xls", file.data, n),
                                     &(struct table_opts){0}, &e);
        int rc = t ? 1 : -1;
        while (rc == 1)
            rc = table_next(t, &row, &e);
        ck_assert_msg(rc < 0 || n >= 4 * SECTOR, "%zu bytes were accepted", n);
        ck_assert(rc == 0 || (e.kind == ERR_DATA && e.remedy[0] != '\0'));
        table_close(t);
    }
    buf_fini(&file);
}
END_TEST

/* ---- the process that reads it ---- */

/* What was possible before, and is not any more; reading is. */
static int confined(const char *path)
{
    char byte;

    if (confine())
        return 77;
    if (open(path, O_WRONLY) >= 0 || errno != EPERM || open(path, O_RDONLY | O_TRUNC) >= 0)
        return 1;
    if (unlink(path) == 0 || rename(path, "/tmp/x") == 0 || truncate(path, 0) == 0)
        return 2;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 3;
    if (fork() >= 0 || kill(getppid(), 0) == 0)
        return 4;
    if (execl("/bin/false", "false", (char *)NULL) == 0 || errno != EPERM)
        return 5;
    int fd = open(path, O_RDONLY);
    return fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'a' ? 0 : 6;
}

START_TEST(test_confined)
{
    const char *path = scratch_write(&scratch, "file", "abc", 3);
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(confined(path));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("xls");
    TCase *c = tcase_create("xls");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, test_plain);
    tcase_add_test(c, test_formulas);
    tcase_add_test(c, test_sheets);
    tcase_add_test(c, test_no_workbook);
    tcase_add_loop_test(c, test_hostile, 0, 10);
    tcase_add_test(c, test_truncated);
    tcase_add_test(c, test_confined);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
