/*
 * apply: from raw reports in the inbox to receipts, replies and refusals in the store.
 *
 * Invariants: a batch of whole requests is applied in one transaction together with the watermark, so a crash at any instruction applies
 * it again or not at all, and again changes nothing. (A request that alone is too much for a transaction, a provider's file for
 * example, takes several; the watermark comes with the last.) Reports are sorted by message before any row is touched: locality is what the
 * speed of this depends on. What cannot be read never stops what comes behind it. Where only the gateway was missing from
 * the configuration, the ids are remembered with the watermark, and applied as soon as it is there again.
 *
 * Called by serve (after each commit to the inbox, and at start for what a dead one left) and by tests.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "zhanchi/arena.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/log.h"
#include "zhanchi/optword.h"
#include "zhanchi/phone.h"
#include "zhanchi/store.h"
#include "zhanchi/store_epoch.h"
#include "zhanchi/track.h"

#define BODY_MAX (16U << 20)
#define TEXT_MAX 65536

struct waiting_receipt {
    struct receipt_row row;
    struct msg_ref ref;
};

/* Of a gateway whose receipts may name the provider's id instead of our reference. */
struct waiting_joined {
    struct provider_receipt receipt;
    struct msg_ref ref; /* message 0: it bears none */
};

/* One batch on its way from the inbox to the store. */
struct batch {
    struct store *s;
    struct keyring *k;
    const struct track_opts *o;
    struct track_stats *stats; /* of this batch */
    struct arena *arena;       /* texts and sealed blobs */
    struct waiting_receipt *receipts;
    size_t n_receipts, cap_receipts;
    struct waiting_joined *joined;
    size_t n_joined, cap_joined;
    struct reply_row *replies;
    size_t n_replies, cap_replies;
    size_t enough;   /* reports */
    int64_t last_id; /* newest request in it */
    const char *
        only; /* of what was passed over: this gateway's, to this id; NULL = behind the watermark */
    int64_t to;
    struct passed {
        char gateway[64];
        int64_t from, to;
    } * passed; /* now, because of their gateways */
    size_t n_passed, cap_passed;
    struct buf body, sealed;
    int64_t *gateway_ids;    /* in the order of o->gateways */
    enum gw_joining joining; /* of the request being read, like the next two */
    /* of the request being read */
    const struct inbox_row *row;
    int64_t gateway_id;
    struct err *e;
};

static void *grow(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 256;
    v = reallocarray(v, *cap, size);
    if (v == NULL)
        panic("out of memory");
    return v;
}

static int find_gateway(const struct track_opts *o, const char *name)
{
    for (size_t i = 0; i < o->n_gateways; i++)
        if (strcmp(gateway_name(o->gateways[i]), name) == 0)
            return (int)i;
    return -1;
}

/* ---- one report ---- */

static void keep_joined(struct batch *b, const struct waiting_joined *j)
{
    b->joined = grow(b->joined, b->n_joined, &b->cap_joined, sizeof *b->joined);
    b->joined[b->n_joined++] = *j;
}

static int keep_receipt(struct batch *b, struct waiting_receipt *w)
{
    w->row.message_id = w->ref.message;
    w->row.attempt = w->ref.attempt;
    b->receipts = grow(b->receipts, b->n_receipts, &b->cap_receipts, sizeof *b->receipts);
    b->receipts[b->n_receipts++] = *w;
    return 0;
}

static void add_joined(struct batch *b, const struct gw_report *r, const struct waiting_receipt *w)
{
    struct waiting_joined j = {.receipt = {.row = w->row,
                                           .gateway_id = b->gateway_id,
                                           .may_wait = b->row->kind != GW_QUERIED},
                               .ref = w->ref};
    struct phone phone;

    gateway_copy_code(j.receipt.provider_id, sizeof j.receipt.provider_id, r->provider_id);
    if (phone_parse(r->phone, strlen(r->phone), &phone)) {
        j.receipt.has_address = true;
        keyring_hash(b->k, HASH_ADDRESS_SMS, phone.number, strlen(phone.number), j.receipt.address);
    } else if (b->joining == GW_BY_NUMBER) {
        j.receipt.provider_id[0] = '\0'; /* of many numbers, and it does not say which */
    }
    keep_joined(b, &j);
}

/* Out of a mailbox: anybody may have written it. It counts only with the proof that stands in the letter itself, speaks of that letter's
 * recipient alone, and never casts a doubt on this database. */
static int add_mailed(struct batch *b, const struct gw_report *r, struct waiting_receipt *w)
{
    struct waiting_joined j = {.receipt = {.gateway_id = b->gateway_id, .has_address = true},
                               .ref = w->ref};
    struct track_address to = {0};
    bool named = r->phone[0] != '\0';

    w->row.weak = true;
    if (!keyring_proves(b->k, r->ref, r->proof) ||
        (named && !(track_address(b->k, r->phone, &to) && to.email))) {
        b->stats->apply.unmatched++;
        return 0;
    }
    if (!named)
        return keep_receipt(b, w);
    j.receipt.row = w->row;
    memcpy(j.receipt.address, to.hash, sizeof to.hash);
    keep_joined(b, &j);
    return 0;
}

static int add_receipt(struct batch *b, const struct gw_report *r)
{
    struct waiting_receipt w = {.row = {.class = r->class,
                                        .pending = r->pending,
                                        .learn_optout = r->class == CLASS_OPTOUT && !r->pending,
                                        .at_ms = r->at_ms ? r->at_ms : b->row->received_ms,
                                        .received_ms = b->row->received_ms,
                                        .parts = r->parts,
                                        .part = r->part,
                                        .gateway_id = b->gateway_id}};
    bool ours = message_ref_parse(r->ref, strlen(r->ref), &w.ref) == 0;

    gateway_copy_code(w.row.code, sizeof w.row.code, r->code);
    if (!ours)
        w.ref.message = 0;
    if (b->joining != GW_BY_REF) {
        add_joined(b, r, &w);
        return 0;
    }
    if (!ours) {
        b->stats->apply.unmatched++;
        return 0;
    }
    return r->mailed ? add_mailed(b, r, &w) : keep_receipt(b, &w);
}

/* Tells a repeated push from a second reply: all that the provider says must be the same. */
static void reply_digest(struct batch *b, const struct gw_report *r,
                         uint8_t out[KEYRING_HASH_BYTES])
{
    struct buf text;

    buf_init(&text, TEXT_MAX + 1024);
    buf_addf(&text, "%s%c%s%c%s%c%lld%c", b->row->gateway, 0, r->provider_id, 0, r->phone, 0,
             (long long)r->at_ms, 0);
    buf_adds(&text, r->text);
    keyring_hash(b->k, HASH_REPLY, buf_cstr(&text), text.len, out);
    buf_fini(&text);
}

static int add_reply(struct batch *b, const struct gw_report *r)
{
    struct reply_row p = {.gateway_id = b->gateway_id,
                          .at_ms = r->at_ms ? r->at_ms : b->row->received_ms,
                          .received_ms = b->row->received_ms,
                          .is_optout = optword_match(r->text, strlen(r->text), b->o->optout_words)};

    if (strlen(r->text) > TEXT_MAX) {
        b->stats->skipped++;
        return 0;
    }
    memcpy(p.provider_id, r->provider_id, strnlen(r->provider_id, sizeof p.provider_id - 1));
    keyring_hash(b->k, HASH_ADDRESS_SMS, r->phone, strlen(r->phone), p.address);
    reply_digest(b, r, p.digest);
    /* Sealed when the ids are known: until then the plain texts wait here, in the arena. */
    p.sealed = arena_strdup(b->arena, r->text);
    p.sealed_number = arena_strdup(b->arena, r->phone);
    b->replies = grow(b->replies, b->n_replies, &b->cap_replies, sizeof *b->replies);
    b->replies[b->n_replies++] = p;
    return 0;
}

static int on_report(void *ctx, const struct gw_report *r)
{
    return r->kind == GW_RECEIPT ? add_receipt(ctx, r) : add_reply(ctx, r);
}

static size_t reports_of(const struct batch *b)
{
    return b->n_receipts + b->n_joined + b->n_replies;
}

/* ---- one request ---- */

static void pass_over(struct batch *b, const char *why)
{
    b->stats->unreadable++;
    log_warn("track", "report %lld of gateway %s is passed over and stays in the inbox: %s",
             (long long)b->row->id, b->row->gateway, why);
}

static void remember(struct batch *b)
{
    struct passed *p = b->passed;

    for (size_t i = 0; i < b->n_passed; i++, p++)
        if (strcmp(p->gateway, b->row->gateway) == 0) {
            p->to = b->row->id;
            return;
        }
    b->passed = grow(b->passed, b->n_passed, &b->cap_passed, sizeof *b->passed);
    p = &b->passed[b->n_passed++];
    memcpy(p->gateway, b->row->gateway, sizeof p->gateway);
    p->from = p->to = b->row->id;
}

/* 0 read or passed over, -1 the work cannot go on. */
static int read_request(struct batch *b)
{
    const struct inbox_row *row = b->row;
    int at = find_gateway(b->o, row->gateway);
    struct err why;
    size_t skipped;

    if (at < 0) {
        pass_over(b, "that gateway is not configured");
        remember(b);
        return 0;
    }
    buf_reset(&b->body);
    if (keyring_unseal(b->k, row->key_id, SEAL_REPORT, row->id, row->kind, row->sealed,
                       row->sealed_len, &b->body, &why) != 0) {
        if (why.kind != ERR_DATA) {
            *b->e = why;
            return -1;
        }
        pass_over(b, why.what);
        return 0;
    }
    b->gateway_id = b->gateway_ids[at];
    b->joining = gateway_joining(b->o->gateways[at]);
    if (gateway_callback_read(b->o->gateways[at], (enum gw_report_kind)row->kind,
                              buf_cstr(&b->body), b->body.len, on_report, b, &skipped, &why) != 0)
        pass_over(b, why.what);
    else
        b->stats->skipped += (int64_t)skipped;
    return 0;
}

static int on_row(void *ctx, const struct inbox_row *row)
{
    struct batch *b = ctx;

    b->row = row;
    if (b->only != NULL && row->id > b->to)
        return 1;
    b->last_id = row->id;
    if (b->only != NULL && strcmp(b->only, row->gateway) != 0)
        return 0;
    if (read_request(b) != 0)
        return -1;
    b->stats->rows++;
    return reports_of(b) >= b->enough; /* a request is never split */
}

/* ---- one batch ---- */

static int by_message(const void *pa, const void *pb)
{
    const struct waiting_receipt *a = pa, *b = pb;

    return a->ref.message < b->ref.message ? -1 : a->ref.message > b->ref.message;
}

enum { LOST_REF = 2 };

/* 1 this database issued it, LOST_REF a lost timeline of it did, 0 neither. */
static int check_ref(struct batch *b, const struct msg_ref *ref, bool weak, struct err *e)
{
    int finding = (int)store_ref_check(b->s, ref, e);

    if (finding < 0)
        return -1;
    if (finding == REF_OURS || finding == REF_LOST)
        return finding == REF_LOST ? LOST_REF : 1;
    if (finding == REF_FOREIGN || weak) {
        b->stats->apply.unmatched++;
        return 0;
    }
    b->stats->apply.never_issued++;
    log_error("track", "a receipt bears a reference that this database never issued: it may be an "
                       "old copy; nothing more is sent until a person confirms");
    return store_doubt_raise(b->s, "a receipt bore a reference that was never issued", e);
}

/* A slice of the batch: of n things, those whose place in the whole is in [from, to). */
struct span {
    size_t from, to;
};

static struct span span_of(size_t from, size_t to, size_t before, size_t n)
{
    size_t a = from > before ? from - before : 0, z = to > before ? to - before : 0;

    return (struct span){a < n ? a : n, z < n ? z : n};
}

/* Leaves those that this database issued. */
static int check_refs(struct batch *b, struct span at, struct receipt_row *rows, size_t *n,
                      struct err *e)
{
    *n = 0;
    for (size_t i = at.from; i < at.to; i++) {
        int rc = check_ref(b, &b->receipts[i].ref, b->receipts[i].row.weak, e);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        rows[*n] = b->receipts[i].row;
        rows[(*n)++].lost = rc == LOST_REF;
    }
    return 0;
}

/* Adds those whose attempts are known. */
static int join_receipts(struct batch *b, struct span at, struct receipt_row *rows, size_t *n,
                         struct err *e)
{
    struct provider_receipt *v = arena_alloc(b->arena, (at.to - at.from + 1) * sizeof *v);
    size_t m = 0, found = 0;

    if (at.from == at.to)
        return 0;
    for (size_t i = at.from; i < at.to; i++) {
        const struct waiting_joined *j = &b->joined[i];
        int rc = j->ref.message ? check_ref(b, &j->ref, j->receipt.row.weak, e) : 1;
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        v[m] = j->receipt;
        v[m].row.message_id = j->ref.message;
        v[m].row.lost = rc == LOST_REF;
        v[m++].row.attempt = j->ref.message ? j->ref.attempt : 0;
    }
    if (store_join_receipts(b->s, v, m, rows + *n, &found, &b->stats->apply, e) != 0)
        return -1;
    *n += found;
    return 0;
}

static int seal_into(struct batch *b, int64_t key_id, enum seal_place place, int64_t id,
                     const char *plain, const void **blob, size_t *len, struct err *e)
{
    buf_reset(&b->sealed);
    if (keyring_seal(b->k, key_id, place, id, 0, plain, strlen(plain), &b->sealed, e) != 0)
        return -1;
    *blob = arena_memdup(b->arena, b->sealed.data, b->sealed.len);
    *len = b->sealed.len;
    return 0;
}

static int seal_replies(struct batch *b, struct span at, struct err *e)
{
    int64_t id;

    if (at.from == at.to)
        return 0;
    if (store_reserve_replies(b->s, at.to - at.from, &id, e) != 0)
        return -1;
    for (size_t i = at.from; i < at.to; i++) {
        struct reply_row *p = &b->replies[i];
        p->id = id + (int64_t)(i - at.from);
        p->key_id = keyring_id(b->k, KEY_INBOX);
        p->optout_key_id = keyring_id(b->k, KEY_OPTOUT);
        if (seal_into(b, p->key_id, SEAL_REPLY, p->id, p->sealed, &p->sealed, &p->sealed_len, e) !=
            0)
            return -1;
        if (!p->is_optout)
            p->sealed_number = NULL;
        else if (seal_into(b, p->optout_key_id, SEAL_OPTOUT, p->id, p->sealed_number,
                           &p->sealed_number, &p->sealed_number_len, e) != 0)
            return -1;
    }
    return 0;
}

/* What is passed over now, or how far what was passed over is applied. */
static int note_passed(struct batch *b, struct err *e)
{
    if (b->only != NULL) {
        bool done = b->last_id >= b->to;
        return store_passed_set(b->s, b->only, done ? 0 : b->last_id + 1, done ? 0 : b->to, e);
    }
    for (size_t i = 0; i < b->n_passed; i++) {
        const struct passed *p = &b->passed[i];
        int64_t from, to;
        if (store_passed_get(b->s, p->gateway, &from, &to, e) != 0 ||
            store_passed_set(b->s, p->gateway, from > 0 && from < p->from ? from : p->from, p->to,
                             e) != 0)
            return -1;
    }
    return 0;
}

/* In an open transaction: what is checked is still so when it is applied, and a statement alone would cost a lock of its own. watermark 0: more
 * of the same request comes. */
static int check_and_apply(struct batch *b, size_t from, size_t to, int64_t watermark,
                           struct err *e)
{
    const struct span receipts = span_of(from, to, 0, b->n_receipts),
                      joined = span_of(from, to, b->n_receipts, b->n_joined),
                      replies = span_of(from, to, b->n_receipts + b->n_joined, b->n_replies);
    struct receipt_row *rows = arena_alloc(b->arena, (to - from + 1) * sizeof *rows);
    size_t n;

    if (check_refs(b, receipts, rows, &n, e) != 0 || join_receipts(b, joined, rows, &n, e) != 0 ||
        seal_replies(b, replies, e) != 0 || (watermark > 0 && note_passed(b, e) != 0))
        return -1;
    const struct reply_row *p = b->replies ? b->replies + replies.from : NULL;
    return store_apply_reports(b->s, rows, n, p, replies.to - replies.from, b->only ? 0 : watermark,
                               &b->stats->apply, e);
}

static int apply_slice(struct batch *b, size_t from, size_t to, int64_t watermark, struct err *e)
{
    int64_t began_us = clock_mono_us();

    if (store_begin(b->s, e) != 0)
        return -1;
    if (check_and_apply(b, from, to, watermark, e) != 0) {
        store_rollback(b->s);
        return -1;
    }
    failpoint("apply_before_commit");
    if (store_commit(b->s, e) != 0)
        return -1;
    store_chunk_took(b->s, to - from, clock_mono_us() - began_us);
    failpoint("apply_after_commit");
    return 0;
}

static int apply_batch(struct batch *b, struct err *e)
{
    size_t from = 0, n = reports_of(b), most = 2 * b->enough;

    if (b->n_receipts)
        qsort(b->receipts, b->n_receipts, sizeof *b->receipts, by_message);
    for (; n - from > most; from += b->enough)
        if (apply_slice(b, from, from + b->enough, 0, e) != 0)
            return -1;
    return apply_slice(b, from, n, b->last_id, e);
}

static void add_stats(struct track_stats *to, const struct track_stats *from)
{
    to->apply.moved += from->apply.moved;
    to->apply.kept += from->apply.kept;
    to->apply.unmatched += from->apply.unmatched;
    to->apply.never_issued += from->apply.never_issued;
    to->apply.replies += from->apply.replies;
    to->apply.optouts += from->apply.optouts;
    to->apply.suppressed += from->apply.suppressed;
    to->apply.parked += from->apply.parked;
    to->apply.elsewhere += from->apply.elsewhere;
    to->rows += from->rows;
    to->unreadable += from->unreadable;
    to->skipped += from->skipped;
}

/* Once: whoever sends such receipts shall not fill the log with them. */
static void warn_elsewhere(int64_t n)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;

    if (n > 0 && !atomic_flag_test_and_set(&said))
        log_warn("track",
                 "%lld receipts speak of messages that went over another gateway than the one that "
                 "reports them; such are not believed, and this is said once",
                 (long long)n);
}

/* Requests behind `after`, read and applied: how many, 0 at the end, -1. */
static int64_t take_batch(struct batch *b, struct inbox *i, int64_t after,
                          struct track_stats *total, int64_t *reports, struct err *e)
{
    struct track_stats stats = {0};

    b->stats = &stats;
    b->n_receipts = b->n_joined = b->n_replies = b->n_passed = 0;
    b->enough = store_chunk(b->s);
    b->last_id = 0;
    b->e = e;
    arena_reset(b->arena);
    if (inbox_read(i, after, b->enough, on_row, b, e) < 0)
        return -1;
    if (b->only != NULL && b->last_id == 0)
        b->last_id = b->to; /* nothing is left of them */
    if (b->only == NULL && stats.rows == 0)
        return 0;
    if (apply_batch(b, e) != 0)
        return -1;
    *reports += (int64_t)reports_of(b);
    warn_elsewhere(stats.apply.elsewhere);
    add_stats(total, &stats);
    return 1;
}

static int64_t next_batch(struct batch *b, struct inbox *i, struct track_stats *total,
                          int64_t *reports, struct err *e)
{
    int64_t watermark;

    if (store_watermark(b->s, &watermark, e) != 0)
        return -1;
    return take_batch(b, i, watermark, total, reports, e);
}

/* What was passed over while this gateway was not configured. */
static int64_t next_passed(struct batch *b, struct inbox *i, const char *gateway,
                           struct track_stats *total, int64_t *reports, struct err *e)
{
    int64_t from;

    if (store_passed_get(b->s, gateway, &from, &b->to, e) != 0)
        return -1;
    if (from == 0)
        return 0;
    b->only = gateway;
    int64_t rc = take_batch(b, i, from - 1, total, reports, e);
    b->only = NULL;
    return rc;
}

/* Its attempts are noted by their provider's ids, if its receipts need that, also where dispatch
 * has not run since the profile was changed. */
static int find_gateway_id(struct store *s, const struct gateway *g, int64_t *id, struct err *e)
{
    if (store_gateway_id(s, gateway_name(g), id, e) != 0)
        return -1;
    return gateway_joining(g) == GW_BY_REF ? 0 : store_gateway_joins(s, *id, true, e);
}

int64_t track_apply(struct store *s, struct keyring *k, struct inbox *i, const struct track_opts *o,
                    struct track_stats *total, struct err *e)
{
    struct batch b = {.s = s, .k = k, .o = o, .arena = arena_new(65536)};
    int64_t reports = 0, rows = 0;

    buf_init(&b.body, BODY_MAX);
    buf_init(&b.sealed, TEXT_MAX + 1024);
    b.gateway_ids = calloc(o->n_gateways + 1, sizeof *b.gateway_ids);
    if (b.gateway_ids == NULL)
        panic("out of memory");
    for (size_t g = 0; g < o->n_gateways && rows == 0; g++)
        rows = find_gateway_id(s, o->gateways[g], &b.gateway_ids[g], e);
    for (size_t g = 0; g < o->n_gateways && rows == 0; g++)
        while ((rows = next_passed(&b, i, gateway_name(o->gateways[g]), total, &reports, e)) > 0 &&
               !(o->stop && *o->stop))
            ;
    if (rows == 0)
        do
            rows = next_batch(&b, i, total, &reports, e);
        while (rows > 0 && !(o->stop && *o->stop));
    free(b.gateway_ids);
    free(b.receipts);
    free(b.joined);
    free(b.replies);
    free(b.passed);
    buf_fini(&b.body);
    buf_fini(&b.sealed);
    arena_free(b.arena);
    return rows < 0 ? -1 : reports;
}
