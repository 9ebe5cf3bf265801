/*
 * The audit trail: every change, gap or other order is found, at the record where it begins.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include "zhanchi/store_audit.h"
#include "contract.h"

static void write_acts(struct contract *c, int n)
{
    char head[65];
    for (int i = 0; i < n; i++) {
        char object[32];
        snprintf(object, sizeof object, "campaign c%d", i);
        OK(c, store_audit(c->store, c->audit_key, CONTRACT_NOW + i, "maker", "campaign.create",
                          object, "detail", head, &c->e));
        ck_assert_uint_eq(strlen(head), 64);
    }
}

static int count_act(void *ctx, const struct audit_row *r)
{
    (void)r;
    (*(int *)ctx)++;
    return 0;
}

START_TEST(whole_trail_verifies)
{
    struct contract *c = contract_begin();
    char head[65], last[65];
    int64_t n = -1;
    int seen = 0;
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_int_eq(n, 0);
    write_acts(c, 9);
    OK(c, store_audit(c->store, c->audit_key, CONTRACT_NOW, "checker", "campaign.approve",
                      "campaign c1", "", last, &c->e));
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_int_eq(n, 10);
    ck_assert_str_eq(head, last);
    OK(c, store_audit_each(c->store, count_act, &seen, &c->e));
    ck_assert_int_eq(seen, 10);
    contract_end(c);
}
END_TEST

START_TEST(act_and_record_are_one)
{
    struct contract *c = contract_begin();
    char head[65];
    int64_t n;
    OK(c, store_begin(c->store, &c->e));
    write_acts(c, 1);
    store_rollback(c->store);
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_int_eq(n, 0);
    OK(c, store_begin(c->store, &c->e));
    write_acts(c, 2);
    OK(c, store_commit(c->store, &c->e));
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_int_eq(n, 2);
    contract_end(c);
}
END_TEST

START_TEST(longer_texts_are_cut_and_verify)
{
    struct contract *c = contract_begin();
    char head[65], text[3000] = "";
    int64_t n;
    for (int i = 0; i < 900; i++)
        strcat(text, "字");
    OK(c, store_audit(c->store, c->audit_key, 1, text, text, text, text, head, &c->e));
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    contract_end(c);
}
END_TEST

static int is_whole(void *ctx, const struct audit_row *r)
{
    ck_assert_str_eq(r->detail, ctx);
    return 0;
}

/* A submit's: digest, rule sets, what was allowed and the whole reason. */
START_TEST(a_long_record_is_whole)
{
    struct contract *c = contract_begin();
    char head[65], text[2000] = "";
    int64_t n;
    for (int i = 0; i < 600; i++)
        strcat(text, "字");
    OK(c, store_audit(c->store, c->audit_key, 1, "wang", "campaign.submit", "campaign c", text,
                      head, &c->e));
    OK(c, store_audit_each(c->store, is_whole, text, &c->e));
    OK(c, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    contract_end(c);
}
END_TEST

/* Changes behind the program's back: the one place that needs SQL. */
static void tamper(struct contract *c, const char *sql)
{
    sqlite3 *db;
    char path[CONTRACT_PATH], *message = NULL;
    snprintf(path, sizeof path, "%s", store_path(c->store));
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
    sqlite3_close(db);
}

START_TEST(tampering_is_found)
{
    static const struct {
        const char *sql, *found;
    } cases[] = {
        {"UPDATE audit SET actor = 'other' WHERE id = 4", "record 4 "},
        {"UPDATE audit SET detail = '' WHERE id = 1", "record 1 "},
        {"UPDATE audit SET at = at + 1 WHERE id = 9", "record 9 "},
        {"UPDATE audit SET object = act, act = object WHERE id = 2", "record 2 "},
        {"UPDATE audit SET act = 'campaign.createc', object = 'ampaign c2' WHERE id = 3",
         "record 3 "},
        {"DELETE FROM audit WHERE id = 5", "record 5 is missing"},
        {"DELETE FROM audit WHERE id = 1", "record 1 is missing"},
        {"DELETE FROM audit WHERE id = 5; UPDATE audit SET id = id - 1 WHERE id > 5", "record 5 "},
        {"UPDATE audit SET id = 100 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4; UPDATE "
         "audit SET id = 4 WHERE id = 100",
         "record 3 "},
        {"INSERT INTO audit SELECT 10, at, actor, act, object, detail, mac FROM audit WHERE id = 9",
         "record 10 "},
    };
    if (!contract_is("sqlite"))
        return;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct contract *c = contract_begin();
        char head[65];
        int64_t n;
        write_acts(c, 9);
        tamper(c, cases[i].sql);
        FAILS(c, ERR_DATA, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
        ck_assert_msg(strstr(c->e.what, cases[i].found) != NULL, "%s: %s", cases[i].sql, c->e.what);
        contract_end(c);
    }
}
END_TEST

/* A whole record of another history under the same key: its number fits, its past does not. */
START_TEST(other_histories_do_not_fit)
{
    if (!contract_is("sqlite"))
        return;
    struct contract *c = contract_begin(), *d = contract_begin();
    char head[65], sql[2 * CONTRACT_PATH];
    int64_t n;
    OK(d, store_audit(d->store, c->audit_key, CONTRACT_NOW, "maker", "list.import", "list x", "",
                      head, &d->e));
    strcpy(d->audit_key, c->audit_key);
    write_acts(c, 9);
    write_acts(d, 9);
    OK(d, store_audit_verify(d->store, d->audit_key, &n, head, &d->e));
    snprintf(sql, sizeof sql,
             "ATTACH '%s' AS other; DELETE FROM audit WHERE id = 6;"
             "INSERT INTO audit SELECT * FROM other.audit WHERE id = 6",
             store_path(d->store));
    tamper(c, sql);
    FAILS(c, ERR_DATA, store_audit_verify(c->store, c->audit_key, &n, head, &c->e));
    ck_assert_ptr_nonnull(strstr(c->e.what, "record 6 "));
    contract_end(c);
    contract_end(d);
}
END_TEST

START_TEST(another_key_does_not_fit)
{
    struct contract *c = contract_begin();
    char other[CONTRACT_PATH], head[65];
    int64_t n;
    write_acts(c, 3);
    contract_path(c, "other", other);
    OK(c, audit_create_key(other, &c->e));
    FAILS(c, ERR_DATA, store_audit_verify(c->store, other, &n, head, &c->e));
    FAILS(c, ERR_CANTCREAT, audit_create_key(other, &c->e));
    FAILS(c, ERR_DATA, store_audit_verify(c->store, c->key, &n, head, &c->e)); /* of another kind */
    contract_end(c);
}
END_TEST

struct told {
    int n, order[4];
    bool committed[4];
};
static struct told told;

static void tell(void *ctx, bool committed)
{
    told.order[told.n] = *(int *)ctx;
    told.committed[told.n++] = committed;
}

/* Who carries a head out of the database does so for what it really holds. */
START_TEST(the_end_of_a_transaction_is_told)
{
    struct contract *c = contract_begin();
    int first = 1, second = 2;
    told = (struct told){0};
    store_after(c->store, tell, &first); /* none is open */
    ck_assert_int_eq(told.n, 1);
    ck_assert(told.committed[0]);

    told = (struct told){0};
    OK(c, store_begin(c->store, &c->e));
    write_acts(c, 1);
    store_after(c->store, tell, &first);
    store_after(c->store, tell, &second);
    ck_assert_int_eq(told.n, 0);
    OK(c, store_commit(c->store, &c->e));
    ck_assert_int_eq(told.n, 2);
    ck_assert_int_eq(told.order[0], 1);
    ck_assert(told.committed[0] && told.committed[1]);

    told = (struct told){0};
    OK(c, store_begin(c->store, &c->e));
    write_acts(c, 1);
    store_after(c->store, tell, &first);
    store_rollback(c->store);
    ck_assert_int_eq(told.n, 1);
    ck_assert(!told.committed[0]);
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_commit(c->store, &c->e));
    ck_assert_int_eq(told.n, 1); /* once */
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {whole_trail_verifies,
                                  act_and_record_are_one,
                                  longer_texts_are_cut_and_verify,
                                  a_long_record_is_whole,
                                  tampering_is_found,
                                  other_histories_do_not_fit,
                                  another_key_does_not_fit,
                                  the_end_of_a_transaction_is_told};
    return contract_main("audit", tests, sizeof tests / sizeof tests[0]);
}
