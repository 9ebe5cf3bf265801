/*
 * log: see log.h. A line is one write(2), so that lines of several processes do not mix; control characters in it become '?', so that no
 * text from outside can forge a line. Time stamps are local time of the process (TZ) with its offset.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "zhanchi/log.h"

static _Atomic int threshold = LOG_INFO;

static const char *const names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

int log_parse_level(const char *name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum log_level)i;
            return 0;
        }
    return -1;
}

static size_t stamp(char *out, size_t cap)
{
    time_t now = time(NULL);
    struct tm tm;

    if (localtime_r(&now, &tm) == NULL)
        return 0;
    size_t n = strftime(out, cap, "%Y-%m-%dT%H:%M:%S%z", &tm);
    if (n < 5 || n + 2 > cap)
        return n;
    memmove(out + n - 1, out + n - 2, 3); /* +0800 -> +08:00 */
    out[n - 2] = ':';
    return n + 1;
}

void log_msg(enum log_level level, const char *area, const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    if ((int)level < atomic_load(&threshold))
        return;
    size_t n = stamp(line, sizeof line);
    int head = snprintf(line + n, sizeof line - n, " %s %.64s: ", names[level], area);
    n += head > 0 ? (size_t)head : 0;
    va_start(ap, fmt);
    int body = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    n += body > 0 ? (size_t)body : 0;
    if (n > sizeof line - 2)
        n = sizeof line - 2;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
            line[i] = '?';
    line[n++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, n);
    (void)ignored; /* there is nowhere left to complain */
}
