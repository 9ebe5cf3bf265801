/*
 * jobs: the lock under which lists are loaded and waves frozen. Both leave half-done rows when they
 * are killed, and only who holds the lock may take them for left over (store_sweep). The kernel
 * drops it with the process, however that ends. Callers: intake, campaign.
 */
#include <stdio.h>
#include "zhanchi/fsio.h"
#include "internal.h"

int store_lock_jobs(struct store *s, int *fd, struct err *e)
{
    char path[STORE_PATH_MAX + 8];

    snprintf(path, sizeof path, "%s.jobs", s->path);
    int rc = fs_lock(path, fd, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "wait until it has ended, then run the same command again",
                       "another import or submit is at work on %s", s->path);
    return rc;
}
