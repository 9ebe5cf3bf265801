/*
 * Counts for reports: breakdowns, arms, export, on a small campaign whose numbers can be counted by hand.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "outreach.h"

#define LATER (CONTRACT_NOW + 1000)
#define HOUR 3600000
#define FROM OUTREACH_TODAY
#define THROUGH (OUTREACH_TODAY + 10)

/*
 * person    1       2           3        4        5        6         7       8
 * arm       send    send        send     send     always   holdout   none    send
 * message   deliv.  undeliv.    accepted rejected deliv.   suppr.    suppr.  suppr.
 * region    a       a           b        b        a         a        a       b
 * level     3       4           3        4        3         3        3       4
 * claimed   yes     before FROM yes      -        after     yes      yes     -
 * refused   -       yes         other    other    -        -         -       before
 */
static void draw(void *ctx, const struct candidate *k, struct frozen *f)
{
    (void)ctx;
    int n = (int)k->row.person_id;
    f->variant = n <= 3;
    f->level = n % 2 ? 3 : 4;
    snprintf(f->region, sizeof f->region, "%s", n == 3 || n == 4 || n == 8 ? "b" : "a");
    f->segments = n;
    if (n == 5)
        f->arm = ARM_ALWAYS;
    if (n == 6) {
        f->arm = ARM_HOLDOUT;
        f->state = MSG_PLANNED;
        f->level = 3;
    }
    if (n == 7) {
        f->arm = ARM_NONE;
        f->state = MSG_SUPPRESSED;
        f->cause = CAUSE_CLAIMED;
    }
    f->pseudonym[0] = (uint8_t)(100 - n); /* not in the order of the list */
}

static void respond(struct contract *c, int64_t file, uint64_t person, int32_t day)
{
    struct response_stats stats = {0};
    struct response_row r = {
        .person_kind = HASH_PERSON_ID, .kind = RESPONSE_CLAIMED, .day = day, .amount_fen = -1};
    contract_hash(HASH_PERSON_ID, person, r.person);
    OK(c, store_responses_put(c->store, file, &r, 1, NULL, &stats, &c->e));
    ck_assert_int_eq(stats.added, 1);
}

static void refuse(struct contract *c, uint64_t n, const char *topic, int64_t at_ms)
{
    struct optout_info o = {.at_ms = at_ms, .origin = OPTOUT_STAFF, .actor = "clerk"};
    uint8_t address[KEYRING_HASH_BYTES];
    snprintf(o.topic, sizeof o.topic, "%s", topic);
    contract_hash(HASH_ADDRESS_SMS, n, address);
    OK(c, store_optout_add(c->store, address, &o, NULL, &c->e));
}

static void send(struct outreach *o)
{
    static const enum msg_input answers[] = {IN_ANSWER_ACCEPTED, IN_ANSWER_ACCEPTED,
                                             IN_ANSWER_ACCEPTED, IN_ANSWER_REFUSED,
                                             IN_ANSWER_ACCEPTED};
    struct claimed m[8];
    ck_assert_uint_eq(outreach_claim(o, LATER, 8, m), 6);
    for (int i = 0; i < 6; i++) {
        int person = (int)(m[i].message_id - o->first) + 1;
        if (person == 8) {
            outreach_settle(o->c, &m[i], IN_UNCLAIM);
            continue;
        }
        struct settlement v = outreach_settlement(&m[i], answers[person - 1]);
        v.handed_ms = CONTRACT_NOW + person % 2 * HOUR;
        OK(o->c, store_settle(o->c->store, &v, 1, &o->c->e));
    }
    struct receipt_row r[] = {outreach_receipt(o->first, 1, CLASS_OK),
                              outreach_receipt(o->first + 1, 1, CLASS_NUMBER),
                              outreach_receipt(o->first + 4, 1, CLASS_OK)};
    outreach_apply(o->c, r, 3, NULL);
}

static void measured(struct contract *c, struct outreach *o)
{
    struct response_file f = {.file = "claims.csv", .through = CIVIL_NONE, .imported_by = "clerk"};
    outreach_draft(o, c, "spring", contract_list(c, "spring", 1, 8));
    refuse(c, 4, "fair", CONTRACT_NOW - 1);
    outreach_freeze(o, draw, NULL);
    OK(c, store_wave_approve(c->store, &o->wave, &c->e));
    OK(c, store_campaign_started(c->store, o->campaign.id, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(store_campaign_by_id(c->store, o->campaign.id, &o->campaign, &c->e), 1);
    send(o);
    OK(c, store_response_file_put(c->store, &f, &c->e));
    respond(c, f.id, 1, FROM);
    respond(c, f.id, 2, FROM - 1);
    respond(c, f.id, 3, THROUGH);
    respond(c, f.id, 3, THROUGH - 1); /* twice: one member */
    respond(c, f.id, 5, THROUGH + 1);
    respond(c, f.id, 7, FROM);
    respond(c, f.id, 6, FROM + 3);
    refuse(c, 2, "", LATER);
    refuse(c, 3, "fair", LATER);
    refuse(c, 8, "", CONTRACT_NOW - 1); /* before the campaign began */
}

struct cells {
    int n;
    struct measure_cell v[16];
};

static int see_cell(void *ctx, const struct measure_cell *m)
{
    struct cells *s = ctx;
    ck_assert_int_lt(s->n, 16);
    s->v[s->n++] = *m;
    return 0;
}

struct expected {
    const char *key;
    int64_t members, sent, delivered, claimed, optouts;
};

static void check_cells(struct outreach *o, enum measure_by by, const struct expected *x, int n)
{
    struct cells s = {0};
    OK(o->c, store_measure(o->c->store, &o->campaign, by, FROM, THROUGH, see_cell, &s, &o->c->e));
    ck_assert_int_eq(s.n, n);
    for (int i = 0; i < n; i++) {
        const struct measure_cell *m = &s.v[i];
        ck_assert_str_eq(m->key, x[i].key);
        ck_assert_msg(m->members == x[i].members && m->sent == x[i].sent &&
                          m->delivered == x[i].delivered && m->claimed == x[i].claimed &&
                          m->optouts == x[i].optouts,
                      "%d %s: %lld members, %lld sent, %lld delivered, %lld claimed, %lld refused",
                      by, m->key, (long long)m->members, (long long)m->sent,
                      (long long)m->delivered, (long long)m->claimed, (long long)m->optouts);
    }
}

START_TEST(breakdowns)
{
    static const struct expected variants[] = {{"0", 3, 1, 1, 0, 0}, {"1", 3, 3, 1, 2, 1}};
    static const struct expected regions[] = {{"a", 3, 3, 2, 1, 1}, {"b", 3, 1, 0, 1, 0}};
    static const struct expected levels[] = {{"3", 3, 3, 2, 2, 0}, {"4", 3, 1, 0, 0, 1}};
    struct contract *c = contract_begin();
    struct outreach o;
    measured(c, &o);
    check_cells(&o, BY_VARIANT, variants, 2);
    check_cells(&o, BY_REGION, regions, 2);
    check_cells(&o, BY_LEVEL, levels, 2);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

/* CONTRACT_NOW is 06:13 in China; the message of person 8 never left. */
START_TEST(by_hour)
{
    static const struct expected hours[] = {{"06", 2, 1, 0, 0, 1}, {"07", 3, 3, 2, 2, 0}};
    struct contract *c = contract_begin();
    struct outreach o;
    measured(c, &o);
    check_cells(&o, BY_HOUR, hours, 2);
    contract_end(c);
}
END_TEST

static int see_arm(void *ctx, const struct measure_arm *a)
{
    ((struct measure_arm *)ctx)[a->arm] = *a;
    return 0;
}

START_TEST(arms)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct measure_arm a[5] = {{0}};
    measured(c, &o);
    OK(c, store_measure_arms(c->store, o.campaign.id, FROM, THROUGH, see_arm, a, &c->e));
    ck_assert_int_eq(a[ARM_SEND].members, 5);
    ck_assert_int_eq(a[ARM_SEND].claimed, 2);
    ck_assert_int_eq(a[ARM_SEND].segments, 1 + 2 + 3);
    ck_assert_int_eq(a[ARM_SEND].optouts, 1);
    ck_assert_int_eq(a[ARM_HOLDOUT].members, 1);
    ck_assert_int_eq(a[ARM_HOLDOUT].claimed, 1);
    ck_assert_int_eq(a[ARM_HOLDOUT].segments, 0);
    ck_assert_int_eq(a[ARM_ALWAYS].members, 1);
    ck_assert_int_eq(a[ARM_ALWAYS].claimed, 0);
    ck_assert_int_eq(a[ARM_ALWAYS].segments, 5);
    ck_assert_int_eq(a[ARM_NONE].members, 0);
    contract_end(c);
}
END_TEST

struct exported {
    int n;
    struct export_row v[16];
};

static int see_row(void *ctx, const struct export_row *r)
{
    struct exported *s = ctx;
    ck_assert_int_lt(s->n, 16);
    s->v[s->n++] = *r;
    return 0;
}

START_TEST(export)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct exported s = {0};
    measured(c, &o);
    OK(c, store_export_each(c->store, o.campaign.id, FROM, see_row, &s, &c->e));
    ck_assert_int_eq(s.n, 8);
    for (int i = 1; i < 8; i++)
        ck_assert_int_lt(memcmp(s.v[i - 1].pseudonym, s.v[i].pseudonym, 8), 0);
    const struct export_row *r = &s.v[8 - 3]; /* of person 3 */
    ck_assert_int_eq(r->message_id, o.first + 2);
    ck_assert_int_eq(r->state, MSG_ACCEPTED);
    ck_assert_int_eq(r->handed_ms, CONTRACT_NOW + HOUR);
    ck_assert_int_eq(r->claimed_day, THROUGH - 1); /* the first */
    ck_assert_int_eq(r->attempts, 1);
    ck_assert_int_eq(r->segments, 3);
    ck_assert_str_eq(r->region, "b");
    ck_assert_int_eq(s.v[8 - 8].handed_ms, 0);
    ck_assert_int_eq(s.v[8 - 4].claimed_day, CIVIL_NONE);
    ck_assert_int_eq(s.v[8 - 7].arm, ARM_NONE);
    contract_end(c);
}
END_TEST

/* More cells than any table starts with. */
static void many_regions(void *ctx, const struct candidate *k, struct frozen *f)
{
    (void)ctx;
    snprintf(f->region, sizeof f->region, "region %03d", (int)k->row.person_id % 300);
}

static int count_cell(void *ctx, const struct measure_cell *m)
{
    int *n = ctx;
    char key[32];
    snprintf(key, sizeof key, "region %03d", (*n)++);
    ck_assert_str_eq(m->key, key);
    ck_assert_int_eq(m->members, 2);
    return 0;
}

START_TEST(many_cells)
{
    struct contract *c = contract_begin();
    struct outreach o;
    int n = 0;
    outreach_draft(&o, c, "spring", contract_list(c, "spring", 1, 600));
    outreach_freeze(&o, many_regions, NULL);
    OK(c, store_measure(c->store, &o.campaign, BY_REGION, FROM, THROUGH, count_cell, &n, &c->e));
    ck_assert_int_eq(n, 300);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {breakdowns, by_hour, arms, export, many_cells};
    return contract_main("measure", tests, sizeof tests / sizeof tests[0]);
}
