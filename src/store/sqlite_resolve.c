/*
 * sqlite_resolve: hashes of persons, addresses and employers -> ids, for the chunks of a list in
 * loading.
 *
 * Keyed hashes are random, and a random insert into an index of a million entries dirties a page (4
 * KiB of log) for each row: that would be most of an import. So what a list makes anew is appended
 * to `person`, `address` and `employer` in the order of its rows at once, but enters person_hash,
 * address_hash and employer_hash only in large sorted runs. Until then it is known here, in tables
 * of fixed size, and nowhere else: nobody may see a list in loading, so nobody needs to find its persons.
 *
 * Invariants
 *  - One list is loading at a time (unique index list_loading), so every person from
 *    list.person_from on is its own.
 *  - Whatever is not in the hash tables has an id >= list.person_indexed (and so on): a fresh
 *    connection finds it there.
 *  - Before the list becomes ready everything is in the hash tables (resolver_flush).
 *  - An address that somebody else made meanwhile (a refusal of a number that no ready list has) is
 *    merged into ours when the run meets it; only optout and reply can refer to it.
 * After a rollback the resolver is dropped: what it knew is read from the database again.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/store_list.h"
#include "feed.h"
#include "filter.h"
#include "internal.h"

#define SLOTS (1u << 18)          /* of a table: 6 MiB */
#define EMPLOYER_SLOTS (1u << 15) /* hundreds of persons have one */
#define RUN_FIRST 4096            /* entries a transaction; then as many as take RUN_TARGET_US */
#define RUN_MOST 16384
#define RUN_TARGET_US 20000
#define RUN_RANGES 8u /* of hashes, one after the other, so that little need be sorted at once */
#define RUN_RANGE_BITS 61

static const char sql_watermarks[] =
    "SELECT person_indexed, address_indexed, employer_indexed FROM list"
    " WHERE id = ?1 AND state = 0";

struct thing_sql { /* what differs between persons, addresses and employers */
    const char *next, *all, *find, *add, *enter, *unindexed, *watermark;
    int (*one)(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
               struct err *e);
};
static const char sql_person_next[] = "SELECT coalesce(max(id), 0) + 1 FROM person";
static const char sql_person_all[] = "SELECT hash FROM person";
static const char sql_person_find[] =
    "SELECT f.c0, h.person_id FROM feed f CROSS JOIN person_hash h"
    " WHERE h.hash = f.c1 AND h.kind = f.c2";
static const char sql_person_add[] =
    "INSERT INTO person (id, hash, kind, key_id) SELECT c0, c1, c2, ?1 FROM feed";
static const char sql_person_enter[] =
    "INSERT INTO person_hash (hash, kind, person_id) SELECT c1, c2, c0 FROM feed WHERE true"
    " ON CONFLICT DO NOTHING";
static const char sql_person_unindexed[] =
    "SELECT id, kind, hash FROM person p WHERE id >= ?1 AND NOT EXISTS"
    " (SELECT 1 FROM person_hash h WHERE h.hash = p.hash AND h.kind = p.kind AND h.person_id = "
    "p.id)";
static const char sql_person_watermark[] =
    "UPDATE list SET person_indexed = (SELECT coalesce(max(id), 0) + 1 FROM person) WHERE id = ?1";
static const struct thing_sql person_sql = {
    sql_person_next,  sql_person_all,       sql_person_find,      sql_person_add,
    sql_person_enter, sql_person_unindexed, sql_person_watermark, person_find};
static const char sql_address_next[] = "SELECT coalesce(max(id), 0) + 1 FROM address";
static const char sql_address_all[] = "SELECT hash FROM address";
static const char sql_address_find[] =
    "SELECT f.c0, h.address_id FROM feed f CROSS JOIN address_hash h"
    " WHERE h.hash = f.c1 AND h.channel = f.c2";
static const char sql_address_add[] =
    "INSERT INTO address (id, hash, channel, key_id) SELECT c0, c1, c2, ?1 FROM feed";
static const char sql_address_enter[] =
    "INSERT INTO address_hash (hash, channel, address_id) SELECT c1, c2, c0 FROM feed WHERE true"
    " ON CONFLICT DO NOTHING";
static const char sql_address_unindexed[] =
    "SELECT id, channel, hash FROM address a WHERE id >= ?1 AND NOT EXISTS"
    " (SELECT 1 FROM address_hash h WHERE h.hash = a.hash AND h.channel = a.channel"
    "  AND h.address_id = a.id)";
static const char sql_address_watermark[] = "UPDATE list SET address_indexed = (SELECT "
                                            "coalesce(max(id), 0) + 1 FROM address) WHERE id = ?1";

static int address_one(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES],
                       int64_t *id, struct err *e)
{
    (void)kind;
    return address_find(s, hash, id, e);
}

static const struct thing_sql address_sql = {
    sql_address_next,  sql_address_all,       sql_address_find,      sql_address_add,
    sql_address_enter, sql_address_unindexed, sql_address_watermark, address_one};

static const char sql_employer_next[] = "SELECT coalesce(max(id), 0) + 1 FROM employer";
static const char sql_employer_all[] = "SELECT hash FROM employer";
static const char sql_employer_find[] =
    "SELECT f.c0, h.employer_id FROM feed f CROSS JOIN employer_hash h"
    " WHERE h.hash = f.c1 AND h.kind = f.c2";
static const char sql_employer_add[] =
    "INSERT INTO employer (id, hash, kind, key_id) SELECT c0, c1, c2, ?1 FROM feed";
static const char sql_employer_enter[] =
    "INSERT INTO employer_hash (hash, kind, employer_id) SELECT c1, c2, c0 FROM feed WHERE true"
    " ON CONFLICT DO NOTHING";
static const char sql_employer_unindexed[] =
    "SELECT id, kind, hash FROM employer p WHERE id >= ?1 AND NOT EXISTS"
    " (SELECT 1 FROM employer_hash h WHERE h.hash = p.hash AND h.kind = p.kind"
    "  AND h.employer_id = p.id)";
static const char sql_employer_watermark[] =
    "UPDATE list SET employer_indexed = (SELECT coalesce(max(id), 0) + 1 FROM employer)"
    " WHERE id = ?1";

static int employer_one(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES],
                        int64_t *id, struct err *e)
{
    (void)kind;
    return employer_find(s, hash, id, e);
}

static const struct thing_sql employer_sql = {
    sql_employer_next,  sql_employer_all,       sql_employer_find,      sql_employer_add,
    sql_employer_enter, sql_employer_unindexed, sql_employer_watermark, employer_one};

struct slot {
    uint8_t hash[KEYRING_HASH_BYTES];
    uint64_t id : 55; /* 0: the slot is empty; PENDING: being resolved */
    uint64_t kind : 8;
    uint64_t indexed : 1; /* the hash table has it */
};
#define PENDING ((1ull << 55) - 1)

struct order { /* a slot to visit in the order of the hashes */
    uint64_t prefix;
    uint32_t slot;
};

struct thing {
    const struct thing_sql *sql;
    struct slot *slots;
    uint32_t n_slots; /* a power of two */
    size_t used;
    struct filter *filter; /* of all that are in the database; NULL: not worth it (too many of
                              them; employers, who repeat) */
};

struct resolver {
    int64_t list_id;
    struct thing person, address, employer;
    struct order *order;
    size_t order_cap;
    uint32_t *fresh; /* slots in the order of the rows */
    size_t fresh_cap;
    size_t part; /* entries of a run that go into one transaction */
};

/* ---- the table ---- */

/* Then a run is due. */
static size_t slots_full(const struct thing *t)
{
    return t->n_slots / 4 * 3;
}

static uint64_t prefix_of(const uint8_t *hash)
{
    uint64_t v;
    memcpy(&v, hash, sizeof v);
    return __builtin_bswap64(
        v); /* compares as the bytes do, on the machines we have (little-endian) */
}

/* Where (hash, kind) stands or would stand. The hash is keyed and random: its last bytes are the
 * slot number. */
static uint32_t slot_of(const struct thing *t, const uint8_t *hash, int kind)
{
    uint32_t i;
    memcpy(&i, hash + KEYRING_HASH_BYTES - sizeof i, sizeof i);
    for (i &= t->n_slots - 1; t->slots[i].id; i = (i + 1) & (t->n_slots - 1)) {
        if (t->slots[i].kind == (uint64_t)kind &&
            memcmp(t->slots[i].hash, hash, KEYRING_HASH_BYTES) == 0)
            return i;
    }
    return i;
}

static void slot_fill(struct thing *t, uint32_t i, const uint8_t *hash, int kind, uint64_t id,
                      bool indexed)
{
    struct slot *s = &t->slots[i];
    memcpy(s->hash, hash, KEYRING_HASH_BYTES);
    s->id = id & PENDING;
    s->kind = (uint64_t)kind & 0xff;
    s->indexed = indexed;
    t->used++;
}

static int order_compare(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    return (x->prefix > y->prefix) - (x->prefix < y->prefix);
}

static void order_room(struct resolver *r, size_t n)
{
    if (n <= r->order_cap)
        return;
    struct order *more = reallocarray(r->order, n, sizeof *more);
    if (!more)
        panic("out of memory");
    r->order = more;
    r->order_cap = n;
}

static void fresh_room(struct resolver *r, size_t n)
{
    if (n <= r->fresh_cap)
        return;
    uint32_t *more = reallocarray(r->fresh, n, sizeof *more);
    if (!more)
        panic("out of memory");
    r->fresh = more;
    r->fresh_cap = n;
}

/* ---- open, drop ---- */

static int load_unindexed(struct store *s, struct thing *t, int64_t from, struct err *e)
{
    struct stmt *q = stmt_open(s, t->sql->unindexed, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, from);
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        uint8_t hash[KEYRING_HASH_BYTES];
        stmt_copy_blob(q, 2, hash, sizeof hash);
        if (t->used == slots_full(t))
            panic("more persons without an index entry than a run holds");
        slot_fill(t, slot_of(t, hash, stmt_int(q, 1)), hash, stmt_int(q, 1),
                  (uint64_t)stmt_int64(q, 0), false);
    }
    stmt_close(q);
    return rc;
}

static int load_filter(struct store *s, struct thing *t, struct err *e)
{
    int64_t next;
    if (stmt_number(s, t->sql->next, &next, e) < 0)
        return -1;
    if (next > FILTER_GOOD)
        return 0;
    t->filter = filter_new();
    struct stmt *q = stmt_open(s, t->sql->all, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1) {
        uint8_t hash[KEYRING_HASH_BYTES];
        stmt_copy_blob(q, 0, hash, sizeof hash);
        filter_add(t->filter, hash);
    }
    return stmt_end(q, rc);
}

static int load(struct store *s, struct resolver *r, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_watermarks, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->list_id);
    int rc = stmt_step(q, e);
    int64_t persons = stmt_int64(q, 0), addresses = stmt_int64(q, 1), employers = stmt_int64(q, 2);
    stmt_close(q);
    if (rc == 0)
        return err_set(e, ERR_SOFTWARE, "this is a defect: please report it",
                       "list %lld is not being loaded", (long long)r->list_id);
    if (rc < 0 || load_unindexed(s, &r->person, persons, e) ||
        load_unindexed(s, &r->address, addresses, e) || load_filter(s, &r->person, e) ||
        load_filter(s, &r->address, e) || load_unindexed(s, &r->employer, employers, e))
        return -1;
    return 0;
}

static struct thing thing_new(const struct thing_sql *sql, uint32_t n_slots)
{
    struct thing t = {.sql = sql, .slots = calloc(n_slots, sizeof *t.slots), .n_slots = n_slots};
    if (!t.slots)
        panic("out of memory");
    return t;
}

void resolver_drop(struct store *s)
{
    struct resolver *r = s->resolver;
    if (!r)
        return;
    free(r->person.slots);
    free(r->address.slots);
    free(r->employer.slots);
    filter_free(r->person.filter);
    filter_free(r->address.filter);
    free(r->order);
    free(r->fresh);
    free(r);
    s->resolver = NULL;
}

/* The resolver of this list; the only way to it. */
static struct resolver *resolver_get(struct store *s, int64_t list_id, struct err *e)
{
    if (s->resolver && s->resolver->list_id == list_id)
        return s->resolver;
    resolver_drop(s);
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        panic("out of memory");
    s->resolver = r;
    r->list_id = list_id;
    r->part = RUN_FIRST;
    r->person = thing_new(&person_sql, SLOTS);
    r->address = thing_new(&address_sql, SLOTS);
    r->employer = thing_new(&employer_sql, EMPLOYER_SLOTS);
    if (load(s, r, e)) {
        resolver_drop(s);
        return NULL;
    }
    return r;
}

/* ---- a chunk of rows ---- */

struct wanted { /* what a row says of a person, an address or an employer */
    const uint8_t *hash;
    int kind;
};

static struct wanted want_person(const struct list_row *r)
{
    return (struct wanted){r->person, r->person_kind};
}

/* Numbers and mail addresses are hashed apart, so one table holds both. */
static struct wanted want_address(const struct list_row *r)
{
    return (struct wanted){r->address, 1};
}

static struct wanted want_email(const struct list_row *r)
{
    return (struct wanted){r->has_email ? r->email : NULL, 1};
}

static struct wanted want_employer(const struct list_row *r)
{
    return (struct wanted){r->has_employer ? r->employer : NULL, 1};
}

struct taken {    /* pending slots */
    size_t fresh; /* in r->fresh */
    size_t asked; /* of them in r->order: the hash table may know them */
};

/* ids[i] becomes the slot of row i, -1 where the row has none; what no slot has yet gets a pending one. */
static struct taken take_slots(struct resolver *r, struct thing *t,
                               struct wanted (*want)(const struct list_row *),
                               const struct list_row *rows, size_t n, int64_t *ids)
{
    struct taken k = {0, 0};
    for (size_t i = 0; i < n; i++) {
        struct wanted w = want(&rows[i]);
        if (w.hash == NULL) {
            ids[i] = -1;
            continue;
        }
        uint32_t slot = slot_of(t, w.hash, w.kind);
        if (t->slots[slot].id == 0) {
            slot_fill(t, slot, w.hash, w.kind, PENDING, false);
            r->fresh[k.fresh++] = slot;
            if (!t->filter || filter_has(t->filter, w.hash))
                r->order[k.asked++] = (struct order){prefix_of(w.hash), slot};
        }
        ids[i] = slot;
    }
    return k;
}

struct visit { /* slots to feed, in this order */
    const struct thing *thing;
    const struct order *order; /* or */
    const uint32_t *fresh;
    int64_t first; /* id of the first one, if they get their ids now; else 0 */
};

/* c0 the id (without `first`: of the slot if it has one, else the place in the order), c1 the hash,
 * c2 the kind */
static void visit_cell(const struct feed *f, size_t row, int column, struct feed_cell *out)
{
    const struct visit *v = f->ctx;
    const struct slot *slot = &v->thing->slots[v->order ? v->order[row].slot : v->fresh[row]];
    if (column == 1)
        feed_blob(out, slot->hash, KEYRING_HASH_BYTES);
    else if (column == 2)
        feed_int64(out, (int64_t)slot->kind);
    else if (v->first)
        feed_int64(out, v->first + (int64_t)row);
    else
        feed_int64(out, slot->id == PENDING ? (int64_t)row : (int64_t)slot->id);
}

/* Pending slots that the hash table knows, asked in its own order. */
static int find_known(struct store *s, struct resolver *r, struct thing *t, size_t n, struct err *e)
{
    qsort(r->order, n, sizeof *r->order, order_compare);
    struct visit v = {.thing = t, .order = r->order};
    struct feed f = {n, visit_cell, &v};
    struct stmt *find = feed_open(s, t->sql->find, &f, e);
    if (!find)
        return -1;
    int rc;
    while ((rc = stmt_step(find, e)) == 1) {
        struct slot *slot = &t->slots[r->order[stmt_int64(find, 0)].slot];
        slot->id = (uint64_t)stmt_int64(find, 1) & PENDING;
        slot->indexed = 1;
    }
    return feed_close(s, find, rc);
}

/* The others are new: appended in the order of the rows. */
static int make_new(struct store *s, struct resolver *r, struct thing *t, size_t n, struct err *e)
{
    struct visit v = {.thing = t, .fresh = r->fresh};
    struct feed f = {0, visit_cell, &v};
    int64_t key_id;
    if (index_key(s, &key_id, e) || stmt_number(s, t->sql->next, &v.first, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (t->slots[r->fresh[i]].id == PENDING)
            r->fresh[f.n++] = r->fresh[i];
    }
    if (f.n && feed_run(s, t->sql->add, &f, key_id, e))
        return -1;
    for (size_t i = 0; i < f.n; i++) {
        struct slot *slot = &t->slots[r->fresh[i]];
        slot->id = (uint64_t)(v.first + (int64_t)i) & PENDING;
        if (t->filter)
            filter_add(t->filter, slot->hash);
    }
    return 0;
}

static int resolve(struct store *s, struct resolver *r, struct thing *t,
                   struct wanted (*want)(const struct list_row *), const struct list_row *rows,
                   size_t n, int64_t *ids, struct err *e)
{
    struct taken k = take_slots(r, t, want, rows, n, ids);
    if (k.asked && find_known(s, r, t, k.asked, e))
        return -1;
    if (k.fresh && make_new(s, r, t, k.fresh, e))
        return -1;
    for (size_t i = 0; i < n; i++)
        ids[i] = ids[i] < 0 ? 0 : (int64_t)t->slots[ids[i]].id;
    return 0;
}

int resolver_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                  size_t slice, int64_t *ids, struct err *e)
{
    struct resolver *r = resolver_get(s, list_id, e);
    if (!r)
        return -1;
    order_room(r, n);
    fresh_room(r, n);
    if (resolve(s, r, &r->person, want_person, rows, n, ids, e) ||
        resolve(s, r, &r->address, want_address, rows, n, ids + slice, e) ||
        resolve(s, r, &r->address, want_email, rows, n, ids + 2 * slice, e) ||
        resolve(s, r, &r->employer, want_employer, rows, n, ids + 3 * slice, e)) {
        resolver_drop(s); /* slots are half filled */
        return -1;
    }
    return 0;
}

/* ---- runs ---- */

static const char sql_merge_optout[] =
    "UPDATE OR IGNORE optout SET address_id = ?1 WHERE address_id = ?2";
static const char sql_merge_reply[] = "UPDATE reply SET address_id = ?1 WHERE address_id = ?2";
static const char sql_merge_flags[] =
    "UPDATE address SET (optout, cap_day, cap_count, claimed_at) ="
    " (SELECT optout, cap_day, cap_count, claimed_at FROM address WHERE id = ?2) WHERE id = ?1";
static const char sql_merge_hash[] =
    "UPDATE address_hash SET address_id = ?1 WHERE address_id = ?2 AND hash ="
    " (SELECT hash FROM address WHERE id = ?1) AND channel = 1";
static const char *const merge_steps[] = {sql_merge_optout, sql_merge_reply, sql_merge_flags,
                                          sql_merge_hash};

/* Address `other` was made elsewhere for the same number while the list was loading: what refers to
 * it now refers to ours. Its row stays, empty and unreachable: looking for references from
 * everywhere would cost a scan of every list. */
static int merge_address(struct store *s, int64_t ours, int64_t other, struct err *e)
{
    for (size_t i = 0; i < sizeof merge_steps / sizeof merge_steps[0]; i++) {
        struct stmt *st = stmt_open(s, merge_steps[i], e);
        if (!st)
            return -1;
        stmt_bind_int64(st, 1, ours);
        stmt_bind_int64(st, 2, other);
        int rc = stmt_run(st, e);
        stmt_close(st);
        if (rc)
            return -1;
    }
    return 0;
}

/* Some of these hashes stand in the hash table already. */
static int settle_conflicts(struct store *s, struct thing *t, const struct order *order, size_t n,
                            struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct slot *slot = &t->slots[order[i].slot];
        int64_t other;
        int rc = t->sql->one(s, (int)slot->kind, slot->hash, &other, e);
        if (rc < 0)
            return -1;
        if (other == (int64_t)slot->id)
            continue;
        if (t->sql != &address_sql)
            return err_set(e, ERR_SOFTWARE, "this is a defect: please report it",
                           "%s %lld was made twice, as %lld",
                           t->sql == &person_sql ? "person" : "employer", (long long)slot->id,
                           (long long)other);
        if (merge_address(s, (int64_t)slot->id, other, e))
            return -1;
    }
    return 0;
}

static int enter_some(struct store *s, struct thing *t, const struct order *order, size_t n,
                      struct err *e)
{
    struct visit v = {.thing = t, .order = order};
    struct feed f = {n, visit_cell, &v};
    if (feed_run(s, t->sql->enter, &f, 0, e))
        return -1;
    return stmt_changes(s) == (int64_t)n ? 0 : settle_conflicts(s, t, order, n, e);
}

static int raise_watermark(struct store *s, const struct thing *t, int64_t list_id, struct err *e)
{
    struct stmt *put = stmt_open(s, t->sql->watermark, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, list_id);
    int rc = stmt_run(put, e);
    stmt_close(put);
    return rc;
}

/* Those whose hash lies in one of the ranges: sorting all at once would take 6 MiB more. */
static size_t order_unindexed(struct resolver *r, const struct thing *t, unsigned range)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->n_slots; i++) {
        const struct slot *slot = &t->slots[i];
        uint64_t prefix = prefix_of(slot->hash);
        if (!slot->id || slot->indexed || prefix >> RUN_RANGE_BITS != range)
            continue;
        if (n == r->order_cap)
            order_room(r, n + n / 4 + 1024);
        r->order[n++] = (struct order){prefix, i};
    }
    if (n)
        qsort(r->order, n, sizeof *r->order, order_compare);
    return n;
}

/* One part, one transaction. */
static int run_part(struct store *s, struct resolver *r, struct thing *t, const struct order *order,
                    size_t n, bool last, struct err *e)
{
    int64_t began = clock_mono_us();
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    int rc = enter_some(s, t, order, n, e);
    if (rc == 0 && last)
        rc = raise_watermark(s, t, r->list_id, e);
    if (tx_leave(s, own, rc, e))
        return -1;
    int64_t took = clock_mono_us() - began;
    if (took > RUN_TARGET_US && r->part > 256)
        r->part /= 2;
    else if (took < RUN_TARGET_US / 2 && r->part < RUN_MOST)
        r->part *= 2;
    return 0;
}

static int run_range(struct store *s, struct resolver *r, struct thing *t, unsigned range,
                     struct err *e)
{
    size_t n = order_unindexed(r, t, range), done = 0, part;
    bool last = range == RUN_RANGES - 1;
    do {
        part = n - done < r->part ? n - done : r->part;
        if (part || last) {
            if (run_part(s, r, t, r->order + done, part, last && done + part == n, e))
                return -1;
            failpoint("resolver_run");
        }
        done += part;
    } while (done < n);
    return 0;
}

/* One sorted run, range by range; its last part raises the watermark. */
static int run(struct store *s, struct resolver *r, struct thing *t, struct err *e)
{
    for (unsigned range = 0; range < RUN_RANGES && t->used; range++)
        if (run_range(s, r, t, range, e))
            return -1;
    memset(t->slots, 0, t->n_slots * sizeof *t->slots);
    t->used = 0;
    return 0;
}

int resolver_flush(struct store *s, int64_t list_id, struct err *e)
{
    struct resolver *r = resolver_get(s, list_id, e);
    if (!r)
        return -1;
    if (run(s, r, &r->person, e) || run(s, r, &r->address, e) || run(s, r, &r->employer, e)) {
        resolver_drop(s);
        return -1;
    }
    return 0;
}

int resolver_room(struct store *s, int64_t list_id, size_t n, struct err *e)
{
    struct resolver *r = resolver_get(s, list_id, e);
    if (!r)
        return -1;
    if (r->person.used + n <= slots_full(&r->person) &&
        r->address.used + 2 * n <= slots_full(&r->address) &&
        r->employer.used + n <= slots_full(&r->employer))
        return 0;
    int64_t upkeep = s->upkeep_us, began = clock_mono_us();
    int rc = resolver_flush(s, list_id, e);
    s->upkeep_us = upkeep + clock_mono_us() - began;
    return rc;
}
