/*
 * failpoint: named instants at which a test build may die, and sabotage switches that prove that a
 * test can fail. Compiled to nothing unless ZHANCHI_FAILPOINTS is on (the debug and asan presets),
 * never in what is installed.
 *
 *   ZHANCHI_FAILPOINT=name:n   SIGKILL the process when failpoint("name") is passed the n-th time
 *   ZHANCHI_SABOTAGE=name      sabotage("name") answers true
 */
#ifndef ZHANCHI_FAILPOINT_H
#define ZHANCHI_FAILPOINT_H

#include <stdbool.h>

#ifdef ZHANCHI_FAILPOINTS
void failpoint(const char *name);
bool sabotage(const char *name);
#else
#define failpoint(name) ((void)0)
#define sabotage(name) false
#endif

#endif
