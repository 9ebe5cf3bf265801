/*
 * Receipts and replies: applied once however often they come, in whatever order; refusals by reply; what was never issued; the watermark.
 */
#include <stdlib.h>
#include "zhanchi/store_epoch.h"
#include "outreach.h"

#define LATER (CONTRACT_NOW + 1000)

static struct reply_row reply(struct contract *c, uint64_t number, int n, bool optout)
{
    struct reply_row p = {.gateway_id = 1,
                          .at_ms = LATER + 60000,
                          .received_ms = LATER + 61000,
                          .is_optout = optout,
                          .key_id = keyring_id(c->keys, KEY_INBOX),
                          .sealed = "sealed text",
                          .sealed_len = 11};
    OK(c, store_reserve_replies(c->store, 1, &p.id, &c->e));
    contract_hash(HASH_ADDRESS_SMS, number, p.address);
    contract_hash(99, (uint64_t)n, p.digest);
    if (optout) {
        p.optout_key_id = keyring_id(c->keys, KEY_OPTOUT);
        p.sealed_number = "sealed number";
        p.sealed_number_len = 13;
    }
    return p;
}

static struct apply_stats apply(struct contract *c, const struct receipt_row *r, size_t n,
                                const struct reply_row *p, size_t m, int64_t watermark)
{
    struct apply_stats stats = {0};
    OK(c, store_apply_reports(c->store, r, n, p, m, watermark, &stats, &c->e));
    return stats;
}

/* ---- receipts ---- */

struct receipts {
    int n;
    struct receipt_info v[16];
};

static int see_receipt(void *ctx, const struct receipt_info *r)
{
    struct receipts *s = ctx;
    ck_assert_int_lt(s->n, 16);
    s->v[s->n++] = *r;
    return 0;
}

START_TEST(receipts_are_idempotent)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    struct receipt_row r[8];
    struct receipts s = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 3));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 4, m), 3);
    for (int i = 0; i < 3; i++)
        outreach_settle(c, &m[i], IN_ANSWER_ACCEPTED);
    /* Not in the order of messages; one per part; the first pending. */
    r[0] = outreach_receipt(o.first + 2, 1, CLASS_NUMBER);
    r[1] = outreach_receipt(o.first, 1, CLASS_UNKNOWN);
    r[1].pending = true;
    r[2] = outreach_receipt(o.first + 1, 1, CLASS_OK);
    r[3] = outreach_receipt(o.first, 1, CLASS_OK);
    r[4] = outreach_receipt(o.first + 1, 1, CLASS_OK);
    struct apply_stats stats = apply(c, r, 5, NULL, 0, 10);
    ck_assert_int_eq(stats.moved, 3);
    ck_assert_int_eq(stats.kept, 2);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
        ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_DELIVERED);
        ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_UNDELIVERED);
        ck_assert_int_eq(outreach_message(c, o.first + 2).cause, CAUSE_NUMBER);
        outreach_check(c, o.campaign.id);
        stats = apply(c, r, 5, NULL, 0, 10);
        ck_assert_int_eq(stats.moved, 0);
    }
    OK(c, store_receipts_each(c->store, 0, see_receipt, &s, &c->e));
    ck_assert_int_eq(s.n, 4);
    s.n = 0;
    OK(c, store_receipts_each(c->store, o.first + 2, see_receipt, &s, &c->e));
    ck_assert_int_eq(s.n, 1);
    ck_assert_str_eq(s.v[0].code, "UNDELIV");
    ck_assert_int_eq(s.v[0].class, CLASS_NUMBER);
    ck_assert_int_eq(s.v[0].attempt, 1);
    contract_end(c);
}
END_TEST

/* One part delivered, the other not: delivered, whichever comes first. */
START_TEST(a_late_success_wins)
{
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 1);
    for (int together = 0; together < 2; together++) {
        for (int order = 0; order < 2; order++) {
            struct outreach o;
            struct claimed m;
            char name[16];
            snprintf(name, sizeof name, "%d %d", together, order);
            outreach_run(&o, c, name, list);
            ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
            outreach_settle(c, &m, IN_ANSWER_ACCEPTED);
            struct receipt_row r[2] = {outreach_receipt(o.first, 1, CLASS_OK),
                                       outreach_receipt(o.first, 1, CLASS_RETRY)};
            if (together) {
                struct receipt_row both[2] = {r[order], r[1 - order]};
                apply(c, both, 2, NULL, 0, 0);
            } else {
                apply(c, &r[order], 1, NULL, 0, 0);
                apply(c, &r[1 - order], 1, NULL, 0, 0);
            }
            ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
            ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_NONE);
            outreach_check(c, o.campaign.id);
        }
    }
    contract_end(c);
}
END_TEST

START_TEST(causes_of_receipts)
{
    static const struct {
        enum msg_class class;
        enum msg_cause cause;
    } cases[] = {{CLASS_RETRY, CAUSE_NETWORK},   {CLASS_LIMIT, CAUSE_LIMIT},
                 {CLASS_NUMBER, CAUSE_NUMBER},   {CLASS_OPTOUT, CAUSE_OPTOUT},
                 {CLASS_CONTENT, CAUSE_CONTENT}, {CLASS_CONFIG, CAUSE_CONFIG},
                 {CLASS_UNKNOWN, CAUSE_NETWORK}};
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outreach o;
        struct claimed m;
        outreach_run(&o, c, message_class_name(cases[i].class), list);
        ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
        struct receipt_row r = outreach_receipt(o.first, 1, cases[i].class);
        apply(c, &r, 1, NULL, 0, 0);
        ck_assert_int_eq(outreach_state(c, o.first), MSG_UNDELIVERED);
        ck_assert_int_eq(outreach_message(c, o.first).cause, cases[i].cause);
    }
    contract_end(c);
}
END_TEST

/* Two steps of one message in one batch. */
START_TEST(a_batch_walks_on)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    outreach_settle(c, &m, IN_ANSWER_UNKNOWN);
    struct receipt_row r[2] = {outreach_receipt(o.first, 1, CLASS_UNKNOWN),
                               outreach_receipt(o.first, 1, CLASS_OK)};
    r[0].pending = true;
    struct apply_stats stats = apply(c, r, 2, NULL, 0, 0);
    ck_assert_int_eq(stats.moved, 2);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

static void expect_doubt(struct contract *c, bool yes)
{
    char why[128];
    ck_assert_int_eq(store_meta_get(c->store, "doubt", why, sizeof why, &c->e), yes);
}

START_TEST(what_was_never_issued)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    struct receipts s = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 2));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    struct receipt_row r[4] = {
        outreach_receipt(o.first, 2, CLASS_OK), outreach_receipt(o.first, 1, CLASS_OK),
        outreach_receipt(o.first + 1, 1, CLASS_OK), outreach_receipt(o.first, INT32_MAX, CLASS_OK)};
    struct apply_stats stats = apply(c, &r[1], 1, NULL, 0, 0);
    ck_assert_int_eq(stats.never_issued, 0);
    expect_doubt(c, false);
    stats = apply(c, r, 4, NULL, 0, 0);
    ck_assert_int_eq(stats.never_issued, 3);
    ck_assert_int_eq(stats.kept, 1);
    expect_doubt(c, true);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_QUEUED);
    OK(c, store_receipts_each(c->store, 0, see_receipt, &s, &c->e));
    ck_assert_int_eq(s.n, 1);
    contract_end(c);
}
END_TEST

/* Provider A speaks of what provider B carried: nobody believes it, and nothing stops. */
START_TEST(receipts_of_another_gateway)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    struct receipts s = {0};
    int64_t other;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 2));
    OK(c, store_gateway_id(c->store, "other", &other, &c->e));
    ck_assert_int_ne(other, o.gateway_id);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    struct receipt_row r[3] = {outreach_receipt(o.first, 1, CLASS_OPTOUT),
                               outreach_receipt(o.first, 1, CLASS_OK),
                               outreach_receipt(o.first, 9, CLASS_OK)};
    r[0].gateway_id = other;
    r[0].learn_optout = true;
    r[1].gateway_id = other;
    r[2].weak = true;
    struct apply_stats stats = apply(c, r, 3, NULL, 0, 0);
    ck_assert_int_eq(stats.unmatched, 3);
    ck_assert_int_eq(stats.elsewhere, 2);
    ck_assert_int_eq(stats.moved + stats.kept + stats.optouts + stats.never_issued, 0);
    expect_doubt(c, false);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_SENDING);
    OK(c, store_receipts_each(c->store, 0, see_receipt, &s, &c->e));
    ck_assert_int_eq(s.n, 0);
    /* Its own one settles it; so does a source without a gateway. */
    r[1].gateway_id = o.gateway_id;
    stats = apply(c, &r[1], 1, NULL, 0, 0);
    ck_assert_int_eq(stats.moved, 1);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    r[1].gateway_id = 0;
    stats = apply(c, &r[1], 1, NULL, 0, 0);
    ck_assert_int_eq(stats.kept, 1);
    contract_end(c);
}
END_TEST

/* After a restore: what the lost timeline sent is settled by its receipts, and raises no doubt. */
START_TEST(receipts_of_a_lost_timeline)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    struct receipts s = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 4));
    while (store_doubt_all(c->store, LATER, 10, &c->e) > 0)
        ;
    OK(c, epoch_renew(c->store, c->epoch_dir, CONTRACT_NOW, &c->e));
    /* By a person's word the fourth is sent again before its receipt comes. */
    ck_assert_int_eq(store_resolve_chunk(c->store, o.campaign.id, true, LATER, 1, &c->e), 1);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, m), 1);
    int64_t again = m[0].message_id;
    struct receipt_row r[4];
    for (int i = 0; i < 4; i++) {
        r[i] = outreach_receipt(o.first + i, 1 + i, i == 1 ? CLASS_NUMBER : CLASS_OK);
        r[i].pending = i == 2;
        r[i].lost = true;
        struct msg_ref ref = {.epoch = 1, .message = o.first + i, .attempt = 1 + i};
        uint32_t tag;
        char text[24];
        ck_assert_int_eq(store_meta_get(c->store, "tag", text, sizeof text, &c->e), 1);
        tag = (uint32_t)strtoul(text, NULL, 10);
        ref.tag = tag;
        ck_assert_int_eq(store_ref_check(c->store, &ref, &c->e), REF_LOST);
    }
    struct apply_stats stats = apply(c, r, 4, NULL, 0, 1);
    ck_assert_int_eq(stats.never_issued, 0);
    ck_assert_int_eq(stats.moved, 4);
    expect_doubt(c, false);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(outreach_state(c, o.first + i), i == 1   ? MSG_UNDELIVERED
                                                         : i == 2 ? MSG_ACCEPTED
                                                                  : MSG_DELIVERED);
    ck_assert_int_eq(outreach_state(c, again), again == o.first + 1   ? MSG_UNDELIVERED
                                               : again == o.first + 2 ? MSG_ACCEPTED
                                                                      : MSG_DELIVERED);
    OK(c, store_receipts_each(c->store, 0, see_receipt, &s, &c->e));
    ck_assert_int_eq(s.n, 4);
    /* Accepted without an attempt of ours: its time runs from the receipt. */
    ck_assert_int_eq(store_receipt_timeout(c->store, r[2].received_ms, 10, &c->e), 0);
    ck_assert_int_eq(store_receipt_timeout(c->store, r[2].received_ms + 1, 10, &c->e), 1);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

START_TEST(a_receipt_tells_a_refusal)
{
    struct contract *c = contract_begin();
    struct outreach one, two;
    struct claimed m;
    int64_t list = contract_list(c, "spring", 1, 2);
    outreach_run(&one, c, "one", list);
    outreach_run(&two, c, "two", list);
    ck_assert_uint_eq(outreach_claim(&one, LATER, 1, &m), 1);
    struct receipt_row r = outreach_receipt(one.first, 1, CLASS_OPTOUT);
    r.learn_optout = true;
    struct apply_stats stats = apply(c, &r, 1, NULL, 0, 0);
    ck_assert_int_eq(stats.optouts, 1);
    ck_assert_int_eq(stats.suppressed, 1);
    ck_assert_int_eq(outreach_state(c, one.first), MSG_UNDELIVERED);
    ck_assert_int_eq(outreach_state(c, two.first), MSG_SUPPRESSED);
    stats = apply(c, &r, 1, NULL, 0, 0);
    ck_assert_int_eq(stats.optouts, 0);
    contract_end(c);
}
END_TEST

/* ---- receipts by the provider's id and the number ---- */

static struct provider_receipt named(const struct outreach *o, const char *id, uint64_t number,
                                     enum msg_class class)
{
    struct provider_receipt p = {
        .row = outreach_receipt(0, 0, class), .gateway_id = o->gateway_id, .may_wait = true};
    snprintf(p.provider_id, sizeof p.provider_id, "%s", id);
    p.has_address = number != 0;
    if (number)
        contract_hash(HASH_ADDRESS_SMS, number, p.address);
    return p;
}

/* As track does: found and applied in one transaction. */
static struct apply_stats join(struct contract *c, const struct provider_receipt *v, size_t n)
{
    struct apply_stats stats = {0};
    struct receipt_row rows[16];
    size_t found;
    ck_assert_uint_le(n, 16);
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_join_receipts(c->store, v, n, rows, &found, &stats, &c->e));
    OK(c, store_apply_reports(c->store, rows, found, NULL, 0, 0, &stats, &c->e));
    OK(c, store_commit(c->store, &c->e));
    return stats;
}

static struct apply_stats apply_parked(struct contract *c, int64_t before_ms, int64_t n, bool left)
{
    struct apply_stats stats = {0};
    bool is_left;
    ck_assert_int_eq(store_apply_parked(c->store, before_ms, &stats, &is_left, &c->e), n);
    ck_assert_int_eq(is_left, left);
    return stats;
}

static void settle_as(struct contract *c, const struct claimed *m, enum msg_input in,
                      const char *provider_id)
{
    struct settlement v = outreach_settlement(m, in);
    snprintf(v.provider_id, sizeof v.provider_id, "%s", provider_id);
    OK(c, store_settle(c->store, &v, 1, &c->e));
}

/* Three numbers in one request: one id for all of them. */
static void send_three(struct outreach *o, struct contract *c, const char *name, int64_t list,
                       const char *id)
{
    struct claimed m[3];
    outreach_run(o, c, name, list);
    OK(c, store_gateway_joins(c->store, o->gateway_id, true, &c->e));
    ck_assert_uint_eq(outreach_claim(o, LATER, 3, m), 3);
    for (int i = 0; i < 3; i++)
        settle_as(c, &m[i], IN_ANSWER_ACCEPTED, id);
}

START_TEST(one_id_for_many_numbers)
{
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 3);
    struct outreach one, two;
    send_three(&one, c, "one", list, "9223372036854775808");
    send_three(&two, c, "two", list, "9223372036854775809");
    struct provider_receipt v[3] = {named(&one, "9223372036854775808", 3, CLASS_OK),
                                    named(&one, "9223372036854775808", 1, CLASS_NUMBER),
                                    named(&two, "9223372036854775809", 1, CLASS_OK)};
    for (int again = 0; again < 2; again++) {
        struct apply_stats stats = join(c, v, 3);
        ck_assert_int_eq(stats.moved, again ? 0 : 3);
        ck_assert_int_eq(stats.kept, again ? 3 : 0);
        ck_assert_int_eq(stats.unmatched + stats.parked, 0);
        ck_assert_int_eq(outreach_state(c, one.first), MSG_UNDELIVERED);
        ck_assert_int_eq(outreach_state(c, one.first + 1), MSG_ACCEPTED);
        ck_assert_int_eq(outreach_state(c, one.first + 2), MSG_DELIVERED);
        ck_assert_int_eq(outreach_state(c, two.first), MSG_DELIVERED);
        ck_assert_int_eq(outreach_state(c, two.first + 2), MSG_ACCEPTED);
    }
    /* The id of one gateway is nothing to another; an id alone says nothing when three have it. */
    struct provider_receipt other[2] = {named(&one, "9223372036854775808", 2, CLASS_OK),
                                        named(&one, "9223372036854775808", 0, CLASS_OK)};
    other[0].gateway_id++;
    other[0].may_wait = other[1].may_wait = false;
    ck_assert_int_eq(join(c, other, 2).unmatched, 2);
    ck_assert_int_eq(outreach_state(c, one.first + 1), MSG_ACCEPTED);
    outreach_check(c, one.campaign.id);
    contract_end(c);
}
END_TEST

START_TEST(an_id_of_one_message)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[2];
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 2));
    OK(c, store_gateway_joins(c->store, o.gateway_id, true, &c->e));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 2, m), 2);
    struct provider_receipt early = named(&o, "SM-2", 0, CLASS_OK);
    ck_assert_int_eq(join(c, &early, 1).parked, 1);
    settle_as(c, &m[0], IN_ANSWER_ACCEPTED, "SM-1");
    settle_as(c, &m[1], IN_ANSWER_ACCEPTED, "SM-2");
    struct provider_receipt v = named(&o, "SM-1", 0, CLASS_OK);
    ck_assert_int_eq(join(c, &v, 1).moved, 1);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_ACCEPTED);
    apply_parked(c, 0, 1, false);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_DELIVERED);
    contract_end(c);
}
END_TEST

/* A receipt is faster than the answer, and than the settlement. */
START_TEST(early_receipts_wait)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[3];
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 3));
    OK(c, store_gateway_joins(c->store, o.gateway_id, true, &c->e));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 3, m), 3);
    struct provider_receipt v[4] = {
        named(&o, "77", 1, CLASS_OPTOUT), named(&o, "77", 2, CLASS_OK),
        named(&o, "77", 3, CLASS_OK),
        named(&o, "77", 9, CLASS_OK) /* a number that nobody here has */};
    v[0].row.learn_optout = true;
    v[2].row.pending = true;
    struct apply_stats stats = join(c, v, 4);
    ck_assert_int_eq(stats.parked, 3);
    ck_assert_int_eq(stats.unmatched, 1);
    ck_assert_int_eq(join(c, v, 3).parked, 0); /* pushed again */
    apply_parked(c, 0, 0, true);
    contract_reopen(c);
    settle_as(c, &m[0], IN_ANSWER_ACCEPTED, "77");
    settle_as(c, &m[1], IN_ANSWER_UNKNOWN, "77");
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    stats = apply_parked(c, 0, 2, true);
    ck_assert_int_eq(stats.moved, 2);
    ck_assert_int_eq(stats.optouts, 1);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_UNDELIVERED);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_DELIVERED);
    ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_SENDING);
    /* The third never comes: given up once its time is over. */
    stats = apply_parked(c, v[2].row.received_ms, 0, true);
    ck_assert_int_eq(stats.unmatched, 0);
    stats = apply_parked(c, v[2].row.received_ms + 1, 0, false);
    ck_assert_int_eq(stats.unmatched, 1);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* Of a request for many the provider echoes the first one's reference with every number. */
START_TEST(a_reference_of_ours_goes_first)
{
    struct contract *c = contract_begin();
    struct outreach o;
    send_three(&o, c, "spring", contract_list(c, "spring", 1, 3), "88");
    struct provider_receipt v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = named(&o, i ? "88" : "an id that we never saw", 1 + (uint64_t)i, CLASS_OK);
        v[i].row.message_id = o.first;
        v[i].row.attempt = 1;
    }
    struct apply_stats stats = join(c, v, 2);
    ck_assert_int_eq(stats.moved, 2);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_DELIVERED);
    v[2].has_address = false; /* names no number: the reference is all there is */
    ck_assert_int_eq(join(c, &v[2], 1).kept, 1);
    ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_ACCEPTED);
    v[2].has_address = true;
    v[2].provider_id[0] = '\0';
    ck_assert_int_eq(join(c, &v[2], 1).unmatched, 1);
    ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_ACCEPTED);
    contract_end(c);
}
END_TEST

/* The profile says only later that receipts bear the provider's id. */
static struct outreach joins_of;
static void turn_joins_on(void *ctx)
{
    struct contract *c = ctx;
    c->store = NULL; /* a process of its own: no connection crosses the fork */
    c->keys = NULL;
    contract_reopen(c);
    OK(c, store_gateway_joins(c->store, joins_of.gateway_id, true, &c->e));
}

START_TEST(what_was_settled_before)
{
    struct contract *c = contract_begin();
    struct claimed m[3];
    outreach_run(&joins_of, c, "spring", contract_list(c, "spring", 1, 3));
    ck_assert_uint_eq(outreach_claim(&joins_of, LATER, 3, m), 3);
    settle_as(c, &m[0], IN_ANSWER_ACCEPTED, "99");
    struct provider_receipt v = named(&joins_of, "99", 1, CLASS_OK);
    ck_assert_int_eq(join(c, &v, 1).parked, 1);
    apply_parked(c, 0, 0, true);
#ifdef ZHANCHI_FAILPOINTS
    contract_close(c);
    ck_assert(contract_killed("joins_filled_chunk", turn_joins_on, c));
    contract_reopen(c);
#else
    (void)turn_joins_on;
#endif
    settle_as(c, &m[1], IN_ANSWER_ACCEPTED, "99");
    OK(c, store_gateway_joins(c->store, joins_of.gateway_id, true, &c->e));
    settle_as(c, &m[2], IN_ANSWER_ACCEPTED, "99");
    apply_parked(c, 0, 1, false);
    for (uint64_t i = 2; i <= 3; i++) {
        v = named(&joins_of, "99", i, CLASS_OK);
        ck_assert_int_eq(join(c, &v, 1).moved, 1);
    }
    OK(c, store_gateway_joins(c->store, joins_of.gateway_id, false, &c->e));
    ck_assert_int_eq(join(c, &v, 1).kept, 1); /* what is noted stays */
    contract_end(c);
}
END_TEST

/* ---- receipts for parts ---- */

static struct receipt_row part_of(const struct outreach *o, int part, int parts,
                                  enum msg_class class)
{
    struct receipt_row r = outreach_receipt(o->first, 1, class);
    r.part = part;
    r.parts = parts;
    return r;
}

/* Every order of three parts, one by one, all twice, and together. */
START_TEST(delivered_when_all_parts_are)
{
    static const int orders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                     {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 1);
    for (int i = 0; i < 12; i++) {
        struct outreach o;
        struct claimed m;
        struct receipts seen = {0};
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        outreach_run(&o, c, name, list);
        ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
        if (i % 2)
            outreach_settle(c, &m, IN_ANSWER_UNKNOWN); /* else they come before the answer */
        struct receipt_row r[6];
        for (int k = 0; k < 6; k++)
            r[k] = part_of(&o, orders[i / 2][k / 2], 3, CLASS_OK);
        if (i < 6) {
            for (int k = 0; k < 5; k++) {
                apply(c, &r[k], 1, NULL, 0, 0);
                ck_assert_int_eq(outreach_state(c, o.first), k < 4 ? MSG_ACCEPTED : MSG_DELIVERED);
            }
            ck_assert_int_eq(apply(c, &r[5], 1, NULL, 0, 0).kept, 1);
        } else {
            apply(c, r, 6, NULL, 0, 0);
        }
        ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
        OK(c, store_receipts_each(c->store, o.first, see_receipt, &seen, &c->e));
        ck_assert_int_eq(seen.n, 2); /* a part, and the whole */
        outreach_check(c, o.campaign.id);
    }
    contract_end(c);
}
END_TEST

/* One part that failed is enough; delivered after all, with the others, it is a late success. */
START_TEST(undelivered_when_one_part_is)
{
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 1);
    for (int order = 0; order < 3; order++) {
        struct outreach o;
        struct claimed m;
        char name[16];
        snprintf(name, sizeof name, "%d", order);
        outreach_run(&o, c, name, list);
        ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
        outreach_settle(c, &m, IN_ANSWER_ACCEPTED);
        struct receipt_row r[3] = {part_of(&o, 1, 3, CLASS_OK), part_of(&o, 2, 3, CLASS_NUMBER),
                                   part_of(&o, 3, 3, CLASS_OK)};
        for (int k = 0; k < 3; k++)
            apply(c, &r[(k + order) % 3], 1, NULL, 0, 0);
        ck_assert_int_eq(outreach_state(c, o.first), MSG_UNDELIVERED);
        ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_NUMBER);
        apply(c, r, 3, NULL, 0, 0);
        ck_assert_int_eq(outreach_state(c, o.first), MSG_UNDELIVERED);
        struct receipt_row late = part_of(&o, 2, 3, CLASS_OK);
        apply(c, &late, 1, NULL, 0, 0);
        ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
        ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_NONE);
        apply(c, r, 3, NULL, 0, 0);
        ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
        outreach_check(c, o.campaign.id);
    }
    contract_end(c);
}
END_TEST

/* Of two attempts, one part each: neither arrived. A receipt for the whole, or for the only part, needs no others. */
START_TEST(parts_belong_to_an_attempt)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    outreach_settle(c, &m, IN_ANSWER_RETRY);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    outreach_settle(c, &m, IN_ANSWER_ACCEPTED);
    struct receipt_row r[2] = {part_of(&o, 1, 2, CLASS_OK), part_of(&o, 2, 2, CLASS_OK)};
    r[1].attempt = 2;
    apply(c, r, 2, NULL, 0, 0);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    struct receipt_row pending = part_of(&o, 2, 2, CLASS_UNKNOWN);
    pending.pending = true;
    apply(c, &pending, 1, NULL, 0, 0);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    struct receipt_row whole = part_of(&o, 0, 2, CLASS_OK);
    apply(c, &whole, 1, NULL, 0, 0);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    contract_end(c);
}
END_TEST

/* Parts that come before their attempt is known wait one by one. */
START_TEST(early_parts_wait)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    OK(c, store_gateway_joins(c->store, o.gateway_id, true, &c->e));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    struct provider_receipt v[2] = {named(&o, "55", 1, CLASS_OK), named(&o, "55", 1, CLASS_OK)};
    for (int i = 0; i < 2; i++) {
        v[i].row.part = i + 1;
        v[i].row.parts = 2;
    }
    ck_assert_int_eq(join(c, v, 2).parked, 2);
    settle_as(c, &m, IN_ANSWER_ACCEPTED, "55");
    apply_parked(c, 0, 2, false);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    contract_end(c);
}
END_TEST

/* ---- replies ---- */

struct replies {
    int n;
    struct reply_info v[16];
};

static int see_reply(void *ctx, const struct reply_info *r)
{
    struct replies *s = ctx;
    ck_assert_int_lt(s->n, 16);
    s->v[s->n++] = *r;
    return 0;
}

START_TEST(a_refusal_by_reply)
{
    struct contract *c = contract_begin();
    struct outreach one, two;
    struct claimed m[4];
    uint8_t address[KEYRING_HASH_BYTES];
    int64_t list = contract_list(c, "spring", 1, 2);
    outreach_run(&one, c, "one", list);
    outreach_run(&two, c, "two", list);
    ck_assert_uint_eq(outreach_claim(&one, LATER, 4, m), 2);
    outreach_settle(c, &m[0], IN_ANSWER_ACCEPTED);
    struct reply_row p = reply(c, 1, 1, true);
    struct apply_stats stats = apply(c, NULL, 0, &p, 1, 3);
    ck_assert_int_eq(stats.replies, 1);
    ck_assert_int_eq(stats.optouts, 1);
    ck_assert_int_eq(stats.suppressed, 1);
    ck_assert_int_eq(outreach_state(c, one.first), MSG_ACCEPTED);
    ck_assert_int_eq(outreach_state(c, two.first), MSG_SUPPRESSED);
    ck_assert_int_eq(outreach_state(c, two.first + 1), MSG_QUEUED);
    contract_hash(HASH_ADDRESS_SMS, 1, address);
    ck_assert_int_eq(store_optout_check(c->store, address, "skills", &c->e), 1);
    outreach_check(c, two.campaign.id);
    /* Staff took it back; the same reply, pushed again, is no new one. */
    ck_assert_int_eq(store_optout_remove(c->store, address, "", &c->e), 1);
    OK(c, store_reserve_replies(c->store, 1, &p.id, &c->e));
    stats = apply(c, NULL, 0, &p, 1, 3);
    ck_assert_int_eq(stats.replies, 0);
    ck_assert_int_eq(store_optout_check(c->store, address, "", &c->e), 0);
    contract_end(c);
}
END_TEST

/* It must hold when a list has that number one day. */
START_TEST(a_refusal_of_a_stranger)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    struct reply_row p[2] = {reply(c, 2, 1, true), reply(c, 7, 2, false)};
    struct replies s = {0};
    apply(c, NULL, 0, p, 2, 0);
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 3));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 4, m), 2);
    ck_assert_int_eq(outreach_message(c, o.first + 1).cause, CAUSE_OPTOUT);
    OK(c, store_replies_each(c->store, see_reply, &s, &c->e));
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_ne(s.v[0].address_id, 0);
    ck_assert_int_eq(s.v[1].address_id, 0);
    ck_assert_int_eq(s.v[1].message_id, 0);
    contract_end(c);
}
END_TEST

START_TEST(what_a_reply_answers)
{
    struct contract *c = contract_begin();
    struct outreach one, two;
    struct claimed m[2];
    struct replies s = {0};
    struct reply_row p[5];
    int64_t list = contract_list(c, "spring", 1, 1), hour = 3600000;
    outreach_run(&one, c, "one", list);
    outreach_run(&two, c, "two", list);
    struct outreach *o[] = {&two, &one}; /* the older campaign's message goes later */
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(outreach_claim(o[i], LATER, 1, &m[i]), 1);
        struct settlement v = outreach_settlement(&m[i], IN_ANSWER_ACCEPTED);
        v.handed_ms = CONTRACT_NOW + i * hour;
        OK(c, store_settle(c->store, &v, 1, &c->e));
    }
    static const int64_t at_hour[] = {-1, 0, 1, 72, 74};
    for (int i = 0; i < 5; i++) {
        p[i] = reply(c, 1, i, false);
        p[i].at_ms = p[i].received_ms = CONTRACT_NOW + at_hour[i] * hour + hour / 2;
    }
    apply(c, NULL, 0, p, 5, 0);
    OK(c, store_replies_each(c->store, see_reply, &s, &c->e));
    ck_assert_int_eq(s.n, 5);
    ck_assert_int_eq(s.v[0].message_id, 0);
    ck_assert_int_eq(s.v[1].message_id, two.first);
    ck_assert_int_eq(s.v[1].campaign_id, two.campaign.id);
    ck_assert_int_eq(s.v[2].message_id, one.first);
    ck_assert_int_eq(s.v[3].message_id, one.first);
    ck_assert_int_eq(s.v[4].message_id, 0); /* 72 hours have passed */
    ck_assert_uint_eq(s.v[2].sealed_len, 11);
    contract_end(c);
}
END_TEST

/* ---- both ---- */

START_TEST(watermark_goes_with_the_reports)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    struct apply_stats stats = {0};
    int64_t at = -1;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    OK(c, store_watermark(c->store, &at, &c->e));
    ck_assert_int_eq(at, 0);
    struct receipt_row r = outreach_receipt(o.first, 1, CLASS_OK);
    struct reply_row p = reply(c, 1, 1, true);
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_apply_reports(c->store, &r, 1, &p, 1, 12, &stats, &c->e));
    store_rollback(c->store);
    OK(c, store_watermark(c->store, &at, &c->e));
    ck_assert_int_eq(at, 0);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_SENDING);
    outreach_check(c, o.campaign.id);
    apply(c, &r, 1, &p, 1, 12);
    OK(c, store_watermark(c->store, &at, &c->e));
    ck_assert_int_eq(at, 12);
    apply(c, &r, 1, NULL, 0, 7); /* never back */
    apply(c, NULL, 0, NULL, 0, 0);
    OK(c, store_watermark(c->store, &at, &c->e));
    ck_assert_int_eq(at, 12);
    apply(c, NULL, 0, NULL, 0, 1000);
    OK(c, store_watermark(c->store, &at, &c->e));
    ck_assert_int_eq(at, 1000);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {receipts_are_idempotent,
                                  a_late_success_wins,
                                  causes_of_receipts,
                                  a_batch_walks_on,
                                  what_was_never_issued,
                                  receipts_of_another_gateway,
                                  receipts_of_a_lost_timeline,
                                  a_receipt_tells_a_refusal,
                                  delivered_when_all_parts_are,
                                  undelivered_when_one_part_is,
                                  parts_belong_to_an_attempt,
                                  early_parts_wait,
                                  one_id_for_many_numbers,
                                  an_id_of_one_message,
                                  early_receipts_wait,
                                  a_reference_of_ours_goes_first,
                                  what_was_settled_before,
                                  a_refusal_by_reply,
                                  a_refusal_of_a_stranger,
                                  what_a_reply_answers,
                                  watermark_goes_with_the_reports};
    return contract_main("report", tests, sizeof tests / sizeof tests[0]);
}
