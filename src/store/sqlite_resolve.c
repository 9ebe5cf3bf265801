/*
 * sqlite_resolve: hashes of persons and addresses -> ids, for the chunks of a list in loading.
 *
 * Keyed hashes are random, and a random insert into an index of a million entries dirties a page (4 KiB of log) for each row: that would be most of
 * an import. So what a list makes anew is appended to `person` and `address` in the order of its rows at once, but enters person_hash and
 * address_hash only in large sorted runs. Until then it is known here, in two tables of fixed size, and nowhere else: nobody may see a list in
 * loading, so nobody needs to find its persons.
 *
 * Invariants
 *  - One list is loading at a time (unique index list_loading), so every person from list.person_from on is its own.
 *  - Whatever is not in the hash tables has an id >= list.person_indexed (address_indexed): a fresh connection finds it there.
 *  - Before the list becomes ready everything is in the hash tables (resolver_flush).
 *  - An address that somebody else made meanwhile (a refusal of a number that no ready list has) is merged into ours when the run meets it; only
 *    optout and reply can refer to it.
 * After a rollback the resolver is dropped: what it knew is read from the database again.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/store_list.h"
#include "internal.h"

#define SLOTS (1u << 18)           /* of a table: 6 MiB */
#define SLOTS_FULL (SLOTS / 4 * 3) /* then a run is due */
#define RUN_CHUNK 8192             /* entries a transaction */

static const char sql_watermarks[] =
    "SELECT person_indexed, address_indexed FROM list WHERE id = ?1 AND state = 0";

struct thing_sql { /* what differs between persons and addresses */
    const char *find, *add, *enter, *unindexed, *watermark;
};
static const char sql_person_find[] =
    "SELECT person_id FROM person_hash WHERE hash = ?1 AND kind = ?2";
static const char sql_person_add[] = "INSERT INTO person (hash, kind, key_id) VALUES (?1, ?2, ?3)";
static const char sql_person_enter[] =
    "INSERT INTO person_hash (hash, kind, person_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
static const char sql_person_unindexed[] =
    "SELECT id, kind, hash FROM person p WHERE id >= ?1 AND NOT EXISTS"
    " (SELECT 1 FROM person_hash h WHERE h.hash = p.hash AND h.kind = p.kind"
    "  AND h.person_id = p.id)";
static const char sql_person_watermark[] =
    "UPDATE list SET person_indexed = (SELECT coalesce(max(id), 0) + 1 FROM person) WHERE id = ?1";
static const char sql_address_find[] =
    "SELECT address_id FROM address_hash WHERE hash = ?1 AND channel = ?2";
static const char sql_address_add[] =
    "INSERT INTO address (hash, channel, key_id) VALUES (?1, ?2, ?3)";
static const char sql_address_enter[] = "INSERT INTO address_hash (hash, channel, address_id) "
                                        "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
static const char sql_address_unindexed[] =
    "SELECT id, channel, hash FROM address a WHERE id >= ?1 AND NOT EXISTS"
    " (SELECT 1 FROM address_hash h WHERE h.hash = a.hash"
    "  AND h.channel = a.channel AND h.address_id = a.id)";
static const char sql_address_watermark[] = "UPDATE list SET address_indexed = (SELECT "
                                            "coalesce(max(id), 0) + 1 FROM address) WHERE id = ?1";
static const struct thing_sql person_sql = {sql_person_find, sql_person_add, sql_person_enter,
                                            sql_person_unindexed, sql_person_watermark};
static const struct thing_sql address_sql = {sql_address_find, sql_address_add, sql_address_enter,
                                             sql_address_unindexed, sql_address_watermark};

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
    size_t used;
};

struct resolver {
    int64_t list_id;
    struct thing person, address;
    struct order *order;
    size_t order_cap;
    uint32_t *fresh; /* slots in the order of the rows */
    size_t fresh_cap;
};

/* ---- the table ---- */

static uint64_t prefix_of(const uint8_t *hash)
{
    uint64_t v;
    memcpy(&v, hash, sizeof v);
    return __builtin_bswap64(
        v); /* compares as the bytes do, on the machines we have (little-endian) */
}

/* Where (hash, kind) stands or would stand. The hash is keyed and random: its last bytes are the slot number. */
static uint32_t slot_of(const struct thing *t, const uint8_t *hash, int kind)
{
    uint32_t i;
    memcpy(&i, hash + KEYRING_HASH_BYTES - sizeof i, sizeof i);
    for (i &= SLOTS - 1; t->slots[i].id; i = (i + 1) & (SLOTS - 1)) {
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
        if (t->used == SLOTS_FULL)
            panic("more persons without an index entry than a run holds");
        slot_fill(t, slot_of(t, hash, stmt_int(q, 1)), hash, stmt_int(q, 1),
                  (uint64_t)stmt_int64(q, 0), false);
    }
    stmt_close(q);
    return rc;
}

static int load(struct store *s, struct resolver *r, struct err *e)
{
    struct stmt *q = stmt_open(s, sql_watermarks, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, r->list_id);
    int rc = stmt_step(q, e);
    int64_t persons = stmt_int64(q, 0), addresses = stmt_int64(q, 1);
    stmt_close(q);
    if (rc == 0)
        return err_set(e, ERR_SOFTWARE, "this is a defect: please report it",
                       "list %lld is not being loaded", (long long)r->list_id);
    if (rc < 0 || load_unindexed(s, &r->person, persons, e) ||
        load_unindexed(s, &r->address, addresses, e))
        return -1;
    return 0;
}

static struct slot *slots_new(void)
{
    struct slot *slots = calloc(SLOTS, sizeof *slots);
    if (!slots)
        panic("out of memory");
    return slots;
}

void resolver_drop(struct store *s)
{
    struct resolver *r = s->resolver;
    if (!r)
        return;
    free(r->person.slots);
    free(r->address.slots);
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
    r->person = (struct thing){.sql = &person_sql, .slots = slots_new()};
    r->address = (struct thing){.sql = &address_sql, .slots = slots_new()};
    if (load(s, r, e)) {
        resolver_drop(s);
        return NULL;
    }
    return r;
}

/* ---- a chunk of rows ---- */

struct wanted { /* what a row says of a person or an address */
    const uint8_t *hash;
    int kind;
};

static struct wanted want_person(const struct list_row *r)
{
    return (struct wanted){r->person, r->person_kind};
}

static struct wanted want_address(const struct list_row *r)
{
    return (struct wanted){r->address, 1};
}

/* ids[i] becomes the slot of row i; what no slot has yet gets a pending one. Returns how many. */
static size_t take_slots(struct resolver *r, struct thing *t,
                         struct wanted (*want)(const struct list_row *),
                         const struct list_row *rows, size_t n, int64_t *ids)
{
    size_t fresh = 0;
    for (size_t i = 0; i < n; i++) {
        struct wanted w = want(&rows[i]);
        uint32_t slot = slot_of(t, w.hash, w.kind);
        if (t->slots[slot].id == 0) {
            slot_fill(t, slot, w.hash, w.kind, PENDING, false);
            r->order[fresh] = (struct order){prefix_of(w.hash), slot};
            r->fresh[fresh++] = slot;
        }
        ids[i] = slot;
    }
    return fresh;
}

/* Pending slots that the hash table knows, asked in its own order. */
static int find_known(struct store *s, struct resolver *r, struct thing *t, size_t n, struct err *e)
{
    struct stmt *find = stmt_open(s, t->sql->find, e);
    if (!find)
        return -1;
    qsort(r->order, n, sizeof *r->order, order_compare);
    int rc = 0;
    for (size_t i = 0; i < n && rc >= 0; i++) {
        struct slot *slot = &t->slots[r->order[i].slot];
        stmt_bind_blob(find, 1, slot->hash, KEYRING_HASH_BYTES);
        stmt_bind_int(find, 2, slot->kind);
        rc = stmt_step(find, e);
        if (rc == 1) {
            slot->id = (uint64_t)stmt_int64(find, 0) & PENDING;
            slot->indexed = 1;
            stmt_reset(find);
        }
    }
    stmt_close(find);
    return rc < 0 ? -1 : 0;
}

/* The others are new: appended in the order of the rows. */
static int make_new(struct store *s, struct resolver *r, struct thing *t, size_t n, struct err *e)
{
    int64_t key_id;
    if (index_key(s, &key_id, e))
        return -1;
    struct stmt *add = stmt_open(s, t->sql->add, e);
    if (!add)
        return -1;
    stmt_bind_int64(add, 3, key_id);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct slot *slot = &t->slots[r->fresh[i]];
        if (slot->id != PENDING)
            continue;
        stmt_bind_blob(add, 1, slot->hash, KEYRING_HASH_BYTES);
        stmt_bind_int(add, 2, slot->kind);
        rc = stmt_run(add, e);
        slot->id = (uint64_t)stmt_last_id(s) & PENDING;
    }
    stmt_close(add);
    return rc;
}

static int resolve(struct store *s, struct resolver *r, struct thing *t,
                   struct wanted (*want)(const struct list_row *), const struct list_row *rows,
                   size_t n, int64_t *ids, struct err *e)
{
    size_t fresh = take_slots(r, t, want, rows, n, ids);
    if (fresh && (find_known(s, r, t, fresh, e) || make_new(s, r, t, fresh, e)))
        return -1;
    for (size_t i = 0; i < n; i++)
        ids[i] = (int64_t)t->slots[ids[i]].id;
    return 0;
}

int resolver_rows(struct store *s, int64_t list_id, const struct list_row *rows, size_t n,
                  int64_t *person_ids, int64_t *address_ids, struct err *e)
{
    struct resolver *r = resolver_get(s, list_id, e);
    if (!r)
        return -1;
    order_room(r, n);
    fresh_room(r, n);
    if (resolve(s, r, &r->person, want_person, rows, n, person_ids, e) ||
        resolve(s, r, &r->address, want_address, rows, n, address_ids, e)) {
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
    "UPDATE address SET (optout, cap_day, cap_count) ="
    " (SELECT optout, cap_day, cap_count FROM address WHERE id = ?2) WHERE id = ?1";
static const char sql_merge_hash[] =
    "UPDATE address_hash SET address_id = ?1 WHERE address_id = ?2 AND hash ="
    " (SELECT hash FROM address WHERE id = ?1) AND channel = 1";
static const char *const merge_steps[] = {sql_merge_optout, sql_merge_reply, sql_merge_flags,
                                          sql_merge_hash};

/* Address `other` was made elsewhere for the same number while the list was loading: what refers to it now refers to ours. Its row
 * stays, empty and unreachable: looking for references from everywhere would cost a scan of every list. */
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

/* The hash table has this hash already. */
static int settle_conflict(struct store *s, const struct thing *t, const struct slot *slot,
                           struct err *e)
{
    struct stmt *find = stmt_open(s, t->sql->find, e);
    if (!find)
        return -1;
    stmt_bind_blob(find, 1, slot->hash, KEYRING_HASH_BYTES);
    stmt_bind_int(find, 2, slot->kind);
    int rc = stmt_step(find, e);
    int64_t other = rc == 1 ? stmt_int64(find, 0) : 0;
    stmt_close(find);
    if (rc < 0)
        return -1;
    if (t->sql == &address_sql)
        return merge_address(s, (int64_t)slot->id, other, e);
    return err_set(e, ERR_SOFTWARE, "this is a defect: please report it",
                   "person %lld was made twice, as %lld", (long long)slot->id, (long long)other);
}

static int enter_some(struct store *s, struct thing *t, const struct order *order, size_t n,
                      struct err *e)
{
    struct stmt *enter = stmt_open(s, t->sql->enter, e);
    if (!enter)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct slot *slot = &t->slots[order[i].slot];
        stmt_bind_blob(enter, 1, slot->hash, KEYRING_HASH_BYTES);
        stmt_bind_int(enter, 2, slot->kind);
        stmt_bind_int64(enter, 3, (int64_t)slot->id);
        rc = stmt_run(enter, e);
        if (rc == 0 && stmt_changes(s) == 0)
            rc = settle_conflict(s, t, slot, e);
    }
    stmt_close(enter);
    return rc;
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

static size_t order_unindexed(struct resolver *r, const struct thing *t)
{
    order_room(r, t->used);
    size_t n = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (t->slots[i].id && !t->slots[i].indexed)
            r->order[n++] = (struct order){prefix_of(t->slots[i].hash), i};
    }
    qsort(r->order, n, sizeof *r->order, order_compare);
    return n;
}

/* One sorted run, a transaction for each part of it; the last one raises the watermark. */
static int run(struct store *s, struct resolver *r, struct thing *t, struct err *e)
{
    size_t n = order_unindexed(r, t);
    for (size_t done = 0; done < n;) {
        size_t part = n - done < RUN_CHUNK ? n - done : RUN_CHUNK;
        bool own;
        if (tx_enter(s, &own, e))
            return -1;
        int rc = enter_some(s, t, r->order + done, part, e);
        done += part;
        if (rc == 0 && done == n)
            rc = raise_watermark(s, t, r->list_id, e);
        if (tx_leave(s, own, rc, e))
            return -1;
    }
    memset(t->slots, 0, SLOTS * sizeof *t->slots);
    t->used = 0;
    return 0;
}

int resolver_flush(struct store *s, int64_t list_id, struct err *e)
{
    struct resolver *r = resolver_get(s, list_id, e);
    if (!r)
        return -1;
    if (run(s, r, &r->person, e) || run(s, r, &r->address, e)) {
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
    if (r->person.used + n <= SLOTS_FULL && r->address.used + n <= SLOTS_FULL)
        return 0;
    return resolver_flush(s, list_id, e);
}
