/*
 * progress: how a job tells a command how far it is. The command draws; the job knows nothing of
 * terminals.
 */
#ifndef ZHANCHI_PROGRESS_H
#define ZHANCHI_PROGRESS_H

#include <stdint.h>

struct progress {
    /* total 0 = unknown. Called often: the callee thins out. NULL fn = nobody looks. Return
     * non-zero to interrupt the job. */
    int (*fn)(void *ctx, int64_t done, int64_t total, const char *note);
    void *ctx;
};

#endif
