/*
 * submit: one request of the office, from its headers to its answer, with the faults that were asked for.
 *
 * Order, and it matters: who is it - faults that take nothing - what does it say - verdicts - ledger - receipts
 * queued - answer, with the faults that come after taking. The dialect reads and writes; what happens is decided here. A text is taken when its ledger line is written, not earlier; an
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
#define ARENA_BYTES 8192
#define EARLY_HOLD_MS 30 /* an early receipt is that much ahead of the answer */

enum ending { END_ANSWER, END_RESET, END_CUT };

/* A request: what it says (call), how it ends, and when. Owns its body. */
struct plan {
    struct httpd_request *r;
    struct call call;
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

static const char *header(void *ctx, const char *name)
{
    return httpd_header(ctx, name);
}

static struct plan *plan_new(struct sandbox *s, struct httpd_request *r, uint64_t no)
{
    struct plan *p = calloc(1, sizeof *p);

    if (p == NULL)
        panic("out of memory");
    p->r = r;
    p->o = s->o;
    p->status = 200;
    buf_init(&p->body, ANSWER_MAX);
    p->call = (struct call){
        .account = s->account,
        .r = {httpd_method(r), httpd_path(r), httpd_query_text(r), NULL, 0, header, r},
        .now_ms = clock_now_ms(),
        .order = no,
        .arena = arena_new(ARENA_BYTES),
        .shelf = s->shelf,
        .step = 1,
        .status = 200,
    };
    p->call.r.body = httpd_body(r, &p->call.r.len);
    return p;
}

/* What the request said is not needed any more; its answer may still have to wait. */
static void forget(struct plan *p)
{
    json_free(p->call.root);
    arena_free(p->call.arena);
}

/* Refuses the whole request. */
static void say(struct sandbox *s, struct plan *p, enum fate fate)
{
    const struct word *w = dialect_word(&p->call, fate);

    p->status = w->status ? w->status : 200;
    p->retry_after = p->status == 429 || p->status == 503;
    buf_reset(&p->body);
    account_dialect(s->account)->refuse(&p->call, fate, &p->body);
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
        say(s, p, FATE_FLOW);
    } else if (hit(s, CHOICE_BUSY, no, o->busy, &c->busy)) {
        say(s, p, FATE_BUSY);
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

static void name_items(struct sandbox *s, struct call *c)
{
    const struct dialect *d = account_dialect(s->account);
    int64_t first = 0;

    for (size_t i = 0; i < c->n; i++) {
        struct item *it = &c->items[i];
        char id[ID_BYTES];
        if (it->fate != FATE_TAKEN)
            continue;
        it->no = ledger_reserve(s->ledger, 1);
        first = first ? first : it->no;
        d->id(c, d->whole ? first : it->no, id);
        it->id = arena_strdup(c->arena, id);
    }
}

static int take(struct sandbox *s, struct call *c)
{
    struct ledger_line *lines = arena_alloc(c->arena, c->n * sizeof *lines);
    struct err e;
    size_t taken = 0;

    name_items(s, c);
    for (size_t i = 0; i < c->n; i++) {
        const struct item *it = &c->items[i];
        char verdict[64];
        if (it->fate != FATE_TAKEN)
            continue;
        snprintf(verdict, sizeof verdict, "%s:%s", it->state, it->report);
        lines[taken++] = (struct ledger_line){c->now_ms, it->id,   it->ref,
                                              it->to,    it->text, arena_strdup(c->arena, verdict)};
    }
    if (ledger_put(s->ledger, lines, taken, &e) != 0) {
        log_error("sandbox", "%s", e.what);
        return -1;
    }
    COUNT(&s->counters, accepted, taken);
    COUNT(&s->counters, refused, c->n - taken);
    return 0;
}

/* True if a receipt was sent ahead of the answer. */
static bool report(struct sandbox *s, const struct call *c)
{
    bool any_early = false;

    for (size_t i = 0; i < c->n; i++) {
        const struct item *it = &c->items[i];
        if (it->fate != FATE_TAKEN)
            continue;
        bool early = hit(s, CHOICE_EARLY, (uint64_t)it->no, s->o->receipt_early,
                         &s->counters.receipts_early);
        texts_report(s, c, it, early);
        any_early = any_early || early;
    }
    return any_early;
}

/* Why the whole request is refused, or FATE_TAKEN: a provider with one verdict for all texts, or --strict-batch. */
static enum fate refused_whole(const struct sandbox *s, const struct call *c)
{
    bool whole = account_dialect(s->account)->whole || (s->o->strict_batch && c->n > 1);

    for (size_t i = 0; whole && i < c->n; i++)
        if (c->items[i].fate != FATE_TAKEN)
            return c->items[i].fate;
    return FATE_TAKEN;
}

static bool balance_allows(struct sandbox *s, const struct call *c)
{
    size_t need = account_dialect(s->account)->whole ? c->n : 1;

    return s->o->balance < 0 || atomic_load(&s->balance) >= (long long)need;
}

/* Everything up to the ledger. What refuses the whole request, or FATE_TAKEN. */
static enum fate decide(struct sandbox *s, struct call *c)
{
    enum fate whole;

    if (!rate_allows(s, c->n, c->now_ms))
        return FATE_FLOW;
    if (!balance_allows(s, c))
        return FATE_BALANCE;
    for (size_t i = 0; i < c->n; i++)
        texts_judge(s, c, &c->items[i]);
    if ((whole = refused_whole(s, c)) == FATE_TAKEN) {
        for (size_t i = 0; i < c->n; i++)
            texts_charge(s, c, &c->items[i]);
        if (account_dialect(s->account)->whole)
            whole = refused_whole(s, c);
    }
    if (whole != FATE_TAKEN)
        COUNT(&s->counters, refused, c->n);
    return whole;
}

static void submit(struct sandbox *s, struct plan *p, uint64_t no)
{
    struct call *c = &p->call;
    enum fate fate = decide(s, c);

    if (fate == FATE_TAKEN && take(s, c) != 0)
        fate = FATE_INTERNAL;
    if (fate != FATE_TAKEN) {
        say(s, p, fate);
        return;
    }
    if (report(s, c))
        p->wait_ms = EARLY_HOLD_MS;
    if (c->n > 1 && !account_dialect(s->account)->whole &&
        hit(s, CHOICE_PARTIAL, no, s->o->partial, &s->counters.partial))
        c->step = 2;
    account_dialect(s->account)->answer(c, &p->body);
    p->status = c->status;
    fault_after(s, p, no);
}

static void serve(struct sandbox *s, struct plan *p, uint64_t no)
{
    const struct dialect *d = account_dialect(s->account);
    enum errand errand = d->route(&p->call);
    enum fate fate = errand == ERRAND_NONE ? FATE_PATH : d->verify(&p->call);

    if (fate != FATE_TAKEN) {
        if (fate == FATE_MALFORMED)
            COUNT(&s->counters, malformed, 1);
        else if (fate != FATE_PATH)
            COUNT(&s->counters, unauthorised, 1);
        say(s, p, fate);
        return;
    }
    if (fault_before(s, p, no))
        return;
    if (errand == ERRAND_ASK) {
        d->ask(&p->call, &p->body);
        p->status = p->call.status;
        fault_after(s, p, no);
    } else if ((fate = d->read(&p->call)) == FATE_TAKEN) {
        submit(s, p, no);
    } else {
        COUNT(&s->counters, malformed, 1);
        say(s, p, fate);
    }
}

void submit_handle(void *sandbox, struct httpd_request *r)
{
    struct sandbox *s = sandbox;
    uint64_t no = (uint64_t)atomic_fetch_add(&s->request, 1);
    struct plan *p = plan_new(s, r, no);

    COUNT(&s->counters, requests, 1);
    serve(s, p, no);
    forget(p);
    p->wait_ms += s->o->latency_ms + chance_below(s->o->seed, CHOICE_JITTER, no, s->o->jitter_ms);
    finish(s, p);
}
