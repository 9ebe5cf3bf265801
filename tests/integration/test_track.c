/*
 * track: raw reports from the inbox to messages, replies and refusals; in any order, again and again, through SIGKILL.
 */
#include <stdlib.h>
#include "world.h"
#include "zhanchi/inbox.h"
#include "zhanchi/store_campaign.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/store_people.h"
#include "zhanchi/store_queue.h"
#include "zhanchi/store_report.h"
#include "zhanchi/track.h"

static struct gateway *gateway;

static void load_gateway(void)
{
    static char profile[512];
    struct conf_secret secrets[] = {{(char *)(uintptr_t) "app", (char *)(uintptr_t) "sandbox"},
                                    {(char *)(uintptr_t) "secret", (char *)(uintptr_t) "sandbox"}};
    struct conf_gateway settings = {
        .name = "12333", .profile = profile, .secrets = secrets, .n_secrets = 2};
    struct err e;

    snprintf(profile, sizeof profile, "%s/conf/gateways/12333.conf", getenv("ZHANCHI_SOURCE_DIR"));
    gateway = gateway_load(&settings, &e);
    if (gateway == NULL)
        panic("%s", e.what);
}

/* ---- the inbox, as serve fills it ---- */

static void put_for(struct world *w, const char *name, int kind, const char *body)
{
    struct contract *c = w->c;
    struct inbox *in = inbox_open(c->dir, &c->e);
    struct inbox_row row = {.kind = kind, .received_ms = CONTRACT_NOW + 5000};
    struct buf sealed;

    ck_assert_msg(in != NULL, "%s", c->e.what);
    buf_init(&sealed, 1 << 20);
    OK(c, inbox_begin(in, &c->e));
    row.id = inbox_next_id(in);
    row.key_id = keyring_id(c->keys, KEY_INBOX);
    snprintf(row.gateway, sizeof row.gateway, "%s", name);
    OK(c, keyring_seal(c->keys, row.key_id, SEAL_REPORT, row.id, kind, body, strlen(body), &sealed,
                       &c->e));
    row.sealed = sealed.data;
    row.sealed_len = sealed.len;
    OK(c, inbox_put(in, &row, 1, &c->e));
    buf_fini(&sealed);
    inbox_close(in);
}

static void put(struct world *w, int kind, const char *body)
{
    put_for(w, "12333", kind, body);
}

static void put_receipt(struct world *w, const char *ref, const char *state, const char *code)
{
    char body[512];

    snprintf(body, sizeof body,
             "{\"receipts\":[{\"ref\":\"%s\",\"id\":\"7\",\"to\":\"13800000000\",\"state\":\"%s\","
             "\"code\":\"%s\","
             "\"at\":\"2023-11-15 06:13:25\",\"parts\":1}]}",
             ref, state, code);
    put(w, GW_RECEIPT, body);
}

static void put_reply(struct world *w, size_t person, const char *id, const char *text)
{
    char body[512], phone[12];

    world_phone(person, phone);
    snprintf(body, sizeof body,
             "{\"replies\":[{\"id\":\"%s\",\"from\":\"%s\",\"text\":\"%s\",\"at\":\"2023-11-15 "
             "06:13:25\",\"ext\":\"\"}]}",
             id, phone, text);
    put(w, GW_REPLY, body);
}

static int64_t apply(struct world *w, struct track_stats *stats)
{
    static const char *const words[] = {"不要", NULL};
    struct contract *c = w->c;
    const struct track_opts o = {.gateways = &gateway, .n_gateways = 1, .optout_words = words};
    struct inbox *in = inbox_open(c->dir, &c->e);

    memset(stats, 0, sizeof *stats);
    int64_t n = track_apply(c->store, c->keys, in, &o, stats, &c->e);
    ck_assert_msg(n >= 0, "%s", c->e.what);
    inbox_close(in);
    return n;
}

static bool doubted(struct world *w)
{
    char why[128];

    return store_meta_get(w->c->store, "doubt", why, sizeof why, &w->c->e) == 1;
}

/* ---- receipts ---- */

START_TEST(receipts_move_messages)
{
    static const struct {
        const char *state, *code;
        enum msg_state then;
        enum msg_cause cause;
    } cases[] = {
        {"DELIVRD", "000", MSG_DELIVERED, CAUSE_NONE},
        {"UNDELIV", "MK:0001", MSG_UNDELIVERED, CAUSE_NUMBER},
        {"UNDELIV", "MK:0015", MSG_UNDELIVERED, CAUSE_CONTENT},
        {"UNDELIV", "DB:0142", MSG_UNDELIVERED, CAUSE_LIMIT},
        {"UNDELIV", "IC:0151", MSG_UNDELIVERED, CAUSE_NETWORK},
        {"UNDELIV", "MBBLACK", MSG_UNDELIVERED, CAUSE_OPTOUT},
        {"REJECTD", "", MSG_UNDELIVERED, CAUSE_CONTENT},
        {"EXPIRED", "", MSG_UNDELIVERED, CAUSE_NETWORK},
    };
    size_t n = sizeof cases / sizeof cases[0];
    struct world *w = world_begin(n + 1);
    struct track_stats stats;
    char ref[MESSAGE_REF_MAX];

    world_claim(w, n);
    for (size_t i = n; i-- > 0;) { /* in any order */
        world_ref(w, i, 1, ref);
        put_receipt(w, ref, cases[i].state, cases[i].code);
    }
    ck_assert_int_eq(apply(w, &stats), (int64_t)n);
    ck_assert_int_eq(stats.apply.moved, (int64_t)n);
    ck_assert_int_eq(stats.apply.optouts, 1); /* MBBLACK */
    ck_assert_int_eq(stats.rows, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(world_state(w, i), cases[i].then);
        ck_assert_int_eq(world_cause(w, i), cases[i].cause);
    }
    ck_assert_int_eq(world_state(w, n), MSG_QUEUED);
    ck_assert_int_eq(apply(w, &stats), 0); /* nothing new */

    for (size_t i = 0; i < n; i++) { /* all once more: recorded, no change */
        world_ref(w, i, 1, ref);
        put_receipt(w, ref, cases[i].state, cases[i].code);
    }
    ck_assert_int_eq(apply(w, &stats), (int64_t)n);
    ck_assert_int_eq(stats.apply.moved, 0);
    ck_assert_int_eq(stats.apply.kept, (int64_t)n);
    ck_assert_int_eq(stats.apply.optouts, 0);
    ck_assert(!doubted(w));
    world_end(w);
}
END_TEST

START_TEST(pending_then_final_then_late)
{
    struct world *w = world_begin(2);
    struct track_stats stats;
    char ref[MESSAGE_REF_MAX];

    world_claim(w, 2);
    world_ref(w, 0, 1, ref);
    put_receipt(w, ref, "BUFFERD", "");
    apply(w, &stats);
    ck_assert_int_eq(world_state(w, 0), MSG_ACCEPTED); /* proves acceptance, no more */
    put_receipt(w, ref, "EXPIRED", "");
    apply(w, &stats);
    ck_assert_int_eq(world_state(w, 0), MSG_UNDELIVERED);
    put_receipt(w, ref, "DELIVRD", "000"); /* a late success wins */
    put_receipt(w, ref, "EXPIRED", "");
    apply(w, &stats);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    put_receipt(w, ref, "SOMETHING", ""); /* a state nobody declared proves nothing final */
    apply(w, &stats);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    world_end(w);
}
END_TEST

START_TEST(foreign_and_broken_reports)
{
    struct world *w = world_begin(2);
    struct track_stats stats;
    char ref[MESSAGE_REF_MAX], other[MESSAGE_REF_MAX];
    struct msg_ref r;

    world_claim(w, 1);
    world_ref(w, 0, 1, ref);
    ck_assert_int_eq(message_ref_parse(ref, strlen(ref), &r), 0);
    r.tag ^= 1;
    message_ref_format(&r, other);
    put(w, GW_RECEIPT, "garbage");
    put_receipt(w, "no-ref-of-ours", "DELIVRD", "");
    put_receipt(w, other, "DELIVRD", ""); /* of another database */
    put_for(w, "unconfigured", GW_RECEIPT, "{\"receipts\":[]}");
    put(w, GW_RECEIPT, "{\"receipts\":[{\"ref\":\"\"},7]}");
    put_receipt(w, ref, "DELIVRD", "000"); /* what comes behind them is applied all the same */
    apply(w, &stats);
    ck_assert_int_eq(stats.apply.unmatched, 2);
    ck_assert_int_eq(stats.unreadable, 2);
    ck_assert_int_eq(stats.skipped, 2);
    ck_assert_int_eq(stats.rows, 6);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert(!doubted(w));
    world_end(w);
}
END_TEST

static int see_passed(void *ctx, const char *of, int64_t from, int64_t to)
{
    int64_t *first = ctx;

    ck_assert(of[0] != '\0' && from <= to);
    *first = from < *first ? from : *first;
    return 0;
}

/* Its gateway is taken out of the configuration for a while: nothing is lost, nothing waits for it. */
START_TEST(receipts_of_a_gateway_that_comes_back)
{
    struct world *w = world_begin(4);
    struct contract *c = w->c;
    struct track_stats stats = {0};
    const struct track_opts none = {.n_gateways = 0};
    char ref[4][MESSAGE_REF_MAX];
    int64_t first;

    world_claim(w, 4);
    for (size_t i = 0; i < 4; i++)
        world_ref(w, i, 1, ref[i]);
    for (size_t i = 0; i < 2; i++) {
        put_receipt(w, ref[i], "DELIVRD", "000");
        put_for(w, "another", GW_RECEIPT, "{\"receipts\":[]}");
        struct inbox *in = inbox_open(c->dir, &c->e);
        ck_assert_int_eq(track_apply(c->store, c->keys, in, &none, &stats, &c->e), 0);
        inbox_close(in);
    }
    put_reply(w, 3, "1", "R");
    ck_assert_int_eq(stats.unreadable, 4);
    ck_assert_int_eq(world_state(w, 0), MSG_SENDING);
    first = INT64_MAX;
    OK(c, store_passed_each(c->store, see_passed, &first, &c->e));
    ck_assert_int_ne(first, INT64_MAX);
    ck_assert_int_eq(apply(w, &stats), 3); /* both, and what is new */
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_DELIVERED);
    ck_assert_int_eq(stats.apply.optouts, 1);
    ck_assert_int_eq(apply(w, &stats), 0);
    int64_t still, to;
    OK(c, store_passed_get(c->store, "12333", &still, &to, &c->e));
    ck_assert_int_eq(still, 0);
    OK(c, store_passed_get(c->store, "another", &still, &to, &c->e)); /* is not back yet */
    ck_assert_int_eq(still, first + 1);
    ck_assert_int_eq(to, first + 3);
    first = INT64_MAX;
    OK(c, store_passed_each(c->store, see_passed, &first, &c->e));
    ck_assert_int_eq(first, still);
    world_end(w);
}
END_TEST

/* Our own tag, an attempt that this database never made: it may be an old copy. */
START_TEST(never_issued_raises_doubt)
{
    struct world *w = world_begin(2);
    struct track_stats stats;
    char ref[MESSAGE_REF_MAX];

    world_claim(w, 1);
    world_ref(w, 0, 2, ref);
    put_receipt(w, ref, "DELIVRD", "000");
    apply(w, &stats);
    ck_assert_int_eq(stats.apply.never_issued, 1);
    ck_assert_int_eq(world_state(w, 0), MSG_SENDING);
    ck_assert(doubted(w));
    world_end(w);
}
END_TEST

/* The database was put back to before the sending, and knows it: receipts settle, and no new doubt. */
START_TEST(late_receipts_of_a_lost_timeline)
{
    struct world *w = world_begin(3);
    struct track_stats stats;
    char ref[3][MESSAGE_REF_MAX];

    for (size_t i = 0; i < 3; i++)
        world_ref(w, i, 2, ref[i]); /* the second attempt; here there was none */
    while (store_doubt_all(w->c->store, CONTRACT_NOW, 100, &w->c->e) > 0)
        ;
    OK(w->c, epoch_renew(w->c->store, w->c->epoch_dir, CONTRACT_NOW, &w->c->e));
    put_receipt(w, ref[0], "DELIVRD", "000");
    put_receipt(w, ref[1], "UNDELIV", "MK:0001");
    apply(w, &stats);
    ck_assert_int_eq(stats.apply.never_issued, 0);
    ck_assert_int_eq(stats.apply.moved, 2);
    ck_assert_int_eq(world_state(w, 0), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 1), MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 2), MSG_UNKNOWN);
    ck_assert(!doubted(w));
    world_end(w);
}
END_TEST

/* ---- bounces ---- */

static struct gateway *mail_gateway(void)
{
    static char profile[512];
    struct conf_secret secrets[] = {{(char *)(uintptr_t) "user", (char *)(uintptr_t) "u"},
                                    {(char *)(uintptr_t) "password", (char *)(uintptr_t) "geheim"}};
    struct conf_secret settings[] = {
        {(char *)(uintptr_t) "from", (char *)(uintptr_t) "outreach@office.test"}};
    struct conf_gateway conf = {.name = "mail",
                                .profile = profile,
                                .secrets = secrets,
                                .n_secrets = 2,
                                .settings = settings,
                                .n_settings = 1};
    struct err e = {0};

    snprintf(profile, sizeof profile, "%s/conf/gateways/smtp.conf", getenv("ZHANCHI_SOURCE_DIR"));
    struct gateway *g = gateway_load(&conf, &e);
    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

static void put_bounce(struct world *w, const char *ref, const char *proof, const char *recipient)
{
    char body[1024];

    snprintf(body, sizeof body,
             "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
             "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.cn\n\n%s%s%s"
             "Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\n"
             "Message-ID: <%s%s%s@office.test>\n\n--b--\n",
             recipient ? "Final-Recipient: rfc822; " : "", recipient ? recipient : "",
             recipient ? "\n" : "", ref, proof[0] ? "." : "", proof);
    put_for(w, "mail", GW_RECEIPT, body);
}

/* Anybody may write to a mailbox: only what bears the proof of its own letter counts, for its own recipient, and nothing that comes
 * from there stops the sending. */
START_TEST(forged_bounces)
{
    struct world *w = world_begin_mail(5);
    struct gateway *g = mail_gateway();
    const struct track_opts o = {.gateways = &g, .n_gateways = 1};
    char ref[4][MESSAGE_REF_MAX], never[MESSAGE_REF_MAX];
    char proof[4][KEYRING_PROOF_MAX], of_never[KEYRING_PROOF_MAX];
    struct track_stats stats = {0};

    OK(w->c, store_gateway_id(w->c->store, "mail", &w->gateway_id, &w->c->e));
    world_claim(w, 4);
    for (size_t i = 0; i < 4; i++) {
        world_ref(w, i, 1, ref[i]);
        keyring_proof(w->c->keys, ref[i], proof[i]);
    }
    world_ref(w, 4, 7, never);
    keyring_proof(w->c->keys, never, of_never);
    put_bounce(w, never, "", NULL);                 /* never issued */
    put_bounce(w, never, proof[0], "p4@x.cn");      /* with a proof that was seen elsewhere */
    put_bounce(w, never, of_never, NULL);           /* by an older copy's letter */
    put_bounce(w, never, of_never, "p4@x.cn");      /* likewise */
    put_bounce(w, ref[1], "", "p1@x.cn");           /* a neighbour's number */
    put_bounce(w, ref[1], proof[0], "p1@x.cn");     /* with one's own proof */
    put_bounce(w, ref[0], proof[0], "p1@x.cn");     /* one's own letter, another address */
    put_bounce(w, ref[0], proof[0], "13800000000"); /* no address at all */
    put_bounce(w, ref[2], proof[2], "<P2@x.cn>");   /* genuine */
    put_bounce(w, ref[3], proof[3], NULL);          /* genuine, names nobody */
    struct inbox *in = inbox_open(w->c->dir, &w->c->e);
    ck_assert_int_ge(track_apply(w->c->store, w->c->keys, in, &o, &stats, &w->c->e), 0);
    inbox_close(in);
    ck_assert_int_eq(stats.apply.moved, 2);
    ck_assert_int_eq(stats.apply.unmatched, 8);
    ck_assert_int_eq(stats.apply.never_issued, 0);
    ck_assert(!doubted(w));
    ck_assert_int_eq(world_state(w, 0), MSG_SENDING);
    ck_assert_int_eq(world_state(w, 1), MSG_SENDING);
    ck_assert_int_eq(world_state(w, 2), MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 3), MSG_UNDELIVERED);
    ck_assert_int_eq(world_state(w, 4), MSG_QUEUED);
    gateway_free(g);
    world_end(w);
}
END_TEST

/* ---- replies ---- */

static int count_reply(void *ctx, const struct reply_info *r)
{
    int64_t *n = ctx;

    n[0]++;
    n[1] += r->is_optout;
    return 0;
}

static void replies(struct world *w, int64_t n[2])
{
    n[0] = n[1] = 0;
    OK(w->c, store_replies_each(w->c->store, count_reply, n, &w->c->e));
}

START_TEST(refusal_stops_what_waits)
{
    struct world *w = world_begin(5);
    struct track_stats stats;
    int64_t n[2];

    put_reply(w, 0, "1", " ｔｄ ");
    put_reply(w, 1, "2", "T恤收到");
    put_reply(w, 2, "3", "不要"); /* the configuration's word */
    put_reply(w, 3, "4", "谢谢");
    ck_assert_int_eq(apply(w, &stats), 4);
    ck_assert_int_eq(stats.apply.replies, 4);
    ck_assert_int_eq(stats.apply.optouts, 2);
    ck_assert_int_eq(stats.apply.suppressed, 2);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(world_state(w, i), i == 0 || i == 2 ? MSG_SUPPRESSED : MSG_QUEUED);
    put_reply(w, 0, "1", " ｔｄ "); /* pushed again */
    put_reply(w, 1, "2", "R");      /* the same id, but another text: must not be lost */
    apply(w, &stats);
    ck_assert_int_eq(stats.apply.replies, 1);
    ck_assert_int_eq(world_state(w, 1), MSG_SUPPRESSED);
    replies(w, n);
    ck_assert_int_eq(n[0], 5);
    ck_assert_int_eq(n[1], 3);
    world_end(w);
}
END_TEST

struct opened {
    struct world *w;
    char text[64];
};

static int open_reply(void *ctx, const struct reply_info *r)
{
    struct opened *o = ctx;
    struct buf b;

    buf_init(&b, 64);
    OK(o->w->c, keyring_unseal(o->w->c->keys, r->key_id, SEAL_REPLY, r->id, 0, r->sealed,
                               r->sealed_len, &b, &o->w->c->e));
    snprintf(o->text, sizeof o->text, "%s", buf_cstr(&b));
    buf_fini(&b);
    return 0;
}

static int open_optout(void *ctx, const struct optout_info *i)
{
    struct opened *o = ctx;
    struct buf b;

    buf_init(&b, 64);
    OK(o->w->c, keyring_unseal(o->w->c->keys, i->key_id, SEAL_OPTOUT, i->id, 0, i->sealed,
                               i->sealed_len, &b, &o->w->c->e));
    snprintf(o->text + strlen(o->text), sizeof o->text - strlen(o->text), "|%s", buf_cstr(&b));
    buf_fini(&b);
    return 0;
}

START_TEST(sealed_reply_and_number)
{
    struct world *w = world_begin(2);
    struct opened o = {.w = w};
    struct track_stats stats;
    int64_t suppressed = -1;

    put_reply(w, 1, "1", "退订");
    apply(w, &stats);
    OK(w->c, store_replies_each(w->c->store, open_reply, &o, &w->c->e));
    ck_assert_str_eq(o.text, "退订");
    ck_assert_int_eq(track_optout_add(w->c->store, w->c->keys, " 138-0000-0000 ", "", OPTOUT_STAFF,
                                      "maker", CONTRACT_NOW, &suppressed, &w->c->e),
                     1);
    ck_assert_int_eq(suppressed, 1);
    o.text[0] = '\0';
    OK(w->c, store_optout_each(w->c->store, open_optout, &o, &w->c->e));
    ck_assert(strcmp(o.text, "|13800000001|13800000000") == 0 ||
              strcmp(o.text, "|13800000000|13800000001") == 0);
    ck_assert_int_eq(track_optout_add(w->c->store, w->c->keys, "13800000000", "", OPTOUT_STAFF,
                                      "maker", CONTRACT_NOW, NULL, &w->c->e),
                     0);
    FAILS(w->c, ERR_DATA,
          track_optout_add(w->c->store, w->c->keys, "138000000001", "", OPTOUT_STAFF, "maker",
                           CONTRACT_NOW, NULL, &w->c->e));
    ck_assert_ptr_null(strstr(w->c->e.what, "1380000")); /* no number in an error */
    world_end(w);
}
END_TEST

/* ---- crashes ---- */

static void apply_in_child(void *ctx)
{
    struct world *w = ctx;
    struct track_stats stats;

    w->c->store = NULL; /* a process of its own: no connection crosses the fork */
    w->c->keys = NULL;
    contract_reopen(w->c);
    apply(w, &stats);
}

START_TEST(killed_while_applying)
{
    static const char *const points[] = {"apply_before_commit", "apply_after_commit"};
    struct world *w = world_begin(20);
    struct track_stats stats;
    char ref[MESSAGE_REF_MAX];
    int64_t n[2];

    world_claim(w, 10);
    for (size_t i = 0; i < 10; i++) {
        world_ref(w, i, 1, ref);
        put_receipt(w, ref, "DELIVRD", "000");
    }
    put_reply(w, 15, "1", "R");
    contract_close(w->c);
    ck_assert(contract_killed(points[_i], apply_in_child, w));
    contract_reopen(w->c);
    int64_t left = apply(w, &stats);
    ck_assert_int_eq(left, _i == 0 ? 11 : 0);
    for (size_t i = 0; i < 10; i++)
        ck_assert_int_eq(world_state(w, i), MSG_DELIVERED);
    ck_assert_int_eq(world_state(w, 15), MSG_SUPPRESSED);
    replies(w, n);
    ck_assert_int_eq(n[0], 1);
    world_end(w);
}
END_TEST

/* A provider's file of everything: no transaction is so long that dispatch waits for it, and a crash in between applies it again. */
START_TEST(one_request_is_too_much)
{
    enum { PEOPLE = WORLD_MAX, TIMES = 6 };
    struct world *w = world_begin(PEOPLE);
    struct track_stats stats;
    struct buf body;
    char(*refs)[MESSAGE_REF_MAX] = calloc(PEOPLE, sizeof *refs);
    int64_t watermark, delivered = 0;

    world_claim(w, PEOPLE);
    buf_init(&body, 2U << 20);
    buf_adds(&body, "{\"receipts\":[");
    for (size_t i = 0; i < PEOPLE * TIMES; i++) {
        if (i < PEOPLE)
            world_ref(w, i, 1, refs[i]);
        buf_addf(&body, "%s{\"ref\":\"%s\",\"state\":\"%s\"}", i ? "," : "", refs[i % PEOPLE],
                 i < PEOPLE ? "DELIVRD" : "ACCEPTD");
    }
    buf_adds(&body, "]}");
    put(w, GW_RECEIPT, buf_cstr(&body));
    buf_fini(&body);
    free(refs);
    contract_close(w->c);
    ck_assert(contract_killed("apply_after_commit", apply_in_child, w));
    contract_reopen(w->c);
    OK(w->c, store_watermark(w->c->store, &watermark, &w->c->e));
    ck_assert_int_eq(watermark, 0);
    for (size_t i = 0; i < PEOPLE; i++)
        delivered += world_state(w, i) == MSG_DELIVERED;
    ck_assert_int_gt(delivered, 0);
    ck_assert_int_lt(delivered, PEOPLE);
    ck_assert_int_eq(apply(w, &stats), PEOPLE * TIMES);
    ck_assert_int_eq(stats.apply.moved, PEOPLE - delivered);
    for (size_t i = 0; i < PEOPLE; i++)
        ck_assert_int_eq(world_state(w, i), MSG_DELIVERED);
    ck_assert_int_eq(apply(w, &stats), 0);
    world_end(w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("track");
    TCase *t = tcase_create("track");

    load_gateway();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, receipts_move_messages);
    tcase_add_test(t, pending_then_final_then_late);
    tcase_add_test(t, foreign_and_broken_reports);
    tcase_add_test(t, receipts_of_a_gateway_that_comes_back);
    tcase_add_test(t, never_issued_raises_doubt);
    tcase_add_test(t, late_receipts_of_a_lost_timeline);
    tcase_add_test(t, forged_bounces);
    tcase_add_test(t, refusal_stops_what_waits);
    tcase_add_test(t, sealed_reply_and_number);
#ifdef ZHANCHI_FAILPOINTS
    tcase_add_loop_test(t, killed_while_applying, 0, 2);
    tcase_add_test(t, one_request_is_too_much);
#endif
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    gateway_free(gateway);
    return failed != 0;
}
