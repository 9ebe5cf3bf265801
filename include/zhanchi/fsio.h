/*
 * fsio: files as this program needs them: whole, atomic, locked, mapped.
 */
#ifndef ZHANCHI_FSIO_H
#define ZHANCHI_FSIO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include "zhanchi/buf.h"
#include "zhanchi/err.h"

/* Appends the whole file to *out; ERR_NOINPUT if it cannot be opened, ERR_DATA if it is longer
 * than out->max allows. */
int fs_read_file(const char *path, struct buf *out, struct err *e);

/* Writes a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the folder:
 * after a crash there is the old file or the new one. A link is followed; a device, a pipe, a
 * folder or what standard output goes into is ERR_CANTCREAT. */
int fs_write_atomic(const char *path, mode_t mode, const void *data, size_t len, struct err *e);

/* The same for what is too long for memory: begin, put as often as needed, then end (under its name,
 * or gone if `rc` is not 0; returns rc, or -1 and *e). After a begin that failed there is nothing to
 * end. */
struct fs_draft {
    FILE *file;
    char path[PATH_MAX], tmp[PATH_MAX];
};
int fs_draft_begin(struct fs_draft *d, const char *path, mode_t mode, struct err *e);
int fs_draft_put(struct fs_draft *d, const void *data, size_t len, struct err *e);
int fs_draft_end(struct fs_draft *d, int rc, struct err *e);

/* fsync of a file or a folder: a rename in that folder stays done. */
int fs_sync(const char *path, struct err *e);

/* Takes an exclusive kernel lock (flock) on `path`, creating it 0600. Returns 0 and the descriptor
 * (close it to unlock; it is close-on-exec), 1 if another process holds it, -1 on error. Does not
 * wait. */
int fs_lock(const char *path, int *fd, struct err *e);

/* Maps `size` bytes of `path` shared, creating and growing it (0600, zeros) if needed. What is
 * stored there survives SIGKILL of the process, but not a crash of the machine. */
int fs_map_shared(const char *path, size_t size, void **map, struct err *e);
void fs_unmap(void *map, size_t size);

/* The kernel's boot id, 36 characters and a NUL. -1 and "" where it cannot be read: then nobody
 * knows whether this is still the same boot. */
int fs_boot_id(char out[37]);

bool fs_exists(const char *path);
/* "dir" + "/" + "name" into out; an absolute name stands as it is. -1 (ERR_CONFIG) if too long. */
int fs_join(const char *dir, const char *name, char *out, size_t cap, struct err *e);

#endif
