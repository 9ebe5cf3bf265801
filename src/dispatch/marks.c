/*
 * marks: see marks.h.
 *
 * The safety argument. A slot's fields are written before its state, with release order; SIGKILL
 * stops the process between two instructions, so the mapping holds a prefix of what was written. A
 * torn slot is therefore one whose state still has the older value: `free` before `handed` (no byte
 * has left yet, because the hand-over callback has not returned), or `handed` before `answered`
 * (the message becomes unknown, which is true: the answer was not kept).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "marks.h"

#define MARKS_MAGIC "ZCMARKS2"

enum slot_state { SLOT_FREE, SLOT_HANDED, SLOT_ANSWERED };

struct slot {
    _Atomic uint32_t state;
    int32_t attempt;
    int64_t message_id, address_id;
    int64_t handed_ms, settled_ms, due_ms;
    uint8_t input, class, cause, give_back_cap, learn_optout;
    char code[32], provider_id[64];
};

struct marks_file {
    char magic[8];
    char boot_id[40];
    uint32_t tag, epoch;
    uint32_t slot_bytes, slots;
    struct slot slot[MARK_SLOTS];
};

struct marks {
    struct marks_file *file;
    char boot_id[37];
    pthread_mutex_t lock; /* of the free list */
    int *free_list;
    int n_free;
    int *found; /* slots in use, sorted by message: only during recovery */
    int n_found;
};

struct marks *marks_open(const char *dir, struct err *e)
{
    char path[4096];
    void *map = NULL;

    if (fs_join(dir, "marks", path, sizeof path, e) != 0 ||
        fs_map_shared(path, sizeof(struct marks_file), &map, e) != 0)
        return NULL;
    struct marks *m = calloc(1, sizeof *m);
    int *free_list = malloc(sizeof(int) * MARK_SLOTS);
    if (m == NULL || free_list == NULL)
        panic("out of memory");
    m->file = map;
    m->free_list = free_list;
    if (fs_boot_id(m->boot_id) != 0)
        m->boot_id[0] = '\0'; /* nothing will be believed */
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void marks_close(struct marks *m)
{
    if (m == NULL)
        return;
    fs_unmap(m->file, sizeof *m->file);
    pthread_mutex_destroy(&m->lock);
    free(m->free_list);
    free(m->found);
    free(m);
}

bool marks_valid(const struct marks *m, const struct epoch_info *ep)
{
    const struct marks_file *f = m->file;

    return m->boot_id[0] != '\0' && memcmp(f->magic, MARKS_MAGIC, sizeof f->magic) == 0 &&
           f->slot_bytes == sizeof(struct slot) && f->slots == MARK_SLOTS &&
           strncmp(f->boot_id, m->boot_id, sizeof m->boot_id) == 0 && f->tag == ep->tag &&
           f->epoch == ep->epoch;
}

void marks_reset(struct marks *m, const struct epoch_info *ep)
{
    struct marks_file *f = m->file;

    /* Unsigned while it changes: a kill in here leaves marks that nobody believes, and no row is
     * `sending`. */
    memset(f->magic, 0, sizeof f->magic);
    atomic_thread_fence(memory_order_seq_cst);
    for (int i = 0; i < MARK_SLOTS; i++)
        /* Reading first keeps pages that were never used out of memory. */
        if (atomic_load_explicit(&f->slot[i].state, memory_order_relaxed) != SLOT_FREE)
            atomic_store_explicit(&f->slot[i].state, SLOT_FREE, memory_order_relaxed);
    memcpy(f->boot_id, m->boot_id, sizeof m->boot_id);
    f->tag = ep->tag;
    f->epoch = ep->epoch;
    f->slot_bytes = sizeof(struct slot);
    f->slots = MARK_SLOTS;
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(f->magic, MARKS_MAGIC, sizeof f->magic);

    /* Low slots first, so that few pages are in use. */
    for (int i = 0; i < MARK_SLOTS; i++)
        m->free_list[i] = MARK_SLOTS - 1 - i;
    m->n_free = MARK_SLOTS;
    free(m->found);
    m->found = NULL;
    m->n_found = 0;
}

/* ---- recovery ---- */

static int by_message(const void *a, const void *b, void *ctx)
{
    const struct slot *slot = ctx;
    const struct slot *x = &slot[*(const int *)a], *y = &slot[*(const int *)b];

    return (x->message_id > y->message_id) - (x->message_id < y->message_id);
}

static void build_table(struct marks *m)
{
    const struct slot *slot = m->file->slot;

    m->found = malloc(sizeof(int) * MARK_SLOTS);
    if (m->found == NULL)
        panic("out of memory");
    for (int i = 0; i < MARK_SLOTS; i++)
        if (atomic_load_explicit(&slot[i].state, memory_order_acquire) != SLOT_FREE)
            m->found[m->n_found++] = i;
    qsort_r(m->found, (size_t)m->n_found, sizeof(int), by_message, m->file->slot);
}

static const struct slot *find_slot(const struct marks *m, int64_t message_id, int32_t attempt)
{
    int low = 0, high = m->n_found;

    while (low < high) {
        int mid = low + (high - low) / 2;
        if (m->file->slot[m->found[mid]].message_id < message_id)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < m->n_found && m->file->slot[m->found[low]].message_id == message_id; low++)
        if (m->file->slot[m->found[low]].attempt == attempt)
            return &m->file->slot[m->found[low]];
    return NULL;
}

enum mark_finding marks_find(void *marks, int64_t message_id, int32_t attempt, struct settlement *v)
{
    struct marks *m = marks;

    if (m->found == NULL)
        build_table(m);
    const struct slot *s = find_slot(m, message_id, attempt);
    if (s == NULL)
        return MARK_NONE;
    if (atomic_load_explicit(&s->state, memory_order_acquire) != SLOT_ANSWERED)
        return MARK_HANDED;
    *v = (struct settlement){.message_id = message_id,
                             .address_id = s->address_id,
                             .attempt = attempt,
                             .input = (enum msg_input)s->input,
                             .class = (enum msg_class)s->class,
                             .cause = (enum msg_cause)s->cause,
                             .handed_ms = s->handed_ms,
                             .settled_ms = s->settled_ms,
                             .due_ms = s->due_ms,
                             .give_back_cap = s->give_back_cap != 0,
                             .learn_optout = s->learn_optout != 0};
    memcpy(v->code, s->code, sizeof v->code);
    memcpy(v->provider_id, s->provider_id, sizeof v->provider_id);
    return MARK_ANSWERED;
}

/* ---- slots ---- */

int marks_take(struct marks *m)
{
    pthread_mutex_lock(&m->lock);
    int slot = m->n_free > 0 ? m->free_list[--m->n_free] : -1;
    pthread_mutex_unlock(&m->lock);
    return slot;
}

void marks_free(struct marks *m, int slot)
{
    atomic_store_explicit(&m->file->slot[slot].state, SLOT_FREE, memory_order_release);
    pthread_mutex_lock(&m->lock);
    m->free_list[m->n_free++] = slot;
    pthread_mutex_unlock(&m->lock);
}

void marks_handed(struct marks *m, int slot, int64_t message_id, int32_t attempt, int64_t handed_ms)
{
    struct slot *s = &m->file->slot[slot];

    s->message_id = message_id;
    s->attempt = attempt;
    s->handed_ms = handed_ms;
    atomic_store_explicit(&s->state, SLOT_HANDED, memory_order_release);
}

void marks_answered(struct marks *m, int slot, const struct settlement *v)
{
    struct slot *s = &m->file->slot[slot];

    s->address_id = v->address_id;
    s->settled_ms = v->settled_ms;
    s->due_ms = v->due_ms;
    s->input = (uint8_t)v->input;
    s->class = (uint8_t)v->class;
    s->cause = (uint8_t)v->cause;
    s->give_back_cap = v->give_back_cap;
    s->learn_optout = v->learn_optout;
    memcpy(s->code, v->code, sizeof s->code);
    memcpy(s->provider_id, v->provider_id, sizeof s->provider_id);
    atomic_store_explicit(&s->state, SLOT_ANSWERED, memory_order_release);
}
