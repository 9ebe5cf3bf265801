/*
 * pulls, questions and files: a provider that gives each page away once, the real command and the real daemon, killed between one step
 * and the next. Its requests for many numbers have one id, and its receipts none of our references.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"
#include "zhanchi/httpd.h"
#include "zhanchi/inbox.h"
#include "zhanchi/json.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"

#define PEOPLE 12
#define PAGES 16

static struct world *w;
static pid_t provider_pid, server;

/* ---- the provider, a process of its own ---- */

struct provider { /* shared memory */
    char page[2][PAGES][1024];
    int pages[2];
    atomic_int next[2]; /* pages that are gone */
    atomic_int asked;
    atomic_int result; /* not 0: refuses with this code */
    atomic_int slow_ms, busy;
    _Atomic unsigned port;
    struct {
        char id[32], phone[16], status[4];
    } known[PEOPLE];
};
static struct provider *provider;

static void give(struct httpd_request *r, const char *body)
{
    httpd_answer(r, 200, "application/json", body, strlen(body), NULL);
}

static void give_page(struct httpd_request *r, int kind)
{
    static const char *const empty[] = {"{\"result\":0,\"rpts\":[]}", "{\"result\":0,\"mos\":[]}"};
    int next = atomic_load(&provider->next[kind]);

    if (next >= provider->pages[kind]) {
        give(r, empty[kind]);
        return;
    }
    atomic_fetch_add(&provider->next[kind], 1); /* deleted, whether or not it arrives */
    give(r, provider->page[kind][next]);
}

static void give_answer(struct httpd_request *r)
{
    char tmp[40], body[512] = "{\"result\":0,\"rpts\":[]}";
    size_t len;
    struct err e;
    const char *text = httpd_body(r, &len);
    struct json *q = json_parse(text, len, &e);

    atomic_fetch_add(&provider->asked, 1);
    for (size_t i = 0; i < PEOPLE; i++)
        if (provider->known[i].id[0] &&
            strcmp(json_text(json_at(q, "/id"), tmp), provider->known[i].id) == 0 &&
            strcmp(json_text(json_at(q, "/mobile"), tmp), provider->known[i].phone) == 0 &&
            strcmp(json_text(json_at(q, "/day"), tmp), "20231115") == 0)
            snprintf(body, sizeof body,
                     "{\"result\":0,\"rpts\":[{\"msgid\":%s,\"mobile\":\"+86%s\",\"status\":%s,"
                     "\"errcode\":\"x\"},{\"msgid\":999,\"mobile\":\"%s\",\"status\":0}]}",
                     provider->known[i].id, provider->known[i].phone, provider->known[i].status,
                     provider->known[i].phone);
    json_free(q);
    give(r, body);
}

static void on_request(void *ctx, struct httpd_request *r)
{
    const char *path = httpd_path(r);
    char body[64];

    (void)ctx;
    atomic_fetch_add(&provider->busy, 1);
    usleep((useconds_t)atomic_load(&provider->slow_ms) * 1000);
    if (atomic_load(&provider->result) == 500) {
        httpd_answer(r, 500, "text/plain", "oops", 4, NULL);
    } else if (atomic_load(&provider->result) != 0) {
        snprintf(body, sizeof body, "{\"result\":%d}", atomic_load(&provider->result));
        give(r, body);
    } else if (strcmp(path, "/query") == 0) {
        give_answer(r);
    } else {
        give_page(r, strcmp(path, "/pull/reply") == 0);
    }
    atomic_fetch_sub(&provider->busy, 1);
}

static void provide(void)
{
    const struct httpd_opts o = {.address = "127.0.0.1",
                                 .body_max = 65536,
                                 .threads = 1,
                                 .idle_s = 60,
                                 .handle = on_request};
    struct err e;
    struct httpd *h = httpd_start(&o, &e);

    if (h == NULL)
        _exit(1);
    atomic_store(&provider->port, httpd_port(h));
    for (;;)
        pause();
}

static void add_page(int kind, const char *items)
{
    snprintf(provider->page[kind][provider->pages[kind]++], sizeof provider->page[0][0],
             "{\"result\":0,\"%s\":[%s]}", kind == 0 ? "rpts" : "mos", items);
}

static void item(char out[256], const char *id, size_t person, const char *status, const char *rest)
{
    char phone[12];

    world_phone(person, phone);
    snprintf(out, 256, "{\"msgid\":%s,\"mobile\":\"%s%s\",\"status\":%s,\"errcode\":\"c\"%s}", id,
             person % 2 ? "86" : "", phone, status, rest);
}

/* Two receipts: one page. */
static void add_receipts(const char *id, size_t a, const char *state_a, size_t b,
                         const char *state_b)
{
    char one[256], two[256], both[600];

    item(one, id, a, state_a, "");
    item(two, id, b, state_b, "");
    snprintf(both, sizeof both, "%s,%s", one, two);
    add_page(0, both);
}

/* ---- our side: real processes ---- */

static void write_conf(const char *pull_every, const char *failpoint)
{
    struct contract *c = w->c;
    char path[CONTRACT_PATH];

    contract_path(c, "zhanchi.conf", path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f,
            "store = { dir = \"%s\"; epoch_dir = \"%s\"; };\n"
            "keys = { file = \"%s\"; audit_file = \"%s\"; };\n"
            "people = { actor_source = \"environment\"; };\n"
            "log = { level = \"error\"; };\n"
            "gateways = ( { name = \"12333\"; profile = \"%s/tests/data/gateways/many.conf\";\n"
            "               url = \"http://127.0.0.1:%u\"; %s%s%s } );\n",
            c->dir, c->epoch_dir, c->key, c->audit_key, getenv("ZHANCHI_SOURCE_DIR"),
            atomic_load(&provider->port), pull_every ? "pull_every = \"" : "",
            pull_every ? pull_every : "", pull_every ? "\";" : "");
    fclose(f);
    setenv("ZHANCHI_ACTOR", "maker", 1);
    setenv("ZHANCHI_CONF", path, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    if (failpoint)
        setenv("ZHANCHI_FAILPOINT", failpoint, 1);
    else
        unsetenv("ZHANCHI_FAILPOINT");
}

static char printed[8192];

/* The command's status as wait gives it; what it printed is in `printed`. */
static int zhanchi(const char *arguments, const char *failpoint)
{
    char command[1024], out[CONTRACT_PATH];

    write_conf(NULL, failpoint);
    contract_path(w->c, "out", out);
    snprintf(command, sizeof command, "exec " ZHANCHI " %s >%s 2>&1", arguments, out);
    contract_close(w->c);
    int status = system(command);
    contract_reopen(w->c);
    FILE *f = fopen(out, "r");
    ck_assert_ptr_nonnull(f);
    printed[fread(printed, 1, sizeof printed - 1, f)] = '\0';
    fclose(f);
    return status;
}

static void run(const char *arguments, int exit_status, const char *words)
{
    int status = zhanchi(arguments, NULL);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == exit_status, "%s: %x: %s", arguments,
                  status, printed);
    ck_assert_msg(strstr(printed, words) != NULL, "%s: %s", arguments, printed);
    ck_assert_msg(strstr(printed, "1380000") == NULL, "%s: a number: %s", arguments, printed);
}

static void serve_start(const char *pull_every, const char *failpoint)
{
    char port_file[CONTRACT_PATH];

    write_conf(pull_every, failpoint);
    contract_path(w->c, "port", port_file);
    unlink(port_file);
    contract_close(w->c);
    server = fork();
    if (server == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        execl(ZHANCHI, ZHANCHI, "serve", "--port", "0", "--port-file", port_file, (char *)NULL);
        _exit(1);
    }
    for (int i = 0; i < 2000 && access(port_file, R_OK) != 0; i++)
        usleep(5000);
    contract_reopen(w->c);
}

static int serve_wait(void)
{
    int status;

    ck_assert_int_eq(waitpid(server, &status, 0), server);
    server = 0;
    return status;
}

static void serve_stop(void)
{
    kill(server, SIGTERM);
    ck_assert_int_eq(serve_wait(), 0);
}

static void wait_state(size_t person, enum msg_state s)
{
    for (int i = 0; i < 1500 && world_state(w, person) != s; i++)
        usleep(10000);
    ck_assert_int_eq(world_state(w, person), s);
}

static int count(void *ctx, const struct inbox_row *r)
{
    (void)r;
    ++*(int64_t *)ctx;
    return 0;
}

static int64_t stored(void)
{
    struct contract *c = w->c;
    int64_t n = 0;
    struct inbox *i = inbox_open(c->dir, &c->e);

    ck_assert_ptr_nonnull(i);
    OK(c, inbox_read(i, 0, 1000, count, &n, &c->e));
    inbox_close(i);
    return n;
}

static void setup(void)
{
    provider =
        mmap(NULL, sizeof *provider, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(provider != MAP_FAILED);
    provider_pid = fork();
    if (provider_pid == 0)
        provide();
    while (atomic_load(&provider->port) == 0)
        usleep(1000);
    w = world_begin(PEOPLE);
    OK(w->c, store_gateway_joins(w->c->store, w->gateway_id, true, &w->c->e)); /* dispatch does */
    world_claim(w, PEOPLE - 2);
}

static void teardown(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        serve_wait();
    }
    world_end(w);
    kill(provider_pid, SIGKILL);
    waitpid(provider_pid, NULL, 0);
    munmap(provider, sizeof *provider);
}

/* Persons 0 ... n - 1 in one request. */
static void accept_all(size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        world_settle(w, i, CLASS_OK, id);
}

/* ---- pulls ---- */

START_TEST(receipts_and_replies)
{
    char reply[256];

    accept_all(6, "9223372036854775808");
    add_receipts("9223372036854775808", 0, "0", 1, "1");
    add_receipts("9223372036854775808", 2, "9", 3, "0");
    add_receipts("777", 4, "0", 5, "0"); /* another request's, which nobody made */
    snprintf(reply, sizeof reply,
             "{\"moid\":1,\"mobile\":\"8613800000011\",\"content\":\"%%E9%%80%%80%%E8%%AE%%A2\"}");
    add_page(1, reply);
    run("receipt pull 12333", 0, "receipts pulled: 6 in 3 pages");
    ck_assert_ptr_nonnull(strstr(printed, "replies pulled: 1 in 1 pages"));
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 2), MSG_ACCEPTED);
    ck_assert_int_eq(world_state(w, 3), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 4), MSG_ACCEPTED);
    ck_assert_int_eq(world_state(w, 10), MSG_QUEUED);
    ck_assert_int_eq(world_state(w, 11), MSG_SUPPRESSED);
    ck_assert_int_eq(stored(), 4);
    run("receipt pull 12333", 0, "receipts pulled: 0 in 0 pages");
    ck_assert_int_eq(stored(), 4); /* empty pages are not kept */
}
END_TEST

START_TEST(pages_are_limited)
{
    for (size_t i = 0; i < 3; i++)
        add_receipts("1", 2 * i, "0", 2 * i + 1, "0");
    accept_all(6, "1");
    run("receipt pull 12333 --pages 2", 75, "pull again");
    ck_assert_int_eq(world_state(w, 3), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 4), MSG_ACCEPTED);
    run("receipt pull 12333 --pages 2", 0, "receipts pulled: 2 in 1 pages");
    ck_assert_int_eq(world_state(w, 5), MSG_DELIVERED);
}
END_TEST

/* The answer and the settlement come after the receipts. */
START_TEST(early_receipts)
{
    add_receipts("1", 0, "0", 1, "0");
    run("receipt pull 12333", 0, "receipts that wait                           2");
    ck_assert_int_eq(world_state(w, 0), MSG_SENDING);
    accept_all(2, "1");
    run("receipt pull 12333", 0, "receipts pulled: 0 in 0 pages");
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_DELIVERED);
}
END_TEST

START_TEST(refusals_and_failures)
{
    atomic_store(&provider->result, -1);
    run("receipt pull 12333", 78, "look at the account");
    atomic_store(&provider->result, -2);
    run("receipt pull 12333", 75, "try again");
    atomic_store(&provider->result, 500);
    run("receipt pull 12333", 76, "status 500");
    ck_assert_int_eq(stored(), 0);
    atomic_store(&provider->result, 0);
    atomic_store(&provider->slow_ms, 2500);
    run("receipt pull 12333", 75, "timed out");
    run("receipt pull nobody", 66, "there is no gateway nobody");
    while (atomic_load(&provider->busy) > 0) /* it still answers whoever went away */
        usleep(10000);
    atomic_store(&provider->slow_ms, 0);
    /* A page that nobody understands is gone at the provider: it stays here, and pulling goes on the next time. */
    snprintf(provider->page[0][provider->pages[0]++], 64, "<html>what is this");
    add_receipts("1", 0, "0", 1, "0");
    run("receipt pull 12333", 76, "cannot be read");
    ck_assert_int_eq(stored(), 1);
    run("receipt pull 12333", 0, "receipts pulled: 2 in 1 pages");
    ck_assert_int_eq(stored(), 2);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
/* Killed when a page was stored and not applied, before the next was asked for: nothing is lost. */
START_TEST(killed_between_pull_and_apply)
{
    static const char *const points[] = {"pull_stored", "pull_stored:2", "apply_before_commit",
                                         "apply_after_commit"};

    accept_all(6, "1");
    for (size_t i = 0; i < 3; i++)
        add_receipts("1", 2 * i, "0", 2 * i + 1, "0");
    int status = zhanchi("receipt pull 12333", points[_i]);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(atomic_load(&provider->next[0]), _i == 0 ? 1 : _i == 1 ? 2 : 3);
    ck_assert_int_eq(stored(), atomic_load(&provider->next[0]));
    run("receipt pull 12333", 0, "receipts pulled:");
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(world_state(w, i), MSG_DELIVERED);
}
END_TEST
#endif

static int64_t many_refused;

static void pull_again_and_again(void)
{
    int status;

    for (int i = 0; i < 20; i++) {
        status = system("exec " ZHANCHI " receipt pull 12333 >/dev/null 2>&1");
        many_refused += WEXITSTATUS(status) == 75;
        if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 75))
            _exit(1);
    }
    _exit(many_refused > 0 ? 0 : 2);
}

/* One who pulls a gateway at a time: else two would each take half. */
START_TEST(one_at_a_time)
{
    int status, refused = 0;
    pid_t pid[2];

    atomic_store(&provider->slow_ms, 20);
    write_conf(NULL, NULL);
    contract_close(w->c);
    for (int i = 0; i < 2; i++)
        if ((pid[i] = fork()) == 0)
            pull_again_and_again();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 1);
        refused += WEXITSTATUS(status) == 0;
    }
    contract_reopen(w->c);
    ck_assert_int_gt(refused, 0);
}
END_TEST

/* ---- serve pulls ---- */

START_TEST(serve_pulls)
{
    accept_all(2, "1");
    serve_start("1s", NULL);
    add_receipts("1", 0, "0", 1, "1");
    wait_state(1, MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    add_receipts("2", 2, "0", 3, "0"); /* early */
    for (int i = 0; i < 1000 && atomic_load(&provider->next[0]) < 2; i++)
        usleep(10000);
    usleep(300000);
    ck_assert_int_eq(world_state(w, 2), MSG_SENDING);
    world_settle(w, 2, CLASS_OK, "2");
    world_settle(w, 3, CLASS_OK, "2");
    wait_state(3, MSG_DELIVERED);
    wait_state(2, MSG_DELIVERED);
    serve_stop();
}
END_TEST

/* While serve runs the command writes to the inbox beside it. */
START_TEST(a_command_beside_serve)
{
    accept_all(6, "1");
    serve_start(NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        add_receipts("1", 2 * i, "0", 2 * i + 1, "0");
    run("receipt pull 12333", 0, "receipts pulled: 6 in 3 pages");
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(world_state(w, i), MSG_DELIVERED);
    serve_stop();
}
END_TEST

/* The request under way is waited for: its page would be gone. */
START_TEST(stopped_in_a_pull)
{
    accept_all(2, "1");
    atomic_store(&provider->slow_ms, 700);
    add_receipts("1", 0, "0", 1, "0");
    serve_start("1s", NULL);
    usleep(300000);
    serve_stop();
    ck_assert_int_eq(atomic_load(&provider->next[0]), 1);
    ck_assert_int_eq(world_state(w, 1), MSG_DELIVERED);
}
END_TEST

#ifdef ZHANCHI_FAILPOINTS
START_TEST(serve_killed_in_a_pull)
{
    accept_all(2, "1");
    add_receipts("1", 0, "0", 1, "0");
    serve_start("1s", "pull_stored");
    int status = serve_wait();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED);
    serve_start(NULL, NULL); /* applies what is there, pulls nothing */
    wait_state(1, MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    serve_stop();
}
END_TEST
#endif

/* ---- questions ---- */

static void know(size_t person, const char *id, const char *status)
{
    char phone[12];

    world_phone(person, phone);
    snprintf(provider->known[person].id, sizeof provider->known[0].id, "%s", id);
    snprintf(provider->known[person].phone, sizeof provider->known[0].phone, "%s", phone);
    snprintf(provider->known[person].status, sizeof provider->known[0].status, "%s", status);
}

START_TEST(questions)
{
    static const char *const states[] = {"0", "1", "9"};

    for (size_t i = 0; i < 5; i++)
        world_settle(w, i, CLASS_UNKNOWN, i < 4 ? "55" : "");
    for (size_t i = 0; i < 3; i++)
        know(i, "55", states[i]);
    world_settle(w, 5, CLASS_OK, "55");
    know(5, "55", "0");
    run("message query world --state unknown", 0,
        "unknown: 4 asked about, 3 known to the provider, 0 not answered");
    ck_assert_ptr_nonnull(strstr(printed, "1 cannot be asked about"));
    ck_assert_ptr_null(strstr(printed, "receipts that wait")); /* another's, of the same number */
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 2), MSG_ACCEPTED);
    ck_assert_int_eq(world_state(w, 3), MSG_UNKNOWN); /* it does not know: nobody can say */
    ck_assert_int_eq(world_state(w, 4), MSG_UNKNOWN);
    ck_assert_int_eq(world_state(w, 5), MSG_ACCEPTED); /* nobody asked */
    ck_assert_int_eq(stored(), 3);
    ck_assert_int_eq(store_receipt_timeout(w->c->store, INT64_MAX, 100, &w->c->e), 2);
    run("message query world", 0, "unconfirmed: 2 asked about, 2 known");
    ck_assert_int_eq(world_state(w, 2), MSG_UNCONFIRMED); /* still on its way, says the provider */
    ck_assert_int_eq(world_state(w, 5), MSG_DELIVERED);
    run("message query world --state delivered", 64, "--state unknown or --state unconfirmed");
}
END_TEST

START_TEST(questions_that_fail)
{
    for (size_t i = 0; i < 8; i++)
        world_settle(w, i, CLASS_UNKNOWN, "55");
    atomic_store(&provider->result, -1);
    run("message query world", 78, "1 asked about");
    atomic_store(&provider->result, -2);
    run("message query world", 75, "5 asked about");
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(world_state(w, i), MSG_UNKNOWN);
}
END_TEST

/* ---- files ---- */

static void write_file(const char *text)
{
    char path[CONTRACT_PATH];

    contract_path(w->c, "file.json", path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    setenv("FILE", path, 1);
}

START_TEST(files)
{
    char a[256], b[256], text[1024];

    accept_all(4, "1");
    item(a, "1", 0, "0", ",\"pktotal\":2,\"pknum\":1");
    item(b, "1", 1, "0", "");
    snprintf(text, sizeof text, "[%s,%s,7]", a, b); /* as pushed */
    write_file(text);
    run("receipt import $FILE --gateway 12333", 0, "2 reports are taken in");
    ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED); /* a part of two */
    ck_assert_int_eq(world_state(w, 1), MSG_DELIVERED);
    run("receipt import $FILE --gateway 12333", 0,
        "receipts that moved a message                0");
    item(a, "1", 0, "0", ",\"pktotal\":2,\"pknum\":2");
    item(b, "1", 2, "1", "");
    snprintf(text, sizeof text, "{\"result\":0,\"rpts\":[%s,%s]}", a, b); /* as pulled */
    write_file(text);
    run("receipt import $FILE --gateway 12333", 0,
        "receipts that moved a message                2");
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 2), MSG_UNDELIVERED);
    write_file("{\"mos\":[{\"moid\":\"5\",\"mobile\":\"13800000010\",\"content\":\"TD\"}]}");
    run("receipt import $FILE --gateway 12333", 65, "finds no receipts");
    run("reply import $FILE --gateway 12333", 0, "1 reports are taken in");
    ck_assert_int_eq(world_state(w, 10), MSG_SUPPRESSED);
    run("reply import $FILE", 64, "--gateway");
    run("receipt import /nowhere --gateway 12333", 66, "nowhere");
    run("audit verify", 0, "");
    run("audit ls", 0, "receipt.import");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pull");
    TCase *t = tcase_create("pull");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, receipts_and_replies);
    tcase_add_test(t, pages_are_limited);
    tcase_add_test(t, early_receipts);
    tcase_add_test(t, refusals_and_failures);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_loop_test(t, killed_between_pull_and_apply, 0, 4);
    tcase_add_test(t, serve_killed_in_a_pull);
#endif
    tcase_add_test(t, one_at_a_time);
    tcase_add_test(t, serve_pulls);
    tcase_add_test(t, a_command_beside_serve);
    tcase_add_test(t, stopped_in_a_pull);
    tcase_add_test(t, questions);
    tcase_add_test(t, questions_that_fail);
    tcase_add_test(t, files);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
