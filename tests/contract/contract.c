/*
 * contract: see contract.h.
 */
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/crypt.h"
#include "zhanchi/store_audit.h"
#include "zhanchi/store_epoch.h"
#include "contract.h"

#define ROWS_A_CALL 1000

bool contract_is(const char *driver)
{
    const char *name = getenv("ZHANCHI_CONTRACT_DRIVER");
    return strcmp(name && *name ? name : "sqlite", driver) == 0;
}

void contract_path(const struct contract *c, const char *name, char out[CONTRACT_PATH])
{
    int n = snprintf(out, CONTRACT_PATH, "%s/%s", c->root, name);
    ck_assert(n > 0 && n < CONTRACT_PATH);
}

struct contract *contract_begin(void)
{
    const char *tmp = getenv("TMPDIR");
    struct contract *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    if (!contract_is("sqlite"))
        ck_abort_msg("no such driver");
    snprintf(c->root, sizeof c->root, "%s/contract.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(c->root));
    contract_path(c, "work", c->dir);
    contract_path(c, "key", c->key);
    contract_path(c, "recovery", c->recovery);
    contract_path(c, "audit.key", c->audit_key);
    contract_path(c, "epochs", c->epoch_dir);
    ck_assert_int_eq(mkdir(c->dir, 0700), 0);
    OK(c, store_create(c->dir, CONTRACT_NOW, &c->e));
    OK(c, keyring_create_file(c->key, c->recovery, &c->e));
    OK(c, audit_create_key(c->audit_key, &c->e));
    c->store = store_open(c->dir, STORE_RW, &c->e);
    ck_assert_msg(c->store != NULL, "%s", c->e.what);
    OK(c, keyring_init(c->store, c->key, CONTRACT_NOW, &c->e));
    OK(c, epoch_create(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    contract_reopen(c);
    return c;
}

void contract_close(struct contract *c)
{
    keyring_close(c->keys);
    store_close(c->store);
    c->keys = NULL;
    c->store = NULL;
}

void contract_reopen(struct contract *c)
{
    contract_close(c);
    c->store = store_open(c->dir, STORE_RW, &c->e);
    ck_assert_msg(c->store != NULL, "%s", c->e.what);
    c->keys = keyring_open(c->store, c->key, &c->e);
    ck_assert_msg(c->keys != NULL, "%s", c->e.what);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void contract_end(struct contract *c)
{
    contract_close(c);
    nftw(c->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(c);
}

/* ---- things to put in ---- */

void contract_hash(int kind, uint64_t n, uint8_t out[KEYRING_HASH_BYTES])
{
    uint8_t full[CRYPT_HASH_BYTES], in[12];
    memcpy(in, &kind, 4);
    memcpy(in + 4, &n, 8);
    crypt_sha256(in, sizeof in, full);
    memcpy(out, full, KEYRING_HASH_BYTES);
}

struct list_row contract_row(int64_t id, int64_t line, uint64_t person, uint64_t address,
                             int64_t key_id)
{
    struct list_row r = {.id = id,
                         .line = line,
                         .revision = 1,
                         .person_kind = HASH_PERSON_ID,
                         .region = "4301",
                         .has_occupation = true,
                         .level = 3,
                         .issued_day = 19000,
                         .months = 40,
                         .key_id = key_id,
                         .sealed = "sealed",
                         .sealed_len = 6};
    contract_hash(HASH_PERSON_ID, person, r.person);
    contract_hash(HASH_ADDRESS_SMS, address, r.address);
    contract_hash(HASH_OCCUPATION, 1, r.occupation);
    return r;
}

int64_t contract_list_begin(struct contract *c, const char *name)
{
    struct list_info l = {.encoding = "UTF-8", .columns = "[]", .imported_at = CONTRACT_NOW};
    snprintf(l.name, sizeof l.name, "%s", name);
    snprintf(l.file, sizeof l.file, "%s.csv", name);
    snprintf(l.imported_by, sizeof l.imported_by, "maker");
    crypt_sha256(name, strlen(name), l.digest);
    int64_t id = 0, key_id = 0;
    OK(c, store_list_begin(c->store, &l, &id, &c->e));
    OK(c, keyring_new_list_key(c->keys, c->store, id, CONTRACT_NOW, &key_id, &c->e));
    OK(c, store_list_set_key(c->store, id, key_id, &c->e));
    return id;
}

void contract_rows(struct contract *c, int64_t list_id, int64_t line, uint64_t first, size_t n)
{
    static struct list_row rows[ROWS_A_CALL];
    for (size_t done = 0, part; done < n; done += part) {
        int64_t id;
        part = n - done < ROWS_A_CALL ? n - done : ROWS_A_CALL;
        OK(c, store_list_row_ids(c->store, part, &id, &c->e));
        for (size_t i = 0; i < part; i++)
            rows[i] = contract_row(id + (int64_t)i, line + (int64_t)(done + i), first + done + i,
                                   first + done + i, 1);
        OK(c, store_list_rows(c->store, list_id, rows, part, &c->e));
    }
}

int64_t contract_list(struct contract *c, const char *name, uint64_t first, size_t n)
{
    int64_t id = contract_list_begin(c, name);
    contract_rows(c, id, 2, first, n);
    OK(c, store_list_finish(c->store, id, (int64_t)n, 0, &c->e));
    return id;
}

/* ---- children ---- */

bool contract_killed(const char *failpoint, void (*job)(void *ctx), void *ctx)
{
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (failpoint)
            setenv("ZHANCHI_FAILPOINT", failpoint, 1);
        job(ctx);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed: status %d",
                  status);
    return false;
}

int contract_main(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
