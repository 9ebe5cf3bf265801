/*
 * Messages by gateway of their campaign: claims and depths of one alone, what goes over to another one and what must not, steps,
 * people who are known over a gateway, what is signed.
 */
#include <stdlib.h>
#include "zhanchi/civil.h"
#include "zhanchi/store_approval.h"
#include "zhanchi/store_route.h"
#include "outreach.h"

#define LATER (CONTRACT_NOW + 1000)
#define N 12

/* ---- a campaign over gateways a, b and c ---- */

struct plan {
    int route[N];
    unsigned carriers[N];
    int64_t due_ms[N];
    int at;
};

static void lay(void *ctx, const struct candidate *k, struct frozen *f)
{
    struct plan *p = ctx;
    (void)k;
    f->route = p->route[p->at];
    f->carriers = p->carriers[p->at];
    if (p->due_ms[p->at])
        f->due_ms = p->due_ms[p->at];
    p->at++;
}

static struct plan all_on_a(void)
{
    struct plan p = {0};
    for (int i = 0; i < N; i++)
        p.carriers[i] = 7;
    return p;
}

static void draft(struct outreach *o, struct contract *c, const char *name, int64_t list_id)
{
    static const char *const names[] = {"a", "b", "c"};
    char other[64];
    snprintf(other, sizeof other, "%s-0", name);
    outreach_draft(o, c, other, list_id);
    struct campaign_info *k = &o->campaign;
    snprintf(k->name, sizeof k->name, "%s", name);
    k->n_gateways = 3;
    for (int i = 0; i < 3; i++)
        snprintf(k->gateways[i], sizeof k->gateways[i], "%s", names[i]);
    strcpy(k->routing, "a:3\tb:1\tc:1");
    k->failover = true;
    OK(c, store_campaign_create(c->store, k, &c->e));
}

static void run(struct outreach *o, struct contract *c, const char *name, int64_t list_id,
                struct plan p)
{
    draft(o, c, name, list_id);
    outreach_freeze(o, lay, &p);
    o->wave.approved_at = CONTRACT_NOW;
    snprintf(o->wave.approved_by, sizeof o->wave.approved_by, "checker");
    approval_sign(c->keys, &o->campaign, &o->wave, o->wave.approval);
    OK(c, store_wave_approve(c->store, &o->wave, &c->e));
    OK(c, store_campaign_started(c->store, o->campaign.id, CONTRACT_NOW, &c->e));
    ck_assert_int_eq(store_wave_of(c->store, o->campaign.id, &o->wave, &c->e), 1);
}

static size_t claim(struct outreach *o, int route, size_t limit, struct claimed *out)
{
    struct claim_query q = outreach_query(o, LATER, limit);
    struct claim_stats stats = {0};
    OK(o->c, store_gateway_id(o->c->store, o->campaign.gateways[route], &q.gateway_id, &o->c->e));
    q.route = route;
    return outreach_claim_query(o->c, &q, out, &stats);
}

/* To the end of the queue; how many looks it took. */
static int go_over(struct outreach *o, int from, const int *to, int n_to, size_t look_max,
                   int64_t moved[ROUTE_GATEWAYS])
{
    struct failover_query q = {.campaign_id = o->campaign.id,
                               .from = from,
                               .n_to = n_to,
                               .now_ms = LATER,
                               .look_max = look_max};
    struct failover_place place = {0};
    int looks = 0;
    memcpy(q.to, to, (size_t)n_to * sizeof *to);
    memset(moved, 0, ROUTE_GATEWAYS * sizeof *moved);
    do {
        OK(o->c, store_failover(o->c->store, &q, &place, moved, &o->c->e));
        ck_assert_int_lt(++looks, 100);
    } while (!place.ended);
    return looks;
}

static int route_of(struct outreach *o, int i)
{
    return outreach_message(o->c, o->first + i).route;
}

static int64_t depth(struct outreach *o, int route)
{
    int64_t due = -1, later = -1, next = -1;
    OK(o->c, store_route_depth(o->c->store, o->campaign.id, route, LATER, INT64_MAX, &due, &later,
                               &next, &o->c->e));
    return due;
}

static const int to_b[] = {1}, to_bc[] = {1, 2};

/* ---- claims ---- */

START_TEST(a_claim_takes_what_waits_for_its_gateway)
{
    struct contract *c = contract_begin();
    struct plan p = all_on_a();
    struct outreach o;
    struct claimed m[N];
    int64_t due, later, next;

    for (int i = 0; i < N; i++)
        p.route[i] = i % 3;
    p.due_ms[11] = LATER + 5000; /* of c */
    run(&o, c, "spring", contract_list(c, "l", 1, N), p);
    for (int g = 0; g < 3; g++)
        ck_assert_int_eq(depth(&o, g), g == 2 ? 3 : 4);
    OK(c,
       store_route_depth(c->store, o.campaign.id, 2, LATER, INT64_MAX, &due, &later, &next, &c->e));
    ck_assert_int_eq(later, 1);
    ck_assert_int_eq(next, LATER + 5000);
    OK(c, store_queue_depth(c->store, o.campaign.id, LATER, INT64_MAX, &due, &later, &next, &c->e));
    ck_assert_int_eq(due, 11);
    ck_assert_int_eq(later, 1);
    ck_assert_int_eq(next, LATER + 5000);
    OK(c, store_queue_depth(c->store, o.campaign.id, LATER, 6, &due, &later, &next, &c->e));
    ck_assert_int_eq(due, 6);
    ck_assert_uint_eq(claim(&o, 1, N, m), 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(m[i].message_id, o.first + 1 + 3 * i);
        ck_assert_int_eq(outreach_message(c, m[i].message_id).route, 1);
    }
    ck_assert_uint_eq(claim(&o, 1, N, m), 0);
    ck_assert_uint_eq(claim(&o, 2, N, m), 3);
    ck_assert_uint_eq(claim(&o, 0, N, m), 4);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

static int same_gateway(void *ctx, const struct attempt_info *a)
{
    ck_assert_str_eq(a->gateway, ctx);
    return 0;
}

START_TEST(an_attempt_says_over_which)
{
    struct contract *c = contract_begin();
    struct plan p = all_on_a();
    struct outreach o;
    struct claimed m[N];

    p.route[3] = 2;
    run(&o, c, "spring", contract_list(c, "l", 1, N), p);
    ck_assert_uint_eq(claim(&o, 2, N, m), 1);
    OK(c, store_attempts_each(c->store, o.first + 3, same_gateway, (char[]){"c"}, &c->e));
    contract_end(c);
}
END_TEST

/* ---- what goes over ---- */

START_TEST(what_waits_goes_to_the_first_that_can)
{
    struct contract *c = contract_begin();
    struct plan p = all_on_a();
    struct outreach o;
    int64_t moved[ROUTE_GATEWAYS];

    p.carriers[1] = 1;            /* a alone */
    p.carriers[2] = 5;            /* a and c */
    p.route[3] = 1;               /* not of a */
    p.due_ms[4] = LATER + 100000; /* not due */
    run(&o, c, "spring", contract_list(c, "l", 1, N), p);
    ck_assert_int_eq(go_over(&o, 0, to_bc, 2, 100, moved), 1);
    ck_assert_int_eq(moved[0], 0);
    ck_assert_int_eq(moved[1], N - 4);
    ck_assert_int_eq(moved[2], 1);
    for (int i = 0; i < N; i++) {
        struct message_info m = outreach_message(c, o.first + i);
        ck_assert_int_eq(m.route, i == 1 || i == 4 ? 0 : i == 2 ? 2 : 1);
        ck_assert_int_eq(m.state, MSG_QUEUED);
    }
    go_over(&o, 0, to_bc, 2, 100, moved);
    ck_assert_int_eq(moved[1] + moved[2], 0);
    /* and back: carriers are what they were */
    static const int to_a[] = {0};
    go_over(&o, 1, to_a, 1, 100, moved);
    ck_assert_int_eq(moved[0], N - 3);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

static void settle_class(struct contract *c, const struct claimed *m, enum msg_input in,
                         enum msg_class class)
{
    struct settlement v = outreach_settlement(m, in);
    v.class = class;
    v.due_ms = CONTRACT_NOW;
    OK(c, store_settle(c->store, &v, 1, &c->e));
}

struct loads {
    int64_t handed[3], waiting[3]; /* of a, b and c */
};

static int take_load(void *ctx, const struct gateway_load *l)
{
    struct loads *all = ctx;
    if (strlen(l->name) == 1 && l->name[0] >= 'a' && l->name[0] <= 'c') {
        all->handed[l->name[0] - 'a'] = l->handed;
        all->waiting[l->name[0] - 'a'] = l->waiting;
    }
    return 0;
}

START_TEST(what_each_has_to_do)
{
    struct contract *c = contract_begin();
    struct plan p = all_on_a();
    struct outreach o;
    struct claimed m[N];
    struct loads l = {0};

    for (int i = 0; i < N; i++)
        p.route[i] = i % 3 == 0 ? 0 : 1;
    run(&o, c, "spring", contract_list(c, "l", 1, N), p);
    ck_assert_uint_eq(claim(&o, 0, 3, m), 3);
    settle_class(c, &m[0], IN_ANSWER_ACCEPTED, CLASS_OK);
    settle_class(c, &m[1], IN_ANSWER_RETRY, CLASS_RETRY);
    settle_class(c, &m[2], IN_ANSWER_ACCEPTED, CLASS_OK);
    OK(c, store_gateway_loads(c->store, 0, take_load, &l, &c->e));
    ck_assert_int_eq(l.handed[0], 3);
    ck_assert_int_eq(l.handed[1], 0);
    ck_assert_int_eq(l.waiting[0], 2); /* the fourth, and the one that goes again */
    ck_assert_int_eq(l.waiting[1], 8);
    ck_assert_int_eq(l.waiting[2], 0);
    OK(c, store_gateway_loads(c->store, INT64_MAX, take_load, &l, &c->e));
    ck_assert_int_eq(l.handed[0], 0);
    contract_end(c);
}
END_TEST

static enum mark_finding nothing_left(void *ctx, int64_t id, int32_t attempt, struct settlement *v)
{
    (void)ctx;
    (void)id;
    (void)attempt;
    (void)v;
    return MARK_NONE;
}

/* Every way into the queue, and which of them may leave by another gateway. */
START_TEST(only_what_no_gateway_may_have_taken)
{
    struct contract *c = contract_begin();
    struct outreach o;
    struct claimed m[N];
    int64_t moved[ROUTE_GATEWAYS], counts[3] = {0};

    run(&o, c, "spring", contract_list(c, "l", 1, N), all_on_a());
    ck_assert_uint_eq(claim(&o, 0, 11, m), 11); /* the last one is never claimed */
    settle_class(c, &m[0], IN_ANSWER_RETRY, CLASS_RETRY);
    settle_class(c, &m[1], IN_ANSWER_RETRY, CLASS_CONFIG);
    settle_class(c, &m[2], IN_ANSWER_RETRY, CLASS_LIMIT);
    outreach_settle(c, &m[3], IN_UNCLAIM);
    settle_class(c, &m[4], IN_ANSWER_UNKNOWN, CLASS_UNKNOWN); /* and a person sends it again */
    settle_class(c, &m[5], IN_ANSWER_UNKNOWN, CLASS_UNKNOWN); /* stays unknown */
    settle_class(c, &m[6], IN_ANSWER_REFUSED, CLASS_NUMBER);
    settle_class(c, &m[7], IN_ANSWER_REFUSED, CLASS_CONTENT);
    settle_class(c, &m[8], IN_ANSWER_ACCEPTED, CLASS_OK);
    /* m[9] is on the wire; m[10] was when its dispatcher died, and nothing had left */
    outreach_settle(c, &m[9], IN_UNCLAIM);
    OK(c, store_recover(c->store, LATER, nothing_left, NULL, counts, &c->e));
    ck_assert_int_eq(counts[0], 1);
    ck_assert_uint_eq(claim(&o, 0, 1, m + 11), 1); /* one is `sending` now */
    int64_t sending = m[11].message_id;
    ck_assert_int_eq(store_resolve_chunk(c->store, o.campaign.id, true, CONTRACT_NOW, 1, &c->e), 1);
    go_over(&o, 0, to_b, 1, 100, moved);
    for (int i = 0; i < N; i++) {
        int64_t id = o.first + i;
        struct message_info k = outreach_message(c, id);
        bool free = id != sending && k.state == MSG_QUEUED && k.cause != CAUSE_PERSON;
        ck_assert_msg(k.route == (free ? 1 : 0), "message %d is %s, route %d", i,
                      message_state_name(k.state), k.route);
    }
    ck_assert_int_eq(
        moved[1],
        6); /* m[0], [1], [2], [3], [9], [10] or the last, but for the one that is sending */
    /* The one that a person sends again stays for ever, also after it was refused. */
    ck_assert_uint_eq(claim(&o, 0, 1, m), 1);
    ck_assert_int_eq(m[0].attempt, 2);
    settle_class(c, &m[0], IN_ANSWER_RETRY, CLASS_CONFIG);
    go_over(&o, 0, to_b, 1, 100, moved);
    ck_assert_int_eq(moved[1], 0);
    outreach_check(c, o.campaign.id);
    contract_end(c);
}
END_TEST

START_TEST(steps_look_at_each_once)
{
    struct contract *c = contract_begin();
    struct plan p = all_on_a();
    struct outreach o;
    int64_t moved[ROUTE_GATEWAYS];

    for (int i = 0; i < N; i++) {
        p.carriers[i] = i % 4 == 3 ? 3 : 1; /* most stay: a step must get past them */
        p.due_ms[i] = CONTRACT_NOW + (i < 8 ? 0 : i);
    }
    run(&o, c, "spring", contract_list(c, "l", 1, N), p);
    ck_assert_int_eq(go_over(&o, 0, to_b, 1, 2, moved),
                     7); /* 12 in twos, and one that finds the end */
    ck_assert_int_eq(moved[1], 3);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(route_of(&o, i), i % 4 == 3);
    contract_end(c);
}
END_TEST

static int sum(void *ctx, int from, int to, int64_t n)
{
    int64_t(*out)[ROUTE_GATEWAYS] = ctx;
    out[from][to] += n;
    return 0;
}

START_TEST(moves_are_counted_and_rolled_back)
{
    struct contract *c = contract_begin();
    struct outreach o;
    int64_t moved[ROUTE_GATEWAYS], n[ROUTE_GATEWAYS][ROUTE_GATEWAYS] = {0};
    static const int to_c[] = {2};

    run(&o, c, "spring", contract_list(c, "l", 1, N), all_on_a());
    OK(c, store_begin(c->store, &c->e));
    go_over(&o, 0, to_b, 1, 100, moved);
    store_rollback(c->store);
    ck_assert_int_eq(depth(&o, 0), N);
    go_over(&o, 0, to_b, 1, 5, moved);
    go_over(&o, 1, to_c, 1, 5, moved);
    contract_reopen(c);
    OK(c, store_failovers_each(c->store, o.campaign.id, sum, n, &c->e));
    ck_assert_int_eq(n[0][1], N);
    ck_assert_int_eq(n[1][2], N);
    ck_assert_int_eq(n[0][2], 0);
    ck_assert_int_eq(depth(&o, 2), N);
    contract_end(c);
}
END_TEST

/* ---- beside waves ---- */

static int check_one(void *ctx, const struct wave_gateway *g)
{
    int *n = ctx;
    ck_assert_int_eq(g->no, *n);
    ck_assert_int_eq(g->messages, 10 + *n);
    ck_assert_int_eq(g->segments, 20 + *n);
    ck_assert_int_eq(g->cost_microyuan, 30 + *n);
    ck_assert_int_eq(g->finish_ms, *n == 1 ? -1 : CONTRACT_NOW);
    (*n)++;
    return 0;
}

START_TEST(what_a_submit_made_of_each)
{
    struct contract *c = contract_begin();
    struct wave_gateway g[3];
    struct outreach o;
    int n = 0;

    run(&o, c, "spring", contract_list(c, "l", 1, N), all_on_a());
    OK(c, store_wave_gateways_each(c->store, o.wave.id, check_one, &n, &c->e));
    ck_assert_int_eq(n, 0);
    for (int i = 0; i < 3; i++)
        g[i] = (struct wave_gateway){i, 10 + i, 20 + i, 30 + i, i == 1 ? -1 : CONTRACT_NOW};
    OK(c, store_wave_gateways_put(c->store, o.wave.id, g, 3, &c->e));
    OK(c, store_wave_gateways_each(c->store, o.wave.id, check_one, &n, &c->e));
    ck_assert_int_eq(n, 3);
    contract_end(c);
}
END_TEST

START_TEST(a_campaign_keeps_its_gateways)
{
    struct contract *c = contract_begin();
    struct outreach o, one;
    struct campaign_info k;
    int64_t list_id = contract_list(c, "l", 1, 2);

    draft(&o, c, "spring", list_id);
    ck_assert_int_eq(store_campaign_find(c->store, "spring", &k, &c->e), 1);
    ck_assert_int_eq(k.n_gateways, 3);
    ck_assert_str_eq(k.gateway, "a");
    ck_assert_str_eq(k.gateways[2], "c");
    ck_assert_str_eq(k.routing, "a:3\tb:1\tc:1");
    ck_assert(k.failover);
    outreach_draft(&one, c, "one", list_id);
    ck_assert_int_eq(store_campaign_find(c->store, "one", &k, &c->e), 1);
    ck_assert_int_eq(k.n_gateways, 1);
    ck_assert_str_eq(k.gateways[0], "12333");
    ck_assert_str_eq(k.routing, "");
    ck_assert(!k.failover);
    contract_end(c);
}
END_TEST

/* ---- who is known over which ---- */

struct known {
    int64_t id[N + 1]; /* by person, from 1 */
    int at;
};

static int take_known(void *ctx, const struct candidate *k)
{
    struct known *n = ctx;
    n->id[n->at++] = k->known_gateway_id;
    return 0;
}

static struct known find_known(struct outreach *o, int32_t today)
{
    struct known n = {0};
    int64_t last = 0;
    OK(o->c,
       store_candidates(o->c->store, &o->campaign, today, 0, 100, take_known, &n, &last, &o->c->e));
    ck_assert_int_eq(n.at, N);
    return n;
}

START_TEST(known_over_the_first)
{
    struct contract *c = contract_begin();
    int64_t list_id = contract_list(c, "l", 1, N), a, b;
    struct plan p = all_on_a();
    struct outreach first, next, one;
    struct claimed m[N];

    for (int i = 0; i < N; i++)
        p.route[i] = i < 6 ? 1 : 0;
    run(&first, c, "first", list_id, p);
    OK(c, store_gateway_id(c->store, "a", &a, &c->e));
    OK(c, store_gateway_id(c->store, "b", &b, &c->e));
    ck_assert_uint_eq(claim(&first, 1, N, m), 6);
    settle_class(c, &m[0], IN_ANSWER_ACCEPTED, CLASS_OK);
    settle_class(c, &m[1], IN_ANSWER_UNKNOWN, CLASS_UNKNOWN);
    settle_class(c, &m[2], IN_ANSWER_REFUSED, CLASS_NUMBER);
    settle_class(c, &m[3], IN_ANSWER_RETRY, CLASS_CONFIG);
    outreach_settle(c, &m[4], IN_UNCLAIM); /* m[5] is on the wire */
    ck_assert_uint_eq(claim(&first, 0, 1, m), 1);
    settle_class(c, &m[0], IN_ANSWER_ACCEPTED, CLASS_OK);
    draft(&next, c, "next", list_id);
    struct known n = find_known(&next, OUTREACH_TODAY);
    for (int i = 0; i < N; i++)
        ck_assert_msg(n.id[i] == (i < 2    ? b
                                  : i == 6 ? a
                                           : 0),
                      "person %d: %lld", i, (long long)n.id[i]);
    /* As long as the campaign runs; of what is over, for three days. */
    ck_assert_int_eq(find_known(&next, OUTREACH_TODAY + 30).id[0], b);
    OK(c, store_campaign_move(c->store, first.campaign.id, CAMPAIGN_RUNNING, CAMPAIGN_CANCELLED, "",
                              &c->e));
    ck_assert_int_eq(find_known(&next, OUTREACH_TODAY + 3).id[0], b);
    ck_assert_int_eq(find_known(&next, OUTREACH_TODAY + 4).id[0], 0);
    /* Another topic, and a campaign that has no choice. */
    strcpy(next.campaign.topic, "fair");
    ck_assert_int_eq(find_known(&next, OUTREACH_TODAY).id[0], 0);
    outreach_draft(&one, c, "one", list_id);
    ck_assert_int_eq(find_known(&one, OUTREACH_TODAY).id[0], 0);
    contract_end(c);
}
END_TEST

/* ---- what is signed ---- */

START_TEST(gateways_rules_and_failover_are_signed)
{
    struct contract *c = contract_begin();
    struct outreach o;
    uint8_t digest[32];

    run(&o, c, "spring", contract_list(c, "l", 1, N), all_on_a());
    struct campaign_info *k = &o.campaign, was;
    ck_assert_int_eq(store_campaign_by_id(c->store, k->id, k, &c->e), 1);
    was = *k;
    OK(c, approval_check(c->keys, k, &o.wave, outreach_gateway_digest, &c->e));
#define SEEN(change)                                                                               \
    do {                                                                                           \
        change;                                                                                    \
        FAILS(c, ERR_PERM, approval_check(c->keys, k, &o.wave, outreach_gateway_digest, &c->e));   \
        OK(c, approval_digest(c->store, c->keys, k, &o.wave, outreach_gateway_digest, digest,      \
                              &c->e));                                                             \
        ck_assert_msg(memcmp(digest, o.wave.digest, 32) != 0, "%s", #change);                      \
        *k = was;                                                                                  \
    } while (0)
    SEEN(k->failover = false);
    SEEN(k->shared = SHARED_FIRST);
    SEEN(strcpy(k->gateways[2], "d"));
    SEEN(k->n_gateways = 2);
    SEEN(strcpy(k->routing, "a:1\tb:1\tc:1"));
    SEEN(k->routing[0] = '\0');
#undef SEEN
    contract_end(c);
}
END_TEST

START_TEST(digests_of_all_in_order)
{
    uint8_t d[3][32] = {{1}, {2}, {3}}, all[32], other[32];

    approval_gateways((const uint8_t(*)[32])d, 1, all);
    ck_assert_mem_eq(all, d[0], 32); /* as campaigns of one gateway were signed ever since */
    approval_gateways((const uint8_t(*)[32])d, 3, all);
    for (int i = 0; i < 3; i++) {
        d[i][31] ^= 1;
        approval_gateways((const uint8_t(*)[32])d, 3, other);
        ck_assert_mem_ne(all, other, 32);
        d[i][31] ^= 1;
    }
    approval_gateways((const uint8_t(*)[32])d, 2, other);
    ck_assert_mem_ne(all, other, 32);
}
END_TEST

START_TEST(a_payload_knows_its_gateway)
{
    struct payload p = {.phone = "1",
                        .text = "t",
                        .signature = "s",
                        .carrier_template = "",
                        .carrier_variables = ""};
    struct payload q;
    struct buf out;
    struct err e;

    buf_init(&out, 100);
    ck_assert_int_eq(payload_pack(&p, &out), 0);
    ck_assert_int_eq(out.data[0], 1); /* as ever */
    ck_assert_int_eq(payload_unpack(out.data, out.len, &q, &e), 0);
    ck_assert(payload_may_go(&q, 0, false) && payload_may_go(&q, 0, true));
    ck_assert(!payload_may_go(&q, 1, true));
    p.route = 7;
    p.carriers = 0x81;
    buf_reset(&out);
    ck_assert_int_eq(payload_pack(&p, &out), 0);
    ck_assert_int_eq(payload_unpack(out.data, out.len, &q, &e), 0);
    ck_assert_int_eq(q.route, 7);
    ck_assert_uint_eq(q.carriers, 0x81);
    ck_assert_str_eq(q.text, "t");
    ck_assert(payload_may_go(&q, 7, false));
    ck_assert(!payload_may_go(&q, 0, false));
    ck_assert(payload_may_go(&q, 0, true));
    ck_assert(!payload_may_go(&q, 3, true));
    for (size_t n = 0; n < out.len; n++)
        ck_assert_int_eq(payload_unpack(out.data, n, &q, &e), -1);
    buf_fini(&out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_claim_takes_what_waits_for_its_gateway,
                                  an_attempt_says_over_which,
                                  what_waits_goes_to_the_first_that_can,
                                  only_what_no_gateway_may_have_taken,
                                  steps_look_at_each_once,
                                  moves_are_counted_and_rolled_back,
                                  what_a_submit_made_of_each,
                                  what_each_has_to_do,
                                  a_campaign_keeps_its_gateways,
                                  known_over_the_first,
                                  gateways_rules_and_failover_are_signed,
                                  digests_of_all_in_order,
                                  a_payload_knows_its_gateway};

    return contract_main("store: gateways", tests, sizeof tests / sizeof tests[0]);
}
