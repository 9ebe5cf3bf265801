/*
 * The ledger of a list: every person once, at the row that counts, and nobody's figures in another one's line.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "outreach.h"

/*
 * row  person  region  employer  verdict        response (kind: day)        message
 *  2     1      a        1       eligible                                   delivered
 *  3     2      a        1       eligible       claimed, paid               delivered
 *  4     2      b        2       expired
 *  5     3      a        2       not (months)   claimed                     undelivered
 *  6     4      b        2       undetermined                               delivered
 *  7     5      b        -       expired                                    -
 *  8     5      a        1       undetermined
 *  9     6      b        -       not (months)   claimed before its issue    -
 * 10     7      b        -       no certificate, no verdict                 -
 * 11     8      a (c)    2       eligible       paid (only)                 accepted
 */
static const struct {
    int person;
    const char *region;
    int employer;
    bool certificate, verdict;
    enum verdict_outcome outcome;
    enum verdict_reason reason;
    const char *label; /* as the policy calls it; "" as the row has it */
} table[] = {
    {1, "a", 1, true, true, VERDICT_ELIGIBLE, VERDICT_OK, ""},
    {2, "a", 1, true, true, VERDICT_ELIGIBLE, VERDICT_OK, ""},
    {2, "b", 2, true, true, VERDICT_NOT, VERDICT_EXPIRED, ""},
    {3, "a", 2, true, true, VERDICT_NOT, VERDICT_MONTHS, ""},
    {4, "b", 2, true, true, VERDICT_UNDETERMINED, VERDICT_NO_MONTHS, ""},
    {5, "b", 0, true, true, VERDICT_NOT, VERDICT_EXPIRED, ""},
    {5, "a", 1, true, true, VERDICT_UNDETERMINED, VERDICT_NO_LEVEL, ""},
    {6, "b", 0, true, true, VERDICT_NOT, VERDICT_MONTHS, ""},
    {7, "b", 0, false, false, VERDICT_NOT, VERDICT_OK, ""},
    {8, "a", 2, true, true, VERDICT_ELIGIBLE, VERDICT_OK, "c"},
};
#define ROWS (sizeof table / sizeof table[0])

static char p_name[] = "skills", p_title[] = "";

static void put_rows(struct contract *c, int64_t list)
{
    struct list_row rows[ROWS];
    int64_t first;

    OK(c, store_list_row_ids(c->store, ROWS, &first, &c->e));
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t n = (uint64_t)table[i].person;
        rows[i] = contract_row(first + (int64_t)i, 2 + (int64_t)i, n, n, 1);
        snprintf(rows[i].region, sizeof rows[i].region, "%s", table[i].region);
        rows[i].has_employer = table[i].employer != 0;
        contract_hash(HASH_EMPLOYER, (uint64_t)table[i].employer, rows[i].employer);
        if (!table[i].certificate) {
            rows[i].has_occupation = false;
            rows[i].level = 0;
            rows[i].issued_day = CIVIL_NONE;
        }
    }
    OK(c, store_list_rows(c->store, list, rows, ROWS, &c->e));
}

static int64_t make_list(struct contract *c, int64_t *policy)
{
    struct policy p = {.name = p_name, .title = p_title, .version = "0011223344556677"};
    int64_t list = contract_list_begin(c, "spring");
    struct verdict_row v[ROWS];
    struct list_row row;
    size_t n = 0;

    put_rows(c, list);
    OK(c, store_list_flush(c->store, list, &c->e));
    OK(c, store_list_finish(c->store, list, ROWS, 0, &c->e));
    OK(c, store_policy_put(c->store, &p, "p", 1000, policy, &c->e));
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_int_eq(store_list_row_at(c->store, list, 2 + (int64_t)i, &row, &c->e), 1);
        if (!table[i].verdict)
            continue;
        v[n] =
            (struct verdict_row){row.id, table[i].outcome, table[i].reason, -1, -1, CIVIL_NONE, ""};
        snprintf(v[n++].region, sizeof v[0].region, "%s", table[i].label);
    }
    OK(c, store_verdicts_put(c->store, *policy, 19500, v, n, &c->e));
    return list;
}

static void respond(struct contract *c, int person, enum response_kind kind, int32_t day)
{
    struct response_file f = {.file = "claims.csv", .through = CIVIL_NONE};
    struct response_stats stats = {0};
    struct response_row r = {
        .person_kind = HASH_PERSON_ID, .kind = kind, .day = day, .amount_fen = -1};

    OK(c, store_response_file_put(c->store, &f, &c->e));
    contract_hash(HASH_PERSON_ID, (uint64_t)person, r.person);
    OK(c, store_responses_put(c->store, f.id, &r, 1, NULL, &stats, &c->e));
}

/* One message a person; receipts for 1, 2, 4 (delivered) and 3 (not). */
static void send_all(struct contract *c, struct outreach *o, int64_t list)
{
    struct claimed m[ROWS];
    static const int delivered[] = {1, 2, 4};

    outreach_run(o, c, "spring", list);
    size_t n = outreach_claim(o, CONTRACT_NOW + 1000, ROWS, m);
    ck_assert_uint_eq(n, 8);
    for (size_t i = 0; i < n; i++)
        outreach_settle(c, &m[i], IN_ANSWER_ACCEPTED);
    for (size_t i = 0; i < 3; i++) {
        struct receipt_row r = outreach_receipt(o->first + delivered[i] - 1, 1, CLASS_OK);
        outreach_apply(c, &r, 1, NULL);
    }
    struct receipt_row r = outreach_receipt(o->first + 2, 1, CLASS_NUMBER);
    outreach_apply(c, &r, 1, NULL);
}

struct seen {
    char text[2000];
};

static int see(void *ctx, const struct ledger_cell *l)
{
    struct seen *s = ctx;
    size_t len = strlen(s->text);

    ck_assert_int_gt(l->row_id, 0);
    snprintf(s->text + len, sizeof s->text - len,
             "%s: %lld/%lld eligible %lld undetermined %lld expired %lld reached %lld claimed %lld "
             "paid %lld\n",
             l->key, (long long)l->persons, (long long)l->certified, (long long)l->eligible,
             (long long)l->undetermined, (long long)l->expired, (long long)l->reached,
             (long long)l->claimed, (long long)l->paid);
    return 0;
}

static void check(struct contract *c, int64_t list, int64_t policy, enum ledger_by by,
                  const char *expected)
{
    struct seen s = {""};

    OK(c, store_ledger(c->store, list, policy, by, see, &s, &c->e));
    ck_assert_msg(strcmp(s.text, expected) == 0, "expected\n%s\ngot\n%s", expected, s.text);
}

START_TEST(everybody_once)
{
    struct contract *c = contract_begin();
    struct outreach o;
    int64_t policy, list = make_list(c, &policy);

    send_all(c, &o, list);
    respond(c, 2, RESPONSE_CLAIMED, 19100);
    respond(c, 2, RESPONSE_PAID, 19200);
    respond(c, 3, RESPONSE_CLAIMED, 19100);
    respond(c, 6, RESPONSE_CLAIMED, 18000); /* before the certificate: about another one */
    respond(c, 8, RESPONSE_PAID, 19200);    /* who was paid has claimed */
    check(c, list, policy, LEDGER_ALL,
          ": 8/7 eligible 4 undetermined 3 expired 0 reached 2 claimed 3 paid 2\n");
    check(c, list, policy, LEDGER_REGION,
          "a: 4/4 eligible 3 undetermined 1 expired 0 reached 2 claimed 2 paid 1\n"
          "b: 3/2 eligible 0 undetermined 2 expired 0 reached 0 claimed 0 paid 0\n"
          "c: 1/1 eligible 1 undetermined 0 expired 0 reached 0 claimed 1 paid 1\n");
    contract_reopen(c);
    check(c, list, policy, LEDGER_EMPLOYER,
          "1: 3/3 eligible 2 undetermined 1 expired 0 reached 2 claimed 1 paid 1\n"
          "2: 3/3 eligible 2 undetermined 1 expired 0 reached 0 claimed 2 paid 1\n"
          ": 2/1 eligible 0 undetermined 1 expired 0 reached 0 claimed 0 paid 0\n");
    /* Under a policy that has judged nothing, what is known is what was claimed. */
    check(c, list, policy + 1, LEDGER_ALL,
          ": 8/7 eligible 3 undetermined 5 expired 0 reached 1 claimed 3 paid 2\n");
    contract_end(c);
}
END_TEST

static int stop(void *ctx, const struct ledger_cell *l)
{
    (void)l;
    ++*(int *)ctx;
    return -1;
}

START_TEST(nothing_and_stopping)
{
    struct contract *c = contract_begin();
    int64_t policy, list = make_list(c, &policy);
    struct seen s = {""};
    int calls = 0;

    OK(c, store_ledger(c->store, 99, policy, LEDGER_REGION, see, &s, &c->e));
    ck_assert_str_eq(s.text, "");
    ck_assert_int_eq(store_ledger(c->store, list, policy, LEDGER_REGION, stop, &calls, &c->e), -1);
    ck_assert_int_eq(calls, 1);
    contract_end(c);
}
END_TEST

START_TEST(rows_by_their_id)
{
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 3);
    struct list_row a, b;

    ck_assert_int_eq(store_list_row_at(c->store, list, 3, &a, &c->e), 1);
    ck_assert_int_eq(store_list_row_by_id(c->store, a.id, &b, &c->e), 1);
    ck_assert_int_eq(b.line, 3);
    ck_assert_uint_eq(b.sealed_len, 6);
    ck_assert_mem_eq(b.sealed, "sealed", 6);
    ck_assert_int_eq(store_list_row_by_id(c->store, 99, &b, &c->e), 0);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {everybody_once, nothing_and_stopping, rows_by_their_id};

    return contract_main("store_ledger", tests, sizeof tests / sizeof tests[0]);
}
