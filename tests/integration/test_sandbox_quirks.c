/*
 * What only one profile of zhanchi-sandbox does: batches, further operations, pulls, signed callbacks, the ways in which a provider is odd.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "speakers.h"
#include "zhanchi/clock.h"

#define NOW " --receipt-delay 0 --receipt-jitter 0 --reply-delay 1 "
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"
#define A "13800000001"
#define B "13800000002"

static struct far_answer answer;

static void expect(const char *text, const char *mark)
{
    ck_assert_msg(strstr(text, mark) != NULL, "no %s in: %s", mark, text);
}

static void refuse(const char *text, const char *mark)
{
    ck_assert_msg(strstr(text, mark) == NULL, "%s in: %s", mark, text);
}

static void say(const char *profile, const char *numbers, const char *text)
{
    const struct letter l = {.numbers = numbers, .text = text, .ref = "Z-1"};

    speaker_find(profile)->say(&l, &answer);
}

static void post(const char *target, const char *headers, const char *body)
{
    far_http("POST", target, headers, body, &answer);
}

/* Asks again until something is there; a test that waits in vain ends by its own time-out. */
static void post_until(const char *target, const char *headers, const char *body, const char *mark)
{
    do {
        usleep(2000);
        post(target, headers, body);
    } while (strstr(answer.body, mark) == NULL);
}

static size_t count(const char *text, const char *mark)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, mark)) != NULL; p += strlen(mark))
        n++;
    return n;
}

/* ---- batches: one verdict each, or one for all ---- */

START_TEST(partial_success)
{
    static const char *const rows[][3] = {
        {"tencent", "\"Code\":\"Ok\"", "IncorrectPhoneNumber"},
        {"huawei", "\"status\":\"000000\"", "\"code\":\"E200037\""},
        {"yunpian", "\"code\":0", "\"code\":2,"}};

    far_start(rows[_i][0], "", false);
    say(rows[_i][0], A ",12345", "x");
    expect(answer.body, rows[_i][1]);
    expect(answer.body, rows[_i][2]);
    ck_assert_uint_eq(far_ledger_lines(), 1);
    far_stop();
    far_clean();
    far_start(rows[_i][0], "--partial 1", false);
    say(rows[_i][0], A "," B, "x");
    ck_assert_uint_eq(count(answer.body, rows[_i][1]), 1);
    ck_assert_uint_eq(far_ledger_lines(), 2);
    ck_assert_str_ne(text_of("%s", far_ledger(0, 1)), far_ledger(1, 1));
    far_stop();
}
END_TEST

START_TEST(one_verdict)
{
    static const char *const profiles[] = {"aliyun", "aliyun-rpc", "mas", "montnets", "chuanglan"};
    const struct speaker *s = speaker_find(profiles[_i]);

    far_start(s->profile, "--balance 3", false);
    say(s->profile, A ",12345", "x");
    refuse(answer.body, s->good);
    ck_assert_uint_eq(far_ledger_lines(), 0);
    say(s->profile, A "," B, "x");
    expect(answer.body, s->good);
    ck_assert_uint_eq(far_ledger_lines(), 2);
    ck_assert_str_eq(text_of("%s", far_ledger(0, 1)), far_ledger(1, 1));
    say(s->profile, A "," B, "y"); /* one text is left: not enough for two */
    refuse(answer.body, s->good);
    ck_assert_uint_eq(far_ledger_lines(), 2);
    far_stop();
}
END_TEST

/* One reference for a whole request is no reference twice. */
START_TEST(summary)
{
    char line[256] = "";

    far_start("aliyun", "", false);
    say("aliyun", A "," B, "x");
    far_stop();
    FILE *p = popen(text_of("%s --summary %s", ZHANCHI_SANDBOX, far_ledger_path()), "r");
    ck_assert_ptr_nonnull(fgets(line, sizeof line, p));
    pclose(p);
    ck_assert_str_eq(line,
                     "{\"accepted\":2,\"refs\":2,\"refs_twice\":0,\"texts\":2,\"texts_twice\":"
                     "0,\"torn\":false}\n");
}
END_TEST

/* ---- Aliyun ---- */

START_TEST(aliyun_batch_and_query)
{
    const char *day = time_text(clock_now_ms(), 480, "%Y%m%d");
    const char *query = text_of("CurrentPage=1&PageSize=10&PhoneNumber=" B "&SendDate=%s", day);
    const char *numbers = percent("[\"" A "\",\"+86" B "\"]");
    const char *signs = percent("[\"甲\",\"乙\"]");

    far_start("aliyun", "--receipt-delay 300 --receipt-jitter 0", false);
    speak_aliyun("SendBatchSms", "OutId=Z-9&TemplateCode=SMS_2",
                 text_of("PhoneNumberJson=%s&SignNameJson=%s&TemplateParamJson=%s", numbers, signs,
                         percent("[{\"a\":\"1\"},{\"a\":\"2\"}]")),
                 &answer);
    expect(answer.body, "\"Code\":\"OK\"");
    ck_assert_uint_eq(far_ledger_lines(), 2);
    ck_assert_str_eq(far_ledger(1, 2), "Z-9");
    ck_assert_str_eq(far_ledger(1, 3), B);
    ck_assert_str_eq(far_ledger(1, 6), "SMS_2 {\"a\":\"2\"}");
    speak_aliyun("QuerySendDetails", query, "", &answer);
    expect(answer.body, "\"SendStatus\":1");
    do
        speak_aliyun("QuerySendDetails", query, "", &answer);
    while (strstr(answer.body, "\"SendStatus\":3") == NULL);
    expect(answer.body, "\"ErrCode\":\"DELIVERED\"");
    expect(answer.body, "\"OutId\":\"Z-9\"");
    expect(answer.body, "\"TotalCount\":1");
    speak_aliyun("SendBatchSms", "TemplateCode=SMS_2",
                 text_of("PhoneNumberJson=%s&SignNameJson=%s", numbers, percent("[\"甲\"]")),
                 &answer);
    expect(answer.body, "isv.INVALID_PARAMETERS");
    far_stop();
}
END_TEST

/* ---- Tencent ---- */

START_TEST(tencent_pulls)
{
    far_start("tencent", NOW "--refuse " A, false);
    say("tencent", A, "x");
    say("tencent", B, "x");
    do
        speak_tencent("PullSmsSendStatus", "{\"Limit\":1,\"SmsSdkAppId\":\"1400000001\"}", &answer);
    while (strstr(answer.body, "SerialNo") == NULL);
    ck_assert_uint_eq(count(answer.body, "SerialNo"), 1);
    expect(answer.body, "\"ReportStatus\":\"SUCCESS\"");
    expect(answer.body, "\"SessionContext\":\"Z-1\"");
    usleep(20000);
    speak_tencent("PullSmsSendStatus", "{\"Limit\":100}", &answer);
    ck_assert_uint_eq(count(answer.body, "SerialNo"), 1);
    speak_tencent("PullSmsSendStatus", "{\"Limit\":100}", &answer); /* they are taken once */
    expect(answer.body, "\"PullSmsSendStatusSet\":[]");
    do
        speak_tencent("PullSmsReplyStatus", "{\"Limit\":100}", &answer);
    while (strstr(answer.body, "ReplyContent") == NULL);
    expect(answer.body, "\"SubscriberNumber\":\"" A "\"");
    say("tencent", A, "x"); /* the platform keeps to it without being asked */
    expect(answer.body, "FailedOperation.PhoneNumberInBlacklist");
    far_stop();
}
END_TEST

/* ---- Huawei ---- */

START_TEST(huawei_parts_and_callback_of_the_request)
{
    const char *seventy = "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五"
                          "六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十";
    const struct letter l = {.numbers = A,
                             .text = seventy,
                             .ref = "job42",
                             .callback = text_of("%s/own?x=1", office_url())};

    office_answers(200, "", 0);
    far_start("huawei", NOW "--set push-aksk=yes", true);
    speaker_find("huawei")->say(&l, &answer);
    expect(answer.body, "000000");
    office_wait(2);
    for (size_t i = 0; i < 2; i++) {
        const struct far_call *c = office_call(i);
        ck_assert_str_eq(c->path, "/own");
        expect(c->body, "total=2");
        expect(c->body, text_of("sequence=%zu", i + 1));
        const char *canonical =
            text_of("POST\n/own/\nx=1\nhost:%s\nx-sdk-date:%s\n\nhost;x-sdk-date\n%s", c->host,
                    c->sdk_date, sha256_hex(c->body));
        expect(c->authorization, hmac_sha256_hex(APP, text_of("SDK-HMAC-SHA256\n%s\n%s",
                                                              c->sdk_date, sha256_hex(canonical))));
    }
    far_stop();
}
END_TEST

/* Quotation marks around the values, JSON, no `extend`, a number twice. */
/* No callback in the request: the batch address, JSON. */
START_TEST(huawei_batch_address)
{
    const struct letter l = {.numbers = A "," B, .text = "您好", .ref = "job43", .callback = ""};

    office_answers(200, "", 0);
    far_start("huawei", NOW "--receipt-batch 50", true);
    speaker_find("huawei")->say(&l, &answer);
    expect(answer.body, "000000");
    office_wait(1);
    for (size_t i = 0, seen = 0; seen < 2; i++) {
        office_wait(i + 1);
        const struct far_call *c = office_call(i);
        ck_assert_str_eq(c->path, "/receipt");
        expect(c->body, "{\"statusReportList\":[{\"smsMsgId\":\"");
        for (const char *s = c->body; (s = strstr(s, "\"extend\":\"job43\"")) != NULL; s++)
            seen++;
    }
    far_stop();
}
END_TEST

START_TEST(huawei_diff)
{
    const char *stamp = time_text(clock_now_ms(), 0, "%Y%m%dT%H%M%SZ");
    const char *body =
        text_of("{\"from\":\"88\",\"statusCallback\":\"%s/receipt\","
                "\"smsContent\":[{\"to\":[\"+86" A "\",\"" A "\"],"
                "\"templateId\":\"T1\",\"templateParas\":[\"一\"]},{\"to\":[\"" B "\"],"
                "\"templateId\":\"T2\",\"templateParas\":[]}]}",
                office_url());

    office_answers(200, "", 0);
    far_start("huawei", NOW, true);
    const char *canonical =
        text_of("POST\n/sms/batchSendDiffSms/v1/\n\ncontent-type:application/json\nhost:%s\n"
                "x-sdk-date:%s\n\ncontent-type;host;x-sdk-date\n%s",
                far_host(), stamp, sha256_hex(body));
    const char *signature =
        hmac_sha256_hex(APP, text_of("SDK-HMAC-SHA256\n%s\n%s", stamp, sha256_hex(canonical)));
    post("/sms/batchSendDiffSms/v1",
         text_of(JSON "X-Sdk-Date: %s\r\nAuthorization: SDK-HMAC-SHA256 Access=\"" APP
                      "\", SignedHeaders=\"content-type;host;x-sdk-date\", Signature=\"%s\"\r\n",
                 stamp, signature),
         body);
    expect(answer.body, "\"code\":\"E200037\"");
    ck_assert_uint_eq(count(answer.body, "\"status\":\"000000\""), 2);
    ck_assert_uint_eq(count(answer.body, "\"status\":\"E200041\""), 1);
    ck_assert_uint_eq(far_ledger_lines(), 2);
    ck_assert_str_eq(far_ledger(0, 6), "T1 [\"一\"]");
    ck_assert_str_eq(far_ledger(1, 6), "T2");
    office_wait(2);
    refuse(office_call(0)->body, "&to=");
    far_stop();
}
END_TEST

/* ---- MAS ---- */

static const char *mas_body(const char *json)
{
    return base64_of(json, strlen(json));
}

START_TEST(mas_many_to_many_and_pulls)
{
    const char *map = "{\"" A "\":\"甲\",\"" B "\":\"乙\"}";
    const char *mac = md5_hex(text_of("ec" APP APP "%sS", map));
    const char *pull =
        mas_body("{\"ecName\":\"ec\",\"apId\":\"" APP "\",\"secretKey\":\"" APP "\"}");

    far_start("mas", NOW "--refuse " A, false);
    post("/sms/submit", "",
         text_of("\"%s\"", mas_body(text_of("{\"ecName\":\"ec\",\"apId\":\"" APP
                                            "\",\"mobiles\":\"\",\"content\":\"{\\\"" A
                                            "\\\":\\\"甲\\\",\\\"" B
                                            "\\\":\\\"乙\\\"}\",\"sign\":\"S\",\"addSerial\":\"\","
                                            "\"mac\":\"%s\"}",
                                            mac))));
    expect(answer.body, "\"rspcod\":\"success\"");
    ck_assert_str_eq(far_ledger(0, 6), "甲");
    ck_assert_str_eq(far_ledger(1, 3), B);
    ck_assert_str_eq(far_ledger(1, 6), "乙");
    ck_assert_uint_eq(strlen(far_ledger(0, 1)), 22);
    post_until("/sms/report", "", pull, "reportStatus");
    expect(answer.body, "\"mobile\":[\"138");
    post_until("/sms/deliver", "", pull, "smsContent");
    post("/sms/report", "",
         mas_body("{\"ecName\":\"ec\",\"apId\":\"" APP "\",\"secretKey\":\"no\"}"));
    expect(answer.body, "InvalidUsrOrPwd");
    post("/sms/norsubmit", "", "no base64");
    expect(answer.body, "InvalidMessage");
    far_stop();
}
END_TEST

START_TEST(mas_template)
{
    const char *mac = md5_hex("ec" APP APP "T1" A "," B "[\"张三\"]S01");

    far_start("mas", "", false);
    post("/sms/tmpsubmit", "",
         mas_body(text_of("{\"ecName\":\"ec\",\"apId\":\"" APP
                          "\",\"templateId\":\"T1\",\"mobiles\":"
                          "\"" A "," B "\",\"params\":\"[\\\"张三\\\"]\",\"sign\":\"S\","
                          "\"addSerial\":\"01\",\"mac\":\"%s\"}",
                          mac)));
    expect(answer.body, "success");
    ck_assert_str_eq(far_ledger(1, 6), "T1 [\"张三\"]");
    far_stop();
}
END_TEST

/* ---- Montnets ---- */

START_TEST(montnets_multi_and_pulls)
{
    const char *list = text_of("[{\"mobile\":\"" A "\",\"content\":\"%s\",\"custid\":\"c1\"},"
                               "{\"mobile\":\"" B "\",\"content\":\"%s\",\"custid\":\"c2\","
                               "\"exdata\":\"e2\"}]",
                               gbk_percent("甲"), gbk_percent("乙"));

    far_start("montnets", NOW "--refuse " A, false);
    post("/sms/v2/std/multi_send", JSON, text_of("{\"apikey\":\"" APP "\",\"multimt\":%s}", list));
    expect(answer.body, "\"result\":0,\"msgid\":10000000000000000001");
    post("/sms/v2/std/multi_send", FORM,
         text_of("userid=" APP "&pwd=" APP "&multimt=%s", percent(list)));
    expect(answer.body, "\"result\":0");
    ck_assert_uint_eq(far_ledger_lines(), 4);
    ck_assert_str_eq(far_ledger(1, 2), "c2");
    ck_assert_str_eq(far_ledger(1, 6), "乙");
    ck_assert_str_eq(far_ledger(3, 6), "乙");
    usleep(50000);
    post("/sms/v2/std/get_rpt", JSON, "{\"apikey\":\"" APP "\",\"retsize\":3}");
    ck_assert_uint_eq(count(answer.body, "errcode"), 3);
    post("/sms/v2/std/get_rpt", FORM, "apikey=" APP);
    ck_assert_uint_eq(count(answer.body, "errcode"), 1);
    post_until("/sms/v2/std/get_mo", FORM, "apikey=" APP, "content");
    expect(answer.body, "\"spno\"");
    post("/sms/v2/std/single_send", FORM, /* the form's own encoding alone */
         text_of("apikey=" APP "&mobile=" B "&content=%s&custid=c3", gbk_percent("丙")));
    expect(answer.body, "\"custid\":\"c3\"");
    ck_assert_str_eq(far_ledger(4, 6), "丙");
    post("/sms/v2/std/single_send", FORM, /* and that of the field besides */
         text_of("apikey=" APP "&mobile=" B "&content=%s", percent(gbk_percent("丁"))));
    ck_assert_str_eq(far_ledger(5, 6), "丁");
    far_stop();
}
END_TEST

/* ---- Chuanglan ---- */

#define CL "\"account\":\"" APP "\",\"password\":\"" APP "\""

START_TEST(chuanglan_variable_and_pulls)
{
    far_start("chuanglan", NOW "--refuse " A, false);
    post("/msg/variable/json", JSON,
         "{" CL ",\"msg\":\"【某局】{$var}您好，{$var}元\",\"params\":\"" A ",张三,2000;" B
         ",李四,300\",\"report\":\"true\"}");
    expect(answer.body, "\"successNum\":\"2\"");
    ck_assert_str_eq(far_ledger(1, 6), "【某局】李四您好，300元");
    ck_assert_str_eq(far_ledger(1, 2), "-");
    post_until("/msg/pull/report", JSON, "{" CL ",\"count\":\"20\"}", "DELIVRD");
    post_until("/msg/pull/mo", JSON, "{" CL ",\"count\":\"20\"}", "moTime");
    post("/msg/send/json", JSON, "{" CL ",\"msg\":\"【某局】x\",\"phone\":\"" B "\"}");
    expect(answer.body, "\"code\":\"0\"");
    usleep(50000); /* no report was asked for, none comes */
    post("/msg/pull/report", JSON, "{" CL ",\"count\":\"20\"}");
    refuse(answer.body, text_of("%s", far_ledger(2, 1)));
    post("/msg/send/json", JSON, "{" CL ",\"msg\":\"x\",\"phone\":\"" B "\"}");
    expect(answer.body, "\"code\":\"116\"");
    far_stop();
}
END_TEST

START_TEST(chuanglan_callback_secret)
{
    office_answers(200, "{\"clcode\":\"111111\"}", 0);
    far_start("chuanglan", NOW "--set receiver=me --set pswd=p%26w --retry 10,10", true);
    say("chuanglan", A, "x");
    office_wait(3); /* 111111 is no acknowledgement */
    ck_assert_str_eq(office_call(0)->method, "GET");
    ck_assert_int_eq(strncmp(office_call(0)->query, "receiver=me&pswd=p%2526w&msgid=1", 31), 0);
    far_stop();
}
END_TEST

/* ---- Yunpian ---- */

START_TEST(yunpian_operations)
{
    const char *texts = text_of("%s,%s", percent("【某局】甲,1"), percent("【某局】乙"));

    far_start("yunpian", NOW "--refuse " A, false);
    post("/v2/sms/multi_send.json", FORM,
         text_of("apikey=" APP "&mobile=%s&text=%s", percent(A "," B), percent(texts)));
    expect(answer.body, "\"total_count\":2");
    ck_assert_str_eq(far_ledger(0, 6), "【某局】甲,1");
    ck_assert_str_eq(far_ledger(1, 6), "【某局】乙");
    post("/v2/sms/multi_send.json", FORM,
         text_of("apikey=" APP "&mobile=%s&text=%s", percent(A "," B), percent("【某局】x")));
    expect(answer.body, "\"code\":25");
    ck_assert_int_eq(answer.status, 400);
    post("/v2/sms/tpl_single_send.json", FORM,
         text_of("apikey=" APP "&mobile=" B "&tpl_id=7&tpl_value=%s",
                 percent(text_of("%s=%s", percent("#name#"), percent("张三")))));
    expect(answer.body, "\"code\":0");
    ck_assert_str_eq(far_ledger(2, 6), "7 #name#=张三");
    post_until("/v2/sms/pull_status.json", FORM, "apikey=" APP "&page_size=1", "report_status");
    ck_assert_uint_eq(count(answer.body, "report_status"), 1);
    post_until("/v2/sms/pull_reply.json", FORM, "apikey=" APP, "_sign");
    far_stop();
}
END_TEST

/* The values in the order of their names, then the key. */
static const char *yunpian_sign(const char *base, const char *ext, const char *id,
                                const char *mobile, const char *at, const char *text,
                                const char *key)
{
    return md5_hex(text_of("%s,%s,%s,%s,%s,%s,%s", base, ext, id, mobile, at, text, key));
}

static const char *member(const char *json, const char *name)
{
    const char *p = strstr(json, text_of("\"%s\":\"", name));

    ck_assert_ptr_nonnull(p);
    p += strlen(name) + 4;
    return text_of("%.*s", (int)strcspn(p, "\""), p);
}

START_TEST(yunpian_sign_of_replies)
{
    ck_assert_str_eq(yunpian_sign("8888", "01", "2a70c6bb4f2845da816ea1bfe5732747", "15205201314",
                                  "2014-03-17 22:55:21", "收到了，谢谢！", "0000"),
                     "393d079e0a00912335adfe46f4a2e10f");
    far_start("yunpian", NOW "--refuse " A, false);
    say("yunpian", A, "x");
    post_until("/v2/sms/pull_reply.json", FORM, "apikey=" APP, "_sign");
    const char *j = answer.body;
    ck_assert_str_eq(member(j, "_sign"),
                     yunpian_sign(member(j, "base_extend"), member(j, "extend"), member(j, "id"),
                                  member(j, "mobile"), member(j, "reply_time"), member(j, "text"),
                                  APP));
    far_stop();
}
END_TEST

/* ---- Twilio ---- */

START_TEST(twilio_steps_and_signature)
{
    static const char *const steps[] = {"queued", "sent", "delivered"};

    office_answers(204, "", 0);
    far_start("twilio", "--receipt-delay 60 --receipt-jitter 0", true);
    say("twilio", A, "x");
    ck_assert_int_eq(answer.status, 201);
    ck_assert_str_eq(far_ledger(0, 2), "Z-1");
    office_wait(3);
    for (size_t i = 0; i < 3; i++) {
        const struct far_call *c = office_call(i);
        const char *to = "+86" A, *sid = far_ledger(0, 1);
        expect(c->body, text_of("MessageStatus=%s", steps[i]));
        ck_assert_str_eq(c->query, "ref=Z-1");
        const char *text = text_of("%s/receipt?ref=Z-1AccountSid" APP "ApiVersion2010-04-01From"
                                   "+12025550104MessageSid%sMessageStatus%sSmsSid%sSmsStatus%sTo%s",
                                   office_url(), sid, steps[i], sid, steps[i], to);
        ck_assert_str_eq(c->signature, hmac_sha1_base64(APP, text));
    }
    far_stop();
}
END_TEST

/* ---- a webhook ---- */

START_TEST(webhook_users)
{
    office_answers(200, "", 0);
    far_start("webhook", NOW "--set callback-secret=other", true);
    say("webhook", "zhangsan", "x");
    ck_assert_int_eq(answer.status, 202);
    ck_assert_str_eq(far_ledger(0, 3), "zhangsan");
    office_wait(1);
    ck_assert_str_eq(
        office_call(0)->body,
        text_of("{\"id\":\"%s\",\"ref\":\"Z-1\",\"status\":\"delivered\"}", far_ledger(0, 1)));
    ck_assert_str_eq(office_call(0)->signature, hmac_sha256_hex("other", office_call(0)->body));
    far_stop();
}
END_TEST

/* ---- the command line ---- */

START_TEST(wrong_options)
{
    static const char *const args[] = {"--profile nobody", "--profile tencent --set ecName=x",
                                       "--profile mas --set ecName", "--set x=y"};

    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        int status = system(text_of("%s --port 0 %s 2>/dev/null", ZHANCHI_SANDBOX, args[i]));
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 64);
    }
    ck_assert_int_eq(system(ZHANCHI_SANDBOX " --help | grep -q push-aksk"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox_quirks");
    TCase *t = tcase_create("quirks");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, NULL, far_clean);
    tcase_add_loop_test(t, partial_success, 0, 3);
    tcase_add_loop_test(t, one_verdict, 0, 5);
    tcase_add_test(t, summary);
    tcase_add_test(t, aliyun_batch_and_query);
    tcase_add_test(t, tencent_pulls);
    tcase_add_test(t, huawei_parts_and_callback_of_the_request);
    tcase_add_test(t, huawei_batch_address);
    tcase_add_test(t, huawei_diff);
    tcase_add_test(t, mas_many_to_many_and_pulls);
    tcase_add_test(t, mas_template);
    tcase_add_test(t, montnets_multi_and_pulls);
    tcase_add_test(t, chuanglan_variable_and_pulls);
    tcase_add_test(t, chuanglan_callback_secret);
    tcase_add_test(t, yunpian_operations);
    tcase_add_test(t, yunpian_sign_of_replies);
    tcase_add_test(t, twilio_steps_and_signature);
    tcase_add_test(t, webhook_users);
    tcase_add_test(t, wrong_options);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
