/*
 * normal: the standard normal distribution. Quantile: Wichura's algorithm AS 241 (PPND16, Applied Statistics 37, 1988; relative accuracy about 1e-16), the one that R
 * uses. Distribution function through erfc, which keeps its digits in the tails where 1 - erf would lose them.
 *
 * Called by proportion.c.
 */
#include <math.h>
#include "zhanchi/stats.h"

static double poly(const double *c, int n, double x)
{
    double v = c[n - 1];

    for (int i = n - 2; i >= 0; i--)
        v = v * x + c[i];
    return v;
}

static double centre(double q)
{
    static const double a[] = {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                               13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                               33430.575583588128105, 2509.0809287301226727};
    static const double b[] = {1.0,
                               42.313330701600911252,
                               687.18700749205790830,
                               5394.1960214247511077,
                               21213.794301586595867,
                               39307.895800092710610,
                               28729.085735721942674,
                               5226.4952788528545610};
    double r = 0.180625 - q * q;

    return q * poly(a, 8, r) / poly(b, 8, r);
}

static double tail(double r)
{
    static const double c[] = {1.42343711074968357734,   4.63033784615654529590,
                               5.76949722146069140550,   3.64784832476320460504,
                               1.27045825245236838258,   0.241780725177450611770,
                               0.0227238449892691845833, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187,
                               1.67638483018380384940,
                               0.689767334985100004550,
                               0.148103976427480074590,
                               0.0151986665636164571966,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720,    5.46378491116411436990,
                               1.78482653991729133580,    0.296560571828504891230,
                               0.0265321895265761230930,  1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               0.599832206555887937690,
                               0.136929880922735805310,
                               0.0148753612908506148525,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};

    if (r <= 5.0)
        return poly(c, 8, r - 1.6) / poly(d, 8, r - 1.6);
    return poly(e, 8, r - 5.0) / poly(f, 8, r - 5.0);
}

double stats_normal_quantile(double p)
{
    double q = p - 0.5;

    if (!(p > 0.0 && p < 1.0))
        return p <= 0.0 ? -INFINITY : INFINITY;
    if (fabs(q) <= 0.425)
        return centre(q);
    double z = tail(sqrt(-log(q < 0 ? p : 1.0 - p)));
    return q < 0 ? -z : z;
}

double stats_normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}
