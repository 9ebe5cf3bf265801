/*
 * submit: freezes a wave.
 *
 * Members, arms, variants and sealed payloads go in by chunks under a wave that nobody sees; the
 * digest is made over what was stored, read back, and the move to `submitted` is the last
 * transaction, together with the act's record. Interrupted or failed, nothing visible remains: what
 * was written is removed at once, or after a crash by whoever next takes the lock of jobs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/store_approval.h"
#include "internal.h"

#define CHUNK_MAX_BYTES ((size_t)256 << 20)

struct freezing {
    struct store *store;
    struct keyring *keys;
    const struct campaign_info *c;
    struct freeze *z;
    struct wave_info *wave;
    struct frozen *list; /* of this chunk */
    size_t *at;          /* where their payloads begin in `sealed` */
    size_t n, cap;
    int64_t first_id;
    struct buf plain, sealed;
    struct wave_gateway sums[ROUTE_GATEWAYS];
    int64_t now[ROUTE_GATEWAYS]; /* messages that are not held out */
};

/* ---- one person ---- */

static void pseudonym(struct keyring *k, int64_t campaign_id, int64_t person_id, uint8_t out[8])
{
    uint8_t in[16], hash[KEYRING_HASH_BYTES];

    for (int i = 0; i < 8; i++) {
        in[i] = (uint8_t)((uint64_t)campaign_id >> (8 * i));
        in[8 + i] = (uint8_t)((uint64_t)person_id >> (8 * i));
    }
    keyring_hash(k, HASH_PSEUDONYM, in, sizeof in, hash);
    memcpy(out, hash, 8);
}

static void count(struct freezing *z, const struct drawn *d)
{
    struct wave_info *w = z->wave;

    w->members++;
    if (d->cause != CAUSE_NONE) {
        w->suppressed++;
        return;
    }
    w->messages++;
    w->segments += d->parts;
    w->held_out += d->arm == ARM_HOLDOUT;
    w->always += d->arm == ARM_ALWAYS;
    z->sums[d->route].messages++;
    z->sums[d->route].segments += d->parts;
    z->now[d->route] += d->arm != ARM_HOLDOUT;
}

static int seal(struct freezing *z, const struct drawn *d, struct frozen *f, struct err *e)
{
    const struct template_info *t = &freeze_text(z->z, d->variant)->info;
    struct payload p = {.phone = d->phone,
                        .subject = d->subject,
                        .html = d->html,
                        .text = d->text,
                        .signature = t->signature,
                        .carrier_template = t->carrier_template,
                        .carrier_variables = d->carrier_variables,
                        .route = d->route,
                        .carriers = d->carriers};
    size_t from = z->sealed.len;

    buf_reset(&z->plain);
    if (payload_pack(&p, &z->plain) != 0)
        panic("a payload is larger than a text may be");
    if (keyring_seal(z->keys, f->key_id, SEAL_PAYLOAD, f->message_id, z->wave->id, z->plain.data,
                     z->plain.len, &z->sealed, e) != 0)
        return -1;
    z->at[z->n] = from;
    f->payload_len = z->sealed.len - from;
    return 0;
}

static enum msg_state state_of(const struct drawn *d)
{
    if (d->cause != CAUSE_NONE)
        return MSG_SUPPRESSED;
    return d->arm == ARM_HOLDOUT ? MSG_PLANNED : MSG_QUEUED;
}

static int keep(void *ctx, const struct drawn *d, struct err *e)
{
    struct freezing *z = ctx;
    const struct list_row *r = &d->k->row;
    struct frozen *f = &z->list[z->n];

    if (z->n == z->cap)
        panic("the store passed more persons than it was asked for");
    *f = (struct frozen){.message_id = z->first_id + (int64_t)z->n,
                         .person_id = r->person_id,
                         .address_id = r->address_id,
                         .row_id = r->id,
                         .arm = d->arm,
                         .variant = d->variant,
                         .stratum = r->level,
                         .level = r->level,
                         .last_day = d->k->has_verdict ? d->k->verdict.last_day : CIVIL_NONE,
                         .state = state_of(d),
                         .cause = d->cause,
                         .due_ms = d->due_ms,
                         .segments = d->parts,
                         .route = d->route,
                         .carriers = d->carriers,
                         .key_id = r->key_id};
    memcpy(f->region, d->region, sizeof f->region);
    pseudonym(z->keys, z->c->id, r->person_id, f->pseudonym);
    count(z, d);
    if (d->cause == CAUSE_NONE && seal(z, d, f, e) != 0)
        return -1;
    z->n++;
    return 0;
}

/* ---- chunks ---- */

static void make_room(struct freezing *z, size_t chunk)
{
    if (chunk <= z->cap)
        return;
    z->list = realloc(z->list, chunk * sizeof *z->list);
    z->at = realloc(z->at, chunk * sizeof *z->at);
    if (z->list == NULL || z->at == NULL)
        panic("out of memory");
    z->cap = chunk;
}

/* The buffer has stopped moving: payloads can be pointed to. */
static void point(struct freezing *z)
{
    for (size_t i = 0; i < z->n; i++)
        if (z->list[i].payload_len > 0)
            z->list[i].payload = z->sealed.data + z->at[i];
}

/* Persons behind *last, rendered and sealed, then written in one transaction: no write lock is held
 * while texts are made. */
static int freeze_chunk(struct freezing *z, int64_t *last, struct err *e)
{
    size_t chunk = store_chunk(z->store);

    make_room(z, chunk);
    z->n = 0;
    buf_reset(&z->sealed);
    if (store_reserve_messages(z->store, chunk, &z->first_id, e) != 0 ||
        freeze_walk(z->z, *last, chunk, keep, z, last, e) != 0)
        return -1;
    point(z);
    int64_t began = clock_mono_us();
    if (store_freeze_put(z->store, z->c->id, z->wave->id, z->list, z->n, e) != 0)
        return -1;
    store_chunk_took(z->store, z->n, clock_mono_us() - began);
    failpoint("freeze_chunk");
    return 0;
}

static int freeze_members(struct freezing *z, const struct progress *p, struct err *e)
{
    int64_t last = 0, total;

    if (freeze_expected(z->z, &total, e) != 0)
        return -1;
    do {
        if (freeze_chunk(z, &last, e) != 0 ||
            freeze_progress(p, z->wave->members < total ? z->wave->members : total, total, e) != 0)
            return -1;
    } while (last != 0);
    if (z->wave->messages == 0)
        return err_set(e, ERR_DATA, "see `zhanchi campaign forecast` for the reasons",
                       "campaign %s has nobody to write to", z->c->name);
    return 0;
}

/* ---- the wave ---- */

static int finish(struct freezing *z, struct gateway *const *g, const struct campaign_record *r,
                  struct err *e)
{
    struct wave_info *w = z->wave;

    gateways_digest(z->c, g, w->gateway_digest);
    gateways_finish(freeze_gateways(z->z), z->c, w->submitted_at, z->now, z->sums);
    if (approval_digest(z->store, z->keys, z->c, w, w->gateway_digest, w->digest, e) != 0)
        return -1;
    failpoint("freeze_digest");
    if (store_begin(z->store, e) != 0)
        return -1;
    if (store_wave_submit(z->store, w, e) == 0 &&
        store_wave_gateways_put(z->store, w->id, z->sums, z->c->n_gateways, e) == 0 &&
        (r == NULL || r->fn(r->ctx, w, e) == 0))
        return store_commit(z->store, e);
    store_rollback(z->store);
    return -1;
}

static int freeze_wave(struct freezing *z, const struct campaign_lint *lint,
                       struct gateway *const *g, const struct campaign_record *r,
                       const struct progress *p, struct err *e)
{
    struct err later;

    if (store_wave_begin(z->store, z->wave, e) != 0)
        return -1;
    if (freeze_members(z, p, e) == 0 && freeze_lint(z->z, true, e) == 0) {
        if (lint != NULL)
            lints_allowed(lint, z->wave->allowed, sizeof z->wave->allowed);
        if (finish(z, g, r, e) == 0)
            return 0;
    }
    store_wave_abandon(z->store, z->wave->id, &later); /* the first error is the one to tell */
    return -1;
}

int campaign_submit(struct store *s, struct keyring *k, const struct campaign_info *c,
                    struct gateway *const *g, const struct campaign_office *o, const char *actor,
                    const struct campaign_record *r, const struct progress *p,
                    struct wave_info *out, struct err *e)
{
    struct freezing z = {.store = s, .keys = k, .c = c, .wave = out};
    int64_t removed;
    int lock, rc = -1;

    if (c->state != CAMPAIGN_DRAFT)
        return err_set(e, ERR_DATA, "make a new campaign", "campaign %s is %s, not a draft",
                       c->name, campaign_state_name(c->state));
    if (store_lock_jobs(s, &lock, e) != 0)
        return -1;
    *out =
        (struct wave_info){.campaign_id = c->id, .list_id = c->list_id, .submitted_at = o->now_ms};
    snprintf(out->submitted_by, sizeof out->submitted_by, "%s", actor);
    buf_init(&z.plain, CHUNK_MAX_BYTES);
    buf_init(&z.sealed, CHUNK_MAX_BYTES);
    if (store_sweep(s, &removed, e) == 0 && (z.z = freeze_open(s, k, c, NULL, g, o, e)) != NULL &&
        freeze_lint(z.z, true, e) == 0) /* what the texts themselves break needs no rows */
        rc = freeze_wave(&z, o->lint, g, r, p, e);
    freeze_close(z.z);
    buf_fini(&z.plain);
    buf_fini(&z.sealed);
    free(z.list);
    free(z.at);
    close(lock);
    return rc;
}
