/*
 * What the gateway's own work costs the dispatcher's loop: build and sign, judge, for one message and for a hundred; verify and read a
 * callback. Prints microseconds a message. Usage: bench_gateway PROFILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/clock.h"
#include "zhanchi/crypt.h"
#include "zhanchi/gateway.h"

#define ROUNDS 100000
#define BATCH 100

static const char text[] =
    "【某市人社局】张三您好，您取得的电工三级职业技能等级证书可申领技能提升补贴2000元，"
    "请于2027年3月15日前通过国家社保平台或当地社保窗口办理，咨询12333。拒收请回复R";
static char refs[BATCH][40], phones[BATCH][16];
static struct gw_message messages[BATCH];
static struct gw_result results[BATCH];

static void fill(void)
{
    for (size_t i = 0; i < BATCH; i++) {
        snprintf(refs[i], sizeof refs[i], "Z00001000%zu-%zu-1", i % 10, i);
        snprintf(phones[i], sizeof phones[i], "138000%05zu", i);
        messages[i] = (struct gw_message){.id = (int64_t)i,
                                          .ref = refs[i],
                                          .phone = phones[i],
                                          .text = text,
                                          .signature = "某市人社局",
                                          .carrier_template = "",
                                          .carrier_variables = ""};
    }
}

static void say(const char *what, int64_t us, int64_t messages_done)
{
    printf("%-28s %8.3f us a message\n", what, (double)us / (double)messages_done);
}

static void bench_build(const struct gateway *g, size_t n, const char *what)
{
    struct gw_request r;
    struct err e;
    int64_t rounds = ROUNDS / (int64_t)n + 1, from;

    gw_request_init(&r);
    from = clock_mono_us();
    for (int64_t i = 0; i < rounds; i++)
        if (gateway_build(g, messages, n, clock_now_ms(), &r, &e) != 0)
            panic("%s", e.what);
    say(what, clock_mono_us() - from, rounds * (int64_t)n);
    gw_request_fini(&r);
}

static void bench_judge(const struct gateway *g, size_t n, const char *what)
{
    struct gw_answer a = {
        .handed_over = true, .complete = true, .status = 200, .end = "", .transport_error = ""};
    struct buf body;
    bool whole;
    int64_t rounds = ROUNDS / (int64_t)n + 1, from;

    buf_init(&body, 1U << 20);
    buf_adds(&body, "{\"code\":\"0\",\"message\":\"accepted\",\"id\":\"1000000000000000001\"");
    for (size_t i = 0; n > 1 && i < n; i++)
        buf_addf(&body, "%s{\"ref\":\"%s\",\"code\":\"0\",\"id\":\"1000000000000000001\"}",
                 i ? "," : ",\"results\":[", refs[i]);
    buf_adds(&body, n > 1 ? "]}" : "}");
    a.body = buf_cstr(&body);
    a.body_len = body.len;
    from = clock_mono_us();
    for (int64_t i = 0; i < rounds; i++)
        gateway_judge(g, &a, messages, n, results, &whole);
    say(what, clock_mono_us() - from, rounds * (int64_t)n);
    if (results[n - 1].class != CLASS_OK)
        panic("judged wrongly");
    buf_fini(&body);
}

/* ---- callbacks ---- */

struct fake {
    char stamp[24], sign[65];
};

static const char *fake_header(void *ctx, const char *name)
{
    const struct fake *f = ctx;

    return strcmp(name, "X-Timestamp") == 0 ? f->stamp
           : strcmp(name, "X-Nonce") == 0   ? "abcdefghijklmnop"
                                            : f->sign;
}

static const char *fake_query(void *ctx, const char *key)
{
    (void)ctx, (void)key;
    return NULL;
}

static int nothing(void *ctx, const struct gw_report *r)
{
    (void)ctx, (void)r;
    return 0;
}

static void bench_callback(const struct gateway *g, const char *secret)
{
    static const char body[] =
        "{\"receipts\":[{\"ref\":\"Z000010001-1-1\",\"id\":\"1000000000000000001\",\"to\":"
        "\"13800000001\","
        "\"state\":\"DELIVRD\",\"code\":\"000\",\"at\":\"2026-11-23 10:00:05\",\"parts\":2}]}";
    struct fake f;
    struct gw_callback c = {.method = "POST",
                            .path = "/12333/receipt",
                            .body = body,
                            .body_len = sizeof body - 1,
                            .header = fake_header,
                            .query = fake_query,
                            .ctx = &f};
    uint8_t digest[32];
    char to_sign[512];
    struct err e;
    size_t skipped;

    snprintf(f.stamp, sizeof f.stamp, "%lld", (long long)(clock_now_ms() / 1000));
    crypt_sha256(body, sizeof body - 1, digest);
    crypt_hex(digest, 32, f.sign);
    snprintf(to_sign, sizeof to_sign, "POST\n/12333/receipt\n%s\nabcdefghijklmnop\n%s", f.stamp,
             f.sign);
    crypt_hmac_sha256(secret, strlen(secret), to_sign, strlen(to_sign), digest);
    crypt_hex(digest, 32, f.sign);
    int64_t from = clock_mono_us();
    for (int64_t i = 0; i < ROUNDS; i++)
        if (gateway_callback_verify(g, GW_RECEIPT, &c, clock_now_ms(), &e) != 0)
            panic("%s", e.what);
    say("callback verify", clock_mono_us() - from, ROUNDS);
    from = clock_mono_us();
    for (int64_t i = 0; i < ROUNDS; i++)
        if (gateway_callback_read(g, GW_RECEIPT, body, sizeof body - 1, nothing, NULL, &skipped,
                                  &e) != 0)
            panic("%s", e.what);
    say("callback read", clock_mono_us() - from, ROUNDS);
}

int main(int argc, char **argv)
{
    struct conf_secret secrets[] = {{(char *)(uintptr_t) "app", (char *)(uintptr_t) "demo"},
                                    {(char *)(uintptr_t) "secret", (char *)(uintptr_t) "sandbox"}};
    struct conf_gateway settings = {.name = "12333", .secrets = secrets, .n_secrets = 2};
    struct err e;

    if (argc != 2) {
        fputs("usage: bench_gateway conf/gateways/12333.conf\n", stderr);
        return ERR_USAGE;
    }
    settings.profile = argv[1];
    struct gateway *g = gateway_load(&settings, &e);
    if (g == NULL) {
        fprintf(stderr, "%s\n", e.what);
        return (int)e.kind;
    }
    fill();
    bench_build(g, 1, "build and sign, single");
    bench_judge(g, 1, "judge, single");
    bench_build(g, BATCH, "build and sign, batch of 100");
    bench_judge(g, BATCH, "judge, batch of 100");
    bench_callback(g, "sandbox");
    gateway_free(g);
    return 0;
}
