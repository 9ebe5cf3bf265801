/*
 * The inbox: what was put is there after a crash, ids only rise.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "zhanchi/inbox.h"
#include "contract.h"

static struct inbox *open_inbox(struct contract *c)
{
    struct inbox *i = inbox_open(c->dir, &c->e);
    ck_assert_msg(i != NULL, "%s", c->e.what);
    return i;
}

static int64_t put(struct contract *c, struct inbox *i, int n, int64_t at)
{
    struct inbox_row rows[16];
    OK(c, inbox_begin(i, &c->e));
    for (int k = 0; k < n; k++) {
        rows[k] = (struct inbox_row){.id = inbox_next_id(i),
                                     .gateway = "12333",
                                     .kind = 2,
                                     .received_ms = at + k,
                                     .key_id = 5,
                                     .sealed = "\0raw",
                                     .sealed_len = 4};
    }
    OK(c, inbox_put(i, rows, (size_t)n, &c->e));
    return rows[n - 1].id;
}

struct seen {
    int n;
    int64_t first, last;
};

static int see(void *ctx, const struct inbox_row *r)
{
    struct seen *s = ctx;
    ck_assert_str_eq(r->gateway, "12333");
    ck_assert_int_eq(r->kind, 2);
    ck_assert_int_eq(r->key_id, 5);
    ck_assert_uint_eq(r->sealed_len, 4);
    ck_assert_mem_eq(r->sealed, "\0raw", 4);
    if (s->n++ == 0)
        s->first = r->id;
    ck_assert_int_gt(r->id, s->last);
    s->last = r->id;
    return 0;
}

START_TEST(reports_come_out_in_order)
{
    struct contract *c = contract_begin();
    struct inbox *i = open_inbox(c), *reader = open_inbox(c);
    struct seen s = {0};
    int64_t top = -1;
    OK(c, inbox_top(reader, &top, &c->e));
    ck_assert_int_eq(top, 0); /* ids begin at the clock: no report bears one yet */
    int64_t last = put(c, i, 10, 1000);
    OK(c, inbox_top(reader, &top, &c->e));
    ck_assert_int_eq(top, last);
    OK(c, inbox_read(reader, 0, 100, see, &s, &c->e));
    ck_assert_int_eq(s.n, 10);
    ck_assert_int_eq(s.last, last);
    s = (struct seen){0};
    OK(c, inbox_read(reader, last - 4, 3, see, &s, &c->e));
    ck_assert_int_eq(s.n, 3);
    ck_assert_int_eq(s.first, last - 3);
    s = (struct seen){0};
    OK(c, inbox_read(reader, last, 3, see, &s, &c->e));
    ck_assert_int_eq(s.n, 0);
    inbox_close(i);
    inbox_close(reader);
    contract_end(c);
}
END_TEST

START_TEST(ids_only_rise)
{
    struct contract *c = contract_begin();
    char path[CONTRACT_PATH + 16];
    struct inbox *i = open_inbox(c);
    int64_t last = put(c, i, 10, 1000);
    OK(c, inbox_purge(i, last + 1, INT64_MAX, &c->e));
    inbox_close(i);
    i = open_inbox(c);
    struct seen s = {0};
    OK(c, inbox_read(i, 0, 100, see, &s, &c->e));
    ck_assert_int_eq(s.n, 0);
    ck_assert_int_gt(put(c, i, 1, 1000), last);
    OK(c, inbox_begin(i, &c->e)); /* ids that were given and not used */
    inbox_next_id(i);
    inbox_cancel(i);
    last = put(c, i, 1, 1000);
    inbox_close(i);
    /* The file is lost: new reports still come behind the watermark of the old ones. */
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (int k = 0; k < 3; k++) {
        snprintf(path, sizeof path, "%s/inbox.db%s", c->dir, tails[k]);
        unlink(path);
    }
    i = open_inbox(c);
    ck_assert_int_gt(put(c, i, 1, 1000), last);
    inbox_close(i);
    contract_end(c);
}
END_TEST

START_TEST(purge_keeps_what_is_not_applied_or_young)
{
    struct contract *c = contract_begin();
    struct inbox *i = open_inbox(c);
    int64_t last = put(c, i, 10, 1000); /* received 1000 ... 1009 */
    struct seen s = {0};
    OK(c, inbox_purge(i, last - 2, 1005, &c->e));
    OK(c, inbox_read(i, 0, 100, see, &s, &c->e));
    ck_assert_int_eq(s.n, 5);
    OK(c, inbox_purge(i, last - 2, 9999, &c->e));
    s = (struct seen){0};
    OK(c, inbox_read(i, 0, 100, see, &s, &c->e));
    ck_assert_int_eq(s.n, 3);
    inbox_close(i);
    contract_end(c);
}
END_TEST

#define WRITERS 3
#define GROUPS 40

static void write_much(struct contract *c, int go)
{
    struct inbox *i = open_inbox(c);
    char ignored;
    put(c, i, 5, 1000);
    if (read(go, &ignored, 1) != 0) /* all at once */
        _exit(1);
    for (int k = 0; k < GROUPS; k++)
        put(c, i, 5, 1000);
    inbox_close(i);
    _exit(0);
}

/* serve and somebody who pulls: who reads behind a watermark meanwhile misses nothing. */
START_TEST(many_write)
{
    struct contract *c = contract_begin();
    struct seen s = {0};
    int status, ended = 0, go[2];
    ck_assert_int_eq(pipe(go), 0);
    contract_close(c);
    inbox_close(open_inbox(c));
    for (int w = 0; w < WRITERS; w++)
        if (fork() == 0) {
            close(go[1]);
            write_much(c, go[0]);
        }
    close(go[0]);
    struct inbox *reader = open_inbox(c);
    while (s.n < WRITERS * 5)
        OK(c, inbox_read(reader, s.last, 7, see, &s, &c->e));
    close(go[1]);
    while (ended < WRITERS) {
        OK(c, inbox_read(reader, s.last, 7, see, &s, &c->e));
        if (waitpid(-1, &status, WNOHANG) > 0) {
            ck_assert_int_eq(status, 0);
            ended++;
        }
    }
    for (int before = -1; before != s.n;) {
        before = s.n;
        OK(c, inbox_read(reader, s.last, 100, see, &s, &c->e));
    }
    ck_assert_int_eq(s.n, WRITERS * (GROUPS + 1) * 5);
    inbox_close(reader);
    contract_reopen(c);
    contract_end(c);
}
END_TEST

static void put_and_die(void *ctx)
{
    struct contract *c = ctx;
    struct inbox *i = open_inbox(c);
    put(c, i, 10, 1000);
    put(c, i, 10, 2000);
}

START_TEST(killed_inside_a_group)
{
    struct contract *c = contract_begin();
    if (!contract_killed("inbox_put:2", put_and_die, c)) { /* no failpoints in this build */
        contract_end(c);
        return;
    }
    struct inbox *i = open_inbox(c);
    struct seen s = {0};
    OK(c, inbox_read(i, 0, 100, see, &s, &c->e));
    ck_assert_int_eq(s.n, 10);
    int64_t next = put(c, i, 1, 3000);
    ck_assert_int_gt(next, s.last);
    inbox_close(i);
    contract_end(c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reports_come_out_in_order, ids_only_rise,
                                  purge_keeps_what_is_not_applied_or_young, many_write,
                                  killed_inside_a_group};
    return contract_main("inbox", tests, sizeof tests / sizeof tests[0]);
}
