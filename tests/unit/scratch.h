/*
 * scratch: files for a test, in a folder that goes with it.
 */
#ifndef ZHANCHI_TESTS_SCRATCH_H
#define ZHANCHI_TESTS_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/err.h"

struct scratch {
    char dir[64];
    char path[384]; /* of the file named last */
};

static inline void scratch_init(struct scratch *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/zhanchi-test-XXXXXX");
    if (!mkdtemp(s->dir))
        panic("cannot make %s", s->dir);
}

static inline const char *scratch_path(struct scratch *s, const char *name)
{
    snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    return s->path;
}

static inline const char *scratch_write(struct scratch *s, const char *name, const void *data,
                                        size_t len)
{
    FILE *f = fopen(scratch_path(s, name), "wb");

    if (!f || fwrite(data, 1, len, f) != len || fclose(f))
        panic("cannot write %s", s->path);
    return s->path;
}

static inline void scratch_fini(struct scratch *s)
{
    DIR *d = opendir(s->dir);
    struct dirent *f;

    while (d && (f = readdir(d)))
        if (f->d_name[0] != '.')
            unlink(scratch_path(s, f->d_name));
    if (d)
        closedir(d);
    rmdir(s->dir);
}

#endif
