/*
 * fsio: see fsio.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"

int fs_read_file(const char *path, struct buf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = 0;

    if (fd < 0)
        return err_errno(e, ERR_NOINPUT, "check the path and its permissions", "cannot open %s",
                         path);
    for (;;) {
        char block[65536];
        ssize_t n = read(fd, block, sizeof block);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = err_errno(e, ERR_NOINPUT, NULL, "cannot read %s", path);
            break;
        }
        if (buf_add(out, block, (size_t)n) != 0) {
            rc = err_set(e, ERR_DATA, NULL, "%s is longer than %zu bytes", path, out->max);
            break;
        }
    }
    close(fd);
    return rc;
}

int fs_sync(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = 0;

    if (fd < 0 || fsync(fd) != 0)
        rc = err_errno(e, ERR_IO, "check the disk", "cannot make %s durable", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Makes a rename in the file's folder durable. */
static int sync_folder_of(const char *path, struct err *e)
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof copy, "%s", path);
    return fs_sync(dirname(copy), e);
}

static const char write_remedy[] = "check the disk's space and the folder's permissions";

/* /dev/stdout, or the log that our output goes into: a file of that name would put an end to it. */
static bool is_output(const struct stat *st)
{
    struct stat out;

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &out) == 0 && out.st_dev == st->st_dev && out.st_ino == st->st_ino)
            return true;
    return false;
}

/* Where the file really stands: a link stays a link, and no device, pipe or folder gives its name to
 * a file. */
static int find_place(const char *path, char place[PATH_MAX], struct err *e)
{
    struct stat st;
    int n = snprintf(place, PATH_MAX, "%s", path);

    if (n < 0 || n >= PATH_MAX)
        return err_set(e, ERR_CANTCREAT, "use a shorter path", "the path is too long: %s", path);
    if (stat(path, &st) != 0)
        return 0;
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_CANTCREAT, "name a file that may be made or replaced",
                       "%s is not a regular file", path);
    if (is_output(&st))
        return err_set(e, ERR_CANTCREAT, "name a file of its own",
                       "%s is where messages and output go already", path);
    char *real = realpath(path, NULL);
    if (real)
        snprintf(place, PATH_MAX, "%s", real);
    free(real);
    return 0;
}

int fs_draft_begin(struct fs_draft *d, const char *path, mode_t mode, struct err *e)
{
    if (find_place(path, d->path, e) != 0)
        return -1;
    int n = snprintf(d->tmp, sizeof d->tmp, "%s.XXXXXX", d->path);
    if (n < 0 || (size_t)n >= sizeof d->tmp)
        return err_set(e, ERR_CANTCREAT, "use a shorter path", "the path is too long: %s", path);
    int fd = mkostemp(d->tmp, O_CLOEXEC);
    d->file = fd >= 0 && fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
    if (d->file != NULL)
        return 0;
    err_errno(e, ERR_CANTCREAT, write_remedy, "cannot create %s", path);
    if (fd >= 0) {
        close(fd);
        unlink(d->tmp);
    }
    return -1;
}

int fs_draft_put(struct fs_draft *d, const void *data, size_t len, struct err *e)
{
    if (len == 0 || fwrite(data, 1, len, d->file) == len)
        return 0;
    return err_errno(e, ERR_IO, write_remedy, "cannot write %s", d->path);
}

int fs_draft_end(struct fs_draft *d, int rc, struct err *e)
{
    if (rc == 0 && (fflush(d->file) != 0 || fsync(fileno(d->file)) != 0))
        rc = err_errno(e, ERR_IO, write_remedy, "cannot write %s", d->path);
    if (fclose(d->file) != 0 && rc == 0)
        rc = err_errno(e, ERR_IO, write_remedy, "cannot write %s", d->path);
    if (rc == 0 && rename(d->tmp, d->path) != 0)
        rc = err_errno(e, ERR_CANTCREAT, write_remedy, "cannot create %s", d->path);
    if (rc != 0) {
        unlink(d->tmp);
        return rc;
    }
    return sync_folder_of(d->path, e);
}

int fs_write_atomic(const char *path, mode_t mode, const void *data, size_t len, struct err *e)
{
    struct fs_draft d;

    if (fs_draft_begin(&d, path, mode, e) != 0)
        return -1;
    return fs_draft_end(&d, fs_draft_put(&d, data, len, e), e);
}

int fs_lock(const char *path, int *fd, struct err *e)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_errno(e, ERR_CANTCREAT, "check the folder's permissions", "cannot open %s",
                         path);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int busy = errno == EWOULDBLOCK;
    if (!busy)
        err_errno(e, ERR_OS, NULL, "cannot lock %s", path);
    close(*fd);
    *fd = -1;
    return busy ? 1 : -1;
}

int fs_map_shared(const char *path, size_t size, void **map, struct err *e)
{
    static const char remedy[] = "check the disk's space and the folder's permissions";
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;

    if (fd < 0)
        return err_errno(e, ERR_CANTCREAT, remedy, "cannot open %s", path);
    if (fstat(fd, &st) != 0) {
        err_errno(e, ERR_IO, NULL, "cannot look at %s", path);
        close(fd);
        return -1;
    }
    /* Blocks are taken now: a full disk must be an error here and no SIGBUS later. */
    if ((size_t)st.st_size < size && (errno = posix_fallocate(fd, 0, (off_t)size)) != 0) {
        err_errno(e, ERR_IO, remedy, "cannot grow %s", path);
        close(fd);
        return -1;
    }
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return err_errno(e, ERR_OS, NULL, "cannot map %s", path);
    *map = p;
    return 0;
}

void fs_unmap(void *map, size_t size)
{
    if (map != NULL)
        munmap(map, size);
}

int fs_boot_id(char out[37])
{
    out[0] = '\0';
    int fd = open(sabotage("no-boot-id") ? "/nonexistent" : "/proc/sys/kernel/random/boot_id",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    bool whole = read(fd, out, 36) == 36;
    out[whole ? 36 : 0] = '\0';
    close(fd);
    return whole ? 0 : -1;
}

bool fs_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int fs_join(const char *dir, const char *name, char *out, size_t cap, struct err *e)
{
    int n =
        name[0] == '/' ? snprintf(out, cap, "%s", name) : snprintf(out, cap, "%s/%s", dir, name);

    if (n < 0 || (size_t)n >= cap)
        return err_set(e, ERR_CONFIG, "use a shorter path", "the path is too long: %s/%s", dir,
                       name);
    return 0;
}
