/*
 * Epochs: an old copy of the database is recognised, a power cut is not mistaken for one,
 * references tell whose they are.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/fsio.h"
#include "zhanchi/store_epoch.h"
#include "contract.h"

static enum epoch_finding find(struct contract *c)
{
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_msg(ep != NULL, "%s", c->e.what);
    epoch_close(ep);
    return f;
}

static void epoch_path(struct contract *c, char out[CONTRACT_PATH])
{
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_ptr_nonnull(ep);
    ck_assert_int_lt(
        snprintf(out, CONTRACT_PATH, "%s/%07x.epoch", c->epoch_dir, epoch_info(ep)->tag),
        CONTRACT_PATH);
    epoch_close(ep);
}

/* What dispatch does after a claim. */
static void note(struct contract *c, int64_t claims)
{
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_ptr_nonnull(ep);
    ck_assert_int_eq(f, EPOCH_AGREES);
    epoch_note_claim(ep, claims);
    ck_assert_int_eq(epoch_info(ep)->claims, claims);
    epoch_close(ep);
}

/* Whoever has an older number in hand does not make the file forget what was sent. */
START_TEST(the_counter_only_rises)
{
    struct contract *c = contract_begin();
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_ptr_nonnull(ep);
    epoch_note_claim(ep, 7);
    epoch_note_claim(ep, 3);
    ck_assert_int_eq(epoch_info(ep)->claims, 7);
    epoch_close(ep);
    OK(c, epoch_look(c->store, c->epoch_dir, &f, &c->e));
    ck_assert_int_eq(f, EPOCH_BEHIND); /* the database has 0 */
    contract_end(c);
}
END_TEST

START_TEST(fresh_database_agrees)
{
    struct contract *c = contract_begin();
    struct stat st;
    enum epoch_finding f;
    char path[CONTRACT_PATH];
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_uint_gt(epoch_info(ep)->tag, 0);
    ck_assert_uint_lt(epoch_info(ep)->tag, 1u << 25);
    ck_assert_uint_eq(epoch_info(ep)->epoch, 1);
    ck_assert_int_eq(epoch_info(ep)->claims, 0);
    epoch_close(ep);
    epoch_path(c, path);
    ck_assert_int_eq(stat(c->epoch_dir, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    contract_end(c);
}
END_TEST

/* The file says that more was claimed than this database knows: it was copied back. */
START_TEST(old_copy_is_behind)
{
    struct contract *c = contract_begin();
    note(c, 3);
    ck_assert_int_eq(find(c), EPOCH_BEHIND);
    ck_assert_int_eq(find(c), EPOCH_BEHIND); /* looking changes nothing */
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    contract_end(c);
}
END_TEST

START_TEST(copy_from_before_a_new_epoch_is_behind)
{
    struct contract *c = contract_begin();
    char copy[CONTRACT_PATH], db[CONTRACT_PATH];
    struct buf b;
    contract_path(c, "copy", copy);
    OK(c, store_backup(c->store, copy, NULL, NULL, &c->e));
    strcpy(db, store_path(c->store));
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    contract_close(c);
    buf_init(&b, 1u << 26);
    OK(c, fs_read_file(copy, &b, &c->e));
    OK(c, fs_write_atomic(db, 0600, b.data, b.len, &c->e));
    buf_fini(&b);
    contract_reopen(c);
    ck_assert_int_eq(find(c), EPOCH_BEHIND);
    /* The new epoch is above the one that the lost timeline used. */
    enum epoch_finding f;
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_int_eq(f, EPOCH_AGREES);
    ck_assert_uint_eq(epoch_info(ep)->epoch, 3);
    epoch_close(ep);
    contract_end(c);
}
END_TEST

START_TEST(missing_or_foreign_file_is_doubt)
{
    struct contract *c = contract_begin();
    char path[CONTRACT_PATH];
    epoch_path(c, path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(find(c), EPOCH_NO_FILE);
    OK(c, fs_write_atomic(path, 0600, "", 0, &c->e)); /* as a crash of the machine may leave it */
    ck_assert_int_eq(find(c), EPOCH_NO_FILE);
    OK(c, fs_write_atomic(path, 0600, "0123456789012345678901234567890123456789", 40, &c->e));
    ck_assert_int_eq(find(c), EPOCH_NO_FILE);
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    contract_end(c);
}
END_TEST

/* The machine lost power after a claim was durable and before the mapping was: nothing was sent
 * that the database does not know. */
START_TEST(database_ahead_is_a_power_cut)
{
    struct contract *c = contract_begin();
    char path[CONTRACT_PATH];
    struct buf old;
    epoch_path(c, path);
    buf_init(&old, 4096);
    OK(c, fs_read_file(path, &old, &c->e));
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    OK(c, fs_write_atomic(path, 0600, old.data, old.len, &c->e));
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    ck_assert_int_eq(f, EPOCH_AGREES);
    ck_assert_uint_eq(epoch_info(ep)->epoch, 2);
    epoch_note_claim(ep, 1); /* the file is the new epoch's again */
    epoch_close(ep);
    ck_assert_int_eq(find(c), EPOCH_BEHIND);
    buf_fini(&old);
    contract_end(c);
}
END_TEST

START_TEST(doubt_is_remembered_until_renewed)
{
    struct contract *c = contract_begin();
    OK(c, store_doubt_raise(c->store, "a receipt bore a reference that was never issued", &c->e));
    contract_reopen(c);
    ck_assert_int_eq(find(c), EPOCH_DOUBT);
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    contract_end(c);
}
END_TEST

static void renew(void *ctx)
{
    struct contract *c = ctx;
    contract_reopen(c);
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
}

START_TEST(killed_between_database_and_file)
{
    struct contract *c = contract_begin();
    note(c, 3);
    contract_close(c);
    contract_killed("epoch_renewed:1", renew, c);
    contract_reopen(c);
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    ck_assert_int_eq(find(c), EPOCH_AGREES);
    contract_end(c);
}
END_TEST

START_TEST(references_tell_whose_they_are)
{
    struct contract *c = contract_begin();
    enum epoch_finding f;
    struct epoch *ep = epoch_open(c->store, c->epoch_dir, &f, &c->e);
    struct msg_ref r = {epoch_info(ep)->tag, 1, 1, 1};
    epoch_close(ep);
    ck_assert_int_eq(store_ref_check(c->store, &r, &c->e), REF_NEVER_ISSUED);
    r.epoch = 7; /* an epoch that this database has not reached */
    ck_assert_int_eq(store_ref_check(c->store, &r, &c->e), REF_NEVER_ISSUED);
    r.tag ^= 1;
    ck_assert_int_eq(store_ref_check(c->store, &r, &c->e), REF_FOREIGN);
    /* What a lost timeline sent in an epoch that has ended is no reason for new doubt. */
    r.tag ^= 1;
    r.epoch = 1;
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(store_ref_check(c->store, &r, &c->e), REF_FOREIGN);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_counter_only_rises,
                                  fresh_database_agrees,
                                  old_copy_is_behind,
                                  copy_from_before_a_new_epoch_is_behind,
                                  missing_or_foreign_file_is_doubt,
                                  database_ahead_is_a_power_cut,
                                  doubt_is_remembered_until_renewed,
                                  killed_between_database_and_file,
                                  references_tell_whose_they_are};
    return contract_main("epoch", tests, sizeof tests / sizeof tests[0]);
}
