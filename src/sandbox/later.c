/*
 * later: see later.h. Started and stopped by main; fed by submit.c on the server's threads.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include "heap.h"
#include "later.h"
#include "zhanchi/clock.h"

struct deed {
    void (*fn)(void *arg);
    void *arg;
};

struct later {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct heap heap;
    bool stopping;
};

static void wait_for_more(struct later *l)
{
    int64_t due = heap_due(&l->heap);
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};

    if (due == INT64_MAX)
        pthread_cond_wait(&l->changed, &l->lock);
    else
        pthread_cond_timedwait(&l->changed, &l->lock, &until);
}

static void *run(void *arg)
{
    struct later *l = arg;

    pthread_mutex_lock(&l->lock);
    while (!l->stopping || l->heap.n > 0) {
        struct deed *d = heap_take(&l->heap, l->stopping ? INT64_MAX : clock_now_ms());
        if (d == NULL) {
            wait_for_more(l);
            continue;
        }
        pthread_mutex_unlock(&l->lock);
        d->fn(d->arg);
        free(d);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct later *later_start(struct err *e)
{
    struct later *l = calloc(1, sizeof *l);

    if (l == NULL)
        panic("out of memory");
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    if (pthread_create(&l->thread, NULL, run, l) != 0) {
        err_set(e, ERR_OS, NULL, "cannot start a thread");
        later_free(l);
        return NULL;
    }
    return l;
}

void later_at(struct later *l, int64_t due_ms, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&l->lock);
    bool stopping = l->stopping;
    if (!stopping) {
        struct deed *d = malloc(sizeof *d);
        if (d == NULL)
            panic("out of memory");
        *d = (struct deed){fn, arg};
        bool first = due_ms < heap_due(&l->heap);
        heap_put(&l->heap, due_ms, d);
        if (first)
            pthread_cond_signal(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    if (stopping)
        fn(arg);
}

void later_stop(struct later *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
}

void later_free(struct later *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    heap_fini(&l->heap);
    free(l);
}
