/*
 * response: a claims file into the store.
 *
 * Rows are read and hashed one by one and stored in chunks, one transaction each: claims, and with them what they stop (a waiting message to somebody who has
 * claimed is suppressed in the transaction that learns of the claim). The file's own record is made first and gets its final counts last; only then does it say
 * through which day it is complete. Storing is idempotent, so an interrupted import is simply repeated.
 *
 * A row is stored for each person that it identifies (claim.c). It counts once: as added or known by the first key that finds somebody, as unmatched if none does.
 *
 * Called by cmd_response.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "zhanchi/civil.h"
#include "zhanchi/clock.h"
#include "zhanchi/store.h"
#include "zhanchi/table.h"

#define CHUNK_MAX 2000

struct waiting { /* a row of the file that waits for its chunk */
    struct response_row row;
    bool has[CLAIM_KEYS], found;
    uint8_t key[CLAIM_KEYS][KEYRING_HASH_BYTES];
};

struct importing {
    const struct response_opts *opts;
    struct store *store;
    struct keyring *keyring;
    struct table *table;
    struct columns columns;
    struct claim_form form;
    struct claim claim;
    struct response_file *file;
    struct response_stats *stats;
    struct waiting rows[CHUNK_MAX];
    size_t n;
    struct response_row batch[CHUNK_MAX]; /* those of `rows` that carry one key */
    size_t from[CHUNK_MAX];               /* where in `rows` they stand */
    bool matched[CHUNK_MAX];
};

static const enum hash_kind hash_kinds[CLAIM_KEYS] = {[CLAIM_ID] = HASH_PERSON_ID,
                                                      [CLAIM_REF] = HASH_PERSON_REF,
                                                      [CLAIM_PHONE_NAME] = HASH_PERSON_PHONE_NAME};

/* ---- chunks ---- */

static size_t gather(struct importing *im, int key, bool found)
{
    size_t n = 0;

    for (size_t i = 0; i < im->n; i++) {
        struct waiting *w = &im->rows[i];
        if (!w->has[key] || w->found != found)
            continue;
        im->batch[n] = w->row;
        im->batch[n].person_kind = (int)hash_kinds[key];
        memcpy(im->batch[n].person, w->key[key], KEYRING_HASH_BYTES);
        im->from[n++] = i;
    }
    return n;
}

static int put(struct importing *im, size_t n, struct response_stats *st, struct err *e)
{
    if (n == 0)
        return 0;
    return store_responses_put(im->store, im->file->id, im->batch, n, im->matched, st, e);
}

/* One kind of key: first for rows that an earlier kind has found (counted already), then for the others. */
static int put_key(struct importing *im, int key, struct response_stats *sum, struct err *e)
{
    struct response_stats again = {0}, fresh = {0};

    if (put(im, gather(im, key, true), &again, e) != 0)
        return -1;
    size_t n = gather(im, key, false);
    if (put(im, n, &fresh, e) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        im->rows[im->from[i]].found = im->matched[i];
    sum->added += fresh.added;
    sum->known += fresh.known;
    sum->suppressed += again.suppressed + fresh.suppressed;
    return 0;
}

static int put_chunk(struct importing *im, struct response_stats *sum, struct err *e)
{
    if (store_begin(im->store, e) != 0)
        return -1;
    for (int key = 0; key < CLAIM_KEYS; key++)
        if (put_key(im, key, sum, e) != 0) {
            store_rollback(im->store);
            return -1;
        }
    return store_commit(im->store, e);
}

static int flush(struct importing *im, struct err *e)
{
    struct response_stats sum = {0};
    int64_t began = clock_mono_us();

    if (im->n == 0)
        return 0;
    if (put_chunk(im, &sum, e) != 0)
        return -1;
    store_chunk_took(im->store, im->n, clock_mono_us() - began);
    for (size_t i = 0; i < im->n; i++)
        sum.unmatched += !im->rows[i].found;
    im->stats->added += sum.added;
    im->stats->known += sum.known;
    im->stats->unmatched += sum.unmatched;
    im->stats->suppressed += sum.suppressed;
    im->n = 0;
    return 0;
}

/* ---- rows ---- */

static void add(struct importing *im)
{
    const struct claim *c = &im->claim;
    struct waiting *w = &im->rows[im->n++];

    memset(w, 0, sizeof *w);
    w->row = (struct response_row){.level = c->level,
                                   .kind = c->kind,
                                   .day = c->day,
                                   .amount_fen = c->amount_fen,
                                   .has_occupation = c->occupation.len > 0};
    if (w->row.has_occupation)
        keyring_hash(im->keyring, HASH_OCCUPATION, c->occupation.data, c->occupation.len,
                     w->row.occupation);
    for (int k = 0; k < CLAIM_KEYS; k++) {
        w->has[k] = c->key[k].len > 0;
        if (w->has[k])
            keyring_hash(im->keyring, hash_kinds[k], c->key[k].data, c->key[k].len, w->key[k]);
    }
}

static void refuse(struct importing *im)
{
    im->file->rejects++;
    for (size_t i = 0; i < im->claim.n_rejects && im->opts->reject != NULL; i++)
        im->opts->reject(im->opts->ctx, &im->claim.rejects[i]);
}

static bool interrupted(const struct importing *im)
{
    const struct progress *p = &im->opts->progress;

    return p->fn != NULL &&
           p->fn(p->ctx, table_bytes_done(im->table), table_bytes(im->table), NULL) != 0;
}

static int read_rows(struct importing *im, struct err *e)
{
    struct table_row row;
    int rc;

    while ((rc = table_next(im->table, &row, e)) == 1) {
        size_t chunk = store_chunk(im->store);
        int what = claim_read(&im->form, &row, &im->claim);
        im->file->rows += what != 0;
        if (what > 0)
            add(im);
        else if (what < 0)
            refuse(im);
        if (im->n < CHUNK_MAX && im->n < chunk)
            continue;
        if (flush(im, e) != 0)
            return -1;
        if (interrupted(im))
            return err_set(e, ERR_TEMP, "import the file again: what is in already is only found",
                           "interrupted in line %lld", (long long)row.line);
    }
    return rc < 0 ? -1 : flush(im, e);
}

/* ---- the file ---- */

static int open_file(struct importing *im, struct err *e)
{
    /* The date twice: a row with one known name is no header. */
    static const enum column_field need[] = {COLUMN_DATE, COLUMN_DATE, COLUMN_EXTRA};
    const struct response_opts *o = im->opts;
    const char *slash = strrchr(o->path, '/');

    im->table = table_open(o->path, &(struct table_opts){.sheet = o->sheet}, e);
    if (im->table == NULL || columns_find(im->table, o->map_path, need, &im->columns, e) != 0 ||
        claim_form_init(&im->form, &im->columns, civil_local_day(o->now_ms, o->zone_min), e) != 0)
        return -1;
    *im->file = (struct response_file){.through = CIVIL_NONE, .imported_at = o->now_ms};
    snprintf(im->file->file, sizeof im->file->file, "%s", slash != NULL ? slash + 1 : o->path);
    snprintf(im->file->imported_by, sizeof im->file->imported_by, "%s", o->actor);
    table_digest(im->table, im->file->digest);
    return store_response_file_put(im->store, im->file, e);
}

/* Counts of what is in; complete only if everything is. */
static int record(struct importing *im, bool whole, struct err *e)
{
    const struct response_opts *o = im->opts;

    im->file->added = im->stats->added;
    im->file->known = im->stats->known;
    im->file->unmatched = im->stats->unmatched;
    if (whole)
        im->file->through = im->opts->through;
    if (store_begin(im->store, e) != 0)
        return -1;
    if (store_response_file_put(im->store, im->file, e) == 0 &&
        (o->record == NULL || o->record(o->ctx, im->file, im->stats, whole, e) == 0))
        return store_commit(im->store, e);
    store_rollback(im->store);
    return -1;
}

int measure_responses(struct store *s, struct keyring *k, const struct response_opts *o,
                      struct response_file *out, struct response_stats *st, struct err *e)
{
    struct importing *im = calloc(1, sizeof *im);
    struct err later;
    int rc = -1;

    if (im == NULL)
        panic("out of memory");
    im->opts = o;
    im->store = s;
    im->keyring = k;
    im->file = out;
    im->stats = st;
    *st = (struct response_stats){0};
    claim_init(&im->claim);
    if (open_file(im, e) == 0) {
        rc = read_rows(im, e);
        if (record(im, rc == 0, rc == 0 ? e : &later) !=
            0) /* the first failure is the one to tell */
            rc = -1;
    }
    claim_fini(&im->claim);
    table_close(im->table);
    free(im);
    return rc;
}
