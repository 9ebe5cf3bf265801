/*
 * resolve: one hash of a person, an address or an employer -> its id.
 *
 * For administration, replies, responses and repaired rows. What a list in loading has made is not found here
 * before that list is ready (sqlite_resolve.c does the same for a chunk of a list, and moves an
 * address that was made here meanwhile onto its own). Invariant: at most one id stands for a hash
 * in person_hash and address_hash; every id in them exists.
 */
#include "internal.h"

static const char sql_index_key[] = "SELECT id FROM data_key WHERE purpose = 1 ORDER BY id LIMIT 1";
static const char sql_person[] = "SELECT person_id FROM person_hash WHERE hash = ?1 AND kind = ?2";
static const char sql_employer[] =
    "SELECT employer_id FROM employer_hash WHERE hash = ?1 AND kind = 1";
static const char sql_address[] =
    "SELECT address_id FROM address_hash WHERE hash = ?1 AND channel = 1";
static const char sql_address_add[] =
    "INSERT INTO address (key_id, hash, channel) VALUES (?1, ?2, ?3)";
static const char sql_address_hash_add[] =
    "INSERT INTO address_hash (hash, address_id, channel) VALUES (?1, ?2, ?3)";
static const char sql_person_add[] = "INSERT INTO person (key_id, hash, kind) VALUES (?1, ?2, ?3)";
static const char sql_person_hash_add[] =
    "INSERT INTO person_hash (hash, person_id, kind) VALUES (?1, ?2, ?3)";
static const char sql_employer_add[] =
    "INSERT INTO employer (key_id, hash, kind) VALUES (?1, ?2, ?3)";
static const char sql_employer_hash_add[] =
    "INSERT INTO employer_hash (hash, employer_id, kind) VALUES (?1, ?2, ?3)";

int index_key(struct store *s, int64_t *key_id, struct err *e)
{
    if (s->index_key == 0) {
        int rc = stmt_number(s, sql_index_key, &s->index_key, e);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return err_set(e, ERR_CONFIG, "run `zhanchi init`", "%s has no keys yet", s->path);
    }
    *key_id = s->index_key;
    return 0;
}

/* kind 0: the statement has none. */
static int find(struct store *s, const char *sql, int kind, const uint8_t hash[KEYRING_HASH_BYTES],
                int64_t *id, struct err *e)
{
    struct stmt *q = stmt_open(s, sql, e);
    if (!q)
        return -1;
    stmt_bind_blob(q, 1, hash, KEYRING_HASH_BYTES);
    if (kind)
        stmt_bind_int(q, 2, kind);
    int rc = stmt_step(q, e);
    if (rc == 1)
        *id = stmt_int64(q, 0);
    stmt_close(q);
    return rc;
}

int person_find(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                struct err *e)
{
    return find(s, sql_person, kind, hash, id, e);
}

int address_find(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                 struct err *e)
{
    return find(s, sql_address, 0, hash, id, e);
}

int employer_find(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                  struct err *e)
{
    return find(s, sql_employer, 0, hash, id, e);
}

/* The thing itself (?1 key, ?2 hash, ?3 kind), then the way to it (?1 hash, ?2 id, ?3 kind). */
static int add(struct store *s, const char *sql, const char *sql_hash, int kind,
               const uint8_t *hash, int64_t *id, struct err *e)
{
    int64_t key_id;
    if (index_key(s, &key_id, e))
        return -1;
    struct stmt *st = stmt_open(s, sql, e);
    if (!st)
        return -1;
    stmt_bind_int64(st, 1, key_id);
    stmt_bind_blob(st, 2, hash, KEYRING_HASH_BYTES);
    stmt_bind_int(st, 3, kind);
    if (stmt_end(st, stmt_run(st, e)))
        return -1;
    *id = stmt_last_id(s);
    st = stmt_open(s, sql_hash, e);
    if (!st)
        return -1;
    stmt_bind_blob(st, 1, hash, KEYRING_HASH_BYTES);
    stmt_bind_int64(st, 2, *id);
    stmt_bind_int(st, 3, kind);
    return stmt_end(st, stmt_run(st, e)) ? -1 : 1;
}

static void want_transaction(const struct store *s)
{
    if (!s->in_tx)
        panic("a person, an address or an employer made outside a transaction");
}

int address_make(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                 struct err *e)
{
    want_transaction(s);
    int rc = address_find(s, hash, id, e);
    if (rc)
        return rc < 0 ? -1 : 0;
    return add(s, sql_address_add, sql_address_hash_add, 1, hash, id, e);
}

int person_make(struct store *s, int kind, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                struct err *e)
{
    want_transaction(s);
    int rc = person_find(s, kind, hash, id, e);
    if (rc)
        return rc < 0 ? -1 : 0;
    return add(s, sql_person_add, sql_person_hash_add, kind, hash, id, e);
}

int employer_make(struct store *s, const uint8_t hash[KEYRING_HASH_BYTES], int64_t *id,
                  struct err *e)
{
    want_transaction(s);
    int rc = employer_find(s, hash, id, e);
    if (rc)
        return rc < 0 ? -1 : 0;
    return add(s, sql_employer_add, sql_employer_hash_add, 1, hash, id, e);
}
