/*
 * fuzz_profile: a profile's file as somebody wrote it: load, build every request, run its samples, read and judge a little with it.
 *
 * What must hold: an error says ERR_CONFIG and no secret; a request is one that HTTP can carry; what was not answered is UNKNOWN.
 */
#include <string.h>
#include "fuzz.h"

#define NOW INT64_C(1795428000123)

static bool planted; /* the input itself holds the word (libFuzzer reads it off our comparisons) */

static void check_error(const struct err *e)
{
    fuzz_check(e->kind != ERR_NONE && e->what[0] != '\0');
    fuzz_check(planted || strstr(e->what, FUZZ_SECRET) == NULL);
}

static void check_request(const struct gw_request *r)
{
    const char *h = buf_cstr(&r->headers), *end = h + r->headers.len;

    fuzz_check(strcmp(r->method, "POST") == 0 || strcmp(r->method, "GET") == 0);
    fuzz_check(strcmp(r->method, "GET") != 0 || r->body.len == 0);
    fuzz_check(strncmp(buf_cstr(&r->url), "http://", 7) == 0 ||
               strncmp(buf_cstr(&r->url), "https://", 8) == 0);
    fuzz_check(strlen(buf_cstr(&r->url)) == r->url.len);
    fuzz_check(r->headers.len == 0 || end[-1] == '\0');
    for (; h < end; h += strlen(h) + 1)
        fuzz_check(strstr(h, ": ") != NULL && strpbrk(h, "\r\n") == NULL);
}

static void build(const struct gateway *g, size_t n, struct gw_request *r)
{
    struct err e = {0};

    if (gateway_build(g, fuzz_messages(), n, NOW, r, &e) == 0) {
        check_request(r);
        return;
    }
    check_error(&e);
    fuzz_check(e.kind == ERR_CONFIG || e.kind == ERR_DATA);
}

static void build_all(const struct gateway *g)
{
    size_t batch = (size_t)gateway_limits(g)->batch;
    struct gw_request r;
    struct err e = {0};

    gw_request_init(&r);
    build(g, 1, &r);
    if (batch > 1)
        build(g, batch < FUZZ_MESSAGES ? batch : FUZZ_MESSAGES, &r);
    for (enum gw_pull what = GW_PULL_RECEIPTS; what <= GW_PULL_QUERY; what++) {
        const struct gw_message *m = what == GW_PULL_QUERY ? fuzz_messages() : NULL;
        if (!gateway_can_pull(g, what))
            continue;
        if (gateway_build_pull(g, what, m, NOW, &r, &e) == 0)
            check_request(&r);
        else
            check_error(&e);
    }
    gw_request_fini(&r);
}

static void run_samples(const struct gateway *g)
{
    for (size_t i = 0; i < gateway_samples(g); i++) {
        struct gw_sample s;
        struct err e = {0};
        if (gateway_sample_run(g, i, &s, &e) != 0)
            check_error(&e);
        buf_fini(&s.got);
    }
}

static const char *no_text(void *ctx, const char *name)
{
    (void)ctx;
    return name[0] == 'X' ? "1795428000" : NULL;
}

static int drop(void *ctx, const struct gw_report *r)
{
    (void)ctx;
    fuzz_check(r->ref && r->provider_id && r->phone && r->code && r->text);
    return 0;
}

static void call(const struct gateway *g)
{
    static const char body[] = "[{\"id\":\"1\",\"state\":\"1\",\"phone\":\"19900000001\"}]";
    const struct gw_callback c = {.method = "POST",
                                  .path = "/g/receipt",
                                  .body = body,
                                  .body_len = sizeof body - 1,
                                  .peer = "192.0.2.7",
                                  .header = no_text,
                                  .query = no_text};
    size_t skipped;
    struct err e = {0};

    for (enum gw_report_kind kind = GW_RECEIPT; kind <= GW_QUERIED; kind++)
        if (gateway_callback_read(g, kind, body, sizeof body - 1, drop, NULL, &skipped, &e) != 0)
            check_error(&e);
    for (enum gw_report_kind kind = GW_RECEIPT; kind <= GW_REPLY; kind++)
        if (gateway_callback_verify(g, kind, &c, NOW, &e) != 0)
            check_error(&e);
}

static void judge(const struct gateway *g)
{
    const struct gw_answer a = {
        .handed_over = true, .body = "", .end = "timeout", .transport_error = ""};
    struct gw_result r;
    bool whole;

    gateway_judge(g, &a, fuzz_messages(), 1, &r, &whole);
    fuzz_check(r.class == CLASS_UNKNOWN && !whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char secret[] = FUZZ_SECRET;
    struct err e = {0};

    planted = memmem(data, size, secret, sizeof secret - 1) != NULL;
    struct gateway *g = fuzz_load(data, size, &e);

    if (g == NULL) {
        check_error(&e);
        return 0;
    }
    build_all(g);
    run_samples(g);
    call(g);
    judge(g);
    gateway_free(g);
    return 0;
}
