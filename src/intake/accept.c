/*
 * accept: every row in review for one reason, taken as it is: where a person has decided about the
 * reason and not about each row (certificates that are numbered in another way). Contract: intake.h.
 *
 * A row that has another reason, or cannot be used as it is, stays in review. Chunks are committed
 * as they come, each with the record of what was done so far; begun again, it goes on.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/clock.h"
#include "zhanchi/store.h"
#include "internal.h"

#define CHUNK_US 25000 /* of a transaction */

struct accepting {
    struct store *store;
    struct keyring *keyring;
    const struct list_info *list;
    const struct intake_accept *o;
    struct intake_accepted *result;
    struct stored_row *stored;
    struct reading reading;
    int64_t *lines, last;
    size_t n, cap;
};

/* Reasons come by line: one that differs takes its line back. */
static int gather(void *ctx, const struct list_reject *r)
{
    struct accepting *x = ctx;
    bool ours = strcmp(r->reason, x->o->reason) == 0, same = r->line == x->last;

    if (same && !ours && x->n > 0 && x->lines[x->n - 1] == r->line)
        x->n--;
    x->last = r->line;
    if (same || !ours)
        return 0;
    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 256;
        x->lines = reallocarray(x->lines, x->cap, sizeof *x->lines);
        if (!x->lines)
            panic("out of memory");
    }
    x->lines[x->n++] = r->line;
    return 0;
}

static int one(struct accepting *x, int64_t line, struct err *e)
{
    int64_t suppressed = 0;
    int rc = stored_load(x->stored, x->store, x->keyring, x->list->id, line, e);

    if (rc <= 0 || !x->stored->kept || x->stored->state != HELD_REVIEW)
        return rc < 0 ? -1 : 0;
    x->stored->plan.accept = true;
    if (row_read(&x->stored->plan, &x->stored->row, &x->reading) != ROW_TAKEN) {
        x->result->left++;
        return 0;
    }
    x->result->taken++;
    return stored_take(x->stored, x->store, x->keyring, x->list, &x->reading, &suppressed, e);
}

static int chunk(struct accepting *x, size_t *at, struct err *e)
{
    int64_t began = clock_mono_us();

    if (store_begin(x->store, e))
        return -1;
    int rc = 0;
    while (rc == 0 && *at < x->n && clock_mono_us() - began < CHUNK_US)
        rc = one(x, x->lines[(*at)++], e);
    if (rc == 0 && (!x->o->record || x->o->record(x->o->ctx, x->result, e) == 0))
        return store_commit(x->store, e);
    store_rollback(x->store);
    return -1;
}

static int run(struct accepting *x, struct err *e)
{
    const struct progress *p = &x->o->progress;

    if (store_held_reasons(x->store, x->list->id, 0, gather, x, e))
        return -1;
    for (size_t at = 0; at < x->n;) {
        if (chunk(x, &at, e))
            return -1;
        if (p->fn && p->fn(p->ctx, (int64_t)at, (int64_t)x->n, NULL))
            return err_set(e, ERR_TEMP, "start it again: it goes on", "interrupted after %lld rows",
                           (long long)x->result->taken);
    }
    return 0;
}

int intake_accept(struct store *s, struct keyring *k, const struct list_info *l,
                  const struct intake_accept *o, struct intake_accepted *r, struct err *e)
{
    struct accepting x = {
        .store = s, .keyring = k, .list = l, .o = o, .result = r, .stored = stored_new(l, e)};
    int fd;

    memset(r, 0, sizeof *r);
    if (!x.stored)
        return -1;
    reading_init(&x.reading);
    int rc = jobs_lock(s, &fd, e);
    if (rc == 0) {
        rc = run(&x, e);
        close(fd);
    }
    reading_fini(&x.reading);
    stored_free(x.stored);
    free(x.lines);
    return rc;
}
