/*
 * submit: freezes a wave. Members, arms, variants and sealed payloads go in by chunks under a wave that nobody sees; the digest over what was stored and the
 * move to `submitted` are the last transaction. Interrupted or failed, nothing visible remains, and what was written is removed at once (or, after a
 * crash, by the next sweep).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/failpoint.h"
#include "zhanchi/fsio.h"
#include "zhanchi/store_approval.h"
#include "internal.h"

struct item { /* a candidate that waits for its message id */
    struct frozen f;
    size_t at, len; /* its plain payload in `plain` */
    int64_t key_id;
};

struct freezing {
    struct writer *w;
    struct wave_info *wave;
    struct item *items;
    size_t n, cap;
    struct buf plain, sealed;
};

static void pseudonym(struct keyring *k, int64_t campaign_id, int64_t person_id, uint8_t out[8])
{
    int64_t both[2] = {campaign_id, person_id};
    uint8_t hash[KEYRING_HASH_BYTES];

    keyring_hash(k, HASH_PSEUDONYM, both, sizeof both, hash);
    memcpy(out, hash, 8);
}

static void count(struct wave_info *v, const struct decision *d, const struct written *t)
{
    v->members++;
    if (d->state == MSG_SUPPRESSED) {
        v->suppressed++;
        return;
    }
    v->messages++;
    v->segments += t->parts;
    v->held_out += d->arm == ARM_HOLDOUT;
    v->always += d->arm == ARM_ALWAYS;
}

static int keep(void *ctx, const struct candidate *k, const struct decision *d,
                const struct written *t)
{
    struct freezing *z = ctx;

    if (z->n == z->cap) {
        z->cap = z->cap * 2 + 256;
        z->items = realloc(z->items, z->cap * sizeof *z->items);
        if (z->items == NULL)
            panic("out of memory");
    }
    struct item *it = &z->items[z->n++];
    *it = (struct item){.at = z->plain.len, .key_id = k->row.key_id};
    it->f = (struct frozen){.person_id = k->row.person_id,
                            .address_id = k->row.address_id,
                            .row_id = k->row.id,
                            .arm = d->arm,
                            .variant = d->variant,
                            .stratum = k->row.level,
                            .level = k->row.level,
                            .last_day = k->has_verdict ? k->verdict.last_day : CIVIL_NONE,
                            .state = d->state,
                            .cause = d->cause,
                            .due_ms = d->due_ms,
                            .segments = t->parts,
                            .key_id = k->row.key_id};
    memcpy(it->f.region, k->row.region, sizeof it->f.region);
    pseudonym(z->w->keyring, z->w->campaign->id, k->row.person_id, it->f.pseudonym);
    count(z->wave, d, t);
    if (d->state != MSG_SUPPRESSED) {
        struct payload p = {t->phone, t->text, t->signature, t->carrier_template, ""};
        if (payload_pack(&p, &z->plain) != 0)
            panic("a chunk of payloads is larger than its buffer");
        it->len = z->plain.len - it->at;
    }
    return 0;
}

static int seal_all(struct freezing *z, int64_t first, struct err *e)
{
    buf_reset(&z->sealed);
    for (size_t i = 0; i < z->n; i++) {
        struct item *it = &z->items[i];
        size_t at = z->sealed.len;
        it->f.message_id = first + (int64_t)i;
        if (it->len == 0)
            continue;
        if (keyring_seal(z->w->keyring, it->key_id, SEAL_PAYLOAD, it->f.message_id, z->wave->id,
                         z->plain.data + it->at, it->len, &z->sealed, e) != 0)
            return -1;
        it->at = at;
        it->f.payload_len = z->sealed.len - at;
    }
    for (size_t i = 0; i < z->n; i++) /* only now: the buffer has stopped moving */
        if (z->items[i].len > 0)
            z->items[i].f.payload = z->sealed.data + z->items[i].at;
    return 0;
}

static int put_chunk(void *ctx, struct err *e)
{
    struct freezing *z = ctx;
    int64_t first, began = clock_mono_us();

    if (z->n == 0)
        return 0;
    if (store_reserve_messages(z->w->store, z->n, &first, e) != 0 || seal_all(z, first, e) != 0)
        return -1;
    struct frozen *f = malloc(z->n * sizeof *f);
    if (f == NULL)
        panic("out of memory");
    for (size_t i = 0; i < z->n; i++)
        f[i] = z->items[i].f;
    int rc = store_freeze_put(z->w->store, z->w->campaign->id, z->wave->id, f, z->n, e);
    free(f);
    failpoint("freeze-chunk");
    store_chunk_took(z->w->store, z->n, clock_mono_us() - began);
    z->n = 0;
    buf_reset(&z->plain);
    return rc;
}

static int freeze(struct writer *w, struct wave_info *wave, const struct gateway *g,
                  const struct progress *p, struct err *e)
{
    struct freezing z = {.w = w, .wave = wave};

    buf_init(&z.plain, 256u << 20);
    buf_init(&z.sealed, 256u << 20);
    int rc = walk(w, keep, put_chunk, &z, p, e);
    if (rc == 0 && wave->messages == 0)
        rc = err_set(e, ERR_DATA, "see `zhanchi campaign forecast`", "there is nobody to write to");
    if (rc == 0) {
        gateway_digest(g, wave->gateway_digest);
        rc = approval_digest(w->store, w->keyring, w->campaign, wave, wave->gateway_digest,
                             wave->digest, e);
    }
    free(z.items);
    buf_fini(&z.plain);
    buf_fini(&z.sealed);
    return rc;
}

/* One freezing at a time: DIR/zhanchi.db-freeze. 0, or -1. */
static int lock_freezing(struct store *s, int *fd, struct err *e)
{
    char path[4200];

    snprintf(path, sizeof path, "%s-freeze", store_path(s));
    int rc = fs_lock(path, fd, e);
    if (rc == 1)
        return err_set(e, ERR_TEMP, "wait for it", "another campaign is being submitted");
    return rc;
}

static int submit(struct writer *w, const struct gateway *g, const char *actor,
                  const struct progress *p, struct wave_info *out, struct err *e)
{
    struct err ignored = {0};

    *out = (struct wave_info){.campaign_id = w->campaign->id,
                              .list_id = w->campaign->list_id,
                              .submitted_at = w->office->now_ms};
    snprintf(out->submitted_by, sizeof out->submitted_by, "%s", actor);
    if (store_wave_begin(w->store, out, e) != 0)
        return -1;
    if (freeze(w, out, g, p, e) == 0 && store_wave_submit(w->store, out, e) == 0)
        return 0;
    store_wave_abandon(w->store, out->id, &ignored); /* the first error is the one to tell */
    return -1;
}

int campaign_submit(struct store *s, struct keyring *k, const struct campaign_info *c,
                    const struct gateway *g, const struct campaign_office *o, const char *actor,
                    const struct progress *p, struct wave_info *out, struct err *e)
{
    struct campaign_office office = *o;
    const struct gw_limits *limits = gateway_limits(g);
    struct writer w;
    int fd;

    if (c->state != CAMPAIGN_DRAFT)
        return err_set(e, ERR_DATA, "make a new campaign", "campaign %s is %s", c->name,
                       campaign_state_name(c->state));
    if (lock_freezing(s, &fd, e) != 0)
        return -1;
    if (limits->text_units > 0 && (office.max_units == 0 || limits->text_units < office.max_units))
        office.max_units = limits->text_units;
    int rc = writer_init(&w, s, k, c, &office, e);
    if (rc == 0)
        rc = submit(&w, g, actor, p, out, e);
    writer_fini(&w);
    close(fd);
    return rc;
}
