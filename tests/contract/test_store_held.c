/*
 * Rows that were not taken, and acts on rows: revisions, reasons, counters, and what becomes of
 * messages that were frozen with an older revision.
 */
#include "outreach.h"
#include "zhanchi/civil.h"
#include "zhanchi/store_held.h"

static struct list_held held(int64_t line, int revision, enum held_state state)
{
    return (struct list_held){.line = line,
                              .revision = revision,
                              .state = state,
                              .key_id = 1,
                              .sealed = "cells",
                              .sealed_len = 5};
}

static struct list_reject reason(int64_t line, const char *code)
{
    struct list_reject r = {.line = line, .column = 3, .header = "phone", .masked = "138*"};
    snprintf(r.reason, sizeof r.reason, "%s", code);
    return r;
}

/* Ten rows from line 2 on; line 12 in review, line 13 rejected, line 14 rejected and too long. */
static int64_t list_with_held(struct contract *c, const char *name)
{
    int64_t id = contract_list_begin(c, name);
    struct list_held h[3] = {held(12, 1, HELD_REVIEW), held(13, 1, HELD_REJECTED),
                             held(14, 1, HELD_REJECTED)};
    struct list_reject r[3] = {reason(12, "phone-several"), reason(13, "phone-length"),
                               reason(14, "row-long")};
    h[2].sealed = NULL;
    h[2].sealed_len = 0;
    contract_rows(c, id, 2, 1, 10);
    OK(c, store_held_put(c->store, id, h, 3, &c->e));
    OK(c, store_list_rejects(c->store, id, r, 3, &c->e));
    OK(c, store_list_flush(c->store, id, &c->e));
    OK(c, store_list_finish(c->store, id, 10, 2, &c->e));
    return id;
}

static struct list_info info(struct contract *c, int64_t id)
{
    struct list_info l;
    ck_assert_int_eq(store_list_by_id(c->store, id, &l, &c->e), 1);
    return l;
}

static int lines(void *ctx, const struct list_reject *r)
{
    char *out = ctx;
    snprintf(out + strlen(out), 200 - strlen(out), "%lld %s;", (long long)r->line, r->reason);
    return 0;
}

static const char *open_reasons(struct contract *c, int64_t id, bool review)
{
    static char out[200];
    out[0] = '\0';
    if (review)
        OK(c, store_held_reasons(c->store, id, 0, lines, out, &c->e));
    else
        OK(c, store_list_rejects_each(c->store, id, lines, out, &c->e));
    return out;
}

static int64_t revise(struct contract *c, int64_t list_id, int64_t line, int revision,
                      uint64_t person, uint64_t address, int64_t old_id)
{
    int64_t id, suppressed = 0;
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_list_row_ids(c->store, 1, &id, &c->e));
    struct list_row row = contract_row(id, line, person, address, 1);
    row.revision = revision;
    OK(c, store_row_revise(c->store, list_id, &row, old_id, &suppressed, &c->e));
    OK(c, store_commit(c->store, &c->e));
    return suppressed;
}

static int64_t drop(struct contract *c, int64_t list_id, int64_t line, int expected)
{
    int64_t suppressed = 0;
    OK(c, store_begin(c->store, &c->e));
    ck_assert_int_eq(store_row_drop(c->store, list_id, line, &suppressed, &c->e), expected);
    OK(c, store_commit(c->store, &c->e));
    return suppressed;
}

START_TEST(held_rows_are_nobodys_until_taken)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring");
    struct list_counts n;
    struct list_held h;
    struct list_row row;
    OK(c, store_list_counts(c->store, id, &n, &c->e));
    ck_assert_int_eq(n.rows, 10);
    ck_assert_int_eq(n.persons, 10);
    ck_assert_int_eq(n.review, 1);
    ck_assert_str_eq(open_reasons(c, id, true), "12 phone-several;");
    ck_assert_str_eq(open_reasons(c, id, false), "13 phone-length;14 row-long;");
    ck_assert_int_eq(store_list_row_at(c->store, id, 12, &row, &c->e), 0);
    ck_assert_int_eq(store_held_at(c->store, id, 12, &h, &c->e), 1);
    ck_assert_mem_eq(h.sealed, "cells", 5);
    ck_assert_int_eq(store_held_at(c->store, id, 14, &h, &c->e), 1);
    ck_assert_ptr_null(h.sealed);
    ck_assert_int_eq(store_held_at(c->store, id, 2, &h, &c->e), 0);

    revise(c, id, 12, 2, 30, 30, 0); /* a person that no list had */
    revise(c, id, 13, 2, 3, 30, 0);  /* a further row of one that the list has */
    ck_assert_str_eq(open_reasons(c, id, true), "");
    ck_assert_str_eq(open_reasons(c, id, false), "14 row-long;");
    ck_assert_int_eq(info(c, id).rows, 12);
    ck_assert_int_eq(info(c, id).rejects, 1);
    ck_assert_int_eq(info(c, id).changed, 2);
    OK(c, store_list_counts(c->store, id, &n, &c->e));
    ck_assert_int_eq(n.rows, 12);
    ck_assert_int_eq(n.persons, 11);
    ck_assert_int_eq(n.shared_addresses, 1);
    ck_assert_int_eq(n.duplicates, 1);
    ck_assert_int_eq(n.review, 0);
    ck_assert_int_eq(store_held_at(c->store, id, 12, &h, &c->e), 1);
    ck_assert_int_eq(h.state, HELD_TAKEN);
    ck_assert_int_eq(store_list_row_at(c->store, id, 12, &row, &c->e), 1);
    ck_assert_int_eq(row.revision, 2);
    OK(c, store_integrity(c->store, &c->e));

    /* The next list knows that person. */
    contract_reopen(c);
    int64_t next = contract_list(c, "summer", 30, 1);
    struct list_row again;
    ck_assert_int_eq(store_list_row_at(c->store, next, 2, &again, &c->e), 1);
    ck_assert_int_eq(store_list_row_at(c->store, id, 12, &row, &c->e), 1);
    ck_assert_int_eq(again.person_id, row.person_id);
    ck_assert_int_eq(again.address_id, row.address_id);
    contract_end(c);
}
END_TEST

START_TEST(still_held_is_a_revision_too)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring");
    struct list_held h = held(13, 2, HELD_REVIEW);
    struct list_reject r = reason(13, "name-damaged");
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_row_hold(c->store, id, &h, &r, 1, &c->e));
    OK(c, store_commit(c->store, &c->e));
    ck_assert_str_eq(open_reasons(c, id, true), "12 phone-several;13 name-damaged;");
    ck_assert_str_eq(open_reasons(c, id, false), "14 row-long;");
    ck_assert_int_eq(info(c, id).rejects, 1);
    ck_assert_int_eq(store_held_at(c->store, id, 13, &h, &c->e), 1);
    ck_assert_int_eq(h.revision, 2);
    ck_assert_int_eq(store_held_first(c->store, id, 13, &h, &c->e), 1); /* the old one stays */
    ck_assert_int_eq(h.revision, 1);
    ck_assert_int_eq(drop(c, id, 13, 1), 0);
    drop(c, id, 13, 0);
    drop(c, id, 12, 1);
    ck_assert_str_eq(open_reasons(c, id, true), "");
    ck_assert_int_eq(info(c, id).rejects, 1);
    ck_assert_int_eq(info(c, id).rows, 10);
    contract_end(c);
}
END_TEST

/* A frozen wave keeps the older revision: what waits is suppressed, what went stays, and the person
 * may be in the next wave. */
START_TEST(frozen_members_of_changed_rows)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring");
    struct outreach o, next;
    struct claimed got[4];
    struct list_row row, after;
    outreach_run(&o, c, "first", id);
    ck_assert_uint_eq(o.n, 10);
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW, 1, got), 1); /* the person of line 2 */
    outreach_settle(c, &got[0], IN_ANSWER_ACCEPTED);

    ck_assert_int_eq(store_list_row_at(c->store, id, 3, &row, &c->e), 1);
    ck_assert_int_eq(revise(c, id, 3, 2, 2, 77, row.id), 1);
    ck_assert_int_eq(drop(c, id, 4, 1), 1);
    ck_assert_int_eq(store_list_row_at(c->store, id, 2, &row, &c->e), 1);
    ck_assert_int_eq(revise(c, id, 2, 2, 1, 78, row.id), 0);

    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    for (int i = 1; i <= 2; i++) {
        ck_assert_int_eq(outreach_state(c, o.first + i), MSG_SUPPRESSED);
        ck_assert_int_eq(outreach_message(c, o.first + i).cause, CAUSE_ROW_CHANGED);
    }
    ck_assert_int_eq(outreach_state(c, o.first + 3), MSG_QUEUED);
    outreach_check(c, o.campaign.id);
    ck_assert_int_eq(store_list_row_at(c->store, id, 3, &after, &c->e), 1);
    ck_assert_int_eq(after.revision, 2);
    ck_assert_int_eq(store_list_row_at(c->store, id, 4, &row, &c->e), 0);
    ck_assert_int_eq(info(c, id).rows, 9);
    ck_assert_int_eq(info(c, id).changed, 3);

    outreach_run(&next, c, "second", id);
    ck_assert_uint_eq(next.n, 9);
    ck_assert_int_eq(outreach_message(c, next.first + 1).address_id, after.address_id);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

static void hold_out(void *ctx, const struct candidate *k, struct frozen *f)
{
    (void)ctx;
    (void)k;
    f->arm = ARM_HOLDOUT;
    f->state = MSG_PLANNED;
}

static int see_held(void *ctx, const struct candidate *k)
{
    *(int64_t *)ctx = *(int64_t *)ctx * 2 + k->held_elsewhere;
    return 0;
}

/* Who would have been held out, and whose row was repaired meanwhile, is not held out any more. */
START_TEST(a_changed_row_frees_from_a_holdout)
{
    struct contract *c = contract_begin();
    int64_t id = contract_list(c, "spring", 1, 3), last, bits = 0;
    struct outreach o, next;
    struct list_row row;
    outreach_draft(&o, c, "first", id);
    /* The database knows the release; the draft of the frame has none. */
    struct campaign_info k = o.campaign;
    snprintf(k.name, sizeof k.name, "with holdout");
    k.holdout_permille = 500;
    k.holdout_until = OUTREACH_TODAY + 1;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    o.campaign = k;
    outreach_freeze(&o, hold_out, NULL);
    ck_assert_int_eq(store_list_row_at(c->store, id, 3, &row, &c->e), 1);
    revise(c, id, 3, 2, 2, 2, row.id);
    outreach_draft(&next, c, "second", id);
    OK(c, store_candidates(c->store, &next.campaign, OUTREACH_TODAY, 0, 100, see_held, &bits, &last,
                           &c->e));
    ck_assert_int_eq(bits, 5); /* 1 0 1 */
    contract_end(c);
}
END_TEST

START_TEST(the_same_certificate_is_known)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring");
    struct list_row row = contract_row(1, 99, 5, 55, 1);
    ck_assert_int_eq(store_row_known(c->store, id, &row, &c->e), 1);
    row.level = 4;
    ck_assert_int_eq(store_row_known(c->store, id, &row, &c->e), 0);
    row = contract_row(1, 99, 5, 55, 1);
    row.issued_day++;
    ck_assert_int_eq(store_row_known(c->store, id, &row, &c->e), 0);
    row = contract_row(1, 99, 5, 55, 1);
    row.has_occupation = false;
    ck_assert_int_eq(store_row_known(c->store, id, &row, &c->e), 0);
    row = contract_row(1, 99, 66, 5, 1);
    ck_assert_int_eq(store_row_known(c->store, id, &row, &c->e), 0);
    int64_t last;
    OK(c, store_list_last_line(c->store, id, &last, &c->e));
    ck_assert_int_eq(last, 14);
    contract_end(c);
}
END_TEST

START_TEST(not_while_a_list_is_loading)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring"), row_id, suppressed = 0;
    contract_list_begin(c, "summer");
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_list_row_ids(c->store, 1, &row_id, &c->e));
    struct list_row row = contract_row(row_id, 12, 30, 30, 1);
    FAILS(c, ERR_TEMP, store_row_revise(c->store, id, &row, 0, &suppressed, &c->e));
    store_rollback(c->store);
    OK(c, store_begin(c->store, &c->e));
    FAILS(c, ERR_TEMP, store_row_drop(c->store, id, 12, &suppressed, &c->e));
    store_rollback(c->store);
    contract_end(c);
}
END_TEST

static int overlap(void *ctx, const char *name, int64_t persons)
{
    char *out = ctx;
    snprintf(out + strlen(out), 200 - strlen(out), "%s %lld;", name, (long long)persons);
    return 0;
}

static int pair(void *ctx, int64_t line, int64_t first_line)
{
    size_t len = strlen(ctx);
    snprintf((char *)ctx + len, 200 - len, "%lld %lld;", (long long)line, (long long)first_line);
    return 0;
}

/* Persons, numbers and levels of rows; the second row and the last but one say again what the first
 * says. */
START_TEST(repeated_certificates)
{
    static const uint64_t person[] = {1, 1, 2, 1, 1, 3};
    static const int level[] = {3, 3, 3, 4, 3, 3};
    struct contract *c = contract_begin();
    struct list_row rows[6];
    struct list_counts n;
    char out[200] = "";
    int64_t id, list = contract_list_begin(c, "twice");
    OK(c, store_list_row_ids(c->store, 6, &id, &c->e));
    for (int i = 0; i < 6; i++) {
        rows[i] = contract_row(id + i, 2 + i, person[i], person[i], 1);
        rows[i].level = level[i];
    }
    OK(c, store_list_rows(c->store, list, rows, 6, &c->e));
    OK(c, store_list_finish(c->store, list, 6, 0, &c->e));
    OK(c, store_list_repeats(c->store, list, list, pair, out, &c->e));
    ck_assert_str_eq(out, "3 2;6 2;");
    OK(c, store_list_counts(c->store, list, &n, &c->e));
    ck_assert_int_eq(n.duplicates, 2);
    contract_end(c);
}
END_TEST

START_TEST(persons_of_several_lists)
{
    struct contract *c = contract_begin();
    int64_t a = contract_list(c, "spring", 1, 10), b = contract_list(c, "summer", 6, 10);
    contract_list(c, "autumn", 100, 5);
    struct list_counts n;
    char out[200] = "";
    OK(c, store_list_counts(c->store, a, &n, &c->e));
    ck_assert_int_eq(n.elsewhere, 5);
    ck_assert_int_eq(n.duplicates, 0);
    OK(c, store_list_counts(c->store, b, &n, &c->e));
    ck_assert_int_eq(n.elsewhere, 5);
    OK(c, store_list_overlaps(c->store, b, overlap, out, &c->e));
    ck_assert_str_eq(out, "spring 5;");
    out[0] = '\0';
    OK(c, store_list_repeats(c->store, b, a, pair, out, &c->e)); /* persons 6 to 10 */
    ck_assert_str_eq(out, "2 7;3 8;4 9;5 10;6 11;");
    OK(c, store_list_remove(c->store, a, NULL, NULL, &c->e));
    OK(c, store_list_counts(c->store, b, &n, &c->e));
    ck_assert_int_eq(n.elsewhere, 0);
    contract_end(c);
}
END_TEST

static int none(void *ctx, const struct list_held *h)
{
    (void)h;
    ++*(int *)ctx;
    return 0;
}

START_TEST(removal_takes_what_was_held)
{
    struct contract *c = contract_begin();
    int64_t id = list_with_held(c, "spring");
    int n = 0;
    OK(c, store_held_each(c->store, id, none, &n, &c->e));
    ck_assert_int_eq(n, 3);
    OK(c, store_list_remove(c->store, id, NULL, NULL, &c->e));
    n = 0;
    OK(c, store_held_each(c->store, id, none, &n, &c->e));
    ck_assert_int_eq(n, 0);
    struct list_held h;
    ck_assert_int_eq(store_held_at(c->store, id, 12, &h, &c->e), 0);
    int64_t lost = contract_list_begin(c, "lost");
    h = held(5, 1, HELD_REVIEW);
    OK(c, store_held_put(c->store, lost, &h, 1, &c->e));
    OK(c, store_list_abandon(c->store, lost, &c->e));
    ck_assert_int_eq(store_held_at(c->store, lost, 5, &h, &c->e), 0);
    OK(c, store_integrity(c->store, &c->e));
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        held_rows_are_nobodys_until_taken, still_held_is_a_revision_too,
        frozen_members_of_changed_rows,    a_changed_row_frees_from_a_holdout,
        the_same_certificate_is_known,     not_while_a_list_is_loading,
        persons_of_several_lists,          repeated_certificates,
        removal_takes_what_was_held};
    return contract_main("held", tests, sizeof tests / sizeof tests[0]);
}
