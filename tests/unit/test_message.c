/*
 * message: every pair of state and input against a grid that was written from the design, by states (the table in the source stands by inputs);
 * names; client references.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/message.h"

/* ---- the table ---- */

/* clang-format off */
/* Columns of the grid: ours | a person's | answers | receipts | queries. */
static const enum msg_input columns[] = {
    IN_RELEASE, IN_CLAIM, IN_UNCLAIM, IN_SUPPRESS, IN_CANCEL, IN_LAPSE, IN_DOUBT, IN_RECEIPT_TIMEOUT,
    IN_RECOVER_HANDED, IN_RECOVER_CLEAN,
    IN_RESEND, IN_DROP,
    IN_ANSWER_ACCEPTED, IN_ANSWER_REFUSED, IN_ANSWER_RETRY, IN_ANSWER_UNKNOWN,
    IN_RECEIPT_PENDING, IN_RECEIPT_DELIVERED, IN_RECEIPT_UNDELIVERED,
    IN_QUERY_ACCEPTED, IN_QUERY_REJECTED};

/* '!' a defect of ours, '.' recorded without change, else how the next state's name begins. */
static const struct {
    enum msg_state state;
    const char *cells;
} grid[] = {
    /*                  rel cla unc sup can lap dou tim han cle    res dro    acc ref ret unk    pen del und    acc rej */
    {MSG_PLANNED,     " que !   !   sup can lap unk !   !   !      !   !      .   .   .   .      .   .   .      .   .  "},
    {MSG_QUEUED,      " !   sen !   sup can lap unk !   !   !      !   !      .   .   .   .      .   del und    .   .  "},
    {MSG_SENDING,     " !   !   que !   !   !   unk !   unk que    !   !      acc rej que unk    acc del und    .   .  "},
    {MSG_ACCEPTED,    " !   !   .   !   !   !   !   unc !   !      !   !      .   .   .   .      .   del und    .   .  "},
    {MSG_UNKNOWN,     " !   !   .   !   !   !   !   !   !   !      que can    acc rej .   .      acc del und    acc rej"},
    {MSG_UNCONFIRMED, " !   !   .   !   !   !   !   !   !   !      !   !      .   .   .   .      .   del und    .   .  "},
    {MSG_DELIVERED,   " !   !   .   !   !   !   !   !   !   !      !   !      .   .   .   .      .   .   .      .   .  "},
    {MSG_UNDELIVERED, " !   !   .   !   !   !   !   !   !   !      !   !      .   .   .   .      .   del .      .   .  "},
    {MSG_REJECTED,    " !   !   .   !   !   !   !   !   !   !      !   !      .   .   .   .      .   del .      .   .  "},
    {MSG_SUPPRESSED,  " !   !   !   !   !   !   !   !   !   !      !   !      .   .   .   .      .   .   .      .   .  "},
    {MSG_CANCELLED,   " !   !   !   !   !   !   !   !   !   !      !   !      .   .   .   .      .   del .      .   .  "},
    {MSG_LAPSED,      " !   !   !   !   !   !   !   !   !   !      !   !      .   .   .   .      .   .   .      .   .  "},
};
/* clang-format on */

#define COLUMNS (sizeof columns / sizeof columns[0])

static void expect(enum msg_state s, enum msg_input in, const char *cell)
{
    struct msg_step step = message_step(s, in);
    enum msg_effect effect = *cell == '!' ? MSG_ILLEGAL : *cell == '.' ? MSG_KEEP : MSG_MOVE;

    ck_assert_msg(step.effect == effect, "%s + %s: effect %d, not %d", message_state_name(s),
                  message_input_name(in), (int)step.effect, (int)effect);
    if (effect == MSG_MOVE)
        ck_assert_msg(strncmp(message_state_name(step.next), cell, strlen(cell)) == 0,
                      "%s + %s: %s, not %s", message_state_name(s), message_input_name(in),
                      message_state_name(step.next), cell);
    if (effect == MSG_KEEP)
        ck_assert_int_eq(step.next, s);
}

START_TEST(every_pair)
{
    bool seen[MSG_STATES][MSG_INPUTS] = {{false}};
    size_t pairs = 0;

    for (size_t row = 0; row < sizeof grid / sizeof grid[0]; row++) {
        char cells[256], *rest;
        snprintf(cells, sizeof cells, "%s", grid[row].cells);
        for (size_t i = 0; i < COLUMNS; i++) {
            const char *cell = strtok_r(i == 0 ? cells : NULL, " ", &rest);
            ck_assert_ptr_nonnull(cell);
            expect(grid[row].state, columns[i], cell);
            ck_assert(!seen[grid[row].state][columns[i]]);
            seen[grid[row].state][columns[i]] = true;
            pairs++;
        }
        ck_assert_ptr_null(strtok_r(NULL, " ", &rest));
    }
    ck_assert_uint_eq(pairs, (MSG_STATES - 1) * MSG_INPUTS);
}
END_TEST

/* A remote party can never stop the program, and never takes a success away. */
START_TEST(outside_is_always_defined)
{
    for (int s = MSG_PLANNED; s <= MSG_LAPSED; s++)
        for (int in = 0; in < MSG_INPUTS; in++) {
            struct msg_step step = message_step((enum msg_state)s, (enum msg_input)in);
            if (message_from_outside((enum msg_input)in))
                ck_assert_int_ne(step.effect, MSG_ILLEGAL);
            if (s == MSG_DELIVERED)
                ck_assert_int_ne(step.effect, MSG_MOVE);
            /* A final state is left by a late success only. */
            if (message_final((enum msg_state)s) && step.effect == MSG_MOVE)
                ck_assert_int_eq(step.next, MSG_DELIVERED);
        }
}
END_TEST

/* Nothing but a claim leads to `sending`, nothing but a person's word from `unknown` back to the queue. */
START_TEST(ways_to_the_wire)
{
    for (int s = MSG_PLANNED; s <= MSG_LAPSED; s++)
        for (int in = 0; in < MSG_INPUTS; in++) {
            struct msg_step step = message_step((enum msg_state)s, (enum msg_input)in);
            if (step.effect != MSG_MOVE)
                continue;
            ck_assert(step.next != MSG_SENDING || (s == MSG_QUEUED && in == IN_CLAIM));
            ck_assert(s != MSG_UNKNOWN || step.next != MSG_QUEUED || in == IN_RESEND);
            ck_assert(step.next != MSG_PLANNED);
        }
}
END_TEST

START_TEST(panics_outside_the_table)
{
    message_step((enum msg_state)0, IN_CLAIM);
}
END_TEST

/* ---- names ---- */

START_TEST(names_round_trip)
{
    for (int s = MSG_PLANNED; s <= MSG_LAPSED; s++) {
        enum msg_state back;
        ck_assert_int_eq(message_state_parse(message_state_name((enum msg_state)s), &back), 0);
        ck_assert_int_eq(back, s);
    }
    for (int c = CLASS_OK; c <= CLASS_UNKNOWN; c++) {
        enum msg_class back;
        ck_assert_int_eq(message_class_parse(message_class_name((enum msg_class)c), &back), 0);
        ck_assert_int_eq(back, c);
    }
}
END_TEST

START_TEST(names_are_stable)
{
    ck_assert_str_eq(message_state_name(MSG_PLANNED), "planned");
    ck_assert_str_eq(message_state_name(MSG_UNCONFIRMED), "unconfirmed");
    ck_assert_str_eq(message_state_name(MSG_LAPSED), "lapsed");
    ck_assert_str_eq(message_class_name(CLASS_OK), "OK");
    ck_assert_str_eq(message_class_name(CLASS_UNKNOWN), "UNKNOWN");
    ck_assert_str_eq(message_input_name(IN_RELEASE), "release");
    ck_assert_str_eq(message_input_name(IN_QUERY_REJECTED), "query-rejected");
    ck_assert_str_eq(message_cause_name(CAUSE_NONE), "none");
    ck_assert_str_eq(message_cause_name(CAUSE_DUPLICATE), "duplicate");
}
END_TEST

START_TEST(names_are_distinct)
{
    for (int i = 0; i < MSG_INPUTS; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(message_input_name((enum msg_input)i),
                             message_input_name((enum msg_input)j));
    for (int i = CAUSE_NONE; i <= CAUSE_SHARED_REVIEW; i++)
        for (int j = CAUSE_NONE; j < i; j++)
            ck_assert_str_ne(message_cause_name((enum msg_cause)i),
                             message_cause_name((enum msg_cause)j));
}
END_TEST

START_TEST(names_that_are_none)
{
    enum msg_state s;
    enum msg_class c;

    ck_assert_int_eq(message_state_parse("", &s), -1);
    ck_assert_int_eq(message_state_parse("?", &s), -1);
    ck_assert_int_eq(message_state_parse("Queued", &s), -1);
    ck_assert_int_eq(message_class_parse("ok", &c), -1);
    ck_assert_str_eq(message_state_name((enum msg_state)99), "?");
    ck_assert_str_eq(message_cause_name((enum msg_cause)99), "?");
}
END_TEST

/* ---- client references ---- */

static const struct {
    struct msg_ref ref;
    const char *text;
} refs[] = {
    {{0, 0, 0, 0}, "Z000000000-0-0"},
    {{1, 1, 1, 1}, "Z000010001-1-1"},
    {{31, 32, 33, 1024}, "Z0000Z0010-11-100"},
    {{(1u << 25) - 1, (1u << 20) - 1, INT64_MAX, INT32_MAX}, "ZZZZZZZZZZ-7ZZZZZZZZZZZZ-1ZZZZZZ"},
};

START_TEST(ref_round_trip)
{
    char text[MESSAGE_REF_MAX];
    struct msg_ref back;

    message_ref_format(&refs[_i].ref, text);
    ck_assert_str_eq(text, refs[_i].text);
    ck_assert_int_eq(message_ref_parse(text, strlen(text), &back), 0);
    ck_assert_uint_eq(back.tag, refs[_i].ref.tag);
    ck_assert_uint_eq(back.epoch, refs[_i].ref.epoch);
    ck_assert_int_eq(back.message, refs[_i].ref.message);
    ck_assert_int_eq(back.attempt, refs[_i].ref.attempt);
}
END_TEST

START_TEST(ref_alphabet)
{
    char text[MESSAGE_REF_MAX];

    /* No I, L, O, U: they are read as 1, 1, 0, V over a telephone. */
    for (int64_t id = 0; id < 40000; id += 7) {
        struct msg_ref back, r = {(uint32_t)id, (uint32_t)id, id * id * 1000, (int32_t)(id % 9)};
        message_ref_format(&r, text);
        ck_assert_uint_eq(strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), strlen(text));
        ck_assert_int_eq(message_ref_parse(text, strlen(text), &back), 0);
        ck_assert_int_eq(back.message, r.message);
    }
}
END_TEST

static const char *const garbage[] = {
    "",
    "Z",
    "Z000000000",
    "Z000000000-",
    "Z000000000-1",
    "Z000000000-1-",
    "Z000000000--1",
    "Z00000000-1-1",   /* one digit short */
    "Z0000000000-1-1", /* one too many */
    "z000000000-1-1",  /* lower case is not ours */
    "Z000000000-1-a",
    "Y000000000-1-1",
    "Z00000000I-1-1", /* look-alikes */
    "Z000000000-O-1",
    "Z000000000-01-1", /* not canonical */
    "Z000000000-1-01",
    "Z000000000-1-1-1",
    "Z000000000-1-1 ",
    " Z000000000-1-1",
    "Z000000000-8000000000000-1", /* 2^63 */
    "Z000000000-ZZZZZZZZZZZZZ-1",
    "Z000000000-1-2000000",              /* 2^31 */
    "Z000000000-1-ZZZZZZZZZZZZZZZZZZZZ", /* too long */
    "Z000000000-+1-1",
    "Z000000000_1_1",
    "\xE5\xB1\x95\xE7\xBF\x85-00000-1-1",
};

START_TEST(ref_garbage)
{
    struct msg_ref r;

    ck_assert_int_eq(message_ref_parse(garbage[_i], strlen(garbage[_i]), &r), -1);
}
END_TEST

START_TEST(ref_with_a_nul)
{
    static const char text[] = "Z000000000-1-1\0";
    struct msg_ref r;

    ck_assert_int_eq(message_ref_parse(text, sizeof text - 2, &r), 0);
    ck_assert_int_eq(message_ref_parse(text, sizeof text - 1, &r), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *t = tcase_create("table");

    tcase_add_test(t, every_pair);
    tcase_add_test(t, outside_is_always_defined);
    tcase_add_test(t, ways_to_the_wire);
    tcase_add_test_raise_signal(t, panics_outside_the_table, 6);
    suite_add_tcase(suite, t);
    t = tcase_create("names");
    tcase_add_test(t, names_round_trip);
    tcase_add_test(t, names_are_stable);
    tcase_add_test(t, names_are_distinct);
    tcase_add_test(t, names_that_are_none);
    suite_add_tcase(suite, t);
    t = tcase_create("references");
    tcase_add_loop_test(t, ref_round_trip, 0, sizeof refs / sizeof refs[0]);
    tcase_add_test(t, ref_alphabet);
    tcase_add_loop_test(t, ref_garbage, 0, sizeof garbage / sizeof garbage[0]);
    tcase_add_test(t, ref_with_a_nul);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
