/*
 * numbers: see numbers.h. A table with open addressing under one lock; a number is its digits, another name a hash. Used only where
 * refusals or a daily cap are asked for, so the lock does not cost the benchmarks anything.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "chance.h"
#include "numbers.h"
#include "zhanchi/err.h"

struct entry {
    uint64_t number; /* 0 = free */
    int64_t day;
    int64_t count;
    bool refused;
};

struct numbers {
    pthread_mutex_t lock;
    struct entry *slots;
    size_t n, cap;
    atomic_bool any_refused;
};

struct numbers *numbers_new(void)
{
    struct numbers *n = calloc(1, sizeof *n);

    if (n == NULL)
        panic("out of memory");
    pthread_mutex_init(&n->lock, NULL);
    return n;
}

void numbers_free(struct numbers *n)
{
    pthread_mutex_destroy(&n->lock);
    free(n->slots);
    free(n);
}

static struct entry *slot_of(struct entry *slots, size_t cap, uint64_t number)
{
    size_t i = (size_t)(number * 0x9e3779b97f4a7c15U >> 20) & (cap - 1);

    while (slots[i].number != 0 && slots[i].number != number)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static void grow(struct numbers *n)
{
    size_t cap = n->cap ? n->cap * 2 : 1024;
    struct entry *slots = calloc(cap, sizeof *slots);

    if (slots == NULL)
        panic("out of memory");
    for (size_t i = 0; i < n->cap; i++)
        if (n->slots[i].number)
            *slot_of(slots, cap, n->slots[i].number) = n->slots[i];
    free(n->slots);
    n->slots = slots;
    n->cap = cap;
}

/* Under the lock. */
static struct entry *entry_of(struct numbers *n, const char *number)
{
    uint64_t key = chance_whom(number);

    if (n->n * 2 >= n->cap)
        grow(n);
    struct entry *e = slot_of(n->slots, n->cap, key);
    if (e->number == 0) {
        e->number = key;
        n->n++;
    }
    return e;
}

void numbers_refuse(struct numbers *n, const char *number)
{
    pthread_mutex_lock(&n->lock);
    entry_of(n, number)->refused = true;
    pthread_mutex_unlock(&n->lock);
    atomic_store(&n->any_refused, true);
}

bool numbers_refused(struct numbers *n, const char *number)
{
    if (!atomic_load(&n->any_refused))
        return false;
    pthread_mutex_lock(&n->lock);
    bool refused = entry_of(n, number)->refused;
    pthread_mutex_unlock(&n->lock);
    return refused;
}

bool numbers_count(struct numbers *n, const char *number, int64_t day, int64_t cap)
{
    pthread_mutex_lock(&n->lock);
    struct entry *e = entry_of(n, number);
    if (e->day != day) {
        e->day = day;
        e->count = 0;
    }
    bool room = e->count < cap;
    if (room)
        e->count++;
    pthread_mutex_unlock(&n->lock);
    return room;
}
