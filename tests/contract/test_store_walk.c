/*
 * A random walk: thousands of operations in random order, some of them together in a transaction that may be rolled back, against a small model in memory. After
 * each, every message must be what the model says, and the tally what the rows say. The model takes moves from the state table and everything
 * else (who is asked, in which order, what a number has had) from its own books.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "outreach.h"

#define PERSONS 14
#define NUMBERS 8
#define CAMPAIGNS 8
#define MESSAGES (PERSONS * CAMPAIGNS)
#define STEPS 700

struct model_message {
    int64_t id, due_ms, settled_ms; /* settled: of the newest attempt, 0 = not */
    int64_t received_ms;            /* of a receipt, 0 = none */
    int campaign, number;
    enum msg_state state;
    enum msg_cause cause;
    int attempts;
    int32_t claimed_day;
    int64_t claimed_ms;
    int32_t last_day;
    bool in_hand; /* of the dispatcher: claimed, not settled */
};
struct model_number {
    bool refuses_all, refuses_topic;
    int32_t day;
    int count;
    int64_t claimed_ms;
};
struct model {
    struct model_message m[MESSAGES];
    int n;
    struct model_number number[NUMBERS];
    int64_t now_ms;
    int32_t today;
};

struct walk {
    struct contract *c;
    int64_t list_id;
    struct outreach o[CAMPAIGNS];
    int campaigns;
    uint64_t random;
    struct model is, was; /* was: when the open transaction began */
    int step, number_of_person[PERSONS + 1];
};

/* ---- chance ---- */

static uint32_t roll(struct walk *w, uint32_t n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 33) % n;
}

static struct model_message *any_message(struct walk *w)
{
    return &w->is.m[roll(w, (uint32_t)w->is.n)];
}

static int any_campaign(struct walk *w)
{
    return (int)roll(w, (uint32_t)w->campaigns);
}

/* ---- the model ---- */

static bool waits(const struct model_message *m)
{
    return m->state == MSG_PLANNED || m->state == MSG_QUEUED;
}

static bool move(struct model_message *m, enum msg_input in, enum msg_cause cause, int64_t due_ms)
{
    struct msg_step step = message_step(m->state, in);
    ck_assert_int_ne(step.effect, MSG_ILLEGAL);
    if (step.effect == MSG_KEEP)
        return false;
    m->state = step.next;
    m->cause = cause;
    m->due_ms = waits(m) ? due_ms : 0;
    return true;
}

static void number_refuses(struct walk *w, int number, bool all)
{
    if (all)
        w->is.number[number].refuses_all = true;
    else
        w->is.number[number].refuses_topic = true;
    for (int i = 0; i < w->is.n; i++)
        if (w->is.m[i].number == number && waits(&w->is.m[i]))
            move(&w->is.m[i], IN_SUPPRESS, CAUSE_OPTOUT, 0);
}

static struct model_message *find(struct walk *w, int64_t id)
{
    for (int i = 0; i < w->is.n; i++)
        if (w->is.m[i].id == id)
            return &w->is.m[i];
    ck_abort_msg("there is no message %lld", (long long)id);
}

/* The next due one of a campaign in the order of the queue, or NULL. */
static struct model_message *front(struct walk *w, int campaign)
{
    struct model_message *best = NULL;
    for (int i = 0; i < w->is.n; i++) {
        struct model_message *m = &w->is.m[i];
        if (m->campaign != campaign || m->state != MSG_QUEUED || m->due_ms > w->is.now_ms)
            continue;
        if (!best || m->due_ms < best->due_ms || (m->due_ms == best->due_ms && m->id < best->id))
            best = m;
    }
    return best;
}

/* One more for this number now? 0, or when it may be asked again. */
static int64_t count_number(struct walk *w, const struct claim_query *q, struct model_number *n)
{
    if (n->day != w->is.today) {
        n->day = w->is.today;
        n->count = 0;
    }
    if (q->cap_per_day && n->count >= q->cap_per_day)
        return q->capped_until_ms;
    if (q->number_gap_ms && n->claimed_ms + q->number_gap_ms > q->now_ms)
        return n->claimed_ms + q->number_gap_ms;
    n->count++;
    n->claimed_ms = q->now_ms;
    return 0;
}

static int model_claim(struct walk *w, const struct claim_query *q, int campaign, int64_t *ids)
{
    struct model_message *m;
    int64_t again_ms;
    int n = 0;
    while (n < (int)q->limit && (m = front(w, campaign)) != NULL) {
        struct model_number *number = &w->is.number[m->number];
        if (m->last_day != CIVIL_NONE && m->last_day < q->today) {
            move(m, IN_LAPSE, CAUSE_TIME, 0);
        } else if (number->refuses_all || number->refuses_topic) {
            move(m, IN_SUPPRESS, CAUSE_OPTOUT, 0);
        } else if ((again_ms = count_number(w, q, number)) != 0) {
            m->due_ms = again_ms;
            m->cause = CAUSE_LIMIT;
        } else {
            move(m, IN_CLAIM, CAUSE_NONE, 0);
            m->attempts++;
            m->claimed_day = q->today;
            m->claimed_ms = q->now_ms;
            m->in_hand = true;
            m->settled_ms = 0;
            ids[n++] = m->id;
        }
    }
    return n;
}

/* It went back to the queue and is not counted after all. */
static void model_give_back(struct walk *w, const struct model_message *m)
{
    struct model_number *number = &w->is.number[m->number];
    if (number->count > 0 && number->day == m->claimed_day)
        number->count--;
    if (number->claimed_ms == m->claimed_ms)
        number->claimed_ms = 0;
}

static void model_settle(struct walk *w, const struct settlement *v)
{
    struct model_message *m = find(w, v->message_id);
    m->in_hand = false;
    m->settled_ms = v->settled_ms;
    bool moved = move(m, v->input, v->cause, v->due_ms);
    if (moved && m->state == MSG_QUEUED && v->give_back_cap)
        model_give_back(w, m);
    if (moved && v->input == IN_UNCLAIM)
        m->attempts--;
}

/* ---- operations ---- */

static void op_claim(struct walk *w)
{
    int campaign = any_campaign(w);
    struct claim_query q = outreach_query(&w->o[campaign], w->is.now_ms, 1 + roll(w, 8));
    struct claim_stats stats = {0};
    struct claimed got[8];
    int64_t expected[8];
    q.today = w->is.today;
    q.cap_per_day = (int)roll(w, 4);
    q.capped_until_ms = w->is.now_ms + 5000;
    q.number_gap_ms = roll(w, 2) * 1500;
    int n = model_claim(w, &q, campaign, expected);
    ck_assert_uint_eq(outreach_claim_query(w->c, &q, got, &stats), (size_t)n);
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(got[i].message_id, expected[i]);
        ck_assert_int_eq(got[i].attempt, find(w, expected[i])->attempts);
    }
}

static struct settlement any_settlement(struct walk *w, const struct model_message *m)
{
    static const enum msg_input inputs[] = {
        IN_ANSWER_ACCEPTED, IN_ANSWER_ACCEPTED, IN_ANSWER_ACCEPTED, IN_ANSWER_REFUSED,
        IN_ANSWER_RETRY,    IN_ANSWER_UNKNOWN,  IN_UNCLAIM};
    struct claimed c = {.message_id = m->id, .attempt = m->attempts};
    struct settlement v = outreach_settlement(&c, inputs[roll(w, 7)]);
    v.address_id = outreach_message(w->c, m->id).address_id;
    v.settled_ms = w->is.now_ms;
    v.due_ms = w->is.now_ms + roll(w, 3000);
    v.learn_optout = v.input == IN_ANSWER_REFUSED && roll(w, 6) == 0;
    return v;
}

static void op_settle(struct walk *w)
{
    struct settlement v[MESSAGES];
    size_t n = 0;
    for (int i = 0; i < w->is.n; i++)
        if (w->is.m[i].in_hand && roll(w, 2))
            v[n++] = any_settlement(w, &w->is.m[i]);
    for (size_t i = 0; i < n; i++) { /* in any order */
        size_t j = roll(w, (uint32_t)n);
        struct settlement other = v[i];
        v[i] = v[j];
        v[j] = other;
    }
    OK(w->c, store_settle(w->c->store, v, n, &w->c->e));
    for (size_t i = 0; i < n; i++)
        model_settle(w, &v[i]);
    for (size_t i = 0; i < n; i++)
        if (v[i].learn_optout)
            number_refuses(w, find(w, v[i].message_id)->number, true);
}

static void model_receipt(struct walk *w, const struct receipt_row *r)
{
    struct model_message *m = find(w, r->message_id);
    enum msg_cause cause = r->class == CLASS_NUMBER   ? CAUSE_NUMBER
                           : r->class == CLASS_OPTOUT ? CAUSE_OPTOUT
                                                      : CAUSE_NONE;
    if (r->attempt > m->attempts)
        return;
    m->received_ms = r->received_ms;
    move(m,
         r->pending             ? IN_RECEIPT_PENDING
         : r->class == CLASS_OK ? IN_RECEIPT_DELIVERED
                                : IN_RECEIPT_UNDELIVERED,
         r->pending ? CAUSE_NONE : cause, 0);
}

static void op_receipts(struct walk *w)
{
    static const enum msg_class classes[] = {CLASS_OK, CLASS_OK, CLASS_NUMBER, CLASS_OPTOUT};
    struct receipt_row r[6];
    size_t n = 0, never = 0;
    for (uint32_t tries = 1 + roll(w, 6); tries; tries--) {
        struct model_message *m = any_message(w);
        bool issued = roll(w, 30) != 0;
        if (issued && m->attempts == 0)
            continue;
        int attempt = issued ? 1 + (int)roll(w, (uint32_t)m->attempts) : m->attempts + 1;
        r[n] = outreach_receipt(m->id, attempt, classes[roll(w, 4)]);
        r[n].pending = roll(w, 5) == 0;
        r[n].learn_optout = r[n].class == CLASS_OPTOUT && !r[n].pending && issued;
        never += !issued;
        n++;
    }
    struct apply_stats stats = {0};
    outreach_apply(w->c, r, n, &stats);
    ck_assert_int_eq(stats.never_issued, (int64_t)never);
    ck_assert_int_eq(stats.moved + stats.kept, (int64_t)(n - never));
    for (size_t i = 0; i < n; i++)
        model_receipt(w, &r[i]);
    for (size_t i = 0; i < n; i++)
        if (r[i].learn_optout)
            number_refuses(w, find(w, r[i].message_id)->number, true);
    if (roll(w, 3) == 0) { /* again: nothing changes */
        struct model before = w->is;
        for (size_t i = 0; i < n; i++)
            r[i].learn_optout = false;
        outreach_apply(w->c, r, n, NULL);
        for (size_t i = 0; i < n; i++)
            model_receipt(w, &r[i]);
        ck_assert_mem_eq(&before.number, &w->is.number, sizeof before.number);
    }
}

static void op_cancel_or_lapse(struct walk *w)
{
    int campaign = any_campaign(w);
    int64_t n = 0, id = w->o[campaign].campaign.id;
    bool cancel = roll(w, 2);
    for (int i = 0; i < w->is.n; i++)
        if (w->is.m[i].campaign == campaign && waits(&w->is.m[i]))
            n += move(&w->is.m[i], cancel ? IN_CANCEL : IN_LAPSE,
                      cancel ? CAUSE_PERSON : CAUSE_TIME, 0);
    ck_assert_int_eq(cancel ? store_cancel_chunk(w->c->store, id, MESSAGES, &w->c->e)
                            : store_lapse(w->c->store, id, MESSAGES, &w->c->e),
                     n);
}

static void op_release(struct walk *w)
{
    int campaign = any_campaign(w);
    int64_t n = 0;
    for (int i = 0; i < w->is.n; i++) {
        struct model_message *m = &w->is.m[i];
        if (m->campaign == campaign && m->state == MSG_PLANNED && m->due_ms <= w->is.now_ms)
            n += move(m, IN_RELEASE, CAUSE_NONE, m->due_ms);
    }
    ck_assert_int_eq(
        store_release(w->c->store, w->o[campaign].campaign.id, w->is.now_ms, MESSAGES, &w->c->e),
        n);
}

static void op_resolve(struct walk *w)
{
    int campaign = any_campaign(w);
    bool resend = roll(w, 2);
    int64_t n = 0;
    for (int i = 0; i < w->is.n; i++) {
        struct model_message *m = &w->is.m[i];
        if (m->campaign == campaign && m->state == MSG_UNKNOWN && !m->in_hand)
            n += move(m, resend ? IN_RESEND : IN_DROP, CAUSE_PERSON, w->is.now_ms);
    }
    ck_assert_int_eq(store_resolve_chunk(w->c->store, w->o[campaign].campaign.id, resend,
                                         w->is.now_ms, MESSAGES, &w->c->e),
                     n);
}

static void op_time_out(struct walk *w)
{
    int64_t n, moved = 0, expected = 0, before = w->is.now_ms - roll(w, 20000);
    for (int i = 0; i < w->is.n; i++) {
        struct model_message *m = &w->is.m[i];
        int64_t since = m->settled_ms ? m->settled_ms : m->received_ms;
        if (m->state == MSG_ACCEPTED && since < before)
            expected += move(m, IN_RECEIPT_TIMEOUT, CAUSE_NONE, 0);
    }
    while ((n = store_receipt_timeout(w->c->store, before, 1 + roll(w, 5), &w->c->e)) > 0)
        moved += n;
    OK(w->c, n);
    ck_assert_int_eq(moved, expected);
}

/* The dispatcher dies: what is `sending` is settled by marks, what it had in hand is forgotten. */
static enum mark_finding mark_of(void *ctx, int64_t message_id, int32_t attempt,
                                 struct settlement *v)
{
    struct claimed c = {.message_id = message_id, .attempt = attempt};
    const struct walk *w = ctx;
    uint64_t h = ((uint64_t)message_id * 2654435761u + (uint64_t)attempt * 40503u) >> 3;
    if (h % 3 == 2) {
        *v = outreach_settlement(&c, h % 2 ? IN_ANSWER_ACCEPTED : IN_ANSWER_RETRY);
        v->settled_ms = v->due_ms = w->is.now_ms;
    }
    return h % 3 == 0 ? MARK_NONE : h % 3 == 1 ? MARK_HANDED : MARK_ANSWERED;
}

static void model_recover(struct walk *w, struct model_message *m, bool marks)
{
    struct settlement v = {0};
    enum mark_finding mark = marks ? mark_of(w, m->id, m->attempts, &v) : MARK_HANDED;
    m->settled_ms = w->is.now_ms;
    if (mark == MARK_HANDED)
        move(m, IN_RECOVER_HANDED, CAUSE_CRASH, 0);
    else if (mark == MARK_NONE)
        move(m, IN_RECOVER_CLEAN, CAUSE_NONE, w->is.now_ms);
    else
        move(m, v.input, v.cause, v.due_ms);
    if (m->state == MSG_QUEUED)
        model_give_back(w, m);
}

static void op_crash(struct walk *w)
{
    int64_t counts[3] = {0}, n = 0;
    bool marks = roll(w, 4) != 0;
    OK(w->c, store_recover(w->c->store, w->is.now_ms, marks ? mark_of : NULL, w, counts, &w->c->e));
    for (int i = 0; i < w->is.n; i++) {
        if (w->is.m[i].state == MSG_SENDING) {
            model_recover(w, &w->is.m[i], marks);
            n++;
        }
        w->is.m[i].in_hand = false;
    }
    ck_assert_int_eq(counts[0] + counts[1] + counts[2], n);
}

/* An old copy comes back: only with nothing in hand. */
static void op_doubt(struct walk *w)
{
    int64_t n, moved = 0, expected = 0;
    op_crash(w);
    while ((n = store_doubt_all(w->c->store, w->is.now_ms, 1 + roll(w, 20), &w->c->e)) > 0)
        moved += n;
    OK(w->c, n);
    for (int i = 0; i < w->is.n; i++)
        if (w->is.m[i].state == MSG_QUEUED || w->is.m[i].state == MSG_SENDING ||
            (w->is.m[i].state == MSG_PLANNED && w->is.m[i].due_ms <= w->is.now_ms))
            expected += move(&w->is.m[i], IN_DOUBT, CAUSE_DOUBT, 0);
    ck_assert_int_eq(moved, expected);
}

static void op_refusal(struct walk *w)
{
    struct optout_info o = {.at_ms = w->is.now_ms, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    int number = (int)roll(w, NUMBERS);
    bool all = roll(w, 2);
    snprintf(o.topic, sizeof o.topic, "%s", all ? "" : "skills");
    contract_hash(HASH_ADDRESS_SMS, (uint64_t)number, address);
    if (roll(w, 4)) {
        OK(w->c, store_optout_remove(w->c->store, address, o.topic, &w->c->e));
        if (all)
            w->is.number[number].refuses_all = false;
        else
            w->is.number[number].refuses_topic = false;
    } else {
        OK(w->c, store_optout_add(w->c->store, address, &o, NULL, &w->c->e));
        number_refuses(w, number, all);
    }
}

static void op_time(struct walk *w)
{
    w->is.now_ms += roll(w, 8000);
    if (roll(w, 10) == 0)
        w->is.now_ms = civil_at_ms(++w->is.today, 0, 480);
}

/* ---- campaigns ---- */

static void draw(void *ctx, const struct candidate *k, struct frozen *f)
{
    struct walk *w = ctx;
    struct model_message *m = &w->is.m[w->is.n++];
    uint32_t dice = roll(w, 10);
    ck_assert_int_le(w->is.n, MESSAGES);
    f->due_ms = w->is.now_ms + roll(w, 4) * 1000;
    if (dice < 3) {
        f->state = MSG_PLANNED;
    } else if (dice == 3) {
        f->state = MSG_SUPPRESSED;
        f->cause = CAUSE_CLAIMED;
    }
    if (roll(w, 3) == 0)
        f->last_day = w->is.today - 1 + (int32_t)roll(w, 4);
    *m = (struct model_message){.campaign = w->campaigns,
                                .number = w->number_of_person[k->row.person_id],
                                .state = f->state,
                                .cause = f->cause,
                                .due_ms = f->state == MSG_SUPPRESSED ? 0 : f->due_ms,
                                .last_day = f->last_day};
}

static void new_campaign(struct walk *w)
{
    char name[32];
    struct outreach *o = &w->o[w->campaigns];
    int before = w->is.n;
    snprintf(name, sizeof name, "campaign %d", w->campaigns);
    outreach_draft(o, w->c, name, w->list_id);
    outreach_freeze(o, draw, w);
    OK(w->c, store_wave_approve(w->c->store, &o->wave, &w->c->e));
    OK(w->c, store_campaign_started(w->c->store, o->campaign.id, w->is.now_ms - 100000, &w->c->e));
    for (int i = before; i < w->is.n; i++)
        w->is.m[i].id = o->first + i - before;
    w->campaigns++;
}

static void make_list(struct walk *w)
{
    struct list_row rows[PERSONS];
    int64_t id;
    w->list_id = contract_list_begin(w->c, "spring");
    OK(w->c, store_list_row_ids(w->c->store, PERSONS, &id, &w->c->e));
    for (int i = 0; i < PERSONS; i++) {
        w->number_of_person[i + 1] = i % NUMBERS; /* ids of persons follow their rows */
        rows[i] = contract_row(id + i, 2 + i, (uint64_t)i, (uint64_t)(i % NUMBERS), 1);
    }
    OK(w->c, store_list_rows(w->c->store, w->list_id, rows, PERSONS, &w->c->e));
    OK(w->c, store_list_finish(w->c->store, w->list_id, PERSONS, 0, &w->c->e));
}

/* ---- the walk ---- */

static int compare_message(void *ctx, const struct message_info *m)
{
    struct walk *w = ctx;
    const struct model_message *x = find(w, m->id);
    ck_assert_msg(m->state == x->state && m->cause == x->cause && m->attempts == x->attempts &&
                      (!waits(x) || m->due_ms == x->due_ms),
                  "step %d, message %lld: %s (%s), attempt %d, due %lld; the model has %s (%s), "
                  "attempt %d, due %lld",
                  w->step, (long long)m->id, message_state_name(m->state),
                  message_cause_name(m->cause), m->attempts, (long long)m->due_ms,
                  message_state_name(x->state), message_cause_name(x->cause), x->attempts,
                  (long long)x->due_ms);
    return 0;
}

static void compare(struct walk *w)
{
    for (int i = 0; i < w->campaigns; i++) {
        int64_t id = w->o[i].campaign.id;
        OK(w->c, store_messages_each(w->c->store, id, 0, NULL, compare_message, w, &w->c->e));
        outreach_check(w->c, id);
    }
}

static void one_operation(struct walk *w)
{
    static void (*const often[])(struct walk *) = {op_claim, op_settle, op_receipts,
                                                   op_claim, op_settle, op_time};
    static void (*const seldom[])(struct walk *) = {op_cancel_or_lapse, op_release, op_resolve,
                                                    op_time_out,        op_crash,   op_refusal,
                                                    op_release,         op_resolve, op_refusal};
    uint32_t dice = roll(w, 100);
    if (dice < 80)
        often[roll(w, 6)](w);
    else if (dice < 99)
        seldom[roll(w, 9)](w);
    else
        op_doubt(w);
}

static void together(struct walk *w)
{
    w->was = w->is;
    OK(w->c, store_begin(w->c->store, &w->c->e));
    for (uint32_t n = 2 + roll(w, 4); n; n--)
        one_operation(w);
    if (roll(w, 3)) {
        OK(w->c, store_commit(w->c->store, &w->c->e));
    } else {
        store_rollback(w->c->store);
        w->is = w->was;
    }
}

START_TEST(random_walk)
{
    struct walk *w = calloc(1, sizeof *w);
    w->c = contract_begin();
    w->random = 88172645463325252u + (uint64_t)_i * 7046029254386353131u;
    w->is.now_ms = CONTRACT_NOW;
    w->is.today = OUTREACH_TODAY;
    make_list(w);
    for (w->step = 0; w->step < STEPS; w->step++) {
        if (w->step % (STEPS / CAMPAIGNS + 1) == 0)
            new_campaign(w);
        if (roll(w, 2))
            together(w);
        else
            one_operation(w);
        compare(w);
    }
    contract_end(w->c);
    free(w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("walk");
    TCase *tcase = tcase_create("walk");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, random_walk, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
