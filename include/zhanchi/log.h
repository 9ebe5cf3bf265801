/*
 * log: one failure, one line, on standard error (or where a daemon's standard error goes).
 *
 * Only jobs (L3) and commands (L4) log. Lines look like
 *   2026-11-23T10:15:00+08:00 warn dispatch: lane 12333 holds until 10:15:30: flow control
 * and never carry personal data.
 */
#ifndef ZHANCHI_LOG_H
#define ZHANCHI_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* The log level is the one mutable global of the program (beside its signal flag). */
void log_set_level(enum log_level level);
int log_parse_level(const char *name, enum log_level *out); /* 0 or -1 */
void log_msg(enum log_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(area, ...) log_msg(LOG_DEBUG, area, __VA_ARGS__)
#define log_info(area, ...) log_msg(LOG_INFO, area, __VA_ARGS__)
#define log_warn(area, ...) log_msg(LOG_WARN, area, __VA_ARGS__)
#define log_error(area, ...) log_msg(LOG_ERROR, area, __VA_ARGS__)

#endif
