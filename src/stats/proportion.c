/*
 * proportion: Wilson's score interval and Newcombe's hybrid of two of them. No continuity correction.
 *
 * Both keep their level for small counts and for 0 and n, where the textbook interval (p +- z * se) collapses to a point: response rates of small regions are like
 * that. x is within 0..n; the caller has counted it.
 *
 * Called by measure and `zhanchi stats`.
 */
#include <math.h>
#include "zhanchi/stats.h"

struct interval stats_wilson(int64_t x, int64_t n, double level)
{
    if (n <= 0)
        return (struct interval){0.0, 1.0};
    double z = stats_normal_quantile(1.0 - (1.0 - level) / 2.0), z2 = z * z;
    double nn = (double)n, p = (double)x / nn;
    double middle = p + z2 / (2.0 * nn), scale = 1.0 + z2 / nn;
    double half = z * sqrt((p * (1.0 - p) + z2 / (4.0 * nn)) / nn);

    /* At the ends rounding must not leave [0, 1]. */
    return (struct interval){x == 0 ? 0.0 : fmax(0.0, (middle - half) / scale),
                             x == n ? 1.0 : fmin(1.0, (middle + half) / scale)};
}

struct interval stats_newcombe(int64_t x1, int64_t n1, int64_t x2, int64_t n2, double level)
{
    if (n1 <= 0 || n2 <= 0)
        return (struct interval){-1.0, 1.0};
    double p1 = (double)x1 / (double)n1, p2 = (double)x2 / (double)n2, d = p1 - p2;
    struct interval a = stats_wilson(x1, n1, level), b = stats_wilson(x2, n2, level);

    return (struct interval){d - sqrt((p1 - a.low) * (p1 - a.low) + (b.high - p2) * (b.high - p2)),
                             d + sqrt((a.high - p1) * (a.high - p1) + (p2 - b.low) * (p2 - b.low))};
}
