/*
 * base: buffers and their limits, arenas, errors, log lines, nearest words, failpoints.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/arena.h"
#include "zhanchi/buf.h"
#include "zhanchi/clock.h"
#include "zhanchi/err.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"
#include "zhanchi/nearest.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- buf ---- */

START_TEST(buf_grows_to_its_maximum)
{
    struct buf b;

    buf_init(&b, 1000);
    ck_assert_str_eq(buf_cstr(&b), "");
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(buf_addc(&b, (char)('a' + i % 26)), 0);
        ck_assert_uint_eq(b.len, (size_t)i + 1);
        ck_assert_int_eq(b.data[b.len], '\0');
    }
    ck_assert(!b.failed);
    ck_assert_int_eq(buf_addc(&b, '!'), -1);
    ck_assert(b.failed);
    ck_assert_uint_eq(b.len, 1000);
    ck_assert_int_eq(b.data[999], 'a' + 999 % 26);
    buf_fini(&b);
    ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buf_past_the_maximum_adds_nothing)
{
    struct buf b;

    buf_init(&b, 5);
    ck_assert_int_eq(buf_adds(&b, "abc"), 0);
    ck_assert_int_eq(buf_adds(&b, "def"), -1);
    ck_assert_str_eq(buf_cstr(&b), "abc");
    ck_assert_int_eq(buf_addc(&b, 'd'),
                     -1); /* stays failed, so that one check at the end is enough */
    ck_assert_int_eq(buf_addf(&b, "%d", 1), -1);
    ck_assert_ptr_null(buf_reserve(&b, 0));
    buf_reset(&b);
    ck_assert_int_eq(buf_adds(&b, "12345"), 0);
    ck_assert_int_eq(buf_add(&b, "", 0), 0);
    ck_assert_str_eq(buf_cstr(&b), "12345");
    buf_fini(&b);
}
END_TEST

START_TEST(buf_limits_do_not_overflow)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    ck_assert_int_eq(buf_adds(&b, "abc"), 0);
    ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
    buf_reset(&b);
    ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX - 1));
    buf_reset(&b);
    ck_assert_int_eq(buf_adds(&b, "de"), 0);
    ck_assert_str_eq(buf_cstr(&b), "de");
    buf_fini(&b);
    buf_init(&b, 0);
    ck_assert_int_eq(buf_adds(&b, ""), 0);
    ck_assert_int_eq(buf_addc(&b, 'x'), -1);
    buf_fini(&b);
}
END_TEST

START_TEST(buf_formats)
{
    struct buf b;

    buf_init(&b, 4096);
    ck_assert_int_eq(buf_addf(&b, "%s-%05d", "x", 42), 0);
    ck_assert_int_eq(buf_addf(&b, "%*s", 2000, ""), 0);
    ck_assert_uint_eq(b.len, 2007);
    ck_assert_int_eq(strncmp(b.data, "x-00042 ", 8), 0);
    ck_assert_int_eq(b.data[2007], '\0');
    buf_fini(&b);
}
END_TEST

START_TEST(buf_reserves)
{
    struct buf b;

    buf_init(&b, 100);
    char *at = buf_reserve(&b, 10);
    ck_assert_ptr_nonnull(at);
    ck_assert_str_eq(buf_cstr(&b), ""); /* reserved is not added */
    memcpy(at, "hello", 6);
    b.len += 5;
    ck_assert_str_eq(buf_cstr(&b), "hello");
    ck_assert_ptr_null(buf_reserve(&b, 96));
    buf_fini(&b);
}
END_TEST

START_TEST(buf_is_taken)
{
    struct buf b;
    size_t len;

    buf_init(&b, 100);
    char *data = buf_take(&b, &len);
    ck_assert_uint_eq(len, 0);
    ck_assert_str_eq(data, "");
    free(data);
    buf_add(&b, "a\0b", 3);
    data = buf_take(&b, &len);
    ck_assert_uint_eq(len, 3);
    ck_assert_mem_eq(data, "a\0b", 4);
    free(data);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.max, 100);
    buf_adds(&b, "again");
    ck_assert_str_eq(buf_cstr(&b), "again");
    buf_fini(&b);
}
END_TEST

/* ---- arena ---- */

START_TEST(arena_gives_aligned_zeros)
{
    struct arena *a = arena_new(1000);

    for (size_t n = 0; n < 700; n++) {
        unsigned char *p = arena_alloc(a, n);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xA5, n);
    }
    arena_free(a);
    arena_free(NULL);
}
END_TEST

START_TEST(arena_pieces_do_not_overlap)
{
    struct arena *a = arena_new(256);
    char *pieces[500];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) {
            pieces[i] = arena_alloc(a, (size_t)(i * 7 % 400) + 1);
            memset(pieces[i], i % 100, (size_t)(i * 7 % 400) + 1);
        }
        for (int i = 0; i < 500; i++)
            for (int k = 0; k < i * 7 % 400 + 1; k++)
                ck_assert_int_eq(pieces[i][k], i % 100);
        arena_reset(a);
    }
    arena_alloc(a, 1 << 20); /* larger than a chunk */
    arena_reset(a);
    ck_assert_ptr_nonnull(arena_alloc(a, 1));
    arena_free(a);
}
END_TEST

START_TEST(arena_copies)
{
    struct arena *a = arena_new(256);
    char *p = arena_memdup(a, "ab\0cd", 5);

    ck_assert_mem_eq(p, "ab\0cd", 6);
    ck_assert_str_eq(arena_strdup(a, "\xE5\xB1\x95\xE7\xBF\x85"), "\xE5\xB1\x95\xE7\xBF\x85");
    ck_assert_str_eq(arena_memdup(a, NULL, 0), "");
    arena_free(a);
}
END_TEST

START_TEST(arena_refuses_the_impossible)
{
    arena_alloc(arena_new(256), SIZE_MAX - 8);
}
END_TEST

/* ---- err ---- */

START_TEST(err_says_what_and_remedy)
{
    struct err e = {0};

    ck_assert_int_eq(err_set(&e, ERR_DATA, "do this", "line %d", 7), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    ck_assert_str_eq(e.what, "line 7");
    ck_assert_str_eq(e.remedy, "do this");
    ck_assert_int_eq(err_prefix(&e, "file %s", "x.csv"), -1);
    ck_assert_str_eq(e.what, "file x.csv: line 7");
    ck_assert_str_eq(e.remedy, "do this");
    ck_assert_int_eq(e.kind, ERR_DATA);
    err_set(&e, ERR_IO, NULL, "short");
    ck_assert_str_eq(e.remedy, "");
    errno = ENOENT;
    ck_assert_int_eq(err_errno(&e, ERR_NOINPUT, NULL, "cannot open %s", "x"), -1);
    ck_assert_str_eq(e.what, "cannot open x: No such file or directory");
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(err_too_long_is_cut)
{
    char text[2000];
    struct err e;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, ERR_DATA, text, "%s", text);
    ck_assert_uint_eq(strlen(e.what), sizeof e.what - 1);
    ck_assert_uint_eq(strlen(e.remedy), sizeof e.remedy - 1);
    errno = EACCES;
    err_errno(&e, ERR_IO, NULL, "%s", text);
    ck_assert_uint_eq(strlen(e.what), sizeof e.what - 1);
    err_prefix(&e, "front");
    ck_assert_int_eq(strncmp(e.what, "front: xxx", 10), 0);
    ck_assert_uint_eq(strlen(e.what), sizeof e.what - 1);
    err_prefix(&e, "%s", text);
    ck_assert_uint_eq(strlen(e.what), sizeof e.what - 1);
}
END_TEST

START_TEST(panic_aborts)
{
    panic("on purpose: %d", 1);
}
END_TEST

/* ---- log ---- */

/* What `write_lines` puts on standard error; free() it. */
static char *logged(void (*write_lines)(void))
{
    char path[] = "/tmp/zhanchi-test-XXXXXX", *text = calloc(1, 8192);
    int fd = mkstemp(path), saved = dup(STDERR_FILENO);

    ck_assert_int_ge(fd, 0);
    unlink(path);
    dup2(fd, STDERR_FILENO);
    write_lines();
    dup2(saved, STDERR_FILENO);
    close(saved);
    ck_assert_int_ge(pread(fd, text, 8191, 0), 0);
    close(fd);
    return text;
}

static void two_lines(void)
{
    log_warn("dispatch", "lane %s holds\nforged \x1b[31m line", "12333");
    log_debug("dispatch", "unseen");
    log_error("serve", "%d", 7);
}

START_TEST(log_lines)
{
    setenv("TZ", "CST-8", 1);
    tzset();
    char *text = logged(two_lines), *second = strchr(text, '\n') + 1;

    ck_assert_uint_eq(strspn(text, "0123456789-T:+"), 25);
    ck_assert_int_eq(strncmp(text + 19,
                             "+08:00 warn dispatch: lane 12333 holds?forged ?[31m line\n",
                             strlen("+08:00 warn dispatch: lane 12333 holds?forged ?[31m line\n")),
                     0);
    ck_assert_str_eq(second + 19, "+08:00 error serve: 7\n");
    free(text);
}
END_TEST

static void long_line(void)
{
    char text[5000];

    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info("x", "%s", text);
}

START_TEST(log_cuts_long_lines)
{
    char *text = logged(long_line);

    ck_assert_uint_eq(strlen(text), 2047);
    ck_assert_int_eq(text[2046], '\n');
    free(text);
}
END_TEST

static void one_of_each(void)
{
    log_debug("a", "1");
    log_info("a", "2");
    log_warn("a", "3");
    log_error("a", "4");
}

START_TEST(log_levels)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    enum log_level level;

    for (int i = 0; i < 4; i++) {
        int lines = 0;
        ck_assert_int_eq(log_parse_level(names[i], &level), 0);
        log_set_level(level);
        char *text = logged(one_of_each);
        for (char *p = text; *p != '\0'; p++)
            lines += *p == '\n';
        ck_assert_int_eq(lines, 4 - i);
        free(text);
    }
    ck_assert_int_eq(log_parse_level("WARN", &level), -1);
}
END_TEST

/* ---- nearest ---- */

START_TEST(nearest_word)
{
    static const char *const words[] = {"campaign", "dispatch", "doctor", "list", "ls", NULL};
    static const struct {
        const char *given, *near;
    } cases[] = {
        {"campaing", "campaign"},
        {"Campaign", "campaign"},
        {"dipatch", "dispatch"},
        {"dispatchh", "dispatch"},
        {"lsit", "list"},
        {"sl", "ls"},
        {"l", "ls"},
        {"docotr", "doctor"},
        {"docx", NULL},
        {"xyz", NULL},
        {"", NULL},
        {"send", NULL},
    };

    for (int i = 0; i < COUNT(cases); i++) {
        const char *near = nearest(cases[i].given, words);
        if (cases[i].near == NULL)
            ck_assert_msg(near == NULL, "%s -> %s", cases[i].given, near);
        else
            ck_assert_msg(near != NULL && strcmp(near, cases[i].near) == 0, "%s -> %s",
                          cases[i].given, near != NULL ? near : "(none)");
    }
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert_ptr_null(nearest(longer, words));
}
END_TEST

/* ---- clock ---- */

START_TEST(clocks)
{
    int64_t mono = clock_mono_us(), now = clock_now_ms();

    ck_assert_int_le(llabs(now - (int64_t)time(NULL) * 1000), 2000);
    ck_assert_int_ge(clock_mono_us(), mono);
}
END_TEST

/* ---- failpoints: compiled into test builds only ---- */

#ifdef ZHANCHI_FAILPOINTS
static int passes(const char *setting, int times)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        setenv("ZHANCHI_FAILPOINT", setting, 1);
        for (int i = 0; i < times; i++) {
            failpoint("other");
            failpoint("here");
            failpoint("here_too");
        }
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(failpoint_kills_at_the_nth)
{
    ck_assert_int_eq(passes("here:3", 2), 0);
    ck_assert_int_eq(passes("here:3", 3), SIGKILL);
    ck_assert_int_eq(passes("here", 1), SIGKILL);
    ck_assert_int_eq(passes("her:1", 9), 0);
    ck_assert_int_eq(passes("hereabouts:1", 9), 0);
    ck_assert_int_eq(passes("", 9), 0);
}
END_TEST

START_TEST(sabotage_by_name)
{
    ck_assert(!sabotage("x"));
    setenv("ZHANCHI_SABOTAGE", "x", 1);
    ck_assert(sabotage("x"));
    ck_assert(!sabotage("xy"));
}
END_TEST
#endif

static TCase *memory_tests(void)
{
    TCase *t = tcase_create("memory");

    tcase_add_test(t, buf_grows_to_its_maximum);
    tcase_add_test(t, buf_past_the_maximum_adds_nothing);
    tcase_add_test(t, buf_limits_do_not_overflow);
    tcase_add_test(t, buf_formats);
    tcase_add_test(t, buf_reserves);
    tcase_add_test(t, buf_is_taken);
    tcase_add_test(t, arena_gives_aligned_zeros);
    tcase_add_test(t, arena_pieces_do_not_overlap);
    tcase_add_test(t, arena_copies);
    tcase_add_test_raise_signal(t, arena_refuses_the_impossible, SIGABRT);
    return t;
}

static TCase *message_tests(void)
{
    TCase *t = tcase_create("errors and logs");

    tcase_add_test(t, err_says_what_and_remedy);
    tcase_add_test(t, err_too_long_is_cut);
    tcase_add_test_raise_signal(t, panic_aborts, SIGABRT);
    tcase_add_test(t, log_lines);
    tcase_add_test(t, log_cuts_long_lines);
    tcase_add_test(t, log_levels);
    tcase_add_test(t, nearest_word);
    tcase_add_test(t, clocks);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_test(t, failpoint_kills_at_the_nth);
    tcase_add_test(t, sabotage_by_name);
#endif
    return t;
}

int main(void)
{
    Suite *suite = suite_create("base");

    suite_add_tcase(suite, memory_tests());
    suite_add_tcase(suite, message_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
