/*
 * stats: proportions and their intervals. Pure. Checked against R 4.2.2 (relative 1e-9).
 */
#ifndef ZHANCHI_STATS_H
#define ZHANCHI_STATS_H

#include <stdint.h>

struct interval {
    double low, high;
};

double stats_normal_quantile(double p); /* 0 < p < 1 */
double stats_normal_cdf(double x);

/* Wilson score interval without continuity correction (Wilson 1927) of x successes in n trials; n =
 * 0 gives [0, 1]. level: 0.95. */
struct interval stats_wilson(int64_t x, int64_t n, double level);

/* Newcombe's hybrid score interval (method 10, Statistics in Medicine 1998) of x1/n1 - x2/n2. */
struct interval stats_newcombe(int64_t x1, int64_t n1, int64_t x2, int64_t n2, double level);

#endif
