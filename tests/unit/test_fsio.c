/*
 * fsio: whole files, the old or the new one, locks between processes, maps that survive SIGKILL.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "zhanchi/fsio.h"
#include "scratch.h"

static struct scratch dir;

static void begin(void)
{
    scratch_init(&dir);
}

static void end(void)
{
    scratch_fini(&dir);
}

static int files(void)
{
    DIR *d = opendir(dir.dir);
    int n = 0;

    for (struct dirent *f; (f = readdir(d)) != NULL;)
        n += f->d_name[0] != '.';
    closedir(d);
    return n;
}

static void expect_content(const char *path, const char *content)
{
    struct buf b;
    struct err e;

    buf_init(&b, 1 << 20);
    ck_assert_int_eq(fs_read_file(path, &b, &e), 0);
    ck_assert_str_eq(buf_cstr(&b), content);
    buf_fini(&b);
}

/* ---- reading ---- */

START_TEST(read_appends)
{
    struct buf b;
    struct err e;

    buf_init(&b, 10);
    buf_adds(&b, "ab");
    ck_assert_int_eq(fs_read_file(scratch_write(&dir, "x", "12345678", 8), &b, &e), 0);
    ck_assert_str_eq(buf_cstr(&b), "ab12345678");
    buf_reset(&b);
    ck_assert_int_eq(fs_read_file(scratch_write(&dir, "x", "12345678901", 11), &b, &e), -1);
    ck_assert_int_eq(e.kind, ERR_DATA);
    buf_reset(&b);
    ck_assert_int_eq(fs_read_file(scratch_write(&dir, "x", "", 0), &b, &e), 0);
    ck_assert_uint_eq(b.len, 0);
    buf_fini(&b);
}
END_TEST

START_TEST(read_long_file)
{
    size_t len = 300001;
    char *data = malloc(len);
    struct buf b;
    struct err e;

    for (size_t i = 0; i < len; i++)
        data[i] = (char)(i * 31);
    buf_init(&b, len);
    ck_assert_int_eq(fs_read_file(scratch_write(&dir, "x", data, len), &b, &e), 0);
    ck_assert_uint_eq(b.len, len);
    ck_assert_mem_eq(b.data, data, len);
    buf_fini(&b);
    free(data);
}
END_TEST

START_TEST(read_what_is_not_there)
{
    struct buf b;
    struct err e;

    buf_init(&b, 100);
    ck_assert_int_eq(fs_read_file(scratch_path(&dir, "none"), &b, &e), -1);
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    ck_assert_ptr_nonnull(strstr(e.what, dir.path));
    ck_assert_int_eq(fs_read_file(dir.dir, &b, &e), -1);
    ck_assert_int_eq(e.kind, ERR_NOINPUT);
    buf_fini(&b);
}
END_TEST

/* ---- writing ---- */

START_TEST(write_replaces)
{
    struct stat st;
    struct err e;
    const char *path = scratch_path(&dir, "x");

    umask(0022);
    ck_assert_int_eq(fs_write_atomic(path, 0600, "old", 3, &e), 0);
    expect_content(path, "old");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ino_t inode = st.st_ino;
    ck_assert_int_eq(fs_write_atomic(path, 0666, "newer", 5, &e), 0);
    expect_content(path, "newer");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0666); /* what was asked for, whatever the umask */
    ck_assert(st.st_ino != inode); /* another file took its name: never a half-written one */
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(write_that_fails_keeps_the_old)
{
    char block[65536];
    struct err e;
    const char *path = scratch_write(&dir, "x", "old", 3);
    struct rlimit limit = {4096, 4096};

    memset(block, 'x', sizeof block);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0); /* as good as a full disk */
    ck_assert_int_eq(fs_write_atomic(path, 0600, block, sizeof block, &e), -1);
    ck_assert_int_eq(e.kind, ERR_IO);
    ck_assert_str_ne(e.remedy, "");
    expect_content(path, "old");
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(write_where_it_cannot)
{
    struct err e;

    ck_assert_int_eq(fs_write_atomic(scratch_path(&dir, "no/such"), 0600, "x", 1, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
    ck_assert_int_eq(fs_write_atomic(dir.dir, 0600, "x", 1, &e), -1); /* a folder has the name */
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
    char longer[5000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(fs_write_atomic(longer, 0600, "x", 1, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
}
END_TEST

/* `--output /dev/full` or a pipe, by somebody who may do anything in their folder. */
START_TEST(write_replaces_files_alone)
{
    struct err e;
    struct stat st;
    const char *pipe = scratch_path(&dir, "pipe");

    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(fs_write_atomic(pipe, 0600, "x", 1, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
    ck_assert_ptr_nonnull(strstr(e.what, "is not a regular file"));
    ck_assert_str_ne(e.remedy, "");
    ck_assert_int_eq(lstat(pipe, &st), 0);
    ck_assert(S_ISFIFO(st.st_mode));
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(write_spares_standard_output)
{
    struct err e;
    const char *path = scratch_write(&dir, "log", "begun\n", 6);

    ck_assert_ptr_nonnull(freopen(path, "a", stdout));
    ck_assert_int_eq(fs_write_atomic("/dev/stdout", 0600, "x", 1, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
    ck_assert_int_eq(fs_write_atomic(path, 0600, "x", 1, &e), -1);
    expect_content(path, "begun\n");
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(write_follows_a_link)
{
    struct err e;
    struct stat st;
    char file[PATH_MAX];

    snprintf(file, sizeof file, "%s", scratch_write(&dir, "file", "old", 3));
    const char *link = scratch_path(&dir, "link");
    ck_assert_int_eq(symlink("file", link), 0);
    ck_assert_int_eq(fs_write_atomic(link, 0600, "new", 3, &e), 0);
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    expect_content(file, "new");
    ck_assert_int_eq(files(), 2);
}
END_TEST

/* A reader in another process sees the old or the new content, whenever it looks. */
START_TEST(write_is_seen_whole)
{
    struct err e;
    const char *path = scratch_write(&dir, "x", "a", 1);
    pid_t reader = fork();

    if (reader == 0) {
        for (int i = 0; i < 300; i++) {
            struct buf b;
            buf_init(&b, 1 << 20);
            if (fs_read_file(path, &b, &e) != 0 || b.len == 0)
                _exit(1);
            if (strspn(b.data, (char[]){b.data[0], '\0'}) != b.len ||
                (b.len != 1 && b.len != 100000))
                _exit(2);
            buf_fini(&b);
        }
        _exit(0);
    }
    char *block = malloc(100000);
    for (int i = 0; i < 40; i++) {
        memset(block, 'a' + i % 26, 100000);
        ck_assert_int_eq(fs_write_atomic(path, 0600, block, i % 2 ? 1 : 100000, &e), 0);
    }
    int status;
    waitpid(reader, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    free(block);
}
END_TEST

/* ---- locks ---- */

START_TEST(lock_between_processes)
{
    struct err e;
    struct stat st;
    int ready[2], go[2], fd, status;
    char c = 0;
    const char *path = scratch_path(&dir, "lock");

    ck_assert_int_eq(pipe(ready) | pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        c = (char)fs_lock(path, &fd, &e);
        if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
            _exit(1);
        raise(SIGKILL); /* the kernel unlocks, whatever becomes of the process */
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    ck_assert_int_eq(c, 0);
    ck_assert_int_eq(fs_lock(path, &fd, &e), 1);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    waitpid(child, &status, 0);
    ck_assert_int_eq(fs_lock(path, &fd, &e), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    int second;
    ck_assert_int_eq(fs_lock(path, &second, &e), 1); /* not twice in one process either */
    close(fd);
    ck_assert_int_eq(fs_lock(path, &second, &e), 0);
    close(second);
}
END_TEST

START_TEST(lock_where_it_cannot)
{
    struct err e;
    int fd;

    ck_assert_int_eq(fs_lock(scratch_path(&dir, "no/such"), &fd, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
}
END_TEST

/* ---- maps ---- */

START_TEST(map_survives_sigkill)
{
    struct err e;
    void *map;
    const char *path = scratch_path(&dir, "marks");
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (fs_map_shared(path, 8192, &map, &e) != 0)
            _exit(1);
        atomic_store((_Atomic int64_t *)map + 1000, 4711);
        raise(SIGKILL);
    }
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(fs_map_shared(path, 8192, &map, &e), 0);
    ck_assert_int_eq(((int64_t *)map)[1000], 4711);
    ck_assert_int_eq(((int64_t *)map)[999], 0);
    fs_unmap(map, 8192);
    fs_unmap(NULL, 8192);
}
END_TEST

START_TEST(map_grows_and_keeps)
{
    struct err e;
    struct stat st;
    void *map;
    const char *path = scratch_write(&dir, "marks", "kept", 4);

    ck_assert_int_eq(fs_map_shared(path, 5000, &map, &e), 0);
    ck_assert_mem_eq(map, "kept\0", 5);
    ((char *)map)[4999] = 'x';
    fs_unmap(map, 5000);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 5000);
    ck_assert_int_eq(fs_map_shared(path, 100, &map, &e), 0); /* never shrinks */
    fs_unmap(map, 100);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 5000);
}
END_TEST

START_TEST(map_on_a_full_disk)
{
    struct err e;
    void *map;
    struct rlimit limit = {4096, 4096};

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(fs_map_shared(scratch_path(&dir, "marks"), 65536, &map, &e), -1);
    ck_assert_int_eq(e.kind, ERR_IO); /* now, and no SIGBUS later */
    ck_assert_int_eq(fs_map_shared(scratch_path(&dir, "no/such"), 8, &map, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CANTCREAT);
}
END_TEST

/* ---- the rest ---- */

START_TEST(paths)
{
    struct err e;
    char out[16];

    ck_assert_int_eq(fs_join("/a/b", "c", out, sizeof out, &e), 0);
    ck_assert_str_eq(out, "/a/b/c");
    ck_assert_int_eq(fs_join("/a/b", "/c/d", out, sizeof out, &e), 0);
    ck_assert_str_eq(out, "/c/d");
    ck_assert_int_eq(fs_join("/a", "123456789012", out, sizeof out, &e), 0); /* 15 and a NUL */
    ck_assert_int_eq(fs_join("/a", "1234567890123", out, sizeof out, &e), -1);
    ck_assert_int_eq(e.kind, ERR_CONFIG);
    ck_assert(fs_exists(dir.dir));
    ck_assert(!fs_exists(scratch_path(&dir, "none")));
}
END_TEST

START_TEST(boot_id)
{
    char first[37], second[37];

    ck_assert_int_eq(fs_boot_id(first), 0);
    ck_assert_int_eq(fs_boot_id(second), 0);
    ck_assert_uint_eq(strlen(first), 36);
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(strspn(first, "0123456789abcdef-"), 36);
#ifdef ZHANCHI_FAILPOINTS
    setenv("ZHANCHI_SABOTAGE", "no-boot-id", 1);
    ck_assert_int_eq(fs_boot_id(first), -1);
    ck_assert_str_eq(first, "");
    unsetenv("ZHANCHI_SABOTAGE");
#endif
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fsio");
    TCase *t = tcase_create("fsio");

    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, read_appends);
    tcase_add_test(t, read_long_file);
    tcase_add_test(t, read_what_is_not_there);
    tcase_add_test(t, write_replaces);
    tcase_add_test(t, write_that_fails_keeps_the_old);
    tcase_add_test(t, write_where_it_cannot);
    tcase_add_test(t, write_replaces_files_alone);
    tcase_add_test(t, write_spares_standard_output);
    tcase_add_test(t, write_follows_a_link);
    tcase_add_test(t, write_is_seen_whole);
    tcase_add_test(t, lock_between_processes);
    tcase_add_test(t, lock_where_it_cannot);
    tcase_add_test(t, map_survives_sigkill);
    tcase_add_test(t, map_grows_and_keeps);
    tcase_add_test(t, map_on_a_full_disk);
    tcase_add_test(t, paths);
    tcase_add_test(t, boot_id);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
