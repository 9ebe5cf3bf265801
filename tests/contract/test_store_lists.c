/*
 * Lists: invisible while loading, whole when ready, gone when abandoned; persons and addresses keep
 * one id for ever.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/store_people.h"
#include "contract.h"

static int count_list(void *ctx, const struct list_info *l)
{
    (void)l;
    (*(int *)ctx)++;
    return 0;
}

static int visible_lists(struct contract *c)
{
    int n = 0;
    OK(c, store_list_each(c->store, count_list, &n, &c->e));
    return n;
}

struct seen {
    size_t n;
    int64_t persons[8192], addresses[8192], lines[8192];
};

static int see_row(void *ctx, const struct list_row *r)
{
    struct seen *s = ctx;
    ck_assert_uint_lt(s->n, 8192);
    s->persons[s->n] = r->person_id;
    s->addresses[s->n] = r->address_id;
    s->lines[s->n++] = r->line;
    return 0;
}

static struct seen *scan_all(struct contract *c, int64_t list_id, size_t max)
{
    struct seen *s = calloc(1, sizeof *s);
    int64_t last = 0;
    do {
        OK(c, store_list_scan(c->store, list_id, last, max, see_row, s, &last, &c->e));
    } while (last);
    return s;
}

START_TEST(loading_is_invisible)
{
    struct contract *c = contract_begin();
    struct list_info l;
    uint8_t digest[32];
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 10);
    crypt_sha256("spring", 6, digest);
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 0);
    ck_assert_int_eq(store_list_by_id(c->store, id, &l, &c->e), 0);
    ck_assert_int_eq(store_list_by_digest(c->store, digest, &l, &c->e), 0);
    ck_assert_int_eq(visible_lists(c), 0);
    OK(c, store_list_finish(c->store, id, 10, 3, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    ck_assert_int_eq(store_list_by_digest(c->store, digest, &l, &c->e), 1);
    ck_assert_int_eq(store_list_by_id(c->store, id, &l, &c->e), 1);
    ck_assert_int_eq(visible_lists(c), 1);
    ck_assert_int_eq(l.id, id);
    ck_assert_str_eq(l.name, "spring");
    ck_assert_str_eq(l.file, "spring.csv");
    ck_assert_str_eq(l.imported_by, "maker");
    ck_assert_mem_eq(l.digest, digest, 32);
    ck_assert_int_eq(l.rows, 10);
    ck_assert_int_eq(l.rejects, 3);
    ck_assert_int_gt(l.key_id, 0);
    ck_assert(l.ready);
    contract_end(c);
}
END_TEST

START_TEST(names_and_digests_are_taken)
{
    struct contract *c = contract_begin();
    struct list_info l = {.name = "spring", .encoding = "UTF-8", .columns = "[]"};
    int64_t id;
    contract_list(c, "spring", 1, 3);
    FAILS(c, ERR_DATA, store_list_begin(c->store, &l, &id, &c->e));
    contract_list_begin(c, "summer");
    strcpy(l.name, "autumn");
    FAILS(c, ERR_TEMP, store_list_begin(c->store, &l, &id, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(rows_come_back_as_they_went_in)
{
    struct contract *c = contract_begin();
    struct list_row in, out;
    int64_t id = contract_list_begin(c, "spring"), row;
    OK(c, store_list_row_ids(c->store, 2, &row, &c->e));
    in = contract_row(row, 7, 1, 1, 9);
    in.has_employer = true;
    contract_hash(HASH_EMPLOYER, 5, in.employer);
    in.sealed = "\0blob";
    in.sealed_len = 5;
    OK(c, store_list_rows(c->store, id, &in, 1, &c->e));
    struct list_row bare = contract_row(row + 1, 8, 2, 2, 9);
    bare.has_occupation = false;
    bare.region[0] = '\0';
    bare.level = 0;
    bare.issued_day = CIVIL_NONE;
    bare.months = -1;
    OK(c, store_list_rows(c->store, id, &bare, 1, &c->e));
    OK(c, store_list_finish(c->store, id, 2, 0, &c->e));
    ck_assert_int_eq(store_list_row_at(c->store, id, 7, &out, &c->e), 1);
    ck_assert_int_eq(out.id, row);
    ck_assert_int_eq(out.revision, 1);
    ck_assert_int_eq(out.person_kind, HASH_PERSON_ID);
    ck_assert_mem_eq(out.person, in.person, sizeof in.person);
    ck_assert_mem_eq(out.address, in.address, sizeof in.address);
    ck_assert_int_gt(out.person_id, 0);
    ck_assert_int_gt(out.address_id, 0);
    ck_assert_str_eq(out.region, "4301");
    ck_assert(out.has_employer && out.has_occupation);
    ck_assert_int_gt(out.employer_id, 0);
    ck_assert_mem_eq(out.occupation, in.occupation, sizeof in.occupation);
    ck_assert_int_eq(out.level, 3);
    ck_assert_int_eq(out.issued_day, 19000);
    ck_assert_int_eq(out.months, 40);
    ck_assert_int_eq(out.key_id, 9);
    ck_assert_uint_eq(out.sealed_len, 5);
    ck_assert_mem_eq(out.sealed, "\0blob", 5);
    ck_assert_int_eq(store_list_row_at(c->store, id, 8, &out, &c->e), 1);
    ck_assert(!out.has_employer && !out.has_occupation);
    ck_assert_int_eq(out.employer_id, 0);
    ck_assert_str_eq(out.region, "");
    ck_assert_int_eq(out.level, 0);
    ck_assert_int_eq(out.issued_day, CIVIL_NONE);
    ck_assert_int_eq(out.months, -1);
    ck_assert_int_eq(store_list_row_at(c->store, id, 9, &out, &c->e), 0);
    contract_end(c);
}
END_TEST

/* Three certificates of one person, far apart: one person, whole in a scan however small the
 * portions. */
static int64_t put_employer(struct contract *c, int64_t list_id, int64_t line, uint64_t employer)
{
    int64_t id;
    OK(c, store_list_row_ids(c->store, 1, &id, &c->e));
    struct list_row r = contract_row(id, line, (uint64_t)line, (uint64_t)line, 1);
    r.has_employer = true;
    contract_hash(HASH_EMPLOYER, employer, r.employer);
    OK(c, store_list_rows(c->store, list_id, &r, 1, &c->e));
    return id;
}

static int64_t employer_at(struct contract *c, int64_t list_id, int64_t line)
{
    struct list_row r;
    ck_assert_int_eq(store_list_row_at(c->store, list_id, line, &r, &c->e), 1);
    ck_assert_int_gt(r.employer_id, 0);
    return r.employer_id;
}

/* One id an employer: within a list, over lists, and where another process goes on; one that an
 * abandoned list made is gone. */
START_TEST(employers_have_one_id)
{
    struct contract *c = contract_begin();
    int64_t a = contract_list_begin(c, "spring");
    put_employer(c, a, 2, 7);
    put_employer(c, a, 3, 8);
    contract_reopen(c);
    put_employer(c, a, 4, 7);
    OK(c, store_list_flush(c->store, a, &c->e));
    OK(c, store_list_finish(c->store, a, 3, 0, &c->e));
    int64_t lost = contract_list_begin(c, "lost");
    put_employer(c, lost, 2, 8);
    put_employer(c, lost, 3, 9);
    OK(c, store_list_flush(c->store, lost, &c->e));
    OK(c, store_list_abandon(c->store, lost, &c->e));
    int64_t b = contract_list_begin(c, "summer");
    put_employer(c, b, 2, 10);
    put_employer(c, b, 3, 8);
    OK(c, store_list_flush(c->store, b, &c->e));
    OK(c, store_list_finish(c->store, b, 2, 0, &c->e));
    ck_assert_int_eq(employer_at(c, a, 2), employer_at(c, a, 4));
    ck_assert_int_ne(employer_at(c, a, 2), employer_at(c, a, 3));
    ck_assert_int_eq(employer_at(c, a, 3), employer_at(c, b, 3));
    ck_assert_int_eq(employer_at(c, b, 2), employer_at(c, a, 3) + 1); /* number 9 is gone */
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(scan_gives_whole_persons)
{
    struct contract *c = contract_begin();
    struct list_row rows[30];
    int64_t id = contract_list_begin(c, "spring"), row;
    OK(c, store_list_row_ids(c->store, 30, &row, &c->e));
    for (int i = 0; i < 30; i++)
        rows[i] = contract_row(row + i, 2 + i, (uint64_t)(i % 10), (uint64_t)(i % 10), 1);
    OK(c, store_list_rows(c->store, id, rows, 30, &c->e));
    OK(c, store_list_finish(c->store, id, 30, 0, &c->e));
    for (size_t max = 1; max < 8; max++) {
        struct seen *s = scan_all(c, id, max);
        ck_assert_uint_eq(s->n, 30);
        for (size_t i = 0; i < 30; i++) {
            ck_assert_int_eq(s->persons[i], (int64_t)(i / 3) + s->persons[0]);
            ck_assert_int_eq(s->lines[i], (int64_t)(2 + i / 3 + 10 * (i % 3)));
        }
        free(s);
    }
    /* A portion of 4 rows ends with the second person. */
    struct seen s = {0};
    int64_t last;
    OK(c, store_list_scan(c->store, id, 0, 4, see_row, &s, &last, &c->e));
    ck_assert_uint_eq(s.n, 6);
    ck_assert_int_eq(last, s.persons[5]);
    contract_end(c);
}
END_TEST

START_TEST(new_ids_follow_the_rows)
{
    struct contract *c = contract_begin();
    int64_t id = contract_list(c, "spring", 100, 500);
    struct seen *s = scan_all(c, id, 100);
    ck_assert_uint_eq(s->n, 500);
    for (size_t i = 0; i < s->n; i++) {
        ck_assert_int_eq(s->persons[i], (int64_t)i + 1);
        ck_assert_int_eq(s->addresses[i], (int64_t)i + 1);
    }
    free(s);
    contract_end(c);
}
END_TEST

START_TEST(known_persons_keep_their_ids)
{
    struct contract *c = contract_begin();
    int64_t first = contract_list(c, "spring", 1, 300);
    contract_reopen(c);
    int64_t second = contract_list(c, "summer", 201, 300); /* 100 known, 200 new */
    struct seen *a = scan_all(c, first, 100), *b = scan_all(c, second, 100);
    ck_assert_uint_eq(b->n, 300);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(b->persons[i], a->persons[200 + i]);
        ck_assert_int_eq(b->addresses[i], a->addresses[200 + i]);
    }
    for (size_t i = 100; i < 300; i++)
        ck_assert_int_eq(b->persons[i], (int64_t)i + 201);
    free(a);
    free(b);
    contract_end(c);
}
END_TEST

/* More than any table in memory holds; every tenth row is about somebody seen long before. */
START_TEST(one_id_a_person_in_a_large_list)
{
    enum { N = 260000, PART = 4000, BACK = 220000 };
    struct contract *c = contract_begin();
    struct list_row *rows = calloc(PART, sizeof *rows);
    int64_t id = contract_list_begin(c, "large");
    int64_t repeated = 0;
    for (int64_t done = 0; done < N; done += PART) {
        int64_t row;
        OK(c, store_list_row_ids(c->store, PART, &row, &c->e));
        for (int64_t i = 0; i < PART; i++) {
            int64_t n = done + i;
            if (n > BACK && n % 10 == 0) {
                n -= BACK;
                repeated++;
            }
            rows[i] = contract_row(row + i, done + i, (uint64_t)n, (uint64_t)n, 1);
        }
        OK(c, store_list_rows(c->store, id, rows, PART, &c->e));
    }
    OK(c, store_list_finish(c->store, id, N, 0, &c->e));
    struct list_counts counts;
    OK(c, store_list_counts(c->store, id, &counts, &c->e));
    ck_assert_int_gt(repeated, 1000);
    ck_assert_int_eq(counts.rows, N);
    ck_assert_int_eq(counts.persons, N - repeated);
    ck_assert_int_eq(counts.addresses, N - repeated);
    ck_assert_int_eq(counts.shared_addresses, 0);
    OK(c, store_integrity(c->store, &c->e));
    free(rows);
    contract_end(c);
}
END_TEST

/* An import that goes on over another connection knows what the first one did. */
START_TEST(loading_goes_on_elsewhere)
{
    struct contract *c = contract_begin();
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 1000);
    contract_reopen(c);
    contract_rows(c, id, 1002, 1, 1000);
    OK(c, store_begin(c->store, &c->e));
    contract_rows(c, id, 2002, 1, 2000);
    store_rollback(c->store);
    contract_rows(c, id, 3002, 1, 2000);
    OK(c, store_list_finish(c->store, id, 4000, 0, &c->e));
    struct list_counts counts;
    OK(c, store_list_counts(c->store, id, &counts, &c->e));
    ck_assert_int_eq(counts.rows, 4000);
    ck_assert_int_eq(counts.persons, 2000);
    ck_assert_int_eq(counts.addresses, 2000);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(counts_tell_shared_addresses)
{
    struct contract *c = contract_begin();
    struct list_row rows[6];
    struct list_counts n;
    int64_t id = contract_list_begin(c, "spring"), row;
    OK(c, store_list_row_ids(c->store, 6, &row, &c->e));
    static const struct {
        uint64_t person, address;
    } in[6] = {{1, 1}, {1, 1}, {2, 2}, {3, 2}, {4, 4}, {5, 5}};
    for (int i = 0; i < 6; i++)
        rows[i] = contract_row(row + i, i, in[i].person, in[i].address, 1);
    OK(c, store_list_rows(c->store, id, rows, 6, &c->e));
    OK(c, store_list_finish(c->store, id, 6, 0, &c->e));
    OK(c, store_list_counts(c->store, id, &n, &c->e));
    ck_assert_int_eq(n.rows, 6);
    ck_assert_int_eq(n.persons, 5);
    ck_assert_int_eq(n.addresses, 4);
    ck_assert_int_eq(n.shared_addresses, 1);
    OK(c, store_list_counts(c->store, id + 1, &n, &c->e));
    ck_assert_int_eq(n.rows, 0);
    contract_end(c);
}
END_TEST

START_TEST(kinds_of_person_are_never_merged)
{
    struct contract *c = contract_begin();
    struct list_row rows[3];
    int64_t id = contract_list_begin(c, "spring"), row;
    OK(c, store_list_row_ids(c->store, 3, &row, &c->e));
    static const int kinds[3] = {HASH_PERSON_ID, HASH_PERSON_PHONE_NAME, HASH_PERSON_REF};
    for (int i = 0; i < 3; i++) {
        rows[i] = contract_row(row + i, i, 1, 1, 1); /* the same bytes */
        rows[i].person_kind = kinds[i];
    }
    OK(c, store_list_rows(c->store, id, rows, 3, &c->e));
    OK(c, store_list_finish(c->store, id, 3, 0, &c->e));
    struct list_counts n;
    OK(c, store_list_counts(c->store, id, &n, &c->e));
    ck_assert_int_eq(n.persons, 3);
    ck_assert_int_eq(n.addresses, 1);
    for (int i = 0; i < 3; i++) {
        struct list_row out;
        ck_assert_int_eq(store_list_row_at(c->store, id, i, &out, &c->e), 1);
        ck_assert_int_eq(out.person_kind, kinds[i]);
    }
    contract_end(c);
}
END_TEST

static int see_reject(void *ctx, const struct list_reject *r)
{
    struct list_reject **next = ctx;
    *(*next)++ = *r;
    return 0;
}

START_TEST(rejects_stand_beside)
{
    struct contract *c = contract_begin();
    struct list_reject in[3] = {{9, 2, "手机号", "phone-length", "138****001"},
                                {4, 0, "", "row-empty", ""},
                                {9, 1, "姓名", "name-missing", ""}};
    struct list_reject out[8], *next = out;
    int64_t id = contract_list_begin(c, "spring");
    OK(c, store_list_rejects(c->store, id, in, 3, &c->e));
    OK(c, store_list_rejects(c->store, id, in, 1, &c->e)); /* once is enough */
    OK(c, store_list_finish(c->store, id, 0, 3, &c->e));
    OK(c, store_list_rejects_each(c->store, id, see_reject, &next, &c->e));
    ck_assert_int_eq(next - out, 3);
    ck_assert_int_eq(out[0].line, 4);
    ck_assert_str_eq(out[1].reason, "name-missing");
    ck_assert_str_eq(out[2].header, "手机号");
    ck_assert_str_eq(out[2].masked, "138****001");
    contract_end(c);
}
END_TEST

/* What comes after an import that left nothing is what comes first: the same ids, names and
 * digests. */
static void check_nothing_left(struct contract *c)
{
    ck_assert_int_eq(visible_lists(c), 0);
    OK(c, store_integrity(c->store, &c->e));
    contract_reopen(c);
    int64_t id = contract_list(c, "spring", 500, 100);
    struct seen *s = scan_all(c, id, 100);
    ck_assert_uint_eq(s->n, 100);
    for (size_t i = 0; i < s->n; i++) {
        ck_assert_int_eq(s->persons[i], (int64_t)i + 1);
        ck_assert_int_eq(s->addresses[i], (int64_t)i + 1);
    }
    struct list_row row;
    ck_assert_int_eq(store_list_row_at(c->store, id, 2, &row, &c->e), 1);
    ck_assert_int_eq(row.id, 1);
    OK(c, store_integrity(c->store, &c->e));
    free(s);
}

START_TEST(abandoned_leaves_nothing)
{
    struct contract *c = contract_begin();
    struct list_reject r = {2, 1, "姓名", "name-missing", ""};
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 5000);
    OK(c, store_list_rejects(c->store, id, &r, 1, &c->e));
    OK(c, store_list_abandon(c->store, id, &c->e));
    check_nothing_left(c);
    contract_end(c);
}
END_TEST

START_TEST(sweep_clears_interrupted)
{
    struct contract *c = contract_begin();
    int64_t removed = -1;
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 0);
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 5000);
    contract_reopen(c);
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 1);
    check_nothing_left(c);
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 0);
    contract_end(c);
}
END_TEST

/* Killed at any step: nothing of it is visible, nothing of it stays, and what was there before is
 * whole. */
static void import_all(void *ctx)
{
    struct contract *c = ctx;
    contract_reopen(c);
    int64_t id = contract_list_begin(c, "doomed");
    contract_rows(c, id, 2, 150, 3000);
    OK(c, store_list_finish(c->store, id, 3000, 0, &c->e));
}

START_TEST(killed_imports_leave_nothing)
{
    static const char *const points[] = {"list_rows:2",          "store_before_commit:3",
                                         "store_after_commit:4", "resolver_run:1",
                                         "resolver_run:2",       "list_finish:1"};
    struct contract *c = contract_begin();
    int64_t first = contract_list(c, "spring", 1, 200), removed;
    contract_close(c);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct list_info l;
        if (!contract_killed(points[i], import_all, c))
            break; /* no failpoints in this build */
        contract_reopen(c);
        ck_assert_int_eq(store_list_find(c->store, "doomed", &l, &c->e), 0);
        OK(c, store_sweep(c->store, &removed, &c->e));
        ck_assert_int_eq(removed, 1);
        OK(c, store_integrity(c->store, &c->e));
        struct seen *s = scan_all(c, first, 100);
        ck_assert_uint_eq(s->n, 200);
        ck_assert_int_eq(s->persons[199], 200);
        free(s);
        contract_close(c);
    }
    contract_reopen(c);
    struct list_info l;
    if (store_list_find(c->store, "doomed", &l, &c->e) == 0)
        contract_list(c, "doomed", 150, 3000);
    ck_assert_int_eq(store_list_find(c->store, "doomed", &l, &c->e), 1);
    struct seen *s = scan_all(c, l.id, 1000);
    ck_assert_int_eq(s->persons[0], 150);
    ck_assert_int_eq(s->persons[2999], 3149);
    free(s);
    contract_end(c);
}
END_TEST

static int see_optout(void *ctx, const struct optout_info *o)
{
    *(struct optout_info *)ctx = *o;
    return 0;
}

/* Somebody refuses while the list with the number is loading: list and refusal mean the same
 * address. */
START_TEST(refusal_while_loading)
{
    struct contract *c = contract_begin();
    struct optout_info o = {.at_ms = 5, .origin = OPTOUT_STAFF, .actor = "clerk"}, seen = {0};
    uint8_t hash[KEYRING_HASH_BYTES];
    contract_hash(HASH_ADDRESS_SMS, 17, hash);
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 100);
    struct store *other = store_open(c->dir, STORE_RW, &c->e);
    ck_assert_ptr_nonnull(other);
    ck_assert_int_eq(store_optout_add(other, hash, &o, NULL, &c->e), 1);
    ck_assert_int_eq(store_optout_check(other, hash, "", &c->e), 1);
    contract_rows(c, id, 102, 101, 100);
    OK(c, store_list_finish(c->store, id, 200, 0, &c->e));
    OK(c, store_optout_each(c->store, see_optout, &seen, &c->e));
    ck_assert_int_eq(store_optout_check(other, hash, "", &c->e), 1);
    struct list_row row;
    ck_assert_int_eq(store_list_row_at(c->store, id, 18, &row, &c->e), 1);
    ck_assert_mem_eq(row.address, hash, sizeof hash);
    ck_assert_int_eq(row.address_id, seen.address_id);
    store_close(other);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

/* A refusal of a number that only the abandoned list had outlives the list. */
START_TEST(refusal_outlives_abandoned_list)
{
    struct contract *c = contract_begin();
    struct optout_info o = {.at_ms = 5, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t hash[KEYRING_HASH_BYTES];
    contract_hash(HASH_ADDRESS_SMS, 17, hash);
    int64_t id = contract_list_begin(c, "spring");
    contract_rows(c, id, 2, 1, 100);
    ck_assert_int_eq(store_optout_add(c->store, hash, &o, NULL, &c->e), 1);
    OK(c, store_list_abandon(c->store, id, &c->e));
    ck_assert_int_eq(store_optout_check(c->store, hash, "", &c->e), 1);
    OK(c, store_integrity(c->store, &c->e));
    contract_list(c, "summer", 1, 100);
    ck_assert_int_eq(store_optout_check(c->store, hash, "", &c->e), 1);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(removed_lists_are_gone)
{
    struct contract *c = contract_begin();
    struct list_reject r = {2, 1, "姓名", "name-missing", ""}, out[2], *next = out;
    struct list_info l;
    struct buf sealed, plain;
    int64_t id = contract_list_begin(c, "spring"), removed;
    contract_rows(c, id, 2, 1, 3000);
    OK(c, store_list_rejects(c->store, id, &r, 1, &c->e));
    OK(c, store_list_finish(c->store, id, 3000, 1, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    OK(c, keyring_seal(c->keys, l.key_id, SEAL_ROW, 1, 1, "x", 1, &sealed, &c->e));
    OK(c, store_list_remove(c->store, id, NULL, NULL, &c->e));
    contract_reopen(c);
    FAILS(
        c, ERR_PERM,
        keyring_unseal(c->keys, l.key_id, SEAL_ROW, 1, 1, sealed.data, sealed.len, &plain, &c->e));
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 0);
    OK(c, store_list_rejects_each(c->store, id, see_reject, &next, &c->e));
    ck_assert_ptr_eq(next, out);
    struct list_row row; /* facts stay, and nothing that names anybody */
    ck_assert_int_eq(store_list_row_at(c->store, id, 2, &row, &c->e), 1);
    ck_assert_uint_eq(row.sealed_len, 0);
    ck_assert_int_eq(row.level, 3);
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 0);
    OK(c, store_integrity(c->store, &c->e));
    contract_list(c, "spring", 1, 10); /* the name is free */
    FAILS(c, ERR_NOINPUT, store_list_remove(c->store, id, NULL, NULL, &c->e));
    buf_fini(&sealed);
    buf_fini(&plain);
    contract_end(c);
}
END_TEST

static void remove_all(void *ctx)
{
    struct contract *c = ctx;
    struct list_info l;
    contract_reopen(c);
    ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 1);
    OK(c, store_list_remove(c->store, l.id, NULL, NULL, &c->e));
}

START_TEST(killed_removals_are_finished_by_sweep)
{
    static const char *const points[] = {"list_hidden:1", "remove_chunk:2"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct contract *c = contract_begin();
        struct list_info l;
        struct list_row row;
        int64_t id = contract_list(c, "spring", 1, 5000), removed = 0;
        contract_close(c);
        bool killed = contract_killed(points[i], remove_all, c);
        contract_reopen(c);
        ck_assert_int_eq(store_list_find(c->store, "spring", &l, &c->e), 0);
        OK(c, store_sweep(c->store, &removed, &c->e));
        ck_assert_int_eq(removed, killed);
        ck_assert_int_eq(store_list_row_at(c->store, id, 4000, &row, &c->e), 1);
        ck_assert_uint_eq(row.sealed_len, 0);
        OK(c, store_integrity(c->store, &c->e));
        contract_end(c);
    }
}
END_TEST

struct holder {
    struct store *store;
    sem_t begun;
};

static void *hold(void *arg)
{
    struct holder *h = arg;
    struct err e;
    ck_assert_int_eq(store_begin(h->store, &e), 0);
    sem_post(&h->begun);
    usleep(50000);
    store_rollback(h->store);
    return NULL;
}

static int64_t rested_us(struct contract *c, int64_t us)
{
    int64_t began = clock_mono_us();
    store_chunk_rest(c->store, us);
    return clock_mono_us() - began;
}

/* Somebody else had the database when this one wanted it: once, and only then, it is left to others. */
START_TEST(a_job_rests_for_others)
{
    struct contract *c = contract_begin();
    struct holder h = {.store = store_open(c->dir, STORE_RW, &c->e)};
    pthread_t thread;
    ck_assert_ptr_nonnull(h.store);
    sem_init(&h.begun, 0, 0);
    ck_assert_int_lt(rested_us(c, 5000000), 5000000);
    ck_assert_int_eq(pthread_create(&thread, NULL, hold, &h), 0);
    sem_wait(&h.begun);
    OK(c, store_begin(c->store, &c->e));
    pthread_join(thread, NULL);
    store_rollback(c->store);
    ck_assert_int_ge(rested_us(c, 20000), 20000);
    ck_assert_int_lt(rested_us(c, 5000000), 5000000);
    store_close(h.store);
    sem_destroy(&h.begun);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {loading_is_invisible,
                                  names_and_digests_are_taken,
                                  rows_come_back_as_they_went_in,
                                  employers_have_one_id,
                                  scan_gives_whole_persons,
                                  new_ids_follow_the_rows,
                                  known_persons_keep_their_ids,
                                  one_id_a_person_in_a_large_list,
                                  loading_goes_on_elsewhere,
                                  counts_tell_shared_addresses,
                                  kinds_of_person_are_never_merged,
                                  rejects_stand_beside,
                                  abandoned_leaves_nothing,
                                  sweep_clears_interrupted,
                                  killed_imports_leave_nothing,
                                  refusal_while_loading,
                                  refusal_outlives_abandoned_list,
                                  removed_lists_are_gone,
                                  killed_removals_are_finished_by_sweep,
                                  a_job_rests_for_others};
    return contract_main("lists", tests, sizeof tests / sizeof tests[0]);
}
