/*
 * Keys: a wrong key file touches nothing, a changed or moved blob is refused, rotation re-wraps and
 * nothing else.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/crypt.h"
#include "zhanchi/fsio.h"
#include "contract.h"

static struct buf seal(struct contract *c, int64_t key_id, enum seal_place place, int64_t id,
                       int64_t version, const char *text)
{
    struct buf b;
    buf_init(&b, 4096);
    OK(c, keyring_seal(c->keys, key_id, place, id, version, text, strlen(text), &b, &c->e));
    return b;
}

static void check_opens(struct contract *c, int64_t key_id, const struct buf *blob,
                        const char *text)
{
    struct buf plain;
    buf_init(&plain, 4096);
    OK(c, keyring_unseal(c->keys, key_id, SEAL_ROW, 7, 1, blob->data, blob->len, &plain, &c->e));
    ck_assert_str_eq(buf_cstr(&plain), text);
    buf_fini(&plain);
}

static int64_t list_key(struct contract *c, int64_t list_id)
{
    struct list_info l;
    ck_assert_int_eq(store_list_by_id(c->store, list_id, &l, &c->e), 1);
    return l.key_id;
}

START_TEST(sealed_opens_again)
{
    struct contract *c = contract_begin();
    int64_t key = list_key(c, contract_list(c, "spring", 1, 1));
    struct buf b = seal(c, key, SEAL_ROW, 7, 1, "张三");
    ck_assert_int_eq(b.data[0], 1);
    ck_assert_uint_eq(b.len, 1 + CRYPT_SEAL_BYTES + strlen("张三"));
    check_opens(c, key, &b, "张三");
    contract_reopen(c);
    check_opens(c, key, &b, "张三");
    buf_fini(&b);
    contract_end(c);
}
END_TEST

START_TEST(moved_or_changed_is_refused)
{
    struct contract *c = contract_begin();
    int64_t key = list_key(c, contract_list(c, "spring", 1, 1));
    int64_t other = list_key(c, contract_list(c, "summer", 1, 1));
    struct buf b = seal(c, key, SEAL_ROW, 7, 1, "张三"), out;
    const struct {
        int64_t key;
        enum seal_place place;
        int64_t id, version;
    } wrong[] = {{other, SEAL_ROW, 7, 1},
                 {key, SEAL_PAYLOAD, 7, 1},
                 {key, SEAL_ROW, 8, 1},
                 {key, SEAL_ROW, 7, 2}};
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        FAILS(c, ERR_DATA,
              keyring_unseal(c->keys, wrong[i].key, wrong[i].place, wrong[i].id, wrong[i].version,
                             b.data, b.len, &out, &c->e));
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] ^= 1;
        FAILS(c, ERR_DATA,
              keyring_unseal(c->keys, key, SEAL_ROW, 7, 1, b.data, b.len, &out, &c->e));
        b.data[i] ^= 1;
    }
    for (size_t len = 0; len < b.len; len++)
        FAILS(c, ERR_DATA, keyring_unseal(c->keys, key, SEAL_ROW, 7, 1, b.data, len, &out, &c->e));
    FAILS(c, ERR_PERM, keyring_unseal(c->keys, 9999, SEAL_ROW, 7, 1, b.data, b.len, &out, &c->e));
    ck_assert_uint_eq(out.len, 0);
    check_opens(c, key, &b, "张三");
    buf_fini(&b);
    buf_fini(&out);
    contract_end(c);
}
END_TEST

START_TEST(full_buffer_is_no_half_blob)
{
    struct contract *c = contract_begin();
    struct buf b;
    buf_init(&b, 20);
    int64_t id = keyring_id(c->keys, KEY_OPTOUT);
    FAILS(c, ERR_DATA, keyring_seal(c->keys, id, SEAL_OPTOUT, 1, 0, "13800000001", 11, &b, &c->e));
    ck_assert_uint_eq(b.len, 0);
    buf_fini(&b);
    contract_end(c);
}
END_TEST

START_TEST(each_purpose_has_its_key)
{
    struct contract *c = contract_begin();
    int64_t ids[] = {keyring_id(c->keys, KEY_INDEX), keyring_id(c->keys, KEY_OPTOUT),
                     keyring_id(c->keys, KEY_INBOX), keyring_id(c->keys, KEY_APPROVAL)};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_gt(ids[i], 0);
        for (int k = 0; k < i; k++)
            ck_assert_int_ne(ids[i], ids[k]);
    }
    contract_end(c);
}
END_TEST

START_TEST(hashes_are_keyed_and_separate)
{
    struct contract *c = contract_begin(), *d = contract_begin();
    uint8_t a[KEYRING_HASH_BYTES], b[KEYRING_HASH_BYTES];
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, a);
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, b);
    ck_assert_mem_eq(a, b, sizeof a);
    keyring_hash(c->keys, HASH_PERSON_REF, "13800000001", 11, b);
    ck_assert_mem_ne(a, b, sizeof a);
    keyring_hash(d->keys, HASH_ADDRESS_SMS, "13800000001", 11, b);
    ck_assert_mem_ne(a, b, sizeof a);
    contract_reopen(c);
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, b);
    ck_assert_mem_eq(a, b, sizeof a);
    contract_end(c);
    contract_end(d);
}
END_TEST

/* The whole database, byte by byte. */
static void digest_db(struct contract *c, uint8_t out[32])
{
    struct buf b;
    buf_init(&b, 1u << 26);
    OK(c, fs_read_file(store_path(c->store), &b, &c->e));
    crypt_sha256(b.data, b.len, out);
    buf_fini(&b);
}

START_TEST(wrong_key_touches_nothing)
{
    struct contract *c = contract_begin();
    char wrong[CONTRACT_PATH], copy[CONTRACT_PATH];
    uint8_t before[32], after[32];
    contract_path(c, "wrong", wrong);
    contract_path(c, "wrong.copy", copy);
    OK(c, keyring_create_file(wrong, copy, &c->e));
    contract_reopen(c);
    keyring_close(c->keys);
    OK(c, store_checkpoint(c->store, &c->e));
    digest_db(c, before);
    memset(&c->e, 0, sizeof c->e);
    c->keys = keyring_open(c->store, wrong, &c->e);
    ck_assert_ptr_null(c->keys);
    ck_assert_int_eq(c->e.kind, ERR_PERM);
    FAILS(c, ERR_PERM, keyring_rotate(c->store, wrong, c->key, &c->e));
    FAILS(c, ERR_CANTCREAT, keyring_init(c->store, wrong, CONTRACT_NOW, &c->e));
    OK(c, store_checkpoint(c->store, &c->e));
    digest_db(c, after);
    ck_assert_mem_eq(before, after, sizeof before);
    contract_reopen(c);
    contract_end(c);
}
END_TEST

static enum err_kind open_kind(struct contract *c, const char *path)
{
    memset(&c->e, 0, sizeof c->e);
    struct keyring *k = keyring_open(c->store, path, &c->e);
    keyring_close(k);
    return k ? ERR_NONE : c->e.kind;
}

START_TEST(key_files_are_secret_and_whole)
{
    struct contract *c = contract_begin();
    char path[CONTRACT_PATH];
    struct buf text;
    struct stat st;
    ck_assert_int_eq(stat(c->key, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(c->recovery, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(open_kind(c, c->recovery), ERR_NONE);
    FAILS(c, ERR_CANTCREAT, keyring_create_file(c->key, c->recovery, &c->e));
    ck_assert_int_eq(chmod(c->key, 0640), 0);
    ck_assert_int_eq(open_kind(c, c->key), ERR_PERM);
    ck_assert_int_eq(chmod(c->key, 0400), 0);
    ck_assert_int_eq(open_kind(c, c->key), ERR_NONE);
    contract_path(c, "none", path);
    ck_assert_int_eq(open_kind(c, path), ERR_NOINPUT);
    ck_assert_int_eq(open_kind(c, c->dir), ERR_PERM);
    ck_assert_int_eq(open_kind(c, c->audit_key), ERR_DATA);
    /* One changed character of the key. */
    buf_init(&text, 4096);
    OK(c, fs_read_file(c->recovery, &text, &c->e));
    char *key = strstr(text.data, "key ");
    while ((key = strstr(key + 1, "key ")) && key[-1] != '\n') {
    }
    ck_assert_ptr_nonnull(key);
    key[6] = key[6] == 'A' ? 'B' : 'A';
    OK(c, fs_write_atomic(path, 0600, text.data, text.len, &c->e));
    ck_assert_int_eq(open_kind(c, path), ERR_DATA);
    OK(c, fs_write_atomic(path, 0600, text.data, text.len / 2, &c->e));
    ck_assert_int_eq(open_kind(c, path), ERR_DATA);
    buf_fini(&text);
    contract_end(c);
}
END_TEST

START_TEST(rotation_rewraps)
{
    struct contract *c = contract_begin();
    char fresh[CONTRACT_PATH], copy[CONTRACT_PATH];
    uint8_t hash[KEYRING_HASH_BYTES], again[KEYRING_HASH_BYTES];
    int64_t key = list_key(c, contract_list(c, "spring", 1, 1));
    struct buf b = seal(c, key, SEAL_ROW, 7, 1, "张三");
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, hash);
    contract_path(c, "fresh", fresh);
    contract_path(c, "fresh.copy", copy);
    OK(c, keyring_create_file(fresh, copy, &c->e));
    OK(c, keyring_rotate(c->store, c->key, fresh, &c->e));
    ck_assert_int_eq(open_kind(c, c->key), ERR_PERM);
    strcpy(c->key, fresh);
    contract_reopen(c);
    check_opens(c, key, &b, "张三");
    keyring_hash(c->keys, HASH_ADDRESS_SMS, "13800000001", 11, again);
    ck_assert_mem_eq(hash, again, sizeof hash);
    contract_list(c, "summer", 1, 1);
    buf_fini(&b);
    contract_end(c);
}
END_TEST

START_TEST(approvals_have_a_key_of_their_own)
{
    struct contract *c = contract_begin();
    uint8_t a[CRYPT_HASH_BYTES], b[CRYPT_HASH_BYTES];
    for (int i = 0; i < 2; i++) {
        struct crypt_mac *m = keyring_approval_mac(c->keys);
        crypt_mac_start(m);
        crypt_mac_add(m, "wave", 4);
        crypt_mac_end(m, i ? b : a);
        contract_reopen(c);
    }
    ck_assert_mem_eq(a, b, sizeof a);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sealed_opens_again,
                                  moved_or_changed_is_refused,
                                  full_buffer_is_no_half_blob,
                                  each_purpose_has_its_key,
                                  hashes_are_keyed_and_separate,
                                  wrong_key_touches_nothing,
                                  key_files_are_secret_and_whole,
                                  rotation_rewraps,
                                  approvals_have_a_key_of_their_own};
    return contract_main("keyring", tests, sizeof tests / sizeof tests[0]);
}
