/*
 * cases_callbacks: receipts and replies as providers describe them (callbacks.json), read by the shipped profiles.
 *
 * A state of the table stands for what it does to a message: delivered is OK, failed, rejected and expired are final and not OK, buffered and
 * submitted are not final. A vendor for whom no profile is shipped cannot be tried: its cases are counted as deviating, with that as the reason.
 *
 * The URL of a Kannel report is the sender's own (dlr-url): the table's has other names for Kannel's values than kannel.conf gives them. They are
 * put under ours (id, type and answer, which stand for our reference, %d and %A); the number is in the table's URL alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "zhanchi/gateway.h"

#define MAX_CASES 200
#define N_SECRETS 7
#define W(s) ((char *)(uintptr_t)(s))

static const struct {
    const char *vendor, *setting; /* the one that its profile asks for */
} vendors[] = {{"aliyun", NULL},
               {"tencent", "app_id"},
               {"huawei", "from"},
               {"twilio", "from"},
               {"kannel", "username"}};
#define N_VENDORS (sizeof vendors / sizeof vendors[0])

static struct gateway *gateways[N_VENDORS];

static void load_all(void)
{
    static const char *const names[] = {"id",      "key",   "secret",  "callback",
                                        "account", "token", "password"};
    struct conf_secret secrets[N_SECRETS];
    char path[1024];
    struct err e;

    for (size_t i = 0; i < N_SECRETS; i++)
        secrets[i] = (struct conf_secret){W(names[i]), W("word")};
    for (size_t i = 0; i < N_VENDORS; i++) {
        struct conf_secret setting = {W(vendors[i].setting), W("1069")};
        struct conf_gateway conf = {.name = vendors[i].vendor,
                                    .profile = path,
                                    .public_url = W("https://office.example"),
                                    .secrets = secrets,
                                    .n_secrets = N_SECRETS,
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
    bool holds, by_ref; /* Kannel's: our reference is in it, and no number */
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
    if (!c->by_ref)
        same &= cases_same(c->why, "number", r->phone, cases_text(want, "number", tmp[1]));
    if (r->kind == GW_REPLY) {
        same &= cases_same(c->why, "text", r->text, cases_text(want, "text", tmp[2]));
    } else {
        const char *state = cases_text(want, "state", tmp[3]);
        same &= cases_same(c->why, "message_id", c->by_ref ? r->ref : r->provider_id,
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

/* "/dlr?id=m-1&type=1&..." as kannel.conf's dlr-url would have brought it: "ref=m-1&state=1&...". */
static const char *as_ours(const char *url, struct buf *out)
{
    static const char *const names[][2] = {
        {"id=", "ref="}, {"type=", "state="}, {"answer=", "text="}, {"ts=", "at="}};
    const char *p = strchr(url, '?');

    for (p = p ? p + 1 : url; *p; p += *p == '&') {
        size_t len = strcspn(p, "&");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strncmp(p, names[i][0], strlen(names[i][0])) == 0)
                buf_addf(out, "%s%s%.*s", out->len ? "&" : "", names[i][1],
                         (int)(len - strlen(names[i][0])), p + strlen(names[i][0]));
        p += len;
    }
    return buf_cstr(out);
}

static bool judge_body(const struct json *one, const char *body, bool by_ref, struct buf *why)
{
    const struct gateway *g = gateway_of(one);
    struct comparison c = {
        .expected = json_get(one, "expect"), .why = why, .holds = true, .by_ref = by_ref};
    const char *kind = NULL;
    char kind_tmp[40];
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

static bool judge(const struct json *one, struct buf *why)
{
    char tmp[40], vendor_tmp[40];
    const char *body = cases_text(one, "body", tmp),
               *vendor = cases_text(one, "vendor", vendor_tmp);
    bool kannel = vendor && strcmp(vendor, "kannel") == 0;
    struct buf ours;

    buf_init(&ours, 4096);
    bool holds = judge_body(one, body && kannel ? as_ours(body, &ours) : body, kannel, why);
    buf_fini(&ours);
    return holds;
}

/* ---- the whole ---- */

static const struct cases_deviation decided[] = {
    {"cb-012",
     "a reply from a number that is not a mainland one is skipped and counted: nothing of "
     "ours was sent there, and it must not be taken for a mainland number"},
    {"cb-021",
     "the code is the carrier's word in %A (stat:DELIVRD) where there is one: it says more "
     "than the table's, which repeats %d"},
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
