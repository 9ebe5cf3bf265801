/*
 * cases_callbacks: receipts and replies as providers describe them (callbacks.json), read by the shipped profiles.
 *
 * A state of the table stands for what it does to a message: delivered is OK, failed, rejected and expired are final and not OK, buffered and
 * submitted are not final. A vendor for whom no profile is shipped cannot be tried: its cases are counted as deviating, with that as the reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "zhanchi/gateway.h"

#define MAX_CASES 200
#define W(s) ((char *)(uintptr_t)(s))

static const struct {
    const char *vendor, *setting; /* the one that its profile asks for */
} vendors[] = {{"aliyun", NULL}, {"tencent", "app_id"}, {"huawei", "from"}, {"twilio", "from"}};
#define N_VENDORS (sizeof vendors / sizeof vendors[0])

static struct gateway *gateways[N_VENDORS];

static void load_all(void)
{
    static const char *const names[] = {"id", "key", "secret", "callback", "account", "token"};
    struct conf_secret secrets[6];
    char path[1024];
    struct err e;

    for (size_t i = 0; i < 6; i++)
        secrets[i] = (struct conf_secret){W(names[i]), W("word")};
    for (size_t i = 0; i < N_VENDORS; i++) {
        struct conf_secret setting = {W(vendors[i].setting), W("1069")};
        struct conf_gateway conf = {.name = vendors[i].vendor,
                                    .profile = path,
                                    .public_url = W("https://office.example"),
                                    .secrets = secrets,
                                    .n_secrets = 6,
                                    .settings = &setting,
                                    .n_settings = vendors[i].setting ? 1 : 0};
        snprintf(path, sizeof path, "%s/%s.conf", ZHANCHI_GATEWAYS, vendors[i].vendor);
        if ((gateways[i] = gateway_load(&conf, &e)) == NULL) {
            printf("FAIL %s: %s\n", path, e.what);
            exit(EXIT_FAILURE);
        }
    }
}

static const struct gateway *gateway_of(const struct json *one)
{
    char tmp[40];
    const char *vendor = cases_text(one, "vendor", tmp);

    for (size_t i = 0; vendor && i < N_VENDORS; i++)
        if (strcmp(vendors[i].vendor, vendor) == 0)
            return gateways[i];
    return NULL;
}

/* ---- one report against what the table expects ---- */

struct comparison {
    const struct json *expected;
    size_t n;
    struct buf *why;
    bool holds;
};

static bool same_state(struct buf *why, const char *state, const struct gw_report *r)
{
    const char *got = r->pending ? "pending" : message_class_name(r->class);
    bool final_ok = strcmp(state, "delivered") == 0;
    bool pending = strcmp(state, "buffered") == 0 || strcmp(state, "submitted") == 0;

    if (pending == r->pending && (pending || final_ok == (r->class == CLASS_OK)))
        return true;
    buf_addf(why, "state: got %s, expected %s; ", got, state);
    return false;
}

static int compare(void *ctx, const struct gw_report *r)
{
    struct comparison *c = ctx;
    const struct json *want = json_item(c->expected, c->n++);
    char tmp[6][40];
    bool same;

    if (want == NULL) {
        buf_adds(c->why, "a report too many; ");
        c->holds = false;
        return 0;
    }
    same = cases_same(c->why, "kind", r->kind == GW_REPLY ? "reply" : "receipt",
                      cases_text(want, "kind", tmp[0]));
    same &= cases_same(c->why, "number", r->phone, cases_text(want, "number", tmp[1]));
    if (r->kind == GW_REPLY) {
        same &= cases_same(c->why, "text", r->text, cases_text(want, "text", tmp[2]));
    } else {
        const char *state = cases_text(want, "state", tmp[3]);
        same &= cases_same(c->why, "message_id", r->provider_id,
                           cases_text(want, "message_id", tmp[4]));
        same &= cases_same(c->why, "code", r->code, cases_text(want, "code", tmp[5]));
        same &= state != NULL && same_state(c->why, state, r);
        if (json_get(want, "parts")) {
            same &= cases_same_int(c->why, "part", r->part, cases_int(want, "part"));
            same &= cases_same_int(c->why, "parts", r->parts, cases_int(want, "parts"));
        }
    }
    c->holds &= same;
    return 0;
}

static bool judge(const struct json *one, struct buf *why)
{
    const struct gateway *g = gateway_of(one);
    struct comparison c = {.expected = json_get(one, "expect"), .why = why, .holds = true};
    char tmp[40], kind_tmp[40];
    const char *body = cases_text(one, "body", tmp), *kind = NULL;
    size_t skipped;
    struct err e;

    if (g == NULL || body == NULL || c.expected == NULL) {
        buf_adds(why, "no profile, or no case");
        return false;
    }
    if (json_count(c.expected) > 0)
        kind = cases_text(json_item(c.expected, 0), "kind", kind_tmp);
    enum gw_report_kind k = kind && strcmp(kind, "reply") == 0 ? GW_REPLY : GW_RECEIPT;
    if (gateway_callback_check(g, k, body, strlen(body), &e) != 0 ||
        gateway_callback_read(g, k, body, strlen(body), compare, &c, &skipped, &e) != 0) {
        buf_adds(why, e.what);
        return false;
    }
    return cases_same_int(why, "reports", (long long)c.n, (long long)json_count(c.expected)) &&
           c.holds;
}

/* ---- the whole ---- */

static const struct cases_deviation decided[] = {
    {"cb-012",
     "a reply from a number that is not a mainland one is skipped and counted: nothing of "
     "ours was sent there, and it must not be taken for a mainland number"},
};

/* Decided otherwise, or nobody's. */
static void deviations(const struct cases *c, struct cases_deviation *out)
{
    const struct json *list = json_at(c->root, "/cases");
    char tmp[40];
    size_t n = 0;

    for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++)
        out[n++] = decided[i];
    for (size_t i = 0; list && i < json_count(list) && n < MAX_CASES; i++) {
        const struct json *one = json_item(list, i);
        if (gateway_of(one) == NULL)
            out[n++] = (struct cases_deviation){cases_text(one, "id", tmp),
                                                "no profile is shipped for this vendor"};
    }
    out[n] = (struct cases_deviation){NULL, NULL};
}

int main(void)
{
    struct cases_deviation deviating[MAX_CASES + 1];
    struct cases c;

    load_all();
    cases_init(&c, "callbacks");
    if (cases_open(&c, "callbacks.json")) {
        deviations(&c, deviating);
        cases_run(&c, "/cases", judge, deviating);
        cases_close(&c);
    }
    for (size_t i = 0; i < N_VENDORS; i++)
        gateway_free(gateways[i]);
    return cases_end(&c);
}
