/*
 * mail: what an email looks like as bytes, what replies are worth, and what is read out of bounces; with the shipped profile.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/crypt.h"
#include "zhanchi/gateway.h"

#define REF "Z000010001-5-1"
#define PROOF "0123456789abcdef"

static struct conf_secret secrets[] = {
    {(char *)(uintptr_t) "user", (char *)(uintptr_t) "u"},
    {(char *)(uintptr_t) "password", (char *)(uintptr_t) "geheim"}};
static char from[1200];
static struct conf_secret settings[] = {{(char *)(uintptr_t) "from", from}};

static struct gateway *load(const char *sender, const char *url, struct err *e)
{
    char path[PATH_MAX];
    const char *dir = getenv("ZHANCHI_SOURCE_DIR");

    snprintf(path, sizeof path, "%s/conf/gateways/smtp.conf", dir ? dir : ".");
    snprintf(from, sizeof from, "%s", sender);
    struct conf_gateway s = {.name = "mail",
                             .profile = path,
                             .url = (char *)(uintptr_t)url,
                             .secrets = secrets,
                             .n_secrets = 2,
                             .settings = settings,
                             .n_settings = 1};
    return gateway_load(&s, e);
}

static struct gateway *good(void)
{
    struct err e = {0};
    struct gateway *g = load("outreach@Office.test", NULL, &e);

    ck_assert_msg(g != NULL, "%s", e.what);
    return g;
}

static int build(const struct gateway *g, const char *to, const char *subject, const char *text,
                 const char *signature, struct gw_request *r, struct err *e)
{
    struct gw_message m = {.id = 1,
                           .ref = REF,
                           .proof = PROOF,
                           .phone = to,
                           .subject = subject,
                           .text = text,
                           .signature = signature,
                           .carrier_template = "",
                           .carrier_variables = ""};

    gw_request_init(r);
    return gateway_build(g, &m, 1, INT64_C(1790000000000), r, e);
}

/* ---- messages ---- */

START_TEST(message)
{
    struct gw_request r;
    struct err e = {0};
    struct gateway *g = good();

    ck_assert_str_eq(gateway_channel(g), "email");
    ck_assert_int_eq(build(g, "li@x.cn", "Plain", "a\nb", "Office", &r, &e), 0);
    ck_assert_str_eq(buf_cstr(&r.sender), "outreach@office.test");
    ck_assert_str_eq(buf_cstr(&r.recipient), "li@x.cn");
    ck_assert_int_eq(r.mail->tls, GW_TLS_REQUIRED);
    ck_assert_str_eq(r.mail->password, "geheim");
    ck_assert_str_eq(buf_cstr(&r.body), "Date: Mon, 21 Sep 2026 22:13:20 +0800\r\n"
                                        "From: \"Office\" <outreach@office.test>\r\n"
                                        "To: <li@x.cn>\r\n"
                                        "Subject: Plain\r\n"
                                        "Message-ID: <" REF "." PROOF "@office.test>\r\n"
                                        "Auto-Submitted: auto-generated\r\n"
                                        "MIME-Version: 1.0\r\n"
                                        "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: base64\r\n\r\n"
                                        "YQ0KYg0K\r\n");
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* Both bodies, the plainest first (RFC 2046 5.1.4). */
START_TEST(alternatives)
{
    struct gw_request r;
    struct err e = {0};
    struct gateway *g = good();
    struct gw_message m = {.id = 1,
                           .ref = REF,
                           .proof = PROOF,
                           .phone = "li@x.cn",
                           .subject = "Plain",
                           .text = "a\nb",
                           .html = "<p>a</p>",
                           .signature = "Office",
                           .carrier_template = "",
                           .carrier_variables = ""};

    gw_request_init(&r);
    ck_assert_int_eq(gateway_build(g, &m, 1, INT64_C(1790000000000), &r, &e), 0);
    const char *body = strstr(buf_cstr(&r.body), "MIME-Version");
    ck_assert_ptr_nonnull(body);
    ck_assert_str_eq(
        body, "MIME-Version: 1.0\r\n"
              "Content-Type: multipart/alternative; boundary=\"=_zhanchi_alternative\"\r\n\r\n"
              "--=_zhanchi_alternative\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\n"
              "YQ0KYg0K\r\n"
              "--=_zhanchi_alternative\r\n"
              "Content-Type: text/html; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\n"
              "PHA+YTwvcD4NCg==\r\n"
              "--=_zhanchi_alternative--\r\n");
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* Long headers of many characters: lines of at most 76, words that each hold whole characters, and together the text. */
START_TEST(words)
{
    struct gw_request r;
    struct err e = {0};
    struct gateway *g = good();
    char subject[900] = "", word[100];
    struct buf all;

    for (int i = 0; i < _i; i++)
        strcat(subject, i % 3 == 0 ? "a" : i % 3 == 1 ? "𠮷" : "期");
    strcat(subject, "限");
    ck_assert_int_eq(
        build(g, "li@x.cn", subject, "x", "示例市人力资源和社会保障局就业服务中心办事处", &r, &e),
        0);
    buf_init(&all, 4096);
    const char *p = strstr(buf_cstr(&r.body), "Subject: "), *end = strstr(p, "\r\nMessage-ID");
    while ((p = strstr(p, "=?UTF-8?B?")) != NULL && p < end) {
        p += 10;
        size_t n = strcspn(p, "?");
        ck_assert_uint_lt(n, sizeof word);
        uint8_t out[100];
        int len = crypt_unbase64(p, n, out, sizeof out);
        ck_assert_int_gt(len, 0);
        ck_assert_int_ne(out[0] & 0xC0, 0x80); /* begins with a character */
        buf_add(&all, out, (size_t)len);
    }
    ck_assert_str_eq(buf_cstr(&all), subject);
    for (p = buf_cstr(&r.body); *p; p += strcspn(p, "\n") + 1)
        ck_assert_uint_le(strcspn(p, "\r\n"), 76);
    buf_fini(&all);
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

START_TEST(injections)
{
    static const struct {
        const char *to, *subject, *signature, *why;
    } bad[] = {
        {"li@x.cn", "a\r\nBcc: x@y.cn", "s", "line break"},
        {"li@x.cn", "a\nb", "s", "line break"},
        {"li@x.cn", "a", "s\r\nX: y", "line break"},
        {"li@x.cn\r\nRCPT TO:<a@b.cn>", "a", "s", "no mail address"},
        {"13800000001", "a", "s", "no mail address"},
        {"a@b.cn> SIZE=1 <c@d.cn", "a", "s", "no mail address"},
        {"li@x.cn", NULL, "s", "no value for {{subject}}"},
    };
    struct gw_request r;
    struct err e = {0};
    struct gateway *g = good();

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(build(g, bad[i].to, bad[i].subject, "text", bad[i].signature, &r, &e), -1);
        ck_assert_msg(strstr(e.what, bad[i].why) != NULL, "%zu: %s", i, e.what);
        ck_assert_ptr_null(strstr(e.what, "li@x.cn"));
        gw_request_fini(&r);
    }
    ck_assert_int_eq(build(g, "li@x.cn", "=?UTF-8?Q?x?=", "t", "a \"b\" \\", &r, &e), 0);
    ck_assert_ptr_nonnull(
        strstr(buf_cstr(&r.body), "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&r.body), "From: \"a \\\"b\\\" \\\\\" <"));
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

START_TEST(profiles)
{
    struct err e = {0};

    ck_assert_ptr_null(load("a@b.cn", "http://x", &e));
    ck_assert_ptr_nonnull(strstr(e.what, "no mail server"));
    ck_assert_ptr_null(load("a@b.cn", "smtp://u:geheim@x", &e));
    ck_assert_ptr_nonnull(strstr(e.what, "its url holds an @"));
    ck_assert_ptr_null(strstr(e.what, "geheim"));
    ck_assert_ptr_null(strstr(e.remedy, "geheim"));
    ck_assert_ptr_null(load("a@b.cn", "smtp://x/y", &e));
    struct gateway *g = load("nobody", "smtps://x:465", &e);
    struct gw_request r;
    ck_assert_ptr_nonnull(g);
    ck_assert_int_eq(build(g, "li@x.cn", "s", "t", "s", &r, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.what, "from is no mail address"));
    gw_request_fini(&r);
    gateway_free(g);
}
END_TEST

/* ---- replies ---- */

START_TEST(replies)
{
    static const struct {
        struct gw_answer a;
        enum msg_class class;
        const char *code, *id;
    } table[] = {
        {{.handed_over = true, .complete = true, .status = 250, .body = "2.0.0 queued as 4F1"},
         CLASS_OK,
         "250/2.0.0",
         "4F1"},
        {{.handed_over = true, .complete = true, .status = 250, .body = "OK id=1xW-0-x"},
         CLASS_OK,
         "250",
         "1xW-0-x"},
        /* "accepted" before the message was there is none */
        {{.handed_over = true, .unsent = true, .complete = true, .status = 250, .body = ""},
         CLASS_RETRY,
         "250",
         ""},
        {{.handed_over = true, .unsent = true, .complete = true, .status = 550, .body = "5.1.1 x"},
         CLASS_NUMBER,
         "550/5.1.1",
         ""},
        {{.handed_over = true, .complete = true, .status = 554, .body = "5.7.1 spam"},
         CLASS_CONTENT,
         "554/5.7.1",
         ""},
        {{.handed_over = true, .complete = true, .status = 451, .body = "4.7.1 grey"},
         CLASS_RETRY,
         "451/4.7.1",
         ""},
        {{.handed_over = true, .complete = true, .status = 354, .body = "?"},
         CLASS_UNKNOWN,
         "354",
         ""},
        {{.handed_over = true, .complete = true, .session = true, .status = 550, .body = "5.7.1 x"},
         CLASS_CONFIG,
         "550/5.7.1",
         ""},
        {{.complete = true, .session = true, .status = 535, .body = "no"}, CLASS_CONFIG, "535", ""},
        {{.complete = true, .session = true, .status = 421, .body = "4.3.2 no"},
         CLASS_RETRY,
         "421/4.3.2",
         ""},
        {{.handed_over = true, .end = "closed", .body = ""}, CLASS_UNKNOWN, "closed", ""},
        {{.handed_over = true, .unsent = true, .end = "before-data", .body = ""},
         CLASS_RETRY,
         "before-data",
         ""},
        {{.end = "unreachable", .body = ""}, CLASS_RETRY, "not-sent", ""},
    };
    struct gateway *g = good();

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gw_message m = {
            .id = 1, .ref = REF, .phone = "li@x.cn", .text = "t", .signature = "s"};
        struct gw_answer a = table[i].a;
        struct gw_result r;
        bool whole;
        a.body_len = strlen(a.body);
        a.transport_error = "";
        gateway_judge(g, &a, &m, 1, &r, &whole);
        ck_assert_msg(r.class == table[i].class, "%zu: %s", i, message_class_name(r.class));
        ck_assert_str_eq(r.code, table[i].code);
        ck_assert_str_eq(r.provider_id, table[i].id);
        ck_assert(!whole);
    }
    gateway_free(g);
}
END_TEST

/* ---- bounces ---- */

#define HEAD                                                                                       \
    "From: MAILER-DAEMON@x.cn\nContent-Type: multipart/report; report-type=delivery-status;\n"     \
    "\tboundary=\"b1\"\nMIME-Version: 1.0\n\nThis is MIME.\n--b1\nContent-Type: text/plain\n\n"    \
    "Sorry. Message-ID: <Z000010001-9-9@forged>\n\n--b1\nContent-Type: "                           \
    "message/delivery-status\n\n"                                                                  \
    "Reporting-MTA: dns; x.cn\nArrival-Date: Mon, 21 Sep 2026 22:13:20 +0800\n\n"
#define TAIL                                                                                       \
    "\n--b1\nContent-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID:\n <" REF "." PROOF       \
    "@office.test>\n\n--b1--\nThe end.\n"

#define PROVEN REF "." PROOF

struct got {
    size_t n;
    char text[512];
};

static int on_report(void *ctx, const struct gw_report *r)
{
    struct got *got = ctx;
    size_t at = strlen(got->text);

    got->n++;
    ck_assert(r->mailed);
    snprintf(got->text + at, sizeof got->text - at, "%s%s%s%s %s %s%s%s", at ? ", " : "", r->ref,
             r->proof[0] ? "." : "", r->proof,
             r->pending ? "pending" : message_class_name(r->class), r->code, r->phone[0] ? " " : "",
             r->phone);
    return 0;
}

static int read_text(const struct gateway *g, const char *text, size_t len, struct got *got,
                     size_t *others)
{
    struct err e = {0};

    memset(got, 0, sizeof *got);
    return gateway_callback_read(g, GW_RECEIPT, text, len, on_report, got, others, &e);
}

static const struct {
    const char *text, *expect; /* NULL: no notification */
    size_t others;
} bounces[] = {
    {HEAD "Final-Recipient: rfc822; li@x.cn\nAction: failed\nStatus: 5.1.1\n" TAIL,
     PROVEN " NUMBER 5.1.1 li@x.cn", 0},
    {HEAD "Final-Recipient: rfc822; li@x.cn\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; "
          "550-5.7.1\n no spam\n" TAIL,
     PROVEN " CONTENT 5.7.1 li@x.cn", 0},
    {HEAD "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 from 10.5.1.1 no\n" TAIL,
     PROVEN " NUMBER 5.0.0", 0},
    {HEAD "Action: failed\nStatus: 5.4.7 (expired)\n" TAIL, PROVEN " UNKNOWN 5.4.7", 0},
    {HEAD "Action: failed\n" TAIL, PROVEN " UNKNOWN no-status", 0},
    {HEAD "Action: delayed\nStatus: 4.4.1\nWill-Retry-Until: x\n" TAIL, PROVEN " pending 4.4.1", 0},
    {HEAD "Action: delivered\nStatus: 2.1.5\n" TAIL, PROVEN " OK 2.1.5", 0},
    {HEAD "Action: relayed\nStatus: 2.1.9\n" TAIL, PROVEN " pending 2.1.9", 0},
    {HEAD "Action: failed\nStatus: 5.1.1\n\nAction: delayed\nStatus: 4.2.2\n" TAIL,
     PROVEN " NUMBER 5.1.1, " PROVEN " pending 4.2.2", 0},
    {HEAD "Original-Recipient: RFC822 ;<Li@x.cn>\nFinal-Recipient: rfc822; w@y.cn\nAction: "
          "failed\n" TAIL,
     PROVEN " UNKNOWN no-status Li@x.cn", 0},
    {HEAD "Final-Recipient: x400; li@x.cn\nAction: failed\n" TAIL, PROVEN " UNKNOWN no-status", 0},
    /* somebody else's */
    {HEAD "Action: failed\nStatus: 5.1.1\n\n--b1\nContent-Type: message/rfc822\n\nMessage-ID: "
          "<1@y>\n\nx\n--b1--\n",
     "", 1},
    {HEAD "Action: failed\nStatus: 5.1.1\n\n--b1--\n", "", 1},
    {"In-Reply-To: <" REF "@office.test>\n" HEAD "Action: failed\nStatus: 5.2.1\n\n--b1--\n",
     REF " NUMBER 5.2.1", 0},
    /* letters */
    {"From: li@x.cn\nSubject: Re\n\nThank you <" REF "@office.test>\n", NULL, 0},
    {"Content-Type: multipart/mixed; boundary=b1\n\n--b1\nContent-Type: "
     "message/delivery-status\n\n\nAction: failed\n\n--b1--\n",
     NULL, 0},
    {"Content-Type: multipart/report; report-type=delivery-status\n\nno boundary\n", NULL, 0},
    {"", NULL, 0},
    /* an mbox */
    {"From x Mon\nSubject: letter\n\n>From inside\n\nFrom MAILER-DAEMON Mon\n" HEAD
     "Action: failed\nStatus: 5.1.1\n" TAIL "\nFrom MAILER-DAEMON Tue\n" HEAD
     "Action: delayed\nStatus: 4.4.1\n" TAIL,
     PROVEN " NUMBER 5.1.1, " PROVEN " pending 4.4.1", 0},
};

START_TEST(notifications)
{
    struct gateway *g = good();
    struct got got;
    size_t others;
    int rc = read_text(g, bounces[_i].text, strlen(bounces[_i].text), &got, &others);

    ck_assert_int_eq(rc, bounces[_i].expect ? 0 : -1);
    ck_assert_str_eq(got.text, bounces[_i].expect ? bounces[_i].expect : "");
    ck_assert_uint_eq(others, bounces[_i].others);
    gateway_free(g);
}
END_TEST

/* Cut anywhere and with every byte changed: nothing is read that is not there (the sanitizers watch), no other message is named. */
START_TEST(damage)
{
    struct gateway *g = good();
    struct got got;
    size_t others;

    for (size_t b = 0; b < sizeof bounces / sizeof bounces[0]; b++) {
        size_t len = strlen(bounces[b].text);
        for (size_t i = 0; i <= len; i++) {
            char *copy = malloc(len + 1);
            memcpy(copy, bounces[b].text, i);
            char *cut = realloc(copy, i + (i == 0));
            read_text(g, cut, i, &got, &others);
            free(cut);
            copy = malloc(len + 1);
            memcpy(copy, bounces[b].text, len);
            if (i < len)
                copy[i] = i % 3 == 0 ? '\n' : i % 3 == 1 ? '\0' : (char)0xff;
            read_text(g, copy, len, &got, &others);
            ck_assert_ptr_null(strstr(got.text, "-9-9"));
            free(copy);
        }
    }
    gateway_free(g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mail");
    TCase *t = tcase_create("mail");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, message);
    tcase_add_test(t, alternatives);
    tcase_add_loop_test(t, words, 0, 120);
    tcase_add_test(t, injections);
    tcase_add_test(t, profiles);
    tcase_add_test(t, replies);
    tcase_add_loop_test(t, notifications, 0, (int)(sizeof bounces / sizeof bounces[0]));
    tcase_add_test(t, damage);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
