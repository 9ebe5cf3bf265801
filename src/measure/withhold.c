/*
 * withhold: small cells of a breakdown. Pure.
 *
 * A line with fewer than MEASURE_SMALL members could tell what a known colleague did. Withholding it alone does not help where the total stands beside it: the
 * difference is the line. So lines are withheld, the smallest first, until at least two are and together they have at least MEASURE_SMALL members; what a difference
 * can tell then is again of a group of that size.
 *
 * Called by report.c for each breakdown; the emptied lines are all that any output ever sees.
 */
#include <string.h>
#include "internal.h"

static struct measure_line *smallest_shown(struct measure_line *lines, size_t n)
{
    struct measure_line *least = NULL;

    for (size_t i = 0; i < n; i++)
        if (!lines[i].withheld && (least == NULL || lines[i].members < least->members))
            least = &lines[i];
    return least;
}

static void empty(struct measure_line *l)
{
    struct measure_line kept = {.withheld = true};

    memcpy(kept.key, l->key, sizeof kept.key);
    *l = kept;
}

void withhold(struct measure_line *lines, size_t n)
{
    size_t count = 0;
    int64_t members = 0;

    for (size_t i = 0; i < n; i++) {
        lines[i].withheld = lines[i].members < MEASURE_SMALL;
        count += lines[i].withheld;
        members += lines[i].withheld ? lines[i].members : 0;
    }
    while (count > 0 && (count < 2 || members < MEASURE_SMALL)) {
        struct measure_line *next = smallest_shown(lines, n);
        if (next == NULL)
            break;
        next->withheld = true;
        members += next->members;
        count++;
    }
    for (size_t i = 0; i < n; i++)
        if (lines[i].withheld)
            empty(&lines[i]);
}
