/*
 * civil: the civil calendar and wall-clock arithmetic. Pure: no clock, no time zone database.
 *
 * A civil date is a day number: days since 1970-01-01 in the proleptic Gregorian calendar.
 * An instant is int64_t UTC milliseconds. A zone is an offset in minutes (+480 for China, which has
 * had no daylight saving since 1991).
 */
#ifndef ZHANCHI_CIVIL_H
#define ZHANCHI_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIVIL_NONE INT32_MIN /* "no such day": open end, missing value */

struct civil {
    int year, month, day;
};

bool civil_valid(int year, int month, int day); /* years 1..9999 */
int32_t civil_day(int year, int month, int day);
struct civil civil_of(int32_t day);

/* The same day n months later; where that month is shorter, its last day (2024-02-29 + 12 months =
 * 2025-02-28). n may be negative. */
int32_t civil_add_months(int32_t day, int n);

/* Dates as lists carry them: 2018-04-22, 2018/4/22, 2018.4.22, 20180422, 2018年4月22日, with blanks
 * around. 0 or -1. Excel serials are the caller's business (civil_of_excel). */
int civil_parse(const char *s, size_t len, int32_t *day);
int32_t civil_of_excel(int serial); /* 1900 system, CIVIL_NONE outside 1900-03-01..9999-12-31 */
/* "2026-03-01" into out[11]; "" for CIVIL_NONE. Returns out. */
char *civil_format(int32_t day, char out[11]);

/* Wall clock. */
int32_t civil_local_day(int64_t at_ms, int zone_min);
int civil_local_minute(int64_t at_ms, int zone_min); /* 0..1439 */
int64_t civil_at_ms(int32_t day, int minute, int zone_min);

/* ISO 8601 instants: 2026-11-23T10:15[:00[.123]][Z|+08:00]; a date alone means its first minute;
 * blanks may stand for the T; without an offset `zone_min` counts. 0 or -1. */
int civil_parse_instant(const char *s, int zone_min, int64_t *at_ms);
/* "2026-11-23T10:15:00+08:00" into out[32]. Returns out. */
char *civil_format_instant(int64_t at_ms, int zone_min, char out[32]);
/* "09:00" -> 540; "24:00" -> 1440. 0 or -1. */
int civil_parse_minute(const char *s, int *minute);
/* "+08:00" -> 480. 0 or -1. */
int civil_parse_zone(const char *s, int *zone_min);

#endif
