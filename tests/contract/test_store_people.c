/*
 * Refusals and responses: idempotent, and what waits for such a person does not go out.
 */
#include <stdlib.h>
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_measure.h"
#include "zhanchi/store_people.h"
#include "contract.h"

static void address_of(uint64_t n, uint8_t out[KEYRING_HASH_BYTES])
{
    contract_hash(HASH_ADDRESS_SMS, n, out);
}

static struct optout_info refusal(const char *topic)
{
    struct optout_info o = {.at_ms = 1000, .origin = OPTOUT_STAFF, .actor = "clerk"};
    snprintf(o.topic, sizeof o.topic, "%s", topic);
    return o;
}

struct seen {
    int n;
    struct optout_info last;
    char sealed[64];
};

static int see(void *ctx, const struct optout_info *o)
{
    struct seen *s = ctx;
    s->n++;
    s->last = *o;
    memcpy(s->sealed, o->sealed ? o->sealed : "", o->sealed_len);
    return 0;
}

/* ---- refusals ---- */

START_TEST(refusals_are_idempotent)
{
    struct contract *c = contract_begin();
    struct optout_info o = refusal("");
    struct seen s = {0};
    uint8_t a[KEYRING_HASH_BYTES], b[KEYRING_HASH_BYTES];
    address_of(1, a);
    address_of(2, b);
    ck_assert_int_eq(store_optout_check(c->store, a, "", &c->e), 0);
    ck_assert_int_eq(store_optout_add(c->store, a, &o, NULL, &c->e), 1);
    ck_assert_int_eq(store_optout_add(c->store, a, &o, NULL, &c->e), 0);
    ck_assert_int_eq(store_optout_check(c->store, a, "", &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "skills", &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, b, "", &c->e), 0);
    OK(c, store_optout_each(c->store, see, &s, &c->e));
    ck_assert_int_eq(s.n, 1);
    ck_assert_int_eq(s.last.at_ms, 1000);
    ck_assert_int_eq(s.last.origin, OPTOUT_STAFF);
    ck_assert_str_eq(s.last.actor, "clerk");
    ck_assert_ptr_null(s.last.sealed);
    ck_assert_int_eq(store_optout_remove(c->store, a, "", &c->e), 1);
    ck_assert_int_eq(store_optout_remove(c->store, a, "", &c->e), 0);
    ck_assert_int_eq(store_optout_remove(c->store, b, "", &c->e), 0);
    ck_assert_int_eq(store_optout_check(c->store, a, "", &c->e), 0);
    contract_end(c);
}
END_TEST

START_TEST(topics_are_apart)
{
    struct contract *c = contract_begin();
    struct optout_info skills = refusal("skills"), all = refusal("");
    uint8_t a[KEYRING_HASH_BYTES];
    address_of(1, a);
    ck_assert_int_eq(store_optout_add(c->store, a, &skills, NULL, &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "skills", &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "fair", &c->e), 0);
    ck_assert_int_eq(store_optout_check(c->store, a, "", &c->e), 0);
    ck_assert_int_eq(store_optout_add(c->store, a, &all, NULL, &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "fair", &c->e), 1);
    ck_assert_int_eq(store_optout_remove(c->store, a, "", &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "skills", &c->e), 1);
    ck_assert_int_eq(store_optout_check(c->store, a, "fair", &c->e), 0);
    contract_end(c);
}
END_TEST

/* A gateway's code tells of a refusal without a number; later the person writes. */
START_TEST(number_is_added_later)
{
    struct contract *c = contract_begin();
    struct optout_info code = refusal(""), reply = refusal("");
    struct seen s = {0};
    int64_t first, second;
    uint8_t a[KEYRING_HASH_BYTES];
    address_of(1, a);
    code.origin = OPTOUT_GATEWAY;
    ck_assert_int_eq(store_optout_add(c->store, a, &code, NULL, &c->e), 1);
    OK(c, store_reserve_optouts(c->store, 3, &first, &c->e));
    OK(c, store_reserve_optouts(c->store, 1, &second, &c->e));
    ck_assert_int_ge(second, first + 3);
    reply.id = first;
    reply.key_id = keyring_id(c->keys, KEY_OPTOUT);
    reply.sealed = "sealed number";
    reply.sealed_len = 13;
    ck_assert_int_eq(store_optout_add(c->store, a, &reply, NULL, &c->e), 0);
    OK(c, store_optout_each(c->store, see, &s, &c->e));
    ck_assert_int_eq(s.n, 1);
    ck_assert_int_eq(s.last.id, first);
    ck_assert_int_eq(s.last.origin, OPTOUT_GATEWAY);
    ck_assert_int_eq(s.last.key_id, reply.key_id);
    ck_assert_str_eq(s.sealed, "sealed number");
    /* Once it is there it stays. */
    reply.id = second;
    reply.sealed = "another";
    reply.sealed_len = 7;
    ck_assert_int_eq(store_optout_add(c->store, a, &reply, NULL, &c->e), 0);
    memset(&s, 0, sizeof s);
    OK(c, store_optout_each(c->store, see, &s, &c->e));
    ck_assert_str_eq(s.sealed, "sealed number");
    contract_end(c);
}
END_TEST

START_TEST(refusal_before_the_list)
{
    struct contract *c = contract_begin();
    struct optout_info o = refusal("");
    struct seen s = {0};
    struct list_row row;
    uint8_t a[KEYRING_HASH_BYTES];
    address_of(5, a);
    ck_assert_int_eq(store_optout_add(c->store, a, &o, NULL, &c->e), 1);
    int64_t list = contract_list(c, "spring", 1, 10);
    OK(c, store_optout_each(c->store, see, &s, &c->e));
    ck_assert_int_eq(store_list_row_at(c->store, list, 6, &row, &c->e), 1);
    ck_assert_int_eq(row.address_id, s.last.address_id);
    contract_end(c);
}
END_TEST

/* ---- responses ---- */

static struct response_row response(uint64_t person, int level, int32_t day)
{
    struct response_row r = {.person_kind = HASH_PERSON_ID,
                             .level = level,
                             .kind = RESPONSE_CLAIMED,
                             .day = day,
                             .amount_fen = -1};
    contract_hash(HASH_PERSON_ID, person, r.person);
    return r;
}

static int64_t response_file(struct contract *c)
{
    struct response_file f = {
        .file = "claims.csv", .through = 19200, .imported_at = 9, .imported_by = "analyst"};
    OK(c, store_response_file_put(c->store, &f, &c->e));
    ck_assert_int_gt(f.id, 0);
    return f.id;
}

START_TEST(responses_are_idempotent)
{
    struct contract *c = contract_begin();
    struct response_stats st = {0};
    struct response_row r[8];
    bool matched[8];
    contract_list(c, "spring", 1, 10);
    int64_t file = response_file(c);
    r[0] = response(1, 3, 19100);
    r[1] = r[0]; /* again */
    r[2] = r[0];
    r[2].level = 4;
    r[3] = r[0];
    r[3].day = 19101;
    r[4] = r[0];
    r[4].kind = RESPONSE_PAID;
    r[5] = r[0];
    r[5].has_occupation = true;
    contract_hash(HASH_OCCUPATION, 1, r[5].occupation);
    r[6] = response(99, 3, 19100); /* nobody of ours */
    r[7] = r[0];
    r[7].person_kind = HASH_PERSON_REF; /* the same bytes, another kind */
    OK(c, store_responses_put(c->store, file, r, 8, matched, &st, &c->e));
    ck_assert_int_eq(st.added, 5);
    ck_assert_int_eq(st.known, 1);
    ck_assert_int_eq(st.unmatched, 2);
    for (int i = 0; i < 8; i++)
        ck_assert_msg(matched[i] == (i < 6), "row %d", i);
    memset(&st, 0, sizeof st);
    OK(c, store_responses_put(c->store, file, r, 8, NULL, &st, &c->e));
    ck_assert_int_eq(st.added, 0);
    ck_assert_int_eq(st.known, 6);
    contract_end(c);
}
END_TEST

struct claims {
    int n, with_occupation;
    int level;
    int32_t day;
};

static int see_claim(void *ctx, bool has_occupation, const uint8_t occupation[KEYRING_HASH_BYTES],
                     int level, int32_t day)
{
    struct claims *k = ctx;
    uint8_t expected[KEYRING_HASH_BYTES];
    contract_hash(HASH_OCCUPATION, 1, expected);
    if (has_occupation) {
        ck_assert_mem_eq(occupation, expected, sizeof expected);
        k->with_occupation++;
    }
    k->n++;
    k->level = level;
    k->day = day;
    return 0;
}

START_TEST(claims_of_a_person)
{
    struct contract *c = contract_begin();
    struct response_stats st = {0};
    struct response_row r[2] = {response(4, 0, 19100), response(4, 5, 19200)};
    struct claims k = {0};
    struct list_row row;
    int64_t list = contract_list(c, "spring", 1, 10);
    r[1].has_occupation = true;
    contract_hash(HASH_OCCUPATION, 1, r[1].occupation);
    OK(c, store_responses_put(c->store, response_file(c), r, 2, NULL, &st, &c->e));
    ck_assert_int_eq(store_list_row_at(c->store, list, 5, &row, &c->e), 1);
    OK(c, store_claims_of(c->store, row.person_id, see_claim, &k, &c->e));
    ck_assert_int_eq(k.n, 2);
    ck_assert_int_eq(k.with_occupation, 1);
    ck_assert_int_eq(k.level, 5);
    ck_assert_int_eq(k.day, 19200);
    contract_end(c);
}
END_TEST

static int see_file(void *ctx, const struct response_file *f)
{
    *(struct response_file *)ctx = *f;
    return 0;
}

START_TEST(response_files_are_listed)
{
    struct contract *c = contract_begin();
    struct response_file f = {.file = "claims.csv",
                              .rows = 5,
                              .through = 19200,
                              .imported_at = 9,
                              .imported_by = "analyst"},
                         out;
    OK(c, store_response_file_put(c->store, &f, &c->e));
    f.added = 3;
    OK(c, store_response_file_put(c->store, &f, &c->e));
    OK(c, store_response_files_each(c->store, see_file, &out, &c->e));
    ck_assert_int_eq(out.id, f.id);
    ck_assert_int_eq(out.added, 3);
    ck_assert_int_eq(out.rows, 5);
    ck_assert_int_eq(out.through, 19200);
    ck_assert_str_eq(out.imported_by, "analyst");
    contract_end(c);
}
END_TEST

/* ---- what waits ---- */

#define PERSONS 10

static int take_candidate(void *ctx, const struct candidate *k)
{
    struct frozen **next = ctx;
    **next = (struct frozen){.person_id = k->row.person_id,
                             .address_id = k->row.address_id,
                             .row_id = k->row.id,
                             .arm = ARM_SEND,
                             .level = k->row.level,
                             .last_day = 19365,
                             .state = MSG_QUEUED,
                             .due_ms = CONTRACT_NOW,
                             .segments = 1,
                             .key_id = 1,
                             .payload = "payload",
                             .payload_len = 7};
    (*next)++;
    return 0;
}

/* A campaign over the list: one message a person, every third one planned. */
static int64_t frozen_campaign(struct contract *c, const char *name, const char *topic,
                               int64_t list)
{
    struct template_info t = {.name = "notice",
                              .channel = "sms",
                              .signature = "示例",
                              .language = "zh",
                              .created_by = "maker",
                              .body = "您好"};
    struct campaign_info k = {.list_id = list,
                              .gateway = "12333",
                              .schedule = {.window_from = 540,
                                           .window_to = 1200,
                                           .zone_min = 480,
                                           .not_after_ms = CONTRACT_NOW * 2},
                              .holdout_until = INT32_MIN,
                              .n_variants = 1,
                              .created_at = CONTRACT_NOW,
                              .created_by = "maker"};
    struct frozen f[PERSONS], *next = f;
    int64_t last, first;
    snprintf(k.name, sizeof k.name, "%s", name);
    snprintf(k.topic, sizeof k.topic, "%s", topic);
    OK(c, store_template_put(c->store, &t, &c->e));
    k.variants[0].template_id = t.id;
    k.variants[0].weight = 1;
    OK(c, store_campaign_create(c->store, &k, &c->e));
    struct wave_info w = {.campaign_id = k.id, .list_id = list, .submitted_by = "maker"};
    OK(c, store_wave_begin(c->store, &w, &c->e));
    OK(c, store_candidates(c->store, &k, 19100, 0, PERSONS, take_candidate, &next, &last, &c->e));
    ck_assert_int_eq(next - f, PERSONS);
    OK(c, store_reserve_messages(c->store, PERSONS, &first, &c->e));
    for (int i = 0; i < PERSONS; i++) {
        f[i].message_id = first + i;
        if (i % 3 == 0)
            f[i].state = MSG_PLANNED;
    }
    OK(c, store_freeze_put(c->store, k.id, w.id, f, PERSONS, &c->e));
    return k.id;
}

struct tally {
    int64_t n[MSG_STATES][32];
};

static int see_tally(void *ctx, enum msg_state state, enum msg_cause cause, int64_t n)
{
    ((struct tally *)ctx)->n[state][cause] += n;
    return 0;
}

/* Counters as kept and as counted from the rows: the same, always. */
static struct tally tally_of(struct contract *c, int64_t campaign)
{
    struct tally kept = {0}, counted = {0};
    OK(c, store_tally(c->store, campaign, see_tally, &kept, &c->e));
    OK(c, store_tally_recount(c->store, campaign, see_tally, &counted, &c->e));
    ck_assert_mem_eq(&kept, &counted, sizeof kept);
    return kept;
}

START_TEST(refusal_suppresses_what_waits)
{
    struct contract *c = contract_begin();
    struct optout_info skills = refusal("skills"), all = refusal("");
    uint8_t a[KEYRING_HASH_BYTES];
    int64_t n = -1;
    int64_t list = contract_list(c, "spring", 1, PERSONS);
    int64_t one = frozen_campaign(c, "one", "skills", list),
            two = frozen_campaign(c, "two", "fair", list);
    address_of(2, a); /* queued */
    ck_assert_int_eq(store_optout_add(c->store, a, &skills, &n, &c->e), 1);
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(tally_of(c, one).n[MSG_SUPPRESSED][CAUSE_OPTOUT], 1);
    ck_assert_int_eq(tally_of(c, two).n[MSG_SUPPRESSED][CAUSE_OPTOUT], 0);
    ck_assert_int_eq(store_optout_add(c->store, a, &all, &n, &c->e), 1);
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(tally_of(c, two).n[MSG_SUPPRESSED][CAUSE_OPTOUT], 1);
    address_of(1, a); /* planned */
    ck_assert_int_eq(store_optout_add(c->store, a, &all, &n, &c->e), 1);
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(store_optout_add(c->store, a, &all, &n, &c->e), 0);
    ck_assert_int_eq(n, 0);
    struct tally t = tally_of(c, one);
    ck_assert_int_eq(t.n[MSG_SUPPRESSED][CAUSE_OPTOUT], 2);
    ck_assert_int_eq(t.n[MSG_QUEUED][CAUSE_NONE], 5);
    ck_assert_int_eq(t.n[MSG_PLANNED][CAUSE_NONE], 3);
    contract_end(c);
}
END_TEST

/* A rollback takes the counters back with the messages. */
START_TEST(rolled_back_refusal_leaves_counters)
{
    struct contract *c = contract_begin();
    struct optout_info o = refusal("");
    uint8_t a[KEYRING_HASH_BYTES];
    int64_t list = contract_list(c, "spring", 1, PERSONS);
    int64_t one = frozen_campaign(c, "one", "skills", list);
    address_of(2, a);
    OK(c, store_begin(c->store, &c->e));
    ck_assert_int_eq(store_optout_add(c->store, a, &o, NULL, &c->e), 1);
    store_rollback(c->store);
    OK(c, store_begin(c->store, &c->e));
    OK(c, store_meta_set(c->store, "x", "y", &c->e));
    OK(c, store_commit(c->store, &c->e));
    ck_assert_int_eq(store_optout_check(c->store, a, "", &c->e), 0);
    ck_assert_int_eq(tally_of(c, one).n[MSG_SUPPRESSED][CAUSE_OPTOUT], 0);
    contract_end(c);
}
END_TEST

static int count_refusers(void *ctx, const struct candidate *k)
{
    *(int *)ctx += k->opted_out;
    return 0;
}

START_TEST(refusers_are_marked_among_candidates)
{
    struct contract *c = contract_begin();
    struct optout_info skills = refusal("skills"), all = refusal("");
    struct campaign_info k = {.list_id = contract_list(c, "spring", 1, PERSONS), .topic = "skills"};
    uint8_t a[KEYRING_HASH_BYTES];
    int64_t last;
    int n = 0;
    address_of(2, a);
    ck_assert_int_eq(store_optout_add(c->store, a, &skills, NULL, &c->e), 1);
    address_of(3, a);
    ck_assert_int_eq(store_optout_add(c->store, a, &all, NULL, &c->e), 1);
    OK(c, store_candidates(c->store, &k, 19100, 0, PERSONS, count_refusers, &n, &last, &c->e));
    ck_assert_int_eq(n, 2);
    n = 0;
    strcpy(k.topic, "fair");
    OK(c, store_candidates(c->store, &k, 19100, 0, PERSONS, count_refusers, &n, &last, &c->e));
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(store_optout_remove(c->store, a, "", &c->e), 1);
    n = 0;
    OK(c, store_candidates(c->store, &k, 19100, 0, PERSONS, count_refusers, &n, &last, &c->e));
    ck_assert_int_eq(n, 0);
    contract_end(c);
}
END_TEST

START_TEST(claim_suppresses_what_waits)
{
    struct contract *c = contract_begin();
    struct response_stats st = {0};
    int64_t list = contract_list(c, "spring", 1, PERSONS); /* issued on day 19000 */
    int64_t one = frozen_campaign(c, "one", "skills", list);
    struct response_row r[3] = {response(1, 3, 19050), response(2, 3, 18999),
                                response(3, 3, 19000)};
    OK(c, store_responses_put(c->store, response_file(c), r, 3, NULL, &st, &c->e));
    ck_assert_int_eq(st.added, 3);
    ck_assert_int_eq(st.suppressed, 2); /* the second is of an older certificate */
    ck_assert_int_eq(tally_of(c, one).n[MSG_SUPPRESSED][CAUSE_CLAIMED], 2);
    OK(c, store_responses_put(c->store, response_file(c), r, 3, NULL, &st, &c->e));
    ck_assert_int_eq(tally_of(c, one).n[MSG_SUPPRESSED][CAUSE_CLAIMED], 2);
    contract_end(c);
}
END_TEST

/* The list may not go while something of it may still be sent. */
START_TEST(list_of_an_open_wave_stays)
{
    struct contract *c = contract_begin();
    struct list_row row;
    int64_t list = contract_list(c, "spring", 1, PERSONS);
    int64_t one = frozen_campaign(c, "one", "skills", list);
    FAILS(c, ERR_TEMP, store_list_remove(c->store, list, NULL, NULL, &c->e));
    struct wave_info w;
    ck_assert_int_eq(store_wave_of(c->store, one, &w, &c->e), 0); /* still freezing */
    ck_assert_int_eq(store_list_row_at(c->store, list, 2, &row, &c->e), 1);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {refusals_are_idempotent,
                                  topics_are_apart,
                                  number_is_added_later,
                                  refusal_before_the_list,
                                  responses_are_idempotent,
                                  claims_of_a_person,
                                  response_files_are_listed,
                                  refusal_suppresses_what_waits,
                                  rolled_back_refusal_leaves_counters,
                                  refusers_are_marked_among_candidates,
                                  claim_suppresses_what_waits,
                                  list_of_an_open_wave_stays};
    return contract_main("people", tests, sizeof tests / sizeof tests[0]);
}
