/*
 * The parts of the dispatcher that need no database and no network: marks through a SIGKILL, answer -> settlement, batches and halving.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "../../src/dispatch/internal.h"

static char dir[] = "/tmp/zc-dispatch-XXXXXX";
static const struct epoch_info epoch = {.tag = 77, .epoch = 5};

/* ---- marks ---- */

static struct marks *open_marks(void)
{
    struct err e = {0};
    struct marks *m = marks_open(dir, &e);

    ck_assert_msg(m != NULL, "%s", e.what);
    return m;
}

START_TEST(marks_survive_sigkill)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct marks *m = open_marks();
        struct settlement v = {.address_id = 9,
                               .input = IN_ANSWER_ACCEPTED,
                               .class = CLASS_OK,
                               .handed_ms = 1000,
                               .settled_ms = 2000,
                               .code = "0",
                               .provider_id = "p-1"};
        marks_reset(m, &epoch);
        int a = marks_take(m), b = marks_take(m), c = marks_take(m), d = marks_take(m);
        marks_handed(m, a, 101, 1, 1000);
        marks_handed(m, b, 102, 3, 1000);
        marks_answered(m, b, &v);
        marks_handed(m, c, 103, 1, 1000);
        marks_free(m, c);
        (void)d; /* taken, never handed over */
        raise(SIGKILL);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert(WIFSIGNALED(status));

    struct marks *m = open_marks();
    struct settlement v;
    ck_assert(marks_valid(m, &epoch));
    ck_assert_int_eq(marks_find(m, 101, 1, &v), MARK_HANDED);
    ck_assert_int_eq(marks_find(m, 101, 2, &v), MARK_NONE); /* another attempt */
    ck_assert_int_eq(marks_find(m, 102, 3, &v), MARK_ANSWERED);
    ck_assert_int_eq(v.message_id, 102);
    ck_assert_int_eq(v.input, IN_ANSWER_ACCEPTED);
    ck_assert_int_eq(v.handed_ms, 1000);
    ck_assert_str_eq(v.provider_id, "p-1");
    ck_assert_int_eq(marks_find(m, 103, 1, &v), MARK_NONE); /* freed: its settlement is durable */
    marks_close(m);
}
END_TEST

START_TEST(marks_of_another_time_are_not_believed)
{
    struct epoch_info other = epoch;
    struct marks *m = open_marks();

    marks_reset(m, &epoch);
    ck_assert(marks_valid(m, &epoch));
    other.epoch++;
    ck_assert(!marks_valid(m, &other));
    other = epoch;
    other.tag++;
    ck_assert(!marks_valid(m, &other));
    marks_close(m);

    /* A reboot: the boot id in the file is another one. */
    char path[64];
    snprintf(path, sizeof path, "%s/marks", dir);
    FILE *f = fopen(path, "r+");
    ck_assert_ptr_nonnull(f);
    fseek(f, 8, SEEK_SET);
    fputc('!', f);
    fclose(f);
    m = open_marks();
    ck_assert(!marks_valid(m, &epoch));
    marks_close(m);
}
END_TEST

START_TEST(marks_run_out_and_come_back)
{
    struct marks *m = open_marks();

    marks_reset(m, &epoch);
    for (int i = 0; i < MARK_SLOTS; i++)
        ck_assert_int_ge(marks_take(m), 0);
    ck_assert_int_eq(marks_take(m), -1);
    marks_free(m, 17);
    ck_assert_int_eq(marks_take(m), 17);
    marks_close(m);
}
END_TEST

/* ---- settlements ---- */

static const struct settle_rules rules = {
    .backoff_base_ms = 1000, .backoff_cap_ms = 60000, .limit_pause_ms = 3600000};

static const struct {
    enum msg_class class;
    int64_t retry_after_ms;
    enum msg_input input;
    enum msg_cause cause;
    int64_t due_ms; /* with chance 0.999...: the full pause, now = 10000, first attempt */
    bool give_back, optout;
} answers[] = {
    {CLASS_OK, 0, IN_ANSWER_ACCEPTED, CAUSE_NONE, 0, false, false},
    {CLASS_RETRY, 0, IN_ANSWER_RETRY, CAUSE_NETWORK, 11000, true, false},
    {CLASS_RETRY, 30000, IN_ANSWER_RETRY, CAUSE_NETWORK, 40000, true, false},
    {CLASS_LIMIT, 0, IN_ANSWER_RETRY, CAUSE_LIMIT, 3610000, true, false},
    {CLASS_LIMIT, 5000, IN_ANSWER_RETRY, CAUSE_LIMIT, 15000, true, false},
    {CLASS_CONFIG, 0, IN_ANSWER_RETRY, CAUSE_CONFIG, 11000, true, false},
    {CLASS_NUMBER, 0, IN_ANSWER_REFUSED, CAUSE_NUMBER, 0, false, false},
    {CLASS_OPTOUT, 0, IN_ANSWER_REFUSED, CAUSE_OPTOUT, 0, false, true},
    {CLASS_CONTENT, 0, IN_ANSWER_REFUSED, CAUSE_CONTENT, 0, false, false},
    {CLASS_UNKNOWN, 0, IN_ANSWER_UNKNOWN, CAUSE_NETWORK, 0, false, false},
};

START_TEST(every_class_settles)
{
    struct job j = {.message_id = 5, .address_id = 6, .attempt = 1, .slot = -1};
    struct gw_result r = {
        .class = answers[_i].class, .retry_after_ms = answers[_i].retry_after_ms, .code = "c"};
    struct settlement v;

    settle_result(&rules, &j, &r, 9000, 10000, 0.9999999, &v);
    ck_assert_int_eq(v.input, answers[_i].input);
    ck_assert_int_eq(v.cause, answers[_i].cause);
    ck_assert_int_le(llabs(v.due_ms - answers[_i].due_ms), 1);
    ck_assert_int_eq(v.give_back_cap, answers[_i].give_back);
    ck_assert_int_eq(v.learn_optout, answers[_i].optout);
    ck_assert_int_eq(v.class, answers[_i].class);
    ck_assert_int_eq(v.handed_ms, 9000);
    ck_assert_str_eq(v.code, "c");
}
END_TEST

START_TEST(what_never_left_goes_back)
{
    /* Whatever the judge says of a gateway that was not reached: it was tried, and the pauses grow. */
    struct job j = {.message_id = 5, .address_id = 6, .slot = -1};
    struct gw_result r = {.class = CLASS_UNKNOWN};
    struct settlement v;

    for (j.attempt = 1; j.attempt < 5; j.attempt++) {
        settle_result(&rules, &j, &r, 0, 10000, 0.0, &v);
        ck_assert_int_eq(v.input, IN_ANSWER_RETRY);
        ck_assert_int_eq(v.class, CLASS_RETRY);
        ck_assert_int_eq(v.handed_ms, 0);
        ck_assert(v.give_back_cap);
        ck_assert_int_ge(v.due_ms, 10000 + (500 << (j.attempt - 1)));
    }
    /* What we held back ourselves is no attempt at all. */
    settle_unclaim(&j, 10000, 12000, &v);
    ck_assert_int_eq(v.input, IN_UNCLAIM);
    ck_assert_int_eq(v.class, 0);
    ck_assert_int_eq(v.due_ms, 12000);
    ck_assert(v.give_back_cap);
}
END_TEST

START_TEST(lane_hears_only_of_itself)
{
    int64_t after;
    struct gw_result bad_number[2] = {{.class = CLASS_NUMBER}, {.class = CLASS_OK}};
    struct gw_result busy[2] = {{.class = CLASS_OK},
                                {.class = CLASS_RETRY, .retry_after_ms = 3000}};
    struct gw_result config[2] = {{.class = CLASS_CONFIG}, {.class = CLASS_CONFIG}};
    struct gw_result unknown[1] = {{.class = CLASS_UNKNOWN}};

    ck_assert_int_eq(settle_lane_event(bad_number, 2, true, &after), PACE_LANE_OK);
    ck_assert_int_eq(settle_lane_event(busy, 2, true, &after), PACE_LANE_SLOW);
    ck_assert_int_eq(after, 3000);
    ck_assert_int_eq(settle_lane_event(config, 2, true, &after), PACE_LANE_STOP);
    ck_assert_int_eq(settle_lane_event(unknown, 1, true, &after), PACE_LANE_FAILED);
    ck_assert_int_eq(settle_lane_event(bad_number, 2, false, &after), PACE_LANE_FAILED);
}
END_TEST

/* ---- batches ---- */

static struct brief brief_a, brief_b;

static void push(struct lane *l, const struct brief *b, int64_t id)
{
    struct job *j = calloc(1, sizeof *j);

    ck_assert_ptr_nonnull(j);
    j->brief = b;
    j->message_id = j->address_id = id;
    j->slot = -1;
    j->payload = (struct payload){.phone = "13800000001",
                                  .text = "text",
                                  .signature = "",
                                  .carrier_template = "",
                                  .carrier_variables = ""};
    lane_push(l, j);
}

static void free_batch(struct job **jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(jobs[i]);
}

/* A gateway whose batches share their text, if `same`. */
static struct gateway *batching(bool same)
{
    char path[] = "/tmp/zc-dispatch-XXXXXX";
    struct conf_gateway settings = {.name = "g", .profile = path};
    struct err e;
    FILE *f = fdopen(mkstemp(path), "w");

    ck_assert_ptr_nonnull(f);
    fprintf(f,
            "language = 1; url = \"http://h\"; limits = { };\n"
            "submit = { batch = { path = \"/m\"; %s body = { to = { each = \"message\"; item = "
            "\"{{phone}}\"; }; }; }; };\nanswer = { code = \"/code\"; };\n",
            same ? "same = [ \"text\" ];" : "");
    fclose(f);
    struct gateway *g = gateway_load(&settings, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    unlink(path);
    return g;
}

START_TEST(batches_hold_what_may_stand_in_one_request)
{
    struct gateway *loose = batching(false), *strict = batching(true);
    struct lane l = {.gateway = loose, .limits = {.batch = 4, .concurrency = 2}};
    struct job *jobs[4];

    push(&l, &brief_a, 1);
    push(&l, &brief_a, 2);
    l.tail->payload.text = "another";
    push(&l, &brief_a, 3);
    l.tail->address_id = 1; /* that number again */
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 2);
    free_batch(jobs, 2);
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 1);
    free_batch(jobs, 1);
    l.gateway = strict;
    push(&l, &brief_a, 1);
    push(&l, &brief_a, 2);
    push(&l, &brief_a, 3);
    l.tail->payload.text = "another";
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 2);
    free_batch(jobs, 2);
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 1);
    free_batch(jobs, 1);
    lane_fini(&l);
    gateway_free(loose);
    gateway_free(strict);
}
END_TEST

START_TEST(batches_hold_one_campaign)
{
    struct gateway *g = batching(false);
    struct lane l = {.gateway = g, .limits = {.batch = 4, .concurrency = 2}};
    struct job *jobs[4];

    push(&l, &brief_a, 1);
    push(&l, &brief_a, 2);
    push(&l, &brief_b, 3);
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 2);
    free_batch(jobs, 2);
    ck_assert_uint_eq(lane_batch(&l, jobs, 4), 1);
    ck_assert_int_eq(jobs[0]->message_id, 3);
    free_batch(jobs, 1);
    lane_fini(&l);
    gateway_free(g);
}
END_TEST

START_TEST(halving_ends_with_the_culprit_alone)
{
    enum { N = 100 };
    struct gateway *g = batching(false);
    struct lane l = {.gateway = g, .limits = {.batch = N, .concurrency = 1}};
    struct job *jobs[N];
    int refused_alone = 0, requests = 0;
    bool delivered[N + 1] = {false};

    for (int i = 1; i <= N; i++)
        push(&l, &brief_a, i);
    for (size_t n; (n = lane_batch(&l, jobs, N)) > 0; requests++) {
        bool culprit = false;
        ck_assert_int_lt(requests, 64);
        for (size_t i = 0; i < n; i++)
            culprit = culprit || jobs[i]->message_id == 37;
        if (culprit && n > 1) {
            lane_halve(&l, jobs, n);
            for (size_t i = 0; i < n; i++)
                lane_push(&l, jobs[i]);
            continue;
        }
        refused_alone += culprit;
        for (size_t i = 0; i < n; i++)
            delivered[jobs[i]->message_id] = !culprit;
        free_batch(jobs, n);
    }
    ck_assert_int_eq(refused_alone, 1);
    for (int i = 1; i <= N; i++)
        ck_assert_int_eq(delivered[i], i != 37);
    lane_fini(&l);
    gateway_free(g);
}
END_TEST

START_TEST(appetite_is_two_windows_or_what_the_rate_allows)
{
    struct lane l = {.limits = {.batch = 1, .concurrency = 32}};

    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 64);
    l.waiting = 64;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 64);
    l.waiting = 65;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 0);
    l.waiting = 0;
    l.limits.rate = 5; /* 5 a second: no more than a claim's half life lets go */
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 5);
    l.waiting = 3;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 0);
    l.waiting = 0;
    l.limits.batch = 100;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 100);
    l.limits.rate = 0;
    l.limits.batch = 20;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 1280);
    l.pace.openings =
        1; /* the breaker lets one request through: what waits behind it would expire */
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 20);
    l.flying = 20;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 0);
    l.flying = 0;
    l.waiting = 1;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 0), 0);
    l.waiting = 0;
    lane_fini(&l);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Where the boot cannot be told from another one, marks are not believed: neither then nor later. */
START_TEST(marks_of_an_unknown_boot)
{
    setenv("ZHANCHI_SABOTAGE", "no-boot-id", 1);
    struct marks *m = open_marks();
    marks_reset(m, &epoch);
    ck_assert(!marks_valid(m, &epoch));
    marks_close(m);
    m = open_marks();
    ck_assert(!marks_valid(m, &epoch));
    marks_close(m);
    unsetenv("ZHANCHI_SABOTAGE");
    m = open_marks();
    ck_assert(!marks_valid(m, &epoch));
    marks_reset(m, &epoch);
    ck_assert(marks_valid(m, &epoch));
    marks_close(m);
}
END_TEST
#endif

/* 6 s an answer, 4 connections: what waits would be given back and claimed again for ever. */
START_TEST(appetite_is_what_a_slow_gateway_lets_go)
{
    struct lane l = {.limits = {.batch = 1, .concurrency = 4}};

    l.flying = 4;
    l.moved_ms = 1000;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 3000),
                      2); /* nothing measured; none has landed for 2 s */
    ck_assert_uint_eq(lane_appetite(&l, 2000, 6000), 0);
    lane_answered(&l, 1000, 7000);
    ck_assert_int_eq(l.latency_ms, 6000);
    ck_assert_uint_eq(lane_appetite(&l, 2000, 7000), 0);
    l.flying = 3; /* what is free may be claimed */
    ck_assert_uint_eq(lane_appetite(&l, 2000, 7000), 1);
    l.waiting = 1;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 7000), 0);
    for (int i = 0; i < 100; i++) /* it has recovered */
        lane_answered(&l, 8000, 8050);
    ck_assert_int_le(l.latency_ms, 60);
    ck_assert_uint_eq(lane_appetite(&l, 2000, 8050), 8);
    l.waiting = 0;
    l.limits.batch = 10; /* whole batches */
    l.latency_ms = 3000;
    l.flying = 40;
    ck_assert_uint_eq(lane_appetite(&l, 2000, 8050), 10);
    lane_answered(&l, 0, 9000); /* never left: says nothing of the gateway */
    ck_assert_int_eq(l.latency_ms, 3000);
    lane_fini(&l);
}
END_TEST

/* A request that was let go waits for its connection: what begins meanwhile holds it back. */
static int64_t at(int32_t day, int hour, int minute)
{
    return civil_at_ms(20000 + day, hour * 60 + minute, 480);
}

static const struct {
    int quiet_from, quiet_to; /* hours */
    bool mail;
    int hour, minute; /* of the hand-over */
    int claimed_ms;   /* before it */
    int day_due, due; /* hour; -1: it leaves, -2: held back, due at once */
} leavings[] = {
    {22, 7, false, 21, 59, 100, 0, -1},
    {22, 7, false, 22, 0, 100, 1, 7},
    {22, 7, false, 6, 59, 100, 0, 7},
    {22, 7, false, 7, 0, 100, 0, 8}, /* then the campaign's window */
    {22, 7, true, 23, 30, 5000, 1, 7},
    {12, 14, false, 12, 0, 100, 0, 14},
    {0, 0, false, 22, 0, 100, 1, 8},
    {0, 0, false, 12, 0, 100, 0, -1},
    {0, 0, false, 12, 0, 2000, 0, -2},
    {0, 0, true, 12, 0, 2000, 0, -1}, /* a mail server may take its time to greet */
    {0, 0, true, 12, 0, 5000, 0, -2},
};

START_TEST(the_last_look_before_a_byte_leaves)
{
    const int64_t now = at(0, leavings[_i].hour, leavings[_i].minute);
    struct lane l = {.limits = {.batch = 1, .connect_timeout_ms = 3000}};
    const struct pace_limits p = {.concurrency = 1,
                                  .quiet_from = leavings[_i].quiet_from * 60,
                                  .quiet_to = leavings[_i].quiet_to * 60,
                                  .zone_min = 480};
    const struct gw_mail how = {0};

    pace_lane_init(&l.pace, &p, now - 10000);
    brief_a.campaign.schedule = (struct pace_schedule){
        .window_from = 480, .window_to = 1320, .zone_min = 480, .not_after_ms = at(9, 0, 0)};
    push(&l, &brief_a, 1);
    struct flight *f = lane_flight(&l);
    f->n = lane_batch(&l, f->jobs, 1);
    f->jobs[0]->claimed_ms = now - leavings[_i].claimed_ms;
    if (leavings[_i].mail)
        f->request.mail = &how;
    bool leaves = lane_may_leave(f, 2000, now);
    ck_assert_int_eq(leaves, leavings[_i].due == -1);
    ck_assert_int_eq(f->held_back, !leaves);
    if (!leaves)
        ck_assert_int_eq(f->due_ms, leavings[_i].due == -2
                                        ? now
                                        : at(leavings[_i].day_due, leavings[_i].due, 0));
    free_batch(f->jobs, f->n);
    lane_land(&l, f);
    lane_fini(&l);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dispatch");
    TCase *t = tcase_create("dispatch");
    SRunner *r = srunner_create(s);

    if (mkdtemp(dir) == NULL)
        return 1;
    tcase_add_test(t, marks_survive_sigkill);
    tcase_add_test(t, marks_of_another_time_are_not_believed);
    tcase_add_test(t, marks_run_out_and_come_back);
    tcase_add_loop_test(t, every_class_settles, 0, (int)(sizeof answers / sizeof answers[0]));
    tcase_add_test(t, what_never_left_goes_back);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_test(t, marks_of_an_unknown_boot);
#endif
    tcase_add_test(t, lane_hears_only_of_itself);
    tcase_add_loop_test(t, the_last_look_before_a_byte_leaves, 0,
                        (int)(sizeof leavings / sizeof leavings[0]));
    tcase_add_test(t, batches_hold_one_campaign);
    tcase_add_test(t, batches_hold_what_may_stand_in_one_request);
    tcase_add_test(t, halving_ends_with_the_culprit_alone);
    tcase_add_test(t, appetite_is_two_windows_or_what_the_rate_allows);
    tcase_add_test(t, appetite_is_what_a_slow_gateway_lets_go);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    char path[64];
    snprintf(path, sizeof path, "%s/marks", dir);
    unlink(path);
    rmdir(dir);
    return failed != 0;
}
