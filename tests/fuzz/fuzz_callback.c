/*
 * fuzz_callback: what comes to serve, or comes back from a pull: byte 0 the profile, byte 1 the kind of report and the content type, then a line with what
 * every header says, a line with the URL's parameters, and the body.
 *
 * What must hold: what can be read is let in at the door; reading does not change from one time to the next; a report has all its texts, a
 * reply a number of eleven digits; a proof does not hold for another body.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "fuzz.h"
#include "zhanchi/utf8.h"

#define NOW INT64_C(1795428000123)

struct input {
    char header[512], query[512],
        value[4][512]; /* of parameters: the last four that were asked for */
    size_t n;
    bool form;
};

static const char *header(void *ctx, const char *name)
{
    const struct input *in = ctx;

    if (strcasecmp(name, "Content-Type") == 0)
        return in->form ? "application/x-www-form-urlencoded; charset=utf-8" : "application/json";
    if (strcasecmp(name, "X-Timestamp") == 0)
        return "1795428000";
    return in->header[0] ? in->header : NULL;
}

/* As serve does, but nothing is decoded. */
static const char *query(void *ctx, const char *key)
{
    struct input *in = ctx;
    size_t len = strlen(key);

    for (const char *p = in->query; *p; p += strcspn(p, "&"), p += *p == '&')
        if (strncmp(p, key, len) == 0 && p[len] == '=') {
            char *value = in->value[in->n++ % 4];
            snprintf(value, sizeof in->value[0], "%.*s", (int)strcspn(p + len + 1, "&"),
                     p + len + 1);
            return value;
        }
    return NULL;
}

/* ---- reading ---- */

struct seen {
    enum gw_report_kind kind;
    size_t n;
    uint64_t sum;
};

static void mix(struct seen *s, const char *text)
{
    for (fuzz_check(text != NULL); *text; text++)
        s->sum = (s->sum ^ (unsigned char)*text) * UINT64_C(1099511628211);
    s->sum = (s->sum ^ 0xff) * UINT64_C(1099511628211);
}

static int on_report(void *ctx, const struct gw_report *r)
{
    struct seen *s = ctx;
    bool reply = s->kind == GW_REPLY || s->kind == GW_PULLED_REPLY;
    size_t bad;

    s->n++;
    mix(s, r->ref);
    mix(s, r->provider_id);
    mix(s, r->phone);
    mix(s, r->code);
    mix(s, r->text);
    s->sum ^= (uint64_t)r->at_ms + (uint64_t)r->class;
    fuzz_check(r->kind == (reply ? GW_REPLY : GW_RECEIPT));
    fuzz_check(r->class >= CLASS_OK && r->class <= CLASS_UNKNOWN);
    fuzz_check(!r->pending || r->class == CLASS_UNKNOWN);
    fuzz_check(r->parts >= 0 && r->part >= 0);
    fuzz_check(utf8_valid(r->text, strlen(r->text), &bad));
    if (reply)
        fuzz_check(strlen(r->phone) == 11 && strspn(r->phone, "0123456789") == 11);
    else
        fuzz_check(r->code[0] != '\0' && (r->ref[0] || r->provider_id[0]));
    return 0;
}

static void read_all(const struct gateway *g, enum gw_report_kind kind, const char *body,
                     size_t len)
{
    struct seen first = {.kind = kind}, again = {.kind = kind};
    struct err e = {0}, why = {0};
    size_t skipped = 0, skipped_again = 0;
    int rc = gateway_callback_read(g, kind, body, len, on_report, &first, &skipped, &e);

    fuzz_check(rc == 0 || e.kind == ERR_PROTO);
    fuzz_check(gateway_callback_read(g, kind, body, len, on_report, &again, &skipped_again, &why) ==
               rc);
    fuzz_check(first.n == again.n && first.sum == again.sum && skipped == skipped_again);
    if (kind <= GW_REPLY && rc == 0 && first.n > 0)
        fuzz_check(gateway_callback_check(g, kind, body, len, &why) == 0);
}

/* ---- proofs ---- */

/* Whether the profile's proof is one over the body: 12333, twilio, webhook, and two of those that are written here. */
static bool signs_body(size_t profile, enum gw_report_kind kind)
{
    const char *file = fuzz_source(profile).file;

    if (file == NULL)
        return kind == GW_RECEIPT;
    return strcmp(file, "12333.conf") == 0 || strcmp(file, "twilio.conf") == 0 ||
           strcmp(file, "webhook.conf") == 0;
}

static void verify(size_t profile, enum gw_report_kind kind, struct input *in, const char *body,
                   size_t len)
{
    struct gw_callback c = {.method = "POST",
                            .path = kind == GW_RECEIPT ? "/g/receipt" : "/g/reply",
                            .body = body,
                            .body_len = len,
                            .query_string = in->query,
                            .query_len = strlen(in->query),
                            .peer = "192.0.2.7",
                            .header = header,
                            .query = query,
                            .ctx = in};
    struct err e = {0};

    if (gateway_callback_verify(fuzz_gateway(profile), kind, &c, NOW, &e) != 0) {
        fuzz_check(e.kind != ERR_NONE && strstr(e.what, FUZZ_SECRET) == NULL);
        return;
    }
    if (!signs_body(profile, kind))
        return;
    char *other = malloc(len + 1);
    fuzz_check(other != NULL);
    memcpy(other, body, len);
    other[len] = 'x';
    c.body = other;
    c.body_len = len + 1;
    fuzz_check(gateway_callback_verify(fuzz_gateway(profile), kind, &c, NOW, &e) != 0);
    free(other);
}

/* A line of the input, cut to what there is room for; the rest begins behind it. */
static size_t take_line(const uint8_t *data, size_t size, char *out, size_t cap)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    size_t kept = len < cap ? len : cap - 1;

    if (kept > 0)
        memcpy(out, data, kept);
    out[kept] = '\0';
    return end ? len + 1 : len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.header = ""};

    if (size < 2)
        return 0;
    size_t profile = data[0] % fuzz_profiles(), at = 2;
    enum gw_report_kind kind = (enum gw_report_kind)((data[1] & 0x7f) % GW_REPORT_KINDS);
    const struct gateway *g = fuzz_gateway(profile);

    in.form = data[1] & 0x80;
    at += take_line(data + at, size - at, in.header, sizeof in.header);
    at += take_line(data + at, size - at, in.query, sizeof in.query);
    const char *body = (const char *)data + at;
    size_t len = size - at;
    struct err e = {0};

    read_all(g, kind, body, len);
    if (kind > GW_REPLY)
        return 0;
    if (gateway_callback_check(g, kind, body, len, &e) != 0)
        fuzz_check(e.kind == ERR_PROTO);
    verify(profile, kind, &in, body, len);
    return 0;
}
