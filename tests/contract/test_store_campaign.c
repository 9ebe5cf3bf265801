/*
 * Campaigns and waves: names, moves, `finished`; candidates and what speaks against them; freezing that is interrupted; what an approval covers.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_approval.h"
#include "outreach.h"

/* ---- campaigns ---- */

START_TEST(campaign_comes_back_as_it_was)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct campaign_info back;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 1));
    struct campaign_info k = {.name = "autumn",
                              .topic = "skills",
                              .gateway = "other",
                              .list_id = o.campaign.list_id,
                              .schedule = {540, 1200, 480, 1000, 2000},
                              .holdout_permille = 100,
                              .holdout_until = 19800,
                              .holdout_margin_days = 60,
                              .seed = UINT64_MAX - 5,
                              .priority = -3,
                              .n_variants = 1,
                              .created_at = 77,
                              .created_by = "maker"};
    k.variants[0].template_id = o.campaign.variants[0].template_id;
    k.variants[0].weight = 7;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    ck_assert_int_eq(store_campaign_find(c->store, "autumn", &back, &c->e), 1);
    ck_assert_int_eq(back.id, k.id);
    ck_assert_int_eq(back.state, CAMPAIGN_DRAFT);
    ck_assert_str_eq(back.gateway, "other");
    ck_assert_int_eq(back.schedule.not_after_ms, 2000);
    ck_assert_int_eq(back.schedule.window_from, 540);
    ck_assert_int_eq(back.holdout_until, 19800);
    ck_assert(back.seed == UINT64_MAX - 5);
    ck_assert_int_eq(back.priority, -3);
    ck_assert_int_eq(back.n_variants, 1);
    ck_assert_int_eq(back.variants[0].weight, 7);
    ck_assert_int_eq(back.started_at, 0);
    ck_assert_int_eq(store_campaign_find(c->store, "winter", &back, &c->e), 0);
    FAILS(c, ERR_DATA, store_campaign_create(c->store, &k, &c->e));
    contract_end(c);
}
END_TEST

START_TEST(moves_start_where_they_say)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct campaign_info k;
    outreach_run(&o, c, "spring", contract_list(c, "spring", 1, 2));
    int64_t id = o.campaign.id;
    ck_assert_int_eq(o.campaign.started_at, CONTRACT_NOW);
    FAILS(c, ERR_TEMP,
          store_campaign_move(c->store, id, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING, "", &c->e));
    OK(c, store_campaign_move(c->store, id, CAMPAIGN_RUNNING, CAMPAIGN_PAUSED, "too many", &c->e));
    ck_assert_int_eq(store_campaign_by_id(c->store, id, &k, &c->e), 1);
    ck_assert_int_eq(k.state, CAMPAIGN_PAUSED);
    ck_assert_str_eq(k.pause_reason, "too many");
    OK(c, store_campaign_started(c->store, id, CONTRACT_NOW + 5, &c->e)); /* changes nothing */
    OK(c, store_campaign_move(c->store, id, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING, NULL, &c->e));
    ck_assert_int_eq(store_campaign_by_id(c->store, id, &k, &c->e), 1);
    ck_assert_str_eq(k.pause_reason, "");
    ck_assert_int_eq(k.started_at, CONTRACT_NOW);
    contract_end(c);
}
END_TEST

/* Paused before anything went: it starts when it goes. */
START_TEST(a_start_is_not_lost)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct campaign_info k;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 1));
    outreach_freeze(&o, NULL, NULL);
    OK(c, store_wave_approve(c->store, &o.wave, &c->e));
    int64_t id = o.campaign.id;
    OK(c, store_campaign_move(c->store, id, CAMPAIGN_APPROVED, CAMPAIGN_PAUSED, "wait", &c->e));
    OK(c, store_campaign_started(c->store, id, CONTRACT_NOW, &c->e)); /* not while it is paused */
    OK(c, store_campaign_move(c->store, id, CAMPAIGN_PAUSED, CAMPAIGN_RUNNING, "", &c->e));
    ck_assert_int_eq(store_campaign_by_id(c->store, id, &k, &c->e), 1);
    ck_assert_int_eq(k.started_at, 0);
    OK(c, store_campaign_started(c->store, id, CONTRACT_NOW + 9, &c->e));
    ck_assert_int_eq(store_campaign_by_id(c->store, id, &k, &c->e), 1);
    ck_assert_int_eq(k.started_at, CONTRACT_NOW + 9);
    contract_end(c);
}
END_TEST

START_TEST(finished_is_derived)
{
    static const struct {
        enum msg_input answer;
        enum campaign_state state;
    } cases[] = {{IN_ANSWER_ACCEPTED, CAMPAIGN_FINISHED},
                 {IN_ANSWER_REFUSED, CAMPAIGN_FINISHED},
                 {IN_ANSWER_RETRY, CAMPAIGN_RUNNING},
                 {IN_ANSWER_UNKNOWN, CAMPAIGN_RUNNING}};
    struct contract *c = contract_begin();
    int64_t list = contract_list(c, "spring", 1, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outreach o;
        struct claimed m;
        struct campaign_info k;
        char name[16];
        snprintf(name, sizeof name, "case %zu", i);
        outreach_run(&o, c, name, list);
        OK(c, store_begin(c->store, &c->e));
        ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW, 1, &m), 1);
        ck_assert_int_eq(store_campaign_by_id(c->store, o.campaign.id, &k, &c->e), 1);
        ck_assert_int_eq(k.state, CAMPAIGN_RUNNING);
        outreach_settle(c, &m, cases[i].answer);
        ck_assert_int_eq(store_campaign_by_id(c->store, o.campaign.id, &k, &c->e), 1);
        ck_assert_int_eq(k.state, cases[i].state);
        OK(c, store_commit(c->store, &c->e));
        ck_assert_int_eq(store_campaign_by_id(c->store, o.campaign.id, &k, &c->e), 1);
        ck_assert_int_eq(k.state, cases[i].state);
    }
    contract_end(c);
}
END_TEST

/* ---- candidates ---- */

struct candidates {
    size_t n;
    struct candidate v[64];
    char sealed[64][16];
};

static int see_candidate(void *ctx, const struct candidate *k)
{
    struct candidates *s = ctx;
    ck_assert_uint_lt(s->n, 64);
    memcpy(s->sealed[s->n], k->row.sealed, k->row.sealed_len);
    s->v[s->n++] = *k;
    return 0;
}

static void candidates(struct outreach *o, size_t max, struct candidates *s)
{
    int64_t last = 0;
    memset(s, 0, sizeof *s);
    do {
        size_t before = s->n;
        OK(o->c, store_candidates(o->c->store, &o->campaign, OUTREACH_TODAY, last, max,
                                  see_candidate, s, &last, &o->c->e));
        ck_assert_uint_le(s->n - before, max);
    } while (last);
}

/* Person 1 has three certificates, 2 one that is not eligible, 3 two of which one is; 4 shares a number with 1. */
static int64_t certificates(struct contract *c, struct verdict_row verdicts[7])
{
    static const struct {
        uint64_t person, number;
        enum verdict_outcome outcome;
        int32_t last_day;
        const char *sealed;
    } rows[] = {{1, 1, VERDICT_ELIGIBLE, 19900, "a"},    {1, 1, VERDICT_ELIGIBLE, 19800, "b"},
                {1, 1, VERDICT_ELIGIBLE, 19850, "c"},    {2, 2, VERDICT_NOT, 19700, "d"},
                {3, 3, VERDICT_NOT, 19700, "e"},         {3, 3, VERDICT_ELIGIBLE, CIVIL_NONE, "f"},
                {4, 1, VERDICT_UNDETERMINED, 19700, "g"}};
    struct list_row r[7];
    int64_t id, list = contract_list_begin(c, "certificates");
    OK(c, store_list_row_ids(c->store, 7, &id, &c->e));
    for (int i = 0; i < 7; i++) {
        r[i] = contract_row(id + i, 2 + i, rows[i].person, rows[i].number, 1);
        r[i].sealed = rows[i].sealed;
        r[i].sealed_len = 1;
        verdicts[i] = (struct verdict_row){.row_id = id + i,
                                           .outcome = rows[i].outcome,
                                           .rule_no = 0,
                                           .amount_fen = 1000 + i,
                                           .last_day = rows[i].last_day};
    }
    OK(c, store_list_rows(c->store, list, r, 7, &c->e));
    OK(c, store_list_finish(c->store, list, 7, 0, &c->e));
    return list;
}

START_TEST(one_candidate_a_person)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates s;
    struct verdict_row v[7];
    char name[] = "policy";
    struct policy p = {.name = name, .version = "1"};
    int64_t policy, list = certificates(c, v);
    OK(c, store_policy_put(c->store, &p, "policy.conf", 1, &policy, &c->e));
    strcpy(v[1].region, "示例市"); /* of the certificate that is passed */
    OK(c, store_verdicts_put(c->store, policy, OUTREACH_TODAY, v, 7, &c->e));
    outreach_draft(&o, c, "spring", list);
    for (size_t max = 1; max < 4;
         max++) { /* every row without a policy, the first of each person */
        candidates(&o, max, &s);
        ck_assert_uint_eq(s.n, 4);
        ck_assert_str_eq(s.sealed[0], "a");
        ck_assert_int_eq(s.v[0].n_certificates, 3);
        ck_assert(!s.v[0].has_verdict);
        ck_assert_str_eq(s.v[0].row.region, "4301");
        ck_assert_int_eq(s.v[0].address_sharers, 2);
        ck_assert_int_eq(s.v[1].address_sharers, 1);
        ck_assert_int_eq(s.v[3].address_sharers, 2);
    }
    o.campaign.policy_id = policy;
    for (size_t max = 1; max < 4; max++) {
        candidates(&o, max, &s);
        ck_assert_uint_eq(s.n, 2);
        ck_assert_str_eq(s.sealed[0], "b"); /* the nearest last day */
        ck_assert_int_eq(s.v[0].n_certificates, 3);
        ck_assert(s.v[0].has_verdict);
        ck_assert_int_eq(s.v[0].verdict.last_day, 19800);
        ck_assert_int_eq(s.v[0].verdict.amount_fen, 1001);
        ck_assert_int_eq(s.v[0].verdict.row_id, s.v[0].row.id);
        ck_assert_str_eq(s.v[0].row.region, "示例市");
        ck_assert_str_eq(s.v[1].row.region, "4301");
        ck_assert_str_eq(s.sealed[1], "f");
        ck_assert_int_eq(s.v[1].verdict.last_day, CIVIL_NONE);
        ck_assert_int_eq(s.v[1].n_certificates, 1);
    }
    contract_end(c);
}
END_TEST

static void respond(struct contract *c, uint64_t person, uint64_t occupation, int level,
                    int32_t day)
{
    struct response_file f = {.file = "claims.csv", .through = CIVIL_NONE, .imported_by = "clerk"};
    struct response_stats stats = {0};
    struct response_row r = {.person_kind = HASH_PERSON_ID,
                             .has_occupation = occupation != 0,
                             .level = level,
                             .kind = RESPONSE_PAID,
                             .day = day,
                             .amount_fen = -1};
    contract_hash(HASH_PERSON_ID, person, r.person);
    contract_hash(HASH_OCCUPATION, occupation, r.occupation);
    OK(c, store_response_file_put(c->store, &f, &c->e));
    OK(c, store_responses_put(c->store, f.id, &r, 1, NULL, &stats, &c->e));
    ck_assert_int_eq(stats.added, 1);
}

/* Rows of the frame: occupation 1, level 3, issued on day 19000. */
START_TEST(claims_about_the_certificate)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates s;
    int64_t list = contract_list(c, "spring", 1, 8);
    respond(c, 1, 1, 3, 19000); /* the same, on the day of issue */
    respond(c, 2, 1, 3, 18999); /* before it was issued */
    respond(c, 3, 2, 3, 19100); /* another occupation */
    respond(c, 4, 1, 4, 19100); /* another level */
    respond(c, 5, 0, 0, 19100); /* nobody says which */
    respond(c, 6, 1, 0, 19100);
    respond(c, 7, 0, 4, 19100);
    outreach_draft(&o, c, "spring", list);
    candidates(&o, 3, &s);
    static const bool claimed[] = {true, false, false, false, true, true, false, false};
    for (int i = 0; i < 8; i++)
        ck_assert_msg(s.v[i].claimed == claimed[i], "person %d", i + 1);
    contract_end(c);
}
END_TEST

/* What the list does not say covers everything. */
START_TEST(claims_about_an_unknown_certificate)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates s;
    struct list_row r[3];
    int64_t id, list = contract_list_begin(c, "spring");
    OK(c, store_list_row_ids(c->store, 3, &id, &c->e));
    for (int i = 0; i < 3; i++)
        r[i] = contract_row(id + i, 2 + i, (uint64_t)i + 1, (uint64_t)i, 1);
    r[0].has_occupation = false;
    r[1].level = 0;
    r[2].issued_day = CIVIL_NONE;
    OK(c, store_list_rows(c->store, list, r, 3, &c->e));
    OK(c, store_list_finish(c->store, list, 3, 0, &c->e));
    respond(c, 1, 2, 3, 19100);
    respond(c, 2, 1, 4, 19100);
    respond(c, 3, 1, 3, 1);
    outreach_draft(&o, c, "spring", list);
    candidates(&o, 3, &s);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(s.v[i].claimed, "person %d", i + 1);
    contract_end(c);
}
END_TEST

static void refuse(struct contract *c, uint64_t n, const char *topic)
{
    struct optout_info o = {.at_ms = CONTRACT_NOW, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    snprintf(o.topic, sizeof o.topic, "%s", topic);
    contract_hash(HASH_ADDRESS_SMS, n, address);
    OK(c, store_optout_add(c->store, address, &o, NULL, &c->e));
}

START_TEST(refusals_of_candidates)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates s;
    int64_t list = contract_list(c, "spring", 1, 4);
    refuse(c, 1, "");
    refuse(c, 2, "skills");
    refuse(c, 3, "fair");
    outreach_draft(&o, c, "spring", list);
    candidates(&o, 9, &s);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(s.v[i].opted_out == (i < 2), "person %d", i + 1);
    contract_end(c);
}
END_TEST

/* Persons 1 and 2 are held out, 3 is sent to, 4 was excluded; 5 is in nobody's campaign. */
static void hold_some(void *ctx, const struct candidate *k, struct frozen *f)
{
    (void)ctx;
    if (k->row.person_id <= 2) {
        f->arm = ARM_HOLDOUT;
        f->state = MSG_PLANNED;
    } else if (k->row.person_id == 4) {
        f->arm = ARM_NONE;
        f->state = MSG_SUPPRESSED;
        f->cause = CAUSE_CLAIMED;
    }
}

START_TEST(other_campaigns_of_the_topic)
{
    struct contract *c = contract_begin();
    struct outreach other, o;
    struct candidates s;
    int64_t one = contract_list(c, "one", 1, 4), all = contract_list(c, "all", 1, 5);
    outreach_draft(&other, c, "other", one);
    outreach_draft(&o, c, "spring", all);
    /* The database knows the release; the draft of the frame has none. */
    struct campaign_info k = other.campaign;
    snprintf(k.name, sizeof k.name, "with holdout");
    k.holdout_permille = 500;
    k.holdout_until = OUTREACH_TODAY + 1;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    other.campaign = k;
    candidates(&o, 2, &s);
    for (int i = 0; i < 5; i++)
        ck_assert(!s.v[i].held_elsewhere && !s.v[i].active_elsewhere);
    outreach_freeze(&other, hold_some, NULL);
    candidates(&o, 2, &s);
    for (int i = 0; i < 5; i++) {
        ck_assert_msg(s.v[i].held_elsewhere == (i < 2), "person %d", i + 1);
        ck_assert_msg(s.v[i].active_elsewhere == (i < 3), "person %d", i + 1);
    }
    int64_t last;
    memset(&s, 0, sizeof s); /* on the day of the release they are free */
    OK(c, store_candidates(c->store, &o.campaign, OUTREACH_TODAY + 1, 0, 64, see_candidate, &s,
                           &last, &c->e));
    ck_assert(!s.v[0].held_elsewhere && s.v[0].active_elsewhere);
    snprintf(o.campaign.topic, sizeof o.campaign.topic, "fair");
    candidates(&o, 2, &s);
    ck_assert(!s.v[0].held_elsewhere && !s.v[0].active_elsewhere);
    snprintf(o.campaign.topic, sizeof o.campaign.topic, "skills");
    OK(c, store_campaign_move(c->store, k.id, CAMPAIGN_SUBMITTED, CAMPAIGN_CANCELLED, "", &c->e));
    candidates(&o, 2, &s);
    ck_assert(!s.v[0].held_elsewhere && !s.v[0].active_elsewhere);
    contract_end(c);
}
END_TEST

/* Five numbers, known by telephone and name instead of id numbers: other persons, the same phones, each of
 * `n` / 5 of them. */
static int64_t list_of_other_persons(struct contract *c, const char *name, size_t n)
{
    int64_t id, list = contract_list_begin(c, name);
    OK(c, store_list_row_ids(c->store, n, &id, &c->e));
    struct list_row rows[15];
    for (uint64_t i = 0; i < n; i++) {
        rows[i] = contract_row(id + (int64_t)i, 2 + (int64_t)i, i + 1, i % 5 + 1, 1);
        rows[i].person_kind = HASH_PERSON_PHONE_NAME;
        contract_hash(HASH_PERSON_PHONE_NAME, i + 1, rows[i].person);
    }
    OK(c, store_list_rows(c->store, list, rows, n, &c->e));
    OK(c, store_list_finish(c->store, list, (int64_t)n, 0, &c->e));
    return list;
}

static void holds_the_phone(size_t n)
{
    struct contract *c = contract_begin();
    struct outreach other, o;
    struct candidates s;
    int64_t one = contract_list(c, "one", 1, 4), again = list_of_other_persons(c, "again", n);
    outreach_draft(&other, c, "other", one);
    outreach_draft(&o, c, "spring", again);
    struct campaign_info k = other.campaign;
    snprintf(k.name, sizeof k.name, "with holdout");
    k.holdout_permille = 500;
    k.holdout_until = OUTREACH_TODAY + 1;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    other.campaign = k;
    outreach_freeze(&other, hold_some, NULL);
    candidates(&o, 2, &s);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_gt(s.v[i].row.person_id, 4); /* nobody of the first list */
        ck_assert_msg(s.v[i].held_elsewhere == (i % 5 < 2), "phone %zu", i % 5 + 1);
        ck_assert_msg(s.v[i].active_elsewhere == (i % 5 < 3), "phone %zu", i % 5 + 1);
    }
    contract_end(c);
}

START_TEST(a_holdout_holds_the_phone)
{
    holds_the_phone(5);
}
END_TEST

START_TEST(a_holdout_holds_the_phone_of_several)
{
    holds_the_phone(15);
}
END_TEST

static int stop_at_third(void *ctx, const struct candidate *k)
{
    (void)k;
    return ++*(int *)ctx == 3;
}

START_TEST(a_walk_can_be_stopped)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct candidates s = {0};
    int n = 0;
    int64_t last;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 5));
    OK(c, store_candidates(c->store, &o.campaign, OUTREACH_TODAY, 0, 64, stop_at_third, &n, &last,
                           &c->e));
    ck_assert_int_eq(n, 3);
    OK(c, store_candidates(c->store, &o.campaign, OUTREACH_TODAY, last, 64, see_candidate, &s,
                           &last, &c->e));
    ck_assert_uint_eq(s.n, 2);
    ck_assert_int_eq(last, 0);
    contract_end(c);
}
END_TEST

/* ---- waves ---- */

/* n candidates behind the first `from`. */
static void put_some(struct outreach *o, size_t from, size_t n)
{
    struct candidates s;
    struct frozen f[64];
    int64_t first;
    candidates(o, 64, &s);
    OK(o->c, store_reserve_messages(o->c->store, n, &first, &o->c->e));
    for (size_t i = 0; i < n; i++)
        f[i] = (struct frozen){.message_id = first + (int64_t)i,
                               .person_id = s.v[from + i].row.person_id,
                               .address_id = s.v[from + i].row.address_id,
                               .row_id = s.v[from + i].row.id,
                               .arm = ARM_SEND,
                               .last_day = CIVIL_NONE,
                               .state = MSG_QUEUED,
                               .key_id = 1,
                               .payload = "sealed",
                               .payload_len = 6};
    OK(o->c, store_freeze_put(o->c->store, o->campaign.id, o->wave.id, f, n, &o->c->e));
    o->first = first;
}

static int count_message(void *ctx, const struct message_info *m)
{
    (void)m;
    ++*(int *)ctx;
    return 0;
}

static int messages(struct contract *c, int64_t campaign_id, int state, const char *region)
{
    int n = 0;
    OK(c, store_messages_each(c->store, campaign_id, state, region, count_message, &n, &c->e));
    return n;
}

static int count_payload(void *ctx, int64_t message_id, int64_t key_id, const void *blob,
                         size_t len)
{
    ck_assert_int_eq(key_id, 1);
    ck_assert_uint_eq(len, 6);
    ck_assert_mem_eq(blob, "sealed", 6);
    ck_assert_int_gt(message_id, 0);
    ++*(int *)ctx;
    return 0;
}

static int payloads(struct outreach *o)
{
    int n = 0;
    OK(o->c, store_payloads_each(o->c->store, o->wave.id, count_payload, &n, &o->c->e));
    return n;
}

/* Two campaigns freeze at the same time; one is given up. */
START_TEST(interrupted_freezing_leaves_nothing)
{
    struct contract *c = contract_begin();
    struct outreach a, b;
    struct wave_info w;
    int64_t removed, list = contract_list(c, "spring", 1, 20);
    outreach_draft(&a, c, "one", list);
    outreach_draft(&b, c, "two", list);
    a.wave = (struct wave_info){.campaign_id = a.campaign.id, .list_id = list};
    b.wave = (struct wave_info){.campaign_id = b.campaign.id, .list_id = list};
    OK(c, store_wave_begin(c->store, &a.wave, &c->e));
    OK(c, store_wave_begin(c->store, &b.wave, &c->e));
    FAILS(c, ERR_TEMP, store_wave_begin(c->store, &a.wave, &c->e));
    put_some(&a, 0, 3); /* by turns */
    put_some(&b, 0, 17);
    put_some(&a, 3, 3);
    put_some(&b, 17, 3);
    struct candidates s; /* nobody knows of the other's members yet */
    candidates(&b, 64, &s);
    ck_assert_uint_eq(s.n, 20);
    ck_assert(!s.v[0].active_elsewhere);
    ck_assert_int_eq(payloads(&a), 6);
    ck_assert_int_eq(payloads(&b), 20);
    struct wave_info twice = a.wave;
    ck_assert_int_eq(store_wave_of(c->store, a.campaign.id, &w, &c->e), 0);
    ck_assert_int_eq(messages(c, a.campaign.id, 0, NULL), 0); /* invisible */
    OK(c, store_wave_abandon(c->store, a.wave.id, &c->e));
    outreach_check(c, a.campaign.id);
    ck_assert_int_eq(outreach_count(c, a.campaign.id, MSG_QUEUED), 0);
    OK(c, store_wave_abandon(c->store, twice.id, &c->e)); /* again: nothing is there */
    OK(c, store_wave_submit(c->store, &b.wave, &c->e));
    ck_assert_int_eq(messages(c, b.campaign.id, 0, NULL), 20);
    ck_assert_int_eq(payloads(&b), 20);
    outreach_check(c, b.campaign.id);
    /* The campaign can be frozen anew, and what a crash leaves is swept. */
    OK(c, store_wave_begin(c->store, &a.wave, &c->e));
    put_some(&a, 0, 20);
    contract_reopen(c);
    OK(c, store_sweep(c->store, &removed, &c->e));
    ck_assert_int_eq(removed, 1);
    outreach_check(c, a.campaign.id);
    ck_assert_int_eq(outreach_count(c, a.campaign.id, MSG_QUEUED), 0);
    ck_assert_int_eq(messages(c, b.campaign.id, 0, NULL), 20);
    OK(c, store_integrity(c->store, &c->e));
    outreach_freeze(&a, NULL, NULL);
    ck_assert_int_eq(a.wave.no, 1);
    FAILS(c, ERR_TEMP, store_wave_begin(c->store, &a.wave, &c->e)); /* no draft any more */
    contract_end(c);
}
END_TEST

struct found {
    struct message_info m;
    uint8_t payload[512];
};

static int see_message(void *ctx, const struct message_info *m)
{
    struct found *f = ctx;
    f->m = *m;
    ck_assert_uint_le(m->payload_len, sizeof f->payload);
    memcpy(f->payload, m->payload, m->payload_len);
    return 0;
}

START_TEST(messages_for_people)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[4];
    struct found f = {0};
    struct buf plain;
    struct payload p;
    int64_t list = contract_list(c, "spring", 1, 6);
    outreach_run(&o, c, "spring", list);
    ck_assert_uint_eq(outreach_claim(&o, CONTRACT_NOW, 3, m), 3);
    outreach_settle(c, &m[0], IN_ANSWER_UNKNOWN);
    outreach_settle(c, &m[1], IN_ANSWER_ACCEPTED);
    ck_assert_int_eq(messages(c, o.campaign.id, 0, NULL), 6);
    ck_assert_int_eq(messages(c, o.campaign.id, MSG_QUEUED, NULL), 3);
    ck_assert_int_eq(messages(c, o.campaign.id, MSG_UNKNOWN, NULL), 1);
    ck_assert_int_eq(messages(c, o.campaign.id, MSG_ACCEPTED, NULL), 1);
    ck_assert_int_eq(messages(c, o.campaign.id, MSG_SENDING, NULL), 1);
    ck_assert_int_eq(messages(c, o.campaign.id, MSG_QUEUED, "4301"), 3);
    ck_assert_int_eq(messages(c, o.campaign.id, 0, "4302"), 0);
    ck_assert_int_eq(store_message_get(c->store, o.first, see_message, &f, &c->e), 1);
    ck_assert_int_eq(f.m.campaign_id, o.campaign.id);
    ck_assert_int_eq(f.m.wave_id, o.wave.id);
    ck_assert_str_eq(f.m.region, "4301");
    ck_assert_int_eq(f.m.level, 3);
    ck_assert_int_eq(f.m.arm, ARM_SEND);
    buf_init(&plain, 4096);
    OK(c, keyring_unseal(c->keys, f.m.key_id, SEAL_PAYLOAD, f.m.id, f.m.wave_id, f.payload,
                         f.m.payload_len, &plain, &c->e));
    OK(c, payload_unpack(plain.data, plain.len, &p, &c->e));
    ck_assert_str_eq(p.phone, "13800000001");
    ck_assert_str_eq(p.text, "text for person 1");
    FAILS(c, ERR_DATA, payload_unpack(plain.data, plain.len - 1, &p, &c->e));
    FAILS(c, ERR_DATA, payload_unpack(plain.data, 0, &p, &c->e));
    plain.data[0] += 2;
    FAILS(c, ERR_DATA, payload_unpack(plain.data, plain.len, &p, &c->e));
    plain.data[0] -= 2;
    buf_addc(&plain, '\0');
    FAILS(c, ERR_DATA, payload_unpack(plain.data, plain.len, &p, &c->e));
    buf_fini(&plain);
    ck_assert_int_eq(store_message_get(c->store, 999, see_message, &f, &c->e), 0);
    contract_end(c);
}
END_TEST

/* ---- approval ---- */

struct approved {
    struct contract *c;
    struct outreach o;
};

static void approved_begin(struct approved *a)
{
    a->c = contract_begin();
    outreach_run(&a->o, a->c, "spring", contract_list(a->c, "spring", 1, 4));
    OK(a->c,
       approval_check(a->c->keys, &a->o.campaign, &a->o.wave, outreach_gateway_digest, &a->c->e));
}

static bool digest_holds(struct approved *a)
{
    uint8_t digest[32];
    OK(a->c, approval_digest(a->c->store, a->c->keys, &a->o.campaign, &a->o.wave,
                             outreach_gateway_digest, digest, &a->c->e));
    return memcmp(digest, a->o.wave.digest, 32) == 0;
}

/* Changes the campaign and the wave in turn; each must be seen by what dispatch asks and by what the approver recomputes. */
START_TEST(what_was_approved)
{
    struct approved a;
    approved_begin(&a);
    struct campaign_info *k = &a.o.campaign, was = *k;
    struct wave_info *w = &a.o.wave, wave_was = *w;
    ck_assert(digest_holds(&a));
#define SEEN(change)                                                                               \
    do {                                                                                           \
        change;                                                                                    \
        FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));   \
        ck_assert_msg(!digest_holds(&a), "%s", #change);                                           \
        *k = was;                                                                                  \
        *w = wave_was;                                                                             \
    } while (0)
    SEEN(k->schedule.window_from++);
    SEEN(k->schedule.window_to++);
    SEEN(k->schedule.zone_min = 0);
    SEEN(k->schedule.not_before_ms--);
    SEEN(k->schedule.not_after_ms++);
    SEEN(k->holdout_permille++);
    SEEN(k->holdout_until = OUTREACH_TODAY);
    SEEN(k->holdout_margin_days++);
    SEEN(k->seed ^= 1);
    SEEN(k->variants[1].weight++);
    SEEN(k->variants[0].template_id = k->variants[1].template_id);
    SEEN(k->n_variants = 1);
    SEEN(k->policy_id++);
    SEEN(k->id++);
    SEEN(k->list_id++);
    SEEN(strcpy(k->gateway, "elsewhere"));
    SEEN(strcpy(k->topic, "fair"));
    SEEN(k->shared = SHARED_FIRST);
    SEEN(strcpy(w->submitted_by, "somebody"));
    SEEN(strcpy(w->allowed, "rare (3 rows) because nobody reads them"));
#undef SEEN
    /* What only the approver is told. */
#define TOLD(change)                                                                               \
    do {                                                                                           \
        change;                                                                                    \
        ck_assert_msg(!digest_holds(&a), "%s", #change);                                           \
        *w = wave_was;                                                                             \
    } while (0)
    TOLD(w->members++);
    TOLD(w->messages--);
    TOLD(w->suppressed++);
    TOLD(w->segments--);
    TOLD(w->held_out++);
    TOLD(w->always++);
    TOLD(w->submitted_at++);
#undef TOLD
    /* Only what dispatch asks can see these. */
    w->approved_at++;
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));
    *w = wave_was;
    strcpy(w->approved_by, "maker");
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));
    *w = wave_was;
    w->digest[31] ^= 1;
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));
    *w = wave_was;
    w->state = WAVE_SUBMITTED;
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));
    *w = wave_was;
    uint8_t other[32] = "another profile";
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, other, &a.c->e));
    memcpy(w->gateway_digest, other, 32); /* and one that was slipped in with it */
    FAILS(a.c, ERR_PERM, approval_check(a.c->keys, k, w, other, &a.c->e));
    *w = wave_was;
    /* These may change without another approval. */
    k->priority++;
    k->state = CAMPAIGN_PAUSED;
    k->started_at++;
    OK(a.c, approval_check(a.c->keys, k, w, outreach_gateway_digest, &a.c->e));
    ck_assert(digest_holds(&a));
    contract_end(a.c);
}
END_TEST

static void sql(struct approved *a, const char *text)
{
    char path[CONTRACT_PATH], *message = NULL;
    sqlite3 *db;
    contract_path(a->c, "work/zhanchi.db", path);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK, "%s", message);
    sqlite3_close(db);
}

/* Somebody with write access to the file. */
START_TEST(payloads_that_were_changed)
{
    static const char *const changes[] = {
        "UPDATE payload SET blob = (SELECT blob FROM payload WHERE message_id = 2) WHERE message_id"
        " = 1",
        "UPDATE payload SET message_id = CASE message_id WHEN 1 THEN -2 ELSE -1 END"
        " WHERE message_id <= 2; UPDATE payload SET message_id = -message_id WHERE message_id < 0",
        "UPDATE payload SET blob = zeroblob(length(blob)) WHERE message_id = 4",
        "UPDATE payload SET key_id = key_id + 1 WHERE message_id = 4",
        "DELETE FROM payload WHERE message_id = 3",
        "DELETE FROM message WHERE id = 3",
        "INSERT INTO payload SELECT 5, wave_id, key_id, blob, carriers FROM payload WHERE "
        "message_id = 4;"
        "INSERT INTO member SELECT 5, campaign_id, wave_id, 99, address_id, row_id, arm, variant,"
        " stratum, region, level, last_day, pseudonym FROM member WHERE id = 4;"
        "INSERT INTO message SELECT 5, campaign_id, 5, step, channel, state, cause, due_at,"
        " address_id, attempts, segments, last_day, route FROM message WHERE id = 4;"
        "UPDATE wave SET message_to = 5",
        "UPDATE message SET id = 5 WHERE id = 4; UPDATE payload SET message_id = 5"
        " WHERE message_id = 4; UPDATE wave SET message_to = 5",
        "UPDATE list SET digest = zeroblob(32)",
    };
    for (size_t i = 0; contract_is("sqlite") && i < sizeof changes / sizeof changes[0]; i++) {
        struct approved a;
        approved_begin(&a);
        ck_assert_int_eq(a.o.first, 1);
        ck_assert(digest_holds(&a));
        sql(&a, changes[i]);
        ck_assert_msg(!digest_holds(&a), "%s", changes[i]);
        contract_end(a.c);
    }
}
END_TEST

/* What has become of messages since is no change of what was approved. */
START_TEST(digest_does_not_depend_on_states)
{
    struct approved a;
    struct claimed m[4];
    approved_begin(&a);
    ck_assert_uint_eq(outreach_claim(&a.o, CONTRACT_NOW, 2, m), 2);
    outreach_settle(a.c, &m[0], IN_ANSWER_ACCEPTED);
    refuse(a.c, 4, "");
    ck_assert(digest_holds(&a));
    contract_end(a.c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {campaign_comes_back_as_it_was,
                                  moves_start_where_they_say,
                                  a_start_is_not_lost,
                                  finished_is_derived,
                                  one_candidate_a_person,
                                  claims_about_the_certificate,
                                  claims_about_an_unknown_certificate,
                                  refusals_of_candidates,
                                  other_campaigns_of_the_topic,
                                  a_holdout_holds_the_phone,
                                  a_holdout_holds_the_phone_of_several,
                                  a_walk_can_be_stopped,
                                  interrupted_freezing_leaves_nothing,
                                  messages_for_people,
                                  what_was_approved,
                                  payloads_that_were_changed,
                                  digest_does_not_depend_on_states};
    return contract_main("campaign", tests, sizeof tests / sizeof tests[0]);
}
