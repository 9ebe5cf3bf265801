/*
 * failpoint: see failpoint.h. Only in test builds.
 */
#ifdef ZHANCHI_FAILPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/failpoint.h"

void failpoint(const char *name)
{
    static _Atomic long passed;
    const char *wanted = getenv("ZHANCHI_FAILPOINT");
    size_t len = strlen(name);

    if (wanted == NULL || strncmp(wanted, name, len) != 0 ||
        (wanted[len] != ':' && wanted[len] != '\0'))
        return;
    long n = wanted[len] == ':' ? strtol(wanted + len + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passed, 1) + 1 == n)
        raise(SIGKILL);
}

bool sabotage(const char *name)
{
    const char *wanted = getenv("ZHANCHI_SABOTAGE");

    return wanted != NULL && strcmp(wanted, name) == 0;
}
#else
typedef int failpoint_is_compiled_out; /* a translation unit must not be empty */
#endif
