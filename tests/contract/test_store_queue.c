/*
 * Messages through the dispatcher's hands: every pair of state and input that the database can be brought to, claims (order, refusals, caps, last days), settlements, early
 * receipts, recovery, doubt.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_epoch.h"
#include "outreach.h"

#define LATER (CONTRACT_NOW + 1000)
#define FAR (CONTRACT_NOW + 86400000 * 10LL)

/* ---- the grid: states x inputs ---- */

struct grid {
    struct contract *c;
    int64_t list_id;
    int made;
    struct outreach o; /* of the case under way: one message */
    struct claimed m;  /* its newest attempt, if any */
};

static void hold_back(void *ctx, const struct candidate *k, struct frozen *f)
{
    (void)ctx;
    (void)k;
    f->state = MSG_PLANNED;
    f->arm = ARM_HOLDOUT;
}

static void approve_and_start(struct outreach *o)
{
    o->wave.approved_at = CONTRACT_NOW;
    OK(o->c, store_wave_approve(o->c->store, &o->wave, &o->c->e));
    OK(o->c, store_campaign_started(o->c->store, o->campaign.id, CONTRACT_NOW, &o->c->e));
}

static void fresh(struct grid *g, bool planned)
{
    char name[32];
    snprintf(name, sizeof name, "case %d", ++g->made);
    outreach_draft(&g->o, g->c, name, g->list_id);
    outreach_freeze(&g->o, planned ? hold_back : NULL, NULL);
    approve_and_start(&g->o);
    g->m = (struct claimed){.message_id = g->o.first, .attempt = 1}; /* never made yet */
}

static void refuse(struct grid *g, bool add)
{
    struct optout_info o = {.at_ms = CONTRACT_NOW, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    contract_hash(HASH_ADDRESS_SMS, 1, address);
    if (add)
        OK(g->c, store_optout_add(g->c->store, address, &o, NULL, &g->c->e));
    else
        OK(g->c, store_optout_remove(g->c->store, address, "", &g->c->e));
}

static void claim(struct grid *g)
{
    ck_assert_uint_eq(outreach_claim(&g->o, LATER, 10, &g->m), 1);
}

static void settle(struct grid *g, enum msg_input in)
{
    outreach_settle(g->c, &g->m, in);
}

static void receipt(struct grid *g, enum msg_class class, bool pending)
{
    struct receipt_row r = outreach_receipt(g->o.first, g->m.attempt, class);
    r.pending = pending;
    outreach_apply(g->c, &r, 1, NULL);
}

static void time_out(struct grid *g)
{
    while (true) {
        int64_t n = store_receipt_timeout(g->c->store, FAR, 100, &g->c->e);
        OK(g->c, n);
        if (n == 0)
            return;
    }
}

/* A message in this state. All but planned ones have had an attempt. */
static void reach(struct grid *g, enum msg_state s)
{
    fresh(g, s == MSG_PLANNED);
    if (s != MSG_PLANNED)
        claim(g);
    switch (s) {
    case MSG_PLANNED:
    case MSG_SENDING:
        break;
    case MSG_QUEUED:
        settle(g, IN_ANSWER_RETRY);
        break;
    case MSG_ACCEPTED:
        settle(g, IN_ANSWER_ACCEPTED);
        break;
    case MSG_UNKNOWN:
        settle(g, IN_ANSWER_UNKNOWN);
        break;
    case MSG_UNCONFIRMED:
        settle(g, IN_ANSWER_ACCEPTED);
        time_out(g);
        break;
    case MSG_DELIVERED:
        receipt(g, CLASS_OK, false);
        break;
    case MSG_UNDELIVERED:
        receipt(g, CLASS_NUMBER, false);
        break;
    case MSG_REJECTED:
        settle(g, IN_ANSWER_REFUSED);
        break;
    case MSG_SUPPRESSED:
        settle(g, IN_ANSWER_RETRY);
        refuse(g, true);
        refuse(g, false);
        break;
    case MSG_CANCELLED:
        settle(g, IN_ANSWER_UNKNOWN);
        ck_assert_int_eq(
            store_resolve_chunk(g->c->store, g->o.campaign.id, false, LATER, 10, &g->c->e), 1);
        break;
    case MSG_LAPSED:
        settle(g, IN_ANSWER_RETRY);
        ck_assert_int_eq(store_lapse(g->c->store, g->o.campaign.id, 10, &g->c->e), 1);
        break;
    }
    ck_assert_int_eq(outreach_state(g->c, g->o.first), s);
}

static enum mark_finding mark_none(void *ctx, int64_t message_id, int32_t attempt,
                                   struct settlement *v)
{
    (void)ctx;
    (void)message_id;
    (void)attempt;
    (void)v;
    return MARK_NONE;
}

/* Gives the input by the operation that has it; false: there is none for it (yet). */
static bool give(struct grid *g, enum msg_input in)
{
    struct contract *c = g->c;
    int64_t id = g->o.campaign.id, counts[3] = {0};
    struct claimed out[4];
    switch (in) {
    case IN_RELEASE:
        OK(c, store_release(c->store, id, LATER, 10, &c->e));
        break;
    case IN_CLAIM:
        outreach_claim(&g->o, LATER, 4, out);
        break;
    case IN_SUPPRESS:
        refuse(g, true);
        refuse(g, false);
        break;
    case IN_CANCEL:
        OK(c, store_cancel_chunk(c->store, id, 10, &c->e));
        break;
    case IN_LAPSE:
        OK(c, store_lapse(c->store, id, 10, &c->e));
        break;
    case IN_RECEIPT_TIMEOUT:
        time_out(g);
        break;
    case IN_RECOVER_HANDED:
        OK(c, store_recover(c->store, LATER, NULL, NULL, counts, &c->e));
        break;
    case IN_RECOVER_CLEAN:
        OK(c, store_recover(c->store, LATER, mark_none, NULL, counts, &c->e));
        break;
    case IN_DOUBT:
        while (store_doubt_all(c->store, LATER, 1000, &c->e) > 0)
            ;
        break;
    case IN_RESEND:
    case IN_DROP:
        OK(c, store_resolve_chunk(c->store, id, in == IN_RESEND, LATER, 10, &c->e));
        break;
    case IN_UNCLAIM:
    case IN_ANSWER_ACCEPTED:
    case IN_ANSWER_REFUSED:
    case IN_ANSWER_RETRY:
    case IN_ANSWER_UNKNOWN:
        settle(g, in);
        break;
    case IN_RECEIPT_DELIVERED:
        receipt(g, CLASS_OK, false);
        break;
    case IN_RECEIPT_UNDELIVERED:
        receipt(g, CLASS_NUMBER, false);
        break;
    case IN_RECEIPT_PENDING:
        receipt(g, CLASS_UNKNOWN, true);
        break;
    default:
        return false;
    }
    return true;
}

/* Settling what was given back already is our own defect, and panics: see a_defect_panics. */
static bool would_panic(enum msg_state s, enum msg_input in)
{
    return in == IN_UNCLAIM && s != MSG_PLANNED && message_step(s, in).effect == MSG_ILLEGAL;
}

START_TEST(every_state_and_input)
{
    struct grid g = {.c = contract_begin()};
    int given = 0;
    g.list_id = contract_list(g.c, "one", 1, 1);
    for (int s = MSG_PLANNED; s <= MSG_LAPSED; s++) {
        for (int in = 0; in < MSG_INPUTS; in++) {
            struct msg_step step = message_step((enum msg_state)s, (enum msg_input)in);
            enum msg_state expected = step.effect == MSG_MOVE ? step.next : (enum msg_state)s;
            if (would_panic((enum msg_state)s, (enum msg_input)in))
                continue;
            reach(&g, (enum msg_state)s);
            if (!give(&g, (enum msg_input)in))
                continue;
            enum msg_state now = outreach_state(g.c, g.o.first);
            ck_assert_msg(now == expected, "%s + %s: %s, not %s",
                          message_state_name((enum msg_state)s),
                          message_input_name((enum msg_input)in), message_state_name(now),
                          message_state_name(expected));
            outreach_check(g.c, g.o.campaign.id);
            given++;
        }
    }
    ck_assert_int_gt(given, 200);
    contract_end(g.c);
}
END_TEST

static void settle_twice(void *ctx)
{
    struct grid *g = ctx;
    fclose(stderr);
    settle(g, IN_UNCLAIM);
}

START_TEST(a_defect_panics)
{
    struct grid g = {.c = contract_begin()};
    g.list_id = contract_list(g.c, "one", 1, 1);
    reach(&g, MSG_QUEUED);
    contract_close(g.c);
    pid_t pid = fork();
    if (pid == 0) {
        contract_reopen(g.c);
        settle_twice(&g);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    contract_reopen(g.c);
    ck_assert_int_eq(outreach_state(g.c, g.o.first), MSG_QUEUED);
    contract_end(g.c);
}
END_TEST

/* ---- claims ---- */

static void spread(void *ctx, const struct candidate *k, struct frozen *f)
{
    int *i = ctx;
    (void)k;
    f->due_ms = CONTRACT_NOW + (*i)++ % 3; /* 0 1 2 0 1 2 ... */
}

START_TEST(claims_follow_the_queue)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[16];
    int i = 0;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 9));
    outreach_freeze(&o, spread, &i);
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW - 1, 16, m), 0);
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW + 1, 4, m), 4);
    static const int64_t first[] = {0, 3, 6, 1};
    for (int n = 0; n < 4; n++) {
        ck_assert_int_eq(m[n].message_id, o.first + first[n]);
        ck_assert_int_eq(m[n].attempt, 1);
        ck_assert_int_eq(m[n].wave_id, o.wave.id);
        ck_assert_int_eq(m[n].campaign_id, o.campaign.id);
        ck_assert_int_eq(m[n].segments, 2);
    }
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW + 1, 16, m), 2);
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW + 2, 16, m), 3);
    ck_assert_uint_eq(outreach_claim(&o, FAR, 16, m), 0);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

START_TEST(payload_opens_where_it_belongs)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    struct claim_stats stats = {0};
    struct arena *a = arena_new(4096);
    struct buf plain;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 2));
    struct claim_query q = outreach_query(&o, LATER, 4);
    ck_assert_int_eq(store_claim(c->store, &q, a, m, &stats, &c->e), 2);
    buf_init(&plain, 4096);
    OK(c, keyring_unseal(c->keys, m[0].key_id, SEAL_PAYLOAD, m[0].message_id, m[0].wave_id,
                         m[0].payload, m[0].payload_len, &plain, &c->e));
    FAILS(c, ERR_DATA,
          keyring_unseal(c->keys, m[0].key_id, SEAL_PAYLOAD, m[0].message_id, m[0].wave_id,
                         m[1].payload, m[1].payload_len, &plain, &c->e));
    buf_fini(&plain);
    arena_free(a);
    contract_end(c);
}
END_TEST

START_TEST(claim_counter_rises_with_the_commit)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 4));
    OK(c, store_begin(c->store, &c->e));
    outreach_claim(&o, LATER, 1, m);
    outreach_claim(&o, LATER, 1, m);
    store_rollback(c->store);
    OK(c, store_begin(c->store, &c->e));
    outreach_claim(&o, LATER, 1, m);
    outreach_claim(&o, LATER, 1, m);
    OK(c, store_commit(c->store, &c->e));
    ck_assert_int_eq(store_claims(c->store), 1); /* once a transaction */
    outreach_claim(&o, LATER, 4, m);
    ck_assert_int_eq(store_claims(c->store), 2);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 4, m), 0);
    ck_assert_int_eq(store_claims(c->store), 2); /* nothing was claimed */
    /* A copy that believes m[0] to be on its way is an old one from now on. */
    outreach_settle(c, &m[0], IN_ANSWER_ACCEPTED);
    ck_assert_int_eq(store_claims(c->store), 3);
    int64_t counts[3] = {0};
    OK(c, store_recover(c->store, LATER, NULL, NULL, counts, &c->e));
    ck_assert_int_eq(counts[1], 3);
    ck_assert_int_eq(store_claims(c->store), 4);
    OK(c, store_recover(c->store, LATER, NULL, NULL, counts, &c->e));
    ck_assert_int_eq(store_claims(c->store), 4);
    contract_end(c);
}
END_TEST

static void refuse_number(struct contract *c, uint64_t n, const char *topic)
{
    struct optout_info o = {.at_ms = CONTRACT_NOW, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    snprintf(o.topic, sizeof o.topic, "%s", topic);
    contract_hash(HASH_ADDRESS_SMS, n, address);
    OK(c, store_optout_add(c->store, address, &o, NULL, &c->e));
}

/* A refusal that comes between freezing and claim, and one of a number that was frozen afterwards. */
START_TEST(refusals_stop_claims)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    int64_t list = contract_list(c, "spring", 1, 5);
    refuse_number(c, 1, "");
    refuse_number(c, 2, "skills");
    refuse_number(c, 3, "fair"); /* another topic */
    outreach_run(&o, c, "spring", list);
    refuse_number(c, 4, "");
    struct claim_query q = outreach_query(&o, LATER, 8);
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 2);
    ck_assert_int_eq(m[0].message_id, o.first + 2);
    ck_assert_int_eq(m[1].message_id, o.first + 4);
    ck_assert_int_eq(stats.suppressed, 2); /* the fourth was suppressed when it refused */
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(outreach_message(c, o.first + i).cause,
                         i == 2 || i == 4 ? CAUSE_NONE : CAUSE_OPTOUT);
    ck_assert_int_eq(outreach_count(c, o.campaign.id, MSG_SUPPRESSED), 3);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* Three persons with one number, and two alone. */
static int64_t household(struct contract *c)
{
    static const uint64_t number[] = {1, 1, 2, 1, 3};
    int64_t id, list = contract_list_begin(c, "household");
    struct list_row rows[5];
    OK(c, store_list_row_ids(c->store, 5, &id, &c->e));
    for (int i = 0; i < 5; i++)
        rows[i] = contract_row(id + i, 2 + i, (uint64_t)(1 + i), number[i], 1);
    OK(c, store_list_rows(c->store, list, rows, 5, &c->e));
    OK(c, store_list_finish(c->store, list, 5, 0, &c->e));
    return list;
}

START_TEST(caps_delay_and_never_suppress)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    outreach_run(&o, c, "spring", household(c));
    struct claim_query q = outreach_query(&o, LATER, 8);
    q.cap_per_day = 2;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 4);
    ck_assert_int_eq(stats.capped, 1);
    static const int64_t went[] = {0, 1, 2, 4};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(m[i].message_id, o.first + went[i]);
    struct message_info put_off = outreach_message(c, o.first + 3);
    ck_assert_int_eq(put_off.state, MSG_QUEUED);
    ck_assert_int_eq(put_off.cause, CAUSE_LIMIT);
    ck_assert_int_eq(put_off.due_ms, q.capped_until_ms);
    outreach_check(c, o.campaign.id);

    q.now_ms = q.capped_until_ms; /* still the same day */
    q.capped_until_ms = 0;        /* in the past: never a loop */
    q.limit = 1;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 0);
    ck_assert_int_eq(stats.capped, 2);
    q.now_ms += 10;
    q.today++;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 1);
    ck_assert_int_eq(m[0].message_id, o.first + 3);
    ck_assert_int_eq(outreach_message(c, o.first + 3).cause, CAUSE_NONE);
    contract_end(c);
}
END_TEST

START_TEST(a_gap_delays_and_never_suppresses)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    outreach_run(&o, c, "spring", household(c));
    struct claim_query q = outreach_query(&o, LATER, 8);
    q.number_gap_ms = 30000;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 3); /* one of each number */
    ck_assert_int_eq(m[0].message_id, o.first);
    ck_assert_int_eq(stats.capped, 2);
    struct message_info put_off = outreach_message(c, o.first + 1);
    ck_assert_int_eq(put_off.state, MSG_QUEUED);
    ck_assert_int_eq(put_off.cause, CAUSE_LIMIT);
    ck_assert_int_eq(put_off.due_ms, q.now_ms + 30000);
    outreach_check(c, o.campaign.id);

    q.now_ms += 29999;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 0);
    q.now_ms += 1;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 1);
    ck_assert_int_eq(m[0].message_id, o.first + 1);
    ck_assert_int_eq(outreach_message(c, o.first + 3).due_ms, q.now_ms + 30000);

    outreach_settle(c, &m[0], IN_UNCLAIM); /* it did not go: nothing to keep away from */
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 1);
    ck_assert_int_eq(m[0].message_id, o.first + 1);
    contract_end(c);
}
END_TEST

/* What never went is not counted against the number. */
START_TEST(caps_are_given_back)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    outreach_run(&o, c, "spring", household(c));
    struct claim_query q = outreach_query(&o, LATER, 2);
    q.cap_per_day = 2;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 2); /* both of one number */
    outreach_settle(c, &m[0], IN_UNCLAIM);
    struct settlement v = outreach_settlement(&m[1], IN_ANSWER_ACCEPTED);
    v.give_back_cap = true; /* it went: no */
    OK(c, store_settle(c->store, &v, 1, &c->e));
    q.limit = 8;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 3);
    ck_assert_int_eq(stats.capped, 1);
    contract_end(c);
}
END_TEST

/* Claimed before midnight, given back behind it: the new day's count is another one. */
START_TEST(caps_are_given_back_to_their_day)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8], next;
    struct claim_stats stats = {0};
    outreach_run(&o, c, "spring", household(c));
    struct claim_query q = outreach_query(&o, LATER, 1);
    q.cap_per_day = 1;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 1); /* yesterday's */
    q.now_ms += 86400000;
    q.today++;
    q.capped_until_ms = FAR;
    ck_assert_uint_eq(outreach_claim_query(c, &q, &next, &stats), 1); /* the same number, today */
    outreach_settle(c, &m[0], IN_UNCLAIM);
    q.limit = 8;
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 2); /* of the other numbers */
    ck_assert_int_eq(stats.capped, 2);
    contract_end(c);
}
END_TEST

/* What was on its way when its campaign was cancelled, and comes back. */
START_TEST(a_cancelled_campaign_keeps_nothing_waiting)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    int64_t counts[3] = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 6));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 4, m), 4);
    OK(c, store_campaign_move(c->store, o.campaign.id, CAMPAIGN_RUNNING, CAMPAIGN_CANCELLED, "",
                              &c->e));
    ck_assert_int_eq(store_cancel_chunk(c->store, o.campaign.id, 10, &c->e), 2);
    outreach_settle(c, &m[0], IN_ANSWER_RETRY);
    outreach_settle(c, &m[1], IN_UNCLAIM);
    outreach_settle(c, &m[2], IN_ANSWER_ACCEPTED);
    OK(c, store_recover(c->store, LATER, mark_none, NULL, counts, &c->e));
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(outreach_state(c, o.first + i), i == 2 ? MSG_ACCEPTED : MSG_CANCELLED);
    ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_PERSON);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

static void set_last_day(void *ctx, const struct candidate *k, struct frozen *f)
{
    int *i = ctx;
    (void)k;
    f->last_day = OUTREACH_TODAY - 1 + (*i)++;
}

START_TEST(nothing_goes_after_the_last_day)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    int i = 0;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 3));
    outreach_freeze(&o, set_last_day, &i);
    struct claim_query q = outreach_query(&o, LATER, 8);
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 2); /* on the last day itself, too */
    ck_assert_int_eq(stats.lapsed, 1);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_LAPSED);
    ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_TIME);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* The limit is what is claimed, however many had to be turned away. */
START_TEST(claim_looks_on)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    int64_t list = contract_list(c, "spring", 1, 30);
    for (uint64_t n = 1; n <= 25; n++)
        refuse_number(c, n, "");
    outreach_run(&o, c, "spring", list);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 3, m), 3);
    ck_assert_int_eq(m[0].message_id, o.first + 25);
    ck_assert_int_eq(outreach_count(c, o.campaign.id, MSG_SUPPRESSED), 25);
    contract_end(c);
}
END_TEST

/* A stretch that has to be turned away does not hold the lock to its end. */
START_TEST(claim_looks_at_so_many)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    struct claim_stats stats = {0};
    int64_t list = contract_list(c, "spring", 1, 30);
    for (uint64_t n = 1; n <= 25; n++)
        refuse_number(c, n, "");
    outreach_run(&o, c, "spring", list);
    struct claim_query q = outreach_query(&o, LATER, 3);
    q.look_max = 10;
    for (int call = 1; call <= 2; call++) {
        ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 0);
        ck_assert(stats.more);
        ck_assert_int_eq(stats.suppressed, 10 * call);
        ck_assert_int_eq(stats.looked, 10 * call);
    }
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 3);
    ck_assert(!stats.more);
    ck_assert_int_eq(m[0].message_id, o.first + 25);
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 2);
    ck_assert(!stats.more);
    outreach_check(c, o.campaign.id);

    /* Also where the last stretch was turned away as a whole, and nothing is behind it. */
    struct outreach all;
    outreach_run(&all, c, "refused", contract_list(c, "refused", 1, 9));
    q = outreach_query(&all, LATER, 3);
    ck_assert_uint_eq(outreach_claim_query(c, &q, m, &stats), 0);
    ck_assert(!stats.more);
    outreach_check(c, all.campaign.id);
    contract_end(c);
}
END_TEST

/* ---- settlements ---- */

struct tries {
    int n;
    struct attempt_info v[8];
};

static int see_attempt(void *ctx, const struct attempt_info *a)
{
    struct tries *t = ctx;
    t->v[t->n++] = *a;
    return 0;
}

START_TEST(attempts_are_remembered)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    struct tries t = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    outreach_settle(c, &m, IN_ANSWER_RETRY);
    for (int i = 0; i < 5; i++) { /* claimed and never handed over: as if it had not been */
        ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
        ck_assert_int_eq(m.attempt, 2);
        outreach_settle(c, &m, IN_UNCLAIM);
        ck_assert_int_eq(outreach_message(c, o.first).attempts, 1);
    }
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    ck_assert_int_eq(m.attempt, 2);
    outreach_settle(c, &m, IN_ANSWER_ACCEPTED);
    OK(c, store_attempts_each(c->store, o.first, see_attempt, &t, &c->e));
    ck_assert_int_eq(t.n, 2);
    ck_assert_int_eq(t.v[0].no, 1);
    ck_assert_int_eq(t.v[0].handed_at, CONTRACT_NOW + 10);
    ck_assert_int_eq(t.v[0].class, CLASS_RETRY);
    ck_assert_int_eq(t.v[1].no, 2);
    ck_assert_int_eq(t.v[1].epoch, 1);
    ck_assert_int_eq(t.v[1].claimed_at, LATER);
    ck_assert_int_eq(t.v[1].handed_at, CONTRACT_NOW + 10);
    ck_assert_int_eq(t.v[1].settled_at, CONTRACT_NOW + 20);
    ck_assert_int_eq(t.v[1].class, CLASS_OK);
    ck_assert_str_eq(t.v[1].code, "code");
    ck_assert_str_eq(t.v[1].gateway, "12333");
    ck_assert_int_eq(outreach_message(c, o.first).attempts, 2);
    /* An answer to the first attempt that comes now speaks of nothing that is open. */
    m.attempt = 1;
    outreach_settle(c, &m, IN_ANSWER_REFUSED);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    contract_end(c);
}
END_TEST

/* Several of one message in one call: in the order of attempts, and as given. */
START_TEST(settlements_come_together)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m, late;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 1));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    outreach_settle(c, &m, IN_ANSWER_RETRY);
    late = m;
    ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
    struct settlement v[3] = {outreach_settlement(&m, IN_ANSWER_ACCEPTED),
                              outreach_settlement(&late, IN_ANSWER_UNKNOWN),
                              outreach_settlement(&m, IN_ANSWER_UNKNOWN)};
    OK(c, store_settle(c->store, v, 3, &c->e));
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* What one operation of a transaction has done, the next one sees. */
START_TEST(operations_see_each_other)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    int64_t counts[3] = {0}, due, later, next;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 4));
    OK(c, store_begin(c->store, &c->e));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 3, m), 3);
    OK(c, store_queue_depth(c->store, o.campaign.id, LATER, INT64_MAX, &due, &later, &next, &c->e));
    ck_assert_int_eq(due, 1);
    ck_assert_int_eq(later, 0);
    outreach_settle(c, &m[0], IN_ANSWER_ACCEPTED);
    ck_assert_int_eq(store_receipt_timeout(c->store, LATER, 4, &c->e), 1);
    ck_assert_int_eq(outreach_count(c, o.campaign.id, MSG_UNCONFIRMED), 1);
    struct settlement v = outreach_settlement(&m[1], IN_ANSWER_ACCEPTED);
    OK(c, store_settle(c->store, &v, 1, &c->e));
    OK(c, store_recover(c->store, LATER, mark_none, NULL, counts, &c->e));
    ck_assert_int_eq(counts[0], 1);
    OK(c, store_commit(c->store, &c->e));
    OK(c, store_begin(c->store, &c->e));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 2, m), 2);
    ck_assert_int_eq(store_doubt_all(c->store, LATER, 4, &c->e), 2);
    OK(c, store_commit(c->store, &c->e));
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* Receipt first or settlement first: the same end; and again changes nothing. */
START_TEST(early_receipts)
{
    static const struct {
        enum msg_input answer;
        enum msg_class receipt;
        bool pending;
        enum msg_state end;
    } cases[] = {
        {IN_ANSWER_ACCEPTED, CLASS_OK, false, MSG_DELIVERED},
        {IN_ANSWER_ACCEPTED, CLASS_NUMBER, false, MSG_UNDELIVERED},
        {IN_ANSWER_ACCEPTED, CLASS_UNKNOWN, true, MSG_ACCEPTED},
        {IN_ANSWER_UNKNOWN, CLASS_OK, false, MSG_DELIVERED},
        {IN_ANSWER_UNKNOWN, CLASS_NUMBER, false, MSG_UNDELIVERED},
        {IN_ANSWER_UNKNOWN, CLASS_UNKNOWN, true, MSG_ACCEPTED},
        {IN_ANSWER_REFUSED, CLASS_OK, false, MSG_DELIVERED},
    };
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m;
    int64_t list = contract_list(c, "spring", 1, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int order = 0; order < 2; order++) {
            char name[32];
            snprintf(name, sizeof name, "case %zu %d", i, order);
            outreach_run(&o, c, name, list);
            ck_assert_uint_eq(outreach_claim(&o, LATER, 1, &m), 1);
            struct receipt_row r = outreach_receipt(o.first, 1, cases[i].receipt);
            r.pending = cases[i].pending;
            for (int step = 0; step < 2; step++) {
                if (step == order) {
                    outreach_apply(c, &r, 1, NULL);
                    outreach_apply(c, &r, 1, NULL);
                } else {
                    outreach_settle(c, &m, cases[i].answer);
                }
            }
            outreach_apply(c, &r, 1, NULL);
            ck_assert_msg(outreach_state(c, o.first) == cases[i].end, "case %zu, order %d: %s", i,
                          order, message_state_name(outreach_state(c, o.first)));
            outreach_check(c, o.campaign.id);
        }
    }
    contract_end(c);
}
END_TEST

START_TEST(gateway_tells_a_refusal)
{
    struct contract *c = contract_begin();
    struct outreach one, two;
    struct claimed m[4];
    uint8_t address[KEYRING_HASH_BYTES];
    int64_t list = contract_list(c, "spring", 1, 2);
    outreach_run(&one, c, "one", list);
    outreach_run(&two, c, "two", list);
    ck_assert_uint_eq(outreach_claim(&one, LATER, 1, m), 1);
    struct settlement v = outreach_settlement(&m[0], IN_ANSWER_REFUSED);
    v.class = CLASS_OPTOUT;
    v.cause = CAUSE_OPTOUT;
    v.learn_optout = true;
    OK(c, store_settle(c->store, &v, 1, &c->e));
    ck_assert_int_eq(outreach_state(c, one.first), MSG_REJECTED);
    ck_assert_int_eq(outreach_state(c, two.first), MSG_SUPPRESSED);
    ck_assert_int_eq(outreach_state(c, two.first + 1), MSG_QUEUED);
    contract_hash(HASH_ADDRESS_SMS, 1, address);
    ck_assert_int_eq(store_optout_check(c->store, address, "", &c->e), 1);
    outreach_check(c, one.campaign.id);
    outreach_check(c, two.campaign.id);
    contract_end(c);
}
END_TEST

/* ---- time ---- */

START_TEST(receipts_time_out_chunk_by_chunk)
{
    struct contract *c = contract_begin();
    struct outreach o[2];
    struct claimed m[16];
    int64_t list = contract_list(c, "spring", 1, 7);
    for (int k = 0; k < 2; k++) {
        outreach_run(&o[k], c, k ? "two" : "one", list);
        ck_assert_uint_eq(outreach_claim(&o[k], LATER, 16, m), 7);
        for (int i = 0; i < 7; i++) {
            struct settlement v = outreach_settlement(&m[i], IN_ANSWER_ACCEPTED);
            v.settled_ms = CONTRACT_NOW + 100 * (i % 2); /* four early, three late */
            OK(c, store_settle(c->store, &v, 1, &c->e));
        }
    }
    int64_t n, total = 0, calls = 0;
    while ((n = store_receipt_timeout(c->store, CONTRACT_NOW + 100, 3, &c->e)) > 0) {
        ck_assert_int_le(n, 3);
        total += n;
        calls++;
    }
    OK(c, n);
    ck_assert_int_eq(total, 8);
    ck_assert_int_eq(calls, 4);
    ck_assert_int_eq(store_receipt_timeout(c->store, CONTRACT_NOW + 100, 3, &c->e), 0);
    ck_assert_int_eq(outreach_count(c, o[0].campaign.id, MSG_ACCEPTED), 3);
    ck_assert_int_eq(store_receipt_timeout(c->store, CONTRACT_NOW + 101, 100, &c->e), 3);
    ck_assert_int_eq(store_receipt_timeout(c->store, CONTRACT_NOW + 101, 100, &c->e), 3);
    ck_assert_int_eq(store_receipt_timeout(c->store, CONTRACT_NOW + 101, 100, &c->e), 0);
    ck_assert_int_eq(outreach_count(c, o[1].campaign.id, MSG_UNCONFIRMED), 7);
    outreach_check(c, o[0].campaign.id);
    contract_end(c);
}
END_TEST

static void release_later(void *ctx, const struct candidate *k, struct frozen *f)
{
    int *i = ctx;
    (void)k;
    f->state = MSG_PLANNED;
    f->arm = ARM_HOLDOUT;
    f->due_ms = CONTRACT_NOW + 1000 * (*i)++;
}

static void respond(struct contract *c, uint64_t person, uint64_t occupation, int32_t day)
{
    struct response_file f = {.file = "claims.csv", .through = CIVIL_NONE, .imported_by = "clerk"};
    struct response_stats stats = {0};
    struct response_row r = {.person_kind = HASH_PERSON_ID,
                             .has_occupation = occupation != 0,
                             .level = 3,
                             .kind = RESPONSE_CLAIMED,
                             .day = day,
                             .amount_fen = -1};
    contract_hash(HASH_PERSON_ID, person, r.person);
    contract_hash(HASH_OCCUPATION, occupation, r.occupation);
    OK(c, store_response_file_put(c->store, &f, &c->e));
    OK(c, store_responses_put(c->store, f.id, &r, 1, NULL, &stats, &c->e));
}

START_TEST(release_is_due_and_not_for_those_who_claimed)
{
    struct contract *c = contract_begin();
    struct outreach o;
    int i = 0;
    int64_t due, later, next, list = contract_list(c, "spring", 1, 4);
    /* Known before the freezing, which did not look: release looks. */
    respond(c, 2, 0, 19600);
    respond(c, 3, 9, 19600); /* another occupation */
    outreach_draft(&o, c, "spring", list);
    outreach_freeze(&o, release_later, &i);
    OK(c, store_queue_depth(c->store, o.campaign.id, CONTRACT_NOW - 1, INT64_MAX, &due, &later,
                            &next, &c->e));
    ck_assert_int_eq(due, 0);
    ck_assert_int_eq(later, 4);
    ck_assert_int_eq(next, CONTRACT_NOW);
    ck_assert_int_eq(store_release(c->store, o.campaign.id, CONTRACT_NOW + 2000, 10, &c->e), 3);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_QUEUED);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_SUPPRESSED);
    ck_assert_int_eq(outreach_message(c, o.first + 1).cause, CAUSE_CLAIMED);
    ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_QUEUED);
    ck_assert_int_eq(outreach_state(c, o.first + 3), MSG_PLANNED);
    OK(c, store_queue_depth(c->store, o.campaign.id, CONTRACT_NOW, INT64_MAX, &due, &later, &next,
                            &c->e));
    ck_assert_int_eq(due, 1);
    ck_assert_int_eq(later, 2);
    ck_assert_int_eq(next, CONTRACT_NOW + 2000);
    ck_assert_int_eq(store_cancel_chunk(c->store, o.campaign.id, 2, &c->e), 2);
    ck_assert_int_eq(store_cancel_chunk(c->store, o.campaign.id, 2, &c->e), 1);
    OK(c, store_queue_depth(c->store, o.campaign.id, CONTRACT_NOW, INT64_MAX, &due, &later, &next,
                            &c->e));
    ck_assert_int_eq(due + later, 0);
    ck_assert(next == INT64_MAX);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* ---- recovery, doubt ---- */

static enum mark_finding mark_by_id(void *ctx, int64_t message_id, int32_t attempt,
                                    struct settlement *v)
{
    struct outreach *o = ctx;
    struct claimed m = {.message_id = message_id, .attempt = attempt};
    ck_assert_int_eq(attempt, 1);
    switch ((message_id - o->first) % 4) {
    case 0:
        return MARK_NONE;
    case 1:
        return MARK_HANDED;
    case 2:
        *v = outreach_settlement(&m, IN_ANSWER_ACCEPTED);
        return MARK_ANSWERED;
    default:
        *v = outreach_settlement(&m, IN_CANCEL); /* no answer: a torn or foreign mark */
        return MARK_ANSWERED;
    }
}

START_TEST(recovery_by_marks)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    int64_t counts[3] = {0};
    struct tries t = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 9));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 8, m), 8);
    contract_reopen(c);
    OK(c, store_recover(c->store, LATER + 5000, mark_by_id, &o, counts, &c->e));
    ck_assert_int_eq(counts[0], 2);
    ck_assert_int_eq(counts[1], 4);
    ck_assert_int_eq(counts[2], 2);
    static const enum msg_state expected[] = {MSG_QUEUED, MSG_UNKNOWN, MSG_ACCEPTED, MSG_UNKNOWN};
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(outreach_state(c, o.first + i), expected[i % 4]);
    ck_assert_int_eq(outreach_state(c, o.first + 8), MSG_QUEUED);
    ck_assert_int_eq(outreach_message(c, o.first + 1).cause, CAUSE_CRASH);
    ck_assert_int_eq(outreach_message(c, o.first).due_ms, LATER + 5000);
    OK(c, store_attempts_each(c->store, o.first + 1, see_attempt, &t, &c->e));
    ck_assert_int_eq(t.v[0].class, CLASS_UNKNOWN);
    ck_assert_int_eq(t.v[0].handed_at, LATER); /* about then */
    outreach_check(c, o.campaign.id);
    memset(counts, 0, sizeof counts);
    OK(c, store_recover(c->store, LATER, mark_by_id, &o, counts, &c->e));
    ck_assert_int_eq(counts[0] + counts[1] + counts[2], 0);
    contract_end(c);
}
END_TEST

START_TEST(recovery_without_marks)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    int64_t counts[3] = {0};
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 3));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 2, m), 2);
    struct receipt_row r = outreach_receipt(o.first, 1, CLASS_OK);
    outreach_apply(c, &r, 1, NULL); /* the first one has spoken for itself */
    OK(c, store_recover(c->store, LATER, NULL, NULL, counts, &c->e));
    ck_assert_int_eq(counts[1], 1);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_DELIVERED);
    ck_assert_int_eq(outreach_state(c, o.first + 1), MSG_UNKNOWN);
    ck_assert_int_eq(outreach_state(c, o.first + 2), MSG_QUEUED);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

START_TEST(an_old_copy_doubts_everything_that_might_go)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    int64_t n, total = 0;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 9));
    ck_assert_uint_eq(outreach_claim(&o, LATER, 4, m), 4);
    outreach_settle(c, &m[0], IN_ANSWER_ACCEPTED);
    while ((n = store_doubt_all(c->store, LATER, 3, &c->e)) > 0) {
        ck_assert_int_le(n, 3);
        total += n;
    }
    OK(c, n);
    ck_assert_int_eq(total, 8);
    ck_assert_int_eq(outreach_count(c, o.campaign.id, MSG_UNKNOWN), 8);
    ck_assert_int_eq(outreach_message(c, o.first + 8).cause, CAUSE_DOUBT);
    ck_assert_int_eq(outreach_state(c, o.first), MSG_ACCEPTED);
    ck_assert_uint_eq(outreach_claim(&o, FAR, 8, m), 0);
    ck_assert_int_eq(store_resolve_chunk(c->store, o.campaign.id, true, LATER, 3, &c->e), 3);
    ck_assert_int_eq(store_resolve_chunk(c->store, o.campaign.id, false, LATER, 10, &c->e), 5);
    ck_assert_int_eq(store_resolve_chunk(c->store, o.campaign.id, false, LATER, 10, &c->e), 0);
    ck_assert_int_eq(outreach_message(c, o.first + 1).cause, CAUSE_PERSON);
    ck_assert_uint_eq(outreach_claim(&o, LATER, 8, m), 3);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* What the other timeline may have released and sent; what was not due yet it cannot have sent. */
START_TEST(an_old_copy_doubts_what_may_have_been_released)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[8];
    int i = 0;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 5));
    outreach_freeze(&o, release_later, &i); /* planned for NOW, NOW + 1000 ... NOW + 4000 */
    approve_and_start(&o);
    ck_assert_int_eq(store_doubt_all(c->store, CONTRACT_NOW + 2000, 2, &c->e), 2);
    ck_assert_int_eq(store_doubt_all(c->store, CONTRACT_NOW + 2000, 2, &c->e), 1);
    ck_assert_int_eq(store_doubt_all(c->store, CONTRACT_NOW + 2000, 2, &c->e), 0);
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(outreach_state(c, o.first + k), k < 3 ? MSG_UNKNOWN : MSG_PLANNED);
    ck_assert_int_eq(outreach_message(c, o.first).cause, CAUSE_DOUBT);
    ck_assert_int_eq(store_release(c->store, o.campaign.id, FAR, 10, &c->e), 2);
    ck_assert_uint_eq(outreach_claim(&o, FAR, 8, m), 2);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_state_and_input,
                                  a_defect_panics,
                                  claims_follow_the_queue,
                                  payload_opens_where_it_belongs,
                                  claim_counter_rises_with_the_commit,
                                  refusals_stop_claims,
                                  caps_delay_and_never_suppress,
                                  a_gap_delays_and_never_suppresses,
                                  caps_are_given_back,
                                  caps_are_given_back_to_their_day,
                                  a_cancelled_campaign_keeps_nothing_waiting,
                                  nothing_goes_after_the_last_day,
                                  claim_looks_on,
                                  claim_looks_at_so_many,
                                  attempts_are_remembered,
                                  settlements_come_together,
                                  operations_see_each_other,
                                  early_receipts,
                                  gateway_tells_a_refusal,
                                  receipts_time_out_chunk_by_chunk,
                                  release_is_due_and_not_for_those_who_claimed,
                                  recovery_by_marks,
                                  recovery_without_marks,
                                  an_old_copy_doubts_everything_that_might_go,
                                  an_old_copy_doubts_what_may_have_been_released};
    return contract_main("queue", tests, sizeof tests / sizeof tests[0]);
}
