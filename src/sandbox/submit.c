/*
 * submit: one request of the office, from its headers to its answer, with the faults that were asked for.
 *
 * Order, and it matters: who is it (A01 to A03) - faults that take nothing - what does it say (A05) - verdicts - ledger - receipts
 * queued - answer, with the faults that come after taking. A text is taken when its ledger line is written, not earlier; an
 * answer that says "accepted" comes later still.
 *
 * Called by httpd on its threads. An answer that shall be late is made by the thread of later.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox.h"
#include "zhanchi/buf.h"
#include "zhanchi/clock.h"
#include "zhanchi/log.h"

#define ANSWER_MAX (1U << 20)
#define EARLY_HOLD_MS 30 /* an early receipt is that much ahead of the answer */

enum ending { END_ANSWER, END_RESET, END_CUT };

/* How a request ends, and when. Owns its body. */
struct plan {
    struct httpd_request *r;
    enum ending ending;
    int status;
    bool retry_after;
    const struct options *o;
    struct buf body;
    int64_t wait_ms;
};

static void carry_out(void *arg)
{
    struct plan *p = arg;
    char seconds[24];
    const char *const headers[] = {"Retry-After", seconds, NULL};

    snprintf(seconds, sizeof seconds, "%lld", (long long)p->o->retry_after_s);
    if (p->ending == END_RESET)
        httpd_reset(p->r);
    else if (p->ending == END_CUT)
        httpd_cut(p->r, "application/json", buf_cstr(&p->body), p->body.len, p->body.len / 2);
    else
        httpd_answer(p->r, p->status, "application/json", buf_cstr(&p->body), p->body.len,
                     p->retry_after && p->o->retry_after_s > 0 ? headers : NULL);
    buf_fini(&p->body);
    free(p);
}

static void finish(struct sandbox *s, struct plan *p)
{
    if (p->wait_ms <= 0) {
        carry_out(p);
        return;
    }
    httpd_defer(p->r);
    later_at(s->later, clock_now_ms() + p->wait_ms, carry_out, p);
}

static struct plan *plan_new(struct sandbox *s, struct httpd_request *r)
{
    struct plan *p = calloc(1, sizeof *p);

    if (p == NULL)
        panic("out of memory");
    p->r = r;
    p->o = s->o;
    p->status = 200;
    buf_init(&p->body, ANSWER_MAX);
    return p;
}

static void say(struct plan *p, int status, const char *code)
{
    p->status = status;
    p->retry_after = status == 429 || status == 503;
    buf_reset(&p->body);
    buf_addf(&p->body, "{\"code\":\"%s\",\"message\":\"%s\"}", code, texts_message(code));
}

/* ---- faults ---- */

static bool hit(struct sandbox *s, enum choice what, uint64_t no, double part,
                atomic_llong *counter)
{
    if (!chance_hit(s->o->seed, what, no, part))
        return false;
    atomic_fetch_add(counter, 1);
    return true;
}

/* Faults that take nothing. True: the plan is made. */
static bool fault_before(struct sandbox *s, struct plan *p, uint64_t no)
{
    const struct options *o = s->o;
    bool fresh = httpd_ordinal(p->r) == 1;
    struct counters *c = &s->counters;

    if (hit(s, CHOICE_RESET_BEFORE, no, fresh ? o->reset_fresh_before : o->reset_warm_before,
            &c->reset_before)) {
        p->ending = END_RESET;
    } else if (hit(s, CHOICE_NEVER_BEFORE, no, o->never_before, &c->never_before)) {
        p->ending = END_RESET;
        p->wait_ms = o->never_ms;
    } else if (hit(s, CHOICE_ERROR_BEFORE, no, o->error_before, &c->error_before)) {
        p->status = 500;
        buf_adds(&p->body, "<html><body>Internal Server Error</body></html>");
    } else if (hit(s, CHOICE_FLOW, no, o->flow, &c->flow)) {
        say(p, 429, "F01");
    } else if (hit(s, CHOICE_BUSY, no, o->busy, &c->busy)) {
        say(p, 503, "F02");
    } else {
        return false;
    }
    return true;
}

/* Faults behind the taking: spoil the good answer that stands in the plan. */
static void fault_after(struct sandbox *s, struct plan *p, uint64_t no)
{
    const struct options *o = s->o;
    bool fresh = httpd_ordinal(p->r) == 1;
    struct counters *c = &s->counters;

    if (hit(s, CHOICE_RESET_AFTER, no, fresh ? o->reset_fresh_after : o->reset_warm_after,
            &c->reset_after)) {
        p->ending = END_RESET;
    } else if (hit(s, CHOICE_NEVER_AFTER, no, o->never_after, &c->never_after)) {
        p->ending = END_RESET;
        p->wait_ms = o->never_ms;
    } else if (hit(s, CHOICE_ERROR_AFTER, no, o->error_after, &c->error_after)) {
        p->status = 502;
        buf_reset(&p->body);
        buf_adds(&p->body, "<html><body>Bad Gateway</body></html>");
    } else if (hit(s, CHOICE_GARBAGE, no, o->garbage, &c->garbage)) {
        buf_reset(&p->body);
        buf_adds(&p->body, "\x16\x03\x01 OK accepted 0");
    } else if (hit(s, CHOICE_TRUNCATED, no, o->truncated, &c->truncated)) {
        p->body.len /= 2;
    } else if (hit(s, CHOICE_CUT, no, o->cut, &c->cut)) {
        p->ending = END_CUT;
    }
}

static bool rate_allows(struct sandbox *s, size_t n, int64_t now_ms)
{
    double rate = (double)s->o->rate;
    bool go;

    if (s->o->rate <= 0)
        return true;
    pthread_mutex_lock(&s->rate_lock);
    s->tokens += (double)(now_ms - s->filled_ms) * rate / 1000;
    if (s->tokens > rate)
        s->tokens = rate;
    s->filled_ms = now_ms;
    go = s->tokens >= 1;
    if (go)
        s->tokens -= (double)n; /* a batch is let in whole and paid for afterwards */
    pthread_mutex_unlock(&s->rate_lock);
    if (!go)
        COUNT(&s->counters, flow, 1);
    return go;
}

/* ---- taking ---- */

static int take(struct sandbox *s, struct item *items, size_t n, int64_t now_ms)
{
    struct ledger_line lines[ITEMS_MAX];
    char verdicts[ITEMS_MAX][48];
    struct err e;
    size_t taken = 0;

    for (size_t i = 0; i < n; i++) {
        struct item *it = &items[i];
        if (strcmp(it->code, "0") != 0)
            continue;
        it->id = ledger_reserve(s->ledger, 1);
        snprintf(verdicts[taken], sizeof verdicts[taken], "%s:%s", it->state, it->report);
        lines[taken] =
            (struct ledger_line){now_ms, it->id, it->ref, it->to, it->text, verdicts[taken]};
        taken++;
    }
    if (ledger_put(s->ledger, lines, taken, &e) != 0) {
        log_error("sandbox", "%s", e.what);
        return -1;
    }
    COUNT(&s->counters, accepted, taken);
    COUNT(&s->counters, refused, n - taken);
    return 0;
}

/* True if a receipt was sent ahead of the answer. */
static bool report(struct sandbox *s, const struct item *items, size_t n, int64_t now_ms)
{
    bool any_early = false;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(items[i].code, "0") != 0)
            continue;
        bool early = hit(s, CHOICE_EARLY, (uint64_t)items[i].id, s->o->receipt_early,
                         &s->counters.receipts_early);
        texts_report(s, &items[i], now_ms, early);
        any_early = any_early || early;
    }
    return any_early;
}

static void answer_batch(struct sandbox *s, struct plan *p, const struct item *items, size_t n,
                         uint64_t no)
{
    size_t step = hit(s, CHOICE_PARTIAL, no, s->o->partial, &s->counters.partial) ? 2 : 1;

    buf_adds(&p->body, "{\"code\":\"0\",\"message\":\"done\",\"results\":[");
    for (size_t i = 0; i < n; i += step) {
        buf_addf(&p->body, "%s{\"ref\":", i ? "," : "");
        json_quote(&p->body, items[i].ref, strlen(items[i].ref));
        buf_addf(&p->body, ",\"code\":\"%s\"", items[i].code);
        if (items[i].id)
            buf_addf(&p->body, ",\"id\":\"%lld\"", (long long)items[i].id);
        buf_adds(&p->body, "}");
    }
    buf_adds(&p->body, "]}");
}

static void answer_single(struct plan *p, const struct item *it)
{
    if (strcmp(it->code, "0") != 0)
        say(p, strcmp(it->code, "A04") == 0 ? 402 : 200, it->code);
    else
        buf_addf(&p->body, "{\"code\":\"0\",\"message\":\"accepted\",\"id\":\"%lld\"}",
                 (long long)it->id);
}

/* Why the whole batch is refused, or NULL. */
static const char *refused_whole(const struct sandbox *s, const struct item *items, size_t n)
{
    for (size_t i = 0; s->o->strict_batch && i < n; i++)
        if (strcmp(items[i].code, "0") != 0)
            return items[i].code;
    return NULL;
}

static void submit(struct sandbox *s, struct plan *p, struct item *items, size_t n, bool batch,
                   uint64_t no)
{
    int64_t now_ms = clock_now_ms();
    const char *whole;

    if (!rate_allows(s, n, now_ms)) {
        say(p, 429, "F01");
        return;
    }
    if (s->o->balance >= 0 && atomic_load(&s->balance) <= 0) {
        say(p, 402, "A04");
        return;
    }
    for (size_t i = 0; i < n; i++)
        texts_judge(s, &items[i]);
    if (batch && (whole = refused_whole(s, items, n)) != NULL) {
        COUNT(&s->counters, refused, n);
        say(p, 200, whole);
        return;
    }
    for (size_t i = 0; i < n; i++)
        texts_charge(s, &items[i], now_ms);
    if (take(s, items, n, now_ms) != 0) {
        say(p, 500, "X01");
        return;
    }
    if (report(s, items, n, now_ms))
        p->wait_ms = EARLY_HOLD_MS;
    if (batch)
        answer_batch(s, p, items, n, no);
    else
        answer_single(p, &items[0]);
    fault_after(s, p, no);
}

static void read_and_submit(struct sandbox *s, struct plan *p, bool batch, uint64_t no)
{
    struct item items[ITEMS_MAX];
    struct err e;
    size_t len, n;
    const char *body = httpd_body(p->r, &len);
    struct json *root = json_parse(body, len, &e);

    if (root == NULL || texts_read(root, batch, items, &n) != 0) {
        COUNT(&s->counters, malformed, 1);
        say(p, 400, "A05");
    } else {
        submit(s, p, items, n, batch, no);
    }
    json_free(root);
}

void submit_handle(void *sandbox, struct httpd_request *r)
{
    struct sandbox *s = sandbox;
    struct plan *p = plan_new(s, r);
    uint64_t no = (uint64_t)atomic_fetch_add(&s->request, 1);
    bool batch = strcmp(httpd_path(r), "/v1/messages") == 0;
    const char *code;

    COUNT(&s->counters, requests, 1);
    if ((!batch && strcmp(httpd_path(r), "/v1/message") != 0) ||
        strcmp(httpd_method(r), "POST") != 0) {
        say(p, 404, "A05");
    } else if ((code = auth_check(s->auth, r, clock_now_ms())) != NULL) {
        COUNT(&s->counters, unauthorised, 1);
        say(p, 401, code);
    } else if (!fault_before(s, p, no)) {
        read_and_submit(s, p, batch, no);
    }
    p->wait_ms += s->o->latency_ms + chance_below(s->o->seed, CHOICE_JITTER, no, s->o->jitter_ms);
    finish(s, p);
}
