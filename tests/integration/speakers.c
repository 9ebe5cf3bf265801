/*
 * speakers: see speakers.h. One function a provider builds and sends a request; a row of the table says what must come back.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include "speakers.h"
#include "zhanchi/clock.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"

static const char *secret(const struct letter *l)
{
    return l->forged ? "forged" : "sandbox";
}

static const char *nonce_of(const struct letter *l)
{
    static unsigned serial;

    return l->nonce ? l->nonce : text_of("nonce-%u-%lld", ++serial, (long long)clock_mono_us());
}

/* "a","b" of a,b with something in front of each. */
static const char *quoted_list(const char *numbers, const char *front)
{
    char *copy = text_of("%s", numbers), *out = text_of("%s", "");

    for (char *save, *n = strtok_r(copy, ",", &save); n; n = strtok_r(NULL, ",", &save))
        out = text_of("%s%s\"%s%s\"", out, *out ? "," : "", front, n);
    return out;
}

/* ---- Aliyun ---- */

static const char *aliyun_params(const struct letter *l)
{
    const char *param = text_of("{\"text\":\"%s\"}", l->text);

    return text_of("OutId=%s&PhoneNumbers=%s&SignName=%s&TemplateCode=SMS_1&TemplateParam=%s",
                   percent(l->ref), percent(l->numbers), percent("某市人社"), percent(param));
}

static void say_aliyun_rpc(const struct letter *l, struct far_answer *out)
{
    /* in the order of the names */
    const char *p = aliyun_params(l), *sign = strstr(p, "&TemplateCode");
    const char *query =
        text_of("AccessKeyId=" APP "&Action=SendSms&Format=JSON&%.*s&SignatureMethod=HMAC-SHA1&"
                "SignatureNonce=%s&SignatureVersion=1.0%s&Timestamp=%s&Version=2017-05-25",
                (int)(sign - p), p, percent(nonce_of(l)), sign,
                percent(time_text(clock_now_ms() + l->skew_ms, 0, "%Y-%m-%dT%H:%M:%SZ")));
    const char *key = text_of("%s&", secret(l));
    const char *signature = hmac_sha1_base64(key, text_of("POST&%%2F&%s", percent(query)));
    const char *cut = strstr(query, "&SignName"); /* half of it goes into the query */

    far_http("POST", text_of("/?%.*s", (int)(cut - query), query), FORM,
             text_of("%s&Signature=%s", cut + 1, percent(signature)), out);
}

static void acs3(const struct letter *l, const char *action, const char *query, const char *body,
                 struct far_answer *out)
{
    const char *list = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;"
                       "x-acs-version";
    const char *date = time_text(clock_now_ms() + l->skew_ms, 0, "%Y-%m-%dT%H:%M:%SZ");
    const char *nonce = nonce_of(l), *hash = sha256_hex(body);
    const char *canonical =
        text_of("POST\n/\n%s\nhost:%s\nx-acs-action:%s\nx-acs-content-sha256:%s\n"
                "x-acs-date:%s\nx-acs-signature-nonce:%s\nx-acs-version:2017-05-25\n\n%s\n%s",
                query, far_host(), action, hash, date, nonce, list, hash);
    const char *signature =
        hmac_sha256_hex(secret(l), text_of("ACS3-HMAC-SHA256\n%s", sha256_hex(canonical)));

    far_http("POST", text_of("/?%s", query),
             text_of(FORM "x-acs-action: %s\r\nx-acs-version: 2017-05-25\r\nx-acs-date: %s\r\n"
                          "x-acs-signature-nonce: %s\r\nx-acs-content-sha256: %s\r\nAuthorization: "
                          "ACS3-HMAC-SHA256 Credential=" APP ",SignedHeaders=%s,Signature=%s\r\n",
                     action, date, nonce, hash, list, signature),
             body, out);
}

void speak_aliyun(const char *action, const char *query, const char *body, struct far_answer *out)
{
    acs3(&(struct letter){0}, action, query, body, out);
}

static void say_aliyun(const struct letter *l, struct far_answer *out)
{
    acs3(l, "SendSms", aliyun_params(l), "", out);
}

/* ---- Tencent ---- */

static const char *tencent_key(const char *key, const char *date, const char *text)
{
    const char *steps[] = {date, "sms", "tc3_request", text};
    unsigned char from[EVP_MAX_MD_SIZE], to[EVP_MAX_MD_SIZE];
    unsigned len = (unsigned)snprintf((char *)from, sizeof from, "TC3%s", key);
    char *hex = text_of("%64s", "");

    for (size_t i = 0; i < 4; i++) {
        HMAC(EVP_sha256(), from, (int)len, (const unsigned char *)steps[i], strlen(steps[i]), to,
             &len);
        memcpy(from, to, len);
    }
    for (size_t i = 0; i < len; i++)
        sprintf(hex + 2 * i, "%02x", from[i]);
    return hex;
}

static void tencent(const struct letter *l, const char *action, const char *body,
                    struct far_answer *out)
{
    int64_t at_ms = clock_now_ms() + l->skew_ms;
    const char *date = time_text(at_ms, 0, "%Y-%m-%d");
    const char *stamp = text_of("%lld", (long long)(at_ms / 1000));
    const char *canonical =
        text_of("POST\n/\n\ncontent-type:application/json\nhost:%s\n\ncontent-type;host\n%s",
                far_host(), sha256_hex(body));
    const char *text =
        text_of("TC3-HMAC-SHA256\n%s\n%s/sms/tc3_request\n%s", stamp, date, sha256_hex(canonical));

    far_http("POST", "/",
             text_of(JSON "X-TC-Action: %s\r\nX-TC-Version: 2021-01-11\r\nX-TC-Timestamp: %s\r\n"
                          "Authorization: TC3-HMAC-SHA256 Credential=" APP
                          "/%s/sms/tc3_request, SignedHeaders=content-type;host, Signature=%s\r\n",
                     action, stamp, date, tencent_key(secret(l), date, text)),
             body, out);
}

void speak_tencent(const char *action, const char *body, struct far_answer *out)
{
    tencent(&(struct letter){0}, action, body, out);
}

static void say_tencent(const struct letter *l, struct far_answer *out)
{
    tencent(l, "SendSms",
            text_of("{\"PhoneNumberSet\":[%s],\"SmsSdkAppId\":\"1400000001\",\"TemplateId\":"
                    "\"7\",\"SignName\":\"某市人社\",\"TemplateParamSet\":[\"%s\"],"
                    "\"SessionContext\":\"%s\"}",
                    quoted_list(l->numbers, strlen(l->numbers) >= 11 ? "+86" : ""), l->text,
                    l->ref),
            out);
}

/* ---- Huawei ---- */

static void say_huawei(const struct letter *l, struct far_answer *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    const char *created = time_text(clock_now_ms() + l->skew_ms, 0, "%Y-%m-%dT%H:%M:%SZ");
    const char *nonce = nonce_of(l), *text = text_of("%s%s%s", nonce, created, secret(l));
    const char *url = l->callback ? l->callback : text_of("%s/receipt", office_url());
    const char *callback = *url ? text_of("&statusCallback=%s", percent(url)) : "";

    EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
    far_http("POST", "/sms/batchSendSms/v1",
             text_of(FORM "Authorization: WSSE realm=\"SDP\",profile=\"UsernameToken\",type="
                          "\"Appkey\"\r\nX-WSSE: UsernameToken Username=\"" APP
                          "\",PasswordDigest=\"%s\",Nonce=\"%s\",Created=\"%s\"\r\n",
                     base64_of(digest, len), nonce, created),
             text_of("from=8824000000001&to=%s&templateId=T1&templateParas=%s&extend=%s%s",
                     percent(l->numbers), percent(text_of("[\"%s\"]", l->text)), percent(l->ref),
                     callback),
             out);
}

/* ---- MAS ---- */

static void say_mas(const struct letter *l, struct far_answer *out)
{
    const char *mac = md5_hex(text_of("某局" APP "%s%s%sSIGN01", secret(l), l->numbers, l->text));
    const char *json = text_of("{\"ecName\":\"某局\",\"apId\":\"" APP "\",\"mobiles\":\"%s\","
                               "\"content\":\"%s\",\"sign\":\"SIGN\",\"addSerial\":\"01\",\"mac\":"
                               "\"%s\"}",
                               l->numbers, l->text, mac);

    far_http("POST", "/sms/norsubmit", "Content-Type: text/plain\r\n",
             base64_of(json, strlen(json)), out);
}

/* ---- Montnets ---- */

static void say_montnets(const struct letter *l, struct far_answer *out)
{
    const char *stamp = time_text(clock_now_ms(), 480, "%m%d%H%M%S");
    const char *pwd = md5_hex(text_of(APP "00000000%s%s", secret(l), stamp));

    far_http("POST", "/sms/v2/std/batch_send", JSON,
             text_of("{\"userid\":\"" APP "\",\"pwd\":\"%s\",\"timestamp\":\"%s\",\"mobile\":"
                     "\"%s\",\"content\":\"%s\",\"custid\":\"%s\",\"exno\":\"01\"}",
                     pwd, stamp, l->numbers, gbk_percent(l->text), l->ref),
             out);
}

/* ---- Chuanglan ---- */

static void say_chuanglan(const struct letter *l, struct far_answer *out)
{
    far_http("POST", "/msg/v1/send/json", JSON,
             text_of("{\"account\":\"" APP "\",\"password\":\"%s\",\"phone\":\"%s\",\"msg\":"
                     "\"【某局】%s\",\"report\":\"true\",\"uid\":\"%s\"}",
                     secret(l), l->numbers, l->text, l->ref),
             out);
}

/* ---- Yunpian ---- */

static void say_yunpian(const struct letter *l, struct far_answer *out)
{
    bool batch = strchr(l->numbers, ',') != NULL;

    far_http("POST", batch ? "/v2/sms/batch_send.json" : "/v2/sms/single_send.json", FORM,
             text_of("apikey=%s&mobile=%s&text=%s&uid=%s", secret(l), percent(l->numbers),
                     percent(text_of("【某局】%s", l->text)), percent(l->ref)),
             out);
}

/* ---- Twilio ---- */

static void say_twilio(const struct letter *l, struct far_answer *out)
{
    const char *who = text_of(APP ":%s", secret(l));
    const char *to = l->numbers[0] == '1' && strlen(l->numbers) == 11 ? text_of("+86%s", l->numbers)
                                                                      : l->numbers;
    const char *callback =
        l->callback ? l->callback : text_of("%s/receipt?ref=%s", office_url(), l->ref);

    far_http("POST", "/2010-04-01/Accounts/" APP "/Messages.json",
             text_of(FORM "Authorization: Basic %s\r\n", base64_of(who, strlen(who))),
             text_of("To=%s&From=%%2B12025550104&Body=%s&StatusCallback=%s", percent(to),
                     percent(l->text), percent(callback)),
             out);
}

/* ---- a webhook ---- */

static void say_webhook(const struct letter *l, struct far_answer *out)
{
    far_http("POST", "/office/messages", text_of(JSON "Authorization: Bearer %s\r\n", secret(l)),
             text_of("{\"id\":\"%s\",\"to\":\"%s\",\"title\":\"通知\",\"text\":\"%s\"}", l->ref,
                     l->numbers, l->text),
             out);
}

/* ---- what must come back ---- */

#define A "13800000001"

#define ALIYUN_ROWS                                                                                \
    .good = "\"Code\":\"OK\"", .forged = "SignatureDoesNotMatch",                                  \
    .ack = "{\"code\":0,\"msg\":\"ok\"}", .id = "\"BizId\":\"", .whole = true, .clock = true,      \
    .nonce = true, .receipt = {"phone_number", "send_time", "report_time", "success", "err_code",  \
                               "err_msg",      "sms_size",  "biz_id",      "out_id"},              \
    .reply = {"phone_number", "send_time", "content", "sign_name", "dest_code", "sequence_id"},    \
    .delivered = "\"success\":true,\"err_code\":\"DELIVERED\"",                                    \
    .failures = {                                                                                  \
        {"--flow 1", A, "x", "\"Code\":\"Throttling.User\"", NULL},                                \
        {"--busy 1", A, "x", "\"Code\":\"InternalError\"", NULL},                                  \
        {"--balance 0", A, "x", "isv.AMOUNT_NOT_ENOUGH", NULL},                                    \
        {"", "12345", "x", "isv.MOBILE_NUMBER_ILLEGAL", NULL},                                     \
        {"--keyword 彩票", A, "彩票", "isv.SMS_CONTENT_ILLEGAL", NULL},                            \
        {"--vacant " A, A, "x", "\"Code\":\"OK\"", "\"err_code\":\"MOBILE_NOT_ON_SERVICE\""},      \
        {"--black " A, A, "x", "\"Code\":\"OK\"", "\"err_code\":\"MOBILE_IN_BLACK\""},             \
        {"--daily-cap 1", "cap", "x", "isv.BUSINESS_LIMIT_CONTROL", NULL},                         \
        {NULL, NULL, NULL, NULL, NULL}}

const struct speaker speakers[] = {
    {.profile = "aliyun-rpc", .say = say_aliyun_rpc, ALIYUN_ROWS},
    {.profile = "aliyun", .say = say_aliyun, ALIYUN_ROWS},
    {.profile = "tencent",
     .say = say_tencent,
     .good = "\"Code\":\"Ok\"",
     .forged = "AuthFailure.SignatureFailure",
     .ack = "{\"result\":0,\"errmsg\":\"OK\"}",
     .id = "\"SerialNo\":\"",
     .clock = true,
     .receipt = {"user_receive_time", "nationcode", "mobile", "report_status", "errmsg",
                 "description", "sid", "ext"},
     .reply = {"extend", "mobile", "nationcode", "sign", "text", "time"},
     .delivered = "\"report_status\":\"SUCCESS\"",
     .failures = {{"--flow 1", A, "x", "RequestLimitExceeded", NULL},
                  {"--busy 1", A, "x", "InternalError.OtherError", NULL},
                  {"--balance 0", A, "x", "InsufficientBalanceInSmsPackage", NULL},
                  {"", "12345", "x", "InvalidParameterValue.IncorrectPhoneNumber", NULL},
                  {"--keyword 彩票", A, "彩票", "FailedOperation.ContainSensitiveWord", NULL},
                  {"--vacant " A, A, "x", "\"Code\":\"Ok\"", "\"errmsg\":\"MK:0001\""},
                  {"--black " A, A, "x", "FailedOperation.PhoneNumberInBlacklist", NULL},
                  {"--daily-cap 1", "cap", "x", "LimitExceeded.PhoneNumberDailyLimit", NULL}}},
    {.profile = "huawei",
     .say = say_huawei,
     .good = "\"code\":\"000000\"",
     .forged = "\"E000105\"",
     .ack = "ok",
     .id = "\"smsMsgId\":\"",
     .clock = true,
     .receipt = {"smsMsgId=", "total=", "sequence=", "status=", "source=", "updateTime=", "to=",
                 "extend="},
     .reply = {"smsMsgId=", "from=", "to=", "body=", "createTime="},
     .delivered = "status=DELIVRD",
     .failures = {{"--flow 1", A, "x", "E200015", NULL},
                  {"--busy 1", A, "x", "E000000", NULL},
                  {"--balance 0", A, "x", "E000112", NULL},
                  {"", "12345", "x", "\"code\":\"E200037\"", NULL},
                  {"", A ";", "x", "E000503", NULL},
                  {"--keyword 彩票", A, "彩票", "000000", "status=KEYWORD"},
                  {"--vacant " A, A, "x", "000000", "status=2%3A12"},
                  {"--black " A, A, "x", "000000", "status=TDBLACK"},
                  {"--daily-cap 1", "cap", "x", "000000", "status=LIMIT"}}},
    {.profile = "mas",
     .say = say_mas,
     .good = "\"rspcod\":\"success\"",
     .forged = "\"rspcod\":\"IllegalMac\"",
     .ack = "ok",
     .id = "\"msgGroup\":\"",
     .whole = true,
     .no_ref = true,
     .receipt = {"msgGroup", "mobile", "reportStatus", "errorCode", "submitDate", "receiveDate"},
     .reply = {"mobile", "smsContent", "sendTime", "addSerial"},
     .delivered = "\"reportStatus\":\"CM:0000\",\"errorCode\":\"DELIVRD\"",
     .failures = {{"--flow 1", A, "x", "FlowOverLimit", NULL},
                  {"--busy 1", A, "x", "SystemBusy", NULL},
                  {"--balance 0", A, "x", "IllegalState", NULL},
                  {"", "12345", "x", "InvalidMobile", NULL},
                  {"--set sign=OTHER", A, "x", "NoSignId", NULL},
                  {"--keyword 彩票", A, "彩票", "success", "MK:0015"},
                  {"--vacant " A, A, "x", "success", "MK:0001"},
                  {"--black " A, A, "x", "success", "DB:0144"}}},
    {.profile = "montnets",
     .say = say_montnets,
     .good = "\"result\":0",
     .forged = "\"result\":-100001",
     .ack = "ok",
     .id = "\"msgid\":",
     .whole = true,
     .receipt = {"msgid", "custid", "pknum", "pktotal", "mobile", "spno", "exno", "stime", "rtime",
                 "status", "errcode", "errdesc"},
     .reply = {"msgid", "mobile", "spno", "exno", "rtime", "content"},
     .delivered = "\"status\":0,\"errcode\":\"DELIVRD\"",
     .failures = {{"--flow 1", A, "x", "-100999", NULL},
                  {"--busy 1", A, "x", "-100999", NULL},
                  {"--balance 0", A, "x", "-100003", NULL},
                  {"", "12345", "x", "-100012", NULL},
                  {"--keyword 彩票", A, "彩票", "\"result\":0", "MK:0015"},
                  {"--vacant " A, A, "x", "\"result\":0", "MK:0001"},
                  {"--black " A, A, "x", "\"result\":0", "MBBLACK"}}},
    {.profile = "chuanglan",
     .say = say_chuanglan,
     .good = "\"code\":\"0\"",
     .forged = "\"code\":\"102\"",
     .ack = "{\"clcode\":\"000000\"}",
     .id = "\"msgId\":\"",
     .whole = true,
     .receipt = {"receiver=", "pswd=", "msgid=", "reportTime=", "mobile=", "status=", "notifyTime=",
                 "statusDesc=", "length=", "uid="},
     .reply = {"receiver=", "moTime=", "destcode=", "mobile=", "spCode=", "msg=", "isems=",
               "emshead="},
     .delivered = "status=DELIVRD",
     .failures = {{"--flow 1", A, "x", "\"code\":\"103\"", NULL},
                  {"--busy 1", A, "x", "\"code\":\"104\"", NULL},
                  {"--balance 0", A, "x", "\"code\":\"109\"", NULL},
                  {"", A ",12345", "x", "\"code\":\"107\"", NULL},
                  {"--keyword 彩票", A, "彩票", "\"code\":\"105\"", NULL},
                  {"--vacant " A, A, "x", "\"code\":\"0\"", "status=MK%3A0001"},
                  {"--black " A, A, "x", "\"code\":\"0\"", "status=MBBLACK"}}},
    {.profile = "yunpian",
     .say = say_yunpian,
     .good = "\"code\":0",
     .forged = "\"code\":-1",
     .ack = "SUCCESS",
     .id = "\"sid\":",
     .receipt = {"sid", "uid", "user_receive_time", "error_msg", "error_detail", "mobile",
                 "report_status"},
     .reply = {"id", "mobile", "text", "reply_time", "extend", "base_extend", "_sign"},
     .delivered = "SUCCESS",
     .failures = {{"--flow 1", A, "x", "\"code\":-5", NULL},
                  {"--busy 1", A, "x", "\"code\":-51", NULL},
                  {"--balance 0", A, "x", "\"code\":3,", NULL},
                  {"", "12345", "x", "\"code\":2,", NULL},
                  {"--keyword 彩票", A, "彩票", "\"code\":4,", NULL},
                  {"--vacant " A, A, "x", "\"code\":0", "MK%3A0001"},
                  {"--black " A, A, "x", "\"code\":10,", NULL},
                  {"--daily-cap 1", "cap", "x", "\"code\":17,", NULL}}},
    {.profile = "twilio",
     .say = say_twilio,
     .good = "\"status\":\"queued\"",
     .forged = "\"code\":20003",
     .ack = "",
     .id = "\"sid\":\"",
     .receipt = {"SmsSid=", "SmsStatus=", "MessageStatus=", "To=", "MessageSid=", "AccountSid=",
                 "From=", "ApiVersion="},
     .reply = {"MessageSid=", "From=", "To=", "Body=", "AccountSid="},
     .delivered = "MessageStatus=delivered",
     .failures = {{"--flow 1", A, "x", "\"code\":20429", NULL},
                  {"--busy 1", A, "x", "\"code\":20503", NULL},
                  {"--balance 0", A, "x", "\"code\":20005", NULL},
                  {"", "12345", "x", "\"code\":21211", NULL},
                  {"--keyword 彩票", A, "彩票", "queued", "ErrorCode=30007"},
                  {"--vacant " A, A, "x", "queued", "ErrorCode=30005"},
                  {"--black " A, A, "x", "\"code\":21610", NULL},
                  {"--daily-cap 1", "cap", "x", "\"code\":20429", NULL}}},
    {.profile = "webhook",
     .say = say_webhook,
     .good = "{\"id\":\"m-",
     .forged = "unauthorized",
     .ack = "",
     .id = "\"id\":\"",
     .receipt = {"id", "status"},
     .reply = {"from", "text"},
     .delivered = "\"status\":\"delivered\"",
     .failures = {{"--flow 1", A, "x", "too_many_requests", NULL},
                  {"--busy 1", A, "x", "unavailable", NULL},
                  {"--balance 0", A, "x", "quota_exceeded", NULL},
                  {"--keyword 彩票", A, "彩票", "content_rejected", NULL},
                  {"--vacant " A, A, "x", "unknown_recipient", NULL},
                  {"--black " A, A, "x", "opted_out", NULL},
                  {"--daily-cap 1", "cap", "x", "recipient_limit", NULL}}},
};
const int n_speakers = (int)(sizeof speakers / sizeof speakers[0]);

const struct speaker *speaker_find(const char *profile)
{
    for (int i = 0; i < n_speakers; i++)
        if (strcmp(speakers[i].profile, profile) == 0)
            return &speakers[i];
    ck_abort_msg("no speaker %s", profile);
    return NULL;
}
