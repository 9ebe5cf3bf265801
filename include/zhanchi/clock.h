/*
 * clock: the only place that asks what time it is. L1 takes time as an argument.
 */
#ifndef ZHANCHI_CLOCK_H
#define ZHANCHI_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);  /* UTC milliseconds since 1970 */
int64_t clock_mono_us(void); /* monotonic microseconds, for durations */

#endif
