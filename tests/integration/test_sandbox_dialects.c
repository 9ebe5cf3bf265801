/*
 * Every profile of zhanchi-sandbox, one after another, spoken to by clients of this test's own (speakers.c): what is taken, what is refused with
 * which word, which receipts and replies come, and that the faults work in each dialect. What only one provider does is in test_sandbox_quirks.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "speakers.h"

#define NOW " --receipt-delay 0 --receipt-jitter 0 --reply-delay 1 "

static const struct letter plain = {.numbers = "13800000001", .text = "补贴2000元", .ref = "Z-1"};

static void expect(const char *text, const char *mark)
{
    ck_assert_msg(strstr(text, mark) != NULL, "no %s in: %s", mark, text);
}

/* What a callback says, and whether it is a reply. */
static const char *said(const struct far_call *c)
{
    return strcmp(c->method, "GET") == 0 ? c->query : c->body;
}

/* The first callback of a kind that holds a mark; waits for it. */
static const char *wait_for(const char *path, const char *mark)
{
    for (;;) {
        for (size_t i = 0; i < office_calls(); i++)
            if (strstr(office_call(i)->path, path) && strstr(said(office_call(i)), mark))
                return said(office_call(i));
        usleep(2000);
    }
}

static void speak(const struct speaker *s, const struct letter *l, const char *mark)
{
    struct far_answer a;

    s->say(l, &a);
    expect(a.body, mark);
}

START_TEST(taken)
{
    const struct speaker *s = &speakers[_i];
    struct far_answer a;

    far_start(s->profile, "", false);
    s->say(&plain, &a);
    expect(a.body, s->good);
    ck_assert_uint_eq(far_ledger_lines(), 1);
    ck_assert_str_eq(far_ledger(0, 2), s->no_ref ? "-" : "Z-1");
    ck_assert_str_eq(far_ledger(0, 3), "13800000001");
    expect(far_ledger(0, 6), "补贴2000元");
    expect(a.body, text_of("%s%s", s->id, far_ledger(0, 1)));
    far_stop();
}
END_TEST

/* A restart goes on behind the ids that are there, however a provider writes them. */
START_TEST(ids_go_on)
{
    const struct speaker *s = &speakers[_i];

    for (int i = 0; i < 2; i++) {
        far_start(s->profile, "", false);
        speak(s, &plain, s->good);
        far_stop();
    }
    ck_assert_uint_eq(far_ledger_lines(), 2);
    const char *first = text_of("%s", far_ledger(0, 1));
    ck_assert_str_ne(first, far_ledger(1, 1));
}
END_TEST

START_TEST(forged)
{
    const struct speaker *s = &speakers[_i];
    struct letter l = plain;

    l.forged = true;
    far_start(s->profile, "", false);
    speak(s, &l, s->forged);
    ck_assert_uint_eq(far_ledger_lines(), 0);
    far_stop();
}
END_TEST

START_TEST(clocks_and_nonces)
{
    const struct speaker *s = &speakers[_i];
    struct letter l = plain;
    struct far_answer a;

    far_start(s->profile, "", false);
    l.skew_ms = -25 * 3600000;
    s->say(&l, &a);
    ck_assert_int_eq(strstr(a.body, s->good) == NULL, s->clock);
    l.skew_ms = strcmp(s->profile, "tencent") == 0 ? 240000 : 800000;
    speak(s, &l, s->good);
    l.skew_ms = strcmp(s->profile, "tencent") == 0 ? 360000 : 960000;
    s->say(&l, &a);
    ck_assert_int_eq(strstr(a.body, s->good) == NULL,
                     s->clock && strcmp(s->profile, "huawei") != 0);
    l.skew_ms = 0;
    l.nonce = "one-and-the-same-nonce";
    speak(s, &l, s->good);
    s->say(&l, &a);
    ck_assert_int_eq(strstr(a.body, "SignatureNonceUsed") != NULL, s->nonce);
    far_stop();
}
END_TEST

START_TEST(failures)
{
    const struct speaker *s = &speakers[_i];

    for (const struct failure *f = s->failures; f->args; f++) {
        struct letter l = plain;
        bool cap = strcmp(f->numbers, "cap") == 0;
        l.numbers = cap ? plain.numbers : f->numbers;
        l.text = f->text;
        office_answers(200, s->ack, 0);
        far_start(s->profile, text_of(NOW "%s", f->args), true);
        if (cap)
            speak(s, &l, s->good);
        speak(s, &l, f->answer);
        if (f->receipt)
            wait_for("/receipt", f->receipt);
        else if (!strstr(f->answer, s->good))
            ck_assert_uint_eq(far_ledger_lines(), cap);
        far_stop();
        far_clean();
    }
}
END_TEST

START_TEST(receipts)
{
    const struct speaker *s = &speakers[_i];

    office_answers(200, s->ack, 0);
    far_start(s->profile, NOW, true);
    speak(s, &plain, s->good);
    const char *receipt = wait_for("/receipt", s->delivered);
    for (size_t i = 0; s->receipt[i]; i++)
        expect(receipt, s->receipt[i]);
    size_t calls = office_calls();
    usleep(100000); /* it was acknowledged: no second time */
    ck_assert_uint_eq(office_calls(), calls);
    if (strcmp(s->profile, "twilio") != 0)
        ck_assert_uint_eq(calls, 1);
    far_stop();
}
END_TEST

/* Not acknowledged: again, after the pauses of --retry, then dropped. */
START_TEST(retries)
{
    const struct speaker *s = &speakers[_i];

    office_answers(500, "", 0);
    far_start(s->profile, NOW "--retry 20,20", true);
    speak(s, &plain, s->good);
    office_wait(3);
    usleep(150000);
    ck_assert_uint_eq(office_calls(), strcmp(s->profile, "twilio") == 0 ? 9 : 3);
    far_stop();
}
END_TEST

START_TEST(refusals)
{
    const struct speaker *s = &speakers[_i];
    const struct failure *black = s->failures;

    while (strncmp(black->args, "--black", 7) != 0)
        black++;
    office_answers(200, s->ack, 0);
    far_start(s->profile, NOW "--refuse 13800000001", true);
    speak(s, &plain, s->good);
    const char *reply = wait_for("/reply", s->reply[0]);
    for (size_t i = 0; s->reply[i]; i++)
        expect(reply, s->reply[i]);
    expect(reply, "13800000001");
    speak(s, &plain, black->answer); /* the platform has put the number on its list */
    if (black->receipt)
        wait_for("/receipt", black->receipt);
    else
        ck_assert_uint_eq(far_ledger_lines(), 1);
    far_stop();
}
END_TEST

/* A fault before the taking leaves no line in the ledger, one after it leaves one; what is left of the answer is not what is good. */
START_TEST(faults)
{
    static const struct {
        const char *args;
        size_t taken;
        bool partly; /* the beginning of the good answer comes */
    } rows[] = {{"--error-before 1", 0, false},
                {"--reset-fresh-before 1", 0, false},
                {"--never-before 1 --never 100", 0, false},
                {"--error-after 1", 1, false},
                {"--garbage 1", 1, false},
                {"--reset-fresh-after 1", 1, false},
                {"--never-after 1 --never 100", 1, false},
                {"--truncated 1", 1, true},
                {"--cut 1", 1, true},
                {"--latency 20 --jitter 20 --rate 1", 1, true}};
    const struct speaker *s = &speakers[_i];
    struct far_answer a;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        far_start(s->profile, rows[i].args, false);
        s->say(&plain, &a);
        if (!rows[i].partly)
            ck_assert_msg(strstr(a.body, s->good) == NULL, "%s: %s", rows[i].args, a.body);
        ck_assert_uint_eq(far_ledger_lines(), rows[i].taken);
        far_stop();
        far_clean();
    }
}
END_TEST

START_TEST(receipts_lost_doubled_early)
{
    const struct speaker *s = &speakers[_i];
    size_t one = strcmp(s->profile, "twilio") == 0 ? 3 : 1;

    office_answers(200, s->ack, 0);
    far_start(s->profile, NOW "--receipt-duplicate 1 --receipt-batch 1", true);
    speak(s, &plain, s->good);
    office_wait(one + 1);
    far_stop();
    far_clean();
    far_start(s->profile, NOW "--receipt-lost 1", true);
    speak(s, &plain, s->good);
    usleep(50000);
    ck_assert_uint_eq(office_calls(), 0);
    far_stop();
    far_clean();
    far_start(s->profile, "--receipt-delay 60000 --receipt-early 1", true);
    office_answers(200, s->ack, 0);
    speak(s, &plain, s->good);
    office_wait(1);
    far_stop();
}
END_TEST

/* Not every request is a good one. */
START_TEST(nonsense)
{
    static const char *const targets[] = {"/",
                                          "/?Action=SendSms&%",
                                          "/sms/norsubmit",
                                          "/sms/v2/std/multi_send",
                                          "/msg/variable/json",
                                          "/v2/sms/multi_send.json",
                                          "/nowhere",
                                          "/sms/batchSendDiffSms/v1"};
    static const char *const bodies[] = {"",     "{",          "{}",       "[]",
                                         "\"\"", "a=%zz&=&&b", "\"e30=\"", "\xff\xfe"};
    const struct speaker *s = &speakers[_i];
    struct far_answer a;

    far_start(s->profile, "", false);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
            far_http(
                "POST", targets[i],
                "Content-Type: application/json\r\nAuthorization: x\r\nX-TC-Action: SendSms\r\n"
                "X-WSSE: UsernameToken \r\nx-acs-action: SendSms\r\n",
                bodies[k], &a);
            ck_assert_int_ne(a.status, 0);
            ck_assert_ptr_null(strstr(a.body, s->good));
        }
    speak(s, &plain, s->good);
    ck_assert_uint_eq(far_ledger_lines(), 1);
    far_stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox_dialects");
    TCase *t = tcase_create("dialects");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, NULL, far_clean);
    tcase_add_loop_test(t, taken, 0, n_speakers);
    tcase_add_loop_test(t, ids_go_on, 0, n_speakers);
    tcase_add_loop_test(t, forged, 0, n_speakers);
    tcase_add_loop_test(t, clocks_and_nonces, 0, n_speakers);
    tcase_add_loop_test(t, failures, 0, n_speakers);
    tcase_add_loop_test(t, receipts, 0, n_speakers);
    tcase_add_loop_test(t, retries, 0, n_speakers);
    tcase_add_loop_test(t, refusals, 0, n_speakers);
    tcase_add_loop_test(t, faults, 0, n_speakers);
    tcase_add_loop_test(t, receipts_lost_doubled_early, 0, n_speakers);
    tcase_add_loop_test(t, nonsense, 0, n_speakers);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
