/*
 * chunk: how many rows a write transaction may have.
 *
 * No write transaction holds the lock over 50 ms (a dispatcher waits behind it). The estimate
 * follows what was measured: at once when rows turned out slower, by and by when they turned out
 * faster. It aims well below the limit, because the next chunk may be the one that meets a cold
 * cache. The cost of the commit itself (one fsync) is in the measurement; where it dominates,
 * smaller chunks do not help, hence the floor. What the store did between transactions
 * (checkpoints, sorted runs) does not count: it holds no lock for long.
 */
#include <time.h>
#include "internal.h"

#define CHUNK_TARGET_US 20000.0
#define CHUNK_FLOOR 256
#define CHUNK_CEILING 8192
#define CHUNK_FIRST 1024

size_t store_chunk(const struct store *s)
{
    if (s->us_per_row <= 0)
        return CHUNK_FIRST;
    double rows = CHUNK_TARGET_US / s->us_per_row;
    if (rows < CHUNK_FLOOR)
        return CHUNK_FLOOR;
    return rows > CHUNK_CEILING ? CHUNK_CEILING : (size_t)rows;
}

void store_chunk_took(struct store *s, size_t rows, int64_t us)
{
    us -= s->upkeep_us;
    s->upkeep_us = 0;
    if (rows == 0 || us <= 0)
        return;
    double measured = (double)us / (double)rows;
    if (measured > s->us_per_row)
        s->us_per_row = measured;
    else
        s->us_per_row += (measured - s->us_per_row) / 8;
}

void store_chunk_rest(struct store *s, int64_t us)
{
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    if (s->contended && us > 0)
        nanosleep(&pause, NULL);
    s->contended = false;
}
