/*
 * withhold: small cells of a breakdown. Pure.
 *
 * A line with fewer than MEASURE_SMALL members could tell what a known colleague did. Withholding it alone does not help where the total stands beside it: the
 * difference is the line. So lines are withheld, the smallest first, until at least two are and together they have at least MEASURE_SMALL members; what a difference
 * can tell then is again of a group of that size.
 *
 * Called by report.c for each breakdown and by ledger.c; the emptied lines are all that any output ever sees.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* The smallest that is shown, or n. */
static size_t smallest_shown(const int64_t *members, const bool *withheld, size_t n)
{
    size_t least = n;

    for (size_t i = 0; i < n; i++)
        if (!withheld[i] && (least == n || members[i] < members[least]))
            least = i;
    return least;
}

void withhold_cells(const int64_t *members, bool *withheld, size_t n)
{
    size_t count = 0;
    int64_t together = 0;

    for (size_t i = 0; i < n; i++) {
        withheld[i] = members[i] < MEASURE_SMALL;
        count += withheld[i];
        together += withheld[i] ? members[i] : 0;
    }
    while (count > 0 && (count < 2 || together < MEASURE_SMALL)) {
        size_t next = smallest_shown(members, withheld, n);
        if (next == n)
            break;
        withheld[next] = true;
        together += members[next];
        count++;
    }
}

static void empty(struct measure_line *l)
{
    struct measure_line kept = {.withheld = true};

    memcpy(kept.key, l->key, sizeof kept.key);
    *l = kept;
}

void withhold(struct measure_line *lines, size_t n)
{
    int64_t *members = calloc(n + 1, sizeof *members);
    bool *withheld = calloc(n + 1, sizeof *withheld);

    if (members == NULL || withheld == NULL)
        panic("out of memory");
    for (size_t i = 0; i < n; i++)
        members[i] = lines[i].members;
    withhold_cells(members, withheld, n);
    for (size_t i = 0; i < n; i++) {
        lines[i].withheld = withheld[i];
        if (withheld[i])
            empty(&lines[i]);
    }
    free(members);
    free(withheld);
}
