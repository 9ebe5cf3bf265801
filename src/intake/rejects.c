/*
 * rejects: the rejects file: what a person needs to repair the list, and nothing of a person in it that is not masked.
 *
 * CSV with a byte order mark, so that a spreadsheet opens it as UTF-8. It is written beside its place under a temporary name, 0600, and gets its
 * name when it is complete and on the disk: who finds it finds all of it. Called by import.c.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
#include "zhanchi/i18n.h"
#include "internal.h"

#define FLUSH_BYTES 65536

struct reject_file {
    const char *(*translate)(const char *);
    char path[PATH_MAX], tmp[PATH_MAX];
    int fd;
    struct buf out;
};

static int cannot_write(const struct reject_file *f, struct err *e)
{
    return err_errno(e, ERR_IO, "check the disk's space", "cannot write %s", f->path);
}

static int flush(struct reject_file *f, struct err *e)
{
    size_t done = 0;

    while (done < f->out.len) {
        ssize_t n = write(f->fd, f->out.data + done, f->out.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cannot_write(f, e);
        done += (size_t)n;
    }
    buf_reset(&f->out);
    return 0;
}

static void add_text(struct reject_file *f, const char *s, bool first)
{
    table_csv_field(&f->out, s, strlen(s), first);
}

static void add_head(struct reject_file *f)
{
    static const char *const titles[] = {N_("line"),  N_("column"), N_("header"),
                                         N_("value"), N_("reason"), N_("remedy")};

    buf_adds(&f->out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        add_text(f, f->translate(titles[i]), i == 0);
    buf_adds(&f->out, "\r\n");
}

static const char *as_it_is(const char *text)
{
    return text;
}

int rejects_open(const char *path, const char *(*translate)(const char *), struct reject_file **out,
                 struct err *e)
{
    *out = NULL;
    if (!path)
        return 0;
    struct reject_file *f = calloc(1, sizeof *f);
    if (!f)
        panic("out of memory");
    f->translate = translate ? translate : as_it_is;
    buf_init(&f->out, 4 * FLUSH_BYTES);
    int n = snprintf(f->path, sizeof f->path, "%s", path);
    int m = snprintf(f->tmp, sizeof f->tmp, "%s.XXXXXX", path);
    if (n >= PATH_MAX || m >= PATH_MAX) {
        free(f);
        return err_set(e, ERR_CANTCREAT, NULL, "the path of the rejects file is too long");
    }
    f->fd = mkostemp(f->tmp, O_CLOEXEC); /* 0600 */
    if (f->fd < 0) {
        free(f);
        return err_errno(e, ERR_CANTCREAT, "check the folder's permissions", "cannot create %s",
                         path);
    }
    add_head(f);
    *out = f;
    return 0;
}

int rejects_add(struct reject_file *f, const struct list_reject *r, struct err *e)
{
    char number[24];

    if (!f)
        return 0;
    snprintf(number, sizeof number, "%lld", (long long)r->line);
    add_text(f, number, true);
    snprintf(number, sizeof number, "%d", r->column);
    add_text(f, r->column > 0 ? number : "", false);
    add_text(f, r->header, false);
    add_text(f, r->masked, false);
    add_text(f, f->translate(intake_reason_text(r->reason)), false);
    add_text(f, f->translate(intake_reason_remedy(r->reason)), false);
    buf_adds(&f->out, "\r\n");
    if (f->out.failed)
        panic("a reject of more than %d bytes", 3 * FLUSH_BYTES);
    return f->out.len >= FLUSH_BYTES ? flush(f, e) : 0;
}

static int sync_folder(const struct reject_file *f, struct err *e)
{
    char copy[PATH_MAX];

    memcpy(copy, f->path, sizeof copy);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) ? cannot_write(f, e) : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

int rejects_finish(struct reject_file *f, struct err *e)
{
    if (!f)
        return 0;
    if (flush(f, e))
        return -1;
    if (fsync(f->fd) || rename(f->tmp, f->path))
        return cannot_write(f, e);
    f->tmp[0] = '\0';
    return sync_folder(f, e);
}

void rejects_close(struct reject_file *f)
{
    if (!f)
        return;
    close(f->fd);
    if (f->tmp[0] != '\0')
        unlink(f->tmp);
    buf_fini(&f->out);
    free(f);
}
