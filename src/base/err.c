/*
 * err: see err.h. Formatting only; nothing is allocated, so that "out of memory" can be told as well.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/err.h"

__attribute__((format(printf, 4, 0))) static void
set(struct err *e, enum err_kind kind, const char *remedy, const char *fmt, va_list ap)
{
    e->kind = kind;
    vsnprintf(e->what, sizeof e->what, fmt, ap);
    snprintf(e->remedy, sizeof e->remedy, "%s", remedy != NULL ? remedy : "");
}

int err_set(struct err *e, enum err_kind kind, const char *remedy, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set(e, kind, remedy, fmt, ap);
    va_end(ap);
    return -1;
}

int err_errno(struct err *e, enum err_kind kind, const char *remedy, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;

    va_start(ap, fmt);
    set(e, kind, remedy, fmt, ap);
    va_end(ap);
    size_t len = strlen(e->what);
    snprintf(e->what + len, sizeof e->what - len, ": %s", strerror(saved));
    errno = saved;
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    char old[sizeof e->what];
    va_list ap;

    memcpy(old, e->what, sizeof old);
    va_start(ap, fmt);
    vsnprintf(e->what, sizeof e->what, fmt, ap);
    va_end(ap);
    size_t len = strlen(e->what);
    snprintf(e->what + len, sizeof e->what - len, ": %s", old);
    return -1;
}

_Noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    fputs("zhanchi: panic: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}
