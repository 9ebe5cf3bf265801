/*
 * nearest: see nearest.h. Optimal string alignment over bytes; words are short.
 */
#include <stddef.h>
#include <string.h>
#include "zhanchi/nearest.h"

#define WORD_MAX 64

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;

    return m < c ? m : c;
}

static int distance(const char *a, size_t n, const char *b, size_t m)
{
    int d[3][WORD_MAX + 1];

    for (size_t j = 0; j <= m; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *row = d[i % 3];
        const int *above = d[(i + 2) % 3], *above2 = d[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int cost = a[i - 1] != b[j - 1];
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return d[n % 3][m];
}

const char *nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t n = strlen(word);
    int limit = n / 3 < 1 ? 1 : n / 3 > 3 ? 3 : (int)(n / 3), least = limit + 1;

    if (n > WORD_MAX)
        return NULL;
    for (; *candidates != NULL; candidates++) {
        size_t m = strlen(*candidates);
        if (m > WORD_MAX)
            continue;
        int d = distance(word, n, *candidates, m);
        if (d < least) {
            least = d;
            best = *candidates;
        }
    }
    return best;
}
