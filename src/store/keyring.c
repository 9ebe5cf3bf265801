/*
 * keyring: data keys, wrapped by the key file outside the database. What is sealed with which key
 * stands in keyring.h.
 *
 * Wrapping: wrap key = HKDF(key file, "wrap"); a data key is sealed under it with (purpose, id,
 * list) as associated data, so that wrapped keys cannot change places. data_key.kek and meta
 * 'key_check' hold the key file's id: a wrong file is told by comparing ids, before anything is
 * opened or written.
 *
 * Blob: algorithm (1 = AES-256-GCM) | nonce | ciphertext | tag; associated data: algorithm, place,
 * id, version, key id.
 *
 * A keyring belongs to one thread and borrows its store, which must outlive it: keys of lists are
 * fetched when they are first needed. Bytes of data keys live in OpenSSL's contexts only; copies on
 * the way are wiped.
 */
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "internal.h"
#include "keyfile.h"

#define KIND "zhanchi-key"
#define ALG_AES_256_GCM 1
#define WRAPPED_BYTES (CRYPT_KEY_BYTES + CRYPT_SEAL_BYTES)
#define PURPOSES 6 /* array size: index 0 is unused */

struct key {
    int64_t id;
    int purpose;
    struct crypt_aead *aead;
};

struct keyring {
    struct store *store;
    char kek[KEYFILE_ID_MAX];
    struct crypt_aead *wrap;
    int64_t ids[PURPOSES];
    struct crypt_mac *index, *approval;
    struct key *keys;
    size_t n, cap, last;
};

static const char sql_key[] =
    "SELECT purpose, coalesce(list_id, 0), wrapped FROM data_key WHERE id = ?1";
static const char sql_singles[] =
    "SELECT id, purpose FROM data_key WHERE purpose <> 2 ORDER BY id DESC";
static const char sql_all[] = "SELECT id FROM data_key ORDER BY id";
static const char sql_add[] = "INSERT INTO data_key (id, purpose, list_id, alg, kek, wrapped, "
                              "created_at) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)";
static const char sql_rewrap[] = "UPDATE data_key SET kek = ?2, wrapped = ?3 WHERE id = ?1";

/* ---- wrapping ---- */

static void put64(uint8_t *out, int64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)v >> (8 * i));
}

static struct crypt_aead *wrap_new(const struct keyfile *f)
{
    uint8_t key[CRYPT_KEY_BYTES];
    crypt_hkdf(f->key, sizeof f->key, KIND " wrap", key, sizeof key);
    struct crypt_aead *wrap = crypt_aead_new(key);
    crypt_wipe(key, sizeof key);
    return wrap;
}

#define WRAP_AAD_BYTES 17
static void wrap_aad(int64_t id, int purpose, int64_t list_id, uint8_t out[WRAP_AAD_BYTES])
{
    put64(out, id);
    out[8] = (uint8_t)purpose;
    put64(out + 9, list_id);
}

static void wrap_key(struct crypt_aead *wrap, int64_t id, int purpose, int64_t list_id,
                     const uint8_t key[CRYPT_KEY_BYTES], uint8_t out[WRAPPED_BYTES])
{
    uint8_t aad[WRAP_AAD_BYTES];
    struct buf b;
    wrap_aad(id, purpose, list_id, aad);
    buf_init(&b, WRAPPED_BYTES);
    if (crypt_seal(wrap, aad, sizeof aad, key, CRYPT_KEY_BYTES, &b) || b.len != WRAPPED_BYTES)
        panic("a wrapped key of %zu bytes", b.len);
    memcpy(out, b.data, WRAPPED_BYTES);
    buf_fini(&b);
}

static int unwrap_key(struct crypt_aead *wrap, int64_t id, int purpose, int64_t list_id,
                      const void *wrapped, size_t len, uint8_t key[CRYPT_KEY_BYTES])
{
    uint8_t aad[WRAP_AAD_BYTES];
    struct buf b;
    wrap_aad(id, purpose, list_id, aad);
    buf_init(&b, CRYPT_KEY_BYTES);
    int rc =
        crypt_open(wrap, aad, sizeof aad, wrapped, len, &b) || b.len != CRYPT_KEY_BYTES ? -1 : 0;
    if (rc == 0)
        memcpy(key, b.data, CRYPT_KEY_BYTES);
    if (b.data)
        crypt_wipe(b.data, b.len);
    buf_fini(&b);
    return rc;
}

/* Reads and unwraps a data key. ERR_PERM if it is gone or does not open. */
static int fetch_key(struct store *s, struct crypt_aead *wrap, int64_t id, int *purpose,
                     int64_t *list_id, uint8_t key[CRYPT_KEY_BYTES], struct err *e)
{
    struct stmt *q = stmt_open(s, sql_key, e);
    if (!q)
        return -1;
    stmt_bind_int64(q, 1, id);
    int rc = stmt_step(q, e);
    if (rc == 0)
        rc = err_set(e, ERR_PERM, "the data sealed with it cannot be read any more",
                     "data key %lld is gone: its list was removed", (long long)id);
    if (rc == 1) {
        size_t len;
        *purpose = stmt_int(q, 0);
        *list_id = stmt_int64(q, 1);
        const void *wrapped = stmt_blob(q, 2, &len);
        if (unwrap_key(wrap, id, *purpose, *list_id, wrapped, len, key))
            rc = err_set(e, ERR_PERM, "bring back the newest backup with `zhanchi restore`",
                         "data key %lld of %s cannot be unwrapped: it was changed", (long long)id,
                         s->path);
    }
    return stmt_end(q, rc);
}

/* ---- making keys ---- */

int keyring_create_file(const char *path, const char *recovery_path, struct err *e)
{
    struct keyfile f;
    keyfile_random(KIND, &f);
    int rc = keyfile_write(
        path, KIND, "Zhanchi: the key to all personal data. Keep it apart from the database.", &f,
        e);
    if (rc == 0)
        rc = keyfile_write(recovery_path, KIND,
                           "Zhanchi: recovery copy of the key. Print it or take it to a safe; "
                           "without a key the data are lost.",
                           &f, e);
    crypt_wipe(&f, sizeof f);
    return rc;
}

static int insert_key(struct store *s, struct crypt_aead *wrap, const char *kek, int purpose,
                      int64_t list_id, int64_t now_ms, int64_t *id, struct err *e)
{
    uint8_t key[CRYPT_KEY_BYTES], wrapped[WRAPPED_BYTES];
    /* Never given twice: other processes remember keys by their ids. */
    if (reserve_ids(s, "next_key", 1, id, e))
        return -1;
    struct stmt *add = stmt_open(s, sql_add, e);
    if (!add)
        return -1;
    crypt_random(key, sizeof key);
    wrap_key(wrap, *id, purpose, list_id, key, wrapped);
    crypt_wipe(key, sizeof key);
    stmt_bind_int64(add, 1, *id);
    stmt_bind_int(add, 2, purpose);
    stmt_bind_int64_or_null(add, 3, purpose == KEY_LIST, list_id);
    stmt_bind_text(add, 4, kek);
    stmt_bind_blob(add, 5, wrapped, sizeof wrapped);
    stmt_bind_int64(add, 6, now_ms);
    return stmt_end(add, stmt_run(add, e));
}

static int insert_singles(struct store *s, const struct keyfile *f, int64_t now_ms, struct err *e)
{
    static const int purposes[] = {KEY_INDEX, KEY_OPTOUT, KEY_INBOX, KEY_APPROVAL};
    struct crypt_aead *wrap = wrap_new(f);
    int rc = store_meta_set(s, "key_check", f->id, e);
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0] && rc == 0; i++) {
        int64_t id;
        rc = insert_key(s, wrap, f->id, purposes[i], 0, now_ms, &id, e);
    }
    crypt_aead_free(wrap);
    return rc;
}

int keyring_init(struct store *s, const char *key_path, int64_t now_ms, struct err *e)
{
    struct keyfile f;
    char had[KEYFILE_ID_MAX];
    if (keyfile_read(key_path, KIND, &f, e))
        return -1;
    bool own;
    int rc = tx_enter(s, &own, e);
    if (rc == 0) {
        rc = store_meta_get(s, "key_check", had, sizeof had, e);
        if (rc == 1)
            rc = err_set(e, ERR_CANTCREAT, "name another work directory", "%s has its keys already",
                         s->path);
        if (rc == 0)
            rc = insert_singles(s, &f, now_ms, e);
        rc = tx_leave(s, own, rc, e);
    }
    crypt_wipe(&f, sizeof f);
    return rc;
}

/* ---- open, close ---- */

/* Reads the key file and compares it with what the database needs. */
static int check_file(struct store *s, const char *path, struct keyfile *f, struct err *e)
{
    char need[KEYFILE_ID_MAX];
    if (keyfile_read(path, KIND, f, e))
        return -1;
    int rc = store_meta_get(s, "key_check", need, sizeof need, e);
    if (rc == 0)
        rc = err_set(e, ERR_CONFIG, "run `zhanchi init`", "%s has no keys yet", s->path);
    if (rc == 1 && strcmp(need, f->id) != 0)
        rc = err_set(e, ERR_PERM,
                     "name the key file that belongs to this database; nothing was touched",
                     "%s is key %s, but %s was sealed with key %s", path, f->id, s->path, need);
    if (rc < 0)
        crypt_wipe(f, sizeof *f);
    return rc < 0 ? -1 : 0;
}

static struct key *remember(struct keyring *k, int64_t id, int purpose,
                            const uint8_t key[CRYPT_KEY_BYTES])
{
    if (k->n == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 16;
        k->keys = reallocarray(k->keys, k->cap, sizeof *k->keys);
        if (!k->keys)
            panic("out of memory");
    }
    k->keys[k->n] = (struct key){id, purpose, crypt_aead_new(key)};
    return &k->keys[k->n++];
}

static int open_single(struct keyring *k, int64_t id, struct err *e)
{
    uint8_t key[CRYPT_KEY_BYTES];
    int purpose;
    int64_t list_id;
    if (fetch_key(k->store, k->wrap, id, &purpose, &list_id, key, e))
        return -1;
    if (purpose == KEY_INDEX)
        k->index = crypt_mac_new(key, sizeof key);
    else if (purpose == KEY_APPROVAL)
        k->approval = crypt_mac_new(key, sizeof key);
    else
        remember(k, id, purpose, key);
    crypt_wipe(key, sizeof key);
    return 0;
}

static int open_singles(struct keyring *k, struct err *e)
{
    struct stmt *q = stmt_open(k->store, sql_singles, e);
    if (!q)
        return -1;
    int rc;
    while ((rc = stmt_step(q, e)) == 1)
        k->ids[stmt_int(q, 1)] = stmt_int64(q, 0);
    if (stmt_end(q, rc))
        return -1;
    for (int p = KEY_INDEX; p < PURPOSES; p++) {
        if (p == KEY_LIST)
            continue;
        if (k->ids[p] == 0)
            return err_set(e, ERR_IO, "bring back the newest backup with `zhanchi restore`",
                           "%s lacks a key (purpose %d)", k->store->path, p);
        if (open_single(k, k->ids[p], e))
            return -1;
    }
    return 0;
}

struct keyring *keyring_open(struct store *s, const char *key_path, struct err *e)
{
    struct keyfile f;
    if (check_file(s, key_path, &f, e))
        return NULL;
    struct keyring *k = calloc(1, sizeof *k);
    if (!k)
        panic("out of memory");
    k->store = s;
    memcpy(k->kek, f.id, sizeof k->kek);
    k->wrap = wrap_new(&f);
    crypt_wipe(&f, sizeof f);
    if (open_singles(k, e)) {
        keyring_close(k);
        return NULL;
    }
    return k;
}

void keyring_close(struct keyring *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->n; i++)
        crypt_aead_free(k->keys[i].aead);
    free(k->keys);
    crypt_aead_free(k->wrap);
    crypt_mac_free(k->index);
    crypt_mac_free(k->approval);
    crypt_wipe(k, sizeof *k);
    free(k);
}

int64_t keyring_id(const struct keyring *k, enum key_purpose p)
{
    if (p == KEY_LIST)
        panic("every list has a key of its own");
    return k->ids[p];
}

int keyring_new_list_key(struct keyring *k, struct store *s, int64_t list_id, int64_t now_ms,
                         int64_t *key_id, struct err *e)
{
    bool own;
    if (tx_enter(s, &own, e))
        return -1;
    return tx_leave(s, own, insert_key(s, k->wrap, k->kek, KEY_LIST, list_id, now_ms, key_id, e),
                    e);
}

/* ---- sealing ---- */

#define SEAL_AAD_BYTES 26
static void seal_aad(enum seal_place place, int64_t id, int64_t version, int64_t key_id,
                     uint8_t out[SEAL_AAD_BYTES])
{
    out[0] = ALG_AES_256_GCM;
    out[1] = (uint8_t)place;
    put64(out + 2, id);
    put64(out + 10, version);
    put64(out + 18, key_id);
}

static struct key *find_key(struct keyring *k, int64_t id, struct err *e)
{
    if (k->last < k->n && k->keys[k->last].id == id)
        return &k->keys[k->last];
    for (size_t i = 0; i < k->n; i++) {
        if (k->keys[i].id == id) {
            k->last = i;
            return &k->keys[i];
        }
    }
    uint8_t key[CRYPT_KEY_BYTES];
    int purpose;
    int64_t list_id;
    if (fetch_key(k->store, k->wrap, id, &purpose, &list_id, key, e))
        return NULL;
    struct key *found = remember(k, id, purpose, key);
    crypt_wipe(key, sizeof key);
    return found;
}

int keyring_seal(struct keyring *k, int64_t key_id, enum seal_place place, int64_t id,
                 int64_t version, const void *plain, size_t len, struct buf *out, struct err *e)
{
    uint8_t aad[SEAL_AAD_BYTES];
    struct key *key = find_key(k, key_id, e);
    if (!key)
        return -1;
    seal_aad(place, id, version, key_id, aad);
    size_t before = out->len;
    if (buf_addc(out, ALG_AES_256_GCM) || crypt_seal(key->aead, aad, sizeof aad, plain, len, out)) {
        out->len = before;
        return err_set(e, ERR_DATA, "shorten it", "a text of %zu bytes is too long to be sealed",
                       len);
    }
    return 0;
}

int keyring_unseal(struct keyring *k, int64_t key_id, enum seal_place place, int64_t id,
                   int64_t version, const void *blob, size_t len, struct buf *out, struct err *e)
{
    uint8_t aad[SEAL_AAD_BYTES];
    const uint8_t *b = blob;
    struct key *key = find_key(k, key_id, e);
    if (!key)
        return -1;
    seal_aad(place, id, version, key_id, aad);
    if (len < 1 || b[0] != ALG_AES_256_GCM ||
        crypt_open(key->aead, aad, sizeof aad, b + 1, len - 1, out))
        return err_set(
            e, ERR_DATA,
            "the database was changed from outside: bring back a backup with `zhanchi restore`",
            "a sealed record (place %d, id %lld) was changed or moved", (int)place, (long long)id);
    return 0;
}

/* ---- hashes, approvals ---- */

void keyring_hash(struct keyring *k, enum hash_kind kind, const void *data, size_t len,
                  uint8_t out[KEYRING_HASH_BYTES])
{
    uint8_t domain = (uint8_t)kind, full[CRYPT_HASH_BYTES];
    crypt_mac_start(k->index);
    crypt_mac_add(k->index, &domain, 1);
    crypt_mac_add(k->index, data, len);
    crypt_mac_end(k->index, full);
    memcpy(out, full, KEYRING_HASH_BYTES);
}

void keyring_proof(struct keyring *k, const char *ref, char out[KEYRING_PROOF_MAX])
{
    uint8_t hash[KEYRING_HASH_BYTES];
    keyring_hash(k, HASH_LETTER, ref, strlen(ref), hash);
    crypt_hex(hash, (KEYRING_PROOF_MAX - 1) / 2, out);
}

bool keyring_proves(struct keyring *k, const char *ref, const char *proof)
{
    char right[KEYRING_PROOF_MAX];
    if (!proof || strlen(proof) != KEYRING_PROOF_MAX - 1)
        return false;
    keyring_proof(k, ref, right);
    return crypt_equal(right, proof, KEYRING_PROOF_MAX - 1);
}

struct crypt_mac *keyring_approval_mac(struct keyring *k)
{
    return k->approval;
}

/* ---- rotation ---- */

struct rotation {
    struct store *store;
    struct crypt_aead *from, *to;
    const char *kek;
};

static int rewrap(struct rotation *r, int64_t id, struct err *e)
{
    uint8_t key[CRYPT_KEY_BYTES], wrapped[WRAPPED_BYTES];
    int purpose;
    int64_t list_id;
    if (fetch_key(r->store, r->from, id, &purpose, &list_id, key, e))
        return -1;
    wrap_key(r->to, id, purpose, list_id, key, wrapped);
    crypt_wipe(key, sizeof key);
    struct stmt *put = stmt_open(r->store, sql_rewrap, e);
    if (!put)
        return -1;
    stmt_bind_int64(put, 1, id);
    stmt_bind_text(put, 2, r->kek);
    stmt_bind_blob(put, 3, wrapped, sizeof wrapped);
    return stmt_end(put, stmt_run(put, e));
}

static int rewrap_all(struct rotation *r, struct err *e)
{
    if (store_begin(r->store, e))
        return -1;
    struct stmt *q = stmt_open(r->store, sql_all, e);
    int rc = q ? 0 : -1;
    while (rc >= 0 && (rc = stmt_step(q, e)) == 1)
        rc = rewrap(r, stmt_int64(q, 0), e);
    stmt_close(q);
    if (rc == 0)
        rc = store_meta_set(r->store, "key_check", r->kek, e);
    return tx_leave(r->store, true, rc, e);
}

int keyring_rotate(struct store *s, const char *old_path, const char *new_path, struct err *e)
{
    struct keyfile from, to;
    if (check_file(s, old_path, &from, e))
        return -1;
    if (keyfile_read(new_path, KIND, &to, e)) {
        crypt_wipe(&from, sizeof from);
        return -1;
    }
    struct rotation r = {s, wrap_new(&from), wrap_new(&to), to.id};
    int rc = rewrap_all(&r, e);
    crypt_aead_free(r.from);
    crypt_aead_free(r.to);
    crypt_wipe(&from, sizeof from);
    crypt_wipe(&to, sizeof to);
    return rc;
}
